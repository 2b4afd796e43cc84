"""The Node half of the page on frameworks: what the tables know of each, and the fixtures that show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from markdown_parts import slug, table

from lint_rules.languages.tables import read_table

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "lint_rules/languages/javascript/frameworks.toml"
MOST_FIXTURES = 8

Row = Mapping[str, Any]

INTRODUCTION = """\
# Node frameworks

The same for JavaScript and TypeScript; the names are those of
[frameworks.toml](../lint_rules/languages/javascript/frameworks.toml), `package#name`, an instance written as its class.
"""
ANSWERS = {
    "sent": "by calls on the response",
    "returned": "by what they return; `undefined` is an error",
    "any": "by what they return, or by calls on the response",
    "assigned": "by assigning to the context",
    "none": "",
}
FATES = {"handled": "the framework answers", "crash": "the process ends", "lost": "nothing sees it; the request hangs"}
KINDS = {
    "route": "Routes", "hook": "Middleware and hooks", "error": "Error handlers", "socket": "Connections and messages",
    "plugin": "Plugins", "task": "Tasks", "startup": "Start and end of the process",
}  # fmt: skip


def node_sections() -> list[str]:
    """What is known of each Node framework, as Markdown paragraphs."""
    rows = list(read_table(TABLE)["framework"])
    sources = fixture_sources()
    overview = (
        (f"[{row['name']}](#{slug(row['name'])})", code(row["packages"]), thrown(row), lost(row)) for row in rows
    )
    text = [
        INTRODUCTION.strip(),
        table(("framework", "packages", "when a handler throws", "when an async handler rejects"), overview),
    ]
    for row in rows:
        text += [f"## {row['name']}", framework(row, sources)]
    return text


def framework(row: Row, sources: Mapping[Path, str]) -> str:
    """One framework as a table."""
    facts = [
        ("When a handler throws", thrown(row)),
        ("When an async handler rejects", lost(row)),
        ("Applications and routers", code([*row.get("apps", ()), *row.get("routers", ())])),
        *((title, "; ".join(ways(row, kind))) for kind, title in KINDS.items()),
        ("Routes answer", ANSWERS[row["answers"]]),
        ("Responses", code([*row.get("responses", ()), *row.get("assigned", ()), *row.get("made", ())])),
        ("Error responses", code(row.get("error_responses", ()))),
        ("Request data", code(row.get("request_data", ()))),
        ("Start serving", code(row.get("server_entries", ()))),
        ("Fixtures", ", ".join(fixtures_of(row, sources)) or "none yet"),
    ]
    return table((row["name"], ""), (fact for fact in facts if fact[1]))


def thrown(row: Row) -> str:
    """What an error thrown by a handler does."""
    return FATES[row["throws"]]


def lost(row: Row) -> str:
    """What the rejected promise of an async handler does."""
    since = "; ".join(f"the framework answers since `{name}` {version}" for name, version in since_of(row))
    return FATES[row["rejections"]] + (f"; {since}" if since else "")


def since_of(row: Row) -> Iterable[tuple[str, str]]:
    """The packages and versions since which rejections are handled."""
    return dict(row.get("handled_since", {})).items()


def ways(row: Row, kind: str) -> Iterator[str]:
    """By what a function becomes a handler of that kind."""
    calls = sorted({one["call"] for one in row.get("registrations", ()) if one.get("kind", "route") == kind})
    decorators = {"route": "decorators", "socket": "socket_decorators", "task": "task_decorators"}
    if calls:
        yield f"calls {code(calls)}"
    if listed := row.get(decorators.get(kind, ""), ()):
        yield f"decorators {code(listed)}"
    exports = sorted(
        {name for one in row.get("exports", ()) if one.get("kind", "route") == kind for name in one["names"]}
    )
    if exports:
        yield f"exports {code(exports)}"


def code(names: Iterable[str]) -> str:
    """Names as code, those of one owner together: `express#Router.{get, post}`."""
    members: dict[str, list[str]] = {}
    for name in names:
        owner, dot, member = name.rpartition("." if "#" in name.rpartition(".")[0] else "#")
        members.setdefault(owner + dot, []).append(member)
    return ", ".join(
        f"`{owner}{listed[0] if len(listed) == 1 else '{' + ', '.join(listed) + '}'}`" if owner
        else ", ".join(f"`{name}`" for name in listed)
        for owner, listed in members.items()
    )  # fmt: skip


def fixture_sources() -> dict[Path, str]:
    """The JavaScript and TypeScript of every fixture project, by its folder."""
    cases = sorted(path for path in (ROOT / "fixtures").glob("*/*") if path.is_dir())
    return {
        case: "\n".join(path.read_text(encoding="utf-8") for path in sorted(case.rglob("*.[cmjt]*s*")))
        for case in cases
    }


def projects() -> Iterator[tuple[str, dict[Path, re.Pattern[str]]]]:
    """Each framework with the fixture projects that use it, and what a file that imports it holds."""
    sources = fixture_sources()
    for row in read_table(TABLE)["framework"]:
        yield row["name"], dict.fromkeys(cases_of(row, sources), imports_of(row))


def imports_of(row: Row) -> re.Pattern[str]:
    """What a file holds that imports the framework."""
    packages = "|".join(re.escape(package) for package in row["packages"])
    return re.compile(rf"""(?:require\(|from |import )['"](?:node:)?(?:{packages})['"]""")


def cases_of(row: Row, sources: Mapping[Path, str]) -> list[Path]:
    """Projects that import the framework; its namesakes come first."""
    imported = imports_of(row)
    found = [case for case, text in sources.items() if imported.search(text)]
    first_word = re.split(r"[ .]", row["name"].lower())[0]
    return sorted(found, key=lambda case: (not case.name.startswith(first_word), case))


def fixtures_of(row: Row, sources: Mapping[Path, str]) -> list[str]:
    """Links to some of those projects."""
    found = cases_of(row, sources)
    links = [f"[{case.parent.name}/{case.name}](../{case.relative_to(ROOT).as_posix()})" for case in found]
    return links if len(links) <= MOST_FIXTURES else [*links[:MOST_FIXTURES], f"and {len(links) - MOST_FIXTURES} more"]
