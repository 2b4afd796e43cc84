"""What a file imports, in whatever form: `import`, `export ... from`, `require`, `import()`, `require.resolve`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import imported, specifiers
from lint_rules.languages.javascript.grammar import (
    FUNCTION_KINDS,
    SyntaxIndex,
    arguments,
    has_token,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.requires import is_require, required
from lint_rules.languages.javascript.scopes import Scopes

IMPORT, EXPORT, REQUIRE, DYNAMIC, RESOLVE = "import", "export", "require", "dynamic", "resolve"


class Import(Struct, frozen=True):
    """One import: the module as written, the statement or call, and the string that names the module.

    `form` is import, export (`export ... from`), require, dynamic (`import()`) or resolve (`require.resolve`). `names`
    are the names that are taken from the module: `default`, `*` for all of it, none for an import that only runs it; of
    require and import() they are not looked at. `is_type` says that the compiler drops it; `is_guarded` that a `try`
    or a rejection handler is around it; `is_deferred` that it runs only when a function is called.
    """

    specifier: str
    form: str
    node: Node
    source: Node
    names: tuple[str, ...] = ()
    is_type: bool = False
    is_guarded: bool = False
    is_deferred: bool = False


def imports(index: SyntaxIndex, scopes: Scopes) -> tuple[Import, ...]:
    """All imports of a file whose module is written as a literal, in the order of the text."""
    found = [*_statements(index), *_exports(index), *_calls(index, scopes)]
    return tuple(sorted(found, key=lambda one: one.source.start_byte))


def _statements(index: SyntaxIndex) -> Iterator[Import]:
    for statement in index.nodes("import_statement"):
        source = statement.child_by_field_name("source")
        form = IMPORT
        for clause in named(statement):
            if clause.type == "import_require_clause":
                source, form = clause.child_by_field_name("source"), REQUIRE
        written = string_value(source)
        if source is None or written is None:
            continue
        names = tuple(binding.member for binding, _ in imported(statement))
        yield Import(written, form, statement, source, names, is_type=_is_type(statement))


def _exports(index: SyntaxIndex) -> Iterator[Import]:
    for statement in index.nodes("export_statement"):
        source = statement.child_by_field_name("source")
        written = string_value(source)
        if source is None or written is None:
            continue
        clauses = [clause for clause in named(statement) if clause.type == "export_clause"]
        names = tuple(member for clause in clauses for _, member in specifiers(clause)) if clauses else ("*",)
        yield Import(written, EXPORT, statement, source, names, is_type=_is_type(statement))


def _is_type(statement: Node) -> bool:
    """Whether all that a statement names are types: `import type`, `import { type A }`."""
    if has_token(statement, "type"):
        return True
    clauses = [clause for clause in named(statement) if clause.type in ("import_clause", "export_clause")]
    parts = [part for clause in clauses for part in ([clause] if clause.type == "export_clause" else named(clause))]
    given = [
        specifier for part in parts if part.type in ("named_imports", "export_clause") for specifier in named(part)
    ]
    others = [part for part in parts if part.type not in ("named_imports", "export_clause")]
    return bool(given) and not others and all(first.type == "type" for one in given for first in one.children[:1])


def _calls(index: SyntaxIndex, scopes: Scopes) -> Iterator[Import]:
    for call in index.nodes("call_expression"):
        function = call.child_by_field_name("function")
        if function is None:
            continue
        form = REQUIRE
        written: str | None = None
        if function.type in ("identifier", "import"):
            written = required(call, scopes)
            form = DYNAMIC if function.type == "import" else REQUIRE
        elif function.type == "member_expression" and function.text == b"require.resolve":
            base = function.child_by_field_name("object")
            given = arguments(call)
            if base is not None and given and is_require(base, scopes):
                written, form = string_value(given[0]), RESOLVE
        if written:
            guarded, deferred = _surroundings(call)
            source = arguments(call)[0]
            yield Import(written, form, call, source, is_guarded=guarded, is_deferred=deferred)


def _surroundings(call: Node) -> tuple[bool, bool]:
    """Whether a failing import is caught, and whether it runs only when a function is called."""
    guarded = deferred = False
    inner, current = call, call.parent
    while current is not None:
        if current.type == "try_statement" and current.child_by_field_name("handler") is not None:
            body = current.child_by_field_name("body")
            guarded = guarded or (body is not None and body == inner)
        elif current.type == "member_expression" and not deferred:
            last = current.child_by_field_name("property")
            guarded = guarded or (last is not None and text(last) == "catch")
        elif current.type in FUNCTION_KINDS:
            place = current.parent.parent if current.parent is not None else None
            is_called_at_once = place is not None and place.type == "call_expression"
            deferred = deferred or not is_called_at_once
        inner, current = current, current.parent
    return guarded, deferred
