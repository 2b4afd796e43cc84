"""What keeps or passes on what it is given, in one JavaScript file: inserts, queues, services, entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import source
from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.families.e07_security.validation import IN_PLACE, QUERYING, STORING, WRITING
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, text
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_NOT_STORES = re.compile(
    r"^(?:res|resp|response|reply|ctx|context|h|log|logger|console|headers?|hash|hmac|cipher|JSON|Object|Math|app|io|wss?"
    r"|socket|client|conn|connection|i18n|query|params|searchParams|errors?|next|span|metrics?|toolkit)$"
)
_NO_ENTITY = re.compile(
    r"(?:Error|Exception|Date|Map|Set|URL|URLSearchParams|Promise|RegExp|Buffer|Array|Object|Response|FormData|Blob"
    r"|Headers|Script|VM|Worker|ObjectId|ObjectID|Schema|Validator|Proxy|Function|Hash|Cursor|Regex|Strategy|Transform|Stream)$"
)
_ANSWERING = frozenset({"res", "resp", "response", "reply", "ctx", "h", "JSON", "console", "logger", "log"})
_NO_OWNERS = frozenset({"req", "request", "module", "exports"})
_MOST_LEVELS = 40


def stores(file: JavaScriptFile) -> Iterator[tuple[Node, list[Node], str, bool]]:
    """What keeps or passes on: the place, what it is given, its name as written, whether it surely keeps it."""
    for call in file.index.of_kinds(CALL_KINDS):
        function = callee(call)
        given = arguments(call)
        if function is None or not given:
            continue
        name = called_name(call)
        if call.type == "new_expression":
            if name[:1].isupper() and not _NO_ENTITY.search(name):
                yield call, given, f"new {source(function)}", False
            continue
        owner = function.child_by_field_name("object")
        is_query = name in QUERYING and _writes(given[0], file)
        if owner is not None and not is_query and _keeps_nothing(owner):
            continue
        if name in QUERYING:
            if is_query:
                yield call, given[1:], source(function), True
            elif name in ("run", "execute", "exec") and owner is not None and _writes(_prepared(owner), file):
                yield call, given, source(function), True
        elif STORING.match(name) and not (name in IN_PLACE and owner is not None and _is_passing(owner, call, file)):
            is_keyed = name in ("set", "hset", "setex") and len(given) > 1
            yield call, given[1:] if is_keyed else given, source(function), owner is not None
    for assignment in file.nodes("assignment_expression"):
        target, value = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if target is None or value is None or target.type not in ("member_expression", "subscript_expression"):
            continue
        owner = target.child_by_field_name("object")
        if owner is not None and _is_entity(owner, assignment, file):
            yield assignment, [value], source(target), True


def _keeps_nothing(owner: Node) -> bool:
    """Whether the object answers, logs or sums up, by its name or that of what it is made on: `res.status(422)`."""
    last = source(owner).rpartition(".")[2].partition("(")[0]
    return _NOT_STORES.match(last) is not None or source(_root(owner)) in _ANSWERING


def _writes(query: Node | None, file: JavaScriptFile) -> bool:
    if query is None:
        return False
    node = bare(query)
    if node.type == "identifier":
        node = file.names.only_value(text(node), node.start_byte) or node
    if node.type == "object":
        node = next((value for name, value, _ in object_members(node) if name in ("text", "sql")), node)
    return WRITING.match(source(node)[:200]) is not None


def _prepared(owner: Node) -> Node | None:
    """The query of `db.prepare("INSERT ...")`."""
    call = bare(owner)
    return arguments(call)[0] if call.type == "call_expression" and arguments(call) else None


def _root(node: Node) -> Node:
    current = bare(node)
    for _ in range(_MOST_LEVELS):
        inner = current.child_by_field_name("object") or current.child_by_field_name("function")
        if inner is None:
            return current
        current = bare(inner)
    return current


def _is_passing(owner: Node, place: Node, file: JavaScriptFile) -> bool:
    """Whether what is filled is made in the handler and gone with it."""
    root = _root(owner)
    if root.type == "this":
        return False
    if root.type != "identifier":
        return True
    found = file.scopes.binding(text(root), root.start_byte)
    function = file.enclosing_function(place)
    if found is None or function is None:
        return found is None
    is_local = found[0].function is not None and found[1][0].kind in ("value", "parameter")
    return is_local and found[0].start >= _outermost_handler(function, file).start


def _outermost_handler(function: Scope, file: JavaScriptFile) -> Scope:
    around = file.request.handler_around(function.node)
    own = file.handlers.of(function)
    return function if around is None or own is not None else around[0]


def _is_entity(owner: Node, place: Node, file: JavaScriptFile) -> bool:
    """Whether a member is set on something that was looked up, or that outlives the handler."""
    root = _root(owner)
    if root.type != "identifier" or _NOT_STORES.match(text(root)) or text(root) in _NO_OWNERS:
        return False
    found = file.scopes.binding(text(root), root.start_byte)
    if found is None or found[1][0].kind == "parameter":
        return False
    if found[0].function is None:
        return True
    value = bare(found[1][0].node) if found[1][0].node is not None else None
    if value is None or value.type != "new_expression":
        return value is not None and value.type in ("await_expression", "call_expression", "subscript_expression")
    function = file.enclosing_function(place)
    return function is not None and f"{text(root)}.save(".encode() in (function.node.text or b"")  # a new entity
