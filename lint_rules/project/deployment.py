"""How a project is started in production, as far as the files beside it tell: Procfile, Dockerfile, unit files, YAML.

Only a short list of names is looked at, in the project's folder, in its folders, and on the way down to the file in
question. Nothing is run, symbolic links are not followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from lint_rules.source import SourceText, read_source

_NAMES = (
    "Procfile", "Procfile.*", "Dockerfile", "Dockerfile.*", "*.dockerfile", "Containerfile", "docker-compose*.y*ml",
    "compose*.y*ml", "gunicorn*.py", "gunicorn.conf", "uwsgi*.ini", "supervisord.conf", "supervisor*.conf", "*.service",
    "*deployment*.y*ml", "*statefulset*.y*ml", "values*.y*ml", "k8s*.y*ml", "app.yaml", "fly.toml", "render.yaml",
    "serverless.y*ml", "ecosystem.config.*", "entrypoint*", "start*.sh", "run*.sh", "serve*.sh", "circus.ini",
)  # fmt: skip
_LEFT_OUT = frozenset({"node_modules", "site-packages", "venv", "env", "__pycache__", "tests", "test", "docs"})
_MAX_BYTES = 100_000
_MAX_FOLDERS = 60
_MAX_FILES = 80

_SEVERAL = re.compile(
    r"""
    \b(?:gunicorn|uwsgi|mod_wsgi|passenger|unicorn|circusd?|pm2)\b
    | --(?:workers|processes|web-concurrency|numprocs)[=\s"',]+(?!1\b)[\d$]
    | \bhypercorn\b.*\s-w\s | \bWEB_CONCURRENCY\b
    | \b(?:replicas|replicaCount|minReplicas|numprocs|min_machines_running|instances)\b["']?\s*[:=]\s*["']?(?!1\b)\d
    """,
    re.VERBOSE | re.IGNORECASE,
)
_RESTARTS = re.compile(
    r"""
    ^\s*(?:restart|restart_policy)\s*: (?!\s*["']?no\b) | ^\s*Restart\s*=\s*(?!no\b)\w
    | ^\s*kind\s*:\s*(?:Deployment|StatefulSet|DaemonSet)\b | ^\[program: | ^\s*autorestart\s*=
    | \b(?:gunicorn|uwsgi|mod_wsgi|passenger|circusd?|pm2)\b | --restart[=\s]
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_ALWAYS_RESTARTED = ("Procfile", "Procfile.*", "app.yaml", "fly.toml", "render.yaml", "serverless.y*ml", "ecosystem.*")


def starts_several(root: str, near: str) -> str:
    """The deployment file that starts several processes or containers, relative to `root`; "" if none does."""
    return next((name for name, text in _deployment_files(root, near) if _SEVERAL.search(text)), "")


def restarts(root: str, near: str) -> str:
    """The deployment file that has a process started again when it ends, relative to `root`; "" if none does."""
    for name, text in _deployment_files(root, near):
        if _RESTARTS.search(text) or any(fnmatch(os.path.basename(name), one) for one in _ALWAYS_RESTARTED):
            return name
    return ""


def _deployment_files(root: str, near: str) -> Iterator[tuple[str, str]]:
    """Name and text of the deployment files of a project, those around the file `near` included."""
    read = 0
    for folder in _folders(root, near):
        for entry in _entries(folder):
            if not any(fnmatch(entry.name, pattern) for pattern in _NAMES) or not entry.is_file(follow_symlinks=False):
                continue
            source = read_source(entry.path, _MAX_BYTES)
            if isinstance(source, SourceText):
                yield os.path.relpath(entry.path, root).replace(os.sep, "/"), source.data.decode()
            read += 1
            if read >= _MAX_FILES:
                return


def _folders(root: str, near: str) -> list[str]:
    """The project's folder, the folders in it, and those from it down to the file."""
    inside = [
        entry.path
        for entry in _entries(root)
        if entry.is_dir(follow_symlinks=False) and entry.name not in _LEFT_OUT and not entry.name.startswith(".")
    ]
    folder = os.path.dirname(near)
    way: list[str] = []
    while folder.startswith(root + os.sep) and len(way) < _MAX_FOLDERS:
        way.append(folder)
        folder = os.path.dirname(folder)
    return list(dict.fromkeys([root, *reversed(way), *inside[:_MAX_FOLDERS]]))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
