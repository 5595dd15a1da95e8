"""What a workspace knows of its specs: a card for each, and where each identifier, handle and flag is named.

A card is made of plain values alone, so that it can be sent and kept; the documents behind cards need not be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain, groupby
from sys import intern
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

from spec_ls.bind import Fill, lineage
from spec_ls.facts import Facts
from spec_ls.outline.blocks import Block, Comment, Fence, FrontMatter, Item, List, Paragraph, Plain, Quote, Section
from spec_ls.outline.inline import plain, skeleton
from spec_ls.outline.shapes import items_of, joined, label_of, shown_title, without_comments
from spec_ls.spec import Field, Piece, Place, Spec, is_sample_value, plain_value
from spec_ls.template.kinds import is_target
from spec_ls.template.lookup import lookup
from spec_ls.template.model import FieldSlot, ItemSlot, SectionSlot, Stage, Template
from spec_ls.text import TOP, Point, Span, strip_line_end
from spec_ls.values import (
    code_spans,
    handle_of,
    handles_in,
    identifiers_in,
    link_targets,
    named_in,
    tickets_in,
    without_addresses,
)

SHAPE = 2
"""The number of a card's shape: one of another number cannot be read."""

MentionKind = Literal["id", "handle", "flag", "ticket", "code", "link"]
Role = Literal["", "definition", "dependency"]

_DEPENDS = "depend"
_DIGITS = "0123456789"
_MOST_WORDS = 300
"""Code points of a first paragraph that a card keeps."""
_LONGEST_NAME = 60
_LONGEST_ITEM = 1000
_EXAMPLES = re.compile(r"\(?e\. ?g\.,?\s", re.I)
_COMMA = re.compile(r",(?![^()]{0,60}\))")
_FENCE = re.compile(r"[> \t]{0,20}(```|~~~)")
_NOTHING = frozenset(["", "na", "none"])


class Mention(NamedTuple):
    """A name as it stands at `span`.

    - `id`, `handle`: an identifier of a spec, a person; `definition` where the metadata says them
    - `flag`: a word in code marks in a labelled item whose sample the template has in code marks (`Feature Flags`)
    - `code`: any other word in code marks
    - `ticket`: the key, or else the address, in a field that asks for a link
    - `link`: the target of a relative link, as written

    `dependency` marks an identifier in a part about dependencies; where there is no such part, each but its own.
    """

    kind: MentionKind
    text: str
    span: Span
    role: Role = ""


class Heading(NamedTuple):
    """A heading: `title` as a reader sees it, the span of its words, the `slot_path` of its slot, else empty."""

    title: str
    level: int
    span: Span
    slot: str = ""


class Dependency(NamedTuple):
    """Something that a spec needs, by its name; `label` is that of its item (`Services`), empty without one."""

    label: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Card:
    """What others may ask of a spec. `id`, `owner` and the like are empty while they are missing or samples.

    `filled` of `total` top sections are filled in, `samples` are left. `target` is the first date of the metadata that
    is not the day of its beginning, as written. `id_span` and `title_span` are None where there is no such place.
    """

    path: str
    template: str
    id: str = ""
    id_span: Span | None = None
    title: str = ""
    title_span: Span | None = None
    status: str = ""
    stage: Stage = "draft"
    owner: str = ""
    approvers: tuple[str, ...] = ()
    target: str = ""
    filled: int = 0
    total: int = 0
    samples: int = 0
    first_paragraph: str = ""
    sections: Sequence[Heading] = ()
    mentions: Sequence[Mention] = ()
    dependencies: Sequence[Dependency] = ()

    @property
    def place(self) -> Span:
        """Where to show the spec: its identifier, else its title, else the first line."""
        return self.id_span or self.title_span or TOP

    def needs(self) -> Iterator[Mention]:
        """The identifiers of the specs that it depends on, each time it says so."""
        return (mention for mention in self.mentions if mention.role == "dependency")


# --- as plain values

_FIELDS = tuple(field.name for field in fields(Card))
Row = TypeVar("Row")


class Packed(Sequence[Row], Generic[Row]):
    """The rows of a card as JSON, made anew each time they are read: a fifth of the memory, and nothing that the
    garbage collector has to walk."""

    __slots__ = ("_made", "source")

    def __init__(self, source: str, made: Callable[[Any], Row]) -> None:
        self.source = source
        self._made = made

    def plain(self) -> list[Any]:
        """The rows as JSON has them: their words in the order of the row's, a span as its four numbers."""
        found = json.loads(self.source)
        return found if isinstance(found, list) else []

    def __iter__(self) -> Iterator[Row]:
        return map(self._made, self.plain())

    def __len__(self) -> int:
        return len(self.plain())

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        return tuple(self)[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def _heading(row: Any) -> Heading:
    return Heading(row[0], row[1], Span(*row[2:6]), row[6])


def _mention(row: Any) -> Mention:
    return Mention(row[0], row[1], Span(*row[2:6]), row[6])


def _dependency(row: Any) -> Dependency:
    return Dependency(row[0], row[1], Span(*row[2:6]))


_ROWS: dict[str, Callable[[Any], Any]] = {"sections": _heading, "mentions": _mention, "dependencies": _dependency}


def to_plain(card: Card) -> list[Any]:
    """A card as JSON has it; its path comes first, and no other part of it depends on where the file lies."""
    path, *values = ((name, getattr(card, name)) for name in _FIELDS)
    return [path[1], SHAPE, *(_packed(value) if name in _ROWS else value for name, value in values)]


def _packed(rows: Sequence[Any]) -> str:
    if isinstance(rows, Packed):
        return rows.source
    flat = [[part for value in row for part in (value if isinstance(value, Span) else (value,))] for row in rows]
    return json.dumps(flat, separators=(",", ":"))


def from_plain(value: Any) -> Card:
    """The card of such a value. Raises ValueError where it is none of this shape."""
    try:
        path, shape, *values = value
        if shape != SHAPE:
            raise ValueError(f"its shape is {shape}, not {SHAPE}")
        given = dict(zip(_FIELDS, (path, *values), strict=True))
        for name in ("id_span", "title_span"):
            given[name] = Span(*given[name]) if given[name] is not None else None
        for name in ("template", "status", "stage", "owner"):
            given[name] = intern(given[name])
        given["approvers"] = tuple(map(intern, given["approvers"]))
        for name, made in _ROWS.items():
            given[name] = Packed(given[name] + "", made) if given[name] != "[]" else ()
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"no card: {error}") from None
    return Card(**given)


# --- the catalogue ----------------------------------------------------------------------------


class Found(NamedTuple):
    """A mention and the card of the document that it stands in."""

    card: Card
    mention: Mention


class Catalogue:
    """The cards of a workspace. To replace one costs what that card holds; looking up costs what is found.

    A document that is open counts as it stands there: `show` says how to ask for its card, which is done when something
    is looked up, and then only taken in anew if it is another object.
    """

    def __init__(self, cards: Iterable[Card] = ()) -> None:
        self._resting: dict[str, Card] = {}
        self._shown: dict[str, tuple[Callable[[Card | None], Card | None], Callable[[], str], Callable[[], bool]]] = {}
        self._cards: dict[str, Card] = {}
        self._by_id: dict[str, dict[str, Card]] = {}
        self._mentions: dict[tuple[str, str], dict[str, list[Mention] | None]] = {}
        """By name and path; None where they are still packed."""
        self._vocabulary: dict[str, dict[str, dict[str, str]]] = {}
        self._prefixes: dict[str, dict[str, None]] = {}
        self._sorted: tuple[Card, ...] | None = None
        for card in cards:
            self.put(card)

    # --- keeping up

    def put(self, card: Card) -> None:
        """Takes the card of a file as it is on disk, in place of the one before it."""
        self._resting[card.path] = card
        if card.path not in self._shown:
            self._take(card.path, card)

    def drop(self, path: str) -> None:
        """Forgets a file: it is gone, or no spec any more."""
        self._resting.pop(path, None)
        if path not in self._shown:
            self._take(path, None)

    def keep(self, paths: Collection[str]) -> None:
        """Forgets all files but these."""
        for path in [path for path in self._resting if path not in paths]:
            self.drop(path)

    def show(
        self,
        path: str,
        ask: Callable[[Card | None], Card | None],
        ask_id: Callable[[], str],
        is_long: Callable[[], bool] = bool,
    ) -> None:
        """From now on `ask` says what the document at `path` is, given what it is on disk; None is no spec. `ask_id`
        says its identifier, and costs little; `is_long`, that to ask for the first time may take a while."""
        self._shown[path] = ask, ask_id, is_long

    def hide(self, path: str) -> None:
        """The document at `path` counts as it is on disk again, as far as that is known."""
        if self._shown.pop(path, None) is not None:
            self._take(path, self._resting.get(path))

    def settle(self) -> None:
        """Takes in the open documents as they stand."""
        self._settle()

    def _settle(self, name: str | None = None) -> None:
        """Takes in the open documents as they stand; with `name`, those alone that have or had this identifier."""
        for path, (ask, ask_id, _) in self._shown.items():
            before = self._cards.get(path)
            if name is not None and name not in (ask_id().casefold(), before.id.casefold() if before else ""):
                continue
            card = ask(self._resting.get(path))
            if card is not before:
                self._take(path, card)

    def _take(self, path: str, card: Card | None) -> None:
        before = self._cards.pop(path, None)
        self._sorted = None
        if before is not None:
            if before.id:
                _discard(self._by_id, before.id.casefold(), path)
                _discard(self._prefixes, before.id.rstrip(_DIGITS), path)
            rows = plain_rows(before.mentions)
            for key in {_key(kind, text) for kind, text, *_ in rows}:
                _discard(self._mentions, key, path)
            for kind, name in _vocabulary(before, rows):
                _discard(self._vocabulary.get(kind, {}), name.casefold(), path)
        if card is None:
            return
        self._cards[path] = card
        if card.id:
            self._by_id.setdefault(card.id.casefold(), {})[path] = card
            self._prefixes.setdefault(card.id.rstrip(_DIGITS), {})[path] = None
        rows = plain_rows(card.mentions)
        if isinstance(card.mentions, Packed):
            for kind, text, *_ in rows:
                self._mentions.setdefault(_key(kind, text), {})[path] = None
        else:
            for mention in card.mentions:
                places = self._mentions.setdefault(_key(mention.kind, mention.text), {})
                own = places.get(path)
                if own is None:
                    own = places[path] = []
                own.append(mention)
        for kind, name in _vocabulary(card, rows):
            self._vocabulary.setdefault(kind, {}).setdefault(name.casefold(), {})[path] = name

    # --- looking up

    @property
    def known(self) -> Collection[Card]:
        """All cards, open documents as they were when last asked: costs nothing at a keystroke. A long document counts
        from when anything but this has asked for it."""
        for path, (ask, _, is_long) in self._shown.items():
            if path not in self._cards and not is_long() and (card := ask(self._resting.get(path))) is not None:
                self._take(path, card)
        return self._cards.values()

    def begun(self, typed: str) -> list[Card]:
        """The `known` cards whose identifier begins with what is typed, in any case once the letters of the prefix are
        there. Ordinary words cost no look at the cards."""
        folded, known = typed.casefold(), self.known
        whole = any(folded.startswith(prefix.casefold()) for prefix in self._prefixes)
        if not whole and not any(prefix.startswith(typed) for prefix in self._prefixes):
            return []
        if whole:
            return [card for card in known if card.id and card.id.casefold().startswith(folded)]
        return [card for card in known if card.id.startswith(typed)]

    def identifiers(self, but: str = "") -> set[str]:
        """The identifiers of the `kept` cards but that of a path, as written; may be asked in another thread."""
        return {card.id for card in list(self._cards.values()) if card.id and card.path != but}

    def has_others(self, but: str) -> bool:
        """Whether there is a `kept` card besides that of a path."""
        return len(self._cards) > (but in self._cards)

    @property
    def files(self) -> list[str]:
        """The paths of the specs on disk; may be asked in another thread."""
        return list(self._resting)

    def rests(self, path: str) -> bool:
        """Whether the file at a path is one of the specs, as it is on disk."""
        return path in self._resting

    def kept_at(self, path: str) -> Card | None:
        """The `kept` card of a path; may be asked in another thread."""
        return self._cards.get(path)

    def kept_by_id(self, name: str) -> list[Card]:
        """The `kept` cards of an identifier, whatever its case, in the order of their paths."""
        found = self._by_id.get(name.casefold(), {})
        return [found[path] for path in sorted(found)]

    def naming(self, handle: str, but: str) -> int:
        """How many `kept` cards but that of a path have a handle in their metadata, whatever its case."""
        names = self._vocabulary.get("handle", {}).get(handle.casefold(), {})
        return len(names) - (but in names)

    def vocabulary(self, kind: str, but: str = "") -> dict[str, int]:
        """The names of a kind in all `known` cards but that of the path `but`, and how many have each.

        A kind is `flag`, `ticket`, `handle` (those in the metadata), or the label of an item that lists what a spec
        depends on, whatever its case.
        """
        found = self._vocabulary.get(kind.casefold(), {})
        return {
            next(name for path, name in names.items() if path != but): len(names) - (but in names)
            for names in found.values()
            if len(names) > 1 or but not in names
        }

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards, in the order of their paths."""
        self._settle()
        if self._sorted is None:
            self._sorted = tuple(self._cards[path] for path in sorted(self._cards))
        return self._sorted

    def by_path(self, path: str) -> Card | None:
        self._settle()
        return self._cards.get(path)

    def by_id(self, name: str) -> tuple[Card, ...]:
        """The cards that have this identifier, whatever its case, in the order of their paths: one, if all is well."""
        self._settle(name.casefold())
        found = self._by_id.get(name.casefold(), {})
        return tuple(found[path] for path in sorted(found))

    def mentions(self, text: str, kind: MentionKind) -> tuple[Found, ...]:
        """Where a name stands, in the order of paths and places. For a flag, all words in code marks count.

        Identifiers, handles and tickets are the same whatever their case.
        """
        self._settle()
        key = _key(kind, text)
        found = self._mentions.get(key, {})
        return tuple(
            Found(self._cards[path], mention)
            for path in sorted(found)
            for mention in found[path] or self._cards[path].mentions
            if _key(mention.kind, mention.text) == key
        )

    def names(self, kind: MentionKind) -> dict[str, int]:
        """The names of a kind as first written, with the number of specs that have each. Takes time in proportion to
        all names."""
        self._settle()
        found: dict[str, int] = {}
        first: dict[tuple[str, str], str] = {}
        for card in self._cards.values():
            own = [text for told, text, *_ in plain_rows(card.mentions) if told == kind]
            for key, text in {_key(kind, text): text for text in reversed(own)}.items():
                name = first.setdefault(key, text)
                found[name] = found.get(name, 0) + 1
        return found

    @property
    def ids(self) -> frozenset[str]:
        """The identifiers that are taken, as written."""
        self._settle()
        return frozenset(card.id for cards in self._by_id.values() for card in cards.values())


def _vocabulary(card: Card, mentions: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """What a card, with its mentions as `plain_rows`, adds to the vocabulary: kind and name."""
    for kind, text, *_, role in mentions:
        if kind in ("flag", "ticket") or (kind == "handle" and role == "definition"):
            yield kind, intern(text)
    for label, name, *_ in plain_rows(card.dependencies):
        yield intern(label.casefold()), intern(name)


def plain_rows(rows: Sequence[Any]) -> Sequence[Any]:
    """The rows, each with its words in their order, whether they are packed or not."""
    return rows.plain() if isinstance(rows, Packed) else rows


def _key(kind: str, text: str) -> tuple[str, str]:
    if kind in ("flag", "code"):
        return "flag", text
    return kind, text if kind == "link" else text.casefold()


def _discard(index: dict[Any, Any], key: object, path: str) -> None:
    places = index.get(key)
    if places is not None:
        places.pop(path, None)
        if not places:
            del index[key]


def named_at(spec: Spec, point: Point, mentions: Iterable[Mention]) -> Mention | None:
    """What is named at `point`, an end of it included; on the text of a link, its target where nothing else is."""
    on_line = [mention for mention in mentions if mention.span.start_line == point.line]
    at = next((mention for mention in on_line if mention.span.holds(point)), None)
    if at is not None:
        return at
    line = spec.text.content(point.line)
    for mention in on_line:
        opening = line.rfind("[", 0, mention.span.start) if mention.kind == "link" else -1
        if 0 <= opening <= point.offset <= mention.span.end:
            return mention
    return None


# --- making a card ----------------------------------------------------------------------------


class _Read(NamedTuple):
    """What one section says, from what it was read; lines count from its chunk's start, mentions in their order."""

    section: Section
    rows: list[str]
    slot: int
    mentions: tuple[Mention, ...]
    dependencies: tuple[Dependency, ...]
    depends: bool
    paragraph: str


class _Placed(NamedTuple):
    """The mentions of a section where they stand, and what that was made from."""

    source: tuple[Mention, ...]
    base: int
    name: str
    marked: bool
    mentions: tuple[Mention, ...]


class CardMaker:
    """Makes the card of the document at `path`, and again after edits: then only touched sections are read.

    `prefixes` are those of the identifiers that count as mentions; those of the document's own template do besides.
    """

    def __init__(self, path: str, prefixes: Collection[str] = ()) -> None:
        self._path = path
        self._prefixes = frozenset(prefixes)
        self._known: dict[int, _Read] = {}
        self._placed: dict[int, _Placed] = {}
        self._template: Template | None = None
        self._has_part = False
        self._wanted = self._prefixes

    def card(self, spec: Spec, progress: tuple[int, int, int] = (0, 0, 0)) -> Card:
        """The card of `spec`; `progress` is what it says of sections and samples. Takes time in proportion to the
        sections and to the text that has changed; to all mentions where lines have moved. Never raises on any text."""
        self._begin(spec)
        read = [self._read(spec, at, piece) for at, piece in enumerate(spec.pieces)]
        self._known = {id(one.section): one for one in read}
        name = identifier_of(spec).casefold()
        return _assembled(self._path, spec, read, progress, self._mentions(spec, read, name))

    def brief(self, spec: Spec) -> Card:
        """What other specs ask of `spec`: its names, its place, the specs that it depends on and the handles of its
        metadata. Sections in which no identifier can be are not read."""
        self._begin(spec)
        wanted, read = [prefix.casefold() for prefix in self._wanted], list[_Read]()
        for at, piece in enumerate(spec.pieces):
            section, base = piece.section, spec.base(at)
            rows = spec.text.lines[base + section.line : base + section.end_line]
            folded = "".join(rows).casefold()
            if any(prefix in folded for prefix in wanted):
                read.append(_read(spec, at, piece, rows, self._wanted))
            else:
                read.append(_Read(section, rows, piece.slot, (), (), False, ""))
        own = own_identifier(spec)
        title, title_span = _title(spec)
        mentions = self._mentions(spec, read, own.text.casefold() if own else "")
        asked = (("id", "dependency"), ("handle", "definition"))
        return Card(
            path=self._path,
            template=spec.template.name,
            id=own.text if own else "",
            id_span=spec.span(own.place) if own else None,
            title=title,
            title_span=None if own else title_span,
            status=_status(spec),
            stage=spec.stage,
            mentions=tuple(mention for mention in mentions if (mention.kind, mention.role) in asked),
        )

    def _begin(self, spec: Spec) -> None:
        if spec.template is not self._template:
            self._template, self._known = spec.template, {}
            self._wanted = self._prefixes | {slot.prefix for slot in spec.template.fields if slot.kind == "id"}
            self._has_part = _has_dependencies(spec.template)

    def _read(self, spec: Spec, at: int, piece: Piece) -> _Read:
        base, section = spec.base(at), piece.section
        rows = spec.text.lines[base + section.line : base + section.end_line]
        before = self._known.get(id(section))
        if before is not None and before.slot == piece.slot and before.rows == rows:
            return before
        return _read(spec, at, piece, rows, self._wanted)

    def _mentions(self, spec: Spec, read: Sequence[_Read], name: str) -> Iterator[Mention]:
        """The mentions in the order of the text, those of the metadata with what the metadata makes of them."""
        fields: dict[int, list[Field]] = {}
        for field in chain.from_iterable(spec.fields.values()):
            fields.setdefault(field.piece, []).append(field)
        told = {at: _with_fields(spec, read[at].mentions, fields[at], self._wanted) for at in fields}
        marked = self._has_part or any(one.depends for one in read)
        marked = marked or any(mention.role == "dependency" for mentions in told.values() for mention in mentions)
        placed: dict[int, _Placed] = {}
        for at, one in enumerate(read):
            source = told.get(at, one.mentions)
            if source:
                before, base = self._placed.get(id(one.section)), spec.base(at)
                if before is None or before.source is not source or before[1:4] != (base, name, marked):
                    before = _Placed(source, base, name, marked, tuple(_placed(source, base, name, marked)))
                placed[id(one.section)] = before
                yield from before.mentions
        self._placed = placed


def card(spec: Spec, path: str, prefixes: Collection[str] = (), progress: tuple[int, int, int] = (0, 0, 0)) -> Card:
    """The card of a spec; `prefixes` are those of the team's identifiers. Never raises on any text."""
    return CardMaker(path, prefixes).card(spec, progress)


def _read(spec: Spec, at: int, piece: Piece, rows: list[str], prefixes: Collection[str]) -> _Read:
    section, owner, known = piece.section, spec.binding.owners[at], lookup(spec.template)
    items = list(items_of(section.blocks))
    sampled = [item for item in items if known.is_sample(item)]
    flags = set(_flag_lines(piece.facts, owner.slot, items)) if owner else set()
    keys = [piece.facts.title.key, *(fill.slot.key for fill in lineage(owner))]
    depends = set(range(section.line, section.end_line)) if any(_DEPENDS in key for key in keys) else set()
    for item in items:
        label = label_of(item.lines[0].text) if item.lines else None
        if label and _DEPENDS in label.name.casefold():
            depends.update(range(item.line, item.end_line))
    own = {line for item in sampled for line in range(item.line, item.end_line)}
    found = _mentions(section, rows, prefixes, flags, depends)
    mentions = sorted((one for one in found if one.span.start_line not in own), key=lambda one: one.span)
    dependencies = tuple(_dependencies(piece.facts, owner, items, depends, known.is_sample))
    paragraphs = (block for block in section.blocks if isinstance(block, Paragraph))
    first = next(filter(None, (_own_words(block, known.guidance_lines) for block in paragraphs)), "")
    is_part = any(mention.role == "dependency" for mention in mentions)
    return _Read(section, rows, piece.slot, tuple(mentions), dependencies, is_part, first)


def _own_words(block: Paragraph, guidance_lines: Callable[[Sequence[Any]], int]) -> str:
    """The words of a paragraph that are neither the template's guidance nor labelled, up to a limit."""
    rest = block.lines[guidance_lines(block.lines) :]
    return "" if not rest or label_of(rest[0].text) else plain(without_comments(joined(rest)))[:_MOST_WORDS]


# --- mentions


def mentions_in(spec: Spec, at: int, prefixes: Collection[str]) -> tuple[Mention, ...]:
    """What the section at an index of the pieces names; lines count from its chunk's start. `prefixes` are those of
    identifiers. Only parts about dependencies have such. Never raises on any text."""
    piece, base = spec.pieces[at], spec.base(at)
    rows = spec.text.lines[base + piece.section.line : base + piece.section.end_line]
    found = _read(spec, at, piece, rows, prefixes).mentions
    fields = [field for field in chain.from_iterable(spec.fields.values()) if field.piece == at]
    return _with_fields(spec, found, fields, prefixes) if fields else found


def _mentions(
    section: Section, rows: Sequence[str], prefixes: Collection[str], flags: Collection[int], depends: Collection[int]
) -> Iterator[Mention]:
    for number, row in shown_rows(section, rows):
        ids = list(identifiers_in(without_addresses(row), prefixes))
        for found in ids:
            role: Role = "dependency" if number in depends else ""
            yield Mention("id", found.words, _span(number, found.start, found.words), role)
        for found in handles_in(row):
            yield Mention("handle", found.words, _span(number, found.start, found.words))
        for start, end in code_spans(row):
            words = row[start:end].strip()
            if words and len(words) <= _LONGEST_NAME and " " not in words:
                span = _span(number, start + row[start:end].index(words), words)
                if all(found.start != span.start for found in ids):
                    kind: MentionKind = "flag" if number in flags else "code"
                    yield Mention(kind, words, span, "definition" if number in flags else "")
        for found in link_targets(row):
            yield Mention("link", found.words, _span(number, found.start, found.words))


def _span(line: int, start: int, words: str) -> Span:
    return Span(line, start, line, start + len(words))


def shown_rows(section: Section, rows: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The lines that a reader sees as text, by number: code blocks and comments are left out or blanked."""
    hidden = set(_hidden_lines(section.blocks, section.line, rows))
    shown = [(at, strip_line_end(row)) for at, row in enumerate(rows, section.line) if at not in hidden]
    if any("<!--" in row for _, row in shown):
        shown = list(_without_inline_comments(shown))
    yield from shown


def _without_inline_comments(shown: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """A comment inside text ends with its paragraph at the latest."""
    for _, group in groupby(shown, key=lambda pair: bool(pair[1].strip())):
        paragraph = list(group)
        text, at = without_comments("\n".join(row for _, row in paragraph)), 0
        for number, row in paragraph:
            yield number, text[at : at + len(row)]
            at += len(row) + 1


def _hidden_lines(blocks: Iterable[Block], first: int, rows: Sequence[str]) -> Iterator[int]:
    for block in blocks:
        if isinstance(block, Fence | Comment):
            yield from range(block.line, block.end_line)
        elif isinstance(block, Plain):
            if not rows[block.line - first].lstrip().startswith("<"):
                yield from range(block.line, block.end_line)
        elif isinstance(block, Quote):
            yield from _quoted_code(block, first, rows)
        elif isinstance(block, FrontMatter):
            for at in range(block.line, min(block.end_line, first + len(rows))):
                if rows[at - first].lstrip().startswith("#"):
                    yield at
        elif isinstance(block, List):
            for item in block.items:
                yield from _hidden_lines(item.blocks, first, rows)


def _quoted_code(block: Quote, first: int, rows: Sequence[str]) -> Iterator[int]:
    """The lines of fenced code in a block quote."""
    opened = ""
    for at in range(block.line, min(block.end_line, first + len(rows))):
        fence = _FENCE.match(rows[at - first])
        if opened or fence:
            yield at
        if fence and opened in ("", fence[1]):
            opened = "" if opened else fence[1]


# --- items


def _labelled(facts: Facts, slot: SectionSlot, items: Sequence[Item]) -> Iterator[tuple[ItemSlot, Item]]:
    """The list items of a section that are labelled ones of its slot."""
    by_line = {item.lines[0].line: item for item in items if item.lines}
    for fact in facts.labels:
        item = by_line.get(fact.span.start_line)
        if item is not None:
            yield slot.items[fact.slot], item


def _flag_lines(facts: Facts, slot: SectionSlot, items: Sequence[Item]) -> Iterator[int]:
    """The lines of the items whose sample is in code marks from end to end."""
    for wanted, item in _labelled(facts, slot, items):
        if is_in_code(wanted.text):
            yield from range(item.line, item.end_line)


def is_in_code(sample: str) -> bool:
    """Whether a sample is in code marks from end to end: what stands there in a spec are flags."""
    sample = sample.strip()
    return bool(code_spans(sample)) and not _outside_code(sample).strip(" ,;&/")


def _outside_code(text: str) -> str:
    parts, at = [], 0
    for start, end in code_spans(text):
        parts.append(text[at:start].rstrip("`"))
        at = end
    return "".join(parts) + text[at:].lstrip("`")


def _dependencies(
    facts: Facts, owner: Fill | None, items: Sequence[Item], depends: Collection[int], is_sample: Callable[[Item], bool]
) -> Iterator[Dependency]:
    """The names in the labelled items whose sample is a list of examples (`e.g., Auth Service`), and in all items of a
    part about dependencies."""
    labelled = {item.line: wanted for wanted, item in _labelled(facts, owner.slot, items)} if owner else {}
    for item in items:
        wanted = labelled.get(item.line)
        listed = item.line in depends or (wanted is not None and _EXAMPLES.match(wanted.text))
        if listed and item.lines and not is_sample(item):
            yield from _names(wanted.name if wanted else "", item)


def _names(label: str, item: Item) -> Iterator[Dependency]:
    for line in item.lines:
        text = without_comments(line.text[:_LONGEST_ITEM])
        head = label_of(text) if line is item.lines[0] else None
        at = head.value if head else 0
        for part in [*_COMMA.finditer(text, at), None]:
            end = part.start() if part else len(text)
            source = text[at:end]
            words = plain(source).rstrip(".")
            if skeleton(words) not in _NOTHING and len(words) <= _LONGEST_NAME:
                start = line.start + at + len(source) - len(source.lstrip())
                name = label or (head.name if head else "")
                yield Dependency(name, words, Span(line.line, start, line.line, line.start + at + len(source.rstrip())))
            at = part.end() if part else end


# --- putting together


def _assembled(
    path: str, spec: Spec, read: Sequence[_Read], progress: tuple[int, int, int], mentions: Iterable[Mention]
) -> Card:
    template = spec.template
    owner, approvers = _own(spec, template.owner), _own(spec, template.approvers)
    dates = (slot for slot in template.fields if slot.kind == "date" and is_target(slot.key))
    own = own_identifier(spec)
    title, title_span = _title(spec)
    return Card(
        path=path,
        template=template.name,
        id=own.text if own else "",
        id_span=spec.span(own.place) if own else None,
        title=title,
        title_span=title_span,
        status=_status(spec),
        stage=spec.stage,
        owner=(handle_of(owner.entry.value) or "") if owner else "",
        approvers=tuple(part.handle for part in named_in(approvers.entry) if part.handle) if approvers else (),
        target=next(filter(None, (_words(_own(spec, slot)) for slot in dates)), ""),
        filled=progress[0],
        total=progress[1],
        samples=progress[2],
        first_paragraph=next((one.paragraph for one in read if one.paragraph), ""),
        sections=tuple(_sections(spec)),
        mentions=tuple(mentions),
        dependencies=tuple(
            one._replace(span=one.span.shifted(spec.base(at)))
            for at, part in enumerate(read)
            for one in part.dependencies
        ),
    )


def _own(spec: Spec, slot: FieldSlot | None) -> Field | None:
    """The field that fills `slot` with words of the author's own."""
    field = spec.field(slot)
    return None if field is None or is_sample_value(field) else field


def _status(spec: Spec) -> str:
    return spec.state.name if spec.state else _words(_own(spec, spec.template.status))


def _words(field: Field | None) -> str:
    return plain_value(field.entry) if field else ""


def identifier_of(spec: Spec) -> str:
    """The identifier that a spec gives itself; empty while there is none."""
    found = own_identifier(spec)
    return found.text if found else ""


class Identifier(NamedTuple):
    """An identifier, and where the metadata says it."""

    text: str
    place: Place


def own_identifier(spec: Spec) -> Identifier | None:
    """The identifier that a spec gives itself; None while there is none."""
    field = _own(spec, spec.template.field("id"))
    if field is not None and field.slot is not None:
        line, start, *_ = field.entry.value_span
        for found in identifiers_in(field.entry.value, (field.slot.prefix,)):
            return Identifier(found.words, field.at(_span(line, start + found.start, found.words)))
    return None


def _title(spec: Spec) -> tuple[str, Span | None]:
    """The document's title, empty where it is the template's, and its place."""
    at = spec.binding.title
    heading = spec.pieces[at].section.heading if at is not None else None
    if at is None or heading is None:
        field = next((field for key, fields in spec.fields.items() if key == "title" for field in fields), None)
        return (_words(field), spec.span(field.at(field.entry.value_span))) if field else ("", None)
    sample = spec.template.title
    is_sample = bool(sample) and skeleton(shown_title(heading)) == skeleton(sample or "")
    return "" if is_sample else heading.title.strip(), spec.span(spec.heading_place(at))


def _sections(spec: Spec) -> Iterator[Heading]:
    for at, piece in enumerate(spec.pieces):
        heading, fill = piece.section.heading, spec.binding.owners[at]
        fills = fill is not None and fill.piece == at
        if heading is None or at == spec.binding.title or (heading.style == "malformed" and not fills):
            continue
        exactly = fills and fill is not None and fill.fault != "misnamed"
        span = spec.span(spec.heading_place(at))
        yield Heading(heading.title.strip(), heading.level, span, slot_path(fill) if fill and exactly else "")


def slot_path(fill: Fill) -> str:
    """What a slot is called among all of its template: the keys of the sections that it lies in, and its own."""
    return "/".join(reversed([one.slot.key for one in lineage(fill)]))


def _with_fields(
    spec: Spec, mentions: Iterable[Mention], fields: Iterable[Field], prefixes: Collection[str]
) -> tuple[Mention, ...]:
    """The mentions of a section with fields, which say what they mean; lines count from its chunk's start."""
    found = {mention.span.first: mention for mention in mentions}
    for field in fields:
        if is_sample_value(field):
            found = {point: mention for point, mention in found.items() if not field.entry.whole.holds(point)}
        else:
            found.update((mention.span.first, mention) for mention in _of_field(spec, field, prefixes))
    return tuple(mention for _, mention in sorted(found.items()))


def _placed(mentions: Iterable[Mention], base: int, name: str, marked: bool) -> Iterator[Mention]:
    """The mentions where they stand in the document whose identifier, case folded, is `name`. `marked`: it has a part
    for what it depends on."""
    for kind, text, span, role in mentions:
        if kind == "id" and role != "definition":
            role = "" if text.casefold() == name else role or ("" if marked else "dependency")
        yield Mention(kind, text, span.shifted(base), role)


def _of_field(spec: Spec, field: Field, prefixes: Collection[str]) -> Iterator[Mention]:
    """What a metadata field names; lines count as the field's."""
    entry, kind = field.entry, field.slot.kind if field.slot else "text"
    if kind in ("handle", "handles"):
        for part in named_in(entry):
            if part.handle:
                line = spec.text.content(part.span.start_line + spec.base(field.piece))
                start = line.find(part.handle, part.span.start)
                if start >= 0:
                    yield Mention("handle", part.handle, _span(part.span.start_line, start, part.handle), "definition")
        return
    role: Role = "definition" if kind == "id" else "dependency" if _DEPENDS in field.key else ""
    wanted = (field.slot.prefix,) if field.slot and kind == "id" else prefixes
    for value, span in entry.parts:
        named = list(identifiers_in(value, wanted))
        for found in named:
            yield Mention("id", found.words, _span(span.start_line, span.start + found.start, found.words), role)
        if kind == "link" and not named:
            for found in tickets_in(value):
                yield Mention("ticket", found.words, _span(span.start_line, span.start + found.start, found.words))


def _has_dependencies(template: Template) -> bool:
    """Whether a template has a part for what a spec depends on."""
    keys = [*(slot.key for slot in template.fields), *(slot.key for slot in template.all_sections())]
    names = [item.name.casefold() for slot in template.all_sections() for item in slot.items]
    return any(_DEPENDS in words for words in (*keys, *names))
