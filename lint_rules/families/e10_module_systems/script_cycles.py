"""The rings of JavaScript modules that fail to load, for the rule about circular imports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lint_rules.languages.javascript.evaluation_time import es_module, written_specifiers
from lint_rules.languages.javascript.require_time import require_steps
from lint_rules.project.evaluation_simulation import EsModule, TooEarly, read_too_early
from lint_rules.project.import_simulation import rings
from lint_rules.project.modules import Modules, find_modules
from lint_rules.project.node_modules import PROJECT
from lint_rules.project.require_simulation import HalfMade, RequireStep, half_made
from lint_rules.source import SourceText, read_source

Found = TypeVar("Found", HalfMade, TooEarly)

_ENTRY = re.compile(r"(?:^|/)(?:index|main|server|app|www|start|cli|worker)\.[cm]?[jt]s$")
_REQUIRE = re.compile(rb"""\brequire\s*\(\s*['"](\.[^'"]*)['"]\s*\)""")
_SUFFIXES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".jsx", ".tsx")


class _Edges(Struct):
    """Who imports whom, by their text: a superset. Tests are no importers: they begin anywhere."""

    targets: dict[str, set[str]]
    importers: dict[str, set[str]]

    def add(self, path: str, found: set[str], *, is_test: bool) -> None:
        self.targets[path] = found - {path}
        if not is_test:
            for target in self.targets[path]:
                self.importers.setdefault(target, set()).add(path)


class Scripts:
    """The JavaScript and TypeScript modules of a project, and what loading those in a ring does."""

    def __init__(self, root: str, files: Iterable[str]) -> None:
        files = tuple(files)
        self._modules: Modules = find_modules(root, files)
        self.sources: dict[str, SourceText] = {}
        self._required, self._imported = _Edges({}, {}), _Edges({}, {})
        paths = frozenset(path for path in files if path.endswith(_SUFFIXES))
        for path in sorted(paths):
            source = read_source(path)
            if not isinstance(source, SourceText):
                continue
            self.sources[path] = source
            module = self._modules.by_path[path]
            if module.is_declaration:
                continue
            if path.endswith((".js", ".cjs")):
                required = {self._target(one.decode("utf-8", "replace"), path) for one in _REQUIRE.findall(source.data)}
                self._required.add(path, required & paths, is_test=module.is_test)
            if not path.endswith((".cjs", ".cts")):
                imported = {self._target(one, path) for one in written_specifiers(source.data)}
                self._imported.add(path, imported & paths, is_test=module.is_test)

    def _target(self, specifier: str, path: str) -> str:
        found = self._modules.node.resolve(specifier, path)
        return found.path if found.kind == PROJECT else ""

    def half_made(self) -> Iterator[HalfMade]:
        """What CommonJS modules take of each other before it is there."""

        @cache
        def steps(path: str) -> list[RequireStep] | None:
            def resolve(specifier: str) -> str:
                return self._target(specifier, path) if specifier.startswith(".") else ""

            return require_steps(self.sources[path].data, path, resolve) if path in self.sources else None

        for ring, found in _outcomes(self._required, lambda start: half_made(start, steps)):
            yield from (half for half in found if half.module in ring)

    def too_early(self) -> Iterator[TooEarly]:
        """What ES modules read of each other before it is there."""

        @cache
        def module(path: str) -> EsModule | None:
            if path not in self.sources:
                return None
            found = es_module(self.sources[path].data, path, lambda specifier: self._target(specifier, path))
            # What is no member leads to none, or else it would be one.
            return found if found is None or path in members else replace(found, leads_back=False)

        def early(start: str) -> list[TooEarly]:
            found = read_too_early(start, module)
            return [found] if found is not None else []

        members = {path for ring in rings(self._imported.targets) for path in ring}
        for _, found in _outcomes(self._imported, early):
            yield from found


def _outcomes(edges: _Edges, load: Callable[[str], list[Found]]) -> Iterator[tuple[set[str], list[Found]]]:
    """The rings, with what goes wrong in each from wherever it is entered, or from what looks like an entry."""
    for ring in rings(edges.targets):
        members = set(ring)
        entries = sorted(path for path in ring if not members.issuperset(edges.importers.get(path, ())))
        likely = [] if entries else [path for path in ring if _ENTRY.search(path)]
        outcomes = [load(start) for start in likely or entries or ring]
        places = [{(one.module, one.step.at) for one in found} for found in outcomes]
        certain = set.union(*places) if likely else set.intersection(*places)
        if likely or all(isinstance(one, HalfMade) for found in outcomes for one in found):
            found = {(one.module, one.step.at): one for found in reversed(outcomes) for one in found}
            yield members, [one for place, one in found.items() if place in certain]
        elif all(outcomes):  # each way in fails, if not at the same place
            yield members, outcomes[0]
