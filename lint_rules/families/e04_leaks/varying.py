"""Whether what a Python function stores is another thing with each call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.scopes import Scope, text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_CONSTANTS = frozenset({"string", "integer", "true", "false", "none"})
_MADE_ANEW = re.compile(r"uuid|token_|random|now\(|time\(")
_FEW = re.compile(r"\b(?:Literal|Enum|bool)\b")
_MEMBERSHIP = re.compile(rb"\b(\w+)\s+(?:not\s+)?in\s+(?:\w+\.)*(?:[A-Z][A-Z_0-9]+\b|[(\[{])")


def varies(expression: Node, file: PythonFile) -> bool:
    """Whether an expression depends on a parameter or a local name that may be another one with each call."""
    scope = file.scopes.at(expression.start_byte).function
    if scope is None:
        return False
    for name in _names_in(expression):
        bindings = scope.bindings.get(name)
        if bindings is None:
            if name == "request":
                return True
            continue
        first = bindings[0]
        is_value = len(bindings) == 1 and first.kind == "value" and first.node is not None
        if is_value and first.node is not None and first.node.type in _CONSTANTS:
            continue
        if first.annotation is not None and _FEW.search(text(first.annotation)):
            continue
        if name not in ("self", "cls") and not _is_one_of_few(name, scope, file):
            return True
    return is_made_anew(expression)


def comes_in(added: Node, scope: Scope) -> bool:
    """Whether what is added, or its key, is made of a parameter of the function, or made anew each time."""
    waiting, seen = [added], {"self", "cls"}
    while waiting:
        expression = waiting.pop()
        if is_made_anew(expression):
            return True
        for name in _names_in(expression):
            if name in seen:
                continue
            seen.add(name)
            for binding in scope.bindings.get(name, ()):
                if binding.kind == "parameter":
                    return True
                if binding.node is not None and binding.kind == "value":
                    waiting.append(binding.node)
    return False


def _is_one_of_few(name: str, scope: Scope, file: PythonFile) -> bool:
    """Whether the function asks if a key is in a table of the code: `if currency not in CURRENCIES`."""
    return name.encode() in _asked_about(file.data, scope.start, scope.end)


@lru_cache(maxsize=16)
def _asked_about(data: bytes, start: int, end: int) -> frozenset[bytes]:
    """The names of which the code asks whether they are in a constant or a display."""
    return frozenset(_MEMBERSHIP.findall(data, start, end)) if b"in" in data[start:end] else frozenset()


def _names_in(expression: Node) -> Iterator[str]:
    """The variables that an expression reads."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if node.type == "identifier":
            yield text(node)
        elif node.type == "attribute":
            owner = node.child_by_field_name("object")
            waiting.extend([owner] if owner is not None else [])
        elif node.type == "keyword_argument":
            value = node.child_by_field_name("value")
            waiting.extend([value] if value is not None else [])
        else:
            waiting.extend(reversed(node.named_children))


def is_made_anew(expression: Node) -> bool:
    return expression.type != "string" and _MADE_ANEW.search(text(expression)) is not None
