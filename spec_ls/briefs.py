"""What rules about other specs ask of a whole repository: a brief card for each spec, packed for many processes.

To look at an object writes to the memory that it lies in, so that processes which share a hundred thousand of them soon
hold a copy each. Here all cards are one text with the places in it; a card is made when it is asked for.
"""

from __future__ import annotations

import json
import os
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from operator import attrgetter

from spec_ls.catalogue import Card, Catalogue, from_plain, plain_rows

_MOST_MADE = 5_000
"""Cards that are not made again each time that they are asked for."""


class Briefs:
    """The brief cards of a folder's specs, one for each path, as JSON of their plain values: few objects, however many
    they are. What is taken in later lies beside them. Raises ValueError for what is no card."""

    def __init__(self, rows: Iterable[str] = ()) -> None:
        names = list[str]()
        by_id, by_path = array("Q"), array("Q")
        self._text = bytearray()
        self._ends = array("Q", [0])
        self._handles: Counter[str] = Counter()
        self._folders: set[str] = set()
        for row in rows:
            card = from_plain(json.loads(row))
            by_path.append(_number(card.path))
            by_id.append(_number(card.id.casefold()))
            if card.id:
                names.append(card.id)
            self._folders.add(os.path.dirname(card.path))
            self._handles.update(_handles(card))
            self._text += row.encode("ascii")
            self._ends.append(len(self._text))
        self._names = "\n".join(names)
        self._by_id, self._by_path = _Index(by_id), _Index(by_path)
        self._later = Catalogue()
        self._replaced: set[str] = set()
        """Identifiers of cards that another has taken the place of."""
        self._made: dict[int, Card] = {}

    def put(self, card: Card) -> None:
        """Takes a card in, in place of the one of that path."""
        before = self._first(card.path)
        if before is not None and not self._later.rests(card.path):
            self._handles.subtract(_handles(before))
            self._replaced.add(before.id)
        self._folders.add(os.path.dirname(card.path))
        self._later.put(card)

    def kept_by_id(self, name: str) -> list[Card]:
        """The cards of an identifier, whatever its case, in the order of their paths."""
        name = name.casefold()
        if not name:
            return []
        cards = (card for card in map(self._card, self._by_id.of(_number(name))) if card.id.casefold() == name)
        found = [card for card in cards if not self._later.rests(card.path)]
        return sorted([*found, *self._later.kept_by_id(name)], key=attrgetter("path"))

    def kept_at(self, path: str) -> Card | None:
        """The card of a path."""
        return self._later.kept_at(path) or self._first(path)

    def rests(self, path: str) -> bool:
        """Whether the file at a path is one of the specs."""
        return self.kept_at(path) is not None

    def has_others(self, but: str) -> bool:
        """Whether there is a spec besides that of a path."""
        return len(self._ends) - 1 > (self._first(but) is not None) or self._later.has_others(but)

    def naming(self, handle: str, but: str) -> int:
        """How many cards but that of a path have a handle in their metadata, whatever its case."""
        name, own = handle.casefold(), None if self._later.rests(but) else self._first(but)
        is_own = own is not None and name in _handles(own)
        return self._handles[name] - is_own + self._later.naming(handle, but)

    def identifiers(self, but: str = "") -> set[str]:
        """The identifiers of all specs but that of a path, as written. Takes time in proportion to them."""
        found = {*self._names.split("\n"), *self._later.identifiers(but)} - {""}
        own = self.kept_at(but)
        for name in {*self._replaced, own.id if own else ""}:
            if not any(card.id == name and card.path != but for card in self.kept_by_id(name)):
                found.discard(name)
        return found

    @property
    def folders(self) -> Collection[str]:
        """Those in which specs lie."""
        return self._folders

    def _first(self, path: str) -> Card | None:
        """The card of a path as it was to begin with."""
        cards = map(self._card, self._by_path.of(_number(path)))
        return next((card for card in cards if card.path == path), None)

    def _card(self, at: int) -> Card:
        card = self._made.get(at)
        if card is None:
            if len(self._made) >= _MOST_MADE:
                self._made.clear()
            card = self._made[at] = from_plain(json.loads(self._text[self._ends[at] : self._ends[at + 1]]))
        return card


class _Index:
    """Which of many things have a number: `numbers` are those of all, in their order."""

    def __init__(self, numbers: array[int]) -> None:
        self._places = array("Q", sorted(range(len(numbers)), key=numbers.__getitem__))
        self._numbers = array("Q", map(numbers.__getitem__, self._places))

    def of(self, number: int) -> Iterator[int]:
        at = bisect_left(self._numbers, number)
        while at < len(self._numbers) and self._numbers[at] == number:
            yield self._places[at]
            at += 1


def _number(name: str) -> int:
    """What a name is found by, the same in every process; several may have one."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _handles(card: Card) -> set[str]:
    return {text.casefold() for kind, text, *_ in plain_rows(card.mentions) if kind == "handle"}
