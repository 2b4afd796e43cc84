"""The path settings of tsconfig.json and jsconfig.json."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from lint_rules.project.disk import is_file
from lint_rules.project.packages import read_json

_NAMES = ("tsconfig.json", "jsconfig.json", "tsconfig.base.json")
_MAX_PARENTS = 8


class PathAliases(Struct, frozen=True):
    """`paths` as pairs of pattern and absolute targets, the longest pattern first; `base` is the `baseUrl` or ""."""

    base: str
    paths: tuple[tuple[str, tuple[str, ...]], ...]

    def candidates(self, specifier: str) -> Iterator[str]:
        """The paths without extension that a specifier may mean."""
        for pattern, targets in self.paths:
            matched = _matched(pattern, specifier)
            if matched is not None:
                yield from (os.path.normpath(target.replace("*", matched, 1)) for target in targets)
                break
        if self.base:
            yield os.path.normpath(os.path.join(self.base, specifier))

    def is_meant(self, specifier: str) -> bool:
        """Whether a pattern other than `*` matches the specifier."""
        return any(pattern != "*" and _matched(pattern, specifier) is not None for pattern, _ in self.paths)


def _matched(pattern: str, specifier: str) -> str | None:
    before, star, after = pattern.partition("*")
    if not star:
        return "" if specifier == pattern else None
    if specifier.startswith(before) and specifier.endswith(after) and len(specifier) >= len(before) + len(after):
        return specifier[len(before) : len(specifier) - len(after)]
    return None


def compiler_option(folder: str, root: str, name: str) -> str:
    """A textual option of the nearest tsconfig.json (lower case, `extends` followed), "" where none sets it."""
    while True:
        for config in _NAMES:
            path = os.path.join(folder, config)
            if is_file(path):
                for _, options in _chain(path):
                    if isinstance(options.get(name), str):
                        return str(options[name]).lower()
                return ""
        parent = os.path.dirname(folder)
        if folder in (root, parent) or not folder.startswith(root):
            return ""
        folder = parent


def path_aliases(folder: str) -> PathAliases | None:
    """The settings in a folder, None if it has no such file. What `extends` names comes first and is overridden."""
    path = next((path for name in _NAMES if is_file(path := os.path.join(folder, name))), None)
    if path is None:
        return None
    base, paths = "", None
    for where, options in _chain(path):
        if not base and isinstance(options.get("baseUrl"), str):
            base = os.path.normpath(os.path.join(where, options["baseUrl"]))
        if paths is None and isinstance(options.get("paths"), dict):
            paths = (where, options["paths"])
    found: list[tuple[str, tuple[str, ...]]] = []
    if paths is not None:
        where, written = paths
        for pattern, targets in written.items():
            if isinstance(targets, list):
                texts = [target for target in targets if isinstance(target, str)]
                found.append((pattern, tuple(os.path.join(base or where, target) for target in texts)))
    found.sort(key=lambda one: (-len(one[0].partition("*")[0]), "*" in one[0]))
    return PathAliases(base, tuple(found))


def _chain(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The compiler options of a file and of those it extends, nearest first, with their folders."""
    waiting = [path]
    for _ in range(_MAX_PARENTS):
        if not waiting:
            return
        path = waiting.pop(0)
        content = read_json(path, comments=True)
        if not isinstance(content, dict):
            continue
        folder = os.path.dirname(path)
        options = content.get("compilerOptions")
        yield folder, options if isinstance(options, dict) else {}
        extended = content.get("extends")
        parents = [extended] if isinstance(extended, str) else extended if isinstance(extended, list) else []
        for parent in reversed([one for one in parents if isinstance(one, str)]):
            if parent.startswith((".", "/")):
                full = os.path.normpath(os.path.join(folder, parent))
                waiting.append(full if full.endswith(".json") else full + ".json")
        references = content.get("references")
        if not isinstance(options, dict) and isinstance(references, list):  # a solution file of Vite or Nx
            for reference in references:
                if isinstance(reference, dict) and isinstance(reference.get("path"), str):
                    full = os.path.normpath(os.path.join(folder, reference["path"]))
                    waiting.append(full if full.endswith(".json") else os.path.join(full, "tsconfig.json"))
