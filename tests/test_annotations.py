"""Annotations: their faults, what is offered inside of one, and what the command line says of a template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_ls.cli.commands import cli
from spec_ls.rules import CATALOGUE
from spec_ls.template import builtin, builtin_names
from spec_ls.template.annotations import WORDS
from spec_ls.template.authoring import annotation_completions, annotation_hover
from spec_ls.template.check import faults
from spec_ls.template.read import read_template
from spec_ls.text import Point, Text, apply_edits

RULES = [rule.name for rule in CATALOGUE]
TEMPLATE = """\
# [Title]

| Field | Value |
|---|---|
| Status | Draft / Review / Done |
| Owner | @user |

{}

## Why

## How
"""


def told(annotation: str) -> list[tuple[str, str]]:
    """Rule and marked text of the faults of a template with an annotation of its own below the metadata."""
    return marked(TEMPLATE.format(f"<!-- spec-ls: {annotation} -->"))


def marked(source: str) -> list[tuple[str, str]]:
    text = Text(source)
    return [(fault.rule, text.slice(fault.span)) for fault in faults(source, RULES)]


def mended(source: str) -> str:
    """The source after the first fix of the first fault that has one."""
    fix = next(fault.fixes[0] for fault in faults(source, RULES) if fault.fixes)
    return apply_edits(source, fix.edits)


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "annotation",
    [
        "state Draft (draft): The author writes.",
        "move Draft -> Review -> Done; move any -> Draft",
        "severity sample-text error; severity misnumbered-section off",
        "template-version 2.1",
        "off",
        "template=product-spec",
    ],
)
def test_what_is_understood(annotation: str) -> None:
    assert told(annotation) == []


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        ("optinal", ("unknown-annotation", "optinal")),
        ("wobble", ("unknown-annotation", "wobble")),
        ("state Shipped (done): Out.", ("unknown-state", "Shipped")),
        ("state Draft (early): Writing.", ("malformed-annotation", "early")),
        ("state", ("malformed-annotation", "state")),
        ("move Draft -> Nowhere", ("unknown-state", "Nowhere")),
        ("move Draft", ("malformed-annotation", "Draft")),
        ("move Draft -> any", ("malformed-annotation", "any")),
        ("severity sample-text loud", ("malformed-annotation", "loud")),
        ("severity sample-txt error", ("unknown-rule", "sample-txt")),
        ("severity", ("malformed-annotation", "severity")),
    ],
)
def test_what_is_wrong_about_the_whole_template(annotation: str, fault: tuple[str, str]) -> None:
    assert [rule for rule, _ in told(annotation)] == [fault[0]]
    if fault[1] != annotation:
        assert told(annotation) == [fault]


@pytest.mark.parametrize(
    ("heading", "fault"),
    [
        ("<!-- spec-ls: optional; required-when status in (Done) -->", ("contradictory-annotation", "required-when")),
        ("<!-- spec-ls: example; repeat -->", ("contradictory-annotation", "repeat")),
        ("<!-- spec-ls: optional; optional -->", ("contradictory-annotation", "optional")),
        ("<!-- spec-ls: optional now -->", ("malformed-annotation", "now")),
        ("<!-- spec-ls: choices A, B -->", ("misplaced-annotation", "choices")),
        ("<!-- spec-ls: required-when state in (Done) -->", ("unknown-field", "state")),
        ("<!-- spec-ls: required-when status in (Closed) -->", ("unknown-value", "Closed")),
        ("<!-- spec-ls: required-when Done -->", ("malformed-annotation", "Done")),
    ],
)
def test_what_is_wrong_at_a_heading(heading: str, fault: tuple[str, str]) -> None:
    assert marked(TEMPLATE.format("") + f"\n## Risks {heading}\n") == [fault]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| Tier | 1 <!-- spec-ls: choices 1 --> |", ("single-choice", "1")),
        ("| Tier | 1 <!-- spec-ls: type number --> |", ("malformed-annotation", "number")),
        ("| Tier | 1 <!-- spec-ls: choices 1, 2; type date --> |", ("contradictory-annotation", "type")),
        ("| Tier | 1 <!-- spec-ls: repeat --> |", ("misplaced-annotation", "repeat")),
    ],
)
def test_what_is_wrong_at_a_field(row: str, fault: tuple[str, str]) -> None:
    assert marked(TEMPLATE.format("").replace("| Owner |", f"{row}\n| Owner |")) == [fault]


def test_a_near_miss_has_a_fix() -> None:
    assert "spec-ls: optional -->" in mended(TEMPLATE.format("") + "\n## Risks <!-- spec-ls: optionl -->\n")
    assert "-> Review -->" in mended(TEMPLATE.format("<!-- spec-ls: move Draft -> Reviw -->"))
    assert "severity sample-text error" in mended(TEMPLATE.format("<!-- spec-ls: severity sample-text eror -->"))


def test_templates_that_ask_for_nothing_or_for_one_thing_twice() -> None:
    assert marked("Just words.\n") == [("missing-heading", "Just words.")]
    assert marked("# T\n\n## Why\n\n## How\n\n## Why\n") == [("duplicate-heading", "Why")]
    assert marked("# T\n\n## A\n\n### Why\n\n## B\n\n### Why\n") == []
    assert marked("# T\n\n## Stories\n\n### Story 1\n\n### Story 2\n\n## [A]\n\n## [A]\n") == []


def test_front_matter_that_is_no_yaml() -> None:
    source = "---\nowner: @user\n---\n\n# T\n\n## Why\n"
    assert marked(source) == [("malformed-metadata", "@user")]
    assert 'owner: "@user"' in mended(source)
    assert marked(mended(source)) == []


def test_code_says_nothing() -> None:
    assert marked("# T\n\n## Why\n\n```\n<!-- spec-ls: wobble -->\n```\n\nWrite `<!-- spec-ls: wobble -->`.\n") == []


@pytest.mark.parametrize("name", builtin_names())
def test_the_templates_that_come_along_are_clean(name: str) -> None:
    assert faults(builtin(name).source, RULES) == []


def test_a_built_in_template_is_one_object_by_whatever_name_it_is_asked_for() -> None:
    """Documents and policies compare templates by identity."""
    assert builtin() is builtin("product-spec")


@pytest.mark.parametrize(
    ("field", "is_today"),
    [
        ("Date | YYYY-MM-DD", True),
        ("Created | 2026-01-31", True),
        ("Target Date | YYYY-MM-DD", False),
        ("Opened | YYYY-MM-DD <!-- spec-ls: today -->", True),
        ("Opened | [day] <!-- spec-ls: today -->", True),
        ("Date | [when it suits]", False),
    ],
)
def test_which_date_is_the_day_on_which_a_document_is_begun(field: str, is_today: bool) -> None:
    source = TEMPLATE.replace("| Owner | @user |", f"| Owner | @user |\n| {field} |")
    assert marked(source) == []
    slot = read_template(source, "t").fields[-1]
    assert (slot.today, slot.kind == "date") == (is_today, is_today or "YYYY" in field)


def test_severities_are_kept_as_data() -> None:
    template = read_template(TEMPLATE.format("<!-- spec-ls: severity sample-text off -->"), "t")
    assert template.severities == (("sample-text", "off"),)


# --- completion and hover -------------------------------------------------------------------------------------------


def offered(source: str) -> list[str]:
    """The labels at the `¦` of the source."""
    before, _, after = source.partition("¦")
    point = Point(before.count("\n"), len(before.rpartition("\n")[2]))
    return [one.label for one in annotation_completions(before + after, point, RULES)]


def test_words_are_offered_where_they_may_stand() -> None:
    assert offered("# T\n\n## Why <!-- spec-ls: ¦ -->\n") == [
        name for name, word in WORDS.items() if "heading" in word.places
    ]
    assert offered("# T\n\n## Why <!-- spec-ls: opt¦\n") == ["optional", "optional-children"]
    assert offered("# T\n\n- **A**: b <!-- spec-ls: ke¦") == ["keep"]
    assert offered("---\na: b # spec-ls: ty¦\n---\n") == ["type"]
    assert offered("# T\n\n<!-- spec-ls:\nmo¦\n-->\n") == ["move"]
    assert offered("# T\n\n<!-- spec-ls: keep; sev¦ -->\n") == ["severity"]
    assert offered("# T\n\nopt¦\n") == []
    assert offered("# T\n\n<!-- spec-ls: keep --> opt¦\n") == []


def test_arguments_are_offered() -> None:
    assert offered(TEMPLATE.format("<!-- spec-ls: state ¦ -->")) == ["Draft", "Review", "Done"]
    assert offered(TEMPLATE.format("<!-- spec-ls: state Draft (re¦ -->")) == ["review"]
    assert offered(TEMPLATE.format("<!-- spec-ls: move Draft -> R¦ -->")) == ["Review"]
    assert offered(TEMPLATE.format("<!-- spec-ls: move a¦ -->")) == ["any"]
    assert offered(TEMPLATE.format("<!-- spec-ls: severity sample-text e¦ -->")) == ["error"]
    assert offered(TEMPLATE.format("<!-- spec-ls: severity sample¦ -->")) == ["sample-text"]
    assert offered(TEMPLATE.format("") + "## R <!-- spec-ls: required-when st¦ -->\n") == ["Status"]
    assert offered(TEMPLATE.format("") + "## R <!-- spec-ls: required-when status in (Draft, D¦ -->\n") == [
        "Draft",
        "Done",
    ]
    assert offered("---\na: b # spec-ls: type da¦\n---\n") == ["date"]


def test_a_word_explains_itself() -> None:
    source = "# T\n\n## Why <!-- spec-ls: optional; wobble -->\n"
    note = annotation_hover(source, Point(2, 24))
    assert note is not None
    assert note.markdown == "`optional`\n\nA document may do without it."
    assert Text(source).slice(note.span) == "optional"
    assert annotation_hover(source, Point(2, 2)) is None
    assert annotation_hover(source, Point(2, 35)) is None


# --- any text at all ------------------------------------------------------------------------------------------------

PIECES = [
    "<!-- spec-ls:",
    "-->",
    "# spec-ls:",
    "---",
    "...",
    "| Status | A / B |",
    "|---|---|",
    "# T",
    "## A",
    "-",
    ";",
    "optional",
    "state A (draft): x",
    "move A -> B -> any",
    "required-when status in (",
    ")",
    "choices A",
    'alias "',
    "severity sample-text",
    "type",
    "template-version",
    "```",
    "key: @x",
    "key: [a, 'b",
    "\t",
    "`",
    "- Status: A | B",
    "> q",
    "<x y>",
    "<pre>",
    "</pre>",
    "    A: b",
]


@given(
    st.lists(st.tuples(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), st.sampled_from([" ", "\n", ""]))),
    st.data(),
)
@settings(max_examples=300, deadline=None)
def test_no_text_is_too_odd(pieces: list[tuple[str, str]], data: st.DataObject) -> None:
    source = "".join(text + between for text, between in pieces)
    text = Text(source)
    read_template(source, "t")
    for fault in faults(source, RULES):
        text.slice(fault.span)
        for fix in fault.fixes:
            apply_edits(source, fix.edits)
    line = data.draw(st.integers(0, len(text.lines) - 1))
    point = Point(line, data.draw(st.integers(0, len(text.content(line)))))
    for one in annotation_completions(source, point, RULES):
        text.slice(one.span)
    annotation_hover(source, point)


# --- the command line -----------------------------------------------------------------------------------------------


def test_check_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "t.md"
    file.write_text(TEMPLATE.format("<!-- spec-ls: optinal -->"), encoding="utf-8")
    done = CliRunner().invoke(cli, ["template", "check", str(file)])
    assert done.exit_code == 1
    assert "t.md:8:15: error[unknown-annotation]" in done.output
    assert CliRunner().invoke(cli, ["template", "check", "--fail-on", "never", str(file)]).exit_code == 0
    file.write_text(TEMPLATE.format(""), encoding="utf-8")
    assert CliRunner().invoke(cli, ["template", "check", str(file)]).exit_code == 0
    assert CliRunner().invoke(cli, ["template", "check", str(tmp_path / "none.md")]).exit_code == 2


def test_check_as_json(tmp_path: Path) -> None:
    file = tmp_path / "t.md"
    file.write_text("🎉 <!-- spec-ls: optinal -->\n\n# T\n\n## A\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["template", "check", "--format", "json", str(file)])
    ((one,),) = (json.loads(done.stdout),)
    assert one["range"] == {"start": {"line": 0, "character": 17}, "end": {"line": 0, "character": 24}}
    assert one["fixable"]


def test_show_lists_every_heading_in_the_order_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "rfc.md"
    file.write_text(
        "# RFC: [Title]\n\n- Status: Open / Closed\n- Due: YYYY-MM-DD\n\n## 1. Stories (optional)\n\n### Story 1\n\n"
        "#### Notes\n\n### Story 2\n\n#### Notes\n\n## 2. <Name>\n\n## Costs\n",
        encoding="utf-8",
    )
    shown = json.loads(CliRunner().invoke(cli, ["template", "show", "--format", "json", str(file)]).stdout)
    assert [(one["level"], one["number"], one["title"], one["need"], one["line"]) for one in shown["sections"]] == [
        (1, None, "RFC: [Title]", "example", 1),
        (2, 1, "Stories (optional)", "optional", 6),
        (3, None, "Story 1", "example", 8),
        (4, None, "Notes", "required", 10),
        (3, None, "Story 2", "example", 12),
        (4, None, "Notes", "required", 14),
        (2, 2, "<Name>", "example", 16),
        (2, None, "Costs", "required", 18),
    ]
    assert [one["parent"] for one in shown["sections"]][:4] == [None, "RFC: [Title]", "Stories (optional)", "Story 1"]
    assert [(one["name"], one["kind"], one["values"], one["need"]) for one in shown["fields"]] == [
        ("Status", "choice", ["Open", "Closed"], "required"),
        ("Due", "date", [], "required"),
    ]
    assert [one["name"] for one in shown["states"]] == ["Open", "Closed"]
    assert shown["carrier"] == "list"


def test_show_the_default() -> None:
    done = CliRunner().invoke(cli, ["template", "show"])
    assert done.exit_code == 0
    assert "Owner (required) handle" in done.output
    assert CliRunner().invoke(cli, ["template", "show", "nowhere"]).exit_code == 2
