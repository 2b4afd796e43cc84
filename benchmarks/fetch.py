"""Download the pinned wheels and npm tarballs of corpus.toml, verify their checksums, and unpack them.

    python benchmarks/fetch.py [--only NAME]

Archives go to benchmarks/.corpus/wheels, trees to benchmarks/.corpus/<name>-<version>. What is there and intact is left
alone. JavaScript and TypeScript files are left out of the trees of wheels: they are bundles built for browsers, and the
Python peers do not read them. Nothing is installed and no code of a package is run.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import click
from corpus import CORPUS, SUFFIXES, WHEELS, Package, count_lines, load_packages

LEFT_OUT = SUFFIXES["javascript"]


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Only this package; repeatable.")
@click.option("--force", is_flag=True, help="Unpack again what is there, as after a linter has changed files.")
def main(only: tuple[str, ...], force: bool) -> None:
    """Fill benchmarks/.corpus with the packages of corpus.toml."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    for package in load_packages(only):
        if package.archive.is_file():
            verify(package.archive, package)
        else:
            click.echo(f"{package.name} {package.version}: downloading")
            download(package)
        if not force and package.tree.is_dir() and count_lines(package.tree, package.language) == package.lines:
            click.echo(f"{package.name} {package.version}: there, {package.lines:,} lines")
            continue
        unpack(package)
        click.echo(f"{package.name} {package.version}: unpacked, {package.lines:,} lines")


def download(package: Package) -> None:
    """Download the archive into WHEELS; it gets there only when its name and checksum are the pinned ones."""
    with tempfile.TemporaryDirectory(dir=CORPUS, prefix="download-") as folder:
        command = _pip_command(package, folder) if package.wheel else _npm_command(package, folder)
        run = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if run.returncode != 0:
            raise click.ClickException(f"{package.name} {package.version} cannot be downloaded:\n{run.stderr}")
        names = sorted(path.name for path in Path(folder).iterdir())
        if names != [package.archive.name]:
            raise click.ClickException(f"got {', '.join(names)}; corpus.toml pins {package.archive.name}")
        archive = Path(folder) / package.archive.name
        verify(archive, package)
        archive.replace(package.archive)


def _pip_command(package: Package, folder: str) -> list[str]:
    command = [
        sys.executable, "-m", "pip", "download", f"{package.name}=={package.version}",
        "--no-deps", "--only-binary=:all:", "--python-version", package.python_version, "--dest", folder,
    ]  # fmt: skip
    return [*command, "--implementation", "cp", "--platform", package.platform] if package.platform else command


def _npm_command(package: Package, folder: str) -> list[str]:
    wanted = f"{package.npm or package.name}@{package.version}"
    return ["npm", "pack", "--silent", "--pack-destination", folder, wanted]


def verify(archive: Path, package: Package) -> None:
    """Raise a `ClickException` unless the archive's SHA-256 is the pinned one."""
    actual = hashlib.sha256(archive.read_bytes()).hexdigest()
    if actual != package.sha256:
        raise click.ClickException(f"{archive} has sha256 {actual}; corpus.toml pins {package.sha256}; delete it")


def unpack(package: Package) -> None:
    """Unpack the archive beside its place and move it there, so that a tree is complete or absent."""
    with tempfile.TemporaryDirectory(dir=CORPUS, prefix="unpack-") as folder:
        fresh = Path(folder) / "tree"
        if package.wheel:
            with zipfile.ZipFile(package.archive) as wheel:
                wheel.extractall(fresh, [name for name in wheel.namelist() if Path(name).suffix not in LEFT_OUT])
        else:
            with tarfile.open(package.archive) as tarball:
                tarball.extractall(Path(folder), filter="data")
            top = next(path for path in Path(folder).iterdir() if path.is_dir())  # npm packs into one folder
            top.rename(fresh)
        lines = count_lines(fresh, package.language)
        if lines != package.lines:
            raise click.ClickException(f"{package.name}: {lines:,} lines; corpus.toml says {package.lines:,}")
        if package.tree.exists():
            shutil.rmtree(package.tree)
        fresh.rename(package.tree)


if __name__ == "__main__":
    main()
