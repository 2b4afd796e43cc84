r"""Catastrophic regex.

What it finds: a regular expression that takes exponential or polynomial time for some texts, and is run on data of a
client: nested repetitions (`(a+)+$`), alternatives under a repetition that match the same text (`(a|ab?)*$`), and
repetitions in a row that do (`\s*,?\s*$`). In Python the data is followed through functions and files; fields of forms,
validators and routes count too, and so does a pattern that the client itself writes.

Why it matters: an engine that backtracks tries every way in which a text can be matched before it gives up. Thirty
characters can take minutes, in which the process answers nobody.

Bad (python):

    import re

    from flask import Flask, abort, request

    app = Flask(__name__)
    NAME = re.compile(r"^(\w+\s?)*$")

    @app.post("/names")
    def add_name():
        if not NAME.match(request.form["name"]):
            abort(400)
        return {"ok": True}

Good (python):

    import re

    from flask import Flask, abort, request

    app = Flask(__name__)
    NAME = re.compile(r"^\w+(?:\s\w+)*$")

    @app.post("/names")
    def add_name():
        if not NAME.match(request.form["name"]):
            abort(400)
        return {"ok": True}

Bad (javascript):

    const express = require("express");

    const app = express();

    app.post("/names", (req, res) => {
      if (!/^(\w+\s?)*$/.test(req.body.name)) {
        return res.status(400).json({ error: "name" });
      }
      res.json({ ok: true });
    });

Good (javascript):

    const express = require("express");

    const app = express();

    app.post("/names", (req, res) => {
      if (!/^\w+(?:\s\w+)*$/.test(req.body.name)) {
        return res.status(400).json({ error: "name" });
      }
      res.json({ ok: true });
    });

How to fix it: write the pattern so that a text matches it in one way only, with a separator that the repeated part does
not hold; or look at the length of the text first; or use an engine without backtracking (RE2).

Not seen: patterns that code puts together of its own texts; a search that begins anew at each character, which takes
quadratic time too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.slow_patterns import SLOW_PATTERNS, WORDS, SlowPattern
from lint_rules.families.e01_blocking_event_loop.slow_patterns_javascript import (
    TRIGGER,
    matched_with,
    written_by_client,
)
from lint_rules.families.e07_security.injections_python import DATA_FLOWS, arrivals
from lint_rules.families.e07_security.injections_python import WORDS as REQUEST_WORDS
from lint_rules.languages.backtracking import backtracking_of_javascript
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import WARNING, Finding, Related, Rule, Span

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.linked import Project
    from lint_rules.project.spread import Arrival

RULE = Rule(
    "TEN0107",
    "catastrophic-regex",
    severity=WARNING,
    summary="A regular expression that may backtrack without end runs on request data",
    default=False,
    in_tests=False,
    references={"CWE": "CWE-1333", "OWASP": "A05:2021"},
)

_MADE = re.compile(rb"\bRegExp\s*\(")
_SUGGESTION = "write it so that a text matches in one way only, or look at the length of the text first"


def _told(growth: str, source: str, pump: str) -> str:
    shown = " ".join(source.split()).replace("`", "'")
    repeated = repr(pump[:12]).replace("`", "'")
    return (
        f"this pattern takes {growth} time on `{shown[:50]}` that repeats {repeated} and then differs; "
        "let no two repetitions match the same text"
    )


@RULE.project(words=(*REQUEST_WORDS, *WORDS), notes=(SLOW_PATTERNS, DATA_FLOWS))
def check_python(project: Project) -> Iterator[Finding]:
    bound: dict[str, tuple[ModuleFacts, SlowPattern]] = {}
    runs: dict[tuple[str, Span], tuple[ModuleFacts, SlowPattern]] = {}
    declared: list[tuple[ModuleFacts, SlowPattern]] = []
    for module, patterns in project.notes(SLOW_PATTERNS):
        for pattern in patterns:
            if pattern.run is None:
                bound[pattern.symbol] = module, pattern
            elif pattern.sent:
                declared.append((module, pattern))
            else:
                runs[module.path, pattern.run] = module, pattern
    seen: set[tuple[str, Span]] = set()

    def slow(module: ModuleFacts, pattern: SlowPattern) -> tuple[ModuleFacts, SlowPattern] | None:
        found = (module, pattern) if pattern.growth else bound.get(pattern.symbol)
        if found is None or (found[0].path, found[1].span) in seen:
            return None
        seen.add((found[0].path, found[1].span))
        return found

    for module, pattern in declared:
        found = slow(module, pattern)
        if found is not None:
            yield _finding(*found, pattern.sent, ())
    for arrival in arrivals(project, "searched"):
        run = runs.get((arrival.module.path, arrival.span))
        found = slow(*run) if run is not None else None
        if found is not None:
            yield _finding(*found, arrival.source, (_place(arrival),))
    for arrival in arrivals(project, "regex"):
        written = arrival.call.written if arrival.call is not None else ""
        yield RULE.finding(
            arrival.module.path,
            arrival.span,
            f"`{arrival.source}` is a pattern in `{written}`, which may take any time; escape it with `re.escape`",
            "escape what the client sent with `re.escape`, or choose from patterns of your own",
            symbol=arrival.flow.name,
        )


def _place(arrival: Arrival) -> Related:
    return Related(arrival.module.path, arrival.span, "it is run on the data here")


def _finding(module: ModuleFacts, pattern: SlowPattern, source: str, related: tuple[Related, ...]) -> Finding:
    return RULE.finding(
        module.path, pattern.span, _told(pattern.growth, source, pattern.pump), _SUGGESTION, related=related
    )


@RULE.javascript(Nodes(("regex",), trigger=TRIGGER))
def check_javascript(regex: Node, file: JavaScriptFile) -> Iterator[Finding]:
    pattern, flags = regex.child_by_field_name("pattern"), regex.child_by_field_name("flags")
    if pattern is None:
        return
    found = backtracking_of_javascript(file.text(pattern), file.text(flags) if flags is not None else "")
    if found is None:
        return
    run = matched_with(regex, file)
    if run is not None:
        source, place = run
        related = (Related(file.path, file.span(place), "it is run on the data here"),) if place != regex else ()
        yield RULE.at(file, regex, _told(found.growth, source, found.pump), _SUGGESTION, related=related)


@RULE.javascript(Nodes(("new_expression", "call_expression"), trigger=_MADE))
def check_patterns_of_clients(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    source = "" if file.in_broken_code(call) else written_by_client(call, file)
    if source:
        shown = " ".join(source.split())[:50]
        yield RULE.at(
            file,
            call,
            f"`{shown}` is a pattern in `RegExp`, which may take any time; escape its signs",
            "escape what the client sent (`RegExp.escape`, `escape-string-regexp`), or compare texts with `includes`",
        )
