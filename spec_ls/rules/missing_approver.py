"""The spec names nobody who would approve it.

A review without a reviewer does not happen.

Example: `| **Approvers** | |`.

How to fix: name at least one handle; completion behind `@` knows the people.
"""

from collections.abc import Iterator

from spec_ls.rules.base import FILLING, Finding, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    slot = spec.template.approvers
    field = spec.field(slot)
    if slot is not None and field is not None and not field.entry.value:
        message = f"{slot.name} is empty: name who will approve."
        yield Finding(RULE.name, field.at(field.entry.value_span), message, origin=slot.origin)


RULE = Rule("missing-approver", __doc__, FILLING, check=check, of_metadata=True)
