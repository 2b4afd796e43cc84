"""From the flow form to a graph of steps: jumps, handlers and `finally` become edges.

The graph is built backwards, each form knowing where control goes after it. A `finally` is copied for each place to
which it leads; the number of steps is limited, and a function past the limit is not analysed.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from msgspec import Struct, field

from lint_rules.flow.form import (
    NOTHING,
    Branch,
    Condition,
    Event,
    Form,
    Jump,
    Labelled,
    Loop,
    Question,
    Sequence,
    Switch,
    Try,
)
from lint_rules.flow.trampoline import bounce

MAX_STEPS = 30_000

NO_STEP = -1


class TooLarge(Exception):
    """The function has too many paths through `finally` to be analysed."""


class Exit(Struct, frozen=True, eq=False):
    """The end of the function: "return" (with its jump), "end" (the last statement) or "raise"."""

    kind: str
    jump: Jump | None = None


class Graph(Struct, eq=False):
    """Steps by number. A test has two successors, for yes and for no; all others any number.

    `raises` is where control goes when the step's event raises, NO_STEP if it does not.
    """

    actions: list[Event | Question | Exit | None] = field(default_factory=list)
    successors: list[tuple[int, ...]] = field(default_factory=list)
    raises: list[int] = field(default_factory=list)
    entry: int = NO_STEP

    def add(
        self, action: Event | Question | Exit | None, successors: tuple[int, ...] = (), raises: int = NO_STEP
    ) -> int:
        """A new step's number. Raises TooLarge when there are too many."""
        if len(self.actions) >= MAX_STEPS:
            raise TooLarge
        self.actions.append(action)
        self.successors.append(successors)
        self.raises.append(raises)
        return len(self.actions) - 1


class _Frame(Struct, frozen=True, eq=False):
    """What a jump meets on its way out: a loop or block it may leave, or a `finally` it runs."""

    context: _Context
    label: str = ""
    breaks: int = NO_STEP
    continues: int = NO_STEP
    finally_: Form | None = None
    is_block: bool = False


class _Context(Struct, frozen=True, eq=False):
    frames: tuple[_Frame, ...]
    raises: int
    handlers: tuple[tuple[tuple[str, ...], int], ...] = ()
    unhandled: int = NO_STEP


class _Task(Struct, frozen=True, eq=False):
    """Build `form` so that control goes to `following` after it (for a condition: to `following` or `otherwise`)."""

    form: Form | Condition
    following: int
    context: _Context
    otherwise: int = NO_STEP
    negated: bool = False


_Steps = Generator[_Task, Any, int]


def graph_of(form: Form) -> Graph:
    """The graph of a function's form. Raises TooLarge."""
    graph = Graph()
    end = graph.add(Exit("end"))
    context = _Context((), graph.add(Exit("raise")))
    graph.entry = bounce(_Builder(graph).build, _Task(form, end, context))
    return graph


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def build(self, task: _Task) -> _Steps:
        """The steps of one form; the result is where they begin."""
        form = task.form
        if isinstance(form, Event):
            return self._event(form, task)
        if isinstance(form, Sequence):
            return self._sequence(form, task)
        if isinstance(form, Condition):
            return self._condition(form, task)
        if isinstance(form, Branch):
            return self._branch(form, task)
        if isinstance(form, Loop):
            return self._loop(form, task)
        if isinstance(form, Switch):
            return self._switch(form, task)
        if isinstance(form, Try):
            return self._try(form, task)
        if isinstance(form, Labelled):
            return self._labelled(form, task)
        return self._jump(form, task)

    def _event(self, event: Event, task: _Task) -> _Steps:
        return self._graph.add(event, (task.following,), task.context.raises if event.may_raise else NO_STEP)
        yield

    def _sequence(self, sequence: Sequence, task: _Task) -> _Steps:
        following = task.following
        for part in reversed(sequence.parts):
            following = yield _Task(part, following, task.context)
        return following

    def _condition(self, condition: Condition, task: _Task) -> _Steps:
        negated = task.negated is not condition.negated
        yes, no = (task.otherwise, task.following) if negated else (task.following, task.otherwise)
        if condition.kind == "constant":
            return yes if condition.value else no
        if condition.kind == "test":
            assert condition.test is not None
            step = self._graph.add(condition.test, (yes, no))
            if condition.before is not None:
                step = yield _Task(condition.before, step, task.context)
            return step
        for part in reversed(condition.parts):
            if condition.kind == "and":
                yes = yield _Task(part, yes, task.context, no)
            else:
                no = yield _Task(part, yes, task.context, no)
        return yes if condition.kind == "and" else no

    def _branch(self, branch: Branch, task: _Task) -> _Steps:
        then = yield _Task(branch.then, task.following, task.context)
        otherwise = yield _Task(branch.otherwise, task.following, task.context)
        entry: int = yield _Task(branch.condition, then, task.context, otherwise)
        return entry

    def _loop(self, loop: Loop, task: _Task) -> _Steps:
        graph = self._graph
        head = graph.add(Event("round", "", loop))
        done = yield _Task(loop.otherwise, task.following, task.context)
        step = yield _Task(loop.step or NOTHING, head, task.context)
        frame = _Frame(task.context, loop.label, task.following, step)
        inside = _inside(task.context, frame)
        if loop.tests_first:
            body = yield _Task(loop.body, step, inside)
            first = yield _Task(loop.condition, body, task.context, done)
            graph.successors[head] = (first,)
            return head
        again = yield _Task(loop.condition, head, task.context, done)
        frame = _Frame(task.context, loop.label, task.following, again)
        body = yield _Task(loop.body, again, _inside(task.context, frame))
        graph.successors[head] = (body,)
        return head

    def _switch(self, switch: Switch, task: _Task) -> _Steps:
        context = task.context
        if switch.takes_break:
            context = _inside(context, _Frame(context, switch.label, task.following))
        following = task.following
        entries = [] if switch.is_exhaustive else [task.following]
        for case in reversed(switch.cases):
            entry = yield _Task(case, following, context)
            entries.append(entry)
            if switch.falls_through:
                following = entry
        return self._graph.add(None, tuple(reversed(entries)))

    def _try(self, form: Try, task: _Task) -> _Steps:
        context, following = task.context, task.following
        if form.finally_ is not None:
            raises = yield _Task(form.finally_, context.raises, context)
            following = yield _Task(form.finally_, following, context)
            frame = _Frame(context, finally_=form.finally_)
            context = _Context((*context.frames, frame), raises)
        handlers = []
        for handler in form.handlers:
            entry: int = yield _Task(handler.body, following, context)
            handlers.append((handler.catches, entry))
        otherwise = yield _Task(form.otherwise or NOTHING, following, context)
        if handlers:
            catches_all = any(not catches for catches, _ in handlers)
            targets = [entry for _, entry in handlers] + ([] if catches_all else [context.raises])
            dispatch = self._graph.add(None, tuple(targets))
            context = _Context(context.frames, dispatch, tuple(handlers), context.raises)
        entry = yield _Task(form.body, otherwise, context)
        return entry

    def _labelled(self, block: Labelled, task: _Task) -> _Steps:
        frame = _Frame(task.context, block.label, task.following, is_block=True)
        entry: int = yield _Task(block.body, task.following, _inside(task.context, frame))
        return entry

    def _jump(self, jump: Jump, task: _Task) -> _Steps:
        context = task.context
        if jump.kind == "raise":
            return self._graph.add(None, self._caught_at(jump, context))
        target = self._graph.add(Exit("return", jump)) if jump.kind == "return" else NO_STEP
        passed: list[_Frame] = []
        for frame in reversed(context.frames):
            if frame.finally_ is not None:
                passed.append(frame)
                continue
            aimed_at = frame.label == jump.label if jump.label else not frame.is_block
            found = frame.breaks if jump.kind == "break" else frame.continues
            if jump.kind != "return" and aimed_at and found != NO_STEP:
                target = found
                break
        if target == NO_STEP:  # a jump out of nothing: broken code
            return task.following
        for frame in reversed(passed):
            assert frame.finally_ is not None
            target = yield _Task(frame.finally_, target, frame.context)
        return target

    @staticmethod
    def _caught_at(jump: Jump, context: _Context) -> tuple[int, ...]:
        """The handlers that a raised error may come to, nearest first."""
        if not context.handlers or not jump.error_kinds:
            return (context.raises,)
        targets: list[int] = []
        for catches, entry in context.handlers:
            if not catches or any(kind in catches for kind in jump.error_kinds):
                return (*targets, entry)
            if not jump.knows_all_kinds:
                targets.append(entry)
        return (*targets, context.unhandled)


def _inside(context: _Context, frame: _Frame) -> _Context:
    return _Context((*context.frames, frame), context.raises, context.handlers, context.unhandled)
