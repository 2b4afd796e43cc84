"""Last exception handler that ignores the exception.

What it finds: a function given to `loop.set_exception_handler`, `sys.excepthook` or `threading.excepthook` that neither
looks at the exception nor logs it, raises or ends the process: it does nothing, or writes a fixed text. In JavaScript a
handler of `uncaughtException` that neither ends the process nor throws, whatever it logs, and a handler of
`unhandledRejection` that ignores the reason.

Why it matters: these handlers are the last place where an exception that nobody caught can be seen. One that ignores it
turns every crash of a task or thread into silence, and the process runs on in a state that nobody knows. Node's manual
says it of `uncaughtException`: it is not safe to resume, since code was left in the middle of what it did.

Bad (python):

    import asyncio

    def on_error(loop, context):
        pass

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(on_error)

Good (python):

    import asyncio
    import logging

    logger = logging.getLogger(__name__)

    def on_error(loop, context):
        logger.error("unhandled: %s", context["message"], exc_info=context.get("exception"))
        loop.stop()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(on_error)

Bad (javascript):

    process.on("uncaughtException", (error) => {
      console.error("uncaught", error);
    });

Good (javascript):

    process.on("uncaughtException", (error) => {
      console.error("uncaught", error);
      process.exit(1);
    });

How to fix it: log the exception it is given (`context["exception"]`, the arguments of `excepthook`), call the default
handler for what it does not know, and end the process where its state can no longer be trusted. In Node log it, let
running requests end if they can, and exit; a supervisor starts the process again.

Not seen: handlers that use their arguments in any way; functions of other files; handlers that are taken out of a
container; in JavaScript functions of other files, and those of which the name says that they end the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions import last_resort
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, callee
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.expressions import is_value, last_name
from lint_rules.languages.python.grammar import nodes_of_kinds
from lint_rules.languages.python.reporting import ends, is_log, records
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0208",
    "exception-handler-keeps-running",
    severity=ERROR,
    summary="The last handler of uncaught exceptions ignores them",
    in_tests=False,
)

_SETTER = "set_exception_handler"
_HOOKS = ("sys.excepthook", "threading.excepthook")


def _is_call_of_setter(call: Node, file: PythonFile) -> bool:
    return last_name(call) == _SETTER


def _is_hook(assignment: Node, file: PythonFile) -> bool:
    left = assignment.child_by_field_name("left")
    return left is not None and left.type == "attribute" and file.canonical(left) in _HOOKS


@RULE.python(Nodes(("Call",), words=(_SETTER.encode(),), screen=_is_call_of_setter))
def check_setter(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    if last_name(file.syntax(call)) == _SETTER and len(call.args) == 1:
        yield from _check(file.syntax(call.args[0].value), "exceptions that no task handles", file)


@RULE.python(Nodes(("Assign",), words=(b"excepthook",), screen=_is_hook))
def check_hook(assignment: cst.Assign, file: PythonFile) -> Iterator[Finding]:
    if _is_hook(file.syntax(assignment), file):
        yield from _check(file.syntax(assignment.value), "exceptions that nobody catches", file)


def _check(handler: Node, what: str, file: PythonFile) -> Iterator[Finding]:
    if _ignores(handler, file):
        name = "lambda" if handler.type == "lambda" else text(handler)
        yield RULE.at(
            file,
            handler,
            f"`{name}` ignores {what}; log what it is given, or end the process",
            "log the exception with its traceback, and call the default handler for what is left",
        )


def _ignores(handler: Node, file: PythonFile) -> bool:
    """Whether a function neither looks at what it is given nor does anything but log."""
    if handler.type == "lambda":
        body = handler.child_by_field_name("body")
        return body is not None and _does_nothing(body, handler.child_by_field_name("parameters"), file)
    reference = file.function(handler)
    if reference is None or handler.type == "call" or reference.module.module != file.module:
        return False
    scope = next((one for one in file.scopes.functions if one.name == reference.function.name), None)
    body = scope.node.child_by_field_name("body") if scope is not None and scope.kind == FUNCTION else None
    return (
        scope is not None
        and body is not None
        and _does_nothing(body, scope.node.child_by_field_name("parameters"), file)
    )


def _does_nothing(body: Node, parameters: Node | None, file: PythonFile) -> bool:
    given = {text(node) for node in nodes_of_kinds(parameters, ("identifier",))["identifier"]} if parameters else set()
    nodes = [body, *own_nodes(body)]
    if any(node.type == "raise_statement" for node in nodes):
        return False
    if any(text(node) in given and is_value(node) for node in nodes_of_kinds(body, ("identifier",))["identifier"]):
        return False
    calls = [node for node in nodes if node.type == "call"]
    return all(is_log(call, file) and not records(call, file) and not ends(call, file) for call in calls)


@RULE.javascript(
    JavaScriptNodes(
        ("call_expression",), words=(b"uncaughtException", b"UncaughtException", last_resort.UNHANDLED.encode())
    )
)
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    found = last_resort.handled_event(call, file)
    if found is None:
        return
    event, handler = found
    name = "the function" if handler.type in FUNCTION_LITERALS else f"`{' '.join(file.text(handler).split())}`"
    if event == last_resort.UNCAUGHT and last_resort.keeps_running(handler, file):
        yield RULE.at(
            file,
            handler if handler.type not in FUNCTION_LITERALS else callee(call) or call,
            f"{name} given to `{event}` lets the process run on in an unknown state; log the error and exit",
            "log the error, stop taking requests, and call `process.exit(1)`; a supervisor starts the process again",
        )
    elif event == last_resort.UNHANDLED and last_resort.ignores(handler, file):
        yield RULE.at(
            file,
            handler if handler.type not in FUNCTION_LITERALS else callee(call) or call,
            f"{name} given to `{event}` ignores what went wrong; log the reason, or throw it",
            "log the reason with its stack, or leave the event alone, so that Node ends the process",
        )
