"""A labelled item of the template is not there, or says nothing.

The labels are the questions that reviewers expect an answer to; `N/A` is one.

Example: section 5 without `- **Telemetry**: …`, or with a bare `- **Telemetry**:`.

How to fix: insert the item (quick fix) and answer it.
"""

from collections.abc import Iterable, Iterator

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.outline.blocks import List, Paragraph
from spec_ls.outline.inline import skeleton, split_number
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit


def absent(spec: Spec, fill: Fill) -> Iterator[int]:
    """The positions of the labelled items that nothing carries, neither an item nor a subsection of that name."""
    facts = [facts for _, facts in spec.fill_facts(fill)]
    present = {label.slot for fact in facts for label in fact.labels}
    wanted = [at for at, item in enumerate(fill.slot.items) if item.kind == "label" and item.need == "required"]
    missing = [at for at in wanted if at not in present]
    if missing:
        titles = {skeleton(split_number(fact.heading.title)[1]) for fact in facts if fact.heading}
        yield from (at for at in missing if skeleton(fill.slot.items[at].name) not in titles)


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    return _compared(spec, fill) if any([item.kind == "label" for item in fill.slot.items]) else ()


def _compared(spec: Spec, fill: Fill) -> Iterator[Finding]:
    pieces = list(spec.fill_facts(fill))
    if not any(facts.content for _, facts in pieces) or any(facts.unclosed for _, facts in pieces):
        return
    if is_not_applicable(spec, fill):
        return
    for at in absent(spec, fill):
        item = fill.slot.items[at]
        message = f"{item.name} is missing in {fill.slot.title}."
        yield Finding(RULE.name, spec.heading_place(fill.piece), message, (at, False), origin=item.origin)
    for piece, facts in pieces:
        for label in facts.labels:
            item = fill.slot.items[label.slot]
            if label.near:
                message = f"The template calls this item {item.name}."
                yield Finding(RULE.name, Place(piece, label.span), message, (label.slot, True), origin=item.origin)
            elif not label.filled:
                message = f"{item.name} is empty; write it, or N/A."
                yield Finding(RULE.name, Place(piece, label.span), message, origin=item.origin)


def is_not_applicable(spec: Spec, fill: Fill) -> bool:
    """Whether the section's whole answer is `N/A`."""
    blocks = [block for piece in fill.pieces for block in spec.pieces[piece].section.blocks]
    first = blocks[0] if blocks else None
    if isinstance(first, List) and len(first.items) == 1 and first.items[0].lines:
        text = first.items[0].lines[0].text
    elif isinstance(first, Paragraph):
        text = first.lines[0].text
    else:
        return False
    words = text.lstrip("*_`").casefold()
    return words.startswith(("n/a", "not applicable")) or words.rstrip("*_`.") == "none"


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    fill = spec.binding.owners[finding.place.piece]
    if fill is None or finding.subject is None:
        return
    at, renamed = finding.subject
    name = fill.slot.items[at].name
    edit = Edit(spec.span(finding.place), name) if renamed else compose.insert_item(spec, fill, at)
    if edit is not None:
        yield Fix(f"Rename to {name}" if renamed else f"Insert {name}", (edit,))


RULE = Rule("missing-item", __doc__, STRUCTURE, check_fill=check_fill, fix=fix)
