"""Containers of JavaScript that grow with every request and from which nothing is taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.serving import Serving, depends_on_request, serving
from lint_rules.languages.javascript.container_uses import assigned_keys
from lint_rules.languages.javascript.containers import Container, containers
from lint_rules.languages.javascript.grammar import arguments, bare, callee
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_ADDS = re.compile(rb"\.(?:push|unshift|set|add|concat)\s*\(|\]\s*(?:\|\|=|\?\?=|=(?!=))|\.\.\.|Object\.assign\(")
_NEW_KEY = re.compile(rb"(?i)random|uuid|nanoid|ulid|Date\.now|\+\+")
_MAKES = re.compile(rb"[=:]\s*(?:\[|\{|new (?:Map|Set|Array|Object)\b|Object\.create\()")


def may_grow(data: bytes) -> bool:
    """Whether a file makes containers and adds to some."""
    return _ADDS.search(data) is not None and _MAKES.search(data) is not None


def growing(file: JavaScriptFile) -> Iterator[tuple[Container, Node, Serving]]:
    """The containers of a file that grow with requests, with the first place that adds to them."""
    if file.is_for_browsers or file.is_tooling:
        return
    for container in containers(file):
        if container.is_tended or container.is_exported:
            continue
        for added in container.adds:
            place = serving(added, file)
            if place is None or not _outlives(container, place, file) or not _varies(added, container, place, file):
                continue
            if not file.in_broken_code(added):
                yield container, added, place
                break


def _outlives(container: Container, place: Serving, file: JavaScriptFile) -> bool:
    """Whether it is there before and after the request."""
    owner = container.owner
    if owner is None:
        return not place.binds(container.scope)
    if place.handler.owner_class is owner:
        return True
    made = [one for one in file.nodes("new_expression") if _constructs(one, owner)]
    return bool(made) and all(file.enclosing_function(one) is None for one in made)


def _constructs(expression: Node, owner: Scope) -> bool:
    function = callee(expression)
    name = owner.node.child_by_field_name("name")
    return function is not None and name is not None and function.text == name.text


def _varies(added: Node, container: Container, place: Serving, file: JavaScriptFile) -> bool:
    """Whether there is a new entry with each request: always for lists, by its key for everything else."""
    if added.type == "call_expression":
        function = callee(added)
        given = arguments(added)
        method = last_name(function) if function is not None else ""
        if method in ("push", "unshift"):
            return bool(given)
        keys = assigned_keys(added) or given[:1]
        return bool(keys) and (depends_on_request(keys, place, file) or _is_new(keys[0], file))
    left, right = added.child_by_field_name("left"), added.child_by_field_name("right")
    index = left.child_by_field_name("index") if left is not None and left.type == "subscript_expression" else None
    if index is not None:
        return b"length" in (index.text or b"") or depends_on_request([index], place, file) or _is_new(index, file)
    return right is not None and depends_on_request([right], place, file)


def _is_new(key: Node, file: JavaScriptFile) -> bool:
    """Whether a key is made anew each time: `randomUUID()`, `Date.now()`, `nextId++`, or a name for one."""
    value = bare(key)
    if value.type == "identifier":
        bound = file.names.only_value((value.text or b"").decode(), value.start_byte)
        value = bare(bound) if bound is not None else value
    return value.type != "identifier" and _NEW_KEY.search(value.text or b"") is not None
