"""Calls of `yaml.load`, the edits that make `yaml.safe_load` of them, and which ones make objects of any class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.model import Edit, Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_UNSAFE = re.compile(r"^(?:load|load_all|full_load|full_load_all|unsafe_load|unsafe_load_all)$")
_UNSAFE_LOADERS = frozenset(
    f"yaml.{module}{name}"
    for module in ("", "loader.", "cyaml.")
    for name in ("Loader", "UnsafeLoader", "CLoader", "CUnsafeLoader")
)


class YamlLoad(Struct, frozen=True, array_like=True):
    """A call of a loader of PyYAML's that may make objects.

    `edits` call the safe one, where the function is a member of the module; `has_loader` if the call names a loader.
    `makes_anything`: objects of any class, as far as can be seen; `FullLoader` makes some, and one's own is unknown.
    """

    span: Span
    edits: tuple[Edit, ...]
    has_loader: bool = False
    makes_anything: bool = False


YAML_LOADS = Notes("yaml-loads", YamlLoad, words=(b"yaml",))


@YAML_LOADS.of("python")
def loads_of(file: PythonFile) -> Iterator[YamlLoad]:
    """The calls in a file that could be calls of `safe_load`."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None:
            continue
        member = function.child_by_field_name("attribute")
        called = text(member) if member is not None else file.canonical(function).rpartition(".")[2]
        if not _UNSAFE.match(called):
            continue
        if not file.names.symbol(function).startswith("yaml.") or file.in_broken_code(call):
            continue
        given = list(arguments(call))
        loader = next((value for place, value in given if place in ("1", "Loader")), None)
        if not given or len(given) > 2 or (len(given) == 2 and loader is None):
            continue
        safe = "safe_load_all" if called.endswith("_all") else "safe_load"
        edits = [Edit(file.span(member), safe)] if member is not None else []
        if edits and loader is not None:
            edits.append(Edit(file.source.span(given[0][1].end_byte, given[1][1].end_byte), ""))
        yield YamlLoad(file.span(call), tuple(edits), loader is not None, _makes_anything(called, loader, file))


def _makes_anything(called: str, loader: Node | None, file: PythonFile) -> bool:
    if loader is None:  # which meant the unsafe one, until PyYAML 6 asked for a loader
        return called in ("load", "load_all", "unsafe_load", "unsafe_load_all")
    return file.canonical(loader) in _UNSAFE_LOADERS
