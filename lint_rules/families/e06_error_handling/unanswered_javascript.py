"""Errors of a request that end in a handler of errors without an answer (JavaScript)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.node_caught import ERROR_NAME
from lint_rules.languages.javascript.bodies import all_nodes, holder, own_nodes
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    around,
    bare,
    callee,
    first_named,
    named,
    text,
)
from lint_rules.languages.tables import read_table
from lint_rules.languages.wording import first_word, words

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope
    from lint_rules.project.frameworks import Handler

SILENT = {key: frozenset(names) for key, names in read_table(Path(__file__).parent / "silent.toml")["silent"].items()}
_ROLES = frozenset({"response", "next", "context", "reply", "toolkit", "done", "socket"})
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_NOTHING = frozenset({"null", "undefined", "false"})
_NAMES = ("identifier", "shorthand_property_identifier")


class Answering:
    """What of a handler answers its request, or hands the error to somebody who does."""

    def __init__(self, scope: Scope, handler: Handler, file: JavaScriptFile) -> None:
        self.scope = scope
        self.handler = handler
        self._file = file
        self.by_value = handler.framework["answers"] in ("any", "returned")

    @property
    def consequence(self) -> str:
        """In words, what becomes of a request that nobody answers."""
        if self.handler.framework["answers"] == "sent":
            return "the request hangs"
        if self.handler.framework["answers"] == "assigned":
            return "the client gets a 404"
        return "the client gets an empty answer"

    @property
    def instead(self) -> str:
        """In words, what to do with the error."""
        return "throw it or answer" if self.handler.framework["answers"] != "sent" else "answer, or call `next`"

    def in_any(self, nodes: Iterable[Node]) -> bool:
        """Whether an answer stands in one of these nodes, functions within them included."""
        return any(self.is_there(inner) for node in nodes for inner in (node, *all_nodes(node)))

    def is_there(self, node: Node) -> bool:
        """Whether a node answers: the response, `next`, a value that is returned, an error that is thrown."""
        if node.type in _NAMES:
            return self._file.request.role(node) in _ROLES and not _is_in_log(node)
        if node.type == "throw_statement":
            return True
        if node.type == "return_statement" and self.by_value:
            value = first_named(node)
            return value is not None and text(bare(value)) not in _NOTHING and not _is_silent_value(value)
        return False

    def always(self, statements: list[Node]) -> bool:
        """Whether every path through statements answers, or may: a function that nobody knows could."""
        return any(self._always(statement) for statement in statements)

    def _always(self, statement: Node) -> bool:
        waiting, rest = [statement], []
        while waiting:
            current = waiting.pop()
            if current.type == "if_statement":
                condition, then = current.child_by_field_name("condition"), current.child_by_field_name("consequence")
                otherwise = current.child_by_field_name("alternative")
                if condition is not None and self._may(condition):
                    return True
                if condition is not None and then is not None and ERROR_NAME.match(text(bare(condition))):
                    waiting.append(then)  # `if (err)`, where there is one
                    continue
                if otherwise is None or then is None:
                    continue
                # Both have to answer; it is enough to look at each by itself, since they nest rarely.
                if self._may(then) and self._may(otherwise):
                    return True
                continue
            if current.type in ("statement_block", "else_clause"):
                waiting.extend(named(current))
                continue
            rest.append(current)
        return any(self._may(one) for one in rest)

    def _may(self, node: Node) -> bool:
        return any(self.is_there(inner) or _is_unknown_call(inner) for inner in (node, *all_nodes(node)))

    def follows(self, statement: Node) -> bool:
        """Whether an answer stands behind a statement, in its own function or those around it up to the handler."""
        current: Node | None = statement
        while current is not None and current.id != self.scope.node.id:
            if current.type in _LOOPS and current.id != statement.id:
                return True  # it is tried again
            following = current.next_named_sibling
            is_listed = current.parent is not None and current.parent.type in ("statement_block", "switch_case")
            while following is not None and is_listed:
                if self.in_any([following]) or following.type == "throw_statement":
                    return True
                following = following.next_named_sibling
            if self.ends_in_finally(current):
                return True
            current = current.parent
        return False

    def ends_in_finally(self, attempt: Node) -> bool:
        """Whether the `finally` of a `try` statement answers."""
        finally_ = attempt.child_by_field_name("finalizer") if attempt.type == "try_statement" else None
        return finally_ is not None and self.in_any([finally_])


def answering(place: Node, file: JavaScriptFile) -> Answering | None:
    """Who answers the request that a place belongs to; None where there is none."""
    found = file.request.handler_around(place)
    if found is None or found[1].kind not in ("route", "hook"):
        return None
    scope, handler = found
    answers = handler.framework["answers"]
    if answers not in ("sent", "any", "returned", "assigned"):
        return None
    if handler.kind == "hook" and answers in ("any", "returned"):
        return None
    if answers == "assigned" and _is_assigned_before(place, scope, file):
        return None
    who = Answering(scope, handler, file)
    if who.by_value and holder(place) != scope.node:
        return None  # what an inner function gives is not what the handler gives
    return who


def _is_assigned_before(place: Node, scope: Scope, file: JavaScriptFile) -> bool:
    """Whether the body of the response is set above a place, or by a middleware listed with the handler."""
    start = place.parent.start_byte if place.type == "catch_clause" and place.parent is not None else place.start_byte
    for assignment in file.nodes("assignment_expression"):
        left = assignment.child_by_field_name("left")
        owner = left.child_by_field_name("object") if left is not None and left.type == "member_expression" else None
        last = left.child_by_field_name("property") if left is not None else None
        if owner is None or last is None or text(last) != "body" or file.request.role(owner) != "context":
            continue
        function, block = file.enclosing_function(assignment), file.statement(assignment).parent
        if (
            function is scope
            and assignment.start_byte < start
            and block is not None
            and block.end_byte >= place.end_byte
        ):
            return True
        is_listed = function is not None and function is not scope and function.node.parent == scope.node.parent
        if function is not None and is_listed and _goes_on_to_next(assignment, function, file):
            return True
    return False


def _goes_on_to_next(assignment: Node, function: Scope, file: JavaScriptFile) -> bool:
    """Whether what sets the body runs the handlers behind it afterwards, outside of a `catch`."""
    if any(outer.type == "catch_clause" for outer in file.enclosing(assignment)):
        return False
    body = function.node.child_by_field_name("body")
    return body is not None and any(
        node.type == "call_expression"
        and node.start_byte > assignment.end_byte
        and (called := callee(node)) is not None
        and file.request.role(called) == "next"
        for node in own_nodes(body)
    )


def unanswered_clause(clause: Node, file: JavaScriptFile) -> Answering | None:
    """Who would have to answer where a `catch` clause does not."""
    attempt, body = clause.parent, clause.child_by_field_name("body")
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    who = answering(clause, file) if attempt is not None and tried is not None and body is not None else None
    if who is None or attempt is None or tried is None or body is None:
        return None
    if who.always(named(body)) or _changes_something(body) or _goes_on(body) or _only_answers(tried, who):
        return None
    if _leaves(body) and not who.ends_in_finally(attempt):
        return who if _answers_inside(tried, who) or who.follows(attempt) else None
    return who if _answers_inside(tried, who) and not who.follows(attempt) else None


def _leaves(body: Node) -> bool:
    """Whether a block ends by returning, so that nothing behind it runs."""
    statements = named(body)
    return bool(statements) and statements[-1].type == "return_statement"


def _only_answers(tried: Node, who: Answering) -> bool:
    """Whether nothing but an answer of constants is tried: where that fails, no other one would get through."""
    for node in own_nodes(tried):
        if node.type in ("await_expression", "new_expression", "throw_statement"):
            return False
        if node.type != "call_expression" or (function := callee(node)) is None or _is_silent(function):
            continue
        given = node.child_by_field_name("arguments")
        is_answer = any(who.is_there(inner) for inner in all_nodes(function))
        if not is_answer or (given is not None and any(one.type in _NAMES for one in all_nodes(given))):
            return False
    return True


def _answers_inside(tried: Node, who: Answering) -> bool:
    nodes = list(own_nodes(tried)) if who.by_value else list(all_nodes(tried))
    return any(node.type != "throw_statement" and who.is_there(node) for node in nodes)


def unanswered_catch(call: Node, file: JavaScriptFile) -> Answering | None:
    """The same for the function of `.catch(...)`, or the second one of `.then(...)`."""
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    receiver = function.child_by_field_name("object") if function is not None else None
    given = call.child_by_field_name("arguments")
    values = named(given) if given is not None else []
    place = 0 if last is not None and text(last) == "catch" else 1
    if last is None or receiver is None or text(last) not in ("catch", "then") or len(values) != place + 1:
        return None
    callback = bare(values[place])
    who = answering(call, file)
    if who is None or not _gives_up(callback, who):
        return None
    if who.by_value and (_is_returned(call, who) or who.handler.framework["answers"] == "returned"):
        return who if _is_returned(call, who) else None
    if not who.in_any([receiver, *values[:place]]):
        return None
    return None if _chain_goes_on(call) or who.follows(file.statement(call)) else who


def _is_returned(call: Node, who: Answering) -> bool:
    """Whether a handler returns the chain as its answer."""
    place = around(call)
    if place is not None and place.type == "await_expression":
        place = around(place)
    return place is not None and (place.type == "return_statement" or place == who.scope.node)


def _chain_goes_on(call: Node) -> bool:
    """Whether another link of the chain follows, which is run in any case."""
    parent = call.parent
    return parent is not None and parent.type == "member_expression"


def _gives_up(callback: Node, who: Answering) -> bool:
    if callback.type == "member_expression":
        return _is_silent(callback)
    if callback.type not in FUNCTION_LITERALS:
        return False
    body = callback.child_by_field_name("body")
    if body is None:
        return False
    if body.type != "statement_block" and who.by_value and not _is_silent_value(body):
        return text(bare(body)) in _NOTHING
    statements = named(body) if body.type == "statement_block" else [body]
    return not who.always(statements) and not _changes_something(body)


def _changes_something(body: Node) -> bool:
    """Whether a variable or member is assigned, which other code may ask for."""
    return any(node.type == "assignment_expression" for node in own_nodes(body))


def _goes_on(body: Node) -> bool:
    return any(node.type in ("continue_statement", "break_statement") for node in own_nodes(body))


# Calls.


def _is_unknown_call(node: Node) -> bool:
    """Whether a call may do anything, such as answering or throwing."""
    if node.type not in CALL_KINDS:
        return False
    function = callee(node)
    if function is None or node.type == "new_expression":
        return function is None
    return not _is_silent(function)


def _is_silent(function: Node) -> bool:
    function = bare(function)
    last = function.child_by_field_name("property")
    receiver = function.child_by_field_name("object")
    own = text(last if last is not None else function)
    if own in SILENT["functions"] or first_word(own) in SILENT["cleanup"] or own.startswith(("log", "track", "report")):
        return True
    return receiver is not None and not words(text(receiver).rpartition(".")[2]).isdisjoint(SILENT["receivers"])


def _is_silent_value(value: Node) -> bool:
    value = bare(value)
    function = callee(value) if value.type == "call_expression" else None
    return function is not None and _is_silent(function)


def _is_in_log(name: Node) -> bool:
    """Whether a name only serves a log message: `ctx.log.error(err)`, `console.error(res.statusCode)`."""
    for outer in _outer(name):
        if outer.type == "call_expression":
            function = callee(outer)
            if function is None or not _is_silent(function) or _is_answer_itself(function, name):
                return False
            return not _is_given_whole(function, name)
    return False


def _is_answer_itself(function: Node, name: Node) -> bool:
    """Whether a call is of a method of the response, whatever its name says: `reply.log`, but `res.error`."""
    owner = function.child_by_field_name("object")
    return owner is not None and owner == name


def _is_given_whole(function: Node, name: Node) -> bool:
    """Whether a response is handed to a function that is called like one of a logger: `Answer.error(res, "...")`."""
    place = around(name)
    if place is None or place.type != "arguments" or place.parent is None or callee(place.parent) != function:
        return False
    owner = function.child_by_field_name("object")
    own = text(function.child_by_field_name("property") or function)
    if owner is not None and not words(text(owner).rpartition(".")[2]).isdisjoint(SILENT["receivers"]):
        return False
    return own in _LIKE_LEVELS or first_word(own) in SILENT["cleanup"]


_LIKE_LEVELS = frozenset({"error", "warn", "warning", "info", "fatal"})
"""Levels of loggers that are kinds of answers too."""


def _outer(node: Node) -> Iterator[Node]:
    current = node.parent
    while current is not None and not current.type.endswith("statement"):
        yield current
        current = current.parent
