"""Which heading of a document fills which slot of its template.

Titles decide, levels and places confirm. Every fault of a heading is one `Fill.fault`; a slot that
nothing fills is one `Missing`. Nothing here reads more of a document than its headings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from operator import lt
from typing import Any, Literal

from spec_ls.facts import count_of, is_counted
from spec_ls.outline.blocks import Heading
from spec_ls.outline.inline import Title
from spec_ls.template.lookup import lookup
from spec_ls.template.model import SectionSlot, Template

Fault = Literal["misnamed", "misplaced", "wrong-level", "malformed"]
_NEAR = 80.0
_NUMBERED_NEAR = 50.0


@dataclass(slots=True)
class Head:
    """A heading of the document: `piece` counts the document's sections, `stem` is the title up to a dash or colon."""

    piece: int
    heading: Heading
    title: Title
    stem: Title
    fill: Fill | None = None
    duplicate: bool = False


@dataclass(slots=True, eq=False)
class Fill:
    """A slot and the heading that fills it; `pieces` are its own section and those below that fill nothing else.

    `astray` marks one of the fewest that would have to move to bring all into the template's order, whatever else
    its heading has for a fault. `even`: all headings below it that repeat count, each at its proper level.
    """

    slot: SectionSlot
    piece: int
    parent: Fill | None = None
    fault: Fault | None = None
    astray: bool = False
    even: bool = True
    duplicates: list[int] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    children: list[Fill] = field(default_factory=list)


@dataclass(slots=True)
class Missing:
    """A slot that nothing fills: `parent` is the fill it belongs in, `before` the sibling in front of the gap.

    `anchor` is the piece where that is told: the sibling's, else the parent's, else the title's.
    """

    slot: SectionSlot
    parent: Fill | None
    before: Fill | None
    anchor: int


@dataclass(slots=True)
class Binding:
    """What fills what. `title` is the piece of the document's title; `owners` has the fill of each piece.

    `first_section` is the first that fills a top slot and has not to move: title and metadata stand above it.
    `open` are the slots that are not filled exactly: a heading may nearly have the title of one of them, at one of the
    `open_tops` that of a top slot. One at a level up to `deepest` may end a section with subsections.
    """

    title: int | None
    shift: int
    fills: list[Fill]
    missing: list[Missing]
    owners: list[Fill | None]
    ignored: set[int]
    first_section: int
    open: tuple[SectionSlot, ...] = ()
    open_tops: frozenset[int] = frozenset()
    deepest: int = 0

    def may_nearly_fill(self, title: Title, level: int) -> bool:
        """Whether a heading may nearly have the title of a slot that is not filled exactly."""
        slots = [slot for slot in self.open if slot.level + self.shift == level]
        if not slots:
            return False
        from rapidfuzz.fuzz import ratio

        return any(_abridged(title.key, slot.key) or ratio(title.key, slot.key) >= _NUMBERED_NEAR for slot in slots)


def bind(heads: Sequence[Head], piece_count: int, template: Template) -> Binding:
    """Binds the headings of a document to the slots of `template`. Never raises."""
    return _Binder(heads, piece_count, template).bind()


def family(fill: Fill) -> Iterator[Fill]:
    """A fill and all below it."""
    yield fill
    for child in fill.children:
        yield from family(child)


def lineage(fill: Fill | None) -> Iterator[Fill]:
    """A fill and those that it lies in, from below."""
    while fill is not None:
        yield fill
        fill = fill.parent


def longest_run(values: Sequence[Any], preferred: Sequence[bool] | None = None) -> set[int]:
    """The positions of a longest strictly increasing run of `values`, with as many preferred positions as possible.

    Of equal runs, the one with the earlier positions. O(n log n), and O(n) where few are out of order.
    """
    return set(range(len(values))).difference(strays(values, preferred))


def strays(values: Sequence[Any], preferred: Sequence[bool] | None = None) -> list[int]:
    """The positions that are in no such run: the fewest that would have to move."""
    # Where all in front are below all behind, the values fall into parts, whose longest runs make up the whole.
    above = accumulate(values, max)
    below = list(accumulate(reversed(values), min))[::-1]
    parted = [*map(lt, above, below[1:]), True, False]
    found: list[int] = []
    begin = parted.index(False)
    while begin < len(values):
        end = parted.index(True, begin) + 1
        if end == begin + 2:  # a number stands twice, most often
            found.append(begin if preferred and preferred[begin] < preferred[begin + 1] else begin + 1)
        else:
            run = _longest_run(values[begin:end], preferred[begin:end] if preferred else None)
            found += [begin + at for at in range(end - begin) if at not in run]
        begin = parted.index(False, end)
    return found


def _longest_run(values: Sequence[Any], preferred: Sequence[bool] | None) -> set[int]:
    # A Fenwick tree over the ranks keeps, for every prefix of ranks, the best weight so far and its position, negated.
    ranks = {value: rank for rank, value in enumerate(sorted(set(values)), 1)}
    scale = len(values) + 1
    best: list[tuple[int, int]] = [(0, 1)] * (len(ranks) + 1)
    before = [-1] * len(values)
    top = (0, -1)
    for at, value in enumerate(values):
        rank = ranks[value] - 1
        found = (0, 1)
        while rank > 0:
            found = max(found, best[rank])
            rank -= rank & -rank
        before[at] = -found[1]
        weight = found[0] + scale + (1 if preferred and preferred[at] else 0)
        rank = ranks[value]
        while rank < len(best):
            if best[rank] < (weight, -at):
                best[rank] = (weight, -at)
            rank += rank & -rank
        if weight > top[0]:
            top = (weight, at)
    run: set[int] = set()
    at = top[1]
    while at >= 0:
        run.add(at)
        at = before[at]
    return run


class _Binder:
    def __init__(self, heads: Sequence[Head], piece_count: int, template: Template) -> None:
        self.template = template
        self.heads = heads
        self.piece_count = piece_count
        self.fills: list[Fill] = []
        self.missing: list[Missing] = []
        self.by_key: dict[str, list[Head]] = {}
        other_names = lookup(template).other_names
        for head in heads:
            if other_names:
                head.title = _renamed(head.title, other_names)
                head.stem = _renamed(head.stem, other_names)
            self.by_key.setdefault(head.title.key, []).append(head)
        self.position = {head.piece: at for at, head in enumerate(heads)}
        self.shift = self._shift()
        self.lost: list[tuple[SectionSlot, Fill]] = []
        self.steady: set[int] | None = None

    def bind(self) -> Binding:
        tops = self.template.sections
        bound = {slot.index: fill for slot in tops if (fill := self._claim_best(slot, self.heads, None)) is not None}
        self._near([slot for slot in tops if slot.index not in bound], self.heads, None, bound)
        ordered = [bound[slot.index] for slot in tops if slot.index in bound]
        self._order(ordered)
        title = self._title(ordered)
        for fill in ordered:
            self._children(fill)
        self._find_lost()
        owners, ignored = self._own()
        for slot in tops:
            if slot.index not in bound:
                self.missing.append(_missing(slot, None, ordered, title or 0))
        first = min((fill.piece for fill in ordered if not fill.astray), default=self.piece_count)
        inexact = [fill.slot for fill in self.fills if fill.fault is not None]
        loose = tuple(slot for slot in (*inexact, *(missing.slot for missing in self.missing)) if not slot.repeats)
        return Binding(
            title,
            self.shift,
            self.fills,
            self.missing,
            owners,
            ignored,
            first,
            open=loose,
            open_tops=frozenset(self._level(slot) for slot in loose if slot in tops),
            deepest=max((self._reach(fill) for fill in self.fills if fill.slot.sections), default=0),
        )

    def _shift(self) -> int:
        """By how many levels the whole document differs from the template: what most exact titles say."""
        votes: dict[int, int] = {}
        for slot in self.template.sections:
            for head in self.by_key.get(slot.key, ())[:1]:
                difference = head.heading.level - slot.level
                votes[difference] = votes.get(difference, 0) + 1
        if not votes:
            return 0
        shift = max(votes, key=lambda difference: (votes[difference], difference == 0))
        return shift if votes[shift] * 2 > sum(votes.values()) and votes[shift] > 1 else 0

    def _level(self, slot: SectionSlot) -> int:
        return slot.level + self.shift

    # --- exact titles

    def _candidates(self, slot: SectionSlot, heads: Sequence[Head]) -> list[Head]:
        """The headings among `heads` that carry the slot's title and fill nothing yet."""
        same = self.by_key.get(slot.key, []) if heads is self.heads else heads
        named = [head for head in same if head.title.key == slot.key]
        return [head for head in named if head.fill is None and not head.duplicate]

    def _claim_best(self, slot: SectionSlot, heads: Sequence[Head], parent: Fill | None) -> Fill | None:
        level = self._level(slot)
        named = self._candidates(slot, heads)
        proper = [head for head in named if head.heading.level == level and head.heading.style != "malformed"]
        if not proper:
            proper = [
                head
                for head in heads
                if head.stem.key == slot.key
                and head.stem.key != head.title.key
                and head.heading.level == level
                and head.fill is None
                and head.heading.style != "malformed"
            ]
        if proper:
            head = self._in_order(proper)
            fill = self._fill(slot, head, parent, None)
            for other in proper:
                if other is not head and other.title.key == head.title.key:
                    other.duplicate = True
                    fill.duplicates.append(other.piece)
            return fill
        odd = [head for head in named if head.heading.style != "malformed" and not self._is_child_elsewhere(head, slot)]
        if odd:
            head = min(odd, key=lambda head: abs(head.heading.level - level))
            return self._fill(slot, head, parent, "wrong-level")
        if named and named[0].heading.style == "malformed":
            return self._fill(slot, named[0], parent, "malformed")
        return None

    def _is_child_elsewhere(self, head: Head, slot: SectionSlot) -> bool:
        """Whether a heading has the title of a top slot, but the level and title of a lower one."""
        return any(
            other.key == head.title.key and other.index != slot.index and self._level(other) == head.heading.level
            for other in self.template.all_sections()
        )

    def _in_order(self, heads: Sequence[Head]) -> Head:
        """Of several headings with one slot's title, the one that stands where the template has it, else the first."""
        if len(heads) > 1:
            if self.steady is None:
                self.steady = self._steady()
            return next((head for head in heads if head.piece in self.steady), heads[0])
        return heads[0]

    def _steady(self) -> set[int]:
        """The pieces of the most top sections that are in order, where of those with one title only one counts."""
        pieces, first = [], []
        for slot in self.template.sections:
            level = self._level(slot)
            same = [head.piece for head in self.by_key.get(slot.key, ()) if head.heading.level == level]
            pieces += same[::-1]  # none of them behind another in a rising run
            first += [piece == same[0] for piece in same[::-1]]
        return {pieces[at] for at in longest_run(pieces, first)}

    def _fill(self, slot: SectionSlot, head: Head, parent: Fill | None, fault: Fault | None) -> Fill:
        fill = Fill(slot, head.piece, parent, fault)
        head.fill = fill
        self.fills.append(fill)
        if parent:
            parent.children.append(fill)
        return fill

    # --- near misses

    def _near(
        self, slots: Sequence[SectionSlot], heads: Sequence[Head], parent: Fill | None, bound: dict[int, Fill]
    ) -> None:
        """Fills slots that nothing fills by headings that nearly have their title; the best pairs first."""
        slots = [slot for slot in slots if not slot.repeats and slot.key and slot.need != "example"]
        if not slots:
            return
        levels = {self._level(slot) for slot in slots}
        free = [
            head
            for head in heads
            if head.fill is None
            and not head.duplicate
            and head.title.key
            and head.heading.level in levels
            and not self._named_otherwise(head)
        ]
        if not free:
            return
        from rapidfuzz.fuzz import ratio

        siblings = self.template.sections if parent is None else parent.slot.sections
        pairs = []
        for slot in slots:
            low, high = self._bounds(slot, siblings, bound)
            for head in free:
                if head.heading.level != self._level(slot):
                    continue
                score = ratio(head.title.key, slot.key)
                inside = low < head.piece < high
                numbered = slot.number is not None and head.title.number[-1:] == (slot.number,)
                if score >= _NEAR or (
                    inside and (_abridged(head.title.key, slot.key) or (numbered and score >= _NUMBERED_NEAR))
                ):
                    pairs.append((score + 10 * inside + 10 * numbered, -head.piece, slot, head))
        for _, _, slot, head in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
            if slot.index not in bound and head.fill is None:
                fault: Fault = "malformed" if head.heading.style == "malformed" else "misnamed"
                bound[slot.index] = self._fill(slot, head, parent, fault)

    def _named_otherwise(self, head: Head) -> bool:
        """Whether the heading has the exact title of some slot: then it is no near miss of another."""
        return head.title.key != "" and head.title.key in lookup(self.template).titles

    def _bounds(self, slot: SectionSlot, siblings: Sequence[SectionSlot], bound: dict[int, Fill]) -> tuple[int, int]:
        """The pieces between which the slot belongs: those of the nearest siblings that are there."""
        low, high, seen = -1, self.piece_count, False
        for other in siblings:
            if other.index == slot.index:
                seen = True
            elif other.index in bound:
                if not seen:
                    low = bound[other.index].piece
                elif high == self.piece_count:
                    high = bound[other.index].piece
        return low, high

    # --- order, extent, children

    def _order(self, fills: Sequence[Fill]) -> None:
        """Marks the fewest fills that would have to move to bring all into the template's order."""
        run = longest_run([fill.piece for fill in fills], [fill.fault in (None, "malformed") for fill in fills])
        for at, fill in enumerate(fills):
            if at not in run:
                fill.astray = True
                fill.fault = fill.fault or "misplaced"

    def _title(self, tops: Sequence[Fill]) -> int | None:
        if self.template.title is None:
            return None
        first = min((fill.piece for fill in tops if not fill.astray), default=self.piece_count)
        found = [
            head.piece
            for head in takewhile(lambda head: head.piece <= first, self.heads)
            if head.fill is None
            and not head.duplicate
            and head.heading.level <= self.template.title_level
            and head.heading.style != "malformed"
        ]
        if found:
            return found[-1 if self.template.bannered else 0]
        if self.shift:
            head = self.heads[0]
            if (
                head.fill is None
                and head.piece < first
                and head.heading.level <= max(1, self.template.title_level + self.shift)
            ):
                return head.piece
        return None

    def _reach(self, fill: Fill) -> int:
        """The level of the headings that end a fill's section."""
        return min(self._level_of(fill), self._level(fill.slot))

    def _extent(self, fill: Fill) -> list[Head]:
        """The headings under `fill`, by level and up to the next one that fills or repeats another top slot."""
        start, level = self.position[fill.piece], self._reach(fill)
        lower = {slot.key for slot in fill.slot.sections} | {
            slot.key for child in fill.slot.sections for slot in child.sections
        }
        stems = [slot.stem_key for slot in fill.slot.sections if slot.repeats]
        extent = []
        for head in self.heads[start + 1 :]:
            if head.duplicate or (head.fill is not None and head.fill.parent is not fill):
                break
            if head.heading.level <= level and head.heading.style != "malformed":
                known = head.title.key in lower or any(is_counted(head.title, head.stem, stem) for stem in stems)
                if not known:
                    break
            extent.append(head)
        return extent

    def _children(self, fill: Fill) -> None:
        slots = fill.slot.sections
        if not slots:
            return
        extent = self._extent(fill)
        bound: dict[int, Fill] = {}
        for slot in slots:
            if slot.repeats:
                level = self._level(slot)
                counted = self._counted(slot, extent)
                fill.even = fill.even and all(head.heading.level == level for head in counted)
                for head in self._repeats(counted, level):
                    fault: Fault | None = None if head.heading.level == level else "wrong-level"
                    if head.heading.style == "malformed":
                        fault = "malformed"
                    bound[slot.index] = self._fill(slot, head, fill, fault)
            else:
                found = self._claim_best(slot, extent, fill)
                if found is not None:
                    bound[slot.index] = found
        self._near([slot for slot in slots if slot.index not in bound], extent, fill, bound)
        self._even_out(fill)
        self._order([bound[slot.index] for slot in slots if slot.index in bound and not slot.repeats])
        for slot in slots:
            if slot.index not in bound:
                self.lost.append((slot, fill))
        for child in list(fill.children):
            if child.slot.sections:
                self._children(child)

    def _even_out(self, fill: Fill) -> None:
        """Takes children that are all shifted alike, below their parent, for a style of the document and no fault."""
        wrong = [child for child in fill.children if child.fault == "wrong-level"]
        fill.even = fill.even and not wrong
        levels = {self._level_of(child) - child.slot.level for child in wrong}
        deeper = all(self._level_of(child) > self._level_of(fill) for child in wrong)
        if len(wrong) > 1 and len(levels) == 1 and deeper and len(wrong) * 2 > len(fill.children):
            for child in wrong:
                child.fault = None

    def _level_of(self, fill: Fill) -> int:
        return self.heads[self.position[fill.piece]].heading.level

    def _counted(self, slot: SectionSlot, extent: Sequence[Head]) -> list[Head]:
        """The headings that have the title of the repeated section: `Story`, alone or with a number behind it."""
        return [head for head in extent if head.fill is None and is_counted(head.title, head.stem, slot.stem_key)]

    def _repeats(self, found: list[Head], level: int) -> list[Head]:
        """Those of the headings with a repeated section's title that are one, where it belongs at `level`."""
        if all(head.heading.level <= level for head in found):
            return found
        proper = {count_of(head.title) for head in found if head.heading.level <= level}
        return [head for head in found if head.heading.level <= level or not proper or self._is_new(head, proper)]

    def _is_new(self, head: Head, proper: set[int | None]) -> bool:
        """Whether a deeper heading is one more of the repeated sections, by a number that no other has."""
        number = count_of(head.title)
        return number is not None and number not in proper

    def _find_lost(self) -> None:
        """Looks for missing subsections elsewhere in the document: what stands there is misplaced, not missing."""
        for slot, parent in self.lost:
            named = [] if slot.repeats else self._candidates(slot, self.heads)
            named = [
                head for head in named if head.heading.style != "malformed" and head.heading.level == self._level(slot)
            ]
            if named:
                fill = self._fill(slot, named[0], parent, "misplaced")
                fill.astray = True
                self._children(fill)
            else:
                self.missing.append(_missing(slot, parent, parent.children, parent.piece))

    # --- who owns which piece

    def _own(self) -> tuple[list[Fill | None], set[int]]:
        """The fill of every piece, and the pieces that a duplicate heads: what stands there is not judged."""
        owners: list[Fill | None] = [None] * self.piece_count
        ignored: set[int] = set()
        stack: list[tuple[int, Fill | None]] = []
        skipping = 0
        for at, head in enumerate(self.heads):
            level = head.heading.level
            if (
                skipping
                and (head.fill is not None or (level <= skipping and not head.duplicate))
                and not (head.heading.style == "malformed" and head.fill is None)
            ):
                skipping = 0
            if head.duplicate:
                skipping = level
                stack = []
            loose = head.heading.style == "malformed" and head.fill is None
            if head.fill is not None:
                parent = head.fill.parent
                strayed = parent is not None and head.fill.astray and all(owner is not parent for _, owner in stack)
                while stack and (stack[-1][0] >= level if strayed else not _is_below(head.fill, stack[-1][1])):
                    stack.pop()  # what has strayed into another section ends where its level does
                stack.append((level, head.fill))
            elif not loose:
                while stack and stack[-1][0] >= level:
                    stack.pop()
            owner = stack[-1][1] if stack else None
            last = self.heads[at + 1].piece if at + 1 < len(self.heads) else self.piece_count
            for piece in range(head.piece, last):
                owners[piece] = owner
                if skipping:
                    ignored.add(piece)
                elif owner is not None:
                    owner.pieces.append(piece)
        return owners, ignored


def _renamed(title: Title, names: Mapping[str, str]) -> Title:
    return Title(names[title.key], title.number) if title.key in names else title


def fill_before(slot: SectionSlot, siblings: Iterable[Fill]) -> Fill | None:
    """The one of `siblings` behind which `slot` belongs: the last before it in the template that is not astray."""
    before = [fill for fill in siblings if fill.slot.index < slot.index and not fill.astray]
    return max(before, key=lambda fill: (fill.slot.index, fill.piece), default=None)


def _missing(slot: SectionSlot, parent: Fill | None, siblings: Iterable[Fill], otherwise: int) -> Missing:
    before = fill_before(slot, siblings)
    return Missing(slot, parent, before, before.piece if before else otherwise)


def _is_below(fill: Fill, above: Fill | None) -> bool:
    parent = fill.parent
    while parent is not None:
        if parent is above:
            return True
        parent = parent.parent
    return False


def _abridged(key: str, full: str) -> bool:
    """Whether `key` is the start of the longer title `full`, word by word (`Goals` for `Goals & Non-Goals`)."""
    words, whole = key.split(), full.split()
    return len(words) < len(whole) and whole[: len(words)] == words
