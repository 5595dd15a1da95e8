"""The number of a section is not higher than the one before it.

Numbers may be left out, and gaps are fine; where sections are numbered, the numbers follow the order.
The fewest that would have to change are reported.

Example: `## 5. Support Plan` right behind `## 5. Rollout Plan`.

How to fix: give the section the next number (quick fix).
"""

from collections.abc import Iterator

from spec_ls.numbering import all_series, number_span
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit


def check(spec: Spec) -> Iterator[Finding]:
    for series in all_series(spec):
        for at, free in series.out_of_order():
            piece, number = series.pieces[at], series.numbers[at]
            if spec.pieces[piece].section.heading is None:
                continue
            span = number_span(spec, piece, number)
            place = Place(piece, span) if span is not None else spec.heading_place(piece)
            message = f"Number {number} is out of order here" + (f"; the next one is {free}." if free else ".")
            yield Finding(RULE.name, place, message, free)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    if finding.subject:
        yield Fix(f"Change the number to {finding.subject}", (Edit(spec.span(finding.place), str(finding.subject)),))


RULE = Rule("misnumbered-section", __doc__, STRUCTURE, check=check, fix=fix, counts=True)
