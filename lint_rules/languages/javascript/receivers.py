"""What `this` is: the class or object whose method the code belongs to."""

from __future__ import annotations

from lint_rules.languages.javascript.scopes import CLASS, FUNCTION, MODULE, Scope, Scopes
from lint_rules.project.node_names import EXPORTS


def receiver(scopes: Scopes, module: str, byte: int) -> str:
    """The symbol of `this` at a byte, "" if it is nobody's; at module level it is the exports."""
    scope: Scope = scopes.at(byte)
    while scope.kind == FUNCTION and scope.is_arrow and scope.parent is not None:
        scope = scope.parent
    if scope.kind == MODULE:
        return f"{module}.{EXPORTS}"
    if scope.kind == CLASS:
        return f"{module}.{scope.name}"
    owner = owner_name(scope)
    if owner == "exports":
        return f"{module}.{EXPORTS}"
    return f"{module}.{owner}" if owner else ""


def owner_name(function: Scope) -> str:
    """The name of the class or object whose method a function is (within the module), "" if it is none.

    A function with a capital is taken for a constructor, which is a class of its own.
    """
    if function.owner_class is not None:
        return function.owner_class.name
    head, _, last = function.name.rpartition(".")
    is_declared = function.node.type in ("function_declaration", "generator_function_declaration")
    if head and not head.endswith("<locals>") and not is_declared:
        return head
    return function.name if last[:1].isupper() else ""


def class_at(scopes: Scopes, byte: int) -> Scope | None:
    """The innermost class around a byte."""
    scope: Scope | None = scopes.at(byte)
    while scope is not None and scope.kind != CLASS:
        scope = scope.parent
    return scope
