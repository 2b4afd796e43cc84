"""The project as link sees it: the facts of all files that were needed, and questions about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lint_rules.project.calls import CallGraph
from lint_rules.project.facts import FunctionFacts, ModuleFacts
from lint_rules.project.symbols import Reference, Symbols


@dataclass(slots=True)
class Project:
    """What project checks are given.

    `root` is the project's folder; `files` are all analysed files and the deployment files beside them, relative to
    it, with `/`; `options` are the user's settings by rule name.
    """

    root: str
    symbols: Symbols
    files: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _graph: CallGraph | None = None

    @property
    def facts(self) -> Mapping[str, ModuleFacts]:
        """Facts by module name."""
        return self.symbols.facts

    def functions(self) -> Iterator[Reference]:
        """All functions of all known modules, in a fixed order, module bodies included."""
        for module in sorted(self.symbols.facts):
            facts = self.symbols.facts[module]
            for function in facts.functions.values():
                yield Reference(facts, function)

    @property
    def graph(self) -> CallGraph:
        """The calls of functions on the event loop and of everything synchronous they reach."""
        if self._graph is None:
            self._graph = CallGraph(self.symbols)
            self.explore()
        return self._graph

    def explore(self) -> CallGraph:
        """Walk the call graph again with what is known now."""
        graph = self._graph = self._graph or CallGraph(self.symbols)
        graph.explore((one for one in self.functions() if runs_on_loop(one.function)), follows=is_synchronous)
        return graph

    def option(self, rule: str, name: str, default: Any) -> Any:
        """The user's value for an option of a rule."""
        return self.options.get(rule, {}).get(name, default)


def runs_on_loop(function: FunctionFacts) -> bool:
    """Whether a function's body runs on the event loop by its own form."""
    return function.on_loop


def is_synchronous(function: FunctionFacts) -> bool:
    """Whether calling the function runs its body on the spot."""
    return not function.is_async
