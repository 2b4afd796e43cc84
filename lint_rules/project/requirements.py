"""requirements.txt and its relatives: which distributions they name, following `-r` and `-c`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from lint_rules.project.disk import is_file

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\]\s*)?(?=$|[<>=!~;@(,#\s])")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9._-]+)")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(.+)")
_ARCHIVE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._]*?(?:-[A-Za-z][A-Za-z0-9._]*)*)-\d[^/]*\.(?:whl|tar\.gz|zip)(?:$|#)")
_MOST_BYTES = 1_000_000
_MOST_FILES = 60


def normal_name(name: str) -> str:
    """The name by which package indexes know a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def requirement_name(written: str) -> str:
    """The normal name of the distribution that a requirement (PEP 508) names, "" if it names none."""
    found = _NAME.match(written)
    return normal_name(found.group(1)) if found else ""


def read_text(path: str) -> str | None:
    """The text of a small file, None if it is none or cannot be read."""
    try:
        if not is_file(path) or os.path.getsize(path) > _MOST_BYTES:
            return None
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read()
    except (OSError, ValueError):
        return None


def required(path: str) -> tuple[frozenset[str], bool]:
    """The distributions that a requirements file and the files it includes name.

    The second value says that something in it cannot be told by name: a folder, an included file that is not there.
    """
    found: set[str] = set()
    is_open = False
    waiting, seen = [path], {path}
    while waiting and len(seen) <= _MOST_FILES:
        current = waiting.pop()
        content = read_text(current)
        if content is None:
            is_open = True
            continue
        for line in _lines(content):
            include = _INCLUDE.match(line)
            if include is not None:
                other = os.path.normpath(os.path.join(os.path.dirname(current), include.group(1).strip().strip("\"'")))
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
                continue
            name = _named(line)
            if name:
                found.add(name)
            elif not line.startswith("-") or line.startswith(("-e", "--editable")):
                is_open = is_open or not _is_own_folder(line)
    return frozenset(found), is_open


def _lines(content: str) -> Iterator[str]:
    for line in content.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield re.sub(r"\s#.*$", "", stripped) if "egg=" not in stripped else stripped


def _named(line: str) -> str:
    egg = _EGG.search(line)
    if egg is not None:
        return normal_name(egg.group(1))
    if line.startswith("-"):
        return ""
    archive = _ARCHIVE.search(line)
    if archive is not None and "@" not in line:
        return normal_name(archive.group(1).rpartition("/")[2])
    return requirement_name(line)


def _is_own_folder(line: str) -> bool:
    """Whether the line installs the project itself: `-e .`, `.[extra]`."""
    written = re.sub(r"^(?:-e|--editable)[\s=]*", "", line).strip().strip("\"'")
    return re.fullmatch(r"\.(?:/?\[[^\]]*\])?/?", written) is not None
