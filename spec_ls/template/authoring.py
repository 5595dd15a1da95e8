"""Help for those who write a template: what may stand in an annotation, and what one says.

Works on text that is still being typed: the comment need not be closed yet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from spec_ls.template.annotations import KINDS, LEVELS, STAGES, WORDS, Place, annotations_in
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.text import Point, Span, Text

_OPEN = re.compile(r"<!--\s*spec-ls:")
_YAML = re.compile(r"(?:^|\s)#\s*spec-ls:")
_WORD = re.compile(r"[\w-]*$")


class Proposal(NamedTuple):
    """What may stand at a point: `new_text` for what `span` covers."""

    label: str
    new_text: str
    detail: str
    span: Span


class Note(NamedTuple):
    """What an annotation says, as Markdown, and the word that it is about."""

    span: Span
    markdown: str


def annotation_completions(source: str, point: Point, rules: Collection[str] = ()) -> list[Proposal]:
    """What may stand at `point` inside an annotation; empty elsewhere. `rules` are the names of the rules.

    `point` counts code points. Never raises.
    """
    text = Text(source)
    if not 0 <= point.line < len(text.lines):
        return []
    before = text.content(point.line)[: point.offset]
    typed, place = _typed(text, point, before)
    if typed is None:
        return []
    head, _, rest = typed.lstrip().partition(" ")
    span_of = _Typed(point, before)
    if not rest and not (head and typed.endswith(" ")):
        return [
            Proposal(word.name, word.name + (" " if word.form else ""), word.says, span_of.word(head))
            for word in WORDS.values()
            if place is None or set(word.places) & set(place)
            if word.name.startswith(head)
        ]
    return list(_arguments(head, rest.lstrip(), read_template(source, "template"), rules, span_of))


class _Typed(NamedTuple):
    point: Point
    before: str

    def word(self, typed: str) -> Span:
        return Span(self.point.line, self.point.offset - len(typed), self.point.line, self.point.offset)


def _typed(text: Text, point: Point, before: str) -> tuple[str | None, tuple[Place, ...] | None]:
    """What is typed of an annotation up to a point, None outside of one; and where it stands, None where unclear."""
    yaml = list(_YAML.finditer(before))
    if yaml and _in_front_matter(text, point.line):
        alone = not before[: yaml[-1].start()].strip()
        return before[yaml[-1].end() :].split(";")[-1], ("field", "template") if alone else ("field",)
    opened = list(_OPEN.finditer(before))
    if opened and "-->" not in before[opened[-1].end() :]:
        head = before[: opened[-1].start()].strip()
        return before[opened[-1].end() :].split(";")[-1], _place(head)
    if "-->" in before:
        return None, None
    for line in range(point.line - 1, max(-1, point.line - 200), -1):
        row = text.content(line)
        opened = list(_OPEN.finditer(row))
        if opened and "-->" not in row[opened[-1].end() :]:
            return before, ("heading", "template")
        if "-->" in row or "<!--" in row:
            break
    return None, None


def _place(head: str) -> tuple[Place, ...]:
    """What an annotation behind these words of its line speaks of."""
    if not head:
        return ("heading", "template")
    if re.match(r"#{1,6}(?:\s|$)", head):
        return ("heading",)
    if head.startswith("|"):
        return ("field",)
    return ("field", "item")


def _in_front_matter(text: Text, line: int) -> bool:
    if text.content(0).removeprefix("\ufeff").rstrip() != "---":
        return False
    return not any(text.content(number).rstrip() in ("---", "...") for number in range(1, min(line, 1000)))


def _arguments(word: str, typed: str, read: Template, rules: Collection[str], at: _Typed) -> Iterator[Proposal]:
    last = re.split(r"[,(]\s*|->\s*", typed)[-1]
    status = read.status
    match word:
        case "type":
            yield from _offers(KINDS, typed, "kind of value", at)
        case "severity":
            words = typed.split(" ")
            if len(words) < 2:
                yield from _offers(sorted(rules), typed, "rule", at)
            else:
                yield from _offers(LEVELS, words[-1], "level", at)
        case "state" if status is not None:
            if "(" in typed:
                yield from _offers(STAGES, last if ")" not in typed else "\0", "stage", at)
            else:
                yield from _offers(status.values, typed, status.name, at)
        case "move" if status is not None:
            any_too = ("any",) if "->" not in typed else ()
            yield from _offers((*status.values, *any_too), last, status.name, at)
        case "required-when":
            name, opened, _ = typed.partition(" in (")
            if not opened:
                yield from _offers([slot.name for slot in read.fields], typed, "field", at, " in (")
            else:
                slot = next((slot for slot in read.fields if slot.name.casefold() == name.strip().casefold()), None)
                yield from _offers(slot.values if slot else (), last, name.strip(), at)


def _offers(names: Collection[str], typed: str, detail: str, at: _Typed, behind: str = "") -> Iterator[Proposal]:
    for name in names:
        if name.casefold().startswith(typed.casefold()):
            yield Proposal(name, name + behind, detail, at.word(typed))


def annotation_hover(source: str, point: Point) -> Note | None:
    """What the annotation under `point` says; None where there is none. Never raises."""
    text = Text(source)
    lines = [text.content(number) for number in range(len(text.lines))]
    front = 0
    if lines[0].removeprefix("\ufeff").rstrip() == "---":
        ends = (at for at, line in enumerate(lines[1:1000], 2) if line.rstrip() in ("---", "..."))
        front = next(ends, 0)
    for one in annotations_in(lines, front):
        if one.line == point.line and one.span.start <= point.offset <= max(one.span.end, one.argument_span.end):
            word = WORDS.get(one.word)
            if word is None:
                return None
            form = f"{word.name} {word.form}".strip()
            return Note(one.span, f"`{form}`\n\n{word.says}")
    return None
