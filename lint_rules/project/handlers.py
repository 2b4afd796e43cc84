"""Handlers over all files of a project: what frameworks make of functions, whatever file registers them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lint_rules.project.facts import MODULE_BODY, CallFacts, ModuleFacts
from lint_rules.project.frameworks import LOOP, Handler, HandlerTable
from lint_rules.project.index import DERIVING, Index, derived
from lint_rules.project.symbols import Reference, Symbols

_MOST_BASES = 20


class ProjectHandlers:
    """What frameworks make of the functions whose facts are known, whatever file registers them."""

    def __init__(self, symbols: Symbols, table: HandlerTable) -> None:
        self._symbols = symbols
        self.table = table
        self._own: dict[str, Handler | None] = {}
        self._apart: dict[str, bool] = {}
        self._given: dict[str, Handler] = {}
        self._given_by: dict[str, dict[str, Handler]] = {}
        self._version = -1
        self._mixed_in: dict[str, Handler | None] = {}
        self._derived = Index(derived)
        self._derived_version = -1

    def of(self, reference: Reference) -> Handler | None:
        """What a framework makes of a function; None if nothing known says that one calls it."""
        name = reference.name
        own = self._own.get(name)
        if own is None and name not in self._own:
            misses = self._symbols.misses
            own = self._by_itself(reference)
            if self._symbols.misses == misses:
                self._own[name] = own
        return own or self.registered.get(name) or self._by_subclass(reference, name)

    def on_loop(self, reference: Reference) -> bool:
        """Whether the body of a function runs on the event loop."""
        function = reference.function
        if function.is_async:
            handler = self.of(reference) if self._mentions_apart(reference.module) else None
            return handler is None or handler.runs == LOOP
        if function.on_loop:
            return True
        handler = self.of(reference)
        return handler is not None and handler.runs == LOOP and not function.is_offloaded

    def _mentions_apart(self, module: ModuleFacts) -> bool:
        known = self._apart.get(module.module)
        if known is None:
            known = self._apart[module.module] = self.table.mentions_apart(module)
        return known

    def is_foreign(self, reference: Reference) -> bool:
        """Whether a function is a handler only by a call in another file, or by a view that has it from a mixin."""
        if self.of(reference) is None:
            return False
        return reference.name not in self._registered_in(reference.module) and self._by_itself(reference) is None

    def subclass_words(self) -> set[str]:
        """Texts of which a file holds one if it derives from a known view whose plain methods run on the event loop."""
        classes = [one for module in self._symbols.facts.values() for one in module.classes.values() if one.bases]
        names: set[str] = set()
        for _ in range(_MOST_BASES):
            found = {
                one.name.rpartition(".")[2]
                for one in classes
                if any(self._is_plain_view(base) or base.rpartition(".")[2] in names for base in one.bases)
            }
            if found <= names:
                break
            names |= found
        for one in classes:
            for base in one.bases if one.name.rpartition(".")[2] in names else ():
                self._symbols.canonical(base)  # asks for the facts of mixins
        return {form.format(name) for name in names for form in DERIVING}

    def _is_plain_view(self, base: str) -> bool:
        return self._symbols.types.external(base) in self.table.plain_views

    def _by_itself(self, reference: Reference) -> Handler | None:
        module, function = reference.module, reference.function
        if function.name == MODULE_BODY:
            return None
        symbols, table, is_async = self._symbols, self.table, function.is_async
        decorators = (symbol for symbol in map(_without_call, function.decorators) if table.may_decorate(symbol))
        names = map(symbols.canonical, decorators)
        imports = module.aliases.values() if function.decorators else ()
        packages = frozenset(target.split(".", 1)[0] for target in imports)
        handler = table.decorated(names, symbols.types, packages, is_async=is_async, threaded=function.is_offloaded)
        if handler is not None:
            return handler
        owner, _, method = function.name.rpartition(".")
        is_method = owner in module.classes
        if is_method and (table.may_be_method(method) or table.may_have_views(module.classes[owner].bases)):
            handler = table.method(symbols.ancestors(f"{module.module}.{owner}"), method, is_async=is_async)
            if handler is not None:
                return handler
        parameters = function.parameters[1:] if is_method else function.parameters
        around = module.functions.get(f"{owner}.__init__" if method == "__call__" else owner.removesuffix(".<locals>"))
        outer = () if around is None else around.parameters[1:] if method == "__call__" else around.parameters
        return table.formed(method, parameters, outer, is_async=is_async)

    def _by_subclass(self, reference: Reference, name: str) -> Handler | None:
        """What a method of a mixin is, by the views that have it among their bases."""
        owner, _, method = reference.function.name.rpartition(".")
        if owner not in reference.module.classes or not self.table.may_be_method(method):
            return None
        if self._derived_version != self._symbols.version:
            self._derived_version = self._symbols.version
            self._derived.update(self._symbols.facts)
            self._mixed_in = {}
        if name not in self._mixed_in:
            self._mixed_in[name] = self._of_views(reference, owner, method)
        return self._mixed_in[name]

    def _of_views(self, reference: Reference, owner: str, method: str) -> Handler | None:
        seen = {f"{reference.module.module}.{owner}"}
        waiting = list(seen)
        while waiting:
            mixin = waiting.pop()
            for base, subclass in self._derived.at(mixin.rpartition(".")[2]):
                if subclass in seen or self._symbols.canonical(base) != mixin:
                    continue
                seen.add(subclass)
                waiting.append(subclass)
                ancestors = self._symbols.ancestors(subclass)
                handler = self.table.method(ancestors, method, is_async=reference.function.is_async)
                if handler is not None:
                    return handler
        return None

    @property
    def registered(self) -> Mapping[str, Handler]:
        """Functions that calls anywhere in the known modules register, by `module.function`."""
        symbols = self._symbols
        if self._version != symbols.version:
            self._version = symbols.version
            self._given = {}
            for name in sorted(symbols.facts):
                given = self._given_by.get(name)
                if given is None:
                    misses = symbols.misses
                    given = self._registered_in(symbols.facts[name])
                    if symbols.misses == misses:
                        self._given_by[name] = given
                for function, handler in given.items():
                    self._given.setdefault(function, handler)
        return self._given

    def _registered_in(self, module: ModuleFacts) -> dict[str, Handler]:
        given: dict[str, Handler] = {}
        for function in module.functions.values():
            for call in reversed(function.calls):  # of nested calls, the one nearest to the function decides
                for name, handler in self._registered_by(call) if call.handed else ():
                    given.setdefault(name, handler)
        return given

    def _registered_by(self, call: CallFacts) -> Iterator[tuple[str, Handler]]:
        symbols = self._symbols
        for registration in self.table.registrations(symbols.canonical(call.target), symbols.types):
            threaded = f"{registration.framework.row.get('thread_argument')}=True" in call.handed
            if registration.unless and f"{registration.unless}=True" in call.handed:
                continue
            for handed in call.handed:
                place, _, symbol = handed.partition("=")
                if not registration.takes(place):
                    continue
                is_made = symbols.is_instance(symbol) and symbols.class_(_without_call(symbol)) is not None
                if is_made and not registration.called:  # Depends(limiter), Depends(Limiter(5))
                    reference = symbols.function(f"{symbol}.__call__")
                elif symbol.endswith("()") is registration.called:
                    reference = symbols.function(_without_call(symbol))
                else:
                    continue
                is_class = reference is not None and reference.function.name.endswith(".__init__")
                if reference is not None and (not is_class or registration.kind == "dependency"):
                    is_async = reference.function.is_async
                    yield reference.name, registration.handler(is_async=is_async, threaded=threaded)


def _without_call(symbol: str) -> str:
    return symbol.removesuffix("()")
