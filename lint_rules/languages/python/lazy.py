"""libcst, imported when it is first used: it costs 100 ms, and many runs never need it.

Rules write `from lint_rules.languages.python.lazy import cst, m`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import libcst as cst
    import libcst.matchers as m
else:

    class _Lazy:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            value = getattr(importlib.import_module(self._name), attribute)
            setattr(self, attribute, value)
            return value

    cst = _Lazy("libcst")
    m = _Lazy("libcst.matchers")

__all__ = ["cst", "m"]
