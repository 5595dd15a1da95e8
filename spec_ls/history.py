"""What git tells of a document's past: the version of its template that it was written after, and its statuses.

Read from git once for each state of a repository, in four processes and three more for each template, however many
documents there are, and two more for a document whose statuses are asked for. What git cannot tell for sure is not
told: then today's template judges, and a status has no day.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from spec_ls.files import Stamp, regular_bytes, stamp_of
from spec_ls.git import (
    DIFF,
    LOG,
    MARKDOWN_FILES,
    Objects,
    git_bytes,
    handle_of_address,
    logged,
    looked_up,
    root_of,
    small,
    texts_of,
)
from spec_ls.outline import Outline
from spec_ls.spec import Spec
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.text import Text

log = logging.getLogger(__name__)

_SECONDS = 60.0

_MOST_REVISIONS = 500
_MOST_DOCUMENTS = 1000
"""Those whose statuses are kept."""
_MOST_MAPPED = 10_000_000
"""Bytes of a file that says who is who, or where a shallow clone ends."""
_LATEST = 221_845_392_000
"""The year 9000, in seconds as git counts them: what a commit says of its time may be anything."""
_SECTION = re.compile(r"^##[ \t]", re.M)


class Question(NamedTuple):
    """Which version of the template called `name` in the file `template` judges: the one that calls itself `version`;
    without that, the one in force when the file `document` was added. Both are real paths.

    `head` is the state of the template's repository (`head_files`), for which the answer holds.
    """

    template: str
    name: str
    document: str
    version: str
    head: object


class Revision(NamedTuple):
    """A document as one commit left it. `at`: when that was written, by the author's clock; `author` and `address` are
    those of the mailmap, `handle` is known from a host's noreply address."""

    commit: str
    at: datetime
    author: str
    handle: str
    blob: str


class Change(NamedTuple):
    """A status that a document came to have, and the one before: empty where it had none, None where that lies behind
    the edge of a shallow clone, and with it the revision that set the status."""

    status: str
    before: str | None
    revision: Revision


@dataclass(slots=True)
class _Versions:
    """The versions of one template: the blobs of its file with the latest first, that of each commit, and texts."""

    revisions: list[str] = field(default_factory=list)
    at_commit: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


class _Step(NamedTuple):
    """A commit to a document: the blobs before, none where they are not known or there was none (then `begins`)."""

    commit: str
    old: tuple[str, ...]
    blob: str
    begins: bool


@dataclass(slots=True)
class _History:
    """A repository's Markdown files: the commit that added each (by its path from `root`), its earlier names, and its
    revisions, none before one that came of it. `commits` has time and author of each."""

    root: Path
    added: dict[str, str] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    revisions: dict[str, list[_Step]] = field(default_factory=dict)
    commits: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    versions: dict[str, _Versions] = field(default_factory=dict)

    def revision(self, commit: str, blob: str) -> Revision:
        at, author, address = self.commits[commit]
        at = min(max(at, 0), _LATEST)
        return Revision(commit, datetime.fromtimestamp(at, UTC), author, handle_of_address(address), blob)


class Histories:
    """The answers of git, kept for each state of a repository. For one thread at a time; every method may take long."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[object, _History]] = {}
        self._templates: dict[tuple[str, str], Template] = {}
        self._statuses: dict[str, tuple[Template, dict[str, str | None]]] = {}
        self._objects: Objects | None = None

    def template(self, question: Question) -> Template | None:
        """The template as it stood; None where git does not say, and today's judges. Never raises.

        Templates of one text and name are one object.
        """
        try:
            return self._find(question)
        except Exception:
            log.exception("%s: its history could not be read", question.template)
            return None

    def _find(self, question: Question) -> Template | None:
        root = root_of(Path(question.template))
        if root is None or (question.document and root_of(Path(question.document)) != root):
            return None
        history = self._history(root, question.head)
        path = _relative(question.template, root)
        if path not in history.versions:
            history.versions[path] = _versions(history, path)
        versions = history.versions[path]
        if question.version:
            return self._of_version(versions, question)
        commit = history.added.get(_relative(question.document, root))
        if commit is None or not versions.revisions:
            return None
        blob = versions.at_commit.get(commit, versions.revisions[-1])
        return self._template(versions, blob, question.name)

    def _of_version(self, versions: _Versions, question: Question) -> Template | None:
        """The last template that calls itself the version asked for."""
        for blob in versions.revisions:
            if "template-version" in versions.sources.get(blob, ""):
                template = self._template(versions, blob, question.name)
                if template is not None and template.version == question.version:
                    return template
        return None

    def _template(self, versions: _Versions, blob: str, name: str) -> Template | None:
        if (blob, name) not in self._templates:
            if blob not in versions.sources:
                return None
            self._templates[blob, name] = read_template(versions.sources[blob], name)
        template = self._templates[blob, name]
        return template if template.sections or template.fields else None

    def read(self, root: Path, head: object) -> None:
        """Asks git now when the files of a repository were added and changed, which any other method would. Never
        raises."""
        try:
            self._history(root, head)
        except Exception:
            log.exception("%s: its history could not be read", root)

    def _history(self, root: Path, head: object) -> _History:
        known = self._read.get(root)
        if known is None or known[0] != head:
            known = self._read[root] = head, _history(root)
        return known[1]

    def changes(self, document: str, template: Template, head: object) -> tuple[Change, ...]:
        """The statuses that the file `document` (a real path) came to have by its commits, the latest first, read as
        `template` reads them; empty where git does not say. Never raises.

        Of more than 500 revisions the latest count. What is not committed yet is no change.
        """
        try:
            return tuple(self._changes(document, template, head))
        except Exception:
            log.exception("%s: its history could not be read", document)
            return ()

    def _changes(self, document: str, template: Template, head: object) -> Iterator[Change]:
        root = root_of(Path(document))
        if root is None:
            return
        history = self._history(root, head)
        path = _relative(document, root)
        steps = history.revisions.get(path, [])[:_MOST_REVISIONS]
        if not steps:
            return
        known = self._statuses.get(path)
        if known is None or known[0] is not template:
            if len(self._statuses) >= _MOST_DOCUMENTS:
                self._statuses.clear()
            known = self._statuses[path] = template, {}
        statuses, objects = known[1], self._objects_of(root)
        now = objects.text(f"HEAD:{path}")

        def status_of(blob: str) -> str | None:
            if blob not in statuses:
                found = now if now is not None and now[0] == blob else objects.text(blob)
                text = found[1] if found else None
                statuses[blob] = _status(text, template) if text is not None else None
            return statuses[blob]

        status = status_of(now[0]) if now is not None else None
        for step in steps:  # those of a branch whose status a merge has not taken lead to none that there is
            if status is None:
                return
            if status_of(step.blob) == status and status not in (found := [status_of(old) for old in step.old]):
                before = found[0] if found else "" if step.begins else None
                yield Change(status, before, history.revision(step.commit, step.blob))
                status = found[0] if found else None

    def added(self, document: str, head: object) -> int | None:
        """When the file `document` (a real path) was added, by the author's clock (seconds since 1970); 0 where that is
        not known. None where no commit has it. Never raises."""
        try:
            root = root_of(Path(document))
            history, path = (self._history(root, head), _relative(document, root)) if root else (None, "")
        except Exception:
            log.exception("%s: its history could not be read", document)
            return None
        if history is None or path not in history.revisions:
            return None
        commit = history.added.get(path)
        return history.commits[commit][0] if commit else 0

    def source(self, document: str, blob: str) -> str | None:
        """The text of a revision; None where it cannot be read."""
        root = root_of(Path(document))
        found = self._objects_of(root).text(blob) if root else None
        return found[1] if found else None

    def _objects_of(self, root: Path) -> Objects:
        if self._objects is None or self._objects.root != root:
            self.close()
            self._objects = Objects(root)
        return self._objects

    def close(self) -> None:
        """Lets go of what is running."""
        if self._objects is not None:
            self._objects.close()


def _status(source: str, template: Template) -> str:
    """The name of the status that a text has; empty where it has none. Metadata above all sections is read alone."""
    section = _SECTION.search(source)
    above = Spec(Outline(Text(source[: section.start()])), template) if section and not template.stated else None
    spec = above if above and above.field(template.status) else Spec(Outline(Text(source)), template)
    return spec.state.name if spec.state else ""


def head_files(root: Path) -> tuple[str, ...]:
    """The files that change when another commit is checked out in `root`, or a new one made there. Never raises."""
    folder = root / ".git"
    pointer = _first_line(folder)
    if pointer.startswith("gitdir:"):
        folder = root / pointer.removeprefix("gitdir:").strip()
    common = folder / (_first_line(folder / "commondir") or ".")
    head = _first_line(folder / "HEAD")
    found = [folder / "HEAD", folder / "logs" / "HEAD", common / "packed-refs", common / "reftable" / "tables.list"]
    if head.startswith("ref:") and "\0" not in head:
        found.append(common / head.removeprefix("ref:").strip())
    return tuple(map(str, [*found, common / "shallow"]))


def head_state(root: Path) -> tuple[Stamp, ...]:
    """What tells that another commit is checked out in `root`, or a new one made there. Never raises."""
    return tuple(map(stamp_of, head_files(root)))


def is_blob(name: str, data: bytes) -> bool:
    """Whether git calls a file with these bytes so, in either of its formats."""
    from hashlib import sha1, sha256

    made = sha256 if len(name) == 64 else sha1
    return made(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == name


def commit_state(root: Path) -> str:
    """What tells that another commit is checked out in `root`, or that git tells the past otherwise: where a shallow
    clone ends, who is who. Asks git. Never raises."""
    from hashlib import sha256  # 3 MB, of which an editor's server has no need

    told = git_bytes(root, "rev-parse", "HEAD", "--git-path", "shallow").split(b"\n")
    shallow = root / os.fsdecode(told[1]) if len(told) > 1 else root / ".git" / "shallow"
    made = sha256(told[0])
    for file in (shallow, root / ".mailmap"):
        with contextlib.suppress(OSError, ValueError):
            made.update(b"\0" + regular_bytes(file, _MOST_MAPPED))
    return made.hexdigest()


def _first_line(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with open(path, "rb") as file:
            return os.fsdecode(file.readline(4096).rstrip(b"\r\n"))
    except (OSError, ValueError):
        return ""


# --- what git says ----------------------------------------------------------------------------


def _history(root: Path) -> _History:
    """When every Markdown file was added; empty where git does not say."""
    found = _History(root)
    told = git_bytes(root, "rev-parse", "--show-toplevel", "--git-path", "shallow", "HEAD", seconds=_SECONDS)
    lines = told.split(b"\n")
    if len(lines) < 4 or not _is_same(os.fsdecode(b"\n".join(lines[:-3])), root):
        return found
    boundary = frozenset(_lines(root / os.fsdecode(lines[-3])))
    form = "--format=%x01%H%x01%at%x01%aN%x01%aE"
    arguments = (*LOG, *DIFF, "--raw", "--no-abbrev", "-M", "-c", "--diff-filter=ADMR", form, "--", *MARKDOWN_FILES)
    owners: dict[str, str | None] = {}
    """Who bore a name at this point of the walk back: a file of today, by its path; None: one that is gone."""
    last = commit = ""
    for header, status, old, blob, before, path in logged(git_bytes(root, *arguments, seconds=_SECONDS)):
        if header != last:
            last = header
            commit, at, author, address = header.split("\x01", 3)
            found.commits[commit] = int(at), author, address
        owner = owners.get(path, path)
        if owner is not None and blob.strip("0"):
            known = tuple(one for one in old if one.strip("0"))
            found.revisions.setdefault(owner, []).append(_Step(commit, known, blob, commit not in boundary))
        if status == "R":
            owners[path] = None
            owners[before] = owner
            if owner is not None:
                found.names.setdefault(owner, []).append(before)
        elif status == "D":
            owners.setdefault(path, None)
        elif status == "A":
            owners[path] = None
            if owner is not None and commit not in boundary:  # what lies behind it is not known here
                found.added[owner] = commit
    return found


def _versions(history: _History, path: str) -> _Versions:
    """All versions of the template whose file is now at `path`, under whatever name it stood."""
    names = list(dict.fromkeys([path, *history.names.get(path, ())]))
    found = _Versions()
    literal = [f":(top,literal){name}" for name in names]
    arguments = (*LOG, *DIFF, "--raw", "--no-abbrev", "--no-renames", "--format=", "--", *literal)
    told = git_bytes(history.root, *arguments, seconds=_SECONDS)
    blobs = [word.split(b" ")[3].decode("ascii") for word in told.split(b"\0") if re.match(rb"\n*:[0-7]{6} ", word)]
    revisions = [blob for blob in dict.fromkeys(blobs) if blob.strip("0")]
    commits = list(dict.fromkeys(history.added.values())) if revisions else []
    asked = [*revisions, *(f"{commit}:{name}" for commit in commits for name in names)]
    told_blobs = dict(looked_up(history.root, asked))
    found.revisions = revisions
    for commit in commits:
        for name in names:
            if f"{commit}:{name}" in told_blobs:
                found.at_commit[commit] = told_blobs[f"{commit}:{name}"][0]
                break
    found.sources = dict(texts_of(history.root, small(asked, told_blobs)))
    return found


def _lines(path: Path) -> Iterable[str]:
    try:
        return path.read_text("ascii", "replace").split()
    except (OSError, ValueError):
        return ()


def _is_same(path: str, root: Path) -> bool:
    try:
        return os.path.samefile(path, root)
    except (OSError, ValueError):
        return False


def _relative(path: str, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
