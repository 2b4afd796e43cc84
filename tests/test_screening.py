"""The letters by which files are screened stand in every file that a check can speak about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lint_rules.engine.registry import load_rules
from lint_rules.languages.inspection import _may_hold
from lint_rules.languages.language import LANGUAGES, language, language_of
from lint_rules.languages.python.grammar import SyntaxIndex, parse
from lint_rules.languages.python.imports import imports
from lint_rules.languages.python.mentions import mentions
from lint_rules.languages.screening import AnyOf, Speller, Spells, Stems, ways_of

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (rb"\b(?:verify|ssl|verify_ssl|tls\w+)\s*=\s*\S|CERT_NONE", [b"x(verify=0)", b"tls_on =1", b"ssl.CERT_NONE"]),
        (rb"(?i)helmet|strict-transport", [b"Helmet()", b"Strict-Transport-Security"]),
        (rb"(?i:cors)|cross_origin", [b"CoRs(app)", b"@cross_origin"]),
        (rb"foo|fob|fox", [b"foo", b"fob", b"a.fox("]),
        (rb"re(?:ad|ply)+_it|write(?=\()", [b"readply_it", b"write("]),
        (rb"(?:abc)?def(?!ghi)x*", [b"def", b"abcdefx"]),
        (rb"a{0,3}bb{2,}(?<=bb)c?", [b"bbbb"]),
        (rb"(?P<quote>['\"])key(?P=quote)", [b"'key'"]),
        (rb"new URL\(|BigInt", [b"x = BigInt(y)"]),
        (rb"(?x) async \s+ def  # a comment", [b"async  def"]),
        (rb"[cC]ookie|[^a]z", [b"Cookie", b"bz"]),
    ],
)
def test_what_matches_is_never_screened_out(pattern: bytes, texts: list[bytes]) -> None:
    compiled = re.compile(pattern)
    speller = Speller([ways_of((), compiled)])
    for text in texts:
        assert compiled.search(text)
        assert speller.fulfilled(b"<" + text + b">") == {0}


def test_a_file_that_spells_nothing_of_it_is_screened_out() -> None:
    speller = Speller([ways_of((b"async def",), None), ways_of((), re.compile(rb"requests\.(?:get|post)\(")), None])
    assert speller.fulfilled(b"def load(): return asynchronous_thing") == {0, 2}
    assert speller.fulfilled(b"def load(): return requests.put(1)") == {2}
    assert speller.fulfilled(b"import requests; requests.get(1)") == {1, 2}


def test_every_check_that_may_find_something_in_a_fixture_is_asked() -> None:
    rules = load_rules()
    checks = {name: language(name).checks(rules) for name in LANGUAGES}
    for path in sorted(path for path in FIXTURES.rglob("*") if path.is_file()):
        data = path.read_bytes()
        known = checks[language_of(str(path))]
        asked = known.speller.fulfilled(data)
        for place, one in enumerate(known):
            assert place in asked or not _may_hold(data, one.check), (path, one.rule)
            if place in asked and one in known.spelled and one.check.selector.words:
                assert any(word in data for word in one.check.selector.words), (path, one.rule)


def test_any_of_words_and_patterns() -> None:
    sought = AnyOf((b"async def", b"app.get("), (re.compile(rb"\[\s*\]"),))
    assert sought.is_in(b"async  def x; async def y")
    assert not sought.is_in(b"async  def x")
    assert sought.is_in(b"orders = [ ]")
    assert not AnyOf((), ()).is_in(b"async def")


def test_stems_are_told_one_by_one() -> None:
    assert Stems((b"passw", b"token", b".login("), any_case=True).in_file(b"DB_PASSWORD; ftp.Login(x)") == [
        b"passw",
        b".login(",
    ]
    assert Stems((b"AKIA", b"ghp_")).in_file(b"akia ghp_1") == [b"ghp_"]


def test_pieces_that_are_asked_for_later_are_found_in_words_seen_before() -> None:
    data = b"first_unheard_of(second_unheard_of)"
    first = Speller([ways_of((b"unheard_of",), None)])
    assert first.fulfilled(data) == {0}
    second = Speller([ways_of((word,), None) for word in (b"second_unheard", *(b"zq%d_x" % n for n in range(200)))])
    assert second.fulfilled(data) == {0}
    assert second.fulfilled(b"zq7_x") == {8}
    assert first.fulfilled(b"no_unheard_of_1") == {0}


def test_whole_words_are_spelled() -> None:
    spells = Spells(("imp", "asyncore"))
    assert spells(b"import imp")
    assert not spells(b"import important, asyncore_")


@pytest.mark.parametrize(
    "text",
    [
        "import a.b, c as d\nfrom e import (f,  # why (not)\n    g as h)\n",
        "from . import a\nfrom .. b import *\nfrom.c import d\n\tfrom e.f import g ; x = 1\n",
        "try:\n    import a\nexcept ImportError: import b\n",
        "x = 1; import a\nfrom a import b, \\\n    c\nimport d, \\\n    e\n",
        "import données\nfrom b import ünder\n",
        "import a\rimport b\r",
        '"""import the thing"""\nimport a\n',
    ],
)
def test_every_import_of_a_file_is_mentioned_or_the_file_is_parsed(text: str) -> None:
    data = text.encode()
    known = mentions(data)
    if known is None:
        return
    taken = {(one.module, one.level, name) for one in known for name in (*one.names, "")}
    for one in imports(SyntaxIndex(parse(data).root_node)):
        for name in (*(name for name, _ in one.names), ""):
            assert (one.module, one.level, name) in taken
