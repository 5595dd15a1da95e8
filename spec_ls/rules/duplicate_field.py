"""A metadata field is there twice.

The first one counts; the second misleads.

Example: two rows `Status` in the metadata table.

How to fix: keep one of the two; where both say the same, a quick fix takes out the second.
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Related, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    for slot in spec.template.fields:
        fields = spec.fields.get(slot.key, [])
        for at, field in enumerate(fields[1:], 1):
            first = fields[0]
            related = Related(first.at(first.entry.key_span), f"{slot.name} is here, too.")
            message = f"{slot.name} is already there."
            yield Finding(RULE.name, field.at(field.entry.key_span), message, (slot.key, at), (related,))


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    key, at = finding.subject
    first, field = spec.fields[key][0], spec.fields[key][at]
    same = field.entry.value == first.entry.value or not field.entry.value
    edit = compose.remove_field(spec, field)
    if edit is not None:
        yield Fix(f"Remove this {field.entry.name}", (edit,), certain=same)


RULE = Rule("duplicate-field", __doc__, STRUCTURE, check=check, fix=fix, of_metadata=True)
