"""Files that are loaded on trial only: every `require` of them, or of what needs them, is in a `try`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.javascript.grammar import SyntaxIndex, parse
from lint_rules.languages.javascript.imports import Import, imports
from lint_rules.languages.javascript.scopes import Scopes
from lint_rules.project.disk import remembered

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.node_modules import NodeModules

_SPECIFIER = re.compile(rb"""(?:\(|from|import)\s*["'`](\.[^"'`\n]*)["'`]""")
_MOST_FILES, _MOST_BYTES = 30, 1_000_000


def is_on_trial(file: JavaScriptFile) -> bool:
    """Whether nothing loads a file without being ready for it to fail, so that what it needs may be optional."""
    node = file.modules.node
    waiting, seen = [file.path], {file.path}
    while waiting:
        target = waiting.pop()
        is_entry = True
        for importer, one in _imports_of(target, node):
            is_entry = False
            if not one.is_guarded and importer not in seen:
                seen.add(importer)
                waiting.append(importer)
        if is_entry or len(seen) > _MOST_FILES:
            return False
    return True


def _imports_of(target: str, node: NodeModules) -> Iterator[tuple[str, Import]]:
    for path, specifiers in _relative_imports(node.files):
        if path == target or not any(node.resolve(one, path).path == target for one in specifiers):
            continue
        parsed = parse(_read(path), path)
        index = SyntaxIndex(parsed)
        for one in imports(index, Scopes(index)):
            if one.form != "resolve" and node.resolve(one.specifier, path).path == target:
                yield path, one


@remembered(2)
def _relative_imports(files: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The files that import others by a relative path, with the paths."""
    found = ((path, _SPECIFIER.findall(_read(path))) for path in sorted(files))
    return tuple(
        (path, tuple(sorted({one.decode("utf-8", "replace") for one in ones}))) for path, ones in found if ones
    )


def _read(path: str) -> bytes:
    try:
        if os.path.getsize(path) > _MOST_BYTES:
            return b""
        with open(path, "rb") as source:
            return source.read()
    except OSError:
        return b""
