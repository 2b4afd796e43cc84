"""What a change does to the findings on real code: which appear, which disappear, one line each.

    python benchmarks/ecosystem.py main HEAD
    python benchmarks/ecosystem.py main HEAD --package prefect --select TEN01,TEN02

Both revisions are checked out beside each other and run by this Python with the packages that it has; `.` stands for
the working tree as it is. A finding is known by its rule, file, message and the text of its line, so that one which
only moved is no difference. Exit code 0, whatever the differences.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import click
from corpus import BENCHMARKS, Package, fetched_packages, relative_to_tree, run_tenlint

REPOSITORY = BENCHMARKS.parent


class Known(NamedTuple):
    """What one finding is known by."""

    code: str
    file: str
    message: str
    line: str


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A folder with the files of a revision; a revision that git does not know is a `ClickException`."""
    if revision == ".":
        yield REPOSITORY
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", "--format=tar", revision], cwd=REPOSITORY, capture_output=True, check=False
        )
        if archive.returncode:
            raise click.ClickException(f"git has no revision {revision}: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def findings(checkout: Path, package: Package, select: str | None) -> dict[Known, list[int]]:
    """What the tenlint of a checkout finds in a package: the lines of every finding."""
    found: dict[Known, list[int]] = {}
    texts: dict[str, list[str]] = {}
    for one in run_tenlint([sys.executable, str(checkout / "cli.py")], package.tree, select):
        file = relative_to_tree(package, one["filename"])
        if file not in texts:
            texts[file] = (package.tree / file).read_text(encoding="utf-8", errors="replace").splitlines()
        row = one["location"]["row"]
        line = texts[file][row - 1].strip() if row <= len(texts[file]) else ""
        found.setdefault(Known(one["code"], file, one["message"], line), []).append(row)
    return found


@click.command(help=(__doc__ or "").splitlines()[0])
@click.argument("base")
@click.argument("head")
@click.option("--package", "packages", multiple=True, metavar="NAME", help="Only these packages; repeatable.")
@click.option("--select", metavar="RULES", help="As for `tenlint check`.")
def main(base: str, head: str, packages: tuple[str, ...], select: str | None) -> None:
    more, fewer = Counter[str](), Counter[str]()
    with ExitStack() as stack:
        before, after = (stack.enter_context(checked_out(revision)) for revision in (base, head))
        for package in fetched_packages(packages):
            old, new = findings(before, package, select), findings(after, package, select)
            for known in sorted(old.keys() | new.keys()):
                was, now = old.get(known, []), new.get(known, [])
                sign, rows = ("+", now[len(was) :]) if len(now) > len(was) else ("-", was[len(now) :])
                for row in rows:
                    click.echo(f"{sign} {package.name} {known.file}:{row}: {known.code} {known.message}")
                    (more if sign == "+" else fewer)[known.code] += 1
    for code in sorted(more.keys() | fewer.keys()):
        click.echo(f"{code}: {more[code]} appear, {fewer[code]} disappear")
    click.echo(f"{more.total()} findings appear, {fewer.total()} disappear between {base} and {head}")


if __name__ == "__main__":
    main()
