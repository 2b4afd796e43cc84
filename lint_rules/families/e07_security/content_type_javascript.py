"""Whether browsers take an answer for a page, by the type that the code around it sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.languages.javascript.grammar import callee, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

NO_PAGE, PAGE = "not-html", "html"

_ANSWERING = frozenset({"send", "end", "write", "response"})
_LONGEST = 20_000
_OTHER = re.compile(
    r"text/plain|application/(?:json|xml)|text/(?:csv|css)|image/|octet-stream|\.type\(\s*['\"](?:txt|json|text|csv)['\"]"
)
_OF_CHAIN = re.compile(r"text/html|type\(\s*['\"]html")
_OF_FUNCTION = re.compile(r"content-type['\"]?\s*[,:]\s*['\"`]text/html|\.type\(\s*['\"](?:text/)?html", re.IGNORECASE)
_ANY = re.compile(r"content-type['\"]?\s*[,:]|\.type\(|\.contentType\(", re.IGNORECASE)
_OTHER_OF_CONTEXT = re.compile(r"type\s*=\s*['\"](?:text/plain|text|json|application/json)|['\"]text/plain")
_PAGE_OF_CONTEXT = re.compile(r"type\s*=\s*['\"](?:text/)?html")


def type_of_answer(call: Node, file: JavaScriptFile) -> Iterator[str]:
    """PAGE or NO_PAGE of a call that answers, if its chain or its function says: `res.type("text/plain").send(...)`."""
    if called_name(call) not in _ANSWERING:
        return
    written, chain = _around(call, file), text(callee(call) or call)
    if _OTHER.search(chain):
        yield NO_PAGE
    elif _OF_CHAIN.search(chain) or _OF_FUNCTION.search(written):
        yield PAGE
    elif _ANY.search(written):
        yield NO_PAGE


def type_of_context(node: Node, file: JavaScriptFile) -> Iterator[str]:
    """The same of what is assigned to `ctx.body`, by `ctx.type = ...` in its function."""
    written = _around(node, file)
    if _OTHER_OF_CONTEXT.search(written):
        yield NO_PAGE
    elif _PAGE_OF_CONTEXT.search(written):
        yield PAGE


def _around(node: Node, file: JavaScriptFile) -> str:
    function = file.enclosing_function(node)
    return text(function.node)[:_LONGEST] if function is not None else ""
