"""The steps that a status may take, by name or without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from spec_ls.lifecycle import advance
from spec_ls.workspace import Document

DRAFT = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("status", "goal", "verb", "reached"),
    [
        ("Draft", "", "Advance", "Review"),
        ("Draft", "Review", "Advance", "Review"),
        ("Draft", "Kill", "Move", "Kill"),
        ("Approved", "Defer", "Move", "Defer"),
        ("Defer", "", "Return", "Draft"),
        ("Draft", "Done", "", ""),
        ("Draft", "Nowhere", "", ""),
        ("Kill", "", "", ""),
    ],
)
def test_a_status_goes_where_the_template_lets_it(status: str, goal: str, verb: str, reached: str) -> None:
    document = Document(DRAFT.replace("| Draft |", f"| {status} |"))
    found = advance(document.spec, document.problems, goal)
    assert (found.step.verb if found else "", found.step.state.name if found else "") == (verb, reached)
    if found is not None:
        assert found.edit is not None and found.edit.new_text == reached
