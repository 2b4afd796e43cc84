"""From a call that matters backwards to the functions that reach it, looking only at files that can hold a caller.

The call graph of `project.calls` is walked forwards from the event loop. This goes the other way, for calls that are
rare (ending the process): the facts of a file are asked for only when its text holds the name of a function that
reaches such a call.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from lint_rules.project.calls import CallGraph, Edge
from lint_rules.project.index import CallSite, Index
from lint_rules.project.symbols import Reference, Symbols

_MOST_HOPS = 12
_COMMANDS = "management"
_COMMAND_DECORATORS = frozenset({"command", "group", "callback"})


class Reaching(Struct):
    """`edges`: by function, its calls that lead to the end, in the order of the text; `next_edge`: the shortest way."""

    edges: dict[str, list[Edge]] = field(default_factory=dict)
    next_edge: dict[str, Edge] = field(default_factory=dict)
    functions: dict[str, Reference] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)


def reaching(
    calls: Index[CallSite],
    symbols: Symbols,
    ends: Callable[[str], bool],
    end_names: frozenset[str],
    may_be_method: Callable[[str], bool],
) -> Reaching:
    """The functions that reach a call whose canonical name `ends`; `end_names` are the last segments of such names.

    `words` of the result are texts of which a file holds one if it calls or registers one of the functions, or derives
    from the class of one that is called like a method of a view.
    """
    graph = CallGraph(symbols)
    result = Reaching()
    level = set(end_names)
    for _ in range(_MOST_HOPS):
        new: dict[str, Edge] = {}
        sites = (site for name in level for site in calls.at(name) if not site.call.keeps_exit)
        for site in sorted(sites, key=lambda one: (one.caller.name, one.position)):
            caller = site.caller
            edge = graph.edge(caller, site.call)
            leads = edge.callee.name in result.next_edge if edge.callee is not None else ends(edge.name)
            if leads and edge not in result.edges.get(caller.name, ()):
                result.edges.setdefault(caller.name, []).append(edge)
                result.functions[caller.name] = caller
                if caller.name not in result.next_edge:
                    new.setdefault(caller.name, edge)
        result.next_edge.update(new)
        level = {_name_at_calls(result.functions[name]) for name in new} - {""}
        mixins = (_mixin(result.functions[name], may_be_method) for name in new)
        named = level.union(mixins) - {""}
        result.words.update(word for name in named for word in (f"{name}(", f"{name},", f"{name})", f"{name} as "))
        if not level:
            break
    return result


def _name_at_calls(function: Reference) -> str:
    """The last name by which others call a function: its own, or its class's for a constructor; "" for commands."""
    owner, _, name = function.function.name.rpartition(".")
    if name == "__init__":
        return owner.rpartition(".")[2]
    decorators = (decorator.removesuffix("()").rpartition(".")[2] for decorator in function.function.decorators)
    is_command = name == "main" or any(decorator in _COMMAND_DECORATORS for decorator in decorators)
    return "" if is_command or name.startswith("<") or _is_of_commands(function) else name


def _mixin(function: Reference, may_be_method: Callable[[str], bool]) -> str:
    """The last name of the class of a method, if it may be a mixin of views."""
    owner, _, name = function.function.name.rpartition(".")
    is_method = owner in function.module.classes and may_be_method(name) and not _is_of_commands(function)
    return owner.rpartition(".")[2] if is_method else ""


def _is_of_commands(function: Reference) -> bool:
    return _COMMANDS in function.module.module.split(".")
