"""What the expressions of one JavaScript file hold, given the values of the names in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.families.e07_security.applying_javascript import called_here, closure_of, mapped, reduced
from lint_rules.families.e07_security.flows_javascript import BASE_NAME, EVERYTHING, Taint, Through
from lint_rules.families.e07_security.parts_javascript import (
    chosen,
    is_content,
    is_server_made,
    is_switched_on,
    keys_of,
    operator,
    parsed,
    replaced,
    root,
)
from lint_rules.families.e07_security.patterns_javascript import is_limited_by_route, lets_few_through
from lint_rules.families.e07_security.reading_javascript import called_name, is_always_new, key_name
from lint_rules.families.e07_security.requests_javascript import OWN_HOST, read_of
from lint_rules.families.e07_security.values_javascript import (
    NOTHING_KNOWN,
    State,
    Value,
    cleaned,
    concatenated,
    constant,
    joined,
    member_of,
    placed_in,
    settled,
    text_of,
)
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.javascript.grammar import (
    arguments,
    bare,
    callee,
    first_named,
    named,
    string_value,
    text,
)
from lint_rules.languages.tables import read_table
from lint_rules.project.node_names import js_name

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = read_table(FOLDER / "sinks_javascript.toml")
_CLEANING_CALLS: dict[str, tuple[str, ...]] = {}
_CLEANING_NAMES: dict[str, tuple[str, ...]] = {}
for _row in _TABLE["sanitizer"]:
    _rules = tuple(_row.get("rules", (EVERYTHING,)))
    for _name in map(js_name, _row.get("calls", ())):
        _CLEANING_CALLS[_name] = (*_CLEANING_CALLS.get(_name, ()), *_rules)
    for _name in _row.get("names", ()):
        _CLEANING_NAMES[_name] = (*_CLEANING_NAMES.get(_name, ()), *_rules)
_PASSING = {js_name(name): str(row["gives"]) for row in _TABLE["passes"] for name in row["calls"]}

_SAME_TEXT = frozenset(
    {"trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "slice", "substring", "substr", "replace",
     "replaceAll", "concat", "normalize", "padStart", "padEnd", "toString", "valueOf", "charAt", "repeat", "at",
     "split", "match"}
)  # fmt: skip
_SAME_ITEMS = frozenset(
    {"filter", "find", "flat", "pop", "shift", "get", "getAll", "values", "entries", "reverse", "sort", "concat",
     "slice", "splice", "flatMap", "toArray", "toSorted", "toReversed", "findLast", "json", "text", "formData"}
)  # fmt: skip
_LENGTHS = frozenset({"length", "size", "byteLength"})
_READING = re.compile(
    r"body|json|payload|^(?:read|parse|collect|get)(?:Raw|Form|Data|Params|Request)|^buffer$|^text$", re.IGNORECASE
)
"""Functions that read the body of a request they are given: `await readBody(req)`, `json(req)` of micro."""
_OPERATORS_WITH_FILTERS = frozenset(
    {"$where", "$or", "$and", "$nor", "$not", "$expr", "$elemMatch", "$set", "$match", "$pull"}
)
_WRAPPING = frozenset({"await_expression", "spread_element", "assignment_expression", "sequence_expression"})
_DEEPEST = 40
_MOST_CLOSURES = 3
_MOST_OPERANDS = 400


class Evaluator(Struct):
    """Answers about the expressions of one file; `applying` are the closures whose results are being asked for."""

    file: JavaScriptFile
    applying: list[int] = []  # a new one for each, as msgspec has it

    def value(self, node: Node, state: State, depth: int = 0) -> Value:
        """What an expression may hold."""
        node = bare(node)
        if depth > _DEEPEST:
            return NOTHING_KNOWN
        kind = node.type
        if kind == "string":
            return constant(string_value(node) or "")
        if kind == "number":
            return constant(text(node))
        if kind == "template_string":
            return self._template(node, state, depth)
        if kind in ("identifier", "shorthand_property_identifier", "this"):
            found = self._name(node, state, depth)
            return found if not found.taints or not is_switched_on(node) else NOTHING_KNOWN
        if kind in ("member_expression", "subscript_expression"):
            found = self._member(node, state, depth)
            return found if not found.taints or not is_switched_on(node) else NOTHING_KNOWN
        if kind in ("call_expression", "new_expression"):
            return self._call(node, state, depth)
        if kind == "binary_expression":
            return self._binary(node, state, depth)
        if kind == "ternary_expression":
            return self._ternary(node, state, depth)
        if kind == "object":
            return self._object(node, state, depth)
        if kind == "array":
            return joined(placed_in(self.value(item, state, depth + 1), "<item>") for item in named(node))
        if kind in _WRAPPING:
            inner = node.child_by_field_name("right") or (named(node)[-1] if named(node) else None)
            return self.value(inner, state, depth + 1) if inner is not None else NOTHING_KNOWN
        return NOTHING_KNOWN

    # Strings.

    def _template(self, node: Node, state: State, depth: int) -> Value:
        parts: list[Value] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = first_named(child)
                parts.append(self.value(inner, state, depth + 1) if inner is not None else NOTHING_KNOWN)
            else:
                parts.append(constant(text(child)))
        return concatenated(parts)

    def _binary(self, node: Node, state: State, depth: int) -> Value:
        sign = operator(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return NOTHING_KNOWN
        if sign in ("||", "??"):
            return joined((self.value(left, state, depth + 1), self.value(right, state, depth + 1)))
        if sign == "&&":
            return self.value(right, self.assumed(left, True, state, depth), depth + 1)
        if sign != "+":
            return NOTHING_KNOWN
        operands: list[Node] = []
        waiting = [node]
        while waiting and len(operands) < _MOST_OPERANDS:
            one = bare(waiting.pop())
            first, second = one.child_by_field_name("left"), one.child_by_field_name("right")
            if one.type == "binary_expression" and operator(one) == "+" and first is not None and second is not None:
                waiting.extend((second, first))
            else:
                operands.append(one)
        return concatenated(self.value(one, state, depth + 1) for one in operands)

    def _ternary(self, node: Node, state: State, depth: int) -> Value:
        test = node.child_by_field_name("condition")
        found = []
        for field, holds in (("consequence", True), ("alternative", False)):
            side = node.child_by_field_name(field)
            if side is not None:
                reached = self.assumed(test, holds, state, depth) if test is not None else state
                found.append(self.settled(self.value(side, reached, depth + 1), reached))
        return joined(found)

    def settled(self, value: Value, state: State) -> Value:
        """The value with what the state knows about its origins, for when the state is known no longer."""
        return settled(value, state.clean)

    def assumed(self, condition: Node, holds: bool, state: State, depth: int) -> State:
        """The state where a condition has an answer."""
        from lint_rules.families.e07_security.guards_javascript import harmless_where

        return state.knowing(harmless_where(condition, holds, state, self, depth + 3))

    # Names and members.

    def _name(self, node: Node, state: State, depth: int) -> Value:
        name = text(node)
        if name in state.names:
            return state.names[name]
        source = read_of(node, self.file)
        if source is not None:
            return source
        bound = self.file.names.only_value(name, node.start_byte)
        if bound is not None:
            inner = bare(bound)
            if inner.type == "string" or (inner.type == "template_string" and not inner.named_child_count):
                return constant(string_value(inner) or text(inner))
            if inner.type in ("template_string", "binary_expression"):
                known = self.value(inner, State({}), max(depth + 1, _DEEPEST - 5))
                return Value(frozenset(), known.constant, known.is_sql, known.is_html)
        return NOTHING_KNOWN

    def _member(self, node: Node, state: State, depth: int) -> Value:
        owner = node.child_by_field_name("object")
        if owner is None:
            return NOTHING_KNOWN
        last = node.child_by_field_name("property")
        index = node.child_by_field_name("index")
        name = text(last) if last is not None else string_value(index) or "<item>"
        if name in _LENGTHS or is_limited_by_route(node, self.file):
            return NOTHING_KNOWN
        written = text(node)
        if written in state.names:
            return state.names[written]
        base = self.value(owner, state, depth + 1)
        found = self._part(base, name, node) if base.taints else NOTHING_KNOWN
        if found.taints:
            return found
        base_name = root(node)
        if (
            text(base_name) in state.names
            and read_of(base_name, self.file) is None
            and not self.file.request.is_request(base_name)
        ):
            return NOTHING_KNOWN
        source = read_of(node, self.file)
        return source if source is not None else NOTHING_KNOWN

    def _part(self, base: Value, name: str, node: Node) -> Value:
        if is_server_made(text(node)):
            return NOTHING_KNOWN
        found = member_of(base, name)
        taints = frozenset(
            taint for taint in found.taints if not is_server_made(f"{taint.source.removesuffix(name)}.{name}")
        )
        found = replace(found, taints=taints)
        if name == "originalname" and found.taints:  # of multer, which leaves the base name only
            found = cleaned(found, (BASE_NAME,))
        if is_content(text(node)):
            return cleaned(found, ("TEN0705",))
        return cleaned(found, ("TEN0702", "TEN0708")) if OWN_HOST.search(text(node)) else found

    # Objects.

    def _object(self, node: Node, state: State, depth: int) -> Value:
        found = []
        for member in named(node):
            if member.type == "pair":
                key, value = member.child_by_field_name("key"), member.child_by_field_name("value")
                if key is not None and value is not None:
                    name = key_name(key) or "<item>"
                    held = self.value(value, state, depth + 1)
                    if name.startswith("$") and name not in _OPERATORS_WITH_FILTERS:
                        held = cleaned(held, ("TEN0702",))
                    found.append(placed_in(held, name))
            elif member.type == "shorthand_property_identifier":
                found.append(placed_in(self.value(member, state, depth + 1), text(member)))
            elif member.type == "spread_element" and (inner := first_named(member)) is not None:
                found.append(self.value(inner, state, depth + 1))
        return joined(found)

    # Calls.

    def _call(self, node: Node, state: State, depth: int) -> Value:
        function = callee(node)
        if function is None:
            return NOTHING_KNOWN
        if function.type == "import":
            return NOTHING_KNOWN
        name = called_name(node)
        canonical = self.file.request.canonical(function).removesuffix("()")
        given = arguments(node)
        owner = function.child_by_field_name("object")
        rules = self._sanitizes(canonical, name)
        if EVERYTHING in rules:
            return NOTHING_KNOWN
        source = read_of(node, self.file) if self._reads(canonical) else None
        if source is not None:
            key = string_value(given[0]) if given else None
            return source if key is None else Value(frozenset(source.taints))
        value = self._result(node, canonical, name, owner, given, state, depth)
        return cleaned(value, rules) if rules else value

    def _reads(self, canonical: str) -> bool:
        """Whether a call itself reads the request: `req.get("host")`, `await request.json()`."""
        row = self.file.handlers.table.request_row(canonical, self.file.types) if canonical else None
        return row is not None and canonical.rpartition(".")[2] == row[0].rpartition(".")[2]

    def _sanitizes(self, canonical: str, name: str) -> tuple[str, ...]:
        for candidate in self.file.types.lineage(canonical) if canonical else ():
            found = _CLEANING_CALLS.get(candidate) or _CLEANING_CALLS.get(f"{candidate.rpartition('.')[0]}.*")
            if found is not None:
                return found
        return _CLEANING_NAMES.get(name, ())

    def _result(
        self, node: Node, canonical: str, name: str, owner: Node | None, given: list[Node], state: State, depth: int
    ) -> Value:
        gives = next((_PASSING[one] for one in self.file.types.lineage(canonical) if one in _PASSING), "")
        if gives == "joined":
            return concatenated((self.value(one, state, depth + 1) for one in given), are_segments=True)
        if canonical == "globalThis.Object.keys":
            return keys_of(self.value(given[0], state, depth + 1)) if given else NOTHING_KNOWN
        if gives == "copy":
            return joined(self.value(one, state, depth + 1) for one in given)
        if gives == "address" and len(given) > 1:
            return self._address(given, state, depth)
        if gives:
            first = self.value(given[0], state, depth + 1) if given else NOTHING_KNOWN
            return text_of(first) if gives == "text" else parsed(first, is_json=gives == "document")
        if name == "toString" and given and string_value(given[0]) in (None, "base64", "base64url", "hex"):
            return NOTHING_KNOWN
        base = self.value(owner, state, depth + 1) if owner is not None else NOTHING_KNOWN
        if name == "join" and owner is not None:
            between = self.value(given[0], state, depth + 1) if given else constant(",")
            return concatenated((text_of(base), between))
        if name == "reduce" and len(given) > 1:
            return reduced(base, given, state, depth, self)
        if name in ("map", "flatMap") and given:
            return mapped(base, given[0], state, depth, self)
        if name == "concat":
            values = [base, *(self.value(one, state, depth + 1) for one in given)]
            is_list = base.constant is None and any(taint.inside for one in values for taint in one.taints)
            return joined(values) if is_list else concatenated(values)
        if name in ("replace", "replaceAll") and len(given) > 1:
            left = replaced(text_of(base), text(bare(given[0]))) if base.taints else base
            put = self.value(given[1], state, depth + 1)
            if put.taints:
                return concatenated((left, put))
            if base.taints:
                return left
        if base.taints and name == "match" and given and lets_few_through(given[0], self.file):
            return NOTHING_KNOWN
        if base.taints and name in _SAME_TEXT:
            return text_of(base) if name not in ("slice", "at", "valueOf") else base
        if base.taints and name == "filter" and given:
            return chosen(base, given[0])
        if base.taints and name in _SAME_ITEMS:
            if name in ("get", "getAll", "find", "pop", "shift"):
                key = string_value(given[0]) if given else None
                if name == "get" and key is None and any(taint.through for taint in base.taints):
                    return NOTHING_KNOWN  # a method of the project's own
                return member_of(base, key or "<item>")
            return base
        if given and _READING.search(name) and self.file.request.is_request(given[0]):
            return Value(frozenset((Taint(" ".join(text(node).split()), is_document=True, is_whole=True),)))
        closure = closure_of(callee(node), self.file)
        if closure is not None:
            if closure.node.id in self.applying or len(self.applying) >= _MOST_CLOSURES:
                return NOTHING_KNOWN  # closures that call each other have ways without number
            self.applying.append(closure.node.id)
            found = called_here(closure, given, state, depth, self)
            self.applying.pop()
            return found
        symbol = self.file.names.symbol(callee(node)) if callee(node) is not None else ""  # type: ignore[arg-type]
        if symbol and (self.file.is_own(symbol) or self.file.is_own(self.file.resolve(symbol))):
            return self._through(symbol, given, state, depth)
        return NOTHING_KNOWN

    def _address(self, given: list[Node], state: State, depth: int) -> Value:
        """`new URL(path, base)`: an address that a client sends needs no base; a path of our own lies on it."""
        first, base = (self.value(one, state, depth + 1) for one in given[:2])
        found = parsed(first, is_json=False)
        return joined((found, parsed(base, is_json=False))) if first.constant is not None else found

    def _through(self, symbol: str, given: list[Node], state: State, depth: int) -> Value:
        """What a function of the project gives back, as far as its arguments are in it."""
        taints = set()
        for position, one in enumerate(given):
            for taint in self.settled(self.value(one, state, depth + 1), state).taints:
                if len(taint.through) < 3:
                    passed = Through(symbol, position, taint.inside)
                    taints.add(msgspec.structs.replace(taint, inside="", through=(*taint.through, passed)))
        return Value(frozenset(taints))


def option_names(given: list[Node], evaluator: Evaluator) -> Iterator[str]:
    """The options of a call that are not false, and the program it starts."""
    from lint_rules.families.e07_security.reading_javascript import constant as constant_of
    from lint_rules.families.e07_security.reading_javascript import options, resolved

    for argument in given:
        found: Mapping[str, Node] = options(argument, evaluator.file) or {}
        for name, value in found.items():
            if constant_of(value, evaluator.file) not in ("false", "null", "undefined"):
                yield name
    is_deep = len(given) > 1 and constant_of(given[0], evaluator.file) == "true"  # extend(true, target, ...)
    target = resolved(given[1 if is_deep else 0], evaluator.file) if given else None
    is_new = target is not None and (target.type in ("object", "array") or is_always_new(target, evaluator.file))
    if target is not None and is_new and (evaluator.file.enclosing_function(target) or target in map(bare, given[:2])):
        yield "target=fresh"
    program = constant_of(given[0], evaluator.file) if given else ""
    if program:
        yield f"program={program.rpartition('/')[2]}"
