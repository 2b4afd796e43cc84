"""Which calls of JavaScript give a promise, what is done with values, and which promises can reject."""

from __future__ import annotations

from pathlib import Path

import pytest

from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import callee, text
from lint_rules.languages.javascript.library import types
from lint_rules.languages.javascript.promises import promised
from lint_rules.languages.javascript.rejection import may_reject
from lint_rules.languages.javascript.usage import Use, usages_of
from lint_rules.project.modules import find_modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText, read_source


def opened(root: Path, content: str, name: str = "service.ts", others: dict[str, str] | None = None) -> JavaScriptFile:
    files = {**(others or {}), name: content}
    for path, written in files.items():
        (root / path).write_text(written)
    modules = find_modules(str(root), [str(root / path) for path in files])
    symbols = Symbols(modules.by_name, types())
    found = []
    for path in files:
        source = read_source(str(root / path))
        assert isinstance(source, SourceText)
        module = modules.by_path[str(root / path)]
        found.append(JavaScriptFile(source, module, symbols=symbols, modules=modules))
    for file in found[:-1]:
        symbols.add(file.facts())
    return found[-1]


USES = {
    "load();": [Use.DROPPED],
    "ready && load();": [Use.DROPPED],
    "ready ? load() : null;": [Use.DROPPED],
    "await load();": [Use.AWAITED],
    "await (load() as Promise<void>);": [Use.AWAITED],
    "void load();": [Use.VOIDED],
    "return load();": [Use.RETURNED],
    "const next = () => load();": [Use.RETURNED],
    "this.running = load();": [Use.STORED],
    "keep(load());": [Use.PASSED],
    "keep([load()]);": [Use.PASSED],
    "load().then(keep);": [Use.CHAINED],
    "load()?.catch(keep);": [Use.CHAINED],
    "if (load()) keep();": [Use.TESTED],
    "if (!load()) keep();": [Use.TESTED],
    "const a = load() || 1;": [Use.TESTED],
    "const a = load() === 1;": [Use.OPERAND],
    "const a = `${load()}`;": [Use.FORMATTED],
    "const { a } = load();": [Use.UNPACKED],
    "for (const a of load()) keep(a);": [Use.ITERATED],
    "for await (const a of load()) keep(a);": [Use.AWAITED],
    "const a = load().name;": [Use.READ],
    "const a = [...load()];": [Use.SPREAD],
    "const a = load();": [Use.UNUSED],
    "const a = load(); await a;": [Use.AWAITED],
    "const a = load(); const b = a; keep(b);": [Use.PASSED],
    "let a; a = load(); if (a) keep();": [Use.TESTED],
    "const a = load(); { const a = 1; keep(a); }": [Use.UNUSED],
}


@pytest.mark.parametrize("statement", USES)
def test_what_is_done_with_a_value(statement: str, tmp_path: Path) -> None:
    file = opened(tmp_path, f"async function run() {{ {statement} }}")
    call = next(one for one in file.nodes("call_expression") if text(callee(one) or one) == "load")
    assert [usage.use for usage in usages_of(call, file)] == USES[statement]


OTHERS = {
    "store.ts": (
        "import { Pool } from 'pg';\nconst pool = new Pool();\n"
        "export async function save() { await pool.connect(); }\n"
        "export const query = (sql: string) => pool.query(sql);\n"
        "export const older = (sql: string, callback: any) => pool.query(sql, callback);\n"
        "export const quiet = async () => { try { await save(); } catch (error) { console.error(error); } };\n"
        "export function some(ready: boolean) { if (!ready) return; return save(); }\n"
        "export interface Store { put(): Promise<void>; size(): number }\n"
        "export class Disk { put = async () => save(); static open() { return save(); } *rows() { yield 1; } }\n"
    ),
}
GIVES = {
    "import { save } from './store'; save()": True,
    "import * as store from './store'; store.save()": True,
    "import { query } from './store'; query('')": True,
    "import { older } from './store'; older('', () => {})": False,
    "import { quiet } from './store'; quiet()": True,
    "import { some } from './store'; some(true)": False,
    "import type { Store } from './store'; function run(store: Store) { store.put() }": True,
    "import type { Store } from './store'; function run(store: Store) { store.size() }": False,
    "import { Disk } from './store'; new Disk().put()": True,
    "import { Disk } from './store'; Disk.open()": True,
    "import { Disk } from './store'; new Disk().rows()": False,
    "import { rm } from 'node:fs/promises'; rm('a')": True,
    "import fs from 'fs'; fs.rm('a', () => {})": False,
    "import { Pool } from 'pg'; new Pool().query('', (error) => {})": False,
    "function run(visit: () => Promise<void>) { visit() }": True,
    "(async () => { await 1; })()": True,
    "Promise.all([])": True,
    "unknown().then(() => 1)": True,
    "unknown()": False,
}


@pytest.mark.parametrize("code", GIVES)
def test_which_calls_give_a_promise(code: str, tmp_path: Path) -> None:
    file = opened(tmp_path, code, others=OTHERS)
    call = max(file.nodes("call_expression"), key=lambda one: one.end_byte - one.start_byte)
    assert (promised(call, file) is not None) is GIVES[code]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("await load();", True),
        ("try { await load(); } catch (error) { report(error); }", False),
        ("try { await load(); } catch (error) { throw error; }", True),
        ("try { await load(); } finally { report(); }", True),
        ("await load().catch(report);", False),
        ("throw new Error();", True),
        ("return load();", True),
        ("", False),
        ("[1].map(async () => { await load(); }); try { await load(); } catch {}", False),
    ],
)
def test_which_functions_can_reject(body: str, expected: bool, tmp_path: Path) -> None:
    file = opened(tmp_path, f"async function run() {{ {body} }}")
    scope = next(one for one in file.scopes.functions if one.name == "run")
    assert may_reject(scope, file.scopes) is expected
