"""Two languages in one run: each file goes to its own, and what a run does not need is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from projects import lint_files

from lint_rules.languages.javascript.compiled import is_compiled

PYTHON = "import time\n\nasync def poll() -> None:\n    time.sleep(1)\n"
BROKEN = "const routes = ;\n"


def test_one_run_speaks_of_both_languages(tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text(PYTHON)
    (tmp_path / "orders.js").write_text(BROKEN)
    report = lint_files(tmp_path, sorted(tmp_path.iterdir()))
    found = [(Path(finding.path).name, finding.code, finding.span.row) for finding in report.findings]
    assert found == [("orders.js", "TEN0001", 1), ("orders.py", "TEN0101", 4)]


SOURCE = "// Orders are generated in batches.\nexport function load(id) {\n  return orders.get(id)\n}\n" * 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SOURCE, False),
        ("exports.__esModule = true\n" + SOURCE, False),
        ('"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n' + SOURCE, True),
        ("/******/ (function() { // webpackBootstrap\n" + SOURCE, True),
        (SOURCE.replace("\n", " "), True),
        ('import { f as q, u as C, a as E } from "./index-B8te98RZ.mjs";\n' + SOURCE, True),
        (SOURCE + "export {\n  L as $,\n  de as A,\n  at as B\n};\n", True),
        ("import { list as ls, load as ld } from './orders.js';\n" + SOURCE, False),
    ],
)
def test_what_a_compiler_wrote_is_known(text: str, expected: bool) -> None:
    assert is_compiled(text.encode()) is expected


def test_a_run_over_javascript_imports_no_libcst(tmp_path: Path) -> None:
    file = tmp_path / "orders.ts"
    file.write_text("export async function load(id: string) { return fetch(`/orders/${id}`) }\n" + BROKEN)
    program = (  # in one process: what a worker does, and what the run around it does
        "import sys\n"
        "from lint_rules.engine.analyse import Analyser\n"
        "from lint_rules.engine.tasks import Setting, Task\n"
        "from lint_rules.engine.registry import load_rules\n"
        "from lint_rules.project.modules import find_modules\n"
        "from lint_rules.app import main\n"
        f"modules = find_modules({str(tmp_path)!r}, [{str(file)!r}])\n"
        f"analysis = Analyser(load_rules(), modules, Setting()).analyse(Task({str(file)!r}))\n"
        "print([finding.code for finding in analysis.findings])\n"
        "try:\n"
        f"    main(['check', '--isolated', '--exit-zero', '--quiet', {str(tmp_path)!r}])\n"
        "finally:\n"
        "    print('libcst' in sys.modules)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (finished.stdout.splitlines()[0], finished.stdout.splitlines()[-1]) == ("['TEN0001']", "False"), finished


def test_declarations_and_compiled_files_are_read_but_not_reported_on(tmp_path: Path) -> None:
    for name in ("poll.py", "poll.pyi"):
        (tmp_path / name).write_text(PYTHON)
    report = lint_files(tmp_path, sorted(tmp_path.iterdir()))
    assert [Path(finding.path).name for finding in report.findings] == ["poll.py"]
