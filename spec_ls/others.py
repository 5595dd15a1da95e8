"""What the other specs say, as far as one spec asks: plain values, handed in from outside (`across.py`)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from spec_ls.template.model import Stage
from spec_ls.text import Span

Kind = Literal["specs", "twins", "person", "file"]
Ask = Callable[[Kind, str], Any]

_MOST_VISITED = 2000


@dataclass(frozen=True, slots=True)
class Seat:
    """The document that asks: what it is called in the catalogue, its identifier and what that has to be like.

    - `prefixes`: those of the team's identifiers
    - `reviewers`, `tickets`: the team's people and the pattern of its tickets, as it configures them
    """

    key: str
    id: str
    prefix: str
    digits: int
    prefixes: frozenset[str]
    reviewers: tuple[str, ...] = ()
    tickets: str = ""


class Step(NamedTuple):
    """That a spec says at `span` that it depends on another, by its identifier."""

    name: str
    span: Span


class Other(NamedTuple):
    """Another spec. `path` is written from the root on, with `/`; `key` opens it (empty where only a branch has it)."""

    path: str
    key: str
    id: str
    title: str
    status: str
    stage: Stage
    place: Span
    needs: tuple[Step, ...] = ()
    branch: str = ""

    @property
    def where(self) -> str:
        """Its path, and the branch where only that has it."""
        return f"{self.path} on the branch {self.branch}" if self.branch else self.path


class Twins(NamedTuple):
    """The other specs with the document's identifier, and what to call the document instead.

    `free` is empty where another one is to be renumbered; `certain`: git says that the document came later.
    """

    others: tuple[Other, ...]
    free: str = ""
    certain: bool = False


class Others:
    """Answers about other specs, people and files, each asked for once: for as long as this object is in force, it
    stays the same. None is not known, or not known yet.

    `near` gives the names of a kind that one may have been meant for, the best first.
    """

    def __init__(self, seat: Seat, ask: Ask, near: Callable[[Kind, str], tuple[str, ...]]) -> None:
        self.seat = seat
        self.name = seat.id.casefold()
        self.near = near
        self._ask = ask
        self._told: dict[tuple[Kind, str], Any] = {}
        self._ways: dict[str, tuple[tuple[Other, Step], ...]] = {}
        self.read: tuple[Any, ...] | None = None
        """What was last read of the document, and from what."""

    def specs(self, name: str) -> tuple[Other, ...] | None:
        """The other specs of an identifier, whatever its case; those that branches alone have come last."""
        found: tuple[Other, ...] | None = self._answer("specs", name.casefold())
        return found

    def twins(self) -> Twins | None:
        """The other specs with the document's own identifier."""
        found: Twins | None = self._answer("twins", self.name) if self.name else None
        return found

    def knows(self, handle: str) -> bool | None:
        """Whether a handle is one of the team's; None where the team has no closed roster."""
        found: bool | None = self._answer("person", handle)
        return found

    def has_file(self, target: str) -> bool | None:
        """Whether the Markdown file to which a relative link leads is there; None for links that lead to no folder in
        which specs lie."""
        found: bool | None = self._answer("file", target)
        return found

    def way_back(self, name: str) -> tuple[tuple[Other, Step], ...]:
        """The shortest way by which the spec of this identifier depends on the document: each spec on it with its step
        to the next. Empty where there is none."""
        name = name.casefold()
        if name not in self._ways:
            self._ways[name] = self._find_way(name) if self.name else ()
        return self._ways[name]

    def _find_way(self, name: str) -> tuple[tuple[Other, Step], ...]:
        before: dict[str, tuple[str, Other, Step] | None] = {name: None}
        waiting = deque([name])
        while waiting and len(before) < _MOST_VISITED and self.name not in before:
            at = waiting.popleft()
            for other in self.specs(at) or ():
                for step in () if other.branch else other.needs:
                    needed = step.name.casefold()
                    if needed not in before:
                        before[needed] = at, other, step
                        waiting.append(needed)
        way: list[tuple[Other, Step]] = []
        link = before.get(self.name)
        while link is not None:
            way.append(link[1:])
            link = before[link[0]]
        return tuple(reversed(way))

    def holds(self) -> bool:
        """Whether all that was asked would be answered as before."""
        return all(self._ask(kind, name) == told for (kind, name), told in list(self._told.items()))

    def record(self) -> str:
        """All that was asked and what the answers were, as JSON: `holds_for` says whether they would be the same."""
        told = [(kind, name, _digest(answer)) for (kind, name), answer in self._told.items()]
        seat = {**asdict(self.seat), "prefixes": sorted(self.seat.prefixes)}
        return json.dumps([seat, told])

    def _answer(self, kind: Kind, name: str) -> Any:
        key = kind, name
        if key not in self._told:
            self._told[key] = self._ask(kind, name)
        return self._told[key]


def holds_for(record: str, ask: Callable[[Seat, Kind, str], Any]) -> bool:
    """Whether all answers of a record would be given again. Raises ValueError, TypeError or KeyError for what is no
    record."""
    given, told = json.loads(record)
    reviewers, prefixes = tuple(given.pop("reviewers")), frozenset(given.pop("prefixes"))
    seat = Seat(**given, prefixes=prefixes, reviewers=reviewers)
    return all(_digest(ask(seat, kind, name)) == digest for kind, name, digest in told)


def _digest(answer: Any) -> str:
    from hashlib import blake2b  # nobody but the command line keeps answers

    return blake2b(repr(answer).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
