"""HTTP errors that a `try` throws and its own `catch` takes (JavaScript)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import targets
from lint_rules.languages.javascript.bodies import all_nodes, own_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, around, callee, first_named, text
from lint_rules.languages.javascript.http_errors import http_errors_in, is_server_error, status_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TEXT_MEMBERS = frozenset({"message", "stack", "toString"})
_TELLS = re.compile(
    r"(?i)^(?:console|\w*log(?:ger)?|this\.log(?:ger)?|winston|sentry|debug|bugsnag|rollbar|newrelic)\b"
    r"|\.log(?:ger)?\.|captureException|recordException|^String$|inspect$|stringify$"
)
_SENDS = frozenset({"send", "json", "end", "write", "render", "code"})
_ROLES = ("response", "context", "reply", "toolkit")


class Lost(Struct, frozen=True):
    """A `catch` clause and the error of its own `try` that it takes."""

    clause: Node
    error: Node


def lost_error(clause: Node, file: JavaScriptFile) -> Lost | None:
    """The HTTP error that is thrown in the `try` of a `catch` clause, which answers something else for it."""
    attempt, body = clause.parent, clause.child_by_field_name("body")
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    if tried is None or body is None or _tells_apart(clause, body) or not _answers(body, file):
        return None
    for error in http_errors_in(tried, file):
        if not _is_taken_within(error, tried) and not _is_own_answer(error, body):
            return Lost(clause, error)
    return None


def _is_taken_within(error: Node, tried: Node) -> bool:
    inner = error
    while (outer := inner.parent) is not None and inner.id != tried.id:
        is_tried = outer.type == "try_statement" and outer.child_by_field_name("body") == inner
        if is_tried and outer.child_by_field_name("handler") is not None:
            return True
        inner = outer
    return False


def _is_own_answer(error: Node, body: Node) -> bool:
    """Whether the clause answers with the status that the error has, or throws another of its kind."""
    kind, status = _kind(error), status_of(error)
    if "InternalServerError" in text(error) or is_server_error(status):
        return True
    if status:
        return status in {status_of(one) for one in own_nodes(body) if one.type in ("throw_statement", *CALL_KINDS)}
    return any(one.type == "throw_statement" and _kind(one) == kind for one in own_nodes(body))


def _kind(thrown: Node) -> str:
    """`errors.BadRequestError` of `throw new errors.BadRequestError(...)`."""
    value = first_named(thrown) if thrown.type == "throw_statement" else thrown
    function = callee(value) if value is not None and value.type in CALL_KINDS else None
    return text(function) if function is not None else ""


def _answers(body: Node, file: JavaScriptFile) -> bool:
    """Whether the clause throws, returns or sends something."""
    for node in own_nodes(body):
        if node.type in ("throw_statement", "return_statement"):
            return True
        if node.type == "identifier" and file.request.role(node) in _ROLES:
            return True
        if node.type in CALL_KINDS and text(callee(node) or node) == "next" and arguments(node):
            return True
    return False


def _tells_apart(clause: Node, body: Node) -> bool:
    """Whether it may see that the error is one of its own: it asks, throws it again, or hands it to somebody."""
    parameter = clause.child_by_field_name("parameter")
    if parameter is None:
        return False
    if parameter.type != "identifier":
        return any(target.path[:1] not in (("message",), ("stack",)) for target in targets(parameter))
    kinds = ("identifier", "shorthand_property_identifier")
    return any(node.type in kinds and node.text == parameter.text and _asks(node, body) for node in all_nodes(body))


def _asks(read: Node, body: Node) -> bool:
    parent = around(read)
    if parent is None:
        return False
    if parent.type == "member_expression":
        last = parent.child_by_field_name("property")
        if (parent.child_by_field_name("object") or parent) != read:
            return False
        return last is None or text(last) not in _TEXT_MEMBERS
    if parent.type == "template_substitution":
        return False
    if parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is None or operator.type != "+"
    if parent.type in ("pair", "object", "spread_element"):
        return _is_handed_on(parent, body)
    return parent.type != "arguments" or _is_handed_on(read, body)


def _is_handed_on(value: Node, body: Node) -> bool:
    """Whether a call takes it that may look at it; a log, a message and an error made of it do not."""
    current: Node | None = value
    while current is not None and current.id != body.id:
        if current.type == "throw_statement":
            made = first_named(current)
            return made is None or made.type not in CALL_KINDS
        if current.type in CALL_KINDS:
            function = callee(current)
            called = text(function) if function is not None else ""
            if _TELLS.search(called):
                return False
            if current.type == "call_expression":
                return called.rpartition(".")[2] not in _SENDS
        if current.type in ("return_statement", "assignment_expression", "variable_declarator"):
            return True
        current = current.parent
    return False
