"""The settings in a configuration file: keys, values and where they stand, for every format by its lines.

No parser of the formats is used: a broken file, a template or a file of two formats still has lines with keys and
values, and the place of every value is wanted to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

ENV, YAML, JSON, TOML, INI, DOCKER = "env", "yaml", "json", "toml", "ini", "docker"


class Entry(Struct, frozen=True):
    """One setting: its key, its value without quotes, and the bytes `start:end` of the value."""

    key: str
    value: str
    start: int
    end: int
    is_quoted: bool


def format_of(path: str) -> str:
    """Which format a file is written in, by its name."""
    name = path.rpartition("/")[2]
    if name.startswith((".env", ".npmrc", ".pypirc", ".netrc")) or name.endswith((".env", ".properties")):
        return ENV
    if name.startswith(("Dockerfile", "Containerfile")) or name.endswith(".dockerfile"):
        return DOCKER
    if name.endswith((".yml", ".yaml")):
        return YAML
    return JSON if name.endswith(".json") else TOML if name.endswith(".toml") else INI


_QUOTED = rb"""(?:"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>[^'\n]*)')"""
_BARE = rb"""(?P<bare>[^\s"'#][^\n]{0,1000}?)"""  # a limit, since what follows may be blanks without end
_LINE_END = rb"[ \t]{0,80},?[ \t]{0,80}(?:[ \t]#[^\n]*)?\r?$"
_SETTING = {
    ENV: (
        rb"^[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_/][\w./:-]*)[ \t]*=[ \t]*(?:"
        + _QUOTED + rb"|" + _BARE + rb")" + _LINE_END
    ),
    INI: rb"^[ \t]*(?P<key>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*(?:" + _QUOTED + rb"|" + _BARE + rb")" + _LINE_END,
    YAML: (
        rb"^[ \t]*(?:-[ \t]+)*[\"']?(?P<key>[A-Za-z_][\w. /-]{0,80})[\"']?(?:[ \t]{0,8}:[ \t]{1,80}|=)"
        rb"(?:&\w+[ \t]+)?(?:"
        + _QUOTED + rb"|" + _BARE + rb")[\"']?" + _LINE_END
    ),
    TOML: rb"(?:^|[{,])[ \t]*[\"']?(?P<key>[A-Za-z_][\w.-]*)[\"']?[ \t]*=[ \t]*" + _QUOTED,
    JSON: rb"\"(?P<key>[A-Za-z_][\w. /:@-]{0,80})\"[ \t]*:[ \t]*" + _QUOTED,
    DOCKER: rb"^[ \t]*(?:ENV|env)[ \t]+(?P<key>[A-Za-z_]\w*)[ \t]+(?:" + _QUOTED + rb"|(?P<bare>[^\s\"'=]+))[ \t]*\r?$",
}  # fmt: skip
_PATTERNS = {name: re.compile(pattern, re.MULTILINE) for name, pattern in _SETTING.items()}
_QUOTED_ITEM = re.compile(
    rb"^[ \t]*-[ \t]+([\"'])(?P<key>[A-Za-z_]\w*)=(?P<bare>[^\"'\n]*)\1[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE
)
_MORE_ENV = re.compile(
    rb"[ \t](?P<key>[A-Za-z_]\w*)=" + _QUOTED + rb"|[ \t](?P<key2>[A-Za-z_]\w*)=(?P<bare>[^\s\"'\\]+)"
)
_DOCKER_LINE = re.compile(rb"^[ \t]*(?:ENV|ARG|env|arg)[ \t]", re.MULTILINE)
_FLOW = re.compile(
    rb"[{,][ \t]*[\"']?(?P<key>[A-Za-z_][\w.-]*)[\"']?:[ \t]+(?:"
    + _QUOTED
    + rb"[ \t]{0,8}|(?P<bare>[^\s\"'{}\[\],#][^{}\[\],\n]{0,200}))(?=[,}])"
)
_NAMED = re.compile(
    rb"^[ \t]*(?:-[ \t]*)?name:[ \t]*[\"']?(?P<key>[A-Za-z_]\w*)[\"']?[ \t]*\r?\n[ \t]*value:[ \t]*(?:"
    + _QUOTED + rb"|" + _BARE + rb")" + _LINE_END,
    re.MULTILINE,
)  # fmt: skip


def entries(data: bytes, path: str) -> Iterator[Entry]:
    """The settings of a file; a place may come twice, and what is said of it first is right."""
    kind = format_of(path)
    if kind == YAML:  # first, since the line alone would be a setting called `value`
        yield from map(_entry, _NAMED.finditer(data))
    for found in _PATTERNS[kind].finditer(data):
        yield _entry(found)
    if kind == DOCKER:
        for line in _DOCKER_LINE.finditer(data):
            yield from map(_entry, _MORE_ENV.finditer(data, line.start(), _logical_end(data, line.start())))
    if kind == YAML:
        for pattern in (_QUOTED_ITEM, _FLOW):
            yield from map(_entry, pattern.finditer(data))


def _logical_end(data: bytes, start: int) -> int:
    """Where a line of a Dockerfile ends whose continuations count as the same line."""
    end = data.find(b"\n", start)
    while end > 0 and data[max(0, end - 2) : end].rstrip(b"\r").endswith(b"\\"):
        end = data.find(b"\n", end + 1)
    return len(data) if end < 0 else end


def _entry(found: re.Match[bytes]) -> Entry:
    groups = found.groupdict()
    group = next(name for name in ("double", "single", "bare") if groups.get(name) is not None)
    key = groups.get("key") or groups.get("key2") or b""
    value = found.group(group).decode("utf-8", "replace")
    start, end = found.span(group)
    if group == "bare":
        stripped = value.rstrip()
        end -= len(value) - len(stripped)
        value = stripped
    return Entry(key.decode("utf-8", "replace"), value, start, end, group != "bare")
