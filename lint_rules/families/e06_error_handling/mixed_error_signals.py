"""Failure signalled in two ways.

What it finds: a function that says by a value that it failed (`None`, `False`, `-1`, `{"error": ...}`) on one path, and
raises or throws on another.

Why it matters: every caller has to do both, test the value and catch the error, and none does. The one that has its
`try` goes on with `None`; the one that tests the value is ended by the error.

Bad (python):

    def load_rate(store, currency):
        if currency not in store.currencies:
            raise ValueError(f"unknown currency {currency}")
        try:
            return store.rate(currency)
        except ConnectionError:
            return None

Good (python):

    def load_rate(store, currency):
        if currency not in store.currencies:
            raise ValueError(f"unknown currency {currency}")
        try:
            return store.rate(currency)
        except ConnectionError as error:
            raise RateUnavailable(currency) from error

Bad (javascript):

    async function loadRate(store, currency) {
      if (!store.currencies.has(currency)) throw new Error(`unknown currency ${currency}`);
      try {
        return await store.rate(currency);
      } catch (err) {
        return null;
      }
    }

Good (javascript):

    async function loadRate(store, currency) {
      if (!store.currencies.has(currency)) throw new Error(`unknown currency ${currency}`);
      try {
        return await store.rate(currency);
      } catch (err) {
        throw new Error(`no rate for ${currency}`, { cause: err });
      }
    }

How to fix it: decide for one of the two, and say it in the function's documentation or return type.

Not seen: a value for failure that is no constant and names no error. Functions whose return type says that there may be
nothing (`-> Rate | None`) are believed, and so are those whose names say so (`find_or_none`, `tryLoad`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript import bodies
from lint_rules.languages.javascript import grammar as javascript
from lint_rules.languages.python import grammar as python
from lint_rules.languages.python.expressions import called, last_name
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import INFO, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0609",
    "mixed-error-signals",
    severity=INFO,
    summary="A function fails by a value on one path and by an error on another",
    default=False,
    in_tests=False,
)

_RAISES = re.compile(rb"\braise\s+\w")
_THROWS = re.compile(rb"\bthrow\s|Promise\.reject\(")
_BELIEVED = re.compile(r"(?i)^__|(?:^|_)(?:try|maybe|safe)|or_?none|or_?null|or_?default|if_?any|optional|quiet")
_MAY_BE_NOTHING = re.compile(r"Optional|None|null|undefined|\bbool(?:ean)?\b")
_CONSTANTS = frozenset({"none", "false", "null", "undefined", "unary_operator", "unary_expression"})
_FAILED = re.compile(r"[\"']?(?:error|err|error_message)[\"']?$")
_SUCCEEDED = re.compile(r"[\"']?(?:success|ok|succeeded)[\"']?$")
_ADVICE = "raise on both paths, or give a value on both and say so in the return type"


@RULE.files(WholeFile(_RAISES, words=(b"except", b"error")), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for scope in file.scopes.functions:
        body = scope.node.child_by_field_name("body")
        if scope.kind != FUNCTION or body is None or _BELIEVED.search(scope.name.rpartition(".")[2]):
            continue
        nodes = list(own_nodes(body))
        raised = next((node for node in nodes if node.type == "raise_statement" and _is_signal(node)), None)
        if raised is None or any(node.type == "yield" for node in nodes):
            continue
        returns = [node for node in nodes if node.type == "return_statement"]
        failed = [one for one in returns if _says_failed(python.first_named(one), _in_except(one, body))]
        annotation = scope.node.child_by_field_name("return_type")
        if not failed or len(failed) == len(returns) or (annotation and _MAY_BE_NOTHING.search(text(annotation))):
            continue
        value = python.first_named(failed[0])
        yield RULE.at(
            file,
            failed[0],
            f"`{scope.name}` fails with `{_short(value)}` here and raises elsewhere; decide for one",
            _ADVICE,
            related=(Related(file.path, file.span(raised), "it raises here"),),
        )


def _is_signal(statement: Node) -> bool:
    value = python.first_named(statement)
    if value is None:
        return False
    name = last_name(called(value) if value.type == "call" else value)
    return name[:1].isupper() and name not in ("NotImplementedError", "AssertionError", "SystemExit", "StopIteration")


def _in_except(statement: Node, body: Node) -> bool:
    return _in_handler(statement, body, "except_clause", "raise_statement")


def _in_handler(statement: Node, body: Node, kind: str, raising: str) -> bool:
    """Whether a statement lies in a handler of errors that does not tell cases apart by raising in another one."""
    current = statement.parent
    while current is not None and current.id != body.id:
        if current.type == kind:
            return all(inner.type != raising for inner in own_nodes(current))
        current = current.parent
    return False


@RULE.files(WholeFile(_THROWS, words=(b"catch", b"error")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for scope in file.scopes.functions:
        body = scope.body
        if body is None or body.type != "statement_block" or _BELIEVED.search(scope.name.rpartition(".")[2]):
            continue
        nodes = list(bodies.own_nodes(body))
        raised = next((node for node in nodes if _throws(node)), None)
        returns = [node for node in nodes if node.type == "return_statement"]
        if raised is None or scope.is_generator:
            continue
        failed = [one for one in returns if _says_failed(javascript.first_named(one), _in_catch(one, body))]
        annotation = scope.node.child_by_field_name("return_type")
        if not failed or len(failed) == len(returns) or (annotation and _MAY_BE_NOTHING.search(text(annotation))):
            continue
        value = javascript.first_named(failed[0])
        name = scope.name if not scope.is_anonymous else "function"
        yield RULE.at(
            file,
            failed[0],
            f"`{name}` fails with `{_short(value)}` here and throws elsewhere; decide for one",
            _ADVICE.replace("raise", "throw"),
            related=(Related(file.path, file.span(raised), "it throws here"),),
        )


def _throws(node: Node) -> bool:
    if node.type == "throw_statement":
        value = javascript.first_named(node)
        return value is not None and value.type != "identifier"
    function = javascript.callee(node) if node.type == "call_expression" else None
    return function is not None and text(function) == "Promise.reject"


def _in_catch(statement: Node, body: Node) -> bool:
    return _in_handler(statement, body, "catch_clause", "throw_statement")


_TEXTS = frozenset({"string", "concatenated_string", "template_string"})


def _says_failed(value: Node | None, is_handling: bool) -> bool:
    """Whether a returned value stands for a failure: a constant in a handler of errors, or what names an error."""
    if value is None:
        return False
    if value.type in ("object", "dictionary"):
        parts = value.named_children
        is_copied = any(part.type in ("spread_element", "dictionary_splat") for part in parts)
        return not is_copied and any(_names_failure(part) for part in parts)
    if value.type in ("expression_list", "tuple", "array"):
        parts = value.named_children
        is_no = bool(parts) and parts[0].type in ("false", "none", "null")
        return is_no and any(part.type in _TEXTS for part in parts[1:])  # `return False, "no such order"`
    return is_handling and (value.type in _CONSTANTS or text(value) == "-1")


def _names_failure(pair: Node) -> bool:
    key, given = pair.child_by_field_name("key"), pair.child_by_field_name("value")
    if key is None or given is None:
        return pair.type == "shorthand_property_identifier" and text(pair) in ("error", "err")
    if _SUCCEEDED.match(text(key)):
        return given.type == "false"
    return _FAILED.match(text(key)) is not None and given.type not in ("none", "null", "undefined", "false")


_LONGEST = 30


def _short(value: Node | None) -> str:
    shown = " ".join(text(value).split()) if value is not None else ""
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
