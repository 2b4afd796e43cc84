"""Arrays, objects, maps and sets that a file keeps: where entries are added, and whether anything takes them out again.

    const orders = [];                  a container
    orders.push(order);                 adds
    orders.splice(place, 1);            takes out, so it is looked after
    response.json(orders);              only reads
    prune(orders);                      may take out: looked after, too

A container is a variable (`orders`), a member of an object literal (`store.orders`), a field (`this.orders`), or a
member that is assigned once (`app.locals.orders = []`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.javascript.container_uses import added_at, grows_by_copy, is_assigned, is_export, only_reads
from lint_rules.languages.javascript.grammar import (
    arguments,
    around,
    bare,
    callee,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import MODULE, Scope
from lint_rules.languages.javascript.single_objects import is_made_anew, is_of_one_object, is_own_field
from lint_rules.project.node_names import EXPORTS

if TYPE_CHECKING:
    from lint_rules.languages.javascript.binding import Binding
    from lint_rules.languages.javascript.file import JavaScriptFile

_MADE = frozenset({"Map", "Set", "Array", "Object"})
_MAX_MEMBERS = 30


class Container(Struct):
    """One container: as what it is written, where it is made, in which scope its name is bound.

    `adds` are the nodes that add an entry; `is_tended` says that something takes entries out, limits how many there
    are, or may do so where the file does not see it; `is_exported` that other files have it by a name of the module.
    `owner` is the class of a field, of which there may be many objects (`is_of_many`) as far as the file says, and
    `imported` the symbol of one that another file makes.
    """

    name: str
    made: Node
    scope: Scope
    adds: list[Node] = field(default_factory=list)
    is_tended: bool = False
    is_exported: bool = False
    owner: Scope | None = None
    imported: str = ""
    is_of_many: bool = False


def containers(file: JavaScriptFile) -> Iterator[Container]:
    """The containers of a file to which something is added, in the order of the text, those of variables first."""
    yield from (one for one in _of_variables(file) if one.adds)
    yield from _of_fields(file)
    yield from _of_members(file)


def shared_containers(file: JavaScriptFile) -> Iterator[Container]:
    """The containers of a module and of the one object of a class, and those that it has from other files."""
    yield from (one for one in _of_variables(file) if one.scope.kind == MODULE)
    for one in _of_fields(file):
        if one.owner is None or not is_own_field(one.made, file) or is_made_anew(one.owner):
            continue
        one.is_of_many = not is_of_one_object(one.made, one.owner, file)
        yield one
    for name, bindings in file.scopes.bound(file.scopes.module).items():
        symbol = file.names.name(name, file.scopes.module.end - 1) if len(bindings) == 1 else ""
        if f".{EXPORTS}" not in symbol or not file.is_own(symbol):
            continue
        parts: dict[str, Container] = {}
        for place in _places(name, file.scopes.module, bindings[0], file):
            outer = around(place)
            if symbol.endswith(EXPORTS):
                key = _key(outer, place) if outer is not None else ""
                if key and outer is not None:
                    part = Container(f"{name}.{key}", outer, file.scopes.module, imported=f"{symbol}.{key}")
                    _note(parts.setdefault(key, part), outer, file)
            else:
                whole = Container(name, place, file.scopes.module, imported=symbol)
                _note(parts.setdefault("", whole), place, file)
        yield from parts.values()


def _of_variables(file: JavaScriptFile) -> Iterator[Container]:
    for declarator in file.nodes("variable_declarator"):
        target, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        if target is None or value is None or target.type != "identifier" or not is_container(value):
            continue
        found = file.scopes.binding(text(target), target.start_byte)
        if found is not None and len(found[1]) == 1:
            for one in _of_variable(text(target), bare(value), found[0], found[1][0], file):
                one.is_exported = one.is_exported or _is_export_statement(declarator)
                yield one


def is_container(value: Node) -> bool:
    """Whether an expression makes a container: a literal, `new Map()`, `Object.create(null)`."""
    made = bare(value)
    if made.type in ("array", "object"):
        return True
    function = callee(made) if made.type in ("new_expression", "call_expression") else None
    if function is None:
        return False
    if made.type == "new_expression":
        return text(function) in _MADE
    return text(function) == "Object.create" or (text(function) == "Array" and not arguments(made))


def _of_variable(name: str, value: Node, scope: Scope, binding: Binding, file: JavaScriptFile) -> Iterator[Container]:
    whole = Container(name, value, scope)
    parts = {key: Container(f"{name}.{key}", part, scope) for key, part in _members(value)}
    for place in _places(name, scope, binding, file):
        outer = around(place)
        key = _key(outer, place) if outer is not None else ""
        if key in parts and outer is not None:
            _note(parts[key], outer, file)
            continue
        _note(whole, place, file)
    for part in (whole, *parts.values()):
        part.is_tended = part.is_tended or whole.is_tended
        part.is_exported = part.is_exported or whole.is_exported
        yield part


def _is_export_statement(declarator: Node) -> bool:
    outer = declarator.parent
    return outer is not None and outer.parent is not None and outer.parent.type == "export_statement"


def _members(value: Node) -> Iterator[tuple[str, Node]]:
    """The members of an object literal that are containers themselves."""
    for pair in named(value)[:_MAX_MEMBERS] if value.type == "object" else ():
        key, inner = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and inner is not None and is_container(inner):
            yield string_value(key) or text(key), bare(inner)


def _key(outer: Node, place: Node) -> str:
    """`orders` of `store.orders` and `store["orders"]`."""
    if outer.type == "member_expression" and outer.child_by_field_name("object") == place:
        return last_name(outer)
    if outer.type == "subscript_expression" and outer.child_by_field_name("object") == place:
        index = outer.child_by_field_name("index")
        return string_value(index) or "" if index is not None else ""
    return ""


def _places(name: str, scope: Scope, binding: Binding, file: JavaScriptFile) -> Iterator[Node]:
    """All places where a name stands for a binding, its declaration left out."""
    for place in file.index.named(name, scope.node):
        if place.start_byte == binding.at:
            continue
        found = file.scopes.binding(name, place.start_byte)
        if found is not None and binding in found[1]:
            yield place


def _of_fields(file: JavaScriptFile) -> Iterator[Container]:
    """`orders = []` and `this.orders = []` in the constructor of a class; static fields too."""
    for owner in file.scopes.all:
        if owner.kind != "class":
            continue
        made: dict[str, Container] = {}
        for kind in ("public_field_definition", "field_definition"):
            for one in file.scopes.directly_in(owner, kind):
                key = one.child_by_field_name("name") or one.child_by_field_name("property")
                value = one.child_by_field_name("value")
                if key is not None and value is not None and is_container(value):
                    made[text(key)] = Container(f"this.{text(key)}", bare(value), owner, owner=owner)
        constructor = next((one for one in owner.children if one.name.endswith(".constructor")), None)
        first: set[int] = set()
        for one in file.scopes.directly_in(constructor, "assignment_expression") if constructor is not None else ():
            left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
            if left is None or right is None or left.type != "member_expression" or not is_container(right):
                continue
            if (left.child_by_field_name("object") or left).type == "this" and last_name(left) not in made:
                made[last_name(left)] = Container(text(left), bare(right), owner, owner=owner)
                first.add(left.id)
        if made:
            yield from _used_fields(owner, made, first, file)


def _used_fields(
    owner: Scope, made: dict[str, Container], first: set[int], file: JavaScriptFile
) -> Iterator[Container]:
    class_name = text(owner.node.child_by_field_name("name") or owner.node)
    for member in file.members_of(*made):
        container = made[last_name(member)]
        if member.id in first:
            continue
        holder = member.child_by_field_name("object")
        if holder is None or callee(around(member) or member) == member:
            continue
        if holder.type == "this" and not owner.start <= member.start_byte < owner.end:
            continue
        if holder.type == "identifier" and text(holder) == class_name:
            container.name = text(member)
        _note(container, member, file)
    yield from (one for one in made.values() if one.adds)


def _of_members(file: JavaScriptFile) -> Iterator[Container]:
    """`app.locals.orders = []`, `global.orders = {}`, `exports.orders = new Map()`, set once for the process."""
    made: dict[str, Container] = {}
    first: set[int] = set()
    for one in file.index.assignments:
        left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression" or not is_container(right):
            continue
        holder = left.child_by_field_name("object")
        scope = file.scopes.at(one.start_byte)
        if holder is None or scope.kind != "module" or last_name(left) in made:
            continue
        if last_name(holder) in ("locals", "exports", "global", "globalThis"):
            made[last_name(left)] = Container(text(left), bare(right), scope)
            made[last_name(left)].is_exported = last_name(holder) == "exports"
            first.add(left.id)
    for member in file.nodes("member_expression") if made else ():
        container = made.get(last_name(member))
        holder = member.child_by_field_name("object")
        if container is None or holder is None or member.id in first:
            continue
        if last_name(holder) == container.name.split(".")[-2]:
            _note(container, member, file)
    yield from (one for one in made.values() if one.adds)


# What a place does.


def _note(container: Container, place: Node, file: JavaScriptFile) -> None:
    """Take down what is done with a container at a place where it stands."""
    outer = around(place)
    if outer is None or container.is_tended:
        return
    added = added_at(place, outer)
    if added is not None:
        container.adds.append(added)
    elif is_assigned(place, outer):
        if grows_by_copy(outer, place):
            container.adds.append(outer)
        else:
            container.is_tended = True
    elif is_export(place, outer):
        container.is_exported = True
    elif not only_reads(place, outer, file):
        container.is_tended = True
