"""Writing parts of the template into a document: in the document's own style, at the right place.

An insert goes behind the last letter before the gap, never to a line behind the text, so every
client leaves the same text. Style means line ends, bullets, numbering and blank lines as the
document has them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from spec_ls.bind import Fill, Missing
from spec_ls.numbering import top_series
from spec_ls.outline.blocks import Cell, Item, List, Section
from spec_ls.outline.inline import is_italic, plain, split_number
from spec_ls.outline.parse import split_cells
from spec_ls.outline.shapes import label_of, unwrap
from spec_ls.spec import Field, Spec, item_at
from spec_ls.template.model import BlockSlot, FieldSlot, ItemSlot, SectionSlot
from spec_ls.template.read import is_sample
from spec_ls.text import Edit, Span

_BULLET = re.compile(r"^(\s*)[-*+](\s+)(?=\S)")
_NUMBERED = re.compile(r"^([0-9]+)([.):]?)(\s+)")
_BOX = re.compile(r"^\[[ xX]\]\s+")
_MOST_INDENT = 3
"""Four blanks in front of a line make it code (CommonMark 0.31, section 4.4)."""
_REPLACED = re.compile(r"\[([^\[\]]+)\](?![(\[])|(\.{3}|…)")


@dataclass(frozen=True, slots=True)
class Style:
    """How the document writes what an insert also writes.

    `delimiter` stands behind a section number; None where the document numbers no sections.
    """

    line_end: str
    bullet: str
    delimiter: str | None
    space_after_heading: bool


def style_of(spec: Spec) -> Style:
    """The document's style; what it does not show is as in the template."""
    bullet = "-"
    spaced = dense = 0
    delimiter: str | None = "."
    numbered = unnumbered = 0
    for fill in spec.fills[:50]:
        piece = spec.pieces[fill.piece]
        heading = piece.section.heading
        if heading is None:
            continue
        if fill.parent is None and fill.slot.number is not None:
            found = _NUMBERED.match(heading.title)
            if found and piece.facts.title.number:
                numbered += 1
                delimiter = found[2] if numbered == 1 else delimiter
            else:
                unnumbered += 1
        if piece.section.blocks:
            if piece.section.blocks[0].line > heading.end_line:
                spaced += 1
            else:
                dense += 1
    lists = (
        block.items[0].marker
        for piece in spec.pieces[:200]
        for block in piece.section.blocks
        if isinstance(block, List) and not block.ordered
    )
    bullet = next(lists, bullet)
    return Style(
        line_end=spec.text.line_end,
        bullet=bullet,
        delimiter=None if unnumbered > numbered else delimiter,
        space_after_heading=spaced > dense,
    )


# --- blocks of the template -----------------------------------------------------------------


class _Snippet:
    """Counts tab stops; without snippets a placeholder is its own text."""

    def __init__(self, active: bool) -> None:
        self.active = active
        self._count = 0

    def literal(self, text: str) -> str:
        return re.sub(r"([\\$}])", r"\\\1", text) if self.active else text

    def stop(self, text: str) -> str:
        if not self.active:
            return text
        self._count += 1
        return f"${{{self._count}:{self.literal(text)}}}"

    def within(self, text: str) -> str:
        """`text` with its bracketed and open parts as stops."""
        if not self.active:
            return text
        parts, at = [], 0
        for found in _REPLACED.finditer(text):
            parts += [self.literal(text[at : found.start()]), self.stop(found[1] or found[2])]
            at = found.end()
        return "".join([*parts, self.literal(text[at:])])


def section_block(spec: Spec, slot: SectionSlot, number: int | None, snippet: bool = False) -> str:
    """The Markdown of a section with its subsections, as the template has them; lines end in LF, the last in none.

    `number` stands in front of the title (None: no number). In a snippet, samples and guidance are
    tab stops, the rest is escaped.
    """
    lines = list(_section(spec, slot, number, _Snippet(snippet), style_of(spec)))
    return "\n".join(lines)


def _section(spec: Spec, slot: SectionSlot, number: int | None, stops: _Snippet, style: Style) -> Iterator[str]:
    marks = "#" * min(6, max(1, slot.level + spec.binding.shift))
    title = slot.heading
    if slot.number is not None:
        title = split_number(title)[1] or title
        if number is not None:
            title = f"{number}{style.delimiter if style.delimiter is not None else '.'} {title}"
    yield f"{marks} {stops.within(title)}"
    body = list(_body(slot, stops, style))
    if body and style.space_after_heading and body[0]:
        yield ""
    yield from body
    for child in slot.sections:
        if child.need == "required":
            yield ""
            yield from _section(spec, child, child.number, stops, style)


def _body(slot: SectionSlot, stops: _Snippet, style: Style) -> Iterator[str]:
    kept = {item.name for item in slot.items if item.keep}
    lines = list(slot.own[1:])
    while lines and not lines[0]:
        lines.pop(0)
    for line in lines:
        yield _template_line(line, stops, style, kept)


_is_guidance = lru_cache(maxsize=64)(is_italic)
"""Of the template's lines, which are asked for again and again."""


def _template_line(line: str, stops: _Snippet, style: Style, kept: set[str]) -> str:
    bullet = _BULLET.match(line)
    if not bullet:
        if _is_guidance(line):
            return stops.stop(plain(line)) if stops.active else line
        return stops.literal(line)
    head = f"{bullet[1]}{style.bullet}{bullet[2]}"
    rest = line[bullet.end() :]
    box = _BOX.match(rest)
    if box:
        head += box[0]
        rest = rest[box.end() :]
    label = label_of(rest)
    if label and label.strong:
        value = rest[label.value :]
        if not value or label.name in kept:
            return stops.literal(head + rest)
        return stops.literal(head + rest[: label.value]) + stops.stop(value)
    if is_sample(plain(rest)):
        opened = stops.within(rest)
        return stops.literal(head) + (opened if not stops.active or "${" in opened else stops.stop(rest))
    return stops.literal(head + rest)


def next_number(spec: Spec, parent: Fill, slot: SectionSlot, typed: Fill | None = None) -> int:
    """The number behind the highest of the repeated sections of `slot` in `parent`, but for `typed`; 1 without any."""
    start, index, pieces = len(slot.stem_key) + 1, slot.index, spec.pieces
    tails = [
        pieces[fill.piece].facts.title.key[start:].partition(" ")[0]
        for fill in parent.children
        if fill.slot.index == index and fill is not typed
    ]
    return max((int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 10), default=0) + 1


def story_block(spec: Spec, slot: SectionSlot, number: int, snippet: bool = False) -> str:
    """One more of a repeatable section, numbered `number`; as `section_block` otherwise."""
    stops, style = _Snippet(snippet), style_of(spec)
    title = re.sub(r"\b[0-9]+\b|\b[NX]\b", str(number), slot.heading, count=1)
    marks = "#" * min(6, max(1, slot.level + spec.binding.shift))
    lines = [f"{marks} {stops.within(title)}"]
    body = list(_body(slot, stops, style))
    if body and style.space_after_heading and body[0]:
        lines.append("")
    return "\n".join([*lines, *body])


def block_lines(spec: Spec, block: BlockSlot, snippet: bool = False) -> list[str]:
    """A labelled block such as the acceptance criteria: its label and its items."""
    stops, style = _Snippet(snippet), style_of(spec)
    source = spec.template.source.splitlines()
    first, last = block.origin.line, max((item.origin.end_line for item in block.items), default=block.origin.end_line)
    lines = [line.strip() for line in source[first:last] if line.strip()]
    return [_template_line(line, stops, style, set()) for line in lines]


def item_text(item: ItemSlot) -> str:
    """A list item of the template without its bullet: `**Runbooks**: …`, `[ ] PII review completed?`."""
    body = f"**{item.name}**: {item.text}" if item.kind == "label" else item.text
    return f"[ ] {body}" if item.box else body


# --- places ---------------------------------------------------------------------------------


def last_text_line(spec: Spec, first: int, end_line: int) -> int:
    """The last line with a letter in front of `end_line`, not before `first`; `first` - 1 where there is none."""
    line = min(end_line, len(spec.text.lines)) - 1
    while line >= first and not spec.text.lines[line].strip("\ufeff \t\r\n"):
        line -= 1
    return line


def section_level(spec: Spec, piece: int) -> int:
    """The level of the heading of a piece, of one that fills a slot the level it should have; 7 where none counts."""
    heading, owner = spec.pieces[piece].section.heading, spec.binding.owners[piece]
    if owner is not None and _fills(spec, piece):
        return owner.slot.level + spec.binding.shift
    return 7 if heading is None or heading.style == "malformed" else heading.level


def section_end(spec: Spec, piece: int, level: int) -> int:
    """The first piece behind `piece` that does not stand under a heading of `level` there."""
    piece += 1
    while piece < len(spec.pieces) and section_level(spec, piece) > level:
        piece += 1
    return piece


def first_line(spec: Spec, piece: int) -> int:
    """The document's line where a piece starts; the one behind the text for the piece behind the last."""
    if piece >= len(spec.pieces):
        return len(spec.text.lines)
    return spec.base(piece) + spec.pieces[piece].section.line


def section_place(spec: Spec, slot: SectionSlot, parent: Fill | None, before: Fill | None) -> int:
    """The piece in front of which a section goes: behind the sibling before it, else first in its parent or of all.

    Never in the middle of another section, whose rest would become part of it, nor in front of a heading that
    would be taken for one of its subsections.
    """
    after = before or parent
    if after is None:
        steady = [fill.piece for fill in spec.fills if fill.parent is None and not fill.astray]
        return min(steady, default=len(spec.pieces))
    level = slot.level + spec.binding.shift
    titles = {child.key for child in slot.sections}
    place = section_end(spec, after.piece, level)
    while place < len(spec.pieces) and not _fills(spec, place) and spec.pieces[place].facts.title.key in titles:
        place = section_end(spec, place, level)
    return place


def _fills(spec: Spec, piece: int) -> bool:
    """Whether the heading of a piece fills a slot."""
    owner = spec.binding.owners[piece]
    return owner is not None and owner.piece == piece


def insert_block(spec: Spec, end_line: int, block: str) -> Edit | None:
    """Inserts the lines of `block` (LF between them) in front of line `end_line`, set off by blank lines.

    None where that place lies inside a fence or comment that nothing closes, or where what stands below would
    become part of the block's last list.
    """
    piece = spec.piece_at(max(0, end_line - 1))
    unclosed = spec.pieces[piece].facts.unclosed
    if unclosed is not None and spec.base(piece) + unclosed.line < end_line:
        return None
    end = spec.text.line_end
    line = last_text_line(spec, 0, end_line)
    lines = _beside(spec, line, block.split("\n"))
    if lines is None:
        return None
    text = end.join(lines)
    if line < 0:
        start = 1 if spec.text.lines[0].startswith("\ufeff") else 0
        return Edit(Span(0, start, 0, start), text + end + (end if spec.text.lines[0][start:].strip() else ""))
    offset = len(spec.text.content(line))
    return Edit(Span(line, offset, line, offset), end + end + text + (end if _goes_on(spec, line) else ""))


def _text_below(spec: Spec, line: int) -> str:
    """The next line below `line` with a letter in it; empty where there is none."""
    lines = spec.text.lines
    return next((lines[at] for at in range(line + 1, len(lines)) if lines[at].strip()), "")


def _indent_below(spec: Spec, line: int) -> int:
    """How many columns the next text below `line` is indented."""
    text = _text_below(spec, line).expandtabs(4)
    return len(text) - len(text.lstrip())


def _goes_on(spec: Spec, line: int) -> bool:
    """Whether the line below `line` is there and not blank."""
    return line + 1 < len(spec.text.lines) and bool(spec.text.content(line + 1).strip())


def _beside(spec: Spec, line: int, lines: Sequence[str]) -> Sequence[str] | None:
    """`lines` as they are written below `line`: with a list in them, indented as what stands further down.

    Text with the indentation of a list item's words belongs to the item (CommonMark 0.31, section 5.2), so a
    heading that is indented would be swallowed. None where no indentation keeps it out.
    """
    markers = [found[0] for found in map(_BULLET.match, lines) if found]
    deep = _indent_below(spec, line)
    if not markers or not deep:
        return lines
    indent = " " * min(deep, _MOST_INDENT)
    if deep >= min(map(len, markers)) + len(indent):
        return None
    return [indent + text if text else text for text in lines]


def insert_lines(spec: Spec, line: int, lines: Sequence[str]) -> Edit:
    """Inserts `lines` directly below `line`."""
    end = spec.text.line_end
    offset = len(spec.text.content(line))
    return Edit(Span(line, offset, line, offset), "".join(end + text for text in lines))


def section_number(spec: Spec, slot: SectionSlot, place: int, end: int | None = None) -> int | None:
    """The number for a section in front of piece `place`: the template's where it fits there, else the next free one.

    It takes the place of the pieces up to `end`, of none by default. None where the document does not number its
    sections or no number is free.
    """
    if slot.number is None or style_of(spec).delimiter is None:
        return None
    series, low, high = top_series(spec), 0, 10**9
    for at in sorted(series.in_order()):
        if series.pieces[at] < place:
            low = series.numbers[at]
        elif series.pieces[at] >= (place if end is None else end):
            high = min(high, series.numbers[at])
    if low < slot.number < high:
        return slot.number
    return low + 1 if low + 1 < high else None


def insert_section(spec: Spec, missing: Missing) -> Edit | None:
    """Writes a missing section from the template at its place; None where no place is safe."""
    place = section_place(spec, missing.slot, missing.parent, missing.before)
    if missing.slot.repeats:
        block = story_block(spec, missing.slot, 1)
    else:
        block = section_block(spec, missing.slot, section_number(spec, missing.slot, place))
    return insert_block(spec, first_line(spec, place), block)


def move_section(spec: Spec, fill: Fill, before: Fill | None) -> tuple[Edit, ...]:
    """Takes a section with all that stands under its heading behind `before`, else to the first place of its kind.

    No edits where it stands there, where the document's metadata would go with it, or where one of the parts would
    not stay what it is.
    """
    end = section_end(spec, fill.piece, fill.slot.level + spec.binding.shift)
    place = section_place(spec, fill.slot, fill.parent, before)
    if fill.piece <= place <= end or (end == len(spec.pieces) and spec.pieces[-1].facts.unclosed is not None):
        return ()
    if any(fill.piece <= field.piece < end for field in (*spec.carrier, *spec.strays)):
        return ()
    first = first_line(spec, fill.piece)
    last = last_text_line(spec, first, first_line(spec, end))
    above = last_text_line(spec, 0, first)
    heading, *body = (spec.text.content(line) for line in range(first, last + 1))
    block = [heading.lstrip(), *body]  # an indented heading would become part of a list above it
    insert = insert_block(spec, first_line(spec, place), "\n".join(block))
    if insert is None or spec.text.line_end.join(block) not in insert.new_text or _indent_below(spec, last):
        return ()
    if not _text_below(spec, last) and above >= 0:
        start = len(spec.text.content(above))
        return insert, Edit(Span(above, start, last, len(spec.text.content(last))), "")
    remove = remove_lines(spec, first, last + 1)
    if above == first - 1 and _goes_on(spec, last):
        remove = Edit(remove.span, spec.text.line_end)
    return insert, remove


# --- metadata -------------------------------------------------------------------------------


def field_line(spec: Spec, slot: FieldSlot, neighbour: Field, value: str) -> str:
    """The line of a metadata field, in some carriers several lines, written as its neighbour is."""
    line = spec.text.content(neighbour.entry.line + spec.base(neighbour.piece))
    entry = neighbour.entry
    if entry.carrier == "toml":
        return f"{line[: entry.key_span.start]}{yaml_key(slot.name, entry.name)} = {toml_value(value)}"
    if entry.carrier == "terms":
        below = spec.text.content(entry.value_span.start_line + spec.base(neighbour.piece))
        return f"{slot.name}{spec.text.line_end}{below[: entry.value_span.start]}{value}"
    if entry.carrier == "html":
        return _html_row(spec, slot.name, neighbour, value)
    if entry.carrier == "yaml":
        return f"{yaml_key(slot.name, entry.name)}: {yaml_scalar(value)}"
    if entry.carrier != "table":
        stop = entry.whole.start if entry.whole.start_line == entry.line else len(line)
        head = line[: entry.key_span.start] + slot.name + line[entry.key_span.end : stop]
        return head + (value if head[-1:].isspace() else f" {value}")
    cells = split_cells(line, 0)
    first, last = unwrap(cells[0].source)
    key = cells[0].source[:first] + slot.name + cells[0].source[last:]
    if len(cells) < 2 or first == last:
        return f"| **{slot.name}** | {value} |"
    contents = [key, value, *("" for _ in cells[2:])]
    return _row_like(line, cells, contents, aligned=_is_aligned(spec, neighbour))


def yaml_key(name: str, like: str) -> str:
    """A field's name as a key, in the case and with the joints of the key `like`."""
    joint = next((mark for mark in "_-" if mark in like), "_" if like == like.lower() else " ")
    words = [word for word in re.split(r"[^\w]+", name) if word]
    return joint.join(words).lower() if like == like.lower() else joint.join(words)


def yaml_scalar(value: str) -> str:
    """A value as YAML reads it back: in quotes where it would be something else without."""
    plain_scalar = re.fullmatch(r"[\w][\w /.,-]*", value)
    return value if plain_scalar else json.dumps(value, ensure_ascii=False)


def toml_value(value: str) -> str:
    """A value as TOML reads it back: in quotes unless it is a day, or has quotes or brackets already."""
    return value if re.match(r"[\"'\[]|[0-9-]+$", value) else json.dumps(value, ensure_ascii=False)


def _html_row(spec: Spec, name: str, neighbour: Field, value: str) -> str:
    """The lines of a row of an HTML table like the neighbour's."""
    entry, base = neighbour.entry, spec.base(neighbour.piece)
    first, last = _field_lines(spec, neighbour)
    rows = [spec.text.content(number) for number in range(first, last + 1)]
    start, end = entry.whole.shifted(base - first).first, entry.whole.shifted(base - first).last
    rows[start.line : end.line + 1] = [
        rows[start.line][: start.offset] + _escaped(value) + rows[end.line][end.offset :]
    ]
    key = entry.key_span.shifted(base - first)
    row = rows[key.start_line]
    rows[key.start_line] = row[: key.start] + _escaped(name) + row[key.end :]
    return spec.text.line_end.join(rows)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _row_like(line: str, cells: Sequence[Cell], contents: Sequence[str], aligned: bool) -> str:
    """A table row with other contents between the same bars; an aligned one keeps its width where it can."""
    row, at, owed = "", 0, 0
    for cell, content in zip(cells, contents, strict=False):
        gap = line[at : cell.start]
        spare = min(owed, max(0, len(gap) - len(gap.lstrip(" ")) - 1))
        row += gap[spare:] + content
        short = len(cell.source) - len(content)
        if aligned and short > 0:
            row += " " * short
        owed = max(0, -short) if aligned else 0
        at = cell.start + len(cell.source)
    tail = line[at:]
    spare = min(owed, max(0, len(tail) - len(tail.lstrip(" ")) - 1))
    return row + tail[spare:]


def _is_aligned(spec: Spec, neighbour: Field) -> bool:
    """Whether the table's rows all have the same length, as a formatter leaves them."""
    base = spec.base(neighbour.piece)
    lengths = {len(spec.text.content(field.entry.line + base)) for field in spec.carrier}
    return len(spec.carrier) > 1 and len(lengths) == 1


def insert_field(spec: Spec, slot: FieldSlot, value: str | None = None) -> Edit | None:
    """Writes a missing metadata field below the one before it; None without a carrier."""
    if not spec.carrier:
        return None
    order = [other.key for other in spec.template.fields]
    place = order.index(slot.key)
    before = [field for field in spec.carrier if field.slot and order.index(field.slot.key) < place]
    neighbour = (before or spec.carrier)[-1 if before else 0]
    value = first_value(spec, slot) if value is None else value
    carrier = neighbour.entry.carrier
    if carrier == "columns":
        return _insert_column(spec, slot.name, neighbour, value)
    beside = _on_line(spec, neighbour)
    if len(beside) > 1:
        return _insert_beside(spec, slot.name, neighbour, beside, value)
    first, last = _field_lines(spec, neighbour)
    if carrier == "html" and not _has_own_lines(spec, first, last):
        return None
    new = field_line(spec, slot, neighbour, value)
    end, mark = spec.text.line_end, _line_break(spec)
    if carrier == "terms" and any(
        not spec.text.content(field.entry.line + spec.base(field.piece) - 1).strip() for field in spec.carrier[1:]
    ):
        end += end
    apart = len({field.entry.group for field in spec.carrier}) > 1 or (
        len(spec.carrier) == 1 and "" in spec.template.carrier_source
    )
    if carrier == "lines" and apart:
        end += end  # each field is a paragraph of its own
    if not before and (first == last or carrier == "html"):
        return Edit(Span(first, 0, first, 0), new + mark + end)
    offset = len(spec.text.content(last))
    if spec.text.content(last).endswith(mark):
        return Edit(Span(last, offset, last, offset), end + new + mark)
    return Edit(Span(last, offset, last, offset), mark + end + new)


def _on_line(spec: Spec, field: Field) -> list[Field]:
    """The labelled fields on a field's line, in the order of the text; itself among them."""
    if field.entry.carrier != "lines":
        return [field]
    same = [one for one in spec.carrier if (one.piece, one.entry.line) == (field.piece, field.entry.line)]
    return sorted(same, key=lambda one: one.entry.key_span)


def _insert_beside(spec: Spec, name: str, neighbour: Field, beside: Sequence[Field], value: str) -> Edit:
    """A field behind another on a line of several, parted and marked as they are."""
    line = spec.text.content(neighbour.entry.line + spec.base(neighbour.piece))
    before, like = (one.entry for one in beside[:2])
    head = line[before.whole.end : like.key_span.start] + name + line[like.key_span.end : like.whole.start]
    end = neighbour.entry.whole.shifted(spec.base(neighbour.piece)).last
    return Edit(Span(*end, *end), head + value)


def _insert_column(spec: Spec, name: str, neighbour: Field, value: str) -> Edit | None:
    """A column behind the last of a table with one row; None where its lines do not all end with a bar."""
    first = neighbour.entry.line + spec.base(neighbour.piece)
    lines = [spec.text.content(number) for number in range(first, first + 3)]
    count = len(split_cells(lines[0], 0))
    if any(not line.rstrip().endswith("|") or len(split_cells(line, 0)) != count for line in lines):
        return None
    start = len(lines[0].rstrip())
    value = value.replace("|", "\\|")
    new = [f"{line.rstrip()} {cell} |" for line, cell in zip(lines, (name, "---", value), strict=True)]
    text = spec.text.line_end.join([new[0][start:], *new[1:]])
    return Edit(Span(first, start, first + 2, len(lines[2].rstrip())), text)


def _has_own_lines(spec: Spec, first: int, last: int) -> bool:
    """Whether lines of HTML are one whole row of a table, and nothing else."""
    source = "\n".join(spec.text.content(number) for number in range(first, last + 1)).strip().lower()
    return source.startswith("<tr") and source.endswith("</tr>") and source.count("<tr") == 1


def _field_lines(spec: Spec, field: Field) -> tuple[int, int]:
    """The first and the last line of the document that a metadata field takes, the delimiters of a table's head too."""
    entry, base = field.entry, spec.base(field.piece)
    first, last = entry.line + base, entry.value_span.end_line + base
    if entry.carrier == "table" and entry.line == entry.group:
        return first, first + 1
    if entry.carrier == "list":
        item = _item_on(spec.pieces[field.piece].section, entry.line)
        return first, item.end_line - 1 + base if item else last
    if entry.carrier == "html":
        reach = range(first, -1, -1), range(last, len(spec.text.lines))
        ends = [
            next((number for number in lines if tag in spec.text.content(number).lower()), None)
            for lines, tag in zip(reach, ("<tr", "</tr"), strict=True)
        ]
        return first if ends[0] is None else ends[0], last if ends[1] is None else ends[1]
    if entry.carrier == "toml":
        return first, entry.whole.end_line + base
    if entry.carrier == "yaml":  # text in a block, or a list that goes on
        while spec.text.lines[last + 1].startswith((" ", "\t", "- ")) and spec.text.lines[last + 1].strip():
            last += 1
    return first, last


def _line_break(spec: Spec) -> str:
    """What ends the labelled lines of the metadata so that each is shown on a line of its own; empty for nothing."""
    for field in spec.carrier if spec.carrier[0].entry.carrier == "lines" else ():
        found = re.search(r"(?:\\|  )$", spec.text.content(field.entry.line + spec.base(field.piece)))
        if found:
            return found[0]
    return ""


def first_value(spec: Spec, slot: FieldSlot) -> str:
    """What a new field says: the lifecycle's first state, else the template's sample."""
    return (
        spec.template.states[0].name if slot.key == spec.template.status_key and spec.template.states else slot.source
    )


def metadata_heading(spec: Spec) -> int | None:
    """The piece whose heading the metadata belongs below: the section that carries it in the template, else the title;
    None where the document has neither."""
    carried_in = spec.template.carried_in
    return next((fill.piece for fill in spec.fills if fill.slot.index == carried_in), spec.binding.title)


def insert_metadata(spec: Spec) -> Edit | None:
    """Writes the template's metadata below its heading, or where the document begins."""
    block = "\n".join(spec.template.carrier_source)
    status = spec.template.status
    if status is not None:
        block = block.replace(status.source, first_value(spec, status), 1)
    above = metadata_heading(spec)
    if above is not None:
        heading = spec.pieces[above].section.heading
        assert heading is not None
        return insert_block(spec, spec.base(above) + heading.end_line, block)
    first = min((fill.piece for fill in spec.fills if fill.parent is None), default=0)
    return insert_block(spec, first_line(spec, first), block)


# --- items ----------------------------------------------------------------------------------


def item_start(spec: Spec, piece: int, item: Item) -> str:
    """What stands in front of an item's text or box in its line: indentation, bullet and space."""
    line = spec.text.content(item.line + spec.base(piece))
    behind = item.start + len(item.marker)
    space = line[behind : len(line) - len(line[behind:].lstrip())] or " "
    marker = item.marker
    if marker[:-1].isdigit():
        marker = f"{int(marker[:-1]) + 1}{marker[-1]}"
    return line[: item.start] + marker + space


def insert_item(spec: Spec, fill: Fill, at: int) -> Edit | None:
    """Writes item `at` of the fill's slot below the item before it; at the end of the section without one."""
    slot = fill.slot.items[at]
    text = item_text(slot)
    wanted = "label" if slot.kind == "label" else "check"
    known: dict[int, tuple[int, int]] = {}
    for piece, facts in spec.fill_facts(fill):
        for label in facts.labels:
            known.setdefault(label.slot, (piece, label.span.start_line))
        for check in facts.checks:
            known.setdefault(check.slot, (piece, check.span.start_line))
    before = [known[number] for number in range(at) if number in known and fill.slot.items[number].kind == wanted]
    after = [known[number] for number in range(at + 1, len(fill.slot.items)) if number in known]
    for found, below in [*((place, True) for place in before[-1:]), *((place, False) for place in after[:1])]:
        piece, line = found
        item = _item_on(spec.pieces[piece].section, line)
        if item is None:
            continue
        if below:
            return insert_lines(spec, item.end_line - 1 + spec.base(piece), [item_start(spec, piece, item) + text])
        line = item.line + spec.base(piece)
        return Edit(Span(line, 0, line, 0), item_start(spec, piece, item) + text + spec.text.line_end)
    return append_to_section(spec, fill.piece, [f"{style_of(spec).bullet} {text}"])


def append_to_section(spec: Spec, piece: int, lines: Sequence[str]) -> Edit | None:
    """Writes `lines` at the end of a piece: right below a list, else set off by a blank line."""
    section = spec.pieces[piece].section
    base = spec.base(piece)
    last = section.blocks[-1] if section.blocks else None
    if isinstance(last, List) and _BULLET.match(lines[0]):
        item = last.items[-1]
        start = item_start(spec, piece, item)
        bullet = _BULLET.match(lines[0])
        body = lines[0][bullet.end() :] if bullet else lines[0]
        return insert_lines(spec, item.end_line - 1 + base, [start + body, *lines[1:]])
    if last is None and section.heading is not None:
        line = section.heading.end_line - 1 + base
        above = [""] if style_of(spec).space_after_heading else []
        below = [""] if _goes_on(spec, line) else []  # what stands there must not become part of the lines
        beside = _beside(spec, line, lines)
        return insert_lines(spec, line, [*above, *beside, *below]) if beside is not None else None
    return insert_block(spec, section.end_line + base, "\n".join(lines))


def _item_on(section: Section, line: int) -> Item | None:
    """The innermost list item on a line of the section."""
    for block in section.blocks:
        if isinstance(block, List) and block.line <= line < block.end_line:
            return item_at(block.items, line)
    return None


# --- removal --------------------------------------------------------------------------------


def remove_lines(spec: Spec, first: int, end_line: int) -> Edit:
    """Takes out whole lines, and one of two blank lines that would then meet; the rest stays byte for byte."""
    lines = spec.text.lines
    blank_above = first == 0 or not lines[first - 1].strip()
    if blank_above and end_line < len(lines) and not lines[end_line].strip() and end_line + 1 < len(lines):
        end_line += 1
    if end_line < len(lines):
        return Edit(Span(first, 0, end_line, 0), "")
    if first == 0:
        return Edit(Span(0, 0, *spec.text.end), "")
    before = first - 1
    return Edit(Span(before, len(spec.text.content(before)), *spec.text.end), "")


def remove_field(spec: Spec, field: Field) -> Edit | None:
    """Takes out a metadata field with all its values; None for the head of a table with other rows below it."""
    entry = field.entry
    if entry.carrier == "table" and entry.line == entry.group:
        table = next(block for block in spec.pieces[field.piece].section.blocks if block.line == entry.group)
        if table.end_line > entry.line + 2:
            return None
    first, last = _field_lines(spec, field)
    if (
        entry.carrier == "columns"
        or len(_on_line(spec, field)) > 1
        or (entry.carrier == "html" and not _has_own_lines(spec, first, last))
    ):
        return None
    return remove_lines(spec, first, last + 1)


def remove_line(spec: Spec, line: int) -> Edit:
    """Takes out one line and nothing else."""
    lines = spec.text.lines
    if line + 1 < len(lines):
        return Edit(Span(line, 0, line + 1, 0), "")
    start = len(spec.text.content(line - 1)) if line else 0
    return Edit(Span(max(0, line - 1), start, line, len(lines[line])), "")
