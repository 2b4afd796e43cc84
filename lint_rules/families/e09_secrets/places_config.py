"""Settings in configuration files that are named like credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets.places import How, Place

if TYPE_CHECKING:
    from lint_rules.languages.config.file import ConfigFile

# Files whose values are encrypted, files that describe data or interfaces, and lists of translations.
_NO_PLAIN_VALUES = re.compile(
    rb"^sops:|\"sops\"\s*:\s*\{|^kind:\s*[\"']?SealedSecret|\$ANSIBLE_VAULT|^openapi:|^swagger:|\"openapi\"\s*:|\"\$schema\"\s*:"
    rb"|^asyncapi:|\"swagger\"\s*:|\"type\"\s*:\s*\"object\"|^AWSTemplateFormatVersion|^%YAML|\"definitions\"\s*:",
    re.MULTILINE,
)
_DEFAULT = re.compile(r"\$\{(?P<variable>\w+):?-(?P<value>[^{}$]+)\}")


def places(file: ConfigFile) -> Iterator[Place]:
    """The settings of a file, those of `.env` files left out: what they hold is said of the file as a whole."""
    name = file.relative.rpartition("/")[2]
    if name.startswith(".env") or _NO_PLAIN_VALUES.search(file.data):
        return
    seen: set[int] = set()
    for entry in file.entries():
        if entry.start not in seen:
            seen.add(entry.start)
            key = entry.key.rpartition(".")[2].rpartition("/")[2]
            default = _DEFAULT.fullmatch(entry.value.strip())
            if default is not None:  # `${DB_PASSWORD:-postgres}`
                variable = default["variable"]
                yield Place(variable, default["value"], entry.start, entry.end, How.FALLBACK, variable)
            else:
                yield Place(key, entry.value, entry.start, entry.end, How.BOUND)
