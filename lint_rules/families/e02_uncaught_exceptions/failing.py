"""Whether an error can leave a function, as far as the project's own code tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.guards import GUARD_KINDS, keeps_errors, leaves_errors_alone, risk_of
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_MAX_FUNCTIONS = 20


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
            risks = map(file.symbols.function, current.function.risks)
        for risk in risks:
            if risk is None:
                return True
            waiting.append(risk)
    return False


def _body_of(function: Reference, file: PythonFile) -> Node | None:
    """The body of a function of this file."""
    if function.module.module != file.module:
        return None
    name = function.function.name
    scope = next((scope for scope in file.scopes.functions if scope.name == name), None)
    return scope.node.child_by_field_name("body") if scope is not None else None


def _risks_in(body: Node, file: PythonFile) -> Iterator[Reference | None]:
    """What can fail in a body: project functions that it calls, and None for everything else."""
    nodes = [body, *own_nodes(body)]
    if any(node.type in GUARD_KINDS and keeps_errors(node) for node in nodes):
        return
    for node in nodes:
        if node.type in ("raise_statement", "assert_statement"):
            yield None
        function = node.child_by_field_name("function") if node.type == "call" else None
        if function is None:
            continue
        called = file.function(function)
        if called is not None or risk_of(function, file.canonical) is not None:
            yield called
