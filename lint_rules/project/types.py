"""What libraries return: the table by which an instance is followed from its constructor to its methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct, field

GENERATED_STUB = "grpc.GeneratedStub"
"""An invented name for the classes that protoc writes, in files that mostly are not there when a service is linted."""

SELF = "<self>"
"""The result of a method that returns its object, which may be of a class that inherits the method."""


class Types(Struct, frozen=True):
    """Rows of a types.toml: results of calls, types of attributes, other spellings, base classes, `with` values.

    `additions` are the names that the user's configuration adds to knowledge tables, by table: `blocking` -> names.
    """

    returns: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, list[str]] = field(default_factory=dict)
    enters: Mapping[str, str] = field(default_factory=dict)
    additions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def lineage(self, name: str) -> Iterator[str]:
        """A method's name, then the same method's name on each base class, nearest first."""
        yield name
        owner, _, attribute = name.rpartition(".")
        waiting = list(self.bases.get(owner, ()))
        seen = {owner}
        while waiting:
            base = waiting.pop(0)
            if base not in seen:
                seen.add(base)
                yield f"{base}.{attribute}"
                waiting.extend(self.bases.get(base, ()))

    def external(self, symbol: str) -> str:
        """The canonical name of a symbol that lies wholly outside the project."""
        return _external(self, symbol)

    def _lookup(self, rows: Mapping[str, str], name: str, *, open_rows: bool = True) -> str | None:
        """The row for a name or for the same name on a base class; `open_rows`: rows ending in `.*` count too."""
        found = rows.get(name)
        if found is not None or "." not in name:
            return found
        for candidate in self.lineage(name):
            found = rows.get(candidate)
            if found is None and open_rows:
                found = rows.get(candidate.rpartition(".")[0] + ".*")
            if found is not None:
                return found
        return None

    def __hash__(self) -> int:
        return id(self)


@lru_cache(maxsize=20_000)
def _external(types: Types, symbol: str) -> str:
    current = ""
    segments = symbol.split(".")
    for position, segment in enumerate(segments):
        if segment == "<enter>":
            current = types.enters.get(current, current)
            continue
        called = segment.endswith("()")
        own = segment[:-2] if called else segment
        current = f"{current}.{own}" if current else own
        current = types.aliases.get(current, current)
        is_passed_through = not called and position < len(segments) - 1  # `client.db.users`, not `client.close()`
        current = types._lookup(types.attributes, current, open_rows=is_passed_through) or current
        if own.endswith("Stub") and "_pb2_grpc." in current:
            current = GENERATED_STUB
        if called:
            entered = types.enters.get(current)
            result = types._lookup(types.returns, current)
            if result == SELF:
                current = current.rpartition(".")[0]
            elif result is not None:
                current = result
            elif entered is None and not _is_class_name(own):
                current += "()"
    return current


def _is_class_name(name: str) -> bool:
    return name.lstrip("_")[:1].isupper()
