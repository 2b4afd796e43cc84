"""Which calls of a JavaScript file answer a request, and what its functions answer on a response they are given.

A response is a parameter that a framework gives in that role, or that has the name or the type of one: `res` beside
`req`, `reply`, `out: ServerResponse`; `this.res` and `ctx.res`; and names that are bound to one for good. Answering
calls are known by the methods of responses, whatever the framework; chains (`res.status(404).json(...)`) are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct
from tree_sitter import Node

from lint_rules.flow.form import Question
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, around, bare, callee, text
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.binding import Binding
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = read_table(Path(__file__).parent / "answers.toml")
WHOLE = frozenset(_TABLE["express"]["whole"])
REPLY_WHOLE = frozenset(_TABLE["fastify"]["whole"])
HEAD = frozenset(_TABLE["express"]["head"])
END = frozenset(_TABLE["express"]["end"])
HEADERS = frozenset(_TABLE["express"]["headers"])
STATUS_ATTRIBUTES = frozenset(_TABLE["express"]["attributes"])
_GIVES_BACK = frozenset(_TABLE["express"]["gives_back"])
LATER = frozenset(_TABLE["express"]["later"])
_WITH_CALLBACK = frozenset(_TABLE["express"]["unless_callback"])
_BUILDERS = HEADERS | frozenset(_TABLE["express"]["builders"])
_RAW = frozenset({"raw", "res"})
_RESPONSES = frozenset(_TABLE["names"]["responses"])
_REQUESTS = frozenset(_TABLE["names"]["requests"])
_SURE = frozenset(_TABLE["names"]["sure"])
_TYPES = frozenset(_TABLE["names"]["types"])
_AMBIGUOUS_TYPE = "Response"
_OWNERS = frozenset({"this", "self", "ctx", "context", "args", "that"})
_ANSWERING = WHOLE | REPLY_WHOLE | HEAD | END
_TYPE_NAME = re.compile(r"[:\s|&<]*([\w.]+)")
_MAX_LINKS = 40
_CONCLUSIVE = re.compile(
    rb"([A-Za-z_$][\w$]*)\??\.(?:status\([^()\n]{1,80}\)\s*\??\.(?:json|send|end|render)|sendStatus|writeHead)\("
)
"""What is done to nothing but a response, and the name of that."""

ANSWERING = re.compile(
    rb"\.[ \t\r\n]*(?:" + b"|".join(sorted(name.encode() for name in (WHOLE | HEAD | END) - {"end", "write"}))
    + rb")\b|\.[ \t\r\n]*end[ \t]*\(|\.[ \t\r\n]*pipe[ \t]*\(|\breply[ \t]*\(|handleUpgrade"
)  # fmt: skip
"""A file without a match answers nothing."""


class Response(Struct, frozen=True):
    """A response by the name it has here; `is_weak` where only its own name tells, `is_reply` if Fastify made it.

    `owner` is the function whose parameter it is, None for a member such as `this.res`.
    """

    key: str
    owner: Scope | None = None
    position: int = -1
    is_weak: bool = False
    is_reply: bool = False


class Sent(Struct, frozen=True):
    """What a call does to a response: `kind` is "whole", "head" (status and headers are out), "end" or "socket".

    `is_plain`: it ends a response and says nothing with it, `res.end()`. `later`: the headers go out after a while.
    """

    call: Node
    response: Response
    kind: str
    is_plain: bool = False
    later: bool = False


class Responses:
    """The responses of one file, and the calls that answer on them."""

    def __init__(self, file: JavaScriptFile, *, asks_frameworks: bool = True) -> None:
        self._file = file
        self._asks_frameworks = asks_frameworks
        self._parameters: dict[tuple[int, str, int], Response | None] = {}
        self._sent: dict[int, Sent | None] = {}

    def response(self, expression: Node) -> Response | None:
        """The response that an expression is, through chains of calls that only prepare it; None for all else."""
        found = self._rooted(expression)
        return found[0] if found is not None and found[1] is None else None

    def _rooted(self, expression: Node) -> tuple[Response, str | None] | None:
        """The response at the root of a chain, and the first link of it that does more than prepare."""
        current = bare(expression)
        answers: str | None = None
        for _ in range(_MAX_LINKS):
            if current.type == "await_expression" and current.named_child_count:
                current = bare(current.named_children[0])
                continue
            if current.type == "call_expression":
                function = callee(current)
                last = function.child_by_field_name("property") if function is not None else None
                owner = function.child_by_field_name("object") if function is not None else None
                if last is None or owner is None:
                    return None
                if text(last) not in _BUILDERS:
                    answers = text(last)
                current = bare(owner)
                continue
            if current.type == "member_expression":
                found = self._member(current)
                return (found, answers) if found is not None else None
            if current.type == "identifier":
                known = self._named(current)
                return (known, answers) if known is not None else None
            return None
        return None

    def _member(self, member: Node) -> Response | None:
        owner, last = member.child_by_field_name("object"), member.child_by_field_name("property")
        if owner is None or last is None:
            return None
        name = text(last)
        if name in _RAW and owner.type == "identifier":
            inner = self._named(owner)
            if inner is not None:
                return inner
        if name in ("res", "reply", "response") and owner.type in ("this", "identifier"):
            root = text(owner)
            if root in _OWNERS or root in ("req", "request"):
                return Response(f"{root}.{name}", None, is_weak=True, is_reply=name == "reply")
        return None

    def _named(self, name: Node) -> Response | None:
        found = self._file.scopes.binding(text(name), name.start_byte)
        if found is None or not found[1]:
            return None
        scope, binding = found[0], found[1][0]
        if binding.kind == "value" and len(found[1]) == 1 and binding.node is not None and not binding.path:
            if not binding.is_constant or bare(binding.node).type not in (
                "identifier", "member_expression", "call_expression",
            ):  # fmt: skip
                return None
            return self._aliased(binding.node, name)
        if binding.kind != "parameter" or scope.kind != FUNCTION:
            return None
        key = (scope.node.id, text(name), binding.position)
        if key not in self._parameters:
            self._parameters[key] = self._parameter(scope, binding, text(name))
        return self._parameters[key]

    def _aliased(self, value: Node, name: Node) -> Response | None:
        """The response that a name is bound to, not what an answer or another call gives."""
        if value.start_byte <= name.start_byte < value.end_byte:
            return None
        inner = bare(value)
        if inner.type == "identifier" and text(inner) == text(name):
            return None
        return self.response(inner)

    def _parameter(self, scope: Scope, binding: Binding, name: str) -> Response | None:
        position = binding.position
        if binding.path:
            last = binding.path[-1]
            is_named = last in _SURE and len(binding.path) == 1
            return Response(name, scope, -1, is_weak=True, is_reply=last == "reply") if is_named else None
        names = parameter_names(scope.node)
        typed = self._typed(scope, position)
        if typed is not None:
            return Response(name, scope, position, is_reply=typed == "FastifyReply") if typed else None
        plain = name.strip("_$").lower()
        before = names[position - 1].strip("_$").lower() if 0 < position < len(names) else ""
        if plain in _RESPONSES and (before in _REQUESTS or (position > 0 and not before)):
            return Response(name, scope, position, is_reply=plain in ("reply", "rep"))
        role = self._file.request.role_at(scope, position) if self._asks_frameworks else ""
        if role:
            handler = self._file.handlers.of(scope)
            is_reply = handler is not None and handler.framework.name == "Fastify"
            return Response(name, scope, position, is_reply=is_reply) if role == "response" else None
        if self._is_answered_on(scope, name):
            return Response(name, scope, position)
        if plain in _SURE and (scope.node.type not in FUNCTION_LITERALS or not _is_argument(scope.node)):
            return Response(name, scope, position, is_weak=True, is_reply=plain == "reply")
        return None

    def _is_answered_on(self, scope: Scope, name: str) -> bool:
        """Whether a function does with a parameter what can be done with nothing but a response."""
        code = self._file.data[scope.start : scope.end]
        return _CONCLUSIVE.search(code) is not None and any(
            found[1].decode() == name for found in _CONCLUSIVE.finditer(code)
        )

    def _typed(self, scope: Scope, position: int) -> str | None:
        """The class of a parameter if it is written; "" for one that is no response, None where none is written."""
        nodes = parameter_nodes(scope.node)
        annotation = nodes[position].child_by_field_name("type") if position < len(nodes) else None
        if annotation is None:
            return None
        found = _TYPE_NAME.match(text(annotation))
        last = found[1].rpartition(".")[2] if found is not None else ""
        if last in ("any", "unknown", "T"):
            return None
        seen = self._file.scopes.binding(last, annotation.start_byte) if last else None
        is_import = seen is not None and seen[1][0].kind == "import"
        if seen is not None and is_import and seen[1][0].member not in ("", "*", "default"):
            last = seen[1][0].member  # `import { Response as Answer } from "express"`
        if last == _AMBIGUOUS_TYPE:
            return last if is_import or (found is not None and "." in found[1]) else ""
        return last if last in _TYPES or last.endswith(("ServerResponse", "ApiResponse")) else ""

    # Calls.

    def sent(self, call: Node) -> Sent | None:
        """What a call answers; None for most calls."""
        if call.id not in self._sent:
            self._sent[call.id] = self._find(call)
        return self._sent[call.id]

    def _find(self, call: Node) -> Sent | None:
        function = callee(call) if call.type == "call_expression" else None
        if function is None:
            return None
        function = bare(function)
        if function.type == "identifier":
            return self._called(call, function)
        last, owner = function.child_by_field_name("property"), function.child_by_field_name("object")
        if function.type != "member_expression" or last is None or owner is None:
            return None
        method = text(last)
        if method == "pipe":
            return self._piped(call)
        if method not in _ANSWERING:
            return None
        response = self.response(owner)
        given = arguments(call)
        if response is None or (method in _WITH_CALLBACK and given and bare(given[-1]).type in FUNCTION_LITERALS):
            return None
        if method == "format" and not (given and bare(given[0]).type == "object"):
            return None
        if response.is_weak and method == "json" and not given:
            return None  # the body of a response that was fetched
        if response.is_reply and method in REPLY_WHOLE:
            return Sent(call, response, "whole")
        if method in HEAD:
            return Sent(call, response, "head") if not _is_informal(method, given) else None
        if method in END:
            return Sent(call, response, "end", not given and bare(owner).type != "call_expression")
        return Sent(call, response, "whole", later=method in LATER) if method in WHOLE else None

    def _called(self, call: Node, function: Node) -> Sent | None:
        """`reply(...)`, as handlers of Hapi were given it until version 16."""
        if text(function) != "reply":
            return None
        response = self._named(function)
        return Sent(call, response, "whole") if response is not None and response.position == 1 else None

    def _piped(self, call: Node) -> Sent | None:
        given = arguments(call)
        response = self.response(given[0]) if len(given) == 1 else None
        return Sent(call, response, "end", later=True) if response is not None else None

    def header_change(self, call: Node) -> Response | None:
        """The response whose header, cookie or status a call sets, unless the chain it begins answers as well."""
        function = callee(call)
        last = function.child_by_field_name("property") if function is not None else None
        if function is None or last is None or text(last) not in HEADERS or not arguments(call):
            return None
        owner = function.child_by_field_name("object")
        response = self.response(owner) if owner is not None else None
        if response is None or (owner is not None and bare(owner).type == "call_expression"):
            return None  # of a chain, the first link is enough
        current = call
        for _ in range(_MAX_LINKS):
            member = current.parent
            outer = member.parent if member is not None and member.type == "member_expression" else None
            if member is None or outer is None or outer.type != "call_expression":
                return response
            name = member.child_by_field_name("property")
            if name is not None and text(name) not in _BUILDERS:
                return None
            current = outer
        return None

    # Conditions.

    def cannot_be(self, question: Question, holds: bool) -> bool:
        """Whether a test has an answer that it never has: that there is no response, or that an answer gave nothing."""
        is_missing = question.relation == "is" and question.value in ("None", "null", "undefined")
        if question.node is None or holds is not is_missing or (question.relation != "truthy" and not is_missing):
            return False
        node = bare(question.node)
        sent = self.sent(node) if node.type == "call_expression" else None
        if sent is not None:
            function = callee(node)
            last = function.child_by_field_name("property") if function is not None else None
            return last is not None and (text(last) in _GIVES_BACK or sent.response.is_reply)
        found = self.response(node)
        return found is not None and found.owner is not None


def _is_argument(function: Node) -> bool:
    place = around(function)
    return place is not None and place.type == "arguments"


def _is_informal(method: str, given: list[Node]) -> bool:
    """Whether a head is one of those in front of the answer, such as `100 Continue`."""
    return method == "writeHead" and bool(given) and re.fullmatch(r"1\d\d", text(given[0])) is not None


_RESPONSES_OF: WeakKeyDictionary[object, tuple[int, Responses]] = WeakKeyDictionary()


def responses_of(file: JavaScriptFile) -> Responses:
    """The responses of a file, found anew when more of the project is known."""
    known = _RESPONSES_OF.get(file)
    if known is None or known[0] != file.symbols.version:
        known = _RESPONSES_OF[file] = (file.symbols.version, Responses(file))
    return known[1]


def parameter_of(name: Node, file: JavaScriptFile) -> tuple[Scope, int] | None:
    """The function and position of the parameter that a name is, not taken out of a pattern."""
    found = file.scopes.binding(text(name), name.start_byte)
    if found is None or not found[1] or found[1][0].kind != "parameter" or found[1][0].path:
        return None
    return (found[0], found[1][0].position) if found[0].kind == FUNCTION else None


def answering_calls(file: JavaScriptFile) -> Iterator[Sent]:
    """The calls of a file that answer by themselves."""
    responses = responses_of(file)
    for call in file.nodes("call_expression"):
        sent = responses.sent(call)
        if sent is not None:
            yield sent
