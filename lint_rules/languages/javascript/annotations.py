"""What a TypeScript annotation says about a value: the symbol of the class or interface that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import first_named, named, text
from lint_rules.project.node_names import GLOBAL

if TYPE_CHECKING:
    from lint_rules.languages.javascript.names import Names

_MAX_PARTS = 24
_TRANSPARENT = frozenset(
    {"Promise", "PromiseLike", "Awaited", "Readonly", "Partial", "Required", "NonNullable", "InstanceType", "Omit",
     "Pick", "DeepPartial", "Maybe", "Nullable", "HydratedDocument"}
)  # fmt: skip
_PREDEFINED = {"string": "String", "number": "Number", "boolean": "Boolean"}
_EMPTY = frozenset({"undefined", "null", "void", "never"})


def annotated(names: Names, annotation: Node, steps: int) -> str:
    """The symbol of the class that an annotation names, "" for other forms; of a promise, that of its value."""
    waiting = [annotation]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return ""
        node = waiting.pop()
        kind = node.type
        if kind in ("type_annotation", "parenthesized_type", "readonly_type"):
            waiting.extend(named(node)[:1])
        elif kind in ("type_identifier", "identifier"):
            return names.name(text(node), node.start_byte, steps)
        elif kind == "nested_type_identifier":
            return _nested(names, node, steps)
        elif kind == "generic_type":
            outer = node.child_by_field_name("name") or first_named(node)
            given = node.child_by_field_name("type_arguments")
            inner = named(given)
            if outer is not None and text(outer).rpartition(".")[2] in _TRANSPARENT and inner:
                waiting.append(inner[0])
            elif outer is not None:
                waiting.append(outer)
        elif kind in ("union_type", "intersection_type"):
            waiting.extend(part for part in reversed(named(node)) if text(part) not in _EMPTY)
        elif kind == "type_query":
            queried = first_named(node)
            return names.symbol(queried, steps) if queried is not None else ""
        elif kind == "predefined_type":
            own = _PREDEFINED.get(text(node))
            return f"{GLOBAL}.{own}" if own else ""
        elif kind in ("array_type", "tuple_type"):
            return f"{GLOBAL}.Array"
    return ""


def _nested(names: Names, node: Node, steps: int) -> str:
    written = text(node).replace(" ", "").split(".")
    base = names.name(written[0], node.start_byte, steps)
    return ".".join([base, *written[1:]]) if base else ""
