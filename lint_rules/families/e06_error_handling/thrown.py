"""What a `throw` or a `reject` of JavaScript gives to those who handle errors: an error, or something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    first_named,
    named,
    text,
)
from lint_rules.languages.javascript.scopes import CLASS

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

_LITERALS = {
    "string": "a text", "template_string": "a text", "number": "a number", "object": "a plain object",
    "array": "an array", "null": "`null`", "undefined": "`undefined`", "true": "a boolean", "false": "a boolean",
    "regex": "a pattern", "arrow_function": "a function", "function_expression": "a function",
}  # fmt: skip
_TEXTS = frozenset({"message", "stack", "toString", "toUpperCase", "toLowerCase", "join", "stringify", "String"})
_LIKE_ERRORS = re.compile(r"(?i)captureStackTrace|\bstack\b")
_MAX_STEPS = 6
_ERROR_NAMES = re.compile(r"(?i)(?:err|error|ex|exc|exception|e|reason|cause)$")


def what_javascript_throws(value: Node, file: JavaScriptFile) -> str:
    """In words, what an expression is that is no error: "a text"; "" for errors and for what is not known."""
    for _ in range(_MAX_STEPS):
        value = bare(value)
        if value.type == "identifier":
            if text(value) == "undefined":
                return _LITERALS["undefined"]
            bound = file.names.only_value(text(value), value.start_byte)
            if bound is None:
                return _constructor(value, file)
            if bare(bound).type not in _BOUND or _gets_stack(value, bare(bound), file):
                return ""
            value = bound
            continue
        break
    if value.type == "object" and _carries_error(value):
        return ""
    if value.type in _LITERALS:
        return _LITERALS[value.type]
    if value.type == "binary_expression":
        return _LITERALS["string"] if _is_concatenation(value) else ""
    if value.type == "ternary_expression":
        chosen = [value.child_by_field_name("consequence"), value.child_by_field_name("alternative")]
        found = [what_javascript_throws(one, file) if one is not None else "" for one in chosen]
        return found[0] if all(found) else ""
    if value.type == "member_expression":
        return _text_of_error(value)
    if value.type == "call_expression":
        return _made_text(value)
    return _instance(value, file) if value.type == "new_expression" else ""


_BOUND = frozenset({"string", "template_string", "number", "binary_expression", "object", "array"})
_CONSTRUCTORS = frozenset(
    {"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "URIError", "EvalError"}
)


def _constructor(name: Node, file: JavaScriptFile) -> str:
    """`throw Error;`"""
    is_built_in = text(name) in _CONSTRUCTORS and file.scopes.binding(text(name), name.start_byte) is None
    return f"the class `{text(name)}` itself" if is_built_in else ""


def _gets_stack(name: Node, literal: Node, file: JavaScriptFile) -> bool:
    """Whether an object that has a name is made into something like an error."""
    if literal.type != "object":
        return False
    return _LIKE_ERRORS.search(text(literal)) is not None or (name.text or b"") + b".stack" in file.data


def _carries_error(literal: Node) -> bool:
    """Whether an object is made of an error: `{ ...error, code: 1 }`."""
    return any(
        one.type == "spread_element" and _ERROR_NAMES.search(text(first_named(one) or one)) for one in named(literal)
    )


def _is_concatenation(value: Node) -> bool:
    operator = value.child_by_field_name("operator")
    if operator is None or operator.type != "+":
        return False
    waiting = [value]
    while waiting:
        current = bare(waiting.pop())
        if current.type in ("string", "template_string"):
            return True
        if current.type == "binary_expression":
            waiting.extend(named(current))
    return False


def _text_of_error(member: Node) -> str:
    """`error.message`, whose stack is left behind."""
    owner, last = member.child_by_field_name("object"), member.child_by_field_name("property")
    if owner is None or last is None or text(last) not in ("message", "stack"):
        return ""
    return f"the text of `{text(owner)}`" if owner.type == "identifier" and _ERROR_NAMES.search(text(owner)) else ""


def _made_text(call: Node) -> str:
    function = callee(call)
    if function is None:
        return ""
    if text(function) in ("String", "JSON.stringify", "util.format", "util.inspect"):
        return _LITERALS["string"]
    if text(function) == "Object.assign":
        given = [bare(one) for one in arguments(call)]
        is_plain = bool(given) and all(one.type == "object" and not _carries_error(one) for one in given)
        return _LITERALS["object"] if is_plain else ""
    owner, last = function.child_by_field_name("object"), function.child_by_field_name("property")
    if owner is None or last is None:
        return ""
    if bare(owner).type in ("string", "template_string") and text(last) in ("replace", "concat", "trim", "slice"):
        return _LITERALS["string"]
    is_error = owner.type == "identifier" and _ERROR_NAMES.search(text(owner)) is not None
    return _LITERALS["string"] if text(last) == "toString" and is_error else ""


def _instance(value: Node, file: JavaScriptFile) -> str:
    """An instance of a class of the file that extends nothing and keeps no stack."""
    constructor = callee(value)
    if constructor is None or constructor.type != "identifier":
        return ""
    if text(constructor) in ("Object", "Array", "String", "Number", "Boolean", "Map", "Set"):
        return f"`new {text(constructor)}`"
    owner = _class(constructor, file)
    if owner is None or any(child.type in ("class_heritage", "extends_clause") for child in owner.node.children):
        return ""
    if _LIKE_ERRORS.search(text(owner.node)) or f"{text(constructor)}.prototype".encode() in file.data:
        return ""
    return f"`{text(constructor)}`, a class that does not extend `Error`"


def _class(name: Node, file: JavaScriptFile) -> Scope | None:
    symbol = file.names.symbol(name)
    classes = (scope for scope in file.scopes.all if scope.kind == CLASS)
    return next((scope for scope in classes if f"{file.module}.{scope.name}" == symbol), None)


def rejected(call: Node, file: JavaScriptFile) -> str:
    """In words, what is given to `Promise.reject` or the `reject` of an executor that is no error; "" for an error."""
    function = callee(call)
    if function is None or not _rejects(function, file):
        return ""
    given = arguments(call)
    if not given:
        return "nothing"
    return what_javascript_throws(given[0], file) if given[0].type != "spread_element" else ""


def _rejects(function: Node, file: JavaScriptFile) -> bool:
    if function.type == "member_expression":
        owner, last = function.child_by_field_name("object"), function.child_by_field_name("property")
        if owner is None or last is None or text(last) != "reject":
            return False
        return text(owner) in ("Promise", "Bluebird", "Q", "globalThis.Promise") or _is_with_resolvers(owner, file)
    if function.type != "identifier":
        return False
    found = file.scopes.binding(text(function), function.start_byte)
    if found is None:
        return False
    scope, bindings = found
    if bindings[0].path == ("reject",) and bindings[0].node is not None:
        return "withResolvers" in text(bindings[0].node)
    return bindings[0].kind == "parameter" and bindings[0].position == 1 and _is_executor(scope.node)


def _is_with_resolvers(owner: Node, file: JavaScriptFile) -> bool:
    if owner.type != "identifier":
        return False
    bound = file.names.only_value(text(owner), owner.start_byte)
    return bound is not None and ("withResolvers" in text(bound) or text(bound).endswith("defer()"))


def _is_executor(function: Node) -> bool:
    """Whether a function is the one that `new Promise` runs."""
    if function.type not in FUNCTION_LITERALS or len(parameter_nodes(function)) != 2:
        return False
    given = function.parent
    made = given.parent if given is not None and given.type == "arguments" else None
    constructor = callee(made) if made is not None and made.type == "new_expression" else None
    return constructor is not None and text(constructor).rpartition(".")[2] in ("Promise", "Bluebird")
