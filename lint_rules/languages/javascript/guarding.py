"""Tests that ask whether a request has been answered, or its connection is gone."""

from __future__ import annotations

import re

from lint_rules.flow.form import Question
from lint_rules.languages.javascript.grammar import text

_PROPERTY = re.compile(
    r"(?:headersSent|headerSent|writableEnded|writableFinished|_headerSent|_header)\b"
    r"|\b(?:res|resp|response|reply|req|request|socket|conn|connection|stream|ctx|this|self|raw)\??\.(?:\w+\??\.)*"
    r"(?:finished|destroyed|closed|sent|aborted|writable|ended|isSent|responded|responseSent|complete|hijacked)\b"
)
_FLAG = re.compile(
    r"(?i)(?:this\.|self\.|that\.)?_?(?:is|has|was|already|did|res|response|reply|headers?|request|req|error|client|cb|callback)*_?"
    r"(?:responded|replied|sent|finished|done|called|handled|settled|aborted|ended|closed|disconnected|resolved"
    r"|rejected|finali[sz]ed|complete|completed|timed_?out|timeout|fired|answered|returned|calledback|error(?:ed)?sent)"
)


def is_guard(question: Question) -> bool:
    """Whether a test asks for an answer that was given, by a property of the response or by a flag's name."""
    if question.node is None:
        return False
    written = text(question.node)
    if len(written) > 200:
        return False
    return _PROPERTY.search(written) is not None or _FLAG.fullmatch(question.subject or written) is not None


def mentions_guard(code: str) -> bool:
    """Whether a piece of code asks somewhere for a property that tells of an answer, or for a flag of such a name."""
    return _PROPERTY.search(code) is not None or any(_FLAG.fullmatch(name) for name in _ASKED.findall(code))


_ASKED = re.compile(r"(?:\bif\s*\(|&&|\|\||!)\s*(?:!\s*)?([\w$.]+)")
