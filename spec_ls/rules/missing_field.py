"""A field that the template requires is not in the metadata.

A field of nearly that name (`Onwer`) is taken to be meant, and reported in its place.

Example: a metadata table without `Owner`.

How to fix: insert the row (quick fix), or correct the name.
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Field, Spec
from spec_ls.template.model import FieldSlot
from spec_ls.text import Edit


def absent(spec: Spec) -> list[FieldSlot]:
    """The required fields that no entry of the carrier fills, in the template's order."""
    if not any(field.slot for field in spec.carrier):
        return []
    return [slot for slot in spec.template.fields if spec.needs(slot) and slot.key not in spec.fields]


def _near(spec: Spec, slots: list[FieldSlot]) -> dict[str, Field]:
    """Entries of the team's own whose name is nearly that of an absent field."""
    own = [field for field in spec.carrier if field.slot is None and field.entry.key]
    if not own or not slots:
        return {}
    from rapidfuzz.fuzz import ratio

    found: dict[str, Field] = {}
    for slot in slots:
        best = max(own, key=lambda field: ratio(field.entry.key, slot.key))
        if ratio(best.entry.key, slot.key) >= 75 and best not in found.values():
            found[slot.key] = best
    return found


def check(spec: Spec) -> Iterator[Finding]:
    slots = absent(spec)
    near = _near(spec, slots)
    strays = {field.slot.key for field in spec.strays if field.slot}
    for slot in slots:
        if slot.key in near:
            field = near[slot.key]
            message = f"The template calls this field {slot.name}."
            yield Finding(RULE.name, field.at(field.entry.key_span), message, (slot.key, True), origin=slot.origin)
        elif slot.key not in strays:
            order = [other.key for other in spec.template.fields]
            before = [f for f in spec.carrier if f.slot and order.index(f.slot.key) < order.index(slot.key)]
            neighbour = (before or spec.carrier)[-1 if before else 0]
            message = f"The field {slot.name} is missing."
            yield Finding(
                RULE.name, neighbour.at(neighbour.entry.key_span), message, (slot.key, False), origin=slot.origin
            )


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    key, renamed = finding.subject
    slot = next(slot for slot in spec.template.fields if slot.key == key)
    if renamed:
        yield Fix(f"Rename to {slot.name}", (Edit(spec.span(finding.place), slot.name),))
        return
    edit = compose.insert_field(spec, slot)
    if edit is not None:
        yield Fix(f"Insert the field {slot.name}", (edit,))


RULE = Rule("missing-field", __doc__, STRUCTURE, check=check, fix=fix, of_metadata=True)
