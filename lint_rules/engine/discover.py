"""Which files there are: the project around the paths that were asked for, and which of its files to report on.

In a git repository these are the files git tracks and those it does not ignore; elsewhere a walk that honours
.gitignore. Symbolic links are not followed, except those the user names. Nothing in the tree is run.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

from lint_rules.engine.config import Settings
from lint_rules.engine.git import list_files
from lint_rules.source import JAVASCRIPT_SUFFIXES, PYTHON_SUFFIXES, is_config_name

ROOT_MARKERS: Final = (
    "tenlint.toml", ".tenlint.toml", ".git", "pyproject.toml", "setup.py", "setup.cfg", "package.json",
)  # fmt: skip

# Folders left out wherever they stand below the root; naming one, or a path inside one, brings it back.
EXCLUDED_FOLDERS: Final = frozenset(
    {
        ".bzr", ".direnv", ".eggs", ".git", ".hg", ".hypothesis", ".mypy_cache", ".nox", ".pytest_cache", ".pytype",
        ".ruff_cache", ".svn", ".tenlint_cache", ".tox", ".venv", "__pycache__", "__pypackages__", "_vendor",
        "bower_components", "build", "dist", "node_modules", "site-packages", "vendor", "venv",
    }
)  # fmt: skip
EXCLUDED_FOLDER_SUFFIX: Final = ".egg-info"
GENERATED_SUFFIXES: Final = (
    "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi",
    ".min.js", ".min.mjs", ".min.cjs", ".d.ts", ".d.mts", ".d.cts",
)  # fmt: skip
VENV_MARKER: Final = "pyvenv.cfg"

_BROAD_FOLDERS: Final = frozenset({os.sep, "/home", "/root", "/tmp", "/var/tmp", "/usr", "/opt", "/Users"})


class Discovered(Struct, frozen=True):
    """The files of a run; all paths are absolute.

    `files` is the whole project, sorted; `requested` are those to report on. `missing` are arguments that do not exist,
    `unnamable` files asked for whose names are no UTF-8 and cannot travel to a worker, `unreadable` folders that could
    not be listed, with the reason. Any of these makes the run incomplete. `among` is set where `requested` is a share
    of what was asked for, and counts that.
    """

    root: str
    files: tuple[str, ...]
    requested: frozenset[str]
    missing: tuple[str, ...] = ()
    unnamable: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    among: int = 0


def discover(paths: Sequence[str], settings: Settings) -> Discovered:
    """The files of the project that `paths` lie in, and those at or below `paths`.

    A folder that the project leaves out (ignored by git, a virtual environment) is walked all the same. If
    there are no other paths, the project around them is of no interest, and the root is the folder that holds them.
    """
    arguments = [os.path.abspath(path) for path in paths]
    start = start_folder(arguments)
    project_folder = project_root(start)
    root = project_folder or _above_packages(start)
    choice = FileChoice(settings, root)
    folders = [path for path in arguments if os.path.isdir(path)]
    named = [path for path in arguments if os.path.exists(path) and path not in folders]

    unlisted: list[tuple[str, str]] = []
    project = _project_files(root, choice, unlisted) if project_folder else _companions(named, choice)
    requested: set[str] = set()
    left_out: list[str] = []
    for folder in folders:
        inside = _below(project, folder)
        if not inside and not (settings.force_exclude and choice.is_excluded(folder)):
            left_out.append(folder)
            inside = list(walk(folder, choice, unlisted))
        requested.update(inside)
    if arguments and len(left_out) == len(arguments):
        root, project = _above_packages(os.path.commonpath(left_out)), []
    requested.update(file for file in named if not (settings.force_exclude and choice.is_excluded(file)))
    return Discovered(
        root,
        tuple(sorted(filter(_is_utf8, requested.union(project)))),
        frozenset(filter(_is_utf8, requested)),
        tuple(path for path, absolute in zip(paths, arguments, strict=True) if not os.path.exists(absolute)),
        tuple(sorted(path for path in requested if not _is_utf8(path))),
        tuple(sorted({(path, reason) for path, reason in unlisted if any(_is_in(path, asked) for asked in folders)})),
    )


def start_folder(arguments: Iterable[str]) -> str:
    """Where the look-up of root and configuration begins: the nearest folder that holds all (absolute) arguments.

    A file below the current folder counts as that folder if it lies in a project, so that a hook which splits its files
    into several runs gets the same root in each.
    """
    here = os.getcwd()
    here_is_project = project_root(here) is not None
    starts = []
    for path in arguments:
        if os.path.isdir(path):
            starts.append(path)
        else:
            starts.append(here if here_is_project and _is_in(path, here) else os.path.dirname(path))
    try:
        return os.path.commonpath(starts) if starts else here
    except ValueError:
        # Windows: the arguments lie on different drives.
        return starts[0]


def _above_packages(folder: str) -> str:
    """The nearest folder that is no Python package: from there the modules in `folder` are imported."""
    while os.path.isfile(os.path.join(folder, "__init__.py")) and (parent := os.path.dirname(folder)) != folder:
        folder = parent
    return folder


def project_root(start: str) -> str | None:
    """The nearest folder at or above `start` that looks like a project's root."""
    folder = start
    while True:
        if any(os.path.lexists(os.path.join(folder, marker)) for marker in ROOT_MARKERS):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


class FileChoice:
    """Which files of a project count, by name: suffix, folders left out by default, and the user's `exclude`."""

    def __init__(self, settings: Settings, root: str) -> None:
        self._root = root
        self._excludes: Callable[[str], bool] | None = None
        self._base = settings.root or root
        # `exclude = ["!vendor"]` brings a folder of the default list back.
        brought_back = {pattern[1:].strip("/") for pattern in settings.exclude if pattern.startswith("!")}
        self.excluded_folders = EXCLUDED_FOLDERS - brought_back
        if settings.exclude:
            from lint_rules.engine.globs import PathPatterns

            self._excludes = PathPatterns(settings.exclude).matches

    def is_left_out(self, path: str) -> bool:
        """Whether the user's `exclude` names this absolute path (of a folder: with a final separator)."""
        if self._excludes is None:
            return False
        # relpath drops the final separator, by which a pattern such as `gen/` knows folders.
        relative = os.path.relpath(path, self._base) + ("/" if path.endswith(os.sep) else "")
        return self._excludes(relative.replace(os.sep, "/"))

    def is_excluded_folder(self, name: str) -> bool:
        """Whether folders of this name are left out by default."""
        return name in self.excluded_folders or name.endswith(EXCLUDED_FOLDER_SUFFIX)

    def is_excluded(self, path: str) -> bool:
        """Whether a named path would be left out if it were not named."""
        folders, _, name = os.path.relpath(path, self._root).rpartition(os.sep)
        if os.path.isdir(path):
            folders, path = os.path.join(folders, name), path + os.sep
        elif name.endswith(GENERATED_SUFFIXES):
            return True
        return any(map(self.is_excluded_folder, folders.split(os.sep))) or self.is_left_out(path)

    def is_source(self, path: str) -> bool:
        """Whether a file of this name is analysed; of a configuration file the folders below the root count too."""
        if path.endswith((*PYTHON_SUFFIXES, *JAVASCRIPT_SUFFIXES)):
            return not path.endswith(GENERATED_SUFFIXES)
        return is_config_name(path.removeprefix(self._root))


def walk(folder: str, choice: FileChoice, unlisted: list[tuple[str, str]]) -> Iterator[str]:
    """The source files below a folder that no .gitignore at or below it and no exclusion names, in no order."""
    IgnoreRules = tuple[tuple[int, Callable[[str], bool | None]], ...]
    no_rules: IgnoreRules = ()
    stack = [(folder, no_rules)]
    while stack:
        here, rules = stack.pop()
        try:
            with os.scandir(here) as entries:
                listed = list(entries)
        except OSError as error:
            unlisted.append((here, f"cannot be listed: {(error.strerror or '').lower()}"))
            continue
        names = {entry.name for entry in listed}
        if here != folder and VENV_MARKER in names:
            continue
        if ".gitignore" in names:
            from lint_rules.engine.globs import read_gitignore

            patterns = read_gitignore(here)
            if patterns is not None:
                # The deepest file speaks first.
                rules = ((len(here) + 1, patterns.decide), *rules)
        for entry in listed:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder:
                if choice.is_excluded_folder(entry.name):
                    continue
            elif not choice.is_source(entry.path) or not entry.is_file(follow_symlinks=False):
                continue
            path = entry.path
            if (rules and _is_ignored(path + "/" * is_folder, rules)) or choice.is_left_out(path + os.sep * is_folder):
                continue
            if is_folder:
                stack.append((path, rules))
            else:
                yield path


def _is_ignored(path: str, rules: Iterable[tuple[int, Callable[[str], bool | None]]]) -> bool:
    for prefix_length, decide in rules:
        decision = decide(path[prefix_length:].replace(os.sep, "/"))
        if decision is not None:
            return decision
    return False


def _project_files(root: str, choice: FileChoice, unlisted: list[tuple[str, str]]) -> list[str]:
    """All source files of the project, sorted. Where git lists nothing (an ignored folder), the tree is walked."""
    listed = list_files(root)
    return sorted(_of_listing(root, listed, choice) if listed else walk(root, choice, unlisted))


def _companions(named: Iterable[str], choice: FileChoice) -> list[str]:
    """The files beside and below files that lie in no project, since they may import them; sorted.

    Below a home or a system folder nobody expects a walk: of such, only what lies beside counts.
    """
    found: set[str] = set()
    for folder in {os.path.dirname(file) for file in named}:
        if folder not in _BROAD_FOLDERS and folder != os.path.expanduser("~"):
            found.update(walk(folder, choice, []))
            continue
        with suppress(OSError), os.scandir(folder) as entries:
            found.update(
                entry.path for entry in entries if choice.is_source(entry.path) and entry.is_file(follow_symlinks=False)
            )
    return sorted(found)


def _of_listing(root: str, listed: Sequence[str], choice: FileChoice) -> Iterator[str]:
    """The source files among relative paths from git."""
    venvs = {path[: -len(VENV_MARKER)] for path in listed if path.endswith("/" + VENV_MARKER)}
    verdicts = {"": True}

    def is_wanted_folder(folder: str) -> bool:
        unknown = []
        while folder not in verdicts:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        verdict = verdicts[folder]
        for below in reversed(unknown):
            verdict = (
                verdict
                and not choice.is_excluded_folder(below.rpartition("/")[2])
                and below + "/" not in venvs
                and not choice.is_left_out(os.path.join(root, below, ""))
            )
            verdicts[below] = verdict
        return verdict

    prefix = os.path.join(root, "")
    for relative in listed:
        folder = relative.rpartition("/")[0]
        if choice.is_source(relative) and is_wanted_folder(folder):
            path = prefix + (relative if os.sep == "/" else relative.replace("/", os.sep))
            # git also lists what was deleted but not committed, and links.
            if _is_regular_file(path) and not choice.is_left_out(path):
                yield path


def _is_regular_file(path: str) -> bool:
    from stat import S_ISREG

    try:
        return S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _is_utf8(path: str) -> bool:
    """Whether a file name is text; bytes of it that are no UTF-8 are lone surrogates here."""
    if path.isascii():
        return True
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_in(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies below it; both absolute."""
    return path == folder or path.startswith(os.path.join(folder, ""))


def _below(ordered: Sequence[str], folder: str) -> Sequence[str]:
    """The paths of a sorted list that lie below a folder."""
    prefix = os.path.join(folder, "")
    # The character after the separator closes the range of all paths with that prefix.
    return ordered[bisect_left(ordered, prefix) : bisect_left(ordered, prefix[:-1] + chr(ord(os.sep) + 1))]
