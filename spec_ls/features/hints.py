"""Inlay hints: how far off a date is, how much of a section's checklist is ticked, what spec an identifier means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from spec_ls.catalogue import Catalogue, Mention
from spec_ls.spec import Spec, plain_value
from spec_ls.text import Point, Span
from spec_ls.values import distance, iso_date

_MOST_LETTERS = 40
"""Of a title; more would push the author's own text away."""


class Hint(NamedTuple):
    """Words to show behind `point` as if they stood in the text; `spec` is the identifier of the spec they speak of."""

    point: Point
    label: str
    spec: str = ""


def hints(spec: Spec, span: Span, today: date, mentions: Sequence[Mention], catalogue: Catalogue) -> list[Hint]:
    """The hints on the lines of `span`, in the order of the text; `mentions` are those of the document.

    Takes time in proportion to the mentions and to the sections that `span` touches. Never raises.
    """
    found = [*_dates(spec, today), *_boxes(spec, span), *_titles(spec, span, mentions, catalogue)]
    return sorted(hint for hint in found if span.start_line <= hint.point.line <= span.end_line)


def _titles(spec: Spec, span: Span, mentions: Sequence[Mention], catalogue: Catalogue) -> Iterator[Hint]:
    """The titles of other specs behind their identifiers, but where the line has them already."""
    field = spec.field(spec.template.field("id"))
    own = field.entry.value.casefold() if field else ""
    for mention in mentions:
        if mention.kind != "id" or mention.role == "definition" or mention.text.casefold() == own:
            continue
        if not span.start_line <= mention.span.start_line <= span.end_line:
            continue
        title = next((card.title for card in catalogue.by_id(mention.text)), "")
        line = spec.text.content(mention.span.end_line)
        if title and title.casefold() not in line.casefold():
            end = mention.span.end
            while line[end : end + 1] in ("`", "*", "_"):
                end += 1
            short = title if len(title) <= _MOST_LETTERS else title[: _MOST_LETTERS - 1].rstrip() + "…"
            yield Hint(Point(mention.span.end_line, end), short, mention.text)


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
