"""What Python functions do with values: the language's half of `flow/taint.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from tree_sitter import Node

from lint_rules.flow.form import Event, Question
from lint_rules.flow.taint import (
    CLEAN,
    Path,
    Value,
    Variables,
    added,
    bound,
    cleaned,
    from_origin,
    held,
    safe_from,
    through,
    union,
)
from lint_rules.languages.python.checking import TELLS, VALIDATES
from lint_rules.languages.python.conditions import (
    EVERYTHING,
    guaranteed,
    host_of,
    judged_by,
    names_below,
    path_of,
    replaced_unless,
    resolved_from,
    roots_of,
)
from lint_rules.languages.python.dataflow_calls import ANSWERING, CallValues
from lint_rules.languages.python.dataflow_parts import (
    is_last_part,
    last_name,
    sets_other_type,
    slot_of,
    target_of,
)
from lint_rules.languages.python.dataflow_values import RESOLVED, SHARED, parameters_of
from lint_rules.languages.python.effects import TEXT, safe_slot
from lint_rules.languages.python.expressions import located_by
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.lowered_expressions import COMPREHENSIONS, test_of
from lint_rules.languages.python.lowering import is_literal
from lint_rules.languages.python.registrations import arguments, decorators
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.project.flows import LocalSink

_HTML, _PATH = frozenset({"html"}), frozenset({"path"})
_LITERAL = re.compile(rb"""["'][^"']*["']""")
_ALIASED = re.compile(rb"[\s|()]*as \w+")
_PLACED = frozenset({"path", "inside", "url", "redirect"})
_OF_HOSTS = frozenset({"*", "url", "redirect"})
_LOCATION = re.compile(rb"""["'][Ll]ocation["']""")
_REDIRECT = re.compile(r"response_class\s*=\s*(?:\w+\.)?RedirectResponse")
_PLAIN_AGAIN = frozenset({"unescape", "striptags"})
"""Methods of markup that give plain text: nothing is shown yet."""
_LATER = {
    "to_thread": 0, "run_in_threadpool": 0, "run_in_executor": 1, "run_sync": 0, "submit": 0, "partial": 0,
    "call_soon_threadsafe": 0, "call_soon": 0, "sync_to_async": 0, "database_sync_to_async": 0, "add_task": 0,
    "spawn": 0, "start_soon": 0, "enqueue": 0, "defer": 0, "deferToThread": 0,
}  # fmt: skip
"""Functions that call another one: at which position they are given it. Its arguments follow."""
_CALLS_TASK = frozenset({"delay", "delay_on_commit", "apply_async", "s", "si", "remote", "send"})


class PythonFlow(CallValues):
    """One function under evaluation, and the answers the analysis asks for."""

    @cached_property
    def is_redirect(self) -> bool:
        """Whether the route sends the browser to what the function returns."""
        return any(_REDIRECT.search(text(one)) for one in decorators(self._scope.node))

    def start(self) -> Variables:
        is_handler = self._file.handler(self._scope) is not None
        return {
            (name,): from_origin(f"p:{name}", frozenset() if is_handler else RESOLVED)
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
        found.extend(
            (other, _PLACED - _PATH) for path, kinds in found[:] for other in self._hosts(path) if kinds & _OF_HOSTS
        )
        if self._signed and any(path[0] in self._signed for path, _ in found):
            found.extend((other, EVERYTHING) for path, _ in found[:] for other in self._signed.get(path[0], ()))
        if self._taken_from:
            found.extend(
                (other, kinds | _PATH if "inside" in kinds else kinds)
                for path, kinds in found[:]
                for other in self._taken_from.get(path[0], ())
                if kinds <= _PLACED
            )
        replaced = replaced_unless(test.node, answer)
        if replaced is not None and not self.value(replaced[1], variables):
            found.append((replaced[0], EVERYTHING))
        if answer and test.node.type == "call":
            function = test.node.child_by_field_name("function")
            if function is not None and TELLS.search(last_name(function)):
                checked = self._checked_by(test.node, function)
                return [(path, checked or kinds) for path, kinds in found]
        return found

    def _hosts(self, path: Path) -> Iterator[Path]:
        """The addresses whose host a name holds."""
        for other in self._host_of.get(path[0], ()) if len(path) == 1 else ():
            yield other
            yield from self._taken_from.get(other[0], ())

    def reached(self, event: Event, variables: Variables) -> Iterator[tuple[str, Value]]:
        if event.kind == "call":
            yield from self._put(event.node, variables)
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
        is_data = expression.type in ("dictionary", "list", "set", *COMPREHENSIONS)
        yield "return", cleaned(value, _HTML) if is_data else value  # a caller that answers with it answers JSON
        while expression.type == "parenthesized_expression" and (inner := first_named(expression)) is not None:
            expression = inner
        if expression.type in ("expression_list", "tuple"):  # the body, the status, the headers
            first = first_named(expression)
            if first is None:
                return
            expression, value = first, self.value(first, variables)
        if sets_other_type(jump):
            return
        if expression.type not in ("dictionary", "list", *COMPREHENSIONS):
            is_any = self.is_redirect
            value = {
                origin: mark for origin, mark in value.items() if is_any or origin[:2] == "c:" or mark.cleaned >= TEXT
            }
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

    def _assigned(self, event: Event, variables: Variables) -> Variables:
        target = target_of(event)
        path = path_of(target) if target is not None else (event.subject,)
        if not path or (target is not None and target.type == "subscript" and path[-2:-1] == ("headers",)):
            return variables
        self._verdicts.pop(event.subject, None)
        for known in (self._taken_from, self._host_of, self._signed):
            known.pop(event.subject, None)
        right = event.node.child_by_field_name("right") if event.node.type == "assignment" else None
        if right is not None and (hosts := host_of(right)):
            self._host_of[event.subject] = hosts
        if right is not None and b"hmac" in (right.text or b""):
            self._signed[event.subject] = names_below(right)
        if right is not None and (other := resolved_from(right)) and event.subject != other[0][0]:
            self._taken_from[event.subject] = other
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
        value = self.value(right, variables)
        is_last = target is not None and len(names) > 1 and target.start_byte >= names[-1].start_byte
        return cleaned(value, _PATH) if is_last and is_last_part(right) else value

    def _matched(self, clause: Node, subject: str, variables: Variables) -> Value:
        """What a name is bound to by a `case`: a part of what is matched, which is harmless if it equals a literal."""
        block = clause.parent
        match = block.parent if block is not None and block.type == "block" else block
        matched = match.child_by_field_name("subject") if match is not None else None
        pattern = clause.named_children[0]
        if matched is None or (text(matched) == subject and is_literal(pattern)):
            return CLEAN
        if _ALIASED.fullmatch(_LITERAL.sub(b"", pattern.text or b"")) is not None:
            return CLEAN  # `case "asc" | "desc" as direction`
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
        target = target_of(event)
        if target is None:
            return
        if target.type == "identifier" and event.subject in self.captured:
            yield f"v:{self._scope.name}.{event.subject}", self._assigned_value(event, target, variables)
        path = path_of(target)
        if self._may_redirect and target.type == "subscript" and path and path[-1].lower() == "location":
            yield self._local_sink("redirect", target), self._assigned_value(event, target, variables)
        if target.type == "attribute" and len(path) == 2 and self._is_shared(target):
            yield f"a:{SHARED}.{path[1]}", self._assigned_value(event, target, variables)
        if self._self and len(path) > 1 and path[0] == self._self and target.type == "attribute":
            yield f"a:{self._own_class}.{path[1]}", self._assigned_value(event, target, variables)
        if target.type == "attribute" and text(target).endswith(".__dict__"):
            return

    def _called(self, call: Node, variables: Variables) -> Variables:
        function = call.child_by_field_name("function")
        if function is None:
            return variables
        name = last_name(function)
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        if receiver is not None and name in self._effects.putting:
            path = path_of(receiver)
            if path and path != (self._self,):
                given = union(*(self.value(value, variables) for _, value in arguments(call)))
                return added(variables, path, given)
        if name == "relative_to" and receiver is not None:
            for path in roots_of(receiver):
                variables = safe_from(variables, path, _PATH)
            return variables
        if VALIDATES.match(name) and call.parent is not None and call.parent.type in ("expression_statement", "await"):
            for _, argument in arguments(call):
                path = path_of(argument)
                value = held(variables, path)[0] if path else CLEAN
                if value:
                    checked = self._checked_by(call, function)
                    variables = safe_from(variables, path, checked or EVERYTHING)
        return variables

    def _checked_by(self, call: Node, function: Node) -> frozenset[str]:
        """What stands for a check that a function of the project makes, if it does; empty for any other function."""
        symbol = self._file.names.symbol(function)
        if not symbol or self._file.is_outside(symbol):
            return frozenset()
        return frozenset({f"by:{self._number(call, function, list(arguments(call)))[2:]}"})

    def _put(self, call: Node, variables: Variables) -> Iterator[tuple[str, Value]]:
        """What a call puts into a list or dict that is an attribute of the object: `self.parts.append(part)`."""
        function = call.child_by_field_name("function")
        receiver = function.child_by_field_name("object") if function is not None else None
        if not self._self or function is None or receiver is None or last_name(function) not in self._effects.putting:
            return
        path = path_of(receiver)
        if len(path) == 2 and path[0] == self._self:
            for _, value in arguments(call):
                yield f"a:{self._own_class}.{path[1]}", self.value(value, variables)

    def _handed(self, call: Node, variables: Variables) -> Iterator[tuple[str, Value]]:
        """What a call is given."""
        function = call.child_by_field_name("function")
        if function is None:
            return
        name = last_name(function)
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
            if inner is not None and last_name(function.child_by_field_name("function") or function) in _LATER:
                function = inner
        yield from self._edges(call, function, given, base, variables, 0)

    def _edges(
        self, call: Node, function: Node, given: list[tuple[str, Node]], base: Value, variables: Variables, which: int
    ) -> Iterator[tuple[str, Value]]:
        reached = [(slot_of(place, node), self.value(node, variables)) for place, node in given]
        if last_name(function) in ANSWERING and given and given[0][1].type == "dictionary":
            reached = [(place, cleaned(value, _HTML)) for place, value in reached]  # is sent as JSON
        reached = [(place, value) for place, value in reached if value]
        if base:
            reached.append((".", base))
        if reached:
            origin = self._number(call, function, given, which)
            for place, value in reached:
                yield f"{origin}:{place}", value

    def _inside(self, node: Node, variables: Variables) -> Iterator[tuple[str, Value]]:
        """What calls within a lambda or comprehension are given."""
        body = node.child_by_field_name("body") if node.type == "lambda" else node
        for inner in (body, *own_nodes(body)) if body is not None else ():
            if inner.type == "call":
                yield from self._handed(inner, variables)
