"""What a `try` or a chain of promises of JavaScript attempts: to convert, to ask, to clean up, or to do something."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, first_named, named, text
from lint_rules.languages.tables import read_table
from lint_rules.languages.wording import first_word, words

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = read_table(Path(__file__).parent / "swallowed_javascript.toml")
_CONVERTS = {key: frozenset(names) for key, names in _TABLE["converts"].items()}
_PROBES = frozenset(_TABLE["probes"]["names"])
_CLEANUP = frozenset(_TABLE["cleanup"]["words"])
_OPTIONAL = frozenset(_TABLE["optional"]["words"])
_LOGGERS = frozenset(_TABLE["logs"]["receivers"])
_SETTING = re.compile(r"[a-z]+\.[A-Za-z]+")
_MAX_CALLS = 40


class Attempt:
    """The calls of a block or expression that do something, those in nested functions apart."""

    def __init__(self, tried: Node, file: JavaScriptFile) -> None:
        self._tried = tried
        self._file = file
        self._calls = [call for call in self._found() if not _is_ordinary(call)]

    @property
    def is_harmless(self) -> bool:
        """Whether it only converts, asks, cleans up or tells people something."""
        return not self._calls

    @property
    def acts(self) -> bool:
        """Whether something is done for its effect, or waited for."""
        return any(_is_effect(call) for call in self._calls)

    def _found(self) -> list[Node]:
        calls: list[Node] = []
        waiting = [self._tried]
        while waiting and len(calls) < _MAX_CALLS:
            current = waiting.pop()
            if current.id != self._tried.id and self._file.scopes.of(current) is not None:
                continue
            if current.type in CALL_KINDS:
                calls.append(current)
            waiting.extend(current.named_children)
        return calls


def _is_ordinary(call: Node) -> bool:
    function = callee(call)
    if function is None:
        return True
    function = bare(function)
    last = function.child_by_field_name("property") or function
    own = text(last)
    if own in _CONVERTS["names"] or own in _PROBES or own in ("then", "catch", "finally"):
        return True
    parts = words(own)
    if first_word(own) in _CLEANUP or not parts.isdisjoint(_CONVERTS["words"] | _OPTIONAL):
        return True
    receiver = function.child_by_field_name("object")
    if _asks_git(call) or (receiver is not None and _names_cache(receiver)):
        return True
    if text(function) == "process.send":
        return True  # the process that started this one may have gone
    if receiver is not None and not words(text(receiver).rpartition(".")[2]).isdisjoint(_LOGGERS | _OPTIONAL):
        return True
    return call.type == "new_expression" and own.endswith(("Error", "Date", "Map", "Set", "Array"))


def _asks_git(call: Node) -> bool:
    """`git(["config", "--global", "user.name"])` asks for a setting, and fails where it is not set."""
    given = arguments(call)
    if not given or given[0].type != "array":
        return False
    parts = [text(part).strip("'\"") for part in named(given[0])]
    return len(parts) > 1 and parts[0] == "config" and _SETTING.fullmatch(parts[-1]) is not None


def _names_cache(receiver: Node) -> bool:
    """`db.collection("domaincache")`: what is kept there can be had again."""
    given = arguments(receiver) if receiver.type == "call_expression" else []
    return len(given) == 1 and given[0].type == "string" and text(given[0]).strip("'\"").lower().endswith("cache")


def _is_effect(call: Node) -> bool:
    parent = call.parent
    if parent is None or parent.type in ("expression_statement", "await_expression"):
        return True
    return parent.type == "return_statement" and first_named(parent) == call and _in_async(parent)


def _in_async(statement: Node) -> bool:
    return any(child.type == "await" for child in statement.children)


def is_optional(file: JavaScriptFile, place: Node) -> bool:
    """Whether a place lies in a function or file for telemetry and the like, which must not disturb the work proper."""
    names = [*file.relative.rpartition(".")[0].split("/")[-3:], file.symbol_at(file.span(place)).rpartition(".")[2]]
    return any(not words(name).isdisjoint(_OPTIONAL - {"log", "logger", "console"}) for name in names)
