"""The target date has passed, and what the spec plans is not done.

The date of the template that says what is aimed at (`Target Date`, `Due`, `Deadline`) is held against the calendar once
the spec is approved; of several days the last one counts. A draft makes no promise yet, and what is done or put off has
kept or taken back its own.

Example: Status `Building`, Target Date `2026-03-31`, and it is April.

How to fix: set the status to what is true, or agree on another date and write it down.
"""

from collections.abc import Iterator

from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec, plain_value
from spec_ls.template.kinds import is_target
from spec_ls.values import days_of


def check(spec: Spec) -> Iterator[Finding]:
    today, state = spec.known.today, spec.state
    if today is None or state is None:
        return
    for slot, field in filled(spec, "date"):
        days = [day for day in days_of(plain_value(field.entry), slot.timed) if day is not None]
        if is_target(slot.key) and days and max(days) < today:
            message = f"{slot.name} has passed, and the status is still {state.name}."
            yield Finding(RULE.name, field.at(field.entry.value_span), message, origin=slot.origin)


RULE = Rule(
    "overdue-target",
    __doc__,
    Weights(None, None, "information", None, None),
    check=check,
    of_metadata=True,
    outside=True,
)
