"""Each format for programs, held against what its consumer takes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import jsonschema
import pytest
from command_line import BLOCKING, ENVIRONMENT, ROOT, run
from hypothesis import given, settings
from hypothesis import strategies as st

from lint_rules.engine.report import BASELINE, COMMENT, OLDER, Hidden, Report
from lint_rules.engine.session import full_catalogue
from lint_rules.model import ERROR, INFO, SAFE, UNSAFE, WARNING, Edit, Finding, Fix, Related, Rule, Span
from lint_rules.reporters import FORMATS, places, render
from lint_rules.reporters.markdown import code as markdown_code
from lint_rules.reporters.markdown import plain
from lint_rules.reporters.sarif import MOST_RESULTS
from lint_rules.reporters.view import View
from lint_rules.source import SourceText

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
BLOCKING_CALL = Rule("TEN0101", "blocking-call", severity=ERROR, summary="A blocking call")
SWALLOWED = Rule("TEN0201", "broad-except", severity=WARNING, summary="An exception is swallowed")
UNREADABLE = Rule("TEN0006", "unreadable-file", severity=ERROR, summary="The file cannot be read")
PATH = "/project/src/ä b/app.py"
STORE = "/project/src/store.py"
TEXTS = {
    PATH: 'import time\n\n\nasync def handler():\n    name = "日本"; time.sleep(1)\n    load()\n',
    STORE: 'TOKEN = "sk-live-日本-4242"\n\n\ndef load():\n    pass\n',
}
SECRET = "sk-live-日本-4242"


class Tree:
    """Files in memory, and a view on them."""

    def __init__(self) -> None:
        self.sources = {path: SourceText(path, text.encode()) for path, text in TEXTS.items()}

    @property
    def view(self) -> View:
        return View("/project", "/project", read=self.sources.get)

    def span(self, needle: str, path: str = PATH) -> Span:
        start = self.sources[path].data.index(needle.encode())
        return self.sources[path].span(start, start + len(needle.encode()))


TREE = Tree()


def blocking(**fields: Any) -> Finding:
    call = TREE.span("time.sleep(1)")
    edits = (Edit(Span(0, 0, 1, 1, 1, 1), "import asyncio\n"), Edit(call, "await asyncio.sleep(1)"))
    related = (
        Related(PATH, TREE.span("handler"), "`handler` runs on the event loop"),
        Related(STORE, TREE.span("load", STORE), "`load` is called"),
    )
    made = BLOCKING_CALL.finding(
        PATH, call, "`time.sleep` blocks; await it", "use asyncio.sleep", symbol="handler",
        fix=Fix("Await `asyncio.sleep`", edits, UNSAFE), related=related,
    )  # fmt: skip
    return (
        made
        if not fields
        else type(made)(**{**{name: getattr(made, name) for name in made.__struct_fields__}, **fields})
    )


def swallowed() -> Finding:
    return SWALLOWED.finding(STORE, TREE.span("pass", STORE), "swallowed; log it", "log it")


REPORT = Report((blocking(), swallowed()), files=2)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


def text_of(format_name: str, report: Report = REPORT, view: View | None = None) -> str:
    return "".join(render(format_name, report, view or TREE.view))


def sarif(report: Report = REPORT) -> dict[str, Any]:
    log = json.loads(text_of("sarif", report))
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    (the_run,) = log["runs"]
    return the_run  # type: ignore[no-any-return]


# SARIF


def test_sarif_is_valid_and_says_it_all() -> None:
    the_run = sarif()
    assert the_run["columnKind"] == "unicodeCodePoints"
    assert the_run["invocations"] == [{"executionSuccessful": True}]
    rules = the_run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["TEN0101", "TEN0201"]
    assert all(rule["help"]["text"] and rule["help"]["markdown"] and rule["properties"]["tags"] for rule in rules)
    second, first = the_run["results"]
    assert (first["ruleId"], first["level"], second["level"]) == ("TEN0101", "error", "warning")
    assert rules[second["ruleIndex"]]["id"] == "TEN0201"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/%C3%A4%20b/app.py", "uriBaseId": "SRCROOT"}
    # Columns count characters.
    assert place["region"] == {"startLine": 5, "startColumn": 18, "endLine": 5, "endColumn": 31}
    assert unquote(place["artifactLocation"]["uri"]) == "src/ä b/app.py"
    assert re.fullmatch(r"[0-9a-f]{32}:1", first["partialFingerprints"]["primaryLocationLineHash"])
    assert [place["id"] for place in first["relatedLocations"]] == [1, 2]
    steps = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [5, 4, 4]
    (fix,) = first["fixes"]
    assert [part["insertedContent"]["text"] for part in fix["artifactChanges"][0]["replacements"]] == [
        "import asyncio\n",
        "await asyncio.sleep(1)",
    ]
    assert "codeFlows" not in second and "suppressions" not in second


def test_sarif_of_security_rules_has_a_severity_for_github(tmp_path: Path) -> None:
    from lint_rules.reporters.sarif import _descriptor

    rule = Rule(
        "TEN0701", "query-from-text", severity=ERROR, summary="A query is put together from text",
        references={"CWE-89": "https://cwe.mitre.org/data/definitions/89.html", "OWASP A03:2021": "https://owasp.org/"},
    )  # fmt: skip
    descriptor = _descriptor(rule)
    assert descriptor["properties"]["security-severity"] == "8.0"
    assert {"security", "external/cwe/cwe-089", "external/owasp/owasp-a03-2021"} <= set(
        descriptor["properties"]["tags"]
    )
    assert descriptor["helpUri"] == "https://cwe.mitre.org/data/definitions/89.html"


def test_sarif_describes_every_rule_there_is() -> None:
    rules = full_catalogue().rules
    described = sarif(Report(tuple(rule.finding(PATH, TREE.span("load()"), "m; s", "s") for rule in rules), files=1))
    assert [rule["id"] for rule in described["tool"]["driver"]["rules"]] == sorted(rule.code for rule in rules)


def test_sarif_names_what_is_suppressed_but_not_to_github(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = [blocking(span=TREE.span(needle)) for needle in ("handler", "load()", "name")]
    hidden = (
        Hidden(moved[0], COMMENT, "start-up only"),
        Hidden(moved[1], BASELINE),
        Hidden(moved[2], OLDER),
    )
    report = Report((swallowed(),), files=2, hidden=hidden)
    suppressions = [result.get("suppressions") for result in sarif(report)["results"]]
    assert suppressions == [
        None,
        [{"kind": "inSource", "status": "accepted", "justification": "start-up only"}],
        [{"kind": "external", "status": "accepted", "justification": "known in the baseline"}],
    ]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert len(sarif(report)["results"]) == 1


@pytest.mark.parametrize("count", [0, 5_001, MOST_RESULTS + 1])
def test_sarif_of_many_results_says_what_it_leaves_out(count: int) -> None:
    span = TREE.span("load()")
    errors = [BLOCKING_CALL.finding(STORE, span, "m; s", "s")] * (count // 2)
    warnings = [SWALLOWED.finding(PATH, span, "m; s", "s")] * (count - count // 2)
    log = json.loads(text_of("sarif", Report((*warnings, *errors), files=2)))
    (the_run,) = log["runs"]
    # The schema of one result holds for all alike.
    first = {**the_run, "results": the_run["results"][:10]}
    jsonschema.Draft202012Validator(SCHEMA).validate({**log, "runs": [first]})
    assert len(the_run["results"]) == min(count, MOST_RESULTS)
    said = the_run["invocations"][0].get("toolExecutionNotifications", [])
    assert [note["message"]["text"][:33] for note in said] == (
        ["1 more findings were left out: a "] if count > MOST_RESULTS else []
    )
    # The gravest stay.
    assert sum(result["level"] == "error" for result in the_run["results"]) == len(errors)
    prints = {result["partialFingerprints"]["primaryLocationLineHash"] for result in the_run["results"]}
    assert len(prints) == len(the_run["results"])


def test_sarif_says_what_was_not_looked_at() -> None:
    notice = UNREADABLE.finding("/elsewhere/x.py", Span(0, 0, 1, 1, 1, 1), "cannot be read; NUL byte", "save it")
    the_run = sarif(Report((notice,), 1, (notice,), complete=False))
    (invocation,) = the_run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["descriptor"] == {"id": "TEN0006"}
    assert the_run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///elsewhere/x.py"
    }


def test_sarif_passes_its_own_multitool(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tool = multitool(tmp_path_factory.getbasetemp().parent / "sarif-multitool")
    hidden = (Hidden(blocking(span=TREE.span("name")), COMMENT, "a reason"),)
    secret = TREE.span(SECRET, STORE)
    secretive = BLOCKING_CALL.finding(STORE, secret, f"`{SECRET}` is a token; move it", "move it", secrets=(secret,))
    (tmp_path / "report.sarif").write_text(
        text_of("sarif", Report((blocking(), swallowed(), secretive), 2, hidden=hidden))
    )
    (tmp_path / "empty.sarif").write_text(text_of("sarif", Report()))
    for name in ("report", "empty"):
        finished = subprocess.run(
            (str(tool), "validate", f"{name}.sarif", "--output", f"{name}.out", "--log", "ForceOverwrite",
             "--level", "Error;Warning", "--kind", "Fail"),
            cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        found = json.loads((tmp_path / f"{name}.out").read_text(encoding="utf-8-sig"))["runs"][0]["results"]
        errors = [result for result in found if result.get("level") == "error"]
        assert not errors, json.dumps(errors, indent=1)[:3000]
        assert finished.returncode == 0, finished.stdout + finished.stderr


def multitool(folder: Path) -> Path:
    """The validator of SARIF's authors, installed from npm; the test is skipped where that cannot be done."""
    program = folder / "node_modules" / "@microsoft" / "sarif-multitool-linux" / "Sarif.Multitool"
    npm = shutil.which("npm")
    if not program.exists() and npm is not None:
        subprocess.run(
            (npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), "@microsoft/sarif-multitool@5.7.0"),
            capture_output=True, timeout=300, check=False,
        )  # fmt: skip
    if not program.exists():
        pytest.skip("sarif-multitool cannot be installed here; the log is checked against the schema alone")
    program.chmod(0o755)
    return program


# GitLab, JUnit, Checkstyle, reviewdog, Markdown


def test_gitlab() -> None:
    issues = json.loads(text_of("gitlab"))
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= issue.keys()
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not issue["location"]["path"].startswith(("/", "./"))
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == 2
    assert issues[0]["location"]["path"] == "src/ä b/app.py"
    twice = json.loads(text_of("gitlab", Report((swallowed(), swallowed()))))
    assert twice[0]["fingerprint"] != twice[1]["fingerprint"]
    assert json.loads(text_of("gitlab", Report())) == []


def test_files_are_named_from_the_top_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    service = tmp_path / "services" / "orders"
    service.mkdir(parents=True)
    view = View(str(service), str(service))
    assert places.repository_folder(view) == str(tmp_path)
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / "services"))
    assert places.repository_folder(view) == str(tmp_path / "services")
    monkeypatch.setenv("CI_PROJECT_DIR", "/elsewhere")
    assert places.repository_folder(view) == str(tmp_path)


def test_junit() -> None:
    root = ElementTree.fromstring(text_of("junit"))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "2", "2", "0")
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["src/ä b/app.py", "src/store.py"]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests") or 0) == len(cases)
        assert all(case.get("name") and case.get("classname") and len(case) == 1 for case in cases)
    failure = suites[0].find("testcase/failure")
    assert failure is not None and failure.text is not None
    assert failure.get("message") == "`time.sleep` blocks; await it"
    assert failure.text.startswith("src/ä b/app.py:5:18: ") and "help: use asyncio.sleep" in failure.text
    empty = ElementTree.fromstring(text_of("junit", Report()))
    assert len(empty.findall("testsuite/testcase")) == 1 and empty.get("failures") == "0"
    notice = UNREADABLE.finding(PATH, Span(0, 0, 1, 1, 1, 1), "cannot be read; why", "save it")
    broken = ElementTree.fromstring(text_of("junit", Report((notice,))))
    assert (broken.get("errors"), broken.get("failures")) == ("1", "0")
    assert broken.find("testsuite/testcase/error") is not None


def test_checkstyle() -> None:
    root = ElementTree.fromstring(text_of("checkstyle"))
    assert root.tag == "checkstyle" and root.get("version")
    errors = [(file.get("name"), error.attrib) for file in root.findall("file") for error in file.findall("error")]
    assert errors[0] == (
        "src/ä b/app.py",
        {
            "line": "5",
            "column": "18",
            "severity": "error",
            "message": "`time.sleep` blocks; await it",
            "source": "tenlint.TEN0101",
        },
    )
    assert ElementTree.fromstring(text_of("checkstyle", Report())).findall("file") == []


def test_rdjson_counts_bytes_and_suggests_edits() -> None:
    first, second = json.loads(text_of("rdjson"))["diagnostics"]
    span = TREE.span("time.sleep(1)")
    line = TEXTS[PATH].splitlines()[4].encode()
    start = first["location"]["range"]["start"]
    assert line[start["column"] - 1 :] == b"time.sleep(1)"
    assert start == {"line": 5, "column": span.column + 4}
    assert first["severity"] == "ERROR" and second["severity"] == "WARNING"
    assert first["code"] == {"value": "TEN0101"}
    assert [suggestion["text"] for suggestion in first["suggestions"]] == ["import asyncio\n", "await asyncio.sleep(1)"]
    assert first["related_locations"][1]["location"]["path"] == "src/store.py"
    assert json.loads(text_of("rdjson", Report()))["diagnostics"] == []


def test_markdown() -> None:
    text = text_of("markdown")
    assert "Found 2 problems (1 error, 1 warning) in 2 files" in text
    assert "| 1 | blocking-event-loop | TEN0101 blocking-call | error |" in text
    assert "| `src/ä b/app.py:5` | **error** TEN0101 `time.sleep` blocks; await it |" in text
    many = Report((swallowed(),) * 500, files=1)
    assert "and 300 more" in text_of("markdown", many)
    assert markdown_code("a|`b``") == "``` a\\|`b`` ```"
    assert plain("<img src=x> [a](b) @all") == "\\<img src=x\\> \\[a\\](b) \\@all"


def test_grouped_and_jsonl() -> None:
    text = text_of("grouped")
    assert text.startswith(
        "src/ä b/app.py:\n  5:18 TEN0101 `time.sleep` blocks; await it\n\nsrc/store.py:\n  5:5 TEN0201 "
    )
    objects = [json.loads(line) for line in text_of("jsonl").splitlines()]
    assert objects == json.loads(text_of("json"))
    assert text_of("jsonl", Report()) == ""


# All formats

PARSE = {
    "json": json.loads, "sarif": json.loads, "gitlab": json.loads, "rdjson": json.loads,
    "junit": ElementTree.fromstring, "checkstyle": ElementTree.fromstring,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
}  # fmt: skip
HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\x00\x1b\n\r\x85\u2028\u202e]]>&<\"'|`\ufffe\uffff\udcff\ud800"))
)


@settings(max_examples=60, deadline=None)
@given(message=HOSTILE, name=HOSTILE)
def test_hostile_text_stays_text(message: str, name: str) -> None:
    # As the system gives names: bytes that are no UTF-8 are escapes.
    name = name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    path = "/project/" + name.replace("\0", "").replace("/", "_") + ".py"
    span = Span(0, 1, 1, 1, 1, 2)
    finding = BLOCKING_CALL.finding(path, span, message, message, related=(Related(path, span, message),))
    for format_name, parse in PARSE.items():
        parse(text_of(format_name, Report((finding,), files=1)))
    log = json.loads(text_of("sarif", Report((finding,), files=1)))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"].isascii() and not urlsplit(location["uri"]).scheme


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_format_shows_a_secret(format_name: str) -> None:
    secret = TREE.span(SECRET, STORE)
    edit = Edit(TREE.span(f'"{SECRET}"', STORE), f'os.environ["TOKEN"]  # was {SECRET}')
    secretive = BLOCKING_CALL.finding(
        STORE, secret, f"`{SECRET}` is a token; move it", f"revoke {SECRET}", secrets=(secret,),
        fix=Fix(f"Move {SECRET}", (edit,), SAFE), related=(Related(STORE, secret, f"{SECRET} here"),),
    )  # fmt: skip
    # Another finding on that line shows the line, and the secret one may itself be suppressed.
    beside = SWALLOWED.finding(STORE, TREE.span("TOKEN", STORE), "m; s", "s", related=(Related(STORE, secret, "here"),))
    for report in (Report((secretive, beside), 1), Report((beside,), 1, hidden=(Hidden(secretive, COMMENT, SECRET),))):
        text = text_of(format_name, report)
        assert text
        for part in (SECRET, SECRET.encode().decode("latin-1"), json.dumps(SECRET)[1:-1], "sk-live", "4242"):
            assert part not in text
    if format_name == "full":
        assert 'TOKEN = "********••*****"' in text_of(
            "full", Report((beside,), 1, hidden=(Hidden(secretive, COMMENT),))
        )


@pytest.mark.parametrize("severity", [ERROR, WARNING, INFO])
def test_every_severity_has_a_word(severity: Any) -> None:
    report = Report((blocking(severity=severity),), files=1)
    for format_name, parse in PARSE.items():
        parse(text_of(format_name, report))
    sarif(report)


def test_many_formats_at_once(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'service'\n")
    (tmp_path / "app.py").write_text(BLOCKING)
    arguments = [part for name in FORMATS for part in ("--output-format", f"{name}:out.{name}")]
    text = run("--output-format", "concise", *arguments, cwd=tmp_path, code=1)
    assert text.startswith("app.py:5:5: TEN0101 ")
    for name in FORMATS:
        written = (tmp_path / f"out.{name}").read_text(encoding="utf-8")
        assert "TEN0101" in written
        PARSE.get(name, str)(written)
    log = json.loads((tmp_path / "out.sarif").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    assert all(name in run("check", "--help", cwd=tmp_path, code=0) for name in FORMATS)


def test_the_schema_is_no_part_of_the_wheel() -> None:
    assert not list((ROOT / "lint_rules").rglob("sarif-2.1.0.json"))


def test_masking_keeps_every_offset() -> None:
    from lint_rules.reporters.redact import masked

    source = SourceText("/p/a.py", 'a = """x😀é\r\nzz"""\nb = 1\n'.encode())
    start, end = source.data.index(b"x"), source.data.index(b'"""\nb')
    hidden = masked(source, (source.span(start, end), source.span(start + 1, end), Span(10**6, 10**6 + 5, 9, 9, 9, 9)))
    assert len(hidden.data) == len(source.data) and hidden.line_starts == source.line_starts
    assert [hidden.line_text(row) for row in (1, 2, 3)] == ['a = """*\U00010101·', '**"""', "b = 1"]
    assert masked(source, ()) is source
