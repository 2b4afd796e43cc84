"""Literals that are bound to names, in JavaScript and TypeScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e09_secrets.naming import belonging, credential_table
from lint_rules.families.e09_secrets.places import (
    How,
    Place,
    is_comparison,
    is_for_documentation,
    is_lookup,
    is_secret_name,
    is_wrapper,
    is_wrapping_method,
    positional,
    spots,
)
from lint_rules.families.e09_secrets.read_javascript import (
    called_name,
    compared_name,
    first_literal,
    function_name,
    is_environment,
    is_sum,
    last_name,
    literal_value,
    looked_up,
    looked_up_in_chain,
    replaces,
    stands_in,
    unwrapped_name,
)
from lint_rules.languages.javascript.grammar import arguments, named, string_value, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_SETS = re.compile(
    r"(?:app|application|server|config|conf|nconf|settings|headers|params|searchParams)\.set$"
    r"|(?:\.append|\.setHeader|\.setRequestHeader)$",
    re.IGNORECASE,
)
# `"Basic " + btoa("user:password")`
_ENCODES = ("btoa", "Buffer.from", "new Buffer")
_USER_AND_PASSWORD = re.compile(r"[\w.@+-]{2,60}:[^:\s]{4,60}")

_MOST_STEPS = 16
_BASIC_AUTH = re.compile(r"basic-?auth", re.IGNORECASE)
_MOST_CALLED = 60
# What stands beside the default of a setting in a schema (convict and alike).
_OF_SETTINGS = frozenset({"env", "arg", "format", "doc", "envVar", "env_var", "environment", "sensitive"})
_TRANSPARENT = (
    "parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion",
    "await_expression", "ternary_expression",
)  # fmt: skip
_MOST_ROTATED = 2
_LITERALS = ("string", "template_string")
_USERS = (
    "session",
    "connect",
    "Client",
    "Pool",
    "Connection",
    "login",
    "auth",
    "Redis",
    "Strategy",
    "createTransport",
    "cookieSession",
    "Sequelize",
    "expressJwt",
    "jwt",
)


@lru_cache(maxsize=1)  # two rules ask
def places(file: JavaScriptFile) -> tuple[Place, ...]:
    """The literals of a file that may be credentials, by what they are bound to."""
    return tuple(_places(file))


def _places(file: JavaScriptFile) -> Iterator[Place]:
    seen: set[int] = set()
    for at in spots(file.data):
        literal = file.root.descendant_for_byte_range(at, at + 1)
        while literal is not None and literal.type not in _LITERALS:
            inside = literal.type.startswith(("string", "escape", "template", '"', "'", "`"))
            literal = literal.parent if inside else None
        if literal is None or literal.start_byte in seen or file.in_broken_code(literal):
            continue
        seen.add(literal.start_byte)
        place = place_of(literal)
        if place is not None:
            yield place


def place_of(literal: Node) -> Place | None:
    """What a literal is bound to; None if to nothing that has a name."""
    whole = literal
    while (outer := whole.parent) is not None and outer.type == "binary_expression" and is_sum(outer):
        if literal_value(outer) is None:
            return None
        whole = outer
    value = literal_value(whole)
    found = _bound_to(whole) if value is not None else None
    if value is None or found is None or _is_documentation(whole):
        return None
    name, how, variable, used_by = found
    return Place(name, value, whole.start_byte, whole.end_byte, how, variable, used_by)


def _is_documentation(node: Node) -> bool:
    """Whether a literal stands in what a key or a name says is for people to read."""
    current = node.parent
    for _ in range(_MOST_STEPS):
        if current is None or current.type in ("statement_block", "program"):
            return False
        fields = (current.child_by_field_name(field) for field in ("name", "key"))
        if any(is_for_documentation(last_name(field)) for field in fields if field is not None):
            return True
        if current.type in ("enum_declaration", "enum_body", "jsx_attribute"):
            return True
        current = current.parent
    return False


Found = tuple[str, How, str, str]


def _bound_to(node: Node) -> Found | None:  # noqa: PLR0915 - one case a kind of parent
    """Name, manner, environment variable, and the call that uses it."""
    fallback = ""
    for _ in range(_MOST_STEPS):
        outer = node.parent
        if outer is None:
            return None
        kind = outer.type
        if kind in ("variable_declarator", "public_field_definition", "field_definition"):
            if outer.child_by_field_name("value") != node:
                return None
            return _named(
                last_name(outer.child_by_field_name("name") or outer.child_by_field_name("property")),
                How.BOUND,
                fallback,
            )
        if kind == "assignment_expression":
            if outer.child_by_field_name("right") != node:
                return None
            return _assigned(outer, fallback)
        if kind == "augmented_assignment_expression":
            target = outer.child_by_field_name("left")
            variable = looked_up(target) if target is not None else ""
            is_default = any(child.type in ("||=", "??=") for child in outer.children)
            return _named(last_name(target), How.BOUND, fallback or variable) if is_default else None
        if kind == "pair":
            if outer.child_by_field_name("value") != node:
                return None
            return _of_pair(outer, fallback)
        if kind in ("assignment_pattern", "object_assignment_pattern"):
            if outer.child_by_field_name("right") != node:
                return None
            return _destructured(outer, fallback)
        if kind in ("required_parameter", "optional_parameter"):
            return _named(last_name(outer.child_by_field_name("pattern")), How.DEFAULT, fallback)
        if kind == "binary_expression":
            operator = next((child.type for child in outer.children if not child.is_named), "")
            left = outer.child_by_field_name("left")
            other = outer.child_by_field_name("right") if left == node else left
            if other is None:
                return None
            if operator in ("==", "===", "!=", "!=="):
                if replaces(outer, last_name(other)):
                    return None
                return _named(compared_name(other), How.COMPARED, fallback)
            if operator not in ("||", "??") or left == node:
                return None
            variable = looked_up(other)
            if variable:
                fallback = variable
            elif last_name(other):
                return _named(last_name(other), How.BOUND, fallback)
            node = outer
            continue
        if kind == "return_statement":
            return _named(function_name(outer), How.RETURNED, fallback)
        if kind == "arrow_function" and outer.child_by_field_name("body") == node:
            return _named(function_name(node), How.RETURNED, fallback)
        if kind == "switch_case" and outer.child_by_field_name("value") == node:
            switch = outer.parent.parent if outer.parent is not None else None
            value = switch.child_by_field_name("value") if switch is not None else None
            return _named(last_name(value), How.COMPARED, fallback)
        if kind == "ternary_expression":  # `process.env.KEY ? process.env.KEY : "..."`
            others = (looked_up(child) for child in named(outer) if child != node)
            fallback = fallback or next(filter(None, others), "")
        if kind in _TRANSPARENT or (kind == "array" and outer.named_child_count <= _MOST_ROTATED):
            node = outer
            continue
        if kind == "arguments":
            call = outer.parent
            if call is None:
                return None
            answer = _of_argument(call, node, fallback)
            if isinstance(answer, Node):
                node = answer
                continue
            return answer
        if kind in ("member_expression", "call_expression"):  # `"...".trim()`
            function = outer.child_by_field_name("property")
            if (
                kind == "member_expression"
                and outer.parent is not None
                and function is not None
                and is_wrapping_method(text(function))
            ):
                node = outer.parent
                continue
        return None
    return None


def _of_argument(call: Node, node: Node, fallback: str) -> Found | Node | None:
    called = called_name(call)
    given = arguments(call)
    position = given.index(node) if node in given else -1
    if position == 1 and is_lookup(called):
        return _named(first_literal(call), How.FALLBACK, first_literal(call))
    if positional(called) == position:
        if called.endswith("createHmac") and _hashes_secret(call):
            return None
        return "secret", How.PASSED, fallback, called
    if is_comparison(called) and len(given) >= 2 and position in (0, 1):
        return _named(unwrapped_name(given[1 - position]), How.COMPARED, fallback)
    if (
        position == 0 and called.rpartition(".")[2] == "default"
    ):  # env.get("X").default("..."), z.string().default("...")
        variable = looked_up_in_chain(call)
        if variable:
            return _named(variable, How.FALLBACK, variable)
        owner = call.parent
        if owner is not None and owner.type == "pair":  # z.object({ JWT_SECRET: z.string().default("...") })
            key = last_name(owner.child_by_field_name("key"))
            return _named(key, How.FALLBACK, key)
        return call
    if position == 0 and called in _ENCODES and _USER_AND_PASSWORD.fullmatch(string_value(node) or ""):
        return "password", How.PASSED, fallback, called
    if position == 1 and _SETS.search(called):  # app.set("jwtSecret", "..."), headers.set("Authorization", "...")
        return _named(first_literal(call), How.BOUND, fallback)
    if position == 1 and called.endswith((".get", ".getOrThrow")):
        return _named(first_literal(call), How.DEFAULT, fallback)
    if position == 0 and is_wrapper(called):
        return call
    return _named("connection string", How.PASSED, fallback) if "://" in (string_value(node) or "") else None


def _hashes_secret(call: Node) -> bool:
    """Whether what is hashed is the secret: `createHmac("sha256", "WebAppData").update(botToken)`."""
    update = call.parent.parent if call.parent is not None and call.parent.type == "member_expression" else None
    given = arguments(update) if update is not None and update.type == "call_expression" else []
    if any(is_secret_name(text(one)) for one in arguments(call)[1:2]):
        return False  # `createHmac("sha256", "my-secret").update(token)` signs the token
    return bool(given) and is_secret_name(last_name(given[0]))


def _assigned(assignment: Node, fallback: str) -> Found | None:
    target = assignment.child_by_field_name("left")
    name = last_name(target)
    if target is not None and text(target) == "app.keys":  # of Koa, which signs cookies with them
        name = "cookie_key"
    return _named(name, How.BOUND, fallback or (name if target is not None and stands_in(assignment, target) else ""))


def _of_pair(pair: Node, fallback: str) -> Found | None:
    key = last_name(pair.child_by_field_name("key"))
    if (
        key in credential_table()["lookups"]["keywords"]
    ):  # convict: {env: "DB_PASSWORD", default: "..."}; envalid: str({...})
        owner = pair.parent
        call = owner.parent.parent if owner is not None and owner.parent is not None else None
        outer = owner.parent if owner is not None else None
        if outer is not None and outer.type == "arguments" and call is not None:
            outer = call.parent
        elif owner is not None and _OF_SETTINGS.isdisjoint(_keys_of(owner)):
            return None  # a field of a form
        if outer is not None and outer.type == "pair":
            name = last_name(outer.child_by_field_name("key"))
            return _named(name, How.FALLBACK, name)
        return None
    owner = pair.parent
    call = owner.parent.parent if owner is not None and owner.parent is not None else None
    called = called_name(call) if call is not None and call.type in ("call_expression", "new_expression") else ""
    used_by = called if called.endswith(_USERS) else ""
    if key == "keys" and called.endswith("cookieSession"):
        key = "cookie_key"
    if (basic := _basic_auth(owner)) is not None:
        return _named("password", How.PASSED, fallback, basic)
    holder = owner.parent if owner is not None else None
    if holder is not None and holder.type in ("pair", "variable_declarator"):
        key = belonging(key, last_name(holder.child_by_field_name("key") or holder.child_by_field_name("name")))
    return _named(key, How.PASSED if used_by else How.BOUND, fallback, used_by)


def _basic_auth(users: Node | None) -> str | None:
    """The call for which an object lists users with their passwords: `basicAuth({ users: { admin: "..." } })`."""
    pair = users.parent if users is not None else None
    if pair is None or pair.type != "pair" or last_name(pair.child_by_field_name("key")) != "users":
        return None
    given = pair.parent.parent if pair.parent is not None else None
    call = given.parent if given is not None and given.type == "arguments" else None
    function = text(call.child_by_field_name("function") or call)[:_MOST_CALLED] if call is not None else ""
    return "basicAuth" if _BASIC_AUTH.search(function) else None


def _keys_of(literal: Node) -> set[str]:
    return {last_name(pair.child_by_field_name("key")) for pair in named(literal) if pair.type == "pair"}


def _destructured(pattern: Node, fallback: str) -> Found | None:
    """A default in `const { JWT_SECRET = "..." } = process.env`, or of a parameter."""
    name = last_name(pattern.child_by_field_name("left"))
    outer = pattern.parent
    if outer is not None and outer.type == "pair_pattern":
        name = last_name(outer.child_by_field_name("key"))
        outer = outer.parent
    if outer is not None and outer.type == "object_pattern":
        declarator = outer.parent
        value = declarator.child_by_field_name("value") if declarator is not None else None
        if value is not None and is_environment(value):
            return _named(name, How.FALLBACK, name)
    return _named(name, How.DEFAULT, fallback)


def _named(name: str, how: How, variable: str, used_by: str = "") -> Found | None:
    if variable:
        return variable, How.FALLBACK, variable, used_by
    return (name, how, "", used_by) if name else None
