"""A section of the template has a heading and nothing below it.

An empty section says neither that there is nothing to say nor what it would be. `N/A` is an answer.

Example: `### API Changes` directly followed by `### Data Model Changes`.

How to fix: write the section, or `N/A` and why.
"""

from collections.abc import Iterable

from spec_ls.bind import Fill
from spec_ls.rules.base import FILLING, Finding, Rule
from spec_ls.spec import Spec


def is_empty(spec: Spec, fill: Fill) -> bool:
    """Whether nothing stands in a section, nor in any section below it."""
    return not fill.children and not any(facts.content for _, facts in spec.fill_facts(fill))


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if fill.slot.repeats or not is_empty(spec, fill) or any(spec.needs(child) for child in fill.slot.sections):
        return ()
    if spec.pieces[fill.piece].facts.unclosed is not None:
        return ()
    if fill.slot.index == spec.template.carried_in:
        return ()  # that the metadata is missing says it
    message = f"{fill.slot.title} is empty; write it, or N/A and why."
    return [Finding(RULE.name, spec.heading_place(fill.piece), message, origin=fill.slot.origin)]


RULE = Rule("empty-section", __doc__, FILLING, check_fill=check_fill)
