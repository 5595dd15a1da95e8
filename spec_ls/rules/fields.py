"""What the rules about metadata values share: which fields have a value that is the author's own."""

from collections.abc import Iterator

from spec_ls.outline.inline import skeleton
from spec_ls.spec import Field, Spec
from spec_ls.template.model import FieldKind, FieldSlot


def is_sample_value(field: Field) -> bool:
    """Whether a field still has the template's sample (white space, marks and case aside)."""
    slot = field.slot
    return slot is not None and bool(slot.sample) and skeleton(field.entry.value) == skeleton(slot.sample)


def filled(spec: Spec, *kinds: FieldKind) -> Iterator[tuple[FieldSlot, Field]]:
    """The fields of these kinds that have a value other than the template's sample."""
    for slot in spec.template.fields:
        field = spec.field(slot)
        if slot.kind in kinds and field is not None and field.entry.value and not is_sample_value(field):
            yield slot, field
