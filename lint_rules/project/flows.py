"""What one function does with data, as plain frozen facts: edges from where data comes from to where it goes.

They are taken from one file alone (`flow/taint.py` explains the texts of origins and targets); names are symbols. The
link stage joins them over files: an argument to a parameter, a result to the call (see `project/walk.py`).
"""

from __future__ import annotations

import msgspec

from lint_rules.model import Span


class Hop(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place on the way, and what the data goes into there."""

    span: Span
    text: str


class DataEdge(msgspec.Struct, frozen=True, array_like=True):
    """Data of `origin` reaches `target`, made safe on the way from the `cleaned` kinds of misuse.

    `by:3` among them is all kinds, if the function that the call number 3 calls really checks what it is given.
    """

    origin: str
    target: str
    cleaned: tuple[str, ...] = ()
    hops: tuple[Hop, ...] = ()


class RequestSource(msgspec.Struct, frozen=True, array_like=True):
    """An expression that reads what a client sent: `request.args`; `cleaned`: what such data cannot be misused for."""

    span: Span
    text: str
    cleaned: tuple[str, ...] = ()


class FlowCall(msgspec.Struct, frozen=True, array_like=True):
    """A call that data reaches or may come from.

    `symbol` is what is called; `written` the source of the callee, for calls whose symbol tells nothing. `literals` are
    arguments that are no data, by place: `shell=True`, `1=yaml.SafeLoader`.
    """

    symbol: str
    written: str
    span: Span
    literals: tuple[str, ...] = ()


class LocalSink(msgspec.Struct, frozen=True, array_like=True):
    """A place where data of a kind must not go and that is no call: `element.innerHTML = ...`.

    The kind "answer" is a text that the function returns, which is HTML if a framework makes it so.
    """

    kind: str
    span: Span
    text: str


class FlowParameter(msgspec.Struct, frozen=True, array_like=True):
    """A parameter; `star` is "*" or "**" for those that take the rest.

    `annotation` is the symbol of the class it is annotated with, "" if none is known; `is_open` says that a framework
    which reads values by annotation would let any text through: annotated, not injected, no pattern, no enumeration.
    `provider` is the symbol of what gives the value: `find` of `Depends(find)`, the class itself of `Depends()`.
    """

    name: str
    star: str = ""
    annotation: str = ""
    is_open: bool = False
    provider: str = ""


class FunctionFlow(msgspec.Struct, frozen=True, array_like=True):
    """One function; `name` is the one it has among the facts of its module.

    `path_names` are parts of its own route that hold any text, `long_names` those that may hold slashes. `is_page` says
    that its route answers HTML, `is_redirect` that it sends the browser to what is returned, `checks` that by its name
    it makes data harmless, and that its body asks something of it, `cleans` that what it gives is harmless.
    """

    name: str
    span: Span
    parameters: tuple[FlowParameter, ...] = ()
    sources: tuple[RequestSource, ...] = ()
    calls: tuple[FlowCall, ...] = ()
    sinks: tuple[LocalSink, ...] = ()
    edges: tuple[DataEdge, ...] = ()
    path_names: tuple[str, ...] = ()
    long_names: tuple[str, ...] = ()
    is_page: bool = False
    checks: bool = False
    cleans: bool = False
    is_redirect: bool = False
