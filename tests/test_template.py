"""Templates: what each of their spellings means, and that nothing but their words decides."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_ls.features import Surroundings
from spec_ls.features.actions import actions
from spec_ls.features.completion import complete
from spec_ls.features.hover import hover
from spec_ls.template import builtin
from spec_ls.template.kinds import Kind, kind_of
from spec_ls.template.lookup import _made, lookup
from spec_ls.template.model import ItemSlot, SectionSlot, Template
from spec_ls.template.read import read_template
from spec_ls.text import Point, Span, Text
from spec_ls.workspace import Document

SEED = (Path(__file__).parent / "data" / "product-spec-template.md").read_text(encoding="utf-8")
DRAFT = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
"""A spec without a finding."""
AROUND = Surroundings(date(2026, 3, 2))

PLACES = {"origin", "title_origin", "own", "heading", "source", "carrier_source", "line"}
"""What quotes a template or says where in it something stands, not what it means."""


def meaning(template: Template) -> Any:
    """A template as plain data, without its quotes and places."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items() if key not in PLACES}
        return [without(inner) for inner in value] if isinstance(value, tuple) else value

    return without(asdict(template))


def differences(one: Any, other: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two such data differ: by dotted path, what stands here and there."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}.{at}", *both) for at, both in enumerate(zip(one, other, strict=True))]
    else:
        return {} if one == other else {path.removeprefix("."): (one, other)}
    return {key: value for pair in pairs for key, value in differences(pair[1], pair[2], pair[0]).items()}


def changed(old: str, new: str, text: str = SEED) -> str:
    """The text with one part of it, which stands there once, replaced."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


# --- one template, many spellings -----------------------------------------------------------------------------------


def each_line(pattern: str, by: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, by, text, flags=re.M)


def padded(text: str) -> str:
    """Every column of the table as wide as its widest cell."""
    rows = [line for line in text.split("\n") if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(2)]
    for row, both in zip(rows, cells, strict=True):
        wide = [
            ":" + "-" * (width - 1) if set(cell) <= set(":-") else cell.ljust(width)
            for cell, width in zip(both, widths, strict=True)
        ]
        text = text.replace(row, f"| {' | '.join(wide)} |", 1)
    return text


REWRITES: dict[str, Callable[[str], str]] = {
    "a padded table": padded,
    "underscores for italics": each_line(r"^\*([^*].*)\*$", r"_\1_"),
    "underscores for bold": each_line(r"\*\*([^*\n]+)\*\*", r"__\1__"),
    "asterisks for bullets": each_line(r"^- ", "* "),
    "plus signs for bullets": each_line(r"^- ", "+ "),
    "bullets with three blanks": each_line(r"^- ", "-   "),
    "blank lines below headings, labels and guidance": each_line(r"^(#.*|\*[^ ].*\*)\n(?=.)", r"\1\n\n"),
    "blank lines between items": each_line(r"^(- .*)\n(?=- )", r"\1\n\n"),
    "headings closed by hashes": each_line(r"^(#+)(.*)$", r"\1\2 \1"),
    "an underlined title": each_line(r"^# (.*?)( #)?$", r"\1\n==="),
    "blanks at line ends": each_line(r"$", "  "),
    "rows without outer pipes": each_line(r"^\| (.*) \|$", r"\1"),
    "field names without bold": each_line(r"^\| \*\*([^*]+)\*\*", r"| \1"),
    "identifiers without code marks": lambda text: text.replace("`SPEC-XXX`", "SPEC-XXX"),
    "colons inside of bold": each_line(r"^- \*\*([^*]+)\*\*:", r"- **\1:**"),
    "a colon behind a bold label": lambda text: text.replace("Criteria:**", "Criteria**:"),
    "ampersands as entities": lambda text: text.replace("&", "&amp;"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\r\n", "\n").replace("\n", "\r"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "no line end at the end": lambda text: text.rstrip("\n"),
    "three line ends at the end": lambda text: text + "\n\n",
}
FORMATTER = (
    "a padded table",
    "underscores for italics",
    "blank lines below headings, labels and guidance",
)
"""What Prettier makes of the template; older ones write asterisks for bullets as well."""


@pytest.mark.parametrize("rewrite", REWRITES)
def test_a_spelling_changes_nothing(rewrite: str) -> None:
    rewritten = REWRITES[rewrite](SEED)
    assert rewritten != SEED
    assert differences(meaning(read_template(SEED, "t")), meaning(read_template(rewritten, "t"))) == {}


@pytest.mark.parametrize("more", [(), ("asterisks for bullets",), ("asterisks for bullets", "CRLF")], ids=len)
def test_a_formatter_changes_nothing(more: tuple[str, ...]) -> None:
    formatted = SEED
    for rewrite in (*FORMATTER, *more):
        formatted = REWRITES[rewrite](formatted)
    assert differences(meaning(read_template(SEED, "t")), meaning(read_template(formatted, "t"))) == {}
    assert read_template(formatted, "t").source == formatted


@given(st.sets(st.sampled_from(list(REWRITES)), min_size=2))
@settings(max_examples=50, deadline=None)
def test_spellings_together_change_nothing(chosen: set[str]) -> None:
    rewritten = SEED
    for name, rewrite in REWRITES.items():
        if name in chosen:
            rewritten = rewrite(rewritten)
    assert differences(meaning(read_template(SEED, "t")), meaning(read_template(rewritten, "t"))) == {}


def test_a_formatter_that_escapes_brackets() -> None:
    """mdformat and remark put a backslash before a bracket that could begin a link."""
    field = read_template(changed("| [Link to", r"| \[Link to"), "t").fields[-1]
    assert field.kind == "link"


def test_the_built_in_differs_by_its_annotations_alone() -> None:
    plain, annotated = meaning(read_template(SEED, "product-spec")), meaning(builtin())
    found = differences(plain, annotated)
    rollout = annotated["sections"][4]
    kept = {f"sections.4.items.{at}.keep": (False, True) for at in (1, 3)}
    assert [rollout["items"][at]["name"] for at in (1, 3)] == ["Cohorts", "Rollback Criteria"]
    meanings = {f"states.{at}.meaning": ("", state["meaning"]) for at, state in enumerate(annotated["states"])}
    assert all(said for _, said in meanings.values())
    moves = {key: value for key, value in found.items() if ".moves" in key}
    assert found == {**kept, **meanings, **moves, "has_moves": (False, True)}
    assert moves == {"states.5.moves": (["Kill"], ["Kill", "Draft"])}


def test_the_built_in_is_the_seed_with_annotations() -> None:
    source = re.sub(r"<!-- spec-ls:.*?-->", "", builtin().source, flags=re.S)
    assert [line.rstrip() for line in source.split("\n") if line.strip()] == [
        line.rstrip() for line in SEED.split("\n") if line.strip()
    ]


def test_origins_lead_to_what_was_read() -> None:
    template = builtin()
    lines = template.source.split("\n")
    for field in template.fields:
        assert field.name in lines[field.origin.line]
        assert field.origin.end_line == field.origin.line + 1
    for section in template.all_sections():
        assert section.heading in lines[section.origin.line]
        for item in section.items:
            assert section.origin.line < item.origin.line < item.origin.end_line <= section.origin.end_line
            assert item.text in lines[item.origin.line]
        for note in section.guidance:
            assert note.text in lines[note.origin.line]
        for block in section.blocks:
            assert block.name in lines[block.origin.line]


# --- one changed word -----------------------------------------------------------------------------------------------


def told(template: str, spec: str = DRAFT) -> list[tuple[str, str]]:
    """Rule and marked text of all findings."""
    document = Document(spec, read_template(template, "t"))
    return [(problem.rule, document.text.slice(problem.span)) for problem in document.problems()]


def place(spec: str) -> tuple[str, Point]:
    """The spec without its `¦`, and where that was."""
    before, _, after = spec.partition("¦")
    return before + after, Point(before.count("\n"), len(before.rpartition("\n")[2]))


def offered(template: str, spec: str) -> list[str]:
    """The labels of what is proposed at the `¦` of the spec."""
    text, point = place(spec)
    return [one.label for one in complete(Document(text, read_template(template, "t")).spec, point, AROUND)]


def shown(template: str, spec: str) -> str:
    """The hover at the `¦` of the spec."""
    text, point = place(spec)
    document = Document(text, read_template(template, "t"))
    found = hover(document.spec, point, AROUND, document.problems)
    return found.markdown if found else ""


def test_the_plain_seed_serves_as_it_is() -> None:
    assert told(SEED) == []
    assert told(builtin().source) == []
    assert {rule for rule, _ in told(SEED, SEED)} == {"sample-text", "leftover-guidance"}


def test_another_status() -> None:
    template = changed("Approved / Building", "Ready / Building")
    assert told(template, changed("| Draft |", "| Approved |", DRAFT)) == [("invalid-choice", "Approved")]
    assert ("invalid-choice", "Ready") not in told(template, changed("| Draft |", "| Ready |", DRAFT))
    labels = offered(template, changed("| Draft |", "| ¦ |", DRAFT))
    assert labels == ["Draft", "Review", "Ready", "Building", "Done", "Defer", "Kill"]
    assert "`Ready`" in shown(template, changed("| **Status**", "| **Sta¦tus**", DRAFT))
    assert "**Ready**" in shown(template, changed("| Draft |", "| Rev¦iew |", DRAFT)), "what may follow"


def test_another_prefix() -> None:
    template = changed("SPEC-XXX", "PRD-0000")
    assert told(template) == [("invalid-id", "SPEC-204")]
    assert offered(template, changed("`SPEC-204`", "¦", DRAFT)) == ["PRD-0001"]
    assert told(template, changed("SPEC-204", "PRD-0204", DRAFT)) == []


def test_another_field() -> None:
    template = changed("**Target Date** | YYYY-MM-DD", "**Budget** | low / high")
    assert [rule for rule, _ in told(template)] == ["missing-field"]
    assert offered(template, changed("| **Target Date** | 2026-09-30 |", "| ¦", DRAFT)) == ["Budget"]
    spec = changed("**Target Date** | 2026-09-30", "**Budget** | medium", DRAFT)
    assert told(template, spec) == [("invalid-choice", "medium")]
    assert offered(template, spec.replace("medium", "¦")) == ["low", "high"]
    assert "`low`, `high`" in shown(template, spec.replace("medium", "hi¦gh"))


def test_another_section() -> None:
    template = changed("## 6. Support Plan", "## 6. Costs")
    (finding,) = told(template)
    assert finding == ("missing-section", "5. Rollout Plan")
    assert "Costs" in offered(template, changed("## 6. Support Plan", "## Co¦\n\n## 6. Support Plan", DRAFT))
    assert "How do we support this in production?" in shown(
        template, changed("## 6. Support Plan", "## 6. Co¦sts", DRAFT)
    )


def test_the_missing_section_is_the_templates_own() -> None:
    template = read_template(changed("*How do we support this in production?*", "*Who is on call?*"), "t")
    at = DRAFT.index("## 6.")
    document = Document(DRAFT[:at] + DRAFT[DRAFT.index("## 7.") :], template)
    (problem,) = document.problems()
    insert = actions(document.spec, [problem], problem.span, AROUND, ["quickfix"])[0]
    (edit,) = insert.edits
    text = Text(document.text.source)
    text.splice(edit.span, edit.new_text)
    assert "## 6. Support Plan\n*Who is on call?*\n- **Runbooks**: Link to runbook" in text.source
    assert "missing-section" not in {one.rule for one in Document(text.source, template).problems()}


def test_other_guidance() -> None:
    template = changed("*Describe schema changes.*", "*Name the tables.*")
    assert "Name the tables." in shown(template, changed("### Data Model", "### Data¦ Model", DRAFT))
    left = changed("Two nullable columns on `profile`.", "*Name the tables.*\nTwo columns.", DRAFT)
    assert told(template, left) == [("leftover-guidance", "*Name the tables.*")]
    assert told(SEED, left) == [], "to the seed these are words like others"


def test_another_label() -> None:
    template = changed("**Macros**", "**Scripts**")
    assert told(template) == [("missing-item", "6. Support Plan")]
    assert "Scripts" in offered(template, changed("- **Macros**", "- **¦\n- **Macros**", DRAFT))


def test_another_sample() -> None:
    template = SEED.replace("Goal 1", "Aim 1").replace("Goal 2", "Aim 2")
    spec = changed("Urgent messages still go through.", "Aim 1", DRAFT)
    assert told(template, spec) == [("sample-text", "Aim 1")]
    assert told(SEED, spec) == []


def test_another_check() -> None:
    template = changed("PII review completed?", "Threat model drawn?")
    assert [rule for rule, _ in told(template)] == ["missing-check"]


def test_other_words_for_a_story() -> None:
    template = SEED.replace("### Story ", "### Epic ")
    spec = DRAFT.replace("### Story ", "### Epic ")
    assert told(template, spec) == []
    assert "missing-story" in {rule for rule, _ in told(template)}


def test_another_clock() -> None:
    assert read_template(SEED, "t").review_hours == 48
    assert read_template(changed("within 48 hours", "within 3 days"), "t").review_hours == 72
    assert read_template(changed("within 48 hours", "within 1 week"), "t").review_hours == 168
    assert read_template(changed("within 48 hours", "in time"), "t").review_hours is None


@pytest.fixture
def check(tmp_path: Path) -> Callable[[str, str], list[tuple[str, str]]]:
    """Rule and message of what `spec-ls check --template` prints for a spec and a template, both files."""

    def run(template: str, spec: str) -> list[tuple[str, str]]:
        (tmp_path / "modèle 📦.md").write_text(template, encoding="utf-8")
        (tmp_path / "spec.md").write_text(spec, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "spec_ls",
            "check",
            "--template",
            "modèle 📦.md",
            "--format",
            "json",
            "spec.md",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
        assert done.returncode in (0, 1), done.stderr
        return [(one["rule"], one["message"]) for one in json.loads(done.stdout)]

    return run


def test_a_template_on_the_command_line(check: Callable[[str, str], list[tuple[str, str]]]) -> None:
    template = changed("Draft / Review", "Sketch / Review")
    ((rule, message),) = check(template, DRAFT)
    assert rule == "invalid-choice"
    assert "Sketch, Review, Approved" in message


# --- what a template can say, by the rows of the design -------------------------------------------------------------


def sections(source: str) -> tuple[SectionSlot, ...]:
    return read_template(source, "t").all_sections()


def item(source: str) -> ItemSlot:
    """The one item of a section."""
    ((only,),) = (section.items for section in sections(f"## Things\n{source}\n"))
    return only


def test_a_title_is_required_and_its_brackets_are_a_sample() -> None:
    template = "# [Short Title]\n\n## Why\n"
    assert read_template(template, "t").title == "[Short Title]"
    assert told(template, "# [Short title]\n\n## Why\nWords.\n") == [("sample-text", "[Short title]")]
    assert [rule for rule, _ in told(template, "## Why\nWords.\n")] == ["missing-title"]
    assert read_template("## Why\n", "t").title is None
    assert told("## Why\n", "## Why\nWords.\n") == []


def test_a_table_carries_the_metadata() -> None:
    template = (
        "# T\n\n| Field | Value | Note |\n|---|---|---|\n| Lead (optional) | @user | x |\n| *Team*: | words | y |\n"
    )
    read = read_template(template, "t")
    assert read.carrier == "table"
    assert [(slot.name, slot.key, slot.kind, slot.need) for slot in read.fields] == [
        ("Lead", "lead", "handle", "optional"),
        ("Team", "team", "text", "required"),
    ]
    assert read_template("# T\n\n## A\n\n| Term | Value |\n|---|---|\n| Lead | @user |\n", "t").carrier == "none"


@pytest.mark.parametrize(
    ("title", "body", "carrier"),
    [
        ("A", "| Field | Value |\n|---|---|\n| Lead | @user |", "table"),
        ("1. Document Information", "- **Lead**: @user\n- **Day**: YYYY-MM-DD", "list"),
        ("Metadata", "**Lead:** @user\n**Day:** YYYY-MM-DD", "lines"),
        ("Preamble", "```\nLead: @user\nDay: YYYY-MM-DD\n```", "fence"),
        ("Goals", "- **Lead**: @user\n- **Day**: YYYY-MM-DD", "none"),
        ("Metadata", "Who and when.", "none"),
    ],
)
def test_the_first_section_may_carry_the_metadata(title: str, body: str, carrier: str) -> None:
    read = read_template(f"# T\n\n## {title}\n\n{body}\n\n## B\n", "t")
    assert read.carrier == carrier
    assert read.carried_in == (0 if carrier != "none" else -1)
    assert bool(read.sections[0].items) == (title == "Goals"), "what is metadata is no item of the section"
    later = read_template(f"# T\n\n## B\n\n## {title}\n\n{body}\n", "t")
    by_name = title in ("Metadata", "1. Document Information") and carrier != "none"
    assert later.carrier == (carrier if by_name else "none")


@pytest.mark.parametrize(
    "sample",
    [
        "Draft / Review / In Progress",
        r"Draft \| Review \| In Progress",
        "Draft, Review, In Progress",
        "Draft, Review, or In Progress",
        "`Draft` / `Review` / **In Progress**",
    ],
)
def test_values_to_choose_from(sample: str) -> None:
    template = f"# T\n\n| F | V |\n|---|---|\n| Status | {sample} |\n"
    read = read_template(template, "t")
    assert read.fields[0].values == ("Draft", "Review", "In Progress")
    assert read.status == read.fields[0]
    assert [state.name for state in read.states] == ["Draft", "Review", "In Progress"]


@pytest.mark.parametrize("sample", ["Draft / Review / …", "Draft, Review, ..."])
def test_values_that_end_in_an_ellipsis(sample: str) -> None:
    assert kind_of(sample).values == ("Draft", "Review")


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("@user", "handle"),
        ("@org/team", "handle"),
        ("@reviewer1, @reviewer2", "handles"),
        ("@one / @two", "handles"),
        ("@one and @andy", "handles"),
        ("`@user`", "handle"),
        ("ask @user", "text"),
        ("YYYY-MM-DD", "date"),
        ("`yyyy-mm-dd`", "date"),
        ("2026-02-28", "date"),
        ("2026-02-30", "text"),
        ("SPEC-XXX", "id"),
        ("`RFC-0000`", "id"),
        ("A-B_NNN", "id"),
        ("[Link to Epic/Ticket]", "link"),
        ("[issue]", "link"),
        ("https://tracker.example/1", "link"),
        ("<https://tracker.example/1>", "link"),
        ("[Name of the team]", "text"),
        ("<team>", "text"),
        ("yes/no", "choice"),
        ("and/or", "choice"),
        ("a sentence, that goes on and on", "text"),
        ("", "text"),
    ],
)
def test_what_a_value_shows(sample: str, kind: str) -> None:
    assert kind_of(sample).kind == kind


def test_a_value_that_is_a_link_with_words() -> None:
    """Such a sample shows what the value may look like: real templates have it where words are as good."""
    assert kind_of("[Ticket](https://tracker.example/1)").kind == "text"


@pytest.mark.parametrize(
    ("sample", "prefix", "digits"),
    [("SPEC-XXX", "SPEC-", 3), ("RFC-0000", "RFC-", 4), ("PRD_#####", "PRD_", 5), ("X-1", "X-", 3)],
)
def test_an_identifier_has_a_prefix_and_digits(sample: str, prefix: str, digits: int) -> None:
    assert kind_of(sample) == Kind("id", prefix=prefix, digits=digits)


def test_a_heading_is_a_required_section_of_its_level_number_and_place() -> None:
    template = "# T\n\n## 3. Costs & Risks\n\n### Now\n\n## Team\n"
    assert [(slot.title, slot.level, slot.number, slot.need) for slot in sections(template)] == [
        ("Costs & Risks", 2, 3, "required"),
        ("Now", 3, None, "required"),
        ("Team", 2, None, "required"),
    ]
    assert [slot.title for slot in read_template(template, "t").sections] == ["Costs & Risks", "Team"]
    words = "## 3. Costs and Risks\n\n### Now\nWords.\n\n## Team\nWords.\n"
    assert told(template, f"# A spec\n\n{words}") == []
    assert [rule for rule, _ in told(template, f"# A spec\n\n{words.replace('### Now', '#### Now')}")] == [
        "wrong-level"
    ]
    swapped = "# A spec\n\n## Team\nWords.\n\n## 3. Costs & Risks\n\n### Now\nWords.\n"
    assert [rule for rule, _ in told(template, swapped)] == ["misplaced-section"]


@pytest.mark.parametrize(
    ("heading", "need"),
    [
        ("Risks (optional)", "optional"),
        ("Risks [optional]", "optional"),
        ("Risks (If Needed)", "optional"),
        ("Risks *(optional)*", "optional"),
        ("Risks *(mandatory)*", "required"),
        ("Risks **(required)**", "required"),
        ("Risks <!-- spec-ls: optional -->", "optional"),
        ("Risks\n*Mandatory for Tier-0/1 work.*", "conditional"),
        ("Risks\n*Required when it is large.*", "conditional"),
        ("Risks\n*Optional and mandatory are ordinary words.*", "required"),
    ],
)
def test_whether_a_section_is_needed(heading: str, need: str) -> None:
    (slot,) = sections(f"## {heading}\n")
    assert (slot.title, slot.need) == ("Risks", need)


def test_a_condition_names_a_field_and_its_values() -> None:
    (slot,) = sections("## Risks\n*Mandatory for Tier-0/1 work.*\n")
    assert slot.when is not None
    assert (slot.when.key, slot.when.values) == ("tier", ("0", "1"))


@pytest.mark.parametrize("text", ["Security (if needed)", "Security [optional]", "Security *(optional)*"])
def test_an_optional_check(text: str) -> None:
    slot = item(f"- [ ] {text}")
    assert (slot.kind, slot.name, slot.need) == ("check", "Security", "optional")


@pytest.mark.parametrize("text", ["**Flags (optional)**: x", "**Flags** (optional): x"])
def test_an_optional_label(text: str) -> None:
    slot = item(f"- {text}")
    assert (slot.kind, slot.name, slot.need) == ("label", "Flags", "optional")


@pytest.mark.parametrize(
    "headings",
    [
        "### Story 1: As a [User], I want.\n### Story 2: ...",
        "### Story 1\n### Story 2",
        "### Story N: [Name]",
        "### Story X",
    ],
)
def test_counted_sections_repeat(headings: str) -> None:
    stories = sections(f"## Stories\n{headings}\n")[1:]
    assert [(slot.stem, slot.repeats) for slot in stories] == [("Story", True)]
    assert len(stories[0].examples) == headings.count("###")
    template = f"# T\n\n## Stories\n{headings}\n"
    assert [rule for rule, _ in told(template, "# A\n\n## Stories\nWords.\n")] == ["missing-story"]
    many = "".join(f"### Story {number}: As a cook, I want it.\nWords.\n" for number in (1, 2, 3))
    assert told(template, f"# A\n\n## Stories\n{many}") == []


@pytest.mark.parametrize("heading", ["Q1 results", "Phase one", "Version 2.0 of it"])
def test_a_number_alone_repeats_nothing(heading: str) -> None:
    (slot,) = sections(f"## {heading}\n")
    assert not slot.repeats


@pytest.mark.parametrize(
    "note", ["*Say why.*", "_Say why._", "*Say\nwhy.*", "<!-- Say why. -->", "<!--\nSay why.\n-->"]
)
def test_guidance(note: str) -> None:
    template = f"# T\n\n## Why\n{note}\n"
    (slot,) = sections(template)
    assert [one.text for one in slot.guidance] == ["Say why."]
    assert "Say why." in shown(template, "# A\n\n## W¦hy\nWords.\n")
    left = [rule for rule, _ in told(template, f"# A\n\n## Why\n{note}\n\nWords.\n")]
    assert left == ["leftover-guidance"]


@pytest.mark.parametrize("note", ["Say *why*.", "*Say* why.", "**Say why.**", "<!-- spec-ls: keep -->"])
def test_what_is_no_guidance(note: str) -> None:
    (slot,) = sections(f"## Why\n{note}\n")
    assert slot.guidance == ()


@pytest.mark.parametrize(("note", "may_stay"), [("> *Say why.*", True), ("> **Note**\n> Say why.", False)])
def test_a_quote_is_guidance_until_it_is_answered(note: str, may_stay: bool) -> None:
    template = f"# T\n\n## Why\n{note}\n"
    (slot,) = sections(template)
    assert [one.text.removeprefix("Note ") for one in slot.guidance] == ["Say why."]
    assert [rule for rule, _ in told(template, f"# A\n\n## Why\n{note}\n")] == ["leftover-guidance"]
    left = [rule for rule, _ in told(template, f"# A\n\n## Why\n{note}\n\nWords.\n")]
    assert left == ([] if may_stay else ["leftover-guidance"])


@pytest.mark.parametrize(
    "text", ["**Feature Flags**: a flag", "**Feature Flags:** a flag", "__Feature Flags__: a flag"]
)
def test_a_labelled_item(text: str) -> None:
    slot = item(f"- {text}")
    assert (slot.kind, slot.name, slot.text, slot.need) == ("label", "Feature Flags", "a flag", "required")
    template = f"# T\n\n## Things\n- {text}\n"
    assert told(template, "# A\n\n## Things\n- **Feature Flags**: mine\n") == []
    assert told(template, "# A\n\n## Things\n- **Feature Flags**: a flag\n") == [("sample-text", "a flag")]
    assert [rule for rule, _ in told(template, "# A\n\n## Things\nWords.\n")] == ["missing-item"]


def test_words_that_may_stay() -> None:
    assert item("- **Cohorts**: all <!-- spec-ls: keep -->").keep
    template = "# T\n\n## Things\n- **Cohorts**: all <!-- spec-ls: keep -->\n"
    assert told(template, "# A\n\n## Things\n- **Cohorts**: all\n") == []


def test_a_fixed_check() -> None:
    slot = item("- [ ] PII review completed?")
    assert (slot.kind, slot.name, slot.box) == ("check", "PII review completed?", True)
    template = "# T\n\n## Things\n- [ ] PII review completed?\n"
    assert told(template, "# A\n\n## Things\n- [ ] PII review completed? (@mira, 2026-03-01)\n") == []
    assert [rule for rule, _ in told(template, "# A\n\n## Things\n- [ ] Words\n")] == ["missing-check"]


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Goal 1", "Goal"),
        ("Verify that ...", "Verify that"),
        ("Verify that …", "Verify that"),
        ("We will not build X yet.", "We will not build"),
        ("Grade of Y", "Grade of"),
        ("Ask [Name] first", "Ask"),
        ("tools, e.g. a hammer", "tools,"),
    ],
)
def test_a_sample(text: str, stem: str) -> None:
    slot = item(f"- [ ] {text}")
    assert (slot.kind, slot.name, slot.demanded) == ("sample", stem, False)
    template = f"# T\n\n## Things\n- [ ] {text}\n"
    assert told(template, "# A\n\n## Things\n- [ ] Words of our own\n") == []
    assert told(template, f"# A\n\n## Things\n- [ ] {text}\n") == [("sample-text", text)]


@pytest.mark.parametrize("text", ["Describe it", "TODO", "We need 24 things", "See X/Y", "[a link](b)", "Plan XY"])
def test_ordinary_words_are_no_sample(text: str) -> None:
    assert item(f"- [ ] {text}").kind == "check"


def test_a_labelled_sample_is_demanded() -> None:
    slot = item("- [ ] Error case: ...")
    assert (slot.kind, slot.name, slot.demanded) == ("sample", "Error case", True)


@pytest.mark.parametrize("label", ["**Acceptance Criteria:**", "**Acceptance Criteria**:", "__Acceptance Criteria:__"])
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_a_labelled_block(label: str, between: str) -> None:
    stories = f"# T\n\n## Stories\n### Story 1: [Name]\n{label}{between}- [ ] Verify that ...\n- [ ] Error case: ...\n"
    (block,) = sections(stories)[1].blocks
    assert block.name == "Acceptance Criteria"
    assert [(one.kind, one.name) for one in block.items] == [("sample", "Verify that"), ("sample", "Error case")]
    story = "# A\n\n## Stories\n### Story 1: Cook\n"
    assert [rule for rule, _ in told(stories, f"{story}Words.\n")] == ["missing-criteria"]
    assert [rule for rule, _ in told(stories, f"{story}{label}\n- [ ] It works.\n")] == ["missing-error-case"]
    assert told(stories, f"{story}{label}\n- [ ] It works.\n- [ ] Error case: none.\n") == []


def test_the_clock_of_the_sign_off() -> None:
    template = read_template("# T\n\n## Team\nwithin 9 days\n\n## End\n*Sign off within 2 days.*\n- [ ] Lead\n", "t")
    assert template.review_hours == 48
    assert [slot.sign_off for slot in template.sections] == [False, True]
    plan = "## Rollout\n*Watch it; roll back within 24 hours.*\n- [ ] Watched?\n"
    assert read_template(f"# T\n\n{plan}", "t").review_hours is None
    assert read_template(f"# T\n\n{plan}\n## Review\n*All answer within 36h.*\n", "t").review_hours == 36


STATES = """\
# T

| F | V |
|---|---|
| State | Sketch / Ready / Dropped |

<!-- spec-ls:
state ready (approved): It may be built.
state Nowhere (done): There is no such value.
state Dropped (no stage): Not understood.
move Sketch -> Ready -> Sketch, Nowhere
move any -> Dropped
noise
-->
"""


def test_what_the_text_cannot_say_stands_in_a_comment() -> None:
    states = read_template(STATES, "t").states
    assert [(state.name, state.stage, state.meaning) for state in states] == [
        ("Sketch", "draft", ""),
        ("Ready", "approved", "It may be built."),
        ("Dropped", "review", ""),
    ]
    assert [state.moves for state in states] == [("Ready", "Dropped"), ("Sketch", "Dropped"), ()]


def test_common_names_of_states_need_no_comment() -> None:
    source = "# T\n\n| F | V |\n|---|---|\n| Status | Idea / Proposed / Accepted / Shipped / Rejected |\n"
    states = read_template(source, "t").states
    assert [(state.stage, state.moves) for state in states] == [
        ("draft", ("Proposed", "Rejected")),
        ("review", ("Accepted", "Rejected")),
        ("approved", ("Shipped", "Rejected")),
        ("done", ("Rejected",)),
        ("parked", ()),
    ]


# --- any text at all ------------------------------------------------------------------------------------------------

SEED_LINES = builtin().source.split("\n")
ODD_LINES = [
    "",
    "   ",
    "\t- x",
    "#",
    "##",
    "## ...",
    "## [A] (optional)",
    "###### 6.6.6 Deep",
    "####### Seven",
    "Setext",
    "---",
    "===",
    "### Story 1",
    "### Story 99999999999999999999: [X]",
    "### N 1: [",
    "| a | b |",
    "|---|---|",
    "| Status |",
    "| Status | / / / |",
    r"| State | a \| b \| |",
    "| ID | X-999999999999 |",
    "| Date | 2026-02-30 |",
    "|||||",
    "- ",
    "- **",
    "- **A**:",
    "- ****: x",
    "- [ ]",
    "- [x] ",
    "  - [ ] nested **b**: ...",
    "1. Step 1",
    "**Label:**",
    "**:**",
    "*within 999999999 weeks*",
    "*Mandatory for -0/*",
    "*Mandatory for Tier-0/1/2*",
    "*",
    "_ _",
    "<!--",
    "-->",
    "<!-- spec-ls: -->",
    "<!-- spec-ls: move -> -> , -> any; state (draft); keep; optional -->",
    "<!-- spec-ls:",
    "state Draft (draft): x",
    "move any -> any -> Draft",
    "```",
    "~~~md",
    "> # quoted",
    "<div>",
    "\ufeff# T",
    "# \u2028\u0085\x0c",
    "\x00\ud800",
    "🙂🏽 é ａ１",
]


@given(
    st.lists(st.one_of(st.sampled_from(ODD_LINES), st.sampled_from(SEED_LINES), st.text(max_size=20)), max_size=40),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=300, deadline=None)
def test_no_text_is_too_odd_for_a_template(lines: list[str], line_end: str) -> None:
    source = line_end.join(lines)
    template = read_template(source, "t")
    assert read_template(source, "t") == template
    assert template.source == source
    assert [slot.index for slot in template.all_sections()] == list(range(len(template.all_sections())))
    last = len(Text(source).lines)
    for slot in template.all_sections():
        assert 0 <= slot.origin.line < slot.origin.end_line <= last
    lookup(template)
    for spec in (source, DRAFT):
        document = Document(spec, template)
        problems = document.problems()
        assert not document.judge.crashed
        for problem in problems:
            document.text.slice(problem.span)
        middle = Point(len(document.text.lines) // 2, 0)
        complete(document.spec, middle, AROUND)
        hover(document.spec, middle, AROUND, document.problems)
        actions(document.spec, problems, Span(*middle, *middle), AROUND)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_seed_is_still_read(data: st.DataObject) -> None:
    """Lines taken out, doubled and moved."""
    lines = list(SEED_LINES)
    for _ in range(data.draw(st.integers(1, 12))):
        at, to = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["out", "twice", "moved", "cut"])):
            case "out":
                del lines[at : at + 3]
            case "twice":
                lines.insert(to, lines[at])
            case "moved":
                lines.insert(to, lines.pop(at))
            case _:
                lines[at] = lines[at][: len(lines[at]) // 2]
        lines = lines or [""]
    document = Document(DRAFT, read_template("\n".join(lines), "t"))
    document.problems()
    assert not document.judge.crashed


def test_templates_that_are_gone_are_not_kept_for_ever() -> None:
    for number in range(300):
        template = read_template(f"# [Title]\n\n## Part {number}\n", "typed")
        assert lookup(template).titles == {f"part {number}"}
        assert lookup(template) is lookup(template)
    assert len(_made) <= 100
