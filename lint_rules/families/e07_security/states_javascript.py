"""What JavaScript's statements do to the values of names: a domain of `flow.interpret`."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.families.e07_security.evaluating_javascript import Evaluator
from lint_rules.families.e07_security.flows_javascript import EVERYTHING, Taint
from lint_rules.families.e07_security.guards_javascript import harmless_where
from lint_rules.families.e07_security.parts_javascript import keys_of
from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.families.e07_security.requests_javascript import read_of
from lint_rules.families.e07_security.validation import VALIDATING
from lint_rules.families.e07_security.values_javascript import (
    NOTHING_KNOWN,
    State,
    Value,
    concatenated,
    joined,
    member_of,
    origin_of,
    placed_in,
)
from lint_rules.flow.form import Event, Question
from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, first_named, text

_FILLING = frozenset({"assign", "merge", "extend", "defaults", "defaultsDeep"})
"""Calls that put the members of their other arguments into the first: `Object.assign(filter, req.query)`."""

_OF_FORMS = re.compile(r"\w*Form\($")
"""Django's forms validate, `axios.postForm(` does not."""
_ASSERTING = frozenset({"assert", "ok", "invariant"})
"""Calls that end the function where their first argument does not hold: `ctx.assert(typeof name === "string", 400)`."""


class Values:
    """The values of names, see `flow.interpret.Domain`."""

    def __init__(self, evaluator: Evaluator, start: State) -> None:
        self._evaluator = evaluator
        self._start = start

    def start(self) -> State:
        return self._start

    def join(self, one: State, other: State) -> State:
        return one.join(other)

    def raised(self, event: Event, state: State) -> State:
        return state

    def assume(self, test: Question, holds: bool, state: State) -> State | None:
        if test.node is None:
            return state
        if test.relation == "truthy" and not test.subject and test.node.type not in (
            "call_expression", "binary_expression", "identifier", "await_expression", "unary_expression",
        ):  # fmt: skip
            return state
        return state.knowing(harmless_where(test.node, self._answer(test, holds), state, self._evaluator))

    @staticmethod
    def _answer(test: Question, holds: bool) -> bool:
        """The answer to the condition as written: a question about `a !== b` asks for `a == b`."""
        operator = test.node.child_by_field_name("operator") if test.node.type == "binary_expression" else None
        is_flipped = operator is not None and operator.type in ("!==", "!=") and test.relation != "truthy"
        return holds is not is_flipped

    def transfer(self, event: Event, state: State) -> State:
        node = event.node
        if node is None:
            return state
        if event.kind == "assign":
            return self._assign(node, event.subject, state)
        if event.kind in ("call", "new"):
            return self._call(node, state)
        return state

    def _assign(self, node: Node, subject: str, state: State) -> State:
        target = node.child_by_field_name("name") or node.child_by_field_name("left")
        given = node.child_by_field_name("value") or node.child_by_field_name("right")
        if target is None:
            return state.bound(subject, NOTHING_KNOWN)
        value = self._evaluator.value(given, state) if given is not None else NOTHING_KNOWN
        value = self._evaluator.settled(value, state)
        if node.type == "augmented_assignment_expression":
            return self._augmented(node, target, subject, value, state)
        if node.type == "for_in_statement":
            if given is not None and self._evaluator.file.request.is_request(given):  # for await (const chunk of req)
                return state.bound(subject, Value(frozenset((Taint(f"{text(given)} (body)"),))))
            operator = node.child_by_field_name("operator")
            value = keys_of(value) if operator is not None and operator.type == "in" else member_of(value, "<item>")
        elif node.type not in ("variable_declarator", "assignment_expression"):
            return state.bound(subject, NOTHING_KNOWN)
        if text(target) == subject or target.type in ("member_expression", "subscript_expression"):
            return self._bind(target, subject, value, state)
        for one in targets(target):
            if text(one.name) == subject:
                part = _part(value, one.path, is_rest=one.is_rest)
                read = None if value.taints or given is None else self._read(given, one.name, one.path)
                return state.bound(subject, read or part)
        return state.bound(subject, value)

    def _read(self, given: Node, name: Node, path: tuple[str, ...]) -> Value | None:
        """What a pattern takes of a request: `const { body } = req`."""
        file = self._evaluator.file
        owner = file.request.canonical(given)
        return read_of(name, file, ".".join((owner, *path))) if owner else None

    def _augmented(self, node: Node, target: Node, subject: str, value: Value, state: State) -> State:
        operator = node.child_by_field_name("operator")
        known = self._evaluator.value(target, state)
        if operator is not None and operator.type == "+=":
            return state.bound(subject, concatenated((known, value)))
        is_default = operator is not None and operator.type in ("||=", "??=")
        return state.bound(subject, joined((known, value))) if is_default else state

    @staticmethod
    def _bind(target: Node, subject: str, value: Value, state: State) -> State:
        if target.type == "identifier":
            return state.bound(subject, value)
        owner = target.child_by_field_name("object")
        if owner is None or bare(owner).type not in ("identifier", "member_expression", "this"):
            return state
        state = state.bound(subject, value) if value.taints or subject in state.names else state
        name = text(owner)
        if bare(owner).type == "identifier" and value.taints:
            last = target.child_by_field_name("property")
            known = state.names.get(name, NOTHING_KNOWN)
            member = placed_in(value, text(last) if last is not None else "<item>")
            names = dict(state.names)
            names[name] = joined((known, member)) if known.taints or known.constant is None else member
            return State(names, state.clean)
        return state

    def _call(self, call: Node, state: State) -> State:
        """`parts.push(value)` fills; `schema.validate(req.body)` says that the rest of the function is safe from it."""
        function, name, given = callee(call), called_name(call), arguments(call)
        if function is None or not given:
            return state
        owner = function.child_by_field_name("object")
        if name in ("push", "unshift", "add", "append") and owner is not None and bare(owner).type == "identifier":
            value = joined(placed_in(self._evaluator.value(one, state), "<item>") for one in given)
            value = self._evaluator.settled(value, state)
            if value.taints:
                known = state.names.get(text(owner), NOTHING_KNOWN)
                return state.bound(text(owner), joined((known, value)))
            return state
        if name in _FILLING and bare(given[0]).type == "identifier" and len(given) > 1:
            values = [self._evaluator.settled(self._evaluator.value(one, state), state) for one in given[1:]]
            if any(value.taints for value in values):
                known = state.names.get(text(given[0]), NOTHING_KNOWN)
                return state.bound(text(given[0]), joined((known, *values)))
            return state
        if name == "forEach" and owner is not None and owner.type == "identifier":
            replaced = self._replaced_items(owner, given[0], state)
            return state if replaced is None else state.bound(text(owner), replaced)
        if name in _ASSERTING:
            state = state.knowing(harmless_where(given[0], True, state, self._evaluator))
        written = text(function)[-80:] + "("
        if VALIDATING.search(_OF_FORMS.sub("(", written)) and not written.startswith("JSON.parse"):
            found: set[tuple[str, str]] = set()
            for one in given:
                if self._evaluator.file.request.is_request(one):
                    return state.knowing(((text(one), EVERYTHING),))
                found.update((origin_of(taint), EVERYTHING) for taint in self._evaluator.value(one, state).taints)
            return state.knowing(found)
        return state

    def _replaced_items(self, owner: Node, function: Node, state: State) -> Value | None:
        """What items become that a loop replaces one by one: `all.forEach((one, i) => { all[i] = slug(one) })`."""
        parameters = parameter_nodes(bare(function)) if bare(function).type in FUNCTION_LITERALS else []
        body = bare(function).child_by_field_name("body") if len(parameters) > 1 else None
        statement = first_named(body) if body is not None and body.named_child_count == 1 else None
        assignment = first_named(statement) if statement is not None else None
        left = assignment.child_by_field_name("left") if assignment is not None else None
        right = assignment.child_by_field_name("right") if assignment is not None else None
        if left is None or right is None or text(left) != f"{text(owner)}[{text(parameters[1])}]":
            return None
        item = member_of(state.names.get(text(owner), NOTHING_KNOWN), "<item>")
        return placed_in(self._evaluator.value(right, state.bound(text(parameters[0]), item)), "<item>")


def _part(value: Value, path: tuple[str, ...], *, is_rest: bool) -> Value:
    """What a pattern takes of a value."""
    if is_rest:
        return value
    for name in path:
        value = member_of(value, name)
    return Value(value.taints)
