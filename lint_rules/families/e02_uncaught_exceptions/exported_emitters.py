"""Emitters that a module makes once and hands out: does anybody in the project listen to 'error'? (JavaScript)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e02_uncaught_exceptions.emitters import EMITTERS, LISTENING
from lint_rules.languages.tables import TableRow
from lint_rules.project.facts import MODULE_BODY, CallFacts, ModuleFacts

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

LISTENER_WORDS = ("'error'", '"error"')
"""A file that listens to 'error' holds one of these."""


def unheard_exports(project: Project) -> Iterator[tuple[ModuleFacts, CallFacts, TableRow]]:
    """The calls at module level that make a long-lived emitter, exported, on whose class nobody listens to 'error'.

    Which object a listener is on is not asked: one on any object of the class counts.
    """
    made = list(_made(project))
    if not made:
        return
    project.asked_words.update(LISTENER_WORDS)
    heard = _heard(project)
    for module, call, row in made:
        if project.symbols.canonical(f"{call.target}()") not in heard:
            yield module, call, row


def _made(project: Project) -> Iterator[tuple[ModuleFacts, CallFacts, TableRow]]:
    symbols = project.symbols
    for name in sorted(symbols.facts):
        module = symbols.facts[name]
        body = module.functions.get(MODULE_BODY)
        for call in body.calls if body is not None and module.exports else ():
            if call.target.rpartition(".")[2] not in EMITTERS.last_names and "." in call.target:
                continue
            row = EMITTERS.match(symbols.canonical(call.target), symbols.types)
            if row is not None and row.get("lives") == "long" and not row.get("after") and _is_exported(module, call):
                yield module, call, row


def _is_exported(module: ModuleFacts, call: CallFacts) -> bool:
    """Whether one of the module's exports is what the call gives, and nothing else of the module makes the same."""
    value = f"{call.target}()"
    names = {f"{module.module}.{name}" for name, symbol in module.variables.items() if symbol == value}
    return any(symbol == value or symbol in names for symbol in module.exports.values())


def _heard(project: Project) -> set[str]:
    """The classes of the objects on which a known file listens to 'error'."""
    symbols = project.symbols
    found: set[str] = set()
    for function in project.functions():
        for call in function.function.calls:
            owner, _, method = call.target.rpartition(".")
            if method not in LISTENING:
                continue
            event = next((one[2:] for one in call.literals if one.startswith("0=")), None)
            if event in (None, "error"):
                found.add(symbols.canonical(owner))
    return found
