"""What is done with a container of JavaScript where it stands: an entry is added, taken out, or only read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import (
    arguments,
    around,
    bare,
    callee,
    named,
    text,
)
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.usage import Use, usage_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_ADDING = frozenset({"push", "unshift", "set", "add"})
_REMOVING = frozenset({"pop", "shift", "splice", "delete", "clear", "remove", "fill", "copyWithin"})
_READING = frozenset(
    {"find", "findLast", "findIndex", "findLastIndex", "filter", "map", "forEach", "get", "has", "includes", "some",
     "every", "keys", "values", "entries", "slice", "indexOf", "lastIndexOf", "at", "reduce", "reduceRight", "join",
     "concat", "flatMap", "flat", "sort", "reverse", "toString", "toSorted", "toReversed", "hasOwnProperty", "toJSON"}
)  # fmt: skip
_GIVEN_TO = frozenset(
    {"json", "jsonp", "send", "render", "write", "end", "emit", "log", "info", "debug", "warn", "error", "trace", "dir",
     "table", "stringify", "keys", "values", "entries", "from", "isArray", "response", "Map", "Set", "String",
     "Number", "Boolean", "success", "ok", "status", "publish", "broadcast", "postMessage", "find", "filter", "map",
     "sortBy", "orderBy", "groupBy", "cloneDeep", "structuredClone", "isEmpty", "size", "hasOwn", "created",
     "writeFile", "writeFileSync", "max", "min", "Success"}
)  # fmt: skip
_LIMITS = re.compile(r"(?i)max|limit|cap(?:acity)?\b|\bsize\b|most|threshold")
_NAMED_GETTER = re.compile(r"^(?:get|list|find|all|fetch|read|index|snapshot|show)", re.IGNORECASE)
_MAX_MEMBERS = 30


def added_at(place: Node, outer: Node) -> Node | None:
    """The call or assignment that adds an entry."""
    target = place
    current = outer
    if current.type == "arguments" and current.parent is not None and named(current)[0] == place:
        return current.parent if assigned_keys(current.parent) else None
    if current.type == "subscript_expression" and current.child_by_field_name("object") == place:
        user = around(current)
        if user is None:
            return None
        is_set = user.type in ("assignment_expression", "augmented_assignment_expression")
        if is_set and user.child_by_field_name("left") == current:
            right = user.child_by_field_name("right")
            return None if right is not None and right.type in ("undefined", "null") else user
        target, current = current, user  # lists[key].push(entry)
    elif _is_call_of(current, place, "get"):
        got = around(current)
        outer_call = around(got) if got is not None else None
        if got is None or outer_call is None:
            return None
        target, current = got, outer_call  # lists.get(key).push(entry)
    if current.type == "member_expression" and bare(current.child_by_field_name("object") or current) == bare(target):
        call = around(current)
        is_call = call is not None and call.type == "call_expression" and bare(callee(call) or call) == current
        if is_call and last_name(current) in _ADDING:
            return call
    return None


def assigned_keys(call: Node) -> list[Node]:
    """The keys of `Object.assign(orders, { [order.id]: order })` that are computed."""
    function = callee(call) if call.type == "call_expression" else None
    if function is None or text(function) != "Object.assign":
        return []
    keys = (
        pair.child_by_field_name("key")
        for one in arguments(call)[1:]
        if bare(one).type == "object"
        for pair in named(bare(one))[:_MAX_MEMBERS]
    )
    return [key for key in keys if key is not None and key.type == "computed_property_name"]


def _is_call_of(member: Node, place: Node, method: str) -> bool:
    return (
        member.type == "member_expression"
        and member.child_by_field_name("object") == place
        and last_name(member) == method
        and (call := around(member)) is not None
        and call.type == "call_expression"
    )


def is_assigned(place: Node, outer: Node) -> bool:
    """Whether a container is replaced: `orders = []`, `orders += more`."""
    return (
        outer.type in ("assignment_expression", "augmented_assignment_expression")
        and outer.child_by_field_name("left") == place
    )


def grows_by_copy(assignment: Node, place: Node) -> bool:
    """`orders = [...orders, order]`, `orders = orders.concat(order)`, `byId = { ...byId, [id]: order }`"""
    right = assignment.child_by_field_name("right")
    made = bare(right) if right is not None else None
    if made is None:
        return False
    own = text(place)
    if made.type in ("array", "object"):
        spread = [one for one in named(made) if one.type == "spread_element"]
        return len(named(made)) > 1 and any(text(one) == f"...{own}" for one in spread)
    function = callee(made) if made.type == "call_expression" else None
    return function is not None and text(function) == f"{own}.concat"


def is_export(place: Node, outer: Node) -> bool:
    """`export { orders }`, `module.exports = { orders }`, `exports.orders = orders`"""
    if outer.type == "export_specifier":
        return True
    usage = usage_of(place)
    left = usage.place.child_by_field_name("left") if usage.use is Use.STORED else None
    if usage.use is Use.STORED and usage.place.type == "export_statement":
        return True
    return left is not None and text(left).startswith(("module.exports", "exports"))


def only_reads(place: Node, outer: Node, file: JavaScriptFile) -> bool:
    """Whether nothing can be taken out of a container at a place."""
    if outer.type == "member_expression" and outer.child_by_field_name("object") == place:
        return _reads_member(outer)
    if outer.type == "subscript_expression" and outer.child_by_field_name("object") == place:
        user = around(outer)
        if user is None:
            return True
        if user.type == "unary_expression" and user.child(0) is not None and text(user).startswith("delete"):
            return False
        return not (user.type == "assignment_expression" and user.child_by_field_name("left") == outer)
    usage = usage_of(place)
    if usage.use is Use.PASSED:
        function = callee(usage.place)
        last = last_name(function) if function is not None else ""
        if last == "assign":
            return bare(arguments(usage.place)[0]) != place
        return last in _GIVEN_TO
    if usage.use is Use.RETURNED:
        function_scope = file.enclosing_function(place)
        return function_scope is not None and (
            file.handler(function_scope) is not None
            or not usage.whole
            or _NAMED_GETTER.match(function_scope.name.rpartition(".")[2]) is not None
        )
    if usage.use is Use.STORED:
        left = usage.place.child_by_field_name("left")
        return left is not None and last_name(left) in ("body", "data", "result")
    if usage.use is Use.OTHER:
        return outer.type in ("binary_expression", "unary_expression")
    return usage.use not in (Use.BOUND, Use.CALLED, Use.YIELDED)


def _reads_member(member: Node) -> bool:
    user = around(member)
    name = last_name(member)
    is_called = user is not None and user.type == "call_expression" and bare(callee(user) or user) == member
    if is_called:
        return name not in _REMOVING and (name in _READING or name in _ADDING)
    if user is None or name not in ("length", "size"):
        return user is None or not (user.type == "unary_expression" and text(user).startswith("delete"))
    if user.type in ("assignment_expression", "augmented_assignment_expression", "update_expression"):
        return user.child_by_field_name("left") != member and user.type != "update_expression"
    return not (user.type == "binary_expression" and _is_limit(user, member))


def _is_limit(comparison: Node, member: Node) -> bool:
    """`orders.length >= MAX_ORDERS`, `cache.size > 1000`; not `orders.length > 0` nor `index < orders.length`."""
    operator = comparison.child_by_field_name("operator")
    if operator is None or operator.type not in ("<", ">", "<=", ">=", "===", "=="):
        return False
    sides = (comparison.child_by_field_name("left"), comparison.child_by_field_name("right"))
    other = next((side for side in sides if side is not None and bare(side) != member), None)
    if other is None:
        return False
    written = text(other)
    if other.type == "number":
        return written.replace("_", "").isdigit() and int(written.replace("_", "")) > 1
    return _LIMITS.search(written) is not None or re.fullmatch(r"[A-Z][A-Z0-9_]+", written) is not None
