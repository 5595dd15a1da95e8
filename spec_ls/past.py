"""What its past means for a spec: since when it has its status, how long a review may last, which statuses it skipped,
and what has changed since it was approved.

All of it is read from `Spec.known`; a status that is not committed yet counts as set just now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from spec_ls.bind import Fill
from spec_ls.known import Move, SectionKey, SectionLines, Sections
from spec_ls.outline.blocks import Block, Box, Comment, Fence, FrontMatter, List, Paragraph, Quote, Table, TextLine
from spec_ls.outline.inline import said
from spec_ls.outline.shapes import comments_in, joined, shown_title, without_comments
from spec_ls.spec import Spec
from spec_ls.template.lookup import lookup
from spec_ls.template.model import Stage, State, Template
from spec_ls.text import split_lines
from spec_ls.values import count

_ORDER: tuple[Stage, ...] = ("draft", "review", "approved", "done")
_INK = re.compile(r"[^\r\n]")
_MOST_COMPARED = 10_000
"""Parts before times parts now that are compared one by one; of more, all from the first to the last that differ."""
_HOUR = timedelta(hours=1)
_SHORT_HOURS = 72
"""Up to here a time is told in hours, from here on in days."""


class Since(NamedTuple):
    """When something became so, and by which commit; none: it is not committed yet."""

    at: datetime
    move: Move | None


class Clock(NamedTuple):
    """A review: since when, how many hours it may last, and when these are over."""

    since: Since
    hours: int
    deadline: datetime


def since(spec: Spec) -> Since | None:
    """Since when the spec has its status; None where that is not known."""
    state, known = spec.state, spec.known
    if state is None or known.now is None or not known.moves:
        return None
    last = known.moves[0]
    if last.status and last.status != state.name:
        return Since(known.now, None)
    return Since(last.at, last) if last.status and last.before is not None else None


def clock(spec: Spec) -> Clock | None:
    """The clock of the review that the spec is in; None where it is in none, all who must sign off have, nothing says
    how long a review may last, or it is not known when it began."""
    hours, known = spec.template.review_hours, spec.known
    if spec.stage != "review" or hours is None or known.now is None or not known.moves or _is_signed(spec):
        return None
    begun = _entered(spec, "review")
    return Clock(begun, hours, begun.at + timedelta(hours=hours)) if begun else None


def sign_off(spec: Spec) -> Fill | None:
    """The section in which those who review sign off."""
    return next((fill for fill in spec.fills if fill.slot.sign_off), None)


def _is_signed(spec: Spec) -> bool:
    """Whether there are required boxes to sign off by, and all are ticked."""
    fill = sign_off(spec)
    if fill is None:
        return False
    required = {at for at, item in enumerate(fill.slot.items) if item.kind == "check" and item.need == "required"}
    checks = (check for _, facts in spec.fill_facts(fill) for check in facts.checks)
    return bool(required) and required <= {check.slot for check in checks if check.box and check.box.ticked}


def _entered(spec: Spec, stage: Stage) -> Since | None:
    """Since when the spec has statuses of a stage, one or several; None where that lies behind what is known."""
    assert spec.known.now is not None
    found = Since(spec.known.now, None)
    for move in spec.known.moves:
        state = spec.template.state(move.status)
        if state is None and move is spec.known.moves[0]:
            return None
        if state is None or state.stage != stage:
            return found
        if move.before is None:
            return None
        found = Since(move.at, move)
    return found


class Skip(NamedTuple):
    """A change of the status that the lifecycle does not have, the statuses left out, and its commit, if it has one."""

    before: State
    state: State
    skipped: tuple[State, ...]
    move: Move | None


def skip(spec: Spec) -> Skip | None:
    """The latest change of the status, where it left one out or goes where none leads; None where that is fine, or not
    known. To go back, or to set a spec aside, is fine; a template that names no moves is taken to want each stage."""
    state, moves = spec.state, spec.known.moves
    if state is None or not moves:
        return None
    last = moves[0] if moves[0].status == state.name else None
    before = spec.template.state((last.before if last else moves[0].status) or "")
    if before is None or before is state or state.name in before.moves or state.stage == "parked":
        return None
    states = spec.template.states
    ahead = states[states.index(before) + 1 : states.index(state)]
    if before.stage == "parked":
        return Skip(before, state, (), last) if spec.template.has_moves else None
    skipped = tuple(one for one in ahead if one.stage != "parked")
    if not spec.template.has_moves:
        between = _ORDER[_ORDER.index(before.stage) + 1 : _ORDER.index(state.stage)]
        skipped = tuple(one for one in skipped if one.stage in between)
    return Skip(before, state, skipped, last) if skipped else None


# --- what was approved ------------------------------------------------------------------------


def approving(moves: Iterable[Move], template: Template) -> Move | None:
    """The move by which a document came to be approved, if by its commits it still is and that is known."""
    found: Move | None = None
    for move in moves:
        state = template.state(move.status)
        if state is None or state.stage != "approved":
            return found
        found = move if move.before is not None else None
    return found


def sections(spec: Spec) -> Sections:
    """The text of all sections that an approval is about."""
    found: dict[SectionKey, tuple[SectionLines, ...]] = {}
    for at in range(len(spec.pieces)):
        key = section_key(spec, at)
        if key is not None:
            found[key] = (*found.get(key, ()), tuple(one.words for one in section_words(spec, at)))
    return found


def section_key(spec: Spec, at: int) -> SectionKey | None:
    """The key of a piece; None where an approval is not about it, or it is the second of its kind."""
    fill, facts = spec.binding.owners[at], spec.pieces[at].facts
    if fill is None or at in spec.binding.ignored or fill.slot.index not in lookup(spec.template).approved:
        return None
    if fill.piece != at:
        return fill.slot.index, f"# {facts.title.key}"
    if not fill.slot.repeats:
        return (fill.slot.index,)
    number = facts.story.number if facts.story else None
    return fill.slot.index, "" if number is None else number


class Said(NamedTuple):
    """Words of a section from the line `first` to `last`, as its chunk counts them: a paragraph, an item, a row, a line
    of code."""

    first: int
    last: int
    words: str


def section_words(spec: Spec, at: int) -> Iterator[Said]:
    """What a piece says, part by part, as a reader sees it.

    Ticks, white space, comments and the marks of Markdown do not count, nor do metadata and what stands behind a fixed
    item; of a heading only its title does, and that only where it is the author's.
    """
    piece, base = spec.pieces[at], spec.base(at)
    section, owner = piece.section, spec.binding.owners[at]
    boxes = {check.box: check.slot for check in piece.facts.checks if check.box and not check.near}
    slots = owner.slot.items if owner is not None else ()
    fixed: dict[Box | None, str] = {box: slots[slot].name for box, slot in boxes.items()} if slots else {}
    lines = spec.text.lines[base : base + section.end_line]
    reader = _Reader(lines, {entry.line for entry in piece.facts.entries}, fixed)
    first = section.line
    if section.heading is not None:
        first = section.heading.end_line
        if owner is not None and (owner.piece != at or owner.slot.repeats):
            line = section.heading.line
            yield Said(line, line, " ".join(shown_title(section.heading).split()))
    for block in section.blocks:
        yield from reader.bare(first, block.line)
        yield from reader.block(block)
        first = block.end_line
    yield from reader.bare(first, section.end_line)


class _Reader:
    """Reads what blocks say. `left_out` are lines that do not count, `fixed` the words of items by their boxes."""

    def __init__(self, lines: Sequence[str], left_out: set[int], fixed: Mapping[Box | None, str]) -> None:
        self.lines = lines
        self.left_out = left_out
        self.fixed = fixed

    def block(self, block: Block) -> Iterator[Said]:
        match block:
            case Paragraph():
                yield from self._text(block.lines)
            case List():
                for item in block.items:
                    if item.box in self.fixed:
                        yield Said(item.line, item.line, f"[ ] {self.fixed[item.box]}")
                        continue
                    yield from self._text(item.lines, "[ ] " if item.box is not None else "")
                    for inner in item.blocks:
                        yield from self.block(inner)
            case Table():
                for row in (block.header, *block.rows):
                    if row.line not in self.left_out:
                        cells = [said(without_comments(cell.text)) for cell in row.cells]
                        yield from _filled(row.line, row.line, " | ".join(cells).rstrip(" |"))
            case Fence():
                yield from self.bare(block.line + 1, block.end_line - block.closed)
            case Quote():
                rows = [self.lines[number] for number in range(block.line, block.end_line)]
                words = said(without_comments(" ".join(_LISTED.sub("", row.strip("> \t\r\n")) for row in rows)))
                yield from _filled(block.line, block.end_line - 1, words)
            case Comment() if block.alone:
                pass
            case FrontMatter():
                pass
            case _:
                yield from self.bare(block.line, block.end_line)

    def _text(self, lines: Sequence[TextLine], mark: str = "") -> Iterator[Said]:
        lines = [line for line in lines if line.line not in self.left_out]
        if lines:
            whole = [*(line._replace(text=_BREAK.sub("", line.text)) for line in lines[:-1]), lines[-1]]
            words = said(without_comments(joined(whole)))
            yield from _filled(lines[0].line, lines[-1].line, words and mark + words)

    def bare(self, first: int, end: int) -> Iterator[Said]:
        """Lines as they are written, white space and comments aside: code, HTML, definitions of links."""
        source = "".join(self.lines[first:end])
        if "<!--" in source:
            parts, done = [], 0
            for start, stop in comments_in(source):
                parts += [source[done:start], _INK.sub(" ", source[start:stop])]
                done = stop
            source = "".join([*parts, source[done:]])
        for number, line in enumerate(split_lines(source), first):
            words = " ".join(line.split())
            if not _RULE.fullmatch(words) and number not in self.left_out:
                yield from _filled(number, number, words)


def _filled(first: int, last: int, words: str) -> Iterator[Said]:
    if words:
        yield Said(first, last, words)


_BREAK = re.compile(r"(?<!\\)\\$")
"""A hard line break."""
_RULE = re.compile(r"(?:- ?){3,}|(?:\* ?){3,}|(?:_ ?){3,}")
_LISTED = re.compile(r"^(?:[-*+]|[0-9]{1,9}[.)]) ")


class Hunk(NamedTuple):
    """Words that were approved, and those that stand there now at `first` to `last` (as the chunk counts them)."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    first: int
    last: int


def changes(old: Sequence[str], now: Sequence[Said]) -> list[Hunk]:
    """Where what is said `now` differs from `old`, in the order of the text; empty where the words are the same."""
    new = [one.words for one in now]
    if list(old) == new or " ".join(old) == " ".join(new):
        return []
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    parts = [(0, len(before), 0, len(after))]
    if len(before) * len(after) <= _MOST_COMPARED:
        from difflib import SequenceMatcher  # most sections have not changed

        found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        parts = [(first, last, start, end) for kind, first, last, start, end in found if kind != "equal"]
    hunks = []
    for first, last, start, end in parts:
        place = now[head + start : head + max(end, start + 1)] or now[-1:] or [Said(0, 0, "")]
        gone, come = old[head + first : head + last], new[head + start : head + end]
        hunks.append(Hunk(tuple(gone), tuple(come), place[0].first, place[-1].last))
    return hunks


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are the same from the start on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


# --- in words ---------------------------------------------------------------------------------


def by(move: Move | None) -> str:
    """` by @mira`; empty where nobody has committed it yet."""
    return f" by {move.who}" if move is not None and move.who else ""


def lasts(spec: Spec) -> str:
    """Since when the spec has its status, and how long its review may last, on one line; empty where nothing is known.

    `Review since 2026-03-02 by @mira, 12 h of 48 h left`.
    """
    found, state = since(spec), spec.state
    if found is None or state is None:
        return ""
    running = clock(spec)
    rest = f", {left(running, spec.known.now)}" if running and spec.known.now else ""
    day = f"{found.at:%Y-%m-%d}" if found.move else "today"
    return f"{state.name} since {day}{by(found.move)}{rest}"


def left(running: Clock, now: datetime) -> str:
    """What is left of a review, or by how much it is overdue, in words."""
    hours = (running.deadline - now) / _HOUR
    if hours > 0:
        return f"{_time(int(hours), running.hours)} of {_time(running.hours, running.hours)} left"
    late = int(-hours)
    return f"overdue by {_time(late, late)}" if late else "overdue"


def _time(hours: int, most: int) -> str:
    return f"{hours} h" if most < _SHORT_HOURS else count(hours // 24, "day")


def next_change(spec: Spec) -> datetime | None:
    """When the words about a review that is running will be others, or it is overdue; None where none is."""
    running, now = clock(spec), spec.known.now
    if running is None or now is None:
        return None
    return running.deadline + (now - running.deadline) // _HOUR * _HOUR + _HOUR
