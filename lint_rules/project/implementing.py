"""Methods that a class only declares, and the classes of the project that say what they do."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.project.facts import FunctionFacts
from lint_rules.project.index import DERIVING, Index, derived
from lint_rules.project.symbols import Reference, Symbols

ABSTRACT = "abstract"
"""Among the decorators of a method of TypeScript that has no body."""

IMPLEMENTED = "implemented"
"""The kind of the edge from a declared method to one that does what it says."""

_ABSTRACT = (ABSTRACT, "abc.abstractmethod", "abc.abstractproperty")
_REFUSALS = frozenset({"Error", "NotImplementedError"})
_PROTOCOL = "typing.Protocol"
_FORMS = (*DERIVING, "extends {}", "implements {}")
_MOST_CLASSES = 60


class Implementations:
    """The known classes by what they derive from, and `words` of files that may hold more of them."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._version = -1
        self._derived = Index(derived)
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
        if self._version != self._symbols.version:
            self._version = self._symbols.version
            self._derived.update(self._symbols.facts)
        waiting, seen = [base], {base}
        while waiting and len(seen) < _MOST_CLASSES:
            current = waiting.pop(0)
            for symbol, name in self._derived.at(current.rpartition(".")[2]):
                if name not in seen and self._symbols.canonical(symbol) == current:
                    seen.add(name)
                    waiting.append(name)
                    yield name


def _refuses(function: FunctionFacts) -> bool:
    """Whether all that a method does is to say that somebody else has to: `raise NotImplementedError`."""
    if "!" not in function.risks or function.returns not in ("", "typing.NoReturn"):
        return False
    return all(call.target.removesuffix("()").rpartition(".")[2] in _REFUSALS for call in function.calls)
