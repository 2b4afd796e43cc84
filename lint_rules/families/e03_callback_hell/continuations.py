"""Functions that are the next step of what their call begins, and how deep they lie in each other (JavaScript)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.bodies import holder
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    has_token,
    string_value,
    text,
)
from lint_rules.languages.javascript.naming import key_name, wrapped_function
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

LITERALS = ("arrow_function", "function_expression", "generator_function")
_MAX_LEVELS = 200
_FRAMEWORK_KINDS = frozenset({"route", "hook", "error", "socket", "plugin", "task", "startup"})


class Level(Enum):
    """What a function is for the code around it."""

    STEP = "step"
    """It runs when what its call has begun is done."""
    PROMISE = "promise"
    """The same, given to `then` or `catch`."""
    THROUGH = "through"
    """It runs on the spot or belongs to the same step."""
    END = "end"
    """It is a unit of its own: a named function, a handler, a test."""


class Step(Struct, frozen=True):
    """A callback and the call that is given it."""

    function: Node
    call: Node
    is_promise: bool


class _Words(Struct, frozen=True):
    timers: frozenset[str]
    errors: frozenset[str]
    inline: frozenset[str]
    keeps: frozenset[str]
    listens: frozenset[str]
    verbs: frozenset[str]
    promises: frozenset[str]
    members: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    rows = read_table(Path(__file__).parent / "continuations.toml")["javascript"]
    return _Words(**{key: frozenset(names) for key, names in rows.items()})


def steps_to(function: Node, file: JavaScriptFile) -> list[Step]:
    """The steps that lead to a callback, outermost first, itself last; empty if it is none."""
    found: list[Step] = []
    current: Node | None = function
    for _ in range(_MAX_LEVELS):
        if current is None:
            break
        level, call = level_of(current, file)
        if level is Level.END:
            break
        if level in (Level.STEP, Level.PROMISE) and call is not None:
            found.append(Step(current, call, level is Level.PROMISE))
        elif current is function:
            return []
        current = holder(current)
    found.reverse()
    return found


def level_of(function: Node, file: JavaScriptFile) -> tuple[Level, Node | None]:
    """What a function is for the code around it, and the call that is given it."""
    if function.type not in FUNCTION_LITERALS:
        return Level.END, None
    place = around(function)
    if place is not None and place.type == "pair":
        return _member(function, place)
    if place is not None and place.type == "array":
        outer = around(place)
        return (Level.THROUGH if outer is not None and outer.type == "arguments" else Level.END), None
    if place is None or place.type not in ("arguments", *CALL_KINDS):
        return Level.END, None
    call = place.parent if place.type == "arguments" else place
    if call is None or call.type not in CALL_KINDS:
        return Level.END, None
    called = callee(call)
    if called is None or bare(called) == function:  # (function () { ... })()
        return Level.THROUGH, None
    return _passed(function, call, called, file), call


def _member(function: Node, pair: Node) -> tuple[Level, Node | None]:
    """`$.ajax({ success: function (data) { ... } })`"""
    literal = around(pair)
    place = around(literal) if literal is not None and literal.type == "object" else None
    call = place.parent if place is not None and place.type == "arguments" else None
    if call is None or key_name(pair.child_by_field_name("key")) not in _words().members:
        return Level.END, None
    return Level.STEP, call


def _passed(function: Node, call: Node, called: Node, file: JavaScriptFile) -> Level:
    words = _words()
    last = text(called.child_by_field_name("property") or called)
    is_method = called.type == "member_expression"
    given = arguments(call)
    if is_method and last in words.promises and not takes_error(function):
        return Level.PROMISE
    if is_method and last in ("then", "catch", "finally"):
        return Level.PROMISE
    if last in words.verbs and given and (string_value(given[0]) or "").startswith("/"):
        return Level.END
    if last in words.listens:
        return Level.THROUGH
    if last in words.keeps and not takes_error(function):
        return Level.END
    if call.type == "new_expression" and not takes_error(function):
        return Level.THROUGH
    scope = file.scopes.of(function)
    handler = file.handlers.by_statement(scope) if scope is not None else None
    if handler is not None and handler.kind in _FRAMEWORK_KINDS:
        return Level.END
    if takes_error(function) or last in words.timers:
        return Level.STEP
    if last in words.inline or wrapped_function(call) is not None:
        return Level.THROUGH
    is_plain = not has_token(function, "async") and function.type != "generator_function"
    is_last = bool(given) and bare(given[-1]) == function
    return Level.STEP if is_plain and is_last and not _is_asked(call) else Level.THROUGH


def _is_asked(call: Node) -> bool:
    """Whether the value of a call is used on the spot, as of one that runs the function itself: `pick(all, x => x.id)`.

    `return load(id, callback)` is how a callback's call ends a function.
    """
    outer = around(call)
    return outer is None or outer.type not in ("expression_statement", "return_statement", "arrow_function")


def takes_error(function: Node) -> bool:
    """Whether the first parameter is called as that of a node-style callback is."""
    parameters = parameter_nodes(function)
    if not parameters:
        return False
    first = text(parameters[0].child_by_field_name("pattern") or parameters[0])
    return first in _words().errors or first.lower().endswith(("err", "error"))


def shown_call(call: Node) -> str:
    """What is called, in a few words: `fs.readFile`, `db.users.find(...).toArray`."""
    called = callee(call)
    if called is None:
        return ""
    parts: list[str] = []
    current: Node | None = called
    for _ in range(_MAX_LEVELS):
        if current is None or current.type != "member_expression":
            break
        parts.append(text(current.child_by_field_name("property") or current))
        current = current.child_by_field_name("object")
        if current is not None and current.type == "call_expression":
            inner = callee(current)
            parts.append(f"{text(inner.child_by_field_name('property') or inner)}()" if inner is not None else "()")
            current = None
    if current is not None and current.type in ("identifier", "this"):
        parts.append(text(current))
    parts.reverse()
    return shortened(".".join(parts) or text(called))


_LONGEST = 40


def shortened(code: str) -> str:
    """Code in one line, cut at the front to what fits into a message."""
    code = " ".join(code.split())
    return code if len(code) <= _LONGEST else "..." + code[-_LONGEST:]


def is_pyramid(steps: list[Step]) -> bool:
    """Whether steps are more than a chain of promises, of which TEN0302 speaks."""
    return sum(not step.is_promise for step in steps) > 1


def all_steps(file: JavaScriptFile) -> Iterator[list[Step]]:
    """For every callback of a file that is a step, in the order of the text, the steps that lead to it."""
    for function in file.index.of_kinds(LITERALS):
        steps = steps_to(function, file)
        if steps:
            yield steps
