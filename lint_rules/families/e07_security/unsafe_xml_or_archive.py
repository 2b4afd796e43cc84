"""XML or an archive that reaches for files.

What it finds: XML parsers that are told to follow external entities, tar archives that are unpacked without a filter,
and names of an archive's entries that are joined to a path and written without a look at where that leads.

Why it matters: an entity reads `/etc/passwd` or calls a service inside the network; an entry called
`../../.ssh/config` is written there.

Bad (python):

    import tarfile

    def unpack(path, folder):
        with tarfile.open(path) as archive:
            archive.extractall(folder)

Good (python):

    import tarfile

    def unpack(path, folder):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")

Bad (javascript):

    const libxmljs = require("libxmljs");

    const parse = (text) => libxmljs.parseXml(text, { noent: true });

    module.exports = { parse };

Good (javascript):

    const libxmljs = require("libxmljs");

    const parse = (text) => libxmljs.parseXml(text);

    module.exports = { parse };

How to fix it: leave entities off (`defusedxml`, no `noent`); `filter="data"` for tar archives; compare the resolved
path of every entry with the folder before it is written.

Not seen: archives unpacked by commands; entries whose names go through a helper. `zipfile.extractall` is quiet: it
drops what leads outside. Quiet where a filter, chosen members or a check of the path is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import is_for_show, short, source
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0718",
    "unsafe-xml-or-archive",
    severity=ERROR,
    summary="XML or an archive reads or writes files that nobody named",
    in_tests=False,
    references=references("TEN0718"),
)

_TABLE = FOLDER / "archives.toml"
_PARSERS, _ARCHIVES = name_table(_TABLE, "python_parser"), name_table(_TABLE, "python_archive")
_JS_PARSERS, _JS_ARCHIVES = js_name_table(_TABLE, "javascript_parser"), js_name_table(_TABLE, "javascript_archive")
_PYTHON = re.compile(rb"tarfile|lxml|feature_external_ges|xml\.sax")
_JAVASCRIPT = re.compile(rb"libxmljs|preservePaths|entry|entryName|fileName")
_CHECKED = re.compile(
    r"startsWith|relative\(|isPathInside|is-path-inside|sanitize|includes\(\s*[\"']\.\.|indexOf\(\s*[\"']\.\.|basename"
)
_ENTRY = re.compile(r"\b(?:zip_?)?entry\.(?:path|fileName|entryName|name)\b|\bfile\.entryName\b|\bheader\.name\b")
_XML = "leave entities off when parsing XML"


@RULE.files(WholeFile(_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_python import (
        argument,
        called_name,
        calls_of,
        constant,
        function_text,
        has_splat,
    )  # fmt: skip

    if is_for_show(file):
        return
    for call, row in calls_of(file, _PARSERS):
        on = [name for name, value in row["arguments"].items() if constant(argument(call, name), file) == value]
        if on:
            yield RULE.at(file, call, f"`{short(call)}` follows entities; leave `{on[0]}` at its default", _XML)
    for call in file.nodes("call"):
        function, name = call.child_by_field_name("function"), called_name(call)
        if function is None or file.in_broken_code(call):
            continue
        if name == "setFeature" and constant(argument(call, "1"), file) in ("True", "1"):
            feature = argument(call, "0")
            if feature is not None and source(feature).endswith(("feature_external_ges", "feature_external_pes")):
                yield RULE.at(file, call, f"`{short(call)}` follows entities; leave the feature off", _XML)
        elif name in ("extractall", "extract") and "filter" not in source(call) and not has_splat(call):
            owner = function.child_by_field_name("object")
            written = function_text(call)
            is_tar = _ARCHIVES.match(file.canonical(function), file.types) is not None or (
                owner is not None and owner.type == "identifier"
                and re.search(rf"tarfile\.open\([^\n]*\)\s+as\s+{re.escape(source(owner))}\b", written) is not None
            )  # fmt: skip
            is_checked = (
                argument(call, "members") is not None
                or (name == "extract" and not _every_member(call))
                or re.search(
                    r"extraction_filter|data_filter|is_within|commonpath|commonprefix|is_relative_to|\.\.[\"']|safe_|isabs|realpath",
                    written,
                )
            )
            if is_tar and not is_checked:
                yield RULE.at(
                    file, call, f"`{short(call)}` writes wherever the archive says; give it `filter=\"data\"`",
                    'unpack with `filter="data"`',
                )  # fmt: skip


def _every_member(call: Node) -> bool:
    """Whether each member of an archive is unpacked as it comes, `for member in tar: tar.extract(member)`."""
    outer = call.parent
    while outer is not None and outer.type not in ("if_statement", "function_definition", "module"):
        right = outer.child_by_field_name("right") if outer.type == "for_statement" else None
        if right is not None:
            return b"if " not in (outer.text or b"")
        outer = outer.parent
    return False


@RULE.files(WholeFile(_JAVASCRIPT), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_javascript import (
        called_name,
        calls,
        constant,
        function_around,
        options,
        resolved,
    )  # fmt: skip
    from lint_rules.languages.javascript.grammar import arguments, callee

    if is_for_show(file) or file.is_declaration or file.is_tooling:
        return
    for call in calls(file):
        function, given = callee(call), arguments(call)
        name = file.canonical(function) if function is not None else ""
        for table, what, instead in (
            (_JS_PARSERS, "follows entities", "leave it at its default"),
            (_JS_ARCHIVES, "writes wherever the archive says", "leave `preservePaths` off"),
        ):
            row = table.match(name, file.types)
            members = [options(one, file) or {} for one in given] if row is not None else []
            if row is not None and any(
                constant(one.get(key), file) == value for one in members for key, value in row["arguments"].items()
            ):
                yield RULE.at(file, call, f"`{short(call)}` {what}; {instead}", instead)
        if called_name(call) in ("createWriteStream", "writeFile", "writeFileSync", "outputFile") and given:
            path = resolved(given[0], file)
            around = function_around(call)
            if path is None or not _ENTRY.search(source(path)) or around is None:
                continue
            outer: Node | None = around
            checked = False
            while outer is not None and not checked:
                checked = _CHECKED.search(source(outer)) is not None
                outer = function_around(outer)
            if not checked and re.search(rb"zip|tar|unarchive|yauzl|archive", file.data):
                wrong = f"`{short(path)}` leads wherever the archive says"
                yield RULE.at(
                    file, call, f"{wrong}; compare the resolved path with the folder",
                    "resolve the path and check that it lies in the folder before writing",
                )  # fmt: skip
