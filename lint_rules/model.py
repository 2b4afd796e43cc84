"""The values everything else speaks in: spans, edits, fixes, findings and rules.

All values that travel between processes or into a cache are frozen msgspec structs of plain data. This module imports
nothing else of the project, so that every layer can use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

import msgspec


class Severity(str, Enum):
    """How bad a finding is; `error` > `warning` > `info`."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for an error, 2 for a warning, 1 for an info."""
        return {"error": 3, "warning": 2, "info": 1}[self.value]


class Confidence(str, Enum):
    """How sure the rule is that a finding is right."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Applicability(str, Enum):
    """Whether a fix is applied by `--fix` (safe), by `--unsafe-fixes` (unsafe), or is only shown (display)."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Inside(str, Enum):
    """Where a check applies: everywhere, or only in code that runs on the event loop."""

    ANYWHERE = "anywhere"
    EVENT_LOOP = "event-loop"


ANYWHERE, EVENT_LOOP = Inside.ANYWHERE, Inside.EVENT_LOOP
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
SAFE, UNSAFE, DISPLAY = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY


class Span(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A stretch of a file: UTF-8 byte offsets `start:end`, and rows and columns from 1 (columns in characters).

    The offsets count from the first byte after a byte order mark, in the file's text re-encoded as UTF-8.
    """

    start: int
    end: int
    row: int
    column: int
    end_row: int
    end_column: int


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """Replace the text at `span` by `content`; an empty span inserts."""

    span: Span
    content: str


class Fix(msgspec.Struct, frozen=True, array_like=True):
    """Edits to one file that belong together, and what they do in words."""

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability


class Related(msgspec.Struct, frozen=True, array_like=True):
    """Another place that explains a finding, such as a hop of a call chain."""

    path: str
    span: Span
    message: str


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """One problem at one place. `path` is absolute; `symbol` is the enclosing definition's dotted name or ''.

    `secrets` are stretches of the file that no report may show, whatever else it shows of those lines. `yields_to` are
    rules that may say the same better, each with the stretch of the file in which it would.
    """

    code: str
    name: str
    path: str
    span: Span
    message: str
    suggestion: str
    severity: Severity
    confidence: Confidence
    symbol: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    secrets: tuple[Span, ...] = ()
    yields_to: tuple[tuple[str, Span], ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of a report: file, position, code, message."""
        return (self.path, self.span.start, self.span.end, self.code, self.message)


class Located(Protocol):
    """What a rule needs of a file to place a finding: its path, and the spans and symbols of syntax nodes."""

    @property
    def path(self) -> str: ...

    def span(self, node: Any) -> Span: ...

    def symbol_at(self, span: Span) -> str: ...


CheckFunction = TypeVar("CheckFunction", bound=Callable[..., Iterable[Finding]])
Taker = TypeVar("Taker", bound=Callable[..., Iterable[msgspec.Struct]])


Note = TypeVar("Note", bound=msgspec.Struct)


class Notes(Generic[Note]):
    """What a family writes down about every file for its project checks, beside the facts that all checks share.

    A note is a frozen msgspec struct of plain data. Like a fact it is taken from one file alone and states something
    about that file only; names in it are symbols, which the check resolves when all files are linked, so that the
    taker asks for no canonical names.

        ANSWERS = Notes("error-answers", ErrorAnswer)

        @ANSWERS.of("python")
        def answers_of(file: PythonFile) -> Iterator[ErrorAnswer]: ...

        @RULE.project(words=(b"status_code",), notes=(ANSWERS,))
        def check_project(project: Project) -> Iterator[Finding]:
            for module, answers in project.notes(ANSWERS): ...
    """

    def __init__(
        self, name: str, kind: type[Note], *, words: tuple[bytes, ...] = (), holds_literals: bool = False
    ) -> None:
        """`words`: only files that hold one are written about from the start, and others when a check asks for them.

        `holds_literals` says that texts of the file are among what is written down: no cache keeps it, since any of
        them may be a secret.
        """
        self.name = name
        self.holds_literals = holds_literals
        self.words = words
        self.takers: dict[str, Callable[..., Iterable[Note]]] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(tuple[kind, ...])  # type: ignore[valid-type]

    def of(self, *languages: str) -> Callable[[Taker], Taker]:
        """Register `take(file)`, which yields the notes of one file of these languages."""

        def register(function: Taker) -> Taker:
            for language in languages:
                self.takers[language] = function  # type: ignore[assignment]
            return function

        return register

    def is_for(self, data: bytes) -> bool:
        """Whether a file with this text is written about without being asked for."""
        return not self.words or any(word in data for word in self.words)

    def take(self, language: str, file: Any) -> bytes:
        """The notes of a file, encoded; empty where there are none."""
        taker = self.takers.get(language)
        notes = tuple(taker(file)) if taker is not None else ()
        return self._encoder.encode(notes) if notes else b""

    def read(self, encoded: bytes) -> tuple[Note, ...]:
        """The notes that `take` encoded."""
        return self._decoder.decode(encoded) if encoded else ()


class Check(msgspec.Struct, frozen=True):
    """One registered check of a rule: for which language, on which nodes, in which context.

    `selector` belongs to the language (see languages/python/selectors.py); for `project` checks it is None and the
    function takes the linked project. `notes` are what such a check reads of every file beside its facts.
    """

    language: str
    selector: Any
    inside: Inside
    function: Callable[..., Iterator[Finding]]
    words: tuple[bytes, ...] = ()
    notes: tuple[Notes[Any], ...] = ()
    pattern: re.Pattern[bytes] | None = None


class Option(msgspec.Struct, frozen=True):
    """A setting of one rule: `[tool.tenlint.rules.<rule-name>] <name> = value`; the type is the default's."""

    name: str
    default: bool | int | str | tuple[str, ...]
    description: str


class Rule:
    """One rule of the catalogue: what it is called, how it is rated, and the checks that carry it out.

    Registered by being a module-level `RULE` in a file below `families/`. The module's docstring is its page.
    `in_tests` says whether it speaks about test files too.
    """

    def __init__(
        self,
        code: str,
        name: str,
        *,
        severity: Severity,
        summary: str,
        default: bool = True,
        in_tests: bool = True,
        confidence: Confidence = HIGH,
        fix: Applicability | None = None,
        options: tuple[Option, ...] = (),
        references: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.name = name
        self.severity = severity
        self.summary = summary
        self.default = default
        self.in_tests = in_tests
        self.confidence = confidence
        self.fix = fix
        self.options = options
        self.references = dict(references or {})
        self.checks: list[Check] = []
        self.module = ""

    def __repr__(self) -> str:
        return f"<Rule {self.code} {self.name}>"

    @property
    def family(self) -> str:
        """The two digits of the family, such as "01"."""
        return self.code[3:5]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages this rule has checks for; a project check names its own with `languages=`."""
        named = {language for check in self.checks for language in check.language.split("+")}
        return tuple(language for language in ("python", "javascript", "config") if language in named)

    def python(self, *selectors: Any, inside: Inside = ANYWHERE) -> Callable[[CheckFunction], CheckFunction]:
        """Register `check(node: cst.CSTNode, file: PythonFile)` for the nodes the selectors name."""

        def register(function: CheckFunction) -> CheckFunction:
            for selector in selectors:
                self.checks.append(Check("python", selector, inside, function))  # type: ignore[arg-type]
            return function

        return register

    def javascript(self, *selectors: Any, inside: Inside = ANYWHERE) -> Callable[[CheckFunction], CheckFunction]:
        """Register `check(node: Node, file: JavaScriptFile)` for the tree-sitter nodes the selectors name."""

        def register(function: CheckFunction) -> CheckFunction:
            for selector in selectors:
                self.checks.append(Check("javascript", selector, inside, function))  # type: ignore[arg-type]
            return function

        return register

    def files(self, selector: Any, *languages: str) -> Callable[[CheckFunction], CheckFunction]:
        """Register `check(file)`, run once over each file of the languages (see languages/whole_file.py)."""

        def register(function: CheckFunction) -> CheckFunction:
            for language in languages:
                self.checks.append(Check(language, selector, ANYWHERE, function))  # type: ignore[arg-type]
            return function

        return register

    def project(
        self,
        *,
        words: tuple[bytes, ...] = (),
        pattern: re.Pattern[bytes] | None = None,
        languages: tuple[str, ...] = ("python",),
        notes: tuple[Notes[Any], ...] = (),
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Register `check(project: Project)`, run once over the linked facts.

        Files that hold one of `words`, or the `pattern`, give their facts from the start; all others give them when a
        question leads to them. So both must cover every file in which the check's findings can begin, and few others:
        facts are what costs most. The check's `notes` come with them.
        """

        def register(function: CheckFunction) -> CheckFunction:
            check = Check("+".join(languages), None, ANYWHERE, function, words, notes, pattern)  # type: ignore[arg-type]
            self.checks.append(check)
            return function

        return register

    def at(
        self,
        file: Located,
        node: Any,
        message: str,
        suggestion: str,
        *,
        fix: Fix | None = None,
        related: tuple[Related, ...] = (),
        severity: Severity | None = None,
        secrets: tuple[Span, ...] = (),
        yields_to: tuple[tuple[str, Span], ...] = (),
    ) -> Finding:
        """A finding of this rule at a syntax node (or Span) of `file`."""
        span = node if isinstance(node, Span) else file.span(node)
        return self.finding(
            file.path, span, message, suggestion,
            symbol=file.symbol_at(span), fix=fix, related=related, severity=severity, secrets=secrets,
            yields_to=yields_to,
        )  # fmt: skip

    def finding(
        self,
        path: str,
        span: Span,
        message: str,
        suggestion: str,
        *,
        symbol: str = "",
        fix: Fix | None = None,
        related: tuple[Related, ...] = (),
        severity: Severity | None = None,
        secrets: tuple[Span, ...] = (),
        yields_to: tuple[tuple[str, Span], ...] = (),
    ) -> Finding:
        """A finding of this rule at a span that is already known, as in facts."""
        return Finding(
            self.code, self.name, path, span, message, suggestion,
            severity or self.severity, self.confidence, symbol, related, fix, secrets,
            yields_to,
        )  # fmt: skip
