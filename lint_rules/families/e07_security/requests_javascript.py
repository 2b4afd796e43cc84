"""What of a request an expression of JavaScript reads, and what the client can do with it there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.flows_javascript import Taint
from lint_rules.families.e07_security.parts_javascript import is_server_made
from lint_rules.families.e07_security.values_javascript import NOTHING_KNOWN, Value
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_HARMLESS_TYPES = re.compile(r"^:\s*(?:number|boolean|bigint|Date|ObjectId|Types\.ObjectId)\b")
_CLASS_TYPES = re.compile(r"^:\s*(?!Record\b|Partial\b|Object\b|Array\b|Map\b|Buffer\b|String\b)[A-Z]\w*\s*$")
"""Classes by which a ValidationPipe knows the fields."""
_PIPES = re.compile(r"Parse(?:Int|Float|Bool|UUID|Enum|Date)Pipe")
_OF_REQUESTS = frozenset(
    {"app", "user", "session", "sessionID", "log", "logger", "res", "req", "request", "response", "socket", "server",
     "connection", "method", "protocol", "secure", "ip", "ips", "fresh", "stale", "xhr", "route", "state", "locals",
     "raw", "id", "uid", "auth", "t", "i18n", "flash", "next", "accepts", "is", "range", "file", "files", "db", "body",
     "query", "params", "headers", "cookies", "signedCookies", "url", "originalUrl", "path", "baseUrl", "hostname",
     "host", "subdomains", "type", "status", "config", "context", "info", "startTime", "rawBody", "csrfToken", "login",
     "logout", "isAuthenticated", "sessionStore", "get", "header", "set", "throw", "assert", "cookie", "length",
     "payload", "pre", "plugins", "locale", "lang", "language", "statusCode", "statusMessage"}
)  # fmt: skip
"""What is no property that middleware makes up, or not what clients send: a user that was looked up, a session."""
_ANSWER = re.compile(r"(?:res|resp|response|reply|answer|upstream|proxyRes|incoming)\b", re.IGNORECASE)
"""What `http.request` gives its callback has the class of a request, and is another server's answer."""
OWN_HOST = re.compile(r"headers?\.host\b|headers?\[['\"]host['\"]\]|\(['\"][hH]ost['\"]\)|refer+er", re.IGNORECASE)
"""The host that a browser has asked, the page it comes from: no link leads elsewhere by them."""


def read_of(node: Node, file: JavaScriptFile, canonical: str = "") -> Value | None:
    """The value of an expression that reads the request (by the name it is known to have); None for any other."""
    request = file.request
    table = file.handlers.table
    canonical = canonical or request.canonical(node)
    row = table.request_row(canonical, file.types) if canonical else None
    written = " ".join(text(node).split())
    if row is not None:
        name = row[0]
        last = name.rpartition(".")[2]
        rest = re.search(rf"\.{re.escape(last)}(?:\(\))?((?:\..*)?)$", canonical)
        is_whole = rest is None or not rest.group(1)
        is_json = name in row[1]["request_json"]
        is_address = name in row[1]["request_urls"]
        if is_server_made(written) or is_server_made(canonical.replace("()", "")):
            return NOTHING_KNOWN
        if name.startswith("http.IncomingMessage.") and _ANSWER.match(written):
            return NOTHING_KNOWN
        if last in ("ips", "file", "files") and is_whole:
            return Value(frozenset((Taint(written),)))
        clean: tuple[str, ...] = () if is_json else ("TEN0702",)
        if is_address:
            clean = ("TEN0702", "TEN0706", "TEN0707", "TEN0708", "TEN0717")
        if last in ("hostname", "host") or OWN_HOST.search(text(node)):
            clean = ("TEN0702", "TEN0708")
        return Value(
            frozenset((Taint(written, clean=clean, is_document=is_json, is_whole=is_whole and not is_address),))
        )
    kept = kept_name(node, file)
    if kept:
        return Value(frozenset((Taint("", 0, is_document=True, is_whole=True, owner=kept),)))
    found = request._parameter(node) if node.type == "identifier" else None
    if found is not None and request.role_at(found[0], found[1]) == "data":
        parameter = parameter_nodes(found[0].node)[found[1]]
        annotation = parameter.child_by_field_name("type")
        if _PIPES.search(text(parameter)) or (annotation is not None and _HARMLESS_TYPES.match(text(annotation))):
            return NOTHING_KNOWN
        is_text = annotation is not None and text(annotation).lstrip(": ").startswith("string")
        is_typed = annotation is not None and _CLASS_TYPES.match(text(annotation)) is not None
        clean = ("TEN0702",) if re.search(r"@(?:Param|Headers)\b", text(parameter)) or is_text else ()
        handler = file.handlers.of(found[0])
        is_typed = is_typed or (handler is not None and bool(handler.framework.row.get("typed_data", False)))
        clean = ("TEN0702", "TEN0717") if is_typed else clean
        return Value(frozenset((Taint(written, clean=clean, is_document=not is_text, is_whole=not found[2]),)))
    return None


def kept_name(node: Node, file: JavaScriptFile) -> str:
    """What of a request an expression is that middleware may have put there: `<request>.tenant` of `req.tenant`."""
    canonical = file.request.canonical(node)
    head, _, name = canonical.rpartition(".")
    table = file.handlers.table
    if not name.isidentifier() or name in _OF_REQUESTS or canonical in table.around_request_data:
        return ""
    owner, _, place = head.rpartition(".")
    if place in ("state", "locals"):
        head = owner
    is_kept = head in table.request_types or (head == "express.Response" and place == "locals")
    return f"<request>.{name}" if is_kept else ""
