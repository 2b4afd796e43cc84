"""The screen loses nothing on real code: with it and without it, a package gives the same findings."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from projects import lint_files


@pytest.mark.parametrize("package", ["anyio", "starlette"])
def test_a_real_package_gives_the_same_findings_without_the_screen(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent
    files = sorted(folder.rglob("*.py"))
    assert len(files) > 20
    screened = lint_files(folder.parent, files, everything=True, jobs=2)
    unscreened = lint_files(folder.parent, files, everything=True, screen=False, jobs=2)
    assert screened.findings == unscreened.findings
    assert not screened.internal_errors and screened.complete
