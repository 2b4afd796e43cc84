"""What a file exports: `export` statements, `exports.x =`, `module.exports =`, and what compilers write for them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.binding import specifiers, targets
from lint_rules.languages.javascript.grammar import (
    SyntaxIndex,
    arguments,
    first_named,
    has_token,
    named,
    plain,
    string_value,
    text,
)
from lint_rules.languages.javascript.members import Members, object_members
from lint_rules.languages.javascript.names import Names
from lint_rules.project.node_names import EXPORTS, WHOLE

_STAR_HELPERS = frozenset({"__exportStar", "__export", "_exportStar"})
_HELPERS = frozenset({"assign", "defineProperty", "inherits", "setPrototypeOf", *_STAR_HELPERS})


class Exports:
    """Collects the exports of one module: `named` by name, and `stars`, the modules whose exports it hands on.

    What is assigned to members of classes and objects is met on the way and noted in `members`.
    """

    def __init__(self, index: SyntaxIndex, names: Names, members: Members) -> None:
        self._index = index
        self._names = names
        self._scopes = names.scopes
        self._members = members
        self._own = names.module + "."
        self._whole = f"{names.module}.{EXPORTS}"
        self.named: dict[str, str] = {}
        self.stars: list[str] = []
        self._assignments()
        self._export_statements()
        self._helper_calls()

    def _export(self, name: str, symbol: str) -> None:
        if not self.named.get(name) and symbol != f"{self._whole}.{name}":
            self.named[name] = symbol

    # Assignments to members: `this.x = `, `Store.prototype.load = `, `exports.x = `, `module.exports = `.

    def _assignments(self) -> None:
        for assignment in self._index.assignments:
            left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
            if left is None or right is None or left.type not in ("member_expression", "subscript_expression"):
                continue
            if is_module_exports(left):
                if self._names.scopes.binding("module", left.start_byte) is None:
                    self._whole_export(self._last_value(right))
                continue
            last = left.child_by_field_name("property")
            owner = left.child_by_field_name("object")
            name = text(last) if last is not None else string_value(left.child_by_field_name("index"))
            if owner is None or not name:
                continue
            self._member_assignment(assignment, owner, name, self._last_value(right))

    @staticmethod
    def _last_value(right: Node) -> Node:
        while right.type == "assignment_expression":
            inner = right.child_by_field_name("right")
            if inner is None:
                break
            right = inner
        return right

    def _member_assignment(self, assignment: Node, owner: Node, name: str, value: Node) -> None:
        if owner.type not in ("this", "identifier", "member_expression"):
            return
        if owner.type == "member_expression":
            last = owner.child_by_field_name("property")
            if last is not None and text(last) == "prototype":
                owner = owner.child_by_field_name("object") or owner
            elif not is_module_exports(owner):
                return
        symbol = self._names.symbol(owner)
        if name == "prototype":
            self._members.inherits(symbol, self._members.created_from(value))
            return
        if symbol == self._whole:
            self._export(name, self._names.symbol(value))
            if plain(value).type == "object":
                self._object_value_of(f"exports.{name}", plain(value))
        elif symbol.startswith(self._own) and "(" not in symbol and "<parameter>" not in symbol:
            local = symbol[len(self._own) :]
            if local in self._members.attributes or owner.type == "this" or local[:1].isupper():
                self._members.hold(local, name, self._names.symbol(value))

    def _object_value_of(self, name: str, literal: Node) -> None:
        self._members.attributes.setdefault("exports", {})
        self._members.note_members(name, literal)

    # Exports.

    def _whole_export(self, value: Node) -> None:
        literal = plain(value)
        if literal.type != "object":
            symbol = self._names.symbol(value)
            if symbol and symbol != self._whole:
                self._export(WHOLE, symbol)
            return
        for name, member, is_method in object_members(literal):
            self._exported_member(name, member, is_method)

    def _exported_member(self, name: str, member: Node, is_method: bool) -> None:
        if name == "...":
            symbol = self._names.symbol(member)
            if symbol.endswith(f".{EXPORTS}") and symbol != self._whole:
                self.stars.append(symbol[: -len(EXPORTS) - 1])
            return
        inner = plain(member)
        if is_method:
            self._export(name, self._defined(member))
        elif inner.type == "object":
            self._object_value_of(f"exports.{name}", inner)
            self._export(name, f"{self._own}exports.{name}")
        else:
            self._export(name, self._names.symbol(member))

    def _export_statements(self) -> None:
        for statement in self._index.nodes("export_statement"):
            source = string_value(statement.child_by_field_name("source"))
            if source is not None:
                self._reexport(statement, self._names.module_symbol(source))
            elif has_token(statement, "default"):
                value = statement.child_by_field_name("value") or statement.child_by_field_name("declaration")
                if value is not None:
                    self._export("default", self._defined(value))
                    self._members.note_object(value)
            elif has_token(statement, "="):
                value = first_named(statement)
                if value is not None:
                    self._whole_export(value)
            else:
                self._local_exports(statement)

    def _local_exports(self, statement: Node) -> None:
        declaration = statement.child_by_field_name("declaration")
        if declaration is not None:
            for name in declared_names(declaration):
                self._export(text(name), self._names.name(text(name), name.end_byte) or self._own + text(name))
            return
        for clause in named(statement):
            if clause.type == "export_clause":
                for exported, member in specifiers(clause):
                    symbol = self._names.name(member, exported.start_byte) or self._own + member
                    self._export(string_value(exported) or text(exported), symbol)

    def _reexport(self, statement: Node, module: str) -> None:
        if not module:
            return
        clauses = [child for child in named(statement) if child.type in ("export_clause", "namespace_export")]
        if not clauses and module.endswith(f".{EXPORTS}"):
            self.stars.append(module[: -len(EXPORTS) - 1])
        for clause in clauses:
            if clause.type == "namespace_export":
                self._export(text(named(clause)[0]) if named(clause) else "", module)
                continue
            for exported, member in specifiers(clause):
                is_package_itself = member == "default" and "." not in module
                symbol = module if is_package_itself else f"{module}.{member}"
                self._export(string_value(exported) or text(exported), symbol)

    def _defined(self, value: Node) -> str:
        scope = self._scopes.of(value)
        return f"{self._own}{scope.name}" if scope is not None else self._names.symbol(value)

    def _helper_calls(self) -> None:
        """`Object.assign(module.exports, ...)`, `util.inherits(A, B)`, and what compilers write for `export`."""
        for call in self._index.nodes("call_expression"):
            function = call.child_by_field_name("function")
            if function is None or function.type not in ("member_expression", "identifier"):
                continue
            last = text(function.child_by_field_name("property") or function)
            if last not in _HELPERS:
                continue
            given = arguments(call)
            if len(given) < 2 and last not in _STAR_HELPERS:
                continue
            self._helper_call(last, given)

    def _helper_call(self, last: str, given: list[Node]) -> None:
        if last in _STAR_HELPERS:
            for value in given[:1]:
                self._exported_member("...", value, False)
        elif last in ("inherits", "setPrototypeOf"):
            child, base = given[0], given[1]
            if last == "setPrototypeOf" and child.type == "member_expression":
                child = child.child_by_field_name("object") or child
                base = base.child_by_field_name("object") or base
            self._members.inherits(self._names.symbol(child), self._names.symbol(base))
        elif self._names.symbol(given[0]) != self._whole:
            return
        elif last == "assign":
            for value in given[1:]:
                if plain(value).type == "object":
                    self._whole_export(value)
                else:
                    self._exported_member("...", value, False)
        elif (name := string_value(given[1])) and len(given) > 2:
            returned, called = _property_value(given[2])
            symbol = self._names.symbol(returned) if returned is not None else ""
            self._export(name, symbol + called if symbol else "")


def is_module_exports(node: Node) -> bool:
    """Whether an expression is `module.exports`."""
    base, last = node.child_by_field_name("object"), node.child_by_field_name("property")
    return base is not None and last is not None and text(base) == "module" and text(last) == "exports"


def declared_names(declaration: Node) -> Iterator[Node]:
    """The names that a declaration declares."""
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield name
        return
    for declarator in named(declaration):
        if declarator.type == "variable_declarator":
            yield from (target.name for target in targets(declarator.child_by_field_name("name")))


def _property_value(descriptor: Node) -> tuple[Node | None, str]:
    """`x` of `{ value: x }` and of `{ get: function () { return x } }`; of `{ get: x }` it is what `x()` gives."""
    for name, value, _ in object_members(descriptor):
        if name == "value":
            return value, ""
        if name != "get":
            continue
        body = value.child_by_field_name("body")
        if body is None:
            return value, "()"
        if body.type != "statement_block":
            return body, ""
        for statement in named(body):
            if statement.type == "return_statement":
                return first_named(statement), ""
    return None, ""
