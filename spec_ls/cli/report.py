"""Results on standard output: what a report is, and those for people. All else goes to standard error."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from spec_ls.cli.excerpt import printable
from spec_ls.cli.judging import Checked, Shown
from spec_ls.rules.base import Severity
from spec_ls.text import Span

SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def say(message: str) -> None:
    """A word to the user that is no result."""
    print(f"spec-ls: {printable(message)}", file=sys.stderr)


def shown_path(path: str) -> str:
    """A path as the user would write it: from the folder that the command runs in, where it lies below that."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def place_of(path: str, span: Span) -> str:
    """`path:line:column`, the latter two from 1, the column in code points."""
    return f"{shown_path(path)}:{span.start_line + 1}:{span.start + 1}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 spec`, `2 specs`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


class Output:
    """Standard output as bytes."""

    def write(self, text: str, encoding: str | None = None) -> None:
        """Writes in `encoding`, by default that of the terminal, with escapes for what it lacks."""
        sys.stdout.buffer.write(text.encode(encoding or sys.stdout.encoding or "utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()


# --- what a report is


@dataclass(slots=True)
class Totals:
    """How a run went: what was found in how many specs, how many other files there were, how much was mended."""

    counts: Counter[str] = field(default_factory=Counter)
    specs: int = 0
    others: int = 0
    fixable: int = 0
    mended: int = 0
    failed: bool = False

    def add(self, checked: Checked) -> None:
        """Counts a file."""
        self.specs += checked.kind == "spec"
        self.others += checked.kind == "other"
        self.failed |= checked.kind == "unread" or bool(checked.troubles)
        self.mended += checked.mended
        for shown in checked.found:
            self.counts[shown.severity] += 1
            self.fixable += shown.fixable

    def heavy(self, fail_on: str) -> int:
        """How many findings weigh as much as `fail_on` or more; none for `never`."""
        return 0 if fail_on == "never" else sum(self.counts[one] for one in weighing(fail_on))


def weighing(fail_on: str) -> tuple[Severity, ...]:
    """The severities that are as heavy as `fail_on`; none for `never`."""
    return () if fail_on == "never" else SEVERITIES[: [*SEVERITIES].index(fail_on) + 1]  # type: ignore[arg-type]


class Styled(NamedTuple):
    """Text to print, and its style in a terminal: a name of the table in `terminal.py`, empty for none."""

    text: str
    style: str = ""


Printed = Iterable[str | Styled]


class Report:
    """How results are written: what stands in front, what each file adds, and what closes them. This one is silent.

    Each part is written as soon as it is known, so that memory does not grow with the number of files. `fail_on` is the
    severity from which on the run fails.
    """

    encoding: str | None = "utf-8"
    """None: that of the terminal."""
    in_colour = False

    def __init__(self, fail_on: str = "error") -> None:
        self.fail_on = fail_on

    def begin(self) -> Printed:
        return ()

    def file(self, checked: Checked) -> Printed:
        return ()

    def end(self, totals: Totals) -> Printed:
        return ()


# --- for people


def place(checked: Checked, shown: Shown) -> str:
    """`path:line:column`, the latter two from 1, the column in code points."""
    return f"{printable(checked.name)}:{shown.region.line + 1}:{shown.region.start + 1}"


def _head(checked: Checked, shown: Shown) -> Iterator[str | Styled]:
    yield from (Styled(place(checked, shown), "place"), ": ", Styled(shown.severity, shown.severity))
    yield from (Styled(f"[{shown.rule}]", "quiet"), f" {printable(shown.message)}\n")


def notes(checked: Checked, shown: Shown) -> Iterator[str]:
    """What explains a finding, a line each: `path:line:column: message`."""
    for path, region, message in shown.related:
        where = shown_path(path) if path else checked.name
        yield f"{where}:{region.line + 1}:{region.start + 1}: {message}"


class TextReport(Report):
    """Each finding with its line, carets and what explains it below the file's status and numbers; a summary at the
    end."""

    encoding = None
    in_colour = True

    def __init__(self, fail_on: str = "error") -> None:
        super().__init__(fail_on)
        self._shown = False

    def file(self, checked: Checked) -> Printed:
        if not checked.found:
            return
        if self._shown:
            yield "\n"
        self._shown = True
        status = f" ({printable(checked.status)})" if checked.status else ""
        told = numbers(Counter(shown.severity for shown in checked.found))
        yield Styled(f"{printable(checked.name)}{status}: {told}\n", "place")
        for shown in checked.found:
            line, carets = shown.excerpt
            yield from _head(checked, shown)
            yield from (f"    {line}\n    ", Styled(carets, shown.severity), "\n")
            yield from (Styled(f"    {printable(note)}\n", "quiet") for note in notes(checked, shown))

    def end(self, totals: Totals) -> Printed:
        if self._shown:
            yield "\n"
        yield Styled(summary(totals), "summary")
        yield "\n"


class ConciseReport(Report):
    """One line a finding: `path:line:column: severity[rule] message`."""

    encoding = None
    in_colour = True

    def file(self, checked: Checked) -> Printed:
        for shown in checked.found:
            yield from _head(checked, shown)


def summary(totals: Totals) -> str:
    """`1 error, 2 hints in 3 specs (1 fixed, 2 can be fixed: spec-ls fix); 2 files are not specs`."""
    said = f"{numbers(totals.counts)} in {counted(totals.specs, 'spec')}"
    notes = [f"{totals.mended:,} fixed"] if totals.mended else []
    if totals.fixable:
        notes.append(f"{totals.fixable:,} can be fixed: spec-ls fix")
    said += f" ({', '.join(notes)})" if notes else ""
    if totals.others:
        said += f"; {counted(totals.others, 'file is not a spec', 'files are not specs')}"
    return said


def numbers(counts: Mapping[str, int]) -> str:
    """`1 error, 2 hints`, the heaviest first."""
    found = [
        f"{count:,} {severity}" if severity == "information" else counted(count, severity)
        for severity in SEVERITIES
        if (count := counts.get(severity, 0))
    ]
    return ", ".join(found) or "no findings"


class DiffReport(Report):
    """What the fixes would change, as `patch -p0` takes it."""

    in_colour = True

    def file(self, checked: Checked) -> Printed:
        from spec_ls.cli.diff import unified_diff

        for line in unified_diff(checked.name, checked.before, checked.after).splitlines(keepends=True):
            marks = ("---", "+++", "@@", "-", "+")
            yield Styled(line, next((mark for mark in marks if line.startswith(mark)), ""))


class ChangesReport(Report):
    """Which files were changed, and how much in all; `what` says it of one file."""

    encoding = None
    what = "fixed"

    def __init__(self, fail_on: str = "error") -> None:
        super().__init__(fail_on)
        self._files = 0

    def file(self, checked: Checked) -> Printed:
        if checked.after:
            self._files += 1
            yield f"{printable(checked.name)}: {self.number(checked)}{self.what}\n"

    def end(self, totals: Totals) -> Printed:
        yield f"{self._files:,} of {counted(totals.specs, 'spec')} {self.what}\n"

    def number(self, checked: Checked) -> str:
        """How many findings went; empty where that is not the question."""
        return f"{counted(checked.mended, 'finding')} "


class FormattedReport(ChangesReport):
    """Which files were formatted."""

    what = "formatted"

    def number(self, checked: Checked) -> str:
        return ""


class UnformattedReport(FormattedReport):
    """Which files are not formatted."""

    what = "to be formatted"
