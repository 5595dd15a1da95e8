"""Values of the template's metadata fields: statuses and other choices, dates, identifiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from spec_ls.features import Surroundings
from spec_ls.features.completion.base import About, Completion, CompletionKind, Value, cells, padding
from spec_ls.features.completion.people import handles_in
from spec_ls.features.completion.words import tickets
from spec_ls.outline.shapes import unwrap
from spec_ls.spec import Cursor, Field, Spec
from spec_ls.template.model import FieldSlot, State
from spec_ls.text import Edit, Point, Span
from spec_ls.values import identifier, last_number


def value_at(spec: Spec, cursor: Cursor, point: Point) -> Value | None:
    """The value of the template's field that the cursor is in; None in its key and elsewhere."""
    field = cursor.field
    if field is None or field.slot is None:
        return None
    line = spec.text.content(point.line)
    if field.entry.carrier == "table":
        found = cells(line)
        at = next((at for at, (start, end) in enumerate(found) if start <= point.offset <= end), -1)
        if at != 1:
            return None
        start, end = found[1]
    elif field.entry.carrier in ("html", "columns", "toml", "terms") or _has_more(spec, field, line):
        base = spec.base(field.piece)
        spans = [span.shifted(base) for _, span in field.entry.parts]
        span = next((span for span in spans if span.start_line == span.end_line and span.holds(point)), None)
        if span is None:
            return None
        start, end = span.start, span.end
    else:
        start, end = min(field.entry.whole.start, len(line)), len(line)
        if point.offset < start:
            return None
    source = line[start:end]
    if not source.strip():
        return Value(field.slot, (point.offset, point.offset), (point.offset, point.offset))
    first, last = unwrap(source)
    outer = start + len(source) - len(source.lstrip()), start + len(source.rstrip())
    return Value(field.slot, (start + first, start + last), outer)


def _has_more(spec: Spec, field: Field, line: str) -> bool:
    """Whether the value stands below its key, or another field behind it on the line."""
    entry = field.entry
    if entry.carrier in ("list", "lines") and entry.whole.start_line > entry.line:
        return True
    return entry.carrier == "lines" and entry.whole.end < len(line.rstrip().removesuffix("\\").rstrip())


def values(spec: Spec, value: Value, point: Point, around: Surroundings) -> Iterator[Completion]:
    """What the field takes; empty for free text."""
    match value.slot.kind:
        case "choice":
            states = value.slot.key == spec.template.status_key
            choices = _states(spec) if states else [_Choice(name) for name in value.slot.values]
            yield from _whole_value(spec, value, point, "value", choices)
        case "date":
            yield from _whole_value(spec, value, point, "date", _dates(around.today))
        case "id":
            yield from _whole_value(spec, value, point, "reference", [_free_id(value.slot, around.ids)])
        case "handle" | "handles":
            yield from handles_in(spec, value, point, around)
        case "link":
            yield from tickets(spec, value, point, around)


class _Choice(NamedTuple):
    name: str
    detail: str = ""
    about: About = ()


def _whole_value(
    spec: Spec, value: Value, point: Point, kind: CompletionKind, choices: Sequence[_Choice]
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
        len(one.name) > len(typed) and one.name.casefold().startswith(typed) for one in choices
    )
    before, after = ("", "") if there else padding(line, point.offset)
    for name, detail, about in choices:
        edit = Edit(Span(point.line, start, point.line, end), before + name + after)
        yield Completion(name, kind, detail, edit, name if narrows or not there else there, about)


def _states(spec: Spec) -> list[_Choice]:
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
    return [
        _Choice(state.name, said + (state.meaning or _position(states, state)), ("state", state.name))
        for state, said in ordered
    ]


def _position(states: Sequence[State], state: State) -> str:
    """What the place of a status in the template says of it."""
    ahead = [one.name for one in states if one.stage != "parked"]
    if state.name not in ahead:
        return "set aside"
    at = ahead.index(state.name)
    said = f"step {at + 1} of {len(ahead)}"
    return f"{said}, after {ahead[at - 1]}" if at else said


def _dates(today: date) -> list[_Choice]:
    """ISO dates with what they are in words; those behind the calendar's end are left out."""
    said: dict[date, list[str]] = {}
    for weeks, words in ((0, "today"), (1, "in one week"), (2, "in two weeks"), (4, "in four weeks")):
        if today.toordinal() + 7 * weeks <= date.max.toordinal():
            said.setdefault(today + timedelta(weeks=weeks), []).append(words)
    last_month = (today.month + 2) // 3 * 3
    last = date(today.year, last_month, 31 if last_month in (3, 12) else 30)
    said.setdefault(last, []).append("end of the quarter")
    return [_Choice(day.isoformat(), f"{', '.join(words)}, {day:%A}") for day, words in said.items()]


def _free_id(slot: FieldSlot, ids: Iterable[str]) -> _Choice:
    """The identifier behind the highest one known."""
    last = last_number(slot.prefix, ids)
    detail = f"the next free one after {identifier(slot.prefix, last, slot.digits)}" if last else "the first one"
    return _Choice(identifier(slot.prefix, last + 1, slot.digits), detail)
