"""Exception of a thread that nobody sees.

What it finds: a function that runs in a thread and lets an error out: the target of a `threading.Thread` or `Timer`,
the `run` method of a class of threads, and a job given to an executor or a pool whose future is dropped. An error gets
out by a `raise`, by a call of a library that depends on a server, a disk or another process, or from a loop that works
on what it takes from a queue, with no handler around it. Functions are followed over files.

Why it matters: an error in a thread reaches nobody. The thread ends, a worker that took jobs from a queue takes no
more, and the service goes on as if all were well. A dropped future keeps its error to itself: not even a traceback is
printed.

Bad (python):

    import threading
    from queue import Queue

    jobs: Queue = Queue()

    def work() -> None:
        while True:
            job = jobs.get()
            deliver(job)

    threading.Thread(target=work, daemon=True).start()

Good (python):

    import logging
    import threading
    from queue import Queue

    jobs: Queue = Queue()

    def work() -> None:
        while True:
            job = jobs.get()
            try:
                deliver(job)
            except Exception:
                logging.exception("could not deliver %s", job)

    threading.Thread(target=work, daemon=True).start()

How to fix it: catch and log errors inside the function, within its loop if it has one; or keep the future and ask for
its `result()`.

Not seen: functions with decorators; functions that catch errors of every kind
in one place and let them out in another; errors that only `threading.excepthook` in another file looks after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.threads import THREADED, failing_runs, unseen_error
from lint_rules.languages.python.selectors import ScreenedCalls
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Symbols

RULE = Rule(
    "TEN0213",
    "thread-exception-lost",
    severity=WARNING,
    summary="An error in a thread or in a submitted job reaches nobody",
    in_tests=False,
)

_LOST = {
    "thread": "an error in `{work}` ends its thread and reaches nobody; catch and log errors in `{work}`",
    "job": "nobody looks at how `{work}` ends, so its error is lost; keep the future and ask for its result",
}
_SUGGESTION = {
    "thread": "catch and log errors inside `{work}`, within its loop if it has one",
    "job": "keep the future and ask for its `result()`, or catch and log errors inside `{work}`",
}


def _is_unseen(call: Node, file: PythonFile) -> bool:
    return unseen_error(call, file) is not None


def _may_concern(symbol: str, symbols: Symbols) -> bool:
    return THREADED.match(symbols.canonical(symbol), symbols.types) is not None


@RULE.python(ScreenedCalls(_is_unseen, _may_concern, words=(b"hread", b"Timer", b"submit", b"apply_async", b".map(")))
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    unseen = unseen_error(file.syntax(call), file)
    if unseen is None:
        return
    kind, work = unseen
    name = " ".join(file.text(work).split())
    yield RULE.at(file, call, _LOST[kind].format(work=name), _SUGGESTION[kind].format(work=name))


@RULE.python(WholeFile(trigger=re.compile(rb"Thread\b[\s\S]*?\bdef run\b")))
def check_classes(file: PythonFile) -> Iterator[Finding]:
    for name, run in failing_runs(file) if not file.is_test else ():
        yield RULE.at(file, run, _LOST["thread"].format(work=name), _SUGGESTION["thread"].format(work=name))
