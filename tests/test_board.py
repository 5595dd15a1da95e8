"""The board: what it says of each spec, how it draws the lifecycle, and that no word gets out of its cell."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from repository import Repository, alone

from spec_ls.board import Board, as_html, as_json, columns, target
from spec_ls.catalogue import Card
from spec_ls.cli.board import board as command
from spec_ls.outside import Outside
from spec_ls.pipeline import as_svg
from spec_ls.resolver import Resolver
from spec_ls.survey import Surveyor
from spec_ls.template import builtin
from spec_ls.template.read import read_template

DAY = date(2026, 3, 20)
SPEC = builtin().source.replace("SPEC-XXX", "SPEC-042").replace("YYYY-MM-DD", "2026-03-25")
REVIEW = SPEC.replace("Draft / Review / Approved / Building / Done / Defer / Kill", "Review")
HOSTILE = "<img src=x onerror=a()>\x1b[31m & \"quoted\" 'so' | 🛵"


@pytest.mark.parametrize(
    ("written", "stage", "said"),
    [
        ("2026-03-20", "draft", "2026-03-20, today"),
        ("2026-03-21", "review", "2026-03-21, tomorrow"),
        ("2026-03-25", "draft", "2026-03-25, in 5 days"),
        ("2026-03-19", "approved", "2026-03-19, 1 day late"),
        ("2026-03-01", "draft", "2026-03-01, 19 days late"),
        ("2026-03-01", "done", "2026-03-01"),
        ("2026-03-01", "parked", "2026-03-01"),
        ("30 June 2029", "draft", "30 June 2029"),
        ("", "draft", ""),
    ],
)
def test_a_target_is_told_with_how_far_it_is(written: str, stage: str, said: str) -> None:
    assert target(Card("/a.md", "t", target=written, stage=stage), DAY) == said


def test_statuses_stand_in_the_order_of_the_template() -> None:
    template = read_template(
        "# [T]\n\n- ID: A-000\n- Owner: @user\n- Status: Zeta / Draft / Alpha / Kill\n\n## One\n", "t"
    )
    stages = {state.name: state.stage for state in template.states}
    cards = [Card(f"/{name}", "t", status=name, stage=stages.get(name, "draft")) for name in ("Alpha", "Zeta", "Odd")]
    found = [name for name, _ in columns(Board((*cards, Card("/x", "t")), DAY, templates=(template,)))]
    assert found == ["No status", "Zeta", "Odd", "Alpha"]


def picture(source: str, words: str = "") -> tuple[list[str], int, int]:
    """The words of a lifecycle's picture, and how many arrows it has, drawn through and dashed."""
    template = read_template(f"{words}# [T]\n\n- ID: A-000\n- Owner: @user\n- Status: {source}\n\n## One\n", "t")
    told = as_svg(template, range(len(template.states)))
    if not told:
        return [], 0, 0
    drawn = ET.fromstring(told)
    space = "{http://www.w3.org/2000/svg}" if drawn.tag.startswith("{") else ""
    names = [node.text or "" for node in drawn.iter(f"{space}text")]
    heads = [node for node in drawn.iter(f"{space}path") if node.get("marker-end")]
    dashed = sum(node.get("stroke-dasharray") is not None for node in heads)
    width, height = map(float, (drawn.get("viewBox") or "").split()[2:])
    for node in drawn.iter(f"{space}rect"):
        x, y, w, h = (float(node.get(name) or 0) for name in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    return names, len(heads) - dashed, dashed


def test_the_lifecycle_is_drawn() -> None:
    drawn = ET.fromstring(as_svg(builtin(), [3, 0, 1, 2, 4, 5, 6]))
    assert [text.text for text in drawn.iter("text")][:4] == ["Draft", "3", "Review", "0"]
    assert "Kill: 6 specs" in (drawn.get("aria-label") or "")
    assert picture("Draft / Review / Done") == (["Draft", "0", "Review", "1", "Done", "2"], 2, 0)
    assert picture("Draft") == ([], 0, 0)
    words, _, _ = picture("Entwurf & mehr / 審査中の仕様書類をすべて確認する作業段階です長い / Done")
    assert words[0] == "Entwurf & mehr" and words[2].endswith("…")
    moves = "move Draft -> Review, Done, Rejected; move Review -> Draft, Done; move Rejected -> Draft"
    assert picture("Draft / Review / Done / Rejected", f"<!-- spec-ls: {moves} -->\n\n")[1:] == (5, 1)
    assert picture(" / ".join(f"S{number}" for number in range(200)))[0] == []


def test_the_page_needs_nothing_and_runs_nothing() -> None:
    card = Card("/a'\"<b>.md", "product-spec", id=HOSTILE, title=HOSTILE, status=HOSTILE, owner=HOSTILE, target=HOSTILE)
    page = as_html(Board((card,), DAY, templates=(builtin(),)), lambda path: path)
    assert "<img" not in page and "<script" not in page and "\x1b" not in page.replace("\x1b[31m", "", 9)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:|//)|@import|url\(""", page.replace("url(#head)", ""))
    assert "prefers-color-scheme:dark" in page and "color-scheme:light dark" in page
    assert json.loads(as_json(Board((card,), DAY), str))["specs"][0]["title"] == HOSTILE


def test_a_review_has_its_clock_on_the_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    monkeypatch.setenv("SPEC_LS_NOW", "2026-03-20T17:30:00+00:00")
    root = tmp_path.resolve() / "repo"
    repository = Repository(root)
    repository.init()
    repository.save(
        {"a.md": REVIEW, "b.md": REVIEW.replace("042", "043")}, "2026-03-10", "Mira <1+mira@users.noreply.x>"
    )
    repository.save({"a.md": SPEC.replace("Draft / Review", "Draft")}, "2026-03-11")
    repository.save({"a.md": REVIEW}, "2026-03-20", "Mira <1+mira@users.noreply.example.com>")
    repository.write("c.md", REVIEW.replace("042", "044"))
    monkeypatch.chdir(root)
    told = json.loads(CliRunner().invoke(command, ["--format", "json"]).output)
    reviews = {spec["path"]: spec["review"] for spec in told["specs"]}
    assert reviews["a.md"]["by"] == "@mira" and reviews["a.md"]["hours"] == 48 and not reviews["a.md"]["overdue"]
    assert datetime.fromisoformat(reviews["a.md"]["due"]) - datetime.fromisoformat(
        reviews["a.md"]["since"]
    ) == timedelta(hours=48)
    assert reviews["b.md"]["overdue"] and reviews["c.md"] is None
    assert told["templates"][0]["statuses"][1] == {
        "name": "Review",
        "stage": "review",
        "moves": [*builtin().states[1].moves],
        "specs": 3,
    }
    text = CliRunner().invoke(command, []).output
    assert "Review (3)" in text and "42 h of 48 h left" in text and "overdue by 8 days" in text
    cards = [Card(str(root / "a.md"), "product-spec", stage="review")]
    assert Outside().board(cards, Resolver(), {cards[0].path: None}).reviews == {}
    assert list(Surveyor(None).answers({"root": str(root / "none")}))[-1] == {"done": str(root / "none")}


def test_what_the_terminal_shows_steers_it_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text(SPEC.replace("[Short Title of the Spec]", HOSTILE), "utf-8")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(command, [])
    assert told.exit_code == 0 and "\x1b" not in told.output and "🛵" in told.output
