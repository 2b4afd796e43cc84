"""The tables of family 01, and what their rows say about a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop import javascript
from lint_rules.languages.development import DEVELOPMENT
from lint_rules.languages.python.memo import ONCE
from lint_rules.languages.python.running import CHOSEN
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import NameTable, TableRow, name_table
from lint_rules.model import ERROR, WARNING, Severity
from lint_rules.project.modules import is_command_line

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.frameworks import Handler
    from lint_rules.project.linked import Project
    from lint_rules.project.symbols import Reference

_HERE = Path(__file__).parent

_CONNECT = re.compile(rb"\bconnect\(\s*(?:database\s*=\s*)?(?P<given>[\"'][^\"'\n]*[\"']|[\w.]+)?")
_BINDINGS = re.compile(rb"\b(\w+)(?:: ?\w+)? ?= ?([^,()#=\n]+)")
_DEFAULTS = (b"default", b"default_value")  # keywords with which a class of settings declares what it has

BLOCKING = name_table(
    _HERE / "blocking.toml",
    "python",
    user_table="blocking",
    user_row={"kind": "configured", "instead": "its awaitable twin"},
)
RUN_THROUGH = name_table(_HERE / "blocking.toml", "python_run_through", "values")
CPU_HEAVY = name_table(_HERE / "cpu_heavy.toml", "python")
THREAD_WAITS = name_table(_HERE / "thread_waits.toml", "python")
WAITING_CONTEXTS = name_table(_HERE / "thread_waits.toml", "python_with", "contexts")
NESTED_LOOPS = name_table(_HERE / "nested_loops.toml", "python")

FILE_OPTIONS = {"file-io": True, "file-metadata": False}
"""Options of TEN0101 about files, and their defaults."""

_ASKS_WHERE = frozenset(
    {
        "_get_running_loop",
        "current_async_library",
        "current_thread",
        "get_ident",
        "get_running_loop",
        "is_running",
        "main_thread",
    }
)
_ALONE_IN_COMMANDS = frozenset({"computation", "file", "input", "process"})
_ASKING = re.compile(r"(?:rich\.prompt|questionary|inquirer|InquirerPy|prompt_toolkit|simple_term_menu)(?:\.|\Z)")
"""Imports of a module that talks with the person who runs it."""
_STARTING = frozenset({"startup", "main"})
_MAIN = frozenset({"lifespan", "main"})
_STARTING_NAMES = re.compile(
    r"_*(?:lifespan|main|(?:on_)?(?:start|startup|shutdown)|stop|bootstrap|init(?:iali[sz]e)?(?:_\w+)?|migrate(?:_\w+)?|seed"
    r"|(?:build|create|make)_app|watch_\w+|(?:load|read|reload)_(?:config|configuration|plugins|settings)|set_?up(?:_\w+)?|teardown|upgrade)\Z"
)
"""Handlers, and functions of other callers, that run once, when the process or a part of it starts or ends."""
_INSTALLERS = re.compile(r"(?:\A|\.)_*(?:Install|Setup|SetUp|Migrat|Upgrade)\w*\.")
"""Classes whose methods do what is done once, when a version is installed."""


def severity_of(row: TableRow) -> Severity:
    """Files are local and mostly fast, computations end: a warning. All else is an error."""
    return WARNING if row.get("kind", "file") == "file" else ERROR


def matters_in(
    row: TableRow, module: str, imports: Iterable[str], function: str, handler: Handler | None
) -> bool:  # fmt: skip
    """Whether a call that blocks matters in a function of `module` of which a framework makes `handler`.

    Nobody else waits while a command computes, runs a child process or reads a file, nor when the process starts. What
    waits for the network then is told: it has a connection that may be lost and made again while others are served.
    """
    kind = row.get("kind", "computation")
    if kind in _ALONE_IN_COMMANDS and (is_command_line(module) or any(map(_ASKING.match, imports))):
        return False
    own_name = function.rpartition(".")[2]
    if handler is not None:
        starts = handler.kind in _STARTING
    elif kind in ("file", "input") or row.get("thread_bound"):  # SQLite is a file too
        starts = _STARTING_NAMES.match(own_name) is not None or _INSTALLERS.search(function) is not None
    else:
        starts = own_name in _MAIN  # `start` may be for every job
    return not (starts and (kind in _ALONE_IN_COMMANDS or bool(row.get("thread_bound"))))


def is_alone(row: TableRow) -> bool:
    """Whether nobody else waits for what a row names while a person runs a command or develops."""
    return row.get("kind", "computation") in _ALONE_IN_COMMANDS


def is_asked_for(row: TableRow, option: Callable[[str], bool], *, is_cheap_to_change: bool = False) -> bool:
    """Whether the options about files let a row be told.

    Looking at a directory entry takes microseconds on a local disk, less than the way into a thread and back, and has
    no limit on a network one; so it is told where the option asks for it, and in JavaScript, whose awaitable twins
    cost nothing to write (`is_cheap_to_change`). `_is_told` says the same of helpers.
    """
    if row["kind"] != "file":
        return True
    return option("file-io") and (not row.get("quick") or is_cheap_to_change or option("file-metadata"))


def blocking_row(edge: Edge, project: Project) -> TableRow | None:
    """The row for a call of the project's call graph that blocks for more than a moment."""
    if project.language == "javascript":
        found = javascript.edge_row("blocking", edge, project)
        is_one = found is not None and not found.get("brief") and _is_told(found, project)
        return found if is_one and found is not None and not holds_up_developers(found, edge) else None
    row = _row(BLOCKING, edge, project) or _run_through_row(edge, project)
    if row is None or row.get("brief") or CHOSEN in edge.call.literals or _is_non_blocking(row, edge.caller.module):
        return None
    if row["kind"] == "file" and ONCE in edge.call.literals:
        return None
    return row if _is_told(row, project) and not holds_up_developers(row, edge) else None


def holds_up_developers(row: TableRow, edge: Edge) -> bool:
    """Whether only somebody who develops waits for a call."""
    return is_alone(row) and DEVELOPMENT in edge.call.literals


def _run_through_row(edge: Edge, project: Project) -> TableRow | None:
    """The row for a value that waits while it is run through: `for order in Order.objects.all()`."""
    if edge.callee is not None or edge.call.awaited or not edge.call.iterated or minds_the_loop(edge.caller):
        return None
    return RUN_THROUGH.match(project.symbols.canonical(edge.call.target + "()"), project.symbols.types)


def _is_told(row: TableRow, project: Project) -> bool:
    """Whether a row is told of helpers: not if what it names takes microseconds."""
    return not row.get("quick") and is_asked_for(
        row, lambda name: bool(project.option("blocking-call", name, FILE_OPTIONS[name]))
    )


def heavy_row(edge: Edge, project: Project) -> TableRow | None:
    """The row for a call of the call graph that computes for long."""
    if project.language == "javascript":
        found = javascript.edge_row("heavy", edge, project)
        return found if found is not None and not found.get("brief") else None
    row = _row(CPU_HEAVY, edge, project)
    if ONCE in edge.call.literals:
        return None
    return row if row is not None and not row.get("brief") else None


def minds_the_loop(reference: Reference) -> bool:
    """Whether a plain function asks where it runs, and so may do something else on the event loop.

    `asyncio.get_running_loop()` raises where there is none: without a `try` around it, it is no question.
    """
    function = reference.function
    return not function.is_async and any(
        call.target.rpartition(".")[2] in _ASKS_WHERE and (call.guarded or call.target != "asyncio.get_running_loop")
        for call in function.calls
    )


def _row(table: NameTable[TableRow], edge: Edge, project: Project) -> TableRow | None:
    if edge.callee is not None or edge.call.awaited or edge.call.kind != "call" or minds_the_loop(edge.caller):
        return None
    row = table.match(edge.name, project.symbols.types)
    if row is None:
        return None
    if row.get("only_given") and not edge.call.arguments:
        return None
    given = (argument.partition("=") for argument in (*edge.call.literals, *edge.call.arguments))
    return None if _returns_at_once(row, ((key, value) for key, _, value in given)) else row


def _is_non_blocking(row: TableRow, module: ModuleFacts) -> bool:
    """Whether the module switches or makes objects of this kind non-blocking: see `unless_...` in the table."""
    method, written = row.get("unless_called"), row.get("unless_written", ())
    if _only_connects_to(row.get("unless_connected"), module):
        return True
    return any(
        (bool(method) and call.target.endswith(f".{method}"))
        or any(text in literal for literal in call.literals for text in written)
        for function in (module.functions.values() if method or written else ())
        for call in function.calls
    )


def _only_connects_to(place: str | None, module: ModuleFacts) -> bool:
    """Whether all that the functions of a module connect to is one literal; see `connects_only_to` for one file."""
    if place is None:
        return False
    calls = [call for function in module.functions.values() for call in function.calls]
    made = [call for call in calls if call.target.rpartition(".")[2] == "connect"]
    return bool(made) and all(any(place in literal for literal in call.literals) for call in made)


def connects_only_to(place: str, data: bytes) -> bool:
    """Whether all calls of `connect` in a file are given a text, or a name that is nothing else by itself."""
    given = [match["given"] for match in _CONNECT.finditer(data)]
    return bool(given) and all(one is not None and _is_only(place.encode(), one, data) for one in given)


def _is_only(place: bytes, given: bytes, data: bytes) -> bool:
    if given.strip(b"\"'") == place:
        return True
    named = given.rpartition(b".")[2]
    bindings = [(name, value.strip().strip(b"\"'")) for name, value in _BINDINGS.findall(data)]
    bound = [value for name, value in bindings if name == named]
    is_default = any(name in _DEFAULTS and value == place for name, value in bindings)
    return bool(bound) and (is_default or all(value == place for value in bound))


def blocks(row: TableRow, call: Node) -> bool:
    """Whether a call with these arguments blocks: rows name arguments, by keyword or position, that prevent it."""
    given = [(key, text(value)) for key, value in arguments_of(call)]
    return not _returns_at_once(row, given) and not (row.get("only_given") and not given)


def as_called(row: TableRow, call: Node) -> TableRow:
    """The row for a call with these arguments: `glob(pattern, recursive=True)` is not quick."""
    lasting = row.get("lasting", ())
    if not lasting or not any(key in lasting for key, _ in arguments_of(call)):
        return row
    return TableRow(row.patterns, {**row.values, "quick": False})


def arguments_of(call: Node) -> Iterator[tuple[str, Node]]:
    """The arguments of a call, by keyword or by position as text."""
    arguments = call.child_by_field_name("arguments")
    position = 0
    for argument in arguments.named_children if arguments is not None else ():
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and name is not None and value is not None:
            yield text(name), value
        elif argument.type != "comment":
            yield str(position), argument
            position += 1


def _returns_at_once(row: TableRow, given: Iterable[tuple[str, str]]) -> bool:
    """Whether the arguments, by keyword or position with their source, keep a call from blocking for long."""
    harmless = _harmless_arguments(row)
    least: Mapping[str, float] = row.get("least", {})
    return any(
        (key in harmless and _is_text(source, harmless[key])) or (key in least and _number(source) < least[key])
        for key, source in given
    )


def _number(source: str) -> float:
    """The value of a number, infinity for anything else."""
    try:
        return float(source)
    except ValueError:
        return float("inf")


def _harmless_arguments(row: TableRow) -> Mapping[str, object]:
    """`unless = { timeout = 0 }` and `nonblocking = ["timeout=0"]` say the same; "*" is any value."""
    unless: Mapping[str, object] = row.get("unless", {})
    pairs = (argument.partition("=") for argument in row.get("nonblocking", ()))
    return {**unless, **{key: value for key, _, value in pairs}}


def _is_text(source: str, wanted: object) -> bool:
    """Whether the source of an argument is this value, or this text."""
    return wanted == "*" or source in (str(wanted), f"{wanted}.0")
