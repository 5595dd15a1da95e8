"""A section that the template requires is not there.

Reviewers look for each section of the template; one that is missing reads as one that was forgotten.
A section that stands under another title, at another level or at another place is reported as such,
not as missing; subsections of a missing section are not reported on their own.

Example: the document goes from `## 4. Technical Design` to `## 6. Support Plan`.

How to fix: insert the section from the template (quick fix), or write `N/A` and why under its heading.
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.bind import Missing
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec


def is_lost(spec: Spec, missing: Missing) -> bool:
    """Whether a slot that nothing fills is a fault: needed, and not swallowed by an open fence or comment."""
    if not spec.needs(missing.slot) or missing.slot.repeats:
        return False
    parent = missing.parent
    if parent is not None and parent.fault == "misnamed" and not parent.children:
        return False  # under another name it says something else; one fault at a time
    last = spec.pieces[-1].facts.unclosed if spec.pieces else None
    if last is not None and (missing.slot.key in last.swallowed or missing.parent is spec.binding.owners[-1]):
        return False
    return not any(missing.slot.key == key for piece in spec.pieces for key, _ in piece.facts.bold)


def check(spec: Spec) -> Iterator[Finding]:
    for missing in spec.missing:
        if is_lost(spec, missing):
            where = f" in {missing.parent.slot.title}" if missing.parent else ""
            message = f"The section {missing.slot.title} is missing{where}."
            yield Finding(RULE.name, spec.heading_place(missing.anchor), message, missing.slot.index)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    for missing in spec.missing:
        if missing.slot.index == finding.subject:
            edit = compose.insert_section(spec, missing)
            if edit is not None:
                yield Fix(f"Insert the section {missing.slot.title}", (edit,))


RULE = Rule("missing-section", __doc__, STRUCTURE, check=check, fix=fix)
