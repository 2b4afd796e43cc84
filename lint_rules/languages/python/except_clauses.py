"""What an `except` clause catches, and what it does with the error."""

from __future__ import annotations

import builtins
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.expressions import calls_in, is_value, last_name, lies_in
from lint_rules.languages.python.grammar import first_named, nodes_of_kinds
from lint_rules.languages.python.reporting import ends, is_log, records, records_itself
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.suspension import own_nodes, suspends
from lint_rules.languages.tables import read_table
from lint_rules.languages.wording import words
from lint_rules.model import Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

EXCEPTION, BASE_EXCEPTION = "builtins.Exception", "builtins.BaseException"

_FAILURE = frozenset(read_table(Path(__file__).parent / "reporting.toml")["words"]["failure"])
_CONSTANTS = frozenset({"none", "true", "false", "integer", "float", "unary_operator"})
_COLLECTIONS = frozenset({"tuple", "expression_list", "list", "dictionary"})
_IDLE = frozenset({"pass_statement", "continue_statement", "break_statement"})
_SERVER_ERROR = frozenset({"internal", "server", "error"})
_OUT = frozenset({"break_statement", "return_statement"})
_LOOPS = frozenset({"for_statement", "while_statement"})
_DEFINITIONS = frozenset({"function_definition", "lambda", "class_definition"})
_BUILTIN = frozenset(dir(builtins))
_ASSIGNS = (" =", "=", ": ")
_MAX_CLASSES = 100


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
    def classes(self) -> tuple[Node, ...]:
        """The expressions for the classes it catches, tuples bound to names taken apart; empty if it is bare."""
        waiting = [self.type] if self.type is not None else []
        found: list[Node] = []
        for _ in range(_MAX_CLASSES):
            if not waiting:
                break
            node = waiting.pop()
            if node.type == "identifier" and self._may_be_alias(node):
                bound = self.file.names.only_value(text(node), node.start_byte)
                node = bound if bound is not None and bound.type in ("tuple", "identifier") else node
            if node.type in ("tuple", "parenthesized_expression"):
                waiting.extend(reversed([child for child in node.named_children if child.type != "comment"]))
            else:
                found.append(node)
        return tuple(found)

    def _may_be_alias(self, identifier: Node) -> bool:
        """Whether the file assigns to a name. The bytes are asked first, since most handlers name what they import."""
        name = text(identifier)
        return name not in _BUILTIN and any(f"{name}{sign}".encode() in self.file.data for sign in _ASSIGNS)

    @cached_property
    def caught(self) -> tuple[str, ...]:
        """Canonical names of the classes it catches, "" for what is not known; empty if it is bare."""
        return tuple(self.file.canonical(node) for node in self.classes)

    @property
    def is_bare(self) -> bool:
        """Whether it is `except:`."""
        return self.type is None

    @cached_property
    def catches_all(self) -> bool:
        """Whether it catches `KeyboardInterrupt`, `SystemExit` and cancellation as well."""
        return self.is_bare or self._catches(BASE_EXCEPTION)

    @cached_property
    def is_broad(self) -> bool:
        """Whether it is bare or catches `Exception` or `BaseException`."""
        return self.catches_all or self._catches(EXCEPTION)

    def _catches(self, error: str) -> bool:
        own = error.rpartition(".")[2]
        return any(last_name(node) == own and self.file.canonical(node) == error for node in self.classes)

    # Where it stands.

    @cached_property
    def try_statement(self) -> Node:
        """The statement it belongs to."""
        return self.clause.parent or self.clause

    @property
    def siblings(self) -> list[ExceptClause]:
        """All `except` clauses of the statement, this one among them."""
        clauses = self.try_statement.named_children
        return [ExceptClause(clause, self.file) for clause in clauses if clause.type == "except_clause"]

    @cached_property
    def tried(self) -> Node:
        """The block of the `try`."""
        return self.try_statement.child_by_field_name("body") or self.clause

    @cached_property
    def attempts(self) -> list[Node]:
        """The nodes that run in the `try`, inner functions not entered."""
        return list(own_nodes(self.tried))

    @cached_property
    def body(self) -> Node:
        """Its own block."""
        return next((child for child in reversed(self.clause.children) if child.type == "block"), self.clause)

    @property
    def statements(self) -> list[Node]:
        """The statements of its block."""
        return [child for child in self.body.named_children if child.type != "comment"]

    @property
    def is_in_async_code(self) -> bool:
        """Whether a coroutine function runs it."""
        function = self.file.enclosing_function(self.clause)
        return function is not None and function.kind == FUNCTION and function.is_async

    @property
    def can_be_cancelled(self) -> bool:
        """Whether the `try` waits in async code, so that a cancellation can arrive there."""
        return self.is_in_async_code and suspends(self.tried)

    @cached_property
    def follows(self) -> list[Node]:
        """The statements that run after it in its function, should it neither leave nor raise; a loop runs again."""
        following: list[Node] = []
        for outer in (self.try_statement, *self.file.enclosing(self.try_statement)):
            if outer.type in _DEFINITIONS:
                break
            if outer.type in _LOOPS:
                following.append(outer)
            after = outer.next_named_sibling if outer.type.endswith("_statement") else None
            while after is not None:
                if after.type != "comment" and not after.type.endswith("_clause"):
                    following.append(after)
                after = after.next_named_sibling
        return following

    @property
    def is_behind_exception(self) -> bool:
        """Whether a clause above it has taken every `Exception`, so that it is about the others alone."""
        return any(one.is_broad for one in self.siblings if one.clause.start_byte < self.clause.start_byte)

    @property
    def spares_interrupts(self) -> bool:
        """Whether a clause above it has taken `KeyboardInterrupt`: who wrote it has thought of being stopped."""
        earlier = (one for one in self.siblings if one.clause.start_byte < self.clause.start_byte)
        return any(last_name(node) == "KeyboardInterrupt" for one in earlier for node in one.classes)

    @property
    def is_one_of_several(self) -> bool:
        """Whether it only passes, while others of the same `try` do something: the cases were told apart."""
        others = [one for one in self.siblings if one.clause.id != self.clause.id]
        passes = all(node.type in ("pass_statement", "expression_statement") for node in self.statements)
        return self.does_nothing and passes and any(not one.does_nothing for one in others)

    @property
    def retries(self) -> bool:
        """Whether it goes on with a loop that is left as soon as something succeeds."""
        rest = list(takewhile(lambda node: node.type not in _LOOPS, self.follows))
        is_in_loop = len(rest) < len(self.follows)
        goes_on = not any(node.type in _OUT for node in self.own)
        return is_in_loop and goes_on and any(node.type in _OUT for one in rest for node in (one, *own_nodes(one)))

    @property
    def header(self) -> Span:
        """The place of `except ... as name`."""
        last = self.clause.child_by_field_name("value") or self.clause.children[0]
        return self.file.source.span(self.clause.start_byte, last.end_byte)

    @property
    def header_text(self) -> str:
        """For messages: "`except Exception`" without the name behind `as`, or "bare `except`"."""
        return "bare `except`" if self.type is None else f"`except {' '.join(text(self.type).split())}`"

    # What it does.

    @property
    def does_nothing(self) -> bool:
        """Whether all it does is to pass, to leave, or to return a constant."""
        statements = self.statements
        return len(statements) == 1 and _is_idle(statements[0])

    @property
    def only_rolls_back(self) -> bool:
        """Whether all it does is to undo what was tried in a database, and to leave: `session.rollback()`."""
        undone, rest = 0, 0
        for statement in self.statements:
            inner = first_named(statement) if statement.type == "expression_statement" else None
            inner = first_named(inner) if inner is not None and inner.type == "await" else inner
            is_undoing = inner is not None and inner.type == "call" and last_name(inner) == "rollback"
            undone, rest = undone + is_undoing, rest + (not is_undoing and not _is_idle(statement))
        return undone > 0 and not rest

    @cached_property
    def own(self) -> list[Node]:
        """The nodes it runs itself, inner functions not entered."""
        return list(own_nodes(self.body))

    @cached_property
    def calls(self) -> list[Node]:
        """The calls it makes itself."""
        return calls_in(self.own)

    @cached_property
    def reraises(self) -> bool:
        """Whether it raises on some path, the same error or another."""
        return any(node.type == "raise_statement" for node in self.own)

    @cached_property
    def uses(self) -> list[Node]:
        """The places where it uses the error it has bound."""
        if not self.name:
            return []
        named = nodes_of_kinds(self.body, ("identifier",))["identifier"]
        return [node for node in named if text(node) == self.name and is_value(node)]

    @cached_property
    def records(self) -> bool:
        """Whether it keeps the error with its traceback: logs, prints or sends it, itself or by a helper."""
        return any(records(call, self.file) for call in self.calls)

    @cached_property
    def logs(self) -> list[Node]:
        """The calls that tell people something."""
        return [call for call in self.calls if is_log(call, self.file)]

    @cached_property
    def keeps_error(self) -> bool:
        """Whether the error goes on to somebody: it is stored, returned or handed over, not only written to a log."""
        taken = [call for call in self.calls if records_itself(call, self.file) and not _stands_alone(call)]
        return any(not any(lies_in(node, log) for log in self.logs) for node in (*self.uses, *taken))

    @cached_property
    def ends(self) -> bool:
        """Whether it ends the process, the command, the request or the test."""
        return any(ends(call, self.file) for call in self.calls)

    @cached_property
    def answers_500(self) -> bool:
        """Whether it answers with "internal server error": returns such a response, or aborts the request with it."""
        aborted = [call for call in self.calls if last_name(call) == "abort"]
        answers = [*aborted, *(node for node in self.own if node.type == "return_statement")]
        return any(_says_500(part) for statement in answers for part in own_nodes(statement))

    @cached_property
    def names_failure(self) -> bool:
        """Whether its code, log messages aside, says in a name that something failed."""
        named = [node for node in self.own if node.type == "identifier" and not _FAILURE.isdisjoint(words(text(node)))]
        return any(not any(lies_in(node, log) for log in self.logs) for node in named)


def _stands_alone(call: Node) -> bool:
    """Whether nothing takes what a call returns."""
    return call.parent is None or call.parent.type == "expression_statement"


def _says_500(part: Node) -> bool:
    if part.type == "integer":
        return text(part) == "500"
    if part.type != "identifier":
        return False
    return words(text(part)) >= _SERVER_ERROR or text(part) == "HttpResponseServerError"


def _is_idle(statement: Node) -> bool:
    inner = first_named(statement)
    if statement.type == "expression_statement":
        return inner is not None and inner.type in ("ellipsis", "string")
    if statement.type == "return_statement":
        return inner is None or _is_constant(inner)
    return statement.type in _IDLE


def _is_constant(value: Node) -> bool:
    """`None`, `0`, `""`, `[]`, `(None, False)`; a text tells the caller what happened."""
    parts = value.named_children if value.type in _COLLECTIONS else [value]
    return all(part.type in _CONSTANTS or _is_empty_text(part) for part in parts)


def _is_empty_text(value: Node) -> bool:
    return value.type == "string" and not any(child.type == "string_content" for child in value.named_children)
