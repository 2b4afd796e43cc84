"""Nested callbacks.

What it finds: callbacks that lie in callbacks more than three deep (option `depth`), each the next step of what the
call around it has begun: node-style callbacks, timers, functions given as the last argument; in Python
`add_done_callback`, Twisted's `addCallback`, `call_soon`, `call_later` and arguments such as `on_success=`. The message
shows the way down.

Why it matters: an error can be forgotten at every level, and what is thrown at one is caught by none of those around
it. Early returns, loops and cleaning up have to be written by hand, and the order of the steps is the indentation.

Bad (python):

    def settle(loop, order):
        def charged(charge):
            def booked(booking):
                def packed(parcel):
                    def sent(receipt):
                        print(receipt.result())
                    loop.create_task(send(parcel)).add_done_callback(sent)
                loop.create_task(pack(booking)).add_done_callback(packed)
            loop.create_task(book(charge)).add_done_callback(booked)
        loop.create_task(charge_card(order)).add_done_callback(charged)

Good (python):

    async def settle(order):
        charge = await charge_card(order)
        booking = await book(charge)
        parcel = await pack(booking)
        print(await send(parcel))

Bad (javascript):

    function settle(orderId, done) {
      orders.find(orderId, function (err, order) {
        if (err) return done(err);
        payments.charge(order, function (err, receipt) {
          if (err) return done(err);
          stock.reserve(order.items, function (err, parcel) {
            if (err) return done(err);
            mailer.send(order.email, { receipt, parcel }, function (err) {
              done(err, receipt);
            });
          });
        });
      });
    }

Good (javascript):

    async function settle(orderId) {
      const order = await orders.find(orderId);
      const receipt = await payments.charge(order);
      const parcel = await stock.reserve(order.items);
      await mailer.send(order.email, { receipt, parcel });
      return receipt;
    }

How to fix it: use the promises of the library (`fs.promises`, a driver's promise API, `util.promisify` for the rest)
and await the steps one after the other in an async function. Where that is not possible, give the steps names and put
them side by side.

Not seen: steps that are named functions; functions that are kept in objects or arrays (`async.series([...])`).
Listeners (`on`), route registrations, array methods and tests are no steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e03_callback_hell.continuations import LITERALS, Step, is_pyramid, shown_call, steps_to
from lint_rules.families.e03_callback_hell.python_callbacks import REGISTRARS, Registered, callbacks_to
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.selectors import Nodes
from lint_rules.model import WARNING, Finding, Option, Related, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

_DEPTH = 3

RULE = Rule(
    "TEN0301",
    "nested-callbacks",
    severity=WARNING,
    summary="Callbacks lie in callbacks, one for each step",
    in_tests=False,
    options=(Option("depth", _DEPTH, "How many callbacks may lie in each other"),),
)


def _may_be_deep(data: bytes) -> bool:
    return data.count(b"=>") + data.count(b"function") > 2


def _is_too_deep(function: Node, file: JavaScriptFile) -> bool:
    return _pyramid(function, file) is not None


def _pyramid(function: Node, file: JavaScriptFile) -> list[Step] | None:
    """The steps that lead to a callback, if it is the first of its pyramid that lies too deep."""
    allowed = int(file.option(RULE.name, "depth", _DEPTH))
    if not _lies_deep(function, allowed) or file.is_for_browsers:
        return None
    steps = steps_to(function, file)
    if len(steps) != allowed + 1 or not is_pyramid(steps):
        return None
    first = next(
        (one for one in file.index.of_kinds(LITERALS) if _is_first(one, steps[0].function, allowed, file)), function
    )
    return steps if first == function else None


def _lies_deep(function: Node, allowed: int) -> bool:
    """Whether enough function literals are around one for it to be too deep, whatever they are."""
    count = 0
    current = function.parent
    while current is not None and count < allowed:
        count += current.type in LITERALS
        current = current.parent
    return count >= allowed


def _is_first(function: Node, outermost: Node, allowed: int, file: JavaScriptFile) -> bool:
    if not outermost.start_byte < function.start_byte < outermost.end_byte or not _lies_deep(function, allowed):
        return False
    steps = steps_to(function, file)
    return len(steps) == allowed + 1 and is_pyramid(steps)


@RULE.javascript(JavaScriptNodes(LITERALS, trigger=_may_be_deep, screen=_is_too_deep))
def check_javascript(function: Node, file: JavaScriptFile) -> Iterator[Finding]:
    steps = _pyramid(function, file)
    if steps is None:
        return
    names = [shown_call(step.call) for step in steps]
    yield RULE.at(
        file,
        steps[-1].call.child_by_field_name("function") or steps[-1].call,
        f"the callback of `{names[-1]}` lies {len(steps)} deep (`{'` > `'.join(names)}`); await the steps one by one",
        "use the promise form of each call (`util.promisify` where there is none) and await them in an async function",
        related=tuple(
            Related(file.path, file.span(step.call.child_by_field_name("function") or step.call), f"step `{name}`")
            for step, name in zip(steps, names, strict=True)
        ),
    )


def _is_nested(function: Node, file: PythonFile) -> bool:
    return len(_chain(function, file)) > 0


def _chain(function: Node, file: PythonFile) -> list[Registered]:
    allowed = int(file.option(RULE.name, "depth", _DEPTH))
    chain = callbacks_to(function, file)
    return chain if len(chain) == allowed + 1 else []


@RULE.python(Nodes(("FunctionDef", "Lambda"), words=REGISTRARS, screen=_is_nested))
def check_python(function: cst.FunctionDef | cst.Lambda, file: PythonFile) -> Iterator[Finding]:
    chain = _chain(file.syntax(function), file)
    if not chain:
        return
    names = [one.shown for one in chain]
    yield RULE.at(
        file,
        chain[-1].place,
        f"`{names[-1]}` is a callback {len(chain)} deep (`{'` > `'.join(names)}`); await the steps one by one",
        "make the function a coroutine and await what each callback waits for",
        related=tuple(Related(file.path, file.span(one.call), f"given `{one.shown}`") for one in chain),
    )
