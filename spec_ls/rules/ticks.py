"""What the rules about boxes share."""

from collections.abc import Iterator

from spec_ls.bind import Fill
from spec_ls.spec import Place, Spec


def open_checks(spec: Spec, fill: Fill) -> Iterator[tuple[Place, str]]:
    """The boxes of a section's required fixed items that are not ticked, with the items' names."""
    for piece, facts in spec.fill_facts(fill):
        for check in facts.checks:
            item = fill.slot.items[check.slot]
            if check.box is not None and not check.box.ticked and item.need == "required" and not check.near:
                yield Place(piece, check.box.span), item.name
