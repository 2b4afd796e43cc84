"""The keys a configuration file may have: what each takes, how it is checked, and where a mistake stands.

One row per key: adding a setting is one row here and one field in Settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from lint_rules.engine.selection import Catalogue, nearest, quoted
from lint_rules.model import Option, Severity

KeyPath = tuple[str, ...]


class ConfigError(Exception):
    """A mistake of the user's in the configuration: `place` (a file or an option), line from 1 or None, message."""

    def __init__(self, place: str, line: int | None, message: str) -> None:
        super().__init__(place, line, message)
        self.place = place
        self.line = line
        self.message = message

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.message}" if self.line else f"{self.place}: {self.message}"


class WrongValueError(Exception):
    """A value that a key does not take; the message says what it takes, and `culprit` names the part at fault."""

    def __init__(self, message: str, *culprit: str) -> None:
        super().__init__(message)
        self.culprit = culprit


class Layer(Struct, frozen=True):
    """One parsed configuration: its place for messages, the table of our keys, the text, and the path to our table."""

    place: str
    table: dict[str, Any]
    text: str
    prefix: KeyPath = ()

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """A ConfigError at the line of a key (a path below our table), or of the nearest key around it."""
        if self.place.startswith("--"):
            return ConfigError(self.place, None, message)
        return ConfigError(self.place, _line_of(self.text, (*self.prefix, *path)), message)

    def place_of(self, path: KeyPath) -> str:
        """Where a key stands: `file:line`, or the option."""
        line = None if self.place.startswith("--") else _line_of(self.text, (*self.prefix, *path))
        return f"{self.place}:{line}" if line else self.place


class Key(Struct, frozen=True):
    """One key of the configuration: its Settings field is the name with underscores."""

    name: str
    takes: str
    check: Callable[[Any, Catalogue], Any]
    description: str

    @property
    def field(self) -> str:
        """The field of Settings this key sets."""
        return self.name.replace("-", "_")


class ExtensionTable(Struct, frozen=True):
    """A knowledge table the user may add names to: `[tool.tenlint.<name>] <key> = ["dotted.name"]`."""

    name: str
    keys: Mapping[str, str]


EXTENSION_TABLES: Final = (
    ExtensionTable("blocking", {"calls": "Dotted names of functions that block the thread they run in"}),
    ExtensionTable("reporting", {"calls": "Dotted names of functions that log or send the error being handled"}),
)


def read_layer(layer: Layer, catalogue: Catalogue) -> dict[str, Any]:
    """The Settings fields that a configuration sets, checked. Raises ConfigError."""
    values: dict[str, Any] = {}
    keys = {key.name: key for key in KEYS}
    tables = {table.name: table for table in EXTENSION_TABLES}
    for name, value in layer.table.items():
        try:
            if name in keys:
                values[keys[name].field] = keys[name].check(value, catalogue)
            elif name in tables:
                values.setdefault("tables", {})[name] = _names_by_key(tables[name], value)
            else:
                raise WrongValueError(_unknown("key", name, (*keys, *tables, "extend")))
        except WrongValueError as wrong:
            raise layer.error((name, *wrong.culprit), _explained(wrong, keys.get(name))) from None
    values.pop("required_version", None)
    return values


def _explained(wrong: WrongValueError, key: Key | None) -> str:
    return str(wrong) or f"`{key.name if key else ''}` takes {key.takes if key else 'another value'}"


def _unknown(what: str, word: str, known: Iterable[str]) -> str:
    guess = nearest(word, known)
    return f"unknown {what} {quoted(word)}" + (f"; did you mean `{guess}`?" if guess else "")


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _strings(value: Any, catalogue: Catalogue) -> tuple[str, ...]:
    if not _is_strings(value):
        raise WrongValueError("")
    return tuple(value)


def _selectors(value: Any, catalogue: Catalogue) -> tuple[str, ...]:
    for selector in _strings(value, catalogue):
        if catalogue.prefix(selector) is None:
            raise WrongValueError(catalogue.unknown_message(selector), selector)
    return tuple(value)


def _table(value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise WrongValueError("")
    yield from value.items()


def _selectors_by_pattern(value: Any, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    chosen = {}
    for pattern, selectors in _table(value):
        if not _is_strings(selectors):
            raise WrongValueError("", pattern)
        try:
            chosen[pattern] = _selectors(selectors, catalogue)
        except WrongValueError as wrong:
            raise WrongValueError(str(wrong), pattern, *wrong.culprit) from None
    return chosen


def _severity_by_selector(value: Any, catalogue: Catalogue) -> dict[str, Severity]:
    chosen = {}
    for selector, severity in _table(value):
        if catalogue.prefix(selector) is None:
            raise WrongValueError(catalogue.unknown_message(selector), selector)
        if severity not in ("error", "warning", "info"):
            raise WrongValueError("a severity is `error`, `warning` or `info`", selector)
        chosen[selector] = Severity(severity)
    return chosen


def fail_on(value: Any, catalogue: Catalogue | None = None) -> Severity | None:
    """The severity from which on a finding makes the run fail; None for `never`."""
    if value not in ("error", "warning", "info", "never"):
        raise WrongValueError("")
    return None if value == "never" else Severity(value)


def _positive(value: Any, catalogue: Catalogue) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise WrongValueError("")
    return value


def _count(value: Any, catalogue: Catalogue) -> int:
    return 0 if value == 0 and not isinstance(value, bool) else _positive(value, catalogue)


def _boolean(value: Any, catalogue: Catalogue) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("")
    return value


def _python_version(value: Any, catalogue: Catalogue) -> tuple[int, int]:
    found = re.fullmatch(r"(?:py)?3\.?([0-9]{1,2})", value) if isinstance(value, str) else None
    if found is None:
        raise WrongValueError("")
    return 3, int(found.group(1))


def _node_version(value: Any, catalogue: Catalogue) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,4}){0,2}", value):
        raise WrongValueError("")
    return value


def _required_version(value: Any, catalogue: Catalogue) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    from lint_rules import __version__

    if not isinstance(value, str):
        raise WrongValueError("")
    try:
        # A bare version means that very version.
        allowed = SpecifierSet(value if value[:1] in "<>=!~" else f"=={value}")
    except InvalidSpecifier:
        raise WrongValueError("") from None
    if not allowed.contains(__version__, prereleases=True):
        raise WrongValueError(f"the configuration requires another version of tenlint than {__version__}")
    return value


def _rule_options(value: Any, catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    chosen: dict[str, dict[str, Any]] = {}
    for name, options in _table(value):
        rule = catalogue.rule(name)
        if rule is None:
            raise WrongValueError(_unknown("rule", name, (*catalogue.by_name, *catalogue.by_code)), name)
        if not isinstance(options, dict):
            raise WrongValueError(f"`rules.{name}` takes a table of options", name)
        known = {option.name: option for option in rule.options}
        for option, setting in options.items():
            if option not in known:
                raise WrongValueError(_unknown(f"option of `{rule.name}`:", option, known), name, option)
            chosen.setdefault(rule.name, {})[option] = _option_value(known[option], setting, name)
    return chosen


_KIND_OF_VALUE: Final = {bool: "true or false", int: "a whole number", str: "a string", tuple: "a list of strings"}


def _option_value(option: Option, value: Any, rule_name: str) -> Any:
    if isinstance(option.default, tuple):
        if _is_strings(value):
            return tuple(value)
    elif type(value) is type(option.default):
        return value
    raise WrongValueError(f"`{option.name}` takes {_KIND_OF_VALUE[type(option.default)]}", rule_name, option.name)


def _names_by_key(table: ExtensionTable, value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise WrongValueError(f"`{table.name}` takes a table")
    for key, names in value.items():
        if key not in table.keys:
            raise WrongValueError(_unknown(f"key of `{table.name}`:", key, table.keys), key)
        if not _is_strings(names):
            raise WrongValueError(f"`{key}` takes a list of dotted names", key)
    return {key: tuple(names) for key, names in value.items()}


KEYS: Final = (
    Key("select", "a list of rules", _selectors, "The rules that run, in place of the default set"),
    Key("extend-select", "a list of rules", _selectors, "Rules that run besides"),
    Key("ignore", "a list of rules", _selectors, "Rules that do not run"),
    Key("per-file-ignores", "a table of pattern = [rules]", _selectors_by_pattern, "Rules not reported in some files"),
    Key("exclude", "a list of patterns", _strings, "Files and folders left out, in .gitignore's syntax"),
    Key("force-exclude", "true or false", _boolean, "Leave out excluded files even if they are named"),
    Key("severity", "a table of rule = severity", _severity_by_selector, "Another severity for some rules"),
    Key("fail-on", "`error`, `warning`, `info` or `never`", fail_on, "The severity from which on the run fails"),
    Key("max-file-size", "a number of bytes above 0", _positive, "Larger files are not analysed"),
    Key("check-syntax", "true or false", _boolean, "Parse all files of large projects, for their syntax errors too"),
    Key("jobs", "a number of processes; 0 means one per core", _count, "How many worker processes"),
    Key(
        "target-python",
        'a version such as "3.10"',
        _python_version,
        "The oldest Python the code runs on (no rule asks for it yet)",
    ),
    Key(
        "node-version",
        'a version such as "20" or "20.11"',
        _node_version,
        "The oldest Node.js the code runs on (no rule asks for it yet)",
    ),
    Key("required-version", 'a version such as ">=0.1"', _required_version, "The versions of tenlint that may run"),
    Key("no-inline", "true or false", _boolean, "Ignore suppression comments"),
    Key("require-reason", "true or false", _boolean, "Suppression comments have to give a reason"),
    Key("rules", "a table of rule options", _rule_options, "Options of single rules"),
)

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({_PATH})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"[ \t]*({_PATH})[ \t]*=")


def _line_of(text: str, path: KeyPath) -> int | None:
    """The line of a key, found again in the text since tomli does not say it; that of its parent if it has none."""
    rows: dict[KeyPath, int] = {}
    table: KeyPath = ()
    lines = text.split("\n")
    for row, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            table = _parts(header.group(1))
            rows.setdefault(table, row)
        elif assignment := _ASSIGNMENT.match(line):
            key = _parts(assignment.group(1))
            for length in range(1, len(key) + 1):
                rows.setdefault((*table, *key[:length]), row)
    for length in range(len(path), 0, -1):
        if (found := rows.get(path[:length])) is None:
            continue
        # An item of a list, or a key of an inline table, stands in or below its key's line.
        wanted = path[-1] if length < len(path) else ""
        return next((row for row in range(found, min(found + 500, len(lines) + 1)) if wanted in lines[row - 1]), found)
    return None


def _parts(dotted: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
