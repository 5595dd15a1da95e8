"""The templates of the cases under `cases/template`: incremental as fresh, and copies told as not filled in."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from annotated.casefile import decode, read_cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_incremental import picture, place

from spec_ls.template.check import faults
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.text import Span
from spec_ls.workspace import Document, Replacement

CASES = Path(__file__).parent / "cases" / "template"


def shapes() -> list[tuple[str, Template]]:
    """Every template of the cases, once."""
    found: dict[str, Template] = {}
    files = [CASES / "public-shapes.md", CASES / "other-teams.md", *sorted((CASES.parent / "teams").glob("*.md"))]
    for case in itertools.chain.from_iterable(map(read_cases, files)):
        for block in case.blocks:
            if block.kind == "template":
                source = "\n".join(map(decode, block.lines)) + "\n"
                found.setdefault(source, read_template(source, case.name))
    return list(found.items())


SHAPES = shapes()
LINES = sorted({line for source, _ in SHAPES for line in source.split("\n")})
WORDS = ["", "\n", "x", "@mira", "---\n", "```\n", ": ", "#", "## ", "- ", "2024-01-31", "Draft", "|", "<", ">", "?"]


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[float, float, float, str]]:
    unit = st.floats(0, 1)
    short = st.sampled_from([0.0, 0.0, 0.02, 0.1])
    inserts = st.one_of(st.sampled_from(WORDS), st.sampled_from(LINES).map(lambda line: line + "\n"))
    return draw(st.lists(st.tuples(unit, unit, short, inserts), min_size=1, max_size=5))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SHAPES), edits())
def test_incremental_equals_fresh_under_any_template(
    shape: tuple[str, Template], changes: list[tuple[float, float, float, str]]
) -> None:
    source, template = shape
    document = Document(source, template)
    document.judge.problems()
    for at, within, length, new_text in changes:
        first = place(document.text, at, within)
        last = max(first, place(document.text, min(1.0, at + length), within))
        document.change(Replacement(Span(*first, *last), new_text))
        assert picture(document) == picture(Document(document.text.source, template))


@pytest.mark.parametrize(("source", "template"), SHAPES, ids=[template.name for _, template in SHAPES])
def test_a_copy_is_told_what_is_not_filled_in_and_nothing_else(source: str, template: Template) -> None:
    document = Document(source, template)
    found = {problem.rule for problem in document.problems("draft")}
    assert found
    assert found <= {"sample-text", "leftover-guidance", "empty-section", "empty-field"}
    assert not document.judge.crashed


@pytest.mark.parametrize(("source", "template"), SHAPES, ids=[template.name for _, template in SHAPES])
def test_a_template_that_teams_use_has_no_fault(source: str, template: Template) -> None:
    assert faults(source) == []
