"""What the rules about other specs share: where a section names them, and in which files they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from spec_ls.others import Other, Others
from spec_ls.outline.inline import normal_label
from spec_ls.rules.base import Elsewhere
from spec_ls.spec import Place, Spec
from spec_ls.text import Span
from spec_ls.values import code_spans, has_scheme

if TYPE_CHECKING:
    from spec_ls.catalogue import Mention


class Reference(NamedTuple):
    """The identifier of another spec where a section names it; `target` is that of the relative link around it."""

    name: str
    place: Place
    depends: bool
    target: str = ""


def references(spec: Spec, at: int, others: Others) -> Iterator[Reference]:
    """The other specs that the section at an index of the pieces names, in the order of the text.

    What stands in code marks, in a field for links or as the words of a link to another host is no such name.
    """
    mentions = _mentions(spec, at, others)
    for mention in mentions:
        if mention.kind != "id" or mention.role == "definition" or mention.text.casefold() == others.name:
            continue
        row, field = _row(spec, at, mention), spec.at(_shifted(spec, at, mention).first).field
        if field is None and any(start <= mention.span.start < end for start, end in code_spans(row)):
            continue
        if field is not None and field.slot is not None and field.slot.kind == "link":
            continue
        link = _link_around(row, mention, mentions)
        if link is not None or not _leads_away(spec, row, mention):
            target = link.text if link else ""
            yield Reference(mention.text, Place(at, mention.span), mention.role == "dependency", target)


def links(spec: Spec, at: int, others: Others) -> Iterator[tuple[str, Place]]:
    """The targets of the relative links in a section."""
    for mention in _mentions(spec, at, others):
        if mention.kind == "link":
            yield mention.text, Place(at, mention.span)


def elsewhere(other: Other, message: str) -> tuple[Elsewhere, ...]:
    """The place of another spec, where an editor can open it."""
    return (Elsewhere(other.key, other.place, message),) if other.key else ()


def _mentions(spec: Spec, at: int, others: Others) -> Sequence[Mention]:
    """What a section names; several rules ask for it one after the other."""
    section, base = spec.pieces[at].section, spec.base(at)
    rows = spec.text.lines[base + section.line : base + section.end_line]
    before = others.read
    if before is not None and before[0] is section and before[1] is spec.fields and before[2] == rows:
        known: Sequence[Mention] = before[3]
        return known
    from spec_ls.catalogue import mentions_in  # the first findings do without

    prefixes = others.seat.prefixes
    found = mentions_in(spec, at, prefixes) if _may_name("".join(rows), prefixes) else ()
    others.read = section, spec.fields, rows, found
    return found


def _may_name(source: str, prefixes: frozenset[str]) -> bool:
    if "](" in source or "]:" in source:
        return True
    folded = source.casefold()
    return any(prefix.casefold() in folded for prefix in prefixes)


def _shifted(spec: Spec, at: int, mention: Mention) -> Span:
    return mention.span.shifted(spec.base(at))


def _row(spec: Spec, at: int, mention: Mention) -> str:
    return spec.text.content(_shifted(spec, at, mention).start_line)


def _link_around(row: str, mention: Mention, mentions: Sequence[Mention]) -> Mention | None:
    """The relative link whose words hold a mention, which stands in `row`."""
    line, start, _, end = mention.span
    for link in mentions:
        if link.kind == "link" and link.span.start_line == line and end <= link.span.start:
            return link if 0 <= row.rfind("[", 0, link.span.start) < start else None
    return None


def _leads_away(spec: Spec, row: str, mention: Mention) -> bool:
    """Whether a mention stands in the words of a link to another host, or of one that a definition leads on."""
    opening, closing = row.rfind("[", 0, mention.span.start), row.find("]", mention.span.end)
    if opening < 0 or closing < 0 or row.find("]", opening, mention.span.start) >= 0:
        return False
    rest = row[closing + 1 :]
    if rest.startswith("("):
        return has_scheme(rest[1:].lstrip(" \t<"))
    return rest.startswith("[") or normal_label(row[opening + 1 : closing]) in spec.definitions
