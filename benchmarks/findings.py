"""Write tenlint's findings on the corpus, with their source, into one readable text file per rule.

    python benchmarks/findings.py --out DIR [--rule TEN0101] [--package NAME] [--sample N --seed S] [--unjudged]

`--stubs` adds DIR/<rule>.toml, an entry per listed place with an empty verdict: fill in verdict and reason and copy the
entries into benchmarks/verdicts.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from corpus import (
    Found,
    Package,
    Place,
    Verdict,
    corpus_options,
    fetched_packages,
    findings_of,
    load_verdicts,
    relative_to_tree,
    sample_by_hash,
)

LINES_BEFORE, LINES_AFTER, LONGEST_SPAN = 5, 3, 12


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@click.option("--rule", "rules", multiple=True, metavar="CODE", help="Only codes that start so; repeatable.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="At most N findings per rule.")
@click.option("--seed", default=0, show_default=True, help="Which sample.")
@click.option("--unjudged", is_flag=True, help="Only findings without a verdict.")
@click.option("--stubs", is_flag=True, help="Write verdicts to fill in beside the listings.")
@corpus_options
def main(
    *, out: Path, rules: tuple[str, ...], sample: int | None, seed: int, unjudged: bool, stubs: bool,
    packages: tuple[str, ...], tenlint: str | None, select: str | None, reuse: bool,
) -> None:  # fmt: skip
    """List what tenlint finds in the corpus, for review."""
    verdicts = load_verdicts()
    trees = {package.name: package for package in fetched_packages(packages)}
    by_code: defaultdict[str, list[Found]] = defaultdict(list)
    for package in trees.values():
        for one in findings_of(package, tenlint=tenlint, select=select, reuse=reuse):
            if one.place.code.startswith(rules or "") and not (unjudged and one.place in verdicts):
                by_code[one.place.code].append(one)
    out.mkdir(parents=True, exist_ok=True)
    for code, found in sorted(by_code.items()):
        found.sort(key=lambda one: one.sort_key)
        chosen = sample_by_hash(found, sample, seed) if sample else found
        listing = out / f"{code}.txt"
        listing.write_text(listing_text(chosen, len(found), trees, verdicts), encoding="utf-8")
        if stubs:
            (out / f"{code}.toml").write_text(stubs_text(chosen), encoding="utf-8")
        click.echo(f"{listing}: {len(chosen)} of {len(found)} findings")


def listing_text(
    chosen: list[Found], total: int, trees: Mapping[str, Package], verdicts: Mapping[Place, Verdict]
) -> str:
    """Return a rule's listing: a heading, then every chosen finding with its source."""
    first = chosen[0].entry
    blocks = [f"{first['code']} {first['name']}: {len(chosen)} of {total} findings"]
    blocks += [
        finding_text(f"[{number}/{len(chosen)}]", one, trees[one.place.package], verdicts.get(one.place))
        for number, one in enumerate(chosen, start=1)
    ]
    return "\n\n".join(blocks) + "\n"


def finding_text(number: str, one: Found, package: Package, verdict: Verdict | None) -> str:
    """Return one finding as text: place, message, related places, suggestion, verdict, source."""
    entry, place = one.entry, one.place
    lines = [
        f"=== {number} {place.package} {place.file}:{place.line}:{one.column}"
        f" ({entry.get('severity')}, {entry.get('confidence')})",
        f"    {entry['message']}",
    ]
    lines += [f"    related: {related_text(related, package)}" for related in entry.get("related") or ()]
    if entry.get("suggestion"):
        lines.append(f"    help: {entry['suggestion']}")
    if entry.get("fix"):
        lines.append(f"    fix: {entry['fix']['applicability']}")
    if verdict:
        lines.append(f"    verdict: {verdict.judgement}: {verdict.reason}")
    return "\n".join([*lines, *source_lines(package.tree / place.file, place.line, one.end_line)])


def related_text(related: Mapping[str, Any], package: Package) -> str:
    """Return a related place as `file:line: message`."""
    return f"{relative_to_tree(package, related['filename'])}:{related['location']['row']}: {related['message']}"


def source_lines(path: Path, line: int, end_line: int) -> list[str]:
    """Return the numbered lines around a finding, its own marked; a long span is cut after LONGEST_SPAN lines."""
    try:
        text = re.split(r"\r\n|\r|\n", path.read_bytes().decode("utf-8", errors="replace"))
    except OSError as error:
        return [f"    ({error})"]
    last = min(end_line, line + LONGEST_SPAN - 1)
    shown = range(max(1, line - LINES_BEFORE), min(len(text), last + LINES_AFTER) + 1)
    return [f"{'>' if line <= number <= last else ' '}{number:6} {text[number - 1]}".rstrip() for number in shown]


def stubs_text(chosen: list[Found]) -> str:
    """Return entries for benchmarks/verdicts with empty verdicts, one for each place."""
    places = dict.fromkeys(one.place for one in chosen)
    return "\n".join(stub_text(place) for place in places)


def stub_text(place: Place) -> str:
    """Return one empty entry; a JSON string of these plain values is a TOML string too."""
    values = {"code": place.code, "package": place.package, "file": place.file, "line": place.line,
              "verdict": "", "reason": ""}  # fmt: skip
    return "\n".join(["[[verdict]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


if __name__ == "__main__":
    main()
