"""What a `try` attempts: only to convert a value, to ask how things are, to clean up, or to do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.conversions import CONVERTED, converts, gets, is_refusing
from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, calls_in, last_name, lies_in
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.reporting import is_log
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.wording import first_word, last_word, words

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_CLEANUP = {key: frozenset(names) for key, names in read_table(TABLE)["cleanup"].items()}
_PROBED = {key: frozenset(names) for key, names in read_table(TABLE)["probes_by_name"].items()}
_ANSWERS = frozenset(read_table(TABLE)["special"]["answers"])
_TELLING = frozenset(read_table(TABLE)["words"]["telling_users"])
_SENDS = frozenset(read_table(TABLE)["special"]["sends"])
_PROBED_FILES = tuple(_PROBED["files"])
_OPENS = frozenset({"builtins.open", "pathlib.Path", "pathlib.Path.open", "pathlib.Path.read_text"})
_PROBES = name_table(TABLE, "probes")

_ACTIONS = frozenset({"await", "with_statement", "yield", "import_statement", "import_from_statement"})
_LOOK_UPS = frozenset({"if_statement", "pass_statement", "return_statement", "delete_statement"})
_ASSIGNMENTS = frozenset({"assignment", "augmented_assignment"})
_NO_LOOK_UP = frozenset({"call", "await", "for_statement", "with_statement", "yield"})


def only_converts(handler: ExceptClause) -> bool:
    """All that is tried is to convert or look into values that are already there."""
    if any(node.type in _ACTIONS and not _reads_body(node) for node in handler.attempts):
        return False
    calls = [call for call in calls_in(handler.attempts) if not answers(call)]
    return bool(calls) and all(converts(call, handler.file) for call in calls)


def stands_in_conversion(handler: ExceptClause) -> bool:
    """It gives a constant in a function that converts, by its name, and does nothing else: `_parse_version`."""
    function = handler.file.enclosing_function(handler.clause)
    name = function.name.rpartition(".")[2] if function is not None else ""
    if first_word(name) not in CONVERTED["first"] or not CONVERTED["but"].isdisjoint(words(name)):
        return False
    file = handler.file
    if any(node.type in _ACTIONS for node in handler.attempts) or not handler.does_nothing:
        return False
    calls = calls_in(handler.attempts)
    return bool(calls) and all(converts(call, file) or _is_asked_of_value(call, file) for call in calls)


def _is_asked_of_value(call: Node, file: PythonFile) -> bool:
    """`_VERSION.search(text)`, `node.attribute(name)`: a method of something of which nothing is known."""
    return last_name(call) in CONVERTED["of_patterns"] and file.function(called(call)) is None


def only_looks_up(handler: ExceptClause) -> bool:
    """Nothing is called in the `try`, and the handler gives another value: a missing key or attribute."""
    file = handler.file
    if any(node.type in _NO_LOOK_UP for node in handler.attempts if node.type != "call" or not gets(node, file)):
        return False
    if handler.does_nothing and _only_fills_in(handler):
        return True
    firsts = [first_named(node) for node in handler.statements if node.type == "expression_statement"]
    return any(node is not None and node.type == "assignment" for node in firsts) or any(
        node.type == "return_statement" for node in handler.statements
    )


def _only_fills_in(handler: ExceptClause) -> bool:
    """Whether all that is tried is to give names what other things hold, or to take a key out: `del found[key]`."""
    statements = [node for node in handler.attempts if node.type.endswith("_statement")]
    firsts = [first_named(node) for node in statements if node.type not in _LOOK_UPS]
    return all(first is not None and first.type == "assignment" for first in firsts)


def only_probes(handler: ExceptClause) -> bool:
    """Like `only_asks`, of what asks by what it is, whatever else its name says."""
    file = handler.file
    if any(node.type in _ACTIONS - {"yield"} and not _awaits_probe(node, file) for node in handler.attempts):
        return False
    calls = [call for call in calls_in(handler.attempts) if not (is_log(call, file) or _is_raised(call))]
    if any(last_name(call) == "getsockname" for call in calls):  # the own address, by a socket that sends nothing
        calls = [call for call in calls if last_name(call) not in _PROBED["connecting"]]
    programs = [call for call in calls if _asks_program(call)]
    calls = [call for call in calls if not any(call.id != one.id and lies_in(call, one) for one in programs)]
    return bool(calls) and all(_is_plain_probe(call, file) or converts(call, file) for call in calls)


def _is_raised(call: Node) -> bool:
    """`raise FileNotFoundError(path)`: it was asked, and this is the answer."""
    return call.parent is not None and call.parent.type == "raise_statement"


def _is_plain_probe(call: Node, file: PythonFile) -> bool:
    return last_name(call) in _PROBED["plain"] or _is_probe(call, file) or _hands_over_probe(call, file)


def _awaits_probe(node: Node, file: PythonFile) -> bool:
    """`await loop.getaddrinfo(host, 80)`, `await asyncio.to_thread(os.stat, path)`, `with open("/proc/uptime")`."""
    if node.type == "with_statement":
        header = first_named(node)
        calls = calls_in(list(own_nodes(header))) if header is not None else []
        return bool(calls) and all(_is_probe(call, file) for call in calls)
    inner = first_named(node) if node.type == "await" else None
    return inner is not None and inner.type == "call" and _is_plain_probe(inner, file)


def _hands_over_probe(call: Node, file: PythonFile) -> bool:
    """`loop.run_in_executor(None, socket.getaddrinfo, host, 80)`."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or _PROBED["threads"].isdisjoint(words(last_name(call))):
        return False
    given = [one for one in arguments.named_children if one.type in ("attribute", "identifier")]
    return any(_PROBES.match(file.canonical(one), file.types) is not None for one in given)


def only_imports(handler: ExceptClause) -> bool:
    """Nothing is tried but to import something: `from zoneinfo import ZoneInfo`."""
    return all(node.type.startswith("import_") for node in handler.tried.named_children if node.type != "comment")


def only_asks_version(handler: ExceptClause) -> bool:
    """All that is tried is to find out which version of something there is: `import_module(name).__version__`."""
    asked = (node for node in handler.attempts if node.type in ("identifier", "string"))
    return not effects(handler) and any(text(node).strip("'\"") == "__version__" for node in asked)


def only_asks(handler: ExceptClause) -> bool:
    """All that is tried fails or not by how things are: `asyncio.get_running_loop()`, `path.stat()`."""
    calls = calls_in(handler.attempts)
    return bool(calls) and all(_probes(call, handler.file) or converts(call, handler.file) for call in calls)


def only_cleans_up(handler: ExceptClause) -> bool:
    """All that is tried are last calls of things: `connection.close()`."""
    file = handler.file
    harmless = (is_log, _is_probe, _is_asked)
    calls = [call for call in calls_in(handler.attempts) if not any(holds(call, file) for holds in harmless)]
    outermost = [call for call in calls if not any(call.id != other.id and lies_in(call, other) for other in calls)]
    return bool(outermost) and all(_gives_up(call, file) for call in outermost)


def _is_asked(call: Node, file: PythonFile) -> bool:
    """Whether it stands in the condition of an `if`: whether there is anything to give up."""
    inner, outer = call, call.parent
    while outer is not None and not outer.type.endswith("_statement"):
        inner, outer = outer, outer.parent
    return outer is not None and outer.type == "if_statement" and outer.child_by_field_name("condition") == inner


def only_logs(handler: ExceptClause) -> bool:
    """All that is tried is to say something: no more can be said about a log that cannot be written."""
    calls = calls_in(handler.attempts)
    said = [call for call in calls if is_log(call, handler.file) or last_name(call).lstrip("_") in _TELLING]
    return bool(said) and all(call in said or converts(call, handler.file) for call in calls) and not _binds(handler)


def _binds(handler: ExceptClause) -> bool:
    return any(node.type in _ASSIGNMENTS for node in handler.attempts)


def converts_first(handler: ExceptClause) -> bool:
    """Whether a value is converted on its own and then used: it is the conversion that raises `ValueError`."""
    file = handler.file
    for node in handler.attempts:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.type != "assignment" or target is None or value is None or target.type != "identifier":
            continue
        inside = [one for one in calls_in(handler.attempts) if lies_in(one, value)]
        if any(is_refusing(call, file) for call in inside) and any(
            one.type == "identifier" and text(one) == text(target) and one.start_byte > node.end_byte
            for one in handler.attempts
        ):
            return True
    return False


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
    is_named = first_word(name) in _CLEANUP["functions"] or last_word(name) in _CLEANUP["nouns"]
    return is_named and words(name) <= _CLEANUP["functions"] | _CLEANUP["things"]


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
    return name in CONVERTED["builtins"] or name in ("cls", "defaultdict") or name.lstrip("_")[:1].isupper()


def _gives_up(call: Node, file: PythonFile) -> bool:
    name = last_name(call)
    if name.replace("_", "").lower() in _CLEANUP["joined"]:
        return True
    if _CLEANUP["calls"].intersection((file.canonical(called(call)),)):
        return True
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    verbs = _CLEANUP["verbs"]
    if all(argument.type in ("keyword_argument", "comment") for argument in given):
        verbs = verbs | _CLEANUP["alone"]
    verbs = verbs if given else verbs | _CLEANUP["bare"]
    ways = _CLEANUP["ways"]
    return first_word(name, aside=ways) in verbs and words(name) <= verbs | ways | _CLEANUP["things"]


def _reads_body(node: Node) -> bool:
    return node.type == "await" and last_name(node) in CONVERTED["awaited"]


def _probes(call: Node, file: PythonFile) -> bool:
    name = last_name(call)
    receiver = called(call).child_by_field_name("object")
    if receiver is not None and last_name(receiver) in _PROBED["pipes"]:
        return True  # what reads there may have ended, which is seen elsewhere
    if name in _PROBED["names"] or first_word(name) in _PROBED["first"]:
        return True
    return _is_probe(call, file)


def _is_probe(call: Node, file: PythonFile) -> bool:
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    name = file.canonical(called(call))
    if name == "os.kill":
        return len(given) == 2 and text(given[1]) == "0"  # no signal: whether there is such a process
    if given and given[0].type == "string" and name in _OPENS:
        return text(given[0]).strip("rbf'\"").startswith(_PROBED_FILES)  # what the kernel says of itself
    return _asks_program(call) or _PROBES.match(name, file.types) is not None


def _asks_program(call: Node) -> bool:
    """`check_output([find_git(), "--version"])`: whether there is such a program, and which."""
    arguments = call.child_by_field_name("arguments")
    first = first_named(arguments) if arguments is not None else None
    if first is None or first.type != "list":
        return False
    return any(text(one).strip("'\"") == "--version" for one in first.named_children)
