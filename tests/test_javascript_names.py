"""What expressions of JavaScript and TypeScript denote: one file, many files, and the project's own classes."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import CALL_KINDS, callee
from lint_rules.languages.javascript.library import js_name, types
from lint_rules.project.calls import CallGraph
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.modules import Modules, find_modules
from lint_rules.project.node_names import shown
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText, read_source


def load(path: Path, modules: Modules, symbols: Symbols) -> JavaScriptFile:
    source = read_source(str(path))
    assert isinstance(source, SourceText)
    return JavaScriptFile(source, modules.by_path[str(path)], symbols=symbols, modules=modules)


def write_project(root: Path, files: dict[str, str]) -> tuple[list[Path], Modules, Symbols]:
    paths = []
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))
        if path.suffix != ".json":
            paths.append(path)
    modules = find_modules(str(root), [str(path) for path in paths])
    return paths, modules, Symbols(modules.by_name, types())


def last_call(root: Path, files: dict[str, str]) -> str:
    """The canonical name, as it is shown, of what the last call in the last file calls; all other files are known."""
    paths, modules, symbols = write_project(root, files)
    for path in paths[:-1]:
        symbols.add(load(path, modules, symbols).facts())
    file = load(paths[-1], modules, symbols)
    call = max(file.index.of_kinds(CALL_KINDS), key=lambda one: (one.start_point.row, one.end_byte))
    function = callee(call)
    assert function is not None
    return shown(file.canonical(function))


ONE_FILE = {
    "require": ("const fs = require('fs')\nfs.readFileSync(1)", "fs.readFileSync"),
    "require with node:": ("const fs = require('node:fs')\nfs.readFileSync(1)", "fs.readFileSync"),
    "require on the spot": ("require('fs').readFileSync(1)", "fs.readFileSync"),
    "require of a member": ("const read = require('fs').readFileSync\nread(1)", "fs.readFileSync"),
    "require taken apart": ("const { readFileSync } = require('fs')\nreadFileSync(1)", "fs.readFileSync"),
    "require taken apart with another name": ("const { readFileSync: read } = require('fs')\nread(1)", "fs.readFileSync"),
    "require taken apart twice": ("const { promises: { readFile } } = require('fs')\nreadFile(1)", "fs/promises.readFile"),
    "promises of a module": ("const fs = require('fs').promises\nfs.readFile(1)", "fs/promises.readFile"),
    "require in a function": ("function load() {\n  const fs = require('fs')\n  fs.readFileSync(1)\n}", "fs.readFileSync"),
    "own require": ("function require(name) {}\nconst fs = require('fs')\nfs.readFileSync(1)", "service.js.require().readFileSync"),
    "created require": (
        "import { createRequire } from 'module'\nconst require = createRequire(import.meta.url)\nrequire('fs').readFileSync(1)",
        "fs.readFileSync"),
    "scoped package": ("const { PrismaClient } = require('@prisma/client')\nnew PrismaClient()", "@prisma/client.PrismaClient"),
    "package with a dot": ("const { Server } = require('socket.io')\nnew Server()", "socket.io.Server"),
    "default import": ("import express from 'express'\nexpress()", "express"),
    "named import": ("import { readFileSync } from 'node:fs'\nreadFileSync(1)", "fs.readFileSync"),
    "named import as": ("import { readFileSync as read } from 'fs'\nread(1)", "fs.readFileSync"),
    "default by name": ("import { default as express } from 'express'\nexpress()", "express"),
    "namespace import": ("import * as fs from 'fs'\nfs.readFileSync(1)", "fs.readFileSync"),
    "default and named": ("import fs, { readFileSync } from 'fs'\nfs.writeFileSync(readFileSync(1))", "fs.writeFileSync"),
    "dynamic import": ("async function f() {\n  const fs = await import('fs')\n  fs.readFileSync(1)\n}", "fs.readFileSync"),
    "dynamic import taken apart": ("const { readFileSync } = await import('fs')\nreadFileSync(1)", "fs.readFileSync"),
    "default of a dynamic import": ("const { default: express } = await import('express')\nexpress()", "express"),
    "compiled by Babel": (
        "var _fs = _interopRequireDefault(require('fs'));\n(0, _fs.default.readFileSync)(1)", "fs.readFileSync"),
    "compiled by TypeScript": ("const fs_1 = __importStar(require('fs'));\n(0, fs_1.readFileSync)(1)", "fs.readFileSync"),
    "alias": ("const fs = require('fs')\nconst read = fs.readFileSync\nread(1)", "fs.readFileSync"),
    "member by a string": ("const fs = require('fs')\nfs['readFileSync'](1)", "fs.readFileSync"),
    "optional chain": ("const fs = require('fs')\nfs?.readFileSync?.(1)", "fs.readFileSync"),
    "parentheses": ("const fs = require('fs')\n;(fs).readFileSync(1)", "fs.readFileSync"),
    "global": ("JSON.parse('{}')", "globalThis.JSON.parse"),
    "global by globalThis": ("globalThis.JSON.parse('{}')", "globalThis.JSON.parse"),
    "global function": ("setTimeout(f, 1)", "globalThis.setTimeout"),
    "shadowed global": ("function f(JSON) {\n  JSON.parse('{}')\n}", "service.js.f.<parameter>JSON.parse"),
    "shadowed in a block": ("const fs = require('fs')\n{\n  const fs = other\n}\nfs.readFileSync(1)", "fs.readFileSync"),
    "shadowed by a catch": ("const fs = require('fs')\ntry {} catch (fs) {\n  fs.readFileSync(1)\n}", ""),
    "let is of its block": ("const fs = require('fs')\nif (x) {\n  let fs = wrap()\n  fs.readFileSync(1)\n}", ""),
    "var is of its function": ("function f() {\n  if (x) { var fs = require('fs') }\n  fs.readFileSync(1)\n}", "fs.readFileSync"),
    "unknown": ("function f(list) {\n  for (const item of list) item.get(1)\n}", "service.js.f.<parameter>list.<item>.get"),
    "undeclared": ("cache.get(1)", ""),
    "instance": ("const { Pool } = require('pg')\nconst pool = new Pool()\npool.query('x')", "pg.Pool.query"),
    "instance of a namespace": ("import pg from 'pg'\nconst pool = new pg.Pool()\npool.query('x')", "pg.Pool.query"),
    "instance on the spot": ("const { Pool } = require('pg')\nnew Pool().query('x')", "pg.Pool.query"),
    "app": ("const express = require('express')\nconst app = express()\napp.get('/')", "express.Application.get"),
    "router": ("const router = require('express').Router()\nrouter.get('/')", "express.Router.get"),
    "awaited value": (
        "const { Pool } = require('pg')\nasync function f() {\n  const client = await new Pool().connect()\n  client.release()\n}",
        "pg.PoolClient.release"),
    "assigned later": (
        "const express = require('express')\nlet app\nfunction start() {\n  app = express()\n}\nfunction stop() {\n  app.get('/')\n}",
        "express.Application.get"),
    "last assignment before the use": (
        "function f(fs) {\n  let read = fs\n  read = require('fs').readFileSync\n  read(1)\n}", "fs.readFileSync"),
    "default of an option": ("const fs = require('fs')\nfunction f(x) {\n  const io = x || fs\n  io.readFileSync(1)\n}", "fs.readFileSync"),
    "default of a parameter": ("const fs = require('fs')\nfunction f(io = fs) {\n  io.readFileSync(1)\n}", "fs.readFileSync"),
    "conditional": ("const fs = require('fs')\nconst io = test ? null : fs\nio.readFileSync(1)", "fs.readFileSync"),
    "logical assignment": (
        "const { Pool } = require('pg')\nlet pool\nfunction f() {\n  pool ??= new Pool()\n  pool.query('x')\n}", "pg.Pool.query"),
    "kept in a function": (
        "const { Pool } = require('pg')\nlet pool = null\nfunction open() {\n  if (!pool) pool = new Pool()\n  return pool\n}\nopen().query('x')",
        "pg.Pool.query"),
    "element of an array": ("const fs = require('fs')\nconst [, io] = [1, fs]\nio.readFileSync(1)", "fs.readFileSync"),
    "one of several awaited": (
        "const { Pool } = require('pg')\nasync function f() {\n  const [user, { rows: [row] }, pool] = await Promise.all([load(), find(), new Pool()])\n"
        "  pool.query('x')\n}", "pg.Pool.query"),
    "kept in a static field": (
        "const { Pool } = require('pg')\nclass Db {\n  static get() {\n    this.pool ||= new Pool()\n    return this.pool\n  }\n}\n"
        "Db.get().query('x')", "pg.Pool.query"),
    "chained assignment": ("let a, b\na = b = require('fs')\na.readFileSync(1)", "fs.readFileSync"),
    "own function": ("function load() {}\nload()", "service.js.load"),
    "own arrow function": ("const load = async () => {}\nload()", "service.js.load"),
    "nested function": ("function f() {\n  const g = () => {}\n  g()\n}", "service.js.f.<locals>.g"),
    "bound function": ("function load() {}\nconst bound = load.bind(null)\nbound()", "service.js.load"),
    "wrapped function": (
        "const asyncHandler = require('express-async-handler')\nconst list = asyncHandler(async (req, res) => {})\nlist()",
        "service.js.list"),
    "result of a function": ("function make() {\n  return require('fs')\n}\nmake().readFileSync(1)", "fs.readFileSync"),
    "result of an arrow function": ("const make = () => require('fs')\nmake().readFileSync(1)", "fs.readFileSync"),
    "method": ("class A {\n  load() {}\n  all() { this.load() }\n}", "service.js.A.load"),
    "method in an arrow function": ("class A {\n  load() {}\n  all() { list.map((x) => this.load(x)) }\n}", ""),
    "this in a timer": ("class A {\n  load() {}\n  all() {\n    setTimeout(() => {\n      this.load()\n    }, 1)\n  }\n}",
                        "service.js.A.load"),
    "private method": ("class A {\n  #load() {}\n  all() { this.#load() }\n}", "service.js.A.#load"),
    "field": ("const { Pool } = require('pg')\nclass A {\n  pool = new Pool()\n  f() { this.pool.query(1) }\n}", "pg.Pool.query"),
    "static field": ("const { Pool } = require('pg')\nclass A {\n  static pool = new Pool()\n  f() { A.pool.query(1) }\n}", "pg.Pool.query"),
    "set in the constructor": (
        "const { Pool } = require('pg')\nclass A {\n  constructor() { this.pool = new Pool() }\n  f() {\n    this.pool.query(1)\n  }\n}",
        "pg.Pool.query"),
    "set to null first": (
        "const { Pool } = require('pg')\nclass A {\n  constructor() { this.pool = null }\n  open() { this.pool = new Pool() }\n"
        "  f() {\n    this.pool.query(1)\n  }\n}", "pg.Pool.query"),
    "instance of an own class": ("class A {\n  load() {}\n}\nconst a = new A()\na.load()", "service.js.A.load"),
    "inherited method": ("class B {\n  load() {}\n}\nclass A extends B {\n  f() {\n    this.load()\n  }\n}", "service.js.B.load"),
    "super": ("class B {\n  load() {}\n}\nclass A extends B {\n  load() {\n    super.load()\n  }\n}", "service.js.B.load"),
    "inherited from a library": (
        "const { EventEmitter } = require('events')\nclass A extends EventEmitter {\n  f() {\n    this.emit('x')\n  }\n}",
        "events.EventEmitter.emit"),
    "constructor function": (
        "function Store() {\n  this.fs = require('fs')\n}\nStore.prototype.load = function () {\n  this.fs.readFileSync(1)\n}",
        "fs.readFileSync"),
    "method of a constructor function": (
        "function Store() {}\nStore.prototype.load = function () {}\nconst store = new Store()\nstore.load()", "service.js.Store.load"),
    "inherits": (
        "const util = require('util')\nconst { EventEmitter } = require('events')\nfunction Store() {}\nutil.inherits(Store, EventEmitter)\n"
        "new Store().emit('x')", "events.EventEmitter.emit"),
    "object": ("const store = {\n  load() {},\n}\nstore.load()", "service.js.store.load"),
    "function in an object": ("const store = {\n  load: async () => {},\n}\nstore.load()", "service.js.store.load"),
    "value in an object": ("const fs = require('fs')\nconst io = { read: fs.readFileSync }\nio.read(1)", "fs.readFileSync"),
    "object in an object": ("const fs = require('fs')\nconst io = { files: { fs } }\nio.files.fs.readFileSync(1)", "fs.readFileSync"),
    "this in an object": ("const store = {\n  load() {},\n  all() {\n    this.load()\n  },\n}", "service.js.store.load"),
    "object from a factory": (
        "function makeStore() {\n  return { fs: require('fs') }\n}\nconst store = makeStore()\nstore.fs.readFileSync(1)", "fs.readFileSync"),
    "own exports": ("exports.load = () => {}\nexports.load()", "service.js.exports.load"),
    "alias of the exports": ("const User = module.exports\nUser.load = async () => {}\nUser.load()", "service.js.User.load"),
    "exports made on the way": (
        "var app = exports = module.exports = {}\napp.init = function init() {}\napp.init()", "service.js.app.init"),
    "array": ("const names = []\nnames.forEach(f)", "globalThis.Array.forEach"),
    "text": ("`a`.trim()", "globalThis.String.trim"),
    "called twice": ("require('connect-redis')(session)", "connect-redis"),
    "class that derives from its own member": ("class A extends A.B {\n  f() {\n    this.go()\n  }\n}", "service.js.A.go"),
    "function that holds itself": ("function A() {}\nA.prototype = new A.B()\nA.prototype.go.now()", "service.js.A.prototype.go.now"),
    "circular": ("let a = b\nlet b = a\na.x()", "service.js.a.x"),
    "parameter of a function that is called at once": (
        "const fs = require('fs');\n(function (io) {\n  io.readFileSync(1)\n})(fs)", "fs.readFileSync"),
    "parameter of a library's callback": (
        "const { WebSocketServer } = require('ws')\nconst wss = new WebSocketServer({ port })\nwss.on('connection', (socket) => {\n"
        "  socket.send('x')\n})", "ws.WebSocket.send"),
    "value of a promise": ("import('fs').then((fs) => {\n  fs.readFileSync(1)\n})", "fs.readFileSync"),
    "value of a promise, taken apart": ("import('fs').then(({ readFileSync }) => {\n  readFileSync(1)\n})", "fs.readFileSync"),
    "parameter of another event": (
        "const net = require('net')\nnet.createServer().on('error', (socket) => {\n  socket.write('x')\n})",
        "service.js.<anonymous>@2:32.<parameter>socket.write"),
    "taken apart from an instance": (
        "const { Pool } = require('pg')\nconst { query } = new Pool()\nquery('x')", "pg.Pool.query"),
}  # fmt: skip

TYPESCRIPT = {
    "annotation": ("import { Pool } from 'pg'\nfunction f(pool: Pool) {\n  pool.query('x')\n}", "pg.Pool.query"),
    "annotation with a namespace": ("import * as pg from 'pg'\nfunction f(pool: pg.Pool) {\n  pool.query('x')\n}", "pg.Pool.query"),
    "optional annotation": ("import { Pool } from 'pg'\nfunction f(pool?: Pool | null) {\n  pool!.query('x')\n}", "pg.Pool.query"),
    "type import": ("import type { Pool } from 'pg'\nfunction f(pool: Pool) {\n  pool.query('x')\n}", "pg.Pool.query"),
    "cast": ("import { Pool } from 'pg'\n;(x as Pool).query('x')", ""),
    "variable": ("import { Pool } from 'pg'\nlet pool: Pool\nfunction f() {\n  pool.query('x')\n}", "pg.Pool.query"),
    "field": ("import { Pool } from 'pg'\nclass A {\n  private pool: Pool\n  f() {\n    this.pool.query('x')\n  }\n}", "pg.Pool.query"),
    "parameter property": (
        "import { Pool } from 'pg'\nclass A {\n  constructor(private readonly pool: Pool) {}\n  f() {\n    this.pool.query('x')\n  }\n}",
        "pg.Pool.query"),
    "decorated parameter property": (
        "import { Pool } from 'pg'\nclass A {\n  constructor(@Inject(POOL) private pool: Pool) {}\n  f() {\n    this.pool.query('x')\n  }\n}",
        "pg.Pool.query"),
    "return type": ("import { Pool } from 'pg'\ndeclare const x: any\nfunction f(): Promise<Pool> { return x }\nf().query('x')", "pg.Pool.query"),
    "import require": ("import fs = require('fs')\nfs.readFileSync('x')", "fs.readFileSync"),
    "generic class": ("import { Repository } from 'typeorm'\nfunction f(users: Repository<User>) {\n  users.find()\n}", "typeorm.Repository.find"),
    "interface": (
        "import { Pool } from 'pg'\ninterface Deps { pool: Pool }\nfunction f({ pool }: Deps) {\n  pool.query('x')\n}", "pg.Pool.query"),
    "satisfies": ("import fs from 'fs'\nconst io = fs satisfies Io\nio.readFileSync('x')", "fs.readFileSync"),
    "typeof": ("import fs from 'fs'\nfunction f(io: typeof fs) {\n  io.readFileSync('x')\n}", "fs.readFileSync"),
    "own class": ("class Repo {\n  find() {}\n}\nclass A {\n  constructor(private repo: Repo) {}\n  f() {\n    this.repo.find()\n  }\n}",
                  "service.ts.Repo.find"),
    "implements is no base": ("class A implements Pool {\n  f() {\n    this.query()\n  }\n}", "service.ts.A.query"),
}  # fmt: skip

USE = "const { load } = require('./store')\nload()"
MANY_FILES = {
    "exports.x": ({"store.js": "exports.load = async () => {}", "app.js": USE}, "store.js.exports.load"),
    "exports of a local": ({"store.js": "function load() {}\nexports.load = load", "app.js": USE}, "store.js.load"),
    "exports under another name": ({"store.js": "function get() {}\nmodule.exports.load = get", "app.js": USE}, "store.js.get"),
    "exported name of another local": (
        {"store.js": "const load = require('lodash/get')\nexports.load = () => {}", "app.js": USE}, "store.js.exports.load"),
    "exported object": ({"store.js": "function load() {}\nmodule.exports = { load }", "app.js": USE}, "store.js.load"),
    "methods of the exported object": ({"store.js": "module.exports = {\n  async load() {},\n}", "app.js": USE}, "store.js.exports.load"),
    "exported instance": (
        {"store.js": "class Store {\n  load() {}\n}\nmodule.exports = new Store()", "app.js": "const store = require('./store')\nstore.load()"},
        "store.js.Store.load"),
    "exported class": (
        {"store.js": "module.exports = class Store {\n  load() {}\n}", "app.js": "const Store = require('./store')\nnew Store().load()"},
        "store.js.Store.load"),
    "exported function": (
        {"store.js": "module.exports = async function (id) {}", "app.js": "const load = require('./store')\nload()"}, "store.js.exports"),
    "exported named function": (
        {"store.js": "module.exports = async function load(id) {}", "app.js": "const load = require('./store')\nload()"}, "store.js.load"),
    "exports and members": (
        {"store.js": "function create() {}\nmodule.exports = create\nmodule.exports.load = () => {}", "app.js": USE}, "store.js.exports.load"),
    "Object.assign": (
        {"store.js": "function load() {}\nObject.assign(module.exports, { load })", "app.js": USE}, "store.js.load"),
    "spread": (
        {"db.js": "exports.load = () => {}", "store.js": "module.exports = { ...require('./db') }", "app.js": USE}, "db.js.exports.load"),
    "handed through": (
        {"db.js": "exports.load = () => {}", "store.js": "module.exports = require('./db')", "app.js": USE}, "db.js.exports.load"),
    "alias of the exports": (
        {"store.js": "const Store = module.exports\nStore.load = async function () {}", "app.js": USE}, "store.js.Store.load"),
    "export function": ({"store.mjs": "export async function load() {}", "app.mjs": "import { load } from './store.mjs'\nload()"}, "store.mjs.load"),
    "export const": ({"store.mjs": "export const load = () => {}", "app.mjs": "import { load } from './store.mjs'\nload()"}, "store.mjs.load"),
    "export list": (
        {"store.mjs": "const get = () => {}\nexport { get as load }", "app.mjs": "import { load } from './store.mjs'\nload()"}, "store.mjs.get"),
    "export default": (
        {"store.mjs": "export default async function () {}", "app.mjs": "import load from './store.mjs'\nload()"}, "store.mjs.default"),
    "export default of a name": (
        {"store.mjs": "const load = () => {}\nexport default load", "app.mjs": "import get from './store.mjs'\nget()"}, "store.mjs.load"),
    "export default of a class": (
        {"store.mjs": "export default class Store {\n  load() {}\n}", "app.mjs": "import S from './store.mjs'\nnew S().load()"}, "store.mjs.Store.load"),
    "export default of an instance": (
        {"store.mjs": "import { Pool } from 'pg'\nexport default new Pool()", "app.mjs": "import pool from './store.mjs'\npool.query()"}, "pg.Pool.query"),
    "export default of an object": (
        {"store.mjs": "export default {\n  load() {},\n}", "app.mjs": "import store from './store.mjs'\nstore.load()"}, "store.mjs.default.load"),
    "namespace": (
        {"store.mjs": "export const load = () => {}", "app.mjs": "import * as store from './store.mjs'\nstore.load()"}, "store.mjs.load"),
    "re-export": (
        {"db.mjs": "export const get = () => {}", "store.mjs": "export { get as load } from './db.mjs'", "app.mjs": "import { load } from './store.mjs'\nload()"},
        "db.mjs.get"),
    "re-export of the default": (
        {"db.mjs": "export default function get() {}", "store.mjs": "export { default as load } from './db.mjs'",
         "app.mjs": "import { load } from './store.mjs'\nload()"}, "db.mjs.get"),
    "re-export of everything": (
        {"db.mjs": "export const load = () => {}", "store.mjs": "export * from './db.mjs'", "app.mjs": "import { load } from './store.mjs'\nload()"},
        "db.mjs.load"),
    "re-export as a namespace": (
        {"db.mjs": "export const load = () => {}", "store.mjs": "export * as db from './db.mjs'", "app.mjs": "import { db } from './store.mjs'\ndb.load()"},
        "db.mjs.load"),
    "re-export of a package": (
        {"store.mjs": "export { Pool } from 'pg'", "app.mjs": "import { Pool } from './store.mjs'\nnew Pool().query()"}, "pg.Pool.query"),
    "exported instance by name": (
        {"db.js": "const { Pool } = require('pg')\nconst pool = new Pool()\nmodule.exports = { pool }",
         "app.js": "const db = require('./db')\ndb.pool.query('x')"}, "pg.Pool.query"),
    "exported alias": (
        {"io.js": "const fs = require('fs')\nmodule.exports = { read: fs.readFileSync }", "app.js": "const { read } = require('./io')\nread(1)"},
        "fs.readFileSync"),
    "default import of CommonJS": (
        {"store.cjs": "module.exports = { load() {} }", "app.mjs": "import store from './store.cjs'\nstore.load()"}, "store.cjs.exports.load"),
    "compiled default": (
        {"store.js": "exports.default = void 0\nclass Store {\n  load() {}\n}\nexports.default = Store",
         "app.js": "var _store = _interopRequireDefault(require('./store'))\nnew _store.default().load()"}, "store.js.Store.load"),
    "compiled re-export": (
        {"db.js": "exports.load = () => {}",
         "store.js": "Object.defineProperty(exports, 'load', { enumerable: true, get: function () { return _db.load } })\nvar _db = require('./db')",
         "app.js": USE}, "db.js.exports.load"),
    "compiled star": (
        {"db.js": "exports.load = () => {}", "store.js": "__exportStar(require('./db'), exports)", "app.js": USE}, "db.js.exports.load"),
    "export =": ({"store.ts": "function load() {}\nexport = { load }", "app.ts": "import store = require('./store')\nstore.load()"}, "store.ts.load"),
    "returned over files": (
        {"db.js": "const { Pool } = require('pg')\nexports.connect = () => new Pool()", "app.js": "const { connect } = require('./db')\nconnect().query(1)"},
        "pg.Pool.query"),
    "class of another file": (
        {"repo.ts": "export class Repo {\n  find() {}\n}",
         "service.ts": "import { Repo } from './repo'\nexport class Service {\n  constructor(private repo: Repo) {}\n  f() {\n    this.repo.find()\n  }\n}"},
        "repo.ts.Repo.find"),
    "base class of another file": (
        {"base.ts": "export abstract class Base {\n  find() {}\n}",
         "service.ts": "import { Base } from './base'\nclass Service extends Base {\n  f() {\n    this.find()\n  }\n}"}, "base.ts.Base.find"),
    "circular re-exports": (
        {"a.mjs": "export * from './b.mjs'", "b.mjs": "export * from './a.mjs'", "c.mjs": "import { x } from './a.mjs'\nx()"}, "a.mjs.<exports>.x"),
    "folder in parentheses": (
        {"app/(shop)/store.ts": "export const load = () => {}", "app/page.ts": "import { load } from './(shop)/store'\nload()"},
        "app/(shop)/store.ts.load"),
    "package called like a file": (
        {"chart.js": "exports.draw = () => {}", "app.js": "const chart = require('chart.js')\nchart.draw()"}, "app.js.chart.draw"),
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_FILE)
def test_names_in_one_file(case: str, tmp_path: Path) -> None:
    code, expected = ONE_FILE[case]
    assert last_call(tmp_path, {"service.js": code}) == expected


@pytest.mark.parametrize("case", TYPESCRIPT)
def test_names_in_typescript(case: str, tmp_path: Path) -> None:
    code, expected = TYPESCRIPT[case]
    assert last_call(tmp_path, {"service.ts": code}) == expected


@pytest.mark.parametrize("case", MANY_FILES)
def test_names_over_files(case: str, tmp_path: Path) -> None:
    files, expected = MANY_FILES[case]
    assert last_call(tmp_path, {"package.json": json.dumps({"name": "shop"}), **files}) == expected


def test_names_in_tables() -> None:
    assert js_name("pg#Pool.query") == "pg.Pool.query"
    assert js_name("node:fs/promises#readFile") == "fs/promises.readFile"
    assert js_name("socket.io#Server") == "socket\u2024io.Server"
    assert js_name("express()#get") == "express().get"
    assert js_name("globalThis#JSON.parse") == "globalThis.JSON.parse"
    assert js_name("@hapi/hapi#Server") == "@hapi/hapi.Server"
    assert js_name("express") == "express"


def facts_of(root: Path, files: dict[str, str]) -> ModuleFacts:
    paths, modules, symbols = write_project(root, files)
    return load(paths[-1], modules, symbols).facts()


def test_what_calls_are_handed(tmp_path: Path) -> None:
    app = """
    const express = require('express')
    const users = require('./users')
    const router = express.Router()
    router.get('/', [users.check], wrap(users.list), async (req, res) => {})
    app.route({ url: '/', handler: users.list, preHandler: [users.check, audit] })
    function register(app) {
      app.route({ handler: users.list, onSend() {} })
    }
    function audit() {}
    """
    facts = facts_of(tmp_path, {"users.js": "exports.list = () => {}", "app.js": app})
    handed = {
        shown(call.target): [shown(one) for one in call.handed]
        for function in facts.functions.values()
        for call in function.calls
    }
    assert handed["express.Router().get"] == [
        "1=users.js.<exports>.check", "2=users.js.<exports>.list", "3=app.js.<anonymous>@5:50",
    ]  # fmt: skip
    assert handed["express.Application.route"] == [
        "onSend=app.js.register.<locals>.<object>@8:13.onSend", "handler=users.js.<exports>.list",
    ]  # fmt: skip


def test_what_functions_say_of_themselves(tmp_path: Path) -> None:
    service = """
    import { Controller, Get } from '@nestjs/common'
    import { Store } from './store'
    @Controller('users')
    export class Users {
      constructor(private readonly store: Store, private size = 3) {}
      @Get(':id')
      async one(id: string, { deep }: Options): Promise<Store> {
        await this.store.load(id)
        new Store(this.size)
      }
      get all() { return this.store }
      set all(value) {}
    }
    export function later(): Promise<void> { return start() }
    export const soon = () => new Promise((resolve) => setTimeout(resolve, 1))
    export const never = () => 1
    """
    facts = facts_of(tmp_path, {"store.ts": "export class Store {}", "users.ts": service})
    functions = facts.functions
    one = functions["Users.one"]
    assert one.is_async and one.decorators == ("@nestjs/common.Get()",) and one.parameters == ("id", "")
    assert shown(one.returns) == "store.ts.<exports>.Store"
    assert [(shown(call.target), call.awaited) for call in one.calls if call.kind == "call"] == [
        ("users.ts.Users.store.load", True), ("store.ts.<exports>.Store", False),
    ]  # fmt: skip
    assert facts.classes["Users"].decorators == ("@nestjs/common.Controller()",)
    assert {name: shown(held) for name, held in facts.classes["Users"].attributes.items()} == {
        "store": "store.ts.<exports>.Store", "size": "users.ts.Users.constructor.<parameter>size",
    }  # fmt: skip
    assert functions["Users.all"].is_property and "Users.all.setter" in functions
    assert {name for name, function in functions.items() if function.gives_promise} == {"later", "soon"}
    assert {name: shown(symbol) for name, symbol in facts.exports.items()} == {
        "Users": "users.ts.Users", "later": "users.ts.later", "soon": "users.ts.soon", "never": "users.ts.never",
    }  # fmt: skip


def test_constructor_arguments_are_followed(tmp_path: Path) -> None:
    files = {
        "store.js": "class Store {\n  constructor(fs) { this.fs = fs }\n  async load() {\n    this.fs.readFileSync(1)\n  }\n}\nmodule.exports = Store",
        "app.js": "const Store = require('./store')\nconst fs = require('fs')\nmodule.exports = new Store(fs)",
    }
    paths, modules, symbols = write_project(tmp_path, files)
    for path in paths:
        symbols.add(load(path, modules, symbols).facts())
    graph = CallGraph(symbols)
    roots = [symbols.function("store\u2024js.Store.load")]
    assert roots[0] is not None
    graph.explore([roots[0]], follows=lambda function: True)
    wanted = graph.wanted_constructors()
    assert {shown(name) for name in wanted} == {"store.js.Store"}
    graph.bind_constructor_arguments(symbols.facts.values(), wanted)
    graph.explore([roots[0]], follows=lambda function: True)
    calls = [edge.name for edge in graph.edges[roots[0].name] if edge.call.kind == "call"]  # and a read of `this.fs`
    assert calls == ["fs.readFileSync"]
