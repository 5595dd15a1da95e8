"""A document as a valid one with some lines changed: a patch without line numbers.

    @@ what follows may say why
     ## 2. Goals & Non-Goals
    -### Non-Goals
    +### Out of Bounds
         ^^^^^^^^^^^^^ warning[misnamed-section]
     ...
     ## 4. Technical Design

Lines that start with a blank or a minus stand in the base, once, one behind the other; `...` after the blank or
minus stands for all lines up to the next one given. Hunks start with `@@` and come in the order of the text.
Caret lines start with the blank too, so that they stay under what they mark.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from annotated.casefile import CaseError, decode, encode
from annotated.marks import Mark, RawMark, read_mark, write_mark

_REST = "..."


@dataclass(slots=True)
class _Line:
    sign: str
    text: str
    line: int = -1
    """The line of the patched document; -1 for what is removed and for `...`."""
    until: int = -1
    """For a kept `...`: the line behind those it stands for."""
    marks: list[RawMark] = field(default_factory=list)


@dataclass(slots=True)
class _Hunk:
    head: str
    lines: list[_Line]
    line: int = 0
    """The line of the result at which it stands."""


@dataclass(slots=True)
class Patch:
    """A patch laid on its base: `result` has the lines of the new document, `marks` those found on the way."""

    base: Sequence[str]
    result: list[str]
    marks: list[Mark]
    hunks: list[_Hunk]
    kept: list[int]
    """For each line of the result its line in the base, -1 for a new one."""

    def rendered(self, marks: Mapping[int, Sequence[Mark]]) -> list[str]:
        """The patch with these marks by line of the result; lines not shown so far come in where they have one."""
        left = dict(marks)
        hunks: list[tuple[int, list[str]]] = []
        shown = {line.line for hunk in self.hunks for line in hunk.lines}
        for hunk in self.hunks:
            rows = [hunk.head] if hunk.head else []
            for line in hunk.lines:
                if line.text == _REST and line.until >= 0:
                    rows += self._opened(line, left)
                    continue
                rows.append(_row(line.sign, line.text))
                if line.line >= 0:
                    rows += [" " + write_mark(mark, self.result) for mark in left.pop(line.line, ())]
            hunks.append((hunk.line, rows))
        for number in sorted(left):
            rows = ["@@", *self._context(number, shown)]
            rows += [" " + write_mark(mark, self.result) for mark in left[number]]
            hunks.append((number, rows))
        result = [row for _, rows in sorted(hunks, key=lambda pair: pair[0]) for row in rows]
        return result[1:] if result[:1] == ["@@"] else result

    def _opened(self, rest: _Line, left: dict[int, Sequence[Mark]]) -> list[str]:
        rows: list[str] = []
        at = rest.line
        for number in sorted(number for number in left if rest.line <= number < rest.until):
            if number > at:
                rows.append(" " + _REST)
            rows.append(_row(" ", self.result[number]))
            rows += [" " + write_mark(mark, self.result) for mark in left.pop(number)]
            at = number + 1
        if at < rest.until:
            rows.append(" " + _REST)
        return rows

    def _context(self, number: int, shown: set[int]) -> list[str]:
        at = self.kept[number]
        if at < 0:
            return [_row("+", self.result[number])]
        first = at
        while first > 0 and _occurrences(self.base, self.base[first : at + 1]) > 1:
            first -= 1
        return [_row(" ", line) for line in self.base[first : at + 1]]


def _row(sign: str, text: str) -> str:
    return (sign + encode(text)).rstrip(" ")


def _occurrences(base: Sequence[str], run: Sequence[str]) -> int:
    return len(_places(base, run, 0))


def _places(base: Sequence[str], run: Sequence[str], start: int) -> list[int]:
    size = len(run)
    return [at for at in range(start, len(base) - size + 1) if list(base[at : at + size]) == list(run)]


def apply_patch(base: Sequence[str], rows: Sequence[str]) -> Patch:
    """The patch `rows` laid on the lines of `base`. Raises CaseError where a line is not there, or not only once."""
    hunks = _read(rows)
    patch = Patch(base, [], [], hunks, [])
    at = 0
    raw: list[tuple[int, RawMark]] = []

    def keep(until: int) -> None:
        nonlocal at
        patch.result.extend(base[at:until])
        patch.kept.extend(range(at, until))
        at = until

    for hunk in hunks:
        old = [line for line in hunk.lines if line.sign != "+"]
        anchor = [line.text for line in _until_rest(old)]
        if not anchor:
            raise CaseError("a hunk needs a line of the base to say where it goes")
        places = _places(base, anchor, at)
        if len(places) != 1:
            words = "not in the base (after the hunk before)" if not places else f"in the base {len(places)} times"
            raise CaseError(f"{words}: {' / '.join(anchor)}")
        keep(places[0])
        hunk.line = len(patch.result)
        for index, line in enumerate(hunk.lines):
            if line.sign == "+":
                line.line = len(patch.result)
                patch.result.append(line.text)
                patch.kept.append(-1)
            elif line.text == _REST:
                following = [later for later in hunk.lines[index + 1 :] if later.sign != "+"]
                run = [later.text for later in _until_rest(following)]
                ends = _places(base, run, at) if run else [len(base)]
                if not ends:
                    raise CaseError(f"not in the base after `...`: {' / '.join(run)}")
                if line.sign == " ":
                    line.line = len(patch.result)
                    keep(ends[0])
                    line.until = len(patch.result)
                at = ends[0]
            elif at >= len(base) or base[at] != line.text:
                raise CaseError(f"not the next line of the base: {line.text}")
            elif line.sign == "-":
                at += 1
            else:
                line.line = len(patch.result)
                keep(at + 1)
            raw += [(line.line, mark) for mark in line.marks]
    keep(len(base))
    patch.marks = [mark.at(line, patch.result) for line, mark in raw]
    return patch


def _until_rest(lines: Sequence[_Line]) -> list[_Line]:
    found: list[_Line] = []
    for line in lines:
        if line.text == _REST:
            break
        found.append(line)
    return found


def _read(rows: Sequence[str]) -> list[_Hunk]:
    hunks: list[_Hunk] = []
    for row in rows:
        if row.startswith("@@"):
            hunks.append(_Hunk(row, []))
            continue
        if not hunks:
            hunks.append(_Hunk("", []))
        sign, text = row[:1] or " ", decode(row[1:])
        if sign not in " +-":
            raise CaseError(f"a line of a patch starts with a blank, plus or minus: {row}")
        mark = read_mark(text) if sign == " " else None
        if mark is None:
            hunks[-1].lines.append(_Line(sign, text))
            continue
        kept = [line for line in hunks[-1].lines if line.sign != "-" and line.text != _REST]
        if not kept:
            raise CaseError(f"nothing above for this to mark: {row}")
        kept[-1].marks.append(mark)
    return [hunk for hunk in hunks if hunk.lines]


def make_patch(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """A patch that makes `new` of `old`, with one line around each change, more where that is not unique."""
    codes = [code for code in difflib.SequenceMatcher(None, old, new, False).get_opcodes() if code[0] != "equal"]
    rows: list[str] = []
    after = 0
    for number, (_, first, last, new_first, new_last) in enumerate(codes):
        limit = codes[number + 1][1] if number + 1 < len(codes) else len(old)
        low, high = max(after, first - 1), min(limit, last + 1)
        while len(_places(old, old[low:high], after)) > 1 and (low > after or high < limit):
            if low > after:
                low -= 1
            else:
                high += 1
        rows.append("@@")
        rows += [_row(" ", line) for line in old[low:first]]
        rows += [_row("-", line) for line in old[first:last]]
        rows += [_row("+", line) for line in new[new_first:new_last]]
        rows += [_row(" ", line) for line in old[last:high]]
        after = high
    return rows[1:]
