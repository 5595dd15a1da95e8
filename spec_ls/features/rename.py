"""Rename: an identifier with the file of its spec, a handle, a heading; that of a template in all its specs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from spec_ls.catalogue import Card, Catalogue, Mention, named_at
from spec_ls.moves import Replacement, posix
from spec_ls.outline.inline import plain, split_number, title_of
from spec_ls.outline.shapes import unwrap
from spec_ls.spec import Spec
from spec_ls.template.model import SectionSlot, Template
from spec_ls.template.needs import split_marks
from spec_ls.text import Edit, Point, Span, Text
from spec_ls.values import count, handle_of, identifier

NameKind = Literal["id", "handle", "title", "section"]

_NAME = re.compile(r"(\D*)([0-9]+)$")
_MARKS = re.compile(r" {0,3}#{1,6}[ \t]+")
_CLOSING = re.compile(r"(?<![ \t])[ \t]+#+[ \t]*$")
_COUNTED = re.compile(r"[0-9]{2,9}(?![0-9])")
_LONGEST = 200


class Refused(Exception):
    """Why something is not renamed; the message says what to do instead."""


class Name(NamedTuple):
    """What can be renamed: the words at `span`. A `section` is one of a template, by its `slot_path`."""

    kind: NameKind
    text: str
    span: Span
    slot: str = ""


class Renaming(NamedTuple):
    """What a renaming comes to: edits, and files by their old and new paths. `title` is the key of a section's title
    where the edits are for whole headings, of which `heading_edit` finds the words."""

    changes: tuple[Replacement, ...]
    files: tuple[tuple[str, str], ...] = ()
    title: str = ""


# --- what can be renamed


def renamable(spec: Spec, point: Point, mentions: Iterable[Mention]) -> Name | None:
    """The identifier, handle or heading at `point`; None where there is none.

    Raises Refused for the heading of a section that the template has: it is renamed there.
    """
    mention = named_at(spec, point, mentions)
    if mention is not None and mention.kind in ("id", "handle"):
        return Name("id" if mention.kind == "id" else "handle", mention.text, mention.span)
    cursor = spec.at(point)
    if cursor.heading is None or not cursor.heading.text.text:
        return None
    fill = cursor.fill
    if fill is not None and fill.piece == cursor.piece and fill.fault != "misnamed" and not fill.slot.repeats:
        raise Refused(
            f"{fill.slot.title} is a section of the template {spec.template.name}; rename it there, and it is renamed "
            "in all its specs."
        )
    span = spec.span(spec.heading_place(cursor.piece))
    return _named("title", spec.text, span) if span.start_line == point.line else None


def renamable_in_template(template: Template, text: Text, point: Point) -> Name | None:
    """The title of the section whose heading is at `point` in the text of a template; None elsewhere.

    Raises Refused for a heading that stands for many, such as `Story 1`.
    """
    for path, slot in _slots(template.sections):
        if slot.origin.line == point.line:
            if slot.repeats:
                raise Refused(f"{slot.stem} stands for any number of sections; rename each where it is written.")
            line = text.content(point.line)
            marks = _MARKS.match(line)
            return _named("section", text, Span(point.line, marks.end() if marks else 0, point.line, len(line)), path)
    return None


def _named(kind: NameKind, text: Text, span: Span, slot: str = "") -> Name | None:
    """The title in a heading whose source `span` covers; None where it has none."""
    start, end = _words(text.slice(span))
    words = Span(span.start_line, span.start + start, span.start_line, span.start + end)
    return Name(kind, text.slice(words), words, slot) if start < end else None


def _slots(slots: Iterable[SectionSlot], above: str = "") -> Iterator[tuple[str, SectionSlot]]:
    for slot in slots:
        path = f"{above}/{slot.key}" if above else slot.key
        yield path, slot
        yield from _slots(slot.sections, path)


def _words(source: str) -> tuple[int, int]:
    """The title in the source of a heading: without its number, a closing `##` and a note on the need for it."""
    first, end = unwrap(_CLOSING.sub("", source))
    _, rest = split_number(source[first:end])
    words, _ = split_marks(rest)
    start = source.rfind(rest, first, end) if rest else end
    at = source.find(words, start, end) if words else -1
    return (at, at + len(words)) if at >= 0 else (start, end)


# --- renaming


def rename(name: Name, new: str, catalogue: Catalogue, spec: Spec | None = None, path: str = "") -> Renaming:
    """What it takes to rename `name` to `new`: in all documents, where they name it. `spec` at `path` is the document
    that was asked in. Raises Refused where the new name cannot be or is taken."""
    new = new.strip()
    if name.kind == "id":
        return _rename_id(name.text, new, catalogue, spec.template if spec else None)
    if name.kind == "handle":
        return _rename_handle(name.text, new, catalogue)
    title = _checked_title(new)
    return Renaming((Replacement(path, name.span, name.text, title),))


def _rename_id(old: str, new: str, catalogue: Catalogue, template: Template | None) -> Renaming:
    parts, wanted = _NAME.fullmatch(old), _NAME.fullmatch(new)
    assert parts is not None, "an identifier ends with a number"
    slots = template.fields if template is not None else ()
    slot = next((slot for slot in slots if slot.prefix and slot.prefix.casefold() == parts[1].casefold()), None)
    prefix, digits = (slot.prefix, slot.digits) if slot else (parts[1], min(len(parts[2]), 3))
    if wanted is None or wanted[1] != prefix or len(wanted[2]) < digits:
        sample = identifier(prefix, 42, digits)
        raise Refused(f"An identifier is {prefix} and at least {count(digits, 'digit')}, such as {sample}.")
    own = catalogue.by_id(old)
    if len(own) > 1:
        names = ", ".join(posixpath.basename(posix(card.path)) for card in own)
        raise Refused(f"{len(own)} specs have the identifier {old} ({names}); change the one that is wrong by hand.")
    taken = [card for card in catalogue.by_id(new) if card not in own]
    if taken:
        raise Refused(f"{new} is taken: {taken[0].title or posixpath.basename(posix(taken[0].path))} has it.")
    changes = [_change(card, mention, new) for card, mention in catalogue.mentions(old, "id") if mention.text != new]
    files = []
    for card in own:
        folder, _, base = posix(card.path).rpartition("/")
        named = _file_name(base, old, new)
        if folder and named != base:
            files.append((card.path, card.path[: len(card.path) - len(base)] + named))
    return Renaming(tuple(changes), tuple(files))


def _rename_handle(old: str, new: str, catalogue: Catalogue) -> Renaming:
    new = new if new.startswith("@") else f"@{new}"
    if handle_of(new) != new:
        raise Refused("A handle is @ and letters, digits, dots or hyphens, such as @mira or @org/team.")
    if new.casefold() != old.casefold() and (named := catalogue.mentions(new, "handle")):
        specs = count(len({found.card.path for found in named}), "spec")
        raise Refused(f"{new} is named in {specs} already; two people would become one.")
    return Renaming(
        tuple(_change(card, mention, new) for card, mention in catalogue.mentions(old, "handle") if mention.text != new)
    )


def _change(card: Card, mention: Mention, new: str) -> Replacement:
    return Replacement(card.path, mention.span, mention.text, new)


def rename_section(name: Name, new: str, path: str, template: Template, catalogue: Catalogue) -> Renaming:
    """What it takes to rename a section of the template at `path`: its heading, and that of every spec of the template
    that has it by its exact title. Raises Refused where the new title cannot be or is taken."""
    title = _checked_title(new.strip())
    parent = name.slot.rpartition("/")[0]
    siblings = [slot for at, slot in _slots(template.sections) if at.rpartition("/")[0] == parent and at != name.slot]
    key = title_of(title).key
    for slot in siblings:
        if key in (slot.key, *slot.aliases):
            raise Refused(f"The template has a section {slot.title} there already.")
    own = title_of(plain(name.text)).key
    changes = [Replacement(path, name.span, name.text, title)]
    for card in catalogue.cards:
        if card.template == template.name:
            for heading in card.sections:
                if heading.slot == name.slot:
                    changes.append(Replacement(card.path, heading.span, "", title))
    return Renaming(tuple(changes), title=own)


def heading_edit(text: Text, change: Replacement, key: str) -> Edit | None:
    """The edit of a heading's title where that is `key` as titles are compared; number and notes stay. None where it
    is another one, or its words are not to be told from its marks."""
    source = text.slice(change.span)
    start, end = _words(source)
    if title_of(plain(source[start:end])).key != key or source[start:end] == change.new_text:
        return None
    line, first, *_ = change.span
    return Edit(Span(line, first + start, line, first + end), change.new_text)


def _checked_title(title: str) -> str:
    if not title_of(title).key or "\n" in title or "\r" in title or len(title) > _LONGEST:
        raise Refused(f"A title is one line with letters or digits, at most {_LONGEST} characters.")
    return title


# --- files


def _file_name(base: str, old: str, new: str) -> str:
    """The name of a spec's file after its identifier became another: where it has the identifier, or begins with its
    number."""
    for start in range(len(base) - len(old) + 1):
        end = start + len(old)
        words = base[start:end]
        if words.casefold() == old.casefold() and not (base[:start][-1:].isalnum() or base[end:][:1].isalnum()):
            return base[:start] + (new.lower() if words.islower() else new) + base[end:]
    before, after, digits = _NAME.fullmatch(old), _NAME.fullmatch(new), _COUNTED.match(base)
    if before and after and digits and digits[0].lstrip("0") == before[2].lstrip("0"):
        return after[2].lstrip("0").zfill(len(digits[0])) + base[digits.end() :]
    return base
