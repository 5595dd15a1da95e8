"""Workspace symbols: specs by identifier and title, their sections, and the people they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Literal, NamedTuple

from spec_ls.catalogue import Card, plain_rows
from spec_ls.text import Span

KnownKind = Literal["spec", "section", "handle"]

MOST = 200
_FUZZY = 75.0
_SHORTEST = 3
"""Letters of a query from which on near misses count."""
_ORDER: tuple[KnownKind, ...] = ("spec", "handle", "section")
_NUMBER = re.compile(r"[0-9]+")
_WORD = re.compile(r"\w+")


class KnownSymbol(NamedTuple):
    """Something in a workspace that can be looked for: `container` says in which spec it is."""

    name: str
    kind: KnownKind
    path: str
    span: Span
    container: str


def workspace_symbols(cards: Sequence[Card], query: str) -> list[KnownSymbol]:
    """What `query` may mean, the best first, at most 200; for an empty one the specs before all else.

    Upper and lower case are the same. First comes what is just that, then what begins so, what has a word that begins
    so, what has it somewhere, what has all its words, and then near misses with the same numbers. Takes time in
    proportion to all headings.
    """
    wanted = " ".join(query.casefold().split())
    kinds = _ORDER[:1] if not wanted and len(cards) >= MOST else _ORDER
    ranks: dict[str, float | None] = {}
    found = list(_ranked(cards, kinds, ranks, lambda name: _rank(name.casefold(), wanted)))
    if len(found) < MOST and len(wanted) >= _SHORTEST:
        near = dict(_near([name for name, rank in ranks.items() if rank is None], wanted))
        found += _ranked(cards, kinds, {}, near.get) if near else ()
    best = nsmallest(MOST, found, key=lambda one: (one[0], _ORDER.index(one[2]), one[1], one[3].path, one[4]))
    return [_symbol(card, name, kind, at) for _, name, kind, card, at in best]


_Ranked = tuple[float, str, KnownKind, Card, int]
"""A name of a card, and how well it fits; the last counts its sections or mentions."""


def _ranked(
    cards: Iterable[Card],
    kinds: Sequence[KnownKind],
    ranks: dict[str, float | None],
    rank_of: Callable[[str], float | None],
) -> Iterator[_Ranked]:
    """The names that have a rank. There may be hundreds of thousands, most of them the same as others: `ranks` takes
    those that have been seen."""
    for card in cards:
        for name, kind, at in _names(card, kinds):
            if name not in ranks:
                ranks[name] = rank_of(name)
            rank = ranks[name]
            if rank is not None:
                yield rank, name, kind, card, at


def _names(card: Card, kinds: Sequence[KnownKind]) -> Iterator[tuple[str, KnownKind, int]]:
    """What of a card can be looked for."""
    name = ": ".join(filter(None, (card.id, card.title)))
    if name:
        yield name, "spec", 0
    if len(kinds) == 1:
        return
    seen = set()
    for at, (kind, text, *_, role) in enumerate(plain_rows(card.mentions)):
        if kind == "handle" and role == "definition" and text.casefold() not in seen:
            seen.add(text.casefold())
            yield text, "handle", at
    for at, (title, *_) in enumerate(plain_rows(card.sections)):
        if title:
            yield title, "section", at


def _symbol(card: Card, name: str, kind: KnownKind, at: int) -> KnownSymbol:
    if kind == "spec":
        return KnownSymbol(name, kind, card.path, card.place, card.status)
    span = card.mentions[at].span if kind == "handle" else card.sections[at].span
    return KnownSymbol(name, kind, card.path, span, card.id or card.title)


def _rank(name: str, wanted: str) -> float | None:
    """How well a name, case folded, has what is wanted: less is better; None where it has not."""
    if name == wanted or name.startswith(f"{wanted}: "):
        return 0
    if name.startswith(wanted) or name.lstrip("@").startswith(wanted):
        return 1
    if wanted in name:
        return 2 if any(name.startswith(wanted, word.start()) for word in _WORD.finditer(name)) else 3
    return 4 if all(word in name for word in wanted.split()) else None


def _near(names: list[str], wanted: str) -> Iterator[tuple[str, float]]:
    from rapidfuzz.fuzz import partial_ratio
    from rapidfuzz.process import extract

    numbers = _NUMBER.findall(wanted)
    names = [name for name in names if all(number in name for number in numbers)]
    folded = [name.casefold() for name in names]
    for _, score, at in extract(wanted, folded, scorer=partial_ratio, score_cutoff=_FUZZY, limit=MOST):
        if len(folded[at]) * 2 >= len(wanted):  # a short name is like a part of anything
            yield names[at], 5 + (100 - score) / 100
