"""What of a JavaScript file runs for each request, message or connection, and what lives longer than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, text
from lint_rules.languages.javascript.registrations import event_of, last_name
from lint_rules.languages.javascript.scopes import MODULE, Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

KINDS = frozenset({"route", "hook", "error", "socket", "task"})
_CONNECTIONS = frozenset(
    {"net.createServer", "net.Server", "net.Server.on", "tls.createServer", "tls.Server.on", "http.Server.on",
     "https.Server.on"}
)  # fmt: skip
_CONNECTED = frozenset({None, "connection", "secureConnection"})
_CONNECTION_EVENTS = frozenset({"connection", "connect", "session", "client"})
_SERVERS = frozenset({"wss", "ws", "io", "server", "socketServer", "wsServer", "webSocketServer", "websocketServer"})
_ONCE_IN_A_CONNECTION = frozenset({"close", "disconnect", "disconnecting", "open", "upgrade", "end", "finish", "error"})
SCHEDULED = "Schedulers"
_MOST_CALLERS = 12


class Serving(Struct, frozen=True):
    """The handler of which every call runs a node, and the function of the file that holds the node in it.

    `body` is the handler itself, or a function that it calls by `call`. `is_assumed` says that it is a function of
    which another file may tell whether requests call it.
    """

    handler: Scope
    body: Scope
    call: Node | None = None
    is_assumed: bool = False

    def binds(self, scope: Scope) -> bool:
        """Whether the names of a scope are made anew by each call."""
        return scope.kind != MODULE and any(
            one.start <= scope.start and scope.end <= one.end for one in (self.handler, self.body)
        )


PlaceOf = Callable[[Node, Any], Serving | None]
"""What says by what a node is run for each request."""


def serving(node: Node, file: JavaScriptFile, *, jobs: bool = True) -> Serving | None:
    """By what a node is run for each request, None if nothing says that it is.

    `jobs` says whether what a scheduler starts counts.
    """
    body: Scope | None = None
    waiting: list[tuple[Scope | None, Node | None]] = [(file.enclosing_function(node), None)]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_CALLERS:
        function, entered = waiting.pop(0)
        outermost = function
        while function is not None:
            if serves(function, file, jobs=jobs):
                return Serving(function, body or function, entered)
            handler = file.handler(function)
            if handler is not None and handler.kind in ("startup", "plugin"):
                outermost = None
                break
            outermost = function
            function = function.parent.function if function.parent is not None else None
        body = body or outermost
        if outermost is not None and outermost.node.id not in seen:
            seen.add(outermost.node.id)
            waiting.extend((file.enclosing_function(call), entered or call) for call in _calls_of(outermost, file))
    return None


def serving_now(node: Node, file: JavaScriptFile) -> Serving | None:
    """By what a node is run for each request, jobs of a scheduler left out."""
    return serving(node, file, jobs=False)


def assumed(node: Node, file: JavaScriptFile) -> Serving | None:
    """The function that holds a node, where the file alone does not tell that requests run it."""
    outermost, function = None, file.enclosing_function(node)
    while function is not None:
        outermost = function
        function = function.parent.function if function.parent is not None else None
    if outermost is None or outermost.is_anonymous or file.handler(outermost) is not None:
        return None
    return None if serving(node, file) is not None else Serving(outermost, outermost, is_assumed=True)


def serves(function: Scope, file: JavaScriptFile, *, jobs: bool = True) -> bool:
    """Whether a framework or a server calls a function for each request, message or connection."""
    handler = file.handler(function)
    if handler is not None and handler.kind in KINDS:
        if _is_accessor(function):  # app.use(this.app) registers what the accessor gives
            return False
        if handler.kind == "socket" and event_of_taker(function) in _ONCE_IN_A_CONNECTION:
            return False
        return jobs or handler.kind != "task" or handler.framework.name != SCHEDULED
    return _takes_connections(function, file)


def _is_accessor(function: Scope) -> bool:
    owner = function.owner_class
    return owner is not None and any(one.accessor and one.name == function.name for one in owner.children)


def event_of_taker(function: Scope) -> str | None:
    """The event of the call that a function literal is written in."""
    place = function.node.parent
    call = place.parent if place is not None and place.type == "arguments" else None
    return event_of(call) if call is not None else None


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


def _calls_of(function: Scope, file: JavaScriptFile) -> Iterator[Node]:
    """The calls of the file that call a function of the file, by its name or as a method of an instance."""
    name = function.name.rpartition(".")[2]
    if function.is_anonymous or f"{name}(".encode() not in file.data:
        return
    own = f"{file.module}.{function.name}"
    for call in file.calls_of(name):
        called = callee(call)
        symbol = file.names.symbol(called) if called is not None else ""
        if symbol == own or (symbol and file.function_scope(symbol) is function):
            yield call


def outlives(name: Node, place: Serving, file: JavaScriptFile, *, assigned: bool = False) -> bool:
    """Whether what a name is bound to was there before the handler ran: of the module, or of a function around it.

    Not if the handler itself gives the name a new value, unless `assigned` allows that. A name that nothing binds is
    none of the file's.
    """
    found = file.scopes.binding(text(name), name.start_byte)
    if found is None:
        return False
    scope, bindings = found
    if place.binds(scope):
        return False
    if assigned or bindings[0].is_constant:
        return True
    return not any(place.binds(file.scopes.at(one.start_byte)) for one in file.scopes.assignments(text(name)))


def depends_on_request(expressions: list[Node], place: Serving, file: JavaScriptFile) -> bool:
    """Whether expressions read a parameter of the handler, or of a function in it, by whatever local names.

    What is looked up in a table that the code spells out is one of its values: `titles[request.params.kind]`.
    """
    waiting = list(expressions)
    seen: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node.type == "subscript_expression" and _is_table(node.child_by_field_name("object"), file):
            continue
        waiting.extend(node.named_children)
        if node.type not in ("identifier", "shorthand_property_identifier") or text(node) in seen:
            continue
        found = file.scopes.binding(text(node), node.start_byte)
        if found is None or not place.binds(found[0]):
            continue
        seen.add(text(node))
        for binding in found[1]:
            if binding.kind == "parameter" and found[0] is place.body and place.call is not None:
                given = arguments(place.call)
                argument = given[binding.position] if 0 <= binding.position < len(given) else None
                if argument is not None and _is_local(argument, file):
                    return True
            elif binding.kind in ("parameter", "unknown"):
                return True
            elif binding.kind == "value":
                waiting.extend([binding.node] if binding.node is not None else [])
                waiting.extend(_assigned_in(found[0], text(node), file) if not binding.is_constant else ())
    return False


def _assigned_in(scope: Scope, name: str, file: JavaScriptFile) -> list[Node]:
    """What a function assigns to a name of its own: `let config; config = await load(request.params.id)`."""
    values = (
        one.child_by_field_name("right")
        for one in file.scopes.assignments(name)
        if scope.start <= one.start_byte < scope.end
    )
    return [value for value in values if value is not None]


def _is_table(expression: Node | None, file: JavaScriptFile) -> bool:
    """Whether a name is bound to an object literal with members, for good."""
    if expression is None or expression.type != "identifier":
        return False
    found = file.scopes.binding(text(expression), expression.start_byte)
    value = found[1][0].node if found is not None and len(found[1]) == 1 and not found[1][0].path else None
    return value is not None and value.type == "object" and value.named_child_count > 0


def _is_local(expression: Node, file: JavaScriptFile) -> bool:
    """Whether an expression reads a name that a function binds, so that it may differ from call to call."""
    for node in (expression, *all_nodes(expression)):
        if node.type in ("identifier", "shorthand_property_identifier"):
            found = file.scopes.binding(text(node), node.start_byte)
            if found is not None and found[0].kind != MODULE:
                return True
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
