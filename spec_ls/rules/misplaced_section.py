"""A section stands at another place than in the template.

Reviewers read specs in the template's order. Of several sections out of order, the fewest that would
have to move are reported. A subsection under another section than its own is misplaced, too.

Example: `## 7. Security & Compliance` before `## 6. Support Plan`.

How to fix: move the section to its place (quick fix).
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span


def _neighbour(spec: Spec, fill: Fill) -> tuple[Fill | None, bool]:
    """The fill beside which the section belongs, and whether below it; the parent where it comes first."""
    siblings = fill.parent.slot.sections if fill.parent else spec.template.sections
    found = {other.slot.index: other for other in spec.fills if other.parent is fill.parent and other is not fill}
    steady = [found[slot.index] for slot in siblings if slot.index in found and found[slot.index].fault != "misplaced"]
    before = [other for other in steady if other.slot.index < fill.slot.index]
    if before:
        return before[-1], True
    if fill.parent is not None:
        return fill.parent, True
    return (steady[0], False) if steady else (None, False)


def check(spec: Spec) -> Iterator[Finding]:
    for fill in spec.fills:
        if fill.fault != "misplaced":
            continue
        neighbour, below = _neighbour(spec, fill)
        if neighbour is fill.parent and neighbour is not None:
            where = f"in {neighbour.slot.title}"
        elif neighbour is not None:
            where = f"{'after' if below else 'before'} {neighbour.slot.title}"
        else:
            where = "elsewhere"
        message = f"{fill.slot.title} belongs {where}."
        yield Finding(RULE.name, spec.heading_place(fill.piece), message, fill.slot.index)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    fill = next((fill for fill in spec.fills if fill.piece == finding.place.piece), None)
    if fill is None:
        return
    neighbour, below = _neighbour(spec, fill)
    if neighbour is None:
        return
    first = spec.base(fill.piece) + spec.pieces[fill.piece].section.line
    last = compose.last_text_line(spec, first, compose.subtree_end(spec, fill))
    if spec.pieces[-1].facts.unclosed is not None:
        return
    block = "\n".join(spec.text.content(line) for line in range(first, last + 1))
    if below and neighbour is fill.parent:
        target = spec.end_line(neighbour.piece)
    elif below:
        target = compose.subtree_end(spec, neighbour)
    else:
        target = spec.base(neighbour.piece) + spec.pieces[neighbour.piece].section.line
    if first < target <= last + 1:
        return
    insert = compose.insert_block(spec, target, block)
    remove = compose.remove_lines(spec, first, last + 1)
    if insert is None:
        return
    if insert.span.first == remove.span.first or remove.span.first < insert.span.first < remove.span.last:
        return
    if last + 1 == len(spec.text.lines) and target < first:
        end = compose.last_text_line(spec, 0, first)
        remove = Edit(Span(end, len(spec.text.content(end)), last, len(spec.text.content(last))), "")
        if insert.span.first > remove.span.first:
            return
    yield Fix(f"Move {fill.slot.title} to its place", (insert, remove))


RULE = Rule("misplaced-section", __doc__, STRUCTURE, check=check, fix=fix)
