"""Brief cards say of a repository what its catalogue does, as far as other specs ask."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
import specgen

from spec_ls import briefs
from spec_ls.briefs import Briefs
from spec_ls.catalogue import Card, CardMaker, Catalogue, Mention, to_plain
from spec_ls.workspace import Document

ROOT = Path(__file__).parents[1]
SPEC = """\
# {title}

| Metadata | Value |
| --- | --- |
| **Spec ID** | {id} |
| **Status** | Review |
| **Owner** | @{owner} |

## 4. Technical Design
Asks @nobody and SPEC-777.

### Dependencies
- **Services**: 😀 {needs}
"""


def both(pick: random.Random, path: str) -> tuple[Card, Card]:
    """The whole card of a spec and its brief one."""
    name = pick.choice(("SPEC-", "spec-")) + f"{pick.randrange(30):03}" if pick.random() < 0.9 else "SPEC-XXX"
    owner = pick.choice(("mira", "Mira", "jonas", "x"))
    needs = pick.choice(("none", "SPEC-001, SPEC-002", "Quiet Hours (SPEC-003)"))
    document = Document(SPEC.format(title=f"Gate {path} é", id=name, owner=owner, needs=needs))
    whole, brief = document.card(CardMaker(path)), document.brief(CardMaker(path))
    assert whole is not None and brief is not None
    return whole, brief


def said(card: Card | None) -> object:
    """What other specs ask of a card."""
    return card and (card.path, card.id, card.title, card.status, card.stage, card.place, tuple(card.needs()))


@pytest.mark.parametrize("seed", range(6))
def test_they_answer_as_the_catalogue_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(briefs, "_MOST_MADE", 7)
    if seed == 1:  # names that share a number are told apart
        monkeypatch.setattr(briefs, "_number", len)
    pick = random.Random(seed)
    paths = [f"/r/{pick.randrange(4)}/{number}.md" for number in range(40)]
    first = [both(pick, path) for path in paths[: 0 if seed == 2 else 30]]
    whole = Catalogue(one for one, _ in first)
    few = Briefs(json.dumps(to_plain(one)) for _, one in first)
    for _ in range(12):
        for path in (*paths, "/r/none.md"):
            assert said(few.kept_at(path)) == said(whole.kept_at(path))
            assert few.rests(path) == whole.rests(path)
            assert few.has_others(path) == whole.has_others(path)
            assert few.identifiers(path) == whole.identifiers(path)
            for handle in ("@mira", "@JONAS", "@x", "@nobody"):
                assert few.naming(handle, path) == whole.naming(handle, path)
        for name in ("", *(f"SPEC-{number:03}" for number in range(32))):
            assert list(map(said, few.kept_by_id(name))) == list(map(said, whole.kept_by_id(name)))
        assert set(few.folders) == set(map(os.path.dirname, whole.files))
        card, _ = both(pick, pick.choice(paths))
        whole.put(card)
        few.put(card)


def test_what_is_no_spec_has_none() -> None:
    assert Document("# Notes\n").brief(CardMaker("/a.md")) is None
    assert Document(SPEC, max_bytes=10).brief(CardMaker("/a.md")) is None


FILES = [*(ROOT / "examples").glob("*.md"), *(ROOT / "spec_ls" / "template" / "builtin").glob("*.md")]
TEXTS = [file.read_text("utf-8") for file in FILES] + [specgen.make_spec(150, seed) for seed in range(8)]


@pytest.mark.parametrize("seed", range(8))
def test_a_brief_card_says_what_the_whole_one_does(seed: int) -> None:
    """Also of parts about dependencies, comments, code, links, and of documents of other templates."""
    pick = random.Random(seed)
    words = (
        "SPEC-001",
        "spec-002",
        "`SPEC-003`",
        "[SPEC-004](a.md)",
        "<!-- SPEC-005 -->",
        "ADR-0006",
        "@mira",
        "RFC 7",
    )
    for text in TEXTS:
        lines = text.splitlines(keepends=True)
        for _ in range(pick.randrange(6)):
            at = pick.randrange(len(lines))
            lines[at] = lines[at].rstrip("\n") + f" {pick.choice(words)}\n"
        if pick.random() < 0.5:
            lines = [line for line in lines if "epend" not in line]
        document = Document("".join(lines))
        for prefixes in ((), ("ADR-", "SPEC-")):
            whole, brief = (make(CardMaker("/a.md", prefixes)) for make in (document.card, document.brief))
            assert said(whole) == said(brief)
            if whole is not None and brief is not None:
                assert handles(whole) == handles(brief)


def handles(card: Card) -> list[Mention]:
    return [one for one in card.mentions if one.kind == "handle" and one.role == "definition"]
