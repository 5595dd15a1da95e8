"""A section stands at another place than in the template.

Reviewers read specs in the template's order. Of several sections out of order, the fewest that would
have to move are reported. A subsection under another section than its own is misplaced, too.

Example: `## 7. Security & Compliance` before `## 6. Support Plan`.

How to fix: move the section to its place (quick fix).
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.bind import Fill, fill_before
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    for fill in spec.fills:
        if fill.fault != "misplaced":
            continue
        before = fill_before(fill.slot, siblings_of(spec, fill))
        if before is not None:
            where = f"after {before.slot.title}"
        elif fill.parent is not None:
            where = f"in {fill.parent.slot.title}"
        else:
            first = min(siblings_of(spec, fill), key=lambda other: (other.astray, other.piece))
            where = f"before {first.slot.title}"
        message = f"{fill.slot.title} belongs {where}."
        yield Finding(RULE.name, spec.heading_place(fill.piece), message, fill.slot.index, origin=fill.slot.origin)


def siblings_of(spec: Spec, fill: Fill) -> list[Fill]:
    """The fills under the same parent, or of the whole spec, the fill itself among them."""
    return fill.parent.children if fill.parent else [other for other in spec.fills if other.parent is None]


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    fill = next((fill for fill in spec.fills if fill.piece == finding.place.piece), None)
    if fill is None:
        return
    edits = compose.move_section(spec, fill, fill_before(fill.slot, siblings_of(spec, fill)))
    if edits:
        yield Fix(f"Move {fill.slot.title} to its place", edits)


RULE = Rule("misplaced-section", __doc__, STRUCTURE, check=check, fix=fix)
