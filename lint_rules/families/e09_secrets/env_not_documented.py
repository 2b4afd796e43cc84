"""Environment variable that the template does not name.

What it finds: in a project with a `.env.example` (`.env.sample`, `.env.template`, `.env.dist`): a variable that code
reads and the template does not name, and a variable that the template names and no file of the project mentions.

Why it matters: the template is the list from which a deployment is configured. What it lacks is found missing in
production, and what is there for nothing is filled in for years.

Bad (python):

    # file: .env.example
    DATABASE_URL=
    # file: service.py
    import os

    DATABASE_URL = os.environ["DATABASE_URL"]
    BROKER_URL = os.environ["BROKER_URL"]

Good (python):

    # file: .env.example
    DATABASE_URL=
    BROKER_URL=
    # file: service.py
    import os

    DATABASE_URL = os.environ["DATABASE_URL"]
    BROKER_URL = os.environ["BROKER_URL"]

Bad (javascript):

    // file: .env.example
    DATABASE_URL=
    // file: service.js
    module.exports = { url: process.env.DATABASE_URL, broker: process.env.BROKER_URL };

Good (javascript):

    // file: .env.example
    DATABASE_URL=
    BROKER_URL=
    // file: service.js
    module.exports = { url: process.env.DATABASE_URL, broker: process.env.BROKER_URL };

Bad (config):

    # file: .env.example
    DATABASE_URL=
    OLD_BROKER_URL=
    # file: service.py
    import os

    DATABASE_URL = os.environ["DATABASE_URL"]

Good (config):

    # file: .env.example
    DATABASE_URL=
    # file: service.py
    import os

    DATABASE_URL = os.environ["DATABASE_URL"]

How to fix it: add the name to the template, with an empty value or the default, or take it out.

Not seen: names that are put together at run time; fields of settings classes, whose variables have other names than
the fields; projects without a template.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets.quiet import SourceFile, is_for_show
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import INFO, Finding, Rule
from lint_rules.project.disk import exists, is_file, remembered

if TYPE_CHECKING:
    from lint_rules.languages.config.file import ConfigFile

RULE = Rule(
    "TEN0907",
    "env-not-documented",
    severity=INFO,
    summary="Code reads an environment variable that .env.example does not name, or the other way round",
    default=False,
    in_tests=False,
)

TEMPLATES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env", ".env.defaults")
_READ = re.compile(
    rb"""(?:\benviron(?:\.get\(|\[)|\bgetenv\(|\bprocess\.env\[|\benv\.get\()\s*["'](?P<quoted>[A-Za-z_]\w*)["']"""
    rb"""|\bprocess\.env\.(?P<plain>[A-Za-z_]\w*)"""
)
_NAMED = re.compile(rb"^[ \t]*(?:#[ \t]*)?(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=", re.MULTILINE)
# What the platform, the shell or a tool sets.
_GIVEN = re.compile(
    r"PATH|HOME|USER|USERNAME|PWD|SHELL|TERM|CI|TZ|LANG|LC_\w+|TMPDIR|TEMP|TMP|HOSTNAME|EDITOR|DISPLAY|NODE_ENV|NODE_OPTIONS"
    r"|NO_COLOR|FORCE_COLOR|PYTHON\w*|VIRTUAL_ENV|npm_\w+|GITHUB_\w+|KUBERNETES_\w+|AWS_LAMBDA_\w+|XDG_\w+|APPDATA|LOCALAPPDATA"
    r"|DJANGO_SETTINGS_MODULE|PYTEST_\w+|JEST_WORKER_ID|VERCEL_\w+|DYNO"
)
_MOST_FOLDERS = 12
_MOST_FILES = 4_000
_MOST_BYTES = 1_000_000
_LEFT_OUT = frozenset(
    {"node_modules", "site-packages", "venv", ".venv", ".git", "__pycache__", "dist", "build", "vendor"}
)


@RULE.files(WholeFile(lambda data: _READ.search(data) is not None), "python", "javascript")
def check(file: SourceFile) -> Iterator[Finding]:
    template = _template_of(os.path.dirname(file.path))
    if not template or is_for_show(file):
        return
    documented = {found["name"] for found in _NAMED.finditer(_bytes_of(template))}
    seen: set[bytes] = set()
    for found in _READ.finditer(file.source.data):
        name = found["quoted"] or found["plain"]
        if name in documented or name in seen or _GIVEN.fullmatch(name.decode()) or _is_comment(file, found.start()):
            continue
        seen.add(name)
        where = os.path.basename(template)
        yield RULE.at(
            file,
            file.source.span(found.start(), found.end()),
            f"`{name.decode()}` is read here and `{where}` does not name it; add it",
            f"add `{name.decode()}=` to `{where}`",
        )


@RULE.files(WholeFile(lambda data: _NAMED.search(data) is not None), "config")
def check_template(file: ConfigFile) -> Iterator[Finding]:
    name = os.path.basename(file.path)
    if name not in TEMPLATES:
        return
    named = {found["name"]: found for found in _NAMED.finditer(file.data)}
    wanted = {one: found for one, found in named.items() if not _GIVEN.fullmatch(one.decode())}
    for path in _files_below(os.path.dirname(file.path)):
        if not wanted:
            return
        text = _bytes_of(path).lower()
        wanted = {one: found for one, found in wanted.items() if one.lower() not in text}
    for one, found in sorted(wanted.items(), key=lambda item: item[1].start()):
        if file.data[found.start() : found.start("name")].lstrip().startswith(b"#"):
            continue  # a remark, or a variable that is left out on purpose
        yield RULE.at(
            file,
            file.source.span(*found.span("name")),
            f"`{one.decode()}` is in `{name}` and nothing reads it; take it out",
            "take it out, or read it",
        )


def _template_of(folder: str) -> str:
    """The nearest template at or above a folder, up to the repository's root; "" if there is none."""
    for _ in range(_MOST_FOLDERS):
        for name in TEMPLATES:
            path = os.path.join(folder, name)
            if is_file(path):
                return path
        parent = os.path.dirname(folder)
        if parent == folder or exists(os.path.join(folder, ".git")):
            return ""
        folder = parent
    return ""


def _files_below(folder: str) -> Iterator[str]:
    """The files that may read a variable: all but those that only set them."""
    count = 0
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            if name.startswith(".env") or name in TEMPLATES or ".fixed." in name:
                continue
            count += 1
            if count > _MOST_FILES:
                return
            yield os.path.join(here, name)


@remembered(256)
def _bytes_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return b""


def _is_comment(file: SourceFile, at: int) -> bool:
    root = getattr(file, "root", None)
    node = root.descendant_for_byte_range(at, at) if root is not None else None
    return node is not None and node.type in ("comment", "string_content", "string_fragment")
