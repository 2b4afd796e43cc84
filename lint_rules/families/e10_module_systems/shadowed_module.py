"""Shadowed module.

What it finds: an import of a standard library or declared module that gets a file of the project instead, since that
has the same name and lies where Python looks first: in the folder of the script, or in the project's folder. It is
reported where the names that are used are not those of the file.

Why it matters: `AttributeError: partially initialized module 'random' has no attribute 'randint'`, `ImportError: cannot
import name 'Client' from 'redis' (/srv/app/redis.py)`.

Bad (python):

    # file: queue.py
    JOBS = []
    # file: worker.py
    import queue

    jobs = queue.SimpleQueue()

Good (python):

    # file: job_queue.py
    JOBS = []
    # file: worker.py
    import queue

    jobs = queue.SimpleQueue()

How to fix it: give the file another name.

Not seen: modules inside of packages, which hide nothing; a file that has all the names that are used of it, since
then it is what is meant. What other packages import and no longer get is not looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.exported import plain_names, python_names
from lint_rules.languages.python.mentions import mentions
from lint_rules.languages.whole_file import Placed, WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.distributions import brings
from lint_rules.project.manifests import declarations
from lint_rules.project.python_modules import lies_in_package, module_at
from lint_rules.project.standard_library import is_standard

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.imports import Import

RULE = Rule(
    "TEN1009",
    "shadowed-module",
    severity=ERROR,
    summary="A file of the project hides the module that is meant",
)

_LOADED_AT_START = frozenset(sys.builtin_module_names) | {"os", "site", "codecs", "io", "abc", "stat", "posixpath",
                                                           "encodings", "genericpath", "zipimport"}  # fmt: skip


def _may_be_hidden(placed: Placed) -> bool:
    written = mentions(placed.data)
    folder, root = os.path.dirname(placed.path), placed.modules.node.root
    if lies_in_package(folder, root):
        return False
    tops = {one.top for one in written or ()} - _LOADED_AT_START - {""}
    return written is None or any((module_at(folder, top) or module_at(root, top)).endswith(".py") for top in tops)


@RULE.files(WholeFile(None, words=(b"import",), early=_may_be_hidden), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    root = file.modules.node.root
    folder = os.path.dirname(file.path)
    if lies_in_package(folder, root):
        return
    for one in file.imports:
        top = one.top
        if not top or one.is_type or one.is_guarded or top in _LOADED_AT_START or top == "__main__":
            continue
        hiding = module_at(folder, top) or module_at(root, top)
        if not hiding.endswith(".py") or not (is_standard(top) or _is_declared(one, file)):
            continue
        lacking = _lacking(one, hiding, file)
        if not lacking:
            continue
        own = os.path.relpath(hiding, root).replace(os.sep, "/")
        whose = "the standard library's" if is_standard(top) else "the installed package's"
        yield RULE.at(
            file, one.source,
            f"`{top}` is the project's `{own}` here and not {whose}, and has no `{lacking}`; rename the file",
            f"give {own} another name",
        )  # fmt: skip


def _is_declared(one: Import, file: PythonFile) -> bool:
    declared = declarations(file.path, file.modules.node.root)
    if declared is None or declared.manifest.name.replace("-", "_") == one.top:
        return False
    return one.top.lower().replace("_", "-") in declared.names and brings(
        declared.names, one.top, file.modules.node.root
    )


def _lacking(one: Import, hiding: str, file: PythonFile) -> str:
    """A name that is used of the module and that the file does not have, "" if there is none or it cannot be told."""
    known = python_names(hiding)
    if known is None or known[1]:
        return ""
    is_package = os.path.basename(hiding) == "__init__.py"
    if one.is_from and one.module == one.top:
        wanted = [name for name, _ in one.names if name != "*"]
    elif "." in one.module:
        wanted = [one.module.split(".")[1]]
    else:
        bound = one.alias or one.top
        wanted = [
            file.text(name)
            for attribute in file.nodes("attribute")
            if (value := attribute.child_by_field_name("object")) is not None and value.type == "identifier"
            and file.text(value) == bound and (name := attribute.child_by_field_name("attribute")) is not None
        ]  # fmt: skip
    # What a file takes of a module of its own name, it takes of itself.
    has = plain_names(hiding) if hiding == file.path and one.is_from else known[0]
    return next(
        (name for name in wanted if name not in has
         and not (is_package and module_at(os.path.dirname(hiding), name))), ""
    )  # fmt: skip
