"""Valid specs in spellings that a reader takes for the same: no finding, and formatting keeps them so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from annotated.run import base_lines

from spec_ls.features.format import format_edits
from spec_ls.text import apply_edits
from spec_ls.workspace import Document

DONE = "\n".join(base_lines("done")) + "\n"
"""A spec without a finding at any stage."""
VALUES = {
    "Spec ID": (
        "`SPEC-042`",
        [
            "SPEC-042",
            "**SPEC-042**",
            "**`SPEC-042`**",
            "[`SPEC-042`](a.md)",
            "SPEC-042.",
            "[SPEC-042]",
            "<code>SPEC-042</code>",
            '<a id="x"></a>SPEC-042',
            "SPEC-\u2060042",
        ],
    ),
    "Status": (
        "Done",
        [
            "_Done_",
            "***Done***",
            "~~Building~~ Done",
            "✅ Done",
            "Done ✅",
            ":tada: Done",
            "Done :tada:",
            "Done.",
            "Done (2026-02-01)",
            "[Done](https://a.example)",
            "![Done](a.svg)",
            "Done<br>",
            "<b>Done</b>",
            "==Done==",
            '"Done"',
            "“Done”",
            "Done <!-- at last -->",
            "\u00a0Done\u00a0",
            "Done\u200b",
            "[Done]",
            "Draft / Review / Approved / Building / **Done** / Defer / Kill",
            "~~Draft~~ / ~~Review~~ / Done",
        ],
    ),
    "Owner": (
        "@rui",
        [
            "@rui.",
            "**@rui**",
            "Rui Lima (@rui)",
            "@rui (Rui Lima)",
            "@rui - Rui Lima",
            "@rui — Rui",
            "\\@rui",
            "[@rui](https://a.example)",
            '<a href="https://a.example">@rui</a>',
            "@rui <rui@mail.example>",
            "👤 @rui",
            "PM: @rui",
        ],
    ),
    "Approvers": (
        "@mira, @jonas",
        [
            "@mira and @jonas",
            "@mira &amp; @jonas",
            "@mira<BR>@jonas",
            "@mira; @jonas",
            "@mira/@jonas",
            "@mira \\| @jonas",
            "• @mira<br>• @jonas",
            "- @mira<br>- @jonas",
            "✅ @mira, ⏳ @jonas",
            "@mira, @jonas,",
            "@mira (Tech), @jonas (Product)",
            "Tech: @mira, Product: @jonas",
            "@mira，@jonas",
            "@mira, @jonas.",
            "<ul><li>@mira</li><li>@jonas</li></ul>",
            "[@mira][m], [@jonas][j]",
            "@mira, @jonas, and @ines",
        ],
    ),
    "Target Date": (
        "2026-01-31",
        [
            "**2026-01-31**",
            "`2026-01-31`",
            "2026-01-31.",
            "2026-01-31 (Q1)",
            "~~2025-12-31~~ 2026-01-31",
            "📅 2026-01-31",
            '<time datetime="2026-01-31">2026-01-31</time>',
        ],
    ),
    "Epic/Ticket": (
        "[AUTH-9](https://tracker.example/AUTH-9)",
        [
            "**AUTH-9**",
            '<a href="https://a.example">AUTH-9</a>',
            "#1234",
            "org/repo#1234",
            "[[AUTH-9]]",
            "—",
            "AUTH-9 \\| AUTH-10",
        ],
    ),
}
NAMES = {
    "**Spec ID**": ["**Spec\u00a0ID**", "**Spec-ID**", "SpecID", "spec_id", "🆔 **Spec ID**"],
    "**Target Date**": ["**target date**", "targetDate", "target_date", "**Target Date**:", "<b>Target Date</b>"],
    "**Epic/Ticket**": ["**Epic / Ticket**", "**Epic／Ticket**"],
    "**Owner**": ["**Owner(s)**", "[Owner](#o)"],
    "**Approvers**": ["**Approver**"],
}
HEADINGS = [
    "## {n}) {t}",
    "## {n}\\. {t}",
    "## {n} – {t}",
    "## 0{n}. {t}",
    "## §{n} {t}",
    "## #{n} {t}",
    "## **{n}.** {t}",
    "##\t{n}. {t}",
    "## {n}. {t} ##",
    "## {r}. {t}",
    "## {f}．{t}",
    "## {c} {t}",
    "## {n}\ufe0f\u20e3 {t}",
    "## 第{n}章 {t}",
    '## <a name="x{n}"></a>{n}. {t}',
    "## {n}. {t} {{#x{n}}}",
    "## {n}. {t} [#](#x{n})",
    "## [{n}. {t}](#x)",
    "## 🚀 {n}. {t}",
    "## {n}. :rocket: {t}",
    "## {n}. {t} ✅",
    "## {n}. <u>{t}</u>",
    "## {n}. {t}:",
    "## {n}.\u202f{t}",
    "## {n}. {t}\u200b",
    "{t}\n---",
]
LABELS = [
    "**{t}** – ",
    "**{t}** ",
    "__{t}__: ",
    "*{t}*: ",
    "`{t}`: ",
    "{t}: ",
    "<b>{t}</b>: ",
    "<strong>{t}:</strong> ",
    "📌 **{t}**: ",
    "**[{t}](x)**: ",
    "**{t}** = ",
    "**{t}**：",
    "**{t}：** ",
]
WORDS = [
    ("&", "&#38;"),
    ("Context & Problem", "Context ＆ Problem"),
    ("Non-Goals", "Non–Goals"),
    ("Sign-off", "Sign‑off"),
    ("## 5. Rollout Plan", "## 5. Roll\u00adout Plan"),
    ("## 5. Rollout Plan", "## 5. Rollout Plan (how we ship)"),
    ("Security Approval", "Security Approval（if needed）"),
    ("Tech Lead Approval", "Tech\u00a0Lead Approval: @mira"),
    ("PII review completed?", "**PII review** completed: yes"),
    ("- [x]", "* [X]"),
    ("- [x]", "1. [x]"),
    ("- [x]", "-\t[x]\t"),
    ("**Acceptance Criteria:**", "<b>Acceptance Criteria:</b>"),
    ("**Acceptance Criteria:**", "✅ **Acceptance criteria** :"),
    ("Error case: a", "**Error-case** – a"),
    ("Story 1: As", "Story #1 — As"),
    ("### Story 1:", "### 📖 Story\u00a01:"),
    ("so that I need no password", "so that I don’t need a “password”"),
    ("\n", "  \r\n"),
    ("- **", "+   **"),
]


def rows(change: Callable[[re.Match[str]], str], pattern: str) -> str:
    changed = re.sub(pattern, change, DONE, flags=re.M)
    assert changed != DONE
    return changed


def numbered(form: str) -> str:
    def heading(found: re.Match[str]) -> str:
        number = int(found[1])
        roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII"][number - 1]
        signs = {"r": roman, "f": chr(0xFF10 + number), "c": chr(0x2460 + number - 1)}
        return form.format(n=number, t=found[2], **signs)

    return rows(heading, r"^## ([0-9])\. (.*)$")


def spellings() -> dict[str, str]:
    found = {}
    for name, (value, others) in VALUES.items():
        row = f"| **{name}** | {value} |"
        assert row in DONE
        found |= {f"{name}: {other}": DONE.replace(row, f"| **{name}** | {other} |") for other in others}
    found |= {other: DONE.replace(name, other) for name, others in NAMES.items() for other in others}
    found |= {form: numbered(form) for form in HEADINGS}
    for form in LABELS:
        found[form] = rows(lambda one, form=form: "- " + form.format(t=one[1]), r"^- \*\*(.*?)\*\*: ")  # type: ignore[misc]
    found |= {f"{old} -> {new}": DONE.replace(old, new) for old, new in WORDS if old in DONE}
    table = re.compile(r"(?:^- \*\*.*\n)+", re.M)
    found["labels in tables"] = table.sub(
        lambda block: "| What | How |\n|---|---|\n" + re.sub(r"^- (.*?): (.*)$", r"| \1 | \2 |", block[0], flags=re.M),
        DONE,
    )
    found["decomposed letters"] = unicodedata.normalize("NFD", DONE.replace("Rui", "Rúi"))
    entries = [
        ("Spec ID", "SPEC-042"),
        ("Status", "Done"),
        ("Owner", "@rui"),
        ("Approvers", "@mira, @jonas"),
        ("Target Date", "2026-01-31"),
        ("Epic/Ticket", "AUTH-9"),
    ]
    found |= {name: carried(name, entries) for name in ("toml", "html", "terms", "columns", "lone", "yaml")}
    return found


def carried(way: str, entries: list[tuple[str, str]]) -> str:
    """The spec with its metadata carried in another way."""
    names, values = zip(*entries, strict=True)
    keys = [re.sub(r"\W", "_", name).lower() for name in names]
    front = {"toml": ("+++", " = "), "yaml": ("---", ": ")}
    if way in front:
        fence, sign = front[way]
        lines = [fence, *(f'{key}{sign}"{value}"' for key, value in zip(keys, values, strict=True)), fence, ""]
        return "\n".join(lines) + re.sub(r"\| Meta(?:.|\n)*?AUTH-9\) \|\n", "", DONE)
    block = {
        "html": "<table>\n" + "".join(f"<tr><th>{k}</th>\n<td>{v}</td></tr>\n" for k, v in entries) + "</table>\n",
        "terms": "".join(f"{key}\n: {value}\n\n" for key, value in entries),
        "columns": f"| {' | '.join(names)} |\n{'|---' * len(names)}|\n| {' | '.join(values)} |\n",
        "lone": "".join(f"{key}: {value}\n\n" for key, value in entries),
    }[way]
    return re.sub(r"\| Meta(?:.|\n)*?AUTH-9\) \|\n", lambda found: block, DONE)


SPELLINGS = spellings()


@pytest.mark.parametrize("source", SPELLINGS.values(), ids=SPELLINGS)
def test_what_a_reader_takes_for_the_same_has_no_finding(source: str) -> None:
    document = Document(source)
    assert document.decision.is_spec
    assert [(one.rule, document.text.slice(one.span)) for one in document.problems()] == []
    assert document.spec.stage == "done"
    formatted = Document(apply_edits(source, format_edits(document.spec)))
    assert formatted.problems() == []
    assert format_edits(formatted.spec) == []
