"""Suppression comments in whole files of each language, and `--add-ignore`, which writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import BLOCKING, ENVIRONMENT, error_of, run, tenlint

PYTHON = """\
import time


async def handler(request):
    time.sleep(1)  # noqa: E501
    text = f\"\"\"
    {time.sleep(2)}
    select\"\"\"
    waited = 1 + \\
        time.sleep(3) + \\
        4
    time.sleep(
        4
    )
    time.sleep(5); time.sleep(6)
    return [text, waited, "# tenlint: ignore[TEN0101]", time.sleep(7)]
"""
SERVER = """\
import fs from "node:fs";
import express from "express";

const app = express();
"""
HANDLERS = """\
app.get("/end", (req, res) => {
  res.send(fs.readFileSync("a.txt")); // tenlint: ignore[TEN0101] small
});
app.get("/statement", (req, res) => {
  // tenlint: ignore[blocking-call] small
  const text = fs.readFileSync(
    "b.txt",
  );
  res.send(text);
});
app.get("/block", (req, res) => {
  /* tenlint: ignore[TEN0101] small */
  const text = fs.readFileSync("c.txt");
  res.send(text + fs.readFileSync("d.txt")); /* tenlint: ignore[TEN0101] small */
});
// tenlint: ignore-start[TEN0101] the old handlers
app.get("/range", (req, res) => {
  res.send(fs.readFileSync("e.txt"));
});
// tenlint: ignore-end
"""
TAGS = """\
app.get("/page", (req, res) => {
  res.send(
    <ul>
      {/* tenlint: ignore[TEN0101] small */}
      <li>{fs.readFileSync("a.txt")}</li>
      <li>{fs.readFileSync("b.txt") /* tenlint: ignore[TEN0101] small */}</li>
      // tenlint: ignore[TEN0101] text, no comment
      <li>{fs.readFileSync("c.txt")}</li>
    </ul>,
  );
});
"""
STRINGS = """\
app.get("/strings", (req, res) => {
  const note = "// tenlint: ignore[TEN0101]"; res.send(note + fs.readFileSync("f.txt"));
  res.send(`
    // tenlint: ignore[TEN0101]
    ${fs.readFileSync("g.txt")}`);
});
"""


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def service(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text('{"name": "svc", "type": "module", "dependencies": {"express": "^5"}}')
    return tmp_path


def rows(folder: Path, file: str, text: str) -> list[tuple[int, str]]:
    """Where the rules of blocking and of suppressions find something in a file."""
    (folder / file).write_text(text, encoding="utf-8")
    arguments = ("--select", "TEN0101,TEN0004,TEN0005", "--output-format", "concise", "-q", "--exit-zero", file)
    found = run(*arguments, cwd=folder, code=0)
    return [(int(line.split(":")[1]), line.split(": ")[1][:7]) for line in found.splitlines()]


@pytest.mark.parametrize("file", ["server.js", "server.mjs", "server.ts", "server.mts", "server.tsx", "server.jsx"])
def test_comments_hide_findings_in_javascript_and_typescript(service: Path, file: str) -> None:
    assert rows(service, file, SERVER + HANDLERS) == []
    bare = re.sub(r"tenlint: ignore\S*", "", HANDLERS)
    assert [code for _, code in rows(service, file, SERVER + bare)] == ["TEN0101"] * 5
    whole = "// tenlint: ignore-file[TEN0101] old\n" + SERVER + bare
    assert rows(service, file, whole) == []


@pytest.mark.parametrize("file", ["page.jsx", "page.tsx"])
def test_comments_between_tags(service: Path, file: str) -> None:
    assert rows(service, file, SERVER + TAGS) == [(12, "TEN0101")]


def test_strings_and_templates_hide_nothing(service: Path) -> None:
    assert rows(service, "server.js", SERVER + STRINGS) == [(6, "TEN0101"), (9, "TEN0101")]


def test_unused_and_unknown_comments_in_javascript(service: Path) -> None:
    text = SERVER + (
        "const first = 1; // tenlint: ignore[TEN0101] no more\n"
        "const second = 2; // tenlint: ignore[blocking-cal] misspelt\n"
        "const third = 3; // tenlint: ignore\n"
        "// tenlint: ignore-start[TEN0101] never closed\n"
    )
    assert rows(service, "server.js", text) == [
        (5, "TEN0004"), (6, "TEN0005"), (7, "TEN0005"), (8, "TEN0005"),
    ]  # fmt: skip
    run("--select", "TEN0101,TEN0004", "--fix", "server.js", cwd=service, code=0)
    assert "const first = 1;\n" in (service / "server.js").read_text()


def test_add_ignore_finds_a_place_in_python(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PYTHON)
    assert run("--add-ignore=runs once", "app.py", cwd=tmp_path, code=0) == "Suppressed 7 findings in 1 file\n"
    text = (tmp_path / "app.py").read_text()
    comment = "# tenlint: ignore[TEN0101] runs once\n"
    assert f"    time.sleep(1)  # noqa: E501  {comment}" in text
    assert f'    {comment}    text = f"""\n' in text
    assert f"    {comment}    waited = 1 + \\\n" in text
    assert f"    time.sleep(  {comment}        4\n" in text
    assert text.count(comment) == 6
    run("app.py", cwd=tmp_path, code=0)
    before = text
    assert run("--add-ignore", "app.py", cwd=tmp_path, code=0) == "Suppressed 0 findings in 0 files\n"
    assert (tmp_path / "app.py").read_text() == before


def test_add_ignore_finds_a_place_in_javascript(service: Path) -> None:
    (service / "server.jsx").write_text(SERVER + re.sub(r".*tenlint: ignore.*\n", "", TAGS) + STRINGS)
    out = run("--select", "TEN0101", "--add-ignore=old", cwd=service, code=0)
    assert out.startswith("Suppressed ")
    text = (service / "server.jsx").read_text()
    assert "      {/* tenlint: ignore[TEN0101] old */}\n      <li>{fs.readFileSync" in text
    assert '  // tenlint: ignore[TEN0101] old\n  const note = "// tenlint' in text
    run("--select", "TEN0101,TEN0004", cwd=service, code=0)


def test_add_ignore_extends_a_comment_and_keeps_line_endings(tmp_path: Path) -> None:
    text = BLOCKING.replace("time.sleep(1)", "time.sleep(1)  # tenlint: ignore[TEN0205] old").replace("\n", "\r\n")
    (tmp_path / "app.py").write_bytes(text.encode())
    run("--add-ignore", "--select", "TEN0101", "app.py", cwd=tmp_path, code=0)
    assert (tmp_path / "app.py").read_bytes() == text.replace("TEN0205", "TEN0205, TEN0101").encode()


def test_add_ignore_takes_its_reason_after_an_equals_sign_alone(tmp_path: Path) -> None:
    for name in ("src", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(BLOCKING)
    run("--add-ignore", "src", cwd=tmp_path, code=0)
    assert (tmp_path / "other" / "app.py").read_text() == BLOCKING
    assert "# tenlint: ignore[TEN0101]\n" in (tmp_path / "src" / "app.py").read_text()


def test_add_ignore_where_a_reason_is_required(tmp_path: Path) -> None:
    (tmp_path / "tenlint.toml").write_text("require-reason = true\n")
    (tmp_path / "app.py").write_text(BLOCKING)
    assert "give one" in error_of("--add-ignore", cwd=tmp_path)
    run("--add-ignore=old", cwd=tmp_path, code=0)
    assert "cannot be combined" in error_of("--add-ignore=x", "-", cwd=tmp_path)


def test_what_no_comment_can_hide_is_left_and_said(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(BLOCKING + "def broken(:\n")
    finished = tenlint("--add-ignore", cwd=tmp_path)
    assert finished.returncode == 1
    assert finished.stdout == b"Suppressed 0 findings in 0 files\n"
    assert b"app.py:5: TEN0101 has no place for a comment" in finished.stderr


def test_files_of_settings_get_a_line_of_their_own_and_json_none(tmp_path: Path) -> None:
    from lint_rules.engine.add_ignore import add_ignores
    from lint_rules.engine.report import COMMENT, Hidden, Report
    from lint_rules.model import ERROR, Rule
    from lint_rules.source import SourceText

    rule = Rule("TEN0901", "hardcoded-secret", severity=ERROR, summary="s")
    for name, text, expected in (
        (".env", b"DEBUG=1\nTOKEN=abc\n", b"DEBUG=1\n# tenlint: ignore[TEN0901] test\nTOKEN=abc\n"),
        ("settings.json", b'{\n"token": "abc"}\n', b'{\n"token": "abc"}\n'),
    ):
        source = SourceText(str(tmp_path / name), text)
        finding = rule.finding(source.path, source.span(8, 17), "m; s", "s")

        def lint(data: bytes, source: SourceText = source) -> Report:
            row = data[: data.index(b"abc")].count(b"\n") + 1
            start = data.index(b"abc")
            later = SourceText(source.path, data)
            moved = rule.finding(source.path, later.span(start, start + 3), "m; s", "s")
            assert moved.span.row == row
            return Report(hidden=(Hidden(moved, COMMENT),)) if b"ignore" in data else Report((moved,))

        made = add_ignores(source, [finding], "test", tried=None, lint=lint, parses=lambda data: True)
        assert made.file.after == expected
        assert len(made.left) == (name == "settings.json")
