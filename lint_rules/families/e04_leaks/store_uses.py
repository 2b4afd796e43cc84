"""What code does to a container of Python: adds to it, may take entries out of it, or reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.varying import varies
from lint_rules.languages.python.kept import kept_key
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.usage import reads_of

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

MADE, GROWS, TENDED = "made", "grows", "tended"

_MAKERS = frozenset({"dict", "list", "set", "OrderedDict", "defaultdict", "Counter", "deque"})
_ADDS = frozenset({"append", "appendleft", "add", "setdefault", "update", "extend", "insert"})
_TAKES = frozenset(
    {"pop", "popitem", "clear", "remove", "discard", "popleft", "move_to_end", "difference_update",
     "intersection_update", "symmetric_difference_update"}
)  # fmt: skip
_READERS = frozenset(
    {"len", "list", "dict", "set", "tuple", "sorted", "sum", "any", "all", "min", "max", "enumerate", "iter", "zip",
     "map", "filter", "isinstance", "str", "repr", "bool", "print", "reversed", "next", "frozenset", "dumps", "jsonify",
     "copy", "deepcopy", "Response", "json_response", "JSONResponse", "JsonResponse", "json", "render",
     "render_template",
     "TemplateResponse", "debug", "info", "warning", "error", "exception", "write", "HttpResponse", "format", "gather",
     "choice", "join", "range"}
)  # fmt: skip
_THROUGH = frozenset(
    {"parenthesized_expression", "pair", "dictionary", "list", "tuple", "set", "expression_list",
     "conditional_expression", "boolean_operator", "dictionary_splat", "list_splat", "await"}
)  # fmt: skip
_TESTS = frozenset(
    {"comparison_operator", "not_operator", "if_statement", "elif_clause", "while_statement", "if_clause",
     "binary_operator", "interpolation", "expression_statement", "assert_statement", "unary_operator",
     "for_in_clause", "for_statement", "yield"}
)  # fmt: skip


class StoreUses:
    """The answers for one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file

    def of(self, node: Node, waiting: list[Node]) -> tuple[str, Node | None]:
        """What the code around one mention does, and where; other names of the container are added to `waiting`."""
        parent = node.parent
        if parent is None:
            return "", None
        if parent.type == "subscript" and parent.child_by_field_name("value") == node:
            return self._of_item(parent)
        if parent.type == "attribute" and parent.child_by_field_name("object") == node:
            return self._of_method(parent, parent)
        if parent.type == "assignment" and parent.child_by_field_name("left") == node:
            return self._rebound(parent)
        if parent.type == "augmented_assignment" and parent.child_by_field_name("left") == node:
            operator, value = parent.child_by_field_name("operator"), parent.child_by_field_name("right")
            grows = operator is not None and text(operator) in ("+=", "|=")
            if not grows:
                return TENDED, None
            return (GROWS, parent) if value is not None and varies(value, self._file) else ("", None)
        if parent.type == "delete_statement":
            return TENDED, None
        return self._handed_on(node, waiting)

    def _rebound(self, assignment: Node) -> tuple[str, Node | None]:
        """A new value outside of constructors and module level takes everything out."""
        scope = self._file.scopes.at(assignment.start_byte)
        right = assignment.child_by_field_name("right")
        is_start = scope.kind != FUNCTION or scope.name.endswith("__init__")
        if is_start or right is None:
            return "", None
        left = assignment.child_by_field_name("left")
        is_kept = left is not None and kept_key(left)
        is_local = left is not None and left.type == "identifier" and text(left) not in scope.globals
        is_made = makes_container(right) and (is_kept or is_local)  # app.state.orders = {} in a factory, at start
        return ("", None) if is_made else (TENDED, None)

    def _of_item(self, item: Node) -> tuple[str, Node | None]:
        """`store[key]`: assigned, deleted, called a method of, or read."""
        key, outer = item.child_by_field_name("subscript"), item.parent
        if key is None or outer is None:
            return "", None
        is_slice = key.type == "slice"
        if outer.type == "delete_statement" or (outer.type == "expression_list" and _is_deleted(outer)):
            return TENDED, None
        if outer.type in ("assignment", "augmented_assignment") and outer.child_by_field_name("left") == item:
            if is_slice:
                return TENDED, None
            return (GROWS, outer) if varies(key, self._file) else ("", None)
        if outer.type == "attribute" and outer.child_by_field_name("object") == item:
            return self._of_method(outer, item)
        if outer.type == "subscript" and outer.child_by_field_name("value") == item:
            return self._of_item(outer)  # store["orders"][key] = order
        return "", None

    def _of_method(self, method: Node, held: Node) -> tuple[str, Node | None]:
        """`store.append(x)`, `store[key].append(x)`, `store.setdefault(key, []).append(x)`, or a bound method."""
        attribute, call = method.child_by_field_name("attribute"), method.parent
        name = text(attribute) if attribute is not None else ""
        if name in _TAKES:
            return TENDED, None
        if name not in _ADDS:
            return "", None
        if call is None or call.type != "call" or call.child_by_field_name("function") != method:
            return TENDED, None  # handed on: who knows when it is called
        arguments = call.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if not given:
            return "", None
        is_listed = name in ("append", "appendleft", "insert", "extend")
        looked_at = given[:1] if name in ("setdefault", "add") else given
        is_another = any(varies(one, self._file) for one in looked_at) or (
            is_listed and held is method and self._is_new(given)
        )
        if any(text(one) == "self" for one in looked_at) and not text(method).startswith(("self.", "cls.")):
            is_another = True  # of views there is another one for each request or connection
        return (GROWS, call) if is_another else ("", None)

    def _is_new(self, given: list[Node]) -> bool:
        """Whether an element is made anew each time, whatever of: `datetime.now()`."""
        return any(one.type == "call" for one in given)

    def _handed_on(self, node: Node, waiting: list[Node]) -> tuple[str, Node | None]:
        """A container that stands as a value: read, given another name, or out of sight from here on."""
        current, parent = node, node.parent
        while parent is not None and parent.type in _THROUGH:
            current, parent = parent, parent.parent
        if parent is None or parent.type in _TESTS:
            return "", None
        if parent.type in ("argument_list", "keyword_argument"):
            return self._given(current, parent)
        if parent.type == "return_statement":
            scope = self._file.scopes.at(node.start_byte).function
            decorated = scope is not None and (
                scope.node.parent is not None and scope.node.parent.type == "decorated_definition"
            )
            is_read = current is not node or decorated or self._file.handler(scope) is not None
            return ("" if is_read else TENDED), None
        if parent.type == "assignment" and current is node:
            left = parent.child_by_field_name("left")
            scope = self._file.scopes.at(node.start_byte)
            bindings = scope.bindings.get(text(left), []) if left is not None else []
            if left is not None and left.type == "identifier" and scope.kind == FUNCTION and len(bindings) == 1:
                waiting.extend(reads_of(text(left), scope, self._file))
                return "", None
            return TENDED, None
        if parent.type in ("subscript", "attribute", "global_statement", "import_from_statement", "dotted_name"):
            return "", None
        if parent.type == "assignment" or parent.type.endswith("parameter"):
            return TENDED, None
        return "", None

    def _given(self, value: Node, parent: Node) -> tuple[str, Node | None]:
        while parent.parent is not None and parent.type != "call":
            parent = parent.parent
        function = parent.child_by_field_name("function")
        last = text(function).rpartition(".")[2] if function is not None else ""
        if last == "len":
            outer = parent.parent
            return (TENDED if outer is not None and outer.type == "comparison_operator" else ""), None
        is_read = last in _READERS or last.endswith("Response")
        return ("" if is_read else TENDED), None


def makes_container(value: Node) -> bool:
    if value.type in ("dictionary", "list"):
        return True
    function = value.child_by_field_name("function") if value.type == "call" else None
    if function is None or text(function).rpartition(".")[2] not in _MAKERS:
        return False
    arguments = value.child_by_field_name("arguments")
    written = "".join(text(arguments).split()) if arguments is not None else ""
    return "maxlen" not in written and not (text(function).endswith("deque") and "," in written)


def _is_deleted(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "delete_statement"
