"""tenlint runs its own regular expressions over text that others wrote: each must take time in proportion to it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lint_rules
from lint_rules.languages.backtracking import EXPONENTIAL, POLYNOMIAL, backtracking, backtracking_of_javascript

PACKAGE = Path(lint_rules.__file__).parent
FUNCTIONS = frozenset({"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"})


@lru_cache(maxsize=1)
def modules() -> tuple[ModuleType, ...]:
    return tuple(
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages([str(PACKAGE)], "lint_rules.")
        if not found.name.endswith("__main__")
    )


def compiled() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns that modules hold, in their containers and classes too."""
    for module in modules():
        waiting: list[tuple[str, Any, int]] = [(f"{module.__name__}.{key}", one, 0) for key, one in vars(module).items()]
        while waiting:
            name, value, depth = waiting.pop()
            if isinstance(value, re.Pattern):
                yield name, value
            elif depth < 3 and isinstance(value, dict):
                waiting.extend((f"{name}[{key!r:.20}]", one, depth + 1) for key, one in value.items())
            elif depth < 3 and isinstance(value, list | tuple | set | frozenset):
                waiting.extend((name, one, depth + 1) for one in value)
            elif depth < 3 and getattr(value, "__module__", None) == module.__name__ and hasattr(value, "__dict__"):
                waiting.extend((f"{name}.{key}", one, depth + 1) for key, one in vars(value).items())


def written_in_place() -> Iterator[tuple[str, str | bytes, bool]]:
    """The patterns that functions give to `re` as literals, and whether they are matched with the whole text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            owner, given = node.func.value, node.args[0]
            if node.func.attr in FUNCTIONS and isinstance(owner, ast.Name) and owner.id == "re":
                if isinstance(given, ast.Constant) and isinstance(given.value, str | bytes):
                    place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                    yield place, given.value, node.func.attr == "fullmatch"


def in_tables() -> Iterator[tuple[str, str]]:
    """All texts of the tables: which of them are patterns, only their readers know."""
    for path in sorted(PACKAGE.rglob("*.toml")):
        waiting: list[Any] = [tomllib.loads(path.read_text(encoding="utf-8"))]
        while waiting:
            value = waiting.pop()
            if isinstance(value, str):
                yield path.name, value
            elif isinstance(value, dict | list):
                waiting.extend(value.values() if isinstance(value, dict) else value)


def test_patterns_of_modules_are_linear() -> None:
    found = {
        f"{name}: {pattern.pattern!r:.150} on {slow.pump!r}"
        for name, pattern in compiled()
        if (slow := backtracking(pattern.pattern, pattern.flags)) is not None
    }
    assert not found, "\n".join(sorted(found))


def test_patterns_written_in_place_are_linear() -> None:
    found = {
        f"{place}: {pattern!r:.150} on {slow.pump!r}"
        for place, pattern, is_whole in written_in_place()
        if (slow := backtracking(pattern, is_whole=is_whole)) is not None
    }
    assert not found, "\n".join(sorted(found))


def test_patterns_in_tables_are_linear() -> None:
    found = {
        f"{place}: {pattern!r:.150} on {slow.pump!r}"
        for place, pattern in in_tables()
        if (slow := backtracking(pattern)) is not None
    }
    assert not found, "\n".join(sorted(found))
