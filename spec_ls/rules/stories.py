"""What the rules about stories share."""

from spec_ls.bind import Fill
from spec_ls.outline.inline import skeleton
from spec_ls.spec import Spec

_NO_DIGITS = {ord(digit): None for digit in "0123456789"}


def is_placeholder(spec: Spec, fill: Fill) -> bool:
    """Whether a repeated section's title is still one of the template's, its number aside."""
    heading = spec.pieces[fill.piece].section.heading
    text = skeleton(heading.text.text).translate(_NO_DIGITS) if heading else ""
    return any(text == example.translate(_NO_DIGITS) for example in fill.slot.examples)


def is_bare(spec: Spec, fill: Fill) -> bool:
    """Whether a story is a placeholder that nobody has begun to write."""
    return is_placeholder(spec, fill) and not any(facts.content for _, facts in spec.fill_facts(fill))
