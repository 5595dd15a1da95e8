"""More of a proposal than its line in the list: what a client asks for when the author looks at it."""

from __future__ import annotations

from spec_ls import compose, describe
from spec_ls.catalogue import Catalogue
from spec_ls.features.completion.base import About
from spec_ls.markup import fenced, quote
from spec_ls.spec import Spec
from spec_ls.template.model import SectionSlot


def documentation(spec: Spec, about: About, catalogue: Catalogue) -> str:
    """Markdown about what a proposal stands for; empty where there is no more to say, or the spec is another by now."""
    match about:
        case ("state", name):
            state = spec.template.state(name)
            return describe.state(state) if state else ""
        case ("field", key):
            return next((describe.field(slot) for slot in spec.template.fields if slot.key == key), "")
        case ("section", index, number):
            slot = _slot(spec, index)
            return _section(spec, slot, _number(number)) if slot else ""
        case ("item", index, at):
            slot = _slot(spec, index)
            items = {str(number): item for number, item in enumerate(slot.items)} if slot else {}
            return describe.item(items[at]) if at in items else ""
        case ("block", index, at):
            slot = _slot(spec, index)
            blocks = {str(number): block for number, block in enumerate(slot.blocks)} if slot else {}
            return describe.block(blocks[at], spec.template) if at in blocks else ""
        case ("spec", name):
            return describe.paragraphs(*map(describe.card, catalogue.by_id(name)))
    return ""


def _slot(spec: Spec, index: str) -> SectionSlot | None:
    return next((slot for slot in spec.template.all_sections() if str(slot.index) == index), None)


def _number(text: str) -> int:
    """Data that comes back from a client may be any."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _section(spec: Spec, slot: SectionSlot, number: int) -> str:
    """The guidance, and the section as it will be written."""
    if slot.repeats:
        block = compose.story_block(spec, slot, number or 1)
    else:
        block = compose.section_block(spec, slot, number or None)
    return describe.paragraphs(*(quote(note.text) for note in slot.guidance), fenced(block.split("\n")))
