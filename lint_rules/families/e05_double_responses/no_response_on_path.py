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

Not seen: in Python, handlers that another file registers and that are not given the request first; a response that a
function returns only sometimes; paths that a list of allowed methods rules out are believed. Where a `catch` or a
callback loses the error and nobody answers, TEN0608 names that place instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.unanswered_javascript import silent_ends
from lint_rules.families.e05_double_responses.unanswered_python import (
    ENDS,
    RECEIVES,
    WORDS,
    may_answer,
    silent_handlers,
)
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0505",
    "no-response-on-path",
    severity=ERROR,
    summary="A handler has a path that ends without a response",
    in_tests=False,
)


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


_ADVICE = "return a response at the end of every path, or raise an error that the framework answers"


@RULE.files(WholeFile(may_answer, WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if may_answer(file.data):
        for end in silent_handlers(file):
            yield RULE.at(file, end.place, _message(end.function, end.framework, is_return=end.is_return), _ADVICE)


def _message(function: str, framework: str, *, is_return: bool) -> str:
    name = function.rpartition(".")[2]
    wrong = "returns nothing here where a response is due" if is_return else "has a path that ends without a response"
    return f"`{name}` {wrong}; {framework} needs one on every path"


@RULE.project(pattern=RECEIVES, notes=(ENDS,))
def check_project(project: Project) -> Iterator[Finding]:
    """Handlers that another file registers."""
    for module, notes in project.notes(ENDS):
        for note in notes:
            function = module.functions.get(note.function)
            if function is None:
                continue
            name = note.function.rpartition(".")[2]
            project.asked_words.update(f".{name}{end}" for end in (")", ",", "]"))
            handler = project.handlers.of(Reference(module, function))
            if handler is not None and handler.kind == "route" and handler.framework["answers"] == "returned":
                message = _message(note.function, handler.framework.name, is_return=note.is_return)
                yield RULE.finding(module.path, note.span, message, _ADVICE, symbol=note.function)
