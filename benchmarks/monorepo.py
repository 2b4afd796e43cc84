"""Make monorepos of many packages, and measure how tenlint's time grows with them.

    python benchmarks/monorepo.py --packages 50 --packages 100 --packages 200 --rules TEN08,TEN10
    python benchmarks/monorepo.py --packages 200 --keep /tmp/monorepos

Two repositories are made for each number: a uv workspace of Python packages (src layout) and a pnpm workspace of
TypeScript packages. A package has a manifest of its own and FILES modules, which import each other, libraries, and up
to three packages before it; every tenth package has one undeclared dependency and one import that leads nowhere, so
that a run that finds nothing is seen to be wrong. Time is that of the processor (user), of all processes together, and
without a cache.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from corpus import linter_environment

FILES = 12


def write_uv_workspace(root: Path, packages: int) -> int:
    """Write a uv workspace; returns the number of modules."""
    _write(
        root / "pyproject.toml",
        '[project]\nname = "mono"\nversion = "0"\n[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    )
    for number in range(packages):
        folder = root / "packages" / f"part{number}"
        needed = [f"part{one}" for one in _before(number)]
        declared = json.dumps(["fastapi", "httpx", "pydantic-settings", *needed])
        sources = "".join(f"{name} = {{ workspace = true }}\n" for name in needed)
        _write(
            folder / "pyproject.toml",
            f'[project]\nname = "part{number}"\nversion = "1"\nrequires-python = ">=3.11"\n'
            f"dependencies = {declared}\n[tool.uv.sources]\n{sources}",
        )
        own = folder / "src" / f"part{number}"
        _write(own / "__init__.py", "from .module0 import value0\n")
        for file in range(FILES):
            lines = ["import os", "import httpx", "from fastapi import APIRouter"]
            if file:
                lines.append(f"from .module{file - 1} import value{file - 1}")
            lines += [f"from {name}.module{file} import value{file} as {name}_value" for name in needed]
            if number % 10 == 0 and file == FILES - 1:
                lines += ["import yaml", f"from part{number}.modul1 import value1"]
            lines += ["", "router = APIRouter()", "", "", '@router.get("/")', f"def value{file}(name: str) -> str:"]
            lines += ["    return os.path.join(name, str(httpx.codes.OK))"]
            _write(own / f"module{file}.py", "\n".join(lines) + "\n")
    return packages * (FILES + 1)


def write_pnpm_workspace(root: Path, packages: int) -> int:
    """Write a pnpm workspace; returns the number of modules."""
    _write(root / "package.json", json.dumps({"name": "mono", "private": True, "devDependencies": {"typescript": "5"}}))
    _write(root / "pnpm-workspace.yaml", "packages:\n  - packages/*\n")
    _write(root / "tsconfig.base.json", json.dumps({"compilerOptions": {"module": "nodenext", "strict": True}}))
    for number in range(packages):
        folder = root / "packages" / f"part{number}"
        needed = [f"@mono/part{one}" for one in _before(number)]
        manifest = {
            "name": f"@mono/part{number}", "version": "1.0.0", "type": "module", "exports": {".": "./dist/index.js"},
            "dependencies": {"express": "^4.19.0", **dict.fromkeys(needed, "workspace:*")},
        }  # fmt: skip
        _write(folder / "package.json", json.dumps(manifest))
        _write(folder / "tsconfig.json", json.dumps({"extends": "../../tsconfig.base.json"}))
        exported = (f"export * from './module{file}.js'" for file in range(FILES))
        _write(folder / "src" / "index.ts", "\n".join(exported) + "\n")
        for file in range(FILES):
            lines = ["import path from 'node:path'", "import express from 'express'"]
            if file:
                lines.append(f"import {{ value{file - 1} }} from './module{file - 1}.js'")
            lines += [f"import {{ value{file} as other{place} }} from '{name}'" for place, name in enumerate(needed)]
            if number % 10 == 0 and file == FILES - 1:
                lines += ["import yaml from 'yaml'", "import { value1 } from './modul1.js'"]
            others = [f"other{place}" for place in range(len(needed))]
            called = [*others, *([f"value{file - 1}"] if file else [])]
            called += ["yaml.parse", "value1"] if number % 10 == 0 and file == FILES - 1 else []
            lines += [f"export const router{file} = express.Router()"]
            lines += [f"export const value{file} = (name) => path.join(name, {', '.join([*called, 'name'])})"]
            _write(folder / "src" / f"module{file}.ts", "\n".join(lines) + "\n")
    return packages * (FILES + 1)


def _before(number: int) -> Iterator[int]:
    """Three packages that one needs: its neighbour, one half-way, the first."""
    yield from sorted({one for one in (number - 1, number // 2, 0) if 0 <= one < number})


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def user_seconds(command: list[str]) -> tuple[float, int]:
    """Processor time of a command and of the processes it starts, and how many lines it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, capture_output=True, text=True, env=linter_environment(), check=False)
    if done.returncode > 1:
        raise click.ClickException(done.stderr.strip() or f"exit code {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    return after - before, done.stdout.count(": TEN")


@click.command()
@click.option(
    "--packages", "sizes", type=click.IntRange(min=1), multiple=True, default=(50, 100, 200), show_default=True
)
@click.option("--rules", default="", help="Only these rules, as for --select; default: the default set.")
@click.option("--runs", default=3, show_default=True, help="The least of so many runs counts.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Write the repositories here, and keep them."
)
def main(sizes: tuple[int, ...], rules: str, runs: int, keep: Path | None) -> None:
    """Print a table: repository, packages, modules, seconds of user time, milliseconds per module, findings."""
    print("| workspace | packages | modules | user s | ms / module | findings |\n|---|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as temporary:
        base = keep or Path(temporary)
        for kind, write in (("uv", write_uv_workspace), ("pnpm", write_pnpm_workspace)):
            for size in sizes:
                root = base / f"{kind}-{size}"
                modules = write(root, size)
                command = [os.path.join(os.path.dirname(sys.executable), "tenlint"), "check", str(root), "--isolated"]
                command += ["--no-cache", "--output-format", "concise", *(("--select", rules) if rules else ())]
                results = [user_seconds(command) for _ in range(runs)]
                seconds, found = min(results)
                each = 1000 * seconds / modules
                print(f"| {kind} | {size} | {modules:,} | {seconds:.2f} | {each:.2f} | {found} |", flush=True)


if __name__ == "__main__":
    main()
