"""Where data goes within one function: which values come from where, and what was done to them on the way.

The state of the analysis maps *paths* (a variable, or an attribute or constant element of one) to *values*. A value
says from which *origins* data may be in it: a parameter, the result of a call, something that a client sent. What an
expression's value holds, what a condition guarantees and what a call is given only a language can tell, by its
`Evaluator`.

Origins and the *targets* that data reaches are short texts, so that `project/flows.py` can link them over files:

    p:name    a parameter                          c:3       the result of the function's call number 3
    r:2       the function's request read 2        c:3:0     argument 0 of that call; also `c:3:name`, `c:3:.` (what the
    v:f.name  a variable of `f` that inner                   method is called on), `c:3:*` and `c:3:**`
              functions see                        return    the result of the function
    a:C.name  an attribute of the class `C`        x:2       the function's sink 2, which is no call
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from msgspec import Struct

from lint_rules.flow.form import Event, Form, Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret

MAX_ORIGINS = 32
MAX_STEPS = 4

Step = tuple[int, int, str]
"""A place on the way: first byte, last byte, and what the data goes into there."""

Path = tuple[str, ...]
"""`("order", "lines")` for `order.lines` and `order["lines"]`."""


class Mark(Struct, frozen=True):
    """How data of one origin came into a value: the kinds of misuse it is safe from, and the steps on the way."""

    cleaned: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()


Value = Mapping[str, Mark]
Variables = Mapping[Path, Value]

CLEAN: Value = {}
"""The value that holds no data of anybody."""

_FRESH = Mark()


def from_origin(origin: str, cleaned: frozenset[str] = frozenset()) -> Value:
    """The value that an origin gives."""
    return {origin: Mark(cleaned) if cleaned else _FRESH}


def union(*values: Value) -> Value:
    """The value that may be any of these, or holds all of them."""
    held = [value for value in values if value]
    if len(held) < 2:
        return held[0] if held else CLEAN
    joined = dict(held[0])
    changed = False
    for value in held[1:]:
        for origin, mark in value.items():
            known = joined.get(origin)
            if known is None:
                joined[origin] = mark
            elif known is mark or known == mark:
                continue
            else:
                joined[origin] = _both(known, mark)
            changed = True
    if not changed:
        return held[0]
    if len(joined) > MAX_ORIGINS:
        return {origin: joined[origin] for origin in sorted(joined, key=_importance)[:MAX_ORIGINS]}
    return joined


def _importance(origin: str) -> tuple[int, int, str]:
    return ("rpvac".find(origin[0]), len(origin), origin)


def _both(one: Mark, other: Mark) -> Mark:
    steps = min(one.steps, other.steps, key=lambda steps: (len(steps), steps))
    return Mark(one.cleaned & other.cleaned, steps)


def cleaned(value: Value, kinds: frozenset[str]) -> Value:
    """The value made safe from kinds of misuse."""
    if not value or not kinds:
        return value
    return {origin: Mark(mark.cleaned | kinds, mark.steps) for origin, mark in value.items()}


def exposed(value: Value, kinds: frozenset[str]) -> Value:
    """The value no longer safe from kinds of misuse."""
    return {origin: Mark(mark.cleaned - kinds, mark.steps) for origin, mark in value.items()}


def through(value: Value, step: Step) -> Value:
    """The value after a step on the way."""
    return {
        origin: mark if len(mark.steps) >= MAX_STEPS or step in mark.steps else Mark(mark.cleaned, (*mark.steps, step))
        for origin, mark in value.items()
    }


# Variables. What is known of `order.lines` stands beside what is known of `order`; the longer path wins. What `order`
# holds only because a part of it does stands at `("order", "*")`: the whole holds it, its other parts do not.

_PARTS = "*"


def held(variables: Variables, path: Path) -> tuple[Value, int]:
    """What the longest known part of a path holds, and how long that is; length 0 if nothing is known."""
    for size in range(len(path), 0, -1):
        value = variables.get(path[:size])
        if value is not None:
            return (union(value, parts_of(variables, path)), size) if len(path) == 1 else (value, size)
    parts = parts_of(variables, path) if len(path) == 1 else CLEAN
    return parts, 1 if parts else 0


def parts_of(variables: Variables, path: Path) -> Value:
    """What a variable holds only because an attribute or element of it does."""
    return variables.get((*path[:1], _PARTS), CLEAN)


def bound(variables: Variables, path: Path, value: Value) -> Variables:
    """The variables after an assignment. What a part holds, the whole holds too."""
    if not value and len(path) == 1 and not any(known[0] == path[0] for known in variables):
        return variables
    size = len(path)
    after = {known: held_by for known, held_by in variables.items() if known[:size] != path}
    if value or size > 1:
        after[path] = value
    if size > 1 and value:
        parts = (*path[:1], _PARTS)
        after[parts] = union(after.get(parts, CLEAN), value)
    return after


def added(variables: Variables, path: Path, value: Value) -> Variables:
    """The variables after something was put into what a path names: `parts.append(x)`."""
    return {**variables, path: union(held(variables, path)[0], value)} if value else variables


def joined(one: Variables, other: Variables) -> Variables:
    """The variables where two ways meet."""
    if one is other:
        return one
    after: dict[Path, Value] = {}
    changed = False
    for path, value in one.items():
        found = other.get(path)
        if found is None:
            found = held(other, path)[0] if len(path) > 1 else CLEAN  # there, the whole says what the part holds
        after[path] = value if found is value else union(value, found)
        changed = changed or (after[path] is not value and after[path] != value)
    for path, value in other.items():
        if path not in one:
            after[path] = union(value, held(one, path)[0]) if len(path) > 1 else value
            changed = changed or bool(after[path]) or len(path) > 1
    return after if changed else one


class Evaluator(Protocol):
    """What a language says about one function."""

    def start(self) -> Variables:
        """What the variables hold when the function begins: its parameters."""
        ...

    def after(self, event: Event, variables: Variables) -> Variables:
        """The variables after an event."""
        ...

    def guarantees(self, test: Question, holds: bool, variables: Variables) -> Iterable[tuple[Path, frozenset[str]]]:
        """The paths that are safe when a test is answered so, and from which kinds of misuse; `*` stands for all."""
        ...

    def reached(self, event: Event, variables: Variables) -> Iterator[tuple[str, Value]]:
        """The targets that an event hands data to: arguments of calls, attributes, sinks."""
        ...

    def returned(self, jump: Any, variables: Variables) -> Iterator[tuple[str, Value]]:
        """The same of a `return`; `jump` is its syntax node."""
        ...


class _Domain:
    """An evaluator as a domain of the interpreter."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def start(self) -> Variables:
        return self._evaluator.start()

    def join(self, one: Variables, other: Variables) -> Variables:
        return joined(one, other)

    def transfer(self, event: Event, state: Variables) -> Variables:
        return self._evaluator.after(event, state)

    def raised(self, event: Event, state: Variables) -> Variables:
        return state

    def assume(self, test: Question, holds: bool, state: Variables) -> Variables | None:
        return assumed(self._evaluator, test, holds, state)


def assumed(evaluator: Evaluator, test: Question, holds: bool, variables: Variables) -> Variables:
    """The variables where a test is answered so."""
    for path, kinds in evaluator.guarantees(test, holds, variables):
        variables = safe_from(variables, path, kinds)
    return variables


def safe_from(variables: Variables, path: Path, kinds: frozenset[str]) -> Variables:
    """The variables where what a path names is safe from kinds of misuse; `*` stands for all."""
    value, _ = held(variables, path)
    if not value:
        return variables
    after = {**variables, path: CLEAN if "*" in kinds else cleaned(value, kinds)}
    if len(path) == 1:
        after.pop((*path, _PARTS), None)
    return after


def trace(form: Form, evaluator: Evaluator) -> dict[tuple[str, str], Mark]:
    """From which origins data reaches which targets in a function; nothing for one with too many paths."""
    try:
        outcome = interpret(form, _Domain(evaluator))
    except TooLarge:
        return {}
    found: dict[tuple[str, str], Mark] = {}

    def note(reached: Iterator[tuple[str, Value]]) -> None:
        for target, value in reached:
            for origin, mark in value.items():
                known = found.get((origin, target))
                found[origin, target] = mark if known is None else _both(known, mark)

    for event, variables in outcome.events():
        note(evaluator.reached(event, variables))
    for way_out, variables in outcome.exits():
        if isinstance(way_out, Exit) and way_out.kind == "return" and way_out.jump is not None:
            note(evaluator.returned(way_out.jump.node, variables))
    return found
