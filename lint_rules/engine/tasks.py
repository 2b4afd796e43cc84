"""What workers are told, and what they answer: plain data that msgspec writes to a pipe, and a cache to the disk."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal

import msgspec

from lint_rules.engine.suppression_comments import Suppression
from lint_rules.model import Finding
from lint_rules.project.disk import OPENED, Question, derivation
from lint_rules.project.facts import ModuleFacts


class Task(msgspec.Struct, frozen=True, array_like=True):
    """What to do with a file: show it to the rules, or take its facts, all of them or its definitions alone.

    A file gives all its facts by itself when it holds a word of a check over the project, shown to the rules or not.
    `all_notes`: the facts come with the notes that are taken only where they are asked for, too.
    """

    path: str
    inspect: bool = True
    facts: Literal["", "definitions", "everything"] = ""
    all_notes: bool = False


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """What one look at a file depended on, as far as a cache must know it.

    `digest` is that of the file's bytes. `used` are the modules whose facts were looked up. `read` are the other
    sources of the project that were opened, or asked by a `derived` function: OPENED or its name, the path, and the
    digest of the answer (empty for a file's bytes). `asked` are the remaining questions to the disk; `defines` is the
    digest of the names that the file itself defines, if a check wanted them.
    """

    digest: bytes
    used: tuple[str, ...] = ()
    read: tuple[tuple[str, str, bytes], ...] = ()
    asked: tuple[Question, ...] = ()
    defines: bytes = b""


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A module's facts, encoded, as a worker is told of them."""

    module: str
    path: str
    facts: bytes

    @classmethod
    def of(cls, facts: ModuleFacts) -> Known:
        """What a worker is told of a module."""
        return cls(facts.module, facts.path, _FACTS.encode(facts))


class Analysis(msgspec.Struct, frozen=True, array_like=True):
    """What one file gave. Of a file that is no source (see Language.is_source) no rule says anything.

    `asked` are the modules that a rule or a note asked for in vain, `unsure` those that a note did.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    facts: ModuleFacts | None = None
    asked: tuple[str, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    failed: bool = False
    is_source: bool = True
    trace: Trace | None = None
    unsure: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True, array_like=True):
    """What analysis depends on besides bytes.

    `options` by rule, `additions` to knowledge tables, the size limit, whether the screen is on, the texts (by
    path) that stand for files, and whether files in which no rule has anything to look for are parsed too, for their
    syntax errors alone. `traces` says that the analyses tell what they depended on.
    """

    options: dict[str, dict[str, Any]] = {}
    additions: dict[str, tuple[str, ...]] = {}
    max_bytes: int = 1_000_000
    screen: bool = True
    texts: dict[str, bytes] = {}
    parse_all: bool = True
    traces: bool = False


def digest_of(data: bytes) -> bytes:
    """What stands for the bytes of a file, or of anything else, in a cache."""
    return blake2b(data, digest_size=16).digest()


def digest_of_derivation(name: str, path: str) -> bytes:
    """What stands for what a `derived` function says of a file; empty for a file's bytes, and if there is none."""
    try:
        return b"" if name == OPENED else digest_of(_SORTING.encode(derivation(name, path)))
    except KeyError:
        return b""


def digest_of_definitions(facts: ModuleFacts) -> bytes:
    """What stands for all that other files can learn of a module."""
    return digest_of(_ENCODER.encode(facts.definitions()))


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_SORTING = msgspec.msgpack.Encoder(order="sorted")
_FACTS = msgspec.msgpack.Encoder()
