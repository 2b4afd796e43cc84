"""Traceback lost in the log.

What it finds: `logger.error(...)` or `logger.critical(...)` in an `except` clause, without `exc_info`, where the error
ends: the clause does not raise it again and hands it to nobody.

Why it matters: `"cannot book: %s" % error` says `'id'` for a KeyError and nothing at all for many others. Which line
failed, and how it came there, is in the traceback, and nobody will see that again.

Bad (python):

    import logging

    logger = logging.getLogger(__name__)

    def book(store, booking):
        try:
            store.insert(booking)
        except KeyError as error:
            logger.error("booking cannot be stored: %s", error)
            return False
        return True

Good (python):

    import logging

    logger = logging.getLogger(__name__)

    def book(store, booking):
        try:
            store.insert(booking)
        except KeyError:
            logger.exception("booking cannot be stored")
            return False
        return True

How to fix it: call `exception` in place of `error`; with other levels pass `exc_info=True`.

Not seen: warnings and lower levels, which speak of what was to be expected; loggers of the project's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.edits import replace_text
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, last_name, lies_in
from lint_rules.languages.python.reporting import is_log, records
from lint_rules.languages.python.scopes import text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import INFO, UNSAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0610",
    "traceback-lost-in-log",
    severity=INFO,
    summary="An error is logged without its traceback where it ends",
    default=False,
    in_tests=False,
    fix=UNSAFE,
)

_ERRORS = re.compile(rb"\.a?(?:error|critical|fatal)\(|\.log\(\s*(?:logging\.)?(?:ERROR|CRITICAL|FATAL)\b")
_LEVEL = re.compile(r"\(\s*(?:logging\.)?(?:ERROR|CRITICAL|FATAL)\b")
"""What `logger.log` is given first."""
_LEVELS = frozenset({"error", "critical", "fatal", "aerror", "acritical"})
_EXCEPTION = {"error": "exception", "aerror": "aexception"}
_PASSED_ON = frozenset({"exc_info", "stack_info", "exception", "exc"})


@RULE.files(WholeFile(_ERRORS, words=(b"except",)), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for node in file.nodes("except_clause"):
        clause = ExceptClause(node, file)
        logs = [call for call in clause.calls if _is_plain(call, file)]
        if not logs or file.in_broken_code(node) or _goes_on(clause, logs):
            continue
        call = logs[-1]
        function = called(call)
        level = last_name(function)
        instead = _EXCEPTION.get(level, "")
        what = f"call `{instead}`" if instead else "pass `exc_info=True`"
        yield RULE.at(
            file,
            call,
            f"`{file.text(function)}` loses the traceback of the error; {what}",
            f"{what}, which writes the traceback below the message",
            fix=_fix(call, level, file),
        )


def _is_plain(call: Node, file: PythonFile) -> bool:
    """Whether a call logs a message of a level for errors, without a traceback."""
    function = called(call)
    arguments = call.child_by_field_name("arguments")
    if function.type != "attribute" or not is_log(call, file):
        return False
    is_leveled = last_name(function) == "log" and arguments is not None and _LEVEL.match(text(arguments)) is not None
    if last_name(function) not in _LEVELS and not is_leveled:
        return False
    for argument in arguments.named_children if arguments is not None else ():
        name = argument.child_by_field_name("name")
        if argument.type == "dictionary_splat" or (name is not None and text(name) in _PASSED_ON):
            return False
    return arguments is not None and b"format_exc" not in (arguments.text or b"")


def _goes_on(clause: ExceptClause, logs: list[Node]) -> bool:
    """Whether the error, and its traceback with it, reaches somebody: raised again, recorded, handed over, the end."""
    if clause.reraises or clause.ends or any(records(call, clause.file) for call in clause.calls):
        return True
    return any(not any(lies_in(use, log) for log in clause.logs) and _is_handed(use) for use in clause.uses)


def _is_handed(use: Node) -> bool:
    """Whether a use is of the error as a whole, not of its text."""
    parent = use.parent
    if parent is None or parent.type in ("attribute", "interpolation"):
        return False
    call = parent.parent if parent.type == "argument_list" else None
    return call is None or last_name(called(call)) not in ("str", "repr", "format", "isinstance", "type")


def _fix(call: Node, level: str, file: PythonFile) -> Fix | None:
    function = called(call)
    name = function.child_by_field_name("attribute")
    instead = _EXCEPTION.get(level)
    if name is None:
        return None
    if instead is not None:
        return Fix(f"Call `{instead}`", (replace_text(file, name.start_byte, name.end_byte, instead),), UNSAFE)
    arguments = call.child_by_field_name("arguments")
    given = [one for one in arguments.named_children if one.type != "comment"] if arguments is not None else []
    if not given:
        return None
    end = given[-1].end_byte
    return Fix("Pass `exc_info=True`", (replace_text(file, end, end, ", exc_info=True"),), UNSAFE)
