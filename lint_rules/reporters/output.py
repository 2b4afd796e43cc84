"""Where reports go: standard output, files, and the annotations that GitHub Actions reads beside the text."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from lint_rules.reporters import FORMATS, TEXT_FORMATS, render

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


class Output(Struct, frozen=True):
    """One `--output-format F[:FILE]`; '' is standard output."""

    format_name: str
    file: str = ""


def parse_outputs(values: Iterable[str]) -> tuple[Output, ...]:
    """The outputs named on the command line, `full` on standard output if there are none. Raises ValueError."""
    outputs = []
    for value in values:
        format_name, _, file = value.partition(":")
        if format_name not in FORMATS:
            guess = get_close_matches(format_name, FORMATS, n=1)
            known = f"did you mean `{guess[0]}`?" if guess else f"choose from {', '.join(FORMATS)}"
            raise ValueError(f"unknown output format; {known}")
        outputs.append(Output(format_name, file))
    if sum(not output.file for output in outputs) > 1:
        raise ValueError("only one output format can go to standard output; give the others a file, as in json:FILE")
    return tuple(outputs) or (Output("full"),)


def write_reports(outputs: Sequence[Output], report: Report, view: View, stream: TextIO, *, statistics: bool) -> None:
    """Write the report in every format asked for; `stream` is standard output. Raises OSError."""
    from lint_rules.reporters.summary import statistics as render_statistics

    for output in outputs:
        if output.file:
            with (
                _uncoloured(view),
                open(output.file, "w", encoding="utf-8", errors="backslashreplace", newline="") as file,
            ):
                file.writelines(render(output.format_name, report, view))
        elif statistics:
            stream.writelines(render_statistics(report, view, as_json=output.format_name == "json"))
        else:
            stream.writelines(render(output.format_name, report, view))
    to_terminal = [output.format_name for output in outputs if not output.file]
    if any(output.format_name == "part" for output in outputs):
        return  # whoever merges the parts annotates
    if os.environ.get("GITHUB_ACTIONS") == "true" and TEXT_FORMATS.issuperset(to_terminal):
        stream.writelines(render("github", report, view))


@contextmanager
def _uncoloured(view: View) -> Iterator[None]:
    """Within the block the view paints nothing."""
    before = view.colour, view.hyperlinks
    view.colour = view.hyperlinks = False
    try:
        yield
    finally:
        view.colour, view.hyperlinks = before


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
