"""The command line: options in, exit code out. What a command does is written in engine/ and reporters/.

Nothing heavy is imported before a command needs it: `--help` and `--version` load click and nothing of ours.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from lint_rules import __version__, commands

if TYPE_CHECKING:
    from lint_rules.engine.narrow import Narrowing
    from lint_rules.engine.report import Report
    from lint_rules.engine.session import Session
    from lint_rules.engine.shards import Shard
    from lint_rules.reporters.console import Stopwatch
    from lint_rules.reporters.output import Output

Command = TypeVar("Command", bound=Callable[..., Any])
Options = dict[str, Any]

EXAMPLES = """
\b
Examples:
  tenlint                                   check the current folder
  tenlint check src tests                   check two folders of a project
  tenlint --fix src                         apply the safe fixes
  tenlint --select TEN01,swallowed-exception .
  tenlint --output-format full --output-format json:report.json .
  tenlint check - --stdin-filename app.py   check what an editor holds
  tenlint check @files.txt                  options and paths from a file, one a line
  tenlint explain TEN0101                   why, and what to do
"""


FORMATS_HELP = (
    "full, concise, grouped, json, jsonl, sarif, github, gitlab, junit, checkstyle, rdjson, markdown, html or part; "
    "repeatable, all but one with a file."
)


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tenlint")
def cli() -> None:
    """Find the ten errors that take backend services down.

    `tenlint PATH...` is short for `tenlint check PATH...`, and `tenlint` for `tenlint check .`.
    """


def split_selectors(context: click.Context, option: click.Parameter, values: Sequence[str]) -> tuple[str, ...] | None:
    """The rules of a repeatable option, each value of which may hold several with commas between; None without it."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip()) if values else None


def rules_option(name: str, help_text: str) -> Callable[[Command], Command]:
    """An option that takes rules: codes, prefixes, names, families, ALL."""
    return click.option(name, multiple=True, metavar="RULES", callback=split_selectors, help=help_text)


@cli.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@rules_option("--select", "Run these rules in place of the default set: codes, prefixes, names, families, ALL.")
@rules_option("--extend-select", "Run these rules besides.")
@rules_option("--ignore", "Do not run these rules.")
@click.option("--fix", is_flag=True, help="Apply safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: apply unsafe fixes too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, write nothing; exit 1 if there is anything.")
@click.option("--output-format", multiple=True, metavar="F[:FILE]", help=FORMATS_HELP)
@click.option("--fail-on", type=click.Choice(["error", "warning", "info", "never"]), help="Default: warning.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even if there are findings.")
@click.option(
    "--add-ignore", metavar="[REASON]", help="Write suppression comments for what is found: --add-ignore=WHY."
)
@click.option("--statistics", is_flag=True, help="Show how often each rule is broken in place of the findings.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and stop.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files even if they are named.")
@click.option("--max-file-size", type=click.IntRange(min=1), metavar="BYTES", help="Do not analyse larger files.")
@click.option("--no-inline", is_flag=True, help="Report what suppression comments hide.")
@click.option("--baseline", metavar="FILE", help="The known findings; default: .tenlint-baseline.json, if it is there.")
@click.option("--no-baseline", is_flag=True, help="Report what the baseline hides.")
@click.option("--new-from", metavar="REV", help="Report only what is new since a git revision.")
@click.option("--new-from-merge-base", metavar="REV", help="Report only what is new since the branch left REV.")
@click.option("--staged", is_flag=True, help="Report only what is new in what is staged for the next commit.")
@click.option("--shard", metavar="I/N", help="Report on the I-th of N shares of the files; see `tenlint merge`.")
@click.option("--executor", metavar="dask://HOST:PORT", default="", help="Analyse the files on a Dask cluster.")
@click.option("-j", "--jobs", type=click.IntRange(min=0), metavar="N", help="Worker processes; 0: one per core.")
@click.option("--no-cache", is_flag=True, help="Do not read or write the cache.")
@click.option("--cache-dir", metavar="DIR", help="Keep the cache here; default: .tenlint_cache in the project.")
@click.option("--config", multiple=True, metavar='FILE|"KEY = VALUE"', help="A configuration file, or one setting.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--stdin-filename", metavar="PATH", help="The file that standard input (-) stands for.")
@click.option("--timing", is_flag=True, help="Say on standard error where the time went.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Default: auto.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
@click.option("-v", "--verbose", is_flag=True, help="Say which settings and files are used.")
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Check files and folders (default: the current folder; - is standard input)."""
    from lint_rules.engine.config import ConfigError
    from lint_rules.engine.narrow import narrowed
    from lint_rules.engine.revisions import GitError
    from lint_rules.engine.session import open_session
    from lint_rules.reporters.console import Stopwatch, fail, shown, tell_what_is_left_out
    from lint_rules.reporters.output import parse_outputs

    stopwatch = Stopwatch(is_wanted=options["timing"])
    stdin = None
    if "-" in paths:
        if len(paths) > 1:
            raise click.UsageError("standard input (-) cannot be combined with other paths")
        stdin = (options["stdin_filename"] or "stdin.py", sys.stdin.buffer.read())
    try:
        shard = shard_of(options["shard"], stdin=stdin is not None)
        check_executor(options["executor"])
        outputs = parse_outputs(options["output_format"])
        session = open_session(
            paths or (".",),
            isolated=options["isolated"],
            config=options["config"],
            overrides=overrides_of(options),
            stdin=stdin,
            cache=not options["no_cache"] and stdin is None,
            cache_dir=options["cache_dir"],
            shard=shard,
            executor=options["executor"],
        )
        if session.discovered.missing:
            fail(missing_message(session.discovered.missing))
        session = narrowed(session, narrowing_of(options), paths or (".",))
    except (ConfigError, GitError, ValueError) as error:
        fail(str(error))
    tell_what_is_left_out(session, quiet=options["quiet"], verbose=options["verbose"])
    if options["show_files"]:
        sys.stdout.writelines(f"{shown(path)}\n" for path in sorted(session.discovered.requested))
        return 0
    stopwatch.lap("settings and files")
    try:
        return lint_and_report(session, outputs, options, stopwatch)
    except ValueError as error:
        from lint_rules.engine.cluster import ExecutorError

        if not isinstance(error, ExecutorError):
            raise
        fail(str(error))


def shard_of(text: str | None, *, stdin: bool) -> Shard | None:
    """The share of the files that `--shard` names. Raises ValueError."""
    if text is None:
        return None
    from lint_rules.engine.shards import parse_shard

    if stdin:
        raise ValueError("--shard cannot be combined with standard input (-)")
    return parse_shard(text)


def check_executor(executor: str) -> None:
    """Raises ValueError unless `--executor` names a cluster, or nothing."""
    if executor:
        from lint_rules.engine.cluster import address_of

        address_of(executor)


def missing_message(missing: Sequence[str]) -> str:
    """What to say of arguments that are no paths; the first may be a misspelt command."""
    from difflib import get_close_matches

    guess = get_close_matches(missing[0], cli.commands, n=1, cutoff=0.7)
    advice = f"; did you mean the command `{guess[0]}`?" if guess else ""
    return f"no such file or folder: {', '.join(missing)}{advice}"


def narrowing_of(options: Options) -> Narrowing:
    """What the options of `check` want left out of the report."""
    from lint_rules.engine.narrow import Narrowing

    return Narrowing(
        baseline=options["baseline"],
        use_baseline=not options["no_baseline"],
        new_from=options["new_from"] or "",
        new_from_merge_base=options["new_from_merge_base"] or "",
        staged=options["staged"],
    )


def overrides_of(options: Options) -> Options:
    """The Settings fields that options of `check` set."""
    from lint_rules.engine.config_keys import fail_on
    from lint_rules.engine.selection import Selection

    chosen = Selection(options["select"], options["extend_select"] or (), options["ignore"] or ())
    overrides: Options = {"command_line": chosen}
    for name in ("force_exclude", "no_inline"):
        if options[name]:
            overrides[name] = True
    for name in ("max_file_size", "jobs"):
        if options[name] is not None:
            overrides[name] = options[name]
    if options["fail_on"] is not None:
        overrides["fail_on"] = fail_on(options["fail_on"])
    return overrides


def lint_and_report(session: Session, outputs: Sequence[Output], options: Options, stopwatch: Stopwatch) -> int:
    """Lint, fix or show the diff if asked to, report, and say how it ended."""
    from lint_rules.reporters.console import fail, tell, tell_stale_entries, write_diff
    from lint_rules.reporters.output import is_terminal, wants_colour, write_reports
    from lint_rules.reporters.progress import watched
    from lint_rules.reporters.redact import secrets_of
    from lint_rules.reporters.view import View

    with watched(sys.stderr, is_wanted=not options["quiet"]) as progress:
        report = session.lint(progress)
    stopwatch.lap("analysis")
    if options["add_ignore"] is not None:
        return add_ignores(session, report, options)
    fixed_files = session.fix(report, unsafe=options["unsafe_fixes"]) if options["fix"] or options["diff"] else []
    for fixed in fixed_files:
        if fixed.problem:
            tell("warning", f"{fixed.path}: not fixed: {fixed.problem}")
    if options["diff"]:
        for fixed in fixed_files:
            write_diff(fixed, secrets_of(report).get(fixed.path, ()))
        is_anything_to_fix = any(fixed.is_changed for fixed in fixed_files)
        return report.exit_code(None) or int(is_anything_to_fix and not options["exit_zero"])
    stream = sys.stdout
    if options["fix"] and session.stdin is not None:
        # The fixed text goes where the text came from: through the pipe.
        session = session.with_fixed_stdin(fixed_files)
        sys.stdout.flush()
        sys.stdout.buffer.write(session.stdin[1] if session.stdin else b"")
        stream = sys.stderr
    else:
        for path, problem in session.write(fixed_files):
            tell("warning", f"{path}: not fixed: {problem}")
    if any(fixed.is_changed for fixed in fixed_files):
        report = session.lint()
    stopwatch.lap("fixes")
    view = View(
        folder=os.getcwd(),
        root=session.discovered.root,
        colour=wants_colour(options["color"], stream),
        hyperlinks=is_terminal(stream),
        unsafe_fixes=options["unsafe_fixes"],
        show_summary=not options["quiet"],
        read=session.read,
        shard=session.shard,
        fail_on=session.settings.fail_on,
    )
    try:
        write_reports(outputs, report, view, stream, statistics=options["statistics"])
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(f"the report cannot be written: {(error.strerror or '').lower()}")
    stopwatch.lap("report")
    stopwatch.tell(report.files)
    tell_stale_entries(session, report, quiet=options["quiet"], verbose=options["verbose"])
    if report.internal_errors:
        tell("error", "a rule failed; please report the TEN0003 finding")
    return report.exit_code(session.settings.fail_on, exit_zero=options["exit_zero"])


def add_ignores(session: Session, report: Report, options: Options) -> int:
    """Write the comments that hide the findings of a report, and say what is left."""
    from lint_rules.reporters.console import fail, shown, tell

    if session.stdin is not None:
        fail("--add-ignore cannot be combined with standard input (-)")
    if session.settings.require_reason and not options["add_ignore"].strip():
        fail("`require-reason` is set; give one, as in --add-ignore='runs once at start'")
    done = session.add_ignores(report, options["add_ignore"])
    problems = dict(session.write([ignored.file for ignored in done]))
    for path, problem in problems.items():
        tell("warning", f"{path}: not changed: {problem}")
    added = [ignored for ignored in done if ignored.file.is_changed and ignored.file.path not in problems]
    for ignored in done:
        for finding in ignored.left:
            tell("warning", f"{shown(finding.path)}:{finding.span.row}: {finding.code} has no place for a comment")
    count = sum(ignored.count for ignored in added)
    findings, files = ("" if number == 1 else "s" for number in (count, len(added)))
    sys.stdout.write(f"Suppressed {count} finding{findings} in {len(added)} file{files}\n")
    left = session.lint() if added else report
    return left.exit_code(session.settings.fail_on, exit_zero=options["exit_zero"])


for command in commands.COMMANDS:
    cli.add_command(command)


def expanded(arguments: Sequence[str]) -> list[str]:
    """The arguments with `@FILE` replaced by the lines of the file, unless something is called so itself."""
    result = []
    for argument in arguments:
        path = argument[1:]
        if not argument.startswith("@") or os.path.lexists(argument) or not os.path.isfile(path):
            result.append(argument)
            continue
        try:
            with open(path, "rb") as file:
                result += [os.fsdecode(line) for line in file.read().splitlines() if line.strip()]
        except OSError as error:
            raise click.UsageError(f"{path} cannot be read: {(error.strerror or '').lower()}") from None
    return result


def with_default_command(arguments: Sequence[str]) -> list[str]:
    """The arguments with `check` in front, unless they name a command or ask for the help of the whole."""
    # Its value is optional, so only one after "=" is its own: `--add-ignore src` means the folder.
    arguments = ["--add-ignore=" if argument == "--add-ignore" else argument for argument in arguments]
    if arguments and (arguments[0] in cli.commands or arguments[0] in ("-h", "--help", "--version")):
        return list(arguments)
    return ["check", *arguments]


_RARELY = (100_000, 50, 100)
"""When garbage is looked for: nearly all that a run makes is needed until it ends, so each look is long and in vain."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0, 1 with findings, 2 if something is wrong, 130 and 143 on signals."""
    from lint_rules.reporters.streams import prepare_streams, silence_stdout

    prepare_streams()
    gc.set_threshold(*_RARELY)
    # As an exception, so that temporary files and workers are cleaned up on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        wanted = with_default_command(expanded(sys.argv[1:] if arguments is None else arguments))
        code = cli.main(wanted, prog_name="tenlint", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exit_request:
        code = exit_request.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.Abort):
        code = 130
    except BrokenPipeError:
        # Whoever read the report has enough; the interpreter must not complain when it flushes at its end.
        silence_stdout()
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
