"""Regular expressions of Python files that backtrack too much: where they are written, and which calls run them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.backtracking import backtracking
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.model import Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

WORDS = (b"re.", b"from re import", b"import re", b"Regex", b"regex", b"re_path")


class SlowPattern(Struct, frozen=True, array_like=True):
    """A pattern that backtracks (`growth` says how), or a call that runs one.

    `symbol` is the name it is bound to, or that the call (at `run`) finds it under; "" if it is written in the call.
    `sent` is what frameworks match with it by themselves: a field of a form, the path of a request.
    """

    span: Span
    symbol: str = ""
    growth: str = ""
    pump: str = ""
    run: Span | None = None
    sent: str = ""


SLOW_PATTERNS = Notes("slow-patterns", SlowPattern, words=WORDS)

_RUNS = frozenset({"match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
_FLAG = re.compile(r"\b(?:re\.)?(IGNORECASE|MULTILINE|DOTALL|VERBOSE|ASCII|UNICODE|[IMSXAU])\b")
_DECLARED = {
    "django.core.validators.RegexValidator": "the value of a field",
    "django.forms.RegexField": "the value of a field",
    "django.forms.fields.RegexField": "the value of a field",
    "rest_framework.serializers.RegexField": "the value of a field",
    "rest_framework.fields.RegexField": "the value of a field",
    "wtforms.validators.Regexp": "the value of a field",
    "wtforms.validators.regexp": "the value of a field",
    "marshmallow.validate.Regexp": "the value of a field",
    "django.urls.re_path": "the path of a request",
    "django.conf.urls.url": "the path of a request",
    "tornado.web.url": "the path of a request",
    "tornado.web.URLSpec": "the path of a request",
}
_DECLARED_NAMES = frozenset(name.rpartition(".")[2] for name in _DECLARED)


@SLOW_PATTERNS.of("python")
def patterns_of(file: PythonFile) -> Iterator[SlowPattern]:
    """The slow patterns that a file binds to names, and the calls in it that run patterns."""
    if file.is_test:
        return
    for assignment in file.nodes("assignment"):
        name, value = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if name is None or value is None or name.type != "identifier" or file.in_broken_code(assignment):
            continue
        found = _written(value, file)
        if found is not None:
            pattern, growth, pump = found
            owner = file.scope(assignment)
            yield SlowPattern(
                file.span(pattern), f"{file.module}.{owner.name}.{text(name)}".replace("..", "."), growth, pump
            )
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        last = text(function.child_by_field_name("attribute") or function) if function is not None else ""
        if function is None or (last not in _RUNS and last not in _DECLARED_NAMES) or file.in_broken_code(call):
            continue
        yield from _of_call(call, function, last, file)


def _of_call(call: Node, function: Node, last: str, file: PythonFile) -> Iterator[SlowPattern]:
    symbol = file.names.symbol(function)
    given = dict(arguments(call))
    pattern: Node | None
    sent = ""
    if last in _DECLARED_NAMES:
        sent = _DECLARED.get(file.canonical(function), "")
        pattern = given.get("regex") or given.get("pattern") or given.get("0") if sent else None
    elif symbol == f"re.{last}":
        pattern = given.get("0") or given.get("pattern")
    else:
        pattern = function.child_by_field_name("object")
    if pattern is None:
        return
    found = _written(pattern, file, is_whole=last == "fullmatch", in_place=symbol == f"re.{last}" or bool(sent))
    if found is not None:
        node, growth, pump = found
        yield SlowPattern(file.span(node), "", growth, pump, file.span(call), sent)
    elif pattern.type == "identifier" and (
        (value := file.names.only_value(text(pattern), pattern.start_byte)) is not None
        and (found := _written(value, file, is_whole=last == "fullmatch")) is not None
    ):
        yield SlowPattern(file.span(found[0]), "", found[1], found[2], file.span(call), sent)
    elif pattern.type in ("identifier", "attribute"):
        yield SlowPattern(file.span(pattern), file.names.symbol(pattern), run=file.span(call), sent=sent)


def _written(
    value: Node, file: PythonFile, *, is_whole: bool = False, in_place: bool = False
) -> tuple[Node, str, str] | None:
    """The slow pattern that an expression is or compiles: its literal, how it grows, and on what."""
    flags = 0
    if value.type == "call":
        function = value.child_by_field_name("function")
        if function is None or file.names.symbol(function) != "re.compile":
            return None
        given = dict(arguments(value))
        pattern = given.get("0") or given.get("pattern")
        for name in _FLAG.findall(text(given.get("1") or given.get("flags") or function)):
            flags |= int(getattr(re, name))
    else:
        pattern = value
        given = dict(arguments(value.parent.parent)) if in_place and value.parent and value.parent.parent else {}
        for name in _FLAG.findall(text(given["flags"]) if "flags" in given else ""):
            flags |= int(getattr(re, name))
    content = literal(pattern) if pattern is not None else None
    if pattern is None or not content:
        return None
    found = backtracking(content, flags, is_whole=is_whole)
    return (pattern, found.growth, found.pump) if found is not None else None


def literal(node: Node) -> str | bytes | None:
    """What a literal holds, also one in several parts; None for anything else."""
    if node.type not in ("string", "concatenated_string"):
        return None
    try:
        value = ast.literal_eval(text(node) if node.type == "string" else f"({text(node)})")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str | bytes) else None
