"""Emitter without an error listener.

What it finds: a stream, socket, outgoing request, child process, websocket, database pool or other object that emits
'error', made or taken over by the code, on which nothing in the file listens for it: no `on`, `once` or `onerror`, no
`pipeline` or `finished`, and no function that it is handed over to. `pipe` does not pass errors on, so each stream of a
chain needs a listener. A class of the file that extends EventEmitter and emits 'error' counts too.

Why it matters: an 'error' event that nobody listens to is thrown, where no `try` can catch it. A missing file, a reset
connection or a database that restarts then ends the process, with every other request in it.

Bad (javascript):

    const fs = require("fs");

    exports.download = function (req, res) {
      fs.createReadStream(`/var/invoices/${req.params.id}.pdf`).pipe(res);
    };

Good (javascript):

    const fs = require("fs");
    const { pipeline } = require("stream");

    exports.download = function (req, res) {
      pipeline(fs.createReadStream(`/var/invoices/${req.params.id}.pdf`), res, (error) => {
        if (error) console.error("cannot send invoice %s", req.params.id, error);
      });
    };

How to fix it: use `pipeline` from `stream/promises` for streams; add `.on("error", ...)` to everything that lives
longer than one call, and there log the error and decide: reconnect, answer the request, or end the process in order.

Not seen: emitters that other code makes, such as those that a library's function returns; listeners that are removed;
servers whose address is in use; emitters that are returned or passed on and whose new owner does not listen. Of those
that a module exports, the ones that live long are looked at: one listener on an object of their class is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.emitters import (
    CLASSES,
    EMITTERS,
    TABLE,
    Life,
    emitter_row,
    is_let_go,
    life_of,
    life_of_parameter,
)
from lint_rules.families.e02_uncaught_exceptions.exported_emitters import unheard_exports
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.library import passed_to
from lint_rules.languages.javascript.registrations import event_of
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.languages.tables import read_table
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.tables import TableRow
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0207",
    "missing-error-listener",
    severity=ERROR,
    summary="Nobody listens to the 'error' event of an emitter",
    in_tests=False,
    references={"Node.js: error events": "https://nodejs.org/api/events.html#error-events"},
)

_NAMES = frozenset(name.rpartition(".")[2] for name in EMITTERS)
_LONG_LIVED = frozenset(
    re.split(r"[#./]", name)[-1] + "("
    for row in read_table(TABLE)["emitter"]
    if row.get("lives") == "long" and not row.get("after")
    for name in row["calls"]
)
_WORDS = re.compile(
    rb"\b(?:"
    + b"|".join(sorted(re.escape(name.encode()) for name in _NAMES))
    + rb"|createServer|EventEmitter|Server)\b"
)
_GIVING = frozenset({"net.createServer", "net.Server", "net.Server.on", "tls.createServer", "tls.Server",
                     "tls.Server.on", "ws.WebSocketServer.on", "ws.Server.on"})  # fmt: skip
"""Calls whose function is given an emitter that nobody else owns; a web server looks after its own sockets."""


_HANDING = frozenset(name.rpartition(".")[2] for name in _GIVING)


def _may_be_emitter(call: Node, file: JavaScriptFile) -> bool:
    """Whether what is called has the name of something that makes emitters, or a name that the file may have given."""
    function = callee(call)
    if function is None or file.is_tooling:
        return False
    last = function.child_by_field_name("property")
    return last is None or text(last) in _NAMES or text(last) in _HANDING


@RULE.javascript(Nodes(CALL_KINDS, trigger=_WORDS, screen=_may_be_emitter))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    if not _may_be_emitter(call, file):
        return
    row = emitter_row(call, file)
    if row is not None:
        life = life_of(call, file)
        if not life.state and not is_let_go(row, life) and not _is_later_in_chain(call, file):
            yield _made(call, row, life, file)
        return
    yield from _taken_over(call, file)
    yield from _of_own_class(call, file)


@RULE.project(words=tuple(name.encode() for name in sorted(_LONG_LIVED)), languages=("javascript",))
def check_exports(project: Project) -> Iterator[Finding]:
    for module, call, row in unheard_exports(project):
        yield RULE.finding(
            module.path,
            call.span,
            f"`{call.target.rpartition('.')[2]}` gives {row['what']} that nobody in the project listens to, and the "
            f"process ends when {row['when']}; add `.on('error', ...)` here",
            "add a listener of 'error' where the object is made; an 'error' event without one ends the process",
        )


def _made(call: Node, row: TableRow, life: Life, file: JavaScriptFile) -> Finding:
    function = callee(call)
    shown = " ".join(text(function).split()) if function is not None else ""
    instead = _instead(row, life)
    return RULE.at(
        file,
        call,
        f"`{shown}` gives {row['what']} without an 'error' listener, and the process ends when {row['when']}; "
        f"{instead}",
        f"{instead}; an 'error' event that nobody listens to is thrown outside of every `try`",
    )


def _instead(row: TableRow, life: Life) -> str:
    if life.piped:
        return "`pipe` passes no error on: use `pipeline` from `stream/promises`"
    instead = row.get("instead", "a listener")
    return "add `.on('error', ...)`" if instead == "a listener" else f"use {instead}"


def _is_later_in_chain(call: Node, file: JavaScriptFile) -> bool:
    """Whether an emitter in front of this one in a chain of pipes is reported already."""
    place = around(call)
    pipe = place.parent if place is not None and place.type == "arguments" else None
    function = callee(pipe) if pipe is not None and pipe.type == "call_expression" else None
    source = function.child_by_field_name("object") if function is not None else None
    while source is not None:
        source = bare(source)
        if source.type not in CALL_KINDS:
            return False
        row = emitter_row(source, file)
        if row is not None and not life_of(source, file).state:
            return True
        inner = callee(source)
        if inner is None or inner.type != "member_expression":
            return False
        if text(inner.child_by_field_name("property") or inner) == "pipe":
            piped = next(iter(arguments(source)), None)
            row = emitter_row(bare(piped), file) if piped is not None and bare(piped).type in CALL_KINDS else None
            if piped is not None and row is not None and not life_of(bare(piped), file).state:
                return True
        source = inner.child_by_field_name("object")
    return False


def _taken_over(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    """Sockets that a server hands to a function."""
    function = callee(call)
    given = arguments(call)
    if function is None or not given:
        return
    canonical = file.canonical(function)
    if canonical not in _GIVING:
        return
    for place, argument in enumerate(given):
        taker = _literal(argument, file)
        body = taker.child_by_field_name("body") if taker is not None else None
        if taker is None or body is None or not body.named_child_count:
            continue  # an empty one is there to be replaced
        event = event_of(call)
        count = len(parameter_nodes(taker))
        for position in range(count):
            name = passed_to(canonical, event, place, len(given), position, file.types)
            row = CLASSES.match(name, file.types) if name else None
            life = life_of_parameter(taker, position, file) if row is not None else None
            if row is not None and life is not None and not life.state:
                parameter = parameter_nodes(taker)[position]
                shown = text(parameter.child_by_field_name("pattern") or parameter)
                yield RULE.at(
                    file,
                    parameter,
                    f"`{shown}` is {row['what']} without an 'error' listener, and the process ends when {row['when']}; "
                    f"add `{shown}.on('error', ...)`",
                    "listen to 'error' on every connection, log it and close the connection",
                )


def _literal(argument: Node, file: JavaScriptFile) -> Node | None:
    value = bare(argument)
    if value.type in FUNCTION_LITERALS:
        return value
    scope = file.function_scope(file.names.symbol(value)) if value.type in ("identifier", "member_expression") else None
    return scope.node if scope is not None else None


def _of_own_class(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    """Instances of a class of the file that extends EventEmitter and emits 'error'."""
    if call.type != "new_expression" or b"EventEmitter" not in file.data:
        return
    constructed = callee(call)
    if constructed is None:
        return
    is_plain = file.canonical(constructed) in _PLAIN
    if not is_plain and not _emits_errors(_definition(constructed, file), file):
        return
    life = life_of(call, file)
    if life.state or (is_plain and not life.fails):
        return
    name = text(constructed)
    what = "is sent 'error'" if is_plain else "emits 'error'"
    yield RULE.at(
        file,
        call,
        f"`{name}` {what}, and nothing listens to it on this one, so that the process ends; add `.on('error', ...)`",
        "listen to 'error' on every instance, or have the class report errors by a promise",
    )


_PLAIN = frozenset({"events.EventEmitter", "events"})


def _definition(constructed: Node, file: JavaScriptFile) -> Node | None:
    """The class of this file that a name is."""
    found = file.scopes.binding(text(constructed), constructed.start_byte) if constructed.type == "identifier" else None
    definition = found[1][0].node if found is not None and found[1][0].kind == "definition" else None
    is_class = definition is not None and definition.type in ("class_declaration", "class")
    return definition if is_class else None


def _emits_errors(definition: Node | None, file: JavaScriptFile) -> bool:
    """Whether a class extends EventEmitter, emits 'error' and does not listen to it itself."""
    heritage = next((child for child in named(definition) if child.type == "class_heritage"), None)
    if definition is None or heritage is None:
        return False
    base = next(
        (one for one in (heritage, *all_nodes(heritage)) if one.type in ("identifier", "member_expression")), None
    )
    if base is None or file.canonical(base) not in _PLAIN:
        return False
    emits = False
    for one in all_nodes(definition):
        function = callee(one) if one.type == "call_expression" else None
        if function is None or function.type != "member_expression":
            continue
        owner, last = function.child_by_field_name("object"), function.child_by_field_name("property")
        given = arguments(one)
        if owner is None or last is None or not given or owner.type != "this":
            continue
        if string_value(bare(given[0])) == "error":
            if text(last) != "emit":
                return False
            emits = True
    return emits
