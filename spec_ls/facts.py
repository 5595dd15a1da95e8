"""What one section says, as far as anything outside it may ask.

Facts are small and compare by value: as long as a keystroke leaves them equal, nothing beyond the
touched section can have changed, and no rule about the whole spec runs again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from spec_ls.allowances import WORD, Allowance, allowances_of
from spec_ls.outline.blocks import (
    Block,
    Box,
    Comment,
    Fence,
    FrontMatter,
    Heading,
    List,
    Paragraph,
    Section,
    Table,
    TextLine,
)
from spec_ls.outline.inline import Title, in_words, numberless, plain, skeleton, split_number, title_of
from spec_ls.outline.metadata import Entry, YamlFault, entries_of, section_entry, yaml_fault
from spec_ls.outline.shapes import (
    Label,
    items_of,
    joined,
    label_of,
    lead_of,
    lines_span,
    says_something,
    shown_title,
    strong_line,
    texts_of,
    without_comments,
    words_of,
)
from spec_ls.template.lookup import lookup
from spec_ls.template.model import BlockSlot, ItemSlot, SectionSlot, Template
from spec_ls.template.needs import split_marks
from spec_ls.text import Span

NO_TITLE = Title("", ())
_HEADING_LIKE = re.compile(r"[ ]{0,3}#{1,6}[ \t]+(\S.*)")
_NEAR_LABEL = 75.0
_LONGEST_STORY = 2000
_NEAR_CHECK = 75.0
_ALL_BUT_END = 0.6
_DIGITS = re.compile(r"[0-9]+")
_REMARK = re.compile(r"^\([^()]{1,20}\)\s+")
"""A mark such as `(R)` in front of a fixed item: the words behind it are the item."""
_SEPARATOR = re.compile(r"(?=[\s:：(\[{])(?:(?<!\s)\s+[-–—|/]\s+|(?:(?<!\s)\s+)?[:：(\[{]\s*)")


class LabelFact(NamedTuple):
    """A labelled item that is there, or nearly (`near`: another label).

    `slot` counts the items of the section's slot, `span` covers the label, of a near one its name alone.
    """

    slot: int
    span: Span
    filled: bool
    near: bool = False


class CheckFact(NamedTuple):
    """A checklist item that is there, or nearly (`near`: other words for it).

    `span` covers the box; the whole text of an item that is not as it should be.
    """

    slot: int
    span: Span
    box: Box | None
    near: bool


class CriteriaFact(NamedTuple):
    """A labelled block that is there: whether it has items, and which demanded ones (by position in the slot)."""

    slot: int
    span: Span
    filled: bool
    demanded: frozenset[int]


class StoryFact(NamedTuple):
    """The heading of a repeated section: its text up to the number, the number, whether it is the template's own,
    and which of the template's bracketed samples it still has."""

    head: str
    number: int | None
    placeholder: bool
    samples: tuple[tuple[str, Span], ...]


@dataclass(frozen=True, slots=True)
class UnclosedFact:
    """A fence or comment that nothing closes, and the titles of what look like headings in it."""

    span: Span
    marker: str
    line: int
    swallowed: tuple[str, ...]


class Facts(NamedTuple):
    """All that rules about the whole spec know of one section; lines count from its chunk's start.

    `mentions` names the demanded criteria whose words stand somewhere in it.
    """

    heading: Heading | None
    title: Title
    stem: Title
    content: bool
    entries: tuple[Entry, ...] = ()
    labels: tuple[LabelFact, ...] = ()
    checks: tuple[CheckFact, ...] = ()
    criteria: tuple[CriteriaFact, ...] = ()
    bold: tuple[tuple[str, Span], ...] = ()
    unclosed: UnclosedFact | None = None
    formed: bool = True
    mentions: frozenset[str] = frozenset()
    story: StoryFact | None = None
    words: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    opening: Span | None = None
    yaml: YamlFault | None = None


def is_counted(title: Title, head: Title, stem: str) -> bool:
    """Whether a title is `stem`, alone, with a number or with a separator behind it.

    `Story`, `Story 12 As an admin` and `Story: As an admin` are; `head` is the title up to the separator.
    """
    key = title.key
    if head.key == stem:
        return True
    if not key.startswith(stem):
        return False
    rest = key[len(stem) : len(stem) + 12]
    return not rest or (rest[0] == " " and (rest[1:2].isdigit() or len(rest[1:].split(" ")[0]) == 1))


def count_of(title: Title) -> int | None:
    """The number in a repeated section's title (3 of `Story 3: …`); None without one."""
    for word in title.key.split(" ", 4)[:4]:
        if word.isascii() and word.isdigit() and len(word) < 10:
            return int(word)
    return None


def heading_facts(section: Section) -> tuple[Title, Title]:
    """The comparable title of a section, whole and up to a dash, colon or bracket (`Proposal - Dev Preview`)."""
    if section.heading is None:
        return NO_TITLE, NO_TITLE
    words = shown_title(section.heading)
    if words and words[-1] in ")]}）］】*_":
        words = split_marks(words)[0]  # the template's note on the need for a section, taken along in a copy of it
    title = title_of(words)
    stem = title
    cut = _SEPARATOR.search(words, 1 + len(str(title.number[-1])) + 1 if title.number else 1)
    if cut and cut.start():
        stem = title_of(words[: cut.start()])
    return title, stem


def facts_of(
    section: Section,
    slot: SectionSlot | None,
    template: Template,
    preamble: bool,
    lines: Sequence[str],
    base: int,
    titles: tuple[Title, Title] | None = None,
) -> Facts:
    """The facts of `section`, which belongs to `slot`; its chunk starts at line `base` of `lines`. Never raises.

    `preamble` marks the team's own sections before the template's first, and the one in which the template has its
    metadata: there, any table or labelled line is metadata; elsewhere, only rows with the name of a field. `titles` are
    its `heading_facts`, if they are known.
    """
    title, stem = titles or heading_facts(section)
    kinds = set(map(type, section.blocks))
    bold = tuple(_bold(section, template)) if Paragraph in kinds else ()
    promised = {span.start_line for _, span in bold}  # say nothing yet: they are to be headings
    content = any(block.line not in promised and says_something(block) for block in section.blocks)
    labels: tuple[LabelFact, ...] = ()
    checks: tuple[CheckFact, ...] = ()
    criteria: tuple[CriteriaFact, ...] = ()
    formed = True
    mentions: frozenset[str] = frozenset()
    if slot is not None and slot.blocks and section.blocks:
        said = words_of(section).said
        mentions = frozenset([block.items[at].name for block in slot.blocks for at in _named(block, said)])
    if slot is not None and section.blocks:
        if slot.items:
            labels = tuple(_labels(section, slot))
            checks = tuple(_checks(section, slot))
        criteria = tuple(_criteria(section, slot, title))
    if slot is not None and slot.form:
        formed = _has_form(section, slot)
    entries: tuple[Entry, ...] = ()
    if preamble or Table in kinds:
        wanted = None if preamble else lookup(template).may_be_field
        entries = tuple(entries_of(section, lines, base, wanted, lone=template.carrier == "lines"))
    if slot is not None and slot.index == template.stated_in:
        status = section_entry(section)
        entries = (status, *entries) if status else entries
    return Facts(
        heading=section.heading,
        title=title,
        stem=stem,
        content=content,
        entries=entries,
        labels=labels,
        checks=checks,
        criteria=criteria,
        bold=bold,
        unclosed=_unclosed(section, lines, base),
        formed=formed,
        mentions=mentions,
        story=_story(section.heading, title, stem, slot) if slot is not None and slot.repeats else None,
        words=() if kinds.isdisjoint(_ASIDES) else tuple(_words(section, lines, base)),
        allowances=tuple(allowances_of(section, lines, base)),
        opening=_opening(lines[base]) if section.heading is None else None,
        yaml=yaml_fault(section, lines, base) if preamble else None,
    )


# --- items ----------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    """The skeleton of a name in the template: the same few are asked for with every section."""
    return skeleton(name)


@lru_cache(maxsize=1024)
def _key_behind_remark(name: str) -> str:
    """The same of what stands behind a mark such as `(R)`."""
    return skeleton(_REMARK.sub("", name))


def label_key(name: str) -> str:
    """The form in which labels are compared."""
    return skeleton(name)


def _labels(section: Section, slot: SectionSlot) -> Iterator[LabelFact]:
    wanted = {_key(item.name): at for at, item in enumerate(slot.items) if item.kind == "label"}
    if not wanted:
        return
    if section.heading and (at := wanted.get(label_key(split_number(section.heading.title)[1]))) is not None:
        yield LabelFact(at, section.heading.text.span, any(map(says_something, section.blocks)))
    found: set[int] = set()
    others: list[tuple[TextLine, Label]] = []
    for item in items_of(section.blocks):
        if not item.lines:
            continue
        text = without_comments(item.lines[0].text)
        label = label_of(text)
        name = label.name if label else plain(joined(item.lines))
        at = wanted.get(label_key(name))
        if at is None and (lead := lead_of(text)) and (at := wanted.get(label_key(lead.name))) is not None:
            label = lead
        if at is None and label:
            others.append((item.lines[0], label))
        elif at is not None:
            found.add(at)
            rest = text[label.value :].strip() if label else ""
            filled = bool(rest or item.lines[1:] or any(map(says_something, item.blocks)))
            yield LabelFact(at, _label_span(item.lines[0], label), filled)
    for number, block in enumerate(section.blocks):
        if isinstance(block, Paragraph):
            for line in block.lines:
                label = label_of(line.text)
                at = wanted.get(label_key(label.name)) if label else None
                if label and at is not None:
                    found.add(at)
                    behind = line is not block.lines[-1] or any(map(says_something, section.blocks[number + 1 :]))
                    yield LabelFact(at, _label_span(line, label), bool(line.text[label.value :].strip()) or behind)

        elif isinstance(block, Table):
            for row in block.rows:
                at = wanted.get(label_key(plain(row.cells[0].text))) if row.cells else None
                if at is not None:
                    found.add(at)
                    yield LabelFact(at, row.cells[0].span, any(cell.source for cell in row.cells[1:]))
    yield from _near_labels(others, {name: at for name, at in wanted.items() if at not in found})


def _near_labels(others: list[tuple[TextLine, Label]], missing: dict[str, int]) -> Iterator[LabelFact]:
    if not others or not missing:
        return
    from rapidfuzz.fuzz import ratio

    for name, at in missing.items():
        line, label = max(others, key=lambda pair: ratio(name, label_key(pair[1].name)))
        if ratio(name, label_key(label.name)) >= _NEAR_LABEL:
            span = Span(line.line, line.start + label.start, line.line, line.start + label.end)
            yield LabelFact(at, span, True, near=True)
            others = [pair for pair in others if pair[0] is not line]
            if not others:
                return


def _label_span(line: TextLine, label: Label | None) -> Span:
    end = line.start + len(line.text[: label.value].rstrip()) if label else line.end
    return Span(line.line, line.start, line.line, end)


def matches_check(text: str, slot: ItemSlot) -> bool:
    """Whether a list item's text is the fixed item, with whatever the author wrote behind it, or all but its end."""
    words, name = skeleton(plain(text)), _key(slot.name)
    if words.startswith((name, _key_behind_remark(slot.name))) or skeleton(text).startswith(name):
        return True
    return len(words) >= _ALL_BUT_END * len(name) and name.startswith(words)


def _checks(section: Section, slot: SectionSlot) -> Iterator[CheckFact]:
    wanted = [(at, item) for at, item in enumerate(slot.items) if item.kind == "check"]
    if not wanted:
        return
    left = []
    found: set[int] = set()
    for item in items_of(section.blocks):
        if not item.lines:
            continue
        text = without_comments(joined(item.lines))
        at = next((at for at, check in wanted if at not in found and matches_check(text, check)), None)
        if at is None:
            left.append(item)
        else:
            found.add(at)
            yield CheckFact(at, item.box.span if item.box else lines_span(item.lines), item.box, near=False)
    missing = [(at, check) for at, check in wanted if at not in found]
    if missing and left:
        from rapidfuzz.fuzz import ratio

        for at, check in missing:
            scored = [(ratio(skeleton(check.name), skeleton(plain(joined(item.lines)))), item) for item in left]
            score, item = max(scored, key=lambda pair: pair[0])
            if score >= _NEAR_CHECK:
                left.remove(item)
                yield CheckFact(at, lines_span(item.lines), item.box, near=True)
                if not left:
                    return


# --- labelled blocks ------------------------------------------------------------------------


def announces(text: str, block: BlockSlot) -> str | None:
    """What follows the label of `block` in `text` (empty where it stands alone); None where `text` is no such label."""
    letter = text.lstrip("*_")[:1]
    if letter.isalpha() and letter.casefold()[0] != block.key[:1]:
        return None
    if skeleton(text if "<" not in text else plain(text)) == block.key:
        return ""
    label = label_of(text)
    if label and skeleton(label.name) == block.key:
        return text[label.value :]
    return None


def _criteria(section: Section, slot: SectionSlot, title: Title) -> Iterator[CriteriaFact]:
    for at, wanted in enumerate(slot.blocks):
        found = criteria_blocks(section, wanted)
        if found is None:
            continue
        span, rest, blocks = found
        texts = [rest, *texts_of(blocks)] if rest.strip() else texts_of(blocks)
        opaque = any([not isinstance(block, List | Paragraph | Table) and says_something(block) for block in blocks])
        demanded = [
            number
            for number, item in enumerate(wanted.items)
            if item.demanded and (opaque or _stands_in(_key(item.name), section, texts, rest))
        ]
        yield CriteriaFact(at, span, bool(texts) or opaque, frozenset(demanded))


def _named(wanted: BlockSlot, said: str) -> list[int]:
    """The positions of the demanded items whose words stand in one of the texts, whose skeletons are `said`."""
    return [number for number, item in enumerate(wanted.items) if item.demanded and _key(item.name) in said]


def _stands_in(name: str, section: Section, texts: Iterable[str], rest: str) -> bool:
    """Whether a name (its skeleton) stands in one of `texts`, which are the section's own or `rest`."""
    words = words_of(section)
    saying = {text for text, key in zip(words.texts, words.keys, strict=True) if name in key}
    return not name or not saying.isdisjoint(texts) or name in skeleton(rest)


def _until_next_label(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks in front of the next bold line, which announces something else."""
    for number, block in enumerate(blocks):
        if number and isinstance(block, Paragraph) and strong_line(block):
            return blocks[:number]
    return blocks


def criteria_blocks(section: Section, wanted: BlockSlot) -> tuple[Span, str, Sequence[Block]] | None:
    """Where the block `wanted` is announced in `section`: the label's span, the text behind it, and its blocks."""
    known = words_of(section).announced
    if wanted.key not in known:
        known[wanted.key] = _find_criteria(section, wanted)
    return known[wanted.key]


def _find_criteria(section: Section, wanted: BlockSlot) -> tuple[Span, str, Sequence[Block]] | None:
    heading = section.heading
    if heading and announces(split_number(heading.title)[1], wanted) is not None:
        return heading.text.span, "", section.blocks
    words = words_of(section)
    if words.bare and wanted.key not in words.said:
        return None
    for number, block in enumerate(section.blocks):
        if isinstance(block, Paragraph):
            for index, line in enumerate(block.lines):
                rest = announces(line.text, wanted)
                if rest is not None:
                    rest = " ".join([rest, *(more.text for more in block.lines[index + 1 :])])
                    return line.span, rest, _until_next_label(section.blocks[number + 1 :])
        elif isinstance(block, List):
            for item in block.items:
                rest = announces(joined(item.lines), wanted) if item.lines else None
                if rest is not None:
                    return lines_span(item.lines), rest, item.blocks or section.blocks[number:]
    return None


def _story(heading: Heading | None, title: Title, stem: Title, slot: SectionSlot) -> StoryFact | None:
    if heading is None or not is_counted(title, stem, slot.stem_key):
        return None
    text = heading.text.text
    number = _DIGITS.search(text)
    return StoryFact(
        head=text[: number.end()] if number else "",
        number=count_of(title),
        placeholder=numberless(text) in _numberless(slot.examples),
        samples=tuple([(sample, _span_of(sample, heading.text)) for sample in slot.samples if sample in text]),
    )


@lru_cache(maxsize=256)
def _numberless(examples: tuple[str, ...]) -> frozenset[str]:
    """The skeletons of a template's own stories without their numbers."""
    return frozenset([_DIGITS.sub("", example) for example in examples])


def _span_of(words: str, line: TextLine) -> Span:
    start = line.start + line.text.find(words)
    return Span(line.line, start, line.line, start + len(words))


def _has_form(section: Section, slot: SectionSlot) -> bool:
    words = [section.heading.title] if section.heading else []
    if words and _carries(words[0], slot.form):
        return True
    words += [plain(text[:_LONGEST_STORY]) for text in words_of(section).texts]
    return _carries(" ".join(words), slot.form)


def _carries(text: str, form: Iterable[str]) -> bool:
    words = f" {in_words(text)} "
    at = 0
    for part in form:
        found = words.find(f" {part} ", at)
        if found < 0:
            return False
        at = found + len(part) + 1
    return True


# --- the rest -------------------------------------------------------------------------------


def _bold(section: Section, template: Template) -> Iterator[tuple[str, Span]]:
    """The bold lines that have the title of one of the template's sections."""
    titles = lookup(template).titles
    for block in section.blocks:
        if isinstance(block, Paragraph) and len(block.lines) == 1 and block.lines[0].text[0] in "*_":
            words = strong_line(block)
            key = title_of(words).key if words else ""
            if key in titles:
                yield key, block.lines[0].span


_ASIDES = (Comment, FrontMatter)
_DIRECTIVE = re.compile(r"template(?:-version)?(?::|\s?=)")


def _words(section: Section, lines: Sequence[str], base: int) -> Iterator[str]:
    """What `<!-- spec-ls: … -->` comments and front matter say to spec-ls, one directive each, allowances aside."""
    for block in section.blocks:
        if isinstance(block, Comment):
            head, _, rest = block.text.strip().partition(":")
            if head == "spec-ls":
                words = (word.strip() for word in re.split(r"[;\n]", rest))
                yield from (word for word in words if word and not word.startswith(f"{WORD} "))
        elif isinstance(block, FrontMatter):
            for line in lines[base + 1 : base + block.end_line - 1]:
                if _DIRECTIVE.match(line):
                    yield line.rstrip()


def _opening(line: str) -> Span:
    """The first line of a document without a heading there, left of its BOM."""
    start = 1 if line.startswith("\ufeff") else 0
    return Span(0, start, 0, max(start, len(line.rstrip())))


def _unclosed(section: Section, lines: Sequence[str], base: int) -> UnclosedFact | None:
    if not section.blocks:
        return None
    last = section.blocks[-1]
    if isinstance(last, Fence) and not last.closed:
        source = lines[last.line + base]
        start = len(source) - len(source.lstrip())
        span, marker = Span(last.line, start, last.line, len(source.rstrip())), last.marker
    elif isinstance(last, Comment) and not last.closed:
        start = last.span.start
        span, marker = Span(last.line, start, last.line, start + 4), "-->"
    else:
        return None
    titles = []
    for number in range(last.line + 1, last.end_line):
        line = lines[number + base]
        found = _HEADING_LIKE.match(line) if "#" in line else None
        if found:
            titles.append(title_of(plain(found[1].strip())).key)
    return UnclosedFact(span, marker, last.line, tuple(titles))
