"""CommonJS in an ES module.

What it finds: `require`, `module.exports`, `exports`, `__dirname`, `__filename` and `require.main` in a file that
Node.js reads as an ES module: `.mjs`, or `.js` where package.json says `"type": "module"`.

Why it matters: `ReferenceError: require is not defined in ES module scope`, `__dirname is not defined`.

Bad (javascript):

    // file: package.json
    { "name": "orders", "type": "module" }
    // file: server.js
    import { readFile } from 'node:fs/promises'
    import path from 'node:path'

    export const settings = () => readFile(path.join(__dirname, 'settings.json'), 'utf8')

Good (javascript):

    // file: package.json
    { "name": "orders", "type": "module" }
    // file: server.js
    import { readFile } from 'node:fs/promises'
    import path from 'node:path'

    export const settings = () => readFile(path.join(import.meta.dirname, 'settings.json'), 'utf8')

How to fix it: `import` for `require` (or `createRequire(import.meta.url)`), `export` for `module.exports`,
`import.meta.dirname` and `import.meta.filename` for `__dirname` and `__filename` (Node 20.11 and later; before, use
`fileURLToPath(import.meta.url)`).

Not seen: names that the file itself binds, and those that it asks for first (`typeof require`, `try`). Files that a
bundler translates are left alone, and TypeScript unless a script runs `tsc`, which keeps the names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e10_module_systems.systems import (
    ESM,
    commonjs_exports,
    is_asked_for,
    is_compiled_to_esm,
    is_in_function,
    is_node_source,
    lowest_node,
    module_syntax,
    system,
)
from lint_rules.languages.javascript.edits import replace
from lint_rules.languages.javascript.grammar import arguments, named, string_value, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1002",
    "commonjs-in-esm",
    severity=ERROR,
    summary="CommonJS names in a file that Node.js reads as an ES module",
    in_tests=False,
    fix=UNSAFE,
)

_INSTEAD = {"__dirname": "import.meta.dirname", "__filename": "import.meta.filename"}


@RULE.files(
    WholeFile(None, words=(b"require", b"module.exports", b"exports.", b"exports =", b"__dirname", b"__filename")),
    "javascript",
)
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if system(file) != ESM or not (is_node_source(file) or is_compiled_to_esm(file)):
        return
    for identifier in file.nodes("identifier"):
        name = text(identifier)
        if name not in ("require", *_INSTEAD) or not _is_nodes(name, identifier, file):
            continue
        if name == "require":
            yield from _require(identifier, file)
            continue
        instead = _INSTEAD[name]
        lowest = lowest_node(file)
        fix = None
        if lowest is None or lowest >= (20, 11, 0):
            edit = replace(file, identifier.start_byte, identifier.end_byte, instead)
            fix = Fix(f"Use `{instead}`", (edit,), UNSAFE)
        else:
            instead = "fileURLToPath(import.meta.url)"
        yield RULE.at(
            file, identifier, f"`{name}` is not there in an ES module; use `{instead}`", f"use `{instead}`", fix=fix
        )
    if module_syntax(file) is not None and any(True for _ in commonjs_exports(file)):
        return  # TEN1004
    for left, assignment in commonjs_exports(file):
        yield _export(left, assignment, file)


def _is_nodes(name: str, identifier: Node, file: JavaScriptFile) -> bool:
    """Whether a name is read that only CommonJS binds."""
    parent = identifier.parent
    if parent is None:
        return False
    is_declared = parent.type in ("variable_declarator", "import_specifier", "namespace_import", "import_clause")
    if is_declared and parent.child_by_field_name("value") != identifier:
        return False
    if parent.type == "assignment_expression" and parent.child_by_field_name("left") == identifier:
        return False
    bound = file.scopes.binding(name, identifier.start_byte) is not None or bool(file.scopes.assignments(name))
    return not bound and not is_asked_for(identifier)


def _require(identifier: Node, file: JavaScriptFile) -> Iterator[Finding]:
    place = identifier.parent
    if place is None or place.type not in ("call_expression", "member_expression"):
        return
    if place.type == "member_expression":
        written = text(place)
        instead = "import.meta.resolve" if written == "require.resolve" else "import.meta"
        if written == "require.main":
            instead = "process.argv[1] === fileURLToPath(import.meta.url)"
        yield RULE.at(
            file, place, f"`{written}` is not there in an ES module; use `{instead}`",
            f"use `{instead}`, or make a `require` with `createRequire(import.meta.url)`",
        )  # fmt: skip
        return
    given = arguments(place)
    module = string_value(given[0]) if given else None
    advice = (
        "use `await import(...)`" if module is None or is_in_function(place) else f"use `import ... from '{module}'`"
    )
    yield RULE.at(
        file, place, f"`require` is not there in an ES module; {advice}",
        f"{advice}, or make one with `createRequire(import.meta.url)`", fix=_import_fix(place, module, file),
    )  # fmt: skip


def _import_fix(call: Node, module: str | None, file: JavaScriptFile) -> Fix | None:
    """`import x from 'm'` for `const x = require('m')` at the top of the module."""
    declarator = call.parent
    declaration = declarator.parent if declarator is not None else None
    if module is None or declarator is None or declaration is None or declarator.type != "variable_declarator":
        return None
    name = declarator.child_by_field_name("name")
    is_alone = len(named(declaration)) == 1 and declaration.parent is not None and declaration.parent.type == "program"
    if name is None or not is_alone or module.startswith("."):
        return None
    if name.type == "identifier":
        clause = text(name)
    elif name.type == "object_pattern" and all(
        one.type == "shorthand_property_identifier_pattern" for one in named(name)
    ):
        clause = "{ " + ", ".join(text(one) for one in named(name)) + " }"
    else:
        return None
    end = ";" if text(declaration).endswith(";") else ""
    quote = file.text(arguments(call)[0])[:1]
    edit = replace(
        file, declaration.start_byte, declaration.end_byte, f"import {clause} from {quote}{module}{quote}{end}"
    )
    return Fix(f"Import `{module}`", (edit,), UNSAFE)


def _export(left: Node, assignment: Node, file: JavaScriptFile) -> Finding:
    written = text(left)
    statement = assignment.parent
    fix = None
    right = assignment.child_by_field_name("right")
    is_top = statement is not None and statement.parent is not None and statement.parent.type == "program"
    if written == "module.exports" and is_top and right is not None:
        count = sum(1 for one, _ in commonjs_exports(file) if text(one).startswith(("module.exports", "exports.")))
        if count == 1:
            edit = replace(file, assignment.start_byte, right.start_byte, "export default ")
            fix = Fix("Export it as the default", (edit,), UNSAFE)
    advice = "use `export default`" if written == "module.exports" else "use `export`"
    return RULE.at(file, left, f"`{written}` is not there in an ES module; {advice}", advice, fix=fix)
