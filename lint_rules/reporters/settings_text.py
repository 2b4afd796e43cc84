"""The settings in force, for `tenlint config`: each key as it is written in a file, and where it comes from."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lint_rules.engine.baseline import default_path
from lint_rules.engine.config_keys import EXTENSION_TABLES, KEYS
from lint_rules.reporters.escape import visible

if TYPE_CHECKING:
    from lint_rules.engine.session import Session

_DEFAULT = "default"


def settings_json(session: Session) -> Iterator[str]:
    """The settings as one JSON object."""
    settings = {key: {"value": value, "from": place} for key, value, place in _rows(session)}
    head = {name: value or None for name, value in _head(session)}
    yield json.dumps({**head, "rules-on": sorted(session.codes()), "settings": settings}, indent=2) + "\n"


def settings_text(session: Session) -> Iterator[str]:
    """The settings as TOML, with where each comes from as a comment."""
    for name, value in _head(session):
        yield f"# {name}: {visible(value) if value else 'none'}\n"
    yield f"# rules on: {len(session.codes())} of {len(session.catalogue.rules)}\n\n"
    rows = [(f"{key} = {visible(_toml(value))}", place) for key, value, place in _rows(session)]
    width = min(max(len(text) for text, _ in rows), 60)
    for text, place in rows:
        yield f"{text:<{width}}  # {visible(place)}\n"


def _head(session: Session) -> Iterator[tuple[str, str]]:
    yield "configuration", session.settings.source
    yield "root", session.discovered.root
    path = default_path(session.settings, session.discovered.root)
    yield "baseline", path if os.path.exists(path) else ""


def _rows(session: Session) -> Iterator[tuple[str, Any, str]]:
    """Key, value and origin of each setting."""
    settings = session.settings
    for key in KEYS:
        if not hasattr(settings, key.field):
            continue
        value = _plain(getattr(settings, key.field))
        if key.name == "fail-on" and value is None:
            value = "never"
        if key.name == "target-python" and value is not None:
            value = ".".join(map(str, value))
        origin = settings.origins.get(key.field, _DEFAULT)
        if isinstance(value, dict) and value:
            for name, inner in value.items():
                yield f"{key.name}.{_key(name)}", inner, origin
        elif value is not None:
            yield key.name, value, origin
    for table in EXTENSION_TABLES:
        for name in table.keys:
            if names := settings.table(table.name, name):
                yield f"{table.name}.{name}", list(names), settings.origins.get("tables", _DEFAULT)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return getattr(value, "value", value)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _toml(value: Any) -> str:
    """A value in TOML, of which JSON's form is a part but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)} = {_toml(inner)}" for name, inner in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
