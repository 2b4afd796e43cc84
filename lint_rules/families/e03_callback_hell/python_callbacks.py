"""Functions that are given as continuations, and how deep they lie in each other (Python)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_TABLE = read_table(Path(__file__).parent / "continuations.toml")["python"]
_CALLS = frozenset(_TABLE["calls"])
_PREFIXES = tuple(_TABLE["prefixes"])
_KEYWORDS = frozenset(_TABLE["keywords"])
REGISTRARS = tuple(name.encode() for name in sorted({*_CALLS, *_PREFIXES, *_KEYWORDS}))
"""A file without any of these gives no function as a continuation."""

_FUNCTIONS = ("function_definition", "lambda")
_MAX_LEVELS = 100


class Registered(Struct, frozen=True):
    """A function that a call is given to run later; `place` is its name, or the lambda."""

    function: Node
    call: Node
    place: Node

    @property
    def shown(self) -> str:
        """The function as a person reads it."""
        return text(self.place) if self.function.type == "function_definition" else "lambda"


def callbacks_to(function: Node, file: PythonFile) -> list[Registered]:
    """The callbacks that lie around a callback, outermost first, itself last; empty if it is none."""
    found: list[Registered] = []
    current: Node | None = function
    for _ in range(_MAX_LEVELS):
        if current is None:
            break
        registered = _registered(current, file)
        if registered is None:
            break
        found.append(registered)
        current = _outer(current)
    found.reverse()
    return found


def _outer(node: Node) -> Node | None:
    current = node.parent
    while current is not None and current.type not in _FUNCTIONS:
        if current.type == "class_definition":
            return None
        current = current.parent
    return current


def _registered(function: Node, file: PythonFile) -> Registered | None:
    if function.type == "lambda":
        call = _taking(function)
        return Registered(function, call, function) if call is not None else None
    name, outer = function.child_by_field_name("name"), _outer(function)
    if name is None or outer is None:
        return None
    wanted = text(name)
    for call in file.nodes("call"):
        if not outer.start_byte <= call.start_byte < outer.end_byte or _inside(call, function):
            continue
        for _, value in arguments(call):
            if value.type == "identifier" and text(value) == wanted and _taking(value) == call:
                return Registered(function, call, name)
    return None


def _inside(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte < outer.end_byte


def _taking(value: Node) -> Node | None:
    """The call that takes a function as what goes on later, if its place in the call says so."""
    place = value.parent
    keyword = ""
    if place is not None and place.type == "keyword_argument":
        named = place.child_by_field_name("name")
        keyword = text(named) if named is not None else ""
        place = place.parent
    call = place.parent if place is not None and place.type == "argument_list" else None
    called = call.child_by_field_name("function") if call is not None and call.type == "call" else None
    if called is None:
        return None
    last = text(called.child_by_field_name("attribute") or called)
    is_method = called.type == "attribute"
    if keyword in _KEYWORDS or keyword.startswith(_PREFIXES) or (is_method and last in _CALLS):
        return call
    return call if is_method and last.startswith(_PREFIXES) else None
