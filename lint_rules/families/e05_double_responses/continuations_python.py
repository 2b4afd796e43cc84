"""Futures and callbacks of Python that a function settles on some of its paths and forgets on another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.suspension import own_nodes

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

SETTERS = frozenset({"set_result", "set_exception"})
_ASKS = frozenset({"done", "cancelled", "add_done_callback", "remove_done_callback", "running", "get_loop"})
_FUTURE = re.compile(r"\bFuture\b")
_FUTURE_NAME = re.compile(r"_?(?:\w+_)?(?:fut|future|waiter|promise|deferred)")
_MAKES_FUTURE = re.compile(r"(?:\.create_future|\bFuture)\(\)$|\bDeferred\(\)$")
_ENDS = re.compile(r"_?(?:on_)?(?:done|complete|completed|finish|finished)(?:_callback|_cb)?|continuation")
_CALLBACK = re.compile(r"_?(?:callback|cb|errback)|(?:on_)?(?:reply|response|result)_(?:callback|cb)")
_ERROR = re.compile(r"(?i)\b_?(?:err|error|errors|exc|exception|failure|failed)\b")
_COUNTS = re.compile(r"\b(?:pending|remaining|left|todo|outstanding|count(?:er)?)\b")
_RUNS_ONCE = frozenset(
    {"add_done_callback", "call_soon", "call_soon_threadsafe", "call_later", "call_at", "submit", "run_in_executor",
     "to_thread", "Thread", "Timer", "create_task", "ensure_future", "run_coroutine_threadsafe", "start_soon",
     "addCallback", "addErrback", "addBoth", "apply_async"}
)  # fmt: skip


class Due(Struct, frozen=True):
    """Something that a function has to settle: a future, or a callback that it is given.

    `beside` are other functions that it is given and calls, which may be for the other outcome.
    """

    name: str
    function: Scope
    is_future: bool
    only_after_errors: bool
    beside: frozenset[str] = frozenset()


class _State(Struct, frozen=True):
    """Whether it is still to be settled, and whether something has failed on the way."""

    pending: bool = True
    failed: bool = False


_States = frozenset[_State]


class _Pending:
    """The domain: the states that are possible."""

    def __init__(self, due: Due, helpers: frozenset[str]) -> None:
        self._due = due
        self._helpers = helpers
        self._names = due.beside | {due.name}

    def start(self) -> _States:
        return frozenset((_State(),))

    def join(self, one: _States, other: _States) -> _States:
        return one | other

    def transfer(self, event: Event, state: _States) -> _States:
        if not self._settles(event):
            return state
        return frozenset(_State(False, one.failed) for one in state)

    def raised(self, event: Event, state: _States) -> _States:
        return frozenset(_State(one.pending, True) for one in self.transfer(event, state))

    def assume(self, question: Question, holds: bool, state: _States) -> _States | None:
        asked = text(question.node) if question.node is not None else ""
        names = question.names.union(_names_in(question.node) if question.node is not None else ())
        if not names.isdisjoint(self._names) or _COUNTS.search(asked):
            return frozenset(_State(False, one.failed) for one in state)
        is_error = _ERROR.search(asked) is not None and (holds is (question.relation == "truthy"))
        return frozenset(_State(one.pending, True) for one in state) if is_error else state

    def _settles(self, event: Event) -> bool:
        """Whether an event settles it, hands it on, keeps it, or runs a function that may do so."""
        if event.node is None or event.kind == "round":
            return False
        owner, _, method = event.subject.rpartition(".")
        if event.kind == "call" and (owner == self._due.name and method in _ASKS):
            return False
        if event.kind == "call" and event.subject in self._helpers:
            return True
        return not self._names.isdisjoint(_names_in(event.node))


def _names_in(node: Node) -> Iterator[str]:
    """The names that a piece of code reads, nested functions included."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type == "identifier":
            yield text(current)
        elif current.type == "attribute":
            owner = current.child_by_field_name("object")
            waiting.extend([owner] if owner is not None else [])
        else:
            waiting.extend(current.named_children)


def forgotten(file: PythonFile) -> Iterator[tuple[Due, Exit]]:
    """The silent ways out of functions on which something is not settled that others of their paths settle."""
    file.names.bind()
    for function in file.scopes.functions:
        if function.kind != FUNCTION or function.node.has_error or b"yield" in (function.node.text or b""):
            continue
        for due in (*_futures(function, file), *_callbacks(function, file)):
            yield from _ways_out(due, file)


def _ways_out(due: Due, file: PythonFile) -> Iterator[tuple[Due, Exit]]:
    domain = _Pending(due, _helpers(due, file))
    try:
        outcome = interpret(form_of(due.function.node, file), Correlated(domain))
    except TooLarge:
        return
    for exit_, cases in outcome.exits():
        states = frozenset[_State]().union(*cases.states.values())
        pending = [one for one in states if one.pending]
        in_handler = exit_.jump is not None and _is_in_handler(exit_.jump.node, due.function)
        if not pending or not _is_silent(exit_):
            continue
        if not due.only_after_errors or in_handler or any(one.failed for one in pending):
            yield due, exit_


def _is_silent(exit_: Exit) -> bool:
    """Whether a function ends there without a value or an error."""
    if exit_.kind == "end":
        return True
    node = exit_.jump.node if exit_.kind == "return" and exit_.jump is not None else None
    return node is not None and node.type == "return_statement" and not node.named_child_count


def _is_in_handler(node: Node | None, function: Scope) -> bool:
    while node is not None and node != function.node:
        if node.type == "except_clause":
            return True
        node = node.parent
    return False


def _futures(function: Scope, file: PythonFile) -> Iterator[Due]:
    """The futures that a function settles: its parameters, and those of a function around of which it is a callback."""
    settled: dict[str, None] = {}
    for node in own_nodes(function.node):
        called = node.child_by_field_name("function") if node.type == "call" else None
        owner, _, method = text(called).rpartition(".") if called is not None else ("", "", "")
        if (method in SETTERS or method in ("callback", "errback")) and owner.isidentifier():
            settled.setdefault(owner)
    for name in settled:
        bindings = function.bindings.get(name)
        if bindings is not None:
            annotation = bindings[0].annotation
            is_future = annotation is not None and _FUTURE.search(text(annotation)) is not None
            is_named = annotation is None and _FUTURE_NAME.fullmatch(name) is not None
            if bindings[0].kind == "parameter" and len(bindings) == 1 and (is_future or is_named):
                yield Due(name, function, True, only_after_errors=not _runs_once(function, file))
            continue
        outer = next((one for one in function.enclosing() if name in one.bindings), None)
        if outer is None or outer.kind != FUNCTION or len(outer.bindings[name]) != 1:
            continue
        made = outer.bindings[name][0].node
        if made is None or _MAKES_FUTURE.search(text(made)) is None or not _runs_once(function, file):
            continue
        if not _is_looked_after(name, function, outer, file):
            yield Due(name, function, True, only_after_errors=False)


def _is_looked_after(name: str, function: Scope, outer: Scope, file: PythonFile) -> bool:
    """Whether who waits for a future does so for a while only, or another function within `outer` may settle it."""
    own = re.escape(name)
    around = file.data[outer.start : outer.end]
    if re.search(rf"wait_for\(\s*(?:[\w.]*shield\()?{own}\b".encode(), around) is not None:
        return True
    settling = re.compile(rf"(?<![\w.]){own}\.set_(?:result|exception)\(".encode())
    places = [outer.start + found.start() for found in settling.finditer(around)]
    return any(not function.start <= place < function.end for place in places)


def _callbacks(function: Scope, file: PythonFile) -> Iterator[Due]:
    """The callbacks that a function is given, has to have, and calls."""
    called = {
        text(node.child_by_field_name("function") or node) for node in own_nodes(function.node) if node.type == "call"
    }
    given = called.intersection(parameter_names(function))
    for name in parameter_names(function):
        is_end, is_callback = _ENDS.fullmatch(name) is not None, _CALLBACK.fullmatch(name) is not None
        bindings = function.bindings.get(name, [])
        if not (is_end or is_callback) or len(bindings) != 1 or bindings[0].node is not None:
            continue  # one with a default may be left out
        calls = [
            node
            for node in own_nodes(function.node)
            if node.type == "call" and text(node.child_by_field_name("function") or node) == name
        ]
        if not calls or any(_is_in_loop(call, function) for call in calls):
            continue
        only_after_errors = not (is_end or any(_is_error_first(call) for call in calls))
        yield Due(name, function, False, only_after_errors, frozenset(given))


def _is_error_first(call: Node) -> bool:
    """`callback(None, rows)`, `callback(error)`"""
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    if not given:
        return False
    first = text(given[0])
    return (first == "None" and len(given) > 1) or re.fullmatch(r"_?(?:err|error|exc|exception|e)", first) is not None


def _is_in_loop(call: Node, function: Scope) -> bool:
    outer = call.parent
    while outer is not None and outer != function.node:
        if outer.type in ("for_statement", "while_statement"):
            return True
        outer = outer.parent
    return False


def _runs_once(function: Scope, file: PythonFile) -> bool:
    """Whether a function is handed to what calls it once: `task.add_done_callback(on_done)`, `Thread(target=work)`."""
    own = function.name.rpartition(".")[2]
    if any(_ERROR.fullmatch(name) for name in parameter_names(function)):
        return True
    pattern = rf"(?:{'|'.join(sorted(_RUNS_ONCE))})\((?:[^()]|\([^()]*\)){{0,400}}?\b{re.escape(own)}\b"
    around = function.parent.node if function.parent is not None else file.root
    return re.search(pattern.encode(), around.text or b"") is not None


def _helpers(due: Due, file: PythonFile) -> frozenset[str]:
    """Functions beside or within a function that mention what it has to settle."""
    word = re.compile(rf"(?<![\w.]){re.escape(due.name)}\b".encode())
    found = set()
    for scope in file.scopes.functions:
        is_near = scope.parent is due.function or scope.parent is due.function.parent
        if not is_near or scope is due.function or scope.parent is file.scopes.module:
            continue
        if word.search(scope.node.text or b""):
            found.add(scope.name.rpartition(".")[2])
    return frozenset(found)
