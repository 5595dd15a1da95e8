"""Definition, declaration and references: where a name, a link or a part of the template leads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from spec_ls.catalogue import Catalogue, Found, Mention, named_at
from spec_ls.outline import Outline
from spec_ls.spec import Cursor, Place, Spec
from spec_ls.template.model import Origin
from spec_ls.text import TOP, Point, Span, Text

TargetKind = Literal["spec", "file", "template", "owner"]

_NO_ANCHOR = re.compile(r"[^\w\- ]+")


class Target(NamedTuple):
    """Where the words at `source` lead.

    - `spec`: to `span` of the file at the path `name`
    - `file`: to what a relative link calls `name`, a `#heading` and all
    - `template`: to the line of `span` in the document's own template, the first of the part that `whole` covers
    - `owner`: to the place where the repository says who the handle `name` is
    """

    kind: TargetKind
    source: Span
    name: str
    span: Span = TOP
    whole: Span | None = None


def definitions(spec: Spec, point: Point, mentions: Sequence[Mention], catalogue: Catalogue) -> list[Target]:
    """Where the word at `point` is defined; `mentions` are those of the document. Empty where it is nowhere.

    A part of the template leads to its line there. Takes time in proportion to the mentions. Never raises.
    """
    mention = named_at(spec, point, mentions)
    if mention is not None:
        if mention.kind == "id":
            cards = catalogue.by_id(mention.text)
            return [Target("spec", mention.span, card.path, card.place) for card in cards]
        if mention.kind == "handle":
            return [Target("owner", mention.span, mention.text)]
        if mention.kind == "link":
            return [Target("file", mention.span, mention.text)]
        if mention.kind in ("flag", "code"):
            found = catalogue.mentions(mention.text, "flag")
            defined = [one for one in found if one.mention.role == "definition"]
            if defined:
                return [Target("spec", mention.span, card.path, one.span) for card, one in defined]
    return _slot(spec, point, words_alone=True)


def declarations(spec: Spec, point: Point) -> list[Target]:
    """The lines of the template that ask for what stands at `point`: a field, a section, an item. Never raises."""
    return _slot(spec, point, words_alone=False)


def references(
    spec: Spec, point: Point, mentions: Sequence[Mention], catalogue: Catalogue, declaration: bool = True
) -> list[Found]:
    """Where the identifier, handle or feature flag at `point` is named, in all documents, in the order of their paths.

    On the title, the document's own identifier is meant. `declaration` adds the places that define it: metadata, and
    the item of a flag. Empty for other words. Never raises.
    """
    mention = named_at(spec, point, mentions) or _own_id(spec, point, mentions)
    if mention is None or mention.kind in ("link", "ticket"):
        return []
    kind = "flag" if mention.kind == "code" else mention.kind
    found = catalogue.mentions(mention.text, kind)
    if kind == "flag" and all(one.mention.role != "definition" for one in found):
        return []
    return [one for one in found if declaration or one.mention.role != "definition"]


def _own_id(spec: Spec, point: Point, mentions: Iterable[Mention]) -> Mention | None:
    if spec.binding.title is None or spec.at(point).heading is None or spec.at(point).piece != spec.binding.title:
        return None
    return next((mention for mention in mentions if mention.kind == "id" and mention.role == "definition"), None)


# --- the template


def _slot(spec: Spec, point: Point, words_alone: bool) -> list[Target]:
    """What of the template the document has at `point`; with `words_alone` only on the words that it has from there."""
    cursor = spec.at(point)
    found = next(_origins(spec, cursor, point, words_alone), None)
    if found is None:
        return []
    source, origin = found
    text = Text(spec.template.source)
    first = min(origin.line, len(text.lines) - 1)
    last = max(first, min(origin.end_line, len(text.lines)) - 1)
    line = Span(first, 0, first, len(text.content(first)))
    return [Target("template", source, "", line, Span(first, 0, last, len(text.content(last))))]


def _origins(spec: Spec, cursor: Cursor, point: Point, words_alone: bool) -> Iterator[tuple[Span, Origin]]:
    """What of the template stands at `point`, the smallest first, each with the words that it is there for."""
    field, template = cursor.field, spec.template
    if field is not None:
        key = spec.span(field.at(field.entry.key_span))
        if field.slot is not None and (key.holds(point) or not words_alone):
            yield key, field.slot.origin
        return
    fill, base = cursor.fill, spec.base(cursor.piece)
    if cursor.heading is not None:
        words = spec.span(spec.heading_place(cursor.piece))
        if cursor.piece == spec.binding.title:
            if template.title_origin is not None:
                yield words, template.title_origin
        elif fill is not None and fill.piece == cursor.piece:
            yield words, fill.slot.origin
        return
    if fill is None:
        return
    facts, line = spec.pieces[cursor.piece].facts, point.line - base
    first = cursor.item.line if cursor.item else line
    items = [(fact.slot, fact.span) for fact in facts.labels] + [(fact.slot, fact.span) for fact in facts.checks]
    for slot, span in items:
        place = spec.span(Place(cursor.piece, span))
        if first <= span.start_line <= line and (place.holds(point) or not words_alone):
            yield place, fill.slot.items[slot].origin
    for block in facts.criteria:
        place = spec.span(Place(cursor.piece, block.span))
        if block.span.start_line == line and (place.holds(point) or not words_alone):
            yield place, fill.slot.blocks[block.slot].origin
    if not words_alone:
        yield spec.span(spec.heading_place(fill.piece)), fill.slot.origin


# --- links


def heading_at(text: Text, anchor: str) -> Span | None:
    """The heading that the part of a link behind `#` means, as hosts of repositories make it; None without one."""
    seen: dict[str, int] = {}
    outline = Outline(text)
    for start, chunk in zip(outline.starts, outline.chunks, strict=False):
        for section in chunk.sections:
            if section.heading is not None:
                name = _NO_ANCHOR.sub("", section.heading.title.casefold()).replace(" ", "-")
                count = seen[name] = seen.get(name, -1) + 1
                if anchor.casefold() == (f"{name}-{count}" if count else name):
                    return section.heading.text.span.shifted(start)
    return None
