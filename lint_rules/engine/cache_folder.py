"""Where a cache lies, and how a file of it is read and written: whole or not at all.

A file begins with a digest of the rest, made with a key that only the user has: what a repository brings along under
the name of a cache is no cache. Everything that goes wrong here means that nothing is known, or that nothing is kept.
"""

from __future__ import annotations

import hmac
import os
import tempfile
from contextlib import suppress
from hashlib import blake2b
from typing import Final

from msgspec import Struct

CACHE_FOLDER: Final = ".tenlint_cache"
TAG: Final = "CACHEDIR.TAG"
_TAG_TEXT: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# This folder was made by tenlint and may be deleted.\n"
)
_MAGIC: Final = b"tenlint cache 1\n"
_DIGEST: Final = 32
_MOST_BYTES: Final = 256_000_000
"""Size past which a single file is not read; the folder as a whole is kept below it too."""
_MOST_FILES: Final = 24


class CacheFolder(Struct, frozen=True):
    """A folder for cached results; `key` seals its files."""

    path: str
    key: bytes

    def read(self, name: str) -> bytes | None:
        """What was kept under a name, None if there is nothing or if it is not what was written."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(os.path.join(self.path, name), flags)
            with open(descriptor, "rb") as file:
                if os.fstat(descriptor).st_size > _MOST_BYTES:
                    return None
                content = file.read()
        except OSError:
            return None
        begin = len(_MAGIC) + _DIGEST
        payload = memoryview(content)[begin:]
        sealed = content.startswith(_MAGIC) and hmac.compare_digest(content[len(_MAGIC) : begin], self._seal(payload))
        return bytes(payload) if sealed else None

    def write(self, name: str, payload: bytes) -> bool:
        """Keep bytes under a name; whether that worked out. Others see the old file or the new one."""
        if len(payload) > _MOST_BYTES // 2 or not self.prepare():
            return False
        temporary = ""
        try:
            descriptor, temporary = tempfile.mkstemp(dir=self.path, prefix=".new-")
            with open(descriptor, "wb") as file:
                file.write(_MAGIC + self._seal(payload))
                file.write(payload)
            os.replace(temporary, os.path.join(self.path, name))
        except OSError:
            if temporary:
                with suppress(OSError):
                    os.unlink(temporary)
            return False
        self._tidy()
        return True

    def prepare(self) -> bool:
        """Make the folder, tagged as a cache and ignored by git; whether it is there and ours."""
        try:
            if os.path.islink(self.path):
                return False
            if not os.path.isfile(os.path.join(self.path, TAG)):
                os.makedirs(self.path, exist_ok=True)
                for name, text in ((".gitignore", "*\n"), (TAG, _TAG_TEXT)):
                    with open(os.path.join(self.path, name), "x", encoding="utf-8") as file:
                        file.write(text)
        except FileExistsError:
            return os.path.isdir(self.path)
        except OSError:
            return False
        return True

    def _seal(self, payload: bytes | memoryview) -> bytes:
        return blake2b(payload, digest_size=_DIGEST, key=self.key).digest()

    def _tidy(self) -> None:
        """Remove what has not been written for longest, until the rest is few and small enough."""
        try:
            with os.scandir(self.path) as entries:
                kept = [entry for entry in entries if entry.name not in (TAG, ".gitignore") and entry.is_file()]
            ages = sorted(
                ((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path) for entry in kept), reverse=True
            )
        except OSError:
            return
        total = 0
        for count, (_, size, path) in enumerate(ages, start=1):
            total += size
            if count > _MOST_FILES or total > _MOST_BYTES:
                with suppress(OSError):
                    os.unlink(path)


def cache_folder(root: str, chosen: str | None) -> CacheFolder | None:
    """The cache of the project at `root`: in it, or in the user's cache folder where it cannot be written.

    A folder that the user has `chosen` holds the caches of many projects, and is trusted as it is: it may come from
    another machine. None if there is no place for a cache.
    """
    if chosen is not None:
        return CacheFolder(os.path.abspath(chosen), b"")
    key = _own_key()
    if key is None:
        return None
    inside = os.path.join(root, CACHE_FOLDER)
    if os.access(root, os.W_OK) and not os.path.islink(inside) and (not os.path.exists(inside) or _is_ours(inside)):
        return CacheFolder(inside, key)
    return CacheFolder(folder_with_user(root), key)


def folder_with_user(root: str) -> str:
    """Where the cache of a project lies that cannot hold it itself."""
    return os.path.join(user_folder(), blake2b(os.fsencode(root), digest_size=8).hexdigest())


def _is_ours(folder: str) -> bool:
    return os.access(folder, os.W_OK) and os.path.isfile(os.path.join(folder, TAG))


def user_cache() -> CacheFolder | None:
    """What is kept for all projects of the user."""
    key = _own_key()
    return CacheFolder(os.path.join(user_folder(), "all"), key) if key is not None else None


def user_folder() -> str:
    """The folder for caches of all projects, in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "tenlint")


def _own_key() -> bytes | None:
    """The user's key, made when there is none; None if it can be neither read nor kept."""
    path = os.path.join(user_folder(), "key")
    for _ in range(2):
        try:
            with open(path, "rb") as file:
                key = file.read(33)
            if len(key) == 32:
                return key
            os.unlink(path)
        except FileNotFoundError:
            pass  # it is made now
        except OSError:
            return None  # without a key there is no cache, which costs time and nothing else
        try:
            os.makedirs(user_folder(), mode=0o700, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=user_folder(), prefix=".key-")
            with open(descriptor, "wb") as file:
                file.write(os.urandom(32))
            try:
                os.link(temporary, path)  # whoever comes second takes the key of the first
            except FileExistsError:
                pass  # it is read in the next turn
            except OSError:
                os.replace(temporary, path)
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        except OSError:
            return None  # as above: a home that cannot be written
    return None


__all__ = ["CACHE_FOLDER", "TAG", "CacheFolder", "cache_folder", "folder_with_user", "user_cache", "user_folder"]
