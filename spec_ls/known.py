"""What the world around one document says: plain values, gathered outside (`outside.py`) and handed in.

Whatever is None or empty is not known, and then every rule that would read it is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from spec_ls.others import Others

SectionKey = tuple[int | str, ...]
"""Names a section whatever its title: its slot, the number of one that repeats, the title of one of the team's own."""
SectionLines = tuple[str, ...]
"""The lines of a section that count as its text."""
Sections = Mapping[SectionKey, tuple[SectionLines, ...]]
"""Sections by their keys, those of one key in the order of the text."""


class Move(NamedTuple):
    """A status that the document came to have by a commit, and the one before: empty where it had none, None where that
    is not known, and with it the commit. `at` is the author's time in the reader's zone; `handle` may be empty."""

    status: str
    before: str | None
    at: datetime
    author: str
    handle: str = ""

    @property
    def who(self) -> str:
        """Whoever committed it, by handle or else by name."""
        return self.handle or self.author


@dataclass(frozen=True, slots=True)
class Known:
    """The facts around one document. What is not committed yet is none of them: it counts as done now.

    - `now`: what time it is, in the reader's zone
    - `moves`: the statuses that the document's commits gave it, the latest first
    - `approved`: the sections that the commit had in them by which the document came to be approved, if it still is
    - `others`: what the specs around it say; None while they are looked at
    """

    now: datetime | None = None
    moves: tuple[Move, ...] = ()
    approved: Sections | None = None
    others: Others | None = None

    @property
    def today(self) -> date | None:
        """The day that `now` lies on."""
        return self.now.date() if self.now is not None else None


NOTHING = Known()
