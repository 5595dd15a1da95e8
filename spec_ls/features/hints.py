"""Inlay hints: how far off a date is, and how much of a section's checklist is ticked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from spec_ls.spec import Spec, plain_value
from spec_ls.text import Point, Span
from spec_ls.values import distance, iso_date


class Hint(NamedTuple):
    """Words to show behind `point` as if they stood in the text."""

    point: Point
    label: str


def hints(spec: Spec, span: Span, today: date) -> list[Hint]:
    """The hints on the lines of `span`, in the order of the text.

    Takes time in proportion to the sections that `span` touches. Never raises.
    """
    found = [*_dates(spec, today), *_boxes(spec, span)]
    return sorted(hint for hint in found if span.start_line <= hint.point.line <= span.end_line)


def _dates(spec: Spec, today: date) -> Iterator[Hint]:
    for field in spec.carrier:
        if field.slot is not None and field.slot.kind == "date":
            day = iso_date(plain_value(field.entry))
            if day is not None:
                yield Hint(spec.span(field.at(field.entry.whole)).last, distance((day - today).days))


def _boxes(spec: Spec, span: Span) -> Iterator[Hint]:
    for at in range(spec.piece_at(span.start_line), spec.piece_at(span.end_line) + 1):
        heading = spec.pieces[at].section.heading
        ticked = [box.ticked for box in spec.boxes(at)]
        if heading is not None and ticked:
            line = spec.base(at) + heading.text.line
            end = Point(line, len(spec.text.content(line).rstrip()))
            yield Hint(end, f"{sum(ticked)} of {len(ticked)} ticked")
