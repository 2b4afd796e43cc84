"""What families write down about files for their project checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from lint_rules.engine.config import Settings
from lint_rules.engine.discover import discover
from lint_rules.engine.pipeline import run
from lint_rules.model import WARNING, Finding, Notes, Rule, Span


class Route(msgspec.Struct, frozen=True, array_like=True):
    symbol: str
    span: Span


def route_rule() -> Rule:
    """A rule that reports every call of `app.routing.route`, by the notes of the file; it borrows a code that exists."""
    rule = Rule("TEN0101", "route", severity=WARNING, summary="A route")
    routes = Notes("routes", Route)

    @routes.of("python")
    def take(file: Any) -> Iterator[Route]:
        for call in file.nodes("call"):
            symbol = file.names.symbol(call.child_by_field_name("function"))
            if symbol == "os.explode":
                raise ValueError(symbol)
            yield Route(symbol, file.span(call))

    @rule.project(words=(b"import",), notes=(routes,))
    def check(project: Any) -> Iterator[Finding]:
        for module, found in project.notes(routes):
            for route in found:
                if project.symbols.canonical(route.symbol) == "app.routing.route":
                    yield rule.finding(module.path, route.span, "a route; leave it", "nothing")

    return rule


def lint(root: Path, files: dict[str, str]) -> list[tuple[str, int, str]]:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    settings = Settings()
    report = run(discover([str(root)], settings), settings, (route_rule(),))
    return [(Path(one.path).name, one.span.row, one.code) for one in report.findings]


ROUTING = "def route(path): ...\n"
VIEWS = "from app.routing import route\n\nroute('/orders')\n"


def test_notes_of_all_files_come_to_a_project_check_and_their_names_are_resolved_over_files(tmp_path: Path) -> None:
    files = {"app/__init__.py": "", "app/routing.py": ROUTING, "app/views.py": VIEWS}
    assert lint(tmp_path, files) == [("views.py", 3, "TEN0101")]


def test_a_taker_that_raises_costs_its_notes_about_that_file_and_is_reported(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/routing.py": ROUTING,
        "app/views.py": VIEWS,
        "app/bad.py": "import os\n\nos.explode()\n",
    }
    assert lint(tmp_path, files) == [("bad.py", 1, "TEN0003"), ("views.py", 3, "TEN0101")]
