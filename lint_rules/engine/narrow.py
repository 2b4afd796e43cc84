"""What `check` is told to leave out of its report: the baseline's findings, and those older than a revision."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from lint_rules.engine.baseline import BaselineFilter, default_path, read_baseline
from lint_rules.engine.config import ConfigError
from lint_rules.engine.discover import FileChoice
from lint_rules.engine.newer import NewerFilter, Older, Texts, older_state
from lint_rules.engine.revisions import GitError, Repository, repository
from lint_rules.engine.session import Session


class Narrowing(Struct, frozen=True):
    """What options of `check` ask for. `baseline` of None means the one beside the configuration, if there is one."""

    baseline: str | None = None
    use_baseline: bool = True
    new_from: str = ""
    new_from_merge_base: str = ""
    staged: bool = False


def narrowed(session: Session, narrowing: Narrowing, paths: Sequence[str]) -> Session:
    """The session with what it is to leave out. `paths` are those that were asked for.

    Raises ConfigError for a baseline that cannot be read, GitError where git cannot tell what is new.
    """
    since = [bool(narrowing.new_from), bool(narrowing.new_from_merge_base), narrowing.staged]
    if sum(since) > 1:
        raise GitError("--new-from, --new-from-merge-base and --staged exclude each other")
    if any(since):
        session = _since(session, narrowing, paths)
    known = _baseline_filter(session, narrowing) if narrowing.use_baseline else None
    return session if known is None else replace(session, filters=(*session.filters, known))


def _baseline_filter(session: Session, narrowing: Narrowing) -> BaselineFilter | None:
    path = os.path.abspath(narrowing.baseline or default_path(session.settings, session.discovered.root))
    if not os.path.lexists(path):
        if narrowing.baseline is None:
            return None
        raise ConfigError(path, None, "there is no baseline; write it with `tenlint baseline`")
    return BaselineFilter(read_baseline(path), session.discovered.requested, session.codes())


def _since(session: Session, narrowing: Narrowing, paths: Sequence[str]) -> Session:
    there = repository(session.discovered.root)
    if narrowing.staged:
        session = _as_staged(session, there, paths)
        head = there.head()
        # Before the first commit all that is staged is new.
        older = older_state(there, there.changes(head, staged=True)) if head else Older(added=there.tracked())
    else:
        revision = narrowing.new_from_merge_base or narrowing.new_from
        commit = there.merge_base(revision) if narrowing.new_from_merge_base else there.commit(revision)
        older = older_state(there, there.changes(commit, staged=False), there.untracked())
    choice = FileChoice(session.settings, session.discovered.root)
    root = os.path.join(session.discovered.root, "")
    newer = NewerFilter(
        older,
        session.discovered,
        session.texts,
        session.lint_state,
        lambda path: path.startswith(root) and choice.is_source(path),
    )
    return replace(session, filters=(*session.filters, newer))


def _as_staged(session: Session, there: Repository, paths: Sequence[str]) -> Session:
    """The session over what the next commit would hold, whatever the working tree has besides."""
    unstaged = [change for change in there.unstaged() if change.before]
    contents = there.contents(change.before_blob for change in unstaged)
    texts: Texts = {change.before: contents[change.before_blob] for change in unstaged}
    discovered = session.discovered
    choice = FileChoice(session.settings, discovered.root)
    tracked = there.tracked()
    folders = [os.path.join(os.path.abspath(path), "") for path in paths]
    # A file that is staged but deleted in the working tree is part of the commit.
    deleted = {
        path
        for path in texts
        if not os.path.lexists(path) and choice.is_source(path) and not choice.is_excluded(path)
        and any(path.startswith(folder) or path == folder[:-1] for folder in folders)
        and (session.shard is None or session.shard.holds(path, discovered.root))
    }  # fmt: skip
    discovered = replace(
        discovered,
        files=tuple(sorted({*discovered.files, *deleted})),
        requested=(discovered.requested & tracked) | deleted,
    )
    kept = frozenset(discovered.files)
    return replace(session, discovered=discovered, texts={path: text for path, text in texts.items() if path in kept})
