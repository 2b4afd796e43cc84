"""Which regular expressions take exponential or polynomial time, because a text can be matched in too many ways.

A backtracking engine that cannot match a text tries all ways of doing so. In the automaton of an expression these are
the paths with the same labels: if two of them lead round from a place to itself, their number doubles with each round;
if a text leads round one loop, round a later one, and from the one to the other, it grows with a power of the length.
What cannot fail is never tried twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from lint_rules.languages.positions import Automaton, automata, from_javascript, shown, takes_nearly_all

EXPONENTIAL: Final = "exponential"
POLYNOMIAL: Final = "polynomial"
_MOST_PAIRS: Final = 40_000
_MOST_TRIPLES: Final = 20_000

_Pair = tuple[int, int]


class Backtracking(Struct, frozen=True):
    """How the time grows, and the text whose repetition makes it do so."""

    growth: str
    pump: str


@lru_cache(maxsize=4000)
def backtracking(pattern: str | bytes, flags: int = 0, *, is_whole: bool = False) -> Backtracking | None:
    """How an expression of Python backtracks more than in proportion; None if it does not, or is not understood.

    `is_whole`: it is matched with all of the text, as by `fullmatch`.
    """
    found = [
        one
        for place, automaton in enumerate(automata(pattern, flags) or ())
        if (one := _of_automaton(automaton, is_whole=is_whole and not place)) is not None
    ]
    return min(found, key=lambda one: one.growth, default=None)  # "exponential" comes first


@lru_cache(maxsize=4000)
def backtracking_of_javascript(source: str, flags: str = "") -> Backtracking | None:
    """The same for what stands between the slashes in JavaScript."""
    translated = from_javascript(source, flags)
    return backtracking(*translated) if translated is not None else None


def _of_automaton(automaton: Automaton, *, is_whole: bool) -> Backtracking | None:
    loops = [loop for loop in _components(automaton) if _can_fail(loop, automaton, is_whole=is_whole)]
    for loop in loops:
        pump = _doubling(loop, automaton)
        if pump:
            return Backtracking(EXPONENTIAL, pump)
    for one in loops:
        for other in loops:
            pump = _shared(one, other, automaton) if one is not other else ""
            if pump:
                return Backtracking(POLYNOMIAL, pump)
    return None


def _can_fail(loop: frozenset[int], automaton: Automaton, *, is_whole: bool) -> bool:
    """Whether something can fail after a loop: not all is matched there, and what follows does not take everything."""
    if not is_whole and not loop.isdisjoint(automaton.free):
        return False
    after = {place for inside in loop for place in automaton.follow[inside]} - loop
    return not any(
        place in automaton.last and place in automaton.follow[place] and takes_nearly_all(automaton.takes[place])
        for place in after
    )


def _components(automaton: Automaton) -> list[frozenset[int]]:
    """The loops: sets of places each of which leads to each other one."""
    reach = [_reachable(place, automaton) for place in range(len(automaton.takes))]
    found: list[frozenset[int]] = []
    seen: set[int] = set()
    for place in range(len(automaton.takes)):
        if place not in seen and place in reach[place]:
            loop = frozenset(other for other in reach[place] if place in reach[other])
            seen |= loop
            found.append(loop)
    return found


def _reachable(place: int, automaton: Automaton) -> set[int]:
    found: set[int] = set()
    waiting = [place]
    while waiting:
        for after in automaton.follow[waiting.pop()]:
            if after not in found and automaton.takes[after]:
                found.add(after)
                waiting.append(after)
    return found


def _doubling(loop: frozenset[int], automaton: Automaton) -> str:
    """A text that leads from a place of a loop to itself in two ways; "" if there is none."""
    if len(loop) ** 2 > _MOST_PAIRS:
        return ""
    for place in sorted(loop):
        for after, ways in automaton.follow[place].items():
            if ways > 1 and after in loop:
                return shown(automaton.takes[after]) + _path((after, after), (place, place), loop, automaton)

    apart: dict[_Pair, tuple[_Pair, int]] = {}
    for place in sorted(loop):  # two ways that part, and meet again somewhere from where the loop leads back
        for pair, takes in _pairs((place, place), loop, automaton):
            if pair[0] != pair[1] and pair not in apart:
                apart[pair] = (place, place), takes
    for pair, ((start, _), takes) in apart.items():
        back = _path(pair, (start, start), loop, automaton)
        if back:
            return shown(takes) + back
    return ""


def _pairs(pair: _Pair, loop: frozenset[int], automaton: Automaton) -> Iterator[tuple[_Pair, int]]:
    for one in automaton.follow[pair[0]]:
        for other in automaton.follow[pair[1]] if one in loop else ():
            takes = automaton.takes[one] & automaton.takes[other]
            if takes and other in loop:
                yield (one, other), takes


def _path(start: _Pair, end: _Pair, loop: frozenset[int], automaton: Automaton) -> str:
    """A text that leads two ways at once from one pair of places to another; "" if none does, or no step is needed."""
    came: dict[_Pair, tuple[_Pair, int]] = {}
    waiting = deque([start])
    while waiting and start != end:
        current = waiting.popleft()
        for pair, takes in _pairs(current, loop, automaton):
            if pair in came or pair == start:
                continue
            came[pair] = current, takes
            if pair == end:
                return _told(came, start, end)
            waiting.append(pair)
    return ""


def _told(came: dict[_Pair, tuple[_Pair, int]], start: _Pair, end: _Pair) -> str:
    signs = []
    while end != start:
        end, takes = came[end]
        signs.append(shown(takes))
    return "".join(reversed(signs))


def _shared(one: frozenset[int], other: frozenset[int], automaton: Automaton) -> str:
    """A text that leads round both loops, and from the one to the other; "" if there is none."""
    follow, takes = automaton.follow, automaton.takes
    if not _any_common(one, other, automaton):
        return ""
    within = _reachable(min(one), automaton)
    if min(other) not in within:
        return ""
    for first in sorted(one):
        for second in sorted(other):
            start = (first, first, second)
            came: dict[tuple[int, int, int], str] = {start: ""}
            waiting = deque([start])
            while waiting and len(came) < _MOST_TRIPLES:
                current = waiting.popleft()
                for left in follow[current[0]]:
                    for right in follow[current[2]] if left in one else ():
                        both = takes[left] & takes[right] if right in other else 0
                        for middle in follow[current[1]] if both else ():
                            common = both & takes[middle]
                            after = (left, middle, right)
                            if not common or after in came:
                                continue
                            came[after] = came[current] + shown(common)
                            if after == (first, second, second):
                                return came[after]
                            waiting.append(after)
    return ""


def _any_common(one: frozenset[int], other: frozenset[int], automaton: Automaton) -> bool:
    left = right = 0
    for place in one:
        left |= automaton.takes[place]
    for place in other:
        right |= automaton.takes[place]
    return bool(left & right)
