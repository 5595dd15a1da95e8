"""What the template, the calendar and the team know about the word under the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from spec_ls.bind import Fill, family
from spec_ls.features import Surroundings
from spec_ls.lifecycle import ProblemsAt, obstacles, steps
from spec_ls.outline.blocks import Block, Heading, List, Paragraph, Table
from spec_ls.outline.inline import skeleton
from spec_ls.outline.shapes import joined
from spec_ls.rules.base import Problem
from spec_ls.spec import Cursor, Field, Place, Spec
from spec_ls.template.model import BlockSlot, FieldSlot, ItemSlot, SectionSlot, State
from spec_ls.text import Point, Span
from spec_ls.values import count, distance, mentions

_DATE = re.compile(r"(?<![\w-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])")
_MARKS = re.compile(r"[\\`*_\[\]<>()#|~!@:.+=-]|&(?=#?\w+;)")
_SHOWN_PROBLEMS = 5
_SHOWN_LETTERS = 400


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
    cursor = spec.at(point)
    if cursor.field is not None:
        return _on_field(spec, cursor.field, point, around, problems_at)
    if cursor.heading is not None:
        return _on_heading(spec, cursor, cursor.heading)
    if not _is_text(cursor.block, point.line - spec.base(cursor.piece)):
        return None
    word = _on_word(spec, point, around)
    if word is not None:
        return word
    return _on_item(spec, cursor, point)


# --- words of the document in Markdown of ours ------------------------------------------------


def _escape(text: str) -> str:
    """`text` on one line, so that nothing in it is markup, a link or an entity (CommonMark, "Backslash escapes")."""
    text = " ".join(text.split())
    if len(text) > _SHOWN_LETTERS:
        text = text[:_SHOWN_LETTERS] + "…"
    return _MARKS.sub(lambda found: "\\" + found[0] if _is_live(text, found) else found[0], text)


def _is_live(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark could mean something where it stands: sentence marks inside a text are left in peace."""
    at = mark.start()
    if mark[0] == ".":  # `1.` begins a list as `1)` does, `www.` a link
        return text[:at].isdigit() or text[max(0, at - 3) : at].casefold() == "www"
    if mark[0] == ":":  # `https://` begins a link
        return text.startswith("//", at + 1)
    if mark[0] == "!":
        return text.startswith("[", at + 1)
    if mark[0] in "()":
        return text[:at].isdigit() or text[max(0, at - 1) : at] == "]"
    if mark[0] in "#+=-":
        return at == 0 or mark[0] == "#" or not text[:at].strip("=-")
    return True


def _code(text: str) -> str:
    """`text` as a code span; empty for an empty text."""
    text = " ".join(text.split())
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * (longest + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{marks}{pad}{text}{pad}{marks}"


def _fenced(lines: Sequence[str]) -> str:
    """Lines of the template as a fenced block that nothing in them closes."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    marks = "`" * max(3, longest + 1)
    return "\n".join([f"{marks}markdown", *lines, marks])


def _quote(text: str) -> str:
    return f"> {_escape(text)}"


def _hover(parts: Iterable[str], span: Span) -> Hover | None:
    said = "\n\n".join(part for part in parts if part)
    return Hover(said, span) if said else None


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
        return _hover([*_on_status(spec, slot, problems_at), _expected(slot)], key)
    if not whole.holds(point):
        return None
    word = _on_word(spec, point, around)
    if slot is None:
        return word
    if word is not None:
        return _hover([word.markdown, _expected(slot)], word.span)
    return _hover([*_on_status(spec, slot, problems_at), _expected(slot)], value if value.holds(point) else whole)


def _expected(slot: FieldSlot) -> str:
    """What kind of value the field takes, with the template's sample."""
    sample = _code(slot.sample)
    such = f", such as {sample}" if sample else ""
    match slot.kind:
        case "choice":
            kind = "one of " + ", ".join(map(_code, slot.values))
        case "date":
            kind = "a calendar date, `YYYY-MM-DD`"
        case "handle":
            kind = f"one handle{such}"
        case "handles":
            kind = f"handles with commas between{such}"
        case "id":
            kind = f"{_code(slot.prefix)} and at least {slot.digits} digits{such}"
        case "link":
            kind = f"a link or the key of a ticket{such}"
        case _:
            kind = f"text{such}"
    need = "" if slot.need == "required" else " (optional)"
    return f"**{_escape(slot.name)}**{need}: {kind}"


def _on_status(spec: Spec, slot: FieldSlot, problems_at: ProblemsAt | None) -> Iterator[str]:
    """What the status means, what may follow, and what the next one demands; nothing for another field."""
    state = spec.state
    if slot.key != spec.template.status_key or state is None:
        return
    yield f"**{_escape(state.name)}**" + (f" · {_escape(state.meaning)}" if state.meaning else "")
    if state.moves:
        yield "May follow: " + ", ".join(f"**{_escape(name)}**" for name in state.moves) + "."
    if problems_at is None:
        return
    for step in steps(spec):
        yield _demands(step.state, obstacles(spec, step.state, problems_at))


def _demands(state: State, faults: list[Problem]) -> str:
    name = f"**{_escape(state.name)}**"
    if not faults:
        return f"Nothing stands in the way of {name}."
    lines = [f"{name} asks for {count(len(faults), 'more thing')}:", ""]
    lines += [f"- {_escape(problem.message)}" for problem in faults[:_SHOWN_PROBLEMS]]
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
    """A date's weekday and distance, or where a handle is known from."""
    line = spec.text.content(point.line)
    for found in _DATE.finditer(line):
        if found.start() <= point.offset <= found.end():
            said = _on_date(found[0], around.today)
            return Hover(said, Span(point.line, found.start(), point.line, found.end())) if said else None
    for mention in mentions(line):
        if mention.start <= point.offset <= mention.end:
            span = Span(point.line, mention.start, point.line, mention.end)
            return Hover(_on_handle(spec, mention.words, around), span)
    return None


def _on_date(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return f"**{day:%A}**, {day.day} {day:%B} {day.year} · {distance((day - today).days)}"


def _on_handle(spec: Spec, handle: str, around: Surroundings) -> str:
    name = handle.casefold()
    sources = list(dict.fromkeys(person.source for person in around.people if person.handle.casefold() == name))
    roles = [
        field.entry.name
        for field in spec.carrier
        if field.slot
        and field.slot.kind in ("handle", "handles")
        and any(mention.words.casefold() == name for mention in mentions(field.entry.value))
    ]
    said = _code(handle)
    if roles:
        said += " · " + ", ".join(_escape(role) for role in roles) + " of this spec"
    if sources:
        return said + " · known from " + ", ".join(_escape(source) for source in sources)
    return said + ("" if roles else " · known from this spec alone")


# --- sections ---------------------------------------------------------------------------------


def _on_heading(spec: Spec, cursor: Cursor, heading: Heading) -> Hover | None:
    span = spec.span(spec.heading_place(cursor.piece))
    if cursor.piece == spec.binding.title:
        title = spec.template.title
        return _hover([f"**The title of the spec**; the template has {_code(title)}" if title else ""], span)
    fill = cursor.fill
    if fill is None or fill.piece != cursor.piece:
        return None
    return _hover(_on_section(spec, fill), span)


def _on_section(spec: Spec, fill: Fill) -> Iterator[str]:
    slot = fill.slot
    if slot.repeats:
        yield f"**{_escape(slot.stem)}** · as many as the spec needs"
        yield _quote(slot.heading)
    else:
        yield f"**{_escape(slot.title)}** · {'required' if spec.needs(slot) else 'optional'}"
    for note in slot.guidance:
        yield _quote(note.text)
    body = [line for line in slot.own[1:] if line.strip()]
    if body and not slot.guidance:
        yield _fenced(body)
    yield "\n".join(_state_of(spec, fill, slot))


def _state_of(spec: Spec, fill: Fill, slot: SectionSlot) -> Iterator[str]:
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
            count = sum(story.slot.index == child.index for story in stories)
            yield f"- {_escape(child.stem)}: {count} there"
    boxes = [box.ticked for one in family(fill) for at in one.pieces for box in spec.boxes(at)]
    if boxes:
        yield f"- {sum(boxes)} of {len(boxes)} box{'' if len(boxes) == 1 else 'es'} ticked"


def _present(noun: str, missing: Sequence[str], total: int) -> str:
    said = f"- {total - len(missing)} of {count(total, noun)} there"
    return said + (f"; missing: {', '.join(map(_escape, missing))}" if missing else "")


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
            return _hover(_told(slot.items[at]), spec.span(Place(cursor.piece, span)))
    for block in facts.criteria:
        if block.span.start_line == line:
            return _hover(_block(spec, slot.blocks[block.slot]), spec.span(Place(cursor.piece, block.span)))
    return _on_sample(spec, cursor, slot)


def _told(item: ItemSlot) -> Iterator[str]:
    need = "" if item.need == "required" else " (optional)"
    if item.kind == "label":
        yield f"**{_escape(item.name)}**{need}"
        if item.text:
            yield _quote(item.text)
        if item.keep:
            yield "The template's words may stay."
    else:
        yield f"**{_escape(item.name)}**{need} · stays in every spec; tick it when it is so"


def _block(spec: Spec, block: BlockSlot) -> Iterator[str]:
    yield f"**{_escape(block.name)}**"
    demanded = [item.name for item in block.items if item.demanded]
    if demanded:
        yield "One of them must say: " + ", ".join(map(_escape, demanded)) + "."
    last = max((item.origin.end_line for item in block.items), default=block.origin.end_line)
    yield _fenced([line for line in spec.template.source.splitlines()[block.origin.line : last] if line.strip()])


def _on_sample(spec: Spec, cursor: Cursor, slot: SectionSlot) -> Hover | None:
    item = cursor.item
    if item is None or not item.lines:
        return None
    words = skeleton(joined(item.lines))
    for sample in (*slot.items, *(sample for block in slot.blocks for sample in block.items)):
        name = skeleton(sample.name)
        if sample.kind == "sample" and name and words.startswith(name):
            span = Span(item.lines[0].line, item.lines[0].start, item.lines[-1].line, item.lines[-1].end)
            return _hover(["The template has:", _quote(sample.text)], spec.span(Place(cursor.piece, span)))
    return None
