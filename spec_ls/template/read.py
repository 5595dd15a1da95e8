"""Markdown to `Template`: a team's template, read the way a person reads it.

Only the words of the template decide. What they cannot say stands in comments of the form
`<!-- spec-ls: WORD … -->`, one directive a line.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from spec_ls.outline import Outline
from spec_ls.outline.blocks import Block, Comment, Heading, Item, List, Paragraph, Section
from spec_ls.outline.inline import is_italic, plain, skeleton, split_number, title_of
from spec_ls.outline.metadata import Carrier, Entry, entries_of, field_key
from spec_ls.outline.parse import split_cells
from spec_ls.outline.shapes import items_of, joined, label_of, strong_line, without_comments
from spec_ls.template.model import (
    BlockSlot,
    Condition,
    FieldSlot,
    Guidance,
    ItemSlot,
    Need,
    Origin,
    SectionSlot,
    Stage,
    State,
    Template,
)
from spec_ls.text import Text

_DIRECTIVE = re.compile(r"<!--\s*spec-ls:(.*?)-->", re.S)
# A run of blanks or marks is tried from its start alone: from all of its letters takes the square of their number.
_BEFORE = r"(?:(?<!\s)\s+)?(?:(?<![*_])[*_]+)?"
_OPTIONAL = re.compile(_BEFORE + r"[(\[]\s*(optional|if (?:needed|required|applicable)|when needed)\s*[)\]][*_]*", re.I)
_MARKER = re.compile(r"(?:(?<!\s)\s+)?[(\[](?:optional|if needed|if required|if applicable|when needed)[)\]]", re.I)
_MANDATORY = re.compile(_BEFORE + r"[(\[]\s*(?:mandatory|required)\s*[)\]][*_]*", re.I)
_REPEAT = re.compile(r"([^\W\d][^\W\d]*(?: [^\W\d]+){0,2}) ([0-9]+|N|X)\b\s*[:.)–—-]?\s*(.*)", re.I)
_BRACKET = re.compile(r"\[[^\[\]]+\](?![(\[])|\{[^{}]+\}|<[^<>/!]+>")
_ESCAPE = re.compile(r"\\([\[\]<>{}_*#~`!-])")
_OPEN = re.compile(r"(?<=\w) [A-Z]+-?[0-9X]+$")
_DATE = re.compile(r"\byyyy-mm-dd\b", re.I)
_WRAPPED = re.compile(r"\(([^()]*)\)|\{([^{}]*)\}|\[([^\[\]]*)\]")
_WAIVER = re.compile(r"\boptional\b", re.I)
_SHORT = 150
_OMIT = re.compile(
    r"\b(?:this|the) (?:section|element|part|heading|chapter)s? (?:is|are|can be|may be) (?:\w+ )?"
    r"(?:optional|omitted|removed|left out|skipped|deleted)\b"
    r"|\b(?:omit|remove|delete|skip|drop) this (?:section|element|part|heading|header|row|field|line)\b"
    r"|\ban optional (?:section|element|part)\b",
    re.I,
)
"""Sentences by which a template lets a part go; the bare word is none."""
_ELLIPSIS = re.compile(r"\.{3}|…")
_SAMPLE = re.compile(r"\.{3}|…|\[[^\[\]]+\](?![(\[])|\be\.g\.|(?<![\w/])[XYN](?![\w/])|^[^\W\d][^\d]{0,40} [0-9]{1,2}$")
_ID = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z][A-Za-z0-9]*)*?[-_])([XN#?]{1,9}|[0-9]{1,9})")
_HANDLE = re.compile(r"@[\w][\w./-]*")
_CLOCK = re.compile(r"\bwithin ([0-9]{1,4}) (hour|day|week)s?\b", re.I)
_DEMAND = re.compile(r"\b(?:mandatory|required) (?:for|when|if)\b\s*(.*)", re.I)
_TIERED = re.compile(r"(?<![^\W\d_])([^\W\d_]+)[- ]([0-9]+(?:\s*/\s*[0-9]+)*)")
_CARRIERS: tuple[Carrier, ...] = ("table", "yaml", "list", "lines")
_SMALL_WORDS = frozenset(["a", "an", "the", "to", "of"])
_STAGE_WORDS: dict[Stage, str] = {
    "draft": "draft wip idea new proposal provisional",
    "review": "review proposed reviewing submitted pending",
    "approved": "approved accepted building implementable implementing active started progress",
    "done": "done implemented completed complete shipped released final closed",
    "parked": "defer deferred kill killed rejected withdrawn superseded deprecated abandoned cancelled canceled"
    " replaced hold",
}
_STAGES = {word: stage for stage, words in _STAGE_WORDS.items() for word in words.split()}
"""What common status names mean, for templates that do not say it in a `state` directive."""


@dataclass(slots=True)
class _Directive:
    word: str
    rest: str
    line: int


@dataclass(slots=True)
class _Part:
    """A section of the template with absolute lines, and its subsections."""

    heading: Heading
    section: Section
    base: int
    end_line: int
    waived: bool = False
    """A comment right above the heading calls it optional."""
    parts: list[_Part] = field(default_factory=list)


def directives(source: str, line: int = 0) -> Iterator[_Directive]:
    """The directives of every `<!-- spec-ls: … -->` in `source`, whose first line is `line`.

    One stands on a line; several on the one line of a short comment are parted by `;`.
    """
    for found in _DIRECTIVE.finditer(source):
        first = line + source.count("\n", 0, found.start(1))
        rows = found[1].split("\n")
        for number, row in enumerate(rows, first):
            for directive in row.split(";") if len(rows) == 1 else (row,):
                word, _, rest = directive.strip().partition(" ")
                if word:
                    yield _Directive(word, rest.strip(), number)


def read_template(source: str, name: str) -> Template:
    """What the Markdown `source` means as a template. Never raises; what cannot be read is left out."""
    return _Reader(source).template(name)


def is_sample(text: str) -> bool:
    """Whether a template's plain text is a shape to repeat or to replace.

    A counted stem (`Goal 1`), an ellipsis, brackets, `e.g.`, or a lone capital X, Y or N says so.
    """
    return bool(_SAMPLE.search(text))


class _Reader:
    def __init__(self, source: str) -> None:
        self._text = Text(source)
        self._lines = [self._text.content(number) for number in range(len(self._text.lines))]
        self._outline = Outline(self._text)
        self._count = 0

    def template(self, name: str) -> Template:
        starts = self._outline.starts
        flat = [
            (section, starts[index]) for index, chunk in enumerate(self._outline.chunks) for section in chunk.sections
        ]
        headings = [section.heading for section, _ in flat if section.heading and section.heading.style != "malformed"]
        tops = [heading for heading in headings if heading.level == 1]
        title = tops[0] if len(tops) == 1 else None
        roots, title_line = self._tree(flat, title)
        slots = tuple(slot for slot in self._sections(roots))
        carrier = self._carrier(flat, title)
        fields = tuple(self._fields(carrier))
        status = _status(fields)
        words = list(directives("\n".join(self._lines)))
        kind = carrier[0][0].carrier if fields else "none"
        return Template(
            name=name,
            title=title.text.text if title else None,
            title_origin=Origin(line=title_line, end_line=title_line + 1) if title else None,
            carrier=kind,
            carrier_source=self._carrier_source(carrier) if fields else (),
            fields=fields,
            sections=slots,
            states=_states(status, words),
            status_key=status.key if status else "",
            review_hours=_review_hours(slots),
            source=self._text.source,
        )

    def _tree(self, flat: Sequence[tuple[Section, int]], title: Heading | None) -> tuple[list[_Part], int]:
        roots: list[_Part] = []
        stack: list[_Part] = []
        title_line = 0
        above: Section | None = None
        for section, base in flat:
            heading = section.heading
            last = above.blocks[-1] if above and above.blocks else None
            waived = _waives(last)
            above = section
            if heading is None or heading.style == "malformed" or not heading.title:
                continue
            if heading is title:
                title_line = heading.line + base
                continue
            part = _Part(heading, section, base, section.end_line + base, waived)
            while stack and stack[-1].heading.level >= heading.level:
                stack.pop()
            (stack[-1].parts if stack else roots).append(part)
            stack.append(part)
        return roots, title_line

    def _sections(self, parts: Sequence[_Part]) -> Iterator[SectionSlot]:
        repeated: dict[str, list[_Part]] = {}
        order: list[tuple[str, _Part]] = []
        for part in parts:
            found = _REPEAT.fullmatch(_OPTIONAL.sub("", split_number(part.heading.title)[1]).strip())
            stem = title_of(found[1]).key if found else ""
            if stem:
                repeated.setdefault(stem, []).append(part)
                if len(repeated[stem]) > 1:
                    continue
            order.append((stem, part))
        titles = {title_of(part.heading.title).key for part in parts}
        for stem, part in order:
            same = repeated.get(stem, ())
            if stem and (len(same) > 1 or _SAMPLE.search(part.heading.title)):
                yield self._section(part, same, titles)
            else:
                yield self._section(part, (), titles)

    def _section(self, part: _Part, examples: Sequence[_Part], siblings: set[str]) -> SectionSlot:
        index = self._count
        self._count += 1
        heading = part.heading
        number, title = split_number(heading.title)
        need: Need = "optional" if _OPTIONAL.search(title) else "required"
        title = _MANDATORY.sub("", _OPTIONAL.sub("", title)).strip()
        raw = without_comments(heading.text.text)
        guidance = tuple(self._guidance(part))
        when = None
        if need == "required" and (part.waived or _OMIT.search(self._prose(part))):
            need = "optional"
        for note in guidance:
            demand = _DEMAND.search(note.text)
            if demand:
                when = _condition(demand[1])
                need = "conditional"
        for word in self._words(heading.line + part.base, heading.end_line + part.base):
            if word.word == "optional":
                need = "optional"
        stem = form = ""
        found = _REPEAT.fullmatch(title) if examples else None
        if found:
            stem = found[1]
            form = found[3]
        elif not found and (_BRACKET.fullmatch(title) or title in ("...", "…")):
            need = "example"
        items, blocks = self._content(part)
        key = title_of(title).key
        negated = key.startswith("non ") and key[4:] in siblings
        return SectionSlot(
            index=index,
            title=title,
            key=key,
            level=heading.level,
            number=number[-1] if number else None,
            need=need,
            when=when,
            heading=raw.strip(),
            guidance=guidance,
            items=items,
            blocks=blocks,
            sections=tuple(self._sections(part.parts)),
            stem=stem,
            stem_key=title_of(stem).key,
            form=_form(form),
            samples=tuple(found_sample[0] for found_sample in _BRACKET.finditer(plain(form))) if form else (),
            examples=tuple(skeleton(example.heading.text.text) for example in examples),
            sign_off=any(_CLOCK.search(note.text) for note in guidance),
            work=not negated and any(item.kind == "sample" and item.box for item in items),
            own=self._own(part),
            origin=Origin(line=heading.line + part.base, end_line=part.end_line),
        )

    def _prose(self, part: _Part) -> str:
        """What the template says below a heading, as a reader sees it; the last comment belongs to what follows."""
        blocks = part.section.blocks
        if blocks and _waives(blocks[-1]):
            blocks = blocks[:-1]
        told = [joined(block.lines) for block in blocks if isinstance(block, Paragraph)]
        told += [block.text for block in blocks if isinstance(block, Comment)]
        return plain(" ".join(told))

    def _own(self, part: _Part) -> tuple[str, ...]:
        lines = self._lines[part.heading.line + part.base : part.end_line]
        text = _DIRECTIVE.sub("", "\n".join(lines))
        own = [line.rstrip() for line in text.split("\n")]
        while own and not own[-1]:
            own.pop()
        return tuple(own)

    def _words(self, line: int, end_line: int) -> Iterator[_Directive]:
        return directives("\n".join(self._lines[line:end_line]), line)

    def _guidance(self, part: _Part) -> Iterator[Guidance]:
        for block in part.section.blocks:
            text = ""
            if isinstance(block, Paragraph) and is_italic(joined(block.lines)):
                text = plain(joined(block.lines))
            elif isinstance(block, Comment) and not block.text.lstrip().startswith("spec-ls:"):
                text = " ".join(block.text.split())
            if text:
                origin = Origin(line=block.line + part.base, end_line=block.end_line + part.base)
                yield Guidance(text=text, key=skeleton(text), origin=origin)

    def _content(self, part: _Part) -> tuple[tuple[ItemSlot, ...], tuple[BlockSlot, ...]]:
        items: list[ItemSlot] = []
        blocks: list[BlockSlot] = []
        label: Paragraph | None = None
        for block in part.section.blocks:
            if isinstance(block, List):
                read = [slot for item in items_of([block]) if (slot := self._item(item, part.base)) is not None]
                if label is not None:
                    blocks.append(self._labelled(label, read, part.base))
                else:
                    items += read
            label = block if isinstance(block, Paragraph) and strong_line(block) else None
        return tuple(items), tuple(blocks)

    def _labelled(self, label: Paragraph, items: Sequence[ItemSlot], base: int) -> BlockSlot:
        name = strong_line(label) or ""
        origin = Origin(line=label.line + base, end_line=label.end_line + base)
        return BlockSlot(name=name, key=skeleton(name), items=tuple(items), origin=origin)

    def _item(self, item: Item, base: int) -> ItemSlot | None:
        source = joined(item.lines)
        keep = any(word.word == "keep" for word in directives(source))
        text = " ".join(without_comments(source).split())
        shown = plain(text)
        origin = Origin(line=item.line + base, end_line=item.end_line + base)
        optional = bool(_OPTIONAL.search(shown))
        need: Need = "optional" if optional else "required"
        marked = _MARKER.sub("", text, count=1)
        label = label_of(marked)
        if label and label.strong:
            value = marked[label.value :]
            return ItemSlot(
                kind="label",
                name=label.name,
                text=value,
                key=skeleton(value),
                box=item.box is not None,
                need=need,
                keep=keep,
                origin=origin,
            )
        if item.box is None and not is_sample(shown):
            return None
        name = _MANDATORY.sub("", _OPTIONAL.sub("", shown)).strip()
        if is_sample(name):
            stem = _stem(name)
            demanded = bool(label and _ELLIPSIS.fullmatch(plain(marked[label.value :])))
            return ItemSlot(
                kind="sample",
                name=stem,
                text=text,
                key=skeleton(text),
                box=item.box is not None,
                demanded=demanded,
                keep=keep,
                origin=origin,
            )
        return ItemSlot(kind="check", name=name, text=text, key=skeleton(name), box=True, need=need, origin=origin)

    def _carrier(self, flat: Sequence[tuple[Section, int]], title: Heading | None) -> list[tuple[Entry, int]]:
        """The entries of the carrier with the line from which theirs count: those in front of the first section.

        Of several carriers the fullest counts, a table before front matter before a list before lines.
        """
        groups: dict[tuple[int, str, int], list[tuple[Entry, int]]] = {}
        for section, base in flat:
            heading = section.heading
            if heading is not None and heading is not title and heading.style != "malformed":
                break
            for entry in entries_of(section, self._text.lines, base):
                group = 0 if entry.carrier == "lines" else entry.group + base
                groups.setdefault((-_CARRIERS.index(entry.carrier), entry.carrier, group), []).append((entry, base))
        known = [key for key, found in groups.items() if len(found) > 1 or key[1] in ("table", "yaml")]
        best = max(known, key=lambda key: (len(groups[key]) > 1, key[0], len(groups[key])), default=None)
        return groups[best] if best else []

    def _carrier_source(self, carrier: Sequence[tuple[Entry, int]]) -> tuple[str, ...]:
        """The lines of the carrier, a table's header and the fences of front matter included."""
        entry, base = carrier[0]
        first = entry.group + base if entry.carrier in ("table", "yaml") else entry.line + base
        last_entry, last_base = carrier[-1]
        last = last_entry.value_span.end_line + last_base + (1 if entry.carrier == "yaml" else 0)
        return tuple(_DIRECTIVE.sub("", line) for line in self._lines[first : last + 1])

    def _front_waived(self, carrier: Sequence[tuple[Entry, int]]) -> bool:
        """Whether a comment in the front matter calls its fields optional."""
        if not carrier or carrier[0][0].carrier != "yaml":
            return False
        lines = self._lines[: carrier[-1][0].line + 1]
        return any(line.startswith("#") and "optional" in line.casefold() for line in lines)

    def _fields(self, carrier: Sequence[tuple[Entry, int]]) -> Iterator[FieldSlot]:
        waived = self._front_waived(carrier)
        for entry, base in carrier:
            name = plain(entry.name)
            optional = bool(_OPTIONAL.search(name)) or waived or bool(_OMIT.search(plain(entry.value)))
            name = _MANDATORY.sub("", _OPTIONAL.sub("", name)).strip().rstrip(":")
            line = self._lines[entry.line + base]
            cells = split_cells(line, 0) if entry.carrier == "table" else ()
            sample, source = entry.value, line[entry.whole.start : entry.whole.end]
            if entry.whole.start_line != entry.whole.end_line:
                source = sample
            if len(cells) > 2 and len(split_cells(self._lines[entry.group + base], 0)) == 2:
                sample = source = " | ".join(cell.source for cell in cells[1:] if cell.source)
            header = entry.carrier == "table" and entry.line == entry.group
            slot = FieldSlot(
                name=name,
                key=field_key(name),
                kind="text",
                need="optional" if optional else "required",
                sample=sample.replace("\\|", "|"),
                source=" ".join(without_comments(source).split()),
                origin=Origin(line=entry.line + base, end_line=entry.line + base + 1),
            ).model_copy(update=infer_value(sample))
            if header and slot.kind == "text" and not line.lstrip("| \t").startswith(("*", "_")):
                continue  # `| Metadata | Value |` heads the table; `| Status | Draft / Done |` is its first field
            yield slot


def infer_value(sample: str) -> dict[str, object]:
    """What a template's sample value says of its field: `kind`, and `values`, `prefix`, `digits` where they apply."""
    sample = _ESCAPE.sub(r"\1", sample)
    text = plain(sample)
    if _DATE.search(text) or _is_date(text):
        return {"kind": "date"}
    identifier = _ID.fullmatch(text)
    if identifier:
        return {"kind": "id", "prefix": identifier[1], "digits": max(3, len(identifier[2]))}
    handles = _HANDLE.findall(text)
    if handles and not _HANDLE.sub("", text).replace("and", "").strip(" ,;&/"):
        return {"kind": "handle" if len(handles) == 1 else "handles"}
    bracket = _BRACKET.fullmatch(sample)
    named = bracket and re.search(r"\b(link|url|ticket|issue)\b", text, re.I)
    if named or re.match(r"https?://|www\.", text):
        return {"kind": "link"}
    wrapped = _WRAPPED.fullmatch(sample)
    values = choices(next(filter(None, wrapped.groups()), "") if wrapped else sample)
    if values:
        names = [_OPEN.sub("", value) for value in values]
        going_on = tuple(name for name, value in zip(names, values, strict=True) if name != value)
        return {"kind": "choice", "values": tuple(names), "open_values": going_on}
    return {"kind": "text"}


def choices(sample: str) -> tuple[str, ...]:
    """The values of an enumeration such as `Draft / Review`, `a | b`, `a, b, or c`; empty where it is none."""
    text = plain(sample.replace("\\|", "|"))
    for opening, closing in ("()", "{}", "[]"):
        if text.startswith(opening) and closing not in text:
            text = text[1:]
    if "://" in sample or "@" in text:
        return ()
    for split in (
        r"(?<!\s)\s+/\s+",
        r"(?:(?<!\s)\s+)?\|\s*",
        r"(?:(?<!\s)\s+)?,\s*(?:or\s+)?|(?<!\s)\s+or\s+",
        r"(?<=\w)/(?=\w)",
    ):
        found = [value.strip() for value in re.split(split, text)]
        values = [value.strip(" .…") for value in found if value.strip(".…") or not value]
        if len(values) > 1 and all(value and len(value) <= 30 and len(value.split()) <= 3 for value in values):
            if split.endswith(r"(?=\w)") and not all(re.fullmatch(r"[^\W\d_][\w-]*", value) for value in values):
                continue
            if any(re.fullmatch(r"[0-9]{4}", value) for value in values):
                continue
            return tuple(dict.fromkeys(values))
    return ()


def _waives(block: Block | None) -> bool:
    """Whether a block is a short comment that calls what follows it optional."""
    return isinstance(block, Comment) and len(block.text) <= _SHORT and bool(_WAIVER.search(block.text))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _status(fields: Sequence[FieldSlot]) -> FieldSlot | None:
    enums = [slot for slot in fields if slot.kind == "choice"]
    named = [slot for slot in enums if slot.key in ("statu", "state", "stage")]
    return (named or [None])[0]  # type: ignore[list-item]


def _states(status: FieldSlot | None, words: Sequence[_Directive]) -> tuple[State, ...]:
    if status is None:
        return ()
    said = {word.word for word in words}
    states = {name.casefold(): State(name=name, stage=_stage(name, at)) for at, name in enumerate(status.values)}
    for word in words:
        found = re.match(r"(.+?)(?<!\s)\s*\((draft|review|approved|done|parked)\)\s*:?\s*(.*)", word.rest)
        if word.word == "state" and found and found[1].casefold() in states:
            old = states[found[1].casefold()]
            states[found[1].casefold()] = old.model_copy(update={"stage": found[2], "meaning": found[3]})
    moves: dict[str, list[str]] = {key: [] for key in states}

    def move(source: str, target: str) -> None:
        goal = states.get(target.strip().casefold())
        for key in moves if source.strip() == "any" else (source.strip().casefold(),):
            if goal and key in moves and key != goal.name.casefold() and goal.name not in moves[key]:
                moves[key].append(goal.name)

    if "move" in said:
        for word in words:
            if word.word == "move":
                steps = [step.split(",") for step in word.rest.split("->")]
                for sources, targets in itertools.pairwise(steps):
                    for source in sources:
                        for target in targets:
                            move(source, target)
    else:
        ahead = [state for state in states.values() if state.stage != "parked"]
        for state, following in itertools.pairwise(ahead):
            move(state.name, following.name)
        for state in states.values():
            if state.stage == "parked":
                move("any", state.name)
    return tuple(state.model_copy(update={"moves": tuple(moves[key])}) for key, state in states.items())


def _stage(name: str, at: int) -> Stage:
    known = [_STAGES[word] for word in re.findall(r"\w+", name.casefold()) if word in _STAGES]
    return known[0] if known and at else "draft" if not at else "review"


def _review_hours(slots: Sequence[SectionSlot]) -> int | None:
    for slot in slots:
        for note in slot.guidance:
            clock = _CLOCK.search(note.text)
            if clock:
                return int(clock[1]) * {"hour": 1, "day": 24, "week": 168}[clock[2].lower()]
    return None


def _condition(text: str) -> Condition | None:
    tiered = _TIERED.search(text)
    if not tiered:
        return None
    return Condition(key=field_key(tiered[1]), values=tuple(re.findall(r"[0-9]+", tiered[2])))


def _form(title: str) -> tuple[str, ...]:
    """The words between the brackets of a story title, small words left out: ("as", "i want", "so that")."""
    if not _BRACKET.search(title):
        return ()
    parts = []
    for part in _BRACKET.split(plain(title)):
        words = [word for word in re.findall(r"\w+", part.casefold()) if word not in _SMALL_WORDS]
        if words:
            parts.append(" ".join(words))
    return tuple(parts)


def _stem(text: str) -> str:
    """What stands before the part to replace: `Verify that` of `Verify that ...`, `Goal` of `Goal 1`."""
    found = _SAMPLE.search(text)
    if not found:
        return text
    return re.sub(r"(?<!\s)\s+[0-9]+$", "", text) if found.start() == 0 else text[: found.start()].strip(" :")
