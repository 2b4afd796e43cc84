"""What a `raise` of Python gives to those who handle errors: an error of some kind, or something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, last_name
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import CLASS, text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.scopes import Scope

_NO_EXCEPTIONS = {
    "string": "a text", "concatenated_string": "a text", "integer": "a number", "float": "a number", "list": "a list",
    "dictionary": "a dict", "none": "`None`", "true": "a bool", "false": "a bool", "lambda": "a function",
    "list_comprehension": "a list", "set": "a set", "tuple": "a tuple",
}  # fmt: skip
_BARE = ("builtins.Exception", "builtins.BaseException")
_INVARIANT = re.compile(
    r"(?i)unreachable|can(?:no|')t happen|should (?:not|never) |must not|never (?:get|be|happen|reach)|impossible|"
    r"not (?:yet )?implemented|\bbug\b|todo|assert"
)
_PLAIN_BASES = frozenset(
    {"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing.NamedTuple", "pydantic.BaseModel"}
)
_ALLOWED = re.compile(r"TRY002|W0719|broad-exception-raised")
_MAX_STEPS = 6
_SCRIPT = re.compile(rb"\A#!.*python")


class Raised(Struct, frozen=True):
    """What is wrong with what a `raise` raises, and what helps."""

    message: str
    suggestion: str


def what_python_raises(value: Node, file: PythonFile) -> Raised | None:
    """What is wrong with the value of a `raise`; None for an error of some kind, and for what is not known."""
    while value.type == "parenthesized_expression" and (inner := first_named(value)) is not None:
        value = inner
    if value.type == "conditional_expression":
        sides = (value.named_child(0), value.named_child(2))
        return next((found for side in sides if side is not None and (found := what_python_raises(side, file))), None)
    if value.type == "identifier" and (bound := file.names.only_value(text(value), value.start_byte)) is not None:
        value = bound if bound.type in _NO_EXCEPTIONS or bound.type in ("call", "binary_operator") else value
    if value.type in _NO_EXCEPTIONS:
        return _no_exception(_NO_EXCEPTIONS[value.type])
    if value.type == "binary_operator" and _starts_with_text(value):
        return _no_exception("a text")
    target = called(value) if value.type == "call" else value
    if target.type not in ("identifier", "attribute"):
        return None
    name = last_name(target)
    if name == "NotImplemented" and file.canonical(target) == "builtins.NotImplemented":
        return Raised(
            "`raise NotImplemented` is a TypeError, since `NotImplemented` is no exception; use `NotImplementedError`",
            "raise `NotImplementedError`",
        )
    if name in ("Exception", "BaseException"):
        return _bare(value, target, name, file)
    return _own_class(target, file)


def _no_exception(what: str) -> Raised:
    return Raised(
        f"`raise` of {what} is a TypeError, and what went wrong is lost; raise an exception",
        "raise the built-in error that fits, or a class of your own",
    )


def _starts_with_text(value: Node) -> bool:
    while value.type == "binary_operator" and (left := value.child_by_field_name("left")) is not None:
        value = left
    return value.type in ("string", "concatenated_string")


def _bare(value: Node, target: Node, name: str, file: PythonFile) -> Raised | None:
    if file.canonical(target) not in _BARE or _INVARIANT.search(file.text(value)) or _is_script(file):
        return None
    if (_is_jump(value) and _is_caught_here(value, file)) or _is_allowed(value, file):
        return None
    return Raised(
        f"`{name}` says nothing about what went wrong, and only a handler for everything catches it; "
        "raise an error of a kind of its own",
        "raise the built-in error that fits (`ValueError`, `LookupError`, `RuntimeError`), or a class of your own",
    )


def _is_jump(value: Node) -> bool:
    """Whether it carries nothing: `raise Exception`, where the clause that catches it says what was wrong."""
    given = value.child_by_field_name("arguments") if value.type == "call" else None
    return given is None or not given.named_children


def _is_caught_here(value: Node, file: PythonFile) -> bool:
    """Whether a `try` around it catches everything: a jump to the code that answers."""
    inner = value
    for outer in file.enclosing(value):
        if outer.type in ("function_definition", "lambda"):
            return False
        if outer.type == "try_statement" and outer.child_by_field_name("body") == inner:
            clauses = [ExceptClause(one, file) for one in outer.named_children if one.type == "except_clause"]
            if any(clause.is_broad for clause in clauses):
                return True
        inner = outer
    return False


def _is_allowed(value: Node, file: PythonFile) -> bool:
    """Whether another linter was told to leave the line alone."""
    end = file.data.find(b"\n", value.end_byte)
    remarks = file.comments_between(value.start_byte, len(file.data) if end < 0 else end)
    return any(_ALLOWED.search(text(remark)) for remark in remarks)


def _is_script(file: PythonFile) -> bool:
    folders = file.relative.lower().split("/")
    in_scripts = any(one in ("scripts", "script", "tools", "examples", "docs", "benchmarks") for one in folders[:-1])
    return in_scripts or folders[-1] in ("setup.py", "conftest.py") or _SCRIPT.match(file.data) is not None


def _own_class(target: Node, file: PythonFile) -> Raised | None:
    """A class of the file that is surely no exception: all its bases are known, none of them is one."""
    owner = _python_class(target, file)
    waiting, seen = [owner] if owner is not None else [], 0
    while waiting and seen < _MAX_STEPS:
        seen += 1
        bases = waiting.pop().node.child_by_field_name("superclasses")
        for base in bases.named_children if bases is not None else ():
            if base.type == "comment" or (base.type == "keyword_argument" and not text(base).startswith("metaclass")):
                continue
            own = _python_class(base, file)
            if own is not None:
                waiting.append(own)
            elif file.canonical(base) not in _PLAIN_BASES:
                return None
    if not seen:
        return None
    return Raised(
        f"`{last_name(target)}` is no exception, so that raising it is a TypeError; derive it from an exception",
        f"derive `{last_name(target)}` from `Exception`, or raise an exception that carries it",
    )


def _python_class(target: Node, file: PythonFile) -> Scope | None:
    """The class of the file that an expression denotes."""
    if target.type != "identifier":
        return None
    symbol = file.names.symbol(target)
    classes = (scope for scope in file.scopes.all if scope.kind == CLASS)
    return next((scope for scope in classes if f"{file.module}.{scope.name}" == symbol), None)
