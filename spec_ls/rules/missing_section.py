"""A section that the template requires is not there.

Reviewers look for each section of the template; one that is missing reads as one that was forgotten.
A section that stands under another title, at another level or at another place is reported as such,
not as missing; subsections of a missing section are not reported on their own.

Example: the document goes from `## 4. Technical Design` to `## 6. Support Plan`.

How to fix: insert the section from the template (quick fix), or write `N/A` and why under its heading.
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    for missing in spec.missing:
        if spec.is_lost(missing):
            where = f" in {missing.parent.slot.title}" if missing.parent else ""
            message = f"The section {missing.slot.title} is missing{where}."
            yield Finding(
                RULE.name, spec.heading_place(missing.anchor), message, missing.slot.index, origin=missing.slot.origin
            )


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    for missing in spec.missing:
        if missing.slot.index == finding.subject:
            edit = compose.insert_section(spec, missing)
            if edit is not None:
                yield Fix(f"Insert the section {missing.slot.title}", (edit,))


RULE = Rule("missing-section", __doc__, STRUCTURE, check=check, fix=fix)
