"""A new document from a template: its text, with what is known already filled in, and the name of its file.

The values go where the template, read as a document, has its title and its fields. All the rest stays as the template
has it, for the author to fill in; only what the template says to spec-ls is left out.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spec_ls.compose import first_value, toml_value, yaml_scalar
from spec_ls.outline import Outline
from spec_ls.outline.blocks import FrontMatter, Section
from spec_ls.outline.metadata import Entry
from spec_ls.spec import Field, Spec
from spec_ls.template.kinds import BRACKET
from spec_ls.template.model import FieldSlot, Template
from spec_ls.template.read import attached_annotations
from spec_ls.text import Edit, Span, Text, apply_edits

_LONGEST_NAME = 120
"""Bytes of UTF-8 that a title takes in the name of a file."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is given of a document before it is written; what is empty stays the sample. `date` is as in ISO 8601."""

    title: str = ""
    identifier: str = ""
    owner: str = ""
    date: str = ""


def draft(template: Template, given: Given, word: str = "") -> str:
    """The text of a new document: its lines end with LF, the status is the lifecycle's first.

    With `word`, a comment below the title names the template that way. Never raises.
    """
    lines = _without_annotations(template)
    text = Text("\n".join(lines))
    spec = Spec(Outline(text), template)
    edits = [*_title_edits(spec, given), *_field_edits(spec, given)]
    if word:
        edits.append(_word_edit(spec, word))
    return apply_edits(text.source, edits).rstrip("\n") + "\n"


def begun(template: Template) -> tuple[FieldSlot, ...]:
    """The fields that hold the day on which a document is begun."""
    return tuple(slot for slot in template.fields if slot.today)


# --- what is left out -------------------------------------------------------------------------


def _without_annotations(template: Template) -> list[str]:
    """The template's lines without line ends, byte order mark and annotations."""
    text = Text(template.source.removeprefix("\ufeff"))
    lines = [text.content(number) for number in range(len(text.lines))]
    outline = Outline(text)
    flat = [(section, outline.starts[at]) for at, chunk in enumerate(outline.chunks) for section in chunk.sections]
    fields = [slot.origin.line for slot in template.fields]
    comments = {one.annotation.comment for one in attached_annotations(flat, lines, fields)}
    for comment in sorted(comments, reverse=True):
        _take_out(lines, comment)
    return lines


def _take_out(lines: list[str], comment: Span) -> None:
    """Takes a comment out, with the lines that it leaves empty and one of two blank ones that then meet."""
    first, last = comment.start_line, comment.end_line
    head, tail = lines[first][: comment.start], lines[last][comment.end :]
    if head.strip():
        lines[first : last + 1] = [(head.rstrip() + tail).rstrip()]
    elif tail.strip():
        lines[first : last + 1] = [head + tail.lstrip()]
    else:
        blank_above = first == 0 or not lines[first - 1].strip()
        if blank_above and last + 1 < len(lines) and not lines[last + 1].strip():
            last += 1
        del lines[first : last + 1]


# --- what is filled in ------------------------------------------------------------------------


def _title_edits(spec: Spec, given: Given) -> Iterator[Edit]:
    """The edits of the title's heading."""
    at = spec.binding.title
    heading = spec.pieces[at].section.heading if at is not None else None
    if at is None or heading is None:
        return
    words = _titled(heading.text.text, spec.template.field("id"), given)
    if words != heading.text.text:
        yield Edit(heading.text.span.shifted(spec.base(at)), words)


def _titled(sample: str, slot: FieldSlot | None, given: Given) -> str:
    """The title's source: a sample identifier in it becomes the document's, brackets or all else its title."""
    head = ""
    prefix = re.escape(slot.prefix) if slot else ""
    numbered = re.match(rf"(\W*){prefix}(?:[0-9]+|[XN#?]+)(?!\w)([\])}}]?[\s:.–—-]*)", sample) if prefix else None
    if numbered and given.identifier:
        head, sample = numbered[1].strip("[({") + given.identifier + numbered[2].lstrip("])}"), sample[numbered.end() :]
    elif numbered:
        head, sample = numbered[0], sample[numbered.end() :]
    tag = re.match(r"\[[A-Z]{2,8}\]\s+(?=[^\W\d_])", sample)  # `[RFC] Title`
    if tag:
        head, sample = head + tag[0], sample[tag.end() :]
    if not given.title:
        return head + sample
    brackets = list(BRACKET.finditer(sample))
    if len(brackets) == 1:
        start, end = brackets[0].span()
        return head + sample[:start] + _heading_words(given.title) + sample[end:]
    return head + _heading_words(given.title)


def _heading_words(title: str) -> str:
    """A title as the words of a heading: no comment opens in it, and no `#` at its end closes it."""
    return re.sub(r"(?<!\S)(#+)$", r"\\\1", title.replace("<!--", "\\<!--"))


def _title_slot(template: Template) -> FieldSlot | None:
    return next((slot for slot in template.fields if slot.key == "title" and slot.kind == "text"), None)


def _field_edits(spec: Spec, given: Given) -> Iterator[Edit]:
    """The edits of the metadata. A status that the template has already is left as it is."""
    template = spec.template
    values: list[tuple[FieldSlot | None, str]] = [
        (_title_slot(template), given.title),
        (template.field("id"), given.identifier),
        (template.owner, given.owner),
        *((slot, given.date) for slot in begun(template)),
    ]
    status = template.status
    if status is not None and not status.keep:
        values.append((status, first_value(spec, status)))
    for slot, value in values:
        field = spec.field(slot)
        if field is not None and value:
            yield _value_edit(spec, field, value)


def _value_edit(spec: Spec, field: Field, value: str) -> Edit:
    """Puts a value in place of a field's, in the same marks and quotes; a comment beside it stays."""
    entry = field.entry
    span = entry.value_span
    if entry.listed:
        span = Span(*entry.parts[0][1].first, *entry.parts[-1][1].last)
    elif not entry.value:
        span = Span(*entry.whole.first, *entry.whole.first)  # in front of a comment that stands alone
    span = span.shifted(spec.base(field.piece))
    before = spec.text.lines[span.start_line][: span.start]
    behind = spec.text.content(span.end_line)[span.end :]
    words = _written(entry, value, before[-1:])
    if span.first == span.last:
        words = (" " if before[-1:].strip() else "") + words + (" " if behind[:1].strip() else "")
    return Edit(span, words)


def _written(entry: Entry, value: str, quote: str) -> str:
    """A value as its carrier has it; `quote` is what stands in front of it."""
    if entry.carrier in ("table", "columns"):
        return value.replace("|", "\\|")
    if entry.carrier == "html":
        return html.escape(value, quote=False)
    if entry.carrier == "toml":
        if quote == '"':
            return json.dumps(value, ensure_ascii=False)[1:-1]
        return value.replace("'", "’") if quote == "'" else toml_value(value)
    in_block = not entry.listed and entry.value_span.start_line > entry.line  # below a `|` or `>` of YAML
    if entry.carrier != "yaml" or in_block:
        return value
    if quote == '"':
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return value.replace("'", "''") if quote == "'" else yaml_scalar(value)


def _word_edit(spec: Spec, word: str) -> Edit:
    """The comment that names the template: below the title, else where the text begins, below any front matter."""
    comment = f"<!-- spec-ls: template={word} -->\n"
    at = spec.binding.title
    heading = spec.pieces[at].section.heading if at is not None else None
    line = _front_end(spec.pieces[0].section)
    if at is not None and heading is not None:
        line = spec.base(at) + heading.end_line
    if line >= len(spec.text.lines):
        return Edit(Span(*spec.text.end, *spec.text.end), "\n\n" + comment)
    above = "\n" if line else ""
    below = "\n" if spec.text.content(line).strip() else ""
    return Edit(Span(line, 0, line, 0), above + comment + below)


def _front_end(section: Section) -> int:
    """The line below the front matter with which a document begins; 0 without any."""
    first = section.blocks[0] if section.blocks else None
    return first.end_line if isinstance(first, FrontMatter) else 0


# --- the file ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the files of a folder are named that carry their document's number in front: `ADR-0007-`, `0007_`.

    `prefix` is what stands before the number, `digits` how many it has at least, `joint` what follows; `last` is the
    highest number.
    """

    prefix: str
    digits: int
    joint: str
    last: int


def numbering(names: Sequence[str], prefix: str) -> Numbering | None:
    """How the Markdown files called `names` carry a number: behind `prefix` in either case, or, if most do, alone.

    None where they do not. The days of a calendar in front are no numbers.
    """
    if prefix:
        behind_prefix = _numbered(names, re.escape(prefix))
        if behind_prefix:
            return _like(behind_prefix)
    alone = _numbered(names, "")
    return _like(alone) if alone and len(alone) * 2 >= len(names) else None


def _numbered(names: Sequence[str], prefix: str) -> list[re.Match[str]]:
    """Prefix, number and joint of the names that begin with them; `prefix` is a pattern."""
    form = re.compile(rf"({prefix})([0-9]{{1,9}})([-_. ]+)(?![0-9]{{2}}-[0-9]{{2}}\b)", re.I)
    return [found for found in map(form.match, sorted(names)) if found]


def _like(found: Sequence[re.Match[str]]) -> Numbering:
    """The form of the name with the highest number."""
    last = max(found, key=lambda match: int(match[2]))
    return Numbering(last[1], len(last[2]), "-" if last[3].startswith(".") else last[3], int(last[2]))


def file_name(title: str, number: int | None, like: Numbering | None, otherwise: str) -> str:
    """The name of a document's file, with `.md`: the title's slug, behind its number where others have theirs there.

    `otherwise` stands in for a title without letters or digits.
    """
    words = slug(title) or slug(otherwise) or "untitled"
    if like is None or number is None:
        return f"{words}.md"
    front = f"{like.prefix}{number:0{like.digits}d}"
    return f"{front}{like.joint}{words}.md" if slug(front) != words else f"{front}.md"


def slug(title: str) -> str:
    """A title as part of a path: letters, digits and their marks of any script in lower case, hyphens between.

    At most 120 bytes of UTF-8, cut between words where it can be; empty for a title without letters and digits.
    """
    kept = []
    for char in unicodedata.normalize("NFC", title).lower():
        if char in "'’ʼ":
            continue
        kept.append(char if unicodedata.category(char)[0] in "LNM" else "-")
    words = re.sub("-+", "-", "".join(kept)).strip("-")
    size = words.encode("utf-8", "replace")
    if len(size) <= _LONGEST_NAME:
        return words
    short = size[:_LONGEST_NAME].decode("utf-8", "ignore")
    return short[: short.rfind("-")] if "-" in short[20:] else short
