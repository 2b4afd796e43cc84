"""What a module does while it is loaded: which files it imports, and where it first reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, callee, string_value
from lint_rules.project.disk import is_file

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.node_modules import NodeModules

_LATER = frozenset(
    {
        "function_definition",
        "lambda",
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function_declaration",
        "generator_function",
    }
)
# Variables that say where the file is, or which one; they cannot come from it.
_ABOUT_THE_FILE = re.compile(rb"env_?(?:file|path|dir)|dotenv|[\"'.](?:\w+_)?ENV(?:IRONMENT)?[\"'\])]*$", re.IGNORECASE)
_MOST_NODES = 200_000
_MOST_FOLDERS = 6


def is_at_load(node: Node) -> bool:
    """Whether a node runs while its module is loaded, and not later, in a function, or under `if __name__`."""
    current: Node | None = node
    while current is not None:
        if current.type in _LATER:
            return False
        if current.type == "if_statement" and b"__main__" in (current.text or b"")[:60]:
            return False
        current = current.parent
    return True


def _loaded(root: Node, end: int) -> Iterator[Node]:
    """The nodes before byte `end` that run while the module is loaded, in the order of the text."""
    waiting = list(reversed(root.children))
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if node.start_byte >= end or node.type in _LATER:
            continue
        if node.type == "if_statement" and b"__main__" in (node.text or b"")[:60]:
            continue
        yield node
        waiting.extend(reversed(node.children))


def _tells_load(node: Node, load: bytes) -> bool:
    """Whether a look-up is bound to a name that is used where the file is loaded: it says where the file lies."""
    outer: Node | None = node
    while outer is not None and outer.type not in ("assignment", "variable_declarator"):
        outer = outer.parent
    name = outer.child_by_field_name("left") or outer.child_by_field_name("name") if outer is not None else None
    return name is not None and re.search(rb"(?<![.\w])%s\b" % re.escape(name.text or b""), load) is not None


def first_read_python(root: Node, end: int, load: bytes = b"") -> Node | None:
    """The first look-up in the environment before byte `end` while the module is loaded.

    What the statement that loads the file is made of does not count: it cannot come from the file.
    """
    for node in _loaded(root, end):
        is_read = node.type == "subscript" and (node.text or b"").startswith((b"os.environ[", b"environ["))
        if is_read and not (_is_assigned(node) or _ABOUT_THE_FILE.search(node.text or b"") or _tells_load(node, load)):
            return node
        if node.type == "call":
            function = node.child_by_field_name("function")
            if function is not None and function.text in (b"os.environ.get", b"os.getenv", b"environ.get", b"getenv"):
                first = node.child_by_field_name("arguments")
                name = first.named_children[0] if first is not None and first.named_child_count else None
                if name is not None and not (_ABOUT_THE_FILE.search(name.text or b"") or _tells_load(node, load)):
                    return node
    return None


def _is_assigned(node: Node) -> bool:
    outer = node.parent
    return outer is not None and outer.type == "assignment" and outer.child_by_field_name("left") == node


def first_read_javascript(root: Node, end: int, load: bytes = b"") -> Node | None:
    """The first look-up in the environment before byte `end` while the module is loaded; NODE_ENV does not count."""
    for node in _loaded(root, end):
        if node.type in ("member_expression", "subscript_expression"):
            if _tells_load(node, load):
                continue
            owner = node.child_by_field_name("object")
            if owner is not None and owner.text == b"process.env" and not _ABOUT_THE_FILE.search(node.text or b""):
                parent = node.parent
                if (
                    parent is not None
                    and parent.type == "assignment_expression"
                    and parent.child_by_field_name("left") == node
                ):
                    continue
                return node
        if node.type == "variable_declarator":
            value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
            if (
                value is not None
                and value.text == b"process.env"
                and name is not None
                and name.type == "object_pattern"
            ):
                return node
    return None


def imported_files_python(file: PythonFile, end: int) -> Iterator[tuple[Node, str]]:
    """The project's files that statements above byte `end` import: statement and path."""
    for node in _loaded(file.root, end):
        if node.type not in ("import_from_statement", "import_statement"):
            continue
        source = node.child_by_field_name("module_name")
        written = [source] if source is not None else list(node.named_children)
        for one in written:
            part = one.child_by_field_name("name") or one
            dotted = file.source.text(part.start_byte, part.end_byte)
            candidates = [dotted]
            if source is not None:
                names = [child for child in node.named_children if child != source]
                candidates = [f"{dotted}.{file.text(name).split(' ')[0]}" for name in names] + [dotted]
            for candidate in candidates:
                path = _module_file(candidate, file.path)
                if path:
                    yield node, path


def _module_file(dotted: str, importer: str) -> str:
    """The project's file that a module name means in a file: beside it, or in a folder above; "" if none."""
    folder = os.path.dirname(importer)
    name = dotted.lstrip(".")
    if dotted.startswith("."):
        for _ in range(len(dotted) - len(name) - 1):
            folder = os.path.dirname(folder)
    inside = name.replace(".", os.sep)
    for _ in range(1 if dotted.startswith(".") else _MOST_FOLDERS):
        base = os.path.join(folder, inside)
        for candidate in (f"{base}.py", os.path.join(base, "__init__.py")):
            if is_file(candidate) and candidate != importer:
                return candidate
        folder = os.path.dirname(folder)
    return ""


def imported_files_javascript(file: JavaScriptFile, load: Node) -> Iterator[tuple[Node, str]]:
    """The project's files that are loaded before the statement `load`: statement and path.

    Imports run before all statements; an `import "dotenv/config"` runs in its turn among them.
    """
    yield from _files_loaded(file.root, len(file.data), load, file.path, file.modules.node)


def files_behind_javascript(root: Node, size: int, path: str, node: NodeModules) -> Iterator[str]:
    """The project's files that a module at `path` loads while it is loaded itself, in order."""
    yield from (found for _, found in _files_loaded(root, size, None, path, node))


def _files_loaded(
    root: Node, size: int, load: Node | None, path: str, node_modules: NodeModules
) -> Iterator[tuple[Node, str]]:
    is_import = load is not None and load.type == "import_statement"
    for node in _loaded(root, size):
        specifier = None
        if node.type in ("import_statement", "export_statement"):
            source = node.child_by_field_name("source")
            specifier = string_value(source)
            if any(child.type == "type" for child in node.children):
                continue
            if is_import and load is not None and node.start_byte >= load.start_byte:
                continue
        elif node.type == "call_expression" and not is_import and (load is None or node.start_byte < load.start_byte):
            function = callee(node)
            given = arguments(node)
            if function is not None and function.text == b"require" and given:
                specifier = string_value(given[0])
        if specifier is not None and specifier.startswith((".", "@/", "~/", "#")):
            found = node_modules.resolve(specifier, path)
            if found.path and is_file(found.path):
                yield node, found.path
