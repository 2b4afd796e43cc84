"""A `.env` file with values in the repository.

What it finds: a `.env` (or `.env.local`, `.env.production`, `production.env`) with a value for a credential or a URL
with a password, that git tracks or would add with `git add .`. Templates (`.env.example`, `.env.sample`,
`.env.template`) and files for tests are not meant.

Why it matters: the file exists to keep secrets out of the repository. Once committed, the values are in every clone
and stay in the history; one `git add .` is enough.

Bad (config):

    DB_HOST=db.internal
    DB_PASSWORD=vK8rTq2m-orders

Good (config):

    NODE_ENV=development
    PORT=3000

How to fix it: put `.env` into `.gitignore`, take the file out of the index (`git rm --cached .env`), change the
values, and keep a `.env.example` with the names alone.

Not seen: ignore rules outside of the repository (`core.excludesFile`, `.git/info/exclude` is read); variables whose
names do not say that they are credentials.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets.formats import holds_token
from lint_rules.families.e09_secrets.judgement import is_placeholder_value
from lint_rules.families.e09_secrets.naming import Credential, credential, word_set
from lint_rules.families.e09_secrets.quiet import hidden
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule, Span
from lint_rules.project.disk import is_folder

if TYPE_CHECKING:
    from lint_rules.languages.config.file import ConfigFile

RULE = Rule(
    "TEN0906",
    "env-file-committed",
    severity=ERROR,
    summary="A .env file with secrets is in the repository or not ignored by git",
    in_tests=False,
    references={"CWE-540": "https://cwe.mitre.org/data/definitions/540.html"},
)

_TEMPLATE = re.compile(
    r"example|sample|template|dist\b|defaults?\b|schema|test|\bci\b|demo|dummy|docker-compose\.env|empty|vault",
    re.IGNORECASE,
)
_ENV_FILE = re.compile(r"^\.env(?:[.-].*)?$|^[\w.-]+\.env$|^\.env\w*$")
_URL_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^:/@\s]*:(?P<secret>[^@/\s]{3,})@")
_SETTING = re.compile(rb"^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=[ \t]*[^\s#]", re.MULTILINE)


@RULE.files(WholeFile(lambda data: _SETTING.search(data) is not None), "config")
def check(file: ConfigFile) -> Iterator[Finding]:
    name = os.path.basename(file.path)
    folder = file.relative.rpartition("/")[0]
    if (
        not _ENV_FILE.match(name)
        or _TEMPLATE.search(name)
        or re.search(r"(?:^|/)(?:examples?|fixtures?|docs?|samples?)(?:/|$)", folder)
    ):
        return
    secrets = list(_secrets(file))
    if not secrets or is_ignored(file.path):
        return
    key, place = secrets[0]
    more = f" and {len(secrets) - 1} more" if len(secrets) > 1 else ""
    yield RULE.at(
        file,
        place,
        f"`{name}` holds `{key}`{more} and git does not ignore it; add it to `.gitignore` and change the values",
        f"add `{name}` to `.gitignore`, run `git rm --cached {name}`, and change the values",
        secrets=tuple(span for _, one in secrets for span in hidden(file, one.start, one.end)),
    )


def _secrets(file: ConfigFile) -> Iterator[tuple[str, Span]]:
    """The settings of the file that are credentials."""
    for entry in file.entries():
        value = entry.value.strip()
        span = file.source.span(entry.start, entry.end)
        found = _URL_PASSWORD.match(value)
        if (
            (found is not None and not is_placeholder_value(found["secret"]))
            or (credential(entry.key) is not Credential.NONE and _is_value(value))
            or (len(value) >= 16 and holds_token(value.encode()))
        ):
            yield entry.key, span


def _is_value(value: str) -> bool:
    """Whether something stands there, and not something that says what to put there."""
    if len(value) < 4 or is_placeholder_value(value) or len(set(value)) < 3:
        return False
    return value.lower() not in word_set("values", "words") - {"password", "secret", "admin_password"}


def is_ignored(path: str) -> bool:
    """Whether git ignores a file: a `.gitignore` on the way up names it, and the index does not hold it.

    Without a repository the `.gitignore` files up to the root of the file system count all the same.
    """
    import pathspec

    folder, verdict = os.path.dirname(path), None
    inside = os.path.basename(path)
    while True:
        repository = os.path.join(folder, ".git")
        for rules in (os.path.join(folder, ".gitignore"), os.path.join(repository, "info", "exclude")):
            lines = _lines(rules)
            if verdict is None and lines:
                verdict = pathspec.GitIgnoreSpec.from_lines(lines).check_file(inside).include
        if is_folder(repository):
            return verdict is True and not _is_tracked(repository, inside)
        parent = os.path.dirname(folder)
        if parent == folder:
            return verdict is True
        inside = f"{os.path.basename(folder)}/{inside}"
        folder = parent


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_BYTES).splitlines()
    except OSError:
        return []


def _is_tracked(repository: str, relative: str) -> bool:
    """Whether the index names a file; its entries end with the path and a NUL."""
    try:
        with open(os.path.join(repository, "index"), "rb") as file:
            return relative.encode() + b"\0" in file.read(_MOST_INDEX_BYTES)
    except OSError:
        return False


_MOST_BYTES = 200_000
_MOST_INDEX_BYTES = 50_000_000
