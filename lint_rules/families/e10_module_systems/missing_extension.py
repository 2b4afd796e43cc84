"""Missing extension.

What it finds: relative imports in ES modules without the file's extension, or of a folder.

Why it matters: `ERR_MODULE_NOT_FOUND`, `ERR_UNSUPPORTED_DIR_IMPORT`: what `require` and bundlers add by themselves,
Node's `import` does not.

Bad (javascript):

    // file: package.json
    { "name": "orders", "type": "module" }
    // file: store.js
    export const load = () => []
    // file: server.js
    import { load } from './store'

    console.log(load())

Good (javascript):

    // file: package.json
    { "name": "orders", "type": "module" }
    // file: store.js
    export const load = () => []
    // file: server.js
    import { load } from './store.js'

    console.log(load())

How to fix it: write the whole name of the file, `./store.js`, `./routes/index.js`. In TypeScript with `module` node16
or nodenext write the name of the file that the compiler makes, `./store.js` for store.ts.

Not seen: projects with a bundler or another compiler, imports of packages; TypeScript whose `module` is another one,
unless a script runs `tsc`, which keeps the paths, and nothing mends them afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e10_module_systems.systems import ESM, follows_node, is_compiled_to_esm, is_node_source, system
from lint_rules.languages.javascript.edits import replace
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, SAFE, Finding, Fix, Rule
from lint_rules.project.disk import is_file
from lint_rules.project.node_modules import FILE, PROJECT

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1003",
    "missing-extension",
    severity=ERROR,
    summary="A relative import in an ES module without the file's extension",
    fix=SAFE,
)

_MADE = {".ts": ".js", ".tsx": ".js", ".mts": ".mjs", ".cts": ".cjs"}


@RULE.files(WholeFile(None, words=(b"import", b"from")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    keeps_paths = is_node_source(file) or follows_node(file) or is_compiled_to_esm(file)
    if system(file) != ESM or not keeps_paths or (file.is_test and file.is_tooling):
        return
    for one in file.imports:
        specifier = one.specifier
        if one.form not in ("import", "export", "dynamic") or one.is_type or not specifier.startswith("."):
            continue
        found = file.located(specifier)
        if found.kind not in (PROJECT, FILE) or "?" in specifier or found.path.endswith((".d.ts", ".vue", ".svelte")):
            continue
        wanted = os.path.normpath(os.path.join(os.path.dirname(file.path), specifier))
        stem, extension = os.path.splitext(found.path)
        named = stem + _MADE.get(extension, extension)
        if wanted in (found.path, named) or is_file(wanted) or not named.startswith(wanted):
            continue
        rest = named[len(wanted) :]
        written = specifier.rstrip("/") + rest
        if not rest.startswith((".", "/")):
            continue
        what = "is a folder" if rest.startswith("/") else "has no extension"
        edit = replace(file, one.source.start_byte + 1, one.source.end_byte - 1, written)
        yield RULE.at(
            file,
            one.source,
            f"`{specifier}` {what}, and Node.js adds nothing to an import; write `{written}`",
            f"write `{written}`",
            fix=Fix(f"Write `{written}`", (edit,), SAFE),
        )
