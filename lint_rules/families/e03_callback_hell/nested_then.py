"""Then inside then.

What it finds: `then` called on a promise in the callback of another `then`, so that the second step lies inside the
first.

Why it matters: the inner chain has its own errors. If its promise is not returned they are lost, and if it is, a
`catch` behind it does not see what the outer steps throw. Each further step goes one level deeper.

Bad (javascript):

    function invoiceFor(orderId) {
      return loadOrder(orderId).then((order) => {
        return loadCustomer(order.customerId).then((customer) => {
          return renderInvoice(customer);
        });
      });
    }

Good (javascript):

    function invoiceFor(orderId) {
      return loadOrder(orderId)
        .then((order) => loadCustomer(order.customerId))
        .then((customer) => renderInvoice(customer));
    }

How to fix it: return the promise and put the next `then` behind the outer one. Where a later step needs the values of
earlier ones, make the function async and await them: each is then a local variable.

Not seen: code for browsers; callbacks that are named functions. A `then` in the callback of an array method
(`Promise.all(ids.map(...))`) or in an array of promises, and a `catch` in a `then`, which deals with the errors of one
step, are no nesting; nor is `.then(() => value)`, which only puts another value in the place of the promise's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e03_callback_hell.continuations import shortened, shown_call
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.bodies import all_nodes, holder, own_nodes
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    first_named,
    named,
    text,
)
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import UNSAFE, WARNING, Edit, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0302",
    "nested-then",
    severity=WARNING,
    summary="A `then` lies in the callback of another `then`",
    in_tests=False,
    fix=UNSAFE,
)

_CHAIN = frozenset({"then", "catch", "finally"})
_MAX_LINKS = 60


def _may_nest(data: bytes) -> bool:
    return data.count(b"then") > 1


def _is_nested(call: Node, file: JavaScriptFile) -> bool:
    return _outer_then(call) is not None


@RULE.javascript(Nodes(("call_expression",), trigger=_may_nest, screen=_is_nested))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    outer = _outer_then(call)
    if outer is None or file.is_for_browsers:
        return
    called = callee(call)
    function = holder(call)
    if called is None or function is None:
        return
    fix = _flattened(call, outer, function, file)
    advice = "await both steps in an async function" if fix is None else "put this `then` behind the outer one"
    yield RULE.at(
        file,
        called.child_by_field_name("property") or called,
        f"`then` of `{_shown_base(called)}` lies in the callback of another `then`; {advice}",
        "await the steps one after the other in an async function, or chain them side by side",
        fix=fix,
    )


def _shown_base(called: Node) -> str:
    """The promise whose `then` is called, in a few words."""
    base = called.child_by_field_name("object") or called
    shown = shown_call(base) if base.type == "call_expression" else ""
    return shown or shortened(text(base))


def _method(call: Node) -> str:
    called = callee(call) if call.type == "call_expression" else None
    if called is None or called.type != "member_expression":
        return ""
    return text(called.child_by_field_name("property") or called)


def _is_then(call: Node) -> bool:
    given = arguments(call)
    return (
        _method(call) == "then"
        and bool(given)
        and bare(given[0]).type in (*FUNCTION_LITERALS, "identifier", "member_expression")
    )


def _outer_then(call: Node) -> Node | None:
    """The `then` in whose callback a first `then` of a chain is called; None if it is not nested."""
    if not _is_then(call) or _is_later_link(call) or _is_one_of_several(call):
        return None
    function = holder(call)
    if function is None or function.type not in FUNCTION_LITERALS or _is_parameter_default(call, function):
        return None
    place = around(function)
    outer = place.parent if place is not None and place.type == "arguments" else None
    if outer is None or not _is_then(outer) or bare(arguments(outer)[0]) != function or _only_replaces(call):
        return None
    return outer


def _is_one_of_several(call: Node) -> bool:
    """Whether a chain runs beside others: `Promise.all([first().then(...), second()])`."""
    place = around(_chain_end(call))
    return place is not None and place.type == "array"


def _only_replaces(call: Node) -> bool:
    """`.then(() => result)`: it puts another value in the place of the promise's, and is no step."""
    given = arguments(call)
    callback = bare(given[0])
    if (
        len(given) != 1
        or callback.type not in FUNCTION_LITERALS
        or parameter_nodes(callback)
        or call != _chain_end(call)
    ):
        return False
    body = callback.child_by_field_name("body")
    return body is not None and not any(one.type in CALL_KINDS for one in (body, *all_nodes(body)))


def _is_parameter_default(call: Node, function: Node) -> bool:
    body = function.child_by_field_name("body")
    return body is None or not body.start_byte <= call.start_byte < body.end_byte


def _is_later_link(call: Node) -> bool:
    """Whether a chain has a `then` before this one."""
    current: Node | None = callee(call)
    for _ in range(_MAX_LINKS):
        current = current.child_by_field_name("object") if current is not None else None
        if current is None or _method(current) not in _CHAIN:
            return False
        if _is_then(current):
            return True
        current = callee(current)
    return False


def _chain_end(call: Node) -> Node:
    """The last link of a chain: `load().then(a).catch(b)` of `load().then(a)`."""
    current = call
    for _ in range(_MAX_LINKS):
        member = current.parent
        outer = member.parent if member is not None and member.type == "member_expression" else None
        if outer is None or _method(outer) not in _CHAIN:
            break
        current = outer
    return current


def _tail(first: Node, last: Node) -> list[Node]:
    """The arguments of all links of a chain."""
    found: list[Node] = []
    current = last
    for _ in range(_MAX_LINKS):
        found.extend(arguments(current))
        called = callee(current)
        below = called.child_by_field_name("object") if called is not None else None
        if current == first or below is None:
            break
        current = below
    return found


def _uses_names_of(function: Node, nodes: list[Node]) -> bool:
    """Whether code uses a name that a callback binds: its parameters and what is declared in its body."""
    names: set[str] = set()
    body = function.child_by_field_name("body")
    for child in named(function):
        if body is None or child != body:
            names.update(text(one) for one in (child, *all_nodes(child)) if one.type in _NAMES)
    for one in own_nodes(body) if body is not None else ():
        declared = one.child_by_field_name("name") if one.type in _DECLARING else None
        if declared is not None:
            names.update(text(inner) for inner in (declared, *all_nodes(declared)) if inner.type in _NAMES)
    names.discard("async")
    return any(text(one) in names for node in nodes for one in (node, *all_nodes(node)) if one.type in _NAMES)


_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern", "shorthand_property_identifier"})
_DECLARING = frozenset(
    {"variable_declarator", "function_declaration", "generator_function_declaration", "class_declaration"}
)


def _flattened(call: Node, outer: Node, function: Node, file: JavaScriptFile) -> Fix | None:
    """The inner `then`s behind the outer one, where the callback does nothing but return the inner chain at its end."""
    last = _chain_end(call)
    called = callee(call)
    base = called.child_by_field_name("object") if called is not None else None
    if (
        base is None
        or _uses_names_of(function, _tail(call, last))
        or len(arguments(outer)) != 1
        or not _are_plain_thens(call, last)
        or not _ends(function, last)
    ):
        return None
    behind = file.data[last.end_byte : outer.end_byte]
    moved = file.data[base.end_byte : last.end_byte]
    span = file.source.span(base.end_byte, outer.end_byte)
    return Fix("Put the inner `then` behind the outer one", (Edit(span, (behind + moved).decode()),), UNSAFE)


def _are_plain_thens(first: Node, last: Node) -> bool:
    current = last
    for _ in range(_MAX_LINKS):
        if _method(current) != "then" or len(arguments(current)) != 1:
            return False
        if current == first:
            return True
        called = callee(current)
        below = called.child_by_field_name("object") if called is not None else None
        if below is None:
            return False
        current = below
    return False


def _ends(function: Node, chain: Node) -> bool:
    """Whether a callback returns the chain as its last act, and nothing anywhere else."""
    body = function.child_by_field_name("body")
    if body is None:
        return False
    if body.type != "statement_block":
        return bare(body) == chain and body == chain
    statements = named(body)
    returns = [one for one in own_nodes(body) if one.type == "return_statement"]
    return len(returns) == 1 and bool(statements) and statements[-1] == returns[0] and first_named(returns[0]) == chain
