"""Relative import in a script.

What it finds: a relative import in a file that has no package around it, one that leaves the top package, and one in a
file that is run as a script: with a `#!` line, or named by a Dockerfile, Procfile or Makefile that runs it.

Why it matters: `ImportError: attempted relative import with no known parent package`, or `beyond top-level package`.

Bad (python):

    # file: settings.py
    PORT = 8080
    # file: server.py
    from .settings import PORT

    if __name__ == "__main__":
        print(PORT)

Good (python):

    # file: settings.py
    PORT = 8080
    # file: server.py
    from settings import PORT

    if __name__ == "__main__":
        print(PORT)

How to fix it: import by the full name (`from app.settings import PORT`), and run the module with `python -m
app.server`.

Not seen: scripts that are run by hand; a file in a package that is run with `python -m` works.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.disk import remembered
from lint_rules.project.python_modules import names_in
from lint_rules.project.requirements import read_text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.imports import Import

RULE = Rule(
    "TEN1010",
    "relative-import-in-script",
    severity=ERROR,
    summary="A relative import in a file that is run as a script, or beyond the top package",
)

_RELATIVE = re.compile(rb"^[ \t]*from[ \t]+\.", re.MULTILINE)
_RUNNERS = re.compile(r"^(?:Dockerfile.*|Containerfile|Procfile.*|Makefile|(?=.*compose).*\.ya?ml|.*\.service"
                      r"|.*\.sh)$")  # fmt: skip
_RUN = re.compile(r"\bpython[\d.]*[\"',\s]+(?:-[uOBEI][\"',\s]+)*([\w./-]+\.py)\b")


@RULE.files(WholeFile(_RELATIVE), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    root = file.modules.node.root
    if file.path.endswith(".pyi") or "__init__.py" in names_in(root):
        return
    depth = file.relative.count("/")
    has_shebang = file.data.startswith(b"#!") and b"python" in file.data[:60]
    is_script = has_shebang and (b"__main__" in file.data or not _lies_in_package(file))
    run_by = "" if is_script else scripts_run(root).get(file.relative, "")
    for one in file.imports:
        if not one.level or one.is_guarded or one.is_type or one.is_conditional:
            continue
        if one.level > depth:
            why = "there is no package around the file" if not depth else "it leaves the project's top package"
        elif (is_script or run_by) and not one.is_deferred and os.path.basename(file.path) != "__main__.py":
            why = f"`{run_by}` runs the file as a script" if run_by else "the file is run as a script"
        else:
            continue
        yield RULE.at(
            file, one.source, f"`{one.written}` is a relative import, and {why}; {_advice(one, depth)}",
            f"{_advice(one, depth)}, and run modules of packages with `python -m`",
        )  # fmt: skip
        return


def _lies_in_package(file: PythonFile) -> bool:
    """Whether there is an `__init__.py` beside a file, as there is beside modules that only begin like scripts."""
    return "__init__.py" in names_in(os.path.dirname(file.path))


def _advice(one: Import, depth: int) -> str:
    if not depth and one.module:
        return f"write `{one.module}` without the dots"
    return "import by the module's full name"


@remembered(64)
def scripts_run(root: str) -> dict[str, str]:
    """The Python files that deployment files run as scripts, relative to the root, with the file that does so."""
    found: dict[str, str] = {}
    for folder in (root, *(os.path.join(root, name) for name in ("docker", "deploy", "bin", "scripts", ".docker"))):
        for name in sorted(names_in(folder)):
            if _RUNNERS.match(name):
                for path in _RUN.findall(read_text(os.path.join(folder, name)) or ""):
                    relative = (
                        path.removeprefix("./").removeprefix("/app/").removeprefix("/code/").removeprefix("/srv/")
                    )
                    found.setdefault(relative, name)
    return found
