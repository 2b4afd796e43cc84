"""The formats of Python manifests, each read into what it declares."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import tomli
from msgspec import Struct, field

from lint_rules.project.disk import is_file, is_folder
from lint_rules.project.requirements import normal_name, read_text, required, requirement_name
from lint_rules.project.setup_script import read_setup_script


class Declared(Struct):
    """What one manifest declares; see project.manifests.Manifest."""

    name: str = ""
    requires_python: str = ""
    runtime: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    development: set[str] = field(default_factory=set)
    is_open: bool = False
    members: tuple[str, ...] = ()

    @property
    def says_anything(self) -> bool:
        """Whether it speaks of dependencies at all: a file of tools' settings does not."""
        return bool(self.name or self.runtime or self.optional or self.development or self.is_open)


Found = Iterator[tuple[str, Declared]]


def _names(requirements: Any) -> set[str]:
    """The distributions of a list of requirements."""
    if not isinstance(requirements, list):
        return set()
    return {name for one in requirements if isinstance(one, str) and (name := requirement_name(one))}


def _table(value: Any, *path: str) -> dict[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _pyproject(folder: str, names: frozenset[str]) -> Found:
    if "pyproject.toml" not in names:
        return
    path = os.path.join(folder, "pyproject.toml")
    content = toml(path)
    if content is None:
        return
    declared = Declared()
    project = _table(content, "project")
    if project:
        _project_table(project, declared, folder)
    groups = _table(content, "dependency-groups")
    for group, requirements in groups.items():
        (declared.optional if _PRODUCTION.search(group) else declared.development).update(_names(requirements))
    _poetry(_table(content, "tool", "poetry"), declared)
    for group in _table(content, "tool", "pdm", "dev-dependencies").values():
        declared.development |= _names(group)
    uv = _table(content, "tool", "uv")
    declared.development |= _names(uv.get("dev-dependencies"))
    members = _table(uv, "workspace").get("members")
    declared.members = tuple(one for one in members if isinstance(one, str)) if isinstance(members, list) else ()
    for environment in _table(content, "tool", "hatch", "envs").values():
        for key in ("dependencies", "extra-dependencies"):
            declared.development |= _names(_table(environment).get(key) if isinstance(environment, dict) else None)
    yield path, declared


def _project_table(project: dict[str, Any], declared: Declared, folder: str) -> None:
    declared.name = normal_name(project["name"]) if isinstance(project.get("name"), str) else ""
    written = project.get("requires-python")
    declared.requires_python = written if isinstance(written, str) else ""
    declared.runtime |= _names(project.get("dependencies"))
    for extra, requirements in _table(project, "optional-dependencies").items():
        is_development = normal_name(extra) in _DEVELOPMENT
        (declared.development if is_development else declared.optional).update(_names(requirements))
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        # The build backend reads them from somewhere: from files beside this one, which are read too, or by a hook.
        siblings = (os.path.join(folder, name) for name in ("setup.py", "setup.cfg", "requirements.txt"))
        declared.is_open = not any(map(is_file, siblings))


_DEVELOPMENT = frozenset(
    {"dev", "develop", "development", "test", "tests", "testing", "lint", "linting", "doc", "docs", "typing", "types"}
)
_PRODUCTION = re.compile(
    r"(?:^|[-_])(?:prod|production|deploy|deployment|server|web|api|worker|workers|runtime|app|service|backend|main"
    r"|default|base|core|extras?|optional)(?:$|[-_])", re.IGNORECASE,
)  # fmt: skip
"""Names of groups that are for what runs, although they are no extras."""


def _poetry(poetry: dict[str, Any], declared: Declared) -> None:
    if not poetry:
        return
    if isinstance(poetry.get("name"), str):
        declared.name = declared.name or normal_name(poetry["name"])
    dependencies = _table(poetry, "dependencies")
    python = dependencies.get("python")
    if isinstance(python, str):
        declared.requires_python = declared.requires_python or python
    for name, wanted in dependencies.items():
        if name == "python":
            continue
        is_optional = isinstance(wanted, dict) and wanted.get("optional") is True
        (declared.optional if is_optional else declared.runtime).add(normal_name(name))
    declared.development |= set(map(normal_name, _table(poetry, "dev-dependencies")))
    for group, content in _table(poetry, "group").items():
        given = set(map(normal_name, _table(content, "dependencies")))
        if group == "main":
            declared.runtime |= given
        else:
            is_optional_group = isinstance(content, dict) and content.get("optional") is True
            is_development = normal_name(group) in _DEVELOPMENT or not (is_optional_group or _PRODUCTION.search(group))
            (declared.development if is_development else declared.optional).update(given)


_REQUIREMENTS = re.compile(r"(?=(?:.*[-_.])?(?:requirements?|reqs?)[-_.]).*\.(?:txt|in|pip)", re.IGNORECASE)
_DEVELOPMENT_FILE = re.compile(
    r"(?:^|[-_./])(?:dev|devel|develop|development|tests?|testing|docs?|lint|linting|ci|local|typing|mypy|build"
    r"|tools?|style|qa|quality|benchmarks?|precommit|pre-commit)(?:[-_.]|$)",
    re.IGNORECASE,
)
_FOLDERS = ("requirements", "requirement", "reqs", "deps")


def _requirements(folder: str, names: frozenset[str]) -> Found:
    paths = [os.path.join(folder, name) for name in sorted(names) if _REQUIREMENTS.fullmatch(name)]
    for inner in _FOLDERS:
        if inner in names and is_folder(os.path.join(folder, inner)):
            below = os.path.join(folder, inner)
            paths.extend(
                os.path.join(below, name) for name in sorted(os.listdir(below)) if name.endswith((".txt", ".in"))
            )
    # `requirements.txt` first: this is where a new dependency goes.
    for path in sorted(paths, key=lambda one: (os.path.basename(one) != "requirements.txt", one)):
        found, is_open = required(path)
        is_development = _DEVELOPMENT_FILE.search(os.path.basename(path)) is not None
        if os.path.basename(path).startswith("constraints"):
            continue
        if is_development:
            yield path, Declared(development=set(found))
        else:
            yield path, Declared(runtime=set(found), is_open=is_open)


def _setup_cfg(folder: str, names: frozenset[str]) -> Found:
    if "setup.cfg" not in names:
        return
    path = os.path.join(folder, "setup.cfg")
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text(path) or "")
    except configparser.Error:
        return
    declared = Declared()
    if parser.has_section("metadata"):
        declared.name = normal_name(parser.get("metadata", "name", fallback=""))
    if parser.has_section("options"):
        declared.requires_python = parser.get("options", "python_requires", fallback="")
        _cfg_list(parser.get("options", "install_requires", fallback=""), declared.runtime, declared, folder)
        _cfg_list(parser.get("options", "tests_require", fallback=""), declared.development, declared, folder)
    if parser.has_section("options.extras_require"):
        for extra, value in parser.items("options.extras_require"):
            kind = declared.development if normal_name(extra) in _DEVELOPMENT else declared.optional
            _cfg_list(value, kind, declared, folder)
    yield path, declared


def _cfg_list(value: str, into: set[str], declared: Declared, folder: str) -> None:
    for line in re.split(r"[\n]|(?<=[\w\]]);(?=\s*\w+[<>=]*$)", value):
        written = line.strip()
        if written.startswith("file:"):
            for name in written[5:].split(","):
                found, is_open = required(os.path.join(folder, name.strip()))
                into |= found
                declared.is_open = declared.is_open or is_open
        elif written and not written.startswith("#") and (name := requirement_name(written)):
            into.add(name)


def _setup_py(folder: str, names: frozenset[str]) -> Found:
    if "setup.py" not in names:
        return
    path = os.path.join(folder, "setup.py")
    script = read_setup_script(path)
    if script is None:
        return
    siblings = any(_REQUIREMENTS.fullmatch(name) for name in names) or "requirements" in names
    declared = Declared(normal_name(script.name), script.requires_python, is_open=script.is_open and not siblings)
    declared.runtime |= {name for one in script.runtime if (name := requirement_name(one))}
    declared.development |= {name for one in script.development if (name := requirement_name(one))}
    for extra, requirements in script.extras.items():
        kind = declared.development if normal_name(extra) in _DEVELOPMENT else declared.optional
        kind |= {name for one in requirements if (name := requirement_name(one))}
    yield path, declared


def _pipfile(folder: str, names: frozenset[str]) -> Found:
    if "Pipfile" not in names:
        return
    path = os.path.join(folder, "Pipfile")
    content = toml(path)
    if content is None:
        return
    declared = Declared(
        runtime=set(map(normal_name, _table(content, "packages"))),
        development=set(map(normal_name, _table(content, "dev-packages"))),
    )
    python = _table(content, "requires").get("python_version")
    declared.requires_python = f"=={python}.*" if isinstance(python, str) else ""
    yield path, declared


_CONDA_ITEM = re.compile(r"^\s*-\s*[\"']?(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)(?=[\[=<>!~\"'\s@]|$)")


def _environment(folder: str, names: frozenset[str]) -> Found:
    for name in ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml"):
        if name not in names:
            continue
        path = os.path.join(folder, name)
        declared = Declared()
        in_dependencies = False
        for line in (read_text(path) or "").splitlines():
            if line[:1].strip() and not line.startswith(("-", "#")):
                in_dependencies = line.startswith("dependencies:")
                continue
            item = _CONDA_ITEM.match(line.split(" #")[0]) if in_dependencies else None
            if item is not None and item.group(1) not in ("python", "pip") and not line.rstrip().endswith(":"):
                declared.runtime.add(normal_name(item.group(1)))
        yield path, declared


_EXTRA = re.compile(r"\bextra\s*==\s*[\"']([^\"']+)")


def _metadata(folder: str, names: frozenset[str]) -> Found:
    """The metadata of an unpacked wheel (`*.dist-info/METADATA`) or source distribution (`PKG-INFO`)."""
    found = [os.path.join(folder, name, "METADATA") for name in sorted(names) if name.endswith(".dist-info")]
    if len(found) != 1:  # site-packages is no project
        return
    declared = Declared()
    for line in (read_text(found[0]) or "").splitlines():
        key, _, value = line.partition(":")
        value = value.strip()
        if key == "Name":
            declared.name = declared.name or normal_name(value)
        elif key == "Requires-Python":
            declared.requires_python = declared.requires_python or value
        elif key == "Requires-Dist" and (name := requirement_name(value)):
            extra = _EXTRA.search(value)
            if extra is None:
                declared.runtime.add(name)
            else:
                kind = declared.development if normal_name(extra.group(1)) in _DEVELOPMENT else declared.optional
                kind.add(name)
    yield found[0], declared


def toml(path: str) -> dict[str, Any] | None:
    """The content of a TOML file, None if there is none or it does not parse."""
    try:
        return tomli.loads(read_text(path) or "")
    except (tomli.TOMLDecodeError, RecursionError):
        return None


FORMATS: tuple[Callable[[str, frozenset[str]], Found], ...] = (
    _pyproject, _setup_cfg, _setup_py, _requirements, _pipfile, _environment, _metadata,
)  # fmt: skip
"""Readers of one kind of manifest each: given a folder and the names in it, the files found and what they declare."""
