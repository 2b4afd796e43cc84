"""tenlint runs its own regular expressions over text that others wrote: each must take time in proportion to it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lint_rules
from lint_rules.languages.backtracking import EXPONENTIAL, POLYNOMIAL, backtracking, backtracking_of_javascript
from lint_rules.languages.tables import read_table

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
        waiting: list[tuple[str, Any, int]] = [
            (f"{module.__name__}.{key}", one, 0) for key, one in vars(module).items()
        ]
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
            is_run = node.func.attr in FUNCTIONS and isinstance(owner, ast.Name) and owner.id == "re"
            if is_run and isinstance(given, ast.Constant) and isinstance(given.value, str | bytes):
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                yield place, given.value, node.func.attr == "fullmatch"


def in_tables() -> Iterator[tuple[str, str]]:
    """All texts of the tables: which of them are patterns, only their readers know."""
    for path in sorted(PACKAGE.rglob("*.toml")):
        waiting: list[Any] = [read_table(path)]
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


EXPONENTIAL_PATTERNS = [
    r"(a+)+$",
    r"([a-zA-Z]+)*$",
    r"(a|aa)+$",
    r"(a|a?)+$",
    r"(a|a)*b",
    r"(a?b?)*c",
    r"(a*)*b",
    r"(.*a){20}$",
    r"^(\w+\s?)*$",
    r"^([a-z0-9]([-.]?[a-z0-9]+)*)+@",
    r"(?=(a+)+$)x",
    r"(\s*,?\s*)*x",
    r"^((?:\w{1,16} ?){1,16})$",
    r"((a{2,}b?)+)+c",
    r"(?:a|[^b])+b",
]
POLYNOMIAL_PATTERNS = [r"a*a*$", r"^\d+\d+$", r"\s*#?\s*$", r".*foo.*bar", r"^\w+\d*@", r"(a+b)*a*b?a*c"]
LINEAR_PATTERNS = [
    r"(a+)+",  # nothing behind it can fail
    r"(a+)+.*$",
    r"a*a*",
    r"a*b*$",
    r"(?:[a-z0-9-]{1,63}\.)+com$",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"^\w+(?:-\w+)*$",
    r"^[^@]+@[^@]+$",
    r'"(?:[^"\\]|\\.)*"',
    r"(?:\w+,)*\w+$",
    r"\d{1,20}\d{1,20}x",
    r"(a",  # does not parse
    r"x{99999999999}",
]


@pytest.mark.parametrize("pattern", EXPONENTIAL_PATTERNS)
def test_exponential(pattern: str) -> None:
    found = backtracking(pattern)
    assert found is not None and found.growth == EXPONENTIAL and found.pump


@pytest.mark.parametrize("pattern", POLYNOMIAL_PATTERNS)
def test_polynomial(pattern: str) -> None:
    found = backtracking(pattern)
    assert found is not None and found.growth == POLYNOMIAL and found.pump


@pytest.mark.parametrize("pattern", LINEAR_PATTERNS)
def test_linear(pattern: str) -> None:
    assert backtracking(pattern) is None


def test_whole_text_makes_the_end_fail() -> None:
    assert backtracking("(a+)+") is None
    assert backtracking("(a+)+", is_whole=True) is not None
    assert backtracking(b"(a+)+", is_whole=True) is not None


@pytest.mark.parametrize(
    ("source", "flags", "growth"),
    [
        (r"(\w|\d)+;$", "", EXPONENTIAL),  # Python makes one class of it
        (r"^(?<part>[^/]+)+\/$", "", EXPONENTIAL),
        (r"[^]*[^]*x", "", POLYNOMIAL),
        (r"^(a|b)*$", "", None),
        (r"^[\w-]+(\.[\w-]+)*@([\w-]+\.)+[a-z]{2,}$", "i", None),
        (r"\p{L}+\p{L}+$", "u", None),  # is not understood
        (r"\u{1F600}+$", "u", None),
    ],
)
def test_of_javascript(source: str, flags: str, growth: str | None) -> None:
    found = backtracking_of_javascript(source, flags)
    assert (found.growth if found is not None else None) == growth


def test_pumps_are_real() -> None:
    """The text that is named makes the time grow: at least twice as long for two rounds more."""
    pattern = re.compile(r"^(\w+\s?)*$")
    found = backtracking(pattern.pattern)
    assert found is not None

    def seconds(rounds: int) -> float:
        start = time.perf_counter()
        pattern.match(found.pump * rounds + "!")
        return time.perf_counter() - start

    assert min(seconds(18) for _ in range(3)) > 4 * min(seconds(12) for _ in range(3))
