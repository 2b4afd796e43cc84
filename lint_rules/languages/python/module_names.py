"""Which names of a library's modules a file takes: by `from module import name`, or as an attribute of the module."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.scopes import text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_BRANCHES = frozenset({"if_statement", "elif_clause", "else_clause", "conditional_expression", "boolean_operator"})
_QUESTION = re.compile(rb"version|hasattr|getattr|\bPY\d|\bpy\d|\bsix\b|python[_ ]?\d", re.IGNORECASE)


class Taken(Struct, frozen=True):
    """A name of a module, and where it is taken; `is_imported` says that an import takes it, and no attribute."""

    module: str
    name: str
    node: Node
    is_imported: bool


def taken_names(file: PythonFile, wanted: Mapping[str, Collection[str]]) -> Iterator[Taken]:
    """The names out of `wanted` (by dotted module) that a file takes and cannot do without.

    What stands in a `try` or under a condition, which may well ask for the version, is left out.
    """
    for one in file.imports:
        if one.level or one.is_guarded or one.is_conditional or one.is_type or file.in_broken_code(one.node):
            continue
        if one.is_from:
            names = wanted.get(one.module, ())
            yield from (Taken(one.module, name, node, True) for name, node in one.names if name in names)
        if "." in one.module:
            module, _, name = one.module.rpartition(".")
            if name in wanted.get(module, ()):
                yield Taken(module, name, one.source, True)
    every = {name for names in wanted.values() for name in names}
    tops = {module.partition(".")[0] for module in wanted}
    bound = {one.alias or one.top for one in file.imports if one.top in tops and not one.is_from}
    if not bound:
        return
    for attribute in file.nodes("attribute"):
        last, owner = attribute.child_by_field_name("attribute"), attribute.child_by_field_name("object")
        if last is None or owner is None or text(last) not in every or text(owner).partition(".")[0] not in bound:
            continue
        module = file.canonical(owner)
        if text(last) in wanted.get(module, ()) and not _is_asked_for(attribute):
            yield Taken(module, text(last), attribute, False)


def _is_asked_for(attribute: Node) -> bool:
    """Whether a place is reached only where a condition or `try` lets it be, or gives the name a value."""
    inner, outer = attribute, attribute.parent
    while outer is not None:
        if outer.type == "try_statement" and any(one.type == "except_clause" for one in outer.named_children):
            return True
        if outer.type in _BRANCHES and _QUESTION.search(_condition(outer)):
            return True
        if outer.type == "assignment" and outer.child_by_field_name("left") == inner:
            return True
        inner, outer = outer, outer.parent
    return False


def _condition(branch: Node) -> bytes:
    """The condition of a branch; the whole expression of one that has no name for it."""
    if branch.type == "else_clause" and branch.parent is not None:
        branch = branch.parent
    condition = branch.child_by_field_name("condition")
    if condition is None and branch.type in ("if_statement", "elif_clause", "else_clause"):
        return b""
    return (condition if condition is not None else branch).text or b""
