"""Server in a single process.

What it finds: a call that starts to serve (`uvicorn.run`, `web.run_app`, `app.run`, `serve_forever`) in one process,
when neither the call nor a deployment file beside the project (Procfile, Dockerfile, compose file, gunicorn
configuration, unit file, Kubernetes manifest) starts several workers or containers.

Why it matters: one process uses one core, however many the machine has. Whatever holds it up (a blocking call, a long
computation, a restart) holds up every client.

Bad (python):

    import uvicorn

    if __name__ == "__main__":
        uvicorn.run("shop.api:app", host="0.0.0.0", port=8000)

Good (python):

    import uvicorn

    if __name__ == "__main__":
        uvicorn.run("shop.api:app", host="0.0.0.0", port=8000, workers=4)

Bad (javascript):

    import express from "express";

    const app = express();

    app.listen(process.env.PORT);

Good (javascript):

    import cluster from "node:cluster";
    import { availableParallelism } from "node:os";
    import express from "express";

    if (cluster.isPrimary) {
      for (let count = 0; count < availableParallelism(); count += 1) cluster.fork();
    } else {
      const app = express();
      app.listen(process.env.PORT);
    }

How to fix it: tell the server to start workers, run it under a process manager such as gunicorn, or run several
containers of it. In JavaScript, use `node:cluster`, PM2 (`instances` in its ecosystem file), or several containers.

Not seen: what starts the process from outside of the repository; a call that gets its settings as `**options` or that
has `reload=`, which is for development, is left alone, and so is a server whose name says that it is for health checks,
metrics, logs or development, and one that stands neither at module level nor in a `main`, `run`, `start` or `serve`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.javascript.library import handler_table as javascript_handler_table
from lint_rules.languages.python.library import ENTRY_WORDS, handler_table
from lint_rules.model import INFO, LOW, Finding, Rule
from lint_rules.project.deployment import starts_several
from lint_rules.project.node_names import shown
from lint_rules.project.servers import ServerEntry, server_entries

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0108",
    "single-process-server",
    severity=INFO,
    summary="A server listens in one process, and nothing starts more of them",
    default=False,
    in_tests=False,
    confidence=LOW,
)

_STARTS_PROGRAM = re.compile(r"<module>|(?:main|run|start|serve|launch|cli)(?:_(?:app|server|service|api|with.*))?")
# Parts of the names of servers that are no services: for probes, logs, browsers that come back once, developers.
_BESIDE = re.compile(r"health|status|probe|metric|callback|login|debug|_dev|dev_|mock|fake|_logs?\b", re.IGNORECASE)

_FORKS = re.compile(
    r"^cluster\.(?:\w+\.)?(?:fork|setupPrimary|setupMaster)|^throng$|^@socket\u2024io/sticky|^cluster\."
)
_BY_HAND = re.compile(r"(?:^|/)(?:scripts?|tools?|bin|examples?|demo|cli)/|\.config\.")
JAVASCRIPT_ENTRY_WORDS = (
    b".listen(",
    b".start(",
    b"WebSocketServer(",
    b".attach(",
    b"startAllMicroservices(",
    b"cluster",
)


@RULE.project(words=ENTRY_WORDS)
def check_project(project: Project) -> Iterator[Finding]:
    for entry in server_entries(project, handler_table()):
        path = entry.function.module.path
        if entry.sets_workers or _is_one_by_choice(entry) or starts_several(project.root, path):
            continue
        keyword = entry.worker_argument
        advice = f"set `{keyword}=`" if keyword else "start several"
        yield RULE.finding(
            path,
            entry.call.span,
            f"`{entry.name}` serves from a single process; {advice}, use a process manager or run several containers",
            f"{advice}, run the server under a process manager such as gunicorn, or run several containers",
            symbol=entry.function.function.name,
        )


@RULE.project(words=JAVASCRIPT_ENTRY_WORDS, languages=("javascript",))
def check_javascript_project(project: Project) -> Iterator[Finding]:
    """The same for Node, where nothing in the call tells: `cluster`, PM2 or containers start more processes."""
    if any(_FORKS.search(call.target) for one in project.functions() for call in one.function.calls):
        return
    for entry in server_entries(project, javascript_handler_table()):
        path = entry.function.module.path
        is_beside = _BESIDE.search(os.path.basename(path)) is not None
        if is_beside or _is_run_by_hand(path) or starts_several(project.root, path):
            continue
        yield RULE.finding(
            path,
            entry.call.span,
            f"`{shown(entry.name)}` serves from a single process; use `node:cluster`, PM2 or several containers",
            "fork workers with `node:cluster`, set `instances` in PM2's ecosystem file, or run several containers",
            symbol=entry.function.function.name,
        )


def _is_run_by_hand(path: str) -> bool:
    return _BY_HAND.search(path) is not None


def _is_one_by_choice(entry: ServerEntry) -> bool:
    """Whether the server is a part of a program (a health check), or the caller says how many workers there are."""
    function = entry.function.function
    if not _STARTS_PROGRAM.fullmatch(function.name.rpartition(".")[2]):
        return True
    is_beside = _BESIDE.search(f"{os.path.basename(entry.function.module.path)} {function.name}") is not None
    return is_beside or any("worker" in parameter or "process" in parameter for parameter in function.parameters)
