"""What the modules of a project say under a name, kept up as their facts come.

Project checks run again whenever more of a project is known. What was taken from a module's facts stands as long as
these facts do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

from lint_rules.project.facts import CallFacts, ModuleFacts
from lint_rules.project.symbols import Reference

Item = TypeVar("Item")
DERIVING = ("({})", "({},", ", {})", ", {},", ".{})", ".{},")
"""Texts of which a file of Python holds one if a class in it derives from one of that name."""

Entries = Callable[[ModuleFacts], Iterable[tuple[str, Item]]]


class Index(Generic[Item]):
    """The entries of modules, by key."""

    def __init__(self, entries: Entries[Item]) -> None:
        self._entries = entries
        self._taken: dict[str, tuple[ModuleFacts, frozenset[str]]] = {}
        self._by_key: dict[str, dict[str, list[Item]]] = {}

    def update(self, facts: Mapping[str, ModuleFacts]) -> None:
        """Take the entries of the modules whose facts are new."""
        for name, module in facts.items():
            taken = self._taken.get(name)
            if taken is None or taken[0] is not module:
                for key in taken[1] if taken is not None else ():
                    del self._by_key[key][name]
                self._take(name, module)

    def _take(self, name: str, module: ModuleFacts) -> None:
        keys = set()
        for key, item in self._entries(module):
            keys.add(key)
            self._by_key.setdefault(key, {}).setdefault(name, []).append(item)
        self._taken[name] = module, frozenset(keys)

    def at(self, key: str) -> Iterator[Item]:
        """The entries of a key: module by module in the order of their names, those of a module in the order taken."""
        by_module = self._by_key.get(key, {})
        for name in sorted(by_module) if len(by_module) > 1 else by_module:
            yield from by_module[name]


class CallSite(NamedTuple):
    """A call in a function of the project: its place among the function's calls."""

    caller: Reference
    position: int

    @property
    def call(self) -> CallFacts:
        """The call."""
        return self.caller.function.calls[self.position]


def call_sites(module: ModuleFacts) -> Iterator[tuple[str, CallSite]]:
    """The calls of a module, by the last name of what they call."""
    for function in module.functions.values():
        caller = Reference(module, function)
        for position, call in enumerate(function.calls):
            yield call.target.rpartition(".")[2], CallSite(caller, position)


def decorated(module: ModuleFacts) -> Iterator[tuple[str, tuple[Reference, str]]]:
    """The decorated functions of a module, each with its decorator, by the last name of that."""
    for function in module.functions.values():
        for decorator in function.decorators:
            yield decorator.removesuffix("()").rpartition(".")[2], (Reference(module, function), decorator)


def derived(module: ModuleFacts) -> Iterator[tuple[str, tuple[str, str]]]:
    """The classes of a module that derive from others: a base's (or interface's) symbol and the class, by the last
    name of the base."""
    for one in module.classes.values():
        for base in (*one.bases, *one.implements):
            yield base.rpartition(".")[2], (base, f"{module.module}.{one.name}")


def instances(module: ModuleFacts) -> Iterator[tuple[str, str]]:
    """The symbols of calls that variables of a module hold the results of, by the last name of what is called."""
    for value in module.variables.values():
        if value.endswith("()"):
            symbol = value.removesuffix("()")
            yield symbol.rpartition(".")[2], symbol
