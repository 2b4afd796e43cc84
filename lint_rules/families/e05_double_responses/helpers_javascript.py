"""What functions of the project answer on the response they are given, wherever they are defined (JavaScript)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.project.symbols import Reference, Symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 4


class Helped(Struct, frozen=True):
    """A function answers on the response at `place`: `always` or on some paths, by what `kind` of call.

    `asks`: only where no answer was given yet.
    """

    place: str
    kind: str
    always: bool
    asks: bool = False


def helped_by(reference: Reference, symbols: Symbols, depth: int = 0) -> Helped | None:
    """What a function answers; None where it does not, or is not known to."""
    function = reference.function
    if not function.always or function.is_generator:
        return None
    kinds: list[str] = []
    always = all(fact[0] == "always" for fact in function.always)
    for kind, is_sure in _kinds(reference, symbols, depth):
        if kind:
            kinds.append(kind)
            always = always and is_sure
        else:
            always = False
    if not kinds or (not always and function.always[0][0] == "always"):
        return None
    answering = [kind for kind in kinds if kind != "guarded"]
    if not answering and not always:
        return None
    strongest = next((kind for kind in ("whole", "end", "head") if kind in answering), "whole")
    return Helped(function.always[0][1], strongest, always, asks="guarded" in kinds)


def _kinds(reference: Reference, symbols: Symbols, depth: int) -> Iterator[tuple[str, bool]]:
    for _, _, kind, *rest in reference.function.always:
        if kind != "hands":
            yield kind, True
            continue
        target, position = rest
        inner = symbols.function(target) if depth < _MAX_DEPTH else None
        found = helped_by(inner, symbols, depth + 1) if inner is not None else None
        if found is None or found.place != position:
            yield "", False
        else:
            yield ("guarded" if found.asks else found.kind), found.always
