"""New error raised without its cause.

What it finds: `raise NewError(...)` in an `except` clause without `from`.

Why it matters: the traceback then says "During handling of the above exception, another exception occurred", as if the
handler itself had failed. With `from error` it says which error led to which, and tools that follow `__cause__` (error
trackers, retry policies) see it.

Bad (python):

    class UnknownCurrency(Exception):
        pass

    def rate(rates: dict, currency: str) -> float:
        try:
            return rates[currency]
        except KeyError:
            raise UnknownCurrency(currency)

Good (python):

    class UnknownCurrency(Exception):
        pass

    def rate(rates: dict, currency: str) -> float:
        try:
            return rates[currency]
        except KeyError as error:
            raise UnknownCurrency(currency) from error

How to fix it: add `from error`, or `from None` where the first error says nothing to anybody.

Not seen: an error that was built before and is raised by its variable; what ends a program or a loop (`SystemExit`);
`raise` in a function that the handler calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE, is_acknowledged
from lint_rules.languages.python.edits import replace_text
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import last_name
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.tables import read_table
from lint_rules.model import INFO, UNSAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0215",
    "raise-without-cause",
    severity=INFO,
    summary="A new error is raised in except without from",
    default=False,
    in_tests=False,
    fix=UNSAFE,
)

_ENDINGS = frozenset(read_table(TABLE)["endings"]["errors"])
_NAMES = ("error", "exc", "cause", "original_error")


def _is_suspect(statement: Node, file: PythonFile) -> bool:
    return _handler(statement, file) is not None


@RULE.python(Nodes(("Raise",), words=(b"except",), screen=_is_suspect))
def check_python(node: cst.Raise, file: PythonFile) -> Iterator[Finding]:
    statement = file.syntax(node)
    handler = _handler(statement, file)
    raised = first_named(statement)
    if handler is None or raised is None:
        return
    name = handler.name or _free_name(handler)
    yield RULE.at(
        file,
        statement,
        f"`{last_name(raised)}` is raised without its cause; add `from {name}`",
        f"add `from {name}`, or `from None` if the first error says nothing",
        fix=_fix(statement, handler, name),
    )


def _handler(statement: Node, file: PythonFile) -> ExceptClause | None:
    """The handler in which a statement raises an error of its own making without a cause."""
    raised = first_named(statement)
    if raised is None or statement.child_by_field_name("cause") is not None or raised.type not in _MADE:
        return None
    line_end = file.data.find(b"\n", statement.start_byte)
    remarks = file.comments_between(statement.start_byte, len(file.data) if line_end < 0 else line_end)
    if any(is_acknowledged(text(remark), "acknowledged_cause") for remark in remarks):
        return None
    for outer in file.enclosing(statement):
        if outer.type in ("function_definition", "lambda", "class_definition", "finally_clause"):
            return None
        if outer.type == "except_clause":
            handler = ExceptClause(outer, file)
            return handler if _is_new(raised, handler) else None
    return None


_MADE = ("call", "identifier", "attribute")


def _is_new(raised: Node, handler: ExceptClause) -> bool:
    """Whether what is raised is a class or a call of one, and not the error that was caught, or a part of it."""
    name = last_name(raised)
    if not name.lstrip("_")[:1].isupper() or name in _ENDINGS:
        return False
    first = raised
    while (inner := first_named(first)) is not None and first.type in ("call", "attribute"):
        first = inner
    return not handler.name or text(first) != handler.name


def _free_name(handler: ExceptClause) -> str:
    """A name for the error that the scope does not use yet."""
    handler.file.names.bind()
    taken = handler.file.scope(handler.clause).bindings
    return next((name for name in _NAMES if name not in taken), _NAMES[-1])


def _fix(statement: Node, handler: ExceptClause, name: str) -> Fix | None:
    """`from error`, and `as error` behind the `except` that has no name yet."""
    file = handler.file
    if handler.type is None:
        return None
    end = handler.type.end_byte
    named = () if handler.name else (replace_text(file, end, end, f" as {name}"),)
    cause = replace_text(file, statement.end_byte, statement.end_byte, f" from {name}")
    return Fix(f"Raise it from `{name}`", (*named, cause), UNSAFE)
