"""Node-style callbacks: where they are given, what they call their error, and where they read what they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, around, bare, callee, named, text
from lint_rules.languages.javascript.usage import reads_of
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

_TABLE = {key: frozenset(names) for key, names in read_table(Path(__file__).parent / "callbacks.toml")["calls"].items()}
_ERROR = re.compile(r"(?:_*(?:err|error|er)|\w*(?:Err|Error|_err|_error))$")
_OTHER = re.compile(r"(?i)(?:_*(?:req|request|ctx|context|index|idx|i|key|count|attempts?|retries|origin|promise))$")
_OF_ERRORS = re.compile(r"(?i)error|catch|reject|fail|warn")
_NAMED_OTHERWISE = frozenset(
    {"req", "request", "res", "response", "_", "__", "data", "result", "results", "done", "next"}
)
"""First parameters that no callback calls its error."""
_OWN_OBJECTS = frozenset({"this", "self", "that", "_this", "me"})
_LONGEST = 40


class Callback(Struct, eq=False, dict=True):
    """A function whose first parameter is an error, and the call that it is the last argument of."""

    file: JavaScriptFile
    scope: Scope
    call: Node
    error: str
    error_node: Node

    @property
    def function(self) -> Node:
        """The function itself."""
        return self.scope.node

    @cached_property
    def called(self) -> str:
        """What is called, as people read it."""
        function = callee(self.call)
        shown = " ".join(text(function).split()) if function is not None else ""
        return shown if len(shown) <= _LONGEST else f"...{shown[-_LONGEST:]}"

    @cached_property
    def canonical(self) -> str:
        """The canonical name of what is called."""
        function = callee(self.call)
        return self.file.canonical(function) if function is not None else ""

    @property
    def is_of_node(self) -> bool:
        """Whether a module of Node calls it."""
        return self.canonical.partition(".")[0] in _TABLE["modules"]

    @cached_property
    def own_name(self) -> str:
        """The last name of what is called, where it may be a function of the project; "" for a library's."""
        function = callee(self.call)
        is_own = function is not None and (not self.canonical or self.file.is_own(self.canonical))
        owner = function.child_by_field_name("object") if function is not None else None
        is_drivers = self._last in _TABLE["drivers"] and owner is not None and text(owner) not in _OWN_OBJECTS
        return self._last if (is_own or ".<parameter>" in self.canonical) and not is_drivers else ""

    @property
    def is_of_part(self) -> bool:
        """Whether a part of another object is called: `server.store.open(fn)`, but not `this.store.open(fn)`."""
        function = callee(self.call)
        owner = function.child_by_field_name("object") if function is not None else None
        inner = owner.child_by_field_name("object") if owner is not None else None
        return inner is not None and text(inner).partition(".")[0] not in _OWN_OBJECTS

    @property
    def runs_tasks(self) -> bool:
        """Whether a function is run for each item of a list, and its errors are those of the callback: `async.map`."""
        function = callee(self.call)
        owner = function.child_by_field_name("object") if function is not None else None
        return owner is not None and text(owner) in _TABLE["tasks"]

    @property
    def gives_objects(self) -> bool:
        """Whether what it gives with an error has at least members that can be asked for: the fields of a form."""
        return self.canonical.partition(".")[0] in _TABLE["forms"]

    @property
    def asks(self) -> bool:
        """Whether an error is an answer there: `fs.stat(path, (err, stats) => found(stats))`."""
        return self.canonical.rpartition(".")[2] in _TABLE["asking"] or self._last in _TABLE["asking"]

    @property
    def always_gives(self) -> bool:
        """Whether data comes with an error too: the output of a process that has failed."""
        is_output = self._data_names[:2] == ["stdout", "stderr"]
        return is_output or self.canonical.rpartition(".")[2] in _TABLE["giving"] or self._last in _TABLE["giving"]

    @property
    def gives_partly(self) -> bool:
        """Whether an object of results comes with an error too, in which some are missing: `async.parallel`."""
        return self._last in _TABLE["partly"]

    @property
    def _last(self) -> str:
        function = callee(self.call)
        return text(function.child_by_field_name("property") or function) if function is not None else ""

    @property
    def is_deliberate(self) -> bool:
        """Whether the error's name says that nobody wants it: `_err`."""
        return self.error.startswith("_")

    @cached_property
    def body(self) -> list[Node]:
        """The statements of the function; its one expression."""
        body = self.scope.body
        if body is None:
            return []
        return named(body) if body.type == "statement_block" else [body]

    @cached_property
    def error_reads(self) -> list[Node]:
        """Where the error is read, functions within it included."""
        return list(self._reads(self.error))

    @cached_property
    def data_reads(self) -> list[Node]:
        """Where the data is read, in the order of the text."""
        found = [read for name in self._data_names for read in self._reads(name)]
        return sorted(found, key=lambda read: read.start_byte)

    @cached_property
    def _data_names(self) -> list[str]:
        parameters = [one for one in parameter_nodes(self.function)[1:] if not _has_default(one)]
        patterns = [one.child_by_field_name("pattern") or one for one in parameters]
        return [text(target.name) for pattern in patterns for target in targets(pattern)]

    @cached_property
    def takes_everything(self) -> bool:
        """Whether `arguments`, or a rest parameter, may hand all on."""
        if any(one.type == "rest_pattern" or text(one).startswith("...") for one in parameter_nodes(self.function)):
            return True
        return b"arguments" in (self.function.text or b"") and self.function.type != "arrow_function"

    def _reads(self, name: str) -> Iterator[Node]:
        for binding in self.file.scopes.bound(self.scope).get(name, ()):
            if binding.kind == "parameter":
                yield from reads_of(name, self.scope, binding, self.file)


def _has_default(parameter: Node) -> bool:
    """Whether a parameter says itself what it is where nothing is given."""
    return parameter.type == "assignment_pattern" or parameter.child_by_field_name("value") is not None


def node_callback(function: Node, file: JavaScriptFile) -> Callback | None:
    """A function as a node-style callback; None if it is none, or is called for errors only."""
    parameters = parameter_nodes(function)
    names = [text(one.child_by_field_name("pattern") or one) for one in parameters]
    if not names or (len(names) > 1 and _OTHER.match(names[1])):
        return None
    is_called_so = _ERROR.fullmatch(names[0]) is not None
    if not is_called_so and (names[0] in _NAMED_OTHERWISE or function.type not in FUNCTION_LITERALS):
        return None
    if len(names) > 2 and names[-1] == "next":
        return None  # middleware for errors
    scope = file.scopes.of(function)
    call = _taking(function, names, file) if scope is not None else None
    if scope is None or call is None or file.in_broken_code(function):
        return None
    if not is_called_so and not _gives_errors(call, file):
        return None
    if not _is_told_of_results(call, file):
        return None
    handler = file.handlers.by_statement(scope)
    if handler is not None and handler.kind in ("error", "socket", "hook"):
        return None
    return Callback(file, scope, call, names[0], parameters[0])


def _gives_errors(call: Node, file: JavaScriptFile) -> bool:
    """Whether a call is known to give its callback an error first, whatever the callback calls it."""
    function = callee(call)
    last = text(function.child_by_field_name("property") or function) if function is not None else ""
    if function is None or not last or last.startswith(("create", "watch", "exists", "on")):
        return False
    module, _, name = file.canonical(function).partition(".")
    return module in _TABLE["error_first"] and bool(name or module in ("rimraf", "mkdirp"))


def _is_told_of_results(call: Node, file: JavaScriptFile) -> bool:
    function = callee(call)
    if function is None:
        return False
    last = text(function.child_by_field_name("property") or function)
    if last in _TABLE["others"] or _OF_ERRORS.search(last) or (last in _TABLE["arrays"] and _is_of_array(call)):
        return False
    owner = function.child_by_field_name("object")
    if owner is not None and _module(owner, file) in _TABLE["errorless"]:
        return False
    if owner is not None and (text(owner) in _TABLE["prompts"] or _module(owner, file) in _TABLE["prompts"]):
        return False
    place = around(call)
    return place is None or place.type != "await_expression"


def _module(owner: Node, file: JavaScriptFile) -> str:
    return file.canonical(owner).partition(".")[0]


_COLLECTIONS = frozenset({"_", "lodash", "underscore", "$", "jQuery", "R", "ramda"})


def _is_of_array(call: Node) -> bool:
    """Whether a call goes through a list: `rows.find(fn)`, `_.map(rows, fn)`, but not `users.find(query, fn)`."""
    given, function = arguments(call), callee(call)
    owner = function.child_by_field_name("object") if function is not None else None
    is_alone = len(given) < 2 or bare(given[0]).type in FUNCTION_LITERALS
    return is_alone or owner is None or text(owner) in _COLLECTIONS or _OF_ERRORS.search(text(given[0])) is not None


def _taking(function: Node, names: list[str], file: JavaScriptFile) -> Node | None:
    """The call of which a function is the last argument: where it is written, or by its name."""
    if function.type in FUNCTION_LITERALS:
        place = around(function)
        if place is not None and place.type == "arguments":
            call = place.parent
            given = arguments(call) if call is not None and call.type == "call_expression" else []
            return call if given and bare(given[-1]) == function else None
        if place is None or place.type != "variable_declarator":
            return None
        name = place.child_by_field_name("name")
    else:
        name = function.child_by_field_name("name")
    return _handing_on(name, function, file) if name is not None and len(names) > 1 else None


def _handing_on(name: Node, function: Node, file: JavaScriptFile) -> Node | None:
    wanted = name.text or b""
    for call in file.nodes("call_expression"):
        given = arguments(call)
        if not given or given[-1].type != "identifier" or given[-1].text != wanted:
            continue
        scope = file.function_scope(file.names.symbol(given[-1]))
        if scope is not None and scope.node == function:
            return call
    return None
