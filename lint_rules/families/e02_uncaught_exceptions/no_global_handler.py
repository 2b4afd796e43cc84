"""Server without a global error handler.

What it finds: a call that starts to serve (`uvicorn.run`, `web.run_app`, `serve_forever`), in a project that has no
error handler, no middleware, no `sys.excepthook` and no `loop.set_exception_handler`, and no deployment file beside it
that starts a process again when it has ended.

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

How to fix it: register one handler for all errors that logs them with their request and answers in your own form, and
have the process restarted by what starts it (a unit file, a container's restart policy, a supervisor).

Not seen: what starts the process from outside of the repository; whether the handlers there are cover every error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.python.library import ENTRY_WORDS, HOOK_WORDS, handler_table
from lint_rules.model import INFO, LOW, Finding, Rule
from lint_rules.project.deployment import restarts
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
