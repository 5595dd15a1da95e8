"""Shapes that a block can have and that mean something in a spec: labels, italics, key/value rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from spec_ls.outline.blocks import (
    Block,
    Comment,
    FrontMatter,
    Heading,
    Item,
    List,
    Paragraph,
    Plain,
    Section,
    Table,
    TextLine,
    Words,
)
from spec_ls.outline.inline import plain, skeletons
from spec_ls.text import Span

_ORNAMENT = r"(?:[^\w\s*_`\[\](){}<>@#|\\:]+\s*)?"
_STRONG_LABEL = re.compile(
    _ORNAMENT + r"(\*{1,3}|_{1,3})(?=[^\s*_])([^*\n]{1,200}?)(?<=\S)(:?)\1(?!\w)\s*(:|：|[-–—](?=\s|$))?\s*"
)
_PLAIN_LABEL = re.compile(_ORNAMENT + r"([^\W\d_`][^:：\n*`]{0,80}?)\s*(?:::?(?=\s|$)|：)\s*")
_LEAD = re.compile(
    _ORNAMENT + r"(?:(\*{1,3}|_{1,3}|`)(?=\S)([^*_`\n]{1,100}?)(?<=\S)\1|<(b|strong|em|i|code|u)>([^<>\n]{1,100})</\3>)"
    r"(?:(?<!\s)\s+(?:=|:|[-–—])|[:：=])?\s*"
)
_BOX = re.compile(r"\[[ xX]?\](?!\()|\([ xX]\)|[☐☑☒✅⬜□■✓✔🔲🔳]")
_UNTICKED = frozenset(["[ ]", "[]", "( )", "☐", "⬜", "□", "🔲"])
_WHOLE_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*\n]{1,200}?)(?<=\S)\1\s*[:：]?$")
PLACEHOLDER = re.compile(r"<(?!(?:br|hr|wbr|img|a|b|i|em|sub|sup)\b)([^<>/!=\"]+)>")
"""Words in angle brackets; what could be HTML is none."""
_WRAP = re.compile(r"(`{1,3}|\*{1,3}|_{1,3}|~~)(?=\S)((?:(?!\1).)+)(?<=\S)\1")
_DEEPEST_WRAP = 8
_LONGEST_WRAP = 1000
_LONGEST_KEPT = 200


class Label(NamedTuple):
    """A label such as `**Runbooks**: …`: its plain name, and the offset where its value starts.

    `start` and `end` are the offsets of the name as written, which may differ from the plain one.
    """

    name: str
    value: int
    strong: bool
    start: int
    end: int


def label_of(text: str) -> Label | None:
    """The label that `text` starts with, emphasised or plain, with a colon or alone; None without one.

    An emoji in front of it does not count.
    """
    strong = _STRONG_LABEL.match(text)
    if strong:
        name = strong[2].rstrip(":： ")
        if strong[3] or strong[4] or strong.end() == len(text) or name != strong[2]:
            return Label(plain(name), strong.end(), len(strong[1]) > 1, strong.start(2), strong.start(2) + len(name))
        return None
    bare = _PLAIN_LABEL.match(text)
    return Label(plain(bare[1]), bare.end(), False, *bare.span(1)) if bare else None


def lead_of(text: str) -> Label | None:
    """What a text begins with in bold, italics, code marks or HTML, as a label without a colon; None without such."""
    found = _LEAD.match(text)
    if not found:
        return None
    at = 2 if found[2] else 4
    return Label(plain(found[at]), found.end(), True, found.start(at), found.end(at))


def boxes_in(text: str) -> list[tuple[bool, str]]:
    """The words behind each of several boxes of a line, and whether it is ticked: `[x] Draft [ ] Final`; empty where
    anything else stands there."""
    if not _BOX.match(text):
        return []
    marks = list(_BOX.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    words = [text[mark.end() : end].strip(" \t,;|/·") for mark, end in zip(marks, ends, strict=True)]
    return [(mark[0] not in _UNTICKED, word) for mark, word in zip(marks, words, strict=True)] if all(words) else []


def strong_line(paragraph: Paragraph) -> str | None:
    """The words of a paragraph that is one bold line, without a final colon; else None."""
    text = paragraph.lines[0].text
    if len(paragraph.lines) != 1 or text[0] not in "*_":
        return None
    return _strong_words(text) if len(text) <= _LONGEST_KEPT else _strong_words.__wrapped__(text)


@lru_cache(maxsize=128)
def _strong_words(text: str) -> str | None:
    found = _WHOLE_STRONG.match(text)
    return plain(found[2].rstrip(":： ")) if found else None


def joined(lines: Sequence[TextLine]) -> str:
    """The lines as one, with spaces between."""
    return lines[0].text if len(lines) == 1 else " ".join([line.text for line in lines])


def lines_span(lines: Sequence[TextLine]) -> Span:
    """From the first letter to the last; the lines must not be empty."""
    return Span(lines[0].line, lines[0].start, lines[-1].line, lines[-1].end)


def comments_in(text: str) -> Iterator[tuple[int, int]]:
    """Where HTML comments stand in `text`: from `<!--` to behind `-->`."""
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield start, end + 3
        start = text.find("<!--", end + 3)


def without_comments(text: str) -> str:
    """`text` with its HTML comments blanked: every other letter keeps its offset."""
    if "<!--" not in text:
        return text
    parts, at = [], 0
    for start, end in comments_in(text):
        parts += [text[at:start], " " * (end - start)]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def unwrap(source: str) -> tuple[int, int]:
    """The range inside `source` that is left without surrounding white space, emphasis, code marks and comments."""
    source = without_comments(source)
    start, end = 0, len(source)
    for _ in range(_DEEPEST_WRAP):
        while start < end and source[start].isspace():
            start += 1
        while end > start and source[end - 1].isspace():
            end -= 1
        marked = start < end <= start + _LONGEST_WRAP and source[start] in "`*_~"
        found = _WRAP.fullmatch(source, start, end) if marked else None
        if not found:
            break
        start, end = found.span(2)
    return start, end


def shown_title(heading: Heading) -> str:
    """A heading's title as a reader of the source sees it: `<name>` is a sample there, for Markdown it is HTML."""
    source = heading.text.text
    if "<" not in source or "</" in source or not PLACEHOLDER.search(without_comments(source)):
        return heading.title
    return plain(PLACEHOLDER.sub(r"\\<\1\\>", without_comments(source)))


def items_of(blocks: Iterable[Block]) -> Iterator[Item]:
    """Every list item of the blocks, nested ones behind their parents."""
    for block in blocks:
        if isinstance(block, List):
            for item in block.items:
                yield item
                if item.blocks:
                    yield from items_of(item.blocks)


def texts_of(blocks: Iterable[Block]) -> list[str]:
    """The texts of paragraphs, of list items with all that is in them, and of table rows, in order."""
    texts: list[str] = []
    for block in blocks:
        if isinstance(block, List):
            for item in block.items:
                if item.lines:
                    texts.append(joined(item.lines))
                if item.blocks:
                    texts += texts_of(item.blocks)
        elif isinstance(block, Paragraph):
            texts.append(joined(block.lines))
        elif isinstance(block, Table):
            texts += [" ".join([cell.text for cell in row.cells]) for row in block.rows]
    return texts


def words_of(section: Section) -> Words:
    """The words of a section's blocks, read when they are first asked for."""
    if not section.read:
        texts = texts_of(section.blocks)
        source = "\n".join(texts)
        keys = skeletons(source) if texts else []
        bare = "<" not in source and "[" not in source and "&" not in source
        section.read.append(Words(texts, keys, "\n".join(keys), bare, "<!--" in source, {}))
    return section.read[0]


def says_something(block: Block) -> bool:
    """Whether a reader would see content: comments, rules, front matter and bare bullets say nothing."""
    if isinstance(block, Paragraph):
        return True
    if isinstance(block, Comment | FrontMatter):
        return isinstance(block, Comment) and not block.alone
    if isinstance(block, Plain):
        return block.content
    if isinstance(block, List):
        said = bool(block.items[0].lines)
        return said or any(item.lines or any(map(says_something, item.blocks)) for item in block.items)
    if isinstance(block, Table):
        return bool(block.rows)
    return True
