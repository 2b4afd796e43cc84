"""Response or error built and dropped.

What it finds: a statement that makes a response or an error and does nothing with it: `jsonify(...)`,
`JsonResponse(...)`, `redirect(...)`, `web.json_response(...)` without `return`; `HTTPException(...)`, `Http404()` or
any other class of errors without `raise`, called or only named; `abort` without a call. In JavaScript `new
NotFoundException()`, `createError(404)`, `Boom.forbidden()` without `throw`, `h.response(...)` of Hapi and
`NextResponse.json(...)` without `return`, and `next` and `res.end` without a call.

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

Bad (javascript):

    import { Controller, Delete, ForbiddenException, Param } from "@nestjs/common";

    @Controller("orders")
    export class OrdersController {
      @Delete(":id")
      async cancel(@Param("id") id, user) {
        const order = await orders.find(id);
        if (order.owner !== user) {
          new ForbiddenException();
        }
        await orders.cancel(order);
      }
    }

Good (javascript):

    import { Controller, Delete, ForbiddenException, Param } from "@nestjs/common";

    @Controller("orders")
    export class OrdersController {
      @Delete(":id")
      async cancel(@Param("id") id, user) {
        const order = await orders.find(id);
        if (order.owner !== user) {
          throw new ForbiddenException();
        }
        await orders.cancel(order);
      }
    }

How to fix it: write `return` in front of a response, `raise` or `throw` in front of an error.

Not seen: a response that is bound to a name nobody uses; functions of the project that make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.dropped_javascript import MAKES, dropped, is_constructor
from lint_rules.languages.python.renaming import renamings
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Edit, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
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
_STATEMENT = re.compile(rb"(?:\n|[:;])[ \t]*(?:await[ \t]+)?([\w.]+)(?=[ \t]*[(\r\n#])")
"""A name that begins a statement and is called or stands alone: it is not returned, raised or assigned."""
_LEFT_OUT = {
    "return": "`{name}` makes a response that is not sent; return it",
    "raise": "`{name}` makes an error that is not raised; raise it",
    "throw": "`{name}` makes an error that is not thrown; throw it",
    "call": "`{name}` is named and not called, so that nothing happens; call it",
}


@lru_cache(maxsize=4)
def _makers(data: bytes) -> frozenset[str]:
    """Names for what makes responses or errors that begin a statement of a file, as far as its bytes tell."""
    renamed = renamings(data)
    begun = {name.rpartition(b".")[2].decode(errors="replace") for name in _STATEMENT.findall(b"\n" + data)}
    return frozenset(name for name in begun if _may_make(name) or (name in renamed and _may_make(renamed[name])))


def _may_make(last: str) -> bool:
    return last in _LAST_NAMES or last.endswith(_ENDINGS)


def _may_drop(data: bytes) -> bool:
    return bool(_makers(data))


@RULE.files(WholeFile(MAKES), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for one in dropped(file):
        made = " ".join(text(one.made).split())
        start = one.statement.start_byte
        fix = None
        if one.verb != "call" and not is_constructor(file, one.statement):
            edits = (Edit(file.source.span(start, start), f"{one.verb} "),)
            fix = Fix(f"{one.verb} it", edits, UNSAFE)
        remedy = f"write `{one.verb}` in front of `{made}`, or take the line out"
        if one.verb == "call":
            remedy = f"write `{made}()`"
        message = _LEFT_OUT[one.verb].format(name=made)
        yield RULE.at(file, one.statement, message, remedy, fix=fix)


@RULE.files(WholeFile(_may_drop), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    makers = _makers(file.data)
    for statement in file.nodes("expression_statement") if makers else ():
        value = statement.named_child(0) if statement.named_child_count else None  # of `jsonify(...), 400` the first
        while value is not None and value.type in ("await", "parenthesized_expression"):
            value = value.named_child(0) if value.named_child_count else None
        made = value.child_by_field_name("function") if value is not None and value.type == "call" else value
        if value is None or made is None or made.type not in ("identifier", "attribute"):
            continue
        if text(made).rpartition(".")[2] not in makers:
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
