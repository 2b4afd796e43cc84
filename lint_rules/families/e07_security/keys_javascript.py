"""Members that a client chooses: `settings[req.body.key] = req.body.value`, where the key may be `__proto__`."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.families.e07_security.evaluating_javascript import Evaluator
from lint_rules.families.e07_security.flows_javascript import Passed
from lint_rules.families.e07_security.values_javascript import State
from lint_rules.languages.javascript.grammar import bare, text

_LONGEST_MERGE = 4_000
_ASKS_FOR_NAMES = re.compile(r"__proto__|['\"]constructor['\"]|hasOwn|isSafeKey|includes\(|\.has\(")
_MADE_ELSEWHERE = frozenset({"await_expression", "call_expression"})


def chosen_key(target: Node, value: Node, state: State, evaluator: Evaluator) -> tuple[Passed, ...]:
    """What of a client's data chooses the member of `target` that a value of the client's is written to."""
    index, owner = target.child_by_field_name("index"), target.child_by_field_name("object")
    if index is None or owner is None or bare(index).type in ("number", "string"):
        return ()
    if bare(index).type == "template_string" and not text(index).startswith("`${"):
        return ()
    if not _outlives(bare(owner), state, evaluator) and not _merges(bare(owner), evaluator):
        return ()
    keys = evaluator.settled(evaluator.value(index, state), state)
    found = tuple(Passed(0, taint) for taint in sorted(keys.taints) if taint.at_start)
    is_clients = found and any(taint.is_document for taint in evaluator.value(value, state).taints)
    return found if is_clients else ()


def owner_of(target: Node) -> str:
    """What a member is written to, as it is written: `settings` of `settings[key]`."""
    owner = target.child_by_field_name("object")
    return text(owner) if owner is not None else ""


def _merges(owner: Node, evaluator: Evaluator) -> bool:
    """Whether a function copies members into what it is given, calls itself for those that are objects, and asks for
    no name: a deep merge, which also enters `__proto__`."""
    function = evaluator.file.enclosing_function(owner)
    if function is None or function.is_anonymous or owner.type != "identifier":
        return False
    written = (function.node.text or b"")[:_LONGEST_MERGE].decode("utf-8", "replace")
    name = function.name.rpartition(".")[2].rpartition(">")[2]
    return bool(name) and written.count(f"{name}(") > 1 and not _ASKS_FOR_NAMES.search(written)


def _outlives(owner: Node, state: State, evaluator: Evaluator) -> bool:
    """Whether an object is more than a new one of the function's own, whose prototype is nobody's business."""
    index = owner.child_by_field_name("index")
    if index is not None and evaluator.value(index, state).taints:
        return True  # `settings[section][key]`: the section may be `__proto__`
    root = owner
    while (inner := root.child_by_field_name("object")) is not None:
        root = bare(inner)
    if root.type != "identifier":
        return root.type == "this"
    found = evaluator.file.scopes.binding(text(root), root.start_byte)
    if found is None or found[1][0].kind == "parameter":
        return False
    value = found[1][0].node
    index = bare(value).child_by_field_name("index") if value is not None else None
    if index is not None and evaluator.value(index, state).taints:
        return True
    is_made_here = value is None or bare(value).type not in _MADE_ELSEWHERE
    return found[0].function is None or not is_made_here
