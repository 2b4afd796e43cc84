"""What a Django project says about errors in its settings and URL configurations."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.python_bodies import string_key, value_of
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.scopes import text

WORDS = (
    b"EXCEPTION_HANDLER", b"REST_FRAMEWORK", b"ROOT_URLCONF", b"MIDDLEWARE", b"process_exception",
    b"handler400", b"handler403", b"handler404", b"handler500", b"urlpatterns",
)  # fmt: skip
_URL_HANDLERS = frozenset({"handler400", "handler403", "handler404", "handler500"})
_MOST_LISTED = 100


def settings(file: PythonFile) -> Iterator[Wiring]:
    """The exception handler of Django REST framework, middleware, the root URL configuration and its handlers."""
    if not any(word in file.data for word in WORDS):
        return
    yield from _exception_handlers(file)
    for assignment in (*file.nodes("assignment"), *file.nodes("augmented_assignment")):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None:
            continue
        name = text(left)
        if name in ("MIDDLEWARE", "MIDDLEWARE_CLASSES"):
            yield from _listed(right, file)
        elif name == "REST_FRAMEWORK" and file.scope(assignment).function is None:
            yield Wiring("drf", "", "", file.span(left), "", "", "", name)
        elif name == "ROOT_URLCONF" and (named := string_key(right)):
            yield Wiring("root-urls", "", named, file.span(assignment), "", named, "", name)
        elif name == "EXCEPTION_HANDLER" and b"REST_FRAMEWORK" in file.data and (named := string_key(right)):
            if file.scope(assignment).function is None and file.scope(assignment).owner_class is None:
                yield Wiring("loose-setting", "", named, file.span(assignment), "", named, "", name)
        elif name in _URL_HANDLERS and b"urlpatterns" in file.data:
            named = string_key(right) or file.names.symbol(right)
            detail = "text" if right.type == "string" else ""
            yield Wiring("url-handler", "", named, file.span(assignment), "", named, detail, name)


def _exception_handlers(file: PythonFile) -> Iterator[Wiring]:
    """`"EXCEPTION_HANDLER": "shop.errors.handler"`, as a pair, a keyword or an item that is set."""
    if b"EXCEPTION_HANDLER" not in file.data:
        return
    given: list[Node | None] = []
    for pair in file.nodes("pair"):
        key = pair.child_by_field_name("key")
        if key is not None and string_key(key) == "EXCEPTION_HANDLER":
            given.append(pair.child_by_field_name("value"))
    for keyword in file.nodes("keyword_argument"):
        name = keyword.child_by_field_name("name")
        if name is not None and text(name) == "EXCEPTION_HANDLER":
            given.append(keyword.child_by_field_name("value"))
    for assignment in file.nodes("assignment"):
        left = assignment.child_by_field_name("left")
        key = left.child_by_field_name("subscript") if left is not None and left.type == "subscript" else None
        if key is not None and string_key(key) == "EXCEPTION_HANDLER":
            given.append(assignment.child_by_field_name("right"))
    for value in given:
        named = string_key(value) if value is not None else None
        if value is not None and named:
            yield Wiring("setting", "", named, file.span(value), "", named, "EXCEPTION_HANDLER", named)


def _listed(value: Node, file: PythonFile) -> Iterator[Wiring]:
    """The entries of a list of middleware, as far as it is written out."""
    waiting, count = [value_of(value, file)], 0
    while waiting and count < _MOST_LISTED:
        part, count = waiting.pop(), count + 1
        if part.type in ("list", "tuple", "binary_operator", "list_splat", "parenthesized_expression"):
            waiting.extend(part.named_children)
        elif named := string_key(part):
            yield Wiring("listed", "", named, file.span(part), "", named)
