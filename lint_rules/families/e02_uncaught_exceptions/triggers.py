"""Which files can hold a handler worth looking at, told by a search over their bytes, before anything is parsed.

Each answer may be a false yes, never a false no: what the checks decide on the tree, these only guess from the text.
"""

from __future__ import annotations

import builtins
import re

from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE
from lint_rules.languages.tables import name_table

_TABLES = (name_table(TABLE, "general", key="errors"), name_table(TABLE, "unexpected", key="errors"))
_UNEXPECTED = frozenset(name.encode() for name in _TABLES[1].last_names)
_EXPECTED = frozenset(
    name.encode()
    for name, value in vars(builtins).items()
    if isinstance(value, type)
    and issubclass(value, BaseException)
    and not any(f"builtins.{name}" in table for table in _TABLES)
)

# Patterns begin with literal text, which the engine of `re` looks for several times faster than for a class of bytes.
_BROAD = re.compile(rb"except(?:\s*(?:\*\s*)?:|[^:]*?\b(?:Base)?Exception\b)")
_BROAD_BY_NAME = re.compile(rb"Exception\s*[,)\n](?!\s*:)")
_CANCELLATION = re.compile(
    rb"except(?:\s*(?:\*\s*)?:|[^:]*?(?i:cancel|baseexception))|= *\(?(?i:[\w.]*cancel|baseexception)"
)
_IDLE = re.compile(
    rb"except\b(?P<classes>[^:]*):(?:\s|\\\n|#[^\n]*\n)*"
    rb"(?:(?:await\s+)?[\w.]*\brollback\(|pass\b|continue\b|break\b|return\b|\.\.\.|[rRbBuUfF]{0,2}[\"'])"
)
_CALL = re.compile(
    rb"(?:^|[:;])[ \t]*"
    rb"(?!(?:if|for|while|with|return|yield|raise|del|assert|import|from|not|elif|else|async|class|def|lambda)\b)"
    rb"\(*(?:await\s+)?[A-Za-z_\"'][^=\n#(]*\(",
    re.MULTILINE,
)
_NAME = re.compile(rb"[\w.]+")
_AS = re.compile(rb"\bas\s+\w+\s*$")
_NEAR = 4000


def may_be_broad(data: bytes) -> bool:
    """Whether some handler may catch every error: bare, `Exception` or `BaseException`, by a name bound to one too."""
    return b"except" in data and (_BROAD.search(data) is not None or _BROAD_BY_NAME.search(data) is not None)


def may_catch_cancellation(data: bytes) -> bool:
    """Whether some handler of asynchronous code may catch a cancellation."""
    return b"async" in data and _CANCELLATION.search(data) is not None


def may_swallow(data: bytes) -> bool:
    """Whether some handler does nothing at all, and catches what was not to be expected where something was done."""
    return any(_may_matter(handler, data) for handler in _IDLE.finditer(data))


def _may_matter(handler: re.Match[bytes], data: bytes) -> bool:
    classes = _AS.sub(b"", handler["classes"])
    names = {name.rpartition(b".")[2] for name in _NAME.findall(classes)} - _EXPECTED
    if not names:
        return False
    if not names.isdisjoint(_UNEXPECTED):
        return True
    if any(b"as " + name in data or re.search(rb"\b" + name + rb"\s*[:=]", data) for name in names):
        return True  # another name of what is not known here
    return _CALL.search(data, _try_before(handler, data), handler.start()) is not None


def _try_before(handler: re.Match[bytes], data: bytes) -> int:
    """Where the `try` of a handler begins: the nearest one above with the same indentation."""
    line = data.rfind(b"\n", 0, handler.start()) + 1
    indentation = data[line : handler.start()]
    found = data.rfind(b"\n" + indentation + b"try", 0, line) if not indentation.strip() else -1
    return found + len(indentation) + 4 if found >= 0 else max(0, handler.start() - _NEAR)
