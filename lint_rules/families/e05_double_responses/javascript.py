"""Which answers of a JavaScript function come after which others, on some path of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e05_double_responses.steps_javascript import Step, Steps, is_awaited
from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.grammar import callee, text
from lint_rules.languages.javascript.guarding import is_guard
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.scopes import FUNCTION, Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


class Conflict(Struct, frozen=True):
    """`second` comes after `first`; they are the same step where a loop comes back to it."""

    first: Step
    second: Step
    scope: Scope

    @property
    def repeats(self) -> bool:
        """Whether it is one step that a loop does again."""
        return self.first.node == self.second.node


Given = frozenset[Step]


class Earlier:
    """The domain: the steps that may have been done before, on some path."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def start(self) -> Given:
        return frozenset()

    def join(self, one: Given, other: Given) -> Given:
        return one | other

    def transfer(self, event: Event, state: Given) -> Given:
        if event.kind == "assign" and state:  # another response has the name now
            state = frozenset(one for one in state if one.on != event.subject)
        step = self._steps.of(event)
        return state | {step} if step is not None and step.kind != "header" else state

    def raised(self, event: Event, state: Given) -> Given:
        return state

    def assume(self, question: Question, holds: bool, state: Given) -> Given | None:
        if self._steps.responses.cannot_be(question, holds):
            return None
        return frozenset() if state and is_guard(question) else state


def clash(first: Step, second: Step) -> bool:
    """Whether two steps on one path are in each other's way."""
    if second.asks:
        return False
    if "next" in (first.kind, second.kind):
        return _clash_with_next(first, second)
    if first.on != second.on:
        return False
    if "body" in (first.kind, second.kind):
        if first.node.type == "call_expression":
            return second.node.type != "call_expression" and _is_aside(first.node, second.node)
        return first.kind == second.kind and first != second and _is_refusal(first.node, second.node)
    if "upgrade" in (first.kind, second.kind):
        return first.kind == second.kind and "handleUpgrade" in text(callee(second.node) or second.node)
    if second.kind == "header":
        return not first.later
    if second.kind == "head":
        if first.kind != "head":
            return not (first.later and first.kind == "end")
        return _method(second.node) in _ONLY_HEAD and not second.through
    if second.kind == "end":
        if first.kind == "head":
            return False
        return not second.is_plain or (not first.later and _is_aside(first.node, second.node))
    return True


def _clash_with_next(first: Step, second: Step) -> bool:
    if first.kind == "next" and (second.kind == "next" or is_awaited(first.node)):
        return second.kind == "next"
    if first.kind == "next":
        return second.finishes and not second.is_plain
    return first.finishes


def _method(call: Node) -> str:
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    return text(last) if last is not None else ""


def _is_aside(first: Node, second: Node) -> bool:
    """Whether the first stands in a branch that the second is not in, so that it was to be the only one."""
    current = first.parent
    while current is not None and not current.start_byte <= second.start_byte < current.end_byte:
        if current.type in ("if_statement", "else_clause", "catch_clause", "switch_case", "switch_default"):
            return True
        current = current.parent
    return False


_ONLY_HEAD = frozenset({"writeHead", "respond", "respondWithFile", "respondWithFD"})
_ERROR_STATUS = re.compile(r"\.status\s*=\s*[45]\d\d\b")


def _is_refusal(first: Node, second: Node) -> bool:
    """Whether a body is set beside an error's status, in a branch that the second is not in."""
    block = first.parent
    while block is not None and block.type != "statement_block":
        block = block.parent
    if block is None or not _is_aside(first, second) or block.start_byte <= second.start_byte < block.end_byte:
        return False
    return any(
        child.type == "expression_statement" and _ERROR_STATUS.search(text(child)) for child in block.named_children
    )


_CONFLICTS: WeakKeyDictionary[object, tuple[int, list[Conflict]]] = WeakKeyDictionary()


def conflicts_of(file: JavaScriptFile) -> list[Conflict]:
    """All pairs of a step and the earliest one that it comes after, in the order of the text."""
    known = _CONFLICTS.get(file)
    if known is None or known[0] != file.symbols.version:
        found = list(_conflicts(file))
        known = _CONFLICTS[file] = (file.symbols.version, found)
    return known[1]


def _conflicts(file: JavaScriptFile) -> Iterator[Conflict]:
    steps = Steps(file)
    by_function: dict[int, tuple[Scope, int]] = {}
    for call in file.nodes("call_expression"):
        step = steps.of_call(call)
        function = file.scopes.at(call.start_byte).function if step is not None else None
        if step is None or function is None or function.kind != FUNCTION or step.kind == "header":
            continue
        scope, count = by_function.get(function.node.id, (function, 0))
        by_function[function.node.id] = (scope, count + 1)
    for assignment in file.index.assignments if b".body" in file.data and b"ctx" in file.data else ():
        left = assignment.child_by_field_name("left")
        step = steps.of_assignment(assignment) if left is not None and text(left).endswith(".body") else None
        function = file.scopes.at(assignment.start_byte).function if step is not None else None
        if function is not None and function.kind == FUNCTION:
            scope, count = by_function.get(function.node.id, (function, 0))
            by_function[function.node.id] = (scope, count + 1)
    for scope, count in by_function.values():
        if not scope.node.has_error and (count > 1 or _may_repeat(scope, file)):
            yield from _in_function(scope, steps)


def _may_repeat(scope: Scope, file: JavaScriptFile) -> bool:
    """Whether one answering call can be enough: in a loop, or with headers set after it."""
    body = file.data[scope.start : scope.end]
    return any(word in body for word in (b"for", b"while", b"eader", b"ookie", b"tatus", b".set", b".type", b"code"))


def _in_function(scope: Scope, steps: Steps) -> Iterator[Conflict]:
    try:
        outcome = interpret(form_of(scope.node, steps.file), Correlated(Earlier(steps)))
    except TooLarge:
        return
    told: dict[int, Conflict] = {}
    before: dict[int, Given] = {}
    for event, cases in outcome.events():
        second = steps.of(event)
        if second is None:
            continue
        given: Given = frozenset().union(*cases.states.values())
        rivals = [first for first in given if clash(first, second)]
        if not rivals:
            continue
        first = min(rivals, key=lambda one: _rank(one, second))
        known = told.get(second.node.id)
        if known is None or _rank(first, second) < _rank(known.first, second):
            told[second.node.id] = Conflict(first, second, scope)
            before[second.node.id] = given
    for conflict in sorted(told.values(), key=lambda one: one.second.node.start_byte):
        if not _goes_with_another(conflict, told, before[conflict.second.node.id]):
            yield conflict


def _rank(first: Step, second: Step) -> tuple[bool, bool, bool, int]:
    """The smaller, the better a step tells why the second is wrong: a sure one that ends an answer, from the top."""
    return (first.maybe, first.node == second.node, first.kind == "head", int(first.node.start_byte))


def _goes_with_another(conflict: Conflict, told: dict[int, Conflict], given: Given) -> bool:
    """Whether the second step is a part of an answer whose beginning is told of, such as an end after its head."""
    second = conflict.second
    return any(
        step.node.id in told
        and step != second
        and told[step.node.id].first == conflict.first
        and step.on == second.on
        and not clash(step, second)
        for step in given
    )
