"""Client made for each request.

What it finds: an HTTP session, a cloud client, an engine or pool of database connections, a Redis or MongoDB client, a
producer, channel or pool of workers that is made inside a handler, although it is meant to be made once and shared:
with or without `with`.

Why it matters: such an object is a pool. Made for each request it never has a connection to reuse: each request pays
for connecting and for the TLS handshake, and nothing limits how many connections there are. Under load the service runs
out of ports, or the database refuses connections.

Bad (python):

    import httpx
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/rates/{currency}")
    async def rate(currency: str) -> dict:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"https://rates.example/{currency}")
        return response.json()

Good (python):

    from contextlib import asynccontextmanager

    import httpx
    from fastapi import FastAPI, Request

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with httpx.AsyncClient() as client:
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/rates/{currency}")
    async def rate(currency: str, request: Request) -> dict:
        response = await request.app.state.client.get(f"https://rates.example/{currency}")
        return response.json()

Bad (javascript):

    import express from "express";
    import { PrismaClient } from "@prisma/client";

    const app = express();

    app.get("/orders/:id", async (req, res) => {
      const prisma = new PrismaClient();
      res.json(await prisma.order.findUnique({ where: { id: req.params.id } }));
    });

Good (javascript):

    import express from "express";
    import { PrismaClient } from "@prisma/client";

    const app = express();
    const prisma = new PrismaClient();

    app.get("/orders/:id", async (req, res) => {
      res.json(await prisma.order.findUnique({ where: { id: req.params.id } }));
    });

How to fix it: make it when the service starts (lifespan, `before_serving`, `cleanup_ctx`, a module variable), keep it
on the application, and close it at shutdown.

Not seen: clients that are stored somewhere when they are made, or that are made with something of the request, such as
a client's own credentials or a tenant's database; in a function that a handler calls, those made of its parameters.
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
from lint_rules.families.e04_leaks.clients_javascript import (
    PROJECT_WORDS,
    clients_made,
    made_elsewhere,
    may_make_clients,
)
from lint_rules.languages.javascript.grammar import callee
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.renaming import renamings
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.usage import Use, usages_of
from lint_rules.languages.tables import TableRow, name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Located, Notes, Related, Rule
from lint_rules.project.node_names import shown

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.calls import Edge
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0402",
    "client-per-request",
    severity=WARNING,
    summary="A handler makes a client or pool that is meant to be shared",
    in_tests=False,
)

_CLIENTS = name_table(Path(__file__).parent / "clients.toml", "python")
_WORDS = tuple(sorted(f"{name}(".encode() for name in _CLIENTS.last_names))
_NAMES = tuple(sorted(name.encode() for name in _CLIENTS.last_names))
_KINDS = frozenset({"route", "hook", "dependency", "background"})
_OF_REQUEST = re.compile(r"(?:flask\.|quart\.)?g\.\w+|(?:self\.)?request\.(?:state\.|ctx\.)?(?!app\b)\w+")
_NAME = re.compile(r"[^\W\d]\w*")


def _may_make(data: bytes) -> bool:
    return any(word in data for word in _WORDS) or not _CLIENTS.last_names.isdisjoint(renamings(data).values())


@RULE.files(WholeFile(_may_make, _NAMES), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    renamed = {new for new, old in renamings(file.data).items() if old in _CLIENTS.last_names}
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None:
            continue
        last = text(function).rpartition(".")[2]
        if last not in _CLIENTS.last_names and last not in renamed:
            continue
        row = _CLIENTS.match(file.canonical(function), file.types)
        handler_scope = _handler_around(call, file) if row is not None else None
        if row is None or handler_scope is None or file.in_broken_code(call):
            continue
        if not _is_its_own(call, row, handler_scope) and not _is_kept(call, file):
            own = handler_scope.name.rpartition(".")[2]
            yield _finding(file, call, text(function), own, row)


CALLED = Notes("clients-of-callees", CallNote)


@CALLED.of("python")
def clients_of_callees(file: PythonFile) -> Iterator[CallNote]:
    if file.is_test or not _may_make(file.data):
        return

    def leaves_out(call: Node, scope: Scope) -> bool:
        arguments = call.child_by_field_name("arguments")
        given = {} if arguments is None else dict.fromkeys(_NAME.findall(text(arguments)))
        parameters = frozenset(parameter_names(scope)) - {"self", "cls"}
        is_its_own = not parameters.isdisjoint(given) or (arguments is not None and "**" in text(arguments))
        return is_its_own or _is_kept(call, file) or _is_looked_up_first(call, scope, file)

    for call, scope in calls_in_plain_functions(file, _CLIENTS.last_names, leaves_out=leaves_out):
        parent = call.parent
        made = parent if parent is not None and parent.type == "await" else call
        is_returned = any(usage.use in (Use.RETURNED, Use.YIELDED) for usage in usages_of(made, file))
        yield note_of(call, scope, file, is_returned=is_returned)


def _is_looked_up_first(call: Node, scope: Scope, file: PythonFile) -> bool:
    """Whether the function makes it only where there is none yet: `global client`, `if self._client is None`."""
    return bool(scope.globals) or any(
        outer.type == "if_statement" and "None" in text(outer.child_by_field_name("condition") or outer)
        for outer in file.enclosing(call)
        if scope.start <= outer.start_byte
    )


@RULE.project(words=_WORDS, notes=(CALLED,))
def check_called(project: Project) -> Iterator[Finding]:
    types = project.symbols.types

    def matches(name: str, note: CallNote) -> bool:
        row = _CLIENTS.match(name, types)
        return row is not None and set(row.get("unless", ())).isdisjoint(note.keywords)

    for module, note, name, handler in called_by_handlers(project, CALLED, matches):
        row = _CLIENTS.match(name, types)
        if row is None or (note.is_returned and _is_factory_elsewhere(module, note, project)):
            continue
        own = handler.function.name.rpartition(".")[2]
        yield RULE.finding(
            module.path,
            note.span,
            f"`{note.written}` makes a new {row['what']} for each call of `{own}`; make one at start and share it",
            f"make it when the service starts, and close it at shutdown; here it costs {row['cost']}",
            symbol=note.function,
        )


def _is_factory_elsewhere(module: ModuleFacts, note: CallNote, project: Project) -> bool:
    """Whether what a function hands out is kept by some variable or attribute: `client = make_client()`."""
    own = f"{module.module}.{note.function}"
    last = note.function.rpartition(".")[2]
    project.asked_words.add(f"{last}(")
    for facts in project.facts.values():
        held = [*facts.variables.values()]
        for one in facts.classes.values():
            held.extend(one.attributes.values())
        for symbol in held:
            if symbol.endswith(f"{last}()"):
                found = project.symbols.function(symbol.removesuffix("()"))
                if found is None or found.name == own:
                    return True
    return False


@RULE.files(WholeFile(may_make_clients), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for call, row, own in clients_made(file):
        yield _finding(file, call, " ".join(text(callee(call) or call).split()), own, row)


@RULE.project(words=tuple(word.encode() for word in PROJECT_WORDS), languages=("javascript",))
def check_project(project: Project) -> Iterator[Finding]:
    for made in made_elsewhere(project):
        last = made.chain[-1]
        name = last.call.target.rpartition(".")[2]
        yield RULE.finding(
            last.caller.module.path,
            last.call.span,
            f"`{shown(name)}` makes a new {made.row['what']} for each call of a handler in another file; "
            "make one at start and share it",
            f"make it when the service starts, and close it at shutdown; here it costs {made.row['cost']}",
            symbol=last.caller.function.name,
            related=tuple(
                Related(edge.caller.module.path, edge.call.span, f"calls `{_short(edge)}`") for edge in made.chain[:-1]
            ),
        )


def _short(edge: Edge) -> str:
    return edge.callee.function.name.rpartition("<locals>.")[2] if edge.callee is not None else shown(edge.name)


def _finding(file: Located, call: Node, made: str, handler: str, row: TableRow) -> Finding:
    return RULE.at(
        file,
        call,
        f"`{made}` makes a new {row['what']} for each call of `{handler}`; make one at start and share it",
        f"make it when the service starts, and close it at shutdown; here it costs {row['cost']}",
    )


def _handler_around(call: Node, file: PythonFile) -> Scope | None:
    """The function that makes the client, if it runs for each request."""
    scope = file.enclosing_function(call)
    if scope is None or scope.kind != FUNCTION or file.scope(call) is not scope:
        return None
    handler = file.handler(scope)
    return scope if handler is not None and handler.kind in _KINDS else None


def _is_its_own(call: Node, row: TableRow, scope: Scope) -> bool:
    """Whether the arguments make it cheap, or come with the request."""
    arguments = call.child_by_field_name("arguments")
    parameters = frozenset(parameter_names(scope)) - {"self", "cls"}
    for argument in arguments.named_children if arguments is not None else ():
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value") or argument
        if name is not None and text(name) in row.get("unless", ()):
            return True
        if argument.type == "dictionary_splat" or parameters.intersection(_NAME.findall(text(value))):
            return True
        if value.type == "identifier" and text(value) in scope.bindings:
            return True
    return False


def _is_kept(call: Node, file: PythonFile) -> bool:
    """Whether it is stored where later calls find it."""
    parent = call.parent
    made = parent if parent is not None and parent.type == "await" else call
    return any(
        usage.use is Use.OTHER or (usage.use is Use.STORED and not _is_on_request(usage.place))
        for usage in usages_of(made, file)
    )


def _is_on_request(assignment: Node) -> bool:
    """Whether it is stored on what ends with the request: `g.client = ...`, `request.state.client = ...`."""
    left = assignment.child_by_field_name("left")
    return left is not None and _OF_REQUEST.fullmatch(text(left)) is not None
