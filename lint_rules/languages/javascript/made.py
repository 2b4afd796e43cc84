"""What a function does with an object that it makes: keep it for later calls, or make it of what it is given."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, callee, named, text
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import MODULE, Scope, Scopes
from lint_rules.languages.javascript.usage import Use, usage_of

KEPT, GIVEN = "kept=true", "given=true"
"""Literals of a call's facts: what it gives outlives the function; its arguments come from the function's callers."""

_MAKING = ("create", "connect")
_KEEPING = frozenset({"set", "push", "add", "register", "provide", "decorate"})
_GUARDS = (b"readyState", b"isConnected", b"isInitialized")
_MAX_NODES = 200


def is_making(call: Node, target: str) -> bool:
    """Whether a call may make an object that is worth keeping: `new Client()`, `createPool()`, `knex()`."""
    last = target.rpartition(".")[2]
    return call.type == "new_expression" or last.startswith(_MAKING) or "." not in target


def made_facts(call: Node, target: str, scopes: Scopes) -> Iterator[str]:
    """What becomes of the object that a call in a function makes, as literals of its facts."""
    scope = scopes.at(call.start_byte)
    if scope.kind == MODULE or not is_making(call, target):
        return
    if _is_kept(call, scope, scopes):
        yield KEPT
    if any(_reads_parameter(argument, scopes) for argument in arguments(call)):
        yield GIVEN


def _is_kept(call: Node, scope: Scope, scopes: Scopes) -> bool:
    usage = usage_of(call)
    while usage.use is Use.AWAITED:
        usage = usage_of(usage.place)
    if usage.use is Use.STORED:
        return True
    if usage.use is Use.PASSED:
        function = callee(usage.place)
        return function is not None and last_name(function) in _KEEPING
    if usage.use is Use.BOUND and usage.place.type == "assignment_expression":
        found = scopes.binding(usage.name, usage.place.start_byte)
        return found is None or not (scope.start <= found[0].start and found[0].end <= scope.end)
    before = (scope.node.text or b"")[: call.start_byte - scope.node.start_byte]
    return any(word in before for word in _GUARDS)


def _reads_parameter(expression: Node, scopes: Scopes) -> bool:
    waiting = [expression]
    for _ in range(_MAX_NODES):
        if not waiting:
            return False
        node = waiting.pop()
        waiting.extend(named(node))
        if node.type in ("identifier", "shorthand_property_identifier"):
            found = scopes.binding(text(node), node.start_byte)
            if found is not None and found[0].kind != MODULE and found[1][0].kind == "parameter":
                return True
    return True
