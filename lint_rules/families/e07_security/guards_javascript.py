"""What an answer to a condition of JavaScript says about data: that it is harmless, and for which rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.flows_javascript import BASE_NAME, EVERYTHING
from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.languages.javascript.grammar import arguments, bare, callee, string_value, text

if TYPE_CHECKING:
    from lint_rules.families.e07_security.evaluating_javascript import Evaluator
    from lint_rules.families.e07_security.values_javascript import State

_LISTED = frozenset(
    {"includes", "has", "indexOf", "hasOwnProperty", "hasOwn", "contains", "some", "find", "propertyIsEnumerable"}
)
_ASKING = re.compile(
    r"^(?:is(?!Logged|Auth|Admin)[A-Z_]\w*|valid\w*|check\w*|allow\w*|safe\w*|matches|test|verify\w*|can[A-Z]\w*|ensure\w*"
    r"|.*Allowed|some|every)$|^(?=.*(?:[vV]alid|Safe|Whitelist))"
)
_NEGATIVE = re.compile(
    r"invalid|unsafe|isNaN|isEmpty|isNil|isNull|isUndefined|isBlank|forbidden|malicious|isDenied|isString|isBuffer",
    re.IGNORECASE,
)
_TEXT_TYPES = frozenset({"string"})
_PLAIN_TYPES = frozenset({"number", "boolean", "bigint"})
_CLIMBING = re.compile(r"^(?:\.\.|\.\./|/|\\|\.\.\\|\\0|\0|\.)$")
_MOST = 30


def harmless_where(
    condition: Node, holds: bool, state: State, evaluator: Evaluator, depth: int = 20
) -> Iterator[tuple[str, str]]:
    """The origins, with the rule, that are harmless where a condition has this answer."""
    waiting = [(condition, holds)]
    for _ in range(_MOST):
        if not waiting:
            return
        node, answer = waiting.pop()
        node = bare(node)
        sign = _operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.type == "unary_expression" and sign == "!":
            inner = node.child_by_field_name("argument")
            waiting.extend([(inner, not answer)] if inner is not None else [])
        elif sign in ("&&", "||") and left is not None and right is not None:
            if answer is (sign == "&&"):
                waiting.extend(((left, answer), (right, answer)))
        elif node.type == "binary_expression" and left is not None and right is not None:
            yield from _comparison(sign, bare(left), bare(right), answer, state, evaluator, depth)
        elif node.type == "call_expression":
            yield from _call(node, answer, state, evaluator, depth)
        elif node.type == "identifier":
            value = evaluator.file.names.only_value(text(node), node.start_byte)
            if value is not None and bare(value).type in ("call_expression", "binary_expression", "unary_expression"):
                waiting.append((value, answer))
        elif node.type == "await_expression" and node.named_children:
            waiting.append((node.named_children[0], answer))


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _origins(node: Node, rule: str, state: State, evaluator: Evaluator, depth: int) -> Iterator[tuple[str, str]]:
    from lint_rules.families.e07_security.values_javascript import origin_of

    for taint in evaluator.value(node, state, depth).taints:
        yield origin_of(taint), rule


def _comparison(
    sign: str, left: Node, right: Node, holds: bool, state: State, evaluator: Evaluator, depth: int
) -> Iterator[tuple[str, str]]:
    if string_value(left) is not None or left.type == "number":
        left, right = right, left
    if text(left).endswith(".protocol"):
        return  # says nothing of the host
    constant = string_value(right)
    is_equal = holds is (sign in ("===", "=="))
    if left.type == "unary_expression" and text(left).startswith("typeof") and sign in ("===", "==", "!==", "!="):
        inner = left.child_by_field_name("argument")
        if inner is not None and is_equal:
            if constant in _TEXT_TYPES:
                yield from _origins(inner, "TEN0702", state, evaluator, depth)
            elif constant in _PLAIN_TYPES:
                yield from _origins(inner, EVERYTHING, state, evaluator, depth)
        return
    if left.type == "call_expression" and called_name(left) in ("indexOf", "search", "findIndex"):
        is_found = _is_found(sign, text(right), holds)
        if is_found is not None:
            yield from _call(left, is_found, state, evaluator, depth, at_start=text(right) == "0")
        return
    if sign in ("===", "==", "!==", "!=") and is_equal:
        if constant is not None or right.type in ("number", "true", "false"):
            yield from _origins(left, EVERYTHING, state, evaluator, depth)
        else:
            for one, other in ((left, right), (right, left)):
                if not evaluator.value(other, state, depth).taints and other.type not in ("null", "undefined"):
                    yield from _origins(one, EVERYTHING, state, evaluator, depth)
    elif sign == "in" and holds:
        yield from _origins(left, EVERYTHING, state, evaluator, depth)


def _is_found(sign: str, number: str, holds: bool) -> bool | None:
    """What a comparison of `indexOf` with a number says, if anything."""
    number = number.replace(" ", "")
    if sign in ("===", "==", "!==", "!="):
        is_equal = holds is (sign in ("===", "=="))
        return not is_equal if number == "-1" else (True if is_equal and number == "0" else None)
    if (sign, number) in ((">", "-1"), (">=", "0")):
        return holds
    return not holds if (sign, number) in (("<", "0"), ("<=", "-1")) else None


def _call(
    call: Node, holds: bool, state: State, evaluator: Evaluator, depth: int, *, at_start: bool = False
) -> Iterator[tuple[str, str]]:
    name, given, function = called_name(call), arguments(call), callee(call)
    owner = function.child_by_field_name("object") if function is not None else None
    is_of_text = name in ("startsWith", "indexOf", "includes") and owner is not None and bool(given)
    if is_of_text and owner is not None and evaluator.value(owner, state, depth).taints:
        yield from _text_check(name, owner, given[0], holds, state, evaluator, depth, at_start=at_start)
        return
    if name in ("endsWith", "isAbsolute"):
        if name == "endsWith" and holds and owner is not None and text(owner).endswith((".hostname", ".host")):
            for rule in ("TEN0706", "TEN0708"):
                yield from _origins(owner, rule, state, evaluator, depth)
        return
    if name in _LISTED and holds:
        for one in given:
            yield from _origins(one, EVERYTHING, state, evaluator, depth)
        return
    if name == "test" and owner is not None and given:
        if (holds and not _is_loose(owner, evaluator)) or (
            not holds and re.search(r"\\\.\\\.|\.\.|[<>;&|]|\[\^", text(owner))
        ):
            yield from _origins(given[0], EVERYTHING, state, evaluator, depth)
        return
    if name == "match" and owner is not None and holds and given:
        if not _is_loose(given[0], evaluator):
            yield from _origins(owner, EVERYTHING, state, evaluator, depth)
        return
    written = text(function) if function is not None else ""
    if name in {"isNaN", "isInteger", "isFinite", "isSafeInteger"}:
        if holds is (name != "isNaN"):
            for one in given[:1]:
                counted = arguments(bare(one)) if called_name(bare(one)) == "Number" else []
                yield from _origins(counted[0] if counted else one, EVERYTHING, state, evaluator, depth)
        return
    if name in ("existsSync", "pathExistsSync", "pathExists"):
        for one in given[:1] if not holds else ():
            yield from _named_alone(one, state, evaluator, depth)
        return
    if name in ("isString", "isArray"):
        for one in given[:1] if holds and name == "isString" else ():
            yield from _origins(one, "TEN0702", state, evaluator, depth)
        return
    if _ASKING.match(name) and holds is not (_NEGATIVE.search(written) is not None):
        for one in given:
            yield from _origins(one, EVERYTHING, state, evaluator, depth)
        if not given and owner is not None:
            yield from _origins(owner, EVERYTHING, state, evaluator, depth)


def _named_alone(path: Node, state: State, evaluator: Evaluator, depth: int) -> Iterator[tuple[str, str]]:
    """The names of uploads in a path where nothing is yet: they replace no file."""
    from lint_rules.families.e07_security.values_javascript import origin_of

    for taint in evaluator.value(path, state, depth).taints:
        if BASE_NAME in taint.clean:
            yield origin_of(taint), "TEN0705"


def _is_loose(pattern: Node, evaluator: Evaluator) -> bool:
    """Whether a regular expression is found anywhere in a text, whatever else stands in it."""
    node = bare(pattern)
    if node.type == "identifier":
        node = bare(evaluator.file.names.only_value(text(node), node.start_byte) or node)
    if node.type != "regex":
        return False
    written = text(node).strip("/")
    return not written.startswith("^") or (".*" in written and not written.endswith("$"))


def _text_check(
    name: str,
    subject: Node,
    wanted: Node,
    holds: bool,
    state: State,
    evaluator: Evaluator,
    depth: int,
    *,
    at_start: bool,
) -> Iterator[tuple[str, str]]:
    """`path.startsWith(ROOT)`, `!name.includes("..")`, `url.startsWith("https://api...")`."""
    constant = string_value(wanted)
    if name == "startsWith" or at_start:
        if holds:
            for rule in ("TEN0705", "TEN0706", "TEN0708"):
                if constant is None or rule != "TEN0705" or len(constant) > 1:
                    yield from _origins(subject, rule, state, evaluator, depth)
        elif constant is not None and _CLIMBING.match(constant):
            yield from _origins(subject, "TEN0705", state, evaluator, depth)
        elif constant in ("http", "http://", "https://", "//"):
            yield from _origins(subject, "TEN0708", state, evaluator, depth)
        return
    if not holds and constant is not None:
        if _CLIMBING.match(constant):
            yield from _origins(subject, "TEN0705", state, evaluator, depth)
        elif "//" in constant or constant == ":":
            yield from _origins(subject, "TEN0708", state, evaluator, depth)
            yield from _origins(subject, "TEN0706", state, evaluator, depth)
