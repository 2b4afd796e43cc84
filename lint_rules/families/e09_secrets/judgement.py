"""Whether a literal that is bound to the name of a credential is one, or something else: a label, a field, a
placeholder."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from lint_rules.families.e09_secrets.formats import entropy
from lint_rules.families.e09_secrets.naming import Credential, credential, credential_table, word_set, words_of

_LEAST, _LEAST_FALLBACK, _MOST = 4, 2, 500
_LEAST_WEAK = 16
_LEAST_DISGUISED, _LEAST_ALPHABET = 10, 8
_HASHES = frozenset({40, 56, 64, 96, 128})
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LONGEST_CONNECTION = 2_000

# Each of these says that the value is a reference, a form or a rule, and no secret.
_REFERENCE = re.compile(credential_table()["values"]["references"], re.VERBOSE)
_SCHEME = re.compile(r"^(?:Bearer|Basic|Token|token|Bot|ApiKey|Api-Key) +(?=\S{12})")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_LABEL = re.compile(r"[A-Z][a-z]+(?: [\w()'-]+)*[:?.!]?")
_PLAIN_WORDS = re.compile(r"[A-Za-z]+(?:[ _.:/-]+[A-Za-z]+)*[ _.:/-]*")
_SECRET_CHARACTERS = re.compile(r"[A-Za-z0-9_+/=.~:!@#$%^&*-]+")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_DISGUISED = re.compile(r"[A-Za-z][013457](?=[A-Za-z])")
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_CREDENTIAL_WORDS = frozenset(
    {"password", "passwd", "secret", "token", "pass", "pwd", "credential", "passphrase", "auth"}
)
_CONNECTION = re.compile(
    r"(?:^|[;\s])(?:password|pwd|accountkey|sharedaccesskey|access[_ ]?key)\s{0,4}=\s{0,4}"
    r"(?P<secret>[^;\"'\s{}$<>]{4,})",
    re.IGNORECASE,
)


_QUERY = re.compile(
    r"://[^\s?]{3,200}\?(?:[^\s?#]{0,200}&)?(?:api_?key|(?:access_|auth_)?token|secret|password|apikey)=(?P<secret>[\w.~-]{16,200})",
    re.IGNORECASE,
)
_PATTERN = re.compile(r"\(\.|\.[*+?]|\[\^|\\[\dsSwW]|%[sd(]|\)\?$")
"""What stands for the password in an expression that looks for one, or in a form."""


class Setting(Struct, frozen=True):
    """A literal value bound to a name, and how far what is around it speaks for a real use.

    `is_fallback`: it is used when the environment does not say otherwise, so that a placeholder is in use too;
    `is_used`: it is handed to a call that uses it, or compared, so that a plain word is a password too.
    """

    name: str
    value: str
    is_fallback: bool = False
    is_used: bool = False
    is_compared: bool = False


def is_secret(setting: Setting) -> bool:
    """Whether a setting is a credential in plain text."""
    strength = credential(setting.name)
    value = _SCHEME.sub("", setting.value.strip())
    if strength is Credential.WEAK and setting.is_compared and re.search(r"key$", setting.name, re.IGNORECASE):
        if not re.search(r"\d", value):
            return False
        strength = Credential.STRONG  # `if api_key == "..."` lets in whoever knows it
    if strength is Credential.NONE or "\n" in value:
        return False
    is_known = value.lower() in _values("common")
    if not (_LEAST_FALLBACK if setting.is_fallback or is_known else _LEAST) <= len(value) <= _MOST:
        return False
    if (
        not value.isascii()
        or (_REFERENCE.search(value) and not _ends_at_random(value))
        or (value.lower() in _values("words") and not _is_common(setting))
    ):
        return False
    if len(set(value.lower())) < (2 if strength is Credential.STRONG else 5) or (
        _is_placeholder(value) and not setting.is_fallback
    ):
        return False
    if strength is Credential.WEAK:
        return looks_random(value) or _is_disguised(value)
    return _is_password(setting, value)


def _values(key: str) -> frozenset[str]:
    return word_set("values", key)


def _is_placeholder(value: str) -> bool:
    return _placeholders().search(value.lower()) is not None or _is_alphabet(value)


def _is_alphabet(value: str) -> bool:
    """Whether a value is made of the letters as they follow each other, as nobody's password is."""
    return len(value) >= _LEAST_ALPHABET and value.lower() in _ALPHABET


@lru_cache(maxsize=1)
def _placeholders() -> re.Pattern[str]:
    """The parts that are placeholders; those that begin with a letter begin a word too."""
    parts = sorted(_values("placeholders"))
    words = "|".join(re.escape(part) for part in parts if part[0].isalpha() and part not in ("xxx",))
    others = "|".join(re.escape(part) for part in parts if not part[0].isalpha() or part == "xxx")
    return re.compile(rf"(?<![a-z])(?:{words})|(?:{others})")


def is_placeholder_value(value: str) -> bool:
    """Whether a value only says what is to stand in its place, or that something was taken out."""
    return _is_placeholder(value) or _REFERENCE.search(value) is not None


def _is_common(setting: Setting) -> bool:
    """Whether the name of the thing itself stands for it, where it is used: `session({secret: "secret"})`."""
    value = setting.value.strip().lower()
    return (setting.is_used or setting.is_fallback) and value in (
        "password",
        "secret",
        "passwd",
        "secret_key",
        "private_key",
        "pass",
    )


def _is_password(setting: Setting, value: str) -> bool:
    """Whether what is bound to a password's name is a password: random, with digits or signs, or a well-known one."""
    lowered = value.lower()
    if _is_common(setting):
        return True
    if len(value) in _HASHES and _HEX.fullmatch(value) and "pass" in setting.name.lower():
        return False  # what was made of a password; keys are as often written so
    if _is_own_name(setting, value):
        return False
    squeezed = re.sub(r"[^a-z]", "", lowered)
    if squeezed in _squeezed_common() and not (" " in value and value[0].isupper()):
        return True
    if " " in value or "\t" in value:
        return _is_phrase(setting, value)
    if value.endswith((":", "?", "=")) and not looks_random(value):
        return False
    has_digit = any(character.isdigit() for character in value)
    if _PLAIN_WORDS.fullmatch(value):
        words = words_of(value)
        if setting.is_fallback or setting.is_used:
            return True
        if not _CREDENTIAL_WORDS.isdisjoint(words) and len(words) > 1:
            return _is_secret_of_its_own(setting, words)
        return len(words) == 1 and len(value) >= 12 and _case_changes(value) >= 4
    if not (setting.is_fallback or setting.is_used) and _is_identifier(value):
        return False
    if words_of(value) == words_of(setting.name) or _is_name_like(setting, words_of(value)):
        return False
    return has_digit or any(not character.isalnum() and character not in "_-. :/" for character in value)


@lru_cache(maxsize=1)
def _squeezed_common() -> frozenset[str]:
    return frozenset(re.sub(r"[^a-z]", "", word) for word in _values("common"))


def _is_own_name(setting: Setting, value: str) -> bool:
    """Whether a constant is the key under which the thing is found: `ADMIN_PASSWORD = "admin-password"`."""
    words, name = words_of(value), words_of(setting.name)
    if setting.is_fallback or setting.is_used:
        return False
    return (len(words) > 1 and words == name) or (name[-1:] == ["key"] and words == name[:-1])  # "master_key": "master"


def _is_phrase(setting: Setting, value: str) -> bool:
    """Whether several words are a passphrase and no text for people."""
    name = words_of(setting.name)
    if len(name) > 1 and set(name).issubset(words_of(value)):
        return False  # classes of a style sheet, a label
    if "passphrase" in name or "phrase" in name:
        return value == value.lower() and value.count(" ") >= 2
    is_text = value[0].isupper() or value.endswith((".", "!", "?", ":")) or value.count(" ") > 5
    has_word = not _CREDENTIAL_WORDS.isdisjoint(words_of(value))
    return not is_text and ("secret" in name or name[-1] == "key") and (has_word or setting.is_used)


def _is_identifier(value: str) -> bool:
    """Whether a value is the name of a setting or field, by its form and its last word: `oauth2_jwt_secret`."""
    words = words_of(value)
    while len(words) > 1 and (words[-1].isdigit() or words[-1] == "v"):
        words.pop()
    return _IDENTIFIER.fullmatch(value) is not None and words[-1] in {
        *_CREDENTIAL_WORDS,
        "key",
        *word_set("names", "other"),
    }


def _is_name_like(setting: Setting, words: list[str]) -> bool:
    """Whether a value is made of the words of its name: `password_confirm`, `client-secret-2`."""
    known = {
        *words_of(setting.name),
        *word_set("names", "other"),
        *_CREDENTIAL_WORDS,
        "key",
        "api",
        "access",
        "client",
        "user",
        "x",
    }
    known |= {
        "new",
        "old",
        "2",
        "1",
        "3",
        "current",
        "login",
        "admin" if not (setting.is_fallback or setting.is_used) else "user",
    }
    return bool(words) and known.issuperset(words)


def _is_secret_of_its_own(setting: Setting, words: list[str]) -> bool:
    """Whether plain words with one for a secret among them are a made-up secret: `my-app-super-secret`."""
    return not {"super", "my", "very", "top", "our", "ultra", "long", "mega"}.isdisjoint(words) and word_set(
        "names", "other"
    ).isdisjoint(words)


def looks_random(value: str) -> bool:
    """Whether a value is long and irregular, as generated tokens are and names, paths and sentences are not."""
    if len(value) < _LEAST_WEAK or not _SECRET_CHARACTERS.fullmatch(value) or _UUID.fullmatch(value):
        return False
    digits = sum(character.isdigit() for character in value)
    letters = sum(character.isalpha() for character in value)
    if _HEX.fullmatch(value):
        return digits >= 3 and letters >= 2 and entropy(value.encode()) > 2.7
    if not digits or letters < 4 or entropy(value.encode()) < 3.2:
        return False
    # The longest stretch of small letters is a word if anything is; tokens have short ones.
    pieces = re.split(r"[^A-Za-z0-9]+", value)
    wordy = sum(len(word) for word in re.findall(r"[A-Z]?[a-z]{4,}", value))
    return wordy < 0.6 * len(value) and max(map(len, pieces)) >= 10 and _kinds_change(value) >= len(value) / 6


def _ends_at_random(value: str) -> bool:
    """Whether what looks like a path of attributes ends with what nobody calls an attribute: `s.Qm9Lx2Zt7Vn1...`."""
    head, _, tail = value.partition(".")
    return head.isalnum() and len(tail) >= _LEAST_WEAK and tail.isalnum() and looks_random(tail)


def _is_disguised(value: str) -> bool:
    """Whether words are written with digits for letters, as nobody writes names and labels: `sup3r-s3cr3t`."""
    return len(value) >= _LEAST_DISGUISED and " " not in value and len(_DISGUISED.findall(value)) >= 2


def _kinds_change(value: str) -> int:
    kinds = ["d" if one.isdigit() else "u" if one.isupper() else "l" if one.islower() else "s" for one in value]
    return sum(before != after for before, after in pairwise(kinds))


def _case_changes(value: str) -> int:
    return sum(before.isupper() != after.isupper() for before, after in pairwise(value))


def connection_secret(value: str) -> str:
    """The password in a connection string such as `Server=db;User Id=app;Password=...`, or the token in the query of a
    URL; "" if it holds none."""
    asked = _QUERY.search(value) if len(value) <= _LONGEST_CONNECTION else None
    if asked is not None and looks_random(asked["secret"]) and not _is_placeholder(asked["secret"]):
        return asked["secret"]
    found = _CONNECTION.search(value) if len(value) <= _LONGEST_CONNECTION else None
    if found is None or _is_placeholder(found["secret"]) or found["secret"].lower() in _values("words"):
        return ""
    if _PATTERN.search(found["secret"]) or len(set(found["secret"])) < 2:
        return ""
    return found["secret"]
