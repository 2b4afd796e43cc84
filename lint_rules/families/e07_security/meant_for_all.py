"""Answers that every site may read on purpose: by a setting of the user's, or because they are there for all."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import in_branch_about, names_around, source

HEADER = "access-control-allow-origin"
_ALL_ASKED = re.compile(r"""all_?origins|allow_?all|wildcard|["']\*["']""", re.IGNORECASE)
_ALL_SAID = re.compile(r"ALLOW_ALL")
_REFUSED = re.compile(
    r"status(?:_code)?\s*[=:]\s*(?:\w+\.)*(?:HTTP_)?(?:4\d\d|FORBIDDEN|UNAUTHORIZED|BAD_REQUEST|NOT_FOUND)"
)
_OPEN_TO_ALL = re.compile(r"[a-z_]Public\b|\bpublic_|_public\b")
_PUBLIC_API = re.compile(r"authenticate_?[pP]ublic|[pP]ublic_?A[pP][iI]\b")
_ASKS_ACCESS = re.compile(r"\b(?:has|check|can)\w*Access\(|\b(?:has|check|can)_\w*access\(")
_FUNCTIONS = frozenset(
    {"function_definition", "function_declaration", "function_expression", "arrow_function", "method_definition"}
)
_LONGEST = 20_000
_DOCUMENT = re.compile(
    r"openapi|swagger|well-?known|jwks|robots\.txt|favicon|oembed|image|thumbnail|avatar|(?<![a-z])fonts?(?![a-z])",
    re.IGNORECASE,
)
_STATEMENTS = frozenset({"expression_statement", "return_statement", "block", "statement_block"})


def is_meant(place: Node, *, credentials: bool) -> bool:
    """Whether a user of the code asks for every origin, or what is answered is there for all: images, descriptions."""
    names = names_around(place)
    if in_branch_about(_ALL_ASKED, place) or _ALL_SAID.search(names):
        return True
    if credentials:
        return False
    around = _function_text(place)
    if _OPEN_TO_ALL.search(names) or _PUBLIC_API.search(around):
        return True
    outer, inner = place.parent, place
    while outer is not None and outer.type not in _STATEMENTS:
        inner, outer = outer, outer.parent
    if _REFUSED.search(source(inner)):
        return True
    is_header = HEADER in source(place)[:80].lower()
    if is_header and _ASKS_ACCESS.search(around):  # whom a foreign site shows is nobody: its requests have no cookies
        return True
    return is_header and _DOCUMENT.search(f"{names} {_registered(place)}") is not None


def _function_text(place: Node) -> str:
    outer = place.parent
    while outer is not None and outer.type not in _FUNCTIONS:
        outer = outer.parent
    return source(outer)[:_LONGEST] if outer is not None else ""


def _registered(place: Node) -> str:
    """The text at which a handler around a place is registered: `"/openapi.json"` of `app.get("/openapi.json", f)`."""
    outer = place.parent
    while outer is not None:
        first = outer.named_child(0) if outer.type in ("arguments", "argument_list") else None
        if first is not None and first.type in ("string", "template_string") and first.end_byte < place.start_byte:
            return source(first)
        outer = outer.parent
    return ""
