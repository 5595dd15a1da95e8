"""Formatting on specs made at random: once is enough, nothing gets worse, and all that is not ours stays as it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_features_robust import documents, is_inside, templates
from test_fix_oracle import EXAMPLES, applied, line_ends, pieces_of, random_spec

from spec_ls.features.format import format_edits, typed
from spec_ls.outline.inline import skeleton
from spec_ls.spec import Spec
from spec_ls.template.model import Template
from spec_ls.text import Edit, Point, Span
from spec_ls.workspace import Document

SOME = settings(max_examples=int(EXAMPLES or 60), deadline=None, suppress_health_check=list(HealthCheck))
WIDE = ["漢字", "e\u0301\u0323", "👩🏽‍🚀", "🏳️‍🌈", "a\tb", "α±", "`a\\|b`", "\u00a0", "\u200b", "ｱ", "\\", "[x](y)", ""]
"""Cells that take more or fewer columns than they have letters, or that have bars in them."""

OF_BOXES = ("unsigned-approval", "unticked-check", "unfinished-work")


def untidy(source: str, random: Random) -> str:
    """A spec with its table, boxes and bullets written by several hands."""
    lines = re.split("(\r\n|\r|\n)", source)
    for at in range(0, len(lines), 2):
        line = lines[at]
        if line.startswith("|") and random.random() < 0.5:
            cells = line.strip("|").split("|")
            if random.random() < 0.3 and "--" not in line:
                cells[-1] = f" {random.choice(WIDE)}{cells[-1]}"
            pad = random.choice(["", " ", "  ", "\t"])
            line = "|".join(pad + cell.strip() + pad for cell in cells)
            lines[at] = random.choice(["|", "| ", " |"]) + line + random.choice(["|", " |", "|  "])
        elif re.match(r"\s*[-*+] \[[ xX]\]", line):
            line = re.sub(r"[-*+]", random.choice("-*+"), line, count=1)
            lines[at] = re.sub(r"\[.\]", random.choice(["[ ]", "[x]", "[X]", "[]"]), line, count=1)
        elif re.match(r"#+ .*[0-9]", line) and random.random() < 0.2:
            lines[at] = re.sub(r"[0-9]+", str(random.randrange(12)), line, count=1)
    return "".join(lines)


@st.composite
def specs(draw: st.DrawFn) -> str:
    random = Random(draw(st.integers(0, 2**32)))
    return untidy(random_spec(random, draw(st.integers(0, 3))), random)


def bare(line: str) -> str:
    """A line without what formatting may change in it: the blanks and dashes of a row, a bullet, a box, a number."""
    if "|" in line:
        return (
            re.sub(r"[ \t]*\|[ \t]*", "|", re.sub(r"-+", "-", line))
            if re.fullmatch(r"[ \t|:-]+", line)
            else re.sub(r"[ \t]*\|[ \t]*", "|", line)
        )
    line = re.sub(r"^(\s*(?:[-*+]|[0-9]+[.)])\s+)+", lambda found: re.sub("[-*+]", "-", found[0]), line)
    line = re.sub(r"\[\s*[xX]?\]", lambda found: found[0].replace(" ", "").lower(), line, count=1)
    return re.sub(r"[0-9]+", "0", line) if re.match(r"\s*#|\s{0,3}\S.*", line) else line


def findings(document: Document) -> Counter[str]:
    """How many findings of each rule, at the stage that is strictest."""
    return Counter(problem.rule for problem in document.problems("approved"))


def titles(spec: Spec) -> list[tuple[int, str]]:
    """The headings by level and words."""
    headings = [piece.section.heading for piece in spec.pieces]
    return [(one.level, re.sub("[0-9]+", "0", skeleton(one.title))) for one in headings if one is not None]


def formatted(source: str, edits: Sequence[Edit]) -> str:
    return applied(source, pieces_of(source, edits))


@SOME
@given(specs())
def test_formatting_is_done_once_and_nothing_gets_worse(source: str) -> None:
    document = Document(source)
    result = formatted(source, format_edits(document.spec))
    after = Document(result)
    assert format_edits(after.spec) == []
    assert line_ends(result) == line_ends(source)
    old, new = re.split("\r\n|\r|\n", source), re.split("\r\n|\r|\n", result)
    assert list(map(bare, new)) == list(map(bare, old))
    assert titles(after.spec) == titles(document.spec)
    assert after.decision == document.decision
    old_findings, new_findings = findings(document), findings(after)
    worse = new_findings - old_findings
    # A box is seen to be unticked once it is one: `[]` was no box, which was a finding of its own.
    assert not worse - Counter({rule: worse[rule] for rule in OF_BOXES}), worse
    assert new_findings.total() <= old_findings.total()


@SOME
@given(specs(), st.data())
def test_a_range_is_formatted_as_far_as_it_goes(source: str, data: st.DataObject) -> None:
    spec = Document(source).spec
    lines = sorted(data.draw(st.lists(st.integers(0, len(spec.text.lines) - 1), min_size=2, max_size=2)))
    first, last = (Point(line, data.draw(st.integers(0, len(spec.text.content(line))))) for line in lines)
    span = Span(*min(first, last), *max(first, last))
    edits = format_edits(spec, span)
    assert all(span.first <= edit.span.first and edit.span.last <= span.last for edit in edits)
    assert set(edits) <= set(format_edits(spec))
    result = Document(formatted(source, edits))
    assert findings(result).total() <= findings(Document(source)).total()


@SOME
@given(documents(), templates(), st.data())
def test_any_text_is_formatted_inside_its_lines(source: str, template: Template, data: st.DataObject) -> None:
    document = Document(source, template)
    spec = document.spec
    line = data.draw(st.integers(0, len(spec.text.lines) - 1))
    point = Point(line, data.draw(st.integers(0, len(spec.text.content(line)))))
    for edits in (format_edits(spec), typed(spec, point, "\n"), typed(spec, point, "|"), typed(spec, point, "x")):
        assert all(is_inside(spec.text, edit.span) for edit in edits)
        pieces_of(source, edits)
    result = formatted(source, format_edits(spec))
    assert not format_edits(Document(result, template).spec)
