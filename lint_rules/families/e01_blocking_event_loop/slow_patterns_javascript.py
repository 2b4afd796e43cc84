"""Which data of clients a regular expression of JavaScript is run on, within its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, around, bare, callee, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

TRIGGER = re.compile(rb"[+*}\]][^\n]{0,200}[+*}]")
"""A pattern that backtracks repeats twice."""

_RUNS = frozenset({"test", "exec"})
_RUN_ON = frozenset({"match", "matchAll", "replace", "replaceAll", "search", "split"})
_VALIDATES = frozenset({"pattern", "regex", "matches"})
"""Methods of joi, zod, yup and express-validator that match a field with what they are given."""
_MOST_HOPS = 3


def matched_with(regex: Node, file: JavaScriptFile) -> tuple[str, Node] | None:
    """What of the request a pattern is run on, as written, and where."""
    for place in (regex, *_uses(regex, file)):
        call = around(place)
        subject = _subject(place, file)
        if subject is not None:
            source = _sent(subject, file)
            if source:
                return source, place
        elif call is not None and call.type == "arguments" and call.parent is not None:
            function = callee(call.parent)
            last = function.child_by_field_name("property") if function is not None else None
            if last is not None and text(last) in _VALIDATES:
                return "the value of a field", place
    return None


def _uses(regex: Node, file: JavaScriptFile) -> Iterator[Node]:
    """The names of the file that stand for a pattern: `EMAIL`, `patterns.email`."""
    holder = around(regex)
    name = holder.child_by_field_name("name") if holder is not None and holder.type == "variable_declarator" else None
    key = holder.child_by_field_name("key") if holder is not None and holder.type == "pair" else None
    if name is not None and name.type == "identifier":
        for use in file.nodes("identifier"):
            if use != name and text(use) == text(name):
                value = file.names.only_value(text(use), use.start_byte)
                if value is not None and bare(value) == regex:
                    yield use
    elif key is not None:
        for member in file.nodes("member_expression"):
            last = member.child_by_field_name("property")
            if last is not None and text(last) == text(key).strip("\"'"):
                yield member


def _subject(pattern: Node, file: JavaScriptFile) -> Node | None:
    """What a pattern is run on: `x` of `/a/.test(x)` and `x.match(/a/)`."""
    parent = around(pattern)
    if parent is None:
        return None
    if parent.type == "member_expression" and parent.child_by_field_name("object") == pattern:
        call, last = around(parent), parent.child_by_field_name("property")
        if call is not None and call.type in CALL_KINDS and last is not None and text(last) in _RUNS:
            return next(iter(arguments(call)), None)
        return None
    call = parent.parent if parent.type == "arguments" else None
    function = callee(call) if call is not None else None
    if call is None or function is None or function.type != "member_expression" or arguments(call)[:1] != [pattern]:
        return None
    last = function.child_by_field_name("property")
    return function.child_by_field_name("object") if last is not None and text(last) in _RUN_ON else None


def _sent(subject: Node, file: JavaScriptFile) -> str:
    """The part of the request that an expression is, also through parameters of functions of the file; "" for none."""
    waiting = [(bare(subject), 0)]
    while waiting:
        node, hops = waiting.pop()
        if node.type == "call_expression" and text(callee(node) or node) in ("String", "decodeURIComponent"):
            node = bare(next(iter(arguments(node)), node))
        root = _root(node)
        function = file.enclosing_function(node)
        if root is not None and function is not None and _is_short(node, function):
            return ""
        if file.reads_request(node):
            return text(node)
        if root is None or function is None or hops == _MOST_HOPS:
            continue
        for position, parameter in enumerate(parameter_nodes(function.node)):
            if text(parameter) == text(root) or text(parameter).startswith((f"{text(root)}:", f"{text(root)} =")):
                waiting.extend((bare(given), hops + 1) for given in _given(function, position, file))
    return ""


def _is_short(node: Node, function: Scope) -> bool:
    """Whether the function asks for the length of a text before it is used."""
    before = (function.node.text or b"")[: node.start_byte - function.node.start_byte]
    return re.search(re.escape(node.text or b"") + rb"\.length\s*[<>]", before) is not None


def _root(node: Node) -> Node | None:
    """`name` of `name.trim()`."""
    while node.type in ("member_expression", "call_expression", "subscript_expression"):
        inner = node.child_by_field_name("object") or node.child_by_field_name("function")
        if inner is None:
            return None
        node = bare(inner)
    return node if node.type == "identifier" else None


def _given(function: Scope, position: int, file: JavaScriptFile) -> Iterator[Node]:
    """What the calls of a function of the file give it at a position."""
    last = function.name.rpartition(".")[2]
    for call in file.nodes("call_expression"):
        called = callee(call)
        if called is None or text(called.child_by_field_name("property") or called) != last:
            continue
        given = arguments(call)
        if position < len(given):
            yield given[position]


def written_by_client(call: Node, file: JavaScriptFile) -> str:
    """The part of the request that becomes a pattern: `req.query.q` of `new RegExp(`^${req.query.q}`)`; "" for none."""
    function = callee(call)
    given = arguments(call)
    if function is None or not given or text(function) != "RegExp" or file.canonical(function) != "globalThis.RegExp":
        return ""
    waiting = [bare(given[0])]
    for _ in range(_MOST_PARTS):
        if not waiting:
            break
        node = waiting.pop()
        if _ESCAPES.search(text(node)) is not None:
            continue
        if node.type in ("template_string", "template_substitution", "binary_expression"):
            waiting.extend(bare(one) for one in reversed(node.named_children))
            continue
        source = _sent(node, file)
        if source:
            return source
        bound = file.names.only_value(text(node), node.start_byte) if node.type == "identifier" else None
        if bound is not None:
            waiting.append(bare(bound))
    return ""


_MOST_PARTS = 30
_ESCAPES = re.compile(r"(?i)escape|quote|\$&|Number\(|parseInt\(")
"""What takes the meaning from the signs of a pattern."""
