"""Settings: where they come from, what is refused and where the mistake stands; and which rules they switch on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lint_rules.engine.config import ConfigError, Settings, find_config, load_settings
from lint_rules.engine.config_keys import KEYS
from lint_rules.engine.housekeeping import HOUSEKEEPING
from lint_rules.engine.selection import Catalogue, Selection, as_configured, enabled_rules
from lint_rules.model import ERROR, INFO, WARNING, Finding, Option, Rule, Span

RULES = (
    *HOUSEKEEPING,
    Rule(
        "TEN0101", "blocking-call", severity=ERROR, summary="s",
        options=(Option("files", True, "d"), Option("names", ("a",), "d"), Option("depth", 3, "d")),
    ),
    Rule("TEN0102", "blocking-helper", severity=ERROR, summary="s", default=False),
    Rule("TEN0201", "swallowed-exception", severity=WARNING, summary="s"),
)  # fmt: skip
CATALOGUE = Catalogue(RULES)


@pytest.fixture(autouse=True)
def no_user_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    return home


def settings_from(folder: Path, text: str, name: str = "tenlint.toml", **arguments: Any) -> Settings:
    (folder / name).write_text(text, encoding="utf-8")
    return load_settings(str(folder), CATALOGUE, **arguments)


def codes(settings: Settings) -> list[str]:
    return [rule.code for rule in enabled_rules(RULES, settings) if rule.family != "00"]


def test_without_configuration(tmp_path: Path) -> None:
    assert load_settings(str(tmp_path), CATALOGUE, isolated=True) == Settings()
    assert codes(Settings()) == ["TEN0101", "TEN0201"]


def test_every_key(tmp_path: Path) -> None:
    settings = settings_from(
        tmp_path,
        """
        select = ["TEN01"]
        extend-select = ["swallowed-exception"]
        ignore = ["TEN0102"]
        per-file-ignores = {"tests/*" = ["ALL"]}
        exclude = ["generated"]
        force-exclude = true
        severity = {blocking-event-loop = "info"}
        fail-on = "error"
        max-file-size = 5
        jobs = 0
        target-python = "3.12"
        required-version = ">=0.1"
        no-inline = true
        require-reason = true
        [rules.blocking-call]
        files = false
        names = ["b"]
        depth = 4
        [blocking]
        calls = ["mylib.fetch"]
        """,
    )
    assert replace(settings, origins={}) == Settings(
        select=("TEN01",),
        extend_select=("swallowed-exception",),
        ignore=("TEN0102",),
        per_file_ignores={"tests/*": ("ALL",)},
        exclude=("generated",),
        force_exclude=True,
        severity={"blocking-event-loop": INFO},
        fail_on=ERROR,
        max_file_size=5,
        jobs=0,
        target_python=(3, 12),
        no_inline=True,
        require_reason=True,
        rules={"blocking-call": {"files": False, "names": ("b",), "depth": 4}},
        tables={"blocking": {"calls": ("mylib.fetch",)}},
        root=str(tmp_path),
        source=str(tmp_path / "tenlint.toml"),
    )
    assert settings.option(RULES[6], "files") is False
    assert Settings().option(RULES[6], "files") is True
    assert settings.table("blocking", "calls") == ("mylib.fetch",)


def test_every_key_is_a_field_of_settings() -> None:
    fields = set(Settings.__struct_fields__)
    assert {key.field for key in KEYS} - {"required_version"} <= fields


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('selct = ["TEN01"]', 1, "unknown key `selct`; did you mean `select`?"),
        ('\nselect = "TEN01"', 2, "`select` takes a list of rules"),
        ("select = [1]", 1, "`select` takes a list of rules"),
        ('jobs = 1\nselect = [\n  "TEN01",\n  "TEN0103",\n]', 4, "unknown rule `TEN0103`; did you mean `TEN010"),
        ('ignore = ["blocking-cal"]', 1, "unknown rule `blocking-cal`; did you mean `blocking-call`?"),
        ('ignore = ["nothing like it"]', 1, "unknown rule (not shown); see `tenlint rules`"),
        ('[severity]\nTEN0101 = "fatal"', 2, "a severity is `error`, `warning` or `info`"),
        ('severity = {TEN9 = "info"}', 1, "unknown rule `TEN9`"),
        ('jobs = 1\n[per-file-ignores]\n"a.py" = "TEN01"', 3, "`per-file-ignores` takes a table"),
        ('[per-file-ignores]\n"a.py" = ["TEN77"]', 2, "unknown rule `TEN77`"),
        ('fail-on = "fatal"', 1, "`fail-on` takes `error`, `warning`, `info` or `never`"),
        ("max-file-size = 0", 1, "`max-file-size` takes a number of bytes above 0"),
        ("max-file-size = true", 1, "`max-file-size` takes"),
        ("jobs = -1", 1, "`jobs` takes"),
        ('target-python = "2.7"', 1, "`target-python` takes"),
        ("no-inline = 1", 1, "`no-inline` takes true or false"),
        ("[rules.blocking-cal]\nx = 1", 1, "unknown rule `blocking-cal`; did you mean `blocking-call`?"),
        ("[rules.blocking-call]\nfile = true", 2, "unknown option of `blocking-call`: `file`; did you mean `files`?"),
        ("[rules.blocking-call]\nfiles = 1", 2, "`files` takes true or false"),
        ("[rules.blocking-call]\ndepth = true", 2, "`depth` takes a whole number"),
        ("rules = 1", 1, "`rules` takes a table of rule options"),
        ("[blocking]\ncals = []", 2, "unknown key of `blocking`: `cals`; did you mean `calls`?"),
        ("[blocking]\ncalls = [1]", 2, "`calls` takes a list of dotted names"),
        ('required-version = ">=99"', 1, "requires another version of tenlint"),
        ('required-version = "x"', 1, "`required-version` takes"),
        ("jobs = 1\njobs = = 2", 2, "is not valid TOML; invalid value"),
    ],
)
def test_mistakes_name_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from(tmp_path, text)
    assert (caught.value.place, caught.value.line) == (str(tmp_path / "tenlint.toml"), line)
    assert message in caught.value.message


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "[" * 5000, "a\0b", "\ufeffjobs = = 1", "x = '" + "s3cret" * 9]
)
def test_foreign_content_is_never_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from(tmp_path, text)
    assert "s3cret" not in str(caught.value)
    assert len(caught.value.message) < 200


def test_unreadable_and_huge_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is larger than"):
        settings_from(tmp_path, "#" * 10_000_001)
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(str(tmp_path), CATALOGUE, config=(str(tmp_path / "gone.toml"),))


def test_byte_order_mark_is_allowed(tmp_path: Path) -> None:
    assert settings_from(tmp_path, "\ufeffjobs = 3").jobs == 3


def test_nearest_file_wins_and_nothing_is_merged(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "tenlint.toml").write_text("jobs = 1")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.tenlint]\nno-inline = true")
    (inner / "pyproject.toml").write_text("[project]\nname = 'x'\ndependencies = ['tenlint']")
    settings = load_settings(str(inner), CATALOGUE)
    assert (settings.source, settings.jobs, settings.no_inline) == (str(tmp_path / "a" / "pyproject.toml"), 0, True)


def test_order_within_a_folder(tmp_path: Path) -> None:
    for name in ("pyproject.toml", ".tenlint.toml", "tenlint.toml"):
        (tmp_path / name).write_text("[tool.tenlint]\n" if name == "pyproject.toml" else "")
        assert find_config(str(tmp_path)) == str(tmp_path / name)


def test_mistakes_in_pyproject_have_its_lines(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from(tmp_path, "[tool.other]\njobs = 1\n[tool.tenlint]\njobs = 'x'\n", "pyproject.toml")
    assert caught.value.line == 4
    with pytest.raises(ConfigError, match="takes a table"):
        settings_from(tmp_path, "[tool]\ntenlint = 1", "pyproject.toml")


def test_configuration_of_the_user(tmp_path: Path, no_user_configuration: Path) -> None:
    (no_user_configuration / "tenlint").mkdir()
    (no_user_configuration / "tenlint" / "tenlint.toml").write_text("jobs = 7")
    settings = load_settings(str(tmp_path), CATALOGUE)
    assert (settings.jobs, settings.root) == (7, "")
    assert load_settings(str(tmp_path), CATALOGUE, isolated=True).jobs == 0


def test_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "")
    assert load_settings(str(tmp_path), CATALOGUE) == Settings()


def test_config_option(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("jobs = 2\n[rules.blocking-call]\ndepth = 9")
    settings = settings_from(
        tmp_path, "jobs = 1", config=(str(other), "no-inline = true", "rules.blocking-call.files = false")
    )
    assert (settings.jobs, settings.no_inline) == (2, True)
    assert settings.rules == {"blocking-call": {"depth": 9, "files": False}}
    with pytest.raises(ConfigError, match="--config: unknown key `job`; did you mean `jobs`"):
        settings_from(tmp_path, "", config=("job = 1",))
    with pytest.raises(ConfigError, match="only one"):
        settings_from(tmp_path, "", config=("a.toml", "b.toml"))
    with pytest.raises(ConfigError, match="isolated"):
        settings_from(tmp_path, "", config=(str(other),), isolated=True)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(select=("TEN01",)), ["TEN0101", "TEN0102"]),
        (Settings(select=("blocking-event-loop",)), ["TEN0101", "TEN0102"]),
        (Settings(select=("TEN01",), ignore=("TEN0101",)), ["TEN0102"]),
        (Settings(select=("TEN0101",), ignore=("TEN01",)), ["TEN0101"]),
        (Settings(select=("ALL",), ignore=("TEN01",)), ["TEN0201"]),
        (Settings(extend_select=("blocking-helper",)), ["TEN0101", "TEN0102", "TEN0201"]),
        (Settings(ignore=("ALL",)), []),
        (Settings(select=("TEN0101",), ignore=("TEN0101",)), []),
        (Settings(ignore=("TEN0101",), command_line=Selection(select=("TEN01",))), ["TEN0101", "TEN0102"]),
        (Settings(select=("TEN0101",), command_line=Selection(ignore=("TEN01",))), []),
        (Settings(select=(), command_line=Selection(extend_select=("TEN0201",))), ["TEN0201"]),
    ],
)
def test_which_rules_are_on(settings: Settings, expected: list[str]) -> None:
    assert codes(settings) == expected


def test_notices_stay_on_whatever_is_selected() -> None:
    on = {rule.code for rule in enabled_rules(RULES, Settings(select=("TEN0101",)))}
    assert {"TEN0001", "TEN0002", "TEN0003", "TEN0006"} <= on
    assert "TEN0004" not in on


def test_unknown_rules_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--ignore: unknown rule `TEN0104`; did you mean"):
        load_settings(str(tmp_path), CATALOGUE, overrides={"command_line": Selection(ignore=("TEN0104",))})


def finding(path: str, code: str) -> Finding:
    rule = CATALOGUE.by_code[code]
    return rule.finding(path, Span(0, 0, 1, 1, 1, 1), "m", "s")


def test_severity_and_per_file_ignores() -> None:
    settings = Settings(
        severity={"TEN01": INFO, "blocking-call": WARNING},
        per_file_ignores={"tests/*": ("TEN0201",), "!src/": ("TEN0101",)},
        select=("ALL",),
    )
    found = [finding(f"/p/{path}", code) for path in ("src/a.py", "tests/a.py") for code in CATALOGUE.by_code]
    kept = {
        (item.path, item.code): item.severity
        for item in as_configured(found, RULES, settings, "/p")
        if not item.code.startswith("TEN00")
    }
    assert kept == {
        ("/p/src/a.py", "TEN0101"): WARNING,
        ("/p/src/a.py", "TEN0102"): INFO,
        ("/p/src/a.py", "TEN0201"): WARNING,
        ("/p/tests/a.py", "TEN0102"): INFO,
    }
