"""Rarer carriers of metadata as plain rows: TOML front matter, HTML tables, definition lists, tables of one row.

A row is what its source says, place by place; `metadata.py` makes entries of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from spec_ls.outline.blocks import Block, Paragraph, Table, TextLine
from spec_ls.text import Span

Value: TypeAlias = tuple[str, int, int]
"""A value's source, offset and line."""

_MOST = 2000
MOST_LINES = 500
"""How far down an HTML table or an array of TOML is read."""
_TOML_ITEM = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*|[^\s,\[\]#\"']+|[\[\]\"']")
_CELL = re.compile(r"<(/?)(table|tr|th|td|dt|dd)\b[^<>]*>", re.I)
_ITEM = re.compile(r"<li\b[^<>]*>", re.I)
_OPENS = re.compile(r"<(b|strong|i|em|code|p|span|div|small|kbd|ul|ol|li)\b[^<>]*>\s*", re.I)
_TERM = re.compile(r"[:~](?:[ \t]+|$)")
_DEEPEST = 8


class Fields(NamedTuple):
    """A field: its name and where it stands, the values, whether they are a list, and the place with all its marks
    (None: from the first value to the last)."""

    name: str
    key: Span
    values: tuple[Value, ...]
    listed: bool = False
    whole: Span | None = None


# --- TOML -----------------------------------------------------------------------------------


def toml_fields(lines: Sequence[str]) -> Iterator[Fields]:
    """The fields of TOML front matter, those in its tables too; `lines` stand below the opening fence."""
    from spec_ls.toml import places_in  # few documents need it

    for path, (key, value) in places_in("\n".join(lines)).items():
        source = lines[value.start_line][value.start : value.end]
        if key == value or source.startswith("{"):
            continue  # a table; its fields have paths of their own
        line = value.start_line + 1
        name = Span(key.start_line + 1, key.start, key.end_line + 1, key.end)
        if source.startswith("["):
            values, end = _toml_items(lines, value)
            yield Fields(path[-1], name, values, True, Span(line, value.start, end[0] + 1, end[1]))
        else:
            yield Fields(path[-1], name, ((source, value.start, line),))


def _toml_items(lines: Sequence[str], value: Span) -> tuple[tuple[Value, ...], tuple[int, int]]:
    """The values of an array that begins at `value`, and where its closing bracket ends."""
    found: list[Value] = []
    start, end = value.start + 1, (value.start_line, value.end)
    for number in range(value.start_line, min(len(lines), value.start_line + MOST_LINES)):
        for item in _TOML_ITEM.finditer(lines[number], start):
            if item[0] == "]":
                return tuple(found) or (("", start, value.start_line + 1),), (number, item.end())
            if item[0][0] not in "[#" and len(item[0]) > (item[0][0] in "\"'") and len(found) < _MOST:
                found.append((item[0], item.start(), number + 1))
                end = number, item.end()
        start = 0
    return tuple(found) or (("", value.start + 1, value.start_line + 1),), end


# --- HTML -----------------------------------------------------------------------------------


class _Cell(NamedTuple):
    head: bool
    start: int
    end: int


def begins_rows(line: str) -> bool:
    """Whether a line begins an HTML table or definition list."""
    return line.lstrip()[:6].lower().startswith(("<table", "<dl"))


def html_fields(lines: Sequence[str]) -> tuple[list[Fields], int]:
    """The rows of an HTML table or definition list that begins with the first of some lines, and how many lines it
    takes; none of no lines.

    A row of heads above one row of values counts column by column.
    """
    if not lines:
        return [], 0
    closer = "</table" if lines[0].lstrip()[1:2] in "tT" else "</dl"
    end = next((at + 1 for at, line in enumerate(lines) if closer in line.lower()), len(lines))
    lines = lines[:end]
    source = "\n".join(lines)
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    rows = _rows(source)
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) > 1 and all(cell.head for cell in rows[0]):
        rows = [[head, cell] for head, cell in zip(*rows, strict=True)]
    found = []
    for row in rows[:_MOST]:
        if len(row) > 1:
            name = _inside(source, row[0].start, row[0].end)
            values = [
                (source[start:stop], start - starts[at], at)
                for start, stop in _values(source, row[1])
                for at in [bisect_right(starts, start) - 1]
            ]
            at = bisect_right(starts, name[0]) - 1
            key = Span(at, name[0] - starts[at], at, name[1] - starts[at])
            found.append(Fields(source[slice(*name)], key, tuple(values), len(values) > 1))
    return [one for one in found if one.name and "\n" not in one.name], end


def _rows(source: str) -> list[list[_Cell]]:
    rows: list[list[_Cell]] = []
    opened: tuple[bool, int] | None = None
    for tag in _CELL.finditer(source):
        kind = tag[2].lower()
        if opened is not None:
            if not rows:
                rows.append([])
            rows[-1].append(_Cell(opened[0], opened[1], tag.start()))
            opened = None
        if not tag[1] and kind in ("tr", "dt"):
            rows.append([])
        if not tag[1] and kind not in ("tr", "table"):
            opened = kind in ("th", "dt"), tag.end()
    return rows


def _values(source: str, cell: _Cell) -> Iterator[tuple[int, int]]:
    """Where the values of a cell stand: its list items, else its lines; an empty place where it has none."""
    items = [found.end() for found in _ITEM.finditer(source, cell.start, cell.end)]
    if items:
        for start, stop in zip(items, [*items[1:], cell.end], strict=True):
            closed = source.find("</", start, stop)
            yield _inside(source, start, stop if closed < 0 else closed)
        return
    start, end = _inside(source, cell.start, cell.end)
    while start < end:
        stop = source.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, start + len(source[start:stop].rstrip())
        start = stop + len(source[stop:end]) - len(source[stop:end].lstrip())
    if start == end and not source[cell.start : cell.end].strip():
        yield cell.start, cell.start


def _inside(source: str, start: int, end: int) -> tuple[int, int]:
    """The range without white space at its ends, and without tags that are around all of it."""
    for _ in range(_DEEPEST):
        start += len(source[start:end]) - len(source[start:end].lstrip())
        end = start + len(source[start:end].rstrip())
        opener = _OPENS.match(source, start, end)
        closer = f"</{opener[1]}>" if opener else ""
        if opener is None or not source[start:end].endswith(closer) or source.count(closer, start, end) > 1:
            break
        start, end = opener.end(), end - len(closer)
    return start, end


# --- Markdown -------------------------------------------------------------------------------


def term_fields(blocks: Sequence[Block], at: int) -> tuple[list[Fields], int]:
    """The terms of the definition list that begins with block `at`, and the index of the block behind it."""
    found: list[Fields] = []
    term: TextLine | None = None
    while at < len(blocks):
        block = blocks[at]
        if not isinstance(block, Paragraph) or not (_defines(block) or _is_term(blocks, at)):
            break
        for line in block.lines[:_MOST]:
            mark = _TERM.match(line.text)
            if mark is None:
                term = line
            elif term is not None or found:
                value = (line.text[mark.end() :], line.start + mark.end(), line.line)
                if term is not None:
                    found.append(Fields(term.text, term.span, (value,)))
                else:
                    found[-1] = found[-1]._replace(values=(*found[-1].values, value), listed=True)
                term = None
        at += 1
    return found, at


def _defines(block: Paragraph) -> bool:
    return any(_TERM.match(line.text) for line in block.lines[1:_MOST])


def _is_term(blocks: Sequence[Block], at: int) -> bool:
    """Whether a paragraph is a term whose definition stands below a blank line, or such a definition."""
    block = blocks[at]
    pair = blocks[at : at + 2]
    if isinstance(block, Paragraph) and _TERM.match(block.lines[0].text):
        pair = blocks[max(0, at - 1) : at + 1]
    first, second = pair if len(pair) == 2 else (None, None)
    return (
        isinstance(first, Paragraph)
        and isinstance(second, Paragraph)
        and len(first.lines) == 1
        and bool(_TERM.match(second.lines[0].text))
    )


def column_fields(table: Table) -> list[Fields]:
    """The columns of a table with one row, three or more of them, all with a head; none of another table."""
    heads = table.header.cells
    if len(table.rows) != 1 or len(heads) < 3 or not all(cell.source for cell in heads):
        return []
    row = table.rows[0]
    if len(row.cells) > len(heads) or any(cell.source[:1] in "@<[`" for cell in heads[1:]):
        return []
    return [
        Fields(head.source, head.span, ((cell.source, cell.start, cell.line),))
        for head, cell in zip(heads, row.cells, strict=False)
    ]
