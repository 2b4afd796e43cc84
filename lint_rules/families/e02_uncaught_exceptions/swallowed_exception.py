"""Exception swallowed without a trace.

What it finds: a handler that does nothing with an error that was not to be expected: it only passes, continues, breaks
or returns a constant, and logs nothing. Errors that were not to be expected are those of the network, of databases, of
the operating system and of child processes, and the general ones (`ValueError`, `TypeError`, `RuntimeError`). What
catches `Exception` is TEN0201's. In JavaScript and TypeScript, where a `catch` takes whatever comes: `catch {}`,
`.catch(() => {})` and `.catch(noop)`, empty or with a constant to return.

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

Bad (javascript):

    import { announce, load } from "./orders.js";

    export async function place(order) {
      try {
        await announce(order);
      } catch {}
      load(order.customer).catch(() => {});
    }

Good (javascript):

    import { announce, load } from "./orders.js";

    export async function place(order) {
      try {
        await announce(order);
      } catch (error) {
        console.warn(`order ${order.id} was not announced`, error);
      }
      load(order.customer).catch(() => {
        // only warms the cache: the page loads the customer again
      });
    }

How to fix it: log the error, hand it on, or turn it into an answer that differs from success. Where it is right to go
on in silence, say why in a comment in the handler, or use `contextlib.suppress` around the one call that may fail.

Not seen: errors that are narrow and expected (`KeyError`, `FileNotFoundError`, a timeout, a class of the project);
`try` blocks that only convert a value (`int(text)`), clean up (`connection.close()`) or ask how things are
(`asyncio.get_running_loop()`) or make a folder that may be there; `ValueError` where a number is read first and then
used; a function of the same file that has logged the error before it raised it again; handlers that a comment explains,
inside or next to the `try`; handlers that assign a default; errors that stand beside one that says the case is known
(`except (ChannelClosed, OSError)`). Of JavaScript, what runs in pages.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.attempts import acts, converts_first, effects, only_asks
from lint_rules.families.e02_uncaught_exceptions.conversions import converts
from lint_rules.families.e02_uncaught_exceptions.excuses import is_excused
from lint_rules.families.e02_uncaught_exceptions.reasons import TABLE
from lint_rules.families.e02_uncaught_exceptions.swallowing import swallowing_catch, swallowing_clause
from lint_rules.families.e02_uncaught_exceptions.triggers import may_swallow
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import last_name
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.tables import name_table, read_table
from lint_rules.languages.wording import first_word, words
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.javascript.file import JavaScriptFile
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
_OF_VALUES = frozenset(read_table(TABLE)["values"]["errors"])
_END = frozenset({"eof"})
_GENERAL = name_table(TABLE, "general", key="errors")
_UNEXPECTED = name_table(TABLE, "unexpected", key="errors")


def _is_suspect(clause: Node, file: PythonFile) -> bool:
    return _swallows(ExceptClause(clause, file))


@RULE.python(Nodes(("ExceptHandler", "ExceptStarHandler"), words=(b"except",), trigger=may_swallow, screen=_is_suspect))
def check_python(node: cst.ExceptHandler, file: PythonFile) -> Iterator[Finding]:
    handler = ExceptClause(file.syntax(node), file)
    if _swallows(handler):
        yield RULE.at(
            file,
            handler.header,
            f"{handler.header_text} swallows the error without a trace; log it or say why in a comment",
            "log the error, hand it on, or say in a comment why nothing needs to be done",
        )


def _is_suspect_javascript(place: Node, file: JavaScriptFile) -> bool:
    return (swallowing_clause if place.type == "catch_clause" else swallowing_catch)(place, file) is not None


@RULE.javascript(
    JavaScriptNodes(("catch_clause", "call_expression"), words=(b"catch", b"then"), screen=_is_suspect_javascript)
)
def check_javascript(place: Node, file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_tooling or file.is_declaration or file.is_for_browsers:
        return
    is_clause = place.type == "catch_clause"
    span = swallowing_clause(place, file) if is_clause else swallowing_catch(place, file)
    if span is not None:
        shown = " ".join(file.source.text(span.start, span.end).split())
        shown = shown.removesuffix("{").rstrip() if is_clause else shown
        shown = shown if len(shown) <= 40 else "catch"
        yield RULE.at(
            file,
            span,
            f"`{shown}` swallows the error without a trace; log it or say why in a comment",
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
    if all(last_name(node) in _OF_VALUES for node in handler.classes) and converts_first(handler):
        return False
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
    if is_general:
        return acts(handler) and not (own in _OF_VALUES and _only_checks(handler))
    if not is_outside or name.startswith("builtins.") or not acts(handler):
        return False
    return _OUTSIDE["verdicts"].isdisjoint(parts) or not _only_checks(handler)


def _only_checks(handler: ExceptClause) -> bool:
    """Whether all that is done is to find out whether something is as it has to be: `check_rules(event)`."""
    done = [last_name(call) for call in effects(handler) if not converts(call, handler.file)]
    return bool(done) and all(first_word(one) in _OUTSIDE["checks"] for one in done)
