"""The settings of a run: read from the nearest configuration file, overlaid by `--config` values and the command line.

Files are not merged: the nearest of tenlint.toml, .tenlint.toml and pyproject.toml (with a `[tool.tenlint]` table) is
the only one read, upward from where the look-up starts; if there is none, the user's own. What it names with `extend`
is read before it, and its own values win. A mistake is a ConfigError that says file and line and repeats no value of
the file.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from lint_rules.engine.config_keys import ConfigError, Layer, read_layer
from lint_rules.engine.selection import Catalogue, Selection
from lint_rules.model import Rule, Severity
from lint_rules.source import DEFAULT_MAX_BYTES, Unreadable, read_source

__all__ = ["CONFIG_NAMES", "ConfigError", "OptionValue", "Settings", "find_config", "load_settings"]

OptionValue = bool | int | str | tuple[str, ...]

CONFIG_NAMES: Final = ("tenlint.toml", ".tenlint.toml", "pyproject.toml")


class Settings(Struct, frozen=True):
    """Everything a run can be told. `Settings()` is what holds without any configuration.

    `select` of None means the default set. `root` is the folder of the configuration file that was found, to which its
    patterns are relative ('': to the project). `fail_on` of None means never. `jobs` of 0 means one worker per core;
    `max_file_size` is in bytes. `check_syntax` parses files without anything to look for, however many there are.
    `rules` maps rule name -> option -> value; `tables` maps extension table -> key -> names. `origins` says of each
    field that was set where that was done: `file:line`, `--config` or `command line`.
    """

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    command_line: Selection = field(default_factory=Selection)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity | None = Severity.WARNING
    max_file_size: int = DEFAULT_MAX_BYTES
    check_syntax: bool = False
    jobs: int = 0
    target_python: tuple[int, int] | None = None
    node_version: str | None = None
    rules: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    no_inline: bool = False
    require_reason: bool = False
    root: str = ""
    source: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)

    def option(self, rule: Rule, name: str) -> OptionValue:
        """The value of a rule's option, configured or default. KeyError if the rule has no such option."""
        configured = self.rules.get(rule.name, {})
        if name in configured:
            return configured[name]
        return {option.name: option.default for option in rule.options}[name]

    def table(self, name: str, key: str) -> tuple[str, ...]:
        """The names the user adds to a knowledge table, such as `table("blocking", "calls")`."""
        return self.tables.get(name, {}).get(key, ())


def load_settings(
    start: str,
    catalogue: Catalogue,
    *,
    isolated: bool = False,
    config: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings for a run that starts in the folder `start` (absolute).

    `config` are the values of `--config`: a file, which replaces the look-up, or TOML such as `fail-on = "error"`.
    `overrides` are Settings fields from the command line. Raises ConfigError.
    """
    chosen_file, inline = _sort_out(config)
    if isolated and chosen_file is not None:
        raise ConfigError("--config", None, "a configuration file cannot be combined with --isolated")
    settings = Settings()
    nearest_file = None if isolated or chosen_file else find_config(start)
    path = chosen_file or nearest_file or (None if isolated else _user_config())
    if path is not None:
        layers = _with_bases(path, is_chosen=chosen_file is not None)
        # The patterns of a file that lies elsewhere are meant for the project, not for the place where it lies.
        root = os.path.dirname(path) if path == nearest_file else ""
        for layer in layers:
            settings = _with_layer(settings, layer, catalogue)
        settings = replace(settings, root=root, source=path)
    for text in inline:
        layer = _parse("--config", text)
        if _EXTEND in layer.table:
            raise ConfigError("--config", None, "`extend` stands in a file; give the file itself, as in --config FILE")
        settings = _with_layer(settings, layer, catalogue)
    overridden = dict.fromkeys(overrides or {}, "command line")
    settings = replace(settings, **(overrides or {}), origins={**settings.origins, **overridden})
    for option, selectors in (
        ("--select", settings.command_line.select or ()),
        ("--extend-select", settings.command_line.extend_select),
        ("--ignore", settings.command_line.ignore),
    ):
        for selector in selectors:
            if catalogue.prefix(selector) is None:
                raise ConfigError(option, None, catalogue.unknown_message(selector))
    return settings


def _with_layer(settings: Settings, layer: Layer, catalogue: Catalogue) -> Settings:
    """The settings overlaid by a configuration."""
    values = read_layer(layer, catalogue)
    origins = {}
    for name in values:
        key = next(iter(values["tables"])) if name == "tables" else name.replace("_", "-")
        inner = layer.table[key]
        # A table may have no line of its own but those of what it holds: `[rules.busy-loop]`.
        origins[name] = layer.place_of((key, *list(inner)[:1]) if isinstance(inner, dict) else (key,))
    overlaid = {name: _overlaid(settings, name, value) for name, value in values.items()}
    return replace(settings, **overlaid, origins={**settings.origins, **origins})


_EXTEND: Final = "extend"
_MOST_BASES: Final = 20


def _with_bases(path: str, *, is_chosen: bool) -> list[Layer]:
    """The configuration in a file and those that it extends, the farthest first."""
    layers: list[Layer] = []
    seen: list[str] = []
    top = _top_folder(path)
    while True:
        layer = _read_file(path, is_chosen=is_chosen or bool(seen))
        base = layer.table.pop(_EXTEND, None)
        layers.insert(0, layer)
        seen.append(os.path.realpath(path))
        if base is None:
            return layers
        if not isinstance(base, str) or not base or "\0" in base:
            raise layer.error((_EXTEND,), "`extend` takes the path of a configuration file")
        path = os.path.normpath(os.path.join(os.path.dirname(path), base))
        real = os.path.realpath(path)
        if real in seen or len(seen) > _MOST_BASES:
            raise layer.error((_EXTEND,), "`extend` leads back to a file that is being read")
        if os.path.commonpath((real, top)) != top:
            raise layer.error((_EXTEND,), "`extend` leads out of the project")
        if not os.path.isfile(path):
            raise layer.error((_EXTEND,), "`extend` names a file that does not exist")


def _top_folder(path: str) -> str:
    """What `extend` may reach: the repository that a configuration lies in, or else its folder."""
    own = os.path.dirname(os.path.realpath(path))
    folder = own
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return own
        folder = parent
    return folder


def find_config(start: str) -> str | None:
    """The nearest configuration file in `start` or above it."""
    folder = start
    while True:
        for name in CONFIG_NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and (name != "pyproject.toml" or _has_our_table(path)):
                return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _has_our_table(path: str) -> bool:
    """Whether a pyproject.toml has a [tool.tenlint] table. One that does not mention us is not parsed."""
    source = read_source(path)
    if isinstance(source, Unreadable) or b"tenlint" not in source.data:
        return False
    # The name of the project itself, or of a dependency, is no table of ours.
    tool = _parse(path, source.data.decode()).table.get("tool")
    return isinstance(tool, dict) and "tenlint" in tool


def _user_config() -> str | None:
    """The user's own configuration: $XDG_CONFIG_HOME or ~/.config, %APPDATA% on Windows; None without a home."""
    if os.name == "nt":
        base = os.environ.get("APPDATA", "")
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "") or os.path.expanduser("~/.config")
    path = os.path.join(base, "tenlint", "tenlint.toml")
    return path if os.path.isabs(base) and os.path.isfile(path) else None


def _sort_out(config: Sequence[str]) -> tuple[str | None, list[str]]:
    files = [value for value in config if "=" not in value or os.path.isfile(value)]
    if len(files) > 1:
        raise ConfigError("--config", None, "only one configuration file can be given")
    return (os.path.abspath(files[0]) if files else None), [value for value in config if value not in files]


def _read_file(path: str, *, is_chosen: bool) -> Layer:
    source = read_source(path)
    if isinstance(source, Unreadable):
        raise ConfigError(path, None, f"the configuration file {source.reason}")
    layer = _parse(path, source.data.decode())
    if os.path.basename(path) != "pyproject.toml":
        return layer
    tool = layer.table.get("tool")
    ours = tool.get("tenlint") if isinstance(tool, dict) else None
    if ours is None and is_chosen:
        raise ConfigError(path, None, "has no [tool.tenlint] table")
    if not isinstance(ours, dict):
        raise layer.error(("tool", "tenlint"), "`tool.tenlint` takes a table")
    return replace(layer, table=ours, prefix=("tool", "tenlint"))


_PARSERS_WORDS = re.compile(r"(?:Unclosed|Expected|Invalid|Cannot overwrite|Unterminated)[a-z /=\[\]'-]*")
_TOML_PLACE = re.compile(r"\(at line (\d+), column \d+\)\Z")


def _parse(place: str, text: str) -> Layer:
    import tomli

    try:
        # TOML wants LF or CR LF; `text` comes undecorated from read_source or from the command line.
        return Layer(place, tomli.loads(text), text)
    except (tomli.TOMLDecodeError, RecursionError) as error:
        # The message can hold keys of the file, so only its place is passed on, and what are the parser's own words.
        found = _TOML_PLACE.search(str(error))
        what = str(error).partition(" (at ")[0]
        why = f"; {what[0].lower()}{what[1:]}" if _PARSERS_WORDS.fullmatch(what) else ""
        raise ConfigError(place, int(found.group(1)) if found else None, f"is not valid TOML{why}") from None


def _overlaid(settings: Settings, name: str, value: Any) -> Any:
    """Tables given by `--config "rules.x.y = 1"` are added to, all other values replaced."""
    present = getattr(settings, name)
    if not isinstance(value, dict):
        return value
    return {
        **present,
        **{
            key: {**present[key], **inner} if isinstance(inner, dict) and key in present else inner
            for key, inner in value.items()
        },
    }
