"""What every kind of proposal is made with: the value itself, and what an insert needs around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from spec_ls.spec import Spec
from spec_ls.template.model import FieldSlot
from spec_ls.text import Edit

CompletionKind = Literal["value", "reference", "field", "section", "item", "date", "snippet", "user"]

LIST_OR_HEADING = re.compile(r"[ \t]*(?:[-+*]|[0-9]{1,9}[.)])[ \t]| {0,3}#{1,6}[ \t]")


About = tuple[str, ...]
"""What a proposal stands for: its kind, and what tells it from others of that; `documentation` says more of it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One proposal: `detail` is plain text; with `snippet` the edit holds an LSP snippet.

    `is_word`: it may also stand in front of what is left of the word behind the cursor. `listed`: a comma may follow.
    """

    label: str
    kind: CompletionKind
    detail: str
    edit: Edit
    filter_text: str
    about: About = ()
    snippet: bool = False
    is_word: bool = False
    listed: bool = False
    sort_text: str = ""


class Value(NamedTuple):
    """The value of a field on its line: `inner` is left of emphasis and code marks; equal offsets where empty."""

    slot: FieldSlot
    inner: tuple[int, int]
    outer: tuple[int, int]


def cells(line: str) -> list[tuple[int, int]]:
    """The ranges between a table row's bars; behind a last bar there is one more, still to be written."""
    bars = [at for at, char in enumerate(line) if char == "|" and (at == 0 or line[at - 1] != "\\")]
    if not bars or line[: bars[0]].strip():
        bars.insert(0, -1)
    return [(bar + 1, end) for bar, end in zip(bars, [*bars[1:], len(line)], strict=True)]


def padding(line: str, offset: int) -> tuple[str, str]:
    """The blanks that a value needs where there was none: between it and a bar, comma or colon."""
    before = " " if offset and line[offset - 1] in "|:,;" else ""
    if offset < len(line):
        return before, " " if line[offset] == "|" else ""
    return before, " |" if line.lstrip().startswith("|") else ""


def literal(text: str) -> str:
    """`text` as it must stand in an LSP snippet to mean itself."""
    return re.sub(r"([\\$}])", r"\\\1", text)


def in_document(spec: Spec, block: str) -> str:
    """A block of ours with the document's line ends."""
    return block.replace("\n", spec.text.line_end)


def set_off(spec: Spec, line: int) -> tuple[str, str]:
    """The line ends that set a block on the blank line `line` off from the text above and below."""
    above = spec.text.line_end if line and spec.text.content(line - 1).strip() else ""
    return above, blank_below(spec, line)


def blank_below(spec: Spec, line: int, but: re.Pattern[str] | None = None) -> str:
    """The line end that sets an insert on `line` off from text right below; empty where that is not needed."""
    if line + 1 >= len(spec.text.lines):
        return ""
    below = spec.text.content(line + 1)
    return spec.text.line_end if below.strip() and not (but and but.match(below)) else ""
