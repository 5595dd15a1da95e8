"""A binding kept up with an edit of what repeats or has no slot: only the children of one section are bound anew.

A story that comes, goes or loses its marks concerns no section but its own and those around it; so does a heading
that cannot be any slot's. Whatever else an edit touches is left to `bind`, which reads every heading.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spec_ls.bind import Binding, Fill, Head
from spec_ls.facts import is_counted
from spec_ls.outline.blocks import Heading
from spec_ls.template.lookup import Lookup, lookup
from spec_ls.template.model import SectionSlot, Template


@dataclass(frozen=True, slots=True)
class Rebound:
    """What was bound anew: the owners of the new pieces, how many pieces behind them changed theirs, and the fills
    that stand otherwise than before, without those around them."""

    owners: list[Fill]
    reowned: int
    fills: list[Fill]


class _Unsure(Exception):
    """All headings have to be bound anew."""


def rebind(
    binding: Binding,
    template: Template,
    at: int,
    old: Sequence[Head],
    new: Sequence[Head],
    heading: Callable[[int], Heading | None],
) -> Rebound | None:
    """Takes the headings `new` for the pieces of `old`, which begin at piece `at`; `heading` tells that of a piece.

    None where the binding of all headings may change; `binding` is then as it was.
    """
    try:
        return _Rebinder(binding, template, at, old, new, heading).rebind()
    except _Unsure:
        return None


class _Rebinder:
    def __init__(
        self,
        binding: Binding,
        template: Template,
        at: int,
        old: Sequence[Head],
        new: Sequence[Head],
        heading: Callable[[int], Heading | None],
    ) -> None:
        self.binding = binding
        self.known: Lookup = lookup(template)
        self.at, self.end = at, at + len(old)
        self.old, self.new = old, new
        self.heading = heading

    def rebind(self) -> Rebound:
        binding, at, end = self.binding, self.at, self.end
        # The one section without a heading is the first of the text: nothing stands above it.
        above = binding.owners[at - 1] if at > binding.first_section else None
        if above is None or not binding.ignored.isdisjoint(range(at - 1, end)):
            raise _Unsure
        gone = [binding.owners[head.piece] for head in self.old]
        kinds = [self._kind(head) for head in self.old]
        for head, owner, kind in zip(self.old, gone, kinds, strict=True):
            filled = owner is not None and owner.piece == head.piece
            if filled != (kind is not None) or (filled and owner is not None and owner.slot is not kind):
                raise _Unsure
        new_kinds = [self._kind(head) for head in self.new]
        slots = {kind.index: kind for kind in (*kinds, *new_kinds) if kind is not None}
        parent = self._parent(above, list(slots.values()))
        removed = [fill for fill in gone if fill is not None and fill.piece >= at]
        removed = list({id(fill): fill for fill in removed}.values())
        for slot in slots.values():
            count = sum([child.slot is slot for child in parent.children])
            lost = sum([fill.slot is slot for fill in removed])
            if not lost < count + sum(kind is slot for kind in new_kinds) or not count:
                raise _Unsure
        added: list[Fill] = []
        owners = list(self._owners(above, parent, new_kinds, added))
        reowned = list(self._reowned(owners[-1] if owners else above, parent))
        before = binding.owners[end : end + len(reowned)]
        for slot in slots.values():
            self._replace(parent, slot, removed, [fill for fill in added if fill.slot is slot])
        self._move(owners, reowned, {id(fill) for fill in removed})
        concerned = [above, parent, *owners, *reowned, *(fill for fill in before if fill and fill not in removed)]
        return Rebound(owners, len(reowned), concerned)

    def _kind(self, head: Head) -> SectionSlot | None:
        """The repeated slot that a heading fills wherever it stands in its parent; None where it can fill none."""
        binding, known = self.binding, self.known
        if head.title.key in known.titles or head.stem.key in known.titles:
            raise _Unsure
        level, loose = head.heading.level, head.heading.style == "malformed"
        counted = [slot for slot in known.repeated if is_counted(head.title, head.stem, slot.stem_key)]
        if not counted:
            if (not loose and level <= binding.deepest) or binding.may_nearly_fill(head.title, level):
                raise _Unsure
            return None
        slot = counted[0]
        if len(counted) > 1 or loose or slot.sections or level != slot.level + binding.shift:
            raise _Unsure
        if level in binding.open_tops:
            raise _Unsure
        return slot

    def _parent(self, above: Fill, slots: Sequence[SectionSlot]) -> Fill:
        """The fill that holds what repeats here, or around which headings without a slot stand."""
        parent = above
        if above.parent is not None and not (slots and slots[0] in above.slot.sections):
            parent = above.parent
        level = self._level(parent)
        if not parent.even or any(one.astray and one.parent is not None for one in (above, parent)):
            raise _Unsure
        if any(slot not in parent.slot.sections for slot in slots):
            raise _Unsure
        if any(head.heading.level <= level for head in (*self.old, *self.new) if head.heading.style != "malformed"):
            raise _Unsure
        if slots and any(missing.parent is parent for missing in self.binding.missing):
            raise _Unsure
        return parent

    def _level(self, fill: Fill) -> int:
        heading = self.heading(fill.piece)
        assert heading is not None
        return heading.level

    def _owners(
        self, above: Fill, parent: Fill, kinds: Sequence[SectionSlot | None], added: list[Fill]
    ) -> Iterator[Fill]:
        owner, level = above, self._level(above)
        for number, (head, kind) in enumerate(zip(self.new, kinds, strict=True)):
            if kind is not None:
                owner, level = Fill(kind, self.at + number, parent), head.heading.level
                added.append(owner)
            elif owner is not parent and head.heading.style != "malformed" and head.heading.level <= level:
                owner = parent
            yield owner

    def _reowned(self, owner: Fill, parent: Fill) -> Iterator[Fill]:
        """The owners of the pieces behind the new ones, up to the first that has its own still."""
        owners = self.binding.owners
        level = self.new[owner.piece - self.at].heading.level if owner.piece >= self.at else self._level(owner)
        for at in range(self.end, len(owners)):
            before, heading = owners[at], self.heading(at)
            if before is None or heading is None or before.piece == at or at in self.binding.ignored:
                return
            if before is not parent and before.parent is not parent:
                return
            if owner is not parent and heading.style != "malformed" and heading.level <= level:
                owner = parent
            if before is owner:
                return
            yield owner

    def _replace(self, parent: Fill, slot: SectionSlot, removed: Sequence[Fill], added: Sequence[Fill]) -> None:
        """Puts the fills `added` in place of those `removed`; those of one slot stand side by side, in order."""
        gone = [fill for fill in removed if fill.slot is slot]
        if not gone and not added:
            return
        same = [child for child in parent.children if child.slot is slot]
        later = next((child for child in same if child.piece >= self.at), None)
        for fills in (parent.children, self.binding.fills):
            first = fills.index(later) if later is not None else fills.index(same[-1]) + 1
            fills[first : first + len(gone)] = added

    def _move(self, owners: list[Fill], reowned: list[Fill], removed: set[int]) -> None:
        """Brings the pieces of all fills up to date."""
        binding, at, end = self.binding, self.at, self.end
        grown = len(self.new) - len(self.old)
        last = end + len(reowned)
        concerned = [fill for fill in binding.owners[at:last] if fill is not None and id(fill) not in removed]
        lists = {id(fill): fill for fill in (*concerned, *owners, *reowned)}
        for fill in lists.values():
            inside = [at + number for number, owner in enumerate((*owners, *reowned)) if owner is fill]
            head = [piece for piece in fill.pieces if piece < at]
            tail = [piece + grown for piece in fill.pieces if piece >= last]
            fill.pieces = [*head, *inside, *tail]
        binding.owners[at:last] = [*owners, *reowned]
        if not grown:
            return
        fresh = {id(owner) for owner in owners if owner.piece >= at}
        for fill in [fill for fill in binding.fills if fill.piece >= end]:
            if id(fill) not in fresh:
                fill.piece += grown
        for fill in [fill for fill in binding.fills if fill.pieces and fill.pieces[-1] >= end]:
            if id(fill) not in lists:
                before = bisect_left(fill.pieces, end)
                fill.pieces[before:] = [piece + grown for piece in fill.pieces[before:]]
        for fill in [fill for fill in binding.fills if fill.duplicates] if binding.ignored else ():
            fill.duplicates = [piece + grown if piece >= end else piece for piece in fill.duplicates]
        for missing in binding.missing:
            if missing.anchor >= end:
                missing.anchor += grown
        if binding.ignored:
            binding.ignored = {piece + grown if piece >= end else piece for piece in binding.ignored}
