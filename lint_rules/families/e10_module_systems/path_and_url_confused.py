"""Path and URL confused.

What it finds: the `pathname` of a URL made from `import.meta.url` used as a file's path, `import.meta.url` itself
given to functions of `path` or `fs` that take paths, and a path made by `path.join` or `path.resolve` given to
`import()`.

Why it matters: the `pathname` of a URL is encoded (`/srv/my%20app`), and begins with a slash in front of the drive on
Windows; `path.dirname(import.meta.url)` begins with `file:`, which no function of `fs` opens; `import()` takes URLs,
and refuses `C:\\srv\\plugin.js`.

Bad (javascript):

    import { readFile } from 'node:fs/promises'

    export const settings = () => readFile(new URL('settings.json', import.meta.url).pathname, 'utf8')

Good (javascript):

    import { readFile } from 'node:fs/promises'

    export const settings = () => readFile(new URL('settings.json', import.meta.url), 'utf8')

How to fix it: `fileURLToPath(url)` makes a path of a URL, `pathToFileURL(path)` a URL of a path. Functions of `fs`
take URL objects as they are.

Not seen: URLs and paths that come through variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.edits import insert, replace
from lint_rules.languages.javascript.grammar import arguments, callee, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import UNSAFE, WARNING, Edit, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1013",
    "path-and-url-confused",
    severity=WARNING,
    summary="A URL is used as a file's path, or a path as a URL",
    fix=UNSAFE,
)

_PATHS = frozenset({"dirname", "join", "resolve", "relative", "normalize", "parse"})
_FILES = frozenset({"readFile", "readFileSync", "writeFile", "writeFileSync", "readdir", "readdirSync", "existsSync",
"stat",
                    "statSync", "createReadStream", "createWriteStream", "mkdir", "mkdirSync",
                    "realpathSync"})  # fmt: skip


@RULE.files(WholeFile(None, words=(b"import.meta.url", b"import(")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for member in file.nodes("member_expression"):
        last, url = member.child_by_field_name("property"), member.child_by_field_name("object")
        if last is None or url is None or text(last) != "pathname" or not _is_own_url(url):
            continue
        yield RULE.at(
            file, member, "the `pathname` of a URL is no path of a file; use `fileURLToPath`",
            "use `fileURLToPath(url)` of `node:url`", fix=_made_path(member, url, file),
        )  # fmt: skip
    for call in file.nodes("call_expression"):
        function, given = callee(call), arguments(call)
        if function is None or not given:
            continue
        if function.type == "import":
            yield from _imported_path(given[0], file)
            continue
        name = text(function).rpartition(".")[2]
        if text(given[0]) == "import.meta.url" and name in _PATHS | _FILES and _is_nodes(function, file):
            yield RULE.at(
                file, given[0], f"`import.meta.url` is a URL, and `{text(function)}` takes a path; use `fileURLToPath`",
                "use `fileURLToPath(import.meta.url)`, or `import.meta.dirname`", fix=_made_path(given[0], given[0],
                file),
            )  # fmt: skip


def _is_own_url(url: Node) -> bool:
    """Whether an expression is `new URL(..., import.meta.url)` or `new URL(import.meta.url)`."""
    while url.type == "parenthesized_expression" and url.named_child_count:
        inner = url.named_child(0)
        if inner is None:
            return False
        url = inner
    if url.type != "new_expression":
        return False
    made = callee(url)
    return made is not None and text(made) == "URL" and any(text(one) == "import.meta.url" for one in arguments(url))


def _is_nodes(function: Node, file: JavaScriptFile) -> bool:
    name = file.canonical(function)
    return name.startswith(("path.", "fs.", "fs/promises.", "fs-extra.", "path/posix."))


def _imported_path(given: Node, file: JavaScriptFile) -> Iterator[Finding]:
    function = callee(given) if given.type == "call_expression" else None
    if function is None or file.canonical(function) not in ("path.join", "path.resolve"):
        return
    first = arguments(given)[:1]
    if not first or text(first[0]) not in ("__dirname", "import.meta.dirname", "process.cwd()"):
        return
    yield RULE.at(
        file, given, f"`import()` takes a URL, and `{text(function)}` gives a path; use `pathToFileURL`",
        "use `import(pathToFileURL(path).href)`",
    )  # fmt: skip


def _made_path(whole: Node, url: Node, file: JavaScriptFile) -> Fix | None:
    """`fileURLToPath(url)` in the place of an expression, with the import that it needs."""
    edits: list[Edit] = [replace(file, whole.start_byte, whole.end_byte, f"fileURLToPath({text(url)})")]
    if file.scopes.binding("fileURLToPath", whole.start_byte) is None:
        first = next(iter(file.nodes("import_statement")), None)
        if first is None:
            return None
        end = ";" if text(first).endswith(";") else ""
        edits.insert(0, insert(file, first.start_byte, f"import {{ fileURLToPath }} from 'node:url'{end}\n"))
    return Fix("Make a path of the URL", tuple(edits), UNSAFE)
