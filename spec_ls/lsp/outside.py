"""Keeps what is known around the open specs up to date: asked in a thread, and anew when it may have changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from spec_ls.history import head_state
from spec_ls.known import Known
from spec_ls.lsp.across import Neighbours
from spec_ls.outside import Outside
from spec_ls.past import next_change
from spec_ls.template.model import Template

if TYPE_CHECKING:
    from spec_ls.lsp.server import OpenDocument, SpecLanguageServer

_SLACK_SECONDS = 0.05


class Knowledge:
    """Asks about each open spec once for each state of its repository, each day, and each template that judges it."""

    def __init__(self, server: SpecLanguageServer) -> None:
        self._server = server
        self._outside = Outside(server.configuration.past.histories)
        self.neighbours = Neighbours(server)
        self._wake: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Looks at nothing more."""
        if self._wake is not None:
            self._wake.cancel()

    def now(self) -> datetime:
        """What time it is."""
        return self._outside.now()

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Looks whether something has changed, and has it asked what is known now."""
        now = self._outside.now()
        states: dict[object, object] = {}
        for shown in self._server.documents.values():
            spec = shown.spec if shown.reading is None else None
            if spec is None:
                continue
            root = self._server.root_of(shown)
            if root is not None and root not in states:
                states[root] = head_state(root)
            before, state = shown.asked, (states.get(root), now.date())
            if before is None or before[0] is not spec.template or before[1] != state:
                shown.asked = spec.template, state
                self._ask(loop, shown, spec.template)
            elif (due := next_change(spec)) is not None and due <= now:
                self._server.know(shown, replace(spec.known, now=now))
        self.neighbours.look(loop)
        self._set_alarm(loop, now)

    def _ask(self, loop: asyncio.AbstractEventLoop, shown: OpenDocument, template: Template) -> None:
        asked = shown.asked

        def take(done: asyncio.Future[Known]) -> None:
            is_there = self._server.documents.get(shown.uri) is shown and shown.reading is None
            if not is_there or shown.asked is not asked or done.cancelled() or done.exception() is not None:
                return
            spec = shown.spec
            if spec is not None and spec.template is template:
                self._server.know(shown, replace(done.result(), others=spec.known.others))
                self._set_alarm(loop, self._outside.now())

        past = self._server.configuration.past
        loop.run_in_executor(past.pool, self._outside.known, shown.path, template).add_done_callback(take)

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, now: datetime) -> None:
        """Has it looked again when the day ends, or there will be something else to say of a review."""
        if self._wake is not None:
            self._wake.cancel()
        specs = [shown.spec for shown in self._server.documents.values() if shown.reading is None]
        dues = [due for spec in specs if spec is not None and (due := next_change(spec)) is not None]
        midnight = datetime.combine(now.date() + timedelta(days=1), time()).astimezone()
        seconds = (min([midnight, *dues]) - now).total_seconds()
        self._wake = loop.call_later(max(seconds, 0) + _SLACK_SECONDS, self.look, loop)
