"""The tree-sitter grammar of Python, and how deep a tree may be before libcst must not see it."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cached_property, lru_cache
from operator import attrgetter

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from lint_rules.languages.development import development_spans

LANGUAGE = Language(tree_sitter_python.language())
_PARSER = Parser(LANGUAGE)
_START = attrgetter("start_byte")

MAX_DEPTH = 150
"""Nesting and chain length past which a place is reported as too complex (libcst dies at about 2,000)."""

MAX_NODES = 60_000
"""Syntax nodes in one slice past which libcst would need seconds and gigabytes."""

_FLAT_HERE_NESTED_IN_LIBCST = frozenset({"elif_clause", "string", "comparison_operator"})
_LONG_LINE = 3000
_OPENING_BRACKETS = b"(" * MAX_DEPTH
_BRACKETS_ALONE = bytes.maketrans(b"[{", b"((")
_TYPE_PARAMETERS = re.compile(
    rb"((?:class|def|type)[ \t]+\w+[ \t]*)\[(?:[^\[\]\n=]|\[[^\[\]\n]*\])*=(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]"
)
_WHITE = b" \t\n\r\f\v"


def parse(data: bytes) -> Tree:
    """The syntax tree of UTF-8 source; never fails, errors are nodes."""
    return _PARSER.parse(data)


def parses(data: bytes) -> bool:
    """Whether UTF-8 source is free of syntax errors, by tree-sitter or, where that lags behind, by CPython."""
    tree = parse(data)
    return not tree.root_node.has_error or syntax_error(data) is None


def is_newer(data: bytes) -> bool:
    """Whether all that neither parser takes are defaults of type parameters (PEP 696), which the grammar lacks."""
    older = _TYPE_PARAMETERS.sub(lambda found: found[1] + b" " * (len(found[0]) - len(found[1])), data)
    return older != data and not parse(older).root_node.has_error


def syntax_error(data: bytes) -> SyntaxError | None:
    """CPython's opinion of the source: None if it compiles or is beyond what the compiler can judge."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return None
    return None


@lru_cache(maxsize=64)
def _query(kinds: tuple[str, ...]) -> Query:
    query: Query = Query(LANGUAGE, "\n".join(f"({kind}) @{kind}" for kind in kinds))
    return query


def nodes_of_kinds(root: Node, kinds: tuple[str, ...]) -> dict[str, list[Node]]:
    """All nodes of the given kinds below `root`, by kind, in the order of the text."""
    found = QueryCursor(_query(kinds)).captures(root)  # lists in no particular order
    return {kind: sorted(found.get(kind, ()), key=_START) for kind in kinds}


_TOGETHER = (
    "function_definition", "class_definition", "lambda", "except_clause", "finally_clause", "while_statement",
    "try_statement", "raise_statement", "with_statement", "with_item", "global_statement", "nonlocal_statement",
    "assignment", "augmented_assignment", "named_expression", "as_pattern", "for_statement", "for_in_clause",
    "import_statement", "import_from_statement", "return_statement", "yield", "call", "await", "if_statement",
    "decorator",
)  # fmt: skip
"""What most files are asked for: a query walks the whole tree, whatever it looks for."""


class SyntaxIndex:
    """The nodes of one tree by kind. Those that most files are asked for are found by one query, run once."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self._found: dict[str, list[Node]] = {}

    @cached_property
    def development(self) -> tuple[tuple[int, int], ...]:
        """Where in the file, in bytes, only code for developing runs."""
        return tuple(development_spans(self.nodes("if_statement")))

    def nodes(self, kind: str) -> list[Node]:
        """All nodes of a kind, in the order of the text."""
        found = self._found.get(kind)
        if found is None:
            self._found.update(nodes_of_kinds(self.root, _TOGETHER if kind in _TOGETHER else (kind,)))
            found = self._found[kind]
        return found


def first_named(node: Node) -> Node | None:
    """The first named child, None if there is none (tree-sitter's own call raises)."""
    return node.named_child(0) if node.named_child_count else None


def first_token(node: Node) -> str:
    """The kind of the first child, such as "async" in front of a `def`."""
    child = node.child(0) if node.child_count else None
    return child.type if child is not None else ""


def may_be_deep(data: bytes) -> bool:
    """Whether the text has the look of extreme nesting, so that the tree is worth measuring."""
    half = _LONG_LINE // 2  # a line that long covers one of the halves whole
    has_long_line = any(data.find(b"\n", start, start + half) < 0 for start in range(0, len(data) - half, half))
    return has_long_line or _OPENING_BRACKETS in data.translate(_BRACKETS_ALONE, _WHITE)


def is_too_complex(node: Node, *, counting_nodes: bool = True) -> bool:
    """Whether the tree below `node` is deeper or larger than libcst can take. Walks with a cursor, no recursion."""
    if counting_nodes and node.descendant_count > MAX_NODES:
        return True
    cursor = node.walk()
    depth = 0
    while True:
        here = cursor.node
        if here is not None and here.child_count > MAX_DEPTH and _nested_siblings(here) > MAX_DEPTH:
            return True
        if cursor.goto_first_child():
            depth += 1
            if depth > MAX_DEPTH:
                return True
            continue
        while not cursor.goto_next_sibling():
            if depth == 0 or not cursor.goto_parent():
                return False
            depth -= 1


def _nested_siblings(node: Node) -> int:
    """How many children libcst nests inside each other although tree-sitter has them side by side."""
    if node.type == "comparison_operator":
        return node.named_child_count
    return sum(child.type in _FLAT_HERE_NESTED_IN_LIBCST for child in node.children)
