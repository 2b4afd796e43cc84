"""Responses of JavaScript that go by way of helpers, templates and what handlers return."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_SET, Answer
from lint_rules.families.e06_error_handling.node_answers import RESPONSES, chain_of, set_around
from lint_rules.families.e06_error_handling.node_bodies import status_of
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import arguments, callee, text

_ANSWERING = re.compile(r"err|fail|problem|respon|abort|reply|answer|send", re.IGNORECASE)


def handed(file: JavaScriptFile) -> Iterator[Answer]:
    """What is answered by helpers that are given the response: `fail(res, 500, error.message)`."""
    for call in file.nodes("call_expression"):
        function = callee(call)
        given = arguments(call) if function is not None and _ANSWERING.search(text(function).rpartition(".")[2]) else []
        if not any(RESPONSES.match(text(one)) for one in given):
            continue
        numbers = [status_of(one, file) for one in given]
        status = next((one for one in numbers if one > 0), NOT_SET)
        yield Answer(call, tuple(given), status)


def pages(file: JavaScriptFile) -> Iterator[Answer]:
    """What is given to templates: `res.render("error", { message: err.message })`."""
    for call in file.nodes("call_expression") if b".render(" in file.data else ():
        function = callee(call)
        given = arguments(call) if function is not None and text(function).endswith(".render") else []
        if function is None or len(given) < 2:
            continue
        root, status = chain_of(function, file)
        if RESPONSES.match(text(root)) or file.request.role(root) in ("response", "context"):
            status = set_around(call, text(root), file) if status is None else status
            yield Answer(call, (given[1],), status)


def answers_by_return(answer: Answer, file: JavaScriptFile) -> bool:
    """Whether what is returned at a place is sent to a client of HTTP."""
    function = file.enclosing_function(answer.node)
    handler = file.handler(function)
    return (
        handler is not None
        and function is not None
        and not _HTTP_CODE.search(_marks(function.node))
        and handler.kind == "route"
        and str(handler.framework.row.get("answers")) in ("any", "returned")
        and handler.framework.name in ("Fastify", "NestJS", "Hapi")
        and b"@nestjs/graphql" not in file.data
        and b"@nestjs/microservices" not in file.data
    )


_HTTP_CODE = re.compile(r"@HttpCode\(\s*(?:[45]\d\d|[\w.]*(?:NOT_|BAD_|ERROR|GONE|CONFLICT|UN|FORBIDDEN))")


def _marks(method: Node) -> str:
    """The decorators of a method, as written."""
    written, current = [], method.prev_named_sibling
    while current is not None and current.type == "decorator":
        written.append(text(current))
        current = current.prev_named_sibling
    return " ".join(written)


def hands_to_framework(answer: Answer, file: JavaScriptFile) -> bool:
    """Whether an answer is one of Fastify, which hands an error that is sent to its error handler."""
    if (answer.node.text or b"").startswith(b"reply"):
        return True
    handler = file.request.handler_around(answer.node)
    return handler is not None and handler[1].framework.name == "Fastify"
