"""Which modules of a library are loaded when it is imported or started; the others are plugins."""

from __future__ import annotations

import re

from lint_rules.languages.python.import_time import written_imports
from lint_rules.project.disk import remembered
from lint_rules.project.modules import Module, Modules
from lint_rules.project.requirements import read_text

_STARTS = re.compile(r"(?:^|\.)(?:__main__|_?cli|cli\.main|cli\.cli)$")
_INDENTED = re.compile(rb"^[ \t]+[^\n]*$", re.MULTILINE)


def is_loaded(file_module: Module, modules: Modules) -> bool:
    """Whether a module is reached from its top package or a start-up module by imports that are always run."""
    return file_module.name in _loaded(_Key(modules))


class _Key:
    """A project's modules as a key of the cache, by identity."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules

    def __hash__(self) -> int:
        return id(self.modules)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.modules is self.modules


@remembered(2)
def _loaded(key: _Key) -> frozenset[str]:
    modules = key.modules
    waiting = [module.name for module in modules.by_path.values() if _is_start(module)]
    found = set(waiting)
    while waiting:
        module = modules.by_name[waiting.pop()]
        for target in _imported(module, modules):
            if target in modules.by_name and target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)


def _is_start(module: Module) -> bool:
    if not module.path.endswith(".py") or module.is_test:
        return False
    own = module.name.removeprefix(f"{module.anchor}.") if module.anchor else module.name
    depth = own.count(".")
    return (module.is_package and depth == 0) or (depth <= 1 and _STARTS.search(own) is not None) or depth == 0


def _imported(module: Module, modules: Modules) -> list[str]:
    """The modules that a module's unindented imports load, packages around them included."""
    text = read_text(module.path) if module.path else None
    if text is None:
        return []
    targets: list[str] = []
    data = re.sub(rb"\([^)]*\)", lambda one: one.group().replace(b"\n", b" "), text.encode())
    for written, names in written_imports(_INDENTED.sub(b"", data)):
        bare = written.lstrip(".")
        level = len(written) - len(bare)
        if level:
            parts = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
            parts = parts[: len(parts) - level + 1]
            target = ".".join([*parts, bare] if bare else parts)
        else:
            target = modules.resolve(bare, module)
        targets.extend(f"{target}.{name}" for name in names)
        while target:
            targets.append(target)
            target = target.rpartition(".")[0]
    return targets
