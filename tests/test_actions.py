"""Code actions: which are asked for, and edits that go together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spec_ls.features import Surroundings
from spec_ls.features.actions import actions
from spec_ls.features.refactor import refactorings
from spec_ls.features.suppress import suppressions
from spec_ls.text import Span, apply_edits
from spec_ls.workspace import Document

DRAFT = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
AROUND = Surroundings(date(2026, 3, 2))
EVERYTHING = Span(0, 0, 10_000, 0)


def all_of(document: Document) -> Span:
    return Span(0, 0, *document.text.end)


def test_only_the_kinds_asked_for() -> None:
    document = Document(DRAFT.replace("| Draft |", "| draft |").replace("## 7. Security & Compliance\n", ""))
    problems = document.problems()

    def kinds(*asked: str) -> set[str]:
        offered = actions(document.spec, problems, all_of(document), AROUND, asked)
        offered += suppressions(document.spec, problems, all_of(document), asked)
        offered += refactorings(document.spec, all_of(document), AROUND, asked)
        return {action.kind for action in offered}

    assert kinds("quickfix") == {"quickfix"}
    assert kinds("refactor") == {"refactor.rewrite"}
    assert kinds("source.fixAll") == kinds("source") == {"source.fixAll.spec-ls"}
    assert kinds("refactor.extract") == kinds("source.organizeImports") == kinds("source.fixAll.other") == set()
    assert kinds("") == {"quickfix", "refactor.rewrite", "source.fixAll.spec-ls"}


def test_a_span_behind_the_document_has_no_actions() -> None:
    document = Document(DRAFT)
    assert actions(document.spec, document.problems(), EVERYTHING, AROUND) == []


def test_a_certain_fix_is_preferred_once_for_each_problem() -> None:
    document = Document(DRAFT.replace("| Draft |", "| draft |"))
    found = actions(document.spec, document.problems(), all_of(document), AROUND, ["quickfix"])
    assert [action.title for action in found if action.preferred] == ["Change to Draft"]
    assert all(len(action.problems) == 1 for action in found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.integers(2, DRAFT.count("\n") - 1), max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_fixing_all_leaves_nothing_that_is_certain_to_fix(gone: set[int], line_end: str) -> None:
    """Whatever lines of a good spec are missing, fixing all comes to an end within a few rounds."""
    kept = [line for number, line in enumerate(DRAFT.split("\n")) if number not in gone]
    source = line_end.join(kept)
    for _ in range(6):
        document = Document(source)
        found = actions(document.spec, document.problems(), Span(0, 0, 0, 0), AROUND, ["source"])
        if not found:
            return
        source = apply_edits(source, found[0].edits)
    raise AssertionError(f"still to fix: {[problem.message for problem in found[0].problems]}")
