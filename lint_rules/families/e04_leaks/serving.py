"""What of a JavaScript file runs for each request, message or connection, and what lives longer than that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, text
from lint_rules.languages.javascript.registrations import event_of, last_name
from lint_rules.languages.javascript.scopes import MODULE, Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_KINDS = frozenset({"route", "hook", "error", "socket", "task"})
_CONNECTIONS = frozenset(
    {"net.createServer", "net.Server", "net.Server.on", "tls.createServer", "tls.Server.on", "http.Server.on",
     "https.Server.on"}
)  # fmt: skip
_CONNECTED = frozenset({None, "connection", "secureConnection"})
_CONNECTION_EVENTS = frozenset({"connection", "connect", "session", "client"})
_SERVERS = frozenset({"wss", "ws", "io", "server", "socketServer", "wsServer", "webSocketServer", "websocketServer"})
_SCHEDULED = "Schedulers"
_MOST_CALLERS = 12


def serving_function(node: Node, file: JavaScriptFile, *, jobs: bool = True) -> Scope | None:
    """The handler of which every call runs a node: the one that holds it, or calls the function that does.

    `jobs` says whether what a scheduler starts counts.
    """
    waiting = [file.enclosing_function(node)]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_CALLERS:
        function = waiting.pop(0)
        outermost = function
        while function is not None:
            if serves(function, file, jobs=jobs):
                return function
            handler = file.handler(function)
            if handler is not None and handler.kind in ("startup", "plugin"):
                outermost = None
                break
            outermost = function
            function = function.parent.function if function.parent is not None else None
        if outermost is not None and outermost.node.id not in seen:
            seen.add(outermost.node.id)
            waiting.extend(_callers(outermost, file))
    return None


def serves(function: Scope, file: JavaScriptFile, *, jobs: bool = True) -> bool:
    """Whether a framework or a server calls a function for each request, message or connection."""
    handler = file.handler(function)
    if handler is not None and handler.kind in _KINDS:
        return jobs or handler.kind != "task" or handler.framework.name != _SCHEDULED
    return _takes_connections(function, file)


def _takes_connections(function: Scope, file: JavaScriptFile) -> bool:
    """`net.createServer((socket) => ...)`, `server.on("connection", (socket) => ...)`"""
    place = function.node.parent
    call = place.parent if place is not None and place.type == "arguments" else None
    called = callee(call) if call is not None else None
    if call is None or called is None or function.node.type not in FUNCTION_LITERALS:
        return False
    event = event_of(call)
    if file.canonical(called) in _CONNECTIONS:
        return event in _CONNECTED
    owner = called.child_by_field_name("object")
    is_server = owner is not None and last_name(owner) in _SERVERS
    return is_server and last_name(called) == "on" and event in _CONNECTION_EVENTS


def _callers(function: Scope, file: JavaScriptFile) -> Iterator[Scope | None]:
    """The functions of the file with a call of a function of the file."""
    name = function.name.rpartition(".")[2]
    if function.is_anonymous or f"{name}(".encode() not in file.data:
        return
    own = f"{file.module}.{function.name}"
    for call in file.nodes("call_expression"):
        called = callee(call)
        if called is not None and last_name(called) == name and file.names.symbol(called) == own:
            yield file.enclosing_function(call)


def outlives(name: Node, handler: Scope, file: JavaScriptFile) -> bool:
    """Whether what a name is bound to was there before the handler ran: of the module, or of a function around it.

    Not if the handler itself binds the name anew. A name that nothing binds is none of the file's.
    """
    found = file.scopes.binding(text(name), name.start_byte)
    if found is None:
        return False
    scope, bindings = found
    if scope.kind != MODULE and handler.start <= scope.start and scope.end <= handler.end:
        return False
    return not any(_lies_in(one, handler) for one in file.scopes.assignments(text(name)) if not bindings[0].is_constant)


def _lies_in(node: Node, function: Scope) -> bool:
    return function.start <= node.start_byte and node.end_byte <= function.end


def depends_on_request(expressions: list[Node], handler: Scope, file: JavaScriptFile) -> bool:
    """Whether expressions read a parameter of the handler, or of a function in it, by whatever local names."""
    waiting = list(expressions)
    seen: set[str] = set()
    while waiting:
        current = waiting.pop()
        for node in (current, *all_nodes(current)):
            if node.type not in ("identifier", "shorthand_property_identifier", "this") or text(node) in seen:
                continue
            if node.type == "this":
                continue
            found = file.scopes.binding(text(node), node.start_byte)
            if found is None or found[0].kind == MODULE:
                continue
            scope, bindings = found
            if not (handler.start <= scope.start and scope.end <= handler.end):
                continue
            seen.add(text(node))
            for binding in bindings:
                if binding.kind in ("parameter", "unknown"):
                    return True
                if binding.node is not None and binding.kind == "value":
                    waiting.append(binding.node)
    return False


def given_functions_of(call: Node) -> list[Node]:
    """The arguments of a call that may be functions: literals, names, members, bound ones."""
    found = []
    for argument in arguments(call):
        value = bare(argument)
        is_bound = value.type == "call_expression" and last_name(callee(value) or value) == "bind"
        if value.type in FUNCTION_LITERALS or value.type in ("identifier", "member_expression") or is_bound:
            found.append(value)
    return found
