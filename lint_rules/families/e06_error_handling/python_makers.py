"""What makes the bodies of error responses in Python: functions that return them, models, error classes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.notes import MAKERS, Maker
from lint_rules.families.e06_error_handling.python_answers import name_of, own_shape, raise_row
from lint_rules.families.e06_error_handling.python_bodies import body_shape, value_of
from lint_rules.families.e06_error_handling.shapes import (
    NOT_TOLD,
    OPEN,
    TEXT,
    UNKNOWN,
    Shape,
    made,
    may_make_bodies,
    tells_of_error,
)
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments, called_function, decorators
from lint_rules.languages.python.scopes import text

_MOST_STEPS = 4
_PASSING = frozenset({"asdict", "jsonable_encoder", "dumps", "dict", "dump", "to_builtins", "unstructure", "encode"})
"""Calls that give their argument's keys."""
_MODELS = frozenset({"BaseModel", "SQLModel", "Struct", "TypedDict", "NamedTuple", "Schema", "RootModel"})
_RECORDS = frozenset({"dataclass", "define", "frozen", "attrs", "s", "mutable"})
_VALUES = re.compile(r"^(?:str|int|float|bool|UUID|datetime|Literal\[.*\]|HTTPStatus)$")
_LISTS = re.compile(r"^(?:list|List|Sequence|tuple|Tuple|set)\b")
_ABSENT = re.compile(r"\bNone\b")


def maker_of(body: Node, file: PythonFile) -> str:
    """The symbol of what makes a body: `shop.errors.problem`, `shop.errors.Problem().model_dump`; "" for none."""
    node = value_of(body, file)
    for _ in range(_MOST_STEPS):
        function = node.child_by_field_name("function") if node.type == "call" else None
        if function is None:
            return ""
        given = dict(arguments(node))
        if text(function).rpartition(".")[2] not in _PASSING or "0" not in given:
            symbol = file.names.symbol(function)
            return "" if symbol.startswith("builtins.") else symbol
        node = value_of(given["0"], file)
    return ""


@MAKERS.of("python")
def take_makers(file: PythonFile) -> Iterator[Maker]:
    if file.is_test or not may_make_bodies(file.data):
        return
    yield from _functions(file)
    for definition in file.nodes("class_definition"):
        scope = file.scopes.of(definition)
        shape = _fields(definition, file) if scope is not None else UNKNOWN
        if scope is not None and tells_of_error(shape):
            yield Maker(scope.name, shape)
    if b"super()" in file.data:
        yield from _errors(file)


def _functions(file: PythonFile) -> Iterator[Maker]:
    """Functions that return a body of one shape, or what one other maker gives."""
    returned: dict[str, set[tuple[Shape, str]]] = {}
    for statement in file.nodes("return_statement"):
        value = first_named(statement)
        scope = file.scope(statement).function
        if value is None or scope is None or value.type in ("none", "expression_list"):
            continue
        shape = body_shape(value, file)
        symbol = maker_of(value, file) if shape == UNKNOWN else ""
        returned.setdefault(scope.name, set()).add((shape, symbol))
    for name, bodies in returned.items():
        shape, symbol = next(iter(bodies))
        if len(bodies) == 1 and shape != TEXT and (symbol or tells_of_error(shape)):
            yield Maker(name, shape, symbol)


def _fields(definition: Node, file: PythonFile) -> Shape:
    """The fields that each object of a model or record has."""
    bases = definition.child_by_field_name("superclasses")
    names = [text(base).rpartition(".")[2] for base in bases.named_children] if bases is not None else []
    marks = {text(called_function(one)).rpartition(".")[2] for one in decorators(definition)}
    is_model = any(name in _MODELS or name.endswith(("Model", "Schema", "Base")) for name in names)
    body = definition.child_by_field_name("body")
    if body is None or not (is_model or marks & _RECORDS):
        return UNKNOWN
    found: list[tuple[str, str]] = [(OPEN, NOT_TOLD)] if not (_MODELS.issuperset(names) or marks & _RECORDS) else []
    for statement in body.named_children:
        field = first_named(statement) if statement.type == "expression_statement" else None
        name = field.child_by_field_name("left") if field is not None and field.type == "assignment" else None
        kind = field.child_by_field_name("type") if field is not None else None
        if field is None or name is None or kind is None or name.type != "identifier" or text(name).startswith("_"):
            continue
        written, default = text(kind), field.child_by_field_name("right")
        if "ClassVar" in written:
            continue
        if default is not None and ("alias" in text(default) or (_ABSENT.search(written) or text(default) == "None")):
            found.append((OPEN, NOT_TOLD)) if "alias" in text(default) else None
            continue  # it may be left out
        found.append((text(name), _kind(written)))
    return made(found)


def _kind(annotation: str) -> str:
    if _VALUES.match(annotation):
        return "value"
    return "list" if _LISTS.match(annotation) else NOT_TOLD


def _errors(file: PythonFile) -> Iterator[Maker]:
    """Error classes of the project that give a framework's error a body: `super().__init__(404, detail={...})`."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or text(function) != "super().__init__":
            continue
        scope = file.scope(call).owner_class
        definition = scope.node if scope is not None else None
        bases = definition.child_by_field_name("superclasses") if definition is not None else None
        for base in bases.named_children if bases is not None and scope is not None else ():
            row = raise_row(name_of(base, file), file)
            if row is not None and scope is not None:
                given = dict(arguments(call))
                body = next((given[str(place)] for place in row["body"] if str(place) in given), None)
                if body is not None:
                    yield Maker(scope.name, own_shape(row["shape"], body, file))
