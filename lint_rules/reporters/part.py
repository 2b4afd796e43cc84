"""A part: the report of one shard, for `tenlint merge`, which makes all other formats of the parts together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """One JSON object."""
    from lint_rules.engine.shards import Shard, part_text

    yield part_text(report, view.shard or Shard(), view.root, view.folder, view.fail_on)
