"""The process that makes the cards of closed specs: `python -m spec_ls.survey`, so that no keystroke waits for it.

Requests come in as lines of JSON and answers go out so, one value each; it ends when nobody can ask any more. A request
names a `root` folder and the workspace's `folders`, `allowed` ones for templates, and `paths` to look at; without
those, all files are. An answer has one of: `total` (how many files there are to look at), `at` (the file that comes
next), `card`, `gone` (a path that is no spec), `same` (one of which nothing new is to be told), `trouble` (a sentence
for the user), `done`.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from spec_ls.catalogue import CardMaker, to_plain
from spec_ls.files import MARKDOWN, CannotRead, decode, is_inside, markdown_files, may_be_root, regular_bytes
from spec_ls.git import git_bytes
from spec_ls.resolver import Resolver
from spec_ls.workspace import MOST_BYTES, Document

log = logging.getLogger(__name__)

MOST_FILES = 20_000
_MOST_ENTRIES = 200_000
_BELOW_NORMAL = 0x4000
"""BELOW_NORMAL_PRIORITY_CLASS of Windows."""
_NICE = 10

Json = dict[str, Any]
_Stamp = tuple[int, int, int] | None
"""What tells one state of a file from another."""


class Surveyor:
    """Answers requests. What it has read of configurations and templates stays until it changes."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._resolvers: dict[str, Resolver] = {}
        self._told: dict[tuple[str, str], _Stamp] = {}
        """The state of each file that was told of, by its root and path."""

    def answers(self, request: Json) -> Iterator[Json]:
        """The answers to one request; `done` comes last, also when it was cancelled. Never raises on any file."""
        self.cancelled.clear()
        root, paths = str(request["root"]), request.get("paths")
        key = json.dumps([request.get(name) for name in ("folders", "allowed")])
        resolver = self._resolvers.get(key)
        if resolver is None:
            resolver = self._resolvers[key] = Resolver(request.get("folders", ()), request.get("allowed", ()))
            self._told = {}
        elif resolver.refresh():
            self._told = {}
        look_anyway = paths is not None
        if paths is None:
            troubles: list[str] = []
            paths = _listed(root, troubles)
            yield from ({"trouble": trouble} for trouble in troubles)
            yield {"total": len(paths)}
        skipped = frozenset(request.get("skip", ()))
        for path in paths:
            if self.cancelled.is_set():
                break
            yield {"at": path}
            stamp = _stamp(path)
            if path in skipped:
                yield {"gone": path}
            elif stamp is not None and stamp == self._told.get((root, path)) and not look_anyway:
                yield {"same": path}
            else:
                yield from self._look(root, path, stamp, resolver)
                self._told[root, path] = stamp
        yield {"done": root}

    def _look(self, root: str, path: str, stamp: _Stamp, resolver: Resolver) -> Iterator[Json]:
        """What is to be told of one file."""
        try:
            if path.lower().endswith(MARKDOWN) and is_inside(root, path):
                policy = resolver.policy(path)
                source = None if policy.barred else _source(path, stamp)
                if source is not None:
                    card = Document(source, policy=policy).card(CardMaker(path, policy.prefixes))
                    if card is not None:
                        yield {"card": to_plain(card)}
                        return
        except CannotRead as error:
            yield {"trouble": f"{path}: {error}"}
        except Exception as error:
            log.exception("no card is made of a file")
            yield {"trouble": f"{path}: cannot be read: {type(error).__name__}"}
        yield {"gone": path}


def _stamp(path: str) -> _Stamp:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _source(path: str, stamp: _Stamp) -> str | None:
    """The text of a file; None where there is none, or it is too large to be judged. Raises CannotRead."""
    if stamp is None or stamp[1] > MOST_BYTES:
        return None
    try:
        return decode(regular_bytes(path, MOST_BYTES))
    except (OSError, ValueError) as error:
        raise CannotRead(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _listed(root: str, troubles: list[str]) -> list[str]:
    """The Markdown files under `root` that git does not ignore, by their real paths, at most so many."""
    if not may_be_root(Path(root)):
        return []
    found = list(_listed_by_git(root)) if os.path.lexists(os.path.join(root, ".git")) else []
    if not found:
        walked = markdown_files(root, _MOST_ENTRIES)
        troubles += walked.troubles
        found = [source.path for source in walked.sources]
    real = list(dict.fromkeys(os.path.realpath(path) for path in found))
    if len(real) > MOST_FILES:
        troubles.append(f"{root}: only the first {MOST_FILES:,} Markdown files are looked at")
    return real[:MOST_FILES]


def _listed_by_git(root: str) -> Iterator[str]:
    patterns = (f":(icase)*{ending}" for ending in MARKDOWN)
    told = git_bytes(
        Path(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns, seconds=60
    )
    for name in told.split(b"\0"):
        path = os.path.join(root, os.fsdecode(name))
        if name and _is_file(path):
            yield path


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


# --- the process


def main() -> None:
    """Answers what comes on standard input until that ends."""
    _give_way()
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # whatever else is printed here is no answer
    surveyor, requests = Surveyor(), SimpleQueue[Json]()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, surveyor, requests), daemon=True).start()
    while True:
        for answer in surveyor.answers(requests.get()):
            sink.write(json.dumps(answer) + "\n")
            sink.flush()


def _listen(source: Iterable[bytes], surveyor: Surveyor, requests: SimpleQueue[Json]) -> None:
    """Queues the requests; ends the process when there can be no more, whatever it is at."""
    try:
        for line in source:
            request = json.loads(line)
            if request.get("cancel"):
                surveyor.cancelled.set()
            else:
                requests.put(request)
    finally:
        os._exit(0)


def _give_way() -> None:
    """Lets every other process go first."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32")
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL)
    else:
        os.nice(_NICE)


if __name__ == "__main__":
    main()
