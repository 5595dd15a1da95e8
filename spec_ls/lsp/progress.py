"""Work-done progress: a long job as the client shows it, and how its user ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from spec_ls.lsp.wire import WireServer

logger = logging.getLogger(__name__)

_TOKENS = count(1)
_CLIENT_SECONDS = 10.0


class WorkDone:
    """A job called `title` that has begun; `cancel` is called once the user no longer wants it.

    A client that does not show progress, or refuses to, is told nothing. `token` is the client's own, of the request
    that the job answers.
    """

    def __init__(
        self, server: WireServer, title: str, cancel: Callable[[], object], token: str | int | None = None
    ) -> None:
        self._progress = server.work_done_progress
        self._token: str | int = f"{server.name}/{next(_TOKENS)}" if token is None else token
        self._percent = -1
        self._shown = self._ended = False
        self._opening: asyncio.Task[None] | None = None
        if token is not None:
            self._progress.tokens[token] = Future()
            self._begin(title, cancel)
        elif server.client.work_done_progress:
            self._opening = asyncio.get_running_loop().create_task(self._open(title, cancel))

    async def _open(self, title: str, cancel: Callable[[], object]) -> None:
        try:
            await asyncio.wait_for(self._progress.create_async(self._token), _CLIENT_SECONDS)
        except Exception as error:  # whatever the client answers
            logger.warning("no progress is shown: %r", error)
            return
        if not self._ended:
            self._begin(title, cancel)

    def _begin(self, title: str, cancel: Callable[[], object]) -> None:
        self._progress.tokens[self._token].add_done_callback(lambda done: cancel() if done.cancelled() else None)
        self._progress.begin(self._token, types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0))
        self._shown = True

    def report(self, done: int, total: int) -> None:
        """Says that `done` of `total` parts are."""
        percent = min(100, 100 * done // max(total, 1))
        if self._shown and percent != self._percent:
            self._percent = percent
            said = types.WorkDoneProgressReport(message=f"{done} of {total}", percentage=percent)
            self._progress.report(self._token, said)

    def end(self) -> None:
        """Says that the job has ended, one way or another."""
        self._ended = True
        if self._shown:
            self._progress.end(self._token, types.WorkDoneProgressEnd())
        self._progress.tokens.pop(self._token, None)
