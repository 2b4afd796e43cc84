"""What makes up for an error of JavaScript that is swallowed: it is counted, handled before, or another way is next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.bodies import all_nodes, own_nodes
from lint_rules.languages.javascript.grammar import bare, callee, first_named, named, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_COUNTS = frozenset({"update_expression", "augmented_assignment_expression"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_MOST_FUNCTIONS = 2


def is_counted(attempt: Node, tried: Node, file: JavaScriptFile) -> bool:
    """Whether what went well is counted at the end of a `try`, and too few are an error: `if (done < all) throw`."""
    statements = named(tried)
    last = first_named(statements[-1]) if statements and statements[-1].type == "expression_statement" else None
    if last is None or last.type not in _COUNTS:
        return False
    counter = text(last.child_by_field_name("argument") or last.child_by_field_name("left") or last)
    function = file.enclosing_function(attempt)
    for _ in range(_MOST_FUNCTIONS):
        if function is None:
            return False
        for condition in file.nodes_in("if_statement", function.node):
            test = condition.child_by_field_name("condition")
            if condition.start_byte < attempt.end_byte or test is None or b"throw " not in (condition.text or b""):
                continue
            if any(one.type == "identifier" and text(one) == counter for one in (test, *all_nodes(test))):
                return True
        function = function.parent.function if function.parent is not None else None
    return False


def returns_next(statement: Node) -> Node | None:
    """The next statement, if that leaves with the value that a declaration got where it got one."""
    declared = next((one for one in named(statement) if one.type == "variable_declarator"), None)
    name = declared.child_by_field_name("name") if declared is not None else None
    following = statement.next_named_sibling
    if name is None or following is None or following.type != "if_statement":
        return None
    test, chosen = following.child_by_field_name("condition"), following.child_by_field_name("consequence")
    if test is None or chosen is None or text(name) not in text(test):
        return None
    leaves = any(one.type == "return_statement" for one in (chosen, *named(chosen)))
    return following if leaves else None


def handles_its_errors(call: Node, file: JavaScriptFile) -> bool:
    """Whether a call is of a function of this file that does something with the error of all that it waits for."""
    function = callee(call)
    scope = file.function_scope(file.names.symbol(bare(function))) if function is not None else None
    body = scope.node.child_by_field_name("body") if scope is not None else None
    if body is None:
        return False
    waits = [one for one in own_nodes(body) if one.type == "await_expression"]
    return bool(waits) and all(_is_looked_after(one, body) for one in waits)


def _is_looked_after(wait: Node, body: Node) -> bool:
    inner, outer = wait, wait.parent
    while outer is not None and outer.id != body.id:
        if outer.type == "try_statement" and outer.child_by_field_name("body") == inner:
            clause = outer.child_by_field_name("handler")
            return clause is not None and _uses_its_error(clause)
        inner, outer = outer, outer.parent
    return False


def _uses_its_error(clause: Node) -> bool:
    parameter, body = clause.child_by_field_name("parameter"), clause.child_by_field_name("body")
    if parameter is None or body is None:
        return False
    inside = list(all_nodes(body))
    if any(one.type == "throw_statement" for one in inside):
        return False
    return any(one.type in _NAMES and text(one) == text(parameter) for one in inside)
