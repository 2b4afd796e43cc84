"""What the values of a Python function's expressions hold: the language's half of `flow/taint.py`.

Expressions are evaluated without Python's stack, and once for each state that they are asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.flow.form import Event, Question
from lint_rules.flow.taint import (
    CLEAN,
    Mark,
    Path,
    Value,
    Variables,
    added,
    bound,
    cleaned,
    exposed,
    from_origin,
    held,
    through,
    union,
)
from lint_rules.flow.trampoline import bounce
from lint_rules.languages.python.checking import TELLS, VALIDATES
from lint_rules.languages.python.conditions import EVERYTHING, guaranteed, judged_by, path_of, refined, replaced_unless
from lint_rules.languages.python.effects import TEXT, UPLOAD, effects, safe_slot
from lint_rules.languages.python.expressions import located_by
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.lowered_expressions import test_of
from lint_rules.languages.python.lowering import is_literal
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.request_data import base_name, request_tables
from lint_rules.languages.python.scopes import FUNCTION, LAMBDA, Scope, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.project.flows import FlowCall, LocalSink, RequestSource

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_Asked = tuple[Node, Variables]
_Steps = Generator[_Asked, Value, Value]

_MASS = frozenset({"mass"})
_WHERE = frozenset({"where"})
_VALIDATED = frozenset({"validated_data", "cleaned_data"})
_UPLOADS = frozenset({"files", "FILES"})
_UPLOAD_NAMES = frozenset({"filename", "name", "raw_filename"})
_OWN_PARTS = frozenset(
    {
        "headers",
        "cookies",
        "COOKIES",
        "META",
        "get_cookie",
        "host",
        "url_root",
        "host_url",
        "environ",
        "referrer",
        "user_agent",
    }
)
"""Parts of a request that a link or a form of somebody else cannot set: what is answered harms the sender alone."""
_SHAPED = TEXT | {"field"}
_HTML = frozenset({"html"})
_RENDERS = frozenset({"render", "render_async"})
_UNESCAPED = ("jinja2.Environment()", "jinja2.Template()", "jinja2.environment.Environment()")
"""Templates of jinja2 that escape nothing unless the file says so."""
_SHARED = "flask.g"
_CREATED = re.compile(rb"\b201\b|CREATED|Created")
"""The header Location of an answer with this status sends no browser anywhere."""
_LOCATION = re.compile(rb"""["'][Ll]ocation["']""")
_PROGRAM = frozenset({"program"})
_RESOLVED = frozenset({"resolved"})
_TEXT_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "replace", "removeprefix",
     "removesuffix", "format", "join", "decode", "encode", "model_dump_json"}
)  # fmt: skip
_CODE_KEYS = frozenset({"$where", "$function", "$accumulator"})
_COMPREHENSIONS = (
    "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression",
)  # fmt: skip
_MEDIA_TYPE = re.compile(r"(?:text|application|image|audio|video|multipart)/[\w.+-]+(?:;[\w\s=-]*)?")
_SHELLS = re.compile(r"""["'](?:/bin/|/usr/bin/)?(?:ba|z|da|k)?sh["']|["']cmd(?:\.exe)?["']|powershell""")
_PARSES = frozenset({"loads", "load", "decode", "safe_load", "parse"})
"""Last names of the passing calls that make a document of a text."""
_DOCUMENT = frozenset({"nosql", "mass"})
_PLAIN_AGAIN = frozenset({"unescape", "striptags"})
"""Methods of markup that give plain text: nothing is shown yet."""
_REPLACED = {"'": "sql", '"': "sql", "<": "html", "/": "path", "\\": "path"}
_LATER = {
    "to_thread": 0, "run_in_threadpool": 0, "run_in_executor": 1, "run_sync": 0, "submit": 0, "partial": 0,
    "call_soon_threadsafe": 0, "call_soon": 0, "sync_to_async": 0, "database_sync_to_async": 0, "add_task": 0,
    "spawn": 0, "start_soon": 0, "enqueue": 0, "defer": 0, "deferToThread": 0,
}  # fmt: skip
"""Functions that call another one: at which position they are given it. Its arguments follow."""
_CALLS_TASK = frozenset({"delay", "delay_on_commit", "apply_async", "s", "si", "remote", "send"})


class PythonFlow:
    """One function under evaluation: what it calls and reads, numbered, and the answers the analysis asks for."""

    def __init__(self, file: PythonFile, scope: Scope) -> None:
        self.calls: list[FlowCall] = []
        self.sources: list[RequestSource] = []
        self.sinks: list[LocalSink] = []
        self._file = file
        self._scope = scope
        self._effects = effects()
        self._members = request_tables().members
        self._call_numbers: dict[tuple[int, int], int] = {}
        self._source_numbers: dict[int, str] = {}
        self._may_redirect = _CREATED.search(scope.node.text or b"") is None
        self._local_sinks: dict[int, int] = {}
        self._verdicts: dict[str, list[Path]] = {}
        self._memo_of: Variables = {}
        self._memo: dict[int, Value] = {}
        owner = scope.owner_class
        names = parameters_of(scope)
        self._self = names[0] if owner is not None and names and names[0] in ("self", "cls") else ""
        self._own_class = f"{file.module}.{owner.name}" if owner is not None else ""
        self.captured = _captured(scope, file)
        self._kinds: dict[str, Callable[[Node, Variables], _Steps]] = {
            "identifier": self._identifier,
            "attribute": self._attribute,
            "subscript": self._subscript,
            "call": self._call,
            "string": self._string,
            "concatenated_string": self._string,
            "binary_operator": self._operation,
            "boolean_operator": self._any_of,
            "conditional_expression": self._choice,
            "named_expression": self._last,
            "keyword_argument": self._last,
            "pair": self._last,
            "list": self._list,
            "tuple": self._list,
            "expression_list": self._any_of,
            "set": self._any_of,
            "dictionary": self._dictionary,
            "list_splat": self._any_of,
            "dictionary_splat": self._any_of,
            "parenthesized_expression": self._any_of,
            "await": self._any_of,
            "yield": self._any_of,
            "interpolation": self._any_of,
            "slice": self._nothing,
            **dict.fromkeys(_COMPREHENSIONS, self._comprehension),
        }

    # What the analysis asks.

    def start(self) -> Variables:
        is_handler = self._file.handler(self._scope) is not None
        return {
            (name,): from_origin(f"p:{name}", frozenset() if is_handler else _RESOLVED)
            for name in parameters_of(self._scope)
            if name != self._self
        }  # fmt: skip

    def after(self, event: Event, variables: Variables) -> Variables:
        if event.kind == "assign":
            return self._assigned(event, variables)
        if event.kind == "call":
            return self._called(event.node, variables)
        return variables

    def guarantees(self, test: Question, holds: bool, variables: Variables) -> Iterable[tuple[Path, frozenset[str]]]:
        if not variables or test.node is None:
            return ()
        answer = holds is not test_of(test.node)[1]
        if answer and test.node.type == "identifier" and text(test.node) in self._verdicts:
            return [(path, EVERYTHING) for path in self._verdicts[text(test.node)]]
        found = list(guaranteed(test.node, answer))
        replaced = replaced_unless(test.node, answer)
        if replaced is not None and not self.value(replaced[1], variables):
            found.append((replaced[0], EVERYTHING))
        if answer and test.node.type == "call":
            function = test.node.child_by_field_name("function")
            if function is not None and TELLS.search(_last_name(function)):
                checked = self._checked_by(test.node, function)
                return [(path, checked or kinds) for path, kinds in found]
        return found

    def reached(self, event: Event, variables: Variables) -> Iterator[tuple[str, Value]]:
        if event.kind == "call":
            yield from self._handed(event.node, variables)
            if self._may_redirect and _LOCATION.search(event.node.text or b"") is not None:
                for value in located_by(event.node):
                    yield self._local_sink("redirect", value), self.value(value, variables)
            for _, value in arguments(event.node):
                if value.type == "lambda":
                    yield from self._inside(value, variables)
        elif event.kind == "comprehension":
            yield from self._inside(event.node, self._in_comprehension(event.node, variables))
        elif event.kind == "assign":
            yield from self._stored(event, variables)
        elif event.kind == "yield" and (given := first_named(event.node)) is not None:
            yield "return", cleaned(self.value(given, variables), _HTML)

    def returned(self, jump: Node | None, variables: Variables) -> Iterator[tuple[str, Value]]:
        expression = first_named(jump) if jump is not None else None
        if expression is None or jump is None or jump.type == "call":
            return
        value = self.value(expression, variables)
        is_data = expression.type in ("dictionary", "list", "set", *_COMPREHENSIONS)
        yield "return", cleaned(value, _HTML) if is_data else value  # a caller that answers with it answers JSON
        while expression.type == "parenthesized_expression" and (inner := first_named(expression)) is not None:
            expression = inner
        if expression.type in ("expression_list", "tuple"):  # the body, the status, the headers
            first = first_named(expression)
            if first is None:
                return
            expression, value = first, self.value(first, variables)
        if expression.type not in ("dictionary", "list", *_COMPREHENSIONS):
            value = {origin: mark for origin, mark in value.items() if origin[:2] == "c:" or mark.cleaned >= TEXT}
            if value:
                yield self._local_sink("answer", expression), value

    def _local_sink(self, kind: str, expression: Node) -> str:
        """The target that a place is which is no call: a text that the function returns, a header."""
        number = self._local_sinks.get(expression.id)
        if number is None:
            number = self._local_sinks[expression.id] = len(self.sinks)
            written = " ".join(text(expression).split())[:60]
            self.sinks.append(LocalSink(kind, self._file.span(expression), written))
        return f"x:{number}"

    # Statements.

    def _assigned(self, event: Event, variables: Variables) -> Variables:
        target = _target(event)
        path = path_of(target) if target is not None else (event.subject,)
        if not path or (target is not None and target.type == "subscript" and path[-2:-1] == ("headers",)):
            return variables
        self._verdicts.pop(event.subject, None)
        right = event.node.child_by_field_name("right") if event.node.type == "assignment" else None
        if right is not None and (judged := judged_by(right)):
            self._verdicts[event.subject] = judged
        value = self._assigned_value(event, target, variables)
        if target is not None and target.type == "subscript" and len(path) == 1:  # an element that is not known
            return added(variables, path, value)
        if value and target is not None:
            value = through(value, (target.start_byte, target.end_byte, event.subject))
        variables_after = bound(variables, path, value)
        if right is not None and right.type == "dictionary" and value:
            for pair in right.named_children:
                key, element = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if key is not None and element is not None and key.type == "string" and key.named_child_count < 4:
                    variables_after = {
                        **variables_after, (*path, text(key).strip("\"'")): self.value(element, variables)
                    }  # fmt: skip
        return variables_after

    def _assigned_value(self, event: Event, target: Node | None, variables: Variables) -> Value:
        node = event.node
        if node.type == "for_statement":
            right = node.child_by_field_name("right")
            return self._element(right, variables) if right is not None else CLEAN
        if node.type == "case_clause":
            return self._matched(node, event.subject, variables)
        if node.type == "with_statement":
            return self._entered(node, event.subject, variables)
        if node.type == "named_expression":
            value = node.child_by_field_name("value")
            return self.value(value, variables) if value is not None else CLEAN
        right = node.child_by_field_name("right")
        if right is None or node.type not in ("assignment", "augmented_assignment"):
            return CLEAN
        while right.type == "assignment" and (inner := right.child_by_field_name("right")) is not None:
            right = inner
        left = node.child_by_field_name("left")
        if node.type == "augmented_assignment" and left is not None:
            old = self.value(left, variables)
            value = self.value(right, variables)
            return union(old, cleaned(value, safe_slot([None])))
        if left is not None and left.type in ("pattern_list", "tuple_pattern", "list_pattern"):
            return self._part(left, right, target, variables)
        return self.value(right, variables)

    def _part(self, left: Node, right: Node, target: Node | None, variables: Variables) -> Value:
        names, parts = left.named_children, right.named_children
        if right.type in ("expression_list", "tuple") and len(names) == len(parts):
            for name, part in zip(names, parts, strict=True):
                if target is not None and name.start_byte <= target.start_byte < name.end_byte:
                    return self.value(part, variables)
        return self.value(right, variables)

    def _matched(self, clause: Node, subject: str, variables: Variables) -> Value:
        """What a name is bound to by a `case`: a part of what is matched, which is harmless if it equals a literal."""
        block = clause.parent
        match = block.parent if block is not None and block.type == "block" else block
        matched = match.child_by_field_name("subject") if match is not None else None
        pattern = clause.named_children[0]
        if matched is None or (text(matched) == subject and is_literal(pattern)):
            return CLEAN
        return self.value(matched, variables)

    def _entered(self, node: Node, subject: str, variables: Variables) -> Value:
        clause = next((child for child in node.named_children if child.type == "with_clause"), None)
        for item in clause.named_children if clause is not None else ():
            pattern = item.child_by_field_name("value") or first_named(item)
            alias = pattern.child_by_field_name("alias") if pattern is not None else None
            context = first_named(pattern) if pattern is not None else None
            if alias is not None and context is not None and text(alias) == subject:
                return self.value(context, variables)
        return CLEAN

    def _stored(self, event: Event, variables: Variables) -> Iterator[tuple[str, Value]]:
        """What an assignment makes visible outside the function: an attribute of the object, a captured variable."""
        target = _target(event)
        if target is None:
            return
        if target.type == "identifier" and event.subject in self.captured:
            yield f"v:{self._scope.name}.{event.subject}", self._assigned_value(event, target, variables)
        path = path_of(target)
        if self._may_redirect and target.type == "subscript" and path and path[-1].lower() == "location":
            yield self._local_sink("redirect", target), self._assigned_value(event, target, variables)
        if target.type == "attribute" and len(path) == 2 and self._is_shared(target):
            yield f"a:{_SHARED}.{path[1]}", self._assigned_value(event, target, variables)
        if self._self and len(path) > 1 and path[0] == self._self and target.type == "attribute":
            yield f"a:{self._own_class}.{path[1]}", self._assigned_value(event, target, variables)
        if target.type == "attribute" and text(target).endswith(".__dict__"):
            return

    def _called(self, call: Node, variables: Variables) -> Variables:
        function = call.child_by_field_name("function")
        if function is None:
            return variables
        name = _last_name(function)
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        if receiver is not None and name in self._effects.putting:
            path = path_of(receiver)
            if path and path != (self._self,):
                given = union(*(self.value(value, variables) for _, value in arguments(call)))
                return added(variables, path, given)
        if name == "relative_to" and receiver is not None and (path := path_of(receiver)):
            value, _ = held(variables, path)
            return {**variables, path: cleaned(value, frozenset({"path"}))} if value else variables
        if VALIDATES.match(name) and call.parent is not None and call.parent.type in ("expression_statement", "await"):
            for _, argument in arguments(call):
                path = path_of(argument)
                value = held(variables, path)[0] if path else CLEAN
                if value:
                    checked = self._checked_by(call, function)
                    variables = {**variables, path: cleaned(value, checked) if checked else CLEAN}
        return variables

    def _checked_by(self, call: Node, function: Node) -> frozenset[str]:
        """What stands for a check that a function of the project makes, if it does; empty for any other function."""
        symbol = self._file.names.symbol(function)
        if not symbol or self._file.is_outside(symbol):
            return frozenset()
        return frozenset({f"by:{self._number(call, function, list(arguments(call)))[2:]}"})

    # Calls.

    def _handed(self, call: Node, variables: Variables) -> Iterator[tuple[str, Value]]:
        """What a call is given."""
        function = call.child_by_field_name("function")
        if function is None:
            return
        name = _last_name(function)
        after = call.parent.child_by_field_name("attribute") if call.parent is not None else None
        if after is not None and text(after) in _PLAIN_AGAIN:
            return
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        base = self.value(receiver, variables) if receiver is not None else CLEAN
        known = self._effects
        is_common = name in known.passing or name in known.ending or name in known.taking
        if base and is_common and not self._is_own_method(function, base):
            return
        given = list(arguments(call))
        if name in _LATER and len(given) > _LATER[name]:
            position = _LATER[name]
            later = [
                (str(number), value) for number, (place, value) in enumerate(given[position + 1 :]) if place.isdigit()
            ]
            later.extend((place, value) for place, value in given if not place.isdigit())
            yield from self._edges(call, given[position][1], later, CLEAN, variables, 1)
        if name in {"Thread", "Process"}:
            by_name = dict(given)
            target, packed = by_name.get("target"), by_name.get("args")
            if target is not None and packed is not None:
                later = [(str(number), value) for number, value in enumerate(packed.named_children)]
                yield from self._edges(call, target, later, CLEAN, variables, 1)
        if receiver is not None and name in _CALLS_TASK:
            yield from self._edges(call, receiver, given, CLEAN, variables, 2)
        if function.type == "call":  # sync_to_async(run)(query)
            inner = next((value for _, value in arguments(function)), None)
            if inner is not None and _last_name(function.child_by_field_name("function") or function) in _LATER:
                function = inner
        yield from self._edges(call, function, given, base, variables, 0)

    def _is_shared(self, attribute: Node) -> bool:
        """Whether it is one of `flask.g`, which all functions see that work on a request."""
        owner = attribute.child_by_field_name("object")
        return owner is not None and text(owner) == "g" and self._file.names.symbol(owner) in ("flask.g", "quart.g")

    def _is_own_method(self, function: Node, base: Value) -> bool:
        """Whether a method is one of a class of the project, whatever texts call theirs: `repository.find`."""
        if any(origin[0] != "c" for origin in base):
            return False
        symbol = self._file.names.symbol(function)
        return "()." in symbol and "<" not in symbol and not self._file.is_outside(symbol)

    def _edges(
        self, call: Node, function: Node, given: list[tuple[str, Node]], base: Value, variables: Variables, which: int
    ) -> Iterator[tuple[str, Value]]:
        reached = [(_place(place, node), self.value(node, variables)) for place, node in given]
        reached = [(place, value) for place, value in reached if value]
        if base:
            reached.append((".", base))
        if reached:
            origin = self._number(call, function, given, which)
            for place, value in reached:
                yield f"{origin}:{place}", value

    def _number(self, call: Node, function: Node, given: Iterable[tuple[str, Node]], which: int = 0) -> str:
        key = (call.id, which)
        number = self._call_numbers.get(key)
        if number is None:
            number = self._call_numbers[key] = len(self.calls)
            literals = tuple(
                f"{place}={_literal(node)}"
                for place, node in given
                if node.type in ("true", "false", "none", "string", "integer", "attribute", "identifier")
                and node.end_byte - node.start_byte <= 60
            )
            written = " ".join(text(function).split())[:80]
            self.calls.append(FlowCall(self._file.names.symbol(function), written, self._file.span(call), literals))
        return f"c:{number}"

    def _inside(self, node: Node, variables: Variables) -> Iterator[tuple[str, Value]]:
        """What calls within a lambda or comprehension are given."""
        body = node.child_by_field_name("body") if node.type == "lambda" else node
        for inner in (body, *own_nodes(body)) if body is not None else ():
            if inner.type == "call":
                yield from self._handed(inner, variables)

    # Expressions.

    def value(self, node: Node, variables: Variables) -> Value:
        """What an expression's value holds."""
        if self._memo_of is not variables:
            self._memo_of, self._memo = variables, {}
        return bounce(self._evaluate, (node, variables))

    def _evaluate(self, asked: _Asked) -> _Steps:
        node, variables = asked
        kind = self._kinds.get(node.type)
        if kind is None:
            return CLEAN
        remembers = variables is self._memo_of
        known = self._memo.get(node.id) if remembers else None
        if known is None:
            known = yield from kind(node, variables)
            if remembers and variables is self._memo_of:
                self._memo[node.id] = known
        return known

    @staticmethod
    def _nothing(node: Node, variables: Variables) -> _Steps:
        return CLEAN
        yield

    def _any_of(self, node: Node, variables: Variables) -> _Steps:
        values = []
        for child in node.named_children:
            values.append((yield child, variables))
        return union(*values)

    @staticmethod
    def _last(node: Node, variables: Variables) -> _Steps:
        value = node.child_by_field_name("value")
        return (yield value, variables) if value is not None else CLEAN

    def _identifier(self, node: Node, variables: Variables) -> _Steps:
        name = text(node)
        value, size = held(variables, (name,))
        if size or name == self._self:
            return value
        return self._free(name, node)
        yield

    def _free(self, name: str, node: Node) -> Value:
        """The value of a variable of a function around this one."""
        self._file.names.bind()
        for scope in self._file.scopes.at(node.start_byte).enclosing():
            if name in scope.bindings:
                inner = scope is self._scope or scope.kind not in (FUNCTION, LAMBDA)
                return CLEAN if inner else from_origin(f"v:{scope.name}.{name}")
        return CLEAN

    def _attribute(self, node: Node, variables: Variables) -> _Steps:
        attribute, owner = node.child_by_field_name("attribute"), node.child_by_field_name("object")
        if attribute is None or owner is None:
            return CLEAN
        name = text(attribute)
        if name in self._members and (source := self._source(node)):
            return source
        path = path_of(node)
        value, size = held(variables, path)
        if size and size == len(path):
            return value
        base = yield owner, variables
        if not base:
            is_own = self._self and len(path) == 2 and path[0] == self._self
            if not is_own and len(path) == 2 and self._is_shared(node):
                return from_origin(f"a:{_SHARED}.{name}")
            return from_origin(f"a:{self._own_class}.{name}") if is_own else CLEAN
        if name in _UPLOAD_NAMES:
            base = _named_by_client(base)
        if name == "file":  # the content of an upload, whose type only the handler knows
            base = {
                origin: Mark(mark.cleaned | UPLOAD, mark.steps) if origin[0] == "r" else mark
                for origin, mark in base.items()
            }
        if name in _VALIDATED:
            base = cleaned(base, _SHAPED)
        return {
            f"{origin}.{name}" if origin[:2] == "p:" and "." not in origin else origin: mark
            for origin, mark in base.items()
        }

    def _source(self, node: Node) -> Value:
        """The value of an expression that reads what a client sent."""
        known = self._source_numbers.get(node.id)
        data = self._file.request_data
        if known is None:
            name = data.data_name(node, whole=True)
            known = ""
            if name:
                known = f"r:{len(self.sources)}"
                kinds = source_kinds(name)
                written = " ".join(text(node).split())[:60]
                self.sources.append(RequestSource(self._file.span(node), written, tuple(sorted(kinds))))
            self._source_numbers[node.id] = known
        return from_origin(known, frozenset(self.sources[int(known[2:])].cleaned)) if known else CLEAN

    def _element(self, node: Node, variables: Variables) -> Value:
        """What a loop over an expression gives."""
        name = self._file.request_data.iterated_name(node)
        if name:
            known = self._source_numbers.get(node.id)
            if known is None:
                known = self._source_numbers[node.id] = f"r:{len(self.sources)}"
                self.sources.append(RequestSource(self._file.span(node), text(node)[:60], tuple(sorted(TEXT))))
            return from_origin(known, TEXT)
        return self.value(node, variables)

    def _subscript(self, node: Node, variables: Variables) -> _Steps:
        owner = node.child_by_field_name("value")
        if owner is None:
            return CLEAN
        path = path_of(node)
        value, size = held(variables, path)
        if size and size == len(path) and size > 1:
            return value
        base = yield owner, variables
        key = node.child_by_field_name("subscript")
        if key is not None and key.type == "string" and text(key).strip("\"'") in _UPLOAD_NAMES:
            return _named_by_client(base)
        return _taken(base)

    def _string(self, node: Node, variables: Variables) -> _Steps:
        before: list[str | None] = []
        values = []
        parts = node.named_children if node.type == "string" else [
            inner for string in node.named_children for inner in string.named_children
        ]  # fmt: skip
        for part in parts:
            if part.type == "interpolation":
                values.append(cleaned((yield part, variables), safe_slot(before)))
                before.append(None)
            elif part.type == "string_content":
                before.append(text(part))
        return _as_text(union(*values))

    def _operation(self, node: Node, variables: Variables) -> _Steps:
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator is None or left is None or right is None or operator.type not in ("+", "%", "/", "|", "*"):
            return CLEAN
        one = yield left, variables
        if operator.type == "*":
            return one
        other = yield right, variables
        if operator.type == "+" and other:
            start = left
            while start.type == "binary_operator" and (inner := start.child_by_field_name("left")) is not None:
                start = inner
            literal = _content(left) if start is left else _content(start)
            before = [literal] if start is left else [literal, None]
            return union(one, _as_text(cleaned(other, safe_slot(before))) if _is_text(start) else other)
        if operator.type == "%" and other:
            literal = _content(left)
            slot = safe_slot([literal.partition("%")[0] if literal is not None else None])
            return union(one, _as_text(cleaned(other, slot)))
        if operator.type == "/" and other:
            return union(one, cleaned(other, safe_slot([None])))
        return union(one, other)

    def _choice(self, node: Node, variables: Variables) -> _Steps:
        if len(node.named_children) != 3:
            return CLEAN
        then, test, otherwise = node.named_children
        first = yield then, refined(test, True, variables)
        second = yield otherwise, refined(test, False, variables)
        return union(first, second)

    def _list(self, node: Node, variables: Variables) -> _Steps:
        children = node.named_children
        values = []
        for position, child in enumerate(children):
            value = yield child, variables
            if position and children[0].type != "list_splat" and not _SHELLS.search(text(children[0])):
                value = cleaned(value, _PROGRAM)
            values.append(value)
        return union(*values)

    def _dictionary(self, node: Node, variables: Variables) -> _Steps:
        values = []
        for child in node.named_children:
            if child.type != "pair":
                values.append((yield child, variables))
                continue
            key, element = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is None or element is None:
                continue
            value = cleaned((yield element, variables), _MASS)
            if key.type == "string":
                values.append(exposed(value, _WHERE) if text(key).strip("\"'") in _CODE_KEYS else value)
            else:
                values.extend((value, (yield key, variables)))
        return union(*values)

    def _comprehension(self, node: Node, variables: Variables) -> _Steps:
        body = node.child_by_field_name("body")
        inner = self._in_comprehension(node, variables)
        if body is None:
            return CLEAN
        if body.type == "pair":
            key, element = body.child_by_field_name("key"), body.child_by_field_name("value")
            keys = (yield key, inner) if key is not None else CLEAN
            values = (yield element, inner) if element is not None else CLEAN
            return union(keys, cleaned(values, _MASS))
        return (yield body, inner)

    def _in_comprehension(self, node: Node, variables: Variables) -> Variables:
        for clause in node.named_children:
            if clause.type == "for_in_clause":
                left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
                if left is None or right is None:
                    continue
                value = self._element(right, variables)
                for name in [left] if left.type == "identifier" else left.named_children:
                    if name.type == "identifier":
                        variables = bound(variables, (text(name),), value)
            elif clause.type == "if_clause":
                test = first_named(clause)
                variables = refined(test, True, variables) if test is not None else variables
        return variables

    def _call(self, call: Node, variables: Variables) -> _Steps:
        function = call.child_by_field_name("function")
        if function is None:
            return CLEAN
        name = _last_name(function)
        symbol = self._file.names.symbol(function)
        is_outside = bool(symbol) and self._file.is_outside(symbol)
        effect = self._effects.of(self._file.types.external(symbol), self._file.types) if is_outside else None
        if effect is not None and not effect.passes:
            return CLEAN
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        base = held(variables, ("receive",))[0] if name == "receive" and receiver is None else CLEAN
        if receiver is not None:
            base = (yield function, variables) if name in self._members else CLEAN
            if base and self._source_numbers.get(function.id):
                return base
            base = yield receiver, variables
        if symbol == "re.sub" and (first := next(iter(arguments(call)), None)) is not None:
            pattern = _content(first[1]) or ""
            if pattern.startswith(("[^", "\\W")) and "/" not in pattern:
                return CLEAN
        if name in _RENDERS and self._escapes_nothing(function, symbol):
            return _as_text((yield from self._arguments(call, variables)))
        if symbol == "builtins.getattr":
            owners = [value for place, value in arguments(call) if place != "1"]
            return (yield owners[0], variables) if owners else CLEAN
        if effect is not None:
            value = cleaned(union(base, (yield from self._arguments(call, variables))), effect.kinds)
            return (
                exposed(value, _DOCUMENT)
                if name in _PARSES and not symbol.startswith(("base64.", "codecs."))
                else value
            )
        if (
            receiver is not None
            and not self._is_own_method(function, base)
            and (base or receiver.type in ("string", "concatenated_string", "parenthesized_expression"))
        ):
            passed = yield from self._method(call, name, receiver, base, variables)
            if passed is not None:
                return passed
        if is_outside or not symbol or (base and receiver is None):
            return base
        given = list(arguments(call))
        return union(from_origin(self._number(call, function, given), _RESOLVED), {} if symbol else base)

    def _escapes_nothing(self, function: Node, symbol: str) -> bool:
        """Whether a template's method is one of jinja2's without escaping."""
        if b"autoescape" in self._file.data or b"jinja2" not in self._file.data:
            return False
        root = base_name(function)
        bound = self._file.names.only_value(text(root), root.start_byte) if root.type == "identifier" else None
        return (self._file.names.symbol(bound) if bound is not None else symbol).startswith(_UNESCAPED)

    def _arguments(self, call: Node, variables: Variables) -> _Steps:
        values = []
        for _, value in arguments(call):
            values.append((yield value, variables))
        return union(*values)

    def _method(
        self, call: Node, name: str, receiver: Node, base: Value, variables: Variables
    ) -> Generator[_Asked, Value, Value | None]:
        """What a method of a text, a container or a part of the request gives; None for other methods."""
        known = self._effects
        if name in known.ending:
            return CLEAN
        if name in known.taking:
            otherwise = [value for place, value in arguments(call) if place not in ("0", "type")]
            return union(_taken(base), (yield otherwise[0], variables) if otherwise else CLEAN)
        if name not in known.passing:
            return None
        given = yield from self._arguments(call, variables)
        if name == "format":
            literal = _content(receiver)
            slot = safe_slot([literal.partition("{")[0] if literal is not None else None])
            return _as_text(union(base, cleaned(given, slot)))
        if name == "replace":
            first = next((value for _, value in arguments(call)), None)
            content = _content(first) if first is not None else None
            base = cleaned(base, frozenset({_REPLACED[content]})) if content in _REPLACED else base
        if name == "resolve":
            return cleaned(base, _RESOLVED)
        value = union(base, given) if name in ("join", "replace", "joinpath", "format_map") else base
        return _as_text(value) if name in _TEXT_METHODS else value


def source_kinds(name: str) -> frozenset[str]:
    """What the data of a row of request_data cannot be misused for."""
    framework = request_tables().data[name]
    if name in framework["request_json"]:
        return _WHERE
    if name in framework["request_urls"]:
        return TEXT | {"redirect", "url"}
    owner, _, part = name.rpartition(".")
    if part in _UPLOADS or (owner.endswith(("UploadFile", "FileStorage", "FileField")) and part not in _UPLOAD_NAMES):
        return UPLOAD
    if part in _OWN_PARTS:
        return (TEXT - _MASS) | {"html", "redirect"}
    return TEXT - _MASS


def parameters_of(scope: Scope) -> list[str]:
    """The names of a function's parameters in order, `self` and those with stars too."""
    return [name for name, bindings in scope.bindings.items() if any(one.kind == "parameter" for one in bindings)]


def _taken(value: Value) -> Value:
    """An element of a value: of a container of texts it is a text."""
    return {
        origin: type(mark)(mark.cleaned | _MASS, mark.steps) if "nosql" in mark.cleaned else mark
        for origin, mark in value.items()
    }


def _named_by_client(value: Value) -> Value:
    """The name of an upload, which is a text like any other."""
    return {origin: Mark(TEXT, mark.steps) if "upload" in mark.cleaned else mark for origin, mark in value.items()}


def _as_text(value: Value) -> Value:
    return cleaned(value, TEXT)


def _is_text(node: Node) -> bool:
    return node.type in ("string", "concatenated_string")


def _content(node: Node) -> str | None:
    """The text of a literal, None for anything else."""
    if not _is_text(node):
        return None
    strings = node.named_children if node.type == "concatenated_string" else [node]
    parts = [part for string in strings for part in string.named_children]
    if any(part.type == "interpolation" for part in parts):
        return text(parts[1]) if len(parts) > 1 and parts[1].type == "string_content" else None
    return "".join(text(part) for part in parts if part.type == "string_content")


def _literal(node: Node) -> str:
    """The text of an argument that may decide what a call does; of strings only media types, no secrets."""
    if node.type != "string":
        return text(node)
    content = (_content(node) or "").lower()
    return content if _MEDIA_TYPE.fullmatch(content) else "..."


def _place(place: str, node: Node) -> str:
    return {"list_splat": "*", "dictionary_splat": "**"}.get(node.type, place)


def _last_name(function: Node) -> str:
    return text(function.child_by_field_name("attribute") or function)


def _target(event: Event) -> Node | None:
    """The node that an assignment binds, found by its text."""
    node: Node | None = event.node
    if node is None:
        return None
    waiting = [child for field in ("left", "name") if (child := node.child_by_field_name(field)) is not None]
    while waiting:
        one = waiting.pop()
        if one.type in ("identifier", "attribute", "subscript"):
            if text(one) == event.subject:
                return one
        else:
            waiting.extend(one.named_children)
    return None


def _captured(scope: Scope, file: PythonFile) -> frozenset[str]:
    """The variables of a function that functions within it read."""
    inner = [one for one in file.scopes.all if one.parent is scope and one.kind in (FUNCTION, LAMBDA)]
    words = {word for one in inner for word in re.findall(r"[^\W\d]\w*", text(one.node))}
    return frozenset(words.intersection(scope.bindings))
