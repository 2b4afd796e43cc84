"""What files of Python do to containers that live as long as the process, written down for the whole project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.store_uses import GROWS, MADE, TENDED, StoreUses, makes_container
from lint_rules.families.e04_leaks.varying import comes_in
from lint_rules.languages.python.kept import kept_key
from lint_rules.languages.python.scopes import CLASS, FUNCTION, MODULE, Scope, text
from lint_rules.model import Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

OF_INSTANCES = "<self>"
"""Stands in front of an attribute of instances, which is known by its name alone wherever it is tended."""

_MAKES = re.compile(rb"=\s*(?:\{|\[|(?:\w+\.)?(?:dict|list|set|OrderedDict|defaultdict|Counter|deque)\()")
_CHANGES = re.compile(
    rb"\.(?:append|appendleft|add|setdefault|update|extend|insert|pop|popitem|clear|remove|discard|popleft|move_to_end"
    rb"|\w+_update)\b|\]\s*[-+|&]?=(?!=)|\bdel\b|\blen\("
)
_MOST_ALIASES = 8


class StoreNote(msgspec.Struct, frozen=True, array_like=True):
    """That a container is made, that a function adds to it, or that something may take entries out of it.

    `container` is a symbol, `<self>.items` for an attribute of instances, or `<app>.orders` for one that an application
    keeps; `name` is what is written there. `owner` is the symbol of the class whose attribute it is, `key_type` that
    of the annotation of the parameter under which a function stores an entry. `comes_in` says that a parameter decides.
    """

    what: str
    container: str
    name: str = ""
    function: str = ""
    span: Span | None = None
    owner: str = ""
    key_type: str = ""
    comes_in: bool = False


STORES = Notes("stores", StoreNote)


@STORES.of("python")
def stores_of(file: PythonFile) -> Iterator[StoreNote]:
    data = file.data
    if file.is_test or (_MAKES.search(data) is None and _CHANGES.search(data) is None):
        return
    file.names.bind()
    taker = _Taker(file)
    yield from taker.made()
    yield from taker.changes()


class _Place(Struct, frozen=True):
    """A container as a file knows it; `owner` is the symbol of the class whose attribute it is."""

    symbol: str
    name: str
    owner: str = ""


class _Taker:
    """Reads one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file
        self._uses = StoreUses(file)

    # Where containers are made.

    def made(self) -> Iterator[StoreNote]:
        for assignment in self._file.nodes("assignment"):
            left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
            if left is None or right is None or not makes_container(right):
                continue
            place = self._place(left) if left.type != "identifier" else self._named(left)
            if place is not None and self._is_lasting(left, place):
                yield StoreNote(MADE, place.symbol, place.name, "", self._file.span(right), place.owner)

    def _is_lasting(self, left: Node, place: _Place) -> bool:
        """Whether what is made here lasts: at module level, in a class body, in `__init__`, around functions."""
        scope = self._file.scopes.at(left.start_byte)
        if left.type != "identifier":
            if place.symbol.startswith(OF_INSTANCES):
                return scope.name.endswith(("__init__", "__post_init__", "initialize"))
            return True
        bindings = scope.bindings.get(text(left), [])
        if len(bindings) != 1 and scope.kind != CLASS:
            return False
        return scope.kind != FUNCTION or any(one.parent is scope for one in self._file.scopes.functions)

    # What is done to them.

    def changes(self) -> Iterator[StoreNote]:
        seen: set[int] = set()
        for node in self._mentioned():
            aliases: list[Node] = []
            kind, where = self._uses.of(node, aliases)
            if node.id in seen or not (kind or aliases):
                continue  # of most mentions nothing is told, whatever they mention
            place = self._place(node) if node.type != "identifier" else self._named(node)
            if place is None:
                continue
            seen.add(node.id)
            yield from self._told(kind, where, place)
            for _ in range(_MOST_ALIASES - 1):
                if not aliases:
                    break
                current = aliases.pop()
                seen.add(current.id)
                yield from self._told(*self._uses.of(current, aliases), place)

    def _mentioned(self) -> Iterator[Node]:
        """The expressions that may be a container, each once: names of known containers, and attributes."""
        file = self._file
        for attribute in file.nodes("attribute"):
            parent = attribute.parent
            if parent is not None and parent.type in ("subscript", "attribute", "augmented_assignment", "assignment",
                                                      "argument_list", "return_statement"):  # fmt: skip
                yield attribute
        for subscript in file.nodes("subscript"):
            if kept_key(subscript):
                yield subscript
        names = {
            name.encode() for scope in file.scopes.all for name in scope.bindings if self._may_be_store(scope, name)
        }
        for identifier in file.nodes("identifier") if names else ():
            if identifier.text in names:
                yield identifier

    def _may_be_store(self, scope: Scope, name: str) -> bool:
        if scope.kind not in (MODULE, CLASS, FUNCTION):
            return False
        bindings = scope.bindings[name]
        if scope.kind == MODULE and all(one.kind == "import" for one in bindings):
            return True
        return any(one.kind == "value" and one.node is not None and makes_container(one.node) for one in bindings)

    def _named(self, identifier: Node) -> _Place | None:
        """The container that a bare name stands for, None for a local one of the function itself."""
        name, parent = text(identifier), identifier.parent
        if parent is not None and (
            (parent.type == "attribute" and parent.child_by_field_name("attribute") == identifier)
            or (parent.type == "keyword_argument" and parent.child_by_field_name("name") == identifier)
        ):
            return None
        at = self._file.scopes.at(identifier.start_byte)
        for scope in at.enclosing():
            bindings = scope.bindings.get(name)
            if bindings is None or name in scope.globals:
                continue
            if scope.kind == FUNCTION:
                is_local = scope is at and not (parent is not None and parent.type == "assignment")
                return None if is_local else _Place(f"{self._file.module}.{scope.name}.<locals>.{name}", name)
            if scope.kind == CLASS:
                owner = f"{self._file.module}.{scope.name}"
                return _Place(f"{owner}.{name}", name, owner)
            if bindings[0].kind == "import":
                return _Place(bindings[0].target, name) if len(bindings) == 1 else None
            return _Place(f"{self._file.module}.{name}", name)
        return None

    def _place(self, node: Node) -> _Place | None:
        """The container that `self.items`, `module.items` or `request.app.state.items` stands for."""
        key = kept_key(node)
        if key:
            return _Place(f"<app>{key}", key.strip(".[]"))
        owner, attribute = node.child_by_field_name("object"), node.child_by_field_name("attribute")
        if node.type != "attribute" or owner is None or attribute is None:
            return None
        name = text(attribute)
        if owner.type == "identifier" and text(owner) in ("self", "cls"):
            scope: Scope | None = self._file.scopes.at(node.start_byte)
            while scope is not None and scope.kind != CLASS:
                scope = scope.parent
            if scope is None:
                return None
            symbol = f"{self._file.module}.{scope.name}"
            return _Place(f"{OF_INSTANCES}.{name}", f"self.{name}", symbol)
        symbol = self._file.names.symbol(owner) if owner.type == "identifier" else ""
        if symbol and "(" not in symbol and "<" not in symbol:
            return _Place(f"{symbol}.{name}", text(node))
        return _Place(f"{OF_INSTANCES}.{name}", text(node))

    def _told(self, kind: str, where: Node | None, place: _Place) -> Iterator[StoreNote]:
        """What the code around one mention does to the container."""
        file = self._file
        if kind == TENDED:
            yield StoreNote(TENDED, place.symbol, place.name)
        elif kind == GROWS and where is not None:
            scope = file.scopes.at(where.start_byte).function
            if scope is not None and scope.kind == FUNCTION:
                added = where.child_by_field_name("arguments") or where.child_by_field_name("left") or where
                span, key_type, is_given = file.span(where), self._key_type(where, scope), comes_in(added, scope)
                yield StoreNote(GROWS, place.symbol, place.name, scope.name, span, place.owner, key_type, is_given)

    def _key_type(self, added: Node, scope: Scope) -> str:
        """The symbol of what a parameter is annotated with, if it is the key of `store[key] = ...`."""
        left = added.child_by_field_name("left")
        key = left.child_by_field_name("subscript") if left is not None else None
        bindings = scope.bindings.get(text(key), []) if key is not None and key.type == "identifier" else []
        annotation = bindings[0].annotation if len(bindings) == 1 else None
        return self._file.names.annotation(annotation) if annotation is not None else ""
