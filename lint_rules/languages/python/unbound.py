"""Names that nothing binds, by CPython's own analysis of scopes.

The compiler's symbol table is made in C, several times faster than any tree could be walked here. What this interpreter
cannot compile (a newer syntax) has no table, and nothing is said of it.
"""

from __future__ import annotations

import _symtable  # type: ignore[import-not-found]  # CPython's own module, under symtable
import builtins
import re
import warnings
from functools import lru_cache

from msgspec import Struct

_PLATFORM = frozenset(
    {
        "__annotations__", "__builtins__", "__cached__", "__class__", "__conditional_annotations__", "__doc__",
        "__file__", "__loader__", "__module__", "__name__", "__package__", "__path__", "__qualname__", "__spec__",
        "WindowsError", "reveal_type", "reveal_locals", "__debug__", "__classdict__", "__classdictcell__",
        "aiter", "anext", "EncodingWarning", "BaseExceptionGroup", "ExceptionGroup", "PythonFinalizationError",
        "_IncompleteInputError", "__type_params__", "__firstlineno__", "__static_attributes__",
        # What notebooks, shells and gettext put into builtins.
        "get_ipython", "display", "spark", "dbutils", "sc", "sqlContext", "displayHTML", "_", "ngettext", "__",
        "__jit_debug__", "get_config", "load_subconfig",
    }
)  # fmt: skip
_KNOWN = frozenset(dir(builtins)) | _PLATFORM
_STAR = re.compile(rb"import\s*\*")
_ANYTHING = re.compile(
    rb"e(?<=\be)xec\s*\(|g(?<=\bg)lobals\s*\(|v(?<=\bv)ars\s*\(\s*\)|b(?<=\bb)uiltins\b|__builtin__"
    rb"|l(?<=\bl)ocals\s*\(\s*\)\s*[.\[]"
)
# Looked for first: the words are rare, and an expression that begins with none is slow.
_ANYTHING_WORDS = (b"exec", b"globals", b"vars", b"builtin", b"locals")


class Unbound(Struct, frozen=True):
    """A name that no scope binds, used in a scope that begins at `row`; `is_deferred` says that it is a function's."""

    name: str
    row: int
    is_module: bool


# What the symbol table says of a use: that the name is looked up among the module's and the built-in ones.
_SCOPE = _symtable.SCOPE_MASK << _symtable.SCOPE_OFF
_GLOBAL = frozenset(scope << _symtable.SCOPE_OFF for scope in (_symtable.GLOBAL_IMPLICIT, _symtable.GLOBAL_EXPLICIT))
_EXPLICIT = _symtable.GLOBAL_EXPLICIT << _symtable.SCOPE_OFF


@lru_cache(maxsize=4)
def unbound_names(data: bytes) -> tuple[Unbound, ...]:
    """The names of a module that nothing binds; none where names may come in other ways (`import *`, `exec`)."""
    if _STAR.search(data) or (any(word in data for word in _ANYTHING_WORDS) and _ANYTHING.search(data)):
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = _symtable.symtable(data, "<source>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, TypeError, UnicodeError):
        return ()  # the engine reports what does not parse
    bound = {name for name, flags in top.symbols.items() if flags & _symtable.DEF_BOUND}
    used: list[Unbound] = []
    # Most names that a scope has are bound in the module or built in, and of no interest.
    usual = bound | _KNOWN
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting.extend(table.children)
        is_module = table is top
        symbols = table.symbols
        for name in symbols.keys() - usual:
            flags = symbols[name]
            if flags & _SCOPE == _EXPLICIT and flags & _symtable.DEF_LOCAL:
                bound.add(name)
            if flags & _symtable.USE and (flags & _SCOPE in _GLOBAL or (is_module and not flags & _symtable.DEF_BOUND)):
                used.append(Unbound(name, table.lineno, is_module))
    return tuple(
        sorted(
            (one for one in used if one.name not in bound and one.name[0] != "."), key=lambda one: (one.row, one.name)
        )
    )


def may_have_unbound(data: bytes) -> bool:
    """Whether a file has unbound names, by the same analysis."""
    return bool(unbound_names(data))


__all__ = ["Unbound", "may_have_unbound", "unbound_names"]
