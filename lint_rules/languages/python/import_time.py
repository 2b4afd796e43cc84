"""What a Python module does while it is loaded: its imports, what it binds, which attributes of modules it reads."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from lint_rules.project.import_simulation import BIND, FROM, IMPORT, READ, STAR, ImportStep

Resolve = Callable[[str, int], str]
"""The project's name for a module as written, with the number of dots in front of it."""

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.+(?:[ \t]*\w[\w.]*)?|\w[\w.]*)[ \t]+import\b[ \t]*(\([^)]*\)|[^\n#;]*)"
    rb"|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_DYNAMIC = re.compile(
    rb"sys\.modules\[|globals\(\)|def __getattr__\(|e(?<=\be)xec\(|LazyModule|lazy_loader|s(?<=\bs)etattr\("
)


def written_imports(data: bytes) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The modules that a file may import, as written with their dots, and the names it takes of each: a superset."""
    for source, names, plain in _IMPORT.findall(data):
        if plain:
            for part in plain.split(b","):
                words = part.split()
                if words:
                    yield words[0].decode("utf-8", "replace"), ()
        else:
            taken = tuple(word.decode("utf-8", "replace") for word in _WORD.findall(names))
            yield source.replace(b" ", b"").decode("utf-8", "replace"), taken


def import_steps(data: bytes, resolve: Resolve) -> tuple[list[ImportStep], bool] | None:
    """The steps of loading a module, and whether it may bind other names too; None if it cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _Steps(data, resolve).of(tree), _DYNAMIC.search(data) is not None


_Waiting = tuple["ast.stmt | tuple[str, ast.AST]", bool, frozenset[str], bool]


class _Steps:
    """Walks what runs when the module is loaded, in the order in which it runs."""

    def __init__(self, data: bytes, resolve: Resolve) -> None:
        self._resolve = resolve
        self._starts = [0]
        for line in data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._steps: list[ImportStep] = []
        self._modules: set[str] = set()

    def of(self, tree: ast.Module) -> list[ImportStep]:
        self._body(tree.body, is_sure=True, handled=frozenset(), binds=True)
        return self._steps

    def _at(self, node: ast.AST) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        return start, self._starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)  # type: ignore[attr-defined]

    def _body(self, body: list[ast.stmt], *, is_sure: bool, handled: frozenset[str], binds: bool) -> None:
        waiting: list[_Waiting] = [(one, is_sure, handled, binds) for one in reversed(body)]
        while waiting:
            node, sure, handled, own = waiting.pop()
            if isinstance(node, tuple):  # what a class or function binds when its body has run
                self._bind(node[0], node[1])
                continue
            waiting.extend(reversed(self._statement(node, sure, handled, own)))

    def _bind(self, name: str, node: ast.AST) -> None:
        self._steps.append(ImportStep(BIND, self._at(node), bound=name))

    def _statement(self, node: ast.stmt, sure: bool, handled: frozenset[str], own: bool) -> list[_Waiting]:
        """Note what a statement does; the statements inside of it that run then."""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node, sure, handled)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for expression in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
                self._expression(expression, sure, handled)
            if own:
                self._bind(node.name, node)
        elif isinstance(node, ast.ClassDef):
            for expression in (*node.bases, *(keyword.value for keyword in node.keywords), *node.decorator_list):
                self._expression(expression, sure, handled)
            inner: list[_Waiting] = [(one, sure, handled, False) for one in node.body]
            return [*inner, ((node.name, node), sure, handled, own)] if own else inner
        elif isinstance(node, ast.If):
            test = ast.dump(node.test)
            if "TYPE_CHECKING" in test and "Not()" not in test:
                return [(one, sure, handled, own) for one in node.orelse]
            if "'__main__'" in test:
                return [(one, sure, handled, own) for one in node.orelse]
            self._expression(node.test, sure, handled)
            return [(one, False, handled, own) for one in (*node.body, *node.orelse)]
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            return self._try(node, sure, handled, own)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self._expression(node.test if isinstance(node, ast.While) else node.iter, sure, handled)
            if not isinstance(node, ast.While) and own:
                self._targets(node.target)
            return [(one, False, handled, own) for one in (*node.body, *node.orelse)]
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            suppresses = False
            for item in node.items:
                self._expression(item.context_expr, sure, handled)
                suppresses = (
                    suppresses or "suppress" in ast.dump(item.context_expr) or "Error" in ast.dump(item.context_expr)
                )
                if item.optional_vars is not None and own:
                    self._targets(item.optional_vars)
            caught = handled | {"ImportError", "AttributeError"} if suppresses else handled
            return [(one, sure, caught, own) for one in node.body]
        elif isinstance(node, ast.Match):
            return [(one, False, handled, own) for case in node.cases for one in case.body]
        else:
            self._simple(node, sure, handled, own)
        return []

    def _try(self, node: Any, sure: bool, handled: frozenset[str], own: bool) -> list[_Waiting]:
        caught = " ".join(ast.dump(one.type) if one.type is not None else "'Exception'" for one in node.handlers)
        everything = (
            {"ImportError", "AttributeError"} if "'Exception'" in caught or "'BaseException'" in caught else set()
        )
        everything |= {"ImportError"} if "'ImportError'" in caught or "NotFoundError" in caught else set()
        everything |= {"AttributeError"} if "AttributeError" in caught else set()
        is_caught = handled | everything
        inside = [(one, sure, is_caught, own) for one in node.body]
        after = [(one, False, handled, own) for clause in node.handlers for one in clause.body]
        rest = [(one, sure, is_caught, own) for one in (*node.orelse, *node.finalbody)]
        return [*inside, *after, *rest]

    def _simple(self, node: ast.stmt, sure: bool, handled: frozenset[str], own: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr) and not (isinstance(node, ast.AnnAssign) and child is node.annotation):
                self._expression(child, sure, handled)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.expr) and own and not (isinstance(node, ast.AnnAssign) and node.value is None):
                self._targets(target)

    def _targets(self, target: ast.expr) -> None:
        for name in ast.walk(target):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                self._bind(name.id, name)

    def _expression(self, expression: ast.expr, sure: bool, handled: frozenset[str]) -> None:
        """The reads of attributes of imported modules in an expression, what a lambda does left out."""
        waiting: list[tuple[ast.AST, bool]] = [(expression, sure)]
        while waiting:
            node, is_sure = waiting.pop()
            if isinstance(node, ast.Lambda):
                continue
            if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
                self._bind(node.target.id, node)
            if isinstance(node, ast.Attribute):
                names = [node.attr]
                base: ast.expr = node.value
                while isinstance(base, ast.Attribute):
                    names.append(base.attr)
                    base = base.value
                if isinstance(base, ast.Name):
                    if base.id in self._modules and isinstance(node.ctx, ast.Load):
                        self._steps.append(
                            ImportStep(READ, self._at(node), name=".".join(reversed(names)), bound=base.id,
                                       handled=handled, is_sure=is_sure)
                        )  # fmt: skip
                    continue
            if isinstance(node, (ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)):
                is_sure = False
            waiting.extend((child, is_sure) for child in ast.iter_child_nodes(node))

    def _import(self, node: ast.Import | ast.ImportFrom, sure: bool, handled: frozenset[str]) -> None:
        at = self._at(node)
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            if isinstance(node, ast.Import):
                module = self._resolve(alias.name, 0)
                step = ImportStep(IMPORT, at, module, "", bound, alias.asname is None, handled, sure)
            else:
                module = self._resolve(node.module or "", node.level)
                kind = STAR if alias.name == "*" else FROM
                step = ImportStep(kind, at, module, alias.name, bound, False, handled, sure)
            self._modules.add(bound)
            self._steps.append(step)
