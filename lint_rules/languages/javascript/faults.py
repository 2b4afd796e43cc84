"""Syntax errors, as far as they are sure: the grammars lag behind the language, and no other parser can be asked."""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import JAVASCRIPT, TSX, TYPESCRIPT, Parsed, brackets, parse_with, text


class SyntaxFault(Struct, frozen=True):
    """The first place that does not parse: byte offset, and what is wrong in a few words."""

    at: int
    reason: str


# Where the grammars lag behind the language, and files that are no plain JavaScript (templates, Flow).
_MAYBE_NEWER = re.compile(
    rb"\b(?:using|accessor|asserts|unique|infer|abstract|opaque)\s+[\w#$]|\b(?:im|ex)port\s+(?:defer|source|module|type)\b|\b(?:in|out)\s+\w+\s*[,>]"
    rb"|^\s*@\w|<!--|-->|\|>|#\{|#\[|::|<%|%>|\{\{|\{%|%[A-Z]{3}|\bdo\s*\{[^}]*\}\s*[;,)]|\bmatch\s*\(",
    re.MULTILINE,
)
_OTHER_LANGUAGE = re.compile(rb"@flow|<%[=\-_#]?|\{%-? |<\?php|^\s*<(?:!DOCTYPE|html|script)", re.IGNORECASE)
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
_NEAR = 80


def syntax_fault(parsed: Parsed, data: bytes) -> SyntaxFault | None:
    """The first syntax error, None if there is none or if it may be the grammar that is wrong.

    There is no second parser to ask, so a place counts only if no grammar takes the file and nothing near it looks like
    syntax that is newer than the grammars.
    """
    root = parsed.tree.root_node
    if not root.has_error or _OTHER_LANGUAGE.search(data):
        return None
    conflict = _CONFLICT.search(data)
    if conflict is not None:
        return SyntaxFault(conflict.start(), "a merge conflict was not resolved")
    faulty = first_fault(root)
    if faulty is None:
        return None
    if parsed.grammar is not JAVASCRIPT and not _is_sure(parsed, data, faulty):
        return None
    if faulty.is_missing:
        near = data[max(0, faulty.start_byte - _NEAR) : faulty.start_byte + _NEAR]
        if _MAYBE_NEWER.search(near):
            return None
        return SyntaxFault(
            faulty.start_byte, f"`{faulty.type}` is missing" if not faulty.is_named else "a part is missing"
        )
    end = min(faulty.end_byte, faulty.start_byte + 20 * _NEAR)
    if _MAYBE_NEWER.search(data[max(0, faulty.start_byte - _NEAR) : end + _NEAR]):
        return None
    if any(not parse_with(grammar, data).root_node.has_error for grammar in (TYPESCRIPT, TSX)):
        return None
    return SyntaxFault(_first_token(faulty).start_byte, "unexpected code")


# Where a value ends before it began, or an operator stands alone.
_NO_VALUE = re.compile(rb"[=&|]\s*[;,\])}]|\(\s*[,\]}]|,\s*;|\.\s*[;)]")


def _is_sure(parsed: Parsed, data: bytes, faulty: Node) -> bool:
    """Whether TypeScript is certainly wrong: its types have forms that the grammar does not know.

    That is where the brackets of the file do not match, or where a value is missing.
    """
    count = Counter(text(one) for one in brackets(parsed.tree.root_node, parsed.grammar))
    opened = count["("], count["["], count["{"] + count["${"]
    if opened != (count[")"], count["]"], count["}"]):
        return True
    return (
        _NO_VALUE.search(data, max(0, faulty.start_byte - 2), min(faulty.end_byte, faulty.start_byte + _NEAR) + 2)
        is not None
    )


def first_fault(root: Node) -> Node | None:
    """The first ERROR or MISSING node in the order of the text, innermost first where they nest."""
    current = root
    while True:
        if current.is_missing:
            return current
        faulty = next(
            (child for child in current.children if child.has_error or child.is_error or child.is_missing), None
        )
        if faulty is None:
            return current if current.is_error else None
        if faulty.is_error and not any(child.has_error or child.is_missing for child in faulty.children):
            return faulty
        current = faulty


def _first_token(node: Node) -> Node:
    while node.child_count:
        child = node.child(0)
        if child is None:
            break
        node = child
    return node
