"""Where code says in words why an error may be dropped: comments at the handler, the documentation of its function."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tree_sitter import Node

from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.languages.tables import read_table

TABLE = Path(__file__).parent / "handlers-table.toml"

_COMMENTS = {key: frozenset(names) for key, names in read_table(TABLE)["comments"].items()}
_TOOL_COMMENT = re.compile(r"#+[:!\s]*(?:[a-z][\w-]*|[A-Z]+\d+)(?:\[[^\]]*\])?:")
_LABEL = re.compile(r"#+\s*([A-Za-z]+)")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_ENOUGH_WORDS = 2
_TROUBLE = r"(?:errors?|exceptions?|failures?)"
_PROMISE = re.compile(
    rf"(?i)best[- ]effort|(?:never|not|n't) (?:raise|fail|throw)|fall(?:s|ing)?[- ]?back|swallow|suppress|silently"
    rf"|opportunis|non-fatal|(?:do|does|is a) (?:nothing|no-?op)\b|fail[- ](?:safe|open|closed|soft)"
    rf"|{_TROUBLE} (?:is|are) (?:ignored|caught)|ignor\w+ (?:\w+ ){{0,3}}{_TROUBLE}"
    rf"|(?:on|in case of) (?:\w+ )?{_TROUBLE}"
    rf"|if (?:[\w'`.]+ ){{0,8}}(?:fails?|failed|invalid|unavailable|errors?|cannot|can't|couldn't|unable|malformed"
    rf"|unsuccessful)\b"
    rf"|\b(?:do|does|did) not (?:decode|parse|convert|validate)\b|\bsafely\b|\beats? (?:\w+ ){{0,2}}{_TROUBLE}"
)
_MAY_FAIL = re.compile(
    rf"{_PROMISE.pattern}|\bignor|\b(?:handled|caught|fails)\b"
    rf"|\b(?:can|could|may|might|will|would|sometimes) (?:\w+ ){{0,2}}(?:fail|raise|throw)"
    rf"|\b(?:nothing|not much) (?:\w+ ){{0,3}}can (?:be )?do|\bdefensive|\b(?:mal|ill-)formed\b"
)
_GONE = re.compile(
    r"(?i)\bstale\b|\bleft-?overs?\b|\bstragglers?\b|\b(?:is|are|already) (?:gone|closed|removed|deleted)\b"
)
_TROUBLES = re.compile(rf"(?i)\b{_TROUBLE}\b")
_BESIDE = (_MAY_FAIL, _TROUBLES, _GONE)
_CANCELS = re.compile(r"(?i)\bcancel")
_WIDE_PROMISE = re.compile(
    rf"(?i)best[- ]effort|never raises?|silently"
    rf"|{_TROUBLE} (?:\w+ ){{0,3}}(?:is|are) (?:ignored|suppressed)"
)


def gives_reason(handler: ExceptClause) -> bool:
    """Whether a comment at the handler says why, or that another linter's check for this was considered."""
    return (
        any(is_reason(comment) or is_acknowledged(comment) for comment in comments(handler))
        or any(is_reason(comment) and _MAY_FAIL.search(comment) for comment in _comments_within(handler))
        or any(is_reason(one) and any(says.search(one) for says in _BESIDE) for one in _comments_beside(handler))
    )


def expects_cancellation(handler: ExceptClause) -> bool:
    """Whether a comment in or beside the `try` says what becomes of a cancellation."""
    return any(_CANCELS.search(comment) for comment in (*_comments_within(handler), *_comments_beside(handler)))


def twin_gives_reason(handler: ExceptClause) -> bool:
    """Whether the same handler in the function's twin is explained: `load` and `aload`, or methods of the same name.

    What is tried in the same words elsewhere in the file is a twin, too.
    """
    file = handler.file
    name = _function_name(handler)
    for clause in file.nodes("except_clause"):
        other = ExceptClause(clause, file)
        is_twin = _function_name(other) == name or text(other.tried) == text(handler.tried)
        if is_twin and text(other.body) == text(handler.body) and gives_reason(other):
            return True
    return False


def _function_name(handler: ExceptClause) -> str:
    """The name of the function around a handler, without the `a` or `async_` that tells twins apart."""
    function = handler.file.enclosing_function(handler.clause)
    name = function.name.rpartition(".")[2].lstrip("_") if function is not None else ""
    return name.removeprefix("async_").removeprefix("a" if function is not None and function.is_async else "")


def comments(handler: ExceptClause) -> Iterator[str]:
    """The comments in the handler, directly above its `except`, and on the default that is returned behind it."""
    clause, data = handler.clause, handler.file.data
    before = clause.prev_named_sibling
    while before is not None and before.type == "comment":
        before = before.prev_named_sibling
    start = data.find(b"\n", before.end_byte, clause.start_byte) if before is not None else clause.start_byte
    end = data.find(b"\n", clause.end_byte)
    after = next((node for node in handler.follows if node.parent == handler.try_statement.parent), None)
    if after is not None and after.type == "return_statement":
        end = after.start_byte
    for comment in handler.file.comments_between(max(start, 0), len(data) if end < 0 else end):
        yield text(comment)


def _comments_within(handler: ExceptClause) -> Iterator[str]:
    """The comments in the `try`, most of which are about something else."""
    return map(text, handler.file.comments_between(handler.try_statement.start_byte, handler.tried.end_byte))


def _comments_beside(handler: ExceptClause) -> Iterator[str]:
    """The comments on the lines directly above the `try`, or a loop of nothing else, and directly below the handler."""
    file, column = handler.file, handler.try_statement.start_point[1]
    for first in (handler.try_statement, _loop_of_it_alone(handler)):
        if first is not None:
            above = reversed(file.comments_between(0, first.start_byte))
            yield _said(reversed([*_block(above, *first.start_point, -1)]))
    below = file.comments_between(handler.clause.end_byte, len(file.data))
    yield _said(_block(below, handler.clause.end_point[0], column, 1))


def _loop_of_it_alone(handler: ExceptClause) -> Node | None:
    """The `for` that does nothing but this `try` with each of its items."""
    block = handler.try_statement.parent
    loop = block.parent if block is not None else None
    if block is None or loop is None or loop.type != "for_statement":
        return None
    return loop if len([child for child in block.named_children if child.type != "comment"]) == 1 else None


def _said(lines: Iterable[str]) -> str:
    """What the lines of a comment say together."""
    return " ".join(line if number == 0 else line.lstrip("# ") for number, line in enumerate(lines))


def _block(comments: Iterable[Node], row: int, column: int, step: int) -> Iterator[str]:
    """The texts of comments that stand at a column on the rows next to `row`, one below (1) or above (-1) the other."""
    for comment in comments:
        row += step
        if comment.start_point != (row, column):
            return
        yield text(comment)


def is_acknowledged(comment: str, check: str = "acknowledged") -> bool:
    """Whether it switches off another linter's check by name: for broad or empty handlers, or `acknowledged_cause`."""
    return any(mark in comment for mark in _COMMENTS[check])


def is_reason(comment: str) -> bool:
    """Whether it says more than that an error is ignored, and is no directive for a tool."""
    label = _LABEL.match(comment)
    if _TOOL_COMMENT.match(comment) or (label is not None and label[1].lower() in _COMMENTS["labels"]):
        return False
    return sum(word.lower() not in _COMMENTS["noise"] for word in _WORD.findall(comment)) >= _ENOUGH_WORDS


def docstring_promises(handler: ExceptClause) -> bool:
    """Whether the function says that it does not fail, or what it does instead; or its module, for want of that."""
    function = handler.file.enclosing_function(handler.clause)
    own = _docstring_of(function)
    if own:
        return _PROMISE.search(own) is not None
    outer = _docstring_of(function.parent.function) if function is not None and function.parent is not None else ""
    return any(_WIDE_PROMISE.search(around) is not None for around in (outer, _docstring(handler.file.root)))


def _docstring_of(function: Scope | None) -> str:
    body = function.node.child_by_field_name("body") if function is not None else None
    return _docstring(body) if body is not None else ""


def _docstring(body: Node) -> str:
    statement = first_named(body)
    docstring = first_named(statement) if statement is not None else None
    return text(docstring) if docstring is not None and docstring.type == "string" else ""
