"""Insecure default of a secret.

What it finds: a credential that is read from the environment, with a literal for the case that it is not set:
`os.environ.get("SECRET_KEY", "dev")`, `config("SECRET_KEY", default="...")`, `process.env.JWT_SECRET || "secret"`,
defaults in destructuring and in schemas of settings (convict, envalid, zod), `if not secret_key: secret_key = "..."`,
and signing keys in compose files (`${SECRET_KEY:-...}`).

Why it matters: a deployment that forgets the variable starts without a word and signs its sessions with a key that
everybody can read in the repository. A service that does not start is found at once; this is found by somebody else.

Bad (python):

    import os

    SECRET_KEY = os.environ.get("SECRET_KEY", "dev-secret")

Good (python):

    import os

    SECRET_KEY = os.environ["SECRET_KEY"]

Bad (javascript):

    module.exports = { jwtSecret: process.env.JWT_SECRET || "dev-secret" };

Good (javascript):

    const { JWT_SECRET } = process.env;

    if (!JWT_SECRET) {
        throw new Error("JWT_SECRET is not set");
    }

    module.exports = { jwtSecret: JWT_SECRET };

Bad (config):

    [orders]
    secret_key = ${SECRET_KEY:-orders-dev-1}

Good (config):

    [orders]
    secret_key = ${SECRET_KEY:?is not set}

How to fix it: let the start fail without the variable (`os.environ["SECRET_KEY"]`, a check of
`process.env.JWT_SECRET`, a settings field without default); keep the value for development in a `.env` that git
ignores.

Not seen: defaults that come from another file or a constant; code that checks the environment's name first in a way
other than an `if` around the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets.formats import holds_token, is_token_at
from lint_rules.families.e09_secrets.judgement import is_secret
from lint_rules.families.e09_secrets.places import How, Place, may_hold_credential, may_hold_setting
from lint_rules.families.e09_secrets.quiet import SourceFile, hidden, is_for_show, is_service
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.config.file import ConfigFile
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0904",
    "insecure-default",
    severity=WARNING,
    summary="A secret from the environment has a literal default",
    in_tests=False,
    references={"CWE-1188": "https://cwe.mitre.org/data/definitions/1188.html"},
)


_COMPOSITION = re.compile(rb"^services:", re.MULTILINE)


@RULE.files(WholeFile(may_hold_credential, early=is_service), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    from lint_rules.families.e09_secrets import places_python

    if not is_for_show(file):
        yield from _findings(file, places_python.places(file), 'os.environ["{}"]')


@RULE.files(WholeFile(may_hold_credential, early=is_service), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e09_secrets import places_javascript

    if not is_for_show(file) and not file.is_declaration:
        yield from _findings(file, places_javascript.places(file), "process.env.{}")


@RULE.files(WholeFile(may_hold_setting, words=(b"-",)), "config")
def check_config(file: ConfigFile) -> Iterator[Finding]:
    from lint_rules.families.e09_secrets import places_config

    if not is_for_show(file):
        is_composition = _COMPOSITION.search(file.data) is not None
        settings = (
            # The password of a database that nobody outside the composition reaches has a default on purpose.
            one for one in places_config.places(file) if not (is_composition and "pass" in one.variable.lower())
        )  # fmt: skip
        yield from _findings(file, settings, "${{{0}:?}}")


def _findings(file: SourceFile, places: Iterable[Place], look_up: str) -> Iterator[Finding]:
    for place in places:
        if place.how is not How.FALLBACK or not is_secret(place.setting):
            continue
        if holds_token(place.value.encode()) or is_token_at(file.source.data, place.start, place.end):
            continue  # TEN0901
        yield RULE.at(
            file,
            file.source.span(place.start, place.end),
            f"`{place.variable}` falls back to a literal; let the start fail if it is not set",
            f"read `{look_up.format(place.variable)}` without a default, and let the start fail if it is not set",
            secrets=hidden(file, place.start, place.end),
        )
