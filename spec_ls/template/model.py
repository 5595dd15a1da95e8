"""What a template means: one model, from which every finding, completion and fix is made.

A template has slots; a spec fills them. Every slot keeps its `origin`, the lines of the template
it was read from, so that hover can quote them and a jump can open them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spec_ls.outline.metadata import Carrier

Need = Literal["required", "optional", "conditional", "example"]
FieldKind = Literal["text", "choice", "date", "handle", "handles", "id", "link"]
Stage = Literal["draft", "review", "approved", "done", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in the template something stands: lines from zero, `end_line` is the one behind."""

    line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Required only where the field with this `key` holds one of `values`; `otherwise` says whether it is required
    without that field."""

    key: str
    values: tuple[str, ...]
    otherwise: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSlot:
    """A metadata field. `sample` is the template's value as written, `values` the choices of an enumeration.

    `open_values` are those of the choices that go on in a spec, such as `superseded by ADR-0007`.
    `open` choices are examples: other words are as good.
    `keep` says that the sample is as good as an answer, `default` that it is one to begin with; `aliases` are the keys
    of its other names; `timed`: a date that may have a time of day; `today`: a date that is the day on which the
    document is begun.
    """

    name: str
    key: str
    kind: FieldKind
    need: Need = "required"
    when: Condition | None = None
    keep: bool = False
    default: bool = False
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    open_values: tuple[str, ...] = ()
    open: bool = False
    sample: str = ""
    source: str = ""
    prefix: str = ""
    digits: int = 0
    timed: bool = False
    today: bool = False
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """Text for the author: shown on hover, never wanted in a finished spec. `hidden`: it stands in a comment;
    `form`: in an admonition or a quote that calls itself a note, or in any other block quote."""

    text: str
    key: str
    hidden: bool = False
    form: Literal["", "note", "quote"] = ""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSlot:
    """A list item of the template.

    - `label`: `- **Runbooks**: …`, an item that must be there and say something; `name` is the label
    - `check`: `- [ ] PII review completed?`, a fixed item with its box; `name` is its text
    - `sample`: `- [ ] Goal 1`, a shape to repeat; `name` is what stands before the part to replace

    `keep` says that the template's own words may stay. `demanded` marks a sample of which every list
    needs one, such as `Error case: ...`.
    """

    kind: Literal["label", "check", "sample"]
    name: str
    text: str
    key: str
    box: bool = False
    need: Need = "required"
    keep: bool = False
    demanded: bool = False
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSlot:
    """A labelled block, such as `**Acceptance Criteria:**` with the list that follows."""

    name: str
    key: str
    items: tuple[ItemSlot, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSlot:
    """A section with all that the template puts in it.

    A repeatable one (`Story 1`, `Story 2`) stands for any number of sections whose title starts
    with `stem`; `form` holds the words that its title must carry in this order. `samples` are the
    bracketed parts of the title. `index` counts the slots of a template from zero, parents first.
    `own` is the Markdown of the section without its subsections; `aliases` are the keys of its other titles; `asks`
    is the skeleton of its prose where that is a question to the author.
    """

    index: int
    title: str
    key: str
    aliases: tuple[str, ...] = ()
    level: int
    number: int | None = None
    need: Need = "required"
    when: Condition | None = None
    heading: str = ""
    guidance: tuple[Guidance, ...] = ()
    items: tuple[ItemSlot, ...] = ()
    blocks: tuple[BlockSlot, ...] = ()
    sections: tuple[SectionSlot, ...] = ()
    stem: str = ""
    stem_key: str = ""
    form: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    sign_off: bool = False
    work: bool = False
    asks: str = ""
    own: tuple[str, ...] = ()
    origin: Origin

    @property
    def repeats(self) -> bool:
        return bool(self.stem)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A status: its stage decides how faults weigh, `moves` the statuses that may follow."""

    name: str
    stage: Stage
    meaning: str = ""
    moves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingNote:
    """A heading of the template as it stands there: plain, with its number split off; `parent` is the title above."""

    level: int
    title: str
    need: Need
    number: int | None = None
    parent: str | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template, read. `title` is the sample of the document's title, None where the template has none.

    `guidance` is what stands in front of the first section. `headings` are all of the template's in the order of
    the text, examples and the title included. `severities` are pairs of a rule's name and a level.
    """

    name: str
    version: str = ""
    title: str | None
    title_origin: Origin | None = None
    title_level: int = 1
    bannered: bool = False
    """Another heading of level 1 stands above the title, with the metadata below it."""
    guidance: tuple[Guidance, ...] = ()
    carrier: Carrier | Literal["none"] = "none"
    carrier_source: tuple[str, ...] = ()
    carried_in: int = -1
    """The index of the section that carries the metadata, as `## Metadata` does; none: it stands before the first."""
    fields: tuple[FieldSlot, ...] = ()
    sections: tuple[SectionSlot, ...] = ()
    headings: tuple[HeadingNote, ...] = ()
    states: tuple[State, ...] = ()
    has_moves: bool = False
    """It says itself which status may follow which."""
    status_key: str = ""
    stated: FieldSlot | None = None
    """A status that stands as a section of its own, as in `## Status`, where no field holds it."""
    stated_in: int = -1
    """The index of that section."""
    severities: tuple[tuple[str, str], ...] = ()
    review_hours: int | None = None
    phrases: tuple[str, ...] = ()
    """Skeletons of paragraphs and table rows of which a part is to be replaced, as `because {justification}`."""
    source: str = ""

    def field(self, kind: FieldKind) -> FieldSlot | None:
        """The first field of a kind."""
        return next((slot for slot in self.fields if slot.kind == kind), None)

    @property
    def owner(self) -> FieldSlot | None:
        """Who writes: the first field that takes one handle, unless people in a list come before it."""
        people = [slot for slot in self.fields if slot.kind in ("handle", "handles")]
        return people[0] if people and people[0].kind == "handle" else None

    @property
    def approvers(self) -> FieldSlot | None:
        """Who decides: of the fields that take a list of handles the one named so, else the first behind the owner."""
        lists = [slot for slot in self.fields if slot.kind == "handles"]
        named = next((slot for slot in lists if "approver" in slot.key), None)
        return named or (lists[0] if lists and self.owner is not None else None)

    @property
    def status(self) -> FieldSlot | None:
        """The field that holds the state of the lifecycle."""
        return self.stated or next((slot for slot in self.fields if slot.key == self.status_key), None)

    def state(self, name: str) -> State | None:
        """The state of that name, whatever its case."""
        folded = name.casefold()
        return next((state for state in self.states if state.name.casefold() == folded), None)

    def all_sections(self) -> tuple[SectionSlot, ...]:
        """Every section slot, parents before children, in the template's order."""

        def walk(slots: tuple[SectionSlot, ...]) -> list[SectionSlot]:
            return [slot for top in slots for slot in (top, *walk(top.sections))]

        return tuple(walk(self.sections))
