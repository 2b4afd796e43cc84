"""The shape of a response's body: which keys it has, how they nest, and what is a text, an object or a list.

A shape is a sorted tuple of `(path, kind)` pairs: `{"error": {"code": 1, "message": "x"}}` is `error` object,
`error.code` value, `error.message` value. A body that is no object has the one path "". Kinds are `value` (a text,
number or boolean), `object`, `list`, `text`, `page` (what a framework shows to a browser) and `?` for what the code
does not tell; the path `...` says that more keys may be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lint_rules.languages.searching import AnyCase

Shape = tuple[tuple[str, str], ...]

UNKNOWN: Shape = ()
TEXT: Shape = (("", "text"),)
PAGE: Shape = (("", "page"),)
OPEN = "..."
NOT_TOLD = "?"

ERROR_KEYS = frozenset({"error", "errors", "err", "errormessage", "error_message", "errmsg", "errorcode", "error_code"})
MESSAGE_KEYS = frozenset(
    {"message", "msg", "detail", "details", "reason", "description", "title", "errmsg", "error_description"}
)
_MOST_KEYS_SHOWN = 6
_BOTH = frozenset({("detail", "list"), ("detail", "value")})
"""FastAPI's own `detail` is a text, or a list of what was wrong with the input."""


def made(pairs: Iterable[tuple[str, str]]) -> Shape:
    """The shape of these paths; what is of several kinds is not told."""
    kinds: dict[str, str] = {}
    for path, kind in pairs:
        kinds[path] = kind if kinds.get(path, kind) == kind else NOT_TOLD
    return tuple(sorted(kinds.items()))


def top_keys(shape: Shape) -> frozenset[str]:
    """The keys of the object itself."""
    return frozenset(path for path, _ in shape if path and "." not in path)


_OF_ERRORS = AnyCase(rb"err|fail|problem|fault|exception")
_TOLD = AnyCase(rb"message|detail|error|title|msg|reason|description")


def may_make_bodies(data: bytes) -> bool:
    """Whether a file may hold a function or a class that makes the body of an error response."""
    return _OF_ERRORS.search(data) is not None and _TOLD.search(data) is not None


def tells_of_error(shape: Shape) -> bool:
    """Whether one of the keys is one that error bodies have."""
    return any(key.lower() in ERROR_KEYS or key.lower() in MESSAGE_KEYS for key in top_keys(shape))


def shown(shape: Shape) -> str:
    """`{error: {code, message}}`, `text`, `a list`."""
    if shape == TEXT:
        return "plain text"
    if shape == PAGE:
        return "the framework's page"
    if shape and shape[0][0] == "":
        return "a list" if shape[0][1] == "list" else "a value"
    return _object(shape, "")


def _object(shape: Shape, prefix: str) -> str:
    """Goes as deep as `paths` of a literal are read, which is three levels."""
    parts = []
    for path, kind in shape:
        own = path[len(prefix) :]
        if not path.startswith(prefix) or not own or "." in own.replace(OPEN, ""):
            continue
        inner = _object(shape, f"{path}.") if kind == "object" else ""
        parts.append(f"{own}: {inner}" if inner and inner != "{}" else f"{own}: [...]" if kind == "list" else own)
    more = ["..."] if len(parts) > _MOST_KEYS_SHOWN and OPEN not in parts else []
    return "{" + ", ".join([*parts[:_MOST_KEYS_SHOWN], *more]) + "}"


def conforms(shape: Shape, standard: Shape) -> bool:
    """Whether a body has what the standard has, with the same kinds; more keys of its own are no contradiction."""
    kinds = dict(shape)
    if (standard and standard[0][0] == "") or kinds.get("") is not None:
        return shape == standard
    for path, wanted in standard:
        kind = kinds.get(path)
        if kind is None:
            if not _is_excused(path, kinds):
                return False
        elif kind != wanted and NOT_TOLD not in (kind, wanted) and (path, kind) not in _BOTH:
            return False
    return True


def _is_excused(path: str, kinds: dict[str, str]) -> bool:
    """Whether a path may be there although it was not seen: what holds it is not told, or more keys may be there."""
    if path == OPEN or OPEN in kinds:
        return True
    holder = path.rpartition(".")[0]
    while holder:
        if kinds.get(holder) == NOT_TOLD or f"{holder}.{OPEN}" in kinds:
            return True
        holder = holder.rpartition(".")[0]
    return False


def majority(shapes: Sequence[Shape], share: float) -> Shape | None:
    """The shape to which at least `share` of all conform, the most frequent one first; None without such."""
    for shape, _ in sorted(Counter(shapes).items(), key=lambda one: (-one[1], one[0])):
        if sum(conforms(one, shape) for one in shapes) >= share * len(shapes):
            return shape
    return None
