"""Lock files: the packages that an installation brings, declared ones and those that they need."""

from __future__ import annotations

import os
import re

from lint_rules.project.disk import is_file, remembered
from lint_rules.project.manifest_formats import toml
from lint_rules.project.packages import read_json
from lint_rules.project.requirements import normal_name, read_text

_YARN = re.compile(r'^"?((?:@[\w.-]+/)?[\w.-]+)@', re.MULTILINE)


def locks(folder: str, root: str) -> frozenset[str]:
    """The names in the lock files of a folder and of those above it up to the project's root."""
    found: frozenset[str] = frozenset()
    while True:
        found |= _in_folder(folder)
        parent = os.path.dirname(folder)
        if folder in (root, parent) or not folder.startswith(root):
            return found
        folder = parent


@remembered(512)
def _in_folder(folder: str) -> frozenset[str]:
    names: set[str] = set()
    for lock in ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"):
        path = os.path.join(folder, lock)
        content = toml(path) if is_file(path) else None
        packages = content.get("package") or content.get("packages") if content else None
        if isinstance(packages, list):
            names.update(normal_name(str(one["name"])) for one in packages if isinstance(one, dict) and "name" in one)
    for lock in ("package-lock.json", "npm-shrinkwrap.json"):
        path = os.path.join(folder, lock)
        content = read_json(path) if is_file(path) else None
        if isinstance(content, dict):
            packages = content.get("packages")
            if isinstance(packages, dict):
                # Only what is hoisted to the top can be imported.
                names.update(
                    one[len("node_modules/") :]
                    for one, entry in packages.items()
                    if one.startswith("node_modules/") and "/node_modules/" not in one and not _is_dev(entry)
                )
            elif isinstance(content.get("dependencies"), dict):
                names.update(name for name, entry in content["dependencies"].items() if not _is_dev(entry))
    yarn = read_text(os.path.join(folder, "yarn.lock"))
    if yarn:
        names.update(_YARN.findall(yarn))
    return frozenset(names)


def _is_dev(entry: object) -> bool:
    return isinstance(entry, dict) and (entry.get("dev") is True or entry.get("devOptional") is True)
