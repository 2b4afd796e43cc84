"""Whether a cancellation arrives at a handler, and whether it may end there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE, expects_cancellation, gives_reason
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, last_name, lies_in
from lint_rules.languages.python.grammar import first_named, first_token
from lint_rules.languages.python.registrations import arguments, decorators
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes, suspends
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.wording import words

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_SHIELD = re.compile(r"\bshield\s*=\s*True\b")
_CANCELLATION = name_table(TABLE, "cancellation", key="errors")
_FAILS = frozenset({"error", "exception", "failure", "failed"})
_END = frozenset({"builtins.KeyboardInterrupt", "builtins.SystemExit"})
_STARTS = frozenset(read_table(TABLE)["cancelled"]["starts"])
_JOINS = frozenset(read_table(TABLE)["cancelled"]["joins"])
_NOTES = frozenset(read_table(TABLE)["cancelled"]["notes"])
_EVENTS = frozenset(read_table(TABLE)["cancelled"]["events"])
_SETTLES = frozenset(read_table(TABLE)["cancelled"]["settles"])


def swallows_cancellation(handler: ExceptClause) -> bool:
    """Whether a cancellation can arrive at a handler and ends there."""
    if not handler.is_in_async_code or not catches_cancellation(handler) or _raises_on(handler) or handler.ends:
        return False
    if not suspends(handler.tried) or _only_yields(handler) or _is_raised_again_around(handler):
        return False
    if not _END.isdisjoint(handler.caught):
        return False  # the end of the program
    earlier = [one for one in handler.siblings if one.clause.start_byte < handler.clause.start_byte]
    if any(catches_cancellation(one) for one in earlier):
        return False
    if handler.keeps_error or any(last_name(call) in _SETTLES for call in handler.calls):
        return False
    if gives_reason(handler) or expects_cancellation(handler) or _is_shielded(handler):
        return False
    if any(node.type == "identifier" and _NOTES & words(text(node)) for node in handler.own):
        return False
    return not _awaits_a_task(handler) and not _ends_a_task(handler)


def _only_yields(handler: ExceptClause) -> bool:
    """Whether the `try` of a generator waits in no way but `yield`: who cancels the consumer, cancels the consumer.

    Of a context manager the `yield` raises what the body of the `with` does.
    """
    if any(first_token(node) == "async" or node.type == "await" for node in own_nodes(handler.tried)):
        return False
    function = handler.file.enclosing_function(handler.clause)
    return function is not None and not any(True for _ in decorators(function.node))


def _is_raised_again_around(handler: ExceptClause) -> bool:
    """Whether it stands in another handler, for a cancellation, that ends with `raise`."""
    for outer in handler.file.enclosing(handler.clause):
        if outer.type == "function_definition":
            return False
        if outer.type == "except_clause":
            around = ExceptClause(outer, handler.file)
            last = around.statements[-1] if around.statements else None
            if catches_cancellation(around) and last is not None and last.type == "raise_statement":
                return last.start_byte > handler.clause.start_byte
    return False


def _is_shielded(handler: ExceptClause) -> bool:
    """Whether a scope around it keeps cancellations out: `with anyio.CancelScope(shield=True):`."""
    for outer in handler.file.enclosing(handler.clause):
        if outer.type == "function_definition":
            return False
        header = outer.named_child(0) if outer.type == "with_statement" else None
        if header is not None and _SHIELD.search(text(header)):
            return True
    return False


def _raises_on(handler: ExceptClause) -> bool:
    """Whether a cancellation goes on, on some path. Another error in its place is a failure to whoever cancelled."""
    for node in handler.own:
        raised = first_named(node) if node.type == "raise_statement" else None
        if node.type == "raise_statement" and (handler.catches_all or raised is None or raised.type != "call"):
            return True
        if raised is not None and not _FAILS & words(last_name(raised)):
            return True
    return False


def catches_cancellation(handler: ExceptClause) -> bool:
    if handler.catches_all:
        return True
    types = handler.file.types
    return any(_CANCELLATION.match(name, types) is not None for name in handler.caught)


def _awaits_a_task(handler: ExceptClause) -> bool:
    """Whether the cancellation is that of another task: one that was cancelled before, or the only thing waited for."""
    if any(node.type == "for_statement" and first_token(node) == "async" for node in own_nodes(handler.tried)):
        return False
    waits = [first_named(node) for node in own_nodes(handler.tried) if node.type == "await"]
    if waits and all(node is not None and node.type in ("identifier", "attribute") for node in waits):
        return True
    return awaits_a_task(handler)


def awaits_a_task(handler: ExceptClause) -> bool:
    """Whether the `try` waits for what the function has cancelled before."""
    file = handler.file
    function = file.enclosing_function(handler.clause)
    cancelled = {
        text(called(call).child_by_field_name("object") or call)
        for call in file.nodes("call")
        if call.start_byte < handler.clause.start_byte
        and last_name(call) == "cancel"
        and file.enclosing_function(call) is function
    }
    waits = [first_named(node) for node in own_nodes(handler.tried) if node.type == "await"]
    if not cancelled or not waits:
        return False
    if any(node is not None and text(node) in cancelled for node in waits):
        return True
    return all(node is not None and (node.type != "call" or last_name(node) in _JOINS) for node in waits)


def _ends_a_task(handler: ExceptClause) -> bool:
    """Whether the handler ends a coroutine that is a task of its own, so that nobody takes its end for a result."""
    last = handler.statements[-1] if handler.statements else handler.body
    if last.type == "return_statement" and last.named_child_count:
        return False
    leaves = last.type == "return_statement"
    loops = [node for node in handler.follows if node.type in ("for_statement", "while_statement")]
    after = [node for node in handler.follows if node not in loops]
    if last.type == "break_statement":
        after = [node for node in after if not any(lies_in(node, loop) for loop in loops[:1])]
        loops = loops[1:]
    if not leaves and (loops or any(suspends(node) or node.type == "return_statement" for node in after)):
        return False
    function = handler.file.enclosing_function(handler.clause)
    if function is None:
        return False
    is_called_back = any(_EVENTS & words(last_name(decorator)) for decorator in decorators(function.node))
    return is_called_back or _is_started(function.name.rpartition(".")[2], handler.file)


def _is_started(name: str, file: PythonFile) -> bool:
    """Whether the file hands `name`, or a call of it, to something that runs it as a task."""
    for call in file.nodes("call"):
        if last_name(call) in _STARTS and call.child_by_field_name("function") is not None:
            for _, value in arguments(call):
                if value.type in ("call", "identifier", "attribute") and last_name(value) == name:
                    return True
                bound = file.names.only_value(text(value), value.start_byte) if value.type == "identifier" else None
                if bound is not None and bound.type == "call" and last_name(bound) == name:
                    return True
    return False
