"""Manifests of Python projects: every format, the nearest one, the names of modules and of distributions."""

from __future__ import annotations

from pathlib import Path

import pytest

from lint_rules.project.distributions import brings, environment, likely_distribution
from lint_rules.project.manifests import declarations, highest_python, lowest_python, manifest_in
from lint_rules.project.node_versions import lowest_version
from lint_rules.project.requirements import required


def write(folder: Path, files: dict[str, str]) -> str:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return str(folder)


FORMATS = {
    "pep621": {
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["Flask[async]>=2 ; python_version > \'3.8\'"]\n'
    },
    "poetry": {
        "pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = "^3.9"\nFlask = "*"\n'
    },
    "setup.cfg": {"setup.cfg": "[options]\ninstall_requires =\n    Flask>=2\n    # a comment\n"},
    "setup.py": {
        "setup.py": "from setuptools import setup\nNEEDS = ['Flask>=2']\nsetup(install_requires=NEEDS + [])\n"
    },
    "requirements": {"requirements.txt": "-r base.txt\n", "base.txt": "Flask==3.0 \\\n    --hash=sha256:00\n"},
    "requirements.in": {"requirements.in": "flask\n"},
    "folder": {"requirements/prod.txt": "flask\n"},
    "pipfile": {"Pipfile": '[packages]\nflask = "*"\n[dev-packages]\npytest = "*"\n'},
    "conda": {"environment.yml": "name: a\ndependencies:\n  - python=3.11\n  - flask>=2\n  - pip:\n    - httpx\n"},
    "wheel": {"a-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: a\nRequires-Dist: Flask>=2\n\nText\n"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_its_dependencies(name: str, tmp_path: Path) -> None:
    manifest = manifest_in(write(tmp_path, FORMATS[name]))
    assert manifest is not None
    assert "flask" in manifest.runtime
    assert not manifest.is_open


def test_what_is_for_development_is_apart(tmp_path: Path) -> None:
    text = """
        [project]
        name = "a"
        dependencies = ["flask"]
        [project.optional-dependencies]
        redis = ["redis"]
        test = ["pytest"]
        [dependency-groups]
        lint = ["ruff", {include-group = "test"}]
        [tool.uv]
        dev-dependencies = ["rich"]
        [tool.pdm.dev-dependencies]
        docs = ["sphinx"]
        [tool.hatch.envs.default]
        dependencies = ["coverage"]
    """.replace("        ", "")
    manifest = manifest_in(write(tmp_path, {"pyproject.toml": text, "requirements-dev.txt": "flask\nblack\n"}))
    assert manifest is not None
    assert manifest.runtime == {"flask"}
    assert manifest.optional == {"redis"}
    assert manifest.development == {"pytest", "ruff", "rich", "sphinx", "coverage", "black"}


def test_what_cannot_be_known_is_open(tmp_path: Path) -> None:
    write(tmp_path / "a", {"setup.py": "from setuptools import setup\nsetup(name='a', install_requires=compute())\n"})
    write(tmp_path / "b", {"pyproject.toml": '[project]\nname = "b"\ndynamic = ["dependencies"]\n'})
    write(tmp_path / "c", {"requirements.txt": "-r missing.txt\n"})
    assert all(manifest_in(str(tmp_path / name)).is_open for name in "abc")  # type: ignore[union-attr]


def test_setup_py_is_not_run(tmp_path: Path) -> None:
    write(tmp_path, {"setup.py": "open('ran', 'w')\nfrom setuptools import setup\nsetup(install_requires=['a'])\n"})
    assert manifest_in(str(tmp_path)) is not None
    assert not (tmp_path / "ran").exists()


def test_the_nearest_manifest_counts(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
            "requirements.txt": "flask\n",
            "mails/requirements.txt": "celery\n",
            "docs/requirements-docs.txt": "sphinx\n",
        },
    )
    mails = declarations(f"{root}/mails/worker.py", root)
    assert mails is not None and mails.names == {"celery"}
    docs = declarations(f"{root}/docs/conf.py", root)
    assert docs is not None and docs.names == {"sphinx", "flask"}
    assert declarations(str(tmp_path / "app.py"), root) is not None


def test_no_manifest_says_nothing(tmp_path: Path) -> None:
    assert declarations(str(tmp_path / "app.py"), str(tmp_path)) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("git+https://example.org/x.git@v1#egg=Tool_Box", "tool-box"),
        ("tool.box @ https://example.org/tool.zip", "tool-box"),
        ("Tool-Box[extra1,extra2]==1.0  # comment", "tool-box"),
        ("tool_box; sys_platform == 'linux'", "tool-box"),
        ("--index-url https://example.org\ntool-box", "tool-box"),
        ("https://example.org/tool_box-1.2-py3-none-any.whl", "tool-box"),
    ],
)
def test_lines_of_requirements(line: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(line + "\n")
    assert name in required(str(path))[0]


@pytest.mark.parametrize(
    ("declared", "module", "is_brought"),
    [
        ("pyyaml", "yaml", True),
        ("opencv-python-headless", "cv2", True),
        ("google-cloud-storage", "google.cloud.storage", True),
        ("azure-identity", "azure.identity", True),
        ("python-slugify", "slugify", True),
        ("types-requests", "requests", False),
        ("flask", "requests", False),
        ("requests", "yaml", False),
        ("ruamel-yaml", "ruamel.yaml", True),
    ],
)
def test_which_distribution_brings_a_module(declared: str, module: str, is_brought: bool, tmp_path: Path) -> None:
    assert brings([declared], module, str(tmp_path)) is is_brought


def test_the_environment_of_the_project_is_asked(tmp_path: Path) -> None:
    folder = ".venv/lib/python3.12/site-packages/Odd_Name-1.0.dist-info"
    root = write(tmp_path, {".venv/pyvenv.cfg": "home = /usr\n", f"{folder}/RECORD": "strange/__init__.py,,\n"})
    assert environment(root) == {"strange": frozenset({"odd-name"})}
    assert brings(["odd-name"], "strange", root)


def test_versions() -> None:
    assert lowest_python(">=3.10,<4") == (3, 10)
    assert highest_python(">=3.8,<3.12") == (3, 11)
    assert highest_python("no version") is None
    assert lowest_version("^16.14 || >=18") == (16, 14, 0)
    assert lowest_version(">=22.7") == (22, 7, 0)
    assert lowest_version("*") is None
    assert lowest_version("18.x") == (18, 0, 0)
    assert likely_distribution("yaml.nodes") == "pyyaml"
