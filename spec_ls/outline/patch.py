"""The keystroke that changes no structure: one line's words, put in place without parsing.

What a line is for CommonMark is settled by its first letter at the latest: markers, fences, rules,
underlines and list numbers all stand before it. So where a line of text keeps everything up to its
first letter, the blocks stay as they are and only the words change. A table's row is one as long as it
begins with its bar. What looks beyond that is left to the parser: other lines with a `|`, link reference
definitions (`[`), HTML (`<`) and fences' own lines.
"""

from __future__ import annotations

import re

from spec_ls.outline.blocks import Block, Chunk, Fence, Heading, Item, List, Paragraph, Row, Section, Table, TextLine
from spec_ls.outline.inline import heading_words
from spec_ls.outline.parse import split_cells

_LETTER = re.compile(r"[^\W\d_]")
_SPECIAL = "[<`~#＃"


def patch_chunk(chunk: Chunk, line: int, old: str, new: str) -> Chunk | None:
    """The chunk with `new` for `old` on its line `line`; None where only parsing it again can tell.

    `old` and `new` are without line ends. The chunk itself comes back where nothing in it has changed.
    """
    if chunk.definitions or "\0" in old or "\0" in new:
        return None
    for at, section in enumerate(chunk.sections):
        if section.line <= line < section.end_line:
            patched = _patch_section(section, line, old, new)
            if patched is None or patched is section:
                return chunk if patched is section else None
            sections = (*chunk.sections[:at], patched, *chunk.sections[at + 1 :])
            return Chunk(chunk.line_count, sections, chunk.definitions)
    return None


def _patch_section(section: Section, line: int, old: str, new: str) -> Section | None:
    heading, has_bars = section.heading, "|" in old or "|" in new
    if heading is not None and line < heading.end_line:
        if has_bars:
            return None
        changed = _patch_heading(heading, old, new)
        return None if changed is None else Section(changed, section.line, section.end_line, section.blocks)
    for at, block in enumerate(section.blocks):
        if block.line <= line < block.end_line:
            patched: Block | None
            if isinstance(block, Table):
                patched = _patch_table(block, line, old, new)
            else:
                patched = None if has_bars else _patch_block(block, line, old, new)
            if patched is None or patched is block:
                return section if patched is block else None
            blocks = (*section.blocks[:at], patched, *section.blocks[at + 1 :])
            return Section(heading, section.line, section.end_line, blocks)
    return None


def _patch_heading(heading: Heading, old: str, new: str) -> Heading | None:
    text = heading.text
    if heading.style != "atx" or "#" in old[heading.level + 1 :] or "#" in new[heading.level + 1 :]:
        return None
    words = _words(text, old, new)
    if words is None:
        return None
    return Heading(heading.level, heading.line, heading.end_line, words, heading_words(words.text), heading.style)


def _patch_table(table: Table, line: int, old: str, new: str) -> Table | None:
    """The table with another row; None unless that begins as before and has as many cells."""
    at, head = line - table.line - 2, old[: old.find("|") + 1]
    if at < 0 or not head or head.strip(" ") != "|" or not new.startswith(head):
        return None
    cells = split_cells(new, line)
    if len(cells) != len(table.rows[at].cells):
        return None
    rows = (*table.rows[:at], Row(line, cells), *table.rows[at + 1 :])
    return Table(table.line, table.end_line, table.header, rows)


def _patch_block(block: Block, line: int, old: str, new: str) -> Block | None:
    if isinstance(block, Fence):
        inside = block.line < line < block.end_line - 1
        if not block.closed and ("#" in old or "#" in new):
            return None  # the headings that an open fence has swallowed count
        mark = block.marker[0]
        if not inside or old.lstrip().startswith(mark) or new.lstrip().startswith(mark):
            return None
        # Another object: what a fence holds may be metadata.
        return Fence(block.line, block.end_line, block.marker, block.closed)
    if isinstance(block, Paragraph):
        lines = _patch_lines(block.lines, line, old, new)
        return None if lines is None else Paragraph(block.line, block.end_line, lines)
    if isinstance(block, List):
        for at, item in enumerate(block.items):
            if item.line <= line < item.end_line:
                patched = _patch_item(item, line, old, new)
                if patched is None:
                    return None
                items = (*block.items[:at], patched, *block.items[at + 1 :])
                return List(block.line, block.end_line, block.ordered, items)
    return None


def _patch_item(item: Item, line: int, old: str, new: str) -> Item | None:
    lines = _patch_lines(item.lines, line, old, new)
    if lines is not None:
        return item._replace(lines=lines)
    for at, block in enumerate(item.blocks):
        if isinstance(block, Paragraph | List) and block.line <= line < block.end_line:
            patched = _patch_block(block, line, old, new)
            if patched is None:
                return None
            return item._replace(blocks=(*item.blocks[:at], patched, *item.blocks[at + 1 :]))
    return None


def _patch_lines(lines: tuple[TextLine, ...], line: int, old: str, new: str) -> tuple[TextLine, ...] | None:
    if not lines or lines[0].text[0] == "[":
        return None
    for at, text in enumerate(lines):
        if text.line == line:
            words = _words(text, old, new)
            return None if words is None else (*lines[:at], words, *lines[at + 1 :])
    return None


def _words(text: TextLine, old: str, new: str) -> TextLine | None:
    """The text as `new` has it; None unless everything up to its first letter is as before."""
    letter = _LETTER.search(old, text.start)
    if letter is None or old[text.start] in _SPECIAL:
        return None
    kept = letter.end()
    if old[:kept] != new[:kept]:
        return None
    return TextLine(text.line, text.start, new[text.start :].rstrip())
