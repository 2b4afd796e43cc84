"""Whether a query goes to a database, and how the driver wants its parameters."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lint_rules.families.e07_security.knowledge_python import PythonKnowledge
from lint_rules.families.e07_security.queries_python import PLACEHOLDER, BuiltQuery
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.tables import read_table
from lint_rules.model import UNSAFE, Fix
from lint_rules.project.flows import FlowCall

if TYPE_CHECKING:
    from lint_rules.project.linked import Project


@lru_cache(maxsize=1)
def _styles() -> dict[str, str]:
    styles: dict[str, str] = read_table(FOLDER / "sinks_python.toml")["parameters"]
    return styles


def is_run_as_sql(query: BuiltQuery, project: Project) -> bool:
    """Whether the call that is given a query runs it, by the table of sinks."""
    call = FlowCall(query.symbol, query.written, query.span)
    rows = PythonKnowledge().sinks("sql", project.symbols.canonical(query.symbol), call, project)
    return any(row.takes("0", call, ("nosql",)) for row in rows)


def parameters_fix(query: BuiltQuery, project: Project) -> Fix | None:
    """The edits that pass the values of a query as parameters; None where the driver's way is not known."""
    name = project.symbols.canonical(query.symbol)
    style = next((mark for start, mark in _styles().items() if name.startswith(start)), "")
    if not style or not query.edits or (query.has_percent and style == "%s"):
        return None
    edits = tuple(replace(edit, content=edit.content.replace(PLACEHOLDER, style)) for edit in query.edits)
    return Fix("pass the values as parameters", edits, UNSAFE)
