"""What one file says about itself, as plain frozen data.

Facts are taken from a file alone, travel between processes, and are all that the link stage sees. A *symbol* is a
dotted text such as `requests.Session().get` or `app.db.engine.connect`: names as the file can see them after undoing
import aliases and local assignments, `()` behind a name that is called, `<enter>` for the value a `with` binds,
`<super>` for `super()`, `<item>` for a subscript, `function.<parameter>name` for an argument whose type is not written.
`project.symbols` turns symbols into canonical names.
"""

from __future__ import annotations

import msgspec

from lint_rules.model import Span

MODULE_BODY = "<module>"
"""The name under which a module's top-level code stands among its functions."""


class CallFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One call, or one read or write of an attribute that may be a property.

    `kind` is call, read, write, or special: a method that a statement calls, such as `__enter__` of a context; the call
    graph adds wrapped: what a decorator of the project put in the function's place.

    `arguments` are symbols in order, `name=symbol` for keywords, "" where unknown; only kept for constructor-like calls
    and for callables handed on. `handed` are the callables that a registering call is given, wrapped or in lists too:
    `1=app.views.index`, `endpoint=app.views.index`, `0=app.work()` for a call; and keywords that are `True`. `guarded`
    says that a `try` is around a call of `get_running_loop`, `run` or the like. `literals` are arguments such as
    `block=False`, `0=0` or `1=os.WNOHANG`, kept where they may decide whether the call waits; `iterated` says that the
    value is run through on the spot, so that a generator's body runs; `keeps_exit` that a `try` around it catches
    SystemExit.
    """

    target: str
    span: Span
    awaited: bool = False
    kind: str = "call"
    arguments: tuple[str, ...] = ()
    guarded: bool = False
    handed: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    iterated: bool = False
    keeps_exit: bool = False


class FunctionFacts(msgspec.Struct, frozen=True, array_like=True):
    """One function or method; `name` is dotted within the module (`Client.load`, `outer.<locals>.inner`).

    `returns` is the symbol of what a call gives ("" if unknown; for generators, of what they yield).
    `on_loop` says that the body runs on the event loop by its own form (async, or a lambda that is a loop callback);
    `is_offloaded` that a decorator hands it to a thread or process. `risks` is what can fail in the body: symbols of
    functions of the project, "" for everything else; "!" where a `raise` can leave it, "!!" where an error of a library
    can; empty where a handler catches errors of every kind. `gives_promise` says that a function which is not async
    returns a promise by its annotation or by what it returns (JavaScript), or that all it returns is what one call
    gives, or a coroutine by its annotation (Python, `returns` says which). `form` is what the function's own file says
    of it as a handler, see `NodeHandlerTable.encoded` (JavaScript). `is_wrapped` says that its name is bound to what
    another function made of it: `const list = handled(async () => ...)`, `is_partial` that it may end without giving
    a value (JavaScript). `makes` is the symbol of the one call whose value is all that it gives (Python).
    """

    name: str
    span: Span
    is_async: bool = False
    is_generator: bool = False
    is_property: bool = False
    on_loop: bool = False
    returns: str = ""
    decorators: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    calls: tuple[CallFacts, ...] = ()
    is_offloaded: bool = False
    risks: tuple[str, ...] = ()
    gives_promise: bool = False
    form: str = ""
    always: tuple[tuple[str, ...], ...] = ()
    is_wrapped: bool = False
    is_partial: bool = False
    makes: str = ""


class ClassFacts(msgspec.Struct, frozen=True, array_like=True):
    """One class: symbols of its bases and of the values its attributes hold.

    `decorators` are the symbols of a JavaScript class's decorators, outermost first; `implements` those of the
    interfaces that it says it implements (TypeScript).
    """

    name: str
    bases: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    decorators: tuple[str, ...] = ()
    implements: tuple[str, ...] = ()


class ModuleFacts(msgspec.Struct, frozen=True, array_like=True):
    """One module: what its names are bound to, its classes, its functions.

    `is_complete` says that what its functions do was looked for too, their calls and risks; else they are only named.
    `exports` is what a JavaScript module hands out, by name (see project.node_names); of Python all names are visible.
    `notes` are what families wrote down about the file, encoded, by the name of their kind (see `model.Notes`).
    """

    module: str
    path: str
    is_package: bool = False
    aliases: dict[str, str] = {}
    stars: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    classes: dict[str, ClassFacts] = {}
    functions: dict[str, FunctionFacts] = {}
    is_complete: bool = False
    exports: dict[str, str] = {}
    notes: dict[str, bytes] = {}

    def definitions(self) -> ModuleFacts:
        """The same without calls, which only the link stage follows."""
        if not self.is_complete:
            return self
        bare = {name: msgspec.structs.replace(function, calls=()) for name, function in self.functions.items()}
        return msgspec.structs.replace(self, functions=bare, notes={})
