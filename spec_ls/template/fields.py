"""The metadata of a template: which lines carry it, and what each of its fields asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spec_ls.outline.blocks import Comment, Heading, List, Paragraph, Section, Table
from spec_ls.outline.inline import plain, split_number, title_of
from spec_ls.outline.metadata import Carrier, Entry, entries_of, field_key
from spec_ls.outline.parse import split_cells
from spec_ls.outline.shapes import comments_in, joined, without_comments
from spec_ls.template.annotations import Annotation, condition_of, listed, without_annotations
from spec_ls.template.kinds import Kind, is_begun, is_default, kind_of
from spec_ls.template.model import Condition, FieldKind, FieldSlot, Need, Origin
from spec_ls.template.needs import is_waived, opens_with_condition, split_marks, waives_value

_CARRIERS: tuple[Carrier, ...] = ("table", "html", "columns", "yaml", "toml", "fence", "list", "terms", "lines")
_SURE = frozenset(["table", "html", "yaml", "toml"])
"""Carriers of which a single entry is enough."""
_FRONT = ("yaml", "toml")
_YAML_COMMENT = re.compile(r"(?:^|\s)#(?:\s+(.*))?$")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_REMARK = re.compile(r"(?:(?<!\s)\s+)?\((?!s\))[^()]*\)\s*$")
_CARRYING = re.compile(
    r"(?:(?:document|spec|specification|general|basic|page|feature|project|epic) )?"
    r"(?:metadata|meta ?data|meta|preamble|information|info|details|properties|attributes|header|document control)"
)
_SURELY_CARRYING = frozenset(["metadata", "meta", "document control", "document information", "document metadata"])
"""Titles of sections that carry the metadata wherever they stand."""
_NO_HEAD = re.compile(r"[0-9\[<{]")
"""In a value, not in the head of a column."""
_KEY_HEAD = frozenset(["", "field", "key", "attribute", "property", "metadata", "item", "name"])
_VALUE_HEAD = frozenset(["", "value", "detail"])
_DEMANDED = re.compile(r"^[^\w]*(?:required|mandatory)\b|[(\[](?:required|mandatory)[)\]]", re.I)
_LEAVE = re.compile(r"\bleave (?:this|it|the \w+)? ?(?:empty|blank)\b", re.I)
_HTML_END = re.compile(r"</(?:table|dl)\b", re.I)
_SEVERAL = re.compile(r"(?:\(s\)|/s|[^\Wsu]s)\W*$")
"""How a name ends that asks for several: `Author(s)`, `Owners`."""
_ENOUGH = 3
"""Fields that make a carrier as good as any other; among those the kind of carrier decides."""

KINDS: dict[str, FieldKind] = {
    "text": "text",
    "date": "date",
    "handle": "handle",
    "handles": "handles",
    "link": "link",
    "id": "id",
}
"""The words of a `type` annotation."""


@dataclass(frozen=True, slots=True)
class Carried:
    """An entry of the carrier with absolute lines: `base` is the line from which its own count.

    `remarks` are the comments beside it, `waived` tells that it stands among fields added as needed.
    """

    entry: Entry
    base: int
    remarks: tuple[str, ...] = ()
    waived: bool = False

    @property
    def line(self) -> int:
        return self.entry.line + self.base


def carried(
    flat: Sequence[tuple[Section, int]], title: Heading | None, source: Sequence[str], lines: Sequence[str]
) -> tuple[list[Carried], Section | None]:
    """The entries of the carrier, and the section that holds it where that has a heading of its own.

    They stand in front of the first section; where nothing does, in that: one that is called `Metadata` or the like, or
    has a table of `Field | Value`. `lines` are those of `source` without ends.
    """
    ahead: list[tuple[Section, int]] = []
    first: tuple[Section, int] | None = None
    passed = title is None
    for section, base in flat:
        heading = section.heading
        if heading is not None and heading.style != "malformed":
            if passed:
                first = section, base
                break
            passed = heading is title
        ahead.append((section, base))
    found = _carried(ahead, source, lines)
    if not found and first is not None and _may_carry(first[0]) and (below := _carried([first], source, lines)):
        return below, first[0]
    for section, base in flat if not found else ():
        heading = section.heading
        named = heading is not None and title_of(split_number(heading.title)[1]).key in _SURELY_CARRYING
        if named and (below := _carried([(section, base)], source, lines)):
            return below, section
    return found or [one for section, base in ahead for one in _lone(section, base, source, lines)], None


def _lone(section: Section, base: int, source: Sequence[str], lines: Sequence[str]) -> Iterator[Carried]:
    """A line `Key: value` that stands alone, where its value shows what it is."""
    for entry in entries_of(section, source, base, lone=True):
        if entry.carrier == "lines" and kind_of(entry.value, entry.key).kind != "text":
            yield Carried(entry, base, tuple(_remarks(entry, section, base, lines)))


def _may_carry(section: Section) -> bool:
    assert section.heading is not None
    if _CARRYING.fullmatch(title_of(split_number(section.heading.title)[1]).key):
        return True
    table = next((block for block in section.blocks if isinstance(block, Table)), None)
    heads = [field_key(cell.source) for cell in table.header.cells] if table else []
    return len(heads) == 2 and heads[0] in _KEY_HEAD and heads[1] in _VALUE_HEAD


def _carried(sections: Sequence[tuple[Section, int]], source: Sequence[str], lines: Sequence[str]) -> list[Carried]:
    """The entries of the carrier in these sections.

    Of several carriers the fullest counts, up to three fields; then a table goes before front matter, that before a
    preamble, a list and lines with labels.
    """
    groups: dict[tuple[Carrier, int], list[Carried]] = {}
    lists: dict[int, tuple[int, str]] = {}
    for section, base in sections:
        above = ""
        for block in section.blocks:
            if isinstance(block, List):
                lists[block.line + base] = (len(block.items), above)
            above = plain(joined(block.lines)) if isinstance(block, Paragraph) else ""
        for entry in entries_of(section, source, base):
            group = 0 if entry.carrier == "lines" else entry.group + base
            remarks = tuple(_remarks(entry, section, base, lines))
            groups.setdefault((entry.carrier, group), []).append(Carried(entry, base, remarks))

    def rank(key: tuple[Carrier, int]) -> tuple[bool, int, int, int]:
        count = len(groups[key])
        return count > 1, min(count, _ENOUGH), -_CARRIERS.index(key[0]), -key[1]

    known = [
        key
        for key, found in groups.items()
        if (len(found) > 1 or key[0] in _SURE) and (key[0] != "list" or len(found) * 2 >= lists[key[1]][0])
    ]
    best = max(known, key=rank, default=None)
    if best is None:
        return []
    chosen = list(groups[best])
    if best[0] == "list":
        for other in known:
            if other[0] == "list" and other[1] > best[1] and is_waived(lists[other[1]][1], among_fields=True):
                chosen += [Carried(one.entry, one.base, one.remarks, True) for one in groups[other]]
    return chosen


def _remarks(entry: Entry, section: Section, base: int, lines: Sequence[str]) -> Iterator[str]:
    """The comments that stand beside an entry: on its lines, right above its key in YAML, in a block right below."""
    first, last = entry.line, max(entry.line, entry.whole.end_line)
    if entry.carrier in _FRONT:
        for number in range(first + base, last + base + 1):
            found = _YAML_COMMENT.search(_QUOTED.sub(lambda quoted: "_" * len(quoted[0]), lines[number]))
            if found and found[1]:
                yield lines[number][found.start(1) : found.end(1)]
        above = []
        for number in range(first + base - 1, 0, -1):
            if not lines[number].startswith("#"):
                break
            above.append(lines[number].lstrip("# "))
        if above and not lines[number].startswith(("---", "+++")):  # those at the very top speak of all fields
            yield "\n".join(reversed(above))
        return
    if entry.carrier == "table" and entry.line != entry.group:
        cells = split_cells(lines[first + base], 0)
        if len(cells) == len(split_cells(lines[entry.group + base], 0)):
            yield from (cell.source for cell in cells[2:] if cell.source)
    for number in range(first + base, last + base + 1):
        yield from (lines[number][start + 4 : end - 3] for start, end in comments_in(lines[number]))
    if entry.carrier in ("lines", "list"):
        for block, below in zip(section.blocks, section.blocks[1:], strict=False):
            ends = block.line <= entry.line < block.end_line and isinstance(below, Comment)
            if ends and isinstance(block, Paragraph) and entry.line == block.lines[-1].line:
                assert isinstance(below, Comment)
                yield below.text


def carrier_source(found: Sequence[Carried], lines: Sequence[str]) -> tuple[str, ...]:
    """The lines of the carrier without annotations, a table's header and the fences of front matter included."""
    found = [one for one in found if not one.waived]
    first, last = found[0], found[-1]
    carrier = first.entry.carrier
    fenced = carrier in ("yaml", "toml", "fence")
    start = first.line if carrier in ("list", "lines", "terms") else first.entry.group + first.base
    end = last.entry.value_span.end_line + last.base
    if carrier == "html":
        end = next((at for at in range(end, len(lines)) if _HTML_END.search(lines[at])), end)
    if fenced:
        end = next((at for at in range(end + 1, len(lines)) if _closes(lines[at], lines[start])), end)
    return tuple(without_annotations(line) for line in lines[start : end + 1])


def _closes(line: str, opener: str) -> bool:
    mark = opener.strip().removeprefix("\ufeff")[:3]
    return line.strip().startswith("</pre>" if mark == "<pr" else mark) or (mark == "---" and line.rstrip() == "...")


def front_waiver(lines: Sequence[str], found: Sequence[Carried]) -> bool:
    """Whether a comment at the top of the front matter calls its fields optional."""
    if not found or found[0].entry.carrier not in _FRONT:
        return False
    for line in lines[1 : found[0].line + 1]:
        if not line.startswith("#"):
            return False
        if re.search(r"\boptional\b", line, re.I):
            return True
    return False


def field_slots(
    found: Sequence[Carried], lines: Sequence[str], notes: Callable[[int], Iterable[Annotation]]
) -> Iterator[FieldSlot]:
    """The slots of the carrier's entries; `notes` has the annotations of a line. Of two with one name, the first.

    Where several are called required, the others are not.
    """
    said = [one for one in found if _DEMANDED.search(one.entry.value) or _DEMANDED.search(one.entry.name)]
    waived = front_waiver(lines, found)
    seen: set[str] = set()
    for one in found:
        slot = _slot(one, lines, waived or (len(said) > 1 and one not in said), list(notes(one.line)))
        if slot is not None and slot.key not in seen:
            seen.add(slot.key)
            yield slot


def _slot(one: Carried, lines: Sequence[str], waived: bool, notes: Sequence[Annotation]) -> FieldSlot | None:
    entry, line = one.entry, lines[one.line]
    name, optional = split_marks(plain(entry.name))
    if _REMARK.search(name):
        remark = _REMARK.search(name)
        name, optional = _REMARK.sub("", name), optional or bool(remark and waives_value(remark[0]))
    name = name.strip().rstrip(":*_")
    if not field_key(name):
        return None
    cells = split_cells(line, 0) if entry.carrier == "table" else ()
    sample, source = entry.value, lines[entry.whole.start_line + one.base][entry.whole.start : entry.whole.end]
    if entry.whole.start_line != entry.whole.end_line:
        source = sample
    if len(cells) > 2 and len(split_cells(lines[entry.group + one.base], 0)) == 2:
        sample = source = " | ".join(cell.source for cell in cells[1:] if cell.source)
    sample = without_comments(sample).strip()
    bare, marked = split_marks(sample) if sample[-1:] in ")]）］" else (sample, False)
    kind = kind_of(bare if marked else sample, field_key(name), one.remarks)
    optional = optional or marked
    if kind.kind == "handle" and (entry.listed or _SEVERAL.search(entry.name)):
        kind = Kind("handles")
    heads = entry.carrier == "table" and entry.line == entry.group
    if heads and kind.kind == "text" and not _NO_HEAD.search(sample) and not line.lstrip("| \t").startswith(("*", "_")):
        return None  # `| Metadata | Value |` heads the table; `| Status | Draft / Done |` is its first field
    optional = optional or waived or one.waived or waives_value(plain(sample)) or opens_with_condition(source)
    optional = optional or any(is_waived(remark, among_fields=True) for remark in one.remarks)
    need: Need = "optional" if optional else "required"
    default = is_default(sample, name, kind)
    slot = FieldSlot(
        name=name,
        key=field_key(name),
        kind=kind.kind,
        need=need,
        keep=default or bool(_LEAVE.search(sample)),
        default=default,
        values=kind.values,
        open_values=kind.open_values,
        sample=sample.replace("\\|", "|"),
        source=" ".join(without_comments(source).split()),
        prefix=kind.prefix,
        digits=kind.digits,
        timed=kind.timed,
        today=kind.kind == "date" and is_begun(field_key(name)),
        origin=Origin(line=one.line, end_line=one.line + 1),
    )
    return _annotated(slot, notes)


def _annotated(slot: FieldSlot, notes: Sequence[Annotation]) -> FieldSlot:
    """The slot with what its annotations say."""
    changes: dict[str, Any] = {}
    for note in notes:
        values = listed(note.argument)
        wanted = condition_of(note.argument)
        match note.word:
            case "optional":
                changes["need"] = "optional"
            case "keep":
                changes["keep"] = True
            case "today":
                changes |= {"kind": "date", "today": True}
            case "choices" if values:
                changes |= {"kind": "choice", "values": values, "open_values": ()}
            case "type" if note.argument in KINDS:
                changes["kind"] = KINDS[note.argument]
                if note.argument == "id" and slot.kind != "id":
                    changes["kind"] = "text"  # without a sample there is no prefix to go by
            case "alias":
                changes["aliases"] = tuple(field_key(value) for value in values if field_key(value))
            case "required-when" if wanted:
                changes |= {
                    "need": "conditional",
                    "when": Condition(key=field_key(wanted[0]), values=wanted[1], otherwise=False),
                }
    return replace(slot, **changes)
