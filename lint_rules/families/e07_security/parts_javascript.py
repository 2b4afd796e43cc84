"""Parts of JavaScript values, and what calls of the language leave of them."""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.families.e07_security.values_javascript import NOTHING_KNOWN, Value, cleaned, member_of
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, bare, text

_SERVER_MADE = re.compile(
    r"\.files?(?:\.\w+|\[[^\]]*\]|\.<item>)*\.+(?:path|filename|destination|size|tempFilePath|encoding|md5|filepath)$"
)
"""What multer and its like say about an upload, and not the client."""
_CONTENT = re.compile(r"\bfiles?(?:\.\w+|\[[^\]]*\])*\??\.(?:buffer|data|stream|mimetype)$")
_LISTS = re.compile(r"\b(?:includes|has|indexOf|hasOwn\w*|isInteger|isNaN|test|some)\(|\bin\b")
_OTHER_THAN_WORDS = re.compile(r"^/(?:\[\^(?:\\[wds]|[\w -])+\]|\\W|\\D)[+*]?/\w*g")
"""A pattern that finds everything but letters, digits, spaces and the like."""
_SIGNS = {"TEN0701": r"'|\\\\", "TEN0703": r"'|;", "TEN0705": r"\\\.\\\.|\\\.\{2|\.\.", "TEN0707": r"<"}
_DEEPEST = 40


def replaced(value: Value, pattern: str) -> Value:
    """What `replace` leaves: letters and digits only, or a text without the signs that one rule is about."""
    if _OTHER_THAN_WORDS.search(pattern):
        return NOTHING_KNOWN
    rules = [rule for rule, signs in _SIGNS.items() if pattern.startswith("/") and re.search(signs, pattern)]
    return cleaned(value, rules)


def chosen(base: Value, predicate: Node) -> Value:
    """What `filter` leaves: by a list of names, names of that list; of the members of a document, not all."""
    if _LISTS.search(text(predicate)) is None:
        return base
    parameters = parameter_nodes(bare(predicate)) if bare(predicate).type in FUNCTION_KINDS else []
    if parameters and parameters[0].type == "identifier":
        return NOTHING_KNOWN
    return replace(base, taints=frozenset(msgspec.structs.replace(one, is_whole=False) for one in base.taints))


def taken(value: Value, path: tuple[str, ...]) -> Value:
    for name in path:
        value = member_of(value, name)
    return value


def is_server_made(written: str) -> bool:
    """Whether an expression reads what the server says about an upload."""
    return _SERVER_MADE.search("".join(written.split())) is not None


def is_content(written: str) -> bool:
    """Whether an expression reads the bytes of an upload, which name no file."""
    return _CONTENT.search("".join(written.split())) is not None


def keys_of(value: Value) -> Value:
    """The names of the members: those of a document are the client's too."""
    return Value(frozenset(taint for taint in value.taints if taint.is_document and not taint.inside))


def parsed(value: Value, *, is_json: bool) -> Value:
    """What parsing gives: a document of whatever types, or an address."""
    exposed = {"TEN0702"} if is_json else set()
    taints = (
        msgspec.structs.replace(
            taint, clean=tuple(one for one in taint.clean if one not in exposed), is_document=is_json, is_whole=is_json,
            inside="",
        )
        for taint in value.taints
    )  # fmt: skip
    return Value(frozenset(taints))


def is_switched_on(node: Node) -> bool:
    """Whether a case around an expression says which constant it is."""
    written = text(node)
    outer = node.parent
    for _ in range(_DEEPEST):
        if outer is None or outer.type in FUNCTION_KINDS:
            return False
        if outer.type == "switch_case" and outer.parent is not None and outer.parent.parent is not None:
            subject = outer.parent.parent.child_by_field_name("value")
            label = outer.child_by_field_name("value")
            is_label = label is not None and label.start_byte <= node.start_byte < label.end_byte
            if subject is not None and not is_label and text(bare(subject)) == written:
                return True
        outer = outer.parent
    return False


def root(node: Node) -> Node:
    current = bare(node)
    for _ in range(_DEEPEST):
        inner = current.child_by_field_name("object") or current.child_by_field_name("function")
        if inner is None:
            break
        current = bare(inner)
    return current


def operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""
