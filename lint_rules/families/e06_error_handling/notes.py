"""What every file writes down for the rules that look at a whole service: its error responses, what
makes their bodies, and its wiring."""

from __future__ import annotations

import msgspec

from lint_rules.families.e06_error_handling.shapes import UNKNOWN, Shape
from lint_rules.model import Notes, Span


class ErrorAnswer(msgspec.Struct, frozen=True, array_like=True):
    """One response of an error.

    `function` is the name within the module of the function that makes it, `status` its code (see answer.py), `raised`
    the symbol of what is raised for a handler to answer, "" for an answer by itself; `made` the symbol of what makes
    the body, where that is not written out.
    """

    function: str
    span: Span
    status: int
    shape: Shape = UNKNOWN
    raised: str = ""
    made: str = ""


class Maker(msgspec.Struct, frozen=True, array_like=True):
    """A function that returns a body, or a class that is one: its name within the module, and the body's shape.

    `made` is the symbol of another maker whose result it returns.
    """

    name: str
    shape: Shape = UNKNOWN
    made: str = ""


class Wiring(msgspec.Struct, frozen=True, array_like=True):
    """One statement that makes an app or router, or registers something with it.

    `kind` is app, router, route, mount, central (an error handler), maybe (something that may be one), three (error
    middleware that takes too few parameters), catcher (middleware with a `try` around what follows), filter (a class
    that answers for errors), bound (a mention of such a class), serves, setting. `owner` tells apps and routers of a
    file apart, "" where there is none; `on` is the symbol of the call or decorator; `target` the symbol of what is
    registered; `detail` what it is registered for, or under; `function` the function that the statement stands in.
    """

    kind: str
    owner: str
    on: str
    span: Span
    function: str = ""
    target: str = ""
    detail: str = ""
    name: str = ""


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """A function that shows an error it is given: its name within the module, the position of the error (`self` is not
    counted), and what it shows, message or trace; whether in a response of its own, and whether only where something
    else is missing (`message || error.message`)."""

    name: str
    position: int
    kind: str
    answers: bool = False
    is_fallback: bool = False


class Given(msgspec.Struct, frozen=True, array_like=True):
    """A call that is given an unexpected error as a whole, in a response or with one: the symbol that is called; and
    whether more arguments follow."""

    symbol: str
    position: int
    span: Span
    function: str
    caught: str
    is_answer: bool = False
    is_followed: bool = False


ANSWERS = Notes("error-answers", ErrorAnswer)
WIRING = Notes("error-wiring", Wiring)
MAKERS = Notes("error-bodies", Maker)
SHOWN = Notes("errors-shown", Shown)
GIVEN = Notes("errors-given", Given)
