"""Chains of calls from the event loop down to a call that blocks, the worst kind first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.families.e01_blocking_event_loop.javascript import instead_of, is_unnamed, short_name
from lint_rules.families.e01_blocking_event_loop.tables import blocking_row, heavy_row, minds_the_loop
from lint_rules.languages.development import DEVELOPMENT
from lint_rules.languages.python.memo import ONCE
from lint_rules.languages.tables import TableRow
from lint_rules.model import Span
from lint_rules.project.calls import CallGraph, is_cached
from lint_rules.project.implementing import IMPLEMENTED
from lint_rules.project.node_names import shown

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.linked import Project


FAR_FOR_FILES, FAR_FOR_COMPUTATIONS = 2, 4
"""How many helpers may lie in front of a file or a computation; farther away, it is mostly on a path rarely taken."""


def levels(graph: CallGraph, project: Project) -> list[Level]:
    """What waits for others goes before what computes, and that before what reads files: the worst is told."""
    errors: dict[int, TableRow] = {}
    computations: dict[int, TableRow] = {}
    files: dict[int, TableRow] = {}
    for edges in graph.edges.values():
        for edge in edges:
            if (row := blocking_row(edge, project)) is not None:
                (files if row["kind"] == "file" else errors)[id(edge)] = row
            elif (row := heavy_row(edge, project)) is not None:
                computations[id(edge)] = row

    def runs(edge: Edge) -> bool:
        """A cached function without parameters runs once in the life of the process."""
        callee = edge.callee
        if callee is None or not edge.runs_body or minds_the_loop(callee):
            return False
        return not is_cached(callee.function) or bool(callee.function.parameters)

    def serves(edge: Edge) -> bool:
        return runs(edge) and DEVELOPMENT not in edge.call.literals

    def runs_again(edge: Edge) -> bool:
        """A cached function reads each of its files once."""
        is_kept = edge.callee is None or is_cached(edge.callee.function) or ONCE in edge.call.literals
        return serves(edge) and not is_kept

    return [
        Level(errors, graph.chains(lambda edge: id(edge) in errors, through=runs), runs),
        Level(
            computations,
            graph.chains(lambda edge: id(edge) in computations, through=serves),
            serves,
            FAR_FOR_COMPUTATIONS,
        ),
        Level(files, graph.chains(lambda edge: id(edge) in files, through=runs_again), runs_again, FAR_FOR_FILES),
    ]


class Level(Struct, frozen=True):
    """Chains to ends of one weight: `ends` are their last calls with their rows, by identity."""

    ends: Mapping[int, TableRow]
    next_edge: Mapping[str, Edge]
    through: Callable[[Edge], bool]
    most_helpers: int | None = None

    def chain(self, first: Edge) -> Chain | None:
        """The chain that begins with a call of a project function; None if there is none, or too long a one."""
        if first.callee is None or first.callee.name not in self.next_edge or not self.through(first):
            return None
        edges = tuple(CallGraph.follow(first, self.next_edge))
        helpers = sum(edge.call.kind != IMPLEMENTED for edge in edges) - 1
        if self.most_helpers is not None and helpers > self.most_helpers:
            return None
        return Chain(edges, self.ends[id(edges[-1])])


class Chain(Struct, frozen=True):
    """From a call on the event loop down to the call that blocks, and what the table says about that one."""

    edges: tuple[Edge, ...]
    row: TableRow

    @property
    def helpers(self) -> list[str]:
        """The project functions between the event loop and the call that blocks; callbacks are passed over."""
        callees = [edge.callee for edge in self.edges if edge.callee is not None]
        return [short_name(callee) for callee in callees if not is_unnamed(callee)]

    def __str__(self) -> str:
        return " -> ".join([short_name(self.edges[0].caller), *self.helpers, self.end])

    @property
    def end(self) -> str:
        """The name of what blocks."""
        return shown(self.edges[-1].name)

    @property
    def instead(self) -> str:
        """What to use instead of it."""
        return instead_of(self.row, self.end)

    @property
    def place(self) -> tuple[int, str, Span]:
        """Order of chains: short ones first, then by place."""
        return len(self.edges), self.edges[0].caller.module.path, self.edges[0].call.span
