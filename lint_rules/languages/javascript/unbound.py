"""Names that nothing binds: no declaration that is visible, no assignment in the file, no global of the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.globals import GLOBAL_OBJECTS, GLOBALS, MODULE_NAMES
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, has_token, text
from lint_rules.project.disk import remembered
from lint_rules.project.node_modules import NodeModules

_MORE = frozenset(
    [
        "arguments",
        "async",
        "await",
        "Bun",
        "Deno",
        "WorkerGlobalScope",
        "SuppressedError",
        "DisposableStack",
        "AsyncDisposableStack",
        "Float16Array",
        "gc",
        "NaN",
        "Temporal",
        "__proto__",
        "URLPattern",
        "WebSocketStream",
        "CustomElementRegistry",
        "clearImmediate",
        "ErrorEvent",
        "PerformanceNodeTiming",
        "PerformanceObserverEntryList",
        "PerformanceResourceTiming",
        "ReadableByteStreamController",
        "ReadableStreamBYOBReader",
        "ReadableStreamBYOBRequest",
        "ReadableStreamDefaultController",
        "ReadableStreamDefaultReader",
        "WritableStreamDefaultController",
        "WritableStreamDefaultWriter",
        "TransformStreamDefaultController",
        "root",
        "GLOBAL",
        "__non_webpack_require__",
        "__webpack_require__",
        "__webpack_public_path__",
        "__dirname",
        "__filename",
        "AsyncFunction",
        "AsyncIterator",
    ]
)
FOREIGN = frozenset(
    [
        "$",
        "i32",
        "f64",
        "usize",
        "changetype",
        "jQuery",
        "window",
        "document",
        "location",
        "define",
        "ga",
        "XMLHttpRequest",
        "requestAnimationFrame",
        "cancelAnimationFrame",
        "alert",
        "self",
        "chrome",
        "browser",
        "importScripts",
        "describe",
        "it",
        "test",
        "expect",
        "before",
        "after",
        "beforeEach",
        "afterEach",
        "beforeAll",
        "afterAll",
        "jest",
        "vi",
        "suite",
        "cy",
        "Cypress",
        "QUnit",
        "angular",
        "Vue",
        "React",
        "module_",
        "WorkerGlobalScope",
        "HTMLElement",
        "Element",
        "Node",
        "angular",
        "goog",
        "MathJax",
        "FileReader",
        "Image",
        "Audio",
        "screen",
        "history",
        "frames",
        "parent",
        "customElements",
        "MutationObserver",
        "phantom",
        "casper",
        "ko",
        "_",
        "moment",
        "d3",
        "PR",
        "prettyPrint",
        "awslambda",
        "Java",
        "Packages",
        "load",
        "print",
    ]
)
FOREIGN_ELSEWHERE = frozenset({"load", "print", "parent", "history", "moment", "_"})
"""Those of them that are ordinary words, too: in a module that requires others they are as unbound as any name."""
"""Names of browsers, test runners and other worlds: a file with one of them is not Node's."""

_MADE_GLOBAL = re.compile(
    rb"\b(?:global|globalThis|GLOBAL)\s*(?:\.\s*([A-Za-z_$][\w$]*)\s*=(?!=)|\[\s*['\"]([\w$]+)['\"]\s*\]\s*=)"
)
_MADE_ALL = re.compile(rb"Object\.assign\(\s*(?:global|globalThis)\b|\b(?:global|globalThis)\[[^'\"\]]+\]\s*=(?!=)")
_GIVEN_GLOBAL = re.compile(rb"\}\s*(?:\)\s*)?\(\s*(?:global|globalThis)\s*[,)]")
_ALIAS = re.compile(rb"\(\s*function\s*\(\s*([A-Za-z_$][\w$]*)\s*[,)]")
"""`(function (root) { root.Shop = ... })(global)`"""
_BROWSER = re.compile(rb"\b(?:window|document|navigator|localStorage|self|chrome|browser)\s*[.\[]|\btypeof window\b")
_TEST = re.compile(rb"\b(?:describe|it|test|expect|jest|vi|beforeEach|Cypress|cy|QUnit|suite)\b\s*[.(]")
_DECLARED_GLOBALS = re.compile(rb"/\*\s*(?:eslint-env|jshint|jslint|globals?|exported)\b([^*]*)")
_REFERENCES = re.compile(
    rb"///\s*<reference|\bwith\s*\(|\beval\s*\(|\bdeclare\s+(?:global|var|const|let|function|module)"
)
_NOT_VALUES = frozenset({"labeled_statement", "break_statement", "continue_statement", "nested_type_identifier",
                         "import_clause", "import_specifier", "export_specifier", "namespace_export",
                         "namespace_import",
                         "jsx_attribute", "type_predicate", "type_query", "asserts", "enum_body",
                         "nested_identifier", "type_parameter", "function_signature", "abstract_method_signature",
                         "meta_property", "jsx_namespace_name", "function_type", "property_signature",
                         "this_type", "internal_module", "module", "import_alias", "import_require_clause",
                         "infer_type", "index_signature", "type_predicate_annotation",
                         "construct_signature", "call_signature", "method_signature"})  # fmt: skip


@remembered(8)
def _globals_of(files: frozenset[str]) -> frozenset[str] | None:
    names: set[str] = set()
    for path in files:
        try:
            with open(path, "rb") as source:
                data = source.read(2_000_000)
        except OSError:
            continue
        if b"global" not in data and b"GLOBAL" not in data:
            continue
        if _MADE_ALL.search(data):
            return None
        names.update((one or other).decode() for one, other in _MADE_GLOBAL.findall(data))
        given = _GIVEN_GLOBAL.search(data)
        alias = _ALIAS.search(data) if given is not None else None
        if alias is not None:
            made = re.compile(rb"\b" + re.escape(alias[1]) + rb"\s*\.\s*([A-Za-z_$][\w$]*)\s*=(?!=)")
            names.update(one.decode() for one in made.findall(data))
    return frozenset(names)


def project_globals(node: NodeModules) -> frozenset[str] | None:
    """The names that files of the project make global; None if they may make any."""
    return _globals_of(node.files)


def _never_runs(node: Node) -> bool:
    """Whether a statement stands behind one that always leaves the block."""
    current: Node | None = node
    while current is not None and current.type not in FUNCTION_KINDS:
        parent = current.parent
        if parent is not None and parent.type in ("statement_block", "program"):
            before = current.prev_named_sibling
            while before is not None and before.type == "comment":
                before = before.prev_named_sibling
            if before is not None and before.type in ("throw_statement", "return_statement"):
                return True
        current = parent
    return False


def unbound_names(file: JavaScriptFile) -> Iterator[Node]:
    """The identifiers that read or call a name which nothing binds."""
    data = file.data
    if _BROWSER.search(data) or _REFERENCES.search(data) or file.root.has_error:
        return
    declared = b" ".join(_DECLARED_GLOBALS.findall(data)).decode("utf-8", "replace")
    scopes = file.scopes
    module_wide = {
        name
        for name, bindings in scopes.bound(scopes.module).items()
        if any(binding.start <= 0 and binding.end >= scopes.module.end - 1 for binding in bindings)
    }
    known = GLOBALS | GLOBAL_OBJECTS | MODULE_NAMES | _MORE | module_wide
    for name, nodes in file.index.by_name.items():
        if name in known:
            continue
        for node in nodes:
            if not is_read(node) or scopes.binding(name, node.start_byte) is not None or _never_runs(node):
                continue
            if scopes.assignments(name) or re.search(rf"\b{re.escape(name)}\b", declared):
                break
            yield node


def is_read(node: Node) -> bool:
    """Whether an identifier is a value that is read: no label, no name that is being declared, no type."""
    parent = node.parent
    if parent is None or parent.type in _NOT_VALUES or parent.type.endswith(("_pattern", "_signature", "_type")):
        return False
    if parent.type in ("required_parameter", "optional_parameter"):
        return parent.child_by_field_name("value") == node
    if parent.type.startswith("jsx_") and parent.type.endswith("_element"):
        return text(node)[:1].isupper()  # `<h1>` is an element of HTML
    if parent.type == "unary_expression" and has_token(parent, "typeof"):
        return False
    field = parent.child_by_field_name("name") or parent.child_by_field_name("parameter")
    if field is not None and field == node and not parent.type.startswith("jsx"):
        return False
    outer: Node | None = parent
    while outer is not None and outer.type in ("member_expression", "parenthesized_expression"):
        outer = outer.parent
    if outer is not None and outer.type == "unary_expression" and has_token(outer, "typeof"):
        return False
    while outer is not None:
        # A mapped type over `type` or another keyword reads like a property that is computed.
        if outer.type in (
            "type_annotation",
            "type_arguments",
            "ambient_declaration",
            "decorator_",
            "object_type",
            "ERROR",
        ):
            return False
        if outer.type == "statement_block":
            break
        outer = outer.parent
    return True
