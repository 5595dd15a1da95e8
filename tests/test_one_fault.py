"""One fault, one finding: valid specs with a single thing broken report that thing, there, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from annotated.run import base_lines

from spec_ls.template import builtin
from spec_ls.template.model import Stage
from spec_ls.workspace import Document

BASES = ("draft", "review", "approved", "done")
FIELDS = ("Spec ID", "Status", "Owner", "Approvers", "Target Date", "Epic/Ticket")


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken spec: its lines, and the rule that must report it, at one of `at` (lines from zero)."""

    what: str
    lines: list[str]
    rule: str
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading of a valid spec with the lines up to the next heading of its level or above."""

    level: int
    title: str
    start: int
    end: int
    parent: int

    @property
    def is_story(self) -> bool:
        return self.title.startswith("Story")


class Valid:
    """A valid spec as the faults need it: lines, parts and items."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines = list(base_lines(name))
        self.parts = list(self._parts())
        self.tops = [part for part in self.parts if part.level == 2]
        self.subs = [part for part in self.parts if part.level == 3]

    def _parts(self) -> Iterator[Part]:
        heads = [(at, found) for at, line in enumerate(self.lines) if (found := re.match(r"(#{2,3}) (.*)", line))]
        for number, (at, found) in enumerate(heads):
            level = len(found[1])
            end = next((later for later, other in heads[number + 1 :] if len(other[1]) <= level), len(self.lines))
            parent = max((before for before, other in heads[:number] if len(other[1]) < level), default=0)
            yield Part(level, found[2], at, end, parent)

    def find(self, start: str) -> int:
        """The only line that starts with `start`."""
        found = [at for at, line in enumerate(self.lines) if line.startswith(start)]
        assert len(found) == 1, (self.name, start, found)
        return found[0]

    def row(self, field: str) -> int:
        return self.find(f"| **{field}** |")

    def part(self, title: str) -> Part:
        return next(part for part in self.parts if re.sub(r"^[0-9]+\. ", "", part.title) == title)

    def heading_of(self, at: int) -> int:
        """The last heading above a line."""
        return max(part.start for part in self.parts if part.start < at)

    def items(self, part: Part) -> list[int]:
        return [at for at in range(part.start, part.end) if self.lines[at].startswith("- ")]

    def before(self, part: Part) -> int:
        """The heading before the gap that the part would leave: its elder sibling's, else its parent's."""
        elder = [other.start for other in self.parts if other.level == part.level and other.parent == part.parent]
        at = elder.index(part.start)
        return elder[at - 1] if at else part.parent

    def swapped(self, start: int, end: int, *new: str) -> list[str]:
        """The lines with `new` for those from `start` to in front of `end`."""
        return [*self.lines[:start], *new, *self.lines[end:]]

    def without(self, start: int, end: int) -> list[str]:
        return self.swapped(start, end)

    def replaced(self, at: int, *new: str) -> list[str]:
        return self.swapped(at, at + 1, *new)

    def put(self, at: int, *new: str) -> list[str]:
        """The lines with `new` in front of line `at`."""
        return self.swapped(at, at, *new)


Faults = Iterator[Fault]
_MAKERS: list[tuple[Callable[[Valid], Faults], tuple[str, ...]]] = []


def fault(*bases: str) -> Callable[[Callable[[Valid], Faults]], Callable[[Valid], Faults]]:
    """Registers a maker of faults, for these bases; by default for one with everything open and one with all ticked."""

    def register(make: Callable[[Valid], Faults]) -> Callable[[Valid], Faults]:
        _MAKERS.append((make, bases or ("draft", "done")))
        return make

    return register


def _typo(word: str) -> str:
    """The word with its third letter left out."""
    return word[:2] + word[3:]


def _typo_in(text: str) -> str:
    """`text` with a slip in its longest word."""
    longest = max(re.findall(r"[A-Za-z]+", text), key=len)
    return text.replace(longest, _typo(longest), 1)


# --- sections -------------------------------------------------------------------------------


@fault()
def section_deleted(valid: Valid) -> Faults:
    for part in valid.tops:
        yield Fault(part.title, valid.without(part.start, part.end), "missing-section", (valid.before(part),))


@fault()
def subsection_deleted(valid: Valid) -> Faults:
    for part in valid.subs:
        if not part.is_story:
            yield Fault(part.title, valid.without(part.start, part.end), "missing-section", (valid.before(part),))


@fault()
def title_misspelt(valid: Valid) -> Faults:
    for part in valid.parts:
        if not part.is_story:
            lines = valid.replaced(part.start, "#" * part.level + " " + _typo_in(part.title))
            yield Fault(part.title, lines, "misnamed-section", (part.start,))


@fault("review")
def section_moved_far(valid: Valid) -> Faults:
    for number, part in enumerate(valid.tops):
        block = valid.lines[part.start : part.end]
        rest = valid.without(part.start, part.end)
        if number >= 2:
            lines = rest[: valid.tops[0].start] + block + rest[valid.tops[0].start :]
            yield Fault(f"{part.title} first", lines, "misplaced-section", (valid.tops[0].start,))
        if number < len(valid.tops) - 2:
            yield Fault(f"{part.title} last", [*rest, "", *block], "misplaced-section", (len(rest) + 1,))


@fault()
def sections_swapped(valid: Valid) -> Faults:
    """Of two neighbours either may be the one to move."""
    for one, two in zip(valid.tops, valid.tops[1:], strict=False):
        gap = [] if valid.lines[two.end - 1] == "" else [""]
        first, second = valid.lines[one.start : one.end], valid.lines[two.start : two.end] + gap
        lines = valid.lines[: one.start] + second + first + valid.lines[two.end :]
        yield Fault(two.title, lines, "misplaced-section", (one.start, one.start + len(second)))


@fault()
def subsection_in_another_section(valid: Valid) -> Faults:
    target = valid.part("Support Plan").end
    for part in valid.subs:
        if not part.is_story:
            block = valid.lines[part.start : part.end]
            lines = valid.lines[: part.start] + valid.lines[part.end : target] + block + valid.lines[target:]
            yield Fault(part.title, lines, "misplaced-section", (target - len(block),))


@fault("review", "approved")
def section_twice(valid: Valid) -> Faults:
    for part in valid.tops:
        yield Fault(
            part.title,
            [*valid.lines, "", *valid.lines[part.start : part.end]],
            "duplicate-section",
            (len(valid.lines) + 1,),
        )


@fault("approved")
def subsection_twice(valid: Valid) -> Faults:
    for part in valid.subs:
        if not part.is_story:
            lines = valid.put(part.end, *valid.lines[part.start : part.end])
            yield Fault(part.title, lines, "duplicate-section", (part.end,))


@fault("approved", "done")
def level_one_deeper(valid: Valid) -> Faults:
    for part in valid.parts:
        yield Fault(part.title, valid.replaced(part.start, "#" + valid.lines[part.start]), "wrong-level", (part.start,))


@fault()
def level_one_higher(valid: Valid) -> Faults:
    for part in valid.subs:
        yield Fault(part.title, valid.replaced(part.start, valid.lines[part.start][1:]), "wrong-level", (part.start,))


@fault()
def number_of_the_one_before(valid: Valid) -> Faults:
    for number, part in enumerate(valid.tops[1:], 2):
        title = part.title.replace(f"{number}.", f"{number - 1}.", 1)
        # either of the two equal numbers may be the wrong one
        yield Fault(
            part.title,
            valid.replaced(part.start, f"## {title}"),
            "misnumbered-section",
            (part.start, valid.before(part)),
        )


@fault("draft", "approved")
def story_number_twice(valid: Valid) -> Faults:
    at = valid.find("### Story 2")
    yield Fault("", valid.replaced(at, valid.lines[at].replace("2", "1", 1)), "misnumbered-section", (at,))


@fault()
def section_emptied(valid: Valid) -> Faults:
    for part in valid.parts:
        if not part.is_story and not any(other.parent == part.start for other in valid.parts):
            lines = valid.swapped(part.start + 1, part.end, "")
            yield Fault(part.title, lines, "empty-section", (part.start,))


@fault("draft", "review")
def no_blank_behind_the_marks(valid: Valid) -> Faults:
    for part in valid.parts:
        lines = valid.replaced(part.start, valid.lines[part.start].replace("# ", "#"))
        yield Fault(part.title, lines, "malformed-heading", (part.start,))


@fault("draft", "approved")
def bold_line_for_a_heading(valid: Valid) -> Faults:
    for part in valid.parts:
        if not part.is_story:
            lines = valid.replaced(part.start, "", f"**{part.title}**", "")
            yield Fault(part.title, lines, "malformed-heading", (part.start + 1,))


@fault("draft")
def fence_left_open(valid: Valid) -> Faults:
    for number, part in enumerate(valid.parts):
        marker = ("```", "~~~~ py", "   ````")[number % 3]
        yield Fault(part.title, valid.put(part.start + 1, "", marker), "unclosed-block", (part.start + 2,))


@fault()
def comment_left_open(valid: Valid) -> Faults:
    for part in valid.parts:
        yield Fault(part.title, valid.put(part.start + 1, "<!-- later"), "unclosed-block", (part.start + 1,))


# --- metadata -------------------------------------------------------------------------------


@fault()
def table_deleted(valid: Valid) -> Faults:
    start, end = valid.find("| Metadata |"), valid.row("Epic/Ticket")
    yield Fault("", valid.without(start, end + 2), "missing-metadata", (0,))


@fault()
def row_deleted(valid: Valid) -> Faults:
    """A status that is not there counts as a draft; the other rules stay as silent as they were."""
    for field in FIELDS:
        at = valid.row(field)
        yield Fault(field, valid.without(at, at + 1), "missing-field", (at if field == FIELDS[0] else at - 1,))


@fault()
def row_twice(valid: Valid) -> Faults:
    for field in FIELDS:
        at = valid.row(field)
        yield Fault(field, valid.put(at + 1, valid.lines[at]), "duplicate-field", (at + 1,))


@fault()
def row_name_misspelt(valid: Valid) -> Faults:
    for field in FIELDS:
        at = valid.row(field)
        lines = valid.replaced(at, valid.lines[at].replace(field, _typo_in(field), 1))
        yield Fault(field, lines, "missing-field", (at,))


@fault()
def row_outside_the_table(valid: Valid) -> Faults:
    end = valid.row("Epic/Ticket")
    for field in FIELDS:
        at = valid.row(field)
        value = valid.lines[at].split("|")[2].strip()
        lines = valid.put(end + 1, "", f"**{field}**: {value}")
        yield Fault(field, lines[:at] + lines[at + 1 :], "misplaced-field", (end + 1,))


@fault("review")
def value_deleted(valid: Valid) -> Faults:
    for field in FIELDS:
        at = valid.row(field)
        rule = "missing-approver" if field == "Approvers" else "empty-field"
        for cell in ("", "<!-- soon -->"):
            yield Fault(f"{field} {cell}", valid.replaced(at, f"| **{field}** | {cell} |"), rule, (at,))


BAD_VALUES = {
    "Status": ("Drafft", "Reviewing", "Apprved", "In Progress", "Done / Kill", "Draft Review", "doone.", "d", "✓"),
    "Target Date": (
        "2026-13-01",
        "2026-02-29",
        "2026-00-10",
        "2026-1-1",
        "01.02.2026",
        "1 March 2026",
        "Q3 2026",
        "2026-03",
        "20260301",
        "2026-03-01T00:00",
        "2026-03-01 or later",
        "２０２６-03-01",
        "tomorrow",
    ),
    "Owner": ("mira", "Mira Lee", "mira@example.org", "@", "@ mira", "@mira Lee", "?", "@@mira", "@-"),
    "Approvers": ("@mira, tom", "Mira Lee", "@mira, Tom Lee", "tom@example.org", "@mira and somebody", "@mira, @"),
    "Spec ID": ("204", "SPEC-", "SPEC-1", "SPEC-20", "SPEC 204", "spec-204", "RFC-204", "SPEC-２０４", "SPEC-20a"),
    "Epic/Ticket": ("the epic", "soon", "[the epic]", "[the epic][nowhere]", "[the epic]()", "tracker", "see below"),
}
RULES = {
    "Status": "invalid-choice",
    "Target Date": "invalid-date",
    "Owner": "invalid-handle",
    "Approvers": "invalid-handle",
    "Spec ID": "invalid-id",
    "Epic/Ticket": "invalid-link",
}


@fault("review")
def value_not_valid(valid: Valid) -> Faults:
    for field, values in BAD_VALUES.items():
        at = valid.row(field)
        for value in values:
            for cell in (value, f"`{value}`") if "[" not in value else (value,):
                yield Fault(f"{field} {cell}", valid.replaced(at, f"| **{field}** | {cell} |"), RULES[field], (at,))


@fault("approved")
def owner_approves(valid: Valid) -> Faults:
    owner = valid.lines[valid.row("Owner")].split("|")[2].strip()
    at = valid.row("Approvers")
    for cell in (
        owner,
        f"@zoe, {owner}",
        f"{owner}, @zoe",
        f"@zoe<br>{owner.upper()}",
        f"[{owner}](https://x.example)",
    ):
        yield Fault(cell, valid.replaced(at, f"| **Approvers** | {cell} |"), "self-approval", (at,))


# --- filling in -----------------------------------------------------------------------------


@fault("approved")
def value_still_the_sample(valid: Valid) -> Faults:
    for slot in builtin().fields:
        at = valid.row(slot.name)
        for cell in (slot.source, slot.sample):
            yield Fault(cell, valid.replaced(at, f"| **{slot.name}** | {cell} |"), "sample-text", (at,))


@fault()
def title_gone(valid: Valid) -> Faults:
    yield Fault("sample", valid.replaced(0, f"# {builtin().title}"), "sample-text", (0,))
    yield Fault("bare marks", valid.replaced(0, "#"), "missing-title", (0,))
    yield Fault("no line", valid.without(0, 2), "missing-title", (0,))


@fault("approved")
def guidance_left(valid: Valid) -> Faults:
    source = builtin().source.split("\n")
    heading = ""
    for line in source:
        if line.startswith("#"):
            heading = re.sub(r"^#+ (?:[0-9]+\. )?", "", line)
        elif line.startswith("*") and line.endswith("*") and not line.startswith("**"):
            at = valid.part(heading).start + 1
            for text in (line, f"_{line.strip('*').lower()}_", line.strip("*"), f"<!-- {line.strip('*')} -->"):
                yield Fault(f"{heading}: {text}", valid.put(at, text, ""), "leftover-guidance", (at,))


@fault("review", "done")
def item_still_the_sample(valid: Valid) -> Faults:
    for slot in builtin().all_sections():
        if slot.repeats:
            continue
        part = valid.part(slot.title)
        for item in slot.items:
            if item.kind == "label" and not item.keep:
                at = valid.find(f"- **{item.name}**")
                yield Fault(item.name, valid.replaced(at, f"- **{item.name}**: {item.text}"), "sample-text", (at,))
            elif item.kind == "sample":
                at = valid.items(part)[0]
                yield Fault(item.text, valid.replaced(at, f"- [x] {item.text}"), "sample-text", (at,))
    at = valid.find("### Story 1") + 2
    yield Fault("criterion", valid.replaced(at, "- [x] Verify that ..."), "sample-text", (at,))


@fault()
def label_deleted(valid: Valid) -> Faults:
    for at, line in enumerate(valid.lines):
        if line.startswith("- **"):
            yield Fault(line, valid.without(at, at + 1), "missing-item", (valid.heading_of(at),))


@fault()
def label_says_nothing(valid: Valid) -> Faults:
    for at, line in enumerate(valid.lines):
        if line.startswith("- **"):
            yield Fault(line, valid.replaced(at, line[: line.index("**:") + 3]), "missing-item", (at,))


@fault()
def label_misspelt(valid: Valid) -> Faults:
    for part in valid.parts:
        for at in valid.items(part):
            found = re.match(r"- \*\*(.*?)\*\*", valid.lines[at])
            if found and valid.heading_of(at) == part.start:
                lines = valid.replaced(at, valid.lines[at].replace(found[1], _typo_in(found[1]), 1))
                yield Fault(found[1], lines, "missing-item", (at, part.start))


@fault()
def check_deleted(valid: Valid) -> Faults:
    for title in ("Security & Compliance", "Review & Sign-off"):
        part = valid.part(title)
        for at in valid.items(part):
            if "Security Approval" not in valid.lines[at]:
                yield Fault(valid.lines[at], valid.without(at, at + 1), "missing-check", (part.start,))


@fault()
def check_in_other_words(valid: Valid) -> Faults:
    for title in ("Security & Compliance", "Review & Sign-off"):
        for at in valid.items(valid.part(title)):
            line = valid.lines[at]
            if "Security Approval" in line:
                continue
            lines = valid.replaced(at, line[:6] + _typo_in(line[6:].split("(")[0]))
            yield Fault(line, lines, "missing-check", (at,))
            yield Fault(f"no box: {line}", valid.replaced(at, "- " + line[6:]), "missing-check", (at,))


@fault()
def stories_deleted(valid: Valid) -> Faults:
    part = valid.part("User Stories & Acceptance Criteria")
    lines = valid.swapped(part.start + 1, part.end, "They are told elsewhere.", "")
    yield Fault("", lines, "missing-story", (part.start,))


@fault("draft", "review")
def story_without_form(valid: Valid) -> Faults:
    for part in valid.subs:
        if part.is_story:
            head, _, rest = part.title.partition(": ")
            for title in ("The archive", rest.rsplit(", so that", 1)[0], rest.replace("I want", "it would be good")):
                lines = valid.replaced(part.start, f"### {head}: {title}")
                yield Fault(title, lines, "malformed-story", (part.start,))


@fault()
def story_still_the_sample(valid: Valid) -> Faults:
    for part in valid.subs:
        if part.is_story:
            head = part.title.partition(": ")[0]
            yield Fault(head, valid.replaced(part.start, f"### {head}: ..."), "sample-text", (part.start,))


@fault()
def criteria_deleted(valid: Valid) -> Faults:
    for part in valid.subs:
        if part.is_story:
            lines = valid.swapped(part.start + 1, part.end, "As in the prototype.", "")
            yield Fault(part.title, lines, "missing-criteria", (part.start,))
            lines = valid.swapped(part.start + 2, part.end, "")
            yield Fault(f"{part.title}, the label stays", lines, "missing-criteria", (part.start + 1,))


@fault()
def error_case_deleted(valid: Valid) -> Faults:
    for part in valid.subs:
        if part.is_story:
            at = next(at for at in valid.items(part) if "Error case" in valid.lines[at])
            yield Fault(part.title, valid.without(at, at + 1), "missing-error-case", (part.start + 1,))


# --- lifecycle ------------------------------------------------------------------------------


@fault("approved", "done")
def check_unticked(valid: Valid) -> Faults:
    for title, rule in (("Security & Compliance", "unticked-check"), ("Review & Sign-off", "unsigned-approval")):
        for at in valid.items(valid.part(title)):
            if "Security Approval" not in valid.lines[at]:
                line = valid.lines[at].replace("[x]", "[ ]")
                yield Fault(line, valid.replaced(at, line), rule, (at,))


@fault("done")
def work_unticked(valid: Valid) -> Faults:
    for part in (valid.part("Goals"), *(part for part in valid.subs if part.is_story)):
        for at in valid.items(part):
            line = valid.lines[at].replace("[x]", "[ ]")
            yield Fault(line, valid.replaced(at, line), "unfinished-work", (at,))


# --- the test -------------------------------------------------------------------------------

VALID = {name: Valid(name) for name in BASES}
ALL = [
    pytest.param(base, one, id=f"{make.__name__}-{base}-{one.what}"[:90])
    for make, bases in _MAKERS
    for base in bases
    for one in make(VALID[base])
]


def _found(lines: Sequence[str], eol: str, stage: Stage | None = None) -> list[tuple[str, int]]:
    document = Document(eol.join(lines) + eol)
    assert document.decision.is_spec
    found = [(problem.rule, problem.span.start_line) for problem in document.problems(stage)]
    assert not document.judge.crashed
    return found


@pytest.mark.parametrize(("base", "one"), ALL)
def test_one_fault_is_one_finding(base: str, one: Fault) -> None:
    found = _found(one.lines, "\n")
    assert found in [[(one.rule, line)] for line in one.at], "\n".join(one.lines[max(0, one.at[0] - 3) : one.at[0] + 4])


@pytest.mark.parametrize("base", BASES)
def test_no_fault_is_no_finding(base: str) -> None:
    assert _found(VALID[base].lines, "\r\n") == []
