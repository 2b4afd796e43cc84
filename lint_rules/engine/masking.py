"""Excerpts of code without the contents of their literals, any of which may be a secret."""

from __future__ import annotations

import re
from typing import Any

import msgspec


def without_literals(notes: bytes) -> bytes:
    """Encoded notes without the contents of literals in the excerpts of code that they hold: they are kept on disk and
    told in messages, and a literal may be a secret. The paths of modules stay.
    """
    if not any(quote in notes for quote in (b'"', b"'", b"`")):
        return notes
    return msgspec.msgpack.encode(_masked(msgspec.msgpack.decode(notes)))


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _LITERAL.sub(_without_content, value)
    if isinstance(value, list):
        return [_masked(one) for one in value]
    return {key: _masked(one) for key, one in value.items()} if isinstance(value, dict) else value


def _without_content(found: re.Match[str]) -> str:
    quote, inside = found["quote"], found["inside"]
    if quote == "`" and _NAME_IN_A_MESSAGE.fullmatch(inside):
        return found.group()
    return found.group() if quote is None or len(inside) < _SHORTEST_SECRET else f"{quote}...{quote}"


_SHORTEST_SECRET = 5
# What a cut excerpt begins is a literal to its end.
_LITERAL = re.compile(
    r"""(?:require|import)\(\s*["'`][^"'`]*["'`]"""
    r"""|(?P<quote>["'`])(?P<inside>(?:\\.|(?!(?P=quote))[^\\])*)(?:(?P=quote)|\\?$)""",
    re.DOTALL,
)


_NAME_IN_A_MESSAGE = re.compile(r"[A-Za-z_$.]{1,40}(?:\(\))?")
"""What messages put between backticks: names, which passwords and tokens with their digits do not look like."""


__all__ = ["without_literals"]
