"""Server without a global error handler.

What it finds: a call that starts to serve (`uvicorn.run`, `web.run_app`, `serve_forever`), in a project that has no
error handler, no middleware, no `sys.excepthook` and no `loop.set_exception_handler`, and no deployment file beside it
that starts a process again when it has ended. In JavaScript `app.listen` and the like without error middleware or hook,
and without a listener of `uncaughtException` or `unhandledRejection`.

Why it matters: an error that nobody expected is answered by the framework's default, without a line in your logs that
names the request, and an error outside of requests ends the process for good.

Bad (python):

    from aiohttp import web

    app = web.Application()

    if __name__ == "__main__":
        web.run_app(app)

Good (python):

    import logging
    from aiohttp import web

    @web.middleware
    async def report_errors(request, handler):
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception:
            logging.exception("cannot answer %s", request.path)
            return web.json_response({"error": "internal error"}, status=500)

    app = web.Application(middlewares=[report_errors])

    if __name__ == "__main__":
        web.run_app(app)

Bad (javascript):

    const express = require("express");

    const app = express();
    app.get("/health", (req, res) => res.send("ok"));
    app.listen(3000);

Good (javascript):

    const express = require("express");

    const app = express();
    app.get("/health", (req, res) => res.send("ok"));
    app.use((error, req, res, next) => {
      console.error("cannot answer %s", req.path, error);
      res.status(500).json({ error: "internal error" });
    });
    app.listen(3000);

How to fix it: register one handler for all errors that logs them with their request and answers in your own form, and
have the process restarted by what starts it (a unit file, a container's restart policy, a supervisor).

Not seen: what starts the process from outside of the repository; whether the handlers there are cover every error.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lint_rules.languages.javascript import library as javascript_library
from lint_rules.languages.javascript.library import js_name
from lint_rules.languages.python.library import ENTRY_WORDS, HOOK_WORDS, handler_table
from lint_rules.languages.tables import read_table
from lint_rules.model import INFO, LOW, Finding, Rule
from lint_rules.project.deployment import restarts
from lint_rules.project.facts import MODULE_BODY
from lint_rules.project.servers import has_error_hook, server_entries

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0214",
    "no-global-handler",
    severity=INFO,
    summary="A server starts without a handler for uncaught errors and without a supervisor",
    default=False,
    in_tests=False,
    confidence=LOW,
)


@RULE.project(words=(*ENTRY_WORDS, *HOOK_WORDS))
def check_project(project: Project) -> Iterator[Finding]:
    table = handler_table()
    if has_error_hook(project, table):
        return
    for entry in server_entries(project, table):
        path = entry.function.module.path
        if restarts(project.root, path):
            continue
        decorators = entry.framework["error_decorators"]
        handler = f"an error handler (`{decorators[0]}`)" if decorators else "an error handler"
        yield RULE.finding(
            path,
            entry.call.span,
            f"`{entry.name}` serves without a handler for uncaught errors; register {handler} and a supervisor",
            f"register {handler} that logs what nothing else caught, and have the process restarted when it ends",
            symbol=entry.function.function.name,
        )


FRAMEWORKS = Path(javascript_library.__file__).parent / "frameworks.toml"
_JAVASCRIPT_WORDS = (
    b".listen", b"listen(", b".start(", b"uncaughtException", b"unhandledRejection", b"setErrorHandler",
    b"onPreResponse", b"ExceptionFilter", b"Sentry", b"(err,", b"(error,", b"next)",
)  # fmt: skip


@RULE.project(words=_JAVASCRIPT_WORDS, languages=("javascript",))
def check_javascript(project: Project) -> Iterator[Finding]:
    table = javascript_library.handler_table()
    if _handles_errors(project):
        return
    for entry in server_entries(project, table):
        path = entry.function.module.path
        if restarts(project.root, path):
            continue
        name = entry.name.rpartition(".")[2]
        yield RULE.finding(
            path,
            entry.call.span,
            f"`{name}` of {entry.framework.name} serves without a handler for uncaught errors; register an "
            "error handler and a supervisor",
            "register a handler that logs what nothing else caught, and have the process restarted when it ends",
            symbol=entry.function.function.name.removeprefix(MODULE_BODY),
        )


def _handles_errors(project: Project) -> bool:
    """Whether a known file handles errors of requests, or listens to those of the process."""
    hooks = _error_hooks()
    last_names = {name.rpartition(".")[2] for name in hooks}
    for function in project.functions():
        handler = project.handlers.of(function)
        if handler is not None and handler.kind == "error":
            return True
        for call in function.function.calls:
            if call.target.rpartition(".")[2] not in last_names:
                continue
            name = project.symbols.canonical(call.target)
            events = next((hooks[one] for one in project.symbols.types.lineage(name) if one in hooks), None)
            if events is None:
                continue
            written = next((one[2:] for one in call.literals if one.startswith("0=")), None)
            if not events or written is None or written in events:
                return True
    return False


@lru_cache(maxsize=1)
def _error_hooks() -> dict[str, frozenset[str]]:
    """Calls that see errors nothing caught, and the events for which they do (none: any)."""
    rows = [*read_table(FRAMEWORKS)["error_hooks"]["calls"]]
    for framework in read_table(FRAMEWORKS)["framework"]:
        rows.extend(framework.get("error_hooks", ()))
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        name = js_name(row["call"])
        found[name] = found.get(name, frozenset()) | frozenset(row.get("events", ()))
    return found
