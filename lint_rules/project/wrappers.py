"""What decorators of a project put in a function's place: the functions that run whenever it is called."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.project.facts import FunctionFacts
from lint_rules.project.symbols import Reference, Symbols

_STARTS = frozenset(
    {"Process", "Thread", "Timer", "apply_async", "run_in_executor", "run_in_threadpool", "run_sync", "submit",
     "to_thread"}
)  # fmt: skip
_LOCALS, _PARAMETER = ".<locals>.", ".<parameter>"


def wrappers(reference: Reference, symbols: Symbols) -> Iterator[Reference]:
    """The plain functions that stand in front of a function: `inner` of `def retry(function): def inner(): ...`.

    Of a decorator that has one for plain and one for async functions, the async one wraps an async function.
    """
    for decorator in reference.function.decorators:
        made_by = symbols.function(decorator.removesuffix("()"))
        if made_by is None or made_by.function.is_async:
            continue
        calling = [one for one in _inner(made_by) if _calls_what_is_given(one, made_by)]
        if reference.function.is_async and any(one.is_async for one in calling):
            continue
        yield from (Reference(made_by.module, one) for one in calling if not one.is_async)


def is_run_elsewhere(reference: Reference, symbols: Symbols) -> bool:
    """Whether a decorator puts a function in its place that does not call it, but starts a thread or the like."""
    for decorator in reference.function.decorators:
        made_by = symbols.function(decorator.removesuffix("()"))
        inner = _inner(made_by) if made_by is not None else []
        if made_by is None or any(_calls_what_is_given(one, made_by) for one in inner):
            continue
        if any(call.target.rpartition(".")[2] in _STARTS for one in inner for call in one.calls):
            return True
    return False


def _inner(outer: Reference) -> list[FunctionFacts]:
    """The functions within a function."""
    within = outer.function.name + _LOCALS
    return [one for name, one in outer.module.functions.items() if name.startswith(within)]


def _calls_what_is_given(function: FunctionFacts, outer: Reference) -> bool:
    """Whether a function calls a parameter of a function around it."""
    around = f"{outer.module.module}.{outer.function.name}"
    own = f"{outer.module.module}.{function.name}{_PARAMETER}"
    return any(
        call.kind == "call"
        and call.target.startswith(around)
        and _PARAMETER in call.target
        and not call.target.startswith(own)
        and "." not in call.target.rpartition(_PARAMETER)[2]
        for call in function.calls
    )
