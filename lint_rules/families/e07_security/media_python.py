"""Which media type the answers of a class have unless a method says otherwise (Tornado's handlers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.languages.python.dataflow_parts import media_type
from lint_rules.languages.python.scopes import text
from lint_rules.model import Notes

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

_BEFORE = re.compile(r"set_default_headers|prepare|initialize|\w*content_type\w*")
"""Methods that run before the one that answers, and those that say which type it is."""
_HTML = "content_type=text/html"
_TYPE = re.compile(r"[\"'](?:application|image|audio|video|text/(?!html))[/\w]")


class ClassMedia(Struct, frozen=True, array_like=True):
    """A class whose answers are of one type, by its dotted name; `is_html` if that is HTML."""

    owner: str
    is_html: bool


CLASS_MEDIA = Notes("class-media", ClassMedia, words=(b"set_default_headers", b"content_type", b"ontent-"))


@CLASS_MEDIA.of("python")
def media_of(file: PythonFile) -> Iterator[ClassMedia]:
    """The classes of a file that set the type of their answers beforehand."""
    for scope in file.scopes.functions:
        owner = scope.owner_class
        if owner is None or scope.node.type != "function_definition":
            continue
        name = scope.name.rpartition(".")[2]
        if not _BEFORE.fullmatch(name):
            continue
        found = media_type(scope.node, b"")
        if found:
            yield ClassMedia(f"{file.module}.{owner.name}", found[0] == _HTML)
        elif "content_type" in name and _TYPE.search(text(scope.node)):
            yield ClassMedia(f"{file.module}.{owner.name}", is_html=False)


def _by_class(project: Project) -> dict[str, bool]:
    return {one.owner: one.is_html for _, found in project.notes(CLASS_MEDIA) for one in found}


def answers_html(owner: str, project: Project) -> bool:
    """Whether a class, as far as it and its bases say, answers HTML where its methods set no type."""
    known = project.shared(_by_class)
    return next((known[one] for one in project.symbols.ancestors(owner) if one in known), True)
