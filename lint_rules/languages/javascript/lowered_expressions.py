"""Expressions, conditions and assignments of JavaScript in the flow form."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from lint_rules.flow.form import NOTHING, UNKNOWN, Branch, Condition, Event, Form, Jump, Loop
from lint_rules.flow.lowering import Steps, Task, joined
from lint_rules.languages.javascript.grammar import bare, callee, first_named, text
from lint_rules.languages.javascript.questions import constant_of, question_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_BARE_STATEMENTS = frozenset({"return_statement", "break_statement", "continue_statement", "yield_expression"})
_LINKS = frozenset({"call_expression", "member_expression", "subscript_expression", "non_null_expression"})
_WRAPPED = frozenset({"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"})
_BINDING = frozenset(
    {"identifier", "shorthand_property_identifier_pattern", "member_expression", "subscript_expression"}
)
_NEVER_GOES_ON = Loop(Condition("constant"), NOTHING, NOTHING)
"""What comes after the end of the process."""
_ENDS_PROCESS = frozenset({"process.exit", "process.abort", "process.reallyExit"})
_ALWAYS_THROW = frozenset({"notFound", "redirect", "permanentRedirect", "forbidden", "unauthorized"})
_KOA_THROWS = frozenset({"ctx.throw", "context.throw"})
_THROWING_MODULES = frozenset({"next/navigation"})

SURE_TO_WORK = frozenset(
    {
        "log", "info", "warn", "warning", "error", "debug", "trace", "verbose", "fatal", "silly", "http", "time",
        "timeEnd", "stringify", "String", "Number", "Boolean", "parseInt", "parseFloat", "isNaN", "isArray", "trim",
        "split", "toString", "toFixed", "toISOString", "getTime", "toLowerCase", "toUpperCase", "slice", "substring",
        "substr", "join", "concat", "includes", "indexOf", "startsWith", "endsWith", "replace", "keys", "values",
        "entries", "push", "pop", "shift", "unshift", "clearTimeout", "clearInterval", "clearImmediate", "setTimeout",
        "setInterval", "setImmediate", "nextTick", "on", "once", "off", "removeListener", "removeAllListeners", "now",
        "random", "floor", "ceil", "round", "min", "max", "abs", "hrtime", "inc", "observe", "setHeader", "header",
        "getHeader", "removeHeader", "Date", "Error", "Map", "Set", "WeakMap", "TypeError", "isInteger", "isFinite",
        "test", "charAt", "charCodeAt", "padStart", "padEnd", "reverse", "hasOwnProperty", "emit", "unref", "ref",
        "end", "writeHead", "write", "flushHeaders", "status", "set", "type", "cookie", "clearCookie", "next",
        "then", "catch", "finally",
    }
)  # fmt: skip
"""Last names of calls that are not expected to throw."""


class Expressions:
    """Lowers what is evaluated: chains of calls, what waits, operators, conditions, and what is assigned to."""

    def __init__(self, file: JavaScriptFile) -> None:
        self._file = file

    def _children(self, children: Iterable[Node]) -> Steps:
        parts = []
        for child in children:
            if child.named_child_count or child.type in _BARE_STATEMENTS:
                parts.append((yield Task(child)))
        return joined(parts)

    def _maybe(self, node: Node | None) -> Steps:
        """The form of a node that may not be there."""
        return (yield Task(node)) if node is not None else NOTHING

    # Calls and what they are made on.

    def _chain(self, node: Node) -> Steps:
        """`a.b(c)?.d(e)`: from the left to the right; what stands after a `?.` happens perhaps."""
        links = []
        current: Node | None = node
        while current is not None and current.type in _LINKS:
            links.append(current)
            current = current.child_by_field_name("function" if current.type == "call_expression" else "object") or (
                first_named(current) if current.type == "non_null_expression" else None
            )
        levels: list[tuple[Condition, list[Form]]] = [(UNKNOWN, [(yield from self._maybe(current))])]
        for link in reversed(links):
            owner = link.child_by_field_name("function" if link.type == "call_expression" else "object")
            if owner is not None and _is_optional(link):
                levels.append((_is_there(owner), []))
            parts = levels[-1][1]
            if link.type == "call_expression":
                parts.extend((yield from self._call(link, owner)))
            elif link.type == "subscript_expression":
                parts.append((yield from self._maybe(link.child_by_field_name("index"))))
        while len(levels) > 1:
            condition, parts = levels.pop()
            inner = joined(parts)
            if inner is not NOTHING:
                levels[-1][1].append(Branch(condition, inner, NOTHING))
        return joined(levels[0][1])

    def _call(self, call: Node, function: Node | None) -> Generator[Task, Any, list[Form]]:
        given = call.child_by_field_name("arguments")
        before = yield from self._children(given.named_children if given is not None else ())
        called = subject_of(function) if function is not None else ""
        parts: list[Form] = [before, Event("call", called, call, may_raise=_last(called) not in SURE_TO_WORK)]
        if called in _ENDS_PROCESS:
            parts.append(_NEVER_GOES_ON)
        elif called in _KOA_THROWS or (called in _ALWAYS_THROW and self._is_imported_thrower(call)):
            parts.append(Jump("raise", node=call))
        return parts

    def _is_imported_thrower(self, call: Node) -> bool:
        name = text(call.child_by_field_name("function") or call)
        return any(
            one.specifier in _THROWING_MODULES and name.encode() in self._file.data for one in self._file.imports
        )

    def _new(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        made = callee(node)
        name = subject_of(made) if made is not None else ""
        return joined([before, Event("new", name, node, may_raise=_last(name) not in SURE_TO_WORK)])

    def _await(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        awaited = first_named(node)
        while awaited is not None and awaited.type in _WRAPPED:
            awaited = first_named(awaited)
        function = callee(awaited) if awaited is not None and awaited.type == "call_expression" else None
        # The error of an awaited call comes out of the call, for all we care.
        is_told = function is not None and _last(subject_of(function)) not in SURE_TO_WORK
        return joined([before, Event("await", "", node, may_raise=not is_told)])

    def _yield(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        return joined([before, Event("yield", "", node, may_raise=True)])

    # Operators.

    def _binary(self, node: Node) -> Steps:
        sign = _operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if sign not in ("&&", "||", "??") or left is None or right is None:
            return (yield from self._operands(node))
        after = yield Task(right)
        if after is NOTHING:
            return (yield Task(left))
        if sign == "??":
            before = yield Task(left)
            return joined([before, Branch(_is_there(left), NOTHING, after)])
        condition = yield Task(left, True)
        return Branch(condition, after, NOTHING) if sign == "&&" else Branch(condition, NOTHING, after)

    def _operands(self, node: Node) -> Steps:
        """`a + b + c + ...` without a level of the trampoline for each sign."""
        waiting, operands = [node], []
        while waiting:
            one = waiting.pop()
            if one.type == "binary_expression" and _operator(one) not in ("&&", "||", "??"):
                waiting.extend(reversed(one.named_children))
            else:
                operands.append(one)
        return (yield from self._children(operands))

    def _ternary(self, node: Node) -> Steps:
        test = node.child_by_field_name("condition")
        condition = (yield Task(test, True)) if test is not None else UNKNOWN
        then = yield from self._maybe(node.child_by_field_name("consequence"))
        otherwise = yield from self._maybe(node.child_by_field_name("alternative"))
        if then is NOTHING and otherwise is NOTHING:
            return _evaluated(condition)
        return Branch(condition, then, otherwise)

    def _condition(self, node: Node) -> Steps:
        negated = False
        while True:
            if node.type in _WRAPPED:
                inner = first_named(node)
            elif node.type == "unary_expression" and _operator(node) == "!":
                inner = node.child_by_field_name("argument")
                negated = not negated
            else:
                break
            if inner is None:
                return UNKNOWN
            node = inner
        sign = _operator(node) if node.type == "binary_expression" else ""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if sign in ("&&", "||") and left is not None and right is not None:
            one = yield Task(left, True)
            other = yield Task(right, True)
            return Condition("and" if sign == "&&" else "or", parts=(one, other), negated=negated)
        constant = constant_of(node)
        if constant and node.type in ("true", "false", "null", "undefined", "number"):
            return Condition("constant", value=constant in ("True", "object"), negated=negated)
        before = yield Task(node)
        question, flipped = question_of(node)
        return Condition("test", question, None if before is NOTHING else before, negated=negated is not flipped)

    # Assignments.

    def _assignment(self, node: Node) -> Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        before = yield from self._maybe(right)
        return joined([before, *(yield from self._bound(left, node, constant_of(right)))])

    def _declarator(self, node: Node) -> Steps:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if value is None and node.parent is not None and node.parent.type == "variable_declaration":
            return NOTHING  # `var x;` leaves what it was
        before = yield from self._maybe(value)
        plain = constant_of(value) if value is not None else "None"
        return joined([before, *(yield from self._bound(name, node, plain))])

    def _augmented(self, node: Node) -> Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        after = joined([(yield from self._maybe(right)), *(yield from self._bound(left, node))])
        sign = _operator(node)
        if sign not in ("&&=", "||=", "??=") or left is None:
            return after
        if sign == "??=":
            return Branch(_is_there(left), NOTHING, after)
        question, flipped = question_of(left)
        condition = Condition("test", question, negated=flipped)
        return Branch(condition, after, NOTHING) if sign == "&&=" else Branch(condition, NOTHING, after)

    def _update(self, node: Node) -> Steps:
        return joined((yield from self._bound(node.child_by_field_name("argument"), node)))

    def _bound(self, target: Node | None, node: Node, plain: str = "") -> Generator[Task, Any, list[Form]]:
        """The assignments to a name, a member or everything in a pattern."""
        parts: list[Form] = []
        waiting = [target] if target is not None else []
        while waiting:
            one = waiting.pop()
            if one.type in _BINDING:
                if one.type in ("member_expression", "subscript_expression"):
                    parts.append((yield Task(one)))
                is_whole = target is not None and one.id == target.id
                parts.append(Event("assign", subject_of(one), node, plain if is_whole else ""))
            elif one.type in ("assignment_pattern", "object_assignment_pattern"):
                default = yield from self._maybe(one.child_by_field_name("right"))
                if default is not NOTHING:
                    parts.append(Branch(UNKNOWN, default, NOTHING))
                left = one.child_by_field_name("left")
                waiting.extend([left] if left is not None else [])
            elif one.type == "pair_pattern":
                value = one.child_by_field_name("value")
                waiting.extend([value] if value is not None else [])
            else:
                waiting.extend(reversed(one.named_children))
        return parts


def _evaluated(condition: Condition) -> Form:
    """A condition whose answer decides nothing."""
    if condition.kind == "test":
        return condition.before or NOTHING
    return Branch(condition, NOTHING, NOTHING)


def _is_there(owner: Node) -> Condition:
    """`owner != null`."""
    question, _ = question_of(bare(owner), "is", "None")
    return Condition("test", question, negated=True)


def _is_optional(link: Node) -> bool:
    return any(child.type in ("optional_chain", "?.") for child in link.children)


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


_LONG = 160


def subject_of(node: Node) -> str:
    """The text of what is called or assigned to; of a long one the last name only, after three dots."""
    if node.end_byte - node.start_byte <= _LONG:
        return text(node) if node.type != "non_null_expression" else text(bare(node))
    last = node.child_by_field_name("property")
    return f"(...).{text(last)}" if last is not None else "(...)"


def _last(called: str) -> str:
    return called.rpartition(".")[2]


__all__ = ["SURE_TO_WORK", "Expressions", "subject_of"]
