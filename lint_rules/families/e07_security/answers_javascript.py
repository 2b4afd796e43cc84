"""What JavaScript handlers give back as their answer: pages, responses of Lambda, redirects of NestJS and Next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.reading_javascript import options, resolved
from lint_rules.languages.javascript.grammar import first_named, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

PAGE, REDIRECT = "page", "redirect"

_RESPONSES = frozenset({"AWS Lambda"})
"""Frameworks whose handlers give back `{ statusCode, headers, body }`."""
_TEXT_IS_HTML = frozenset({"Hapi", "NestJS"})
"""Frameworks that send a text which a handler gives back as HTML."""
_HTML = re.compile(r"text/html", re.IGNORECASE)
_REDIRECTING = re.compile(rb"@Redirect\(")
_HTML_REPLY = re.compile(rb"type\(\s*['\"`](?:text/)?html|content-type['\"`]\s*[,:]\s*['\"`]text/html", re.IGNORECASE)


def answered(returned: Node, function: Scope, file: JavaScriptFile) -> Iterator[tuple[str, Node, str]]:
    """The parts of what a handler returns that browsers show or follow: which of both, the value, how it is called."""
    handler = file.handlers.of(function)
    if handler is None or handler.kind not in ("route", "hook", "error"):
        return
    framework = handler.framework.name
    value = first_named(returned) if returned.type == "return_statement" else returned
    if value is None:
        return
    members = options(value, file)
    if members is None:
        is_page = framework in _TEXT_IS_HTML
        if framework == "Fastify":
            is_page = _HTML_REPLY.search(file.data, function.node.start_byte, function.node.end_byte) is not None
        if is_page:
            yield PAGE, value, "return"
        return
    if framework in _RESPONSES:
        headers = options(members.get("headers"), file) or {}
        by_name = {name.lower(): one for name, one in headers.items()}
        if "location" in by_name:
            yield REDIRECT, by_name["location"], "Location"
        content = resolved(by_name.get("content-type"), file)
        if "body" in members and content is not None and _HTML.search(text(content)):
            yield PAGE, members["body"], "body"
    elif framework == "NestJS" and "url" in members and _is_redirecting(function.node):
        yield REDIRECT, members["url"], "@Redirect"
    elif framework.startswith("Next.js"):
        redirect = options(members.get("redirect"), file) or {}
        if "destination" in redirect:
            yield REDIRECT, redirect["destination"], "destination"


def _is_redirecting(method: Node) -> bool:
    before = method.prev_named_sibling
    while before is not None and before.type in ("decorator", "comment"):
        if _REDIRECTING.match(before.text or b""):
            return True
        before = before.prev_named_sibling
    return any(_REDIRECTING.match(child.text or b"") for child in method.children if child.type == "decorator")
