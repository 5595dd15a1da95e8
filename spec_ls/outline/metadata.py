"""Metadata as documents carry it: a table, front matter, a list, lines with labels, a fenced preamble, and rarer ways.

Whatever the carrier, an `Entry` is one field with exact places. Which entries are fields of a template is
decided above; here every row counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from spec_ls.outline.blocks import (
    Cell,
    Comment,
    Fence,
    FrontMatter,
    Item,
    List,
    Paragraph,
    Plain,
    Quote,
    Row,
    Section,
    Table,
    TextLine,
)
from spec_ls.outline.carriers import (
    MOST_LINES,
    Fields,
    Value,
    begins_rows,
    column_fields,
    html_fields,
    term_fields,
    toml_fields,
)
from spec_ls.outline.inline import plain, title_of
from spec_ls.outline.shapes import label_of, unwrap, without_comments
from spec_ls.text import Span, strip_line_end

Carrier = Literal["table", "columns", "html", "yaml", "toml", "list", "terms", "lines", "fence", "section"]

_MOST = 2000
_LONGEST_KEPT = 200
_REMARK = re.compile(r"(?<=\w)\s*\([^()]*\)$")
_MOST_YAML = 20_000
"""Characters of front matter that are read as YAML (2 µs each); of more, the plain lines are read."""
_MOST_BRACKETS = 200
"""Flow collections in front matter that are read as YAML: 1,000 in each other take a second."""
_PLURAL = re.compile(r"(?<=\w\w)s$")
_YAML_LINE = re.compile(r"([^\s#:'\"\[{&*!|>%@`-][^:#]{0,80}?)[ \t]*:(?=[ \t]|$)[ \t]*(.*)$")
_LINE_BREAKS = re.compile("[\x85\u2028\u2029\x0b\x0c]")
_PREAMBLE = re.compile(r"([ \t]*)([^\W\d_][\w /()-]{0,40}?)[ \t]*:(?=[ \t]|$)[ \t]*(.*)$")
_YAML_VALUE = re.compile(r"(\s*(?:- ++(?=\S))*+(?:[^\s:#'\"\[{][^:#]*:[ \t]+)?)(\S.*?)((?<![ \t])[ \t]+#.*)?$")
_FLOW_ITEM = re.compile(r"(?<=[\[,])\s*([@`%][^,\[\]{}\"']*?)(?:(?<!\s)\s+)?(?=[,\]])")
_MOST_QUOTED = 20
_TOML_BARE = re.compile(r"(\s*[\w.-]+\s*=\s*)(?!(?:true|false|inf|nan)\b)([@`]?[^\W\d][^\"'\[\]{}#=]*(?<!\s))\s*$")
"""A value that needs quotes."""
_TOML_DAY = re.compile(r"\s*[\w.-]+\s*=\s*[0-9]")
_NEXT_LABEL = re.compile(
    r"(?<!\s)\s{0,8}(?:[|·•;/]|\s{2}|\t|&nbsp;)\s{0,8}"
    r"(?=(?:\*\*|__)[^*_\n]{1,60}(?::\*\*|:__|(?:\*\*|__)\s?[:：])|(?<=[|·•] )[^\W\d_][\w /()-]{0,30}:\s)"
)
"""What parts a label from the value in front of it."""
_MOST_LABEL = 4
"""Words of a label that stands in a paragraph of its own."""
_QUOTE = re.compile(r"\s{0,3}(?:>[ \t]?)?\s*(?:[-*+][ \t]+)?(?:\[[ xX]\][ \t]+)?")


class Entry(NamedTuple):
    """A metadata field as written: `value` is the source left of emphasis, code marks and quotes, at `value_span`.

    `whole` covers the value with its marks; an empty value has an empty span. `parts` are the values of a
    list that YAML has on lines of their own, else the one value. `group` is the line of the table, list,
    paragraph or front matter that carries the entry, `line` that of the key. `listed`: the value is a list by its form.
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
    listed: bool = False


def field_key(name: str) -> str:
    """The form in which field names are compared: words, case folded, without `(s)`, a remark in brackets behind them
    and a plural's s."""
    return _field_key(name) if len(name) <= _LONGEST_KEPT else _field_key.__wrapped__(name)


@lru_cache(maxsize=512)
def _field_key(name: str) -> str:
    words = plain(name).replace("(s)", "")
    return _PLURAL.sub("", title_of(_REMARK.sub("", words)).key)


def entries_of(
    section: Section,
    lines: Sequence[str],
    base: int,
    wanted: Callable[[str], bool] | None = None,
    lone: bool = False,
) -> Iterator[Entry]:
    """The entries of a section whose chunk starts at line `base` of `lines`.

    With `wanted`, only table rows whose first cell it accepts; without, every carrier counts. `lone`: so does a single
    line `Key: value` among other text. At most 2,000 entries a carrier. Never raises.
    """
    if wanted is not None:
        for block in section.blocks:
            if isinstance(block, Table):
                for row in block.rows[:_MOST]:
                    if row.cells and row.cells[0].source and wanted(row.cells[0].source):
                        yield _row_entry(row, block.line)
        return
    at, blocks = 0, section.blocks
    while at < len(blocks):
        found, behind = _rarer(section, at, lines, base)
        if behind > at:
            yield from found
            at = behind
            continue
        block = blocks[at]
        at += 1
        if isinstance(block, Table):
            for row in (block.header, *block.rows[:_MOST]):
                if row.cells and row.cells[0].source:
                    yield _row_entry(row, block.line)
        elif isinstance(block, FrontMatter):
            yield from _front_matter(_front_lines(block, lines, base))
        elif isinstance(block, Fence | Plain):
            yield from _preamble(block, lines, base)
        elif isinstance(block, List):
            for item in block.items[:_MOST]:
                if item.lines and item.box is None:
                    for entry in _line_entry(item.lines[0], "list", block.line):
                        yield _with_items(entry, item) if not entry.value else entry
        elif isinstance(block, Paragraph):
            beside = lone or any(_is_labelled_line(other) for other in (*blocks[at - 2 : at - 1], *blocks[at : at + 1]))
            yield from _labelled(block.lines, beside and _is_labelled_line(block))
        elif isinstance(block, Quote):
            for quoted in _quoted_lines(block, lines, base):
                yield from _labelled(quoted)


def _rarer(section: Section, at: int, lines: Sequence[str], base: int) -> tuple[list[Entry], int]:
    """The entries of a rarer carrier that begins with block `at`, and the index of the block behind it."""
    blocks, block = section.blocks, section.blocks[at]
    fields: Sequence[Fields] = ()
    carrier: Carrier = "terms"
    behind = at + 1
    if isinstance(block, Table):
        fields, carrier = column_fields(block), "columns"
    elif isinstance(block, FrontMatter) and is_toml(lines[base]):
        fields, carrier = list(toml_fields(_front_lines(block, lines, base)))[:_MOST], "toml"
    elif isinstance(block, Plain):
        last = min(section.end_line, block.line + MOST_LINES) if begins_rows(lines[base + block.line]) else block.line
        rows = [strip_line_end(line) for line in lines[base + block.line : base + last]]
        read, end = html_fields(rows)
        fields, carrier = [_lower(field, block.line) for field in read], "html"
        while end and behind < len(blocks) and blocks[behind].line < block.line + end:
            behind += 1
    elif isinstance(block, Paragraph):
        fields, behind = term_fields(blocks, at)
    if not fields:
        return [], behind if carrier == "html" and begins_rows(lines[base + block.line]) else at
    return [
        _block_entry(plain(name), key, values, carrier, block.line, listed, whole)
        for name, key, values, listed, whole in fields
    ], behind


def _lower(field: Fields, by: int) -> Fields:
    values = tuple((text, start, line + by) for text, start, line in field.values)
    return field._replace(key=field.key.shifted(by), values=values)


def is_toml(line: str) -> bool:
    """Whether the first line of front matter begins one in TOML."""
    return line.lstrip("\ufeff").startswith("+++")


def _is_labelled_line(block: object) -> bool:
    """Whether a paragraph is one short line with a plain label; several in a row are metadata."""
    if not isinstance(block, Paragraph) or len(block.lines) > 1:
        return False
    text = block.lines[0].text
    label = label_of(text) if text[0] not in "*_" else None
    return label is not None and len(label.name.split()) <= _MOST_LABEL


def _labelled(lines: Sequence[TextLine], plain_too: bool = False) -> Iterator[Entry]:
    """The entries of a paragraph's lines; where each of them has a label, one that is set in goes on with the last.

    `plain_too`: a label counts without emphasis, as it does where all lines have one.
    """
    first, lines = lines[0], lines[:_MOST]
    plain_too = plain_too or (len(lines) > 1 and all(line.start > first.start or label_of(line.text) for line in lines))
    found: list[Entry] = []
    for line in lines:
        if plain_too and found and line.start > first.start:
            found[-1] = _continued(found[-1], line)
        elif not _is_like_heading(line.text):
            for part in _parts_of(line):
                found += _line_entry(part, "lines", first.line, plain_too)
    yield from found


def _parts_of(line: TextLine) -> Iterator[TextLine]:
    """The labels of a line that has several, each with its value: `**Author**: @mira · **Status**: Draft`."""
    start = 0
    for found in _NEXT_LABEL.finditer(line.text):
        if start < found.start():
            yield TextLine(line.line, line.start + start, line.text[start : found.start()])
        start = found.end()
    yield TextLine(line.line, line.start + start, line.text[start:]) if start else line


def _quoted_lines(block: Quote, lines: Sequence[str], base: int) -> Iterator[list[TextLine]]:
    """The paragraphs of a quote, of its first lines, without the marks of the quote and of a list in it."""
    paragraph: list[TextLine] = []
    for number in range(block.line, min(block.end_line, block.line + _MOST)):
        row = strip_line_end(lines[base + number])
        start = _QUOTE.match(row).end()  # type: ignore[union-attr]
        if text := row[start:].rstrip():
            paragraph.append(TextLine(number, start, text))
        elif paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _is_like_heading(text: str) -> bool:
    """Whether a line is a few bold words and no more, which stand above what they speak of."""
    label = label_of(text)
    alone = label is not None and label.strong and label.value == len(text)
    return alone and {":", "："}.isdisjoint((text[-1], text.rstrip("*_")[-1:]))


def _continued(entry: Entry, line: TextLine) -> Entry:
    """An entry whose value goes on with one more line."""
    start, end = unwrap(line.text)
    part = line.text[start:end], Span(line.line, line.start + start, line.line, line.start + end)
    parts = (*(entry.parts if entry.value else ()), part)
    return entry._replace(
        value=", ".join(text.rstrip(",; ") for text, _ in parts),
        value_span=Span(*parts[0][1].first, *part[1].last),
        whole=Span(*(entry.whole.first if entry.value else line.span.first), *line.span.last),
        parts=parts,
    )


def section_entry(section: Section) -> Entry | None:
    """A section as a field: its title is the name, what it says first is the value. None without a heading, or where it
    begins with anything but text or a list; of a list with boxes the first that is ticked counts."""
    heading = section.heading
    if heading is None:
        return None
    first = next((block for block in section.blocks if not isinstance(block, Comment)), None)
    at = None
    if isinstance(first, Paragraph):
        at = first.lines[0]
    elif isinstance(first, List):
        items = [item for item in first.items[:_MOST] if item.lines]
        chosen = [item for item in items if item.box is not None and item.box.ticked]
        boxed = any(item.box is not None for item in items)
        at = next((item.lines[0] for item in (chosen if boxed else items)), None)
    if at is None:
        return None
    value = (at.text, at.start, at.line)
    return _block_entry(plain(heading.text.text), heading.text.span, [value], "section", heading.line, False)


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
    value = ", ".join(text for text, _ in parts)
    return entry._replace(value=value, value_span=span, whole=span, parts=tuple(parts), listed=True)


def _line_entry(line: TextLine, carrier: Carrier, group: int, plain_too: bool = False) -> Iterator[Entry]:
    text = line.text[:-1].rstrip() if line.text.endswith("\\") else line.text  # a hard line break
    label = label_of(text)
    if label and (label.strong or carrier == "list" or plain_too):
        key_span = Span(line.line, line.start + label.start, line.line, line.start + label.end)
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


# --- a preamble of `Key: value` lines in a code block ----------------------------------------


def _preamble(block: Fence | Plain, lines: Sequence[str], base: int) -> Iterator[Entry]:
    """The entries of a code block that holds `Key: value` lines and nothing else; a deeper line goes on with the one
    above. None where it holds anything else."""
    first, end = block.line, block.end_line
    rows = [strip_line_end(lines[base + number]) for number in range(first, min(end, len(lines) - base))]
    if not rows or len(rows) > _MOST:
        return
    if isinstance(block, Fence):
        first, rows = first + 1, rows[1:-1] if block.closed else rows[1:]
    elif rows[0].strip().casefold() == "<pre>":
        inside = next((at for at, row in enumerate(rows) if row.strip().casefold() == "</pre>"), len(rows))
        first, rows = first + 1, rows[1:inside]
    elif not all(row.startswith(("    ", "\t")) or not row.strip() for row in rows):
        return
    indent: str | None = None
    found: list[tuple[str, Span, list[tuple[str, int, int]]]] = []
    for number, row in enumerate(rows, first):
        if not row.strip():
            continue
        key = _PREAMBLE.match(row)
        if indent is None:
            indent = key[1] if key else None
        if indent is None:
            return
        if key and key[1] == indent:
            values = [(key[3].rstrip(), key.start(3), number)]
            found.append((key[2], Span(number, key.start(2), number, key.end(2)), values))
        elif len(row) - len(row.lstrip()) > len(indent) and found:
            text = row.strip()
            if not found[-1][2][0][0]:
                found[-1][2].pop()
            found[-1][2].append((text, row.find(text), number))
        else:
            return
    if len(found) > 1:
        for name, span, values in found:
            yield _block_entry(name, span, values, "fence", block.line, len(values) > 1)


# --- TOML -----------------------------------------------------------------------------------


def _toml_fault(lines: Sequence[str]) -> YamlFault | None:
    """What keeps front matter from being TOML; None where nothing does, or only a day that is none."""
    if sum(map(len, lines)) > _MOST_YAML:
        return None
    error = _toml_error(lines)
    if error is None:
        return None
    mended, quotes = list(lines), list[tuple[Span, str]]()
    for number, line in enumerate(lines, 1):
        if found := _TOML_BARE.match(line):
            quotes.append((Span(number, found.start(2), number, found.end(2)), f'"{found[2]}"'))
            mended[number - 1] = found[1] + quotes[-1][1]
    if quotes and _toml_error(mended) is None:
        message = "This value needs quotes: without them the front matter is no TOML."
        return YamlFault(quotes[0][0], message, tuple(quotes))
    place = re.search(r"\(at line ([0-9]+)", error)
    number = min(int(place[1]) if place else len(lines), len(lines))
    line = lines[number - 1] if lines else ""
    if _TOML_DAY.match(line) and "overwrite" not in error:
        return None  # the field itself is told
    start = len(line) - len(line.lstrip())
    span = Span(number, start, number, max(start, len(line.rstrip())))
    return YamlFault(span, f"The front matter is no TOML: {error.partition(' (at ')[0].lower()}.", ())


def _toml_error(lines: Sequence[str]) -> str | None:
    import tomllib

    try:
        tomllib.loads("\n".join(lines))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return str(error)
    return None


# --- YAML -----------------------------------------------------------------------------------

_YamlField: TypeAlias = tuple[str, Span, tuple[Value, ...], bool]


class YamlFault(NamedTuple):
    """Why front matter is no YAML, or no TOML: what to mark, and the values that have to stand in quotes; lines count
    from the opening fence. `certain`: with the quotes it can be read."""

    span: Span
    message: str
    quotes: tuple[tuple[Span, str], ...]


def yaml_fault(section: Section, lines: Sequence[str], base: int) -> YamlFault | None:
    """What keeps a section's front matter from being read; None where it can be, or is none. Never raises."""
    for block in section.blocks[:1]:
        if isinstance(block, FrontMatter):
            inner = _front_lines(block, lines, base)
            if is_toml(lines[base]):
                return _toml_fault(inner)
            if not _is_plain_yaml(inner) or not any(map(_YAML_LINE.match, inner)):
                return None
            return _read_yaml(tuple(inner))[1]
    return None


def _front_lines(block: FrontMatter, lines: Sequence[str], base: int) -> list[str]:
    return [strip_line_end(line) for line in lines[base + 1 : base + block.end_line - 1]]


def _front_matter(inner: Sequence[str]) -> Iterator[Entry]:
    read = _read_yaml(tuple(inner))[0] if _is_plain_yaml(inner) else None
    for name, key_span, values, listed in (_plain_fields(inner) if read is None else read)[:_MOST]:
        yield _block_entry(name, key_span, values, "yaml", 0, listed)


def _plain_fields(inner: Sequence[str]) -> list[_YamlField]:
    """The fields of broken YAML, such as an unquoted @name: its plain lines still say what they say."""
    found: list[_YamlField] = []
    for number, line in enumerate(inner[:_MOST], 1):
        key = _YAML_LINE.match(line)
        item = re.match(r"\s*-[ \t]+(\S.*)$", line)
        if key:
            value = key[2].split(" #", 1)[0].rstrip()
            values = tuple(_flow(value, key.start(2), number))
            found.append((key[1], Span(number, 0, number, len(key[1])), values, value.startswith("[")))
        elif item and found:
            name, span, values, listed = found[-1]
            value = item[1].split(" #", 1)[0].rstrip()
            kept = values if listed or (values and values[0][0]) else ()
            found[-1] = (name, span, (*kept, (value, item.start(1), number)), True)
    return found


def _flow(value: str, start: int, line: int) -> Iterator[Value]:
    """The values of a line of YAML: several where it is a list in brackets."""
    if not (value.startswith("[") and value.endswith("]") and len(value) > 2):
        yield value, start, line
        return
    for part in re.finditer(r"[^,\s][^,]*", value[1:-1]):
        yield part[0].rstrip(), start + 1 + part.start(), line


def _is_plain_yaml(lines: Sequence[str]) -> bool:
    """Whether YAML has the same lines as we, and so few of them that reading them takes no time to speak of."""
    return (
        sum(map(len, lines)) <= _MOST_YAML
        and sum(line.count("[") + line.count("{") for line in lines) <= _MOST_BRACKETS
        and not any(map(_LINE_BREAKS.search, lines))
    )


def _block_entry(
    name: str,
    key_span: Span,
    values: Sequence[Value],
    carrier: Carrier,
    group: int,
    listed: bool,
    whole: Span | None = None,
) -> Entry:
    """An entry whose values have places of their own."""
    parts = []
    for source, start, line in values:
        first, last = _unquote(source)
        parts.append((source[first:last], Span(line, start + first, line, start + last)))
    places = [Span(line, start, line, start + len(source)) for source, start, line in values]
    value_span = Span(*parts[0][1].first, *parts[-1][1].last)
    return Entry(
        name=name,
        key=field_key(name),
        key_span=key_span,
        value=", ".join(text for text, _ in parts),
        value_span=value_span,
        whole=whole or Span(*places[0].first, *places[-1].last),
        carrier=carrier,
        group=group,
        line=key_span.start_line,
        parts=tuple(parts),
        listed=listed,
    )


def _unquote(source: str) -> tuple[int, int]:
    if len(source) > 1 and source[0] == source[-1] and source[0] in "\"'":
        first, last = unwrap(source[1:-1])
        return first + 1, last + 1
    return unwrap(source)


@lru_cache(maxsize=16)
def _read_yaml(lines: tuple[str, ...]) -> tuple[tuple[_YamlField, ...] | None, YamlFault | None]:
    """The fields of a YAML mapping with the sources of their scalar values; None where it is no mapping or broken,
    and what breaks it."""
    import yaml

    try:
        node = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        return None, _fault(error, lines)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None, None
    if node is None:
        return (), None
    if not isinstance(node, yaml.MappingNode):
        return None, None
    found = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.start_mark.line != key.end_mark.line:
            continue
        start, end, line = key.start_mark.column, key.end_mark.column, key.start_mark.line
        first, last = _unquote(lines[line][start:end])
        listed = isinstance(value, yaml.SequenceNode)
        items = value.value if listed else [value]
        values = [_yaml_value(item, lines) for item in items[:_MOST]]
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            values = _block_values(value, lines)
        values = values or [("", value.start_mark.column, line)]
        key_span = Span(line + 1, start + first, line + 1, start + last)
        places = tuple((text, at, number + 1) for text, at, number in values)
        found.append((str(key.value), key_span, places, listed))
    return tuple(found), None


def _yaml_value(node: object, lines: Sequence[str]) -> Value:
    """A node's source on its first line, its offset and line."""
    start = node.start_mark  # type: ignore[attr-defined]
    end = node.end_mark  # type: ignore[attr-defined]
    if start.line >= len(lines):
        return "", 0, max(0, len(lines) - 1)
    stop = end.column if end.line == start.line else len(lines[start.line])
    return lines[start.line][start.column : stop].rstrip(), start.column, start.line


def _block_values(node: object, lines: Sequence[str]) -> list[Value]:
    """The lines of a block scalar, behind its `|` or `>`."""
    first, end = node.start_mark.line + 1, node.end_mark.line  # type: ignore[attr-defined]
    rows = [(lines[number], number) for number in range(first, min(end + 1, len(lines)))][:_MOST]
    indent = next((len(row) - len(row.lstrip()) for row, _ in rows if row.strip()), 0)
    inside = [(row, number) for row, number in rows if row.strip() and len(row) - len(row.lstrip()) >= max(indent, 1)]
    return [(row.strip(), len(row) - len(row.lstrip()), number) for row, number in inside]


def _fault(error: object, lines: tuple[str, ...]) -> YamlFault:
    """The fault behind a YAML error, with the quotes that mend it where quotes do."""
    problem = _problem_line(error, len(lines))
    quotes: list[tuple[Span, str]] = []
    mended, at = list(lines), problem
    for _ in range(_MOST_QUOTED):
        found = _quoted(mended[at])
        if not found:
            quotes = []
            break
        row = mended[at]
        for start, end, text in reversed(found):
            row = row[:start] + text + row[end:]
            quotes.append((Span(at + 1, start, at + 1, end), text))
        mended[at] = row
        again = _yaml_error("\n".join(mended))
        if again is None:
            break
        following = _problem_line(again, len(lines))
        if following <= at:
            quotes = []
            break
        at = following
    else:
        quotes = []
    line = lines[problem]
    start = len(line) - len(line.lstrip())
    span = Span(problem + 1, start, problem + 1, max(start, len(line.rstrip())))
    if quotes:
        first = min((place for place, _ in quotes), key=lambda place: place.first)
        return YamlFault(first, "This value needs quotes: without them the front matter is no YAML.", tuple(quotes))
    reason = str(getattr(error, "problem", "") or "it cannot be read")
    return YamlFault(span, f"The front matter is no YAML: {reason}.", ())


def _problem_line(error: object, count: int) -> int:
    """The line at fault: where what is not closed begins, else where the reader stopped."""
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    text = str(getattr(error, "context", "") or "")
    if context is not None and ("quoted scalar" in text or "flow" in text):
        mark = context
    line = mark.line if mark is not None else 0
    return max(0, min(line, count - 1))


def _yaml_error(source: str) -> object | None:
    import yaml

    try:
        yaml.compose(source, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return error
    return None


def _quoted(line: str) -> list[tuple[int, int, str]]:
    """What of a line has to be replaced for its value to stand in quotes: ranges and new texts; empty if unclear."""
    found = _YAML_VALUE.fullmatch(line)
    if not found:
        return []
    value = found[2]
    if value.startswith("[") and value.endswith("]"):
        items = [(found.start(2) + item.start(1), found.start(2) + item.end(1)) for item in _FLOW_ITEM.finditer(value)]
        return [(start, end, _in_quotes(line[start:end])) for start, end in items]
    if value[0] in "\"'[{|>" or not found[1].strip():
        return []
    return [(found.start(2), found.end(2), _in_quotes(value))]


def _in_quotes(value: str) -> str:
    if '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'
