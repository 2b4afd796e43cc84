"""Sessions in the memory of one process.

What it finds: in JavaScript, `express-session`, `koa-generic-session` and `@fastify/session` without a `store`, or with
`MemoryStore`. In Python, in-memory stores of starsessions, Sanic, fastapi-sessions and Litestar; Django's sessions in a
cache that is `LocMemCache`; Flask-Session on cachelib's `SimpleCache`. With the option `rate-limiters`, also rate
limiters that count in memory: `express-rate-limit`, `@fastify/rate-limit`, flask-limiter, slowapi.

Why it matters: the default store of express-session says so itself: it leaks memory under most conditions, and is meant
for development. Each visitor adds a session, robots included. Users are logged out by each restart, and by each request
that another process answers.

Bad (python):

    SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

Good (python):

    SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

Bad (javascript):

    const express = require("express");
    const session = require("express-session");

    const app = express();
    app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));

Good (javascript):

    const express = require("express");
    const session = require("express-session");
    const { RedisStore } = require("connect-redis");
    const { redis } = require("./redis");

    const app = express();
    app.use(session({
      store: new RedisStore({ client: redis }),
      secret: process.env.SESSION_SECRET,
      resave: false,
      saveUninitialized: false,
    }));

How to fix it: keep sessions in Redis or a database, or in a signed cookie where they are small.

Not seen: options that another file builds; settings that are put together of several files. Code under a condition on
the environment (`NODE_ENV`, `DEBUG`) and settings for development are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e04_leaks import stores
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Option, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0409",
    "memory-session-store",
    severity=WARNING,
    summary="Sessions are kept in the memory of one process, without a limit",
    in_tests=False,
    options=(Option("rate-limiters", False, "Report rate limiters that count in memory, too"),),
    references={
        "express-session: compatible session stores": "https://github.com/expressjs/session#compatible-session-stores"
    },
)

_WHY = "sessions in memory are lost with each restart, are not there for other processes, and pile up"


@RULE.files(WholeFile(stores.may_store), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for kept in stores.in_javascript(file, file.option(RULE.name, "rate-limiters", False)):
        yield RULE.at(
            file,
            kept.place,
            f"`{kept.shown}` keeps {kept.row['what']} in the memory of this process; use a shared store",
            f"use {kept.row['instead']}; {_WHY}",
        )


@RULE.files(WholeFile(stores.IN_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for kept in stores.in_python(file, file.option(RULE.name, "rate-limiters", False)):
        yield RULE.at(
            file,
            kept.place,
            f"`{kept.shown}` keeps {kept.row['what']} in the memory of this process; use a shared store",
            f"use {kept.row['instead']}; {_WHY}",
        )
