"""Throw in a callback.

What it finds: `throw` in a node-style callback, an event listener or a timer, where no `try` of the same function is
around it; and a call there that throws on malformed input, such as `JSON.parse` of what the callback was given.

Why it matters: the code that began the operation has returned long ago, and its `try` with it. The error goes straight
to the event loop and ends the process, with every other request in it.

Bad (javascript):

    const fs = require("fs");

    function loadRates(path, done) {
      fs.readFile(path, "utf8", (err, text) => {
        if (err) throw err;
        done(null, JSON.parse(text));
      });
    }

Good (javascript):

    const fs = require("fs");

    function loadRates(path, done) {
      fs.readFile(path, "utf8", (err, text) => {
        if (err) return done(err);
        let rates;
        try {
          rates = JSON.parse(text);
        } catch (error) {
          return done(error);
        }
        done(null, rates);
      });
    }

How to fix it: give the error to the callback of the function around it, to `reject` or `next`, or emit it as 'error'.
With promises (`await fs.promises.readFile(path)`) errors go to the caller by themselves.

Not seen: callbacks without an error parameter; functions that a callback calls and that throw. Deliberate ends are left
alone: listeners of 'error' and of the process, and callbacks of `listen` and `connect` when the process starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.uncatchable import Uncatchable, uncatchable
from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0210",
    "throw-in-callback",
    severity=ERROR,
    summary="An error is thrown where nothing can catch it",
    in_tests=False,
)

PARSERS = js_name_table(Path(__file__).parent / "parsers_javascript.toml", "javascript")
_PARSED = re.compile(rb"\b(?:JSON\.parse|decodeURI(?:Component)?|new URL|BigInt|jwt\.verify)\s*\(")


_OUTSIDE = frozenset(
    {
        "data",
        "end",
        "message",
        "pmessage",
        "line",
        "packet",
        "text",
        "notification",
        "finish",
        "close",
        "response",
        "publish",
    }
)
"""Events that bring what another process has sent."""


def _may_throw(data: bytes) -> bool:
    return b"throw" in data and (b"=>" in data or b"function" in data)


def _is_thrown_away(statement: Node, file: JavaScriptFile) -> bool:
    return _thrown(statement, file) is not None


def _thrown(statement: Node, file: JavaScriptFile) -> Uncatchable | None:
    return None if file.is_tooling or file.is_for_browsers else uncatchable(statement, file)


@RULE.javascript(Nodes(("throw_statement",), trigger=_may_throw, screen=_is_thrown_away))
def check_throw(statement: Node, file: JavaScriptFile) -> Iterator[Finding]:
    found = _thrown(statement, file)
    if found is None:
        return
    yield RULE.at(
        file,
        statement,
        f"`throw` in {found.what} ends the process, since nothing can catch it; {found.instead}",
        f"{found.instead}, or use promises, whose errors go to the caller",
    )


def _is_parsed_away(call: Node, file: JavaScriptFile) -> bool:
    return _parsed(call, file) is not None


def _parsed(call: Node, file: JavaScriptFile) -> tuple[Uncatchable, str] | None:
    """Where a parser is called whose error nothing can catch, and what it raises."""
    function = callee(call)
    if function is None or _PARSED.match(call.text or b"") is None:
        return None
    if file.is_tooling or file.is_for_browsers:
        return None
    row = PARSERS.match(file.canonical(function), file.types)
    given = arguments(call)
    if row is None or not given or (row.get("unless") and len(given) > 2):
        return None
    if bool(row.get("constructor")) is not (call.type == "new_expression") and row.get("constructor"):
        return None
    parsed = bare(given[int(row.get("argument", 0))])
    found = uncatchable(call, file)
    if found is None or found.of_own_file or not _comes_from_outside(parsed, found) or file.reads_request(parsed):
        return None
    return found, str(row["raises"][0])


def _comes_from_outside(value: Node, where: Uncatchable) -> bool:
    """Whether a value is made of what the callback was given, or of the text that its stream has sent."""
    names = {text(one) for one in (value, *all_nodes(value)) if one.type == "identifier"}
    if any(one.type in CALL_KINDS and "stringify" in text(callee(one) or one) for one in (value, *all_nodes(value))):
        return False
    if where.event and where.event not in _OUTSIDE and value.type != "identifier":
        return False  # a part of an object that other code of the process has made
    return bool(names & where.given) or (where.event == "end" and bool(names))


@RULE.javascript(Nodes(CALL_KINDS, trigger=_PARSED, screen=_is_parsed_away))
def check_parse(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    found = _parsed(call, file)
    function = callee(call)
    if found is None or function is None:
        return
    where, error = found
    called = f"{'new ' if call.type == 'new_expression' else ''}{file.text(function)}()"
    yield RULE.at(
        file,
        call,
        f"`{called}` in {where.what} ends the process on malformed input; catch the {error} here",
        f"put a `try` around `{called}` in the callback itself, and {where.instead}",
    )
