"""The acceptance criteria of a story name no error case.

What happens when it goes wrong is part of what is agreed on. Any criterion with the template's words
will do.

Example: criteria that only say `Verify that …`.

How to fix: insert the item from the template (quick fix) and write it.
"""

from collections.abc import Iterable, Iterator, Sequence

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.facts import criteria_blocks
from spec_ls.outline.blocks import List
from spec_ls.rules.base import STORY, Finding, Fix, Rule
from spec_ls.spec import Place, Spec


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if not fill.slot.blocks:
        return ()
    said = frozenset[str]().union(*[spec.pieces[at].facts.mentions for at in fill.pieces])
    unsaid = [
        (at, number)
        for at, block in enumerate(fill.slot.blocks)
        for number, item in enumerate(block.items)
        if item.demanded and item.name not in said
    ]
    return _lacking(spec, fill, unsaid) if unsaid else ()


def _lacking(spec: Spec, fill: Fill, unsaid: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    pieces = list(spec.fill_facts(fill))
    if any(facts.unclosed for _, facts in pieces):
        return
    for at, number in unsaid:
        found = [(piece, fact) for piece, facts in pieces for fact in facts.criteria if fact.slot == at and fact.filled]
        if found and not any(number in fact.demanded for _, fact in found):
            piece, fact = found[0]
            block = fill.slot.blocks[at]
            item = block.items[number]
            message = f"{block.name} name no {item.name.lower()}."
            yield Finding(RULE.name, Place(piece, fact.span), message, (at, number), origin=item.origin)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    piece = finding.place.piece
    fill = spec.binding.owners[piece]
    if fill is None:
        return
    at, number = finding.subject
    block = fill.slot.blocks[at]
    found = criteria_blocks(spec.pieces[piece].section, block)
    listed = next((item for item in found[2] if isinstance(item, List)), None) if found else None
    if listed is None:
        return
    last = listed.items[-1]
    item = block.items[number]
    boxed = any(other.box for other in listed.items)
    text = compose.item_text(item) if boxed else item.text
    line = last.end_line - 1 + spec.base(piece)
    edit = compose.insert_lines(spec, line, [compose.item_start(spec, piece, last) + text])
    yield Fix(
        f"Insert an {item.name.lower()}" if item.name[:1] in "AEIOU" else f"Insert a {item.name.lower()}", (edit,)
    )


RULE = Rule("missing-error-case", __doc__, STORY, check_fill=check_fill, fix=fix)
