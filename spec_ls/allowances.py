"""Allowances: what an author lets stand, `<!-- spec-ls: allow RULE -->` or `# spec-ls: allow RULE` in front matter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, TypeVar

from spec_ls.outline.blocks import Block, Comment, Fence, FrontMatter, Item, List, Plain, Quote, Section, Table
from spec_ls.template.annotations import Annotation, annotations_in
from spec_ls.text import Span, strip_line_end

MARK = "spec-ls:"
WORD = "allow"
_IN_FILE = re.compile(r"(?<!\S)in\s+file\s*$")
_NAME = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Allowance:
    """The rules that one directive allows, by name with its place; lines count from the section's chunk.

    - `file`: in the whole document
    - `section`: in the section that it stands in; `below`: in the one below it
    - `lines`: in its paragraph, list item or row, from line `first` to in front of `end`

    `span` covers the directive, `comment` its comment; `alone`: there is nothing else in that.
    """

    rules: tuple[tuple[str, Span], ...]
    scope: Literal["file", "section", "below", "lines"]
    first: int
    end: int
    span: Span
    comment: Span
    alone: bool
    yaml: bool


def allowances_of(section: Section, lines: Sequence[str], base: int) -> Iterator[Allowance]:
    """The allowances in a section whose chunk starts at line `base` of `lines`. Never raises."""
    own = lines[base + section.line : base + section.end_line]
    if MARK not in "".join(own):
        return
    front = section.blocks[0] if section.blocks else None
    front_end = front.end_line - section.line if isinstance(front, FrontMatter) else 0
    found = list(annotations_in([strip_line_end(line) for line in own], front_end))
    together = Counter(one.comment for one in found)
    for one in found:
        if one.word == WORD and not _is_quoted(one, section, own):
            yield _allowance(one, section, own, together[one.comment] == 1)


def _is_quoted(one: Annotation, section: Section, own: Sequence[str]) -> bool:
    """Whether it only shows how one is written, in code or in a quote, or stands inside another comment."""
    line = one.comment.start_line + section.line
    block = _part_at(section.blocks, line)
    before = own[one.comment.start_line][: one.comment.start]
    inside = before.rfind("<!--") > before.rfind("-->") or (isinstance(block, Comment) and block.line < line)
    return inside or before.endswith("`") or isinstance(block, Fence | Quote | Plain)


def _allowance(one: Annotation, section: Section, own: Sequence[str], alone: bool) -> Allowance:
    names = one.argument.partition(":")[0]
    whole = _IN_FILE.search(names)
    line, start = one.argument_span.start_line + section.line, one.argument_span.start
    rules = tuple(
        (name[0], Span(line, start + name.start(), line, start + name.end()))
        for name in _NAME.finditer(names, 0, whole.start() if whole else len(names))
    )
    scope, first, end = _scope(one, section, own)
    return Allowance(
        rules,
        "file" if whole else scope,
        first,
        end,
        Span(line, one.span.start, line, max(one.span.end, one.argument_span.end)),
        one.comment.shifted(section.line),
        alone,
        one.yaml,
    )


def _scope(
    one: Annotation, section: Section, own: Sequence[str]
) -> tuple[Literal["section", "below", "lines"], int, int]:
    """What a directive speaks of: the section, the one below, or the lines that are returned with it."""
    line, last = one.comment.start_line + section.line, one.comment.end_line + section.line
    heading = section.heading
    if one.yaml:
        at = line + 1 if not own[one.comment.start_line][: one.comment.start].strip() else line
        return "lines", at, at + 1
    if heading is not None and heading.line <= line < heading.end_line:
        return "section", 0, 0
    block = _part_at(section.blocks, line)
    if isinstance(block, List):
        item = _item_at(block, line)
        return "lines", item.line, item.end_line
    if block is not None and not isinstance(block, Comment):
        whole = not isinstance(block, Table)
        return "lines", block.line if whole else line, block.end_line if whole else line + 1
    touches = heading is not None and heading.end_line == line
    return ("below" if last + 1 == section.end_line and not touches else "section"), 0, 0


_Part = TypeVar("_Part", Block, Item)
_by_line = attrgetter("line")


def _part_at(parts: Sequence[_Part], line: int) -> _Part | None:
    """Which of some blocks or items, in order, a line is part of."""
    at = bisect_right(parts, line, key=_by_line) - 1
    return parts[at] if at >= 0 and line < parts[at].end_line else None


def _item_at(block: List, line: int) -> Item:
    """The innermost item on a line of a list."""
    item = _part_at(block.items, line) or block.items[-1]
    inner = _part_at(item.blocks, line)
    return _item_at(inner, line) if isinstance(inner, List) else item
