"""The page of the html format: what is in it, and, in a headless Chromium where there is one, how it behaves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lint_rules.engine.report import Report
from lint_rules.model import ERROR, INFO, UNSAFE, WARNING, Edit, Finding, Fix, Related, Rule, Span
from lint_rules.reporters import render
from lint_rules.reporters.view import View
from lint_rules.source import SourceText

TEXT = """\
import time


async def handler():
\tname = '</script><script>document.title="broken in"</script>'; time.sleep(1)
    load()
"""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; the page is not tried in a browser")
CODES = ("TEN0101", "TEN0201", "TEN0501", "TEN1001")


def report_of(count: int) -> tuple[Report, View]:
    """`count` findings, spread over 200 files, four families and three severities."""
    paths = [f"/project/src/m{number:03}.py" for number in range(200)]
    sources = {path: SourceText(path, TEXT.encode()) for path in paths}
    findings = tuple(finding(sources[paths[number * 200 // count]], number) for number in range(count))
    return Report(findings, files=200), View("/project", "/project", read=sources.get)


def finding(source: SourceText, number: int) -> Finding:
    start = source.data.index(b"time.sleep(1)")
    span = source.span(start, start + len(b"time.sleep(1)"))
    handler = source.data.index(b"handler")
    edits = (Edit(Span(0, 0, 1, 1, 1, 1), "import asyncio\n"), Edit(span, "await asyncio.sleep(1)"))
    code = CODES[number % len(CODES)]
    rule = Rule(code, f"rule-{code.lower()}", severity=(ERROR, WARNING, INFO)[number % 3], summary="s")
    return rule.finding(
        source.path, span, f"number {number} blocks <b>the loop</b> & more; wait", "use asyncio.sleep", symbol="handler",
        related=(Related(source.path, source.span(handler, handler + 7), "`handler` runs on the event loop"),),
        fix=Fix("Await it", edits, UNSAFE),
    )  # fmt: skip


def page_of(report: Report, view: View) -> str:
    return "".join(render("html", report, view))


def data_of(page: str) -> dict[str, Any]:
    (found,) = re.findall(r'(?s)<script id="data" type="application/json">(.*?)</script>', page)
    return json.loads(found)  # type: ignore[no-any-return]


class Loaded(HTMLParser):
    """What a page would load, and its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset", "data")]


def test_the_page_holds_everything_and_loads_nothing() -> None:
    page = page_of(*report_of(40))
    loaded = Loaded()
    loaded.feed(page)
    assert loaded.loads == ["data:,"]
    assert loaded.tags.count("script") == 2
    assert "default-src 'none'" in page
    assert "url(" not in page and "@import" not in page and "fetch(" not in page
    data = data_of(page)
    assert len(data["findings"]) == 40
    assert list(data["families"]) == [f"{number:02}" for number in range(1, 11)]
    first = data["findings"][0]
    assert first["message"] == "number 0 blocks <b>the loop</b> & more; wait"
    (marked,) = [line for line in first["lines"] if line[2]]
    assert marked[0] == 5 and marked[2] == "time.sleep(1)" and marked[1].startswith("    name = '</script>")
    assert first["related"][0]["lines"] == [[4, "async def ", "handler", "():"]]
    assert [change[:2] for change in first["fix"]["diff"] if change[0] != " "] == [["+", 1], ["-", 5], ["+", 6]]


def test_the_page_is_the_same_for_the_same_report() -> None:
    assert page_of(*report_of(10)) == page_of(*report_of(10))


def test_a_page_without_findings_and_without_sources() -> None:
    report, view = report_of(3)
    assert data_of(page_of(Report(), view))["findings"] == []
    gone = View("/project", "/project", read=lambda path: None)
    assert [one["lines"] for one in data_of(page_of(report, gone))["findings"]] == [[], [], []]
    cut = View("/project", "/project", read=lambda path: SourceText(path, b"x\n"))
    assert "fix" not in data_of(page_of(report, cut))["findings"][0]


def test_long_lines_are_clipped_around_the_span() -> None:
    source = SourceText("/project/a.js", b"x" * 5000 + b"evil()" + b"y" * 100_000)
    rule = Rule("TEN0101", "blocking-call", severity=ERROR, summary="s")
    report = Report((rule.finding(source.path, source.span(5000, 5006), "m; s", "s"),), files=1)
    ((_, before, marked, after),) = data_of(page_of(report, View("/project", "/project", read=lambda path: source)))[
        "findings"
    ][0]["lines"]
    assert marked == "evil()" and before.startswith("…x") and after.endswith("y…") and len(before + after) < 320


def tried(report: Report, view: View, folder: Path, script: str) -> dict[str, Any]:
    """What a script says that is run in the page: it fills `said`."""
    harness = f"""<script>
    (async () => {{
      const said = {{}};
      const settle = () => new Promise((done) => setTimeout(done, 40));
      const key = async (name) => {{ document.dispatchEvent(new KeyboardEvent("keydown", {{key: name, bubbles: true}})); await settle(); }};
      const type = async (id, value) => {{ const field = document.getElementById(id); field.value = value;
        field.dispatchEvent(new Event("input", {{bubbles: true}})); await settle(); }};
      const count = () => document.getElementById("count").textContent;
      const chosen = () => document.querySelector("#detail h2").textContent;
      try {{ {script} }} catch (error) {{ said.error = String(error && error.stack); }}
      const out = document.createElement("pre");
      out.id = "said";
      out.textContent = JSON.stringify(said);
      document.body.append(out);
    }})();
    </script></body>"""
    path = folder / "page.html"
    path.write_text(page_of(report, view).replace("</body>", harness), encoding="utf-8")
    finished = subprocess.run(
        (str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1300,800",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000", "--dump-dom", path.as_uri()),
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    found = re.search(r'(?s)<pre id="said">(.*?)</pre>', finished.stdout)
    assert found, finished.stderr[-2000:]
    said = json.loads(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert "error" not in said, said["error"]
    return said  # type: ignore[no-any-return]


@needs_chromium
def test_the_page_in_a_browser(tmp_path: Path) -> None:
    said = tried(*report_of(400), tmp_path, """
      await settle();
      said.title = document.title;
      said.families = [...document.querySelectorAll("#families .count")].map((one) => one.textContent);
      said.first = chosen();
      said.marks = [...document.querySelectorAll("#detail mark")].map((one) => one.textContent);
      said.bold = document.querySelectorAll("#detail b, .row b").length;
      said.diff = document.querySelectorAll("#detail .added, #detail .removed").length;
      await key("j"); await key("ArrowDown"); said.down = chosen();
      await key("k"); said.up = chosen();
      await key("End"); said.end = chosen();
      said.active = document.getElementById("list").getAttribute("aria-activedescendant");
      await key("Home"); await key("n"); said.nextFile = document.querySelector("#detail .faint + pre, #detail p.faint").textContent;
      await key("1"); said.family = count();
      said.pressed = document.querySelector('[data-family="01"]').getAttribute("aria-pressed");
      await type("severity", "error"); said.severity = count();
      said.hash = location.hash;
      await key("Escape"); said.cleared = count();
      await type("rule", "TEN0201"); said.rule = count();
      await type("rule", ""); await type("path", "m001"); said.path = count();
      await type("path", "!m001"); said.notPath = count();
      await type("path", ""); await type("text", "number 399 BLOCKS"); said.text = count(); said.found = chosen();
      await type("text", "nothing like this"); said.none = count(); said.empty = document.getElementById("empty").textContent;
      document.getElementById("reset").click(); await settle(); said.reset = count();
      const paint = () => getComputedStyle(document.body).backgroundColor;
      const before = paint(); await key("t"); const after = paint(); said.themes = before !== after;
      await key("/"); said.focus = document.activeElement.id;
    """)  # fmt: skip
    assert said["title"] == "tenlint: project"
    assert said["families"] == ["100", "100", "0", "0", "100", "0", "0", "0", "0", "100"]
    assert said["first"] == "number 0 blocks <b>the loop</b> & more; wait"
    assert said["marks"] == ["time.sleep(1)", "handler"]
    assert (said["bold"], said["diff"]) == (0, 3)
    assert said["down"].startswith("number 2 ") and said["up"].startswith("number 1 ")
    assert said["end"].startswith("number 399 ") and said["active"] == "row-399"
    assert said["nextFile"].startswith("src/m001.py")
    assert (said["family"], said["pressed"]) == ("100 of 400", "true")
    assert said["severity"] == "34 of 400"
    assert said["hash"] == "#severity=error&family=01"
    assert said["cleared"] == said["reset"] == "400 of 400"
    assert (said["rule"], said["path"], said["notPath"]) == ("100 of 400", "2 of 400", "398 of 400")
    assert (said["text"], said["none"]) == ("1 of 400", "0 of 400") and said["found"].startswith("number 399 ")
    assert said["empty"] == "No finding fits these filters."
    assert said["themes"] is True and said["focus"] == "text"


@needs_chromium
def test_ten_thousand_findings_do_not_lag(tmp_path: Path) -> None:
    report, view = report_of(10_000)
    began = time.monotonic()
    said = tried(report, view, tmp_path, """
      await settle();
      said.rows = [];
      for (let round = 0; round < 50; round += 1) {
        await type("text", `number ${round}`);
        await key("End");
        said.rows.push(document.querySelectorAll(".row").length);
      }
      await type("text", "");
      said.count = count();
    """)  # fmt: skip
    assert said["count"] == "10000 of 10000"
    # Only what is in view is drawn.
    assert max(said["rows"]) < 60
    # Starting, reading 10 MB and a hundred actions; on a page that lags this takes minutes.
    assert time.monotonic() - began < 60


@needs_chromium
def test_an_empty_page_in_a_browser(tmp_path: Path) -> None:
    said = tried(Report(files=3), View("/project", "/project"), tmp_path, """
      await settle(); await key("j"); await key("n");
      said.empty = document.getElementById("empty").textContent;
      said.summary = document.getElementById("summary").textContent;
    """)  # fmt: skip
    assert said == {"empty": "Nothing was found.", "summary": "Found no problems in 3 files"}
