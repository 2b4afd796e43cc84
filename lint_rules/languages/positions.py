"""A regular expression as an automaton whose states are the places in it that take a character.

Two ways of getting from one place to the next (through an inner loop and through an outer one) are counted as two: a
backtracking engine tries both. Expressions are read by the parser of `re`; those of JavaScript are rewritten first.
"""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from collections.abc import Callable, Generator, Iterable
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct, field

from lint_rules.flow.trampoline import bounce

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_opcodes: Any = importlib.import_module("re._constants" if sys.version_info >= (3, 11) else "sre_constants")

_MOST_POSITIONS: Final = 300
_MANY_TIMES: Final = 12
"""A loop over more than a character that may go round so often counts as one without end."""
_COPIES: Final = 3

_UNIVERSE: Final = [*range(256), 0x0660, 0x2028, 0x3B1, 0x4E00, 0x1F600]
"""The characters by which classes are compared: all of Latin-1, and one of each kind beyond."""
_EVERY: Final = (1 << len(_UNIVERSE)) - 1
_BYTES: Final = (1 << 256) - 1
_NEWLINE: Final = 1 << 10
_REPEATS = frozenset({_opcodes.MAX_REPEAT, _opcodes.MIN_REPEAT})
_CLOSED = frozenset(
    {getattr(_opcodes, "ATOMIC_GROUP", None), getattr(_opcodes, "POSSESSIVE_REPEAT", None), _opcodes.GROUPREF}
)
"""What gives nothing back once it has matched, or matches what only the text tells."""
_LOOKS = frozenset({_opcodes.ASSERT, _opcodes.ASSERT_NOT})


class Part(Struct):
    """A part of an expression: where it begins and ends, how often over, and in how many ways it takes nothing.

    `free` are the places after which all is matched whatever follows, `is_free` whether that holds for the empty text.
    """

    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    empty: int = 1
    free: frozenset[int] = frozenset()
    is_free: bool = True


class Automaton(Struct):
    """`takes` has the characters of each place as a set of bits; `follow` the ways from place to place."""

    takes: list[int] = field(default_factory=list)
    follow: list[dict[int, int]] = field(default_factory=list)
    free: frozenset[int] = frozenset()
    first: dict[int, int] = field(default_factory=dict)
    last: frozenset[int] = frozenset()


class TooLong(Exception):
    """The expression has more places than one wants to look at."""


_Request = tuple[Callable[..., Any], tuple[Any, ...]]
_Steps = Generator[_Request, Part, Part]


def automata(pattern: str | bytes, flags: int = 0) -> list[Automaton] | None:
    """The automaton of an expression, and one for each of its parts that are matched by themselves (lookaheads).

    None for what does not parse, or is too long.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(pattern, flags)
    except (re.error, RecursionError, OverflowError, ValueError):  # no pattern, or one that is too long to judge
        return None
    builder = _Builder(parsed.state.flags, is_text=isinstance(pattern, str))
    found, waiting = [], [parsed]
    try:
        while waiting:
            found.append(builder.automaton(waiting.pop()))
            waiting.extend(builder.apart)
            builder.apart = []
    except TooLong:
        return None
    return found


class _Builder:
    """Makes automata of parsed expressions."""

    def __init__(self, flags: int, *, is_text: bool) -> None:
        self.apart: list[Any] = []
        self._flags = flags
        self._is_ascii = not is_text or bool(flags & re.ASCII)
        self._every = _EVERY if is_text else _BYTES
        self._made = Automaton()

    def automaton(self, parsed: Any) -> Automaton:
        self._made = Automaton()
        whole = bounce(_step, (self._sequence, (parsed, self._flags)))
        self._made.free, self._made.first, self._made.last = whole.free, whole.first, frozenset(whole.last)
        return self._made

    def _position(self, takes: int) -> Part:
        number = len(self._made.takes)
        if number >= _MOST_POSITIONS:
            raise TooLong
        self._made.takes.append(takes & self._every)
        self._made.follow.append({})
        return Part({number: 1}, {number: 1}, 0, frozenset({number}), False)

    def _sequence(self, items: Iterable[Any], flags: int) -> _Steps:
        whole = Part()
        for operator, value in items:
            part = yield self._item, (operator, value, flags)
            whole = self._then(whole, part)
        return whole

    def _item(self, operator: Any, value: Any, flags: int) -> _Steps:
        if operator in _REPEATS:
            return (yield self._repeated, (*value, flags))
        if operator is _opcodes.SUBPATTERN:
            _, more, fewer, inner = value
            return (yield self._sequence, (inner, (flags | more) & ~fewer))
        if operator is _opcodes.BRANCH:
            parts = []
            for branch in value[1]:
                parts.append((yield self._sequence, (branch, flags)))
            return _either(parts)
        if operator is _opcodes.GROUPREF_EXISTS:
            _, then, otherwise = value
            one = yield self._sequence, (then, flags)
            other = (yield self._sequence, (otherwise, flags)) if otherwise else Part()
            return _either([one, other])
        if operator in _LOOKS:
            if not len(value[1]):
                return Part()
            self.apart.append(value[1])
            return Part(is_free=False)
        if operator is _opcodes.AT:
            return Part(is_free=False)
        if operator in _CLOSED:
            self.apart.extend([value[2]] if isinstance(value, tuple) else [value] if not isinstance(value, int) else [])
            return self._position(0)
        return self._position(_taken(operator, value, flags, self._is_ascii))

    def _repeated(self, least: int, most: Any, body: Any, flags: int) -> _Steps:
        is_endless = most is _opcodes.MAXREPEAT or most >= sys.maxsize
        is_single = len(body) == 1 and body[0][0] in (_opcodes.LITERAL, _opcodes.NOT_LITERAL, _opcodes.ANY, _opcodes.IN)
        if not is_endless and most >= _MANY_TIMES and not is_single:
            is_endless = True
        whole = Part()
        copies = min(least, _COPIES) if not is_endless else max(min(least, _COPIES), 1)
        for number in range(copies):
            part = yield self._sequence, (body, flags)
            if is_endless and number == copies - 1:
                self._link(part.last, part.first)
                if not least:
                    part = Part(part.first, part.last, 1, part.free, True)
            whole = self._then(whole, part)
        rest = Part()  # `x{0,2}` is `(?:x(?:x)?)?`: the second only follows the first
        for _ in range(0 if is_endless else min(most, _COPIES) - copies):
            part = self._then((yield self._sequence, (body, flags)), rest)
            rest = Part(part.first, part.last, 1, part.free, True)
        return self._then(whole, rest)

    def _then(self, one: Part, other: Part) -> Part:
        self._link(one.last, other.first)
        return Part(
            _sum(one.first, other.first, one.empty),
            _sum(other.last, one.last, other.empty),
            min(one.empty * other.empty, 2),
            other.free | (one.free if other.is_free else frozenset()),
            one.is_free and other.is_free,
        )

    def _link(self, ends: dict[int, int], begins: dict[int, int]) -> None:
        for end, ways in ends.items():
            after = self._made.follow[end]
            for begin, more in begins.items():
                after[begin] = min(after.get(begin, 0) + ways * more, 2)


def _step(request: _Request) -> _Steps:
    function, given = request
    result: _Steps = function(*given)
    return result


def _sum(one: dict[int, int], other: dict[int, int], times: int) -> dict[int, int]:
    if not times:
        return one
    joined = dict(one)
    for place, ways in other.items():
        joined[place] = min(joined.get(place, 0) + ways * times, 2)
    return joined


def _either(parts: list[Part]) -> Part:
    whole = Part(empty=0, is_free=False)
    for part in parts:
        whole = Part(
            _sum(whole.first, part.first, 1),
            _sum(whole.last, part.last, 1),
            min(whole.empty + part.empty, 2),
            whole.free | part.free,
            whole.is_free or part.is_free,
        )
    return whole


# Characters.


def _taken(operator: Any, value: Any, flags: int, is_ascii: bool) -> int:
    """The characters that an item takes."""
    if operator is _opcodes.ANY:
        return _EVERY if flags & re.DOTALL else _EVERY & ~_NEWLINE
    if operator is _opcodes.NOT_LITERAL:
        return _EVERY & ~_one(value, flags)
    if operator is _opcodes.LITERAL:
        return _one(value, flags)
    if operator is not _opcodes.IN:
        return 0
    found, is_negated = 0, False
    for kind, given in value:
        if kind is _opcodes.NEGATE:
            is_negated = True
        elif kind is _opcodes.LITERAL:
            found |= _one(given, flags)
        elif kind is _opcodes.RANGE:
            found |= _between(given[0], given[1], bool(flags & re.IGNORECASE))
        elif kind is _opcodes.CATEGORY:
            found |= _category(str(given), is_ascii)
    return _EVERY & ~found if is_negated else found


def _one(code: int, flags: int) -> int:
    return _between(code, code, bool(flags & re.IGNORECASE))


@lru_cache(maxsize=2000)
def _between(low: int, high: int, any_case: bool) -> int:
    found = 0
    for place, code in enumerate(_UNIVERSE):
        codes = {code}
        if any_case:
            codes |= {ord(other) for other in (chr(code).lower(), chr(code).upper()) if len(other) == 1}
        if any(low <= one <= high for one in codes):
            found |= 1 << place
    return found


@lru_cache(maxsize=40)
def _category(name: str, is_ascii: bool) -> int:
    found = 0
    for place, code in enumerate(_UNIVERSE):
        sign = chr(code)
        if name.endswith("WORD"):
            is_meant = sign.isalnum() or sign == "_"
        else:
            is_meant = sign.isdecimal() if name.endswith("DIGIT") else sign.isspace()
        if is_meant and (code < 128 or not is_ascii):
            found |= 1 << place
    return _EVERY & ~found if "_NOT_" in name else found


def shown(takes: int) -> str:
    """A character of a class, a readable one if there is one."""
    for low, high in ((97, 123), (48, 58), (65, 91), (33, 127), (32, 33)):
        for code in range(low, high):
            if takes >> code & 1:
                return chr(code)
    for place, code in enumerate(_UNIVERSE):
        if takes >> place & 1:
            return chr(code)
    return ""


def takes_nearly_all(takes: int) -> bool:
    """Whether a class leaves out a line break at most: `.`, `[^]`."""
    return takes | _NEWLINE | 1 << 13 in (_EVERY, _BYTES)


# JavaScript.

_ESCAPE = re.compile(
    r"\\(?:u\{(?P<code>[0-9a-fA-F]{1,6})\}|k<(?P<name>\w+)>|c(?P<control>[A-Za-z])|(?P<property>[pP]\{)|(?P<other>.))",
    re.DOTALL,
)
_OPENING = re.compile(r"\(\?<(?P<name>\w+)>")


def from_javascript(source: str, flags: str = "") -> tuple[str, int] | None:
    """A JavaScript expression as one of Python, and its flags; None where it has something that Python has not."""
    written: list[str] = []
    at, in_class = 0, False
    while at < len(source):
        sign = source[at]
        if sign == "\\":
            escape = _ESCAPE.match(source, at)
            if escape is None or escape["property"]:
                return None
            at = escape.end()
            if escape["code"]:
                written.append(re.escape(chr(min(int(escape["code"], 16), 0x10FFFF))))
            elif escape["name"]:
                written.append(f"(?P={escape['name']})")
            elif escape["control"]:
                written.append(f"\\x{ord(escape['control']) & 31:02x}")
            else:
                other = escape["other"]
                is_known = not other.isalpha() or other in "dDwWsSbBnrtvfxu"
                written.append(f"\\{other}" if is_known else other)
            continue
        opening = _OPENING.match(source, at) if sign == "(" and not in_class else None
        if opening is not None:
            written.append(f"(?P<{opening['name']}>")
            at = opening.end()
            continue
        at += 1
        if in_class:
            in_class = sign != "]"
            written.append("\\[" if sign == "[" else sign)
        elif sign == "[":
            if source.startswith(("^]", "]"), at):
                written.append(r"[\s\S]" if source[at] == "^" else r"(?!)")
                at += 2 if source[at] == "^" else 1
                continue
            in_class = True
            written.append(sign)
        elif sign == "|":
            written.append("|(?=)")  # keeps Python's parser from making one class of `a|b`, which JavaScript does not
        elif sign == "$" and "m" not in flags:
            written.append(r"\Z")
        else:
            written.append(sign)
    known = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
    found = re.ASCII
    for flag in flags:
        found |= known.get(flag, re.ASCII)
    return "".join(written), int(found)
