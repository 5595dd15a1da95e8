"""After any edits, outline, facts and findings equal those of a fresh open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spec_ls.bind import Binding, longest_run, strays
from spec_ls.known import Known, Move
from spec_ls.numbering import Series
from spec_ls.others import Kind, Other, Others, Seat, Step, Twins
from spec_ls.past import sections
from spec_ls.template import builtin
from spec_ls.template.read import read_template
from spec_ls.text import Span, Text
from spec_ls.workspace import Document, Replacement

TEMPLATE_LINES = builtin().source.split("\n")

BLOCKS = [
    *TEMPLATE_LINES,
    "",
    "",
    "# T",
    "## Goals",
    "### Goals ###",
    " ## 5. Rollout Plan",
    "   ### Story 2: As a user, I want x, so that y",
    "##Support Plan",
    "#tag",
    "**4. Technical Design**",
    "Support Plan",
    "===",
    "---",
    "...",
    "```",
    "```py",
    "~~~~",
    "  ```",
    "<!--",
    "-->",
    "<!-- spec-ls: off -->",
    "<!-- spec-ls: template=product-spec -->",
    "<!-- spec-ls: allow missing-section, sample-text -->",
    "<!-- spec-ls: allow missing-item in file; allow empty-section -->",
    "- [ ] Goal 1 <!-- spec-ls: allow sample-text -->",
    "### Non-Goals <!-- spec-ls: allow empty-section, leftover-guidence -->",
    "status: Opne # spec-ls: allow invalid-choice",
    "# spec-ls: allow missing-metadata in file",
    "<div>",
    "</div>",
    "<script>",
    "</script>",
    "<?php",
    "- item",
    "  - nested [ ] no",
    "- [x] PII review completed? @mira, 2026-03-01",
    "* [ ] Tech Lead Approval",
    "1. [ ] Product Approval",
    "-",
    "- - [ ] x",
    "\t- tab",
    "    code # not",
    "> # quoted",
    "> - [ ] q",
    "| a | b |",
    "## a | b",
    "|---|---|",
    "| **Status** | Done |",
    "| **Status** | Review |",
    "| **Spec ID** | SPEC-007 |",
    "| **Tier** | 2 |",
    "| **Depends on** | SPEC-008 |",
    "- **Services**: SPEC-008, [SPEC-009](x.md), `SPEC-010`",
    "- [x] Product Approval (@ada)",
    "| Owner | @mira | extra",
    "Status | Review",
    "| Approvers | `@ana`, @o\\|x |",
    "[ep]: https://example.com",
    "[Ep]",
    "text 😀 with é and \u2028 in it",
    "\u00a0nbsp",
    "\u00a0",
    "\x1f",
    "\x0c",
    "\ufeff# BOM",
    "a\0b",
    "**Acceptance Criteria:**",
    "- [ ] Error case: none",
    "*italic*",
    "5. Title",
    "template: product-spec",
]
LINE_ENDS = ["\n", "\n", "\n", "\r\n", "\r"]


@st.composite
def texts(draw: st.DrawFn, most: int = 14) -> str:
    """A text of up to `most` lines with any of the three line ends."""
    lines = draw(st.lists(st.sampled_from(BLOCKS), max_size=most))
    ends = draw(st.lists(st.sampled_from(LINE_ENDS), min_size=len(lines), max_size=len(lines)))
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    return text if draw(st.booleans()) else text.rstrip("\r\n")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """The template with a stretch replaced, or any mixture of lines."""
    if draw(st.booleans()):
        return draw(texts(30))
    first = draw(st.integers(0, len(TEMPLATE_LINES)))
    count = draw(st.integers(0, 12))
    kept = ["\n".join(TEMPLATE_LINES[:first]), "\n".join(TEMPLATE_LINES[first + count :])]
    return kept[0] + "\n" + draw(texts(8)) + "\n" + kept[1]


INSERTS = st.one_of(
    st.sampled_from([*BLOCKS, "\n", "\r", "\r\n", "#", "`", "-", " ", "|", "\\", "x", "😀", "", ""]), texts(4)
)


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[float, float, float, str, bool]]:
    """Edits in proportions of whatever text they meet: where, how far, how much, what goes in, and whether
    anything is asked before the next one."""
    unit = st.floats(0, 1)
    short = st.sampled_from([0.0, 0.0, 0.01, 0.03, 0.2])
    return draw(st.lists(st.tuples(unit, unit, short, INSERTS, st.booleans()), min_size=1, max_size=6))


def picture(document: Document) -> tuple[object, ...]:
    """Everything that must not depend on how the text came about."""
    spec = document.spec
    outline = [(chunk.line_count, chunk.sections, chunk.definitions) for chunk in document.outline.chunks]
    facts = [(piece.chunk, piece.facts, piece.slot, piece.preamble) for piece in spec.pieces]
    fills = [
        (fill.slot.index, fill.piece, fill.fault, fill.astray, fill.even, fill.pieces, fill.duplicates)
        for fill in spec.fills
    ]
    family = [(fill.parent and fill.parent.piece, [child.piece for child in fill.children]) for fill in spec.fills]
    binding = spec.binding
    owners = [fill.piece if fill else -1 for fill in binding.owners]
    missing = [(one.slot.index, one.parent and one.parent.piece, one.anchor) for one in binding.missing]
    levels = [slot.index for slot in binding.open], binding.open_tops, binding.deepest
    bound = binding.title, binding.shift, binding.first_section, binding.ignored, owners, missing, levels, fills, family
    findings = sorted(
        (finding.rule, spec.span(finding.place), finding.message) for finding in document.judge.findings()
    )
    shown = [(problem.rule, problem.severity, problem.span, problem.message) for problem in document.problems()]
    return document.text.lines, outline, facts, bound, findings, shown, document.decision, spec.stage


def approved(source: str) -> Known:
    """What is known of the world where `source` is what was approved, and its time is over; nobody is known, and all
    other specs are in the way."""
    spec = Document(source).spec
    moves = (Move("Approved", "Draft", datetime(2026, 3, 5, tzinfo=UTC), "Ada"),)
    return Known(datetime(2099, 3, 5, tzinfo=UTC), moves, sections(spec), Others(SEAT, answer, lambda kind, name: ()))


SEAT = Seat("/specs/a.md", "SPEC-007", "SPEC-", 3, frozenset(["SPEC-"]))
NEEDS = (Step("SPEC-007", Span(0, 0, 0, 8)),)
TWIN = Other("b.md", "/specs/b.md", "SPEC-008", "B", "Draft", "draft", Span(0, 0, 0, 0), NEEDS)


def answer(kind: Kind, name: str) -> object:
    if kind == "specs":
        return (TWIN,) if name == "spec-008" else ()
    return Twins((TWIN,)) if kind == "twins" else False


def opened(source: str, known: Known) -> Document:
    document = Document(source)
    document.know(known)
    return document


def place(text: Text, at: float, within: float) -> tuple[int, int]:
    line = min(int(at * len(text.lines)), len(text.lines) - 1)
    return line, round(within * len(text.content(line)))


@settings(
    max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "600")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(documents(), edits())
def test_incremental_equals_fresh(source: str, changes: list[tuple[float, float, float, str, bool]]) -> None:
    known = approved(source)
    document = opened(source, known)
    document.judge.problems()
    for at, within, length, new_text, asked in changes:
        first = place(document.text, at, within)
        last = max(first, place(document.text, min(1.0, at + length), within))
        document.change(Replacement(Span(*first, *last), new_text))
        if asked or (at, within, length, new_text, asked) == changes[-1]:
            assert picture(document) == picture(opened(document.text.source, known))


STORIES = [f"### Story {number}: As a user, I want x, so that y" for number in range(1, 9)]
COMPONENTS = [f"#### Component {number}: a path" for number in range(1, 9)]
BODY = ["text", "text", "", "", "```", "**Acceptance Criteria:**", "- [ ] Error case: none", "- [ ] Verify that"]
ODD = [
    "### Story",
    "###Story 4: As a user",
    "#### Story 5: As a user, I want x, so that y",
    "### Story 2 - z",
    "## Story 6",
    "### Other",
    "##### Deeper",
    "## Another",
    "### Goals",
    "### Non-Goal",
    "### Dependencie",
    "## 5. Rollout Plan",
    "| **Status** | Review |",
    "[ref]: https://example.com",
]
FRAME = [
    "# T\n\n| Metadata | Value |\n|---|---|\n| **Spec ID** | SPEC-007 |\n| **Status** | Draft |\n",
    "## 1. Context & Problem Statement\nx\n",
    "## 2. Goals & Non-Goals\n### Goals\n- [ ] a\n### Non-Goals\n- [ ] b\n",
    "## 3. User Stories & Acceptance Criteria\n",
    "## 4. Technical Design\n### Architecture & Components\n",
    "### Dependencies\n- **Services**: Auth\n### API Changes\nx\n### Data Model Changes\nx\n## 5. Rollout Plan\nx\n",
    "## 6. Support Plan\nx\n## 7. Security & Compliance\nx\n## 8. Review & Sign-off\nx\n",
    "## 5. Rollout Plan\ny\n",
]


@st.composite
def repeating(draw: st.DrawFn) -> str:
    """A spec with several stories and subsections; rarely a part of it is lost, or something odd stands among them."""
    lost, odd = draw(st.integers(0, 40)), draw(st.integers(0, 3))
    parts: list[str] = []
    for number, part in enumerate(FRAME[: draw(st.sampled_from([7, 7, 7, 8]))]):
        if number != lost:
            parts.append(part)
        if number in (3, 4) or (odd == 0 and draw(st.booleans())):
            pool = [*(COMPONENTS if number >= 4 else STORIES), *BODY, *(ODD if odd == 0 else ())]
            parts += (f"{line}\n" for line in draw(st.lists(st.sampled_from(pool), max_size=9)))
    return "".join(parts)


KEYS = ["x", "#", " ", "\n", "", "", "s", "2", "5", "`", "```\n", "#### Component 9\n", "### Non-Goal\n"]
KEYS += ["### Non-\n", "### Dependence\n"]
KEYS += ["### Story 8: z\n", "\n### Story 2: y", "#### Story 2: w\n", "#### Story 9: v\n"]
AT_HEADINGS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 13), st.integers(0, 2), st.sampled_from(KEYS), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "250")), deadline=None)
@given(repeating(), AT_HEADINGS)
def test_typing_in_headings_equals_fresh(source: str, keys: list[tuple[float, int, int, str, bool]]) -> None:
    known = approved(source)
    document = opened(source, known)
    document.judge.problems()
    for number, (at, column, length, new_text, asked) in enumerate(keys, 1):
        lines = document.text.lines
        marked = [line for line, text in enumerate(lines) if text.startswith(("###", "```")) and "s\n" not in text] or [
            0
        ]
        line = marked[min(int(at * len(marked)), len(marked) - 1)]
        first = min(column, len(document.text.content(line)))
        last = min(first + length, len(document.text.content(line)))
        document.change(Replacement(Span(line, first, line, last), new_text))
        if asked or number == len(keys):
            assert picture(document) == picture(opened(document.text.source, known))


@pytest.mark.parametrize(
    ("text", "line", "offset", "new_text"),
    [
        (f"{FRAME[1]}## 2. Goals & Non-Goals\n### Goals\n- [ ] a\n### Other\nx\n{FRAME[3]}", 6, 0, "### Non-Goal\n"),
        (f"{''.join(FRAME[:4])}### Story 1: a\n#### Story 2: b\n### Story 2: c\nx\n{''.join(FRAME[4:7])}", 16, 11, "5"),
        (f"{''.join(FRAME[:4])}### Story 1: a\n#### Story 2: b\n### Story 3: c\nx\n{''.join(FRAME[4:7])}", 16, 0, "#"),
        (f"{''.join(FRAME[:4])}### Story 1: a\n### Story 2: c\nx\n{''.join(FRAME[4:7])}", 15, 3, " ##"),
        (f"{''.join(FRAME[:4])}### Story 1: a\n### Story 1: b\nx\n{''.join(FRAME[4:7])}", 15, 3, " "),
    ],
    ids=["near miss", "deeper number", "deeper", "another title", "a number further right"],
)
def test_headings_that_decide_elsewhere_equal_fresh(text: str, line: int, offset: int, new_text: str) -> None:
    document = Document(text, builtin())
    document.judge.problems()
    document.change(Replacement(Span(line, offset, line, offset), new_text))
    assert picture(document) == picture(Document(document.text.source, builtin()))


@pytest.mark.parametrize("lost", ["", "## 7. Security & Compliance\nx\n"], ids=["whole", "a section is missing"])
def test_a_story_that_comes_or_goes_binds_no_other_section(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story = "### Story {}: As a user, I want x, so that y\n**Acceptance Criteria:**\n- [ ] a\n"
    component = "#### Component {}: a path\nwords\n"
    source = "".join(
        [*FRAME[:4], *map(story.format, range(1, 5)), FRAME[4], *map(component.format, range(4)), *FRAME[5:7]]
    ).replace(lost, "")
    document = Document(source)
    document.problems()
    lines = [text for text in document.text.lines if "Story 2" in text or "Component 2" in text]
    places = [document.text.lines.index(text) for text in lines]

    def bind(*_: object) -> Binding:
        raise AssertionError("all headings were bound anew")

    for line, again in zip(places, lines, strict=True):
        for column, new_text in ((2, "x"), (4, "x"), (0, "\n"), (0, again), (0, "```\n\n```\n")):
            fresh = Document(document.text.source)
            fresh.change(Replacement(Span(line, column, line, column), new_text))
            expected = picture(fresh)
            with monkeypatch.context() as patched:
                patched.setattr("spec_ls.spec.bind", bind)
                patched.setattr("spec_ls.rules._SPEC_RULES", None)  # those that count are enough
                if "Component" in again and column != 2:
                    patched.setattr("spec_ls.rules._COUNTING", None)  # nothing is counted here, at no numbered level
                document.change(Replacement(Span(line, column, line, column), new_text))
                assert [problem.message for problem in document.problems()] == [shown[3] for shown in expected[5]]
                end_line, end = line + new_text.count("\n"), len(new_text.rsplit("\n", 1)[-1])
                end += 0 if "\n" in new_text else column
                document.change(Replacement(Span(line, column, end_line, end), ""))
                assert document.text.source == source
                document.problems()
    assert picture(document) == picture(Document(source))


def test_rules_of_fields_sleep_while_headings_change(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document("".join(FRAME[:7]))
    document.problems()
    line = document.text.lines.index("## 4. Technical Design\n")
    with monkeypatch.context() as patched:
        patched.setattr("spec_ls.rules._SPEC_RULES", None)
        document.change(Replacement(Span(line, 6, line, 15), "Practical"))
        document.problems()
    assert picture(document) == picture(Document(document.text.source))


def test_a_heading_with_bars_is_no_head_of_a_table() -> None:
    """Chunks are cut at such lines before anyone looks at the line below."""
    (chunk,) = Document("# a | b\n--|--\n").outline.chunks
    assert chunk.sections[0].heading is not None and chunk.sections[0].heading.title == "a | b"


def test_where_the_other_headings_stand_now_is_told_at_once() -> None:
    """A section keeps its fault while the level that it should have becomes another."""
    titles = "ABCDE"
    template = read_template("\n".join(f"# {title}\n\nWords.\n" for title in titles), "levels")
    marks = "#", "#", "#", "##", "###"
    source = "\n".join(f"{mark} {title}\n\nText.\n" for mark, title in zip(marks, titles, strict=True))
    document = Document(source, template)
    messages = [[problem.message for problem in document.problems()]]
    for line in (0, 4, 8):
        document.change(Replacement(Span(line, 0, line, 0), "#"))
        messages.append([problem.message for problem in document.problems()])
        assert picture(document) == picture(Document(document.text.source, template))
    assert messages[0][-1] == "E is a heading of level 1 in the template: #."
    assert messages[-1] == ["E is a heading of level 2 beside the other headings here: ##."]


def rising_runs(values: list[int]) -> Iterator[tuple[int, ...]]:
    """The positions of every run of values that rise, the longest ones first."""
    for length in range(len(values), -1, -1):
        for run in combinations(range(len(values)), length):
            if all(values[one] < values[other] for one, other in pairwise(run)):
                yield run


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=9))
def test_the_fewest_are_out_of_order(given: list[tuple[int, bool]]) -> None:
    """As many as can be stay, and of those as many preferred ones as can be; what gives way rises with them."""
    values, preferred = [value for value, _ in given], [liked for _, liked in given]
    kept = sorted(longest_run(values, preferred))
    longest = next(rising_runs(values))
    most = max(sum(preferred[at] for at in run) for run in rising_runs(values) if len(run) == len(longest))
    assert (len(kept), sum(preferred[at] for at in kept)) == (len(longest), most)
    assert all(values[one] < values[other] for one, other in pairwise(kept))
    assert sorted([*kept, *strays(values, preferred)]) == list(range(len(values)))
    found = dict(Series([], values, preferred).out_of_order())
    assert sorted(found) == strays(values, preferred)
    rising = [free for at in range(len(values)) if (free := found.get(at, values[at])) or at not in found]
    assert all(one < other for one, other in pairwise(rising))
