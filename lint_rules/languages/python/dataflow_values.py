"""What the values of Python expressions hold.

Expressions are evaluated without Python's stack, and once for each state that they are asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.flow.taint import (
    CLEAN,
    Mark,
    Path,
    Value,
    Variables,
    bound,
    cleaned,
    exposed,
    from_origin,
    held,
    parts_of,
    union,
)
from lint_rules.flow.trampoline import bounce
from lint_rules.languages.python.conditions import path_of, refined
from lint_rules.languages.python.dataflow_parts import (
    MASS,
    UPLOAD_NAMES,
    WHERE,
    as_text,
    content_of,
    is_last_part,
    is_text,
    last_name,
    named_by_client,
    source_kinds,
    taken,
)
from lint_rules.languages.python.effects import TEXT, UPLOAD, safe_slot
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.lowered_expressions import COMPREHENSIONS
from lint_rules.languages.python.request_data import request_tables
from lint_rules.languages.python.scopes import FUNCTION, LAMBDA, Scope, text
from lint_rules.project.flows import LocalSink, RequestSource

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

Asked = tuple[Node, Variables]
Steps = Generator[Asked, Value, Value]

_VALIDATED = frozenset({"validated_data", "cleaned_data"})
_SHAPED = TEXT | {"field"}
SHARED = "flask.g"
_CREATED = re.compile(rb"\b201\b|CREATED|Created")
"""The header Location of an answer with this status sends no browser anywhere."""
_PROGRAM = frozenset({"program"})
_NAME_ONLY, _ESCAPED = frozenset({"path"}), frozenset({"html"})
_PATH_PARTS = frozenset({"name", "stem", "suffix"})
RESOLVED = frozenset({"resolved"})
_COMPARING = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"})
"""Operators of MongoDB whose operand is a value, and no filter."""
_COMPARED = frozenset({"nosql"})
_CODE_KEYS = frozenset({"$where", "$function", "$accumulator"})
_SHELLS = re.compile(r"""["'](?:/bin/|/usr/bin/)?(?:ba|z|da|k)?sh["']|["']cmd(?:\.exe)?["']|powershell""")


class Values:
    """The expressions of one function under evaluation; what it reads of a request is numbered."""

    def __init__(self, file: PythonFile, scope: Scope) -> None:
        self.sources: list[RequestSource] = []
        self.sinks: list[LocalSink] = []
        self._file = file
        self._scope = scope
        self._members = request_tables().members
        self._source_numbers: dict[int, str] = {}
        self._may_redirect = _CREATED.search(scope.node.text or b"") is None
        self._local_sinks: dict[int, int] = {}
        self._verdicts: dict[str, list[Path]] = {}
        self._signed: dict[str, list[Path]] = {}
        """What names hold a signature of."""
        self._host_of: dict[str, list[Path]] = {}
        """What names hold the host of: `host = urlsplit(url).hostname`."""
        self._taken_from: dict[str, list[Path]] = {}
        """What names hold the address or path of, taken apart or resolved: `parts = urlsplit(url)`."""
        self._memo_of: Variables = {}
        self._memo: dict[int, Value] = {}
        owner = scope.owner_class
        names = parameters_of(scope)
        self._self = names[0] if owner is not None and names and names[0] in ("self", "cls") else ""
        self._own_class = f"{file.module}.{owner.name}" if owner is not None else ""
        self.captured = captured_names(scope, file)
        self._kinds: dict[str, Callable[[Node, Variables], Steps]] = {
            "identifier": self._identifier,
            "attribute": self._attribute,
            "subscript": self._subscript,
            "string": self._string,
            "concatenated_string": self._string,
            "binary_operator": self._operation,
            "boolean_operator": self._any_of,
            "conditional_expression": self._choice,
            "named_expression": self._last,
            "keyword_argument": self._last,
            "pair": self._last,
            "list": self._list,
            "tuple": self._list,
            "expression_list": self._any_of,
            "set": self._any_of,
            "dictionary": self._dictionary,
            "list_splat": self._any_of,
            "dictionary_splat": self._any_of,
            "parenthesized_expression": self._any_of,
            "await": self._any_of,
            "yield": self._any_of,
            "interpolation": self._any_of,
            "slice": self._nothing,
            **dict.fromkeys(COMPREHENSIONS, self._comprehension),
        }

    def _is_shared(self, attribute: Node) -> bool:
        """Whether it is one of `flask.g`, which all functions see that work on a request."""
        owner = attribute.child_by_field_name("object")
        return owner is not None and text(owner) == "g" and self._file.names.symbol(owner) in ("flask.g", "quart.g")

    def value(self, node: Node, variables: Variables) -> Value:
        """What an expression's value holds."""
        if self._memo_of is not variables:
            self._memo_of, self._memo = variables, {}
        return bounce(self._evaluate, (node, variables))

    def _evaluate(self, asked: Asked) -> Steps:
        node, variables = asked
        kind = self._kinds.get(node.type)
        if kind is None:
            return CLEAN
        remembers = variables is self._memo_of
        known = self._memo.get(node.id) if remembers else None
        if known is None:
            known = yield from kind(node, variables)
            if remembers and variables is self._memo_of:
                self._memo[node.id] = known
        return known

    @staticmethod
    def _nothing(node: Node, variables: Variables) -> Steps:
        return CLEAN
        yield

    def _any_of(self, node: Node, variables: Variables) -> Steps:
        values = []
        for child in node.named_children:
            values.append((yield child, variables))
        return union(*values)

    @staticmethod
    def _last(node: Node, variables: Variables) -> Steps:
        value = node.child_by_field_name("value")
        return (yield value, variables) if value is not None else CLEAN

    def _identifier(self, node: Node, variables: Variables) -> Steps:
        return union(self._whole(node, variables), parts_of(variables, (text(node),)))
        yield

    def _whole(self, node: Node, variables: Variables) -> Value:
        """What a variable holds by itself, and so each part of it that nothing else is known of."""
        name = text(node)
        value = variables.get((name,))
        if value is None:
            return CLEAN if name == self._self else self._free(name, node)
        return value

    def _free(self, name: str, node: Node) -> Value:
        """The value of a variable of a function around this one."""
        self._file.names.bind()
        for scope in self._file.scopes.at(node.start_byte).enclosing():
            if name in scope.bindings:
                inner = scope is self._scope or scope.kind not in (FUNCTION, LAMBDA)
                return CLEAN if inner else from_origin(f"v:{scope.name}.{name}")
        return CLEAN

    def _attribute(self, node: Node, variables: Variables) -> Steps:
        attribute, owner = node.child_by_field_name("attribute"), node.child_by_field_name("object")
        if attribute is None or owner is None:
            return CLEAN
        name = text(attribute)
        if name in self._members and (source := self._source(node)):
            return source
        path = path_of(node)
        value, size = held(variables, path)
        if size and size == len(path):
            return value
        base = self._whole(owner, variables) if owner.type == "identifier" else (yield owner, variables)
        if not base:
            is_own = self._self and len(path) == 2 and path[0] == self._self
            if not is_own and len(path) == 2 and self._is_shared(node):
                return from_origin(f"a:{SHARED}.{name}")
            return from_origin(f"a:{self._own_class}.{name}") if is_own else CLEAN
        if name in _PATH_PARTS and self._is_path(owner):
            return cleaned(base, _NAME_ONLY)
        if name in UPLOAD_NAMES:
            base = named_by_client(base)
        if name == "file":  # the content of an upload, whose type only the handler knows
            base = {
                origin: Mark(mark.cleaned | UPLOAD, mark.steps) if origin[0] == "r" else mark
                for origin, mark in base.items()
            }
        if name in _VALIDATED:
            base = cleaned(base, _SHAPED)
        return {
            f"{origin}.{name}" if origin[:2] == "p:" and "." not in origin else origin: mark
            for origin, mark in base.items()
        }

    def _is_markup(self, owner: Node) -> bool:
        """Whether it is `Markup("...")`, which escapes what is put into its slots."""
        function = owner.child_by_field_name("function") if owner.type == "call" else None
        return function is not None and last_name(function) == "Markup"

    def _is_path(self, owner: Node) -> bool:
        """Whether an expression is an object of `pathlib`: of its `name` no folder is left."""
        if b"Path" not in self._file.data:
            return False
        if owner.type == "identifier":
            owner = self._file.names.only_value(text(owner), owner.start_byte) or owner
        return self._file.names.symbol(owner).startswith(("pathlib.", "anyio.Path"))

    def _source(self, node: Node) -> Value:
        """The value of an expression that reads what a client sent."""
        known = self._source_numbers.get(node.id)
        data = self._file.request_data
        if known is None:
            name = data.data_name(node, whole=True)
            known = ""
            if name:
                known = f"r:{len(self.sources)}"
                kinds = source_kinds(name)
                written = " ".join(text(node).split())[:60]
                self.sources.append(RequestSource(self._file.span(node), written, tuple(sorted(kinds))))
            self._source_numbers[node.id] = known
        return from_origin(known, frozenset(self.sources[int(known[2:])].cleaned)) if known else CLEAN

    def _element(self, node: Node, variables: Variables) -> Value:
        """What a loop over an expression gives."""
        name = self._file.request_data.iterated_name(node)
        if name:
            known = self._source_numbers.get(node.id)
            if known is None:
                known = self._source_numbers[node.id] = f"r:{len(self.sources)}"
                self.sources.append(RequestSource(self._file.span(node), text(node)[:60], tuple(sorted(TEXT))))
            return from_origin(known, TEXT)
        return self.value(node, variables)

    def _subscript(self, node: Node, variables: Variables) -> Steps:
        owner = node.child_by_field_name("value")
        if owner is None:
            return CLEAN
        path = path_of(node)
        value, size = held(variables, path)
        if size and size == len(path) and size > 1:
            return value
        key = node.child_by_field_name("subscript")
        is_part = owner.type == "identifier" and len(path) > 1
        base = self._whole(owner, variables) if is_part else (yield owner, variables)
        if key is not None and key.type == "string" and text(key).strip("\"'") in UPLOAD_NAMES:
            return named_by_client(base)
        if key is not None and text(key) in ("1", "-1") and is_last_part(owner):
            return cleaned(taken(base), _NAME_ONLY)
        return taken(base)

    def _string(self, node: Node, variables: Variables) -> Steps:
        before: list[str | None] = []
        values = []
        parts = node.named_children if node.type == "string" else [
            inner for string in node.named_children for inner in string.named_children
        ]  # fmt: skip
        for part in parts:
            if part.type == "interpolation":
                values.append(cleaned((yield part, variables), safe_slot(before)))
                before.append(None)
            elif part.type == "string_content":
                before.append(text(part))
        return as_text(union(*values))

    def _operation(self, node: Node, variables: Variables) -> Steps:
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator is None or left is None or right is None or operator.type not in ("+", "%", "/", "|", "*"):
            return CLEAN
        one = yield left, variables
        if operator.type == "*":
            return one
        other = yield right, variables
        if operator.type == "+" and other:
            other = cleaned(other, _PROGRAM) if right.type == "list" else other
            start = left
            while start.type == "binary_operator" and (inner := start.child_by_field_name("left")) is not None:
                start = inner
            literal = content_of(left) if start is left else content_of(start)
            before = [literal] if start is left else [literal, None]
            return union(one, as_text(cleaned(other, safe_slot(before))) if is_text(start) else other)
        if operator.type == "%" and other:
            other = cleaned(other, _ESCAPED) if self._is_markup(left) else other
            literal = content_of(left)
            slot = safe_slot([literal.partition("%")[0] if literal is not None else None])
            return union(one, as_text(cleaned(other, slot)))
        if operator.type == "/" and other:
            return union(one, cleaned(other, safe_slot([None])))
        return union(one, other)

    def _choice(self, node: Node, variables: Variables) -> Steps:
        if len(node.named_children) != 3:
            return CLEAN
        then, test, otherwise = node.named_children
        first = yield then, refined(test, True, variables)
        second = yield otherwise, refined(test, False, variables)
        return union(first, second)

    def _list(self, node: Node, variables: Variables) -> Steps:
        children = node.named_children
        values = []
        for position, child in enumerate(children):
            value = yield child, variables
            if position and children[0].type != "list_splat" and not _SHELLS.search(text(children[0])):
                value = cleaned(value, _PROGRAM)
            values.append(value)
        return union(*values)

    def _dictionary(self, node: Node, variables: Variables) -> Steps:
        values = []
        for child in node.named_children:
            if child.type != "pair":
                values.append((yield child, variables))
                continue
            key, element = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is None or element is None:
                continue
            value = cleaned((yield element, variables), MASS)
            if key.type == "string":
                name = text(key).strip("\"'")
                if name in _COMPARING:
                    value = cleaned(value, _COMPARED)
                values.append(exposed(value, WHERE) if name in _CODE_KEYS else value)
            else:
                values.extend((value, (yield key, variables)))
        return union(*values)

    def _comprehension(self, node: Node, variables: Variables) -> Steps:
        body = node.child_by_field_name("body")
        inner = self._in_comprehension(node, variables)
        if body is None:
            return CLEAN
        if body.type == "pair":
            key, element = body.child_by_field_name("key"), body.child_by_field_name("value")
            keys = (yield key, inner) if key is not None else CLEAN
            values = (yield element, inner) if element is not None else CLEAN
            return union(keys, cleaned(values, MASS))
        return (yield body, inner)

    def _in_comprehension(self, node: Node, variables: Variables) -> Variables:
        for clause in node.named_children:
            if clause.type == "for_in_clause":
                left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
                if left is None or right is None:
                    continue
                value = self._element(right, variables)
                for name in [left] if left.type == "identifier" else left.named_children:
                    if name.type == "identifier":
                        variables = bound(variables, (text(name),), value)
            elif clause.type == "if_clause":
                test = first_named(clause)
                variables = refined(test, True, variables) if test is not None else variables
        return variables


def parameters_of(scope: Scope) -> list[str]:
    """The names of a function's parameters in order, `self` and those with stars too."""
    return [name for name, bindings in scope.bindings.items() if any(one.kind == "parameter" for one in bindings)]


def captured_names(scope: Scope, file: PythonFile) -> frozenset[str]:
    """The variables of a function that functions within it read."""
    inner = [one for one in file.scopes.all if one.parent is scope and one.kind in (FUNCTION, LAMBDA)]
    words = {word for one in inner for word in re.findall(r"[^\W\d]\w*", text(one.node))}
    return frozenset(words.intersection(scope.bindings))
