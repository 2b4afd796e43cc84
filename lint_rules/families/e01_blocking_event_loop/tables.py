"""The tables of family 01, and what their rows say about a call."""

from __future__ import annotations

from pathlib import Path

from tree_sitter import Node

from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import TableRow, name_table
from lint_rules.model import ERROR, WARNING, Severity

_HERE = Path(__file__).parent

BLOCKING = name_table(_HERE / "blocking.toml", "python")


def severity_of(row: TableRow) -> Severity:
    """Files are local and mostly fast: a warning. All else is an error."""
    return WARNING if row["kind"] == "file" else ERROR


def blocks(row: TableRow, call: Node) -> bool:
    """Whether a call with these arguments blocks: `unless` names arguments, by keyword or position, that prevent it."""
    unless = row.get("unless")
    if not unless:
        return True
    arguments = call.child_by_field_name("arguments")
    position = 0
    for argument in arguments.named_children if arguments is not None else ():
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and name is not None and value is not None:
            key = text(name)
        elif argument.type == "comment":
            continue
        else:
            key, value, position = str(position), argument, position + 1
        if value is not None and key in unless and _is_given(value, unless[key]):
            return False
    return True


def _is_given(value: Node, wanted: object) -> bool:
    """Whether the source of an argument is this value, or this text."""
    source = text(value)
    return source == wanted if isinstance(wanted, str) else source in (repr(wanted), f"{wanted}.0")
