"""Whether a call of Python makes one value of another, or looks one up, and does nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE
from lint_rules.languages.python.expressions import called, last_name
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.wording import first_word, last_word, words

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

CONVERTED = {key: frozenset(names) for key, names in read_table(TABLE)["converts_by_name"].items()}
_CONVERTS = name_table(TABLE, "converts")
_OF_TEXTS = CONVERTED["names"] & frozenset(dir(str)) - {"replace", "title"}
_DEFAULTS = frozenset({"none", "true", "false", "integer", "float", "string", "list", "dictionary", "tuple"})
_KEY_AND_DEFAULT = 2
_KEY = re.compile(r"[bru]?['\"][A-Za-z_][\w .-]*['\"]")


def converts(call: Node, file: PythonFile) -> bool:
    """Whether a call makes one value of another and does nothing else."""
    function = called(call)
    own = last_name(function)
    made = own.rpartition("_to_")[2]  # from `db_to_json`, what speaks against it is only looked for in `json`
    is_named = first_word(own) in CONVERTED["first"] or last_word(own) in CONVERTED["last"] or made != own
    if is_named and CONVERTED["but"].isdisjoint(words(made)):
        return True
    if gets(call, file) or _reads_whole(call):
        return True
    if own in CONVERTED["awaited"] and (own == "json" or (call.parent is not None and call.parent.type == "await")):
        return True
    name = file.canonical(function)
    owner, _, member = name.rpartition(".")
    if owner == "builtins":
        return member in CONVERTED["builtins"]
    converter = name.partition("()")[0]  # a method of what a conversion gave is one too
    if owner.startswith("builtins.") or _CONVERTS.match(converter, file.types) is not None:
        return True
    receiver = function.child_by_field_name("object")
    if receiver is not None and receiver.type == "subscript" and own in CONVERTED["names"]:
        return True  # `os.environ["REGION"].lower()`
    if receiver is not None and own in _OF_TEXTS and file.function(function) is None:
        return True  # `finished.stdout.split()`: of what a library gives, only texts have it
    if receiver is not None and receiver.type == "identifier" and own in CONVERTED["collecting"]:
        return file.function(function) is None
    if receiver is None or (owner and not owner.endswith(")") and not _may_be_text(call, owner)):
        return False  # a function, or a method of something known
    return own in CONVERTED["names"] or (
        own == "get" and receiver.type == "call" and last_name(receiver) in CONVERTED["awaited"]
    )


def gets(call: Node, file: PythonFile) -> bool:
    """`headers.get("X-Region")`: a look-up in what is a mapping by its name, by what it is made of, or by a default."""
    function = called(call)
    receiver = function.child_by_field_name("object")
    if receiver is None or last_name(function) != "get":
        return False
    receiver = _inner(receiver)
    if receiver.type in ("subscript", "dictionary") or _is_or_empty(receiver):
        return True
    names = words(last_name(receiver))
    if not CONVERTED["mappings"].isdisjoint(names):
        return True
    if receiver.type == "call" and (converts(receiver, file) or _gets_mapping(receiver)):
        return True
    return _gets_text_or_default(call) and CONVERTED["stores"].isdisjoint(names)


def _inner(node: Node) -> Node:
    while node.type == "parenthesized_expression" and (inner := first_named(node)) is not None:
        node = inner
    return node


def _is_or_empty(receiver: Node) -> bool:
    """`(order.get("address") or {})`."""
    right = receiver.child_by_field_name("right") if receiver.type == "boolean_operator" else None
    return right is not None and right.type == "dictionary"


def _gets_mapping(call: Node) -> bool:
    """`answer.get("info", {})`."""
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    return last_name(call) == "get" and bool(given) and given[-1].type == "dictionary"


def _gets_text_or_default(call: Node) -> bool:
    """`item.get(key, "unknown")`, `item.get("price") or 0`: a constant for want of what is not there."""
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    if len(given) == _KEY_AND_DEFAULT:
        is_text = given[0].type == "string"
        return given[1].type in _DEFAULTS and (not is_text or _KEY.fullmatch(text(given[0])) is not None)
    outer = call.parent
    if len(given) != 1 or outer is None or outer.type != "boolean_operator" or given[0].type != "string":
        return False
    left, right = outer.child_by_field_name("left"), outer.child_by_field_name("right")
    return left == call and right is not None and right.type in _DEFAULTS and _KEY.fullmatch(text(given[0])) is not None


def _may_be_text(call: Node, owner: str) -> bool:
    """`name.strip()`, `name.replace(":", "-")` of a parameter: a file has no `replace` that takes two."""
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_child_count if arguments is not None else 0
    is_parameter = owner.rpartition(".")[2].startswith("<parameter>")
    return is_parameter and (last_name(call) != "replace" or given > 1)


def _reads_whole(call: Node) -> bool:
    """`parse(file.read())`, `file.read().split()` of something that was opened before."""
    function, arguments = called(call), call.child_by_field_name("arguments")
    receiver = function.child_by_field_name("object")
    if last_name(function) != "read" or receiver is None or receiver.type != "identifier":
        return False
    is_given = call.parent is not None and call.parent.type in ("argument_list", "attribute")
    return is_given and arguments is not None and not arguments.named_children


def is_refusing(call: Node, file: PythonFile) -> bool:
    """Whether it converts a text, which may be none of what is wanted: `int(text)`, `strptime(text, "%d")`."""
    name = last_name(call)
    return name in CONVERTED["refusing"] and (
        called(call).type != "identifier" or file.canonical(called(call)).startswith(("builtins.", "decimal."))
    )
