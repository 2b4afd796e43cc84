"""Edits that turn a synchronous call of JavaScript into its twin that gives a promise, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.javascript import twin_name
from lint_rules.languages.javascript.binding import Binding
from lint_rules.languages.javascript.edits import awaited, insert, replace
from lint_rules.languages.javascript.grammar import callee, text
from lint_rules.languages.tables import TableRow
from lint_rules.model import UNSAFE, Edit, Fix
from lint_rules.project.node_names import shown

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


def awaitable_call(call: Node, row: TableRow, file: JavaScriptFile) -> Fix | None:
    """`await fs.promises.readFile(x)` for `fs.readFileSync(x)`, where the nearest function is async."""
    function = callee(call)
    waiting = awaited(file, call)
    if function is None or waiting is None:
        return None
    canonical = file.canonical(function)
    twin = twin_name(row, canonical.rpartition(".")[2])
    method = row.get("twin_method")
    if method is not None and function.type == "member_expression":
        return _other_method(function, method, waiting, file)
    if not twin:
        return None
    module, _, name = twin.rpartition(".")
    if function.type == "member_expression":
        owner = function.child_by_field_name("object")
        prefix = _prefix(owner, module, file) if owner is not None else None
        if owner is None or prefix is None:
            return None
        change = replace(file, function.start_byte, function.end_byte, f"{file.text(owner)}{prefix}.{name}")
        return Fix(f"Await `{file.text(owner)}{prefix}.{name}`", _in_order(change, *waiting.edits), UNSAFE)
    change = replace(file, function.start_byte, function.end_byte, name)
    if file.resolve(file.names.name(name, function.start_byte)) == twin:
        return Fix(f"Await `{name}`", _in_order(change, *waiting.edits), UNSAFE)
    imported = _import_of(function, module, name, file)
    if imported is None:
        return None
    return Fix(f"Await `{name}`", _in_order(imported, change, *waiting.edits), UNSAFE)


def _other_method(function: Node, method: str, waiting: Fix, file: JavaScriptFile) -> Fix | None:
    """`glob(...)` for `glob.sync(...)` with "", else another method of the same object."""
    owner = function.child_by_field_name("object")
    if owner is None:
        return None
    last = _last(function).removesuffix("Sync")
    target = f"{file.text(owner)}.{method.replace('*', last)}" if method else file.text(owner)
    change = replace(file, function.start_byte, function.end_byte, target)
    return Fix(f"Await `{target}`", _in_order(change, *waiting.edits), UNSAFE)


def _last(function: Node) -> str:
    """`readFileSync` of `fs.readFileSync`."""
    return text(function.child_by_field_name("property") or function)


def _prefix(owner: Node, module: str, file: JavaScriptFile) -> str | None:
    """What leads from the object that is called on to the module of the twin: "" or `.promises`; None if nothing."""
    name = file.canonical(owner)
    if name == module:
        return ""
    has_promises = any(f"{candidate}/promises" == module for candidate in (name, *file.types.bases.get(name, ())))
    return ".promises" if has_promises else None


def _import_of(function: Node, module: str, name: str, file: JavaScriptFile) -> Edit | None:
    """The edit that imports the twin beside the import of the synchronous function; None where that is not simple."""
    found = file.scopes.binding(text(function), function.start_byte)
    if found is None or file.scopes.binding(name, function.start_byte) is not None:
        return None
    binding: Binding = found[1][0]
    if len(found[1]) != 1 or found[0].kind != "module" or binding.node is None:
        return None
    is_import = binding.kind == "import" and binding.member == file.canonical(function).rpartition(".")[2]
    is_require = binding.kind == "value" and binding.node.type == "call_expression" and len(binding.path) == 1
    statement = binding.node if is_import else file.statement(binding.node)
    if not (is_import or is_require) or statement.parent is None or statement.parent.type != "program":
        return None
    written = file.text(statement)
    if "\n" in written and not written.rstrip().endswith((";", ")", '"', "'")):
        return None
    quote = "'" if "'" in written else '"'
    scheme = "node:" if "node:" in written else ""
    end = ";" if written.rstrip().endswith(";") else ""
    source = f"{quote}{scheme}{shown(module)}{quote}"
    line = f"import {{ {name} }} from {source}{end}" if is_import else f"const {{ {name} }} = require({source}){end}"
    return insert(file, statement.end_byte, f"\n{line}")


def _in_order(*edits: Edit) -> tuple[Edit, ...]:
    return tuple(sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)))
