"""Handlers by where they stand: methods with a decorator or of an interface, and what files of a place export."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from lint_rules.languages.javascript.annotations import annotated
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import first_named, named
from lint_rules.languages.javascript.members import decorators, heritage
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.project.frameworks import Handler
from lint_rules.project.node_frameworks import MajorOf, NodeHandlerTable, glob_pattern, roles_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


class Placed:
    """Answers about the functions of one file."""

    def __init__(self, file: JavaScriptFile, table: NodeHandlerTable, packages: MajorOf) -> None:
        self._file = file
        self._table = table
        self._packages = packages
        self._exported: dict[int, Handler] | None = None

    def decorated(self, function: Scope) -> Handler | None:
        if function.node.type != "method_definition" or function.owner_class is None:
            return None
        expressions = list(decorators(function.node))
        if not expressions:
            return None
        names = [self._file.canonical(called_decorator(one)) for one in expressions]
        found = self._table.decorated_kind(names)
        if found is None:
            return None
        framework, kind, via = found
        return self._table.made(framework, kind, via, self._decorated_roles(function, kind), self._packages)

    def _decorated_roles(self, function: Scope, kind: str) -> tuple[str, ...]:
        by_position = roles_of(self._table.by_name["NestJS"], kind) if kind in ("socket", "task") else ()
        roles = []
        for position, parameter in enumerate(parameter_nodes(function.node)):
            names = [
                self._file.canonical(called_decorator(expression))
                for child in parameter.children
                if child.type == "decorator" and (expression := first_named(child)) is not None
            ]
            known = self._table.parameter_roles
            role = next((known[name] for name in names if name in known), "")
            if not role and not names and position < len(by_position):
                role = by_position[position]
            roles.append(role or "other")
        return tuple(roles)

    def method(self, function: Scope) -> Handler | None:
        owner = function.owner_class
        name = function.name.rpartition(".")[2]
        if owner is None or name not in self._table.method_names or "@nestjs/core" not in self._packages:
            return None
        found = self._table.method_kind(self._interfaces(owner), name)
        if found is None:
            return None
        framework, kind = found
        return self._table.made(framework, kind, name, roles_of(framework, kind), self._packages)

    def _interfaces(self, owner: Scope) -> list[str]:
        """Canonical names of what a class extends and implements."""
        found = [self._file.canonical(base) for base in heritage(owner.node)]
        for child in owner.node.children:
            for clause in named(child) if child.type == "class_heritage" else ():
                if clause.type == "implements_clause":
                    found.extend(self._file.resolve(annotated(self._file.names, one, 1)) for one in named(clause))
        return found

    @property
    def exported(self) -> dict[int, Handler]:
        """Functions that a file in such a place exports as handlers, by syntax node."""
        if self._exported is None:
            self._exported = {}
            rows = [row for row in self._table.exports if self._may_export(row.row)]
            exports = self._file.definitions().exports if rows else {}
            for row in rows:
                for name in _exported_names(row.row, exports):
                    scope = self._exported_function(exports, name)
                    if scope is not None and self._begins_as_wanted(row.row, scope):
                        via = f"export {name}"
                        handler = self._table.made(row.framework, row.kind, via, row.roles, self._packages)
                        self._exported.setdefault(scope.node.id, handler)
        return self._exported

    def _may_export(self, row: Mapping[str, Any]) -> bool:
        file = self._file
        imports: list[str] = row.get("imports", [])
        if imports and not any(package.encode() in file.data for package in imports):
            return False
        directive = row.get("directive", "")
        if directive and not begins_with(file.data, directive):
            return False
        names: list[str] = row["names"]
        if "*" not in names and not any(name.rpartition(".")[2].encode() in file.data for name in names):
            is_default = "default" in names and b"module.exports" in file.data
            if not is_default:
                return False
        globs: list[str] = row["files"]
        return not globs or glob_pattern(globs).match(self._path_in_package()) is not None

    def _path_in_package(self) -> str:
        package = self._file.package
        path = self._file.path
        if package is not None and path.startswith(package.folder):
            return path[len(package.folder) :].lstrip("/")
        return self._file.relative

    def _exported_function(self, exports: dict[str, str], name: str) -> Scope | None:
        head, _, member = name.partition(".")
        symbol = exports.get(head) or (exports.get("export=") if head == "default" else None)
        return self._file.function_scope(f"{symbol}.{member}" if member else symbol) if symbol else None

    @staticmethod
    def _begins_as_wanted(row: Mapping[str, Any], function: Scope) -> bool:
        first = row.get("first")
        names = [name.lstrip("_") for name in parameter_names(function.node)]
        return first is None or (bool(names) and names[0] in first)


def begins_with(data: bytes, directive: str) -> bool:
    """Whether a file's first statement is a directive; comments may stand before it."""
    at = 0
    while (nothing := _NO_CODE.match(data, at)) is not None:
        at = nothing.end()
    return data[at : at + 1] in (b'"', b"'") and data.startswith(directive.encode(), at + 1)


_NO_CODE = re.compile(rb"\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/")


def called_decorator(expression: Node) -> Node:
    """`Get` of `@Get('/')`; any other expression is itself."""
    function = expression.child_by_field_name("function") if expression.type == "call_expression" else None
    return expression if function is None else function


def _exported_names(row: Mapping[str, Any], exports: dict[str, str]) -> list[str]:
    names: list[str] = row["names"]
    return [name for name in exports if name != "export="] if "*" in names else names
