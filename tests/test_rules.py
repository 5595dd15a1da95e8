"""The catalogue against its cases: every rule has a file of them, every file a rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from annotated.casefile import read_cases
from annotated.marks import read_mark

from spec_ls.rules import CATALOGUE, rule
from spec_ls.rules.base import Rule
from spec_ls.template import builtin

CASES = Path(__file__).parent / "cases"
FILES = sorted((CASES / "rules").glob("*.md"))
EVERY_STAGE = {
    "missing-section missing-field misnamed-section misplaced-section duplicate-section wrong-level": (
        "warning error error error hint"
    ),
    "missing-metadata missing-title missing-item missing-check missing-story": "warning error error error hint",
    "invalid-choice invalid-date invalid-handle invalid-id invalid-link": "error error error error error",
    "sample-text leftover-guidance empty-section": "hint error error error hint",
    "missing-criteria missing-error-case": "hint warning error error hint",
    "missing-approver self-approval": "hint error error error hint",
    "unsigned-approval": "- - error error -",
    "unticked-check": "- - warning error -",
    "unfinished-work": "- - - warning -",
    "duplicate-id circular-dependency": "warning error error error hint",
    "unknown-spec unknown-handle": "warning warning warning warning hint",
    "premature-status": "- - warning warning -",
    "outdated-template": "hint hint - - -",
    "unused-suppression": "hint warning warning warning hint",
}
"""How each rule weighs in Draft, Review, Approved, Done and Kill, as the house has decided it."""

WEIGHTS = [(name, weights) for names, weights in EVERY_STAGE.items() for name in names.split()]


@pytest.mark.parametrize("one", CATALOGUE, ids=lambda one: one.name)
def test_a_rule_has_a_file_of_cases(one: Rule) -> None:
    """In one case at least it fires, in another one it is silent."""
    path = CASES / "rules" / f"{one.name}.md"
    assert path.is_file(), f"write tests/cases/rules/{one.name}.md"
    fires = [one.name in _marked(path, number) for number in range(len(read_cases(path)))]
    assert any(fires), "no case in which it fires"
    assert not all(fires), "no case in which it stays silent"


def _marked(path: Path, number: int) -> set[str]:
    blocks = read_cases(path)[number].blocks
    rows = [row[1:] if block.language == "diff" else row for block in blocks for row in block.lines]
    return {mark.rule for row in rows if (mark := read_mark(row))}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_cases_has_a_rule(path: Path) -> None:
    assert path.stem in {one.name for one in CATALOGUE}


@pytest.mark.parametrize(("name", "weights"), WEIGHTS, ids=[name for name, _ in WEIGHTS])
def test_a_rule_weighs_what_the_stage_makes_of_it(name: str, weights: str) -> None:
    assert [severity or "-" for severity in rule(name).weights] == weights.split()


def test_names_are_unique_and_in_kebab_case() -> None:
    names = [one.name for one in CATALOGUE]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(-[a-z]+)+", name)] == []


def test_the_untouched_template_of_the_golden_case_is_the_shipped_one() -> None:
    """`tests/cases/template/untouched.md` judges the template as it is, comments left out."""
    blocks = read_cases(CASES / "template" / "untouched.md")[0].blocks
    rows = [row for row in blocks[0].lines if not read_mark(row)]
    shipped = re.sub(r"\n<!-- spec-ls:[^>]*\n(?:[^\n]*\n)*?-->\n", "", builtin().source)
    shipped = re.sub(r" *<!-- spec-ls:.*?-->", "", shipped)
    assert rows == shipped.removesuffix("\n").split("\n")


def test_an_untouched_template_lacks_no_structure() -> None:
    blocks = read_cases(CASES / "template" / "untouched.md")[0].blocks
    marks = {mark.rule for row in blocks[0].lines if (mark := read_mark(row))}
    structure = {"misnamed-section", "misplaced-section", "duplicate-section", "wrong-level", "misnumbered-section"}
    assert not marks & structure
    assert not {name for name in marks if name.startswith("missing-")} - {"missing-title"}
