"""The catalogue for people and programs: `tenlint rules` and `tenlint explain`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lint_rules.engine.selection import FAMILY_NAMES
from lint_rules.model import Option, Rule

_HEADING: Final = re.compile(r"(?P<title>[A-Z][A-Za-z ]+)(?: \((?P<language>[a-z]+)\))?:(?: |$)")


def rule_object(rule: Rule, page: str | None = None) -> dict[str, Any]:
    """A rule as JSON values; with its page if one is given."""
    described = {
        "code": rule.code,
        "name": rule.name,
        "family": FAMILY_NAMES.get(rule.family, rule.family),
        "summary": rule.summary,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "languages": list(rule.languages),
        "default": rule.default,
        "fix": rule.fix.value if rule.fix else None,
        "options": [
            {
                "name": option.name,
                "default": list(option.default) if isinstance(option.default, tuple) else option.default,
                "description": option.description,
            }
            for option in rule.options
        ],
        "references": rule.references,
    }
    return described if page is None else {**described, "page": page}


def rules_json(rules: Iterable[Rule]) -> Iterator[str]:
    """The catalogue as a JSON list."""
    yield json.dumps([rule_object(rule) for rule in rules], indent=2) + "\n"


def rules_table(rules: Iterable[Rule]) -> Iterator[str]:
    """The catalogue, a line per rule."""
    rows = [("code", "name", "severity", "languages", "default", "fix", "summary")]
    rows += [
        (
            rule.code, rule.name, rule.severity.value, ", ".join(rule.languages) or "-",
            "yes" if rule.default else "no", rule.fix.value if rule.fix else "-", rule.summary,
        )
        for rule in rules
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"


def rule_text(rule: Rule, page: str, format_name: str) -> str:
    """The page of a rule as `text`, `markdown` or `json`."""
    if format_name == "json":
        return json.dumps(rule_object(rule, page), indent=2) + "\n"
    facts = list(_facts(rule))
    if format_name == "markdown":
        header = [f"# {rule.code} {rule.name}", "", *(f"- {name}: {value}" for name, value in facts), ""]
        return "\n".join([*header, *_markdown(page or rule.summary), *_options(rule)]).rstrip() + "\n"
    facts += [
        (f"option `{option.name}`", f"{option.description} (default: {_toml(option)})") for option in rule.options
    ]
    header = [f"{rule.code} {rule.name}", "", *(f"  {name}: {value}" for name, value in facts), ""]
    return "\n".join([*header, page or rule.summary]).rstrip() + "\n"


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "family", FAMILY_NAMES.get(rule.family, rule.family)
    yield "severity", rule.severity.value
    yield "languages", ", ".join(rule.languages) or "any"
    yield "on by default", "yes" if rule.default else "no"
    yield "fix", rule.fix.value if rule.fix else "none"
    yield from rule.references.items()


def _toml(option: Option) -> str:
    """The default of an option as it is written in a configuration file; of these types JSON's form is TOML's too."""
    return json.dumps(option.default)


def _options(rule: Rule) -> Iterator[str]:
    """The options of a rule as a Markdown section."""
    if not rule.options:
        return
    yield from ("", "## Options", "", "| option | default | what it is |", "|---|---|---|")
    for option in rule.options:
        yield f"| `{option.name}` | `{_toml(option)}` | {option.description} |"
    yield from ("", "```toml", f"[tool.tenlint.rules.{rule.name}]")
    for option in rule.options:
        yield f"{option.name} = {_toml(option)}"
    yield "```"


def _markdown(page: str) -> Iterator[str]:
    """The page with its headings as headings and its indented blocks as fenced code."""
    language = ""
    is_code = False
    blanks = 0
    for line in page.splitlines():
        if not line.strip():
            blanks += 1
            continue
        if is_code and not line.startswith("    "):
            yield "```"
            is_code = False
        heading = None if line.startswith(" ") else _HEADING.match(line)
        yield from [""] * blanks
        blanks = 0
        if line.startswith("    ") and (is_code or language):
            if not is_code:
                yield f"```{language}"
            is_code = True
            yield line[4:]
        elif heading:
            language = heading.group("language") or ""
            yield f"## {line[: heading.end()].rstrip(': ')}"
            rest = line[heading.end() :]
            if rest:
                yield from ("", rest[0].upper() + rest[1:])
        else:
            yield line
    if is_code:
        yield "```"
