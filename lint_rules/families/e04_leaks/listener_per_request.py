"""Listener registered for each request.

What it finds: in a handler, a registration on an object that outlives the request: a log handler or filter on a logger,
a receiver of a Django or blinker signal, an SQLAlchemy event listener, `atexit.register`, `signal.signal`; and nothing
in the handler takes it back. In JavaScript, `on`, `addListener`, `once` on `process`, `addEventListener`, `subscribe`
in a handler or for each connection, on an object of the module, the application or the server, that nothing takes back:
nothing in the file removes it, or what is removed is another function than the one that was added. Of two `once`
listeners that wait for either of two events, the one whose event does not come stays as well.

Why it matters: each request adds one more, and none goes. The thousandth request writes each log line a thousand times,
runs a thousand receivers, and everything they refer to stays in memory.

Bad (python):

    import logging
    from flask import Flask

    app = Flask(__name__)
    log = logging.getLogger("orders")

    @app.post("/orders/<number>")
    def order(number: str) -> dict:
        log.addHandler(logging.FileHandler(f"/var/log/orders/{number}.log"))
        log.info("ordered")
        return {"ordered": number}

Good (python):

    import logging
    from flask import Flask

    app = Flask(__name__)
    log = logging.getLogger("orders")
    log.addHandler(logging.FileHandler("/var/log/orders.log"))

    @app.post("/orders/<number>")
    def order(number: str) -> dict:
        log.info("ordered %s", number)
        return {"ordered": number}

Bad (javascript):

    const express = require("express");
    const { asEvent, prices } = require("./prices");

    const app = express();

    app.get("/prices/stream", (req, res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      prices.on("change", (price) => res.write(asEvent(price)));
    });

Good (javascript):

    const express = require("express");
    const { asEvent, prices } = require("./prices");

    const app = express();

    app.get("/prices/stream", (req, res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      const send = (price) => res.write(asEvent(price));
      prices.on("change", send);
      req.on("close", () => prices.off("change", send));
    });

How to fix it: register once, when the service starts; or keep the function and take it back when the request or
connection ends: in a `finally`, on 'close' or 'disconnect'.

Not seen: one that another file takes back; receivers
registered with a `dispatch_uid`, which stay one; listeners of the request or connection itself, which go with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.called_python import (
    CallNote,
    called_by_handlers,
    calls_in_plain_functions,
    note_of,
)
from lint_rules.families.e04_leaks.listeners_javascript import Added, listeners_added, may_listen
from lint_rules.families.e04_leaks.reached import CalleeNote, reached_notes
from lint_rules.families.e04_leaks.serving import assumed, serving_now
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.searching import whole_words
from lint_rules.languages.tables import TableRow, name_table, read_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Notes, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0403",
    "listener-per-request",
    severity=ERROR,
    summary="A handler registers a listener that is never removed",
    in_tests=False,
)

_LISTENERS = name_table(Path(__file__).parent / "listeners.toml", "python")
_WORDS = tuple(sorted(name.encode() for name in _LISTENERS.last_names))
_LISTENS = re.compile(
    whole_words(_LISTENERS.last_names, behind=r"[ \t]*\(") + b"|" + whole_words(_LISTENERS.last_names, behind=r" as \w")
)
_ROWS = read_table(Path(__file__).parent / "listeners.toml")["python"]
_KINDS = frozenset({"route", "hook", "dependency", "socket", "background", "error"})


@RULE.files(WholeFile(None, _WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or text(function).rpartition(".")[2] not in _LISTENERS.last_names:
            continue
        row = _LISTENERS.match(file.canonical(function), file.types)
        scope = _handler_around(call, file) if row is not None else None
        if row is None or scope is None or _is_taken_back(scope, row, file) or file.in_broken_code(call):
            continue
        if _is_of_this_request(call, scope):
            continue
        arguments = call.child_by_field_name("arguments")
        if arguments is not None and "dispatch_uid" in text(arguments):
            continue
        own = scope.name.rpartition("<locals>.")[2]
        yield RULE.at(
            file,
            call,
            f"each call of `{own}` adds a {row['what']} by `{text(function)}` and none is removed; register it once",
            "register it once, when the service starts, or take it back in a `finally`",
        )


@RULE.files(WholeFile(may_listen), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for added in listeners_added(file, serving_now):
        yield RULE.at(file, added.call, _message(added), _suggestion(added))


CALLED = Notes("listeners-of-called", CallNote)


@CALLED.of("python")
def listeners_of_called(file: PythonFile) -> Iterator[CallNote]:
    if file.is_test or not any(word in file.data for word in _WORDS):
        return

    def leaves_out(call: Node, scope: Scope) -> bool:
        body, arguments = file.data[scope.start : scope.end], call.child_by_field_name("arguments")
        if _is_of_this_request(call, scope):
            return True
        is_looked_up = b"handlers" in body.replace(b"addHandler", b"") or bool(scope.globals) or b"if not " in body
        return is_looked_up or (arguments is not None and "dispatch_uid" in text(arguments)) or _is_undone(body)

    for call, scope in calls_in_plain_functions(file, _LISTENERS.last_names, leaves_out=leaves_out):
        yield note_of(call, scope, file)


@RULE.project(pattern=_LISTENS, notes=(CALLED,))
def check_called(project: Project) -> Iterator[Finding]:
    types = project.symbols.types
    for module, note, name, handler in called_by_handlers(
        project, CALLED, lambda name, _: _LISTENERS.match(name, types) is not None
    ):
        row = _LISTENERS.match(name, types)
        own = handler.function.name.rpartition("<locals>.")[2]
        assert row is not None
        yield RULE.finding(
            module.path,
            note.span,
            f"each call of `{own}` adds a {row['what']} by `{note.written}` and none is removed; register it once",
            "register it once, when the service starts, or take it back in a `finally`",
            symbol=note.function,
        )


def _is_of_this_request(call: Node, scope: Scope) -> bool:
    """Whether events are listened for on something that the function is given or makes: a session."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    target = arguments.named_child(0) if arguments is not None and arguments.named_child_count else None
    is_event = function is not None and text(function).rpartition(".")[2] in ("listen", "listens_for")
    if not is_event or target is None:
        return False
    return text(target).partition(".")[0] in scope.bindings or "once=True" in text(arguments or call)


def _is_undone(body: bytes) -> bool:
    return any(f"{name}(".encode() in body for row in _ROWS for name in row["undo"] if name != "signal")


LISTENERS = Notes("listeners-of-callees", CalleeNote)


@LISTENERS.of("javascript")
def listeners_of_callees(file: JavaScriptFile) -> Iterator[CalleeNote]:
    if may_listen(file.data) and not file.is_test:
        for added in listeners_added(file, assumed):
            yield CalleeNote(added.function, file.span(added.call), _message(added), _suggestion(added))


@RULE.project(words=(b".on(", b".addListener(", b".subscribe("), languages=("javascript",), notes=(LISTENERS,))
def check_project(project: Project) -> Iterator[Finding]:
    for module, note in reached_notes(project, LISTENERS):
        yield RULE.finding(module.path, note.span, note.message, note.suggestion, symbol=note.function)


def _message(added: Added) -> str:
    listener = f"a listener of `{added.event}`" if added.event else "a listener"
    registers = f"each call of `{added.handler}` adds {listener} to `{added.receiver}`"
    if added.wrongly_removed:
        return f"{registers}, and another function than the one added is removed; remove the same function"
    if added.is_pair:
        return f"{registers}, which stays when the other event comes first; remove both when either comes"
    return f"{registers} and none is removed; remove it when the request or connection ends"


def _suggestion(added: Added) -> str:
    return (
        f"keep the function in a variable and call `{added.receiver}.off` with it when the request or connection ends "
        "('close', 'disconnect', `finally`), or register once, when the service starts"
    )


def _handler_around(call: Node, file: PythonFile) -> Scope | None:
    """The handler that makes the call, or decorates a function of its own with it."""
    scope = file.enclosing_function(call)
    if scope is None or scope.kind != FUNCTION:
        return None
    handler = file.handler(scope)
    return scope if handler is not None and handler.kind in _KINDS else None


def _is_taken_back(scope: Scope, row: TableRow, file: PythonFile) -> bool:
    """Whether the handler calls what takes it back."""
    body = file.data[scope.start : scope.end]
    if row["undo"] == ["signal"]:
        return body.count(b"signal.signal(") > 1
    return any(f"{name}(".encode() in body for name in row["undo"])
