"""Every fix of every finding, on specs made at random, does what it says and nothing else.

Applied alone: the finding is gone; outside the text that the fix put in nothing new of error severity appears; sections
that it does not touch are byte for byte the same; line ends are the document's. All that are certain together come to
an end. Edits are applied by a function of this test, not by that of the server.

`SPEC_LS_EXAMPLES` sets the number of examples, as `make soak` does.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specgen import make_spec

from spec_ls.features import Surroundings
from spec_ls.features.actions import actions
from spec_ls.rules import fixes
from spec_ls.rules.base import Fix, Problem
from spec_ls.template.model import Stage
from spec_ls.text import Edit, Span
from spec_ls.workspace import Document

EXAMPLES = int(os.environ.get("SPEC_LS_EXAMPLES", "60"))
BASES = [
    file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for file in sorted((Path(__file__).parent / "cases" / "bases").glob("*.md"))
]
AROUND = Surroundings(date(2026, 3, 2))
MOST_ROUNDS = 8
OF_STATUS = {"unsigned-approval", "unticked-check", "unfinished-work"}
RETYPED = [
    "",
    "## ",
    "## Rollout",
    "## 9. Rollout Plan",
    "### 3. User Stories",
    "#Support Plan",
    "**Technical Design**",
    "### Story 2: ...",
    "### Story 7",
    "| **Status** | draft |",
    "| **Owner** |  |",
    "| **Target Date** | 3/4/2026 |",
    "| Approvers | mira, @jonas |",
    "- **Cohorts**: Internal -> Beta -> GA",
    "- [ ]",
    "* [x] Product Approval",
    "*How do we ship this safely?*",
    "```",
    "<!--",
    "---",
    "Support Plan",
    "plain words 🚀",
]
"""Lines typed in place of others."""


# --- specs with faults ------------------------------------------------------------------------


def mutated(source: Sequence[str], random: Random, times: int) -> list[str]:
    """Lines with some deleted, doubled, moved, retyped or misspelt; sometimes a whole run of them."""
    lines = list(source)
    for _ in range(times):
        if not lines:
            break
        at = random.randrange(len(lines))
        count = random.choice([1, 1, 1, 2, 5, 12])
        run = lines[at : at + count]
        kind = random.randrange(7)
        if kind == 0:
            del lines[at : at + count]
        elif kind == 1:
            lines[at:at] = run
        elif kind == 2:
            del lines[at : at + count]
            to = random.randint(0, len(lines))
            lines[to:to] = run
        elif kind == 3:
            lines[at] = random.choice(RETYPED)
        elif kind == 4:
            lines.insert(at, random.choice(RETYPED))
        elif kind == 5 and lines[at]:
            letter = random.randrange(len(lines[at]))
            lines[at] = lines[at][:letter] + random.choice(["", "x", "#", " ", "*"]) + lines[at][letter + 1 :]
        else:
            lines[at] = random.choice([lines[at].upper(), lines[at].strip("#*- "), "  " + lines[at]])
    return lines


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A generated or a valid spec with up to six mutations, and line ends of one kind, with or without the last."""
    seed, times = draw(st.integers(0, 2**32)), draw(st.integers(0, 6))
    random = Random(seed)
    if draw(st.booleans()):
        lines = random.choice(BASES)
    else:
        lines = make_spec(random.randint(60, 110), random.randrange(10_000)).removesuffix("\n").split("\n")
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return end.join(mutated(lines, random, times)) + draw(st.sampled_from([end, end, ""]))


# --- what a fix may do ------------------------------------------------------------------------


class Piece(NamedTuple):
    """Text that an edit takes out, as offsets into the whole, and what goes in."""

    start: int
    end: int
    new_text: str


def starts_of(source: str) -> list[int]:
    """Where each line starts: behind every CRLF, LF and CR."""
    return [0, *(found.end() for found in re.finditer("\r\n|\r|\n", source))]


def pieces_of(source: str, edits: Sequence[Edit]) -> list[Piece]:
    """The edits in the order of the text; they lie inside it, not inside a line end, and do not overlap."""
    starts = starts_of(source)
    found = []
    for edit in edits:
        start_line, start, end_line, end = edit.span
        assert 0 <= start_line <= end_line < len(starts), f"outside the document: {edit}"
        for line, offset in ((start_line, start), (end_line, end)):
            stop = starts[line + 1] if line + 1 < len(starts) else len(source)
            content = source[starts[line] : stop].rstrip("\r\n")
            assert 0 <= offset <= len(content), f"outside its line: {edit}"
        found.append(Piece(starts[start_line] + start, starts[end_line] + end, edit.new_text))
    found.sort(key=lambda piece: (piece.start, piece.end))
    for one, other in pairwise(found):
        assert one.end <= other.start, f"edits overlap: {edits}"
    return found


def applied(source: str, pieces: Sequence[Piece]) -> str:
    for piece in reversed(pieces):
        source = source[: piece.start] + piece.new_text + source[piece.end :]
    return source


def inserted(source: str, pieces: Sequence[Piece]) -> set[int]:
    """The lines of the result that hold text of the edits."""
    result = applied(source, pieces)
    starts, lines, shift = starts_of(result), set(), 0
    for piece in pieces:
        first, last = piece.start + shift, piece.start + shift + len(piece.new_text)
        stop = bisect_right(starts, last)
        if piece.new_text.endswith(("\n", "\r")) and starts[stop - 1] == last:
            stop -= 1  # the line behind it is not of this edit
        lines.update(range(bisect_right(starts, first) - 1, stop))
        shift += len(piece.new_text) - (piece.end - piece.start)
    return lines


def sections(document: Document, source: str) -> Iterator[tuple[int, int]]:
    """Every section, subsections apart, as offsets; text above the first heading is one."""
    starts = [*starts_of(source), len(source)]
    spec = document.spec
    headings = [(at, piece.section.heading) for at, piece in enumerate(spec.pieces)]
    lines = sorted({0, *(spec.base(at) + heading.line for at, heading in headings if heading)})
    for first, last in zip(lines, [*lines[1:], len(starts) - 1], strict=True):
        yield starts[first], starts[last]


def line_ends(source: str) -> set[str]:
    return set(re.findall("\r\n|\r|\n", source))


def errors(document: Document, stage: Stage) -> list[Problem]:
    return [problem for problem in document.problems(stage) if problem.severity == "error"]


def caused(document: Document, after: Document, stage: Stage, put_in: set[int]) -> list[str]:
    """The findings of error severity that a fix brought about outside the lines that it put in.

    Told by rule and words, else by rule and line: a section moved may make its neighbour's words change. What asks
    for what the status demands asks anew when a fix mends the status.
    """
    before = errors(document, stage)
    words = Counter((one.rule, one.message) for one in before)
    lines = {(one.rule, document.text.content(one.span.start_line)) for one in before}
    same_status = document.spec.state == after.spec.state
    found = []
    for one in errors(after, stage):
        if one.span.start_line in put_in or (one.rule in OF_STATUS and not same_status):
            continue
        if words[one.rule, one.message]:
            words[one.rule, one.message] -= 1
        elif (one.rule, after.text.content(one.span.start_line)) not in lines:
            found.append(f"{one.rule} ({one.message})")
    return found


def faults(document: Document, problem: Problem, fix: Fix, stage: Stage) -> Iterator[str]:
    """What a fix does that it must not. Weights are those of one stage: a mended status brings its own demands."""
    source = document.text.source
    pieces = pieces_of(source, fix.edits)
    result = applied(source, pieces)
    if result == source:
        yield "changes nothing"
        return
    if not line_ends(result) <= (line_ends(source) or {"\n"}):
        yield "brings in other line ends"
    after = Document(result)
    if not after.decision.is_spec:
        yield "makes the document no spec any more"
        return
    before, left = document.problems(stage), after.problems(stage)
    same = (problem.rule, problem.message)
    if sum(same == (one.rule, one.message) for one in left) >= sum(same == (one.rule, one.message) for one in before):
        yield "leaves its finding"
    if problem.rule != "unclosed-block":  # what it had swallowed has findings of its own
        for one in caused(document, after, stage, inserted(source, pieces)):
            yield f"causes {one}"
    kept = Counter(result[first:last].rstrip("\r\n") for first, last in sections(after, result))
    for first, last in sections(document, source):
        if not any((piece.start < last and piece.end > first) or first < piece.start <= last for piece in pieces):
            section = source[first:last].rstrip("\r\n")
            if not kept[section]:
                yield f"changes a section that it does not touch: {section!r}"
            kept[section] -= 1


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs(), st.booleans())
def test_a_fix_mends_its_finding_and_nothing_else(source: str, strictly: bool) -> None:
    """At the stage of the document's own status, or at the one that is strictest."""
    document = Document(source)
    stage: Stage = "approved" if strictly else document.spec.stage
    wrong = []
    for problem in document.problems(stage):
        for fix in fixes(document.spec, problem.finding):
            what = f"{problem.rule} at line {problem.span.start_line + 1}, {fix.title!r}"
            wrong += [f"{what}: {fault}" for fault in faults(document, problem, fix, stage)]
    assert not wrong, "\n".join(wrong)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
def test_fixing_all_comes_to_an_end(source: str) -> None:
    for _ in range(MOST_ROUNDS):
        document = Document(source)
        ends = line_ends(source) or {"\n"}
        offered = actions(document.spec, document.problems(), Span(0, 0, 0, 0), AROUND, ["source.fixAll"])
        if not offered:
            return
        result = applied(source, pieces_of(source, offered[0].edits))
        assert result != source and line_ends(result) <= ends
        source = result
    raise AssertionError(f"still to fix: {[problem.message for problem in offered[0].problems]}")
