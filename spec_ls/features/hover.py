"""What the template, the calendar and the team know about the word under the cursor."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from spec_ls import describe
from spec_ls.bind import Fill, family
from spec_ls.catalogue import Catalogue
from spec_ls.features import Person, Surroundings
from spec_ls.lifecycle import ProblemsAt, obstacles, progress, steps
from spec_ls.markup import code, escape, quote
from spec_ls.outline.blocks import Block, Comment, FrontMatter, List, Paragraph, Table
from spec_ls.outline.inline import skeleton
from spec_ls.outline.shapes import joined
from spec_ls.rules import CATALOGUE, rule
from spec_ls.rules.base import Problem
from spec_ls.rules.pages import remedy, summary
from spec_ls.spec import Cursor, Field, Place, Spec
from spec_ls.template.model import FieldSlot, SectionSlot, State
from spec_ls.text import Point, Span
from spec_ls.values import count, distance, mentions, word_at

_DATE = re.compile(r"(?<![\w-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])")
_DIRECTIVE = re.compile(r"(?<![\w-])([a-z][a-z-]*+)")
_DIRECTIVES = {
    "template": "Names the template that judges this document, whatever the configuration binds it to.",
    "template-version": "The version of its template that this document was written after; that one judges it.",
    "off": "This document is no spec; nothing is said of it.",
    "allow": "Lets stand what these rules report: here, or with `in file` behind it in the whole document.",
}
_SHOWN_PROBLEMS = 5
_SHOWN_RULES = 3
_SHOWN_CARDS = 3


@dataclass(frozen=True, slots=True)
class Hover:
    """What is to be said, as Markdown, about the text that `span` covers."""

    markdown: str
    span: Span


def hover(spec: Spec, point: Point, around: Surroundings, problems_at: ProblemsAt | None = None) -> Hover | None:
    """What is known of the text at `point`; None where there is nothing to say.

    `problems_at` tells what would be wrong at a stage of the lifecycle; without it the hover on the
    status leaves out what the next one demands. Never raises on any text.
    """
    if point.line >= len(spec.text.lines):
        return None
    told = _on_text(spec, point, around, problems_at)
    if problems_at is None:
        return told
    found = _problems(problems_at(spec.stage), point)
    parts = [told.markdown if told else "", *_on_rules(found)]
    return _hover(parts, told.span if told else found[0].span) if told or found else None


def _on_text(spec: Spec, point: Point, around: Surroundings, problems_at: ProblemsAt | None) -> Hover | None:
    cursor = spec.at(point)
    directive = _on_directive(spec, cursor, point)
    if directive is not None:
        return directive
    if cursor.field is not None:
        return _on_field(spec, cursor.field, point, around, problems_at)
    if cursor.heading is not None:
        return _on_word(spec, point, around) or _on_heading(spec, cursor, problems_at)
    if not _is_text(cursor.block, point.line - spec.base(cursor.piece)):
        return None
    return _on_word(spec, point, around) or _on_item(spec, cursor, point)


def _hover(parts: Iterable[str], span: Span) -> Hover | None:
    said = describe.paragraphs(*parts)
    return Hover(said, span) if said else None


# --- rules and directives ---------------------------------------------------------------------


def _problems(problems: Sequence[Problem], point: Point) -> list[Problem]:
    """Those of all problems, which stand in the order of the text, that are at a point."""
    behind = bisect_right(problems, point, key=lambda problem: problem.span.first)
    return [problem for problem in problems[:behind] if problem.span[2:] >= point]


def _on_rules(found: Iterable[Problem]) -> Iterator[str]:
    """Why the findings under the cursor are reported, and what to do: their messages the editor shows by itself."""
    for name in list(dict.fromkeys(problem.rule for problem in found))[:_SHOWN_RULES]:
        yield _about_rule(name)


def _about_rule(name: str) -> str:
    return f"{code(name)} · {summary(rule(name))}. {remedy(rule(name))}".rstrip()


def _on_directive(spec: Spec, cursor: Cursor, point: Point) -> Hover | None:
    """What a word of the document to spec-ls says: in a comment, or a key of the front matter."""
    line = spec.text.content(point.line)
    if isinstance(cursor.block, FrontMatter):
        words = _DIRECTIVE.match(line)
    elif isinstance(cursor.block, Comment) and cursor.block.text.lstrip().startswith("spec-ls:"):
        words = next((word for word in _DIRECTIVE.finditer(line) if word.start(1) <= point.offset <= word.end(1)), None)
    else:
        return None
    if words is None or not words.start(1) <= point.offset <= words.end(1):
        return None
    span = Span(point.line, words.start(1), point.line, words.end(1))
    if words[1] in _DIRECTIVES:
        return Hover(f"{code(words[1])} · {_DIRECTIVES[words[1]]}", span)
    return Hover(_about_rule(words[1]), span) if any(one.name == words[1] for one in CATALOGUE) else None


# --- metadata ---------------------------------------------------------------------------------


def _on_field(
    spec: Spec, field: Field, point: Point, around: Surroundings, problems_at: ProblemsAt | None
) -> Hover | None:
    value = spec.span(Place(field.piece, field.entry.value_span))
    whole = spec.span(Place(field.piece, field.entry.whole))
    key = spec.span(Place(field.piece, field.entry.key_span))
    slot = field.slot
    if key.holds(point):
        if slot is None:
            return None
        return _hover([*_on_status(spec, slot, problems_at), describe.field(slot)], key)
    if not whole.holds(point):
        return None
    word = _on_word(spec, point, around)
    if slot is None:
        return word
    if word is not None:
        return _hover([word.markdown, describe.field(slot)], word.span)
    return _hover([*_on_status(spec, slot, problems_at), describe.field(slot)], value if value.holds(point) else whole)


def _on_status(spec: Spec, slot: FieldSlot, problems_at: ProblemsAt | None) -> Iterator[str]:
    """What the status means, what may follow, and what the next one demands; nothing for another field."""
    state = spec.state
    if slot.key != spec.template.status_key or state is None:
        return
    yield describe.state(state)
    yield describe.past(spec)
    if problems_at is None:
        return
    for step in steps(spec):
        yield _demands(step.state, obstacles(spec, step.state, problems_at))


def _demands(state: State, faults: list[Problem]) -> str:
    name = f"**{escape(state.name)}**"
    if not faults:
        return f"Nothing stands in the way of {name}."
    lines = [f"{name} asks for {count(len(faults), 'more thing')}:", ""]
    lines += [f"- {escape(problem.message)}" for problem in faults[:_SHOWN_PROBLEMS]]
    if len(faults) > _SHOWN_PROBLEMS:
        lines.append(f"- … and {len(faults) - _SHOWN_PROBLEMS} more")
    return "\n".join(lines)


# --- dates and handles ------------------------------------------------------------------------


def _is_text(block: Block | None, line: int) -> bool:
    """Whether a line (counted as the block's) is the author's own text, not code, a quote or a comment."""
    if isinstance(block, List):
        for item in block.items:
            if item.line <= line < item.end_line:
                inner = next((inner for inner in item.blocks if inner.line <= line < inner.end_line), None)
                return inner is None or _is_text(inner, line)
        return False
    return isinstance(block, Paragraph | Table)


def _on_word(spec: Spec, point: Point, around: Surroundings) -> Hover | None:
    """A date's weekday and distance, where a handle is known from, or the card of a spec."""
    line = spec.text.content(point.line)
    for found in _DATE.finditer(line):
        if found.start() <= point.offset <= found.end():
            said = _on_date(found[0], around.today)
            return Hover(said, Span(point.line, found.start(), point.line, found.end())) if said else None
    for mention in mentions(line):
        if mention.start <= point.offset <= mention.end:
            span = Span(point.line, mention.start, point.line, mention.end)
            return Hover(_on_handle(spec, mention.words, around.people, around.catalogue), span)
    word = word_at(line, point.offset)
    said = "\n\n".join(_on_identifier(spec, word.words, around.catalogue)) if word else ""
    return Hover(said, Span(point.line, word.start, point.line, word.end)) if word and said else None


def _on_date(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return f"**{day:%A}**, {day.day} {day:%B} {day.year} · {distance((day - today).days)}"


def _on_handle(spec: Spec, handle: str, people: Iterable[Person], catalogue: Catalogue) -> str:
    name = handle.casefold()
    sources = list(dict.fromkeys(person.source for person in people if person.handle.casefold() == name))
    roles = [
        field.entry.name
        for field in spec.carrier
        if field.slot
        and field.slot.kind in ("handle", "handles")
        and any(mention.words.casefold() == name for mention in mentions(field.entry.value))
    ]
    cards = {found.card.path: found.card for found in catalogue.mentions(handle, "handle")}
    said = [code(handle)]
    if roles:
        said.append(", ".join(map(escape, roles)) + " of this spec")
    if sources:
        said.append("known from " + ", ".join(map(escape, sources)))
    elif not roles and len(cards) < 2:
        said.append("known from this spec alone")
    if len(cards) > 1:
        owned = sum(card.owner.casefold() == name for card in cards.values())
        approved = sum(name in map(str.casefold, card.approvers) for card in cards.values())
        parts = [f"owner of {owned}"] * bool(owned) + [f"approver of {approved}"] * bool(approved)
        said.append(f"in {count(len(cards), 'spec')}" + (f": {', '.join(parts)}" if parts else ""))
    return " · ".join(said)


def _on_identifier(spec: Spec, name: str, catalogue: Catalogue) -> Iterator[str]:
    """The cards of the specs of this identifier; of the document's own, who refers to it."""
    field = spec.field(spec.template.field("id"))
    if field is not None and field.entry.value.casefold() == name.casefold():
        others = {found.card.path for found in catalogue.mentions(name, "id") if found.mention.role != "definition"}
        if others:
            yield f"{code(name)} · named in {count(len(others), 'spec')}"
        return
    cards = catalogue.by_id(name)
    for card in cards[:_SHOWN_CARDS]:
        yield describe.card(card)
    if len(cards) > 1:
        yield f"{len(cards)} specs have this identifier."


# --- sections ---------------------------------------------------------------------------------


def _on_heading(spec: Spec, cursor: Cursor, problems_at: ProblemsAt | None) -> Hover | None:
    span = spec.span(spec.heading_place(cursor.piece))
    if cursor.piece == spec.binding.title:
        title = spec.template.title
        sample = f"; the template has {code(title)}" if title else ""
        filled = f"{progress(spec, problems_at(spec.stage))}." if problems_at else ""
        return _hover([f"**The title of the spec**{sample}", filled], span)
    fill = cursor.fill
    if fill is None or fill.piece != cursor.piece:
        return None
    return _hover(_on_section(spec, fill, problems_at(spec.stage) if problems_at else ()), span)


def _on_section(spec: Spec, fill: Fill, problems: Iterable[Problem]) -> Iterator[str]:
    yield describe.section(fill.slot, spec.needs(fill.slot))
    yield "\n".join(_state_of(spec, fill, fill.slot, problems))


def _state_of(spec: Spec, fill: Fill, slot: SectionSlot, problems: Iterable[Problem]) -> Iterator[str]:
    """How far the section is filled in, a list item each."""
    wanted = {at: item for at, item in enumerate(slot.items) if item.kind != "sample"}
    if wanted:
        facts = [facts for _, facts in spec.fill_facts(fill)]
        there = {fact.slot for one in facts for fact in one.labels}
        there |= {fact.slot for one in facts for fact in one.checks}
        yield _present("item", [item.name for at, item in wanted.items() if at not in there], len(wanted))
    lower = [child for child in slot.sections if not child.repeats and spec.needs(child)]
    if lower:
        found = {child.slot.index for child in fill.children}
        yield _present("subsection", [child.title for child in lower if child.index not in found], len(lower))
    stories = [child for child in fill.children if child.slot.repeats]
    for child in slot.sections:
        if child.repeats:
            there_are = sum(story.slot.index == child.index for story in stories)
            yield f"- {escape(child.stem)}: {there_are} there"
    pieces = [at for one in family(fill) for at in one.pieces]
    samples = sum(one.rule == "sample-text" and one.finding.place.piece in pieces for one in problems)
    if samples:
        yield f"- {count(samples, 'sample')} left"
    boxes = [box.ticked for at in pieces for box in spec.boxes(at)]
    if boxes:
        yield f"- {sum(boxes)} of {len(boxes)} box{'' if len(boxes) == 1 else 'es'} ticked"


def _present(noun: str, missing: Sequence[str], total: int) -> str:
    said = f"- {total - len(missing)} of {count(total, noun)} there"
    return said + (f"; missing: {', '.join(map(escape, missing))}" if missing else "")


# --- items ------------------------------------------------------------------------------------


def _on_item(spec: Spec, cursor: Cursor, point: Point) -> Hover | None:
    """The template's text for a labelled item, a fixed one, a sample or a labelled block."""
    if cursor.fill is None:
        return None
    line = point.line - spec.base(cursor.piece)
    first = cursor.item.line if cursor.item else line
    facts = spec.pieces[cursor.piece].facts
    slot = cursor.fill.slot
    here = [*((fact.slot, fact.span) for fact in facts.labels), *((fact.slot, fact.span) for fact in facts.checks)]
    for at, span in here:
        if first <= span.start_line <= line:
            return _hover([describe.item(slot.items[at])], spec.span(Place(cursor.piece, span)))
    for block in facts.criteria:
        if block.span.start_line == line:
            return _hover(
                [describe.block(slot.blocks[block.slot], spec.template)], spec.span(Place(cursor.piece, block.span))
            )
    return _on_sample(spec, cursor, slot)


def _on_sample(spec: Spec, cursor: Cursor, slot: SectionSlot) -> Hover | None:
    item = cursor.item
    if item is None or not item.lines:
        return None
    words = skeleton(joined(item.lines))
    for sample in (*slot.items, *(sample for block in slot.blocks for sample in block.items)):
        name = skeleton(sample.name)
        if sample.kind == "sample" and name and words.startswith(name):
            span = Span(item.lines[0].line, item.lines[0].start, item.lines[-1].line, item.lines[-1].end)
            return _hover(["The template has:", quote(sample.text)], spec.span(Place(cursor.piece, span)))
    return None
