"""Which calls of a function answer its request, by themselves or through functions of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.families.e05_double_responses.elsewhere import always_done
from lint_rules.families.e05_double_responses.paths import answers_on_every_path, answers_on_some_path
from lint_rules.flow.form import Event
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.tables import TableRow, name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_PATH = Path(__file__).parent / "responses.toml"
TABLE = name_table(_PATH, "python")
_CHANNELS = {"send": read_table(_PATH)["asgi"], "start_response": read_table(_PATH)["wsgi"]}
_ASGI_ONCE = {
    "http.response.start": "answer",
    "websocket.accept": "acceptance",
    "websocket.close": "closing",
}
_HANDS_ON = frozenset({"call_next", "get_response", "self.get_response"})
"""What a middleware of Starlette or Django is given to have the request handled."""
_TWICE = "the handler runs twice, and what reads the body finds nothing the second time"
_MAX_DEPTH = 4
_NAMES = TABLE.last_names | {"send", "start_response"}
_EVERYDAY = frozenset(read_table(_PATH)["everyday"]["methods"])
_AFTER = frozenset(read_table(_PATH)["everyday"]["after"])
_WORDS = tuple(
    sorted(
        {f".{name}(".encode() for name in TABLE.last_names - _EVERYDAY}
        | {
            b"http.response.start",
            b"start_response(",
            b"websocket.accept",
            b"websocket.close",
            b", send)",
            b"call_next(",
            b"get_response(",
        }
    )
)


def _hints(method: str) -> tuple[bytes, ...]:
    """What else a file holds that answers by a method of an everyday name; `.render(` alone tells nothing."""
    patterns = [name.split(".") for name in TABLE if name.endswith(f".{method}")]
    named = {part for parts in patterns for part in parts if part == parts[0] or part[:1].isupper()}
    either_case = named.union(name.lower() for name in named)
    own = () if method in _AFTER else (f"self.{method}(", f"super().{method}(")
    return tuple(sorted(word.encode() for word in (*either_case, *own)))


_HINTED = tuple((f".{method}(".encode(), _hints(method)) for method in sorted(_EVERYDAY))

RESPONDING_WORDS = (*_WORDS, *(word for word, _ in _HINTED))
"""A file without any of these answers nothing; with one it may (see `may_respond`)."""


@lru_cache(maxsize=4)
def may_respond(data: bytes) -> bool:
    """Whether a file of these bytes may answer a request by a call."""
    return any(word in data for word in _WORDS) or any(
        word in data and any(hint in data for hint in hints) for word, hints in _HINTED
    )


_RESPONDERS = (
    b"tornado", b"aiohttp", b"sanic", b"starlette", b"fastapi", b"channels", b"discord", b"http.server",
    b"http import server", b"WebSocket",
)  # fmt: skip
_HANDED_CHANNEL = re.compile(rb"[(,]\s*(?:send|start_response)\s*[,:)=]")


class Answers:
    """The answering calls of one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file
        self._of: dict[int, tuple[Answer, ...]] = {}
        self._summaries: dict[int, tuple[Answer, ...] | None] = {}
        self._functions = {scope.name: scope for scope in file.scopes.functions if scope.kind == FUNCTION}
        self._depth = 0

    def of(self, call: Node) -> tuple[Answer, ...]:
        """What a call answers; nothing for most calls."""
        known = self._of.get(call.id)
        if known is None:
            known = self._of[call.id] = tuple(self._find(call))
        return known

    def has_any(self) -> bool:
        """Whether the file may answer: it names what responds, or a call of its own answers by itself.

        Functions of other files that answer are not asked for here, since that means to ask for those of all calls.
        """
        if any(word in self._file.data for word in _RESPONDERS):
            return True
        may_hand_channel = _HANDED_CHANNEL.search(self._file.data) is not None
        for call in self._file.nodes("call"):
            function = call.child_by_field_name("function")
            if function is None:
                continue
            if function.type == "attribute" and self._direct(call, function) is not None:
                return True
            if may_hand_channel and self._on_channel(call, function) is not None:
                return True
        return False

    def _find(self, call: Node) -> Iterator[Answer]:
        function = call.child_by_field_name("function")
        if function is None:
            return
        direct = self._direct(call, function) or self._on_channel(call, function)
        if direct is not None:
            yield direct
            yield from self._also(direct, call, function)
        elif self._depth < _MAX_DEPTH:
            yield from self._through_helper(call, function)

    def _direct(self, call: Node, function: Node) -> Answer | None:
        attribute = function.child_by_field_name("attribute")
        receiver = function.child_by_field_name("object")
        if attribute is None or receiver is None or text(attribute) not in TABLE.last_names:
            return None
        row = self._row(function, receiver, text(attribute))
        if row is None or (row.get("informal") and _is_informal(call)):
            return None
        by = text(receiver)
        on = by if row["on"] == "receiver" else _argument(call, 0)
        if not on or "(" in on.removeprefix("super()"):
            return None
        return Answer(
            call, row["once"], "self" if on == "super()" else on, by, bool(row.get("only_after")),
            bool(row.get("unless")), row["wrong"], tuple(row.get("returns", ())),
        )  # fmt: skip

    def _also(self, direct: Answer, call: Node, function: Node) -> Iterator[Answer]:
        """What else a call must not come after: `accept` on a connection that was closed."""
        receiver, attribute = function.child_by_field_name("object"), function.child_by_field_name("attribute")
        row = self._row(function, receiver, text(attribute)) if receiver is not None and attribute is not None else None
        before = row.get("also_after") if row is not None else None
        if before:
            yield Answer(call, before, direct.on, direct.by, only_after=True, wrong=direct.wrong)

    def _row(self, function: Node, receiver: Node, method: str) -> TableRow | None:
        file = self._file
        row = TABLE.match(file.canonical(function), file.types)
        scope = file.enclosing_function(function)
        if row is None and receiver.type == "identifier" and scope is not None:
            request = file.request_data.request_type(scope, text(receiver))
            row = TABLE.match(f"{request}.{method}", file.types) if request else None
        return row

    def _on_channel(self, call: Node, function: Node) -> Answer | None:
        """`await send({"type": "http.response.start", ...})`, `start_response(...)`, and what both are handed to."""
        if (name := text(function)) in _HANDS_ON:
            is_given = function.type == "attribute" or "<parameter>" in self._file.names.symbol(function)
            return Answer(call, "handling", name, wrong=_TWICE) if is_given else None
        channel = self._channel(function)
        if channel == "send":
            message = self._message(call)
            once = next((once for kind, once in _ASGI_ONCE.items() if kind in message), "")
            return Answer(call, once, channel, wrong=_CHANNELS[channel]["wrong"]) if once else None
        if channel:
            arguments = call.child_by_field_name("arguments")
            if arguments is None or len(arguments.named_children) != 2:
                return None  # with exc_info: meant to replace the first
            return Answer(call, "answer", channel, wrong=_CHANNELS[channel]["wrong"])
        arguments = call.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if len(given) not in (2, 3):
            return None
        channel = self._channel(given[-1])
        if not channel:
            return None
        if len(given) != (3 if channel == "send" else 2):
            return None
        row = _CHANNELS[channel]
        last = text(function).rpartition(".")[2]
        canonical = self._file.canonical(function)
        lineage = [name.rpartition(".")[0] for name in self._file.types.lineage(f"{canonical}.x")]
        if last in row["delegates"] or any(name in row["responses"] for name in lineage):
            return Answer(call, "answer", channel, wrong=row["wrong"])
        return None

    def _message(self, call: Node) -> str:
        """The text of the message that `send` is given, also if a name is bound to it for good."""
        written = _argument(call, 0)
        bound = self._file.names.only_value(written, call.start_byte) if written.isidentifier() else None
        return text(bound) if bound is not None and bound.type == "dictionary" else written

    def _channel(self, value: Node) -> str:
        """The channel's name if an expression is the `send` or `start_response` that the server gives."""
        name = text(value) if value.type == "identifier" else ""
        if name not in _CHANNELS:
            return ""
        return name if "<parameter>" in self._file.names.symbol(value) else ""

    # Helpers.

    def _through_helper(self, call: Node, function: Node) -> Iterator[Answer]:
        called = text(function)
        if "." in called and not called.startswith(("self.", "cls.", "super().")) and called.count(".") > 2:
            return
        reference = self._file.function(function)
        if reference is None or reference.function.is_generator:
            return
        if reference.module.module == self._file.module:
            own = self._functions.get(reference.function.name)
            done = list(self._summary(own)) if own is not None else []
            if own is not None and not done and _is_dropped(call):
                done = [replace(one, maybe=True) for one in self._sometimes(own)]
        else:
            done = always_done(reference, self._file, TABLE)
        receiver = function.child_by_field_name("object")
        names = reference.function.parameters
        is_method = receiver is not None and names[:1] in (("self",), ("cls",))
        places = names[1:] if is_method else names
        for answer in done:
            if answer.on == "self" and receiver is not None:
                on = text(receiver).replace("super()", "self")
            elif answer.on in places:
                on = _given(call, places.index(answer.on), answer.on)
            else:
                continue
            if on:
                yield Answer(
                    call, answer.once, on, "", False, answer.again_by_same, answer.wrong, answer.returns, answer.maybe
                )  # fmt: skip

    def _summary(self, function: Scope) -> tuple[Answer, ...]:
        """What a function of this file does on every path to its end."""
        key = function.node.id
        if key not in self._summaries:
            self._summaries[key] = None  # while it is being found out: recursion
            self._depth += 1
            self._summaries[key] = self._always(function)
            self._depth -= 1
        return self._summaries[key] or ()

    def _sometimes(self, function: Scope) -> tuple[Answer, ...]:
        """What a function of this file does on some path to its end."""
        key = -function.node.id
        if key not in self._summaries:
            self._summaries[key] = None
            self._depth += 1
            self._summaries[key] = answers_on_some_path(form_of(function.node, self._file), self.of_event)
            self._depth -= 1
        return self._summaries[key] or ()

    def _always(self, function: Scope) -> tuple[Answer, ...]:
        return answers_on_every_path(form_of(function.node, self._file), self.of_event)

    def of_event(self, event: Event) -> tuple[Answer, ...]:
        """What happens at an event of a function's form."""
        return self.of(event.node) if event.kind == "call" else ()


def _is_dropped(call: Node) -> bool:
    """Whether nothing looks at what a call gives."""
    outer = call.parent
    if outer is not None and outer.type == "await":
        outer = outer.parent
    return outer is not None and outer.type == "expression_statement"


def _is_informal(call: Node) -> bool:
    first = _argument(call, 0)
    return first.isdigit() and int(first) < 200


def _argument(call: Node, place: int) -> str:
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    return text(given[place]) if len(given) > place else ""


def _given(call: Node, place: int, name: str) -> str:
    """The text of the argument at a place or under a name."""
    arguments = call.child_by_field_name("arguments")
    for position, argument in enumerate(arguments.named_children if arguments is not None else ()):
        keyword, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument":
            if keyword is not None and value is not None and text(keyword) == name:
                return text(value)
        elif position == place:
            return text(argument)
    return ""


_ANSWERS: WeakKeyDictionary[object, tuple[int, Answers]] = WeakKeyDictionary()


def answers_of(file: PythonFile) -> Answers:
    """The answering calls of a file, found anew when more of the project is known."""
    known = _ANSWERS.get(file)
    if known is None or known[0] != file.symbols.version:
        known = _ANSWERS[file] = (file.symbols.version, Answers(file))
    return known[1]
