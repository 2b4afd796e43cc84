"""Which checks may find something in a file, by its bytes, for all checks at once.

Every check names words, or gives a pattern, without which it has nothing to look for. From both follow *pieces*: runs
of letters that stand in every file the check can speak about. A file is split into its distinct words once, and a word
that was never seen before is searched for all pieces at once; from then on a look-up tells. What a file spells only
decides which checks are asked; those look for their words and patterns themselves, so that nothing here adds a finding,
and a piece that is missing here costs time only.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

# The parser of `re` is the one that knows for sure what a pattern means.
_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_opcodes: Any = importlib.import_module("re._constants" if sys.version_info >= (3, 11) else "sre_constants")

Piece = tuple[bytes, bool]
"""A run of letters, digits and underscores, and whether it is in lower case and any case is meant."""

Ways = tuple[frozenset[Piece], ...]
"""One of these sets must be in a file as a whole. None in place of it: nothing is known that must."""

_SHORTEST: Final = 2
_GRAM: Final = 4
_FEW: Final = 60
_MOST_WAYS: Final = 200
_MOST_WORDS: Final = 300_000
_LETTERS = bytes(byte if byte > 127 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256))


def ways_of(words: Sequence[bytes], pattern: re.Pattern[bytes] | None) -> Ways | None:
    """What a file must spell that holds one of the words (if there are any) and the pattern (if there is one)."""
    found = _all([_of_words(words) if words else None, _of_pattern(pattern) if pattern is not None else None])
    return found if found is not None and len(found) <= _MOST_WAYS else None


def _of_words(words: Sequence[bytes]) -> Ways | None:
    return _any(_of_text(word, any_case=False) for word in words)


def _of_pattern(pattern: re.Pattern[bytes]) -> Ways | None:
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    return _of_sequence(list(parsed), any_case=bool(parsed.state.flags & re.IGNORECASE))


def _of_text(text: bytes, *, any_case: bool) -> Ways | None:
    pieces = frozenset((run, any_case) for run in text.translate(_LETTERS).split() if len(run) >= _SHORTEST)
    return (pieces,) if pieces else None


def _any(branches: Iterable[Ways | None]) -> Ways | None:
    """What must be there if one of the branches holds."""
    ways: dict[frozenset[Piece], None] = {}
    for branch in branches:
        if branch is None:
            return None
        ways.update(dict.fromkeys(branch))
    return tuple(ways)


def _all(parts: Iterable[Ways | None]) -> Ways | None:
    """What must be there if all parts hold: everything that is certain, and the most telling of the choices."""
    certain: frozenset[Piece] = frozenset()
    best: Ways | None = None
    for part in parts:
        if part is None:
            continue
        if len(part) == 1:
            certain |= part[0]
        elif best is None or _telling(part) > _telling(best):
            best = part
    if best is not None:
        return tuple(certain | way for way in best)
    return (certain,) if certain else None


def _telling(ways: Ways) -> int:
    return min(sum(len(letters) for letters, _ in way) for way in ways)


def _of_sequence(items: list[Any], *, any_case: bool) -> Ways | None:
    """What must be there if a parsed pattern matches."""
    parts: list[Ways | None] = []
    letters: list[Any] = []

    def end_run() -> None:
        text = bytes(value for _, value in letters)
        parts.append(_of_text(text.lower() if any_case else text, any_case=any_case))
        letters.clear()

    for operator, value in items:
        if operator is _opcodes.LITERAL:
            letters.append((operator, value))
        elif operator in (_opcodes.AT, _opcodes.ASSERT_NOT):
            continue  # they take no room
        elif operator is _opcodes.BRANCH:
            # The parser takes a common beginning out of the branches, where it says less.
            begun = list(letters)
            parts.append(_any(_of_sequence([*begun, *branch], any_case=any_case) for branch in value[1]))
            letters.clear()
        else:
            end_run()
            parts.append(_of_group(operator, value, any_case=any_case))
    end_run()
    return _all(parts)


def _of_group(operator: Any, value: Any, *, any_case: bool) -> Ways | None:
    if operator is _opcodes.SUBPATTERN:
        _, added, removed, inner = value
        case = (any_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
        return _of_sequence(list(inner), any_case=case)
    if operator is _opcodes.ASSERT:
        return _of_sequence(list(value[1]), any_case=any_case)
    if operator in _REPEATS and value[0] > 0:
        return _of_sequence(list(value[2]), any_case=any_case)
    if operator is getattr(_opcodes, "ATOMIC_GROUP", None):
        return _of_sequence(list(value), any_case=any_case)
    return None


_REPEATS = frozenset(
    {_opcodes.MAX_REPEAT, _opcodes.MIN_REPEAT, getattr(_opcodes, "POSSESSIVE_REPEAT", _opcodes.MAX_REPEAT)}
)


class _Vocabulary:
    """Which of the pieces that anybody asks for are in which words; a word is looked into once, whoever asks."""

    def __init__(self) -> None:
        self._bits: dict[Piece, int] = {}
        self._short: list[Piece] = []
        self._by_gram: dict[int, list[Piece]] = {}
        self._grams: set[int] = set()
        self._seen: set[bytes] = set()
        self._telling: dict[bytes, int] = {}
        self._words: set[bytes] = set()
        self._last: tuple[bytes, int] | None = None

    def forget(self) -> None:
        """Forget all words, as a fresh process knows none."""
        self._seen.clear()
        self._telling.clear()
        self._words.clear()
        self._last = None

    def bit_of(self, piece: Piece) -> int:
        """The bit that stands for a piece in what `spelled` gives."""
        bit = self._bits.get(piece)
        if bit is None:
            bit = self._bits[piece] = 1 << len(self._bits)
            beginning = piece[0][:_GRAM].lower()
            if len(beginning) < _GRAM:
                self._short.append(piece)
            else:
                gram = int.from_bytes(beginning, sys.byteorder)
                self._grams.add(gram)
                self._by_gram.setdefault(gram, []).append(piece)
            self.forget()  # all words are looked into anew
        return bit

    def spelled(self, data: bytes) -> int:
        """The bits of the pieces that a file spells."""
        if self._last is not None and self._last[0] is data:
            return self._last[1]
        words = _distinct_words(data)
        unseen = words - self._seen
        if unseen:
            self._learn(unseen)
        spelled = 0
        for word in words & self._words:
            spelled |= self._telling[word]
        self._last = data, spelled
        return spelled

    def _learn(self, words: frozenset[bytes]) -> None:
        if len(self._seen) > _MOST_WORDS:  # what is telling stays known
            self._seen.clear()
        self._seen.update(words)
        text = b" %s " % b" ".join(words)
        lowered = text.lower()
        for piece in self._candidates(lowered):
            letters, any_case = piece
            searched = lowered if any_case else text
            if letters in searched:
                self._note(searched, text, letters, self._bits[piece])

    def _candidates(self, lowered: bytes) -> Iterator[Piece]:
        """The pieces that may be in a text. Of many, those whose first letters are in it, as numbers of four bytes."""
        if len(self._bits) <= _FEW:
            yield from self._bits
            return
        yield from self._short
        grams: set[int] = set()
        for start in range(_GRAM):
            end = start + (len(lowered) - start) // _GRAM * _GRAM
            grams.update(memoryview(lowered[start:end]).cast("I"))
        for gram in grams & self._grams:
            yield from self._by_gram[gram]

    def _note(self, searched: bytes, text: bytes, letters: bytes, bit: int) -> None:
        at = searched.find(letters)
        while at >= 0:
            start, end = searched.rfind(b" ", 0, at) + 1, searched.index(b" ", at)
            word = text[start:end]
            self._telling[word] = self._telling.get(word, 0) | bit
            self._words.add(word)
            at = searched.find(letters, end)


_VOCABULARY = _Vocabulary()


class Speller:
    """Tells which of many conditions a file fulfils, condition by condition as they were given."""

    def __init__(self, conditions: Sequence[Ways | None]) -> None:
        self._always = [place for place, ways in enumerate(conditions) if ways is None]
        self._masks = [
            _of_masks(place, [sum(map(_VOCABULARY.bit_of, way)) for way in ways])
            for place, ways in enumerate(conditions)
            if ways is not None
        ]

    def fulfilled(self, data: bytes) -> set[int]:
        """The places of the conditions that may be fulfilled."""
        found = set(self._always)
        spelled = _VOCABULARY.spelled(data) if self._masks else 0
        for place, enough, needed, masks in self._masks:
            if spelled & enough:
                found.add(place)
            elif spelled & needed:
                for mask in masks:
                    if spelled & mask == mask:
                        found.add(place)
                        break
        return found


def _of_masks(place: int, masks: list[int]) -> tuple[int, int, int, list[int]]:
    """A condition: its place, the bits of which one is enough, those of which several are needed, and which ones."""
    enough = needed = 0
    several = []
    for mask in masks:
        if mask & (mask - 1):
            several.append(mask)
            needed |= mask
        else:
            enough |= mask
    return place, enough, needed, several


class Stems:
    """Short texts, and which of them may be in a file, by their letters alone; those for `any_case` in lower case."""

    def __init__(self, stems: Iterable[bytes], *, any_case: bool = False) -> None:
        self._stems = tuple(dict.fromkeys(stems))
        self._any_case = any_case

    @cached_property
    def _masks(self) -> tuple[tuple[bytes, int], ...]:
        ways = ((stem, _of_text(stem, any_case=self._any_case)) for stem in self._stems)
        return tuple((stem, sum(map(_VOCABULARY.bit_of, way[0])) if way is not None else 0) for stem, way in ways)

    def in_file(self, data: bytes) -> list[bytes]:
        """Those that may be in the file of these bytes, in the order in which they were given."""
        masks = self._masks
        spelled = _VOCABULARY.spelled(data)
        return [stem for stem, mask in masks if spelled & mask == mask]


@lru_cache(maxsize=2)  # many questions are asked about one file, one after the other
def _distinct_words(data: bytes) -> frozenset[bytes]:
    return frozenset(data.translate(_LETTERS).split())


def forget() -> None:
    """Forget what was seen of words, which only a measurement wants."""
    _VOCABULARY.forget()
    _distinct_words.cache_clear()


def spelled_words(data: bytes) -> frozenset[bytes]:
    """The words of a file: runs of letters, digits and underscores."""
    return _distinct_words(data)


class Spells:
    """A trigger: whether a file spells one of some identifiers as a whole word. Faster than any pattern."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.encode() for name in names)

    def __call__(self, data: bytes) -> bool:
        return not self._names.isdisjoint(_distinct_words(data))


def is_piece(word: bytes) -> bool:
    """Whether a word is a piece as it stands, so that a file holds it if and only if a speller says so."""
    return len(word) >= _SHORTEST and word.translate(_LETTERS) == word and b" " not in word


class AnyOf:
    """Whether a file holds one of many words or patterns."""

    def __init__(self, words: Iterable[bytes], patterns: Iterable[re.Pattern[bytes]]) -> None:
        self._sought: list[bytes | re.Pattern[bytes]] = [*dict.fromkeys(words), *patterns]

    @cached_property
    def _speller(self) -> Speller:
        return Speller([ways_of((one,), None) if isinstance(one, bytes) else ways_of((), one) for one in self._sought])

    def __bool__(self) -> bool:
        return bool(self._sought)

    def is_in(self, data: bytes) -> bool:
        """Whether the file of these bytes holds one of them."""
        if not self._sought:
            return False
        sought = map(self._sought.__getitem__, sorted(self._speller.fulfilled(data)))
        return any(one in data if isinstance(one, bytes) else one.search(data) for one in sought)


__all__ = ["AnyOf", "Speller", "Spells", "Stems", "Ways", "forget", "is_piece", "spelled_words", "ways_of"]
