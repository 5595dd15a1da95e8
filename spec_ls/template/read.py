"""Markdown to `Template`: a team's template, read the way a person reads it.

Only the words of the template decide. What they cannot say stands in annotations (`annotations.py`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from spec_ls.outline import Outline
from spec_ls.outline.blocks import (
    Block,
    Comment,
    FrontMatter,
    Heading,
    Item,
    List,
    Paragraph,
    Plain,
    Quote,
    Section,
    Table,
)
from spec_ls.outline.inline import is_italic, normal_label, plain, skeleton, split_number, title_of
from spec_ls.outline.metadata import field_key
from spec_ls.outline.shapes import (
    PLACEHOLDER,
    comments_in,
    items_of,
    joined,
    label_of,
    says_something,
    shown_title,
    strong_line,
    without_comments,
)
from spec_ls.template.annotations import (
    Annotation,
    Attached,
    annotations_in,
    attached,
    condition_of,
    listed,
    moves_of,
    severity_of,
    state_of,
    without_annotations,
)
from spec_ls.template.fields import carried, carrier_source, field_slots
from spec_ls.template.kinds import BRACKET, is_status, kind_of, status_choices
from spec_ls.template.lookup import phrase_key
from spec_ls.template.model import (
    BlockSlot,
    Condition,
    FieldSlot,
    Guidance,
    HeadingNote,
    ItemSlot,
    Need,
    Origin,
    SectionSlot,
    Stage,
    State,
    Template,
)
from spec_ls.template.needs import is_waived, opens_optional, split_marks, waives_next, without_mark
from spec_ls.text import Text

_REPEAT = re.compile(r"([^\W\d][^\W\d]*(?: [^\W\d]+){0,2}) #?([0-9]+|[A-Z])\b\s*[:.)–—-]?\s*(.*)", re.I)
_INSTEAD = re.compile(r"(?:(?<!\s)\s+)?[\[({<]\s*or\s([^\[\](){}<>]++)[\])}>]\s*$", re.I)
_OR = re.compile(r"(?:(?<!\s)\s+)?,\s*(?:or\s+)?|(?<!\s)\s+or\s+")
_ELLIPSIS = re.compile(r"\.{3}|…")
_SAMPLE = re.compile(
    r"\.{3}|…|\[[^\[\]]+\](?![(\[])|\{[^{}]+\}|\be\.g\.|(?<![\w/])[XYN](?![\w/])|^[^\W\d][^\d]{0,40} [0-9]{1,2}$"
    r"|(?<![\w<])<[^\W\d][^<>/=]*>|\bYYYY\b|^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,20}[0-9０-９]{1,2}$"
)
_FIRM_SAMPLE = re.compile(r"\.{3}|…|\{[^{}]+\}|(?<![\w/])[XYN](?![\w/])|^[^\W\d][^\d]{0,40} [0-9]{1,2}$|\bYYYY\b")
_PART = re.compile(
    r"\[(?=[^\[\]]*(?:[ _]|[^\W\dA-Z_]))[^\W\d_][^\[\]]+\](?![(\[:])|(?<![$\\%])\{[^\W\d_][^{}]*\}|"
    + PLACEHOLDER.pattern
)
"""Words to replace inside of others: `[the user]`, `{justification}`, `<name>`."""
_FIRM_PART = re.compile(r"^(?:\.{3}|…)$|(?<![\w/])[XYN](?![\w/])|\bYYYY\b")
_STAND_IN = re.compile(r"[*_\[<]{0,3}(?:[A-Z]{3,8}|\.{3,6}|…{1,2})[*_\]>]{0,3}[.:]?")
"""A whole paragraph that only keeps a place: `TBD`, `...`."""
_CODE = re.compile(r"`[^`]*`|\$[^$]*\$|\{\{[<%][^{}]*[%>]\}\}")
_CONTENTS = re.compile(r"\[+_?toc_?\]+", re.I)
_MARKED = re.compile(
    r"\b(?:marked|tagged|labell?ed)(?: with| by| as)? (\S{1,20}) (?:is|are) (required|mandatory|optional)\b", re.I
)
"""By which mark items are told that are required, or are not: `Items marked with (R) are required`."""
_ADMONITION = re.compile(r"(?::::|!!!|\?\?\?\+?) ?[a-z]+\b")
_CLOSERS = {":::": ":::", "<div": "</div>", "<aside": "</aside>", "<details": "</details>"}
"""What ends a note that began so."""
_HTML_NOTE = re.compile(
    r"<(?:div|aside)\b[^<>]*(?:class|id)=[\"']?[^<>]*(?:help|hint|note|tip|guid|instruct|callout)[^<>]*>"
    r"|<details\b[^<>]*>\s*<summary>[^<>]*(?:example|instruct|guid|help|hint|how to|what goes)[^<>]*</summary>",
    re.I,
)
_HTML_END = re.compile(r"</\w+>")
_NOTE = re.compile(
    r"\[!\w+\]|(?:[^\w\s*_\[]{1,3} ?)?(?:\*\*|__)?(?:note|tip|hint|info|important|warning|caution|hinweis|nota)\b", re.I
)
"""The first line of a quote that is a note to the author: `> [!NOTE]`, `> **Note**`."""
_WRAPPED = re.compile(r"\[[^\[\]]+\]|\{.+\}|\([^()\[\]]+\)|<[^<>=/\"]+>", re.S)
_REMARKED = re.compile(r"([^\W\d_][^()\[\]{}:：–—]{2,60}?)(?:(?<!\s)\s*[(\[:：].|(?<!\s)\s+[-–—]\s)")
"""A title up to a remark behind it."""
_NAMES_TITLE = re.compile(
    r"^(?:[^\W\d_]+ ){0,3}(?:title|name|titel|titre|título|titolo)\b|^(?:タイトル|标题|제목|название)$", re.I
)
"""Of a heading that stands for the document's own title: `Feature name`, `Title of the proposal`."""
_CHOOSE = re.compile(
    r"\b(?:pick|choose|select|check|tick) (?:one|any|at least one)\b|\bdelete the (?:rest|others?)\b", re.I
)
_COUNTER = re.compile(r"(?:(?<!\s)\s+)?(?:[:.]\s*)?(?:(?<![0-9])[0-9]++|[\[{<].*)$", re.S)
_CLOCK = re.compile(r"\bwithin ([0-9]{1,4})[ -]?(h|hrs?|hours?|days?|weeks?)\b", re.I)
_REVIEW = re.compile(r"\breview|\bsign\b|\bsigns|\bsigned|\bapprov", re.I)
_APPROVAL = re.compile(r"(?<!\brelease )(?<!\blaunch )\bsign[- ]?offs?\b|\bapprovals?\b", re.I)
_DEMAND = re.compile(r"(?:^|[.!?]\s+|\bis (?:only )?)(?:only )?(?:mandatory|required) (?:for|when|if)\b\s*(.*)", re.I)
_TIERED = re.compile(r"(?<![^\W\d_])([^\W\d_]+)[- ]([0-9]+(?:\s*/\s*[0-9]+)*)")
_KEPT_COMMENT = re.compile(
    r"^\s*(?:(?:markdownlint|prettier|textlint|remark|lint|alex|doctoc|dprint|rumdl|mdl)"
    r"(?:-\w|\s(?:off|on|ignore|disable|enable)\b)|(?:vale|cspell|rumdl)(?::|\s+\w+\.\w|\s(?:off|on)\b))"
    r"|\bSPDX-License-Identifier\b|\bcopyright (?:\(c\)|©|[12][0-9]{3})",
    re.I,
)
_LONGEST_ASKED = 5000
_SMALL_WORDS = frozenset(["a", "an", "the", "to", "of"])
_STAGE_WORDS: dict[Stage, str] = {
    "draft": "draft wip idea new proposal provisional entwurf brouillon borrador"
    " rascunho bozza 下書き 草案 草稿 черновик 초안",
    "review": "review candidate proposed reviewing submitted pending prüfung revisión"
    " revisão revisione レビュー中 评审中 ревью 검토",
    "approved": "approved accepted building implementable implementing active started progress freigegeben genehmigt"
    " umsetzung published ready planned ongoing doing decided approuvé accepté acceptée aceptado aceptada aceito aceita"
    " aprobado aprobada aprovado aprovada approvato approvata 承認済み 已批准"
    " принято принята одобрено утверждено 승인 승인됨",
    "done": "done implemented completed complete shipped released final closed live launched committed finished"
    " fertig erledigt abgeschlossen umgesetzt"
    " terminé terminado terminada concluído concluída completato completata 完了"
    " 已完成 готово выполнено завершено 완료 완료됨",
    "parked": "defer deferred kill killed rejected withdrawn superseded deprecated abandoned cancelled canceled"
    " replaced hold obsolete retired inactive defunct stagnant stopped paused postponed"
    " verworfen abgelehnt zurückgestellt ersetzt rejeté"
    " rechazado rechazada rejeitado rejeitada rifiutato 却下 保留 廃止 已拒绝 已废弃 已取代"
    " отклонено отклонена отменено отложено 반려 반려됨 기각 보류",
}
_STAGES = {word: stage for stage, words in _STAGE_WORDS.items() for word in words.split()}
"""What common status names mean, for templates that do not say it in a `state` annotation."""


@dataclass(slots=True)
class _Part:
    """A section of the template with absolute lines, and its subsections."""

    heading: Heading
    section: Section
    base: int
    end_line: int
    waived: bool = False
    """A comment right above the heading calls it optional."""
    above: _Part | None = None
    parts: list[_Part] = field(default_factory=list)


def read_template(source: str, name: str) -> Template:
    """What the Markdown `source` means as a template. Never raises; what cannot be read is left out."""
    return _Reader(source).template(name)


def is_sample(text: str) -> bool:
    """Whether a template's plain text is a shape to repeat or to replace.

    A counted stem (`Goal 1`), an ellipsis, brackets, braces, `e.g.`, or a lone capital X, Y or N says so.
    """
    return bool(_SAMPLE.search(text))


class _Reader:
    def __init__(self, source: str) -> None:
        self._text = Text(source)
        self._lines = [self._text.content(number) for number in range(len(self._text.lines))]
        self._outline = Outline(self._text)
        self._definitions = frozenset().union(*(chunk.definitions for chunk in self._outline.chunks))
        self._count = 0
        self._notes: dict[tuple[str, int], list[Annotation]] = {}
        self._headings: dict[int, HeadingNote] = {}
        self._title: str | None = None
        self._stated: tuple[FieldSlot, int] | None = None
        self._carrier: Section | None = None
        self._carried_in = -1

    def template(self, name: str) -> Template:
        starts = self._outline.starts
        flat = [
            (section, starts[index]) for index, chunk in enumerate(self._outline.chunks) for section in chunk.sections
        ]
        title = title_heading(flat)
        found, self._carrier = carried(flat, title, self._text.lines, self._lines)
        placed = attached_annotations(flat, self._lines, [one.line for one in found])
        for one in placed:
            self._notes.setdefault((one.place, one.line), []).append(one.annotation)
        self._title = split_number(shown_title(title))[1] if title is not None else None
        roots, title_line = self._tree(flat, title)
        slots = tuple(self._sections(roots))
        fields = tuple(field_slots(found, self._lines, lambda line: self._notes.get(("field", line), ())))
        status = _status(fields)
        stated, stated_in = self._stated if self._stated and status is None else (None, -1)
        status = status or stated
        words = [one.annotation for one in placed if one.place == "template"]
        if title is not None:
            self._note_heading(title, title_line, "example", None)
        return Template(
            name=name,
            version=next((word.argument for word in words if word.word == "template-version"), ""),
            title=title.text.text if title else None,
            title_level=title.level if title else 1,
            bannered=title is not None and title is not _headed(flat)[0].heading,
            title_origin=Origin(line=title_line, end_line=title_line + 1) if title else None,
            guidance=tuple(self._opening(flat, title)),
            carrier=found[0].entry.carrier if fields else "none",
            carrier_source=carrier_source(found, self._lines) if fields else (),
            carried_in=self._carried_in if fields else -1,
            fields=fields,
            sections=slots,
            headings=tuple(self._headings[line] for line in sorted(self._headings)),
            states=_states(status, words),
            has_moves=any(word.word == "move" for word in words),
            status_key=status.key if status else "",
            stated=stated,
            stated_in=stated_in,
            severities=tuple(_severities(words)),
            review_hours=_review_hours(slots),
            phrases=tuple(self._phrases(flat, {one.line for one in found})),
            source=self._text.source,
        )

    def _note_heading(self, heading: Heading, line: int, need: Need, above: _Part | None) -> None:
        number, title = split_number(shown_title(heading))
        parent = split_number(shown_title(above.heading))[1] if above else self._title
        if heading.level == 1 and above is None:
            parent = None
        self._headings[line] = HeadingNote(
            level=heading.level, title=title, need=need, number=number[-1] if number else None, parent=parent, line=line
        )

    def _tree(self, flat: Sequence[tuple[Section, int]], title: Heading | None) -> tuple[list[_Part], int]:
        roots: list[_Part] = []
        stack: list[_Part] = []
        title_line = 0
        above: Section | None = None
        for section, base in flat:
            heading = section.heading
            last = above.blocks[-1] if above and above.blocks else None
            waived = isinstance(last, Comment) and not _is_annotation(last) and waives_next(last.text)
            waived = waived and above is not None and (above.heading is None or _is_above_next(above))
            above = section
            if heading is None or heading.style == "malformed" or not shown_title(heading):
                continue
            if heading is title:
                title_line = heading.line + base
                roots, stack = [], []  # what stands above it heads the metadata
                continue
            part = _Part(heading, section, base, section.end_line + base, waived)
            while stack and stack[-1].heading.level >= heading.level:
                stack.pop()
            part.above = stack[-1] if stack else None
            (stack[-1].parts if stack else roots).append(part)
            stack.append(part)
        return roots, title_line

    def _sections(self, parts: Sequence[_Part], waived: bool = False) -> Iterator[SectionSlot]:
        """The slots of sections side by side; counted ones (`Story 1`, `Story 2`) share one."""
        repeated: dict[str, list[_Part]] = {}
        order: list[tuple[str, _Part]] = []
        for part in parts:
            found = _REPEAT.fullmatch(split_marks(split_number(shown_title(part.heading))[1])[0])
            stem = title_of(found[1]).key if found else ""
            order.append((stem, part))
            if stem:
                repeated.setdefault(stem, []).append(part)
        titles = {title_of(shown_title(part.heading)).key for part in parts}
        counted = {stem for stem, same in repeated.items() if len(same) > 1 or _is_first(shown_title(same[0].heading))}
        seen: set[str] = set()
        for stem, part in order:
            if stem not in counted:
                yield self._section(part, (), titles, waived)
            elif stem not in seen:
                seen.add(stem)
                yield self._section(part, repeated[stem], titles, waived)

    def _section(self, part: _Part, examples: Sequence[_Part], siblings: set[str], waived: bool) -> SectionSlot:
        index = self._count
        self._count += 1
        heading, line = part.heading, part.heading.line + part.base
        number, title = split_number(shown_title(heading))
        title, marked = split_marks(title)
        need: Need = "optional" if marked or waived else "required"
        raw = without_comments(heading.text.text)
        guidance = tuple(self._guidance(part.section, part.base))
        when = None
        prose = self._prose(part)
        opens = bool(prose) and not isinstance(part.section.blocks[0], List) and opens_optional(prose[0])
        if part.waived or opens or any(is_waived(text) for text in prose) or _says_optional(heading):
            need = "optional"
        elif need == "required":
            for note in guidance:
                demand = _DEMAND.search(note.text)
                if demand:
                    when = _condition(demand[1])
                    need = "conditional"
        aliases: list[str] = []
        head = _REMARKED.match(title)
        if head and title_of(head[1]).key not in siblings and not examples and not _is_example(title):
            aliases.append(head[1])  # `Summary (1-2 paragraphs)`
        instead = _INSTEAD.search(title)
        if instead:
            title = title[: instead.start()].strip()
            aliases += _OR.split(instead[1].lstrip())
        stem = form = ""
        found = _REPEAT.fullmatch(title) if examples else None
        if found:
            stem, form = found[1], found[3]
        elif _is_example(title):
            need = "example"
        keep, free_children = False, waived
        for word in self._notes.get(("heading", line), ()):
            values, wanted = listed(word.argument), condition_of(word.argument)
            match word.word:
                case "optional":
                    need, when = "optional", None
                case "example":
                    need, when, stem, examples = "example", None, "", ()
                case "required-when" if wanted:
                    need = "conditional"
                    when = Condition(key=field_key(wanted[0]), values=wanted[1], otherwise=False)
                case "repeat":
                    stem = stem or _COUNTER.sub("", title) or title
                    examples = examples or (part,)
                case "alias":
                    aliases += values
                case "keep":
                    keep = True
                case "optional-children":
                    free_children = True
        for example in examples or (part,):
            shown_need: Need = "example" if examples else need
            self._note_heading(example.heading, example.heading.line + example.base, shown_need, example.above)
        carries = part.section is self._carrier
        if carries:
            self._carried_in = index
        items, blocks = self._content(part, keep) if not carries else ((), ())
        key = title_of(title).key
        if self._stated is None and not stem and is_status(field_key(title)):
            self._stated = self._status_of(part, title, need, index)
            if self._stated is not None and self._stated[1] == index:
                items = tuple(item for item in items if item.kind != "check")  # one of the boxes is ticked, no more
        negated = key.startswith("non ") and key[4:] in siblings
        children = [child for one in examples[1:] for child in one.parts]
        slot = SectionSlot(
            index=index,
            title=title,
            key=key,
            aliases=tuple(alias for name in aliases if (alias := title_of(plain(name)).key)),
            level=heading.level,
            number=number[-1] if number else None,
            need=need,
            when=when,
            heading=raw.strip(),
            guidance=() if keep else guidance,
            items=items,
            blocks=blocks,
            sections=tuple(self._sections(part.parts, free_children)),
            stem=stem,
            stem_key=title_of(stem).key,
            form=_form(form),
            samples=tuple(found_sample[0] for found_sample in BRACKET.finditer(plain(form))) if form else (),
            examples=tuple(skeleton(one.heading.text.text) for one in examples if not _is_named(one.heading)),
            sign_off=_clock(title, guidance, items) is not None
            or (any(item.kind == "check" for item in items) and bool(_APPROVAL.search(title))),
            work=not negated and any(item.kind == "sample" and item.box for item in items),
            asks="" if keep or carries else self._asks(part),
            own=self._own(part),
            origin=Origin(line=line, end_line=part.end_line),
        )
        for child in children:
            self._note_example(child)
        return slot

    def _note_example(self, part: _Part) -> None:
        """Notes a heading below one more example of a counted section; there is no slot for it."""
        self._note_heading(
            part.heading,
            part.heading.line + part.base,
            "optional" if split_marks(shown_title(part.heading))[1] else "required",
            part.above,
        )
        for child in part.parts:
            self._note_example(child)

    def _status_of(self, part: _Part, title: str, need: Need, index: int) -> tuple[FieldSlot, int] | None:
        """The status that a section of this title asks for, with the section's index; None where it names none."""
        listed = [plain(joined(item.lines)) for item in items_of(part.section.blocks) if item.lines]
        for said in (" | ".join(listed), *self._prose(part)):
            values, is_open = status_choices(said)
            if values:
                origin = Origin(line=part.heading.line + part.base, end_line=part.end_line)
                slot = FieldSlot(
                    name=title,
                    key=field_key(title),
                    kind="choice",
                    need=need,
                    values=values,
                    open=is_open,
                    sample=said,
                    source=values[0],
                    origin=origin,
                )
                return slot, index
        return None

    def _prose(self, part: _Part) -> list[str]:
        """What the template says below a heading, block by block, as a reader sees it; a comment right above the next
        heading belongs to that."""
        blocks = part.section.blocks
        last = blocks[-1] if blocks else None
        if isinstance(last, Comment) and waives_next(last.text) and _is_above_next(part.section):
            blocks = blocks[:-1]
        told = []
        for block in blocks:
            if isinstance(block, Paragraph):
                told.append(plain(joined(block.lines)))
            elif isinstance(block, Comment) and not _is_annotation(block):
                told.append(plain(" ".join(block.text.split())))
            elif isinstance(block, List):
                told += [plain(joined(item.lines)) for item in items_of([block]) if item.lines and item.box is None]
            elif isinstance(block, Quote | Plain):
                told.append(plain(self._unquoted(block, part.base)))
        return told

    def _unquoted(self, block: Quote | Plain, base: int) -> str:
        return " ".join(row.strip("> \t") for row in self._lines[block.line + base : block.end_line + base])

    def _asks(self, part: _Part) -> str:
        """The skeleton of a section's own prose where that puts a question to the author and nothing is ticked; else
        empty."""
        blocks = part.section.blocks
        paragraphs = [joined(block.lines) for block in blocks if isinstance(block, Paragraph)]
        items = list(items_of(blocks))
        texts = [
            *paragraphs,
            *(joined(item.lines) for item in items),
            *(self._unquoted(block, part.base) for block in blocks if isinstance(block, Quote)),
        ]
        asked = any(text.rstrip("*_) ").endswith("?") for text in texts)
        if not asked or any(item.box for item in items) or any(map(is_italic, paragraphs)):
            return ""
        if any(map(self._has_part, paragraphs)):
            return ""
        rows = self._lines[part.heading.end_line + part.base : part.end_line]
        body = skeleton("".join(rows))
        return body if len(body) <= _LONGEST_ASKED else ""

    def _own(self, part: _Part) -> tuple[str, ...]:
        lines = self._lines[part.heading.line + part.base : part.end_line]
        text = without_annotations("\n".join(lines))
        own = [line.rstrip() for line in text.split("\n")]
        while own and not own[-1]:
            own.pop()
        return tuple(own)

    def _opening(self, flat: Sequence[tuple[Section, int]], title: Heading | None) -> Iterator[Guidance]:
        """The comments and notes in front of the first section."""
        for section, base in flat:
            if section.heading is not None and section.heading is not title:
                return
            told = tuple(block for block in section.blocks if self._is_aside(block, base))
            yield from (note for note in self._guidance(Section(None, 0, 0, told), base) if note.key)

    def _is_aside(self, block: Block, base: int) -> bool:
        if isinstance(block, Paragraph):
            return bool(_ADMONITION.match(block.lines[0].text))
        return isinstance(block, Comment) or (
            isinstance(block, Quote) and bool(_NOTE.match(self._unquoted(block, base)))
        )

    def _phrases(self, flat: Sequence[tuple[Section, int]], fields: set[int]) -> Iterator[str]:
        """The paragraphs and table rows with a part to replace, those that are guidance, metadata or kept left out."""
        for section, base in flat:
            heading = section.heading
            line = heading.line + base if heading else -1
            if section is self._carrier or any(word.word == "keep" for word in self._notes.get(("heading", line), ())):
                continue
            for block in section.blocks:
                if not fields.isdisjoint(range(block.line + base, block.end_line + base)):
                    continue
                if isinstance(block, Paragraph):
                    source = without_comments(joined(block.lines))
                    guides = heading is not None and self._instructs(source)
                    if not guides and (self._has_part(source) or _stands_in(source)):
                        yield phrase_key(source)
                elif isinstance(block, Table):
                    for row in block.rows:
                        cells = [without_comments(cell.text) for cell in row.cells]
                        if any(is_italic(cell) or _FIRM_PART.search(cell) or self._has_part(cell) for cell in cells):
                            yield skeleton(" ".join(cells))

    def _has_part(self, source: str) -> bool:
        """Whether some words stand in brackets to be replaced; those of links, in code and in formulas do not."""
        found = _PART.finditer(_CODE.sub("", source))
        return any(normal_label(part[0].strip("[]")) not in self._definitions for part in found)

    def _guidance(self, section: Section, base: int) -> Iterator[Guidance]:
        said = [block for block in section.blocks if says_something(block) and not isinstance(block, Comment)]
        only_quotes = all(isinstance(block, Quote) for block in said)
        closer = ""
        for block in section.blocks:
            text = ""
            form: Literal["", "note", "quote"] = ""
            if closer or self._opens_note(block, base):
                form = "note"
                rows = self._lines[block.line + base : block.end_line + base]
                text = " ".join(" ".join(rows).split())
                closer = closer or next((end for head, end in _CLOSERS.items() if text.startswith(head)), "")
                closer = "" if text.endswith(closer) else closer
            elif isinstance(block, Quote):
                note = _NOTE.match(self._unquoted(block, base))
                form = "note" if note else "quote"
                text = plain(self._unquoted(block, base)) if note or only_quotes else ""
            elif isinstance(block, Paragraph) and self._instructs(joined(block.lines)):
                text = plain(joined(block.lines))
            elif isinstance(block, Plain) and block.end_line - block.line < 20:
                rows = self._lines[block.line + base : block.end_line + base]
                source = " ".join(" ".join(rows).split())
                text = source if PLACEHOLDER.fullmatch(source) else ""
            elif isinstance(block, Comment) and not _is_annotation(block):
                text = " ".join(block.text.split()) if _speaks(block.text) else ""
            if skeleton(text) and not _HTML_END.fullmatch(text):
                origin = Origin(line=block.line + base, end_line=block.end_line + base)
                hidden = isinstance(block, Comment)
                yield Guidance(text=text, key=skeleton(text), hidden=hidden, form=form, origin=origin)

    def _opens_note(self, block: Block, base: int) -> bool:
        """Whether a block begins a note to the author: `:::note`, `!!! note`, `<div class="help">`."""
        if isinstance(block, Paragraph):
            return bool(_ADMONITION.match(block.lines[0].text))
        rows = self._lines[block.line + base : block.end_line + base][:3]
        return isinstance(block, Plain) and bool(_HTML_NOTE.match(" ".join(rows).strip()))

    def _instructs(self, source: str) -> bool:
        """Whether a paragraph is an instruction by its form: wholly in italics or in brackets that are no link's."""
        if is_italic(source):
            return True
        if _CONTENTS.fullmatch(source.strip()):
            return False
        wrapped = _WRAPPED.fullmatch(source.strip())
        return bool(wrapped) and normal_label(source.strip()[1:-1]) not in self._definitions and len(source) > 4

    def _content(self, part: _Part, keep: bool) -> tuple[tuple[ItemSlot, ...], tuple[BlockSlot, ...]]:
        items: list[ItemSlot] = []
        blocks: list[BlockSlot] = []
        label: Paragraph | None = None
        prose = self._prose(part)
        chosen = any(map(_CHOOSE.search, prose))
        marked = next(filter(None, map(_MARKED.search, prose)), None)
        for block in part.section.blocks:
            if isinstance(block, List):
                read = list(self._items(block, part.base, chosen, keep))
                if marked is not None:
                    wanted = marked[2].lower() != "optional"
                    read = [
                        item if (marked[1] in item.text) == wanted else replace(item, need="optional") for item in read
                    ]
                if label is not None:
                    blocks.append(self._labelled(label, read, part.base))
                else:
                    items += read
            label = block if isinstance(block, Paragraph) and strong_line(block) else None
        return tuple(items), tuple(blocks)

    def _labelled(self, label: Paragraph, items: Sequence[ItemSlot], base: int) -> BlockSlot:
        name = strong_line(label) or ""
        origin = Origin(line=label.line + base, end_line=label.end_line + base)
        return BlockSlot(name=name, key=skeleton(name), items=tuple(items), origin=origin)

    def _items(self, block: List, base: int, chosen: bool, keep: bool) -> Iterator[ItemSlot]:
        """The items of a list. Among fixed checks an `e.g.` or a bracket makes no sample; where the author is to choose
        among them, or to fill in lines below them, none is asked for by name."""
        items = list(items_of([block]))
        boxed = [plain(without_comments(joined(item.lines))) for item in items if item.box and item.lines]
        fixed = sum(not is_sample(text) for text in boxed) * 2 > len(boxed) and len(boxed) > 2
        for item in items:
            slot = self._item(item, base, fixed)
            if slot is None:
                continue
            forms = [one for inner in item.blocks if isinstance(inner, List) for one in inner.items if one.box is None]
            if slot.kind == "check" and (chosen or forms):
                slot = replace(slot, need="optional")
            yield replace(slot, keep=True) if keep else slot

    def _item(self, item: Item, base: int, fixed: bool) -> ItemSlot | None:
        source = joined(item.lines)
        words = {word.word for word in self._notes.get(("item", item.line + base), ())}
        keep = "keep" in words
        text = " ".join(without_comments(source).split())
        shown = plain(text)
        origin = Origin(line=item.line + base, end_line=item.end_line + base)
        name, optional = split_marks(shown)
        need: Need = "optional" if optional or "optional" in words else "required"
        marked = without_mark(text)
        label = label_of(marked)
        if label and label.strong:
            value = marked[label.value :]
            return ItemSlot(
                kind="label",
                name=label.name,
                text=value,
                key=skeleton(value),
                box=item.box is not None,
                need=need,
                keep=keep,
                origin=origin,
            )
        sampled = self._is_sample(name, text, fixed and item.box is not None)
        if item.box is None and not sampled:
            return None
        if sampled:
            stem = _stem(name)
            demanded = bool(label and _ELLIPSIS.fullmatch(plain(marked[label.value :])))
            return ItemSlot(
                kind="sample",
                name=stem,
                text=text,
                key=skeleton(text),
                box=item.box is not None,
                demanded=demanded,
                keep=keep,
                origin=origin,
            )
        return ItemSlot(kind="check", name=name, text=text, key=skeleton(name), box=True, need=need, origin=origin)

    def _is_sample(self, shown: str, source: str, fixed: bool) -> bool:
        """Whether an item is a sample; brackets that are a link by reference make none."""
        if fixed:
            return bool(_FIRM_SAMPLE.search(shown))
        if "[" in shown:
            for found in re.finditer(r"\[([^\[\]]+)\]", shown):
                if normal_label(found[1]) in self._definitions:
                    shown = shown.replace(found[0], found[1])
        return is_sample(shown) or bool(PLACEHOLDER.fullmatch(source)) or is_italic(source)


def title_heading(flat: Sequence[tuple[Section, int]]) -> Heading | None:
    """The heading that is the document's title: a lone one of the highest level with which the headings begin, or the
    second of two, where all others stand below that and the first has text such as the metadata; among several of one
    level the first, where it says so (`Title`, `Feature name`, `[…]`)."""
    headed = _headed(flat)
    headings = [section.heading for section in headed if section.heading]
    if not headings or headings[0].level > min(heading.level for heading in headings):
        return None
    count = sum(heading.level == headings[0].level for heading in headings)
    if count == 1 and headings[0].level == 1:
        return headings[0]
    if count == 2 and headings[1].level == 1 and len(headings) > 3 and any(map(says_something, headed[0].blocks)):
        return headings[1]
    first = next((block for block in headed[0].blocks if not isinstance(block, Comment)), None)
    if count > 1 and isinstance(first, Paragraph) and label_of(first.lines[0].text) is None:
        return None  # a section of its own: what it asks for stands below
    title = shown_title(headings[0])
    says_so = _NAMES_TITLE.search(title) or (BRACKET.search(title) if count == 1 else BRACKET.fullmatch(title))
    return headings[0] if says_so and len(headings) > 2 and count != 2 else None


def _headed(flat: Sequence[tuple[Section, int]]) -> list[Section]:
    return [section for section, _ in flat if section.heading and section.heading.style != "malformed"]


def attached_annotations(
    flat: Sequence[tuple[Section, int]], lines: Sequence[str], fields: Sequence[int]
) -> list[Attached]:
    """The annotations of a template, each with what it speaks of."""
    opening = [block for section, _ in flat[:1] for block in section.blocks if isinstance(block, FrontMatter)]
    front = opening[0].end_line if opening else 0
    return attached(annotations_in(list(lines), front), flat, lines, fields)


def _speaks(comment: str) -> bool:
    """Whether a comment says something to the author: marks for tools, such as `toc`, are a word or two, or have a
    tool's name in front; a licence stays."""
    if _KEPT_COMMENT.search(comment):
        return False
    return len(re.findall(r"\w+", comment)) > 2 or comment.rstrip().endswith((".", "?", "!", ":", "…"))


def _is_annotation(comment: Comment) -> bool:
    return comment.text.lstrip().startswith("spec-ls:")


def _severities(words: Sequence[Annotation]) -> Iterator[tuple[str, str]]:
    for word in words:
        pair = severity_of(word.argument) if word.word == "severity" else None
        if pair:
            yield pair


def _is_first(title: str) -> bool:
    """Whether the title of a lone counted section says that it is one of several: `Story 1`, `Story N`, `Step 2: …`."""
    found = _REPEAT.fullmatch(split_marks(split_number(title)[1])[0])
    if not found:
        return False
    return found[2] in ("1", "N", "X") or bool(re.search(r"\.{3}|…|\[[^\[\]]+\]|\{[^{}]+\}|<[^<>]+>", found[3]))


def _stands_in(source: str) -> bool:
    """Whether a paragraph only keeps a place: `TBD`, `...`, `YYYY-MM-DD`, `@owner`, `High / Low`."""
    if _CONTENTS.fullmatch(source):
        return False
    return bool(_STAND_IN.fullmatch(source)) or (len(source) < 80 and kind_of(source).kind not in ("text", "link"))


def _is_named(heading: Heading) -> bool:
    """Whether a counted heading has words of its own that may stay: `Phase 1 – Alpha`."""
    found = _REPEAT.fullmatch(split_marks(split_number(shown_title(heading))[1])[0])
    return bool(found and found[3]) and not is_sample(found[3] if found else "")


def _is_example(title: str) -> bool:
    """Whether a title is to be replaced, wholly or in its last words (`Option: {title}`), or is a number (`FR1`)."""
    if title in ("...", "…") or not title_of(BRACKET.sub("", title)).key:
        return True
    return bool(re.search(r"(?:\[[^\[\]]+\]|\{[^{}]+\}|<[^<>]+>)$|^[A-Z]{1,5}-?[0-9]{1,2}$", title))


def _says_optional(heading: Heading) -> bool:
    """Whether a comment in the heading's own line calls it optional."""
    title = heading.text.text
    comments = [title[start + 4 : end - 3] for start, end in comments_in(title)]
    return any(waives_next(text) for text in comments if not text.lstrip().startswith("spec-ls:"))


def _is_above_next(section: Section) -> bool:
    """Whether the comment that ends a section speaks of the next heading: it touches that, or follows other text."""
    last = section.blocks[-1]
    return last.end_line == section.end_line or len(section.blocks) > 1


def _status(fields: Sequence[FieldSlot]) -> FieldSlot | None:
    enums = [slot for slot in fields if slot.kind == "choice"]
    named = [slot for slot in enums if is_status(slot.key)]
    named += [slot for slot in enums if is_status(slot.key.rpartition(" ")[2])]  # `Document status`
    return named[0] if named else None


def _states(status: FieldSlot | None, words: Sequence[Annotation]) -> tuple[State, ...]:
    if status is None:
        return ()
    states = {name.casefold(): State(name=name, stage=_stage(name, at)) for at, name in enumerate(status.values)}
    for word in words:
        found = state_of(word.argument) if word.word == "state" else None
        if found and found[0].casefold() in states:
            old = states[found[0].casefold()]
            states[found[0].casefold()] = replace(old, stage=found[1], meaning=found[2])
    moves: dict[str, list[str]] = {key: [] for key in states}

    def move(source: str, target: str) -> None:
        goal = states.get(target.casefold())
        for key in moves if source == "any" else (source.casefold(),):
            if goal and key in moves and key != goal.name.casefold() and goal.name not in moves[key]:
                moves[key].append(goal.name)

    said = [word for word in words if word.word == "move"]
    for word in said:
        for sources, targets in itertools.pairwise(moves_of(word.argument)):
            for source in sources:
                for target in targets:
                    move(source, target)
    if not said:
        ahead = [state for state in states.values() if state.stage != "parked"]
        for state, following in itertools.pairwise(ahead):
            move(state.name, following.name)
        for state in states.values():
            if state.stage == "parked":
                move("any", state.name)
    return tuple(replace(state, moves=tuple(moves[key])) for key, state in states.items())


def _stage(name: str, at: int) -> Stage:
    known = [_STAGES[word] for word in re.findall(r"\w+", name.casefold()) if word in _STAGES]
    if len(known) > 1 and known[-1] == "review" and at:
        return "review"  # `Active review`
    return known[0] if known and at else "draft" if not at else "review"


def _review_hours(slots: Sequence[SectionSlot]) -> int | None:
    return next((hours for slot in slots if (hours := _clock(slot.title, slot.guidance, slot.items)) is not None), None)


def _clock(title: str, guidance: Sequence[Guidance], items: Sequence[ItemSlot]) -> int | None:
    """Within how many hours a section wants those to decide who review; None where it says nothing of that.

    It is about a review by its title; by its guidance where it has boxes to be ticked.
    """
    has_boxes = any(item.kind == "check" for item in items)
    for note in guidance:
        clock = _CLOCK.search(note.text)
        if clock and (_REVIEW.search(title) or (has_boxes and _REVIEW.search(note.text))):
            return int(clock[1]) * {"h": 1, "d": 24, "w": 168}[clock[2][0].lower()]
    return None


def _condition(text: str) -> Condition | None:
    tiered = _TIERED.search(text)
    if not tiered:
        return None
    return Condition(key=field_key(tiered[1]), values=tuple(re.findall(r"[0-9]+", tiered[2])))


def _form(title: str) -> tuple[str, ...]:
    """The words between the brackets of a story title, small words left out: ("as", "i want", "so that")."""
    if not BRACKET.search(title):
        return ()
    parts = []
    for part in BRACKET.split(plain(title)):
        words = [word for word in re.findall(r"\w+", part.casefold()) if word not in _SMALL_WORDS]
        if words:
            parts.append(" ".join(words))
    return tuple(parts)


def _stem(text: str) -> str:
    """What stands before the part to replace: `Verify that` of `Verify that ...`, `Goal` of `Goal 1`."""
    found = _SAMPLE.search(text)
    if not found:
        return text
    return re.sub(r"(?<!\s)\s+[0-9]+$", "", text) if found.start() == 0 else text[: found.start()].strip(" :")
