"""How modules and packages of JavaScript are written in symbols, which are split at dots.

A dot inside a file's or a package's name becomes U+2024 ONE DOT LEADER, so that `socket.io` is one segment.
"""

from __future__ import annotations

_IN_SYMBOLS = str.maketrans({".": "\u2024", "(": "\u207d", ")": "\u207e"})
_AS_WRITTEN = str.maketrans({"\u2024": ".", "\u207d": "(", "\u207e": ")"})

EXPORTS = "<exports>"
"""What `require` of a module gives; `<module>.<exports>.name` is one of its exported names."""

WHOLE = "export="
"""The key under which `module.exports = value` stands among a module's exports."""

GLOBAL = "globalThis"

LITERALS = frozenset({"globalThis.String", "globalThis.Number", "globalThis.Boolean"})
"""The symbols of literal texts, numbers and truth values, and of what is declared to be one."""


def segment(name: str) -> str:
    """A path or package name as one segment of a symbol."""
    return name.translate(_IN_SYMBOLS)


def shown(symbol: str) -> str:
    """A symbol as a person reads it."""
    return symbol.translate(_AS_WRITTEN)


def package_symbol(specifier: str) -> str:
    """The symbol of a module that is not the project's: `node:fs` is `fs`, `pkg/sub.js` is `pkg/sub`."""
    parts = specifier.removeprefix("node:").split("/")
    inside = len(parts) > (2 if specifier.startswith("@") else 1)
    if inside and parts[-1].endswith((".js", ".cjs", ".mjs")):
        parts[-1] = parts[-1].rpartition(".")[0]
    return segment("/".join(parts))


def js_name(written: str) -> str:
    """The symbol for a name as tables spell it: `pg#Pool.query`, `express()#get`, `globalThis#JSON.parse`."""
    specifier, _, member = written.partition("#")
    called = "()" if specifier.endswith("()") else ""
    head = package_symbol(specifier.removesuffix("()")) + called
    return f"{head}.{member}" if member else head
