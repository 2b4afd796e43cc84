"""JSON import without attribute.

What it finds: `import data from './data.json'` in an ES module without `with { type: 'json' }`.

Why it matters: `TypeError [ERR_IMPORT_ATTRIBUTE_MISSING]`: the module does not load.

Bad (javascript):

    // file: package.json
    { "name": "orders", "type": "module" }
    // file: rates.json
    { "eur": 1 }
    // file: server.js
    import rates from './rates.json'

    console.log(rates.eur)

Good (javascript):

    // file: package.json
    { "name": "orders", "type": "module" }
    // file: rates.json
    { "eur": 1 }
    // file: server.js
    import rates from './rates.json' with { type: 'json' }

    console.log(rates.eur)

How to fix it: write `with { type: 'json' }` behind the path, or read the file.

Not seen: projects with a bundler or compiler, which need no attribute; `import()` whose options are computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e10_module_systems.systems import ESM, follows_node, is_compiled_to_esm, is_node_source, system
from lint_rules.languages.javascript.edits import insert
from lint_rules.languages.javascript.grammar import arguments
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, SAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1006",
    "json-import-attribute",
    severity=ERROR,
    summary="JSON is imported into an ES module without `with { type: 'json' }`",
    fix=SAFE,
)


@RULE.files(WholeFile(None, words=(b".json",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if system(file) != ESM or not (is_node_source(file) or follows_node(file) or is_compiled_to_esm(file)):
        return
    for one in file.imports:
        if one.form not in ("import", "export", "dynamic") or one.is_type or not one.specifier.endswith(".json"):
            continue
        if one.form == "dynamic":
            if len(arguments(one.node)) > 1 or one.is_guarded:
                continue
            addition = ", { with: { type: 'json' } }"
        else:
            behind = file.data[one.source.end_byte : one.node.end_byte]
            if b"with" in behind or b"assert" in behind:
                continue
            addition = " with { type: 'json' }"
        if file.data[one.source.start_byte : one.source.start_byte + 1] == b'"':
            addition = addition.replace("'", '"')
        edit = insert(file, one.source.end_byte, addition)
        yield RULE.at(
            file,
            one.source,
            f"`{one.specifier}` is JSON, which an ES module must import as such; add `{addition.strip(', ')}`",
            f"write `{addition.strip(', ')}` behind the path",
            fix=Fix("Say that it is JSON", (edit,), SAFE),
        )
