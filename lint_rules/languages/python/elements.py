"""What containers hold, by their annotations: the `Client` of `list[Client]` and `dict[str, Client]`."""

from __future__ import annotations

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import text

ELEMENTS, VALUES = "elements", "values"
"""What is wanted of a container: what running through it gives, or what its keys lead to."""

_SEQUENCES = frozenset(
    {"list", "List", "set", "Set", "frozenset", "FrozenSet", "deque", "Deque", "Sequence", "MutableSequence",
     "Iterable", "Iterator", "Collection", "AbstractSet", "MutableSet", "AsyncIterable", "AsyncIterator"}
)  # fmt: skip
_MAPPINGS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict", "WeakValueDictionary"}
)
_TUPLES = frozenset({"tuple", "Tuple"})
_HAND_ON = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter"})
_TAKE_OUT = frozenset({"get", "pop", "popleft", "setdefault"})
_MAX_STEPS = 4


def run_through(values: Node, part: int | None) -> tuple[Node | None, str]:
    """The container that a loop goes through, and what it takes from it; None where that cannot be told.

    `part` is the position of the loop's name: `for key, client in clients.items()`, `for number, client in
    enumerate(clients)`.
    """
    for _ in range(_MAX_STEPS):
        if values.type in ("identifier", "attribute"):
            return (values if part is None else None), ELEMENTS
        function, arguments = values.child_by_field_name("function"), values.child_by_field_name("arguments")
        if values.type != "call" or function is None or arguments is None:
            return None, ELEMENTS
        given = arguments.named_children
        name = text(function).rpartition(".")[2]
        if function.type == "attribute" and not given:
            held = function.child_by_field_name("object")
            if (name == "values" and part is None) or (name == "items" and part == 1):
                return held, VALUES
            return (held, ELEMENTS) if name == "copy" and part is None else (None, ELEMENTS)
        if function.type != "identifier" or not given:
            return None, ELEMENTS
        if name == "enumerate" and part == 1:
            part = None
        elif name not in _HAND_ON or part is not None:
            return None, ELEMENTS
        values = given[0]
    return None, ELEMENTS


def taken_out_of(call: Node) -> Node | None:
    """The container of which a call takes one value out: `clients` of `clients.get(name)`."""
    function = call.child_by_field_name("function")
    if function is None or function.type != "attribute":
        return None
    held, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if held is None or method is None or text(method) not in _TAKE_OUT or held.type not in ("identifier", "attribute"):
        return None
    return held


def element_type(annotation: Node, wanted: str) -> Node | None:
    """The annotation of what a container holds; None where it does not say, or what is annotated is no container."""
    current: Node | None = annotation
    for _ in range(_MAX_STEPS):
        if current is None:
            return None
        if current.type in ("type", "parenthesized_expression"):
            current = first_named(current)
        elif current.type in ("binary_operator", "union_type"):
            current = next((one for one in current.named_children if text(one) != "None"), None)
        elif current.type in ("generic_type", "subscript"):
            outer, inner = current.named_children[0], current.named_children[1:]
            parts = inner[0].named_children if inner and inner[0].type == "type_parameter" else inner
            own = text(outer).rpartition(".")[2]
            if own == "Optional" and parts:
                current = parts[0]
                continue
            return _held(own, parts, wanted)
        else:
            return None
    return None


def _held(container: str, parts: list[Node], wanted: str) -> Node | None:
    if container in _MAPPINGS:
        return parts[1] if wanted == VALUES and len(parts) > 1 else None
    if container in _TUPLES:
        return parts[0] if len(parts) == 2 and text(parts[1]) == "..." else None
    return parts[0] if container in _SEQUENCES and len(parts) == 1 else None
