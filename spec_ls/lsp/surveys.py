"""The catalogues of the repositories whose specs are open, kept up by a process that makes the cards of closed ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

import spec_ls
from spec_ls.catalogue import Catalogue, from_plain
from spec_ls.lsp.progress import WorkDone

if TYPE_CHECKING:
    from spec_ls.lsp.server import SpecLanguageServer

logger = logging.getLogger(__name__)

_COMMAND = ("-m", "spec_ls.survey")
_START_SECONDS = 90.0
_FILE_SECONDS = 30.0
"""How long the process may take for one file; then it is ended, and goes on without that file."""
_FRESH_SECONDS = 60.0
_IDLE_SECONDS = 120.0
"""Longer than what is known stays fresh: a process that is asked again knows which files have changed."""
_SLOW_SECONDS = 0.5
_SLICE_SECONDS = 0.002
"""How long answers are taken in without a look at what the client says."""
_PATIENCE_SECONDS = 30.0
_LEAVING_SECONDS = 5.0
_LOOK_SECONDS = 5.0
"""How long an answer waits for the first look at all files, as long as that may change it."""
_MOST_CRASHES = 10
_MOST_LINE = 1 << 27
"""Bytes of one answer."""
_MOST_TROUBLES = 20

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Survey:
    """What is known of the specs below one folder. `whole`: all of them have been looked at."""

    root: str
    catalogue: Catalogue = field(default_factory=Catalogue)
    whole: bool = False
    at: float = 0.0
    """When the last look at all files began (monotonic seconds)."""
    waiting: bool = False
    """A look at all files is about to be had."""
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no look at all files is under way or about to be."""
    known: bool = False
    """A look at all files has ended, however."""
    cancelled: bool = False
    news: int = 0
    """How many answers said something new."""
    paths: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    """The files at which the process crashed."""

    @property
    def is_awaited(self) -> bool:
        """Whether the first look at all files is still under way."""
        return bool(self.root) and not self.known and not self.looked.is_set()

    async def look(self, seconds: float = _LOOK_SECONDS) -> None:
        """Waits until no look at all files is under way, but no longer than that."""
        if self.root:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.looked.wait(), seconds)


class _Job(NamedTuple):
    survey: Survey
    paths: tuple[str, ...] | None


class Surveys:
    """One process for all folders; it is started when there is something to look at, and ended when there was nothing
    for a while. What it does wrong is logged and survived.
    """

    def __init__(self, server: SpecLanguageServer) -> None:
        self._server = server
        self._surveys: dict[str, Survey] = {}
        self._jobs: deque[_Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._process: Process | None = None
        self._left: Process | None = None
        self.start: Callable[[], Coroutine[Any, Any, Any]] = _start
        """Starts that process; where there are none, what answers in its place."""
        self._letting_go: asyncio.TimerHandle | None = None
        self._troubles = 0
        self.ended: Callable[[], object] = lambda: None
        """Called when a look at files has ended, with news or without."""

    def survey(self, root: str, renew: bool = False) -> Survey:
        """What is known of the specs below `root`. The first time, and with `renew` once it is a minute old, a look at
        all files is begun."""
        found = self._surveys.get(root)
        if found is None:
            found = self._surveys[root] = Survey(root)
            self._look_at_all(found)
        elif renew and time.monotonic() - found.at > _FRESH_SECONDS:
            self._look_at_all(found)
        return found

    def all(self) -> Iterable[Survey]:
        """What is known of every folder so far."""
        return self._surveys.values()

    def renew(self) -> None:
        """What makes a file a spec has changed: looks at all files again."""
        for survey in self._surveys.values():
            survey.skipped.clear()
            self._look_at_all(survey)

    def changed(self, paths: Iterable[str]) -> None:
        """Files were written, made, moved or deleted: looks at them again, each by its real path."""
        for path in paths:
            for root, survey in self._surveys.items():
                if path.startswith(root.rstrip(os.sep) + os.sep):
                    survey.skipped.discard(path)
                    if not survey.paths:
                        self._jobs.append(_Job(survey, ()))
                    survey.paths.add(path)
        self._go_on()

    async def settled(self, survey: Survey) -> bool:
        """Waits until nothing is left to look at; where nobody says what changes, all files are looked at first.
        False where that takes too long, was cancelled, or failed."""
        if not survey.root:
            return True
        if not (survey.whole and self._server.client.watched_files):
            self._look_at_all(survey)
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_PATIENCE_SECONDS)
        return survey.whole and self._task is None

    def close(self) -> None:
        """Ends the process, which notices that nobody can ask it any more."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._left, self._process = self._process or self._left, None

    def end(self) -> None:
        """Looks at nothing more."""
        self._jobs.clear()
        for running in (self._task, self._letting_go):
            if running is not None:
                running.cancel()
        self.close()

    def _look_at_all(self, survey: Survey) -> None:
        if not survey.waiting:
            survey.waiting, survey.at = True, time.monotonic()
            survey.looked.clear()
            self._jobs.append(_Job(survey, None))
            self._go_on()

    # --- the process

    def _go_on(self) -> None:
        if self._jobs and self._task is None:
            try:
                self._task = asyncio.get_running_loop().create_task(self._work())
            except RuntimeError:  # messages are handed in one by one, and nothing runs between them
                return
            self._task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("no cards can be made", exc_info=error)
            self._jobs.clear()
        if not self._server.has_left:
            self._letting_go = task.get_loop().call_later(_IDLE_SECONDS, self.close)
            self._go_on()

    async def _work(self) -> None:
        if self._letting_go is not None:
            self._letting_go.cancel()
        while self._jobs:
            job = self._jobs.popleft()
            survey = job.survey
            if job.paths is not None:
                job, survey.paths = job._replace(paths=tuple(sorted(survey.paths))), set()
            else:
                survey.waiting = survey.cancelled = survey.whole = False
            try:
                await self._do(job)
            finally:
                survey.known = survey.known or job.paths is None
                if not survey.waiting:
                    survey.looked.set()

    async def _do(self, job: _Job) -> None:
        """Has a request answered, if need be several times, without the files at which the process crashes."""
        for _ in range(_MOST_CRASHES):
            at = _At()
            try:
                if await self._ask(job, at):
                    return
            except (OSError, ValueError, TimeoutError) as error:
                logger.warning("the process that makes cards: %r", error)
            await self._kill()
            if not at.path:
                break  # it was no file's fault
            job.survey.skipped.add(at.path)
            self._told(f"{at.path}: passed by: reading it takes too long or fails badly")
        self._told("the other specs of the workspace cannot be read (see the log)")

    async def gone(self) -> None:
        """Waits until the process that was ended last is there no more."""
        process, self._left = self._left, None
        if self._task is not None:
            await asyncio.wait({self._task})
        if process is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _LEAVING_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdout is not None:
            await process.stdout.read()

    async def _ask(self, job: _Job, at: _At) -> bool:
        """Takes in the answers to a request; False where they end before they are complete. `at` is the file in work.

        Raises OSError, ValueError for what is no answer, and TimeoutError.
        """
        process = await self._started()
        assert process.stdin is not None and process.stdout is not None
        survey = job.survey
        resolver = self._server.configuration.resolver
        request: Json = {"root": survey.root, "folders": resolver.folders, "allowed": resolver.allowed}
        request["skip"] = sorted(survey.skipped)
        if job.paths is not None:
            request["paths"] = job.paths
        process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        loop = asyncio.get_running_loop()
        begun, seen, total = loop.time(), set[str](), 0
        progress: WorkDone | None = None
        done = news = 0
        slice_begun = begun
        try:
            async with asyncio.timeout(_START_SECONDS) as limit:
                while line := await process.stdout.readline():
                    answer = json.loads(line)
                    if "at" in answer:
                        at.path = answer["at"]
                    elif "card" in answer:
                        card = from_plain(answer["card"])
                        seen.add(card.path)
                        survey.catalogue.put(card)
                        news += 1
                        done += 1
                    elif "same" in answer:
                        seen.add(answer["same"])
                        done += 1
                    elif "gone" in answer:
                        survey.catalogue.drop(answer["gone"])
                        news += 1
                        done += 1
                    elif "log" in answer:
                        logger.warning("%s", answer["log"])
                    elif "total" in answer:
                        total = answer["total"]
                    elif "trouble" in answer:
                        self._told(answer["trouble"])
                    elif "done" in answer:
                        if job.paths is None and not survey.cancelled:
                            survey.catalogue.keep(seen)
                            survey.whole = True
                        survey.news += news
                        if news:
                            self._show_anew()
                        self.ended()
                        return True
                    if loop.time() - slice_begun > _SLICE_SECONDS:
                        limit.reschedule(loop.time() + _FILE_SECONDS)
                        if progress is not None:
                            progress.report(done, total)
                        elif total and loop.time() - begun > _SLOW_SECONDS:
                            progress = WorkDone(self._server, "Reading specs", partial(self._cancel, survey))
                        await asyncio.sleep(0)  # what has come in meanwhile goes first
                        slice_begun = loop.time()
            return False
        finally:
            if progress is not None:
                progress.end()

    def _show_anew(self) -> None:
        """Has the client ask again for what tells of other specs."""
        for method in (types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH):
            if method in self._server.client.refreshes:
                self._server.begin(self._server.ask(method))

    def _cancel(self, survey: Survey) -> None:
        survey.cancelled = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(b'{"cancel":true}\n')

    def _told(self, trouble: str) -> None:
        self._troubles += 1
        if self._troubles <= _MOST_TROUBLES:
            self._server.tell_once(trouble)

    async def _started(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await self.start()
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _start() -> Process:
    # From the package's own folder: in the one that the editor stands in, anybody may have put a module.
    home = str(Path(spec_ls.__file__).parents[1])
    return await asyncio.create_subprocess_exec(
        sys.executable, *_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=home, limit=_MOST_LINE
    )


@dataclass(slots=True)
class _At:
    """The file that the process is at; empty before the first."""

    path: str = ""
