"""Cache on a method.

What it finds: `functools.lru_cache` or `functools.cache` on a method of a class, and a cache without a limit
(`cache`, `lru_cache(maxsize=None)`) on a handler, or on a function that a handler of the file hands what it was given.

Why it matters: the cache belongs to the class and keeps `self` as a part of its keys. No instance that the method was
called on is ever freed while its entry is in the cache, with everything it refers to: connections, sessions, results. A
cache without a limit under keys that clients choose grows until the process is killed.

Bad (python):

    from functools import lru_cache

    class Catalogue:
        def __init__(self, connection) -> None:
            self.connection = connection

        @lru_cache(maxsize=1000)
        def price_of(self, article: str) -> int:
            return self.connection.price(article)

Good (python):

    from functools import lru_cache

    class Catalogue:
        def __init__(self, connection) -> None:
            self.connection = connection
            self.price_of = lru_cache(maxsize=1000)(self._price_of)

        def _price_of(self, article: str) -> int:
            return self.connection.price(article)

How to fix it: `functools.cached_property` for a method without arguments; else a cache per instance, made in
`__init__`, or a cached function outside the class that does not get the instance.

Not seen: caches of other libraries; methods of enumerations, of classes that are made once as a module's variable, and
of classes with `__hash__` and `__eq__` of their own, whose instances may stand for one another; functions that handlers
of other files call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.registrations import called_function, decorators
from lint_rules.languages.python.scopes import CLASS, FUNCTION, Scope, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0406",
    "cached-method",
    severity=WARNING,
    summary="A cache on a method keeps every instance alive",
    default=False,  # on real code two of three such classes are made once per process, and nothing piles up
    in_tests=False,
)

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?!\s*=[^=])")
_CACHES = frozenset({"functools.lru_cache", "functools.cache"})
_STATIC = frozenset({"builtins.staticmethod", "builtins.classmethod"})
_STAY_ANYWAY = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "builtins.type"})
_IDENTITIES = ("__hash__", "__eq__", "__new__", "__call__")


@RULE.files(WholeFile(None, (b"lru_cache", b"functools", b"import cache")), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for scope in file.scopes.all:
        if scope.kind != FUNCTION or file.in_broken_code(scope.node):
            continue
        expressions = list(decorators(scope.node))
        names = [file.canonical(called_function(expression)).removesuffix("()") for expression in expressions]
        cached = [one for one, name in zip(expressions, names, strict=True) if name in _CACHES]
        if not cached:
            continue
        own = scope.name.rpartition(".")[2]
        if scope.owner_class is not None:
            is_of_class = _STATIC.intersection(names) or _first_parameter(scope) in ("cls", "mcs", "")
            is_of_class = is_of_class or (own.startswith("__") and own.endswith("__"))
            if not is_of_class and not _stays_anyway(scope.owner_class, file):
                yield _finding(cached[0], own, scope, file)
        elif _is_unlimited(cached[0]) and _takes_request_data(scope, file):
            yield RULE.at(
                file,
                cached[0],
                f"the cache of `{own}` keeps an entry for whatever clients ask for; limit it by `maxsize`",
                "give `lru_cache` a `maxsize`",
            )


def _first_parameter(scope: Scope) -> str:
    parameters = scope.node.child_by_field_name("parameters")
    return text(parameters.named_children[0]) if parameters is not None and parameters.named_child_count else ""


def _takes_request_data(scope: Scope, file: PythonFile) -> bool:
    """Whether clients choose the arguments: the function is a handler, or handlers of the file hand theirs on."""
    parameters = scope.node.child_by_field_name("parameters")
    if parameters is None or not parameters.named_child_count:
        return False
    if _is_of_request(scope, file):
        return True
    name, own = scope.name.rpartition(".")[2], f"{file.module}.{scope.name}"
    for call in file.nodes("call"):
        function, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        caller = file.enclosing_function(call) if function is not None and text(function) == name else None
        if function is None or given is None or caller is None or file.canonical(function) != own:
            continue
        if _is_of_request(caller, file) and _hands_on(given, caller):
            return True
    return False


def _is_of_request(scope: Scope, file: PythonFile) -> bool:
    handler = file.handler(scope)
    return handler is not None and handler.is_per_request


def _hands_on(given: Node, caller: Scope) -> bool:
    """Whether arguments are parameters of a handler, or parts of the request."""
    own = set(parameter_names(caller)) - {"self", "cls"}
    return any(one in own or one == "request" for one in _NAME.findall(text(given)))


def _is_unlimited(decorator: Node) -> bool:
    written = "".join(text(decorator).split())
    return (
        (written.endswith("cache") and "lru_cache" not in written) or "(None)" in written or "maxsize=None" in written
    )


def _stays_anyway(owner: Scope, file: PythonFile) -> bool:
    """Whether the instances live as long as the process, or stand for one another."""
    ancestors = file.ancestors(owner)
    if _STAY_ANYWAY.intersection(ancestors) or any(name in owner.bindings for name in _IDENTITIES):
        return True
    if any(b"dataclass" in (text(one).encode()) and b"frozen" in text(one).encode() for one in decorators(owner.node)):
        return True
    file.names.bind()
    name = owner.name
    made = (
        binding.node
        for bindings in file.scopes.module.bindings.values()
        for binding in bindings
        if binding.kind == "value" and binding.node is not None and binding.node.type == "call"
    )
    return any(text(called_function(call)) == name for call in made) or owner.parent is None or _is_nested(owner)


def _is_nested(owner: Scope) -> bool:
    return owner.parent is not None and owner.parent.kind not in (CLASS, "module")


def _finding(decorator: Node, own: str, scope: Scope, file: PythonFile) -> Finding:
    parameters = scope.node.child_by_field_name("parameters")
    has_arguments = parameters is not None and parameters.named_child_count > 1
    instead = "make the cache in `__init__`" if has_arguments else "use `functools.cached_property`"
    cache = text(called_function(decorator))
    return RULE.at(
        file,
        decorator,
        f"`{cache}` on the method `{own}` keeps every instance it was called on; {instead}",
        f"{instead}, so that the cache goes with its instance",
    )
