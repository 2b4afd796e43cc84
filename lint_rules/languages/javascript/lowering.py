"""From a JavaScript or TypeScript function's syntax tree to the flow form.

Nested functions are values: what they do is not entered. Left out as well: default values of parameters, and the
bodies of classes.

A question about `null` or `undefined` has the value "None", whichever of the two is meant by `==`; `===` keeps them
apart ("null", "undefined"), since `x === null` says nothing of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tree_sitter import Node

from lint_rules.flow.form import (
    NOTHING,
    UNKNOWN,
    Branch,
    Condition,
    Event,
    Form,
    Handler,
    Jump,
    Labelled,
    Loop,
    Sequence,
    Switch,
    Try,
)
from lint_rules.flow.trampoline import bounce
from lint_rules.languages.javascript.grammar import (
    FUNCTION_KINDS,
    bare,
    callee,
    first_named,
    has_token,
    named,
    text,
)
from lint_rules.languages.javascript.questions import constant_of, question_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_OPAQUE = frozenset(
    {
        *FUNCTION_KINDS, "class_declaration", "abstract_class_declaration", "class", "class_static_block", "comment",
        "type_annotation", "type_arguments", "type_parameters", "type_alias_declaration", "interface_declaration",
        "ambient_declaration", "import_statement", "string", "regex", "formal_parameters", "ERROR",
    }
)  # fmt: skip
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

_Steps = Generator["_Task", Any, Any]


@dataclass(frozen=True, slots=True)
class _Task:
    """Lower a node as a statement or expression, or as a condition; `label` is that of a loop."""

    node: Node
    as_condition: bool = False
    label: str = ""


_KNOWN: WeakKeyDictionary[Any, dict[int, Form]] = WeakKeyDictionary()


def form_of(function: Node, file: JavaScriptFile) -> Form:
    """The flow form of a function's body; of an arrow function without block, that of its expression, returned.

    Of a node that is no function, such as the program, the form of its statements.
    """
    known = _KNOWN.setdefault(file, {})
    if function.id not in known:
        body = function.child_by_field_name("body") if function.type in FUNCTION_KINDS else function
        known[function.id] = _body_form(body, file) if body is not None else NOTHING
    return known[function.id]


def _body_form(body: Node, file: JavaScriptFile) -> Form:
    form: Form = bounce(_Lowering(file).lower, _Task(body))
    if body.type in ("statement_block", "program"):
        return form
    return Sequence((form, Jump("return", node=body)))


class _Lowering:
    def __init__(self, file: JavaScriptFile) -> None:
        self._file = file
        self._kinds: dict[str, Callable[[Node], _Steps]] = {
            "assignment_expression": self._assignment,
            "augmented_assignment_expression": self._augmented,
            "await_expression": self._await,
            "binary_expression": self._binary,
            "break_statement": self._leave,
            "call_expression": self._chain,
            "continue_statement": self._leave,
            "if_statement": self._if,
            "labeled_statement": self._labelled,
            "member_expression": self._chain,
            "new_expression": self._new,
            "non_null_expression": self._chain,
            "return_statement": self._return,
            "subscript_expression": self._chain,
            "switch_statement": self._switch,
            "ternary_expression": self._ternary,
            "throw_statement": self._throw,
            "try_statement": self._try,
            "update_expression": self._update,
            "variable_declarator": self._declarator,
            "yield_expression": self._yield,
        }
        self._loops: dict[str, Callable[[Node, str], _Steps]] = {
            "do_statement": self._do,
            "for_in_statement": self._for_in,
            "for_statement": self._for,
            "while_statement": self._while,
        }

    def lower(self, task: _Task) -> _Steps:
        """The form of a node, or its condition."""
        node = task.node
        if task.as_condition:
            return self._condition(node)
        loop = self._loops.get(node.type)
        if loop is not None:
            return loop(node, task.label)
        special = self._kinds.get(node.type)
        if special is not None:
            return special(node)
        if node.type in _OPAQUE or not node.named_child_count:
            return self._constant(NOTHING)
        return self._children(node.named_children)

    @staticmethod
    def _constant(form: Form) -> _Steps:
        return form
        yield

    def _children(self, children: Iterable[Node]) -> _Steps:
        parts = []
        for child in children:
            if child.named_child_count or child.type in _BARE_STATEMENTS:
                parts.append((yield _Task(child)))
        return _joined(parts)

    def _maybe(self, node: Node | None) -> _Steps:
        """The form of a node that may not be there."""
        return (yield _Task(node)) if node is not None else NOTHING

    # Calls and what they are made on.

    def _chain(self, node: Node) -> _Steps:
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
            inner = _joined(parts)
            if inner is not NOTHING:
                levels[-1][1].append(Branch(condition, inner, NOTHING))
        return _joined(levels[0][1])

    def _call(self, call: Node, function: Node | None) -> Generator[_Task, Any, list[Form]]:
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

    def _new(self, node: Node) -> _Steps:
        before = yield from self._children(node.named_children)
        made = callee(node)
        name = subject_of(made) if made is not None else ""
        return _joined([before, Event("new", name, node, may_raise=_last(name) not in SURE_TO_WORK)])

    def _await(self, node: Node) -> _Steps:
        before = yield from self._children(node.named_children)
        awaited = first_named(node)
        while awaited is not None and awaited.type in _WRAPPED:
            awaited = first_named(awaited)
        function = callee(awaited) if awaited is not None and awaited.type == "call_expression" else None
        # The error of an awaited call comes out of the call, for all we care.
        is_told = function is not None and _last(subject_of(function)) not in SURE_TO_WORK
        return _joined([before, Event("await", "", node, may_raise=not is_told)])

    def _yield(self, node: Node) -> _Steps:
        before = yield from self._children(node.named_children)
        return _joined([before, Event("yield", "", node, may_raise=True)])

    # Operators.

    def _binary(self, node: Node) -> _Steps:
        sign = _operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if sign not in ("&&", "||", "??") or left is None or right is None:
            return (yield from self._operands(node))
        after = yield _Task(right)
        if after is NOTHING:
            return (yield _Task(left))
        if sign == "??":
            before = yield _Task(left)
            return _joined([before, Branch(_is_there(left), NOTHING, after)])
        condition = yield _Task(left, True)
        return Branch(condition, after, NOTHING) if sign == "&&" else Branch(condition, NOTHING, after)

    def _operands(self, node: Node) -> _Steps:
        """`a + b + c + ...` without a level of the trampoline for each sign."""
        waiting, operands = [node], []
        while waiting:
            one = waiting.pop()
            if one.type == "binary_expression" and _operator(one) not in ("&&", "||", "??"):
                waiting.extend(reversed(one.named_children))
            else:
                operands.append(one)
        return (yield from self._children(operands))

    def _ternary(self, node: Node) -> _Steps:
        test = node.child_by_field_name("condition")
        condition = (yield _Task(test, True)) if test is not None else UNKNOWN
        then = yield from self._maybe(node.child_by_field_name("consequence"))
        otherwise = yield from self._maybe(node.child_by_field_name("alternative"))
        if then is NOTHING and otherwise is NOTHING:
            return _evaluated(condition)
        return Branch(condition, then, otherwise)

    def _condition(self, node: Node) -> _Steps:
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
            one = yield _Task(left, True)
            other = yield _Task(right, True)
            return Condition("and" if sign == "&&" else "or", parts=(one, other), negated=negated)
        constant = constant_of(node)
        if constant and node.type in ("true", "false", "null", "undefined", "number"):
            return Condition("constant", value=constant in ("True", "object"), negated=negated)
        before = yield _Task(node)
        question, flipped = question_of(node)
        return Condition("test", question, None if before is NOTHING else before, negated=negated is not flipped)

    # Assignments.

    def _assignment(self, node: Node) -> _Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        before = yield from self._maybe(right)
        return _joined([before, *(yield from self._bound(left, node, constant_of(right)))])

    def _declarator(self, node: Node) -> _Steps:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if value is None and node.parent is not None and node.parent.type == "variable_declaration":
            return NOTHING  # `var x;` leaves what it was
        before = yield from self._maybe(value)
        plain = constant_of(value) if value is not None else "None"
        return _joined([before, *(yield from self._bound(name, node, plain))])

    def _augmented(self, node: Node) -> _Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        after = _joined([(yield from self._maybe(right)), *(yield from self._bound(left, node))])
        sign = _operator(node)
        if sign not in ("&&=", "||=", "??=") or left is None:
            return after
        if sign == "??=":
            return Branch(_is_there(left), NOTHING, after)
        question, flipped = question_of(left)
        condition = Condition("test", question, negated=flipped)
        return Branch(condition, after, NOTHING) if sign == "&&=" else Branch(condition, NOTHING, after)

    def _update(self, node: Node) -> _Steps:
        return _joined((yield from self._bound(node.child_by_field_name("argument"), node)))

    def _bound(self, target: Node | None, node: Node, plain: str = "") -> Generator[_Task, Any, list[Form]]:
        """The assignments to a name, a member or everything in a pattern."""
        parts: list[Form] = []
        waiting = [target] if target is not None else []
        while waiting:
            one = waiting.pop()
            if one.type in _BINDING:
                if one.type in ("member_expression", "subscript_expression"):
                    parts.append((yield _Task(one)))
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

    # Statements.

    def _return(self, node: Node) -> _Steps:
        before = yield from self._children(node.named_children)
        return _joined([before, Jump("return", node=node)])

    def _throw(self, node: Node) -> _Steps:
        before = yield from self._children(node.named_children)
        return _joined([before, Jump("raise", node=node)])

    @staticmethod
    def _leave(node: Node) -> _Steps:
        label = node.child_by_field_name("label")
        kind = "break" if node.type == "break_statement" else "continue"
        return Jump("break" if kind == "break" else "continue", text(label) if label is not None else "", node)
        yield

    def _if(self, node: Node) -> _Steps:
        arms: list[tuple[Condition, Form]] = []
        otherwise: Form = NOTHING
        current: Node | None = node
        while current is not None:  # `else if` after `else if`
            test = current.child_by_field_name("condition")
            condition = (yield _Task(test, True)) if test is not None else UNKNOWN
            arms.append((condition, (yield from self._maybe(current.child_by_field_name("consequence")))))
            clause = current.child_by_field_name("alternative")
            last = first_named(clause) if clause is not None else None
            current = last if last is not None and last.type == "if_statement" else None
            if current is None:
                otherwise = yield from self._maybe(last)
        for condition, form in reversed(arms):
            otherwise = Branch(condition, form, otherwise)
        return otherwise

    def _labelled(self, node: Node) -> _Steps:
        name, body = node.child_by_field_name("label"), node.child_by_field_name("body")
        label = text(name) if name is not None else ""
        if body is None:
            return NOTHING
        form = yield _Task(body, label=label)
        return form if body.type in self._loops else Labelled(label, form)

    def _while(self, node: Node, label: str) -> _Steps:
        test = node.child_by_field_name("condition")
        condition = (yield _Task(test, True)) if test is not None else UNKNOWN
        body = yield from self._maybe(node.child_by_field_name("body"))
        return Loop(condition, body, NOTHING, label)

    def _do(self, node: Node, label: str) -> _Steps:
        body = yield from self._maybe(node.child_by_field_name("body"))
        test = node.child_by_field_name("condition")
        condition = (yield _Task(test, True)) if test is not None else UNKNOWN
        return Loop(condition, body, NOTHING, label, tests_first=False)

    def _for(self, node: Node, label: str) -> _Steps:
        before = yield from self._maybe(node.child_by_field_name("initializer"))
        test = node.child_by_field_name("condition")
        if test is not None and test.type in ("expression_statement", "empty_statement"):
            test = first_named(test)
        condition = (yield _Task(test, True)) if test is not None else Condition("constant")
        step = yield from self._maybe(node.child_by_field_name("increment"))
        body = yield from self._maybe(node.child_by_field_name("body"))
        return _joined([before, Loop(condition, body, NOTHING, label, step)])

    def _for_in(self, node: Node, label: str) -> _Steps:
        before = yield from self._maybe(node.child_by_field_name("right"))
        targets = yield from self._bound(node.child_by_field_name("left"), node)
        body = yield from self._maybe(node.child_by_field_name("body"))
        each = Event("next", "", node, may_raise=has_token(node, "await"))
        return _joined([before, Loop(UNKNOWN, Sequence((each, *targets, body)), NOTHING, label)])

    def _switch(self, node: Node) -> _Steps:
        before = yield from self._maybe(node.child_by_field_name("value"))
        tests, cases, has_default = [], [], False
        for clause in named(node.child_by_field_name("body")):
            if clause.type not in ("switch_case", "switch_default"):
                continue
            has_default = has_default or clause.type == "switch_default"
            tests.append((yield from self._maybe(clause.child_by_field_name("value"))))
            cases.append((yield from self._children(clause.children_by_field_name("body"))))
        switch = Switch(tuple(cases), has_default and bool(cases), falls_through=True, takes_break=True)
        return _joined([before, *tests, switch])

    def _try(self, node: Node) -> _Steps:
        body = yield from self._maybe(node.child_by_field_name("body"))
        clause, last = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        handlers: tuple[Handler, ...] = ()
        if clause is not None:
            bound = yield from self._bound(clause.child_by_field_name("parameter"), clause, "object")
            handled = yield from self._maybe(clause.child_by_field_name("body"))
            handlers = (Handler((), _joined([*bound, handled])),)
        finally_ = (yield from self._maybe(last.child_by_field_name("body"))) if last is not None else None
        return Try(body, handlers, None, finally_)


def _joined(parts: Iterable[Form]) -> Form:
    kept = tuple(part for part in parts if part is not NOTHING)
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else Sequence(kept)


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
