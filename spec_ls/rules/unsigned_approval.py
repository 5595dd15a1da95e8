"""The status says approved, and a required sign-off is not ticked.

An approval counts when the people who give it have said so. Sign-offs that the template marks
optional (`(if needed)`) may stay open.

Example: Status `Approved` above `- [ ] Tech Lead Approval`.

How to fix: get the sign-off and tick it, or go back to the status before.
"""

from collections.abc import Iterable

from spec_ls.bind import Fill
from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.rules.ticks import open_checks
from spec_ls.spec import Spec


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if not fill.slot.sign_off:
        return ()
    return [
        Finding(RULE.name, place, f"{name} is not given yet; an approved spec demands it.")
        for place, name in open_checks(spec, fill)
    ]


RULE = Rule("unsigned-approval", __doc__, Weights(None, None, "error", "error", None), check_fill=check_fill)
