"""What a run asks of the disk besides the files that it analyses, so that a cache knows when an answer is old.

What is opened and listed is seen by an audit hook of the interpreter, which no rule can forget to call. Whether a path
is there raises no audit event: `is_file`, `is_folder` and `exists` stand for the functions of os.path, and a test sees
to it that those are not used. A function that keeps what it has read for later calls is `remembered`, not
`lru_cache`d: whoever is given a kept answer depends on the same files as who asked first.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, TypeVar

OPENED, LISTED, SOUGHT = "opened", "listed", "sought"
"""The questions: what is in a file, what is in a folder, and what kind of thing lies at a path."""

Question = tuple[str, str]
"""One of the three, or the name of a function that is asked about a file (`derived`), and an absolute path."""

Function = TypeVar("Function", bound=Callable[..., Any])


class _Watch:
    """The questions that are being noted; None while nobody wants to know."""

    noted: set[Question] | None = None
    is_hooked = False


_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_KEPT: list[dict[Any, Any]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    noted = _Watch.noted
    if noted is None:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, (str, bytes)) and not (isinstance(flags, int) and flags & _WRITING):
            noted.add((OPENED, os.path.abspath(os.fsdecode(path))))
    elif event in ("os.scandir", "os.listdir"):
        path = arguments[0]
        if isinstance(path, (str, bytes, os.PathLike)):
            noted.add((LISTED, os.path.abspath(os.fsdecode(path))))


@contextmanager
def watched() -> Iterator[set[Question]]:
    """Note the questions that are asked meanwhile."""
    if not _Watch.is_hooked:
        sys.addaudithook(_hook)  # for good: there is no way to remove it
        _Watch.is_hooked = True
    before, noted = _Watch.noted, set[Question]()
    _Watch.noted = noted
    try:
        yield noted
    finally:
        _Watch.noted = before
        if before is not None:
            before |= noted


def is_file(path: str) -> bool:
    """Whether a regular file is there, or a link to one."""
    if _Watch.noted is not None:
        _Watch.noted.add((SOUGHT, path))
    return os.path.isfile(path)


def is_folder(path: str) -> bool:
    """Whether a folder is there, or a link to one."""
    if _Watch.noted is not None:
        _Watch.noted.add((SOUGHT, path))
    return os.path.isdir(path)


def exists(path: str) -> bool:
    """Whether anything is there."""
    if _Watch.noted is not None:
        _Watch.noted.add((SOUGHT, path))
    return os.path.exists(path)


_DERIVED: Final[dict[str, Callable[[str], Any]]] = {}


def derived(maxsize: int) -> Callable[[Function], Function]:
    """Keep the results of a function of one file's path, who may depend on its answer rather than on the file's bytes.

    The answer is made of strings, numbers and frozen collections of them, and of what is in this one file.
    """

    def decorate(function: Function) -> Function:
        name = f"{function.__module__}.{function.__qualname__}"
        kept = remembered(maxsize)(function)
        _DERIVED[name] = kept

        @wraps(function)
        def answer(path: str) -> Any:
            noted = _Watch.noted
            if noted is None:
                return kept(path)
            noted.add((name, path))
            _Watch.noted = set()
            try:
                return kept(path)
            finally:
                _Watch.noted = noted

        return answer  # type: ignore[return-value]

    return decorate


def derivation(name: str, path: str) -> Any:
    """What a `derived` function says of a file. Raises KeyError if there is no such function (any more)."""
    return _DERIVED[name](path)


def remembered(maxsize: int) -> Callable[[Function], Function]:
    """Keep a function's results, and with each the questions that led to it; all are forgotten at `maxsize`."""

    def decorate(function: Function) -> Function:
        kept: dict[Hashable, tuple[Any, frozenset[Question] | None]] = {}
        _KEPT.append(kept)

        @wraps(function)
        def answer(*arguments: Hashable) -> Any:
            noted = _Watch.noted
            known = kept.get(arguments)
            if known is not None and (noted is None or known[1] is not None):
                if noted is not None and known[1]:
                    noted |= known[1]
                return known[0]
            if len(kept) >= maxsize:
                kept.clear()
            if noted is None:
                value = function(*arguments)
                kept[arguments] = value, None
            else:
                with watched() as own:
                    value = function(*arguments)
                kept[arguments] = value, frozenset(own)
            return value

        return answer  # type: ignore[return-value]

    return decorate


def forget() -> None:
    """Forget all that is remembered."""
    for kept in _KEPT:
        kept.clear()


def kind_of(path: str) -> int:
    """What lies at a path: the file type bits of its mode, 0 for nothing."""
    try:
        return stat.S_IFMT(os.stat(path).st_mode)
    except (OSError, ValueError):
        return 0


__all__ = [
    "LISTED", "OPENED", "SOUGHT", "Question", "derivation", "derived", "exists", "forget", "is_file", "is_folder",
    "kind_of", "remembered", "watched",
]  # fmt: skip
