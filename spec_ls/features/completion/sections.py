"""Sections and stories that may be written at a place, and headings that are being typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spec_ls import compose
from spec_ls.bind import Fill, Missing, lineage
from spec_ls.features.completion.base import Completion, blank_below, in_document, set_off
from spec_ls.outline.inline import skeleton
from spec_ls.outline.shapes import says_something
from spec_ls.spec import Cursor, Spec
from spec_ls.template.model import SectionSlot
from spec_ls.text import Edit, Point, Span

_HEADING = re.compile(r"( {0,3})(#{1,6})([ \t]*)(.*)")


@dataclass(frozen=True, slots=True)
class _Part:
    """A section that may be written: `fits` tells that this is its place, `block` its Markdown with LF."""

    label: str
    level: int
    fits: bool
    detail: str
    number: int | None
    slot: SectionSlot

    def block(self, spec: Spec, snippets: bool) -> str:
        if self.slot.repeats:
            return compose.story_block(spec, self.slot, self.number or 1, snippets)
        return compose.section_block(spec, self.slot, self.number, snippets)


def _parts(spec: Spec, piece: int, end: int, typed: Fill | None = None) -> list[_Part]:
    """The sections that may be written behind `piece`: those that belong there first.

    `end` is the first piece behind what is being typed, `typed` the fill whose heading that is: what it nearly is
    counts as not there.
    """
    missing = [one for one in spec.missing if not one.slot.repeats and one.slot.need != "example" and one.slot.title]
    if typed is not None and not typed.slot.repeats:
        missing.insert(0, Missing(typed.slot, typed.parent, None, piece))
    above = list(lineage(spec.binding.owners[piece]))
    parts = list(_repeated(spec, above, typed))
    for one in missing:
        if one.parent is not None and one.parent not in above:
            continue
        need = "" if spec.needs(one.slot) else "optional "
        noun = "subsection" if one.parent else "section"
        level = min(6, max(1, one.slot.level + spec.binding.shift))
        number = compose.section_number(spec, one.slot, piece + 1, end)
        parts.append(_Part(one.slot.title, level, _fits(spec, one, piece), f"{need}{noun}", number, one.slot))
    return sorted(parts, key=lambda part: (not part.fits, -part.level))


def _fits(spec: Spec, missing: Missing, piece: int) -> bool:
    after = [
        fill.piece
        for fill in spec.fills
        if fill.parent is missing.parent and fill.slot.index > missing.slot.index and not fill.astray
    ]
    return missing.anchor <= piece < min(after, default=len(spec.pieces))


def _repeated(spec: Spec, above: Sequence[Fill], typed: Fill | None) -> Iterator[_Part]:
    """One more of each repeatable section, with the next number; `typed` has none yet."""
    for fill in above:
        for slot in fill.slot.sections:
            if slot.repeats:
                number = compose.next_number(spec, fill, slot, typed)
                level = min(6, max(1, slot.level + spec.binding.shift))
                yield _Part(f"{slot.stem} {number}", level, True, f"one more {slot.stem.lower()}", number, slot)


def headings(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """Sections for a heading line that is being typed; nothing where it names a section already."""
    heading = cursor.heading
    line = spec.text.content(point.line)
    found = _HEADING.fullmatch(line)
    if heading is None or heading.style == "setext" or found is None or point.offset < found.end(2):
        return
    own = cursor.fill if cursor.fill is not None and cursor.fill.piece == cursor.piece else None
    if own is not None and not _is_open(spec, own):
        return
    if cursor.piece == spec.binding.title and heading.text.text:
        return
    level, open_level = len(found[2]), not found[3] and not found[4]
    words = found[4].strip()
    full = not any(map(says_something, spec.pieces[cursor.piece].section.blocks)) and not (own and own.children)
    for part in _parts(spec, max(0, cursor.piece - 1), cursor.piece + 1, own):
        if not (part.level >= level if open_level else part.level == level):
            continue
        block = part.block(spec, snippets)
        if not full:
            block = block.split("\n", 1)[0]
        name = f"{part.number}. {part.label}" if words[:1].isdigit() and not part.slot.repeats else part.label
        head = f"{'#' * part.level} " if open_level else found[2] + found[3]
        if words and not name.casefold().startswith(words.casefold()) and skeleton(words) not in skeleton(name):
            continue
        tail = blank_below(spec, point.line) if full else ""
        span = Span(point.line, found.start(2), point.line, len(line))
        yield _section(part, span, in_document(spec, block) + tail, head + name, snippets)


def _is_open(spec: Spec, fill: Fill) -> bool:
    """Whether a heading that fills a slot may still be on its way to another title: `## Supp`, `### Story 2`."""
    if fill.slot.repeats:
        key = spec.pieces[fill.piece].facts.title.key
        return not key[len(fill.slot.stem_key) :].strip(" 0123456789")
    return fill.fault in ("misnamed", "malformed")


def _section(part: _Part, span: Span, text: str, filtered: str, snippets: bool) -> Completion:
    about = ("section", str(part.slot.index), str(part.number or 0))
    return Completion(part.label, "section", part.detail, Edit(span, text), filtered, about, snippets)


def blank_sections(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """The sections that belong behind the text of the section with a blank line."""
    line = spec.text.content(point.line)
    inside = point.line - spec.base(cursor.piece)
    if any(block.end_line > inside and says_something(block) for block in spec.pieces[cursor.piece].section.blocks):
        return
    above, below = set_off(spec, point.line)
    following = spec.pieces[cursor.piece + 1].section.heading if cursor.piece + 1 < len(spec.pieces) else None
    for part in _parts(spec, cursor.piece, cursor.piece + 1):
        if following is None or following.level <= part.level:
            span = Span(point.line, 0, point.line, len(line))
            text = above + in_document(spec, part.block(spec, snippets)) + below
            yield _section(part, span, text, line[: point.offset] + part.label, snippets)
