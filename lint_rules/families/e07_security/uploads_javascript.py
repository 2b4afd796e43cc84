"""Where multer asks by what name and in which folder it keeps an upload: the callbacks of `multer.diskStorage`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.flows_javascript import BASE_NAME, Taint
from lint_rules.families.e07_security.reading_javascript import called_name, key_name
from lint_rules.families.e07_security.values_javascript import Value
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import callee, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

_ASKED = frozenset({"filename", "destination"})
STORAGE = "multer.diskStorage"


def storage_member(function: Node, file: JavaScriptFile) -> str:
    """`filename` or `destination` for a function that tells multer so, "" for any other."""
    if not _mentions_storage(file.data):
        return ""
    member = function if function.type == "method_definition" else function.parent
    key = member.child_by_field_name("key" if member.type == "pair" else "name") if member is not None else None
    name = key_name(key) if key is not None else ""
    owner = member.parent.parent if member is not None and member.parent is not None else None
    call = owner.parent if owner is not None and owner.type == "arguments" else None
    return name if name in _ASKED and call is not None and called_name(call) == "diskStorage" else ""


@lru_cache(maxsize=2)  # asked for every function of a file
def _mentions_storage(data: bytes) -> bool:
    return b"diskStorage" in data


def file_of(position: int, name: Node) -> Value | None:
    """What the second parameter of such a function holds of the client: the name of the upload, without a folder."""
    if position != 1:
        return None
    written = f"{text(name)}.originalname"
    return Value(frozenset((Taint(written, clean=(BASE_NAME,), inside="originalname"),)))


def answers_storage(call: Node, around: Scope | None, file: JavaScriptFile) -> str:
    """The symbol of what `callback(null, name)` answers within such a function; "" for any other call."""
    function = callee(call)
    if around is None or function is None or function.type != "identifier":
        return ""
    member = storage_member(around.node, file)
    parameters = parameter_nodes(around.node) if member else []
    is_answer = len(parameters) > 2 and text(parameters[2].child_by_field_name("pattern") or parameters[2]) == text(
        function
    )
    return f"{STORAGE}.{member}" if is_answer else ""
