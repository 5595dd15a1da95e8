"""What the editor offers to rewrite at the cursor: boxes, the status, stories, numbers, sign-offs, metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.facts import criteria_blocks
from spec_ls.features import Action, Surroundings, is_asked
from spec_ls.lifecycle import status_edit, steps
from spec_ls.outline import Outline
from spec_ls.outline.blocks import FrontMatter, Item, List, Table, TextLine
from spec_ls.outline.inline import skeleton
from spec_ls.outline.metadata import field_key
from spec_ls.outline.shapes import items_of, joined
from spec_ls.spec import Field, Place, Spec, plain_value
from spec_ls.template.model import BlockSlot
from spec_ls.text import Edit, Span, Text, apply_edits

_NUMBER = re.compile(r"(?:section\s|[^\w\s]|\s)*+([0-9]{1,9}(?:\.[0-9]{1,9})*)", re.I)
_SHOWN_WORDS = 60
_LEADING = re.compile(r"^\s*[-*+]\s+(?:\[[ xX]\]\s+)?")
_DAY = "YYYY-MM-DD"
_HANDLE = re.compile(r"(?<![\w@./-])@\w[\w./-]*")
_SIGNED = re.compile(
    r"([ \t]{0,3}[-–—:,(\[]?[ \t]{0,3})(?<![\w./-])@\w[\w./-]*([\s,;:–—/|-]{1,5})[0-9]{4}-[0-9]{2}-[0-9]{2}([)\]]?)$"
)
"""A handle and a day at the end of an item: what stands before, between and behind them."""


def refactorings(spec: Spec, span: Span, around: Surroundings, kinds: Collection[str] | None = None) -> list[Action]:
    """What can be rewritten about `span`, in the order to be shown; `kinds` as for `actions`. Never raises."""
    if span.end_line >= len(spec.text.lines):
        return []
    found: list[Action] = []
    if is_asked("refactor.rewrite", kinds):
        found += _tick(spec, span)
        found += _sign_off(spec, span, around)
        found += _advance(spec, span)
        found += _add_story(spec, span)
        found += _renumber(spec, span)
        found += _carry_otherwise(spec, span)
    if is_asked("refactor.extract", kinds):
        found += _split_story(spec, span)
    return found


def _short(text: str) -> str:
    """Words of the document for a title, on one line and not too long."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_WORDS else text[: _SHOWN_WORDS - 1].rstrip() + "…"


def _tick(spec: Spec, span: Span) -> Iterator[Action]:
    """Ticks the box on the cursor's line, or takes the tick away."""
    cursor = spec.at(span.first)
    item: Item | None = cursor.item
    if item is None or item.box is None:
        return
    box = spec.span(Place(cursor.piece, item.box.span))
    if box.start_line != span.start_line:
        return
    verb, mark = ("Untick", " ") if item.box.ticked else ("Tick", "x")
    words = _short(joined(item.lines)) or "the box"
    inside = Span(box.start_line, box.start + 1, box.end_line, box.start + 2)
    yield Action(f"{verb} {words}", "refactor.rewrite", (Edit(inside, mark),))


def _advance(spec: Spec, span: Span) -> Iterator[Action]:
    """Replaces the status by each that may follow, parking aside, at the metadata or the title."""
    state, field = spec.state, spec.field(spec.template.status)
    if state is None or field is None or spec.piece_at(span.start_line) not in (field.piece, spec.binding.title):
        return
    for step in steps(spec):
        edit = status_edit(spec, step.state)
        if edit is not None:
            title = f"{step.verb} the status from {state.name} to {step.state.name}"
            yield Action(title, "refactor.rewrite", (edit,))


def _add_story(spec: Spec, span: Span) -> Iterator[Action]:
    """One more of a repeatable section behind the last one, with all that the template puts in it."""
    fill: Fill | None = spec.at(span.first).fill
    while fill is not None:
        for slot in fill.slot.sections:
            if slot.repeats:
                number = compose.next_number(spec, fill, slot)
                last = max((one for one in fill.children if one.slot is slot), key=lambda one: one.piece, default=None)
                place = compose.section_place(spec, slot, fill, last)
                block = compose.story_block(spec, slot, number)
                edit = compose.insert_block(spec, compose.first_line(spec, place), block)
                if edit is not None:
                    having = f" with its {slot.blocks[0].name.lower()}" if slot.blocks else ""
                    stem = slot.stem.lower()
                    article = "an" if stem[0] in "aeiou" else "a"
                    yield Action(f"Add {article} {stem}{having}", "refactor.rewrite", (edit,))
        fill = fill.parent


def _renumber(spec: Spec, span: Span) -> Iterator[Action]:
    """Numbers the numbered sections from 1 on, at any heading of the document; only the numbers change."""
    if spec.at(span.first).heading is None:
        return
    edits = tuple(_numbers(spec))
    if edits:
        yield Action("Renumber the sections", "refactor.rewrite", edits)


def _numbers(spec: Spec) -> Iterator[Edit]:
    """The edits that give each numbered section its number, and `4.1` below it the first part of that."""
    level = min((slot.level for slot in spec.template.sections), default=2) + spec.binding.shift
    path: list[int] = []  # the new number of the section that holds the current heading
    counts: list[int] = [0]
    for at, piece in enumerate(spec.pieces):
        heading, number = piece.section.heading, piece.facts.title.number
        if heading is None or not number or heading.style == "malformed" or at == spec.binding.title:
            continue
        depth = len(number)
        if (depth == 1) != (heading.level == level) or depth > len(path) + 1:
            continue
        found = _NUMBER.match(heading.text.text)
        if found is None or found[1] != ".".join(map(str, number)):
            continue
        del counts[depth:]
        counts[depth - 1] += 1
        path = [*path[: depth - 1], counts[depth - 1]]
        counts.append(0)
        new = ".".join(map(str, path))
        if new != found[1]:
            line, start = heading.text.line, heading.text.start
            place = Place(at, Span(line, start + found.start(1), line, start + found.end(1)))
            yield Edit(spec.span(place), new)


# --- sign-offs --------------------------------------------------------------------------------


def _sign_off(spec: Spec, span: Span, around: Surroundings) -> Iterator[Action]:
    """Ticks an item of the sign-off with the author's handle and the day behind it, as others have written theirs."""
    if not around.me or not may_sign(spec, span):
        return
    cursor = spec.at(span.first)
    item = cursor.item
    assert item is not None and item.box is not None
    box = spec.span(Place(cursor.piece, item.box.span))
    tick = Edit(Span(box.start_line, box.start + 1, box.end_line, box.start + 2), "x")
    base = spec.base(cursor.piece)
    for row in item.lines:
        day, handle = row.text.find(_DAY), _HANDLE.search(row.text)
        if day >= 0:  # the template leaves room for it
            edits = [Edit(_within(row, base, day, day + len(_DAY)), around.today.isoformat())]
            if handle is not None:
                edits.append(Edit(_within(row, base, *handle.span()), around.me))
            break
    else:
        row, shown = item.lines[-1], _signature(spec, cursor.piece)
        end = len(row.text.rstrip())
        edits = [Edit(_within(row, base, end, end), shown.format(handle=around.me, day=around.today.isoformat()))]
    yield Action(f"Sign off as {around.me}", "refactor.rewrite", (tick, *edits))


def _within(row: TextLine, base: int, start: int, end: int) -> Span:
    return Span(row.line + base, row.start + start, row.line + base, row.start + end)


def may_sign(spec: Spec, span: Span) -> bool:
    """Whether `span` begins in an item of the sign-off that is still to be ticked."""
    cursor = spec.at(span.first)
    fill = cursor.fill
    while fill is not None and not fill.slot.sign_off:
        fill = fill.parent
    item = cursor.item
    return fill is not None and item is not None and item.box is not None and not item.box.ticked and bool(item.lines)


def _signature(spec: Spec, piece: int) -> str:
    """How a signature is written behind an item: as behind another one here, else in brackets."""
    for item in items_of(spec.pieces[piece].section.blocks):
        found = _SIGNED.search(joined(item.lines)) if item.box is not None and item.box.ticked else None
        if found:
            before, between, behind = (part.replace("{", "{{").replace("}", "}}") for part in found.group(1, 2, 3))
            return f"{before}{{handle}}{between}{{day}}{behind}"
    return " ({handle}, {day})"


# --- splitting --------------------------------------------------------------------------------


def _split_story(spec: Spec, span: Span) -> Iterator[Action]:
    """Moves the criteria at the cursor or in the selection, not all there are, to a new story behind the last."""
    piece = spec.piece_at(span.start_line)
    fill = spec.binding.owners[piece]
    while fill is not None and not (fill.slot.repeats and fill.slot.blocks):
        fill = fill.parent
    if fill is None or piece != spec.piece_at(span.end_line):
        return
    base = spec.base(piece)
    for block in fill.slot.blocks:
        announced = criteria_blocks(spec.pieces[piece].section, block)
        items = [item for part in announced[2] if isinstance(part, List) for item in part.items] if announced else []
        chosen = [
            item for item in items if item.line + base <= span.end_line and span.start_line < item.end_line + base
        ]
        if not chosen or len(chosen) == len(items):
            continue
        story = _story_of(spec, fill, block, [_item_lines(spec, piece, item) for item in chosen])
        if story is not None:
            what = "this criterion" if len(chosen) == 1 else f"these {len(chosen)} criteria"
            title = f"Split off a {fill.slot.stem.lower()} with {what}"
            yield Action(title, "refactor.extract", tuple(_moved(spec, items, chosen, base, story)))
        return


def _story_of(spec: Spec, fill: Fill, block: BlockSlot, items: Sequence[Sequence[str]]) -> Edit | None:
    """One more story, its criteria those items; what the template demands of each is kept to be filled in."""
    parent, slot = fill.parent, fill.slot
    if parent is None:
        return None
    last = max((one for one in parent.children if one.slot is slot), key=lambda one: one.piece)
    story = compose.story_block(spec, slot, compose.next_number(spec, parent, slot)).split("\n")
    samples = {skeleton(item.text) for item in block.items}
    demanded = {
        skeleton(item.text)
        for item in block.items
        if item.demanded and not any(skeleton(item.name) in skeleton(" ".join(lines)) for lines in items)
    }
    kept: list[str] = []
    for line in story:
        words = skeleton(_LEADING.sub("", line))
        if words not in samples or not words:
            kept.append(line)
            continue
        if items:
            kept += [text for lines in items for text in lines]
            items = ()
        if words in demanded:
            kept.append(line)
    if items:
        return None  # the template shows no list to put them into
    place = compose.section_place(spec, slot, parent, last)
    return compose.insert_block(spec, compose.first_line(spec, place), "\n".join(kept))


def _item_lines(spec: Spec, piece: int, item: Item) -> list[str]:
    """The lines of an item, as far to the left as its bullet is."""
    first = item.line + spec.base(piece)
    last = compose.last_text_line(spec, first, item.end_line + spec.base(piece))
    lines = [spec.text.content(line) for line in range(first, last + 1)]
    return [line[min(item.start, len(line) - len(line.lstrip())) :] for line in lines]


def _moved(spec: Spec, items: Sequence[Item], chosen: Sequence[Item], base: int, story: Edit) -> Iterator[Edit]:
    """Takes items out of their list, those that stand together at once, and puts the story in."""
    for is_chosen, run in groupby(items, key=chosen.__contains__):
        if is_chosen:
            together = list(run)
            first = together[0].line + base
            last = compose.last_text_line(spec, first, together[-1].end_line + base)
            if story.span.start_line == last:  # it goes in behind what goes out
                above = first - 1
                place = Span(above, len(spec.text.content(above)), last, len(spec.text.content(last)))
                story = Edit(place, story.new_text)
            else:
                yield compose.remove_lines(spec, first, last + 1)
    yield story


# --- metadata ---------------------------------------------------------------------------------


def _carry_otherwise(spec: Spec, span: Span) -> Iterator[Action]:
    """Writes the metadata as front matter, or as a table, where neither loses a word of it."""
    if not spec.carrier or spec.strays or spec.piece_at(span.start_line) not in _head_pieces(spec):
        return
    carrier = spec.carrier[0].entry.carrier
    edits = _to_front_matter(spec) if carrier == "table" else _to_table(spec) if carrier == "yaml" else None
    if edits is not None and _says_the_same(spec, edits):
        title = "Put the metadata into front matter" if carrier == "table" else "Put the metadata into a table"
        yield Action(title, "refactor.rewrite", edits)


def _head_pieces(spec: Spec) -> set[int]:
    """The pieces at which metadata is offered to be carried otherwise: its own, and the title's."""
    title = spec.binding.title
    return {spec.carrier[0].piece} | ({title} if title is not None else set())


def _to_front_matter(spec: Spec) -> tuple[Edit, ...] | None:
    """The metadata's table as front matter, or behind what stands there; None where a cell has no place in it."""
    first = spec.carrier[0]
    section = spec.pieces[first.piece].section
    table = next(block for block in section.blocks if isinstance(block, Table) and block.line == first.entry.group)
    fields = {field.entry.line: field for field in spec.carrier}
    if len({field.key for field in spec.carrier}) < len(fields) or any(row.line not in fields for row in table.rows):
        return None
    lines = []
    for row in (table.header, *table.rows):
        if row.line not in fields:
            continue  # the head of the table, which names no field
        value, rest = (row.cells[1].text, row.cells[2:]) if len(row.cells) > 1 else ("", ())
        if any(cell.source for cell in rest) or "<!--" in row.cells[0].source + value:
            return None
        key = _yaml_name(fields[row.line])
        lines.append(f"{key}: {compose.yaml_scalar(value)}" if value else f"{key}:")
    base, end = spec.base(first.piece), spec.text.line_end
    removed = compose.remove_lines(spec, table.line + base, table.end_line + base)
    front = _front_matter(spec)
    if front is None:
        start = 1 if spec.text.lines[0].startswith("\ufeff") else 0
        if removed.span.start_line == 0:
            removed = Edit(Span(0, start, *removed.span.last), removed.new_text)
        return Edit(Span(0, start, 0, start), "".join(text + end for text in ("---", *lines, "---", ""))), removed
    if spec.pieces[0].facts.yaml:
        return None
    close = front.end_line - 1
    return Edit(Span(close, 0, close, 0), "".join(text + end for text in lines)), removed


def _yaml_name(field: Field) -> str:
    """The key of a field: its words in small letters where they are the template's, else as they are written."""
    name = field.entry.name
    if field.slot is not None:
        joined_up = "_".join(word for word in re.split(r"[^\w]+", name) if word).lower()
        if field_key(joined_up) == field.entry.key:
            return joined_up
    return name if re.fullmatch(r"[^\W\d_][\w ]*", name) else json.dumps(name, ensure_ascii=False)


def _to_table(spec: Spec) -> tuple[Edit, ...] | None:
    """The template's fields in the front matter as a table below the title; what else stands there stays."""
    front, title = _front_matter(spec), spec.binding.title
    heading = spec.pieces[title].section.heading if title is not None else None
    if front is None or heading is None or title is None or spec.pieces[0].facts.yaml:
        return None
    rows: list[tuple[str, str]] = []
    taken: set[int] = set()
    for field in spec.carrier:
        if field.slot is not None:
            value = _yaml_value(spec, field)
            if value is None:
                return None
            rows.append((field.slot.name, value.replace("|", "\\|")))
            taken.update(range(field.entry.line, field.entry.value_span.end_line + 1))
    left = [line for line in range(front.line + 1, front.end_line - 1) if line not in taken]
    if any("spec-ls:" in spec.text.content(line) for line in range(front.end_line)):
        return None
    if any(spec.text.content(line).strip() for line in left):
        firsts = [line for line in sorted(taken) if line - 1 not in taken]
        lasts = [line for line in sorted(taken) if line + 1 not in taken]
        removed = [Edit(Span(first, 0, last + 1, 0), "") for first, last in zip(firsts, lasts, strict=True)]
    else:
        edit = compose.remove_lines(spec, front.line, front.end_line)
        start = 1 if spec.text.lines[0].startswith("\ufeff") else 0
        removed = [Edit(Span(edit.span.start_line, start, edit.span.end_line, edit.span.end), "")]
    block = "\n".join([*_table_head(spec), *(_table_row(spec, name, value) for name, value in rows)])
    inserted = compose.insert_block(spec, spec.base(title) + heading.end_line, block)
    return (*removed, inserted) if inserted is not None else None


def _yaml_value(spec: Spec, field: Field) -> str | None:
    """What a value of front matter is in a table; None where it is not on one line, or something stands behind it."""
    entry = field.entry
    lines = range(entry.line, entry.value_span.end_line + 1)
    if any(" #" in spec.text.content(line) for line in lines):
        return None
    if entry.listed:
        return ", ".join(text for text, _ in entry.parts)
    source = spec.text.slice(entry.whole)
    if len(lines) > 1 or source[:1] in tuple("|>&*!{["):
        return None
    if source[:1] == '"':
        try:
            value = json.loads(source)
        except ValueError:
            return None
        return value if isinstance(value, str) and len(value.splitlines()) < 2 else None
    return source[1:-1].replace("''", "'") if source[:1] == "'" else source


def _table_head(spec: Spec) -> Sequence[str]:
    """The head of the template's own table, where it has one that names no field."""
    if spec.template.carrier == "table":
        head, keys = spec.template.carrier_source[:2], {slot.key for slot in spec.template.fields}
        if len(head) == 2 and field_key(head[0].strip().strip("|").split("|")[0]) not in keys:
            return head
    return "| Field | Value |", "| :--- | :--- |"


def _table_row(spec: Spec, name: str, value: str) -> str:
    marks = "" if spec.template.carrier == "table" and "**" not in "".join(spec.template.carrier_source) else "**"
    return f"| {marks}{name}{marks} | {value} |"


def _front_matter(spec: Spec) -> FrontMatter | None:
    blocks = spec.pieces[0].section.blocks
    return blocks[0] if blocks and isinstance(blocks[0], FrontMatter) else None


def _says_the_same(spec: Spec, edits: Sequence[Edit]) -> bool:
    """Whether the metadata reads the same after the edits, to the letter; looks at no more than the top of the text."""
    end = compose.first_line(spec, max(_head_pieces(spec)) + 1)
    head = "".join(spec.text.lines[:end])
    before, after = (Spec(Outline(Text(source)), spec.template) for source in (head, apply_edits(head, edits)))
    return not after.strays and _said(before) == _said(after)


def _said(spec: Spec) -> tuple[object, ...]:
    fields = {key: plain_value(found[0].entry) for key, found in spec.fields.items() if found[0].slot is not None}
    entries = {
        (entry.key, plain_value(entry))
        for piece in spec.pieces
        for entry in piece.facts.entries
        if entry.key in fields or entry.carrier != "table" or entry.line != entry.group
    }
    return fields, entries, sorted(spec.words), [piece.facts.title for piece in spec.pieces if piece.section.heading]
