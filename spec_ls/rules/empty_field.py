"""A metadata field has no value.

Example: `| **Owner** | |`.

How to fix: fill it in; completion knows the values.
"""

from collections.abc import Iterator

from spec_ls.rules.base import FILLING, Finding, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    for slot in spec.template.fields:
        field = spec.field(slot)
        if field is None or field.entry.value or slot.need == "optional" or slot is spec.template.approvers:
            continue
        if not slot.sample or (slot.keep and not slot.default) or field.entry.listed:
            continue  # the template leaves it open, too; `[]` says that there are none
        span = field.entry.value_span
        fault = spec.pieces[field.piece].facts.yaml
        if fault is not None and fault.span.start_line == field.entry.line:
            continue  # told as front matter that cannot be read
        yield Finding(RULE.name, field.at(span), f"{slot.name} is empty.", origin=slot.origin)


RULE = Rule("empty-field", __doc__, FILLING, check=check, of_metadata=True)
