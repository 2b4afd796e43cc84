"""Lost export.

What it finds: a value that a CommonJS module assigns to `exports` itself, and names put on `exports` in a module that
sets `module.exports` to something else.

Why it matters: `require` gives what `module.exports` holds when the file ends. `exports` is a variable that begins as
the same object: whoever assigns to it changes the variable alone, and what hangs on the first object is gone once
`module.exports` is another. The file loads, and the name is `undefined` in the first request that needs it.

Bad (javascript):

    const { Pool } = require("pg");

    const pool = new Pool();

    exports = {
      find: (id) => pool.query("SELECT * FROM orders WHERE id = $1", [id]),
    };

Good (javascript):

    const { Pool } = require("pg");

    const pool = new Pool();

    module.exports = {
      find: (id) => pool.query("SELECT * FROM orders WHERE id = $1", [id]),
    };

How to fix it: assign to `module.exports`; a further name is put on `module.exports`, after it was set.

Not seen: a `module.exports` that is set within a function or a condition. What a compiler wrote is left alone, and so
is a name that the file reads off `exports` itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e10_module_systems.systems import (
    COMMONJS,
    UNKNOWN,
    commonjs_exports,
    is_asked_for,
    is_in_function,
    module_syntax,
    system,
)
from lint_rules.languages.javascript.exports import is_module_exports
from lint_rules.languages.javascript.grammar import text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Edit, Finding, Fix, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1014",
    "lost-export",
    severity=ERROR,
    summary="An export that require does not give, since exports is not module.exports",
)

_COMPILED = b"__esModule"


@RULE.files(WholeFile(None, words=(b"exports",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.path.endswith((".ts", ".tsx", ".mts", ".cts")) or _COMPILED in file.data:
        return
    if system(file) not in (COMMONJS, UNKNOWN) and module_syntax(file) is not None:
        return
    assigned = list(_assigned_variable(file))
    for left in assigned:
        message = "`exports` is a variable, and `require` gives `module.exports`; assign to that"
        fix = Fix("Assign to `module.exports`", (Edit(file.span(left), "module.exports"),), UNSAFE)
        yield RULE.at(file, left, message, "write `module.exports`", fix=fix)
    if not assigned:
        yield from _left_behind(file)


def _assigned_variable(file: JavaScriptFile) -> Iterator[Node]:
    """Where `exports` itself is assigned to, and `module.exports` is not given the same."""
    if any(_mentions_exports(whole) for whole in _wholes(file)):
        return
    for assignment in file.index.assignments:
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None or left.type != "identifier" or text(left) != "exports":
            continue
        outer = assignment.parent
        is_chained = right.type == "assignment_expression" or (
            outer is not None and outer.type in ("assignment_expression", "variable_declarator")
        )
        is_free = file.scopes.binding("exports", left.start_byte) is None and not file.in_broken_code(assignment)
        if is_free and not is_chained and not is_module_exports(right) and not is_asked_for(left):
            yield left


def _left_behind(file: JavaScriptFile) -> Iterator[Finding]:
    """What is put on the first object of a module that ends with another one."""
    wholes = [whole for whole in _wholes(file) if _is_statement_of_module(whole)]
    if not wholes or any(_mentions_exports(whole) for whole in wholes) or _sets_variable(file):
        return
    whole = wholes[-1]
    row = whole.start_point[0] + 1
    for left, _ in commonjs_exports(file):
        owner, name = left.child_by_field_name("object"), left.child_by_field_name("property")
        if owner is None or name is None or text(owner) != "exports" or is_in_function(left):
            continue
        if _is_had_otherwise(left, text(name), file) or text(name) in _keys(whole):
            continue
        is_after = left.start_byte > whole.start_byte
        advice = f"write `module.exports.{text(name)}`" if is_after else "put it on `module.exports` after that"
        fix = Fix("Put it on `module.exports`", (Edit(file.span(owner), "module.exports"),), UNSAFE)
        yield RULE.at(
            file,
            left,
            f"`exports.{text(name)}` is lost, since line {row} sets `module.exports` to another value; {advice}",
            "put it on `module.exports`, after that was set",
            fix=fix if is_after else None,
            related=(Related(file.path, file.span(whole), "`require` gives this"),),
        )


def _wholes(file: JavaScriptFile) -> list[Node]:
    """The assignments to `module.exports`."""
    return [whole for left, whole in commonjs_exports(file) if is_module_exports(left)]


def _mentions_exports(whole: Node) -> bool:
    """Whether the value keeps the first object: `module.exports = exports`, `{ ...exports }`."""
    right = whole.child_by_field_name("right")
    return right is not None and re.search(r"(?<![\w$])(?<![\w$)\]]\.)exports\b", text(right)) is not None


def _keys(whole: Node) -> frozenset[str]:
    """The names that an object assigned to `module.exports` has."""
    value = whole.child_by_field_name("right")
    members = value.named_children if value is not None and value.type == "object" else []
    names = (member.child_by_field_name("key") or member.child_by_field_name("name") or member for member in members)
    return frozenset(text(name) for name in names)


def _is_statement_of_module(whole: Node) -> bool:
    statement = whole.parent
    return (
        statement is not None
        and statement.type == "expression_statement"
        and statement.parent is not None
        and statement.parent.type == "program"
    )


def _sets_variable(file: JavaScriptFile) -> bool:
    """Whether the file makes `exports` something else somewhere: `exports = module.exports = create`."""
    targets = (assignment.child_by_field_name("left") for assignment in file.index.assignments)
    return any(target is not None and target.type == "identifier" and text(target) == "exports" for target in targets)


def _is_had_otherwise(left: Node, name: str, file: JavaScriptFile) -> bool:
    """Whether the file itself reads the name off `exports`, or puts it on `module.exports` too."""
    for member in file.members_of(name):
        owner = member.child_by_field_name("object")
        if owner is not None and member != left and (text(owner) == "exports" or is_module_exports(owner)):
            return True
    return False
