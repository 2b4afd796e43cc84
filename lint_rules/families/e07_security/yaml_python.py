"""Calls of `yaml.load`, and the edits that make `yaml.safe_load` of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.model import Edit, Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_UNSAFE = re.compile(r"^(?:load|load_all|full_load|full_load_all|unsafe_load|unsafe_load_all)$")


class YamlLoad(Struct, frozen=True, array_like=True):
    """A call of a loader of PyYAML's that makes objects of any class, by a member of the module."""

    span: Span
    edits: tuple[Edit, ...]


YAML_LOADS = Notes("yaml-loads", YamlLoad, words=(b"yaml",))


@YAML_LOADS.of("python")
def loads_of(file: PythonFile) -> Iterator[YamlLoad]:
    """The calls in a file that could be calls of `safe_load`."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        name = function.child_by_field_name("attribute") if function is not None else None
        if function is None or name is None or not _UNSAFE.match(text(name)):
            continue
        if not file.names.symbol(function).startswith("yaml.") or file.in_broken_code(call):
            continue
        given = list(arguments(call))
        loader = next((value for place, value in given if place in ("1", "Loader")), None)
        if not given or len(given) > 2 or (len(given) == 2 and loader is None):
            continue
        safe = "safe_load_all" if text(name).endswith("_all") else "safe_load"
        edits = [Edit(file.span(name), safe)]
        if loader is not None:
            edits.append(Edit(file.source.span(given[0][1].end_byte, given[1][1].end_byte), ""))
        yield YamlLoad(file.span(call), tuple(edits))
