"""Workspace symbols: specs by identifier and title, their sections, and the people they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from spec_ls.catalogue import Card
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


def workspace_symbols(cards: Iterable[Card], query: str) -> list[KnownSymbol]:
    """What `query` may mean, the best first, at most 200; for an empty one the specs before all else.

    Upper and lower case are the same. First comes what is just that, then what begins so, what has a word that begins
    so, what has it somewhere, what has all its words, and then near misses with the same numbers. Takes time in
    proportion to all headings.
    """
    wanted = " ".join(query.casefold().split())
    known = [symbol for card in cards for symbol in _symbols(card)]
    ranked = [(rank, symbol) for symbol in known if (rank := _rank(symbol.name.casefold(), wanted)) is not None]
    if len(ranked) < MOST and len(wanted) >= _SHORTEST:
        there = {id(symbol) for _, symbol in ranked}
        ranked += _near([symbol for symbol in known if id(symbol) not in there], wanted)
    ranked.sort(key=lambda pair: (pair[0], _ORDER.index(pair[1].kind), pair[1].name, pair[1].path, pair[1].span))
    return [symbol for _, symbol in ranked[:MOST]]


def _symbols(card: Card) -> Iterator[KnownSymbol]:
    name = ": ".join(filter(None, (card.id, card.title)))
    spec = card.id or card.title
    if name:
        yield KnownSymbol(name, "spec", card.path, card.place, card.status)
    seen = set()
    for mention in card.mentions:
        handle = mention.text.casefold()
        if mention.kind == "handle" and mention.role == "definition" and handle not in seen:
            seen.add(handle)
            yield KnownSymbol(mention.text, "handle", card.path, mention.span, spec)
    for heading in card.sections:
        if heading.title:
            yield KnownSymbol(heading.title, "section", card.path, heading.span, spec)


def _rank(name: str, wanted: str) -> float | None:
    """How well a name, case folded, has what is wanted: less is better; None where it has not."""
    if name == wanted or name.startswith(f"{wanted}: "):
        return 0
    if name.startswith(wanted) or name.lstrip("@").startswith(wanted):
        return 1
    if wanted in name:
        return 2 if any(name.startswith(wanted, word.start()) for word in _WORD.finditer(name)) else 3
    return 4 if all(word in name for word in wanted.split()) else None


def _near(symbols: list[KnownSymbol], wanted: str) -> Iterator[tuple[float, KnownSymbol]]:
    from rapidfuzz.fuzz import partial_ratio
    from rapidfuzz.process import extract

    numbers = _NUMBER.findall(wanted)
    symbols = [symbol for symbol in symbols if all(number in symbol.name for number in numbers)]
    names = [symbol.name.casefold() for symbol in symbols]
    for _, score, at in extract(wanted, names, scorer=partial_ratio, score_cutoff=_FUZZY, limit=MOST):
        if len(names[at]) * 2 >= len(wanted):  # a short name is like a part of anything
            yield 5 + (100 - score) / 100, symbols[at]
