"""Write the [measured] rows of distributions.toml: modules whose distribution has another name, by metadata.

    python scripts/make_distributions.py [WHEEL_OR_FOLDER ...]

Reads the metadata of what is installed beside this interpreter, and of wheels (files, or folders that hold some).
Rows that are there already stay, so that every machine can add what it has.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import tomli

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "lint_rules" / "project" / "distributions.toml"
HEADING = "[measured]\n"
_NO_MODULES = re.compile(
    r"_|dev$|.*__mypyc$|tests?$|docs?$|examples?$|benchmarks?$|scripts?$|tools$|src$|conftest$|setup$"
)


def normal_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> Iterator[tuple[str, str]]:
    """Pairs of a top-level module and a distribution of this interpreter's environment."""
    for module, names in metadata.packages_distributions().items():
        for name in names:
            yield module, normal_name(name)


def in_wheel(path: Path) -> Iterator[tuple[str, str]]:
    """The same of one wheel, from the names of its files."""
    distribution = normal_name(path.name.split("-")[0])
    for name in zipfile.ZipFile(path).namelist():
        first, separator, _ = name.partition("/")
        module = first if separator else first.partition(".")[0]
        if module.isidentifier() and (separator or first.endswith((".py", ".so", ".pyd"))):
            yield module, distribution


def main() -> None:
    text = TABLE.read_text(encoding="utf-8")
    content = tomli.loads(text)
    rows = {module: set(names) for module, names in content["measured"].items()}
    pairs = set(installed())
    for argument in map(Path, sys.argv[1:]):
        for wheel in [argument] if argument.is_file() else sorted(argument.rglob("*.whl")):
            pairs.update(in_wheel(wheel))
    for module, name in pairs:
        is_same = normal_name(module) == name or module in content["written"] or module in content["shared"]["names"]
        if module.isidentifier() and not is_same and not _NO_MODULES.match(module):
            rows.setdefault(module, set()).add(name)
    lines = [f"{module} = [{', '.join(map(repr, sorted(names)))}]" for module, names in sorted(rows.items())]
    head = text[: text.index(HEADING) + len(HEADING)]
    TABLE.write_text(head + "\n".join(lines).replace("'", '"') + "\n", encoding="utf-8")
    print(f"{len(rows)} measured rows in {TABLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
