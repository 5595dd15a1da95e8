"""Metadata fields that are not there yet, as rows in the carrier's style."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from spec_ls import compose
from spec_ls.features.completion.base import LIST_OR_HEADING, Completion, blank_below, cells, literal
from spec_ls.outline.blocks import Table
from spec_ls.outline.parse import split_cells
from spec_ls.spec import Cursor, Field, Spec
from spec_ls.template.model import FieldSlot
from spec_ls.text import Edit, Point, Span

_KEY = re.compile(r"([ \t]*(?:[-+*](?:[ \t]+|$))?(?:\*\*|__)?)([^*_:|]*)(?:\*\*|__)?")
_HOLE = "\ue000"


def rows(spec: Spec, cursor: Cursor, point: Point, snippets: bool) -> Iterator[Completion]:
    """The fields not yet there as whole rows in the carrier's style, in it or on the blank line right below."""
    absent = [slot for slot in spec.template.fields if slot.name and slot.key not in spec.fields]
    if not absent or not spec.carrier or (cursor.field is not None and cursor.field.slot is not None):
        return
    neighbour = _neighbour(spec, point.line)
    if neighbour is None or neighbour.entry.carrier in ("columns", "html", "terms"):
        return
    line = spec.text.content(point.line)
    if not line.strip():
        if point.line and _carries(spec, point.line - 1):
            tail = blank_below(spec, point.line, LIST_OR_HEADING if neighbour.entry.carrier == "list" else None)
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
    first, *others = cells(line)
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
            yield Completion(slot.name, "field", _of(slot), Edit(span, name), head + slot.name, ("field", slot.key))
        else:
            span = Span(point.line, start, point.line, len(line))
            row = _row(spec, slot, neighbour, snippets)
            yield _key(slot, span, row, line[start : typed.start(2)], snippets)


def _key_like(spec: Spec, slot: FieldSlot, neighbour: Field) -> str:
    """The field's name with the marks that the neighbour's has."""
    line = spec.text.content(_line_of(spec, neighbour))
    start, end = cells(line)[0]
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
        and not any(other is not field and _line_of(spec, other) == _line_of(spec, field) for other in spec.carrier)
        and (field.entry.carrier != "table" or len(split_cells(spec.text.content(_line_of(spec, field)), 0)) > 1)
    ]
    return next((field for field in whole if field.slot), whole[0] if whole else None)


def _row(spec: Spec, slot: FieldSlot, neighbour: Field, snippets: bool) -> str:
    row = compose.field_line(spec, slot, neighbour, "")
    if not snippets:
        return row
    at = compose.field_line(spec, slot, neighbour, _HOLE).find(_HOLE)
    return literal(row) if at < 0 else f"{literal(row[:at])}$0{literal(row[at:])}"


def _key(slot: FieldSlot, span: Span, row: str, head: str, snippets: bool) -> Completion:
    return Completion(slot.name, "field", _of(slot), Edit(span, row), head + slot.name, ("field", slot.key), snippets)


def _of(slot: FieldSlot) -> str:
    return " ".join(slot.sample.split())
