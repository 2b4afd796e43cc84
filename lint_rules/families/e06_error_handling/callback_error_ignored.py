"""Error of a callback ignored.

What it finds: a node-style callback, `(err, rows) => ...`, that uses the data without having looked at the error: it
never reads `err`, reads the data first, only logs the error, or checks it without returning, so that the code for
success runs as well.

Why it matters: with an error the data is `undefined`. `rows.length` then throws in a callback, where nothing can catch
it, and the process ends; or `undefined` is stored, signed or sent to the client as if it were the answer.

Bad (javascript):

    const fs = require("fs");

    function loadRates(path, done) {
      fs.readFile(path, "utf8", (err, text) => {
        if (err) {
          console.error("rates cannot be read", err);
        }
        done(null, text.split("\\n"));
      });
    }

Good (javascript):

    const fs = require("fs");

    function loadRates(path, done) {
      fs.readFile(path, "utf8", (err, text) => {
        if (err) {
          return done(err);
        }
        done(null, text.split("\\n"));
      });
    }

How to fix it: begin every callback with `if (err) return done(err)`, or whatever ends the work with an error. With
promises (`await fs.promises.readFile(path)`) an error cannot be passed over like that.

Not seen: errors that a variable remembers and a later statement asks for; `_err`, unless the data is used without any
check; callbacks that are not the last argument of a call. Callbacks of `fs.stat` and alike, where the error is the
answer, may ask the data instead. Nor are meant: functions of the project that give their callback no error, or data
beside it, known by their name; prompts at a terminal; data that is only printed, or taken along only where it is there;
a check whose comment says why the work goes on. Where the check answers and goes on, TEN0501 or TEN0507 reports the
second answer instead: one `return` repairs both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Node

from lint_rules.families.e06_error_handling.callback_givers import BESIDE, GIVERS, NOTHING, Givers, tasks_never_fail
from lint_rules.families.e06_error_handling.callbacks import Callback, node_callback
from lint_rules.families.e06_error_handling.ignoring import Ignored, ignored
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import ERROR, Finding, Notes, Rule, Span
from lint_rules.project.linked import Project

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0606",
    "callback-error-ignored",
    severity=ERROR,
    summary="A callback goes on as if there were no error",
    in_tests=False,
)

_CALLBACK = re.compile(
    rb"(?:\(\s*|\bfunction\b[^()]*\(\s*|[(,]\s*)(?:\w*[eE]rr(?:or)?|_*er)\s*(?:\??:[^,)]*)?[,)]|\b_*err(?:or)?\s*=>"
    rb"|\b(?:exec|execFile|readFile|writeFile|appendFile|readdir|unlink|mkdir|rename|stat|lookup|resolve4|gzip|gunzip"
    rb"|inflate|deflate|copyFile|rm|rmdir|mkdtemp|realpath|access|open|readlink|truncate|chmod)\("
)


_WITH_DATA = re.compile(rb"\(\s*(?:\w{0,40}[eE]rr(?:or)?|_*er)\s*(?:\??:[^,)\n]{0,60})?,")
"""Functions whose first parameter is an error and which take more."""


def _callback(function: Node, file: JavaScriptFile) -> Callback | None:
    return None if file.is_for_browsers else node_callback(function, file)


def _is_suspect(function: Node, file: JavaScriptFile) -> bool:
    return _callback(function, file) is not None


@RULE.javascript(
    Nodes(("arrow_function", "function_expression", "function_declaration"), trigger=_CALLBACK, screen=_is_suspect)
)
def check_javascript(function: Node, file: JavaScriptFile) -> Iterator[Finding]:
    callback = _callback(function, file)
    if callback is None or callback.own_name or (callback.runs_tasks and tasks_never_fail(callback.call, file)):
        return
    found = ignored(callback)
    if found is not None:
        message = _message(callback.error, callback.called, found.what, found.name)
        yield RULE.at(file, found.place, message, _advice(callback.error), yields_to=_twice(callback, found))


def _message(error: str, called: str, what: str, name: str) -> str:
    return f"`{error}` of the callback of `{called}` {what.format(name=f'`{name}`')}"


def _advice(error: str) -> str:
    return f"begin the callback with `if ({error}) return ...`, which ends the work with the error"


def _twice(callback: Callback, found: Ignored) -> tuple[tuple[str, Span], ...]:
    """Where the check answers or calls `done`, doing it twice is the worse mistake; one `return` repairs both."""
    span = callback.file.span(callback.function)
    return tuple((code, span) for code in ("TEN0501", "TEN0507")) if found.is_seen else ()


# Callbacks of the project's own functions, which may never give an error.


class Passed(msgspec.Struct, frozen=True, array_like=True):
    """A callback that passes over its error: the last name of what is called, and the parts of what is said of it.

    `is_elsewhere` says that a part of another object is called, so that one of another file may be meant.
    """

    own_name: str
    span: Span
    error: str
    called: str
    what: str
    name: str
    function: str
    yields_to: tuple[tuple[str, Span], ...] = ()
    is_elsewhere: bool = False


PASSED = Notes("callback-errors-passed", Passed)


@PASSED.of("javascript")
def take_passed(file: JavaScriptFile) -> Iterator[Passed]:
    if file.is_test or not _WITH_DATA.search(file.data):
        return
    for kind in ("arrow_function", "function_expression", "function_declaration"):
        for function in file.nodes(kind):
            callback = _callback(function, file)
            found = ignored(callback) if callback is not None and callback.own_name else None
            if callback is not None and found is not None:
                span = file.span(found.place)
                yield Passed(
                    callback.own_name, span, callback.error, callback.called, found.what, found.name,
                    file.symbol_at(span), _twice(callback, found), callback.is_of_part,
                )  # fmt: skip


@RULE.project(pattern=_WITH_DATA, languages=("javascript",), notes=(PASSED, GIVERS))
def check_project(project: Project) -> Iterator[Finding]:
    every = [(module, one) for module, notes in project.notes(PASSED) for one in notes]
    givers = project.shared(Givers.of)
    for module, one in every:
        project.asked_words.add(one.own_name)
        gives = givers.surely(one.own_name, module.module, is_elsewhere=one.is_elsewhere)
        if gives not in (NOTHING, BESIDE):
            message = _message(one.error, one.called, one.what, one.name)
            yield RULE.finding(
                module.path, one.span, message, _advice(one.error), symbol=one.function, yields_to=one.yields_to
            )
