"""Which JavaScript functions a framework calls, what their parameters are, where they run, what a client sent."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from lint_rules.languages.javascript import placed
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.library import handler_table, types
from lint_rules.project.linked import Project
from lint_rules.project.modules import find_modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText, read_source

EXPRESS_4 = {"dependencies": {"express": "^4.18.2"}}
EXPRESS_5 = {"dependencies": {"express": "^5.0.1"}}


def opened(root: Path, content: str, package: object = None, name: str = "src/service.js") -> JavaScriptFile:
    """The file, in a project with that package.json."""
    (root / "package.json").write_text(json.dumps(package or EXPRESS_4))
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(content))
    modules = find_modules(str(root), [str(path)])
    source = read_source(str(path))
    assert isinstance(source, SourceText)
    return JavaScriptFile(
        source, modules.by_path[str(path)], symbols=Symbols(modules.by_name, types()), modules=modules
    )


def kinds(file: JavaScriptFile) -> dict[str, str]:
    """The handlers of the file: the name of the function, its framework and kind."""
    found = {}
    for scope, handler in file.handlers.all():
        row = scope.node.start_point.row + 1
        found[f"{row}" if scope.is_anonymous else scope.name] = f"{handler.framework.name}: {handler.kind}"
    return found


FASTIFY = {"dependencies": {"fastify": "^5"}}
KOA = {"dependencies": {"koa": "^2", "@koa/router": "^12"}}
HAPI = {"dependencies": {"@hapi/hapi": "^21"}}
NEST = {"dependencies": {"@nestjs/core": "^10", "@nestjs/common": "^10"}}

REGISTERED = {
    "inline": (
        """\
        const express = require('express')
        const app = express()
        app.get('/orders', (req, res) => res.json([]))
        """, EXPRESS_4, {"3": "Express: route"}),
    "middleware before it": (
        """\
        import express, { Router } from 'express'
        const router = Router()
        function authenticate(a, b, c) {}
        router.post('/orders', authenticate, async (first, second) => { second.json(first.body) })
        """, EXPRESS_4, {"authenticate": "Express: route", "4": "Express: route"}),
    "array of middleware by a constant": (
        """\
        const express = require('express')
        const router = express.Router()
        const limit = (a, b, c) => c()
        const audit = (a, b, c) => c()
        const guards = [limit, [audit]]
        router.use(guards)
        """, EXPRESS_4, {"limit": "Express: hook", "audit": "Express: hook"}),
    "error middleware": (
        """\
        const app = require('express')()
        app.use((problem, request, answer, go) => { answer.status(500).end() })
        """, EXPRESS_4, {"2": "Express: error"}),
    "chained routes": (
        """\
        const app = require('express')()
        app.route('/orders').get((a, b) => b.json([])).post((a, b) => b.end())
        """, EXPRESS_4, None),
    "controller object": (
        """\
        const app = require('express')()
        const orders = { list(a, b) { b.json([]) }, create: async (a, b) => { b.end() } }
        app.get('/', orders.list)
        app.post('/', orders.create)
        """, EXPRESS_4, {"orders.list": "Express: route", "orders.create": "Express: route"}),
    "controller class, bound and arrow field": (
        """\
        import { Router } from 'express'
        class Orders {
          list(a, b) { b.json([]) }
          create = async (a, b) => { b.end() }
          total(rows) { return rows.length }
        }
        const orders = new Orders()
        export const router = Router()
        router.get('/', orders.list.bind(orders))
        router.post('/', orders.create)
        """, EXPRESS_4, {"Orders.list": "Express: route", "Orders.create": "Express: route"}),
    "application given to a function": (
        """\
        module.exports = function routes(app) {
          app.get('/health', (a, b) => b.end())
        }
        """, EXPRESS_4, {"2": "Express: route"}),
    "controllers that another file registers": (
        """\
        exports.list = async (req, res) => { res.json([]) }
        exports.guard = function (req, res, next) { next() }
        exports.onError = (err, req, res, next) => { res.status(500).end() }
        exports.total = (rows, rates) => rows.length * rates
        """, EXPRESS_4, {"exports.list": "Express: route", "exports.guard": "Express: hook", "exports.onError": "Express: error"}),
    "fastify plugin and route options": (
        """\
        const fastify = require('fastify')()
        fastify.register(async (instance, options) => {
          instance.get('/', { preHandler: [check], handler: list })
          instance.addHook('onRequest', async (one) => {})
        })
        async function check(one, two) {}
        async function list(one, two) { return [] }
        """, FASTIFY, {"2": "Fastify: plugin", "check": "Fastify: hook", "list": "Fastify: route", "4": "Fastify: hook"}),
    "fastify route objects in another place": (
        """\
        module.exports = [{ method: 'GET', url: '/', handler: async (one) => [] }]
        """, FASTIFY, {"1": "Fastify: route"}),
    "koa": (
        """\
        const Koa = require('koa')
        const Router = require('@koa/router')
        const app = new Koa()
        const router = new Router()
        router.get('/', async (c) => { c.body = [] })
        app.use(async (ctx, next) => { await next() })
        app.use(router.routes())
        """, KOA, {"5": "Koa: route", "6": "Koa: hook"}),
    "hapi": (
        """\
        const Hapi = require('@hapi/hapi')
        const server = Hapi.server({ port: 80 })
        server.route({ method: 'GET', path: '/', options: { pre: [{ method: guard }] }, handler: (one, two) => 'x' })
        server.route([{ method: 'POST', path: '/', handler: create }])
        async function guard(one, two) {}
        async function create(one, two) {}
        """, HAPI, {"3": "Hapi: route", "guard": "Hapi: hook", "create": "Hapi: route"}),
    "socket.io": (
        """\
        const { Server } = require('socket.io')
        const io = new Server(3000)
        io.on('connection', (client) => {
          client.on('order', async (order, reply) => {})
        })
        """, {"dependencies": {"socket.io": "4"}}, {"3": "Socket.IO: socket", "4": "Socket.IO: socket"}),
    "ws": (
        """\
        const { WebSocketServer } = require('ws')
        const server = new WebSocketServer({ port: 80 })
        server.on('connection', (socket, request) => { socket.on('message', (data) => {}) })
        """, {"dependencies": {"ws": "8"}}, None),
    "bare http": (
        """\
        const http = require('node:http')
        http.createServer(answer).listen(80)
        function answer(one, two) { two.end() }
        """, {}, {"answer": "Node http: route"}),
    "timers and listeners": (
        """\
        const { EventEmitter } = require('events')
        const bus = new EventEmitter()
        bus.on('order', () => {})
        setInterval(refresh, 1000)
        function refresh() {}
        unknown.on('data', () => {})
        """, {}, {"3": "the event loop: listener", "refresh": "the event loop: timer", "6": "the event loop: listener"}),
    "scheduled": (
        """\
        import { schedule as every } from 'node-cron'
        every('* * * * *', async () => {})
        """, {}, {"2": "Schedulers: task"}),
    "no handlers": (
        """\
        const cache = new Map()
        const found = cache.get('a', (one) => one)
        const sorted = rows.map((row) => row.id).sort((one, two) => one - two)
        fetch('/x').then((res) => res.json())
        function total(req, rows) { return rows.length }
        contexts.forEach((ctx) => ctx.close())
        """, EXPRESS_4, {"4": "the event loop: continuation"}),
    "a helper that handlers call": (
        """\
        const app = require('express')()
        app.get('/', (req, res) => { render(req, res) })
        function render(req, res) { res.json({}) }
        """, EXPRESS_4, {"2": "Express: route"}),
}  # fmt: skip


@pytest.mark.parametrize("case", REGISTERED)
def test_handlers(case: str, tmp_path: Path) -> None:
    content, package, expected = REGISTERED[case]
    found = kinds(opened(tmp_path, content, package))
    if expected is None:
        assert len([kind for kind in found.values() if kind.endswith(("route", "socket"))]) in (1, 2)
    else:
        assert found == expected


NEST_CONTROLLER = """\
import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common'
import { Response } from 'express'

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':id')
  async show(@Param('id') id: string) { return this.orders.load(id) }

  @Post()
  create(@Body() order: CreateOrder, @Res() res: Response) { res.json(order) }

  total() { return 1 }
}
"""


def test_nest_controllers(tmp_path: Path) -> None:
    file = opened(tmp_path, NEST_CONTROLLER, NEST, "src/orders.controller.ts")
    assert kinds(file) == {"OrdersController.show": "NestJS: route", "OrdersController.create": "NestJS: route"}
    handlers = {scope.name: handler for scope, handler in file.handlers.all()}
    assert handlers["OrdersController.create"].roles == ("data", "response")
    assert handlers["OrdersController.show"].rejections == "handled"


def test_handlers_by_their_type(tmp_path: Path) -> None:
    content = """\
    import { RequestHandler } from 'express'
    export const list: RequestHandler = (first, second) => { yes(first.body); no(second) }
    export const total: Counter = (first, second) => first + second
    """
    file = opened(tmp_path, content, EXPRESS_5, "src/orders.ts")
    assert kinds(file) == {"list": "Express: route"}
    assert judged(file, "yes") == [("first.body", True)]


def test_next_routes_by_the_place_of_the_file(tmp_path: Path) -> None:
    package = {"dependencies": {"next": "14"}}
    pages = opened(tmp_path, "export default async function orders(one, two) {}\n", package, "pages/api/orders.js")
    assert kinds(pages) == {"orders": "Next.js: route"}
    routes = opened(
        tmp_path, "export async function GET(one) {}\nexport function helper() {}\n", package, "app/orders/route.ts"
    )
    assert kinds(routes) == {"GET": "Next.js app routes: route"}


def test_lambda_handlers(tmp_path: Path) -> None:
    file = opened(tmp_path, "exports.handler = async (event) => ({ statusCode: 200, body: event.body })\n", {})
    assert kinds(file) == {"exports.handler": "AWS Lambda: route"}


WRAPPED = """\
const asyncHandler = require('express-async-handler')
const express = require('express')
const app = express()
const wrap = (fn) => (req, res, next) => Promise.resolve(fn(req, res, next)).catch(next)
app.get('/plain', async function plain(req, res) {})
app.get('/wrapped', asyncHandler(async function wrapped(req, res) {}))
app.get('/own', catchAsync(async function own(req, res) {}))
app.get('/unknown', measured(async function unknown(req, res) {}))
const bound = asyncHandler(async (req, res) => {})
app.get('/bound', bound)
"""


def rejections(file: JavaScriptFile) -> dict[str, str]:
    return {scope.name: handler.rejections for scope, handler in file.handlers.all() if not scope.is_anonymous}


def test_rejections_of_express_4_and_5(tmp_path: Path) -> None:
    found = rejections(opened(tmp_path, WRAPPED, EXPRESS_4))
    assert found == {"plain": "lost", "wrapped": "handled", "own": "handled", "unknown": "", "bound": "handled"}
    assert set(rejections(opened(tmp_path, WRAPPED, EXPRESS_5)).values()) == {"handled"}
    patched = {"dependencies": {"express": "^4", "express-async-errors": "3"}}
    assert set(rejections(opened(tmp_path, WRAPPED, patched)).values()) == {"handled"}


LOOP = """\
const express = require('express')
const app = express()
const settings = at_start()

app.get('/', (req, res) => {
  const rows = ids.map((id) => in_map(id))
  load().then((one) => in_then(one))
  res.json(rows)
})
async function load() { in_async() }
async function main() {
  in_main()
  await connect()
  app.listen(3000, () => { when_listening() })
}
async function connect() { called_by_main_alone() }
function plain() { in_plain() }
setInterval(() => { in_timer() }, 1000)
process.on('SIGTERM', () => { at_the_end() })
;(async () => { in_iife() })()
main()
module.exports = { load }
"""


def on_loop(file: JavaScriptFile) -> set[str]:
    names = set()
    for call in file.nodes("call_expression"):
        function = call.child_by_field_name("function")
        if function is not None and function.type == "identifier" and file.on_event_loop(call):
            names.add(file.text(function))
    return names


def test_on_event_loop(tmp_path: Path) -> None:
    assert on_loop(opened(tmp_path, LOOP)) == {"in_map", "load", "in_then", "in_async", "in_timer"}


@pytest.mark.parametrize("name", ["scripts/import.js", "test/orders.test.js", "webpack.config.js", "bin/tool.js"])
def test_tools_and_tests_do_not_serve(name: str, tmp_path: Path) -> None:
    assert on_loop(opened(tmp_path, LOOP, name=name)) == set()


def test_executable_servers_serve(tmp_path: Path) -> None:
    assert on_loop(opened(tmp_path, "#!/usr/bin/env node\n" + LOOP)) == {
        "in_map",
        "load",
        "in_then",
        "in_async",
        "in_timer",
    }
    command = "#!/usr/bin/env node\nasync function main() { work() }\nmain()\nsetInterval(() => { tick() }, 10)\n"
    assert on_loop(opened(tmp_path, command)) == set()


def test_workers_do_not_serve(tmp_path: Path) -> None:
    content = "const { parentPort } = require('worker_threads')\nparentPort.on('message', async () => { heavy() })\n"
    assert on_loop(opened(tmp_path, content)) == set()


DATA = """\
const express = require('express')
const app = express()
app.post('/orders/:id', async (req, res) => {
  const { name, items: [first] } = req.body
  const id = req.params.id
  const { query } = req
  let changed = req.query.q
  changed = 'x'
  const count = Number(req.query.count)
  const user = await users.load(id)
  yes(req.body, name, first, id, query.page, req.get('host'), req.headers['x-key'], name.trim(), name || 'none')
  no(req, res, count, user, user.name, req.app, changed, 'literal', Number(id))
})
"""


def judged(file: JavaScriptFile, name: str) -> list[tuple[str, bool]]:
    for call in file.nodes("call_expression"):
        if file.text(call).startswith(f"{name}("):
            given = call.child_by_field_name("arguments")
            assert given is not None
            return [(file.text(argument), file.reads_request(argument)) for argument in given.named_children]
    raise AssertionError(name)


@pytest.mark.parametrize("package", [EXPRESS_4, EXPRESS_5])
def test_request_data(package: object, tmp_path: Path) -> None:
    file = opened(tmp_path, DATA, package)
    assert [text for text, is_data in judged(file, "yes") if not is_data] == []
    assert [text for text, is_data in judged(file, "no") if is_data] == []


MORE_DATA = {
    "controller": ("exports.create = async ({ body, params: { id } }, res) => { yes(body.name, id)\n no(res) }", EXPRESS_4),
    "koa": ("module.exports = async (ctx, next) => { yes(ctx.request.body, ctx.params.id, ctx.query.q)\n no(ctx.state.user, ctx.app) }", KOA),
    "fastify": ("module.exports = async (request, reply) => { yes(request.body.x, request.params.id)\n no(request.log, reply) }", FASTIFY),
    "hapi": ("module.exports = (request, h) => { yes(request.payload.x, request.params)\n no(request.auth.credentials, h) }", HAPI),
    "socket": (
        "const io = new (require('socket.io').Server)()\n"
        "io.on('connection', (socket) => socket.on('order', (order, reply) => { yes(order, order.id)\n no(socket, socket.id) }))",
        {}),
    "typed": (
        "import { Request, Response } from 'express'\n"
        "export function create(first: Request, second: Response) { yes(first.body)\n no(second, second.locals) }", EXPRESS_4),
}  # fmt: skip


@pytest.mark.parametrize("case", MORE_DATA)
def test_request_data_of_frameworks(case: str, tmp_path: Path) -> None:
    content, package = MORE_DATA[case]
    file = opened(tmp_path, content, package, "src/orders.ts" if case == "typed" else "src/orders.js")
    assert [text for text, is_data in judged(file, "yes") if not is_data] == []
    assert [text for text, is_data in judged(file, "no") if is_data] == []


PROJECT = {
    "package.json": json.dumps(EXPRESS_4),
    "src/app.js": """\
        const express = require('express')
        const orders = require('./routes/orders')
        exports.app = express()
        exports.app.use('/orders', orders)
        """,
    "src/more.js": """\
        const { app } = require('./app')
        const { Reports } = require('./reports')
        const reports = new Reports()
        app.get('/reports', reports.list.bind(reports))
        app.get('/total', total)
        function total(a, b) { b.end() }
        """,
    "src/routes/orders.js": """\
        const router = require('express').Router()
        const controller = require('../controllers')
        const guards = [controller.guard]
        router.get('/', guards, wrap(controller.list))
        router.use(controller.failed)
        module.exports = router
        """,
    "src/controllers/index.js": """\
        exports.list = function (first, second) { second.json([]) }
        exports.guard = (first, second, third) => third()
        exports.failed = (problem, first, second, third) => second.status(500).end()
        exports.unused = (first, second) => first + second
        """,
    "src/reports.ts": """\
        export class Reports {
          list(a, b) { b.json([]) }
          total(rows) { return rows.length }
        }
        """,
}


def linked(root: Path) -> Project:
    """The project, with the facts of all its files."""
    paths = []
    for name, content in PROJECT.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))
        if path.suffix != ".json":
            paths.append(path)
    modules = find_modules(str(root), [str(path) for path in paths])
    symbols = Symbols(modules.by_name, types())
    for path in paths:
        source = read_source(str(path))
        assert isinstance(source, SourceText)
        symbols.add(
            JavaScriptFile(
                source, modules.by_path[str(path)], symbols=Symbols(modules.by_name, types()), modules=modules
            ).facts()
        )
    return Project(str(root), symbols, handler_table=handler_table(), language="javascript")


def test_handlers_that_other_files_register(tmp_path: Path) -> None:
    project = linked(tmp_path)
    found = {}
    for reference in project.functions():
        handler = project.handlers.of(reference)
        if handler is not None:
            assert project.on_loop(reference)
            found[reference.function.name] = (handler.kind, project.handlers.is_foreign(reference))
    assert found == {
        "exports.list": ("route", True), "exports.guard": ("route", True), "exports.failed": ("error", True),
        "Reports.list": ("route", True), "total": ("route", False),
    }  # fmt: skip


def test_roles(tmp_path: Path) -> None:
    content = """\
    const app = require('express')()
    app.get('/', (question, answer, go) => {
      const out = answer
      setTimeout(() => { first(question, answer, out, go, app) }, 10)
    })
    """
    file = opened(tmp_path, content)
    call = next(one for one in file.nodes("call_expression") if file.text(one).startswith("first("))
    given = call.child_by_field_name("arguments")
    assert given is not None
    assert [file.request.role(one) for one in given.named_children] == ["request", "response", "response", "next", ""]
    route = next(scope for scope, handler in file.handlers.all() if handler.kind == "route")
    assert file.request.response_of(route) == "answer"
    parameter = file.request.parameter(route, "next")
    assert parameter is not None and file.text(parameter) == "go"
    around = file.request.handler_around(call)
    assert around is not None and around[0] is route
    assert file.canonical(given.named_children[1]) == "express.Response"


def test_the_directive_of_a_module_stands_behind_any_comments() -> None:
    comments = b"/* one * two */ // three\n" * 2_000  # time that doubles with each of them would never end
    assert placed.begins_with(comments + b"'use server'", "use server")
    assert not placed.begins_with(comments + b"/* 'use server'", "use server")
    assert not placed.begins_with(comments + b"f(); 'use server'", "use server")
