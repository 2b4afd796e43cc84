"""Functions whose name says that they make data harmless: whether their bodies do."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.python.scopes import text

VALIDATES = re.compile(r"^_?(?:validate|ensure|assert|verify|require|sanitize|check)_?\w*$", re.IGNORECASE)
"""They raise if what they are given is not in order."""

CLEANS = re.compile(r"(?:^|_)(?:saniti[sz]e|secure|escape|quote|valid|validate|clean|safe)", re.IGNORECASE)
"""What they give is harmless."""

TELLS = re.compile(
    r"(?:^|_)(?:is_?|has_?)?(?:valid|validate|validated|allow|allowed|safe|permitted|permit|whitelist|whitelisted|trusted"
    r"|known|supported|verify|check|sanitized|legal|clean|within|inside|local|public)"
    r"|(?:valid|allowed|safe|permitted|whitelisted|trusted|supported)$",
    re.IGNORECASE,
)
"""They tell whether what they are given is in order."""

_ASKS = re.compile(
    r"\b(?:raise|assert|abort|isinstance|match|fullmatch|search|sub|subn|translate"
    r"|basename|resolve|realpath|is_relative_to|commonpath|startswith|endswith|is\w+|parse\w*|urlparse|urlsplit|hostname"
    r"|filter|int|float|UUID|lookup|exists|get_object_or_404|[a-z]+_for)\b|[=!<>]=|\bin\s+[^\s:]+(?!.*:$)",
    re.MULTILINE,
)


def is_trusted(name: str) -> bool:
    """Whether a function's name says that it makes data harmless."""
    return VALIDATES.match(name) is not None or CLEANS.search(name) is not None or TELLS.search(name) is not None


def really_checks(function: Node) -> bool:
    """Whether a function asks anything of what it is given, or leaves that to a function which says so by its name."""
    body = function.child_by_field_name("body")
    if body is None:
        return True
    written = text(body)
    if _ASKS.search(written) is not None:
        return True
    name = function.child_by_field_name("name")
    own = text(name) if name is not None else ""
    return any(is_trusted(called) for called in re.findall(r"(\w+)\(", written) if called != own)
