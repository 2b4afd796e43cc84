"""Missing package init.

What it finds: a folder of Python modules without `__init__.py` inside of a package that has one.

Why it matters: it works as a namespace package in place, but `find_packages()` and other build backends leave it out
of the wheel, and test runners and type checkers give its modules other names.

Bad (python):

    # file: shop/__init__.py
    # file: shop/payments/cards.py
    LIMIT = 100

Good (python):

    # file: shop/__init__.py
    # file: shop/payments/__init__.py
    # file: shop/payments/cards.py
    LIMIT = 100

How to fix it: add an empty `__init__.py`.

Not seen: folders at the top of a project, which may be namespace packages or hold scripts; tests, migrations,
templates and examples.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.external import is_beside_production
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import INFO, LOW, Finding, Rule
from lint_rules.project.python_modules import names_in

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN1012",
    "missing-package-init",
    severity=INFO,
    summary="A folder of modules inside of a package has no `__init__.py`",
    default=False,
    in_tests=False,
    confidence=LOW,
)

_NO_PACKAGES = re.compile(r"(?:^|/)(?:versions|migrations|alembic|templates?|static|data|resources|assets|skel\w*)/")


@RULE.files(WholeFile(None), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    folder = os.path.dirname(file.path)
    names = names_in(folder)
    modules = sorted(name for name in names if name.endswith(".py"))
    if "__init__.py" in names or modules[:1] != [os.path.basename(file.path)] or folder == file.modules.node.root:
        return
    if "__init__.py" not in names_in(os.path.dirname(folder)):
        return
    if is_beside_production(file.relative) or _NO_PACKAGES.search(file.relative) or file.data.startswith(b"#!"):
        return
    yield RULE.at(
        file,
        file.source.span(0, 0),
        f"`{os.path.basename(folder)}` lies in a package and has no `__init__.py`; add one",
        "add an empty `__init__.py`, so that the folder is packaged and tested like the others",
    )
