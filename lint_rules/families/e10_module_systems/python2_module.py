"""Module of Python 2.

What it finds: imports of modules that only Python 2 has (`urllib2`, `ConfigParser`, `StringIO`, `Queue`, ...), and of
names that its modules have lost since (`urllib.urlencode`, `itertools.izip`, `string.letters`).

Why it matters: `ModuleNotFoundError: No module named 'urllib2'`, `AttributeError: module 'urllib' has no attribute
'urlencode'`.

Bad (python):

    import ConfigParser

    settings = ConfigParser.ConfigParser()

Good (python):

    import configparser

    settings = configparser.ConfigParser()

How to fix it: import what Python 3 has instead. Where the new module has the same names, `--fix` does it.

Not seen: imports in a `try` that handles ImportError, or under a condition, as code for both versions has them;
methods that are gone (`dict.has_key`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.python.module_names import taken_names
from lint_rules.languages.screening import Spells
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import SAFE, WARNING, Edit, Finding, Fix, Rule
from lint_rules.project.python2 import PYTHON2_MODULES, PYTHON2_NAMES
from lint_rules.project.python_modules import EXTERNAL, locate_absolute

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.imports import Import

RULE = Rule(
    "TEN1011",
    "python2-module",
    severity=WARNING,
    summary="A module is imported that only Python 2 has",
    fix=SAFE,
)

_SAME_NAMES = frozenset(
    {"BaseHTTPServer", "CGIHTTPServer", "ConfigParser", "Cookie", "DocXMLRPCServer", "HTMLParser", "Queue",
    "SimpleHTTPServer",
     "SimpleXMLRPCServer", "SocketServer", "StringIO", "Tkinter", "__builtin__", "cPickle", "cStringIO", "cookielib",
     "copy_reg", "htmlentitydefs", "httplib", "repr", "robotparser", "thread", "urlparse", "xmlrpclib", "UserDict",
     "UserList", "UserString", "ScrolledText", "tkFileDialog", "tkMessageBox", "ttk"}
)  # fmt: skip
_IMPORTS = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*(?:" + "|".join(PYTHON2_MODULES).encode() + rb")\b",
    re.MULTILINE,
)


@RULE.files(WholeFile(_IMPORTS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for one in file.imports:
        new = PYTHON2_MODULES.get(one.top)
        if new is None or one.level or one.is_guarded or one.is_conditional or one.is_type:
            continue
        if locate_absolute(file.modules, file.place, one.module).kind != EXTERNAL:
            continue
        advice = f"import `{new}`" if new else "do without it"
        yield RULE.at(
            file, one.source, f"`{one.module}` is a module of Python 2; {advice}", f"{advice}, as Python 3 has it",
            fix=_fix(one, new, file),
        )  # fmt: skip


_TAKEN = Spells({name for names in PYTHON2_NAMES.values() for name in names})
_MODULES = tuple(module.encode() for module in PYTHON2_NAMES)


@RULE.files(WholeFile(_TAKEN, words=_MODULES), "python")
def check_names(file: PythonFile) -> Iterator[Finding]:
    for taken in taken_names(file, PYTHON2_NAMES):
        if locate_absolute(file.modules, file.place, taken.module).kind != EXTERNAL:
            continue
        new = PYTHON2_NAMES[taken.module][taken.name]
        advice = f"use `{new}`" if new else "do without it"
        yield RULE.at(
            file, taken.node, f"`{taken.module}.{taken.name}` is there in Python 2 only; {advice}",
            f"{advice}, as Python 3 has it",
        )  # fmt: skip


def _fix(one: Import, new: str, file: PythonFile) -> Fix | None:
    if one.top not in _SAME_NAMES or one.module != one.top or any(name == "*" for name, _ in one.names):
        return None
    whole = one.source.parent
    if one.alias == new and whole is not None and whole.type == "aliased_import":
        return Fix(f"Import `{new}`", (Edit(file.span(whole), new),), SAFE)
    content = new if one.is_from or one.alias else f"{new} as {one.top}"
    return Fix(f"Import `{new}`", (Edit(file.span(one.source), content),), SAFE)
