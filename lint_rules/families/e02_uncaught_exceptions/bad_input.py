"""Whether something deals with bad input around a call in a handler."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.guards import leaves_errors_alone
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.registrations import called_function, decorators
from lint_rules.languages.python.request_data import request_tables
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.request_data import RequestRead

_HARMLESS = read_table(Path(__file__).parent / "parsers.toml")["harmless"]
_DEALS = re.compile("|".join(_HARMLESS["words"]), re.IGNORECASE)
_ANSWERS = re.compile(r"(?:response|render|redirect|json_response|jsonify)(?:\(\))?$", re.IGNORECASE)
_HOOK = rb"(?:errorhandler|exception_handler|register_error_handler|\.exception)\(\s*[\w.]*"
_TESTS = "isdigit|isdecimal|isnumeric|isalnum|isidentifier"


def is_view(function: Scope, file: PythonFile) -> bool:
    """Whether a framework calls a function per request: by what the file says, or by what it takes and returns."""
    if function.kind != FUNCTION:
        return False
    handler = file.handler(function)
    if handler is not None:
        return handler.is_per_request
    return _takes_request(function, file) and _answers(function, file) and not _is_called(function, file)


def _takes_request(function: Scope, file: PythonFile) -> bool:
    parameters = parameter_names(function)
    if parameters and file.request_data.holds_request(function, parameters[0]):
        return True
    return any(
        file.names.name(name, function.start) in request_tables().globals
        for name in request_tables().global_names
        if name not in function.bindings
    )


def _is_called(function: Scope, file: PythonFile) -> bool:
    """Whether its own file calls it: a helper, whose caller may have checked the request."""
    identifier = function.node.child_by_field_name("name")
    name = re.escape(text(identifier)) if identifier is not None else ""
    call = rf"\bself\.{name}\(" if function.owner_class is not None else rf"(?<![\w.])(?<!def ){name}\("
    return re.search(call.encode(), file.data) is not None


def _answers(function: Scope, file: PythonFile) -> bool:
    annotation = function.node.child_by_field_name("return_type")
    if annotation is not None and "Response" in text(annotation):
        return True
    returned = (first_named(node) for node in own_nodes(function.node) if node.type == "return_statement")
    return any(_ANSWERS.search(file.names.symbol(value)) for value in returned if value is not None)


def is_known_good(read: RequestRead, file: PythonFile) -> bool:
    """Whether the server or the route's pattern has checked what is read."""
    if read.key.lower() in _HARMLESS["keys"]:
        return True
    member = read.name.rpartition(".")[2]
    # `{number}` in a pattern of this file is plain text; `{number:\d+}`, or a pattern elsewhere, may be checked.
    return member in ("match_info", "path_params") and f"{{{read.key}}}".encode() not in file.data


def is_handled(call: Node, handler: Scope, raises: list[str], file: PythonFile) -> bool:
    """Whether a `try`, a `with` or a decorator around a call deals with one of the errors, by their last names."""
    inner = call
    for outer in file.enclosing(call):
        if outer == handler.node:
            break
        if outer.type == "try_statement" and inner == outer.child_by_field_name("body"):
            clauses = [clause for clause in outer.named_children if clause.type == "except_clause"]
            if any(_catches(ExceptClause(clause, file), raises) for clause in clauses):
                return True
        if outer.type == "with_statement" and _DEALS.search(_header(outer)):
            return True
        inner = outer
    return any(_may_catch(called_function(one), file) for one in decorators(handler.node)) or _has_hook(file, raises)


def _may_catch(decorator: Node, file: PythonFile) -> bool:
    """Whether a decorator may deal with errors: one of the project that is not known for leaving them alone."""
    name = text(decorator)
    if handler_table().may_decorate(name):
        return False
    if _DEALS.search(name) is not None:
        return True
    reference = file.function(decorator)
    if reference is None or leaves_errors_alone((name,)):
        return False
    own = next((one for one in file.scopes.functions if f"{file.module}.{one.name}" == reference.name), None)
    return own is None or _LOOKS_AFTER.search(file.data[own.start : own.end]) is not None


_LOOKS_AFTER = re.compile(rb"\bexcept\b|\bsuppress\(|\bwith\b")


def _catches(clause: ExceptClause, raises: list[str]) -> bool:
    """Names that are no built-in exceptions may be bases or wrappers of the error."""
    if clause.is_broad:
        return True
    names = (name.rpartition(".")[2] for name in clause.caught)
    return any(name in raises or not hasattr(builtins, name) for name in names)


def _header(statement: Node) -> str:
    header = first_named(statement)
    return text(header) if header is not None else ""


def _has_hook(file: PythonFile, raises: list[str]) -> bool:
    """Whether the file registers an error handler for the error: `@app.errorhandler(ValueError)`."""
    names = "|".join(re.escape(name.rpartition(".")[2]) for name in [*raises, "Exception"]).encode()
    return re.search(_HOOK + rb"\b(?:" + names + rb")\b", file.data) is not None


def is_checked(read: RequestRead, call: Node, handler: Scope, file: PythonFile) -> bool:
    """Whether the function tests the value before the call: `.isdigit()`, `in ALLOWED`, a match or a validator."""
    given = call.child_by_field_name("arguments")
    argument = first_named(given) if given is not None else None
    before = file.source.text(handler.start, call.start_byte)
    for value in {text(read.place), text(argument) if argument is not None else ""} - {""}:
        name = rf"(?<![\w.]){re.escape(value)}(?!\w)"
        tests = (
            rf"(?<!for\s){name}\s+(?:not\s+)?in\b",
            rf"{name}.*\.\s*(?:{_TESTS})\(|\.\s*(?:{_TESTS})\(.*{name}",
            rf"\w*(?:match|valid|check|is_|isinstance)\w*\([^()]*{name}",
        )
        if any(re.search(test, before) for test in tests):
            return True
    return False
