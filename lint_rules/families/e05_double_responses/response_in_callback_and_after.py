"""Response in a callback and after.

What it finds: an answer in a function that a call is given (a callback, the function of `forEach`, of `then`), and
another one after that call, in the code that does not wait for it; two answers in two links of one chain of promises;
an answer in a loop that goes on, or in `forEach`.

Why it matters: `return` in a callback leaves the callback, and nothing else. The code below has long gone on, or goes
on now: the request is answered twice, and which answer the client gets depends on how fast the database was.

Bad (javascript):

    app.post("/orders", (req, res) => {
      req.body.lines.forEach((line) => {
        if (line.amount < 1) {
          return res.status(400).json({ error: "no amount" });
        }
      });
      res.status(201).json(orders.place(req.body));
    });

Good (javascript):

    app.post("/orders", (req, res) => {
      if (req.body.lines.some((line) => line.amount < 1)) {
        return res.status(400).json({ error: "no amount" });
      }
      res.status(201).json(orders.place(req.body));
    });

How to fix it: answer in one place, after what decides it: in the callback alone, after `await`, or behind `some` or
`find`; leave a loop by `return` or `break` after the answer.

Not seen: functions that are given by name; listeners (`stream.on("error", ...)`), which run instead; callbacks that ask
whether there was an answer, and code that looks at a variable the callback sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e05_double_responses.javascript import conflicts_of
from lint_rules.families.e05_double_responses.javascript_callbacks import Overlap, overlaps_of
from lint_rules.families.e05_double_responses.javascript_findings import shown
from lint_rules.languages.javascript.answering import ANSWERING
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0506",
    "response-in-callback-and-after",
    severity=WARNING,
    summary="An answer in a callback and another after the call that takes it, or an answer in a loop",
    in_tests=False,
)


@RULE.files(WholeFile(ANSWERING), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    told: set[int] = set()
    conflicts = conflicts_of(file)
    for conflict in conflicts:
        if conflict.repeats and conflict.second.kind != "next":
            told.add(conflict.second.node.id)
            name = shown(conflict.second)
            message = f"{name} answers in each round of a loop what can be answered once; leave the loop after it"
            yield RULE.at(file, conflict.second.node, message, f"`return` or `break` after {name}")
    told.update(conflict.second.node.id for conflict in conflicts if not conflict.repeats)
    for overlap in overlaps_of(file):
        if overlap.second.node.id not in told:
            yield _finding(overlap, file)


def _finding(overlap: Overlap, file: JavaScriptFile) -> Finding:
    first, second = overlap.first, overlap.second
    place = file.span(first.node)
    if overlap.in_each:
        message = f"{shown(second)} answers for each element what can be answered once; answer after the loop"
        return RULE.at(file, second.node, message, "look with `find` or `some`, or use `for` and `return`")
    does = "goes on with a request" if second.kind == "next" else "answers a request"
    done = f"{shown(first)} {'passed on' if first.kind == 'next' else 'answered'}"
    if overlap.in_chain:
        message = f"{shown(second)} {does} that {done} in an earlier `then`, in line {place.row}; answer once"
        remedy = "throw where the chain is to end, or answer in the last `then` only; `return` does not leave the chain"
    elif overlap.callback.start_byte < first.node.start_byte < overlap.callback.end_byte:
        message = f"{shown(second)} {does} that {done} in a callback, in line {place.row}; answer in one place"
        remedy = "move it into the callback, or wait for the call with `await`; `return` leaves the callback only"
    else:
        message = f"{shown(second)} {does} in a callback that {done} in line {place.row}; answer in one place"
        remedy = "answer in the callback only, or ask `res.headersSent` in it"
    return RULE.at(
        file, second.node, message, remedy, related=(Related(file.path, place, "the first of the two"),)
    )  # fmt: skip
