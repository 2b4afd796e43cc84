"""Response sent twice.

What it finds: a call that answers a request on a path on which it has been answered already: `finish`, `redirect`,
`render`, `send_error` and `write` of Tornado, `prepare` and a returned response of aiohttp, `request.respond` and a
returned response of Sanic, `http.response.start` and applications that are handed `send` in ASGI, `start_response` in
WSGI, `send_response` and `send_error` of `http.server`, `accept` and `close` of the websockets of Starlette, Quart,
Litestar and Channels, `response` of a Discord interaction. In JavaScript and TypeScript `send`, `json`, `end`,
`redirect`, `render`, `sendFile`, `sendStatus`, `writeHead`, `pipe` and their kin on a response of Node, Express,
Fastify, NestJS, Next.js and others, a `ctx.body` of Koa that takes the place of an error's, and a socket that is
destroyed and then upgraded. Branches, loops, `switch`, `try` with its handlers, and functions of the project that
answer are followed, over files.

Why it matters: the missing `return` in an error branch is the classic: the client is told 403, and then the code behind
it runs all the same. The second answer raises, or is written behind the first, where the client reads it as a part of
the body or as the answer to its next request.

Bad (python):

    import tornado.web

    class TransferHandler(tornado.web.RequestHandler):
        def post(self) -> None:
            amount = self.get_argument("amount")
            if not self.current_user.can_pay(amount):
                self.send_error(409)
            self.current_user.pay(amount)
            self.finish({"paid": amount})

Good (python):

    import tornado.web

    class TransferHandler(tornado.web.RequestHandler):
        def post(self) -> None:
            amount = self.get_argument("amount")
            if not self.current_user.can_pay(amount):
                self.send_error(409)
                return
            self.current_user.pay(amount)
            self.finish({"paid": amount})

Bad (javascript):

    app.get("/orders/:id", async (req, res) => {
      const order = await orders.find(req.params.id);
      if (!order) {
        res.status(404).json({ error: "no such order" });
      }
      res.json(order);
    });

Good (javascript):

    app.get("/orders/:id", async (req, res) => {
      const order = await orders.find(req.params.id);
      if (!order) {
        return res.status(404).json({ error: "no such order" });
      }
      res.json(order);
    });

How to fix it: return after the first answer, or put the second into an `else`. Where an error may come after the answer
has begun, ask first whether it has (`self._finished`, `response.prepared`, `res.headersSent`, a flag of your own).

Not seen: an answer behind a test that asks whether there was one, under whatever name it has; functions that answer on
some of their paths only, where what they return is looked at; functions of other Python files that answer in an `if`
and its `else`; an object that holds a response (`new Replier(res)`); an exception that becomes a response after the
first answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.families.e05_double_responses.javascript import Conflict, conflicts_of
from lint_rules.families.e05_double_responses.javascript_findings import finding, returning, shown
from lint_rules.families.e05_double_responses.paths import Given, earlier_answers
from lint_rules.families.e05_double_responses.responding import RESPONDING_WORDS, Answers, answers_of, may_respond
from lint_rules.families.e05_double_responses.returned_javascript import returned_after_answer
from lint_rules.flow.correlated import Cases
from lint_rules.flow.graph import Exit
from lint_rules.languages.javascript.answering import ANSWERING
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Edit, Finding, Fix, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0501",
    "response-sent-twice",
    severity=ERROR,
    summary="Two answers to one request on one path",
    fix=UNSAFE,
    in_tests=False,
)

_DONE = {
    "answer": "answers a request that `{first}` answered in line {line}",
    "handling": "has a request handled that `{first}` had handled in line {line}",
    "acceptance": "accepts a connection that `{first}` accepted in line {line}",
    "using": "uses a connection that `{first}` closed in line {line}",
    "closing": "closes a connection that `{first}` closed in line {line}",
}


_ANSWERED = _DONE["answer"]
_ANSWERS = re.compile(ANSWERING.pattern + rb"|\bctx\.body\b|\bcontext\.body\b")


@RULE.files(WholeFile(_ANSWERS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for conflict in conflicts_of(file):
        if not conflict.repeats and conflict.first.kind != "next" and conflict.second.kind not in ("next", "header"):
            yield _second_answer(conflict, file)
    for first, value in returned_after_answer(file):
        place = file.span(first.node)
        yield RULE.at(
            file,
            value,
            f"what is returned here is sent as well, after {shown(first)} answered the request in line {place.row}; "
            "answer in one way",
            f"write `return` in front of {shown(first)} in line {place.row}, or return the value only",
            related=(Related(file.path, place, "the first answer"),),
        )


def _second_answer(conflict: Conflict, file: JavaScriptFile) -> Finding:
    first, second = conflict.first, conflict.second
    if second.kind == "upgrade":
        what, why = "takes over a socket that {first} has closed{where}", "the client gets both or nothing"
    elif second.kind == "body" and first.node.type == "call_expression":
        what, why = (
            "goes out with the redirect of {first}{where}",
            "the client gets the page that it was to be kept from",
        )
    elif second.kind == "body":
        what, why = "takes the place of the error that {first} set{where}", "the client gets the error's status with it"
    elif first.maybe or second.maybe:
        what, why = "can come after {first} has answered the request{where}", "Node throws ERR_HTTP_HEADERS_SENT"
    else:
        what, why = "answers a request that {first} answered{where}", "Node throws ERR_HTTP_HEADERS_SENT"
    return finding(RULE, conflict, f"{{second}} {what}; return after the first", why, file, returning(conflict, file))


@RULE.files(WholeFile(may_respond, RESPONDING_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    answers = answers_of(file)
    if not may_respond(file.data) or not answers.has_any():
        return
    by_function: dict[int, tuple[Scope, int]] = {}
    for call in file.nodes("call"):
        function = file.scope(call).function
        if function is None or function.kind != FUNCTION or not answers.of(call):
            continue
        scope, count = by_function.get(function.node.id, (function, 0))
        by_function[function.node.id] = (scope, count + 1)
    for scope, count in by_function.values():
        if not scope.node.has_error and (count > 1 or _may_repeat(scope, answers, file)):
            yield from _findings(scope, answers, file)


def _may_repeat(scope: Scope, answers: Answers, file: PythonFile) -> bool:
    """Whether one answering call can be enough: in a loop, or where a response is returned afterwards."""
    body = file.data[scope.start : scope.end]
    return b"for " in body or b"while " in body or b"return " in body


def _findings(scope: Scope, answers: Answers, file: PythonFile) -> Iterator[Finding]:
    outcome = earlier_answers(form_of(scope.node, file), answers.of_event)
    if outcome is None:
        return
    told: dict[int, tuple[Answer, Answer]] = {}
    for event, cases in outcome.events():
        for second in answers.of_event(event):
            first = _first(second, _given(cases)) if not second.maybe else None
            if first is not None:
                told.setdefault(second.call.id, (first, second))
    uses: set[int] = set()
    for first, second in sorted(told.values(), key=lambda pair: _place(pair[1])):
        if second.only_after and second.once == "closing":
            if first.call.id in uses:
                continue  # the first use of what was closed is enough
            uses.add(first.call.id)
        yield _finding(first, second.call, second, file)
    for exit_, cases in outcome.exits():
        returned, given = _returned(exit_), sorted(_given(cases), key=_place)
        if returned is None or any(text(returned) == first.by for first in given):
            continue
        rival = next((first for first in given if first.returns and _is_response(returned, first, file)), None)
        if rival is not None:
            yield _finding(rival, returned, rival, file)


def _given(cases: Cases[Given]) -> Given:
    return frozenset().union(*cases.states.values())


def _place(answer: Answer) -> int:
    return int(answer.call.start_byte)


def _first(second: Answer, given: Given) -> Answer | None:
    """The earliest answer that a second one is in the way of."""
    rivals = [
        first
        for first in given
        if first.slot == second.slot and not (second.again_by_same and first.by == second.by and first.by)
    ]
    return min(rivals, key=_place) if rivals else None


def _returned(exit_: Exit) -> Node | None:
    """The value that a way out of the function returns."""
    if exit_.kind != "return" or exit_.jump is None or exit_.jump.node is None:
        return None
    statement: Node = exit_.jump.node
    return statement.named_child(0) if statement.type == "return_statement" and statement.named_child_count else None


def _is_response(value: Node, first: Answer, file: PythonFile) -> bool:
    """Whether a returned value is a response made by a call."""
    while value.type in ("await", "parenthesized_expression") and value.named_child_count:
        inner = value.named_child(0)
        assert inner is not None
        value = inner
    made: Node | None = value
    if value.type == "identifier":
        made = file.names.only_value(text(value), value.start_byte)
    function = made.child_by_field_name("function") if made is not None and made.type == "call" else None
    return function is not None and file.canonical(function) in first.returns


def _finding(first: Answer, second_place: Node, second: Answer, file: PythonFile) -> Finding:
    place = file.span(first.call)
    called = second_place.child_by_field_name("function") or second_place
    first_called = first.call.child_by_field_name("function") or first.call
    name = " ".join(text(called).split())[:60]
    if first.call == second_place:
        does = "has the request handled" if first.once == "handling" else "answers"
        message = f"`{name}` {does} in each round of a loop, which can be done once; leave the loop after it"
        return RULE.at(file, second_place, message, f"`return` or `break` after `{name}`")
    form = _DONE["using" if second.only_after and second.once == "closing" else first.once]
    if first.maybe:
        form = form.replace(_ANSWERED, "can come after `{first}` has answered the request in line {line}")
    done = form.format(first=" ".join(text(first_called).split())[:60], line=place.row)
    how = second.wrong or first.wrong
    return RULE.at(
        file,
        second_place,
        f"`{name}` {done}; return after the first",
        f"return after `{text(first_called)}` in line {place.row}, or make the second one its `else`"
        + (f"; {how}" if how else ""),
        related=(Related(file.path, place, "the first answer"),),
        fix=_fix(first, second_place, file),
    )


def _fix(first: Answer, second: Node, file: PythonFile) -> Fix | None:
    """`return` behind the first answer, where that is the last statement of a branch the second is not in."""
    statement: Node = first.call
    while statement.parent is not None and statement.parent.type != "block":
        statement = statement.parent
    block = statement.parent
    if block is None or statement.type != "expression_statement" or first.again_by_same or first.on == "start_response":
        return None
    if block.start_byte <= second.start_byte < block.end_byte or block.named_children[-1] != statement:
        return None
    outer = block.parent
    while outer is not None and outer.type != "function_definition":
        if outer.type in ("finally_clause", "for_statement", "while_statement"):
            return None
        outer = outer.parent
    if outer is None or b"yield" in (outer.text or b""):
        return None
    line = file.data[file.data.rfind(b"\n", 0, statement.start_byte) + 1 : statement.start_byte].decode()
    if line.strip():
        return None
    end = statement.end_byte
    ending = "\r\n" if b"\r\n" in file.data[:end] else "\n"
    return Fix("return after the first answer", (Edit(file.source.span(end, end), f"{ending}{line}return"),), UNSAFE)
