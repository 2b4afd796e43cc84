"""package.json as frozen facts: what a JavaScript package is called, needs and offers."""

from __future__ import annotations

import json
import os
from typing import Any

import msgspec


class Package(msgspec.Struct, frozen=True):
    """One package.json; `path` is the file, `folder` where it stands. Version ranges by package name.

    `type` is "module", "commonjs" or "" where it is not written. `exports` and `imports` are as written.
    """

    path: str
    folder: str
    name: str = ""
    version: str = ""
    type: str = ""
    main: str = ""
    module: str = ""
    types: str = ""
    source: str = ""
    private: bool = False
    dependencies: dict[str, str] = {}
    dev_dependencies: dict[str, str] = {}
    peer_dependencies: dict[str, str] = {}
    optional_dependencies: dict[str, str] = {}
    bundled_dependencies: tuple[str, ...] = ()
    engines: dict[str, str] = {}
    scripts: dict[str, str] = {}
    bin: dict[str, str] = {}
    workspaces: tuple[str, ...] = ()
    exports: Any = None
    imports: dict[str, Any] = {}

    def range_of(self, package: str) -> str | None:
        """The version range under which a package is declared for use at run time, None if it is not."""
        for declared in (self.dependencies, self.optional_dependencies, self.peer_dependencies):
            if package in declared:
                return declared[package]
        return None

    def declares(self, package: str) -> bool:
        """Whether a package is declared, for whatever use."""
        return self.range_of(package) is not None or package in self.dev_dependencies

    def major_of(self, package: str) -> int | None:
        """The major version that a declared range begins with (`^4.18.2` is 4), None if that cannot be told."""
        wanted = self.range_of(package) or self.dev_dependencies.get(package, "")
        digits = ""
        for character in wanted.lstrip("^~>=v "):
            if not character.isdigit():
                break
            digits += character
        return int(digits) if digits else None


def read_package(path: str) -> Package | None:
    """The facts of a package.json, None if there is none or it is no JSON object."""
    content = read_json(path)
    if not isinstance(content, dict):
        return None
    folder = os.path.dirname(path)
    name = _text(content.get("name"))
    return Package(
        path, folder, name, _text(content.get("version")), _text(content.get("type")), _text(content.get("main")),
        _text(content.get("module")), _text(content.get("types") or content.get("typings")),
        _text(content.get("source")), content.get("private") is True,
        _texts(content.get("dependencies")), _texts(content.get("devDependencies")),
        _texts(content.get("peerDependencies")), _texts(content.get("optionalDependencies")),
        _list(content.get("bundledDependencies") or content.get("bundleDependencies")),
        _texts(content.get("engines")), _texts(content.get("scripts")), _bin(name, content.get("bin")),
        _workspaces(content.get("workspaces")), content.get("exports"),
        content["imports"] if isinstance(content.get("imports"), dict) else {},
    )  # fmt: skip


def read_json(path: str, *, comments: bool = False) -> Any:
    """The content of a JSON file (with `comments`, of JSONC), None if there is none or it does not parse."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            content = file.read()
    except (OSError, ValueError):
        return None
    try:
        return json.loads(without_comments(content) if comments else content)
    except (ValueError, RecursionError):
        return None


def without_comments(content: str) -> str:
    """JSON text without `//` and `/* */` comments and trailing commas; strings stay as they are."""
    result: list[str] = []
    position, size = 0, len(content)
    while position < size:
        character = content[position]
        if character == '"':
            end = position + 1
            while end < size and content[end] != '"':
                end += 2 if content[end] == "\\" else 1
            result.append(content[position : end + 1])
            position = end + 1
        elif content.startswith("//", position):
            end = content.find("\n", position)
            position = size if end < 0 else end
        elif content.startswith("/*", position):
            end = content.find("*/", position)
            position = size if end < 0 else end + 2
        elif character in "}]":
            while result and (result[-1].isspace() or result[-1] == ","):
                if result.pop() == ",":
                    break
            result.append(character)
            position += 1
        else:
            result.append(character)
            position += 1
    return "".join(result)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> dict[str, str]:
    return {key: one for key, one in value.items() if isinstance(one, str)} if isinstance(value, dict) else {}


def _list(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _bin(name: str, value: Any) -> dict[str, str]:
    return {name.rpartition("/")[2]: value} if isinstance(value, str) else _texts(value)


def _workspaces(value: Any) -> tuple[str, ...]:
    return _list(value.get("packages")) if isinstance(value, dict) else _list(value)
