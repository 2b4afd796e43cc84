"""The formats of tokens.toml: which of them stand in a text, and whether a match is a token or only looks like one."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from zlib import crc32

from msgspec import Struct

from lint_rules.languages.screening import Stems
from lint_rules.languages.tables import read_table

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BEFORE, _AFTER = rb"(?<![A-Za-z0-9_])", rb"(?![A-Za-z0-9])"
_EXAMPLES = re.compile(
    rb"EXAMPLE|example|[xX*]{6}|\.\.\.|0{8}|1234567890|123456789|abcdefgh|ABCDEFGH|(.)\1{7}|[yY]our[-_]?|YOUR|fake|FAKE|dummy"
    rb"|placeholder|REDACTED|redacted|deadbeef|DEADBEEF|changeme|SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c|4eC39HqLyjWDarj"
)
"""What stands in tokens of documentations and in made-up ones."""

_JOINT = re.compile(rb"""["'`][ \t]*(?:\\?\r?\n[ \t]*)?(?:[+.][ \t]*)?(?:\\?\r?\n[ \t]*)?(?:\+[ \t]*)?[rRbB]?["'`]""")
_NEAR = 700
_MOST_NAME = 60
# Almost every token has a run of twenty characters with a digit; the others have one of these words.
_RUN_CHARACTERS = bytes(0x61 if (chr(byte).isalnum() and byte < 128) or byte in b"_-" else 0x20 for byte in range(256))
_RUN = b"a" * 20
_DIGIT = re.compile(rb"\d")
_WITHOUT_RUN = (
    b"AKIA", b"ASIA", b"ghp_", b"sk_live_", b"rk_live_", b"xoxb-", b"PRIVATE KEY-", b"ecretAccessKey",
    b"ecret_access_key", b"AWS_SECRET", b"aws_secret", b"sig=", b"whsec_", b"SECRET_ACCESS_KEY",
    b"SharedAccessKey=", b"hooks.slack.com",
)  # fmt: skip
_SPELLED = Stems(_WITHOUT_RUN)
_TILDE = b"Q~"
"""Another one, which has no letters that could be looked up."""
_LEAST_ENTROPY = 3.0


class Format(Struct, frozen=True):
    """One row of the table."""

    name: str
    keywords: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    check: str
    revoke: str


class Token(Struct, frozen=True):
    """A token in a text: its format, and the bytes `start:end` that make it up and that no report may show."""

    format: Format
    start: int
    end: int
    shown: str


@lru_cache(maxsize=1)
def formats() -> tuple[Format, ...]:
    """All rows."""
    return tuple(
        Format(
            row["name"],
            tuple(keyword.encode() for keyword in row["keywords"]),
            re.compile(_BEFORE + b"(?:" + row["pattern"].encode() + b")" + _AFTER),
            row.get("check", ""),
            row["revoke"],
        )
        for row in read_table(Path(__file__).parent / "tokens.toml")["format"]
    )


@lru_cache(maxsize=1)
def _keywords() -> tuple[tuple[bytes, Format], ...]:
    return tuple((keyword, one) for one in formats() for keyword in one.keywords)


def tokens(data: bytes) -> list[Token]:
    """The tokens in a text, in order; of two that overlap the one that begins first, the longer one first."""
    found = sorted(_matches(data), key=lambda token: (token.start, -token.end))
    kept: list[Token] = []
    for token in found:
        if not kept or token.start >= kept[-1].end:
            kept.append(token)
    return kept


def holds_token(data: bytes) -> bool:
    """Whether a text holds any token."""
    return next(_matches(data), None) is not None


def is_token_at(data: bytes, start: int, end: int) -> bool:
    """Whether a stretch of a text holds a token that only what is around it tells: `aws_secret_access_key="..."`."""
    around = max(0, start - _MOST_NAME)
    return any(around + token.end > start for token in tokens(data[around:end]))


def _telling_lines(data: bytes) -> bytes:
    """The lines of a text in which a keyword counts: those with a long run that holds a digit, and some words."""
    lines = []
    runs = data.translate(_RUN_CHARACTERS)
    at = runs.find(_RUN)
    while at >= 0:
        end = runs.find(b" ", at + len(_RUN))
        end = len(data) if end < 0 else end
        if _DIGIT.search(data, at, end):
            start = data.rfind(b"\n", max(0, at - _NEAR), at) + 1 or max(0, at - _NEAR)
            line_end = data.find(b"\n", end, end + _NEAR)
            end = line_end if line_end >= 0 else min(end + _NEAR, len(data))
            lines.append(data[start:end])
        at = runs.find(_RUN, end)
    words = _WITHOUT_RUN if len(data) < _NEAR else _SPELLED.in_file(data)
    lines += [word for word in words if word in data]
    if b"~" in data and _TILDE in data:
        lines.append(_TILDE)
    return b"\n".join(lines)


def _matches(data: bytes) -> Iterator[Token]:
    telling = _telling_lines(data)
    if not telling:
        return
    for one in dict.fromkeys(one for keyword, one in _keywords() if keyword in telling):
        for match in one.pattern.finditer(data):
            group = "secret" if "secret" in one.pattern.groupindex and match.group("secret") else 0
            if is_token(one, match.group(), match.group(group)):
                yield Token(one, *match.span(group), _shown(match.group(group)))
        yield from _joined(one, data)


def _joined(one: Format, data: bytes) -> Iterator[Token]:
    """Tokens that are written as several literals one behind the other: `"AKIA" + "..."`."""
    for keyword in one.keywords:
        at = data.find(keyword)
        while at >= 0:
            piece = data[at : at + _NEAR]
            joint = _JOINT.search(piece)
            if joint is not None and joint.start() <= _NEAR - 40:
                match = one.pattern.match(_JOINT.sub(b"", piece))
                if match is not None and "secret" not in one.pattern.groupindex and is_token(one, match[0], match[0]):
                    end = _end_in(piece, len(match[0]))
                    if end > joint.start():
                        yield Token(one, at, at + end, _shown(match[0]))
            at = data.find(keyword, at + len(keyword))


def _end_in(piece: bytes, length: int) -> int:
    """Where the first `length` bytes of a piece without its joints end within the piece."""
    end = length
    for joint in _JOINT.finditer(piece):
        if joint.start() >= end:
            break
        end += joint.end() - joint.start()
    return end


def is_token(one: Format, match: bytes, secret: bytes) -> bool:
    """Whether what has the format of a token may be one: no example, not regular, checksum and structure right."""
    if _EXAMPLES.search(secret) and one.check != "pem":
        return False
    if one.check == "pem":
        return _is_pem(secret)
    if entropy(secret) < _LEAST_ENTROPY - (0.5 if len(secret) < 24 else 0):
        return False
    if one.check == "crc32-base62":
        return has_checksum(match)
    if one.check == "jwt":
        return _is_jwt(match)
    if one.check == "discord":
        return bool(_decoded(match.partition(b".")[0]).isdigit())
    if one.check in ("mixed", "random"):
        return (
            re.search(rb"\d", secret) is not None
            and re.search(rb"[a-z]", secret) is not None
            and (re.search(rb"[A-Z]", secret) is not None)
        )
    return re.search(rb"\d", secret) is not None


def has_checksum(token: bytes) -> bool:
    """Whether the last six characters are the CRC-32 of the part between `_` and them, in base 62 (GitHub, npm)."""
    body = token.rpartition(b"_")[2].decode("ascii")
    number = crc32(body[:-6].encode())
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return body[-6:] == digits.rjust(6, "0")


def entropy(text: bytes) -> float:
    """The Shannon entropy of a text in bits a character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def _decoded(part: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return b""


def _is_jwt(token: bytes) -> bool:
    """Whether header and claims are JSON objects, the header names an algorithm, and it is no example, nor public."""
    header, claims, _ = token.split(b".")
    try:
        parts = [json.loads(_decoded(part)) for part in (header, claims)]
    except (ValueError, RecursionError):
        return False
    if not all(isinstance(part, dict) for part in parts) or str(parts[0].get("alg", "none")).lower() == "none":
        return False
    claims_made = parts[1]
    is_example = claims_made.get("name") == "John Doe" or claims_made.get("sub") == "1234567890"
    return not is_example and claims_made.get("role") != "anon"  # what Supabase gives browsers


def _is_pem(body: bytes) -> bool:
    """Whether there is a key between the lines, in one literal or many, and no text that stands for one."""
    lines = re.sub(rb"\\[rn]|[\s\"'`+,\\()]", b"", body)
    if b"..." in lines or re.search(rb"Proc-Type|ENCRYPTED", body):
        return False
    content = re.sub(rb"[^A-Za-z0-9+/]", b"", lines)
    is_repetitive = re.search(rb"(.)\1{30}", content) is not None
    return len(content) >= 60 and entropy(content) > 4.0 and not is_repetitive


def _shown(secret: bytes) -> str:
    """What a message may show of a secret: its first four characters, which are the provider's prefix."""
    return secret[:4].decode("ascii", "replace").split("\n")[0]
