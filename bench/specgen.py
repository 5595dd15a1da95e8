"""Product specs as long as you like, always the same for the same arguments (standard library only).

Every document follows the built-in template: a title, a metadata table and eight numbered sections. Small ones are one
ordinary spec; large ones grow by user stories and design subsections, as real specs do.

About 3 % of stories and subsections have a fault (no acceptance criteria, a number twice, a placeholder …), and each
document has up to three of its own (a section missing, a bad status, a bad date …), so that there is something to say
about it, as often as an author would expect. With accents, CJK and emoji, so that UTF-16 positions differ from code
points on some lines.

    python bench/specgen.py --lines 10000 --seed 3 > big.md
"""

from __future__ import annotations

import argparse
import random

ROLES = [
    *("admin", "editor", "auditor", "viewer", "support agent", "billing owner", "project lead"),
    *("data steward", "mobile user", "guest"),
]
VERBS = [
    *("export", "archive", "share", "restore", "filter", "annotate", "approve", "schedule", "merge", "compare"),
    *("import", "rename"),
]
NOUNS = [
    *("dashboards", "invoices", "graph queries", "audit trails", "access policies", "draft reports"),
    *("team calendars", "feature flags", "webhooks", "search results", "saved views", "change requests"),
]
_TEXT = """
the a service request graph schema user policy latency rollout cohort metric token cache index query story owner review
status section table field value error retry queue event stream region tenant quota limit should must may will returns
stores reads writes emits validates migrates caches expires replays naïve café résumé 設計 仕様 🚀 — every each before
after when unless while because then
"""
WORDS = _TEXT.split()
INLINE = ["`enable_x`", "**must**", "*soon*", "[RFC](https://example.com/rfc)"]
STATUSES = ["Draft", "Review", "Approved", "Building", "Done", "Defer", "Kill"]
SECTIONS = [
    "1. Context & Problem Statement",
    "2. Goals & Non-Goals",
    "3. User Stories & Acceptance Criteria",
    "4. Technical Design",
    "5. Rollout Plan",
    "6. Support Plan",
    "7. Security & Compliance",
    "8. Review & Sign-off",
]
CHECKS = ["PII review completed?", "OPA policies updated?", "Audit logs implemented?"]
APPROVALS = ["Tech Lead Approval", "Product Approval", "Security Approval (if needed)"]
_TAIL = 30
"""Lines that sections 5 to 8 take."""


class _Spec:
    """One document in the making; every random choice comes from `random`."""

    def __init__(self, seed: int, defects: bool) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.defects = defects
        self.lines: list[str] = []

    def sentence(self, words: int | None = None) -> str:
        chosen = [self.random.choice(WORDS) for _ in range(words or self.random.randint(6, 11))]
        if self.random.random() < 0.15:
            at = self.random.randrange(len(chosen))
            chosen[at] = self.random.choice(INLINE)
        return " ".join(chosen).capitalize() + "."

    def defect(self, rate: float = 0.03) -> bool:
        return self.defects and self.random.random() < rate

    def paragraph(self, least: int = 2, most: int = 4) -> None:
        self.lines += [self.sentence() for _ in range(self.random.randint(least, most))]
        self.lines.append("")

    def box(self, words: str) -> str:
        return f"- [{self.random.choice(' x')}] {words}"

    def story(self, number: int) -> None:
        pick = self.random.choice
        shown = number - 1 if number > 1 and self.defect() else number
        if self.defect():
            self.lines.append(f"### Story {shown}: ...")
        else:
            wish = f"As a {pick(ROLES)}, I want to {pick(VERBS)} {pick(NOUNS)}, so that {pick(NOUNS)} stay current."
            self.lines.append(f"### Story {shown}: {wish}")
        if not self.defect():
            self.lines.append("**Acceptance Criteria:**")
            for _ in range(self.random.randint(2, 5)):
                mark = pick(" x")
                self.lines.append(f"- [{mark}] Verify that {self.sentence(6).lower()}")
            if not self.defect():
                self.lines.append(f"- [ ] Error case: {self.sentence(5).lower()}")
        self.lines.append("")
        if self.random.random() < 0.5:
            self.paragraph(1, 3)

    def component(self, number: int) -> None:
        pick, kind, lines = self.random.choice, self.random.randrange(5), self.lines
        lines += [f"#### Component {number}: {pick(NOUNS)} {pick(VERBS)} path", ""]
        self.paragraph()
        if kind == 0:
            lines += ["```json", "{", f'  "id": {number},', f'  "kind": "{pick(VERBS)}",']
            lines += ['  "# not a heading": true', "}", "```", ""]
        elif kind == 1:
            lines += ["| Field | Type | Notes |", "| :--- | :--- | :--- |"]
            for row in range(self.random.randint(2, 6)):
                lines.append(f"| `f_{row}` | {pick(['string', 'int', 'bool'])} | {self.sentence(5)} |")
            lines.append("")
        elif kind == 2:
            lines += ["```mermaid", "graph TD", f"  A{number}[Client] --> B{number}[Service]", "```", ""]
        elif kind == 3:
            lines += [f"{step}. {self.sentence()}" for step in range(1, self.random.randint(3, 6))]
            lines.append("")
        else:
            lines += [f"- **{noun.title()}**: {self.sentence(6)}" for noun in self.random.sample(NOUNS, 3)]
            first, second = self.random.randrange(1000), self.random.randrange(1000)
            lines += [f"  - see [`SPEC-{first:03d}`](./spec-{second:05d}.md)", ""]
        if self.defect():
            lines += ["*High-level diagram or description.*", ""]

    def section(self, at: int) -> None:
        pick, lines = self.random.choice, self.lines
        lines.append(f"## {SECTIONS[at]}")
        if at == 0:
            self.paragraph(3, 6)
            self.paragraph(2, 4)
        elif at == 1:
            lines.append("### Goals")
            lines += [self.box(self.sentence(7)) for _ in range(self.random.randint(2, 4))]
            lines += ["", "### Non-Goals"]
            for _ in range(self.random.randint(1, 3)):
                lines.append(f"- [ ] We will not {pick(VERBS)} {pick(NOUNS)} yet.")
            lines.append("")
        elif at == 4:
            lines += [f"- **Feature Flags**: `enable_{pick(VERBS)}`", "- **Cohorts**: Internal -> Beta -> GA"]
            lines.append(f"- **Telemetry**: Metric `{pick(VERBS)}_usage`")
            lines += ["- **Rollback Criteria**: If error rate > 1%, disable flag.", ""]
        elif at == 5:
            lines += ["- **Runbooks**: see the on-call handbook.", "- **Macros**: Support response templates."]
            lines += ["- **Diagnostics**: Log correlation ID.", f"- **Known Issues**: {self.sentence(5)}", ""]
        elif at in (6, 7):
            lines += [self.box(words) for words in (CHECKS if at == 6 else APPROVALS)]
            lines.append("")

    def build(self, target: int) -> str:
        pick, lines = self.random.choice, self.lines
        status = "Shipping" if self.defect(0.25) else pick(STATUSES)
        month, day = self.random.randint(1, 12), self.random.randint(1, 28)
        date = "2026-13-40" if self.defect(0.2) else f"2026-{month:02d}-{day:02d}"
        lines += [f"# {pick(VERBS).title()} {pick(NOUNS)} {self.seed:05d}", ""]
        lines += ["| Metadata | Value |", "| :--- | :--- |"]
        lines += [f"| **Spec ID** | `SPEC-{self.seed:03d}` |", f"| **Status** | {status} |"]
        if not self.defect(0.2):
            lines.append(f"| **Owner** | @{pick(ROLES).split()[0]} |")
        lines.append(f"| **Approvers** | @{pick(ROLES).split()[0]}, @{pick(VERBS)}er |")
        lines.append(f"| **Target Date** | {date} |")
        lines += [f"| **Epic/Ticket** | [EP-{self.random.randrange(9999)}](https://example.com/EP) |", ""]
        missing = pick([0, 4, 5, 6]) if self.defect(0.3) else None
        for at in range(len(SECTIONS)):
            if at == missing:
                continue
            self.section(at)
            if at == 2:
                self._stories(target)
            elif at == 3:
                self._design(target)
        return "\n".join(lines) + "\n"

    def _stories(self, target: int) -> None:
        stop = max(len(self.lines) + 8, int((target - _TAIL) * 0.6))
        number = 0
        while len(self.lines) < stop:
            number += 1
            self.story(number)

    def _design(self, target: int) -> None:
        self.lines.append("### Architecture & Components")
        self.paragraph(1, 2)
        number = 0
        while len(self.lines) < target - _TAIL - 12:
            number += 1
            self.component(number)
        self.lines += ["### Dependencies", "- **Services**: Auth Service"]
        self.lines += [f"- **Schemas**: {self.random.choice(NOUNS)} v2"]
        self.lines += ["- **UI Components**: Table", "- **Vendors**: AWS S3", ""]
        self.lines += ["### API Changes", self.sentence(), "", "### Data Model Changes", self.sentence(), ""]


def make_spec(lines: int = 100, seed: int = 1, defects: bool = True) -> str:
    """One spec of about `lines` lines; the same arguments always give the same text."""
    return _Spec(seed, defects).build(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(make_spec(options.lines, options.seed), end="")
