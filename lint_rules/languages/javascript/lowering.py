"""From a JavaScript or TypeScript function's syntax tree to the flow form.

Nested functions are values: what they do is not entered. Left out as well: default values of parameters, and the
bodies of classes.

A question about `null` or `undefined` has the value "None", whichever of the two is meant by `==`; `===` keeps them
apart ("null", "undefined"), since `x === null` says nothing of the other.
"""

from __future__ import annotations

from collections.abc import Callable
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
from lint_rules.flow.lowering import Steps, Task, constant, joined
from lint_rules.flow.trampoline import bounce
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, first_named, has_token, named, text
from lint_rules.languages.javascript.lowered_expressions import Expressions

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_OPAQUE = frozenset(
    {
        *FUNCTION_KINDS, "class_declaration", "abstract_class_declaration", "class", "class_static_block", "comment",
        "type_annotation", "type_arguments", "type_parameters", "type_alias_declaration", "interface_declaration",
        "ambient_declaration", "import_statement", "string", "regex", "formal_parameters", "ERROR",
    }
)  # fmt: skip

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
    form: Form = bounce(_Lowering(file).lower, Task(body))
    if body.type in ("statement_block", "program"):
        return form
    return Sequence((form, Jump("return", node=body)))


class _Lowering(Expressions):
    def __init__(self, file: JavaScriptFile) -> None:
        super().__init__(file)
        self._kinds: dict[str, Callable[[Node], Steps]] = {
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
        self._loops: dict[str, Callable[[Node, str], Steps]] = {
            "do_statement": self._do,
            "for_in_statement": self._for_in,
            "for_statement": self._for,
            "while_statement": self._while,
        }

    def lower(self, task: Task) -> Steps:
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
            return constant(NOTHING)
        return self._children(node.named_children)

    # Statements.

    def _return(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        return joined([before, Jump("return", node=node)])

    def _throw(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        return joined([before, Jump("raise", node=node)])

    @staticmethod
    def _leave(node: Node) -> Steps:
        label = node.child_by_field_name("label")
        kind = "break" if node.type == "break_statement" else "continue"
        return Jump("break" if kind == "break" else "continue", text(label) if label is not None else "", node)
        yield

    def _if(self, node: Node) -> Steps:
        arms: list[tuple[Condition, Form]] = []
        otherwise: Form = NOTHING
        current: Node | None = node
        while current is not None:  # `else if` after `else if`
            test = current.child_by_field_name("condition")
            condition = (yield Task(test, True)) if test is not None else UNKNOWN
            arms.append((condition, (yield from self._maybe(current.child_by_field_name("consequence")))))
            clause = current.child_by_field_name("alternative")
            last = first_named(clause) if clause is not None else None
            current = last if last is not None and last.type == "if_statement" else None
            if current is None:
                otherwise = yield from self._maybe(last)
        for condition, form in reversed(arms):
            otherwise = Branch(condition, form, otherwise)
        return otherwise

    def _labelled(self, node: Node) -> Steps:
        name, body = node.child_by_field_name("label"), node.child_by_field_name("body")
        label = text(name) if name is not None else ""
        if body is None:
            return NOTHING
        form = yield Task(body, label=label)
        return form if body.type in self._loops else Labelled(label, form)

    def _while(self, node: Node, label: str) -> Steps:
        test = node.child_by_field_name("condition")
        condition = (yield Task(test, True)) if test is not None else UNKNOWN
        body = yield from self._maybe(node.child_by_field_name("body"))
        return Loop(condition, body, NOTHING, label)

    def _do(self, node: Node, label: str) -> Steps:
        body = yield from self._maybe(node.child_by_field_name("body"))
        test = node.child_by_field_name("condition")
        condition = (yield Task(test, True)) if test is not None else UNKNOWN
        return Loop(condition, body, NOTHING, label, tests_first=False)

    def _for(self, node: Node, label: str) -> Steps:
        before = yield from self._maybe(node.child_by_field_name("initializer"))
        test = node.child_by_field_name("condition")
        if test is not None and test.type in ("expression_statement", "empty_statement"):
            test = first_named(test)
        condition = (yield Task(test, True)) if test is not None else Condition("constant")
        step = yield from self._maybe(node.child_by_field_name("increment"))
        body = yield from self._maybe(node.child_by_field_name("body"))
        return joined([before, Loop(condition, body, NOTHING, label, step)])

    def _for_in(self, node: Node, label: str) -> Steps:
        before = yield from self._maybe(node.child_by_field_name("right"))
        targets = yield from self._bound(node.child_by_field_name("left"), node)
        body = yield from self._maybe(node.child_by_field_name("body"))
        each = Event("next", "", node, may_raise=has_token(node, "await"))
        return joined([before, Loop(UNKNOWN, Sequence((each, *targets, body)), NOTHING, label)])

    def _switch(self, node: Node) -> Steps:
        before = yield from self._maybe(node.child_by_field_name("value"))
        tests, cases, has_default = [], [], False
        for clause in named(node.child_by_field_name("body")):
            if clause.type not in ("switch_case", "switch_default"):
                continue
            has_default = has_default or clause.type == "switch_default"
            tests.append((yield from self._maybe(clause.child_by_field_name("value"))))
            cases.append((yield from self._children(clause.children_by_field_name("body"))))
        switch = Switch(tuple(cases), has_default and bool(cases), falls_through=True, takes_break=True)
        return joined([before, *tests, switch])

    def _try(self, node: Node) -> Steps:
        body = yield from self._maybe(node.child_by_field_name("body"))
        clause, last = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        handlers: tuple[Handler, ...] = ()
        if clause is not None:
            bound = yield from self._bound(clause.child_by_field_name("parameter"), clause, "object")
            handled = yield from self._maybe(clause.child_by_field_name("body"))
            handlers = (Handler((), joined([*bound, handled])),)
        finally_ = (yield from self._maybe(last.child_by_field_name("body"))) if last is not None else None
        return Try(body, handlers, None, finally_)
