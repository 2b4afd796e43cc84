"""Calls that stand for something else: `partial(get, url)` for `get`, `getattr(client, "get")` for `client.get`."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from lint_rules.languages.python.scopes import text

_GIVES_BACK = {
    "closing": "", "aclosing": "", "nullcontext": "", "enter_context": ".<enter>", "enter_async_context": ".<enter>",
}  # fmt: skip
"""Calls of `contextlib` that give what they are given, or what entering it gives."""

_IMPORTING = frozenset({"importlib.import_module", "builtins.__import__"})


class StandIns:
    """Answers what such calls of one file denote; `symbol` tells it of other expressions."""

    def __init__(self, symbol: Callable[[Node, int], str], locate: Callable[[str], str]) -> None:
        self._symbol = symbol
        self._locate = locate
        self._meanings = {
            "partial": self._partial, "getattr": self._attribute, "import_module": self._module,
            "__import__": self._module, "type": self._class, **dict.fromkeys(_GIVES_BACK, self._given_back),
        }  # fmt: skip

    def meaning(self, call: Node, steps: int) -> str:
        """The symbol of what the call stands for, "" if it stands for nothing but its result."""
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if function is None or arguments is None:
            return ""
        find = self._meanings.get(text(function).rpartition(".")[2])
        given = [argument for argument in arguments.named_children if argument.type != "comment"]
        return find(function, given, steps) if find is not None and given else ""

    def _partial(self, function: Node, given: list[Node], steps: int) -> str:
        if given[0].type not in ("identifier", "attribute"):
            return ""
        target = self._symbol(given[0], steps)
        return target if self._symbol(function, steps) == "functools.partial" else ""

    def _attribute(self, function: Node, given: list[Node], steps: int) -> str:
        """`getattr(client, "get")`"""
        if len(given) < 2 or self._symbol(function, steps) != "builtins.getattr":
            return ""
        owner, attribute = self._symbol(given[0], steps), _word(given[1])
        return f"{owner}.{attribute}" if owner and attribute.isidentifier() else ""

    def _module(self, function: Node, given: list[Node], steps: int) -> str:
        """`importlib.import_module("requests")`; `__import__` gives the first of a dotted name's modules."""
        name = _word(given[0])
        how = self._symbol(function, steps)
        if how not in _IMPORTING or not name.replace(".", "").isidentifier() or name.startswith("."):
            return ""
        return self._locate(name if how == "importlib.import_module" else name.partition(".")[0])

    def _class(self, function: Node, given: list[Node], steps: int) -> str:
        """`type(self)`: an instance has the name of its class."""
        is_type = len(given) == 1 and self._symbol(function, steps) == "builtins.type"
        return self._symbol(given[0], steps) if is_type else ""

    def _given_back(self, function: Node, given: list[Node], steps: int) -> str:
        """`closing(connection)` and `stack.enter_context(connection)` are for the value that they are given."""
        value = self._symbol(given[0], steps) if len(given) == 1 else ""
        return value + _GIVES_BACK[text(function).rpartition(".")[2]] if value else ""


def _word(node: Node) -> str:
    """The content of a plain string, "" for anything else."""
    content = text(node) if node.type == "string" else ""
    return content[1:-1] if content[:1] in ("'", '"') and content[:3] not in ("'''", '"""') else ""
