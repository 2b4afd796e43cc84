"""What holds for every rule and for the house as a whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from projects import FIXTURES, expectations, lint_files, sources

from lint_rules.engine.registry import load_rules, rule_page
from lint_rules.model import Rule

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "lint_rules"
RULES = load_rules()
HEADINGS = ("What it finds:", "Why it matters:", "How to fix it:", "Not seen:")
EXAMPLE_NAMES = {"python": "service.py", "javascript": "service.js"}
LANGUAGE_NAMES = {"python": "python", "javascript": "javascript"}


def code(rule: Rule) -> str:
    return rule.code


def examples(rule: Rule, kind: str, language: str) -> list[str]:
    """The code blocks under `Bad (python):` and the like."""
    pattern = rf"^{kind} \({language}\):\n\n((?:(?:    .*)?\n)+)"
    return [textwrap.dedent(block) for block in re.findall(pattern, rule_page(rule) + "\n", re.MULTILINE)]


def write_example(example: str, path: Path) -> list[Path]:
    """Write an example, of which each line `# file: name` begins another file; the files that are to be linted."""
    parts = re.split(r"^(?:#|//) file: (\S+)\n", example, flags=re.MULTILINE)
    if len(parts) == 1:
        path.write_text(example)
        return [path]
    for name, content in zip(parts[1::2], parts[2::2], strict=True):
        (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (path.parent / name).write_text(content)
    return sources(path.parent)


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_a_rule_is_documented_under_the_fixed_headings(rule: Rule) -> None:
    page = rule_page(rule)
    assert page.splitlines()[0].endswith(".")
    places = [page.find(f"\n{heading}") for heading in HEADINGS]
    assert -1 not in places and places == sorted(places), HEADINGS
    for language in rule.languages:
        assert examples(rule, "Bad", language) and examples(rule, "Good", language)


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_the_examples_of_a_rule_are_true(rule: Rule, tmp_path: Path) -> None:
    for kind in ("Bad", "Good"):
        written = [(language, example) for language in rule.languages for example in examples(rule, kind, language)]
        for number, (language, example) in enumerate(written):
            project = tmp_path / f"{kind}{number}"
            project.mkdir()
            path = project / EXAMPLE_NAMES.get(language, "settings.ini" if "[" in example else ".env")
            paths = write_example(example, path)
            for one in paths:
                if one.suffix == ".py":
                    compile(one.read_text(), str(one), "exec")
            found = [finding.code for finding in lint_files(project, paths, everything=True).findings]
            assert (rule.code in found) is (kind == "Bad"), f"{kind}:\n{example}\n{found}"


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_a_rule_has_fixtures_with_findings_and_look_alikes(rule: Rule) -> None:
    cases = sorted(path for path in (FIXTURES / rule.code).glob("*") if path.is_dir())
    expected = [one for case in cases for one in expectations(case) if one.code == rule.code]
    assert expected, "no expected finding"
    text = "\n".join(path.read_text() for case in cases for path in case.rglob("*") if path.is_file())
    assert re.search(r"look-alike", text, re.IGNORECASE), "no clean code that looks like the rule's findings"


def test_codes_and_names_have_their_form() -> None:
    for rule in RULES:
        assert re.fullmatch(r"TEN\d{4}", rule.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        folder, _, module = rule.module.removeprefix("lint_rules.families.").partition(".")
        assert folder.startswith(f"e{rule.family}_")
        assert module == rule.name.replace("-", "_")
        assert rule.languages


LAYERS = ("model", "source", "project", "flow", "languages", "families", "engine", "reporters", "app")


def test_imports_go_one_way() -> None:
    broken = []
    for path in sorted(PACKAGE.rglob("*.py")):
        layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if layer not in LAYERS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            modules = (
                [node.module] if isinstance(node, ast.ImportFrom) and node.module
                else [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            )  # fmt: skip
            for module in modules:
                parts = module.split(".")
                if parts[0] == "lint_rules" and len(parts) > 1 and parts[1] in LAYERS:
                    if LAYERS.index(parts[1]) > LAYERS.index(layer):
                        broken.append(f"{path.relative_to(ROOT)} imports {module}")
                    if layer == "engine" and parts[1] == "families" and len(parts) > 2:
                        broken.append(f"{path.relative_to(ROOT)} names a family: {module}")
    assert not broken


def test_the_wheel_holds_lint_rules_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"lint_rules"}
    assert "lint_rules/py.typed" in names
    tables = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.toml")}
    assert tables <= set(names)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    script = (
        "import sys\n"
        "from lint_rules.app import main\n"
        "try:\n    main([sys.argv[1]])\n"
        "except SystemExit:\n    pass\n"
        "heavy = [name for name in ('libcst', 'tree_sitter', 'pathspec') if name in sys.modules]\n"
        "heavy += [name for name in sys.modules if name.startswith('lint_rules.families.')]\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    outcome = subprocess.run([sys.executable, "-c", script, argument], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr


def test_tenlint_is_clean_on_its_own_source() -> None:
    found = lint_files(ROOT, sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py")])).findings
    assert not found, [f"{finding.path}:{finding.span.row} {finding.code} {finding.message}" for finding in found]
