"""What a function takes and has to give back, and what it does with it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.lent import only_lends
from lint_rules.families.e04_leaks.makers_python import makers_of
from lint_rules.flow.form import Event, Question
from lint_rules.languages.python.renaming import renamings
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import NameTable, TableRow, name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_PATH = Path(__file__).parent / "resources.toml"
RESOURCES = name_table(_PATH, "python")
_BORROWERS: NameTable[bool] = NameTable((name, True) for name in read_table(_PATH)["borrowers"]["calls"])
_OWNERS = frozenset(read_table(_PATH)["owners"]["names"])
LAST_NAMES = RESOURCES.last_names
_ROWS = [row for row in read_table(_PATH)["python"] if "only_if" not in row]
_ALWAYS_TAKES = frozenset(name.rpartition(".")[2] for row in _ROWS for name in row["calls"])
_ONLY_IF = frozenset(row["only_if"] for row in read_table(_PATH)["python"] if "only_if" in row)
_SESSION = "session"
"""What the name of a factory of database sessions has in it, which is the user's own: `SessionLocal()`."""
WORDS = tuple(
    sorted(
        {f"{name}(".encode() for name in _ALWAYS_TAKES} | {word.encode() for word in (*_ONLY_IF, "Session", _SESSION)}
    )
)
"""A file without any of these takes nothing, under the names that libraries give it."""
_DEFINITION = re.compile(rb"\bdef (\w+)\(")


@lru_cache(maxsize=4)
def renamed(data: bytes) -> frozenset[str]:
    """The names under which a file imports something that takes a resource; asked for every call of the file."""
    return frozenset(new for new, old in renamings(data).items() if old in _ALWAYS_TAKES)


@lru_cache(maxsize=4)
def _defined(data: bytes) -> frozenset[bytes]:
    """The functions that a file defines, by their own names; asked for every call of the file."""
    return frozenset(_DEFINITION.findall(data))


def resource_of(call: Node, file: PythonFile) -> TableRow | None:
    """The row of the resource that a call takes, by itself or by a function of the file that hands it out."""
    row = _row_of(call, file)
    function = call.child_by_field_name("function") if row is None else None
    if function is None:
        return row
    last = text(function).rpartition(".")[2]
    if last.encode() in _defined(file.data):
        return makers_of(file, _row_of).get(file.canonical(function))
    return _made_elsewhere(function, file) if MAKER.search(last) else None


MAKER = re.compile(r"(?i:conn|session|sock|open|smtp|database|archive|tempfile)|db|ssh|ftp|imap")
"""In the name of a function of another file that gives what it has taken: `db.new_connection()`."""


def _made_elsewhere(function: Node, file: PythonFile) -> TableRow | None:
    """What a function of another file does nothing with but to hand it out."""
    reference = file.function(function)
    made = reference.function.makes if reference is not None else ""
    if reference is None or not made or not all(one in _PLAIN for one in reference.function.decorators):
        return None
    if reference.module.module == file.module:
        return None
    name = file.symbols.canonical(made)
    row = RESOURCES.match(name, file.types)
    if row is None or _UNSURE.intersection(row.values) or made.rpartition(".")[2] in row.get("made_by", ()):
        return None
    return row if "made_by" in row.values or not made.endswith("()") else None


_PLAIN = frozenset({"builtins.staticmethod", "builtins.classmethod", "staticmethod", "classmethod"})
_UNSURE = frozenset({"only_if", "element", "opened_by", "in_memory", "never_of_memory"})
"""Rows that ask for the arguments, which stand in the other file."""


def _row_of(call: Node, file: PythonFile) -> TableRow | None:
    function = call.child_by_field_name("function")
    if function is None:
        return None
    last = text(function).rpartition(".")[2]
    may_be_session = _SESSION in last.lower()
    if last not in LAST_NAMES and last not in renamed(file.data) and not may_be_session:
        return None
    arguments = call.child_by_field_name("arguments")
    given = text(arguments).replace(" ", "") if arguments is not None else ""
    if last in LAST_NAMES - _ALWAYS_TAKES and not any(word in given for word in _ONLY_IF):
        return None
    row = RESOURCES.match(file.canonical(function), file.types)
    if row is None or last in row.get("made_by", ()):
        return None
    if "made_by" in row.values and b"get_bind()" in file.data:  # a migration, whose connection is another's
        return None
    if file.names.symbol(function).endswith("()") and "made_by" not in row.values:
        return None
    wanted = row.get("only_if")
    if wanted and wanted not in given:
        return None
    if row.get("in_memory") and "BytesIO(" in given and re.search(r"[\"'][wax]", given) is None:
        return None
    if row.get("opened_by") and not _is_given(arguments, row["opened_by"]):
        return None
    if row.get("never_of_memory") and is_in_memory(arguments, file):
        return None
    return row


def _is_given(arguments: Node | None, name: str) -> bool:
    """Whether a call has the first parameter, under its name or not."""
    for one in arguments.named_children if arguments is not None else ():
        keyword = one.child_by_field_name("name") if one.type == "keyword_argument" else None
        if one.type not in ("keyword_argument", "dictionary_splat", "comment"):
            return True
        if keyword is not None and text(keyword) == name:
            return True
    return False


def is_in_memory(arguments: Node | None, file: PythonFile) -> bool:
    """Whether the first argument is a `BytesIO`, or a name that this function binds to one."""
    first = arguments.named_child(0) if arguments is not None else None
    scope = file.enclosing_function(first) if first is not None else None
    if first is None or scope is None:
        return False
    name = re.escape(text(first)).encode()
    made = rb"\bBytesIO\([^()]*\)\s*as\s+" + name + rb"\b|\b" + name + rb"\s*=\s*(?:\w+\.)?BytesIO\("
    return "BytesIO(" in text(first) or re.search(made, file.data[scope.start : scope.end]) is not None


def borrows(call: Node, file: PythonFile) -> bool:
    """Whether a call is known to leave what it is given open."""
    function = call.child_by_field_name("function")
    return function is not None and _BORROWERS.match(file.canonical(function), file.types) is not None


_OF_DESCRIPTOR = re.compile(r"(\w+)\s*(>=?|!=|<|==)\s*-?[0-9]")


class Taken(Struct, frozen=True):
    """A resource bound to a local name."""

    call: Node
    row: TableRow
    name: str
    file: PythonFile
    is_released_here: bool
    is_lent: bool = False
    """Whether the function has it back after the `yield` that hands it out (see families.e04_leaks.lent)."""

    def is_taken_by(self, event: Event) -> bool:
        """Whether the event takes it."""
        return event.kind == "call" and event.node == self.call

    def is_given_back_by(self, event: Event) -> bool:
        """Whether the event closes it, or hands it to somebody who will."""
        if event.kind in ("call", "assign") and self.is_drained_in(event.node):
            return True
        if event.kind == "call":
            return self._is_given_back_by_call(event.node)
        if event.kind == "enter":
            return self._is_entered(event.node)
        if event.kind == "assign":
            return self._is_stored_by(event)
        if event.kind == "yield":
            return not self.is_lent and mentions(event.node, self.name)
        return False

    def is_drained_in(self, node: Node) -> bool:
        """Whether all is read there, after which it closes itself: `response.content`."""
        readers = self.row.get("drained_by")
        if not readers:
            return False
        read = rf"(?<![\w.]){re.escape(self.name)}\.(?:{'|'.join(readers)})\b".encode()
        return re.search(read, node.text or b"") is not None

    def _is_entered(self, context: Node) -> bool:
        return text(context) == self.name and self.row.get("with") != "transaction"

    def _is_stored_by(self, event: Event) -> bool:
        if event.subject == self.name:
            return not self._binds_it(event.node)
        if event.node.type != "assignment":
            return event.node.type.endswith("definition") and mentions(event.node, self.name)
        value = event.node.child_by_field_name("right")
        return value is not None and keeps(value, self.name, self.file, self.row)

    def _binds_it(self, assignment: Node) -> bool:
        return bool(assignment.start_byte <= self.call.start_byte < assignment.end_byte)

    def _is_given_back_by_call(self, call: Node) -> bool:
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        called = text(function) if function is not None else ""
        owner, _, last = called.rpartition(".")
        if owner == self.name:
            return last in self.row["release"]
        if last == "dup2" and arguments is not None and mentions(arguments, self.name):
            return True  # the process has it under another number, as daemons do
        if last in ("flock", "lockf") and arguments is not None and mentions(arguments, self.name):
            return not self.is_released_here  # the lock is held as long as it is open: to the end of the process
        if arguments is None or not keeps(arguments, self.name, self.file, self.row):
            return False
        if only_lends(call, self.name, self.row, self.file):
            return False
        is_owner = last in _OWNERS or last.lstrip("_")[:1].isupper() or called.startswith(("self.", "cls."))
        if is_owner or last in self.row.get("given_to", ()):
            return not borrows(call, self.file)
        return not self.is_released_here and not borrows(call, self.file)

    def is_missing_where(self, question: Question, holds: bool) -> bool:
        """Whether an answer to a test says that there is nothing to close."""
        if question.subject == self.name:
            return holds is not (question.relation == "truthy")
        if question.node is None:
            return False
        number = _OF_DESCRIPTOR.search(text(question.node))
        if number is not None and number[1] == self.name:  # if fd >= 0: os.close(fd)
            return holds is (number[2] in ("<", "=="))
        return f"{self.name}.closed" in text(question.node)


def mentions(node: Node, name: str) -> bool:
    """Whether a name stands in a piece of code, nested functions included."""
    return re.search(rf"(?<![\w.]){re.escape(name)}\b".encode(), node.text or b"") is not None


def keeps(value: Node, name: str, file: PythonFile, row: TableRow | None = None) -> bool:
    """Whether an expression can hand on what a name holds: the name itself stands in it, or a bound method of it."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        parent = node.parent
        if node.type == "identifier" and text(node) == name and parent is not None:
            if parent.type == "keyword_argument" and parent.child_by_field_name("name") == node:
                continue
            if parent.type == "subscript" and parent.child_by_field_name("value") == node:
                continue  # an item of it
            if parent.type != "attribute" or parent.child_by_field_name("object") != node:
                return True
            outer = parent.parent  # `file.close` handed on, `file.read()` not
            if outer is None or outer.type not in ("call", "attribute", "subscript") or (
                outer.type == "call" and outer.child_by_field_name("function") != parent
            ):  # fmt: skip
                method = parent.child_by_field_name("attribute")
                if method is not None and text(method) in ("close", "aclose", "shutdown", "quit", "terminate"):
                    return True
            continue
        if node.type == "call" and (borrows(node, file) or (row is not None and only_lends(node, name, row, file))):
            continue
        if node.type == "call" and node is not value and node.start_byte != value.start_byte:
            arguments = node.child_by_field_name("arguments")
            function = node.child_by_field_name("function")
            waiting.extend(part for part in (arguments, function) if part is not None)
            continue
        waiting.extend(node.named_children)
    return False


def is_released_in(function: Node, name: str, row: TableRow) -> bool:
    """Whether a function closes what a name holds, on any path of its own."""
    for node in own_nodes(function):
        if node.type != "call":
            continue
        called = node.child_by_field_name("function")
        owner, _, last = text(called).rpartition(".") if called is not None else ("", "", "")
        if owner == name and last in row["release"]:
            return True
        arguments = node.child_by_field_name("arguments")
        if last in row.get("given_to", ()) and arguments is not None and mentions(arguments, name):
            return True
    return False
