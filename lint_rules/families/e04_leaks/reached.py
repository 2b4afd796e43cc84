"""Which functions of a project handlers reach, whichever file they are in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from lint_rules.families.e04_leaks.serving import KINDS, SCHEDULED
from lint_rules.model import Notes, Span
from lint_rules.project.index import call_sites, decorated
from lint_rules.project.node_names import LITERALS
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.frameworks import Handler
    from lint_rules.project.linked import Project

_MOST_HOPS = 5


class CalleeNote(msgspec.Struct, frozen=True, array_like=True):
    """What is wrong with a function of a file if requests run it, which other files may tell."""

    function: str
    span: Span
    message: str
    suggestion: str


def reached_notes(project: Project, kind: Notes[CalleeNote]) -> Iterator[tuple[ModuleFacts, CalleeNote]]:
    """Those of the notes whose function a handler reaches by way of another file."""
    for module, notes in project.notes(kind):
        for note in notes:
            function = module.functions.get(note.function)
            if function is None:
                continue
            callers = project.shared(Callers)
            found = callers.handler_of(Reference(module, function))
            if found is not None and found[1]:
                yield module, note


def handler_around(function: Reference, project: Project) -> Handler | None:
    """What a function is, or the one in which it is a callback, if requests or messages call it."""
    name = function.function.name
    while name:
        known = function.module.functions.get(name)
        handler = project.handlers.of(Reference(function.module, known)) if known is not None else None
        if handler is not None and handler.kind != "continuation":
            return handler if _is_per_request(handler, project) else None
        outer, separator, own = name.rpartition(".<locals>.")
        if not separator or not own.startswith("<anonymous"):
            return None
        name = outer
    return None


def _is_per_request(handler: Handler, project: Project) -> bool:
    if project.language == "python":
        return handler.is_per_request
    return handler.kind in KINDS and handler.framework.name != SCHEDULED


class Callers:
    """The functions that call a function, by what is known; files that may hold more are asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._calls = project.index(call_sites)
        self._decorated = project.index(decorated)

    def handler_of(
        self, function: Reference, position: int = -1, most: int = _MOST_HOPS
    ) -> tuple[Reference, bool] | None:
        """The nearest handler that runs a function, and whether the way there leads through another file.

        Calls of the function with a literal at `position` do not count. `most` is how many calls lead there.
        """
        project = self._project
        level, seen = [function], {function.name}
        for _ in range(most + 1):
            for one in level:
                if handler_around(one, project) is not None:
                    return one, one.module.module != function.module.module or self._is_foreign(one)
            following: list[Reference] = []
            for one in level:
                callers = chain(self._callers(one, position if one is function else -1), self._wrapped(one))
                for caller in callers:
                    if caller.name not in seen:
                        seen.add(caller.name)
                        following.append(caller)
            if not following:
                return None
            level = following
        return None

    def _wrapped(self, function: Reference) -> Iterator[Reference]:
        """The functions for which a function stands that a decorator of Python puts in their place."""
        outer = function.function.name.partition(".<locals>.")[0]
        depth = function.function.name.count(".<locals>.")
        if not depth or self._project.language != "python":
            return
        for wrapped, decorator in self._decorated.at(outer.rpartition(".")[2]):
            if decorator.endswith("()") and depth < 2:
                continue  # what makes the decorator runs once
            found = self._project.symbols.function(decorator.removesuffix("()"))
            if found is not None and found.name == f"{function.module.module}.{outer}":
                yield wrapped

    def _is_foreign(self, function: Reference) -> bool:
        """Whether only another file says that it is a handler."""
        form = function.function.form
        return (not form or form.startswith("|")) and ".<locals>." not in function.function.name

    def _callers(self, function: Reference, position: int) -> Iterator[Reference]:
        last = function.function.name.rpartition(".")[2]
        if last.isidentifier() and not last.startswith("_"):  # what is private is called from its own file
            self._project.asked_words.add(f"{last}(")
        for site in self._calls.at(last):
            call = site.call
            given = call.arguments[position] if 0 <= position < len(call.arguments) else ""
            found = self._project.symbols.function(call.target) if given not in LITERALS else None
            if found is not None and found.name == function.name:
                yield site.caller
