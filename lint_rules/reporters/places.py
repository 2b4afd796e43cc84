"""How services that show findings beside code want files named: from the top of the repository, as a URI or plain."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from lint_rules.reporters.view import View

# Where the services that run it say the checkout lies.
_CHECKOUT_VARIABLES: Final = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def repository_folder(view: View) -> str:
    """The folder that file names are relative to: the checkout of the service, else the repository, else the root."""
    for name in _CHECKOUT_VARIABLES:
        checkout = os.environ.get(name, "")
        if checkout and os.path.isabs(checkout) and _is_in(view.root, os.path.normpath(checkout)):
            return os.path.normpath(checkout)
    return _top_of(view.root)


@lru_cache(maxsize=8)
def _top_of(root: str) -> str:
    folder = root
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return root
        folder = parent
    return folder


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def relative_name(path: str, folder: str) -> str:
    """The path relative to a folder, with "/"; the whole path if it lies elsewhere."""
    return path.removeprefix(os.path.join(folder, "")).replace(os.sep, "/")


def uri(path: str, *, is_folder: bool = False) -> str:
    """An absolute path as a `file:` URI."""
    quoted = quote(os.fsencode(path.replace(os.sep, "/")))
    return f"file://{'' if quoted.startswith('/') else '/'}{quoted}{'/' * (is_folder and not quoted.endswith('/'))}"


def relative_uri(path: str, folder: str) -> str | None:
    """A path below a folder as a relative URI; None if it lies elsewhere."""
    if not _is_in(path, folder):
        return None
    return quote(os.fsencode(relative_name(path, folder)))
