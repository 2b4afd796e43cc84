"""Literals that are bound to names, in Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e09_secrets.judgement import looks_random
from lint_rules.families.e09_secrets.naming import belonging, credential_table
from lint_rules.families.e09_secrets.places import (
    How,
    Place,
    is_comparison,
    is_declaration,
    is_for_documentation,
    is_lookup,
    is_secret_name,
    is_wrapper,
    is_wrapping_method,
    positional,
    spots,
)
from lint_rules.families.e09_secrets.read_python import (
    called_name,
    compared_name,
    is_demonstration,
    last_name,
    literal_value,
    logs_in,
    looked_up,
    matched,
    option_name,
    replaces,
    stands_in,
    unwrapped_name,
    variable_of,
)
from lint_rules.languages.python.scopes import text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_MOST_STEPS = 14
_USERS = (
    "connect",
    "Client",
    "Redis",
    "Engine",
    "Pool",
    "login",
    "auth",
    "session",
    "Connection",
    "create_engine",
    "Session",
)

# `b64encode(b"user:password")`
_DEVELOPMENT = re.compile(r"(?:Dev|Test|Local|Demo|Mock|Fake)(?:[A-Z]|elopment|ing|$)")
_USER_AND_PASSWORD = re.compile(r"[\w.@+-]{2,60}:[^:\s]{4,60}")
# Classes whose attributes are names of kinds.
_ENUMS = ("Enum", "Choices", "Flag")
_MOST_ROTATED = 2
"""How many secrets a list holds that are old and new ones of the same thing; more are words of a check."""
_PAIRS = ("auth", "basic_auth", "http_auth", "proxy_auth")
# Classes whose fields are read from the environment.
_SETTINGS = ("BaseSettings", "BaseAppSettings", "EnvSettings", "BaseEnvSettings", "Env", "EnvConfig", "AppConfig.Base")


@lru_cache(maxsize=1)  # two rules ask
def places(file: PythonFile) -> tuple[Place, ...]:
    """The literals of a file that may be credentials, by what they are bound to."""
    return tuple(_places(file))


def _places(file: PythonFile) -> Iterator[Place]:
    seen: set[int] = set()
    for at in spots(file.data):
        literal = file.root.descendant_for_byte_range(at, at + 1)
        while literal is not None and literal.type != "string":
            literal = (
                literal.parent if literal.type.startswith(("string", "escape", "interpolation", '"', "'")) else None
            )
        if literal is None or literal.start_byte in seen or file.in_broken_code(literal):
            continue
        seen.add(literal.start_byte)
        place = place_of(literal)
        if place is not None:
            yield place


def place_of(literal: Node) -> Place | None:
    """What a literal is bound to; None if to nothing that has a name."""
    whole = literal
    while (outer := whole.parent) is not None and outer.type in (
        "concatenated_string", "binary_operator", "parenthesized_expression",
    ):  # fmt: skip
        if outer.type == "binary_operator" and literal_value(outer) is None:
            return None
        whole = outer
    value = literal_value(whole)
    if value is None:
        return None
    found = _bound_to(whole)
    if found is None or _is_documentation(whole) or is_demonstration(whole):
        return None
    if _is_of_development(whole) and not looks_random(value):
        return None
    name, how, variable, used_by = found
    return Place(name, value, whole.start_byte, whole.end_byte, how, variable, used_by)


def _bound_to(node: Node) -> tuple[str, How, str, str] | None:  # noqa: PLR0915 - one case a kind of parent
    """Name, manner, environment variable, and the call that uses it."""
    fallback = ""
    for _ in range(_MOST_STEPS):
        outer = node.parent
        if outer is None:
            return None
        kind = outer.type
        if kind == "assignment":
            if outer.child_by_field_name("right") != node:
                return None
            if _has_base(outer, _ENUMS):
                return None
            name = last_name(outer.child_by_field_name("left"))
            is_setting = _has_base(outer, _SETTINGS) or stands_in(outer, name)
            return _named(name, How.BOUND, fallback or (name.upper() if is_setting else ""))
        if kind == "pair":
            if outer.child_by_field_name("value") != node:
                return None
            name = last_name(outer.child_by_field_name("key"))
            owner = outer.parent.parent if outer.parent is not None else None
            if owner is not None and owner.type in ("pair", "assignment"):
                name = belonging(name, last_name(owner.child_by_field_name("key") or owner.child_by_field_name("left")))
            return _named(name, How.BOUND, fallback)
        if kind in ("default_parameter", "typed_default_parameter"):
            return _named(last_name(outer.child_by_field_name("name")), How.DEFAULT, fallback)
        if kind == "named_expression":
            return _named(last_name(outer.child_by_field_name("name")), How.BOUND, fallback)
        if kind == "comparison_operator":
            operators = {child.type for child in outer.children if not child.is_named}
            others = [child for child in outer.named_children if child != node]
            if not operators <= {"==", "!="} or len(others) != 1 or replaces(outer, last_name(others[0])):
                return None
            return _named(compared_name(others[0]), How.COMPARED, fallback)
        if kind == "return_statement":
            function = outer.parent
            while function is not None and function.type not in ("function_definition", "lambda", "class_definition"):
                function = function.parent
            if function is None or function.type != "function_definition":
                return None
            return _named(last_name(function.child_by_field_name("name")), How.RETURNED, fallback)
        if kind == "boolean_operator":
            left = outer.child_by_field_name("left")
            if left is None or left == node or not any(child.type == "or" for child in outer.children):
                return None
            variable = looked_up(left)
            if variable:
                fallback = variable
            elif last_name(left) and left.type in ("identifier", "attribute"):
                return _named(last_name(left), How.BOUND, fallback)
            node = outer
            continue
        if kind == "expression_list":  # `user, password = "orders", "..."`
            target = outer.parent.child_by_field_name("left") if outer.parent is not None else None
            place = outer.named_children.index(node)
            if target is None or target.type != "pattern_list" or target.named_child_count != outer.named_child_count:
                return None
            return _named(last_name(target.named_children[place]), How.BOUND, fallback)
        if (
            kind == "tuple" and outer.parent is not None and outer.parent.type == "keyword_argument"
        ):  # auth=("user", "...")
            keyword = text(outer.parent.child_by_field_name("name") or outer)
            if is_declaration(called_name(_call_of(outer.parent))):  # Env(SECRET_KEY=(str, "..."))
                return _named(keyword, How.FALLBACK, keyword)
            is_second = outer.named_child_count == 2 and outer.named_children[1] == node
            is_second = is_second and literal_value(outer.named_children[0]) != literal_value(node)  # a public client
            return _named("password", How.PASSED, fallback, keyword) if is_second and keyword in _PAIRS else None
        if kind == "list" and outer.named_child_count <= _MOST_ROTATED:
            node = outer
            continue
        if kind == "case_pattern":
            return _named(last_name(matched(outer)), How.COMPARED, fallback)
        if kind == "conditional_expression":  # `os.environ["KEY"] if "KEY" in os.environ else "..."`
            variables = (looked_up(child) for child in outer.named_children if child != node)
            fallback = fallback or next(filter(None, variables), "")
            node = outer
            continue
        if kind in ("parenthesized_expression", "await"):
            node = outer
            continue
        if kind == "attribute":  # "...".encode()
            call = outer.parent
            if (
                call is None
                or call.type != "call"
                or not is_wrapping_method(text(outer.child_by_field_name("attribute") or outer))
            ):
                return None
            node = call
            continue
        if kind == "keyword_argument":
            name = text(outer.child_by_field_name("name") or outer)
            call = outer.parent.parent if outer.parent is not None else None
            if call is None or call.type != "call":
                return None
            called = called_name(call)
            if name in credential_table()["lookups"]["keywords"]:
                if is_lookup(called):
                    return _named(variable_of(call), How.FALLBACK, variable_of(call))
                if is_wrapper(called) or called.endswith(("Field", "field", "Column")):
                    node = call
                    continue
                return _named(option_name(call), How.DEFAULT, fallback)
            if name == "key" and positional(called) is not None:
                return "secret", How.PASSED, fallback, called
            return _named(name, How.PASSED, fallback, called if called.endswith(_USERS) else "")
        if kind == "argument_list":
            call = outer.parent
            if call is None or call.type != "call":
                return None
            called = called_name(call)
            position = [child for child in outer.named_children if child.type != "comment"].index(node)
            if position == 1 and is_lookup(called):
                return _named(variable_of(call), How.FALLBACK, variable_of(call))
            if positional(called) == position or (position == 1 and logs_in(call)):
                if called.endswith(("hmac.new", "hmac.digest")) and _hashes_secret(outer, position):
                    return None
                return "secret", How.PASSED, fallback, called
            if called.endswith("b64encode") and _USER_AND_PASSWORD.fullmatch(literal_value(node) or ""):
                return "password", How.PASSED, fallback, called
            if is_comparison(called) and outer.named_child_count == 2:
                return _named(unwrapped_name(outer.named_children[1 - position]), How.COMPARED, fallback)
            if (position == 1 and called.endswith((".get", ".setdefault", ".pop", ".add_header", ".putheader"))) or (
                position == 2 and called in ("getattr", "setattr")
            ):
                first = [child for child in outer.named_children if child.type != "comment"][position - 1]
                key = literal_value(first) or ""
                return _named(key, How.DEFAULT, fallback)
            if is_wrapper(called) and position == 0:
                node = call
                continue
            return _named("connection string", How.PASSED, fallback)
        return None
    return None


def _call_of(argument: Node) -> Node:
    """The call that is given an argument."""
    given = argument.parent
    return given.parent if given is not None and given.parent is not None else argument


def _hashes_secret(given: Node, position: int) -> bool:
    """Whether what is hashed is the secret and the literal says what for: `hmac.new(b"WebAppData", bot_token)`."""
    others = given.named_children[position + 1 : position + 2]
    if is_secret_name(text(given.named_children[position])):
        return False  # `hmac.new(b"my-secret", token)` signs the token
    return any(is_secret_name(text(other)) for other in others)


def _is_documentation(node: Node) -> bool:
    """Whether a literal stands in what an argument or a key says is for people to read."""
    current = node.parent
    for _ in range(_MOST_STEPS):
        if current is None or current.type in ("block", "module"):
            return False
        if current.type in ("keyword_argument", "pair", "assignment"):
            fields = (current.child_by_field_name(field) for field in ("name", "key", "left"))
            if any(is_for_documentation(last_name(field)) for field in fields if field is not None):
                return True
        current = current.parent
    return False


def _is_of_development(node: Node) -> bool:
    """Whether a literal is an attribute of a class that says it is for development: `class DevelopmentConfig`."""
    statement = node.parent.parent if node.parent is not None and node.parent.type == "assignment" else None
    owner = statement.parent.parent if statement is not None and statement.parent is not None else None
    name = owner.child_by_field_name("name") if owner is not None and owner.type == "class_definition" else None
    return name is not None and _DEVELOPMENT.match(text(name)) is not None


def _has_base(assignment: Node, endings: tuple[str, ...]) -> bool:
    """Whether an assignment is an attribute of a class with a base whose name ends so."""
    statement = assignment.parent
    body = statement.parent if statement is not None else None
    owner = body.parent if body is not None and body.type == "block" else None
    bases = (
        owner.child_by_field_name("superclasses") if owner is not None and owner.type == "class_definition" else None
    )
    return bases is not None and any(text(base).endswith(endings) for base in bases.named_children)


def _named(name: str, how: How, variable: str, used_by: str = "") -> tuple[str, How, str, str] | None:
    if variable:
        return variable, How.FALLBACK, variable, used_by
    return (name, how, "", used_by) if name else None
