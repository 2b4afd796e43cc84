"""Attempts in which a file raises, as plain exceptions, texts that it has written for people itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.python_caught import Caught
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments, called_function
from lint_rules.languages.python.scopes import FUNCTION, text

_BROAD = frozenset({"Exception", "BaseException", "any exception"})
_TRANSLATING = frozenset({"_", "gettext", "lazy_gettext", "ugettext", "gettext_lazy", "ngettext", "pgettext"})
_TEXTS = frozenset({"string", "concatenated_string"})
_CHECKS = re.compile(r"_*(?:check|valid|verify|ensure|normali[sz]e|clean|sanitize|strip|is_|has_)\w*$")
_HARMLESS = re.compile(
    r"(?:get|strip|lower|upper|split|len|int|float|str|bool|startswith|endswith|isdigit|isinstance|any|all|append|"
    r"keys|values|items|match|fullmatch|sorted|set|list|generate_password_hash|flash)$"
)
_LOGS = re.compile(r"(?:self\.|app\.|current_app\.)?_?(?:log|logger|logging|LOG|LOGGER)\.\w+$")
_NESTED = frozenset({"function_definition", "lambda", "class_definition", "except_clause", "except_group_clause"})


def tells_own_texts(caught: Caught, file: PythonFile) -> bool:
    """Whether what fails in an attempt are its own checks, whose texts were written for those who are shown them.

    A translated text is there for people, whatever else the attempt does; a plain one is believed where nothing but
    checks can fail. A function of the file that is called for its checks counts as if it were written out.
    """
    body = _attempt(caught)
    if body is None or not any(part in _BROAD for part in caught.what.split(", ")):
        return False
    raised = [_text_of(one) for one in _all(body, "raise_statement")]
    if any(one is not None and one.type == "call" for one in raised):
        return True
    calls = [call for call in _all(body, "call") if not _is_raised(call)]
    helpers = [call for call in calls if _raises_translated(call, file)]
    if not helpers and (not raised or None in raised):
        return False
    return all(call in helpers or _is_harmless(call) for call in calls)


def only_checks(caught: Caught) -> bool:
    """Whether an attempt does nothing but check what it is given, by functions that are called so."""
    body = _attempt(caught)
    calls = list(_all(body, "call")) if body is not None else []
    names = [_last(call) for call in calls]
    return any(_CHECKS.match(one) for one in names) and all(_CHECKS.match(one) or _HARMLESS.match(one) for one in names)


def _attempt(caught: Caught) -> Node | None:
    attempt = caught.place.parent if caught.how == "except" else None
    return attempt.child_by_field_name("body") if attempt is not None else None


def _all(body: Node, kind: str) -> Iterator[Node]:
    """The nodes of a kind that run with a block, in no particular order."""
    waiting = [body]
    while waiting:
        part = waiting.pop()
        if part.type == kind:
            yield part
        waiting.extend(one for one in part.named_children if one.type not in _NESTED)


def _text_of(statement: Node) -> Node | None:
    """The text of its own that a `raise` gives its error: a literal, or the call that translates one."""
    error = first_named(statement)
    given = dict(arguments(error)).get("0") if error is not None and error.type == "call" else None
    if given is None or statement.child_by_field_name("cause") is not None:
        return None
    while given.type == "call" and text(called_function(given)).rpartition(".")[2] == "format":
        given = called_function(given).child_by_field_name("object") or given
    is_translated = given.type == "call" and _last(given) in _TRANSLATING
    inner = dict(arguments(given)).get("0") if is_translated else given
    return given if inner is not None and inner.type in _TEXTS else None


def _is_raised(call: Node) -> bool:
    """Whether a call makes the error of a `raise`, or its text."""
    current: Node | None = call
    while current is not None and current.type in ("call", "argument_list", "attribute", "keyword_argument"):
        current = current.parent
    return current is not None and current.type == "raise_statement"


def _raises_translated(call: Node, file: PythonFile) -> bool:
    """Whether a function of the same file is called that raises nothing but translated texts."""
    symbol = file.names.symbol(called_function(call))
    function = next(
        (one for one in file.scopes.all if one.kind == FUNCTION and f"{file.module}.{one.name}" == symbol), None
    )
    body = function.node.child_by_field_name("body") if symbol and function is not None else None
    raised = [_text_of(one) for one in _all(body, "raise_statement")] if body is not None else []
    return bool(raised) and all(one is not None and one.type == "call" for one in raised)


def _is_harmless(call: Node) -> bool:
    written = text(called_function(call))
    last = written.rpartition(".")[2]
    return bool(_CHECKS.match(last) or _HARMLESS.match(last) or _LOGS.match(written)) or last in _TRANSLATING


def _last(call: Node) -> str:
    return text(called_function(call)).rpartition(".")[2]
