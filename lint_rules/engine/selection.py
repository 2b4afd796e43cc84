"""Which rules are on: selectors such as `TEN0101`, `TEN01`, `blocking-call`, `blocking-event-loop` and `ALL`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lint_rules.engine.housekeeping import NOTICE_CODES
from lint_rules.model import Finding, Rule, Severity

if TYPE_CHECKING:
    from lint_rules.engine.config import Settings

FAMILY_NAMES: Final[Mapping[str, str]] = {
    "00": "housekeeping",
    "01": "blocking-event-loop",
    "02": "uncaught-exceptions",
    "03": "callback-hell",
    "04": "resource-leaks",
    "05": "double-responses",
    "06": "error-handling",
    "07": "security",
    "08": "missing-modules",
    "09": "hardcoded-secrets",
    "10": "module-systems",
}

_HARMLESS_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")


class Selection(Struct, frozen=True):
    """One layer of choices (a configuration file, the command line); `select` of None leaves the lower layer's."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def apply(self, enabled: frozenset[str], catalogue: Catalogue) -> frozenset[str]:
        """The codes enabled after this layer. Within it the more specific selector wins, and `ignore` wins a tie."""
        wanted: dict[str, bool] = {}
        choices = [(selector, True) for selector in (*(self.select or ()), *self.extend_select)]
        choices += [(selector, False) for selector in self.ignore]
        choices.sort(key=lambda choice: (catalogue.specificity(choice[0]), not choice[1]))
        for selector, is_wanted in choices:
            for code in catalogue.codes(selector):
                wanted[code] = is_wanted
        # That a file was not looked at is said whatever was selected; only `ignore` hides it.
        base = enabled if self.select is None else enabled & NOTICE_CODES
        switched_off = {code for code, is_wanted in wanted.items() if not is_wanted}
        return (base | {code for code, is_wanted in wanted.items() if is_wanted}) - switched_off


class Catalogue:
    """All rules by every way of naming them. `ALL` means every rule, housekeeping included."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.by_code = {rule.code: rule for rule in self.rules}
        self.by_name = {rule.name: rule for rule in self.rules}
        present = {rule.family for rule in self.rules}
        self._families = {name: f"TEN{digits}" for digits, name in FAMILY_NAMES.items() if digits in present}

    def rule(self, code_or_name: str) -> Rule | None:
        """The one rule of that code or name."""
        return self.by_code.get(code_or_name) or self.by_name.get(code_or_name)

    def prefix(self, selector: str) -> str | None:
        """The beginning of the codes that a selector means ('' for `ALL`), or None if it means nothing."""
        if selector == "ALL":
            return ""
        if (rule := self.by_name.get(selector)) is not None:
            return rule.code
        if (family := self._families.get(selector)) is not None:
            return family
        if selector.startswith("TEN") and any(code.startswith(selector) for code in self.by_code):
            return selector
        return None

    def specificity(self, selector: str) -> int:
        """How narrow a selector is: the length of the code prefix it stands for."""
        return len(self.prefix(selector) or "")

    def codes(self, selector: str) -> tuple[str, ...]:
        """The codes a selector means, sorted; nothing for an unknown one."""
        prefix = self.prefix(selector)
        return () if prefix is None else tuple(sorted(code for code in self.by_code if code.startswith(prefix)))

    def selectors(self) -> tuple[str, ...]:
        """Everything that names rules: ALL, families, prefixes, codes and names."""
        prefixes = {code[:length] for code in self.by_code for length in range(5, len(code))}
        return ("ALL", *sorted(self._families), *sorted({*prefixes, *self.by_code}), *sorted(self.by_name))

    def nearest(self, selector: str) -> str | None:
        """The code, name or family that an unknown selector most likely meant."""
        return nearest(selector, (*self.by_code, *self.by_name, *self._families, "ALL"))

    def unknown_message(self, selector: str) -> str:
        """What to tell the user about a selector that means nothing."""
        guess = self.nearest(selector)
        return f"unknown rule {quoted(selector)}" + (f"; did you mean `{guess}`?" if guess else "; see `tenlint rules`")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, case aside, if any is near."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(word.lower()[:80], list(by_lower_case), n=1, cutoff=0.6)
    return by_lower_case[found[0]] if found else None


def quoted(word: str) -> str:
    """A name from the user's configuration for a message; anything but a plain short word is not repeated."""
    return f"`{word}`" if _HARMLESS_WORD.fullmatch(word) else "(not shown)"


def enabled_codes(catalogue: Catalogue, settings: Settings) -> frozenset[str]:
    """The codes that are on: the default set, then the configuration's choices, then the command line's."""
    enabled = frozenset(rule.code for rule in catalogue.rules if rule.default)
    for layer in (Selection(settings.select, settings.extend_select, settings.ignore), settings.command_line):
        enabled = layer.apply(enabled, catalogue)
    return enabled


def enabled_rules(rules: Sequence[Rule], settings: Settings) -> tuple[Rule, ...]:
    """The rules that are on, in the order given."""
    enabled = enabled_codes(Catalogue(rules), settings)
    return tuple(rule for rule in rules if rule.code in enabled)


def severities(rules: Sequence[Rule], settings: Settings) -> dict[str, Severity]:
    """The severity that the configuration gives to each code it names; the more specific selector wins."""
    catalogue = Catalogue(rules)
    chosen: dict[str, Severity] = {}
    for selector in sorted(settings.severity, key=catalogue.specificity):
        chosen.update(dict.fromkeys(catalogue.codes(selector), settings.severity[selector]))
    return chosen


def ignored_per_file(rules: Sequence[Rule], settings: Settings, root: str) -> Callable[[str], frozenset[str]]:
    """A question: which codes does `per-file-ignores` switch off in the file of that absolute path?

    Patterns follow .gitignore and are relative to the configuration file, else to `root`; one that begins with `!`
    holds for all files it does not match.
    """
    if not settings.per_file_ignores:
        return lambda path: frozenset()
    from lint_rules.engine.globs import PathPatterns

    catalogue = Catalogue(rules)
    base = settings.root or root
    entries = [
        (
            PathPatterns((pattern.removeprefix("!"),)),
            pattern.startswith("!"),
            frozenset(code for selector in selectors for code in catalogue.codes(selector)),
        )
        for pattern, selectors in settings.per_file_ignores.items()
    ]

    def ignored_in(path: str) -> frozenset[str]:
        relative = os.path.relpath(path, base)
        return frozenset().union(*(codes for glob, negated, codes in entries if glob.matches(relative) is not negated))

    return ignored_in


def as_configured(
    findings: Iterable[Finding], rules: Sequence[Rule], settings: Settings, root: str
) -> tuple[Finding, ...]:
    """The findings of enabled rules, rated as configured, without those that `per-file-ignores` switches off.

    `rules` is the whole catalogue.
    """
    enabled = enabled_codes(Catalogue(rules), settings)
    severity_of = severities(rules, settings)
    ignored_in = ignored_per_file(rules, settings, root)
    ignored_by_path: dict[str, frozenset[str]] = {}
    kept: list[Finding] = []
    for finding in findings:
        if finding.path not in ignored_by_path:
            ignored_by_path[finding.path] = ignored_in(finding.path)
        if finding.code not in enabled or finding.code in ignored_by_path[finding.path]:
            continue
        severity = severity_of.get(finding.code, finding.severity)
        kept.append(finding if severity is finding.severity else with_severity(finding, severity))
    return tuple(kept)


def with_severity(finding: Finding, severity: Severity) -> Finding:
    """The same finding, rated anew."""
    from msgspec.structs import replace as replace_fields

    return replace_fields(finding, severity=severity)
