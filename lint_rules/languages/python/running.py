"""What of a call's form decides whether it waits, and whether it runs the generator that it calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Node

from lint_rules.languages.python.grammar import SyntaxIndex, first_named, first_token
from lint_rules.languages.python.scopes import text

MAY_WAIT = frozenset(
    {"acquire", "as_completed", "communicate", "exception", "expect", "get", "getnameinfo", "join", "poll", "put",
     "result", "select", "shutdown", "sleep", "socket", "spawn", "wait", "wait3", "wait4", "wait_for", "waitpid"}
)  # fmt: skip
"""Last names of calls that wait or not depending on a literal argument, such as `get(block=False)`."""

_RUNS_THROUGH = frozenset(
    {"all", "any", "dict", "enter_context", "enumerate", "extend", "frozenset", "join", "list", "max", "min", "next",
     "set", "sorted", "sum", "tuple", "update"}
)  # fmt: skip
_NOT_GIVEN = re.compile(r"\A(\w+)\s+is\s+None\Z|\Anot\s+(\w+)\Z")
ASKS_PEOPLE = frozenset({"confirm", "getpass", "input", "prompt"})
_CALL_THE_KEY = frozenset({"groupby", "max", "min", "nlargest", "nsmallest", "sort", "sorted"})
_CALL_THE_FIRST = frozenset({"filter", "map", "reduce"})
_NAMES = frozenset({"identifier", "attribute"})
_GONE_THROUGH = re.compile(
    rb"\bin\s+(\w+)\b(?![.(\[])|\b(?:next|list|sorted|tuple|set|sum|dict|max|min)\(\s*(\w+)\s*[,)]"
)
_LITERALS = frozenset({"integer", "float", "false", "attribute", "binary_operator"})

CHOSEN = "chosen=true"
"""Among a call's literals: whether it is reached depends on what kind of value its first argument is."""

_ASKS_KIND = frozenset({"isinstance", "hasattr", "callable"})


def literal_arguments(call: Node) -> Iterator[str]:
    """`keyword=literal` and `position=literal` for the arguments that are numbers, False or dotted names."""
    arguments = call.child_by_field_name("arguments")
    position = 0
    for argument in arguments.named_children if arguments is not None else ():
        if argument.type == "keyword_argument":
            name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
            if name is not None and value is not None and value.type in _LITERALS:
                yield f"{text(name)}={text(value)}"
        elif argument.type != "comment":
            if argument.type in _LITERALS:
                yield f"{position}={text(argument)}"
            position += 1


def is_chosen_by_argument(call: Node) -> bool:
    """Whether a call stands in a branch for one kind of its first argument: `open(f) if isinstance(f, str) else f`."""
    arguments = call.child_by_field_name("arguments")
    first = first_named(arguments) if arguments is not None else None
    if first is None or first.type != "identifier":
        return False
    name, inner = text(first), call
    current = call.parent
    while current is not None and current.type not in ("function_definition", "lambda"):
        condition = current.child_by_field_name("condition") if current.type == "if_statement" else None
        if current.type == "conditional_expression":
            condition = current.named_children[1]
        if condition is not None and condition != inner and _asks_kind_of(condition, name):
            return True
        inner, current = current, current.parent
    return False


def is_asked_of_people(call: Node) -> bool:
    """Whether a call stands where a parameter was not given: `if passphrase is None: passphrase = getpass()`."""
    current, conditions = call.parent, []
    while current is not None and current.type not in ("function_definition", "lambda"):
        condition = current.child_by_field_name("condition") if current.type == "if_statement" else None
        if condition is not None:
            conditions.append(condition)
        current = current.parent
    parameters = current.child_by_field_name("parameters") if current is not None else None
    optional = {
        text(name)
        for parameter in (parameters.named_children if parameters is not None else ())
        if (name := parameter.child_by_field_name("name")) is not None and "default" in parameter.type
    }
    return any(_NOT_GIVEN.sub(r"\1\2", text(condition)) in optional for condition in conditions)


def _asks_kind_of(condition: Node, name: str) -> bool:
    asked = condition.named_children[0] if condition.type == "not_operator" else condition
    function, arguments = asked.child_by_field_name("function"), asked.child_by_field_name("arguments")
    if function is None or arguments is None or text(function) not in _ASKS_KIND:
        return False
    first = first_named(arguments)
    return first is not None and text(first) == name


def is_in_try(call: Node) -> bool:
    """Whether a `try` of the same function is around a call."""
    current = call.parent
    while current is not None and current.type not in ("function_definition", "lambda"):
        if current.type == "try_statement":
            return True
        current = current.parent
    return False


def is_run_through(call: Node) -> bool:
    """Whether the value of a call is iterated over on the spot: `for`, `yield from`, `*`, `with`, `list(...)`."""
    parent = call.parent
    if parent is None:
        return False
    if parent.type in ("for_statement", "for_in_clause"):
        return parent.child_by_field_name("right") == call
    if parent.type in ("with_item", "list_splat", "yield"):
        return parent.type != "yield" or any(child.type == "from" for child in parent.children)
    if parent.type == "as_pattern":
        return parent.parent is not None and parent.parent.type == "with_item"
    if parent.type == "argument_list" and parent.parent is not None:
        function = parent.parent.child_by_field_name("function")
        return function is not None and text(function).rpartition(".")[2] in _RUNS_THROUGH
    return False


def is_run_through_by_name(call: Node) -> bool:
    """Whether the value of a call is kept in a name that the function goes through: `rows = pages()`, `in rows`."""
    place = call.parent
    target = place.child_by_field_name("left") if place is not None and place.type == "assignment" else None
    if place is None or target is None or target.type != "identifier":
        return False
    around = place
    while around.parent is not None and around.type not in ("function_definition", "module"):
        around = around.parent
    return (target.text or b"") in _names_gone_through(around.text or b"")


@lru_cache(maxsize=4)  # many calls of one function, one after the other
def _names_gone_through(body: bytes) -> frozenset[bytes]:
    """The names that code runs through: `rows` of `for row in rows`, of `list(rows)`."""
    return frozenset(found[1] or found[2] for found in _GONE_THROUGH.finditer(body))


def runs_on_the_spot(function: Node) -> bool:
    """Whether a lambda is called while the call that it is given runs: `sorted(rows, key=lambda row: ...)`."""
    place = function.parent if function.type == "lambda" else None
    if place is not None and place.type == "keyword_argument":
        if text(place).partition("=")[0].strip() != "key":
            return False
        place = place.parent
    call = place.parent if place is not None and place.type == "argument_list" else None
    called = call.child_by_field_name("function") if call is not None else None
    if call is None or called is None:
        return False
    name = text(called).rpartition(".")[2]
    return name in _CALL_THE_KEY or (called.type == "identifier" and name in _CALL_THE_FIRST and is_run_through(call))


_OF_CONTAINERS = {"subscript": "__getitem__", "delete_statement": "__delitem__", "assignment": "__setitem__"}


def container_calls(index: SyntaxIndex) -> Iterator[tuple[Node, Node, tuple[str, ...]]]:
    """Expressions that call methods of a container: `rates["EUR"]`, `"EUR" in rates`, `len(rates)`."""
    for subscript in index.nodes("subscript"):
        value, parent = subscript.child_by_field_name("value"), subscript.parent
        if value is None or parent is None or value.type not in _NAMES or text(value).rpartition(".")[2][:1].isupper():
            continue
        is_target = parent.type == "assignment" and parent.child_by_field_name("left") == subscript
        kind = parent.type if is_target or parent.type == "delete_statement" else "subscript"
        yield subscript, value, (_OF_CONTAINERS[kind],)
    for comparison in index.nodes("comparison_operator"):
        last = comparison.named_children[-1]
        if last.type in _NAMES and any(child.type in ("in", "not in") for child in comparison.children):
            yield comparison, last, ("__contains__",)
    for call in index.nodes("call"):
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if function is not None and function.text == b"len" and arguments is not None and arguments.named_children:
            yield call, arguments.named_children[0], ("__len__",)


def special_calls(index: SyntaxIndex) -> Iterator[tuple[Node, Node, tuple[str, ...]]]:
    """Statements that call methods of a value without naming them: the place, the value, the methods' names."""
    for item in index.nodes("with_item"):
        value = item.child_by_field_name("value")
        statement = item.parent.parent if item.parent is not None else None
        if value is not None and statement is not None and first_token(statement) != "async":
            context = first_named(value) if value.type == "as_pattern" else value
            if context is not None:
                yield item, context, ("__enter__", "__exit__")
    for kind in ("for_statement", "for_in_clause"):
        for loop in index.nodes(kind):
            value = loop.child_by_field_name("right")
            if value is not None and first_token(loop) != "async":
                yield loop, value, ("__iter__", "__next__")
