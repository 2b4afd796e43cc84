"""Download the pinned wheels of corpus.toml, verify their checksums, and unpack them.

    python benchmarks/fetch.py [--only NAME]

Wheels go to benchmarks/.corpus/wheels, trees to benchmarks/.corpus/<name>-<version>. What is there and intact is left
alone. JavaScript and TypeScript files are left out of the trees: they are bundles built for browsers, and the Python
peers do not read them. Nothing is installed and no code of a package is run.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import click
from corpus import CORPUS, WHEELS, Package, count_lines, load_packages

LEFT_OUT = {".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"}


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Only this package; repeatable.")
@click.option("--force", is_flag=True, help="Unpack again what is there, as after a linter has changed files.")
def main(only: tuple[str, ...], force: bool) -> None:
    """Fill benchmarks/.corpus with the packages of corpus.toml."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    for package in load_packages(only):
        wheel = WHEELS / package.wheel
        if wheel.is_file():
            verify(wheel, package)
        else:
            click.echo(f"{package.name} {package.version}: downloading")
            download(package)
        if not force and package.tree.is_dir() and count_lines(package.tree) == package.lines:
            click.echo(f"{package.name} {package.version}: there, {package.lines:,} lines")
            continue
        unpack(wheel, package)
        click.echo(f"{package.name} {package.version}: unpacked, {package.lines:,} lines")


def download(package: Package) -> None:
    """Download the wheel into WHEELS; it gets there only when its name and checksum are the pinned ones."""
    with tempfile.TemporaryDirectory(dir=CORPUS, prefix="download-") as folder:
        command = [
            sys.executable, "-m", "pip", "download", f"{package.name}=={package.version}",
            "--no-deps", "--only-binary=:all:", "--python-version", package.python_version, "--dest", folder,
        ]  # fmt: skip
        if package.platform:
            command += ["--implementation", "cp", "--platform", package.platform]
        run = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if run.returncode != 0:
            raise click.ClickException(f"pip could not download {package.name} {package.version}:\n{run.stderr}")
        names = sorted(path.name for path in Path(folder).iterdir())
        if names != [package.wheel]:
            raise click.ClickException(f"pip chose {', '.join(names)}; corpus.toml pins {package.wheel}")
        wheel = Path(folder) / package.wheel
        verify(wheel, package)
        wheel.replace(WHEELS / package.wheel)


def verify(wheel: Path, package: Package) -> None:
    """Raise a `ClickException` unless the wheel's SHA-256 is the pinned one."""
    actual = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if actual != package.sha256:
        raise click.ClickException(f"{wheel} has sha256 {actual}; corpus.toml pins {package.sha256}; delete it")


def unpack(wheel: Path, package: Package) -> None:
    """Unpack the wheel beside its place and move it there, so that a tree is complete or absent."""
    with tempfile.TemporaryDirectory(dir=CORPUS, prefix="unpack-") as folder, zipfile.ZipFile(wheel) as archive:
        fresh = Path(folder) / "tree"
        members = [name for name in archive.namelist() if Path(name).suffix not in LEFT_OUT]
        archive.extractall(fresh, members)
        lines = count_lines(fresh)
        if lines != package.lines:
            raise click.ClickException(f"{package.name}: {lines:,} lines; corpus.toml says {package.lines:,}")
        if package.tree.exists():
            shutil.rmtree(package.tree)
        fresh.rename(package.tree)


if __name__ == "__main__":
    main()
