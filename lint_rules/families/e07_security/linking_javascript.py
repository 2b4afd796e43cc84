"""Clients' data on its way through the functions of a JavaScript project, to what it must not reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from lint_rules.families.e07_security.answers_javascript import PAGE, REDIRECT
from lint_rules.families.e07_security.flows_javascript import (
    BASE_NAME,
    EVERYTHING,
    FLOWS,
    MEMBER,
    FlowNote,
    Passed,
    Through,
)
from lint_rules.families.e07_security.parameters_javascript import with_parameters
from lint_rules.families.e07_security.parts_javascript import is_server_made
from lint_rules.families.e07_security.sinks_javascript import concerns, sinks
from lint_rules.model import Finding, Fix, Related, Rule, Span

if TYPE_CHECKING:
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.linked import Project

_MOST_STEPS = 20_000
_LONGEST_WAY = 8
_SAYING = {
    "TEN0701": "becomes part of the SQL of `{called}`",
    "TEN0702": "may be an object with operators in the filter of `{called}`",
    "TEN0703": "becomes part of a command in `{called}`",
    "TEN0704": "is run as code by `{called}`",
    "TEN0705": "chooses the file of `{called}`",
    "TEN0706": "chooses the host that `{called}` calls",
    "TEN0707": "becomes part of the page in `{called}` as it is",
    "TEN0708": "chooses where `{called}` sends the browser",
    "TEN0717": "sets whatever fields the client names in `{called}`",
}
_ANSWERS = {
    PAGE: ("TEN0707", "escape it, or answer with JSON"),
    REDIRECT: ("TEN0708", "allow paths of the site or a list of addresses only"),
}


class _Way(Struct, frozen=True):
    """How data came to a place: what was read, what it is harmless for by now, the calls it went through."""

    source: str
    clean: frozenset[str]
    is_document: bool
    is_whole: bool
    at_start: bool
    hops: tuple[tuple[str, Span, str], ...] = ()
    composed: tuple[ModuleFacts, FlowNote] | None = None
    is_sql: bool = False
    is_html: bool = False
    is_returned: bool = False
    is_held: bool = False
    """It is a member of an object that a function gave."""


class Arrival(Struct, frozen=True):
    """Data that arrives where a rule does not want it."""

    code: str
    module: ModuleFacts
    note: FlowNote
    source: str
    instead: str
    hops: tuple[tuple[str, Span, str], ...]
    fix: Fix | None = None


class _Linker(Struct):
    project: Project
    given: dict[tuple[str, int], list[tuple[ModuleFacts, FlowNote, Passed]]] = field(default_factory=dict)
    found: dict[tuple[str, str, int], Arrival] = field(default_factory=dict)
    clean: set[str] = field(default_factory=set)
    steps: int = 0

    def run(self) -> list[Arrival]:
        roots: list[tuple[ModuleFacts, FlowNote]] = []
        for module, notes in self.project.notes(FLOWS):
            for note in notes:
                if note.kind == "clean":
                    self.clean.update(note.options)
                    continue
                for passed in note.passed:
                    if passed.taint.parameter >= 0:
                        parameter = (passed.taint.owner, passed.taint.parameter)
                        self.given.setdefault(parameter, []).append((module, note, passed))
                if note.kind != "return" and any(one.taint.parameter < 0 for one in note.passed):
                    roots.append((module, note))
        seen: set[tuple[object, ...]] = set()
        for module, note in roots:
            waiting: list[tuple[ModuleFacts, FlowNote, Passed, _Way]] = []
            for passed in reversed(note.passed):
                taint = passed.taint
                if taint.parameter < 0:
                    way = _Way(taint.source, frozenset(taint.clean), taint.is_document, taint.is_whole, taint.at_start)
                    waiting.append((module, note, passed, way))
            while waiting and self.steps < _MOST_STEPS:
                self.steps += 1
                waiting.extend(self._step(*waiting.pop(), seen))
        return sorted(
            (one for one in self.found.values() if one.code not in self.clean),
            key=lambda one: (one.module.path, one.note.span.start if one.note.span else 0, one.code),
        )

    def _step(
        self, module: ModuleFacts, note: FlowNote, passed: Passed, way: _Way, seen: set[tuple[object, ...]]
    ) -> Iterator[tuple[ModuleFacts, FlowNote, Passed, _Way]]:
        taint = passed.taint
        way = replace(way, is_sql=passed.is_sql, is_html=passed.is_html)
        for through in taint.through:
            gone = self._through(through, way)
            if gone is None:
                return
            way = gone
        if is_server_made(way.source):
            return
        reference = self.project.symbols.function(note.callee) if note.callee else None
        if reference is None and note.kind != "keep":
            self._arrive(module, note, passed, way)
            return
        if reference is not None:
            self.project.asked_notes.add(reference.module.module)
        owner = reference.name if reference is not None else note.last
        position = passed.position if reference is not None else 0
        key = (
            way.source,
            way.clean,
            way.is_whole,
            way.is_document,
            note.function,
            owner,
            passed.position,
            taint.inside,
        )
        if key in seen or len(way.hops) >= _LONGEST_WAY or note.span is None:
            return
        seen.add(key)
        hops = (*way.hops, (module.path, note.span, note.written))
        is_composed = passed.is_sql or passed.is_html or not way.at_start
        composed = (module, note) if is_composed else way.composed
        for inner_module, inner, one in self.given.get((owner, position), ()):
            own = one.taint
            if inner.kind == "return" or EVERYTHING in own.clean:
                continue
            if taint.inside and own.source not in ("", "<item>", taint.inside):
                continue
            if is_server_made(f"{way.source}.{own.source}"):
                continue
            is_field = bool(own.source) and not taint.inside
            further = replace(
                way,
                source=f"{way.source}.{own.source}" if is_field and way.is_whole else way.source,
                clean=way.clean.union(own.clean),
                is_document=way.is_document and own.is_document,
                is_whole=way.is_whole and (own.is_whole or bool(taint.inside)) and not is_field,
                at_start=way.at_start and own.at_start,
                hops=hops,
                composed=composed,
            )
            yield inner_module, inner, one, further

    def _through(self, through: Through, way: _Way) -> _Way | None:
        """The way after a function of the project that gives something back; None if the data is not in it."""
        reference = self.project.symbols.function(through.symbol)
        if reference is None:
            return None
        self.project.asked_notes.add(reference.module.module)
        for _, note, one in self.given.get((reference.name, through.position), ()):
            own = one.taint
            if note.kind != "return" or own.through or note.function != reference.name:
                continue
            if through.member and own.source not in ("", "<item>", through.member):
                continue
            return replace(
                way,
                clean=way.clean.union(own.clean),
                is_document=way.is_document and own.is_document,
                is_whole=way.is_whole and own.is_whole,
                at_start=way.at_start and own.at_start,
                is_sql=way.is_sql or one.is_sql,
                is_html=way.is_html or one.is_html,
                is_returned=True,
                is_held=way.is_held or bool(own.inside),
            )
        return None

    def _arrive(self, module: ModuleFacts, note: FlowNote, passed: Passed, way: _Way) -> None:
        canonical = self.project.symbols.canonical(note.callee) if note.callee else ""
        own = passed.taint
        code, instead = "", ""
        if note.kind == "answer":
            code, instead = _ANSWERS[note.last]
            if code in way.clean or (note.last == REDIRECT and not (way.at_start and own.at_start)):
                return
        elif note.kind == "key":
            code = "TEN0717"
            instead = "choose the key from a fixed list, or keep the values in a Map"
            if code in way.clean or way.source.startswith("<") or not way.at_start:
                return
        else:
            is_raw = own.parameter >= 0 and own.is_whole
            effective = Passed(
                passed.position,
                type(own)(
                    way.source,
                    -1,
                    tuple(sorted(way.clean)),
                    way.is_document,
                    way.is_whole,
                    way.at_start,
                    own.inside,
                    "",
                ),
                way.is_sql or (is_raw and way.composed is not None and any(p.is_sql for p in way.composed[1].passed)),
                way.is_html,
            )
            count = max(one.position for one in note.passed) + 1
            for row in sinks().rows(canonical, note, self.project.symbols.types):
                if concerns(row, effective, note, count) and not (way.hops and row.get("direct")):
                    code, instead = str(row["rule"]), str(row["instead"])
                    break
            if not code and note.kind == "assign" and self._is_page(canonical, effective, note):
                code, instead = "TEN0707", "escape it, or answer with JSON"
        if code == "TEN0705" and BASE_NAME in way.clean:
            if way.hops or way.is_returned:
                return  # it may be told apart on the way
            instead = "make a name of your own, for an upload of that name replaces the file"
        if not code or (code == "TEN0707" and way.is_held and MEMBER not in own.clean):
            return
        hops = way.hops
        if way.composed is not None and own.parameter >= 0 and own.is_whole and own.at_start and hops:
            module, composed = way.composed
            hops = ()
            note = FlowNote(
                note.kind, composed.function, composed.span, note.callee, note.last, note.owner, composed.written
            )
        assert note.span is not None
        key = (code, module.path, note.span.start)
        if key not in self.found:
            is_written_here = code == "TEN0701" and note.query is not None
            fix = with_parameters(note.query, canonical) if is_written_here and note.query is not None else None
            self.found[key] = Arrival(code, module, note, way.source, instead, hops, fix)

    def _is_page(self, canonical: str, passed: Passed, note: FlowNote) -> bool:
        """Whether it is assigned to the body of an answer that is HTML."""
        if "TEN0707" in passed.taint.clean or passed.taint.inside or "not-html" in note.options:
            return False
        is_body = canonical.endswith(("koa.Context.body", "koa.Response.body"))
        return is_body and (passed.is_html or "html" in note.options)


_KNOWN: list[tuple[object, int, list[Arrival]]] = []
"""The last project that was asked about: all rules ask about the same one, one after the other."""


def arrivals(project: Project) -> list[Arrival]:
    """All that arrives anywhere, for all rules; worked out once as long as nothing more is known."""
    symbols = project.symbols
    if not _KNOWN or _KNOWN[0][0] is not symbols or _KNOWN[0][1] != symbols.version:
        _KNOWN[:] = [(symbols, symbols.version, _Linker(project).run())]
    return _KNOWN[0][2]


def findings(rule: Rule, project: Project) -> Iterator[Finding]:
    """The findings of one rule."""
    for one in arrivals(project):
        if one.code != rule.code or one.note.span is None:
            continue
        called = " ".join(one.note.written.split())[-60:].replace("`", "'").lstrip(".")
        source = " ".join(one.source.split())[:60].replace("`", "'")
        says = _SAYING[rule.code].format(called=called)
        if one.note.kind == "key":
            says = f"chooses which member of `{one.note.owner}` is set, also `__proto__`"
        way = " -> ".join(written.rpartition(".")[2] for _, _, written in one.hops)
        says += f" (by `{way}`)" if way else ""
        related = tuple(Related(path, span, f"`{source}` is passed to `{written}`") for path, span, written in one.hops)
        yield rule.finding(
            one.module.path,
            one.note.span,
            f"`{source}` {says}; {one.instead}",
            f"{one.instead[0].upper()}{one.instead[1:]}",
            symbol=one.note.function.removeprefix(one.module.module + "."),
            related=related,
            fix=one.fix,
        )
