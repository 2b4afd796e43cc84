"""What happens when ES modules that import each other are evaluated: the module loader of JavaScript, played through.

All modules are linked first; then each runs when those that it imports have run, in the order in which it names them.
One that is already on its way is not waited for: its functions can be called by then, while its classes and constants
do not exist yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct, field

BIND, READ = "bind", "read"

ALL = "*"
"""As the name of an export: the namespace of a module, which is always there."""


class EvaluationStep(Struct, frozen=True):
    """One thing that a module does when it is evaluated.

    BIND: its own `name` has its value from here on. READ: it reads the export `name` of `target`; `is_sure` says that
    nothing decides whether it does.
    """

    kind: str
    at: tuple[int, int]
    name: str
    target: str = ""
    is_sure: bool = True


class EsModule(Struct, frozen=True):
    """What is known of one module.

    `requests` are the modules that it has loaded, in order. `exports` maps names to pairs: a module and its export
    (`ALL` for its namespace), or "" and a name of this module. `stars` are the modules whose exports it all hands on.
    `hoisted` are its own names that are there before it runs: functions, and what nothing can be said of. One that does
    not `lead_back` to the modules in question is as good as a library, of which it is known whether it has run.
    """

    requests: tuple[str, ...]
    exports: Mapping[str, tuple[str, str]]
    stars: tuple[str, ...]
    hoisted: Collection[str]
    steps: tuple[EvaluationStep, ...]
    leads_back: bool = True


class TooEarly(Struct, frozen=True):
    """A step of `module` that reads what does not exist yet: `owner` is where it is declared, `ring` the modules on
    their way from the one that is read from to the one that reads."""

    module: str
    step: EvaluationStep
    owner: str
    ring: tuple[str, ...]


ModuleOf = Callable[[str], "EsModule | None"]
"""What is known of a module; None for what is not the project's, or cannot be told."""


class _Evaluation(Struct):
    module_of: ModuleOf
    bound: dict[str, set[str]] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)

    def run(self, start: str) -> TooEarly | None:
        on_the_way: list[tuple[str, Iterator[str]]] = []
        self._enter(start, on_the_way)
        while on_the_way:
            current, requests = on_the_way[-1]
            following = next(requests, None)
            if following is not None:
                if following not in self.bound:
                    self._enter(following, on_the_way)
                continue
            path = tuple(one for one, _ in on_the_way)
            is_sure, early = self._body(current, path)
            if early is not None or not is_sure:
                return early
            self.finished.add(current)
            on_the_way.pop()
        return None

    def _enter(self, path: str, on_the_way: list[tuple[str, Iterator[str]]]) -> None:
        module = self.module_of(path)
        self.bound[path] = set(module.hoisted) if module is not None else set()
        if module is None:
            self.finished.add(path)
        else:
            on_the_way.append((path, iter(module.requests if module.leads_back else ())))

    def _body(self, path: str, on_the_way: tuple[str, ...]) -> tuple[bool, TooEarly | None]:
        """Run a module's own statements: whether it surely gets to its end, and what it reads too early."""
        module = self.module_of(path)
        for step in module.steps if module is not None and module.leads_back else ():
            if step.kind == BIND:
                self.bound[path].add(step.name)
                continue
            owner, name = self._declared(step.target, step.name)
            if not owner or owner in self.finished or name in self.bound.get(owner, ()):
                continue
            if not step.is_sure:
                return False, None
            first = step.target if step.target in on_the_way else on_the_way[0]
            return False, TooEarly(path, step, owner, on_the_way[on_the_way.index(first) :])
        return True, None

    def _declared(self, path: str, name: str) -> tuple[str, str]:
        """The module that declares an export, and what it is called there; "" where that is not known."""
        waiting, seen = [(path, name)], {(path, name)}
        while waiting:
            path, name = waiting.pop()
            module = self.module_of(path)
            if module is None or name == ALL:
                continue
            found = module.exports.get(name)
            if found is not None and not found[0]:
                return path, found[1]
            if not module.leads_back:
                return "", ""  # it hands on what others declare, which may have run in some other way
            following = [found] if found is not None else [(star, name) for star in module.stars if name != "default"]
            for one in reversed(following):
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return "", ""


def read_too_early(start: str, module_of: ModuleOf) -> TooEarly | None:
    """What fails when `start` is the first of these modules that a new process loads; None if nothing does for sure."""
    return _Evaluation(module_of).run(start)
