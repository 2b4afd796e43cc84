"""The flows of a Python file's functions, as facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.flow.taint import trace
from lint_rules.languages.python.checking import CLEANS, is_trusted, really_checks
from lint_rules.languages.python.dataflow import PythonFlow
from lint_rules.languages.python.dataflow_values import parameters_of
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.registrations import arguments, decorators
from lint_rules.languages.python.request_data import request_tables, text_parts_of_path
from lint_rules.languages.python.scopes import FUNCTION, Binding, Scope, text
from lint_rules.project.flows import DataEdge, FlowParameter, FunctionFlow, Hop

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_CHECKED = frozenset({"pattern", "regex", "Literal"})
_PAGE = re.compile(r"response_class\s*=\s*\w*\.?HTMLResponse|media_type\s*=\s*(?:MediaType\.HTML|[\"']text/html)")
_ANY_PATH = frozenset({"path"})
_NO_TEXT = frozenset({"int", "float", "bool", "UUID", "UUID4", "datetime", "date", "Decimal", "time", "timedelta"})


def flows_of(file: PythonFile) -> Iterator[FunctionFlow]:
    """What each function of a file does with the data it is given or reads."""
    if file.is_test:
        return
    for scope in file.scopes.all:
        if scope.kind == FUNCTION and not file.in_broken_code(scope.node):
            flow = _flow_of(scope, file)
            if flow is not None:
                yield flow


def _flow_of(scope: Scope, file: PythonFile) -> FunctionFlow | None:
    file.names.bind()
    evaluator = PythonFlow(file, scope)
    found = trace(form_of(scope.node, file), evaluator)
    edges = tuple(
        DataEdge(
            origin,
            target,
            tuple(sorted(mark.cleaned)),
            tuple(Hop(file.source.span(start, end), into) for start, end, into in mark.steps),
        )
        for (origin, target), mark in sorted(found.items(), key=lambda one: one[0])
    )
    captured = tuple(
        DataEdge(f"p:{name}", f"v:{scope.name}.{name}")
        for name in sorted(evaluator.captured & set(parameters_of(scope)))
    )
    name = scope.name.rpartition(".")[2]
    checks = is_trusted(name) and really_checks(scope.node)
    if not edges and not captured and not is_trusted(name):
        return None
    return FunctionFlow(
        scope.name,
        file.span(scope.node.child_by_field_name("name") or scope.node),
        tuple(_parameters(scope, file)),
        tuple(evaluator.sources),
        tuple(evaluator.calls),
        tuple(evaluator.sinks),
        edges + captured,
        tuple(sorted(text_parts_of_path(scope))),
        tuple(sorted(text_parts_of_path(scope, _ANY_PATH))),
        any(_PAGE.search(text(one)) for one in decorators(scope.node)),
        checks,
        checks and CLEANS.search(name) is not None,
        evaluator.is_redirect,
    )


def _parameters(scope: Scope, file: PythonFile) -> Iterator[FlowParameter]:
    listed = scope.node.child_by_field_name("parameters")
    for parameter in listed.named_children if listed is not None else ():
        star = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(parameter.type, "")
        name: Node | None = parameter.child_by_field_name("name") or parameter
        while name is not None and name.type != "identifier":
            star = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(name.type, star)
            name = first_named(name)
        if name is None:
            continue
        bindings = scope.bindings.get(text(name), [])
        binding = next((one for one in bindings if one.kind == "parameter"), None)
        annotated = binding is not None and binding.annotation is not None
        symbol = file.names.annotation(binding.annotation) if annotated and binding and binding.annotation else ""
        provider = _provider(binding, symbol, file) if binding is not None and b"Depends" in file.data else ""
        is_open = binding is not None and not provider and _is_open(binding, file)
        yield FlowParameter(text(name), star, symbol, is_open, provider)


def _provider(binding: Binding, annotation: str, file: PythonFile) -> str:
    """The symbol of what `Depends` is given beside a parameter or in its annotation."""
    waiting = [node for node in (binding.annotation, binding.node) if node is not None]
    while waiting:
        node = waiting.pop()
        function = node.child_by_field_name("function") if node.type == "call" else None
        if function is not None and text(function).rpartition(".")[2] in ("Depends", "Security"):
            given = dict(arguments(node))
            provider = given.get("0") or given.get("dependency")
            return file.names.symbol(provider) if provider is not None else annotation
        waiting.extend(node.named_children)
    return ""


def _is_open(binding: Binding, file: PythonFile) -> bool:
    """Whether a framework that goes by annotations would let any text through."""
    written = "".join(text(node) for node in (binding.annotation, binding.node) if node is not None)
    words = set(re.findall(r"\w+", written))
    injected = {name.rpartition(".")[2] for name in request_tables().injected}
    if words & (injected | _CHECKED):
        return False
    annotation = set(re.findall(r"\w+", text(binding.annotation))) if binding.annotation is not None else {"str"}
    return bool(annotation & {"str", "bytes", "Any", "dict", "Dict"}) or not annotation & _NO_TEXT
