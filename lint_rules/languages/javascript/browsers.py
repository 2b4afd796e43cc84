"""Which files run in a browser, as its service worker included, where an error nobody catches ends no process."""

from __future__ import annotations

import re

_BROWSER = re.compile(
    rb"\bdocument\.(?:getElementById|querySelector|createElement|addEventListener|body\b|head\b|cookie\b|location\b)"
    rb"|\bwindow\.(?:location|document|addEventListener|open|history|localStorage|navigator|onload|scroll)"
    rb"|\$\((?:this|document|window)\)|\blocalStorage\.(?:get|set)Item"
    rb"|^export default \{\s*(?:name: [\"'][\w-]+[\"'],\s*)?(?:mixins|components|props|emits|extends)\b"
    rb"|\bself\.addEventListener\(\s*[\"'](?:install|activate|fetch|push|notificationclick|sync|periodicsync)[\"']"
    rb"|[\"'](?:socket\.io-client|react|react-dom|vue|svelte|@angular/core|jquery)[\"']",
    re.MULTILINE,
)

_PLACES = re.compile(
    r"(?:^|/)(?:static|wwwroot|bower_components)/|(?:^|/)(?:public|assets)/(?:[\w.-]+/)*(?:js|javascripts?|scripts?|src|vendor)/"
)
"""Folders whose files a server hands out as they are."""


def is_for_browsers(relative: str, data: bytes) -> bool:
    """Whether a file at a path from the project's folder runs in a page.

    It lies where scripts of pages lie, speaks of a page, its window or its elements, imports what only pages need, or
    is a Vue component.
    """
    return _PLACES.search(relative) is not None or _BROWSER.search(data) is not None
