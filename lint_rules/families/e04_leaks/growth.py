"""What files of JavaScript do to containers that live as long as the process, written down for the whole project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Node

from lint_rules.languages.javascript.container_uses import assigned_keys
from lint_rules.languages.javascript.containers import Container, shared_containers
from lint_rules.languages.javascript.grammar import arguments, callee, named, text
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import CLASS, FUNCTION, MODULE, Scope
from lint_rules.model import Notes, Span
from lint_rules.project.node_names import EXPORTS

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_MAY_CHANGE = re.compile(
    rb"\.(?:push|unshift|set|add|concat|pop|shift|splice|delete|clear|length)\b|\]\s*(?:\|\|=|\?\?=|=(?!=))|\bdelete\b|\bObject\.assign\b"
)
_MAX_NODES = 200


class ContainerNote(msgspec.Struct, frozen=True, array_like=True):
    """A place where a function adds to a container, or, with no function, that entries may be taken out of it.

    `container` is its symbol, `<module>.<exports>.orders` if other files can have it, `<module>.Orders.this.seen` of a
    field; `name` is what is written there.
    `position` is that of the parameter that is the key, -1 if there is no key or it is something else. `owner` is the
    class of a field, "" where the file tells that a process has one object of it.
    """

    container: str
    name: str
    function: str = ""
    span: Span | None = None
    position: int = -1
    owner: str = ""


CONTAINERS = Notes("containers", ContainerNote)


@CONTAINERS.of("javascript")
def containers_of(file: JavaScriptFile) -> Iterator[ContainerNote]:
    if file.is_test or _MAY_CHANGE.search(file.data) is None:
        return
    for container in shared_containers(file):
        symbol = _symbol(container, file)
        if container.is_tended:
            yield ContainerNote(symbol, container.name)
            continue
        for added in container.adds:
            scope = _running(file.scopes.at(added.start_byte))
            if scope.kind == FUNCTION and _varies(added, file):
                owner = container.owner.name if container.owner is not None and container.is_of_many else ""
                position = _key_parameter(added, file)
                yield ContainerNote(symbol, container.name, scope.name, file.span(added), position, owner)


def _symbol(container: Container, file: JavaScriptFile) -> str:
    exports = f".{EXPORTS}" if container.is_exported else ""
    owner = f".{container.owner.name}" if container.owner is not None else ""
    return container.imported or f"{file.module}{exports}{owner}.{container.name}"


def _running(scope: Scope) -> Scope:
    while scope.kind == CLASS and scope.parent is not None:
        scope = scope.parent
    return scope


def _key_parameter(added: Node, file: JavaScriptFile) -> int:
    """The position of the parameter that an entry is stored under: 0 for `(key, value) => entries.set(key, value)`."""
    key: Node | None = None
    if added.type == "call_expression":
        given, function = arguments(added), callee(added)
        key = given[0] if given and function is not None and last_name(function) in ("set", "add") else None
    elif (left := added.child_by_field_name("left")) is not None and left.type == "subscript_expression":
        key = left.child_by_field_name("index")
    if key is None or key.type != "identifier":
        return -1
    waiting, seen = [key], 0
    while waiting and seen < _MAX_NODES:
        node = waiting.pop(0)
        seen += 1
        waiting.extend(named(node))
        found = file.scopes.binding(text(node), node.start_byte) if node.type == "identifier" else None
        binding = found[1][0] if found is not None and found[0].kind == FUNCTION else None
        if binding is not None and binding.kind == "parameter":
            return -1 if binding.path else binding.position
        if binding is not None and binding.kind == "value" and binding.node is not None:
            waiting.append(binding.node)  # const path = resolve(name)
    return -1


def _varies(added: Node, file: JavaScriptFile) -> bool:
    """Whether another call of the function adds another entry, as far as it alone tells."""
    if added.type == "call_expression":
        function = callee(added)
        given = arguments(added)
        if function is not None and last_name(function) in ("push", "unshift"):
            return bool(given)
        keys = assigned_keys(added) or given[:1]
        return any(_reads_local(one, file) for one in keys)
    left, right = added.child_by_field_name("left"), added.child_by_field_name("right")
    index = left.child_by_field_name("index") if left is not None and left.type == "subscript_expression" else None
    looked_at = index if index is not None else right
    return looked_at is not None and _reads_local(looked_at, file)


def _reads_local(expression: Node, file: JavaScriptFile) -> bool:
    waiting = [expression]
    for _ in range(_MAX_NODES):
        if not waiting:
            return False
        node = waiting.pop()
        waiting.extend(named(node))
        if node.type in ("identifier", "shorthand_property_identifier"):
            found = file.scopes.binding(text(node), node.start_byte)
            if found is None or found[0].kind == MODULE:
                continue
            source = _iterated(found[0]) if found[1][0].kind == "parameter" else None
            if source is None:
                return True
            waiting.append(source)
    return False


def _iterated(function: Scope) -> Node | None:
    """What a function is called for each element of: `names` of `names.forEach((name) => ...)`."""
    place = function.node.parent
    call = place.parent if place is not None and place.type == "arguments" else None
    method = callee(call) if call is not None else None
    if method is None or last_name(method) not in ("forEach", "map"):
        return None
    return method.child_by_field_name("object")
