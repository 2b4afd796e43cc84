"""What the function given to `new Promise` does: does it only hand on the outcome of another promise?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    first_named,
    named,
    nodes_of_kinds,
    text,
)
from lint_rules.languages.javascript.promises import TWINS, promised, shown_call
from lint_rules.languages.javascript.rejection import may_reject
from lint_rules.project.node_names import GLOBAL

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_LINKS = frozenset({"then", "catch", "finally"})
_MAX_LINKS = 20


class Antipattern(Struct, frozen=True):
    """What is wrong with a `new Promise`, and what helps."""

    what: str
    advice: str


def antipattern(construction: Node, file: JavaScriptFile) -> Antipattern | None:
    """What makes a `new Promise(...)` superfluous, None if nothing does."""
    constructor, given = callee(construction), arguments(construction)
    if constructor is None or not given or text(constructor) != "Promise":
        return None
    executor = bare(given[0])
    scope = file.scopes.of(executor) if executor.type in FUNCTION_LITERALS else None
    body = executor.child_by_field_name("body")
    if scope is None or body is None or file.canonical(constructor) != f"{GLOBAL}.Promise":
        return None
    names = [text(one.child_by_field_name("pattern") or one) for one in parameter_nodes(executor)]
    if not names or not all(name.isidentifier() for name in names):
        return None
    resolve, reject = names[0], names[1] if len(names) > 1 else ""
    if scope.is_async:
        if may_reject(scope, file.scopes) or not _has(body, "await_expression", file):
            return None  # errors that are lost are TEN0206's
        return Antipattern(
            "`new Promise` around an async function hands on by hand what the function gives by itself",
            "make the function around it async, and return or throw in it",
        )
    statement = _only_statement(body)
    if statement is None:
        return None
    call = bare(statement)
    if call.type == "await_expression" or call.type != "call_expression":
        return None
    return (
        _around_promise(call, resolve, reject, file)
        or _resolved_with_promise(call, resolve, file)
        or _around_callback(call, resolve, reject, file)
    )


def _has(body: Node, kind: str, file: JavaScriptFile) -> bool:
    return any(nodes_of_kinds(body, file.parsed.grammar, (kind,)).values())


def _only_statement(body: Node) -> Node | None:
    """The one expression that an executor consists of, besides the constants that it prepares."""
    if body.type != "statement_block":
        return body
    *before, last = named(body) or [body]
    if last.type not in ("expression_statement", "return_statement"):
        return None
    if any(
        one.type not in ("lexical_declaration", "variable_declaration") or b"=>" in (one.text or b"") for one in before
    ):
        return None
    return first_named(last)


def _around_promise(call: Node, resolve: str, reject: str, file: JavaScriptFile) -> Antipattern | None:
    """`load().then(resolve, reject)`, `load().then((row) => { ... resolve(row) }).catch(reject)`."""
    current: Node = call
    resolves = rejects = False
    for _ in range(_MAX_LINKS):
        function = callee(current) if current.type == "call_expression" else None
        last = function.child_by_field_name("property") if function is not None else None
        receiver = function.child_by_field_name("object") if function is not None else None
        if last is None or receiver is None or text(last) not in _LINKS:
            break
        for argument in arguments(current):
            resolves = resolves or _hands_to(argument, resolve, file)
            rejects = rejects or (reject != "" and _hands_to(argument, reject, file))
        current = bare(receiver)
    if current.id == call.id or not resolves:
        return None
    known = promised(current, file) if current.type in ("call_expression", "new_expression") else None
    if known is None and not rejects:
        return None
    return _only_hands_on(current, file)


def _resolved_with_promise(call: Node, resolve: str, file: JavaScriptFile) -> Antipattern | None:
    """`resolve(load(id))`: what is resolved with is a promise already."""
    function, given = callee(call), arguments(call)
    if function is None or text(function) != resolve or len(given) != 1:
        return None
    value = bare(given[0])
    known = promised(value, file) if value.type == "call_expression" else None
    return _only_hands_on(value, file) if known is not None and known.is_sure else None


def _only_hands_on(given: Node, file: JavaScriptFile) -> Antipattern:
    shown = shown_call(given, file) if given.type == "call_expression" else f"`{text(given)[:60]}`"
    return Antipattern(
        f"`new Promise` only hands on the outcome of {shown}, which is a promise already",
        "return that promise, or await it in an async function",
    )


def _hands_to(argument: Node, name: str, file: JavaScriptFile) -> bool:
    """Whether an argument is `resolve` itself, or a function that calls it or hands it on in its own body."""
    value = bare(argument)
    if value.type == "identifier":
        return text(value) == name
    if value.type not in FUNCTION_LITERALS:
        return False
    found = nodes_of_kinds(value, file.parsed.grammar, ("identifier",))["identifier"]
    scope = file.scopes.of(value)
    uses = [one for one in found if text(one) == name]
    return any(file.scopes.at(one.start_byte) is scope for one in uses)


def _around_callback(call: Node, resolve: str, reject: str, file: JavaScriptFile) -> Antipattern | None:
    """`fs.readFile(path, (error, data) => { if (error) reject(error); else resolve(data); })`."""
    function, given = callee(call), arguments(call)
    if function is None or not given or not reject:
        return None
    callback = bare(given[-1])
    if callback.type not in FUNCTION_LITERALS or not (
        _hands_to(callback, resolve, file) and _hands_to(callback, reject, file)
    ):
        return None
    row = TWINS.match(file.canonical(function), file.types)
    if row is None or not ("twin" in row.values or row.get("promisify", False) or row.get("omit", False)):
        return None
    shown = " ".join(text(function).split())[:60]
    last = file.canonical(function).rpartition(".")[2]
    if "twin" in row.values:
        advice = f"use `{row['instead']}.{last}`" if "/" not in row["instead"] else f"take it from `{row['instead']}`"
    elif row.get("omit", False):
        advice = "leave the callback out, and it gives a promise"
    else:
        advice = "use `util.promisify`"
    return Antipattern(f"`new Promise` only turns the callback of `{shown}` into a promise", advice)
