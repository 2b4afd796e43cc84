"""Containers of JavaScript that several files fill: where requests add to them, and whether any file takes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e04_leaks.growth import CONTAINERS, ContainerNote
from lint_rules.families.e04_leaks.reached import Callers
from lint_rules.model import Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.index import call_sites
from lint_rules.project.node_names import EXPORTS
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

_CONTAINERS = frozenset({"globalThis.Array", "globalThis.Map", "globalThis.Set"})


def growing_over_files(project: Project) -> Iterator[tuple[ModuleFacts, ContainerNote, Span, Reference]]:
    """The places that add to a container for requests, where one file does not tell; each container once."""
    noted = [(module, note) for module, notes in project.notes(CONTAINERS) for note in notes]
    tended = {note.container for _, note in noted if not note.function}
    reported: set[str] = set()
    for module, note in noted:
        if note.span is None or note.container in tended or note.container in reported:
            continue
        function = module.functions.get(note.function)
        if function is None or not _is_container(note, project):
            continue
        callers = project.shared(Callers)
        found = callers.handler_of(Reference(module, function), note.position)
        is_shared = f".{EXPORTS}." in note.container
        if found is None or not (found[1] or is_shared):
            continue  # what one file tells is said where that file is looked at
        if note.owner and not _has_one_object(f"{module.module}.{note.owner}", project, callers):
            continue
        if is_shared:
            project.asked_words.add(note.container.rpartition(".")[2])
        reported.add(note.container)
        yield module, note, note.span, found[0]


def _has_one_object(owner: str, project: Project, callers: Callers) -> bool:
    """Whether objects of a class are made before requests come: by modules, by what starts the service, or as parts of
    objects that are."""
    waiting, seen = [owner], {owner}
    while waiting:
        symbol = waiting.pop()
        known = project.symbols.class_(symbol)
        if known is None:
            return False
        name = symbol.rpartition(".")[2]
        project.asked_words.add(f"new {name}")
        for site in project.index(call_sites).at(name):
            if project.symbols.canonical(site.call.target).removesuffix("()") != symbol:
                continue
            outer, separator, method = site.caller.name.rpartition(".")
            if separator and method == "constructor":
                waiting.extend({outer} - seen)
                seen.add(outer)
            elif callers.handler_of(site.caller) is not None:
                return False
        for holder in _holders(symbol, name, project):
            waiting.extend({holder} - seen)
            seen.add(holder)
    return True


def _holders(symbol: str, name: str, project: Project) -> Iterator[str]:
    """The classes that have an object of a class as a field."""
    for facts in project.facts.values():
        for one in facts.classes.values():
            values = (value.removesuffix("()") for value in one.attributes.values() if value.endswith(f"{name}()"))
            if any(project.symbols.canonical(value) == symbol for value in values):
                yield f"{facts.module}.{one.name}"


def _is_container(note: ContainerNote, project: Project) -> bool:
    """Whether what is imported is a plain container, or an object literal, and no cache that looks after itself."""
    if f".{EXPORTS}." not in note.container:
        return True
    name = project.symbols.canonical(note.container)
    if name in _CONTAINERS:
        return True
    owner, _, last = name.rpartition(".")
    facts = project.facts.get(owner)
    return facts is not None and last in facts.variables and last not in facts.classes
