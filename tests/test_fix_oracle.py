"""Every fix of every finding, on specs made at random, does what it says and nothing else.

Applied alone: the finding is gone; outside the text that the fix put in nothing new of error severity appears; sections
that it does not touch are byte for byte the same; line ends are the document's. All that are certain together come to
an end. Edits are applied by a function of this test, not by that of the server.

The examples are always the same ones, unless `SPEC_LS_EXAMPLES` asks for a number of others, as `make soak` does.
"""

from __future__ import annotations

import json
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

import pytest
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

EXAMPLES = os.environ.get("SPEC_LS_EXAMPLES")
MANY = settings(
    max_examples=int(EXAMPLES or 300),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
BASES = [
    file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for file in sorted((Path(__file__).parent / "cases" / "bases").glob("*.md"))
]
AROUND = Surroundings(date(2026, 3, 2))
MOST_ROUNDS = 8
OF_ORDER = ("misplaced-section", "misnumbered-section")
BEHIND = {
    "malformed-heading": OF_ORDER,
    "misnamed-section": OF_ORDER,
    "wrong-level": OF_ORDER,
    "misplaced-section": ("misnumbered-section",),
}
"""A heading has one finding at a time: once it is read, its place is looked at, and once that is right, its number."""
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
    "===",
    "## Goals ##",
    "- Owner: @mira",
    "**Status**: Draft",
    "target_date: 2026-04-31",
    "1. [ ] PII review completed?",
    "  - [ ] Audit logs implemented?",
    "    - deeper",
    "\t- [ ] tabbed",
    "1. one",
    "> quoted",
    "    code",
    "| Field | Type |",
    "| :--- | :--- |",
    "<div>",
    "**Acceptance Criteria:**",
    "- **Acceptance Criteria:**",
    "#### Acceptance Criteria",
    "N/A",
]
"""Lines typed in place of others."""
ALLOWED = [
    "<!-- spec-ls: allow empty-section -->",
    "<!-- spec-ls: allow missing-item, missing-sektion -->",
    "<!-- spec-ls: allow missing-section in file; allow sample-text: later -->",
    "Words. <!-- spec-ls: allow leftover-guidance -->",
]


# --- specs with faults ------------------------------------------------------------------------


ROW = re.compile(r"\| \*\*(.+?)\*\* \| (.*?) \|$")
HEADING = re.compile(r"(#+) (.*)")
NUMBER = re.compile(r"(#+ )([0-9]+)\. ")


def carried(lines: Sequence[str], random: Random) -> list[str]:
    """The lines with their metadata table as front matter, a list, labelled lines or an aligned table."""
    rows = [(found[1], found[2]) for found in map(ROW.match, lines) if found]
    rest = [line for line in lines if not line.startswith("|")] if rows else list(lines)
    kind = random.randrange(5)
    if not rows:
        return rest
    if kind == 0:
        values = [(re.sub(r"\W+", "_", name.lower()), value.strip("`")) for name, value in rows]
        return ["---", *(f"{key}: {json.dumps(value)}" for key, value in values), "---", "", *rest]
    if kind == 1:
        made = [f"- **{name}**: {value}" for name, value in rows]
    elif kind == 2:
        made = [f"* {name}: {value}" for name, value in rows]
    elif kind == 3:
        mark = random.choice(["", "  ", "\\"])
        made = [f"**{name}**: {value}{mark}" for name, value in rows]
    else:
        wide = max(len(value) for _, value in rows)
        made = [f"| {'Field':<15} | {'Value':<{wide}} |", f"|{'-' * 17}|{'-' * (wide + 2)}|"]
        made += [f"| {name:<15} | {value:<{wide}} |" for name, value in rows]
    return [rest[0], "", *made, *rest[1:]]


def heading_lines(lines: Sequence[str]) -> list[int]:
    """The positions of the headings outside fences."""
    fenced, found = False, []
    for at, line in enumerate(lines):
        fenced ^= line.startswith("```")
        if not fenced and HEADING.match(line):
            found.append(at)
    return found


def dressed(source: Sequence[str], random: Random) -> list[str]:
    """The lines of a spec as other authors would write them: another carrier, level, numbering, bullet or spacing."""
    lines = carried(source, random) if random.random() < 0.5 else list(source)
    kind = random.randrange(12)
    headings = heading_lines(lines)
    if kind == 0:
        for at in headings:
            lines[at] = "#" + lines[at]
    elif kind == 1:
        for at in headings:
            lines[at] = NUMBER.sub(random.choice([r"\1", r"\1\2) "]), lines[at])
    elif kind == 2:
        lines = [re.sub(r"^(\s*)- ", rf"\1{random.choice('*+')} ", line) for line in lines]
    elif kind == 3:
        for at in reversed(headings):
            level, title = len(lines[at].split(" ")[0]), lines[at].split(" ", 1)[1]
            if level <= 2 and random.random() < 0.7:
                lines[at : at + 1] = [title, ("=" if level == 1 else "-") * random.choice([3, len(title)])]
    elif kind == 4:
        for at in reversed(headings):
            lines.insert(at + 1, "")
    elif kind == 5:
        lines = [line for at, line in enumerate(lines) if line or not at]
    elif kind == 6:
        lines = [f"{random.choice(['  ', '   '])}{line}" if line.startswith("- ") else line for line in lines]
    elif kind == 7:
        for at in reversed(range(len(lines))):
            if lines[at].startswith("- ") and random.random() < 0.2:
                lines[at + 1 : at + 1] = ["  - nested", "    and wrapped"]
    elif kind == 8:
        for at in reversed(headings):
            if random.random() < 0.3:
                lines[at + 1 : at + 1] = ["| Name | Type |", "| --- | --- |", "| id | int |", ""]
    elif kind == 9:
        lines[0] = "\ufeff" + lines[0]
    elif kind == 10:
        for at in reversed(headings):
            if random.random() < 0.4:
                lines.insert(at + 1, random.choice(ALLOWED))
    return lines


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
    return random_spec(Random(draw(st.integers(0, 2**32))), draw(st.integers(0, 6)))


def random_spec(random: Random, times: int) -> str:
    if random.random() < 0.5:
        lines = random.choice(BASES)
    else:
        lines = make_spec(random.randint(60, 110), random.randrange(10_000)).removesuffix("\n").split("\n")
    end = random.choice(["\n", "\n", "\r\n", "\r"])
    return end.join(mutated(dressed(lines, random), random, times)) + random.choice([end, end, ""])


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


def caused(document: Document, after: Document, stage: Stage, mended: str, put_in: set[int]) -> list[str]:
    """The findings of error severity that a fix brought about outside the lines that it put in.

    Told by rule and words, else by rule and line: a section moved may make its neighbour's words change. What asks
    for what the status demands asks anew when a fix mends the status. Rules about order report the fewest that break
    it: which these are may change, how many must not grow, but by the subsections of a section that is read now.
    """
    before = errors(document, stage)
    words = Counter((one.rule, one.message) for one in before)
    lines = {(one.rule, document.text.content(one.span.start_line)) for one in before}
    filled = {fill.slot.index for fill in document.spec.fills}
    fresh = [fill for fill in after.spec.fills if fill.parent and fill.parent.slot.index not in filled]
    behind = {rule: int(rule in BEHIND.get(mended, ())) for rule in OF_ORDER}
    behind["misplaced-section"] += sum(fill.fault == "misplaced" for fill in fresh)
    same_status = document.spec.state == after.spec.state
    found = []
    for rule in OF_ORDER:
        more = sum(one.rule == rule for one in errors(after, stage)) - sum(one.rule == rule for one in before)
        if more > behind[rule]:
            found.append(f"{more} more of {rule}")
    for one in errors(after, stage):
        if one.span.start_line in put_in or (one.rule in OF_STATUS and not same_status):
            continue
        if one.rule in OF_ORDER:
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
    if problem.rule == "unclosed-block":  # the next opening line that it had swallowed may read the same
        same = [one for one in left if (one.rule, one.span) == (problem.rule, problem.span)]
        gone = not same
    else:
        same = [one for one in left if (one.rule, one.message) == (problem.rule, problem.message)]
        gone = len(same) < sum((one.rule, one.message) == (problem.rule, problem.message) for one in before)
    if not gone:
        yield "leaves its finding"
    if problem.rule != "unclosed-block":  # what it had swallowed has findings of its own
        for one in caused(document, after, stage, problem.rule, inserted(source, pieces)):
            yield f"causes {one}"
    kept = Counter(result[first:last].rstrip("\r\n") for first, last in sections(after, result))
    for first, last in sections(document, source):
        headless = first == 0 and document.spec.pieces[0].section.heading is None  # what goes in above belongs to it
        if not any(
            (piece.start < last and piece.end > first) or first - headless < piece.start <= last for piece in pieces
        ):
            section = source[first:last].rstrip("\r\n")
            if section and not kept[section]:
                yield f"changes a section that it does not touch: {section!r}"
            kept[section] -= 1


def wrong_fixes(source: str, stage: Stage | None = None) -> list[str]:
    """What any fix of any finding does that it must not; at the document's own stage if none is given."""
    document = Document(source)
    stage = stage or document.spec.stage
    wrong = []
    for problem in document.problems(stage):
        for fix in fixes(document.spec, problem.finding):
            what = f"{problem.rule} at line {problem.span.start_line + 1}, {fix.title!r}"
            wrong += [f"{what}: {fault}" for fault in faults(document, problem, fix, stage)]
    return wrong


@MANY
@given(specs(), st.booleans())
def test_a_fix_mends_its_finding_and_nothing_else(source: str, strictly: bool) -> None:
    """At the stage of the document's own status, or at the one that is strictest."""
    wrong = wrong_fixes(source, "approved" if strictly else None)
    assert not wrong, "\n".join(wrong)


ENDING = "## 7. Security & Compliance\n## 8. Review & Sign-off\n"
STORY = "# T\n\n## 3. User Stories & Acceptance Criteria\n### Story 1: As a member, I want x, so that y.\n"
SEEN = {
    "a section goes in front of subsections that belong to the one before": (
        "# T\n\n## 1. Context & Problem Statement\nx\n\n## 2. Goals & Non-Goals\nx\n\n## 4. Technical Design\n"
        "### Architecture & Components\nx\n\n### Goals\n- [ ] g\n\n### API Changes\nx\n\n## 6. Support Plan\nx\n\n"
    ),
    "a section goes behind the heading on the first line instead of before it": (
        "## 2. Goals & Non-Goals\nx\n\n## 3. User Stories & Acceptance Criteria\nx\n\n"
        "## 4. Technical Design\nx\n\n## 5. Rollout Plan\nx\n\n"
    ),
    "a moved section takes subsections that are not its own": (
        "## 1. Context & Problem Statement\n## 2. Goals & Non-Goals\n## 4. Technical Design\n\n"
        "## 3. User Stories & Acceptance Criteria\nx\n### API Changes\n### Story 2: ...\n"
    ),
    "a paragraph behind an inserted list becomes part of the list": STORY + "#Support Plan\n## 4. Technical Design\n",
    "a setext heading behind an inserted list becomes part of the list": STORY + "Support Plan\n---\n",
    "an indented heading behind an inserted list becomes part of the list": STORY + "  ## 4. Technical Design\nx\n\n",
    "a new row is made like a broken one": (
        "| Metadata | Value |\n| :--- | :--- |\n| **Spec ID**   `SPEC-0031` |\n| **Status** | Approved |\n\n"
        "## 1. Context & Problem Statement\n## 2. Goals & Non-Goals\n## 6. Support Plan\n"
    ),
    "a new row goes in above the head of the table": (
        "| **Owner** | @rui |\n| :--- | :--- |\n\n## 1. Context & Problem Statement\n## 2. Goals & Non-Goals\n"
    ),
    "a section behind a misspelt one is told to move where it stands": (
        "# T\n\n## 3. User Stories & Acceptance Criteria\n## 4. Technical Design\n"
        "## 1. Context & P oblem Statement\n## 2. Goals & Non-Goals\n"
    ),
    "an indented section moves behind a list that swallows it": (
        "| Metadata | Value |\n| :--- | :--- |\n| **Spec ID** | `SPEC-117` |\n  ## 2. Goals & Non-Goals\n"
        "## 1. Context & Problem Statement\n- [ ] Scheduled exports.\n## 3. User Stories & Acceptance Criteria\n"
    ),
    "a move makes the other of two sections of one title count": (
        "## 3. User Stories & Acceptance Criteria\n## 4. Technical Design\n## 9. Rollout Plan\nx\n"
        "## 2. Goals & Non-Goals\n## 5. Rollout Plan\n\n"
    ),
    "guidance that stands there twice": (
        "*High-level diagram or description.*\n*High-level diagram or description.*\n## 6. Support Plan\n"
    ),
    "a move of what stands below the title takes the title away": (
        "\n## 4. Technical Design\n# T\n| Metadata | Value |\n| :--- | :--- |\n| **Owner** | @ines |\n"
        "### Architecture & Components\n\n"
    ),
    "a moved section takes the metadata below it along": (
        "* Status: Approved\n### API Changes\n* Target Date: 2026-12-01\n## 1. Context & Problem Statement\n"
        "## 2. Goals & Non-Goals\n## 3. User Stories & Acceptance Criteria\n## 4. Technical Design\n\n"
    ),
    "a field goes in above the first labelled line": "**Status**: Draft\n## 2. Goals & Non-Goals\n",
    "metadata is read once the section above it has moved": (
        "## 8. Review & Sign-off\n# T\n- **Owner**: @noor\n- Owner: @mira\n## 5. Rollout Plan\n## 6. Support Plan\n"
    ),
    "a name with two blanks in it is renamed in part": (
        "- **Spec  D**: `SPEC-7413`\n- **Status**: Draft\n- **Owner**: @data\n## 6. Support Plan\n"
    ),
    "a section goes in front of a heading that becomes a part of it": (
        "| **Spec ID** | `SPEC-117` |\n| --- | --- |\n## 1. Context & Problem Statement\n## Goals ##\n### Goals\n"
    ),
    "a section moves in front of a heading that becomes a part of it": (
        "## 2. Goals & Non-Goals\n## 1. Context & Problem Statement\n## Goals ##\n## 4. Technical Design\n"
    ),
    "a row is moved that was the head of its table": (
        "| Metadata | Value |\n| :--- | :--- |\n| **Spec ID** | `SPEC-042` |\n## Rollout\n"
        "| **Target Date** | 2026-01-31 |\n| **Epic/Ticket** | AUTH-9 |\n| :--- | :--- |\n## 4. Technical Design\n"
    ),
    "what stands behind a stray subsection becomes part of its section": (
        "## 4. Technical Design\n### Data Model Changes\n## 5. Rollout Plan\n### Architecture & Components\n"
        "### Data Model Changes\n| id | int |\n\n"
    ),
    "a subsection above the first section of a shifted document was its title": (
        "#### Data Model Changes\n### 1. Context & Problem Statement\n### 2. Goals & Non-Goals\n"
        "### 3. User Stories & Acceptance Criteria\n### 4. Technical Design\n"
    ),
    "a bold title was all that a section said": ("## 5. Rollout Plan\n## 6. Support Plan\n**Technical Design**\n"),
    "a bold title brings a section whose subsections have strayed": (
        "## 3. User Stories & Acceptance Criteria\n### Data Model Changes\nx\n## 5. Rollout Plan\n## 6. Support Plan\n"
        "**Technical Design**\n"
    ),
}
"""Documents that showed a fault of a fix, with `ENDING` behind them so that they are taken for specs."""


@pytest.mark.parametrize("seen", SEEN)
def test_what_was_seen_once(seen: str) -> None:
    wrong = wrong_fixes(SEEN[seen] + ENDING, "approved")
    assert not wrong, "\n".join(wrong)


@MANY
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
