"""The outline of a document for the editor: title, metadata fields and all headings by level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from spec_ls.bind import Fill
from spec_ls.features import Extent, extents
from spec_ls.lifecycle import progress
from spec_ls.rules.base import Problem
from spec_ls.spec import Field, Piece, Place, Spec, plain_value
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


class Kept(NamedTuple):
    """A section's symbol with what it was made from: the section itself, whether it fills a slot, where it stands."""

    piece: Piece
    filled: bool
    place: tuple[int, int, int]
    symbol: Symbol


def symbols(spec: Spec, kept: dict[int, Kept] | None = None, problems: Sequence[Problem] | None = None) -> list[Symbol]:
    """Title, fields and sections as a tree in the order of the text; empty without headings and metadata.

    `problems` are those of the document: with them the details say what is not filled in yet.
    Takes time in proportion to the headings, whatever their levels. What is as it was when `kept` was filled is the
    same object; then `kept` takes what is now. Never raises.
    """
    nodes = extents(spec)
    before, after = kept or {}, dict[int, Kept]()
    pieces, starts, lines = spec.pieces, spec.outline.starts, spec.text.lines
    fills = {fill.piece: fill for fill in spec.fills}
    left = _left(spec, problems or ())
    title = spec.binding.title
    status = _status(spec, problems)
    fields: dict[int, list[Symbol]] = {}
    for field in spec.carrier:
        fields.setdefault(field.piece, []).append(_field(spec, field))
    children: list[list[Symbol]] = [[] for _ in nodes]
    roots: list[Symbol] = []
    for at in range(len(nodes) - 1, -1, -1):  # children stand behind their parents
        node = nodes[at]
        inside = tuple(reversed(children[at])) if children[at] else ()
        if node.piece in fields:
            inside = (*fields.pop(node.piece), *inside)
        children[at] = []
        piece, last, fill = pieces[node.piece], pieces[node.last], fills.get(node.piece)
        end_line = min(starts[last.chunk] + last.section.end_line, len(lines)) - 1
        place = starts[piece.chunk], end_line, len(lines[end_line])
        gaps = _gaps(spec, fill) if fill is not None and fill.slot.items else ""
        detail = status if node.piece == title else ", ".join([gaps, *left.get(node.piece, ())]).removeprefix(", ")
        old = before.get(id(piece))
        if (
            old is not None
            and old.piece is piece
            and old.place == place
            and old.filled == (fill is not None)
            and old.symbol.children == inside
            and old.symbol.detail == detail
            and (old.symbol.kind == "title") == (node.piece == title)
        ):
            symbol = old.symbol
        else:
            symbol = _heading(spec, node, fill, detail, inside)
            old = Kept(piece, fill is not None, place, symbol)
        after[id(piece)] = old
        (roots if node.parent < 0 else children[node.parent]).append(symbol)
    if kept is not None:
        kept.clear()
        kept.update(after)
    loose = [symbol for at in sorted(fields) for symbol in fields[at]]
    return sorted([*loose, *reversed(roots)], key=lambda symbol: symbol.span)


def _heading(spec: Spec, node: Extent, fill: Fill | None, detail: str, children: tuple[Symbol, ...]) -> Symbol:
    base, heading = spec.base(node.piece), node.heading
    words = heading.text
    line = base + words.line
    start, end = (words.start, words.end) if words.text else (0, words.start)
    kind: SymbolKind = "story" if fill is not None and fill.slot.stem else "section"
    if node.piece == spec.binding.title:
        kind = "title"
    selection = Span(line, start, line, end)
    return Symbol(heading.title.strip() or _UNTITLED, detail, kind, node.span(spec), selection, children)


def _left(spec: Spec, problems: Iterable[Problem]) -> dict[int, list[str]]:
    """What of a section is not filled in yet, in words, by its piece; for what its items lack see `_gaps`."""
    missing, samples, empty = Counter[int](), Counter[int](), set[int]()
    lost: set[object] = set()
    for problem in problems:
        if problem.rule == "sample-text":
            samples[problem.finding.place.piece] += 1
        elif problem.rule == "empty-section":
            empty.add(problem.finding.place.piece)
        elif problem.rule == "missing-section":
            lost.add(problem.finding.subject)
    for one in spec.missing if lost else ():
        if one.parent is not None and one.slot.index in lost:
            missing[one.parent.piece] += 1
    found: dict[int, list[str]] = {piece: ["empty"] for piece in empty}
    for piece, number in missing.items():
        found.setdefault(piece, []).append(f"{count(number, 'section')} missing")
    for piece, number in samples.items():
        found.setdefault(piece, []).append(f"{count(number, 'sample')} left")
    return found


def _status(spec: Spec, problems: Sequence[Problem] | None) -> str:
    field = spec.field(spec.template.status)
    filled = progress(spec, problems) if problems is not None else None
    said = [plain_value(field.entry) if field else "", str(filled) if filled and filled.total else ""]
    return " · ".join(filter(None, said))


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
