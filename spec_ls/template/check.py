"""Faults of a template file itself: what cannot be understood, or can never be met.

Plain values in and out. `rules` are the names of the rules that a `severity` annotation may name; without
them any name is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from spec_ls.outline import Outline
from spec_ls.outline.blocks import Section
from spec_ls.outline.inline import skeleton
from spec_ls.outline.metadata import field_key, yaml_fault
from spec_ls.template.annotations import (
    KINDS,
    LEVELS,
    STAGES,
    WORDS,
    Annotation,
    Attached,
    condition_of,
    listed,
    moves_of,
    severity_of,
    state_of,
)
from spec_ls.template.model import FieldSlot, SectionSlot, Template
from spec_ls.template.read import attached_annotations, read_template
from spec_ls.text import TOP, Edit, Span, Text

Severity = Literal["error", "warning", "information", "hint"]

_NEAR = 70.0
_DOCUMENT_WORDS = ("off", "template")
"""What a document says to spec-ls: a template that is a document, too, may carry it."""
_CLASHES = (
    ({"optional", "required-when"}, "is optional and required at once"),
    ({"example", "repeat"}, "is an example and a section that repeats"),
    ({"example", "optional"}, "is an example, of which none is asked for anyway"),
    ({"example", "required-when"}, "is an example and required at once"),
    ({"choices", "type"}, "has choices and another kind of value"),
    ({"choices", "today"}, "has choices and is a date at once"),
)


@dataclass(frozen=True, slots=True)
class Mend:
    """Edits of the template that mend a fault."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a template at its place; `rule` is its name, as for findings in documents."""

    rule: str
    span: Span
    message: str
    severity: Severity = "error"
    fixes: tuple[Mend, ...] = ()


def faults(source: str, rules: Collection[str] = ()) -> list[Fault]:
    """What is wrong with a template, in the order of the text. Never raises."""
    text = Text(source)
    lines = [text.content(number) for number in range(len(text.lines))]
    outline = Outline(text)
    flat = [(section, outline.starts[at]) for at, chunk in enumerate(outline.chunks) for section in chunk.sections]
    read = read_template(source, "template")
    placed = attached_annotations(flat, lines, [slot.origin.line for slot in read.fields])
    found = [*_yaml(flat, text), *_headings(flat, read, lines)]
    for one in placed:
        found += _annotation(one, read, rules)
    found += _together(placed)
    return sorted(found, key=lambda fault: (fault.span, fault.rule))


# --- the text -------------------------------------------------------------------------------


def _yaml(flat: Sequence[tuple[Section, int]], text: Text) -> Iterator[Fault]:
    fault = yaml_fault(flat[0][0], text.lines, flat[0][1]) if flat else None
    if fault is not None:
        edits = tuple(Edit(span, quoted) for span, quoted in fault.quotes)
        title = "Put it in quotes" if len(edits) == 1 else "Put these values in quotes"
        yield Fault("malformed-metadata", fault.span, fault.message, fixes=(Mend(title, edits),) if edits else ())


def _headings(flat: Sequence[tuple[Section, int]], read: Template, lines: Sequence[str]) -> Iterator[Fault]:
    if not read.headings:
        span = Span(0, 0, 0, len(lines[0])) if lines else TOP
        message = "The template has no heading: there is no section to ask a document for."
        yield Fault("missing-heading", span, message)
    places = {
        section.heading.line + base: section.heading.text.span.shifted(base)
        for section, base in flat
        if section.heading is not None
    }
    yield from _duplicates(read.sections, places)


def _duplicates(slots: Iterable[SectionSlot], places: dict[int, Span]) -> Iterator[Fault]:
    seen: dict[str, SectionSlot] = {}
    for slot in slots:
        yield from _duplicates(slot.sections, places)
        if slot.repeats or slot.need == "example" or not slot.key:
            continue
        if slot.key in seen and seen[slot.key].level == slot.level:
            line = seen[slot.key].origin.line + 1
            message = f"{slot.title} stands here a second time (first on line {line}); a document can fill only one."
            yield Fault(
                "duplicate-heading",
                places.get(slot.origin.line, Span(slot.origin.line, 0, slot.origin.line, 0)),
                message,
            )
        seen.setdefault(slot.key, slot)


# --- one annotation -------------------------------------------------------------------------


def _annotation(one: Attached, read: Template, rules: Collection[str]) -> Iterator[Fault]:
    note = one.annotation
    word = WORDS.get(note.word)
    if word is None:
        if note.word.split("=")[0].rstrip(":") not in _DOCUMENT_WORDS:
            names = ", ".join(WORDS)
            yield Fault(
                "unknown-annotation",
                note.span,
                f"spec-ls does not know {note.word}; there are {names}.",
                fixes=_renames(note.word, WORDS, note.span),
            )
        return
    if one.place not in word.places:
        yield Fault(
            "misplaced-annotation", note.span, f"{note.word} has no effect here: it speaks of {_places(word.places)}."
        )
        return
    if bool(word.form) != bool(note.argument):
        if word.form:
            yield Fault("malformed-annotation", note.span, f"{note.word} needs more: {note.word} {word.form}")
        else:
            span = Span(note.line, note.span.end, note.line, note.argument_span.end)
            message = f"{note.word} stands alone."
            yield Fault(
                "malformed-annotation", note.argument_span, message, fixes=(Mend("Remove it", (Edit(span, ""),)),)
            )
        return
    yield from _argument(note, read, rules, word.form)


def _argument(note: Annotation, read: Template, rules: Collection[str], form: str) -> Iterator[Fault]:
    span, argument = note.argument_span, note.argument
    malformed = Fault("malformed-annotation", span, f"This is written {note.word} {form}")
    match note.word:
        case "choices":
            values = listed(argument)
            if len(values) < 2:
                yield Fault("single-choice", span, "One value is no choice: name two or more, parted by commas.")
        case "type" if argument not in KINDS:
            message = f"A field holds {', '.join(KINDS[:-1])} or {KINDS[-1]}."
            yield Fault("malformed-annotation", span, message, fixes=_renames(argument, KINDS, span))
        case "alias" if not listed(argument):
            yield malformed
        case "severity":
            yield from _severity(note, rules, malformed)
        case "required-when":
            wanted = condition_of(argument)
            if wanted is None:
                yield malformed
            else:
                yield from _condition(note, wanted, read.fields)
        case "state" | "move":
            yield from _status(note, read, malformed)


def _severity(note: Annotation, rules: Collection[str], malformed: Fault) -> Iterator[Fault]:
    words = note.argument.split()
    if severity_of(note.argument) is None:
        level = words[-1]
        place = _within(note, level, last=True)
        fixes = _renames(level, LEVELS, place) if len(words) == 2 else ()
        message = f"A level is {', '.join(LEVELS[:-1])} or {LEVELS[-1]}." if len(words) == 2 else malformed.message
        yield Fault("malformed-annotation", place if len(words) == 2 else note.argument_span, message, fixes=fixes)
    if rules and words[0] not in rules:
        place = _within(note, words[0])
        yield Fault("unknown-rule", place, f"There is no rule {words[0]}.", fixes=_renames(words[0], rules, place))


def _condition(note: Annotation, wanted: tuple[str, tuple[str, ...]], fields: Sequence[FieldSlot]) -> Iterator[Fault]:
    name, values = wanted
    slot = next((slot for slot in fields if field_key(name) in (slot.key, *slot.aliases)), None)
    if slot is None:
        place = _within(note, name)
        names = [slot.name for slot in fields]
        message = f"The template has no field {name}" + (f"; it has {', '.join(names)}." if names else ".")
        yield Fault("unknown-field", place, message, fixes=_renames(name, names, place))
        return
    known = {skeleton(value) for value in slot.values}
    for value in values if slot.values else ():
        if skeleton(value) not in known:
            place = _within(note, value, last=True)
            message = f"{slot.name} is never {value}; it is {_either(slot.values)}."
            yield Fault("unknown-value", place, message, fixes=_renames(value, slot.values, place))


def _status(note: Annotation, read: Template, malformed: Fault) -> Iterator[Fault]:
    status = read.status
    if status is None:
        message = "The template has no status to choose from: no field Status, State or Stage with two or more values."
        yield Fault("unknown-state", note.span, message)
        return
    if note.word == "state":
        found = state_of(note.argument)
        if found is None:
            opened = note.argument.partition("(")[2].partition(")")[0]
            place = _within(note, opened) if opened else note.argument_span
            message = f"A stage is {_either(STAGES)}." if opened else malformed.message
            yield Fault("malformed-annotation", place, message, fixes=_renames(opened, STAGES, place) if opened else ())
        name = found[0] if found else note.argument.partition("(")[0].strip()
        names = [name] if name else []
    else:
        steps = moves_of(note.argument)
        if len(steps) < 2 or not all(steps):
            yield malformed
            return
        names = [name for step in steps for name in step]
        for name in [name for step in steps[1:] for name in step if name == "any"]:
            yield Fault(
                "malformed-annotation", _within(note, name, last=True), "any stands on the left: from any status."
            )
        names = [name for name in names if name != "any"]
    known = {value.casefold() for value in status.values}
    for name in dict.fromkeys(names):
        if name.casefold() not in known:
            place = _within(note, name)
            message = f"{status.name} is never {name}; it is {_either(status.values)}."
            yield Fault("unknown-state", place, message, fixes=_renames(name, status.values, place))


# --- several --------------------------------------------------------------------------------


def _together(placed: Sequence[Attached]) -> Iterator[Fault]:
    """Annotations of one thing that say twice the same, or what cannot be at once."""
    groups: dict[tuple[str, int], list[Attached]] = {}
    for one in placed:
        word = WORDS.get(one.annotation.word)
        if word is not None and one.place in word.places:
            groups.setdefault((one.place, one.line), []).append(one)
    for (place, _), group in groups.items():
        words: dict[str, Annotation] = {}
        for one in group:
            note = one.annotation
            single = place != "template" or note.word == "template-version"
            if single and note.word in words:
                message = f"{note.word} stands here already, on line {words[note.word].line + 1}."
                yield Fault("contradictory-annotation", note.span, message)
                continue
            for clash, message in _CLASHES:
                if note.word in clash and any(other in words for other in clash - {note.word}):
                    if clash == {"choices", "type"} and "text" in (note.argument, words.get("type", note).argument):
                        continue
                    yield Fault("contradictory-annotation", note.span, f"This {message}.")
            words[note.word] = note
    yield from _severities(placed)


def _severities(placed: Sequence[Attached]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for one in placed:
        pair = severity_of(one.annotation.argument) if one.annotation.word == "severity" else None
        if pair is not None:
            if seen.get(pair[0], pair[1]) != pair[1]:
                message = f"{pair[0]} already weighs {seen[pair[0]]}."
                yield Fault("contradictory-annotation", one.annotation.span, message)
            seen.setdefault(*pair)


# --- words ----------------------------------------------------------------------------------


def _within(note: Annotation, part: str, *, last: bool = False) -> Span:
    """Where a part of the argument stands."""
    at = note.argument.rfind(part) if last else note.argument.find(part)
    if at < 0 or not part:
        return note.argument_span
    start = note.argument_span.start + at
    return Span(note.line, start, note.line, start + len(part))


def _renames(word: str, names: Iterable[str], span: Span) -> tuple[Mend, ...]:
    """The nearest of the names in place of `word`; none where nothing is near."""
    from rapidfuzz.fuzz import ratio

    scored = sorted(((ratio(word.casefold(), name.casefold()), name) for name in names), key=lambda pair: -pair[0])
    if not scored or scored[0][0] < _NEAR:
        return ()
    return (Mend(f"Change to {scored[0][1]}", (Edit(span, scored[0][1]),)),)


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _places(places: Sequence[str]) -> str:
    known = {"template": "the template as a whole", "heading": "a heading", "field": "a field", "item": "a list item"}
    return _either([known[place] for place in places])
