"""Which names a module surely has: the top-level names of a Python file, the exports of an ES module."""

from __future__ import annotations

import ast
import re
import warnings

from tree_sitter import Node

from lint_rules.languages.javascript.binding import specifiers
from lint_rules.languages.javascript.exports import declared_names
from lint_rules.languages.javascript.grammar import has_token, named, parse, string_value, text
from lint_rules.project.disk import derived
from lint_rules.project.requirements import read_text

_MAKES_NAMES = re.compile(
    r"__getattr__|globals\(\)|sys\.modules|\bsetattr\(|\bexec\(|\bvars\(|__dict__|lazy_?(?:import|loader|module)|__class__\s*="
)
_MODULE_NAMES = frozenset({"__name__", "__file__", "__doc__", "__path__", "__package__", "__spec__", "__loader__",
                           "__dict__", "__builtins__", "__cached__", "__annotations__"})  # fmt: skip


_PLAIN = re.compile(r"^(?:(?:class|(?:async[ \t]+)?def)[ \t]+(\w+)|(\w+)[ \t]*(?::[^=\n]*)?=(?!=))", re.MULTILINE)


@derived(4_000)
def plain_names(path: str) -> frozenset[str]:
    """Names that a module surely binds, by the beginnings of its lines: most of them, without parsing it."""
    return frozenset(one or other for one, other in _PLAIN.findall(read_text(path) or ""))


@derived(4_000)
def python_names(path: str) -> tuple[frozenset[str], tuple[tuple[int, str], ...]] | None:
    """The names that a module binds, and the modules (level, name) whose names it takes with `*`.

    None where the module may make names in other ways, or cannot be read.
    """
    content = read_text(path)
    if content is None or _MAKES_NAMES.search(content):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the engine reports what does not parse
    names = set(_MODULE_NAMES)
    stars: list[tuple[int, str]] = []
    waiting: list[tuple[ast.AST, bool]] = [(one, True) for one in tree.body]
    while waiting:
        node, is_top = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            if is_top and not isinstance(node, ast.Lambda):
                names.add(node.name)
            is_top = False
        elif isinstance(node, ast.Global):
            names.update(node.names)
        elif not is_top:
            pass
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name == "*":
                    stars.append((node.level, node.module or ""))  # type: ignore[union-attr]
                else:
                    names.add(alias.asname or alias.name.partition(".")[0])
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                names.add(node.module.partition(".")[0])  # importing a submodule binds it in its package
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif type(node).__name__ == "TypeAlias":
            names.add(node.name.id)  # type: ignore[attr-defined]
        waiting.extend((child, is_top) for child in ast.iter_child_nodes(node))
    return frozenset(names), tuple(stars)


@derived(4_000)
def script_exports(path: str) -> tuple[frozenset[str], tuple[str, ...]] | None:
    """The names that an ES module exports, and the modules all of whose exports it hands on.

    None for what is no ES module (a CommonJS module's names are known only when it runs), or cannot be read.
    """
    content = read_text(path)
    if content is None or "export" not in content:
        return None
    parsed = parse(content.encode(), path)
    root = parsed.tree.root_node
    if root.has_error:
        return None
    names: set[str] = set()
    stars: list[str] = []
    has_export = False
    for statement in named(root):
        if statement.type == "expression_statement" and b"exports" in (statement.text or b"")[:200]:
            return None
        if statement.type != "export_statement":
            continue
        has_export = True
        if has_token(statement, "="):
            return None
        source = string_value(statement.child_by_field_name("source"))
        clauses = [one for one in named(statement) if one.type in ("export_clause", "namespace_export")]
        if source is not None and not clauses:
            stars.append(source)
        for clause in clauses:
            if clause.type == "namespace_export":
                names.update(string_value(one) or text(one) for one in named(clause))
            else:
                names.update(string_value(exported) or text(exported) for exported, _ in specifiers(clause))
        if has_token(statement, "default"):
            names.add("default")
        declaration = statement.child_by_field_name("declaration")
        if declaration is not None and not has_token(statement, "default"):
            names.update(_declared(declaration))
    return (frozenset(names), tuple(stars)) if has_export else None


def _declared(declaration: Node) -> list[str]:
    if declaration.type == "ambient_declaration":
        return [name for child in named(declaration) for name in _declared(child)]
    return [text(name) for name in declared_names(declaration)]
