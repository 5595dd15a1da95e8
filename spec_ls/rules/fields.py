"""What the rules about metadata values share: which fields have a value that is the author's own."""

from collections.abc import Iterator

from spec_ls.outline.inline import skeleton
from spec_ls.spec import Field, Spec
from spec_ls.template.model import FieldKind, FieldSlot


def is_sample_value(field: Field) -> bool:
    """Whether a field still has the template's sample (white space, marks and case aside) and may not keep it.

    Choices in brackets that stand in the document without them are the author's: `2.x / 3.x` for `(2.x / 3.x)`.
    """
    slot = field.slot
    if slot is None or slot.keep or not slot.sample or skeleton(field.entry.value) != skeleton(slot.sample):
        return False
    return slot.kind != "choice" or slot.sample[0] not in "({[<" or field.entry.value[:1] in tuple("({[<")


def is_left_open(field: Field) -> bool:
    """Whether a field is as the template has it where the template lets it stay so."""
    slot = field.slot
    return slot is not None and slot.keep and skeleton(field.entry.value) == skeleton(slot.sample)


def filled(spec: Spec, *kinds: FieldKind) -> Iterator[tuple[FieldSlot, Field]]:
    """The fields of these kinds that have a value other than the template's sample."""
    stated = spec.template.stated
    for slot in (*spec.template.fields, *([stated] if stated else [])):
        field = spec.field(slot)
        own = field is not None and not is_left_open(field)
        if slot.kind in kinds and field is not None and own and field.entry.value and not is_sample_value(field):
            yield slot, field
