"""Names that other specs use: their identifiers anywhere, services, flags and tickets where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from spec_ls.catalogue import is_in_code
from spec_ls.features import Surroundings
from spec_ls.features.completion.base import Completion, Value
from spec_ls.outline.shapes import label_of
from spec_ls.spec import Cursor, Spec
from spec_ls.text import Edit, Point, Span
from spec_ls.values import count, word_at

_MOST = 100
"""How many names are proposed at once; more typed letters bring up the others."""
_NUMBER = re.compile(r"[0-9]{1,9}$")


def references(spec: Spec, point: Point, around: Surroundings) -> Iterator[Completion]:
    """The identifiers of other specs that begin as the word at the cursor does, the highest numbers first.

    Two letters, in the case of the identifier, or the whole prefix in any case: ordinary words bring up nothing.
    """
    line = spec.text.content(point.line)
    word = word_at(line, point.offset)
    typed = line[word.start : point.offset] if word else ""
    if word is None or len(typed) < 2:
        return
    span = Span(point.line, word.start, point.line, word.end)
    for card in sorted(around.catalogue.begun(typed), key=lambda card: (-_number(card.id), card.id))[:_MOST]:
        if card.path != around.path:
            detail = " · ".join(filter(None, (card.title, card.status)))
            about, filtered = ("spec", card.id), f"{card.id} {card.title}".strip()
            yield Completion(card.id, "reference", detail, Edit(span, card.id), filtered, about, is_word=True)


def _number(identifier: str) -> int:
    found = _NUMBER.search(identifier)
    return int(found[0]) if found else 0


def tickets(spec: Spec, value: Value, point: Point, around: Surroundings) -> Iterator[Completion]:
    """The tickets that other specs name, in a field that asks for a link and has none yet."""
    line = spec.text.content(point.line)
    begin, end = min(value.outer[0], point.offset), max(value.outer[1], point.offset)
    typed = line[begin : point.offset]
    if line[point.offset : end].strip() or "[" in typed:
        return
    yield from _names(
        around.catalogue.vocabulary("ticket", around.path), typed, Span(point.line, begin, point.line, end), ""
    )


def vocabulary(spec: Spec, cursor: Cursor, point: Point, around: Surroundings) -> Iterator[Completion]:
    """In a labelled item that lists names, those that other specs have there: services, vendors, feature flags."""
    item, fill = cursor.item, cursor.fill
    if item is None or not item.lines or fill is None:
        return
    base = spec.base(cursor.piece)
    facts = spec.pieces[cursor.piece].facts.labels
    wanted = next((fill.slot.items[fact.slot] for fact in facts if fact.span.start_line == item.lines[0].line), None)
    text = next((one for one in item.lines if one.line + base == point.line), None)
    if wanted is None or text is None:
        return
    line = spec.text.content(point.line)
    label = label_of(text.text) if text is item.lines[0] else None
    first = text.start + (label.value if label else 0)
    if point.offset < first:
        return
    mark = "`" if is_in_code(wanted.text) else ""
    begin = max(first, line.rfind(",", 0, point.offset) + 1)
    begin += len(line[begin : point.offset]) - len(line[begin : point.offset].lstrip(" `"))
    end = line.find(",", point.offset)
    end = point.offset + len(line[point.offset : end if end >= 0 else len(line)].rstrip())
    typed = line[begin : point.offset]
    own = spec.field(spec.template.field("id"))
    there = {part.strip(" `").casefold() for part in (line[first:begin] + line[end:]).split(",")}
    there |= {own.entry.value.casefold()} if own else set()
    names = around.catalogue.vocabulary("flag" if mark else wanted.name, around.path)
    if line.count("`", first, begin) % 2:  # in code marks already
        mark = ""
        end = max(point.offset, begin + len(line[begin:end].rstrip("`")))
    kept = {name: number for name, number in names.items() if name.casefold() not in there}
    yield from _names(kept, typed, Span(point.line, begin, point.line, end), mark)


def _names(names: Mapping[str, int], typed: str, span: Span, mark: str) -> Iterator[Completion]:
    """Those that begin as typed, the ones that most specs have first."""
    folded = typed.casefold()
    found = [(name, specs) for name, specs in names.items() if name.casefold().startswith(folded) and name != typed]
    for name, specs in sorted(found, key=lambda one: (-one[1], one[0].casefold()))[:_MOST]:
        edit = Edit(span, f"{mark}{name}{mark}")
        yield Completion(name, "value", f"in {count(specs, 'spec')}", edit, name, listed=True)
