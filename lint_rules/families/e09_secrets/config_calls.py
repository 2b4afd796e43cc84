"""Which calls of a file may open a server or client with a literal, by the file's bytes.

Almost every file calls something that is named `get` or `connect`. What can be configured by a URL alone is looked at
only in files that hold one of the service's own, and nothing is asked about names before an argument is a literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from lint_rules.families.e09_secrets.literal_arguments import Given, counts
from lint_rules.languages.screening import Stems, spelled_words

Settings = Mapping[str, str]

_BEHIND = rb"\s*(?:<[\w, ]*>)?\(\s*[^\s)]"
_SCHEME = re.compile(rb"[\"'`][a-z][a-z0-9+.-]{0,20}$")
_URL = re.compile(rb"[^\"'`\s]*")
_MOST_SCHEME = 24
_URLS = frozenset({"url", "base-url"})


class Written(Struct, frozen=True):
    """A call as it is written: the last part of its name, and the byte where its arguments begin."""

    name: str
    at: int


class WrittenCalls:
    """The calls of rows of a table, by the last part of their names; `words` are texts of which settings need one.

    `more` are names that files give to modules whose export is called.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], words: Iterable[bytes], more: Iterable[str] = ()) -> None:
        self._words = tuple(words)
        self._variants: dict[str, list[Settings]] = {}
        for row in rows:
            for name in row["calls"]:
                self._add(re.split(r"[.#/]", name)[-1], row["settings"])
                for one in more if "#" not in name else ():
                    self._add(one, row["settings"])

    def _add(self, name: str, settings: Settings) -> None:
        variants = self._variants.setdefault(name, []) if name.isidentifier() else []
        if settings not in variants:
            variants.append(settings)

    def variants(self, name: str) -> list[Settings]:
        """The settings that a call of a name may have."""
        return self._variants[name]

    @cached_property
    def _names(self) -> Mapping[bytes, tuple[re.Pattern[bytes], str]]:
        """For each name its pattern, and by which kind of URL alone it can be configured ("" if by other things)."""
        names = {}
        for name, variants in self._variants.items():
            kinds = {kind for settings in variants for kind in settings.values()}
            only = "" if kinds - _URLS else "base-url" if "base-url" in kinds else "url"
            names[name.encode()] = re.compile(re.escape(name.encode()) + _BEHIND), only
        return names

    @cached_property
    def _spelled(self) -> frozenset[bytes]:
        return frozenset(self._names)

    @cached_property
    def _stems(self) -> Stems:
        return Stems(word for word in self._words if word != b"://")

    def may_be_in(self, data: bytes) -> bool:
        """Whether a file may hold one of the calls."""
        return next(self.in_file(data), None) is not None

    def in_file(self, data: bytes) -> Iterator[Written]:
        """The calls with arguments whose names and settings are in a file, by name and place."""
        names = self._spelled & spelled_words(data)
        if not names or not (any(word in data for word in self._stems.in_file(data)) or b"://" in data):
            return
        for name in sorted(names):
            pattern, only = self._names[name]
            if only and only not in _kinds_of_urls(data):
                continue
            for found in pattern.finditer(data):
                before = data[found.start() - 1 : found.start()]
                if not (before.isalnum() or before == b"_"):
                    yield Written(name.decode(), found.end() - 1)


@lru_cache(maxsize=1)
def _kinds_of_urls(data: bytes) -> frozenset[str]:
    """As what the URLs at the beginning of a file's literals count: own hosts, and base URLs of own services."""
    kinds: set[str] = set()
    at = data.find(b"://")
    while at >= 0 and len(kinds) < len(_URLS):
        if (start := _SCHEME.search(data, max(0, at - _MOST_SCHEME), at)) is not None:
            value = _URL.match(data, start.start() + 1)
            url = value.group().decode("utf-8", "replace") if value is not None else ""
            kinds.update(
                kind for kind in _URLS
                if url.endswith("://") or counts(Given("", kind, url, 0, 0, is_number=False), is_server=False)
            )  # fmt: skip
        at = data.find(b"://", at + 3)
    return frozenset(kinds)


_TO_VALUE = re.compile(rb"[^\S\n]*(?::[^=\n]{0,200})?=(?![=>])[^\n]{0,200}?(?:[\"'`\d\[{]|[(\\\[{=]\s*\n)")


def is_bound_to_literal(data: bytes, name: bytes) -> bool:
    """Whether a name may be bound to a literal somewhere in a file; without that nobody needs to know its scope."""
    at = data.find(name)
    while at >= 0:
        if _TO_VALUE.match(data, at + len(name)) is not None:
            return True
        at = data.find(name, at + len(name))
    return False
