"""The edit that awaits the promise form of a call in the place of its callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.edits import replace
from lint_rules.languages.javascript.grammar import arguments, bare, callee, first_named, named, nodes_of_kinds, text
from lint_rules.languages.tables import TableRow
from lint_rules.model import UNSAFE, Fix

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_KEPT_APART = ("return_statement", "template_string", "this")


def twin_fix(call: Node, row: TableRow, file: JavaScriptFile) -> Fix | None:
    """`const data = await fs.promises.readFile(path); ...` for a callback that begins with `if (error) throw error;`.

    None where anything about the callback leaves doubts: another way to treat the error, a `return`, a name that is
    taken already.
    """
    statement, function = call.parent, callee(call)
    callback = bare(arguments(call)[-1])
    body = callback.child_by_field_name("body")
    if statement is None or statement.type != "expression_statement" or function is None or body is None:
        return None
    target = _twin(function, row, file)
    names = [text(one.child_by_field_name("pattern") or one) for one in parameter_nodes(callback)]
    if not target or body.type != "statement_block" or not 1 <= len(names) <= 2:
        return None
    first, *kept = named(body) or [body]
    if not all(name.isidentifier() for name in names) or not _throws(first, names[0]) or not kept:
        return None
    if any(any(found) for found in nodes_of_kinds(body, file.parsed.grammar, _KEPT_APART).values()):
        return None
    if file.comments_between(body.start_byte, kept[0].start_byte):
        return None
    used = nodes_of_kinds(body, file.parsed.grammar, ("identifier",))["identifier"]
    if any(text(one) == names[0] and one.start_byte >= first.end_byte for one in used):
        return None
    if len(names) > 1 and file.scopes.binding(names[1], statement.start_byte) is not None:
        return None
    given = ", ".join(text(one) for one in arguments(call)[:-1])
    value = f"const {names[1]} = " if len(names) > 1 else ""
    outer, inner = _indentation(statement, file), _indentation(kept[0], file)
    lines = file.data[kept[0].start_byte : kept[-1].end_byte].decode().split("\n")
    rest = "\n".join(
        [outer + lines[0], *(outer + line[len(inner) :] if line.startswith(inner) else line for line in lines[1:])]
    )
    content = f"{value}await {target}({given});\n{rest}"
    return Fix("Await the promise form", (replace(file, statement.start_byte, statement.end_byte, content),), UNSAFE)


def _twin(function: Node, row: TableRow, file: JavaScriptFile) -> str:
    """What to call instead: the same without the callback, or the method of `fs.promises`; "" if it is not at hand."""
    if row.get("omit", False):
        return text(function)
    receiver, last = function.child_by_field_name("object"), function.child_by_field_name("property")
    if receiver is None or last is None or "/" in row["instead"] or "twin" not in row.values:
        return ""
    module = row["instead"].partition(".")[0]
    return f"{text(receiver)}.promises.{text(last)}" if file.canonical(receiver) == module else ""


def _throws(statement: Node, error: str) -> bool:
    """`if (error) throw error;`"""
    condition, consequence = (statement.child_by_field_name(name) for name in ("condition", "consequence"))
    if statement.type != "if_statement" or condition is None or consequence is None:
        return False
    if statement.child_by_field_name("alternative") is not None or text(condition) != f"({error})":
        return False
    inner = named(consequence) if consequence.type == "statement_block" else [consequence]
    if len(inner) != 1 or inner[0].type != "throw_statement":
        return False
    thrown = first_named(inner[0])
    return thrown is not None and text(thrown) == error


def _indentation(statement: Node, file: JavaScriptFile) -> str:
    line = file.data[file.data.rfind(b"\n", 0, statement.start_byte) + 1 : statement.start_byte].decode()
    return line if not line.strip() else ""
