"""The wiring of a JavaScript file: its apps and routers, middleware in its order, central error handlers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_SET
from lint_rules.families.e06_error_handling.node_answers import answers, forwarded
from lint_rules.families.e06_error_handling.node_caught import ERROR_NAME, conditions
from lint_rules.families.e06_error_handling.node_layers import extension_end, filter_lists, is_sandboxed
from lint_rules.families.e06_error_handling.node_makers import maker_of
from lint_rules.families.e06_error_handling.notes import ANSWERS, WIRING, ErrorAnswer, Wiring
from lint_rules.families.e06_error_handling.ordered import stand_in_order
from lint_rules.families.e06_error_handling.shapes import TEXT, UNKNOWN
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    CLASS_KINDS,
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    string_value,
    text,
)  # fmt: skip
from lint_rules.languages.javascript.library import handler_table
from lint_rules.languages.javascript.members import decorators
from lint_rules.languages.javascript.scopes import Scope

WORDS = (
    b"express", b".use(", b"fastify", b"setErrorHandler", b"ExceptionFilter", b"Koa", b"Hapi", b"hapi", b"@Catch",
    b"UseFilters", b"useGlobalFilters", b"APP_FILTER", b".json(", b".send(", b"Response.json", b"statusCode",
    b".body =", b"Router(", b"NestFactory", b"Exception(", b".listen(", b"server.start(", b"serverless(",
    b".response(", b"ctx.throw(",
)  # fmt: skip
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "all", "del", "route", "register"})
_LISTENING = frozenset({"listen", "start"})
_CENTRAL = frozenset({"setErrorHandler", "setupExpressErrorHandler", "setupFastifyErrorHandler", "setupKoaErrorHandler",
                      "setupHapiErrorHandler", "useGlobalFilters"})  # fmt: skip
_MAY_HANDLE = re.compile(
    r"err(?:or)?s?(?:[A-Z_]|\b|$)|[eE]xception|Err\b|Error|boom|[pP]roblem|celebrate|sentry", re.ASCII
)
_TRIES_NEXT = tuple(map(re.compile, (rb"try\s*\{", rb"next\(\s*\)", rb"\}\s*catch")))
_PICKS_ONE = re.compile(
    rb"\.(?:code|type|name)\s*[!=]==?\s*['\"`]|instanceof\s+(?:SyntaxError|URIError|(?:multer\.)?MulterError)\b"
)
"""Error middleware for what the middleware right before it throws: a wrong token, a body that does not parse."""
_NEGOTIATES = re.compile(r"accept|xhr|html|json|ajax|form-urlencoded|multipart", re.IGNORECASE)
_MOST_ARGUMENTS = 12


@lru_cache(maxsize=4)
def _may_matter(data: bytes) -> bool:
    """Whether a file has anything to write down; facts are taken of many more."""
    return any(word in data for word in WORDS)


@ANSWERS.of("javascript")
def take_answers(file: JavaScriptFile) -> Iterator[ErrorAnswer]:
    if file.is_test or file.is_tooling or not _may_matter(file.data):
        return
    for answer in (*answers(file), *forwarded(file)):
        if answer.status == NOT_SET or (not answer.is_error and (answer.is_plain or answer.status > 0)):
            continue
        scope = file.enclosing_function(answer.node)
        if answer.shape == TEXT and scope is not None and _is_negotiated(answer.node, scope.node):
            continue
        name = scope.name if scope is not None else ""
        made = maker_of(answer.body[0], file) if answer.shape == UNKNOWN and answer.body and not answer.raised else ""
        yield ErrorAnswer(name, file.span(answer.node), answer.status, answer.shape, answer.raised, made)


def _is_negotiated(node: Node, within: Node) -> bool:
    """Whether a text is answered only to clients that did not ask for JSON."""
    return any(_NEGOTIATES.search(text(condition)) for condition, _, _ in conditions(node, within))


@lru_cache(maxsize=1)
def _apps() -> tuple[frozenset[str], frozenset[str]]:
    """What constructs an app, what a router; by the name of the call."""
    frameworks = handler_table().frameworks
    apps = frozenset(name for framework in frameworks for name in framework["apps"] if framework.name not in _NO_APPS)
    return apps, frozenset(name for framework in frameworks for name in framework["routers"])


_NO_APPS = frozenset({"Node http", "Socket.IO", "ws"})


@WIRING.of("javascript")
def take_wiring(file: JavaScriptFile) -> Iterator[Wiring]:
    if file.is_test or file.is_tooling or not _may_matter(file.data):
        return
    apps: set[str] = set()
    for call in file.index.of_kinds(CALL_KINDS):
        function = callee(call)
        if function is None:
            continue
        last = text(function.child_by_field_name("property") or function)
        for one in _made(call, function, file):
            apps.add(one.name)
            yield one
        if function.type != "member_expression":
            if last in _CENTRAL:
                yield _wiring("maybe", call, function, file)
            elif _handed(call, apps) is not None:
                yield from _handed_app(call, function, apps, file)
        elif last == "use":
            yield from _used(call, function, file)
        elif last in _ROUTES:
            yield from _routes(call, function, last, file)
            if last == "register" and _handed(call, apps) is not None:
                yield from _handed_app(call, function, apps, file)
        elif last in _CENTRAL:
            given = arguments(call)
            target = file.names.symbol(given[0]) if given else ""
            yield _wiring("central", call, function, file, target=target, detail=last)
        elif last in ("on", "ext") and (event := _event(call)) in ("error", "onPreResponse", "request-error"):
            yield _wiring("central", call, function, file, detail=event)
            if event == "onPreResponse" and last == "ext":
                kind = "sandboxed" if is_sandboxed(call) else extension_end(call, file)
                yield _wiring("extension", call, function, file, detail=kind)
        elif last in _LISTENING:
            yield _wiring("serves", call, function, file)
        elif _handed(call, apps) is not None:
            yield from _handed_app(call, function, apps, file)  # `OrderRoutes.register(app)`
    yield from _filters(file)
    yield from filter_lists(file)
    yield from _functions(file)


def _event(call: Node) -> str:
    given = arguments(call)
    return (string_value(bare(given[0])) or "") if given else ""


def _is_app_name(written: str) -> bool:
    return written in ("app", "server", "router", "fastify", "this.app", "application", "expressApp")


def _wiring(kind: str, call: Node, function: Node, file: JavaScriptFile, **more: str) -> Wiring:
    around = file.enclosing_function(call)
    owner = function.child_by_field_name("object") if function.type == "member_expression" else None
    return Wiring(
        kind, owner_of(owner, file) if owner is not None else "", file.names.symbol(function), file.span(call),
        around.name if around is not None else "", more.get("target", ""), more.get("detail", ""),
        more.get("name", text(owner) if owner is not None else ""),
    )  # fmt: skip


def owner_of(owner: Node, file: JavaScriptFile) -> str:
    """What tells an app or router of this file apart from others: where its name is bound."""
    owner = bare(owner)
    while owner.type == "call_expression" and (inner := callee(owner)) is not None:  # `app.use(a).use(b)`
        inner = bare(inner)
        receiver = inner.child_by_field_name("object")
        if inner.type != "member_expression" or receiver is None:
            break
        owner = bare(receiver)
    if owner.type == "identifier":
        found = file.scopes.binding(text(owner), owner.start_byte)
        scope = found[0].name if found is not None else "?"
        if found is not None and found[1][0].kind == "import":
            return file.names.symbol(owner)
        if found is not None and found[1][0].kind == "value" and "<exports>" in (symbol := file.names.symbol(owner)):
            return symbol  # `const app = require("./app")`
        return f"{file.module}:{scope}:{text(owner)}"
    return f"{file.module}:{_class_around(owner, file)}:{text(owner)}"


def _class_around(node: Node, file: JavaScriptFile) -> str:
    scope: Scope | None = file.enclosing_function(node)
    while scope is not None and scope.owner_class is None:
        scope = scope.parent.function if scope.parent is not None else None
    return scope.owner_class.name if scope is not None and scope.owner_class is not None else ""


def _made(call: Node, function: Node, file: JavaScriptFile) -> Iterator[Wiring]:
    name = file.types.external(f"{file.names.symbol(function)}()") if file.names.symbol(function) else ""
    apps, routers = _apps()
    kind = "app" if name in apps else "router" if name in routers else ""
    last = text(function).rpartition(".")[2]
    is_factory = call.type == "new_expression" or last in _FACTORIES or function.type == "identifier"
    if not kind or not is_factory:
        return
    place = call.parent
    while place is not None and place.type in ("await_expression", "parenthesized_expression", "as_expression"):
        place = place.parent
    left = None
    if place is not None and place.type == "variable_declarator":
        left = place.child_by_field_name("name")
    elif place is not None and place.type == "assignment_expression":
        left = place.child_by_field_name("left")
    around = file.enclosing_function(call)
    owner = owner_of(left, file) if left is not None else ""
    yield Wiring(
        kind, owner, name, file.span(call), around.name if around is not None else "", "", name,
        text(left) if left is not None else text(function),
    )  # fmt: skip


_FACTORIES = frozenset({"Router", "create", "server", "Server", "createApplicationContext", "fastify", "default"})


# Express, Koa.


def _used(call: Node, function: Node, file: JavaScriptFile) -> Iterator[Wiring]:
    """Each thing that `use` is given: middleware, error middleware, routers."""
    for argument in arguments(call)[:_MOST_ARGUMENTS]:
        value = bare(argument)
        for one in [value] if value.type != "array" else value.named_children:
            found = _use_of(bare(one), call, function, file)
            if found is not None:
                yield found


def _use_of(value: Node, call: Node, function: Node, file: JavaScriptFile) -> Wiring | None:
    if value.type in FUNCTION_LITERALS:
        parameters = [text(one) for one in parameter_nodes(value)]
        scope = file.scopes.of(value)
        target = f"{file.module}.{scope.name}" if scope is not None else ""
        kind = _kind_by_parameters(parameters)
        if kind == "central" and _PICKS_ONE.search(value.text or b""):
            return _wiring("maybe", call, function, file, target=target, detail="of a kind")
        if stand_in_order(_TRIES_NEXT, value.text or b""):
            kind = "catcher"
        return _wiring(kind, call, function, file, target=target, detail="literal")
    if value.type in ("identifier", "member_expression", "call_expression", "new_expression", "await_expression"):
        symbol = file.names.symbol(value)
        own = f"{file.module}.{text(value)}"
        if (
            value.type == "identifier"
            and symbol.endswith(".ErrorRequestHandler")
            and file.function_scope(own) is not None
        ):
            symbol = own  # `const onError: ErrorRequestHandler = (err, req, res, next) => ...`
        written = " ".join(text(value).split())[:80]
        return _wiring("use", call, function, file, target=symbol, detail=written)
    return None


def _kind_by_parameters(parameters: list[str]) -> str:
    plain = [one.partition(":")[0].rstrip("?").strip() for one in parameters]
    if len(plain) == 4:
        return "central"
    if len(plain) == 3 and ERROR_NAME.match(plain[0]) and plain[2] != "next":
        return "three"
    return "use"


def _routes(call: Node, function: Node, last: str, file: JavaScriptFile) -> Iterator[Wiring]:
    given = arguments(call)
    if not given or (last == "get" and len(given) < 2):
        return
    first = string_value(bare(given[0]))
    is_path = first is not None or bare(given[0]).type in ("object", "array", "regex", "template_string", "identifier")
    if last == "register":
        yield _wiring("mount", call, function, file, target=file.names.symbol(given[0]), detail=text(given[0])[:80])
    elif is_path:
        yield _wiring("route", call, function, file, detail=first or "")


def _handed(call: Node, apps: set[str]) -> Node | None:
    """The app that a call is given: by its name, or one that the file has made."""
    return next((one for one in arguments(call) if _is_app_name(text(one)) or text(one) in apps), None)


def _handed_app(call: Node, function: Node, apps: set[str], file: JavaScriptFile) -> Iterator[Wiring]:
    """`setupRoutes(app)`, `require("./errors")(app)`."""
    symbol = file.names.symbol(function)
    given = _handed(call, apps)
    if given is None:
        return
    around = file.enclosing_function(call)
    kind = "maybe" if _MAY_HANDLE.search(text(function)) else "hands"
    yield Wiring(
        kind, owner_of(given, file), symbol, file.span(call), around.name if around is not None else "", symbol,
        text(function)[:80], text(given),
    )  # fmt: skip


# NestJS.


def _filters(file: JavaScriptFile) -> Iterator[Wiring]:
    """Classes with `@Catch`, and mentions of such classes anywhere but where they are imported and defined."""
    if b"Filter" not in file.data and b"@Catch" not in file.data:
        return
    defined = set()
    for node in file.index.of_kinds(CLASS_KINDS):
        scope = file.scopes.of(node)
        for decorator in decorators(node):
            called = callee(decorator) if decorator.type == "call_expression" else decorator
            if scope is not None and called is not None and text(called) == "Catch":
                name = node.child_by_field_name("name")
                if name is None:
                    continue
                defined.add(name.start_byte)
                given = ", ".join(text(one) for one in arguments(decorator)) if called != decorator else ""
                yield Wiring(
                    "filter", "", f"{file.module}.{scope.name}", file.span(name), "", f"{file.module}.{scope.name}",
                    given, text(name),
                )  # fmt: skip
    for identifier in file.nodes("identifier"):
        place = identifier.parent
        if not text(identifier).endswith(("Filter", "Handler")) or place is None or identifier.start_byte in defined:
            continue
        if place.type not in ("import_specifier", "import_clause", "export_specifier", "class_declaration"):
            yield Wiring(
                "bound", "", file.names.symbol(identifier), file.span(identifier), "", "", "", text(identifier)
            )


def _functions(file: JavaScriptFile) -> Iterator[Wiring]:
    """Functions that are middleware around what follows, by their form; error middleware by its parameters."""
    for scope in file.scopes.functions:
        if scope.node.type in FUNCTION_LITERALS and scope.is_anonymous:
            continue
        body = scope.node.text or b""
        if b"next" not in body[:200]:
            continue
        parameters = [text(one).partition(":")[0].strip() for one in parameter_nodes(scope.node)]
        kind = "catching" if stand_in_order(_TRIES_NEXT, body) else ""
        if len(parameters) == 4 and ERROR_NAME.match(parameters[0]):
            kind = "errors"
        if kind:
            detail = "of a kind" if _PICKS_ONE.search(body) else ""
            symbol = f"{file.module}.{scope.name}"
            yield Wiring(kind, "", symbol, file.span(scope.node), scope.name, "", detail, scope.name)
