"""What a call in a handler tells, and whom: does it keep the error, say something, or end the process?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.expressions import called, calls_in, last_name
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.wording import words

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Reference

_TABLE = Path(__file__).parent / "reporting.toml"

_RECORDS = name_table(_TABLE, "records", user_table="reporting", user_row={})
_LOGS = name_table(_TABLE, "logs")
_ENDS = name_table(_TABLE, "ends")
_RECORDED = {key: frozenset(names) for key, names in read_table(_TABLE)["recorded_by_name"].items()}
_LOGGED = {key: frozenset(names) for key, names in read_table(_TABLE)["logged_by_name"].items()}
_TELLING = frozenset(read_table(_TABLE)["words"]["telling"])
_NEVER = ("NoReturn", "Never")
_OFF = ("False", "None", "0")
_MAX_HOPS = 3


def records(call: Node, file: PythonFile) -> bool:
    """Whether a call keeps the error being handled with its traceback, or is of a project function that does."""
    return records_itself(call, file) or (not is_log(call, file) and _helper_records(call, file))


def records_itself(call: Node, file: PythonFile) -> bool:
    """Whether a call keeps the error being handled: `logger.exception(...)`, `exc_info=True`, `print_exc()`."""
    function = called(call)
    name = last_name(function)
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    if name in _RECORDED["names"] and (given or name != "exception"):  # `future.exception()` asks, it tells nobody
        return True
    for argument in given:
        key, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if key is not None and value is not None and text(key) in _RECORDED["keywords"] and text(value) not in _OFF:
            return True
    return _RECORDS.match(file.canonical(function), file.types) is not None


def is_log(call: Node, file: PythonFile) -> bool:
    """Whether a call tells people something: a logger's method, `print`, `warnings.warn`."""
    function = called(call)
    if _LOGS.match(file.canonical(function), file.types) is not None:
        return True
    receiver = function.child_by_field_name("object")
    if receiver is None or last_name(function) not in _LOGGED["methods"]:
        return False
    return not _LOGGED["receivers"].isdisjoint(words(last_name(receiver)))


def ends(call: Node, file: PythonFile) -> bool:
    """Whether nothing runs after a call: it ends the process, the command, the request or the test."""
    return _ENDS.match(file.canonical(called(call)), file.types) is not None


def _helper_records(call: Node, file: PythonFile) -> bool:
    """Follows a call into functions of the project that record the error being handled, or never return."""
    reference = file.function(called(call))
    for _ in range(_MAX_HOPS):
        if reference is None:
            return False
        if reference.function.returns.rpartition(".")[2] in _NEVER:
            return True
        found: Reference | bool | None
        if reference.module.module == file.module:
            found = _own_helper(reference, file)
        elif not _TELLING.isdisjoint(words(reference.function.name.rpartition(".")[2])):
            return True  # its body is not known here: its name is taken at its word
        else:
            found = _only_callee(reference, file)
        if isinstance(found, bool):
            return found
        reference = found
    return False


def _only_callee(reference: Reference, file: PythonFile) -> Reference | None:
    """The one function of the project that one of another file calls, where nothing else in it can fail."""
    if not reference.module.is_complete:
        file.symbols.ask(reference.module.module)
    risks = [risk for risk in reference.function.risks if risk]
    return file.symbols.function(risks[0]) if len(risks) == 1 == len(reference.function.risks) else None


def _own_helper(reference: Reference, file: PythonFile) -> Reference | bool | None:
    """Whether a function of this file records or raises outright, or the one function it hands over to."""
    scope = next((scope for scope in file.scopes.functions if scope.name == reference.function.name), None)
    body = scope.node.child_by_field_name("body") if scope is not None else None
    if body is None:
        return False
    if body.named_children and body.named_children[-1].type == "raise_statement":
        return True
    unguarded = [call for call in calls_in(list(own_nodes(body))) if not _is_guarded(call, body)]
    if any(records_itself(call, file) for call in unguarded):
        return True
    return file.function(called(unguarded[0])) if len(unguarded) == 1 else None


def _is_guarded(call: Node, body: Node) -> bool:
    """Whether a call stands in an `except` clause, where it speaks of another error."""
    outer = call.parent
    while outer is not None and outer.id != body.id:
        if outer.type == "except_clause":
            return True
        outer = outer.parent
    return False
