"""Promises of JavaScript that nothing waits for and nothing looks after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.edits import awaited
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, bare, callee, text
from lint_rules.languages.javascript.promises import Promised, promised, shown_call
from lint_rules.languages.javascript.usage import Usage, Use, usage_of, usages_of
from lint_rules.model import Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_ENTRIES = re.compile(
    r"(?i)^(?:main|run|start|listen|boot|bootstrap|init|initiali[sz]e|serve|server|launch|cli|app|setup|begin|go|execute)"
    r"(?:(?:up|all|app|server|service|worker|program|script|job|process|main|application|cli|cron|bot)s?)*$"
)
_ON_PURPOSE = re.compile(
    rb"(?i)fire.(?:and|&|n).?.?forget|no-floating-promises|(?:do|does|did|need|will|must|is|are)(?: ?n.t| not)"
    rb" (?:need to |have to |want to |be |being )*(?:a?wait|block)|not await(?:ed|ing)|without (?:a?waiting|blocking)"
    rb"|no (?:need to |)a?wait|intentional|deliberate|on purpose|in (?:the )?background|unhandled on purpose"
)


class Floating(Struct, frozen=True):
    """A call whose promise nobody looks after, and the use (dropped, or bound to a name that nothing reads)."""

    call: Node
    promise: Promised
    usage: Usage


def floating(call: Node, file: JavaScriptFile) -> Floating | None:
    """What is wrong with a call that gives a promise, None if somebody looks after it or it gives none."""
    usage = usage_of(call)
    if usage.use not in (Use.DROPPED, Use.BOUND) or file.is_test or file.is_declaration:
        return None
    known = promised(call, file)
    if known is None or (known.is_settled and not known.is_lazy):
        return None
    if usage.use is Use.BOUND:
        usages = usages_of(call, file)
        if any(one.use is not Use.UNUSED for one in usages):
            return None
        usage = usages[0]
        if usage.name.startswith("_"):
            return None
    if (
        _process_ends(call, file)
        or _begins_the_program(call, file)
        or _is_on_purpose(call, file)
        or file.is_for_browsers
    ):
        return None
    return Floating(call, known, usage)


def _process_ends(call: Node, file: JavaScriptFile) -> bool:
    """Whether the process ends right behind the call, so that nobody can wait."""
    following = file.statement(call).next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following is not None and (following.text or b"").startswith(b"process.exit(")


def _begins_the_program(call: Node, file: JavaScriptFile) -> bool:
    """`main()` at the top of a module, and everything there in a script: an error ends it, as it would anyway."""
    if file.enclosing_function(call) is not None:
        return False
    if file.is_tooling:
        return True
    function = callee(call)
    while function is not None and function.type == "member_expression" and _is_link(function):
        receiver = bare(function.child_by_field_name("object") or function)
        function = callee(receiver) if receiver.type == "call_expression" else None
    if function is None:
        return False
    function = bare(function)
    if function.type in FUNCTION_LITERALS:
        return True
    last = function.child_by_field_name("property") or function
    return _ENTRIES.match(text(last).lstrip("_")) is not None


def _is_link(member: Node) -> bool:
    last = member.child_by_field_name("property")
    return last is not None and text(last) in ("then", "finally")


def _is_on_purpose(call: Node, file: JavaScriptFile) -> bool:
    """Whether a comment in or above the statement says that nobody waits, and means it."""
    statement = file.statement(call)
    start = statement.start_byte
    before = statement.prev_named_sibling
    while before is not None and before.type == "comment":
        start = before.start_byte
        before = before.prev_named_sibling
    end = file.data.find(b"\n", call.end_byte)
    end = len(file.data) if end < 0 else end
    return any(_ON_PURPOSE.search(comment.text or b"") for comment in file.comments_between(start, end))


def is_dropped(call: Node, file: JavaScriptFile) -> bool:
    """The screen: whether nothing has the value of a call that gives a promise."""
    return floating(call, file) is not None


def findings(rule: Rule, call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    """The finding about a call whose promise is dropped."""
    lost = floating(call, file)
    if lost is None:
        return
    function = file.enclosing_function(call)
    fix = awaited(file, call)
    remedy = "await it" if fix is not None else "await it in an async function, or add `.catch`"
    shown = shown_call(call, file)
    caught_by = _would_catch(call, file)
    if lost.promise.is_lazy:
        what = f"{shown} is never run, since nothing awaits what it returns"
        remedy = "await it" if fix is not None else "await it in an async function, or call `.then`"
    elif lost.usage.use is Use.UNUSED:
        what = f"`{lost.usage.name}` is never read: nothing waits for the promise of {shown}, and its error is lost"
    elif caught_by:
        what = f"nothing waits for the promise of {shown}, so the `catch` around it never sees its error"
    else:
        what = f"nothing waits for the promise of {shown}, and an error of it ends the process"
    where = "here" if function is not None and function.is_async else "in an async function"
    yield rule.at(
        file,
        call,
        f"{what}; {remedy}",
        f"write `await` in front of it {where}, return it, or handle its error with `.catch`; "
        "`void` says that nobody is to wait, but catches nothing",
        fix=fix if lost.usage.whole and lost.usage.use is Use.DROPPED else None,
    )


def _would_catch(call: Node, file: JavaScriptFile) -> bool:
    """Whether a `try` with a `catch` stands around a call, in the same function."""
    current = call
    for outer in file.enclosing(call):
        if file.scopes.of(outer) is not None:
            return False
        body = outer.child_by_field_name("body") if outer.type == "try_statement" else None
        if body is not None and body.id == current.id and outer.child_by_field_name("handler") is not None:
            return True
        current = outer
    return False
