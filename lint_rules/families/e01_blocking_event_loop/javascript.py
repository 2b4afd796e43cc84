"""The tables of family 01 for JavaScript, and what their rows say about a call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, bare, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.tables import TableRow
from lint_rules.project.modules import is_installer
from lint_rules.project.node_names import js_name

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.calls import Edge
    from lint_rules.project.frameworks import Handler
    from lint_rules.project.linked import Project
    from lint_rules.project.symbols import Reference

_HERE = Path(__file__).parent

BLOCKING = js_name_table(
    _HERE / "blocking_javascript.toml",
    "javascript",
    user_table="blocking",
    user_row={"kind": "configured", "instead": "its form that gives a promise"},
)
CPU_HEAVY = js_name_table(_HERE / "cpu_heavy_javascript.toml", "javascript")

LOOP_WORDS = (
    b"async ", b"async(", b".get(", b".post(", b".put(", b".patch(", b".delete(", b".use(", b".all(", b".route(",
    b".on(", b".once(", b".addListener(", b"Interval(", b"Timeout(", b"Immediate(", b"nextTick(", b"createServer(",
    b".register(", b".addHook(", b".consume(", b".process(", b"schedule", b"subscribe(", b"handler", b"(req", b"(ctx",
    b"(_req", b"(err, req", b"({ body", b".ext(", b"@",
)  # fmt: skip
"""A file without any of these has no code on the event loop, unless another file registers what it defines."""


def returns_at_once(row: TableRow, call: Node, file: JavaScriptFile) -> bool:
    """Whether the arguments of a call say that it does not block: see `unless` at the head of the table."""
    unless: Mapping[str, object] = row.get("unless", {})
    given = [bare(argument) for argument in arguments(call)]
    for key, wanted in unless.items():
        if key == "callback":
            if given and _may_be_function(given[-1], file):
                return True
            continue
        position, _, member = key.partition(".")
        if not position.isdigit() or int(position) >= len(given):
            continue
        argument = given[int(position)]
        if not member:
            if wanted == "*" or text(argument) == _literal(wanted):
                return True
        elif argument.type == "object":
            values = (text(value) for name, value, _ in object_members(argument) if name == member)
            if any(wanted == "*" or value == _literal(wanted) for value in values):
                return True
    return False


def _literal(wanted: object) -> str:
    return str(wanted).lower() if isinstance(wanted, bool) else str(wanted)


def _may_be_function(argument: Node, file: JavaScriptFile) -> bool:
    if argument.type in ("arrow_function", "function_expression"):
        return True
    return argument.type == "identifier" and (
        file.function(argument) is not None or text(argument) in ("callback", "cb", "done", "next")
    )


def edge_row(table_rows: str, edge: Edge, project: Project) -> TableRow | None:
    """The row of the table "blocking" or "heavy" for a call of the project's call graph."""
    if edge.callee is not None or edge.call.kind != "call":
        return None
    table = BLOCKING if table_rows == "blocking" else CPU_HEAVY
    row = table.match(edge.name, project.symbols.types)
    if row is None or "once=true" in edge.call.literals:
        return None
    literals = dict(literal.partition("=")[::2] for literal in edge.call.literals)
    last = str(int(literals.get("count", "0")) - 1)
    has_callback = any(handed.startswith(f"{last}=") for handed in edge.call.handed)
    return None if row.get("unless", {}).get("callback") and has_callback else row


RARE_EVENTS = ('("error")', '("close")', '("exit")', '("disconnect")')
_RARE_NAMES = re.compile(
    r"_*(?:start|stop|restart|exit|kill|connect|close|launch|install|uninstall|reload|constructor|getInstance|daemonize"
    r"|(?:init|ensure|launch|start|stop|restart|reload|install|upgrade|migrate)[A-Z_]\w*)\Z"
)


_WATCHES = re.compile(r"(?:^|\.)_*(?:un)?watch(?:[A-Z]\w*)?(?=\.|\Z)")
"""Functions that listen to changes of files, and what stands in them."""


def is_rare(function: Reference, handler: Handler | None) -> bool:
    """Whether a function runs seldom by what it is called or listens to; a file read there holds up nobody for long."""
    if is_installer(function.module.path) or _WATCHES.search(function.function.name) is not None:
        return True
    if handler is not None:
        return handler.via.endswith(RARE_EVENTS)
    name = function.function.name.rpartition("<locals>.")[2]
    return is_rare_name(name)


def is_rare_name(name: str) -> bool:
    """Whether a function is called like one that runs when a process, connection or module starts or ends."""
    return _RARE_NAMES.match(name.rpartition(".")[2]) is not None


def short_name(reference: Reference) -> str:
    """What people are told a function is called: its own name, or that of the handler or function that holds it."""
    parts = reference.function.name.split(".<locals>.")
    while parts:
        if ">@" not in parts[-1]:
            own = parts[-1].removeprefix("exports.")
            return own if own not in ("exports", "default") else _file_name(reference)
        if ">@" not in (member := parts[-1].rpartition(".")[2]):
            return member
        holder = reference.module.functions.get(".<locals>.".join(parts))
        label = holder.form.rpartition("|")[2] if holder is not None else ""
        if label:
            return label
        parts.pop()
    return "a callback"


def _file_name(reference: Reference) -> str:
    """`cgroup` for what `lib/cgroup.js` exports as a whole; the folder's name for an index."""
    folder, _, name = reference.module.path.rpartition("/")
    stem = name.partition(".")[0]
    return folder.rpartition("/")[2] if stem == "index" else stem


def is_unnamed(reference: Reference) -> bool:
    """Whether a function is a callback without a name of its own."""
    return ">@" in reference.function.name.rpartition(".<locals>.")[2].rpartition(".")[2]


def twin_name(row: TableRow, name: str) -> str:
    """The canonical name of the function that takes the same arguments and gives a promise; "" without one."""
    twin: str = row.get("twin", "")
    return js_name(twin).replace("*", name.removesuffix("Sync")) if twin else ""


def instead_of(row: TableRow, name: str) -> str:
    """What to use instead of what a canonical name denotes: `*` stands for the name without `Sync`."""
    instead: str = row["instead"]
    return instead.replace("*", name.removesuffix("()").rpartition(".")[2].removesuffix("Sync"))
