"""Debugging is on in production.

What it finds: `debug=True` for an application or its `run`, `DEBUG = True` in production settings of Django and in a
Flask configuration, `reload=True` of uvicorn, tracebacks in answers, Express' `errorhandler` without a condition, and
stacks of failed calls that answers show. What a handler sends of an error that it caught is TEN0605's.

Why it matters: the pages for developers show source, settings and variables to whoever provokes an error; the
debugger of Werkzeug runs what the visitor types.

Bad (python):

    from flask import Flask

    app = Flask(__name__)

    if __name__ == "__main__":
        app.run(host="0.0.0.0", debug=True)

Good (python):

    import os

    from flask import Flask

    app = Flask(__name__)

    if __name__ == "__main__":
        app.run(debug=os.environ.get("FLASK_DEBUG") == "1")

Bad (javascript):

    const express = require("express");
    const errorhandler = require("errorhandler");

    const app = express();

    app.use(errorhandler());

Good (javascript):

    const express = require("express");
    const errorhandler = require("errorhandler");

    const app = express();

    if (process.env.NODE_ENV === "development") {
        app.use(errorhandler());
    }

How to fix it: read the switch from the environment, off if it is not set; log the stack and answer with an error's
number.

Not seen: switches set outside of the code; stacks that reach the answer through a helper. Quiet about settings whose
file is for development or tests, and about branches that ask for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import (
    in_development_branch,
    is_for_development,
    is_for_show,
    short,
    source,
)  # fmt: skip
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.tables import TableRow

RULE = Rule(
    "TEN0716",
    "debug-in-production",
    severity=WARNING,
    summary="A service runs with debugging on, or shows its stack to clients",
    in_tests=False,
    references=references("TEN0716"),
)

_CALLS = name_table(FOLDER / "debugging.toml", "python")
_JS_CALLS = js_name_table(FOLDER / "debugging.toml", "javascript")
_JS_SWITCHES = js_name_table(FOLDER / "debugging.toml", "javascript_switch")
_PYTHON = re.compile(rb"debug\s*=\s*True|DEBUG\b|reload\s*=\s*True|format_exc|use_debugger|DebuggedApplication")
_JAVASCRIPT = re.compile(rb"\.stack\b|errorhandler|error-handler|ApolloServer|includeStacktrace|graphqlHTTP|createYoga")
_ANSWERS = re.compile(
    r"(?:^|\.)(?:jsonify|make_response|Response|\w*Response|HttpResponse\w*|json_response|abort|finish)$"
)
_JS_SENDING = frozenset({"send", "json", "jsonp", "end", "response", "render"})
_JS_ANSWERS = frozenset({"send", "json", "jsonp", "end", "write", "render"})
_BOUNDARIES = frozenset({"statement_block", "expression_statement", "if_statement", "arrow_function"})
_RESPONSE = re.compile(r"^(?:res|response|reply|resp|rep|ctx|h|this\.(?:res|response))\b")


@RULE.files(WholeFile(_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file) or is_for_development(file):
        return
    for place, wrong, instead in (*_arguments(file), *_settings(file), *_tracebacks(file)):
        if not in_development_branch(place):
            yield RULE.at(file, place, f"{wrong}; {instead}", instead)


_FROM_ENVIRONMENT = "read the switch from the environment"


def _arguments(file: PythonFile) -> Iterator[tuple[Node, str, str]]:
    from lint_rules.families.e07_security.reading_python import argument, calls_of, constant

    for call, row in calls_of(file, _CALLS):
        for name in row["arguments"]:
            if constant(argument(call, name), file) == "True":
                function = call.child_by_field_name("function")
                shown = short(function) if function is not None else ""
                what = "restarts on changes of files" if name == "reload" else "shows source and variables to clients"
                yield call, f"`{shown}({name}=True)` {what}", _FROM_ENVIRONMENT


def _settings(file: PythonFile) -> Iterator[tuple[Node, str, str]]:
    from lint_rules.families.e07_security.reading_python import assignments, configured, constant, is_django_settings

    for name, place, value in configured(file):
        if name == "DEBUG" and constant(value, file) == "True":
            yield place, "`DEBUG = True` shows source and variables to clients", _FROM_ENVIRONMENT
    is_settings = is_django_settings(file)
    for name, target, value in assignments(file):
        if name not in ("DEBUG", "debug") or constant(value, file) != "True":
            continue
        if target.type == "identifier":
            is_switch = is_settings and name == "DEBUG" and file.scope(target).function is None
            if is_switch and len(re.findall(rb"(?m)^\s*DEBUG\s*=", file.data)) > 1:
                continue  # another line decides
        else:
            owner = source(target)
            app = target.child_by_field_name("object")
            is_app = app is not None and file.canonical(app) in ("flask.Flask()", "flask.Flask", "quart.Quart")
            is_switch = owner.endswith(('.config["DEBUG"]', ".config['DEBUG']")) or is_app
        if is_switch:
            yield (
                target.parent or target,
                f"`{short(target)} = True` shows source and variables to clients",
                _FROM_ENVIRONMENT,
            )


def _tracebacks(file: PythonFile) -> Iterator[tuple[Node, str, str]]:
    """`return jsonify(error=traceback.format_exc())`."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or not source(function).endswith("format_exc") or file.in_broken_code(call):
            continue
        if file.canonical(function) != "traceback.format_exc":
            continue
        outer, inner = call.parent, call
        while outer is not None and outer.type not in (
            "expression_statement",
            "block",
            "assignment",
            "return_statement",
        ):
            called = outer.child_by_field_name("function") if outer.type == "call" else None
            if called is not None and called != inner and _ANSWERS.search(source(called)):
                yield call, "the client is sent the traceback", "log it and answer with the number of the error"
                break
            inner, outer = outer, outer.parent
        else:
            handler = file.enclosing_function(call)
            if outer is not None and outer.type == "return_statement" and file.handler(handler) is not None:
                yield call, "the client is sent the traceback", "log it and answer with the number of the error"


@RULE.files(WholeFile(_JAVASCRIPT), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_javascript import calls_of

    if is_for_show(file) or is_for_development(file) or file.is_declaration or file.is_tooling:
        return
    instead = "log it and answer with the number of the error"
    for stack in _sent_stacks(file):
        if not in_development_branch(stack):
            yield RULE.at(file, stack, f"the client is sent `{short(stack)}`; {instead}", instead)
    for call, row in calls_of(file, _JS_SWITCHES):
        yield from _switched_on(call, row, file)
    for call, _ in calls_of(file, _JS_CALLS):
        if call.type == "call_expression" and not in_development_branch(call):
            what = f"`{short(call)}` answers with the stack"
            yield RULE.at(file, call, f"{what}; use it in development only", "use it in development only")


def _switched_on(call: Node, row: TableRow, file: JavaScriptFile) -> Iterator[Finding]:
    """`new ApolloServer({ includeStacktraceInErrorResponses: true })`"""
    from lint_rules.families.e07_security.reading_javascript import constant, options
    from lint_rules.languages.javascript.grammar import arguments

    for given in arguments(call)[:1]:
        members = options(given, file) or {}
        for name in row["options"]:
            value = members.get(name)
            if value is not None and constant(value, file) == "true" and not in_development_branch(value):
                instead = "leave it out, and log errors"
                yield RULE.at(
                    file, value, f"`{name}: true` shows the inside of the service to clients; {instead}", instead
                )


def _sent_stacks(file: JavaScriptFile) -> Iterator[Node]:
    """Stacks in answers, but for those of an error that a handler caught and sends, of which TEN0605 speaks."""
    from lint_rules.families.e07_security.reading_javascript import called_name, member_name

    for stack in file.nodes("member_expression"):
        if member_name(stack) != "stack" or stack.parent is None or file.in_broken_code(stack):
            continue
        owner = stack.child_by_field_name("object")
        is_caught = owner is not None and owner.type == "identifier"
        outer: Node | None = stack.parent
        inner: Node = stack
        while outer is not None:
            if outer.type == "call_expression" and outer.child_by_field_name("function") != inner:
                function = outer.child_by_field_name("function")
                if is_caught and called_name(outer) in _JS_SENDING:
                    break
                if called_name(outer) in _JS_ANSWERS and function is not None and _RESPONSE.match(source(function)):
                    yield stack
                elif called_name(outer) not in ("stringify", "String", "assign"):
                    break
            elif outer.type == "assignment_expression":
                left = outer.child_by_field_name("left")
                is_body = left is not None and left != inner and not is_caught
                if is_body and left is not None and re.fullmatch(r"ctx(?:\.response)?\.body", source(left)):
                    yield stack
                break
            elif outer.type in _BOUNDARIES:
                break
            elif outer.type == "ternary_expression" and outer.child_by_field_name("condition") == inner:
                break  # it is only asked whether there is one
            inner, outer = outer, outer.parent
