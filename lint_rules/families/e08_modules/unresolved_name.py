"""Unresolved name.

What it finds: `from .store import load` and `import { load } from './store.js'` where the module is the project's own
and surely has no such name.

Why it matters: `ImportError: cannot import name 'load'`, `SyntaxError: The requested module './store.js' does not
provide an export named 'load'`: the service does not start. In TypeScript that is run without a type check the name
is undefined.

Bad (python):

    # file: shop/__init__.py
    # file: shop/store.py
    def load_order(number):
        return {"number": number}
    # file: shop/api.py
    from shop.store import load_orders

Good (python):

    # file: shop/__init__.py
    # file: shop/store.py
    def load_order(number):
        return {"number": number}
    # file: shop/api.py
    from shop.store import load_order

Bad (javascript):

    // file: store.mjs
    export const loadOrder = (number) => ({ number })
    // file: api.mjs
    import { loadOrders } from './store.mjs'
    console.log(loadOrders(1))

Good (javascript):

    // file: store.mjs
    export const loadOrder = (number) => ({ number })
    // file: api.mjs
    import { loadOrder } from './store.mjs'
    console.log(loadOrder(1))

How to fix it: import the name that the module has, or add what is missing.

Not seen: names of modules that make names while they run (`__getattr__`, `globals()`, `setattr`), of CommonJS
modules, of compiled modules and of other packages.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.exported import plain_names, python_names, script_exports
from lint_rules.languages.python.mentions import Mention, mentions
from lint_rules.languages.whole_file import Placed, WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.disk import is_file, is_folder
from lint_rules.project.node_modules import PROJECT
from lint_rules.project.python_modules import FOUND, locate_absolute, locate_relative, module_at
from lint_rules.project.standard_library import is_standard

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.imports import Import as JavaScriptImport
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.imports import Import

RULE = Rule(
    "TEN0804",
    "unresolved-name",
    severity=ERROR,
    summary="A name is imported from a module of the project that does not have it",
    in_tests=False,
)

_MOST_STARS = 30


def _may_be_unresolved(placed: Placed) -> bool:
    written = mentions(placed.data)
    if written is None:
        return True
    for one in written:
        path = _module_of(one, placed) if one.is_from else ""
        if path and path != placed.path and not all(name == "*" or _may_have(path, name) for name in one.names):
            return True
    return False


@RULE.files(WholeFile(None, words=(b"from",), early=_may_be_unresolved), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for one in file.imports:
        if not one.is_from or one.is_guarded or one.is_conditional or file.in_broken_code(one.node):
            continue
        path = _module_of(one, file)
        if not path or path == file.path:
            continue
        for name, node in one.names:
            if name == "*" or _may_have(path, name):
                continue
            has = python_names(path)
            close = get_close_matches(name, sorted(has[0]) if has else (), n=1, cutoff=0.75)
            yield RULE.at(
                file, node, f"`{one.written}` has no `{name}`; {_advice(close)}",
                f"{_advice(close)}, or define `{name}` in {os.path.basename(path)}",
            )  # fmt: skip


def _advice(close: Iterable[str]) -> str:
    return next((f"import `{name}`" for name in close), "import a name that the module has")


def _module_of(one: Import | Mention, file: PythonFile | Placed) -> str:
    """The file of the module that names are imported from, "" if it is not the project's or not sure."""
    if one.level:
        found = locate_relative(file.place, one.level, one.module)
    elif is_standard(one.top) or module_at(os.path.dirname(file.path), one.top):
        found = locate_absolute(file.modules, file.place, one.module)
        if is_standard(one.top):
            return ""
    else:
        found = locate_absolute(file.modules, file.place, one.module)
    path = found.path if found.kind == FOUND else ""
    if is_folder(path):
        path = next((full for name in ("__init__.py",) if is_file(full := os.path.join(path, name))), "")
    return path if path.endswith(".py") else ""


def _may_have(path: str, name: str) -> bool:
    """Whether a module may have a name: it binds it, takes it with `*`, or is a package with such a module."""
    waiting, seen = [path], {path}
    while waiting:
        current = waiting.pop()
        if os.path.basename(current) == "__init__.py" and module_at(os.path.dirname(current), name):
            return True
        if name in plain_names(current):
            return True
        known = python_names(current)
        if known is None or name in known[0]:
            return True
        for level, module in known[1]:
            target = _star(current, level, module)
            if not target or len(seen) > _MOST_STARS:
                return True
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return False


def _star(path: str, level: int, module: str) -> str:
    """The file that `from module import *` reads, "" if it is not known."""
    if not level:
        return ""
    folder = os.path.dirname(path)
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    for segment in module.split(".") if module else ():
        found = module_at(folder, segment)
        if not found.endswith(".py"):
            return ""
        path, folder = found, os.path.join(folder, segment)
    return path if module else ""


@RULE.files(WholeFile(None, words=(b"from",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_declaration:
        return
    for one in file.imports:
        if one.form not in ("import", "export") or one.is_type:
            continue
        located = file.located(one.specifier)
        if located.kind != PROJECT or located.path == file.path:
            continue
        for name in one.names:
            if name == "*" or _may_export(located.path, name, file):
                continue
            yield _finding(one, name, located.path, file)


def _finding(one: JavaScriptImport, name: str, path: str, file: JavaScriptFile) -> Finding:
    has = script_exports(path)
    close = get_close_matches(name, sorted(has[0]) if has else (), n=1, cutoff=0.75)
    place = next(
        (node for node in file.nodes("identifier") if one.node.start_byte <= node.start_byte < one.node.end_byte
         and file.text(node) == name),
        one.source,
    )  # fmt: skip
    wrong = f"`{one.specifier}` has no default export" if name == "default" else f"`{one.specifier}` has no `{name}`"
    return RULE.at(
        file, place, f"{wrong}; {_advice(close)}", f"{_advice(close)}, or export it from {os.path.basename(path)}"
    )


def _may_export(path: str, name: str, file: JavaScriptFile) -> bool:
    waiting, seen = [path], {path}
    while waiting:
        current = waiting.pop()
        known = script_exports(current)
        if known is None or name in known[0]:
            return True
        for specifier in known[1] if name != "default" else ():
            target = file.modules.node.resolve(specifier, current)
            if target.kind != PROJECT or len(seen) > _MOST_STARS:
                return True
            if target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path)
    return False
