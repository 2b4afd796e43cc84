"""Await in CommonJS.

What it finds: `await` outside of any function in a file that Node.js reads as CommonJS, or that a compiler makes a
CommonJS module of (`"module": "commonjs"` in tsconfig.json).

Why it matters: `SyntaxError: await is only valid in async functions and the top level bodies of modules`.

Bad (javascript):

    // file: package.json
    { "name": "orders", "type": "commonjs" }
    // file: server.js
    const { connect } = require('./store')

    const store = await connect()
    module.exports = { store }

Good (javascript):

    // file: package.json
    { "name": "orders", "type": "commonjs" }
    // file: server.js
    const { connect } = require('./store')

    async function start() {
      return { store: await connect() }
    }
    module.exports = { start }

How to fix it: put the code into an async function, or make the file an ES module.

Not seen: files that something translates before they run, and those of which nothing says that they are CommonJS:
without `type` in package.json a file counts that uses `require` or `module.exports`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e10_module_systems.systems import (
    BY_SYNTAX,
    COMMONJS,
    UNKNOWN,
    commonjs_exports,
    is_compiled_to_commonjs,
    is_in_function,
    is_node_source,
    module_syntax,
    system,
)
from lint_rules.languages.javascript.grammar import has_token
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1007",
    "await-in-commonjs",
    severity=ERROR,
    summary="`await` at the top of a file that Node.js reads as CommonJS",
)


@RULE.files(WholeFile(None, words=(b"await",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if is_compiled_to_commonjs(file):
        if module_syntax(file) is not None or any(True for _ in commonjs_exports(file)):
            yield from _awaits(file, "becomes a CommonJS module")
        return
    kind = system(file)
    if kind not in (COMMONJS, BY_SYNTAX, UNKNOWN) or not is_node_source(file) or module_syntax(file) is not None:
        return
    if kind != COMMONJS and not _is_commonjs(file):
        return
    yield from _awaits(file, "Node.js reads as CommonJS")


def _awaits(file: JavaScriptFile, why: str) -> Iterator[Finding]:
    loops = [loop for loop in file.nodes("for_in_statement") if has_token(loop, "await")]
    for place in sorted((*file.nodes("await_expression"), *loops), key=lambda node: node.start_byte):
        if is_in_function(place):
            continue
        span = file.source.span(place.start_byte, min(place.end_byte, place.start_byte + len("await")))
        yield RULE.at(
            file, span, f"`await` at the top of a file that {why}; put it into an async function",
            "put the code into an async function that is called here, or make the file an ES module",
        )  # fmt: skip
        return


def _is_commonjs(file: JavaScriptFile) -> bool:
    if any(True for _ in commonjs_exports(file)):
        return True
    return any(one.form == "require" for one in file.imports)
