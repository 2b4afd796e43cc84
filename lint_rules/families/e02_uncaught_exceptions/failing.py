"""Whether an error can leave a function, as far as the project's own code tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.guards import GUARD_KINDS, keeps_errors
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Reference

_HARMLESS = {key: frozenset(names) for key, names in read_table(Path(__file__).parent / "tasks.toml")["harmless"].items()}
_MAX_FUNCTIONS = 20


def may_fail(function: Reference | Node, file: PythonFile) -> bool:
    """Whether an error can leave a function of the project, or a lambda of this file.

    A function that catches errors of every kind somewhere in its body is taken to look after its errors; so is one
    with a decorator. Calls of project functions are followed, others can fail unless the table knows better.
    """
    waiting: list[Reference | Node] = [function]
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_FUNCTIONS:
        current = waiting.pop()
        if isinstance(current, Node):
            seen.add(str(current.id))
            risks: Iterator[Reference | None] = _risks_in(current, file)
        elif current.name in seen:
            continue
        else:
            seen.add(current.name)
            if current.function.is_guarded or _is_changed(current):
                continue
            own = _body_of(current, file)
            risks = _risks_in(own, file) if own is not None else _risks_by_facts(current, file)
        for risk in risks:
            if risk is None:
                return True
            waiting.append(risk)
    return False


def _is_changed(function: Reference) -> bool:
    plain = _HARMLESS["decorators"]
    return any(decorator.rpartition(".")[2] not in plain for decorator in function.function.decorators)


def _body_of(function: Reference, file: PythonFile) -> Node | None:
    """The body of a function of this file."""
    if function.module.module != file.module:
        return None
    name = function.function.name
    scope = next((scope for scope in file.scopes.functions if scope.name == name), None)
    return scope.node.child_by_field_name("body") if scope is not None else None


def _risks_in(body: Node, file: PythonFile) -> Iterator[Reference | None]:
    """What can fail in a body: project functions that it calls, and None for everything else that can."""
    nodes = list(own_nodes(body))
    if body.type == "call":
        nodes.insert(0, body)
    if any(node.type in GUARD_KINDS and keeps_errors(node) for node in nodes):
        return
    for node in nodes:
        if node.type in ("raise_statement", "assert_statement"):
            yield None
        function = node.child_by_field_name("function") if node.type == "call" else None
        if function is None:
            continue
        called = file.function(function)
        if called is not None:
            yield called
        elif not _is_harmless(function, file.canonical(function)):
            yield None


def _risks_by_facts(function: Reference, file: PythonFile) -> Iterator[Reference | None]:
    """The same by what another file says of its function."""
    if function.function.raises:
        yield None
    for call in function.function.calls:
        if call.kind != "call":
            continue
        called = file.symbols.function(call.target)
        if called is not None:
            yield called
        elif call.target.rpartition(".")[2] not in _HARMLESS["methods"]:
            name = file.symbols.canonical(call.target)
            if name not in _HARMLESS["functions"]:
                yield None


def _is_harmless(function: Node, name: str) -> bool:
    attribute = function.child_by_field_name("attribute")
    if attribute is not None and text(attribute) in _HARMLESS["methods"]:
        return True
    return name in _HARMLESS["functions"]
