"""Methods that a class only declares, and the classes of the project that say what they do."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.project.facts import FunctionFacts
from lint_rules.project.symbols import Reference, Symbols

ABSTRACT = "abstract"
"""Among the decorators of a method of TypeScript that has no body."""

IMPLEMENTED = "implemented"
"""The kind of the edge from a declared method to one that does what it says."""

_ABSTRACT = (ABSTRACT, "abc.abstractmethod", "abc.abstractproperty")
_REFUSALS = frozenset({"Error", "NotImplementedError"})
_PROTOCOL = "typing.Protocol"
_FORMS = ("({})", "({},", ", {})", ", {},", ".{})", ".{},", "extends {}", "implements {}")
_MOST_CLASSES = 60


class Implementations:
    """The known classes by what they derive from; made anew when more of the project is known."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._version = -1
        self._derived: dict[str, list[tuple[str, str]]] = {}
        self.words: set[str] = set()

    def of(self, declared: Reference) -> list[Reference]:
        """The methods that stand for one that is only declared, in the order of their classes' names."""
        owner, _, method = declared.function.name.rpartition(".")
        if not owner or owner not in declared.module.classes or not self._is_declared(declared, owner):
            return []
        self.words.update(form.format(owner.rpartition(".")[2]) for form in _FORMS)
        found = (self._symbols.method_of(one, method) for one in self._classes(f"{declared.module.module}.{owner}"))
        by_name = {one.name: one for one in found if one is not None and not self._is_declared(one, "")}
        return [by_name[name] for name in sorted(by_name) if name != declared.name]

    def _is_declared(self, method: Reference, owner: str) -> bool:
        function = method.function
        if any(decorator in _ABSTRACT for decorator in function.decorators) or _refuses(function):
            return True
        bases = method.module.classes[owner].bases if owner in method.module.classes else ()
        return any(base.startswith(_PROTOCOL) for base in bases)

    def _classes(self, base: str) -> Iterator[str]:
        """The classes that derive from one, over any number of steps."""
        derived, waiting, seen = self._by_base, [base], {base}
        while waiting and len(seen) < _MOST_CLASSES:
            current = waiting.pop(0)
            for symbol, name in derived.get(current.rpartition(".")[2], ()):
                if name not in seen and self._symbols.canonical(symbol) == current:
                    seen.add(name)
                    waiting.append(name)
                    yield name

    @property
    def _by_base(self) -> dict[str, list[tuple[str, str]]]:
        if self._version != self._symbols.version:
            self._version = self._symbols.version
            self._derived = {}
            for module in list(self._symbols.facts):
                facts = self._symbols.facts[module]
                for one in facts.classes.values():
                    for base in (*one.bases, *one.implements):
                        derived = self._derived.setdefault(base.rpartition(".")[2], [])
                        derived.append((base, f"{facts.module}.{one.name}"))
        return self._derived


def _refuses(function: FunctionFacts) -> bool:
    """Whether all that a method does is to say that somebody else has to: `raise NotImplementedError`."""
    called = {call.target.removesuffix("()").rpartition(".")[2] for call in function.calls}
    return called <= _REFUSALS and "!" in function.risks and not function.returns
