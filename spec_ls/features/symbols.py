"""The outline of a document for the editor: title, metadata fields and all headings by level."""

from __future__ import annotations

from typing import Literal, NamedTuple

from spec_ls.bind import Fill
from spec_ls.features import Extent, extents
from spec_ls.spec import Field, Place, Spec, plain_value
from spec_ls.text import Span
from spec_ls.values import count

SymbolKind = Literal["title", "section", "story", "field"]

_UNTITLED = "(untitled)"


class Symbol(NamedTuple):
    """A heading or field: `span` is its whole extent, `selection` its words inside that; `name` is never empty."""

    name: str
    detail: str
    kind: SymbolKind
    span: Span
    selection: Span
    children: tuple[Symbol, ...]


def symbols(spec: Spec) -> list[Symbol]:
    """Title, fields and sections as a tree in the order of the text; empty without headings and metadata.

    Takes time in proportion to the headings, whatever their levels. Never raises.
    """
    nodes = extents(spec)
    fills = {fill.piece: fill for fill in spec.fills}
    fields: dict[int, list[Symbol]] = {}
    for field in spec.carrier:
        fields.setdefault(field.piece, []).append(_field(spec, field))
    children: list[list[Symbol]] = [[] for _ in nodes]
    roots: list[Symbol] = []
    for at in range(len(nodes) - 1, -1, -1):  # children stand behind their parents
        node = nodes[at]
        inside = (*fields.pop(node.piece, ()), *reversed(children[at]))
        children[at] = []
        symbol = _heading(spec, node, fills.get(node.piece), inside)
        (roots if node.parent < 0 else children[node.parent]).append(symbol)
    loose = [symbol for piece in sorted(fields) for symbol in fields[piece]]
    return sorted([*loose, *reversed(roots)], key=lambda symbol: symbol.span)


def _heading(spec: Spec, node: Extent, fill: Fill | None, children: tuple[Symbol, ...]) -> Symbol:
    base, heading = spec.base(node.piece), node.heading
    words = heading.text
    line = base + words.line
    start, end = (words.start, words.end) if words.text else (0, words.start)
    kind: SymbolKind = "section"
    detail = ""
    if node.piece == spec.binding.title:
        kind, detail = "title", _status(spec)
    elif fill is not None:
        kind, detail = "story" if fill.slot.stem else "section", _gaps(spec, fill) if fill.slot.items else ""
    selection = Span(line, start, line, end)
    return Symbol(heading.title.strip() or _UNTITLED, detail, kind, node.span(spec), selection, children)


def _status(spec: Spec) -> str:
    field = spec.field(spec.template.status)
    return plain_value(field.entry) if field else ""


def _gaps(spec: Spec, fill: Fill) -> str:
    """How many items the section still lacks, in words; empty where none."""
    facts = [facts for _, facts in spec.fill_facts(fill)]
    there = {fact.slot for one in facts for fact in one.labels}
    there |= {fact.slot for one in facts for fact in one.checks}
    lacking = sum(
        item.kind != "sample" and item.need == "required" and at not in there for at, item in enumerate(fill.slot.items)
    )
    return f"{count(lacking, 'item')} missing" if lacking else ""


def _field(spec: Spec, field: Field) -> Symbol:
    selection = spec.span(Place(field.piece, field.entry.key_span))
    line = selection.start_line
    span = Span(line, 0, line, len(spec.text.content(line)))
    return Symbol(field.entry.name.strip() or _UNTITLED, plain_value(field.entry), "field", span, selection, ())
