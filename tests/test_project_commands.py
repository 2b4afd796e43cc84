"""The commands around a project: init, config, clean, completion, and what the configuration says and takes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import tomli
import yaml
from command_line import BLOCKING, ENVIRONMENT, ROOT, error_of, git, run, tenlint

from lint_rules.engine.config import load_settings
from lint_rules.engine.config_schema import schema
from lint_rules.engine.session import full_catalogue
from lint_rules.engine.setup_files import GITHUB_WORKFLOW, GITLAB_JOB

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def service(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(BLOCKING)
    return tmp_path


# extend


def test_a_configuration_extends_another(service: Path) -> None:
    git("init", "--quiet", folder=service)
    (service / "shared").mkdir()
    (service / "shared" / "base.toml").write_text(
        "ignore = ['TEN02']\nrequire-reason = true\n[severity]\nTEN01 = 'info'\nTEN02 = 'info'\n[blocking]\ncalls = ['a.b']\n"
    )
    (service / "shared" / "team.toml").write_text("extend = 'base.toml'\nignore = ['TEN0103']\n")
    (service / "tenlint.toml").write_text("extend = 'shared/team.toml'\n[severity]\nTEN01 = 'warning'\n")
    settings = load_settings(str(service), full_catalogue())
    assert settings.ignore == ("TEN0103",)
    assert settings.require_reason
    assert {name: level.value for name, level in settings.severity.items()} == {"TEN01": "warning", "TEN02": "info"}
    assert settings.table("blocking", "calls") == ("a.b",)
    assert (settings.source, settings.root) == (str(service / "tenlint.toml"), str(service))
    (service / "pyproject.toml").write_text("[tool.tenlint]\nextend = 'shared/team.toml'\n")
    (service / "tenlint.toml").unlink()
    assert load_settings(str(service), full_catalogue()).require_reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nextend = 'gone.toml'", ":2: `extend` names a file that does not exist"),
        ("extend = 3", ":1: `extend` takes the path of a configuration file"),
        ("extend = 'tenlint.toml'", ":1: `extend` leads back to a file that is being read"),
        ("extend = 'other.toml'", "other.toml:1: `extend` leads back"),
        ("extend = '../outside.toml'", ":1: `extend` leads out of the project"),
        ("extend = '/etc/passwd'", ":1: `extend` leads out of the project"),
        ("extend = 'link.toml'", ":1: `extend` leads out of the project"),
        ("extnd = 'x'", "did you mean `extend`?"),
    ],
)
def test_wrong_extends_are_told_with_their_place(service: Path, text: str, message: str) -> None:
    (service / "tenlint.toml").write_text(text)
    (service / "other.toml").write_text("extend = 'tenlint.toml'\n")
    (service / "link.toml").symlink_to("/etc/passwd")
    (service.parent / "outside.toml").write_text("")
    assert message in error_of(cwd=service)


def test_a_mistake_in_an_extended_file_is_told_there(service: Path) -> None:
    (service / "tenlint.toml").write_text("extend = 'base.toml'\n")
    (service / "base.toml").write_text("\n\nselct = []\n")
    assert "base.toml:3: unknown key `selct`; did you mean `select`?" in error_of(cwd=service)


# config


def test_config_says_what_holds_and_where_it_comes_from(service: Path) -> None:
    (service / "base.toml").write_text("exclude = ['old/']\n")
    (service / "tenlint.toml").write_text(
        "extend = 'base.toml'\n\n[rules.busy-loop]\nrounds = 5\n\n[blocking]\ncalls = ['a.b']\n"
    )
    text = run("config", "--config", "fail-on = 'never'", cwd=service, code=0)
    place = re.escape(str(service))
    assert re.search(rf"(?m)^exclude = \[\"old/\"\] +# {place}/base.toml:1$", text)
    assert re.search(rf"(?m)^rules.busy-loop = {{rounds = 5}} +# {place}/tenlint.toml:3$", text)
    assert re.search(rf"(?m)^blocking.calls = \[\"a.b\"\] +# {place}/tenlint.toml:7$", text)
    assert re.search(r'(?m)^fail-on = "never" +# --config$', text)
    assert re.search(r"(?m)^require-reason = false +# default$", text)
    assert f"# configuration: {service}/tenlint.toml\n" in text
    # What it prints is a configuration.
    assert tomli.loads(text)["rules"] == {"busy-loop": {"rounds": 5}}
    as_json = json.loads(run("config", "--output-format", "json", cwd=service, code=0))
    assert as_json["settings"]["exclude"] == {"value": ["old/"], "from": f"{service}/base.toml:1"}
    assert "TEN0101" in as_json["rules-on"]


def test_the_schema_takes_what_tenlint_takes() -> None:
    made = schema(full_catalogue())
    jsonschema.Draft7Validator.check_schema(made)
    validator = jsonschema.Draft7Validator(made)
    right = [
        "",
        'extend = "base.toml"\nselect = ["ALL", "TEN01", "TEN0101", "blocking-call", "blocking-event-loop"]',
        'fail-on = "never"\njobs = 0\ntarget-python = "3.10"\nnode-version = "20.11"\nmax-file-size = 1',
        '[per-file-ignores]\n"tests/*" = ["TEN0101"]\n[severity]\nTEN02 = "error"\n[rules.busy-loop]\nrounds = 1\n[blocking]\ncalls = ["a.b"]',
    ]
    wrong = [
        "selct = []", 'select = ["TEN9999"]', "select = 'ALL'", 'fail-on = "fatal"', "jobs = -1", "max-file-size = 0",
        '[severity]\nTEN01 = "fatal"', "[rules.busy-loop]\nround = 1", '[blocking]\ncall = ["x"]', 'node-version = "lts"',
    ]  # fmt: skip
    for texts, is_right in ((right, True), (wrong, False)):
        for text in texts:
            assert validator.is_valid(tomli.loads(text)) is is_right, text


@pytest.mark.parametrize("page", ["configuration.md"])
def test_the_examples_of_the_documentation_fit_the_schema(page: str) -> None:
    validator = jsonschema.Draft7Validator(schema(full_catalogue()))
    for text in re.findall(r"(?ms)^```toml\n(.*?)^```$", (ROOT / "docs" / page).read_text(encoding="utf-8")):
        content = tomli.loads(text)
        validator.validate(content.get("tool", {}).get("tenlint", content))


def test_config_prints_the_schema(tmp_path: Path) -> None:
    assert json.loads(run("config", "--schema", cwd=tmp_path, code=0)) == schema(full_catalogue())


# init, clean, completion, timing, help with spelling


@needs_git
def test_init_writes_what_fits_and_overwrites_nothing(service: Path) -> None:
    git("init", "--quiet", folder=service)
    git("remote", "add", "origin", "git@github.com:orders/api.git", folder=service)
    (service / "web.ts").write_text("export const x = 1;\n")
    (service / "pyproject.toml").write_text('[project]\nname = "orders"\nrequires-python = ">=3.11"\n')
    (service / "package.json").write_text('{"name": "web", "engines": {"node": ">=20.11"}}')
    out = run("init", cwd=service, code=0)
    assert [line.split()[1] for line in out.splitlines() if line.startswith("wrote")] == [
        "tenlint.toml", ".pre-commit-config.yaml", ".github/workflows/tenlint.yml",
    ]  # fmt: skip
    settings = load_settings(str(service), full_catalogue())
    assert (settings.target_python, settings.node_version) == ((3, 11), "20.11")
    (hook,) = yaml.safe_load((service / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert hook["types_or"] == ["python", "pyi", "javascript", "jsx", "ts", "tsx"]
    before = {path: path.read_bytes() for path in service.rglob("*") if path.is_file() and ".git/" not in str(path)}
    assert run("init", cwd=service, code=0).startswith("nothing to set up")
    assert before == {path: path.read_bytes() for path in before}


@needs_git
def test_init_says_what_to_add_to_what_is_there(service: Path) -> None:
    git("init", "--quiet", folder=service)
    texts = {
        "pyproject.toml": "[tool.tenlint]\nrequire-reason = true\n",
        ".pre-commit-config.yaml": "repos: []\n",
        ".gitlab-ci.yml": "stages: [test]\n",
    }
    for name, text in texts.items():
        (service / name).write_text(text)
    out = run("init", cwd=service, code=0)
    assert ".pre-commit-config.yaml is there already; add to it:" in out and "      - id: tenlint\n" in out
    assert ".gitlab-ci.yml is there already; add to it:" in out and "codequality: gl-code-quality-report.json" in out
    assert {name: (service / name).read_text() for name in texts} == texts
    assert not (service / "tenlint.toml").exists()


def test_init_outside_of_git(service: Path) -> None:
    assert run("init", cwd=service, code=0).startswith("wrote tenlint.toml\nnext:")
    run("--exit-zero", cwd=service, code=0)
    assert "no such folder" in error_of("init", "gone", cwd=service)


def test_what_init_writes_for_ci_is_yaml_with_options_that_exist(tmp_path: Path) -> None:
    for text in (GITHUB_WORKFLOW, GITLAB_JOB):
        made = text.format(requirement="tenlint==1")
        yaml.safe_load(made)
        for option in re.findall(r"(--[a-z-]+)", made):
            assert option in run("check", "--help", cwd=tmp_path, code=0)


def test_clean_removes_our_cache_and_nothing_else(service: Path) -> None:
    (service / "pyproject.toml").write_text("[project]\n")
    assert run("clean", cwd=service, code=0) == "nothing to remove\n"
    cache = service / ".tenlint_cache"
    cache.mkdir()
    (cache / "precious").write_text("")
    assert "left alone" in error_of("clean", cwd=service)
    (cache / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert run("clean", cwd=service, code=0) == "removed .tenlint_cache\n"
    assert not cache.exists()
    elsewhere = service / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "CACHEDIR.TAG").write_text("")
    cache.symlink_to(elsewhere)
    assert "left alone" in error_of("clean", cwd=service)
    assert elsewhere.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(tmp_path: Path, shell: str) -> None:
    script = run("completion", shell, cwd=tmp_path, code=0)
    assert "_TENLINT_COMPLETE" in script
    program = shutil.which(shell)
    if program is not None and shell != "fish":
        subprocess.run((program, "-n"), input=script, text=True, check=True)
    finished = subprocess.run(
        (sys.executable, str(ROOT / "cli.py")),
        env={**os.environ, "_TENLINT_COMPLETE": "bash_complete", "COMP_WORDS": "tenlint check --new", "COMP_CWORD": "2"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.stdout.split() == ["plain,--new-from", "plain,--new-from-merge-base"]


def test_timing_goes_to_standard_error(service: Path) -> None:
    finished = tenlint("--timing", "--exit-zero", cwd=service)
    assert re.search(rb"(?m)^ +\d+ ms +\d+%  analysis$", finished.stderr)
    assert b" ms " not in finished.stdout


def test_misspelt_commands_and_options(service: Path) -> None:
    assert "did you mean the command `check`?" in error_of("chekc", cwd=service)
    assert "did you mean the command `baseline`?" in error_of("baselin", cwd=service)
    message = error_of("--staget", cwd=service)
    assert "No such option" in message and "--staged" in message


def test_every_option_is_in_the_help(tmp_path: Path) -> None:
    text = run("check", "--help", cwd=tmp_path, code=0)
    for option in (
        "--select", "--ignore", "--extend-select", "--fix", "--unsafe-fixes", "--diff", "--output-format", "--fail-on",
        "--exit-zero", "--baseline", "--no-baseline", "--new-from", "--new-from-merge-base", "--staged", "--add-ignore",
        "--no-inline", "--statistics", "--timing", "--show-files", "--force-exclude", "--no-cache", "--jobs", "--config",
        "--isolated", "--color", "--quiet", "--verbose", "--max-file-size", "--stdin-filename",
    ):  # fmt: skip
        assert option in text
    commands = run("--help", cwd=tmp_path, code=0)
    for command in ("check", "explain", "rules", "init", "baseline", "clean", "config", "completion"):
        assert f"\n  {command} " in commands
