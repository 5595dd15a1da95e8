"""A review lasts longer than the template gives it.

The template says how long, under its sign-off: `*Reviewers must sign off within 48 hours.*`, in hours, days or weeks.
The clock starts with the commit by which the status became one of review, and stops when all who must sign off have.

Example: Status `Review` since three days, and `- [ ] Tech Lead Approval`.

How to fix: get the sign-offs, or go back to the status before.
"""

from collections.abc import Iterable

from spec_ls.bind import Fill
from spec_ls.past import by, clock, sign_off
from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.spec import Spec
from spec_ls.values import count


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    now = spec.known.now
    if now is None or fill.fault == "misnamed" or fill is not sign_off(spec):
        return ()
    running = clock(spec)
    if running is None or now < running.deadline:
        return ()
    begun, due = running.since, running.deadline
    said = f"In review since {begun.at:%Y-%m-%d}{by(begun.move)}; sign-off was due within {_hours(running.hours)}"
    return [Finding(RULE.name, spec.heading_place(fill.piece), f"{said}, by {due:%Y-%m-%d %H:%M}.")]


def _hours(hours: int) -> str:
    return count(hours, "hour") if hours % 24 or hours < 72 else count(hours // 24, "day")


RULE = Rule("overdue-review", __doc__, Weights(None, "warning", None, None, None), check_fill=check_fill, outside=True)
