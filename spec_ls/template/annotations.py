"""Annotations: what a template cannot say in its own text, `<!-- spec-ls: … -->` or `# spec-ls: …` in YAML.

One stands on a line; several on the one line of a short comment are parted by `;`. `WORDS` is the one list
of them: reading, faults, completion and hover all look there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from spec_ls.outline.blocks import Block, Fence, Item, List, Section
from spec_ls.template.model import Stage
from spec_ls.text import Span

Place = Literal["template", "heading", "field", "item"]
"""Where an annotation stands: anywhere in the template, at a heading, at a field, at a list item."""

KINDS = ("text", "date", "handle", "handles", "link", "id")
LEVELS = ("error", "warning", "information", "hint", "off")
STAGES: tuple[Stage, ...] = ("draft", "review", "approved", "done", "parked")


@dataclass(frozen=True, slots=True)
class Word:
    """An annotation: the `form` of its argument (empty: it takes none), where it may stand, what it says."""

    name: str
    form: str
    places: tuple[Place, ...]
    says: str


WORDS: dict[str, Word] = {
    word.name: word
    for word in (
        Word("optional", "", ("heading", "field", "item"), "A document may do without it."),
        Word("optional-children", "", ("heading",), "A document may do without any of the sections below this one."),
        Word(
            "required-when", "FIELD in (A, B)", ("heading", "field"), "Required only while the field has such a value."
        ),
        Word("repeat", "", ("heading",), "A document may have any number of sections of this kind."),
        Word("example", "", ("heading",), "An example of a section; none of this name is asked for."),
        Word("keep", "", ("heading", "field", "item"), "The template's own words may stay as they are."),
        Word("choices", "A, B", ("field",), "The value is one of these."),
        Word("type", "date|handle|handles|link|id|text", ("field",), "What kind of value the field holds."),
        Word("today", "", ("field",), "The day on which a document is begun; spec-ls new fills it in."),
        Word("alias", '"Other name", "…"', ("heading", "field"), "Other names under which it counts as well."),
        Word("state", "NAME (stage): meaning", ("template",), "What a status means; its stage says how faults weigh."),
        Word("move", "A -> B", ("template",), "Which status may follow which; any stands for all."),
        Word("severity", "RULE LEVEL", ("template",), "How much the findings of a rule weigh; off silences it."),
        Word("template-version", "VERSION", ("template",), "The version of this template."),
    )
}

_COMMENT = re.compile(r"<!--\s*spec-ls:(.*?)-->", re.S)
_YAML_ANYWHERE = re.compile(r"(?:^|\s)#\s*spec-ls:[^\n]*", re.M)
_YAML = re.compile(r"(?:^|\s)#\s*spec-ls:(.*)$")
_FORM = re.compile(r"(\S+)(\s+)?(.*)$", re.S)
_AMONG = re.compile(r"(?<!\s)\s+in\s*\(([^()]*)\)$")
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|([^,"“”]+)')
_STAGE = re.compile(r"\(([^()]*)\)")


class Annotation(NamedTuple):
    """One annotation as written: `word` at `span`, its `argument` (may be empty) at `argument_span`.

    `comment` covers the whole comment that it stands in.
    """

    word: str
    argument: str
    span: Span
    argument_span: Span
    comment: Span
    yaml: bool

    @property
    def line(self) -> int:
        return self.span.start_line


def without_annotations(text: str) -> str:
    """`text` with its annotations left out."""
    closed = text.rfind("-->") + 3  # behind it every comment runs to the end, and to look for that takes its square
    return _YAML_ANYWHERE.sub("", _COMMENT.sub("", text[:closed]) + text[closed:])


def annotations_in(lines: list[str], front_end: int = 0) -> Iterator[Annotation]:
    """The annotations of a text's lines (without line ends), of which `front_end` are front matter. Never raises."""
    for number in range(min(front_end, len(lines))):
        found = _YAML.search(lines[number])
        if found:
            comment = Span(number, found.start(), number, len(lines[number]))
            yield from _split(found[1], number, found.start(1), comment, yaml=True)
    source = "\n".join(lines[front_end:])
    line = start = 0
    for comment_match in _COMMENT.finditer(source, 0, source.rfind("-->") + 3):
        line += source.count("\n", start, comment_match.start())
        start = comment_match.start()
        column = start - (source.rfind("\n", 0, start) + 1)
        last = line + source.count("\n", start, comment_match.end())
        end = comment_match.end() - (source.rfind("\n", 0, comment_match.end()) + 1)
        comment = Span(line + front_end, column, last + front_end, end)
        first = comment_match.start(1) - start + column if "\n" not in source[start : comment_match.start(1)] else 0
        skipped = source.count("\n", start, comment_match.start(1))
        if skipped:
            first = comment_match.start(1) - (source.rfind("\n", 0, comment_match.start(1)) + 1)
        rows = comment_match[1].split("\n")
        for at, row in enumerate(rows):
            offset = first if at == 0 else 0
            number = line + skipped + at + front_end
            if len(rows) == 1:
                yield from _split(row, number, offset, comment, yaml=False)
            else:
                yield from _one(row, number, offset, comment, yaml=False)


def _split(row: str, line: int, offset: int, comment: Span, *, yaml: bool) -> Iterator[Annotation]:
    for part in row.split(";"):
        yield from _one(part, line, offset, comment, yaml=yaml)
        offset += len(part) + 1


def _one(row: str, line: int, offset: int, comment: Span, *, yaml: bool) -> Iterator[Annotation]:
    text = row.strip()
    found = _FORM.match(text)
    if not found:
        return
    start = offset + len(row) - len(row.lstrip())
    first = start + found.start(3)
    yield Annotation(
        found[1],
        found[3].strip(),
        Span(line, start, line, start + len(found[1])),
        Span(line, first, line, first + len(found[3].strip())),
        comment,
        yaml,
    )


# --- what an annotation speaks of -----------------------------------------------------------


class Attached(NamedTuple):
    """An annotation and what it speaks of: the heading, field or item on `line`, or the template as a whole."""

    annotation: Annotation
    place: Place
    line: int


def attached(
    found: Iterable[Annotation], flat: Sequence[tuple[Section, int]], lines: Sequence[str], fields: Sequence[int]
) -> list[Attached]:
    """What each annotation speaks of; those in code blocks are left out.

    On the line of a heading, a field or an item, it speaks of that. In a comment of its own it speaks of the heading
    above that it touches, else of the one below that it touches, else of the section it stands in; in front matter,
    on a line of its own, of the key below. Words about the whole template may stand anywhere.
    """
    places = _Places(flat, lines, fields)
    result = []
    for one in found:
        if places.in_code(one.line) or lines[one.line][: one.comment.start].endswith("`"):
            continue
        place, line = places.of(one)
        known = WORDS.get(one.word)
        own_comment = one.yaml or not lines[one.comment.start_line][: one.comment.start].strip()
        if known is not None and known.places == ("template",) and own_comment:
            place, line = "template", 0
        result.append(Attached(one, place, line))
    return result


class _Places:
    def __init__(self, flat: Sequence[tuple[Section, int]], lines: Sequence[str], fields: Sequence[int]) -> None:
        self._lines = lines
        self._fields = sorted(fields)
        self._headings: list[tuple[int, int]] = []
        self._code: list[tuple[int, int]] = []
        self._items: dict[int, int] = {}
        for section, base in flat:
            heading = section.heading
            if heading is not None and heading.style != "malformed":
                self._headings.append((heading.line + base, heading.end_line + base))
            self._read(section.blocks, base)

    def _read(self, blocks: Sequence[Block], base: int) -> None:
        for block in blocks:
            if isinstance(block, Fence):
                self._code.append((block.line + base, block.end_line + base))
            elif isinstance(block, List):
                for item in block.items:
                    self._read_item(item, base)

    def _read_item(self, item: Item, base: int) -> None:
        for line in range(item.line, item.end_line):
            self._items[line + base] = item.line + base
        self._read(item.blocks, base)

    def in_code(self, line: int) -> bool:
        return any(first <= line < end for first, end in self._code)

    def of(self, one: Annotation) -> tuple[Place, int]:
        line, last = one.comment.start_line, one.comment.end_line
        if one.yaml:
            alone = not self._lines[line][: one.comment.start].strip()
            below = next((field for field in self._fields if field > line), None) if alone else line
            inside = below is not None and below in self._fields
            return ("field", below) if inside and below is not None else ("template", 0)
        if line in self._fields:
            return "field", line
        for first, end in self._headings:
            if first <= line < end:
                return "heading", first
        if line in self._items:
            at = self._items[line]
            return ("field", at) if at in self._fields else ("item", at)
        above = max((first for first, end in self._headings if end <= line), default=None)
        if any(end == line for _, end in self._headings) and above is not None:
            return "heading", above
        below = next((first for first, _ in self._headings if first == last + 1), None)
        if below is not None:
            return "heading", below
        return ("heading", above) if above is not None else ("template", 0)


# --- arguments ------------------------------------------------------------------------------


def listed(argument: str) -> tuple[str, ...]:
    """The parts of `A, "B, or C", D`; none for a list that names nothing."""
    parts = (next(filter(None, found.groups()), "").strip() for found in _QUOTED.finditer(argument))
    return tuple(dict.fromkeys(part for part in parts if part))


def condition_of(argument: str) -> tuple[str, tuple[str, ...]] | None:
    """Field and values of `FIELD in (A, B)` or `FIELD = A`; None where the argument has another form."""
    found = _AMONG.search(argument)
    end = found.start() if found else argument.find("=", 1)
    if end < 1:
        return None
    values = listed(found[1] if found else argument[end + 1 :])
    return (argument[:end].strip(), values) if values else None


def state_of(argument: str) -> tuple[str, Stage, str] | None:
    """Name, stage and meaning of `NAME (stage): meaning`; None for another form or a stage that there is not."""
    found = _STAGE.search(argument, 1)
    if not found or found[1] not in STAGES:
        return None
    meaning = argument[found.end() :].lstrip().removeprefix(":").lstrip()
    return argument[: found.start()].rstrip(), found[1], meaning


def moves_of(argument: str) -> list[list[str]]:
    """The steps of `A -> B, C -> D`, each a list of names."""
    return [[name.strip() for name in step.split(",") if name.strip()] for step in argument.split("->")]


def severity_of(argument: str) -> tuple[str, str] | None:
    """Rule and level of `RULE LEVEL`; None where the level is none."""
    words = argument.split()
    return (words[0], words[1].lower()) if len(words) == 2 and words[1].lower() in LEVELS else None
