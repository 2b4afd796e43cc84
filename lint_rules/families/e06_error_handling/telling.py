"""Whether a body tells its reader that something went wrong, by its keys and their values as they are written."""

from __future__ import annotations

import re

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e06_error_handling import node_bodies, python_bodies
from lint_rules.families.e06_error_handling.answer import Answer
from lint_rules.families.e06_error_handling.shapes import ERROR_KEYS, MESSAGE_KEYS
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import arguments as node_arguments
from lint_rules.languages.javascript.grammar import callee
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.scopes import text

_FAILURE = re.compile(
    r"\b(?:errors?|fail(?:ed|ure|s)?|wrong|invalid|unable|cannot|can't|could ?n[o']t|not found|denied|unauthori[sz]ed|"
    r"forbidden|exception|does ?n[o']t exist|not exist|not allowed|no such)\b",
    re.IGNORECASE,
)
_FALSY = frozenset({"none", "null", "undefined", "false", "False", "None", '""', "''", "0", "[]", "{}", "``", "()"})
_SUCCESS_KEYS = frozenset({"success", "ok", "succeeded", "successful"})
_ERROR_STATES = frozenset({"error", "fail", "failed", "failure"})
_STATE_KEYS = frozenset({"status", "result", "state", "type"})
_EXEMPT_KEYS = frozenset(
    {"jsonrpc", "valid", "isvalid", "is_valid", "healthy", "uptime", "checks", "validation", "isok", "available"}
)
_BESIDE = frozenset(
    {"code", "status", "statuscode", "status_code", "path", "timestamp", "success", "ok", "field", "fields", "id",
     "requestid", "request_id", "type", "hint", "help", "param", "data", "result", "payload", "info", "stack", "trace",
     "traceback", "exception", "retry", "docs", "url", "method", "name", "instance"}
)  # fmt: skip
_LITERALS = frozenset(
    {
        "string",
        "concatenated_string",
        "template_string",
        "dictionary",
        "object",
        "list",
        "array",
        "true",
        "binary_operator",
    }
)


class Telling(Struct, frozen=True):
    """What a body says: surely an error; a text about a failure; what may be one, if it shows an error.

    `is_exempt` are protocols that tell errors in the body; `shown` is the body for people.
    """

    is_error: bool
    is_failure_text: bool
    may_be_error: bool
    is_exempt: bool
    shown: str


def python_telling(answer: Answer, file: PythonFile) -> Telling:
    """What the body of a Python response says."""
    if not answer.body or _is_filled_later(answer.body[0], file):
        return _of_text("")
    body = python_bodies.value_of(answer.body[0], file)
    pairs: list[tuple[str | None, Node]] | None = None
    if answer.node.type == "call" and _last_name(answer.node).endswith("jsonify") and body.type != "dictionary":
        pairs = python_bodies.pairs_of(answer.node)
        if pairs and pairs[0][0] is None:
            pairs = None
    if body.type == "call" and _last_name(body).endswith(("jsonify", "dumps")):
        given = body.child_by_field_name("arguments")
        inner = given.named_children[0] if given is not None and given.named_child_count else body
        if inner.type == "keyword_argument":
            pairs = python_bodies.pairs_of(body)
        else:
            body = python_bodies.value_of(inner, file)
    if pairs is None and python_bodies.kind_of(body) == "object":
        pairs = python_bodies.pairs_of(body)
    return _of_pairs(pairs) if pairs is not None else _of_text(text(body))


def _is_filled_later(body: Node, file: PythonFile) -> bool:
    """Whether a name's members are set behind its value, which then tells nothing: `result["ok"] = check(order)`."""
    function = file.scope(body).function
    if body.type != "identifier" or function is None:
        return False
    return re.search(rf"(?<![\w.]){re.escape(text(body))}\[[^\]\n]+\]\s*=[^=]", text(function.node)) is not None


def node_telling(answer: Answer, file: JavaScriptFile) -> Telling:
    """What the body of a JavaScript response says."""
    body = node_bodies.value_of(answer.body[0], file)
    function = callee(body) if body.type == "call_expression" else None
    if function is not None and text(function) == "JSON.stringify" and (given := node_arguments(body)):
        body = node_bodies.value_of(given[0], file)
    if body.type == "object":
        pairs: list[tuple[str | None, Node]] = []
        for name, value, _ in object_members(body):
            pairs.append((None if name == "..." else name, value))
        return _of_pairs(pairs)
    return _of_text(text(body))


def _last_name(call: Node) -> str:
    function = call.child_by_field_name("function")
    return text(function).rpartition(".")[2] if function is not None else ""


def _of_text(written: str) -> Telling:
    is_literal = written[:1] in ("'", '"', "`", "f") and len(written) < 300
    if written.strip("'\"`").lower() == "invalid":
        is_literal = False  # the result of a check that it was asked for
    short = " ".join(written.split())[:40]
    return Telling(False, is_literal and _FAILURE.search(written) is not None, True, False, short)


def _of_pairs(pairs: list[tuple[str | None, Node]]) -> Telling:
    values = {key.lower(): value for key, value in pairs if key is not None}
    shown = "{" + ", ".join(key for key, _ in pairs[:6] if key is not None) + "}"
    is_exempt = not _EXEMPT_KEYS.isdisjoint(values) or ("data" in values and "errors" in values)
    says_success = any(text(values[key]).lower() == "true" for key in _SUCCESS_KEYS & values.keys())
    says_failure = any(text(values[key]).lower() == "false" for key in _SUCCESS_KEYS & values.keys())
    states = [text(values[key]).strip("\"'").lower() for key in _STATE_KEYS & values.keys()]
    has_message = any(key in MESSAGE_KEYS or key in ERROR_KEYS for key in values)
    named = [values[key] for key in ERROR_KEYS & values.keys()]
    is_named = any(_is_something(value) for value in named)
    family = MESSAGE_KEYS | ERROR_KEYS | _BESIDE
    others = values.keys() - family
    is_fallback = any(text(values[key]).strip() in _FALSY for key in others)  # `{"rows": [], "error": "no database"}`
    is_error = (
        (is_named and not others)
        or (says_failure and has_message and not others)
        or (has_message and any(state in _ERROR_STATES for state in states) and not others)
    )
    messages = [text(values[key]) for key in (MESSAGE_KEYS | ERROR_KEYS) & values.keys()]
    is_failure_text = any(one[:1] in "'\"`f" and _FAILURE.search(one) is not None for one in messages)
    is_failure_text = is_failure_text or says_failure or bool(named and not all(text(one) in _FALSY for one in named))
    may_be_error = not says_success and (has_message or not values)
    if says_success or is_fallback:
        is_error = is_failure_text = may_be_error = False
    return Telling(is_error, is_failure_text, may_be_error, is_exempt, shown)


def _is_something(value: Node) -> bool:
    """Whether a value is an error for sure: a text, an object, a call that lists errors."""
    written = text(value).strip()
    if written in _FALSY or (value.descendant_count <= 1 and value.type == "identifier"):
        return False
    return (
        value.type in _LITERALS
        or written.startswith(("str(", "f'", 'f"', "_("))
        or written.endswith((".array()", ".message", ".mapped()", ".errors"))
    )
