"""Objects that emit 'error' (JavaScript): who makes them, and whether anybody listens.

An emitter is followed from the expression that gives it through names, members, chains and functions of the file. What
leaves the file, returned or passed to a function that nobody knows, has an owner there and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.javascript.binding import Binding, parameter_nodes
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    string_value,
    text,
)
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.javascript.receivers import receiver
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.javascript.usage import Usage, Use, reads_of, usage_of, usages_of
from lint_rules.languages.tables import TableRow, read_table
from lint_rules.project.types import SELF

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

TABLE = Path(__file__).parent / "emitters.toml"
EMITTERS = js_name_table(TABLE, "emitter")
CLASSES = js_name_table(TABLE, "emitter", "classes")
_LISTENERS = read_table(TABLE)["listeners"]
LISTENING = frozenset(_LISTENERS["methods"])
_PROPERTIES = frozenset(_LISTENERS["properties"])
_EVENT = str(_LISTENERS["event"])
_COLLECTIONS = frozenset({"Array", "Set", "Map", "WeakMap", "WeakSet"})
_LOOKED_AT = frozenset({"push", "add", "set", "delete", "has", "indexOf", "includes", "log", "unshift"})
_CONSOLE = "globalThis.console."
_ENDS = frozenset({"end", "close", "quit", "destroy", "disconnect", "terminate", "kill", "release"})
_MAX_PLACES = 400
_MAX_FUNCTIONS = 4

LISTENED, OWNED = "listened", "owned"


class Life(Struct):
    """What is seen of one emitter: `state` is "" where nobody listens, `methods` the names of those called on it.

    `exported` says that other files can reach it by a name of the module, `piped` that it is the source of a pipe,
    `fails` that the code emits 'error' on it.
    """

    state: str = ""
    methods: set[str] = field(default_factory=set)
    exported: bool = False
    piped: bool = False
    fails: bool = False


def emitter_row(call: Node, file: JavaScriptFile) -> TableRow | None:
    """The row for a call that makes an emitter; None if its errors go to a callback or it is no emitter."""
    function = callee(call)
    if function is None:
        return None
    row = EMITTERS.match(file.canonical(function), file.types)
    if row is None or row.get("at") == "start":
        return None
    given = [bare(one) for one in arguments(call)]
    if (
        row.get("callback")
        and len(given) > 1
        and given[-1].type not in ("string", "template_string", "object", "array")
    ):
        return None
    if given and text(given[0]) in ("process.execPath", "process.argv[0]", "process.argv0"):
        return None  # the program that runs is there
    if row.get("shell") and given and given[-1].type == "object" and _has_shell(given[-1]):
        return None  # the shell is there, and says with its exit code that the program is not
    return row


def _has_shell(options: Node) -> bool:
    return any(name == "shell" and text(value) != "false" for name, value, _ in object_members(options))


def life_of(emitter: Node, file: JavaScriptFile) -> Life:
    """What becomes of the value of an expression that is an emitter."""
    return _Walk(file).expression(emitter)


def life_of_parameter(function: Node, position: int, file: JavaScriptFile) -> Life | None:
    """The same for a parameter of a function; None if it is taken apart or not there."""
    found = _parameter(function, position, file)
    return None if found is None else _Walk(file).name(*found)


def _parameter(function: Node, position: int, file: JavaScriptFile) -> tuple[str, Scope, Binding] | None:
    scope = file.scopes.of(function)
    parameters = parameter_nodes(function)
    if scope is None or position >= len(parameters):
        return None
    pattern = parameters[position].child_by_field_name("pattern") or parameters[position]
    if pattern.type != "identifier":
        return None
    binding = file.scopes.bound(scope).get(text(pattern))
    return None if binding is None else (text(pattern), scope, binding[0])


class _Walk:
    """Follows one emitter until somebody listens to it or nothing is left to look at."""

    def __init__(self, file: JavaScriptFile) -> None:
        self._file = file
        self._life = Life()
        self._seen: set[int] = set()
        self._functions = 0

    def expression(self, emitter: Node) -> Life:
        waiting = [emitter]
        for _ in range(_MAX_PLACES):
            if not waiting or self._life.state:
                break
            for usage in usages_of(waiting.pop(), self._file):
                waiting.extend(self._after(usage))
        return self._life

    def name(self, name: str, scope: Scope, binding: Binding) -> Life:
        for read in reads_of(name, scope, binding, self._file):
            if self._life.state:
                break
            usage = usage_of(read)
            if usage.use is Use.BOUND:
                self.expression(read)
                continue
            for value in self._after(usage):
                self.expression(value)
        return self._life

    def _after(self, usage: Usage) -> Iterator[Node]:
        """Takes note of a use; gives the expressions whose value is the emitter again."""
        use, place = usage.use, usage.place
        if place.id in self._seen and use is not Use.PASSED:
            return
        self._seen.add(place.id)
        if use is Use.READ:
            yield from self._member(place)
        elif use is Use.AWAITED and place.type == "await_expression":
            yield place
        elif use is Use.CHAINED:
            yield from self._chained(place)
        elif use is Use.PASSED:
            yield from self._passed(usage)
        elif use is Use.STORED:
            yield from self._stored(usage)
        elif use in (Use.RETURNED, Use.YIELDED, Use.ITERATED, Use.AWAITED, Use.OTHER, Use.UNPACKED, Use.SPREAD):
            self._life.state = self._life.state or OWNED

    def _member(self, member: Node) -> Iterator[Node]:
        last = member.child_by_field_name("property")
        name = text(last) if last is not None else ""
        outer = around(member)
        if outer is None:
            return
        if outer.type == "assignment_expression" and name in _PROPERTIES:
            self._life.state = LISTENED
        if outer.type != "call_expression" or bare(callee(outer) or outer) != member:
            if name in LISTENING:  # const on = socket.on.bind(socket)
                self._life.state = self._life.state or OWNED
            return
        self._life.methods.add(name)
        given = arguments(outer)
        if name in LISTENING:
            event = string_value(bare(given[0])) if given else None
            if event is None or event == _EVENT:
                self._life.state = LISTENED
            yield outer
        elif name == "pipe":
            self._life.piped = True
        elif name == "emit" and given and string_value(bare(given[0])) == _EVENT:
            self._life.fails = True
        elif name in ("toWeb", "asIndexedPairs", "toArray", "forEach"):
            self._life.state = self._life.state or OWNED
        elif self._gives_itself(member):
            yield outer

    def _gives_itself(self, member: Node) -> bool:
        types = self._file.types
        return any(types.returns.get(one) == SELF for one in types.lineage(self._file.canonical(member)))

    def _chained(self, call: Node) -> Iterator[Node]:
        """`connect().then((connection) => ...)`"""
        given = [bare(one) for one in arguments(call)]
        if given and given[0].type in FUNCTION_LITERALS:
            found = _parameter(given[0], 0, self._file)
            if found is not None:
                self.name(*found)
                return
        self._life.state = self._life.state or OWNED
        yield from ()

    def _passed(self, usage: Usage) -> Iterator[Node]:
        call = usage.place
        function = callee(call)
        if function is None:
            return
        last = text(function.child_by_field_name("property") or function)
        given = arguments(call)
        if last == "pipe" and function.type == "member_expression":
            yield call  # what `pipe` gives is the stream it was given
            return
        canonical = self._file.canonical(function)
        if canonical.startswith(_CONSOLE):
            return
        owner = function.child_by_field_name("object")
        if last in _LOOKED_AT and owner is not None and self._is_collection(owner):
            return
        if usage.whole and call.type == "call_expression" and self._functions < _MAX_FUNCTIONS:
            scope = self._file.function_scope(self._file.names.symbol(function))
            position = next((place for place, one in enumerate(given) if _holds(one, usage)), -1)
            found = _parameter(scope.node, position, self._file) if scope is not None and position >= 0 else None
            if found is not None:
                self._functions += 1
                self.name(*found)
                return
        self._life.state = self._life.state or OWNED

    def _is_collection(self, owner: Node) -> bool:
        canonical = self._file.canonical(owner)
        return canonical.removeprefix("globalThis.") in _COLLECTIONS

    def _stored(self, usage: Usage) -> Iterator[Node]:
        """Follow `this.client = ...` to the other places of the file that speak of `.client`."""
        place = usage.place
        left = place.child_by_field_name("left") if place.type == "assignment_expression" else None
        if place.type in ("field_definition", "public_field_definition"):
            left = place.child_by_field_name("property") or place.child_by_field_name("name")
        if not usage.whole or left is None or place.type == "export_statement" or _is_export(left):
            self._life.exported = True
            self._life.state = self._life.state or OWNED
            return
        owner = left.child_by_field_name("object") if left.type == "member_expression" else None
        if owner is not None and bare(owner).type != "this":
            self._life.state = self._life.state or OWNED  # kept on an object that others have
            return
        name = text(left.child_by_field_name("property") or left)
        for member in self._file.nodes("member_expression"):
            last = member.child_by_field_name("property")
            if last is None or text(last) != name or member == left or self._life.state:
                continue
            holder = member.child_by_field_name("object")
            if holder is not None and holder.type == "this" and self._this(holder) != self._this(left):
                continue
            found = usage_of(member)
            if found.use is Use.BOUND:
                yield member
            else:
                yield from self._after(found)

    def _this(self, place: Node) -> str:
        return receiver(self._file.scopes, self._file.module, place.start_byte)


def _holds(argument: Node, usage: Usage) -> bool:
    value = usage.read
    if value is None:
        return False
    return argument.start_byte <= value.start_byte and value.end_byte <= argument.end_byte


def _is_export(left: Node) -> bool:
    written = text(left)
    return written.startswith(("exports.", "module.exports"))


def is_let_go(row: TableRow, life: Life) -> bool:
    """Whether an emitter cannot emit after all: it is never started, or it is closed where it was opened."""
    after = row.get("after")
    if after and not life.methods.intersection(after):
        return True
    return row.get("lives") == "long" and bool(life.methods.intersection(_ENDS))


__all__ = [
    "CALL_KINDS",
    "EMITTERS",
    "LISTENED",
    "OWNED",
    "Life",
    "emitter_row",
    "is_let_go",
    "life_of",
    "life_of_parameter",
]
