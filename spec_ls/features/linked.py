"""Linked editing: what the metadata and the title say alike is typed once.

That is the identifier, where the title has it, and a field that repeats the title, such as `title` in front matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from spec_ls.spec import Spec
from spec_ls.text import Point, Span

_IN_IDENTIFIER = "[^\\s|,;:()\\[\\]`'\"]+"
_IN_TITLE = "[^\\r\\n|]+"


class Linked(NamedTuple):
    """Places that say the same, in the order of the text, and the pattern of what may be typed there as one."""

    spans: list[Span]
    pattern: str


def linked(spec: Spec, point: Point) -> Linked | None:
    """The places that are typed together with the one at `point`; None where there are not two. Never raises."""
    title = spec.binding.title
    heading = spec.pieces[title].section.heading if title is not None else None
    if title is None or heading is None or not heading.text.text:
        return None
    whole = heading.text.span.shifted(spec.base(title))
    groups: dict[str, tuple[list[Span], str]] = {}
    for field in (*spec.carrier, *spec.strays):
        value, kind = field.entry.value, field.slot.kind if field.slot is not None else "text"
        span = spec.span(field.at(field.entry.value_span))
        if not value or spec.text.slice(span) != value:
            continue  # it stands on several lines
        if kind == "id":
            found, pattern = list(_words(heading.text.text, value, whole)), _IN_IDENTIFIER
        else:
            found, pattern = [whole] if kind == "text" and value == heading.text.text else [], _IN_TITLE
        if found:
            groups.setdefault(value, (found, pattern))[0].append(span)
    for spans, pattern in groups.values():
        if any(span.holds(point) for span in spans):
            return Linked(sorted(spans), pattern)
    return None


def _words(text: str, word: str, place: Span) -> Iterator[Span]:
    """Where a word stands in a text at `place`, with no letter, digit or hyphen beside it."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        beside = text[at - 1 : at] + text[end : end + 1]
        if not any(char.isalnum() or char in "_-" for char in beside):
            yield Span(place.start_line, place.start + at, place.start_line, place.start + end)
        at = text.find(word, end)
