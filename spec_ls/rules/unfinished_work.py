"""The status says done, and a goal or an acceptance criterion is not ticked.

Example: Status `Done` above `- [ ] Export finishes within a minute`.

How to fix: tick what is reached; take out, or move to another spec, what is not.
"""

from collections.abc import Iterable

from spec_ls.facts import criteria_blocks
from spec_ls.outline.blocks import Block
from spec_ls.outline.shapes import items_of
from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.spec import Piece, Place, Spec


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterable[Finding]:
    fill = spec.binding.owners[at]
    if fill is None or not (fill.slot.work or piece.facts.criteria):
        return ()
    blocks: list[Block] = []
    if fill.slot.work:
        stop = min((span.start_line for _, span in piece.facts.bold), default=piece.section.end_line)
        blocks += [block for block in piece.section.blocks if block.line < stop]
    for fact in piece.facts.criteria:
        found = criteria_blocks(piece.section, fill.slot.blocks[fact.slot])
        blocks += found[2] if found else ()
    boxes = [item.box for item in items_of(blocks) if item.box is not None]
    message = "Done, and this box is not ticked."
    return [Finding(RULE.name, Place(at, box.span), message) for box in boxes if not box.ticked]


RULE = Rule("unfinished-work", __doc__, Weights(None, None, None, "warning", None), check_piece=check_piece)
