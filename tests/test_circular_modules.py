"""What the simulation of ES modules says, against what Node.js does: generated modules that import each other."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lint_rules.languages.javascript.evaluation_time import es_module
from lint_rules.project.evaluation_simulation import EsModule, read_too_early

CASES = 120

_RUNNER = """
import fs from 'node:fs'
import path from 'node:path'
const root = process.argv[2]
const outcomes = {}
for (const folder of fs.readdirSync(root).sort()) {
  // Modules are loaded once: each start has a copy of its own.
  for (const start of fs.readdirSync(path.join(root, folder)).sort()) {
    const copy = path.join(process.argv[3], `${folder}-${start}`)
    fs.cpSync(path.join(root, folder), copy, { recursive: true })
    try {
      await import(path.join(copy, start))
      outcomes[`${folder}/${start}`] = null
    } catch (error) {
      const place = /([a-z]+)\\.mjs:(\\d+)/.exec(error.stack.split('\\n').find((line) => line.includes(copy)))
      outcomes[`${folder}/${start}`] = `${place[1]}:${place[2]}`
    }
  }
}
console.log(JSON.stringify(outcomes))
"""


def generate(folder: Path, seed: int) -> None:
    """Three to five modules with a function, a class and a constant each, which import each other's in any order."""
    chance = random.Random(seed)
    names = "pqrst"[: chance.randint(3, 5)]
    for own in names:
        lines = ["export function load() { return 1 }", "export class Store {}", "export const size = 3"]
        lines.append(chance.choice(["export default class {}", "export default function () {}", "export default size"]))
        if chance.random() < 0.3:
            chance.shuffle(lines)
            lines = [line if line != "export default size" else "export default load" for line in lines]
        for number in range(chance.randint(1, 3)):
            other = chance.choice([name for name in names if name != own])
            lines.insert(chance.randint(0, len(lines)), statement(chance, other, number))
        (folder / f"{own}.mjs").write_text("\n".join(lines) + "\n")
    barrel = [f"export * from './{name}.mjs'" for name in chance.sample(names, 2)]
    (folder / "barrel.mjs").write_text("\n".join(barrel) + "\n")


def statement(chance: random.Random, other: str, number: int) -> str:
    """One import with a use of it; what nobody has twice may come by way of the barrel."""
    name = chance.choice(["load", "Store", "size", "default"])
    bound, taken = f"x{number}", f"import {{ {name} as x{number} }} from './{other}.mjs'"
    return chance.choice(
        [
            taken,
            f"import {{ Store as {bound} }} from './{other}.mjs'; class D{number} extends {bound} {{}}",
            f"import {{ Store as {bound} }} from './{other}.mjs'; const d{number} = new {bound}()",
            f"{taken}; const y{number} = {{ {bound} }}",
            f"{taken}; const f{number} = () => {bound}",
            f"{taken}; class F{number} {{ static first = {bound}; later = {bound} }}",
            f"{taken}; class G{number} {{ later = {bound}; method() {{ return {bound} }} }}",
            f"import * as n{number} from './{other}.mjs'; const z{number} = n{number}.{name}",
            f"import * as n{number} from './{other}.mjs'; export const all{number} = [n{number}]",
            f"import './{other}.mjs'",
            f"import {bound} from './{other}.mjs'; const g{number} = () => new {bound}()",
            f"import {bound} from './{other}.mjs'; const v{number} = {bound}",
            f"export {{ {name} as again{number} }} from './{other}.mjs'",
            f"export * as space{number} from './{other}.mjs'",
            f"import './barrel.mjs'; {taken}; export {{ {bound} as more{number} }}",
            f"import {{ {name} as x{number} }} from './{other}.mjs'; console.assert([{bound}].length)",
        ]
    )


def test_the_simulation_agrees_with_node(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not on this machine")
    root, copies = tmp_path / "cases", tmp_path / "copies"
    copies.mkdir()
    for case in range(CASES):
        folder = root / f"case{case}"
        folder.mkdir(parents=True)
        generate(folder, case)
    runner = tmp_path / "runner.mjs"
    runner.write_text(_RUNNER)
    command = [node, str(runner), str(root), str(copies)]
    outcomes = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    wrong = []
    for key, expected in outcomes.items():
        folder = (root / key).parent

        def module(path: str, folder: Path = folder) -> EsModule | None:
            def resolve(written: str) -> str:
                return str(folder / written[2:]) if written.startswith("./") else ""

            return es_module(Path(path).read_bytes(), path, resolve)

        early = read_too_early(str(root / key), module)
        found = None
        if early is not None:
            row = Path(early.module).read_bytes()[: early.step.at[0]].count(10) + 1
            found = f"{Path(early.module).stem}:{row}"
        if found != expected:
            wrong.append(f"{key}: Node {expected}, simulated {found}")
    assert not wrong, "\n".join(wrong[:20])
    assert sum(map(bool, outcomes.values())) > 100  # else the generator makes nothing worth comparing
