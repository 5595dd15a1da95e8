"""A metadata field stands outside the document's metadata.

Readers and tools look for it in the table (or list) with the other fields.

Example: a line `**Status**: Draft` below a table that has all the other fields.

How to fix: move it to the metadata (quick fix).
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    for field in spec.strays:
        if field.slot is not None and field.slot.key not in spec.fields:
            message = f"{field.slot.name} belongs to the metadata with the other fields."
            yield Finding(RULE.name, field.at(field.entry.key_span), message, field.slot.key)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    field = next((field for field in spec.strays if field.at(field.entry.key_span) == finding.place), None)
    if field is None or field.slot is None:
        return
    whole = field.entry.whole.shifted(spec.base(field.piece))
    value = spec.text.slice(whole) if whole.start_line == whole.end_line else field.entry.value
    insert = compose.insert_field(spec, field.slot, value)
    remove = compose.remove_field(spec, field)
    if insert is not None and remove is not None:
        yield Fix(f"Move {field.slot.name} to the metadata", (insert, remove))


RULE = Rule("misplaced-field", __doc__, STRUCTURE, check=check, fix=fix, of_metadata=True)
