"""Code that only runs while somebody develops: behind a flag or an environment that says so, in any grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

DEVELOPMENT = "development=true"
"""Among a call's literals: it is made while somebody develops, and holds up nobody else."""

_FLAG = (
    r"(?:is|in|enable|use|__)?_?(?:dev|development|debug|debugging|vibe|auto_?reload|hot_?reload|reload|watch)"
    r"(?:_?(?:mode|enabled|build|server))?(?:__)?"
)
_DEVELOPMENT = r"[\"'](?:dev|develop|development|local)[\"']"
_PRODUCTION = r"[\"']prod(?:uction)?[\"']"
_READ = (
    rf"(?:[\w$.?]+\.)?{_FLAG}(?:\(\))?|[\w$.]+\[[\"']{_FLAG}[\"']\]"
    rf"|(?:os\.)?(?:environ\.get|getenv)\([\"']{_FLAG}[\"'][^()]*\)"
)
_ON = re.compile(rf"(?i)(?:{_READ}|[\w$.]+\s*===?\s*{_DEVELOPMENT}|[\w$.]+\s*!==?\s*{_PRODUCTION})")
_OFF = re.compile(rf"(?i)(?:(?:not\s+|!\s*)(?:{_READ})|[\w$.]+\s*!==?\s*{_DEVELOPMENT}|[\w$.]+\s*===?\s*{_PRODUCTION})")
_WORDS = re.compile(rb"(?i)dev|debug|vibe|reload|watch|prod\b|production")
_LEAVING = frozenset({"raise_statement", "return_statement", "throw_statement", "continue_statement"})


def development_spans(branches: Iterable[Node]) -> Iterator[tuple[int, int]]:
    """Where in a file, in bytes, the branches (`if` statements) let only code for developing run."""
    for branch in branches:
        condition = branch.child_by_field_name("condition")
        consequence = branch.child_by_field_name("consequence")
        if condition is None or consequence is None or _WORDS.search(condition.text or b"") is None:
            continue
        asked = (condition.text or b"").decode("utf-8", "replace").strip()
        if condition.type == "parenthesized_expression":
            asked = asked[1:-1].strip()
        if any(_ON.fullmatch(part.strip()) for part in re.split(r"\band\b|&&", asked)):
            yield consequence.start_byte, consequence.end_byte
        elif any(_OFF.fullmatch(part.strip()) for part in re.split(r"\bor\b|\|\|", asked)):
            if _leaves(consequence) and branch.parent is not None:
                yield branch.end_byte, branch.parent.end_byte
            elif (other := branch.child_by_field_name("alternative")) is not None and other.type == "else_clause":
                yield other.start_byte, other.end_byte


def _leaves(consequence: Node) -> bool:
    """Whether nothing after a branch runs where it was taken."""
    last = consequence.named_children[-1] if consequence.named_children else None
    return consequence.type in _LEAVING or (last is not None and last.type in _LEAVING)
