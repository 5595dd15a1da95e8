"""Cards of specs: what they say, that edits keep them up, and that the catalogue finds what stands in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_ls.catalogue import Card, CardMaker, Catalogue, Mention, card, from_plain, to_plain
from spec_ls.lifecycle import progress
from spec_ls.template.read import read_template
from spec_ls.text import Span
from spec_ls.workspace import Document, Replacement

ROOT = Path(__file__).parents[1]
EXPORT = (ROOT / "examples" / "invoice-export.md").read_text(encoding="utf-8")
DRAFT = (ROOT / "examples" / "guest-checkout.md").read_text(encoding="utf-8")
HEAD = "# Title\n\n| Metadata | Value |\n| :--- | :--- |\n| **Spec ID** | `SPEC-042` |\n| **Owner** | @mira |\n"


def card_of(source: str, *prefixes: str) -> Card:
    return card(Document(source).spec, "/specs/x.md", prefixes)


def named(made: Card, kind: str) -> list[tuple[str, str]]:
    return [(mention.text, mention.role) for mention in made.mentions if mention.kind == kind]


def test_a_finished_spec() -> None:
    made = card_of(EXPORT)
    assert (made.id, made.title, made.status, made.stage) == (
        "SPEC-014",
        "Invoice export for bookkeepers",
        "Approved",
        "approved",
    )
    assert (made.owner, made.approvers, made.target) == ("@mira", ("@jonas-b", "@adaeze"), "2029-06-29")
    assert (made.filled, made.total, made.samples) == (0, 0, 0)  # which others count
    assert made.first_paragraph.startswith("Bookkeepers copy invoices by hand")
    assert ("invoice_export", "definition") in named(made, "flag")
    assert named(made, "ticket") == [("BILL-212", ""), ("BILL-212", "")]
    assert [(one.label, one.name) for one in made.dependencies][:3] == [
        ("Services", "billing-api"),
        ("Services", "activity-log"),
        ("Schemas", "Invoice v7"),
    ]


def test_samples_are_nobodys_words() -> None:
    template = Document("").spec.template.source
    made = card_of(template)
    assert (made.id, made.title, made.owner, made.approvers, made.target, made.first_paragraph) == (
        ("", "", "", (), "", "")
    )
    assert made.mentions == ()
    assert made.dependencies == ()
    draft = Document(DRAFT)
    told = draft.card(CardMaker("x"))
    assert told is not None and (told.filled, told.total, told.samples) == progress(draft.spec, draft.problems())
    assert Document("# Notes\n").card(CardMaker("x")) is None


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ("See SPEC-007, spec-008's plan and (SPEC-9).", ["SPEC-007", "spec-008", "SPEC-9"]),
        ("_SPEC-007_ and **SPEC-008**; `SPEC-009` 😀 SPEC-010", ["SPEC-007", "SPEC-008", "SPEC-009", "SPEC-010"]),
        ("XSPEC-007, A-SPEC-007, SPEC-007-b, SPEC-XXX, SPEC-７", []),
        ("<!-- SPEC-007 -->\n\nText <!-- SPEC-008\nSPEC-009 --> SPEC-010", ["SPEC-010"]),
        ("```\nSPEC-007\n```\n\n    SPEC-008\n\n> ~~~\n> SPEC-009\n> ~~~\n> SPEC-010", ["SPEC-010"]),
        ("- one\n\n  ```\n  SPEC-007\n  ```\n  SPEC-008", ["SPEC-008"]),
        ("<div>\nSPEC-007\n</div>", ["SPEC-007"]),
        ("`<!-- a` SPEC-007\n\nb --> SPEC-008", ["SPEC-007", "SPEC-008"]),
        ("RFC-0012 and PAY_7", ["RFC-0012", "PAY_7"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_where_identifiers_count(body: str, ids: list[str], end: str) -> None:
    source = (HEAD + "\n## Notes\n\n" + body + "\n").replace("\n", end)
    document = Document(source)
    made = card(document.spec, "x", ["RFC-", "PAY_"])
    found = [mention for mention in made.mentions if mention.kind == "id" and mention.role != "definition"]
    assert [mention.text for mention in found] == ids
    for mention in made.mentions:
        assert document.text.slice(mention.span) == mention.text


def test_handles_in_code_and_addresses_are_none() -> None:
    body = "@lena, `@media`, me@example.com, [@jonas](https://x.example/@who), https://x.example/@her, @org/team."
    made = card_of(HEAD.replace("@mira", "`@mira`") + "\n## Notes\n\n" + body)
    assert named(made, "handle") == [("@mira", "definition"), ("@lena", ""), ("@jonas", ""), ("@org/team", "")]


def test_links_that_lead_nowhere_else() -> None:
    body = "[a](b.md#c) ![i](<p q.png>) [x](https://e.example) [y](//e) `[z](c.md)` [w](#d)\n\n[ref]: ../e.md 'T'\n"
    made = card_of(HEAD + "\n## Notes\n\n" + body)
    assert named(made, "link") == [("b.md#c", ""), ("p q.png", ""), ("#d", ""), ("../e.md", "")]


def test_what_a_spec_depends_on() -> None:
    body = "\n## 4. Technical Design\n\nAfter SPEC-001.\n\n### Dependencies\n\n"
    made = card_of(HEAD + body + "- **Services**: Login (SPEC-002), SPEC-042\n")
    roles = [("SPEC-042", "definition"), ("SPEC-001", ""), ("SPEC-002", "dependency"), ("SPEC-042", "")]
    assert named(made, "id") == roles
    assert [mention.text for mention in made.needs()] == ["SPEC-002"]
    template = read_template(
        "# Title\n\n- ID: ADR-0000\n- Status: proposed / accepted\n\n## Context\n\n## Decision\n", "adr"
    )
    spec = Document("# T\n\n- ID: ADR-0002\n- Status: accepted\n\n## Context\n\nADR-0001, ADR-0002.\n", template).spec
    assert [mention.text for mention in card(spec, "x").needs()] == ["ADR-0001"]


def test_a_section_of_the_teams_own_that_depends() -> None:
    made = card_of(HEAD + "\n## Plan\n\n- **Depends on**: SPEC-003\n- SPEC-004\n")
    assert named(made, "id") == [("SPEC-042", "definition"), ("SPEC-003", "dependency"), ("SPEC-004", "")]


@pytest.mark.parametrize("source", [EXPORT, DRAFT, "", HEAD, "\ufeff---\nid: 😀\n---\n"])
def test_a_card_survives_json(source: str) -> None:
    made = card_of(source)
    assert from_plain(json.loads(json.dumps(to_plain(made)))) == made


@pytest.mark.parametrize("value", [None, [], {}, [0], [1, "x"], to_plain(Card("p", "t"))[:-1], "card", 7])
def test_what_is_no_card(value: object) -> None:
    with pytest.raises(ValueError):
        from_plain(value)


WORDS = [
    "SPEC-001",
    "@mira",
    "`a_flag`",
    "<!--",
    "-->",
    "\n",
    "\n\n",
    "## Dependencies",
    "```",
    "- ",
    "😀",
    "[a](b.md)",
    "x",
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_edits_keep_a_card_up(data: st.DataObject) -> None:
    document = Document(DRAFT)
    maker = CardMaker("x", ["SPEC-"])
    for _ in range(6):
        text = document.text
        line = data.draw(st.integers(0, len(text.lines) - 1))
        start = data.draw(st.integers(0, len(text.content(line))))
        end = data.draw(st.integers(start, len(text.content(line))))
        document.change(Replacement(Span(line, start, line, end), data.draw(st.sampled_from(WORDS))))
        fresh = card(Document(text.source, document.spec.template).spec, "x", ["SPEC-"])
        assert maker.card(document.spec) == fresh


# --- the catalogue


def made_card(path: str, name: str = "", *texts: str) -> Card:
    spans = (Span(at, 0, at, len(text)) for at, text in enumerate(texts))
    return Card(path, "t", id=name, mentions=tuple(Mention("id", *pair) for pair in zip(texts, spans, strict=True)))


def test_names_are_found_whatever_their_case() -> None:
    one, two = made_card("/b", "SPEC-1", "SPEC-1", "spec-2"), made_card("/a", "Spec-2", "Spec-1")
    catalogue = Catalogue([one, two])
    assert catalogue.cards == (two, one)
    assert catalogue.by_id("spec-1") == (one,) and catalogue.by_path("/a") is two
    assert [(found.card.path, found.mention.text) for found in catalogue.mentions("SPEC-1", "id")] == [
        ("/a", "Spec-1"),
        ("/b", "SPEC-1"),
    ]
    assert catalogue.names("id") == {"SPEC-1": 2, "spec-2": 1}
    assert catalogue.ids == {"SPEC-1", "Spec-2"}
    catalogue.drop("/b")
    assert catalogue.by_id("spec-1") == () and catalogue.names("id") == {"Spec-1": 1}


def test_words_in_code_marks_count_where_a_flag_is_asked_for() -> None:
    span = Span(0, 0, 0, 1)
    defines = Card("/a", "t", mentions=(Mention("flag", "beta", span, "definition"),))
    uses = Card("/b", "t", mentions=(Mention("code", "beta", span), Mention("code", "gamma", span)))
    catalogue = Catalogue([defines, uses])
    assert [found.card.path for found in catalogue.mentions("beta", "flag")] == ["/a", "/b"]
    assert catalogue.names("flag") == {"beta": 1}


def test_an_open_document_counts_as_it_stands() -> None:
    catalogue = Catalogue([made_card("/a", "SPEC-1")])
    now: list[Card | None] = [made_card("/a", "SPEC-2")]
    catalogue.show("/a", lambda resting: now[0], lambda: now[0].id if now[0] else "")
    assert len(catalogue.by_id("spec-2")) == 1 and not catalogue.by_id("SPEC-1")
    assert catalogue.ids == {"SPEC-2"}
    catalogue.put(made_card("/a", "SPEC-3"))  # saved by somebody else meanwhile
    now[0] = None
    assert catalogue.cards == ()
    catalogue.hide("/a")
    assert catalogue.ids == {"SPEC-3"}
    catalogue.hide("/a")
    catalogue.drop("/a")
    catalogue.drop("/a")
    assert catalogue.ids == frozenset()


def test_a_document_is_not_asked_for_the_names_of_others() -> None:
    asked: list[object] = []

    def ask(resting: Card | None) -> Card | None:
        asked.append(resting)
        return made_card("/b", "SPEC-2")

    catalogue = Catalogue([made_card("/a", "SPEC-1"), made_card("/b", "SPEC-0")])
    catalogue.show("/c", ask, lambda: "SPEC-3", lambda: True)
    assert len(catalogue.known) == 2 and not asked
    catalogue.hide("/c")
    catalogue.show("/b", ask, lambda: "SPEC-2")
    assert [card.path for card in catalogue.by_id("SPEC-1")] == ["/a"] and not asked
    assert not catalogue.by_id("SPEC-0") and [card.path for card in catalogue.by_id("SPEC-2")] == ["/b"]


def test_to_replace_a_card_takes_nothing_of_the_others() -> None:
    """Counted in what is touched, not in time."""
    catalogue = Catalogue(made_card(f"/{at}", f"SPEC-{at}", f"SPEC-{at}", "SPEC-0") for at in range(1, 200))
    before = {key: dict(places) for key, places in catalogue._mentions.items() if key[1] != "spec-0"}
    catalogue.put(made_card("/7", "SPEC-7", "SPEC-8"))
    after = catalogue._mentions
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - {("id", "spec-0")}
    assert changed == {("id", "spec-7"), ("id", "spec-8")}
    assert len(catalogue.mentions("SPEC-0", "id")) == 198


def test_the_vocabulary_forgets_what_no_spec_says_any_more() -> None:
    named = HEAD + "\n## 4. Technical Design\n### Dependencies\n- **Services**: Mailer, `pay` & more\n"
    one, other = card(Document(named).spec, "/a.md"), card(Document(EXPORT).spec, "/b.md")
    catalogue = Catalogue([one, other])
    assert catalogue.vocabulary("SERVICES", but="/b.md") == {"Mailer": 1, "pay & more": 1}
    catalogue.put(card(Document(named.replace("Mailer", "mailer, billing-api")).spec, "/a.md"))
    assert catalogue.vocabulary("services")["billing-api"] == 2
    assert catalogue.vocabulary("services", but="/a.md")["billing-api"] == 1
    assert {found.id for found in catalogue.begun("SP")} == {"SPEC-042", "SPEC-014"}
    assert [found.id for found in catalogue.begun("spec-04")] == ["SPEC-042"]
    assert catalogue.begun("sp") == catalogue.begun("SPX") == []
    catalogue.drop("/a.md")
    catalogue.drop("/b.md")
    assert not catalogue.vocabulary("services") and not catalogue.begun("SPEC-") and not catalogue._prefixes
