"""Findings as text for people and as JSON for programs, on standard output; everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypedDict

from spec_ls.rules import fixes
from spec_ls.rules.base import Problem, Severity
from spec_ls.text import Point, Span, Text
from spec_ls.workspace import Document

_WIDTH = 120
"""Columns that a source line takes at most; a longer one is cut around the finding."""


def say(message: str) -> None:
    """A word to the user that is no result."""
    print(f"spec-ls: {_printable(message)}", file=sys.stderr)


def shown_path(path: str) -> str:
    """A path as the user would write it: from the folder that the command runs in, where it lies below that."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def place_of(path: str, span: Span) -> str:
    """`path:line:column`, the latter two from 1, the column in code points."""
    return f"{shown_path(path)}:{span.start_line + 1}:{span.start + 1}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 spec`, `2 specs`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


class Report(Protocol):
    """Where results go."""

    def findings(self, name: str, document: Document, problems: Sequence[Problem]) -> None:
        """Takes what was found in one spec."""

    def diff(self, diff: str) -> None:
        """Takes what the fixes of one spec change; may be empty."""

    def summary(self, summary: str) -> None:
        """Takes the closing line."""

    def close(self) -> None:
        """Writes what is still to be written."""


# --- text


class Excerpt(NamedTuple):
    """The line of a finding, ready to print, and the carets to print below it."""

    line: str
    carets: str


def place(name: str, document: Document, problem: Problem) -> str:
    """`path:line:column`, the latter two from 1, the column in code points."""
    return f"{_printable(name)}:{problem.span.start_line + 1}:{problem.span.start + 1}"


def excerpt(text: Text, problem: Problem) -> Excerpt:
    """The first line of the finding and what of it is meant; cut to fit if it is long."""
    line = text.content(problem.span.start_line).removeprefix("\ufeff")
    lost = len(text.content(problem.span.start_line)) - len(line)
    start = max(problem.span.start - lost, 0)
    end = max(problem.span.end - lost, start) if problem.span.end_line == problem.span.start_line else len(line)
    if _columns(line) > _WIDTH:
        first = max(min(start - _WIDTH // 3, len(line) - _WIDTH // 2), 0)
        last = first + 1
        while last < len(line) and _columns(line[first : last + 1]) < _WIDTH - 2:
            last += 1
        head, tail = "…" if first else "", "…" if last < len(line) else ""
        start, end = start - first + len(head), min(end, last) - first + len(head)
        line = head + line[first:last] + tail
    before = "".join("\t" if char == "\t" else " " * _columns(char) for char in line[:start])
    return Excerpt(_printable(line), before + "^" * max(_columns(line[start:end]), 1))


def _columns(text: str) -> int:
    """How many columns a terminal gives the text; a guess for what fonts draw as one picture."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf")
        else 2 if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )  # fmt: skip


def _printable(text: str) -> str:
    """`text` without what would steer a terminal; tabs stay."""
    return "".join("\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char != "\t" else char for char in text)


class Output:
    """Standard output as bytes; a reader that has gone away is no error, what is left is for nobody."""

    def __init__(self) -> None:
        self._gone = False

    def write(self, text: str, encoding: str | None = None) -> None:
        """Writes in `encoding`, by default that of the terminal, with escapes for what it lacks."""
        if self._gone:
            return
        try:
            sys.stdout.buffer.write(text.encode(encoding or sys.stdout.encoding or "utf-8", "backslashreplace"))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            self.gone()

    def gone(self) -> None:
        """Sends all further output nowhere, that of the interpreter's own last flush included."""
        self._gone = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class PlainReport:
    """Text without colours."""

    def __init__(self) -> None:
        self._output = Output()

    def findings(self, name: str, document: Document, problems: Sequence[Problem]) -> None:
        for problem in problems:
            line, carets = excerpt(document.text, problem)
            head = f"{place(name, document, problem)}: {problem.severity}[{problem.rule}] {problem.message}"
            self._output.write(f"{head}\n    {line}\n    {carets}\n")

    def diff(self, diff: str) -> None:
        self._output.write(diff, "utf-8")

    def summary(self, summary: str) -> None:
        self._output.write(summary + "\n")

    def close(self) -> None:
        pass


# --- JSON


class Position(TypedDict):
    """As in LSP: from zero, `character` in UTF-16 code units."""

    line: int
    character: int


class Range(TypedDict):
    start: Position
    end: Position


class Record(TypedDict):
    """A finding for programs."""

    path: str
    rule: str
    severity: Severity
    message: str
    range: Range
    fixable: bool


def record(name: str, document: Document, problem: Problem) -> Record:
    """The finding with its range in UTF-16, and whether there is a fix that needs no judgement."""
    return {
        "path": name,
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
        "range": {
            "start": _position(document.text, problem.span.first),
            "end": _position(document.text, problem.span.last),
        },
        "fixable": any(fix.certain for fix in fixes(document.spec, problem.finding)),
    }


def _position(text: Text, point: Point) -> Position:
    return {"line": point.line, "character": text.character(point, "utf-16")}


class LinesReport:
    """One JSON object a line (JSON Lines), as soon as it is known; always UTF-8."""

    def __init__(self) -> None:
        self._output = Output()

    def findings(self, name: str, document: Document, problems: Sequence[Problem]) -> None:
        for problem in problems:
            self._output.write(json.dumps(record(name, document, problem), ensure_ascii=False) + "\n", "utf-8")

    def diff(self, diff: str) -> None:
        raise NotImplementedError("a diff is no JSON")

    def summary(self, summary: str) -> None:
        pass

    def close(self) -> None:
        pass


class JsonReport(LinesReport):
    """One JSON array of all findings, written at the end; always UTF-8."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[Record] = []

    def findings(self, name: str, document: Document, problems: Sequence[Problem]) -> None:
        self._records += [record(name, document, problem) for problem in problems]

    def close(self) -> None:
        self._output.write(json.dumps(self._records, ensure_ascii=False, indent=2) + "\n", "utf-8")
