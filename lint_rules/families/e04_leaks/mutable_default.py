"""Mutable default argument that is changed.

What it finds: a parameter whose default is a list, dict, set or other mutable object made once for all calls, and that
the function changes in place: `append`, `update`, `items[key] = ...`, `+=`, `del`. Also one that is stored on an object
or returned and changed there.

Why it matters: the default is made when the function is defined and lives as long as the process. What one request puts
into it, all later requests find there: it grows without end, and one client sees the data of another.

Bad (python):

    def collect(event: dict, seen: list = []) -> list:
        seen.append(event["id"])
        return seen

Good (python):

    def collect(event: dict, seen: list | None = None) -> list:
        seen = [] if seen is None else seen
        seen.append(event["id"])
        return seen

How to fix it: make `None` the default and the object inside the function.

Not seen: defaults that are only read; a change by another function that gets the object; a default made by a call of a
function of the project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.usage import reads_of
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import UNSAFE, WARNING, Edit, Finding, Fix, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0407",
    "mutable-default",
    severity=WARNING,
    summary="A default value made once is changed by the calls that share it",
    fix=UNSAFE,
    in_tests=False,
)

_DISPLAYS = frozenset(
    {"list", "dictionary", "set", "list_comprehension", "dictionary_comprehension", "set_comprehension"}
)
_MAKERS = frozenset(
    {
        "builtins.list", "builtins.dict", "builtins.set", "builtins.bytearray", "collections.defaultdict",
        "collections.deque", "collections.OrderedDict", "collections.Counter",
    }
)  # fmt: skip
_CHANGES = frozenset(
    {
        "append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove", "discard", "clear",
        "appendleft", "extendleft", "popleft", "sort", "reverse",
    }
)  # fmt: skip
_WORDS = (b"=[", b"= [", b"={", b"= {", b"= list(", b"=list(", b"dict(", b"set(", b"deque(", b"Counter(", b"bytearray(")
_DEFAULT = re.compile(
    rb"def \w+\((?:[^:]|:(?!\s*\n))*?=\s*"
    rb"(?:\[|\{|(?:\w+\.)*(?:list|dict|set|deque|Counter|bytearray|\w+[dD]ict)\()"
)


@RULE.files(WholeFile(_DEFAULT, _WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for scope in file.scopes.all:
        parameters = scope.node.child_by_field_name("parameters") if scope.kind == FUNCTION else None
        for parameter in parameters.named_children if parameters is not None else ():
            name, value = parameter.child_by_field_name("name"), parameter.child_by_field_name("value")
            if name is None or value is None or not _is_mutable(value, file) or file.in_broken_code(parameter):
                continue
            change = _change_of(text(name), scope, file, is_filled=value.named_child_count > 0)
            if change is not None:
                yield _finding(parameter, text(name), value, change, scope, file)


def _is_mutable(value: Node, file: PythonFile) -> bool:
    if value.type in _DISPLAYS:
        return True
    function = value.child_by_field_name("function") if value.type == "call" else None
    return function is not None and file.canonical(function) in _MAKERS


def _change_of(name: str, scope: Scope, file: PythonFile, *, is_filled: bool) -> Node | None:
    """The first place that changes the default itself; None if there is none, or the name is bound anew before it.

    `is_filled` says that the default holds something, which can be changed as well: `groups["open"].append(...)`.
    """
    file.names.bind()
    bound_at = [binding.at for binding in scope.bindings.get(name, ()) if binding.kind != "parameter"]
    first_bound = min(bound_at, default=scope.end)
    for read in reads_of(name, scope, file):
        if read.start_byte >= first_bound:
            return None
        place = _changed_by(read, is_filled=is_filled) or _changed_under_another_name(read, scope, file)
        if place is not None:
            return place
    body = scope.node.child_by_field_name("body")
    for statement in file.nodes("augmented_assignment") if body is not None else ():
        left = statement.child_by_field_name("left")
        inside = scope.start <= statement.start_byte < min(scope.end, first_bound + 1)
        if left is not None and inside and text(left) == name and file.scopes.at(left.start_byte) is scope:
            return statement
    return None


def _changed_under_another_name(read: Node, scope: Scope, file: PythonFile) -> Node | None:
    """The change of what the default was assigned to: `self.items = items`, `found = items`."""
    assignment = read.parent
    left = (
        assignment.child_by_field_name("left") if assignment is not None and assignment.type == "assignment" else None
    )
    if assignment is None or left is None or assignment.child_by_field_name("right") != read:
        return None
    if left.type == "identifier":
        bindings = scope.bindings.get(text(left), [])
        reads = reads_of(text(left), scope, file) if len(bindings) == 1 else ()
        return next((place for one in reads if (place := _changed_by(one)) is not None), None)
    owner = scope.owner_class
    if left.type != "attribute" or owner is None or not text(left).startswith("self."):
        return None
    for attribute in file.nodes("attribute"):
        if owner.start <= attribute.start_byte < owner.end and text(attribute) == text(left):
            place = _changed_by(attribute)
            if place is not None:
                return place
    return None


def _changed_by(read: Node, *, is_filled: bool = False) -> Node | None:
    """The statement or call around a read of the name, if it changes the object, or one that it holds."""
    parent = read.parent
    while is_filled and parent is not None and parent.type == "subscript" and parent.named_child(0) == read:
        outer = parent.parent
        if outer is None or outer.type not in ("subscript", "attribute"):
            break
        read, parent = parent, outer
    if parent is None or (parent.child_by_field_name("object") != read and parent.child_by_field_name("value") != read):
        return None
    outer = parent.parent
    if parent.type == "attribute" and outer is not None and outer.type == "call":
        method = parent.child_by_field_name("attribute")
        is_called = outer.child_by_field_name("function") == parent
        return outer if is_called and method is not None and text(method) in _CHANGES else None
    if parent.type == "subscript" and outer is not None:
        if outer.type in ("assignment", "augmented_assignment") and outer.child_by_field_name("left") == parent:
            return outer
        if outer.type == "delete_statement":
            return outer
    return None


def _finding(parameter: Node, name: str, value: Node, change: Node, scope: Scope, file: PythonFile) -> Finding:
    place = file.span(change)
    own = scope.name.rpartition(".")[2]
    return RULE.at(
        file,
        parameter,
        f"all calls of `{own}` share the default of `{name}`, which line {place.row} changes; make it None",
        f"write `{name}=None` and make the object inside: `{name} = {' '.join(text(value).split())[:30]} "
        f"if {name} is None else {name}`",
        related=(Related(file.path, place, "the shared default is changed here"),),
        fix=_fix(parameter, name, value, scope, file),
    )


def _fix(parameter: Node, name: str, value: Node, scope: Scope, file: PythonFile) -> Fix | None:
    """`None` as default, and a line that makes the object; not where an annotation would become wrong."""
    body = scope.node.child_by_field_name("body")
    first = next((node for node in body.named_children if node.type != "comment"), None) if body is not None else None
    if first is None or parameter.type == "typed_default_parameter" or "\n" in text(value):
        return None
    line_start = file.data.rfind(b"\n", 0, first.start_byte) + 1
    indentation = file.data[line_start : first.start_byte].decode()
    if indentation.strip():
        return None
    is_docstring = first.type == "expression_statement" and first.named_children[0].type == "string"
    made = f"if {name} is None:\n{indentation}    {name} = {text(value)}"
    at = first.end_byte if is_docstring else first.start_byte
    line = f"\n{indentation}{made}" if is_docstring else f"{made}\n{indentation}"
    edits = (
        Edit(file.span(value), "None"),
        Edit(file.source.span(at, at), line),
    )
    return Fix("make the object in each call", edits, UNSAFE)
