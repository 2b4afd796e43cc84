"""What a Python project says that it needs: pyproject.toml, requirements files, setup.py, Pipfile, environment.yml.

Nothing is run: setup.py is read as text and syntax. All names of distributions are normal names (PEP 503). The nearest
folder that declares anything for use at run time is the project of a file; what is declared below it, in folders with
requirements for tests or documentation alone, counts too.
"""

from __future__ import annotations

import os

import msgspec
from msgspec import Struct

from lint_rules.project.disk import remembered
from lint_rules.project.manifest_formats import FORMATS, Declared


class Manifest(msgspec.Struct, frozen=True):
    """The manifests of one folder together.

    `paths` are the files they were read from, `name` the project's own. `runtime`, `optional` (extras) and
    `development` are names of distributions. `is_open` says that not all of them can be known from the files.
    """

    folder: str
    paths: tuple[str, ...]
    name: str = ""
    requires_python: str = ""
    runtime: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    development: frozenset[str] = frozenset()
    is_open: bool = False
    members: tuple[str, ...] = ()

    @property
    def is_library(self) -> bool:
        """Whether others install the project, so that what is imported inside of functions may be left to them."""
        return bool(self.name) and self.path.endswith(("METADATA", "pyproject.toml", "setup.cfg", "setup.py"))

    @property
    def is_built(self) -> bool:
        """Whether this is an unpacked wheel, whose extras are all that is left of what developers need."""
        return self.path.endswith("METADATA")

    @property
    def path(self) -> str:
        """The file in which a dependency for use at run time belongs."""
        return self.paths[0] if self.paths else ""

    def declares(self, distribution: str) -> bool:
        """Whether a distribution is declared, for whatever use."""
        return distribution in self.runtime or distribution in self.optional or distribution in self.development


class Declarations(Struct, frozen=True):
    """What holds for one file: the nearest manifest, and those on the way to it that only add."""

    manifest: Manifest
    additions: tuple[Manifest, ...] = ()

    @property
    def all(self) -> tuple[Manifest, ...]:
        """All manifests that count, the nearest that declares run-time dependencies first."""
        return (self.manifest, *self.additions)

    @property
    def is_open(self) -> bool:
        """Whether some dependencies cannot be known from the files."""
        return any(manifest.is_open for manifest in self.all)

    @property
    def names(self) -> frozenset[str]:
        """All distributions that are declared for whatever use."""
        return frozenset().union(*(one.runtime | one.optional | one.development for one in self.all))

    @property
    def runtime(self) -> frozenset[str]:
        """The distributions that are there in production (extras are taken to be)."""
        return frozenset().union(*(one.runtime | one.optional for one in self.all))


def declarations(path: str, root: str) -> Declarations | None:
    """What is declared for a file; None if no manifest up to the project's root declares anything."""
    return _declarations(os.path.dirname(path), root)


@remembered(4096)
def _declarations(folder: str, root: str) -> Declarations | None:
    additions: list[Manifest] = []
    while True:
        manifest = manifest_in(folder)
        if manifest is not None:
            if manifest.runtime or manifest.is_open or manifest.name:
                return Declarations(manifest, tuple(additions))
            additions.append(manifest)
        parent = os.path.dirname(folder)
        if folder in (root, parent) or not folder.startswith(root):
            break
        folder = parent
    if not additions or not any(one.development or one.optional for one in additions):
        return None
    return Declarations(additions[0], tuple(additions[1:]))


@remembered(4096)
def manifest_in(folder: str) -> Manifest | None:
    """The manifests of a folder, None if it has none that declares dependencies."""
    try:
        names = frozenset(os.listdir(folder))
    except OSError:
        return None
    found: list[tuple[str, Declared]] = []
    for read in FORMATS:
        found.extend(read(folder, names))
    found = [(path, declared) for path, declared in found if declared.says_anything]
    if not found:
        return None
    runtime = frozenset().union(*(one.runtime for _, one in found))
    optional = frozenset().union(*(one.optional for _, one in found))
    development = frozenset().union(*(one.development for _, one in found)) - runtime
    return Manifest(
        folder, tuple(path for path, _ in found), next((one.name for _, one in found if one.name), ""),
        next((one.requires_python for _, one in found if one.requires_python), ""), runtime, optional, development,
        any(one.is_open for _, one in found), tuple(member for _, one in found for member in one.members),
    )  # fmt: skip


def lowest_python(requires: str) -> tuple[int, int] | None:
    """The lowest Python 3 version that a `requires-python` allows, None if that cannot be told."""
    return _matching(requires, reverse=False)


def highest_python(requires: str) -> tuple[int, int] | None:
    """The highest Python version known here that a `requires-python` allows, None if it allows none or is not one."""
    return _matching(requires, reverse=True)


_LAST_MINOR = 15


def _matching(requires: str, *, reverse: bool) -> tuple[int, int] | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    written = requires.strip()
    if not written:
        return None
    if written[0] == "^":
        written = f">={written[1:]},<4"
    elif written[0] == "~" and not written.startswith("~="):
        written = f"=={written[1:]}.*"
    elif written[0].isdigit():
        written = f"=={written}.*" if written.count(".") < 2 else f"=={written}"
    try:
        allowed = SpecifierSet(written)
    except InvalidSpecifier:
        return None
    minors = range(3, _LAST_MINOR)
    for minor in reversed(minors) if reverse else minors:
        if any(allowed.contains(f"3.{minor}.{patch}") for patch in (0, 4, 99)):
            return 3, minor
    return None
