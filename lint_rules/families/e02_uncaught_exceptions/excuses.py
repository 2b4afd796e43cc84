"""Why a handler may swallow an error: a reason in a comment, a name that promises it, cleaning up, another way taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.handlers import TABLE, ExceptClause, first_word, is_log, last_name, words
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_WORDS = {key: frozenset(names) for key, names in read_table(TABLE)["words"].items()}
_CLEANUP = {key: frozenset(names) for key, names in read_table(TABLE)["cleanup"].items()}
_COMMENTS = {key: frozenset(names) for key, names in read_table(TABLE)["comments"].items()}
_CONVERTS = {key: frozenset(names) for key, names in read_table(TABLE)["converts_by_name"].items()}
_CONVERSIONS = name_table(TABLE, "converts")
_PROBES = name_table(TABLE, "probes")
_PROBED = frozenset(name for row in read_table(TABLE)["probes"] for name in row.get("names", ()))
_PROBED_FIRST = frozenset(name for row in read_table(TABLE)["probes"] for name in row.get("first", ()))
_SPECIAL = {key: frozenset(names) for key, names in read_table(TABLE)["special"].items()}

_TOOL_COMMENT = re.compile(r"#+[:!\s]*(?:[a-z][\w-]*|[A-Z]+\d+)(?:\[[^\]]*\])?:")
_LABEL = re.compile(r"#+\s*([A-Za-z]+)")
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_REASON_WORDS = 2
_CONSTANTS = frozenset({"none", "true", "false", "integer", "float", "string"})


def excuse(handler: ExceptClause) -> str:
    """Why the handler may swallow what it catches, "" if nothing speaks for it."""
    return next((name for name, holds in _EXCUSES if holds(handler)), "")


def gives_reason(handler: ExceptClause) -> bool:
    """Whether a comment at the handler says why, or that another linter's check for this was considered."""
    return any(is_reason(comment) or is_acknowledged(comment) for comment in comments(handler))


def comments(handler: ExceptClause) -> Iterator[str]:
    """The comments in the handler, behind it and directly above its `except`."""
    clause, data = handler.clause, handler.file.data
    before = clause.prev_named_sibling
    while before is not None and before.type == "comment":
        before = before.prev_named_sibling
    start = data.find(b"\n", before.end_byte, clause.start_byte) if before is not None else clause.start_byte
    end = data.find(b"\n", clause.end_byte)
    for comment in handler.file.comments_between(max(start, 0), len(data) if end < 0 else end):
        yield text(comment)


def is_acknowledged(comment: str) -> bool:
    """Whether it switches off another linter's check for broad or empty handlers by name."""
    return any(mark in comment for mark in _COMMENTS["acknowledged"])


def is_reason(comment: str) -> bool:
    """Whether it says more than that an error is ignored, and is no directive for a tool."""
    label = _LABEL.match(comment)
    if _TOOL_COMMENT.match(comment) or (label is not None and label[1].lower() in _COMMENTS["labels"]):
        return False
    plain = [word.lower() for word in _PLAIN_WORD.findall(comment)]
    return sum(word not in _COMMENTS["noise"] for word in plain) >= _REASON_WORDS


def _imports(handler: ExceptClause) -> bool:
    """What is tried needs a package that may not be there: it is imported on the spot."""
    statements = [node for node in handler.tried.named_children if node.type.startswith("import_")]
    if not any(node.type == "call" for node in own_nodes(handler.tried)):
        return bool(statements)
    return any(not handler.file.imports_own(statement) for statement in statements)


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
    statement = handler.try_statement
    if statement is None or _leaves(handler.own, _OUT):
        return False
    succeeds = next((child for child in statement.named_children if child.type == "else_clause"), None)
    if succeeds is not None and _leaves(own_nodes(succeeds), _LEAVES):
        return True
    last = handler.tried.named_children[-1]
    has_left = _leaves((last, *own_nodes(last)), _LEAVES)
    for outer in (statement, *handler.file.enclosing(statement)):
        if outer.type in ("function_definition", "lambda", "class_definition"):
            break
        if has_left and outer.type in ("for_statement", "while_statement"):
            return True  # the next candidate is tried
        following = _next_statement(outer) if outer.type.endswith("_statement") else None
        if following is not None:
            ahead = [following, *own_nodes(following)]
            if any(node.type == "raise_statement" for node in ahead):
                return True
            if has_left and not _leaves(handler.own, _LEAVES) and outer.type != "expression_statement":
                return any(node.type == "call" and not _is_empty(node) for node in ahead)
    return False


def _next_statement(node: Node) -> Node | None:
    following = node.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following if following is not None and not following.type.endswith("_clause") else None


def _leaves(nodes: Iterable[Node], how: frozenset[str]) -> bool:
    return any(node.type in how for node in nodes)


_OUT = frozenset({"return_statement", "break_statement"})
_LEAVES = _OUT | {"continue_statement"}


def _name_says_so(handler: ExceptClause) -> bool:
    """A function around it is named for not failing, for telling of failures, or for cleaning up."""
    function = handler.file.enclosing_function(handler.clause)
    if function is not None and any(
        bindings[0].kind == "parameter" for name, bindings in function.bindings.items() if name in _SPECIAL["parameters"]
    ):
        return True
    for scope in _definitions(handler):
        own = scope.rpartition(".")[2]
        parts = words(own)
        first = first_word(own)
        if own in _SPECIAL["methods"] or not parts.isdisjoint(_WORDS["quiet"] | _WORDS["failure"]):
            return True
        if first in _CLEANUP["functions"]:
            return True
    return False


def _definitions(handler: ExceptClause) -> Iterator[str]:
    scope = handler.file.enclosing_function(handler.clause)
    while scope is not None:
        yield scope.name
        scope = scope.parent.function if scope.parent is not None else None


def _asks(handler: ExceptClause) -> bool:
    """It answers a question: `def is_alive(): ... except Exception: return False`, or `found = True` at the end of the try."""
    tried = handler.tried.named_children
    last = tried[-1].named_children[0] if tried and tried[-1].named_children else None
    flag = last.child_by_field_name("right") if last is not None and last.type == "assignment" else None
    if len(tried) > 1 and flag is not None and flag.type == "true":
        return True
    name = next(_definitions(handler), "").rpartition(".")[2]
    first = first_word(name)
    asks = first in _WORDS["question"] or not _WORDS["asking"].isdisjoint(words(name))
    return asks and all(_gives_constant(statement) for statement in handler.statements)


def _gives_constant(statement: Node) -> bool:
    if statement.type in ("pass_statement", "continue_statement", "break_statement"):
        return True
    if statement.type == "return_statement":
        return all(child.type in _CONSTANTS for child in statement.named_children)
    return statement.type == "expression_statement"


def _is_optional(handler: ExceptClause) -> bool:
    """Telemetry and the like, which must not disturb the work proper."""
    optional = _WORDS["optional"]
    names = [*_definitions(handler), handler.file.module.rpartition(".")[2], *handler.file.module.split(".")[1:-1]]
    if any(not optional.isdisjoint(words(name)) for name in names):
        return True
    calls = [node for node in own_nodes(handler.tried) if node.type == "call"]
    return any(not optional.isdisjoint(words(last_name(call))) for call in calls)


def _cleans_up(handler: ExceptClause) -> bool:
    """All that is tried are last calls of things: `connection.close()`."""
    statements = [node for node in handler.tried.named_children if node.type != "comment"]
    calls = [node for statement in statements for node in own_nodes(statement) if node.type == "call"]
    calls = [call for call in calls if not is_log(call, handler.file)]
    outermost = [call for call in calls if not any(_inside(call, other) for other in calls)]
    return bool(outermost) and all(
        first_word(last_name(call)) in _CLEANUP["calls"] for call in outermost
    )


def _inside(inner: Node, outer: Node) -> bool:
    return inner.id != outer.id and outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _takes_another_way(handler: ExceptClause) -> bool:
    """It gets the value by another call, or makes the same call in another way."""
    file = handler.file
    tried = {text(function) for call in own_nodes(handler.tried) if (function := call.child_by_field_name("function"))}
    for statement in handler.statements:
        for node in (statement, *own_nodes(statement)):
            if node.type == "call" and not is_log(node, file):
                function = node.child_by_field_name("function")
                if function is not None and text(function) in tried:
                    return True
            value = node.child_by_field_name("right") if node.type == "assignment" else None
            if node.type == "return_statement":
                value = node.named_children[0] if node.named_children else None
            if value is not None and any(
                inner.type == "call" and not is_log(inner, file) and not _is_empty(inner)
                for inner in (value, *own_nodes(value))
            ):
                return True
    return False


def _is_empty(call: Node) -> bool:
    """`dict()`, `Settings()`: nothing, or a default, written as a call."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None or arguments.named_children:
        return False
    name = last_name(function)
    return name in _CONVERTS["builtins"] or name in ("cls", "defaultdict") or name.lstrip("_")[:1].isupper()


def _only_converts(handler: ExceptClause) -> bool:
    """All that is tried is to convert or look into values that are already there."""
    file = handler.file
    nodes = list(own_nodes(handler.tried))
    if any(node.type in _ACTS and not _reads_body(node) for node in nodes):
        return False
    calls = [node for node in nodes if node.type == "call"]
    return bool(calls) and all(_converts(call, file) for call in calls)


_ACTS = frozenset({"await", "with_statement", "yield", "import_statement", "import_from_statement"})


def _reads_body(node: Node) -> bool:
    return node.type == "await" and last_name(node) in _CONVERTS["awaited"]


def _converts(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    if function is None:
        return False
    called = last_name(function)
    if first_word(called) in _CONVERTS["first"] or "_to_" in called:
        return True
    if function.type == "attribute":
        return called in _CONVERTS["names"] or _CONVERSIONS.match(file.canonical(function), file.types) is not None
    name = file.canonical(function)
    owner, _, own = name.rpartition(".")
    if owner.startswith("builtins.") and own in _CONVERTS["names"]:
        return True
    return (owner == "builtins" and own in _CONVERTS["builtins"]) or _CONVERSIONS.match(name, file.types) is not None


def acts(handler: ExceptClause) -> bool:
    """Whether what is tried is done for its effect: a call whose value nobody takes, and nothing is returned."""
    nodes = list(own_nodes(handler.tried))
    if any(node.type == "return_statement" and node.named_child_count for node in nodes):
        return False
    effects = [first_named(node) for node in nodes if node.type == "expression_statement"]
    calls = [first_named(node) if node is not None and node.type == "await" else node for node in effects]
    return any(call is not None and call.type == "call" and not _converts(call, handler.file) for call in calls)


def asks_how_things_are(handler: ExceptClause) -> bool:
    """All that is tried fails or not by how things are: `asyncio.get_running_loop()`, `path.stat()`."""
    file = handler.file
    calls = [node for node in own_nodes(handler.tried) if node.type == "call"]
    return bool(calls) and all(_is_probe(call, file) or _converts(call, file) for call in calls)


def _is_probe(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    if function is None:
        return False
    name = last_name(function)
    if name in _PROBED or first_word(name) in _PROBED_FIRST:
        return True
    return _PROBES.match(file.canonical(function), file.types) is not None


def _docstring_says_so(handler: ExceptClause) -> bool:
    """The documentation of the function promises that it does not fail, or tells what it does instead."""
    function = handler.file.enclosing_function(handler.clause)
    body = function.node.child_by_field_name("body") if function is not None else None
    first = body.named_children[0] if body is not None and body.named_children else None
    while first is not None and first.type == "expression_statement" and first.named_children:
        first = first.named_children[0]
    return first is not None and first.type == "string" and _PROMISE.search(text(first)) is not None


_PROMISE = re.compile(
    r"(?i)best[- ]effort|never (?:raise|fail|throw)|(?:not|n't) (?:raise|fail|throw)|fall(?:s|ing)?[- ]?back|swallow|suppress"
    r"|silently|(?:do|does|is a) (?:nothing|no-?op)|opportunis|non-fatal|fail[- ](?:safe|open|closed|soft)|(?:errors?|exceptions?|failures?) (?:is|are) (?:ignored|caught)"
    r"|ignor\w+ (?:\w+ ){0,3}(?:errors?|exceptions?|failures?)|(?:on|in case of) (?:\w+ )?(?:error|failure|exception)"
    r"|if (?:[\w'`.]+ ){0,8}(?:fails?|failed|invalid|unavailable|errors?|cannot|can't|couldn't|unable|malformed|unparsable)\b"
)


def _calls_nothing(handler: ExceptClause) -> bool:
    """Nothing is called in the `try`, and the handler gives another value: a missing key or attribute."""
    if any(node.type in ("call", "await", "for_statement", "with_statement") for node in own_nodes(handler.tried)):
        return False
    return any(node.type in ("assignment", "return_statement") for node in handler.statements) or any(
        statement.type == "expression_statement" and statement.named_children[0].type == "assignment"
        for statement in handler.statements
    )


_EXCUSES: tuple[tuple[str, Callable[[ExceptClause], bool]], ...] = (
    ("reason", gives_reason),
    ("imports", _imports),
    ("handles another", _handles_another),
    ("goes on to fail", _goes_on_to_fail),
    ("name", _name_says_so),
    ("asks", _asks),
    ("optional", _is_optional),
    ("cleanup", _cleans_up),
    ("names failure", lambda handler: handler.names_failure),
    ("another way", _takes_another_way),
    ("docstring", _docstring_says_so),
    ("only converts", _only_converts),
    ("calls nothing", _calls_nothing),
)
