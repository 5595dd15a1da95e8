"""The number of a section is not higher than the one before it.

Numbers may be left out, and gaps are fine; where sections are numbered, the numbers follow the order.
The fewest that would have to change are reported.

Example: `## 5. Support Plan` right behind `## 5. Rollout Plan`.

How to fix: give the section the next number (quick fix).
"""

from collections.abc import Iterator

from spec_ls.numbering import all_series
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span


def _faults(spec: Spec) -> Iterator[tuple[int, int, int]]:
    """Piece, number, and the number to take, for each section that is out of order."""
    for series in all_series(spec):
        pieces, numbers, run = series.pieces, series.numbers, series.in_order()
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
