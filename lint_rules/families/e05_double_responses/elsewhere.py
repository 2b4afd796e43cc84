"""What functions of other files answer on every path, as far as their facts tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.languages.tables import NameTable, TableRow

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Reference

_MAX_DEPTH = 4
_MESSAGES = {"http.response.start": "answer", "websocket.accept": "acceptance", "websocket.close": "closing"}


def always_done(reference: Reference, file: PythonFile, table: NameTable[TableRow], depth: int = 0) -> list[Answer]:
    """The answers of a function, on the names of its parameters; one of each slot."""
    found: dict[tuple[str, str], Answer] = {}
    for target, receiver, *arguments in reference.function.always:
        for answer in _answers(target, receiver, arguments, file, table, depth):
            found.setdefault(answer.slot, answer)
    return list(found.values())


def _answers(
    target: str, receiver: str, arguments: list[str], file: PythonFile, table: NameTable[TableRow], depth: int
) -> list[Answer]:
    first = arguments[0] if arguments else ""
    if target.endswith((".<parameter>send", ".<parameter>start_response")):
        channel = target.rpartition(">")[2]
        once = next((once for kind, once in _MESSAGES.items() if kind in first), "")
        if channel == "start_response":
            once = "answer" if len(arguments) == 2 else ""
        return [Answer(None, once, channel)] if once else []
    row = table.match(file.symbols.canonical(target), file.types)
    if row is not None:
        on = receiver if row["on"] == "receiver" else first
        again = bool(row.get("unless"))
        if row.get("only_after") or not on:
            return []
        return [Answer(None, row["once"], on, receiver, False, again, row["wrong"], tuple(row.get("returns", ())))]
    inner = file.symbols.function(target) if depth < _MAX_DEPTH else None
    if inner is None:
        return []
    names = inner.function.parameters
    if names[:1] in (("self",), ("cls",)):
        names = names[1:]
    found = []
    for answer in always_done(inner, file, table, depth + 1):
        place = names.index(answer.on) if answer.on in names else -1
        on = receiver if answer.on == "self" else arguments[place] if 0 <= place < len(arguments) else ""
        if on:
            found.append(Answer(None, answer.once, on, "", False, answer.again_by_same, answer.wrong, answer.returns))
    return found
