"""What is known of single files from earlier runs: findings and facts, and what they depended on.

A file's analysis holds as long as its bytes do, those of the other sources it opened, what the disk said to its other
questions, and what it learned of other modules. A changed module is asked again what it defines; only if that has
changed too are the files analysed again that had looked it up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from lint_rules.engine.cache_folder import CacheFolder
from lint_rules.engine.signatures import (
    Answer,
    Signature,
    all_hold,
    answer_to,
    digest_of_file,
    is_telling,
    now,
    signature_of,
)
from lint_rules.engine.snapshot import key_of
from lint_rules.engine.tasks import Analysis, Setting, digest_of_definitions, digest_of_derivation
from lint_rules.model import Rule
from lint_rules.project.disk import OPENED, Question
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.modules import Modules


class _Use(msgspec.Struct, frozen=True, array_like=True):
    """A module that was looked up: whether all its facts were known, and what stands for what it defined then."""

    module: str
    complete: bool
    defined: bytes


class _Source(msgspec.Struct, frozen=True, array_like=True):
    """The content of a file when it was read."""

    digest: bytes
    signature: Signature | None = None


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """What one file gave. `analysis` is None for a file that was only asked for its facts.

    `gives` says that it told its facts by itself; `defines` stands for what the names of the module mean, `complete`
    for that and what its functions do.
    """

    analysis: Analysis | None = None
    facts: ModuleFacts | None = None
    uses: tuple[_Use, ...] = ()
    read: tuple[tuple[str, str, bytes], ...] = ()
    defines: bytes = b""
    complete: bytes = b""
    gives: bool = False


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    key: bytes
    sources: dict[str, _Source]
    entries: dict[str, _Entry]
    answers: tuple[Answer, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Kept)


class FileCache:
    """The kept results of a project, and what this run adds to them. Times are in ns."""

    def __init__(
        self, folder: CacheFolder, root: str, modules: Modules, setting: Setting, rules: tuple[Rule, ...]
    ) -> None:
        self._folder = folder
        self._modules = modules
        self._key = key_of(root, sorted(modules.by_path), setting, [rule.code for rule in rules])
        self._began = now()
        self._signatures: dict[str, Signature | None] = {}
        self._digests: dict[str, bytes] = {}
        self._uses: dict[str, set[str]] = {}
        self._read: dict[str, set[tuple[str, str, bytes]]] = {}
        self._derived: dict[tuple[str, str], bytes] = {}
        self._questions: set[Question] = set()
        self._defines: dict[str, bytes] = {}
        self._giving: set[str] = set()
        self._kept_uses: dict[str, tuple[_Use, ...]] = {}
        self._kept = self._load()
        self._changed: dict[str, bool] = {}

    @property
    def _name(self) -> str:
        return f"files-{self._key.hex()}"

    def _load(self) -> _Kept:
        payload = self._folder.read(self._name)
        if payload is not None:
            try:
                kept = _DECODER.decode(payload)
            except (msgspec.MsgspecError, RecursionError, ValueError):
                kept = None
            if kept is not None and kept.key == self._key and all_hold(kept.answers):
                return kept
        return _Kept(self._key, {}, {}, ())

    # What is known.

    def analysis(self, path: str) -> Analysis | None:
        """The kept analysis of a file, if neither it nor another source that it opened has changed."""
        entry = self._entry(path)
        return entry.analysis if entry is not None else None

    def given_facts(self, path: str) -> ModuleFacts | None:
        """The facts that an unchanged file tells by itself."""
        entry = self._entry(path)
        return entry.facts if entry is not None and entry.gives else None

    def has_told(self, path: str) -> bool:
        """Whether it is known what an unchanged file tells by itself: its facts (see `facts`), or nothing."""
        entry = self._entry(path)
        return entry is not None and (entry.facts is None or entry.facts.is_complete)

    def facts(self, path: str, *, complete: bool) -> ModuleFacts | None:
        """The kept facts of an unchanged file, if there are enough of them."""
        entry = self._entry(path)
        facts = entry.facts if entry is not None else None
        return facts if facts is not None and (facts.is_complete or not complete) else None

    def complete_facts(self) -> Iterator[ModuleFacts]:
        """All the facts that link had in earlier runs, of files that have not changed."""
        for path, entry in self._kept.entries.items():
            if entry.facts is not None and entry.facts.is_complete and self._entry(path) is not None:
                yield entry.facts

    def _entry(self, path: str) -> _Entry | None:
        entry = self._kept.entries.get(path)
        if entry is None or self._has_changed(path):
            return None
        return entry if all(self._reads_the_same(*read) for read in entry.read) else None

    def _reads_the_same(self, kind: str, path: str, digest: bytes) -> bool:
        """Whether another source of the project still gives the answer that it gave."""
        if kind == OPENED:
            return self._digest(path) == digest
        if not self._has_changed(path):
            return True
        if (kind, path) not in self._derived:
            self._derived[kind, path] = digest_of_derivation(kind, path)
        return bool(digest) and self._derived[kind, path] == digest

    def _has_changed(self, path: str) -> bool:
        known = self._changed.get(path)
        if known is None:
            source = self._kept.sources.get(path)
            known = self._changed[path] = source is None or self._digest(path) != source.digest
        return known

    def _digest(self, path: str) -> bytes:
        digest = self._digests.get(path)
        if digest is None:
            source, signature = self._kept.sources.get(path), self._signature(path)
            is_same = source is not None and source.signature is not None and source.signature == signature
            digest = source.digest if source is not None and is_same else digest_of_file(path)
            self._digests[path] = digest
        return digest

    def _signature(self, path: str) -> Signature | None:
        if path not in self._signatures:
            self._signatures[path] = signature_of(path)
        return self._signatures[path]

    # What depends on what has changed.

    def doubtful(self, kept: Collection[str]) -> dict[str, bool]:
        """The modules that the kept analyses of these files have looked up, and of which it is not known whether they
        still define the same; whether all their facts count.
        """
        found: dict[str, bool] = {}
        for use in self._uses_of(kept):
            module = self._modules.by_name.get(use.module)
            if module is not None and module.path and not self._defined_by(module.path, complete=use.complete):
                found[use.module] = found.get(use.module, False) or use.complete
        return found

    def followed(self, kept: Collection[str]) -> set[str]:
        """The modules all of whose facts were known when these files were analysed."""
        return {use.module for use in self._uses_of(kept) if use.complete}

    def outdated(self, kept: Collection[str], facts: Mapping[str, ModuleFacts]) -> list[str]:
        """Those of the files whose kept analyses rest on what a module no longer defines."""
        defined: dict[tuple[str, bool], bytes] = {}
        for use in self._uses_of(kept):
            module = self._modules.by_name.get(use.module)
            if module is None or (use.module, use.complete) in defined:
                continue
            digest = self._defined_by(module.path, complete=use.complete) if module.path else b""
            if not digest and module.path and use.complete and use.module in facts:
                digest = digest_of_definitions(facts[use.module])
            defined[use.module, use.complete] = digest or self._defines.get(module.path, b"")
        return sorted(
            path
            for path in kept
            if any(defined.get((use.module, use.complete)) != use.defined for use in self._kept.entries[path].uses)
        )

    def _uses_of(self, paths: Collection[str]) -> Iterator[_Use]:
        for path in paths:
            yield from self._kept.entries[path].uses

    def _defined_by(self, path: str, *, complete: bool) -> bytes:
        """What stands for the definitions of an unchanged module, empty if that is not known."""
        entry = self._entry(path)
        return b"" if entry is None else entry.complete if complete else entry.defines

    # What this run finds out.

    def note(self, analysis: Analysis, *, inspected: bool) -> None:
        """Note what a look at a file depended on, by the rules (`inspected`) or for its facts."""
        trace, path = analysis.trace, analysis.path
        if trace is None:
            return
        if path not in self._uses:
            entry = None if inspected else self._entry(path)
            self._kept_uses[path] = entry.uses if entry is not None else ()
            self._uses[path] = set()
            self._read[path] = set(entry.read) if entry is not None else set()
        elif inspected:
            self._kept_uses[path] = ()
        self._digests[path] = trace.digest
        self._uses[path].update(trace.used)
        self._read[path].update(trace.read)
        self._questions.update(trace.asked)
        if trace.defines:
            self._defines[path] = trace.defines
        if inspected and analysis.facts is not None:
            self._giving.add(path)

    def answers(self, questions: Iterable[Question]) -> tuple[Answer, ...] | None:
        """What the disk says to all questions of this run and to further ones; None if it changes meanwhile."""
        known = {(answer.kind, answer.path): answer for answer in self._kept.answers}
        sources = {one for one in questions if one[0] == OPENED and one[1] in self._modules.by_path}
        for question in sorted({*self._questions, *questions} - sources):
            if question not in known:
                answer = answer_to(question, self._began)
                if answer is None:
                    return None
                known[question] = answer
        return tuple(known.values())

    def keep(
        self, analyses: Mapping[str, Analysis], facts: Mapping[str, ModuleFacts], told: Mapping[str, ModuleFacts]
    ) -> None:
        """Keep the results of this run beside those of earlier ones that still hold.

        `told` are the facts by which names were resolved: those that analyses rest on.
        """
        answers = self.answers(()) if self._uses else None
        if answers is None:
            return
        entries = {path: entry for path in self._kept.entries if (entry := self._entry(path)) is not None}
        for path in self._uses:
            entry = self._new_entry(path, analyses.get(path), facts, told)
            if entry is not None:
                entries[path] = entry
            else:
                entries.pop(path, None)
        sources = {}
        for path in {*entries, *(other for entry in entries.values() for _, other, _ in entry.read)}:
            signature = self._signature(path)
            is_sure = signature is not None and is_telling(signature, self._began)
            sources[path] = _Source(self._digest(path), signature if is_sure else None)
        self._folder.write(self._name, _ENCODER.encode(_Kept(self._key, sources, entries, answers)))

    def _new_entry(
        self,
        path: str,
        analysis: Analysis | None,
        facts: Mapping[str, ModuleFacts],
        told: Mapping[str, ModuleFacts],
    ) -> _Entry | None:
        if not self._digests.get(path) or (analysis is not None and analysis.failed):
            return None
        module = self._modules.by_path.get(path)
        known = facts.get(module.name) if module is not None else None
        own = known if known is not None and known.path == path else None
        uses = {use.module: use for use in self._kept_uses[path]}
        uses.update((name, self._use(name, told)) for name in self._uses[path] - uses.keys())
        return _Entry(
            None if analysis is None else msgspec.structs.replace(analysis, facts=None, trace=None, asked=()),
            own,
            tuple(uses[name] for name in sorted(uses)),
            tuple(sorted((kind, other, digest or self._digest(other)) for kind, other, digest in self._read[path])),
            self._defines.get(path) or self._defined_by(path, complete=False),
            digest_of_definitions(own) if own is not None and own.is_complete else b"",
            path in self._giving or (analysis is not None and self.given_facts(path) is not None),
        )

    def _use(self, name: str, told: Mapping[str, ModuleFacts]) -> _Use:
        module = told.get(name)
        if module is not None and module.is_complete:
            return _Use(name, True, digest_of_definitions(module))
        path = self._modules.by_name[name].path
        return _Use(name, False, self._defines.get(path) or self._defined_by(path, complete=False) if path else b"")


__all__ = ["FileCache"]
