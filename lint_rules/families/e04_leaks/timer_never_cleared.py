"""Timer that nobody stops.

What it finds: in JavaScript and TypeScript, `setInterval`, or a job of a scheduler, that is started in a handler or for
each connection and goes on when the request or connection has ended: its handle is dropped, nothing clears it, or only
a message of the client does; and a function in a handler that starts itself again by `setTimeout` whatever happens. In
Python, a function that starts itself again by `threading.Timer` or `call_later` without any condition, while nothing
keeps the timer and cancels it; a `PeriodicCallback` of a handler that is never stopped; `add_job` of APScheduler with
an interval, in a handler.

Why it matters: each request adds a timer, and none goes. What they refer to, sockets and responses among it, stays in
memory, and after a day thousands of them run every second. A timer that cannot be stopped also keeps a process from
ending.

Bad (python):

    import threading

    def refresh() -> None:
        rates.load()
        threading.Timer(60, refresh).start()

Good (python):

    import threading

    stopping = threading.Event()

    def refresh() -> None:
        while not stopping.wait(60):
            rates.load()

Bad (javascript):

    import { WebSocketServer } from "ws";

    const server = new WebSocketServer({ port: 8080 });

    server.on("connection", (socket) => {
      socket.on("error", console.error);
      setInterval(() => socket.send(currentPrice()), 1000);
    });

Good (javascript):

    import { WebSocketServer } from "ws";

    const server = new WebSocketServer({ port: 8080 });

    server.on("connection", (socket) => {
      socket.on("error", console.error);
      const timer = setInterval(() => socket.send(currentPrice()), 1000);
      socket.on("close", () => clearInterval(timer));
    });

How to fix it: keep the handle, and clear it when the request or connection ends ('close', 'disconnect', `finally`); or
start one timer for all, when the service starts.

Not seen: handles that are passed on or kept where another name leads to
them; loops that a condition can end, whether or not it ever does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e04_leaks import timers_javascript, timers_python
from lint_rules.families.e04_leaks.reached import CalleeNote, reached_notes
from lint_rules.families.e04_leaks.serving import assumed, serving_now
from lint_rules.languages.javascript.grammar import callee, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Notes, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0404",
    "timer-never-cleared",
    severity=WARNING,
    summary="A timer goes on for good: nothing stops it when the request or connection ends",
    in_tests=False,
)

_FLAG = "look at a flag before starting it again, and set the flag when the request, connection or service ends"
_CANCEL = "keep the timer and cancel it at the end, or look at a flag before starting it again"


@RULE.files(WholeFile(timers_javascript.may_start_timers), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for started in timers_javascript.timers_started(file, serving_now):
        yield RULE.at(file, started.call, *_said(started))


TIMERS = Notes("timers-of-callees", CalleeNote)


@TIMERS.of("javascript")
def timers_of_callees(file: JavaScriptFile) -> Iterator[CalleeNote]:
    if timers_javascript.may_start_timers(file.data) and not file.is_test:
        for started in timers_javascript.timers_started(file, assumed):
            yield CalleeNote(started.function, file.span(started.call), *_said(started))


@RULE.project(words=(b"setInterval(", b"node-cron", b"node-schedule"), languages=("javascript",), notes=(TIMERS,))
def check_project(project: Project) -> Iterator[Finding]:
    for module, note in reached_notes(project, TIMERS):
        yield RULE.finding(module.path, note.span, note.message, note.suggestion, symbol=note.function)


def _said(started: timers_javascript.Started) -> tuple[str, str]:
    """The message and the suggestion."""
    if started.row is None:
        message = (
            f"`{started.rearms}` starts itself again for good, once more for each call of `{started.handler}`; "
            "stop when the request or connection ends"
        )
        return message, _FLAG
    made = " ".join(text(callee(started.call) or started.call).split())
    what = started.row["what"]
    begins = f"each call of `{started.handler}` starts {'an' if what[0] in 'aeiou' else 'a'} {what}"
    ending = (
        f"that only `{started.event}` stops; stop it when the connection closes too"
        if started.event
        else f"by `{made}` that nothing stops; stop it when the request or connection ends"
    )
    remedy = f"{started.row['remedy']} on 'close' or 'disconnect', or start one for all when the service starts"
    return f"{begins} {ending}", remedy


@RULE.files(WholeFile(timers_python.STARTING), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for started in timers_python.timers_started(file):
        made = file.text(started.call.child_by_field_name("function") or started.call)
        if started.row is None:
            message = f"`{started.function}` starts itself again by `{made}` for good; keep the timer and cancel it"
            yield RULE.at(
                file, started.call, message, "keep the timer and cancel it at the end, or look at a flag first"
            )
            continue
        message = f"each call of `{started.function}` starts a {started.row['what']} by `{made}` that nothing stops"
        yield RULE.at(file, started.call, f"{message}; {started.row['remedy']}", started.row["remedy"])
