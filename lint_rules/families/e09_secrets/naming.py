"""Whether a name is that of a credential: `db_password`, `JWT_SECRET`, `clientSecret`, `x-api-key`, `contraseña`."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from lint_rules.languages.tables import read_table

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\dA-Z_]+|[A-Z]+|\d+")
_LONGEST_NAME = 120
_ABOUT_SETTINGS = frozenset({"settings", "config", "conf", "configuration", "options", "opts"})


class Credential(IntEnum):
    """How much a name says: nothing, that it needs a value that looks like a credential, or enough."""

    NONE = 0
    WEAK = 1
    STRONG = 2


@lru_cache(maxsize=1)
def credential_table() -> dict[str, Any]:
    """The table of names and values."""
    return read_table(Path(__file__).parent / "credentials.toml")


@lru_cache(maxsize=8)
def word_set(section: str, key: str) -> frozenset[str]:
    """A list of the table as a set."""
    return frozenset(credential_table()[section][key])


def words_of(name: str) -> list[str]:
    """A name's words in lower case: `dbPassword`, `DB_PASSWORD` and `db-password` alike."""
    return [word.lower() for word in _WORD.findall(name)]


def belonging(name: str, owner: str) -> str:
    """The name of what belongs to something: `jwt_key` for the `key` of `jwt`, else the name as it is."""
    if name.lower() != "key":
        return name
    words = words_of(owner)
    while len(words) > 1 and words[-1] in _ABOUT_SETTINGS:
        words.pop()
    return f"{words[-1]}_{name}" if words and words[-1] in word_set("names", "holders") else name


@lru_cache(maxsize=4096)
def credential(name: str) -> Credential:
    """Whether the name is that of a credential."""
    if len(name) > _LONGEST_NAME:
        return Credential.NONE
    words = words_of(name)
    qualifiers = word_set("names", "qualifiers")
    while len(words) > 1 and words[-1] in qualifiers:
        words.pop()
    others = word_set("names", "other").intersection(words)
    if others and words[-2:] == ["secret", "key"]:
        others -= {"csrf", "xsrf"}  # the key that signs such tokens
    if not words or others:
        return Credential.NONE
    if words[-1].endswith("s") and words[-1][:-1] in ("password", "secret", "token", "key"):
        words[-1] = words[-1][:-1]
    endings = {"_".join(words[-size:]) for size in (1, 2, 3)}
    if not endings.isdisjoint(word_set("names", "strong")) or _is_compound(words[-1]):
        return Credential.STRONG
    if endings.isdisjoint(word_set("names", "weak")):
        return Credential.NONE
    return Credential.STRONG if words[-1] in ("pass", "pw") else Credential.WEAK


def _is_compound(word: str) -> bool:
    """Whether a word in one piece ends with that for a password: `dbpassword`, `smtppasswd`."""
    return word.endswith(("password", "passwd", "passphrase", "passwort")) and not word.startswith(("no", "is", "has"))
