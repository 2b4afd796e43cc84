"""What happens when modules that import each other are loaded: the import system of Python, played through.

A module is a list of steps (see ImportStep); loading runs them in order, as `importlib` does: parents first, a module
is in `sys.modules` before its body runs, a submodule becomes an attribute of its package when its body has run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

IMPORT, FROM, STAR, BIND, READ = "import", "from", "star", "bind", "read"


class ImportStep(Struct, frozen=True):
    """One thing that a module does when it is loaded.

    IMPORT: load `module` and bind `bound` to it (`is_top`: to its first segment, as `import a.b` does). FROM: load
    `module` and take `name` from it as `bound`. STAR: take all names. BIND: bind `bound`. READ: read the attributes
    `name` (dotted) of what `bound` is bound to. `at` is the byte range in the file. `handled` are the errors that
    are caught there, `is_sure` says that nothing decides whether the step is run.
    """

    kind: str
    at: tuple[int, int]
    module: str = ""
    name: str = ""
    bound: str = ""
    is_top: bool = False
    handled: frozenset[str] = frozenset()
    is_sure: bool = True

    @property
    def error(self) -> str:
        """The error that it raises if it fails."""
        return "AttributeError" if self.kind == READ else "ImportError"


class Failure(Struct, frozen=True):
    """A step that fails: `module` is where it stands, `partial` the half-loaded module that lacks `missing`, `ring` the
    modules that are being loaded, from `partial` to `module`."""

    module: str
    step: ImportStep
    partial: str
    missing: str
    ring: tuple[str, ...]


StepsOf = Callable[[str], "tuple[Iterable[ImportStep], bool] | None"]
"""The steps of a module, and whether it may bind other names too; None where nothing is known of it."""


class _Failed(Exception):
    def __init__(self, failure: Failure | None) -> None:
        super().__init__()
        self.failure = failure


_ALWAYS_THERE = ("__name__", "__file__", "__doc__", "__package__", "__path__", "__spec__", "__loader__", "__dict__",
                 "__builtins__", "__cached__", "__class__", "__annotations__")  # fmt: skip
_MOST_STEPS = 200_000
_DEEPEST = 150


class _Loader(Struct):
    steps_of: StepsOf
    is_package: Callable[[str], bool]
    exists: Callable[[str], bool]
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    loading: list[str] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    open_modules: set[str] = field(default_factory=set)
    steps: int = 0

    def load(self, module: str) -> None:
        """Load a module with its parents; nothing is done for what is not the project's."""
        parts = module.split(".")
        for position in range(1, len(parts) + 1):
            name = ".".join(parts[:position])
            if name in self.names or not self.exists(name):
                continue
            self._run(name)
            parent, _, last = name.rpartition(".")
            if parent in self.names:
                self.names[parent][last] = name

    def _run(self, module: str) -> None:
        if len(self.loading) > _DEEPEST:
            raise _Failed(None)
        own = self.names[module] = dict.fromkeys(_ALWAYS_THERE, "")
        self.loading.append(module)
        try:
            known = self.steps_of(module)
            if known is None:
                raise _Failed(None)
            steps, is_open = known
            if is_open:
                self.open_modules.add(module)
            for step in steps:
                self.steps += 1
                if self.steps > _MOST_STEPS:
                    raise _Failed(None)
                try:
                    self._step(module, own, step)
                except _Failed as failed:
                    if failed.failure is None or failed.failure.step.error not in step.handled:
                        raise
        except _Failed:
            self.names.pop(module, None)
            raise
        finally:
            self.loading.pop()
        self.finished.add(module)

    def _step(self, module: str, own: dict[str, str], step: ImportStep) -> None:
        if step.kind == BIND:
            own[step.bound] = ""
        elif step.kind == IMPORT:
            self.load(step.module)
            own[step.bound] = self._top(step.module, step.bound) if step.is_top else self._reached(step.module)
        elif step.kind == FROM:
            self.load(step.module)
            own[step.bound] = self._taken(module, step)
        elif step.kind == STAR:
            self.load(step.module)
            own.update({name: target for name, target in self.names.get(step.module, {}).items() if name[:1] != "_"})
            if step.module not in self.names or step.module in self.open_modules or step.module not in self.finished:
                self.open_modules.add(module)
        elif step.kind == READ:
            self._read(module, own.get(step.bound, ""), step)

    def _top(self, module: str, bound: str) -> str:
        """The package that `import a.b` binds: the prefix of the project's name that ends in the bound segment."""
        parts = module.split(".")
        return ".".join(parts[: parts.index(bound) + 1]) if bound in parts else parts[0]

    def _reached(self, module: str) -> str:
        """What `import a.b as x` binds, attribute by attribute: a name of `a` goes before a module being loaded."""
        parts = module.split(".")
        first = next((size for size in range(1, len(parts) + 1) if ".".join(parts[:size]) in self.names), len(parts))
        target = ".".join(parts[:first])
        for part in parts[first:]:
            known = self.names.get(target, {})
            target = known.get(part, f"{target}.{part}")
        return target

    def _taken(self, module: str, step: ImportStep) -> str:
        source = self.names.get(step.module)
        if source is None:
            return ""
        if step.name in source:
            return source[step.name]
        inner = f"{step.module}.{step.name}"
        if self.is_package(step.module) and self.exists(inner):
            if inner not in self.names:
                self.load(inner)
            if inner in self.names:
                return inner
        if step.module in self.finished or step.module in self.open_modules:
            return ""  # a name that it never has: another rule's
        raise self._failure(module, step, step.module, step.name)

    def _read(self, module: str, target: str, step: ImportStep) -> None:
        for name in step.name.split("."):
            known = self.names.get(target)
            if not target or known is None or target in self.open_modules:
                return
            if name in known:
                target = known[name]
                continue
            inner = f"{target}.{name}"
            if inner in self.names and inner not in self.finished:  # becomes an attribute when it has been loaded
                raise self._failure(module, step, inner, step.name.rpartition(".")[2])
            if target in self.finished or not step.is_sure:
                return
            raise self._failure(module, step, target, name)

    def _failure(self, module: str, step: ImportStep, partial: str, missing: str) -> _Failed:
        if not step.is_sure:
            return _Failed(None)
        start = self.loading.index(partial) if partial in self.loading else 0
        return _Failed(Failure(module, step, partial, missing, tuple(self.loading[start:])))


def first_failure(
    start: str,
    steps_of: StepsOf,
    is_package: Callable[[str], bool],
    exists: Callable[[str], bool],
) -> Failure | None:
    """The step at which importing `start` in a new process fails, None if it does not (or nobody can tell)."""
    loader = _Loader(steps_of, is_package, exists)
    try:
        loader.load(start)
    except _Failed as failed:
        return failed.failure
    return None


def rings(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The groups of modules that reach each other (strongly connected, two and more, or one that imports itself)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    found: list[list[str]] = []
    for root in edges:
        if root in order:
            continue
        work: list[tuple[str, Iterable[str]]] = [(root, iter(edges.get(root, ())))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            module, targets = work[-1]
            for target in targets:
                if target not in edges:
                    continue
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges.get(target, ()))))
                    break
                if target in on_stack:
                    low[module] = min(low[module], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == order[module]:
                    group: list[str] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.append(member)
                        if member == module:
                            break
                    if len(group) > 1:
                        found.append(sorted(group))
    return found
