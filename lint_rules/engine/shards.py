"""One project shared out between machines: which files a shard reports on, and how the parts become one report again.

Which shard a file belongs to depends on its name in the project alone, so that every file has exactly one whatever
else lies on a machine. Each shard reads of the other files as much as its own need.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lint_rules import __version__
from lint_rules.engine.discover import Discovered
from lint_rules.engine.report import BASELINE, COMMENT, OLDER, Hidden, Report
from lint_rules.model import Finding, Severity
from lint_rules.source import Unreadable, read_source

MOST_SHARDS: Final = 1000
_MAX_BYTES: Final = 500_000_000
_ORDER_OF_HIDDEN: Final = (COMMENT, OLDER, BASELINE)


class PartError(ValueError):
    """Parts that make no whole; the message says why."""


class Shard(Struct, frozen=True):
    """The `number`-th of several shares, counted from 1."""

    number: int = 1
    of: int = 1

    def holds(self, path: str, root: str) -> bool:
        """Whether the file of an absolute path belongs to this share of the project."""
        name = os.path.relpath(path, root).replace(os.sep, "/").encode("utf-8", "surrogateescape")
        return int.from_bytes(blake2b(name, digest_size=8).digest(), "big") % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """What `--shard` says. Raises ValueError."""
    number, slash, of = text.partition("/")
    # str.isdecimal knows digits of all scripts, and int() reads a number of any length.
    if slash and all(part.isascii() and part.isdecimal() and len(part) < 5 for part in (number, of)):
        shard = Shard(int(number), int(of))
        if 1 <= shard.number <= shard.of <= MOST_SHARDS:
            return shard
    raise ValueError(f"--shard takes I/N with I from 1 to N, and N at most {MOST_SHARDS}, such as 1/4")


def share_of(discovered: Discovered, shard: Shard) -> Discovered:
    """What one shard reports on; the rest stays the project around it."""
    return replace(
        discovered,
        requested=frozenset(path for path in discovered.requested if shard.holds(path, discovered.root)),
        unnamable=tuple(path for path in discovered.unnamable if shard.holds(path, discovered.root)),
        among=len(discovered.requested),
    )


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The report of a shard, as it travels. `root` is the project's folder, `place` the same as seen from where the
    shard was started: a merge that is started at the same place of another checkout finds the sources by it.
    """

    tenlint_part: str
    shard: int
    of: int
    root: str
    place: str
    fail_on: Severity | None
    report: Report


def part_text(report: Report, shard: Shard, root: str, folder: str, fail_on: Severity | None) -> str:
    """A part as JSON: ASCII, so that names that are no UTF-8 survive too."""
    part = Part(__version__, shard.number, shard.of, root, os.path.relpath(root, folder), fail_on, report)
    return json.dumps(msgspec.to_builtins(part)) + "\n"


class Whole(Struct, frozen=True):
    """The parts put together: the report, the folder of the project here, and `--fail-on` of the shards."""

    report: Report
    root: str
    fail_on: Severity | None


def part_files(paths: Sequence[str]) -> list[str]:
    """The files among paths, and the JSON files at or below the folders among them. Raises PartError."""
    found = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        below = sorted(
            os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names if name.endswith(".json")
        )
        if not below:
            raise PartError(f"there are no parts in {path}")
        found += below
    return found


def merged(files: Sequence[str], folder: str) -> Whole:
    """The parts in files as one report over the project seen from `folder`. Raises PartError."""
    by_number: dict[int, tuple[str, Part]] = {}
    first: Part | None = None
    for file in files:
        part = _read_part(file)
        first = first or part
        if part.of != first.of:
            raise PartError(f"{file} is a part of {part.of}, {files[0]} one of {first.of}")
        if part.shard in by_number:
            raise PartError(f"part {part.shard} of {part.of} is there twice: {by_number[part.shard][0]} and {file}")
        by_number[part.shard] = file, part
    if first is None:
        raise PartError("there are no parts")
    missing = [str(number) for number in range(1, first.of + 1) if number not in by_number]
    if missing:
        raise PartError(f"of {first.of} parts these are missing: {', '.join(missing)}")
    root = os.path.normpath(os.path.join(folder, first.place))
    reports = [_moved(by_number[number][1], root) for number in sorted(by_number)]
    return Whole(_joined(reports), root, first.fail_on)


def _read_part(file: str) -> Part:
    source = read_source(file, _MAX_BYTES)
    if isinstance(source, Unreadable):
        raise PartError(f"{file} {source.reason}")
    try:
        content = json.loads(source.data)
    except (ValueError, RecursionError):
        raise PartError(f"{file} is not JSON; write the parts with `--output-format part:FILE`") from None
    if not isinstance(content, dict) or "tenlint_part" not in content:
        raise PartError(f"{file} is no part; write the parts with `--shard I/N --output-format part:FILE`")
    if content["tenlint_part"] != __version__:
        raise PartError(f"{file} was written by another version of tenlint; merge with that one")
    try:
        part = msgspec.convert(content, Part)
    except (msgspec.ValidationError, RecursionError):
        raise PartError(f"{file} is a damaged part; write it anew") from None
    if not 1 <= part.shard <= part.of <= MOST_SHARDS:
        raise PartError(f"{file} is a damaged part; write it anew")
    return part


def _moved(part: Part, root: str) -> Report:
    """The report of a part, with the paths that its files have here."""
    there, here = os.path.join(part.root, ""), os.path.join(root, "")
    if there == here:
        return part.report

    def path_here(path: str) -> str:
        return here + path[len(there) :] if path.startswith(there) else path

    def moved(finding: Finding) -> Finding:
        related = tuple(msgspec.structs.replace(one, path=path_here(one.path)) for one in finding.related)
        return msgspec.structs.replace(finding, path=path_here(finding.path), related=related)

    return replace(
        part.report,
        findings=tuple(map(moved, part.report.findings)),
        notices=tuple(map(moved, part.report.notices)),
        hidden=tuple(replace(hidden, finding=moved(hidden.finding)) for hidden in part.report.hidden),
    )


def _joined(reports: Iterable[Report]) -> Report:
    reports = list(reports)

    def by_place(hidden: Hidden) -> Any:
        return _ORDER_OF_HIDDEN.index(hidden.by) if hidden.by in _ORDER_OF_HIDDEN else 0, hidden.finding.sort_key

    return Report(
        tuple(sorted((one for report in reports for one in report.findings), key=lambda one: one.sort_key)),
        sum(report.files for report in reports),
        tuple(sorted((one for report in reports for one in report.notices), key=lambda one: one.sort_key)),
        internal_errors=any(report.internal_errors for report in reports),
        complete=all(report.complete for report in reports),
        hidden=tuple(sorted((one for report in reports for one in report.hidden), key=by_place)),
    )
