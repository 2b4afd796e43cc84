"""Which files a run looks at and which it reports on."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lint_rules.engine.config import Settings
from lint_rules.engine.discover import Discovered, discover, project_root, start_folder
from lint_rules.languages.language import language_of

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True)


def names(found: Discovered, folder: Path, which: str = "requested") -> list[str]:
    """The files of code; configuration files beside them have a test of their own."""
    code = (path for path in getattr(found, which) if language_of(path) != "config")
    return sorted(os.path.relpath(path, folder) for path in code)


def discovered(*paths: Path, **settings: object) -> Discovered:
    return discover([str(path) for path in paths], Settings(**settings))  # type: ignore[arg-type]


@pytest.fixture
def in_git(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    return tmp_path


@needs_git
def test_git_tells_what_is_ignored(in_git: Path) -> None:
    make(in_git, "tracked.py", "untracked.py", "ignored.py", "pkg/deleted.py", "pkg/types.pyi", "notes.txt", "web.js")
    (in_git / ".gitignore").write_text("ignored.py\n")
    git(in_git, "add", "tracked.py", "pkg")
    (in_git / "pkg" / "deleted.py").unlink()
    found = discovered(in_git)
    assert names(found, in_git) == ["pkg/types.pyi", "tracked.py", "untracked.py", "web.js"]
    assert found.root == str(in_git)
    assert list(found.files) == sorted(found.files)


def test_walk_honours_gitignore_outside_of_git(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "log.py", "sub/log.py", "sub/keep.py", "sub/deep/keep.py", "out/b.py")
    (tmp_path / ".gitignore").write_text("log.py\n/out/\nkeep.py\n[z-a\n!\n")
    (tmp_path / "sub" / ".gitignore").write_text("!keep.py\n")
    assert names(discovered(tmp_path), tmp_path) == ["a.py", "sub/deep/keep.py", "sub/keep.py"]


@needs_git
@pytest.mark.parametrize("with_git", [True, False])
def test_what_is_left_out_by_default(tmp_path: Path, with_git: bool) -> None:
    make(
        tmp_path, "app.py", "node_modules/x.py", "env/pyvenv.cfg", "env/lib/y.py", ".venv/z.py", "build/a.py",
        "src/dist/b.py", "c.egg-info/c.py", "vendor/d.py", "pkg/_vendor/e.py", "api_pb2.py", "api_pb2_grpc.py",
        ".tox/f.py", "__pycache__/g.py", "lib/site-packages/h.py", "builds/kept.py",
    )  # fmt: skip
    if with_git:
        git(tmp_path, "init")
    assert names(discovered(tmp_path), tmp_path) == ["app.py", "builds/kept.py"]
    # What is named is wanted, together with what lies below it.
    assert names(discovered(tmp_path / "build"), tmp_path) == ["build/a.py"]
    assert names(discovered(tmp_path / "lib/site-packages"), tmp_path) == ["lib/site-packages/h.py"]
    assert names(discovered(tmp_path / "env"), tmp_path) == ["env/lib/y.py"]
    assert names(discovered(tmp_path / "api_pb2.py"), tmp_path) == ["api_pb2.py"]


@pytest.mark.parametrize("with_git", [True, False])
def test_excludes_of_the_user(tmp_path: Path, with_git: bool) -> None:
    make(tmp_path, "app.py", "gen/a.py", "gen/deep/b.py", "src/x_gen.py", "src/y.py", "vendor/z.py", "pyproject.toml")
    if with_git and shutil.which("git"):
        git(tmp_path, "init")
    found = discovered(tmp_path, exclude=("gen/", "*_gen.py", "!vendor"))
    assert names(found, tmp_path) == ["app.py", "src/y.py", "vendor/z.py"]
    assert names(discovered(tmp_path / "gen", exclude=("gen/",)), tmp_path) == []


def test_force_exclude_holds_for_named_files(tmp_path: Path) -> None:
    make(tmp_path, "setup.py", "gen/a.py", "build/b.py", "c_pb2.py", "d.py")
    named = [tmp_path / name for name in ("gen/a.py", "build/b.py", "c_pb2.py", "d.py")]
    assert len(discovered(*named, exclude=("gen",)).requested) == 4
    assert names(discovered(*named, exclude=("gen",), force_exclude=True), tmp_path) == ["d.py"]
    assert names(discovered(tmp_path / "build", force_exclude=True), tmp_path) == []


def test_sub_folder_narrows_the_report_not_the_project(tmp_path: Path) -> None:
    make(tmp_path, "pyproject.toml", "app.py", "sub/a.py", "sub/b/c.py", "subs/d.py")
    found = discovered(tmp_path / "sub")
    assert found.root == str(tmp_path)
    assert names(found, tmp_path) == ["sub/a.py", "sub/b/c.py"]
    assert names(found, tmp_path, "files") == ["app.py", "sub/a.py", "sub/b/c.py", "subs/d.py"]


def test_the_root_of_a_plain_package_is_the_folder_from_which_it_is_imported(tmp_path: Path) -> None:
    package = tmp_path / "wheel" / "shop" / "views"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    found = discover([str(package)], Settings())
    assert found.root == str(tmp_path / "wheel")
    assert found.requested == {str(package / "__init__.py")}


def test_plain_folder_is_its_own_root(tmp_path: Path) -> None:
    make(tmp_path, "wheel/pkg/__init__.py", "wheel/pkg/a.py", "other/b.py")
    found = discovered(tmp_path / "wheel")
    assert found.root == str(tmp_path / "wheel")
    assert names(found, tmp_path, "files") == ["wheel/pkg/__init__.py", "wheel/pkg/a.py"]


def test_file_without_a_project_brings_what_it_may_import(tmp_path: Path) -> None:
    make(tmp_path, "script/main.py", "script/helpers/a.py", "other/b.py")
    found = discovered(tmp_path / "script/main.py")
    assert names(found, tmp_path) == ["script/main.py"]
    assert names(found, tmp_path, "files") == ["script/helpers/a.py", "script/main.py"]


@needs_git
def test_ignored_folder_that_is_named_is_walked_and_stands_alone(in_git: Path) -> None:
    make(in_git, "app.py", "corpus/lib/a.py", "corpus/lib/b.py")
    (in_git / ".gitignore").write_text("corpus/\n")
    found = discovered(in_git / "corpus/lib")
    assert found.root == str(in_git / "corpus/lib")
    assert names(found, in_git, "files") == ["corpus/lib/a.py", "corpus/lib/b.py"]
    # With a marker of its own it is a project, though git lists nothing of it.
    make(in_git, "corpus/lib/setup.cfg")
    assert names(discovered(in_git / "corpus/lib/a.py"), in_git, "files") == ["corpus/lib/a.py", "corpus/lib/b.py"]


@needs_git
def test_several_ignored_folders_stand_alone_together(in_git: Path) -> None:
    make(in_git, "app.py", "benchmarks/corpus/one/a.py", "benchmarks/corpus/two/b.py")
    (in_git / ".gitignore").write_text("corpus/\n")
    found = discovered(in_git / "benchmarks/corpus/one", in_git / "benchmarks/corpus/two")
    assert found.root == str(in_git / "benchmarks/corpus")
    assert names(found, in_git) == ["benchmarks/corpus/one/a.py", "benchmarks/corpus/two/b.py"]


def test_missing_paths_are_told(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.ts")
    (tmp_path / "broken.py").symlink_to("nowhere")
    found = discovered(tmp_path / "a.py", tmp_path / "b.ts", tmp_path / "gone.py", tmp_path / "broken.py")
    assert names(found, tmp_path) == ["a.py", "b.ts"]
    assert names(found, tmp_path, "missing") == ["broken.py", "gone.py"]


@pytest.mark.parametrize("with_git", [True, False])
def test_links_are_not_followed_unless_named(tmp_path: Path, with_git: bool) -> None:
    project = tmp_path / "project"
    make(tmp_path, "outside/secret.py", "project/a.py", "project/sub/b.py")
    (project / "loop").symlink_to(project, target_is_directory=True)
    (project / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (project / "link.py").symlink_to("a.py")
    (project / "broken.py").symlink_to("nowhere")
    os.mkfifo(project / "pipe.py")
    if with_git and shutil.which("git"):
        git(project, "init")
    assert names(discovered(project), project) == ["a.py", "sub/b.py"]
    assert names(discovered(project / "link.py"), project) == ["link.py"]
    assert names(discovered(project / "out"), project) == ["out/secret.py"]


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/b\xff\n'.py"
    with open(name, "wb"):
        pass
    if shutil.which("git"):
        git(tmp_path, "init")
    found = discovered(tmp_path)
    assert (found.files, found.requested) == ((), frozenset())
    assert [os.fsencode(path) for path in found.unnamable] == [name]


def test_deep_trees(tmp_path: Path) -> None:
    folder = tmp_path
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        with open("deep.py", "w"):
            pass
    finally:
        os.chdir(here)
    try:
        assert len(discovered(folder).requested) == 1
        if shutil.which("git"):
            git(folder, "init")
            assert len(discovered(folder).requested) == 1
    finally:
        # Deeper than shutil.rmtree, with which pytest clears up, can go.
        subprocess.run(("rm", "-rf", str(tmp_path / "d")), check=True)


@needs_git
def test_git_runs_nothing_of_the_repository(in_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(in_git, "a.py")
    canary = in_git / "canary"
    script = in_git / "evil"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    git(in_git, "config", "core.fsmonitor", str(script))
    hooks = in_git / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    shutil.copy(script, hooks / "post-index-change")
    bin_folder = in_git / "node_modules" / ".bin"
    bin_folder.mkdir(parents=True)
    shutil.copy(script, bin_folder / "git")
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    assert names(discovered(in_git), in_git) == ["a.py"]
    monkeypatch.setenv("PATH", os.environ["PATH"].partition(os.pathsep)[2])
    assert names(discovered(in_git), in_git) == ["a.py"]
    assert not canary.exists()


@needs_git
def test_variables_that_git_sets_for_hooks_do_not_mislead(in_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(in_git, "a.py")
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    assert names(discovered(in_git), in_git) == ["a.py"]


def test_root_is_the_nearest_folder_with_a_marker(tmp_path: Path) -> None:
    make(tmp_path, "pyproject.toml", "a/tenlint.toml", "a/b/c.py")
    assert project_root(str(tmp_path / "a" / "b")) == str(tmp_path / "a")
    assert project_root(str(tmp_path)) == str(tmp_path)


def test_files_of_a_hook_start_where_the_hook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "pyproject.toml", "a/pyproject.toml", "a/b.py", "c.py")
    monkeypatch.chdir(tmp_path)
    assert start_folder([str(tmp_path / "a/b.py")]) == str(tmp_path)
    assert start_folder([str(tmp_path / "a")]) == str(tmp_path / "a")
    monkeypatch.chdir("/")
    assert start_folder([str(tmp_path / "a/b.py")]) == str(tmp_path / "a")
    assert start_folder([str(tmp_path / "a/b.py"), str(tmp_path / "c.py")]) == str(tmp_path)


def test_hostile_patterns_do_not_hang(tmp_path: Path) -> None:
    make(tmp_path, "a" * 200 + ".py")
    (tmp_path / ".gitignore").write_text("*a" * 60 + "b\n" + "**/a" * 60 + "\n")
    assert len(discovered(tmp_path).requested) == 1  # a pattern that backtracks would not end


def test_files_of_settings_are_found_beside_the_code(tmp_path: Path) -> None:
    make(tmp_path, "app.py", ".env", "docker-compose.yml", "Dockerfile", "package-lock.json", "locales/de.json", "a.md")
    found = discovered(tmp_path)
    assert sorted(os.path.relpath(path, tmp_path) for path in found.requested) == [
        ".env", "Dockerfile", "app.py", "docker-compose.yml",
    ]  # fmt: skip
