"""Document highlight: every place in a spec that names the same person or the same spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from spec_ls.spec import Spec
from spec_ls.text import Point, Span
from spec_ls.values import mentions


class Highlight(NamedTuple):
    """A place that names the same; `defines` marks the metadata, from where the others have it."""

    span: Span
    defines: bool


def highlights(spec: Spec, point: Point) -> list[Highlight]:
    """The places that name the handle or identifier under `point`, in the order of the text; empty for other words.

    Upper and lower case are the same. Takes time in proportion to the text. Never raises.
    """
    identifier = spec.template.field("id")
    prefix = identifier.prefix if identifier else ""
    line = spec.text.content(point.line)
    found = next((part for part in mentions(line, prefix) if part.start <= point.offset <= part.end), None)
    if found is None:
        return []
    name = found.words.casefold()
    defining: set[int] = set()
    for field in spec.carrier:
        whole = field.entry.whole.shifted(spec.base(field.piece))
        defining.update(range(whole.start_line, whole.end_line + 1))
    return [Highlight(span, span.start_line in defining) for span in _places(spec, name, prefix)]


def _places(spec: Spec, name: str, prefix: str) -> Iterator[Span]:
    for number in range(len(spec.text.lines)):
        line = spec.text.content(number)
        if name in line.casefold():
            for part in mentions(line, prefix):
                if part.words.casefold() == name:
                    yield Span(number, part.start, number, part.end)
