"""Which calls give a promise: those of async functions, of functions that return one, of libraries; chains.

`promised` answers for one call. It does not guess: where nothing in the project and no table says that a call gives a
promise, the answer is None.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    first_named,
    named,
    text,
)
from lint_rules.languages.javascript.library import js_name, js_name_table
from lint_rules.languages.javascript.rejection import may_reject
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.languages.javascript.usage import CHAINS
from lint_rules.languages.tables import TableRow, read_table
from lint_rules.project.node_names import GLOBAL
from lint_rules.project.symbols import Reference, Symbols

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

TABLE = Path(__file__).parent / "promises.toml"

PROMISES = js_name_table(TABLE, "promise")
TWINS = js_name_table(TABLE, "twin")
_BUILDERS = tuple(f"{js_name(name)}." for name in read_table(TABLE)["builders"]["classes"])
_CALLBACKS = frozenset(read_table(TABLE)["builders"]["callbacks"])
_MAX_HOPS = 8
_MAX_CHAIN = 40


class Promised(Struct, frozen=True):
    """Why a call gives a promise: a row of the table, a function of the project, or the form of the call.

    `is_sure`: it always does. `is_settled`: whatever it rejects with is looked after where it comes from, or it never
    rejects. `is_lazy`: nothing happens until somebody waits for it.
    """

    row: TableRow | None = None
    function: Reference | None = None
    is_sure: bool = True
    is_settled: bool = False
    is_lazy: bool = False


def promised(call: Node, file: JavaScriptFile) -> Promised | None:
    """What makes a call (or `new`) give a promise, None if nothing says that it does."""
    function = callee(call)
    if function is None:
        return None
    function = bare(function)
    if call.type == "new_expression":
        is_promise = text(function) == "Promise" and file.canonical(function) == f"{GLOBAL}.Promise"
        return Promised() if is_promise else None
    if function.type in FUNCTION_LITERALS:
        scope = file.scopes.of(function)
        if scope is None or not scope.is_async or scope.is_generator:
            return None
        return Promised(is_settled=not may_reject(scope, file.scopes, is_safe=lambda one: never_rejects(one, file)))
    chained = _chained(call, function, file)
    if chained is not None:
        return chained
    own = file.function(function)
    if own is not None:
        return _by_function(own, call, file)
    if _is_promise_parameter(function, file) or _is_next_in_line(function, file):
        return Promised()
    return _by_table(call, function, file)


def never_rejects(call: Node, file: JavaScriptFile) -> bool:
    """Whether a call gives the promise of a project function in which a `catch` is around all that can fail."""
    function = callee(call) if call.type == "call_expression" else None
    known = promised(call, file) if function is not None and bare(function).type not in FUNCTION_LITERALS else None
    return known is not None and known.function is not None and known.row is None and known.is_settled


def _chained(call: Node, function: Node, file: JavaScriptFile) -> Promised | None:
    """`p.then(f)`, `p.catch(f)`, `p.finally(f)`: promises wherever a function is given."""
    last = function.child_by_field_name("property") if function.type == "member_expression" else None
    method = text(last) if last is not None else ""
    if method not in CHAINS:
        return None
    given = [one for one in arguments(call) if one.type not in ("null", "undefined") and text(one) != "undefined"]
    receiver = function.child_by_field_name("object")
    if receiver is None or not given:
        return None
    takes_errors = method == "then" and len(arguments(call)) > 1 and arguments(call)[1] in given
    if takes_errors or (method == "catch" and given):
        return Promised(is_settled=True)
    inner = bare(receiver)
    before = promised(inner, file) if inner.type in ("call_expression", "new_expression") else None
    if before is not None:
        return Promised(before.row, before.function, before.is_sure, _is_settled_before(inner, before))
    takes_function = any(bare(one).type in FUNCTION_LITERALS or file.function(one) is not None for one in given)
    return Promised(is_sure=False, is_settled=_hides_settling(inner)) if takes_function else None


def _is_settled_before(receiver: Node, before: Promised) -> bool:
    """Whether a chain looks after errors before its last link: `load().catch(report).then(next)`."""
    return before.is_settled and receiver.type == "call_expression"


def _hides_settling(receiver: Node) -> bool:
    """Whether a chain that hangs on something unknown has a `catch` in it."""
    current: Node | None = receiver
    for _ in range(_MAX_CHAIN):
        if current is None:
            return False
        if current.type == "call_expression":
            current = callee(current)
        elif current.type == "member_expression":
            last = current.child_by_field_name("property")
            if last is not None and text(last) == "catch":
                return True
            current = current.child_by_field_name("object")
        else:
            return False
    return False


def _by_function(own: Reference, call: Node, file: JavaScriptFile) -> Promised | None:
    function = own.function
    if function.is_generator or function.is_wrapped:
        return None
    if has_callback(call, file) and (not function.is_async or _takes_callback(own)):
        return None
    row = None if function.is_async or function.gives_promise else _row_behind(own, file.symbols)
    if not (function.is_async or function.gives_promise or row is not None):
        return None
    is_settled = not function.risks if row is None else "drop" in row.values
    scope = own_scope(own, file)
    if scope is not None and row is None:
        is_settled = not may_reject(scope, file.scopes)
    return Promised(row, own, function.is_async or function.gives_promise, is_settled, is_lazy(row))


def _takes_callback(own: Reference) -> bool:
    """Whether an async function is told what to call with its outcome, errors included."""
    last = own.function.parameters[-1] if own.function.parameters else ""
    return last in _CALLBACKS or last.lower().endswith(("cb", "callback"))


def own_scope(own: Reference, file: JavaScriptFile) -> Scope | None:
    """The scope of a function of the project, if it is defined in this file."""
    if own.module.module != file.module:
        return None
    return file.function_scope(own.name)


def _row_behind(own: Reference, symbols: Symbols) -> TableRow | None:
    """The row for what a function gives that returns another call's value, followed over functions of the project.

    A function that hands on to an async one is found too; it gives a row without columns.
    """
    current = own
    for _ in range(_MAX_HOPS):
        function = current.function
        if function.is_generator or (function.parameters and function.parameters[-1] in _CALLBACKS):
            return None
        if function.is_async or function.gives_promise:
            return _OWN
        if function.is_partial or not function.returns.endswith("()"):
            return None
        called = function.returns[:-2]
        following = symbols.function(called)
        if following is None:
            name = symbols.canonical(called)
            row = PROMISES.match(name, symbols.types)
            if row is None or "since" in row.values or (row.get("of_instances") and _is_of_class(called)):
                return None
            return row
        if following.name == current.name:
            return None
        current = following
    return None


_OWN = TableRow((), {})


def _by_table(call: Node, function: Node, file: JavaScriptFile) -> Promised | None:
    symbol = file.names.symbol(function)
    if not symbol or "<parameter>" in symbol:
        return None
    name = file.resolve(symbol)
    row = PROMISES.match(name, file.types)
    if row is None or not _applies(row, call, file) or (row.get("of_instances") and _is_called_on_class(function)):
        return None
    if _is_method_of_own(function) and name.count(".") == 1:
        return None  # `this.once(...)` in a class that extends what the module `events` is, not its function `once`
    lazy = is_lazy(row)
    if lazy and (_adds_to_builder(name, function) or _is_of_result(function, file)):
        return None
    return Promised(row, None, True, row.get("drop", "") != "", lazy)


def _is_method_of_own(function: Node) -> bool:
    """`this.once`, `super.once`"""
    owner = function.child_by_field_name("object")
    return owner is not None and owner.type in ("this", "super")


def _is_called_on_class(function: Node) -> bool:
    """`Response.json`, `NextResponse.json`, but not `response.json`."""
    owner = function.child_by_field_name("object")
    last = owner.child_by_field_name("property") or owner if owner is not None else None
    return last is not None and last.type in ("identifier", "property_identifier") and text(last)[:1].isupper()


def _is_of_class(symbol: str) -> bool:
    """Whether a symbol names a member of a class and not of an object: `globalThis.Response.json`.

    What a parameter is annotated with looks the same; here, where only the facts are known, that is no promise either.
    """
    owner = symbol.rpartition(".")[0].rpartition(".")[2]
    return owner[:1].isupper() and not owner.endswith(")")


def is_lazy(row: TableRow | None) -> bool:
    """Whether nothing happens until somebody waits for it."""
    return row is not None and bool(row.get("lazy", False))


def _applies(row: TableRow, call: Node, file: JavaScriptFile) -> bool:
    """Whether what a row says of a call holds in this version and with these arguments."""
    if row.get("callback") == "last" and has_callback(call, file):
        return False
    for package, since in row.get("since", {}).items():
        major = file.package.major_of(package) if file.package is not None else None
        if major is not None and major < int(since):
            return False
    if any(written.encode() in file.data for written in row.get("unless_written", ())):
        return False
    for place, value in row.get("unless", {}).items():
        position, _, member = place.partition(".")
        given = arguments(call)
        if value == "new" and len(given) > int(position) and bare(given[int(position)]).type == "new_expression":
            return False
        if len(given) > int(position) and _member_is(given[int(position)], member, str(value)):
            return False
    return True


def _member_is(value: Node, member: str, wanted: str) -> bool:
    for pair in named(value):
        key, inner = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and inner is not None and text(key) == member:
            return text(inner).strip("\"'") == wanted.lower()
    return False


def _adds_to_builder(name: str, function: Node) -> bool:
    """`query.where(...)` on a query that a variable holds, which is sent later."""
    if not name.startswith(_BUILDERS):
        return False
    current: Node | None = function
    for _ in range(_MAX_CHAIN):
        receiver = current.child_by_field_name("object") if current is not None else None
        if receiver is None:
            return False
        receiver = bare(receiver)
        if receiver.type == "call_expression":
            current = callee(receiver)
            if current is None or current.type != "member_expression":
                return False
        else:
            return receiver.type in ("identifier", "member_expression", "this") and not text(receiver)[:1].isupper()
    return False


def _is_of_result(function: Node, file: JavaScriptFile) -> bool:
    """Whether a method is one of what a query gave, not of the query: `(await query).map(...)`, `rows.map(...)`."""
    current: Node | None = function
    for _ in range(_MAX_CHAIN):
        if current is None or current.type == "await_expression":
            return current is not None
        if current.type == "identifier":
            value = file.names.only_value(text(current), current.start_byte)
            return value is not None and bare(value).type == "await_expression"
        inner = callee(current) if current.type in CALL_KINDS else current.child_by_field_name("object")
        current = bare(inner) if inner is not None else None
    return False


def has_callback(call: Node, file: JavaScriptFile) -> bool:
    """Whether the last argument of a call is a function, by its form or by what it is called."""
    given = arguments(call)
    if not given:
        return False
    last = bare(given[-1])
    if last.type in FUNCTION_LITERALS:
        return True
    if last.type == "identifier" and text(last) in _CALLBACKS:
        return True
    if last.type == "member_expression":
        own = last.child_by_field_name("property")
        if own is not None and text(own) in _CALLBACKS:
            return True
    return last.type in ("identifier", "member_expression") and file.function(last) is not None


def _is_promise_parameter(function: Node, file: JavaScriptFile) -> bool:
    """A parameter or variable that is typed as a function which returns a promise: `save: () => Promise<void>`."""
    if function.type != "identifier":
        return False
    found = file.scopes.binding(text(function), function.start_byte)
    annotation = found[1][0].annotation if found is not None else None
    if annotation is None or found is None or found[1][0].path:
        return False
    typed = first_named(annotation)
    while typed is not None and typed.type == "parenthesized_type":
        typed = first_named(typed)
    result = typed.child_by_field_name("return_type") if typed is not None and typed.type == "function_type" else None
    return result is not None and text(result).startswith("Promise<")


def _is_next_in_line(function: Node, file: JavaScriptFile) -> bool:
    """Whether a name is the parameter by which a handler runs the ones behind it, where that gives a promise (Koa)."""
    found = file.scopes.binding(text(function), function.start_byte) if function.type == "identifier" else None
    if found is None or found[0].kind != FUNCTION or len(found[1]) != 1 or found[1][0].kind != "parameter":
        return False
    handler = file.handler(found[0])
    if handler is None or not handler.framework["next_gives_promise"] or "next" not in handler.roles:
        return False
    parameters = found[0].node.child_by_field_name("parameters")
    given = named(parameters)
    position = handler.roles.index("next")
    if position >= len(given):
        return False
    return text(given[position].child_by_field_name("pattern") or given[position]) == text(function)


def shown_call(call: Node, file: JavaScriptFile) -> str:
    """A call in a few words for a message: `save` for `save(order)`; of a chain the call that it begins with."""
    function = callee(call)
    for _ in range(_MAX_CHAIN):
        if function is None:
            break
        function = bare(function)
        last = function.child_by_field_name("property") if function.type == "member_expression" else None
        receiver = function.child_by_field_name("object")
        if last is None or text(last) not in CHAINS or receiver is None or bare(receiver).type != "call_expression":
            break
        function = callee(bare(receiver))
    if function is None or function.type in FUNCTION_LITERALS or function.type == "import":
        return "this async function" if function is not None and function.type in FUNCTION_LITERALS else "this call"
    shown = " ".join(text(function).split())
    if shown == "Promise":
        shown = "new Promise"
    if len(shown) > _MAX_SHOWN or "\n" in text(function):
        last = function.child_by_field_name("property")
        shown = text(last) if last is not None else shown[:_MAX_SHOWN]
    return f"`{shown}`"


_MAX_SHOWN = 60


__all__ = ["PROMISES", "TWINS", "Promised", "has_callback", "own_scope", "promised", "shown_call"]
