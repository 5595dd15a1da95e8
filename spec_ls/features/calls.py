"""Call hierarchy: the specs as a tree of what depends on what."""

from __future__ import annotations

from typing import NamedTuple

from spec_ls.catalogue import Card, Catalogue, Mention
from spec_ls.text import Span


class Call(NamedTuple):
    """A spec on the other side of a dependency, and the places that say so, in the document that depends."""

    card: Card
    spans: tuple[Span, ...]


def prepare(own: Card, named: Mention | None, catalogue: Catalogue) -> list[Card]:
    """The specs that the identifier under the cursor names; elsewhere the document's own."""
    if named is not None and named.kind == "id" and named.role != "definition":
        return list(catalogue.by_id(named.text))
    return [own]


def incoming(card: Card, catalogue: Catalogue) -> list[Call]:
    """The specs that depend on that of `card`, in the order of their paths."""
    if not card.id:
        return []
    spans: dict[str, tuple[Card, list[Span]]] = {}
    for other, mention in catalogue.mentions(card.id, "id"):
        if mention.role == "dependency":
            spans.setdefault(other.path, (other, []))[1].append(mention.span)
    return [Call(other, tuple(places)) for other, places in spans.values()]


def outgoing(card: Card, catalogue: Catalogue) -> list[Call]:
    """The specs that the spec of `card` depends on, in the order in which it names them; those that are nowhere are
    left out."""
    spans: dict[str, list[Span]] = {}
    for mention in card.needs():
        spans.setdefault(mention.text.casefold(), []).append(mention.span)
    return [Call(other, tuple(places)) for name, places in spans.items() for other in catalogue.by_id(name)]
