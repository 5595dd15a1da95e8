"""The numbers in front of sections: which stand side by side, and which of them are in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import lt

from spec_ls.bind import longest_run, strays
from spec_ls.spec import Spec
from spec_ls.text import Span

_DELIMITED = re.compile(r"\W*[0-9]+[.):]")


@dataclass(frozen=True, slots=True)
class Series:
    """Numbered sections side by side, in the order of the document: their pieces and numbers.

    `preferred` tells which have the number that the template gives them.
    """

    pieces: list[int]
    numbers: list[int]
    preferred: list[bool]

    def out_of_order(self) -> Iterator[tuple[int, int]]:
        """The positions of the fewest that break the order, each with the number to take; zero where none is free."""
        numbers = self.numbers
        if all(map(lt, numbers, islice(numbers, 1, None))):
            return
        astray = _astray(tuple(numbers), tuple(self.preferred))
        following: dict[int, int | None] = {}
        for at in reversed(astray):
            behind = at + 1
            last = behind == len(numbers)
            following[at] = following[behind] if behind in following else None if last else numbers[behind]
        before = 0
        for at in astray:
            if at and at - 1 not in following:
                before = numbers[at - 1]
            free, after = before + 1, following[at]
            if after is not None and free >= after:
                free = 0
            if free:
                before = free
            yield at, free

    def risen(self) -> list[int]:
        """The numbers that all rise: those out of order take the next one, and where none is free, others move up."""
        wanted = dict(self.out_of_order())
        numbers: list[int] = []
        for at, number in enumerate(self.numbers):
            before = numbers[-1] if numbers else 0
            numbers.append(max(wanted.get(at, number), before + (at > 0 or at in wanted)))
        return numbers

    def in_order(self) -> set[int]:
        """The positions of those whose numbers hold: as many as rise from one to the next."""
        return longest_run(self.numbers, self.preferred)


@lru_cache(maxsize=4)
def _astray(numbers: tuple[int, ...], preferred: tuple[bool, ...]) -> tuple[int, ...]:
    """The positions of the fewest that break the order: most edits of a spec leave its numbers as they are."""
    return tuple(strays(numbers, preferred))


def top_series(spec: Spec) -> Series:
    """The numbered sections at the level of the template's own; empty where the template numbers none.

    Those that stand at another place or level than they should have no number to go by.
    """
    series = Series([], [], [])
    if all(slot.number is None for slot in spec.template.sections):
        return series
    pieces, owners, ignored = spec.pieces, spec.binding.owners, spec.binding.ignored
    level = spec.top_level
    for at in [at for at, piece in enumerate(pieces) if piece.level == level]:
        number = pieces[at].facts.title.number
        if len(number) != 1 or at in ignored:
            continue
        owner, heading = owners[at], pieces[at].section.heading
        fill = owner if owner is not None and owner.piece == at else None
        if fill is None and (heading is None or not _DELIMITED.match(heading.title)):
            continue  # `2025 in review` has no number
        if fill is not None and (fill.astray or fill.fault == "wrong-level"):
            continue
        series.pieces.append(at)
        series.numbers.append(number[0])
        series.preferred.append(fill is not None and fill.slot.number == number[0])
    return series


def all_series(spec: Spec) -> Iterator[Series]:
    """The numbered sections, and the numbered stories of each section that has some."""
    yield top_series(spec)
    pieces = spec.pieces
    for parent in [fill for fill in spec.fills if fill.children]:
        if any(slot.repeats for slot in parent.slot.sections):
            counted = [fill.piece for fill in parent.children if pieces[fill.piece].count is not None]
            numbers = [number for at in counted if (number := pieces[at].count) is not None]
            yield Series(counted, numbers, [number == place for place, number in enumerate(numbers, 1)])


def number_span(spec: Spec, piece: int, number: int) -> Span | None:
    """Where the heading of a piece has its number, in its chunk; None where it is not written in these digits."""
    heading = spec.pieces[piece].section.heading
    at = heading.text.text.find(str(number)) if heading is not None else -1
    if heading is None or at < 0:
        return None
    start = heading.text.start + at
    return Span(heading.text.line, start, heading.text.line, start + len(str(number)))
