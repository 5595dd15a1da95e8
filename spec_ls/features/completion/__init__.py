"""What may be written at the cursor: values, handles, metadata rows, sections, stories, items and names.

Each kind of place has one function; `complete` asks them in turn. An edit covers what is already
typed of the thing on the cursor's line, and its filter text starts with that, since clients filter by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from spec_ls.features import Surroundings
from spec_ls.features.completion.base import About, Completion, CompletionKind
from spec_ls.features.completion.documentation import documentation
from spec_ls.features.completion.front import front_matter
from spec_ls.features.completion.items import blank_items, items, labels
from spec_ls.features.completion.people import handles_in_text
from spec_ls.features.completion.rows import rows
from spec_ls.features.completion.sections import blank_sections, headings
from spec_ls.features.completion.values import value_at, values
from spec_ls.features.completion.words import references, vocabulary
from spec_ls.outline.blocks import Block, Comment, Fence, FrontMatter, List, Plain, Quote
from spec_ls.spec import Cursor, Spec
from spec_ls.text import Point

__all__ = ["About", "Completion", "CompletionKind", "complete", "documentation"]

_COMMENT_REACH = 200
"""How far up (lines) an inline comment may begin."""


def complete(spec: Spec, point: Point, around: Surroundings, snippets: bool = True) -> list[Completion]:
    """What may stand at `point`; empty inside code, comments and quotes, and where nothing is known.

    Without `snippets` every text is plain. Never raises on any text.
    """
    if point.line >= len(spec.text.lines):
        return []
    cursor = spec.at(point)
    carrier = cursor.field.entry.carrier if cursor.field is not None else ""
    if isinstance(cursor.block, FrontMatter) and carrier != "toml":
        return _numbered(front_matter(spec, cursor.block, point, around, snippets))
    if carrier not in ("toml", "html") and _is_quiet(spec, cursor, point):
        return []
    value = value_at(spec, cursor, point)
    if value is None and carrier in ("toml", "html"):
        return []
    if value is not None:
        return _numbered(list(values(spec, value, point, around)) or _names(spec, point, around))
    found = list(rows(spec, cursor, point, snippets)) or _names(spec, point, around)
    if not found:
        found = list(vocabulary(spec, cursor, point, around))
    if not found:
        found = list(headings(spec, cursor, point, snippets))
    if not found:
        found = list(items(spec, cursor, point, snippets))
    if not found:
        found = list(labels(spec, cursor, point, snippets))
    if not found and not spec.text.content(point.line).strip():
        found = [*blank_items(spec, cursor, point, snippets), *blank_sections(spec, cursor, point, snippets)]
    return _numbered(found)


def _names(spec: Spec, point: Point, around: Surroundings) -> list[Completion]:
    """What any text may name: people and specs."""
    return [*handles_in_text(spec, point, around), *references(spec, point, around)]


def _numbered(found: Iterable[Completion]) -> list[Completion]:
    """The proposals with sort texts that keep their order."""
    return [replace(one, sort_text=f"{at:04d}") for at, one in enumerate(found)]


def _is_quiet(spec: Spec, cursor: Cursor, point: Point) -> bool:
    base = spec.base(cursor.piece)
    line = point.line - base
    unclosed = spec.pieces[cursor.piece].facts.unclosed
    if unclosed is not None and line >= unclosed.line:
        return True
    block = _innermost(cursor.block, line)
    if isinstance(block, Fence | Comment | Plain | Quote):
        return True
    first = base + block.line if block is not None else point.line
    above = [spec.text.lines[number] for number in range(max(first, point.line - _COMMENT_REACH), point.line)]
    before = "".join([*above, spec.text.lines[point.line][: point.offset]])
    return before.rfind("<!--") > before.rfind("-->")


def _innermost(block: Block | None, line: int) -> Block | None:
    while isinstance(block, List):
        item = next((item for item in block.items if item.line <= line < item.end_line), None)
        inner = next((one for one in item.blocks if one.line <= line < one.end_line), None) if item else None
        if inner is None:
            return block
        block = inner
    return block
