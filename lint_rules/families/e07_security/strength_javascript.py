"""Cryptography of Node that is right in kind and too weak in size: rounds, keys, IVs, versions of TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import short, source
from lint_rules.families.e07_security.reading_javascript import constant, key_name, options, resolved
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.javascript.grammar import arguments, callee, string_value
from lint_rules.languages.javascript.library import js_name_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = FOLDER / "crypto.toml"
_BROKEN, _MODES = js_name_table(_TABLE, "javascript_broken"), js_name_table(_TABLE, "javascript_mode")
_ROUNDS, _KEYS = js_name_table(_TABLE, "javascript_rounds"), js_name_table(_TABLE, "javascript_keys")
_CIPHERS = js_name_table(_TABLE, "javascript_cipher_iv")
_CONSTANT_BYTES = re.compile(
    r"^Buffer\.(?:alloc\(\s*\d+\s*(?:,\s*\d+\s*)?\)|from\(\s*[\"'][^\"']*[\"']\s*(?:,[^()]*)?\))$"
)
_OLD_VERSION = re.compile(r"^TLSv1(?:\.1)?$")
_OLD_METHOD = re.compile(r"^(?:SSLv[23]|TLSv1(?:_1)?)(?:_(?:server|client))?_method$")
_LEAST_BITS = 2048


def weak_strength(call: Node, file: JavaScriptFile) -> str:
    """What is wrong with a call, and what to do instead; "" for nothing."""
    function, given = callee(call), arguments(call)
    name = file.canonical(function) if function is not None else ""
    if not name or not given:
        return ""
    row = _BROKEN.match(name, file.types)
    if row is not None:
        return f"`{short(call)}` can be broken; {row['instead']}"
    row = _MODES.match(name, file.types)
    if row is not None:
        mode = (options(given[-1], file) or {}).get("mode")
        is_open = mode is not None and source(mode).endswith("mode.ECB")
        return f"`{short(call)}` shows the pattern of what it encrypts; {row['instead']}" if is_open else ""
    row = _ROUNDS.match(name, file.types)
    if row is not None:
        return _few_rounds(call, given, int(row["position"]), int(row["least"]), str(row["instead"]), file)
    if _KEYS.match(name, file.types) is not None and len(given) > 1:
        bits = constant((options(given[1], file) or {}).get("modulusLength"), file)
        if bits.isdigit() and int(bits) < _LEAST_BITS:
            return f"a key of {bits} bits can be broken; use 2048 bits or more"
    return _constant_iv(call, given, name, file)


def _few_rounds(call: Node, given: list[Node], position: int, least: int, instead: str, file: JavaScriptFile) -> str:
    rounds = constant(given[position], file).replace("_", "") if position < len(given) else ""
    if not rounds.isdigit() or int(rounds) >= least:
        return ""
    return f"`{short(call)}` is too fast with {rounds} rounds; {instead}"


def _constant_iv(call: Node, given: list[Node], name: str, file: JavaScriptFile) -> str:
    """Whether a cipher that encrypts starts with the same bytes each time."""
    is_encrypting = name.endswith("createCipheriv") and _CIPHERS.match(name, file.types) is not None
    vector = resolved(given[2], file) if is_encrypting and len(given) > 2 else None
    if vector is None:
        return ""
    written = " ".join(source(vector).split())
    if string_value(vector) or _CONSTANT_BYTES.match(written):
        return f"`{short(call)}` starts with the same bytes each time; take the IV from `crypto.randomBytes`"
    return ""


def old_protocols(file: JavaScriptFile) -> Iterator[tuple[Node, str]]:
    """Options that allow versions of TLS which can be broken."""
    for pair in file.nodes("pair") if b"minVersion" in file.data or b"secureProtocol" in file.data else ():
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or file.in_broken_code(pair):
            continue
        wanted = {"minVersion": _OLD_VERSION, "secureProtocol": _OLD_METHOD}.get(key_name(key))
        if wanted is not None and wanted.match(constant(value, file)):
            yield pair, f"`{short(pair)}` lets others choose a version that can be broken; use `minVersion: 'TLSv1.2'`"
