"""The numbers in front of sections: which stand side by side, and which of them are in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import lt

from spec_ls.bind import longest_run
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
        if all(map(lt, numbers, numbers[1:])):
            return
        run = self.in_order()
        taken = {numbers[at] for at in run}
        before = 0
        following: list[int | None] = [None] * (len(numbers) + 1)
        for at in range(len(numbers) - 1, -1, -1):
            following[at] = numbers[at] if at in run else following[at + 1]
        for at, number in enumerate(numbers):
            if at in run:
                before = number
                continue
            free = before + 1
            after = following[at + 1]
            if after is not None and free >= after:
                free = 0
            elif after is None:
                while free in taken:
                    free += 1
            if free:
                before = free
                taken.add(free)
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


def top_series(spec: Spec) -> Series:
    """The numbered sections at the level of the template's own; empty where the template numbers none.

    Those that stand at another place or level than they should have no number to go by.
    """
    series = Series([], [], [])
    if all(slot.number is None for slot in spec.template.sections):
        return series
    owners, ignored = spec.binding.owners, spec.binding.ignored
    level = min((slot.level for slot in spec.template.sections), default=2) + spec.binding.shift
    for at, piece in enumerate(spec.pieces):
        heading = piece.section.heading
        if heading is None or heading.level != level:
            continue
        number = piece.facts.title.number
        if len(number) != 1 or at in ignored:
            continue
        owner = owners[at]
        fill = owner if owner is not None and owner.piece == at else None
        if fill is None and not _DELIMITED.match(heading.title):
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
    for parent in spec.fills:
        if not any(slot.repeats for slot in parent.slot.sections):
            continue
        series = Series([], [], [])
        for fill in parent.children:
            story = spec.pieces[fill.piece].facts.story
            count = story.number if story else None
            if count is not None:
                series.pieces.append(fill.piece)
                series.numbers.append(count)
                series.preferred.append(count == len(series.pieces))
        yield series


def number_span(spec: Spec, piece: int, number: int) -> Span | None:
    """Where the heading of a piece has its number, in its chunk; None where it is not written in these digits."""
    heading = spec.pieces[piece].section.heading
    at = heading.text.text.find(str(number)) if heading is not None else -1
    if heading is None or at < 0:
        return None
    start = heading.text.start + at
    return Span(heading.text.line, start, heading.text.line, start + len(str(number)))
