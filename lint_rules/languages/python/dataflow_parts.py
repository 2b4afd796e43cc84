"""What is told of values and of pieces of code by themselves, whatever function they are in."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.flow.form import Event
from lint_rules.flow.taint import (
    Mark,
    Value,
    cleaned,
)
from lint_rules.languages.python.effects import TEXT, UPLOAD
from lint_rules.languages.python.request_data import request_tables
from lint_rules.languages.python.scopes import text

MASS = frozenset({"mass"})
WHERE = frozenset({"where"})
_UPLOADS = frozenset({"files", "FILES"})
UPLOAD_NAMES = frozenset({"filename", "name", "raw_filename"})
_OWN_PARTS = frozenset(
    {
        "headers",
        "cookies",
        "COOKIES",
        "META",
        "get_cookie",
        "host",
        "url_root",
        "host_url",
        "environ",
        "referrer",
        "user_agent",
    }
)
"""Parts of a request that a link or a form of somebody else cannot set: what is answered harms the sender alone."""
_BASE_NAME = TEXT | {"path"}
_MEDIA_TYPE = re.compile(r"(?:text|application|image|audio|video|multipart)/[\w.+-]+(?:;[\w\s=-]*)?")


_LAST_PART = re.compile(
    rb"""^(?:os\.)?(?:path\.)?split(?:ext)?\(|\.r?split\(\s*["'](?:\.|/|\\\\)["'](?:\s*,\s*1)?\s*\)$"""
    rb"""|\.rpartition\(\s*["'](?:\.|/)["']\)$"""
)
_TYPE_SET = re.compile(rb"content[-_]type|mimetype|send_header|media_type|set_header", re.IGNORECASE)
_OTHER_TYPE = re.compile(rb"[\"'](?:application|image|audio|video|text/(?!html))[/\w]")


def is_last_part(owner: Node) -> bool:
    """Whether the last element of an expression's value is a file's name or its ending, without a folder."""
    return _LAST_PART.search(owner.text or b"") is not None


def sets_other_type(call: Node) -> bool:
    """Whether an answer is made with another type than HTML: `make_response(text, 200, {"Content-Type": ...})`."""
    written = call.text or b""
    return b"ontent-" in written and _OTHER_TYPE.search(written) is not None and b"text/html" not in written


def media_type(function: Node, source: bytes) -> tuple[str, ...]:
    """The media type that a function sets, as a literal argument; HTML too where its file knows nothing else."""
    written = function.text or b""
    if _TYPE_SET.search(written) is not None:
        is_other = _OTHER_TYPE.search(written) is not None and b"text/html" not in written
        return ("content_type=other",) if is_other else ("content_type=text/html",) if b"text/html" in written else ()
    is_html = b"text/html" in source and _OTHER_TYPE.search(source) is None
    return ("content_type=text/html",) if is_html else ()


def source_kinds(name: str) -> frozenset[str]:
    """What the data of a row of request_data cannot be misused for."""
    framework = request_tables().data[name]
    if name in framework["request_json"]:
        return WHERE
    if name in framework["request_urls"]:
        return TEXT | {"redirect", "url"}
    owner, _, part = name.rpartition(".")
    if part == "FILES":
        return UPLOAD | {"basename"}
    if part in _UPLOADS or (owner.endswith(("UploadFile", "FileStorage", "FileField")) and part not in UPLOAD_NAMES):
        return UPLOAD
    if part in _OWN_PARTS:
        return (TEXT - MASS) | {"html", "redirect"}
    return TEXT - MASS


def taken(value: Value) -> Value:
    """An element of a value: of a container of texts it is a text."""
    return {
        origin: type(mark)(mark.cleaned | MASS, mark.steps) if "nosql" in mark.cleaned else mark
        for origin, mark in value.items()
    }


def named_by_client(value: Value) -> Value:
    """The name of an upload, which is a text like any other; Django leaves no folder in it."""
    return {
        origin: Mark(_BASE_NAME if "basename" in mark.cleaned else TEXT, mark.steps)
        if "upload" in mark.cleaned
        else mark
        for origin, mark in value.items()
    }


def as_text(value: Value) -> Value:
    return cleaned(value, TEXT)


def is_text(node: Node) -> bool:
    return node.type in ("string", "concatenated_string")


def content_of(node: Node) -> str | None:
    """The text of a literal, None for anything else."""
    if not is_text(node):
        return None
    strings = node.named_children if node.type == "concatenated_string" else [node]
    parts = [part for string in strings for part in string.named_children]
    if any(part.type == "interpolation" for part in parts):
        return text(parts[1]) if len(parts) > 1 and parts[1].type == "string_content" else None
    return "".join(text(part) for part in parts if part.type == "string_content")


def literal_of(node: Node) -> str:
    """The text of an argument that may decide what a call does; of strings only media types, no secrets."""
    if node.type != "string":
        return text(node)
    content = (content_of(node) or "").lower()
    return content if _MEDIA_TYPE.fullmatch(content) else "..."


def slot_of(place: str, node: Node) -> str:
    return {"list_splat": "*", "dictionary_splat": "**"}.get(node.type, place)


def last_name(function: Node) -> str:
    return text(function.child_by_field_name("attribute") or function)


def target_of(event: Event) -> Node | None:
    """The node that an assignment binds, found by its text."""
    node: Node | None = event.node
    if node is None:
        return None
    waiting = [child for field in ("left", "name") if (child := node.child_by_field_name(field)) is not None]
    while waiting:
        one = waiting.pop()
        if one.type in ("identifier", "attribute", "subscript"):
            if text(one) == event.subject:
                return one
        else:
            waiting.extend(one.named_children)
    return None
