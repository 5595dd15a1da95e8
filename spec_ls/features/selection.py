"""What a selection grows to: word, cell or line, row or item, block, section, document."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from spec_ls.features import Extent, extents
from spec_ls.outline.blocks import Block, Comment, Fence, FrontMatter, Item, List, Paragraph, Table
from spec_ls.spec import Spec
from spec_ls.text import Point, Span, Text

_JOINERS = "-./:@#_'’"
_WORD_MARKS = "\u200c\u200d_"


def selections(spec: Spec, points: Sequence[Point]) -> list[list[Span]]:
    """For each point the spans around it from the innermost to the whole document.

    Each strictly contains the one before it, and all of them hold the point; there is at least one. Never raises.
    """
    sections = extents(spec)
    return [_chain(spec, sections, point) for point in points]


def _chain(spec: Spec, sections: Sequence[Extent], point: Point) -> list[Span]:
    spans: list[Span] = []
    inner = Span(*point, *point)
    for span in _around(spec, sections, point):
        if span != inner and span.first <= inner.first and inner.last <= span.last:
            spans.append(span)
            inner = span
    return spans or [inner]


def _around(spec: Spec, sections: Sequence[Extent], point: Point) -> Iterator[Span]:
    """What may stand around `point`, inner spans first; those that do not hold it are to be left out."""
    text = spec.text
    line = text.content(point.line)
    yield from _words(line, point)
    at = spec.piece_at(point.line)
    base, section = spec.base(at), spec.pieces[at].section
    inside = point.line - base
    if section.heading is not None:
        yield section.heading.text.span.shifted(base)
    blocks = list(_blocks_at(section.blocks, inside))
    for block in reversed(blocks):
        yield from (span.shifted(base) for span in _texts(block, inside))
    yield Span(point.line, len(line) - len(line.lstrip()), point.line, len(line))
    for block in reversed(blocks):
        if isinstance(block, List):
            item = block.items[_last_before(block.items, inside)]
            if item.lines:
                yield _lines(text, base + item.line, item.start, base + item.lines[-1].line + 1)
            yield _lines(text, base + item.line, item.start, base + item.end_line)
            yield _lines(text, base + block.line, block.items[0].start, base + block.end_line)
        else:
            if isinstance(block, Comment):
                yield block.span.shifted(base)
            elif isinstance(block, Fence | FrontMatter):
                inner = block.end_line - (block.closed if isinstance(block, Fence) else 1)
                if block.line < inside < inner:
                    yield _lines(text, base + block.line + 1, 0, base + inner)
            yield _lines(text, base + block.line, 0, base + block.end_line)
    number = bisect_right(sections, at, key=lambda extent: extent.piece) - 1
    while number >= 0:
        yield sections[number].span(spec)
        number = sections[number].parent
    yield Span(0, 0, *text.end)


def _words(line: str, point: Point) -> Iterator[Span]:
    """The word at `point`, and what joins it to others without a blank: a handle, a date, an identifier, a path."""
    start, end = _grown(line, point.offset, point.offset, "")
    if start == end:
        return
    yield Span(point.line, start, point.line, end)
    start, end = _grown(line, start, end, _JOINERS)
    while line[start] in _JOINERS.replace("@", "").replace("#", "").replace("_", ""):
        start += 1
    while line[end - 1] in _JOINERS:
        end -= 1
    yield Span(point.line, start, point.line, end)


def _grown(line: str, start: int, end: int, joiners: str) -> tuple[int, int]:
    while start > 0 and (_is_word(line[start - 1]) or line[start - 1] in joiners):
        start -= 1
    while end < len(line) and (_is_word(line[end]) or line[end] in joiners):
        end += 1
    return start, end


def _is_word(char: str) -> bool:
    return char.isalnum() or char in _WORD_MARKS or unicodedata.category(char)[0] == "M"


def _blocks_at(blocks: Sequence[Block], line: int) -> Iterator[Block]:
    """The blocks on a line, from the outermost in."""
    while blocks:
        block = blocks[_last_before(blocks, line)]
        if not block.line <= line < block.end_line:
            return
        yield block
        if not isinstance(block, List):
            return
        blocks = block.items[_last_before(block.items, line)].blocks


def _last_before(parts: Sequence[Block | Item], line: int) -> int:
    """The index of the last part that starts on `line` or above it, of the first one where none does."""
    return max(0, bisect_right(parts, line, key=lambda part: part.line) - 1)


def _texts(block: Block, line: int) -> Iterator[Span]:
    """The texts on a line of a block: the cells of a row, or the words of a paragraph or list item."""
    if isinstance(block, Table):
        rows = (block.header, *block.rows)
        for row in rows[bisect_left(rows, line, key=lambda row: row.line) :][:1]:
            if row.line == line:
                yield from (cell.span for cell in row.cells)
    elif isinstance(block, List | Paragraph):
        lines = block.lines if isinstance(block, Paragraph) else block.items[_last_before(block.items, line)].lines
        yield from (text.span for text in lines if text.line == line)


def _lines(text: Text, line: int, start: int, end_line: int) -> Span:
    """From offset `start` of `line` to the end of the line before `end_line`."""
    last = max(line, min(end_line, len(text.lines)) - 1)
    return Span(line, start, last, len(text.content(last)))
