"""The tables about JavaScript's libraries: spelling, columns, and that a row can ever match."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli

from lint_rules.project.node_names import js_name
from lint_rules.project.types import SELF, Types

ROOT = Path(__file__).parents[1] / "lint_rules"
LANGUAGE = ROOT / "languages" / "javascript"
LOOP = ROOT / "families" / "e01_blocking_event_loop"
ERRORS = ROOT / "families" / "e02_uncaught_exceptions"

COLUMNS: dict[Path, dict[str, set[str]]] = {
    LANGUAGE / "promises.toml": {
        "promise": {
            "calls", "but", "callback", "unless", "unless_written", "lazy", "drop", "of_instances", "members",
            "since",
        },
        "twin": {"calls", "but", "argument", "twin", "promisify", "omit", "instead", "gone"},
    },
    LOOP / "blocking_javascript.toml": {
        "javascript": {"calls", "but", "kind", "instead", "twin", "twin_method", "unless", "brief", "quick"},
    },
    LOOP / "cpu_heavy_javascript.toml": {"javascript": {"calls", "work", "instead", "twin", "unless", "brief"}},
    ERRORS / "emitters.toml": {
        "emitter": {
            "calls", "classes", "what", "when", "instead", "callback", "promises", "after", "shell", "at", "lives",
        },
        "handled": {"calls", "assigned", "loops", "from"},
        "passed": {"calls"},
    },
    ERRORS / "parsers_javascript.toml": {
        "javascript": {"calls", "argument", "raises", "constructor", "unless", "unchecked", "instead"},
    },
    ERRORS / "exits_javascript.toml": {"javascript": {"calls", "how", "arguments"}},
    ERRORS / "async_drops.toml": {
        "drop": {
            "calls", "methods", "members", "argument", "events", "but_events", "drops", "instead", "rejections",
        },
        "fine": {"calls"},
        "collected": {"calls"},
    },
    LANGUAGE / "frameworks.toml": {
        "framework": {
            "name", "packages", "apps", "routers", "answers", "throws", "rejections", "handled_since", "registrations",
            "route_members", "mounts", "prefixed", "decorators", "socket_decorators", "task_decorators",
            "class_decorators", "catchers", "providers", "parameter_decorators", "view_methods", "exports",
            "parameters", "types", "request_types", "request_data", "request_json", "request_urls", "unguarded_reads",
            "responses", "commits", "headers", "assigned", "sent_checks", "made", "statuses", "error_responses",
            "error_calls", "error_hooks", "server_entries", "next_gives_promise", "typed_data",
        },
        "wrapper": {"calls", "names", "imports", "routers", "argument", "rejections", "framework"},
    },
}  # fmt: skip
"""The columns that the header of each table explains, by table and section."""

REGISTRATION = {
    "call", "handlers", "from", "kind", "error_arity", "events", "other_events", "members", "parameters",
}  # fmt: skip
KINDS = {"route", "hook", "error", "socket", "startup", "plugin", "task"}
ROLES = {
    "request", "response", "context", "next", "done", "error", "data", "reply", "app", "socket", "toolkit", "other",
}  # fmt: skip
TABLES = sorted({LANGUAGE / "types.toml", *COLUMNS})

_NAME = re.compile(
    r"(?P<package>(?:@[\w.-]+/)?[\w.-]+(?:/[\w.-]+)*(?:\(\))?)"
    r"(?:#(?P<member>[\w$]+(?:\(\))?(?:\.(?:[\w$]+(?:\(\))?|<item>))*(?:\.\*)?|\*))?"
)


def read(path: Path) -> dict[str, Any]:
    return tomli.loads(path.read_text(encoding="utf-8"))


def strings(value: Any) -> Iterator[str]:
    """All texts below a value, keys of tables too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def names(path: Path) -> set[str]:
    """The names in a table: whatever has a `#`, and the packages among calls."""
    found = {text for text in strings(read(path)) if "#" in text and " " not in text}
    for rows in read(path).values():
        for row in rows if isinstance(rows, list) else ():
            found.update(name for name in row.get("calls", ()) if isinstance(name, str))
    return found


@pytest.fixture(scope="module")
def types() -> Types:
    table = read(LANGUAGE / "types.toml")

    def mapping(section: str) -> dict[str, str]:
        return {js_name(name): js_name(value) for name, value in table[section].items()}

    return Types(
        mapping("returns"),
        mapping("attributes"),
        mapping("aliases"),
        {js_name(name): [js_name(base) for base in bases] for name, bases in table["bases"].items()},
    )


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_names_follow_the_spelling(path: Path) -> None:
    wrong = [name for name in names(path) if not _NAME.fullmatch(name) or name.startswith("node:")]
    assert wrong == []


@pytest.mark.parametrize("path", COLUMNS, ids=lambda path: path.name)
def test_columns_are_explained(path: Path) -> None:
    table = read(path)
    header = path.read_text(encoding="utf-8").split("\n[[", 1)[0]
    for section, known in COLUMNS[path].items():
        for row in table[section]:
            assert set(row) <= known, row
            assert all(column in header for column in row), row


@pytest.mark.parametrize("path", COLUMNS, ids=lambda path: path.name)
def test_no_call_stands_in_two_rows(path: Path) -> None:
    table = read(path)
    for section in COLUMNS[path]:
        if section in ("framework", "wrapper"):
            continue
        calls = Counter(name for row in table[section] for name in row.get("calls", ()))
        assert [name for name, count in calls.items() if count > 1] == []


@pytest.mark.parametrize("path", COLUMNS, ids=lambda path: path.name)
def test_names_are_canonical(path: Path, types: Types) -> None:
    """A name that aliases or attributes rewrite can never be met."""
    rewritten = {
        name: types.external(js_name(name))
        for name in names(path)
        if "()" not in name and not name.endswith(".*") and types.external(js_name(name)) != js_name(name)
    }
    assert rewritten == {}


def test_types_give_canonical_names(types: Types) -> None:
    given = {*types.returns.values(), *types.attributes.values(), *types.aliases.values(), *types.bases}
    given.update(base for bases in types.bases.values() for base in bases)
    assert {name for name in given if name != SELF and "()" not in name and types.external(name) != name} == set()
    keys = {name for name in types.returns if not name.endswith(".*") and "()" not in name}
    assert {name for name in keys if types.external(name) != name} == set()


def test_bases_have_no_ring(types: Types) -> None:
    for name in types.bases:
        waiting, seen = list(types.bases[name]), set[str]()
        while waiting:
            base = waiting.pop()
            assert base != name
            if base not in seen:
                seen.add(base)
                waiting.extend(types.bases.get(base, ()))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("express().get", "express#Application.get"),
        ("express().use().listen", "express#Application.listen"),
        ("express.Router().route().get", "express#IRoute.get"),
        ("express.Response.status().json", "express#Response.json"),
        ("pg.Pool().connect().query", "pg#PoolClient.query"),
        ("ioredis().get", "ioredis#Redis.get"),
        ("koa().use().listen", "koa#listen"),
        ("ws.Server().on", "ws#WebSocketServer.on"),
        ("fs.createReadStream().on().pipe", "fs#ReadStream.pipe"),
        ("fs.promises.readFile", "fs/promises#readFile"),
        ("knex()().where().first", "knex#Knex.QueryBuilder.first"),
        ("mongoose.model().find().sort().exec", "mongoose#Query.exec"),
        ("mongoose.model()().save", "mongoose#Model.save"),
        ("mongoose.models.User.find().lean", "mongoose#Query.lean"),
        ("@prisma/client.PrismaClient().user.findMany", "@prisma/client#Delegate.findMany"),
        ("@prisma/client.PrismaClient().$queryRaw", "@prisma/client#PrismaClient.$queryRaw"),
        ("mysql2.createPool().promise().query", "mysql2/promise#Pool.query"),
        ("child_process.spawn().stdout.on", "stream#Readable.on"),
        ("http.createServer().listen().close", "http#Server.close"),
        ("axios.create().get", "axios#AxiosInstance.get"),
        ("@hapi/hapi.server().route", "@hapi/hapi#Server.route"),
        ("@nestjs/core.NestFactory.create().listen", "@nestjs/common#INestApplication.listen"),
        ("typeorm.DataSource().getRepository().findOneBy", "typeorm#Repository.findOneBy"),
        ("process.exit", "globalThis#process.exit"),
        ("globalThis.global.JSON.parse", "globalThis#JSON.parse"),
    ],
)
def test_instances_are_followed(written: str, canonical: str, types: Types) -> None:
    assert types.external(written) == js_name(canonical)


def test_methods_of_base_classes_are_found(types: Types) -> None:
    assert js_name("events#EventEmitter.on") in types.lineage(js_name("zlib#Gunzip.on"))
    assert js_name("fs#readFileSync") in types.lineage(js_name("fs-extra#readFileSync"))
    assert js_name("express#Router.get") in types.lineage(js_name("express#Application.get"))
    assert js_name("mongoose#Document.save") in types.lineage(js_name("mongoose#Query.save"))


def test_frameworks_speak_of_known_things() -> None:
    table = read(LANGUAGE / "frameworks.toml")
    frameworks = table["framework"]
    assert [name for name, count in Counter(row["name"] for row in frameworks).items() if count > 1] == []
    for framework in frameworks:
        assert framework["answers"] in {"sent", "returned", "any", "assigned", "none"}
        assert framework["throws"] in {"handled", "crash"}
        assert framework["rejections"] in {"handled", "lost"}
        assert set(framework["parameters"]) <= KINDS
        for roles in framework["parameters"].values():
            assert set(roles) <= ROLES, framework["name"]
        assert set(framework.get("types", {})) <= ROLES
        assert set(framework.get("route_members", {}).values()) <= KINDS
        for row in framework.get("registrations", ()):
            assert set(row) <= REGISTRATION, row
            assert row["handlers"] == "functions" or isinstance(row["handlers"], int), row
            assert row.get("kind", "route") in KINDS, row
            assert set(row.get("parameters", ())) <= ROLES, row
            members = row.get("members", {})
            assert members is True or set(members.values()) <= KINDS, row
            assert members is not True or "route_members" in framework, row
        for row in framework.get("exports", ()):
            assert set(row) <= {"files", "names", "kind", "parameters", "first", "imports", "directive"}, row
            assert row["kind"] in KINDS and row["names"], row
            assert row["files"] or row.get("first") or row.get("directive") or row["names"][0].startswith("default."), (
                row
            )
        assert set(framework.get("parameter_decorators", {}).values()) <= ROLES
        for methods in framework.get("view_methods", {}).values():
            assert set(methods.values()) <= KINDS


def test_callbacks_are_complete() -> None:
    for row in read(LANGUAGE / "types.toml")["callbacks"]:
        assert (
            {"call", "argument", "parameter", "type"} <= set(row) <= {"call", "argument", "parameter", "type", "event"}
        )
