"""Gathers what the world around a document says (`Known`): one way for the editor and the command line."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from spec_ls.board import Board, Review, review_of
from spec_ls.catalogue import Card
from spec_ls.files import CannotRead
from spec_ls.git import root_of
from spec_ls.history import Change, Histories, head_state
from spec_ls.known import Known, Move
from spec_ls.resolver import Resolver, read_bounded
from spec_ls.template.model import Template
from spec_ls.workspace import Document

log = logging.getLogger(__name__)

_MOST_REVIEWS = 300
"""Reviews whose clock is read from git for one board; each takes two processes."""
_NOW = "SPEC_LS_NOW"
"""What time it is when this process begins (ISO 8601), where that is not to be what the clock says."""


class Outside:
    """What git says is kept for each state of a repository. For one thread at a time; `known` may take long."""

    def __init__(self, histories: Histories | None = None) -> None:
        self._histories = histories or Histories()
        self._ahead = _ahead()

    def now(self) -> datetime:
        """What time it is, in the zone of this machine."""
        return (datetime.now() + self._ahead).astimezone()

    def known(self, path: str | None, template: Template) -> Known:
        """What is known around the document in the file `path` (a real path; None where it is none), which is judged by
        `template`. Never raises."""
        root = root_of(Path(path)) if path is not None else None
        if path is None or root is None:
            return Known(self.now())
        changes = self._histories.changes(path, template, head_state(root))
        return Known(self.now(), tuple(_moves(changes)))

    def board(self, cards: Iterable[Card], resolver: Resolver, reviews: Mapping[str, Review | None]) -> Board:
        """The board of these cards. `reviews` are those that are known already, by path; git is asked for the others,
        up to a limit. Never raises; it may take long."""
        shown = tuple(cards)
        found = {path: review for path, review in reviews.items() if review is not None}
        templates: dict[str, Template] = {}
        waiting = _MOST_REVIEWS
        for card in shown:
            if card.template not in templates:
                template = resolver.policy(card.path).template(card.template)
                templates |= {card.template: template} if template is not None else {}
            if card.stage == "review" and card.path not in reviews and waiting:
                waiting -= 1
                review = self._review(card.path, resolver)
                found |= {card.path: review} if review is not None else {}
        return Board(shown, self.now().date(), found, tuple(templates.values()))

    def _review(self, path: str, resolver: Resolver) -> Review | None:
        try:
            source = read_bounded(path)
        except CannotRead:
            return None
        document = Document(source, policy=resolver.policy(path))
        if not document.decision.is_spec or document.is_large:
            return None
        document.know(self.known(path, document.spec.template))
        return review_of(document.spec)


def _moves(changes: tuple[Change, ...]) -> Iterator[Move]:
    for status, before, revision in changes:
        yield Move(status, before, revision.at.astimezone(), revision.author, revision.handle)


def _ahead() -> timedelta:
    """How far the time to judge by is ahead of the clock."""
    given = os.environ.get(_NOW)
    if given:
        try:
            return datetime.fromisoformat(given).astimezone().replace(tzinfo=None) - datetime.now()
        except (ValueError, OverflowError, OSError):
            log.warning("%s: %r is no time; the clock's is taken", _NOW, given)
    return timedelta()
