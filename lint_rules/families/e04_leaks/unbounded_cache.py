"""Cache without a limit.

What it finds: a dict, list or set of a module that a handler adds to under keys that come with requests, while nothing
in the file takes an entry out, asks for its size or replaces it. In JavaScript, an array, object, Map or Set of the
module, of a function around the handlers, of a controller, or in `app.locals`.

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

Not seen: caches on objects; what functions add that a handler calls; handlers that another file registers. A container
that is handed to a function, exported by `__all__` or written by other files' code through an import is believed to be
looked after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.caches_javascript import growing, may_grow
from lint_rules.families.e04_leaks.caches_project import growing_over_files
from lint_rules.families.e04_leaks.growth import CONTAINERS
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0405",
    "unbounded-cache",
    severity=ERROR,
    summary="A module's container grows with what clients send, and nothing is ever removed",
    in_tests=False,
)

_MAKERS = frozenset(
    {"builtins.dict", "builtins.list", "builtins.set", "collections.OrderedDict", "collections.defaultdict"}
)
_CONTAINER = re.compile(
    rb"(?m)^\w[^=\n]*= *(?:\{\}|\[\]|dict\(|list\(|set\(|(?:collections\.)?(?:OrderedDict|defaultdict)\()"
)
_CONTAINER_WORDS = (b"= []", b"= {}", b"new Map(", b"new Set(", b"Object.create(null)", b"new Map<", b"new Set<")
_KINDS = frozenset({"route", "hook", "dependency", "socket", "background"})
_ADDS = frozenset({"append", "add", "setdefault", "update", "extend", "insert"})
_NAME = re.compile(r"[^\W\d]\w*")


@RULE.files(WholeFile(_CONTAINER), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    file.names.bind()
    for name, bindings in file.scopes.module.bindings.items():
        value = bindings[0].node if len(bindings) == 1 and bindings[0].kind == "value" else None
        if value is None or not _is_empty_container(value, file) or _is_looked_after(name, value, file):
            continue
        grown = next(_growing_in_handlers(name, file), None)
        if grown is not None:
            yield _finding(name, value, grown, file)


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


def _is_empty_container(value: Node, file: PythonFile) -> bool:
    if value.type in ("dictionary", "list"):
        return not value.named_child_count
    function = value.child_by_field_name("function") if value.type == "call" else None
    return function is not None and file.canonical(function) in _MAKERS


def _is_looked_after(name: str, value: Node, file: PythonFile) -> bool:
    """Whether anything in the file removes, counts or replaces entries, or hands the container on."""
    own = re.escape(name)
    pattern = (
        rf"\bdel\s+{own}\b|\b{own}\.(?:pop|popitem|clear|remove|discard|popleft|move_to_end)\b|\blen\({own}\)"
        rf"|\bglobal\b[^\n]*\b{own}\b|[(,=]\s*\*{{0,2}}{own}\s*[,)]|[\"']{own}[\"']|\b{own}\[[^\]\n]*:[^\]\n]*\]"
        rf"|\b{own}\s*[-&]=|(?:=|return|yield)\s*{own}\s*(?:#|\n|$)|\bfor\s+\w+\s+in\s+(?:list\()?{own}\b"
    )
    return re.search(pattern, file.data.decode(errors="replace")) is not None


def _growing_in_handlers(name: str, file: PythonFile) -> Iterator[tuple[Node, Scope]]:
    """The places in handlers that add an entry for something of the request."""
    at = file.data.find(name.encode())
    while at >= 0:
        node = file.root.descendant_for_byte_range(at, at + len(name.encode()))
        at = file.data.find(name.encode(), at + 1)
        if node is None or node.type != "identifier" or text(node) != name:
            continue
        scope = file.enclosing_function(node)
        if (
            scope is None
            or scope.kind != FUNCTION
            or any(name in one.bindings for one in scope.enclosing() if one.parent)
        ):
            continue
        added = _added_at(node, scope)
        handler = file.handler(scope) if added is not None else None
        if added is not None and handler is not None and handler.kind in _KINDS:
            yield added, scope


def _added_at(node: Node, scope: Scope) -> Node | None:
    """The statement that adds an entry to the container at `node`, if its key is no constant."""
    parent = node.parent
    outer = parent.parent if parent is not None else None
    if parent is None or outer is None:
        return None
    if parent.type == "subscript" and parent.child_by_field_name("value") == node:
        is_target = outer.type in ("assignment", "augmented_assignment") and outer.child_by_field_name("left") == parent
        key = parent.child_by_field_name("subscript")
        is_method = outer.type == "attribute" and outer.parent is not None and outer.parent.type == "call"
        if (is_target or is_method) and key is not None and _varies(key, scope):
            method = outer.child_by_field_name("attribute") if is_method else None
            return outer if method is None or text(method) in _ADDS else None
        return None
    if parent.type == "attribute" and outer.type == "call" and outer.child_by_field_name("function") == parent:
        method, arguments = parent.child_by_field_name("attribute"), outer.child_by_field_name("arguments")
        adds = method is not None and text(method) in _ADDS
        return outer if adds and arguments is not None and _varies(arguments, scope) else None
    return None


def _varies(expression: Node, scope: Scope) -> bool:
    """Whether an expression depends on a parameter or a local name."""
    return not scope.bindings.keys().isdisjoint(_NAME.findall(text(expression)))


def _finding(name: str, value: Node, grown: tuple[Node, Scope], file: PythonFile) -> Finding:
    place, scope = grown
    own = scope.name.rpartition("<locals>.")[2]
    return RULE.at(
        file,
        place,
        f"`{name}` grows with every call of `{own}` and nothing is removed from it; give it a size or an age",
        "use a cache with a limit (`cachetools.TTLCache`, `functools.lru_cache`), or remove entries",
        related=(Related(file.path, file.span(value), f"`{name}` lives as long as the process"),),
    )
