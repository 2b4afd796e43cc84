"""Coroutine functions, and uses of what they return that show that somebody forgot to await it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.tasks import TABLE, is_callback, may_be_in, result_is_ignored
from lint_rules.languages.python.grammar import nodes_of_kinds
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.python.usage import Usage, Use, surely_reads, usage_of, usages_of
from lint_rules.languages.tables import name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Reference, Symbols

COROUTINES = name_table(TABLE, "coroutine")
CONSUMERS = name_table(TABLE, "consumer")
RUNNING = name_table(TABLE, "running")
_KEEPING = frozenset(read_table(TABLE)["decorators"]["keep"])
_METHODS = frozenset(name.rpartition(".")[2] for row in read_table(TABLE)["coroutine"] for name in row["calls"])
_PLAIN_FRAMEWORKS = frozenset(read_table(TABLE)["frameworks"]["plain"])

_ANYTHING = frozenset(read_table(TABLE)["annotations"]["anything"])
_COROUTINE_TYPES = frozenset({"typing.Coroutine", "collections.abc.Coroutine"})
_MAX_STEPS = 4
_MIN_CLASS_NAME = 3  # shorter ones are type variables

_MISUSES = frozenset(
    {Use.DROPPED, Use.UNUSED, Use.TESTED, Use.READ, Use.UNPACKED, Use.ITERATED, Use.ENTERED, Use.OPERAND, Use.CALLED}
)
_IMPOSSIBLE = frozenset({Use.READ, Use.UNPACKED, Use.ITERATED, Use.ENTERED, Use.CALLED})
_POINTLESS = frozenset({Use.TESTED, Use.OPERAND})
_OWN_ATTRIBUTES = frozenset({"close", "send", "throw"})


def misuse(call: Node, file: PythonFile) -> Usage | None:
    """The use of a coroutine that shows that it is never awaited, None if it may be, or if the call gives none."""
    usage = usage_of(call, file)
    if usage.use is not Use.BOUND and not _may_be_misuse(usage, file):
        return None
    function = call.child_by_field_name("function")
    if function is None or not is_coroutine_function(function, file):
        return None
    return (usage if _is_misuse(usage, file) else None) if usage.use is not Use.BOUND else _misused_name(call, file)


def _misused_name(call: Node, file: PythonFile) -> Usage | None:
    """The use of the name that a coroutine is bound to which shows that nobody awaits it."""
    usages = usages_of(call, file)
    if any(usage.use is Use.AWAITED and usage.place.type == "await" for usage in usages):
        return None
    proof = next((usage for usage in usages if _is_impossible(usage, call, file)), None)
    is_bound_once = len(file.scopes.at(call.start_byte).bindings.get(usages[0].name, ())) == 1
    if (
        proof is None
        and is_bound_once
        and all(_may_be_misuse(usage, file) and _is_misuse(usage, file) for usage in usages)
    ):
        return usages[0]
    return proof


def _is_impossible(usage: Usage, call: Node, file: PythonFile) -> bool:
    """Whether a name is used as no coroutine can be, where it surely holds one."""
    if usage.read is None or not surely_reads(usage.read, call, file):
        return False
    bound = call.parent
    is_always_one = bound is not None and bound.type == "assignment"  # not `load(key) if key else None`
    return (usage.use in _IMPOSSIBLE or (is_always_one and usage.use in _POINTLESS)) and _is_misuse(usage, file)


def _may_be_misuse(usage: Usage, file: PythonFile) -> bool:
    """A quick look, before it is asked what is called."""
    if usage.use in _MISUSES or is_callback(usage):
        return True
    if usage.use is Use.PASSED:
        function = usage.place.child_by_field_name("function")
        return function is not None and may_be_in(CONSUMERS, function, file)
    if usage.use is Use.AWAITED:
        return usage.place.type in ("with_statement", "for_statement", "for_in_clause")
    if usage.use is not Use.RETURNED or usage.place.type != "return_statement":
        return False
    return _may_answer_with_it(usage.place, file) and (usage.whole or _is_of_handler(usage.place, file))


def _is_of_handler(statement: Node, file: PythonFile) -> bool:
    """Whether a framework takes what is returned; another caller may await what it finds in a collection."""
    return file.handler(file.enclosing_function(statement)) is not None


def _is_misuse(usage: Usage, file: PythonFile) -> bool:
    place = usage.place
    if usage.use is Use.PASSED:
        return _wants_value(usage, file)
    if usage.use is Use.READ:
        attribute = place.child_by_field_name("attribute")
        name = text(attribute) if attribute is not None else ""
        return name not in _OWN_ATTRIBUTES and not name.startswith(("cr_", "__"))
    if usage.use is Use.RETURNED:
        return _is_dropped_by_loop(place, file) if place.type == "lambda" else _answers_with_it(place, file)
    return True


def _is_dropped_by_loop(callback: Node, file: PythonFile) -> bool:
    """Whether an event loop calls a lambda and drops the coroutine that it returns."""
    call = next((outer for outer in file.enclosing(callback) if outer.type == "call"), callback)
    function = call.child_by_field_name("function")
    is_run = function is not None and RUNNING.match(file.canonical(function), file.types) is not None
    return not is_run and result_is_ignored(callback, file)


def _wants_value(usage: Usage, file: PythonFile) -> bool:
    """Whether the called function can do nothing with a coroutine."""
    function = usage.place.child_by_field_name("function")
    row = CONSUMERS.match(file.canonical(function), file.types) if function is not None else None
    return row is not None and (usage.whole or row["takes"] == "items")


def _may_answer_with_it(statement: Node, file: PythonFile) -> bool:
    """Whether the function around has an annotated result, a decorator or a class; others are no handlers."""
    function = file.enclosing_function(statement)
    if function is None or function.kind != FUNCTION:
        return False
    outer = function.node.parent
    is_decorated = outer is not None and outer.type == "decorated_definition"
    promises = function.is_async and function.node.child_by_field_name("return_type") is not None
    return promises or is_decorated or function.owner_class is not None or file.handler(function) is not None


def _answers_with_it(statement: Node, file: PythonFile) -> bool:
    """Whether a handler returns it to its framework, or an async function that promises something else its caller."""
    function = file.enclosing_function(statement)
    if function is None or function.kind != FUNCTION:
        return False
    handler = file.handler(function)
    if handler is not None and handler.kind == "route":
        return function.is_async or handler.framework.name in _PLAIN_FRAMEWORKS
    promised = function.node.child_by_field_name("return_type")
    return function.is_async and promised is not None and not any(
        text(name) in _ANYTHING or len(text(name)) < _MIN_CLASS_NAME
        for name in nodes_of_kinds(promised, ("identifier",))["identifier"]
    )  # fmt: skip


def is_coroutine_function(function: Node, file: PythonFile) -> bool:
    """Whether calling what an expression denotes gives a coroutine."""
    reference = file.function(function)
    if reference is not None:
        is_one = _gives_coroutine(reference, file) and not _is_told_apart(function, file)
        return is_one and not _is_plain_in_subclass(reference, file)
    is_given = "<parameter>" in file.names.symbol(function)
    name = _of_parameter(function, file) if is_given else file.canonical(function)
    return COROUTINES.match(name, file.types) is not None


def _of_parameter(function: Node, file: PythonFile) -> str:
    """The canonical name of a method of what a framework gives a handler: `request.json`, without an annotation."""
    receiver, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or method is None or receiver.type != "identifier":
        return ""
    for scope in file.scopes.at(receiver.start_byte).enclosing():
        bindings = scope.bindings.get(text(receiver))
        if bindings is None:
            continue
        is_given = scope.kind == FUNCTION and len(bindings) == 1 and bindings[0].kind == "parameter"
        given = file.request_data.request_type(scope, text(receiver)) if is_given else ""
        return f"{given}.{text(method)}" if given else ""
    return ""


def may_be_coroutine_function(symbol: str, symbols: Symbols) -> bool:
    """The same for a symbol, without a look at decorators and subclasses."""
    reference = symbols.function(symbol)
    if reference is not None:
        return reference.function.is_async or _hands_on(reference, symbols)
    if "<parameter>" in symbol:
        return symbol.rpartition(".")[2] in _METHODS
    return COROUTINES.match(symbols.canonical(symbol), symbols.types) is not None


def _is_plain_in_subclass(reference: Reference, file: PythonFile) -> bool:
    """Whether a class beside the one that was declared has a plain method of that name, and may be what is there."""
    owner, _, name = reference.function.name.rpartition(".")
    facts = reference.module
    plain = (
        one.rpartition(".")[0]
        for one, known in facts.functions.items()
        if one.endswith(f".{name}") and not known.is_async
    )
    base = f"{facts.module}.{owner}"
    return bool(owner) and any(
        one != owner and one in facts.classes and base in file.symbols.ancestors(f"{facts.module}.{one}")
        for one in plain
    )


def _is_told_apart(function: Node, file: PythonFile) -> bool:
    """Whether the code around asks what the receiver is: `if isinstance(store, AsyncStore)`."""
    receiver, around = function.child_by_field_name("object"), file.enclosing_function(function)
    if receiver is None or around is None:
        return False
    asked = f"isinstance({text(receiver)},".encode()
    return file.data.find(asked, around.start, around.end) >= 0


def _hands_on(reference: Reference, symbols: Symbols, steps: int = 0) -> bool:
    """Whether all that a plain function returns is what a coroutine function gives."""
    facts = reference.function
    if not facts.gives_promise or steps > _MAX_STEPS:
        return False
    function = facts.returns.removesuffix("()")
    other = None if function in _COROUTINE_TYPES or not function else symbols.function(function)
    return function in _COROUTINE_TYPES or (
        other is not None and not other.function.is_generator and not other.function.decorators
        and (other.function.is_async or _hands_on(other, symbols, steps + 1))
    )  # fmt: skip


def _gives_coroutine(reference: Reference, file: PythonFile) -> bool:
    facts = reference.function
    if any(file.symbols.canonical(decorator) not in _KEEPING for decorator in facts.decorators):
        return False
    if not facts.is_async:
        return _hands_on(reference, file.symbols)
    return not facts.is_generator and not _is_overridden(reference, file)


def _is_overridden(reference: Reference, file: PythonFile) -> bool:
    """Whether another definition of the same function, or one in a subclass in this file, is not async."""
    owner, _, method = reference.function.name.rpartition(".")
    own = reference.module.module == file.module
    for scope in file.scopes.functions:
        if scope.is_async or not scope.name.endswith(method):
            continue
        if own and scope.name == reference.function.name:
            return True
        subclass = scope.owner_class if owner else None
        if (
            subclass is not None
            and scope.name == f"{subclass.name}.{method}"
            and f"{reference.module.module}.{owner}" in file.ancestors(subclass)
        ):
            return True
    return False
