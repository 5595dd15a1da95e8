"""An item of a fixed checklist is not there, has other words, or has no box.

A checklist is only as good as the list; it stays whole, in the template's words. Text behind an item
is welcome.

Example: section 7 without `- [ ] Audit logs implemented?`.

How to fix: insert the item, restore its words, or give it a box (quick fix).
"""

from collections.abc import Iterable, Iterator, Sequence

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span

_MOST = 3
"""How many absent items are told one by one; with more it is another list."""


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    wanted = [at for at, item in enumerate(fill.slot.items) if item.kind == "check"]
    return _compared(spec, fill, wanted) if wanted else ()


def _compared(spec: Spec, fill: Fill, wanted: Sequence[int]) -> Iterator[Finding]:
    pieces = list(spec.fill_facts(fill))
    if not any(facts.content for _, facts in pieces) or any(facts.unclosed for _, facts in pieces):
        return
    found: set[int] = set()
    for piece, facts in pieces:
        for check in facts.checks:
            found.add(check.slot)
            item = fill.slot.items[check.slot]
            name = item.name
            if check.near:
                message = f"The template calls this item {name}"
                yield Finding(RULE.name, Place(piece, check.span), message, (check.slot, "rename"), origin=item.origin)
            elif check.box is None and item.need == "required":
                message = f"{name}: the box is missing."
                yield Finding(RULE.name, Place(piece, check.span), message, (check.slot, "box"), origin=item.origin)
    absent = [at for at in wanted if at not in found and fill.slot.items[at].need == "required"]
    if len(absent) > _MOST:
        message = f"{len(absent)} items of the template's checklist are missing in {fill.slot.title}."
        yield Finding(
            RULE.name, spec.heading_place(fill.piece), message, (absent[0], "other list"), origin=fill.slot.origin
        )
        return
    for at in absent:
        item = fill.slot.items[at]
        message = f"The item {item.name} is missing in {fill.slot.title}."
        yield Finding(RULE.name, spec.heading_place(fill.piece), message, (at, "insert"), origin=item.origin)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    fill = spec.binding.owners[finding.place.piece]
    if fill is None:
        return
    at, how = finding.subject
    if how == "other list":
        return
    span = spec.span(finding.place)
    if how == "insert":
        edit = compose.insert_item(spec, fill, at)
        if edit is not None:
            yield Fix(f"Insert the item {fill.slot.items[at].name}", (edit,))
    elif how == "box":
        open_is_fine = spec.stage in ("draft", "review", "parked")
        edit = Edit(Span(span.start_line, span.start, span.start_line, span.start), "[ ] ")
        yield Fix("Give it a box", (edit,), certain=open_is_fine)
    else:
        yield Fix(f"Change to {fill.slot.items[at].text}", (Edit(span, fill.slot.items[at].text),))


RULE = Rule("missing-check", __doc__, STRUCTURE, check_fill=check_fill, fix=fix)
