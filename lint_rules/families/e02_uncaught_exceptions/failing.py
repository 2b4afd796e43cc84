"""Whether an error can leave a function, as far as the project's own code tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.grammar import nodes_of_kinds
from lint_rules.languages.python.guards import (
    FAILS,
    GUARD_KINDS,
    RAISES,
    failing,
    is_handled,
    is_let_out,
    keeps_errors,
    leaves_errors_alone,
    risk_of,
)
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.python.usage import usage_of
from lint_rules.languages.tables import NameTable, TableRow, name_table
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

TAKING = name_table(Path(__file__).parent / "tasks.toml", "taking")
_MAX_FUNCTIONS = 20
_MAX_DEPTH = 4


def may_fail(function: Reference | Node, file: PythonFile) -> bool:
    """Whether an error can leave a function of the project, or the body of a lambda of this file.

    A function that catches errors of every kind somewhere in its body is taken to look after its errors; so is one
    with a decorator. Calls of project functions are followed, others can fail unless the table knows better.
    """
    waiting: list[Reference | Node] = [function]
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_FUNCTIONS:
        current = waiting.pop()
        body: Node | None
        if isinstance(current, Reference):
            if current.name in seen or not leaves_errors_alone(current.function.decorators):
                continue
            seen.add(current.name)
            body = _body_of(current, file)
        else:
            body = current
        risks: Iterable[Reference | None]
        if body is not None:
            risks = _risks_in(body, file)
        else:
            assert isinstance(current, Reference)
            risks = map(file.symbols.function, _risks_of(current, file))
        for risk in risks:
            if risk is None:
                return True
            waiting.append(risk)
    return False


def is_seen_to_fail(function: Reference | Node, file: PythonFile, *, raises_deep: bool) -> bool:
    """Whether an error can be seen to leave a function of the project, or the body of a lambda of this file.

    That is a `raise` of its own (with `raises_deep`, of the functions it calls too); a call, some calls deep, of a
    library function that depends on a server, a disk or what a client sent; or work on what a loop takes from a queue.
    All with no handler around it on the way.
    """
    level: list[Reference | Node] = [function]
    seen: set[str] = set()
    for depth in range(_MAX_DEPTH):
        called: list[Reference | Node] = []
        for current in level:
            if isinstance(current, Reference):
                if current.name in seen or not leaves_errors_alone(current.function.decorators):
                    continue
                seen.add(current.name)
            body = _body_of(current, file) if isinstance(current, Reference) else current
            counts_raises = raises_deep or not depth
            if body is None and isinstance(current, Reference):
                known = _risks_of(current, file)
                if FAILS in known or (counts_raises and RAISES in known):
                    return True
                called.extend(filter(None, map(file.symbols.function, known)))
            elif body is not None and not _is_guarded(body):
                if (counts_raises and _raises(body)) or (not depth and _fails_on_an_item(body, file)):
                    return True
                for failure in _failures_in(body, file):
                    if failure is None:
                        return True
                    called.append(failure)
        level = called
    return False


def _risks_of(function: Reference, file: PythonFile) -> tuple[str, ...]:
    """What can fail in a function of another file, which is asked for its facts if they are not known."""
    if not function.module.is_complete:
        file.symbols.ask(function.module.module)
    return function.function.risks


def _is_guarded(body: Node) -> bool:
    return any(node.type in GUARD_KINDS and keeps_errors(node) for node in (body, *own_nodes(body)))


def _raises(body: Node) -> bool:
    return any(node.type == "raise_statement" and is_let_out(node) for node in own_nodes(body))


def _fails_on_an_item(body: Node, file: PythonFile) -> bool:
    """Whether a loop takes items from a queue and gives them to what can fail."""
    for loop in (node for node in own_nodes(body) if node.type == "while_statement"):
        calls = [node for node in own_nodes(loop) if node.type == "call"]
        items = {usage_of(call, file).name for call in calls if _is_in(TAKING, call, file)} - {""}
        for call in calls:
            function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
            if function is None or arguments is None or is_handled(call):
                continue
            given = {text(name) for name in nodes_of_kinds(arguments, ("identifier",))["identifier"]}
            if items & given and risk_of(function, file.canonical) is not None:
                called = file.function(function)
                if called is None or may_fail(called, file):
                    return True
    return False


def _is_in(table: NameTable[TableRow], call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and table.match(file.canonical(function), file.types) is not None


def _failures_in(body: Node, file: PythonFile) -> Iterator[Reference | None]:
    """Project functions that a body calls outside of any handler, and None for what a library may fail at."""
    for call in (body, *own_nodes(body)):
        function = call.child_by_field_name("function") if call.type == "call" else None
        if function is None or is_handled(call):
            continue
        called = file.function(function)
        if called is not None and not called.function.is_async:
            yield called
        elif _is_in(failing(), call, file):
            yield None


def _body_of(function: Reference, file: PythonFile) -> Node | None:
    """The body of a function of this file."""
    if function.module.module != file.module:
        return None
    name = function.function.name
    scope = next((scope for scope in file.scopes.functions if scope.name == name), None)
    return scope.node.child_by_field_name("body") if scope is not None else None


def _risks_in(body: Node, file: PythonFile) -> Iterator[Reference | None]:
    """What can fail in a body: project functions that it calls, and None for everything else."""
    if _is_guarded(body):
        return
    for node in (body, *own_nodes(body)):
        if node.type in ("raise_statement", "assert_statement"):
            yield None
        function = node.child_by_field_name("function") if node.type == "call" else None
        if function is None:
            continue
        called = file.function(function)
        if called is not None or risk_of(function, file.canonical) is not None:
            yield called
