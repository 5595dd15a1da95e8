"""What the rules about boxes share."""

from collections.abc import Iterator

from spec_ls.spec import Place, Spec


def open_checks(spec: Spec, sign_off: bool) -> Iterator[tuple[Place, str]]:
    """The boxes of required fixed items that are not ticked, of sign-off sections or of all others."""
    for fill in spec.fills:
        if fill.slot.sign_off is not sign_off:
            continue
        for piece, facts in spec.fill_facts(fill):
            for check in facts.checks:
                item = fill.slot.items[check.slot]
                if check.box is not None and not check.box.ticked and item.need == "required" and not check.near:
                    yield Place(piece, check.box.span), item.name
