"""What functions of JavaScript give the callbacks that they are given: an error, a text of their own, nothing.

Which function is called is known by its name alone: an object that came from elsewhere has no class here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, around, bare, callee, text
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.javascript.usage import reads_of
from lint_rules.model import Notes
from lint_rules.project.linked import Project

NOTHING, BESIDE, OWN_TEXT, ERROR = "nothing", "beside", "own-text", "error"
"""No error; an error beside data that is there all the same; a text of the function's own; maybe anything."""
_ORDER = (NOTHING, BESIDE, OWN_TEXT, ERROR)
_CALLBACK = re.compile(r"[$_]?(?:[a-zA-Z]{0,40}[cC]allback|cb|done|fn|next|fin|then|ready)\d?$")
_HELD = re.compile(r"[$_]?(?:[a-zA-Z]{0,40}[cC]allback|cb|done)\d?$")
_MAY_GIVE = re.compile(rb"\b[$_]?(?:\w{0,40}[cC]allback|cb|done|fn|next|fin|then|ready)\d?\s*(?:=>|[,)]|\()")
_EMPTY = frozenset({"null", "undefined", "false", "0", "void 0"})
_LATER = frozenset({"setTimeout", "setImmediate", "process.nextTick", "queueMicrotask"})
_MADE = frozenset({"object", "array", "new_expression", "this"})
_SELVES = frozenset({"this", "self", "that"})
_OWN_OBJECTS = _SELVES | {"opt", "opts", "options"}
_CHOICES = frozenset({"if_statement", "unary_expression", "while_statement"})
_MOST_NAMES = 12
_MOST_STEPS = 3
_FEW = 2


class Giver(msgspec.Struct, frozen=True, array_like=True):
    """A function that takes a callback last, by its last name; or a member that holds one and is called, `.callback`.

    `gives` is the worst that it gives as an error, `hands` the names of what it hands the callback to.
    """

    name: str
    gives: str
    hands: tuple[str, ...] = ()


GIVERS = Notes("callback-givers", Giver)


@GIVERS.of("javascript")
def take_givers(file: JavaScriptFile) -> Iterator[Giver]:
    if not _MAY_GIVE.search(file.data):
        return
    for kind in ("function_declaration", "function_expression", "arrow_function", "method_definition"):
        for function in file.nodes(kind):
            giver = _giver(function, file)
            if giver is not None:
                yield giver
    for call in file.nodes("call_expression"):
        held = callee(call)
        member = held.child_by_field_name("property") if held is not None else None
        if member is not None and _HELD.match(text(member)):
            yield Giver(f".{text(member)}", _given(call))


def _giver(function: Node, file: JavaScriptFile) -> Giver | None:
    name = called_by(function)
    parameters = parameter_nodes(function) if name else []
    names = [text(bare(one.child_by_field_name("pattern") or one)) for one in parameters]
    callback = next((one for one in reversed(names) if _CALLBACK.match(one)), "")
    scope = file.scopes.of(function)
    if not callback or scope is None:
        return None
    gives, hands = NOTHING, []
    uses = [_use(read) for read in _reads(callback, scope, file)]
    if not uses:
        return None
    for use, handed in uses:
        gives = worst(gives, use)
        hands.extend([handed] if handed else [])
    return Giver(name, gives, tuple(dict.fromkeys(hands))[:_MOST_NAMES])


def _reads(name: str, scope: Scope, file: JavaScriptFile) -> Iterator[Node]:
    for binding in file.scopes.bound(scope).get(name, ()):
        if binding.kind == "parameter":
            yield from reads_of(name, scope, binding, file)


def called_by(function: Node) -> str:
    """The last name by which a function is called: of the method, the variable, the member that holds it."""
    own = function.child_by_field_name("name")
    place = around(function)
    if function.type in ("method_definition", "function_declaration"):
        return text(own) if own is not None else ""
    if place is None:
        return ""
    if place.type == "assignment_expression":
        left = place.child_by_field_name("left")
        return text(left.child_by_field_name("property") or left) if left is not None else ""
    if place.type == "pair":
        key = place.child_by_field_name("key")
        return text(key).strip("\"'") if key is not None else ""
    if place.type in ("variable_declarator", "public_field_definition", "field_definition"):
        key = place.child_by_field_name("name") or place.child_by_field_name("property")
        return text(key) if key is not None else ""
    return ""


def _use(read: Node) -> tuple[str, str]:
    """What a use of a callback gives it as an error, and the name of what it is handed to."""
    place = around(read)
    if place is None:
        return ERROR, ""
    if place.type == "call_expression" and (held := callee(place)) is not None and bare(held) == read:
        return _given(place), ""
    if place.type == "arguments" and (call := place.parent) is not None and (held := callee(call)) is not None:
        if text(held) in _LATER:
            return NOTHING, ""
        return NOTHING, text(held.child_by_field_name("property") or held)
    if place.type == "assignment_expression" and (left := place.child_by_field_name("left")) is not None:
        member = left.child_by_field_name("property")
        return (NOTHING, f".{text(member)}") if member is not None else (ERROR, "")
    return (NOTHING, "") if _is_asked(read, place) else (ERROR, "")


def _is_asked(read: Node, place: Node) -> bool:
    """Whether it is only asked whether there is a callback: `callback && callback()`, `if (!callback)`."""
    if place.type == "binary_expression":
        operator = place.child_by_field_name("operator")
        sign = operator.type if operator is not None else ""
        return sign == "&&" or sign.startswith(("==", "!=")) or (sign in ("||", "??") and _keeps_name(read, place))
    if place.type == "ternary_expression":
        return bare(place.child_by_field_name("condition") or place) == read
    return place.type in _CHOICES


def _keeps_name(read: Node, choice: Node) -> bool:
    """Whether a choice is assigned to the same name again: `callback = callback || nothing`."""
    place = around(choice)
    left = place.child_by_field_name("left") if place is not None and place.type == "assignment_expression" else None
    return left is not None and left.text == read.text


def _given(call: Node) -> str:
    given = arguments(call)
    kind = _kind(bare(given[0])) if given else NOTHING
    return BESIDE if kind != NOTHING and len(given) > 1 and _is_there(bare(given[1])) else kind


def _is_there(data: Node) -> bool:
    """Whether what is given beside an error is there for sure: an object that is made here, or the giver's own."""
    if data.type == "member_expression":
        return text(data.child_by_field_name("object") or data) in _OWN_OBJECTS
    return data.type in _MADE or text(data) in _SELVES


def _kind(error: Node) -> str:
    """What is given as an error: nothing; a text of the function's own; maybe anything."""
    if text(error) in _EMPTY:
        return NOTHING
    if error.type == "string":
        return OWN_TEXT
    if error.type == "ternary_expression":
        sides = (error.child_by_field_name("consequence"), error.child_by_field_name("alternative"))
        kinds = [_kind(bare(side)) for side in sides if side is not None]
        return worst(*kinds) if kinds else ERROR
    made = error.child_by_field_name("arguments") if error.type == "new_expression" else None
    values = made.named_children if made is not None else []
    return OWN_TEXT if values and values[0].type == "string" else ERROR


def worst(*kinds: str) -> str:
    """The worst of what may be given."""
    return max(kinds, key=_ORDER.index)


def tasks_never_fail(call: Node, file: JavaScriptFile) -> bool:
    """Whether the function that is run for each item gives its callback no error: `async.map(rows, task, fn)`."""
    tasks = [one for one in map(bare, arguments(call)[:-1]) if one.type in FUNCTION_LITERALS]
    task = tasks[0] if len(tasks) == 1 else None
    scope = file.scopes.of(task) if task is not None else None
    names = [text(bare(one.child_by_field_name("pattern") or one)) for one in parameter_nodes(task)] if task else []
    if task is None or scope is None or not names or not _CALLBACK.match(names[-1]) or text(task).startswith("async"):
        return False
    uses = [_use(read) for read in _reads(names[-1], scope, file)]
    return bool(uses) and all(use == NOTHING and not handed for use, handed in uses)


class Givers(Struct):
    """All that is known of who gives what, by name and by the module that says so."""

    project: Project
    by_name: dict[str, list[tuple[str, Giver]]] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> Givers:
        """What the known files of a project say."""
        known = cls(project)
        for module, notes in project.notes(GIVERS):
            for giver in notes:
                known.by_name.setdefault(giver.name, []).append((module.module, giver))
        return known

    def surely(
        self, name: str, module: str, *, is_elsewhere: bool = False, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> str:
        """What each function of this name may give its callback as an error; an unknown one gives anything.

        Functions of the same file are meant before those of files that it imports, and those before all others; of
        several the most harmless one may be meant. `is_elsewhere` says that one of another file may be meant
        as well as one of the same.
        """
        if (name, module) in seen:
            return NOTHING  # one that calls itself gives what it gives otherwise
        if len(seen) > _MOST_STEPS:
            return ERROR
        inner = seen | {(name, module)}
        found = [
            worst(giver.gives, *(self.surely(handed, owner, seen=inner) for handed in giver.hands))
            for owner, giver in self._near(name, module, is_elsewhere=is_elsewhere)
        ]
        calls = name.startswith(".")  # every call of a member counts
        return (worst(*found) if calls else min(found, key=_ORDER.index)) if found else ERROR

    def _near(self, name: str, module: str, *, is_elsewhere: bool) -> list[tuple[str, Giver]]:
        every = self.by_name.get(name, [])
        own = [one for one in every if one[0] == module]
        if len(every) < _FEW or (own and not is_elsewhere):
            return own or every
        others, imported = [one for one in every if one[0] != module], self._imported(module)
        return own + ([one for one in others if one[0] in imported] or others)

    def _imported(self, module: str) -> set[str]:
        """The modules that a module imports, and those that these import."""
        found, waiting = {module}, [module]
        for _ in range(_MOST_STEPS):
            targets = {name for one in waiting for name in self._imports(one)} - found
            found |= targets
            waiting = sorted(targets)
        return found

    def _imports(self, module: str) -> Iterator[str]:
        facts = self.project.facts.get(module)
        for symbol in (*facts.aliases.values(), *facts.variables.values()) if facts is not None else ():
            yield symbol.partition(".")[0]


__all__ = [
    "BESIDE",
    "ERROR",
    "GIVERS",
    "NOTHING",
    "OWN_TEXT",
    "Giver",
    "Givers",
    "called_by",
    "take_givers",
    "tasks_never_fail",
    "worst",
]
