"""Cache without a limit.

What it finds: a dict, list, set or deque that lives as long as the process and that a handler, or a function it calls,
adds to under keys that come with requests, while nothing in the project takes an entry out, asks for its size or
replaces it: of a module, of a class or its one instance, of middleware, of a function around the handlers, in
`app.state`. In JavaScript, an array, object, Map or Set of the module, of a function around the handlers, of a
controller, or in `app.locals`.

Why it matters: it grows with every new key that a client sends. Memory use climbs for days, or within minutes when
somebody sends random keys, until the process is killed.

Bad (python):

    from fastapi import FastAPI

    app = FastAPI()
    rates: dict[str, float] = {}

    @app.get("/rates/{currency}")
    async def rate(currency: str) -> dict:
        if currency not in rates:
            rates[currency] = await app.state.bank.rate(currency)
        return {"rate": rates[currency]}

Good (python):

    from cachetools import TTLCache
    from fastapi import FastAPI

    app = FastAPI()
    rates = TTLCache(maxsize=1000, ttl=60)

    @app.get("/rates/{currency}")
    async def rate(currency: str) -> dict:
        if currency not in rates:
            rates[currency] = await app.state.bank.rate(currency)
        return {"rate": rates[currency]}

Bad (javascript):

    const express = require("express");

    const app = express();
    const orders = [];

    app.post("/orders", (req, res) => {
      orders.push(req.body);
      res.status(201).json(req.body);
    });

Good (javascript):

    const express = require("express");
    const { LRUCache } = require("lru-cache");

    const app = express();
    const orders = new LRUCache({ max: 1000 });

    app.post("/orders", (req, res) => {
      orders.set(req.body.id, req.body);
      res.status(201).json(req.body);
    });

How to fix it: use a cache with a size and an age (`cachetools.TTLCache`, `functools.lru_cache`, `lru-cache`, Redis), or
remove entries when they are no longer needed. What has to be kept belongs into a database.

Not seen: caches on objects that are made in functions, middleware apart. A container that is handed to a function which
is not known to read it only is believed to be looked after, and so is one whose keys are asked for in a constant of the
code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e04_leaks.caches_javascript import growing, may_grow
from lint_rules.families.e04_leaks.caches_project import growing_over_files
from lint_rules.families.e04_leaks.growth import CONTAINERS
from lint_rules.families.e04_leaks.growth_python import STORES
from lint_rules.families.e04_leaks.stores_project import grown_over_files
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0405",
    "unbounded-cache",
    severity=ERROR,
    summary="A module's container grows with what clients send, and nothing is ever removed",
    in_tests=False,
)

_CONTAINER_WORDS = (b"= []", b"= {}", b"new Map(", b"new Set(", b"Object.create(null)", b"new Map<", b"new Set<")
_STORES = re.compile(
    rb"^(?:(?:    |\t)?\w+(?:[ \t]*:[^=\n]{1,80})?|[ \t]+\w+[ \t]*:[^=\n]{1,80}|[ \t]*self\.\w+(?::[^=\n]{1,80})?"
    rb"|[ \t]*(?:\w{1,20}\.)?app\w{0,20}[.\[][^=\n]{1,60})[ \t]*=[ \t]*"
    rb"(?:\{\}|\[\]|\{[^\n]{1,60}:[ \t]*(?:\{\}|\[\])"
    rb"|(?:\w+\.)?(?:dict|set|list|OrderedDict|defaultdict|Counter|deque)\()",
    re.MULTILINE,
)
"""An empty container, made where it may last: at module level, in the body of a class, annotated, or on an object."""


@RULE.files(WholeFile(may_grow), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for container, added, place in growing(file):
        handler = function_label(place.handler)
        yield RULE.at(
            file,
            added,
            f"`{container.name}` grows with every call of `{handler}` and nothing is removed from it; "
            "give it a size or an age",
            "use a cache with a limit (`lru-cache`), remove entries, or keep them in a database",
            related=(
                Related(file.path, file.span(container.made), f"`{container.name}` lives as long as the process"),
            ),
        )


@RULE.project(words=_CONTAINER_WORDS, languages=("javascript",), notes=(CONTAINERS,))
def check_project(project: Project) -> Iterator[Finding]:
    for module, note, span, handler in growing_over_files(project):
        own = handler.function.name.rpartition("<locals>.")[2].removeprefix("exports.")
        by = "a handler" if own.startswith("<anonymous") else f"`{own}`"
        yield RULE.finding(
            module.path,
            span,
            f"`{note.name}` grows with every call of {by} and nothing in the project is removed from it; "
            "give it a size or an age",
            "use a cache with a limit (`lru-cache`), remove entries, or keep them in a database",
            symbol=note.function,
        )


@RULE.project(pattern=_STORES, notes=(STORES,))
def check_stores(project: Project) -> Iterator[Finding]:
    for grown in grown_over_files(project):
        note, made = grown.grows, grown.made
        own = grown.handler.function.name.rpartition("<locals>.")[2]
        assert note.span is not None and made.span is not None
        yield RULE.finding(
            grown.module.path,
            note.span,
            f"`{note.name}` grows with every call of `{own}` and nothing is removed from it; give it a size or an age",
            "use a cache with a limit (`cachetools.TTLCache`, `functools.lru_cache`), or remove entries",
            symbol=note.function,
            related=(Related(grown.made_in.path, made.span, f"`{made.name}` lives as long as the process"),),
        )
