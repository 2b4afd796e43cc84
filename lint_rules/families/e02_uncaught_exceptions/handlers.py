"""What an `except` clause catches, and what it does with the error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named, nodes_of_kinds
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.suspension import own_nodes, suspends
from lint_rules.languages.tables import name_table, read_table
from lint_rules.model import Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Reference

TABLE = Path(__file__).parent / "handlers-table.toml"
EXCEPTION, BASE_EXCEPTION = "builtins.Exception", "builtins.BaseException"

_RECORDS = name_table(TABLE, "records")
_LOGS = name_table(TABLE, "logs")
_ENDS = name_table(TABLE, "ends")
_RECORDED = {key: frozenset(names) for key, names in read_table(TABLE)["recorded_by_name"].items()}
_LOGGED = {key: frozenset(names) for key, names in read_table(TABLE)["logged_by_name"].items()}
_FAILURE = frozenset(read_table(TABLE)["words"]["failure"])
_TELLING = _FAILURE | frozenset(read_table(TABLE)["words"]["telling"])
_NEVER = ("NoReturn", "Never")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CONSTANTS = frozenset({"none", "true", "false", "integer", "float", "unary_operator"})
_SERVER_ERROR = frozenset({"internal", "server", "error"})
_NOTHING = frozenset({"false", "none", "integer"})
_MAX_HOPS = 3


class ExceptClause:
    """One `except` clause of a file."""

    def __init__(self, clause: Node, file: PythonFile) -> None:
        self.clause = clause
        self.file = file

    # What it catches.

    @cached_property
    def type(self) -> Node | None:
        """The expression behind `except`, None if it is bare."""
        value = self.clause.child_by_field_name("value")
        return first_named(value) if value is not None and value.type == "as_pattern" else value

    @cached_property
    def name(self) -> str:
        """The name behind `as`, "" if there is none."""
        value = self.clause.child_by_field_name("value")
        alias = value.child_by_field_name("alias") if value is not None else None
        return text(alias) if alias is not None else ""

    @cached_property
    def caught(self) -> tuple[str, ...]:
        """Canonical names of the classes it catches, "" for what is not known; empty if it is bare."""
        return tuple(self.file.canonical(node) for node in self._classes())

    def _classes(self) -> Iterator[Node]:
        waiting = [self.type] if self.type is not None else []
        steps = 0
        while waiting and steps < 100:
            steps += 1
            node = waiting.pop()
            bound = self.file.names.only_value(text(node), node.start_byte) if node.type == "identifier" else None
            if bound is not None and bound.type in ("tuple", "identifier"):
                node = bound
            if node.type in ("tuple", "parenthesized_expression"):
                waiting.extend(reversed([child for child in node.named_children if child.type != "comment"]))
            else:
                yield node

    @property
    def is_bare(self) -> bool:
        """Whether it is `except:`."""
        return self.type is None

    @property
    def catches_all(self) -> bool:
        """Whether it catches `KeyboardInterrupt`, `SystemExit` and cancellation as well."""
        return self.is_bare or BASE_EXCEPTION in self.caught

    @property
    def is_broad(self) -> bool:
        """Whether it is bare or catches `Exception` or `BaseException`."""
        return self.catches_all or EXCEPTION in self.caught

    # Where it stands.

    @property
    def try_statement(self) -> Node | None:
        """The statement it belongs to."""
        return self.clause.parent

    @property
    def siblings(self) -> list[ExceptClause]:
        """All `except` clauses of the statement, this one among them."""
        clauses = self.clause.parent.named_children if self.clause.parent is not None else []
        return [ExceptClause(clause, self.file) for clause in clauses if clause.type == "except_clause"]

    @cached_property
    def tried(self) -> Node:
        """The block of the `try`."""
        statement = self.clause.parent
        body = statement.child_by_field_name("body") if statement is not None else None
        return body or self.clause

    @cached_property
    def body(self) -> Node:
        """Its own block."""
        return next((child for child in reversed(self.clause.children) if child.type == "block"), self.clause)

    @property
    def statements(self) -> list[Node]:
        """The statements of its block."""
        return [child for child in self.body.named_children if child.type != "comment"]

    @property
    def can_be_cancelled(self) -> bool:
        """Whether the `try` waits in async code, so that a cancellation can arrive there."""
        function = self.file.enclosing_function(self.clause)
        return function is not None and function.kind == FUNCTION and function.is_async and suspends(self.tried)

    @property
    def header(self) -> Span:
        """The place of `except ... as name`."""
        last = self.clause.child_by_field_name("value") or self.clause.children[0]
        return self.file.source.span(self.clause.start_byte, last.end_byte)

    @property
    def header_text(self) -> str:
        """`except Exception`, without the name behind `as`."""
        return "except" if self.type is None else f"except {' '.join(text(self.type).split())}"

    # What it does.

    @property
    def does_nothing(self) -> bool:
        """Whether all it does is to pass, to leave, or to return a constant."""
        statements = self.statements
        return len(statements) == 1 and _is_idle(statements[0])

    @cached_property
    def own(self) -> list[Node]:
        """The nodes it runs itself, inner functions not entered."""
        return list(own_nodes(self.body))

    @cached_property
    def calls(self) -> list[Node]:
        """The calls it makes itself."""
        return [node for node in self.own if node.type == "call"]

    @cached_property
    def reraises(self) -> bool:
        """Whether it raises on some path, the same error or another."""
        return any(node.type == "raise_statement" for node in self.own)

    @cached_property
    def uses_error(self) -> bool:
        """Whether it does anything with the error it has bound."""
        return bool(self.name) and any(True for _ in self.uses)

    @property
    def uses(self) -> Iterator[Node]:
        """The places where the bound error is used."""
        for node in nodes_of_kinds(self.body, ("identifier",))["identifier"]:
            parent = node.parent
            if text(node) == self.name and parent is not None and parent.type not in ("attribute", "keyword_argument"):
                yield node
            elif text(node) == self.name and parent is not None and _is_value(node, parent):
                yield node

    @cached_property
    def keeps_error(self) -> bool:
        """Whether the error goes on to somebody: it is stored, returned or handed over, not only written to a log."""
        logging = [call for call in self.calls if is_log(call, self.file)]
        kept = [*self.uses, *(call for call in self.calls if _records(call, self.file) and not _stands_alone(call))]
        return any(not any(_holds(call, node) for call in logging) for node in kept) or self.names_failure

    @cached_property
    def records(self) -> bool:
        """Whether it keeps the error with its traceback: logs, prints or sends it, itself or by a helper."""
        return any(records(call, self.file) for call in self.calls)

    @cached_property
    def logs(self) -> Node | None:
        """The first call that tells people something."""
        return next((call for call in self.calls if is_log(call, self.file)), None)

    @cached_property
    def ends(self) -> bool:
        """Whether it ends the process, the command, the request or the test."""
        return any(ends(call, self.file) for call in self.calls)

    @cached_property
    def answers_500(self) -> bool:
        """Whether it returns a response that says "internal server error"."""
        returned = [node for node in self.own if node.type == "return_statement"]
        parts = [part for statement in returned for part in own_nodes(statement)]
        return any(
            text(part) == "500" if part.type == "integer" else part.type == "identifier" and _says_500(text(part))
            for part in parts
        )

    @cached_property
    def names_failure(self) -> bool:
        """Whether its code, log messages aside, says in a name that something failed."""
        logging = [call for call in self.calls if is_log(call, self.file)]
        return any(
            not _FAILURE.isdisjoint(words(text(node)))
            for node in self.own
            if node.type == "identifier" and not any(_holds(call, node) for call in logging)
        )


def records(call: Node, file: PythonFile) -> bool:
    """Whether a call keeps the error being handled with its traceback, or is of a project function that does."""
    return _records(call, file) or _helper_records(call, file)


def _records(call: Node, file: PythonFile) -> bool:
    function = _function(call)
    name = last_name(function)
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    if name in _RECORDED["names"] and (given or name != "exception"):  # `future.exception()` asks, it tells nobody
        return True
    for argument in given:
        key, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and key is not None and value is not None:
            if text(key) in _RECORDED["keywords"] and (value.type not in _NOTHING or text(value) == "1"):
                return True
    return _RECORDS.match(file.canonical(function), file.types) is not None


def _helper_records(call: Node, file: PythonFile) -> bool:
    """Follows a call into functions of the project that record the error being handled, or never return."""
    reference = file.function(_function(call))
    for _ in range(_MAX_HOPS):
        if reference is None:
            return False
        if reference.function.returns.rpartition(".")[2] in _NEVER:
            return True
        own = reference.module.module == file.module
        inner = _own_helper(reference, file) if own else _other_helper(reference, file)
        if isinstance(inner, bool):
            return inner
        reference = inner
    return False


def _own_helper(reference: Reference, file: PythonFile) -> Reference | bool | None:
    """Whether a function of this file records or raises outright, or the one function it hands over to."""
    scope = next((scope for scope in file.scopes.functions if scope.name == reference.function.name), None)
    body = scope.node.child_by_field_name("body") if scope is not None else None
    if body is None:
        return False
    if body.named_children and body.named_children[-1].type == "raise_statement":
        return True
    unguarded = [node for node in own_nodes(body) if node.type == "call" and not _is_guarded(node, body)]
    if any(_records(call, file) for call in unguarded):
        return True
    return file.function(_function(unguarded[0])) if len(unguarded) == 1 else None


def _other_helper(reference: Reference, file: PythonFile) -> Reference | bool | None:
    """The same for a function of another file, of which only facts are known, its name among them."""
    symbols = file.symbols
    calls = reference.function.calls
    if not _TELLING.isdisjoint(words(reference.function.name.rpartition(".")[2])):
        for call in calls:
            name = symbols.canonical(call.target)
            if call.target.rpartition(".")[2] in _RECORDED["names"] or _RECORDS.match(name, symbols.types):
                return True
    return symbols.function(calls[0].target) if len(calls) == 1 else None


def _is_guarded(call: Node, body: Node) -> bool:
    """Whether a call stands in an `except` clause, where it speaks of another error."""
    outer = call.parent
    while outer is not None and outer.id != body.id:
        if outer.type == "except_clause":
            return True
        outer = outer.parent
    return False


def is_log(call: Node, file: PythonFile) -> bool:
    """Whether a call tells people something: a logger's method, `print`, `warnings.warn`."""
    function = _function(call)
    if _LOGS.match(file.canonical(function), file.types) is not None:
        return True
    receiver = function.child_by_field_name("object")
    if receiver is None or last_name(function) not in _LOGGED["methods"]:
        return False
    return not _LOGGED["receivers"].isdisjoint(words(last_name(receiver)))


def ends(call: Node, file: PythonFile) -> bool:
    """Whether nothing runs after a call: it ends the process, the command, the request or the test."""
    return _ENDS.match(file.canonical(_function(call)), file.types) is not None


def _says_500(name: str) -> bool:
    return _SERVER_ERROR <= words(name) or name == "HttpResponseServerError"


def _is_idle(statement: Node) -> bool:
    inner = first_named(statement)
    if statement.type == "expression_statement":
        return inner is not None and inner.type in ("ellipsis", "string")
    if statement.type == "return_statement":
        return inner is None or _is_constant(inner)
    return statement.type in ("pass_statement", "continue_statement", "break_statement")


def _is_constant(value: Node) -> bool:
    """`None`, `0`, `""`, `[]`, `(None, False)`; a text tells the caller what happened."""
    if value.type in ("tuple", "expression_list", "list", "dictionary"):
        return all(child.type in _CONSTANTS or _is_empty_text(child) for child in value.named_children)
    return value.type in _CONSTANTS or _is_empty_text(value)


def _is_empty_text(value: Node) -> bool:
    return value.type == "string" and not any(child.type == "string_content" for child in value.named_children)


def _stands_alone(call: Node) -> bool:
    """Whether nothing takes what a call returns."""
    return call.parent is None or call.parent.type == "expression_statement"


def _function(call: Node) -> Node:
    return call.child_by_field_name("function") or call


def last_name(node: Node) -> str:
    """`warning` for `self.log.warning`, `get_logger` for `get_logger(...)`."""
    while node.type in ("call", "await"):
        inner = node.child_by_field_name("function") or first_named(node)
        if inner is None:
            break
        node = inner
    attribute = node.child_by_field_name("attribute")
    return text(attribute if attribute is not None else node)


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _is_value(identifier: Node, parent: Node) -> bool:
    """Whether an identifier is more than the name of an attribute or of a keyword."""
    own = parent.child_by_field_name("object" if parent.type == "attribute" else "value")
    return own is not None and own.start_byte == identifier.start_byte


def words(name: str) -> frozenset[str]:
    """The words of a name in lower case: {"server", "error"} for `SERVER_ERROR` and `ServerError`."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def first_word(name: str) -> str:
    """The first word of a name in lower case, `async` aside: "close" for `_close_quietly` and `async_closeAll`."""
    found = [word.lower() for word in _WORD.findall(name)]
    return next((word for word in found if word not in ("async", "sync")), "")
