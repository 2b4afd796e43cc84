"""Promises of JavaScript that are taken for their values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.edits import awaited
from lint_rules.languages.javascript.grammar import bare, callee, first_named, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.promises import TABLE, Promised, promised, shown_call
from lint_rules.languages.javascript.usage import Usage, Use, usage_of, usages_of
from lint_rules.languages.tables import read_table
from lint_rules.model import Fix

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_VALUES = Path(__file__).parent / "async_drops.toml"
_CONSUMERS = js_name_table(_VALUES, "consumer")
_NAMED = {row["receiver"]: frozenset(row["methods"]) for row in read_table(_VALUES)["answering"]}
_MEMBERS = frozenset(read_table(TABLE)["builders"]["members"])

_DIRECT = frozenset(
    {Use.TESTED, Use.OPERAND, Use.FORMATTED, Use.SPREAD, Use.UNPACKED, Use.ITERATED, Use.READ, Use.PASSED, Use.RETURNED}
)
_BY_NAME = frozenset({Use.TESTED, Use.FORMATTED, Use.SPREAD, Use.UNPACKED, Use.ITERATED, Use.READ, Use.PASSED})
_LOOKED_AFTER = frozenset({Use.AWAITED, Use.CHAINED, Use.RETURNED, Use.STORED, Use.PASSED})
_WHAT = {
    Use.TESTED: "{call} gives a promise, which is always true",
    Use.OPERAND: "the promise of {call} itself is compared or calculated with, not its value",
    Use.FORMATTED: "the promise of {call} is written as `[object Promise]`, not as its value",
    Use.SPREAD: "the promise of {call} is spread, which gives nothing of its value",
    Use.UNPACKED: "the promise of {call} is taken apart, not its value",
    Use.ITERATED: "the promise of {call} is iterated over, not its value",
    Use.READ: "`{member}` is read from the promise of {call}, not from its value",
    Use.PASSED: "`{taker}` is given the promise of {call}, not its value",
    Use.RETURNED: "the promise of {call} is returned without `await`, so the `catch` around it never sees its error",
}


class Misuse(Struct, frozen=True):
    """Where a promise is taken for its value, what is wrong with that, and what helps."""

    place: Node
    what: str
    remedy: str
    fix: Fix | None


def is_misused(call: Node, file: JavaScriptFile) -> bool:
    """The screen: whether a promise is taken for its value."""
    return misuse(call, file) is not None


def misuse(call: Node, file: JavaScriptFile) -> Misuse | None:
    """What is wrong with the use of a call that gives a promise, None if nothing is or it gives none."""
    usage = usage_of(call)
    if usage.use is Use.BOUND and usage.whole:
        return _misuse_by_name(call, usage, file)
    if usage.use not in _DIRECT or (not usage.whole and usage.use is not Use.PASSED) or not _may_matter(usage, file):
        return None
    known = promised(call, file)
    if known is None or not _is_wrong(usage, known, file) or file.is_for_browsers:
        return None
    return _misuse(call, usage, file)


def _may_matter(usage: Usage, file: JavaScriptFile) -> bool:
    """A quick look, before anything is asked about the call."""
    if usage.use is Use.RETURNED:
        return usage.place.type == "return_statement" and _is_tried(usage.place, file) and not _is_made_up(usage.place)
    if usage.use is Use.PASSED:
        return wants_value(usage.place, file)
    if usage.use is Use.READ:
        return _member(usage.place) not in _MEMBERS and not _is_assigned_to(usage.place)
    return True


def _is_made_up(statement: Node) -> bool:
    """`return Promise.reject(new Error(...))`: who writes that means to pass the `catch` by."""
    value = first_named(statement)
    return value is not None and text(bare(value)).startswith(("Promise.reject(", "Promise.resolve("))


def _is_wrong(usage: Usage, known: Promised, file: JavaScriptFile) -> bool:
    if usage.use is Use.RETURNED:
        return not known.is_settled
    if not known.is_sure:
        return False
    if usage.use in (Use.READ, Use.SPREAD, Use.UNPACKED, Use.ITERATED):
        return not (known.is_lazy or (known.row is not None and known.row.get("members", False)))
    return True


def _misuse_by_name(call: Node, bound: Usage, file: JavaScriptFile) -> Misuse | None:
    """`const user = load(id); ... user.name`, the name being bound once."""
    if bound.place.type != "variable_declarator":
        return None
    value = bound.place.child_by_field_name("value")
    name = bound.place.child_by_field_name("name")
    if value is None or name is None or bare(value).id != call.id:
        return None
    found = file.scopes.binding(bound.name, name.start_byte)
    if found is None or len(found[1]) != 1 or (not found[1][0].is_constant and file.scopes.assignments(bound.name)):
        return None
    known = promised(call, file)
    if known is None or not known.is_sure or file.is_for_browsers:
        return None
    usages = usages_of(call, file)
    looked_after = any(one.use in _LOOKED_AFTER and not _is_answer(one, file) for one in usages)
    for usage in sorted(usages, key=lambda one: one.place.start_byte):
        if (
            (usage.use not in _BY_NAME and not _calculates(usage))
            or usage.name != bound.name
            or not (usage.whole or usage.use is Use.PASSED)
        ):
            continue
        if usage.use is Use.TESTED and looked_after and not (known.function is not None and _says_not(usage)):
            continue
        if not _may_matter(usage, file):
            continue
        if _is_wrong(usage, known, file):
            return _misuse(call, usage, file)
    return None


def _calculates(usage: Usage) -> bool:
    """Whether an operation is one of numbers or texts: `left > 0`, `price * 2`; two promises may well be compared."""
    operator = usage.place.child_by_field_name("operator") if usage.use is Use.OPERAND else None
    return operator is not None and operator.type in _OF_VALUES


_OF_VALUES = frozenset({"<", ">", "<=", ">=", "-", "*", "/", "%", "+"})


def _says_not(usage: Usage) -> bool:
    """Whether a test is for there being no promise, which a function of the project always gives: `if (!user) ...`."""
    negation = usage.read.parent if usage.read is not None else None
    operator = negation.child_by_field_name("operator") if negation is not None else None
    return (
        negation is not None and negation.type == "unary_expression" and operator is not None and operator.type == "!"
    )


def _is_answer(usage: Usage, file: JavaScriptFile) -> bool:
    return usage.use is Use.PASSED and wants_value(usage.place, file)


def _misuse(call: Node, usage: Usage, file: JavaScriptFile) -> Misuse:
    fix = awaited(file, call)
    what = _WHAT[usage.use].format(
        call=shown_call(call, file), member=_member(usage.place), taker=_shown(callee(usage.place) or usage.place)
    )
    remedy = "await it" if fix is not None else "await it in an async function"
    if usage.use is Use.RETURNED and fix is not None:
        remedy = "write `return await`"
    place = call if usage.read is None else usage.read
    return Misuse(place, what, remedy, fix)


def _shown(function: Node) -> str:
    return " ".join(text(function).split())[:60]


def _member(place: Node) -> str:
    last = place.child_by_field_name("property") or place.child_by_field_name("index")
    return text(last) if last is not None else ""


def _is_assigned_to(member: Node) -> bool:
    """`promise.cancel = ...`: the promise is given a member of its own."""
    parent = member.parent
    left = parent.child_by_field_name("left") if parent is not None else None
    return left is not None and left.id == member.id and parent is not None and parent.type == "assignment_expression"


def _is_tried(statement: Node, file: JavaScriptFile) -> bool:
    """Whether a statement lies in a `try` that has a `catch`, within its function."""
    current = statement
    for outer in file.enclosing(statement):
        if file.scopes.of(outer) is not None:
            return False
        body = outer.child_by_field_name("body") if outer.type == "try_statement" else None
        if body is not None and body.id == current.id and outer.child_by_field_name("handler") is not None:
            return True
        current = outer
    return False


def wants_value(call: Node, file: JavaScriptFile) -> bool:
    """Whether a call wants values, never promises: `JSON.stringify`, `res.json`."""
    function = callee(call)
    if function is None or call.type == "new_expression":
        return False
    function = bare(function)
    if function.type == "member_expression":
        receiver, last = function.child_by_field_name("object"), function.child_by_field_name("property")
        while receiver is not None and receiver.type == "call_expression":  # res.status(200).json(...)
            receiver = (callee(receiver) or receiver).child_by_field_name("object")
        methods = _NAMED.get(text(receiver)) if receiver is not None else None
        if methods is not None and last is not None and text(last) in methods:
            return True
    name = file.canonical(function)
    return bool(name) and _CONSUMERS.match(name, file.types) is not None
