"""What regular expressions leave a client to choose: in a text that matches as a whole, in a part of an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, around, bare, string_value, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_ESCAPES_OF_MANY = frozenset("SDWP")
_MOST_SIGNS = 500


def lets_few_through(pattern: Node, file: JavaScriptFile) -> bool:
    """Whether a regular expression names every sign of the whole text: `/^[\\w-]+$/`, not `/\\w/` or `/^.+$/`."""
    node = bare(pattern)
    if node.type == "identifier":
        node = bare(file.names.only_value(text(node), node.start_byte) or node)
    if node.type != "regex":
        return False
    body, _, flags = text(node).lstrip("/").rpartition("/")
    return body.startswith("^") and body.endswith("$") and "m" not in flags and _is_narrow(body[1:-1])


def _is_narrow(body: str) -> bool:
    """Whether no part of a pattern stands for most signs, or for what separates folders."""
    place, in_class = 0, False
    while place < min(len(body), _MOST_SIGNS):
        sign = body[place]
        if sign == "\\":
            following = body[place + 1 : place + 2]
            if following in _ESCAPES_OF_MANY or following in ("/", "\\"):
                return False
            place += 2
            continue
        if sign == "[" and not in_class:
            in_class = True
            if body[place + 1 : place + 2] == "^":
                return False
        elif sign == "]":
            in_class = False
        elif sign == "/" or (sign in ".^$|" and not in_class):
            return False
        place += 1
    return len(body) <= _MOST_SIGNS


def is_limited_by_route(node: Node, file: JavaScriptFile) -> bool:
    """Whether the pattern of the route says which signs a part of the address has.

    `req.params[0]` of `app.get(/^\\/theme\\/(\\w+\\.\\w+)$/, ...)`, `req.params.id` of `app.get("/:id(\\\\d+)", ...)`.
    """
    owner = node.child_by_field_name("object")
    if owner is None or not text(owner).endswith(".params"):
        return False
    last, index = node.child_by_field_name("property"), node.child_by_field_name("index")
    name = text(last) if last is not None else (string_value(index) or text(index)) if index is not None else ""
    function = file.enclosing_function(node)
    while function is not None:
        outer = around(function.node)
        call = outer.parent if outer is not None and outer.type == "arguments" else None
        if call is not None and call.type == "call_expression" and (given := arguments(call)):
            group = _group(bare(given[0]), name)
            return bool(group) and _is_narrow(group)
        function = function.parent.function if function.parent is not None else None
    return False


def _group(route: Node, name: str) -> str:
    """The pattern for a part of an address, "" where there is none."""
    if route.type == "regex":
        body = text(route).lstrip("/").rpartition("/")[0]
        groups = list(_groups(body))
        return groups[int(name)] if name.isdigit() and int(name) < len(groups) else ""
    written = (string_value(route) or "").replace("\\\\", "\\")
    start = written.find(f":{name}(") if name else -1
    return next(_groups(written[start:]), "") if start >= 0 else ""


def _groups(pattern: str) -> Iterator[str]:
    """What stands in the capturing groups of a pattern that lie in no other."""
    level, start, place, is_capturing = 0, 0, 0, False
    while place < len(pattern):
        sign = pattern[place]
        if sign == "\\":
            place += 1
        elif sign == "(":
            level += 1
            if level == 1:
                start, is_capturing = place + 1, not re.match(r"\?(?!<\w)", pattern[place + 1 : place + 4])
        elif sign == ")" and level:
            level -= 1
            if level == 0 and is_capturing:
                yield pattern[start:place]
        place += 1
