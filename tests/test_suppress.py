"""Suppression comments: what they hide, what is said about idle and unknown ones, and that it takes linear time."""

from __future__ import annotations

import io
import sys
import tokenize
from dataclasses import dataclass

import pytest

from lint_rules.engine.config import Settings
from lint_rules.engine.housekeeping import HOUSEKEEPING
from lint_rules.engine.selection import Catalogue
from lint_rules.engine.suppress import suppressed
from lint_rules.engine.suppression_comments import Suppression, parse_suppressions
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.source import Comment, SourceText

BLOCKING = Rule("TEN0101", "blocking-call", severity=ERROR, summary="s")
SWALLOWED = Rule("TEN0201", "swallowed-exception", severity=ERROR, summary="s")
RULES = (*HOUSEKEEPING, BLOCKING, SWALLOWED)
PATH = "/project/app.py"


@dataclass
class Parsed:
    path: str
    suppressions: tuple[Suppression, ...]


def parse(text: str) -> tuple[SourceText, tuple[Suppression, ...]]:
    source = SourceText(PATH, text.encode())
    comments = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            start = source.offset_at(token.start[0], token.start[1] + 1)
            comments.append(Comment(source.span(start, start + len(token.string.encode())), token.string))

    def statement_rows(row: int) -> tuple[int, int]:
        import ast

        for statement in ast.walk(ast.parse(text)):
            if isinstance(statement, ast.stmt):
                decorators = getattr(statement, "decorator_list", [])
                first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
                if first == row:
                    return row, statement.end_lineno or row
        return row, row

    return source, parse_suppressions(source, comments, statement_rows)


def found(source: SourceText, needle: str, rule: Rule = BLOCKING) -> Finding:
    start = source.data.index(needle.encode())
    return rule.finding(PATH, source.span(start, start + len(needle.encode())), "m", "s")


def lint(
    text: str, *needles: str, settings: Settings | None = None, rules: tuple[Rule, ...] = RULES
) -> list[tuple[str, int]]:
    source, suppressions = parse(text)
    findings = [found(source, needle) for needle in needles]
    kept = suppressed(findings, [Parsed(PATH, suppressions)], settings or Settings(), rules, Catalogue(RULES))
    return sorted((finding.code, finding.span.row) for finding in kept)


def fixed(text: str, *needles: str) -> str:
    source, suppressions = parse(text)
    findings = [found(source, needle) for needle in needles]
    kept = suppressed(findings, [Parsed(PATH, suppressions)], Settings(), RULES, Catalogue(RULES))
    edits = sorted((edit for finding in kept if finding.fix for edit in finding.fix.edits), key=lambda edit: edit.span)
    data = source.data
    for edit in reversed(edits):
        data = data[: edit.span.start] + edit.content.encode() + data[edit.span.end :]
    return data.decode()


def test_comment_at_the_end_of_a_line_hides_findings_of_that_line_only() -> None:
    text = "load()  # tenlint: ignore[TEN0101] start-up only\nfetch()\n"
    assert lint(text, "load()", "fetch()") == [("TEN0101", 2)]


def test_names_work_like_codes() -> None:
    assert lint("load()  # tenlint: ignore[blocking-call]\n", "load()") == []


def test_another_rule_is_not_hidden() -> None:
    assert lint("load()  # tenlint: ignore[TEN0201]\n", "load()") == [("TEN0004", 1), ("TEN0101", 1)]


def test_comment_at_the_end_of_a_call_over_several_lines() -> None:
    assert lint("load(\n    1,\n)  # tenlint: ignore[TEN0101]\n", "load(\n    1,\n)") == []


def test_comment_on_its_own_line_covers_all_lines_of_the_next_statement() -> None:
    text = "# tenlint: ignore[TEN0101] reason\n\n# more\nrun(\n    load(),\n    fetch(),\n)\nlate()\n"
    assert lint(text, "load()", "fetch()", "late()") == [("TEN0101", 8)]


def test_comment_above_decorators_covers_the_function() -> None:
    text = "# tenlint: ignore[TEN0101]\n@route\n@auth\ndef handler():\n    load()\n\nlate()\n"
    assert lint(text, "load()", "late()") == [("TEN0101", 7)]


def test_comment_within_a_call_covers_the_next_line() -> None:
    text = "run(\n    # tenlint: ignore[TEN0101]\n    load(),\n    fetch(),\n)\n"
    assert lint(text, "load()", "fetch()") == [("TEN0101", 4)]


def test_whole_file() -> None:
    assert lint("load()\n# tenlint: ignore-file[TEN0101] generated\nfetch()\n", "load()", "fetch()") == []


def test_blocks_nest() -> None:
    text = (
        "# tenlint: ignore-start[TEN0101]\nload()\n# tenlint: ignore-start[TEN0101]\nfetch()\n# tenlint: ignore-end\n"
        "again()\n# tenlint: ignore-end\nlate()\n"
    )
    assert lint(text, "load()", "fetch()", "again()", "late()") == [("TEN0101", 8)]


def test_unclosed_block_hides_nothing_and_is_reported() -> None:
    assert lint("# tenlint: ignore-start[TEN0101]\nload()\n", "load()") == [("TEN0005", 1), ("TEN0101", 2)]


def test_end_without_start_is_reported() -> None:
    assert lint("load()\n# tenlint: ignore-end\n") == [("TEN0005", 2)]


def test_strings_do_not_suppress() -> None:
    assert lint('load("# tenlint: ignore[TEN0101]")\n', "load") == [("TEN0101", 1)]


def test_suppressions_without_rules_and_misspelt_ones_are_reported() -> None:
    for text in (
        "# tenlint: ignore\nload()\n",
        "load()  # tenlint: ignore[]\n",
        "load()  # tenlint: disable=TEN0101\n",
    ):
        assert [code for code, _ in lint(text, "load()")] == ["TEN0005", "TEN0101"], text


def test_unknown_rule_is_reported_with_the_nearest_name() -> None:
    source, suppressions = parse("load()  # tenlint: ignore[blocking-cal]\n")
    (finding,) = suppressed([], [Parsed(PATH, suppressions)], Settings(), RULES, Catalogue(RULES))
    assert finding.message == "unknown rule `blocking-cal` in a suppression; write `blocking-call`"
    assert source.text(finding.span.start, finding.span.end) == "blocking-cal"


def test_nothing_is_unused_for_a_rule_that_did_not_run() -> None:
    text = "load()  # tenlint: ignore[TEN0101]\n"
    assert lint(text) == [("TEN0004", 1)]
    assert lint(text, rules=(*HOUSEKEEPING, SWALLOWED)) == []
    assert lint(text, rules=(BLOCKING, SWALLOWED)) == []


def test_no_inline_shows_everything() -> None:
    assert lint("load()  # tenlint: ignore[TEN0101]\n", "load()", settings=Settings(no_inline=True)) == [("TEN0101", 1)]


def test_reason_can_be_required() -> None:
    settings = Settings(require_reason=True)
    assert lint("load()  # tenlint: ignore[TEN0101] see #12\n", "load()", settings=settings) == []
    assert lint("load()  # tenlint: ignore[TEN0101]\n", "load()", settings=settings) == [("TEN0005", 1)]


def test_notices_cannot_be_suppressed() -> None:
    text = "load()  # tenlint: ignore-file[TEN0001]\n"
    source, suppressions = parse(text)
    notice = found(source, "load()", HOUSEKEEPING[0])
    kept = suppressed([notice], [Parsed(PATH, suppressions)], Settings(), RULES, Catalogue(RULES))
    assert notice in kept


def test_fix_removes_the_comment_and_the_blanks_before_it() -> None:
    assert fixed("load()  # tenlint: ignore[TEN0101] old\nx = 1\n") == "load()\nx = 1\n"


def test_fix_removes_the_whole_line_of_a_comment_of_its_own() -> None:
    assert fixed("def f():\n    # tenlint: ignore[TEN0101]\n    pass\n") == "def f():\n    pass\n"


def test_fix_leaves_what_other_tools_read() -> None:
    assert fixed("load()  # noqa: E501  # tenlint: ignore[TEN0101] é\n") == "load()  # noqa: E501\n"
    assert fixed("load()  # tenlint: ignore[TEN0101] é  # noqa: E501\n") == "load()  # noqa: E501\n"


def test_fix_removes_only_the_idle_name() -> None:
    text = "load()  # tenlint: ignore[TEN0101, TEN0201] reason\n"
    assert fixed(text, "load()") == "load()  # tenlint: ignore[TEN0101] reason\n"


HUGE = {
    "many comments": lambda size: "# tenlint: ignore[TEN0101]\n" * size + "load()\n",
    "many names": lambda size: (
        "load()  # tenlint: ignore[" + ",".join(f"X{number}" for number in range(size)) + "] é\n"
    ),
    "many blanks": lambda size: "load()  # tenlint: ignore" + " " * size + "x\n",
    "many open brackets": lambda size: "load()  #" + " tenlint: ignore[" * size + "\n",
    "many directives": lambda size: "load()  " + "# tenlint: ignore[" * size + "\n",
    "nested blocks": lambda size: (
        "# tenlint: ignore-start[TEN0101]\n" * size + "load()\n" + "# tenlint: ignore-end\n" * size
    ),
}


def calls_for(text: str) -> int:
    """How many functions, in Python or C, reading and applying the comments of a text calls: a cost without a clock."""
    source = SourceText(PATH, text.encode())
    comments = []
    for row in range(1, source.row_count):
        line = source.line_text(row)
        if "#" in line:
            start = source.offset_at(row, line.index("#") + 1)
            comment = line[line.index("#") :]
            comments.append(Comment(source.span(start, start + len(comment.encode())), comment))
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        suppressions = parse_suppressions(source, comments, lambda row: (row, row))
        suppressed([found(source, "load()")], [Parsed(PATH, suppressions)], Settings(), RULES, Catalogue(RULES))
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("name", HUGE)
def test_cost_grows_linearly(name: str) -> None:
    assert calls_for(HUGE[name](4_000)) < 5 * calls_for(HUGE[name](1_000)) + 1_000
