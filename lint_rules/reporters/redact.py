"""Keeping secrets out of reports: what a finding names as secret is shown nowhere, whoever speaks of its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from lint_rules.engine.known import secrets_by_path
from lint_rules.engine.report import Hidden, Report
from lint_rules.model import Finding, Span
from lint_rules.source import SourceText

_HIDDEN: Final = "***"
# Shorter ones stand in words by chance.
_SHORTEST: Final = 4
# Every message about secrets has such names in it, and somebody's password is one of them, or a part of one.
_NAMES: Final = frozenset({"password", "passwd", "secret", "token"})
# Of as many bytes as what they stand for, so that every offset in the text stays what it is.
_MASKS: Final = {1: "*", 2: "\xb7", 3: "\u2022", 4: "\U00010101"}


def secrets_of(report: Report) -> dict[str, tuple[Span, ...]]:
    """The spans of a report that must not be shown, those of hidden findings too, by file."""
    return secrets_by_path((*report.findings, *(hidden.finding for hidden in report.hidden)))


def masked(source: SourceText, secrets: Sequence[Span]) -> SourceText:
    """The text with stars in place of secrets; the line endings in them stay."""
    if not secrets:
        return source
    parts = []
    done = 0
    for secret in secrets:
        start, end = max(secret.start, done), min(secret.end, len(source.data))
        if start >= end:
            continue
        text = source.data[start:end].decode("utf-8", "replace")
        stars = "".join(letter if letter in "\r\n" else _MASKS[len(letter.encode())] for letter in text).encode()
        parts += [source.data[done:start], stars if len(stars) == end - start else b"*" * (end - start)]
        done = end
    return SourceText(source.path, b"".join((*parts, source.data[done:])), source.encoding, source.bom)


def without_secrets(
    report: Report, secrets: Mapping[str, Sequence[Span]], read: Callable[[str], SourceText | None]
) -> Report:
    """The report with the texts of secrets struck out of messages, suggestions and edits. `read` gives plain texts."""
    words = sorted(_words(secrets, read), key=len, reverse=True)
    if not words:
        return report

    def clean(text: str) -> str:
        for word in words:
            if word in text:
                text = text.replace(word, _HIDDEN)
        return text

    def cleaned(finding: Finding) -> Finding:
        fix = finding.fix
        return replace(
            finding,
            message=clean(finding.message),
            suggestion=clean(finding.suggestion),
            symbol=clean(finding.symbol),
            related=tuple(replace(related, message=clean(related.message)) for related in finding.related),
            fix=None
            if fix is None
            else replace(
                fix,
                message=clean(fix.message),
                edits=tuple(replace(edit, content=clean(edit.content)) for edit in fix.edits),
            ),
        )

    return Report(
        tuple(map(cleaned, report.findings)), report.files, tuple(map(cleaned, report.notices)),
        report.internal_errors, report.complete,
        tuple(Hidden(cleaned(hidden.finding), hidden.by, clean(hidden.reason)) for hidden in report.hidden),
    )  # fmt: skip


def _words(secrets: Mapping[str, Sequence[Span]], read: Callable[[str], SourceText | None]) -> Iterable[str]:
    found: set[str] = set()
    for path, spans in secrets.items():
        source = read(path)
        if source is not None:
            texts = (source.text(span.start, span.end) for span in spans)
            found.update(part for text in texts for part in (text, *text.splitlines()) if len(part) >= _SHORTEST)
    return {word for word in found if not any(word in name for name in _NAMES)}
