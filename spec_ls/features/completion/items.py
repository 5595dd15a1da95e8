"""Items and labelled blocks that a section lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.features.completion.base import (
    LIST_OR_HEADING,
    About,
    Completion,
    blank_below,
    in_document,
    literal,
    set_off,
)
from spec_ls.outline.blocks import List, Paragraph
from spec_ls.outline.inline import skeleton
from spec_ls.spec import Cursor, Spec
from spec_ls.template.model import ItemSlot
from spec_ls.text import Edit, Point, Span

_ITEM = re.compile(r"([ \t]*)([-+*])(?:[ \t]+(?:\[[ xX]?\]?[ \t]*)?(?:\*\*|__)?|$)")
_LABEL = re.compile(r"(?:\*\*|__)([\w \t-]*+)[*_]*:?[ \t]*")


def _absent_items(spec: Spec, fill: Fill, line: int) -> list[ItemSlot]:
    """The labelled and fixed items that the section lacks; what stands on `line` is still being typed."""
    there: set[int] = set()
    for piece, facts in spec.fill_facts(fill):
        inside = line - spec.base(piece)
        there |= {fact.slot for fact in facts.labels if fact.span.start_line != inside}
        there |= {fact.slot for fact in facts.checks if fact.span.start_line != inside}
    return [item for at, item in enumerate(fill.slot.items) if item.kind != "sample" and item.name and at not in there]


def _item_text(item: ItemSlot, snippets: bool) -> str:
    if not snippets:
        return compose.item_text(item)
    if item.kind == "label" and item.text and not item.keep:
        head = compose.item_text(item)[: -len(item.text)]
        return f"{literal(head)}${{1:{literal(item.text)}}}"
    return literal(compose.item_text(item))


def items(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """The items that the section lacks, at a bullet behind which a name is being typed."""
    line = spec.text.content(point.line)
    typed = _ITEM.match(line)
    fill = cursor.fill
    if cursor.heading is not None and cursor.heading.style == "setext" and cursor.piece:
        fill = spec.binding.owners[cursor.piece - 1]  # a lone `-` below a paragraph underlines it
    if typed is None or fill is None or point.offset < typed.end(2):
        return
    words = skeleton(line[typed.end() :])
    if ":" in line[typed.end() :] or (line[typed.end() :].strip() and not words):
        return
    head = line[typed.start(2) : typed.end()]
    for item in _absent_items(spec, fill, point.line):
        if skeleton(item.name).startswith(words):
            span = Span(point.line, typed.start(2), point.line, len(line))
            if f"{typed[2]} {compose.item_text(item)}" != line[typed.start(2) :]:
                filtered = (head if head[-1:] != typed[2] else head + " ") + item.name
                text = f"{typed[2]} {_item_text(item, snippets)}"
                yield _item(fill, item, span, text, filtered, snippets)


def _item(fill: Fill, item: ItemSlot, span: Span, text: str, filtered: str, snippets: bool) -> Completion:
    need = "" if item.need == "required" else "optional "
    detail = f"{need}item" if item.kind == "label" else f"{need}check"
    about = ("item", str(fill.slot.index), str(fill.slot.items.index(item)))
    return Completion(item.name, "item", detail, Edit(span, text), filtered, about, snippets)


def blank_items(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """The items and labelled blocks that the section with a blank line lacks."""
    line = spec.text.content(point.line)
    fill = cursor.fill
    if fill is None:
        return
    span, head = Span(point.line, 0, point.line, len(line)), line[: point.offset]
    absent = _absent_items(spec, fill, point.line)
    if absent:
        start = _item_start(spec, cursor)
        tail = blank_below(spec, point.line, LIST_OR_HEADING)
        for item in absent:
            text = (literal(start) if snippets else start) + _item_text(item, snippets) + tail
            yield _item(fill, item, span, text, head + item.name, snippets)
    above, below = set_off(spec, point.line)
    for name, block, about in _absent_blocks(spec, cursor, point.line, snippets):
        edit = Edit(span, above + in_document(spec, block) + below)
        yield Completion(name, "snippet", "labelled list", edit, head + name, about, snippets)


def labels(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """A labelled block that the section lacks, where its bold label is being typed."""
    line = spec.text.content(point.line)
    typed = _LABEL.fullmatch(line)
    if typed is None or point.offset < typed.start(1) or not isinstance(cursor.block, Paragraph):
        return
    for name, block, about in _absent_blocks(spec, cursor, point.line, snippets):
        if skeleton(name).startswith(skeleton(typed[1])):
            span = Span(point.line, 0, point.line, len(line))
            text = in_document(spec, block) + blank_below(spec, point.line)
            filtered = line[: typed.start(1)] + name
            yield Completion(name, "snippet", "labelled list", Edit(span, text), filtered, about, snippets)


def _absent_blocks(spec: Spec, cursor: Cursor, line: int, snippets: bool) -> Iterator[tuple[str, str, About]]:
    """The labelled blocks that the section lacks: name, Markdown, and what that is."""
    fill = cursor.fill
    if fill is None:
        return
    there = {
        fact.slot
        for piece, facts in spec.fill_facts(fill)
        for fact in facts.criteria
        if fact.span.start_line + spec.base(piece) != line
    }
    for at, block in enumerate(fill.slot.blocks):
        if block.name and at not in there:
            text = "\n".join(compose.block_lines(spec, block, snippets))
            yield block.name, text, ("block", str(fill.slot.index), str(at))


def _item_start(spec: Spec, cursor: Cursor) -> str:
    """Indentation and bullet of the section's last list; the document's bullet without one."""
    lists = [block for block in spec.pieces[cursor.piece].section.blocks if isinstance(block, List)]
    if lists:
        return compose.item_start(spec, cursor.piece, lists[-1].items[-1])
    return f"{compose.style_of(spec).bullet} "
