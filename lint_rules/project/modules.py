"""Which module each file is, and which module an import means.

A module's name here is its path from the project's folder with dots (`src.app.store`), so that two services in one
repository that both have a package `app` stay apart. What the code writes (`app.store`) is looked up from the *anchor*
of the importing file, the folder from which its top package is imported, and then from all other anchors. A JavaScript
module's name is its whole path as one segment (project.node_names); project.node_modules says what its imports mean.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct, field

from lint_rules.project.node_modules import NodeModules
from lint_rules.project.node_names import segment

_JAVASCRIPT = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")


class Module(Struct, frozen=True):
    """One file as a module; `anchor` is the dotted folder from which its top package is imported, "" for the root."""

    path: str
    relative: str
    name: str
    anchor: str
    is_package: bool

    @property
    def is_test(self) -> bool:
        """Whether the file's place in the project says that it is a test."""
        return _is_test(self.relative)

    @property
    def is_javascript(self) -> bool:
        """Whether it is JavaScript or TypeScript."""
        return self.relative.endswith(_JAVASCRIPT)

    @property
    def is_tooling(self) -> bool:
        """Whether a JavaScript file's place says that it is a script, a build step or a tool's configuration."""
        return _is_tooling(self.relative)

    @property
    def is_declaration(self) -> bool:
        """Whether it only declares types (`.d.ts`, `.pyi`)."""
        return self.relative.endswith((".d.ts", ".d.mts", ".d.cts", ".pyi"))


# Rules ask for many nodes of one file after the other.


@lru_cache(maxsize=64)
def _is_test(relative: str) -> bool:
    pattern = _JAVASCRIPT_TEST_PATH if relative.endswith(_JAVASCRIPT) else _TEST_PATH
    return pattern.search(relative) is not None


def is_test_path(path: str, root: str) -> bool:
    """Whether a file says by its place in a project that it is a test."""
    return _is_test(path.removeprefix(root).lstrip("/"))


@lru_cache(maxsize=64)
def _is_tooling(relative: str) -> bool:
    if not relative.endswith(_JAVASCRIPT) or _TOOLING_PATH.search(relative) is None:
        return False
    return _OF_TOOLS.match(relative) is None


_TEST_PATH = re.compile(r"(?:^|/)(?:tests?|testing|benchmarks?|conftest\.py|test_[^/]*\.py|[^/]*_tests?\.py)(?:/|$)")


_JAVASCRIPT_TEST_PATH = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|__fixtures__|__testutils__|tests?|testing|test[-_]?mode|e2e|specs?|cypress|playwright|benchmarks?"
    r"|(?:jest|vitest|mocha|karma|playwright|cypress)\.[\w.-]+|test[-_][^/]*\.[cm]?[jt]sx?|tests?\.[cm]?[jt]sx?"
    r"|[^/]*[._-](?:test|tests|spec|e2e|e2e-spec|bench|cy|stories|mock)\.[cm]?[jt]sx?)(?:/|$)"
)
_TOOLING_PATH = re.compile(
    r"^(?:tools?|tooling|build)/|(?:^|/)bin/(?!www\b|server\b|start\b)"
    r"|(?:^|/)(?:scripts?|cli|CLI|migrations?|seeds?|seeders|\.github|\.husky|\.storybook)/"
    r"|(?:^|/)(?:[^/]*\.config|[^/]*rc|gulpfile|Gruntfile|Jakefile|webpack\.[^/]*|rollup\.[^/]*|vite\.[^/]*|babel\.[^/]*"
    r"|esbuild[^/]*|\.[^/]*rc|\.[^/]*)\.[cm]?[jt]s$"
    r"|^(?:debug|dev|tester|watch|watcher)\.[cm]?[jt]s$"
)

_OF_TOOLS = re.compile(
    r"tools?/(?:[^/]+/)*(?:[^/]+[._-])?(?:routes?|router|controllers?|services?|models?|handlers?|resolvers?|api)\.[cm]?[jt]s\Z"
)
"""Parts of a service that is about tools."""
_INSTALLER = re.compile(r"(?:^|/)(?:install(?:er|ation)?|set-?up|setup[-_][\w-]+)(?:/[^/]*)?\.[cm]?[jt]s\Z")


def is_installer(path: str) -> bool:
    """Whether a JavaScript file is by its name an installer or a set-up, which is done before anything is served."""
    return _INSTALLER.search(path) is not None


_COMMAND_LINE = frozenset({"__main__", "_cli", "bin", "cli", "manage", "scripts", "setup"})


def is_command_line(module: str) -> bool:
    """Whether a module's name says that it is a command or script, run by one person at a time, and no service."""
    return not _COMMAND_LINE.isdisjoint(module.split(".")) or ".management.commands" in f".{module}"  # Django's


class Modules(Struct):
    """All modules of a project."""

    by_path: dict[str, Module] = field(default_factory=dict)
    by_name: dict[str, Module] = field(default_factory=dict)
    node: NodeModules = field(default_factory=lambda: NodeModules("", frozenset()))
    script_folders: tuple[str, ...] = ()
    """Packages with a `manage.py`: it may import from its own folder, and with it all that it starts."""
    _anchors_of_top: dict[str, list[str]] = field(default_factory=dict)
    _in_package: dict[str, bool] = field(default_factory=dict)

    def resolve(self, written: str, importer: Module) -> str:
        """The module name for an absolute import as written, or what was written if the project has no such module."""
        top = written.split(".", 1)[0]
        folder = importer.name if importer.is_package else importer.name.rpartition(".")[0]
        beside = () if self._lies_in_package(folder) else (folder,)  # modules of a package do not see each other
        for anchor in (importer.anchor, *self.anchors_of(top, importer), *beside):
            candidate = f"{anchor}.{top}" if anchor else top
            if candidate in self.by_name:
                return f"{anchor}.{written}" if anchor else written
        for folder in self.script_folders:
            if importer.name.startswith(f"{folder}.") and f"{folder}.{written}" in self.by_name:
                return f"{folder}.{written}"
        return written

    def _lies_in_package(self, folder: str) -> bool:
        """Whether a dotted folder, or one around it, is a package: below one, folders without `__init__.py` are too."""
        known = self._in_package.get(folder)
        if known is None:
            package = self.by_name.get(folder)
            outer = folder.rpartition(".")[0]
            is_package = package is not None and bool(package.path)
            known = self._in_package[folder] = is_package or (outer != "" and self._lies_in_package(outer))
        return known

    def anchors_of(self, top: str, importer: Module) -> tuple[str, ...]:
        """The dotted folders from which a top-level module of this name is imported.

        Within a package, what lies below a folder without `__init__.py` (`plugins/openai`) is no top-level module for
        those outside of that folder.
        """
        return tuple(
            anchor
            for anchor in self._anchors_of_top.get(top, ())
            if importer.name.startswith(f"{anchor}.") or not anchor or not self._lies_in_package(anchor)
        )

    def __contains__(self, name: object) -> bool:
        return name in self.by_name


def find_modules(root: str, files: Iterable[str]) -> Modules:
    """Name the files (absolute paths below `root`, or elsewhere for single files outside it)."""
    files = list(files)
    modules = Modules(node=NodeModules(root, frozenset(path for path in files if path.endswith(_JAVASCRIPT))))
    paths = [path for path in files if path.endswith((".py", ".pyi"))]
    packages = {os.path.dirname(path) for path in paths if os.path.basename(path) == "__init__.py"}
    anchors: dict[str, str] = {}
    for path in paths:
        folder, base = os.path.split(path)
        anchor = anchors.get(folder)
        if anchor is None:
            anchor = anchors[folder] = _anchor(root, folder, packages)
        relative = os.path.relpath(path, root) if not path.startswith(root + os.sep) else path[len(root) + 1 :]
        dotted = relative.rpartition(".")[0].replace(os.sep, ".")
        is_package = base in ("__init__.py", "__init__.pyi")
        name = dotted.rpartition(".")[0] if is_package else dotted
        module = Module(path, relative.replace(os.sep, "/"), name or "__init__", anchor, is_package)
        modules.by_path[path] = module
        if name not in modules.by_name or path.endswith(".py"):
            modules.by_name[module.name] = module
    for name in list(modules.by_name):  # namespace packages: folders without __init__.py
        parent = name.rpartition(".")[0]
        while parent and parent not in modules.by_name:
            modules.by_name[parent] = Module("", "", parent, "", True)
            parent = parent.rpartition(".")[0]
    modules.script_folders = tuple(
        folder for folder in (_dotted(root, one) for one in sorted(packages)) if f"{folder}.manage" in modules.by_name
    )
    for module in modules.by_path.values():
        prefix = f"{module.anchor}." if module.anchor else ""
        top = module.name.removeprefix(prefix).split(".", 1)[0]
        known = modules._anchors_of_top.setdefault(top, [])
        if module.anchor not in known:
            known.append(module.anchor)
    for path in sorted(modules.node.files):
        relative = _relative(root, path)
        module = Module(path, relative, segment(relative), "", False)
        modules.by_path[path] = modules.by_name[module.name] = module
    for path in files:
        if path not in modules.by_path:  # configuration: no module, but a place in the project
            relative = _relative(root, path)
            modules.by_path[path] = Module(path, relative, segment(relative), "", False)
    return modules


def _relative(root: str, path: str) -> str:
    relative = os.path.relpath(path, root) if not path.startswith(root + os.sep) else path[len(root) + 1 :]
    return relative.replace(os.sep, "/")


def _anchor(root: str, folder: str, packages: set[str]) -> str:
    """The dotted folder from which the top package of `folder` is imported."""
    if folder in packages:
        while folder in packages and folder != root:
            folder = os.path.dirname(folder)
    elif "src" not in os.path.relpath(folder, root).split(os.sep):
        return ""
    else:
        while os.path.basename(folder) != "src":
            folder = os.path.dirname(folder)
    return _dotted(root, folder)


def _dotted(root: str, folder: str) -> str:
    """`app.views` for the folder `app/views`, "" for the root."""
    relative = os.path.relpath(folder, root)
    return "" if relative == "." else relative.replace(os.sep, ".")
