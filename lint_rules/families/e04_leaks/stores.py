"""Which middleware and settings keep sessions in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, string_value, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.searching import whole_words
from lint_rules.languages.tables import name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

_PATH = Path(__file__).parent / "stores.toml"
_MIDDLEWARE = js_name_table(_PATH, "javascript")
_PLUGINS = js_name_table(_PATH, "plugin")
_MEMORY = js_name_table(_PATH, "memory")
_PYTHON = name_table(_PATH, "python")
_PACKAGES = sorted(
    {name.partition("#")[0] for section in ("javascript", "plugin", "memory") for row in read_table(_PATH)[section]
     for name in row["calls"]}
)  # fmt: skip
_WORDS = re.compile(rb"[\"'](?:" + b"|".join(re.escape(name.encode()) for name in _PACKAGES) + rb")[\"']")
IN_PYTHON = re.compile(rb"SESSION_ENGINE|SESSION_CACHELIB|" + whole_words(_PYTHON.last_names))
"""What a Python file that chooses a store for sessions speaks of."""
_ENVIRONMENT = re.compile(r"(?i)NODE_ENV|\bdev(?:elopment)?\b|is_?dev|is_?prod|production|\bdebug\b|\benv\b|is_?test")
_DEVELOPMENT = re.compile(
    r"(?i)(?:^|[/_.-])(?:dev|develop|development|local|test|testing|ci|debug|sample|example)s?[/_.-]"
)
_CACHE_ENGINE = "django.contrib.sessions.backends.cache"
_SETTINGS: Mapping[str, Any] = {"what": "sessions", "instead": "Redis, `cached_db` or the database for sessions"}


class Kept(Struct, frozen=True):
    """What keeps something in memory: where, as what it is written, and the row that tells of it."""

    place: Node
    shown: str
    row: Mapping[str, Any]


def may_store(data: bytes) -> bool:
    """Whether a file imports middleware for sessions."""
    return _WORDS.search(data) is not None


# JavaScript.


def in_javascript(file: JavaScriptFile, rate_limiters: bool) -> Iterator[Kept]:
    """The middleware of a file that keeps sessions in memory, and, if asked for, what counts requests there."""
    if file.is_tooling:
        return
    for call in file.index.of_kinds(CALL_KINDS):
        found = _middleware(call, file)
        if found is None or (found.row["kind"] == "rate" and not rate_limiters):
            continue
        if not _depends_on_environment(call, file) and not file.in_broken_code(call):
            yield found


def _middleware(call: Node, file: JavaScriptFile) -> Kept | None:
    function = callee(call)
    if function is None:
        return None
    given = arguments(call)
    row = _MIDDLEWARE.match(file.canonical(function), file.types)
    options: Node | None = None
    shown = text(function)
    if row is not None:
        options = given[row["options"]] if row["options"] < len(given) else None
    elif last_name(function) == "register" and given:
        row = _PLUGINS.match(file.canonical(given[0]), file.types)
        options = given[1] if len(given) > 1 else None
        shown = text(given[0])
    if row is None or not _uses_memory(options, row["store"], file):
        return None
    return Kept(call, " ".join(shown.split()), row.values)


def _uses_memory(options: Node | None, store: str, file: JavaScriptFile) -> bool:
    """Whether options name no store, or one in memory; no if they cannot be read."""
    if options is None:
        return True
    literal = bare(options)
    if literal.type == "identifier":
        name = text(literal)
        bound = file.names.only_value(name, literal.start_byte)
        literal = bare(bound) if bound is not None else literal
        if re.search(
            rf"\b{re.escape(name)}\.{store}\s*=[^=]|Object\.assign\(\s*{re.escape(name)}\b".encode(), file.data
        ):
            return False
    if literal.type != "object":
        return False
    for member in literal.named_children:
        if member.type == "spread_element" or (
            member.type == "shorthand_property_identifier" and text(member) == store
        ):
            return False
        key = member.child_by_field_name("key") or member.child_by_field_name("name")
        if key is None or (string_value(key) or text(key)) != store:
            continue
        value = member.child_by_field_name("value")
        function = callee(bare(value)) if value is not None and bare(value).type in CALL_KINDS else None
        return function is not None and _MEMORY.match(file.canonical(function), file.types) is not None
    return True


def _depends_on_environment(call: Node, file: JavaScriptFile) -> bool:
    """Whether a condition on the environment stands around a call."""
    for outer in file.enclosing(call):
        if outer.type in ("if_statement", "ternary_expression"):
            condition = outer.child_by_field_name("condition")
            if condition is not None and _ENVIRONMENT.search(text(condition)):
                return True
    return False


# Python.


def in_python(file: PythonFile, rate_limiters: bool) -> Iterator[Kept]:
    """The stores and settings of a file that keep sessions in memory."""
    if _DEVELOPMENT.search(file.place.relative):
        return
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        name = text(function) if function is not None else ""
        if function is None or not IN_PYTHON.search(name.encode()):
            continue
        row = _PYTHON.match(file.canonical(function), file.types)
        if row is None or (row["kind"] == "rate" and not rate_limiters) or _is_for_development(call, file):
            continue
        written = text(call) if row["kind"] == "rate" else file.data.decode(errors="replace")
        store = row.get("store")
        if store and re.search(rf"\b{store}\s*=(?!\s*[\"']memory:)", written):
            continue
        yield Kept(call, name, row.values)
    yield from _settings(file)


def _settings(file: PythonFile) -> Iterator[Kept]:
    """Django's and Flask-Session's settings."""
    data = file.data.decode(errors="replace")
    for assignment in file.nodes("assignment"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None:
            continue
        name = re.sub(r"^.*[\[.]\s*[\"']?|[\"']?\s*\]$", "", text(left)) if left.type != "identifier" else text(left)
        value = text(right)
        shown = ""
        if name == "SESSION_ENGINE" and value.strip("\"'") == _CACHE_ENGINE:
            shown = name if "LocMemCache" in data and not _has_other_caches(data) else ""
        elif name == "SESSION_CACHELIB" and re.match(r"(?:\w+\.)*SimpleCache\(", value):
            shown = value.partition("(")[0]
        if shown and not _is_for_development(assignment, file):
            yield Kept(assignment, shown, _SETTINGS)


def _has_other_caches(data: str) -> bool:
    """Whether the sessions may be in another cache than the one in memory."""
    backends = re.findall(r"[\"']BACKEND[\"']\s*:\s*[\"']([\w.]+)[\"']", data)
    return any(".cache" in backend and "LocMemCache" not in backend for backend in backends)


def _is_for_development(node: Node, file: PythonFile) -> bool:
    for outer in file.enclosing(node):
        if outer.type in ("if_statement", "conditional_expression"):
            condition = outer.child_by_field_name("condition") or outer
            if _ENVIRONMENT.search(text(condition)):
                return True
    return False
