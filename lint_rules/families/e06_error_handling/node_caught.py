"""Which errors a place of a JavaScript file has in hand: of a `catch`, a callback, a rejected promise, a handler."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import (
    FUNCTION_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    named,
    text,
)

ERROR_NAME = re.compile(r"^_?(?:e|ex|exc|er|err|error|exception|reason|failure|e\d|err\d|error\d|\w+(?:Err|Error))$")
WHOLE, MESSAGE, TRACE = "whole", "message", "trace"
_MEMBERS = {"message": MESSAGE, "stack": TRACE}
_FOR_DEVELOPERS = re.compile(
    r"NODE_ENV|process\.env|isDev|isProd|production|development|debug|\benv\b|isTest|isLocal|verbose|showStack|expose",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"(?<!!)==+\s*[\"'`](?:prod|live)|!==?\s*[\"'`](?:dev|local|test)|!\s*(?:\w+\.)*(?:is)?(?:dev|debug)"
    r"|(?<![!\w.\"'`])(?:\w+\.)*\w*prod(?:uction)?\b(?![\"'`])",
    re.IGNORECASE,
)
"""Conditions that hold where the service is a public one."""
_OF_ARRAYS = frozenset({"map", "forEach", "filter", "reduce", "flatMap", "findIndex"})
_MOST_FUNCTIONS = 4
_MOST_LEVELS = 200


class Caught(Struct, frozen=True):
    """An error at a place: the names by which it (`whole`) or its members are there, and the code that has it.

    `how` is catch, promise, callback or handler; `around` is the text of what may have failed, "" where not known.
    """

    names: dict[str, str]
    how: str
    place: Node
    around: str = ""


def caught_at(node: Node, file: JavaScriptFile) -> list[Caught]:
    """The errors that a place has in hand, innermost first."""
    found: list[Caught] = []
    current = node
    functions = 0
    while (parent := current.parent) is not None and functions < _MOST_FUNCTIONS:
        if parent.type == "catch_clause" and parent.child_by_field_name("body") == current:
            parameter = parent.child_by_field_name("parameter")
            attempt = parent.parent.child_by_field_name("body") if parent.parent is not None else None
            written = text(attempt) if attempt is not None else ""
            found.append(Caught(_names(parameter), "catch", parent, written))
        elif parent.type in FUNCTION_KINDS:
            functions += 1
            own = _of_function(parent, file)
            if own is not None:
                found.append(own)
        current = parent
    return found


def _of_function(function: Node, file: JavaScriptFile) -> Caught | None:
    parameters = parameter_nodes(function)
    if not parameters:
        return None
    first = parameters[0]
    names = _names(first.child_by_field_name("pattern") or first)
    place = around(function) if function.type in FUNCTION_LITERALS else None
    call = place.parent if place is not None and place.type == "arguments" else None
    called = callee(call) if call is not None else None
    last = text(called).rpartition(".")[2] if called is not None else ""
    is_second = (
        call is not None and last == "then" and len(arguments(call)) > 1 and bare(arguments(call)[1]) == function
    )
    if last == "catch" or is_second:
        return Caught(names, "promise", function, text(called) if called is not None else "")
    if not any(ERROR_NAME.match(name) for name in names):
        return None
    scope = file.scopes.of(function)
    if len(parameters) == 4 or last in ("setErrorHandler", "onError"):
        return Caught(names, "handler", function)
    if scope is not None and scope.owner_class is not None and scope.name.endswith(".catch"):
        return Caught(names, "handler", function)  # an exception filter
    is_of_array = last in _OF_ARRAYS or (last in ("find", "some", "every") and len(parameters) == 1)
    if call is not None and not is_of_array:
        return Caught(names, "callback", function)
    return None


def _names(pattern: Node | None) -> dict[str, str]:
    """The names in the pattern of a caught error, and what of it they hold."""
    if pattern is None:
        return {}
    found = {}
    for target in targets(pattern):
        kind = WHOLE if not target.path else _MEMBERS.get(target.path[0], "")
        if kind:
            found[text(target.name)] = kind
    return found


# Conditions.


def conditions(node: Node, within: Node) -> Iterator[tuple[Node, bool, bool]]:
    """The conditions under which a place is reached: the condition, whether it holds there, and whether it is one of
    an expression (`a ? b : c`, `a && b`)."""
    current = node
    for _ in range(_MOST_LEVELS):
        parent = current.parent
        if parent is None or current == within:
            return
        if parent.type in ("if_statement", "ternary_expression"):
            condition = parent.child_by_field_name("condition")
            if condition is not None and condition != current:
                holds = parent.child_by_field_name("consequence") == current
                yield condition, holds, parent.type == "ternary_expression"
        elif parent.type == "binary_expression":
            operator, left = parent.child_by_field_name("operator"), parent.child_by_field_name("left")
            if operator is not None and operator.type == "&&" and left is not None and left != current:
                yield left, True, True
        elif parent.type == "switch_case":
            switch = parent.parent.parent if parent.parent is not None else None
            value = switch.child_by_field_name("value") if switch is not None else None
            if value is not None:
                yield value, True, False
        current = parent


def is_for_developers(node: Node, within: Node) -> bool:
    """Whether a place is reached only where a setting says that the service is no public one."""
    if any(_FOR_DEVELOPERS.search(text(condition)) for condition, _, _ in conditions(node, within)):
        return True
    current = node
    while (parent := current.parent) is not None and current != within:
        if parent.type == "statement_block":
            for statement in parent.named_children:
                if statement.start_byte >= current.start_byte:
                    break
                if _leaves_for_setting(statement):
                    return True
        current = parent
    return False


def _leaves_for_setting(statement: Node) -> bool:
    condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
    if condition is None or not _PUBLIC.search(text(condition)):
        return False
    branch = statement.child_by_field_name("consequence")
    return branch is not None and ("return" in text(branch) or "throw" in text(branch))


def is_told_apart(node: Node, caught: Caught) -> bool:
    """Whether a place is reached only for errors that a condition has picked out by class, code or status."""
    names = "|".join(re.escape(name) for name, kind in caught.names.items() if kind == WHOLE) or "(?!)"
    picks = re.compile(
        rf"\b(?:{names})\)?\??\.message\s*(?:===?\s*[\"'`]|\.(?:includes|startsWith|match|endsWith)\()|\.test\((?:{names})\b"
        rf"|\b(?:{names})\)?\s+instanceof\s+(?!Error\b)|\b(?:{names})\)?\??\.(?!message\b|stack\b|toString\b)\w"
        rf"|\w\(\s*(?:{names})\s*[,)]|\b(?:{names})\s+as\s+\w+\)\??\.(?!message\b|stack\b)\w"
    )
    grades = re.compile(r"\b(?:status|statusCode|code|isOperational|operational|known|safe|isClientError)\b")
    for condition, holds, is_expression in conditions(node, caught.place):
        written = text(condition)
        if holds and picks.search(written) and "String(" not in written:
            return True
        if is_expression and (grades.search(written) or picks.search(written)):
            return True
    return False


_MOST_CHECKING = 2
_OF_CLIENT = re.compile(r"\b(?:req|request|ctx|event)\b|\bbody\b|\bparams\b|\bquery\b|\bpayload\b|\binput\b")
_OWN_TEXT = re.compile(r"\bthrow\s+(?:new\s+)?\w*Error\(\s*[\"'`]")


def checks_input(caught: Caught, file: JavaScriptFile) -> bool:
    """Whether all that can have failed are functions of the file that check the client's input, with their texts."""
    attempt = caught.place.parent if caught.how == "catch" else None
    body = attempt.child_by_field_name("body") if attempt is not None else None
    if body is None or len(named(body)) > _MOST_CHECKING or not _OF_CLIENT.search(text(body)):
        return False
    calls = file.nodes_in("call_expression", body)
    return bool(calls) and "await " not in text(body) and all(_checks(call, file) for call in calls)


def _checks(call: Node, file: JavaScriptFile) -> bool:
    function = callee(call)
    scope = file.function_scope(file.names.symbol(function)) if function is not None else None
    return scope is not None and _OWN_TEXT.search(text(scope.node)) is not None
