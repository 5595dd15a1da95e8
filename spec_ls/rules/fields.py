"""What the rules about metadata values share: which fields have a value that is the author's own."""

from collections.abc import Iterator

from spec_ls.outline.inline import skeleton
from spec_ls.spec import Field, Spec, is_sample_value
from spec_ls.template.model import FieldKind, FieldSlot


def is_left_open(field: Field) -> bool:
    """Whether a field is as the template has it where the template lets it stay so."""
    slot = field.slot
    return slot is not None and slot.keep and skeleton(field.entry.value) == skeleton(slot.sample)


def filled(spec: Spec, *kinds: FieldKind) -> Iterator[tuple[FieldSlot, Field]]:
    """The fields of these kinds that have a value other than the template's sample."""
    stated = spec.template.stated
    for slot in (*spec.template.fields, *([stated] if stated else [])):
        field = spec.field(slot) if slot.kind in kinds else None
        if field is not None and field.entry.value and not (is_left_open(field) or is_sample_value(field)):
            yield slot, field
