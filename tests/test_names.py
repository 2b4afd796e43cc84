"""What expressions denote: one file, many files, and the project's own classes."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.library import types
from lint_rules.project.modules import Modules, find_modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText, read_source


def write_project(root: Path, files: dict[str, str]) -> tuple[list[Path], Modules]:
    paths = []
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))
        paths.append(path)
    return paths, find_modules(str(root), [str(path) for path in paths])


def load(path: Path, modules: Modules, symbols: Symbols) -> PythonFile:
    source = read_source(str(path))
    assert isinstance(source, SourceText)
    return PythonFile(source, modules.by_path[str(path)], symbols=symbols, modules=modules)


def last_call(root: Path, files: dict[str, str]) -> str:
    """The canonical name of what the last call in the last file calls, all other files being known."""
    paths, modules = write_project(root, files)
    symbols = Symbols(modules.by_name, types())
    for path in paths[:-1]:
        symbols.add(load(path, modules, symbols).facts())
    file = load(paths[-1], modules, symbols)
    function = max(file.nodes("call"), key=lambda call: (call.start_point.row, call.end_byte)).child_by_field_name(
        "function"
    )
    assert function is not None
    return file.canonical(function)


ONE_FILE = {
    "import": ("import requests\nrequests.get(1)", "requests.get"),
    "import of a submodule": ("import urllib.request\nurllib.request.urlopen(1)", "urllib.request.urlopen"),
    "import as": ("import requests as http\nhttp.get(1)", "requests.get"),
    "import of a submodule as": ("import os.path as p\np.exists(1)", "os.path.exists"),
    "from import as": ("from time import sleep as nap\nnap(1)", "time.sleep"),
    "import in a function": ("def f():\n    from time import sleep\n    sleep(1)", "time.sleep"),
    "import in an outer function": ("def f():\n    import time\n    def g():\n        time.sleep(1)", "time.sleep"),
    "fallback import": ("try:\n    import ujson as json\nexcept ImportError:\n    import json\njson.loads(1)", "ujson.loads"),
    "assignment": ("import time\nwait = time.sleep\nwait(1)", "time.sleep"),
    "local assignment": ("import time\ndef f():\n    wait = time.sleep\n    wait(1)", "time.sleep"),
    "last assignment before the use": (
        "import time, asyncio\ndef f():\n    wait = asyncio.sleep\n    wait = time.sleep\n    wait(1)", "time.sleep"),
    "tuple assignment": ("import time\na, wait = 1, time.sleep\nwait(1)", "time.sleep"),
    "builtin": ("open('x')", "builtins.open"),
    "shadowed builtin": ("def f(open):\n    open('x')", "service.f.<parameter>open"),
    "shadowed module": ("import requests\ndef f(requests):\n    requests.get(1)", "service.f.<parameter>requests.get"),
    "instance": ("import requests\ns = requests.Session()\ns.get(1)", "requests.Session.get"),
    "chained call": ("import requests\nrequests.Session().get(1)", "requests.Session.get"),
    "with": ("import requests\nwith requests.Session() as s:\n    s.get(1)", "requests.Session.get"),
    "async with": (
        "import httpx\nasync def f():\n    async with httpx.AsyncClient() as c:\n        c.get(1)", "httpx.AsyncClient.get"),
    "walrus": ("import requests\nif (s := requests.Session()):\n    s.get(1)", "requests.Session.get"),
    "annotation": ("import requests\ndef f(s: requests.Session):\n    s.get(1)", "requests.Session.get"),
    "quoted annotation": ("import requests\ndef f(s: 'requests.Session'):\n    s.get(1)", "requests.Session.get"),
    "optional annotation": (
        "import requests\nfrom typing import Optional\ndef f(s: Optional[requests.Session] = None):\n    s.get(1)",
        "requests.Session.get"),
    "union annotation": ("import requests\ndef f(s: requests.Session | None):\n    s.get(1)", "requests.Session.get"),
    "union with None first": ("import requests\ndef f(s: None | requests.Session):\n    s.get(1)", "requests.Session.get"),
    "union of several classes": (
        "import requests, httpx\ndef f(s: requests.Session | httpx.Client):\n    s.get(1)", "service.f.<parameter>s.get"),
    "quoted union": (
        "import requests, httpx\ndef f(s: 'requests.Session | httpx.Client | None'):\n    s.get(1)",
        "service.f.<parameter>s.get"),
    "quoted union with None": (
        "import requests\ndef f(s: 'None | requests.Session'):\n    s.get(1)", "requests.Session.get"),
    "quoted optional": (
        "import requests\nfrom typing import Optional\ndef f(s: 'Optional[requests.Session]'):\n    s.get(1)",
        "requests.Session.get"),
    "Union": (
        "import requests, httpx\nfrom typing import Union\ndef f(s: Union[requests.Session, httpx.Client]):\n    s.get(1)",
        "service.f.<parameter>s.get"),
    "Union with None": (
        "import requests\nfrom typing import Union\ndef f(s: Union[None, requests.Session]):\n    s.get(1)",
        "requests.Session.get"),
    "annotated": (
        "import requests\nfrom typing import Annotated\ndef f(s: Annotated[requests.Session, 1]):\n    s.get(1)",
        "requests.Session.get"),
    "default instance": (
        "import requests\ndef f(s=None):\n    s = s or requests.Session()\n    s.get(1)", "requests.Session.get"),
    "conditional value": (
        "import requests\ndef f(a):\n    s = a.session if a else requests.Session()\n    s.get(1)",
        "requests.Session.get"),
    "own function": ("def load(): ...\nload()", "service.load"),
    "nested function": ("def f():\n    def g(): ...\n    g()", "service.f.<locals>.g"),
    "method": ("class A:\n    def load(self): ...\n    def all(self):\n        self.load()", "service.A.load"),
    "class method": ("class A:\n    @classmethod\n    def make(cls):\n        cls.load()\n    def load(): ...", "service.A.load"),
    "static method has no self": ("class A:\n    @staticmethod\n    def f(x):\n        x.load()", "service.A.f.<parameter>x.load"),
    "attribute": (
        "import requests\nclass A:\n    def __init__(self):\n        self.s = requests.Session()\n    def f(self):\n        self.s.get(1)",
        "requests.Session.get"),
    "annotated attribute": ("import requests\nclass A:\n    s: requests.Session\n    def f(self):\n        self.s.get(1)", "requests.Session.get"),
    "attribute first None": (
        "import requests\nclass A:\n    def __init__(self):\n        self.s = None\n    def open(self):\n        self.s = requests.Session()\n"
        "    def f(self):\n        self.s.get(1)", "requests.Session.get"),
    "inherited method": ("class B:\n    def load(self): ...\nclass A(B):\n    def f(self):\n        self.load()", "service.B.load"),
    "inherited from a library": ("import requests\nclass A(requests.Session):\n    def f(self):\n        self.get(1)", "requests.Session.get"),
    "returned instance": ("import requests\ndef make():\n    return requests.Session()\nmake().get(1)", "requests.Session.get"),
    "returned by annotation": ("import requests\ndef make() -> requests.Session:\n    ...\nmake().get(1)", "requests.Session.get"),
    "context manager function": (
        "import requests\nfrom contextlib import contextmanager\n@contextmanager\ndef session():\n    yield requests.Session()\n"
        "with session() as s:\n    s.get(1)", "requests.Session.get"),
    "enter": (
        "import requests\nclass A:\n    def __enter__(self):\n        return requests.Session()\nwith A() as s:\n    s.get(1)",
        "requests.Session.get"),
    "property": (
        "import requests\nclass A:\n    @property\n    def s(self) -> requests.Session: ...\ndef f(a: A):\n    a.s.get(1)",
        "requests.Session.get"),
    "global": (
        "import requests\nclient = None\ndef connect():\n    global client\n    client = requests.Session()\ndef f():\n    client.get(1)",
        "requests.Session.get"),
    "unknown": ("def f(a):\n    for b in a:\n        b.get(1)", ""),
    "loop variable shadows a module": ("import requests\nfor requests in (1, 2):\n    pass\ndef f():\n    requests.get(1)", "requests.get"),
    "awaited value": ("import aiohttp\nasync def f(s: aiohttp.ClientSession):\n    (await s.get(1)).json()", "aiohttp.ClientResponse.json"),
    "subscript": ("import os\nos.environ['HOME'].lower()", "os.environ.<item>.lower"),
    "class in a function": ("def f():\n    class A:\n        def g(self):\n            self.h()\n        def h(self): ...", "service.f.<locals>.A.h"),
    "string method": ("', '.join([])", "builtins.str.join"),
    "lambda parameter": ("import requests\nlambda requests: requests.get(1)", ""),
    "comprehension variable": ("[x.get() for x in y]", "service.x.get"),
    "router from its module": (
        "from fastapi.routing import APIRouter\nr = APIRouter()\nr.get('/')", "fastapi.APIRouter.get"),
    "request of a framework it is built on": (
        "from fastapi import Request\nasync def f(r: Request):\n    await r.json()", "starlette.requests.Request.json"),
    "class of a module named by a prefix": (
        "from aiohttp.web_request import Request\nasync def f(r: Request):\n    await r.json()",
        "aiohttp.web.Request.json"),
    "router of an application": (
        "from aiohttp import web\napp = web.Application()\napp.router.add_resource('/').add_route('GET', f)",
        "aiohttp.web.Resource.add_route"),
    "application of a request": (
        "from sanic.request.types import Request\nasync def f(r: Request):\n    r.app.add_task(g)",
        "sanic.Sanic.add_task"),
    "application of a base's base": (
        "from tornado.websocket import WebSocketHandler\nclass A(WebSocketHandler):\n    def open(self):\n"
        "        self.application.add_handlers(1)", "tornado.web.Application.add_handlers"),
    "application of the context": (
        "from flask.globals import current_app\ncurrent_app.add_url_rule('/')", "flask.Flask.add_url_rule"),
    "task class of an application": (
        "from celery.app.base import Celery\napp = Celery('a')\nclass A(app.Task):\n    def run(self):\n"
        "        self.retry()", "celery.Task.retry"),
    "decorator from three packages down": (
        "from litestar.handlers.http_handlers.decorators import get\nget('/')", "litestar.get"),
    "view from its module": ("from django.views.generic.base import View\nView.as_view()", "django.views.View.as_view"),
    "exception from its module": ("from django.http.response import Http404\nHttp404('x')", "django.http.Http404"),
    "server function of the newest version": (
        "import websockets\nwebsockets.serve(f)", "websockets.asyncio.server.serve"),
    "other event loop": (
        "import uvloop\nloop = uvloop.new_event_loop()\nloop.call_soon(f)", "asyncio.AbstractEventLoop.call_soon"),
    "process of a context": (
        "from multiprocessing import get_context\nc = get_context('spawn')\nc.Process(target=f)",
        "multiprocessing.Process"),
    "awaited listener": (
        "import anyio\nasync def f():\n    s = await anyio.create_tcp_listener()\n    await s.serve(g)",
        "anyio.abc.Listener.serve"),
    "portal": (
        "from anyio.from_thread import start_blocking_portal\nwith start_blocking_portal() as p:\n    p.call(f)",
        "anyio.from_thread.BlockingPortal.call"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_FILE)
def test_names_of_one_file(name: str, tmp_path: Path) -> None:
    source, expected = ONE_FILE[name]
    assert last_call(tmp_path, {"service.py": source}) == expected


def test_aliases_lead_to_canonical_names() -> None:
    for spelling, canonical in types().aliases.items():
        assert types().external(spelling) == canonical, f"another row takes {spelling} or {canonical} elsewhere"


def test_rows_stand_under_canonical_names() -> None:
    table = types()
    for name in (*table.returns, *table.attributes, *table.enters, *table.bases):
        owner = name.rpartition(".")[0]
        assert "()" in name or "<item>" in name or table.external(owner) == owner, f"no lookup comes to {name}"


MANY_FILES = {
    "imported instance": (
        {"app/__init__.py": "", "app/http.py": "import requests\nsession = requests.Session()",
         "app/main.py": "from app.http import session\nsession.get(1)"}, "requests.Session.get"),
    "relative import": (
        {"app/__init__.py": "", "app/http.py": "import requests\nsession = requests.Session()",
         "app/main.py": "from .http import session as s\ns.get(1)"}, "requests.Session.get"),
    "module attribute": (
        {"app/__init__.py": "", "app/http.py": "import requests\nsession = requests.Session()",
         "app/main.py": "from . import http\nhttp.session.get(1)"}, "requests.Session.get"),
    "re-export": (
        {"app/__init__.py": "from .http import session", "app/http.py": "import requests\nsession = requests.Session()",
         "main.py": "import app\napp.session.get(1)"}, "requests.Session.get"),
    "star import": (
        {"app/__init__.py": "from .http import *", "app/http.py": "import requests\nsession = requests.Session()",
         "main.py": "from app import session\nsession.get(1)"}, "requests.Session.get"),
    "star import here": (
        {"http_tools.py": "import requests\nsession = requests.Session()",
         "main.py": "from http_tools import *\nsession.get(1)"}, "requests.Session.get"),
    "renamed import of an import": (
        {"compat.py": "from time import sleep as wait", "main.py": "import compat\ncompat.wait(1)"}, "time.sleep"),
    "base class elsewhere": (
        {"base.py": "class Base:\n    def load(self): ...", "main.py": "from base import Base\nclass A(Base):\n    def f(self):\n        self.load()"},
        "base.Base.load"),
    "attribute of a base elsewhere": (
        {"base.py": "import requests\nclass Base:\n    def __init__(self):\n        self.s = requests.Session()",
         "main.py": "from base import Base\nclass A(Base):\n    def f(self):\n        self.s.get(1)"}, "requests.Session.get"),
    "src layout": (
        {"src/app/__init__.py": "", "src/app/http.py": "import requests\nsession = requests.Session()",
         "src/app/main.py": "from app.http import session\nsession.get(1)"}, "requests.Session.get"),
    "tests import the package of the src layout": (
        {"src/app/__init__.py": "", "src/app/http.py": "import requests\nsession = requests.Session()",
         "tests/test_http.py": "from app.http import session\nsession.get(1)"}, "requests.Session.get"),
    "two services with the same package": (
        {"one/app/__init__.py": "", "one/app/http.py": "import requests\nsession = requests.Session()",
         "two/app/__init__.py": "", "two/app/http.py": "import httpx\nsession = httpx.AsyncClient()",
         "two/app/main.py": "from app.http import session\nsession.get(1)"}, "httpx.AsyncClient.get"),
    "scripts beside each other": (
        {"tools/helpers.py": "import requests\nsession = requests.Session()",
         "tools/run.py": "from helpers import session\nsession.get(1)"}, "requests.Session.get"),
    "factory elsewhere": (
        {"http_tools.py": "import requests\ndef make():\n    session = requests.Session()\n    return session",
         "main.py": "from http_tools import make\ns = make()\ns.get(1)"}, "requests.Session.get"),
    "circular re-exports end": (
        {"a.py": "from b import thing", "b.py": "from a import thing", "main.py": "from a import thing\nthing(1)"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY_FILES)
def test_names_over_files(name: str, tmp_path: Path) -> None:
    files, expected = MANY_FILES[name]
    found = last_call(tmp_path, files)
    assert found == expected or (not expected and not found.startswith("requests"))


def test_modules_that_are_needed_are_asked_for(tmp_path: Path) -> None:
    paths, modules = write_project(
        tmp_path, {"store.py": "session = 1", "main.py": "from store import session\nsession.get(1)"}
    )
    symbols = Symbols(modules.by_name, types())
    load(paths[1], modules, symbols).canonical(load(paths[1], modules, symbols).nodes("attribute")[0])
    assert symbols.asked == {"store"}
