"""Where reports go: standard output, files, and the annotations that GitHub Actions reads beside the text."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.
# ruff: noqa: PTH123

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TextIO

from lint_rules.reporters import FORMATS, TEXT_FORMATS, render

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

# Windows paths hold a colon too; the format's name does not.
_CUT: Final = ":"


@dataclass(frozen=True, slots=True)
class Output:
    """One `--output-format F[:FILE]`; '' is standard output."""

    format_name: str
    file: str = ""


def parse_outputs(values: Iterable[str]) -> tuple[Output, ...]:
    """The outputs named on the command line, `full` on standard output if there are none. Raises ValueError."""
    outputs = []
    for value in values:
        format_name, _, file = value.partition(_CUT)
        if format_name not in FORMATS:
            guess = get_close_matches(format_name, FORMATS, n=1)
            known = f"did you mean `{guess[0]}`?" if guess else f"choose from {', '.join(FORMATS)}"
            raise ValueError(f"unknown output format; {known}")
        outputs.append(Output(format_name, file))
    if sum(not output.file for output in outputs) > 1:
        raise ValueError("only one output format can go to standard output; give the others a file, as in json:FILE")
    return tuple(outputs) or (Output("full"),)


def write_reports(outputs: Sequence[Output], report: Report, view: View, *, statistics: bool) -> None:
    """Write the report in every format asked for. Raises OSError if a file cannot be written."""
    from lint_rules.reporters.summary import statistics as render_statistics

    for output in outputs:
        if output.file:
            with (
                uncoloured(view),
                open(output.file, "w", encoding="utf-8", errors="backslashreplace", newline="") as file,
            ):
                file.writelines(render(output.format_name, report, view))
        elif statistics:
            sys.stdout.writelines(render_statistics(report, view, as_json=output.format_name == "json"))
        else:
            sys.stdout.writelines(render(output.format_name, report, view))
    to_terminal = [output.format_name for output in outputs if not output.file]
    if os.environ.get("GITHUB_ACTIONS") == "true" and TEXT_FORMATS.issuperset(to_terminal):
        sys.stdout.writelines(render("github", report, view))


class uncoloured:  # noqa: N801 - used like a function
    """Within the block a view paints nothing."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._before = view.colour, view.hyperlinks

    def __enter__(self) -> None:
        self._view.colour = self._view.hyperlinks = False

    def __exit__(self, *_: object) -> None:
        self._view.colour, self._view.hyperlinks = self._before


def wants_colour(choice: str, stream: TextIO) -> bool:
    """Whether to colour: by `--color`, then NO_COLOR, FORCE_COLOR, and whether the stream is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that knows escape sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def prepare_streams() -> None:
    """Make the standard streams take any text, whatever the locale, and exist even if they were closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for the process's life
            continue
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")
