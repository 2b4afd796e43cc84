"""What a function or statement runs itself, and not in functions that it only defines."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CLASS_KINDS, FUNCTION_KINDS

_SCOPES = frozenset({*FUNCTION_KINDS, *CLASS_KINDS})


def own_nodes(node: Node) -> Iterator[Node]:
    """The named nodes below `node` in the order of the text; functions and classes are given, not entered."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current is not node:
            yield current
        if current is node or current.type not in _SCOPES:
            waiting.extend(reversed(current.named_children))


def all_nodes(node: Node) -> Iterator[Node]:
    """All named nodes below `node` in the order of the text, those of functions within it too."""
    waiting = list(reversed(node.named_children))
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(current.named_children))


def holder(node: Node) -> Node | None:
    """The function whose body, or parameters, a node lies in; None at module level and in a class body."""
    current = node.parent
    while current is not None and current.type not in _SCOPES:
        current = current.parent
    return current if current is not None and current.type in FUNCTION_KINDS else None
