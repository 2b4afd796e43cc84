"""What can fail in a function, and the statements that keep errors from leaving it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named, nodes_of_kinds
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.screening import Spells
from lint_rules.languages.tables import NameTable, TableRow, name_table, read_table

_TABLE = Path(__file__).parent / "failures.toml"

RAISES, FAILS = "!", "!!"
"""Among the risks of a function: a `raise` of its own can leave it; so can an error of a library function."""

GUARD_KINDS = ("try_statement", "with_statement")
_FUNCTIONS = frozenset({"function_definition", "lambda", "class_definition"})
_BROAD = frozenset({"Exception", "BaseException"})


@lru_cache(maxsize=1)
def _harmless() -> dict[str, frozenset[str]]:
    return {key: frozenset(names) for key, names in read_table(_TABLE)["harmless"].items()}


@lru_cache(maxsize=1)
def failing() -> NameTable[TableRow]:
    """Library functions that fail when a server, a disk, another process or a client does."""
    return name_table(_TABLE, "failing")


@lru_cache(maxsize=1)
def failing_words() -> Spells:
    """A text for which this is false calls none of them."""
    words = {name.split(".")[1 if name.startswith("builtins.") else 0].removesuffix("()") for name in failing()}
    return Spells(words)


def keeps_errors(statement: Node) -> bool:
    """Whether a `try` catches everything and does not raise again, or a `with` suppresses everything."""
    if statement.type == "with_statement":
        header = statement.named_child(0)
        return header is not None and "suppress(" in text(header) and _is_broad(header)
    return any(
        clause.type == "except_clause" and _catches_all_errors(clause) and not _raises(clause)
        for clause in statement.named_children
    )


def is_handled(node: Node) -> bool:
    """Whether an error at a node first meets an `except` of the same function, or a `suppress`, whatever that catches.

    What stands in an `except` or `finally` clause looks after an error already, and counts too.
    """
    current = node
    while (parent := current.parent) is not None and parent.type not in _FUNCTIONS:
        if parent.type == "try_statement" and parent.child_by_field_name("body") == current:
            if any(child.type == "except_clause" for child in parent.named_children):
                return True
        elif parent.type == "with_statement" and parent.child_by_field_name("body") == current:
            header = parent.named_child(0)
            if header is not None and "suppress(" in text(header):
                return True
        elif parent.type in ("except_clause", "finally_clause") and node.type != "raise_statement":
            return True
        current = parent
    return False


def is_let_out(statement: Node) -> bool:
    """Whether a `raise` makes an error of its own that leaves the function."""
    error = first_named(statement)
    function = error.child_by_field_name("function") if error is not None and error.type == "call" else error
    if function is None or text(function).rpartition(".")[2] in _harmless()["errors"]:
        return False
    return not is_handled(statement)


def given_by_raising(function: Node) -> str:
    """`typing.NoReturn` if the last thing that a function does is to raise an error of its own, else ""."""
    body = function.child_by_field_name("body")
    last = body.named_children[-1] if body is not None and body.named_children else None
    return "typing.NoReturn" if last is not None and last.type == "raise_statement" and is_let_out(last) else ""


def exit_guards(clauses: Iterable[Node]) -> list[tuple[int, int]]:
    """The bytes of the `try` blocks whose `except` clauses catch SystemExit and do not raise again."""
    ranges = []
    for clause in clauses:
        value = clause.child_by_field_name("value")
        caught = text(value) if value is not None else "SystemExit"
        body = clause.parent.child_by_field_name("body") if clause.parent is not None else None
        if body is not None and ("SystemExit" in caught or "BaseException" in caught) and not _raises(clause):
            ranges.append((body.start_byte, body.end_byte))
    return ranges


def risk_of(function: Node, name_of: Callable[[Node], str]) -> str | None:
    """What can fail when `function` is called: its name as `name_of` tells it, or None if nothing is expected to."""
    harmless = _harmless()
    attribute = function.child_by_field_name("attribute")
    if attribute is not None and text(attribute) in harmless["methods"]:
        return None
    name = name_of(function)
    return None if name in harmless["functions"] else name


def leaves_errors_alone(decorators: tuple[str, ...]) -> bool:
    """Whether all decorators of a function let its errors out as they are."""
    plain = _harmless()["decorators"]
    return all(decorator.rpartition(".")[2] in plain for decorator in decorators)


def _catches_all_errors(clause: Node) -> bool:
    value = clause.child_by_field_name("value")
    return value is None or _is_broad(value)


def _is_broad(expression: Node) -> bool:
    return any(text(name) in _BROAD for name in nodes_of_kinds(expression, ("identifier",))["identifier"])


def _raises(clause: Node) -> bool:
    return any(node.type == "raise_statement" for node in own_nodes(clause))
