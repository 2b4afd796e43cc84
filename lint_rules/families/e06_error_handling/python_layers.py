"""Handlers and middleware that ASGI frameworks are given in maps and lists: `exception_handlers`, `middleware`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.python_answers import name_of, raise_row
from lint_rules.families.e06_error_handling.python_bodies import value_of
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments, called_function, decorators
from lint_rules.languages.python.scopes import CLASS, text

CONTROLLER = "litestar.Controller.exception_handlers"
_ERRORS = ("fastapi.HTTPException", "starlette.exceptions.HTTPException")
_CATCHING = frozenset({"HTTPException", "StarletteHTTPException", "Exception", "BaseException"})
_MOST_HANDLERS = 50


def mapped(value: Node, owner: str, on: str, name: str, file: PythonFile) -> Iterator[Wiring]:
    """A handler for each entry of an `exception_handlers` map; one for all where it is not written out."""
    literal = value_of(value, file)
    if literal.type != "dictionary":
        yield Wiring("central", owner, on, file.span(value), "", file.names.symbol(value), "*", name)
        return
    for pair in literal.named_children[:_MOST_HANDLERS]:
        key, handler = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and handler is not None:
            detail = f"{file.names.symbol(key)}|{text(key)}"
            yield Wiring("central", owner, on, file.span(pair), "", file.names.symbol(handler), detail, name)


def controllers(file: PythonFile) -> Iterator[Wiring]:
    """`exception_handlers` of controllers (class attributes) and of route handlers (decorators) of Litestar."""
    if b"litestar" not in file.data or b"exception_handlers" not in file.data:
        return
    for assignment in file.nodes("assignment"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        scope = file.scope(assignment)
        if left is not None and right is not None and text(left) == "exception_handlers" and scope.kind == CLASS:
            yield from mapped(right, f"{file.module}.{scope.name}", CONTROLLER, scope.name, file)
    for definition in file.nodes("decorated_definition"):
        for mark in definition.named_children:
            call = first_named(mark) if mark.type == "decorator" else None
            function = call.child_by_field_name("function") if call is not None and call.type == "call" else None
            if call is None or function is None or not name_of(function, file).startswith("litestar."):
                continue
            for place, value in arguments(call):
                if place == "exception_handlers":
                    yield from mapped(value, "", name_of(function, file), text(function), file)


def raised_in_middleware(file: PythonFile) -> Iterator[Wiring]:
    """HTTP errors that FastAPI and Starlette middleware raises itself, and that nothing in it catches."""
    if b"HTTPException" not in file.data or b"iddleware" not in file.data:
        return
    for statement in file.nodes("raise_statement"):
        error = first_named(statement)
        made = error.child_by_field_name("function") if error is not None and error.type == "call" else error
        scope = file.scope(statement).function
        if made is None or scope is None or _is_caught(statement, file):
            continue
        row = raise_row(name_of(made, file), file)
        if row is None or not name_of(made, file).startswith(("fastapi.", "starlette.")):
            continue
        owner = scope.owner_class
        marks = [called_function(one) for one in decorators(scope.node)]
        if any(text(mark).endswith(".middleware") for mark in marks):
            yield Wiring("raised", "", "middleware", file.span(statement), scope.name, "", "", text(made))
        elif owner is not None and scope.name.endswith(".dispatch"):
            target = f"{file.module}.{owner.name}"
            yield Wiring("raised", "", "dispatch", file.span(statement), scope.name, target, "", text(made))


def _is_caught(statement: Node, file: PythonFile) -> bool:
    """Whether a `try` of the same function catches HTTP errors that are raised in it."""
    inner = statement
    for outer in file.enclosing(statement):
        if outer.type == "function_definition":
            return False
        body = outer.child_by_field_name("body") if outer.type == "try_statement" else None
        if body is not None and body.start_byte <= inner.start_byte < body.end_byte:
            for clause in outer.named_children:
                if clause.type == "except_clause":
                    kinds = text(clause).partition(":")[0]
                    if kinds.strip() == "except" or any(name in kinds for name in _CATCHING):
                        return True
        inner = outer
    return False


def layers(call: Node, last: str, file: PythonFile) -> Iterator[Wiring]:
    """Classes that an application is wrapped in: `app.add_middleware(Tokens)`, `Middleware(Tokens)`."""
    given = dict(arguments(call))
    first = given.get("0") or given.get("cls") or given.get("middleware_class")
    if last in ("add_middleware", "Middleware") and first is not None:
        function = call.child_by_field_name("function") or call
        yield Wiring("layer", "", file.names.symbol(function), file.span(call), "", file.names.symbol(first), last)
