"""Text, its lines, and the three position encodings of LSP.

Four notations meet here; everything above this module uses the first.

- **offset**: code points from the start of a line. `Point(line, offset)`, `Span`.
- **character**: the unit a client counts in: UTF-8 bytes, UTF-16 code units or code points.
- **line**: counted from zero; lines end at LF, CRLF and CR only (LSP 3.17, "Text Documents"),
  never at form feed, NEL or U+2028 as `str.splitlines` has it.
- **source**: the whole text as one string; built on demand, never kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class Point(NamedTuple):
    """A place between two code points; `offset` counts code points from the start of `line`."""

    line: int
    offset: int


class Span(NamedTuple):
    """A half-open range of text: from `start` on `start_line` to `end` on `end_line` (offsets, not characters)."""

    start_line: int
    start: int
    end_line: int
    end: int

    @property
    def first(self) -> Point:
        return Point(self.start_line, self.start)

    @property
    def last(self) -> Point:
        return Point(self.end_line, self.end)

    def shifted(self, lines: int) -> Span:
        """The same span `lines` further down."""
        return Span(self.start_line + lines, self.start, self.end_line + lines, self.end)

    def holds(self, point: Point) -> bool:
        """Whether `point` lies inside or at either end (a cursor behind the last letter counts)."""
        return self.first <= point <= self.last

    def touches(self, other: Span) -> bool:
        """Whether the two share a code point or an end."""
        return self.first <= other.last and other.first <= self.last


TOP = Span(0, 0, 0, 0)
"""The place in front of a text."""


class Edit(NamedTuple):
    """Replace what `span` covers by `new_text`."""

    span: Span
    new_text: str


class Change(NamedTuple):
    """What a splice did to the lines: `removed` lines from `line` on gave way to `added` ones.

    Where one line gave way to one, `old` is what it was; else None.
    """

    line: int
    removed: int
    added: int
    old: str | None = None


def split_lines(source: str) -> list[str]:
    """The lines of `source` with their line ends; the last has none, so there is always at least one."""
    if "\r" in source:
        lines: list[str] = _LINE.findall(source)
        if not lines or lines[-1][-1] in "\r\n":
            lines.append("")
        return lines
    *whole, last = source.split("\n")
    lines = [line + "\n" for line in whole]
    lines.append(last)
    return lines


def strip_line_end(line: str) -> str:
    """`line` without its LF, CRLF or CR."""
    return line.rstrip("\r\n") if line and line[-1] in "\r\n" else line


def units(text: str, encoding: Encoding) -> int:
    """How many units of `encoding` the text takes; a lone surrogate takes what its code point would."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-16":
        return len(text) + len(_ASTRAL.findall(text))
    return len(text.encode("utf-8", "surrogatepass"))


def _offset(text: str, character: int, encoding: Encoding) -> int:
    """The offset `character` units into `text`; inside a code point counts as before it, behind the end as the end."""
    if character <= 0:
        return 0
    if encoding == "utf-32" or text.isascii():
        return min(character, len(text))
    if encoding == "utf-16":
        before = 0
        for astral in _ASTRAL.finditer(text):
            at = astral.start() + before
            if character <= at:
                break
            if character == at + 1:
                return astral.start()
            before += 1
        return min(character - before, len(text))
    head = text.encode("utf-8", "surrogatepass")[: character + 1]
    if len(head) <= character:
        return len(text)
    while character > 0 and head[character] & 0xC0 == 0x80:
        character -= 1
    return len(head[:character].decode("utf-8", "surrogatepass"))


class Text:
    """A document as a list of lines; an edit costs what it touches, not what the document holds."""

    __slots__ = ("lines",)

    def __init__(self, source: str = "") -> None:
        self.lines = split_lines(source)

    def copy(self) -> Text:
        """The text as it is now, whatever becomes of this one."""
        other = Text()
        other.lines = self.lines[:]
        return other

    @property
    def source(self) -> str:
        """The whole text."""
        return "".join(self.lines)

    @property
    def line_end(self) -> str:
        """The line end an insert should use: the first one of the document, LF where there is none."""
        first = self.lines[0]
        return first[len(strip_line_end(first)) :] or "\n"

    @property
    def end(self) -> Point:
        """Behind the last code point."""
        return Point(len(self.lines) - 1, len(self.lines[-1]))

    def content(self, line: int) -> str:
        """A line without its line end."""
        return strip_line_end(self.lines[line])

    def reaches(self, span: Span) -> bool:
        """Whether there is text as far as `span` goes."""
        return span.end_line < len(self.lines) and span.end <= len(self.content(span.end_line))

    def slice(self, span: Span) -> str:
        """What `span` covers; the span must lie inside the document."""
        start_line, start, end_line, end = span
        if start_line == end_line:
            return self.lines[start_line][start:end]
        parts = [self.lines[start_line][start:], *self.lines[start_line + 1 : end_line], self.lines[end_line][:end]]
        return "".join(parts)

    def point(self, line: int, character: int, encoding: Encoding) -> Point:
        """The point a client means, clamped as LSP says: past a line's end is its end, past the text is its end.

        Negative numbers count as zero; inside a surrogate pair or a UTF-8 sequence counts as before it.
        """
        if line < 0:
            return Point(0, 0)
        if line >= len(self.lines):
            return self.end
        text = self.lines[line]
        if 0 <= character < len(text) - 1 and text.isascii():
            return Point(line, character)
        return Point(line, _offset(strip_line_end(text), character, encoding))

    def character(self, point: Point, encoding: Encoding) -> int:
        """The client's units from the start of the line to `point`."""
        line = self.lines[point.line]
        if line.isascii():
            return point.offset
        return units(line[: point.offset], encoding)

    def splice(self, span: Span, new_text: str) -> Change:
        """Replaces what `span` covers; a span whose end lies before its start counts as reversed."""
        start_line, start, end_line, end = span
        if start_line == end_line and start <= end and "\n" not in new_text and "\r" not in new_text:
            line = self.lines[start_line]
            if end < len(line) - 1:  # in front of the line's end, be that a CR and an LF
                self.lines[start_line] = line[:start] + new_text + line[end:]
                return Change(start_line, 1, 1, line)
        if (end_line, end) < (start_line, start):
            start_line, start, end_line, end = end_line, end, start_line, start
        text = self.lines[start_line][:start] + new_text + self.lines[end_line][end:]
        if start_line and text.startswith("\n") and self.lines[start_line - 1].endswith("\r"):
            start_line -= 1  # a CR and the LF now behind it are one line end
            text = self.lines[start_line] + text
        lines = split_lines(text)
        if end_line + 1 < len(self.lines):
            lines.pop()  # the text ended with a line end: what follows starts the next old line
        removed = end_line + 1 - start_line
        old = self.lines[start_line] if removed == len(lines) == 1 else None
        self.lines[start_line : end_line + 1] = lines
        return Change(start_line, removed, len(lines), old)

    def replace(self, source: str) -> Change:
        """Takes `source` as the whole new text; the change names only the lines that differ."""
        old, new = self.lines, split_lines(source)
        shortest = min(len(old), len(new))
        head = 0
        while head < shortest and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < shortest - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        self.lines = new
        return Change(head, len(old) - head - tail, len(new) - head - tail)


def apply_edits(source: str, edits: Iterable[Edit]) -> str:
    """`source` after all edits, which refer to the text before any of them and must not overlap.

    Two inserts at one point go in in the order given (LSP 3.17, "TextEdit[]"). Raises ValueError on overlap.
    """
    text = Text(source)
    ordered = sorted(enumerate(edits), key=lambda pair: (pair[1].span.first, pair[0]))
    end = Point(0, 0)
    for _, edit in ordered:
        if edit.span.first < end:
            raise ValueError(f"edits overlap at line {edit.span.start_line + 1}")
        end = edit.span.last
    for _, edit in reversed(ordered):
        text.splice(edit.span, edit.new_text)
    return text.source
