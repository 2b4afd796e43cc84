"""Reading calls and settings of Python for the rules of this family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import NameTable, TableRow

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_SETTINGS = re.compile(r"(?<![^/_])settings(?:_\w+)?\.py$|(?:^|/)settings/\w+\.py$")


def called_name(call: Node) -> str:
    """The last name that a call is written with: `get` of `session.get(url)`."""
    function = call.child_by_field_name("function")
    if function is None:
        return ""
    last = function.child_by_field_name("attribute") if function.type == "attribute" else function
    return text(last) if last is not None and last.type == "identifier" else ""


def calls_of(file: PythonFile, table: NameTable[TableRow]) -> Iterator[tuple[Node, TableRow]]:
    """The calls of what a table names, under whatever name, with their rows."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or file.in_broken_code(call):
            continue
        row = table.match(file.canonical(function), file.types)
        if row is not None:
            yield call, row


def argument(call: Node, *places: str) -> Node | None:
    """The argument at one of some places: a position ("0") or a keyword."""
    given = dict(arguments(call))
    return next((given[place] for place in places if place in given), None)


def unpacked(call: Node, file: PythonFile) -> dict[str, Node]:
    """The arguments that a call is given by a dict that can be seen: `**options`."""
    given = call.child_by_field_name("arguments")
    splats = [] if given is None else [one for one in given.named_children if one.type == "dictionary_splat"]
    found: dict[str, Node] = {}
    for splat in splats:
        found.update(entries(resolved(splat.named_child(0), file)))
    return found


def has_splat(call: Node) -> bool:
    """Whether a call is given arguments that cannot be seen: `**options`."""
    given = call.child_by_field_name("arguments")
    return given is not None and any(child.type == "dictionary_splat" for child in given.named_children)


def constant(node: Node | None, file: PythonFile) -> str:
    """A constant as text: `False`, `None`, `0`, the value of a string, or a canonical name (`ssl.CERT_NONE`); "" else.

    A name with one value in the file stands for that value; `paramiko.AutoAddPolicy()` for an instance that is made
    without arguments.
    """
    if node is None:
        return ""
    if node.type == "identifier":
        value = file.names.only_value(text(node), node.start_byte)
        node = value if value is not None else node
    if node.type in ("true", "false", "none", "integer"):
        return text(node)
    if node.type == "string":
        return string_text(node) or ""
    if node.type == "call" and not next(arguments(node), None):
        made = file.canonical(node.child_by_field_name("function") or node)
        return f"{made}()" if made else ""
    return file.canonical(node) if node.type in ("identifier", "attribute") else ""


def string_text(node: Node | None) -> str | None:
    """The value of a plain string literal; None for f-strings with slots and everything else."""
    if node is None or node.type != "string":
        return None
    if any(child.type == "interpolation" for child in node.named_children):
        return None
    return "".join(text(child) for child in node.named_children if child.type == "string_content")


def strings(node: Node | None) -> list[str]:
    """The values of the string literals in a list, tuple or set, or of one string by itself."""
    if node is None:
        return []
    items = [node] if node.type == "string" else node.named_children
    return [value for item in items if (value := string_text(item)) is not None]


def entries(node: Node | None) -> dict[str, Node]:
    """The entries of a dict literal or of `dict(a=1)` that have literal keys."""
    if node is None:
        return {}
    if node.type == "call" and called_name(node) == "dict":
        return {name: value for name, value in arguments(node) if not name.isdigit()}
    found: dict[str, Node] = {}
    for pair in node.named_children if node.type == "dictionary" else ():
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        name = string_text(key)
        if name is not None and value is not None:
            found[name] = value
    return found


def resolved(node: Node | None, file: PythonFile) -> Node | None:
    """The value of a name that has one value in the file; any other expression is itself."""
    if node is not None and node.type == "identifier":
        return file.names.only_value(text(node), node.start_byte) or node
    return node


def target_name(target: Node | None) -> str:
    """`DEBUG` of `DEBUG`, `app.DEBUG` and `app.config["DEBUG"]`; "" for anything else."""
    if target is None:
        return ""
    if target.type == "attribute":
        target = target.child_by_field_name("attribute")
    elif target.type == "subscript":
        return string_text(target.child_by_field_name("subscript")) or ""
    return text(target) if target is not None and target.type == "identifier" else ""


def assignments(file: PythonFile) -> Iterator[tuple[str, Node, Node]]:
    """Every plain assignment with a name: the name (see `target_name`), its target, the value."""
    for assignment in file.nodes("assignment"):
        target, value = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        name = target_name(target)
        if name and target is not None and value is not None and not file.in_broken_code(assignment):
            yield name, target, value


def configured(file: PythonFile) -> Iterator[tuple[str, Node, Node]]:
    """The settings of `app.config.update(NAME=value)`, `.from_mapping(...)` and the like: name, place and value."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        owner = function.child_by_field_name("object") if function is not None else None
        if called_name(call) not in ("update", "from_mapping") or owner is None or file.in_broken_code(call):
            continue
        if not text(owner).endswith("config"):
            continue
        for place, value in arguments(call):
            if place.isdigit():
                yield from ((name, given.parent or given, given) for name, given in entries(value).items())
            else:
                yield place, value.parent or value, value


def is_django_settings(file: PythonFile) -> bool:
    """Whether a file is a settings module of Django, by its name and what stands in it."""
    if _SETTINGS.search("/" + file.relative) is None or "/conf/global_settings" in "/" + file.relative:
        return False  # Django's own, which a project overrides
    words = (b"INSTALLED_APPS", b"MIDDLEWARE", b"ROOT_URLCONF", b"import *", b"django")
    return any(word in file.data for word in words)


def function_text(node: Node) -> str:
    """The source of the function around a node, of the module where there is none."""
    current = node
    while current.parent is not None and current.type != "function_definition":
        current = current.parent
    return text(current)


def words_around(node: Node) -> str:
    """The names that say what a value is for: what it is assigned to or passed as, and the functions around it."""
    found: list[str] = []
    current = node.parent
    while current is not None:
        if current.type == "assignment":
            left = current.child_by_field_name("left")
            found.append(text(left) if left is not None else "")
        elif current.type in ("keyword_argument", "function_definition"):
            name = current.child_by_field_name("name")
            found.append(text(name) if name is not None else "")
            if current.type == "function_definition":
                break
        elif current.type == "pair":
            key = current.child_by_field_name("key")
            found.append(text(key) if key is not None else "")
        current = current.parent
    return " ".join(found)
