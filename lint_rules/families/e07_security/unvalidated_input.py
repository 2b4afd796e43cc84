"""Request bodies are stored as they come.

What it finds: a handler that stores fields of a request's body, or passes them on to a part of the service that does,
while nothing between says what they may be: no schema (joi, zod, celebrate, express-validator, ajv, yup,
class-validator, a Fastify or Hapi schema; pydantic, marshmallow, DRF serializers, Django forms) in the handler, in
front of it or in what it calls, and no question of its own about the field. One finding a handler.

Why it matters: sooner or later the field is missing, an object, or a megabyte long. Then the query fails far from its
cause, or it does not and the rest of the service meets a record that nobody has thought of.

Bad (python):

    from flask import Flask, request

    from shop.models import Product, session

    app = Flask(__name__)

    @app.post("/products")
    def add_product():
        body = request.get_json()
        product = Product(name=body["name"], price=body["price"])
        session.add(product)
        return {"id": product.id}

Good (python):

    from flask import Flask, request
    from pydantic import BaseModel

    from shop.models import Product, session

    app = Flask(__name__)

    class NewProduct(BaseModel):
        name: str
        price: int

    @app.post("/products")
    def add_product():
        body = NewProduct.model_validate(request.get_json())
        product = Product(name=body.name, price=body.price)
        session.add(product)
        return {"id": product.id}

Bad (javascript):

    const express = require("express");
    const { Product } = require("./models");

    const app = express();
    app.use(express.json());

    app.post("/products", async (req, res) => {
      const { name, price } = req.body;
      const product = await Product.create({ name, price });
      res.status(201).json(product);
    });

Good (javascript):

    const express = require("express");
    const { z } = require("zod");
    const { Product } = require("./models");

    const app = express();
    app.use(express.json());

    const NewProduct = z.object({ name: z.string(), price: z.number().int() });

    app.post("/products", async (req, res) => {
      const { name, price } = NewProduct.parse(req.body);
      const product = await Product.create({ name, price });
      res.status(201).json(product);
    });

How to fix it: describe the body in a schema and pass on what the schema gives back; by the framework where it has a
place for it (`schema` of Fastify, `validate` of Hapi, `ValidationPipe` of Nest, the parameters of FastAPI, serializers
of DRF).

Not seen: what lies behind more than one function of the project; whether a schema is a good one. Models that validate
by themselves (Mongoose) do so after the data has gone through the service, and do not count; classes of the project
whose module validates do. What is cast to `any` is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e07_security import validation_javascript, validation_python  # noqa: F401 (take the notes)
from lint_rules.families.e07_security.validation import (
    APPLICATION,
    BODIES,
    EVERYWHERE,
    GUARDED,
    USE,
    VALIDATES,
    BodyNote,
)
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0709",
    "unvalidated-input",
    severity=WARNING,
    summary="A handler stores fields of the body that nothing has validated",
    in_tests=False,
    references=references("TEN0709"),
)

_WORDS = (
    b".body", b"body }", b"body,", b"body:", b".payload", b".json()", b"@Body", b"@MessageBody", b"JSON.parse(",
    b".get_json(", b"request.json", b"request.form", b"request.POST", b"request.data", b"json.loads(",
    b"await request.", b"get_body_argument", b"data: dict", b"data: Dict", b"body: dict", b"payload: dict",
)  # fmt: skip
_GUARDS = ("valid", "Valid", "schema", "Schema", "celebrate", "NestFactory", "Pipe")
_SHOWN = 3
_SCHEMAS = ("pydantic.", "msgspec.Struct", "marshmallow.", "rest_framework.serializers.", "django.forms.", "wtforms.")
_SETTING = re.compile(r"set[A-Z]")
"""Methods of unknown objects that set one thing, which mostly ask whether it is in order."""


@RULE.project(words=_WORDS, languages=("python", "javascript"), notes=(BODIES,))
def check_project(project: Project) -> Iterator[Finding]:
    notes = [(module, note) for module, found in project.notes(BODIES) for note in found]
    uses = [(module, note) for module, note in notes if note.kind == USE]
    if not uses:
        return
    project.asked_words.update(_GUARDS if project.language == "javascript" else ())
    if any(note.kind == EVERYWHERE for _, note in notes):
        uses = [] if project.language != "javascript" else [one for one in uses if not one[1].is_typed]
    if not any(note.kind == APPLICATION for _, note in notes):
        uses = [one for one in uses if not one[1].is_typed]
    guarded = {_name(project, note.symbol) for _, note in notes if note.kind == GUARDED}
    validating = {_name(project, note.symbol) for _, note in notes if note.kind == VALIDATES}
    seen: set[str] = set()
    for module, note in uses:
        place = f"{module.module}:{note.symbol}"
        if place in seen or _name(project, note.symbol) in guarded:
            continue
        if note.callee and _is_schema(project, note.callee):
            seen.add(place)
            continue
        if note.callee and not _is_open(project, note, validating):
            if note.called.startswith("new "):
                seen.add(place)  # what the entity has validated goes on
            continue
        seen.add(place)
        yield _finding(module, note)


def _name(project: Project, symbol: str) -> str:
    reference = project.symbols.function(symbol)
    return reference.name if reference is not None else project.symbols.canonical(symbol)


def _is_open(project: Project, note: BodyNote, validating: set[str]) -> bool:
    """Whether the data also goes on where it is passed to: nothing in that function of the project validates."""
    reference = project.symbols.function(note.callee)
    if note.called.startswith("new "):
        return not _validates_later(project, note, validating)
    if reference is None:
        return note.is_store and _SETTING.match(note.callee.rpartition(".")[2]) is None
    if reference.name in validating:
        return False
    owner, _, name = reference.name.rpartition(".")
    is_method = project.symbols.class_(owner) is not None
    return not is_method or not any(other.endswith(f".{name}") for other in validating)  # one of a derived class


def _is_schema(project: Project, callee: str) -> bool:
    """Whether an instance is made of a class that validates what it is made of: `NewOrder(**request.get_json())`."""
    return project.symbols.class_(callee) is not None and any(
        base.startswith(_SCHEMAS) for base in project.symbols.ancestors(callee)[1:]
    )


def _validates_later(project: Project, note: BodyNote, validating: set[str]) -> bool:
    """Whether what is made is an entity of the project, in whose module something validates: before it is saved."""
    reference, found = project.symbols.function(note.callee), project.symbols.class_(note.callee)
    module = reference.module.module if reference is not None else found[0].module if found is not None else ""
    return bool(module) and any(name.startswith(f"{module}.") for name in validating)


def _finding(module: ModuleFacts, note: BodyNote) -> Finding:
    fields = [f"`{name}`" for name in note.fields if name != "*"][:_SHOWN]
    fields += ["..."] if len(note.fields) > _SHOWN else []
    what = f"{', '.join(fields)} of the body" if fields else "the request's body"
    verb = "go" if len(note.fields) > 1 else "goes"
    called = " ".join(note.called.split())[:60].replace("`", "'")
    assert note.span is not None
    return RULE.finding(
        module.path,
        note.span,
        f"{what} {verb} to `{called}` as sent by the client; validate the body with a schema first",
        "describe the body in a schema, answer what does not match with status 400, pass on what the schema gives back",
        symbol=note.symbol.removeprefix(module.module + "."),
    )
