"""Settings in configuration files that are named like credentials."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets.naming import belonging
from lint_rules.families.e09_secrets.places import How, Place

if TYPE_CHECKING:
    from lint_rules.languages.config.file import ConfigFile

# Files whose values are encrypted, files that describe data or interfaces, and lists of translations.
_NO_PLAIN_VALUES = re.compile(
    rb"^sops:|\"sops\"\s*:\s*\{|^kind:\s*[\"']?SealedSecret|\$ANSIBLE_VAULT|^openapi:|^swagger:|\"openapi\"\s*:|\"\$schema\"\s*:"
    rb"|^asyncapi:|\"swagger\"\s*:|\"type\"\s*:\s*\"object\"|^AWSTemplateFormatVersion|^%YAML|\"definitions\"\s*:",
    re.MULTILINE,
)
# `${VARIABLE:-default}` of shells and compose, `${VARIABLE:default}` of Spring.
_DEFAULT = re.compile(r"\$\{(?P<variable>[\w.]+)(?::?[-=]|:(?![?+]))(?P<value>[^{}$]+)\}")
_LEAST_BASE64 = 8
_BRACES = re.compile(rb"[\"']?(?P<key>[\w.-]+)[\"']?\s*[:=]\s*\{[^{}]*$")
_OUTER = re.compile(rb"(?P<indent>[ \t]*)(?:\[(?P<section>[\w.-]+)\]|[\"']?(?P<key>[\w.-]+)[\"']?\s*:)")
_MOST_ABOVE = 2_000
# What Kubernetes keeps in base64.
_KEEPS_BASE64 = re.compile(rb"^kind:[ \t]*[\"']?Secret\b", re.MULTILINE)


def places(file: ConfigFile) -> Iterator[Place]:
    """The settings of a file, those of `.env` files left out: what they hold is said of the file as a whole."""
    name = file.relative.rpartition("/")[2]
    if name.startswith(".env") or _NO_PLAIN_VALUES.search(file.data):
        return
    in_base64 = _KEEPS_BASE64.search(file.data) is not None
    seen: set[int] = set()
    for entry in file.entries():
        if entry.start not in seen:
            seen.add(entry.start)
            key = entry.key.rpartition(".")[2].rpartition("/")[2]
            if key.lower() == "key":
                key = belonging(key, _owner(file.data, entry.start) or entry.key)
            default = _DEFAULT.fullmatch(entry.value.strip())
            if default is not None:  # `${DB_PASSWORD:-postgres}`
                variable = default["variable"]
                yield Place(variable, default["value"], entry.start, entry.end, How.FALLBACK, variable)
            else:
                value = _decoded(entry.value) if in_base64 else entry.value
                yield Place(key, value, entry.start, entry.end, How.BOUND)


def _owner(data: bytes, start: int) -> str:
    """What a setting belongs to: the key of the braces around it or of the line above it, or its section."""
    line_start = data.rfind(b"\n", 0, start) + 1
    line = data[line_start:start]
    if (braces := _BRACES.search(line)) is not None:
        return braces["key"].decode("utf-8", "replace")
    indent = len(line) - len(line.lstrip())
    for above in reversed(data[max(0, line_start - _MOST_ABOVE) : line_start].splitlines()):
        found = _OUTER.match(above)
        if found is not None and (found["section"] or len(found["indent"]) < indent):
            return (found["section"] or found["key"]).decode("utf-8", "replace")
    return ""


def _decoded(value: str) -> str:
    """What a value in base64 says, or the value if it is none."""
    try:
        text = base64.b64decode(value, validate=True).decode("ascii")
    except ValueError:
        return value
    return text.strip() if text.strip().isprintable() and len(value) >= _LEAST_BASE64 else value
