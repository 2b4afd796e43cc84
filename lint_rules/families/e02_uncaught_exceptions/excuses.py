"""Why a handler may swallow an error: a reason in words, a name that promises it, cleaning up, another way taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.attempts import (
    answers,
    closes,
    effects,
    is_cleanup,
    is_empty,
    only_asks_version,
    only_cleans_up,
    only_converts,
    only_imports,
    only_logs,
    only_looks_up,
    only_probes,
    only_sends,
    stands_in_conversion,
)
from lint_rules.families.e02_uncaught_exceptions.reasons import (
    TABLE,
    comments,
    docstring_promises,
    gives_reason,
    is_acknowledged,
    twin_gives_reason,
)
from lint_rules.families.e02_uncaught_exceptions.told import ends_a_wait, falls_back_next, waits_for_it, was_told
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, calls_in, last_name, lies_in
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.reporting import is_log
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import read_table
from lint_rules.languages.wording import first_word, words

_WORDS = {key: frozenset(names) for key, names in read_table(TABLE)["words"].items()}
_SPECIAL = {key: frozenset(names) for key, names in read_table(TABLE)["special"].items()}
_OUT = frozenset({"return_statement", "break_statement"})
_LEAVES = _OUT | {"continue_statement"}
_LOOPS = frozenset({"for_statement", "while_statement"})
_DEFINITIONS = frozenset({"function_definition", "lambda", "class_definition"})
_PIPES = frozenset({"stdout", "stderr"})
_CONSTANTS = frozenset({"none", "true", "false", "integer", "float", "string"})
_TWO = 2
_TAKEN = frozenset({"identifier", "attribute", "subscript"})
_IN_USE = frozenset({"in", "use"})


def is_excused(handler: ExceptClause) -> bool:
    """Whether something speaks for it that the handler swallows what it catches."""
    return any(holds(handler) for holds in _EXCUSES)


def is_over_at_once(handler: ExceptClause) -> bool:
    """Whether taking even `KeyboardInterrupt` is no mistake: it was meant so, or what is tried takes no time.

    That is a last call alone, a question, an import, or a conversion of which it is said that it may fail.
    """
    if len(handler.tried.named_children) == 1 and handler.does_nothing and only_cleans_up(handler):
        return True
    if any(map(is_acknowledged, comments(handler))) or _is_on_the_way_out(handler):
        return True
    if only_converts(handler):
        reasons = (_answers_a_question, gives_reason, docstring_promises, _is_named_for_it)
        return any(holds(handler) for holds in reasons)
    if handler.names_failure and gives_reason(handler):
        return True
    return only_probes(handler) or only_imports(handler)


def _is_on_the_way_out(handler: ExceptClause) -> bool:
    """It stands in a handler that raises what it has caught in its last statement, so nothing is kept from ending."""
    outer = next((one for one in handler.file.enclosing(handler.clause) if one.type == "except_clause"), None)
    around = ExceptClause(outer, handler.file) if outer is not None else None
    return around is not None and bool(around.statements) and around.statements[-1].type == "raise_statement"


def _needs_a_package(handler: ExceptClause) -> bool:
    """What is tried needs a package that may not be there: it is imported on the spot."""
    first = next(iter(handler.tried.named_children), handler.tried)
    chosen = own_nodes(first) if first.type == "if_statement" else ()  # one package or another
    imports = [node for node in (*handler.tried.named_children, *chosen) if node.type.startswith("import_")]
    if not calls_in(handler.attempts):
        return bool(imports)
    return any(not handler.file.imports_own(statement) for statement in imports)


def _handles_another(handler: ExceptClause) -> bool:
    """It stands where an error is being handled already, or where things are cleaned up on the way out."""
    for outer in handler.file.enclosing(handler.clause):
        if outer.type in ("except_clause", "finally_clause"):
            return True
        if outer.type in ("function_definition", "lambda"):
            return False
    return False


def _goes_on_to_fail(handler: ExceptClause) -> bool:
    """What follows is for failure: success has left in the `try` or in `else`, and other calls or a raise come next."""
    if _has(handler.own, _OUT):
        return False
    succeeds = next((child for child in handler.try_statement.named_children if child.type == "else_clause"), None)
    passes = handler.does_nothing and not _has(handler.statements, _LEAVES)
    if succeeds is not None and (passes or _has(own_nodes(succeeds), _LEAVES)):
        return True
    last = handler.tried.named_children[-1] if handler.tried.named_children else handler.tried
    has_left = _has((last, *own_nodes(last)), _LEAVES)
    for outer in (handler.try_statement, *handler.file.enclosing(handler.try_statement)):
        if outer.type in _DEFINITIONS:
            break
        if has_left and outer.type in _LOOPS:
            return True  # the next candidate is tried
        following = _next_statement(outer) if outer.type.endswith("_statement") else None
        if following is not None:
            ahead = [following, *own_nodes(following)]
            if _has(ahead, frozenset({"raise_statement"})):
                return True
            if has_left and not _has(handler.own, _LEAVES):
                return any(not is_empty(call) for call in calls_in(ahead))
    return False


def _next_statement(node: Node) -> Node | None:
    following = node.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following if following is not None and not following.type.endswith("_clause") else None


def _tries_the_next(handler: ExceptClause) -> bool:
    """It goes on with the next candidate of a loop, which is left with the first that does."""
    if not handler.does_nothing or _has(handler.statements, _OUT):
        return False
    following = _next_statement(handler.try_statement)
    while following is not None and following.type not in _OUT:
        following = _next_statement(following)
    loop = next((outer for outer in handler.file.enclosing(handler.try_statement) if outer.type != "block"), None)
    return following is not None and loop is not None and loop.type == "for_statement"


def _has(nodes: Iterable[Node], kinds: frozenset[str]) -> bool:
    return any(node.type in kinds for node in nodes)


def _is_named_for_it(handler: ExceptClause) -> bool:
    """A function around it is named for not failing, for telling of failures, or for cleaning up."""
    function = handler.file.enclosing_function(handler.clause)
    bound = function.bindings if function is not None else {}
    if any(bound[name][0].kind == "parameter" for name in _SPECIAL["parameters"] if name in bound):
        return True
    promising = _WORDS["quiet"] | _WORDS["telling_of_failure"]
    return any(
        not _SPECIAL["methods"].isdisjoint((name, name.lstrip("_")))
        or is_cleanup(name)
        or not promising.isdisjoint(words(name))
        for name in _function_names(handler)
    )


def _function_names(handler: ExceptClause) -> Iterator[str]:
    scope = handler.file.enclosing_function(handler.clause)
    while scope is not None:
        yield scope.name.rpartition(".")[2]
        scope = scope.parent.function if scope.parent is not None else None


def _answers_a_question(handler: ExceptClause) -> bool:
    """`def is_alive(): ... except Exception: return False`, or `is_supported = True` at the end of the `try`."""
    tried = handler.tried.named_children
    last = tried[-1] if tried else None
    if last is not None and last.type == "if_statement":  # `if self.is_mine(name): is_mine = True`
        chosen = last.child_by_field_name("consequence")
        last = chosen.named_children[-1] if chosen is not None and chosen.named_children else None
    elif len(tried) == 1:
        last = None
    last = first_named(last) if last is not None else None
    flag = last.child_by_field_name("left") if last is not None and last.type == "assignment" else None
    value = last.child_by_field_name("right") if last is not None and last.type == "assignment" else None
    if flag is not None and value is not None and value.type == "true" and _asks(last_name(flag).removeprefix("ok")):
        return True
    flags = [node.child_by_field_name("left") for node in handler.own if _is_denied(node)]
    if any(flag is not None and _asks(last_name(flag).removeprefix("ok")) for flag in flags):
        return True
    name = next(_function_names(handler), "")
    if first_word(name) in _WORDS["verdict"] and not _asks(name):
        return any(node.type == "return_statement" and text(node) == "return False" for node in handler.statements)
    return _asks(name) and all(_gives_constant(node) for node in handler.statements)


def _is_denied(node: Node) -> bool:
    """`self.is_supported = False`."""
    value = node.child_by_field_name("right") if node.type == "assignment" else None
    return value is not None and value.type == "false"


def _asks(name: str) -> bool:
    own = words(name)
    return first_word(name) in _WORDS["question"] or not _WORDS["asking"].isdisjoint(own) or own >= _IN_USE


def _gives_constant(statement: Node) -> bool:
    """Whether a statement gives an answer that is spelled out: `return False`, `return {"status": "down"}, 503`."""
    if statement.type == "return_statement":
        value = first_named(statement)
        if value is None or value.type in _CONSTANTS:
            return True
        first = first_named(value) if value.type in ("expression_list", "tuple") else value
        if first is None or first.type not in ("call", "dictionary"):
            return False
        parts = list(own_nodes(statement))
        return all(map(answers, calls_in(parts))) and (first.type == "call" or not _has(parts, _TAKEN))
    return statement.type in ("pass_statement", "continue_statement", "break_statement", "expression_statement")


def _is_optional(handler: ExceptClause) -> bool:
    """Telemetry and the like, which must not disturb the work proper."""
    _, *modules = handler.file.module.split(".")
    if any(_says_optional(name) for name in (*_function_names(handler), *modules)):
        return True
    done = [call for call in effects(handler) if not is_log(call, handler.file)]
    tried = [last_name(call) for call in done or calls_in(handler.attempts)]
    return all(map(_says_optional, tried)) if done else any(map(_says_optional, tried))


def _says_optional(name: str) -> bool:
    """`send_telemetry`, `get_latest_version`: whether there is something newer is only asked to say so."""
    own = words(name)
    asks = first_word(name) in _WORDS["looking"] and "version" in own and not _WORDS["newer"].isdisjoint(own)
    return asks or not _WORDS["optional"].isdisjoint(own)


def _hangs_up(handler: ExceptClause) -> bool:
    """The other side cannot be reached any more, and the connection to it is closed."""
    return only_sends(handler) and any(map(closes, handler.calls))


def _takes_another_way(handler: ExceptClause) -> bool:
    """It gets the value by another call, or makes the same call in another way."""
    tried = {text(called(call)) for call in calls_in(handler.attempts)}
    if _answers_otherwise(handler, tried) or _imports_another(handler):
        return True
    made = [call for call in handler.calls if not (is_log(call, handler.file) or answers(call))]
    if any(text(called(call)) in tried for call in made):
        return True
    wanted = {text(node) for node in handler.attempts if node.type in ("identifier", "attribute")}
    for node in handler.own:
        target = _target(node)
        if node.type == "return_statement":
            value = first_named(node)
        elif target is not None and text(target) in wanted:
            value = node.child_by_field_name("right")
        else:
            continue
        if value is None:
            continue
        if target is not None and value.type in ("attribute", "subscript"):
            return True
        if any(not is_empty(call) and lies_in(call, value) for call in made):
            return True
    return False


def _answers_otherwise(handler: ExceptClause, tried: set[str]) -> bool:
    """All that is tried is to make an answer, and the same is made of other values: `redirect(self.success_url)`."""
    statements = [*handler.tried.named_children, *handler.statements]
    values = [first_named(one) for one in statements if one.type == "return_statement"]
    if len(statements) != len(values) or len(values) != _TWO or values[1] is None or values[1].type != "call":
        return False
    taken = (node for node in own_nodes(values[1]) if node.type == "attribute" and node.parent != values[1])
    return text(called(values[1])) in tried and any(True for _ in taken)


def _imports_another(handler: ExceptClause) -> bool:
    """What is tried is an import, and the handler imports it from elsewhere."""
    both = (handler.attempts, handler.statements)
    return all(any(node.type.startswith("import_") for node in nodes) for nodes in both)


def _tells_in_words(handler: ExceptClause) -> bool:
    """It gives a text that says so to whoever reads it: `return "not available"`."""
    values = [first_named(node) for node in handler.statements]
    values = [node.child_by_field_name("right") if node is not None and _target(node) else node for node in values]
    said = [text(value) for value in values if value is not None and value.type == "string"]
    return any(not _WORDS["said"].isdisjoint(words(one.lower())) for one in said)


def _says_it_is_expected(handler: ExceptClause) -> bool:
    """It logs that this was to be expected, and where: `log.info("no constraint, expected when using sqlite")`."""
    return any("expected" in text(log).lower().split() for log in handler.logs)


def _tells_the_user(handler: ExceptClause) -> bool:
    """It is part of a command line, and tells who has started it."""
    modules = handler.file.module.split(".")[1:]
    return not _WORDS["commands"].isdisjoint(modules) and any(map(_is_for_the_user, handler.calls))


def _is_for_the_user(call: Node) -> bool:
    if last_name(call) == "write":
        receiver = called(call).child_by_field_name("object")
        return receiver is not None and last_name(receiver) in _PIPES
    return last_name(call) in _WORDS["telling_users"]


def _target(node: Node) -> Node | None:
    """What a statement binds, if it is an assignment."""
    return node.child_by_field_name("left") if node.type == "assignment" else None


_EXCUSES: tuple[Callable[[ExceptClause], bool], ...] = (
    gives_reason,
    _needs_a_package,
    _handles_another,
    _goes_on_to_fail,
    _tries_the_next,
    _is_named_for_it,
    _answers_a_question,
    _is_optional,
    only_cleans_up,
    only_logs,
    _hangs_up,
    lambda handler: handler.names_failure,
    _takes_another_way,
    _tells_in_words,
    _says_it_is_expected,
    _tells_the_user,
    docstring_promises,
    only_converts,
    only_looks_up,
    stands_in_conversion,
    only_probes,
    only_asks_version,
    waits_for_it,
    ends_a_wait,
    falls_back_next,
    twin_gives_reason,
    was_told,
)
