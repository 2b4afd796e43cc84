"""What a family costs: processor time of its screening and its looks beside one tree-sitter parse of every byte.

    python benchmarks/family.py TEN09 --package django

*alone* is the screening of all files when no other rule runs: the split into words, which all rules share, is in it.
*beside others* is its screening in files whose words are known, since others asked for them. *looks* are its checks
over whole files, their parse left out. The best of several rounds counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from corpus import SUFFIXES, load_packages

from lint_rules.engine.registry import load_rules
from lint_rules.languages import screening
from lint_rules.languages.inspection import Inspection, RuleCheck
from lint_rules.languages.language import language
from lint_rules.languages.whole_file import Placed, inspect_whole, worth_parsing
from lint_rules.model import Rule
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import SourceText, read_source

ROUNDS = 5


@click.command()
@click.argument("family")
@click.option("--package", "package_name", default="django", show_default=True)
def main(family: str, package_name: str) -> None:
    """Print the times for the default rules whose codes begin with FAMILY."""
    package = load_packages((package_name,))[0]
    paths = sorted(path for path in package.tree.rglob("*") if path.suffix in SUFFIXES[package.language])
    sources = [source for path in paths if isinstance(source := read_source(str(path)), SourceText)]
    rules = [rule for rule in load_rules() if rule.default]
    own = [rule for rule in rules if rule.code.startswith(family)]
    parse = best(lambda: parse_all(sources, package.language))
    alone = best(lambda: screen(sources, own, package.language))
    beside = min(beside_others(sources, own, package.language) for _ in range(ROUNDS))
    looks = min(look(sources, own, package.language, package.tree) for _ in range(ROUNDS))
    click.echo("| | s | of one parse |\n|---|--:|--:|")
    for name, seconds in (
        ("one parse", parse), (f"{family} alone, screening", alone), (f"{family} beside others, screening", beside),
        (f"{family}, looks", looks),
    ):  # fmt: skip
        click.echo(f"| {name} | {seconds:.3f} | {seconds / parse:.2f} |")


def best(run: Callable[[], object]) -> float:
    """The least processor time of several runs."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def parse_all(sources: list[SourceText], name: str) -> None:
    """One tree-sitter parse of every file."""
    if name == "python":
        from lint_rules.languages.python.grammar import parse

        for source in sources:
            parse(source.data)
    else:
        from lint_rules.languages.javascript.grammar import parse as parse_javascript

        for source in sources:
            parse_javascript(source.data, source.path)


def screen(sources: list[SourceText], rules: list[Rule], name: str) -> list[list[RuleCheck]]:
    """The checks that are triggered in each file, found as in a fresh process."""
    screening.forget()
    known = language(name)
    checks = known.checks(rules)
    return [known.triggered(source.data, checks, in_test=False) for source in sources]


def beside_others(sources: list[SourceText], rules: list[Rule], name: str) -> float:
    """The time of the screening in files whose words were asked for already."""
    known = language(name)
    checks = known.checks(rules)
    seconds = 0.0
    for source in sources:
        checks.speller.fulfilled(source.data)
        screening.spelled_words(source.data)
        start = time.process_time()
        known.triggered(source.data, checks, in_test=False)
        seconds += time.process_time() - start
    return seconds


def look(sources: list[SourceText], rules: list[Rule], name: str, root: Path) -> float:
    """The time of the checks over whole files in what the screening leaves, without the parse."""
    known = language(name)
    modules, symbols = Modules(), Symbols({}, known.types({}))
    own = known.checks(rules)
    seconds = 0.0
    for source in sources:
        checks = known.triggered(source.data, own, in_test=False)
        relative = source.path.removeprefix(f"{root}/")
        module = Module(source.path, relative, relative.rpartition(".")[0].replace("/", "."), "", False)
        if not (wanted := worth_parsing(Placed(source.data, module, modules), checks)):
            continue
        file = known.open(source, module, symbols=symbols, modules=modules, options={})
        start = time.process_time()
        inspect_whole(file, wanted, Inspection())
        seconds += time.process_time() - start
    return seconds


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
