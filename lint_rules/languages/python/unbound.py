"""Names that nothing binds, by CPython's own analysis of scopes.

The compiler's symbol table is made in C, several times faster than any tree could be walked here. What this interpreter
cannot compile (a newer syntax) has no table, and nothing is said of it.
"""

from __future__ import annotations

import _symtable  # type: ignore[import-not-found]  # CPython's own module, under symtable
import builtins
import re
import warnings
from dataclasses import dataclass

_PLATFORM = frozenset(
    {
        "__annotations__", "__builtins__", "__cached__", "__class__", "__conditional_annotations__", "__doc__",
        "__file__", "__loader__", "__module__", "__name__", "__package__", "__path__", "__qualname__", "__spec__",
        "WindowsError", "reveal_type", "reveal_locals", "__debug__", "__classdict__", "__classdictcell__",
        "aiter", "anext", "EncodingWarning", "BaseExceptionGroup", "ExceptionGroup", "PythonFinalizationError",
        "_IncompleteInputError", "__type_params__", "__firstlineno__", "__static_attributes__",
        # What notebooks, shells and gettext put into builtins.
        "get_ipython", "display", "spark", "dbutils", "sc", "sqlContext", "displayHTML", "_", "ngettext", "__",
        "__jit_debug__",
    }
)  # fmt: skip
_KNOWN = frozenset(dir(builtins)) | _PLATFORM
_ANYTHING = re.compile(
    rb"import\s*\*|\bexec\s*\(|\bglobals\s*\(|\bvars\s*\(\s*\)|\bbuiltins\b|__builtin__|\blocals\s*\(\s*\)\s*[.\[]"
)


@dataclass(frozen=True, slots=True)
class Unbound:
    """A name that no scope binds, used in a scope that begins at `row`; `is_deferred` says that it is a function's."""

    name: str
    row: int
    is_module: bool


def unbound_names(data: bytes) -> tuple[Unbound, ...]:
    """The names of a module that nothing binds; none where names may come in other ways (`import *`, `exec`)."""
    if _ANYTHING.search(data):
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = _symtable.symtable(data, "<source>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, TypeError, UnicodeError):
        return ()  # the engine reports what does not parse
    bound = {name for name, flags in top.symbols.items() if flags & _symtable.DEF_BOUND}
    used: list[Unbound] = []
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting.extend(table.children)
        is_module = table is top
        for name, flags in table.symbols.items():
            scope = (flags >> _symtable.SCOPE_OFF) & _symtable.SCOPE_MASK
            if scope == _symtable.GLOBAL_EXPLICIT and flags & _symtable.DEF_LOCAL:
                bound.add(name)
            if not flags & _symtable.USE or name in _KNOWN or name.startswith("."):
                continue
            if scope in (_symtable.GLOBAL_IMPLICIT, _symtable.GLOBAL_EXPLICIT) or (
                is_module and not flags & _symtable.DEF_BOUND
            ):
                used.append(Unbound(name, table.lineno, is_module))
    return tuple(sorted((one for one in used if one.name not in bound), key=lambda one: (one.row, one.name)))


def may_have_unbound(data: bytes) -> bool:
    """Whether a file has unbound names, by the same analysis."""
    return bool(unbound_names(data))


__all__ = ["Unbound", "may_have_unbound", "unbound_names"]
