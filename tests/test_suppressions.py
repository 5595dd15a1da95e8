"""Comments that allow a rule: what the editor writes takes its finding back and nothing else, wherever it stands."""

from __future__ import annotations

import os
import time
from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from test_fix_oracle import line_ends, random_spec

from spec_ls.features.suppress import suppressions
from spec_ls.rules.base import Problem
from spec_ls.text import Span, apply_edits
from spec_ls.workspace import Document, Replacement


def told(problems: list[Problem], *but: str) -> Counter[tuple[str, str]]:
    return Counter((one.rule, one.message) for one in problems if one.rule not in but)


@settings(max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "60")), deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 6))
def test_what_is_allowed_is_gone_and_all_else_stays(seed: int, times: int) -> None:
    source = random_spec(Random(seed), times)
    document = Document(source)
    problems = document.problems()
    for problem in problems:
        ways = suppressions(document.spec, problems, problem.span)
        assert {one.kind for one in ways} <= {"quickfix"} and not any(one.preferred for one in ways)
        for action in ways:
            rule = action.problems[0].rule
            allowed = told(list(action.problems))
            after = Document(apply_edits(source, action.edits))
            what = f"{action.title}\n{after.text.source}"
            assert line_ends(after.text.source) <= (line_ends(source) or {"\n"}), what
            found = told(after.problems(), "misnumbered-section")
            assert found == told(problems, "misnumbered-section") - allowed, what
            assert ("here" in action.title) or not any(one == rule for one, _ in found), what


def test_comments_without_end_take_time_in_proportion() -> None:
    """Thousands of directives, each of the same rule, of a rule that there is not, and of nothing."""
    words = ["missing-item", "missing-itme", "", "sample-text in file", "a b c d e f"]
    line = "- [ ] Goal 1 <!-- spec-ls: allow {} --> <!-- spec-ls: allow\n"
    times = []
    for count in (500, 4_000):
        body = "".join(line.format(words[number % len(words)]) for number in range(count))
        source = f"# T\n\n| **Spec ID** | SPEC-001 |\n|---|---|\n| **Status** | Draft |\n\n## 2. Goals\n{body}"
        taken = []
        for _ in range(3):
            begin = time.thread_time()
            assert len(Document(source).problems()) > count
            taken.append(time.thread_time() - begin)
        times.append(min(taken))
    assert times[1] < times[0] * 30, times


def test_a_letter_beside_many_allowances_costs_little() -> None:
    """Allowances are looked at again only where findings have changed: problems stay the same objects."""
    section = "## Note {}\n<!-- spec-ls: allow empty-section -->\nWords.\n\n"
    source = "# T\n\n| **Spec ID** | SPEC-001 |\n|---|---|\n| **Status** | Draft |\n\n" + "".join(
        section.format(number) for number in range(300)
    )
    source += "## Last\nWords.\n"
    document = Document(source)
    before = document.problems()
    assert sum(one.rule == "unused-suppression" for one in before) == 300
    last = len(document.text.lines) - 2
    document.change(Replacement(Span(last, 5, last, 5), "x"))
    assert document.problems() is before
    (line,) = [at for at, text in enumerate(document.text.lines) if text.startswith("## Note 7\n")]
    document.change(Replacement(Span(line + 1, 20, line + 1, 33), "sample-text"))
    after = document.problems()
    assert [one.message for one in before if one not in after] == ["empty-section finds nothing here; take it out."]
    kept = {id(one) for one in before}
    assert sum(id(one) not in kept for one in after) == 1
