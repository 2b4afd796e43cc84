"""The page on frameworks: what the tables know of each, and the fixtures that show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_parts import slug, table
from node_framework_docs import node_sections

from lint_rules.languages.python.library import frameworks

ROOT = Path(__file__).parent.parent
MOST_FIXTURES = 8

Row = Mapping[str, Any]

INTRODUCTION = """\
Which functions a framework calls, where they run, and what of a request the client controls. The names are those of
[frameworks.toml](../lint_rules/languages/python/frameworks.toml); in your code they may have aliases, come from other
files, or belong to subclasses. A `*` stands for any name.
"""

# Per kind of handler: its title, and the rows of the table that hold decorators and methods of views.
KINDS = {
    "route": ("Routes", "decorators", "view_methods"),
    "socket": ("Websockets, connections, messages", "socket_decorators", "view_sockets"),
    "hook": ("Middleware and hooks", "hook_decorators", "view_hooks"),
    "error": ("Error handlers", "error_decorators", ""),
    "dependency": ("Dependencies", "", ""),
    "background": ("Work after the answer", "", ""),
    "task": ("Tasks", "", ""),
    "startup": ("Start and end of the process", "startup_decorators", ""),
    "main": ("What starts the loop", "", ""),
}
PLAIN = {
    "loop": "on the event loop",
    "thread": "in a thread of a pool",
    "sync": "in a server without an event loop",
}
COROUTINES = {
    "loop": "on the event loop",
    "private": "on an event loop of that one call",
    "never": "nowhere: it is called and not awaited",
}
ANSWERS = {
    "returned": "by what they return; `None` is an error",
    "any": "by what they return; `None` is an answer too",
    "sent": "by calls on the request, the handler or `send`",
    "none": "",
}
ORDINALS = ("first", "second", "third", "fourth")


def frameworks_page() -> str:
    """What is known of each framework."""
    known = frameworks()
    rows = list(known["framework"])
    sources = fixture_sources()
    overview = ((f"[{row['name']}](#{slug(row['name'])})", names(row["packages"]), *runs(row)) for row in rows)
    text = [
        "# Frameworks",
        INTRODUCTION.strip(),
        table(("framework", "packages", "a plain `def` runs", "an `async def` runs"), overview),
        "What runs once, when the process starts or ends, holds up no request: there a plain `def` may block.",
    ]
    for row in rows:
        text += [f"## {row['name']}", framework(row, sources)]
    text += [
        "## Threads and processes",
        "A function given to one of these leaves the event loop, so it may block:",
        bullets(known["offload"]["general"]),
        "## Callbacks of the event loop",
        "A function given to one of these runs on the event loop:",
        bullets(row["call"] for row in known["loop_callbacks"]["calls"]),
        *node_sections(),
    ]
    return "\n\n".join(text)


def framework(row: Row, sources: Mapping[Path, str]) -> str:
    """One framework as a table."""
    plain, coroutines = runs(row)
    classes = [*row.get("view_classes", ()), *(f"*{ending}" for ending in row.get("view_class_endings", ()))]
    facts = [
        ("A plain `def` runs", plain),
        ("An `async def` runs", coroutines),
        ("Applications and routers", names([*row.get("apps", ()), *row.get("routers", ())])),
        ("Classes of handlers", names(classes)),
        *((title, "; ".join(ways(row, kind))) for kind, (title, _, _) in KINDS.items()),
        ("Routes answer", ANSWERS[row["answers"]]),
        ("Error responses", names(row.get("error_responses", ()))),
        ("Request data", "; ".join(request_data(row))),
        ("Raise on malformed input", names(row.get("unguarded_reads", ()))),
        ("Move work off the loop", names(row.get("offload", ()))),
        ("Start serving", names(dict.fromkeys(entry["call"] for entry in row.get("server_entries", ())))),
        ("Fixtures", ", ".join(fixtures_of(row, sources)) or "none yet"),
    ]
    return table((row["name"], ""), (fact for fact in facts if fact[1]))


def runs(row: Row) -> tuple[str, str]:
    """Where a plain and where a coroutine function runs."""
    plain = PLAIN[row["sync_handlers"]]
    if "thread_argument" in row:
        plain += f"; with `{row['thread_argument']}=True` in a thread"
    if "threaded" in row:
        plain += f"; as {names(row['threaded'])} in a thread"
    return plain, COROUTINES[row["async_handlers"]]


def ways(row: Row, kind: str) -> Iterator[str]:
    """By what a function becomes a handler of that kind."""
    _, decorators, methods = KINDS[kind]
    calls = sorted({one["call"] for one in row.get("registrations", ()) if one.get("kind", "route") == kind})
    for how, which in (("decorators", row.get(decorators)), ("calls", calls), ("methods", row.get(methods))):
        if which:
            yield f"{how} {names(which)}"
    if kind == "route" and "signature" in row:
        yield f"any function with the parameters {names(row['signature'])}"
    if kind == "hook" and "factory_signature" in row:
        yield f"what a function with the parameters {names(row['factory_signature'])} returns"


def request_data(row: Row) -> Iterator[str]:
    """What the client controls."""
    if row["typed_parameters"]:
        yield "parameters, checked by their annotations"
    if row["path_parameters"]:
        yield "parameters from the path, unchecked"
    for one in row.get("data_parameters", ()):
        yield f"{ORDINALS[one['index']]} parameter" + (f" of {names(one['of'])}" if "of" in one else "")
    if data := [*row.get("request_data", ()), *row.get("request_urls", ())]:
        yield names(data)
    if "request_globals" in row:
        yield f"through the globals {names(row['request_globals'])}"


def names(dotted: Iterable[str]) -> str:
    """Names as code, those of one owner, and owners alike, together: `flask.{Flask, Blueprint}.{get, post}`."""
    members: dict[str, list[str]] = {}
    for name in dotted:
        owner, _, member = name.rpartition(".")
        members.setdefault(owner, []).append(member)
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for owner, listed in members.items():
        place, _, last = owner.rpartition(".")
        alike.setdefault((place, tuple(listed)), []).append(last)
    shown = []
    for (place, listed_members), owners in alike.items():
        if owners == [""]:
            shown += [f"`{member}`" for member in listed_members]
        else:
            shown.append(f"`{place}{'.' if place else ''}{braced(owners)}.{braced(listed_members)}`")
    return ", ".join(shown)


def braced(parts: Iterable[str]) -> str:
    """Several parts in braces, one as it is."""
    listed = list(parts)
    return listed[0] if len(listed) == 1 else "{" + ", ".join(listed) + "}"


def bullets(dotted: Iterable[str]) -> str:
    """Names as a list, one owner a line."""
    return "\n".join(f"- {group}" for group in re.findall(r"`[^`]*`", names(dotted)))


def fixture_sources() -> dict[Path, str]:
    """The text of every fixture project, by its folder."""
    cases = sorted(path for path in (ROOT / "fixtures").glob("*/*") if path.is_dir())
    return {case: "\n".join(path.read_text(encoding="utf-8") for path in sorted(case.rglob("*.py"))) for case in cases}


def projects() -> Iterator[tuple[str, dict[Path, re.Pattern[str]]]]:
    """Each framework with the fixture projects that use it, and what a file that imports it holds."""
    sources = fixture_sources()
    for row in frameworks()["framework"]:
        yield row["name"], dict.fromkeys(cases_of(row, sources), imports_of(row))


def imports_of(row: Row) -> re.Pattern[str]:
    """What a file holds that imports the framework."""
    packages = "|".join(re.escape(package) for package in row["packages"])
    return re.compile(rf"(?m)^\s*(?:from|import)\s+(?:{packages})\b")


def cases_of(row: Row, sources: Mapping[Path, str]) -> list[Path]:
    """Projects that import the framework and use its names, or its signature; its namesakes come first."""
    imported = imports_of(row)
    used = re.compile(rf"\b(?:{'|'.join(sorted(last_words(row)))})\b")
    found = [
        case
        for case, text in sources.items()
        if (imported.search(text) and used.search(text)) or has_signature(text, row.get("signature", ()))
    ]
    first_word = re.split(r"[ .]", row["name"].lower())[0]
    return sorted(found, key=lambda case: (not case.name.startswith(first_word), case))


def fixtures_of(row: Row, sources: Mapping[Path, str]) -> list[str]:
    """Links to some of those projects."""
    found = cases_of(row, sources)
    links = [f"[{case.parent.name}/{case.name}](../{case.relative_to(ROOT).as_posix()})" for case in found]
    return links if len(links) <= MOST_FIXTURES else [*links[:MOST_FIXTURES], f"and {len(links) - MOST_FIXTURES} more"]


def has_signature(text: str, parameters: Sequence[str]) -> bool:
    """Whether a function in the text has these parameters, annotated or not."""
    pattern = ", ".join(rf"{name}(?:: [^,()]+)?" for name in parameters)
    return bool(parameters) and re.search(rf"def \w+\((?:self, )?{pattern}\)", text) is not None


def last_words(row: Row) -> set[str]:
    """The last parts of the names by which handlers are recognised, as regular expressions."""
    keys = ("apps", "routers", "view_classes", *(decorators for _, decorators, _ in KINDS.values()))
    dotted = [name for key in keys for name in row.get(key, ())]
    dotted += [one["call"] for one in row.get("registrations", ())]
    last = {re.escape(name.rpartition(".")[2]) for name in dotted if not name.endswith("*")}
    return last | {rf"\w*{re.escape(ending)}" for ending in row.get("view_class_endings", ())}
