"""Text is still as the template has it: a sample to replace.

Only the template decides what a sample is: a value, an item, a bracketed part of a title, a sentence or table
row with such a part. It counts as not filled in as long as it equals the template's text, white space, emphasis
and case aside. What the template marks `keep` may stay.

Example: `- **Services**: e.g., Auth Service, Graph Service`, or a title `[Short Title of the Spec]`.

How to fix: replace it, or take the line out where it is one sample of several.
"""

from collections.abc import Iterable, Iterator

from spec_ls.bind import Fill
from spec_ls.outline.blocks import Item, Paragraph, Table
from spec_ls.outline.inline import skeleton
from spec_ls.outline.shapes import items_of, joined, label_of, lines_span, shown_title, words_of
from spec_ls.rules.base import FILLING, Finding, Rule
from spec_ls.spec import Piece, Place, Spec, is_sample_value
from spec_ls.template.lookup import Lookup, lookup
from spec_ls.text import Span

_MESSAGE = "Replace the template's sample by your own text."


def check(spec: Spec) -> Iterator[Finding]:
    title, sample = spec.binding.title, spec.template.title
    if title is not None and sample:
        heading = spec.pieces[title].section.heading
        if (
            heading is not None
            and not _is_fixed(spec)
            and heading.text.text
            and skeleton(shown_title(heading)) == skeleton(sample)
        ):
            yield Finding(RULE.name, spec.heading_place(title), "Replace the template's title by the spec's own.")
    for slot in spec.template.fields:
        field = spec.field(slot)
        if field is not None and field.entry.value and is_sample_value(field):
            message = f"{slot.name} still has the template's sample."
            yield Finding(RULE.name, field.at(field.entry.value_span), message)


def _is_fixed(spec: Spec) -> bool:
    """Whether the template's title may stay, as its table has a field for the title."""
    template = spec.template
    named = next((slot for slot in template.fields if slot.key == "title"), None)
    return (
        named is not None and template.carrier == "table" and skeleton(named.sample) != skeleton(template.title or "")
    )


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    story = spec.pieces[fill.piece].facts.story
    if story is None:
        return ()
    if story.placeholder:
        message = f"Replace the template's sample by your own {fill.slot.stem.lower()}."
        return [Finding(RULE.name, spec.heading_place(fill.piece), message)]
    return [Finding(RULE.name, Place(fill.piece, span), f"Replace {sample}.") for sample, span in story.samples]


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterable[Finding]:
    known = lookup(spec.template)
    return _left(known, at, piece) if known.may_be_left(words_of(piece.section)) else ()


def _left(known: Lookup, at: int, piece: Piece) -> Iterator[Finding]:
    for item in items_of(piece.section.blocks):
        if known.is_sample(item):
            yield Finding(RULE.name, Place(at, _own(item)), _MESSAGE)
    for block in piece.section.blocks if known.phrases else ():
        if isinstance(block, Paragraph) and known.is_phrase(joined(block.lines)):
            yield Finding(RULE.name, Place(at, lines_span(block.lines)), _MESSAGE)
        elif isinstance(block, Table):
            for row in block.rows:
                if row.cells and known.is_phrase(" ".join([cell.text for cell in row.cells])):
                    span = Span(row.line, row.cells[0].start, row.line, row.cells[-1].span.end)
                    yield Finding(RULE.name, Place(at, span), _MESSAGE)


def _own(item: Item) -> Span:
    """What of an item the author is to replace: the part behind its label."""
    span = lines_span(item.lines)
    label = label_of(item.lines[0].text)
    behind = label.value if label and label.value < len(item.lines[0].text) else 0
    return Span(span.start_line, span.start + behind, span.end_line, span.end)


RULE = Rule("sample-text", __doc__, FILLING, check=check, check_fill=check_fill, check_piece=check_piece, leftover=True)
