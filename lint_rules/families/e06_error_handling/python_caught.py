"""Which error a place of a Python file answers for: that of an `except`, or that of a central error handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.registrations import arguments, called_function, decorators
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.tables import read_table

_TABLE = Path(__file__).parent / "errors.toml"
ERROR_NAME = re.compile(r"^_?(?:e|ex|exc|err|error|exception|e_)(?:_?\w*)?$")
_FUNCTIONS = frozenset({"function_definition", "lambda", "class_definition"})
_BROAD = frozenset({"Exception", "BaseException"})
HANDLING_DECORATORS = frozenset({"errorhandler", "app_errorhandler", "exception_handler", "exception", "error_handler"})
_REGISTERING = frozenset({"add_exception_handler", "register_error_handler", "add"})
_DEBUG = re.compile(
    r"debug|serve_traceback|develop|\bdev\b|is_dev|is_local|\blocal\b|verbose|testing|\btest\b|production|\bprod\b|environment|\benv\b|"
    r"role_admin|is_admin|is_superuser|is_staff",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"(?<!!)= *[\"'](?:prod|live)|\bnot\b.*(?:debug|dev|local|test)|!= *[\"'](?:dev|local|test)|\bis_prod|\bIS_PROD"
)


class Caught(Struct, frozen=True):
    """The error at a place: its name ("" if none is bound), and whether anything can be that error.

    `how` is "except" or "handler"; `what` names what is caught, for people; `place` is the clause or the function.
    `least` is the lowest status with which only unexpected errors are answered there, where others come too.
    """

    name: str
    is_unexpected: bool
    how: str
    what: str
    place: Node
    least: int = 0


def caught_at(node: Node, file: PythonFile) -> Caught | None:
    """The error that a place answers for; None outside of `except` clauses and error handlers."""
    current = node
    while (parent := current.parent) is not None and parent.type not in _FUNCTIONS:
        if parent.type in ("except_clause", "except_group_clause"):
            return _of_clause(parent, file)
        current = parent
    scope = file.scope(node).function
    return _of_handler(scope, file) if scope is not None and scope.kind == FUNCTION else None


def _of_clause(clause: Node, file: PythonFile) -> Caught:
    value = clause.child_by_field_name("value")
    name = ""
    if value is not None and value.type == "as_pattern":
        alias = value.child_by_field_name("alias")
        name = text(alias) if alias is not None else ""
        value = value.named_child(0)
    if value is None:
        return Caught(name, True, "except", "any exception", clause)
    classes = value.named_children if value.type == "tuple" else [value]
    written = [text(one) for one in classes if one.type != "comment"]
    is_broad = any(one in _BROAD for one in written)
    return Caught(
        name, is_broad or any(_is_internal(one, file) for one in classes), "except", ", ".join(written), clause
    )


@lru_cache(maxsize=1)
def _internal() -> tuple[frozenset[str], frozenset[str]]:
    names: list[str] = read_table(_TABLE)["python_internal"]["errors"]
    return frozenset(names), frozenset(name[:-2] for name in names if name.endswith(".*"))


def _is_internal(expression: Node, file: PythonFile) -> bool:
    """Whether a class of errors is one that only the service itself can have caused."""
    exact, owners = _internal()
    name = file.types.external(file.names.symbol(expression))
    owner, _, last = name.rpartition(".")
    if owner in owners:
        return not last.startswith(("NoResult", "MultipleResults", "HTTPStatus", "DoesNotExist"))
    return name in exact


# Central handlers.


def _of_handler(scope: Scope, file: PythonFile) -> Caught | None:
    names = parameter_names(scope)
    method = scope.name.rpartition(".")[2] if scope.owner_class is not None else ""
    if method == "process_exception" and len(names) == 2:
        return Caught(names[1], True, "handler", "any exception", scope.node)  # Django's middleware
    if method == "write_error" and b"exc_info" in file.data:
        return Caught("", True, "handler", "any exception", scope.node)  # Tornado's
    if len(names) == 2 and names[1] == "context" and b"exception_handler(" in file.data and not method:
        return Caught(names[0], True, "handler", "any exception", scope.node, _SERVER_ERROR)  # that of Django REST
    registered = [one for one in _registrations(scope, file) if one is not None]
    if not registered or not names:
        return None
    own = next((name for name in reversed(names) if ERROR_NAME.match(name)), names[-1])
    is_broad = any(text(one) in _BROAD or _is_internal(one, file) for one in registered)
    is_broad = is_broad or (any(text(one) == "500" for one in registered) and not _WRAPPING.search(file.data))
    return Caught(own, is_broad, "handler", ", ".join(text(one) for one in registered), scope.node)


_SERVER_ERROR = 500
_WRAPPING = re.compile(rb"\b(?:flask|quart)\b")
"""Frameworks whose handler for 500 is given an error of their own, with a text of their own."""


def _registrations(scope: Scope, file: PythonFile) -> Iterator[Node]:
    """What a function is registered to handle: a class, or a status."""
    for decorator in decorators(scope.node):
        if decorator.type == "call" and text(called_function(decorator)).rpartition(".")[2] in HANDLING_DECORATORS:
            yield from (value for place, value in arguments(decorator) if place in ("0", "exc_class_or_status_code"))
    identifier = scope.node.child_by_field_name("name")
    own = text(identifier) if identifier is not None else ""
    yield from _registered_elsewhere(file).get(own, ())


_BY_FILE: WeakKeyDictionary[object, dict[str, list[Node]]] = WeakKeyDictionary()


def _registered_elsewhere(file: PythonFile) -> dict[str, list[Node]]:
    """What functions are registered to handle by calls and tables of the file, by their names; found once."""
    known = _BY_FILE.get(file)
    if known is not None:
        return known
    found: dict[str, list[Node]] = {}
    for call in file.nodes("call") if any(word.encode() in file.data for word in _REGISTERING) else ():
        if text(called_function(call)).rpartition(".")[2] in _REGISTERING:
            given = dict(arguments(call))
            handler = given.get("1") or given.get("handler") or given.get("f")
            if handler is not None and "0" in given:
                found.setdefault(text(handler).rpartition(".")[2], []).append(given["0"])
    for pair in file.nodes("pair") if b"exception_handlers" in file.data else ():
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None:
            found.setdefault(text(value), []).append(key)
    _BY_FILE[file] = found
    return found


# Conditions.


def is_for_developers(node: Node, within: Node) -> bool:
    """Whether a place is reached, or an expression taken, only where a setting says that this is no public service."""
    current = node
    while (parent := current.parent) is not None and current != within:
        condition = _condition(parent, current)
        if condition is not None and _DEBUG.search(text(condition)):
            return True
        if parent.type == "block" and any(_leaves_in_production(one) for one in _before(parent, current)):
            return True
        current = parent
    return False


def _condition(parent: Node, branch: Node) -> Node | None:
    """The condition under which a branch of a statement or expression is taken."""
    if parent.type in ("if_statement", "elif_clause"):
        condition = parent.child_by_field_name("condition")
        return condition if condition != branch else None
    if parent.type == "conditional_expression":
        return parent.named_child(1) if parent.named_child_count > 1 and parent.named_child(1) != branch else None
    if parent.type == "boolean_operator":
        left = parent.child_by_field_name("left")
        return left if left != branch else None
    return None


def _before(block: Node, statement: Node) -> Iterator[Node]:
    for one in block.named_children:
        if one.start_byte >= statement.start_byte:
            return
        yield one


def _leaves_in_production(statement: Node) -> bool:
    if statement.type != "if_statement":
        return False
    condition, branch = statement.child_by_field_name("condition"), statement.child_by_field_name("consequence")
    if condition is None or branch is None or not _PUBLIC.search(text(condition)):
        return False
    return any(one.type in ("return_statement", "raise_statement") for one in branch.named_children)


def is_told_apart(node: Node, caught: Caught) -> bool:
    """Whether a place is reached only for errors that a condition has picked out by their class or their members."""
    name = re.escape(caught.name) or r"[\w\[\]\"']+"
    picks = re.compile(
        rf"isinstance\(\s*{name}\s*,|\b{name}\.\w|type\(\s*{name}\s*\)|\(\s*{name}\s*[,)]|in str\({name}\)"
    )
    current = node
    while (parent := current.parent) is not None and current != caught.place:
        condition = _condition(parent, current)
        is_branch = condition is not None and current != parent.child_by_field_name("alternative")
        if is_branch and condition is not None and current.type not in ("else_clause", "elif_clause"):
            written = text(condition)
            if picks.search(written) and not re.search(
                rf"hasattr\(|isinstance\(\s*{name}\s*,\s*Exception\s*\)", written
            ):
                return True
        current = parent
    return False


_READS = re.compile(
    r"(?:json|loads|parse\w*|int|float|decode\w*|UUID|fromisoformat|strptime|literal_eval|get_json|"
    r"is_valid|to_python|to_internal_value|Decimal)$"
)
"""The last names of calls that only read what the client has sent."""
_READS_OF_CLIENT = re.compile(r"(?:load|get|read|body|form|post|multipart|from_\w+|split|strip|lower|text)$")
_FROM_CLIENT = re.compile(
    r"request|\breq\b|payload|\bbody\b|\bdata\b|params|args|form|headers|query|json|schema|loads|int\(|UUID\(|\(\*\*\w",
    re.IGNORECASE,
)
_MOST_READING = 2


def reads_input(caught: Caught) -> bool:
    """Whether all that can have failed is that the client's input was read: what the error says is about that."""
    attempt = caught.place.parent if caught.how == "except" else None
    body = attempt.child_by_field_name("body") if attempt is not None else None
    if body is None:
        return False
    statements = [one for one in body.named_children if one.type != "comment"]
    return len(statements) <= _MOST_READING and all(_only_reads(one) for one in statements)


def _only_reads(statement: Node) -> bool:
    """Whether each call of a statement reads or checks what the client sent: `Order(**request.json)`."""
    if not _FROM_CLIENT.search(text(statement)):
        return False
    waiting, calls = [statement], 0
    while waiting:
        part = waiting.pop()
        function = part.child_by_field_name("function") if part.type == "call" else None
        if function is not None:
            calls += 1
            if not _reads(function, part):
                return False
        waiting.extend(part.named_children)
    return calls > 0


def _reads(function: Node, call: Node) -> bool:
    owner, _, last = text(function).rpartition(".")
    if "validat" in last or _READS.match(last):
        return True
    if last[:1].isupper() and not last.endswith("Response"):
        return _FROM_CLIENT.search(text(call)[len(text(function)) :]) is not None  # `orders.Order(**body)`
    return _READS_OF_CLIENT.match(last) is not None and _FROM_CLIENT.search(owner) is not None


_RUNNING = re.compile(r"execute|query|eval|call|run|command|cursor|fetch", re.IGNORECASE)
_STATEMENT = re.compile(r"(?:^|_)(?:sql|query|command|cmd|statement|stmt|expression|script|code)(?:_|$)", re.IGNORECASE)


_TRYING = re.compile(
    r"_*(?:test|try|check|probe|diagnose)_?\w*(?:conn|smtp|mail|credential|login|server|database|hook)", re.IGNORECASE
)


def runs_for_client(caught: Caught, file: PythonFile) -> bool:
    """Whether what failed is what the client asked for: a query or a command that it has written, of which a console
    answers what is said; a connection that it wants to be tried."""
    attempt = caught.place.parent if caught.how == "except" else None
    body = attempt.child_by_field_name("body") if attempt is not None else None
    waiting = [body] if body is not None else []
    while waiting:
        part = waiting.pop()
        if part.type == "call" and _is_for_client(part, file):
            return True
        waiting.extend(part.named_children)
    return False


def _is_for_client(call: Node, file: PythonFile) -> bool:
    last = text(called_function(call)).rpartition(".")[2]
    given = [value for _, value in arguments(call)]
    if _RUNNING.search(last) and any(_STATEMENT.search(text(one)) and _is_clients(one, file) for one in given):
        return True
    return _TRYING.match(last) is not None and any(_is_clients(one, file) for one in given)


def _is_clients(name: Node, file: PythonFile) -> bool:
    """Whether a name is bound to what the client sent: a parameter, or a member of a body that was read."""
    if name.type != "identifier":
        return False
    scope = file.scope(name).function
    if scope is not None and text(name) in parameter_names(scope):
        return True
    return bool(file.request_data.data_name(name))
