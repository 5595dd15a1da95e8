"""The outline of a document: chunks of blocks with exact places, kept up to date by the size of the edit.

A chunk reaches from one top-level ATX heading to the next, so it can be parsed alone: such a heading
closes every paragraph, list, quote and table (CommonMark 0.31, sections 4.2 and 5). What it does not
close is a fence, a comment or another HTML block; a sentinel heading behind the chunk shows that, and
the chunk then swallows the next one. Hence an edit parses one chunk again, rarely two, and the result
equals that of a fresh parse.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from markdown_it.token import Token

from spec_ls.outline.blocks import Block, Chunk, Fence, FrontMatter
from spec_ls.outline.parse import Sections
from spec_ls.outline.patch import patch_chunk
from spec_ls.outline.reader import parse_tokens
from spec_ls.outline.simple import read_simple
from spec_ls.text import Change, Text, strip_line_end

_CUT = re.compile(r"#{1,6}(?:[ \t\r\n]|$)")
_SENTINEL = "# ."
MANY = 8
"""How many chunks (or sections) an edit must take away for them to be remembered."""
_PART = 500
"""About how many lines are parsed at once."""
FRONT_MATTER_LINES = 1000
"""How far down (lines) front matter may close; a rule at the top of a long text is then just a rule."""


@dataclass(frozen=True, slots=True)
class Update:
    """The chunks from `first` on that gave way: `removed` old ones to `added` new ones."""

    first: int
    removed: tuple[Chunk, ...]
    added: tuple[Chunk, ...]


class Outline:
    """The chunks of a `Text`. Parsing never raises, whatever the text."""

    __slots__ = ("_front_end", "_open_fence", "_starts", "_swallowed", "chunks", "text")

    def __init__(self, text: Text) -> None:
        self.text = text
        self._open_fence = ""
        self._swallowed: tuple[list[str], list[Chunk]] = ([], [])
        self._front_end = self._front_matter()
        self.chunks: list[Chunk] = self._parse_all()
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The first line of each chunk, and the line behind the last."""
        if self._starts is None:
            self._starts = list(accumulate([chunk.line_count for chunk in self.chunks], initial=0))
        return self._starts

    def chunk_at(self, line: int) -> int:
        """The index of the chunk that holds `line`; the last one for lines behind the text."""
        return min(bisect_right(self.starts, line), len(self.chunks)) - 1

    def update(self, changes: Sequence[Change]) -> list[Update]:
        """Brings the outline up to date with `changes`: disjoint, in order, naming lines of the text as it is now."""
        updates: list[Update] = []
        waiting = deque(changes)
        if waiting and waiting[0].line <= FRONT_MATTER_LINES:
            front_end = self._front_matter()
            if front_end or self._front_end:
                self._renew_front(waiting, front_end)
        while waiting:
            updates.append(self._take(waiting.popleft(), waiting))
        return updates

    def _renew_front(self, waiting: deque[Change], front_end: int) -> None:
        """Makes one change of all that front matter reaches, since its fence may have come, gone or moved."""
        grown, reach = 0, max(front_end, self._front_end)
        while waiting and waiting[0].line <= reach:
            change = waiting.popleft()
            grown += change.added - change.removed
            reach = max(change.line + change.added, front_end, self._front_end + max(0, grown))
        reach = min(reach, len(self.text.lines))
        waiting.appendleft(Change(0, reach - grown, reach))
        self._front_end = front_end

    def _take(self, change: Change, waiting: deque[Change]) -> Update:
        """Takes one change; all above it is up to date. Those `waiting` that its chunks reach are taken with it."""
        starts = self.starts
        first = self.chunk_at(change.line)
        if change.old is not None:
            patched = self._patch(first, change)
            if patched is not None and (not waiting or waiting[0].line >= starts[first + 1]):
                before = self.chunks[first]
                self.chunks[first] = patched
                return Update(first, (before,), (patched,))
        last = self.chunk_at(change.line + max(change.removed, 1) - 1)
        if first and starts[first] == change.line and not _CUT.match(self._line(change.line)):
            first -= 1  # the heading that began this chunk is gone
        grown = change.added - change.removed
        line, step = starts[first], 1
        touched = last + 1 - first if not waiting else 0
        while True:
            last = min(last, len(self.chunks) - 1)
            while waiting and waiting[0].line - grown < starts[last + 1] + (last == len(self.chunks) - 1):
                other = waiting.popleft()
                reached = other.line - grown + max(other.removed, 1) - 1
                last = max(last, self.chunk_at(min(reached, starts[-1])))
                grown += other.added - other.removed
            added = self._released(line, starts[last + 1] + grown)
            if added:
                break
            added, closed = self._parse(line, starts[last + 1] + grown)
            if closed:
                break
            if not waiting and self._runs_out(starts[last + 1] + grown):
                # Nothing closes the fence that is open: the rest is its content, and need not be parsed.
                added = self._parse_open(line, starts[last + 1] + grown)
                last = len(self.chunks) - 1
                break
            last += step
            step *= 2
        removed = tuple(self.chunks[first : last + 1])
        self.chunks[first : last + 1] = added
        if touched and len(removed) - len(added) >= MANY:
            end = starts[last + 1] + grown
            lines = self.text.lines[end - (starts[last + 1] - starts[first + touched]) : end]
            self._swallowed = lines, list(removed[touched:])
        same = len(removed) == len(added) and not grown
        if not same or any(a.line_count != b.line_count for a, b in zip(removed, added, strict=True)):
            begins = accumulate([chunk.line_count for chunk in added], initial=starts[first])
            self._starts = [*starts[:first], *begins, *[start + grown for start in starts[last + 2 :]]]
        return Update(first, removed, tuple(added))

    def _parse_all(self) -> list[Chunk]:
        """All chunks, read a part of the text at a time: the tokens of a long text at once would take 2 KB a line."""
        lines = self.text.lines
        chunks: list[Chunk] = []
        line, size = 0, max(_PART, self._front_end)
        while True:
            end = min(line + size, len(lines))
            while end < len(lines) and not _CUT.match(lines[end]):
                end += 1
            added, closed = self._parse(line, end)
            if not closed and self._runs_out(end):
                return [*chunks, *self._parse_open(line, end)]
            if closed:
                chunks += added
                line, size = end, _PART
            else:
                size = 2 * (end - line)
            if line == len(lines):
                return chunks

    def _patch(self, at: int, change: Change) -> Chunk | None:
        """The chunk with the changed line's words put in place; None where it has to be parsed."""
        line = change.line - self.starts[at]
        if at == 0 and line < self._front_end:
            return None
        return patch_chunk(self.chunks[at], line, strip_line_end(change.old or ""), self.text.content(change.line))

    def _released(self, line: int, end_line: int) -> list[Chunk]:
        """The chunks of a range of lines whose greater part a fence had swallowed; empty where that is not so.

        A fence that is opened and taken away again gives back what it took.
        """
        lines, chunks = self._swallowed
        start = end_line - len(lines)
        if not lines or start <= line or self.text.lines[start:end_line] != lines:
            return []
        added, closed = self._parse(line, start)
        return [*added, *chunks] if closed else []

    def _runs_out(self, line: int) -> bool:
        """Whether the last parse ended in a fence that no line from `line` on closes."""
        fence = self._open_fence
        self._open_fence = ""
        if not fence:
            return False
        closer = re.compile(rf" {{0,3}}{re.escape(fence)}{re.escape(fence[0])}*[ \t]*[\r\n]*$")
        lines = self.text.lines
        return not any(fence in lines[number] and closer.match(lines[number]) for number in range(line, len(lines)))

    def _parse_open(self, line: int, end_line: int) -> list[Chunk]:
        """The chunks from `line` on, whose last is a fence that is open at `end_line` and to the end of the text."""
        chunks, _ = self._parse(line, end_line, to_end=True)
        *whole, last = chunks
        start = line + sum(chunk.line_count for chunk in whole)
        count = len(self.text.lines) - start
        section = last.sections[-1]
        fence = section.blocks[-1]
        assert isinstance(fence, Fence)
        # A last line of blanks without a line end is no line for markdown-it.
        fence = replace(fence, end_line=count - (not self.text.lines[-1].strip(" \t")))
        section = replace(section, end_line=count, blocks=(*section.blocks[:-1], fence))
        return [*whole, replace(last, line_count=count, sections=(*last.sections[:-1], section))]

    def _line(self, number: int) -> str:
        return self.text.lines[number] if number < len(self.text.lines) else ""

    def _front_matter(self) -> int:
        """The line behind the front matter; zero without any."""
        lines = self.text.lines
        fence = lines[0].lstrip("\ufeff").rstrip()
        closers = {"---": ("---", "..."), "+++": ("+++",)}.get(fence, ())
        if not closers or lines[0].lstrip("\ufeff").startswith((" ", "\t")):
            return 0
        for number in range(1, min(len(lines), FRONT_MATTER_LINES)):
            if lines[number].startswith(closers) and lines[number].rstrip() in closers:
                return number + 1
        return 0

    def _parse(self, line: int, end_line: int, to_end: bool = False) -> tuple[list[Chunk], bool]:
        """The chunks of a range of lines that starts at a chunk's start; none, and False, if the last is not closed.

        What is not as simple as most is left to markdown-it.
        """
        lines = _contents(self.text.lines[line:end_line])
        above = self._front_end - line if line < self._front_end else 0
        cuts = [0, *(at for at in range(max(1, above), len(lines)) if lines[at][:1] == "#" and _CUT.match(lines[at]))]
        chunks: list[Chunk] = []
        for first, last in pairwise([*cuts, len(lines)]):
            section = read_simple(lines, first, last) if first or (lines and not above) else None
            if section is not None:
                chunks.append(Chunk(last - first, (section,), frozenset()))
                continue
            added, closed = self._parse_tokens(line + first, line + last, to_end and last == len(lines))
            if not closed and last < len(lines):  # what is open there reaches on
                added, closed = self._parse_tokens(line + first, end_line, to_end)
                return ([*chunks, *added], True) if closed else ([], False)
            if not closed:
                return [], False
            chunks += added
        return chunks, True

    def _parse_tokens(self, line: int, end_line: int, to_end: bool) -> tuple[list[Chunk], bool]:
        """The same by markdown-it alone."""
        lines = _contents(self.text.lines[line:end_line])
        if any("\0" in source for source in lines):
            lines = [source.replace("\0", "\ufffd") for source in lines]
        before: tuple[Block, ...] = ()
        skip = 0
        if line == 0:
            if self._front_end:
                skip = self._front_end
                before = (FrontMatter(0, skip),)
            elif lines[0].startswith("\ufeff"):
                lines[0] = " " + lines[0][1:]  # one column for another: places stay true
        at_end = to_end or end_line >= len(self.text.lines)
        source: Sequence[str] = lines[skip:] if skip else lines
        padding = [""] * skip
        tokens, definitions = parse_tokens([*padding, *source] if at_end else [*padding, *source, _SENTINEL])
        cuts = [0]
        firsts = [0]
        depth = 0
        for index, token in enumerate(tokens):
            if depth == 0 and token.type == "heading_open" and token.map and token.markup.startswith("#"):
                number = token.map[0]
                if number and (number == len(lines) or _CUT.match(lines[number])):
                    cuts.append(number)
                    firsts.append(index)
            depth += token.nesting
        if not at_end and cuts[-1] != len(lines):
            self._open_fence = _fence_at_end(tokens, len(lines) + 1)
            return [], False
        if at_end:
            cuts.append(len(lines))
            firsts.append(len(tokens))
        chunks = []
        for index in range(len(cuts) - 1):
            start, end = cuts[index], cuts[index + 1]
            own = tokens[firsts[index] : firsts[index + 1]]
            sections = Sections(lines, start).read(own, start, end, before if index == 0 else ())
            chunks.append(Chunk(end - start, sections, frozenset()))
        if definitions:
            chunks = [self._defined(chunk, lines, start) for chunk, start in zip(chunks, cuts, strict=False)]
        return chunks, True

    def _defined(self, chunk: Chunk, lines: Sequence[str], start: int) -> Chunk:
        own = lines[start : start + chunk.line_count]
        if not any("]:" in source for source in own):
            return chunk
        return Chunk(chunk.line_count, chunk.sections, frozenset(parse_tokens(own)[1]))


def _contents(lines: Sequence[str]) -> list[str]:
    """Lines without their line ends."""
    source = "".join(lines)
    if "\r" in source:
        return [strip_line_end(line) for line in lines]
    return source.split("\n")[: len(lines)]


def _fence_at_end(tokens: Sequence[Token], end_line: int) -> str:
    """The marks of a top-level fence that reaches `end_line` without being closed; empty where there is none."""
    last = tokens[-1] if tokens else None
    if last is not None and last.type == "fence" and last.level == 0 and last.map and last.map[1] == end_line:
        return last.markup
    return ""
