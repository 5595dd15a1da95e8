"""The annotated documents themselves: a case fails when it should, and an update makes it right."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated.casefile import CaseError, decode, encode, read_cases
from annotated.marks import Mark, read_mark, write_mark
from annotated.patches import apply_patch, make_patch
from annotated.run import Outcome, base_lines, run_case

from spec_ls.text import Span

BASE = ["# One", "", "alpha", "beta", "", "alpha", "gamma"]


def _run(tmp_path: Path, *rows: str) -> Outcome:
    path = tmp_path / "case.md"
    path.write_text("\n".join(["## A case", *rows, ""]), encoding="utf-8")
    return run_case(read_cases(path)[0])


def _updated(tmp_path: Path, outcome: Outcome) -> list[str]:
    lines = (tmp_path / "case.md").read_text(encoding="utf-8").split("\n")
    for block, rows in reversed(outcome.rewritten):
        lines[block.line : block.line + len(block.lines)] = rows
    return lines[1:-1]


TYPO = ["````diff spec base=draft", "-| **Status** | Draft |", "+| **Status** | Drfat |"]
CARETS = "                ^^^^^ error[invalid-choice]"


def test_a_finding_without_a_mark_fails(tmp_path: Path) -> None:
    assert "invalid-choice" in _run(tmp_path, *TYPO, "````").wrong[0]


def test_a_mark_without_a_finding_fails(tmp_path: Path) -> None:
    rows = ["````diff spec base=draft", " | **Status** | Draft |", CARETS, "````"]
    assert "-" + CARETS in _run(tmp_path, *rows).wrong[0]


@pytest.mark.parametrize(
    "carets",
    [
        CARETS[1:],
        CARETS.replace("error", "hint"),
        CARETS.replace("choice", "date"),
        CARETS.replace("^^^^^", "^^^^"),
        f'{CARETS} "no such words"',
        f"{CARETS} -fix",
    ],
)
def test_a_mark_must_be_right_in_every_part(tmp_path: Path, carets: str) -> None:
    assert _run(tmp_path, *TYPO, carets, "````").wrong


@pytest.mark.parametrize("carets", [CARETS, f"{CARETS} +fix", f'{CARETS} "Draft"', f'{CARETS} +fix "is one of"'])
def test_a_right_mark_passes(tmp_path: Path, carets: str) -> None:
    assert not _run(tmp_path, *TYPO, carets, "````").wrong


def test_a_wrong_fix_fails_and_an_update_mends_it(tmp_path: Path) -> None:
    rows = [
        *TYPO,
        f"{CARETS} +fix",
        "````",
        "````diff fix",
        "-| **Status** | Drfat |",
        "+| **Status** | Done |",
        "````",
    ]
    outcome = _run(tmp_path, *rows)
    assert len(outcome.wrong) == 1
    mended = _updated(tmp_path, outcome)
    assert "+| **Status** | Draft |" in mended
    assert not _run(tmp_path, *mended).wrong


def test_an_update_shows_lines_that_the_patch_left_out(tmp_path: Path) -> None:
    rows = ["````diff spec base=draft", "-| **Owner** | @ines |", "````"]
    mended = _updated(tmp_path, _run(tmp_path, *rows))
    assert mended[1:3] == [" | **Status** | Draft |", "     ^^^^^^ warning[missing-field] +fix"]
    assert not _run(tmp_path, *mended).wrong


def test_an_update_opens_what_dots_stand_for(tmp_path: Path) -> None:
    rows = ["````diff spec base=draft", " # Quiet Hours for Push Messages", " ...", "-## 2. Goals & Non-Goals", "-..."]
    rows += [" ## 3. User Stories & Acceptance Criteria", "````"]
    mended = _updated(tmp_path, _run(tmp_path, *rows))
    assert mended[2:5] == [
        " ...",
        " ## 1. Context & Problem Statement",
        f"    {'^' * 30} warning[missing-section] +fix",
    ]
    assert not _run(tmp_path, *mended).wrong


def test_clean_asks_every_stage(tmp_path: Path) -> None:
    rows = ["````diff spec base=draft clean", " # Quiet Hours for Push Messages", "````"]
    wrong = _run(tmp_path, *rows).wrong
    assert any(line.startswith("at stage done: unfinished-work") for line in wrong)
    assert not any(line.startswith("at stage review") for line in wrong)


@pytest.mark.parametrize(
    "rows",
    [
        ["delta"],
        [" delta"],
        [" alpha"],
        ["+new"],
        [" beta", " gamma"],
        [" alpha", " beta", "-...", " delta"],
    ],
)
def test_a_patch_that_does_not_fit_says_so(rows: list[str]) -> None:
    with pytest.raises(CaseError):
        apply_patch(BASE, rows)


@pytest.mark.parametrize(
    ("rows", "result"),
    [
        ([" beta", "+new"], ["# One", "", "alpha", "beta", "new", "", "alpha", "gamma"]),
        (["-beta"], ["# One", "", "alpha", "", "alpha", "gamma"]),
        (["-beta", "-..."], ["# One", "", "alpha"]),
        (["-# One", "-...", " gamma"], ["gamma"]),
        ([" # One", "@@ here", "-gamma", "+delta"], ["# One", "", "alpha", "beta", "", "alpha", "delta"]),
        ([" beta", "", "-alpha"], ["# One", "", "alpha", "beta", "", "gamma"]),
    ],
)
def test_a_patch_that_fits(rows: list[str], result: list[str]) -> None:
    assert apply_patch(BASE, rows).result == result


@pytest.mark.parametrize("name", ["draft", "done"])
def test_a_made_patch_makes_what_it_was_made_of(name: str) -> None:
    old = list(base_lines(name))
    for at in range(0, len(old), 5):
        for new in ([*old[:at], *old[at + 1 :]], [*old[:at], "", "new", *old[at:]], [*old[at:], *old[:at]]):
            if new != old:
                assert apply_patch(old, make_patch(old, new)).result == new


@pytest.mark.parametrize(
    ("row", "mark"),
    [
        ("  ^^ error[a-b]", Mark(Span(0, 2, 0, 4), "error", "a-b")),
        ("! hint[a-b] +fix", Mark(Span(0, 0, 0, 0), "hint", "a-b", "+fix")),
        ('^^^^ ..+1 error[a-b] -fix "say "it""', Mark(Span(0, 0, 1, 3), "error", "a-b", "-fix", 'say "it"')),
        ("   ^ ..+1:2 warning[a-b]", Mark(Span(0, 3, 1, 2), "warning", "a-b")),
    ],
)
def test_a_mark_is_read_and_written(row: str, mark: Mark) -> None:
    lines = ["four", "two"]
    raw = read_mark(row)
    assert raw is not None
    assert raw.at(0, lines) == mark
    assert write_mark(mark, lines) == row


def test_hidden_letters_are_shown() -> None:
    assert encode("a\u2028\xa0b \t ") == "a\\u{2028}\\u{a0}b \\u{9}\\u{20}"
    assert decode(encode("a\u2028\xa0b \t ")) == "a\u2028\xa0b \t "


def test_a_case_file_must_be_whole(tmp_path: Path) -> None:
    for text in ("````md spec\n````\n", "## A\n````md spec\n", "## A\n````md nonsense\n````\n", "## A\n\n## A\n"):
        path = tmp_path / "broken.md"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CaseError):
            read_cases(path)
