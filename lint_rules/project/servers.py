"""Where a project starts to serve, and what of it deals with errors that nothing else caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lint_rules.project.facts import CallFacts
from lint_rules.project.frameworks import Framework, Handler, HandlerTable
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.project.linked import Project


class ServerEntry(Struct, frozen=True):
    """A call that starts serving: `name` is canonical, `row` that of server_entries."""

    function: Reference
    call: CallFacts
    name: str
    framework: Framework
    row: Mapping[str, Any]

    @property
    def worker_argument(self) -> str:
        """The keyword that sets the number of processes, "" if the call has none."""
        return next((str(place) for place in self.row.get("workers", ()) if isinstance(place, str)), "")

    @property
    def sets_workers(self) -> bool:
        """Whether the call says how many processes there are, leaves it to a configuration, or is for development."""
        if any(argument.startswith(("**=", "reload=")) for argument in self.call.arguments):
            return True
        positional = [argument for argument in self.call.arguments if "=" not in argument]
        for place in self.row.get("workers", ()):
            if place == "*" or (isinstance(place, int) and place < len(positional)):
                return True
            if any(argument.startswith(f"{place}=") for argument in self.call.arguments):
                return True
        return False


def server_entries(project: Project, table: HandlerTable) -> Iterator[ServerEntry]:
    """The calls in the known files that start serving."""
    symbols = project.symbols
    for function in project.functions():
        for call in function.function.calls:
            if call.kind != "call" or call.target.rpartition(".")[2] not in table.entry_names:
                continue
            name = symbols.canonical(call.target)
            found = table.server_entry(name, symbols.types)
            if found is not None:
                yield ServerEntry(function, call, name, *found)


def has_error_hook(project: Project, table: HandlerTable) -> bool:
    """Whether a known file handles errors that nothing else caught: an error handler, `sys.excepthook`, middleware."""
    for function in project.functions():
        handler = project.handlers.of(function)
        if handler is not None and _sees_errors(handler):
            return True
        if any(call.target in table.error_hooks for call in function.function.calls if call.kind == "write"):
            return True
        names = (project.symbols.canonical(call.target) for call in function.function.calls if call.kind == "call")
        if any(name in table.error_hooks for name in names):
            return True
    return False


def _sees_errors(handler: Handler) -> bool:
    """Whether errors of other handlers come by: an error handler, middleware, a view's method for error pages."""
    if handler.kind == "error":
        return True
    is_middleware = "middleware" in handler.via.lower() or handler.via == "dispatch"
    return handler.kind == "hook" and (is_middleware or handler.via == "write_error")
