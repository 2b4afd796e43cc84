"""Where an async function lets go of the event loop, and what of a statement it runs itself."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_token

_SCOPES = frozenset({"function_definition", "class_definition", "lambda"})
_LETS_GO = frozenset({"await", "yield"})
_MAY_BE_ASYNC = frozenset({"for_statement", "with_statement", "for_in_clause"})


def own_nodes(node: Node) -> Iterator[Node]:
    """The named nodes below `node` in the order of the text; definitions and lambdas are given, not entered."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current is not node:
            yield current
        if current is node or current.type not in _SCOPES:
            waiting.extend(reversed(current.named_children))


def suspends(node: Node) -> bool:
    """Whether running `node` may hand control back: `await`, `async for`, `async with` or `yield`."""
    if node.type in _MAY_BE_ASYNC and first_token(node) == "async":
        return True
    return any(
        inner.type in _LETS_GO or (inner.type in _MAY_BE_ASYNC and first_token(inner) == "async")
        for inner in own_nodes(node)
    )
