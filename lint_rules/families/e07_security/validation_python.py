"""Who uses fields of request bodies as they come, and who validates them, in Python."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.bodies_python import ANY, MAY_READ, WHOLE, Bodies
from lint_rules.families.e07_security.circumstances import is_for_show, source
from lint_rules.families.e07_security.reading_python import called_name
from lint_rules.families.e07_security.validation import (
    BODIES,
    EVERYWHERE,
    IN_PLACE,
    QUERYING,
    STORING,
    USE,
    VALIDATES,
    VALIDATING,
    WRITING,
    BodyNote,
)
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.registrations import arguments, decorators
from lint_rules.languages.python.request_data import base_name
from lint_rules.languages.python.scopes import Scope, text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_NOT_STORES = re.compile(
    r"^(?:log|logger|logging|console|response|resp|headers?|hashlib|hmac|h|digest|json|os|re|session_cookies|ws|websocket"
    r"|socket|writer|sio|errors?|params|context|ctx|request|channel_layer|metrics|flash|self\.response|span)$"
)
_NO_ENTITY = re.compile(
    r"(?:Error|Exception|Warning|Response|Http404|HTTPException|Decimal|UUID|Path|Q|F|URL|Counter|OrderedDict|Schema"
    r"|Serializer|Form|Template|Request|BytesIO|StringIO|Lock|Event|Validator|Failed|Unauthorized|Forbidden|NotFound"
    r"|Payload|Envelope|Thread|Process|Timer)$"
)
_FRAMEWORKS = re.compile(rb"connexion|openapi_core|flask_pydantic|flask_smorest|spectree|apiflask|ninja")
_CATCHING = re.compile(r"except\b[^:]*(?:KeyError|ValueError|TypeError|ValidationError)")
_HANDLING = ("route", "socket", "background")


@BODIES.of("python")
def bodies_of(file: PythonFile) -> Iterator[BodyNote]:
    """What a file says about the bodies of requests."""
    if is_for_show(file):
        return
    if _FRAMEWORKS.search(file.data):
        yield BodyNote(EVERYWHERE)
    yield from _validating_functions(file)
    if MAY_READ.search(file.data):
        yield from _uses(file)


_ASKED = re.compile(r"\b(?:if|assert|isinstance\(|raise_for)\b[^:]*")
_ASKING = ("if", "assert", "isinstance(", "raise_for")
_WORD = re.compile(r"\w+")


def _validating_functions(file: PythonFile) -> Iterator[BodyNote]:
    """Functions that check what they are given, by a schema or by questions about their parameters."""
    code = file.data.decode("latin-1")  # a character for a byte
    by_schema = [found.start() for found in VALIDATING.finditer(code)]
    if not by_schema and "raise" not in code:
        return
    for scope in file.scopes.functions:
        body = scope.node.child_by_field_name("body") if scope.node.type == "function_definition" else None
        if body is None:
            continue
        start, end = body.start_byte, body.end_byte
        first = bisect_left(by_schema, start)
        validates = first < len(by_schema) and by_schema[first] < end
        if not validates and code.find("raise", start, end) < 0:
            continue
        names = {name for name in parameter_names(scope) if name not in ("self", "cls")}
        if names and (validates or _asks_about(names, code[start:end])):
            yield BodyNote(VALIDATES, f"{file.module}.{scope.name}")


def _asks_about(names: set[str], code: str) -> bool:
    """Whether a condition holds one of the names; line by line, since most lines can be told to hold no condition."""
    for line in code.split("\n"):
        if any(word in line for word in _ASKING):
            for found in _ASKED.findall(line):
                if not names.isdisjoint(_WORD.findall(found)):
                    return True
    return False


def _uses(file: PythonFile) -> Iterator[BodyNote]:
    bodies = Bodies(file)
    quiet: dict[str, bool] = {}
    for place, given, called, callee, is_store in _stores(file):
        scope = handler_around(place, file)
        if scope is None or file.in_broken_code(place):
            continue
        fields = {field for one in given for field in bodies.carried(one)}
        if not fields:
            continue
        checked = bodies.checked(scope)
        unchecked = set() if ANY in checked else fields - checked
        if not unchecked:
            continue
        if scope.name not in quiet:
            quiet[scope.name] = _validates_itself(scope, file)
        if not quiet[scope.name]:
            names = () if WHOLE in unchecked else tuple(sorted(unchecked))
            yield BodyNote(
                USE, f"{file.module}.{scope.name}", file.span(place), names, called, callee, is_store,
            )  # fmt: skip


def handler_around(node: Node, file: PythonFile) -> Scope | None:
    """The handler of requests that holds a node, functions within it being passed over.

    Where another file registers it, the request among its parameters makes it one.
    """
    scope = file.enclosing_function(node)
    while scope is not None:
        handler = file.handler(scope)
        if handler is not None:
            return scope if handler.kind in _HANDLING else None
        outer = scope.parent.function if scope.parent is not None else None
        if outer is None:
            return scope if _is_given_request(scope, file) else None
        scope = outer
    return None


def _is_given_request(scope: Scope, file: PythonFile) -> bool:
    names = [name for name in parameter_names(scope) if name not in ("self", "cls")][:1]
    return any(file.request_data.holds_request(scope, name) for name in names)


def _validates_itself(scope: Scope, file: PythonFile) -> bool:
    """Whether the handler, or a decorator of it, calls anything that validates."""
    if any(VALIDATING.search(source(one)) for one in decorators(scope.node)):
        return True
    if _CATCHING.search(source(scope.node)):
        return True
    start, end = scope.node.start_byte, scope.node.end_byte
    for call in file.nodes("call"):
        if start <= call.start_byte < end:
            function = call.child_by_field_name("function")
            if function is not None and VALIDATING.search(source(function)[-80:] + "("):
                return True
    return False


def _stores(file: PythonFile) -> Iterator[tuple[Node, list[Node], str, str, bool]]:
    """What keeps or passes on: the place, what it is given, its name as written, its symbol, whether it surely does."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        name = called_name(call)
        if function is None or not name:
            continue
        given = [value for _, value in arguments(call)]
        listed = call.child_by_field_name("arguments")
        given += [one for one in listed.named_children if one.type.endswith("_splat")] if listed is not None else []
        owner = function.child_by_field_name("object")
        if not given or (owner is not None and _NOT_STORES.match(source(owner).rpartition(".")[2])):
            continue
        if name[:1].isupper():
            if not _NO_ENTITY.search(name) and not name.isupper():
                yield call, given, source(function), file.names.symbol(function), True
        elif name in QUERYING:
            if _writes(given[0], file):
                yield call, given[1:], source(function), "", True
        elif STORING.match(name) and not (name in IN_PLACE and owner is not None and _is_local(owner, file)):
            yield call, given, source(function), file.names.symbol(function), owner is not None
    for assignment in file.nodes("assignment"):
        target, value = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if target is None or value is None or target.type not in ("attribute", "subscript"):
            continue
        if _is_entity(target, file):
            yield assignment, [value], source(target), "", True


def _writes(query: Node, file: PythonFile) -> bool:
    node: Node | None = query
    if query.type == "identifier":
        node = file.names.only_value(text(query), query.start_byte)
    if node is not None and node.type == "call":
        node = next((value for _, value in arguments(node)), node)  # text("INSERT ...")
    return node is not None and WRITING.match(re.sub(r"^[rbfuRBFU]+", "", source(node))[:200]) is not None


def _is_local(owner: Node, file: PythonFile) -> bool:
    """Whether what is filled is a list or map of the handler's own."""
    root = base_name(owner)
    if root.type != "identifier" or text(root) in ("self", "cls"):
        return False
    value = file.names.only_value(text(root), root.start_byte)
    if value is not None and value.type in ("list", "dictionary", "set", "list_comprehension", "string"):
        return file.enclosing_function(value) is not None
    return value is not None and value.type == "call" and called_name(value) in ("list", "dict", "set", "deque")


def _is_entity(target: Node, file: PythonFile) -> bool:
    """Whether a member is set on something that was looked up, or that outlives the handler."""
    root = base_name(target)
    if root.type != "identifier" or text(root) in ("self", "cls", "request", "response", "g", "session", "context"):
        return False
    value = file.names.only_value(text(root), root.start_byte)
    if value is None:
        return False
    if file.enclosing_function(value) is None:
        return target.type == "subscript" and value.type in ("dictionary", "call")
    inner = value.named_children[0] if value.type == "await" and value.named_children else value
    return inner.type == "call" and called_name(inner) in (
        "get", "get_or_404", "first", "one", "scalar_one", "scalar", "find", "filter_by", "first_or_404", "one_or_none",
        "scalar_one_or_none", "get_object_or_404", "get_object", "aget", "find_one",
    )  # fmt: skip
