"""What a JavaScript function takes and has to give back, and what it does with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.makers_javascript import made_by
from lint_rules.flow.form import Event, Question
from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, first_named, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.tables import TableRow, read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_PATH = Path(__file__).parent / "resources.toml"
_RESOURCES = js_name_table(_PATH, "javascript")
_RECEIVERS = [(re.compile(row["names"]), TableRow((), row)) for row in read_table(_PATH)["receivers"]]
_PACKAGES = sorted({name.partition("#")[0] for row in read_table(_PATH)["javascript"] for name in row["calls"]})
_NAMES = sorted(
    {re.split(r"[#.]", name)[-1] for row in read_table(_PATH)["javascript"] for name in row["calls"] if "#" in name}
)
_WORDS = re.compile(
    rb"\b(?:" + b"|".join(name.encode() for name in _NAMES) + rb")\b|[\"'](?:"
    + b"|".join(re.escape(name.encode()) for name in _PACKAGES) + rb")[\"']"
)  # fmt: skip
_OWNERS = frozenset({"push", "set", "add", "resolve", "unshift", "provide", "register"})
_LISTENING = frozenset({"on", "addListener", "subscribe", "addEventListener"})
_UNDEFINED = re.compile(r"typeof ([\w$]+) ?[!=]==? ?[\"']undefined[\"']")
_ABSENT = frozenset({"None", "null", "undefined"})


def may_take(data: bytes) -> bool:
    """Whether a file speaks of something that has to be given back."""
    return _WORDS.search(data) is not None


def resource_of(call: Node, file: JavaScriptFile) -> TableRow | None:
    """The row of the resource that a call takes, by itself or by a function of the file that hands it out."""
    return _row_of(call, file) or made_by(call, file, _row_of)


def _row_of(call: Node, file: JavaScriptFile) -> TableRow | None:
    function = callee(call)
    if function is None or function.type not in ("identifier", "member_expression"):
        return None
    name = file.canonical(function)
    row = _RESOURCES.match(name, file.types)
    owner = function.child_by_field_name("object")
    if row is None and owner is not None and (not name or file.is_own(name)):
        row = (
            _by_names(last_name(owner) or text(owner), last_name(function)) if call.type == "call_expression" else None
        )
    if row is None or (name == "mongodb.MongoClient.connect" and owner is not None and not text(owner)[:1].isupper()):
        return None
    if row.get("unless") == "function" and any(bare(one).type in FUNCTION_LITERALS for one in arguments(call)):
        return None
    if b":memory:" in (call.text or b""):
        return None
    return row


def _by_names(owner: str, method: str) -> TableRow | None:
    """The row for a method of an object of which nothing but the name is known."""
    found = (row for names, row in _RECEIVERS if method in row["methods"] and names.search(owner))
    return next(found, None)


class Taken(Struct, frozen=True):
    """A resource under a name in one function.

    `call` takes it there; None: the function is given it, `error` being the name of what says that it is not there.
    `done` is a function that gives it back, `helpers` are functions inside that do.
    """

    row: TableRow
    name: str
    function: Scope
    file: JavaScriptFile
    is_released_here: bool
    helpers: frozenset[str]
    call: Node | None = None
    error: str = ""
    done: str = ""

    def is_taken_by(self, event: Event) -> bool:
        """Whether the event takes it."""
        return self.call is not None and event.kind in ("call", "new") and event.node == self.call

    def is_given_back_by(self, event: Event) -> bool:
        """Whether the event gives it back, or hands it to somebody who will."""
        if event.kind in ("call", "new"):
            return self._is_given_back_by_call(event)
        if event.kind == "assign":
            return self._is_stored_by(event)
        return event.kind == "yield" and mentions(event.node, self.name)

    def _is_given_back_by_call(self, event: Event) -> bool:
        called = "".join(event.subject.replace("?.", ".").replace("!", "").split())
        owner, _, last = called.rpartition(".")
        if owner == self.name and (last in self.row["release"] or last in self.row.get("used_up", ())):
            return True
        if called == self.done or called in self.helpers:
            return True
        given = arguments(event.node)
        if last in self.row.get("given_to", ()) and any(mentions(one, self.name) for one in given):
            return True
        for argument in map(bare, given):
            if argument.type in FUNCTION_LITERALS and releases(argument, self):
                return True
            if argument.type in FUNCTION_LITERALS and last in _LISTENING and mentions(argument, self.name):
                return True  # a listener that uses it as long as it is registered
            if argument.type in ("identifier", "member_expression") and text(argument) in (*self.helpers, self.done):
                return True
        if not any(keeps(one, self.name) for one in given):
            return False
        if self.row.get("handed") or last in _OWNERS or (event.kind == "call" and self._is_continuation(called)):
            return True
        if self.row.get("borrowers") and (last in self.row["borrowers"] or not any(map(self._is_it, given))):
            return False
        return not self.is_released_here and not self._borrows(event.node)

    def _is_it(self, argument: Node) -> bool:
        """Whether an argument is the resource itself, and not what another call makes of it."""
        return bare(argument).type != "call_expression" and keeps(argument, self.name)

    def _is_continuation(self, called: str) -> bool:
        """`callback(null, connection)`: a parameter of the function around it."""
        found = self.file.scopes.binding(called, self.function.start) if called.isidentifier() else None
        return found is not None and found[1][0].kind == "parameter"

    def is_lent_by(self, statement: Node) -> bool:
        """`return queryWith(client)`, where that function leaves it open."""
        value = first_named(statement)
        while value is not None and value.type in ("await_expression", "parenthesized_expression"):
            value = first_named(value)
        return value is not None and value.type == "call_expression" and self._borrows(value)

    def _borrows(self, call: Node) -> bool:
        """Whether a function of the file is given it, uses it and does not keep it."""
        function = callee(call)
        scope = self.file.function_scope(self.file.names.symbol(function)) if function is not None else None
        body = scope.body if scope is not None else None
        if scope is None or body is None:
            return False
        position = next((place for place, one in enumerate(arguments(call)) if text(one) == self.name), -1)
        bound = self.file.scopes.bound(scope)
        name = next(
            (key for key, ones in bound.items() if ones[0].kind == "parameter" and ones[0].position == position), ""
        )
        if not name:
            return False
        words = (*self.row["release"], *self.row.get("given_to", ()))
        return not any(word.encode() in (body.text or b"") for word in words) and not _is_handed_on(body, name)

    def _is_stored_by(self, event: Event) -> bool:
        node = event.node
        if event.subject == self.name:
            is_binding = self.call is not None and node.start_byte <= self.call.start_byte < node.end_byte
            return not is_binding
        value = node.child_by_field_name("right") or node.child_by_field_name("value")
        if value is None or node.type not in ("assignment_expression", "variable_declarator"):
            return False
        if bare(value).type in FUNCTION_LITERALS:
            return node.type == "assignment_expression" and releases(value, self)
        return bare(value).type in ("identifier", "object", "array", "binary_expression") and keeps(value, self.name)

    def is_missing_where(self, question: Question, holds: bool) -> bool:
        """Whether an answer to a test says that there is nothing to give back."""
        asked = _UNDEFINED.search(text(question.node)) if question.node is not None else None
        if asked is not None and asked[1] == self.name:
            return holds  # a question for equality, whichever way it is written
        if question.subject not in (self.name, self.error) or not question.subject:
            return False
        if question.relation == "truthy":
            return holds is (question.subject == self.error)
        if question.relation == "is" and question.value in _ABSENT:
            return holds is (question.subject == self.name)
        return False


def mentions(node: Node, name: str) -> bool:
    """Whether a name stands in a piece of code, nested functions included."""
    return re.search(rf"(?<![\w.$]){re.escape(name)}\b".encode(), node.text or b"") is not None


def keeps(value: Node, name: str, *, functions: bool = False) -> bool:
    """Whether an expression can hand on what a name holds: the name itself stands in it, not only a member of it.

    `functions` says whether functions in it count that speak of the name.
    """
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if node.type in FUNCTION_LITERALS or node.type == "method_definition":
            if functions and mentions(node, name):
                return True
            continue
        parent = node.parent
        if node.type in ("identifier", "shorthand_property_identifier") and text(node) == name and parent is not None:
            is_read = parent.type in ("member_expression", "subscript_expression")
            if not (is_read and parent.child_by_field_name("object") == node):
                return True
        waiting.extend(node.named_children)
    return False


def _is_handed_on(body: Node, name: str) -> bool:
    """Whether a function returns, stores or passes on one of its parameters."""
    for node in all_nodes(body):
        if node.type == "return_statement" and keeps(node, name):
            return True
        if node.type in ("assignment_expression", "variable_declarator"):
            value = node.child_by_field_name("right") or node.child_by_field_name("value")
            if value is not None and bare(value).type in ("identifier", "object", "array") and keeps(value, name):
                return True
        if node.type in ("call_expression", "new_expression") and any(keeps(one, name) for one in arguments(node)):
            return True
    return False


def releases(function: Node, taken: Taken) -> bool:
    """Whether the body of a function gives a resource back, functions within it included."""
    return is_released_in(function, taken.name, taken.row, taken.done, taken.helpers)


def is_released_in(body: Node, name: str, row: TableRow, done: str = "", helpers: frozenset[str] = frozenset()) -> bool:
    """Whether code gives back what a name holds, on any path."""
    for node in (body, *all_nodes(body)):
        if node.type != "call_expression":
            if node.type == "member_expression" and _is_bound_release(node, name, row):
                return True
            continue
        function = callee(node)
        called = text(function).replace("?.", ".").replace("!", "") if function is not None else ""
        owner, _, last = called.rpartition(".")
        if owner == name and (last in row["release"] or last in row.get("used_up", ())):
            return True
        if called and (called == done or called in helpers):
            return True
        if last in row.get("given_to", ()) and any(mentions(one, name) for one in arguments(node)):
            return True
        if any(text(one) in (done, *helpers) for one in arguments(node) if one.type == "identifier" and text(one)):
            return True
    return False


def _is_bound_release(member: Node, name: str, row: TableRow) -> bool:
    """`client.release` handed on as a function."""
    owner = member.child_by_field_name("object")
    parent = member.parent
    is_called = parent is not None and parent.type == "call_expression" and callee(parent) == member
    return owner is not None and text(owner) == name and last_name(member) in row["release"] and not is_called


def helpers_of(function: Scope, name: str, row: TableRow, file: JavaScriptFile) -> frozenset[str]:
    """The names of functions inside a function that give a resource of it back."""
    found = set()
    for scope in file.scopes.functions:
        if scope is function or not (function.start <= scope.start and scope.end <= function.end):
            continue
        own = scope.name.rpartition("<locals>.")[2]
        if own.isidentifier() and is_released_in(scope.node, name, row):
            found.add(own)
    return frozenset(found)
