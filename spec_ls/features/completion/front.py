"""Front matter: keys of the template's fields that are not there yet, and values of those that are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from spec_ls import compose
from spec_ls.features import Surroundings
from spec_ls.features.completion.base import Completion, Value, literal
from spec_ls.features.completion.values import values
from spec_ls.outline.blocks import FrontMatter
from spec_ls.outline.metadata import field_key, is_toml
from spec_ls.spec import Spec
from spec_ls.template.model import FieldSlot
from spec_ls.text import Edit, Point, Span
from spec_ls.values import named_in

_LINE = re.compile(r"([^\s:#-][^:#]*+):(?=[ \t]|$)")
_ITEM = re.compile(r"[ \t]*-[ \t]+")
_PART = re.compile(r"[^,\[\]]*")
_REACH = 100
"""How far up (lines) the key of a list may stand."""
_DIRECTIVES = {
    "template": "the template that judges this document",
    "template-version": "the version of its template that it was written after",
}


def front_matter(
    spec: Spec, block: FrontMatter, point: Point, around: Surroundings, snippets: bool
) -> Iterator[Completion]:
    """What may stand at a point of the front matter, its fences aside."""
    line = spec.text.content(point.line)
    if not block.line < point.line < block.end_line - 1:
        return
    if is_toml(spec.text.lines[0]):
        if "=" not in line and not line[point.offset :].strip():
            yield from _keys(spec, block, point, snippets, " = ")
        return
    key = _LINE.match(line)
    item = _ITEM.match(line)
    if item is not None and point.offset >= item.end():
        slot = _slot_above(spec, point.line, block.line)
        if slot is not None:
            yield from _values(spec, slot, item.end(), point, around)
    elif key is not None and point.offset >= key.end():
        slot = _slot(spec, key[1])
        if slot is not None:
            yield from _values(spec, slot, key.end(), point, around)
    elif not line[point.offset :].strip() and not line[:1].isspace():
        yield from _keys(spec, block, point, snippets)


def _slot(spec: Spec, name: str) -> FieldSlot | None:
    key = field_key(name)
    return next((slot for slot in spec.template.fields if key in (slot.key, *slot.aliases)), None)


def _slot_above(spec: Spec, line: int, first: int) -> FieldSlot | None:
    """The field whose list an item belongs to."""
    for number in range(line - 1, max(first, line - _REACH), -1):
        key = _LINE.match(spec.text.content(number))
        if key:
            return _slot(spec, key[1])
    return None


def _values(spec: Spec, slot: FieldSlot, start: int, point: Point, around: Surroundings) -> Iterator[Completion]:
    """The values of a field at a place behind its key; in quotes where YAML would not read them otherwise."""
    line = spec.text.content(point.line)
    first = max([start, *(line.rfind(mark, start, point.offset) + 1 for mark in "[,")])
    last = first + len(_PART.match(line, first)[0])  # type: ignore[index]  # it matches nothing at least
    source = line[first:last]
    begin, end = first + len(source) - len(source.lstrip()), first + len(source.rstrip())
    begin, end = min(begin, point.offset), max(end, point.offset)
    quoted = line[begin : begin + 1] in ('"', "'") and begin < point.offset
    if quoted:
        begin += 1
        end = max(point.offset, end - (end > begin and line[end - 1] == line[begin - 1]))
    others = {
        part.handle.casefold()
        for field in spec.fields.get(slot.key, ())
        for part in named_in(field.entry)
        if part.handle and not part.span.shifted(spec.base(field.piece)).holds(point)
    }
    for one in values(spec, Value(slot, (begin, end), (begin, end)), point, around):
        if one.label.casefold() in others:
            continue
        words = one.edit.new_text.strip()
        blank = " " if begin and line[begin - 1] in ":," and not quoted else ""
        span = Span(point.line, begin, point.line, end)
        yield replace(one, edit=Edit(span, blank + (words if quoted else compose.yaml_scalar(words))))


def _keys(spec: Spec, block: FrontMatter, point: Point, snippets: bool, sign: str = ": ") -> Iterator[Completion]:
    line = spec.text.content(point.line)
    typed, span = line[: point.offset].casefold(), Span(point.line, 0, point.line, len(line))
    lines = [spec.text.content(number) for number in range(block.line + 1, block.end_line - 1) if number != point.line]
    named = [row.partition("=")[0].strip() for row in lines if "=" in row] if sign == " = " else []
    named += [key[1] for row in lines if (key := _LINE.match(row))]
    there = set(map(field_key, named))
    like = next(iter(named), "spec-id")
    carries = not spec.carrier or spec.carrier[0].entry.carrier in ("yaml", "toml")
    absent = [slot for slot in spec.template.fields if slot.name and not there & {slot.key, *slot.aliases}]
    found = [(compose.yaml_key(slot.name, like), " ".join(slot.sample.split()), ("field", slot.key)) for slot in absent]
    directives = [(name, says, ()) for name, says in _DIRECTIVES.items() if field_key(name) not in there]
    for name, detail, about in [*(found if carries else ()), *directives]:
        if name.casefold().startswith(typed.strip()):
            text = f"{literal(name)}{sign}$0" if snippets else f"{name}{sign}"
            yield Completion(name, "field", detail, Edit(span, text), name, about, snippets)
