"""Parts of expressions and where they stand: what a call calls, what a name is the name of."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text


def last_name(node: Node) -> str:
    """`warning` for `self.log.warning`, `get_logger` for `get_logger(...)`."""
    while node.type in ("call", "await"):
        inner = node.child_by_field_name("function") or first_named(node)
        if inner is None:
            break
        node = inner
    attribute = node.child_by_field_name("attribute")
    return text(attribute if attribute is not None else node)


def called(call: Node) -> Node:
    """The expression that a call calls."""
    return call.child_by_field_name("function") or call


def calls_in(nodes: list[Node]) -> list[Node]:
    """The calls among some nodes."""
    return [node for node in nodes if node.type == "call"]


def lies_in(inner: Node, outer: Node) -> bool:
    """Whether a node is, or lies in, another."""
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def is_value(identifier: Node) -> bool:
    """Whether an identifier is more than the name of an attribute or of a keyword."""
    parent = identifier.parent
    if parent is None or parent.type not in ("attribute", "keyword_argument"):
        return True
    own = parent.child_by_field_name("object" if parent.type == "attribute" else "value")
    return own is not None and own.start_byte == identifier.start_byte


def located_by(call: Node) -> Iterator[Node]:
    """What a call makes the header Location of: `set_header("Location", url)`, `headers={"Location": url}`."""
    given = [value for _, value in arguments(call)]
    if len(given) == 2 and _is_location(given[0]):
        yield given[1]
    for value in given:
        for part in value.named_children if value.type in ("dictionary", "list", "tuple") else ():
            if part.type == "pair":
                key, element = part.child_by_field_name("key"), part.child_by_field_name("value")
            else:
                key, element = (
                    part.named_children if part.type == "tuple" and part.named_child_count == 2 else (None, None)
                )
            if key is not None and element is not None and _is_location(key):
                yield element


def _is_location(node: Node) -> bool:
    return node.type == "string" and text(node).strip("rbRB\"'").lower() == "location"
