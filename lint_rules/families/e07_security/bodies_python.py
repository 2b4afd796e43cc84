"""Fields of request bodies in one Python file: which expressions carry them, and which the handler asks about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import source
from lint_rules.families.e07_security.reading_python import called_name
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.request_data import base_name
from lint_rules.languages.python.scopes import FUNCTION, Scope, text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

WHOLE, ANY = "", "*"
_BODY = frozenset(
    {"json", "get_json", "form", "POST", "data", "body", "get_body_argument", "get_body_arguments", "payload", "post",
     "load_json", "values", "get_data", "content", "receive_json"}
)  # fmt: skip
_KEY = re.compile(r"""(?:\[|\.(?:get|pop|getlist|get_body_argument)\(|^get_body_argument\()\s*["']([\w-]+)["']""")
_PASSING = frozenset(
    {"dumps", "dict", "copy", "deepcopy", "strip", "lower", "upper", "title", "loads", "to_dict", "get"}
)
_ASKING = re.compile(
    r"^(?:isinstance|int|float|bool|str|UUID|Decimal|len|match|fullmatch|search|fromisoformat|strptime|is_\w+|check_\w+"
    r"|all|any|set|issubset|bcrypt|hash\w*|generate_password_hash|check_password\w*|startswith|endswith|isdigit)$"
)
_CONDITIONS = {
    "if_statement": "condition", "elif_clause": "condition", "while_statement": "condition",
    "match_statement": "subject",
}  # fmt: skip
_UNTYPED = re.compile(r"^(?:dict|Dict|Any|Mapping|typing\.Any|typing\.Dict)\b")
MAY_READ = re.compile(
    rb"\.(?:" + "|".join(sorted(_BODY)).encode() + rb")\b|get_body_argument|:[ \t]*(?:dict|Dict|Any|Mapping|typing\.)\b"
)
"""A file without a match carries no fields of a body: nothing is read, and no parameter is an untyped one."""
_HOLDING = frozenset(
    {"dictionary", "list", "tuple", "set", "dictionary_splat", "list_splat", "boolean_operator", "await",
     "parenthesized_expression", "binary_operator"}
)  # fmt: skip
_READS = frozenset({"identifier", "attribute", "subscript", "call", "await"})
_MAX_STEPS = 12
_MAX_NODES = 600


class Bodies:
    """Answers about the expressions of one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file
        self._checked: dict[str, frozenset[str]] = {}

    def field(self, expression: Node) -> str | None:
        """The field of the body that an expression is (a part of); WHOLE for the body, None for anything else."""
        current: Node | None = expression
        key = ""
        for _ in range(_MAX_STEPS):
            if current is None:
                return None
            while current.type in ("await", "parenthesized_expression") and current.named_children:
                current = current.named_children[0]
            if current.type == "boolean_operator":
                current = current.child_by_field_name("left") or current
            bound = (
                self._file.names.only_value(text(current), current.start_byte) if current.type == "identifier" else None
            )
            if bound is not None:
                current = bound
                continue
            found = _KEY.search(source(current)) if current.type in ("subscript", "call") else None
            key = found.group(1) if found is not None else key
            if current.type == "subscript" and found is None and not key:
                index = current.child_by_field_name("subscript")
                key = ANY if index is not None and index.type == "identifier" else key
            if current.type == "call" and called_name(current) == "loads":
                current = next((value for _, value in arguments(current)), None)
                continue
            if current.type == "call" and self._transforms(current):
                return None
            name = self._file.request_data.data_name(current)
            if name:
                return (key or WHOLE) if name.rpartition(".")[2] in _BODY else None
            root = base_name(current)
            if root.type != "identifier":
                return None
            if self._is_untyped_parameter(root):
                return key or WHOLE
            current = self._file.names.only_value(text(root), root.start_byte)
        return None

    def _transforms(self, call: Node) -> bool:
        """Whether a call gives something else than a part of what it is called on: `body.get("a")` does not."""
        function = call.child_by_field_name("function")
        if function is None or function.type != "attribute":
            return False
        if self._file.request_data.data_name(call):
            return False
        return called_name(call) not in ("get", "pop", "strip", "lower", "upper", "title", "copy", "to_dict", "getlist",
                                         "items", "values", "decode")  # fmt: skip

    def _is_untyped_parameter(self, name: Node) -> bool:
        """Whether a name is a parameter for which FastAPI or Litestar take the whole body as it comes: `body: dict`."""
        scope: Scope | None = self._file.enclosing_function(name)
        if scope is None or scope.kind != FUNCTION:
            return False
        bindings = scope.bindings.get(text(name), ())
        handler = self._file.handler(scope)
        if len(bindings) != 1 or bindings[0].kind != "parameter" or handler is None:
            return False
        annotation, default = bindings[0].annotation, bindings[0].node
        if handler.framework.name not in ("FastAPI", "Litestar") or annotation is None or handler.kind != "route":
            return False
        written = source(default) if default is not None else ""
        return _UNTYPED.match(source(annotation)) is not None and "Depends" not in written and "Header" not in written

    def carried(self, expression: Node) -> Iterator[str]:
        """The fields of the body within an expression, as they came."""
        waiting, seen = [expression], set()
        for _ in range(_MAX_NODES):
            if not waiting:
                return
            node = waiting.pop()
            if node.id in seen:
                continue
            seen.add(node.id)
            if node.type in _READS:
                field = self.field(node)
                if field is not None:
                    yield field
                    continue
            if node.type == "identifier":
                bound = self._file.names.only_value(text(node), node.start_byte)
                if bound is not None and bound.type in ("dictionary", "list", "tuple", "call"):
                    waiting.append(bound)
            elif node.type == "call":
                if called_name(node) in _PASSING:
                    waiting.extend(value for _, value in arguments(node))
                    listed = node.child_by_field_name("arguments")
                    waiting.extend(one for one in (listed.named_children if listed is not None else ())
                                   if one.type == "dictionary_splat")  # fmt: skip
            elif node.type in ("pair", "keyword_argument"):
                value = node.child_by_field_name("value")
                waiting.extend([value] if value is not None else [])
            elif node.type in _HOLDING:
                waiting.extend(node.named_children)

    def checked(self, scope: Scope) -> frozenset[str]:
        """The fields about which a handler asks anything; the whole body with them, once one field is asked about."""
        if scope.name not in self._checked:
            found = {field for node in self._asked(scope) for field in self._fields_in(node)}
            named = found - {WHOLE}
            self._checked[scope.name] = frozenset((*named, WHOLE) if named else ())
        return self._checked[scope.name]

    def _asked(self, scope: Scope) -> Iterator[Node]:
        start, end = scope.node.start_byte, scope.node.end_byte

        def inside(kind: str) -> Iterator[Node]:
            return (node for node in self._file.nodes(kind) if start <= node.start_byte < end)

        for kind, place in _CONDITIONS.items():
            yield from (one for node in inside(kind) if (one := node.child_by_field_name(place)) is not None)
        for kind in ("comparison_operator", "not_operator", "assert_statement"):
            yield from inside(kind)
        yield from (node.named_children[1] for node in inside("conditional_expression") if node.named_child_count == 3)
        yield from (call for call in inside("call") if _ASKING.match(called_name(call)))
        for clause in inside("for_in_clause"):
            right = clause.child_by_field_name("right")
            if right is not None:
                yield right

    def _fields_in(self, node: Node) -> Iterator[str]:
        waiting = [node]
        for _ in range(_MAX_NODES):
            if not waiting:
                return
            current = waiting.pop()
            operators = {child.type for child in current.children} if current.type == "comparison_operator" else set()
            if operators & {"in", "not in"}:
                left = current.named_children[0]
                inner = self.field(current.named_children[-1])
                if inner == WHOLE:
                    yield ANY if left.type == "identifier" else source(left).strip("\"'")
                    continue
            if current.type in _READS:
                field = self.field(current)
                if field is not None:
                    yield field
                    continue
            waiting.extend(current.named_children)
