"""The process that makes the cards of closed specs: `python -m spec_ls.survey`, so that no keystroke waits for it.

Requests come in as lines of JSON and answers go out so, one value each; it ends when nobody can ask any more. A request
names a `root` folder and the workspace's `folders`, `allowed` ones for templates, and `paths` to look at; without
those, all files are. An answer has one of: `total` (how many files there are to look at), `at` (the file that is read
next), `card`, `gone` (a path that is no spec), `same` (one of which nothing new is to be told), `trouble` (a sentence
for the user), `log` (one for the log alone), `done`.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from spec_ls.cache import PATIENT_SECONDS, Asked, Cache, Kept, digest, folder, governing, of_template
from spec_ls.catalogue import CardMaker, to_plain
from spec_ls.files import (
    MARKDOWN,
    CannotRead,
    FileStamp,
    RealPaths,
    decode,
    markdown_files,
    may_be_root,
    regular_bytes,
    stamp_of,
)
from spec_ls.git import git_bytes
from spec_ls.resolver import Policy, Resolver
from spec_ls.template.model import Template
from spec_ls.workspace import MOST_BYTES, Document

log = logging.getLogger(__name__)

MOST_FILES = 20_000
_MOST_ENTRIES = 200_000
_MOST_BRIEFS = 1_000_000
_MOST_BRIEF_ENTRIES = 5_000_000
"""Files, and files and folders of any kind, that are looked at for whole cards and for brief ones."""
_BRIEF = b"brief"
_BELOW_NORMAL = 0x4000
"""BELOW_NORMAL_PRIORITY_CLASS of Windows."""
_NICE = 10
_AT_ONCE = frozenset({"total", "at", "done"})
"""The answers for which the server may wait; all others may come in lots."""

Json = dict[str, Any]


class Surveyor:
    """Answers requests. What it has read of configurations and templates stays until it changes, and what it made of
    files stays in a cache in the folder `place`, or None."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self.cancelled = threading.Event()
        self._resolvers: dict[str, Resolver] = {}
        self._told: dict[tuple[str, str], tuple[FileStamp | None, bytes]] = {}
        """What was told of each file, by its root and path: its stamp, where any change shows in that, and the key of
        what was made of it."""
        self._cache: Cache | None = None
        self._real = RealPaths()
        self._has_logged = False

    def answers(self, request: Json) -> Iterator[Json]:
        """The answers to one request; `done` comes last, also when it was cancelled. Never raises on any file."""
        return (json.loads(one) if isinstance(one, str) else one for one in self.told(request))

    def told(self, request: Json) -> Iterator[Json | str]:
        """The answers; those with a card as the JSON that they are."""
        self.cancelled.clear()
        root, paths = str(request["root"]), request.get("paths")
        key = json.dumps([request.get(name) for name in ("folders", "allowed")])
        resolver = self._resolvers.get(key)
        if resolver is None:
            resolver = self._resolvers[key] = Resolver(request.get("folders", ()), request.get("allowed", ()))
            self._told = {}
        elif resolver.refresh():
            self._told = {}
        named, real = paths is not None, RealPaths()
        inside = os.path.join(os.path.realpath(root), "")
        if paths is None:
            troubles: list[str] = []
            paths = _listed(root, troubles, real, MOST_FILES, _MOST_ENTRIES)
            yield from ({"trouble": trouble} for trouble in troubles)
            yield {"total": len(paths)}
        skipped = frozenset(request.get("skip", ()))
        cache = self._cache = self._cache or Cache(self._place)
        for path in paths:
            if self.cancelled.is_set():
                break
            now = time.time_ns()
            stamp, told = stamp_of(path), self._told.get((root, path))
            if path in skipped:
                yield {"gone": path}
            elif told is not None and told[0] is not None and stamp == told[0] and not named:
                yield {"same": path}
            else:
                # What a link leads to is looked at where it lies.
                is_real = not named or real.of(path) == path
                look = _Look(path, is_real and path.startswith(inside), stamp, now)
                for answer in look.answers(resolver, cache):
                    known = told is not None and look.key and look.key == told[1] and not named
                    if isinstance(answer, str):
                        answer = f'{{"card":{answer}}}'
                    is_at = isinstance(answer, dict) and "at" in answer
                    yield {"same": path} if known and not is_at else answer
                self._told[root, path] = look.stamp, look.key
        cache.write()
        cache.tidy()
        if cache.trouble and not self._has_logged:
            self._has_logged = True
            yield {"log": cache.trouble}
        yield {"done": root}

    def files(self, root: str) -> list[str]:
        """The files below a folder that may be specs, by their real paths; what cannot be read is logged."""
        troubles: list[str] = []
        found = _listed(root, troubles, self._real, _MOST_BRIEFS, _MOST_BRIEF_ENTRIES)
        for trouble in troubles:
            log.info("%s", trouble)
        return found

    def briefs(self, root: str, paths: Iterable[str]) -> Iterator[str]:
        """The brief cards, packed, of those files (real paths) that are specs. Never raises on any file."""
        resolver = self._resolvers.setdefault("", Resolver())
        inside = os.path.join(os.path.realpath(root), "")
        cache = self._cache = self._cache or Cache(self._place, PATIENT_SECONDS)
        for path in paths:
            now = time.time_ns()
            look = _Look(path, path.startswith(inside), stamp_of(path), now, _BRIEF)
            for answer in look.answers(resolver, cache):
                if isinstance(answer, str):
                    yield answer
        cache.write()
        cache.say_trouble()

    def close(self) -> None:
        """Lets go of the cards on disk."""
        if self._cache is not None:
            self._cache.close()


class _Look:
    """One look at a file, begun at `now` (nanoseconds since the epoch). `key` tells from which bytes and policy
    something was made; empty where nothing was. `form` is that of the cards: whole, or _BRIEF."""

    def __init__(self, path: str, is_inside: bool, stamp: FileStamp | None, now: int, form: bytes = b"") -> None:
        self._path = path
        self._form = form
        self._is_inside = is_inside
        self._content: bytes | None = None
        self._policy = Policy()
        self.stamp = stamp if stamp is not None and stamp.is_safe(now) else None
        """None where a later change might not show in it."""
        self._size = stamp.size if stamp is not None else -1
        self.key = b""

    def answers(self, resolver: Resolver, cache: Cache) -> Iterator[Json | str]:
        """What is to be told of the file; its card as the JSON of its plain values."""
        try:
            kept = self._find(resolver, cache)
            if kept is None:
                yield {"at": self._path}
                kept = self._read(cache)
            if kept.card:
                yield f"[{json.dumps(self._path)},{kept.card[1:]}"
                return
        except CannotRead as error:
            yield {"trouble": f"{self._path}: {error}"}
        except Exception as error:
            log.exception("no card is made of a file")
            yield {"trouble": f"{self._path}: cannot be read: {type(error).__name__}"}
        yield {"gone": self._path}

    def _find(self, resolver: Resolver, cache: Cache) -> Kept | None:
        """What is known without reading the file; None where it must be read."""
        if not (0 <= self._size <= MOST_BYTES and self._path.lower().endswith(MARKDOWN)):
            return _NOTHING
        if not self._is_inside:
            return _NOTHING
        self._policy = resolver.policy_at(self._path)
        if self._policy.barred:
            return _NOTHING
        if self.stamp is not None:
            self._content = cache.content(self._path, self.stamp)
        return self._kept(cache) if self._content is not None else None

    def _kept(self, cache: Cache) -> Kept | None:
        assert self._content is not None
        self.key = digest(self._content, governing(self._policy), *filter(None, [self._form]))
        found = cache.find(self.key)
        return found if found is not None and all(map(self._holds, found.asked)) else None

    def _holds(self, asked: Asked) -> bool:
        """Whether git says what it said then."""
        template = self._policy.template(asked.template)
        return template is not None and _past(self._policy, template, asked.version) == asked.past

    def _read(self, cache: Cache) -> Kept:
        """What the file says now. Raises CannotRead."""
        try:
            data = regular_bytes(self._path, MOST_BYTES, getattr(os, "O_NOFOLLOW", 0))
        except (OSError, ValueError) as error:
            raise CannotRead(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
        content = digest(data)
        if content != self._content:
            self._content = content
            if self.stamp is not None:
                cache.saw(self._path, self.stamp, content)
            kept = self._kept(cache)
            if kept is not None:
                return kept
        kept = self._made(decode(data))
        cache.keep(self.key, kept)
        return kept

    def _made(self, source: str) -> Kept:
        asked: dict[Asked, None] = {}

        def past(template: Template, version: str) -> Template | None:
            asked[Asked(template.name, version, _past(self._policy, template, version))] = None
            return self._policy.past(template, version)

        policy = replace(self._policy, past=past)
        document, maker = Document(source, policy=policy), CardMaker(self._path, policy.prefixes)
        card = document.brief(maker) if self._form == _BRIEF else document.card(maker)
        return Kept("" if card is None else json.dumps(to_plain(card)[1:], separators=(",", ":")), tuple(asked))


_NOTHING = Kept("", ())


def _past(policy: Policy, template: Template, version: str) -> str:
    """The digest of the template that judges a document which says `version`; empty where it is `template` itself."""
    found = policy.past(template, version)
    return "" if found is None or found is template else of_template(found)


def _listed(root: str, troubles: list[str], real: RealPaths, most: int, most_entries: int) -> list[str]:
    """The Markdown files under `root` that git does not ignore, by their real paths, at most so many."""
    if not may_be_root(Path(root)):
        return []
    found = list(_listed_by_git(root)) if os.path.lexists(os.path.join(root, ".git")) else []
    if not found:
        walked = markdown_files(root, most_entries)
        troubles += walked.troubles
        found = [source.path for source in walked.sources]
    paths = list(dict.fromkeys(map(real.of, found)))
    if len(paths) > most:
        troubles.append(f"{root}: only the first {most:,} Markdown files are looked at")
    return paths[:most]


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
    surveyor, requests = Surveyor(folder()), SimpleQueue[Json]()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, surveyor, requests), daemon=True).start()
    while True:
        for answer in surveyor.told(requests.get()):
            sink.write((answer if isinstance(answer, str) else json.dumps(answer)) + "\n")
            if isinstance(answer, dict) and _AT_ONCE & answer.keys():
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
