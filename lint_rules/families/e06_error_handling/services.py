"""The services of a project: an app with all files that belong to it, several in one repository being kept apart.

A file belongs to the app whose folder is nearest to it within the same package (the folder that has a manifest); a file
that is equally near to several belongs to those that import it, or to all. Apps of one file are one service; in
JavaScript, where routers are often written as apps, all apps of a package are, unless several of them listen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePath

from msgspec import Struct, field

from lint_rules.families.e06_error_handling.notes import ANSWERS, WIRING, ErrorAnswer, Wiring
from lint_rules.project.disk import exists
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.linked import Project

_MANIFESTS = {
    "python": ("pyproject.toml", "setup.py", "requirements.txt", "Pipfile", "manage.py", "setup.cfg"),
    "javascript": ("package.json",),
}


class Part(Struct):
    """One file of a service: its facts, and what it wrote down."""

    module: ModuleFacts
    answers: tuple[ErrorAnswer, ...] = ()
    wiring: tuple[Wiring, ...] = ()


class Service(Struct):
    """The apps of one file and the files that belong to them; without apps, those of one package."""

    folder: str
    apps: list[tuple[ModuleFacts, Wiring]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def wiring(self, *kinds: str) -> Iterator[tuple[ModuleFacts, Wiring]]:
        """What the files of the service wire, of these kinds, in the order of the files."""
        for part in self.parts:
            for one in part.wiring:
                if one.kind in kinds:
                    yield part.module, one

    @property
    def modules(self) -> frozenset[str]:
        """The names of its modules."""
        return frozenset(part.module.module for part in self.parts)


def services(project: Project) -> list[Service]:
    """The services of the known files of a project."""
    parts: dict[str, Part] = {}
    for module, answers in project.notes(ANSWERS):
        parts.setdefault(module.module, Part(module)).answers = answers
    for module, wiring in project.notes(WIRING):
        parts.setdefault(module.module, Part(module)).wiring = wiring
    by_root: dict[str, list[Part]] = {}
    for name in sorted(parts):
        part = parts[name]
        by_root.setdefault(package_root(os.path.dirname(part.module.path), project.root, project.language), []).append(
            part
        )
    found: list[Service] = []
    for root in sorted(by_root):
        found.extend(_of_root(root, by_root[root], project.language))
    return found


@lru_cache(maxsize=4096)
def package_root(folder: str, top: str, language: str) -> str:
    """The nearest folder with a manifest, at most the project's."""
    current = folder
    while current.startswith(top) and current != top:
        if any(exists(os.path.join(current, name)) for name in _MANIFESTS.get(language, ())):
            return current
        parent = os.path.dirname(current)
        if parent == current:
            break
        current = parent
    return top


def _of_root(root: str, parts: list[Part], language: str) -> list[Service]:
    found: dict[str, Service] = {}
    for part in parts:
        for one in part.wiring:
            if one.kind == "app":
                path = part.module.path
                found.setdefault(path, Service(os.path.dirname(path))).apps.append((part.module, one))
    if not found:
        found[root] = Service(root)
    elif language == "javascript" and len(found) > 1:
        found = _merged(found, parts, root)
    for part in parts:
        own = found.get(part.module.path)
        fitting = [one for one in found.values() if own is not None or _speaks(part, one)]
        near = [own] if own is not None else _nearest(part.module.path, fitting)
        for service in [one for one in near if _is_imported(part, one)] or near:
            service.parts.append(part)
    return list(found.values())


def _merged(found: dict[str, Service], parts: list[Part], root: str) -> dict[str, Service]:
    """The apps of a JavaScript package: one service, or one for each app beside which something listens."""
    serving = [part.module.path for part in parts if any(one.kind == "serves" for one in part.wiring)]
    folders = {os.path.dirname(path) for path in serving if path not in found}
    listening = [path for path in found if path in serving or os.path.dirname(path) in folders]
    if len(listening) < 2:
        whole = Service(root)
        for service in found.values():
            whole.apps.extend(service.apps)
        return {root: whole}
    for path in sorted(found):
        if path not in listening:
            for nearest in _nearest(path, [found[one] for one in listening])[:1]:
                nearest.apps.extend(found[path].apps)
    return {path: found[path] for path in listening}


_FRAMEWORKS = {
    "fastapi": "starlette", "starlette": "starlette", "flask": "flask", "werkzeug": "flask", "quart": "quart",
    "sanic": "sanic", "aiohttp": "aiohttp", "tornado": "tornado", "litestar": "litestar", "django": "django",
    "rest_framework": "django",
}  # fmt: skip
"""Packages of Python whose import says which framework a file's handlers are for."""


def _speaks(part: Part, service: Service) -> bool:
    """Whether a file that imports a framework imports that of the app; others go with any."""
    spoken = {_FRAMEWORKS.get(target.partition(".")[0], "") for target in part.module.aliases.values()} - {""}
    wanted = {_FRAMEWORKS.get(app.on.partition(".")[0], "") for _, app in service.apps} - {""}
    return not spoken or not wanted or not spoken.isdisjoint(wanted)


def _is_imported(part: Part, service: Service) -> bool:
    """Whether a file imports an app's file, or is imported by it."""
    own = f"{part.module.module}."
    for app, _ in service.apps:
        imported = (*part.module.aliases.values(), *part.module.variables.values())
        importing = (*app.aliases.values(), *app.variables.values())
        if any(name.startswith(f"{app.module}.") for name in imported) or any(
            name.startswith(own) for name in importing
        ):
            return True
    return False


def _nearest(path: str, among: list[Service]) -> list[Service]:
    """Those with the longest way in common; of them those whose folder holds the file, where there are such."""
    shared = [(_shared(path, service.folder), service) for service in among]
    near = [((depth, depth == len(PurePath(one.folder).parts)), one) for depth, one in shared]
    most = max((nearness for nearness, _ in near), default=(0, False))
    return [service for nearness, service in near if nearness == most]


def _shared(path: str, folder: str) -> int:
    own, other = PurePath(path).parts, PurePath(folder).parts
    count = 0
    for mine, its in zip(own, other, strict=False):
        if mine != its:
            break
        count += 1
    return count


def unbound_filters(service: Service) -> Iterator[tuple[ModuleFacts, Wiring]]:
    """The exception filters of a NestJS service that nothing binds, and no other class derives from."""
    bound = {one.name for _, one in service.wiring("bound")}
    bases = {base for part in service.parts for known in part.module.classes.values() for base in known.bases}
    mentioned = bound | {base.rpartition(".")[2] for base in bases}
    if not service.apps and not any(service.wiring("serves")):
        return  # a library of filters
    for module, one in service.wiring("filter"):
        if one.name not in mentioned and one.name.endswith(("Filter", "Handler")):
            yield module, one
