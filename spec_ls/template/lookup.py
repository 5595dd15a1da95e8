"""Look-ups over a template, made once for each: the words of all its samples and guidance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spec_ls.outline.inline import skeleton
from spec_ls.template.model import Guidance, Template


@dataclass(frozen=True, slots=True)
class Lookup:
    """`samples`: skeletons of the list items to replace; `guidance`: by skeleton; lengths bound what is compared."""

    samples: frozenset[str]
    guidance: Mapping[str, Guidance]
    longest_guidance: int


_made: dict[int, tuple[Template, Lookup]] = {}


def lookup(template: Template) -> Lookup:
    """The look-up of `template`."""
    known = _made.get(id(template))
    if known is None:
        known = _made[id(template)] = (template, _make(template))
    return known[1]


def _make(template: Template) -> Lookup:
    samples: set[str] = set()
    guidance: dict[str, Guidance] = {}
    for slot in template.all_sections():
        for item in (*slot.items, *(item for block in slot.blocks for item in block.items)):
            if item.keep or item.kind == "check":
                continue
            samples.add(skeleton(item.name) + item.key if item.kind == "label" else item.key)
        for note in slot.guidance:
            guidance[note.key] = note
    longest = max((len(note.text) for note in guidance.values()), default=0)
    return Lookup(frozenset(samples - {""}), guidance, 2 * longest + 100)
