"""Where literals are bound to names, in words that every language shares: what Python, JavaScript and configuration
give.

A screen over the bytes finds the literals that may be credentials; only those are looked up in the syntax tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from lint_rules.families.e09_secrets.judgement import Setting
from lint_rules.families.e09_secrets.naming import credential_table
from lint_rules.languages.screening import Stems


class How(Enum):
    """The way in which a literal is bound to a name."""

    BOUND = "bound"
    PASSED = "passed"
    DEFAULT = "default"
    COMPARED = "compared"
    RETURNED = "returned"
    FALLBACK = "fallback"


class Place(Struct, frozen=True):
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


# Beginnings of credentials' names, and calls that are given one, in small letters. Those that a file spells are
# searched one by one, which is far faster than any expression over the whole text.
_STEMS = (
    b"pass",
    b"key",
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
    b"scrypt",
    b"pbkdf2",
    b"basic-auth",
    b"app.keys",
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
# Or where it belongs to one of these: `jwt: { key: "..." }`.
_HOLDERS = re.compile("|".join((*credential_table()["names"]["holders"], "cookiesession")).encode())
_MOST_HOLDER = 80
# What may stand between the name and the literal that is bound to it, and the literal's first quote.
# In two steps, neither of which ever goes back: the rest of the name, and the way to the quote.
_REST_OF_NAME = re.compile(rb"""[\w.-]{0,40}(?:\\?["'`])?""")
_TO_QUOTE = re.compile(rb"""[^"'`;]{1,120}["'`]""")
# What stands before the name if the literal does: `"..." == self.`
_REVERSED = re.compile(rb"""(?P<quote>["'])[^"'\n]{4,80}["'][ ]?={2,3}\s*[\w.\[\]("'-]{0,60}$""")
_MOST_BEFORE, _MOST_NAME = 160, 66
_CONNECTION = re.compile(
    rb"""(?P<quote>["'`])[^"'`\n]{0,400}?(?:password|pwd|accountkey|sharedaccesskey)[ ]?=""", re.IGNORECASE
)
_IN_QUERY = re.compile(rb"\w{0,12}=\w")
_TO_QUERY = re.compile(rb"""[\"'`][a-z]{2,8}://[^\"'`\s?]{3,200}\?[^\"'`\s]{0,100}$""")
_MOST_URL = 330
_OF_CONNECTION = re.compile(rb"(?:password|pwd) ?=|key=")
_MORE_LITERALS = 5
_LITERAL = re.compile(rb"""(["'`])(?P<value>[^"'`\n]{0,500})\1""")
_BETWEEN = re.compile(rb"""[^"'`;]{0,120}["'`]""")


_SPELLED = Stems(_STEMS, any_case=True)


def may_hold_credential(data: bytes) -> bool:
    """Whether a text may bind a literal to the name of a credential."""
    return bool(spots(data))


@lru_cache(maxsize=1)  # two rules ask
def spots(data: bytes) -> tuple[int, ...]:
    """The bytes at which the quotes of literals begin that may be bound to the name of a credential."""
    stems = _SPELLED.in_file(data)
    if not stems:
        return ()
    found: dict[int, None] = {}
    for start in dict.fromkeys(_first_quotes(data, stems)):
        at = start
        for _ in range(_MORE_LITERALS):  # `jwt.sign({id: "x"}, "secret")`, `get("SECRET", "x")`
            literal = _LITERAL.match(data, at)
            # A literal with quotes in it is left to the syntax tree.
            is_literal = data[at + 1 : at + 2] not in (b"\n", b")", b",") if literal is None else len(literal[2]) >= 2
            if is_literal:
                found[at] = None
            gap = _BETWEEN.match(data, literal.end() if literal is not None else at + 1)
            if gap is None:
                break
            at = gap.end() - 1
    return tuple(found)


def _first_quote(data: bytes, at: int) -> int:
    """Where the first literal behind a name begins of which byte `at` is a part; -1 if none is near."""
    name = _REST_OF_NAME.match(data, at)
    found = _TO_QUOTE.match(data, name.end()) if name is not None else None
    return found.end() - 1 if found is not None else -1


def _first_quotes(data: bytes, stems: list[bytes]) -> Iterator[int]:
    """Where the first literal behind each word for a credential begins, or before it in a comparison."""
    lowered = data.lower()
    holds_connection = False
    for stem in stems:
        at = lowered.find(stem)
        while at >= 0:
            if _is_name(lowered, stem, at):
                quote = _first_quote(data, at + len(stem) - (stem[-1:] in b":=\"' ("))
                if quote >= 0:
                    yield quote
                if data.rfind(b"==", max(0, at - _MOST_NAME), at) >= 0:
                    start = max(0, at - _MOST_BEFORE)
                    if (compared := _REVERSED.search(data[start:at])) is not None:
                        yield start + compared.start("quote")
                if data[at - 1 : at] in (b"?", b"&", b"_", b"i") and (quote := _url_around(data, at)) >= 0:
                    yield quote
                holds_connection = holds_connection or _OF_CONNECTION.match(lowered, at) is not None
            at = lowered.find(stem, at + len(stem))
    if holds_connection:  # `"Server=db;User Id=app;Password=..."`
        for found in _CONNECTION.finditer(data):
            yield found.start("quote")


def _url_around(data: bytes, at: int) -> int:
    """Where the literal begins in whose URL byte `at` is a part of the query: `"https://x/y?token=..."`; -1 if none."""
    start = max(0, at - _MOST_URL)
    found = _TO_QUERY.search(data[start:at]) if _IN_QUERY.match(data, at) is not None else None
    return start + found.start() if found is not None else -1


def _is_name(lowered: bytes, stem: bytes, at: int) -> bool:
    """Whether a stem at a place is a part of a name: `pass` and `key` alone say too little."""
    if stem == b"pass":
        return _PASS.match(lowered, at) is not None or lowered[at - 1 : at] == b"_"
    if stem == b"key":
        before = lowered[max(0, at - 14) : at]
        return before.rstrip(b"_-").endswith(_KEYS) or (
            before[-1:] in b"\"' {,\t\n"
            and lowered[at + 3 : at + 4] in b"\"':=s"
            and _HOLDERS.search(lowered, max(0, at - _MOST_HOLDER), at) is not None
        )
    return True


_SETTING = re.compile(
    rb"""(?:passw|pwd|passphrase|passcode|secret|token|api[_-]?key|credential|pass|_key|[a-z]key)[\w-]{0,30}"""
    rb"""["']?[ \t]{0,8}[:= ][ \t]{0,8}["']?[^\s"'${<#]"""
    rb"""|(?:jwt|signing|encryption|crypto|cipher|aes|hmac)[\w"':={} \t\r\n\[\]]{0,40}\bkey\b""",
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


def is_declaration(called: str) -> bool:
    """Whether a call declares variables of the environment with types and defaults (django-environ)."""
    return called.rpartition(".")[2] in ("Env", "FileAwareEnv")


def is_wrapper(called: str) -> bool:
    """Whether a function gives its first argument back in another form."""
    return called.rpartition(".")[2].removeprefix("new ") in credential_table()["wrappers"]["functions"]


def is_wrapping_method(name: str) -> bool:
    """Whether a method of a text gives the text back in another form."""
    return name in credential_table()["wrappers"]["methods"]


def is_for_documentation(name: str) -> bool:
    """Whether what is given under a name is there to be read: `Field(examples=[...])`, `"connection_examples"`."""
    return name.lower() in _DOCUMENTATION or name.lower().endswith(("_examples", "_example", "examples"))


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
