"""Write the pages that the code itself knows: rules, frameworks, commands, the keys of the configuration.

    make docs                                   write them
    python scripts/make_docs.py --check         write nothing; name the pages that are out of date and exit 1

A rule's page is what `tenlint explain CODE --output-format markdown` shows, with links to the rules it names. The page
docs/configuration.md is written by hand but for what stands between `<!-- begin X -->` and `<!-- end X -->`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from command_docs import commands_page
from error_docs import errors_page
from framework_docs import frameworks_page
from markdown_parts import slug, table

from lint_rules.engine.config import Settings
from lint_rules.engine.config_keys import EXTENSION_TABLES, KEYS
from lint_rules.engine.config_schema import schema
from lint_rules.engine.housekeeping import HOUSEKEEPING
from lint_rules.engine.registry import load_rules, rule_page
from lint_rules.engine.selection import FAMILY_NAMES, Catalogue
from lint_rules.model import Rule
from lint_rules.reporters.pages import rule_text

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
CONFIGURATION = DOCS / "configuration.md"
NOTICE = "<!-- Written by scripts/make_docs.py (`make docs`); changes made here are lost. -->"
FAMILY_TITLES = {
    "01": "Blocking the event loop",
    "02": "Uncaught exceptions",
    "03": "Callback hell",
    "04": "Resource leaks",
    "05": "Double responses",
    "06": "Inconsistent error handling",
    "07": "Ignoring security best practices",
    "08": "Modules not found",
    "09": "Hardcoded secrets and configuration",
    "10": "Module systems",
}


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    rules = load_rules()
    generated = {DOCS / "rules" / f"{rule.code}-{rule.name}.md": rule_markdown(rule, rules) for rule in rules}
    generated[DOCS / "rules" / "README.md"] = catalogue(rules)
    generated[DOCS / "rules" / "housekeeping.md"] = housekeeping()
    generated[DOCS / "frameworks.md"] = frameworks_page()
    generated[DOCS / "errors.md"] = errors_page()
    generated[DOCS / "commands.md"] = commands_page()
    written = {path: f"{NOTICE}\n\n{text.strip()}\n" for path, text in generated.items()}
    written[CONFIGURATION] = filled(CONFIGURATION.read_text(encoding="utf-8"), configuration(rules))
    written[DOCS / "tenlint.schema.json"] = json.dumps(schema(Catalogue((*HOUSEKEEPING, *rules))), indent=2) + "\n"
    return written


def link_to(rule: Rule, text: str) -> str:
    """A link from a page in docs/rules/ to a rule."""
    heading = slug(f"{rule.code} {rule.name}")
    return f"[{text}]({rule.code}-{rule.name}.md)" if rule.module else f"[{text}](housekeeping.md#{heading})"


def rule_markdown(rule: Rule, rules: Sequence[Rule]) -> str:
    """The page of a rule; other rules that it names, by name in backticks or by code, are links."""
    others = {name: other for other in (*HOUSEKEEPING, *rules) for name in (other.code, other.name) if other != rule}
    mention = re.compile(r"`(?P<name>[a-z0-9-]+)`|`?\b(?P<code>TEN\d{4})\b`?")

    def linked(found: re.Match[str]) -> str:
        other = others.get(found["name"] or found["code"])
        return found.group() if other is None else link_to(other, found.group())

    parts = re.split(r"(?ms)^(```.*?^```$)", rule_text(rule, rule_page(rule), "markdown"))
    return "".join(part if part.startswith("```") else mention.sub(linked, part) for part in parts)


def catalogue(rules: Sequence[Rule]) -> str:
    """All rules by family."""
    text = [
        "# The rules",
        "A code is `TEN`, two digits of family, two of rule. `tenlint explain CODE` shows a page in the terminal.",
    ]
    for family, members in groupby(rules, key=lambda rule: rule.family):
        text.append(f"## {family} {FAMILY_TITLES[family]}")
        text.append(f"All of them: `--select TEN{family}` or `--select {FAMILY_NAMES[family]}`.")
        text.append(rules_table(members))
    text += ["## 00 Housekeeping", "What tenlint says about its own work.", rules_table(HOUSEKEEPING)]
    present = {rule.family for rule in rules}
    if lacking := [f"- {family} {title}" for family, title in FAMILY_TITLES.items() if family not in present]:
        text += ["## Families without rules yet", "\n".join(lacking)]
    return "\n\n".join(text)


def rules_table(rules: Iterable[Rule]) -> str:
    """Rules as rows."""
    heads = ("code", "name", "what is wrong", "severity", "default", "fix", "languages")
    return table(heads, (rule_row(rule) for rule in rules))


def rule_row(rule: Rule) -> tuple[str, ...]:
    """What the catalogue says of a rule."""
    return (
        link_to(rule, rule.code),
        f"`{rule.name}`",
        rule.summary,
        rule.severity.value,
        "on" if rule.default else "opt-in",
        rule.fix.value if rule.fix else "-",
        ", ".join(rule.languages) or "any",
    )


def housekeeping() -> str:
    """The engine's own rules on one page, their headings one level down."""
    text = [
        "# Housekeeping",
        "What tenlint says about its own work. That a file was not, or not wholly, analysed (TEN0001, TEN0002,\n"
        "TEN0003, TEN0006) is said whatever `--select` names, and no comment in the file can hide it.",
    ]
    for rule in HOUSEKEEPING:
        text.append(re.sub(r"(?m)^#", "##", rule_text(rule, rule_page(rule), "markdown")).strip())
    return "\n\n".join(text)


def configuration(rules: Sequence[Rule]) -> dict[str, str]:
    """The blocks of docs/configuration.md by name."""
    keys = ((f"`{key.name}`", key.takes, default_of(key.field), key.description) for key in KEYS)
    additions = ((f"`{one.name}.{key}`", what) for one in EXTENSION_TABLES for key, what in one.keys.items())
    options = (
        (
            f"[{rule.code}](rules/{rule.code}-{rule.name}.md)",
            f"`rules.{rule.name}.{option.name}`",
            f"`{json.dumps(option.default)}`",
            option.description,
        )
        for rule in rules
        for option in rule.options
    )
    return {
        "keys": table(("key", "takes", "default", "what it does"), keys),
        "additions": table(("key", "a list of"), additions),
        "options": table(("rule", "key", "default", "what it does"), options),
    }


def default_of(field: str) -> str:
    """A setting's default in TOML."""
    if field == "select":
        return "the default set"
    value = getattr(Settings(), field, None)
    # The types that settings have look in TOML as they do in JSON.
    return "none" if value is None else f"`{json.dumps(value)}`"


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """A page with its blocks renewed. Raises ValueError if one is missing."""
    for name, text in blocks.items():
        block = re.compile(rf"(?s)(<!-- begin {name} -->\n).*?(<!-- end {name} -->)")
        if block.search(page) is None:
            raise ValueError(f"the block {name} is missing")
        page = block.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)  # type: ignore[misc]
    return page


def main(arguments: Sequence[str]) -> int:
    """Write or check the pages, and name those that differ; 1 if a check found one."""
    wanted = pages()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    leftover = [path for path in (DOCS / "rules").glob("*.md") if path not in wanted]
    for path in sorted([*stale, *leftover]):
        print(path.relative_to(ROOT))
    if "--check" in arguments:
        return int(bool(stale or leftover))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
    for path in leftover:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
