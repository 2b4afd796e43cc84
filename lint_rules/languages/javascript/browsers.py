"""Which files run in a browser, where an error nobody catches ends no process."""

from __future__ import annotations

import re
from functools import lru_cache

_BROWSER = re.compile(
    rb"\bdocument\.(?:getElementById|querySelector|createElement|addEventListener|body\b|head\b|cookie\b|location\b)"
    rb"|\bwindow\.(?:location|document|addEventListener|open|history|localStorage|navigator|onload|scroll)"
    rb"|\$\((?:this|document|window)\)|\blocalStorage\.(?:get|set)Item"
    rb"|^export default \{\s*(?:name: [\"'][\w-]+[\"'],\s*)?(?:mixins|components|props|emits|extends)\b"
    rb"|[\"'](?:socket\.io-client|react|react-dom|vue|svelte|@angular/core|jquery)[\"']",
    re.MULTILINE,
)

_PLACES = re.compile(
    r"(?:^|/)(?:static|wwwroot|bower_components)/|(?:^|/)(?:public|assets)/(?:[\w.-]+/)*(?:js|javascripts?|scripts?|vendor)/"
)
"""Folders whose files a server hands out as they are."""


def is_browsers_place(relative: str) -> bool:
    """Whether a path from the project's folder leads to where scripts of pages lie."""
    return _PLACES.search(relative) is not None


@lru_cache(maxsize=8)
def is_for_browsers(data: bytes) -> bool:
    """Whether a file speaks of a page, its window or its elements, imports what only pages need, or is a Vue component.

    Rules ask for many nodes of one file after the other, so the last answers are kept.
    """
    return _BROWSER.search(data) is not None
