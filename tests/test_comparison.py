"""The table of the comparison says of tenlint what is true; the other linters are not needed here."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

_SPEC = importlib.util.spec_from_file_location("compare", ROOT / "benchmarks" / "compare.py")
assert _SPEC is not None and _SPEC.loader is not None
compare = importlib.util.module_from_spec(_SPEC)
sys.modules["compare"] = compare
_SPEC.loader.exec_module(compare)

TENLINT = compare.TOOLS[-1]


def table(page: Path) -> str:
    """The table of a page."""
    return page.read_text(encoding="utf-8").split("<!-- begin comparison -->")[1].split("<!-- end comparison -->")[0]


def test_the_readme_has_the_same_table() -> None:
    assert table(compare.PAGES[0]) == table(compare.PAGES[1])


@pytest.mark.parametrize("case", compare.cases(), ids=lambda case: case.name)
def test_the_table_says_what_tenlint_reports(case: Path) -> None:
    rows = re.findall(r"(?m)^\| (.*) \|$", table(compare.PAGES[0]))
    cells = {row.split(" | ")[0]: row.split(" | ")[-1] for row in rows}
    said = cells[case.name.replace("_", " ")]
    assert compare.verdict(TENLINT, case) == said, "run `python benchmarks/compare.py --write`"
