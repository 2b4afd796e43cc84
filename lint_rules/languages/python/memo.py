"""Files that are read once and kept, and those that are no files."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named, nodes_of_kinds
from lint_rules.languages.python.scopes import text

READS = frozenset(
    {"Llama", "NamedTemporaryFile", "SentenceTransformer", "from_pretrained", "glob", "iglob", "iterdir", "listdir",
     "load", "load_model", "open", "pipeline", "read_bytes", "read_text", "rglob", "scandir", "walk"}
)  # fmt: skip
"""Last names of calls of which it is asked."""

ONCE = "once=true"
"""Among a call's literals: what it gives is kept, or is in memory anyway."""

_NAMED = re.compile(r"\w+\.(?:close|name)\Z")
_IN_MEMORY = re.compile(r"""[rRfF]{0,2}["']{1,3}/(?:proc|sys)/""")
_FUNCTIONS = frozenset({"function_definition", "lambda", "class_definition"})
_PLACE = r"[A-Za-z_]\w*(?:\.\w+)*"
_NO_ATTRIBUTE = re.compile(r"not\s+hasattr\(\s*(\w+)\s*,\s*[\"'](\w+)[\"']\s*\)")
_MISSING = re.compile(rf"not\s+({_PLACE})\s*(?:\Z|\band\b|\bor\b)|({_PLACE})\s+is\s+None\b|\bnot\s+in\s+({_PLACE})")
_THERE = re.compile(rf"\A\(?\s*({_PLACE})(?:\s+is\s+not\s+None)?\s*\)?\Z|\bin\s+({_PLACE})")


def is_harmless_read(call: Node) -> bool:
    """Whether a call reads what the kernel has in memory, or is made once and its value kept."""
    return _is_in_memory(call) or _is_only_named(call) or _is_shallow(call) or is_done_once(call)


def _is_shallow(call: Node) -> bool:
    """Whether `folder.glob(pattern)` looks into one folder: its pattern, or what it was set to, has no `**`."""
    function = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    pattern = first_named(arguments) if arguments is not None else None
    if function is None or pattern is None or function.type != "attribute" or text(function).endswith(".rglob"):
        return False
    if not text(function).endswith(".glob") or len(arguments.named_children if arguments is not None else ()) != 1:
        return False
    if pattern.type == "identifier":
        around = _function_of(call)
        written = re.findall(rf"(?<![\w.]){re.escape(text(pattern))}\s*=\s*([rf]{{0,2}}[\"'][^\n]*)", text(around))
        return bool(written) and not any("**" in one for one in written)
    return pattern.type == "string" and "**" not in text(pattern)


def _function_of(place: Node) -> Node:
    while place.parent is not None and place.type not in _FUNCTIONS:
        place = place.parent
    return place


def _is_only_named(call: Node) -> bool:
    """Whether a file is opened for its name alone: `target = NamedTemporaryFile(delete=False)`, `target.name`."""
    place = call.parent
    target = place.child_by_field_name("left") if place is not None and place.type == "assignment" else None
    if target is None or target.type != "identifier" or "TemporaryFile" not in text(call).partition("(")[0]:
        return False
    function = _function_of(call)
    reads = (node for node in nodes_of_kinds(function, ("identifier",))["identifier"] if node.text == target.text)
    return all(node == target or _NAMED.match(text(node.parent)) for node in reads if node.parent is not None)


def _is_in_memory(call: Node) -> bool:
    """`open("/proc/self/statm")`, `Path(f"/proc/{pid}/stat").read_text()`"""
    arguments = call.child_by_field_name("arguments")
    first = first_named(arguments) if arguments is not None else None
    if first is not None and _IN_MEMORY.match(text(first)) is not None:
        return True
    function = call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    return receiver is not None and receiver.type == "call" and _is_in_memory(receiver)


def is_kept(call: Node) -> bool:
    """Whether a call is made once for what outlives the function: `if _info is None: _info = json.dumps(gather())`."""
    place: Node | None = call
    while place is not None and place.type in ("call", "argument_list", "attribute", "await"):
        place = place.parent
    if place is None or place.type != "assignment":
        return False
    around = place.parent.parent.parent if place.parent is not None and place.parent.parent is not None else None
    return around is not None and around.type in ("if_statement", "else_clause") and is_done_once(call)


def is_done_once(call: Node) -> bool:
    """Whether a call stands where something kept is missing: `if self._page is None: self._page = ...`."""
    current = call
    while (parent := current.parent) is not None:
        if parent.type == "block" and _returned_before(parent, current):
            return True
        if parent.type in _FUNCTIONS:
            return False
        if parent.type == "if_statement" and current == parent.child_by_field_name("consequence"):
            condition = parent.child_by_field_name("condition")
            written = _NO_ATTRIBUTE.sub(r"not \1.\2", text(condition)) if condition is not None else ""
            asked = _MISSING.finditer(written)
            if any(_is_kept(next(filter(None, found.groups())), text(current), parent) for found in asked):
                return True
        if parent.type == "else_clause" and parent.parent is not None:
            condition = parent.parent.child_by_field_name("condition")
            there = _THERE.search(text(condition)) if condition is not None else None
            if there is not None and _is_kept(next(filter(None, there.groups())), text(parent), parent):
                return True
        current = parent
    return False


def _returned_before(block: Node, statement: Node) -> bool:
    """Whether a block gives back in front of a statement what it fills after it: `if self._page: return self._page`."""
    for earlier in block.named_children:
        if earlier.start_byte >= statement.start_byte:
            return False
        condition = earlier.child_by_field_name("condition") if earlier.type == "if_statement" else None
        found = _THERE.search(text(condition)) if condition is not None else None
        if found is None or re.search(r"\breturn\b", text(earlier)) is None:
            continue
        rest = text(block).encode()[statement.start_byte - block.start_byte :].decode("utf-8", "replace")
        if _is_kept(next(filter(None, found.groups())), rest, block):
            return True
    return False


def _is_kept(name: str, body: str, place: Node) -> bool:
    """Whether a body sets a name that outlives the function: an attribute, a global, an entry of one."""
    if name not in body:
        return False
    own = re.escape(name)
    if re.search(rf"(?<![\w.]){own}\s*\[[^\]\n]*\]\s*=[^=]", body) is not None:
        return True
    if re.search(rf"(?<![\w.]){own}\s*(?::[^=\n]*)?=[^=]", body) is None:
        return False
    return "." in name or _is_global(name, place)


def _is_global(name: str, place: Node) -> bool:
    current: Node | None = place
    while current is not None and current.type != "function_definition":
        current = current.parent
    return current is not None and re.search(rf"\bglobal\b[^\n]*\b{re.escape(name)}\b", text(current)) is not None
