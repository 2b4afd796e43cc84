"""Containers of Python that requests fill, whichever files make, fill and empty them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.families.e04_leaks.growth_python import OF_INSTANCES, STORES, StoreNote
from lint_rules.families.e04_leaks.reached import Callers
from lint_rules.families.e04_leaks.store_uses import MADE, TENDED
from lint_rules.languages.tables import read_table
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.index import instances
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

_KEPT = read_table(Path(__file__).parent / "kept_instances.toml")["kept"]
_BASES, _MADE = frozenset(_KEPT["bases"]), _KEPT["made"]
_MOST_HOPS = 6
_MOST_CALLS = 3
_COPIES = ("BaseModel", "BaseSettings", "Struct", "TypedDict", "Schema", "Serializer", "Enum", "Model", "NamedTuple")
"""Parts of the names of classes that copy what their bodies bind, or bind something else."""


class Grown(Struct, frozen=True):
    """A container, where it is made, and the place in a function that adds to it for a handler."""

    made_in: ModuleFacts
    made: StoreNote
    module: ModuleFacts
    grows: StoreNote
    handler: Reference


def grown_over_files(project: Project) -> Iterator[Grown]:
    """The containers that handlers fill and nothing empties, each once, at the first place."""
    made: dict[str, tuple[ModuleFacts, StoreNote]] = {}
    grows: list[tuple[ModuleFacts, StoreNote]] = []
    tended: set[str] = set()
    for module, notes in project.notes(STORES):
        for note in notes:
            if note.what == MADE:
                for key in _keys(note, project):
                    made.setdefault(key, (module, note))
            elif note.what == TENDED:
                tended.update(_keys(note, project), _bare(note, project))
            else:
                grows.append((module, note))
    told: set[str] = set()
    for module, note in grows:
        keys = _keys(note, project)
        found = next((made[key] for key in keys if key in made), None)
        function = module.functions.get(note.function)
        if found is None or function is None or note.span is None or _is_one_of_few(note, project):
            continue
        keys = {*keys, *_keys(found[1], project)}
        if not keys.isdisjoint(told) or not tended.isdisjoint(
            {*keys, *_bare(note, project), *_bare(found[1], project)}
        ):
            continue
        if not _outlives(found[1], project):
            continue
        callers = project.shared(Callers)
        handler = callers.handler_of(Reference(module, function), most=_MOST_CALLS)
        is_direct = handler is not None and handler[0].name == f"{module.module}.{note.function}"
        if handler is not None and (is_direct or (note.comes_in and not _is_local(found[1], found[0], callers))):
            project.asked_words.add(note.container.rpartition(".")[2].strip("[]"))
            told |= keys
            yield Grown(found[0], found[1], module, note, handler[0])


def _keys(note: StoreNote, project: Project) -> set[str]:
    """The names that a container has, however a file came by it: of an instance, or of its class."""
    owner, _, name = note.container.rpartition(".")
    if note.container.startswith("<app>"):
        return {note.container}
    if owner == OF_INSTANCES:
        owner = note.owner
    elif owner not in project.symbols.known_modules:
        known = project.symbols.class_(owner)
        owner = f"{known[0].module}.{known[1].name}" if known is not None else ""
    else:
        return {_original(note.container, project)}
    return {f"{owner}.{OF_INSTANCES}.{name}", f"{owner}.{name}"} if owner else {note.container}


def _bare(note: StoreNote, project: Project) -> set[str]:
    """An attribute of an instance by its name alone, as code outside the class mentions it."""
    owner, _, name = note.container.rpartition(".")
    return set() if owner in project.symbols.known_modules or owner == "<app>" else {f"{OF_INSTANCES}.{name}"}


def _is_one_of_few(note: StoreNote, project: Project) -> bool:
    """Whether the keys are the members of an enumeration, or names of loggers, which modules have."""
    if note.function.rpartition(".")[2].lower().endswith(("get_logger", "getlogger")):
        return True
    ancestors = project.symbols.ancestors(note.key_type) if note.key_type else ()
    return any(one.startswith("enum.") for one in ancestors)


def _is_local(made: StoreNote, module: ModuleFacts, callers: Callers) -> bool:
    """Whether a container around functions is made anew for each request, since a handler calls what makes it."""
    outer, separator, _ = made.container.removeprefix(f"{module.module}.").rpartition(".<locals>.")
    function = module.functions.get(outer) if separator else None
    return function is not None and callers.handler_of(Reference(module, function)) is not None


def _original(symbol: str, project: Project) -> str:
    """Where the module that a name is imported from has it from."""
    for _ in range(_MOST_HOPS):
        owner, _, name = symbol.rpartition(".")
        facts = project.facts.get(owner)
        if facts is None:
            if owner in project.symbols.known_modules:
                project.symbols.ask(owner)
            return symbol
        target = facts.aliases.get(name)
        if target is None:
            star = next((one for one in facts.stars if _binds(one, name, project)), None)
            target = f"{star}.{name}" if star and name not in facts.variables else None
        if target is None or target == symbol:
            return symbol
        symbol = target
    return symbol


def _binds(module: str, name: str, project: Project) -> bool:
    facts = project.facts.get(module)
    return facts is not None and (name in facts.variables or name in facts.aliases)


def _outlives(made: StoreNote, project: Project) -> bool:
    """Whether a container is there before and after the request."""
    if not made.owner:
        return True
    if not made.container.startswith(OF_INSTANCES):
        own = project.symbols.class_(made.owner)
        bases = own[1].bases if own is not None else ()
        return not any(base.rpartition(".")[2].endswith(_COPIES) for base in bases)
    if _is_kept_by_framework(made.owner, project):
        return True
    name = made.owner.rpartition(".")[2]
    project.asked_words.add(f"{name}(")
    return any(project.symbols.canonical(symbol) == made.owner for symbol in project.index(instances).at(name))


def _is_kept_by_framework(owner: str, project: Project) -> bool:
    """Whether a framework makes one instance of a class for all requests: middleware."""
    if not _BASES.isdisjoint(project.symbols.ancestors(owner)):
        return True
    found = project.symbols.class_(owner)
    functions = found[0].functions if found is not None else {}
    name = found[1].name if found is not None else ""
    made, called = functions.get(f"{name}.__init__"), functions.get(f"{name}.__call__")
    if made is None or called is None:
        return False
    given = tuple(called.parameters[1:])
    return any(made.parameters[1:2] == (row["first"],) and given == tuple(row["called"]) for row in _MADE)
