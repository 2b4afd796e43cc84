"""What an application keeps for its handlers: `app.state.store = ...`, `app["store"] = ...`, `app.ctx.store = ...`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from lint_rules.languages.python.grammar import SyntaxIndex
from lint_rules.languages.python.scopes import text

_MAY_KEEP = re.compile(rb"app(?:lication)?(?:\.(?:state|ctx)\.\w|\[)")
_DRAWERS = frozenset({"state", "ctx"})
_APPLICATIONS = ("app", "application")


def kept_values(index: SyntaxIndex) -> Mapping[str, Node]:
    """The expressions that the file stores on applications, by `kept_key`; what is stored in two ways is unknown."""
    if _MAY_KEEP.search(index.root.text or b"") is None:
        return {}
    found: dict[str, Node | None] = {}
    for assignment in index.nodes("assignment"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        key = kept_key(left) if left is not None else ""
        if key and right is not None and right.type != "none":
            earlier = found.get(key, right)
            found[key] = right if earlier is not None and text(earlier) == text(right) else None
    return {key: value for key, value in found.items() if value is not None}


def kept_key(place: Node) -> str:
    """`.store` for `request.app.state.store`, `["store"]` for `app["store"]`; "" for anything else."""
    if place.type == "attribute":
        drawer, name = place.child_by_field_name("object"), place.child_by_field_name("attribute")
        if drawer is None or name is None or drawer.type != "attribute" or _last_name(drawer) not in _DRAWERS:
            return ""
        owner = drawer.child_by_field_name("object")
        return f".{text(name)}" if owner is not None and _is_application(owner) else ""
    if place.type == "subscript":
        owner, key = place.child_by_field_name("value"), place.child_by_field_name("subscript")
        if owner is None or key is None or not _is_application(owner):
            return ""
        return f"[{text(key).strip(chr(34) + chr(39))}]"
    return ""


def _is_application(owner: Node) -> bool:
    return owner.type in ("identifier", "attribute") and _last_name(owner).rpartition("_")[2] in _APPLICATIONS


def _last_name(node: Node) -> str:
    return text(node.child_by_field_name("attribute") or node)
