"""setup.py read without running it: literals, names bound to literals, concatenations of these."""

from __future__ import annotations

import ast
import warnings

from msgspec import Struct, field

from lint_rules.project.requirements import read_text


class SetupScript(Struct):
    """What the call of `setup(...)` is given; `is_open` says that the run-time requirements are computed."""

    name: str = ""
    requires_python: str = ""
    runtime: list[str] = field(default_factory=list)
    development: list[str] = field(default_factory=list)
    extras: dict[str, list[str]] = field(default_factory=dict)
    is_open: bool = False


def read_setup_script(path: str) -> SetupScript | None:
    """What a setup.py declares; None if it calls no `setup` or cannot be read."""
    content = read_text(path)
    if content is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    call = next((node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_setup(node.func)), None)
    if call is None:
        return None
    return _Reader(tree).read(call)


def _is_setup(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "setup"


class _Reader:
    """Values of expressions as far as they are literal."""

    def __init__(self, tree: ast.Module) -> None:
        self._values: dict[str, ast.expr] = {}
        self._changed: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        if target.id in self._values:
                            self._changed.add(target.id)
                        self._values[target.id] = node.value
                    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                        self._changed.add(target.value.id)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self._changed.add(node.target.id)
            elif (
                isinstance(node, ast.Attribute)
                and node.attr in ("append", "extend", "insert", "update")
                and isinstance(node.value, ast.Name)
            ):
                self._changed.add(node.value.id)

    def read(self, call: ast.Call) -> SetupScript:
        script = SetupScript()
        for keyword in call.keywords:
            if keyword.arg is None:
                script.is_open = True
            elif keyword.arg == "name":
                script.name = next(iter(self._texts(keyword.value)[0]), "")
            elif keyword.arg == "python_requires":
                script.requires_python = next(iter(self._texts(keyword.value)[0]), "")
            elif keyword.arg in ("install_requires", "requires"):
                script.runtime, is_open = self._texts(keyword.value)
                script.is_open = script.is_open or is_open
            elif keyword.arg in ("tests_require", "setup_requires"):
                script.development.extend(self._texts(keyword.value)[0])
            elif keyword.arg == "extras_require":
                self._extras(keyword.value, script)
        return script

    def _extras(self, value: ast.expr, script: SetupScript) -> None:
        value = self._followed(value)
        if not isinstance(value, ast.Dict):
            script.is_open = True
            return
        for key, one in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                script.extras[key.value], is_open = self._texts(one)
                script.is_open = script.is_open or is_open
            else:
                script.is_open = True

    def _followed(self, value: ast.expr) -> ast.expr:
        for _ in range(5):
            if not isinstance(value, ast.Name) or value.id not in self._values or value.id in self._changed:
                break
            value = self._values[value.id]
        return value

    def _texts(self, value: ast.expr) -> tuple[list[str], bool]:
        """The strings of a list, and whether there may be more."""
        found: list[str] = []
        is_open = False
        waiting = [value]
        while waiting:
            current = self._followed(waiting.pop())
            if isinstance(current, (ast.List, ast.Tuple, ast.Set)):
                waiting.extend(current.elts)
            elif isinstance(current, ast.Starred):
                waiting.append(current.value)
            elif isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add):
                waiting.extend((current.left, current.right))
            elif isinstance(current, ast.Constant) and isinstance(current.value, str):
                found.extend(line for line in current.value.splitlines() if line.strip())
            else:
                is_open = True
        return found, is_open
