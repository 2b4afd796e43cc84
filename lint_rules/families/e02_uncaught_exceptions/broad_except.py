"""Broad except that swallows errors.

What it finds: a bare `except`, `except BaseException` or `except Exception` after which nobody knows what went wrong:
it does not raise again, does not use the error, and does not log it with its traceback. A handler that logs a message
without the error is one of them: it says that something failed, not what. Loggers are known by what they are, through
imports from other files, and helpers of the project that log the error count as logging it. A bare `except` or
`except BaseException` that only logs is reported as well, since it catches `KeyboardInterrupt` and `SystemExit`.

Why it matters: `except Exception` also catches the typo, the missing key and the lost database connection. When it
hides them, the service goes on with wrong data, and the first sign of the fault is far away from its cause.

Bad (python):

    def load_price(store, article):
        try:
            return store.fetch(article)
        except Exception:
            return 0

Good (python):

    import logging

    logger = logging.getLogger(__name__)

    def load_price(store, article):
        try:
            return store.fetch(article)
        except KeyError:
            return 0
        except Exception:
            logger.exception("price of %s cannot be loaded", article)
            raise

How to fix it: catch the errors you expect by name. Where everything must be caught, as at the top of a worker, log it
with `logger.exception(...)`. Where it is right to go on in silence, say why in a comment in the handler. Functions of
your own that keep the error are named with `[tool.tenlint.reporting] calls = [...]`.

Not seen: handlers that a comment in or next to the `try` or the function's documentation explains, or that another
linter was told to leave alone by name (`# noqa: BLE001`); cleaning up (`connection.close()` alone in the `try`, or a
handler in `finally` or in another handler); functions that say by their name that they do not fail or that they ask
(`close_quietly`, `is_reachable`), or check and answer `False`; a connection that is closed because nothing can be
sent over it; loops that try the next one, or wait until it works; handlers that take another way to the same value,
there or in the next statement, or record in a name that something failed (`self.failed = True`); what an `except` above
tells apart from `KeyboardInterrupt`; telemetry, optional imports, conversions, look-ups and questions to the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.cancellation import awaits_a_task
from lint_rules.families.e02_uncaught_exceptions.excuses import is_excused, is_over_at_once
from lint_rules.families.e02_uncaught_exceptions.reasons import comments, gives_reason, is_acknowledged
from lint_rules.families.e02_uncaught_exceptions.threads import runs_in_thread
from lint_rules.families.e02_uncaught_exceptions.triggers import may_be_broad
from lint_rules.languages.python.edits import replace_text
from lint_rules.languages.python.except_clauses import EXCEPTION, ExceptClause
from lint_rules.languages.python.expressions import called
from lint_rules.languages.python.reporting import ends
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.model import ERROR, SAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0201",
    "broad-except",
    severity=ERROR,
    summary="A broad except swallows errors",
    in_tests=False,
    fix=SAFE,
)


def _is_suspect(clause: Node, file: PythonFile) -> bool:
    return _problem(ExceptClause(clause, file)) is not None


@RULE.python(
    Nodes(("ExceptHandler", "ExceptStarHandler"), words=(b"except",), trigger=may_be_broad, screen=_is_suspect)
)
def check_python(node: cst.ExceptHandler, file: PythonFile) -> Iterator[Finding]:
    handler = ExceptClause(file.syntax(node), file)
    problem = _problem(handler)
    if problem is not None:
        message, suggestion = problem
        yield RULE.at(file, handler.header, message, suggestion, fix=_named(handler))


def _problem(handler: ExceptClause) -> tuple[str, str] | None:
    """What is wrong with a handler and what helps, None if it is all right."""
    if not handler.is_broad or handler.reraises or (handler.ends and not handler.answers_500):
        return None
    what = handler.header_text
    if handler.records or handler.uses:
        return _too_broad(handler, what)
    if handler.answers_500 and not gives_reason(handler):
        return (
            f"{what} answers with status 500 and drops the error; log it with its traceback",
            "log the error with `logger.exception(...)` before answering, or leave it to the framework's error handler",
        )
    takes_interrupts = handler.catches_all and not handler.spares_interrupts
    if (awaits_a_task(handler) or is_over_at_once(handler)) if takes_interrupts else is_excused(handler):
        return None
    beside = ", `KeyboardInterrupt` and `SystemExit` too" if takes_interrupts else ""
    if handler.logs:
        log = handler.file.text(called(handler.logs[0]))
        message = f"{what} logs with `{log}` but loses the error and its traceback; log it with `exc_info=True`"
        return message, "use `logger.exception(...)` or pass `exc_info=True`, or catch only the errors you expect"
    return (
        f"{what} swallows every error{beside}; catch the errors you expect, or log the traceback",
        "catch the errors you expect by name, or log the error with `logger.exception(...)`",
    )


def _too_broad(handler: ExceptClause, what: str) -> tuple[str, str] | None:
    """A handler that deals with the error, but takes what is meant to end the process as well."""
    if not handler.catches_all or handler.keeps_error or handler.names_failure or handler.can_be_cancelled:
        return None
    if handler.spares_interrupts or any(map(is_acknowledged, comments(handler))):
        return None
    if handler.is_behind_exception or runs_in_thread(handler.file.enclosing_function(handler.clause), handler.file):
        return None  # told apart on purpose; a thread is interrupted by neither
    if handler.records and any(node.type == "return_statement" for node in handler.statements):
        return None  # a boundary: what was called is over, whatever ended it
    return (
        f"{what} catches `KeyboardInterrupt` and `SystemExit` too; catch `Exception`",
        "catch `Exception`, so that the process can be stopped",
    )


def _named(handler: ExceptClause) -> Fix | None:
    """`except Exception` for a bare `except`, unless the code counts on catching more than that."""
    file, clause = handler.file, handler.clause
    if not handler.is_bare or file.names.name("Exception", clause.start_byte) != EXCEPTION:
        return None
    earlier = [one for one in handler.siblings if one.clause.start_byte < clause.start_byte]
    exits = any(node.type == "call" and ends(node, file) for node in own_nodes(handler.tried))
    if exits or any(one.is_broad for one in earlier):
        return None
    start = clause.start_byte
    edit = replace_text(file, start, start + len(b"except"), "except Exception")
    return Fix("Catch `Exception`", (edit,), SAFE)
