"""Sessions and connections that a dependency returns (Python): the framework closes what is yielded, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.taking import resource_of
from lint_rules.languages.python.registrations import decorators
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.python.usage import Use, usage_of, usages_of
from lint_rules.model import Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_TAKEN_PER_REQUEST = frozenset({"database session", "database connection", "connection", "pooled connection"})


class GivenNote(Struct, frozen=True, array_like=True):
    """A function that returns what it takes: where it takes it, and what that is, for people."""

    function: str
    span: Span
    what: str
    written: str


GIVEN = Notes("given-resources", GivenNote, words=(b"ession", b"onnect"))


@GIVEN.of("python")
def given_of(file: PythonFile) -> Iterator[GivenNote]:
    """The functions of a file that take a session or connection and do nothing but return it."""
    for call in file.nodes("call"):
        row = resource_of(call, file) if _may_be_returned(call) else None
        scope = file.scope(call).function if row is not None else None
        if row is None or scope is None or scope.kind != FUNCTION or row["what"] not in _TAKEN_PER_REQUEST:
            continue
        if "element" in row.values or any(True for _ in decorators(scope.node)):
            continue
        if any(node.type == "yield" for node in own_nodes(scope.node)):
            continue
        if _is_returned(call, file):
            function = call.child_by_field_name("function") or call
            yield GivenNote(scope.name, file.span(call), str(row["what"]), " ".join(text(function).split())[:60])


def _may_be_returned(call: Node) -> bool:
    """Whether a call stands behind `return`, or is given a name: told without asking what it is."""
    made = call.parent if call.parent is not None and call.parent.type == "await" else call
    place = made.parent
    if place is None or place.type != "assignment":
        return place is not None and place.type == "return_statement"
    left = place.child_by_field_name("left")
    return left is not None and left.type == "identifier"


def _is_returned(call: Node, file: PythonFile) -> bool:
    made = call.parent if call.parent is not None and call.parent.type == "await" else call
    usage = usage_of(made, file)
    if usage.use is Use.RETURNED:
        return usage.whole
    uses = [one.use for one in usages_of(made, file)]
    return usage.use is Use.BOUND and Use.RETURNED in uses and not {Use.STORED, Use.PASSED}.intersection(uses)
