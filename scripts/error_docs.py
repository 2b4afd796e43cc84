"""The page on the ten errors in each framework: a line of a fixture for each, with the rule that finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import framework_docs
import node_framework_docs
from markdown_parts import slug, table

from lint_rules.engine.registry import load_rules

ROOT = Path(__file__).parent.parent
FAMILIES = {
    "01": "blocking the event loop", "02": "uncaught and swallowed exceptions", "03": "callback hell",
    "04": "memory and resource leaks", "05": "two responses to one request", "06": "inconsistent error handling",
    "07": "ignored security practice", "08": "modules that are not found",
    "09": "secrets and configuration in the source", "10": "module systems",
}  # fmt: skip
EXPECTED = re.compile(r"\s*(?:#|//) expect: (TEN(\d\d)\d\d)\b")
LONGEST = 90
SECRETS = ("TEN0901", "TEN0902", "TEN0903", "TEN0904")
"""Not shown: no page holds a secret whole, not even a made-up one."""
INTRODUCTION = """
What each of the ten errors looks like with a framework, by one line of the projects that tenlint is tested with.
Errors that have nothing to do with the framework (a module that is not found, a token in the source) are found with
all of them; where a line stands here, the project uses the framework too.
"""


def errors_page() -> str:
    """The ten errors in each framework that has a fixture."""
    pages = {rule.code: f"rules/{rule.code}-{rule.name}.md" for rule in load_rules()}
    sections = ["# The ten errors in each framework", INTRODUCTION.strip()]
    for name, cases in (*framework_docs.projects(), *node_framework_docs.projects()):
        rows = [
            (f"{family} {FAMILIES[family]}", f"[{code}]({pages[code]})", f"`{line}`", link)
            for family, (code, line, link) in sorted(lines_of(name, cases).items())
        ]
        if rows:
            sections += [f"## {name}", table(("error", "rule", "such as", "in"), rows)]
    return "\n\n".join(sections)


def lines_of(name: str, cases: Mapping[Path, re.Pattern[str]]) -> dict[str, tuple[str, str, str]]:
    """By family the rule, the line and a link; of projects that are called like the framework first."""
    found: dict[str, tuple[str, str, str]] = {}
    word = slug(name).partition("-")[0]
    for case in sorted(cases, key=lambda case: (word not in case.name, case)):
        for code, line in expected_lines(case, cases[case]):
            if line and case.parent.name == code and code not in SECRETS:
                link = f"[{case.name}](../{case.relative_to(ROOT).as_posix()})"
                found.setdefault(code[3:5], (code, line, link))
    return found


def expected_lines(case: Path, uses: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The expected findings of a project with their source, from files that use the framework before others."""
    files = [path for path in sorted(case.rglob("*")) if path.suffix in (".py", ".js", ".ts", ".mjs", ".cjs", ".tsx")]
    texts = {path: path.read_text(encoding="utf-8") for path in files if ".fixed." not in path.name}
    for path in sorted(texts, key=lambda path: (uses.search(texts[path]) is None, path)):
        for line in texts[path].splitlines():
            marker = EXPECTED.search(line)
            source = line[: marker.start()].strip() if marker is not None else ""
            if marker is not None and len(source) <= LONGEST and "`" not in source:
                yield marker[1], source


__all__ = ["errors_page"]
