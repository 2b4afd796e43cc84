"""Cutting the statements around suspects out of a file, for libcst to parse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.lazy import cst

if TYPE_CHECKING:
    from libcst.metadata import CodeSpan

_BLOCKS = frozenset({"block", "module"})
_WRAPPER = "if 1:\n"


class Cut(Struct, frozen=True):
    """A statement to be cut out: bytes `start:end`, from the start of its first line; `node` is its syntax node."""

    start: int
    end: int
    node: Node


class Slice(Struct, frozen=True):
    """A parsed cut: `positions` are byte spans within its own text; adding `shift` gives those of the file."""

    module: cst.Module
    positions: dict[cst.CSTNode, CodeSpan]
    shift: int

    def range_of(self, node: cst.CSTNode) -> tuple[int, int]:
        """First byte and byte behind the last, in the file."""
        span = self.positions[node]
        start = span.start + self.shift
        return start, start + span.length


def cut_around(node: Node, data: bytes) -> Cut:
    """The smallest statement around `node` that begins a line, decorators included."""
    current = node
    while True:
        parent = current.parent
        if parent is None:
            return Cut(0, len(data), current)
        if parent.type in _BLOCKS and current.type not in ("block", "comment"):
            first = current
            while not _begins_line(first, data) and (before := first.prev_named_sibling) is not None:
                first = before
            if _begins_line(first, data):
                return Cut(data.rfind(b"\n", 0, first.start_byte) + 1, _line_end(current, data), current)
        current = parent


def _begins_line(node: Node, data: bytes) -> bool:
    line_start = data.rfind(b"\n", 0, node.start_byte) + 1
    return not data[line_start : node.start_byte].strip()


def _line_end(node: Node, data: bytes) -> int:
    """The end of the line on which the statement ends, and of statements that share it."""
    last = node
    while (after := last.next_named_sibling) is not None and after.start_point[0] == last.end_point[0]:
        last = after
    newline = data.find(b"\n", last.end_byte)
    return len(data) if newline < 0 else newline + 1


def outermost(cuts: Iterable[Cut]) -> list[Cut]:
    """The cuts that lie in no other, in the order of the text."""
    result: list[Cut] = []
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
        if not result or cut.start >= result[-1].end:
            result.append(cut)
        elif cut.end > result[-1].end:
            result[-1] = Cut(result[-1].start, cut.end, result[-1].node)
    return result


def parse_cut(cut: Cut, data: bytes) -> Slice:
    """Parse a cut with libcst. Raises what libcst raises on source it does not take."""
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    source = data[cut.start : cut.end].decode("utf-8")
    indented = source[:1] in (" ", "\t")
    module = cst.parse_module(_WRAPPER + source if indented else source)
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    positions = wrapper.resolve(ByteSpanPositionProvider)
    return Slice(module, dict(positions), cut.start - (len(_WRAPPER) if indented else 0))
