"""Response or error built and dropped.

What it finds: a statement that makes a response or an error and does nothing with it: `jsonify(...)`,
`JsonResponse(...)`, `redirect(...)`, `web.json_response(...)` without `return`; `HTTPException(...)`, `Http404()` or
any other class of errors without `raise`, called or only named; `abort` without a call.

Why it matters: the line reads like an answer and does nothing. The check that was to refuse a request lets it through,
and the code behind it runs: an order is placed for somebody who was not allowed to.

Bad (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.delete("/orders/{number}")
    async def cancel(number: int, user: str) -> None:
        order = await orders.find(number)
        if order.owner != user:
            HTTPException(status_code=403)
        await orders.cancel(order)

Good (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.delete("/orders/{number}")
    async def cancel(number: int, user: str) -> None:
        order = await orders.find(number)
        if order.owner != user:
            raise HTTPException(status_code=403)
        await orders.cancel(order)

How to fix it: write `return` in front of a response and `raise` in front of an error.

Not seen: a response that is bound to a name nobody uses; functions of the project that make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Edit, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0502",
    "response-dropped",
    severity=ERROR,
    summary="A response or an error is built and neither returned nor raised",
    fix=UNSAFE,
    in_tests=False,
)

_PATH = Path(__file__).parent / "dropped.toml"
_BUILDERS = name_table(_PATH, "python")
_BARE = name_table(_PATH, "python_bare")
_ENDINGS = tuple(read_table(_PATH)["errors"]["endings"])
_LAST_NAMES = _BUILDERS.last_names | _BARE.last_names
_BUILDER = re.compile(
    rb"(?m)(?:" + "|".join([*sorted(_LAST_NAMES), *_ENDINGS]).encode() + rb")(?:[ \t]*\(|[ \t]*$|[ \t]*#)"
)
_BEFORE_IT = re.compile(rb"(?:.*[:;])?[ \t]*(?:await[ \t]+)?[\w.]*")
_RENAMED = re.compile(rb"\b(?:" + "|".join(sorted(_LAST_NAMES)).encode() + rb"|\w+Error|\w+Exception)\s+as\s+\w")
_LEFT_OUT = {
    "return": "`{name}` makes a response that is not sent; return it",
    "raise": "`{name}` makes an error that is not raised; raise it",
    "call": "`{name}` is named and not called, so that nothing happens; call it",
}


def _may_drop(data: bytes) -> bool:
    return any(_begins_statement(found.start(), data) for found in _BUILDER.finditer(data)) or (
        _RENAMED.search(data) is not None
    )


def _begins_statement(at: int, data: bytes) -> bool:
    """Whether nothing but a dotted name stands before a name in its line: it is not returned, raised or assigned."""
    return _BEFORE_IT.fullmatch(data, data.rfind(b"\n", 0, at) + 1, at) is not None


@RULE.files(WholeFile(_may_drop), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    may_be_renamed = _RENAMED.search(file.data) is not None
    for statement in file.nodes("expression_statement"):
        value = statement.named_child(0) if statement.named_child_count else None  # of `jsonify(...), 400` the first
        while value is not None and value.type in ("await", "parenthesized_expression"):
            value = value.named_child(0) if value.named_child_count else None
        made = value.child_by_field_name("function") if value is not None and value.type == "call" else value
        if value is None or made is None or made.type not in ("identifier", "attribute"):
            continue
        last = text(made).rpartition(".")[2]
        if may_be_renamed and made.type == "identifier":
            last = file.canonical(made).rpartition(".")[2] or last
        if last not in _LAST_NAMES and not last.endswith(_ENDINGS):
            continue
        verb = _verb(made, value.type == "call", file)
        if verb and not file.in_broken_code(statement) and not _is_expected_to_raise(statement):
            yield _finding(statement, made, verb, file)


def _verb(made: Node, is_call: bool, file: PythonFile) -> str:
    """What has to be done with the value; "" where it is neither a response nor an error."""
    if file.names.symbol(made).endswith("()"):
        return ""  # `response = Response(...)`, then `await response(scope, receive, send)`
    canonical = file.canonical(made)
    row = (_BUILDERS if is_call else _BARE).match(canonical, file.types)
    if row is not None:
        return str(row["verb"])
    return "raise" if _is_error(made, canonical, file) else ""


def _is_error(made: Node, canonical: str, file: PythonFile) -> bool:
    """Whether a name denotes a class of errors: built in, of the project, or of a library by its name."""
    last = canonical.rpartition(".")[2]
    if not last.endswith(_ENDINGS) or not last.lstrip("_")[:1].isupper() or last.isupper():
        return False
    if canonical.startswith("builtins."):
        return True
    symbol = file.names.symbol(made)
    own = file.symbols.class_(symbol) if symbol else None
    if own is not None:
        bases = file.symbols.ancestors(symbol)[1:]
        return any(base.endswith((*_ENDINGS, "Http404")) for base in bases)
    if file.function(made) is not None or "<parameter>" in canonical:
        return False
    return "()" not in canonical and "<" not in canonical


def _is_expected_to_raise(statement: Node) -> bool:
    """Whether making the object is what is tried: `with raises(TypeError): Refused()`, or a `try` around it alone."""
    current = statement
    while (parent := current.parent) is not None and parent.type != "function_definition":
        if parent.type == "with_statement" and b"aises" in (parent.named_children[0].text or b""):
            return True
        if parent.type == "try_statement" and parent.child_by_field_name("body") == current:
            return sum(child.type != "comment" for child in current.named_children) == 1
        current = parent
    return False


def _finding(statement: Node, made: Node, verb: str, file: PythonFile) -> Finding:
    name = text(made)
    what = {"return": "return the response", "raise": "raise the error", "call": "call it"}[verb]
    return RULE.at(
        file,
        statement,
        _LEFT_OUT[verb].format(name=name),
        f"write `{verb}` in front of `{name}`: {what}, or take the line out"
        if verb != "call"
        else f"write `{name}(...)`",
        fix=_fix(statement, verb, file),
    )


def _fix(statement: Node, verb: str, file: PythonFile) -> Fix | None:
    function = file.enclosing_function(statement)
    if verb == "call" or function is None or function.kind != FUNCTION:
        return None
    body = file.data[function.start : function.end]
    if verb == "return" and re.search(rb"\byield\b", body):
        return None
    start = statement.start_byte
    return Fix(f"{verb} it", (Edit(file.source.span(start, start), f"{verb} "),), UNSAFE)
