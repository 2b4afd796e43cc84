"""From symbols to canonical names, over the facts of many files.

A canonical name is what tables and rules speak of: `requests.Session.get`, `sqlite3.Connection.execute`, or a name of
the project such as `app.store.Store.load`. Modules of the project whose facts are needed and not there are noted in
`asked`; the answer is then the unresolved text, and is asked for again when the facts have come.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from lint_rules.project.facts import ClassFacts, FunctionFacts, ModuleFacts
from lint_rules.project.known_facts import KnownFacts
from lint_rules.project.node_names import EXPORTS, WHOLE
from lint_rules.project.types import Types

_MAX_STEPS = 40
_CONSTRUCTORS = ("__init__", "constructor", "__post_init__", "__attrs_post_init__", "model_post_init")
"""Methods that making an instance runs; of a data class, the one that its own constructor calls."""


class Reference(Struct, frozen=True):
    """A function of the project: its module's facts and its own."""

    module: ModuleFacts
    function: FunctionFacts

    @property
    def name(self) -> str:
        """`app.store.Store.load`"""
        return f"{self.module.module}.{self.function.name}"


class Symbols(Struct):
    """Resolves symbols against the facts known so far. `facts.used` are the modules that the answers came from."""

    known_modules: Mapping[str, object]
    types: Types
    facts: KnownFacts = field(default_factory=KnownFacts)
    asked: set[str] = field(default_factory=set)
    parameters: dict[str, str] = field(default_factory=dict)
    version: int = 0
    misses: int = 0
    _memo: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    _lineages: dict[str, tuple[tuple[str, ...], frozenset[str]]] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def add(self, facts: ModuleFacts) -> None:
        """Make a module's facts known. Answers that needed no unknown module stand."""
        self.facts[facts.module] = facts
        self.version += 1

    def keep(self, module: str, encoded: bytes) -> None:
        """Make a module's facts known, as `msgspec` encoded them."""
        self.facts.keep(module, encoded)
        self.version += 1

    def bind_parameters(self, parameters: Mapping[str, str]) -> None:
        """Make known what callers pass: `app.Service.__init__.<parameter>client` -> symbol."""
        self.parameters.update(parameters)
        self.version += 1
        self._memo.clear()
        self._lineages.clear()

    def canonical(self, symbol: str) -> str:
        """The canonical name of a symbol; "" stays ""."""
        known = self._memo.get(symbol)
        if known is not None:
            if known[1]:
                self.facts.used |= known[1]
            return known[0]
        if symbol in self._open:  # class A(A.B)
            return symbol
        misses, outer = self.misses, self.facts.used
        self._open.add(symbol)
        self.facts.used = set()
        try:
            name = self._canonical(symbol) if symbol else ""
        finally:
            self._open.discard(symbol)
            used, self.facts.used = self.facts.used, outer
            outer |= used
        if self.misses == misses:
            self._memo[symbol] = name, frozenset(used) & self.known_modules.keys()
        return name

    def function(self, symbol: str) -> Reference | None:
        """The project function that a symbol denotes; a class denotes its constructor."""
        name = self.canonical(symbol)
        module, _, _ = self._split(name)
        facts = self.facts.get(module)
        if facts is None or len(name) <= len(module):
            return None
        local = name[len(module) + 1 :]
        function = facts.functions.get(local)
        if function is None and local in facts.classes:
            for constructor in _CONSTRUCTORS:
                found = self._member(facts, facts.classes[local], constructor)
                if isinstance(found, Reference):
                    return found
            return None
        return Reference(facts, function) if function is not None else None

    def property(self, symbol: str) -> Reference | None:
        """The project's property (or other method) that reading an attribute runs."""
        owner, _, attribute = symbol.removesuffix(".setter").rpartition(".")
        suffix = ".setter" if symbol.endswith(".setter") else ""
        return self.method_of(owner, attribute + suffix) if owner else None

    def class_(self, symbol: str) -> tuple[ModuleFacts, ClassFacts] | None:
        """The project class that a symbol denotes (or is an instance of)."""
        name = self.canonical(symbol)
        module, _, _ = self._split(name)
        facts = self.facts.get(module)
        found = facts.classes.get(name[len(module) + 1 :]) if facts is not None else None
        return (facts, found) if facts is not None and found is not None else None

    def ancestors(self, symbol: str) -> list[str]:
        """Canonical names of a class and all its bases, project and library, nearest first."""
        known = self._lineages.get(symbol)
        if known is not None:
            self.facts.used |= known[1]
            return list(known[0])
        misses, outer = self.misses, self.facts.used
        self.facts.used = set()
        try:
            result = self._ancestors(symbol)
        finally:
            used, self.facts.used = self.facts.used, outer
            outer |= used
        if self.misses == misses:
            self._lineages[symbol] = tuple(result), frozenset(used) & self.known_modules.keys()
        return result

    def _ancestors(self, symbol: str) -> list[str]:
        result: list[str] = []
        waiting = [self.canonical(symbol)]
        while waiting:
            name = waiting.pop(0)
            if not name or name in result:
                continue
            result.append(name)
            own = self.class_(name)
            if own is not None:
                waiting.extend(self.canonical(base) for base in own[1].bases)
            else:
                waiting.extend(self.types.bases.get(name, ()))
        return result

    def method_of(self, class_symbol: str, method: str) -> Reference | None:
        """The project method a class has by itself or inherits."""
        own = self.class_(class_symbol)
        found = self._member(own[0], own[1], method) if own is not None else None
        return found if isinstance(found, Reference) else None

    def is_outside(self, symbol: str) -> bool:
        """Whether a symbol begins with no module of the project."""
        return not self._split(symbol)[2]

    def is_instance(self, symbol: str) -> bool:
        """Whether a symbol whose canonical name is that of a class denotes an instance of it."""
        if symbol.endswith("()"):
            return True
        module, rest = self.split(symbol)
        facts = self.facts.get(module) if module else None
        head, dot, tail = rest.partition(".")
        target = facts.aliases.get(head) if facts is not None else None
        if target and target != symbol:
            return self.is_instance(target + dot + tail)
        value = facts.variables.get(rest, "") if facts is not None else ""
        if not value and dot and (own := self.class_(symbol.rpartition(".")[0])) is not None:
            value = own[1].attributes.get(rest.rpartition(".")[2], "")
        return value.endswith("()")

    def split(self, symbol: str) -> tuple[str, str]:
        """The longest module of the project in front of a symbol, "" without one, and the rest."""
        module, rest, _ = self._split(symbol)
        return module, rest

    def _split(self, symbol: str) -> tuple[str, str, bool]:
        """Longest project module in front of a dotted name, the rest, and whether there is one."""
        end = symbol.find("(")
        head = symbol if end < 0 else symbol[:end]
        while head:
            if head in self.known_modules:
                return head, symbol[len(head) + 1 :], True
            head = head.rpartition(".")[0]
        return "", symbol, False

    def _canonical(self, symbol: str) -> str:
        steps = 0
        seen: set[str] = set()
        while steps < _MAX_STEPS and symbol not in seen:
            steps += 1
            seen.add(symbol)
            module, rest, inside = self._split(symbol)
            if not inside:
                return self.types.external(symbol)
            facts = self.facts.get(module)
            if facts is None:
                self.ask(module)
                return symbol
            if not rest:
                return symbol
            step = self._step(facts, rest)
            if step is None:
                return symbol
            if step == symbol:
                return symbol
            symbol = step
        return symbol

    def _step(self, facts: ModuleFacts, rest: str) -> str | None:
        """One rewriting of `module.rest`; None when there is nothing left to rewrite."""
        segments = rest.split(".")
        head = segments[0].removesuffix("()")
        called = segments[0].endswith("()")
        tail = segments[1:]
        if head == EXPORTS:
            return self._exported(facts, called, tail)
        target = facts.aliases.get(head)
        if target is not None:
            return _join(target, called, tail)
        member = f"{head}.{tail[0].removesuffix('()')}" if tail else head  # `User.load = async function ...`
        if any(name in known for known in (facts.classes, facts.functions) for name in (head, member)):
            return self._definition(facts, segments)
        value = facts.variables.get(head)
        if value is not None:
            return _join(value, called, tail) if value else None
        for star in facts.stars:
            if self._exports(star, head):
                return _join(f"{star}.{head}", called, tail)
        return None

    def _exported(self, facts: ModuleFacts, called: bool, tail: list[str]) -> str | None:
        """Rewrite `<exports>.name...` of a JavaScript module; without names it is what `module.exports` was set to."""
        whole = facts.exports.get(WHOLE)
        if called or not tail:
            base = whole or (facts.exports.get("default") if called else None)
            return _join(base, called, tail) if base else None
        name = tail[0].removesuffix("()")
        target = facts.exports.get(name)
        if target is None:
            for star in facts.stars:
                if self._exports(star, name):
                    return _join(f"{star}.{EXPORTS}", False, tail)
            if name == "default":  # of a CommonJS module the default is the whole
                return _join(f"{facts.module}.{EXPORTS}", tail[0].endswith("()"), tail[1:])
            return _join(whole, False, tail) if whole else None
        return _join(target, tail[0].endswith("()"), tail[1:]) if target else None

    def ask(self, module: str) -> None:
        """Note that the facts of a module are needed, or more of them."""
        self.asked.add(module)
        self.misses += 1

    def _exports(self, module: str, name: str) -> bool:
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            module = waiting.pop()
            if module in seen:
                continue
            seen.add(module)
            if module not in self.known_modules:
                continue
            facts = self.facts.get(module)
            if facts is None:
                self.ask(module)
            elif facts.exports:
                if name in facts.exports:
                    return True
                waiting.extend(facts.stars)
            elif name in facts.classes or name in facts.functions or name in facts.variables or name in facts.aliases:
                return True
            else:
                waiting.extend(facts.stars)
        return False

    def _definition(self, facts: ModuleFacts, segments: list[str]) -> str | None:
        """Rewrite `Class.attribute...` or `function()...` of a module."""
        for size in range(len(segments), 0, -1):
            plain = [segment.removesuffix("()") for segment in segments[:size]]
            name, tail = ".".join(plain), segments[size:]
            called = segments[size - 1].endswith("()")
            function = facts.functions.get(name)
            is_class = name in facts.classes  # a JavaScript function can be a class
            if function is not None and not (is_class and not (called and function.returns)):
                if plain[:-1] != segments[: size - 1]:  # a method through an instance: `Store().load`
                    return _join(f"{facts.module}.{name}", called, tail)
                return self._result(facts, function, called, tail)
            own_class = facts.classes.get(name)
            if own_class is not None:
                return self._of_class(facts, own_class, called, tail)
        return None

    def _result(self, facts: ModuleFacts, function: FunctionFacts, called: bool, tail: list[str]) -> str | None:
        if tail and tail[0].startswith("<parameter>") and not called:
            bound = self.parameters.get(f"{facts.module}.{function.name}.{tail[0].removesuffix('()')}")
            return _join(bound, tail[0].endswith("()"), tail[1:]) if bound else None
        if tail and tail[0].startswith("<locals>"):
            return None
        if not (called or function.is_property) or not function.returns:
            return None
        if function.is_generator and tail[:1] == ["<enter>"]:
            tail = tail[1:]
        return _join(function.returns, False, tail)

    def _of_class(self, facts: ModuleFacts, own: ClassFacts, called: bool, tail: list[str]) -> str | None:
        qualified = f"{facts.module}.{own.name}"
        if not tail:
            return qualified if called else None
        head, called_member = tail[0].removesuffix("()"), tail[0].endswith("()")
        if head == "<enter>":
            for enter in ("__enter__", "__aenter__"):
                found = self._member(facts, own, enter)
                if isinstance(found, Reference) and found.function.returns:
                    return _join(found.function.returns, False, tail[1:])
            return _join(qualified, False, tail[1:])
        if head == "<super>":
            return self._inherited(facts, own, tail[1:])
        member = self._member(facts, own, head)
        if isinstance(member, Reference):
            owner = f"{member.module.module}.{member.function.name}"
            if owner == f"{qualified}.{head}":
                return self._result(member.module, member.function, called_member, tail[1:])
            return _join(owner, called_member, tail[1:])
        return _join(member, called_member, tail[1:]) if member else None

    def _inherited(self, facts: ModuleFacts, own: ClassFacts, tail: list[str]) -> str | None:
        if not tail or not own.bases:
            return None
        for base in own.bases:
            resolved = self.class_(base)
            if resolved is None:
                return _join(self.canonical(base), False, tail)
            if self._member(*resolved, tail[0].removesuffix("()")):
                return _join(f"{resolved[0].module}.{resolved[1].name}", False, tail)
        return None

    def _member(self, facts: ModuleFacts, own: ClassFacts, name: str) -> Reference | str | None:
        """A method (Reference) or the symbol of an attribute, looked up along the bases; None if nowhere."""
        waiting: list[tuple[ModuleFacts, ClassFacts]] = [(facts, own)]
        seen: set[str] = set()
        outside: str | None = None
        while waiting:
            facts, own = waiting.pop(0)
            qualified = f"{facts.module}.{own.name}"
            if qualified in seen:
                continue
            seen.add(qualified)
            method = facts.functions.get(f"{own.name}.{name}")
            if method is not None:
                return Reference(facts, method)
            if name in own.attributes:
                return own.attributes[name] or None
            for base in own.bases:
                resolved = self.class_(base)
                if resolved is not None:
                    waiting.append(resolved)
                elif outside is None and base and (canonical := self.canonical(base)) and not self._split(canonical)[2]:
                    outside = f"{canonical}.{name}"
        return outside


def _join(base: str, called: bool, tail: list[str]) -> str:
    return ".".join([base + "()" if called else base, *tail])
