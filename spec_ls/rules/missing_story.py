"""A section that consists of stories has none.

Example: `## 3. User Stories & Acceptance Criteria` with prose and no `### Story 1: …`.

How to fix: insert the first story (quick fix).
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.bind import Fill
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec


def _has_subsections(spec: Spec, fill: Fill) -> bool:
    """Whether a section has subsections of the author's own."""
    return len(fill.pieces) > 1 and any(facts.heading for _, facts in list(spec.fill_facts(fill))[1:])


def check(spec: Spec) -> Iterator[Finding]:
    for missing in spec.missing:
        parent = missing.parent
        if not missing.slot.repeats or parent is None or not spec.needs(parent.slot):
            continue
        if missing.slot.need == "optional" or any(facts.unclosed for _, facts in spec.fill_facts(parent)):
            continue
        if not missing.slot.blocks and _has_subsections(spec, parent):
            continue  # what the template counts, the author has named
        message = f"{parent.slot.title} needs at least one {missing.slot.stem}."
        yield Finding(
            RULE.name, spec.heading_place(parent.piece), message, missing.slot.index, origin=missing.slot.origin
        )


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    for missing in spec.missing:
        if missing.slot.index == finding.subject:
            edit = compose.insert_section(spec, missing)
            if edit is not None:
                yield Fix(f"Insert a first {missing.slot.stem}", (edit,))


RULE = Rule("missing-story", __doc__, STRUCTURE, check=check, fix=fix, counts=True)
