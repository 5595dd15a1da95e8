"""Metadata as documents carry it: a key/value table, YAML front matter, a list, or lines with labels.

Whatever the carrier, an `Entry` is one field with exact places. Which entries are fields of a template is
decided above; here every row counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from spec_ls.outline.blocks import Cell, FrontMatter, Item, List, Paragraph, Row, Section, Table, TextLine
from spec_ls.outline.inline import plain, title_of
from spec_ls.outline.shapes import label_of, unwrap, without_comments
from spec_ls.text import Span, strip_line_end

Carrier = Literal["table", "yaml", "list", "lines"]

_MOST = 2000
_MOST_YAML = 20_000
"""Characters of front matter that are read as YAML (2 µs each); of more, the plain lines are read."""
_MOST_BRACKETS = 200
"""Flow collections in front matter that are read as YAML: 1,000 in each other take a second."""
_PLURAL = re.compile(r"(?<=\w\w)s$")
_YAML_LINE = re.compile(r"([^\s#:'\"\[{&*!|>%@`-][^:#]{0,80}?)[ \t]*:(?=[ \t]|$)[ \t]*(.*)$")
_LINE_BREAKS = re.compile("[\x85\u2028\u2029\x0b\x0c]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A metadata field as written: `value` is the source left of emphasis, code marks and quotes, at `value_span`.

    `whole` covers the value with its marks; an empty value has an empty span. `parts` are the values of a
    list that YAML has on lines of their own, else the one value. `group` is the line of the table, list,
    paragraph or front matter that carries the entry, `line` that of the key.
    """

    name: str
    key: str
    key_span: Span
    value: str
    value_span: Span
    whole: Span
    carrier: Carrier
    group: int
    line: int
    parts: tuple[tuple[str, Span], ...]


def field_key(name: str) -> str:
    """The form in which field names are compared: words, case folded, without `(s)` and a plural's s."""
    return _PLURAL.sub("", title_of(plain(name).replace("(s)", "")).key)


def entries_of(
    section: Section, lines: Sequence[str], base: int, wanted: Callable[[str], bool] | None = None
) -> Iterator[Entry]:
    """The entries of a section whose chunk starts at line `base` of `lines`.

    With `wanted`, only table rows whose first cell it accepts; without, every carrier counts. At most 2,000
    entries a carrier. Never raises.
    """
    for block in section.blocks:
        if isinstance(block, Table):
            header = [] if wanted else [block.header]
            for row in (*header, *block.rows[:_MOST]):
                if row.cells and row.cells[0].source and (wanted is None or wanted(row.cells[0].source)):
                    yield _row_entry(row, block.line)
        elif wanted is not None:
            continue
        elif isinstance(block, FrontMatter):
            yield from _front_matter(block, [strip_line_end(line) for line in lines[base : base + block.end_line]])
        elif isinstance(block, List):
            for item in block.items[:_MOST]:
                if item.lines and item.box is None:
                    for entry in _line_entry(item.lines[0], "list", block.line):
                        yield _with_items(entry, item) if not entry.value else entry
        elif isinstance(block, Paragraph):
            for line in block.lines[:_MOST]:
                yield from _line_entry(line, "lines", block.line)


def _row_entry(row: Row, group: int) -> Entry:
    key = row.cells[0]
    value = row.cells[1] if len(row.cells) > 1 else Cell(row.line, key.start + len(key.source), "")
    start, end = unwrap(key.source)
    key_span = Span(row.line, key.start + start, row.line, key.start + end)
    return _entry(plain(without_comments(key.text)), key_span, value.source, value.start, "table", group)


def _with_items(entry: Entry, item: Item) -> Entry:
    """An entry whose values stand in a list of their own below its key."""
    nested = [
        inner.lines[0] for block in item.blocks if isinstance(block, List) for inner in block.items if inner.lines
    ]
    if not nested:
        return entry
    parts = []
    for line in nested[:_MOST]:
        first, last = unwrap(line.text)
        parts.append((line.text[first:last], Span(line.line, line.start + first, line.line, line.start + last)))
    span = Span(*parts[0][1].first, *parts[-1][1].last)
    return replace(entry, value=", ".join(text for text, _ in parts), value_span=span, whole=span, parts=tuple(parts))


def _line_entry(line: TextLine, carrier: Carrier, group: int) -> Iterator[Entry]:
    text = line.text[:-1].rstrip() if line.text.endswith("\\") else line.text  # a hard line break
    label = label_of(text)
    if label and (label.strong or carrier == "list"):
        at = line.start + max(0, line.text.find(label.name))
        key_span = Span(line.line, at, line.line, at + len(label.name))
        yield _entry(label.name, key_span, text[label.value :], line.start + label.value, carrier, group)


def _entry(name: str, key_span: Span, source: str, start: int, carrier: Carrier, group: int) -> Entry:
    line = key_span.start_line
    first, last = unwrap(source)
    value_span = Span(line, start + first, line, start + last)
    value = source[first:last]
    return Entry(
        name=name.rstrip(":： "),
        key=field_key(name),
        key_span=key_span,
        value=value,
        value_span=value_span,
        whole=Span(line, start, line, start + len(source)),
        carrier=carrier,
        group=group,
        line=line,
        parts=((value, value_span),),
    )


# --- YAML -----------------------------------------------------------------------------------


def _front_matter(block: FrontMatter, lines: Sequence[str]) -> Iterator[Entry]:
    inner = lines[1 : block.end_line - 1]
    read = _read_yaml(inner) if _is_plain_yaml(inner) else None
    if read is None:  # broken YAML, such as an unquoted @name: its plain lines still say what they say
        for number, line in enumerate(inner[:_MOST], 1):
            found = _YAML_LINE.match(line)
            if found:
                value = found[2].split(" #", 1)[0].rstrip()
                yield _yaml_entry(found[1], Span(number, 0, number, len(found[1])), [(value, found.start(2), number)])
        return
    for name, key_span, values in read[:_MOST]:
        yield _yaml_entry(name, key_span, values)


def _is_plain_yaml(lines: Sequence[str]) -> bool:
    """Whether YAML has the same lines as we, and so few of them that reading them takes no time to speak of."""
    return (
        sum(map(len, lines)) <= _MOST_YAML
        and sum(line.count("[") + line.count("{") for line in lines) <= _MOST_BRACKETS
        and not any(map(_LINE_BREAKS.search, lines))
    )


def _yaml_entry(name: str, key_span: Span, values: Sequence[tuple[str, int, int]]) -> Entry:
    """An entry of front matter; each value is its source, offset and line."""
    parts = []
    for source, start, line in values:
        first, last = _unquote(source)
        parts.append((source[first:last], Span(line, start + first, line, start + last)))
    whole = [Span(line, start, line, start + len(source)) for source, start, line in values]
    value_span = Span(*parts[0][1].first, *parts[-1][1].last)
    return Entry(
        name=name,
        key=field_key(name),
        key_span=key_span,
        value=", ".join(text for text, _ in parts),
        value_span=value_span,
        whole=Span(*whole[0].first, *whole[-1].last),
        carrier="yaml",
        group=0,
        line=key_span.start_line,
        parts=tuple(parts),
    )


def _unquote(source: str) -> tuple[int, int]:
    if len(source) > 1 and source[0] == source[-1] and source[0] in "\"'":
        first, last = unwrap(source[1:-1])
        return first + 1, last + 1
    return unwrap(source)


def _read_yaml(lines: Sequence[str]) -> list[tuple[str, Span, list[tuple[str, int, int]]]] | None:
    """The fields of a YAML mapping with the sources of their scalar values; None where it is no mapping or broken."""
    import yaml

    try:
        node = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        return None
    found = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.start_mark.line != key.end_mark.line:
            continue
        start, end, line = key.start_mark.column, key.end_mark.column, key.start_mark.line
        first, last = _unquote(lines[line][start:end])
        items = value.value if isinstance(value, yaml.SequenceNode) else [value]
        values = [_yaml_value(item, lines) for item in items[:_MOST]] or [("", value.start_mark.column, line)]
        key_span = Span(line + 1, start + first, line + 1, start + last)
        found.append((str(key.value), key_span, [(text, at, number + 1) for text, at, number in values]))
    return found


def _yaml_value(node: object, lines: Sequence[str]) -> tuple[str, int, int]:
    """A node's source on its first line, its offset and line."""
    start = node.start_mark  # type: ignore[attr-defined]
    end = node.end_mark  # type: ignore[attr-defined]
    if start.line >= len(lines):
        return "", 0, max(0, len(lines) - 1)
    stop = end.column if end.line == start.line else len(lines[start.line])
    return lines[start.line][start.column : stop].rstrip(), start.column, start.line
