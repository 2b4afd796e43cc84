"""Functions that run in threads, and whether anybody sees their errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.failing import is_seen_to_fail
from lint_rules.families.e02_uncaught_exceptions.tasks import TABLE, row_of
from lint_rules.languages.python.expressions import last_name
from lint_rules.languages.python.guards import failing
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.languages.python.usage import Use, usages_of
from lint_rules.languages.tables import TableRow, name_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_STARTS = ("Thread", "Timer")
THREADED = name_table(TABLE, "threaded")
_WRAPPERS = name_table(TABLE, "wrapper")
_MAX_WRAPPERS = 4
_TIDIES_UP = frozenset({"close", "kill", "remove", "terminate", "unlink"})
"""Library functions after whose failure nothing is left to do: `Timer(60, os.unlink, [path])`."""


def unseen_error(call: Node, file: PythonFile) -> tuple[str, Node] | None:
    """The kind of a call that runs a function elsewhere, and the function, where an error of it reaches nobody."""
    row = row_of(call, THREADED, file)
    if row is None or (row["kind"] == "job" and not _is_result_dropped(call, file)):
        return None
    if row["kind"] == "thread" and b"threading.excepthook" in file.data:
        return None  # the file looks after the errors of its threads
    work = _work_of(call, row, file)
    if work is None:
        return None
    function = work.child_by_field_name("body") if work.type == "lambda" else file.function(work)
    if function is None:
        fails = last_name(work) not in _TIDIES_UP and failing().match(file.canonical(work), file.types) is not None
        return (row["kind"], work) if fails else None
    if not is_seen_to_fail(function, file, raises_deep=row["kind"] == "job"):
        return None
    return row["kind"], work


def failing_runs(file: PythonFile) -> Iterator[tuple[str, Node]]:
    """The `run` methods of classes of threads that let errors out, with their names: `Sweeper.run`."""
    if b"threading.excepthook" in file.data:
        return
    for scope in file.scopes.functions:
        name = scope.node.child_by_field_name("name")
        if scope.owner_class is None or name is None or text(name) != "run" or not runs_in_thread(scope, file):
            continue
        function = file.symbols.function(f"{file.module}.{scope.name}")
        if function is not None and is_seen_to_fail(function, file, raises_deep=False):
            yield scope.name, name


def runs_in_thread(function: Scope | None, file: PythonFile) -> bool:
    """Whether the file starts a thread with a function, or it is the `run` of a kind of thread."""
    if function is None:
        return False
    own = function.name.rpartition(".")[2]
    if function.owner_class is not None and own == "run":
        return "threading.Thread" in file.ancestors(function.owner_class)
    if b"Thread" not in file.data:
        return False
    for call in file.nodes("call"):
        row = row_of(call, THREADED, file) if last_name(call) in _STARTS else None
        work = _work_of(call, row, file) if row is not None else None
        if work is not None and last_name(work) == own:
            return True
    return False


def _is_result_dropped(call: Node, file: PythonFile) -> bool:
    return all(usage.use in (Use.DROPPED, Use.UNUSED) for usage in usages_of(call, file))


def _work_of(call: Node, row: TableRow, file: PythonFile) -> Node | None:
    """The function that runs in the end, behind `partial(work, ...)`, `context.run, work` and `asyncio.run, work()`."""
    arguments = _arguments(call)
    if any(name in arguments for name in row["unless"]):
        return None
    work = arguments.get(row["keyword"]) or arguments.get(str(row["argument"]))
    place = row["argument"]
    for _ in range(_MAX_WRAPPERS):
        if work is None:
            return None
        function = work.child_by_field_name("function") if work.type == "call" else work
        if function is None or _WRAPPERS.match(file.canonical(function), file.types) is None:
            return function
        if work.type == "call":
            arguments, place = _arguments(work), -1
        place += 1
        work = arguments.get(str(place))
    return None


def _arguments(call: Node) -> dict[str, Node]:
    """The arguments by position, as text, and by name."""
    found: dict[str, Node] = {}
    arguments = call.child_by_field_name("arguments")
    positional = 0
    for argument in arguments.named_children if arguments is not None else ():
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and name is not None and value is not None:
            found[text(name)] = value
        elif argument.type in ("list_splat", "dictionary_splat"):
            break
        elif argument.type != "comment":
            found[str(positional)] = argument
            positional += 1
    return found
