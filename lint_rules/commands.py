"""The commands beside `check`: the catalogue, the baseline, and what a project needs to begin with."""

from __future__ import annotations

import sys
from typing import Any, Final

import click


@click.command()
@click.argument("rule")
@click.option("--output-format", type=click.Choice(["text", "markdown", "json"]), default="text", help="Default: text.")
def explain(rule: str, output_format: str) -> int:
    """Show the page of a RULE, given by code or name."""
    from lint_rules.engine.registry import rule_page
    from lint_rules.engine.session import full_catalogue
    from lint_rules.reporters.console import fail
    from lint_rules.reporters.pages import rule_text

    catalogue = full_catalogue()
    found = catalogue.rule(rule) or catalogue.rule(rule.upper())
    if found is None:
        fail(catalogue.unknown_message(rule))
    sys.stdout.write(rule_text(found, rule_page(found), output_format))
    return 0


@click.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
def rules(output_format: str) -> int:
    """List all rules."""
    from lint_rules.engine.session import full_catalogue
    from lint_rules.reporters.pages import rules_json, rules_table

    catalogue = full_catalogue()
    sys.stdout.writelines(rules_json(catalogue.rules) if output_format == "json" else rules_table(catalogue.rules))
    return 0


BASELINE_EXAMPLES = """
\b
Examples:
  tenlint baseline           write what is found now to .tenlint-baseline.json; commit it
  tenlint                    from now on only new findings are reported
  tenlint baseline --prune   drop the entries whose findings are gone
"""


@click.command(epilog=BASELINE_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--baseline", metavar="FILE", help="Default: .tenlint-baseline.json beside the configuration.")
@click.option("--prune", is_flag=True, help="Only drop the entries whose findings are gone.")
@click.option("--config", multiple=True, metavar='FILE|"KEY = VALUE"', help="A configuration file, or one setting.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def baseline(paths: tuple[str, ...], **options: Any) -> int:
    """Write the findings of today to the baseline, which `check` leaves out of its reports.

    With PATHs the entries of other files stay as they are.
    """
    import os

    from lint_rules.engine.baseline import Baseline, default_path, read_baseline, renewed, write_baseline
    from lint_rules.engine.config import ConfigError
    from lint_rules.engine.session import open_session
    from lint_rules.reporters.console import fail, shown, tell, tell_what_is_left_out
    from lint_rules.reporters.progress import watched

    try:
        session = open_session(paths or (".",), isolated=options["isolated"], config=options["config"])
        if session.discovered.missing:
            fail(f"no such file or folder: {', '.join(session.discovered.missing)}")
        path = os.path.abspath(options["baseline"] or default_path(session.settings, session.discovered.root))
        if options["prune"] and not os.path.lexists(path):
            fail(f"there is no baseline to prune: {shown(path)}")
        before = read_baseline(path) if os.path.lexists(path) else Baseline(path)
    except ConfigError as error:
        fail(str(error))
    tell_what_is_left_out(session, quiet=options["quiet"], verbose=False)
    with watched(sys.stderr, is_wanted=not options["quiet"]) as progress:
        report = session.lint(progress)
    if not report.complete:
        for notice in report.notices:
            tell("error", f"{shown(notice.path)}: {notice.message}")
        fail("the baseline was not written, since the run was not complete")
    after = renewed(
        before, report, session.read,
        requested=session.discovered.requested, codes=session.codes(), prune=options["prune"],
    )  # fmt: skip
    try:
        write_baseline(after)
    except OSError as error:
        fail(f"{shown(path)} cannot be written: {(error.strerror or '').lower()}")
    if not options["quiet"]:
        number, old = sum(after.entries.values()), sum(before.entries.values())
        change = f", {old - number} fewer than before" if number < old else f" ({old} before)" if old else ""
        sys.stdout.write(f"{shown(path)}: {number} finding{'' if number == 1 else 's'}{change}\n")
    return 0


@click.command()
@click.argument("folder", default=".", metavar="[FOLDER]")
def init(folder: str) -> int:
    """Set tenlint up in a project: configuration, pre-commit entry, CI job, for what is found there.

    Nothing is overwritten: where a file is there already, what to add to it is printed.
    """
    import os

    from lint_rules.engine.config import ConfigError
    from lint_rules.engine.session import open_session
    from lint_rules.engine.setup_files import setup_files, write_new
    from lint_rules.reporters.console import fail, shown

    if not os.path.isdir(folder):
        fail(f"no such folder: {shown(folder)}")
    root = os.path.abspath(folder)
    try:
        session = open_session((root,))
    except ConfigError as error:
        fail(str(error))
    files = setup_files(root, session.discovered.files)
    for file in files:
        path = shown(os.path.join(root, *file.path.split("/")))
        if file.is_there:
            sys.stdout.write(f"{path} is there already; add to it:\n\n{file.text}\n")
            continue
        try:
            write_new(root, file)
        except OSError as error:
            fail(f"{path} cannot be written: {(error.strerror or '').lower()}")
        sys.stdout.write(f"wrote {path}\n")
    if not files:
        sys.stdout.write("nothing to set up: all is there already\n")
    sys.stdout.write(
        "next: `tenlint` shows what it finds; `tenlint baseline` accepts that and reports only new findings\n"
    )
    return 0


@click.command()
@click.argument("path", default=".", metavar="[PATH]")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
@click.option("--config", multiple=True, metavar='FILE|"KEY = VALUE"', help="A configuration file, or one setting.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--schema", "wants_schema", is_flag=True, help="Print the JSON Schema of the configuration instead.")
def config(path: str, **options: Any) -> int:
    """Show the settings in force for PATH and where each comes from."""
    import json
    import os

    from lint_rules.engine.config import ConfigError
    from lint_rules.engine.session import full_catalogue, open_session
    from lint_rules.reporters.console import fail
    from lint_rules.reporters.settings_text import settings_json, settings_text

    if options["wants_schema"]:
        from lint_rules.engine.config_schema import schema

        sys.stdout.write(json.dumps(schema(full_catalogue()), indent=2) + "\n")
        return 0
    if not os.path.exists(path):
        fail(f"no such file or folder: {path}")
    try:
        session = open_session((path,), config=options["config"], isolated=options["isolated"])
    except ConfigError as error:
        fail(str(error))
    sys.stdout.writelines((settings_json if options["output_format"] == "json" else settings_text)(session))
    return 0


@click.command()
@click.argument("folder", default=".", metavar="[FOLDER]")
def clean(folder: str) -> int:
    """Remove the cache of the project."""
    import os
    import shutil

    from lint_rules.engine.cache_folder import CACHE_FOLDER, TAG, folder_with_user
    from lint_rules.engine.discover import project_root
    from lint_rules.reporters.console import fail, shown

    if not os.path.isdir(folder):
        fail(f"no such folder: {shown(folder)}")
    here = os.path.abspath(folder)
    root = project_root(here) or here
    # Whatever else may be called so: what we made is a real folder with our tag in it.
    caches = [path for path in (os.path.join(root, CACHE_FOLDER), folder_with_user(root)) if os.path.lexists(path)]
    for cache in caches:
        if os.path.islink(cache) or not os.path.isfile(os.path.join(cache, TAG)):
            fail(f"{shown(cache)} is no cache of tenlint; it was left alone")
        try:
            shutil.rmtree(cache)
        except OSError as error:
            fail(f"{shown(cache)} cannot be removed: {(error.strerror or '').lower()}")
        sys.stdout.write(f"removed {shown(cache)}\n")
    if not caches:
        sys.stdout.write("nothing to remove\n")
    return 0


MERGE_EXAMPLES = """
\b
Examples:
  tenlint check . --shard 1/4 --exit-zero --output-format part:parts/1.json     on the first of four machines
  tenlint merge parts                                                           when all four have written theirs
  tenlint merge parts/*.json --output-format full --output-format sarif:tenlint.sarif
"""


@click.command(epilog=MERGE_EXAMPLES)
@click.argument("parts", nargs=-1, required=True, metavar="PART...")
@click.option("--output-format", multiple=True, metavar="F[:FILE]", help="As with `tenlint check`.")
@click.option("--fail-on", type=click.Choice(["error", "warning", "info", "never"]), help="Default: as the shards.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even if there are findings.")
@click.option("--statistics", is_flag=True, help="Show how often each rule is broken in place of the findings.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Default: auto.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
def merge(parts: tuple[str, ...], **options: Any) -> int:
    """Join the PARTs of `tenlint check --shard`, files or folders of them, and report as one run over all would have.

    Start it where the shards were started, in a checkout of the same commit: the sources are shown from there. A part
    that is missing is an error.
    """
    import os

    from lint_rules.engine.config_keys import fail_on
    from lint_rules.engine.shards import PartError, merged, part_files
    from lint_rules.reporters.console import fail, tell
    from lint_rules.reporters.output import is_terminal, parse_outputs, wants_colour, write_reports
    from lint_rules.reporters.view import View

    try:
        outputs = parse_outputs(options["output_format"])
        whole = merged(part_files(parts), os.getcwd())
    except (PartError, ValueError) as error:
        fail(str(error))
    lowest = whole.fail_on if options["fail_on"] is None else fail_on(options["fail_on"])
    view = View(
        folder=os.getcwd(),
        root=whole.root,
        colour=wants_colour(options["color"], sys.stdout),
        hyperlinks=is_terminal(sys.stdout),
        show_summary=not options["quiet"],
        fail_on=lowest,
    )
    try:
        write_reports(outputs, whole.report, view, sys.stdout, statistics=options["statistics"])
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(f"the report cannot be written: {(error.strerror or '').lower()}")
    if whole.report.internal_errors:
        tell("error", "a rule failed; please report the TEN0003 finding")
    return whole.report.exit_code(lowest, exit_zero=options["exit_zero"])


COMPLETION_EXAMPLES = """
\b
Examples:
  tenlint completion bash > ~/.local/share/bash-completion/completions/tenlint
  tenlint completion zsh > "${fpath[1]}/_tenlint"
  tenlint completion fish > ~/.config/fish/completions/tenlint.fish
"""


@click.command(epilog=COMPLETION_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}")
    command = context.find_root().command
    script = made(command, {}, "tenlint", "_TENLINT_COMPLETE")
    sys.stdout.write(script.source_template % script.source_vars())
    return 0


COMMANDS: Final = (explain, rules, baseline, merge, init, config, clean, completion)
