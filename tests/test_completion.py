"""Completion: what clients filter by, and the arithmetic of dates and identifiers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from spec_ls.features import Person, Surroundings
from spec_ls.features.completion import Completion, complete
from spec_ls.template.read import read_template
from spec_ls.text import Point
from spec_ls.workspace import Document

DRAFT = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
AROUND = Surroundings(date(2026, 3, 2), (Person("@ines", "CODEOWNERS"), Person("@jörg", "git")))


def proposals(old: str, new: str, around: Surroundings = AROUND) -> tuple[list[Completion], str, Point]:
    """What is proposed at the `¦` of `new`, which stands for `old` in the draft; its line and the cursor."""
    assert DRAFT.count(old) == 1
    lines = DRAFT.replace(old, new).split("\n")
    line = next(number for number, text in enumerate(lines) if "¦" in text)
    point = Point(line, lines[line].index("¦"))
    lines[line] = lines[line].replace("¦", "")
    return complete(Document("\n".join(lines)).spec, point, around), lines[line], point


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        ("| Draft |", "| Re¦ |", "Review"),
        ("| Draft |", "| Draft¦ |", "Review"),
        ("| Draft |", "| Dr¦aft |", "Kill"),
        ("| Draft |", "| Drfat¦ |", "Draft"),
        ("2026-09-30", "2026-0¦", "2026-03-16"),
        ("2026-09-30", "soon¦", "2026-03-16"),
        ("SPEC-204", "SP¦", "SPEC-001"),
        ("| @ines |", "| @i¦ |", "@ines"),
        ("| @ines |", "| in¦ |", "@ines"),
        ("| @jonas, @mira |", "| @jonas, jö¦ |", "@jörg"),
        ("People get", "Ask @Jö¦ People get", "@jörg"),
        ("| **Owner** | @ines |", "| Ow¦ |", "Owner"),
        ("| **Owner** | @ines |", "| **Ow¦", "Owner"),
        ("| **Owner** | @ines |", "|¦", "Owner"),
        ("## 6. Support Plan", "## Su¦", "Support Plan"),
        ("## 6. Support Plan", "##Su¦", "Support Plan"),
        ("## 6. Support Plan", "## 6. Su¦", "Support Plan"),
        ("### API Changes", "###¦", "API Changes"),
        ("### API Changes", "#¦", "API Changes"),
        ("- **Runbooks**: docs/runbooks/held-messages.md", "- Ru¦", "Runbooks"),
        ("- **Runbooks**: docs/runbooks/held-messages.md", "- **Ru¦", "Runbooks"),
        ("- **Runbooks**: docs/runbooks/held-messages.md", "* [ ¦", "Runbooks"),
        ("- **Runbooks**: docs/runbooks/held-messages.md", "-¦", "Runbooks"),
    ],
)
def test_what_is_typed_starts_the_filter_text(old: str, new: str, label: str) -> None:
    """Clients compare the text from the edit's start to the cursor with the filter text, some as a prefix."""
    found, line, point = proposals(old, new)
    chosen = next(one for one in found if one.label == label)
    typed = line[chosen.edit.span.start : point.offset]
    assert chosen.filter_text.casefold().startswith(typed.casefold())


def test_a_status_that_does_not_begin_as_typed_is_filtered_out() -> None:
    found, _, _ = proposals("| Draft |", "| Re¦ |")
    assert [one.label for one in found if one.filter_text.startswith("Re")] == ["Review"]


@pytest.mark.parametrize(
    ("today", "labels"),
    [
        (date(2026, 3, 31), ["2026-03-31", "2026-04-07", "2026-04-14", "2026-04-28"]),
        (date(2026, 12, 3), ["2026-12-03", "2026-12-10", "2026-12-17", "2026-12-31"]),
        (date(2026, 6, 9), ["2026-06-09", "2026-06-16", "2026-06-23", "2026-07-07", "2026-06-30"]),
        (date(2028, 2, 22), ["2028-02-22", "2028-02-29", "2028-03-07", "2028-03-21", "2028-03-31"]),
        (date(9999, 12, 20), ["9999-12-20", "9999-12-27", "9999-12-31"]),
    ],
)
def test_dates(today: date, labels: list[str]) -> None:
    found, _, _ = proposals("2026-09-30", "¦", replace(AROUND, today=today))
    assert [one.label for one in found] == labels


@pytest.mark.parametrize(
    ("ids", "label"),
    [
        ((), "SPEC-001"),
        (("SPEC-009", "SPEC-010"), "SPEC-011"),
        (("spec-41", "RFC-0900", "SPEC-", "SPEC-4x", "SPEC-４２"), "SPEC-042"),
        (("SPEC-999",), "SPEC-1000"),
    ],
)
def test_the_next_free_identifier(ids: tuple[str, ...], label: str) -> None:
    found, _, _ = proposals("SPEC-204", "¦", replace(AROUND, ids=frozenset(ids)))
    assert [one.label for one in found] == [label]


def test_what_means_something_in_a_snippet_is_escaped() -> None:
    template = read_template(
        "# T\n\n| F | V |\n|---|---|\n| Spec ID | SPEC-XXX |\n\n## Costs\n- **In $**: up to ${N} \\o/\n", "costs"
    )
    spec = Document("# T\n\n## Costs\n- \n", template).spec
    snippet, plain = (complete(spec, Point(3, 2), AROUND, snippets)[0] for snippets in (True, False))
    assert plain.edit.new_text == "- **In $**: up to ${N} \\o/"
    assert snippet.edit.new_text == "- **In \\$**: ${1:up to \\${N\\} \\\\o/}"
