"""How many of tenlint's findings on the corpus are right, by the verdicts of reviewers in benchmarks/verdicts.

    python benchmarks/precision.py             verdicts alone
    python benchmarks/precision.py --found     verdicts on what tenlint finds now; counts all findings too
    python benchmarks/precision.py --check     the same, and lists the verdicts whose finding vanished
    python benchmarks/precision.py --found --package django --rule TEN01       of one package and one family

Precision is right / judged: a debatable finding counts against the rule. A place is one line on which one rule reports;
two findings of a rule on one line share a verdict. With `--check` the exit code is 1 when a finding that was judged
right is no longer found; a wrong one that vanished is what the verdict was written for.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import click
from corpus import (
    DEBATABLE,
    JUDGEMENTS,
    RIGHT,
    WRONG,
    Place,
    Verdict,
    corpus_options,
    fetched_packages,
    findings_of,
    load_packages,
    load_verdicts,
)


@dataclass(frozen=True)
class Score:
    """A rule's row: `found` places (None when tenlint did not run) and the judged ones by judgement."""

    code: str
    found: int | None
    right: int
    wrong: int
    debatable: int

    @property
    def judged(self) -> int:
        """The number of places with a verdict."""
        return self.right + self.wrong + self.debatable

    def row(self) -> str:
        """The row of the Markdown table."""
        found = "" if self.found is None else str(self.found)
        precision = f"{self.right / self.judged:.0%}" if self.judged else ""
        cells = (self.code, found, self.judged, self.right, self.wrong, self.debatable, precision)
        return "| " + " | ".join(map(str, cells)) + " |"


@click.command()
@click.option("--found", "count_found", is_flag=True, help="Run tenlint; count findings and match verdicts to them.")
@click.option("--check", is_flag=True, help="Like --found, and list verdicts whose finding vanished.")
@click.option("--rule", "rules", multiple=True, metavar="CODE", help="Only codes that start so; repeatable.")
@corpus_options
def main(
    *, count_found: bool, check: bool, rules: tuple[str, ...],
    packages: tuple[str, ...], tenlint: str | None, select: str | None, reuse: bool,
) -> None:  # fmt: skip
    """Print a table of precision per rule."""
    names = {package.name for package in load_packages(packages)}
    verdicts = load_verdicts()
    known = {package.name for package in load_packages()}
    if strangers := sorted({verdict.place.package for verdict in verdicts.values()} - known):
        raise click.ClickException(f"verdicts about packages that are not in corpus.toml: {', '.join(strangers)}")
    verdicts = {
        place: verdict
        for place, verdict in verdicts.items()
        if place.package in names and place.code.startswith(rules or "")
    }
    if not (count_found or check):
        click.echo(table(scores(verdicts.values(), None)))
        return
    places = {
        one.place
        for package in fetched_packages(packages)
        for one in findings_of(package, tenlint=tenlint, select=select, reuse=reuse)
        if one.place.code.startswith(rules or "")
    }
    present = [verdict for place, verdict in verdicts.items() if place in places]
    click.echo(table(scores(present, places)))
    if check:
        vanished = [verdict for place, verdict in sorted(verdicts.items()) if place not in places]
        click.echo(check_report(vanished, places - verdicts.keys(), {place.code for place in places}))
        sys.exit(1 if any(verdict.judgement == RIGHT for verdict in vanished) else 0)


def scores(verdicts: Iterable[Verdict], places: set[Place] | None) -> list[Score]:
    """Return one score per rule that has a verdict or a finding, by code."""
    judged = Counter((verdict.place.code, verdict.judgement) for verdict in verdicts)
    found = Counter(place.code for place in places or ())
    codes = sorted({code for code, _ in judged} | found.keys())
    return [
        Score(code, None if places is None else found[code], *(judged[code, judgement] for judgement in JUDGEMENTS))
        for code in codes
    ]


def table(rows: list[Score]) -> str:
    """Return the scores as a Markdown table, with a last row for all rules together."""
    found = [row.found for row in rows if row.found is not None]
    total = Score(
        "all", sum(found) if found else None,
        sum(row.right for row in rows), sum(row.wrong for row in rows), sum(row.debatable for row in rows),
    )  # fmt: skip
    heading = ["| rule | found | judged | right | wrong | debatable | precision |", "|---|--:|--:|--:|--:|--:|--:|"]
    return "\n".join([*heading, *(row.row() for row in [*rows, total])])


def check_report(vanished: list[Verdict], unjudged: set[Place], reporting: set[str]) -> str:
    """Return the verdicts without a finding, by what that means, and the number of places without a verdict.

    `reporting` are the codes that found anything at all; an opt-in rule that was not selected is not among them.
    """
    meanings = {
        RIGHT: "judged right and no longer found (lost)",
        DEBATABLE: "judged debatable and no longer found",
        WRONG: "judged wrong and no longer found (repaired)",
    }
    lines = []
    for judgement, meaning in meanings.items():
        of_this = [verdict for verdict in vanished if verdict.judgement == judgement]
        lines += ["", f"{len(of_this)} {meaning}"]
        lines += [f"  {verdict.place} ({verdict.source.name}: {verdict.reason})" for verdict in of_this]
    if silent := sorted({verdict.place.code for verdict in vanished} - reporting):
        lines += ["", f"found nothing at all: {', '.join(silent)}; select opt-in rules with --select"]
    return "\n".join([*lines, "", f"{len(unjudged)} places found and not judged"])


if __name__ == "__main__":
    main()
