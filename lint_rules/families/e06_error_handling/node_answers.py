"""The responses that a JavaScript file makes: by calls and assignments, by what handlers return, by what is thrown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_SET, NOT_TOLD, Answer
from lint_rules.families.e06_error_handling.node_bodies import body_shape, kind_of, status_of, value_of
from lint_rules.families.e06_error_handling.shapes import UNKNOWN, Shape, made
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, around, bare, callee, first_named, text
from lint_rules.languages.javascript.library import js_name
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.tables import read_table

_TABLE = Path(__file__).parent / "errors.toml"
RESPONSES = re.compile(r"^(?:this\.)?_?(?:res|resp|response|reply)$")
_SENDING = frozenset({"json", "jsonp", "send", "end", "response"})
_MOST_CHAIN = 12
_BOOM = ("Boom.", "boom.")
BOOM_SHAPE = made([("error", "value"), ("message", "value"), ("statusCode", "value")])
"""What Hapi answers for an error of Boom, where no extension makes something else of it."""
ANSWER_WORDS = (
    b".json(", b".send(", b".render(", b".end(", b".jsonp(", b".body", b"statusCode", b"Response(", b"Exception(",
    b".response(",
)  # fmt: skip
"""A file without any of these answers nothing."""


@lru_cache(maxsize=1)
def _names() -> dict[str, frozenset[str]]:
    rows = read_table(_TABLE)["node"]
    return {key: frozenset(js_name(name) if "#" in name else name for name in names) for key, names in rows.items()}


_BY_FILE: WeakKeyDictionary[object, tuple[Answer, ...]] = WeakKeyDictionary()


def answers(file: JavaScriptFile) -> tuple[Answer, ...]:
    """All responses of a file, in no particular order; found once, since the file alone tells."""
    known = _BY_FILE.get(file)
    if known is None:
        known = _BY_FILE[file] = tuple(_answers(file))
    return known


def _answers(file: JavaScriptFile) -> Iterator[Answer]:
    for call in file.index.of_kinds(CALL_KINDS):
        function = callee(call)
        if function is None:
            continue
        answer = _sent(call, function, file) or _made(call, function, file) or _http_error(call, function, file)
        if answer is not None:
            yield answer
    if b".body" in file.data:
        yield from _assigned(file)
    if b"statusCode" in file.data:
        yield from _lambda_results(file)
    for statement in file.nodes("return_statement"):
        value = first_named(statement)
        if value is not None and bare(value).type == "object":
            yield Answer(bare(value), (bare(value),), set_around(statement, "", file), body_shape(value, file),
                         is_plain=True)  # fmt: skip
    for statement in file.nodes("throw_statement"):
        yield from _thrown(statement, file)


def forwarded(file: JavaScriptFile) -> Iterator[Answer]:
    """The calls that hand an error to the central handler: `next(error)`, `ctx.throw(404)`."""
    for call in file.nodes("call_expression"):
        function = callee(call)
        if function is not None and text(function) == "ctx.throw":
            yield Answer(call, (), NOT_TOLD, UNKNOWN, "next")
        given = arguments(call) if function is not None and text(function) == "next" else []
        if len(given) == 1 and bare(given[0]).type != "string":
            yield Answer(call, (), NOT_TOLD, UNKNOWN, "next")


def name_of(expression: Node, file: JavaScriptFile) -> str:
    """The canonical name of a library's function, by this file alone."""
    return file.types.external(file.names.symbol(expression))


def _matches(name: str, names: frozenset[str], file: JavaScriptFile) -> bool:
    return any(one in names for one in file.types.lineage(name)) if name else False


# Sent.


def _sent(call: Node, function: Node, file: JavaScriptFile) -> Answer | None:
    last = function.child_by_field_name("property")
    if function.type != "member_expression" or last is None or text(last) not in _SENDING:
        return None
    given = arguments(call)
    if not given:
        return None
    root, status = chain_of(function, file)
    if not _matches(name_of(function, file), _names()["json"], file):
        is_response = RESPONSES.match(text(root)) is not None or file.request.role(root) == "response"
        if not is_response or status is None or text(last) == "response":
            return None
    if status is None:
        status = _chained_after(call, file)
    if status is None:
        status = set_around(call, text(root), file)
    return Answer(call, (given[0],), status, body_shape(given[0], file))


def chain_of(function: Node, file: JavaScriptFile) -> tuple[Node, int | None]:
    """What a chain of calls begins with, and the status that it sets on the way: `res.status(404).type("json")`."""
    status: int | None = None
    current = function.child_by_field_name("object") or function
    for _ in range(_MOST_CHAIN):
        current = bare(current)
        inner = callee(current) if current.type == "call_expression" else None
        if inner is None or inner.type != "member_expression":
            break
        last = inner.child_by_field_name("property")
        if last is not None and text(last) in _names()["setting"] and status is None:
            given = arguments(current)
            status = status_of(given[0], file) if given else NOT_TOLD
        current = inner.child_by_field_name("object") or inner
    return current, status


def _chained_after(call: Node, file: JavaScriptFile) -> int | None:
    """The status that is set on what a call gives: `h.response({...}).code(404)`."""
    current = call
    for _ in range(_MOST_CHAIN):
        member = around(current)
        outer = member.parent if member is not None and member.type == "member_expression" else None
        if member is None or outer is None or outer.type != "call_expression":
            break
        last = member.child_by_field_name("property")
        if last is not None and text(last) in ("code", "status"):
            given = arguments(outer)
            return status_of(given[0], file) if given else NOT_TOLD
        current = outer
    place = around(current)
    return NOT_TOLD if place is not None and place.type in ("variable_declarator", "assignment_expression") else None


_SETTING = r"\.(?:status|code|writeHead|statusCode|sendStatus|statusMessage)\s*(?:\(|=[^=])"
_SETS = re.compile(_SETTING.encode())


def set_around(node: Node, root: str, file: JavaScriptFile) -> int:
    """The status that the same function sets on the response in a statement of its own, on the way to a place."""
    function = file.enclosing_function(node)
    found = NOT_SET
    current: Node | None = node
    while current is not None and (function is None or current.start_byte >= function.start):
        parent = current.parent
        if parent is None or (function is not None and parent.start_byte < function.start):
            break
        if parent.type in ("statement_block", "program", "switch_case", "switch_default"):
            for one in parent.named_children:
                if one == current:
                    if root.startswith("ctx") or root.startswith("this"):
                        continue
                    break
                if one.type != "comment" and _SETS.search(one.text or b"") and root in text(one):
                    found = _set_by(one, file)
            if found != NOT_SET:
                return found
        current = parent
    return found


def _set_by(statement: Node, file: JavaScriptFile) -> int:
    """The status that a statement sets: `res.status(404)`, `res.statusCode = 404`."""
    expression = first_named(statement) if statement.type == "expression_statement" else None
    if expression is not None and expression.type == "assignment_expression":
        right = expression.child_by_field_name("right")
        return status_of(right, file) if right is not None else NOT_TOLD
    if expression is not None and (function := callee(expression)) is not None:
        last = function.child_by_field_name("property")
        given = arguments(expression)
        if last is not None and text(last) in _names()["setting"]:
            return status_of(given[0], file) if given else NOT_TOLD
        status = chain_of(function, file)[1] if function.type == "member_expression" else None
        return NOT_TOLD if status is None else status
    return NOT_TOLD


def _assigned(file: JavaScriptFile) -> Iterator[Answer]:
    """`ctx.body = {...}`"""
    for assignment in file.nodes("assignment_expression"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        last = left.child_by_field_name("property") if left is not None and left.type == "member_expression" else None
        if left is None or right is None or last is None or text(last) != "body":
            continue
        if _matches(name_of(left, file), _names()["assigned"], file):
            root = left
            while root.type == "member_expression" and (inner := root.child_by_field_name("object")) is not None:
                root = inner
            yield Answer(assignment, (right,), _set_for_context(assignment, text(root), file), body_shape(right, file))


def _set_for_context(node: Node, root: str, file: JavaScriptFile) -> int:
    """The status of a context, whether set before or behind its body, in the blocks around it."""
    function = file.enclosing_function(node)
    start = function.start if function is not None else 0
    setting = re.compile(rf"\b{re.escape(root)}\.(?:response\.)?status\s*=[^=]")
    current: Node | None = node
    leaves = False
    while current is not None and current.start_byte > start:
        parent = current.parent
        if parent is not None and parent.type in ("statement_block", "switch_case"):
            for one in parent.named_children:
                is_out_of_reach = one.type == "comment" or (leaves and one.start_byte > current.start_byte)
                if is_out_of_reach or (one == current and current.type != "expression_statement"):
                    continue  # other branches of the same statement set it for their own bodies
                if setting.search(text(one)) is not None:
                    return _set_by(one, file)
            leaves = leaves or any(
                _returns(one) for one in parent.named_children if one.start_byte >= current.start_byte
            )
        current = parent
    return NOT_SET


def _returns(statement: Node) -> bool:
    return statement.type in ("return_statement", "throw_statement", "break_statement")


# Made and returned.


def _made(call: Node, function: Node, file: JavaScriptFile) -> Answer | None:
    last = text(function).rpartition(".")[2]
    if last not in _MAKING or not _matches(name_of(function, file), _names()["made"], file):
        return None
    given = arguments(call)
    if not given:
        return None
    status = NOT_SET
    if len(given) > 1:
        options = value_of(given[1], file)
        if last in _STATUS_SECOND and options.type == "number":
            return Answer(call, (given[0],), status_of(options, file), body_shape(given[0], file))
        members = {name: value for name, value, _ in object_members(options)} if options.type == "object" else {}
        status = status_of(members["status"], file) if "status" in members else NOT_SET
        status = NOT_TOLD if options.type != "object" or "..." in members else status
    return Answer(call, (given[0],), status, body_shape(given[0], file))


_STATUS_SECOND = frozenset({"json", "text", "body"})
"""What Hono makes takes the status as second argument: `c.json({...}, 404)`."""
_MAKING = _STATUS_SECOND | {"NextResponse", "Response"}


def _lambda_results(file: JavaScriptFile) -> Iterator[Answer]:
    """`{ statusCode: 404, body: JSON.stringify({...}) }`"""
    for literal in file.nodes("object"):
        members = {name: value for name, value, _ in object_members(literal)}
        if "statusCode" in members and "body" in members:
            body = members["body"]
            yield Answer(literal, (body,), status_of(members["statusCode"], file), body_shape(body, file))


# Thrown.


def _http_error(call: Node, function: Node, file: JavaScriptFile) -> Answer | None:
    """`new NotFoundException("...")`, `new HttpException({...}, 404)`."""
    last = text(function).rpartition(".")[2]
    if not last.endswith("Exception"):
        return _boom(call, function, file) if text(function).startswith(_BOOM) else None
    name = name_of(function, file)
    given = arguments(call)
    symbol = file.names.symbol(function)
    if name == js_name("@nestjs/common#HttpException"):
        status = status_of(given[1], file) if len(given) > 1 else NOT_TOLD
    elif name in _names()["nest"]:
        status = 400
    elif name in _names()["nest_server"]:
        status = 500
    else:
        return None
    return Answer(call, tuple(given[:1]), status, _nest_shape(given, file), symbol)


def _boom(call: Node, function: Node, file: JavaScriptFile) -> Answer | None:
    """`throw Boom.notFound("...")`, and the same returned, for which Hapi makes the body."""
    place = around(call)
    name = name_of(function, file)
    owner, _, last = name.rpartition(".")
    if owner != "@hapi/boom" or place is None or place.type not in ("throw_statement", "return_statement"):
        return None
    status = 500 if last in _names()["boom_server"] else 400
    given = arguments(call)
    is_500 = last == "boomify" and not any("statusCode" in text(one) for one in given[1:])
    shown = () if is_500 or last in _names()["boom_hidden"] else tuple(given[:1])
    return Answer(call, shown, status, BOOM_SHAPE, name)


def _nest_shape(given: list[Node], file: JavaScriptFile) -> Shape:
    standard = made([("message", "value"), ("statusCode", "value")])
    if not given:
        return standard
    inner = value_of(given[0], file)
    if kind_of(inner) == "object":
        return body_shape(inner, file)
    return standard if kind_of(inner) == "value" else UNKNOWN


def _thrown(statement: Node, file: JavaScriptFile) -> Iterator[Answer]:
    error = first_named(statement)
    if error is None or bare(error).type != "new_expression":
        return
    function = callee(bare(error))
    symbol = file.names.symbol(function) if function is not None else ""
    if symbol and file.is_own(symbol):
        yield Answer(bare(error), (), NOT_TOLD, UNKNOWN, symbol)
