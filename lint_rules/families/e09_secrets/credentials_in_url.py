"""Credentials in a URL.

What it finds: `scheme://user:password@host` with a literal password, in source and configuration files.

Why it matters: the password is in the repository, and URLs are what logs, error messages, process lists and traces
are full of: `could not connect to postgres://app:...@db` tells everybody who reads the log.

Bad (python):

    from sqlalchemy import create_engine

    engine = create_engine("postgresql://orders:vK8rTq2m@db.internal:5432/orders")

Good (python):

    import os

    from sqlalchemy import create_engine

    engine = create_engine(os.environ["DATABASE_URL"])

Bad (javascript):

    const { createClient } = require("redis");

    const cache = createClient({ url: "redis://cache:vK8rTq2m@cache.internal:6379" });

Good (javascript):

    const { createClient } = require("redis");

    const cache = createClient({ url: process.env.REDIS_URL });

Bad (config):

    DATABASE_URL=postgres://orders:vK8rTq2m@db.internal:5432/orders

Good (config):

    DATABASE_URL=

How to fix it: read the whole URL from the environment, or put it together from a setting and a password that comes
from the environment or a secret store; change the password.

Not seen: passwords that are put into the URL at run time; URLs in comments and docstrings; a password that equals the
user name on localhost, as development databases have it, where the environment can say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e09_secrets.judgement import is_placeholder_value
from lint_rules.families.e09_secrets.places import is_for_documentation
from lint_rules.families.e09_secrets.quiet import SourceFile, is_for_show, is_service
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

RULE = Rule(
    "TEN0903",
    "credentials-in-url",
    severity=ERROR,
    summary="A URL in the source holds a password",
    in_tests=False,
    references={"CWE-798": "https://cwe.mitre.org/data/definitions/798.html"},
)

_URL = re.compile(
    rb"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{1,30})://(?P<user>[^\s:/@\"'`<>{}$%()\[\],;|\\]{0,100}):"
    rb"(?P<password>[^\s:/@\"'`<>{}$()\[\],;|\\]{3,200})@(?P<host>[\w.\[{$%-]{1,200})"
)
_SEEMS = re.compile(rb"://[^\s:/@\"'`<>{}$%()\[\],;|\\]{0,100}:[^\s:/@\"'`<>{}$()\[\],;|\\]{3,200}@")
"""The middle of such a URL: an expression that begins with a sign is faster than one that begins with any letter."""
_SAME = frozenset({b"localhost", b"127.0.0.1", b"0.0.0.0", b"host.docker.internal"})
_NAMES_OF_PARTS = frozenset(
    (
        b"pass password passwd pwd pw secret token user username login key pass123 passw0rd p4ssw0rd "
        b"your_password my-password mypassword mypass prefix scope admin name userpass password123 xxx *** "
        b"abc 123 credentials apikey api_key pat "
    ).split()
)
_USED = frozenset(b"pass password passwd pwd secret pass123 passw0rd p4ssw0rd password123 admin userpass".split())
"""Those of them that somebody has for a password, too, where a real user stands before them."""
_NAMES_OF_USERS = frozenset(
    b"user username login name usr u me key token apikey api_key id myuser my_user my-user foo".split()
) | {b""}
_DOCUMENTED_HOSTS = re.compile(
    rb"(?:^|\.)(?:(?:example\.(?:com|org|net)|example|host|hostname|server|bar)$|your|foo)|\.test$|\.invalid$"
)

_FEW_LINES = 6
_MOST_STEPS = 14


def secret_urls(data: bytes) -> Iterator[re.Match[bytes]]:
    """The URLs in a text that hold a password, as matches with the groups scheme, user, password and host."""
    if _SEEMS.search(data) is None:
        return
    for found in _URL.finditer(data):
        password, user, host = found["password"].lower(), found["user"].lower(), found["host"].lower()
        if _DOCUMENTED_HOSTS.search(host) or is_placeholder_value(password.decode("utf-8", "replace")):
            continue
        if (
            (password in _NAMES_OF_PARTS and (password not in _USED or user in _NAMES_OF_USERS or host in _SAME))
            or (user == password and host in _SAME)
            or (user in (b"user", b"username") and password in user)
        ):
            continue
        if re.fullmatch(rb"[A-Z_]+|%\w*|\d{1,5}", found["password"]) or len(set(password)) < 2:
            continue
        yield found


def _may_hold(data: bytes) -> bool:
    return next(secret_urls(data), None) is not None


@RULE.files(WholeFile(_may_hold, early=is_service), "python", "javascript", "config")
def check(file: SourceFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for found in secret_urls(file.source.data):
        if not _is_code(file, found.start("password")):
            continue
        scheme, user, host = (found[part].decode("utf-8", "replace") for part in ("scheme", "user", "host"))
        where = f"{scheme}://{user}:...@{host}" if re.fullmatch(r"[\w.-]+", host) else f"{scheme}://{user}:...@"
        yield RULE.at(
            file,
            file.source.span(found.start(), found.end("host") if where.endswith(host) else found.end("password") + 1),
            f"`{where}` holds a password; read the URL from the environment and change the password",
            "read the URL from an environment variable, and change the password, which stays in the history",
            secrets=(file.source.span(*found.span("password")),),
        )


def _is_prose(root: Node, at: int) -> bool:
    """Whether a byte lies in a literal of many lines: a text for people, in which a URL is an example."""
    node = root.descendant_for_byte_range(at, at)
    while node is not None and node.type not in ("string", "template_string"):
        node = node.parent
    return node is not None and (node.text or b"").count(b"\n") > _FEW_LINES


def _is_documentation(node: Node | None) -> bool:
    """Whether a literal stands in what an argument or a key says is for people to read."""
    for _ in range(_MOST_STEPS):
        if node is None or node.type in ("block", "module", "statement_block", "program"):
            return False
        for field in ("name", "key", "left"):
            name = node.child_by_field_name(field)
            if name is not None and is_for_documentation((name.text or b"").decode("utf-8", "replace").strip("\"'")):
                return True
        node = node.parent
    return False


def _is_code(file: SourceFile, at: int) -> bool:
    """Whether a byte lies in a literal that the program uses: not in a comment, not in a docstring."""
    root: Node | None = getattr(file, "root", None)
    if root is None:
        line_start = file.source.data.rfind(b"\n", 0, at) + 1
        line = file.source.data[line_start:at].lstrip(b" \t-\"'")
        return not line.startswith((b"#", b"//", b";", b"example", b"description"))
    node = root.descendant_for_byte_range(at, at)
    while node is not None and node.type in (
        "string_content",
        "string_fragment",
        "escape_sequence",
        "concatenated_string",
        "string",
    ):
        node = node.parent
    if root.descendant_for_byte_range(at, at + 1) is not None and _is_prose(root, at):
        return False
    if _is_documentation(node):
        return False
    return node is not None and node.type not in (
        "comment",
        "expression_statement",
        "module",
        "html_comment",
        "regex",
        "regex_pattern",
    )
