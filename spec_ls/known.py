"""What the world around one document says: plain values, gathered outside (`outside.py`) and handed in.

Whatever is None or empty is not known, and then every rule that would read it is silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


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
    """

    now: datetime | None = None
    moves: tuple[Move, ...] = ()

    @property
    def today(self) -> date | None:
        """The day that `now` lies on."""
        return self.now.date() if self.now is not None else None


NOTHING = Known()
