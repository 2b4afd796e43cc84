"""SQL injection.

What it finds: data that a client sent becomes part of the text of an SQL query: in drivers (pg, mysql, mysql2, mssql,
sqlite), query builders (`knex.raw`, `whereRaw`), mappers (`sequelize.query`, `literal`, TypeORM's `query` and `where`,
`$queryRawUnsafe`), in Python's drivers, SQLAlchemy (`text`), Django (`raw`, `extra`) and peewee, and wherever a text
with the words of a query is given to `query`, `execute` or the like. The data is followed through names, strings,
conditions and the functions of the project, over any number of files.

Why it matters: a client that sends `' OR 1=1 --` reads every row, one that sends `'; DROP TABLE ...` leaves none.

Bad (python):

    import sqlite3

    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/orders")
    def orders():
        customer = request.args["customer"]
        connection = sqlite3.connect("shop.db")
        return connection.execute(f"SELECT id FROM orders WHERE customer = '{customer}'").fetchall()

Good (python):

    import sqlite3

    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/orders")
    def orders():
        customer = request.args["customer"]
        connection = sqlite3.connect("shop.db")
        return connection.execute("SELECT id FROM orders WHERE customer = ?", (customer,)).fetchall()

Bad (javascript):

    const express = require("express");
    const { Pool } = require("pg");

    const app = express();
    const pool = new Pool();

    app.get("/users/:id", async (req, res) => {
      const found = await pool.query(`SELECT * FROM users WHERE id = '${req.params.id}'`);
      res.json(found.rows);
    });

Good (javascript):

    const express = require("express");
    const { Pool } = require("pg");

    const app = express();
    const pool = new Pool();

    app.get("/users/:id", async (req, res) => {
      const found = await pool.query("SELECT * FROM users WHERE id = $1", [req.params.id]);
      res.json(found.rows);
    });

How to fix it: pass values as parameters (`$1`, `?`, `:name`); names of columns and directions cannot be parameters,
choose them from a fixed list. The tool rewrites queries of
pg, mysql and sqlite3, and of the drivers of Python, whose slots are whole values.

A query of Python that is put together of a function's parameter, where no caller of the function is in the project, is
reported as a warning: what comes in there nobody sees.

Not seen: data that goes through a database, a queue or attributes of objects on its way; queries put together by
libraries that are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lint_rules.families.e07_security import taint_javascript  # noqa: F401 (takes the notes)
from lint_rules.families.e07_security.circumstances import is_for_show_path
from lint_rules.families.e07_security.flows_javascript import FLOWS, WORDS
from lint_rules.families.e07_security.injections_python import DATA_FLOWS, injections
from lint_rules.families.e07_security.injections_python import WORDS as PYTHON_WORDS
from lint_rules.families.e07_security.linking_javascript import findings
from lint_rules.families.e07_security.parameters_python import is_run_as_sql, parameters_fix
from lint_rules.families.e07_security.queries_python import QUERIES
from lint_rules.families.e07_security.queries_python import WORDS as QUERY_WORDS
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.model import ERROR, MEDIUM, UNSAFE, WARNING, Finding, Rule
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.families.e07_security.queries_python import BuiltQuery
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0701",
    "sql-injection",
    severity=ERROR,
    summary="Data of a client becomes part of an SQL query",
    in_tests=False,
    fix=UNSAFE,
    references=references("TEN0701"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=(*PYTHON_WORDS, *QUERY_WORDS), notes=(DATA_FLOWS, QUERIES))
def check_python(project: Project) -> Iterator[Finding]:
    built = {(module.path, query.span): (module, query) for module, found in project.notes(QUERIES) for query in found}
    seen = set()
    for finding in injections(RULE, project):
        known = built.get((finding.path, finding.span))
        seen.add((finding.path, finding.span))
        yield replace(finding, fix=parameters_fix(known[1], project)) if known is not None else finding
    called: set[str] | None = None
    for (path, span), (module, query) in built.items():
        if not query.slot or (path, span) in seen or is_for_show_path(path, project.root):
            continue
        if called is None:
            called = {call.target.rpartition(".")[2] for one in project.functions() for call in one.function.calls}
        function = module.functions.get(query.function)
        name = query.function.rpartition(".")[2]
        if name not in project.asked_words and is_run_as_sql(query, project):
            project.asked_words.add(name)  # its callers may stand in files that are not known yet
        is_told = name in called  # by its callers, whose data is followed
        is_handler = function is not None and project.handlers.of(Reference(module, function)) is not None
        if not is_told and not is_handler and is_run_as_sql(query, project):
            yield _untraced(module, query, project)


def _untraced(module: ModuleFacts, query: BuiltQuery, project: Project) -> Finding:
    """A query put together of what the function is given, wherever that comes from."""
    slot = query.slot.replace("`", "'")
    finding = RULE.finding(
        module.path,
        query.span,
        f"`{slot[:50]}` becomes part of the SQL of `{query.written}`, whatever callers give; pass it as a parameter "
        "beside the SQL",
        "Pass it as a parameter beside the SQL",
        symbol=query.function,
        fix=parameters_fix(query, project),
        severity=WARNING,
    )
    return replace(finding, confidence=MEDIUM)
