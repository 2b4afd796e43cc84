"""The flow form: what a function does and in which order, without its grammar.

A language lowers a function to this form once; analyses read nothing else. Everything here is frozen plain data. Syntax
nodes are carried along as opaque handles: the form never looks into them.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class Event(Struct, frozen=True, eq=False):
    """Something that happens at one place.

    `kind` is "call", "assign", "yield" or another word that the lowering and the analysis agree on; `subject` is what
    it happens to (the text of the called function, the name assigned); `value` is what is assigned, where that decides
    tests: "True", "False", "None" or "object" (neither None nor false).
    `node` is the language's syntax node. `may_raise` says that control may leave here for a handler.
    """

    kind: str
    subject: str
    node: Any = None
    value: str = ""
    may_raise: bool = False


class Question(Struct, frozen=True, eq=False):
    """One question that decides a branch: `subject relation value`, as in `error is None` or `count == 0`.

    `relation` is "truthy", "is", "==" or another word of the lowering; a `subject` of "" cannot be compared with any
    other test. `names` are the variables that the answer depends on.
    """

    subject: str
    relation: str = "truthy"
    value: str = ""
    names: frozenset[str] = frozenset()
    node: Any = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What two tests with the same answer have in common."""
        return (self.subject, self.relation, self.value)


class Condition(Struct, frozen=True, eq=False):
    """`test` after the events of evaluating it, or parts joined by `and` or `or`, or a constant; perhaps negated."""

    kind: Literal["test", "and", "or", "constant"]
    test: Question | None = None
    before: Form | None = None
    parts: tuple[Condition, ...] = ()
    negated: bool = False
    value: bool = True


class Sequence(Struct, frozen=True, eq=False):
    """One part after the other; no parts do nothing."""

    parts: tuple[Form, ...] = ()


class Branch(Struct, frozen=True, eq=False):
    """`then` where the condition holds, else `otherwise`."""

    condition: Condition
    then: Form
    otherwise: Form


class Loop(Struct, frozen=True, eq=False):
    """`body` while the condition holds, then `otherwise` unless a `break` left it.

    `step` runs after each round, also after `continue`; `tests_first` is False for do-while.
    """

    condition: Condition
    body: Form
    otherwise: Form
    label: str = ""
    step: Form | None = None
    tests_first: bool = True


class Switch(Struct, frozen=True, eq=False):
    """One of the cases, or none unless `is_exhaustive`; `falls_through`: a case goes on into the next one.

    `takes_break` says that a `break` without label leaves the switch and not the loop around it.
    """

    cases: tuple[Form, ...]
    is_exhaustive: bool = False
    falls_through: bool = False
    takes_break: bool = False
    label: str = ""


class Handler(Struct, frozen=True, eq=False):
    """What is done with errors of the kinds `catches`; empty: with all of them."""

    catches: tuple[str, ...]
    body: Form


class Try(Struct, frozen=True, eq=False):
    """`body`, on an error one of the handlers, else `otherwise`; `finally_` on every way out."""

    body: Form
    handlers: tuple[Handler, ...] = ()
    otherwise: Form | None = None
    finally_: Form | None = None


class Labelled(Struct, frozen=True, eq=False):
    """A block that `break label` leaves."""

    label: str
    body: Form


class Jump(Struct, frozen=True, eq=False):
    """The end of a path, or of a round: return, raise, break or continue.

    `error_kinds` are the kinds by which a raised error can be caught, and `knows_all_kinds` that there are no others.
    """

    kind: Literal["return", "raise", "break", "continue"]
    label: str = ""
    node: Any = None
    error_kinds: tuple[str, ...] = ()
    knows_all_kinds: bool = False


Form = Event | Sequence | Branch | Loop | Switch | Try | Labelled | Jump

NOTHING = Sequence()
UNKNOWN = Condition("test", Question(""))
"""A condition of which nothing is known."""
