"""Abstract interpretation of a flow form: which states are possible before each event and at each way out.

The domain is any partial order of finite height, given by its join and its transfer; loops run to a fixpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from lint_rules.flow.form import Event, Form, Question
from lint_rules.flow.graph import NO_STEP, Exit, Graph, graph_of

State = TypeVar("State")


class Domain(Protocol[State]):
    """What an analysis says about its states. States are immutable and compared with `==`."""

    def start(self) -> State:
        """The state at the beginning of the function."""
        ...

    def join(self, one: State, other: State) -> State:
        """The state that stands for both; not below either of them."""
        ...

    def transfer(self, event: Event, state: State) -> State:
        """The state after an event."""
        ...

    def raised(self, event: Event, state: State) -> State:
        """The state in which an event's error leaves it."""
        ...

    def assume(self, test: Question, holds: bool, state: State) -> State | None:
        """The state where a test is answered that way; None where it cannot be."""
        ...


class Outcome(Struct, Generic[State], frozen=True):
    """The states in front of each step of a graph, None where control never comes."""

    graph: Graph
    states: tuple[State | None, ...]

    def events(self) -> Iterator[tuple[Event, State]]:
        """Each event that is reached, with a state in front of it; copies of a `finally` give several."""
        for action, state in zip(self.graph.actions, self.states, strict=True):
            if isinstance(action, Event) and state is not None:
                yield action, state

    def exits(self) -> Iterator[tuple[Exit, State]]:
        """Each way out of the function that is reached, and the state there."""
        for action, state in zip(self.graph.actions, self.states, strict=True):
            if isinstance(action, Exit) and state is not None:
                yield action, state


def interpret(form: Form, domain: Domain[State]) -> Outcome[State]:
    """Run a domain over a function's form to the least fixpoint. Raises TooLarge."""
    graph = graph_of(form)
    order = _order(graph)
    states: list[State | None] = [None] * len(graph.actions)
    states[graph.entry] = domain.start()
    waiting = [(order[graph.entry], graph.entry)]
    heapify(waiting)
    queued = {graph.entry}
    while waiting:
        _, step = heappop(waiting)
        queued.discard(step)
        state = states[step]
        assert state is not None
        for successor, reached in _after(graph, step, state, domain):
            known = states[successor]
            joined = reached if known is None else domain.join(known, reached)
            if known is None or joined != known:
                states[successor] = joined
                if successor not in queued:
                    queued.add(successor)
                    heappush(waiting, (order[successor], successor))
    return Outcome(graph, tuple(states))


def _after(graph: Graph, step: int, state: State, domain: Domain[State]) -> Iterator[tuple[int, State]]:
    action = graph.actions[step]
    if isinstance(action, Question):
        for successor, holds in zip(graph.successors[step], (True, False), strict=True):
            assumed = domain.assume(action, holds, state)
            if assumed is not None:
                yield successor, assumed
        return
    if isinstance(action, Event):
        if graph.raises[step] != NO_STEP:
            yield graph.raises[step], domain.raised(action, state)
        state = domain.transfer(action, state)
    for successor in graph.successors[step]:
        yield successor, state


def _order(graph: Graph) -> list[int]:
    """The steps' places in reverse postorder, so that a step waits for those that lead to it."""
    order = [0] * len(graph.actions)
    number = len(graph.actions)
    seen = {graph.entry}
    path = [(graph.entry, iter(_targets(graph, graph.entry)))]
    while path:
        step, targets = path[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                path.append((target, iter(_targets(graph, target))))
                break
        else:
            path.pop()
            number -= 1
            order[step] = number
    return order


def _targets(graph: Graph, step: int) -> tuple[int, ...]:
    raises = graph.raises[step]
    return graph.successors[step] if raises == NO_STEP else (raises, *graph.successors[step])
