"""Caret lines: what is expected of the line above.

    | **Status** | Drfat |
                   ^^^^^ error[invalid-choice] +fix "Draft"

Carets cover the code points found fault with; `!` stands at an empty span. `..+3` behind the carets: the span
ends with the third line further down (`..+3:12` at offset 12 of it). `+fix`: at least one certain fix is offered,
`-fix`: none is. What is quoted must stand in the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from spec_ls.text import Span

_MARK = re.compile(
    r"(\s*)(\^+|!)(?: \.\.\+([0-9]+)(?::([0-9]+))?)? "
    r"(error|warning|information|hint)\[([a-z0-9-]+)\](?: ([+-]fix))?(?: \"(.*)\")?\s*$"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding, expected or met. `fix` is `+fix`, `-fix` or empty; `quote` is part of the message, or empty."""

    span: Span
    severity: str
    rule: str
    fix: str = ""
    quote: str = ""

    @property
    def key(self) -> tuple[Span, str, str]:
        return self.span, self.severity, self.rule


@dataclass(frozen=True, slots=True)
class RawMark:
    """A caret line by itself: the end of its span may hang on lines further down."""

    start: int
    width: int
    more: int
    end: int | None
    severity: str
    rule: str
    fix: str
    quote: str

    def at(self, line: int, lines: Sequence[str]) -> Mark:
        """The mark, made for line `line` of the document `lines`."""
        if self.more:
            last = min(line + self.more, len(lines) - 1)
            span = Span(line, self.start, last, len(lines[last]) if self.end is None else self.end)
        else:
            span = Span(line, self.start, line, self.start + self.width)
        return Mark(span, self.severity, self.rule, self.fix, self.quote)


def read_mark(line: str) -> RawMark | None:
    """The caret line, or None where `line` is none."""
    found = _MARK.match(line)
    if not found:
        return None
    pad, carets, more, end, severity, rule, fix, quote = found.groups()
    width = 0 if carets == "!" else len(carets)
    return RawMark(len(pad), width, int(more or 0), int(end) if end else None, severity, rule, fix or "", quote or "")


def write_mark(mark: Mark, lines: Sequence[str]) -> str:
    """The caret line for `mark` in the document `lines`."""
    start_line, start, end_line, end = mark.span
    if start_line == end_line:
        carets = "^" * (end - start) or "!"
    else:
        carets = "^" * max(1, len(lines[start_line]) - start) + f" ..+{end_line - start_line}"
        if end != len(lines[end_line]):
            carets += f":{end}"
    words = [" " * start + carets, f"{mark.severity}[{mark.rule}]"]
    if mark.fix:
        words.append(mark.fix)
    if mark.quote:
        words.append(f'"{mark.quote}"')
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Met:
    """A finding that was made, and whether it has a certain fix."""

    span: Span
    severity: str
    rule: str
    message: str
    fixable: Callable[[], bool]


def compare(expected: Sequence[Mark], met: Sequence[Met]) -> list[Mark]:
    """The marks that `met` deserves: those of `expected` that it meets, word for word, and new ones for the rest."""
    left = list(expected)
    result = []
    for finding in met:
        same = [mark for mark in left if mark.key == (finding.span, finding.severity, finding.rule)]
        same.sort(key=lambda mark: (mark.quote not in finding.message, not mark.quote))
        if same:
            mark = same[0]
            left.remove(mark)
            if mark.quote not in finding.message:
                mark = replace(mark, quote=finding.message)
            if mark.fix:
                mark = replace(mark, fix="+fix" if finding.fixable() else "-fix")
        else:
            mark = Mark(finding.span, finding.severity, finding.rule, "+fix" if finding.fixable() else "")
        result.append(mark)
    return result


def by_line(marks: Sequence[Mark]) -> dict[int, list[Mark]]:
    """The marks under each line, in one fixed order."""
    found: dict[int, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: (mark.span, mark.rule, mark.severity, mark.quote, mark.fix)):
        found.setdefault(mark.span.start_line, []).append(mark)
    return found
