"""The classes that an annotation names: `Session | None`, `"Optional[Session]"`, `Annotated[Session, Depends()]`."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.python.scopes import text

_TRANSPARENT = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Union", "Required", "NotRequired", "Type"})
_QUOTED_WRAPPER = re.compile(r"(?:\w+\.)*(?:Optional|Union|Final|ClassVar|Required|NotRequired|Type)\[(?P<inner>.*)\]")
_BRACKETS = re.compile(r"\[[^\[\]]*\]")
_SEPARATOR = re.compile(r"[|,]")
_MAX_PARTS = 100


def is_alias(subscript: Node) -> bool:
    """Whether `Annotated[Session, Depends(session)]`, as a value, stands for the class in it."""
    outer = subscript.child_by_field_name("value")
    return outer is not None and outer.type in ("identifier", "attribute") and (
        text(outer).rpartition(".")[2] in _TRANSPARENT
    )  # fmt: skip


def alternatives(annotation: Node) -> list[Node | str]:
    """The classes that an annotation names, `None` left out, those in quotes as text: A and B for `A | "B" | None`.

    Of a container it is the container; forms that name no class give nothing.
    """
    waiting = [annotation]
    found: list[Node | str] = []
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        node = waiting.pop()
        if node.type in ("type", "parenthesized_expression"):
            waiting.extend(node.named_children[:1])
        elif node.type in ("identifier", "attribute"):
            found.append(node)
        elif node.type in ("binary_operator", "union_type"):
            waiting.extend(reversed(node.named_children))
        elif node.type in ("generic_type", "subscript"):
            outer, inner = node.named_children[0], node.named_children[1:]
            parts = inner[0].named_children if inner and inner[0].type == "type_parameter" else inner
            own = text(outer).rpartition(".")[2]
            if own in _TRANSPARENT and parts:
                waiting.extend(reversed(parts) if own == "Union" else parts[:1])
            else:
                found.append(outer)
        elif node.type == "string":
            found.extend(_quoted_alternatives(text(node).strip("\"'")))
    return found


def _quoted_alternatives(content: str) -> list[str]:
    """The same of an annotation in quotes."""
    while (wrapper := _QUOTED_WRAPPER.fullmatch(content.strip())) is not None:
        content = wrapper["inner"]
    while _BRACKETS.search(content) is not None:
        content = _BRACKETS.sub("", content)
    return [part for part in map(str.strip, _SEPARATOR.split(content)) if part not in ("", "None")]
