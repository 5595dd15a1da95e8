"""A date is not written as a calendar date of ISO 8601, or there is no such day.

`YYYY-MM-DD` reads the same everywhere and sorts by itself; 03/04/2026 is March to one reader and April
to the next.

Example: `| **Target Date** | 1 March 2026 |`, or `2026-02-30`.

How to fix: write the date as YYYY-MM-DD; where only one reading is possible, the quick fix does.
"""

import re
from collections.abc import Iterator

from spec_ls.rules.base import INVALID, Finding, Fix, Rule
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec, plain_value
from spec_ls.text import Edit
from spec_ls.values import is_dates, near_dates

_REMARK = re.compile(r"(?<!\s)\s*\([^()]*\)$")


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "date"):
        value = _REMARK.sub("", plain_value(field.entry))
        if not is_dates(value, slot.timed):
            message = f"{slot.name} is a date of the calendar as YYYY-MM-DD, such as 2026-03-31."
            yield Finding(RULE.name, field.at(field.entry.value_span), message, value, origin=slot.origin)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    dates = near_dates(finding.subject)
    for day in dates:
        edit = Edit(spec.span(finding.place), day.isoformat())
        yield Fix(f"Change to {day.isoformat()}", (edit,), certain=len(dates) == 1)


RULE = Rule("invalid-date", __doc__, INVALID, check=check, fix=fix, of_metadata=True)
