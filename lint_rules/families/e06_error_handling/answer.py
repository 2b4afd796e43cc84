"""One response of an error, as a file's own text tells it."""

from __future__ import annotations

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e06_error_handling.shapes import UNKNOWN, Shape

NOT_SET, NOT_TOLD, MAY_BE_500 = 0, -1, -2
"""Status codes: where none is set, so that the framework says 200; where the code does not tell which; where it does
not, but is 5xx for errors that bring none: `err.status || 500`."""


class Answer(Struct, frozen=True):
    """A place that answers: the call or literal, what the client is shown, and with which status.

    `raised` is the symbol of what is raised or thrown for a handler elsewhere to answer; "" for an answer by itself.
    `is_plain` says that nothing but being returned makes it an answer, so that it is one in a handler only.
    """

    node: Node
    body: tuple[Node, ...]
    status: int
    shape: Shape = UNKNOWN
    raised: str = ""
    is_plain: bool = False

    @property
    def is_error(self) -> bool:
        """Whether the status says that it answers for an error."""
        return self.status >= 400

    @property
    def may_be_success(self) -> bool:
        """Whether the client is told that all went well: status 2xx, or none set."""
        return self.status == NOT_SET or 200 <= self.status < 300
