"""The Markdown files that other branches, local or remote-tracking, have and the checked-out commit has not.

Read from git's object database, nothing is checked out. A file that a branch has renamed or changed is told from one
that it has added.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from spec_ls.git import DIFF, LOG, MARKDOWN_FILES, blob_texts, git, git_bytes, logged, looked_up
from spec_ls.values import numbered_words

HEAD = 8192
"""Code points of a file's beginning in which its own identifier stands."""
_MOST_BLOBS = 5000
_SECONDS = 60.0


class Elsewhere(NamedTuple):
    """A branch, and the path of the file in it that has something."""

    branch: str
    path: str


@dataclass(slots=True)
class BranchFile:
    """A file as a branch has it at its tip. `origin` is its path in the history that both share, empty where the branch
    has added it; `at` is the author's time of the commit that did (seconds since 1970), else that of its first change.
    """

    reference: str
    path: str
    blob: str
    origin: str = ""
    at: int = 0

    @property
    def branch(self) -> str:
        return re.sub("^refs/(?:heads|remotes)/", "", self.reference)

    @property
    def where(self) -> Elsewhere:
        return Elsewhere(self.branch, self.path)


@dataclass
class Branches:
    """What the branches of the repository at `root` had when this was made; the latest change comes first."""

    root: Path
    files: list[BranchFile] = field(default_factory=list)
    gone: set[tuple[str, str]] = field(default_factory=set)
    """Reference and path of each file that a branch has taken away or renamed."""

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(file.path for file in self.files)

    def texts(self, files: Sequence[BranchFile]) -> Iterator[tuple[BranchFile, str]]:
        """The text of each file that is one. Asks git."""
        told = dict(blob_texts(self.root, list(dict.fromkeys(file.blob for file in files))[:_MOST_BLOBS]))
        return ((file, told[file.blob]) for file in files if file.blob in told)

    def naming(self, name: str) -> Sequence[BranchFile]:
        """The files in whose heads an identifier stands, whatever its case."""
        return self._by_word.get(name.casefold(), ())

    @cached_property
    def _by_word(self) -> dict[str, list[BranchFile]]:
        found: dict[str, list[BranchFile]] = {}
        for file, text in self.texts(self.files):
            for word in {one.words.casefold() for one in numbered_words(text[:HEAD])}:
                found.setdefault(word, []).append(file)
        return found

    def is_at_tip(self, file: BranchFile) -> bool:
        """Whether the branch still has the file as it is here. Asks git."""
        query = f"{file.reference}:{file.path}"
        return dict(looked_up(self.root, [query])).get(query, ("",))[0] == file.blob

    def had(self, path: str) -> bool:
        """Whether the checked-out history once had a file of this path. Asks git."""
        return bool(git(self.root, "log", "--max-count=1", "--format=%H", "HEAD", "--", f":(top,literal){path}"))


def references(root: Path) -> bytes:
    """What changes with any branch and with what is checked out; empty where git does not say. Never raises."""
    told = git_bytes(root, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes")
    return told + git_bytes(root, "rev-parse", "HEAD") if told else b""


def branches(root: Path) -> Branches:
    """Reads what the branches have; nothing where git does not say. Never raises."""
    has_commit = bool(git(root, "rev-parse", "--verify", "--quiet", "HEAD"))
    beyond = ("--branches", "--exclude=*/HEAD", "--remotes", "--source", *(("--not", "HEAD") if has_commit else ()))
    form = "--format=%x01%S%x01%at"
    arguments = (*LOG, *DIFF, "--raw", "--no-abbrev", "-M", "--diff-filter=ADMR", form, *beyond, "--", *MARKDOWN_FILES)
    found = Branches(root)
    tips: dict[tuple[str, str], BranchFile | None] = {}
    """Which file bore a name at this point of the walk back; None: one that is gone, or another."""
    for one in logged(git_bytes(root, *arguments, seconds=_SECONDS)):
        letter, path = one.letter, one.path
        reference, _, at = one.header.partition("\x01")
        key = reference, path
        if key not in tips:
            if letter == "D":
                found.gone.add(key)
                tips[key] = None
            else:
                tips[key] = BranchFile(reference, path, one.blob)
                found.files.append(tips[key])  # type: ignore[arg-type]
        file = tips[key]
        if letter == "R":
            found.gone.add((reference, one.before))
            tips[reference, one.before] = file
        if file is not None:
            file.at = int(at) if at.isdigit() else 0
            file.origin = {"A": "", "R": one.before}.get(letter, path)
        if letter in "AR":
            tips[key] = None
    return found


def is_here(root: Path, path: str) -> bool:
    """Whether the working tree has a file of this path."""
    return os.path.lexists(os.path.join(root, path))
