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
pg, mysql and sqlite3 whose slots are whole values.

Not seen: data that goes through a database, a queue or attributes of objects on its way; queries put together by
libraries that are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e07_security import taint_javascript  # noqa: F401 (takes the notes)
from lint_rules.families.e07_security.flows_javascript import FLOWS, WORDS
from lint_rules.families.e07_security.injections_python import DATA_FLOWS, injections
from lint_rules.families.e07_security.injections_python import WORDS as PYTHON_WORDS
from lint_rules.families.e07_security.linking_javascript import findings
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.model import ERROR, UNSAFE, Finding, Rule

if TYPE_CHECKING:
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


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
