"""Headers after the body.

What it finds: a header, cookie or status that is set on a path on which the headers have been sent: after `prepare` of
an aiohttp response, after `end_headers` of `http.server`, on an ASGI message after `send`, after `finish`, `flush`,
`redirect` or `render` of Tornado; in JavaScript after `send`, `json`, `end`, `writeHead`, `write` or `redirect` of a
response.

Why it matters: the line has no effect, or its text ends up in the body. The cookie that was to log the client in is
never set, and nothing says so.

Bad (python):

    from aiohttp import web

    async def export(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        response.headers["Content-Disposition"] = "attachment"
        await response.write(await request.app["orders"].dump())
        return response

Good (python):

    from aiohttp import web

    async def export(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.headers["Content-Disposition"] = "attachment"
        await response.prepare(request)
        await response.write(await request.app["orders"].dump())
        return response

Bad (javascript):

    app.post("/login", (req, res) => {
      const session = sessions.start(req.body.user);
      res.json({ user: session.user });
      res.cookie("session", session.id, { httpOnly: true });
    });

Good (javascript):

    app.post("/login", (req, res) => {
      const session = sessions.start(req.body.user);
      res.cookie("session", session.id, { httpOnly: true });
      res.json({ user: session.user });
    });

How to fix it: set headers, cookies and status before the first byte is sent.

Not seen: headers that another function sets or sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.families.e05_double_responses.headers_asgi import SENT, changed_after_start
from lint_rules.families.e05_double_responses.javascript import Conflict, conflicts_of
from lint_rules.families.e05_double_responses.javascript_findings import finding
from lint_rules.families.e05_double_responses.paths import earlier_answers
from lint_rules.flow.form import Event
from lint_rules.languages.javascript.answering import ANSWERING
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.tables import TableRow, name_table, read_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0504",
    "headers-after-body",
    severity=ERROR,
    summary="A header, cookie or status is set after the headers were sent",
    in_tests=False,
)

_SENDS = name_table(Path(__file__).parent / "headers.toml", "python")
_WORDS = tuple(sorted(f".{name}(".encode() for name in _SENDS.last_names))


_ROWS = read_table(Path(__file__).parent / "headers.toml")["python"]
_CHANGED = tuple(
    sorted(
        {f".{name}".encode() for row in _ROWS for name in (*row["methods"], *row["attributes"])}
        | {b".headers" for row in _ROWS if row["of_headers"]}
    )
)


def _may_change(data: bytes) -> bool:
    """Whether a file changes some header, cookie or status."""
    return any(word in data for word in _CHANGED)


@RULE.files(WholeFile(ANSWERING), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    conflicts = conflicts_of(file)
    for conflict in conflicts:
        if conflict.second.kind == "header" and not any(_tells_more(other, conflict) for other in conflicts):
            message = "{second} comes after {first} sent the headers{where}; set it before"
            yield finding(RULE, conflict, message, "it has no effect or throws ERR_HTTP_HEADERS_SENT", file)


def _tells_more(other: Conflict, conflict: Conflict) -> bool:
    """Whether a header belongs to a second answer, of which TEN0501 tells."""
    return (
        other.first == conflict.first
        and other.second.on == conflict.second.on
        and other.second.kind not in ("header", "next")
        and other.second.node.start_byte > conflict.second.node.start_byte
    )


@RULE.files(WholeFile(_may_change, _WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if not _may_change(file.data):
        return
    functions: dict[int, tuple[Scope, dict[int, TableRow]]] = {}
    for call in file.nodes("call"):
        called = call.child_by_field_name("function")
        receiver = called.child_by_field_name("object") if called is not None else None
        if called is None or receiver is None or text(called).rpartition(".")[2] not in _SENDS.last_names:
            continue
        row = _SENDS.match(file.canonical(called), file.types)
        scope = file.scope(call).function
        if row is not None and scope is not None and scope.kind == FUNCTION and not scope.node.has_error:
            functions.setdefault(scope.node.id, (scope, {}))[1][call.id] = row
    for scope, rows in functions.values():
        yield from _late(scope, rows, file)


@RULE.files(WholeFile(None, (SENT,)), "python")
def check_messages(file: PythonFile) -> Iterator[Finding]:
    for first, event in changed_after_start(file):
        place = file.span(first.call)
        yield RULE.at(
            file,
            event.node,
            f"`{' '.join(event.subject.split())[:50]}` comes after `send` sent the headers in line {place.row}; "
            "set it before",
            "change the message before it is sent; here it has no effect",
            related=(Related(file.path, place, "the headers are sent here"),),
        )


def _late(scope: Scope, rows: dict[int, TableRow], file: PythonFile) -> Iterator[Finding]:
    sent: dict[int, tuple[Answer, ...]] = {}

    def sent_at(event: Event) -> tuple[Answer, ...]:
        if event.kind != "call" or event.node.id not in rows:
            return ()
        known = sent.get(event.node.id)
        if known is None:
            receiver = event.subject.rpartition(".")[0]
            known = sent[event.node.id] = (Answer(event.node, "headers", receiver, receiver),)
        return known

    outcome = earlier_answers(form_of(scope.node, file), sent_at)
    told: set[int] = set()
    for event, cases in outcome.events() if outcome is not None else ():
        given = sorted(frozenset().union(*cases.states.values()), key=lambda one: int(one.call.start_byte))
        first = next((one for one in given if _changes(event, one.on, rows[one.call.id])), None)
        if first is not None and event.node.id not in told:
            told.add(event.node.id)
            yield _finding(event, first, rows[first.call.id], file)


def _changes(event: Event, owner: str, row: TableRow) -> bool:
    """Whether an event sets a header, cookie or status of `owner`."""
    if not event.subject.startswith(f"{owner}."):
        return False
    changed = event.subject[len(owner) + 1 :]
    if event.kind == "call":
        return changed in row["methods"] or changed in [f"headers.{method}" for method in row["of_headers"]]
    if event.kind != "assign":
        return False
    return changed in row["attributes"] or (bool(row["of_headers"]) and changed.startswith("headers["))


def _finding(event: Event, first: Answer, row: TableRow, file: PythonFile) -> Finding:
    place = file.span(first.call)
    sender = first.call.child_by_field_name("function")
    name = text(sender) if sender is not None else "the call"
    changed: Node = event.node
    return RULE.at(
        file,
        changed,
        f"`{' '.join(event.subject.split())[:50]}` comes after `{name}` sent the headers in line {place.row}; "
        "set it before",
        f"set it before `{name}`; here {row['wrong']}",
        related=(Related(file.path, place, "the headers are sent here"),),
    )
