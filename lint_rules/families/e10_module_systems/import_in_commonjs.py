"""Import in CommonJS.

What it finds: `import` and `export` statements in a file that Node.js reads as CommonJS: a `.cjs` file, or a `.js`
file whose nearest package.json says `"type": "commonjs"`, or no `type` while `engines` does not rule out the versions
that do not look at the syntax.

Why it matters: `SyntaxError: Cannot use import statement outside a module`, `Unexpected token 'export'`.

Bad (javascript):

    // file: package.json
    { "name": "orders", "type": "commonjs", "dependencies": { "express": "^4" } }
    // file: server.js
    import express from 'express'

    express().listen(8080)

Good (javascript):

    // file: package.json
    { "name": "orders", "type": "module", "dependencies": { "express": "^4" } }
    // file: server.js
    import express from 'express'

    express().listen(8080)

How to fix it: put `"type": "module"` into package.json, name the file `.mjs`, or write `require` and `module.exports`.

Not seen: files that something translates before they run: TypeScript, JSX, and JavaScript in projects with a bundler,
Babel, ts-node or the like; files for browsers; a file without any package.json above it. Node 20.19 and 22.7 and later
read a file with `import` as an ES module where package.json has no `type`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e10_module_systems.systems import (
    BY_SYNTAX,
    COMMONJS,
    commonjs_exports,
    detects_syntax,
    is_node_source,
    lowest_node,
    manifest,
    module_syntax,
    system,
)
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1001",
    "import-in-commonjs",
    severity=ERROR,
    summary="ES module syntax in a file that Node.js reads as CommonJS",
    in_tests=False,
)


@RULE.files(WholeFile(None, words=(b"import", b"export")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    kind = system(file)
    if kind not in (COMMONJS, BY_SYNTAX) or not is_node_source(file) or (kind == BY_SYNTAX and file.is_tooling):
        return
    statement = module_syntax(file)
    if statement is None or any(True for _ in commonjs_exports(file)):
        return
    package = file.package
    if kind == BY_SYNTAX and (detects_syntax(lowest_node(file)) or (package is not None and package.module)):
        return
    word = "import" if statement.type == "import_statement" else "export"
    where = manifest(package, file)
    if file.path.endswith(".cjs"):
        message = f"`{word}` in a `.cjs` file, which Node.js reads as CommonJS; name it `.mjs`, or use `require`"
        advice = "name the file `.mjs`, or write `require` and `module.exports`"
    else:
        reason = 'says `"type": "commonjs"`' if kind == COMMONJS else "has no `type`"
        message = f'`{word}` in a file that Node.js reads as CommonJS, since `{where}` {reason}; set `"type": "module"`'
        advice = f'set `"type": "module"` in {where}, name the file `.mjs`, or write `require` and `module.exports`'
    end = min(statement.end_byte, statement.start_byte + len(word))
    yield RULE.at(file, file.source.span(statement.start_byte, end), message, advice)
