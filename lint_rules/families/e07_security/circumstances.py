"""Where and when code of either language runs: in development only, in a tool, to be shown to people."""

from __future__ import annotations

import re
from typing import Protocol

from tree_sitter import Node

from lint_rules.model import Located

_FOR_SHOW = re.compile(
    r"(?:^|/)(?:examples?|samples?|docs?(?:_src)?|documentation|demos?|tutorials?|fixtures?|mocks?|__mocks__|playground"
    r"|sandbox|storybook|stories|testing|test[-_]?(?:data|utils?|helpers?|support)|snippets|scaffolds?|boilerplates?"
    r"|benchmarks?|e2e)/"
    r"|(?:^|/)(?:conftest|fixtures?|mocks?)\.\w+$|[._-](?:example|sample|mock|fixture|stories|test|spec)(?:\.\w+)*$"
)
_DEVELOPMENT = re.compile(
    r"(?<![a-zA-Z])(?:dev|develop|development|debug|local|test|tests|testing|staging|NODE_ENV|APP_ENV|FLASK_ENV"
    r"|is_?[dD]ev\w*|is_?[lL]ocal\w*|is_?[tT]est\w*|insecure|DEBUG|DEV|TESTING|LOCAL|production|isProd\w*|is_prod\w*|prod)"
    r"(?![a-z])"
)
_CONDITIONS = {
    "if_statement": "condition", "elif_clause": "condition", "ternary_expression": "condition", "while_statement": "",
}  # fmt: skip
_DEVELOPMENT_FILE = re.compile(
    r"(?:^|[/._-])(?:dev|devel|develop|development|local|test|tests|testing|ci|debug|example|sample|dev_?server|runserver)"
    r"(?:[/._-]|$)",
    re.IGNORECASE,
)


class CheckedFile(Located, Protocol):
    """What is asked of a file, in any language."""

    relative: str

    @property
    def is_test(self) -> bool: ...


def is_for_show(file: CheckedFile) -> bool:
    """Whether a file's place says that no service runs it: tests, examples, documentation."""
    return file.is_test or _FOR_SHOW.search(file.relative) is not None


def is_for_show_path(path: str, root: str) -> bool:
    """The same of an absolute path in a project."""
    return _FOR_SHOW.search(path.removeprefix(root).lstrip("/")) is not None


def is_for_development(file: CheckedFile) -> bool:
    """Whether a file's name says that it is for the developer's machine: `settings/local.py`, `webpack.dev.js`."""
    return _DEVELOPMENT_FILE.search(file.relative) is not None


def in_development_branch(node: Node) -> bool:
    """Whether a condition around a node asks for development, tests or an opt-in: `if settings.DEBUG:`."""
    return in_branch_about(_DEVELOPMENT, node)


def in_branch_about(asked: re.Pattern[str], node: Node) -> bool:
    """Whether a condition around a node holds what is asked for."""
    inner, outer = node, node.parent
    while outer is not None:
        condition = outer.child_by_field_name(_CONDITIONS.get(outer.type) or "condition")
        if outer.type == "conditional_expression" and len(outer.named_children) == 3:
            condition = outer.named_children[1]
        elif outer.type in ("boolean_operator", "binary_expression"):
            condition = outer.child_by_field_name("left")
        if condition is not None and condition != inner and asked.search(source(condition)):
            return True
        inner, outer = outer, outer.parent
    return False


def in_else_of(asked: re.Pattern[str], node: Node) -> bool:
    """Whether a node lies where a condition that holds what is asked for was answered with no: `else:`."""
    inner, outer = node, node.parent
    while outer is not None:
        if inner.type in ("else_clause", "elif_clause"):
            condition = outer.child_by_field_name("condition")
            if condition is not None and asked.search(source(condition)):
                return True
        inner, outer = outer, outer.parent
    return False


def names_around(node: Node) -> str:
    """The names of what a node is assigned to, and of the functions around it."""
    found: list[str] = []
    current = node.parent
    while current is not None:
        field = {"assignment": "left", "assignment_expression": "left", "pair": "key"}.get(current.type, "name")
        name = current.child_by_field_name(field) if current.type not in ("class_definition", "program") else None
        if name is not None:
            found.append(source(name)[:200])
        current = current.parent
    return " ".join(found)


def source(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def short(node: Node, most: int = 60) -> str:
    """The source of a node on one line, cut where it is long."""
    line = " ".join(source(node).split()).replace("`", "'")
    return line if len(line) <= most else line[: most - 3] + "..."
