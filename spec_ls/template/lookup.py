"""Look-ups over a template, made once for each: the words of all its samples and guidance."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spec_ls.outline.blocks import Item, TextLine, Words
from spec_ls.outline.inline import skeleton
from spec_ls.outline.shapes import joined, without_comments
from spec_ls.template.model import Guidance, SectionSlot, Template

_LONGEST_SAMPLE = 1000
_DOTS = "…"
_HEAD = 3
"""How many letters of a text are looked up before all of it is."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """`samples`: skeletons of the list items to replace, `phrases` those of paragraphs and table rows; `guidance`: by
    skeleton; `titles`: keys of all sections, also their `other_names`; `repeated`: those that repeat; `conditional`:
    those that the metadata asks for; `labels`: skeletons of all items and labelled blocks; `approved`: the indexes of
    the sections that an approval is about, which are all but those that may be left out and the sign-off; `notes` and
    `quotes`: the guidance in admonitions and in block quotes."""

    samples: frozenset[str]
    phrases: frozenset[str]
    longest_phrase: int
    items: frozenset[str]
    guidance: Mapping[str, Guidance]
    longest_guidance: int
    guidance_heads: frozenset[str]
    notes: frozenset[str]
    quotes: frozenset[str]
    fields: frozenset[str]
    titles: frozenset[str]
    other_names: Mapping[str, str]
    repeated: tuple[SectionSlot, ...]
    conditional: tuple[SectionSlot, ...]
    labels: frozenset[str]
    approved: frozenset[int]

    def is_sample(self, item: Item) -> bool:
        """Whether a list item still is one of the template's samples."""
        text = without_comments(joined(item.lines)).strip()
        return bool(text) and len(text) < _LONGEST_SAMPLE and not item.blocks and phrase_key(text) in self.samples

    def may_be_left(self, words: Words) -> bool:
        """Whether one of the texts that stand among `words` may still be one of the template's samples."""
        keys = words.keys
        if words.commented or ("" in keys and (_DOTS in self.phrases or _DOTS in self.samples)):
            return True
        return not (self.samples.isdisjoint(keys) and self.phrases.isdisjoint(keys))

    def is_own(self, item: Item) -> bool:
        """Whether a list item is in the template's own words: a sample, a fixed item, one that may stay."""
        text = without_comments(joined(item.lines)).strip()
        return len(text) < _LONGEST_SAMPLE and not item.blocks and skeleton(text) in self.items

    def is_phrase(self, source: str) -> bool:
        """Whether a paragraph or the cells of a table row still are the template's, with a part to replace."""
        if not 0 < len(source) <= 3 * self.longest_phrase + 100:
            return False
        return phrase_key(source) in self.phrases

    def guidance_lines(self, lines: Sequence[TextLine]) -> int:
        """How many lines of a paragraph, from its first one on, are the template's guidance."""
        begins = lines[0].text.lstrip("*_")[:_HEAD]
        if begins.isascii() and begins.isalnum() and len(begins) == _HEAD and begins.lower() not in self.guidance_heads:
            return 0
        words, count = "", 0
        for number, line in enumerate(lines, 1):
            words += skeleton(without_comments(line.text))
            if len(words) > self.longest_guidance:
                break
            if not words and count == number - 1 > 0:
                count = number  # a mark such as `:::` that closes it
            elif words in self.guidance and not self.guidance[words].hidden:
                words, count = "", number
        return count

    def may_be_field(self, cell: str) -> bool:
        """Whether a table's first cell may name one of the template's fields."""
        return len(cell) < 100 and skeleton(cell).rstrip("s") in self.fields


def phrase_key(source: str) -> str:
    """The form in which paragraphs and rows to replace are compared: their skeleton, of dots alone these."""
    source = without_comments(source)
    return skeleton(source) or (_DOTS if source.strip() and not source.strip(" .…") else "")


_made: OrderedDict[int, tuple[Template, Lookup]] = OrderedDict()
_MOST_KEPT = 100
"""How many look-ups are kept: every letter typed in a template that is open in the editor makes another template."""


def lookup(template: Template) -> Lookup:
    """The look-up of `template`."""
    known = _made.get(id(template))
    if known is None:
        known = (template, _make(template))
        if len(_made) >= _MOST_KEPT:
            _made.popitem(last=False)
        _made[id(template)] = known
    return known[1]


def _make(template: Template) -> Lookup:
    samples: set[str] = set()
    items: set[str] = set()
    guidance = {note.key: note for note in template.guidance}
    for slot in template.all_sections():
        for item in (*slot.items, *(item for block in slot.blocks for item in block.items)):
            words = skeleton(item.name) + item.key if item.kind == "label" else phrase_key(item.text)
            items.add(words)
            if not item.keep and item.kind != "check":
                samples.add(words)
        for note in slot.guidance:
            guidance[note.key] = note
    shown = {key for key, note in guidance.items() if not note.hidden}
    return Lookup(
        samples=frozenset(samples - {""}),
        phrases=frozenset(template.phrases) - {""},
        longest_phrase=max(map(len, template.phrases), default=0),
        items=frozenset(items),
        guidance=guidance,
        longest_guidance=max(map(len, shown), default=0),
        guidance_heads=frozenset(key[:_HEAD] for key in shown),
        notes=frozenset(key for key, note in guidance.items() if note.form == "note"),
        quotes=frozenset(key for key, note in guidance.items() if note.form == "quote"),
        fields=frozenset(skeleton(name).rstrip("s") for slot in template.fields for name in (slot.name, *slot.aliases)),
        titles=frozenset(key for slot in template.all_sections() for key in (slot.key, *slot.aliases)),
        other_names={alias: slot.key for slot in template.all_sections() for alias in slot.aliases},
        repeated=tuple(slot for slot in template.all_sections() if slot.repeats),
        conditional=tuple(slot for slot in template.all_sections() if slot.need == "conditional"),
        labels=frozenset(
            name
            for slot in template.all_sections()
            for name in (*(skeleton(item.name) for item in slot.items), *(block.key for block in slot.blocks))
        ),
        approved=frozenset(_approved(template.sections)) - {template.stated_in},
    )


def _approved(slots: Sequence[SectionSlot]) -> Iterator[int]:
    for slot in slots:
        if slot.need != "optional" and not slot.sign_off:
            yield slot.index
            yield from _approved(slot.sections)
