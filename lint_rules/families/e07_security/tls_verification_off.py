"""Verification of certificates or of host keys is switched off.

What it finds: TLS connections that accept any certificate: `verify=False` (requests, httpx, boto3), `ssl=False` and
`verify_ssl=False` (aiohttp), `CERT_NONE`, `check_hostname = False`, `ssl._create_unverified_context`, the options of
drivers (redis, pymongo, elasticsearch); `rejectUnauthorized: false`, `strictSSL: false`, a `checkServerIdentity` that
approves of everything, and `NODE_TLS_REJECT_UNAUTHORIZED` set to 0 in the code. Connections of SSH that accept the key
of any host: `AutoAddPolicy` of paramiko, `known_hosts=None` of asyncssh, a `hostVerifier` of ssh2 that approves of all.

Why it matters: the connection is still encrypted, but to whoever answers: anybody on the way reads the credentials and
changes the answers. It is mostly written to get past a self-signed certificate once, and stays.

Bad (python):

    import requests

    def charge(amount):
        return requests.post("https://payments.example.com/charges", json={"amount": amount}, verify=False, timeout=5)

Good (python):

    import requests

    def charge(amount):
        return requests.post(
            "https://payments.example.com/charges", json={"amount": amount}, verify="/etc/ssl/payments.pem", timeout=5
        )

Bad (javascript):

    const https = require("https");

    module.exports = new https.Agent({ keepAlive: true, rejectUnauthorized: false });

Good (javascript):

    const fs = require("fs");
    const https = require("https");

    module.exports = new https.Agent({ keepAlive: true, ca: fs.readFileSync("/etc/ssl/payments.pem") });

How to fix it: leave the verification on and name the authority that signed the certificate (`verify="ca.pem"`,
`ssl.create_default_context(cafile=...)`, the option `ca`, the variable NODE_EXTRA_CA_CERTS).

Not seen: flags that are decided at run time (`verify=settings.verify`), variables set outside of the code. Quiet
about branches that are for development or that the user has asked for (`if not verify_ssl:`), connections to this
machine, and servers that look at certificates themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import (
    in_branch_about,
    in_development_branch,
    in_else_of,
    is_for_show,
    names_around,
    short,
    source,
)
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.tables import NameTable, TableRow, name_table, read_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Located, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0713",
    "tls-verification-off",
    severity=ERROR,
    summary="A connection accepts any certificate or host key",
    in_tests=False,
    references=references("TEN0713"),
)

_TABLE = FOLDER / "tls.toml"
_ROWS = read_table(_TABLE)
_UNVERIFIED = name_table(_TABLE, "python_unverified")
_INSTEAD = "leave the verification on and name the authority that signed the certificate"
_SUGGESTION = 'give the certificate authority (`verify="ca.pem"`, `cafile=`), and leave the verification on'
_JS_SUGGESTION = "give the certificate authority in `ca` or NODE_EXTRA_CA_CERTS, and leave the verification on"
_LOCAL = re.compile(r"""["'`](?:https?://)?(?:localhost|127\.0\.0\.1|\[?::1\]?)\b""")
_PYTHON = re.compile(
    rb"\b(?:verify|ssl|verify_ssl|cert_reqs|ssl_cert_reqs|verify_certs|validate|tls\w+)\s*=\s*\S|CERT_NONE|VERIFY_NONE"
    rb"|\b(?:verify|ssl|verify_ssl|verify_certs)[\"']\s*:\s*False"
    rb"|check_hostname|_create_unverified_context|_create_stdlib_context|tls_insecure_set|PYTHONHTTPSVERIFY|known_hosts"
    rb"|set_missing_host_key_policy"
)
_JAVASCRIPT = re.compile(
    rb"rejectUnauthorized|strictSSL|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity|tlsInsecure|sslValidate"
    rb"|tlsAllowInvalidCertificates|hostVerifier"
)


_SWITCHED_OFF = re.compile(
    r"(?:\bnot\b|!)[\s\w.\[\]\"'(]{0,60}?verif|insecure|(?:skip|no|dis)\w{0,20}?-?(?:verif|validation)|self_?-?signed"
    r"|(?:allow|accept|ignore|trust)\w{0,20}?-?(?:invalid|untrusted|unverified|cert|all)|(?:host_?key|known_?hosts)",
    re.IGNORECASE,
)


_VERIFIES = re.compile(r"verif", re.IGNORECASE)
_CALLED_INSECURE = re.compile(r"insecure|no_?verif|unverified", re.IGNORECASE)
"""Names of what is there for those who want no verification."""


def _is_asked_for(place: Node) -> bool:
    """Whether a setting of the user's, or of development, switches the verification off."""
    if in_development_branch(place) or in_branch_about(_SWITCHED_OFF, place) or in_else_of(_VERIFIES, place):
        return True
    return _CALLED_INSECURE.search(names_around(place)) is not None


@RULE.files(WholeFile(_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for place, what, row in (*_arguments(file), *_attributes(file), *_unverified(file)):
        if not _is_asked_for(place):
            yield _accepting(file, place, what, row, _SUGGESTION)


_Place = tuple[Node, str, Mapping[str, Any]]
"""Where verification is switched off, how it is written, and the row of the table that says so."""


def _accepting(file: Located, place: Node, what: str, row: Mapping[str, Any], suggestion: str) -> Finding:
    """`suggestion` is told where the row has none of its own."""
    instead = str(row.get("instead", _INSTEAD))
    message = f"{what} accepts {row.get('accepts', 'any certificate')}; {instead}"
    return RULE.at(file, place, message, instead if "instead" in row else suggestion)


def _arguments(file: PythonFile) -> Iterator[_Place]:
    from lint_rules.families.e07_security.reading_python import argument, called_name, constant, unpacked

    tables = _python_tables()
    for call in file.nodes("call"):
        name, inherited = called_name(call), unpacked(call, file)
        for table, row in tables:
            given = argument(call, row["argument"]) or inherited.get(row["argument"])
            if given is None or constant(given, file) not in row["values"] or file.in_broken_code(call):
                continue
            function = call.child_by_field_name("function")
            canonical = file.canonical(function) if function is not None else ""
            is_known = table.match(canonical, file.types) is not None
            is_alike = name in row.get("methods", ()) and file.imports_any(*row["packages"])
            if (is_known or (is_alike and not canonical.startswith("jwt."))) and not _LOCAL.search(source(call)):
                shown = row["argument"] + "=" if not row["argument"].isdigit() else ""
                yield call, f"`{name}({shown}{short(given)})`", row.values
                break


@lru_cache(maxsize=1)
def _python_tables() -> list[tuple[NameTable[TableRow], TableRow]]:
    rows = [TableRow(tuple(row["calls"]), row) for row in _ROWS["python"]]
    return [(NameTable((name, row) for name in row.patterns), row) for row in rows]


def _attributes(file: PythonFile) -> Iterator[_Place]:
    from lint_rules.families.e07_security.reading_python import assignments, constant, function_text

    for name, target, value in assignments(file):
        if name == "PYTHONHTTPSVERIFY" and constant(value, file) == "0":
            yield target, "`PYTHONHTTPSVERIFY=0`", {}
        for row in _ROWS["python_attribute"]:
            if name != row["attribute"] or target.type != "attribute" or constant(value, file) not in row["values"]:
                continue
            if any(word in function_text(target) for word in row["but"]) or not file.imports_any(*row["packages"]):
                continue
            yield target, f"`{short(target)} = {short(value)}`", row


def _unverified(file: PythonFile) -> Iterator[_Place]:
    for name in file.nodes("attribute"):
        if name.text is None or not name.text.endswith((b"_create_unverified_context", b"_create_stdlib_context")):
            continue
        parent = name.parent
        is_target = parent is not None and parent.type == "assignment" and parent.child_by_field_name("left") == name
        if not is_target and _UNVERIFIED.match(file.canonical(name), file.types) is not None:
            yield name, f"`{short(name)}`", {}


@RULE.files(WholeFile(_JAVASCRIPT), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if is_for_show(file) or file.is_declaration:
        return
    for place, what, row in (*_options(file), *_environment(file)):
        if not _is_asked_for(place):
            yield _accepting(file, place, what, row, _JS_SUGGESTION)


def _options(file: JavaScriptFile) -> Iterator[_Place]:
    from lint_rules.families.e07_security.reading_javascript import constant, key_name

    keys = {row["key"]: row for row in _ROWS["javascript_option"]}
    verifiers = {row["key"]: row for row in _ROWS["javascript_verifier"]}
    for pair in file.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or file.in_broken_code(pair):
            continue
        name = key_name(key)
        row = keys.get(name)
        owner = source(pair.parent) if pair.parent is not None else ""
        if row is not None and constant(value, file) in row["values"]:
            if "requestCert" not in owner and not _LOCAL.search(owner):
                yield pair, f"`{name}: {short(value)}`", row
        elif name in verifiers and _approves(value):
            yield pair, verifiers[name]["shown"], verifiers[name]


def _approves(value: Node) -> bool:
    """Whether a function gives nothing, whatever it is asked: `() => undefined`, `() => {}`."""
    if value.type not in ("arrow_function", "function_expression"):
        return False
    body = value.child_by_field_name("body")
    written = " ".join(source(body).split()) if body is not None else ""
    return re.fullmatch(r"undefined|null|true|\{ ?(?:return(?: undefined| null| true)?;?)? ?\}", written) is not None


def _environment(file: JavaScriptFile) -> Iterator[_Place]:
    from lint_rules.families.e07_security.reading_javascript import assignments, constant

    keys = {row["key"]: row for row in _ROWS["javascript_option"]}
    for name, target, value in assignments(file):
        given = constant(value, file)
        if name == "NODE_TLS_REJECT_UNAUTHORIZED" and given in ("0", "false"):
            yield target.parent or target, f"`NODE_TLS_REJECT_UNAUTHORIZED = {short(value)}`", {}
        elif name in keys and given in keys[name]["values"] and target.type == "member_expression":
            yield target.parent or target, f"`{short(target)} = {short(value)}`", keys[name]
