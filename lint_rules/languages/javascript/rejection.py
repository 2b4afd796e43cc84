"""Whether the promise of a function can reject: is there anything that can fail outside of `try ... catch`?"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, first_named, has_token, text
from lint_rules.languages.javascript.scopes import Scope, Scopes

_ANSWERS = frozenset({"res", "response", "reply", "next", "done", "callback", "cb"})
_REQUESTS = frozenset({"req", "request"})
_ANSWERING = ("send", "respond", "answer", "reply", "fail", "error", "handleError")
_SURE = frozenset({"catch", "allSettled"})


def may_reject(
    scope: Scope, scopes: Scopes, *, calls_fail: bool = True, is_safe: Callable[[Node], bool] = lambda call: False
) -> bool:
    """Whether errors can leave an async function, or the promise that a function returns.

    What a `catch` block calls counts as safe, it is there to report; what it throws does not. A function without any
    `try` is taken for one that can fail as soon as it calls something, unless `calls_fail` is False. `is_safe` knows
    calls whose promise does not reject.
    """
    body = scope.body
    if body is None:
        return True
    if body.type != "statement_block":
        return not (is_harmless(body) or is_safe(_awaited(body)))
    if any(is_unguarded(one, scope) for one in scopes.directly_in(scope, "throw_statement")):
        return True
    loops = [loop for loop in scopes.directly_in(scope, "for_in_statement") if has_token(loop, "await")]
    returned = list(scopes.directly_in(scope, "return_statement"))
    if any(text(_awaited(one)).startswith("Promise.reject(") for one in returned):
        return True  # in a `catch` too
    values = [*scopes.directly_in(scope, "await_expression"), *returned]
    risky = [*loops, *(one for one in values if not (is_harmless(one) or _answers(one) or is_safe(_awaited(one))))]
    if any(not is_guarded(one, scope) for one in risky):
        return True
    attempts = scopes.directly_in(scope, "try_statement")
    if any(attempt.child_by_field_name("handler") is not None for attempt in attempts):
        return False
    return calls_fail and not values and any(True for kind in CALL_KINDS for _ in scopes.directly_in(scope, kind))


def is_guarded(node: Node, scope: Scope) -> bool:
    """Whether a node lies in a `try` that has a `catch`, or in a `catch` or `finally` block, within a function."""
    return _around(node, scope, ("catch_clause", "finally_clause"))


def is_unguarded(node: Node, scope: Scope) -> bool:
    """Whether what is thrown at a node leaves the function."""
    return not _around(node, scope, ())


def _around(node: Node, scope: Scope, also: tuple[str, ...]) -> bool:
    current = node
    while (parent := current.parent) is not None and current.id != scope.node.id:
        if parent.type in also:
            return True
        if parent.type == "try_statement" and parent.child_by_field_name("handler") is not None:
            body = parent.child_by_field_name("body")
            if body is not None and body.id == current.id:
                return True
        current = parent
    return False


def _awaited(node: Node) -> Node:
    """The value that is awaited or returned."""
    value: Node | None = node
    while value is not None and value.type in ("await_expression", "return_statement", "parenthesized_expression"):
        node, value = value, first_named(value)
    return value if value is not None else node


def _answers(statement: Node) -> bool:
    """`return res.status(400).end()`, `return next(error)`, `return fail(res, "no name")`: no promise, an answer."""
    value = first_named(statement) if statement.type == "return_statement" else None
    value = bare(value) if value is not None else None
    if value is None or value.type != "call_expression":
        return False
    given = {text(bare(argument)) for argument in arguments(value)}
    function = callee(value)
    name = text(function.child_by_field_name("property") or function) if function is not None else ""
    if given & _ANSWERS and (not given & _REQUESTS or name.startswith(_ANSWERING)):
        return True
    root: Node | None = value
    while root is not None and root.type in ("call_expression", "member_expression"):
        root = callee(root) if root.type == "call_expression" else root.child_by_field_name("object")
    return root is not None and text(root) in _ANSWERS


def is_harmless(node: Node) -> bool:
    """Whether what is awaited or returned cannot reject: a value that is no call, or a call that ends in a `catch`."""
    value: Node | None = first_named(node) if node.type in ("await_expression", "return_statement") else node
    if value is None:
        return True
    value = bare(value)
    if value.type == "await_expression":
        return is_harmless(value)
    function = callee(value) if value.type == "call_expression" else None
    if function is None:
        return node.type != "await_expression" and value.type not in ("ternary_expression", "new_expression")
    last = function.child_by_field_name("property") or function
    return text(last) in _SURE
