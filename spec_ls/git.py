"""Git, run only to read: none of a repository's own programs, no network, and never for longer than a limit."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from spec_ls.files import CannotRead, decode

log = logging.getLogger(__name__)

_SECONDS = 5.0
_COMMIT = b"\x01"
_LONG_SECONDS = 60.0
_MOST_BYTES = 2_000_000
_MOST_IN_ALL = 50_000_000
"""The largest template (bytes), and all versions of one together, that are read."""
MARKDOWN_FILES = (":(top,icase)*.md", ":(top,icase)*.markdown")
LOG = ("-c", "log.showRoot=true", "-c", "diff.renameLimit=1000", "log", "-z", "--topo-order", "--no-color")
DIFF = ("--no-ext-diff", "--no-textconv", "--no-relative")
"""What a log of Markdown files is asked for with, whatever the settings of the repository say."""
_NOREPLY = re.compile(r"(?:[0-9]+[+-])?([\w][\w.-]*)@users\.noreply\.[\w.-]+")


def root_of(path: Path) -> Path | None:
    """The folder that holds `.git`, from the file's own folder upwards; None outside a repository."""
    for folder in path.parents:
        if os.path.lexists(folder / ".git"):
            return folder
    return None


def git(root: Path, *arguments: str) -> str:
    """What git prints, as text; empty where it fails, is missing, or takes longer than five seconds. Never raises."""
    return git_bytes(root, *arguments).decode("utf-8", "replace")


def git_bytes(root: Path, *arguments: str, stdin: bytes | None = None, seconds: float | None = None) -> bytes:
    """What git prints; empty where it fails, is missing, or takes longer than `seconds` (by default five).

    No hook, pager, signature check or file system monitor of the repository's configuration is run. Never raises.
    """
    return _answer(root, arguments, stdin, seconds) or b""


def _answer(root: Path, arguments: Sequence[str], stdin: bytes | None, seconds: float | None) -> bytes | None:
    """As `git_bytes`; None where git fails."""
    given: dict[str, object] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    try:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]
            _command(root, *arguments),
            **given,
            capture_output=True,
            timeout=_SECONDS if seconds is None else seconds,
            check=False,
            env=_environment(),
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.info("git: %s", error)
        return None
    return done.stdout if done.returncode == 0 else None


class UnknownChanges(Exception):
    """Git cannot say what has changed; the message says why and what to do."""


def changed_since(root: Path, ref: str) -> frozenset[str]:
    """The files below `root` that are not as they were at `ref`, or where the branch at hand left it: absolute paths.

    Those committed since, those that are not committed, those that git does not know yet. A renamed file counts under
    its new name, a deleted one not at all. Raises UnknownChanges.
    """
    commit = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
    if not commit:
        raise UnknownChanges(f"git knows no commit {ref!r} here; in a shallow clone, fetch it first")
    base = git(root, "merge-base", commit, "HEAD").strip()
    if not base:
        log.warning(
            "git does not know where the branch left %s (fetch more of the history): all that differs counts", ref
        )
        base = commit
    asked = (
        ("diff", "--name-only", "-z", "--find-renames", "--diff-filter=d", *DIFF, base, "--"),
        ("ls-files", "--others", "--exclude-standard", "-z"),
    )
    told = [_answer(root, arguments, None, _LONG_SECONDS) for arguments in asked]
    if None in told:
        raise UnknownChanges(f"git cannot tell what has changed since {ref!r}")
    names = {os.fsdecode(name) for answer in told if answer for name in answer.split(b"\0") if name}
    return frozenset(os.path.join(os.path.realpath(root), name) for name in names)


def _command(root: Path, *arguments: str) -> list[str]:
    safe = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
    return ["git", "--no-pager", *safe, "-C", str(root), *arguments]


class Objects:
    """The texts of a repository's blobs, asked for one by one: of a process that is ended after five seconds, and begun
    anew when it is missed. For one thread at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._end: threading.Timer | None = None

    def text(self, name: str) -> tuple[str, str | None] | None:
        """The blob called `name` (itself, or `COMMIT:PATH`) and its text, None where it is none or too large; None
        where there is no such blob. Never raises."""
        if "\n" in name:
            name = git(self.root, "rev-parse", "--verify", "--quiet", name).strip()
        for _ in range(2):
            try:
                return self._text(os.fsencode(name))
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                log.info("git: %s", error)
                self.close()
        return None

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if self._end is not None:
            self._end.cancel()
        if process is not None:
            _kill(process)
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def _text(self, name: bytes) -> tuple[str, str | None] | None:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(name + b"\n")
        process.stdin.flush()
        head = process.stdout.readline()
        if not head.endswith(b"\n"):
            raise OSError("cat-file has ended")
        if head.endswith((b" missing\n", b" ambiguous\n")):
            return None
        blob, kind, size = head.decode("ascii", "replace").split()
        if int(size) > _MOST_BYTES:
            self.close()
            return blob, None
        data = process.stdout.read(int(size) + 1)[:-1]
        if len(data) < int(size):
            raise OSError("cat-file was ended")
        if kind != "blob":
            return None
        try:
            return blob, decode(data)
        except CannotRead:
            return blob, None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command, pipe = _command(self.root, "cat-file", "--batch"), subprocess.PIPE
            null, environment = subprocess.DEVNULL, _environment()
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, env=environment)
            self._end = threading.Timer(_SECONDS, _kill, [self._process])
            self._end.daemon = True
            self._end.start()
        return self._process


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


class Logged(NamedTuple):
    """What a commit did to a file: its letter, the blobs before (of a merge one a parent) and the one after, the path,
    of a rename also that before, else empty. `header` is what the format of the log tells of the commit."""

    header: str
    letter: str
    old: tuple[str, ...]
    blob: str
    before: str
    path: str


def logged(told: bytes) -> Iterator[Logged]:
    """The changes of a log with `LOG`, `DIFF`, `--raw --no-abbrev` and a format that begins with %x01."""
    words = iter(told.split(b"\0"))
    header = ""
    for word in words:
        word = word.lstrip(b"\n")
        if word.startswith(_COMMIT):
            header = os.fsdecode(word[1:])
        elif word.startswith(b":"):
            parents = len(word) - len(word.lstrip(b":"))
            *facts, letter = word.decode("ascii", "replace").split(" ")
            *old, blob = facts[parents + 1 :]
            before = os.fsdecode(next(words, b"")) if parents == 1 and letter[:1] in "RC" else ""
            yield Logged(header, letter[:parents], tuple(old), blob, before, os.fsdecode(next(words, b"")))


def small(asked: Sequence[str], told: Mapping[str, tuple[str, int]]) -> list[str]:
    """The blobs of those that were asked for that are not too large, nor all together."""
    sizes: dict[str, int] = {}
    for query in asked:
        blob, size = told.get(query, ("", _MOST_BYTES + 1))
        if size <= _MOST_BYTES and sum(sizes.values()) + size <= _MOST_IN_ALL:
            sizes.setdefault(blob, size)
    return list(sizes)


def blob_texts(root: Path, blobs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Blob and text of those that are texts and not too large, two megabytes each and fifty in all. Never raises."""
    return texts_of(root, small(blobs, dict(looked_up(root, blobs)))) if blobs else iter(())


def looked_up(root: Path, queries: Sequence[str]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Blob and size (bytes) for each of the queries, `COMMIT:PATH` or a blob, that names one."""
    given = [os.fsencode(query) for query in queries]
    end = b"\0" if any(b"\n" in query for query in given) else b"\n"
    arguments = ("cat-file", "--batch-check", *(("-z",) if end == b"\0" else ()))
    told = git_bytes(root, *arguments, stdin=b"".join(query + end for query in given), seconds=_LONG_SECONDS)
    at = 0
    for query, raw in zip(queries, given, strict=True):
        for lost in (b" missing\n", b" ambiguous\n"):
            if told.startswith(raw + lost, at):
                at += len(raw) + len(lost)
                break
        else:
            stop = told.find(b"\n", at)
            words = told[at:stop].split(b" ") if stop >= 0 else []
            at = stop + 1
            if len(words) != 3:
                return
            if words[1] == b"blob":
                yield query, (words[0].decode("ascii"), int(words[2]))


def texts_of(root: Path, blobs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The text of each blob that is one."""
    if not blobs:
        return
    stdin = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
    told = git_bytes(root, "cat-file", "--batch", stdin=stdin, seconds=_LONG_SECONDS)
    at = 0
    for blob in blobs:
        stop = told.find(b"\n", at)
        words = told[at:stop].split(b" ") if stop >= 0 else []
        if len(words) != 3:
            return
        size = int(words[2])
        with suppress(CannotRead):
            yield blob, decode(told[stop + 1 : stop + 1 + size])
        at = stop + 1 + size + 1


def handle_of_address(address: str) -> str:
    """The handle behind a host's noreply address (`1234+mira@users.noreply.example.org`); empty for any other."""
    noreply = _NOREPLY.fullmatch(address)
    return f"@{noreply[1]}" if noreply else ""


def _environment() -> dict[str, str]:
    """The environment without what would point git to another repository, and with all that keeps it from the network.

    A partial clone fetches what it lacks, by whatever program its configuration names.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    return {**kept, **quiet, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
