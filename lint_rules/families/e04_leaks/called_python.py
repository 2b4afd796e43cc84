"""What functions of Python do that is wrong if a handler calls them, written down for the whole project.

A function that a file alone knows to be a handler is left to the checks of that file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from lint_rules.families.e04_leaks.reached import Callers
from lint_rules.languages.python.renaming import renamings
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.model import Notes, Span
from lint_rules.project.calls import is_cached
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from tree_sitter import Node

    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

_MOST_CALLS = 3


class CallNote(msgspec.Struct, frozen=True, array_like=True):
    """A call in a function: the symbol of what is called, as it is written, and the keywords it is given.

    `is_returned` says that the function hands out what the call makes.
    """

    symbol: str
    written: str
    function: str
    span: Span
    keywords: tuple[str, ...] = ()
    is_returned: bool = False


def calls_in_plain_functions(
    file: PythonFile, names: frozenset[str], *, leaves_out: Callable[[Node, Scope], bool]
) -> Iterator[tuple[Node, Scope]]:
    """The calls of one of these last names in functions that the file does not know to be handlers."""
    renamed = {new for new, old in renamings(file.data).items() if old in names}
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        last = text(function).rpartition(".")[2] if function is not None else ""
        scope = file.enclosing_function(call) if last in names or last in renamed else None
        if scope is None or scope.kind != FUNCTION or file.scope(call) is not scope:
            continue
        if file.handler(scope) is None and not file.in_broken_code(call) and not leaves_out(call, scope):
            yield call, scope


def note_of(call: Node, scope: Scope, file: PythonFile, *, is_returned: bool = False) -> CallNote:
    """What is written down about a call."""
    function, arguments = call.child_by_field_name("function") or call, call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    names = [one.child_by_field_name("name") for one in given if one.type == "keyword_argument"]
    keywords = tuple(text(name) for name in names if name is not None)
    return CallNote(file.names.symbol(function), text(function), scope.name, file.span(call), keywords, is_returned)


def called_by_handlers(
    project: Project, kind: Notes[CallNote], matches: Callable[[str, CallNote], bool]
) -> Iterator[tuple[ModuleFacts, CallNote, str, Reference]]:
    """The noted calls of what `matches` in functions that handlers reach, with its canonical name and the handler."""
    for module, notes in project.notes(kind):
        for note in notes:
            function = module.functions.get(note.function)
            name = project.symbols.canonical(note.symbol) if note.symbol and function is not None else ""
            if function is None or not name or not matches(name, note) or is_cached(function):
                continue
            callers = project.shared(Callers)
            found = callers.handler_of(Reference(module, function), most=_MOST_CALLS)
            if found is not None:
                yield module, note, name, found[0]
