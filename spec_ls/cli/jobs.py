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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from spec_ls.briefs import Briefs
from spec_ls.cache import IN_MEMORY, PATIENT_SECONDS, Cache, digest
from spec_ls.cli.judging import Checked, Judging, Options
from spec_ls.cli.progress import Progress, can_show_progress
from spec_ls.cli.results import Results
from spec_ls.files import CannotRead, Source, bytes_of, decode
from spec_ls.history import Histories, head_state
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver
from spec_ls.survey import Surveyor

log = logging.getLogger(__name__)

_BATCH = 32
_BRIEF_BATCH = 128
"""Files that a process takes at once, to check them and to look at them."""
_AHEAD = 4
"""Batches for each process that are under way or wait to be shown."""
_FEW = 64
"""Files for each process that are worth its start."""
_FORKS = sys.platform == "linux"
"""Whether processes begin with all that this one knows."""
_MOST_PROCESSES = 61
"""As many as Windows can wait for."""

Given = TypeVar("Given")
Made = TypeVar("Made")


class Work(NamedTuple):
    """What a process needs to know. `cache`: the folder that results are kept in, `cards` that for cards of other
    specs; None: nowhere. `folders` are those that the user named. `jobs`: how many processes the user wants, 0 as many
    as are worth it."""

    options: Options
    cache: Path | None = None
    cards: Path | None = None
    folders: tuple[str, ...] = ()
    jobs: int = 1


class Worker:
    """Checks files by one resolver; each configuration and template is read once."""

    def __init__(
        self,
        work: Work,
        resolver: Resolver | None = None,
        briefs: Mapping[str, Briefs] | None = None,
        histories: Histories | None = None,
    ) -> None:
        resolver = resolver or Resolver()

        def read(root: str) -> Briefs:
            return briefs[root] if briefs and root in briefs else briefs_in_processes(root, work)

        self._outside = Outside(histories, resolver.policy, work.folders, read)
        self._judging = Judging(resolver, self._outside, work.options)
        self.cache = Cache(work.cache, PATIENT_SECONDS) if work.cache is not None else None
        self._keeps = work.cache != IN_MEMORY
        self._results = Results(self.cache, resolver, self._outside, work.options) if self.cache else None

    def check(self, source: Source) -> Checked:
        """The file's result, an earlier one where all is as it was then. Never raises."""
        look = self._results.look(source) if self._results is not None else None
        if look is not None and (found := look.found()) is not None:
            return found
        try:
            data = bytes_of(source.path)
            text = decode(data)
        except CannotRead as error:
            return Checked(source.path, "unread", str(error))
        if look is not None and (found := look.found_by(data)) is not None:
            return found
        checked, document = self._judging.text(source.path, text, source.named)
        if look is not None:
            look.keep(data, checked, document)
        return checked

    def look_again(self) -> None:
        """From now on files may be other ones than before."""
        self._outside.forget()

    def commit(self) -> None:
        """Lets others have the results so far; says once where none can be kept."""
        if self.cache is not None:
            self.cache.write()
            self.cache.say_trouble()

    def end(self) -> None:
        """Lets others have all results, and lets go of the file that they are kept in."""
        self.commit()
        if self.cache is not None:
            self.cache.tidy()
            if self._keeps:
                self.cache.close()


def cores() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes_for(files: int, asked: int) -> int:
    """How many processes to use: as many as asked for; for 0, as many as there are cores and as are worth it."""
    most = min(_MOST_PROCESSES, -(-files // _BATCH))
    return max(min(asked or min(cores(), files // _FEW), most), 1)


def check_here(sources: Iterable[Source], worker: Worker) -> Iterator[Checked]:
    """The results of all files, in their order."""
    for number, source in enumerate(sources, 1):
        yield worker.check(source)
        if number % _BATCH == 0:
            worker.commit()
    worker.end()


def check_in_processes(sources: Sequence[Source], work: Work, processes: int, resolver: Resolver) -> Iterator[Checked]:
    """The results of all files, in their order; what is under way does not grow with their number."""
    done = 0
    size = _opened(work.cache)  # else each process would make it
    try:
        paths = {os.path.dirname(source.path): os.path.realpath(source.path) for source in sources}.values()
        outside = Outside(policy=resolver.policy, folders=work.folders)
        briefs = {root: briefs_in_processes(root, work) for root in sorted(outside.roots(paths))}
        histories = _histories(outside, paths, work.cache) if _FORKS else None
        begin = partial(_begin, work._replace(jobs=1), briefs, histories)
        for results in _in_processes(_check_batch, _batches(sources, _BATCH), processes, begin):
            for checked in results:
                done += 1
                yield checked
    except BrokenProcessPool:
        for source in sources[done:]:
            yield Checked(source.path, "unread", "the process that was to check it has ended; try --jobs 1")
    _opened(work.cache, size)


def _opened(place: Path | None, before: int | None = None) -> int:
    """How large the cache is (bytes), which is made where it is not there and, where it was smaller `before`, tidied.
    It is closed again: processes that are forked must not have it open."""
    cache = Cache(place, PATIENT_SECONDS)
    size = cache.bytes
    if before is not None and size > before:
        cache.drop()
    cache.close()
    return size


def _histories(outside: Outside, paths: Iterable[str], place: Path | None) -> Histories:
    """What git says of files, for processes to share: read now where other commits are checked out than at the last
    run, whose results do without."""
    found, cache = Histories(), Cache(place, PATIENT_SECONDS)
    for root in outside.repositories(paths):
        key, head = digest(b"head", os.fsencode(root)), outside.head(os.path.join(root, "-")).encode("ascii")
        if cache.get("results", key) != head:
            found.read(root, head_state(root))
            cache.put("results", key, head)
    cache.write()
    cache.close()
    return found


def briefs_in_processes(root: str, work: Work) -> Briefs:
    """The brief cards of all specs below a folder (a real path), made by as many processes as are asked for."""
    surveyor = Surveyor(work.cards)
    paths = surveyor.files(root)
    processes = processes_for(len(paths), work.jobs)
    if processes == 1:
        found = Briefs(surveyor.briefs(root, paths))
        surveyor.close()
        return found
    begin = partial(_begin_briefs, root, work.cards)
    _opened(work.cards)
    progress = Progress(len(paths), "files looked at") if can_show_progress() else None

    def rows() -> Iterator[str]:
        for number, rows in enumerate(_in_processes(_brief_batch, _batches(paths, _BRIEF_BATCH), processes, begin)):
            if progress is not None:
                progress.step(number * _BRIEF_BATCH)
            yield from rows

    try:
        return Briefs(rows())
    finally:
        if progress is not None:
            progress.clear()


def _batches(items: Sequence[Given], size: int) -> Iterator[Sequence[Given]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def _in_processes(
    work: Callable[[Given], _Batch[Made]], items: Iterable[Given], processes: int, begin: Callable[[], None]
) -> Iterator[Made]:
    """What processes make of the items, in their order, few ahead; each is begun by `begin`. What there is to say is
    said here. Raises BrokenProcessPool where one ends too soon."""
    context = multiprocessing.get_context("fork" if _FORKS else "spawn")
    gc.freeze()  # else the first collection in each process would copy all that they share
    try:
        with ProcessPoolExecutor(processes, context, initializer=_set_up, initargs=(begin,)) as pool:
            waiting: deque[Future[_Batch[Made]]] = deque()
            try:
                for item in items:
                    waiting.append(pool.submit(work, item))
                    if len(waiting) >= processes * _AHEAD:
                        yield _taken(waiting.popleft())
                while waiting:
                    yield _taken(waiting.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    finally:
        gc.unfreeze()


def _taken(future: Future[_Batch[Made]]) -> Made:
    done = future.result()
    for words in done.words:
        log.warning("%s", words)
    return done.made


# --- in a process of its own


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Made]):
    """What was made of some files, and what there was to say besides."""

    made: Made
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
_surveyor: Surveyor
_root: str


def _set_up(begin: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that talks to the user sees to it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger().handlers[:] = [_kept]
    begin()


def _begin(work: Work, briefs: Mapping[str, Briefs], histories: Histories | None) -> None:
    global _worker
    _worker = Worker(work, briefs=briefs, histories=histories)


def _begin_briefs(root: str, cards: Path | None) -> None:
    global _surveyor, _root
    _surveyor, _root = Surveyor(cards), root


def _end_with_parent() -> None:
    """Without it a process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_batch(sources: Sequence[Source]) -> _Batch[list[Checked]]:
    _kept.words = []
    results = [_worker.check(source) for source in sources]
    _worker.commit()
    return _Batch(results, _kept.words)


def _brief_batch(paths: Sequence[str]) -> _Batch[list[str]]:
    _kept.words = []
    return _Batch(list(_surveyor.briefs(_root, paths)), _kept.words)
