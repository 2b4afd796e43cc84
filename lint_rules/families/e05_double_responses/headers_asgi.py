"""Headers of an ASGI message that are changed after the message was sent (Python)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.families.e05_double_responses.paths import earlier_answers
from lint_rules.flow.form import Event
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

SENT = b"http.response.start"
"""What a file holds that sends the beginning of an answer, or looks for it."""

_HEADERS = re.compile(r"[\"']headers[\"']\s*:\s*([A-Za-z_]\w*)\s*[,}]")
_CHANGES = frozenset({"append", "insert", "extend", "remove", "pop", "clear"})


def changed_after_start(file: PythonFile) -> Iterator[tuple[Answer, Event]]:
    """The calls of `send` after which the message that they sent is changed, and what changes it."""
    functions: dict[int, Scope] = {}
    for call in file.nodes("call"):
        scope = file.scope(call).function
        if _names_sent(call, file) and scope is not None and scope.kind == FUNCTION and not scope.node.has_error:
            functions[scope.node.id] = scope
    for scope in functions.values():
        yield from _in_function(scope, file)


def _names_sent(call: Node, file: PythonFile) -> tuple[str, ...]:
    """The names of the message that `send` is given, and of the list that is its headers."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None or text(function) != "send" or arguments.named_child_count != 1:
        return ()
    if "<parameter>" not in file.names.symbol(function):
        return ()
    given = arguments.named_children[0]
    message: Node | None = given
    if given.type == "identifier":
        message = file.names.only_value(text(given), given.start_byte)
    own = (text(given),) if given.type == "identifier" else ()
    if message is None or message.type != "dictionary":
        return own
    written = text(message)
    found = _HEADERS.search(written) if SENT.decode() in written else None
    return (*own, found[1]) if found is not None else own


def _in_function(scope: Scope, file: PythonFile) -> Iterator[tuple[Answer, Event]]:
    sent: dict[int, tuple[Answer, ...]] = {}

    def sent_at(event: Event) -> tuple[Answer, ...]:
        if event.kind != "call":
            return ()
        if event.node.id not in sent:
            names = _names_sent(event.node, file)
            sent[event.node.id] = tuple(Answer(event.node, "headers", name, name) for name in names)
        return sent[event.node.id]

    outcome = earlier_answers(form_of(scope.node, file), sent_at)
    told: set[int] = set()
    for event, cases in outcome.events() if outcome is not None else ():
        given = sorted(frozenset().union(*cases.states.values()), key=lambda one: int(one.call.start_byte))
        first = next((one for one in given if _changes(event, one.on)), None)
        if first is not None and event.node.id not in told:
            told.add(event.node.id)
            yield first, event


def _changes(event: Event, name: str) -> bool:
    """Whether an event changes headers or status of the message, or a list of headers, of that name."""
    subject = event.subject.replace("'", '"')
    is_part = subject.startswith((f'{name}["headers"]', f'{name}["status"]'))
    if event.kind == "assign":
        return is_part
    if event.kind != "call":
        return False
    owner, _, method = subject.rpartition(".")
    if method in _CHANGES and (is_part or owner == name):
        return True
    arguments = event.node.child_by_field_name("arguments")
    return (
        method == "MutableHeaders" and arguments is not None and re.search(rf"\b{name}\b", text(arguments)) is not None
    )
