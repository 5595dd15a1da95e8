"""What a Markdown document is made of, as facts with exact places.

Lines count from the start of the chunk that holds the block, so that a block keeps its value when
the text above it grows. `line` is the first line of a block, `end_line` the one behind its last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from spec_ls.text import Span


class TextLine(NamedTuple):
    """One line of a paragraph, trimmed: `text` stands at offset `start` of `line`."""

    line: int
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        return Span(self.line, self.start, self.line, self.start + len(self.text))


class Paragraph(NamedTuple):
    """A paragraph with its lines; never empty."""

    line: int
    end_line: int
    lines: tuple[TextLine, ...]


class Box(NamedTuple):
    """The `[ ]` of a task list item (GFM, "Task list items"): the span from bracket to bracket."""

    span: Span
    ticked: bool


class Item(NamedTuple):
    """A list item. `lines` is its first paragraph behind marker and box, `blocks` what follows that."""

    line: int
    end_line: int
    marker: str
    start: int
    box: Box | None
    lines: tuple[TextLine, ...]
    blocks: tuple[Block, ...]


class List(NamedTuple):
    """A bullet or ordered list; never empty."""

    line: int
    end_line: int
    ordered: bool
    items: tuple[Item, ...]


class Cell(NamedTuple):
    """A table cell: `source` is its trimmed text as written, at offset `start`."""

    line: int
    start: int
    source: str

    @property
    def span(self) -> Span:
        return Span(self.line, self.start, self.line, self.start + len(self.source))

    @property
    def text(self) -> str:
        """The Markdown of the cell, with `\\|` read as `|` (GFM, "Tables")."""
        return self.source.replace("\\|", "|")


class Row(NamedTuple):
    """A table row with all its cells as the source has them, also those beyond the header's count."""

    line: int
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """A GFM table; `rows` leaves out header and delimiter row."""

    line: int
    end_line: int
    header: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML block that is a comment; `text` is what stands between `<!--` and `-->`."""

    line: int
    end_line: int
    span: Span
    text: str
    closed: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced code block; `closed` is False where it runs to the end of the document."""

    line: int
    end_line: int
    marker: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote; what it quotes is not the author's own text."""

    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Front matter: YAML from `---` to `---` or `...`, TOML from `+++` to `+++`, both lines included."""

    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Plain:
    """Any other block: indented code, HTML, a thematic break. `content` tells whether it says something."""

    line: int
    end_line: int
    content: bool


Block: TypeAlias = Paragraph | List | Table | Comment | Fence | Quote | FrontMatter | Plain


class Heading(NamedTuple):
    """A heading. `text` is the title's source (empty for a bare `##`), `title` the same as a reader sees it.

    `style` is `malformed` for a line that only looks like a heading, such as `##Goals`: CommonMark
    takes it for a paragraph.
    """

    level: int
    line: int
    end_line: int
    text: TextLine
    title: str
    style: Literal["atx", "setext", "malformed"]


class Words(NamedTuple):
    """The texts in some blocks, in order: of paragraphs, of list items with all that is in them, of table rows.

    `keys` are their skeletons, `said` the same as one text with a line for each. `bare`: nothing in them is a link, an
    entity or HTML; `commented`: there may be a comment. `announced`: where labelled blocks begin and what they hold, by
    their key, once they were looked for.
    """

    texts: list[str]
    keys: list[str]
    said: str
    bare: bool
    commented: bool
    announced: dict[str, tuple[Span, str, Sequence[Block]] | None]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (None before the first) and the blocks up to the next heading of any level.

    `read` keeps the words of its blocks from when somebody asks for them (`shapes.words_of`) until it is judged.
    """

    heading: Heading | None
    line: int
    end_line: int
    blocks: tuple[Block, ...]
    read: list[Words] = field(default_factory=list, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """The lines from one top-level ATX heading to the next; places inside count from its first line."""

    line_count: int
    sections: tuple[Section, ...]
    definitions: frozenset[str]
