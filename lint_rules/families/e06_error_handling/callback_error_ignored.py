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
answer, may ask the data instead. Where the check answers and goes on, TEN0501 or TEN0507 reports the second answer
instead: one `return` repairs both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.callbacks import Callback, node_callback
from lint_rules.families.e06_error_handling.ignoring import ignored
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import ERROR, Finding, Rule

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


def _callback(function: Node, file: JavaScriptFile) -> Callback | None:
    return None if file.is_for_browsers else node_callback(function, file)


def _is_suspect(function: Node, file: JavaScriptFile) -> bool:
    return _callback(function, file) is not None


@RULE.javascript(
    Nodes(("arrow_function", "function_expression", "function_declaration"), trigger=_CALLBACK, screen=_is_suspect)
)
def check_javascript(function: Node, file: JavaScriptFile) -> Iterator[Finding]:
    callback = _callback(function, file)
    found = ignored(callback) if callback is not None else None
    if callback is not None and found is not None:
        # Where the check answers or calls `done`, doing it twice is the worse mistake; one `return` repairs both.
        twice = tuple((code, file.span(function)) for code in ("TEN0501", "TEN0507")) if found.is_seen else ()
        yield RULE.at(
            file,
            found.place,
            f"`{callback.error}` of the callback of `{callback.called}` {found.what}",
            f"begin the callback with `if ({callback.error}) return ...`, which ends the work with the error",
            yields_to=twice,
        )
