"""Thrown value that is no error of its own kind.

What it finds: in JavaScript `throw`, `reject` and `Promise.reject` with a text, a number, a plain object, nothing, or
an instance of a class that does not extend `Error`. In Python `raise Exception(...)` and `raise BaseException(...)`,
and `raise` of what is no exception at all: a text, `NotImplemented`, a class without an exception among its bases.

Why it matters: a text has no stack, no `message`, no `name` and no `cause`: the log says "undefined", and a handler
that asks `error instanceof NotFoundError` or reads `error.status` never matches. A bare `Exception` can be caught by
`except Exception` only, which catches every bug as well. And `raise "text"` is itself a `TypeError`.

Bad (python):

    def find_account(accounts: dict, number: str) -> dict:
        if number not in accounts:
            raise Exception("no account " + number)
        return accounts[number]

Good (python):

    class UnknownAccount(LookupError):
        pass

    def find_account(accounts: dict, number: str) -> dict:
        if number not in accounts:
            raise UnknownAccount(number)
        return accounts[number]

Bad (javascript):

    async function findAccount(store, number) {
      const account = await store.get(number);
      if (!account) throw `no account ${number}`;
      return account;
    }

Good (javascript):

    class UnknownAccount extends Error {}

    async function findAccount(store, number) {
      const account = await store.get(number);
      if (!account) throw new UnknownAccount(`no account ${number}`);
      return account;
    }

How to fix it: throw an `Error`, best a class of your own that says what went wrong and carries the status. In Python
raise the built-in error that fits (`ValueError`, `LookupError`, `RuntimeError`) or a class of your own.

Not seen: values that a function has made, parameters, parts of other objects. An assertion about the code itself
(`raise Exception("unreachable")`) is left alone, and so are scripts, tests, and `reject` in the code of a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.thrown import rejected, what_javascript_throws
from lint_rules.families.e06_error_handling.thrown_python import what_python_raises
from lint_rules.languages.javascript.grammar import callee, first_named
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0607",
    "throws-non-error",
    severity=WARNING,
    summary="What is thrown is no error, or one that cannot be told from any other",
    in_tests=False,
)

_THROWN = re.compile(rb"\bthrow\s+(?!new\s+[\w.]*(?:Error|Exception)\b)(?!(?:e|err|error|ex)\s*;)")
_REJECTED = re.compile(
    rb"new Promise\b[^(]*\(\s*(?:async\s*)?(?:function\s*)?\(\s*\w+\s*,\s*(?!reject\b)\w+|"
    rb"\brej(?:ect)?\w*\s*\(\s*(?!new\s+[\w.]*(?:Error|Exception)\b)(?!(?:e|err|error|ex)\s*\))"
)
_RAISED = re.compile(rb"\braise[ \t(]+(?:Base)?Exception\b|\braise[ \t(]+(?!\w*(?:Error|Exception)\b)(?:\w|[\"'])")


@RULE.javascript(Nodes(("throw_statement",), trigger=_THROWN))
def check_throw(statement: Node, file: JavaScriptFile) -> Iterator[Finding]:
    value = first_named(statement)
    if value is None or _is_elsewhere(file):
        return
    what = what_javascript_throws(value, file)
    if what:
        yield RULE.at(
            file,
            statement,
            f"`throw` of {what}, which has no stack and is no `Error`; throw an `Error`",
            "throw `new Error(...)`, or an error class of your own that carries what the handler needs",
        )


@RULE.javascript(Nodes(("call_expression",), trigger=_REJECTED))
def check_reject(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    function = callee(call)
    if function is None or _is_elsewhere(file):
        return
    what = rejected(call, file)
    if what:
        yield RULE.at(
            file,
            call,
            f"`{file.text(function)}()` is given {what}, which has no stack and is no `Error`; give it an `Error`",
            "reject with `new Error(...)`, or an error class of your own that carries what the handler needs",
        )


def _is_elsewhere(file: JavaScriptFile) -> bool:
    return file.is_tooling or file.is_for_browsers


@RULE.files(WholeFile(_RAISED), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for statement in file.nodes("raise_statement"):
        value = first_named(statement)
        if value is None or value == statement.child_by_field_name("cause") or file.in_broken_code(statement):
            continue
        found = what_python_raises(value, file)
        if found is not None:
            yield RULE.at(file, statement, found.message, found.suggestion)
