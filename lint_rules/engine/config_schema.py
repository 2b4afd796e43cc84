"""The JSON Schema of the configuration, made from the options themselves: what editors complete and check by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lint_rules.engine.config_keys import EXTENSION_TABLES, KEYS
from lint_rules.engine.selection import Catalogue
from lint_rules.model import Option, Severity

_SELECTOR: Final = {"$ref": "#/definitions/selector"}
_SELECTORS: Final = {"type": "array", "items": _SELECTOR}
_STRINGS: Final = {"type": "array", "items": {"type": "string"}}
_BOOLEAN: Final = {"type": "boolean"}
_SEVERITIES: Final = [severity.value for severity in Severity]
_SHAPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "select": _SELECTORS,
    "extend-select": _SELECTORS,
    "ignore": _SELECTORS,
    "per-file-ignores": {"type": "object", "additionalProperties": _SELECTORS},
    "exclude": _STRINGS,
    "force-exclude": _BOOLEAN,
    "severity": {
        "type": "object",
        "propertyNames": _SELECTOR,
        "additionalProperties": {"enum": _SEVERITIES},
    },
    "fail-on": {"enum": [*_SEVERITIES, "never"]},
    "max-file-size": {"type": "integer", "minimum": 1},
    "check-syntax": _BOOLEAN,
    "jobs": {"type": "integer", "minimum": 0},
    "target-python": {"type": "string", "pattern": r"^(?:py)?3\.?[0-9]{1,2}$"},
    "node-version": {"type": "string", "pattern": r"^[0-9]{1,3}(?:\.[0-9]{1,4}){0,2}$"},
    "required-version": {"type": "string"},
    "no-inline": _BOOLEAN,
    "require-reason": _BOOLEAN,
}


def schema(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of tenlint.toml, and of [tool.tenlint] in pyproject.toml."""
    properties: dict[str, Any] = {
        "extend": {"type": "string", "description": "A configuration file that this one adds to and overrides"}
    }
    for key in KEYS:
        shape = _rule_options(catalogue) if key.name == "rules" else _SHAPES[key.name]
        properties[key.name] = {**shape, "description": key.description}
    for table in EXTENSION_TABLES:
        properties[table.name] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: {**_STRINGS, "description": what} for name, what in table.keys.items()},
        }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tenlint",
        "description": "The configuration of tenlint: tenlint.toml, or [tool.tenlint] in pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": dict(sorted(properties.items())),
        "definitions": {
            "selector": {
                "description": "A rule by code or name, a prefix of codes, a family, or ALL",
                "type": "string",
                "enum": list(catalogue.selectors()),
            }
        },
    }


def _rule_options(catalogue: Catalogue) -> dict[str, Any]:
    properties = {}
    for rule in catalogue.rules:
        if not rule.options:
            continue
        options = {
            "type": "object",
            "description": rule.summary,
            "additionalProperties": False,
            "properties": {option.name: _option(option) for option in rule.options},
        }
        properties[rule.name] = properties[rule.code] = options
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _option(option: Option) -> dict[str, Any]:
    default = option.default
    if isinstance(default, tuple):
        return {**_STRINGS, "default": list(default), "description": option.description}
    kind = {bool: "boolean", int: "integer", str: "string"}[type(default)]
    return {"type": kind, "default": default, "description": option.description}
