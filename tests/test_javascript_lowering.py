"""The lowering of JavaScript, compared with the enumeration of paths of programs whose text is generated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import graph_of
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.library import types
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.project.modules import find_modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText

MOVES = {"a": (1, 1, 3, 3), "b": (2, 3, 2, 3), "c": (0, 0, 1, 2)}
"""Calls of these names move a machine of four states."""

Tree = tuple[Any, ...]
Way = tuple[str, str, int]


@dataclass(frozen=True)
class Machine:
    """The states in which the machine may be."""

    def start(self) -> frozenset[int]:
        return frozenset((0,))

    def join(self, one: frozenset[int], other: frozenset[int]) -> frozenset[int]:
        return one | other

    def transfer(self, event: Event, state: frozenset[int]) -> frozenset[int]:
        moves = MOVES.get(event.subject.rpartition(".")[2]) if event.kind == "call" else None
        return state if moves is None else frozenset(moves[one] for one in state)

    def raised(self, event: Event, state: frozenset[int]) -> frozenset[int]:
        return state

    def assume(self, test: Question, holds: bool, state: frozenset[int]) -> frozenset[int] | None:
        return state


def open_file(code: str, path: str = "/shop/service.ts") -> JavaScriptFile:
    modules = find_modules("/shop", [path])
    symbols = Symbols(modules.by_name, types())
    return JavaScriptFile(SourceText(path, code.encode()), modules.by_path[path], symbols=symbols, modules=modules)


def outcome_of(body: str, *, apart: bool = False) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """States before each call (by its text) and at each kind of exit of a function with this body."""
    file = open_file("async function run() {\n" + body + "\n}")
    (function,) = file.nodes("function_declaration")
    form = form_of(function, file)
    before: dict[str, set[int]] = {}
    ends: dict[str, set[int]] = {}
    if apart:
        cases = interpret(form, Correlated(Machine()))
        events = [(event, frozenset().union(*one.states.values())) for event, one in cases.events()]
        exits = [(way, frozenset().union(*one.states.values())) for way, one in cases.exits()]
    else:
        plain = interpret(form, Machine())
        events, exits = list(plain.events()), list(plain.exits())
    for event, states in events:
        if event.kind == "call" and event.subject.rpartition(".")[2] in MOVES:
            before.setdefault(file.text(event.node).rpartition(".")[2], set()).update(states)
    for exit_, states in exits:
        ends.setdefault(exit_.kind, set()).update(states)
    return before, ends


# Programs as trees: the same tree is printed and walked.

_leaves = st.one_of(
    st.builds(lambda name: ("call", name), st.sampled_from("abc")),
    st.builds(lambda name: ("maybe", name), st.sampled_from("abc")),
    st.sampled_from(
        [("return",), ("throw",), ("break", ""), ("continue", ""), ("break", "outer"), ("continue", "outer")]
    ),
)


def _grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    name = st.sampled_from("abc")
    return st.one_of(
        st.builds(lambda parts: ("block", *parts), st.lists(inner, max_size=4)),
        st.builds(lambda test, then, other: ("if", ("call", test), then, other), name, inner, inner),
        st.builds(lambda sign, left, right: ("logic", sign, ("call", left), ("call", right)),
                  st.sampled_from(("&&", "||", "??")), name, name),
        st.builds(lambda left, mid, right: ("ternary", ("call", left), ("call", mid), ("call", right)), name, name, name),
        st.builds(lambda test, body: ("while", ("call", test), body), name, inner),
        st.builds(lambda test, body: ("do", ("call", test), body), name, inner),
        st.builds(lambda step, body: ("for", ("call", step), body), name, inner),
        st.builds(lambda body: ("of", body), inner),
        st.builds(lambda cases, default: ("switch", default, *cases), st.lists(inner, min_size=1, max_size=3), st.booleans()),
        st.builds(lambda body, caught, last: ("try", body, caught, last), inner, inner, st.one_of(st.none(), inner)),
    )  # fmt: skip


programs = st.recursive(_leaves, _grown, max_leaves=10)


def numbered(tree: Any, numbers: Iterator[int]) -> Any:
    if not isinstance(tree, tuple):
        return tree
    if tree[0] in ("call", "maybe"):
        return (*tree, next(numbers))
    return tuple(numbered(part, numbers) for part in tree)


def printed(tree: Tree) -> str:
    kind = tree[0]
    if kind == "call":
        return f"{tree[1]}({tree[2]})"
    if kind == "maybe":
        return f"service?.{tree[1]}({tree[2]})"
    if kind == "block":
        return "{ " + " ".join(statement(part) for part in tree[1:]) + " }"
    if kind == "if":
        return f"if (!{printed(tree[1])}) {block(tree[2])} else {block(tree[3])}"
    if kind == "logic":
        return f"{printed(tree[2])} {tree[1]} {printed(tree[3])}"
    if kind == "ternary":
        return f"{printed(tree[1])} ? {printed(tree[2])} : {printed(tree[3])}"
    if kind == "while":
        return f"while ({printed(tree[1])}) {block(tree[2])}"
    if kind == "do":
        return f"do {block(tree[2])} while ({printed(tree[1])})"
    if kind == "for":
        return f"for (let i = 0; i < limit; {printed(tree[1])}) {block(tree[2])}"
    if kind == "of":
        return f"for (const one of all) {block(tree[1])}"
    if kind == "switch":
        heads = [f"case {place}:" for place in range(len(tree) - 2)]
        if tree[1]:
            heads[-1] = "default:"
        cases = " ".join(f"{head} {statement(case)}" for head, case in zip(heads, tree[2:], strict=True))
        return f"switch (kind) {{ {cases} }}"
    if kind == "try":
        last = f" finally {block(tree[3])}" if tree[3] is not None else ""
        return f"try {block(tree[1])} catch (error) {block(tree[2])}{last}"
    return " ".join(part for part in {"throw": ("throw", "error")}.get(kind, tree) if part)


def statement(tree: Tree) -> str:
    return printed(tree) + ";"


def block(tree: Tree) -> str:
    return "{ " + statement(tree) + " }"


class Paths:
    """All ways through a program: ("on", "", state), ("break", label, state), ("return", "", state), ..."""

    def __init__(self) -> None:
        self.seen: dict[str, set[int]] = {}

    def then(self, ways: set[Way], tree: Tree | None) -> set[Way]:
        if tree is None:
            return ways
        on = {way[2] for way in ways if way[0] == "on"}
        return {way for way in ways if way[0] != "on"}.union(*(self.run(tree, state) for state in on))

    def run(self, tree: Tree, state: int) -> set[Way]:
        kind = tree[0]
        start: set[Way] = {("on", "", state)}
        if kind in ("call", "maybe"):
            self.seen.setdefault(f"{tree[1]}({tree[2]})", set()).add(state)
            ways: set[Way] = {("on", "", MOVES[tree[1]][state]), ("throw", "", state)}
            return ways | start if kind == "maybe" else ways
        if kind in ("return", "throw"):
            return {(kind, "", state)}
        if kind in ("break", "continue"):
            return {(kind, tree[1], state)}
        if kind == "block":
            ways = start
            for part in tree[1:]:
                ways = self.then(ways, part)
            return ways
        if kind in ("if", "ternary"):
            tested = self.run(tree[1], state)
            return self.then(tested, tree[2]) | self.then(tested, tree[3])
        if kind == "logic":
            tested = self.run(tree[2], state)
            return tested | self.then(tested, tree[3])
        if kind == "switch":
            return self.switch(tree, state)
        if kind == "try":
            return self.try_(tree, state)
        return self.loop(tree, state)

    def switch(self, tree: Tree, state: int) -> set[Way]:
        ways: set[Way] = set() if tree[1] else {("on", "", state)}
        for place in range(2, len(tree)):
            ways |= self.run(("block", *tree[place:]), state)
        return {("on", "", way[2]) if way[:2] == ("break", "") else way for way in ways}

    def try_(self, tree: Tree, state: int) -> set[Way]:
        ways = self.run(tree[1], state)
        thrown = {way[2] for way in ways if way[0] == "throw"}
        ways = {way for way in ways if way[0] != "throw"}.union(*(self.run(tree[2], one) for one in thrown))
        if tree[3] is None:
            return ways
        out: set[Way] = set()
        for way in ways:
            out |= {way[:2] + after[2:] if after[0] == "on" else after for after in self.run(tree[3], way[2])}
        return out

    def loop(self, tree: Tree, state: int) -> set[Way]:
        kind = tree[0]
        body = tree[1] if kind == "of" else tree[2]
        out: set[Way] = set()
        done: set[tuple[str, int]] = set()
        waiting = [("body" if kind == "do" else "test", state)]
        while waiting:
            place, current = waiting.pop()
            if (place, current) in done:
                continue
            done.add((place, current))
            if place == "test":
                tested = self.run(tree[1], current) if kind in ("while", "do") else {("on", "", current)}
                out |= tested
                waiting.extend(("body", way[2]) for way in tested if way[0] == "on")
                continue
            for way in self.run(body, current):
                if way[:2] == ("break", ""):
                    out.add(("on", "", way[2]))
                elif way[0] == "on" or way[:2] == ("continue", ""):
                    stepped = self.run(tree[1], way[2]) if kind == "for" else {("on", "", way[2])}
                    out |= {one for one in stepped if one[0] != "on"}
                    waiting.extend(("test", one[2]) for one in stepped if one[0] == "on")
                else:
                    out.add(way)
        return out


@settings(max_examples=500, deadline=None)
@given(programs)
def test_the_form_of_a_program_has_the_paths_of_the_program(tree: Tree) -> None:
    program = numbered(tree, count(1))
    paths = Paths()
    rounds, ends, done = {0}, {0}, set[int]()
    left: dict[str, set[int]] = {}
    while rounds:  # the loop that every jump can leave: outer: while (more) { ... }
        state = rounds.pop()
        if state in done:
            continue
        done.add(state)
        ends.add(state)
        for kind, _, reached in paths.run(program, state):
            if kind in ("on", "continue"):
                rounds.add(reached)
            elif kind == "break":
                ends.add(reached)
            else:
                left.setdefault({"throw": "raise"}.get(kind, kind), set()).add(reached)
    before, exits = outcome_of(f"outer: while (more) {block(program)}")
    assert before == paths.seen
    assert exits == {"end": ends, **left}


# What the enumeration does not know: order, names and what tests tell.

ORDERS = {
    "first(second(third()));": ["third", "second", "first"],
    "const [one = first()] = second();": ["second", "first"],
    "await first(await second());": ["second", "first"],
    "store[first()] = second();": ["second", "first"],
    "first().second(third());": ["first", "third", "first().second"],
    "new First(second());": ["second"],
    "const run = () => first(); second();": ["second"],
    "class Store { save() { first(); } } second();": ["second"],
    "`${first()} ${second()}`;": ["first", "second"],
    "first``;": ["first"],
    "return { one: first(), ...second() };": ["first", "second"],
    "(first() as Order)!.second<Line>();": ["first", "(first() as Order)!.second"],
}


@pytest.mark.parametrize("body", ORDERS)
def test_calls_come_in_the_order_of_evaluation(body: str) -> None:
    file = open_file("async function run() {" + body + "}")
    (function,) = file.nodes("function_declaration")
    graph = graph_of(form_of(function, file))
    calls, step = [], graph.entry
    while graph.successors[step]:
        action = graph.actions[step]
        if isinstance(action, Event) and action.kind == "call":
            calls.append(action.subject)
        step = graph.successors[step][0]
    assert calls == ORDERS[body]


TELLING = {
    "if (err) { a(1); } if (!err) { b(1); }": {0},
    "if (err) { a(1); } if (err) return; b(1);": {0},
    "if (err === null) { a(1); } if (err) { b(1); }": {0},
    "if (err == null) { a(1); } if (err !== undefined) { b(1); }": {0, 1},
    "if (err == null) { a(1); } if (err === undefined) return; if (err === null) return; b(1);": {0, 1},
    "if (typeof done === 'function') { a(1); } if (typeof done !== \"function\") { b(1); }": {0},
    "if (res?.sent) { a(1); } if (!res.sent) { b(1); }": {0},
    "let done = false; if (load) { a(1); done = true; } if (!done) { b(1); }": {0},
    "let user; if (load) { a(1); user = new User(); } if (!user) { b(1); }": {0},
    "if (err) { a(1); } err = load(); if (!err) { b(1); }": {0, 1},
    "if (load()) { a(1); } if (!load()) { b(1); }": {0, 1},
    "if (Array.isArray(rows)) { a(1); } if (!Array.isArray(rows)) { b(1); }": {0},
    "if (!!err && ready) { a(1); } if (Boolean(err)) return; b(1);": {0},
    "if (kind === 'one') { a(1); } else if (kind === 'two') { a(2); process.exit(1); } b(1);": {0, 1},
    "if (kind === 'one') { a(1); } if (kind === \"two\") { b(1); }": {0},
    "if (kind === 'one') { a(1); } if (kind === \"one\") { b(1); }": {1},
    "if (kind === 'one') { a(1); } if (kind === other) { b(1); }": {0, 1},
    "if (count === 0) { a(1); } if (count === 1 || ready) { b(1); }": {0, 1},
    "switch (kind) { case 1: a(1); return; default: } b(1);": {0},
}


@pytest.mark.parametrize("body", TELLING)
def test_what_a_test_tells_is_remembered(body: str) -> None:
    before, _ = outcome_of(body, apart=True)
    assert before["b(1)"] == TELLING[body]


def test_a_process_that_ends_goes_nowhere() -> None:
    before, ends = outcome_of("try { a(1); process.exit(1); } catch (error) { throw error; } b(1);")
    assert "b(1)" not in before
    assert set(ends) == {"raise"}


@pytest.mark.parametrize(
    "nested",
    ["if (x) {" * 900 + "}" * 900, "x" + ".f()" * 3000 + ";", "x = 1" + " + f()" * 3000 + ";", "if (x) {} else " * 3000 + "{}"],
)  # fmt: skip
def test_no_nesting_is_too_deep(nested: str) -> None:
    _, ends = outcome_of(nested)
    assert ends["end"] == {0}


@pytest.mark.parametrize(
    "broken", ["if (", "try { a(1)", "for (;;", "switch (x) { case", "a?.", "x = ", "return (", "? : ;"]
)
def test_broken_code_has_some_form(broken: str) -> None:
    file = open_file("function run() {" + broken)
    for kind in ("function_declaration", "function_expression", "arrow_function", "program"):
        for node in file.nodes(kind):
            interpret(form_of(node, file), Machine())
