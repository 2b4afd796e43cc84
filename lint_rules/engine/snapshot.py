"""The answer of a whole run, for when nothing has changed: no file is opened, and no rule is imported."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from lint_rules.engine.cache_folder import CacheFolder
from lint_rules.engine.config import Settings
from lint_rules.engine.discover import Discovered
from lint_rules.engine.report import Report
from lint_rules.engine.signatures import Answer, Signature, all_hold, is_telling, signature_of, tool_fingerprint


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A report, the signatures of the project's files in their order, and what else was asked of the disk."""

    key: bytes
    signatures: tuple[Signature, ...]
    answers: tuple[Answer, ...]
    report: Report


_ENCODER = msgspec.msgpack.Encoder(order="sorted", enc_hook=repr)
_SNAPSHOTS = msgspec.msgpack.Decoder(_Snapshot)


def key_of(*parts: Any) -> bytes:
    """What stands for values that a result depends on, this program among them."""
    return blake2b(_ENCODER.encode((tool_fingerprint(), parts)), digest_size=16).digest()


class Snapshots:
    """The kept answer to the question what a run over these files with these settings gives."""

    def __init__(self, folder: CacheFolder, discovered: Discovered, settings: Settings, codes: frozenset[str]) -> None:
        self._folder = folder
        self._files = discovered.files
        requested = sorted(discovered.requested)
        own = "all" if len(requested) == len(self._files) else requested
        self._key = key_of(discovered.root, self._files, own, discovered.among, settings, sorted(codes))

    @property
    def _name(self) -> str:
        return f"run-{self._key.hex()}"

    def signatures(self) -> tuple[Signature, ...] | None:
        """The signatures of all files of the project as they are now; None if one is not there."""
        found = tuple(map(signature_of, self._files))
        return None if None in found else found  # type: ignore[return-value]

    def report(self, signatures: tuple[Signature, ...]) -> Report | None:
        """The kept report, if all is as it was."""
        payload = self._folder.read(self._name)
        if payload is None:
            return None
        try:
            kept = _SNAPSHOTS.decode(payload)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None
        if kept.key != self._key or kept.signatures != signatures or not all_hold(kept.answers):
            return None
        return kept.report

    def keep(self, signatures: tuple[Signature, ...], when: int, answers: tuple[Answer, ...], report: Report) -> None:
        """Keep a report of files that had these signatures at a time, when it began."""
        is_certain = report.complete and not report.internal_errors
        if is_certain and all(is_telling(one, when) for one in signatures):
            self._folder.write(self._name, _ENCODER.encode(_Snapshot(self._key, signatures, answers, report)))


__all__ = ["Snapshots", "key_of"]
