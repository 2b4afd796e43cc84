"""Handlers of JavaScript with a path that ends and leaves the request without an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e05_double_responses.unsettled import Unsettled
from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.answering import HEADERS, responses_of
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    around,
    bare,
    callee,
    first_named,
    string_value,
    text,
)
from lint_rules.languages.javascript.guarding import is_guard
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_PLACES = re.compile(r"(?i)controller|route|handler|api|endpoint|server|app\b|index\.\w+$")
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "all", "head", "options", "route"})
_LOGGING = re.compile(r"(?i)(?:[\w.]*\.)?(?:console|log|logger|logging|winston|pino|debug)\b[\w.]*")
_QUIET = frozenset({"locals", "statusCode", "statusMessage", "headersSent", "charset", "on", "once", "req", "app"})
_CONSTANTS = frozenset({"undefined", "null", "true", "false", "number", "string", "object", "array"})


class Silent(Struct, frozen=True):
    """A way out of a handler that leaves the request without an answer; `framework` is what waits for it."""

    scope: Scope
    exit_: Exit
    framework: str

    @property
    def statement(self) -> Node | None:
        """The `return` that it is; None for the end of the function."""
        jump = self.exit_.jump
        return jump.node if self.exit_.kind == "return" and jump is not None else None


def silent_ends(file: JavaScriptFile) -> Iterator[Silent]:
    """All of a file, in the order of the handlers."""
    for scope in file.scopes.functions:
        names = parameter_names(scope.node)
        if not 1 <= len(names) <= 4 or scope.is_generator or scope.node.has_error:
            continue
        waiting = _waiting(scope, names, file)
        if waiting is not None:
            yield from _of(scope, *waiting, file)


def _waiting(scope: Scope, names: tuple[str, ...], file: JavaScriptFile) -> tuple[frozenset[str], str, bool] | None:
    """The parameters by which a handler answers or goes on, the framework, and whether a value answers as well."""
    handler = file.handler(scope)
    if handler is None:
        return _by_verb(scope, names)
    kind, answers, framework = handler.kind, handler.framework["answers"], handler.framework.name
    if kind not in ("route", "hook", "error"):
        return None
    if answers == "returned":
        return (frozenset(), framework, True) if kind == "route" else None
    ways = {
        name for name, role in zip(names, handler.roles, strict=False) if role in ("response", "next", "done") and name
    }
    responses = [name for name, role in zip(names, handler.roles, strict=False) if role == "response"]
    if answers not in ("sent", "any") or not ways or not any(responses):
        return None
    if framework == "Fastify" and kind != "route" and scope.is_async:
        return None  # an async hook goes on by itself
    if framework == "NestJS" and _passes_through(scope):
        return None
    if file.handlers.by_statement(scope) is None and not _is_handler_by_place(scope, names, ways, file):
        return None
    return frozenset(ways), framework, framework in ("Fastify", "AWS Lambda") or handler.framework["answers"] == "any"


def _by_verb(scope: Scope, names: tuple[str, ...]) -> tuple[frozenset[str], str, bool] | None:
    """`app.get("/path", (req, res) => ...)`, whatever `app` is."""
    place = around(scope.node) if scope.node.type in FUNCTION_LITERALS else None
    call = place.parent if place is not None and place.type == "arguments" else None
    function = callee(call) if call is not None else None
    last = function.child_by_field_name("property") if function is not None else None
    if place is None or last is None or text(last) not in _VERBS or string_value(first_named(place)) is None:
        return None
    plain = [name.strip("_").lower() for name in names]
    if plain[:2] not in (["req", "res"], ["request", "response"]):
        return None
    return frozenset(names[1:3]), "the server", False


def _is_handler_by_place(scope: Scope, names: tuple[str, ...], ways: set[str], file: JavaScriptFile) -> bool:
    """Whether a function that only looks like a handler is one: middleware, or exported from a file of handlers."""
    if any(name.strip("_").lower() == "next" for name in ways):
        return True
    is_inner = "<locals>" in scope.name
    if len(names) != 2 or is_inner or _PLACES.search(file.relative) is None:
        return False
    returned = map(first_named, file.scopes.directly_in(scope, "return_statement"))
    return not any(value is not None and value.type in ("true", "false") for value in returned)  # it is asked something


def _passes_through(scope: Scope) -> bool:
    return any("passthrough" in text(parameter) for parameter in parameter_nodes(scope.node))


def _of(
    scope: Scope, ways: frozenset[str], framework: str, value_answers: bool, file: JavaScriptFile
) -> Iterator[Silent]:
    body = scope.body
    if body is None or body.type != "statement_block" or not body.named_child_count:
        return
    settling = _settling(scope, ways, file)
    if not settling.answers and not (value_answers and not ways and _returns_value(scope, file)):
        return
    try:
        outcome = interpret(form_of(scope.node, file), Correlated(_Unanswered(settling.nodes, ways, file)))
    except TooLarge:
        return
    told: set[int] = set()
    tells = file.handlers.by_statement(scope) is None and _tells_whether_it_answered(scope, file)
    for exit_, cases in outcome.exits():
        if not any(cases.states.values()) or not _is_silent(exit_, value_answers):
            continue
        if tells and exit_.kind == "return":
            continue
        found = Silent(scope, exit_, framework)
        key = found.statement.id if found.statement is not None else 0
        if key not in told:
            told.add(key)
            yield found


def _tells_whether_it_answered(scope: Scope, file: JavaScriptFile) -> bool:
    """Whether a function returns true where it answered and false where somebody else is to answer."""
    values = (first_named(one) for one in file.scopes.directly_in(scope, "return_statement"))
    return {"true", "false"} <= {value.type for value in values if value is not None}


def _returns_value(scope: Scope, file: JavaScriptFile) -> bool:
    return any(first_named(one) is not None for one in file.scopes.directly_in(scope, "return_statement"))


def _is_silent(exit_: Exit, value_answers: bool) -> bool:
    if exit_.kind == "end":
        return True
    node = exit_.jump.node if exit_.kind == "return" and exit_.jump is not None else None
    if node is None or node.type != "return_statement":
        return False
    value = first_named(node)
    value = bare(value) if value is not None else None
    if value is None or value.type == "undefined":
        return True
    if value_answers:
        return False
    if value.type == "await_expression":
        value = first_named(value) or value
    if value.type == "call_expression":
        return _LOGGING.fullmatch(text(callee(value) or value)) is not None
    return value.type in _CONSTANTS


class _Unanswered(Unsettled):
    """Whether the request may have no answer yet: True where that can be."""

    def __init__(self, settling: frozenset[int], ways: frozenset[str], file: JavaScriptFile) -> None:
        super().__init__(settling)
        self._ways = ways
        self._responses = responses_of(file)

    def assume(self, question: Question, holds: bool, state: bool) -> bool | None:
        if self._responses.cannot_be(question, holds) or (not holds and _is_last_try(question)):
            return None
        if question.relation == "is" and holds and _is_optional(question.node):
            return None  # `req.session?.destroy(() => res.redirect("/"))`: there is one
        return state and not is_guard(question) and question.subject not in self._ways


def _is_optional(owner: Node | None) -> bool:
    """Whether an expression stands in front of a `?.`."""
    link = around(owner) if owner is not None else None
    return link is not None and any(child.type in ("optional_chain", "?.") for child in link.children)


def _is_last_try(question: Question) -> bool:
    """Whether a loop counts tries and leaves the function in the last: `for (...; i < 3; i++) if (i === 2) return`."""
    statement = around(question.node) if question.node is not None else None
    if statement is not None and statement.type == "expression_statement":
        statement = statement.parent
    body = statement.child_by_field_name("body") if statement is not None else None
    if statement is None or body is None or statement.type not in ("for_statement", "while_statement"):
        return False
    return len(text(body)) < _MAX_TRY and any(
        re.search(_ASKS_AND_LEAVES.format(re.escape(name)), text(body), re.DOTALL) is not None
        for name in question.names
    )


_MAX_TRY = 4_000
_ASKS_AND_LEAVES = r"\bif\s*\([^;{{}}]*\b{0}\s*(?:[=<>]=+|[<>])[^;{{}}]*\)\s*(?:\{{[^{{}}]*)?\b(?:return|throw)\b"


class _Settling(Struct, frozen=True):
    nodes: frozenset[int]
    answers: bool


def _settling(scope: Scope, ways: frozenset[str], file: JavaScriptFile) -> _Settling:
    """The calls and assignments after which a request is answered, or in the care of something else."""
    local = _local_functions(scope, file)
    found: set[int] = set()
    answers = False
    for kind in ("identifier", "shorthand_property_identifier"):
        for name in file.nodes_in(kind, scope.node):
            written = text(name)
            if written not in ways and written not in local:
                continue
            if written in ways:
                if _is_quiet(name):
                    continue
                answers = True
            place: Node | None = name
            while place is not None and place != scope.node:
                if place.type in _EVENTS:
                    found.add(place.id)
                place = place.parent
    return _Settling(frozenset(found), answers)


_EVENTS = frozenset(
    {"call_expression", "new_expression", "assignment_expression", "variable_declarator", "await_expression"}
)


def _is_quiet(name: Node) -> bool:
    """Whether a mention of a response neither answers nor hands it on: `res.locals.user = user`, `res.status(404);`."""
    member = name.parent
    if member is None:
        return False
    if member.type in ("required_parameter", "formal_parameters", "optional_parameter"):
        return True
    if member.type != "member_expression" or member.child_by_field_name("object") != name:
        return member.type == "unary_expression"
    last = member.child_by_field_name("property")
    method = text(last) if last is not None else ""
    if method in _QUIET:
        return True
    if method not in HEADERS:
        return member.parent is not None and member.parent.type not in (
            "call_expression",
            "arguments",
            "member_expression",
        )
    current = member.parent
    while current is not None and current.type == "call_expression":
        outer = current.parent
        if outer is None or outer.type != "member_expression":
            return True
        following = outer.child_by_field_name("property")
        if following is None or text(following) not in HEADERS:
            return False
        current = outer.parent
    return False


def _local_functions(scope: Scope, file: JavaScriptFile) -> frozenset[str]:
    """Names of functions that are defined in the handler, or around it in another function."""
    found: set[str] = set()
    current: Scope | None = scope
    while current is not None and current.kind != "module":
        for name, bindings in file.scopes.bound(current).items():
            value = bare(bindings[0].node) if bindings[0].node is not None else None
            if bindings[0].declared == "function" or (value is not None and value.type in FUNCTION_LITERALS):
                found.add(name)
        current = current.parent
    return frozenset(found)
