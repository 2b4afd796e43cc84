"""Calls that a function makes whichever path it takes, by their place in its body alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.python.suspension import own_nodes

ANSWERING_WORDS = re.compile(
    rb"\.(?:finish|send_error|redirect|render|write_error|prepare|respond|send_response)\("
    rb"|http\.response\.start|s(?<=\bs)tart_response\("
)
"""A file without a match answers no request by a call; see families/e05_double_responses/responses.toml."""


def unconditional_calls(function: Node) -> Iterator[Node]:
    """The calls that stand by themselves in a function's body, up to the first statement that may return early."""
    body = function.child_by_field_name("body")
    waiting = list(reversed(body.named_children)) if body is not None else []
    while waiting:
        statement = waiting.pop()
        if statement.type in ("with_statement", "try_statement"):
            inner = statement.child_by_field_name("body")
            handlers = [clause for clause in statement.named_children if clause.type.startswith("except")]
            if not handlers and inner is not None:
                waiting.extend(reversed(inner.named_children))
                continue
        if statement.type in ("expression_statement", "return_statement", "assignment"):
            value = statement.named_child(0) if statement.named_child_count else None
            while value is not None and value.type in ("await", "assignment"):
                value = value.child_by_field_name("right") if value.type == "assignment" else value.named_child(0)
            if value is not None and value.type == "call":
                yield value
            if statement.type == "return_statement":
                return
        elif any(inner.type == "return_statement" for inner in own_nodes(statement)):
            return
