"""A story has no acceptance criteria.

Without criteria nobody can say when the story is done. They may be announced by the template's label,
bold or not, in any case, or by a heading; their items need no boxes.

Example: `### Story 1: …` with prose and no `**Acceptance Criteria:**`.

How to fix: insert the block from the template (quick fix), or put the label above the list.
"""

from collections.abc import Iterable, Iterator

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.facts import Facts
from spec_ls.outline.blocks import List
from spec_ls.rules.base import STORY, Finding, Fix, Rule
from spec_ls.rules.stories import is_bare
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    return _lacking(spec, fill) if fill.slot.blocks and not is_bare(spec, fill) else ()


def _lacking(spec: Spec, fill: Fill) -> Iterator[Finding]:
    pieces = list(spec.fill_facts(fill))
    if any(facts.unclosed for _, facts in pieces):
        return
    for at, block in enumerate(fill.slot.blocks):
        found = [(piece, fact) for piece, facts in pieces for fact in facts.criteria if fact.slot == at]
        if not found:
            message = f"{block.name} are missing."
            yield Finding(RULE.name, spec.heading_place(fill.piece), message, at, origin=block.origin)
        elif not any(fact.filled for _, fact in found) and not _goes_on(pieces, found[0][0]):
            piece, fact = found[0]
            yield Finding(RULE.name, Place(piece, fact.span), f"{block.name} are empty.", origin=block.origin)


def _goes_on(pieces: list[tuple[int, Facts]], at: int) -> bool:
    """Whether the criteria are announced by a heading and stand in the sections below that."""
    level = next((facts.heading.level for piece, facts in pieces if piece == at and facts.heading), 7)
    return any(
        piece > at and facts.content and facts.heading and facts.heading.level > level for piece, facts in pieces
    )


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    fill = spec.binding.owners[finding.place.piece]
    if fill is None or finding.subject is None:
        return
    block = fill.slot.blocks[finding.subject]
    lines = compose.block_lines(spec, block)
    section = spec.pieces[fill.piece].section
    base = spec.base(fill.piece)
    listed = next((item for item in section.blocks if isinstance(item, List)), None)
    if listed is not None:
        line, end = listed.line + base, spec.text.line_end
        above = line > 0 and bool(spec.text.content(line - 1).strip())
        loose = end if above and listed.line > section.line + 1 else ""
        yield Fix(f"Put {block.name} above the list", (Edit(Span(line, 0, line, 0), loose + lines[0] + end),))
        return
    edit = compose.append_to_section(spec, fill.piece, lines)
    if edit is not None:
        yield Fix(f"Insert {block.name}", (edit,))


RULE = Rule("missing-criteria", __doc__, STORY, check_fill=check_fill, fix=fix)
