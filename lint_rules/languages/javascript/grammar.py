"""The tree-sitter grammars of JavaScript and TypeScript, and the nodes of a tree by kind."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from operator import attrgetter

import tree_sitter_javascript
import tree_sitter_typescript
from msgspec import Struct
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from lint_rules.languages.development import development_spans
from lint_rules.languages.javascript.misread import without_ampersands, without_type_arguments

JAVASCRIPT = Language(tree_sitter_javascript.language())
TYPESCRIPT = Language(tree_sitter_typescript.language_typescript())
TSX = Language(tree_sitter_typescript.language_tsx())

_PARSERS = {language: Parser(language) for language in (JAVASCRIPT, TYPESCRIPT, TSX)}
_GRAMMAR_OF = {".ts": TYPESCRIPT, ".mts": TYPESCRIPT, ".cts": TYPESCRIPT, ".tsx": TSX}
_START = attrgetter("start_byte")

FUNCTION_KINDS = (
    "function_declaration", "generator_function_declaration", "function_expression", "generator_function",
    "arrow_function", "method_definition",
)  # fmt: skip
FUNCTION_LITERALS = frozenset({"arrow_function", "function_expression", "generator_function"})
CLASS_KINDS = ("class_declaration", "abstract_class_declaration", "class")
CALL_KINDS = ("call_expression", "new_expression")
DECLARATION_KINDS = ("lexical_declaration", "variable_declaration", "using_declaration")

MAX_DEPTH = 600
"""Nesting past which a file is reported as too complex: generated data, which nobody wants to have analysed."""


class Parsed(Struct, frozen=True):
    """A tree and the grammar that made it."""

    tree: Tree
    grammar: Language


def parse_with(grammar: Language, data: bytes) -> Tree:
    """The tree that one of the grammars makes of UTF-8 source."""
    return _PARSERS[grammar].parse(data)


def parse(data: bytes, path: str) -> Parsed:
    """The syntax tree of UTF-8 source; never fails, errors are nodes. A `.js` file may hold type annotations."""
    extension = path[path.rfind(".") :] if "." in path else ""
    grammar = _GRAMMAR_OF.get(extension, JAVASCRIPT)
    tree = _PARSERS[grammar].parse(data)
    if grammar is JAVASCRIPT and tree.root_node.has_error:
        typed = _PARSERS[TSX].parse(data)
        if not typed.root_node.has_error:
            return _read_as_meant(typed, TSX, data)
    if tree.root_node.has_error and b"&" in data and b"</" in data:
        for grammar_of_text in dict.fromkeys((grammar, TSX)):
            masked = _PARSERS[grammar_of_text].parse(without_ampersands(data))
            if not masked.root_node.has_error:
                return Parsed(masked, grammar_of_text)
    return _read_as_meant(tree, grammar, data)


def _read_as_meant(tree: Tree, grammar: Language, data: bytes) -> Parsed:
    if grammar is not JAVASCRIPT and b">(" in data:
        written = without_type_arguments(data, tree.root_node, grammar)
        if written is not None:
            tree = _PARSERS[grammar].parse(written)
    return Parsed(tree, grammar)


@lru_cache(maxsize=128)
def _query(grammar: Language, kinds: tuple[str, ...]) -> tuple[Query, tuple[str, ...]] | None:
    known = tuple(kind for kind in kinds if grammar.id_for_node_kind(kind, True) is not None)
    if not known:
        return None
    query: Query = Query(grammar, "\n".join(f"({kind}) @{kind}" for kind in known))
    return query, known


def nodes_of_kinds(root: Node, grammar: Language, kinds: tuple[str, ...]) -> dict[str, list[Node]]:
    """All nodes of the given kinds below `root`, by kind, in the order of the text."""
    query = _query(grammar, kinds)
    if query is None:
        return {kind: [] for kind in kinds}
    found = QueryCursor(query[0]).captures(root)  # lists in no particular order
    return {kind: sorted(found.get(kind, ()), key=_START) for kind in kinds}


def brackets(root: Node, grammar: Language) -> list[Node]:
    """All brackets of the text that are code, those that were only supposed to be there left out."""
    query = Query(grammar, '["(" ")" "[" "]" "{" "}" "${"] @bracket')
    return [one for one in QueryCursor(query).captures(root).get("bracket", ()) if not one.is_missing]


_LOGICAL = frozenset({"??=", "||=", "&&="})
_GROUPS = (
    # One query for all that most checks ask for: a second walk through the tree costs more than nodes nobody wants.
    (
        *FUNCTION_KINDS, *CLASS_KINDS, *CALL_KINDS,
        "variable_declarator", "import_statement", "export_statement", "catch_clause", "for_in_statement",
        "interface_declaration", "type_alias_declaration", "enum_declaration", "internal_module",
        "assignment_expression", "augmented_assignment_expression", "update_expression",
        "return_statement", "yield_expression", "throw_statement", "await_expression",
        "try_statement", "if_statement", "while_statement", "do_statement", "for_statement", "switch_statement",
        "expression_statement", "member_expression", "object", "pair", "new_expression",
    ),
    ("identifier", "shorthand_property_identifier"),
)  # fmt: skip


BRANCH_KINDS = frozenset(
    {"if_statement", "switch_statement", "for_statement", "for_in_statement", "while_statement", "do_statement",
     "try_statement", "ternary_expression"}
)  # fmt: skip
"""What runs a part of itself perhaps, or more than once."""


class SyntaxIndex:
    """The nodes of one tree by kind. Kinds that are asked for together are found by one query, run once."""

    def __init__(self, parsed: Parsed) -> None:
        self.root = parsed.tree.root_node
        self.grammar = parsed.grammar
        self._found: dict[str, list[Node]] = {}
        self._together: dict[tuple[str, ...], list[Node]] = {}
        self._assignments: list[Node] | None = None
        self._by_name: dict[str, list[Node]] | None = None

    @cached_property
    def development(self) -> tuple[tuple[int, int], ...]:
        """Where in the file, in bytes, only code for developing runs."""
        return tuple(development_spans(self.nodes("if_statement")))

    def nodes(self, kind: str) -> list[Node]:
        """All nodes of a kind, in the order of the text; empty for kinds that the grammar does not have."""
        found = self._found.get(kind)
        if found is None:
            group = next((group for group in _GROUPS if kind in group), (kind,))
            self._found.update(nodes_of_kinds(self.root, self.grammar, group))
            found = self._found[kind]
        return found

    @property
    def by_name(self) -> Mapping[str, list[Node]]:
        """All identifiers that stand for a variable, by how they are spelled, in the order of the text."""
        if self._by_name is None:
            found: dict[str, list[Node]] = {}
            for node in self.of_kinds(("identifier", "shorthand_property_identifier")):
                found.setdefault(text(node), []).append(node)
            self._by_name = found
        return self._by_name

    def named(self, name: str, within: Node) -> Iterator[Node]:
        """The identifiers of that spelling in a part of the tree, in order."""
        nodes, end = self.by_name.get(name, ()), within.end_byte
        for node in nodes[bisect_left(nodes, within.start_byte, key=_START) :]:
            if node.start_byte >= end:
                break
            yield node

    @property
    def assignments(self) -> list[Node]:
        """All assignments, in order: `=`, and those that assign the right side if at all, `??=`, `||=`, `&&=`."""
        if self._assignments is None:
            logical = [
                one
                for one in self.nodes("augmented_assignment_expression")
                if (operator := one.child_by_field_name("operator")) is not None and operator.type in _LOGICAL
            ]
            plain_ones = self.nodes("assignment_expression")
            self._assignments = sorted([*plain_ones, *logical], key=_START) if logical else plain_ones
        return self._assignments

    def of_kinds(self, kinds: tuple[str, ...]) -> list[Node]:
        """All nodes of several kinds, in the order of the text."""
        found = self._together.get(kinds)
        if found is None:
            found = self._together[kinds] = sorted((node for kind in kinds for node in self.nodes(kind)), key=_START)
        return found


def text(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def first_named(node: Node) -> Node | None:
    """The first named child that is no comment."""
    for position in range(node.named_child_count):
        child = node.named_child(position)
        if child is not None and child.type != "comment":
            return child
    return None


def named(node: Node | None) -> list[Node]:
    """The named children that are no comments; none of None."""
    return [] if node is None else [child for child in node.named_children if child.type != "comment"]


def has_token(node: Node, token: str) -> bool:
    """Whether a node has this keyword or sign among its own children."""
    return any(child.type == token for child in node.children)


def first_token(node: Node) -> str:
    """The kind of the first child, such as "async" in front of a function."""
    child = node.child(0) if node.child_count else None
    return child.type if child is not None else ""


def callee(call: Node) -> Node | None:
    """What a call calls or a `new` constructs."""
    return call.child_by_field_name("constructor" if call.type == "new_expression" else "function")


def arguments(call: Node) -> list[Node]:
    """The arguments of a call or `new`, in order; none of a tagged template."""
    given = call.child_by_field_name("arguments")
    return named(given) if given is not None and given.type == "arguments" else []


def bare(node: Node) -> Node:
    """An expression without what changes nothing about its value: parentheses, casts, `!`, `(0, f)`."""
    while True:
        inner: Node | None = None
        if node.type in ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"):
            inner = first_named(node)
        elif node.type in ("sequence_expression", "type_assertion"):
            children = named(node)
            inner = children[-1] if children else None
        if inner is None:
            return node
        node = inner


_FREEZING = frozenset({b"Object.freeze", b"Object.seal", b"Object.preventExtensions"})


def is_freezing(call: Node) -> bool:
    """Whether a call is `Object.freeze(x)` or alike, which gives its argument."""
    function = call.child_by_field_name("function") if call.type == "call_expression" else None
    return function is not None and function.type == "member_expression" and function.text in _FREEZING


def plain(node: Node) -> Node:
    """An expression without what changes nothing about its value, `Object.freeze(...)` included."""
    node = bare(node)
    while is_freezing(node) and (given := arguments(node)):
        node = bare(given[0])
    return node


def around(node: Node) -> Node | None:
    """The parent of an expression, parentheses and casts being passed over."""
    parent = node.parent
    while parent is not None and parent.type in (
        "parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion",
    ):  # fmt: skip
        parent = parent.parent
    return parent


def string_value(node: Node | None) -> str | None:
    """The value of a string literal, or of a template without slots; None for anything else."""
    if node is None or node.type not in ("string", "template_string"):
        return None
    parts = named(node)
    if any(part.type == "template_substitution" for part in parts):
        return None
    return "".join(_unescaped(part) for part in parts)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _unescaped(part: Node) -> str:
    written = text(part)
    if part.type != "escape_sequence":
        return written
    code = written[1:].strip("ux{}")
    if written[1:2] in ("u", "x") and code:
        try:
            return chr(int(code, 16))
        except (ValueError, OverflowError):
            return written
    return _ESCAPES.get(written[1:], written[1:])


_LARGE = 6_000
_PROBES = 16


def seems_deep(root: Node) -> bool:
    """Whether one of a few places in a large tree lies too deep: code that is nested or chained over many lines.

    Asking a node for its parent costs what its depth is, so that all that climbs is quadratic in such code.
    """
    if root.descendant_count < _LARGE:
        return False
    for probe in range(1, _PROBES):
        place = root.start_byte + (root.end_byte - root.start_byte) * probe // _PROBES
        node = root.descendant_for_byte_range(place, place)
        for _ in range(MAX_DEPTH):
            node = node.parent if node is not None else None
        if node is not None:
            return True
    return False


def is_too_deep(root: Node) -> bool:
    """Whether the tree nests deeper than any code that a person wrote. Walks with a cursor, no recursion."""
    cursor = root.walk()
    depth = 0
    while True:
        if cursor.goto_first_child():
            depth += 1
            if depth > MAX_DEPTH:
                return True
            continue
        while not cursor.goto_next_sibling():
            if depth == 0 or not cursor.goto_parent():
                return False
            depth -= 1


_LONG_LINE = 3000
_OPENING_BRACKETS = b"(" * 150
_BRACKETS_ALONE = bytes.maketrans(b"[{", b"((")
_WHITE = b" \t\n\r\f\v"


def may_be_deep(data: bytes) -> bool:
    """Whether the text has the look of extreme nesting, so that the tree is worth measuring."""
    return max(map(len, data.split(b"\n"))) > _LONG_LINE or _OPENING_BRACKETS in data.translate(_BRACKETS_ALONE, _WHITE)
