"""Files checked one after the other or by several processes; the results always come in the order of the files."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import NamedTuple

from spec_ls.catalogue import Catalogue
from spec_ls.cli.judging import Checked, Judging, Options
from spec_ls.cli.results import Kept, Results, key_of, template_by, template_key, world_key
from spec_ls.files import CannotRead, Source, bytes_of, decode
from spec_ls.outside import Outside
from spec_ls.resolver import Policy, Resolver
from spec_ls.workspace import Document

_BATCH = 32
"""Files that a process takes at once."""
_AHEAD = 4
"""Batches for each process that are under way or wait to be shown."""
_FEW = 64
"""Files for each process that are worth its start."""


class Work(NamedTuple):
    """What a process needs to know. `cache`: the file that results are kept in; empty: nowhere. `folders` are those
    that the user named."""

    options: Options
    cache: str
    folders: tuple[str, ...] = ()


class Worker:
    """Checks files by one resolver; each configuration and template is read once."""

    def __init__(
        self, work: Work, resolver: Resolver | None = None, catalogues: Mapping[str, Catalogue] | None = None
    ) -> None:
        resolver = resolver or Resolver()
        outside = Outside(policy=resolver.policy, folders=work.folders, catalogues=catalogues)
        self._judging = Judging(resolver, outside, work.options)
        self._results = Results(work.cache) if work.cache else None

    def check(self, source: Source) -> Checked:
        """The file's result, an earlier one where all is as it was then. Never raises."""
        try:
            data = bytes_of(source.path)
            text = decode(data)
        except CannotRead as error:
            return Checked(source.path, "unread", str(error))
        if self._results is None:
            return self._judging.text(source.path, text, source.named).checked
        policy = self._judging.resolver.policy(source.path)
        key = key_of(data, source.named, policy, self._judging.options)
        kept = self._results.get(key, source.path) if key else None
        if kept is not None and self._holds(source.path, kept, policy):
            return kept.checked
        checked, document = self._judging.text(source.path, text, source.named)
        if key and checked.kind != "unread" and not checked.troubles and not checked.mended:
            self._results.put(key, self._kept(source.path, checked, document))
        return checked

    def _kept(self, path: str, checked: Checked, document: Document | None) -> Kept:
        if document is None:
            return Kept(checked)
        kept = Kept(checked, template_key(document.spec.template), document.spec.stage == "review")
        others = document.spec.known.others
        record = others.record() if others is not None else ""
        return kept._replace(world=self._world(path, kept, document.policy), others=record)

    def _holds(self, path: str, kept: Kept, policy: Policy) -> bool:
        """Whether the world around a file says what it said then, and other specs do."""
        if kept.world != self._world(path, kept, policy):
            return False
        return not kept.template or self._judging.outside.still(kept.others, os.path.realpath(path), policy)

    def _world(self, path: str, kept: Kept, policy: Policy) -> str:
        """What tells what the world around a file says now; empty where that does not matter."""
        if not kept.template:
            return ""
        template = self._judging.options.template or template_by(kept.template, policy)
        if template is None:
            return "none"
        return world_key(self._judging.outside.known(os.path.realpath(path), template), kept.timed)

    def look_again(self) -> None:
        """From now on files may be other ones than before."""
        self._judging.outside.forget()

    def commit(self) -> None:
        """Lets others have the results so far."""
        if self._results is not None:
            self._results.commit()

    def close(self) -> None:
        """Lets go of the results; from here on each file is checked anew."""
        if self._results is not None:
            self._results.close()
            self._results = None


def cores() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes_for(files: int, asked: int) -> int:
    """How many processes to use: as many as asked for; for 0, as many as there are cores and as are worth it."""
    return asked or max(min(cores(), files // _FEW), 1)


def check_here(sources: Iterable[Source], worker: Worker) -> Iterator[Checked]:
    """The results of all files, in their order."""
    for number, source in enumerate(sources, 1):
        yield worker.check(source)
        if number % _BATCH == 0:
            worker.commit()
    worker.commit()


def check_in_processes(sources: Sequence[Source], work: Work, processes: int, resolver: Resolver) -> Iterator[Checked]:
    """The results of all files, in their order; what is under way does not grow with their number."""
    forks = sys.platform == "linux"
    context = multiprocessing.get_context("fork" if forks else "spawn")
    catalogues = _read_once(sources, work, resolver) if forks else {}
    batches = (sources[at : at + _BATCH] for at in range(0, len(sources), _BATCH))
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(work, catalogues)) as pool:
        waiting: deque[tuple[Sequence[Source], Future[_Batch]]] = deque()
        try:
            for batch in islice(batches, processes * _AHEAD):
                waiting.append((batch, pool.submit(_check_batch, batch)))
            while waiting:
                batch, future = waiting.popleft()
                following = next(batches, None)
                if following is not None:
                    waiting.append((following, pool.submit(_check_batch, following)))
                done = future.result()
                for words in done.words:
                    logging.getLogger(__name__).warning("%s", words)
                yield from done.results
        except BrokenProcessPool:
            for source in chain(batch, *(batch for batch, _ in waiting), *batches):
                yield Checked(source.path, "unread", "the process that was to check it has ended; try --jobs 1")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _read_once(sources: Sequence[Source], work: Work, resolver: Resolver) -> dict[str, Catalogue]:
    """The specs around the files, which all processes that are forked from here share."""
    paths = {os.path.dirname(source.path): source.path for source in sources}
    outside = Outside(policy=resolver.policy, folders=work.folders)
    found = outside.catalogues(map(os.path.realpath, paths.values()))
    gc.freeze()  # else the first collection in each process would copy all of it
    return found


# --- in a process of its own


class _Batch(NamedTuple):
    """What became of some files, and what there was to say besides."""

    results: list[Checked]
    words: list[str]


class _Kept(logging.Handler):
    """Keeps what would be said, for the process that talks to the user."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(self.format(record))


_kept = _Kept()
_worker: Worker


def _begin(work: Work, catalogues: Mapping[str, Catalogue]) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that talks to the user sees to it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger().handlers[:] = [_kept]
    _worker = Worker(work, catalogues=catalogues)


def _end_with_parent() -> None:
    """Without it a process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_batch(sources: Sequence[Source]) -> _Batch:
    _kept.words = []
    results = [_worker.check(source) for source in sources]
    _worker.commit()
    return _Batch(results, _kept.words)
