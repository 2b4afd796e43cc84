"""What a JavaScript function does to responses, and to what goes on behind it: one step at each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e05_double_responses.helpers_javascript import helped_by
from lint_rules.flow.form import Event
from lint_rules.languages.javascript.answer_facts import OUTER
from lint_rules.languages.javascript.answering import (
    STATUS_ATTRIBUTES,
    Response,
    Sent,
    parameter_of,
    responses_of,
)
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import arguments, around, bare, callee, text
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.languages.javascript.usage import Use, usage_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


_OF_REQUESTS = frozenset({"route", "hook", "error", "plugin"})


class Step(Struct, frozen=True):
    """Something that is done to a response, or the call of `next`, at one place of a function.

    `kind` is "whole", "head", "end" (see answers.toml), "next", "header", "body" of Koa, or "upgrade" of a socket.

    `maybe`: a function does it on some of its paths only. `is_plain`: an end that says nothing. `later`: the headers go
    out after a while. `asks`: it does nothing where an answer was given; `owner` is the function that has the
    response as its parameter.
    """

    node: Node
    on: str
    kind: str
    maybe: bool = False
    is_plain: bool = False
    later: bool = False
    asks: bool = False
    through: str = ""
    owner: Scope | None = None

    @property
    def finishes(self) -> bool:
        """Whether nothing may be answered after it."""
        return self.kind in ("whole", "end")


class Steps:
    """What the events of a file's functions do to responses."""

    def __init__(self, file: JavaScriptFile) -> None:
        self.file = file
        self.responses = responses_of(file)
        self._of: dict[int, Step | None] = {}

    def of(self, event: Event) -> Step | None:
        """The step that an event is; None for most."""
        if event.kind == "assign":
            return self._assigned(event)
        return self.of_call(event.node) if event.kind == "call" and event.node is not None else None

    def of_call(self, call: Node) -> Step | None:
        """The step that a call is."""
        if call.id not in self._of:
            self._of[call.id] = self._find(call)
        return self._of[call.id]

    def _find(self, call: Node) -> Step | None:
        if call.type != "call_expression":
            return None
        sent = self.responses.sent(call)
        if sent is not None:
            return _step(sent)
        function = callee(call)
        if function is None:
            return None
        function = bare(function)
        if function.type == "identifier" and self.is_next(function):
            return Step(call, "next", "next")
        upgraded = self._upgraded(call, function)
        if upgraded is not None:
            return upgraded
        redirected = self._redirected(call, function)
        if redirected is not None:
            return redirected
        response = self.responses.header_change(call)
        if response is not None:
            return Step(call, response.key, "header")
        return self._through(call, function)

    def _assigned(self, event: Event) -> Step | None:
        node: Node = event.node
        attribute = event.subject.rpartition(".")[2]
        if node.type != "assignment_expression" or (attribute not in STATUS_ATTRIBUTES and attribute != "body"):
            return None
        if node.id not in self._of:
            left = node.child_by_field_name("left")
            target = left.child_by_field_name("object") if left is not None else None
            found = self._body(node, target) if attribute == "body" else self._status(node, target)
            self._of[node.id] = found
        return self._of[node.id]

    def _status(self, node: Node, target: Node | None) -> Step | None:
        response = self.responses.response(target) if target is not None else None
        return Step(node, response.key, "header") if response is not None else None

    def _body(self, node: Node, target: Node | None) -> Step | None:
        """`ctx.body = ...` of Koa, which answers when the handlers are done."""
        if target is not None and text(target) in ("ctx.response", "context.response"):
            target = target.child_by_field_name("object")
        if target is None or target.type != "identifier" or text(target) not in ("ctx", "context"):
            return None
        found = parameter_of(target, self.file)
        return Step(node, text(target), "body", owner=found[0]) if found is not None and found[1] == 0 else None

    def _redirected(self, call: Node, function: Node) -> Step | None:
        """`ctx.redirect(...)` of Koa, after which another body goes out with the redirect."""
        target, last = function.child_by_field_name("object"), function.child_by_field_name("property")
        is_redirect = target is not None and last is not None and text(last) == "redirect"
        return self._body(call, target) if is_redirect and b".body" in self.file.data else None

    def of_assignment(self, assignment: Node) -> Step | None:
        """The step that an assignment is."""
        left = assignment.child_by_field_name("left")
        return self._assigned(Event("assign", text(left), assignment)) if left is not None else None

    def is_next(self, name: Node) -> bool:
        """Whether a name is the `next` that a handler is given, beside a response or a context."""
        found = parameter_of(name, self.file)
        if found is None:
            return False
        scope, position = found
        names = [one.strip("_$").lower() for one in parameter_names(scope.node)]
        if text(name).strip("_") == "next" and 0 < position < len(names):
            return names[position - 1] in ("res", "resp", "response", "reply", "ctx", "context", "rep", "")
        handler = self.file.handlers.of(scope)
        return (
            handler is not None
            and handler.kind in _OF_REQUESTS  # the callback of a job is TEN0507's
            and position < len(handler.roles)
            and handler.roles[position] in ("next", "done")
            and position > 0
        )

    def _upgraded(self, call: Node, function: Node) -> Step | None:
        """`socket.destroy()` and `server.handleUpgrade(request, socket, ...)` in a handler of upgrades."""
        last, owner = function.child_by_field_name("property"), function.child_by_field_name("object")
        if last is None or owner is None:
            return None
        method = text(last)
        if method == "handleUpgrade" and len(arguments(call)) >= 3:
            socket = bare(arguments(call)[1])
            return Step(call, text(socket), "upgrade") if socket.type == "identifier" else None
        if method not in ("destroy", "end") or owner.type != "identifier" or b"handleUpgrade" not in self.file.data:
            return None
        found = parameter_of(owner, self.file)
        names = parameter_names(found[0].node) if found is not None else []
        is_socket = found is not None and found[1] == 1 and len(names) >= 3 and names[1].lower().endswith("socket")
        return Step(call, text(owner), "upgrade") if is_socket else None

    def _through(self, call: Node, function: Node) -> Step | None:
        """What a function of the project does that is given the response."""
        if function.type not in ("identifier", "member_expression"):
            return None
        given = [(position, self._handed(one)) for position, one in enumerate(arguments(call))]
        owner = function.child_by_field_name("object")
        on_own = owner is not None and owner.type == "this"
        is_local = function.type == "identifier" and self._is_local(function)
        if not on_own and not is_local and not any(response is not None for _, response in given):
            return None
        reference = self.file.function(function)
        helped = helped_by(reference, self.file.symbols) if reference is not None else None
        if helped is None:
            return None
        owner_of: Scope | None = None
        if helped.place.startswith(OUTER):
            on = helped.place[len(OUTER) :] if is_local else ""
            found = self.file.scopes.binding(on, call.start_byte) if on else None
            owner_of = found[0] if found is not None else None
        elif helped.place.startswith("this."):
            on = helped.place if on_own else ""
        else:
            handed = next((one for position, one in given if one is not None and str(position) == helped.place), None)
            on, owner_of = (handed.key, handed.owner) if handed is not None else ("", None)
        if not on or (not helped.always and usage_of(call).use is not Use.DROPPED and not _is_awaited_alone(call)):
            return None
        return Step(
            call, on, helped.kind, not helped.always, asks=helped.asks, through=text(function), owner=owner_of
        )  # fmt: skip

    def _is_local(self, name: Node) -> bool:
        """Whether a name is bound within a function, so that what it denotes may answer for that one."""
        found = self.file.scopes.binding(text(name), name.start_byte)
        return found is not None and found[0].kind == FUNCTION and found[1][0].kind in ("definition", "value")

    def _handed(self, argument: Node) -> Response | None:
        return self.responses.response(argument) if bare(argument).type in ("identifier", "member_expression") else None


def _is_awaited_alone(call: Node) -> bool:
    outer = around(call)
    return outer is not None and is_awaited(call) and usage_of(outer).use is Use.DROPPED


def _step(sent: Sent) -> Step:
    response = sent.response
    return Step(sent.call, response.key, sent.kind, is_plain=sent.is_plain, later=sent.later, owner=response.owner)


def is_awaited(call: Node) -> bool:
    """Whether a call stands behind `await`."""
    outer = around(call)
    return outer is not None and outer.type == "await_expression"
