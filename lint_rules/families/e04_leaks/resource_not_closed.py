"""Resource that is not closed.

What it finds: a file, socket, archive, database connection, pooled connection, HTTP client, streamed response or pool
of workers that a function takes and does not give back: never, on a path that returns early, or when something between
taking and closing raises. A dependency or a context manager that yields what it has taken counts as a function too: it
goes on after the `yield`, where the errors of whoever had it come back. Also `open(path).read()`, where nobody can
close it, and `with sqlite3.connect(...)`, which ends a transaction and closes nothing.

In JavaScript and TypeScript: connections of a pool (`pool.connect`, `getConnection`, by promise or callback), sessions,
query runners and transactions, file handles, browsers; clients and connections that a handler or a script makes and
does not end.

Why it matters: each request leaves a descriptor or a connection behind. The service works for hours, then the pool is
empty or the process is out of file descriptors, and every request fails until somebody restarts it.

Bad (python):

    import sqlite3

    def balance_of(account: int) -> int:
        connection = sqlite3.connect("bank.db")
        row = connection.execute("SELECT balance FROM accounts WHERE id = ?", (account,)).fetchone()
        if row is None:
            return 0
        connection.close()
        return row[0]

Good (python):

    import sqlite3
    from contextlib import closing

    def balance_of(account: int) -> int:
        with closing(sqlite3.connect("bank.db")) as connection:
            row = connection.execute("SELECT balance FROM accounts WHERE id = ?", (account,)).fetchone()
        return row[0] if row is not None else 0

Bad (javascript):

    const { Pool } = require("pg");

    const pool = new Pool();

    async function balanceOf(account) {
      const client = await pool.connect();
      const { rows } = await client.query("SELECT balance FROM accounts WHERE id = $1", [account]);
      if (rows.length === 0) return 0;
      client.release();
      return rows[0].balance;
    }

Good (javascript):

    const { Pool } = require("pg");

    const pool = new Pool();

    async function balanceOf(account) {
      const client = await pool.connect();
      try {
        const { rows } = await client.query("SELECT balance FROM accounts WHERE id = $1", [account]);
        return rows.length === 0 ? 0 : rows[0].balance;
      } finally {
        client.release();
      }
    }

How to fix it: take it in a `with` (`contextlib.closing` where the object's own `with` does something else), or close it
in a `finally`. What lives as long as the service belongs on an object that is closed at shutdown.

Not seen: resources that are returned, yielded in a loop or beside something else, stored on an object or handed to a
function that is not known to leave them open; those taken at module level; an error between taking and closing in a
function that only hands it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.expected_errors import (
    is_archive_in_memory,
    is_ended_otherwise,
    matters,
    what_raises,
)
from lint_rules.families.e04_leaks.given_by_dependencies import GIVEN
from lint_rules.families.e04_leaks.lent import is_lent_by_yield, only_lends
from lint_rules.families.e04_leaks.open_paths import open_at_exits
from lint_rules.families.e04_leaks.resources_javascript import left_open
from lint_rules.families.e04_leaks.taking import (
    MAKER,
    WORDS,
    Taken,
    borrows,
    is_released_in,
    keeps,
    mentions,
    renamed,
    resource_of,
)
from lint_rules.families.e04_leaks.taking_javascript import may_take
from lint_rules.flow.graph import Exit
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.python.usage import Usage, Use, reads_of, usage_of, usages_of
from lint_rules.languages.tables import TableRow
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule, Span
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0401",
    "resource-not-closed",
    severity=ERROR,
    summary="A file, connection or client is taken and not given back on every path",
    in_tests=False,
)


_CALLS_MAKER = re.compile(rb"(?:" + MAKER.pattern.encode() + rb")\w{0,30}\(")
_INDENTED = 120
"""Bytes of a line in which its first word is looked for."""
_KEEPS_NOTHING = (b"def ", b"async def ", b"class ", b"with ", b"async with ")


def _may_take(data: bytes) -> bool:
    if any(word in data for word in WORDS) or renamed(data):
        return True
    starts = (data.rfind(b"\n", 0, found.start()) + 1 for found in _CALLS_MAKER.finditer(data))
    return any(not data[start : start + _INDENTED].lstrip().startswith(_KEEPS_NOTHING) for start in starts)


@RULE.files(WholeFile(_may_take), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for call in file.nodes("call"):
        row = resource_of(call, file)
        function = file.scope(call).function if row is not None else None
        if row is not None and function is not None and not file.in_broken_code(call):
            yield from _judged(call, row, function, file)


@RULE.project(words=(b"Depends", b"Provide"), notes=(GIVEN,))
def check_dependencies(project: Project) -> Iterator[Finding]:
    for module, notes in project.notes(GIVEN):
        for note in notes:
            function = module.functions.get(note.function)
            handler = project.handlers.of(Reference(module, function)) if function is not None else None
            if function is None or handler is None or handler.kind != "dependency":
                continue
            own = note.function.rpartition(".")[2]
            yield RULE.finding(
                module.path,
                note.span,
                f"`{own}` returns the {note.what} of `{note.written}` to each request, and nothing closes it; "
                "`yield` it, and close it after that",
                f"make it in a `with` and `yield` it: {handler.framework.name} goes on in `{own}` after the request",
                symbol=note.function,
            )


@RULE.files(WholeFile(may_take), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for left in left_open(file):
        related = (Related(file.path, file.span(left.place), left.hint),) if left.place is not None else ()
        instead = left.row["instead"]
        yield RULE.at(
            file, left.call, f"{left.wrong}; {instead}", f"{instead}, so that every path does", related=related
        )


def _judged(call: Node, row: TableRow, function: Scope, file: PythonFile) -> Iterator[Finding]:
    value = _awaited(call)
    usage = usage_of(value, file)
    if usage.use in (Use.TESTED, Use.OPERAND):
        usage = _walrus(value, file) or usage
    name = _called(call)
    if usage.use is Use.UNPACKED and "element" in row.values:
        yield from _one_of_tuple(call, row, usage.place, function, file)
    elif usage.use is Use.BOUND and usage.whole and "element" not in row.values:
        if not _is_second_choice(call, usage.place, file):
            yield from _bound(call, row, usage.name, function, file)
    elif usage.use is Use.ENTERED and row.get("with") == "transaction":
        yield from _only_a_transaction(call, row, usage.place, function, file)
    elif usage.whole and _is_lost(usage, row, function, file):
        yield _finding(call, row, f"nothing closes the {row['what']} that `{name}` gives", file)


def _walrus(value: Node, file: PythonFile) -> Usage | None:
    """The binding of `if (file := open(path)):`, which the test around it hides."""
    outer = value.parent
    if outer is None or outer.type != "named_expression":
        return None
    target, scope = outer.child_by_field_name("name"), file.enclosing_function(value)
    is_plain = target is not None and scope is not None and scope.kind == FUNCTION
    return Usage(Use.BOUND, outer, text(target)) if is_plain and target is not None else None


def _one_of_tuple(call: Node, row: TableRow, assignment: Node, function: Scope, file: PythonFile) -> Iterator[Finding]:
    """`descriptor, path = tempfile.mkstemp()`"""
    left = assignment.child_by_field_name("left")
    names = left.named_children if left is not None else []
    if row["element"] >= len(names) or any(one.type != "identifier" for one in names):
        return
    name = text(names[row["element"]])
    if name == "_":
        yield _finding(call, row, f"nothing closes the {row['what']} that `{_called(call)}` gives", file)
    else:
        yield from _bound(call, row, name, function, file)


def _is_second_choice(call: Node, assignment: Node, file: PythonFile) -> bool:
    """Whether the same assignment takes another resource before this one: `SMTP_SSL(...) if secure else SMTP(...)`."""
    choice = call.parent
    if choice is not None and choice.type == "boolean_operator" and choice.child_by_field_name("right") == call:
        return True  # `given or open(path)`: it may be another's
    others = (node for node in own_nodes(assignment) if node.type == "call" and node.start_byte < call.start_byte)
    return any(resource_of(other, file) is not None for other in others)


def _is_lost(usage: Usage, row: TableRow, function: Scope, file: PythonFile) -> bool:
    """Whether nothing has the resource after its one use."""
    if usage.use is Use.READ:
        return _is_used_and_lost(usage.place, row)
    if usage.use is Use.PASSED:
        return usage.place.type == "call" and borrows(usage.place, file)
    return usage.use in (Use.ITERATED, Use.DROPPED) and function.kind == FUNCTION


def _awaited(call: Node) -> Node:
    parent = call.parent
    return parent if parent is not None and parent.type == "await" else call


def _is_used_and_lost(read: Node, row: TableRow) -> bool:
    """Whether what is read off a resource is a method that leaves it open: `open(path).read()`."""
    method = read.child_by_field_name("attribute") if read.type == "attribute" else None
    called = read.parent is not None and read.parent.type == "call"
    if method is None or not called or text(method).startswith("__"):
        return False
    return text(method) not in (*row["release"], *row.get("used_up", ()))


def _bound(call: Node, row: TableRow, name: str, function: Scope, file: PythonFile) -> Iterator[Finding]:
    if function.kind != FUNCTION or _is_seen_by_others(call, name, function, file):
        return
    released = is_released_in(function.node, name, row)
    is_lent = is_lent_by_yield(name, function)
    taken = Taken(call, row, name, file, released, is_lent)

    def hands_out(exit_: Exit) -> bool:
        statement = exit_.jump.node if exit_.jump is not None else None
        if statement is None or statement.type != "return_statement":
            return False
        return keeps(statement, name, file, row) or taken.is_drained_in(statement)

    left = open_at_exits(form_of(function.node, file), taken, hands_out)
    normal = [(exit_, cause) for exit_, cause in left if exit_.kind != "raise" and cause is None]
    caused = [cause for _, cause in left if cause is not None and matters(cause, name, row)]
    what = f"the {row['what']} `{name}`"
    if row.get("never_only") and (released or not normal or is_ended_otherwise(name, row, function)):
        return
    if normal:
        ends = [exit_.jump.node for exit_, _ in normal if exit_.jump is not None and exit_.jump.node is not None]
        if not released and not _goes_elsewhere(call, name, row, file, is_lent=is_lent):
            yield _finding(call, row, f"{what} is never closed", file)
        elif ends:
            end = min(ends, key=lambda node: int(node.start_byte))
            place = file.span(end)
            own = function.name.rpartition(".")[2]
            wrong = f"{what} is not closed when `{own}` returns in line {place.row}"
            yield _finding(call, row, wrong, file, (place, "still open here"))
        else:
            yield _finding(call, row, f"{what} is not closed on every path", file)
    elif (
        caused
        and released
        and not _is_handed_out(call, file, is_lent=is_lent)
        and not is_archive_in_memory(call, row, file)
    ):
        first = min(caused, key=lambda event: (event.kind != "yield", event.node.start_byte, event.node.end_byte))
        place = file.span(first.node)
        wrong = f"{what} is not closed when {what_raises(first)} in line {place.row} raises"
        yield _finding(call, row, wrong, file, (place, "an error here leaves it open"))


def _goes_elsewhere(call: Node, name: str, row: TableRow, file: PythonFile, *, is_lent: bool) -> bool:
    """Whether some path returns, stores or hands on what was taken."""
    elsewhere = (Use.RETURNED, Use.STORED, Use.YIELDED, Use.PASSED, Use.ENTERED, Use.AWAITED)
    return any(
        usage.use in elsewhere
        and not (is_lent and usage.use is Use.YIELDED)
        and not (
            usage.use is Use.PASSED
            and usage.place.type == "call"
            and (borrows(usage.place, file) or only_lends(usage.place, name, row, file))
        )
        for usage in usages_of(_awaited(call), file)
    )


def _is_handed_out(call: Node, file: PythonFile, *, is_lent: bool) -> bool:
    outside = {Use.RETURNED, Use.STORED, Use.YIELDED} - ({Use.YIELDED} if is_lent else set())
    return any(usage.use in outside for usage in usages_of(_awaited(call), file))


def _is_seen_by_others(call: Node, name: str, function: Scope, file: PythonFile) -> bool:
    """Whether a function inside this one, or one around it, has the name too."""
    if name in function.globals or any(
        name in (text(one) for one in statement.named_children)
        for statement in file.nodes("nonlocal_statement")
        if function.start <= statement.start_byte < function.end
    ):
        return True
    inner = (scope for scope in file.scopes.all if scope.parent is function)
    return any(mentions(scope.node, name) for scope in inner)


def _only_a_transaction(
    call: Node, row: TableRow, statement: Node, function: Scope, file: PythonFile
) -> Iterator[Finding]:
    """`with sqlite3.connect(path) as connection:` where nothing closes the connection."""
    if statement.type != "with_statement":
        return
    clause = statement.named_child(0)
    items = clause.named_children if clause is not None else []
    patterns = (pattern for item in items for pattern in item.named_children if pattern.type == "as_pattern")
    pattern = next((one for one in patterns if one.start_byte <= call.start_byte < one.end_byte), None)
    alias = pattern.child_by_field_name("alias") if pattern is not None else None
    name = text(alias) if alias is not None else ""
    if name and (
        is_released_in(function.node, name, row)
        or not name.isidentifier()
        or any(usage.use in (Use.RETURNED, Use.STORED, Use.YIELDED) for usage in _uses_of(name, statement, file))
    ):
        return
    yield _finding(call, row, f"`with {_called(call)}(...)` ends the transaction and leaves the connection open", file)


def _uses_of(name: str, statement: Node, file: PythonFile) -> Iterator[Usage]:
    for read in reads_of(name, file.scopes.at(statement.start_byte), file):
        yield usage_of(read, file)


def _called(call: Node) -> str:
    function = call.child_by_field_name("function")
    return " ".join(text(function).split())[:40] if function is not None else ""


def _finding(call: Node, row: TableRow, wrong: str, file: PythonFile, where: tuple[Span, str] | None = None) -> Finding:
    related = (Related(file.path, *where),) if where is not None else ()
    return RULE.at(
        file, call, f"{wrong}; {row['instead']}", f"{row['instead']}, or close it in a `finally`", related=related
    )
