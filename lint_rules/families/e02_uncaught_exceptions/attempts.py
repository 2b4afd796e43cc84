"""What a `try` attempts: only to convert a value, to ask how things are, to clean up, or to do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, calls_in, last_name, lies_in
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.reporting import is_log
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.wording import first_word, last_word, words

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_CLEANUP = {key: frozenset(names) for key, names in read_table(TABLE)["cleanup"].items()}
_CONVERTED = {key: frozenset(names) for key, names in read_table(TABLE)["converts_by_name"].items()}
_PROBED = {key: frozenset(names) for key, names in read_table(TABLE)["probes_by_name"].items()}
_ANSWERS = frozenset(read_table(TABLE)["special"]["answers"])
_SENDS = frozenset(read_table(TABLE)["special"]["sends"])
_CONVERTS = name_table(TABLE, "converts")
_PROBES = name_table(TABLE, "probes")

_ACTIONS = frozenset({"await", "with_statement", "yield", "import_statement", "import_from_statement"})
_LOOK_UPS = frozenset({"if_statement", "pass_statement", "return_statement"})
_NO_LOOK_UP = frozenset({"call", "await", "for_statement", "with_statement", "yield"})


def only_converts(handler: ExceptClause) -> bool:
    """All that is tried is to convert or look into values that are already there."""
    if any(node.type in _ACTIONS and not _reads_body(node) for node in handler.attempts):
        return False
    calls = [call for call in calls_in(handler.attempts) if not answers(call)]
    return bool(calls) and all(converts(call, handler.file) for call in calls)


def only_looks_up(handler: ExceptClause) -> bool:
    """Nothing is called in the `try`, and the handler gives another value: a missing key or attribute."""
    if any(node.type in _NO_LOOK_UP for node in handler.attempts if not _gets(node)):
        return False
    if handler.does_nothing and _only_fills_in(handler):
        return True
    firsts = [first_named(node) for node in handler.statements if node.type == "expression_statement"]
    return any(node is not None and node.type == "assignment" for node in firsts) or any(
        node.type == "return_statement" for node in handler.statements
    )


def _only_fills_in(handler: ExceptClause) -> bool:
    """Whether all that is tried is to give names what other things hold: `region = metadata["region"]`."""
    statements = [node for node in handler.attempts if node.type.endswith("_statement")]
    firsts = [first_named(node) for node in statements if node.type not in _LOOK_UPS]
    return all(first is not None and first.type == "assignment" for first in firsts)


def _gets(node: Node) -> bool:
    """`headers.get("X-Region")`: a look-up in what is a mapping by its name, or by the look-up before it."""
    if node.type != "call" or last_name(called(node)) != "get":
        return False
    receiver = called(node).child_by_field_name("object")
    return receiver is not None and (
        receiver.type == "subscript" or not _CONVERTED["mappings"].isdisjoint(words(last_name(receiver)))
    )


def only_probes(handler: ExceptClause) -> bool:
    """Like `only_asks`, of what asks by what it is, whatever else its name says."""
    if any(node.type in _ACTIONS for node in handler.attempts):
        return False
    calls = calls_in(handler.attempts)
    return bool(calls) and all(
        last_name(call) in _PROBED["plain"] or _is_probe(call, handler.file) or converts(call, handler.file)
        for call in calls
    )


def only_asks(handler: ExceptClause) -> bool:
    """All that is tried fails or not by how things are: `asyncio.get_running_loop()`, `path.stat()`."""
    calls = calls_in(handler.attempts)
    return bool(calls) and all(_probes(call, handler.file) or converts(call, handler.file) for call in calls)


def only_cleans_up(handler: ExceptClause) -> bool:
    """All that is tried are last calls of things: `connection.close()`."""
    file = handler.file
    calls = [call for call in calls_in(handler.attempts) if not is_log(call, file) and not _is_probe(call, file)]
    outermost = [call for call in calls if not any(call.id != other.id and lies_in(call, other) for other in calls)]
    return bool(outermost) and all(_gives_up(call, file) for call in outermost)


def only_logs(handler: ExceptClause) -> bool:
    """All that is tried is to say something: no more can be said about a log that cannot be written."""
    calls = calls_in(handler.attempts)
    says = all(is_log(call, handler.file) or converts(call, handler.file) for call in calls)
    return says and any(is_log(call, handler.file) for call in calls) and not _binds(handler)


def _binds(handler: ExceptClause) -> bool:
    return any(node.type in ("assignment", "augmented_assignment") for node in handler.attempts)


def only_sends(handler: ExceptClause) -> bool:
    """All that is tried is to send to the other side: `writer.write(data)`, `await writer.drain()`."""
    calls = [call for call in calls_in(handler.attempts) if not converts(call, handler.file)]
    return bool(calls) and all(last_name(call) in _SENDS for call in calls)


def closes(call: Node) -> bool:
    """Whether a call gives up what it is called on: `self.close(1001)`, `await self._on_close()`."""
    name = last_name(call)
    return first_word(name, aside=frozenset({"on"})) in _CLEANUP["functions"]


def acts(handler: ExceptClause) -> bool:
    """Whether what is tried is done for its effect: a call whose value nobody takes, and nothing is returned."""
    if any(node.type == "return_statement" and node.named_child_count for node in handler.attempts):
        return False
    return any(not converts(call, handler.file) and not is_log(call, handler.file) for call in effects(handler))


def effects(handler: ExceptClause) -> list[Node]:
    """The calls tried whose values nobody takes."""
    firsts = [first_named(node) for node in handler.attempts if node.type == "expression_statement"]
    calls = [first_named(node) if node is not None and node.type == "await" else node for node in firsts]
    return [call for call in calls if call is not None and call.type == "call"]


def is_cleanup(name: str) -> bool:
    """Whether a function is there to give something up: `close`, `close_connection`, but not `close_account`."""
    return first_word(name) in _CLEANUP["functions"] and words(name) <= _CLEANUP["functions"] | _CLEANUP["things"]


def converts(call: Node, file: PythonFile) -> bool:
    """Whether a call makes one value of another and does nothing else."""
    function = called(call)
    own = last_name(function)
    if (first_word(own) in _CONVERTED["first"] or "_to_" in own) and _CONVERTED["but"].isdisjoint(words(own)):
        return True
    if own in _CONVERTED["awaited"] and (own == "json" or (call.parent is not None and call.parent.type == "await")):
        return True
    name = file.canonical(function)
    owner, _, member = name.rpartition(".")
    if owner == "builtins":
        return member in _CONVERTED["builtins"]
    converter = name.partition("()")[0]  # a method of what a conversion gave is one too
    if owner.startswith("builtins.") or _CONVERTS.match(converter, file.types) is not None:
        return True
    receiver = function.child_by_field_name("object")
    if receiver is not None and receiver.type == "identifier" and own in _CONVERTED["collecting"]:
        return file.function(function) is None
    if receiver is None or (owner and not owner.endswith(")") and not _is_any_text(call, owner)):
        return False  # a function, or a method of something known
    return own in _CONVERTED["names"] or (
        own == "get" and receiver.type == "call" and last_name(receiver) in _CONVERTED["awaited"]
    )


def _is_any_text(call: Node, owner: str) -> bool:
    """`name.replace(":", "-")` of a parameter: a file has no `replace` that takes two."""
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_child_count if arguments is not None else 0
    return owner.rpartition(".")[2].startswith("<parameter>") and last_name(call) == "replace" and given > 1


def answers(call: Node) -> bool:
    """Whether it makes the answer to a request: `JSONResponse({"ok": False})`, `render(request, "failed.html")`."""
    name = last_name(call)
    return not _ANSWERS.isdisjoint((first_word(name), last_word(name)))


def is_empty(call: Node) -> bool:
    """`dict()`, `Settings()`: nothing, or a default, written as a call."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.named_children:
        return False
    name = last_name(call)
    return name in _CONVERTED["builtins"] or name in ("cls", "defaultdict") or name.lstrip("_")[:1].isupper()


def _gives_up(call: Node, file: PythonFile) -> bool:
    name = last_name(call)
    if _CLEANUP["calls"].intersection((file.canonical(called(call)),)):
        return True
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    verbs = _CLEANUP["verbs"]
    if all(argument.type in ("keyword_argument", "comment") for argument in given):
        verbs = verbs | _CLEANUP["alone"]
    ways = _CLEANUP["ways"]
    return first_word(name, aside=ways) in verbs and words(name) <= verbs | ways | _CLEANUP["things"]


def _reads_body(node: Node) -> bool:
    return node.type == "await" and last_name(node) in _CONVERTED["awaited"]


def _probes(call: Node, file: PythonFile) -> bool:
    name = last_name(call)
    receiver = called(call).child_by_field_name("object")
    if receiver is not None and last_name(receiver) in _PROBED["pipes"]:
        return True  # what reads there may have ended, which is seen elsewhere
    if name in _PROBED["names"] or first_word(name) in _PROBED["first"]:
        return True
    return _is_probe(call, file)


def _is_probe(call: Node, file: PythonFile) -> bool:
    return _PROBES.match(file.canonical(called(call)), file.types) is not None
