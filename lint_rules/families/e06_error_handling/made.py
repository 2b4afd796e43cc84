"""Bodies that are not written where they are answered: what makes them, and which shape that gives them.

A file writes down what its functions return and which fields its classes for bodies have; an answer names the symbol of
what makes its body. Both are brought together here, when all files are linked.
"""

from __future__ import annotations

from collections.abc import Iterable

from lint_rules.families.e06_error_handling.notes import MAKERS, Maker
from lint_rules.families.e06_error_handling.shapes import UNKNOWN, Shape
from lint_rules.project.linked import Project

_MOST_STEPS = 4


class Makers:
    """All makers of bodies of the known files, by canonical name."""

    def __init__(self, project: Project) -> None:
        self._symbols = project.symbols
        self._by_name: dict[str, Maker] = {
            f"{module.module}.{maker.name}": maker for module, makers in project.notes(MAKERS) for maker in makers
        }

    def shape(self, symbol: str) -> Shape:
        """The shape of what a function returns or a class holds; UNKNOWN where that is not told."""
        for _ in range(_MOST_STEPS):
            maker = self._maker(symbol) if symbol else None
            if maker is None:
                return UNKNOWN
            if maker.shape != UNKNOWN:
                return maker.shape
            symbol = maker.made
        return UNKNOWN

    def of_class(self, lineage: Iterable[str]) -> Shape:
        """The shape that the nearest of these classes gives its bodies."""
        return next((self._by_name[name].shape for name in lineage if name in self._by_name), UNKNOWN)

    def _maker(self, symbol: str) -> Maker | None:
        reference = self._symbols.function(symbol)
        if reference is not None and (found := self._by_name.get(reference.name)) is not None:
            return found
        own = symbol.removesuffix("()")
        for name in (own, own.rpartition(".")[0]):  # `ErrorBody(...)`, `ErrorBody(...).model_dump()`
            if name and self._symbols.class_(name) is not None:
                lineage = self._symbols.ancestors(name.removesuffix("()"))
                return next((self._by_name[one] for one in lineage if one in self._by_name), None)
        return None
