"""What a condition guarantees about the data it looks at: allow-lists, patterns, types, paths and hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.flow.taint import Path, Variables, safe_from
from lint_rules.languages.python.checking import TELLS
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text

EVERYTHING = frozenset({"*"})
"""Stands for all kinds of misuse."""

_PATH = frozenset({"path"})
_HOST = frozenset({"url", "redirect"})
_TEXT = frozenset({"nosql", "mass", "where"})
_SEARCHED = frozenset({"searched"})
_SHORTER = {"<": True, "<=": True, ">": False, ">=": False}
"""Comparisons of a length with a number, and with which answer the text is short."""
_MAX_DEPTH = 30

_PLAIN_TEXT = frozenset({"isdigit", "isalnum", "isdecimal", "isnumeric", "isidentifier", "isalpha"})
_MATCHES = frozenset({"match", "fullmatch", "search"})
_HOSTS = frozenset({"url_has_allowed_host_and_scheme", "is_safe_url", "is_safe_redirect", "is_same_domain"})
_HOST_PARTS = frozenset({"netloc", "hostname", "host"})
_RESOLVES = re.compile(r"realpath|abspath|resolve|normpath|safe", re.IGNORECASE)
_INSIDE = frozenset({"inside"})
"""A path that begins with a folder; it also stays there if it was resolved before."""

Guarantee = tuple[Path, frozenset[str]]


def refined(test: Node, holds: bool, variables: Variables) -> Variables:
    """The variables where a condition (with `and`, `or`, `not` in it) is answered so."""
    if not variables:
        return variables
    for path, kinds in _guarantees(test, holds):
        variables = safe_from(variables, path, kinds)
    return variables


def _guarantees(test: Node, holds: bool) -> Iterator[Guarantee]:
    waiting = [(test, holds)]
    for _ in range(_MAX_DEPTH):
        if not waiting:
            return
        node, answer = waiting.pop()
        inner = node.child_by_field_name("argument") if node.type == "not_operator" else None
        if node.type == "parenthesized_expression":
            inner = first_named(node)
        if inner is not None:
            waiting.append((inner, answer is not (node.type == "not_operator")))
        elif node.type == "boolean_operator":
            if any(child.type == "and" for child in node.children) is answer:
                waiting.extend((child, answer) for child in node.named_children)
        else:
            yield from guaranteed(node, answer)


def guaranteed(node: Node, holds: bool) -> Iterator[Guarantee]:
    """The paths that are safe where a test has the answer `holds`, and from what."""
    node = _bare(node)
    if node.type == "comparison_operator" and node.named_child_count == 2:
        yield from _compared(node, holds)
    elif node.type == "call":
        yield from _asked(node, holds)
    elif node.type in ("identifier", "attribute", "subscript") and not holds:
        yield from _emptied(node)
    elif node.type == "named_expression":
        value = node.child_by_field_name("value")
        if value is not None:
            yield from guaranteed(value, holds)


def _emptied(node: Node) -> Iterator[Guarantee]:
    """What is false or empty does no harm; `if not parts.netloc`: the address names no host."""
    attribute = node.child_by_field_name("attribute")
    if attribute is not None and text(attribute) in _HOST_PARTS:
        yield from ((path, _HOST) for path in roots_of(node))
    elif path := path_of(node):
        yield path, EVERYTHING


def _compared(node: Node, holds: bool) -> Iterator[Guarantee]:
    left, right = node.named_children
    written = text(node)[len(text(left)) : len(text(node)) - len(text(right))]
    operator = " ".join(written.replace("(", " ").replace(")", " ").split())
    if operator in _SHORTER:
        if holds is _SHORTER[operator] and text(left).startswith("len("):
            yield from ((path, _SEARCHED) for path in _names_below(left))
        return
    if operator in ("not in", "!=", "is not"):
        holds = not holds
        operator = {"not in": "in", "!=": "==", "is not": "is"}[operator]
    if operator == "in":
        if left.type == "string":
            if not holds and text(left).strip("rb\"'") in ("..", "/", "\\", "../", "\\\\", "\0"):
                yield from ((path, _PATH) for path in roots_of(right))
            elif not holds and text(left).strip("rb\"'") in ("//", "://", ":"):
                yield from ((path, _HOST) for path in roots_of(right))
            return
        if holds and right.type == "attribute" and text(right).endswith(".parents"):
            yield from ((path, _PATH) for path in roots_of(right.child_by_field_name("object") or right))
        elif holds:
            yield from _equal(left)
    elif operator in ("==", "is") and holds:
        yield from _equal(left)
        yield from _equal(right)


def _equal(node: Node) -> Iterator[Guarantee]:
    """What is among known values, or equals one."""
    attribute = node.child_by_field_name("attribute")
    if attribute is not None and node.type == "attribute" and text(attribute) in _HOST_PARTS:
        yield from ((path, _HOST) for path in roots_of(node))
        return
    if node.type == "call":
        name = _last_name(node.child_by_field_name("function") or node)
        if name in ("commonpath", "commonprefix"):
            yield from ((path, _PATH) for path in _names_below(node))
            return
        if name == "type":
            yield from ((path, _TEXT) for path in _names_below(node))
            return
        if name not in ("strip", "lower", "upper", "casefold", "str"):
            return
        yield from ((path, EVERYTHING) for path in roots_of(node))
    elif path := path_of(node):
        yield path, EVERYTHING


def _asked(call: Node, holds: bool) -> Iterator[Guarantee]:
    function = call.child_by_field_name("function")
    if function is None:
        return
    name = _last_name(function)
    receiver = function.child_by_field_name("object") if function.type == "attribute" else None
    given = [value for _, value in arguments(call)]
    if name in _PLAIN_TEXT and receiver is not None:
        if holds:
            yield from ((path, EVERYTHING) for path in roots_of(receiver))
    elif name == "isinstance" and len(given) == 2:
        if holds and (path := path_of(given[0])):
            words = set(re.findall(r"\w+", text(given[1])))
            if words <= {"int", "float", "bool", "complex", "Decimal", "UUID", "datetime", "date"}:
                yield path, EVERYTHING
            elif not words & {"dict", "list", "Mapping", "Sequence", "tuple"}:
                yield path, _TEXT
    elif name in _MATCHES:
        if holds and given:
            yield from ((path, EVERYTHING) for path in roots_of(given[-1] if len(given) < 3 else given[1]))
    elif name == "startswith" and receiver is not None and given:
        yield from _begins(receiver, given[0], holds)
    elif name == "is_relative_to" and receiver is not None:
        if holds:
            yield from ((path, _PATH) for path in roots_of(receiver))
    elif name in ("all", "any"):
        if holds is (name == "all"):
            yield from ((path, EVERYTHING) for path in _names_below(call))
    elif name == "compare_digest":
        if holds:  # whoever has the key has sent it
            yield from ((path, EVERYTHING) for value in given for path in _names_below(value))
    elif name in _HOSTS:
        if holds and given:
            yield from ((path, _HOST) for path in roots_of(given[0]))
    elif holds and TELLS.search(name):
        for value in given:
            yield from ((path, EVERYTHING) for path in roots_of(value))


def judged_by(value: Node) -> list[Path]:
    """What a call looks at whose result says whether something is in order: `allowed = is_allowed(path)`."""
    value = _bare(value)
    function = value.child_by_field_name("function") if value.type == "call" else None
    if function is None or not TELLS.search(_last_name(function)):
        return []
    return [path for _, argument in arguments(value) for path in roots_of(argument)]


_TAKES_APART = frozenset({"urlparse", "urlsplit", "parse_url", "make_url", "URL", "Url", "furl"})
_RESOLVING = frozenset({"realpath", "abspath", "normpath", "resolve"})


def host_of(value: Node) -> list[Path]:
    """The addresses, or what was taken apart of them, whose host an expression is: `urlsplit(url).hostname`."""
    value = _bare(value)
    attribute = value.child_by_field_name("attribute")
    owner = value.child_by_field_name("object")
    if value.type != "attribute" or attribute is None or owner is None or text(attribute) not in _HOST_PARTS:
        return []
    return list(roots_of(owner))


def names_below(node: Node) -> list[Path]:
    """All names that stand in an expression, as paths."""
    return list(_names_below(node))


def resolved_from(value: Node) -> list[Path]:
    """What an address or path that is taken apart or resolved came from: `parts = urlsplit(url)`."""
    value = _bare(value)
    function = value.child_by_field_name("function") if value.type == "call" else None
    name = _last_name(function) if function is not None else ""
    if name in _TAKES_APART:
        return list(roots_of(value))
    if function is None or name not in _RESOLVING:
        return []
    given = [argument for _, argument in arguments(value)]
    path = path_of(given[0]) if given else path_of(function.child_by_field_name("object") or function)
    return [path] if path else []


_TRIVIAL = frozenset(
    {"len", "isinstance", "bool", "str", "int", "type", "strip", "lower", "upper", "startswith", "endswith", "hasattr",
     "callable", "get", "print", "getattr", "repr", "exists", "isfile", "isdir", "is_file", "is_dir"}
)  # fmt: skip


def replaced_unless(node: Node, holds: bool) -> tuple[Path, Node] | None:
    """What a branch that is not taken here would have replaced, and by what: `if not is_own(target): target = HOME`.

    Only where the condition asks a function about it that can tell more than whether it is there.
    """
    outer = node
    while outer.parent is not None and outer.parent.type in ("not_operator", "parenthesized_expression"):
        holds = holds is not (outer.parent.type == "not_operator")
        outer = outer.parent
    branch = outer.parent
    if holds or branch is None or branch.type != "if_statement" or branch.child_by_field_name("condition") != outer:
        return None
    block = branch.child_by_field_name("consequence")
    statement = first_named(block) if block is not None and block.named_child_count == 1 else None
    assignment = first_named(statement) if statement is not None else None
    if assignment is None or assignment.type != "assignment":
        return None
    left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
    if left is None or right is None or left.type != "identifier":
        return None
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type == "call" and (text(left),) in _names_below(current):
            function = current.child_by_field_name("function")
            if function is not None and _last_name(function) not in _TRIVIAL:
                return (text(left),), right
        waiting.extend(current.named_children)
    return None


def _begins(receiver: Node, prefix: Node, holds: bool) -> Iterator[Guarantee]:
    literals = re.findall(r"""["']([^"']*)["']""", text(prefix))
    inside = _PATH if _RESOLVES.search(text(receiver)) else _INSIDE
    if prefix.type not in ("string", "tuple") or not literals:
        if holds:
            yield from ((path, inside | _HOST) for path in roots_of(receiver))
    elif holds and all(re.match(r"\w+://[^/]+|/", literal) for literal in literals):
        kinds = inside | _HOST if all(re.match(r"/\w", literal) for literal in literals) else _HOST
        yield from ((path, kinds) for path in roots_of(receiver))
    elif not holds and any(literal.startswith(("..", "/", "http", "//")) for literal in literals):
        kinds = _HOST if any(literal.startswith(("http", "//")) for literal in literals) else frozenset()
        yield from ((path, kinds) for path in roots_of(receiver) if kinds)


def path_of(node: Node) -> Path:
    """`("order", "lines")` for `order.lines` and `order["lines"]`; a part that is not constant ends it."""
    parts: list[str] = []
    current: Node | None = _bare(node)
    while current is not None:
        if current.type == "identifier":
            return (text(current), *reversed(parts))
        if current.type == "attribute":
            attribute = current.child_by_field_name("attribute")
            parts.append(text(attribute) if attribute is not None else "")
            current = current.child_by_field_name("object")
        elif current.type == "subscript":
            key = current.child_by_field_name("subscript")
            if key is not None and key.type in ("string", "integer"):
                parts.append(text(key).strip("\"'"))
            else:
                parts.clear()
            current = current.child_by_field_name("value")
        else:
            return ()
        current = _bare(current) if current is not None else None
    return ()


def roots_of(node: Node) -> Iterator[Path]:
    """The variables that an expression takes a form of: `path` for `str(path.resolve())`."""
    current: Node | None = node
    for _ in range(_MAX_DEPTH):
        if current is None:
            return
        current = _bare(current)
        path = path_of(current)
        if path:
            yield path
            for size in range(1, len(path)):
                if path[-1] in _HOST_PARTS | {"scheme", "path", "name"} and size == len(path) - 1:
                    yield path[:size]
            return
        if current.type == "call":
            function = current.child_by_field_name("function")
            given = [value for _, value in arguments(current)]
            if function is not None and function.type == "attribute" and not (given and _is_module_call(function)):
                current = function.child_by_field_name("object")
            else:
                current = given[0] if given else None
        elif current.type in ("attribute", "subscript"):
            current = current.child_by_field_name("object") or current.child_by_field_name("value")
        else:
            return


def _is_module_call(function: Node) -> bool:
    """Whether `a.b(x)` looks like a function of a module: `os.path.realpath(x)`."""
    owner = function.child_by_field_name("object")
    return owner is not None and text(owner) in (
        "os.path",
        "os",
        "path",
        "posixpath",
        "urllib.parse",
        "parse",
        "pathlib",
        "re",
    )


def _names_below(node: Node) -> Iterator[Path]:
    """All names that stand in an expression."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type == "identifier":
            yield (text(current),)
        else:
            waiting.extend(current.named_children)


def _last_name(function: Node) -> str:
    return text(function.child_by_field_name("attribute") or function)


def _bare(node: Node) -> Node:
    while node.type in ("parenthesized_expression", "await") and (inner := first_named(node)) is not None:
        node = inner
    return node
