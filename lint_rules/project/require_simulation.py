"""What happens when CommonJS modules require each other: `require` of Node.js, played through.

A module that is being loaded gives what it has exported so far; if it then replaces `module.exports`, whoever has the
old object keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct, field

REQUIRE, TAKE, ADD, REPLACE = "require", "take", "add", "replace"


class RequireStep(Struct, frozen=True):
    """One thing that a module does when it is loaded.

    REQUIRE: load `target`. TAKE: take the export `name` of it, or, if that is "", keep its exports as a whole.
    ADD: export `names` besides. REPLACE: export `names` in place of all (None: names that are not known).
    """

    kind: str
    at: tuple[int, int]
    target: str = ""
    name: str = ""
    is_sure: bool = True
    names: tuple[str, ...] | None = ()


class HalfMade(Struct, frozen=True):
    """A step that gets less than the finished module has.

    `name` is what is missing, or "" for exports that were replaced later.

    `ring` are the modules that are being loaded, from the one that is half made to the one that takes from it.
    """

    module: str
    step: RequireStep
    name: str
    ring: tuple[str, ...]


class _Loader(Struct):
    steps_of: Callable[[str], Iterable[RequireStep] | None]
    exported: dict[str, set[str] | None] = field(default_factory=dict)
    loading: list[str] = field(default_factory=list)
    found: list[HalfMade] = field(default_factory=list)
    kept: list[tuple[str, HalfMade]] = field(default_factory=list)
    is_known: bool = True

    def load(self, module: str) -> None:
        if module in self.exported or len(self.loading) > 300:
            return
        steps = self.steps_of(module)
        self.exported[module] = set() if steps is not None else None
        self.loading.append(module)
        for step in steps or ():
            self._step(module, step)
        self.loading.pop()

    def _step(self, module: str, step: RequireStep) -> None:
        own = self.exported[module]
        if step.kind == REQUIRE:
            self.load(step.target)
        elif step.kind == ADD and own is not None:
            own.update(step.names or ())
        elif step.kind == REPLACE:
            self.exported[module] = set(step.names) if step.names is not None else None
            for target, half in [one for one in self.kept if one[0] == module]:
                self.kept.remove((target, half))
                self.found.append(half)
        elif step.kind == TAKE and step.target in self.loading and step.target != module:
            has = self.exported[step.target]
            if has is None or step.name in has or not step.is_sure:
                return
            half = HalfMade(module, step, step.name, tuple(self.loading[self.loading.index(step.target) :]))
            if step.name:
                self.found.append(half)
            else:
                self.kept.append((step.target, half))


def half_made(start: str, steps_of: Callable[[str], Iterable[RequireStep] | None]) -> list[HalfMade]:
    """What is taken from half-made modules when `start` is loaded in a new process."""
    loader = _Loader(steps_of)
    loader.load(start)
    return loader.found
