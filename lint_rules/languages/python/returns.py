"""What a Python function gives, by its annotation or by its first value."""

from __future__ import annotations

from tree_sitter import Node

from lint_rules.languages.python.annotations import alternatives
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.guards import given_by_raising
from lint_rules.languages.python.names import Names
from lint_rules.languages.python.scopes import Scope, text

_GENERATOR_TYPES = frozenset({"Iterator", "Generator", "Iterable", "AsyncIterator", "AsyncGenerator", "AsyncIterable"})


def returned(scope: Scope, names: Names, *, returns: list[Node], yields: list[Node], raises: list[Node]) -> str:
    """The symbol of what a function gives, or of each value that it yields; "" if that is not known."""
    annotation = scope.node.child_by_field_name("return_type")
    if annotation is not None:
        inner = first_named(annotation)
        if yields and inner is not None and inner.type in ("generic_type", "subscript"):
            outer = first_named(inner)
            if outer is not None and text(outer).rpartition(".")[2] in _GENERATOR_TYPES:
                part = inner.named_children[1]
                return names.annotation(part.named_children[0] if part.named_children else part)
        if (symbol := names.annotation(annotation)) or len(alternatives(annotation)) > 1:
            return symbol
    for node in yields or returns:
        value = first_named(node)
        if value is not None and value.type != "none" and (symbol := names.symbol(value)):
            own = f"{names.module}.{scope.name}"
            if not symbol.startswith((own + "()", own + ".<locals>")) and symbol != own:
                return symbol
    return given_by_raising(scope.node) if raises and not (returns or yields) else ""


def hands_on(scope: Scope, returns: list[Node], yields: list[Node]) -> bool:
    """Whether all that a plain function returns is what one call gives, or is a coroutine by its annotation."""
    if scope.is_async or yields:
        return False
    annotation = scope.node.child_by_field_name("return_type")
    if annotation is not None and "Coroutine[" in text(annotation):
        is_one = text(annotation).partition("[")[0].rpartition(".")[2] == "Coroutine"
        return is_one and not text(annotation).endswith("None")  # there may be none: Coroutine[...] | None
    value = first_named(returns[0]) if len(returns) == 1 else None
    return value is not None and value.type == "call"
