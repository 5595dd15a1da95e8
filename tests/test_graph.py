"""The graph of specs: its cycles against a plain reckoning, its forms read back, and the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_ls.catalogue import Card, Catalogue, Mention
from spec_ls.graph import as_dot, as_json, as_mermaid, cycles, edges
from spec_ls.text import Span


def card(number: int, *needed: int, title: str = "") -> Card:
    mentions = [Mention("id", f"SPEC-{one:03}", Span(one, 0, one, 8), "dependency") for one in needed]
    title = title or f"Number {number}"
    return Card(
        path=f"/specs/{number:03}.md", template="t", id=f"SPEC-{number:03}", title=title, mentions=tuple(mentions)
    )


@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 9), max_size=4), max_size=8))
def test_a_cycle_is_who_reaches_itself(needed: dict[int, list[int]]) -> None:
    catalogue = Catalogue(card(number, *others) for number, others in needed.items())

    def reached(start: int) -> set[int]:
        found: set[int] = set()
        work = list(needed.get(start, ()))
        while work:
            number = work.pop()
            if number in needed and number not in found:
                found.add(number)
                work += needed[number]
        return found

    together = {
        frozenset(other for other in reached(number) if number in reached(other))
        for number in needed
        if number in reached(number)
    }
    assert {frozenset(int(one.id[-3:]) for one in group) for group in cycles(catalogue)} == together
    assert len(cycles(catalogue)) == len(together)


def test_a_long_chain_takes_no_stack() -> None:
    last = 5000
    catalogue = Catalogue(card(number, number + 1 if number < last else 0) for number in range(last + 1))
    (group,) = cycles(catalogue)
    assert len(group) == last + 1


def test_each_dependency_counts_once_and_unknown_ones_too() -> None:
    catalogue = Catalogue([card(1, 2, 2, 9), card(2)])
    assert [(edge.source.id, edge.name, edge.target and edge.target.id) for edge in edges(catalogue)] == [
        ("SPEC-001", "SPEC-002", "SPEC-002"),
        ("SPEC-001", "SPEC-009", None),
    ]


HOSTILE = 'A "quoted" \\ <b>&#35; `x`;\n}] title 📦'


def test_words_of_documents_stay_inside_their_labels() -> None:
    catalogue = Catalogue([card(1, 2, title=HOSTILE), card(2, 1, title="-->")])
    mermaid = as_mermaid(catalogue).splitlines()
    labels = [re.fullmatch(r'  n[0-9]+\["((?:[^"#<>&`;\\]|#[0-9]+;|<br>)*)"\]:::[a-z]+', line) for line in mermaid[1:3]]
    words = [re.sub("#([0-9]+);", lambda one: chr(int(one[1])), label[1].split("<br>")[1]) for label in labels if label]
    assert words == [" ".join(HOSTILE.split()), "-->"]
    assert mermaid[3:5] == ["  n1 --> n2", "  n2 --> n1"]
    (label, *_) = re.findall(r'\[label="((?:[^"\\]|\\.)*)"', as_dot(catalogue))
    assert re.sub(r"\\(.)", r"\1", label.split("\\n")[1]) == " ".join(HOSTILE.split())
    assert json.loads(as_json(catalogue, str))["specs"][0]["title"] == HOSTILE


TABLE = "| Field | Value |\n| --- | --- |\n| Spec ID | {id} |\n| Status | Draft |\n| Owner | @mira |\n"
SPEC = f"# {{title}}\n\n{TABLE}\n## Dependencies\n{{needs}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, needs in {1: "- **Services**: SPEC-002", 2: "After SPEC-001, and SPEC-404.", 3: "None."}.items():
        text = SPEC.format(title=f"Part {number}", id=f"SPEC-{number:03}", needs=needs)
        (tmp_path / f"part {number}.md").write_text(text, encoding="utf-8")
    (tmp_path / "README.md").write_text("# Read me\nSee SPEC-001.\n", encoding="utf-8")
    return tmp_path


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spec_ls", "graph", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_command_prints_the_graph_and_names_the_circles(folder: Path) -> None:
    done = run("--format", "json", folder=folder)
    assert done.returncode == 0
    assert done.stderr == "spec-ls: SPEC-001, SPEC-002 depend on each other in a circle\n"
    told = json.loads(done.stdout)
    assert [one["path"] for one in told["specs"]] == ["part 1.md", "part 2.md", "part 3.md"]
    assert [(one["from"], one["id"], one["to"]) for one in told["dependencies"]] == [
        ("part 1.md", "SPEC-002", "part 2.md"),
        ("part 2.md", "SPEC-001", "part 1.md"),
        ("part 2.md", "SPEC-404", None),
    ]
    assert [one["needed_by"] for one in told["specs"]] == [["part 2.md"], ["part 1.md"], []]
    assert told["cycles"] == [["part 1.md", "part 2.md"]]


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere", "there is no such folder"), ("empty", "no spec was found here")]
)
def test_where_there_is_nothing_to_draw(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "empty").mkdir()
    done = run(name, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"spec-ls: {name}: {reason}\n")
