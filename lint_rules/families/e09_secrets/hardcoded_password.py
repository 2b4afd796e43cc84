"""Hardcoded password or secret.

What it finds: a literal that is bound, passed, returned, defaulted or compared to a name for a credential: passwords,
secret keys, API keys and tokens in snake, camel and kebab case and in some other languages, in assignments, objects,
keyword arguments, parameters, comparisons and configuration files; and the key that is passed to `jwt.sign`,
`hmac.new` and alike. Names of API keys and tokens count only with a value that looks generated.

Why it matters: who can read the source can log in. The password is the same on every machine, cannot be changed
without a release, and stays in the history of the repository.

Bad (python):

    import psycopg

    def connect():
        return psycopg.connect(host=database_host(), user="orders", password="vK8rTq2m-orders")

Good (python):

    import os

    import psycopg

    def connect():
        return psycopg.connect(host=database_host(), user="orders", password=os.environ["DB_PASSWORD"])

Bad (javascript):

    const jwt = require("jsonwebtoken");

    exports.issue = (user) => jwt.sign({ sub: user.id }, "orders-signing-secret-2024");

Good (javascript):

    const jwt = require("jsonwebtoken");

    exports.issue = (user) => jwt.sign({ sub: user.id }, process.env.JWT_SECRET);

Bad (config):

    [database]
    password = vK8rTq2m-orders

Good (config):

    [database]
    password = ${DB_PASSWORD}

How to fix it: change the password, which stays in the history, and read it from the environment
(`os.environ["DB_PASSWORD"]`, `process.env.DB_PASSWORD`), the project's settings class, or a secret store.

Not seen: credentials under names that do not say so; values that look like labels, field names, placeholders, paths,
references to a secret store or hashes; lists in which a value is looked up (most turn weak ones down); tests, examples,
documentation, translations; `.env` files, which TEN0906 reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from lint_rules.families.e09_secrets.formats import holds_token, is_token_at
from lint_rules.families.e09_secrets.judgement import connection_secret, is_secret
from lint_rules.families.e09_secrets.naming import words_of
from lint_rules.families.e09_secrets.places import How, Place, may_hold_credential, may_hold_setting, positional
from lint_rules.families.e09_secrets.quiet import SourceFile, hidden, is_for_show, is_of_a_factory, is_service
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Edit, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.config.file import ConfigFile
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0902",
    "hardcoded-password",
    severity=ERROR,
    summary="A password, key or secret is a literal in the source",
    in_tests=False,
    fix=UNSAFE,
    references={"CWE-798": "https://cwe.mitre.org/data/definitions/798.html"},
)

_WHAT = {
    How.BOUND: "is a literal in the source",
    How.PASSED: "is passed as a literal",
    How.DEFAULT: "has a literal default",
    How.COMPARED: "is compared with a literal",
    How.RETURNED: "returns a literal secret",
}


@RULE.files(WholeFile(may_hold_credential, early=is_service), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    from lint_rules.families.e09_secrets import places_python

    if not is_for_show(file):
        yield from _findings(file, places_python.places(file))


@RULE.files(WholeFile(may_hold_credential, early=is_service), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e09_secrets import places_javascript

    if not is_for_show(file) and not file.is_declaration:
        yield from _findings(file, places_javascript.places(file))


@RULE.files(WholeFile(may_hold_setting), "config")
def check_config(file: ConfigFile) -> Iterator[Finding]:
    from lint_rules.families.e09_secrets import places_config

    if not is_for_show(file):
        yield from _findings(file, places_config.places(file))


def _findings(file: SourceFile, places: Iterable[Place]) -> Iterator[Finding]:
    for place in places:
        if place.how is How.FALLBACK:
            continue  # TEN0904
        holds_more = bool(connection_secret(place.value))
        if holds_more:
            name, what = place.name, "holds a password"
        elif is_secret(place.setting) and not is_of_a_factory(file, place.name, place.value):
            name, what = place.name, _WHAT[place.how]
            is_unnamed = positional(place.used_by) is not None or place.used_by.endswith(".login")
            if place.how is How.PASSED and place.name == "secret" and is_unnamed:
                name, what = f"{place.used_by}()", "is given a literal secret"
        else:
            continue
        if holds_token(place.value.encode()) or is_token_at(file.source.data, place.start, place.end):
            continue  # TEN0901
        look_up = _look_up(file, place)
        yield RULE.at(
            file,
            file.source.span(place.start, place.end),
            f"`{name}` {what}; read it from the environment",
            f"read it from the environment (`{look_up}`) or a secret store, and change it: it stays in the history",
            fix=None if holds_more else _fix(file, place, look_up),
            secrets=hidden(file, place.start, place.end),
        )


def _fix(file: SourceFile, place: Place, look_up: str) -> Fix | None:
    """The look-up in place of the literal, where it is read when the value is needed and of the same type."""
    if place.how not in (How.BOUND, How.PASSED) or not hasattr(file, "root"):
        return None
    if file.source.data[place.start : place.start + 1] not in (b'"', b"'", b"`"):
        return None
    edits: tuple[Edit, ...] = ()
    if file.path.endswith(".py"):
        from lint_rules.languages.python.edits import import_edits

        imported = import_edits(cast("PythonFile", file), "os")
        if imported is None:
            return None
        name, edits = imported
        look_up = name + look_up.removeprefix("os")
    edit = Edit(file.source.span(place.start, place.end), look_up)
    return Fix(f"Read `{environment_variable(place)}` from the environment", (*edits, edit), UNSAFE)


def _look_up(file: SourceFile, place: Place) -> str:
    """How the environment is read in the file's language."""
    name = environment_variable(place)
    if file.path.endswith((".py", ".pyi")):
        return f'os.environ["{name}"]'
    return f"process.env.{name}" if hasattr(file, "root") else f"${{{name}}}"


def environment_variable(place: Place) -> str:
    """A name for the environment variable: that of the setting, with what it is for where it does not say so."""
    words = [word.upper() for word in words_of(place.name) if word.isascii()]
    if len(words) == 1:
        used_by = place.used_by.lower()
        purpose = next((name for part, name in _PURPOSES if part in used_by), "")
        words = [purpose, {"PASS": "PASSWORD", "PWD": "PASSWORD"}.get(words[0], words[0])] if purpose else words
    return "_".join(words) or "SECRET"


_PURPOSES = (
    ("jwt", "JWT"),
    ("jsonwebtoken", "JWT"),
    ("session", "SESSION"),
    ("cookie", "COOKIE"),
    ("redis", "REDIS"),
    ("smtp", "SMTP"),
    ("mail", "SMTP"),
    ("transport", "SMTP"),
    ("hmac", "SIGNING"),
    ("connect", "DB"),
    ("pool", "DB"),
    ("engine", "DB"),
    ("sequelize", "DB"),
    ("client", "DB"),
)
