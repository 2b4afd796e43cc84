"""What an expression is called, which variable it reads, and what value a literal has, in Python."""

from __future__ import annotations

import ast
import re

from tree_sitter import Node

from lint_rules.families.e09_secrets.places import is_lookup, is_wrapper, is_wrapping_method
from lint_rules.languages.python.scopes import text

_MOST_STEPS = 14
_PLAIN = re.compile(r"""(["'])[^"'\\]+\1""")
"""A literal that means what it says: no prefix, no escapes."""


def literal_value(node: Node) -> str | None:
    """The value of a literal, of literals one behind the other, or joined by `+`; None if anything is not constant."""
    if node.type == "parenthesized_expression" and node.named_child_count == 1:
        return literal_value(node.named_children[0])
    written = text(node)
    if node.type == "string":
        if _PLAIN.fullmatch(written):
            return written[1:-1]
        if any(child.type == "interpolation" for child in node.children):
            return None
        try:
            value = ast.literal_eval(written.lstrip("fFtT"))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
        return (
            value.decode("ascii", "backslashreplace").replace("\n", "\\n") if isinstance(value, bytes) else str(value)
        )
    if node.type == "concatenated_string":
        parts = [literal_value(child) for child in node.named_children if child.type == "string"]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if node.type == "binary_operator" and node.descendant_count < 200:
        operands = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        values = [literal_value(one) if one is not None else None for one in operands]
        return "".join(one for one in values if one is not None) if None not in values else None
    return None


def matched(pattern: Node) -> Node | None:
    """What `match` compares with a pattern."""
    statement: Node | None = pattern
    while statement is not None and statement.type != "match_statement":
        if statement.type not in ("case_pattern", "case_clause", "block"):
            return None
        statement = statement.parent
    return statement.child_by_field_name("subject") if statement is not None else None


_MAIN = re.compile(rb"""if\s+__name__\s*==\s*["']__main__["']""")
_SAYS_DEMONSTRATION = re.compile(rb"#[^\n]*\b(?:test|testing|tests|demo|demonstration|example|try)\b", re.IGNORECASE)
_BEGINNING = 200


def is_demonstration(node: Node) -> bool:
    """Whether a place runs only if its module is called by itself, which a comment there says is for trying it out."""
    current: Node | None = node
    while current is not None:
        if current.type == "if_statement":
            beginning = (current.text or b"")[:_BEGINNING]
            if _MAIN.match(beginning):
                return _SAYS_DEMONSTRATION.search(beginning) is not None
        current = current.parent
    return False


_MAKES_LOGIN = rb"\b(?:smtplib|imaplib|ftplib|poplib|aiosmtplib|aioimaplib)\."


def logs_in(call: Node) -> bool:
    """Whether a call is `login` of a server for mail or files, which is made in this file: `s = smtplib.SMTP(...)`."""
    receiver, _, last = called_name(call).rpartition(".")
    if last != "login" or not receiver:
        return False
    root = call
    while root.parent is not None:
        root = root.parent
    name = re.escape(receiver.encode())
    made = rb"(?<![\w.])%s\s*=\s*%s|%s[^\n]{0,200}\bas\s+%s\s*[:,]" % (name, _MAKES_LOGIN, _MAKES_LOGIN, name)
    return re.search(made, root.text or b"") is not None


def compared_name(node: Node) -> str:
    """What is compared: the name of a value, of one in another form, or of the function that gives it."""
    name = unwrapped_name(node)
    if name or node.type != "call":
        return name
    last = called_name(node).rpartition(".")[2]
    given = node.child_by_field_name("arguments")
    first = given.named_child(0) if given is not None and given.named_child_count else None
    return (last_name(first) if first is not None and last in _ASKING else "") or last


_ASKING = frozenset(
    {"get", "pop", "get_argument", "get_body_argument", "get_query_argument", "get_cookie", "get_header", "getheader",
     "getfirst", "getvalue"}
)  # fmt: skip
"""Methods that give what a request has under a name."""


def unwrapped_name(node: Node) -> str:
    """The name of `password`, `password.encode()` or `str(password)`."""
    for _ in range(_MOST_STEPS):
        if node.type != "call":
            break
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is not None and function.type == "attribute" and is_wrapping_method(last_name(function)):
            node = function.child_by_field_name("object") or node
        elif given is not None and given.named_child_count and is_wrapper(called_name(node)):
            node = given.named_children[0]
        else:
            break
    return last_name(node)


_TURNED_DOWN = re.compile(
    rb"\s*(?:raise\b|(?:warnings|(?=\w*log)\w+)\.(?:warn|warning|error|critical)\()", re.IGNORECASE
)


def replaces(comparison: Node, name: str) -> bool:
    """Whether the value is a placeholder, which is replaced or turned down: `if password == "x": password = ...`."""
    branch = comparison.parent
    body = branch.child_by_field_name("consequence") if branch is not None and branch.type == "if_statement" else None
    assigned = rb"\s*(?:[\w.]+\.)?%s\s*=[^=]" % re.escape(name.encode())
    if body is None:
        return False
    is_turned_down = b"==" in (comparison.text or b"") and _TURNED_DOWN.match(body.text or b"") is not None
    return is_turned_down or re.match(assigned, body.text or b"") is not None


def stands_in(assignment: Node, name: str) -> bool:
    """Whether a name is given a value if the environment has none: `if not secret_key: secret_key = "..."`."""
    statement = assignment.parent
    branch = statement.parent.parent if statement is not None and statement.parent is not None else None
    condition = (
        branch.child_by_field_name("condition") if branch is not None and branch.type == "if_statement" else None
    )
    if condition is None or not name or text(condition) not in (f"not {name}", f"{name} is None"):
        return False
    root = assignment
    while root.parent is not None:
        root = root.parent
    asked = rb"\b%s\s*(?::[^=\n]*)?=\s*(?:os\.)?(?:environ\b|getenv\()" % re.escape(name.encode())
    return re.search(asked, root.text or b"") is not None


def last_name(node: Node | None) -> str:
    """`password` for `password`, `self.password`, `config["password"]` and `"password"`; "" for anything else."""
    if node is None:
        return ""
    if node.type == "identifier":
        return text(node)
    if node.type == "attribute":
        return text(node.child_by_field_name("attribute") or node)
    if node.type == "subscript":
        return literal_value(node.child_by_field_name("subscript") or node) or ""
    if node.type == "string":
        return literal_value(node) or ""
    if node.type == "call":
        arguments = node.child_by_field_name("arguments")
        first = arguments.named_children[0] if arguments is not None and arguments.named_child_count else None
        called = called_name(node)
        return last_name(first) if first is not None and called.endswith(".get") else ""
    return ""


def called_name(call: Node) -> str:
    """The name a call is written with: `os.environ.get`."""
    function = call.child_by_field_name("function")
    return text(function) if function is not None and function.type in ("identifier", "attribute") else ""


def variable_of(call: Node) -> str:
    """The environment variable that a look-up names first."""
    arguments = call.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_child_count else None
    return literal_value(first) or "" if first is not None and first.type == "string" else ""


def looked_up(node: Node) -> str:
    """The environment variable that an expression reads, "" if it reads none; of several in a chain the first."""
    if node.type in ("boolean_operator", "parenthesized_expression"):
        return next(filter(None, map(looked_up, node.named_children)), "")
    if node.type == "call" and is_lookup(called_name(node)):
        return variable_of(node)
    if node.type == "subscript" and text(node.child_by_field_name("value") or node).endswith("environ"):
        return last_name(node)
    return ""


def option_name(call: Node) -> str:
    """The option that `add_argument("--password", default="...")` and `click.option` declare."""
    if not called_name(call).endswith(("add_argument", "option", "Option", "add_option")):
        return ""
    return variable_of(call).lstrip("-")
