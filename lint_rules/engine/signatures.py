"""Whether something on disk is still what it was: by what the file system says of it, and by its content in doubt."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import Final

import msgspec

from lint_rules.engine.cache_folder import CACHE_FOLDER, user_cache
from lint_rules.project.disk import LISTED, OPENED, Question, kind_of


class Signature(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What changes whenever a file's content does. The time of the last change to its inode cannot be set back."""

    size: int
    modified: int
    changed: int
    inode: int


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the disk said to a question: a digest, and for files a signature that spares reading them again."""

    kind: str
    path: str
    digest: bytes
    signature: Signature | None = None


_TICK: Final = 50_000_000
_COARSE_TICK: Final = 2_000_000_000
_MOST_BYTES: Final = 100_000_000


def signature_of(path: str) -> Signature | None:
    """The signature of a file, None if there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def is_telling(signature: Signature, when: int) -> bool:
    """Whether a signature taken at a time (in ns) tells content apart: a file that was changed a moment before can be
    changed again within the same tick of the file system's clock.
    """
    latest = max(signature.modified, signature.changed)
    tick = _COARSE_TICK if signature.modified % 1_000_000 == 0 else _TICK
    return latest + tick < when


def digest_of_file(path: str) -> bytes:
    """The digest of a file's bytes, empty if it cannot be read or is huge."""
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError):
        return b""
    return blake2b(content, digest_size=16).digest() if len(content) <= _MOST_BYTES else b""


def answer_to(question: Question, when: int) -> Answer | None:
    """What the disk says now; None if it has changed since `when`, so that an earlier answer may have been another."""
    kind, path = question
    if kind == LISTED:
        signature = signature_of(path)
        is_own = signature is not None and os.path.exists(os.path.join(path, CACHE_FOLDER))
        if signature is not None and signature.modified >= when and not is_own:
            return None
        return Answer(kind, path, _names_of(path))
    if kind == OPENED:
        signature = signature_of(path)
        if signature is not None and max(signature.modified, signature.changed) >= when:
            return None
        is_sure = signature is not None and is_telling(signature, when)
        return Answer(kind, path, digest_of_file(path), signature if is_sure else None)
    return Answer(kind, path, b"%d" % kind_of(path))


def still_holds(answer: Answer) -> bool:
    """Whether the disk would say the same again."""
    if answer.kind == LISTED:
        return _names_of(answer.path) == answer.digest
    if answer.kind == OPENED:
        if answer.signature is not None and signature_of(answer.path) == answer.signature:
            return True
        return digest_of_file(answer.path) == answer.digest
    return b"%d" % kind_of(answer.path) == answer.digest


def _names_of(folder: str) -> bytes:
    try:
        names = sorted(name for name in os.listdir(folder) if name not in (CACHE_FOLDER, "__pycache__"))
    except OSError:
        return b""
    return blake2b(b"\0".join(map(os.fsencode, names)), digest_size=16).digest()


def all_hold(answers: Iterable[Answer]) -> bool:
    """Whether the disk would say the same again to all questions."""
    return all(map(still_holds, answers))


def now() -> int:
    """The time by which signatures are judged, in ns."""
    return time.time_ns()


@cache
def tool_fingerprint() -> bytes:
    """What stands for this program: its files, the interpreter, and the versions of what parses.

    It is the same for every installation of a version. What was found for files of these times is kept.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    waiting, files, times = [package], [], []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                elif entry.name.endswith((".py", ".toml")):
                    status = entry.stat()
                    files.append(entry.path)
                    times.append(f"{entry.path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}")
    known = user_cache()
    name = "tool-" + blake2b("\n".join(sorted(times)).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    content = known.read(name) if known is not None else None
    if content is None:
        read = (f"{path[len(package) :]} {digest_of_file(path).hex()}" for path in sorted(files))
        content = blake2b("\n".join(read).encode("utf-8", "surrogateescape"), digest_size=16).digest()
        if known is not None:
            known.write(name, content)
    parts = [sys.version, *_versions()]
    return blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=16, key=content).digest()


def _versions() -> list[str]:
    """The installed versions of what reads files, by the names of their folders."""
    found: set[str] = set()
    for folder in dict.fromkeys(path for path in sys.path if path.endswith("-packages")):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        found.update(name for name in names if name.startswith(("libcst-", "tree_sitter", "msgspec-", "tomli-")))
    return sorted(found)


__all__ = [
    "Answer", "Signature", "all_hold", "answer_to", "digest_of_file", "is_telling", "now", "signature_of",
    "still_holds", "tool_fingerprint",
]  # fmt: skip
