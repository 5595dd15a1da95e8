"""Keeps what other specs say up to date in the open ones: from the catalogue at once, disk and git in a thread."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spec_ls.across import Around, Question
from spec_ls.files import stamp_of
from spec_ls.history import head_state
from spec_ls.resolver import Policy, Resolver

if TYPE_CHECKING:
    from spec_ls.lsp.server import OpenDocument, SpecLanguageServer
    from spec_ls.lsp.surveys import Survey
    from spec_ls.workspace import Document

_FRESH_SECONDS = 60.0
_MOST_KEPT = 10_000
_MOST_ROUNDS = 8
"""How often what an answer leads to ask is looked up, for a spec that is not open."""


class Neighbours:
    """What lies around the specs of each folder whose specs have all been looked at; before that nothing is said."""

    def __init__(self, server: SpecLanguageServer) -> None:
        self._server = server
        self._around: dict[str, tuple[Survey, Around]] = {}
        self._states: dict[str, object] = {}
        self._asking: set[str] = set()
        self._revisions: dict[str, int] = {}

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tells each open spec what others say now, and has looked up what is not known yet."""
        groups: dict[str, list[OpenDocument]] = {}
        for shown in self._server.documents.values():
            survey = shown.survey
            if shown.path is not None and survey is not None and survey.whole and shown.reading is None and shown.spec:
                groups.setdefault(survey.root, []).append(shown)
        revisions = {shown.uri: shown.revision for group in groups.values() for shown in group}
        is_typed_in, self._revisions = self._revisions != revisions, revisions
        for root, group in groups.items():
            assert group[0].survey is not None
            around = self._around_of(group[0].survey)
            if len(group) > 1 and not is_typed_in:
                group[0].survey.catalogue.settle()
            around.asked.clear()
            for shown in group:
                self._tell(around, shown)
            if len(around.found) > _MOST_KEPT:
                around.found = {question: around.found[question] for question in around.asked & around.found.keys()}
            self._look_up(loop, root, around)
        if is_typed_in and any(len(group) > 1 for group in groups.values()):
            self._server.look_soon()  # what is typed counts for others when it rests

    def _around_of(self, survey: Survey) -> Around:
        known = self._around.get(survey.root)
        if known is None or known[0] is not survey:
            now = self._server.configuration.resolver
            resolver = Resolver(now.folders, now.allowed)  # for the thread

            def policy(path: str) -> Policy:
                resolver.refresh()
                return resolver.policy(path)

            histories = self._server.configuration.past.histories
            known = self._around[survey.root] = survey, Around(survey.root, survey.catalogue, policy, histories)
        return known[1]

    def _tell(self, around: Around, shown: OpenDocument) -> None:
        document = shown.document
        before = document.spec.known
        others = around.others(shown.key, document.spec, document.policy, before.others)
        if others is not before.others:
            self._server.know(shown, replace(before, others=others))

    def _look_up(self, loop: asyncio.AbstractEventLoop, root: str, around: Around) -> None:
        """Has looked up in a thread what is wanted; all that was ever asked once something may have changed."""
        if root in self._asking:
            return
        survey = self._around[root][0]
        state = head_state(Path(root)), stamp_of(os.path.join(root, ".git", "FETCH_HEAD")), survey.news
        fresh = state, time.monotonic() // _FRESH_SECONDS
        questions = set(around.wanted)
        if self._states.get(root) != fresh:
            questions |= around.found.keys()
        self._states[root] = fresh
        if not questions:
            return
        around.wanted -= questions
        self._asking.add(root)

        def take(done: asyncio.Future[dict[Question, Any]]) -> None:
            self._asking.discard(root)
            if not done.cancelled() and done.exception() is None:
                around.found |= done.result()
                self.look(loop)

        past = self._server.configuration.past
        loop.run_in_executor(past.pool, around.look_up, questions).add_done_callback(take)

    async def tell_closed(self, path: str, document: Document) -> None:
        """Tells a spec that is not open what others say; waits until all that it asks is known."""
        survey = self._server.survey_at(path)
        if survey is None or not survey.whole:
            return
        around, loop = self._around_of(survey), asyncio.get_running_loop()
        survey.catalogue.settle()
        for _ in range(_MOST_ROUNDS):
            known = document.spec.known
            others = around.others(path, document.spec, document.policy, known.others)
            if others is not known.others:
                document.know(replace(known, others=others))
            document.problems()
            questions = set(around.wanted)
            if not questions:
                return
            around.wanted -= questions
            found = await loop.run_in_executor(self._server.configuration.past.pool, around.look_up, questions)
            around.found |= found
