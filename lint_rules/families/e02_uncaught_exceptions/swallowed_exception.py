"""Exception swallowed without a trace.

What it finds: a handler that does nothing with an error that was not to be expected: it only passes, continues, breaks,
rolls back or returns a constant, and logs nothing. Errors that were not to be expected are those of the network, of
databases, of the operating system and of child processes, and the general ones (`ValueError`, `TypeError`,
`RuntimeError`). What catches `Exception` is TEN0201's.

Why it matters: the order is not sent, the row is not written, the file is not read, and nothing anywhere says so. The
caller gets the same `None` as if there had been nothing.

Bad (python):

    import requests

    def notify(url, order):
        try:
            requests.post(url, json=order, timeout=5)
        except requests.RequestException:
            pass

Good (python):

    import logging
    import requests

    logger = logging.getLogger(__name__)

    def notify(url, order):
        try:
            requests.post(url, json=order, timeout=5)
        except requests.RequestException:
            logger.warning("order %s was not announced", order["id"], exc_info=True)

How to fix it: log the error, hand it on, or turn it into an answer that differs from success. Where it is right to go
on in silence, say why in a comment in the handler, or use `contextlib.suppress` around the one call that may fail.

Not seen: errors that are narrow and expected (`KeyError`, `FileNotFoundError`, a timeout, a class of the project);
`try` blocks that only convert a value (`int(text)`), clean up (`connection.close()`) or ask how things are
(`asyncio.get_running_loop()`); handlers that a comment explains, inside or next to the `try`; handlers that assign a
default; errors that stand beside one that says the case is known (`except (ChannelClosed, OSError)`).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.attempts import acts, only_asks
from lint_rules.families.e02_uncaught_exceptions.excuses import is_excused
from lint_rules.families.e02_uncaught_exceptions.handlers import ExceptClause
from lint_rules.families.e02_uncaught_exceptions.reporting import TABLE
from lint_rules.families.e02_uncaught_exceptions.triggers import may_swallow
from lint_rules.families.e02_uncaught_exceptions.wording import last_name, words
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.tables import name_table, read_table
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0202",
    "swallowed-exception",
    severity=WARNING,
    summary="A handler swallows an error without a trace",
    in_tests=False,
)

_ENDINGS = tuple(read_table(TABLE)["outside"]["endings"])
_OUTSIDE = {key: frozenset(names) for key, names in read_table(TABLE)["outside"].items()}
_END = frozenset({"eof"})
_GENERAL = name_table(TABLE, "general", key="errors")
_UNEXPECTED = name_table(TABLE, "unexpected", key="errors")


def _is_suspect(clause: Node, file: PythonFile) -> bool:
    return _swallows(ExceptClause(clause, file))


@RULE.python(Nodes(("ExceptHandler", "ExceptStarHandler"), trigger=may_swallow, screen=_is_suspect))
def check_python(node: cst.ExceptHandler, file: PythonFile) -> Iterator[Finding]:
    handler = ExceptClause(file.syntax(node), file)
    if _swallows(handler):
        yield RULE.at(
            file,
            handler.header,
            f"{handler.header_text} swallows the error without a trace; log it or say why in a comment",
            "log the error, hand it on, or say in a comment why nothing needs to be done",
        )


def _swallows(handler: ExceptClause) -> bool:
    """Whether a handler gives up an unexpected error without a word."""
    if not (handler.does_nothing or handler.only_rolls_back):
        return False
    if not any(_may_be_unexpected(last_name(node)) for node in handler.classes):
        return False
    if handler.is_broad or not any(_is_unexpected(name, handler) for name in handler.caught):
        return False
    known = _OUTSIDE["beside"] | (_END if any(node.type == "while_statement" for node in handler.attempts) else set())
    if any(not known.isdisjoint(words(last_name(node))) for node in handler.classes):
        return False  # the other side may leave at any time, a row may be there already
    return not (is_excused(handler) or only_asks(handler) or handler.is_one_of_several or handler.retries)


def _may_be_unexpected(name: str) -> bool:
    """Whether a class may be one that was not to be expected; cheaper than to look it up."""
    return not hasattr(builtins, name) or any(f"builtins.{name}" in table for table in (_GENERAL, _UNEXPECTED))


def _is_unexpected(name: str, handler: ExceptClause) -> bool:
    """Whether an error says that something outside failed, or may mean anything where something was to be done."""
    types = handler.file.types
    if _UNEXPECTED.match(name, types) is not None:
        return True
    is_general = _GENERAL.match(name, types) is not None
    own = name.rpartition(".")[2]
    parts = words(own)
    is_outside = (
        own.endswith(_ENDINGS) and not _OUTSIDE["words"].isdisjoint(parts) and _OUTSIDE["but"].isdisjoint(parts)
    )
    return (is_general or (is_outside and not name.startswith("builtins."))) and acts(handler)
