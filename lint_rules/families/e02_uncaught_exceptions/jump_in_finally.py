"""Jump out of finally.

What it finds: `return`, `break` or `continue` in a `finally` block that leaves the block; in JavaScript and TypeScript
`throw` as well.

Why it matters: a `finally` block runs while an exception is on its way. Leaving it by a jump throws the exception away,
whichever it was, `KeyboardInterrupt` and cancellation included, and replaces what the `try` was about to return. Python
3.14 warns about it (PEP 765). In JavaScript a `throw` there puts its own error in the place of the one on its way.

Bad (python):

    def charge(gateway, order):
        paid = False
        try:
            gateway.charge(order)
            paid = True
        finally:
            return paid

Good (python):

    def charge(gateway, order):
        try:
            gateway.charge(order)
        finally:
            gateway.release(order)
        return True

Bad (javascript):

    export async function charge(gateway, order) {
      let paid = false;
      try {
        await gateway.charge(order);
        paid = true;
      } finally {
        return paid;
      }
    }

Good (javascript):

    export async function charge(gateway, order) {
      try {
        await gateway.charge(order);
      } finally {
        await gateway.release(order);
      }
      return true;
    }

How to fix it: move the jump behind the `try` statement. If errors are meant to be dropped, catch those in an `except`
clause, where it can be seen.

Not seen: a `raise` in Python's `finally`, after which it shows both exceptions; a `throw` that a `try` in the `finally`
block catches; jumps inside a loop or function that itself
lies in the `finally` block, since they do not leave it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.finality import jumps_out
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0212",
    "jump-in-finally",
    severity=ERROR,
    summary="A jump out of finally discards the exception",
    references={"PEP 765": "https://peps.python.org/pep-0765/"},
)

_JUMPS = {"return_statement": "return", "break_statement": "break", "continue_statement": "continue"}
_LOOPS = ("for_statement", "while_statement")


def _has_jump(clause: Node, file: PythonFile) -> bool:
    return any(True for _ in _jumps(clause))


@RULE.python(Nodes(("Finally",), words=(b"finally",), screen=_has_jump))
def check_python(node: cst.Finally, file: PythonFile) -> Iterator[Finding]:
    for jump in _jumps(file.syntax(node)):
        yield RULE.at(
            file,
            jump,
            f"`{_JUMPS[jump.type]}` in `finally` discards any exception on its way; move it behind the `try` statement",
            "move the jump behind the `try` statement, and catch the errors that are meant to be dropped in `except`",
        )


def _has_jump_javascript(clause: Node, file: JavaScriptFile) -> bool:
    return any(True for _ in jumps_out(clause, file))


@RULE.javascript(JavaScriptNodes(("finally_clause",), words=(b"finally",), screen=_has_jump_javascript))
def check_javascript(clause: Node, file: JavaScriptFile) -> Iterator[Finding]:
    for jump in () if file.is_for_browsers else jumps_out(clause, file):
        keyword = jump.type.removesuffix("_statement")
        does = "replaces" if keyword == "throw" else "discards"
        yield RULE.at(
            file,
            jump,
            f"`{keyword}` in `finally` {does} any error on its way; move it behind the `try` statement",
            "move the jump behind the `try` statement, and handle the errors that are meant to be dropped in `catch`",
        )


def _jumps(clause: Node) -> Iterator[Node]:
    """The statements by which control leaves a `finally` clause; those of an inner `finally` are found there."""
    for node in own_nodes(clause):
        if node.type not in _JUMPS:
            continue
        outer = node.parent
        while outer is not None and outer.id != clause.id:
            if outer.type == "finally_clause" or (node.type != "return_statement" and _runs_in(node, outer)):
                break
            outer = outer.parent
        else:
            yield node


def _runs_in(jump: Node, loop: Node) -> bool:
    """Whether a `break` or `continue` ends a round of this loop: one in its `else` belongs to the next loop outside."""
    body = loop.child_by_field_name("body") if loop.type in _LOOPS else None
    return body is not None and body.start_byte <= jump.start_byte < body.end_byte
