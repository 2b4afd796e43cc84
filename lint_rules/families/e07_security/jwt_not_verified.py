"""Token whose signature is not verified.

What it finds: JSON Web Tokens that are read without a look at their signature: `verify_signature: False`,
`verify=False`, `get_unverified_claims`, the algorithm `none`, PyJWT's `decode` without a list of algorithms;
`jwt.decode` in place of `jwt.verify` where requests are handled, `jwt.verify` with an empty key.

Why it matters: a token is a text that the client sends. Whoever writes `{"sub": "admin"}` into an unsigned one is
admin.

Bad (python):

    import jwt

    def current_user(token):
        return jwt.decode(token, options={"verify_signature": False})["sub"]

Good (python):

    import jwt

    def current_user(token, key):
        return jwt.decode(token, key, algorithms=["RS256"])["sub"]

Bad (javascript):

    const jwt = require("jsonwebtoken");

    module.exports = function authenticate(req, res, next) {
        req.user = jwt.decode(req.headers.authorization.slice(7));
        next();
    };

Good (javascript):

    const jwt = require("jsonwebtoken");

    module.exports = function authenticate(req, res, next) {
        try {
            req.user = jwt.verify(req.headers.authorization.slice(7), process.env.JWT_KEY, { algorithms: ["HS256"] });
        } catch (error) {
            return res.sendStatus(401);
        }
        return next();
    };

How to fix it: verify with the key and the one algorithm that the issuer uses; take the claims from what that gives.

Not seen: libraries that are not in the table; tokens that are verified by a gateway in front. Quiet where the same
function verifies the token too, and where a client reads the token that it was given by an issuer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import is_for_show, source
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0715",
    "jwt-not-verified",
    severity=ERROR,
    summary="A JSON Web Token is read without verifying its signature",
    in_tests=False,
    references=references("TEN0715"),
)

_TABLE = FOLDER / "jwt.toml"
_DECODE, _ENCODE = name_table(_TABLE, "python_decode"), name_table(_TABLE, "python_encode")
_UNVERIFIED = name_table(_TABLE, "python_unverified")
_JS_DECODE, _JS_VERIFY = js_name_table(_TABLE, "javascript_decode"), js_name_table(_TABLE, "javascript_verify")
_JS_SIGN, _JS_SIMPLE = js_name_table(_TABLE, "javascript_sign"), js_name_table(_TABLE, "javascript_simple")
_WORDS = re.compile(rb"jwt|jose")
_AUTHENTICATES = re.compile(
    r"auth|canActivate|verif|current_?user|guard|middleware|protect|require|principal|identity", re.I
)
_INSTEAD = "verify it with the issuer's key and algorithm"
_SUGGESTION = 'decode with the key and the algorithm: `jwt.decode(token, key, algorithms=["RS256"])`'
_JS_SUGGESTION = 'verify with the key and the algorithm: `jwt.verify(token, key, { algorithms: ["RS256"] })`'


@RULE.files(WholeFile(_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for call in file.nodes("call"):
        wrong = _wrong(call, file)
        if wrong and not file.in_broken_code(call):
            yield RULE.at(file, call, f"{wrong}; {_INSTEAD}", _SUGGESTION)


def _wrong(call: Node, file: PythonFile) -> str:
    from lint_rules.families.e07_security.reading_python import (
        argument,
        constant,
        entries,
        has_splat,
        resolved,
        strings,
    )

    function = call.child_by_field_name("function")
    name = file.canonical(function) if function is not None else ""
    if not name or not any(word in name for word in ("jwt", "jose")):
        return ""
    shown = source(function) if function is not None else ""
    if _UNVERIFIED.match(name, file.types) is not None:
        return "" if _is_harmless(call, file) else f"`{shown}` reads the claims of any token"
    algorithm = argument(call, "algorithm", "2")
    if _ENCODE.match(name, file.types) is not None and (
        constant(algorithm, file).lower() == "none" and algorithm is not None and algorithm.type == "string"
    ):
        return f"`{shown}` signs the token with the algorithm none"
    if _DECODE.match(name, file.types) is None:
        return ""
    given = argument(call, "options", "3")
    options = entries(resolved(given, file))
    is_off = constant(options.get("verify_signature"), file) == "False"
    if is_off or constant(argument(call, "verify"), file) == "False":
        return "" if _is_harmless(call, file) else f"`{shown}` takes the token without looking at its signature"
    algorithms = argument(call, "algorithms", "2")
    if any(one.lower() == "none" for one in strings(resolved(algorithms, file))):
        return f"`{shown}` takes tokens of the algorithm none"
    key = argument(call, "1", "key")
    is_plain = given is None and argument(call, "verify") is None and not has_splat(call)
    is_open = algorithms is None or algorithms.type == "none"
    is_named = algorithms is not None and _NAMED_BY_TOKEN.search(source(resolved(algorithms, file) or algorithms))
    if is_named or (is_open and is_plain and key is not None and not name.startswith("jose")):
        return f"`{shown}` takes the algorithm that the token names"
    return ""


def _is_harmless(call: Node, file: PythonFile) -> bool:
    function = file.enclosing_function(call)
    if function is not None and "unverified" in function.name.rpartition(".")[2].lower():
        return True  # its name tells every caller: `get_unverified_claims`
    return _verifies_too(call, file) or _is_own_token(call, file)


def _is_own_token(call: Node, file: PythonFile) -> bool:
    """Whether a client reads the token that an issuer has given it, and allows nothing by what stands in it."""
    from lint_rules.families.e07_security.reading_python import argument, resolved

    function = file.enclosing_function(call)
    if file.handler(function) is not None:
        return False
    if function is not None and _FROM_OWN.search(function.name.rpartition(".")[2]):
        return True
    token = resolved(argument(call, "0", "jwt", "token"), file)
    while token is not None and token.type == "await":
        token = token.named_child(0)
    if token is None or token.type not in ("subscript", "attribute", "call"):
        return False
    return _OWN_TOKEN.search(source(token)) is not None and _ASKED.search(source(token)) is None


_OWN_TOKEN = re.compile(
    r"""(?:access|id|refresh|aws)_?(?:token|access)["'\])]*$|\[CONF_\w*TOKEN\]$"""
    r"""|(?:get|fetch|refresh|issue|request|obtain|new)_\w*token\(""",
    re.IGNORECASE,
)
_FROM_OWN = re.compile(r"_(?:from|of)_(?:access|id|refresh)_token$")
_NAMED_BY_TOKEN = re.compile(r"""unverified_header|\[["']alg["']\]|\.get\(["']alg["']""")
_ASKED = re.compile(r"request\.|\breq\b|header|cookie|body|payload|websocket|query|params|environ|scope\b|form\b")


def _verifies_too(call: Node, file: PythonFile) -> bool:
    """Whether another call in the same function decodes with a key and algorithms."""
    from lint_rules.families.e07_security.reading_python import function_text

    written = function_text(call)
    return file.enclosing_function(call) is not None and (
        re.search(r"algorithms\s*=", written.replace(source(call), "")) is not None or "PyJWKClient" in written
    )


@RULE.files(WholeFile(_WORDS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_javascript import calls

    if is_for_show(file) or file.is_declaration:
        return
    for call in calls(file):
        wrong = _js_wrong(call, file)
        if wrong:
            yield RULE.at(file, call, f"{wrong}; {_INSTEAD}", _JS_SUGGESTION)


def _js_wrong(call: Node, file: JavaScriptFile) -> str:
    from lint_rules.families.e07_security.reading_javascript import constant, options, resolved
    from lint_rules.languages.javascript.grammar import arguments, callee, named, string_value

    function = callee(call)
    name = file.canonical(function) if function is not None else ""
    given = arguments(call)
    if not name or not given:
        return ""
    shown = source(function) if function is not None else ""
    if _JS_DECODE.match(name, file.types) is not None:
        return f"`{shown}` takes the token without looking at its signature" if _js_trusts(call, given[0], file) else ""
    if _JS_SIMPLE.match(name, file.types) is not None:
        is_off = len(given) > 2 and constant(given[2], file) == "true"
        return f"`{shown}` takes the token without looking at its signature" if is_off else ""
    if _JS_SIGN.match(name, file.types) is not None:
        chosen = (options(given[2], file) or {}).get("algorithm") if len(given) > 2 else None
        is_none = chosen is not None and constant(chosen, file).lower() == "none"
        return f"`{shown}` signs the token with the algorithm none" if is_none else ""
    if _JS_VERIFY.match(name, file.types) is None:
        return ""
    if len(given) > 1 and (
        constant(given[1], file) in ("null", "undefined", "false") or string_value(resolved(given[1], file)) == ""
    ):
        return f"`{shown}` is given no key"
    chosen = next((one["algorithms"] for value in given if "algorithms" in (one := options(value, file) or {})), None)
    listed = resolved(chosen, file)
    if listed is not None and any((string_value(one) or "").lower() == "none" for one in named(listed)):
        return f"`{shown}` takes tokens of the algorithm none"
    return ""


def _js_trusts(call: Node, token: Node, file: JavaScriptFile) -> bool:
    """Whether what is decoded comes from a client, and nothing in the function verifies it."""
    from lint_rules.families.e07_security.reading_javascript import function_around, words_around

    around = function_around(call)
    if around is None or re.search(r"erify\w*\(|getPublicKey|jwks|\.kid\b", source(around)):
        return False
    if _chooses_key(around, file) or _is_made_here(token, file):
        return False
    if file.reads_request(token) or file.request.handler_around(call) is not None:
        return True
    return _AUTHENTICATES.search(words_around(call)) is not None


def _chooses_key(function: Node, file: JavaScriptFile) -> bool:
    """Whether a function is given to the call that verifies: it says with which key, and may read the claims for it."""
    from lint_rules.languages.javascript.grammar import around, callee

    outer = around(function)
    call = outer.parent if outer is not None and outer.type == "arguments" else None
    called = callee(call) if call is not None and call.type == "call_expression" else None
    return called is not None and _JS_VERIFY.match(file.canonical(called), file.types) is not None


def _is_made_here(token: Node, file: JavaScriptFile) -> bool:
    """Whether the service itself has just made the token: `const token = await this.createToken(...)`."""
    from lint_rules.families.e07_security.reading_javascript import resolved

    value = resolved(token, file)
    return value is not None and _MAKES.match(source(value)) is not None


_MAKES = re.compile(r"(?:await\s+)?(?:[\w$]+\.)*(?:sign|create|issue|generate|make|encode)\w*\(", re.IGNORECASE)
