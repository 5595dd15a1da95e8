"""An identifier is not the template's prefix and a number.

Other specs, branches and tickets refer to a spec by its identifier; one form makes that searchable.

Example: `| **Spec ID** | SPEC-7 |` where the template has `SPEC-XXX`.

How to fix: write the prefix and at least as many digits as the template shows (quick fix).
"""

import re
import unicodedata
from collections.abc import Iterator

from spec_ls.rules.base import INVALID, Finding, Fix, Rule
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec, plain_value
from spec_ls.template.model import FieldSlot
from spec_ls.text import Edit


def is_identifier(slot: FieldSlot, value: str) -> bool:
    """Whether `value` is the slot's prefix and at least `slot.digits` ASCII digits."""
    number = value[len(slot.prefix) :]
    return value.startswith(slot.prefix) and len(number) >= slot.digits and number.isascii() and number.isdigit()


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "id"):
        value = plain_value(field.entry)
        if not is_identifier(slot, value):
            sample = slot.prefix + "42".zfill(slot.digits)
            message = f"{slot.name} is {slot.prefix} and at least {slot.digits} digits, such as {sample}."
            yield Finding(RULE.name, field.at(field.entry.value_span), message, (slot.key, value), origin=slot.origin)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    key, value = finding.subject
    slot = next(slot for slot in spec.template.fields if slot.key == key)
    folded = unicodedata.normalize("NFKC", value).strip()
    stem = re.escape(slot.prefix.rstrip("-_ "))
    found = re.fullmatch(rf"(?:{stem})?[-_ #‐-―]*([0-9]{{1,9}})", folded, re.I)
    if found:
        identifier = slot.prefix + found[1].zfill(slot.digits)
        yield Fix(f"Change to {identifier}", (Edit(spec.span(finding.place), identifier),))


RULE = Rule("invalid-id", __doc__, INVALID, check=check, fix=fix, of_metadata=True)
