"""The wiring of a Python file: its apps and routers, its central error handlers, where it starts to serve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_SET
from lint_rules.families.e06_error_handling.notes import ANSWERS, WIRING, ErrorAnswer, Wiring
from lint_rules.families.e06_error_handling.ordered import stand_in_order
from lint_rules.families.e06_error_handling.python_answers import answers
from lint_rules.families.e06_error_handling.python_handed import returned_calls
from lint_rules.families.e06_error_handling.python_layers import controllers, layers, mapped, raised_in_middleware
from lint_rules.families.e06_error_handling.python_makers import maker_of
from lint_rules.families.e06_error_handling.python_settings import WORDS as SETTING_WORDS
from lint_rules.families.e06_error_handling.python_settings import settings
from lint_rules.families.e06_error_handling.shapes import TEXT, UNKNOWN
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.registrations import arguments, called_function, decorators
from lint_rules.languages.python.scopes import CLASS, MODULE, Scope, text

WORDS = (
    b"FastAPI(", b"Flask(", b"Quart(", b"Sanic(", b"Application(", b"Starlette(", b"Litestar(", b"errorhandler",
    b"exception_handler", b"error_handler", b"write_error", b".exception(", b"web.middleware",
    b"HTTPException", b"HTTPError", b"jsonify", b"JSONResponse", b"JsonResponse", b"json_response", b"abort(",
    b"response.json", b"Response(", b"sanic", b"litestar", b"web.HTTP", b"APIRouter(", b"Blueprint(",
    b"rest_framework.exceptions", b"RequestHandler", b"set_status(", *SETTING_WORDS,
)  # fmt: skip
_CENTRAL = frozenset(
    {"exception_handler", "add_exception_handler", "errorhandler", "app_errorhandler", "register_error_handler",
     "exception", "handle_exception", "init_error_handlers", "error_handler", "register_app_error_handler",
     "teardown_request_exception", "default_error_handler"}
)  # fmt: skip
_MAY_HANDLE = re.compile(r"err(?:or)?s?(?:_|\b|$)|exception|_exc|problem|Error", re.IGNORECASE)
_KEYWORDS = frozenset({"exception_handlers", "error_handler", "error_handlers", "default_handler_class"})
_NEGOTIATES = re.compile(r"accept|xhr|html|json|ajax|form-urlencoded|multipart|htmx", re.IGNORECASE)
_SERVING = frozenset({"run", "listen", "run_app", "serve", "start"})
_TRIES_AROUND = tuple(
    map(re.compile, (rb"try:", rb"call_next|get_response|handler\(|self\.app\(|next_app", rb"except"))
)
_PASSES_ON = re.compile(rb"except(?=[^:\n]{0,120}HTTP)[^:\n]*:\s*(?:#[^\n]*\n\s*)*raise[ \t]*[\n#]")
"""A clause of middleware that lets HTTP errors through."""
_APP_NAMES = re.compile(r"(?:^|\.)(?:app|application|api|bp|blueprint|router|server)$")


@lru_cache(maxsize=4)
def may_matter(data: bytes) -> bool:
    """Whether a file has anything to write down; facts are taken of many more."""
    return any(word in data for word in WORDS)


@ANSWERS.of("python")
def take_answers(file: PythonFile) -> Iterator[ErrorAnswer]:
    if file.is_test or not may_matter(file.data):
        return
    for answer in (*answers(file), *returned_calls(file)):
        if (answer.is_plain and answer.status == NOT_SET) or (not answer.is_error and answer.status > 0):
            continue
        scope = file.scope(answer.node).function
        if answer.shape == TEXT and _is_negotiated(answer.node, file):
            continue
        name = scope.name if scope is not None else ""
        made = maker_of(answer.body[0], file) if answer.shape == UNKNOWN and answer.body and not answer.raised else ""
        yield ErrorAnswer(name, file.span(answer.node), answer.status, answer.shape, answer.raised, made)


def _is_negotiated(node: Node, file: PythonFile) -> bool:
    """Whether a text is answered only to clients that did not ask for JSON."""
    for outer in file.enclosing(node):
        if outer.type == "function_definition":
            return False
        condition = outer.child_by_field_name("condition") if outer.type in ("if_statement", "elif_clause") else None
        if condition is not None and _NEGOTIATES.search(text(condition)):
            return True
    return False


@lru_cache(maxsize=1)
def _apps() -> tuple[frozenset[str], frozenset[str]]:
    frameworks = handler_table().frameworks
    apps = frozenset(name for framework in frameworks for name in framework["apps"])
    return apps, frozenset(name for framework in frameworks for name in framework["routers"])


@WIRING.of("python")
def take_wiring(file: PythonFile) -> Iterator[Wiring]:
    if file.is_test or not may_matter(file.data):
        return
    apps, routers = _apps()
    last_names = {name.rpartition(".")[2] for name in (*apps, *routers)}
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None:
            continue
        last = text(function).rpartition(".")[2]
        yield from layers(call, last, file)
        if last == "mount" and text(function) != last:
            given = dict(arguments(call))
            app = given.get("1") or given.get("app")
            if app is not None:
                yield _wiring("mount", call, function, file, target=owner_of(app, file))
        if last in last_names or last[:1].isupper():
            yield from _constructed(call, function, apps, routers, file)
        elif last in _CENTRAL:
            yield from _central(call, function, file)
        elif last in _SERVING and text(function) != last:
            served = dict(arguments(call)).get("0")
            target = owner_of(served, file) if served is not None and served.type in ("identifier", "attribute") else ""
            yield _wiring("serves", call, function, file, detail=_first_text(call), target=target)
        elif (_MAY_HANDLE.search(last) and _is_given_app(call)) or (
            last in ("add_middleware", "middleware", "wrap_app", "init_app") and _MAY_HANDLE.search(text(call))
        ):
            yield _wiring("maybe", call, function, file)
        elif last[:1].islower():
            for place, value in arguments(call):
                if value.type in ("identifier", "attribute") and _APP_NAMES.search(text(value)):
                    yield Wiring(
                        "hands", owner_of(value, file), file.names.symbol(function), file.span(call), "", "", place
                    )
    for definition in file.nodes("class_definition"):
        yield from _derived(definition, apps, file)
    yield from _functions(file)
    yield from settings(file)
    yield from controllers(file)
    yield from raised_in_middleware(file)


def _derived(definition: Node, apps: frozenset[str], file: PythonFile) -> Iterator[Wiring]:
    """A class of apps of the project's own: `class App(FastAPI)`."""
    name, bases = definition.child_by_field_name("name"), definition.child_by_field_name("superclasses")
    for base in bases.named_children if bases is not None and name is not None else ():
        symbol = file.names.symbol(base)
        if name is not None and file.types.external(symbol) in apps:
            yield Wiring("app", "", symbol, file.span(name), "", "", "class", text(name))


def _wiring(kind: str, call: Node, function: Node, file: PythonFile, **more: str) -> Wiring:
    scope = file.scope(call)
    around = scope.function if scope.kind != MODULE else None
    owner = function.child_by_field_name("object") if function.type == "attribute" else None
    return Wiring(
        kind, owner_of(owner, file) if owner is not None else "", file.names.symbol(function), file.span(call),
        around.name if around is not None else "", more.get("target", ""), more.get("detail", ""),
        more.get("name", text(owner) if owner is not None else ""),
    )  # fmt: skip


def owner_of(owner: Node, file: PythonFile) -> str:
    """What tells an app or router apart from others: its symbol, or the function and name of a local one."""
    symbol = file.names.symbol(owner)
    if symbol and "(" not in symbol and "<" not in symbol:
        return symbol
    scope = file.scope(owner).function
    return f"{file.module}:{scope.name if scope is not None else ''}:{text(owner)}"


def _constructed(
    call: Node, function: Node, apps: frozenset[str], routers: frozenset[str], file: PythonFile
) -> Iterator[Wiring]:
    name = file.types.external(file.names.symbol(function))
    given = list(arguments(call))
    for place, value in given:
        is_handled = place in _KEYWORDS and value.type not in ("none", "list") and text(value) not in ("{}", "dict()")
        if is_handled and place == "exception_handlers":
            yield from mapped(value, _bound(call, file), name, text(function), file)
        elif is_handled and (name in apps or name in routers):
            yield _wiring("central", call, function, file, detail="*", target=file.names.symbol(value))
        elif place in ("middlewares", "middleware") and _MAY_HANDLE.search(text(value)):
            yield _wiring("maybe", call, function, file)
    if name in apps or name in routers:
        left = _left(call)
        owner = _bound(call, file)
        shown = text(left) if left is not None else text(function)
        is_bare = all(text(value) == "__name__" for _, value in given)
        if is_bare and call.parent is not None and call.parent.type in ("keyword_argument", "argument_list", "pair"):
            return  # `Request({"app": Flask(__name__)})`: made for another call, and no service
        wiring = _wiring("app" if name in apps else "router", call, function, file, name=shown)
        yield Wiring(wiring.kind, owner, wiring.on, wiring.span, wiring.function, "", "", shown)


def _left(call: Node) -> Node | None:
    bound = call.parent
    return bound.child_by_field_name("left") if bound is not None and bound.type == "assignment" else None


def _bound(call: Node, file: PythonFile) -> str:
    """What tells apart the app that a call makes, where it gets a name."""
    left = _left(call)
    return owner_of(left, file) if left is not None and left.type == "identifier" else ""


def _central(call: Node, function: Node, file: PythonFile) -> Iterator[Wiring]:
    given = dict(arguments(call))
    handled = given.get("0") or given.get("exc_class_or_status_code") or given.get("code_or_exception")
    target = given.get("1") or given.get("handler") or given.get("f")
    symbol = file.names.symbol(target) if target is not None else _decorated(call, file)
    if text(function) == "exception_handler" and target is not None:
        return  # Django REST framework's own, called
    if text(function).endswith("exception") and ("log" in text(function).lower() or function.type != "attribute"):
        return
    detail = "*" if handled is None else f"{file.names.symbol(handled)}|{text(handled)}"
    yield _wiring("central", call, function, file, target=symbol, detail=detail)


def _decorated(call: Node, file: PythonFile) -> str:
    """The symbol of the function that a decorator stands at."""
    outer = call.parent.parent if call.parent is not None and call.parent.type == "decorator" else None
    definition = outer.child_by_field_name("definition") if outer is not None else None
    scope = file.scopes.of(definition) if definition is not None else None
    return f"{file.module}.{scope.name}" if scope is not None else ""


def _first_text(call: Node) -> str:
    return next((text(value) for place, value in arguments(call) if place == "0"), "")


def _is_given_app(call: Node) -> bool:
    """`register_error_handlers(app)`, `add_exception_handlers(self.app)`."""
    return any(
        _APP_NAMES.search(text(value)) for _, value in arguments(call) if value.type in ("identifier", "attribute")
    )


def _functions(file: PythonFile) -> Iterator[Wiring]:
    """Functions and methods that handle errors by their form."""
    for scope in file.scopes.functions:
        identifier = scope.node.child_by_field_name("name")
        own = text(identifier) if identifier is not None else ""
        body = scope.node.text or b""
        is_method = scope.parent is not None and scope.parent.kind == CLASS
        if (
            own in ("write_error", "handle_exception", "handle_error", "handle_user_exception") and is_method
        ) or own == "process_exception":
            yield _function_wiring("maybe", scope.name, scope.node, file)
            if own == "write_error" and scope.owner_class is not None:
                yield _write_error(scope.owner_class, scope.node, file)
        elif stand_in_order(_TRIES_AROUND, body):
            marks = [text(called_function(one)) for one in decorators(scope.node)]
            if any(mark.endswith("web.middleware") or mark == "middleware" for mark in marks):
                passes = "passes" if _PASSES_ON.search(body) else ""
                yield _function_wiring("catcher", scope.name, scope.node, file, target=passes)
            elif own in ("dispatch", "__call__", "handler", "middleware") or b"call_next" in body:
                yield _function_wiring("maybe", scope.name, scope.node, file)


def _write_error(owner: Scope, method: Node, file: PythonFile) -> Wiring:
    """Tornado's handler of errors: its class, how often that is named here, whether it takes what Tornado gives it."""
    identifier = owner.node.child_by_field_name("name") or owner.node
    mentions = sum(one.text == identifier.text for one in file.nodes("identifier"))
    parameters = method.child_by_field_name("parameters") or method
    takes = any("**" in text(one) for one in parameters.named_children)
    name = method.child_by_field_name("name") or method
    return Wiring(
        "write-error", "takes" if takes else "", f"{file.module}.{owner.name}", file.span(name),
        f"{owner.name}.write_error", f"{file.module}.{owner.name}", str(mentions), text(identifier),
    )  # fmt: skip


def _function_wiring(kind: str, name: str, node: Node, file: PythonFile, target: str = "") -> Wiring:
    identifier = node.child_by_field_name("name") or node
    own = text(identifier)
    mentions = sum(one.text == identifier.text for one in file.nodes("identifier"))
    return Wiring(kind, "", f"{file.module}.{name}", file.span(identifier), name, target, str(mentions), own)
