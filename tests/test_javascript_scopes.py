"""Scopes of JavaScript: what functions are called, what binds a name where, and how rules are shown a file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from lint_rules.languages.inspection import RuleCheck
from lint_rules.languages.javascript.faults import first_fault, syntax_fault
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import is_too_deep, may_be_deep, parse
from lint_rules.languages.javascript.inspect import inspect
from lint_rules.languages.javascript.library import types
from lint_rules.languages.javascript.scopes import FUNCTION
from lint_rules.languages.javascript.selectors import Calls, Nodes
from lint_rules.languages.tables import NameTable
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.modules import find_modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText


def open_file(code: str, path: str = "/shop/service.js") -> JavaScriptFile:
    modules = find_modules("/shop", [path])
    symbols = Symbols(modules.by_name, types())
    return JavaScriptFile(SourceText(path, code.encode()), modules.by_path[path], symbols=symbols, modules=modules)


def function_names(code: str, path: str = "/shop/service.js") -> list[str]:
    return [scope.name for scope in open_file(code, path).scopes.all if scope.kind == FUNCTION]


NAMES = {
    "function load() {}": "load",
    "const load = () => {}": "load",
    "const load = async function () {}": "load",
    "const load = function inner() {}": "load",
    "let load; load = () => {}": "load",
    "class Store { load() {} }": "Store.load",
    "class Store { load = async () => {} }": "Store.load",
    "class Store { static #load() {} }": "Store.#load",
    "class Store { constructor() {} }": "Store.constructor",
    "class Store { 'load all'() {} }": "Store.load all",
    "const Store = class { load() {} }": "Store.load",
    "export default class { load() {} }": "default.load",
    "export default () => {}": "default",
    "export default function load() {}": "load",
    "export const load = () => {}": "load",
    "exports.load = () => {}": "exports.load",
    "module.exports.load = () => {}": "exports.load",
    "module.exports = () => {}": "exports",
    "module.exports = function load() {}": "load",
    "module.exports = { load() {} }": "exports.load",
    "module.exports = { load: async () => {} }": "exports.load",
    "module.exports = Object.freeze({ load() {} })": "exports.load",
    "exports.default = () => {}": "default",
    "const store = { load() {} }": "store.load",
    "const store = { load: function () {} }": "store.load",
    "const store = { files: { load() {} } }": "store.files.load",
    "const store = { 'a.b': () => {} }": "store.a\u2024b",
    "Store.prototype.load = function () {}": "Store.load",
    "app.load = function () {}": "app.load",
    "const list = asyncHandler(async () => {})": "list",
    "exports.list = catchAsync(async () => {})": "exports.list",
    "const store = { list: wrap(async () => {}) }": "store.list",
    "const names = users.map((user) => user.name)": "<anonymous>@1:25",
    "const timer = setTimeout(() => {}, 1)": "<anonymous>@1:26",
    "router.get('/', (req, res) => {})": "<anonymous>@1:17",
    "fastify.route({ handler: async () => {} })": "<object>@1:15.handler",
    "(async () => {})()": "<anonymous>@1:2",
    "const load = (0, () => {})": "<anonymous>@1:18",
}


@pytest.mark.parametrize("code", NAMES)
def test_what_a_function_is_called(code: str) -> None:
    assert function_names(code) == [NAMES[code]]


def test_names_of_nested_functions() -> None:
    assert function_names("function outer() {\n  const inner = () => {\n    load(() => {})\n  }\n}") == [
        "outer", "outer.<locals>.inner", "outer.<locals>.inner.<locals>.<anonymous>@3:10",
    ]  # fmt: skip
    assert function_names("function make() {\n  class Store {\n    load() {}\n  }\n}") == [
        "make",
        "make.<locals>.Store.load",
    ]
    assert function_names(
        "function f(a: string): void\nfunction f(a: number): void\nfunction f(a) {}", "/shop/a.ts"
    ) == ["f"]


def test_forms_of_functions() -> None:
    code = """
    class Store {
      async load() {}
      get size() { return 1 }
      set size(value) {}
      static make() {}
      *all() {}
      async *pages() {}
    }
    async function f() {}
    function* g() {}
    const h = async x => x
    const i = async () => {}
    const j = async => async
    const k = (async) => async
    """
    scopes = {scope.name: scope for scope in open_file(code).scopes.functions if scope.accessor != "set"}
    assert {name for name, scope in scopes.items() if scope.is_async} == {"Store.load", "Store.pages", "f", "h", "i"}
    assert {name for name, scope in scopes.items() if scope.is_generator} == {"Store.all", "Store.pages", "g"}
    assert {name for name, scope in scopes.items() if scope.is_arrow} == {"h", "i", "j", "k"}
    assert {name for name, scope in scopes.items() if scope.is_static} == {"Store.make"}
    assert {name for name, scope in scopes.items() if scope.accessor == "get"} == {"Store.size"}


def visible(code: str) -> str:
    """What binds `x` at the place marked with `$`, as `scope keyword`."""
    byte = code.index("$")
    found = open_file(code.replace("$", "x")).scopes.binding("x", byte)
    return "" if found is None else f"{found[0].name} {found[1][0].declared}".strip()


BOUND = {
    "const x = 1; $": "const",
    "{ const x = 1 } $": "",
    "{ const x = 1; { $ } }": "const",
    "{ var x = 1 } $": "var",
    "function f() { if (a) { var x = 1 } $ }": "f var",
    "function f() { var x } $": "",
    "try { const x = 1 } catch { $ }": "",
    "try {} catch (x) { $ }": "catch",
    "try {} catch ({ x }) { $ }": "catch",
    "for (const x of list) { $ }": "const",
    "for (const x of list) {} $": "",
    "for (let x = 0; x < 1; x++) { $ }": "let",
    "for (var [x] of list) {} $": "var",
    "switch (a) { case 1: let x; break; case 2: $ }": "let",
    "function f(x) { $ }": "f parameter",
    "function f({ a: { x } }) { $ }": "f parameter",
    "function f(...x) { $ }": "f parameter",
    "function f(a, x = $) {}": "f parameter",
    "const f = x => $": "f parameter",
    "const [, { x = 1 }] = pair; $": "const",
    "const { ...x } = pair; $": "const",
    "const { x: y } = pair; $": "",
    "import x from 'x'; $": "import",
    "import { y as x } from 'x'; $": "import",
    "import * as x from 'x'; $": "import",
    "function x() {} $": "function",
    "$; function x() {}": "function",
    "(function x() { $ })": "<anonymous>@1:2 function",
    "(function x() {}); $": "",
    "class x {} $": "class",
    "class A { x = 1; f() { $ } }": "",
    "export const x = 1; $": "const",
    "let x; function f() { let x; { $ } }": "f let",
}


@pytest.mark.parametrize("code", BOUND)
def test_what_binds_a_name(code: str) -> None:
    expected = BOUND[code]
    if expected.startswith("<anonymous>"):
        expected = "x function"
    assert visible(code) == expected


def test_the_function_around_a_place() -> None:
    file = open_file(
        "const top = load()\nconst f = async (a = start()) => {\n  list.forEach((one) => one.stop())\n}\nclass A { field = make() }"
    )
    around = {
        file.text(call).split("(")[0]: scope.name if (scope := file.enclosing_function(call)) is not None else ""
        for call in file.nodes("call_expression")
    }
    assert around == {
        "load": "", "start": "f", "list.forEach": "f", "one.stop": "f.<locals>.<anonymous>@3:16", "make": "",
    }  # fmt: skip
    (function, _) = file.scopes.functions
    assert file.enclosing_function(function.node) is None
    stop = next(call for call in file.nodes("call_expression") if file.text(call) == "one.stop()")
    assert file.symbol_at(file.span(stop)) == "f"


def test_awaited_calls() -> None:
    file = open_file(
        "async function f() {\n  await a()\n  await (b())\n  for await (const x of c()) d()\n  await e().g\n}"
    )
    awaited = {file.text(call) for call in file.nodes("call_expression") if file.is_awaited(call)}
    assert awaited == {"a()", "b()", "c()"}


SYNTAX_ERRORS = {
    "function load( {": True,
    "const x = ;": True,
    "if (x {\n  y()\n}": True,
    "app.get('/', (req, res) => {\n  res.send('x')\n": True,
    "const a = {\n  b: 1\n  c: 2\n}": True,
    "<<<<<<< HEAD\nconst a = 1\n=======\nconst a = 2\n>>>>>>> main\n": True,
    "return 1": False,
    "#!/usr/bin/env node\nload()": False,
    "@Controller() class A { @Get() load() {} }": False,
    "class A { accessor x = 1 }": False,
    "using file = open()": False,
    "import a from './a.json' with { type: 'json' }": False,
    "import defer * as a from './a.js'": False,
    "// @flow\nimport type { A } from 'a'\nopaque type B = {| +a: ?A |}": False,
    "function f(a: string): void {}": False,
    "const a = <b>{{ c }}</b>": False,
    "const name = '<%= name %>'\n<% if (x) { %>\nf()\n<% } %>": False,
    "await load()": False,
    "label: for (;;) break label": False,
    "a ??= b?.[c]?.(d) ** 2n": False,
    "/[\\p{L}--[a-z]]/v.test(x)": False,
    "html`<p>${x}</p>`": False,
    "const load = () => {\n  return {\n}\nmodule.exports = { load }": True,
    "module.exports = { load: , save }": True,
}


@pytest.mark.parametrize("code", SYNTAX_ERRORS)
def test_only_sure_syntax_errors_are_reported(code: str) -> None:
    fault = syntax_fault(parse(code.encode(), "service.js"), code.encode())
    assert (fault is not None) is SYNTAX_ERRORS[code], fault


TYPESCRIPT = (
    "export type * from './a'", "const f = <T,>(x: T) => x", "let x = y satisfies Z", "abstract class A { abstract f(): void }",
    "function f(this: A, x?: number): asserts x is number {}", "enum E { A = 1 }", "declare module 'x' { export const y: number }",
    "class A<const T> { private constructor(readonly x: T) {} }", "const x = <any>y", "import x = require('x')", "export = x",
    "type A = { [K in keyof B]?: B[K] extends infer C ? C : never }", "for (const x of <A[]>list) {}", "let x!: string",
    "using file = open()", "const enum E { A }", "namespace A.B { export const c = 1 }", "export default interface A {}",
)  # fmt: skip


@pytest.mark.parametrize("code", TYPESCRIPT)
def test_typescript_has_no_syntax_errors(code: str) -> None:
    assert syntax_fault(parse(code.encode(), "service.ts"), code.encode()) is None


def test_deep_and_long_code_is_survived() -> None:
    deep = "x = " + "[" * 3000 + "]" * 3000
    assert may_be_deep(deep.encode()) and is_too_deep(parse(deep.encode(), "a.js").tree.root_node)
    assert not is_too_deep(parse(b"a(b(c))", "a.js").tree.root_node)
    begun = time.monotonic()
    for code in (
        "x" + ".then(a)" * 3000,
        "".join(f"let a{n} = a{n + 1}\na{n} = b || a{n + 2}\n" for n in range(300)) + "a0.x()",
        "f(" * 900 + ")" * 900,
        "const a = " + "g(" * 900 + "() => {}" + ")" * 900,
        "export default " + "(" * 900 + "{}" + ")" * 900,
        "module.exports = " + "{ a: " * 500 + "1" + "}" * 500,
    ):
        file = open_file(code)
        file.facts()
        for call in file.nodes("call_expression"):
            file.canonical(call)
    assert time.monotonic() - begun < 20


def test_broken_code_is_left_out() -> None:
    file = open_file("function a() {\n  fs.readSync(\n}\nfunction b() { ok() }")
    assert first_fault(file.root) is not None
    broken = {file.text(call) for call in file.nodes("call_expression") if file.in_broken_code(call)}
    assert "ok()" not in broken


RULE = Rule("TEN9999", "test-rule", severity=ERROR, summary="test")


def check_call(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    yield RULE.at(file, call, f"`{file.text(call)}`; do", "do")


def found(code: str, *checks: RuleCheck, screen: bool = True) -> list[str]:
    return [finding.message for finding in inspect(open_file(code), checks, screen=screen).findings]


def test_checks_see_their_nodes() -> None:
    rule = Rule("TEN9999", "test-rule", severity=ERROR, summary="test")
    rule.javascript(Calls(NameTable([("fs.readFileSync", "row")])), Nodes(("throw_statement", "no_such_kind")))(
        check_call
    )
    checks = [RuleCheck(rule, check) for check in rule.checks]
    code = "const { readFileSync: read } = require('fs')\nread(1)\nother(1)\nfunction f() { throw 1 }"
    assert rule.languages == ("javascript",)
    for screen in (True, False):
        assert found(code, *checks, screen=screen) == ["`read(1)`; do", "`throw 1`; do"]


def test_a_faulty_check_is_caught() -> None:
    rule = Rule("TEN9999", "test-rule", severity=ERROR, summary="test")

    @rule.javascript(Nodes(("throw_statement",)))
    def check(node: Node, file: JavaScriptFile) -> Iterator[Finding]:
        raise KeyError("x")
        yield

    inspection = inspect(open_file("throw 1"), [RuleCheck(rule, one) for one in rule.checks])
    assert [(code, error) for code, _, error in inspection.failures] == [("TEN9999", "KeyError: 'x'")]


def test_javascript_needs_no_libcst() -> None:
    code = "import sys, lint_rules.languages.javascript.file; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parent.parent).returncode == 0


def test_imports() -> None:
    code = """
    import fs, { join as j } from 'fs'
    import * as path from 'path'
    import './setup'
    import type { A } from './a'
    import { type B, type C } from './b'
    import { type D, E } from './d'
    import store = require('./store')
    export { get as load, default } from './store'
    export * from './db'
    export type { F } from './f'
    const express = require('express')
    try { require('bcrypt') } catch {}
    try {} catch { require('bcryptjs') }
    function load() { return require('./late') }
    const pg = import('pg').catch(() => null)
    ;(async () => { await import('./now') })()
    require.resolve('./worker')
    require(name)
    function own(require) { require('./no') }
    """
    seen = [
        (
            one.specifier,
            one.form,
            one.names,
            "".join(
                letter
                for letter, is_so in zip("tgd", (one.is_type, one.is_guarded, one.is_deferred), strict=True)
                if is_so
            ),
        )
        for one in open_file(code, "/shop/service.ts").imports
    ]
    assert seen == [
        ("fs", "import", ("default", "join"), ""), ("path", "import", ("*",), ""), ("./setup", "import", (), ""),
        ("./a", "import", ("A",), "t"), ("./b", "import", ("B", "C"), "t"), ("./d", "import", ("D", "E"), ""),
        ("./store", "require", ("*",), ""), ("./store", "export", ("get", "default"), ""), ("./db", "export", ("*",), ""),
        ("./f", "export", ("F",), "t"), ("express", "require", (), ""), ("bcrypt", "require", (), "g"), ("bcryptjs", "require", (), ""),
        ("./late", "require", (), "d"), ("pg", "dynamic", (), "g"), ("./now", "dynamic", (), ""), ("./worker", "resolve", (), ""),
    ]  # fmt: skip
    assert open_file(code, "/shop/service.ts").imports_any("express", "koa")
    assert not open_file(code, "/shop/service.ts").imports_any("koa")
