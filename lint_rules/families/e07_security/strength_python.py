"""Cryptography of Python that is right in kind and too weak in size: rounds, keys, curves, IVs, versions of TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import short, source
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.tables import name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_TABLE = FOLDER / "crypto.toml"
_SIZES, _CURVES, _STARTS = (name_table(_TABLE, f"python_{what}") for what in ("size", "curve", "start"))
_PROTOCOLS = read_table(_TABLE)["python_protocols"]
_TAKES_PROTOCOL = frozenset(_PROTOCOLS["calls"])
_OLD = frozenset(_PROTOCOLS["names"])
_CONSTANT_BYTES = re.compile(
    r"^(?:[bB][\"'].*[\"'](?:\s*\*\s*\d+)?|bytes\(\s*\d+\s*\)|bytes\.fromhex\(\s*[\"'][^\"']*[\"']\s*\))$", re.DOTALL
)
_ENCRYPTS = re.compile(r"\bencrypt(?:or|_and_digest)?\(")
_BY_STANDARD = re.compile(r"wpa|ssid|scram|\bpmk\b", re.IGNORECASE)
"""Protocols that fix the number of rounds: the pairwise key of a wireless network, SCRAM's 4096."""


def weak_strength(call: Node, name: str, file: PythonFile) -> str:
    """What is wrong with a call, and what to do instead; "" for nothing. `name` is the canonical name called."""
    from lint_rules.families.e07_security.reading_python import argument, constant, function_text

    row = _SIZES.match(name, file.types)
    if row is not None:
        given = constant(argument(call, *row["places"]), file).replace("_", "")
        if not given.isdigit() or int(given) >= row["least"] or _BY_STANDARD.search(function_text(call)):
            return ""
        return f"{row['says'].format(call=short(call), given=given)}; {row['instead']}"
    row = _CURVES.match(name, file.types)
    if row is not None:
        curve = constant(argument(call, *row["places"]), file).removesuffix("()")
        return f"`{short(call)}` can be broken; {row['instead']}" if curve in row["weak"] else ""
    row = _STARTS.match(name, file.types)
    if row is not None and _is_constant(argument(call, *row["places"]), file) and _ENCRYPTS.search(function_text(call)):
        return f"`{short(call)}` starts with the same bytes each time; take the IV from `os.urandom`"
    return ""


def _is_constant(value: Node | None, file: PythonFile) -> bool:
    """Whether bytes are written in the source, or are all the same."""
    from lint_rules.families.e07_security.reading_python import resolved

    value = resolved(value, file)
    return value is not None and _CONSTANT_BYTES.match(source(value)) is not None


def old_protocols(file: PythonFile) -> Iterator[tuple[Node, str]]:
    """Connections that allow versions of TLS which can be broken."""
    from lint_rules.families.e07_security.reading_python import assignments
    from lint_rules.languages.python.registrations import arguments

    if not any(name.rpartition(".")[2].encode() in file.data for name in _OLD):
        return
    for call in file.nodes("call"):
        for place, value in arguments(call):
            if not _is_old(value, file) or file.in_broken_code(call):
                continue
            if place in _PROTOCOLS["arguments"] or _takes_protocol(call, file):
                yield call, _told(value)
    for name, target, value in assignments(file):
        if name in _PROTOCOLS["attributes"] and target.type == "attribute" and _is_old(value, file):
            yield target, _told(value)


def _takes_protocol(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and file.canonical(function) in _TAKES_PROTOCOL


def _is_old(value: Node, file: PythonFile) -> bool:
    return value.type in ("attribute", "identifier") and file.canonical(value) in _OLD


def _told(value: Node) -> str:
    return f"`{short(value)}` is a version of TLS that can be broken; use `ssl.create_default_context()`, or TLS 1.2"
