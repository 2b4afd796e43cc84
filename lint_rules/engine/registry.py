"""Finds the rules: every file below families/ that has a RULE."""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import suppress
from functools import lru_cache

import msgspec

import lint_rules.families
from lint_rules.engine.cache_folder import user_cache
from lint_rules.engine.housekeeping import HOUSEKEEPING, PAGES
from lint_rules.engine.signatures import tool_fingerprint
from lint_rules.model import Applicability, Confidence, Option, Rule, Severity


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """A rule without its checks."""

    code: str
    name: str
    severity: Severity
    summary: str
    default: bool
    in_tests: bool
    confidence: Confidence
    fix: Applicability | None
    options: tuple[Option, ...]
    references: dict[str, str]
    module: str


_ROWS = msgspec.msgpack.Decoder(tuple[_Row, ...])


@lru_cache(maxsize=1)
def listed_rules() -> tuple[Rule, ...]:
    """All rules by code, with or without their checks: from a list that an earlier run left, or else by importing them.

    Enough to read settings and to report; nothing is imported if the list is that of this very version.
    """
    folder = user_cache()
    name = f"rules-{tool_fingerprint().hex()}"
    payload = folder.read(name) if folder is not None else None
    if payload is not None:
        with suppress(msgspec.MsgspecError):
            return tuple(map(_listed, _ROWS.decode(payload)))
    found = load_rules()
    if folder is not None:
        folder.write(name, msgspec.msgpack.encode(tuple(map(_row_of, found))))
    return found


def _row_of(rule: Rule) -> _Row:
    return _Row(
        rule.code, rule.name, rule.severity, rule.summary, rule.default, rule.in_tests, rule.confidence, rule.fix,
        rule.options, rule.references, rule.module,
    )  # fmt: skip


def _listed(row: _Row) -> Rule:
    rule = Rule(
        row.code, row.name, severity=row.severity, summary=row.summary, default=row.default, in_tests=row.in_tests,
        confidence=row.confidence, fix=row.fix, options=row.options, references=row.references,
    )  # fmt: skip
    rule.module = row.module
    return rule


@lru_cache(maxsize=1)
def load_rules() -> tuple[Rule, ...]:
    """All rules of the catalogue by code. Raises RuntimeError if two share a code or a name."""
    rules: dict[str, Rule] = {}
    for module_info in pkgutil.walk_packages(lint_rules.families.__path__, "lint_rules.families."):
        rule = getattr(importlib.import_module(module_info.name), "RULE", None)
        if not isinstance(rule, Rule):
            continue
        for key in (rule.code, rule.name):
            if key in rules:
                raise RuntimeError(f"two rules are called {key}: {rules[key]} and {module_info.name}")
            rules[key] = rule
        rule.module = module_info.name
    return tuple(sorted(set(rules.values()), key=lambda rule: rule.code))


def with_checks(rule: Rule) -> Rule:
    """A rule of `listed_rules` as its module has it."""
    found = importlib.import_module(rule.module).RULE if rule.module else rule
    return found if isinstance(found, Rule) else rule


def rule_page(rule: Rule) -> str:
    """The documentation of a rule: the docstring of the file it is written in, or the engine's own page."""
    page = importlib.import_module(rule.module).__doc__ if rule.module else PAGES.get(rule.code)
    return (page or "").strip()


__all__ = ["HOUSEKEEPING", "listed_rules", "load_rules", "rule_page", "with_checks"]
