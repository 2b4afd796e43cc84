"""What an ES module does while it is evaluated: what it imports, exports and declares, and which imports it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.binding import imported, specifiers, targets
from lint_rules.languages.javascript.exports import declared_names
from lint_rules.languages.javascript.grammar import (
    BRANCH_KINDS,
    FUNCTION_KINDS,
    SyntaxIndex,
    has_token,
    named,
    parse,
    string_value,
    text,
)
from lint_rules.languages.javascript.scopes import Scopes
from lint_rules.languages.javascript.unbound import is_read
from lint_rules.project.evaluation_simulation import ALL, BIND, READ, EsModule, EvaluationStep

_CLAUSES = frozenset({"export_clause", "namespace_export"})
_DEFAULT = "*default*"
_SPECIFIER = re.compile(rb"""(?:\bfrom|\bimport)\s*["']([.@~#][^"'\n]*)["']""")

Resolve = Callable[[str], str]
"""The file that a specifier means, "" for what is not the project's."""


def es_module(data: bytes, path: str, resolve: Resolve) -> EsModule | None:
    """What is known of a module; None for one that is no ES module, or of which too little can be told."""
    parsed = parse(data, path)
    index = SyntaxIndex(parsed)
    root = parsed.tree.root_node
    if root.has_error or not (index.nodes("import_statement") or index.nodes("export_statement")):
        return None
    if any(_place(one) is not None for one in index.nodes("await_expression")):
        return None  # the order in which such modules go on is another one
    return _Reader(index, path.endswith((".ts", ".tsx", ".mts", ".cts")), resolve).module()


class _Reader:
    """Collects what one module says."""

    def __init__(self, index: SyntaxIndex, is_typescript: bool, resolve: Resolve) -> None:
        self._index = index
        self._scopes = Scopes(index)
        self._is_typescript = is_typescript
        self._resolve = resolve
        self._taken: dict[str, tuple[str, str]] = {}
        self._requests: list[tuple[int, str]] = []
        self._exports: dict[str, tuple[str, str]] = {}
        self._stars: list[str] = []
        self._hoisted: set[str] = set()
        self._steps: list[EvaluationStep] = []

    def module(self) -> EsModule:
        self._imports()
        for statement in named(self._index.root):
            if statement.type == "export_statement":
                self._export(statement)
            else:
                self._declare(statement)
        steps = sorted(self._steps, key=lambda one: one.at[1] if one.kind == BIND else one.at[0])
        requests = tuple(dict.fromkeys(target for _, target in sorted(self._requests)))
        return EsModule(requests, self._exports, tuple(self._stars), frozenset(self._hoisted), tuple(steps))

    def _imports(self) -> None:
        statements: list[tuple[Node, str, set[str]]] = []
        for statement in self._index.nodes("import_statement"):
            target = self._resolve(string_value(statement.child_by_field_name("source")) or "")
            members = {name: binding.member for binding, name in imported(statement)}
            if target and not has_token(statement, "type"):
                statements.append((statement, target, set(members)))
                self._taken.update({name: (target, member) for name, member in members.items()})
        used = self._reads()
        for statement, target, names in statements:
            if not self._is_typescript or not names or names & used:  # what only types use is left out when compiled
                self._requests.append((statement.start_byte, target))

    def _reads(self) -> set[str]:
        """Note where imports are read; the names that are used as values anywhere."""
        used: set[str] = set()
        for node in (*self._index.nodes("identifier"), *self._index.nodes("shorthand_property_identifier")):
            name = text(node)
            if name not in self._taken or not _is_value(node):
                continue
            found = self._scopes.binding(name, node.start_byte)
            if found is None or found[1][0].kind != "import":
                continue
            used.add(name)
            if (
                (is_sure := _place(node)) is not None
                and node.parent is not None
                and node.parent.type != "export_specifier"
            ):
                self._read(node, self._taken[name], is_sure)
        return used

    def _read(self, node: Node, taken: tuple[str, str], is_sure: bool) -> None:
        target, member = taken
        parent = node.parent
        if member == ALL:
            attribute = parent.child_by_field_name("property") if parent is not None else None
            if parent is None or parent.type != "member_expression" or attribute is None or attribute == node:
                return
            node, member = parent, text(attribute)
        self._steps.append(EvaluationStep(READ, (node.start_byte, node.end_byte), member, target, is_sure))

    def _export(self, statement: Node) -> None:
        if has_token(statement, "type"):
            return
        source = string_value(statement.child_by_field_name("source"))
        clauses = [one for one in named(statement) if one.type in _CLAUSES]
        if source is not None:
            target = self._resolve(source)
            if target:
                self._requests.append((statement.start_byte, target))
                self._hand_on(target, clauses)
            return
        for clause in clauses:
            for exported, local in specifiers(clause):
                name = string_value(exported) or text(exported)
                self._exports[name] = self._taken.get(local, ("", local))
        declaration = statement.child_by_field_name("declaration")
        if has_token(statement, "default"):
            self._default(statement, declaration)
        elif declaration is not None:
            self._exports.update({name: ("", name) for name in self._declare(declaration)})

    def _hand_on(self, target: str, clauses: list[Node]) -> None:
        if not clauses:
            self._stars.append(target)
        for clause in clauses:
            if clause.type == "namespace_export":
                self._exports.update({string_value(one) or text(one): (target, ALL) for one in named(clause)})
            else:
                for exported, member in specifiers(clause):
                    self._exports[string_value(exported) or text(exported)] = (target, member)

    def _default(self, statement: Node, declaration: Node | None) -> None:
        value = declaration or statement.child_by_field_name("value")
        name = value.child_by_field_name("name") if value is not None else None
        is_function = value is not None and value.type in (
            "function_declaration", "generator_function_declaration", "function_expression", "generator_function",
        )  # fmt: skip
        self._exports["default"] = ("", _DEFAULT)
        if value is None or is_function or value.type == "interface_declaration":
            self._hoisted.add(_DEFAULT)
        else:
            self._bind(_DEFAULT, statement)
        if name is not None and value is not None and declaration is not None:
            if is_function:
                self._hoisted.add(text(name))
            else:
                self._bind(text(name), value)

    def _bind(self, name: str, node: Node) -> None:
        self._steps.append(EvaluationStep(BIND, (node.start_byte, node.end_byte), name))

    def _declare(self, declaration: Node) -> list[str]:
        """Note the names that a statement at the top of the module declares, and from when on they are there."""
        names = [text(name) for name in declared_names(declaration)]
        kind = declaration.type
        if kind in ("class_declaration", "abstract_class_declaration", "enum_declaration", "internal_module"):
            if kind == "enum_declaration" and has_token(declaration, "const"):
                self._hoisted.update(names)
            else:
                self._bind(names[0] if names else "", declaration)
        elif kind == "lexical_declaration":
            for declarator in named(declaration):
                for target in targets(declarator.child_by_field_name("name")):
                    self._bind(text(target.name), declarator)
        elif kind.endswith(("_declaration", "_signature")):
            self._hoisted.update(names)
        else:
            return []
        return names


def _is_value(node: Node) -> bool:
    """Whether an identifier is read as a value; one that `export { ... }` names counts."""
    return (node.parent is not None and node.parent.type == "export_specifier") or is_read(node)


def _place(node: Node) -> bool | None:
    """Whether a place is surely reached when the module is evaluated; None if a function must be called first."""
    is_sure = True
    in_decorator = False
    inner, outer = node, node.parent
    while outer is not None:
        if outer.type == "decorator":
            in_decorator = True
        elif outer.type in FUNCTION_KINDS:
            if not in_decorator:
                return None
            in_decorator = False
        elif outer.type in ("public_field_definition", "field_definition"):
            if not in_decorator and not has_token(outer, "static"):
                return None
            in_decorator = False
        elif outer.type in BRANCH_KINDS or (
            outer.type == "binary_expression"
            and any(has_token(outer, operator) for operator in ("&&", "||", "??"))
            and outer.child_by_field_name("left") != inner
        ):
            is_sure = False
        inner, outer = outer, outer.parent
    return is_sure


def written_specifiers(data: bytes) -> Iterator[str]:
    """The modules that `import` and `export` statements of a file may name: a superset."""
    for found in _SPECIFIER.findall(data):
        yield found.decode("utf-8", "replace")
