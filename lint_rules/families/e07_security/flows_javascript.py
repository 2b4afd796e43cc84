"""What a JavaScript function does with data that clients send, as far as its own file tells.

Taken file by file; `linking_javascript.py` joins the functions of all files. A *taint* is data of a client, or what a
parameter of the function holds: whether that is a client's, only the callers know.
"""

from __future__ import annotations

from msgspec import Struct

from lint_rules.families.e07_security.parameters_javascript import QueryText
from lint_rules.model import Notes, Span

EVERYTHING = "*"
"""The rule for which a value is harmless that is harmless for all of them: a number, one of a fixed list."""


BASE_NAME = "<name>"
"""Stands among the rules of a value that is a file's name without a folder: alone it replaces other files."""

MEMBER = "<member>"
"""Stands there for what is a member of what a function gave, where that is an object."""


EVERY_REQUEST = "*"
"""The origin that stands for all that is read of requests."""


WORDS = (
    b"req.", b"req)", b"req,", b"request.", b"request)", b"request,", b"ctx.", b"ctx)", b"event.body", b"event.query",
    b"event.path", b"@Body", b"@Query(", b"@Param(", b"@MessageBody", b"@Args(", b"socket.on(",
    b".on('message", b'.on("message',
    b"ongoSanitize", b"mongo-sanitize",
    b"{ params", b"{ body", b"{ query", b"{params", b"{body", b"{query", b"Request)", b"payload",
    b"athParameters", b"ueryStringParameters", b"use server", b"for await", b"koa",
    b"Query:", b"Mutation:", b"rocedure",
)  # fmt: skip
"""A file in which data of a client comes up holds one of these."""


class Through(Struct, frozen=True, order=True, array_like=True):
    """A function of the project through which a value has gone, by its symbol and the place it was given in."""

    symbol: str
    position: int
    member: str = ""


class Taint(Struct, frozen=True, order=True, array_like=True):
    """One origin of a value.

    `source` is what reads the request, as people are shown it; for a `parameter` (its position, else -1) it is the
    member that is read of it, or "", and `owner` the symbol of the function that has it. `clean` are the rules for
    which the value is harmless. `is_document`: the client chooses the type too (parsed JSON); `is_whole`: all of the
    document. `at_start`: nothing of the program's own stands in front of it. `inside` is the member (or "<item>") of
    an object at which it lies. The value has gone `through` functions of which another file tells what they give back.
    """

    source: str
    parameter: int = -1
    clean: tuple[str, ...] = ()
    is_document: bool = False
    is_whole: bool = False
    at_start: bool = True
    inside: str = ""
    owner: str = ""
    through: tuple[Through, ...] = ()


class Passed(Struct, frozen=True, order=True, array_like=True):
    """A taint at one place of a call, and whether the text around it has the words of a query, or markup."""

    position: int
    taint: Taint
    is_sql: bool = False
    is_html: bool = False


class FlowNote(Struct, frozen=True, array_like=True):
    """A call that is given taints, or what a function returns.

    `kind` is call, new, assign, key, return, answer (what a handler gives back is shown or followed), keep (middleware
    puts it on the request, as `last`) or clean (something in front of all routes cleans what they are given).
    `function` is the symbol of the function around; `callee` that of what is called, `last` its last name, `owner` the
    text before that, `written` all of it; `options` are the names of options that are not false, and the program
    (`program=sh`). `query` is the text of an SQL query that could be written with parameters.
    """

    kind: str
    function: str = ""
    span: Span | None = None
    callee: str = ""
    last: str = ""
    owner: str = ""
    written: str = ""
    passed: tuple[Passed, ...] = ()
    options: tuple[str, ...] = ()
    query: QueryText | None = None


FLOWS = Notes("javascript-flows", FlowNote, words=WORDS)
"""What the functions of a file do; of files that only pass data on it is asked for as the walk comes there."""
