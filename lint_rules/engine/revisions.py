"""What changed between two states of a git repository: a revision, the index, the working tree."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from lint_rules.engine.git import run_git

_RAW: Final = (
    "--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all",
)  # fmt: skip
_NOWHERE: Final = frozenset("0")
_FILE_MODES: Final = ("100644", "100755")


class GitError(Exception):
    """Git cannot say what was asked; the message tells the user why and what to do."""


class Change(Struct, frozen=True):
    """A file that differs: its path before and after (absolute, '' if it is not there) and the blobs.

    `after_blob` is '' where the content is that of the working tree.
    """

    before: str
    after: str
    before_blob: str
    after_blob: str


class Repository(Struct, frozen=True):
    """The repository around `root`; `top` is the folder of its working tree.

    `index` is the index of the commit that is being made, if git has said so to its hook; '' for the usual one.
    """

    root: str
    top: str
    index: str = ""

    def commit(self, revision: str) -> str:
        """The commit that a revision names. Raises GitError."""
        found = self._line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found is None:
            shallow = " (the clone is shallow; fetch more of it, as with `fetch-depth: 0`)" if self.is_shallow() else ""
            raise GitError(f"git does not know the revision {revision}{shallow}")
        return found

    def merge_base(self, revision: str) -> str:
        """The commit where the current branch left another. Raises GitError."""
        other = self.commit(revision)
        found = self._line("merge-base", other, self.commit("HEAD"))
        if found is None:
            advice = "the clone is shallow; fetch more of it, as with `fetch-depth: 0`"
            why = advice if self.is_shallow() else "the two have no common history"
            raise GitError(f"there is no merge base of {revision} and HEAD; {why}")
        return found

    def head(self) -> str | None:
        """The current commit; None before the first one."""
        return self._line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    def is_shallow(self) -> bool:
        """Whether the history was cut off when it was cloned."""
        return self._line("rev-parse", "--is-shallow-repository") == "true"

    def changes(self, commit: str, *, staged: bool) -> list[Change]:
        """What the index (with `staged`) or the working tree has changed since a commit, renames found."""
        return self._changes("diff", *_RAW, "--find-renames", *(("--cached",) if staged else ()), commit, "--")

    def unstaged(self) -> list[Change]:
        """What the working tree has changed since the index."""
        return self._changes("diff", *_RAW, "--no-renames", "--")

    def tracked(self) -> frozenset[str]:
        """The absolute paths of the files in the index."""
        return self._listed("ls-files", "-z", "--cached")

    def untracked(self) -> frozenset[str]:
        """The absolute paths of the files that git neither tracks nor ignores."""
        return self._listed("ls-files", "-z", "--others", "--exclude-standard")

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The contents of blobs. Raises GitError if one is missing."""
        wanted = sorted(set(blobs))
        if not wanted:
            return {}
        output = self._output("cat-file", "--batch", content="".join(f"{blob}\n" for blob in wanted).encode())
        found: dict[str, bytes] = {}
        place = 0
        for blob in wanted:
            header_end = output.find(b"\n", place)
            header = output[place:header_end].split()
            if header_end < 0 or len(header) != 3:
                raise GitError("git lacks the content of a file in that revision; fetch the whole history")
            place = header_end + 1
            found[blob] = output[place : place + int(header[2])]
            place += int(header[2]) + 1
        return found

    def _changes(self, *arguments: str) -> list[Change]:
        parts = [os.fsdecode(part) for part in self._output(*arguments).split(b"\0")[:-1]]
        changes = []
        place = 0
        while place < len(parts):
            before_mode, after_mode, before_blob, after_blob, status = parts[place][1:].split(" ")
            first = parts[place + 1]
            moved = status[0] in "RC"
            second = parts[place + 2] if moved else first
            place += 3 if moved else 2
            is_there = [mode in _FILE_MODES for mode in (before_mode, after_mode)]
            if status[0] == "C":
                # The copy is new; what it was copied from is still there.
                is_there[0] = False
            if any(is_there) and status[0] != "U":
                changes.append(
                    Change(
                        self._absolute(first) if is_there[0] else "",
                        self._absolute(second) if is_there[1] else "",
                        _blob(before_blob),
                        _blob(after_blob),
                    )
                )
        return changes

    def _absolute(self, relative: str) -> str:
        return os.path.join(self.top, relative.replace("/", os.sep))

    def _listed(self, *arguments: str) -> frozenset[str]:
        return frozenset(self._absolute(os.fsdecode(path)) for path in self._output(*arguments).split(b"\0")[:-1])

    def _line(self, *arguments: str) -> str | None:
        finished = run_git(self.top, *arguments)
        return os.fsdecode(finished[1]).strip() if finished is not None and finished[0] == 0 else None

    def _output(self, *arguments: str, content: bytes = b"") -> bytes:
        finished = run_git(self.top, *arguments, content=content, index=self.index)
        if finished is None or finished[0] != 0:
            raise GitError(f"`git {arguments[0]}` failed; run it by hand to see why")
        return finished[1]


def _blob(name: str) -> str:
    return "" if _NOWHERE.issuperset(name) else name


def repository(root: str) -> Repository:
    """The repository that `root` lies in. Raises GitError."""
    finished = run_git(root, "rev-parse", "--show-cdup")
    if finished is None:
        raise GitError("git is not installed, and what is new cannot be told without it")
    if finished[0] != 0:
        raise GitError(f"{root} lies in no git repository, so what is new cannot be told")
    # Relative, so that the names of the files stay those that the run knows them by.
    top = os.path.normpath(os.path.join(root, os.fsdecode(finished[1]).strip("\n")))
    return Repository(root, top, _index_of_commit(root))


def _index_of_commit(root: str) -> str:
    """The index that git names to the hook we run in, as for `git commit --all`, if it is this repository's."""
    named = os.environ.get("GIT_INDEX_FILE", "")
    finished = run_git(root, "rev-parse", "--absolute-git-dir") if named else None
    if finished is None or finished[0] != 0:
        return ""
    index = os.path.abspath(named)
    folder = os.fsdecode(finished[1]).strip("\n")
    return index if os.path.realpath(os.path.dirname(index)) == os.path.realpath(folder) else ""
