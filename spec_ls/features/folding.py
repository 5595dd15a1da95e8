"""What can be folded: sections, tables, fences, comments, guidance, front matter, lists and their items.

Quotes and plain paragraphs cannot, as in other Markdown servers: a fold of three lines hides what one came to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from spec_ls.features import extents
from spec_ls.outline.blocks import Block, Comment, Fence, FrontMatter, List, Paragraph, Table
from spec_ls.spec import Spec
from spec_ls.template.lookup import Lookup, lookup

FoldKind = Literal["", "comment", "region"]


class Fold(NamedTuple):
    """The lines from `line` to `last`, the last included; `depth` counts the folds around it from outside."""

    line: int
    last: int
    kind: FoldKind
    depth: int


def folds(spec: Spec, lines_only: bool = False, most: int | None = None) -> list[Fold]:
    """The folds of a spec in the order of the text, an outer one before those in it; each has two lines or more.

    `lines_only`: at most one starts on a line, the innermost. Of more than `most` the outermost are kept. Never raises.
    """
    found = sorted(_all(spec), key=lambda fold: (fold.line, -fold.last, fold.depth))
    if lines_only:
        found = list({fold.line: fold for fold in found}.values())
    else:
        found = list({fold[:2]: fold for fold in reversed(found)}.values())[::-1]
    if most is not None and len(found) > most:
        found = sorted(sorted(found, key=lambda fold: fold.depth)[: max(most, 0)], key=lambda f: (f.line, -f.last))
    return found


def _all(spec: Spec) -> Iterator[Fold]:
    known = lookup(spec.template)
    depths: list[int] = []
    inside: dict[int, int] = {}
    for extent in extents(spec):
        depths.append(depths[extent.parent] + 1 if extent.parent >= 0 else 0)
        inside[extent.piece] = depths[-1] + 1
        span = extent.span(spec)
        yield from _fold(spec, span.start_line, span.end_line + 1, "", depths[-1])
    depth = 0
    for at, piece in enumerate(spec.pieces):
        depth = inside.get(at, depth)
        yield from _blocks(spec, piece.section.blocks, spec.base(at), known, depth)


def _blocks(spec: Spec, blocks: Iterable[Block], base: int, known: Lookup, depth: int) -> Iterator[Fold]:
    """The folds of blocks whose lines count from `base`, and of those in their list items."""
    for block in blocks:
        line, end_line = base + block.line, base + block.end_line
        match block:
            case Table() | Fence():
                yield from _fold(spec, line, end_line, "", depth)
            case Comment():
                yield from _fold(spec, line, end_line, "comment", depth)
            case FrontMatter():
                yield from _fold(spec, line, end_line, "region", depth)
            case Paragraph():
                yield from _fold(spec, line, line + known.guidance_lines(block.lines), "comment", depth)
            case List():
                yield from _fold(spec, line, end_line, "", depth)
                for item in block.items:
                    yield from _fold(spec, base + item.line, base + item.end_line, "", depth + 1)
                    yield from _blocks(spec, item.blocks, base, known, depth + 2)


def _fold(spec: Spec, line: int, end_line: int, kind: FoldKind, depth: int) -> Iterator[Fold]:
    """The fold of the lines from `line` to the one before `end_line`, without blank ones at its end."""
    lines = spec.text.lines
    last = min(end_line, len(lines)) - 1
    while last > line and not lines[last].strip():
        last -= 1
    if last > line:
        yield Fold(line, last, kind, depth)
