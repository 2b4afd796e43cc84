"""HTTP errors that a `try` raises and its own handler catches (Python)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, last_name, lies_in
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.http_errors import http_errors_in, is_http_error, status_of
from lint_rules.languages.python.reporting import is_log, records_itself
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.scopes import Scope

_GENERAL = frozenset(
    {"HTTPException", "APIException", "HTTPError", "Http404", "SanicException", "StarletteHTTPException"}
)
_TEXT_OF = frozenset({"str", "repr", "format", "type", "print"})
_SERVER_ERROR = 500
_ANSWERING = frozenset({"send_error", "write_error", "finish", "write", "set_status", "abort", "send_response"})


class Lost(Struct, frozen=True):
    """A handler and the first error of its own `try` that it catches; `by` is the function that raises it, or ""."""

    clause: ExceptClause
    error: Node
    by: str


def lost_errors(attempt: Node, file: PythonFile) -> Lost | None:
    """The handler of a `try` that catches an HTTP error which the `try` raises, and answers something else.

    It is a broad one, or one that names the class and raises an error of the server's instead.
    """
    clauses = [ExceptClause(one, file) for one in attempt.named_children if one.type == "except_clause"]
    tried = attempt.child_by_field_name("body")
    broad = next((clause for clause in clauses if clause.is_broad or _takes_http_errors(clause)), None)
    if tried is None or broad is None or not _answers_otherwise(broad):
        return None
    earlier = clauses[: clauses.index(broad)]
    if any(_takes_http_errors(clause) for clause in earlier):
        return None
    replaces = any(node.type == "raise_statement" for node in broad.own)
    for place, error, by in _raised(tried, file):
        if not broad.is_broad and (place.type != "raise_statement" or not _raises_server_error(broad)):
            continue  # what a call raises is turned into something else on purpose
        if by and not replaces:
            continue  # what a function raises may be meant for others than this one's client
        if not _is_taken_within(place, tried, file) and not _is_own_answer(error, broad):
            return Lost(broad, place, by)
    return None


def _raises_server_error(clause: ExceptClause) -> bool:
    return any(node.type == "raise_statement" and (status_of(node) or 0) >= _SERVER_ERROR for node in clause.own)


def _raised(tried: Node, file: PythonFile) -> Iterator[tuple[Node, Node, str]]:
    """Where HTTP errors come from in a block, the errors, and the function of the file that raises them, or ""."""
    for error in http_errors_in(tried, file):
        yield error, error, ""
    for call in own_nodes(tried):
        helper = _helper(call, file) if call.type == "call" else None
        body = helper.node.child_by_field_name("body") if helper is not None else None
        for error in http_errors_in(body, file) if body is not None else ():
            if not _is_taken_within(error, body or tried, file):
                yield call, error, text(called(call))


def _helper(call: Node, file: PythonFile) -> Scope | None:
    """The function of the file that a call calls."""
    symbol = file.names.symbol(called(call))
    prefix = file.module + "."
    if not symbol.startswith(prefix) or "(" in symbol:
        return None
    name = symbol[len(prefix) :]
    return next((scope for scope in file.scopes.functions if scope.name == name), None)


def _is_taken_within(error: Node, tried: Node, file: PythonFile) -> bool:
    """Whether a `try` within the block catches what is raised there."""
    inner = error
    while (outer := inner.parent) is not None and inner.id != tried.id:
        if outer.type == "try_statement" and outer.child_by_field_name("body") == inner:
            clauses = (ExceptClause(one, file) for one in outer.named_children if one.type == "except_clause")
            if any(clause.is_broad or _takes_http_errors(clause) for clause in clauses):
                return True
        inner = outer
    return False


def _takes_http_errors(clause: ExceptClause) -> bool:
    if any(last_name(node) in _GENERAL for node in clause.classes):
        return True
    return any(is_http_error(name, clause.file) for name in clause.caught)


def _is_own_answer(error: Node, clause: ExceptClause) -> bool:
    """Whether the handler answers with the status that the error has, or raises another of its kind."""
    status = status_of(error)
    if status is not None:
        return status in [status_of(one) for one in clause.own]
    return _kind(error) in [_kind(one) for one in clause.own if one.type == "raise_statement"]


def _kind(error: Node) -> str:
    """`NotFound` of `raise NotFound("no such order")`."""
    value = first_named(error) if error.type == "raise_statement" else error
    return text(called(value)) if value is not None and value.type == "call" else text(value or error)


def _answers_otherwise(clause: ExceptClause) -> bool:
    """Whether a handler never looks at what kind of error it has, and answers or raises something of its own."""
    file = clause.file
    if any(_looks_at_kind(use, clause) for use in clause.uses):
        return False
    raised = [first_named(node) for node in clause.own if node.type == "raise_statement"]
    if any(value is None or text(value) == clause.name for value in raised):
        return False  # raised again
    if raised or any(node.type == "return_statement" for node in clause.own):
        return True
    if any(last_name(called(call)) in _ANSWERING for call in clause.calls):
        return True
    handler = file.handler(file.enclosing_function(clause.clause))
    goes_on = any(node.type in ("continue_statement", "break_statement") for node in clause.own)
    return handler is not None and handler.kind == "route" and not goes_on and not clause.follows


def _looks_at_kind(use: Node, clause: ExceptClause) -> bool:
    """Whether a use of the error may tell an HTTP error from others: `error.code`, `isinstance(error, ...)`."""
    parent = use.parent
    if parent is None:
        return False
    if parent.type == "attribute":
        attribute = parent.child_by_field_name("attribute")
        return attribute is not None and text(attribute) not in (
            "args",
            "message",
            "__class__",
            "__cause__",
            "add_note",
        )
    if parent.type in ("interpolation", "format_expression"):
        return False
    call = parent.parent if parent.type in ("argument_list", "keyword_argument") else None
    call = call.parent if call is not None and call.type == "argument_list" else call
    if call is not None and call.type == "call":
        is_alone = call.parent is not None and call.parent.type in ("expression_statement", "await")
        if last_name(called(call)) in _TEXT_OF or is_log(call, clause.file):
            return False
        if is_alone and records_itself(call, clause.file):
            return False
        if not any(node.type == "raise_statement" and lies_in(call, node) for node in clause.own):
            return True
        return _translates(call)
    return not (parent.type in ("raise_statement", "binary_operator") or _is_log_argument(use, clause))


def _translates(call: Node) -> bool:
    """Whether what is raised is what a function makes of the error, and no class: `raise as_answer(error)`."""
    name = last_name(called(call)).lstrip("_")
    return call.parent is not None and call.parent.type == "raise_statement" and name[:1].islower()


def _is_log_argument(use: Node, clause: ExceptClause) -> bool:
    return any(lies_in(use, call) for call in clause.logs)
