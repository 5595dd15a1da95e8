"""What may be written at the cursor: values, handles, metadata rows, sections, stories and items.

Each kind of place has one function; `complete` asks them in turn. An edit covers what is already
typed of the thing on the cursor's line, and its filter text starts with that, since clients filter by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple

from spec_ls import compose
from spec_ls.bind import Fill, Missing
from spec_ls.features import Surroundings
from spec_ls.markup import fenced
from spec_ls.outline.blocks import Block, Comment, Fence, FrontMatter, List, Paragraph, Plain, Quote, Table
from spec_ls.outline.inline import skeleton
from spec_ls.outline.parse import split_cells
from spec_ls.outline.shapes import items_of, joined, says_something, unwrap
from spec_ls.spec import Cursor, Field, Spec
from spec_ls.template.model import FieldSlot, ItemSlot, SectionSlot, State
from spec_ls.text import Edit, Point, Span
from spec_ls.values import identifier, last_number

CompletionKind = Literal["value", "reference", "field", "section", "item", "date", "snippet", "user"]

_HANDLE = re.compile(r"(?<![\w@/.])@\w[\w./-]*")
_TYPED_HANDLE = re.compile(r"(?<![\w@/.])@[\w./-]*")
_HEADING = re.compile(r"( {0,3})(#{1,6})([ \t]*)(.*)")
_ITEM = re.compile(r"([ \t]*)([-+*])(?:[ \t]+(?:\[[ xX]?\]?[ \t]*)?(?:\*\*|__)?|$)")
_LABEL = re.compile(r"(?:\*\*|__)([\w \t-]*+)[*_]*:?[ \t]*")
_KEY = re.compile(r"([ \t]*(?:[-+*](?:[ \t]+|$))?(?:\*\*|__)?)([^*_:|]*)(?:\*\*|__)?")
_LIST_OR_HEADING = re.compile(r"[ \t]*(?:[-+*]|[0-9]{1,9}[.)])[ \t]| {0,3}#{1,6}[ \t]")
_HOLE = "\ue000"
_COMMENT_REACH = 200
"""How far up (lines) an inline comment may begin."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One proposal: `detail` is plain text, `documentation` Markdown; with `snippet` the edit holds an LSP snippet."""

    label: str
    kind: CompletionKind
    detail: str
    documentation: str
    edit: Edit
    snippet: bool
    filter_text: str
    sort_text: str


def complete(spec: Spec, point: Point, around: Surroundings, snippets: bool = True) -> list[Completion]:
    """What may stand at `point`; empty inside code, comments and quotes, and where nothing is known.

    Without `snippets` every text is plain. Never raises on any text.
    """
    if point.line >= len(spec.text.lines):
        return []
    cursor = spec.at(point)
    if _is_quiet(spec, cursor, point):
        return []
    value = _value_at(spec, cursor, point)
    if value is not None:
        found = list(_values(spec, value, point, around))
        return _numbered(found or _mentions(spec, point, around))
    found = list(_keys(spec, cursor, point, snippets))
    if not found:
        found = list(_mentions(spec, point, around))
    if not found:
        found = list(_headings(spec, cursor, point, snippets))
    if not found:
        found = list(_items(spec, cursor, point, snippets))
    if not found:
        found = list(_labels(spec, cursor, point, snippets))
    if not found:
        found = list(_blank(spec, cursor, point, snippets))
    return _numbered(found)


def _numbered(found: Iterable[Completion]) -> list[Completion]:
    """The proposals with sort texts that keep their order."""
    return [replace(one, sort_text=f"{at:04d}") for at, one in enumerate(found)]


# --- where nothing is proposed ----------------------------------------------------------------


def _is_quiet(spec: Spec, cursor: Cursor, point: Point) -> bool:
    base = spec.base(cursor.piece)
    line = point.line - base
    unclosed = spec.pieces[cursor.piece].facts.unclosed
    if unclosed is not None and line >= unclosed.line:
        return True
    block = _innermost(cursor.block, line)
    if isinstance(block, Fence | Comment | FrontMatter | Plain | Quote):
        return True
    first = base + block.line if block is not None else point.line
    above = [spec.text.lines[number] for number in range(max(first, point.line - _COMMENT_REACH), point.line)]
    before = "".join([*above, spec.text.lines[point.line][: point.offset]])
    return before.rfind("<!--") > before.rfind("-->")


def _innermost(block: Block | None, line: int) -> Block | None:
    while isinstance(block, List):
        item = next((item for item in block.items if item.line <= line < item.end_line), None)
        inner = next((one for one in item.blocks if one.line <= line < one.end_line), None) if item else None
        if inner is None:
            return block
        block = inner
    return block


# --- metadata values --------------------------------------------------------------------------


class _Value(NamedTuple):
    """The value of a field on its line: `inner` is left of emphasis and code marks; equal offsets where empty."""

    slot: FieldSlot
    inner: tuple[int, int]
    outer: tuple[int, int]


def _value_at(spec: Spec, cursor: Cursor, point: Point) -> _Value | None:
    """The value of the template's field that the cursor is in; None in its key and elsewhere."""
    field = cursor.field
    if field is None or field.slot is None:
        return None
    line = spec.text.content(point.line)
    if field.entry.carrier == "table":
        cells = _cells(line)
        at = next((at for at, (start, end) in enumerate(cells) if start <= point.offset <= end), -1)
        if at != 1:
            return None
        start, end = cells[1]
    else:
        start, end = min(field.entry.whole.start, len(line)), len(line)
        if point.offset < start:
            return None
    source = line[start:end]
    if not source.strip():
        return _Value(field.slot, (point.offset, point.offset), (point.offset, point.offset))
    first, last = unwrap(source)
    outer = start + len(source) - len(source.lstrip()), start + len(source.rstrip())
    return _Value(field.slot, (start + first, start + last), outer)


def _cells(line: str) -> list[tuple[int, int]]:
    """The ranges between a table row's bars; behind a last bar there is one more, still to be written."""
    bars = [at for at, char in enumerate(line) if char == "|" and (at == 0 or line[at - 1] != "\\")]
    if not bars or line[: bars[0]].strip():
        bars.insert(0, -1)
    return [(bar + 1, end) for bar, end in zip(bars, [*bars[1:], len(line)], strict=True)]


def _values(spec: Spec, value: _Value, point: Point, around: Surroundings) -> Iterator[Completion]:
    match value.slot.kind:
        case "choice":
            states = value.slot.key == spec.template.status_key
            names = _states(spec) if states else [(name, "") for name in value.slot.values]
            yield from _whole_value(spec, value, point, "value", names)
        case "date":
            yield from _whole_value(spec, value, point, "date", _dates(around.today))
        case "id":
            yield from _whole_value(spec, value, point, "reference", [_free_id(value.slot, around.ids)])
        case "handle" | "handles":
            yield from _handles_in(spec, value, point, around)


def _whole_value(
    spec: Spec, value: _Value, point: Point, kind: CompletionKind, choices: Sequence[tuple[str, str]]
) -> Iterator[Completion]:
    """Choices that take the place of the whole value.

    A value that is being typed narrows them; one that stands there already does not, so that every
    choice is offered in its place.
    """
    line = spec.text.content(point.line)
    inside = value.inner[0] <= point.offset <= value.inner[1]
    start, end = value.inner if inside else value.outer
    start, end = min(start, point.offset), max(end, point.offset)
    typed, there = line[start : point.offset].casefold(), line[start:end]
    narrows = point.offset == end and any(
        len(name) > len(typed) and name.casefold().startswith(typed) for name, _ in choices
    )
    before, after = ("", "") if there else _padding(line, point.offset)
    for name, detail in choices:
        edit = Edit(Span(point.line, start, point.line, end), before + name + after)
        yield Completion(name, kind, detail, "", edit, False, name if narrows or not there else there, "")


def _padding(line: str, offset: int) -> tuple[str, str]:
    """The blanks that a value needs where there was none: between it and a bar, comma or colon."""
    before = " " if offset and line[offset - 1] in "|:,;" else ""
    if offset < len(line):
        return before, " " if line[offset] == "|" else ""
    return before, " |" if line.lstrip().startswith("|") else ""


def _states(spec: Spec) -> list[tuple[str, str]]:
    """The statuses: those that may follow, the one there is, the rest; each with a line of explanation."""
    states = spec.template.states
    now = spec.state
    moves = now.moves if now else ()
    following = [state for name in moves for state in states if state.name == name]
    rest = [state for state in states if state is not now and state not in following]
    ordered = [
        *((state, "next: ") for state in following),
        *((state, "now: ") for state in ([now] if now else [])),
        *((state, "") for state in rest),
    ]
    return [(state.name, said + (state.meaning or _position(states, state))) for state, said in ordered]


def _position(states: Sequence[State], state: State) -> str:
    """What the place of a status in the template says of it."""
    ahead = [one.name for one in states if one.stage != "parked"]
    if state.name not in ahead:
        return "set aside"
    at = ahead.index(state.name)
    said = f"step {at + 1} of {len(ahead)}"
    return f"{said}, after {ahead[at - 1]}" if at else said


def _dates(today: date) -> list[tuple[str, str]]:
    """ISO dates with what they are in words; those behind the calendar's end are left out."""
    said: dict[date, list[str]] = {}
    for weeks, words in ((0, "today"), (1, "in one week"), (2, "in two weeks"), (4, "in four weeks")):
        if today.toordinal() + 7 * weeks <= date.max.toordinal():
            said.setdefault(today + timedelta(weeks=weeks), []).append(words)
    last_month = (today.month + 2) // 3 * 3
    last = date(today.year, last_month, 31 if last_month in (3, 12) else 30)
    said.setdefault(last, []).append("end of the quarter")
    return [(day.isoformat(), f"{', '.join(words)}, {day:%A}") for day, words in said.items()]


def _free_id(slot: FieldSlot, ids: Iterable[str]) -> tuple[str, str]:
    """The identifier behind the highest one known."""
    last = last_number(slot.prefix, ids)
    detail = f"the next free one after {identifier(slot.prefix, last, slot.digits)}" if last else "the first one"
    return identifier(slot.prefix, last + 1, slot.digits), detail


# --- handles ----------------------------------------------------------------------------------


def _people(spec: Spec, around: Surroundings) -> dict[str, tuple[str, list[str]]]:
    """Every known handle by its folded form, with where it is known from; the template's samples are nobody."""
    samples = {handle for slot in spec.template.fields for handle in _folded(slot.sample)}
    people: dict[str, tuple[str, list[str]]] = {}
    here = [(handle, "this spec") for handle in _named_here(spec)]
    for handle, source in [*here, *((person.handle, person.source) for person in around.people)]:
        if handle.casefold() not in samples:
            sources = people.setdefault(handle.casefold(), (handle, []))[1]
            if source not in sources:
                sources.append(source)
    return people


def _named_here(spec: Spec) -> Iterator[str]:
    """The handles in the metadata and in the sign-off items, as they are written."""
    for field in (*spec.carrier, *spec.strays):
        yield from _found(field.entry.value)
    for fill in spec.fills:
        if fill.slot.sign_off:
            for piece in fill.pieces:
                for item in items_of(spec.pieces[piece].section.blocks):
                    yield from _found(joined(item.lines))


def _found(text: str) -> list[str]:
    return [handle.rstrip("./-") for handle in _HANDLE.findall(text)]


def _folded(text: str) -> set[str]:
    return {handle.casefold() for handle in _found(text)}


def _typed_handle(line: str, offset: int) -> tuple[int, int] | None:
    """The handle that the cursor is in, from its `@`; None where there is none."""
    for typed in _TYPED_HANDLE.finditer(line):
        if typed.start() < offset <= typed.end():
            return typed.start(), max(offset, typed.start() + len(typed[0].rstrip("./-")))
    return None


def _handles_in(spec: Spec, value: _Value, point: Point, around: Surroundings) -> Iterator[Completion]:
    """Handles for a metadata value, without those that are there already; the owner does not approve."""
    line = spec.text.content(point.line)
    typed = _typed_handle(line, point.offset)
    if typed is not None:
        start, end = typed
    elif value.slot.kind == "handle":
        start, end = min(value.outer[0], point.offset), max(value.outer[1], point.offset)
    else:
        start = end = point.offset
        while start > value.outer[0] and not (line[start - 1].isspace() or line[start - 1] in ",;"):
            start -= 1
        while end < value.outer[1] and not (line[end].isspace() or line[end] in ",;"):
            end += 1
    others = _folded(line[value.outer[0] : start]) | _folded(line[end : value.outer[1]])
    if value.slot == spec.template.approvers:
        owner = spec.field(spec.template.owner)
        others |= _folded(owner.entry.value) if owner else set()
    before = line[value.outer[0] : start].rstrip()
    if start == end and value.slot.kind == "handles" and before and before[-1] not in ",;":
        return  # behind a finished handle comes a comma first
    padding = _padding(line, point.offset) if start == end else ("", "")
    yield from _handles(spec, point, around, (start, end), others, padding)


def _mentions(spec: Spec, point: Point, around: Surroundings) -> Iterator[Completion]:
    """Handles behind an `@` in any text of the author's."""
    line = spec.text.content(point.line)
    typed = _typed_handle(line, point.offset)
    if typed is not None and line.count("`", 0, typed[0]) % 2 == 0:
        yield from _handles(spec, point, around, typed, _folded(line[: typed[0]] + " " + line[typed[1] :]), ("", ""))


def _handles(
    spec: Spec,
    point: Point,
    around: Surroundings,
    place: tuple[int, int],
    others: set[str],
    padding: tuple[str, str],
) -> Iterator[Completion]:
    line = spec.text.content(point.line)
    start, end = place
    there = line[start:end].casefold()
    span = Span(point.line, start, point.line, end)
    known = {
        folded: person
        for folded, person in _people(spec, around).items()
        if folded not in others and (folded != there or len(person[1]) > 1 or person[1] != ["this spec"])
    }
    for handle, sources in known.values():
        filtered = handle if not there or there.startswith("@") else handle[1:]
        if there and not there.startswith("@") and not filtered.casefold().startswith(there):
            filtered = line[start:end]
        edit = Edit(span, padding[0] + handle + padding[1])
        yield Completion(handle, "user", ", ".join(sources), "", edit, False, filtered, "")


# --- metadata rows ----------------------------------------------------------------------------


def _keys(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """The fields not yet there as whole rows in the carrier's style, in it or on the blank line right below."""
    absent = [slot for slot in spec.template.fields if slot.name and slot.key not in spec.fields]
    neighbour = _neighbour(spec, point.line)
    if not absent or neighbour is None or (cursor.field is not None and cursor.field.slot is not None):
        return
    line = spec.text.content(point.line)
    if not line.strip():
        if point.line and _carries(spec, point.line - 1):
            tail = _blank_below(spec, point.line, _LIST_OR_HEADING if neighbour.entry.carrier == "list" else None)
            for slot in absent:
                row = _row(spec, slot, neighbour, snippets) + tail
                yield _key(slot, Span(point.line, 0, point.line, len(line)), row, line[: point.offset], snippets)
        return
    if not _carries(spec, point.line):
        return
    if neighbour.entry.carrier == "table":
        yield from _table_keys(spec, point, neighbour, absent, snippets)
        return
    typed = _KEY.fullmatch(line)
    if typed is None or point.offset < typed.start(2):
        return
    for slot in _beginning(absent, typed[2]):
        span = Span(point.line, 0, point.line, len(line))
        yield _key(slot, span, _row(spec, slot, neighbour, snippets), typed[1], snippets)


def _table_keys(
    spec: Spec, point: Point, neighbour: Field, absent: Sequence[FieldSlot], snippets: bool
) -> Iterator[Completion]:
    line = spec.text.content(point.line)
    first, *others = _cells(line)
    if not first[0] <= point.offset <= first[1]:
        return
    typed = _KEY.match(line, *first)
    assert typed is not None  # every part of it may be empty
    start = len(line) - len(line.lstrip())
    valued = any(line[begin:end].strip() for begin, end in others)
    for slot in _beginning(absent, typed[2]):
        if valued:
            source = line[first[0] : first[1]]
            begin, end = first[0] + len(source) - len(source.lstrip()), first[0] + len(source.rstrip())
            span = Span(point.line, min(begin, point.offset), point.line, max(end, point.offset))
            name = _key_like(spec, slot, neighbour)
            head = line[span.start : max(span.start, typed.start(2))]
            yield Completion(slot.name, "field", _of(slot), "", Edit(span, name), False, head + slot.name, "")
        else:
            span = Span(point.line, start, point.line, len(line))
            row = _row(spec, slot, neighbour, snippets)
            yield _key(slot, span, row, line[start : typed.start(2)], snippets)


def _key_like(spec: Spec, slot: FieldSlot, neighbour: Field) -> str:
    """The field's name with the marks that the neighbour's has."""
    line = spec.text.content(_line_of(spec, neighbour))
    start, end = _cells(line)[0]
    return line[start:end].strip().replace(neighbour.entry.name, slot.name, 1)


def _beginning(absent: Iterable[FieldSlot], typed: str) -> list[FieldSlot]:
    """The fields whose name starts with what is typed; all of them where that is nothing."""
    return [slot for slot in absent if slot.name.casefold().startswith(typed.strip().casefold())]


def _line_of(spec: Spec, field: Field) -> int:
    return field.entry.line + spec.base(field.piece)


def _carries(spec: Spec, line: int) -> bool:
    """Whether the line belongs to the table, list or paragraph that carries the metadata, header rows aside."""
    field = spec.carrier[-1]
    group = spec.base(field.piece) + field.entry.group
    block = spec.at(Point(line, 0)).block
    if block is None or spec.piece_at(line) != field.piece:
        return False
    same = block.line + spec.base(field.piece) == group
    return same and (not isinstance(block, Table) or line >= group + 2 or bool(block.rows))


def _neighbour(spec: Spec, line: int) -> Field | None:
    """The last whole field that does not stand on `line`, one of the template's if there is any; None without one."""
    whole = [
        field
        for field in reversed(spec.carrier)
        if _line_of(spec, field) != line
        and (field.entry.carrier != "table" or len(split_cells(spec.text.content(_line_of(spec, field)), 0)) > 1)
    ]
    return next((field for field in whole if field.slot), whole[0] if whole else None)


def _row(spec: Spec, slot: FieldSlot, neighbour: Field, snippets: bool) -> str:
    row = compose.field_line(spec, slot, neighbour, "")
    if not snippets:
        return row
    at = compose.field_line(spec, slot, neighbour, _HOLE).find(_HOLE)
    return _literal(row) if at < 0 else f"{_literal(row[:at])}$0{_literal(row[at:])}"


def _key(slot: FieldSlot, span: Span, row: str, head: str, snippets: bool) -> Completion:
    return Completion(slot.name, "field", _of(slot), "", Edit(span, row), snippets, head + slot.name, "")


def _of(slot: FieldSlot) -> str:
    return " ".join(slot.sample.split())


def _literal(text: str) -> str:
    """`text` as it must stand in an LSP snippet to mean itself."""
    return re.sub(r"([\\$}])", r"\\\1", text)


# --- sections ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A section that may be written: `fits` tells that this is its place, `block` its Markdown with LF."""

    label: str
    level: int
    fits: bool
    detail: str
    number: int | None
    slot: SectionSlot

    def block(self, spec: Spec, snippets: bool) -> str:
        if self.slot.repeats:
            return compose.story_block(spec, self.slot, self.number or 1, snippets)
        return compose.section_block(spec, self.slot, self.number, snippets)


def _parts(spec: Spec, piece: int, end: int, typed: Fill | None = None) -> list[_Part]:
    """The sections that may be written behind `piece`: those that belong there first.

    `end` is the first piece behind what is being typed, `typed` the fill whose heading that is: what it nearly is
    counts as not there.
    """
    missing = [one for one in spec.missing if not one.slot.repeats and one.slot.need != "example" and one.slot.title]
    if typed is not None and not typed.slot.repeats:
        missing.insert(0, Missing(typed.slot, typed.parent, None, piece))
    above = list(_lineage(spec.binding.owners[piece]))
    parts = list(_repeated(spec, above, typed))
    for one in missing:
        if one.parent is not None and one.parent not in above:
            continue
        need = "" if spec.needs(one.slot) else "optional "
        noun = "subsection" if one.parent else "section"
        level = min(6, max(1, one.slot.level + spec.binding.shift))
        number = compose.section_number(spec, one.slot, piece + 1, end)
        parts.append(_Part(one.slot.title, level, _fits(spec, one, piece), f"{need}{noun}", number, one.slot))
    return sorted(parts, key=lambda part: (not part.fits, -part.level))


def _lineage(fill: Fill | None) -> Iterator[Fill]:
    while fill is not None:
        yield fill
        fill = fill.parent


def _fits(spec: Spec, missing: Missing, piece: int) -> bool:
    after = [
        fill.piece
        for fill in spec.fills
        if fill.parent is missing.parent and fill.slot.index > missing.slot.index and not fill.astray
    ]
    return missing.anchor <= piece < min(after, default=len(spec.pieces))


def _repeated(spec: Spec, above: Sequence[Fill], typed: Fill | None) -> Iterator[_Part]:
    """One more of each repeatable section, with the next number; `typed` has none yet."""
    for fill in above:
        for slot in fill.slot.sections:
            if slot.repeats:
                number = _next_number(spec, fill, slot, typed)
                level = min(6, max(1, slot.level + spec.binding.shift))
                yield _Part(f"{slot.stem} {number}", level, True, f"one more {slot.stem.lower()}", number, slot)


def _next_number(spec: Spec, parent: Fill, slot: SectionSlot, typed: Fill | None) -> int:
    """The number behind the highest of the repeated sections of `slot` in `parent`; 1 where there is none."""
    numbers = [0]
    for fill in parent.children:
        if fill.slot.index == slot.index and fill is not typed:
            found = re.match(r" ([0-9]{1,9})\b", spec.pieces[fill.piece].facts.title.key[len(slot.stem_key) :])
            numbers.append(int(found[1]) if found else 0)
    return max(numbers) + 1


def _headings(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """Sections for a heading line that is being typed; nothing where it names a section already."""
    heading = cursor.heading
    line = spec.text.content(point.line)
    found = _HEADING.fullmatch(line)
    if heading is None or heading.style == "setext" or found is None or point.offset < found.end(2):
        return
    own = cursor.fill if cursor.fill is not None and cursor.fill.piece == cursor.piece else None
    if own is not None and not _is_open(spec, own):
        return
    if cursor.piece == spec.binding.title and heading.text.text:
        return
    level, open_level = len(found[2]), not found[3] and not found[4]
    words = found[4].strip()
    full = not any(map(says_something, spec.pieces[cursor.piece].section.blocks)) and not (own and own.children)
    for part in _parts(spec, max(0, cursor.piece - 1), cursor.piece + 1, own):
        if not (part.level >= level if open_level else part.level == level):
            continue
        block = part.block(spec, snippets)
        if not full:
            block = block.split("\n", 1)[0]
        name = f"{part.number}. {part.label}" if words[:1].isdigit() and not part.slot.repeats else part.label
        head = f"{'#' * part.level} " if open_level else found[2] + found[3]
        if words and not name.casefold().startswith(words.casefold()) and skeleton(words) not in skeleton(name):
            continue
        tail = _blank_below(spec, point.line) if full else ""
        span = Span(point.line, found.start(2), point.line, len(line))
        yield _section(spec, part, span, _lines(spec, block) + tail, head + name, snippets)


def _is_open(spec: Spec, fill: Fill) -> bool:
    """Whether a heading that fills a slot may still be on its way to another title: `## Supp`, `### Story 2`."""
    if fill.slot.repeats:
        key = spec.pieces[fill.piece].facts.title.key
        return not key[len(fill.slot.stem_key) :].strip(" 0123456789")
    return fill.fault in ("misnamed", "malformed")


def _section(spec: Spec, part: _Part, span: Span, text: str, filtered: str, snippets: bool) -> Completion:
    shown = fenced(part.block(spec, False).split("\n"))
    return Completion(part.label, "section", part.detail, shown, Edit(span, text), snippets, filtered, "")


def _lines(spec: Spec, block: str) -> str:
    """A block of ours with the document's line ends."""
    return block.replace("\n", spec.text.line_end)


def _blank_below(spec: Spec, line: int, but: re.Pattern[str] | None = None) -> str:
    """The line end that sets an insert on `line` off from text right below; empty where that is not needed."""
    if line + 1 >= len(spec.text.lines):
        return ""
    below = spec.text.content(line + 1)
    return spec.text.line_end if below.strip() and not (but and but.match(below)) else ""


# --- items ------------------------------------------------------------------------------------


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
        return f"{_literal(head)}${{1:{_literal(item.text)}}}"
    return _literal(compose.item_text(item))


def _items(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
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
                yield _item(item, span, f"{typed[2]} {_item_text(item, snippets)}", filtered, snippets)


def _item(item: ItemSlot, span: Span, text: str, filtered: str, snippets: bool) -> Completion:
    need = "" if item.need == "required" else "optional "
    detail = f"{need}item" if item.kind == "label" else f"{need}check"
    shown = fenced([f"- {compose.item_text(item)}"])
    return Completion(item.name, "item", detail, shown, Edit(span, text), snippets, filtered, "")


def _labels(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """A labelled block that the section lacks, where its bold label is being typed."""
    line = spec.text.content(point.line)
    typed = _LABEL.fullmatch(line)
    if typed is None or point.offset < typed.start(1) or not isinstance(cursor.block, Paragraph):
        return
    for name, block in _absent_blocks(spec, cursor, point.line, snippets):
        if skeleton(name).startswith(skeleton(typed[1])):
            span = Span(point.line, 0, point.line, len(line))
            text = _lines(spec, block) + _blank_below(spec, point.line)
            filtered = line[: typed.start(1)] + name
            yield Completion(name, "snippet", "labelled list", "", Edit(span, text), snippets, filtered, "")


def _absent_blocks(spec: Spec, cursor: Cursor, line: int, snippets: bool) -> Iterator[tuple[str, str]]:
    """The labelled blocks that the section lacks: name and Markdown."""
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
            yield block.name, "\n".join(compose.block_lines(spec, block, snippets))


# --- blank lines ------------------------------------------------------------------------------


def _blank(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """What the section at a blank line lacks, and behind its text also the sections that belong there."""
    line = spec.text.content(point.line)
    if line.strip():
        return
    span = Span(point.line, 0, point.line, len(line))
    head = line[: point.offset]
    if cursor.fill is not None:
        start = _item_start(spec, cursor)
        tail = _blank_below(spec, point.line, _LIST_OR_HEADING)
        for item in _absent_items(spec, cursor.fill, point.line):
            text = (_literal(start) if snippets else start) + _item_text(item, snippets) + tail
            yield _item(item, span, text, head + item.name, snippets)
    above = spec.text.line_end if point.line and spec.text.content(point.line - 1).strip() else ""
    below = _blank_below(spec, point.line)
    for name, block in _absent_blocks(spec, cursor, point.line, snippets):
        edit = Edit(span, above + _lines(spec, block) + below)
        yield Completion(name, "snippet", "labelled list", "", edit, snippets, head + name, "")
    inside = point.line - spec.base(cursor.piece)
    section = spec.pieces[cursor.piece].section
    if any(block.end_line > inside and says_something(block) for block in section.blocks):
        return
    following = spec.pieces[cursor.piece + 1].section.heading if cursor.piece + 1 < len(spec.pieces) else None
    for part in _parts(spec, cursor.piece, cursor.piece + 1):
        if following is None or following.level <= part.level:
            text = above + _lines(spec, part.block(spec, snippets)) + below
            yield _section(spec, part, span, text, head + part.label, snippets)


def _item_start(spec: Spec, cursor: Cursor) -> str:
    """Indentation and bullet of the section's last list; the document's bullet without one."""
    lists = [block for block in spec.pieces[cursor.piece].section.blocks if isinstance(block, List)]
    if lists:
        return compose.item_start(spec, cursor.piece, lists[-1].items[-1])
    return f"{compose.style_of(spec).bullet} "
