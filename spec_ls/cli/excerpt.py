"""The line that a finding stands in, with carets below what is meant, by the columns that a terminal gives the text."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from spec_ls.text import Span, Text

_WIDTH = 120
"""Columns that a source line takes at most; a longer one is cut around the finding."""
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of the text behind it, and so shows another line than there is."""


class Excerpt(NamedTuple):
    """The line of a finding, ready to print, and the carets to print below it."""

    line: str
    carets: str


def excerpt(text: Text, span: Span) -> Excerpt:
    """The first line of the finding and what of it is meant; cut to fit if it is long."""
    line = text.content(span.start_line)
    bare = line.removeprefix("\ufeff")
    lost = len(line) - len(bare)
    start = max(span.start - lost, 0)
    end = max(span.end - lost, start) if span.end_line == span.start_line else len(bare)
    if bare.isascii() and bare.isprintable() and len(bare) <= _WIDTH:
        return Excerpt(bare, " " * start + "^" * max(end - start, 1))
    first = 0
    if len(bare) > 4 * _WIDTH or _columns(printable(bare)) > _WIDTH:
        first = max(min(start - _WIDTH // 3, len(bare) - _WIDTH // 2), 0)
    shown = printable(bare[first : first + 4 * _WIDTH])
    last = len(shown)
    if _columns(shown) > _WIDTH - 2 * bool(first):
        last = 1
        while _columns(shown[: last + 1]) < _WIDTH - 2:
            last += 1
    head, tail = "…" if first else "", "…" if first + last < len(bare) else ""
    start, end = start - first + len(head), min(end - first, last) + len(head)
    shown = head + shown[:last] + tail
    before = "\t".join(" " * _columns(part) for part in shown[:start].split("\t"))
    return Excerpt(shown, before + "^" * max(_columns(shown[start:end]), 1))


def _columns(text: str) -> int:
    """How many columns a terminal gives printable text; a tab counts as one."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # takes a while, and most lines are ASCII

    return sum(max(wcswidth(part), 0) for part in text.split("\t")) + text.count("\t")


def printable(text: str) -> str:
    """`text` without what would steer a terminal, letter for letter; tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\ufffd" if char in _BIDI or (unicodedata.category(char) in ("Cc", "Cs") and char != "\t") else char
        for char in text
    )
