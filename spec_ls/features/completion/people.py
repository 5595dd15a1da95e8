"""Handles: in fields that name people, and behind an `@` in any text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from spec_ls.features import Surroundings
from spec_ls.features.completion.base import Completion, Value, padding
from spec_ls.outline.shapes import items_of, joined
from spec_ls.spec import Spec
from spec_ls.text import Edit, Point, Span
from spec_ls.values import count

_HANDLE = re.compile(r"(?<![\w@/.])@\w[\w./-]*")
_TYPED_HANDLE = re.compile(r"(?<![\w@/.])@[\w./-]*")


def _people(spec: Spec, around: Surroundings) -> dict[str, tuple[str, list[str]]]:
    """Every known handle by its folded form, with where it is known from; the template's samples are nobody."""
    samples = {handle for slot in spec.template.fields for handle in _folded(slot.sample)}
    people: dict[str, tuple[str, list[str]]] = {}
    here = [(handle, "this spec") for handle in _named_here(spec)]
    for handle, source in [*here, *((person.handle, person.source) for person in around.people)]:
        if handle.casefold() not in samples:
            sources = people.setdefault(handle.casefold(), (handle, []))[1]
            if source not in sources:
                sources.append(source)
    return people


def _named_here(spec: Spec) -> Iterator[str]:
    """The handles in the metadata and in the sign-off items, as they are written."""
    for field in (*spec.carrier, *spec.strays):
        yield from _found(field.entry.value)
    for fill in spec.fills:
        if fill.slot.sign_off:
            for piece in fill.pieces:
                for item in items_of(spec.pieces[piece].section.blocks):
                    yield from _found(joined(item.lines))


def _found(text: str) -> list[str]:
    return [handle.rstrip("./-") for handle in _HANDLE.findall(text)]


def _folded(text: str) -> set[str]:
    return {handle.casefold() for handle in _found(text)}


def _typed_handle(line: str, offset: int) -> tuple[int, int] | None:
    """The handle that the cursor is in, from its `@`; None where there is none."""
    for typed in _TYPED_HANDLE.finditer(line):
        if typed.start() < offset <= typed.end():
            return typed.start(), max(offset, typed.start() + len(typed[0].rstrip("./-")))
    return None


def handles_in(spec: Spec, value: Value, point: Point, around: Surroundings) -> Iterator[Completion]:
    """Handles for a metadata value, without those that are there already; the owner does not approve."""
    line = spec.text.content(point.line)
    typed = _typed_handle(line, point.offset)
    if typed is not None:
        start, end = typed
    elif value.slot.kind == "handle":
        start, end = min(value.outer[0], point.offset), max(value.outer[1], point.offset)
    else:
        start = end = point.offset
        while start > value.outer[0] and not (line[start - 1].isspace() or line[start - 1] in ",;"):
            start -= 1
        while end < value.outer[1] and not (line[end].isspace() or line[end] in ",;"):
            end += 1
    others = _folded(line[value.outer[0] : start]) | _folded(line[end : value.outer[1]])
    reviews: Mapping[str, int] = {}
    if value.slot == spec.template.approvers:
        owner = spec.field(spec.template.owner)
        owners = _folded(owner.entry.value) if owner else set()
        others |= owners
        reviews = _reviews(owners, around)
    before = line[value.outer[0] : start].rstrip()
    if start == end and value.slot.kind == "handles" and before and before[-1] not in ",;":
        return  # behind a finished handle comes a comma first
    blanks = padding(line, point.offset) if start == end else ("", "")
    listed = value.slot.kind == "handles"
    for one in _handles(spec, point, around, (start, end), others, blanks, reviews):
        yield replace(one, listed=listed)


def _reviews(owners: Collection[str], around: Surroundings) -> Counter[str]:
    """How many other specs of these owners each handle approves, by its folded form."""
    cards = [card for card in around.catalogue.known if card.owner.casefold() in owners and card.path != around.path]
    return Counter(handle.casefold() for card in cards for handle in card.approvers)


def handles_in_text(spec: Spec, point: Point, around: Surroundings) -> Iterator[Completion]:
    """Handles behind an `@` in any text of the author's."""
    line = spec.text.content(point.line)
    typed = _typed_handle(line, point.offset)
    if typed is not None and line.count("`", 0, typed[0]) % 2 == 0:
        yield from _handles(spec, point, around, typed, _folded(line[: typed[0]] + " " + line[typed[1] :]), ("", ""))


def _handles(
    spec: Spec,
    point: Point,
    around: Surroundings,
    place: tuple[int, int],
    others: set[str],
    blanks: tuple[str, str],
    reviews: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Completion]:
    line = spec.text.content(point.line)
    start, end = place
    there = line[start:end].casefold()
    span = Span(point.line, start, point.line, end)
    people = _people(spec, around)
    for handle, specs in sorted(around.catalogue.vocabulary("handle", around.path).items(), key=lambda one: -one[1]):
        people.setdefault(handle.casefold(), (handle, [f"in {count(specs, 'spec')}"]))
    known = {
        folded: person
        for folded, person in people.items()
        if folded not in others and (folded != there or person[1] != ["this spec"])
    }
    # Those who review most with this owner; else as they come: the last in git first.
    for folded, (handle, sources) in sorted(known.items(), key=lambda one: -reviews.get(one[0], 0)):
        if folded in reviews:
            sources = [f"approves {count(reviews[folded], 'spec')} of this owner", *sources]
        filtered = handle if not there or there.startswith("@") else handle[1:]
        if there and not there.startswith("@") and not filtered.casefold().startswith(there):
            filtered = line[start:end]
        edit = Edit(span, blanks[0] + handle + blanks[1])
        yield Completion(handle, "user", ", ".join(sources), edit, filtered, ("person", handle), is_word=True)
