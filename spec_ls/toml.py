"""TOML as it is typed: where keys and values stand, and what a point is in. Values are the parser's business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from spec_ls.text import Point, Span, split_lines, strip_line_end

Places = Mapping[tuple[str, ...], tuple[Span, Span]]

_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\])*\"|'[^']*')"
_PART = re.compile(_KEY)
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=\s*")
_INLINE = re.compile(rf"(?<=[{{,\s])({_DOTTED})(\s*=\s*)?")
"""A key in braces, and words that are none: no sign behind them. Those are passed over as a whole."""
_VALUE_END = re.compile(r"[,}]")
_STRING = re.compile(r"\"\"\"|'''|\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*")


def places_in(source: str) -> dict[tuple[str, ...], tuple[Span, Span]]:
    """Where the keys of a TOML text stand, and their values: by path, tables of an array by their number.

    A value that goes on over several lines counts up to the end of its first. Never raises; broken TOML has the places
    that can be told.
    """
    found: dict[tuple[str, ...], tuple[Span, Span]] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    depth, quote = 0, ""
    for number, line in enumerate(map(strip_line_end, split_lines(source))):
        header = _HEADER.match(line) if not depth and not quote else None
        if header:
            table = _resolved(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            span = Span(number, header.start(2), number, header.end(2))
            found.setdefault(table, (span, span))
            continue
        assignment = _ASSIGNMENT.match(line) if not depth and not quote else None
        bare, depth, quote = _masked(line, depth, quote)
        if assignment:
            path = (*table, *_parts(assignment[1]))
            key = Span(number, assignment.start(1), number, assignment.end(1))
            end = max(assignment.end(), len(bare.rstrip()))
            found.setdefault(path, (key, Span(number, assignment.end(), number, end)))
            for inner in _INLINE.finditer(bare, assignment.end()):
                if not inner[2]:
                    continue
                stop = _VALUE_END.search(bare, inner.end())
                last = stop.start() if stop else len(bare)
                value = Span(number, inner.end(), number, inner.end() + len(bare[inner.end() : last].rstrip()))
                key = Span(number, inner.start(1), number, inner.end(1))
                found.setdefault((*path, *_parts(line[inner.start(1) : inner.end(1)])), (key, value))
    return found


def _resolved(path: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """A header's path with the number of the current table behind each array of tables in front."""
    full: tuple[str, ...] = ()
    for at, part in enumerate(path):
        full = (*full, part)
        if full in counts and at + 1 < len(path):
            full = (*full, str(counts[full]))
    return full


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _masked(line: str, depth: int, quote: str) -> tuple[str, int, str]:
    """The line with its strings and comment blanked, and how deep in brackets and in which long string it ends."""
    parts, at = [], 0
    if quote:
        stop = line.find(quote)
        if stop < 0:
            return " " * len(line), depth, quote
        at = stop + 3
        parts.append(" " * at)
        quote = ""
    while found := _STRING.search(line, at):
        parts.append(line[at : found.start()])
        end = found.end()
        if found[0] in ('"""', "'''"):
            stop = line.find(found[0], end)
            if stop < 0:
                parts.append("\0" * (len(line) - found.start()))
                at, quote = len(line), found[0]
                break
            end = stop + 3
        parts.append((" " if found[0][0] == "#" else "\0") * (end - found.start()))
        at = end
    parts.append(line[at:])
    bare = "".join(parts)
    return bare, max(0, depth + bare.count("[") - bare.count("]")), quote


class Where(NamedTuple):
    """What a point of a TOML text is in.

    `path` is that of the table around a key or in a header, of a value that of its key. `span` covers what is written
    there: a key, the inside of a string, a bare value; `behind` is the text behind it on its line. `quote` is what a
    string is in, empty without one. `listed`: in an array, or of several tables.
    """

    kind: Literal["header", "key", "value"]
    path: tuple[str, ...]
    span: Span
    quote: str = ""
    listed: bool = False
    behind: str = ""


_BARE = re.compile(r"[\w.+-]*+")
_LONE = re.compile("[\"']")
_OPEN = re.compile(r"[^,\]}]*")
_BRACES = re.compile(r"[{,]")
_BEGUN = re.compile(r"\s*+(\[\[?)\s*+([^\]#\0]*+)$")


def where(source: str, point: Point) -> Where | None:
    """What `point` is in; None in a comment, a long string or behind a value. Takes time in proportion to the text in
    front of it. Never raises."""
    table: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    depth, quote = 0, ""
    lines = [strip_line_end(line) for line in split_lines(source)]
    if point.line >= len(lines):
        return None
    for line in lines[: point.line]:
        header = _HEADER.match(line) if not depth and not quote else None
        if header:
            table = _parts(header[2])
            continue
        assignment = _ASSIGNMENT.match(line) if not depth and not quote else None
        if assignment:
            opened = (*table, *_parts(assignment[1]))
        _, depth, quote = _masked(line, depth, quote)
    if quote:
        return None
    return _on_line(lines[point.line], point, table, opened if depth else ())


def _on_line(line: str, point: Point, table: tuple[str, ...], opened: tuple[str, ...]) -> Where | None:
    """What a point is in, on a line below the header of `table`; `opened` is the key of an array that is still open."""
    begin, mark = _string_at(line, point.offset)
    if mark == "#":
        return None
    before = _masked(line[:begin], 0, "")[0]
    stop = _end(line, point, mark)
    span = Span(point.line, begin + len(mark) if mark else _start(line, point.offset), point.line, stop)
    behind = line[stop:]
    header = _BEGUN.match(before) if not opened and not mark else None
    if header and "=" not in before:
        parts = tuple(part.strip() for part in header[2].split("."))
        inside = Span(point.line, header.start(2), point.line, max(stop, point.offset))
        return Where("header", parts[:-1], inside, listed=header[1] == "[[", behind=line[max(stop, point.offset) :])
    assignment = _ASSIGNMENT.match(line[:begin]) if not opened else None
    if assignment is None and not opened:
        begun = Span(point.line, len(line) - len(line.lstrip()) if line.strip() else point.offset, point.line, stop)
        return None if mark else Where("key", table, begun, behind=behind)
    path = opened or (*table, *_parts(assignment[1] if assignment else ""))
    rest = before[assignment.end() if assignment else 0 :]
    if rest.count("{") > rest.count("}"):
        inner = _BRACES.split(rest)[-1]
        if "=" not in inner:
            return None if mark else Where("key", path, span, behind=behind)
        names = _BRACES.split(line[:begin].rsplit("=", 1)[0])[-1]
        return Where("value", (*path, *_parts(names)), span, mark, behind=behind)
    listed = bool(opened) or rest.count("[") > rest.count("]")
    if not listed and not mark and not _BARE.fullmatch(rest.lstrip()):
        return None  # behind a whole value
    return Where("value", path, span, mark, listed, behind)


def _string_at(line: str, offset: int) -> tuple[int, str]:
    """Where the string or comment that `offset` is in begins, and its mark; `offset` itself and nothing outside."""
    at = 0
    while at < offset:
        found = _STRING.search(line, at)
        lone = _LONE.search(line, at, found.start() if found else offset)
        if lone and lone.start() < offset:
            return lone.start(), lone[0]
        if found is None or found.start() >= offset:
            break
        if found[0][0] == "#" or offset < found.end():
            return found.start(), found[0][0]
        at = found.end()
    return offset, ""


def _start(line: str, offset: int) -> int:
    while offset and _BARE.fullmatch(line[offset - 1]):
        offset -= 1
    return offset


def _end(line: str, point: Point, mark: str) -> int:
    """Where what the point is in ends: a string before its mark, or where one that is open gives way to a sign."""
    if not mark:
        found = _BARE.match(line, point.offset)
        return found.end() if found else point.offset
    closing = line.find(mark, point.offset)
    if closing >= 0:
        return closing
    found = _OPEN.match(line, point.offset)
    return found.end() if found else point.offset
