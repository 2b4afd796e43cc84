"""Where literals are bound to names, in words that every language shares: what Python, JavaScript and configuration
give.

A screen over the bytes finds the literals that may be credentials; only those are looked up in the syntax tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from lint_rules.families.e09_secrets.judgement import Setting
from lint_rules.families.e09_secrets.naming import credential_table


class How(Enum):
    """The way in which a literal is bound to a name."""

    BOUND = "bound"
    PASSED = "passed"
    DEFAULT = "default"
    COMPARED = "compared"
    RETURNED = "returned"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Place:
    """A literal and the name it is bound to.

    `start:end` are the bytes of the expression the literal is (its quotes and pieces included), `variable` is the
    environment variable that the literal stands in for if it is not set, `used_by` the call that is given the literal.
    """

    name: str
    value: str
    start: int
    end: int
    how: How
    variable: str = ""
    used_by: str = ""

    @property
    def setting(self) -> Setting:
        """What the judgement is asked."""
        is_used = bool(self.used_by) or self.how is How.COMPARED
        return Setting(
            self.name,
            self.value,
            is_fallback=self.how is How.FALLBACK,
            is_used=is_used,
            is_compared=self.how is How.COMPARED,
        )


# Beginnings of credentials' names, and calls that are given one, in small letters. Searching them one by one is far
# faster than any expression over the whole text.
_STEMS = (
    b"pwd",
    b"secret",
    b"token",
    b"credential",
    b"creds",
    b"_pw",
    b"kennwort",
    b"senha",
    b"contrase",
    b"mdp",
    b"mot_de_",
    b"wachtwoord",
    b"clave_",
    b"parola",
    b"heslo",
    b"jwt.",
    b"hmac",
    b"fernet(",
    b".login(",
    b"cipheriv(",
    b"cookieparser(",
    b"basicauth(",
    b"sequelize(",
    b"serializer(",
    b"signer(",
    b"aes.",
    b"auth=(",
    b"authorization",
    b"compare_digest(",
    b"timingsafeequal(",
)
# `pass` alone is a statement or a part of `passed`.
_PASS = re.compile(rb"pass(?:w|phrase|code|e(?![a-z])|[\"'\]]{0,2}\s?[:=])")
# `key` alone says nothing; behind one of these words it does.
_KEYS = tuple(
    b"access app auth license account private signing encryption master session cookie hmac jwt service "
    b"api subscription secret crypto aes webhook shared storage deploy integration consumer security key".split()
)
# What may stand between the name and the literal that is bound to it, and the literal's first quote.
# In two steps, neither of which ever goes back: the rest of the name, and the way to the quote.
_REST_OF_NAME = re.compile(rb"""[\w.-]{0,40}(?:\\?["'`])?""")
_TO_QUOTE = re.compile(rb"""[^"'`;]{1,120}["'`]""")
_REVERSED = re.compile(
    rb"""(?P<quote>["'])[^"'\n]{4,80}["'][ ]?={2,3}\s*[\w.\[\]("'-]{0,60}?(?:passw|pwd|secret|token|api_?key)""",
    re.IGNORECASE,
)
_CONNECTION = re.compile(
    rb"""(?P<quote>["'`])[^"'`\n]{0,400}?(?:password|pwd|accountkey|sharedaccesskey)[ ]?=""", re.IGNORECASE
)
_CONNECTION_WORDS = (b"assword=", b"assword =", b"pwd=", b"Pwd=", b"PWD=", b"AccountKey=", b"SharedAccessKey=")
_MORE_LITERALS = 5
_LITERAL = re.compile(rb"""(["'`])(?P<value>[^"'`\n]{0,500})\1""")
_BETWEEN = re.compile(rb"""[^"'`;]{0,120}["'`]""")


@lru_cache(maxsize=1)
def may_hold_credential(data: bytes) -> bool:
    """Whether a text may bind a literal to the name of a credential."""
    return next(spots(data), None) is not None


def spots(data: bytes) -> Iterator[int]:
    """The bytes at which the quotes of literals begin that may be bound to the name of a credential."""
    seen: set[int] = set()
    for at in _first_quotes(data, data.lower()):
        for _ in range(_MORE_LITERALS):  # `jwt.sign({id: "x"}, "secret")`, `get("SECRET", "x")`
            literal = _LITERAL.match(data, at)
            # A literal with quotes in it is left to the syntax tree.
            is_literal = data[at + 1 : at + 2] not in (b"\n", b")", b",") if literal is None else len(literal[2]) >= 2
            if is_literal and at not in seen:
                seen.add(at)
                yield at
            gap = _BETWEEN.match(data, literal.end() if literal is not None else at + 1)
            if gap is None:
                break
            at = gap.end() - 1  # noqa: PLW2901


def _first_quote(data: bytes, at: int) -> int:
    """Where the first literal behind a name begins of which byte `at` is a part; -1 if none is near."""
    name = _REST_OF_NAME.match(data, at)
    found = _TO_QUOTE.match(data, name.end()) if name is not None else None
    return found.end() - 1 if found is not None else -1


def _first_quotes(data: bytes, lowered: bytes) -> Iterator[int]:
    """Where the first literal behind each word for a credential begins, or before it in a comparison."""
    for stem in _STEMS:
        at = lowered.find(stem)
        while at >= 0:
            quote = _first_quote(data, at + len(stem) - (stem[-1:] in b":=\"' ("))
            if quote >= 0:
                yield quote
            at = lowered.find(stem, at + len(stem))
    at = lowered.find(b"pass")
    while at >= 0:
        if _PASS.match(lowered, at) or lowered[at - 1 : at] == b"_":
            quote = _first_quote(data, at + 4)
            if quote >= 0:
                yield quote
        at = lowered.find(b"pass", at + 4)
    at = lowered.find(b"key")
    while at >= 0:
        if lowered[max(0, at - 14) : at].rstrip(b"_-").endswith(_KEYS):
            quote = _first_quote(data, at + 3)
            if quote >= 0:
                yield quote
        at = lowered.find(b"key", at + 3)
    if b'" =' in data or b"' =" in data or b'"==' in data or b"'==" in data:
        for found in _REVERSED.finditer(data):
            yield found.start("quote")
    if any(word in data for word in _CONNECTION_WORDS):  # `"Server=db;User Id=app;Password=..."`
        for found in _CONNECTION.finditer(data):
            yield found.start("quote")


_SETTING = re.compile(
    rb"""(?:passw|pwd|passphrase|passcode|secret|token|api[_-]?key|credential|pass|_key|[a-z]key)[\w-]{0,30}"""
    rb"""["']?[ \t]{0,8}[:= ][ \t]{0,8}["']?[^\s"'${<#]""",
    re.IGNORECASE,
)


def may_hold_setting(data: bytes) -> bool:
    """Whether a configuration file may hold a value under the name of a credential."""
    return _SETTING.search(data) is not None or b"assword=" in data or b"AccountKey=" in data


@lru_cache(maxsize=1)
def positional_credentials() -> dict[str, int]:
    """The position of the credential among the arguments, by the end of the name of what is called."""
    return {name: row["argument"] for row in credential_table()["positional"] for name in row["calls"]}


def positional(called: str) -> int | None:
    """Which argument of a call is a credential, by the name that is written; None if none is known to be."""
    known = positional_credentials()
    receiver, _, last = called.rpartition(".")
    if last == "login" and _LOGS_IN.search(receiver):
        return 1
    parts = called.replace("new ", "").split(".")
    return next((known[name] for size in (3, 2, 1) if (name := ".".join(parts[-size:])) in known), None)


_SHARED = re.compile(r"shared|secret|token|passw|[-_]key\b|Key\b")


def is_secret_name(name: str) -> bool:
    """Whether a name may be that of a secret, of whatever kind."""
    return _SHARED.search(name) is not None


_LOGS_IN = re.compile(r"smtp|imap|pop3|ftp|mail|server", re.IGNORECASE)
_COMPARING = ("compare_digest", "timingSafeEqual", "safeCompare", "constant_time_compare", "tsscmp")


def is_comparison(called: str) -> bool:
    """Whether a call compares its two arguments."""
    return called.rpartition(".")[2] in _COMPARING


def is_lookup(called: str) -> bool:
    """Whether a call looks a variable of the environment up, by the name that is written."""
    names = credential_table()["lookups"]["environment"]
    return called in names or called.endswith((".environ.get", ".getenv", ".env.get"))


def is_wrapper(called: str) -> bool:
    """Whether a function gives its first argument back in another form."""
    return called.rpartition(".")[2].removeprefix("new ") in credential_table()["wrappers"]["functions"]


def is_wrapping_method(name: str) -> bool:
    """Whether a method of a text gives the text back in another form."""
    return name in credential_table()["wrappers"]["methods"]


def is_for_documentation(name: str) -> bool:
    """Whether what is given under a name is there to be read: `Field(examples=[...])`."""
    return name.lower() in _DOCUMENTATION


_DOCUMENTATION = frozenset(
    {
        "example",
        "examples",
        "openapi_examples",
        "json_schema_extra",
        "schema_extra",
        "description",
        "help",
        "doc",
        "docs",
        "responses",
        "mock",
        "mocks",
        "fixtures",
        "epilog",
        "usage",
        "placeholder",
        "placeholders",
        "description_placeholders",
        "metavar",
        "i18n",
        "translations",
        "messages",
    }
)
