"""A section of the template is there twice.

Two sections of one title drift apart, and nobody knows which one holds. The one that stands where the
template has it counts; the other is reported, and what is in it is not judged.

Example: two headings `## 5. Rollout Plan`.

How to fix: merge the two by hand, or give the second a title of its own.
"""

from collections.abc import Iterable, Iterator

from spec_ls.bind import Fill
from spec_ls.rules.base import STRUCTURE, Finding, Related, Rule
from spec_ls.spec import Spec


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    return _doubled(spec, fill) if fill.duplicates else ()


def _doubled(spec: Spec, fill: Fill) -> Iterator[Finding]:
    for piece in fill.duplicates:
        related = Related(spec.heading_place(fill.piece), f"{fill.slot.title} is here, too.")
        message = f"{fill.slot.title} is already there; merge the two sections."
        yield Finding(RULE.name, spec.heading_place(piece), message, related=(related,))


RULE = Rule("duplicate-section", __doc__, STRUCTURE, check_fill=check_fill)
