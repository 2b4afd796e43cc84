"""Rows of the table in docs/reliability.md that belong to no one part: extreme inputs, hostile trees, bare machines.

Each test runs the command line, most in a process of its own, and looks at how it ended: never by a signal, never with
a traceback, with valid JSON, and with exit code 2 where something was not looked at.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import BLOCKING, CLEAN, ENVIRONMENT, ROOT, git, run, tenlint_process
from projects import FIXTURES

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
needs_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
SERVER = 'const fs = require("fs");\nasync function load() {\n  fs.readFileSync("a");\n}\nmodule.exports = { load };\n'


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


def found(folder: Path, *arguments: str, code: int = 1, **settings: Any) -> dict[str, list[str]]:
    """The codes by file name that a run in a process of its own finds."""
    printed = run(
        "check",
        ".",
        "--output-format",
        "json",
        "--no-cache",
        *arguments,
        cwd=folder,
        code=code,
        start=tenlint_process,
        **settings,
    )
    by_file: dict[str, list[str]] = {}
    for finding in json.loads(printed):
        by_file.setdefault(Path(finding["filename"]).name, []).append(finding["code"])
    return by_file


def in_function(expression: str) -> str:
    return f"import time\n\n\nasync def f(a):\n    time.sleep({expression})\n"


# Rows 4 and 5: extreme, and large.

EXTREME = {
    "brackets.py": in_function("[" * 100_000 + "]" * 100_000),
    "brackets_of_lines.py": in_function("[\n" * 20_000 + "]\n" * 20_000),
    "unary.py": in_function("-" * 50_000 + "1"),
    "strings.py": in_function("'x' " * 4000),
    "lambdas.py": in_function("lambda: " * 20_000 + "1"),
    "functions.py": "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(1200)) + " " * 1200 + "pass\n",
    "templates.ts": "x = " + "`${\n" * 10_000 + "1" + "}`\n" * 10_000,
}


def test_extreme_files_cost_themselves_alone(tmp_path: Path) -> None:
    """Row 4."""
    (tmp_path / "setup.cfg").touch()
    for name, text in EXTREME.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "good.py").write_text(BLOCKING)
    by_file = found(tmp_path, code=2)
    assert by_file["good.py"] == ["TEN0101"]
    for name in EXTREME:
        assert set(by_file.get(name, ["TEN0002"])) <= {"TEN0001", "TEN0002", "TEN0101"}, (name, by_file.get(name))


def test_large_files_within_the_limit_of_the_user(tmp_path: Path) -> None:
    """Row 5: 5 MB on one line, 200,000 entries, 100,000 lines, 300 kB of garbage (1 MB takes 12 s of processor time); memory stays bounded."""
    (tmp_path / "setup.cfg").touch()
    garbage = random.Random(5).choices("(){}[]:;,.+-*/=<>\"'`abc \n", k=300_000)
    (tmp_path / "one_line.py").write_text("x = '" + "a" * 5_000_000 + "'\n" + BLOCKING)
    (tmp_path / "entries.py").write_text(
        "TABLE = {\n" + "".join(f"    {n}: {n},\n" for n in range(200_000)) + "}\n" + BLOCKING
    )
    (tmp_path / "lines.py").write_text("x = 1\n" * 100_000 + BLOCKING)
    (tmp_path / "garbage.js").write_text("".join(garbage))
    (tmp_path / "good.js").write_text(SERVER)
    by_file = found(tmp_path, "--max-file-size", "20000000", "-j", "2", code=1)
    assert by_file["good.js"] == by_file["lines.py"] == by_file["one_line.py"] == ["TEN0101"]
    assert by_file["entries.py"] in (["TEN0101"], ["TEN0002"])
    assert set(by_file["garbage.js"]) == {"TEN0001"}
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert sys.platform == "darwin" or kilobytes < 1_500_000


@pytest.mark.parametrize(
    "text",
    [
        "print 'hello'\nexec 'x = 1'\n",
        "try:\n    pass\nexcept ValueError, error:\n    raise ValueError, 'no'\n",
        "def first[T](pair: tuple[T, T]) -> T:\n    return pair[0]\n",
        "name = f'{'inner'} {\"x\"}'\n",
        "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",
        "name = 'x'\ngreeting = t'hello {name}'\n",
        "match 1:\n    case [1, *rest] | {'a': rest}:\n        pass\n",
    ],
    ids=["python 2", "python 2 raise", "PEP 695", "PEP 701", "PEP 758", "t-strings", "match"],
)
def test_older_and_newer_syntax_is_noticed_at_most_and_the_rest_analysed(text: str, tmp_path: Path) -> None:
    """Row 6."""
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(f"{BLOCKING}\n\n{text}")
    codes = found(tmp_path)["app.py"]
    assert "TEN0101" in codes and "TEN0003" not in codes


# Rows 8 and 9: what lies in a folder that is no ordinary file.


def test_what_is_no_regular_file_is_noticed_and_nothing_hangs(tmp_path: Path) -> None:
    """Row 8: links in circles, out of the tree and to nothing, FIFOs, sockets, a file that nobody may read."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "setup.cfg").touch()
    (project / "app.py").write_text(BLOCKING)
    (tmp_path / "outside.py").write_text(BLOCKING)
    (project / "loop").symlink_to(".")
    (project / "out.py").symlink_to("../outside.py")
    (project / "broken.py").symlink_to("gone.py")
    (project / "itself.py").symlink_to("itself.py")
    os.mkfifo(project / "pipe.py")
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(project)  # names of sockets are short
        try:
            bound.bind("socket.py")
        finally:
            os.chdir(here)
        assert found(project) == {"app.py": ["TEN0101"]}
        for name in ("pipe.py", "socket.py", "itself.py"):
            finished = tenlint_process("check", name, "--no-cache", cwd=project)
            assert finished.returncode == 2 and b"Traceback" not in finished.stderr, name


@pytest.mark.parametrize("change", ["vanishes", "grows", "becomes a folder"])
def test_a_file_that_changes_while_the_run_is_under_way(change: str, tmp_path: Path) -> None:
    """Row 8: between the look for files and the look into them."""
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(BLOCKING)
    (tmp_path / "moving.py").write_text(CLEAN)
    action = {
        "vanishes": "os.unlink(path)",
        "grows": "open(path, 'a').write('#' * 2_000_000)",
        "becomes a folder": "os.unlink(path); os.mkdir(path)",
    }[change]
    script = (
        "import os, sys\nimport lint_rules.engine.pipeline as pipeline\nfrom lint_rules.app import main\n"
        "before, path = pipeline.find_modules, 'moving.py'\n"
        f"def later(*arguments):\n    {action}\n    return before(*arguments)\n"
        "pipeline.find_modules = later\nmain(['check', '.', '--no-cache', '--output-format', 'json'])\n"
    )
    finished = subprocess.run(
        (sys.executable, "-c", script), cwd=tmp_path, env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )  # fmt: skip
    assert finished.returncode == 2 and b"Traceback" not in finished.stderr, finished.stderr
    assert [finding["code"] for finding in json.loads(finished.stdout)] == ["TEN0101", "TEN0006"]


# Row 12: a repository that wants its code to be run.


@needs_git
def test_a_hostile_repository_runs_nothing(tmp_path: Path) -> None:
    """Row 12: modules that shadow ours, a build backend, programs called git, hooks, a bare repository within."""
    project, canary = tmp_path / "project", tmp_path / "canary"
    project.mkdir()
    git("init", "--quiet", folder=project)
    python, shell = f"open({str(canary)!r}, 'w')\n", f"#!/bin/sh\ntouch {canary}\n"
    for name in (
        "click.py",
        "json.py",
        "sitecustomize.py",
        "usercustomize.py",
        "setup.py",
        "conftest.py",
        "backend.py",
        "msgspec.py",
    ):
        (project / name).write_text(python)
    for name in ("lint_rules", "tree_sitter", "libcst"):
        (project / name).mkdir()
        (project / name / "__init__.py").write_text(python)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "orders"\ndynamic = ["dependencies"]\n'
    )
    (project / "package.json").write_text(
        '{"scripts": {"preinstall": "touch ' + str(canary) + '", "prepare": "touch x"}}'
    )
    (project / "eslint.config.js").write_text(f'require("fs").writeFileSync({str(canary)!r}, "")\n')
    programs = [
        project / "node_modules" / ".bin" / "git",
        project / "git",
        project / ".git" / "hooks" / "post-index-change",
    ]
    for program in programs:
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(shell)
        program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "core.hooksPath"):
        git("config", key, str(programs[1]) if key != "core.hooksPath" else ".git/hooks", folder=project)
    git("init", "--quiet", "--bare", "embedded", folder=project)
    git("config", "--file", "embedded/config", "core.fsmonitor", str(programs[1]), folder=project)
    (project / "embedded" / "app.py").write_text(BLOCKING)
    (project / "app.py").write_text(BLOCKING)
    git("-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "add", "app.py", "click.py", folder=project)
    git(
        "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message", "x", folder=project
    )
    canary.unlink(missing_ok=True)
    for arguments in (
        (".",),
        (".", "--new-from", "HEAD"),
        (".", "--staged"),
        ("embedded",),
        ("--fix", "--unsafe-fixes", "--diff", "."),
    ):
        finished = tenlint_process("check", "--no-cache", *arguments, cwd=project)
        assert finished.returncode in (0, 1, 2) and b"Traceback" not in finished.stderr, (arguments, finished.stderr)
        assert not canary.exists(), arguments
    assert b"TEN0101" in tenlint_process("check", ".", "--no-cache", cwd=project).stdout


# Row 13: manifests.

MANIFESTS = {
    "package.json": [
        "[" * 100_000 + "]" * 100_000,
        '{"dependencies": ' * 5000 + "1" + "}" * 5000,
        '{"dependencies": {"express": [], "": 1, "../../etc": "^1"}, "engines": {"node": ">=banana"}, "type": 7, "exports": [[[[]]]]}',
        '{// comment\n"name": "orders", "main": "../../../etc/passwd", "workspaces": ["../*", "**/**/**", 5],}',
        '{"dependencies": null, "imports": {"#a": "#b", "#b": "#a"}, "exports": {".": {"import": {"import": {}}}}}',
        "\0\0\0",
        '{"name": "' + "x" * 50_000_000 + '"}',
        '{"version": ' + "9" * 5000 + "}",
    ],
    "tsconfig.json": [
        '{"extends": "./tsconfig.json", "compilerOptions": {"paths": {"*": ["*"], "a/*": "x"}, "baseUrl": "../../.."}}',
        '{"extends": ["./a.json", "./a.json"], /* open\n "compilerOptions": []}',
        '{"references": [{"path": "."}], "compilerOptions": {"paths": {"' + "*" * 2000 + '": ["' + "*" * 2000 + '"]}, }, }',
        "{" * 50_000,
    ],
    "package-lock.json": ['{"packages": {"": ' * 3000, '{"lockfileVersion": "3", "packages": [1, 2]}', '{"packages": {"node_modules/a": {"version": {}}}}'],
    "pnpm-lock.yaml": ["a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(60)), "lockfileVersion: [\n", "- " * 50_000],
    "pyproject.toml": ["[" * 50_000, "[project]\ndependencies = [" + "[" * 5000, '[project]\nname = "orders"\ndependencies = ["requests >= banana", "../x", ""]\nrequires-python = ">=x"\n'],
    "requirements.txt": ["-r requirements.txt\n", "-r ../../../../etc/passwd\n-c /dev/zero\n", "requests==banana\n==1\n" + "[" * 10_000, "-e .\n" * 20_000, "a" * 5_000_000],
    "setup.cfg": ["[options]\ninstall_requires = %(install_requires)s\n", "[options\n", "[a]\n" * 20_000],
    "poetry.lock": ["[[package]]\n" * 50_000, "x = " + "[" * 20_000],
    "Pipfile": ["[packages]\nrequests = {version = 5}\n", "\0"],
    "compose.yaml": ["services: &s\n  a: *s\n", "services: {a: {env_file: [../../../../dev/zero]}}\n"],
    ".env": ["A=${A}\nB=${C}\nC=${B}\n", "A='" + "x" * 900_000],
}  # fmt: skip


@pytest.mark.parametrize("name", MANIFESTS)
def test_hostile_manifests_cost_nothing_but_themselves(name: str, tmp_path: Path) -> None:
    """Row 13. What a manifest cannot say is unknown, which is no reason for a finding."""
    for number, text in enumerate(MANIFESTS[name]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / ".git").mkdir()  # the root, whatever the manifest
        (folder / name).write_text(text)
        (folder / "app.py").write_text(BLOCKING)
        (folder / "server.js").write_text(SERVER)
        (folder / "client.ts").write_text(
            'import { load } from "a/b";\nimport x from "./server";\nexport const y = [load, x];\n'
        )
        # tenlint's own configuration may be in the same file, which then is a mistake that is told.
        by_file = found(folder, "--isolated", "-j", "1", code=1)
        assert by_file["app.py"] == ["TEN0101"], (number, by_file)
        assert "TEN0101" in by_file["server.js"], (number, by_file)
        assert not {"TEN0002", "TEN0003"} & {code for codes in by_file.values() for code in codes}, (number, by_file)


# Row 15: writing.


def test_a_run_that_is_killed_in_mid_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Row 15; and of a hard link each name has the old content or the new."""
    (tmp_path / "setup.cfg").touch()
    path, other = tmp_path / "app.py", tmp_path / "other.txt"
    path.write_text(BLOCKING)
    os.link(path, other)
    for function in ("fsync", "replace"):
        script = (
            "import os, signal\nfrom lint_rules.app import main\n"
            f"def die(*arguments, **options):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
            f"os.{function} = die\nmain(['check', 'app.py', '--no-cache', '--fix', '--unsafe-fixes'])\n"
        )
        finished = subprocess.run(
            (sys.executable, "-c", script), cwd=tmp_path, env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
        )  # fmt: skip
        assert finished.returncode == -signal.SIGKILL
        assert path.read_text() == other.read_text() == BLOCKING
    run("check", "app.py", "--no-cache", "--fix", "--unsafe-fixes", cwd=tmp_path, code=0)
    assert "asyncio.sleep" in path.read_text() and other.read_text() in (BLOCKING, path.read_text())


def test_a_hundred_and_one_findings_are_fixed_at_once_and_the_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    """Row 15."""
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text("import time\n\n\nasync def f():\n" + "    time.sleep(1)\n" * 101)
    run("check", "app.py", "--no-cache", "--fix", "--unsafe-fixes", cwd=tmp_path, code=0)
    fixed = (tmp_path / "app.py").read_text()
    assert fixed.count("await asyncio.sleep(1)") == 101
    run("check", "app.py", "--no-cache", "--fix", "--unsafe-fixes", cwd=tmp_path, code=0)
    assert (tmp_path / "app.py").read_text() == fixed


# Row 19: pre-commit hands over names in several processes.


@needs_git
def test_five_thousand_names_in_several_runs_find_the_same_however_they_are_split(tmp_path: Path) -> None:
    """Row 19: among them names with blanks, and files whose findings other files decide."""
    shutil.copytree(FIXTURES / "TEN0211" / "tickets_flask", tmp_path / "tickets")
    shutil.copytree(FIXTURES / "TEN0101" / "express_documents", tmp_path / "documents")
    names = [
        path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*")) if path.suffix in (".py", ".js")
    ]
    for number in range(5000 - len(names)):
        names.append(f"views {number}.py" if number % 100 == 0 else f"m{number}.py")
        (tmp_path / names[-1]).write_text(BLOCKING if number % 100 == 0 else CLEAN)
    git("init", "--quiet", folder=tmp_path)
    git("add", ".", folder=tmp_path)

    def places(parts: list[list[str]]) -> list[tuple[Any, ...]]:
        all_found = []
        for number, part in enumerate(parts):
            (tmp_path.parent / f"names{number}").write_text("\n".join(part))
            arguments = (
                "check",
                "--force-exclude",
                "--output-format=json",
                "--cache-dir=../cache",
                f"@../names{number}",
            )
            finished = tenlint_process(*arguments, cwd=tmp_path)
            assert finished.returncode in (0, 1), finished.stderr
            all_found += [
                (one["filename"], one["location"]["row"], one["code"], one["message"])
                for one in json.loads(finished.stdout)
            ]
        return sorted(all_found)

    whole = places([names])
    assert len(whole) >= 52 and {code for _, _, code, _ in whole} >= {"TEN0101", "TEN0211"}
    random.Random(19).shuffle(names)
    assert places([names[:1700], names[1700:3300], names[3300:]]) == whole


# Rows 18 and 23: bare machines.


def test_without_git_the_tree_is_walked_and_a_diff_is_refused(tmp_path: Path) -> None:
    """Row 18."""
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "app.py").write_text(BLOCKING)
    assert found(tmp_path, env={"PATH": str(tmp_path / "nowhere")}) == {"app.py": ["TEN0101"]}
    for option in ("--staged", "--new-from=HEAD", "--new-from-merge-base=main"):
        finished = tenlint_process("check", ".", option, cwd=tmp_path, env={"PATH": str(tmp_path / "nowhere")})
        assert finished.returncode == 2 and finished.stdout == b"" and b"git" in finished.stderr
        assert b"Traceback" not in finished.stderr


@needs_git
def test_a_submodule_is_a_project_of_its_own_and_a_detached_head_has_a_diff(tmp_path: Path) -> None:
    """Row 18."""
    library, service = tmp_path / "library", tmp_path / "service"
    for folder in (library, service):
        folder.mkdir()
        git("init", "--quiet", folder=folder)
        (folder / "app.py").write_text(BLOCKING)
        git("add", ".", folder=folder)
        git("commit", "--quiet", "--message", "app", folder=folder)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "library", folder=service)
    git("commit", "--quiet", "--message", "library", folder=service)
    git("checkout", "--quiet", "--detach", folder=service)
    (service / "new.py").write_text(BLOCKING)
    assert found(service, "--new-from", "HEAD") == {"new.py": ["TEN0101"]}
    (service / "library" / "more.py").write_text(BLOCKING)
    assert found(service / "library", "--new-from", "HEAD") == {"more.py": ["TEN0101"]}


BARE = """\
import os, socket, sys, tempfile

def refuse(*_, **__):
    raise AssertionError("a socket")

def full(*_, **__):
    raise OSError(28, "No space left on device")

{become}
socket.socket.connect = socket.socket.bind = socket.getaddrinfo = socket.create_connection = refuse
tempfile.mkdtemp = tempfile.mkstemp = tempfile.TemporaryFile = full
from lint_rules.app import main
main(sys.argv[1:])
"""


def bare(project: Path, *arguments: str, become: str = "") -> subprocess.CompletedProcess[bytes]:
    """A run without HOME, network and temporary files."""
    kept = {
        name: value
        for name, value in ENVIRONMENT.items()
        if name not in ("HOME", "USER", "LOGNAME") and not name.startswith("XDG")
    }
    environment = {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/nowhere"}
    return subprocess.run(
        (sys.executable, "-c", BARE.format(become=become), "check", *arguments), cwd=project, env=environment, capture_output=True, check=False
    )  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--no-cache",)])
def test_without_home_network_and_room_for_temporary_files(options: tuple[str, ...], tmp_path: Path) -> None:
    """Row 23."""
    for case in ("TEN0102/profile_service", "TEN0101/express_documents", "TEN0603/shop_flask"):
        shutil.copytree(FIXTURES / case, tmp_path / case.partition("/")[2])
    expected = run("check", ".", "--select=ALL", "--output-format=json", "--no-cache", cwd=tmp_path, code=1)
    finished = bare(tmp_path, ".", "--select=ALL", "--output-format=json", "-j2", *options)
    assert finished.returncode == 1 and finished.stderr == b"", finished.stderr
    assert finished.stdout.decode() == expected


@needs_root
def test_as_a_user_without_an_entry_on_a_disk_that_cannot_be_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Row 23: uid 54321, which no passwd file knows, may read the project and write nowhere."""
    folder = Path("/opt") if os.access("/opt", os.W_OK) else tmp_path_factory.getbasetemp()
    project = folder / f"tenlint-bare-{os.getpid()}"
    project.mkdir()
    try:
        (project / "setup.cfg").touch()
        (project / "app.py").write_text(BLOCKING)
        for path in (project, project / "app.py", project / "setup.cfg"):
            path.chmod(0o555)
        # Python's own files may be closed to others, so all that the run needs is loaded before.
        become = (
            "from contextlib import redirect_stdout, suppress\nfrom io import StringIO\nfrom lint_rules.app import main\n"
            "import libcst\n"
            "with redirect_stdout(StringIO()), suppress(SystemExit):\n    main(['check', '.', '--no-cache', '-j1'])\n"
            "os.setgid(54321)\nos.setuid(54321)\n"
        )
        finished = bare(project, ".", "--output-format=concise", become=become)
        assert finished.returncode == 1 and b"TEN0101" in finished.stdout, finished.stderr
        assert b"Traceback" not in finished.stderr
        assert sorted(path.name for path in project.iterdir()) == ["app.py", "setup.cfg"]
    finally:
        shutil.rmtree(project)
