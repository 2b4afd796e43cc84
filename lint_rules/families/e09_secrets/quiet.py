"""Files whose literals are there to be seen: examples, fixtures, translations; and how to hide a secret."""

from __future__ import annotations

import re
from typing import Protocol

from lint_rules.languages.whole_file import Placed
from lint_rules.model import Located, Span
from lint_rules.source import SourceText

_FOR_SHOW = re.compile(
    r"(?:^|/)(?:examples?|samples?|docs?(?:_src)?|documentation|demos?|tutorials?|fixtures?|mocks?|__mocks__|__fixtures__|stubs?|seeds?|seeders"
    r"|playground|sandbox|storybook|stories|locales?|i18n|translations?|l10n|lang|test[-_]?(?:data|utils?|helpers?|support)|testing|snippets|cassettes"
    r"|regtest|(?:[\w.]+-)*tests?(?:-[\w.]+)*|scaffolds?|templates?|boilerplates?|benchmarks?|\.github|\.devcontainer)/"
    r"|(?:^|/)\w*[hH]arness\.\w+$|(?:^|/)(?:conftest|testing|fixtures?|mocks?|factories|strings|translations?|messages|placeholders?|faker)\.\w+$"
    r"|[._-](?:example|sample|template|tpl|dist|mock|fixture|stories|test|spec)(?:\.\w+)*$"
    r"|(?:^|/)(?:example|sample|(?:unit_?)?tests?|ci)[._-][^/]*$|(?:^|/)\.env[.-](?:test|ci|defaults?|schema)\b"
)
_MESSAGES = re.compile(r"(?:^|/)(?:messages?|strings|errors?|texts?|labels)\.(?:json|ya?ml|[jt]s|py)$")
_LONG = 16
_FACTORY = ("default", "factory")


class Lies(Protocol):
    """What tells where a file lies."""

    @property
    def relative(self) -> str: ...

    @property
    def is_test(self) -> bool: ...


class SourceFile(Located, Protocol):
    """What is asked of a file, in any language."""

    source: SourceText
    relative: str

    @property
    def is_test(self) -> bool: ...


def is_service(placed: Placed) -> bool:
    """The opposite of `is_for_show`, asked before a file is parsed."""
    return not is_for_show(placed)


def is_for_show(file: Lies) -> bool:
    """Whether a file's place says that what stands in it is no secret of a running service."""
    return file.is_test or _FOR_SHOW.search(file.relative) is not None or _MESSAGES.search(file.relative) is not None


def is_of_a_factory(file: SourceFile, name: str, value: str) -> bool:
    """Whether a literal is the password that somebody else's device comes with: `DEFAULT_USER` has the same value."""
    if not name.lower().startswith(_FACTORY):
        return False
    users = rb"(?i:default|factory)_?(?i:user(?:_?name)?|login)\b[^=:\n]{0,40}[=:]\s*[\"']"
    return any(found == value.encode() for found in re.findall(users + rb"([^\"'\n]+)[\"']", file.source.data))


def hidden(file: SourceFile, start: int, end: int) -> tuple[Span, ...]:
    """The stretch of a secret that reports must hide: all but the first four characters, all of it if it is short.

    Quotes at its ends stay, so that an excerpt still looks like code.
    """
    data = file.source.data
    while (
        start < end
        and data[start : start + 1] in b"rRbBuUfF\"'`"
        and data[start : start + 3].strip(b"rRbBuUfF")[:1] in (b'"', b"'", b"`")
    ):
        start += 1
    while end > start and data[end - 1 : end] in (b'"', b"'", b"`"):
        end -= 1
    if end - start >= _LONG:
        start += 4
    return (file.source.span(start, end),) if start < end else ()
