"""A story does not say who wants what and why.

The template's story has a form; the words around its brackets must be there in that order, in the
heading or in the text below it. Small words (a, an, the, to) are free.

Example: `### Story 2: Export` without `As a …, I want …, so that …`.

How to fix: write the story in the template's form.
"""

from collections.abc import Iterable

from spec_ls.bind import Fill
from spec_ls.rules.base import STORY, Finding, Rule
from spec_ls.rules.stories import is_placeholder
from spec_ls.spec import Spec


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if not fill.slot.form or is_placeholder(spec, fill):
        return ()
    if any([facts.formed for _, facts in spec.fill_facts(fill)]):
        return ()
    form = " …, ".join(part[0].upper() + part[1:] if part.startswith("i ") else part for part in fill.slot.form)
    message = f"Write the {fill.slot.stem.lower()} as: {form[0].upper()}{form[1:]} …"
    return [Finding(RULE.name, spec.heading_place(fill.piece), message, origin=fill.slot.origin)]


RULE = Rule("malformed-story", __doc__, STORY, check_fill=check_fill)
