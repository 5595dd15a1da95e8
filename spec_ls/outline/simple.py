"""The blocks that most chunks consist of, read line by line: a fifth of the time that markdown-it takes.

An ATX heading with paragraphs, lists of one-line items, tables between bars and closed fences under it, all where they
stand most plainly.
Whatever else a line may mean leaves the chunk to markdown-it, so the blocks are the same either way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from spec_ls.outline.blocks import Block, Box, Fence, Heading, Item, List, Paragraph, Row, Section, Table, TextLine
from spec_ls.outline.inline import heading_words
from spec_ls.outline.parse import split_cells, take_box
from spec_ls.text import Span

_HEADING = re.compile(r"(#{1,6}) +([^#\s\0][^#\t\0]*)$")
_ITEM = re.compile(r"([-*+]|[0-9]{1,9}[.)]) (\S.*)")
_PLAIN_ITEM = re.compile(r"([-*+]|[0-9]{1,9}[.)]) (\[[ xX]\] +)?([^\W\d_].*)")
_NUMBERED = re.compile(r"[0-9]{1,9}[.)](?:\s|$)")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_ALIGNED = re.compile(r"\|(?: *:?-+:? *\|)+ *$")
_ELSEWHERE = frozenset("#＃>-+<=|:")
"""What begins something else than text, or may: a quote, HTML, an underline, a table."""
_DEEPEST = 20
_MOST_LACKING = 0x10000
"""How many cells short rows may lack in all: there, markdown-it ends a table."""
_new = tuple.__new__
"""What a NamedTuple's own call does, at a third of its cost."""


class _Unsure(Exception):
    """The chunk is left to markdown-it."""


def read_simple(lines: Sequence[str], first: int, last: int) -> Section | None:
    """The chunk of the lines from `first` to `last` (without line ends) as one section; None where that is unsure."""
    found = _HEADING.match(lines[first])
    if found is None:
        return None
    level, content = len(found[1]), found[2].strip()
    text = TextLine(0, found.start(2), content)
    try:
        blocks = _Reader(lines, first, last).blocks()
    except _Unsure:
        return None
    return Section(Heading(level, 0, 1, text, heading_words(content), "atx"), 0, last - first, blocks)


def _is_text(words: str) -> bool:
    """Whether a line that goes on with `words` can be nothing but text. Raises _Unsure where it may be more."""
    letter = words[0]
    if letter.isalpha():
        return True
    if letter in _ELSEWHERE or letter.isspace():
        return False
    if letter in "*_":
        return words[1:2] not in ("", " ") and words.strip("*_ ") != ""
    if letter in "`~":
        return not words.startswith(("```", "~~~"))
    return not ("0" <= letter <= "9" and _NUMBERED.match(words))


class _Reader:
    def __init__(self, lines: Sequence[str], first: int, last: int) -> None:
        self.lines = lines
        self.base = first
        self.at = first + 1
        self.last = last
        body = "\n".join(lines[first + 1 : last])
        self.odd = "]:" in body or "\t" in body or "\0" in body
        self.bars = "|" in body
        self.seen: tuple[int, re.Match[str] | None] = (-1, None)

    def blocks(self) -> tuple[Block, ...]:
        found: list[Block] = []
        while self.at < self.last:
            line = self.lines[self.at] and self._line()
            if not line:
                self.at += 1
            elif line[0].isalpha():
                found.append(self._paragraph(line))
            elif line[0] == "|":
                found.append(self._table(line))
            elif fence := _FENCE.match(line):
                found.append(self._fence(fence[1] or fence[2]))
            elif item := _ITEM.match(line):
                before = found[-1] if found else None
                if (
                    isinstance(before, List)
                    and before.end_line == self.at - self.base
                    and (before.ordered or item[1][0].isdigit())
                ):
                    raise _Unsure
                found.append(self._list(0, 0))
            else:
                found.append(self._paragraph(line))
        return tuple(found)

    def _line(self) -> str:
        """The line at hand; empty where it is blank."""
        line = self.lines[self.at]
        if self.odd and ("]:" in line or "\t" in line or "\0" in line):
            raise _Unsure
        return line if line.strip(" ") else ""

    def _fence(self, marker: str) -> Fence:
        start = self.at
        for at in range(start + 1, self.last):
            mark = self.lines[at].lstrip(" ")
            if not mark.startswith(marker):
                continue
            indent = len(self.lines[at]) - len(mark)
            if indent < 4 and not mark.rstrip(" \t").strip(marker[0]):
                self.at = at + 1
                return Fence(start - self.base, self.at - self.base, marker, True)
        raise _Unsure

    def _table(self, line: str) -> Table:
        """The table whose header stands at hand, each of its rows behind a bar that nothing stands in front of."""
        start = self.at
        header = split_cells(line, start - self.base)
        aligned = _ALIGNED.match(self.lines[start + 1]) if start + 1 < self.last else None
        if aligned is None or len(line) == 1 or len(header) != aligned[0].count("|") - 1:
            raise _Unsure
        rows: list[Row] = []
        lacking = 0
        self.at += 2
        while self.at < self.last and (line := self._line()):
            cells = split_cells(line, self.at - self.base)
            lacking += len(header) - len(cells)
            if line[0] != "|" or len(line.rstrip()) == 1 or lacking > _MOST_LACKING:
                raise _Unsure
            rows.append(_new(Row, (self.at - self.base, cells)))
            self.at += 1
        return Table(start - self.base, self.at - self.base, Row(start - self.base, header), tuple(rows))

    def _heads_table(self) -> bool:
        """Whether the line behind the one at hand could part a table's header from its rows."""
        below = self.lines[self.at + 1] if self.at + 1 < self.last else ""
        return below != "" and not below.strip(" \t-:|")

    def _text(self, line: str) -> TextLine:
        """The line at hand as one of a paragraph; then the next is at hand."""
        column = 0 if line[0] != " " else len(line) - len(line.lstrip(" "))
        if not (line[0].isalpha() or _is_text(line[column:])) or (self.bars and "|" in line and self._heads_table()):
            raise _Unsure
        self.at += 1
        return _new(TextLine, (self.at - 1 - self.base, column, line[column:].rstrip()))

    def _paragraph(self, line: str) -> Paragraph:
        start = self.at
        if line.startswith("    "):
            raise _Unsure
        texts = self._plain_text() or [self._text(line)]
        while self.at < self.last and (line := self._line()):
            if not line[0].isalpha() and (line[0] == "|" or _FENCE.match(line)):
                break
            if not line[0].isalpha() and (item := _ITEM.match(line)):
                if item[1][0].isdigit():
                    raise _Unsure
                break
            texts.append(self._text(line))
        return _new(Paragraph, (start - self.base, self.at - self.base, tuple(texts)))

    def _plain_text(self) -> list[TextLine]:
        """The lines at hand that begin with a letter, which most text does."""
        texts: list[TextLine] = []
        if self.odd or self.bars:
            return texts
        lines, at, base, last = self.lines, self.at, self.base, self.last
        while at < last and (line := lines[at])[:1].isalpha():
            texts.append(_new(TextLine, (at - base, 0, line.rstrip())))
            at += 1
        self.at = at
        return texts

    def _list(self, indent: int, depth: int) -> List:
        """The list whose first item stands at hand, `indent` columns in."""
        if depth > _DEEPEST:
            raise _Unsure
        items = self._plain_items() if not indent else []
        kind = items[0].marker[-1] if items else ""
        at_end = bool(items) and self.at + 1 == self.last and not self.lines[self.at]
        while self.at < self.last and not at_end:
            line, blank = self._line(), 0
            if not line:
                blank = self._skip_blank()
                if self.at == self.last:
                    self.at -= blank
                    break
                line = self._line()
            column = 0 if line[0] != " " else len(line) - len(line.lstrip(" "))
            found = self._marked(line, column)
            if column > indent or (column == indent and not found and (indent or not blank)):
                if column == 0 and _FENCE.match(line):
                    break
                raise _Unsure
            if column < indent or found is None or (kind and found[1][-1] != kind):
                if found is not None and column == indent and indent:
                    raise _Unsure
                self.at -= blank
                break
            kind = found[1][-1]
            items.append(self._item(found, indent, depth))
        return List(items[0].line, items[-1].end_line, items[0].marker[0].isdigit(), tuple(items))

    def _plain_items(self) -> list[Item]:
        """The items at hand that most are like: one line at the margin, text from a letter on, of one kind."""
        items: list[Item] = []
        if self.odd or self.bars:
            return items
        lines, at, base, last = self.lines, self.at, self.base, self.last
        found = _PLAIN_ITEM.match(lines[at])
        kind = found[1][-1] if found else ""
        while found is not None:
            marker, boxed, words = found.groups()
            below = lines[at + 1] if at + 1 < last else ""
            following = _PLAIN_ITEM.match(below) if below else None
            if marker[-1] != kind or (below and following is None):
                break  # another list, or the item may go on there
            line, start = at - base, len(marker) + 1
            box = _new(Box, (_new(Span, (line, start, line, start + 3)), boxed[1] != " ")) if boxed else None
            text = _new(TextLine, (line, found.start(3), words.rstrip()))
            items.append(_new(Item, (line, line + 1, marker, 0, box, (text,), ())))
            found = following
            at += 1
        self.at = at
        return items

    def _marked(self, line: str, column: int) -> re.Match[str] | None:
        """The marker and words of an item that begins at `column` of the line at hand; two ask one after the other."""
        if self.seen[0] != self.at:
            self.seen = self.at, None if line[column].isalpha() else _ITEM.match(line, column)
        return self.seen[1]

    def _skip_blank(self) -> int:
        """Goes to the next line that is not blank, or to the end; how many lines lie between."""
        start = self.at
        while self.at < self.last and not self._line():
            self.at += 1
        return self.at - start

    def _item(self, found: re.Match[str], indent: int, depth: int) -> Item:
        start, words = self.at - self.base, found[2]
        if not _is_text(words) or (self.bars and "|" in words and self._heads_table()):
            raise _Unsure
        inside = found.start(2)
        texts = [_new(TextLine, (start, inside, words.rstrip()))]
        blocks: list[Block] = []
        self.at += 1
        while self.at < self.last and (line := self._line()):
            column = 0 if line[0] != " " else len(line) - len(line.lstrip(" "))
            nested = self._marked(line, column)
            if (nested and column < inside) or (column == 0 and _FENCE.match(line)):
                break
            if nested and (column > inside or nested[1][0].isdigit()):
                raise _Unsure
            if nested:
                blocks.append(self._list(inside, depth + 1))
            elif blocks:
                raise _Unsure
            else:
                texts.append(self._text(line))
        lines, box = take_box(tuple(texts)) if words[0] == "[" else (tuple(texts), None)
        end = blocks[-1].end_line if blocks else texts[-1].line + 1
        return _new(Item, (start, end, found[1], indent, box, lines, tuple(blocks)))
