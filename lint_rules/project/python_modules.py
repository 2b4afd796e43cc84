"""Whether the module that a Python import names is there: in the project's files and in what lies beside them on disk.

Git may ignore a file that a build makes, so what is on disk counts as much as what is analysed. Names are compared
letter by letter, as they are where services run, whatever this machine's file system thinks of case.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct

from lint_rules.project.disk import derived, is_file, is_folder, remembered
from lint_rules.project.modules import Module, Modules
from lint_rules.project.requirements import read_text

FOUND, EXTERNAL, MISSING, UNKNOWN = "found", "external", "missing", "unknown"
"""A module of the project; one that is not the project's; one of a package of the project where there is none; one
that nothing can be said of, because the package makes its modules by itself."""

_DYNAMIC = re.compile(r"__path__|sys\.modules|extend_path|LazyModule|lazy_loader|declare_namespace|MetaPathFinder")
_EXTENSIONS = (".so", ".pyd", ".pyx", ".pxd", ".dll")


class Located(Struct, frozen=True):
    """What an import means.

    `path` is the module's file or folder ("" where it may be one of several). Of a MISSING one `within` is the folder
    that has no such module, `name` the segment that is missing, `position` which of the dotted segments that is;
    `is_module` says that the one before is a file, which cannot have modules.
    """

    kind: str
    path: str = ""
    within: str = ""
    name: str = ""
    position: int = 0
    is_module: bool = False


@remembered(20_000)
def names_in(folder: str) -> frozenset[str]:
    """The names of what is in a folder."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def lies_in_package(folder: str, root: str) -> bool:
    """Whether a folder, or one around it in the project, is a Python package.

    The modules in it do not see each other by name, and JavaScript in it is there for browsers.
    """
    while folder.startswith(root):
        if "__init__.py" in names_in(folder):
            return True
        folder = os.path.dirname(folder)
    return False


@remembered(50_000)
def module_at(folder: str, name: str) -> str:
    """The file (or folder) of the module `name` in a folder, "" if there is none."""
    names = names_in(folder)
    path = os.path.join(folder, name)
    if name in names and is_folder(path):
        below = names_in(path)
        for initial in ("__init__.py", "__init__.pyi", "__init__.pyx"):
            if initial in below:
                return os.path.join(path, initial)
    for suffix in (".py", ".pyi"):
        if name + suffix in names:
            return path + suffix
    for one in names:
        if one.startswith(name + ".") and one.endswith(_EXTENSIONS):
            return os.path.join(folder, one)
    return path if name in names and _holds_modules(path) else ""


def _holds_modules(folder: str) -> bool:
    """Whether a folder without `__init__.py` is a namespace package: modules in it, or three folders further down."""
    level = [folder]
    for _ in range(4):
        below: list[str] = []
        for one in level[:200]:
            names = names_in(one)
            if any(name.endswith((".py", ".pyi", *_EXTENSIONS)) for name in names):
                return True
            below.extend(path for name in names if "." not in name and is_folder(path := os.path.join(one, name)))
        level = below
    return False


def locate_relative(importer: Module, level: int, written: str) -> Located:
    """What `from ..a.b import c` means, by the folders around the importing file."""
    folder = os.path.dirname(importer.path)
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    if not written:
        return Located(FOUND, folder)
    return _walk(folder, written.split("."), 0)


def locate_absolute(modules: Modules, importer: Module, written: str) -> Located:
    """What `import a.b.c` means, looked up from every folder from which `a` may be imported."""
    root = modules.node.root
    segments = written.split(".")
    missing: Located | None = None
    there: Located | None = None
    for base, is_sure in _bases(modules, importer, segments[0], root):
        top = module_at(base, segments[0])
        if not top:
            continue
        found = _walk(base, segments, 0)
        if found.kind == FOUND and is_sure and there is None:
            there = found
        elif found.kind == FOUND and there is not None and found.path != there.path:
            return Located(FOUND)  # there are several, and which it is depends on how the program is started
        elif found.kind in (UNKNOWN, FOUND):
            missing = missing or Located(UNKNOWN)
        elif missing is None:
            missing = found if is_sure else Located(UNKNOWN)
    return there or missing or Located(EXTERNAL)


def _bases(modules: Modules, importer: Module, top: str, root: str) -> Iterator[tuple[str, bool]]:
    """Folders from which a module may be imported, and whether it surely is where it is there."""
    seen: set[str] = set()
    for anchor in (importer.anchor, *modules.anchors_of(top, importer), "", "src"):
        folder = os.path.join(root, *anchor.split(".")) if anchor else root
        if folder not in seen:
            seen.add(folder)
            yield folder, True
    folder = os.path.dirname(importer.path)
    while folder.startswith(root):  # a script's own folder, and those that a start-up script puts into sys.path
        if folder not in seen:
            seen.add(folder)
            yield folder, folder == os.path.dirname(importer.path) and "__init__.py" not in names_in(folder)
        if folder == root:
            break
        folder = os.path.dirname(folder)


def _walk(folder: str, segments: list[str], start: int) -> Located:
    path = folder
    for position in range(start, len(segments)):
        name = segments[position]
        found = module_at(folder, name)
        if not found:
            if position and _is_dynamic(path):
                return Located(UNKNOWN)
            is_module = position > 0 and os.path.basename(path).partition(".")[0] not in ("__init__", "")
            is_module = is_module and is_file(path)
            return Located(MISSING, path, folder, name, position, is_module)
        path = found
        is_package = os.path.basename(found).startswith("__init__.")
        folder = os.path.dirname(found) if is_package else os.path.join(folder, name)
        if not found.endswith((".py", ".pyi")) and not is_folder(found) and position + 1 < len(segments):
            return Located(UNKNOWN)  # a compiled module may hold anything
    return Located(FOUND, path)


@derived(5_000)
def _is_dynamic(path: str) -> bool:
    """Whether a package (or module) makes modules by itself."""
    if not path.endswith((".py", ".pyi")):
        return not is_folder(path)
    return _DYNAMIC.search(read_text(path) or "") is not None


def nearest(folder: str, name: str) -> tuple[str, bool]:
    """The module of a folder that `name` most likely means ("" for none), and whether only its case differs."""
    modules = set()
    for one in names_in(folder):
        stem, dot, extension = one.partition(".")
        if (
            stem.isidentifier()
            and not stem.startswith("__")
            and (extension == "py" or (not dot and module_at(folder, one)))
        ):
            modules.add(stem)
    same = [one for one in modules if one.lower() == name.lower()]
    if len(same) == 1:
        return same[0], True
    close = get_close_matches(name, sorted(modules), n=2, cutoff=0.75)
    return (close[0] if close else ""), False
