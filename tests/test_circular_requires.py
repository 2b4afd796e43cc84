"""What the simulation of `require` says, against what Node.js does: generated modules that require each other."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lint_rules.languages.javascript.require_time import require_steps
from lint_rules.project.require_simulation import half_made

CASES = 100

_RUNNER = """
const path = require('path')
const fs = require('fs')
const root = process.argv[2]
const outcomes = {}
for (let number = 0; number < Number(process.argv[3]); number++) {
  const folder = path.join(root, `case${number}`)
  for (const start of fs.readdirSync(folder).sort()) {
    for (const key of Object.keys(require.cache)) if (key.startsWith(root)) delete require.cache[key]
    globalThis.taken = []
    globalThis.kept = []
    require(path.join(folder, start))
    const stale = globalThis.kept.filter(([, , value, target]) => require(target) !== value)
    const missing = globalThis.taken.filter(([, , type]) => type === 'undefined')
    outcomes[`case${number}/${start}`] = [...missing, ...stale].map(([file, row]) => `${file}:${row}`).sort()
  }
}
console.log(JSON.stringify(outcomes))
"""


def generate(folder: Path, seed: int) -> None:
    """Three to five modules that export `a` and `b` and take them of each other, in any order."""
    chance = random.Random(seed)
    names = "pqrst"[: chance.randint(3, 5)]
    for own in names:
        style = chance.choice(["replace", "add"])
        lines = ["module.exports = { a: 1, b: 2 }"] if style == "replace" else ["exports.a = 1", "module.exports.b = 2"]
        for number in range(chance.randint(1, 2)):
            other = chance.choice([name for name in names if name != own])
            member = chance.choice("ab")
            taken, kept = f"taken.push(['{own}.js', ROW, typeof", f"kept.push(['{own}.js', ROW, x{number},"
            read = f"taken.push(['{own}.js', ROW,"
            line = chance.choice(
                [
                    f"const {{ {member}: x{number} }} = require('./{other}'); globalThis.{taken} x{number}])",
                    f"const x{number} = require('./{other}').{member}; globalThis.{taken} x{number}])",
                    f"const x{number} = require('./{other}'); globalThis.{kept} require.resolve('./{other}')])",
                    f"const x{number} = require('./{other}'); globalThis.{kept} require.resolve('./{other}')]); "
                    f"globalThis.{read} String(x{number}.{member})])",
                    f"const x{number} = () => require('./{other}').{member}",
                ]
            )
            lines.insert(chance.randint(0, len(lines)), line)
        numbered = (line.replace("ROW", str(row)) for row, line in enumerate(lines, start=1))
        (folder / f"{own}.js").write_text("\n".join(numbered) + "\n")


def test_the_simulation_agrees_with_node(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not on this machine")
    for case in range(CASES):
        folder = tmp_path / f"case{case}"
        folder.mkdir()
        generate(folder, case)
    runner = tmp_path.parent / "runner.js"
    runner.write_text(_RUNNER)
    command = [node, str(runner), str(tmp_path), str(CASES)]
    outcomes = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    wrong = []
    for key, expected in outcomes.items():
        folder = (tmp_path / key).parent

        def steps(path: str, folder: Path = folder):  # type: ignore[no-untyped-def]
            def resolve(written: str) -> str:
                return str(folder / written[2:]) + ".js" if written.startswith("./") else ""

            return require_steps(Path(path).read_bytes(), path, resolve)

        found = sorted(
            f"{Path(one.module).name}:{Path(one.module).read_bytes()[: one.step.at[0]].count(10) + 1}"
            for one in half_made(str(tmp_path / key), steps)
        )
        if found != expected:
            wrong.append(f"{key}: Node {expected}, simulated {found}")
    assert not wrong, "\n".join(wrong[:20])
    assert sum(map(bool, outcomes.values())) > 50  # else the generator makes nothing worth comparing
