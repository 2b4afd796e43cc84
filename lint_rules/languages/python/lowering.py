"""From a Python function's syntax tree to the flow form.

It reads tree-sitter and not libcst: only the order of what a function does matters here, no white space, and the tree
is there already. libcst would parse the function a second time, forty times slower, and cannot take every nesting.

Left out: what comprehensions and lambdas do inside (they are one event that may raise), and the bindings of patterns.
"""

from __future__ import annotations

import builtins
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
    Loop,
    Sequence,
    Switch,
    Try,
)
from lint_rules.flow.lowering import Steps, Task, constant
from lint_rules.flow.trampoline import bounce
from lint_rules.languages.python.grammar import first_named, first_token
from lint_rules.languages.python.lowered_expressions import COMPREHENSIONS, Expressions
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_BROAD = frozenset({"Exception", "BaseException"})
_OPAQUE = frozenset({"lambda", "function_definition", "class_definition", "decorated_definition", "comment"})

_KNOWN: WeakKeyDictionary[Any, dict[int, Form]] = WeakKeyDictionary()


def form_of(function: Node, file: PythonFile) -> Form:
    """The flow form of a function's (or lambda's) body."""
    known = _KNOWN.setdefault(file, {})
    if function.id not in known:
        body = function.child_by_field_name("body")
        known[function.id] = bounce(_Lowering(file).lower, Task(body)) if body is not None else NOTHING
    return known[function.id]


class _Lowering(Expressions):
    def __init__(self, file: PythonFile) -> None:
        super().__init__(file)
        self._statements = {
            "assignment": self._assignment,
            "augmented_assignment": self._assignment,
            "assert_statement": self._assert,
            "await": self._await,
            "boolean_operator": self._boolean,
            "break_statement": self._leave,
            "call": self._call,
            "conditional_expression": self._choice,
            "continue_statement": self._leave,
            "delete_statement": self._delete,
            "for_statement": self._for,
            "function_definition": self._definition,
            "class_definition": self._definition,
            "decorated_definition": self._definition,
            "if_statement": self._if,
            "match_statement": self._match,
            "named_expression": self._named,
            "raise_statement": self._raise,
            "return_statement": self._return,
            "try_statement": self._try,
            "while_statement": self._while,
            "with_statement": self._with,
            "yield": self._yield,
        }

    def lower(self, task: Task) -> Steps:
        """The form of a node, or its condition."""
        node = task.node
        if task.as_condition:
            return self._condition(node)
        special = self._statements.get(node.type)
        if special is not None:
            return special(node)
        if node.type in COMPREHENSIONS:
            return constant(_event_of_comprehension(node))
        if node.type in _OPAQUE or not node.named_child_count:
            return constant(NOTHING)
        return self._children(node.named_children)

    # Simple statements.

    def _assignment(self, node: Node) -> Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        parts = [(yield Task(right)) if right is not None and right.named_child_count else NOTHING]
        if right is not None or node.type == "augmented_assignment":
            plain = _constant_of(right) if right is not None and node.type == "assignment" else ""
            if left is not None and left.type == "subscript":
                parts.append((yield Task(left)))
            parts.extend(Event("assign", text(target), node, plain) for target in _targets(left))
        return Sequence(tuple(part for part in parts if part is not NOTHING))

    def _delete(self, node: Node) -> Steps:
        targets = [target for child in node.named_children for target in _targets(child)]
        return Sequence(tuple(Event("assign", text(target), node) for target in targets))
        yield

    def _assert(self, node: Node) -> Steps:
        condition = first_named(node)
        if condition is None:
            return NOTHING
        holds = yield Task(condition, True)
        error = Jump("raise", node=node, error_kinds=_kinds("AssertionError"), knows_all_kinds=True)
        return Branch(holds, NOTHING, error)

    def _raise(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        error = first_named(node)
        function = error.child_by_field_name("function") if error is not None and error.type == "call" else error
        name = text(function).rpartition(".")[2] if function is not None else ""
        kinds = _kinds(name) if function is not None else ()
        return Sequence((before, Jump("raise", "", node, kinds, len(kinds) > 1)))

    def _return(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        jump = Jump("return", node=node)
        return jump if before is NOTHING else Sequence((before, jump))

    @staticmethod
    def _leave(node: Node) -> Steps:
        return Jump("break" if node.type == "break_statement" else "continue", node=node)
        yield

    @staticmethod
    def _definition(node: Node) -> Steps:
        definition = node.child_by_field_name("definition") or node
        name = definition.child_by_field_name("name")
        return Event("assign", text(name) if name is not None else "", definition)
        yield

    # Compound statements.

    def _if(self, node: Node) -> Steps:
        arms: list[tuple[Condition, Form]] = []
        otherwise: Form = NOTHING
        for arm in (node, *node.children_by_field_name("alternative")):
            if arm.type == "else_clause":
                otherwise = yield from self._body(arm)
                continue
            test, then = arm.child_by_field_name("condition"), arm.child_by_field_name("consequence")
            condition = (yield Task(test, True)) if test is not None else UNKNOWN
            arms.append((condition, (yield Task(then)) if then is not None else NOTHING))
        for condition, form in reversed(arms):
            otherwise = Branch(condition, form, otherwise)
        return otherwise

    def _body(self, clause: Node) -> Steps:
        body = clause.child_by_field_name("body")
        if body is None:
            body = next((child for child in clause.named_children if child.type == "block"), None)
        return (yield Task(body)) if body is not None else NOTHING

    def _else_of(self, loop: Node) -> Steps:
        clause = loop.child_by_field_name("alternative")
        return (yield from self._body(clause)) if clause is not None else NOTHING

    def _while(self, node: Node) -> Steps:
        test = node.child_by_field_name("condition")
        condition = (yield Task(test, True)) if test is not None else UNKNOWN
        body = yield from self._body(node)
        otherwise = yield from self._else_of(node)
        return Loop(condition, body, otherwise)

    def _for(self, node: Node) -> Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        before = (yield Task(right)) if right is not None else NOTHING
        body = yield from self._body(node)
        otherwise = yield from self._else_of(node)
        targets = (Event("assign", text(target), node) for target in _targets(left))
        may_raise = before is not NOTHING or first_token(node) == "async"
        each = Sequence((Event("next", "", node, may_raise=may_raise), *targets, body))
        return Sequence((before, Loop(UNKNOWN, each, otherwise)))

    def _with(self, node: Node) -> Steps:
        clause = next((child for child in node.named_children if child.type == "with_clause"), None)
        parts: list[Form] = []
        caught: list[str] | None = None
        for item in clause.named_children if clause is not None else ():
            value = item.child_by_field_name("value") or first_named(item)
            if value is None:
                continue
            alias = value.child_by_field_name("alias") if value.type == "as_pattern" else None
            context = first_named(value) if value.type == "as_pattern" else value
            if context is None:
                continue
            parts.append((yield Task(context)))
            parts.append(Event("enter", text(context), context, may_raise=True))
            parts.extend(Event("assign", text(target), node) for target in _targets(alias))
            if "suppress(" in text(context):
                caught = (caught or []) + _names_in(context)
        body = yield from self._body(node)
        if caught is not None:
            broad = any(name in _BROAD for name in caught)
            body = Try(body, (Handler(() if broad else tuple(caught), NOTHING),))
        return Sequence((*(part for part in parts if part is not NOTHING), body, Event("leave", "", node)))

    def _try(self, node: Node) -> Steps:
        body = yield from self._body(node)
        handlers: list[Handler] = []
        otherwise: Form | None = None
        finally_: Form | None = None
        for clause in node.named_children:
            if clause.type in ("except_clause", "except_group_clause"):
                handlers.append(Handler(_caught_by(clause), (yield from self._body(clause))))
            elif clause.type == "else_clause":
                otherwise = yield from self._body(clause)
            elif clause.type == "finally_clause":
                finally_ = yield from self._body(clause)
        return Try(body, tuple(handlers), otherwise, finally_)

    def _match(self, node: Node) -> Steps:
        subject = node.child_by_field_name("subject")
        before = (yield Task(subject)) if subject is not None else NOTHING
        body = node.child_by_field_name("body")
        clauses = [child for child in (body or node).named_children if child.type == "case_clause"]
        cases = []
        is_exhaustive = False
        for clause in clauses:
            guard = clause.child_by_field_name("guard")
            consequence = clause.child_by_field_name("consequence")
            first = (yield Task(guard)) if guard is not None else NOTHING
            then = (yield Task(consequence)) if consequence is not None else NOTHING
            pattern = next((child for child in clause.named_children if child.type == "case_pattern"), None)
            bound = [Event("assign", name, clause) for name in captured(pattern)] if pattern is not None else []
            if pattern is not None and subject is not None and subject.type == "identifier" and is_literal(pattern):
                bound.append(Event("assign", text(subject), clause))
            cases.append(Sequence((*bound, first, then)))
            is_exhaustive = is_exhaustive or (guard is None and pattern is not None and text(pattern).isidentifier())
        return Sequence((before, Switch(tuple(cases), is_exhaustive)))


def captured(pattern: Node) -> list[str]:
    """The names that a pattern of a `case` binds."""
    found, waiting = [], [pattern]
    while waiting:
        one = waiting.pop()
        if one.type in ("class_pattern", "keyword_pattern"):
            waiting.extend(one.named_children[1:])
        elif one.type == "identifier":
            found.append(text(one))
        elif one.type != "dotted_name" or one.named_child_count == 1:
            waiting.extend(one.named_children)
    return [name for name in found if name != "_"]


def is_literal(pattern: Node) -> bool:
    """Whether a pattern matches nothing but texts and numbers that it names: `"name" | "price"`."""
    waiting = [pattern]
    while waiting:
        one = waiting.pop()
        if one.type in ("case_pattern", "union_pattern"):
            waiting.extend(one.named_children)
        elif one.type not in ("string", "integer", "float", "concatenated_string"):
            return False
    return True


def _constant_of(value: Node) -> str:
    """True, False or None, "object" for what is surely something, "" for what may be anything."""
    if value.type in ("true", "false", "none"):
        return text(value)
    function = value.child_by_field_name("function") if value.type == "call" else None
    is_instance = function is not None and text(function).rpartition(".")[2].lstrip("_")[:1].isupper()
    return "object" if is_instance else ""


def _event_of_comprehension(node: Node) -> Form:
    calls = any(inner.type in ("call", "await") for inner in own_nodes(node))
    return Event("comprehension", "", node, may_raise=True) if calls else NOTHING


def _targets(target: Node | None) -> list[Node]:
    """The names and attributes that an assignment binds, tuples taken apart."""
    found, waiting = [], [target] if target is not None else []
    while waiting:
        one = waiting.pop()
        if one.type in ("identifier", "attribute", "subscript"):
            found.append(one)
        else:
            waiting.extend(reversed(one.named_children))
    return found


def _caught_by(clause: Node) -> tuple[str, ...]:
    value = clause.child_by_field_name("value")
    if value is None:
        return ()
    names = _names_in(value)
    return () if any(name in _BROAD for name in names) else tuple(names)


def _names_in(expression: Node) -> list[str]:
    """The last names of the classes in an `except` or a `suppress`."""
    alias = expression.child_by_field_name("alias")
    names = []
    for node in (expression, *own_nodes(expression)):
        if node.type not in ("identifier", "attribute") or (
            node.parent is not None and node.parent.type in ("attribute", "as_pattern_target")
        ):
            continue
        if alias is None or not alias.start_byte <= node.start_byte < alias.end_byte:
            names.append(text(node).rpartition(".")[2])
    return names


def _kinds(name: str) -> tuple[str, ...]:
    """The names by which an error of a class can be caught; of a class that is not built in only its own is known."""
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return tuple(base.__name__ for base in known.__mro__ if issubclass(base, BaseException))
    return (name,) if name else ()
