"""File written in callbacks.

What it finds: a file in which steps that follow each other are callbacks, each inside the one before it: at least as
many as the option `steps` says. There is one finding for a file, with the number of its steps, and the suggestion shows
how its deepest sequence reads with `await`.

Why it matters: a single pyramid is rewritten in place, a file of them is better moved to `async` functions as a whole:
while half of it is callbacks, errors go two ways and each caller has to know which.

Bad (python):

    def settle(loop, order):
        def charged(charge):
            def booked(booking):
                print(booking.result())
            loop.create_task(book(charge)).add_done_callback(booked)
        loop.create_task(charge_card(order)).add_done_callback(charged)

    def refund(loop, order):
        def cancelled(outcome):
            def credited(receipt):
                print(receipt.result())
            loop.create_task(credit(order)).add_done_callback(credited)
        loop.create_task(cancel(order)).add_done_callback(cancelled)

Good (python):

    async def settle(order):
        charge = await charge_card(order)
        print(await book(charge))

    async def refund(order):
        await cancel(order)
        print(await credit(order))

Bad (javascript):

    exports.settle = function (id, done) {
      orders.find(id, function (err, order) {
        if (err) return done(err);
        payments.charge(order, function (err, receipt) {
          if (err) return done(err);
          mailer.send(order.email, receipt, done);
        });
      });
    };

    exports.refund = function (id, done) {
      orders.find(id, function (err, order) {
        if (err) return done(err);
        payments.refund(order, function (err) {
          done(err);
        });
      });
    };

Good (javascript):

    exports.settle = async function (id) {
      const order = await orders.find(id);
      const receipt = await payments.charge(order);
      await mailer.send(order.email, receipt);
    };

    exports.refund = async function (id) {
      await payments.refund(await orders.find(id));
    };

How to fix it: begin with the functions that nothing else in the file calls, make each async, await the promise form of
every step, and let errors leave by exceptions.

Not seen: steps that are functions with names of their own, or that go through a library for sequences (`async.series`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e03_callback_hell.continuations import Step, all_steps, is_pyramid, shown_call
from lint_rules.families.e03_callback_hell.python_callbacks import REGISTRARS, Registered, callbacks_to
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import arguments, bare, callee, text
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.selectors import Nodes
from lint_rules.model import INFO, LOW, Finding, Option, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

_STEPS = 4

RULE = Rule(
    "TEN0305",
    "callback-pyramid-file",
    severity=INFO,
    summary="A file whose sequential steps are callbacks",
    default=False,
    in_tests=False,
    confidence=LOW,
    options=(Option("steps", _STEPS, "How many callbacks in callbacks make a file one of callbacks"),),
)


def _may_hold_steps(data: bytes) -> bool:
    return data.count(b"=>") + data.count(b"function") >= 2


@RULE.javascript(JavaScriptNodes(("program",), trigger=_may_hold_steps))
def check_javascript(program: Node, file: JavaScriptFile) -> Iterator[Finding]:
    pyramids = [steps for steps in all_steps(file) if len(steps) > 1 and is_pyramid(steps)]
    functions = {step.function.id for steps in pyramids for step in steps}
    if len(functions) < int(file.option(RULE.name, "steps", _STEPS)):
        return
    deepest = max(pyramids, key=len)
    place = pyramids[0][0].call
    yield RULE.at(
        file,
        callee(place) or place,
        f"{len(functions)} steps of this file are callbacks in callbacks, up to {len(deepest)} deep from "
        f"`{shown_call(deepest[0].call)}`; rewrite them with `await`",
        f"with the promise form of each call: {_outline(deepest)}",
    )


def _outline(steps: list[Step]) -> str:
    """The steps as they read with `await`, in one line."""
    return "; ".join(_awaited(step) for step in steps)


def _awaited(step: Step) -> str:
    given = [" ".join(text(one).split()) for one in arguments(step.call) if bare(one) != step.function]
    shown = [one if len(one) <= _LONGEST else "..." for one in given]
    call = f"await {shown_call(step.call)}({', '.join(shown)})"
    names = [text(one.child_by_field_name("pattern") or one) for one in parameter_nodes(step.function)]
    results = names[1:]
    if not results:
        return call
    return f"const {results[0] if len(results) == 1 else '[' + ', '.join(results) + ']'} = {call}"


_LONGEST = 30


def _chains(file: PythonFile) -> list[list[Registered]]:
    functions = sorted((*file.nodes("function_definition"), *file.nodes("lambda")), key=lambda one: one.start_byte)
    chains = [callbacks_to(function, file) for function in functions]
    return [chain for chain in chains if len(chain) > 1]


def _is_first(function: Node, file: PythonFile) -> bool:
    """Whether the file is one of callbacks and a function the innermost of its first pyramid."""
    if len(callbacks_to(function, file)) < 2:
        return False
    chains = _chains(file)
    count = len({one.function.id for chain in chains for one in chain})
    return count >= int(file.option(RULE.name, "steps", _STEPS)) and chains[0][-1].function == function


@RULE.python(Nodes(("FunctionDef", "Lambda"), words=REGISTRARS, screen=_is_first))
def check_python(function: cst.FunctionDef | cst.Lambda, file: PythonFile) -> Iterator[Finding]:
    chains = _chains(file)
    if not _is_first(file.syntax(function), file):
        return
    count = len({one.function.id for chain in chains for one in chain})
    deepest = max(chains, key=len)
    names = [one.shown for one in deepest]
    yield RULE.at(
        file,
        chains[0][0].call,
        f"{count} steps of this file are callbacks in callbacks, up to {len(deepest)} deep from `{names[0]}`; "
        "rewrite them with `await`",
        f"in a coroutine: {'; '.join(f'result = await ...  # {name}' for name in names)}",
    )
