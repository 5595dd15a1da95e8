"""Templates change and old documents stay: what today's template asks of a document written after an older one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import accumulate
from typing import Any

from spec_ls import compose
from spec_ls.bind import Missing
from spec_ls.outline import Outline
from spec_ls.outline.blocks import Comment, FrontMatter
from spec_ls.spec import Spec
from spec_ls.template.model import SectionSlot, Template
from spec_ls.text import Change, Edit, Point, Span, Text

_VERSION = re.compile(r"template-version(?:\s*[=:]\s*|\s+)([\"']?)(.*?\S)\1\s*(?:;|-->|\s#|$)")
_PLACES = frozenset({"origin", "title_origin", "line"})
"""What of a template says where something stands in its file, not what it means."""


def means_the_same(one: Template, other: Template) -> bool:
    """Whether two versions of a template ask the same of a document; comments and line numbers aside."""
    if one.source == other.source:
        return True
    return bool(_meaning(replace(one, source="", version="")) == _meaning(replace(other, source="", version="")))


def _meaning(part: Any) -> Any:
    if is_dataclass(part):
        return {one.name: _meaning(getattr(part, one.name)) for one in fields(part) if one.name not in _PLACES}
    return [_meaning(value) for value in part] if isinstance(part, tuple) else part


def new_sections(spec: Spec) -> list[Missing]:
    """What today's template asks for and the document lacks, without what its own template asked for already."""
    if spec.today is None:
        return []
    before = {_path(missing) for missing in spec.missing if spec.is_lost(missing)}
    today = spec.today
    return [missing for missing in today.missing if today.is_lost(missing) and _path(missing) not in before]


def _path(missing: Missing) -> tuple[str, str]:
    return missing.parent.slot.key if missing.parent else "", missing.slot.key


def is_upgraded(today: Spec, before: Template) -> bool:
    """Whether a document bound to today's template has the sections that are new since `before`, and so was written
    or brought up to today's; False where no section is new."""
    known = {key for slot in before.all_sections() for key in (slot.key, *slot.aliases)}
    added = {slot.index for slot in today.template.all_sections() if _is_new(slot, known)}
    lost = any(missing.slot.index in added and today.is_lost(missing) for missing in today.missing)
    return not lost and any(fill.slot.index in added and fill.fault != "misnamed" for fill in today.fills)


def _is_new(slot: SectionSlot, known: set[str]) -> bool:
    return slot.need in ("required", "conditional") and not known.intersection((slot.key, *slot.aliases))


# --- the upgrade ------------------------------------------------------------------------------


def upgrade(spec: Spec) -> tuple[Edit, ...]:
    """The edits that insert every section that today's template requires and the document lacks, and that have the
    document name today's version where it names one. Nothing else is touched; empty where nothing is to be done, or
    where not all of it can be: behind a fence that nothing closes, say."""
    inserts = _inserts(spec, spec.newer) if spec.newer is not None else None
    if inserts is None or spec.newer is None:
        return ()
    return tuple(sorted([*inserts, *_version_edit(spec, spec.newer)], key=lambda edit: edit.span.first))


def _inserts(spec: Spec, newer: Template) -> list[Edit] | None:
    """One insert for each place: the sections go in one after the other, so that each knows those before it.

    None where a section has no safe place.
    """
    text = Text(spec.text.source)
    outline = Outline(text)
    today = Spec(outline, newer)
    pieces: list[tuple[int, str]] = []
    """What went in so far, in order: the place in the text as it was (code points from its start), and the words."""
    tried: set[int] = set()
    while missing := next(filter(today.is_lost, today.missing), None):
        edit = compose.insert_section(today, missing)
        if edit is None or missing.slot.index in tried:
            return None
        tried.add(missing.slot.index)
        start = sum(map(len, text.lines[: edit.span.start_line])) + edit.span.start
        change: Change = text.splice(edit.span, edit.new_text)
        today.update(outline.update([change]))
        _put_in(pieces, start, edit.new_text)
    starts = [0, *accumulate(map(len, spec.text.lines))]
    edits = []
    for place, words in pieces:
        line = min(bisect_right(starts, place) - 1, len(spec.text.lines) - 1)
        point = Point(line, place - starts[line])
        edits.append(Edit(Span(*point, *point), words))
    return edits


def _put_in(pieces: list[tuple[int, str]], start: int, words: str) -> None:
    """Notes that `words` went in at `start` of the text with all `pieces` in it."""
    grown = 0
    for number, (place, known) in enumerate(pieces):
        inside = start - place - grown
        if inside < 0:
            pieces.insert(number, (start - grown, words))
            return
        if inside <= len(known):
            pieces[number] = (place, known[:inside] + words + known[inside:])
            return
        grown += len(known)
    pieces.append((start - grown, words))


def _version_edit(spec: Spec, newer: Template) -> Iterator[Edit]:
    """Puts today's version in place of the one that the document names."""
    version = spec.template_version
    if not version or not newer.version or version == newer.version:
        return
    for number, piece in enumerate(spec.pieces):
        base = spec.base(number)
        for block in piece.section.blocks:
            if not isinstance(block, Comment | FrontMatter):
                continue
            for line in range(block.line + base, block.end_line + base):
                found = _VERSION.search(spec.text.content(line))
                if found and found[2].strip() == version:
                    yield Edit(Span(line, found.start(2), line, found.end(2)), newer.version)
                    return
