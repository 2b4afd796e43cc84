"""Files that no person wrote, or that a person wrote in a way nobody expects: each is analysed or noticed, never fatal.

What a line of a file is, which encodings are read and how extreme Python comes to the rules is tested in
test_source.py and test_pipeline.py.
"""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path
from unittest.mock import patch

import pytest
from command_line import tenlint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from projects import FIXTURES, lint_files, session_of, sources

from lint_rules.engine.report import Report
from lint_rules.languages.language import language, language_of
from lint_rules.reporters.json import as_object

READ = 'require("fs").readFileSync("a")'
GOOD = 'const fs = require("fs");\nasync function load() {\n  fs.readFileSync("a");\n}\nmodule.exports = { load };\n'
TOO_COMPLEX = "TEN0002"


def nested(before: str, inside: str, after: str, times: int) -> str:
    return before * times + inside + after * times


EXTREME_JAVASCRIPT = {
    "brackets.js": "x = " + nested("[\n", READ, "]\n", 3000),
    "calls.js": "x = " + nested("f(\n", READ, ")\n", 3000),
    "chain.js": f"async function f() {{ const p = {READ}" + "\n  .then(x => x)" * 5000 + "; }",
    "else_if.js": "async function f(x) {\nif (x) {}\n" + "else if (x) { " + (READ + "; }\nelse if (x) { ") * 3000 + "} }",
    "functions.js": nested("async function f() {\n", READ, "}\n", 20_000),
    "arrows.js": "const f = " + "() => " * 20_000 + READ,
    "jsx.jsx": "x = " + nested("<div>\n", "", "</div>\n", 3000),
    "objects.js": "x = " + nested("{a:", "1", "}", 20_000),
    "parentheses.js": "x = " + nested("(", "1", ")", 50_000),
    "statements.js": "function a() {\n" + nested("if (x) {\n", READ, "}\n", 3000) + "}",
    "sum.js": f"async function f() {{ return {READ}" + " + 1" * 10_000 + "; }",
    "templates.js": "x = " + nested("`${", "1", "}`", 10_000),
    "ternaries.js": "x = a\n" + "  ? b\n  : c\n" * 3000,
    "then.js": "function a() {\n" + nested("x.then(() => {\n", READ, "})\n", 3000) + "}",
    "types.ts": "type A = " + nested("Array<", "string", ">", 5000) + ";",
    "unary.js": "x = " + "!" * 50_000 + "1",
}  # fmt: skip


def write(project: Path, files: dict[str, str | bytes]) -> Report:
    for name, content in files.items():
        (project / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return lint_files(project, sorted(project.iterdir()), everything=True, jobs=2)


def codes(report: Report, name: str) -> list[str]:
    return [finding.code for finding in report.findings if Path(finding.path).name == name]


def test_extreme_javascript_is_too_complex_and_the_good_file_beside_it_has_its_findings(tmp_path: Path) -> None:
    report = write(tmp_path, {**EXTREME_JAVASCRIPT, "good.js": GOOD})
    assert "TEN0101" in codes(report, "good.js")
    for name, content in EXTREME_JAVASCRIPT.items():
        is_one_line = "\n" not in content  # taken for minified, of which nothing is said
        assert codes(report, name) == ([] if is_one_line else [TOO_COMPLEX]), name
    assert not report.complete and not report.internal_errors


def test_large_data_is_analysed_or_said_to_be_too_large(tmp_path: Path) -> None:
    entries = "".join(f'  "key{number}": {number},\n' for number in range(60_000))
    wait = "import time\n{}\nasync def poll():\n    time.sleep(1)\n"
    report = write(
        tmp_path,
        {
            "one_line.py": wait.format("x = [" + ",".join(map(str, range(100_000))) + "]"),
            "many_lines.py": wait.format("x = 1\n" * 100_000),
            "too_large.py": wait.format("TABLE = {\n" + entries + "}"),
            "deep.json": "[" * 100_000 + "]" * 100_000,
            "bomb.yaml": "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(50)),
        },
    )
    assert "TEN0101" in codes(report, "one_line.py") and "TEN0101" in codes(report, "many_lines.py")
    assert codes(report, "too_large.py") == ["TEN0006"]
    assert codes(report, "deep.json") == codes(report, "bomb.yaml") == []


@pytest.mark.parametrize("name", ["garbage.js", "garbage.ts", "garbage.py"])
def test_garbage_gives_a_syntax_error_and_nothing_else(name: str, tmp_path: Path) -> None:
    source = random.Random(name)
    garbage = "".join(source.choices("(){}[]:;,.+-*/=<>\"'`abc \n", k=100_000))
    report = write(tmp_path, {name: garbage, "good.js": GOOD})
    assert set(codes(report, name)) <= {"TEN0001", TOO_COMPLEX} and codes(report, name)
    assert "TEN0101" in codes(report, "good.js")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("flow.js", f"// @flow\ntype A = {{ x: number }};\nasync function f(a: A): Promise<string> {{ return {READ}; }}\n"),
        ("view.js", f'import React from "react";\nexport async function f() {{ {READ}; return <p>x</p>; }}\n'),
        ("view.tsx", f"export async function f(a: number) {{ {READ}; return <p>{{a}}</p>; }}\n"),
        ("separators.js", f'const a = "x\u2028y";\nasync function f() {{ return {READ}; }}\nmodule.exports = {{ f, a }};\n'),
        ("bom.js", f"\ufeffasync function f() {{ return {READ}; }}\nmodule.exports = {{ f }};\n"),
        ("old.mts", f"export async function f(): Promise<Buffer> {{ return {READ}; }}\n"),
        ("old.cts", f"export async function f(): Promise<Buffer> {{ return {READ}; }}\n"),
    ],
)  # fmt: skip
def test_dialects_of_javascript_are_read(name: str, content: str, tmp_path: Path) -> None:
    report = write(tmp_path, {name: content})
    found = [finding for finding in report.findings if finding.code == "TEN0101"]
    row = content.split(READ, maxsplit=1)[0].replace("\u2028", " ").count("\n") + 1
    assert [finding.span.row for finding in found] == [row], report.findings


def test_closures_that_call_each_other_are_analysed_in_time(tmp_path: Path) -> None:
    names = [f"step{number}" for number in range(8)]
    steps = "\n".join(
        f"  function {name}(req) {{\n" + "".join(f"    if (req.query.{other}) return {other}(req);\n" for other in names)
        + "    return req.query.last;\n  }"
        for name in names
    )  # fmt: skip
    handler = f"module.exports = async (req, res) => {{\n{steps}\n  return {READ} + step0(req);\n}};\n"
    assert "TEN0101" in codes(write(tmp_path, {"a.js": handler}), "a.js")


def test_error_subtrees_give_no_findings(tmp_path: Path) -> None:
    report = write(tmp_path, {"a.js": f"async function f( {{{{ ((( {READ} ))) function }}\n"})
    assert set(codes(report, "a.js")) <= {"TEN0001"}


def test_no_rule_opens_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    report = write(tmp_path, {"good.js": GOOD})
    assert "TEN0101" in codes(report, "good.js")


# Properties that hold for any input.

REAL = [path.read_bytes() for project in sorted(FIXTURES.glob("TEN0[1-5]*/*"))[:60] for path in sources(project)[:2]]
SUFFIXES = st.sampled_from([".py", ".js", ".ts", ".tsx", ".env", ".yml", ".json", ".toml"])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Real code with a stretch cut out, doubled, or replaced by another file's, and a few bytes changed."""
    data = bytearray(draw(st.sampled_from(REAL)))
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.integers(0, 200)))
    other = draw(st.sampled_from(REAL))
    data[start:end] = draw(
        st.sampled_from([b"", data[start:end] * 2, other[start:end], b"{", b")", b"`", b"'''", b"\0", b"\xff"])
    )
    return bytes(data)


ANY_BYTES = st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode), mutated())
ANY_FILE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY_FILE
@given(data=ANY_BYTES, suffix=SUFFIXES)
def test_any_bytes_give_a_report_whose_spans_lie_in_the_file(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    report = lint_files(tmp_path, [path], everything=True)
    assert not report.internal_errors, report.findings
    assert all(finding.code != "TEN0003" for finding in report.findings), report.findings
    json.dumps([as_object(finding, "") for finding in report.findings])
    size = 4 * len(data)  # spans count bytes of UTF-8
    for finding in report.findings:
        assert 0 <= finding.span.start <= finding.span.end <= size
        assert 1 <= finding.span.row <= finding.span.end_row


@ANY_FILE
@given(data=ANY_BYTES, suffix=SUFFIXES)
def test_any_bytes_end_a_run_with_0_1_or_2_and_valid_json(tmp_path: Path, data: bytes, suffix: str) -> None:
    (tmp_path / f"any{suffix}").write_bytes(data)
    arguments = ("check", ".", "--isolated", "--select", "ALL", "--no-cache", "-j1", "--output-format", "json")
    finished = tenlint(*arguments, cwd=tmp_path)
    assert finished.returncode in (0, 1, 2) and b"Traceback" not in finished.stderr
    assert isinstance(json.loads(finished.stdout), list)
    (tmp_path / f"any{suffix}").unlink()


@ANY_FILE
@given(data=st.one_of(st.sampled_from(REAL), mutated()), suffix=st.sampled_from([".py", ".js", ".ts"]))
def test_a_fix_parses_and_a_second_run_has_nothing_to_do(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    session = session_of(tmp_path, [path], everything=True)
    fixed = session.fix(session.lint(), unsafe=True)
    for one in fixed:
        if one.is_changed and not one.problem:
            path.write_bytes(one.fixed_bytes())
            assert language(language_of(str(path))).parses(one.after, path=str(path))
            assert not any(again.is_changed for again in session.fix(session.lint(), unsafe=True))


@ANY_FILE
@given(files=st.lists(st.tuples(ANY_BYTES, SUFFIXES), min_size=2, max_size=5))
def test_neither_the_number_of_workers_nor_the_screen_changes_anything(
    tmp_path: Path, files: list[tuple[bytes, str]]
) -> None:
    paths = []
    for number, (data, suffix) in enumerate(files):
        paths.append(tmp_path / f"m{number}{suffix}")
        paths[-1].write_bytes(data)
    with patch("lint_rules.engine.pipeline._FILES_PER_WORKER", 1):
        alone, together = (lint_files(tmp_path, paths, everything=True, jobs=jobs) for jobs in (1, 2))
        unscreened = lint_files(tmp_path, paths, everything=True, screen=False)
    assert alone == together
    # Without the screen a Python file is one slice, of which libcst reads nothing if any of it is broken.
    broken = {finding.path for finding in alone.findings if finding.code in ("TEN0001", TOO_COMPLEX)}
    assert set(unscreened.findings) <= set(alone.findings)
    assert all(finding.path in broken for finding in set(alone.findings) - set(unscreened.findings))
