"""What a file imports: `import a.b`, `from .a import b`, and under which circumstances each import is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.grammar import SyntaxIndex


class Import(Struct, frozen=True):
    """One imported module.

    `module` is dotted, without the `level` dots in front of it. `names` are those that `from` takes (`*` for all), each
    with the node that writes it; none for `import a.b`, whose bound name is `alias` or the first segment. `node` is the
    statement, `source` what names the module. `is_type` says that it stands under TYPE_CHECKING; `is_guarded` that a
    failing import is handled; `is_conditional` that an `if` decides; `is_deferred` that a function must be called.
    """

    module: str
    level: int
    names: tuple[tuple[str, Node], ...]
    node: Node
    source: Node
    alias: str = ""
    is_from: bool = False
    is_type: bool = False
    is_guarded: bool = False
    is_conditional: bool = False
    is_deferred: bool = False

    @property
    def top(self) -> str:
        """The first segment of an absolute import."""
        return "" if self.level else self.module.partition(".")[0]

    @property
    def written(self) -> str:
        """The module as it is written, with its dots."""
        return "." * self.level + self.module


_SUFFICES = re.compile(rb"ImportError|ModuleNotFoundError|Exception|BaseException")
_COMMENT = re.compile(rb"#[^\n]*")
_TYPE_CHECKING = re.compile(rb"(?<!not )(?:\b|\.)TYPE_CHECKING\b")
_MAIN = re.compile(rb"__name__\s*==|==\s*__name__")
_OPTIONAL_WITH = re.compile(rb"import|suppress|optional", re.IGNORECASE)


def imports(index: SyntaxIndex) -> tuple[Import, ...]:
    """All imports of a file, in the order of the text; those from `__future__` are left out."""
    statements = sorted(
        (*index.nodes("import_statement"), *index.nodes("import_from_statement")), key=lambda node: node.start_byte
    )
    return tuple(one for statement in statements for one in _of_statement(statement))


def _of_statement(statement: Node) -> Iterator[Import]:
    around = _surroundings(statement)
    if statement.type == "import_statement":
        for item in statement.named_children:
            source = item.child_by_field_name("name") if item.type == "aliased_import" else item
            if source is None or source.type != "dotted_name":
                continue
            alias = item.child_by_field_name("alias")
            yield Import(_dotted(source), 0, (), statement, source, _dotted(alias) if alias else "", False, *around)
        return
    source = statement.child_by_field_name("module_name")
    if source is None:
        return
    written = _dotted(source)
    module = written.lstrip(".")
    names: list[tuple[str, Node]] = []
    for item in statement.children_by_field_name("name"):
        name = item.child_by_field_name("name") if item.type == "aliased_import" else item
        if name is not None:
            names.append((_dotted(name), name))
    names.extend(("*", item) for item in statement.named_children if item.type == "wildcard_import")
    yield Import(module, len(written) - len(module), tuple(names), statement, source, "", True, *around)


def _dotted(node: Node) -> str:
    return "".join((node.text or b"").decode("utf-8", "replace").split())


def _surroundings(statement: Node) -> tuple[bool, bool, bool, bool]:
    """Whether it is under TYPE_CHECKING, guarded, conditional, deferred."""
    is_type = is_guarded = is_conditional = is_deferred = False
    inner, current = statement, statement.parent
    while current is not None:
        kind = current.type
        if kind == "try_statement":
            is_guarded = is_guarded or _is_guarded_by(current, inner)
        elif kind == "with_statement":
            body = current.child_by_field_name("body")
            head = (current.text or b"")[: (body.start_byte - current.start_byte) if body is not None else 0]
            is_guarded = is_guarded or _OPTIONAL_WITH.search(head) is not None
        elif kind in ("if_statement", "elif_clause"):
            condition = current.child_by_field_name("condition")
            written = (condition.text or b"") if condition is not None else b""
            in_branch = inner.type == "block"
            if in_branch and _TYPE_CHECKING.search(written):
                is_type = True
            elif not (in_branch and _MAIN.search(written)) and not _TYPE_CHECKING.search(written):
                is_conditional = True
        elif kind in ("function_definition", "lambda"):
            is_deferred = True
        elif kind == "match_statement":
            is_conditional = True
        inner, current = current, current.parent
    return is_type, is_guarded, is_conditional, is_deferred


def _is_guarded_by(statement: Node, inner: Node) -> bool:
    """Whether a `try` handles a failing import in one of its parts, or the part is what is done after one failed."""
    for clause in statement.named_children:
        if clause.type not in ("except_clause", "except_group_clause"):
            continue
        body = next((child for child in clause.named_children if child.type == "block"), None)
        end = body.start_byte if body is not None else clause.end_byte
        head = _COMMENT.sub(b"", (clause.text or b"")[: end - clause.start_byte])
        handles = head.strip() in (b"except:", b"except") or _SUFFICES.search(head) is not None
        if handles and (
            inner == statement.child_by_field_name("body") or inner == clause or inner.type == "else_clause"
        ):
            return True
    return False
