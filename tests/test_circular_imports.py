"""What the simulation of imports says, against what CPython does: generated packages whose modules import each other."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lint_rules.languages.python.import_time import import_steps
from lint_rules.project.import_simulation import first_failure

CASES = 120

_RUNNER = """
import importlib, json, os, sys, traceback
root, cases = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, root)
sys.dont_write_bytecode = True
outcomes = {}
for case in range(cases):
    package = f"case{case}"
    names = sorted(json.load(open(os.path.join(root, package + ".json"))))
    for start in names:
        for loaded in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[loaded]
        try:
            importlib.import_module(start)
        except (ImportError, AttributeError) as error:
            frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(root)]
            outcomes[start] = [os.path.relpath(frames[-1].filename, root), frames[-1].lineno]
        else:
            outcomes[start] = None
print(json.dumps(outcomes))
"""


def generate(package: str, seed: int) -> dict[str, str]:
    """The modules of one package by dotted name, with their sources: imports, definitions and uses in any order."""
    chance = random.Random(seed)
    names = [package, *(f"{package}.{letter}" for letter in "abcd"[: chance.randint(2, 4)])]
    if chance.random() < 0.5:
        names += [f"{package}.inner", f"{package}.inner.e"]
    sources: dict[str, str] = {}
    for name in names:
        others = [other for other in names if other != name]
        lines = ["A = 1", "def load(*given):\n    return 2", "class C:\n    size = 3"]
        chance.shuffle(lines)
        for number in range(chance.randint(1, 3) if name != package else chance.randint(0, 1)):
            place = chance.randint(0, len(lines))
            lines.insert(place, statement(chance, name, chance.choice(others), number, package))
        sources[name] = "\n".join(["from typing import TYPE_CHECKING", *lines]) + "\n"
    return sources


def statement(chance: random.Random, importer: str, target: str, number: int, package: str) -> str:
    """One import of `target` with a use of it."""
    name = chance.choice(["A", "load", "C"])
    parent, _, last = target.rpartition(".")
    is_inner = importer.startswith(f"{package}.inner.") or importer == f"{package}.inner"
    relative = f".{target[len(package) + 1 :]}" if not is_inner and target != package else target
    forms = [
        f"from {target} import {name} as x{number}",
        f"from {target} import {name}\nclass D{number}({name if name == 'C' else 'object'}):\n    pass",
        f"import {target} as x{number}",
        f"import {target} as x{number}\ny{number} = x{number}.{name}",
        f"import {target}\ny{number} = {target}.{name}",
        f"import {target}\ndef f{number}():\n    return {target}.{name}",
        f"def g{number}():\n    from {target} import {name}\n    return {name}",
        f"if TYPE_CHECKING:\n    from {target} import {name}",
        f"try:\n    from {target} import {name} as x{number}\nexcept ImportError:\n    x{number} = None",
        f"from {relative} import {name} as x{number}",
        f"import {target} as x{number}\ndef h{number}(value=x{number}.{name}):\n    return value",
        f"import {target} as x{number}\nz{number} = lambda: x{number}.{name}",
        f"import {target} as x{number}\n@x{number}.load\ndef k{number}():\n    pass",
        f"from {target} import load as x{number}\n@x{number}\nclass K{number}:\n    pass",
        f"import {target} as x{number}\nclass L{number}:\n    size = x{number}.A\n    def later(self):\n"
        f"        return x{number}.C",
        f"from {target} import *",
    ]
    if parent:
        forms += [
            f"from {parent} import {last} as x{number}",
            f"from {parent} import {last}\ny{number} = {last}.{name}",
        ]
    if parent == package and not is_inner:
        forms += [
            f"from . import {last} as x{number}",
            f"from . import {last} as x{number}\ny{number} = [x{number}.{name}]",
        ]
    return chance.choice(forms)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, str]]]:
    root = tmp_path_factory.mktemp("cycles")
    packages: dict[str, dict[str, str]] = {}
    for case in range(CASES):
        package = f"case{case}"
        sources = packages[package] = generate(package, case)
        for name, source in sources.items():
            is_package = any(other.startswith(f"{name}.") for other in sources)
            path = root / (name.replace(".", "/") + ("/__init__.py" if is_package else ".py"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        (root / f"{package}.json").write_text(json.dumps(list(sources)))
    return root, packages


def simulated(sources: dict[str, str], start: str) -> tuple[str, int] | None:
    """Module and line at which loading `start` fails, by the simulation."""

    def is_package(name: str) -> bool:
        return any(other.startswith(f"{name}.") for other in sources)

    def steps(name: str):  # type: ignore[no-untyped-def]
        def resolve(written: str, level: int) -> str:
            if not level:
                return written
            parts = name.split(".") if is_package(name) else name.split(".")[:-1]
            return ".".join([*parts[: len(parts) - level + 1], *([written] if written else [])])

        return import_steps(sources[name].encode(), resolve)

    failure = first_failure(start, steps, is_package, sources.__contains__)
    if failure is None:
        return None
    return failure.module, sources[failure.module].encode()[: failure.step.at[0]].count(b"\n") + 1


def test_the_simulation_agrees_with_cpython(world: tuple[Path, dict[str, dict[str, str]]]) -> None:
    root, packages = world
    command = [sys.executable, "-c", _RUNNER, str(root), str(CASES)]
    outcomes = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    wrong = []
    failing = 0
    for sources in packages.values():
        for start in sorted(sources):
            expected = outcomes[start]
            found = simulated(sources, start)
            failing += expected is not None
            where = None
            if expected is not None:
                where = (expected[0].removesuffix(".py").removesuffix("/__init__").replace("/", "."), expected[1])
            if found != where:
                wrong.append(f"{start}: CPython {where}, simulated {found}")
    assert not wrong, "\n".join(wrong[:20])
    assert failing > 100  # else the generator makes nothing worth comparing
