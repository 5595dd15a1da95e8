"""Gathers what the world around a document says (`Known`): one way for the editor and the command line."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from spec_ls.across import AtOnce, Policies, briefs_of
from spec_ls.board import Board, Review, review_of
from spec_ls.catalogue import Card
from spec_ls.files import CannotRead, is_inside, may_be_root
from spec_ls.git import root_of
from spec_ls.history import Change, Histories, commit_state, head_state, is_blob
from spec_ls.known import Known, Move
from spec_ls.others import holds_for
from spec_ls.outline import Outline
from spec_ls.past import approving, sections
from spec_ls.resolver import Policy, Resolver, default_policy, read_bounded
from spec_ls.spec import Spec
from spec_ls.template.model import Template
from spec_ls.text import Text
from spec_ls.workspace import Document

if TYPE_CHECKING:
    from spec_ls.briefs import Briefs

log = logging.getLogger(__name__)

_MOST_REVIEWS = 300
"""Reviews whose clock is read from git for one board; each takes two processes."""
_MOST_SAME = 1_000_000
"""Bytes of a document that is compared with what git has of it."""
_NOW = "SPEC_LS_NOW"
"""What time it is when this process begins (ISO 8601), where that is not to be what the clock says."""


class Outside:
    """What git says is kept for each state of a repository, what other specs say until `forget`. `policy` says what
    holds for a file; `folders` are taken for the workspace where there is neither a repository nor a configuration;
    `read` says what specs there are below a folder. For one thread at a time; its methods may take long."""

    def __init__(
        self,
        histories: Histories | None = None,
        policy: Policies = lambda path: default_policy(),
        folders: Sequence[str] = (),
        read: Callable[[str], Briefs] = briefs_of,
    ) -> None:
        self._histories = histories or Histories()
        self._policy = policy
        self._folders = [os.path.realpath(folder) for folder in folders]
        self._read = read
        self._around: dict[str, AtOnce] = {}
        self._roots: dict[tuple[str, str], str | None] = {}
        self._heads: dict[Path, str] = {}
        self._repositories: dict[str, Path | None] = {}
        """By the folder of a file."""
        self._ahead = _ahead()

    def know(self, document: Document, path: str | None) -> None:
        """Tells a spec all that is known around it. `path` is that of its file (a real path; None where it is none).
        Never raises."""
        spec = document.spec
        known, around = self.known(path, spec.template, spec), self._around_of(path, document.policy)
        others = around.others(path, spec, document.policy) if around and path else None
        document.know(replace(known, others=others))

    def still(self, record: str, path: str | None, policy: Policy) -> bool:
        """Whether other specs would answer a document as they did when that was recorded (`Others.record`; empty where
        nobody was there to ask)."""
        around = self._around_of(path, policy)
        if around is None or not record:
            return around is None and not record
        try:
            return holds_for(record, around.ask)
        except (ValueError, TypeError, KeyError):
            return False

    def wrote(self, document: Document, path: str) -> None:
        """Takes a spec as its file (a real path) has it now."""
        around = self._around_of(path, document.policy)
        if around is not None:
            around.take(document, path)

    def forget(self) -> None:
        """Lets go of what other specs said, and of which commit is checked out: files may have changed."""
        self._around.clear()
        self._roots.clear()
        self._heads.clear()
        self._repositories.clear()

    def roots(self, paths: Iterable[str]) -> set[str]:
        """The folders whose specs lie around files (real paths)."""
        return {root for path in paths if (root := _root(path, self._policy(path), self._folders)) is not None}

    def _around_of(self, path: str | None, policy: Policy) -> AtOnce | None:
        root = self._root_of(path, policy) if path is not None else None
        if root is not None and root not in self._around:
            self._around[root] = AtOnce(root, self._policy, self._histories, self._read)
        return self._around[root] if root is not None else None

    def _root_of(self, path: str, policy: Policy) -> str | None:
        key = os.path.dirname(path), policy.config_path
        if key not in self._roots:
            self._roots[key] = _root(path, policy, self._folders)
        return self._roots[key]

    def repositories(self, paths: Iterable[str]) -> set[Path]:
        """The repositories in which files (real paths) lie."""
        return {root for path in paths if (root := root_of(Path(path))) is not None}

    def head(self, path: str) -> str:
        """What tells one state of what git says around a file (a real path) from another; empty outside a repository.
        Found out once, until `forget`."""
        root = self._repository(path)
        if root is None:
            return ""
        if root not in self._heads:
            self._heads[root] = commit_state(root)
        return self._heads[root]

    def _repository(self, path: str) -> Path | None:
        folder = os.path.dirname(path)
        if folder not in self._repositories:
            self._repositories[folder] = root_of(Path(path))
        return self._repositories[folder]

    def now(self) -> datetime:
        """What time it is, in the zone of this machine."""
        return (datetime.now() + self._ahead).astimezone()

    def known(self, path: str | None, template: Template, spec: Spec | None = None) -> Known:
        """What is known around the document in the file `path` (a real path; None where it is none), which is judged by
        `template`; `spec` is the document itself, where that is at hand. Never raises."""
        root = root_of(Path(path)) if path is not None else None
        if path is None or root is None:
            return Known(self.now())
        changes = self._histories.changes(path, template, head_state(root))
        moves = tuple(map(_move, changes))
        approved = approving(moves, template)
        blob = changes[moves.index(approved)].revision.blob if approved is not None else ""
        then = self._as_approved(path, template, blob, spec) if blob else None
        return Known(self.now(), moves, sections(then) if then is not None else None)

    def _as_approved(self, path: str, template: Template, blob: str, spec: Spec | None) -> Spec | None:
        """The document as a commit had it: mostly it is still the same."""
        if spec is not None and spec.template is template:
            data = spec.text.source.encode("utf-8", "surrogatepass")
            if len(data) <= _MOST_SAME and is_blob(blob, data):
                return spec
        source = self._histories.source(path, blob)
        return Spec(Outline(Text(source)), template) if source is not None else None

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


def _root(path: str, policy: Policy, folders: Sequence[str]) -> str | None:
    """The folder whose specs lie around a file: its repository, else what its configuration governs, else the
    workspace. None where all files below must not be looked at."""
    repository = root_of(Path(path))
    given = [str(repository)] if repository else [*filter(None, [os.path.dirname(policy.config_path)]), *folders]
    return next((os.path.realpath(one) for one in given if is_inside(one, path) and may_be_root(Path(one))), None)


def _move(change: Change) -> Move:
    status, before, revision = change
    return Move(status, before, revision.at.astimezone(), revision.author, revision.handle)


def _ahead() -> timedelta:
    """How far the time to judge by is ahead of the clock."""
    given = os.environ.get(_NOW)
    if given:
        try:
            return datetime.fromisoformat(given).astimezone().replace(tzinfo=None) - datetime.now()
        except (ValueError, OverflowError, OSError):
            log.warning("%s: %r is no time; the clock's is taken", _NOW, given)
    return timedelta()
