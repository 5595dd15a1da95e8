"""A spec: an outline bound to its template, kept up to date by the size of the edit.

A **piece** is one section of the document (a heading and the blocks up to the next one). Facts of
the touched piece are read again after each edit; only if they differ is the whole spec bound anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

from spec_ls.bind import Binding, Fill, Head, Missing, bind
from spec_ls.facts import Facts, facts_of, heading_facts, is_counted
from spec_ls.known import NOTHING, Known
from spec_ls.outline import MANY, Outline, Update
from spec_ls.outline.blocks import Block, Box, Heading, Item, List, Section
from spec_ls.outline.inline import Title, plain, skeleton
from spec_ls.outline.metadata import Entry
from spec_ls.outline.shapes import items_of, without_comments
from spec_ls.rebind import rebind
from spec_ls.template.lookup import lookup
from spec_ls.template.model import FieldSlot, SectionSlot, Stage, State, Template
from spec_ls.text import TOP, Point, Span, Text
from spec_ls.values import bare_value, choice_in, told_apart, without_emoji

_VERSION = re.compile(r"template-version(?:\s*[=:]\s*|\s+)([\"']?)(.*?\S)\1(?:\s+#.*)?\s*$")


@dataclass(slots=True, eq=False)
class Piece:
    """A section of the document with its facts; lines inside count from the start of chunk `chunk`.

    `level` is that of its heading, zero where it has none; `count` the number of one that repeats.
    """

    chunk: int
    section: Section
    facts: Facts
    slot: int
    preamble: bool
    level: int = field(init=False)
    count: int | None = field(init=False)

    def __post_init__(self) -> None:
        heading, story = self.section.heading, self.facts.story
        self.level = 0 if heading is None else heading.level
        self.count = None if story is None else story.number


class Place(NamedTuple):
    """A span inside a piece's chunk: it stays true when text above it grows. None: the piece's heading as it stands."""

    piece: int
    span: Span | None


class Splice(NamedTuple):
    """So many pieces from `first` on gave way to so many others."""

    first: int
    removed: int
    added: int


@dataclass(slots=True)
class Touched:
    """What an edit touched that left the binding as it was beyond: pieces, and the fills whose facts or place changed.

    `splices` come one after the other, from the last of the text to its first; without any, no heading was bound anew.
    `metadata`: entries of the metadata have come, gone or changed. `counted`: a section has come or gone that is
    counted, or that may be one of the numbered.
    """

    pieces: set[int] = field(default_factory=set)
    fills: dict[int, Fill] = field(default_factory=dict)
    splices: list[Splice] = field(default_factory=list)
    metadata: bool = False
    counted: bool = False

    def add(self, fills: Iterable[Fill]) -> None:
        """Notes fills and all that they lie in."""
        for fill in fills:
            one: Fill | None = fill
            while one is not None and id(one) not in self.fills:
                self.fills[id(one)] = one
                one = one.parent

    def splice(self, splice: Splice, gone: Iterable[Fill]) -> None:
        """Notes a splice that all pieces touched so far are behind, and which fills went with it."""
        grown = splice.added - splice.removed
        if grown:
            self.pieces = {piece + grown for piece in self.pieces}
        for fill in gone:
            self.fills.pop(id(fill), None)
        self.splices.append(splice)


@dataclass(frozen=True, slots=True)
class Field:
    """A metadata entry in its piece; `slot` is None for a row of the team's own."""

    piece: int
    entry: Entry
    slot: FieldSlot | None

    @property
    def key(self) -> str:
        """The key of the template's field, else that of the entry."""
        return self.slot.key if self.slot else self.entry.key

    def at(self, span: Span) -> Place:
        return Place(self.piece, span)


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is under a point: the piece, what it fills, and the field, item or heading there."""

    piece: int
    fill: Fill | None
    field: Field | None
    item: Item | None
    block: Block | None
    heading: Heading | None


class Spec:
    """An outline bound to `template`. Binding never raises, whatever the text.

    Where that is an older version of the document's template, `today` is the same outline bound to today's; it is kept
    up together with this one. `known` is what the world around the document says.
    """

    def __init__(self, outline: Outline, template: Template, today: Spec | None = None, known: Known = NOTHING) -> None:
        self.known = known
        self.outline = outline
        self.template = template
        self.today = today
        self.pieces: list[Piece] = []
        self._dropped: dict[int, Piece] = {}
        self.binding = Binding(None, 0, [], [], [], set(), 0)
        self.entries: list[tuple[int, tuple[Entry, ...], bool]] | None = None
        self._bind()

    @property
    def text(self) -> Text:
        return self.outline.text

    @property
    def newer(self) -> Template | None:
        """Today's template, where the document is judged by an older one that means something else."""
        return self.today.template if self.today is not None else None

    # --- keeping up

    def update(self, updates: Sequence[Update]) -> Touched | None:
        """Takes the outline's updates. Returns what they touched where nothing else can have changed; None where
        the spec had to be bound anew, to its template or to today's."""
        touched = self._take(updates)
        if self.today is not None:
            newer = self.today.update(updates)
            if touched is not None and (newer is None or newer.splices):
                self._bind()
                return None
            if touched is not None and newer is not None:
                touched.metadata |= newer.metadata
        return touched

    def _take(self, updates: Sequence[Update]) -> Touched | None:
        if len(updates) > 1 and any(
            after.first < before.first + len(before.added) for before, after in pairwise(updates)
        ):
            self._bind()  # a heading has gone, and with it what an update above it had brought
            return None
        # The last of the text first: where the others have not been taken yet, pieces count as they did before.
        touched = Touched()
        starts = self.outline.starts
        grown = 0
        for update in updates:
            grown += len(update.added) - len(update.removed)
        for update in reversed(updates):
            grown -= len(update.added) - len(update.removed)
            fresh: dict[int, Piece] = {}
            if self._take_local(update, grown, starts, fresh):
                for at, piece in fresh.items():
                    before = self.pieces[at].facts
                    if piece.facts is not before:
                        touched.add(self._owner(at))
                        touched.metadata |= piece.facts.entries != before.entries
                    self.pieces[at] = piece
                touched.pieces.update(fresh)
            elif self.today is not None or not self._rebind(update, grown, starts, fresh, touched):
                self._bind(fresh.values())
                return None
        if touched.metadata:
            self._read_fields()
        return touched

    def _owner(self, at: int) -> tuple[Fill, ...]:
        owner = self.binding.owners[at]
        return () if owner is None else (owner,)

    def _take_local(self, update: Update, grown: int, starts: Sequence[int], fresh: dict[int, Piece]) -> bool:
        """Adds the new pieces of an update to `fresh`, by index; False where the binding may not stay as it is.

        `grown`: by how many chunks those above it have grown.
        """
        if len(update.removed) != len(update.added):
            return False
        first = update.first - grown
        at = self._chunk_pieces[first]
        local = True
        for number, (old, new) in enumerate(zip(update.removed, update.added, strict=True)):
            if len(old.sections) != len(new.sections) or old.definitions != new.definitions:
                return False
            for section in new.sections:
                before, owner = self.pieces[at], self.binding.owners[at]
                if section is before.section:
                    at += 1
                    continue
                slot = owner.slot if owner else None
                base = starts[update.first + number]
                facts = facts_of(section, slot, self.template, before.preamble, self.text.lines, base)
                if facts == before.facts:
                    facts = before.facts
                else:
                    local = local and self._is_local(at, before.facts, facts)
                fresh[at] = Piece(first + number, section, facts, before.slot, before.preamble)
                at += 1
        return local

    def _rebind(
        self, update: Update, grown: int, starts: Sequence[int], fresh: dict[int, Piece], touched: Touched
    ) -> bool:
        """Binds what an update brought to where it stands; False where all headings have to be bound anew.

        `fresh` are pieces whose facts have been read already.
        """
        first = update.first - grown
        at, end = self._chunk_pieces[first], self._chunk_pieces[first + len(update.removed)]
        if any(chunk.definitions for chunk in (*update.removed, *update.added)):
            return False
        if any(_says_more(piece.facts) for piece in self.pieces[at:end]):
            return False
        known = {id(piece.section): piece for piece in (*fresh.values(), *self.pieces[at:end])}
        sections = [(number, section) for number, chunk in enumerate(update.added) for section in chunk.sections]
        old = _heads(at, [piece.section for piece in self.pieces[at:end]], known)
        new = _heads(at, [section for _, section in sections], known)
        gone = [fill for piece in range(at, end) for fill in self._owner(piece) if fill.piece == piece]
        rebound = rebind(self.binding, self.template, at, old, new, lambda piece: self.pieces[piece].section.heading)
        if rebound is None:
            return False
        pieces = []
        for (number, section), head, owner in zip(sections, new, rebound.owners, strict=True):
            before = known.get(id(section))
            if before is not None and before.slot == owner.slot.index:
                facts = before.facts
            else:
                facts = self._facts(section, owner, starts[update.first + number], (head.title, head.stem))
            if _says_more(facts):
                return False
            pieces.append(Piece(first + number, section, facts, owner.slot.index, False))
        chunks = len(update.added) - len(update.removed)
        for piece in self.pieces[end:] if chunks else ():
            piece.chunk += chunks
        self.pieces[at:end] = pieces
        splice = Splice(at, end - at, len(pieces))
        self._splice_chunks(first, update, splice)
        touched.splice(splice, gone)
        touched.counted |= bool(gone) or any(owner.piece >= at for owner in rebound.owners)
        touched.counted |= any(head.heading.level <= self.top_level for head in (*old, *new))
        touched.counted |= any(missing.slot.repeats for missing in self.missing)
        end = at + len(pieces)
        for number in range(end, end + rebound.reowned):
            piece, (owner,) = self.pieces[number], self._owner(number)
            facts = self._facts(piece.section, owner, starts[piece.chunk + grown], None)
            if _says_more(piece.facts) or _says_more(facts):
                return False
            self.pieces[number] = Piece(piece.chunk, piece.section, facts, owner.slot.index, False)
        touched.pieces.update(range(at, end + rebound.reowned))
        touched.add(rebound.fills)
        if self.binding.ignored:
            touched.add(fill for fill in self.fills if fill.duplicates)
        if splice.added != splice.removed and self.entries and self.entries[-1][0] >= at:
            self._read_fields()  # in the pieces themselves there are none
        return True

    def _splice_chunks(self, first: int, update: Update, splice: Splice) -> None:
        """Brings up to date at which piece each chunk begins."""
        begins = list(accumulate((len(chunk.sections) for chunk in update.added), initial=splice.first))[:-1]
        behind = self._chunk_pieces[first + len(update.removed) :]
        grown = splice.added - splice.removed
        self._chunk_pieces[first:] = [*begins, *(at + grown for at in behind)]

    def _facts(self, section: Section, owner: Fill, base: int, titles: tuple[Title, Title] | None) -> Facts:
        return facts_of(section, owner.slot, self.template, False, self.text.lines, base, titles)

    def _is_local(self, at: int, old: Facts, new: Facts) -> bool:
        """Whether facts differ only in what nothing but their own fill and the metadata depends on."""
        for name in ("bold", "unclosed", "words", "opening", "yaml"):
            if getattr(old, name) != getattr(new, name):
                return False
        before, after = old.heading, new.heading
        if before == after:
            return True
        if before is None or after is None or at == self.binding.title or before.style != "atx":
            return False
        if (before.level, before.line, before.style, before.text.start) != (
            after.level,
            after.line,
            after.style,
            after.text.start,
        ):
            return False
        if old.title.number or new.title.number:
            return False
        owner = self.binding.owners[at]
        if owner is not None and owner.piece == at:
            was, now = old.story, new.story
            return was is not None and now is not None and (was.head, was.number) == (now.head, now.number)
        return self._is_inert(old) and self._is_inert(new)

    def _is_inert(self, facts: Facts) -> bool:
        """Whether a heading without a slot could not have one: it has no slot's title, level or stem."""
        known = lookup(self.template)
        assert facts.heading is not None
        level = facts.heading.level
        return (
            facts.title.key not in known.titles
            and facts.stem.key not in known.titles
            and not any(is_counted(facts.title, facts.stem, slot.stem_key) for slot in known.repeated)
            and not self.binding.may_nearly_fill(facts.title, level)
            and skeleton(facts.heading.title) not in known.labels
        )

    def _bind(self, fresh: Iterable[Piece] = ()) -> None:
        """Binds the whole anew. `fresh` are pieces whose facts have been read already."""
        known = {id(piece.section): piece for piece in (*self._dropped.values(), *self.pieces, *fresh)}
        sections: list[tuple[int, Section]] = []
        self._chunk_pieces: list[int] = []
        definitions: set[str] = set()
        for number, chunk in enumerate(self.outline.chunks):
            self._chunk_pieces.append(len(sections))
            if chunk.definitions:
                definitions |= chunk.definitions
            for section in chunk.sections:
                sections.append((number, section))
        self._chunk_pieces.append(len(sections))
        self.definitions = frozenset(definitions)
        heads = []
        titles: dict[int, tuple[Title, Title]] = {}
        for at, (_, section) in enumerate(sections):
            if section.heading is not None:
                old = known.get(id(section))
                if old is not None:
                    title, stem = old.facts.title, old.facts.stem
                else:
                    title, stem = titles[at] = heading_facts(section)
                heads.append(Head(at, section.heading, title, stem))
        for fill in self.binding.fills:  # parents and children hold each other: let go at once, not by a collection
            fill.parent, fill.children = None, []
        self.binding = bind(heads, len(sections), self.template)
        owners, first = self.binding.owners, self.binding.first_section
        starts = self.outline.starts
        pieces: list[Piece] = []
        for at, (number, section) in enumerate(sections):
            owner = owners[at]
            slot = owner.slot.index if owner else -1
            carries = owner is not None and slot == self.template.carried_in and owner.piece == at
            preamble = carries or (at < first and owner is None)
            old = known.get(id(section))
            if old is not None and old.slot == slot and old.preamble == preamble:
                old.chunk = number
                pieces.append(old)
            else:
                slot_of = owner.slot if owner else None
                lines, base = self.text.lines, starts[number]
                facts = facts_of(section, slot_of, self.template, preamble, lines, base, titles.get(at))
                pieces.append(Piece(number, section, facts, slot, preamble))
        if len(self.pieces) - len(pieces) >= MANY:  # a fence swallowed them, and may soon give them back
            kept = {id(piece) for piece in pieces}
            self._dropped = {id(piece.section): piece for piece in self.pieces if id(piece) not in kept}
        self.pieces = pieces
        self._read_fields()

    # --- metadata

    def _read_fields(self) -> None:
        """Chooses the carrier, the group of entries with most of the template's fields, and sorts the entries."""
        found = [
            (at, piece.facts.entries, piece.preamble) for at, piece in enumerate(self.pieces) if piece.facts.entries
        ]
        if found == self.entries:
            return
        self.entries = found
        slots = {key: slot for slot in self.template.fields for key in (*slot.aliases, slot.key)}
        joined_up = {key.replace(" ", ""): slot for key, slot in slots.items()}  # `targetDate`
        self.stated: Field | None = None
        groups: dict[tuple[int, int], list[Field]] = {}
        for at, entries, _ in found:
            for entry in entries:
                if entry.carrier == "section":
                    self.stated = self.stated or Field(at, entry, self.template.stated)
                    continue
                field = Field(at, entry, slots.get(entry.key) or joined_up.get(entry.key))
                if field.slot is None and entry.carrier == "table" and entry.line == entry.group:
                    continue  # a header such as `| Metadata | Value |`
                groups.setdefault((at, entry.group), []).append(field)

        def rank(key: tuple[int, int]) -> tuple[bool, int, int, int]:
            known = {field.slot.key for field in groups[key] if field.slot}
            preamble = self.pieces[key[0]].preamble
            return len(known) >= (1 if preamble else 2), len(known), -key[0], -key[1]

        chosen = max(groups, key=rank, default=None)
        if chosen is not None and not rank(chosen)[0]:
            chosen = None
        self.carrier: list[Field] = groups[chosen] if chosen else []
        if self.carrier and self.carrier[0].entry.carrier == "lines":
            self.carrier = [field for key in sorted(groups) for field in groups[key] if field.entry.carrier == "lines"]
        inside = {id(field) for field in self.carrier}
        self.strays = [
            field
            for key in sorted(groups)
            for field in groups[key]
            if field.slot
            and id(field) not in inside
            and field.entry.carrier != "fence"
            and self.pieces[key[0]].preamble
        ]
        self.fields: dict[str, list[Field]] = {}
        for field in self.carrier:
            self.fields.setdefault(field.key, []).append(field)
        for field in [field for field in self.strays if field.entry.carrier == "yaml"]:
            if field.key not in self.fields:  # front matter beside a table carries what the table does not
                self.fields[field.key] = [field]
                self.strays.remove(field)
        if self.stated is not None:
            self.fields.setdefault(self.stated.key, [self.stated])
        self.asked = tuple([self.needs(slot) for slot in lookup(self.template).conditional])

    def field(self, slot: FieldSlot | None) -> Field | None:
        """The first entry of the carrier that fills `slot`."""
        found = self.fields.get(slot.key) if slot else None
        return found[0] if found else None

    @property
    def state(self) -> State | None:
        """The state that the status field names, whatever its case; None where it is missing or unreadable."""
        field = self.field(self.template.status)
        if field is None or field.slot is None:
            return None
        value = " ".join(plain_value(field.entry).casefold().split())
        values = [name.casefold() for name in field.slot.values]
        going_on = values if field is self.stated else [name.casefold() for name in field.slot.open_values]
        return self.template.state(choice_in(value, values, going_on) or value)

    @property
    def stage(self) -> Stage:
        """How faults weigh now; a status that is missing or unreadable counts as a draft."""
        state = self.state
        return state.stage if state else "draft"

    # --- sections

    @property
    def fills(self) -> list[Fill]:
        return self.binding.fills

    @property
    def missing(self) -> list[Missing]:
        return self.binding.missing

    def needs(self, slot: SectionSlot | FieldSlot) -> bool:
        """Whether the spec must have the section or field; a condition is read from the metadata."""
        if slot.need == "required":
            return True
        if slot.need != "conditional" or slot.when is None:
            return False
        fields = self.fields.get(slot.when.key)
        if not fields:
            return slot.when.otherwise
        if not slot.when.otherwise:
            said = skeleton(plain_value(fields[0].entry))
            return any(said == skeleton(value) for value in slot.when.values)
        number = "".join(char if char in "0123456789" else " " for char in fields[0].entry.value).split()
        value = number[0].lstrip("0") or "0" if number else ""
        return not value or value in slot.when.values

    @property
    def top_level(self) -> int:
        """The level of the headings that the template's own sections have here."""
        return min((slot.level for slot in self.template.sections), default=2) + self.binding.shift

    def is_lost(self, missing: Missing) -> bool:
        """Whether a slot that nothing fills is a fault: needed, and not swallowed by an open fence or comment."""
        if not self.needs(missing.slot) or missing.slot.repeats:
            return False
        parent = missing.parent
        if parent is not None and parent.fault == "misnamed" and not parent.children:
            return False  # under another name it says something else; one fault at a time
        last = self.pieces[-1].facts.unclosed if self.pieces else None
        if last is not None and (missing.slot.key in last.swallowed or missing.parent is self.binding.owners[-1]):
            return False
        return not any(missing.slot.key == key for piece in self.pieces for key, _ in piece.facts.bold)

    def fill_facts(self, fill: Fill) -> Iterator[tuple[int, Facts]]:
        """The facts of every piece of a fill, with the piece's index."""
        for at in fill.pieces:
            yield at, self.pieces[at].facts

    @property
    def words(self) -> list[str]:
        """The directives that the document's own `<!-- spec-ls: … -->` comments carry."""
        return [word for piece in self.pieces for word in piece.facts.words]

    @property
    def template_version(self) -> str:
        """The version of its template that the document says it was written after; empty where it says nothing."""
        found = next(filter(None, map(_VERSION.match, self.words)), None)
        return found[2].strip() if found else ""

    # --- places

    def base(self, piece: int) -> int:
        """The line of the document from which lines inside `piece` count."""
        return self.outline.starts[self.pieces[piece].chunk]

    def span(self, place: Place) -> Span:
        """The place in the document as it stands."""
        span = place.span if place.span is not None else self._heading_span(place.piece)
        return span.shifted(self.base(place.piece))

    def heading_place(self, piece: int) -> Place:
        """Where a finding about a piece belongs: its title, or the marks of a heading without one."""
        return Place(piece, None)

    def _heading_span(self, piece: int) -> Span:
        heading = self.pieces[piece].section.heading
        if heading is None:
            return self.pieces[piece].facts.opening or TOP
        if heading.text.text:
            return heading.text.span
        return Span(heading.line, 0, heading.line, heading.text.start)

    def boxes(self, piece: int) -> Iterator[Box]:
        """The boxes of the list items in a piece, in the order of the text."""
        return (item.box for item in items_of(self.pieces[piece].section.blocks) if item.box is not None)

    def end_line(self, piece: int) -> int:
        """The line of the document behind the piece's last."""
        return self.base(piece) + self.pieces[piece].section.end_line

    def piece_at(self, line: int) -> int:
        """The piece that holds a line of the document."""
        chunk = self.outline.chunk_at(line)
        at = self._chunk_pieces[chunk]
        inside = line - self.outline.starts[chunk]
        while (
            at + 1 < len(self.pieces)
            and self.pieces[at + 1].chunk == chunk
            and self.pieces[at + 1].section.line <= inside
        ):
            at += 1
        return min(at, len(self.pieces) - 1)

    def _field_at(self, piece: int, inside: Point) -> Field | None:
        """The metadata field at a point of a piece: by the line of its key, else by that of its value; of several on a
        line the last that begins in front of the point."""
        fields = [field for field in (*self.carrier, *self.strays) if field.piece == piece]
        keyed = [(field.entry.key_span.start, field) for field in fields if field.entry.line == inside.line]
        found = keyed or [
            (field.entry.whole.start, field)
            for field in fields
            if field.entry.whole.start_line <= inside.line <= field.entry.whole.end_line
        ]
        before = [field for start, field in found if start <= inside.offset]
        return before[-1] if len(found) > 1 and before else found[0][1] if found else None

    def at(self, point: Point) -> Cursor:
        """What is under `point`: the one question that hover, completion and actions ask."""
        piece = self.piece_at(point.line)
        inside = Point(point.line - self.base(piece), point.offset)
        section = self.pieces[piece].section
        field = self._field_at(piece, inside)
        if field is None and self.stated is not None and self.stated.piece == piece:
            field = self.stated if self.stated.entry.value_span.start_line == inside.line else None
        heading = section.heading
        if heading and not heading.line <= inside.line < heading.end_line:
            heading = None
        block = next((block for block in section.blocks if block.line <= inside.line < block.end_line), None)
        item = item_at(block.items, inside.line) if isinstance(block, List) else None
        return Cursor(piece, self.binding.owners[piece], field, item, block, heading)


def _heads(first: int, sections: Sequence[Section], known: Mapping[int, Piece]) -> list[Head]:
    """The headings of sections, which are the pieces from `first` on; titles are read unless they are `known`."""
    heads = []
    for at, section in enumerate(sections, first):
        if section.heading is not None:
            piece = known.get(id(section))
            title, stem = (piece.facts.title, piece.facts.stem) if piece is not None else heading_facts(section)
            heads.append(Head(at, section.heading, title, stem))
    return heads


def _says_more(facts: Facts) -> bool:
    """Whether facts hold what something beyond their section may depend on, its heading aside."""
    return bool(facts.entries or facts.bold or facts.words or facts.unclosed or facts.opening or facts.yaml)


def is_sample_value(field: Field) -> bool:
    """Whether a field still has the template's sample (white space, marks and case aside) and may not keep it.

    Choices in brackets that stand in the document without them are the author's: `2.x / 3.x` for `(2.x / 3.x)`.
    """
    slot = field.slot
    if slot is None or slot.keep or not slot.sample or skeleton(field.entry.value) != skeleton(slot.sample):
        return False
    if slot.kind == "choice" and told_apart(field.entry.value):
        return False
    return slot.kind != "choice" or slot.sample[0] not in "({[<" or field.entry.value[:1] in tuple("({[<")


def plain_value(entry: Entry) -> str:
    """An entry's value as a reader sees it: no link marks, entities or comments, no emoji, quotes or full stop at its
    ends, and nothing struck out."""
    source = without_comments(entry.value).strip()
    return without_emoji(bare_value(plain(told_apart(source) or source)))


def item_at(items: Sequence[Item], line: int) -> Item | None:
    """The innermost list item on a line."""
    for item in items:
        if item.line <= line < item.end_line:
            for block in item.blocks:
                if isinstance(block, List) and block.line <= line < block.end_line:
                    return item_at(block.items, line) or item
            return item
    return None
