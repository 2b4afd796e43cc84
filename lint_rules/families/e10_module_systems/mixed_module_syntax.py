"""Mixed module syntax.

What it finds: `import` or `export` statements and assignments to `module.exports` or `exports` in one file.

Why it matters: no module system takes both. In an ES module `module` is not defined, in CommonJS `import` is a syntax
error, and bundlers that accept the file drop one of the two kinds of exports.

Bad (javascript):

    import express from 'express'

    const app = express()
    module.exports = app

Good (javascript):

    import express from 'express'

    const app = express()
    export default app

How to fix it: use one of the two throughout the file.

Not seen: `require` beside `import`, which is TEN1002 in an ES module. TypeScript is left alone, where the compiler
decides, and so are projects whose one translator is Babel, which makes CommonJS of both, and an assignment that asks
first (`typeof module`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e10_module_systems.systems import commonjs_exports, is_made_commonjs, module_syntax
from lint_rules.languages.javascript.grammar import text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1004",
    "mixed-module-syntax",
    severity=ERROR,
    summary="import or export, and module.exports, in one file",
)


@RULE.files(WholeFile(None, words=(b"exports",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.path.endswith((".ts", ".tsx", ".mts", ".cts")) or is_made_commonjs(file):
        return
    statement = module_syntax(file)
    if statement is None:
        return
    word = "import" if statement.type == "import_statement" else "export"
    row = statement.start_point[0] + 1
    for left, _ in commonjs_exports(file):
        yield RULE.at(
            file,
            left,
            f"`{text(left)}` in a file that uses `{word}` in line {row}; use one module system",
            "write `export` here, or `require` there",
            related=(Related(file.path, file.span(statement), f"`{word}` is used here"),),
        )
        return
