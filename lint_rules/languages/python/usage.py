"""What happens to the value of an expression: is it dropped, awaited, returned, stored, passed on, read?

`usage_of` looks at the place where the expression stands; `usages_of` follows a value through local names as well:

    task = start()          usages_of(start()) -> UNUSED, if nothing reads `task`
    user = load(key)
    return user.name        usages_of(load(key)) -> READ at `user.name`

Parentheses, `x if y else z`, the right side of `and`/`or`, starred elements, literal collections and comprehensions
hand a value through. `Usage.whole` is False when it went into a collection on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.grammar import first_token
from lint_rules.languages.python.scopes import FUNCTION, LAMBDA, Scope, text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile


class Use(str, Enum):
    """The ways in which a value is used."""

    DROPPED = "dropped"
    """An expression statement: nothing has the value afterwards."""
    UNUSED = "unused"
    """Bound to a local name that nothing reads."""
    BOUND = "bound"
    """Bound to a local name (`usage_of` only)."""
    STORED = "stored"
    """Bound to an attribute, an item, a name of a module or class, or one that other code may read."""
    AWAITED = "awaited"
    RETURNED = "returned"
    """By `return`, or as the body of a lambda; `place` is which."""
    YIELDED = "yielded"
    RAISED = "raised"
    PASSED = "passed"
    """An argument; `place` is the call (or class, for keywords of a class statement)."""
    ITERATED = "iterated"
    ENTERED = "entered"
    """The context manager of a `with`."""
    TESTED = "tested"
    """A condition, the operand of `not`, the left side of `and`/`or`."""
    UNPACKED = "unpacked"
    """`a, b = value`, `*value`, `**value`."""
    READ = "read"
    """An attribute or an item of it is read; `place` is the attribute or subscript."""
    CALLED = "called"
    OPERAND = "operand"
    """Compared, calculated with, formatted."""
    OTHER = "other"


class Usage(Struct, frozen=True):
    """One use of a value.

    `place` is the syntax node that takes it, `name` the local it is (or was) bound to, and `read` where that is read.
    """

    use: Use
    place: Node
    name: str = ""
    whole: bool = True
    read: Node | None = None


_COLLECTIONS = frozenset(
    {"list", "tuple", "set", "dictionary", "expression_list", "list_splat", "pair", "dictionary_splat"}
)
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_USES = {
    "expression_statement": Use.DROPPED,
    "await": Use.AWAITED,
    "return_statement": Use.RETURNED,
    "yield": Use.YIELDED,
    "raise_statement": Use.RAISED,
    "not_operator": Use.TESTED,
    "if_clause": Use.TESTED,
    "assert_statement": Use.TESTED,
    "comparison_operator": Use.OPERAND,
    "binary_operator": Use.OPERAND,
    "unary_operator": Use.OPERAND,
    "interpolation": Use.OPERAND,
    "augmented_assignment": Use.OPERAND,
    "default_parameter": Use.STORED,
    "typed_default_parameter": Use.STORED,
}
_BY_FIELD = {
    "if_statement": ("condition", Use.TESTED),
    "elif_clause": ("condition", Use.TESTED),
    "while_statement": ("condition", Use.TESTED),
    "call": ("function", Use.CALLED),
    "attribute": ("object", Use.READ),
    "subscript": ("value", Use.READ),
    "lambda": ("body", Use.RETURNED),
}
_NAMING = frozenset(
    {
        "keyword_argument", "named_expression", "function_definition", "class_definition", "default_parameter",
        "typed_default_parameter",
    }
)  # fmt: skip
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern"})
_ONLY_WHOLE = frozenset({Use.TESTED, Use.READ, Use.CALLED, Use.OPERAND, Use.ITERATED, Use.ENTERED, Use.UNPACKED})
_MAX_NAMES = 4


def usage_of(value: Node, file: PythonFile) -> Usage:
    """What takes the value of an expression where it stands."""
    current, whole = value, True
    named: Node | None = None
    while (parent := current.parent) is not None:
        kind = parent.type
        use = _USES.get(kind)
        if use is None:
            if kind in ("argument_list", "keyword_argument"):
                return Usage(Use.PASSED, _taker(parent), whole=whole)
            if kind in ("assignment", "for_statement", "for_in_clause", "with_item", "as_pattern"):
                return _of_statement(parent, current, whole, file)
            field = _BY_FIELD.get(kind)
            if field is not None and parent.child_by_field_name(field[0]) == current:
                use = field[1]
            elif kind == "call":  # a generator expression that is the only argument
                use = Use.PASSED
            elif kind == "named_expression":
                named = parent.child_by_field_name("name")
            elif kind in _COLLECTIONS or (kind in _COMPREHENSIONS and parent.child_by_field_name("body") == current):
                if kind in ("list_splat", "dictionary_splat") and whole:
                    return Usage(Use.UNPACKED, parent)
                whole = False
            elif _is_choice(parent, current):
                use = Use.TESTED
            elif kind not in ("parenthesized_expression", "conditional_expression", "boolean_operator"):
                use = Use.OTHER
        if use is not None:
            if use is Use.DROPPED and named is not None:
                return _bound(named, parent, whole, file)
            return Usage(Use.OTHER if not whole and use in _ONLY_WHOLE else use, parent, whole=whole)
        current = parent
    return Usage(Use.OTHER, current, whole=whole)


def _taker(argument: Node) -> Node:
    """The call (or class) that an argument is for."""
    node = argument
    while node.type in ("argument_list", "keyword_argument") and node.parent is not None:
        node = node.parent
    return node


def _is_choice(parent: Node, child: Node) -> bool:
    """Whether `child` decides which value `parent` has: `child and x`, `child or x`, `x if child else y`."""
    if parent.type == "boolean_operator":
        return parent.child_by_field_name("left") == child
    return parent.type == "conditional_expression" and parent.named_child(1) == child


def _of_statement(parent: Node, child: Node, whole: bool, file: PythonFile) -> Usage:
    """The use by an assignment, a loop or a `with`."""
    if parent.type == "assignment":
        return _assigned(parent, child, whole, file)
    if parent.type in ("with_item", "as_pattern"):
        statement: Node | None = parent
        while statement is not None and statement.type in (
            "with_item", "as_pattern", "with_clause", "parenthesized_expression", "tuple",
        ):  # fmt: skip
            statement = statement.parent
        use = Use.OTHER
        if statement is not None and statement.type == "with_statement":
            use = Use.AWAITED if first_token(statement) == "async" else Use.ENTERED
        return Usage(use if whole else Use.OTHER, statement or parent, whole=whole)
    if not whole or parent.child_by_field_name("right") != child:
        return Usage(Use.OTHER, parent, whole=whole)
    return Usage(Use.AWAITED if first_token(parent) == "async" else Use.ITERATED, parent)


def _assigned(assignment: Node, child: Node, whole: bool, file: PythonFile) -> Usage:
    if assignment.child_by_field_name("right") != child:
        return Usage(Use.OTHER, assignment, whole=whole)
    targets: list[Node] = []
    outer: Node | None = assignment
    while outer is not None and outer.type == "assignment":  # a = b = value
        left = outer.child_by_field_name("left")
        if left is not None:
            targets.append(left)
        outer = outer.parent
    if len(targets) == 1 and targets[0].type == "identifier":
        return _bound(targets[0], assignment, whole, file)
    if any(target.type in _PATTERNS for target in targets) and whole:
        return Usage(Use.UNPACKED, assignment)
    return Usage(Use.STORED, assignment, whole=whole)


def _bound(name: Node, place: Node, whole: bool, file: PythonFile) -> Usage:
    """Bound to a plain name: a local, unless other code can see the name."""
    file.names.bind()
    scope = file.scopes.at(name.start_byte)
    bound = text(name)
    is_local = (
        scope.kind in (FUNCTION, LAMBDA)
        and bound not in scope.globals
        and not _is_nonlocal(bound, scope, file)
        and file.data.find(b"locals()", scope.start, scope.end) < 0
    )
    return Usage(Use.BOUND if is_local else Use.STORED, place, bound, whole)


def _is_nonlocal(name: str, scope: Scope, file: PythonFile) -> bool:
    return any(
        scope.start <= statement.start_byte < scope.end and name in map(text, statement.named_children)
        for statement in file.nodes("nonlocal_statement")
    )


def usages_of(value: Node, file: PythonFile) -> tuple[Usage, ...]:
    """All uses of a value, followed through the local names it is bound to; never empty.

    Every place that reads a name counts, whether or not the name holds this value there.
    """
    found: list[Usage] = []
    waiting = [usage_of(value, file)]
    names: set[str] = set()
    while waiting:
        usage = waiting.pop()
        if usage.use is not Use.BOUND:
            found.append(usage)
        elif usage.name not in names:
            if len(names) >= _MAX_NAMES:
                return (Usage(Use.OTHER, usage.place, usage.name),)
            names.add(usage.name)
            reads = list(reads_of(usage.name, file.scopes.at(usage.place.start_byte), file))
            if not reads:
                found.append(Usage(Use.UNUSED, usage.place, usage.name, usage.whole))
            for read in reads:
                inner = usage_of(read, file)
                is_bound = inner.use is Use.BOUND
                hidden = not usage.whole and inner.use in _ONLY_WHOLE
                waiting.append(
                    Usage(
                        Use.OTHER if hidden else inner.use,
                        inner.place,
                        inner.name if is_bound else usage.name,
                        usage.whole and inner.whole,
                        read,
                    )
                )
    return tuple(sorted(found, key=lambda usage: usage.place.start_byte))


def surely_reads(read: Node, value: Node, file: PythonFile) -> bool:
    """Whether a read of a name sees the value that the statement around `value` binds to it, if it comes to the read.

    It does when it stands behind that statement in the same block, and nothing binds the name in between.
    """
    statement: Node | None = value
    while statement is not None and statement.parent is not None and statement.parent.type not in ("block", "module"):
        statement = statement.parent
    block = statement.parent if statement is not None else None
    if statement is None or block is None or not statement.end_byte <= read.start_byte < block.end_byte:
        return False
    bindings = file.scopes.at(value.start_byte).bindings.get(text(read), [])
    return not any(
        statement.end_byte <= binding.at < read.start_byte
        and (binding.node is None or binding.node.end_byte < read.end_byte)  # `user = user.name` reads the one before
        for binding in bindings
    )


def reads_of(name: str, scope: Scope, file: PythonFile) -> Iterator[Node]:
    """The identifiers that read a local name of `scope`, nested functions included, in the order of the text."""
    word = name.encode()
    at = file.data.find(word, scope.start, scope.end)
    while at >= 0:
        node = file.root.descendant_for_byte_range(at, at + len(word))
        is_name = node is not None and node.type == "identifier" and node.start_byte == at and text(node) == name
        if node is not None and is_name and not _is_no_read(node) and _scope_of(name, at, file) is scope:
            yield node
        at = file.data.find(word, at + len(word), scope.end)


def _scope_of(name: str, byte: int, file: PythonFile) -> Scope | None:
    for scope in file.scopes.at(byte).enclosing():
        if name in scope.bindings:
            return scope
    return None


def _is_no_read(identifier: Node) -> bool:
    """Whether an identifier is a target, a declaration, or the name of something else."""
    parent = identifier.parent
    if parent is None:
        return False
    if parent.type in _NAMING:
        return parent.child_by_field_name("name") == identifier
    if parent.type in ("parameters", "lambda_parameters", "typed_parameter"):
        return True
    if parent.type == "attribute":
        return parent.child_by_field_name("attribute") == identifier
    while parent is not None and (parent.type in _PATTERNS or parent.type == "list_splat_pattern"):
        identifier, parent = parent, parent.parent
    if parent is None:
        return False
    if parent.type in ("assignment", "for_statement", "for_in_clause"):
        return parent.child_by_field_name("left") == identifier
    return parent.type in ("as_pattern_target", "global_statement", "nonlocal_statement")
