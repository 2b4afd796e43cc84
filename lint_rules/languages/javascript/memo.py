"""Values that are computed once and kept."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, arguments, bare, string_value, text

_FUNCTIONS = frozenset(FUNCTION_KINDS)
_IN_MEMORY = ("/proc/", "/sys/")


def is_harmless_read(call: Node) -> bool:
    """Whether a call reads what the kernel has in memory, or is made once and its value kept."""
    given = arguments(call)
    if bool(given) and _leading_text(bare(given[0])).startswith(_IN_MEMORY):
        return True
    return is_done_once(call) or _fills_once(call)


_FILLED = re.compile(r"(?:this\.|self\.)[_#]?(?:is)?_?(?:loaded|initiali[sz]ed)\s*=\s*true\b", re.IGNORECASE)


def _fills_once(call: Node) -> bool:
    """Whether the function around a call is the one that loads an object, and says so: `this._loaded = true`."""
    function = _function_of(call)
    return function is not None and _FILLED.search(text(function)) is not None


def _function_of(place: Node) -> Node | None:
    function: Node | None = place
    while function is not None and function.type not in _FUNCTIONS:
        function = function.parent
    return function


def _leading_text(value: Node) -> str:
    """How a text begins: `"/sys/class/net/" + name`, a template, a name that was set to one of these."""
    current: Node | None = value
    while current is not None and current.type == "binary_expression":
        current = current.child_by_field_name("left")
    if current is None:
        return ""
    if current.type == "identifier":
        return _set_to(current)
    return text(current)[1:] if current.type == "template_string" else string_value(current) or ""


def _set_to(name: Node) -> str:
    """How the text begins that a function around a name sets it to: `const base = "/sys/class/net/" + card`."""
    written = re.compile(rf"\b(?:const|let|var)\s+{re.escape(text(name))}\s*=\s*[\"'`]([^\"'`\n]*)")
    place = _function_of(name)
    while place is not None:
        found = written.search(text(place))
        if found is not None:
            return found[1]
        place = _function_of(place.parent) if place.parent is not None else None
    return ""


_MISSING = re.compile(
    r"!\s*([\w$][\w$.]*?)(?:\.has\b|\.get\b)?\s*(?:[(\[)&|]|\Z)|([\w$.]+?)(?:\[[^\]]*\])?\s*={2,3}\s*(?:null|undefined)\b"
)


def is_done_once(call: Node) -> bool:
    """Whether what a call gives is kept, and the call made only where it is missing: `if (!page) page = read()`."""
    current = call
    while (parent := current.parent) is not None:
        if parent.type in _FUNCTIONS:
            return False
        if parent.type == "augmented_assignment_expression":
            operator = parent.child_by_field_name("operator")
            target = parent.child_by_field_name("left")
            if operator is not None and operator.type in ("??=", "||=") and target is not None:
                return _outlives(target, parent)
        if parent.type == "assignment_expression" and current == parent.child_by_field_name("right"):
            target = parent.child_by_field_name("left")
            if current.type == "binary_expression" and target is not None:
                kept = current.child_by_field_name("left")
                if kept is not None and text(kept) == text(target):  # page = page || read()
                    return _outlives(target, parent)
        if parent.type == "binary_expression" and current == parent.child_by_field_name("right") and _is_kept(parent):
            return True
        if parent.type == "if_statement" and current == parent.child_by_field_name("consequence"):
            condition = parent.child_by_field_name("condition")
            if condition is not None and _fills(text(condition).strip()[1:-1], text(current)):
                return True
        if parent.type == "statement_block" and _returned_before(parent, current):
            return True
        current = parent
    return False


_LOOKED_UP = re.compile(r"([A-Za-z_$][\w$.]*?)(?:\.get\(|\[)")


def _is_kept(choice: Node) -> bool:
    """Whether `pages.get(name) || read(name)` is put where it was looked up: `pages.set(name, page)`."""
    left, operator = choice.child_by_field_name("left"), choice.child_by_field_name("operator")
    found = _LOOKED_UP.search(text(left)) if left is not None else None
    if found is None or operator is None or operator.type not in ("||", "??"):
        return False
    block = choice.parent
    while block is not None and block.type != "statement_block":
        block = block.parent
    return block is not None and _is_set(found[1], text(block))


def _outlives(target: Node, assignment: Node) -> bool:
    """Whether what is assigned to is not declared in the function that assigns it."""
    function = _function_of(assignment)
    name = re.match(r"[A-Za-z_$][\w$]*", text(target))
    if function is None or name is None or target.type != "identifier":
        return True
    return re.search(rf"\b(?:let|var)\s[^;=()]*(?<![\w$]){re.escape(name[0])}(?![\w$])", text(function)) is None


_NAMES = re.compile(r"(?<![\w.$])[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")


def _returned_before(block: Node, statement: Node) -> bool:
    """Whether a block gives back in front of a statement what it fills from there on: `if (page) return page`."""
    filled = ""
    for earlier in block.named_children:
        if earlier.start_byte >= statement.start_byte:
            return False
        if earlier.type != "if_statement":
            continue
        condition, consequence = (earlier.child_by_field_name(name) for name in ("condition", "consequence"))
        if condition is None or consequence is None or "return" not in text(consequence):
            continue
        if not filled:
            data = block.text or b""
            filled = data[statement.start_byte - block.start_byte :].decode("utf-8", "replace")
        for name in _NAMES.findall(text(condition)):
            kept = name.removesuffix(".has").removesuffix(".get")
            if _is_set(kept, filled) and re.search(rf"\breturn\b[^;]*{re.escape(kept)}", text(consequence)):
                return True
    return False


def _fills(condition: str, body: str) -> bool:
    """Whether the body of an `if` sets what its condition found missing."""
    for found in _MISSING.finditer(condition):
        name = found.group(1) or found.group(2)
        if _is_set(name, body):
            return True
    return False


def _is_set(name: str, body: str) -> bool:
    written = rf"(?<![\w.$]){re.escape(name)}(?:\s*=[^=]|\s*\[[^\]]*\]\s*=[^=]|\.set\()"
    return re.search(written, body) is not None
