"""Unresolved local import.

What it finds: an import of the project's own code that leads to no file: a relative path or package without such a
module, a name whose case differs from the file's, an alias of tsconfig.json or an entry of `imports` with nothing
behind it.

Why it matters: `ModuleNotFoundError: No module named 'app.bilings'`, `Cannot find module './Mailer'`. A wrong case
works on the machine of a developer whose file system takes no notice of it, and fails in the Linux container.

Bad (python):

    # file: shop/__init__.py
    # file: shop/billing.py
    def charge(order):
        return order.total
    # file: shop/orders.py
    from shop.bilings import charge

Good (python):

    # file: shop/__init__.py
    # file: shop/billing.py
    def charge(order):
        return order.total
    # file: shop/orders.py
    from shop.billing import charge

Bad (javascript):

    // file: mailer.js
    module.exports = { send: (message) => console.log(message) }
    // file: server.js
    const { send } = require('./Mailer')
    send('up')

Good (javascript):

    // file: mailer.js
    module.exports = { send: (message) => console.log(message) }
    // file: server.js
    const { send } = require('./mailer')
    send('up')

How to fix it: write the module's name and path as they are on disk. Where exactly one file fits, `--fix` does it.

Not seen: modules that are made when the project is built or installed (`_version.py`, `*_pb2.py`, what lies in
`dist/` or `generated/`), packages that make their modules themselves, imports that may fail on purpose, paths that
are computed. Snippets of documentation, and the tests of an unpacked source distribution, which often lacks their
helpers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.edits import replace
from lint_rules.languages.python.mentions import Mention, mentions
from lint_rules.languages.whole_file import Placed, WholeFile
from lint_rules.model import ERROR, SAFE, UNSAFE, Edit, Finding, Fix, Rule
from lint_rules.project.disk import is_file, is_folder, remembered
from lint_rules.project.distributions import brings, known_distributions
from lint_rules.project.manifests import declarations
from lint_rules.project.node_modules import EXTENSIONS, MISSING
from lint_rules.project.python_modules import MISSING as NO_MODULE
from lint_rules.project.python_modules import Located, locate_absolute, locate_relative, module_at, names_in, nearest
from lint_rules.project.requirements import read_text
from lint_rules.project.standard_library import is_standard

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.imports import Import as JavaScriptImport
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.imports import Import

RULE = Rule(
    "TEN0803",
    "unresolved-local-import",
    severity=ERROR,
    summary="An import of the project's own code leads to no file",
    fix=SAFE,
)

_MADE_BY_BUILD = re.compile(
    r"_pb2(?:_grpc)?$|^_?_?version_?_?$|^_?_?about_?_?$|^_?generated|_generated$|^_?build_?|^_?autogen|^_?build$|_ext$"
    r"|^_rust$|^_core$|^_native$|^_lib\w*$|_pb$|^pb$|^proto|_cython$|^_speedups$|^_c?$|^parsetab$|^lextab$"
    r"|^local_settings$|^settings_local$|^local$|^secrets?$|^_?config_local$|(?:Lexer|Parser|Listener|Visitor)$",
    re.IGNORECASE,
)


def _may_lead_nowhere(placed: Placed) -> bool:
    written = mentions(placed.data)
    if written is None:
        return True
    places = (_located(one, placed) for one in written)
    return any(found is not None and found.kind == NO_MODULE for found in places)


_SNIPPETS = re.compile(r"(?:^|/)(?:docs?|docs_src|snippets|templates?|cookiecutter[^/]*)/")


def _is_incomplete(file: PythonFile) -> bool:
    """Whether what a file imports may be elsewhere: a page's snippet, a test that was released without its helpers."""
    return _SNIPPETS.search(file.relative) is not None or (
        file.is_test and "PKG-INFO" in names_in(file.modules.node.root)
    )


@RULE.files(WholeFile(None, words=(b"import",), early=_may_lead_nowhere), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if _is_incomplete(file):
        return
    for one in file.imports:
        if one.is_guarded or one.is_type or one.is_conditional or file.in_broken_code(one.node) or "{{" in one.module:
            continue
        found = _located(one, file)
        if found is None or found.kind != NO_MODULE or _MADE_BY_BUILD.search(found.name):
            continue
        yield _python_finding(one, found, file)


def _located(one: Import | Mention, file: PythonFile | Placed) -> Located | None:
    if one.level:
        if not one.module or os.path.basename(file.path) == "__stdin__":
            return None
        folder, root = os.path.dirname(file.path), file.modules.node.root
        is_inside = folder.count(os.sep) - one.level + 1 >= root.count(os.sep)
        if not is_inside or (one.level > file.relative.count("/") and "__init__.py" not in names_in(root)):
            return None  # TEN1010
        return locate_relative(file.place, one.level, one.module)
    if is_standard(one.top):
        return None
    found = locate_absolute(file.modules, file.place, one.module)
    if found.kind != NO_MODULE or not found.position:
        return None
    # A folder without `__init__.py` gives way to an installed package of its name.
    top = _top_file(file, one.top)
    is_inside_package = found.position > 1 and "__init__.py" in names_in(found.within)
    if not top or (is_folder(top) and not is_inside_package):
        declared = declarations(file.path, file.modules.node.root)
        if known_distributions(one.module):
            return None
        if declared is None or brings(declared.names, one.module, file.modules.node.root) or declared.is_open:
            return None
    return found


def _top_file(file: PythonFile | Placed, top: str) -> str:
    root = file.modules.node.root
    for anchor in (file.place.anchor, *file.modules.anchors_of(top, file.place), "", "src"):
        found = module_at(os.path.join(root, *anchor.split(".")) if anchor else root, top)
        if found:
            return found
    return ""


def _python_finding(one: Import, found: Located, file: PythonFile) -> Finding:
    segments = one.module.split(".")
    close, only_case = nearest(found.within, found.name) if not found.is_module else ("", False)
    parent = "." * one.level + ".".join(segments[: found.position])
    if found.is_module:
        wrong = f"`{parent}` is a module and no package, so there is no `{one.written}`"
        advice = "import what the module itself defines, or make it a package"
    elif only_case:
        wrong = f"`{one.written}` leads to no module; the file is called `{close}`"
        return _case_finding(one, found, close, wrong, file)
    else:
        holder = f"`{parent}`" if parent.strip(".") else "the folder"
        wrong = f"`{one.written}` leads to no module: {holder} has no `{found.name}`"
        advice = f"write `{close}`" if close else "write the module's path as it is in the project, or add the module"
    fix = _python_fix(one, found, close, file) if close and _is_only(found.within, found.name, close) else None
    return RULE.at(file, one.source, f"{wrong}; {advice}", advice, fix=fix)


def _case_finding(one: Import, found: Located, close: str, wrong: str, file: PythonFile) -> Finding:
    advice = f"write `{close}`, as the file is called"
    return RULE.at(file, one.source, f"{wrong}, which is another name on Linux", advice,
                   fix=_python_fix(one, found, close, file))  # fmt: skip


def _is_only(folder: str, name: str, close: str) -> bool:
    """Whether no other module of a folder is like the name, so that the fix is beyond doubt."""
    if name.lower().replace("_", "") == close.lower().replace("_", ""):
        return True
    return abs(len(name) - len(close)) <= 2 and _distance(name, close) <= (1 if len(name) < 6 else 2)


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, taken out or changed to get from one word to the other."""
    row = list(range(len(other) + 1))
    for position, letter in enumerate(one, start=1):
        before, row[0] = row[0], position
        for column, other_letter in enumerate(other, start=1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (letter != other_letter)),
            )
    return row[-1]


def _python_fix(one: Import, found: Located, close: str, file: PythonFile) -> Fix | None:
    names = [node for node in _identifiers(one) if file.text(node) == found.name]
    if len(names) != 1:
        return None
    # `import a.b` is used as `a.b` further down.
    applicability = SAFE if one.is_from or one.alias else UNSAFE
    return Fix(f"Import `{close}`", (Edit(file.span(names[0]), close),), applicability)


def _identifiers(one: Import) -> Iterator[Node]:
    waiting = [one.source]
    while waiting:
        node = waiting.pop()
        if node.type == "identifier":
            yield node
        waiting.extend(node.named_children)


# JavaScript.

_WRITES_FILES = re.compile(rb"\b(?:copyFile|writeFile|cpSync|copySync|outputFile)")
_NOT_SOURCES = re.compile(
    r"(?:^|/)(?:dist|build|built|lib|libs|out|output|generated|__generated__|gen|\.next|\.nuxt|public|coverage|target|release"
    r"|compiled|prebuilds|bundle|es|esm|cjs|umd|wasm|pkg|vendor|node_modules|static|assets|\.[\w-]+)(?:/|$)"
    r"|\.(?:node|wasm|css|s[ac]ss|less|styl|svg|png|jpe?g|gif|html?|txt|md|vue|svelte|graphql|gql|proto|sql|pem|key|crt"
    r"|riot|hbs|ejs|pug|yml|yaml|wav|mp3|mp4|ttf|woff2?|csv|ini|env|json5?|node\.js)$"
    r"|[!{}]|\$\{|(?:^|/)(?:generated|version|build-info|buildinfo|bindings?)(?:\.[jt]s)?$|\.generated|\.gen(?:\.|$)|\.min(?:\.|$)"
)
_LIBRARY = re.compile(r"(?:^|/)(?:libs?|es|pkg|release|target|static|assets)(?=/)")


def _is_source_folder(target: str, own: str, file: JavaScriptFile) -> bool:
    """Whether a folder that a build might fill holds sources of the project, as `lib` does in most services."""
    if _NOT_SOURCES.search(_LIBRARY.sub("", own)) or file.path.endswith((".ts", ".tsx", ".mts", ".cts")):
        return False
    folder = os.path.dirname(target)
    return any(os.path.join(folder, name) in file.modules.node.files for name in names_in(folder))


def _is_alias_of_sources(specifier: str, file: JavaScriptFile) -> bool:
    """Whether sources of the project lie in the folder that an alias leads to: `lib` of `@/lib/mail`."""
    folder = specifier.partition("/")[2].rpartition("/")[0]
    if not folder or _NOT_SOURCES.search(_LIBRARY.sub("", specifier.partition("/")[2])):
        return False
    return folder in _source_folders(file.modules.node.files, folder.count("/") + 1)


@remembered(8)
def _source_folders(files: frozenset[str], depth: int) -> frozenset[str]:
    """The folders of sources by their last `depth` names."""
    return frozenset("/".join(os.path.dirname(path).split(os.sep)[-depth:]) for path in files)


@RULE.files(WholeFile(None, words=(b"import", b"require", b"from")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_declaration:
        return
    for one in file.imports:
        specifier = one.specifier.partition("?")[0]
        if one.is_guarded or one.is_type or one.form == "resolve" or file.located(one.specifier).kind != MISSING:
            continue
        if specifier.startswith(("/", "~")) or (one.is_deferred and (file.is_test or _WRITES_FILES.search(file.data))):
            continue  # the file may be written first
        is_relative = specifier.startswith(".")
        target = os.path.normpath(os.path.join(os.path.dirname(file.path), specifier)) if is_relative else specifier
        own = os.path.relpath(target, file.modules.node.root).replace(os.sep, "/") if is_relative else specifier
        close = _nearest_file(target) if is_relative else ("", False)
        if own.startswith("../") or (is_relative and _is_for_a_loader(specifier, file)):
            continue
        is_of_sources = _is_source_folder(target, own, file) if is_relative else _is_alias_of_sources(own, file)
        if _NOT_SOURCES.search(own) and not close[1] and not is_of_sources:
            continue
        yield _javascript_finding(one, specifier, close, file)


def _is_for_a_loader(specifier: str, file: JavaScriptFile) -> bool:
    """Whether a path leads to a file from the package's folder, and the project has sources that it runs itself, with a
    `require` of its own, as loaders of plugins do.
    """
    package = file.package
    if package is None:
        return False
    from_package = os.path.normpath(os.path.join(package.folder, specifier))
    there = is_folder(from_package) or any(is_file(from_package + end) for end in ("", *EXTENSIONS))
    return there and _runs_sources(file.modules.node.files)


@remembered(4)
def _runs_sources(files: frozenset[str]) -> bool:
    for path in sorted(files):
        text = read_text(path) or ""
        if "require" in text and _RUNS_SOURCES.search(text) is not None:
            return True
    return False


_RUNS_SOURCES = re.compile(
    r"\bvm\.(?:run\w{0,20}Context|Script|SourceTextModule|compileFunction)\b|Module\._load\b|Module\.prototype\.require\b"
)


def _javascript_finding(
    one: JavaScriptImport, specifier: str, close: tuple[str, bool], file: JavaScriptFile
) -> Finding:
    name, only_case = close
    if not specifier.startswith("."):
        return RULE.at(
            file, one.source,
            f"`{specifier}` leads to no file; correct the path, or what `paths` or `imports` say of it",
            "write the path as it is on disk, or correct the alias in tsconfig.json or package.json",
        )  # fmt: skip
    written = specifier.rpartition("/")[0] + "/" + name if name else ""
    if only_case:
        message = f"`{specifier}` leads to no file; the file is called `{name}`, which is another name on Linux"
        advice = f"write `{written}`, as the file is called"
    elif name:
        message = f"`{specifier}` leads to no file; write `{written}`"
        advice = f"write `{written}`"
    else:
        message = f"`{specifier}` leads to no file; correct the path, or add the file"
        advice = "write the path as it is on disk, or add the file"
    fix = None
    if written and (only_case or _distance(specifier.rpartition("/")[2], name) <= 1):
        start, end = one.source.start_byte + 1, one.source.end_byte - 1
        fix = Fix(f"Import `{written}`", (replace(file, start, end, written),), SAFE)
    return RULE.at(file, one.source, message, advice, fix=fix)


@remembered(2_000)
def _nearest_file(target: str) -> tuple[str, bool]:
    """The name of a file or folder that a path most likely means, as an import writes it; whether only case differs."""
    folder, wanted = os.path.split(target)
    from difflib import get_close_matches

    has_extension = wanted.endswith(EXTENSIONS)
    candidates: set[str] = set()
    for name in names_in(folder):
        stem = next((name.removesuffix(one) for one in EXTENSIONS if name.endswith(one)), "")
        if stem and not name.endswith((".d.ts", ".d.mts", ".d.cts")):
            candidates.add(name if has_extension else stem)
        elif not has_extension and any(below.startswith("index.") for below in names_in(os.path.join(folder, name))):
            candidates.add(name)
    same = [name for name in candidates if name.lower() == wanted.lower()]
    if len(same) == 1:
        return same[0], True
    close = get_close_matches(wanted, sorted(candidates), n=1, cutoff=0.8)
    return (close[0] if close else ""), False
