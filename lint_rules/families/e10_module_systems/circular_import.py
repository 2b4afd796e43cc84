"""Circular import.

What it finds: modules that import each other, where loading them fails: a name is taken from, or an attribute read
of, a module that is only half loaded and does not have it yet. The import system is played through, from the modules
that others import first, so that cycles which load well are not reported.

Why it matters: `ImportError: cannot import name 'User' from partially initialized module 'app.models' (most likely
due to a circular import)`, or `undefined is not a function` long after an import that went wrong without a word.

Bad (python):

    # file: shop/__init__.py
    # file: shop/orders.py
    from shop.customers import Customer

    class Order:
        owner = Customer
    # file: shop/customers.py
    from shop.orders import Order

    class Customer:
        def orders(self) -> list[Order]:
            return []

Good (python):

    # file: shop/__init__.py
    # file: shop/orders.py
    from shop.customers import Customer

    class Order:
        owner = Customer
    # file: shop/customers.py
    from __future__ import annotations
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        from shop.orders import Order

    class Customer:
        def orders(self) -> list[Order]:
            return []

Bad (javascript):

    // file: orders.js
    const { nameOf } = require('./customers')

    module.exports = { title: (order) => `${order.id} of ${nameOf(order.customer)}` }
    // file: customers.js
    const { title } = require('./orders')

    module.exports = { nameOf: (customer) => customer.name, titles: (customer) => customer.orders.map(title) }
    // file: server.js
    const { title } = require('./orders')
    console.log(title)

Good (javascript):

    // file: orders.js
    const { nameOf } = require('./customers')

    module.exports = { title: (order) => `${order.id} of ${nameOf(order.customer)}` }
    // file: customers.js
    module.exports = {
      nameOf: (customer) => customer.name,
      titles: (customer) => customer.orders.map(require('./orders').title),
    }
    // file: server.js
    const { title } = require('./orders')
    console.log(title)

How to fix it: move what both modules need into a third one; or import inside the function that needs the name; or, if
only annotations need it, under `if TYPE_CHECKING`. `import shop.orders` instead of `from shop.orders import Order`
helps where the name is used in functions only.

Not seen: in CommonJS, exports that are set by functions; in ES modules, what functions read that are called while
modules are loaded (the bindings are live, so that what a later call reads is there), and the types of parameters that
`emitDecoratorMetadata` makes values of. Imports that
functions make when they are called while modules are loaded; modules that bind their names themselves (`globals()`,
`sys.modules`). What a condition decides is not reported. Cycles that load in one order and fail in another are
reported only if a module that looks like an entry (`main`, `app`, `wsgi`, ...) or each module that the rest of the
project imports leads to the failure.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e10_module_systems.script_cycles import Scripts
from lint_rules.languages.python.import_time import import_steps, written_imports
from lint_rules.model import ERROR, Finding, Related, Rule
from lint_rules.project.evaluation_simulation import TooEarly
from lint_rules.project.import_simulation import READ, Failure, ImportStep, first_failure, rings
from lint_rules.project.modules import Module, Modules, find_modules
from lint_rules.project.require_simulation import HalfMade
from lint_rules.source import SourceText, read_source

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN1008",
    "circular-import",
    severity=ERROR,
    summary="Modules that import each other fail to load",
)

_ENTRY = re.compile(r"(?:^|\.)(?:main|__main__|app|wsgi|asgi|manage|run|server|cli|application)$")


@RULE.project(words=(), languages=("python",))
def check_project(project: Project) -> Iterator[Finding]:
    graph = _Graph(find_modules(project.root, project.files))
    for ring in rings(graph.edges):
        failure = graph.failure_of(ring)
        if failure is not None:
            yield _finding(failure, graph)


@RULE.project(words=(), languages=("javascript",))
def check_javascript(project: Project) -> Iterator[Finding]:
    scripts = Scripts(project.root, project.files)
    for half in scripts.half_made():
        yield _half_made(half, scripts.sources, project.root)
    for early in scripts.too_early():
        yield _too_early(early, scripts.sources, project.root)


def _half_made(half: HalfMade, sources: dict[str, SourceText], root: str) -> Finding:
    source = sources[half.module]
    names = [_relative(path, root) for path in (*half.ring, half.ring[0])]
    what = f"`{half.name}` is taken from `{names[0]}`" if half.name else f"the exports of `{names[0]}` are taken"
    lack = "before it is there" if half.name else "before it sets `module.exports`"
    return RULE.finding(
        source.path,
        source.span(*half.step.at),
        f"{what} {lack}: {' -> '.join(names)}; require it where it is used, or move it to a module of its own",
        "require it inside the function that uses it, or move what both need to a module of its own",
    )


def _too_early(early: TooEarly, sources: dict[str, SourceText], root: str) -> Finding:
    source = sources[early.module]
    names = [_relative(path, root) for path in (*early.ring, early.ring[0])]
    name = early.step.name if early.step.name != "default" else "the default export"
    shown = f"`{name}`" if name == early.step.name else name
    return RULE.finding(
        source.path,
        source.span(*early.step.at),
        f"{shown} of `{_relative(early.owner, root)}` is read before it is there: {' -> '.join(names)}; read it in a "
        "function, or move it to a module of its own",
        "read it inside a function that is called later, or move what both need to a module of its own",
    )


def _relative(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


class _Graph:
    """The imports of a project's modules: a superset by their text, then what loading does, for those in a ring."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.sources: dict[str, SourceText] = {}
        self.edges: dict[str, set[str]] = {}
        self.importers: dict[str, set[str]] = {}
        self._steps: dict[str, tuple[list[ImportStep], bool] | None] = {}
        tops = {name.removeprefix(f"{module.anchor}.").partition(".")[0] for name, module in modules.by_name.items()}
        tops |= {name.rpartition(".")[2] for name in modules.by_name}
        for module in modules.by_path.values():
            if (
                module.is_javascript
                or not module.path.endswith(".py")
                or modules.by_name.get(module.name) is not module
            ):
                continue
            source = read_source(module.path)
            if not isinstance(source, SourceText):
                continue
            self.sources[module.name] = source
            self.edges[module.name] = set(self._targets(module, source.data, tops))
            if not module.is_test:
                for target in self.edges[module.name]:
                    self.importers.setdefault(target, set()).add(module.name)

    def _targets(self, module: Module, data: bytes, tops: set[str]) -> Iterator[str]:
        for written, names in written_imports(data):
            if not written.startswith(".") and written.partition(".")[0] not in tops:
                continue
            target = self.resolve(module, written.lstrip("."), len(written) - len(written.lstrip(".")))
            taken = names
            # Loading `a.b` loads `a` first.
            while target:
                if target in self.modules.by_name and target != module.name:
                    yield target
                for name in taken:
                    if f"{target}.{name}" in self.modules.by_name:
                        yield f"{target}.{name}"
                taken = ()
                target = target.rpartition(".")[0]

    def resolve(self, module: Module, written: str, level: int) -> str:
        """The project's name of a module as another one writes it."""
        if not level:
            return self.modules.resolve(written, module)
        parts = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
        base = parts[: len(parts) - (level - 1)] if level > 1 else parts
        return ".".join([*base, written] if written else base)

    def steps(self, name: str) -> tuple[list[ImportStep], bool] | None:
        """What loading a module does, and whether it may bind other names too; None if that cannot be told."""
        if name not in self._steps:
            module, source = self.modules.by_name.get(name), self.sources.get(name)
            if module is None or source is None:
                self._steps[name] = ([], False) if module is not None and not module.path else None
            else:
                own = module
                self._steps[name] = import_steps(source.data, lambda written, level: self.resolve(own, written, level))
        return self._steps[name]

    def failure_of(self, ring: list[str]) -> Failure | None:
        """How loading a ring fails, from wherever it is entered; None if it may go well."""
        members = set(ring)
        entries = sorted(name for name in ring if not members.issuperset(self.importers.get(name, ())))
        likely = [] if entries else [name for name in ring if _ENTRY.search(name)]
        first: Failure | None = None
        for start in likely or entries or ring:
            failure = self._failure(start, members)
            if failure is None and not likely:
                return None
            first = first or failure
        return first

    def _failure(self, start: str, members: set[str]) -> Failure | None:
        failure = first_failure(start, lambda name: self._of(name, members), self._is_package, self._exists)
        return failure if failure is None or failure.module in members else None

    def _of(self, name: str, members: set[str]) -> tuple[list[ImportStep], bool] | None:
        # What the ring loads outside of itself leads to no member of it, or else it would be one.
        return self.steps(name) if name in members else ([], True)

    def _is_package(self, name: str) -> bool:
        module = self.modules.by_name.get(name)
        return module is not None and module.is_package

    def _exists(self, name: str) -> bool:
        return name in self.modules.by_name


def _finding(failure: Failure, graph: _Graph) -> Finding:
    source = graph.sources[failure.module]
    start, end = failure.step.at
    ring = " -> ".join(_shown(name, graph) for name in (*failure.ring, failure.partial))
    partial = _shown(failure.partial, graph)
    verb = "is read" if failure.step.kind == READ else "is imported"
    message = (
        f"`{failure.missing}` {verb} from `{partial}` before it is there: {ring}; "
        "import it where it is needed, or move it to a module of its own"
    )
    related = tuple(_hops(failure, graph))
    advice = f"import `{failure.missing}` inside the function that needs it, or move it to a module that both import"
    return RULE.finding(source.path, source.span(start, end), message, advice, related=related)


def _shown(name: str, graph: _Graph) -> str:
    module = graph.modules.by_name.get(name)
    return name.removeprefix(f"{module.anchor}.") if module is not None and module.anchor else name


def _hops(failure: Failure, graph: _Graph) -> Iterator[Related]:
    for importer, target in zip(failure.ring, failure.ring[1:], strict=False):
        step = next(
            (one for one in (graph.steps(importer) or ((), False))[0] if one.module and _leads(one, target)), None
        )
        source = graph.sources.get(importer)
        if step is not None and source is not None:
            yield Related(
                source.path, source.span(*step.at), f"`{_shown(importer, graph)}` loads `{_shown(target, graph)}`"
            )


def _leads(step: ImportStep, target: str) -> bool:
    return target in (step.module, f"{step.module}.{step.name}") or step.module.startswith(target + ".")
