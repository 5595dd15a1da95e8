"""The number of a section is not higher than the one before it.

Numbers may be left out, and gaps are fine; where sections are numbered, the numbers follow the order.
The fewest that would have to change are reported.

Example: `## 5. Support Plan` right behind `## 5. Rollout Plan`.

How to fix: give the section the next number (quick fix).
"""

import re
from collections.abc import Iterator

from spec_ls.bind import longest_run
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span

_DELIMITED = re.compile(r"\W*[0-9]+[.):]")


def _series(spec: Spec) -> Iterator[tuple[list[int], list[int], list[bool]]]:
    """Each run of numbered sections side by side: their pieces, numbers, and which have the template's number."""
    wanted = {fill.piece: fill for fill in spec.fills}
    skipped = {fill.piece for fill in spec.fills if fill.fault in ("misplaced", "wrong-level")}
    level = min((slot.level for slot in spec.template.sections), default=2) + spec.binding.shift
    if any(slot.number is not None for slot in spec.template.sections):
        pieces, numbers, preferred = [], [], []
        for at, piece in enumerate(spec.pieces):
            heading, number = piece.section.heading, piece.facts.title.number
            if heading is None or heading.level != level or len(number) != 1:
                continue
            if at in skipped or at in spec.binding.ignored:
                continue
            fill = wanted.get(at)
            if fill is None and not _DELIMITED.match(heading.title):
                continue  # `2025 in review` has no number
            pieces.append(at)
            numbers.append(number[0])
            preferred.append(fill is not None and fill.slot.number == number[0])
        yield pieces, numbers, preferred
    for parent in {id(fill.parent): fill.parent for fill in spec.fills if fill.slot.repeats}.values():
        pieces, numbers, preferred = [], [], []
        for fill in parent.children if parent else ():
            story = spec.pieces[fill.piece].facts.story
            count = story.number if story else None
            if count is not None:
                pieces.append(fill.piece)
                numbers.append(count)
                preferred.append(count == len(pieces))
        yield pieces, numbers, preferred


def _faults(spec: Spec) -> Iterator[tuple[int, int, int]]:
    """Piece, number, and the number to take, for each section that is out of order."""
    for pieces, numbers, preferred in _series(spec):
        run = longest_run(numbers, preferred)
        taken = {numbers[at] for at in run}
        before = 0
        following: list[int | None] = [None] * (len(pieces) + 1)
        for at in range(len(pieces) - 1, -1, -1):
            following[at] = numbers[at] if at in run else following[at + 1]
        for at, piece in enumerate(pieces):
            if at in run:
                before = numbers[at]
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
            yield piece, numbers[at], free


def check(spec: Spec) -> Iterator[Finding]:
    for piece, number, free in _faults(spec):
        heading = spec.pieces[piece].section.heading
        if heading is None:
            continue
        place = spec.heading_place(piece)
        at = heading.text.text.find(str(number))
        if at >= 0:
            start = heading.text.start + at
            place = Place(piece, Span(heading.text.line, start, heading.text.line, start + len(str(number))))
        message = f"Number {number} is out of order here" + (f"; the next one is {free}." if free else ".")
        yield Finding(RULE.name, place, message, free)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    if finding.subject:
        yield Fix(f"Change the number to {finding.subject}", (Edit(spec.span(finding.place), str(finding.subject)),))


RULE = Rule("misnumbered-section", __doc__, STRUCTURE, check=check, fix=fix)
