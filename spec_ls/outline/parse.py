"""Markdown source to blocks: markdown-it's block tokens, given exact places.

markdown-it tells the lines of a block, never its columns. They are found again by looking for the
token's own text in the source line, which is exact since block parsing only ever strips the ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from spec_ls.outline.blocks import (
    Block,
    Box,
    Cell,
    Comment,
    Fence,
    Heading,
    Item,
    List,
    Paragraph,
    Plain,
    Quote,
    Row,
    Section,
    Table,
    TextLine,
)
from spec_ls.outline.inline import heading_words
from spec_ls.text import Span

_MARKER = re.compile(r"[-+*]|[0-9]{1,9}[.)]")
_BOX = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_MALFORMED = re.compile(r"([#＃]{1,6})(?=[^#＃\s]|[^\S \t])(?![0-9]+\b(?![.)]))\s*(\S.*)$")


class Sections:
    """Groups top-level tokens into sections; lines of the result count from line `base` of `lines`."""

    def __init__(self, lines: Sequence[str], base: int) -> None:
        self._lines = lines
        self._base = base

    def read(
        self, tokens: Sequence[Token], line: int, end_line: int, before: Sequence[Block] = ()
    ) -> tuple[Section, ...]:
        """The sections of the top-level `tokens`, which cover the lines from `line` to `end_line`."""
        sections: list[Section] = []
        heading: Heading | None = None
        blocks: list[Block] = list(before)
        start = line

        def close(at: int) -> None:
            if heading or blocks or at > start:
                sections.append(Section(heading, start - self._base, at - self._base, tuple(blocks)))
            blocks.clear()

        for first, last in _siblings(tokens):
            token = tokens[first]
            assert token.map is not None
            if token.type == "heading_open":
                close(token.map[0])
                heading, start = self._heading(token, tokens[first + 1]), token.map[0]
                continue
            block = self._block(tokens, first, last, -1, 0)
            if isinstance(block, Paragraph):
                for part in _split_malformed(block):
                    if isinstance(part, Heading):
                        close(part.line + self._base)
                        heading, start = part, part.line + self._base
                    else:
                        blocks.append(part)
            elif block is not None:
                blocks.append(block)
        close(end_line)
        return tuple(sections)

    def _heading(self, token: Token, inline: Token) -> Heading:
        assert token.map is not None
        line, end_line = token.map
        level = int(token.tag[1])
        content = inline.content.strip()
        if token.markup.startswith("#"):
            source = self._lines[line]
            marks = source.find("#") + level
            start = source.find(content, marks) if content else len(source.rstrip())
            text = TextLine(line - self._base, max(start, marks), content)
            return Heading(level, text.line, text.line + 1, text, heading_words(content), "atx")
        lines = self._text_lines(inline, line, 0)
        text = lines[0] if lines else TextLine(line - self._base, 0, "")
        return Heading(level, line - self._base, end_line - self._base, text, heading_words(content), "setext")

    def _text_lines(self, inline: Token, line: int, column: int) -> tuple[TextLine, ...]:
        result = []
        parts = inline.content.split("\n")
        if parts[0].strip():  # a line of NBSP is none for CommonMark, but markdown-it may strip it
            while not self._lines[line][column:].strip() and line + 1 < len(self._lines):
                line, column = line + 1, 0
        for number, part in enumerate(parts, line):
            if number >= len(self._lines):
                break
            text = part.strip()
            source = self._lines[number]
            start = source.find(text, column if number == line else 0)
            if start < 0:  # a tab that the container split in two
                start = len(source) - len(source.lstrip())
                text = source[start:].rstrip()
            if text:
                result.append(TextLine(number - self._base, start, text))
        return tuple(result)

    def _block(self, tokens: Sequence[Token], first: int, last: int, at_line: int, column: int) -> Block | None:
        """The block of the tokens from `first` to `last`; on line `at_line` its text starts at or after `column`."""
        token = tokens[first]
        assert token.map is not None
        line, end_line = token.map
        here, there = line - self._base, end_line - self._base
        match token.type:
            case "paragraph_open":
                lines = self._text_lines(tokens[first + 1], line, column if line == at_line else 0)
                return Paragraph(here, there, lines) if lines else None
            case "bullet_list_open" | "ordered_list_open":
                return self._list(tokens, first, last, at_line, column)
            case "table_open":
                rows = [
                    Row(number - self._base, split_cells(self._lines[number], number - self._base))
                    for number in range(line, end_line)
                    if number != line + 1
                ]
                return Table(here, there, rows[0], tuple(rows[1:]))
            case "fence":
                return Fence(here, there, token.markup, self._fence_closed(token, line, end_line))
            case "html_block":
                return self._html(line, end_line)
            case "blockquote_open":
                return Quote(here, there)
            case "heading_open":
                return Plain(here, there, True)
            case "hr":
                return Plain(here, there, False)
            case _:
                return Plain(here, there, True)

    def _list(self, tokens: Sequence[Token], first: int, last: int, at_line: int, column: int) -> List:
        items: list[Item] = []
        token = tokens[first]
        assert token.map is not None
        for item_first, item_last in _siblings(tokens, first + 1, last):
            item = tokens[item_first]
            assert item.map is not None
            line, end_line = item.map
            marker = _MARKER.search(self._lines[line], column if line == at_line else 0)
            start, behind = (marker.start(), marker.end()) if marker else (0, 0)
            text: tuple[TextLine, ...] = ()
            box: Box | None = None
            blocks: list[Block] = []
            for number, (child_first, child_last) in enumerate(_siblings(tokens, item_first + 1, item_last)):
                block = self._block(tokens, child_first, child_last, line, behind)
                if number == 0 and isinstance(block, Paragraph):
                    text, box = take_box(block.lines)
                elif block is not None:
                    blocks.append(block)
            name = marker[0] if marker else item.markup
            while end_line > line + 1 and not self._lines[end_line - 1].strip():
                end_line -= 1
            items.append(Item(line - self._base, end_line - self._base, name, start, box, text, tuple(blocks)))
        return List(items[0].line, items[-1].end_line, token.type[0] == "o", tuple(items))

    def _fence_closed(self, token: Token, line: int, end_line: int) -> bool:
        tail = self._lines[end_line - 1].strip(" \t>") if end_line - line > 1 else ""
        return len(tail) >= len(token.markup) and not tail.strip(token.markup[0])

    def _html(self, line: int, end_line: int) -> Block:
        source = self._lines[line]
        start = source.find("<!--")
        if start < 0 or source[:start].strip():
            return Plain(line - self._base, end_line - self._base, True)
        body, last = [], end_line - 1
        while last > line and not self._lines[last].strip():
            last -= 1
        for number in range(line, last + 1):
            row = self._lines[number]
            begin = start + 4 if number == line else 0
            stop = row.find("-->", begin)
            if stop >= 0:
                body.append(row[begin:stop])
                span = Span(line - self._base, start, number - self._base, stop + 3)
                rest = row[stop + 3 :].strip() or number < last
                return Comment(line - self._base, last + 1 - self._base, span, "\n".join(body), True, not rest)
            body.append(row[begin:])
        span = Span(line - self._base, start, last - self._base, len(self._lines[last]))
        return Comment(line - self._base, last + 1 - self._base, span, "\n".join(body), False, True)


def _siblings(tokens: Sequence[Token], first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
    """The index pairs (open, close) of the tokens that stand side by side between `first` and `last`."""
    pairs, at = [], first
    stop = len(tokens) if last is None else last
    while at < stop:
        begin = at
        depth: int = tokens[at].nesting
        while depth > 0 and at + 1 < stop:
            at += 1
            depth += tokens[at].nesting
        if tokens[begin].map is not None:
            pairs.append((begin, at))
        at += 1
    return pairs


def take_box(lines: tuple[TextLine, ...]) -> tuple[tuple[TextLine, ...], Box | None]:
    """The lines of a list item behind its box, and the box."""
    first = lines[0]
    found = _BOX.match(first.text)
    if not found:
        return lines, None
    box = Box(Span(first.line, first.start, first.line, first.start + 3), found[1] != " ")
    rest = TextLine(first.line, first.start + found.end(), first.text[found.end() :])
    return ((rest, *lines[1:]) if rest.text else lines[1:]), box


def _split_malformed(paragraph: Paragraph) -> list[Paragraph | Heading]:
    """The paragraph, cut where a line only looks like an ATX heading (no space behind the marks)."""
    if not any(text.text[0] in "#＃" for text in paragraph.lines):
        return [paragraph]
    parts: list[Paragraph | Heading] = []
    pending: list[TextLine] = []

    def flush() -> None:
        if pending:
            parts.append(Paragraph(pending[0].line, pending[-1].line + 1, tuple(pending)))
            pending.clear()

    for text in paragraph.lines:
        found = _MALFORMED.match(text.text)
        if not found:
            pending.append(text)
            continue
        flush()
        title = found[2].rstrip("# \t")
        words = TextLine(text.line, text.start + found.start(2), title)
        parts.append(Heading(len(found[1]), text.line, text.line + 1, words, heading_words(title), "malformed"))
    flush()
    return parts


def split_cells(source: str, line: int) -> tuple[Cell, ...]:
    """The cells of a table row: split at each `|` without a backslash before it, also in code spans (GFM)."""
    cells: list[Cell] = []
    start = len(source) - len(source.lstrip())
    stop = len(source.rstrip())
    if source.startswith("|", start):
        start += 1
    if stop > start and source[stop - 1] == "|" and not (stop > 1 and source[stop - 2] == "\\"):
        stop -= 1
    at = start
    while True:
        bar = source.find("|", at, stop)
        if bar > 0 and source[bar - 1] == "\\":
            at = bar + 1
            continue
        end = stop if bar < 0 else bar
        raw = source[start:end]
        text = raw.strip()
        lead = len(raw) - len(raw.lstrip()) if text else min(1, len(raw))
        cells.append(Cell(line, start + lead, text))
        if bar < 0:
            return tuple(cells)
        start = at = bar + 1
