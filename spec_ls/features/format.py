"""Formatting of what spec-ls owns: the metadata table, the numbers of headings, the bullets and boxes of checklists.

All else belongs to the author and to other formatters, and stays byte for byte.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from wcwidth import wcswidth

from spec_ls.numbering import all_series, number_span
from spec_ls.outline.blocks import Block, Item, List, Table
from spec_ls.outline.parse import split_cells
from spec_ls.spec import Spec
from spec_ls.text import Edit, Point, Span

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_BOX = re.compile(r"\[\](?=[ \t]|$)")
_MARKER = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?:\s|$)")
_BLANKS = " \t"
_LEAST = 3
"""Columns of the narrowest cell: those of `---`."""
_MOST_COLUMNS = 2_000_000
"""Columns that all rows of a table may take together; a longer or wider one stays as it is."""
_HIGHEST = 999_999_999
"""With more digits a number is none."""


class _Unit(NamedTuple):
    """What is formatted as a whole or not at all, and how."""

    span: Span
    edits: list[Edit]


def format_edits(spec: Spec, span: Span | None = None) -> list[Edit]:
    """The edits that format a spec, or the tables, lists and headings that `span` covers wholly; in order, disjoint.

    None for a spec that has been formatted. Never raises.
    """
    units = [*_tables(spec), *_numbers(spec), *_checklists(spec)]
    return _joined(
        edit
        for unit in units
        if span is None or (span.first <= unit.span.first and unit.span.last <= span.last)
        for edit in unit.edits
    )


def typed(spec: Spec, point: Point, character: str) -> list[Edit]:
    r"""What follows from a character that was just typed in front of `point`, `\n` or `|`; often nothing.

    Enter goes on with the list item or table row above, and ends the list or table behind an empty one. A bar that
    completes a row of the metadata table aligns it, if the table was aligned before. Never raises.
    """
    if character == "|":
        return _completed_row(spec, point)
    return _next_line(spec, point) if character == "\n" else []


def _joined(edits: Iterable[Edit]) -> list[Edit]:
    """The edits in the order of the text; those that touch are one, as clients differ on inserts at one point."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.span):
        if found and found[-1].span.last == edit.span.first:
            before = found.pop()
            edit = Edit(Span(*before.span.first, *edit.span.last), before.new_text + edit.new_text)
        found.append(edit)
    return found


# --- the metadata table


class _Row(NamedTuple):
    """The cells of a table's line as offsets of their texts, blanks around them left out, and the bars at its ends."""

    line: int
    source: str
    cells: list[tuple[int, int]]
    opened: bool
    closed: bool


def _tables(spec: Spec, without: int = -1) -> Iterator[_Unit]:
    """The metadata table, aligned; line `without` of the document does not count."""
    found = _metadata_table(spec)
    if found is None:
        return
    table, base = found
    numbers = [base + table.header.line, base + table.header.line + 1, *(base + row.line for row in table.rows)]
    header, marks, *rows = (_row(spec.text.content(number), number) for number in numbers if number != without)
    rows = [row for row in (header, *rows) if len(row.cells) == len(header.cells)]
    if len(marks.cells) != len(header.cells):
        return
    widths = [[_width(row.source[start:end]) for start, end in row.cells] for row in rows]
    columns = [max(_LEAST, *column) for column in zip(*widths, strict=True)]
    if sum(columns) * len(rows) > _MOST_COLUMNS:
        return
    sides = [(marks.source[start] == ":", marks.source[end - 1] == ":") for start, end in marks.cells]
    edits = _delimiters(marks, columns, sides)
    for row, taken in zip(rows, widths, strict=True):
        edits += _aligned(row, [column - width for column, width in zip(columns, taken, strict=True)], sides)
    last = spec.text.content(numbers[-1])
    indent = len(header.source) - len(header.source.lstrip("\ufeff \t"))
    yield _Unit(Span(numbers[0], indent, numbers[-1], len(last.rstrip())), edits)


def _metadata_table(spec: Spec) -> tuple[Table, int] | None:
    """The table that carries the metadata, and the line from which its lines count; None where something else does."""
    if not spec.carrier or spec.carrier[0].entry.carrier != "table":
        return None
    field = spec.carrier[0]
    blocks = spec.pieces[field.piece].section.blocks
    table = next((block for block in blocks if isinstance(block, Table) and block.line == field.entry.group), None)
    return (table, spec.base(field.piece)) if table is not None else None


def _row(content: str, line: int) -> _Row:
    source = " " + content[1:] if content.startswith("\ufeff") else content
    cells: list[tuple[int, int]] = []
    at = 0
    for cell in split_cells(source, 0):
        start = cell.start - len(source[at : cell.start].rpartition("|")[2].lstrip(_BLANKS))
        if cells:
            cells[-1] = (cells[-1][0], at + len(source[at:start].partition("|")[0].rstrip(_BLANKS)))
        at = cell.start + len(cell.source)
        cells.append((start, at))
    rest, bar, _ = source[at:].rpartition("|")
    if bar:
        cells[-1] = (cells[-1][0], at + len(rest.rstrip(_BLANKS)))
    return _Row(line, source, cells, "|" in source[: cells[0][0]], bool(bar))


def _width(text: str) -> int:
    """The columns that a text takes on the screen; a control character, a tab among them, takes one."""
    return len(text) if text.isascii() else max(0, wcswidth(_CONTROL.sub(" ", text)))


def _aligned(row: _Row, spare: Sequence[int], sides: Sequence[tuple[bool, bool]]) -> list[Edit]:
    """The edits that fill the row's cells with as many blanks as each has to spare."""
    edits: list[Edit] = []
    at, owed = 0, 0
    for number, (start, end) in enumerate(row.cells):
        left, right = sides[number]
        before = (spare[number] if not left else spare[number] // 2) if right and (number or row.opened) else 0
        gap = row.source[at:start]
        if number:
            gap = " " * owed + " | "
        elif row.opened:
            gap = gap.partition("|")[0] + "| "
        edits += _replaced(row, at, start, gap + " " * before)
        at, owed = end, spare[number] - before
    if row.closed:
        rest = row.source[at:].rpartition("|")[2]
        edits += _replaced(row, at, len(row.source), " " * owed + " |" + rest)
    return edits


def _delimiters(row: _Row, columns: Sequence[int], sides: Sequence[tuple[bool, bool]]) -> list[Edit]:
    """The edits that make the line below the header as wide as the columns; without blanks, if it has none."""
    bars = [row.source[end:start] for (_, end), (start, _) in zip(row.cells, row.cells[1:], strict=False)]
    first, last = row.source[: row.cells[0][0]], row.source[row.cells[-1][1] :]
    gaps = "".join([first[first.find("|") :], *bars, last[: last.find("|") + 1]])
    tight = not any(blank in gaps for blank in _BLANKS)
    blank = "" if tight else " "
    edits: list[Edit] = []
    at = 0
    for number, ((start, end), column, (left, right)) in enumerate(zip(row.cells, columns, sides, strict=True)):
        gap = row.source[at:start]
        if number:
            gap = f"{blank}|{blank}"
        elif row.opened:
            gap = f"{gap.partition('|')[0]}|{blank}"
        edits += _replaced(row, at, start, gap)
        if tight:
            column += (number > 0 or row.opened) + (number + 1 < len(columns) or row.closed)
        dashes = "-" * (column - left - right)
        edits += _replaced(row, start, end, f"{':' * left}{dashes}{':' * right}")
        at = end
    if row.closed:
        edits += _replaced(row, at, len(row.source), f"{blank}|{row.source[at:].rpartition('|')[2]}")
    return edits


def _replaced(row: _Row, start: int, end: int, text: str) -> list[Edit]:
    """The edit that puts `text` in the place of a part of the row, without the letters that both begin or end with."""
    old = row.source[start:end]
    if old == text:
        return []
    most = min(len(old), len(text))
    head = next((at for at in range(most) if old[at] != text[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != text[-1 - at]), most - head)
    return [Edit(Span(row.line, start + head, row.line, end - tail), text[head : len(text) - tail])]


def _completed_row(spec: Spec, point: Point) -> list[Edit]:
    found = _metadata_table(spec)
    if found is None or spec.text.content(point.line)[point.offset :].strip():
        return []
    table, base = found
    inside = point.line - base
    row = next((row for row in table.rows if row.line == inside), None)
    if row is None or len(row.cells) != len(table.header.cells):
        return []
    was_aligned = not any(unit.edits for unit in _tables(spec, without=point.line))
    return _joined(edit for unit in _tables(spec) for edit in unit.edits) if was_aligned else []


# --- the numbers of headings


def _numbers(spec: Spec) -> Iterator[_Unit]:
    """The numbers that are out of order, one series at a time; `4.1` goes along with the 4 above it."""
    for series in all_series(spec):
        edits = []
        for piece, number, wanted in zip(series.pieces, series.numbers, series.risen(), strict=True):
            if number != wanted <= _HIGHEST:
                for one in (piece, *_numbered_below(spec, piece, number)):
                    span = number_span(spec, one, number)
                    if span is not None:
                        edits.append(Edit(span.shifted(spec.base(one)), str(wanted)))
        if edits:
            first, last = edits[0].span.start_line, edits[-1].span.start_line
            yield _Unit(Span(first, 0, last, len(spec.text.content(last).rstrip())), edits)


def _numbered_below(spec: Spec, piece: int, number: int) -> Iterator[int]:
    """The pieces below a heading whose numbers of several parts begin with its own."""
    above = spec.pieces[piece].section.heading
    for at in range(piece + 1, len(spec.pieces)):
        heading, numbers = spec.pieces[at].section.heading, spec.pieces[at].facts.title.number
        if above is None or heading is None or heading.level <= above.level:
            return
        if len(numbers) > 1 and numbers[0] == number:
            yield at


# --- checklists


class _Checklist(NamedTuple):
    """A list of items with boxes; its lines count from `base`. `fixed`: a list of another kind is next to it."""

    base: int
    depth: int
    block: List
    fixed: bool


def _checklists(spec: Spec) -> Iterator[_Unit]:
    """The checklists of the template's sections, with the bullet and the tick that most of their items have."""
    found = [
        one
        for at, piece in enumerate(spec.pieces)
        if spec.binding.owners[at] is not None
        for one in _lists(piece.section.blocks, spec.base(at), 0)
    ]
    items = [(one, item) for one in found for item in one.block.items]
    bullets = Counter((one.depth, item.marker) for one, item in items if not one.block.ordered)
    ticks = Counter(_tick(spec, one, item) for one, item in items if item.box is not None and item.box.ticked)
    bullet = {depth: marker for (depth, marker), _ in reversed(bullets.most_common())}
    tick = ticks.most_common(1)[0][0] if ticks else "x"
    for one in found:
        edits = []
        for item in one.block.items:
            line = one.base + item.line
            if not one.block.ordered and not one.fixed and item.marker != bullet[one.depth]:
                edits.append(Edit(Span(line, item.start, line, item.start + 1), bullet[one.depth]))
            if item.box is None:
                at = Point(one.base + item.lines[0].line, item.lines[0].start + 1)
                edits.append(Edit(Span(*at, *at), " "))
            elif item.box.ticked and _tick(spec, one, item) != tick:
                box = item.box.span.shifted(one.base)
                edits.append(Edit(Span(box.start_line, box.start + 1, box.end_line, box.end - 1), tick))
        first, last = one.base + one.block.line, one.base + one.block.items[-1].end_line - 1
        start = one.block.items[0].start
        yield _Unit(Span(first, start, last, len(spec.text.content(last).rstrip())), edits)


def _lists(blocks: Sequence[Block], base: int, depth: int) -> Iterator[_Checklist]:
    for at, block in enumerate(blocks):
        if not isinstance(block, List):
            continue
        if _is_checklist(block):
            beside = [*blocks[max(0, at - 1) : at], *blocks[at + 1 : at + 2]]
            fixed = any(isinstance(other, List) and not other.ordered and not _is_checklist(other) for other in beside)
            yield _Checklist(base, depth, block, fixed)
        for item in block.items:
            yield from _lists(item.blocks, base, depth + 1)


def _is_checklist(block: List) -> bool:
    """Whether all items have a box, and one at least a whole one: `[]` is none for Markdown."""
    boxed = [item.box is not None for item in block.items]
    return any(boxed) and all(
        has_box or (item.lines and _NO_BOX.match(item.lines[0].text))
        for has_box, item in zip(boxed, block.items, strict=True)
    )


def _tick(spec: Spec, one: _Checklist, item: Item) -> str:
    assert item.box is not None
    span = item.box.span
    return spec.text.lines[one.base + span.start_line][span.start + 1]


# --- Enter


def _next_line(spec: Spec, point: Point) -> list[Edit]:
    line = spec.text.content(point.line)
    rest = line.lstrip(_BLANKS)
    indent = len(line) - len(rest)
    if point.line == 0 or point.offset > indent or _MARKER.match(rest):
        return []  # the client has gone on with the list by itself
    number = point.line - 1
    above = spec.text.content(number)
    cursor = spec.at(Point(number, 0))
    inside = number - spec.base(cursor.piece)
    head: str | None = None
    if cursor.item is not None and cursor.item.line == inside:
        head = _item_head(above, cursor.item, bool(rest))
    elif isinstance(cursor.block, Table) and inside > cursor.block.line and not rest:
        head = _row_head(above)
    if head is None:
        return []
    if not head:
        return [Edit(Span(number, len(above) - len(above.lstrip("\ufeff")), point.line, indent), "")]
    return [Edit(Span(point.line, 0, point.line, indent), head)]


def _item_head(above: str, item: Item, splits: bool) -> str | None:
    """What goes on with the item that begins on the line above: indentation, marker and box.

    Empty where the item is empty and nothing moved down with the cursor (`splits`), None where it is no item of text.
    """
    behind = item.start + len(item.marker)
    text = above[behind:].lstrip(_BLANKS)
    space = above[behind : len(above) - len(text)] or " "
    box = ""
    if item.box is not None and item.box.span.start_line == item.line:
        text, box = above[item.box.span.end :], "[ ] "
    if text.strip():
        if not item.lines or item.lines[0].line != item.line:
            return None
    elif not splits:
        return None if above[: item.start].strip("\ufeff \t") else ""
    marker = item.marker
    if marker[:-1].isdigit():
        marker = f"{int(marker[:-1]) + 1}{marker[-1]}"
    indent = "".join(char if char in _BLANKS else " " for char in above[: item.start].lstrip("\ufeff"))
    return f"{indent}{marker}{space if text.strip() or box else ' '}{box}"


def _row_head(above: str) -> str | None:
    """What begins the row below the line above; empty where that row is, None where its cells are not closed."""
    row = above.strip("\ufeff \t")
    if not row.strip("| \t"):
        return ""
    if not row.startswith("|") or not _row(above, 0).closed:
        return None
    return above[: len(above) - len(above.lstrip("\ufeff \t"))].lstrip("\ufeff") + "| "
