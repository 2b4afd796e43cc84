"""Which file a JavaScript import means, and what package.json says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lint_rules.project.modules import find_modules
from lint_rules.project.node_modules import NodeModules, export_targets, package_name
from lint_rules.project.packages import read_json, read_package, without_comments

Content = str | dict[str, Any]


def write(root: Path, files: dict[str, Content]) -> NodeModules:
    sources = []
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        if path.suffix not in (".json", ".css", ".yaml"):
            sources.append(str(path))
    return find_modules(str(root), sources).node


def resolved(root: Path, files: dict[str, Content], specifier: str, importer: str) -> str:
    """`file <relative path>`, or what else the specifier means."""
    found = write(root, files).resolve(specifier, str(root / importer))
    where = found.path.removeprefix(f"{root}/") if found.path else found.package
    return f"{found.kind} {where}".strip()


SERVICE: dict[str, Content] = {"package.json": {"name": "shop", "dependencies": {"express": "^4.18.0"}}}

CASES: dict[str, tuple[dict[str, Content], str, str, str]] = {
    "file as written": ({"a.js": "", "b.js": ""}, "./b.js", "a.js", "project b.js"),
    "without extension": ({"a.js": "", "b.js": ""}, "./b", "a.js", "project b.js"),
    "in a folder above": ({"src/a.js": "", "b.js": ""}, "../b", "src/a.js", "project b.js"),
    "TypeScript": ({"a.ts": "", "b.ts": ""}, "./b", "a.ts", "project b.ts"),
    "TypeScript named as it is compiled": ({"a.ts": "", "b.ts": ""}, "./b.js", "a.ts", "project b.ts"),
    "mts named as it is compiled": ({"a.mts": "", "b.mts": ""}, "./b.mjs", "a.mts", "project b.mts"),
    "folder": ({"a.js": "", "routes/index.js": ""}, "./routes", "a.js", "project routes/index.js"),
    "folder with a slash": ({"a.js": "", "routes/index.js": "", "routes.js": ""}, "./routes/", "a.js", "project routes/index.js"),
    "file before folder": ({"a.js": "", "routes/index.js": "", "routes.js": ""}, "./routes", "a.js", "project routes.js"),
    "its own folder": ({"lib/a.js": "", "lib/index.js": ""}, ".", "lib/a.js", "project lib/index.js"),
    "the folder above": ({"lib/a/b.js": "", "lib/index.js": ""}, "..", "lib/a/b.js", "project lib/index.js"),
    "folder with a package.json": (
        {"a.js": "", "store/package.json": {"main": "lib/store.js"}, "store/lib/store.js": ""}, "./store", "a.js", "project store/lib/store.js"),
    "name with a dot": ({"a.ts": "", "users.controller.ts": ""}, "./users.controller", "a.ts", "project users.controller.ts"),
    "data": ({"a.js": "", "config.json": "{}"}, "./config.json", "a.js", "file config.json"),
    "data without extension": ({"a.js": "", "config.json": "{}"}, "./config", "a.js", "file config.json"),
    "query of a bundler": ({"a.js": "", "b.js": ""}, "./b.js?raw", "a.js", "project b.js"),
    "nothing there": ({"a.js": ""}, "./b", "a.js", "missing"),
    "wrong case": ({"a.js": "", "Store.js": ""}, "./store", "a.js", "missing"),
    "built-in": (SERVICE | {"a.js": ""}, "fs", "a.js", "builtin fs"),
    "built-in with node:": (SERVICE | {"a.js": ""}, "node:test", "a.js", "builtin test"),
    "built-in before an own package": ({"package.json": {"name": "fs"}, "a.js": ""}, "fs", "a.js", "builtin fs"),
    "package": (SERVICE | {"a.js": ""}, "express", "a.js", "package express"),
    "file of a package": (SERVICE | {"a.js": ""}, "lodash/get", "a.js", "package lodash"),
    "scoped package": (SERVICE | {"a.js": ""}, "@prisma/client/edge", "a.js", "package @prisma/client"),
    "package called like a file": (SERVICE | {"a.js": "", "express.js": ""}, "express", "a.js", "package express"),
    "paths": (
        {"tsconfig.json": {"compilerOptions": {"paths": {"@app/*": ["./src/app/*"]}}}, "src/a.ts": "", "src/app/db.ts": ""},
        "@app/db", "src/a.ts", "project src/app/db.ts"),
    "paths with baseUrl": (
        {"tsconfig.json": {"compilerOptions": {"baseUrl": "src", "paths": {"~/*": ["*"]}}}, "src/a.ts": "", "src/db/index.ts": ""},
        "~/db", "src/a.ts", "project src/db/index.ts"),
    "baseUrl alone": (
        {"tsconfig.json": {"compilerOptions": {"baseUrl": "src"}}, "src/a.ts": "", "src/db.ts": ""}, "db", "src/a.ts", "project src/db.ts"),
    "baseUrl and a package": (
        SERVICE | {"tsconfig.json": {"compilerOptions": {"baseUrl": "src"}}, "src/a.ts": ""}, "express", "src/a.ts", "package express"),
    "paths without the file": (
        {"tsconfig.json": {"compilerOptions": {"paths": {"@app/*": ["./src/*"]}}}, "src/a.ts": ""}, "@app/gone", "src/a.ts", "missing"),
    "exact path": (
        {"tsconfig.json": {"compilerOptions": {"paths": {"db": ["./src/database.ts"]}}}, "src/a.ts": "", "src/database.ts": ""},
        "db", "src/a.ts", "project src/database.ts"),
    "inherited paths": (
        {"tsconfig.json": '{ // JSONC\n "extends": "./config/base",\n "compilerOptions": {"strict": true,}, }',
         "config/base.json": {"compilerOptions": {"paths": {"#db": ["../src/db"]}}}, "src/a.ts": "", "src/db.ts": ""},
        "#db", "src/a.ts", "project src/db.ts"),
    "paths of a solution": (
        {"tsconfig.json": {"files": [], "references": [{"path": "./tsconfig.app.json"}]},
         "tsconfig.app.json": {"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}, "src/a.ts": "", "src/db.ts": ""},
        "@/db", "src/a.ts", "project src/db.ts"),
    "jsconfig": (
        {"jsconfig.json": {"compilerOptions": {"paths": {"@/*": ["./*"]}}}, "a.js": "", "lib/db.js": ""}, "@/lib/db", "a.js", "project lib/db.js"),
    "nearest tsconfig": (
        {"tsconfig.json": {"compilerOptions": {"paths": {"@/*": ["./*"]}}}, "api/tsconfig.json": {"compilerOptions": {"paths": {"@/*": ["./src/*"]}}},
         "api/src/a.ts": "", "api/src/db.ts": "", "db.ts": ""}, "@/db", "api/src/a.ts", "project api/src/db.ts"),
    "imports": (
        {"package.json": {"name": "shop", "imports": {"#db": "./src/db.js"}}, "src/a.js": "", "src/db.js": ""}, "#db", "src/a.js", "project src/db.js"),
    "imports with a pattern": (
        {"package.json": {"imports": {"#lib/*": "./lib/*.js"}}, "a.js": "", "lib/db.js": ""}, "#lib/db", "a.js", "project lib/db.js"),
    "imports with conditions": (
        {"package.json": {"imports": {"#db": {"browser": "./web.js", "node": "./node.js"}}}, "a.js": "", "node.js": "", "web.js": ""},
        "#db", "a.js", "project node.js"),
    "imports of a package": ({"package.json": {"imports": {"#http": "undici"}}, "a.js": ""}, "#http", "a.js", "package undici"),
    "imports of built code": (
        {"package.json": {"imports": {"#db": "./dist/db.js"}}, "src/a.ts": "", "src/db.ts": ""}, "#db", "src/a.ts", "project src/db.ts"),
    "workspace package": (
        {"package.json": {"workspaces": ["packages/*"]}, "packages/db/package.json": {"name": "@shop/db", "main": "index.js"},
         "packages/db/index.js": "", "packages/api/a.js": ""}, "@shop/db", "packages/api/a.js", "project packages/db/index.js"),
    "workspace package that is built": (
        {"packages/db/package.json": {"name": "@shop/db", "main": "dist/index.js", "types": "dist/index.d.ts"},
         "packages/db/src/index.ts": "", "packages/api/a.ts": ""}, "@shop/db", "packages/api/a.ts", "project packages/db/src/index.ts"),
    "workspace package with exports": (
        {"packages/db/package.json": {"name": "@shop/db", "exports": {".": "./main.js", "./pool": {"import": "./lib/pool.js"}}},
         "packages/db/main.js": "", "packages/db/lib/pool.js": "", "packages/api/a.js": ""},
        "@shop/db/pool", "packages/api/a.js", "project packages/db/lib/pool.js"),
    "file of a workspace package": (
        {"packages/db/package.json": {"name": "@shop/db"}, "packages/db/src/pool.ts": "", "packages/api/a.ts": ""},
        "@shop/db/pool", "packages/api/a.ts", "project packages/db/src/pool.ts"),
    "workspace package without entry": (
        {"packages/db/package.json": {"name": "@shop/db"}, "packages/db/other.js": "", "packages/api/a.js": ""},
        "@shop/db", "packages/api/a.js", "package @shop/db"),
    "itself by name": (
        {"package.json": {"name": "shop", "exports": "./lib/index.js"}, "lib/index.js": "", "test/a.js": ""}, "shop", "test/a.js", "project lib/index.js"),
    "another package of the same name": (
        {"examples/express/package.json": {"name": "express", "version": "0.0.1"}, "examples/express/index.js": "",
         "package.json": {"dependencies": {"express": "4.18.0"}}, "a.js": ""}, "express", "a.js", "package express"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_specifier_means(case: str, tmp_path: Path) -> None:
    files, specifier, importer, expected = CASES[case]
    assert resolved(tmp_path, files, specifier, importer) == expected


def test_the_module_system_of_a_file(tmp_path: Path) -> None:
    node = write(
        tmp_path,
        {
            "package.json": {"type": "module"},
            "old/package.json": {"type": "commonjs"},
            "plain/package.json": {},
            "a.js": "", "a.cjs": "", "a.cts": "", "src/a.js": "", "old/a.js": "", "old/a.mjs": "", "plain/a.js": "",
        },
    )  # fmt: skip
    modules = {
        name
        for name in ("a.js", "a.cjs", "a.cts", "src/a.js", "old/a.js", "old/a.mjs", "plain/a.js")
        if node.is_module(str(tmp_path / name))
    }
    assert modules == {"a.js", "src/a.js", "old/a.mjs"}


def test_facts_of_a_package(tmp_path: Path) -> None:
    node = write(
        tmp_path,
        {
            "package.json": {
                "name": "shop", "version": "1.2.3", "engines": {"node": ">=18"}, "dependencies": {"express": "^4.18.2", "pg": 8},
                "devDependencies": {"jest": "29.0.0"}, "bin": "./cli.js", "workspaces": {"packages": ["packages/*"]},
            },
            "packages/api/package.json": {"name": "api", "peerDependencies": {"koa": ">= 2"}},
            "packages/api/src/a.js": "",
        },
    )  # fmt: skip
    api, shop = node.packages_around(str(tmp_path / "packages/api/src/a.js"))
    assert (api.name, shop.name, shop.version, shop.engines) == ("api", "shop", "1.2.3", {"node": ">=18"})
    assert shop.dependencies == {"express": "^4.18.2"}  # what is no text is left out
    assert shop.bin == {"shop": "./cli.js"} and shop.workspaces == ("packages/*",)
    assert shop.declares("jest") and shop.range_of("jest") is None
    assert (shop.major_of("express"), api.major_of("koa"), api.major_of("express")) == (4, 2, None)


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"name": 1, "dependencies": []}', "[" * 5000])
def test_a_package_json_that_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(content)
    package = read_package(str(tmp_path / "package.json"))
    assert package is None or (package.name, package.dependencies) == ("", {})


def test_comments_in_json() -> None:
    written = '{ // one\n "a": "x // y", /* two */ "b": ["/*", 1,],\n}'
    assert json.loads(without_comments(written)) == {"a": "x // y", "b": ["/*", 1]}
    assert read_json("nowhere.json") is None


def test_export_tables() -> None:
    assert list(export_targets("./a.js", ".")) == ["./a.js"]
    assert list(export_targets({"import": "./a.mjs", "require": "./a.cjs"}, ".")) == ["./a.mjs", "./a.cjs"]
    assert list(export_targets({"./*": "./src/*.js", "./x/*": None}, "./x/y")) == []
    assert list(export_targets({"./": "./src/"}, "./deep/y.js")) == ["./src/deep/y.js"]
    assert list(export_targets({".": "./a.js"}, "./b")) == []
    assert [package_name(one) for one in ("a", "a/b", "@s/a", "@s/a/b/c")] == ["a", "a", "@s/a", "@s/a"]


TESTS = ("test/a.js", "src/__tests__/a.ts", "a.test.js", "a.spec.ts", "e2e/login.ts", "cypress/x.cy.js", "app.e2e-spec.ts", "test.js",
         "jest.setup.js", "__mocks__/fs.js", "a.stories.tsx", "spec/a.js")  # fmt: skip
TOOLING = ("scripts/seed.js", "bin/shop.js", "gulpfile.js", "webpack.config.js", "webpack.prod.js", "eslint.config.mjs", "migrations/1_init.js",
           ".eslintrc.js", "Gruntfile.js", "knexfile.config.ts")  # fmt: skip
SERVICES = ("src/app.js", "server.ts", "src/testimonials.js", "src/contest.ts", "src/latest.js", "src/users/users.controller.ts", "lib/builder.js",
            "src/specification.js", "src/attestation/index.ts", "src/binary.js", "bin/www.js", "src/tools/search.ts")  # fmt: skip


def test_the_kind_of_a_file_by_its_place(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in (*TESTS, *TOOLING, *SERVICES)]
    modules = find_modules(str(tmp_path), files)
    kinds = {
        one.relative: "test" if one.is_test else "tool" if one.is_tooling else "" for one in modules.by_path.values()
    }
    assert {name: kinds[name] for name in TESTS} == dict.fromkeys(TESTS, "test")
    assert {name: kinds[name] for name in TOOLING} == dict.fromkeys(TOOLING, "tool")
    assert {name: kinds[name] for name in SERVICES} == dict.fromkeys(SERVICES, "")


def test_modules_of_both_languages(tmp_path: Path) -> None:
    modules = find_modules(
        str(tmp_path), [str(tmp_path / name) for name in ("app.py", "app.js", "src/users.controller.ts")]
    )
    assert {one.relative: name for name, one in modules.by_name.items()} == {
        "app.py": "app", "app.js": "app\u2024js", "src/users.controller.ts": "src/users\u2024controller\u2024ts",
    }  # fmt: skip
