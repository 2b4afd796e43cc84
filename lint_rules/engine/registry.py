"""Finds the rules: every file below families/ that has a RULE."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import lru_cache

import lint_rules.families
from lint_rules.engine.housekeeping import HOUSEKEEPING, PAGES
from lint_rules.model import Rule


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


def rule_page(rule: Rule) -> str:
    """The documentation of a rule: the docstring of the file it is written in, or the engine's own page."""
    page = sys.modules[rule.module].__doc__ if rule.module else PAGES.get(rule.code)
    return (page or "").strip()


__all__ = ["HOUSEKEEPING", "load_rules", "rule_page"]
