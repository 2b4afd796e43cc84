"""Handlers of Python whose result is the response, and the paths on which they give none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from tree_sitter import Node

from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.registrations import decorators
from lint_rules.languages.python.renaming import renamings
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.searching import whole_words
from lint_rules.model import Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.frameworks import Framework, Handler

WORDS = (b"django", b"flask", b"quart", b"aiohttp", b"starlette", b"sanic", b"rest_framework", b"fastapi")
_OTHERS = (b"flask", b"quart", b"aiohttp", b"starlette", b"sanic", b"fastapi")
_BEGUN = b".respond("
_VIEWS = re.compile(r"(?:^|/)(?:(?=\w*view)\w+\.py$|views/)")
_CHECKS = re.compile(r"_|check|require|valid|ensure|get_|maybe|test|handle_(?:err|exc)|redirect_|is_|has_")
_ENDS_IT = re.compile(r"(?i)raise|abort|fail|die|exit|stop|forbid|reject|error|redirect")
_COMPARED = re.compile(r"\(?\s*([\w.\[\]\"']+)\s*==\s*[\"']([^\"']{1,60})[\"']\s*\)?")
_ALLOWED = re.compile(r"=\s*(?:frozenset\()?[\[{(]|\bnot\s+in\b")
_METHODS = re.compile(rb"\bmethod\b")
_RESTRICTS = re.compile(
    rb"methods?\b|require_|api_view|\.(?:get|post|put|patch|delete)\(|@\w+\.(?:get|post|put|delete)\b"
)
_REQUEST = re.compile(r"_?(?:req|request)")
RECEIVES = re.compile(rb"def[ \t]+\w+\((?:self,)?[ \t]*_?req(?:uest)?\b")
"""A file without a match has no function that another file makes a handler: it would be given the request first."""


class SilentEnd(Struct, frozen=True):
    """A way out of a handler without a response: its `return`, or the function's name; and who waits for a response."""

    place: Node
    function: str
    is_return: bool
    framework: str


class EndNote(msgspec.Struct, frozen=True, array_like=True):
    """A way out of a function without a result, which is wrong if another file makes the function a handler."""

    function: str
    span: Span
    is_return: bool


ENDS = Notes("silent-ends", EndNote)


def _any_of(names: Iterable[str]) -> bytes:
    return rb"(?:" + "|".join(sorted(map(re.escape, names))).encode() + rb")"


class _Routes:
    """What a file with a route of some frameworks holds: a decorator, a registering call or a method of a view.

    `receives` is how the parameters of a view's method begin.
    """

    def __init__(self, frameworks: Sequence[Framework], receives: bytes) -> None:
        decorating = {name.rpartition(".")[2] for one in frameworks for name in one["decorators"]}
        rows = [row for one in frameworks for row in one["registrations"] if row.get("kind", "route") == "route"]
        registering = {row["call"].rpartition(".")[2] for row in rows}
        methods = {method for one in frameworks for method in one["view_methods"] if "*" not in method}
        self._renamed = decorating | registering
        # One by one, since an expression that begins with a sign or a word is faster than one with choices.
        self._patterns = tuple(
            map(
                re.compile,
                (
                    rb"@(?:[\w.]*\.)?" + _any_of(decorating) + rb"\b",
                    rb"def[ \t]+" + _any_of(methods) + rb"\(" + receives,
                    rb"start_response|Servicer",
                    whole_words(registering, behind=r"[ \t]*\("),
                ),
            )
        )

    def may_be_in(self, data: bytes) -> bool:
        """Whether a file of these bytes may hold one."""
        return any(pattern.search(data) for pattern in self._patterns) or not self._renamed.isdisjoint(
            renamings(data).values()
        )


_RETURNING = [one for one in handler_table().frameworks if one["answers"] == "returned"]
_ROUTES = _Routes(_RETURNING, b"")
_DJANGO_ROUTES = _Routes(
    [one for one in _RETURNING if not {"django", "rest_framework"}.isdisjoint(one["packages"])],
    rb"\s*self\s*,\s*(?:\*|/|_|\w*[rR]eq|http)",
)


_VIEW = re.compile(rb"\ndef[ \t]+\w+\([ \t]*request\b")


@lru_cache(maxsize=4)
def may_answer(data: bytes) -> bool:
    """Whether something in a file may be made a route; names as common as `get` count for Django as methods only."""
    if not any(word in data for word in WORDS) or b"def " not in data:
        return False
    routes = _ROUTES if any(word in data for word in _OTHERS) else _DJANGO_ROUTES
    return _VIEW.search(data) is not None or routes.may_be_in(data)


class _Reached:
    """The domain with one state: whether control comes here."""

    def start(self) -> bool:
        return True

    def join(self, one: bool, other: bool) -> bool:
        return True

    def transfer(self, event: Event, state: bool) -> bool:
        return True

    def raised(self, event: Event, state: bool) -> bool:
        return True

    def assume(self, question: Question, holds: bool, state: bool) -> bool | None:
        return True


def silent_handlers(file: PythonFile) -> Iterator[SilentEnd]:
    """The ways out without a response, of what the file itself makes a handler and of the views of Django."""
    returns = _returns_of(file)
    for scope in file.scopes.functions:
        own = returns.get(scope.node.id, [])
        answers = not all(map(_returns_nothing, own))
        if (not answers and scope.owner_class is not None) or not _may_end_silently(scope, own) or scope.node.has_error:
            continue
        handler = file.handler(scope)
        if handler is None:
            if answers and _is_django_view(scope, own, file):
                yield from _silent_ends(scope, "Django", file)
        elif handler.kind != "route" or handler.framework["answers"] != "returned":
            continue
        elif answers or _is_registered(scope, handler):
            yield from _silent_ends(scope, handler.framework.name, file)


@ENDS.of("python")
def _ends_of_others(file: PythonFile) -> Iterator[EndNote]:
    """The silent ends of functions that the file does not know to be handlers, and that are given a request."""
    if RECEIVES.search(file.data) is None or not any(word in file.data for word in WORDS):
        return
    returns = _returns_of(file)
    for scope in file.scopes.functions:
        own = returns.get(scope.node.id, [])
        names = parameter_names(scope)
        is_given_request = bool(names) and _REQUEST.fullmatch(names[0]) is not None
        if not is_given_request or all(map(_returns_nothing, own)) or not _may_end_silently(scope, own):
            continue
        if scope.node.has_error or file.handler(scope) is not None or _is_django_view(scope, own, file):
            continue
        for end in _silent_ends(scope, "", file):
            yield EndNote(scope.name, file.span(end.place), end.is_return)


def _returns_of(file: PythonFile) -> dict[int, list[Node]]:
    """The `return` statements of each function, by its node's id."""
    returns: dict[int, list[Node]] = {}
    for statement in file.nodes("return_statement"):
        function = file.scope(statement).function
        if function is not None:
            returns.setdefault(function.node.id, []).append(statement)
    return returns


def _is_django_view(scope: Scope, returns: list[Node], file: PythonFile) -> bool:
    """Whether a function that another file registers is a view: it is given a request and returns what Django makes.

    In a file of views only, and not if the file calls it: a check may give a response or None to the view that asks.
    """
    parameters = scope.node.child_by_field_name("parameters")
    first = parameters.named_child(0) if parameters is not None and parameters.named_child_count else None
    name = scope.name.rpartition(".")[2]
    if first is None or scope.name != name or _VIEWS.search(file.relative) is None or _CHECKS.match(name):
        return False
    pattern = first.named_child(0) if first.type == "typed_parameter" and first.named_child_count else first
    if pattern is None or text(pattern) != "request" or f" {name}(".encode() in file.data.replace(b"def ", b"def-"):
        return False
    return any(_is_made_by_django(statement, file) for statement in returns)


def _is_made_by_django(statement: Node, file: PythonFile) -> bool:
    value = statement.named_child(0) if statement.named_child_count else None
    function = value.child_by_field_name("function") if value is not None and value.type == "call" else None
    return function is not None and file.canonical(function).startswith(("django.http.", "django.shortcuts."))


def _may_end_silently(scope: Scope, returns: list[Node]) -> bool:
    """Whether a function has a `return` without a value, or a last statement that may be left otherwise."""
    body = scope.node.child_by_field_name("body")
    if body is None or not body.named_child_count:
        return False
    last = body.named_child(body.named_child_count - 1)
    ends_it = last is not None and last.type in ("return_statement", "raise_statement")
    return not ends_it or any(map(_returns_nothing, returns))


def _silent_ends(scope: Scope, framework: str, file: PythonFile) -> Iterator[SilentEnd]:
    """The ways out of a function on which it returns nothing; `framework` waits for a response."""
    body = scope.node.child_by_field_name("body")
    if body is None or _is_stub(body) or any(node.type == "yield" for node in own_nodes(body)):
        return
    if _BEGUN in (body.text or b""):
        return  # of Sanic: answered by a call, and not by what is returned
    try:
        outcome = interpret(form_of(scope.node, file), Correlated(_Reached()))
    except TooLarge:
        return
    told: set[int] = set()
    for exit_, _ in outcome.exits():
        statement = _returning(exit_)
        if exit_.kind == "end":
            if not _is_ruled_out(scope, body):
                identifier = scope.node.child_by_field_name("name") or scope.node
                yield SilentEnd(identifier, scope.name, False, framework)
        elif statement is not None and statement.id not in told and _returns_nothing(statement):
            told.add(statement.id)
            yield SilentEnd(statement, scope.name, True, framework)


def _returning(exit_: Exit) -> Node | None:
    return exit_.jump.node if exit_.kind == "return" and exit_.jump is not None else None


def _returns_nothing(statement: Node) -> bool:
    return statement.type == "return_statement" and (
        not statement.named_child_count or statement.named_children[0].type == "none"
    )


def _is_registered(scope: Scope, handler: Handler) -> bool:
    """Whether the file itself hands the function to the framework, so that it is no half of a class."""
    return scope.owner_class is None and handler.via != scope.name


def _is_stub(body: Node) -> bool:
    """Whether a body is a docstring, `...`, `pass` or a `raise` alone."""
    statements = [node for node in body.named_children if node.type != "comment"]
    quiet = ("pass_statement", "raise_statement")
    return all(
        node.type in quiet
        or (node.type == "expression_statement" and node.named_children[0].type in ("string", "ellipsis"))
        for node in statements
    )


def _is_ruled_out(scope: Scope, body: Node) -> bool:
    """Whether the end is not reached after all: by a call that raises, or as a method that is not allowed."""
    last = body.named_children[-1]
    call = last.named_children[0] if last.type == "expression_statement" and last.named_child_count else None
    while call is not None and call.type == "await":
        call = call.named_children[0]
    if call is not None and call.type == "call":
        function = call.child_by_field_name("function")
        return function is not None and _ENDS_IT.search(text(function).rpartition(".")[2]) is not None
    if last.type == "if_statement" and _are_all_listed(last, body):
        return True
    if last.type == "if_statement" and _METHODS.search(_tests_of(last)):
        return any(_RESTRICTS.search(text(one).encode()) for one in decorators(scope.node))
    return False


def _are_all_listed(statement: Node, body: Node) -> bool:
    """Whether an `if` and its `elif`s compare one name with all that a list or dictionary before them has."""
    arms = (statement, *statement.children_by_field_name("alternative"))
    if any(arm.type == "else_clause" for arm in arms):
        return False
    compared = [_COMPARED.fullmatch(text(arm.child_by_field_name("condition") or arm)) for arm in arms]
    if len(compared) < 2 or any(one is None for one in compared):
        return False
    found = [one for one in compared if one is not None]
    if len({one[1] for one in found}) != 1:
        return False
    before = [one for one in body.named_children if one.end_byte <= statement.start_byte]
    allowed = [one for one in before if _ALLOWED.search(text(one)) is not None]
    return any(all(f'"{one[2]}"' in text(place).replace("'", '"') for one in found) for place in allowed)


def _tests_of(statement: Node) -> bytes:
    conditions = (
        arm.child_by_field_name("condition") for arm in (statement, *statement.children_by_field_name("alternative"))
    )
    return b" ".join(condition.text or b"" for condition in conditions if condition is not None)
