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

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field
from tree_sitter import Node

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
from lint_rules.languages.javascript.usage import Use, usage_of
from lint_rules.project.node_names import EXPORTS

if TYPE_CHECKING:
    from lint_rules.languages.javascript.binding import Binding
    from lint_rules.languages.javascript.file import JavaScriptFile

_MADE = frozenset({"Map", "Set", "Array", "Object"})
_ADDING = frozenset({"push", "unshift", "set", "add"})
_REMOVING = frozenset({"pop", "shift", "splice", "delete", "clear", "remove", "fill", "copyWithin"})
_READING = frozenset(
    {"find", "findLast", "findIndex", "findLastIndex", "filter", "map", "forEach", "get", "has", "includes", "some",
     "every", "keys", "values", "entries", "slice", "indexOf", "lastIndexOf", "at", "reduce", "reduceRight", "join",
     "concat", "flatMap", "flat", "sort", "reverse", "toString", "toSorted", "toReversed", "hasOwnProperty", "toJSON"}
)  # fmt: skip
_GIVEN_TO = frozenset(
    {"json", "jsonp", "send", "render", "write", "end", "emit", "log", "info", "debug", "warn", "error", "trace", "dir",
     "table", "stringify", "keys", "values", "entries", "from", "isArray", "response", "Map", "Set", "String",
     "Number", "Boolean", "success", "ok", "status", "publish", "broadcast", "postMessage", "find", "filter", "map",
     "sortBy", "orderBy", "groupBy", "cloneDeep", "structuredClone", "isEmpty", "size", "hasOwn", "created",
     "writeFile", "writeFileSync", "max", "min", "Success"}
)  # fmt: skip
_LIMITS = re.compile(r"(?i)max|limit|cap(?:acity)?\b|\bsize\b|most|threshold")
_NAMED_GETTER = re.compile(r"^(?:get|list|find|all|fetch|read|index|snapshot|show)", re.IGNORECASE)
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
    added = _added_at(place, outer)
    if added is not None:
        container.adds.append(added)
    elif _is_assigned(place, outer):
        if _grows_by_copy(outer, place):
            container.adds.append(outer)
        else:
            container.is_tended = True
    elif _is_export(place, outer):
        container.is_exported = True
    elif not _only_reads(place, outer, file):
        container.is_tended = True


def _added_at(place: Node, outer: Node) -> Node | None:
    """The call or assignment that adds an entry."""
    target = place
    current = outer
    if current.type == "arguments" and current.parent is not None and named(current)[0] == place:
        return current.parent if assigned_keys(current.parent) else None
    if current.type == "subscript_expression" and current.child_by_field_name("object") == place:
        user = around(current)
        if user is None:
            return None
        is_set = user.type in ("assignment_expression", "augmented_assignment_expression")
        if is_set and user.child_by_field_name("left") == current:
            right = user.child_by_field_name("right")
            return None if right is not None and right.type in ("undefined", "null") else user
        target, current = current, user  # lists[key].push(entry)
    elif _is_call_of(current, place, "get"):
        got = around(current)
        outer_call = around(got) if got is not None else None
        if got is None or outer_call is None:
            return None
        target, current = got, outer_call  # lists.get(key).push(entry)
    if current.type == "member_expression" and bare(current.child_by_field_name("object") or current) == bare(target):
        call = around(current)
        is_call = call is not None and call.type == "call_expression" and bare(callee(call) or call) == current
        if is_call and last_name(current) in _ADDING:
            return call
    return None


def assigned_keys(call: Node) -> list[Node]:
    """The keys of `Object.assign(orders, { [order.id]: order })` that are computed."""
    function = callee(call) if call.type == "call_expression" else None
    if function is None or text(function) != "Object.assign":
        return []
    keys = (
        pair.child_by_field_name("key")
        for one in arguments(call)[1:]
        if bare(one).type == "object"
        for pair in named(bare(one))[:_MAX_MEMBERS]
    )
    return [key for key in keys if key is not None and key.type == "computed_property_name"]


def _is_call_of(member: Node, place: Node, method: str) -> bool:
    return (
        member.type == "member_expression"
        and member.child_by_field_name("object") == place
        and last_name(member) == method
        and (call := around(member)) is not None
        and call.type == "call_expression"
    )


def _is_assigned(place: Node, outer: Node) -> bool:
    return (
        outer.type in ("assignment_expression", "augmented_assignment_expression")
        and outer.child_by_field_name("left") == place
    )


def _grows_by_copy(assignment: Node, place: Node) -> bool:
    """`orders = [...orders, order]`, `orders = orders.concat(order)`, `byId = { ...byId, [id]: order }`"""
    right = assignment.child_by_field_name("right")
    made = bare(right) if right is not None else None
    if made is None:
        return False
    own = text(place)
    if made.type in ("array", "object"):
        spread = [one for one in named(made) if one.type == "spread_element"]
        return len(named(made)) > 1 and any(text(one) == f"...{own}" for one in spread)
    function = callee(made) if made.type == "call_expression" else None
    return function is not None and text(function) == f"{own}.concat"


def _is_export(place: Node, outer: Node) -> bool:
    """`export { orders }`, `module.exports = { orders }`, `exports.orders = orders`"""
    if outer.type == "export_specifier":
        return True
    usage = usage_of(place)
    left = usage.place.child_by_field_name("left") if usage.use is Use.STORED else None
    if usage.use is Use.STORED and usage.place.type == "export_statement":
        return True
    return left is not None and text(left).startswith(("module.exports", "exports"))


def _only_reads(place: Node, outer: Node, file: JavaScriptFile) -> bool:
    """Whether nothing can be taken out of a container at a place."""
    if outer.type == "member_expression" and outer.child_by_field_name("object") == place:
        return _reads_member(outer)
    if outer.type == "subscript_expression" and outer.child_by_field_name("object") == place:
        user = around(outer)
        if user is None:
            return True
        if user.type == "unary_expression" and user.child(0) is not None and text(user).startswith("delete"):
            return False
        return not (user.type == "assignment_expression" and user.child_by_field_name("left") == outer)
    usage = usage_of(place)
    if usage.use is Use.PASSED:
        function = callee(usage.place)
        last = last_name(function) if function is not None else ""
        if last == "assign":
            return bare(arguments(usage.place)[0]) != place
        return last in _GIVEN_TO
    if usage.use is Use.RETURNED:
        function_scope = file.enclosing_function(place)
        return function_scope is not None and (
            file.handler(function_scope) is not None
            or not usage.whole
            or _NAMED_GETTER.match(function_scope.name.rpartition(".")[2]) is not None
        )
    if usage.use is Use.STORED:
        left = usage.place.child_by_field_name("left")
        return left is not None and last_name(left) in ("body", "data", "result")
    if usage.use is Use.OTHER:
        return outer.type in ("binary_expression", "unary_expression")
    return usage.use not in (Use.BOUND, Use.CALLED, Use.YIELDED)


def _reads_member(member: Node) -> bool:
    user = around(member)
    name = last_name(member)
    is_called = user is not None and user.type == "call_expression" and bare(callee(user) or user) == member
    if is_called:
        return name not in _REMOVING and (name in _READING or name in _ADDING)
    if user is None or name not in ("length", "size"):
        return user is None or not (user.type == "unary_expression" and text(user).startswith("delete"))
    if user.type in ("assignment_expression", "augmented_assignment_expression", "update_expression"):
        return user.child_by_field_name("left") != member and user.type != "update_expression"
    return not (user.type == "binary_expression" and _is_limit(user, member))


def _is_limit(comparison: Node, member: Node) -> bool:
    """`orders.length >= MAX_ORDERS`, `cache.size > 1000`; not `orders.length > 0` nor `index < orders.length`."""
    operator = comparison.child_by_field_name("operator")
    if operator is None or operator.type not in ("<", ">", "<=", ">=", "===", "=="):
        return False
    sides = (comparison.child_by_field_name("left"), comparison.child_by_field_name("right"))
    other = next((side for side in sides if side is not None and bare(side) != member), None)
    if other is None:
        return False
    written = text(other)
    if other.type == "number":
        return written.replace("_", "").isdigit() and int(written.replace("_", "")) > 1
    return _LIMITS.search(written) is not None or re.fullmatch(r"[A-Z][A-Z0-9_]+", written) is not None
