"""The page of the commands and their options, as `--help` tells them."""

from __future__ import annotations

import re

import click
from markdown_parts import table

from lint_rules.app import EXAMPLES, cli
from lint_rules.commands import BASELINE_EXAMPLES, COMPLETION_EXAMPLES, MERGE_EXAMPLES

_EXAMPLES = {
    "check": EXAMPLES,
    "baseline": BASELINE_EXAMPLES,
    "merge": MERGE_EXAMPLES,
    "completion": COMPLETION_EXAMPLES,
}


def commands_page() -> str:
    """Every command with its options and examples."""
    parts = [
        "# Commands",
        "`tenlint PATH...` is short for `tenlint check PATH...`, and `tenlint` for `tenlint check .`.",
    ]
    for name, command in cli.commands.items():
        parts += [f"## tenlint {name}", paragraphs(command.help or "")]
        rows = [row for row in map(option_row, command.params) if row is not None]
        if rows:
            parts.append(table(("option", "what it does"), rows))
        if name in _EXAMPLES:
            parts.append(
                "\n".join(f"  {line}" for line in _EXAMPLES[name].splitlines() if line.startswith("  tenlint"))
            )
    return "\n\n".join(parts)


def option_row(parameter: click.Parameter) -> tuple[str, str] | None:
    """One option as a row; None for an argument."""
    record = parameter.get_help_record(click.Context(click.Command("tenlint"))) if parameter.opts else None
    if record is None or not isinstance(parameter, click.Option):
        return None
    written, text = record
    return f"`{written}`", re.sub(r"  \[.*\]$", "", text)


def paragraphs(text: str) -> str:
    """A docstring with each paragraph on a line."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
