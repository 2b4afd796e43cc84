"""Which packages a project's files name: by imports, in texts, and in files that are no code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lint_rules.languages.tables import read_table
from lint_rules.model import Notes
from lint_rules.project.disk import remembered

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

_TABLE = read_table(Path(__file__).parent / "unused.toml")
_TEXT = re.compile(rb"[\"'`]((?:@[\w.-]+/)?[A-Za-z][\w.+-]{1,60}(?::[\w.]+|/[\w./*-]*)?)(?:[\"'`]|://)")
_TEXT_IMPORT = re.compile(
    r"^\s*(?:from|import)\s+([A-Za-z_][\w.]*)|(?:from|require\(|import\()\s*[\"']([^\"'./][^\"']*)"
)
_DECLARING = re.compile(r"\[tool\.(?:poetry|uv|pdm|rye|hatch|setuptools|flit)\b")
_LOCKS = re.compile(r"(?i)(?:^|[.-])lock(?:$|\.)|^package-lock\.json$|^npm-shrinkwrap\.json$|requirements.*\.txt$")
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "env", "site-packages", "dist", "build"})
_CODE = (".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_MOST_FILES, _MOST_BYTES = 20_000, 400_000


class Named(msgspec.Struct, frozen=True, array_like=True):
    """What one file names: the modules and packages it imports, and texts that may be names of some."""

    modules: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


NAMED = Notes("named-packages", Named, holds_literals=True)


@NAMED.of("python")
def named_in_python(file: PythonFile) -> Iterator[Named]:
    modules = {
        name for one in file.imports for name in (one.module, *(f"{one.module}.{name}" for name, _ in one.names))
    }
    yield Named(tuple(sorted(filter(None, modules))), _texts(file.data))


@NAMED.of("javascript")
def named_in_javascript(file: JavaScriptFile) -> Iterator[Named]:
    yield Named(tuple(sorted({one.specifier for one in file.imports})), _texts(file.data))


def _texts(data: bytes) -> tuple[str, ...]:
    return tuple(sorted({found.decode("utf-8", "replace") for found in _TEXT.findall(data)}))


def is_believed(name: str, language: str) -> bool:
    """Whether a dependency is used without anything in the code having to name it."""
    return any(fnmatchcase(name, pattern) for pattern in _TABLE[language]["believed"])


def tools_of(path: str) -> str:
    """What a pyproject.toml says to tools, dependencies that some of them read left out."""
    sections = re.split(r"(?m)^(?=\[)", _read(path)) if path.endswith("pyproject.toml") else []
    return "".join(one for one in sections if one.startswith("[tool.") and not _DECLARING.match(one))


def is_named_elsewhere(names: frozenset[str], folder: str, language: str, manifests: tuple[str, ...]) -> bool:
    """Whether a file that is no code of this run names one of these, locks and declarations left out."""
    pattern = re.compile(r"(?i)(?<![\w-])(?:" + "|".join(sorted(map(re.escape, names))) + r")(?![\w-])")
    tools = map(tools_of, manifests)
    return any(pattern.search(content) for content in (*tools, *_contents(folder, language, manifests)))


@remembered(16)
def _contents(folder: str, language: str, manifests: tuple[str, ...]) -> tuple[str, ...]:
    patterns = _TABLE[language]["searched"]
    found: list[str] = []
    for path in _files(folder):
        name = os.path.basename(path)
        if path in manifests or _LOCKS.search(name):
            continue
        content = _read(path) if "." not in name or any(fnmatchcase(name, one) for one in patterns) else ""
        if content.startswith("#!") or any(fnmatchcase(name, one) for one in patterns):
            found.append(content)
    return tuple(found)


@remembered(16)
def imports_on_disk(folder: str, suffixes: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The code files of a folder and what they import, by their text; for files that are not part of a run."""
    found = []
    for path in _files(folder):
        if path.endswith(suffixes):
            names = (one or other for line in _read(path).splitlines() for one, other in _TEXT_IMPORT.findall(line))
            found.append((path, tuple(names)))
    return tuple(found)


def _files(folder: str) -> Iterator[str]:
    seen = 0
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not (name.startswith(".") and name != ".github")
        )
        for name in sorted(names):
            seen += 1
            if seen > _MOST_FILES:
                return
            yield os.path.join(here, name)


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


__all__ = ["NAMED", "Named", "imports_on_disk", "is_believed", "is_named_elsewhere", "tools_of"]
