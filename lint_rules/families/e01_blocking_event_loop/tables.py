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
    """Whether a call with these arguments blocks: `unless = {block = false}` names keywords that make it not."""
    unless = row.get("unless")
    if not unless:
        return True
    arguments = call.child_by_field_name("arguments")
    given = {}
    for argument in arguments.named_children if arguments is not None else ():
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and name is not None and value is not None:
            given[text(name)] = text(value)
    return not any(given.get(keyword) == repr(value) for keyword, value in unless.items())
