"""Features on any text at any point: they never raise, and every range they give lies inside the document."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spec_ls.catalogue import Catalogue, card
from spec_ls.features import Person, Surroundings
from spec_ls.features.actions import actions
from spec_ls.features.completion import complete, documentation
from spec_ls.features.folding import folds
from spec_ls.features.hover import hover
from spec_ls.features.lenses import lenses, words
from spec_ls.features.linked import linked
from spec_ls.features.navigation import declarations, definitions, references
from spec_ls.features.refactor import refactorings
from spec_ls.features.selection import selections
from spec_ls.features.suppress import suppressions
from spec_ls.features.symbols import Symbol, symbols
from spec_ls.features.tokens import tokens
from spec_ls.template import builtin
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.text import Edit, Point, Span, Text, apply_edits
from spec_ls.workspace import Document

BASES = sorted((Path(__file__).parent / "cases" / "bases").glob("*.md"))
AROUND = Surroundings(
    today=date(2026, 3, 2),
    me="@mira",
    people=(Person("@ines", "CODEOWNERS"), Person("@org/platform", "CODEOWNERS"), Person("@Ärger_火", "git")),
    ids=frozenset({"SPEC-007", "spec-12", "SPEC-", "SPEC-x1", "RFC-99999999999999999999999"}),
    catalogue=Catalogue(card(Document(path.read_text("utf-8")).spec, str(path)) for path in BASES),
)
SEED = builtin().source.replace("\r", "").split("\n")
ODD = [
    "",
    "",
    "   ",
    "\t",
    "#",
    "##",
    "## ",
    "### ",
    "##Te",
    "## Te",
    "## 4. Tech",
    "# ",
    "####### x",
    "## 🚀 Rollout Plan ##",
    "#\u3000x",
    "### Story",
    "### Story 2: ...",
    "Setext",
    "---",
    "===",
    "-",
    "- ",
    "- R",
    "* **Run",
    "- [ ] PII",
    "-  [x] x",
    "1. a",
    "    - b",
    "  - [ ] Error case: ...",
    "|",
    "| ",
    "| Ow",
    "| **Ow | @x |",
    "| **Owner** |",
    "| **Status** | Dr",
    "| **Status** |  |",
    "| **Status** | `Review` |",
    "|---|",
    "| **Target Date** | 2026-09-31 |",
    "| a \\| b | c | d |",
    "Status: Draft",
    "**Owner**: @mira",
    "- **Status**: Review",
    "**Acc",
    "**Acceptance Criteria:**",
    "```",
    "~~~~",
    "> quote @x",
    "<!--",
    "-->",
    "<!-- x --> @y",
    "text @",
    "text @mi, 2026-03-09 and https://x.example/@y",
    "`@x",
    "$0 ${1:x} \\",
    "\ufeff# Title",
    "---\ntitle: x\n---",
    "---",
    "owner: @x",
    'approvers: ["@x", @y',
    "  - '@m",
    "status: Dr",
    "see SP and spec-1",
    "- **Services**: a, 𝔸, `ma",
    "- **Feature Flags**: `x`, `in`, sh",
    "\u2028@x\x85y\x0c",
    "𝔘𝔫𝔦 @Ünï/code. 0001-01-01 9999-12-31",
    "[a]: b",
    "<div>",
    "\0",
]
ENDS = ["\n", "\n", "\n", "\r\n", "\r"]


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            start = draw(st.integers(0, len(SEED) - 1))
            lines += SEED[start : start + draw(st.integers(1, 40))]
        else:
            lines += draw(st.lists(st.sampled_from(ODD), max_size=5))
    if draw(st.booleans()):
        lines = SEED[: draw(st.integers(0, len(SEED)))] + lines
    return draw(st.sampled_from(ENDS)).join(lines)


@st.composite
def templates(draw: st.DrawFn) -> Template:
    """The built-in template, or what any Markdown means as one."""
    return builtin() if draw(st.integers(0, 3)) else read_template(draw(documents()), "odd")


def is_inside(text: Text, span: Span) -> bool:
    if not Point(0, 0) <= span.first <= span.last <= text.end:
        return False
    return all(point.offset <= len(text.content(point.line)) for point in (span.first, span.last))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), templates(), st.data())
def test_features_never_raise_and_stay_inside(source: str, template: Template, data: st.DataObject) -> None:
    document = Document(source, template)
    text, spec = document.text, document.spec
    problems = document.problems()
    for lens in lenses(spec, AROUND.catalogue):
        said = words(spec, lens.kind, lens.goal, document.problems, AROUND.catalogue)
        assert said and "\n" not in said and is_inside(text, lens.span)
    for _ in range(6):
        line = data.draw(st.integers(0, len(text.lines) - 1))
        point = Point(line, data.draw(st.integers(0, len(text.content(line)))))
        snippets = data.draw(st.booleans())
        for one in complete(spec, point, AROUND, snippets):
            span = one.edit.span
            assert one.label and one.filter_text and one.sort_text
            assert is_inside(text, span) and span.start_line == span.end_line == line
            assert span.start <= point.offset <= span.end
            assert snippets or not one.snippet
            assert not one.about or documentation(spec, one.about, AROUND.catalogue) or one.about[0] == "person"
            result = apply_edits(source, [one.edit])
            assert result.count("\r") == 0 or "\r" in source
        told = hover(spec, point, AROUND, document.problems)
        assert told is None or (told.markdown.strip() and is_inside(text, told.span))
        together = linked(spec, point)
        if together is not None:
            typed_once = {text.slice(one) for one in together.spans}
            assert len(typed_once) == 1 < len(together.spans) and any(one.holds(point) for one in together.spans)
            assert all(re.fullmatch(together.pattern, word) for word in typed_once)
        mentions = card(spec, "/x.md", ["RFC-"]).mentions
        for target in (*definitions(spec, point, mentions, AROUND.catalogue), *declarations(spec, point)):
            assert is_inside(text, target.source)
            assert target.kind != "template" or is_inside(Text(template.source), target.span)
        for reference in references(spec, point, mentions, AROUND.catalogue):
            assert reference.card in AROUND.catalogue.cards
        other = Point(line, data.draw(st.integers(0, len(text.content(line)))))
        span = Span(*min(point, other), *max(point, other))
        offered = [*actions(spec, problems, span, AROUND), *suppressions(spec, problems, span)]
        for action in [*offered, *refactorings(spec, span, AROUND)]:
            assert action.title and action.edits
            assert all(is_inside(text, edit.span) for edit in action.edits)
            assert apply_edits(source, action.edits) != source


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_symbols_lie_inside_each_other(source: str) -> None:
    document = Document(source, builtin())

    def check(found: tuple[Symbol, ...], outer: Span) -> None:
        for symbol in found:
            assert symbol.name.strip()
            assert is_inside(document.text, symbol.span)
            assert outer.first <= symbol.span.first <= symbol.span.last <= outer.last
            assert symbol.span.first <= symbol.selection.first <= symbol.selection.last <= symbol.span.last
            check(symbol.children, symbol.span)

    check(tuple(symbols(document.spec)), Span(0, 0, *document.text.end))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), templates(), st.integers(0, 6))
def test_folds_lie_inside_each_other(source: str, template: Template, most: int) -> None:
    spec = Document(source, template).spec
    found = folds(spec)
    outer = []
    for fold in found:
        assert 0 <= fold.line < fold.last < len(spec.text.lines)
        assert spec.text.lines[fold.last].strip()
        while outer and outer[-1].last < fold.line:
            outer.pop()
        assert not outer or fold.last <= outer[-1].last
        outer.append(fold)
    assert len({(fold.line, fold.last) for fold in found}) == len(found)
    lines = [fold.line for fold in folds(spec, lines_only=True)]
    assert lines == sorted({fold.line for fold in found})
    kept = folds(spec, most=most)
    assert len(kept) == min(most, len(found)) and kept == [fold for fold in found if fold in kept]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), templates(), st.data())
def test_a_selection_grows_to_the_whole_document(source: str, template: Template, data: st.DataObject) -> None:
    spec = Document(source, template).spec
    text = spec.text
    lines = data.draw(st.lists(st.integers(0, len(text.lines) - 1), max_size=8))
    points = [Point(line, data.draw(st.integers(0, len(text.content(line))))) for line in lines]
    found = selections(spec, points)
    assert len(found) == len(points)
    for point, spans in zip(points, found, strict=True):
        assert all(is_inside(text, span) and span.holds(point) for span in spans)
        assert spans[-1] == Span(0, 0, *text.end)
        for inner, outer in pairwise(spans):
            assert outer != inner and outer.first <= inner.first and inner.last <= outer.last


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), templates())
def test_tokens_are_words_side_by_side(source: str, template: Template) -> None:
    document = Document(source, template)
    found = tokens(document.spec, card(document.spec, "").mentions, document.judge.findings())
    assert all(is_inside(document.text, one.span) and one.span.start_line == one.span.end_line for one in found)
    assert all(words == words.strip() != "" for words in (document.text.slice(one.span) for one in found))
    assert all(one.span.last <= other.span.first for one, other in pairwise(found))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), templates(), st.data())
def test_plain_and_snippet_say_the_same(source: str, template: Template, data: st.DataObject) -> None:
    spec = Document(source, template).spec
    line = data.draw(st.integers(0, len(spec.text.lines) - 1))
    point = Point(line, len(spec.text.content(line)))
    plain = {one.label: one for one in complete(spec, point, AROUND, False)}
    for one in complete(spec, point, AROUND, True):
        if one.snippet and one.kind == "item":
            assert expanded(one.edit) == plain[one.label].edit.new_text


def expanded(edit: Edit) -> str:
    """What a client makes of a snippet without nested placeholders."""
    text = re.sub(r"\$\{[0-9]+:((?:[^\\}]|\\.)*)\}|\$[0-9]", lambda found: found[1] or "", edit.new_text)
    return re.sub(r"\\([\\$}])", r"\1", text)
