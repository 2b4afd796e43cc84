"""Path without a response.

What it finds: a handler of a framework that sends what handlers return (Django, Flask, Quart, aiohttp, Starlette,
Sanic), with a path that ends without returning a response: an `if` without `else`, an error branch that only logs, a
`return` without a value. Also a registered handler that returns nothing at all. In JavaScript a handler that answers by
a call (Node, Express, Fastify, NestJS with `@Res()`, Next.js), with a path on which it neither answers nor calls `next`
nor hands the response on; a handler of Hapi or a route of Next.js with a path that returns nothing.

Why it matters: `None` is no response. Django raises ValueError ("returned None instead"), Flask TypeError, aiohttp and
Starlette answer with status 500: on exactly the path that nobody tried. In Node nothing is
sent: the client waits until it gives up.

Bad (python):

    from django.http import HttpResponse, HttpRequest
    from django.shortcuts import redirect, render
    from django.views import View

    class SignUp(View):
        def post(self, request: HttpRequest) -> HttpResponse:
            form = SignUpForm(request.POST)
            if form.is_valid():
                form.save()
                return redirect("welcome")

Good (python):

    from django.http import HttpResponse, HttpRequest
    from django.shortcuts import redirect, render
    from django.views import View

    class SignUp(View):
        def post(self, request: HttpRequest) -> HttpResponse:
            form = SignUpForm(request.POST)
            if form.is_valid():
                form.save()
                return redirect("welcome")
            return render(request, "signup.html", {"form": form})

Bad (javascript):

    const express = require("express");
    const app = express();

    app.get("/orders/:id", async (req, res) => {
      const order = await orders.find(req.params.id);
      if (order) res.json(order);
    });

Good (javascript):

    const express = require("express");
    const app = express();

    app.get("/orders/:id", async (req, res) => {
      const order = await orders.find(req.params.id);
      if (!order) return res.status(404).json({ error: "no such order" });
      res.json(order);
    });

How to fix it: return a response, or raise an error that the framework answers, on every path.

Not seen: handlers that another file registers; a response that a function returns only sometimes; paths that a list of
allowed methods rules out are believed. Where a `catch` or a callback loses the error and nobody answers, TEN0608 names
that place instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.unanswered_javascript import silent_ends
from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.registrations import decorators
from lint_rules.languages.python.renaming import renamings
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.searching import whole_words
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.frameworks import Framework, Handler

RULE = Rule(
    "TEN0505",
    "no-response-on-path",
    severity=ERROR,
    summary="A handler has a path that ends without a response",
    in_tests=False,
)

_WORDS = (b"django", b"flask", b"quart", b"aiohttp", b"starlette", b"sanic", b"rest_framework", b"fastapi")
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
def _may_answer(data: bytes) -> bool:
    """Whether something in a file may be made a route; names as common as `get` count for Django as methods only."""
    if not any(word in data for word in _WORDS) or b"def " not in data:
        return False
    routes = _ROUTES if any(word in data for word in _OTHERS) else _DJANGO_ROUTES
    return _VIEW.search(data) is not None or routes.may_be_in(data)


class Reached:
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


def _place_of_error(statement: Node) -> Node | None:
    """The `catch` clause that a statement stands in, in its own function."""
    current: Node | None = statement
    while current is not None and current.type not in FUNCTION_KINDS:
        if current.type == "catch_clause":
            return current
        current = current.parent
    return None


_SPEAKS = re.compile(rb"\b(?:res|resp|response|reply|rep|h|next|NextResponse|Response)\b")


@RULE.files(WholeFile(_SPEAKS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for end in silent_ends(file):
        node = end.scope.node
        name = end.scope.name.rpartition(".")[2]
        shown = "this handler" if end.scope.is_anonymous else f"`{name}`"
        place: Node
        if end.statement is not None:
            place, wrong = end.statement, f"{shown} ends here without a response"
        else:
            place = node.child_by_field_name("name") or node.child_by_field_name("parameters") or node
            wrong = f"{shown} has a path that ends without a response"
        remedy = "answer or call `next` on every path, in the handler of errors too"
        lost = _place_of_error(end.statement) if end.statement is not None else node
        yields_to = (("TEN0608", file.span(lost)),) if lost is not None else ()  # which names where an error is lost
        yield RULE.at(file, place, f"{wrong}; {end.framework} waits for one on every path", remedy, yields_to=yields_to)


@RULE.files(WholeFile(_may_answer, _WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if not _may_answer(file.data):
        return
    returns: dict[int, list[Node]] = {}
    for statement in file.nodes("return_statement"):
        function = file.scope(statement).function
        if function is not None:
            returns.setdefault(function.node.id, []).append(statement)
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


def _silent_ends(scope: Scope, framework: str, file: PythonFile) -> Iterator[Finding]:
    body = scope.node.child_by_field_name("body")
    if body is None or _is_stub(body) or any(node.type == "yield" for node in own_nodes(body)):
        return
    if _BEGUN in (body.text or b""):
        return  # of Sanic: answered by a call, and not by what is returned
    try:
        outcome = interpret(form_of(scope.node, file), Correlated(Reached()))
    except TooLarge:
        return
    name = scope.name.rpartition(".")[2]
    told: set[int] = set()
    for exit_, _ in outcome.exits():
        statement = _returning(exit_)
        if exit_.kind == "end":
            if not _is_ruled_out(scope, body):
                identifier = scope.node.child_by_field_name("name") or scope.node
                yield _finding(identifier, f"`{name}` has a path that ends without a response", framework, file)
        elif statement is not None and statement.id not in told and _returns_nothing(statement):
            told.add(statement.id)
            yield _finding(statement, f"`{name}` returns nothing here where a response is due", framework, file)


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


def _finding(place: Node, wrong: str, framework: str, file: PythonFile) -> Finding:
    return RULE.at(
        file,
        place,
        f"{wrong}; {framework} needs one on every path",
        "return a response at the end of every path, or raise an error that the framework answers",
    )
