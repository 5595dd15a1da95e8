"""Samples that templates show, and values and sections that authors write for them: right ones are left alone, wrong
ones are told."""

from __future__ import annotations

import pytest

from spec_ls.template.read import read_template
from spec_ls.workspace import Document

FIELDS = [
    ("**Status**: Proposed (other options: Accepted, Rejected)\n**Owner**: @x", "**Status**: Accepted\n**Owner**: @y"),
    (
        "**Status:** [ ] Draft [ ] Review [ ] Done\n**Owner:** @x",
        "**Status:** [ ] Draft [x] Review [ ] Done\n**Owner:** @y",
    ),
    ("**Status:** ☐ Draft ☐ Review ☐ Done\n**Owner:** @x", "**Status:** ☐ Draft ☑ Review ☐ Done\n**Owner:** @y"),
    (
        "| Status | Draft<br>Review<br>Done |\n|---|---|\n| Owner | @x |",
        "| Status | Review |\n|---|---|\n| Owner | @y |",
    ),
    ("- Status: Draft <!-- Draft, Review, Done -->\n- Owner: @x", "- Status: Done\n- Owner: @y"),
    ("- Status: `Draft` / `Review`\n- Owner: @x", "- Status: `Review`\n- Owner: @y"),
    ('- Status: "Draft" | "Review"\n- Owner: @x', "- Status: Review\n- Owner: @y"),
    ("- Status: {Draft|Review}\n- Owner: @x", "- Status: Review\n- Owner: @y"),
    ("- Status: <Draft | Review>\n- Owner: @x", "- Status: Review\n- Owner: @y"),
    ("- Status: \\<Draft \\| Review\\>\n- Owner: @x", "- Status: Review\n- Owner: @y"),
    ("- Status: Draft (Draft, Review, Done)\n- Owner: @x", "- Status: Done\n- Owner: @y"),
    ("- Status: Draft, Review or Done\n- Owner: @x", "- Status: Done\n- Owner: @y"),
    ("- Status: one of Draft, Review, Done\n- Owner: @x", "- Status: Done\n- Owner: @y"),
    ("- Status: Choose one: Draft; Review; Done\n- Owner: @x", "- Status: Done\n- Owner: @y"),
    ("- Date: DD/MM/YYYY\n- Owner: @x", "- Date: 03/04/2024\n- Owner: @y"),
    ("- Date: YYYY/MM/DD\n- Owner: @x", "- Date: 2024/03/04\n- Owner: @y"),
    ("- Date: 2024-01-01\n- Owner: @x", "- Date: 2024-02-01\n- Owner: @y"),
    ("- Date: Month DD, YYYY\n- Owner: @x", "- Date: March 4, 2024\n- Owner: @y"),
    ("- Date: <!-- YYYY-MM-DD -->\n- Owner: @x", "- Date: 2024-03-04\n- Owner: @y"),
    ("- Owner: <name> (<email>)\n- Status: A / B", "- Owner: Mira (m@x.y)\n- Status: A"),
    ("- Owner: @github-handle\n- Status: A / B", "- Owner: [@mira](x)\n- Status: A"),
    ("- Owner: Name (@handle)\n- Status: A / B", "- Owner: Mira Kern (@mira)\n- Status: A"),
    (
        "- Owner: [@handle](https://github.com/handle)\n- Status: A / B",
        "- Owner: [@mira](https://github.com/mira)\n- Status: A",
    ),
    ("- Authors: @a, @b, ...\n- Status: A / B", "- Authors: @mira\n- Status: A"),
    ("- Authors: @a (lead), @b\n- Status: A / B", "- Authors: @mira (lead), @jo\n- Status: A"),
    ("- Version: 0.1\n- Status: A / B", "- Version: 1.2\n- Status: A"),
    ("- Version: 0.1\n- Status: A / B", "- Version: 0.1\n- Status: A"),
    ("- Issue: #1234\n- Status: A / B", "- Issue: #77\n- Status: A"),
    (
        "- Issue: <https://github.com/org/repo/issues/NNN>\n- Status: A / B",
        "- Issue: <https://github.com/org/repo/issues/17>\n- Status: A",
    ),
    ("- Issue: [#NNN](https://x/NNN)\n- Status: A / B", "- Issue: [#17](https://x/17)\n- Status: A"),
    ("- Priority: P0 / P1 / P2\n- Status: A / B", "- Priority: P1\n- Status: A"),
    ("- Tags: tag1, tag2\n- Status: A / B", "- Tags: api, db\n- Status: A"),
    ("- ID: RFC-YYYY-NNN\n- Status: A / B", "- ID: RFC-2024-017\n- Status: A"),
    ("- ID: 0000\n- Status: A / B", "- ID: 0042\n- Status: A"),
    ("- Review by: YYYY-MM-DD HH:MM\n- Status: A / B", "- Review by: 2024-03-04 12:00\n- Status: A"),
    ("- Quarter: Q1 2024\n- Status: A / B", "- Quarter: Q3 2025\n- Status: A"),
]
"""What carries the metadata of a template, and of a document of it."""
SECTIONS = [
    ("## Summary (1-2 paragraphs)\n\n## Design\n", "## Summary\n\nx\n\n## Design\n\ny\n"),
    ("## Summary - one paragraph\n\n## Design\n", "## Summary\n\nx\n\n## Design\n\ny\n"),
    ("## Summary: one paragraph\n\n## Design\n", "## Summary\n\nx\n\n## Design\n\ny\n"),
    ("## Summary *\n\n## Design (required)\n", "## Summary\n\nx\n\n## Design\n\ny\n"),
    (
        "## Option 1: [name]\n\n### Pros\n\n### Cons\n\n## Option 2: [name]\n\n### Pros\n\n### Cons\n",
        "## Option 1: door\n\nx\n\n### Pros\n\ny\n\n### Cons\n\nz\n\n## Option 2: wall\n\nx\n\n### Pros\n\n"
        "y\n\n### Cons\n\nz\n",
    ),
    ("## Option A\n\n## Option B\n", "## Option A: door\n\nx\n\n## Option B: wall\n\ny\n\n## Option C\n\nz\n"),
    ("## Design\n\n```mermaid\ngraph TD\nA-->B\n```\n", "## Design\n\n```mermaid\ngraph TD\nA-->C\n```\n"),
    (
        "## Risks\n\n| Risk | Impact |\n|---|---|\n| | |\n",
        "## Risks\n\n| Risk | Impact |\n|---|---|\n| fire | high |\n",
    ),
    (
        "## Risks\n\n| Risk | Impact |\n|---|---|\n| Example risk | High/Med/Low |\n",
        "## Risks\n\n| Risk | Impact |\n|---|---|\n| fire | High |\n",
    ),
    (
        "## Goals & Non-goals\n\n**Goals**\n\n- goal 1\n\n**Non-goals**\n\n- non-goal 1\n",
        "## Goals & Non-goals\n\n**Goals**\n\n- a\n\n**Non-goals**\n\n- b\n",
    ),
    (
        "## Changelog\n\n| Date | Author | Change |\n|---|---|---|\n| YYYY-MM-DD | @x | Initial |\n",
        "## Changelog\n\n| Date | Author | Change |\n|---|---|---|\n| 2024-01-01 | @y | Initial |\n",
    ),
    ("## User Stories\n\n### US-1: [title]\n\n### US-2: [title]\n", "## User Stories\n\n### US-1: doors\n\nx\n"),
    ("## Requirements\n\n### FR-001: ...\n", "## Requirements\n\n### FR-001: doors\n\nx\n\n### FR-002: walls\n\ny\n"),
    ("## Phase 1 – Alpha\n\n## Phase 2 – Beta\n", "## Phase 1 – Alpha\n\nx\n\n## Phase 2 – Beta\n\ny\n"),
    ("## <Your heading here>\n\n## Design\n", "## Doors\n\nx\n\n## Design\n\ny\n"),
    ("## Testing strategy (unit, integration, e2e)\n\n## Design\n", "## Testing strategy\n\nx\n\n## Design\n\ny\n"),
    ("## Rollout / Launch plan\n\n## Design\n", "## Rollout/Launch Plan\n\nx\n\n## Design\n\ny\n"),
    ("## Open Questions\n\n- [ ] Question 1\n", "## Open Questions\n\nNone.\n"),
    (
        "## Approvals\n\n"
        "| Role | Name | Date | Signature |\n|---|---|---|---|\n| PM | @pm | YYYY-MM-DD | |\n"
        "| Tech | @tech | YYYY-MM-DD | |\n",
        "## Approvals\n\n"
        "| Role | Name | Date | Signature |\n|---|---|---|---|\n| PM | @a | 2024-01-01 | ok |\n"
        "| Tech | @b | 2024-01-01 | ok |\n",
    ),
]
"""The sections of a template, and of a document of it."""
FAULTS = [
    ("- Status: Draft (Draft, Review, Done)\n- Owner: @x", "- Status: Dnoe\n- Owner: @y", ["invalid-choice"]),
    (
        "**Status:** [ ] Draft [ ] Review\n**Owner:** @x",
        "**Status:** [ ] Draft [ ] Review\n**Owner:** @y",
        ["sample-text"],
    ),
    ("**Status:** ☐ Draft ☐ Review\n**Owner:** @x", "**Status:** ☑ Draft ☑ Review\n**Owner:** @y", ["sample-text"]),
    ("- Review by: YYYY-MM-DD HH:MM\n- Status: A / B", "- Review by: noon\n- Status: A", ["invalid-date"]),
    ("- Authors: @a, @b, ...\n- Status: A / B", "- Authors: Mira\n- Status: A", []),
    ("- Owner: Name (@handle)\n- Status: A / B", "- Owner: Name (@handle)\n- Status: A", ["sample-text"]),
    ("- Status: one of Draft, Review, Done\n- Owner: @x", "- Status: Gone\n- Owner: @y", ["invalid-choice"]),
]
"""Metadata of a template and of a document, and the rules that it breaks."""


def told(template: str, document: str) -> list[str]:
    return [problem.rule for problem in Document(document, read_template(template, "t")).problems("review")]


@pytest.mark.parametrize(("sample", "written"), FIELDS)
def test_a_value_that_the_template_asks_for_is_left_alone(sample: str, written: str) -> None:
    assert told(f"# [T]\n\n{sample}\n\n## Why\n", f"# Doors\n\n{written}\n\n## Why\n\nWalls.\n") == []


@pytest.mark.parametrize(("sample", "written", "rules"), FAULTS)
def test_a_value_that_it_does_not_ask_for_is_told(sample: str, written: str, rules: list[str]) -> None:
    assert told(f"# [T]\n\n{sample}\n\n## Why\n", f"# Doors\n\n{written}\n\n## Why\n\nWalls.\n") == rules


@pytest.mark.parametrize(("sample", "written"), SECTIONS)
def test_sections_that_the_template_asks_for_are_left_alone(sample: str, written: str) -> None:
    head, own = "- Status: A / B\n- Owner: @x", "- Status: A\n- Owner: @y"
    assert told(f"# [T]\n\n{head}\n\n{sample}", f"# Doors\n\n{own}\n\n{written}") == []
