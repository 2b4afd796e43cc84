"""Building edits: libcst nodes rendered into the file, and the imports a fix needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lint_rules.languages.python.lazy import cst
from lint_rules.model import Edit

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile


_HEADER = "if _:\n"


def replace(file: PythonFile, old: cst.BaseExpression, new: cst.BaseExpression) -> Edit:
    """The edit that puts the expression `new` in the place of `old`, reduced to what differs."""
    return replace_text(file, *file.range_of(old), _rendered(new, _indentation(file, old)))


def _rendered(expression: cst.BaseExpression, indentation: str) -> str:
    """The source of an expression as it stands in a block of this indentation, which its further lines share."""
    if not indentation:
        return cst.Module([]).code_for_node(expression)
    block = cst.IndentedBlock([cst.SimpleStatementLine([cst.Expr(expression)])], indent=indentation)
    code = cst.Module([cst.If(cst.Name("_"), block)]).code
    return code[len(_HEADER) + len(indentation) :].removesuffix("\n")


def _indentation(file: PythonFile, expression: cst.BaseExpression) -> str:
    """The blanks in front of the statement that holds an expression."""
    start = file.range_of(expression)[0]
    statement = file.syntax(expression)
    for outer in file.enclosing(statement):
        if outer.type in ("block", "module"):
            start = statement.start_byte
            break
        statement = outer
    line = file.data[file.data.rfind(b"\n", 0, start) + 1 : start].decode()
    return line[: len(line) - len(line.lstrip())]


def replace_text(file: PythonFile, start: int, end: int, content: str) -> Edit:
    """The edit that puts `content` in the place of the bytes `start:end`, reduced to what differs."""
    old = file.data[start:end]
    new = content.encode()
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    while head and (_continues(old, head) or _continues(new, head)):
        head -= 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    while tail and (_continues(old, len(old) - tail) or _continues(new, len(new) - tail)):
        tail -= 1
    return Edit(file.source.span(start + head, end - tail), new[head : len(new) - tail].decode())


def _continues(data: bytes, at: int) -> bool:
    """Whether the bytes around `at` belong to one character or one word, which an edit replaces whole."""
    if not 0 < at < len(data):
        return False
    return data[at] & 0xC0 == 0x80 or (_is_word(data[at]) and _is_word(data[at - 1]))


def _is_word(byte: int) -> bool:
    return byte == 0x5F or bytes((byte,)).isalnum() or byte >= 0x80


def import_edits(file: PythonFile, module: str) -> tuple[str, tuple[Edit, ...]] | None:
    """The name under which `module` can be used at module level, and the edits that import it if needed.

    None when the name is bound to something else, so that a fix cannot use it.
    """
    if module not in file.import_edits:
        file.import_edits[module] = _import_edits(file, module)
    return file.import_edits[module]


def _import_edits(file: PythonFile, module: str) -> tuple[str, tuple[Edit, ...]] | None:
    file.names.bind()
    bindings = file.scopes.module.bindings
    for name, found in bindings.items():
        if len(found) == 1 and found[0].kind == "import" and found[0].target == module:
            return name, ()
    if module in bindings:
        return None
    at = _import_place(file)
    line_end = "\r\n" if b"\r\n" in file.data else "\n"
    return module, (Edit(file.source.span(at, at), f"import {module}{line_end}"),)


def _import_place(file: PythonFile) -> int:
    """The byte where a new import line goes: in front of the first import, or behind docstring and comments."""
    after = 0
    for node in file.root.named_children:
        if node.type in ("import_statement", "import_from_statement"):
            return node.start_byte
        is_docstring = (
            node.type == "expression_statement"
            and node.named_child_count == 1
            and (node.named_children[0].type == "string")
        )
        if node.type not in ("comment", "future_import_statement") and not is_docstring:
            break
        newline = file.data.find(b"\n", node.end_byte)
        after = len(file.data) if newline < 0 else newline + 1
    return after
