"""The template's guidance is still in the document.

Guidance tells the author what to write; a finished spec says it instead. Only the template's own words
count, also without their italics; quoted (`>`) they are the author's, unless the template has
them in a quote and nothing stands beside it.

Example: `*Describe schema changes.*` above the description of the schema changes.

How to fix: take it out (quick fix), after writing what it asks for.
"""

from collections.abc import Iterator, Sequence

from spec_ls import compose
from spec_ls.outline.blocks import Block, Comment, List, Paragraph, Plain, Quote
from spec_ls.outline.inline import skeleton
from spec_ls.outline.shapes import items_of, joined, lines_span, says_something
from spec_ls.rules.base import FILLING, Finding, Fix, Rule
from spec_ls.spec import Piece, Place, Spec
from spec_ls.template.lookup import lookup
from spec_ls.text import Edit, Span, strip_line_end

_MESSAGE = "This is the template's guidance: replace it by what it asks for."
_QUESTION = "This is the template's question: answer it."


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterator[Finding]:
    known = lookup(spec.template)
    if _only_asks(spec, at, piece):
        yield Finding(RULE.name, Place(at, _opening(spec, at, piece.section.blocks)), _QUESTION)
        return
    for block in piece.section.blocks:
        if isinstance(block, Quote) and (known.notes or known.quotes):
            rows = _rows(spec, at, block)
            words = skeleton("".join(rows))
            if words in known.notes or (words in known.quotes and not _is_answered(spec, at)):
                start = len(rows[0]) - len(rows[0].lstrip())
                last = max(number for number, row in enumerate(rows) if row.strip())
                whole = Span(block.line, start, block.line + last, len(strip_line_end(rows[last]).rstrip()))
                yield Finding(RULE.name, Place(at, whole), _MESSAGE)
        elif isinstance(block, Plain):
            rows = _rows(spec, at, block)
            if "<" in rows[0] and skeleton("".join(rows)) in known.guidance:
                whole = Span(block.line, 0, block.line + len(rows) - 1, len(strip_line_end(rows[-1])))
                yield Finding(RULE.name, Place(at, whole), _MESSAGE)
        elif isinstance(block, Paragraph):
            count = known.guidance_lines(block.lines)
            if count:
                yield Finding(RULE.name, Place(at, lines_span(block.lines[:count])), _MESSAGE)
        elif isinstance(block, Comment) and skeleton(block.text) in known.guidance:
            yield Finding(RULE.name, Place(at, block.span), _MESSAGE)


def _only_asks(spec: Spec, at: int, piece: Piece) -> bool:
    """Whether a section still is the template's questions and nothing else."""
    fill = spec.binding.owners[at]
    if fill is None or fill.piece != at or not fill.slot.asks or not piece.section.blocks:
        return False
    section, base = piece.section, spec.base(at)
    first = section.heading.end_line if section.heading else section.line
    rows = spec.text.lines[first + base : section.end_line + base]
    size = sum(map(len, rows))
    return size < 3 * len(fill.slot.asks) + 100 and skeleton("".join(rows)) == fill.slot.asks


def _opening(spec: Spec, at: int, blocks: Sequence[Block]) -> Span:
    """The first line of text of some blocks, from its first letter."""
    for block in blocks:
        if isinstance(block, Paragraph):
            return block.lines[0].span
        for item in items_of([block]):
            if item.lines:
                return item.lines[0].span
    line = blocks[0].line
    return Span(line, 0, line, len(spec.text.content(line + spec.base(at))))


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    piece = spec.pieces[finding.place.piece]
    span = finding.place.span
    if span is None:
        return
    others = [
        block
        for block in piece.section.blocks
        if says_something(block) and not block.line <= span.start_line < block.end_line
    ]
    block = next(block for block in piece.section.blocks if block.line <= span.start_line < block.end_line)
    if finding.message == _QUESTION:
        return  # only the author knows the answer
    rest = isinstance(block, Paragraph) and block.lines[-1].line > span.end_line
    fill = spec.binding.owners[finding.place.piece]
    if not others and not rest and not (fill and (fill.children or len(fill.pieces) > 1)):
        return
    base = spec.base(finding.place.piece)
    line = spec.text.content(span.end_line + base)
    if line[: span.start].strip() or line[span.end :].strip():
        edit = Edit(spec.span(finding.place), "")
    elif rest:
        edit = Edit(Span(span.start_line + base, 0, span.end_line + 1 + base, 0), "")
    else:
        edit = compose.remove_lines(spec, span.start_line + base, span.end_line + 1 + base)
    # Beside the template's own words only, the guidance still has a reader.
    yield Fix("Remove the guidance", (edit,), certain=_is_answered(spec, finding.place.piece))


def _is_answered(spec: Spec, at: int) -> bool:
    """Whether the author has written something in the section or below it that is not the template's."""
    known = lookup(spec.template)
    fill = spec.binding.owners[at]
    waiting = [fill] if fill is not None else []
    pieces = {at}
    while waiting:
        one = waiting.pop()
        pieces.update(one.pieces)
        waiting += one.children
    for number in pieces:
        for block in spec.pieces[number].section.blocks:
            if isinstance(block, List):
                if any((item.box and item.box.ticked) or not known.is_own(item) for item in items_of([block])):
                    return True
            elif isinstance(block, Paragraph):
                words = skeleton(joined(block.lines))
                if words not in known.guidance and words not in known.labels:
                    return True
            elif says_something(block) and not (isinstance(block, Quote) and _is_quoted(spec, number, block)):
                return True
    return False


def _rows(spec: Spec, at: int, block: Quote | Plain) -> list[str]:
    """The lines of a block, of a long one the first."""
    return spec.text.lines[block.line + spec.base(at) : min(block.end_line, block.line + 20) + spec.base(at)]


def _is_quoted(spec: Spec, at: int, block: Quote) -> bool:
    """Whether a block quote is the template's."""
    known = lookup(spec.template)
    told = known.quotes | known.notes
    return bool(told) and skeleton("".join(_rows(spec, at, block))) in told


RULE = Rule("leftover-guidance", __doc__, FILLING, check_piece=check_piece, fix=fix, leftover=True)
