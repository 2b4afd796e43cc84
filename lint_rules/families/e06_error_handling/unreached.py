"""One central error handler that no error comes to."""

from __future__ import annotations

from msgspec import Struct

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Service
from lint_rules.model import Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.linked import Project

NOT_ROUTED = frozenset({"404", "405"})
"""What is answered before a URL is known to be one of a blueprint, router or controller."""


class Unreached(Struct, frozen=True):
    """Where it is registered, why no error comes to it, what to do in short and in full."""

    module: ModuleFacts
    span: Span
    function: str
    problem: str
    remedy: str
    advice: str


def handled(one: Wiring, project: Project) -> tuple[str, str]:
    """What a handler is for: the canonical name of a class, and what is written."""
    symbol, _, written = one.detail.partition("|")
    return project.symbols.canonical(symbol), written


def raises_missing(service: Service) -> bool:
    """Whether a view of the service raises 404 itself, which does come to a blueprint's handler."""
    return any(
        (answer.status == 404 and answer.raised) or answer.raised.endswith(_MISSING)
        for part in service.parts
        for answer in part.answers
    )


_MISSING = ("NotFound", "NotFoundException", "get_or_404", "first_or_404", "one_or_404")


def is_mentioned(name: str, module: ModuleFacts, project: Project) -> bool:
    """Whether any known file calls something of this name, imports it, or hands it on; by its name alone."""
    for facts in project.symbols.facts.values():
        bound = (*facts.aliases.values(), *facts.variables.values())
        if facts.module != module.module and (
            module.module in facts.stars or any(_is_called(name, one) for one in bound)
        ):
            return True
        for function in facts.functions.values():
            for call in function.calls:
                if _is_called(name, call.target) or any(_is_called(name, one) for one in call.handed):
                    return True
    return False


def _is_called(name: str, symbol: str) -> bool:
    return symbol.removesuffix("()").rpartition("=")[2].rpartition(".")[2] == name


def last_name(name: str) -> str:
    """The last part of a dotted name."""
    return name.rpartition(".")[2]
