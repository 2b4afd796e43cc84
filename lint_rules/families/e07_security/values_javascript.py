"""Abstract values of JavaScript expressions: whose data they hold, and what is constant about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lint_rules.families.e07_security.flows_javascript import BASE_NAME, EVERY_REQUEST, EVERYTHING, MEMBER, Taint

_SQL = re.compile(
    r"\bselect\b.+?\bfrom\b|\binsert\s+(?:or\s+\w+\s+)?into\b|\bupdate\s+\S+\s+set\b|\bdelete\s+from\b|\breplace\s+into\b"
    r"|\bdrop\s+(?:table|index|view|database)\b|\balter\s+table\b|\bcreate\s+(?:table|index|view)\b|\bwhere\s+\S+\s*(?:=|like|in)"
    r"|\border\s+by\b|\btruncate\s+table\b|\bcall\s+\w+\s*\(|\bset\s+search_path\b|^\s*(?:select|update|delete)\s",
    re.IGNORECASE | re.DOTALL,
)
_HTML = re.compile(r"<(?:!doctype|/?[a-zA-Z][\w-]*[\s>/]|[a-zA-Z][\w-]*$)|<!--")
_OPEN_FRONT = re.compile(r"^(?:[\w+.-]+:)?//[^/?#:]*$|^[\w+.-]+:$|^\s*$")
"""Text in front of an address after which the host can still be chosen: `https://`, `//`, `http://user@`."""
_ASKED = frozenset({"searchParams", "query"})
_OF_ADDRESSES = frozenset({"TEN0706", "TEN0707", "TEN0708"})
"""What the request's own address is harmless for, but what is asked in it is not."""
_MOST_TAINTS = 24
_LONGEST = 400


class Value(Struct, frozen=True):
    """What an expression may hold: taints, and the text if it is constant."""

    taints: frozenset[Taint] = frozenset()
    constant: str | None = None
    is_sql: bool = False
    is_html: bool = False

    def __bool__(self) -> bool:
        return bool(self.taints)


NOTHING_KNOWN = Value()


def constant(text: str) -> Value:
    """The value of a string literal."""
    text = text[:_LONGEST]
    return Value(frozenset(), text, _SQL.search(text) is not None, _HTML.search(text) is not None)


def joined(values: Iterable[Value]) -> Value:
    """One of several values."""
    found = list(values)
    if not found:
        return NOTHING_KNOWN
    if len(found) == 1:
        return found[0]
    constants = {one.constant for one in found}
    return Value(
        _bounded(taint for one in found for taint in one.taints),
        constants.pop() if len(constants) == 1 else None,
        any(one.is_sql for one in found),
        any(one.is_html for one in found),
    )


def concatenated(parts: Iterable[Value], *, are_segments: bool = False) -> Value:
    """A string made of parts, in order. A part without constant or taints is anything of the program's own.

    `are_segments`: each part is a folder or file of its own in a path.
    """
    taints: list[Taint] = []
    front: str | None = ""
    words = ""
    is_begun = False
    for part in parts:
        stands_at_start = front is not None and _OPEN_FRONT.match(front) is not None
        for taint in part.taints:
            if is_begun and BASE_NAME in taint.clean:
                taint = msgspec.structs.replace(taint, clean=tuple(sorted({*taint.clean, "TEN0705"})))  # noqa: PLW2901
            at_start = taint.at_start and stands_at_start
            taints.append(msgspec.structs.replace(
                taint, at_start=at_start, is_document=False, is_whole=False, inside=""))  # fmt: skip
        words += part.constant if part.constant is not None else " x "
        is_begun = not are_segments and (part.constant is None or part.constant[-1:] not in ("", "/", "\\"))
        is_constant = part.constant is not None and not part.taints
        front = front + part.constant if is_constant and front is not None and part.constant is not None else None
        if part.is_sql:
            words += " select x from x "
        if part.is_html:
            words += " <b> "
    known = constant(words[:_LONGEST])
    return Value(_bounded(taints), front if front is not None else None, known.is_sql, known.is_html)


def member_of(value: Value, name: str) -> Value:
    """What `value.name` holds; of a document, a field of it."""
    found = []
    for taint in value.taints:
        if taint.inside and name not in (taint.inside, "<item>") and taint.inside != "<item>":
            continue
        if taint.inside:
            found.append(msgspec.structs.replace(taint, inside=""))
            continue
        if name in _ASKED:
            clean = tuple(one for one in taint.clean if one not in _OF_ADDRESSES)
            is_address = len(clean) < len(taint.clean)
            source = f"{taint.source} (query)" if is_address else taint.source
            taint = msgspec.structs.replace(taint, clean=clean, source=source)  # noqa: PLW2901
        if taint.through and MEMBER not in taint.clean:
            taint = msgspec.structs.replace(taint, clean=tuple(sorted((*taint.clean, MEMBER))))  # noqa: PLW2901
        source = taint.source
        if taint.parameter >= 0:
            source = taint.source or name
        elif taint.is_whole and name not in ("<item>", ""):
            source = f"{taint.source}.{name}"
        found.append(msgspec.structs.replace(taint, source=source, is_whole=False))
    return Value(frozenset(found))


def placed_in(value: Value, member: str) -> Value:
    """The value as a member of an object or an item of an array."""
    return replace(
        value,
        taints=frozenset(msgspec.structs.replace(taint, inside=member) for taint in value.taints),
        constant=None,
    )


def cleaned(value: Value, rules: Iterable[str]) -> Value:
    """The value, harmless for some more rules; without taints where it is harmless for all."""
    wanted = set(rules)
    if not wanted:
        return value
    if EVERYTHING in wanted:
        return Value(frozenset(), None, value.is_sql, value.is_html)
    return replace(
        value,
        taints=frozenset(
            msgspec.structs.replace(taint, clean=tuple(sorted({*taint.clean, *wanted}))) for taint in value.taints
        ),
    )


def text_of(value: Value) -> Value:
    """The value as a string: its type is chosen no longer."""
    return replace(
        value,
        taints=frozenset(
            msgspec.structs.replace(taint, is_document=False, is_whole=False, inside="") for taint in value.taints
        ),
    )


def _bounded(taints: Iterable[Taint]) -> frozenset[Taint]:
    found = frozenset(taints)
    if len(found) <= _MOST_TAINTS:
        return found
    return frozenset(sorted(found, key=lambda taint: (taint.source, taint.parameter, taint.inside))[:_MOST_TAINTS])


def origin_of(taint: Taint) -> str:
    """What a guard of one value says something about: the source, or the parameter."""
    return f"<{taint.parameter}>{taint.source}" if taint.parameter >= 0 else taint.source


def is_part_of(origin: str, whole: str) -> bool:
    """Whether an origin is another, or a member of it: `req.body.name` of `req.body`."""
    return origin == whole or (origin.startswith(whole) and origin[len(whole) : len(whole) + 1] in (".", "[", "?"))


def settled(value: Value, clean: Collection[tuple[str, str]]) -> Value:
    """The value with what is known about its origins: the rules for which they are harmless."""
    if not clean or not value.taints:
        return value
    taints: list[Taint] = []
    for taint in value.taints:
        own = origin_of(taint)
        rules = {
            rule
            for origin, rule in clean
            if is_part_of(own, origin) or (origin == EVERY_REQUEST and taint.parameter < 0)
        }
        if EVERYTHING not in rules:
            taints.extend(cleaned(Value(frozenset((taint,))), rules).taints)
    return replace(value, taints=frozenset(taints))


class State(Struct, frozen=True):
    """The values of names at one place, and the origins that are known to be harmless there, with the rule."""

    names: Mapping[str, Value]
    clean: frozenset[tuple[str, str]] = frozenset()

    def bound(self, name: str, value: Value) -> State:
        """The state after an assignment to a name; what was known about its members is forgotten."""
        names = dict(self.names)
        for key in [key for key in names if key.startswith(name + ".")]:
            del names[key]
        names[name] = value
        return State(names, self.clean)

    def knowing(self, harmless: Iterable[tuple[str, str]]) -> State:
        """The state in which some origins are known to be harmless."""
        added = frozenset(harmless)
        return State(self.names, self.clean | added) if added else self

    def join(self, other: State) -> State:
        """The state that stands for both."""
        if self is other:
            return self
        common = self.clean & other.clean
        names = _settled_names(self.names, self.clean - common)
        for name, value in _settled_names(other.names, other.clean - common).items():
            own = names.get(name)
            names[name] = value if own is None or own == value else joined((own, value))
        return State(names, common)


def _settled_names(names: Mapping[str, Value], clean: Collection[tuple[str, str]]) -> dict[str, Value]:
    """The values with what only one of two ways knew about their origins."""
    return {name: settled(value, clean) for name, value in names.items()} if clean else dict(names)
