"""What reports look like, and that nothing in a scanned tree can deceive who reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lint_rules.engine.fingerprint import fingerprints
from lint_rules.engine.report import Report
from lint_rules.model import ERROR, INFO, SAFE, UNSAFE, WARNING, Edit, Finding, Fix, Related, Rule, Span
from lint_rules.reporters import FORMATS, render
from lint_rules.reporters.escape import visible
from lint_rules.reporters.excerpt import shown_line
from lint_rules.reporters.output import parse_outputs, wants_colour
from lint_rules.reporters.pages import rule_text, rules_json, rules_table
from lint_rules.reporters.summary import statistics, summary
from lint_rules.reporters.view import View
from lint_rules.source import SourceText

BLOCKING = Rule("TEN0101", "blocking-call", severity=ERROR, summary="A blocking call", fix=SAFE)
SWALLOWED = Rule("TEN0201", "swallowed-exception", severity=WARNING, summary="An exception is swallowed")
PATH = "/project/src/app.py"
TEXT = """import time


async def handler():
\tname = "日本"; time.sleep(1)
    try:
        load()
    except Exception:
        pass
    return name
"""


class Tree:
    """Files in memory, and a view on them."""

    def __init__(self, files: dict[str, str], folder: str = "/project") -> None:
        self.sources = {path: SourceText(path, text.encode()) for path, text in files.items()}
        self.view = View(folder, "/project", read=self.sources.get)

    def span(self, needle: str, path: str = PATH) -> Span:
        source = self.sources[path]
        start = source.data.index(needle.encode())
        return source.span(start, start + len(needle.encode()))


@pytest.fixture
def tree() -> Tree:
    return Tree({PATH: TEXT})


@pytest.fixture
def report(tree: Tree) -> Report:
    call = tree.span("time.sleep(1)")
    fix = Fix(
        "Await `asyncio.sleep`",
        (Edit(Span(0, 0, 1, 1, 1, 1), "import asyncio\n"), Edit(call, "await asyncio.sleep(1)")),
        SAFE,
    )
    related = (Related(PATH, tree.span("handler"), "`handler` runs on the event loop"),)
    handler = tree.span("try:\n        load()\n    except Exception:\n        pass")
    return Report(
        (
            BLOCKING.finding(
                PATH, call, "`time.sleep` blocks; await it", "await `asyncio.sleep`", fix=fix, related=related
            ),
            SWALLOWED.finding(PATH, handler, "exception swallowed; log it", "log it", symbol="handler"),
        ),
        files=3,
    )  # fmt: skip


def shown(format_name: str, report: Report, tree: Tree) -> str:
    return "".join(render(format_name, report, tree.view))


FULL = """\
error[TEN0101] blocking-call [*]: `time.sleep` blocks; await it
 --> src/app.py:5:15
  |
4 | async def handler():
5 |     name = "日本"; time.sleep(1)
  |                    ^^^^^^^^^^^^^
6 |     try:
  |
 ::: src/app.py:4:11: `handler` runs on the event loop
4 | async def handler():
  = help: await `asyncio.sleep`
  = fix (safe): Await `asyncio.sleep`
1 + import asyncio
1   import time
2
  ...
4   async def handler():
5 -     name = "日本"; time.sleep(1)
6 +     name = "日本"; await asyncio.sleep(1)
6       try:

warning[TEN0201] swallowed-exception: exception swallowed; log it
  --> src/app.py:6:5
   |
 5 |       name = "日本"; time.sleep(1)
 6 | /     try:
 7 | |         load()
 8 | |     except Exception:
 9 | |         pass
   | |____________^
10 |       return name
   |
   = help: log it

Found 2 problems (1 error, 1 warning) in 3 files; 1 fixable with --fix
"""


def test_full(report: Report, tree: Tree) -> None:
    assert shown("full", report, tree) == FULL


def test_full_in_colour_is_the_same_text(report: Report, tree: Tree) -> None:
    tree.view.colour = True
    coloured = shown("full", report, tree)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == FULL
    tree.view.hyperlinks = True
    assert "\x1b]8;;file:///project/src/app.py\x1b\\" in shown("full", report, tree)


def test_full_without_source_and_with_places_outside_of_it(report: Report, tree: Tree) -> None:
    tree.sources[PATH] = SourceText(PATH, b"x\n")
    assert "blocking-call" in shown("full", report, tree)
    tree.view = View("/project", "/project", read=lambda path: None)
    assert "src/app.py:5:15" in shown("full", report, tree)


def test_concise(report: Report, tree: Tree) -> None:
    assert shown("concise", report, tree) == (
        "src/app.py:5:15: TEN0101 [*] `time.sleep` blocks; await it\n"
        "src/app.py:6:5: TEN0201 exception swallowed; log it\n"
        "Found 2 problems (1 error, 1 warning) in 3 files; 1 fixable with --fix\n"
    )


def test_paths_outside_of_the_folder_stay_absolute(report: Report, tree: Tree) -> None:
    tree.view.folder = "/proj"
    assert shown("concise", report, tree).startswith("/project/src/app.py:5:15: ")


def test_json(report: Report, tree: Tree) -> None:
    first, second = json.loads(shown("json", report, tree))
    fingerprint = first.pop("fingerprint")
    assert re.fullmatch("[0-9a-f]{32}", fingerprint)
    assert first == {
        "code": "TEN0101",
        "name": "blocking-call",
        "message": "`time.sleep` blocks; await it",
        "severity": "error",
        "confidence": "high",
        "family": "blocking-event-loop",
        "filename": PATH,
        "location": {"row": 5, "column": 15},
        "end_location": {"row": 5, "column": 28},
        "related": [
            {"filename": PATH, "location": {"row": 4, "column": 11}, "message": "`handler` runs on the event loop"}
        ],
        "suggestion": "await `asyncio.sleep`",
        "fix": {
            "applicability": "safe",
            "message": "Await `asyncio.sleep`",
            "edits": [
                {
                    "content": "import asyncio\n",
                    "location": {"row": 1, "column": 1},
                    "end_location": {"row": 1, "column": 1},
                },
                {
                    "content": "await asyncio.sleep(1)",
                    "location": {"row": 5, "column": 15},
                    "end_location": {"row": 5, "column": 28},
                },
            ],
        },
        "url": None,
    }
    assert (second["fix"], second["related"]) == (None, [])
    assert shown("json", Report(), tree) == "[]\n"


def test_github(report: Report, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    assert shown("github", report, tree) == (
        "::error title=tenlint (TEN0101),file=src/app.py,line=5,endLine=5,col=15,endColumn=28"
        "::src/app.py:5:15: TEN0101 `time.sleep` blocks; await it\n"
        "::warning title=tenlint (TEN0201),file=src/app.py,line=6,endLine=9"
        "::src/app.py:6:5: TEN0201 exception swallowed; log it\n"
    )
    tree.view.folder = "/project/src"
    monkeypatch.setenv("GITHUB_WORKSPACE", "/project")
    assert "file=src/app.py,line=5" in shown("github", report, tree)


HOSTILE_NAMES = (
    "/project/a\n::error::x.py",
    "/project/::error::y.py",
    "/project/b\x1b[31m\u202e,%0A:c.py",
    "/project/\udcff.py",
)
HOSTILE = "\x1b]0;title\x07 \u202e \r::error::z \x9b31m \u2066 \u200b"


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("path", HOSTILE_NAMES)
def test_nothing_foreign_reaches_the_terminal_as_it_is(format_name: str, path: str) -> None:
    tree = Tree({path: f"call()  # {HOSTILE}\n"})
    span = tree.span("call()", path)
    finding = BLOCKING.finding(
        path, span, f"`{HOSTILE}` blocks", HOSTILE, related=(Related(path, span, HOSTILE),),
        fix=Fix(HOSTILE, (Edit(span, HOSTILE),), UNSAFE),
    )  # fmt: skip
    text = shown(format_name, Report((finding,), 1), tree)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ud800-\udfff]", text)
    commands = [line for line in re.split(r"[\r\n]", text) if line.lstrip().startswith("::")]
    assert len(commands) == (1 if format_name == "github" else 0) or all(line.startswith(" :::") for line in commands)
    if format_name == "json":
        (found,) = json.loads(text)
        assert (found["filename"], found["suggestion"]) == (path, HOSTILE)


@given(st.text(max_size=50))
def test_visible_text_is_harmless_and_idempotent(text: str) -> None:
    once = visible(text)
    assert visible(once) == once
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", once)


def test_visible() -> None:
    assert visible("a\tb\x1b\x9b\u202e\udcff日é") == r"a\tb\x1b\x9b\u202e\udcff日é"


@given(st.text(alphabet="a\t日\u0301\x1b", max_size=30), st.integers(1, 31))
def test_cells_of_a_line_grow(line: str, column: int) -> None:
    found = shown_line(line)
    assert list(found.cells) == sorted(found.cells)
    assert found.cell(column) <= found.cells[-1]


def test_long_lines_are_clipped_around_the_span() -> None:
    text = "a" * 100_000 + "call()" + "b" * 100_000
    tree = Tree({PATH: text})
    finding = BLOCKING.finding(PATH, tree.span("call()"), "m", "")
    lines = shown("full", Report((finding,), 1), tree).splitlines()
    (excerpt,) = (line for line in lines if "call()" in line)
    (underline,) = (line for line in lines if "^" in line)
    assert len(excerpt) < 200
    assert excerpt.index("call()") == underline.index("^")


def test_long_spans_are_shortened(tree: Tree) -> None:
    text = "".join(f"line{number}\n" for number in range(1, 101))
    tree = Tree({PATH: text})
    finding = BLOCKING.finding(PATH, tree.sources[PATH].span(0, len(text) - 1), "m", "")
    lines = shown("full", Report((finding,), 1), tree).splitlines()
    assert len(lines) < 16
    assert any("line100" in line for line in lines)


def test_summary(tree: Tree, report: Report) -> None:
    unsafe = Fix("f", (), UNSAFE)
    note = Rule("TEN0301", "deep", severity=INFO, summary="s").finding(PATH, tree.span("load"), "m", "s", fix=unsafe)
    assert summary(Report(files=1), tree.view) == "Found no problems in 1 file"
    assert (
        summary(Report((note,), 2), tree.view) == "Found 1 problem (1 info) in 2 files; 1 fixable with --unsafe-fixes"
    )
    both = Report((*report.findings, note), 2)
    counted = "Found 3 problems (1 error, 1 warning, 1 info) in 2 files; "
    assert summary(both, tree.view) == counted + "1 fixable with --fix, 1 more with --unsafe-fixes"
    tree.view.unsafe_fixes = True
    assert summary(both, tree.view) == counted + "2 fixable with --fix"


def test_statistics(report: Report, tree: Tree) -> None:
    tree.view.show_summary = False
    twice = Report((*report.findings, report.findings[1]), 1)
    assert "".join(statistics(twice, tree.view, as_json=False)) == (
        "2  TEN0201  [ ] swallowed-exception\n1  TEN0101  [*] blocking-call\n"
    )
    rows = json.loads("".join(statistics(twice, tree.view, as_json=True)))
    assert rows[0] == {"code": "TEN0201", "name": "swallowed-exception", "count": 2, "fixable": 0}
    assert "".join(statistics(Report(), tree.view, as_json=False)) == ""


def prints(text: str, needle: str, root: str = "/project", path: str = PATH) -> list[str]:
    tree = Tree({path: text})
    source = tree.sources[path]
    starts = [match.start() for match in re.finditer(re.escape(needle.encode()), source.data)]
    findings: list[Finding] = [
        BLOCKING.finding(path, source.span(start, start + len(needle)), "m", "s", symbol="f") for start in starts
    ]
    return list(fingerprints(findings, root, tree.sources.get))


def test_fingerprints_survive_moving_and_formatting() -> None:
    (before,) = prints("x = call()\n", "call()")
    (after,) = prints("\n\n  x   =  call()\n", "call()")
    assert before == after
    assert prints("x = call()\n", "call()", "/elsewhere", "/elsewhere/src/app.py") == [before]
    assert prints("y = call()\n", "call()") != [before]


def test_fingerprints_are_unique() -> None:
    assert len(set(prints("call()\ncall()\ncall()\n", "call()"))) == 3


def test_outputs() -> None:
    assert [output.format_name for output in parse_outputs(())] == ["full"]
    assert [(output.format_name, output.file) for output in parse_outputs(("concise", "json:C:\\x.json"))] == [
        ("concise", ""),
        ("json", "C:\\x.json"),
    ]
    with pytest.raises(ValueError, match="did you mean `json`"):
        parse_outputs(("jsn",))
    with pytest.raises(ValueError, match="only one"):
        parse_outputs(("json", "full"))


def test_colour(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    with (tmp_path / "out").open("w") as stream:
        assert not wants_colour("auto", stream)
        assert wants_colour("always", stream)
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert wants_colour("auto", stream)
        assert not wants_colour("never", stream)
        monkeypatch.setenv("NO_COLOR", "1")
        assert not wants_colour("auto", stream)


PAGE = """Blocking call on the event loop.

What it finds: a call that blocks.
On two lines.

Bad (python):

    import time

    time.sleep(1)

Not seen: the rest.
"""


def test_pages() -> None:
    assert rule_text(BLOCKING, PAGE, "markdown").endswith(
        "\nBlocking call on the event loop.\n\n## What it finds\n\nA call that blocks.\nOn two lines.\n\n"
        "## Bad (python)\n\n```python\nimport time\n\ntime.sleep(1)\n```\n\n## Not seen\n\nThe rest.\n"
    )
    assert rule_text(BLOCKING, PAGE, "text").startswith("TEN0101 blocking-call\n")
    described = json.loads(rule_text(BLOCKING, PAGE, "json"))
    assert (described["code"], described["fix"], described["page"]) == ("TEN0101", "safe", PAGE)


def test_catalogue() -> None:
    lines = "".join(rules_table((BLOCKING, SWALLOWED))).splitlines()
    assert lines[0].split() == ["code", "name", "severity", "languages", "default", "fix", "summary"]
    assert lines[1].startswith("TEN0101  blocking-call")
    assert [rule["code"] for rule in json.loads("".join(rules_json((BLOCKING, SWALLOWED))))] == ["TEN0101", "TEN0201"]
