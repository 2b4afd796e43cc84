"""Cryptography that does not protect.

What it finds: MD5 and SHA-1 of passwords, secrets and signatures, a fast hash of a password, DES, RC4, Blowfish and the
mode ECB, `createCipher`, tokens and codes from `random` and `Math.random`, signatures compared with `==`, a cipher with
a constant IV, PBKDF2 and bcrypt with few rounds, keys of RSA and DSA below 2048 bits, and TLS before 1.2.

Why it matters: a leaked table of such hashes is a table of passwords by the evening; the next value of `random` follows
from the last ones, so that a reset token can be guessed; `==` tells by its time how much of a signature is right.

Bad (python):

    import hashlib

    def store_password(account, password):
        account.password_hash = hashlib.md5(password.encode()).hexdigest()

Good (python):

    import hashlib
    import os

    def store_password(account, password):
        salt = os.urandom(16)
        account.password_hash = salt + hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)

Bad (javascript):

    function makeResetToken() {
        return Math.random().toString(36).slice(2);
    }

    module.exports = { makeResetToken };

Good (javascript):

    const crypto = require("crypto");

    function makeResetToken() {
        return crypto.randomBytes(32).toString("hex");
    }

    module.exports = { makeResetToken };

How to fix it: argon2, scrypt or bcrypt for passwords, SHA-256 and HMAC for signatures, AES-GCM for encryption,
`secrets` or `crypto.randomBytes` for tokens, `hmac.compare_digest` or `crypto.timingSafeEqual` to compare.

Not seen: purposes that no name tells (the rule reads the names of arguments, targets and functions), hashes behind
helpers. Quiet about checksums, cache keys and `usedforsecurity=False`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import is_for_show, short, source
from lint_rules.families.e07_security.strength_javascript import old_protocols as old_protocols_of_node
from lint_rules.families.e07_security.strength_javascript import weak_strength as weak_strength_of_node
from lint_rules.families.e07_security.strength_python import old_protocols, weak_strength
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0714",
    "weak-crypto",
    severity=WARNING,
    summary="A hash, cipher, random number or comparison that does not protect what it is used for",
    in_tests=False,
    references=references("TEN0714"),
)

_TABLE = FOLDER / "crypto.toml"
_CIPHERS, _MODES = name_table(_TABLE, "python_cipher"), name_table(_TABLE, "python_mode")
_HASHES, _FAST_HASHES = name_table(_TABLE, "python_hash"), name_table(_TABLE, "python_fast_hash")
_RANDOM, _DIGESTS = name_table(_TABLE, "python_random"), name_table(_TABLE, "python_digest")
_JS_CIPHERS = js_name_table(_TABLE, "javascript_cipher")
_JS_CIPHERS_IV = js_name_table(_TABLE, "javascript_cipher_iv")
_JS_HASHES, _JS_RANDOM = js_name_table(_TABLE, "javascript_hash"), js_name_table(_TABLE, "javascript_random")

_PASSWORD = re.compile(r"passw(?:or)?d|passphrase|\bpwd\b|_pwd\b|\bpass\b|Pwd\b", re.IGNORECASE)
_HASHES_PASSWORD = re.compile(r"hash_?passw(?:or)?d|passw(?:or)?d_?(?:hash|digest)", re.IGNORECASE)
_SLOW = re.compile(r"\b(?:bcrypt|argon2)\w*\.|(?:pbkdf2_hmac|scrypt|PasswordHasher)\(")
"""What hashes the result once more, slowly; or a check of passwords that were hashed so before."""
_LONGEST = 5_000
_NO_PASSWORD = re.compile(r"pwned|have_?i_?been|leak|breach|reset_?link|cache_?key|fingerprint", re.IGNORECASE)
_SIGNED = re.compile(r"secret|signature|\bsign(?:ed|ing)?\b|(?<![a-z])sign_|_sign\b|credential|api_?key", re.IGNORECASE)
_PURPOSE = re.compile(
    r"(?<![a-z])(?:token|secret|password|passwd|otp|nonce|salt|api_?key|session_?(?:id|key|token)|csrf|reset_?code"
    r"|verification_?code|auth_?code|invite_?code|access_?code|passcode|pin_?code|sid|magic_?link|coupon_?code)(?![a-z])"
    r"|(?:Token|Secret|Password|Otp|OTP|Nonce|Salt|[aA]piKey|[sS]ession(?:Id|ID|Key)|[rR]esetCode|[vV]erificationCode"
    r"|[aA]uthCode|[iI]nviteCode)(?![a-z])",
)
_NO_PURPOSE = re.compile(
    r"token_?(?:count|s\b|ize|limit|index|len|bucket|type)|max_?tokens|tokens\b|jitter|delay|backoff"
    r"|sleep|interval|timeout|mock|fake|sample_|shuffle|Tokens|Jitter|Delay|Backoff|Interval|Timeout|color|colour|[cC]leanup"
    r"|[sS]chedule|cron|[oO]?[aA]uth_?1?[._][nN]once|[sS]ignature_?[nN]once",
)
_WEAK_NAME = re.compile(r"^(?:md4|md5|sha-?1|rsa-md5|rsa-sha1|ripemd160)$", re.IGNORECASE)
_FAST_NAME = re.compile(r"^sha-?(?:224|256|384|512)$", re.IGNORECASE)
_WEAK_CIPHER = re.compile(r"^(?:des|rc4|rc2|bf|blowfish|cast|idea|seed)\b|-ecb$|^des-|^aes\d*-?ecb", re.IGNORECASE)
_MAC_NAME = re.compile(r"signature|hmac|digest|\bmac\b|hash", re.IGNORECASE)
_PYTHON = re.compile(
    rb"hashlib|random\.|import random|from random|Crypto|cryptography|hmac|bcrypt|PROTOCOL_(?:SSL|TLS)v|TLSVersion"
    rb"|OpenSSL"
)
_JAVASCRIPT = re.compile(
    rb"createHash|createCipher|createDecipher|Math\.random|createHmac|crypto\.hash|crypto-js|bcrypt|pbkdf2|generateKeyPair"
    rb"|minVersion|secureProtocol"
)
_HASH_INSTEAD = "use argon2, scrypt or bcrypt"


@RULE.files(WholeFile(_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        name = file.canonical(function) if function is not None else ""
        if not name or file.in_broken_code(call):
            continue
        wrong = (
            _wrong_cipher(call, name, file) or _wrong_hash(call, name, file) or _wrong_random(call, name, file)
            or weak_strength(call, name, file)
        )  # fmt: skip
        if wrong:
            yield RULE.at(file, call, wrong, wrong.partition("; ")[2])
    for place, wrong in old_protocols(file):
        yield RULE.at(file, place, wrong, wrong.partition("; ")[2])
    for comparison in file.nodes("comparison_operator") if b"hmac" in file.data else ():
        if any(child.type in ("==", "!=") for child in comparison.children) and _compares_digest(comparison, file):
            yield RULE.at(
                file, comparison,
                f"`{short(comparison)}` tells by its time how much is right; compare with `hmac.compare_digest`",
                "compare signatures with `hmac.compare_digest(expected, given)`",
            )  # fmt: skip


def _wrong_cipher(call: Node, name: str, file: PythonFile) -> str:
    from lint_rules.families.e07_security.reading_python import argument, constant

    row = _CIPHERS.match(name, file.types)
    if row is not None:
        return f"`{short(call)}` can be broken; {row['instead']}"
    row = _MODES.match(name, file.types)
    if row is not None and constant(argument(call, "1", "mode"), file) in row["modes"]:
        return f"`{short(call)}` shows the pattern of what it encrypts; {row['instead']}"
    return ""


def _wrong_hash(call: Node, name: str, file: PythonFile) -> str:
    from lint_rules.families.e07_security.reading_python import (
        argument,
        constant,
        function_text,
        string_text,
        words_around,
    )

    given = argument(call, "0", "data", "string")
    is_weak = _HASHES.match(name, file.types) is not None
    is_fast = _FAST_HASHES.match(name, file.types) is not None
    if name == "hashlib.new":
        algorithm = string_text(given) or ""
        is_weak, is_fast = bool(_WEAK_NAME.search(algorithm)), bool(_FAST_NAME.search(algorithm))
        given = argument(call, "1", "data")
    if not (is_weak or is_fast) or constant(argument(call, "usedforsecurity"), file) == "False":
        return ""
    hashed = source(given) if given is not None else ""
    words = words_around(call)
    if _NO_PASSWORD.search(f"{hashed} {words}") or _SLOW.search(function_text(call)[:_LONGEST]):
        return ""
    if _PASSWORD.search(hashed) or (_PASSWORD if is_weak else _HASHES_PASSWORD).search(words):
        return f"`{short(call)}` is too fast to protect a password; {_HASH_INSTEAD}"
    if is_weak and (_SIGNED.search(hashed) or _SIGNED.search(words)):
        return f"`{short(call)}` can be forged; use `hmac.new(key, data, hashlib.sha256)`"
    return ""


def _wrong_random(call: Node, name: str, file: PythonFile) -> str:
    from lint_rules.families.e07_security.reading_python import words_around

    if _RANDOM.match(name, file.types) is None:
        return ""
    words = words_around(call)
    if not _PURPOSE.search(words) or _NO_PURPOSE.search(words):
        return ""
    return f"`{short(call)}` can be guessed; take it from `secrets`"


def _compares_digest(comparison: Node, file: PythonFile) -> bool:
    """Whether an operand is a MAC that was computed here, and the other is not a constant."""
    from lint_rules.families.e07_security.reading_python import resolved

    sides = [_slot_of(resolved(side, file), file) for side in comparison.named_children]
    if any(side is None or side.type in ("none", "string", "integer") for side in sides):
        return False
    for operand in sides:
        side = operand
        while side is not None and side.type == "call":
            function = side.child_by_field_name("function")
            if function is None:
                break
            if _DIGESTS.match(file.canonical(function), file.types) is not None or "hmac.new(" in source(function):
                return True
            attribute = function.child_by_field_name("attribute")
            is_text = attribute is not None and source(attribute) in ("decode", "lower", "upper", "strip", "rstrip")
            arguments = side.child_by_field_name("arguments")
            wraps = source(function).endswith(("b64encode", "hexlify", "urlsafe_b64encode"))
            inner = function.child_by_field_name("object") if is_text else None
            if inner is None and wraps and arguments is not None and arguments.named_children:
                inner = arguments.named_children[0]
            side = resolved(inner, file)
    return False


def _slot_of(side: Node | None, file: PythonFile) -> Node | None:
    """What a prefix is put in front of: `digest` of `f"sha256={digest}"` and `"sha256=" + digest`."""
    from lint_rules.families.e07_security.reading_python import resolved

    if side is None:
        return None
    if side.type == "binary_operator":
        return resolved(side.child_by_field_name("right"), file)
    slots = [child for child in side.named_children if child.type == "interpolation"] if side.type == "string" else []
    return resolved(slots[0].named_child(0), file) if len(slots) == 1 else side


@RULE.files(WholeFile(_JAVASCRIPT), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_javascript import calls

    if is_for_show(file) or file.is_declaration or file.is_tooling:
        return
    for call in calls(file):
        wrong = _js_cipher(call, file) or _js_hash(call, file) or _js_random(call, file)
        wrong = wrong or weak_strength_of_node(call, file)
        if wrong:
            yield RULE.at(file, call, wrong, wrong.partition("; ")[2])
    for pair, wrong in old_protocols_of_node(file):
        yield RULE.at(file, pair, wrong, wrong.partition("; ")[2])
    for comparison in file.nodes("binary_expression") if b"createHmac" in file.data else ():
        operator = comparison.child_by_field_name("operator")
        if operator is not None and operator.type in ("==", "===", "!=", "!==") and _js_compares(comparison, file):
            yield RULE.at(
                file, comparison,
                f"`{short(comparison)}` tells by its time how much is right; compare with `crypto.timingSafeEqual`",
                "compare signatures with `crypto.timingSafeEqual(Buffer.from(a), Buffer.from(b))`",
            )  # fmt: skip


def _js_cipher(call: Node, file: JavaScriptFile) -> str:
    from lint_rules.families.e07_security.reading_javascript import constant
    from lint_rules.languages.javascript.grammar import arguments, callee

    function = callee(call)
    name = file.canonical(function) if function is not None else ""
    row = _JS_CIPHERS.match(name, file.types)
    if row is not None:
        return f"`{short(call)}` makes key and IV of the password by MD5; {row['instead']}"
    row = _JS_CIPHERS_IV.match(name, file.types)
    given = arguments(call)
    if row is not None and given and _WEAK_CIPHER.search(constant(given[0], file)):
        return f"`{short(call)}` can be broken; {row['instead']}"
    return ""


def _js_hash(call: Node, file: JavaScriptFile) -> str:
    """What is wrong with `createHash("md5").update(password)`, reported where the hash is made."""
    from lint_rules.families.e07_security.reading_javascript import constant, words_around
    from lint_rules.languages.javascript.grammar import arguments, callee

    function = callee(call)
    given = arguments(call)
    if function is None or not given:
        return ""
    row = _JS_HASHES.match(file.canonical(function), file.types)
    if row is None:
        return ""
    algorithm = row.get("algorithm") or constant(given[0], file)
    is_weak, is_fast = bool(_WEAK_NAME.search(algorithm)), bool(_FAST_NAME.search(algorithm))
    if not (is_weak or is_fast):
        return ""
    member = call.parent
    update = member.parent if member is not None and member.type == "member_expression" else None
    own = given if row.get("algorithm") else given[1:]
    hashed = " ".join(source(one) for one in (*own, *(arguments(update) if update is not None else ())))
    words = words_around(call)
    if _NO_PASSWORD.search(f"{hashed} {words}"):
        return ""
    if _PASSWORD.search(hashed) or (_PASSWORD if is_weak else _HASHES_PASSWORD).search(words):
        return f"`{short(call)}` is too fast to protect a password; {_HASH_INSTEAD}"
    if is_weak and (_SIGNED.search(hashed) or _SIGNED.search(words)):
        return f'`{short(call)}` can be forged; use `createHmac("sha256", key)`'
    return ""


def _js_random(call: Node, file: JavaScriptFile) -> str:
    from lint_rules.families.e07_security.reading_javascript import words_around
    from lint_rules.languages.javascript.grammar import callee

    function = callee(call)
    if function is None or _JS_RANDOM.match(file.canonical(function), file.types) is None:
        return ""
    words = words_around(call)
    if not _PURPOSE.search(words) or _NO_PURPOSE.search(words) or _COUNTED.search(_bound_name(call)):
        return ""
    return f"`{short(call)}` can be guessed; take it from `crypto.randomBytes` or `crypto.randomUUID`"


_COUNTED = re.compile(r"(?i)^(?:\w*(?:len|length|count|size|width|height|chance|percent|probability)|n|num|[ijk])$")


def _bound_name(call: Node) -> str:
    """The variable that a random number becomes, perhaps by arithmetic: `len` of `len = Math.random() * 4 + 6`."""
    outer = call.parent
    while outer is not None and outer.type in _ARITHMETIC:
        outer = outer.parent
    name = outer.child_by_field_name("name") if outer is not None and outer.type == "variable_declarator" else None
    return source(name) if name is not None else ""


_ARITHMETIC = frozenset({"binary_expression", "call_expression", "arguments", "parenthesized_expression"})


def _js_compares(comparison: Node, file: JavaScriptFile) -> bool:
    from lint_rules.families.e07_security.reading_javascript import resolved

    sides = [comparison.child_by_field_name("left"), comparison.child_by_field_name("right")]
    values = [resolved(side, file) for side in sides]
    if any(value is None or value.type in ("null", "undefined", "string", "number") for value in values):
        return False
    return any(
        value is not None and value.type in ("call_expression", "template_string", "binary_expression")
        and "createHmac(" in source(value) and "digest(" in source(value)
        for value in values
    )  # fmt: skip
