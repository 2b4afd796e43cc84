"""Which distribution brings a module: by a table, by the project's environment, by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import tomli

from lint_rules.project.disk import is_file, is_folder, remembered
from lint_rules.project.requirements import normal_name, read_text


class _Table:
    """The rows of distributions.toml."""

    def __init__(self) -> None:
        content = tomli.loads(Path(__file__).with_name("distributions.toml").read_text(encoding="utf-8"))
        self.by_module: dict[str, tuple[str, ...]] = {}
        for section in ("measured", "written"):
            for module, names in content[section].items():
                self.by_module[module] = tuple(names)
        self.companions: dict[str, tuple[str, ...]] = {
            name: tuple(ones) for name, ones in content["companions"].items()
        }
        self.shared = frozenset(content["shared"]["names"])
        self.platform = frozenset(content["platform"]["names"])
        self.modules_of: dict[str, set[str]] = {}
        for module, names in self.by_module.items():
            for name in names:
                self.modules_of.setdefault(name, set()).add(module.partition(".")[0])


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table()


def known_distributions(module: str) -> tuple[str, ...]:
    """The distributions that the table names for a dotted module or for a package around it; () if it has none."""
    table = _table().by_module
    while module:
        if module in table:
            return table[module]
        module = module.rpartition(".")[0]
    return ()


def likely_distribution(module: str) -> str:
    """The name under which the module's distribution is most likely to be found."""
    known = known_distributions(module)
    return known[0] if known else normal_name(module.partition(".")[0])


def is_platform_module(top: str) -> bool:
    """Whether an interpreter or platform brings the module by itself."""
    return top in _table().platform


def lacking(declared: frozenset[str], module: str, names: Iterable[str], root: str) -> str:
    """The dotted module of an import that no declared distribution brings, "" if there is none.

    `from google.cloud import storage` may mean `google.cloud` or `google.cloud.storage`: the table knows which, or
    either will do.
    """
    inner = [f"{module}.{name}" for name in names if name != "*"]
    known = [one for one in inner if one in _table().by_module]
    if known:
        return next((one for one in known if not brings(declared, one, root)), "")
    return "" if any(brings(declared, one, root) for one in (module, *inner)) else module


@remembered(256)
def with_companions(declared: frozenset[str]) -> frozenset[str]:
    """The declared distributions and those that they bring for their users to import: `starlette` beside `fastapi`."""
    companions = _table().companions
    found = set(declared)
    waiting = list(declared)
    while waiting:
        name = waiting.pop()
        prefixes = (f"{name[:place]}-*" for place, letter in enumerate(name) if letter == "-")
        for key in (name, *prefixes):
            brought = [one for one in companions.get(key, ()) if one not in found]
            found.update(brought)
            waiting.extend(brought)
    return frozenset(found)


def brings(declared: Iterable[str], module: str, root: str) -> bool:
    """Whether one of the declared distributions (normal names) may be what brings a dotted module.

    Says yes too often rather than too seldom: names of which nothing is known are compared by their words.
    """
    names = frozenset(name for name in declared if not name.startswith("types-") and not name.endswith("-stubs"))
    table = _table()
    top = module.partition(".")[0]
    own = normal_name(top)
    known = known_distributions(module)
    if own in names or not names.isdisjoint(known):
        return True
    if known and top in table.shared:
        return False
    if not names.isdisjoint(known_distributions(top)):
        return True
    words = own.split("-")
    dotted = normal_name(module)
    for name in names:
        if name.replace("-", "") == own.replace("-", "") or name.rstrip("0123456789") == own:
            return True
        if top in table.shared and (name.startswith((own + "-", "apache-" + own)) or dotted.startswith(name)):
            return True
        if name in table.modules_of:
            if top in table.modules_of[name]:
                return True
            continue
        if _words_in(words, name.split("-")):
            return True
    in_environment = environment(root).get(top, frozenset())
    return not names.isdisjoint(in_environment)


_FILLERS = frozenset({"python", "py", "python3", "django", "flask", "client", "sdk", "api", "lib", "binary", "pkg"})


def _words_in(words: list[str], name: list[str]) -> bool:
    """Whether a distribution's name is the module's with other words around it: `slugify` in `python-slugify`."""
    if len(name) <= len(words):
        return "py" + "".join(words) == "".join(name) or "".join(words) + "py" == "".join(name)
    return any(
        name[start : start + len(words)] == words and (_FILLERS.intersection(name) or len("".join(words)) > 3)
        for start in range(len(name) - len(words) + 1)
    )


_TOP = re.compile(r"^([A-Za-z_]\w*)(?:/|\.py,|\.[\w-]+\.so,|\.so,|\.pyd,)", re.MULTILINE)


@remembered(16)
def environment(root: str) -> dict[str, frozenset[str]]:
    """The modules of the virtual environment in a project's folder, with the distributions that bring them."""
    found: dict[str, set[str]] = {}
    for folder in _site_packages(root):
        for entry in os.scandir(folder):
            if not entry.name.endswith(".dist-info"):
                continue
            name = normal_name(entry.name.removesuffix(".dist-info").rpartition("-")[0])
            tops = read_text(os.path.join(entry.path, "top_level.txt"))
            modules = tops.split() if tops else _TOP.findall(read_text(os.path.join(entry.path, "RECORD")) or "")
            for module in set(modules):
                found.setdefault(module, set()).add(name)
    return {module: frozenset(names) for module, names in found.items()}


def _site_packages(root: str) -> list[str]:
    found: list[str] = []
    for venv in (".venv", "venv", "env"):
        library = os.path.join(root, venv, "lib")
        if not is_file(os.path.join(root, venv, "pyvenv.cfg")) or not is_folder(library):
            continue
        folders = (os.path.join(library, name, "site-packages") for name in sorted(os.listdir(library)))
        found.extend(folder for folder in folders if is_folder(folder))
    return found
