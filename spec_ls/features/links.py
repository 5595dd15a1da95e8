"""Document links: tickets, specs, files beside the document, the profiles of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

from spec_ls.catalogue import Card, Catalogue, Mention, shown_rows
from spec_ls.patterns import safe_pattern
from spec_ls.spec import Spec
from spec_ls.text import Span
from spec_ls.values import bare

LinkKind = Literal["address", "spec", "file"]


class Link(NamedTuple):
    """Where a text leads: to an address, to the file of a spec by its path, or to a file as a link names it."""

    span: Span
    kind: LinkKind
    target: str
    tooltip: str


class Addresses(NamedTuple):
    """Where tickets and people are, as a team configures it; an empty part leads nowhere.

    `ticket` and `profile` are addresses with `{ticket}` and `{handle}` in them, `pattern` is that of a ticket's key.
    """

    pattern: str = ""
    ticket: str = ""
    profile: str = ""


def links(spec: Spec, card: Card, others: Catalogue, addresses: Addresses, looking: bool = False) -> list[Link]:
    """The links of a spec in the order of the text, disjoint.

    While specs are still looked for (`looking`), an identifier that is not known yet leads to an empty path. Takes
    time in proportion to the text. Never raises on any text.
    """
    of_mentions = _of_mentions(spec, card, others, addresses, looking)
    ranked = sorted([*of_mentions, *_tickets(spec, card.mentions, addresses)], key=_order)
    found: list[Link] = []
    for link in ranked:
        if not found or found[-1].span.last <= link.span.first:
            found.append(link)
    return found


def _order(link: Link) -> tuple[int, int, int]:
    """By start, the longer first."""
    return link.span.start_line, link.span.start, -link.span.end


def _of_mentions(spec: Spec, card: Card, others: Catalogue, addresses: Addresses, looking: bool) -> Iterator[Link]:
    for mention in card.mentions:
        if mention.kind == "link":
            name = mention.text.partition("#")[0]
            if name:
                yield Link(mention.span, "file", mention.text, f"Open {unquote(name)}")
        elif _is_linked(spec, mention.span):
            continue
        elif mention.kind == "id" and mention.role != "definition":
            named = [other for other in others.by_id(mention.text) if other.path != card.path]
            itself = mention.text.casefold() == card.id.casefold()
            if named or (looking and not itself):
                yield Link(mention.span, "spec", named[0].path if named else "", told(named) if named else "")
        elif mention.kind == "handle" and addresses.profile:
            name = quote(mention.text.removeprefix("@"), safe="/")
            yield Link(mention.span, "address", addresses.profile.replace("{handle}", name), f"Who is {mention.text}?")
        elif mention.kind == "ticket" and addresses.ticket and "/" not in mention.text:
            yield _ticket(mention.span, mention.text, addresses)


def _is_linked(spec: Spec, span: Span) -> bool:
    """Whether words are the text of a link, or a part of an address."""
    line = spec.text.lines[span.start_line]
    return line.startswith(("](", "]["), span.end) or line[: span.start].endswith(("/", "=", "#"))


def told(cards: Sequence[Card]) -> str:
    """A spec in a few words, and how many others have its identifier."""
    card = cards[0]
    status = f" ({card.status})" if card.status else ""
    more = f", and {len(cards) - 1} more of this identifier" if len(cards) > 1 else ""
    return f"{card.id}: {card.title or 'no title yet'}{status}{more}"


def _ticket(span: Span, key: str, addresses: Addresses) -> Link:
    return Link(span, "address", addresses.ticket.replace("{ticket}", quote(key, safe="")), f"Open {key}")


def _tickets(spec: Spec, mentions: Iterable[Mention], addresses: Addresses) -> Iterator[Link]:
    """The tickets anywhere in the text but in code marks and addresses; the identifier of a spec is none."""
    if not addresses.pattern or not addresses.ticket:
        return
    pattern = safe_pattern(addresses.pattern)
    ids = {mention.span.first for mention in mentions if mention.kind == "id"}
    for at, piece in enumerate(spec.pieces):
        base, section = spec.base(at), piece.section
        rows = spec.text.lines[base + section.line : base + section.end_line]
        for number, row in shown_rows(section, rows):
            line = base + number
            for found in pattern.finditer(bare(row)):
                span = Span(line, found.start(), line, found.end())
                if span.first not in ids and not _is_linked(spec, span):
                    yield _ticket(span, found[0], addresses)
