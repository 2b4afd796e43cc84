"""Functions that are called without being named: out of tables, and by the helper that is given them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.project.facts import CallFacts

if TYPE_CHECKING:
    from lint_rules.project.symbols import Reference, Symbols

ITEM = ".<item>"
"""Ends the symbol of what a container holds: `app.HANDLERS.<item>`; among a module's variables, of all it holds."""

SEPARATOR = "|"
GIVES = "gives:"
"""Begins a call's literal that says which function it hands on: `gives:0=app.load`."""

SHARED = "shared=true"
"""Among the literals of a call of a parameter: the function gives it to others as well."""

MOST_MEMBERS = 40
"""How many functions of one table are looked at."""


def members(symbol: str, symbols: Symbols) -> list[str]:
    """The functions that `app.HANDLERS.<item>` may be."""
    container = _followed(symbol.removesuffix(ITEM), symbols)
    module, rest = symbols.split(container)
    facts = symbols.facts.get(module) if module else None
    if facts is None:
        return []
    written = facts.variables.get(rest + ITEM, "")
    owner, _, attribute = container.rpartition(".")
    for name in symbols.ancestors(owner) if not written and owner != module else ():
        own = symbols.class_(name)
        written = written or (own[1].attributes.get(attribute + ITEM, "") if own is not None else "")
    return written.split(SEPARATOR) if written else list(_members_of_object(container, symbols))


def _followed(container: str, symbols: Symbols) -> str:
    """A symbol behind the imports that lead to it."""
    for _ in range(MOST_MEMBERS):
        module, rest = symbols.split(container)
        facts = symbols.facts.get(module) if module else None
        if module and facts is None:
            symbols.ask(module)
        head, dot, tail = rest.partition(".")
        target = facts.aliases.get(head) if facts is not None else None
        if not target:
            break
        container = target + dot + tail
    return container


def _members_of_object(container: str, symbols: Symbols) -> Iterator[str]:
    """What an object literal of JavaScript holds; a class is called out of by its own methods' names."""
    own = symbols.class_(container)
    if own is None or not own[0].path.endswith(("js", "ts", "jsx", "tsx")) or own[1].name[:1].isupper():
        return
    facts, literal = own
    prefix = f"{literal.name}."
    names = [name for name in facts.functions if name.startswith(prefix) and "." not in name[len(prefix) :]]
    yield from (f"{facts.module}.{name}" for name in names[:MOST_MEMBERS])
    yield from [symbol for symbol in literal.attributes.values() if symbol and SEPARATOR not in symbol][:MOST_MEMBERS]


def handed_on(call: CallFacts, callee: Reference) -> Iterator[str]:
    """The symbols of the functions that a call hands to one which calls them on the spot."""
    given = [literal.removeprefix(GIVES).partition("=") for literal in call.literals if literal.startswith(GIVES)]
    if not given or callee.function.is_offloaded:
        return
    parameters = callee.function.parameters
    if parameters[:1] in (("self",), ("cls",)):
        parameters = parameters[1:]
    called = {one.target for one in callee.function.calls if one.kind == "call" and SHARED not in one.literals}
    for place, _, symbol in given:
        name = parameters[int(place)] if place.isdigit() and int(place) < len(parameters) else place
        if f"{callee.name}.<parameter>{name}" in called:
            yield symbol
