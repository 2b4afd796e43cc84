"""What happens to the value of a call, and whether an error can leave a function."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.library import types
from lint_rules.languages.python.usage import Use, surely_reads, usage_of, usages_of
from lint_rules.project.modules import find_modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText, read_source


def load(root: Path, content: str) -> PythonFile:
    path = root / "service.py"
    path.write_text(textwrap.dedent(content))
    modules = find_modules(str(root), [str(path)])
    source = read_source(str(path))
    assert isinstance(source, SourceText)
    return PythonFile(source, modules.by_path[str(path)], symbols=Symbols(modules.by_name, types()), modules=modules)


def start_call(file: PythonFile):  # type: ignore[no-untyped-def]
    return next(call for call in file.nodes("call") if file.text(call) == "start()")


STATEMENTS = {
    "start()": Use.DROPPED,
    "(start())": Use.DROPPED,
    "start(), 1": Use.DROPPED,
    "[start() for _ in ready]": Use.DROPPED,
    "ready and start()": Use.DROPPED,
    "start() if ready else None": Use.DROPPED,
    "await start()": Use.AWAITED,
    "await (start() if ready else None)": Use.AWAITED,
    "return start()": Use.RETURNED,
    "return [start()]": Use.RETURNED,
    "ready(lambda: start())": Use.RETURNED,
    "yield start()": Use.YIELDED,
    "raise start()": Use.RAISED,
    "ready(start())": Use.PASSED,
    "ready(work=start())": Use.PASSED,
    "ready(start() for _ in ready)": Use.PASSED,
    "ready(*start())": Use.UNPACKED,
    "ready(*[start()])": Use.PASSED,
    "first, second = start()": Use.UNPACKED,
    "first, second = start(), 1": Use.STORED,
    "task = start()": Use.BOUND,
    "task = [start()]": Use.BOUND,
    "task: Task = start()": Use.BOUND,
    "self.task = start()": Use.STORED,
    "tasks[0] = start()": Use.STORED,
    "kept = self.task = start()": Use.STORED,
    "tasks[start()] = 1": Use.OTHER,
    "total += start()": Use.OPERAND,
    "total = 1 + start()": Use.OPERAND,
    "total = start() == 1": Use.OPERAND,
    "title = f'{start()}'": Use.OPERAND,
    "if start(): pass": Use.TESTED,
    "if not start(): pass": Use.TESTED,
    "if ready and start(): pass": Use.TESTED,
    "while (task := start()): pass": Use.TESTED,
    "ready = start() or None": Use.TESTED,
    "ready = 1 if start() else 2": Use.TESTED,
    "ready = [one for one in tasks if start()]": Use.TESTED,
    "assert start()": Use.TESTED,
    "start().name": Use.READ,
    "start()['name']": Use.READ,
    "start()()": Use.CALLED,
    "for one in start(): pass": Use.ITERATED,
    "ready = [one for one in start()]": Use.ITERATED,
    "async for one in start(): pass": Use.AWAITED,
    "with start() as one: pass": Use.ENTERED,
    "async with start() as one: pass": Use.AWAITED,
    "def inner(task=start()): pass": Use.STORED,
    "(task := start())": Use.BOUND,
}


@pytest.mark.parametrize(("statement", "use"), STATEMENTS.items(), ids=STATEMENTS)
def test_the_use_where_a_call_stands(tmp_path: Path, statement: str, use: Use) -> None:
    file = load(tmp_path, f"async def work(self, ready, tasks):\n    {statement}\n")
    assert usage_of(start_call(file), file).use is use


BODIES = {
    "task = start()": {Use.UNUSED},
    "task = start()\ntask = 1": {Use.UNUSED},
    "task = start()\nready(task)": {Use.PASSED},
    "task = start()\nother = task\nawait other": {Use.AWAITED},
    "task = start()\nif task: pass\nreturn task": {Use.TESTED, Use.RETURNED},
    "task = start()\nready(task=1).task": {Use.UNUSED},
    "task = start()\nready(f'{task.name}')": {Use.READ},
    "task = start()\ndel task": {Use.OTHER},
    "task = start()\ndef stop():\n    task.cancel()": {Use.READ},
    "task = start()\ndef stop(task):\n    task.cancel()": {Use.UNUSED},
    "tasks = [start() for _ in ready]\nready(*tasks)": {Use.OTHER},
    "tasks = [start()]\ntasks.clear()": {Use.OTHER},
    "global task\ntask = start()": {Use.STORED},
    "task = start()\nready(locals())": {Use.STORED},
}


@pytest.mark.parametrize(("body", "uses"), BODIES.items(), ids=BODIES)
def test_uses_are_followed_through_names(tmp_path: Path, body: str, uses: set[Use]) -> None:
    file = load(tmp_path, "async def work(ready):\n" + textwrap.indent(body, "    ") + "\n")
    assert {usage.use for usage in usages_of(start_call(file), file)} == uses


SURE = {
    "task = start()\ntask.name": True,
    "if ready:\n    task = start()\ntask.name": False,
    "task = start()\ntask = 1\ntask.name": False,
    "task = start()\nif ready:\n    task.name": True,
    "task = start()\ntask = task.name": True,
    "while ready:\n    ready(task.name)\n    task = start()": False,
}


@pytest.mark.parametrize(("body", "sure"), SURE.items(), ids=SURE)
def test_what_a_read_surely_sees(tmp_path: Path, body: str, sure: bool) -> None:
    file = load(tmp_path, "def work(ready):\n    task = None\n" + textwrap.indent(body, "    ") + "\n")
    call = start_call(file)
    reads = [usage.read for usage in usages_of(call, file) if usage.use is Use.READ and usage.read is not None]
    assert [surely_reads(read, call, file) for read in reads] == [sure]


def test_what_can_leave_a_function_stands_in_its_facts(tmp_path: Path) -> None:
    file = load(
        tmp_path,
        """
        import requests

        def plain(items):
            return len(items)

        def guarded():
            try:
                requests.get("https://rates.example", timeout=5)
            except Exception:
                print("no rates")

        def narrow():
            try:
                requests.get("https://rates.example", timeout=5)
            except requests.Timeout:
                return None

        def fetches():
            return requests.get("https://rates.example", timeout=5)

        def checks(rate):
            if rate < 0:
                raise ValueError(rate)

        def calls(rate):
            checks(rate)

        def asks(callback):
            callback()
        """,
    )
    risks = {name: function.risks for name, function in file.facts().functions.items()}
    assert risks["plain"] == risks["guarded"] == ()
    assert risks["narrow"] == ("",)
    assert risks["fetches"] == ("!!",)
    assert risks["checks"] == ("!",)
    assert risks["calls"] == ("service.checks",)
    assert risks["asks"] not in ((), ("!",), ("!!",))
