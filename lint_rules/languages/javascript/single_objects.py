"""Classes of JavaScript of which a process has one object, and what no other file changes of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lint_rules.languages.javascript.grammar import callee, text
from lint_rules.languages.javascript.scopes import MODULE, Scope

if TYPE_CHECKING:
    from tree_sitter import Node

    from lint_rules.languages.javascript.file import JavaScriptFile

_PROVIDED = re.compile(r"@(?:Injectable|Controller|WebSocketGateway|Resolver|Service|Singleton|singleton|injectable)\b")
_PRIVATE = re.compile(r"\b(?:private|protected)\b|#|\b_\w")
_OF_REQUESTS = re.compile(r"Scope\.(?:REQUEST|TRANSIENT)|transient|perRequest|per-request")


def is_of_one_object(value: Node, owner: Scope, file: JavaScriptFile) -> bool:
    """Whether the field that a value initializes is there once in a process, and the class alone changes it.

    A field of TypeScript is for everybody unless it says otherwise; JavaScript has rarely a word for it.
    """
    return is_own_field(value, file) and _has_one_object(owner, file)


def is_own_field(value: Node, file: JavaScriptFile) -> bool:
    """Whether the class alone changes the field that a value initializes, as far as the file says."""
    field = value.parent
    is_typed = file.path.endswith((".ts", ".tsx", ".mts", ".cts"))
    return field is not None and not (is_typed and _PRIVATE.search(text(field).partition("=")[0]) is None)


def is_made_anew(owner: Scope) -> bool:
    """Whether a container of dependencies makes an object of a class for each request, or for each who asks."""
    return _OF_REQUESTS.search(_decorators(owner.node)) is not None


def _has_one_object(owner: Scope, file: JavaScriptFile) -> bool:
    """Whether a container of dependencies makes the only object of a class, or the file does, at its top."""
    marks = _decorators(owner.node)
    if _PROVIDED.search(marks) is not None:
        return _OF_REQUESTS.search(marks) is None
    name = text(owner.node.child_by_field_name("name") or owner.node)
    made = [call for call in file.nodes("new_expression") if (made_of := callee(call)) and text(made_of) == name]
    return len(made) == 1 and file.scopes.at(made[0].start_byte).kind == MODULE


def _decorators(node: Node) -> str:
    """The decorators of a class, which stand in it or before its `export`."""
    outer = node.parent if node.parent is not None and node.parent.type == "export_statement" else node
    places = [*node.children, *outer.children]
    before = outer.prev_named_sibling
    while before is not None and before.type == "decorator":
        places.append(before)
        before = before.prev_named_sibling
    return " ".join(text(one) for one in places if one.type == "decorator")
