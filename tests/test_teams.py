"""Every team's valid document with one thing broken: one finding, there, and its fixes mend it and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from annotated.casefile import Case, decode, read_cases
from annotated.run import faults_of_fix

from spec_ls.bind import Fill
from spec_ls.features.format import format_edits
from spec_ls.rules import fixes
from spec_ls.spec import Field, Spec
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.text import apply_edits
from spec_ls.workspace import Document

TEAMS = Path(__file__).parent / "cases" / "teams"


class Team(NamedTuple):
    """A template and a document of it without a finding."""

    name: str
    template: Template
    source: str

    @property
    def document(self) -> Document:
        return Document(self.source, self.template)


class Broken(NamedTuple):
    """A document with one fault, the rules that may tell it, and the lines at which one of them must."""

    what: str
    source: str
    rules: tuple[str, ...]
    lines: frozenset[int]


def teams() -> list[Team]:
    found = []
    for path in sorted(TEAMS.glob("*.md")):
        for case in read_cases(path):
            blocks = {block.kind: block for block in reversed(case.blocks) if block.kind != "spec"}
            template = read_template(text(blocks["template"].lines), path.stem)
            found.append(Team(name_of(path, case), template, text(clean(case))))
    return found


def name_of(path: Path, case: Case) -> str:
    return f"{path.stem}: {case.name}"


def clean(case: Case) -> list[str]:
    return next(block.lines for block in case.blocks if block.kind == "spec" and "clean" in block.options)


def text(lines: list[str]) -> str:
    return "\n".join(map(decode, lines)) + "\n"


ALL = teams()


def broken(team: Team) -> Iterator[Broken]:
    spec = team.document.spec
    lines = spec.text.source.split("\n")

    def without(first: int, end: int) -> str:
        return "\n".join([*lines[:first], *lines[end:]])

    def end_of(fill: Fill) -> int:
        return max(
            spec.end_line(piece) for piece in [fill.piece, *fill.pieces, *(child.piece for child in below(fill))]
        )

    def heading(fill: Fill) -> int:
        found = spec.pieces[fill.piece].section.heading
        assert found is not None
        return found.line + spec.base(fill.piece)

    for fill in spec.fills:
        needed = spec.needs(fill.slot) and not fill.slot.repeats and not any(s.slot.repeats for s in parents(fill))
        line = heading(fill)
        if needed:
            elder = [heading(other) for other in siblings(spec.fills, fill) if heading(other) < line]
            above = max(elder) if elder else heading(fill.parent) if fill.parent else None
            at = {above} if above is not None else set(range(line + 1))
            yield Broken(f"without {fill.slot.title}", without(line, end_of(fill)), ("missing-section",), frozenset(at))
        template = team.template
        carries = fill.slot.index in (template.carried_in, template.stated_in)
        if needed and not fill.children and not fill.slot.items and not fill.slot.blocks and not carries:
            end = end_of(fill)
            emptied = "\n".join([*lines[: line + setext(lines, line)], "", *lines[end:]])
            yield Broken(f"nothing in {fill.slot.title}", emptied, ("empty-section",), frozenset([line]))
            again = "\n".join([*lines[:end], *([""] if lines[end - 1].strip() else []), *lines[line:end], *lines[end:]])
            yield Broken(f"{fill.slot.title} twice", again, ("duplicate-section",), frozenset([line, end, end + 1]))
        if needed and len(fill.slot.key) > 6 and lines[line].isascii():
            word = max(fill.slot.key.split(), key=len)
            start = lines[line].casefold().find(word)
            if start > 0 and len(word) > 4:
                typo = lines[line][: start + 2] + lines[line][start + 3 :]
                source = "\n".join([*lines[:line], typo, *lines[line + 1 :]])
                yield Broken(f"a slip in {fill.slot.title}", source, ("misnamed-section",), frozenset([line]))
    for slot in team.template.fields:
        field = spec.field(slot)
        if field is None or slot.need != "required" or field.entry.carrier in ("columns", "html"):
            continue
        first, last = span(field, spec)
        while field.entry.carrier == "yaml" and lines[last + 1].startswith("  "):
            last += 1
        firsts = [span(other, spec)[0] for other in spec.carrier]
        heads = field.entry.carrier == "table" and field.entry.line == field.entry.group
        if firsts.count(first) == 1 and not heads and sum(other.slot is not None for other in spec.carrier) > 2:
            near = {line - (line > last) * (last + 1 - first) for line in firsts if line != first}
            yield Broken(f"no {slot.name}", without(first, last + 1), ("missing-field",), frozenset(near))
        value = field.entry.value_span.shifted(spec.base(field.piece))
        whole = field.entry.whole.shifted(spec.base(field.piece))
        left_open = not slot.sample or (slot.keep and not slot.default) or field.entry.listed
        if whole.start_line == whole.end_line == last and not left_open:
            row = lines[whole.start_line]
            row = row[: whole.start] + row[whole.end :]
            rule = "missing-approver" if slot is team.template.approvers else "empty-field"
            rule = "malformed-metadata" if field.entry.carrier == "toml" else rule
            source = "\n".join([*lines[: whole.start_line], row, *lines[whole.start_line + 1 :]])
            yield Broken(f"an empty {slot.name}", source, (rule,), frozenset([whole.start_line]))
        if firsts.count(first) == 1 and not heads and field.entry.carrier not in ("terms", "toml"):
            source = "\n".join([*lines[: last + 1], *lines[first : last + 1], *lines[last + 1 :]])
            again = frozenset(range(last + 1, 2 * last + 2 - first))
            yield Broken(f"{slot.name} twice", source, ("duplicate-field",), again)
        wrong = {
            "choice": "Qwzx",
            "date": "5-3-2024",
            "handle": "Mira Kern",
            "handles": "Mira Kern",
            "id": "none-of-it",
        }
        if slot.kind in wrong and value.start_line == value.end_line:
            row = lines[value.start_line]
            row = row[: value.start] + wrong[slot.kind] + row[value.end :]
            rule = {"choice": "invalid-choice", "date": "invalid-date", "id": "invalid-id"}.get(
                slot.kind, "invalid-handle"
            )
            source = "\n".join([*lines[: value.start_line], row, *lines[value.start_line + 1 :]])
            yield Broken(f"a wrong {slot.name}", source, (rule,), frozenset([value.start_line]))


def setext(lines: list[str], line: int) -> int:
    """How many lines a heading takes."""
    return 1 if lines[line].startswith("#") else 2


def span(field: Field, spec: Spec) -> tuple[int, int]:
    """The first line of a field and the last of its value."""
    entry, base = field.entry, spec.base(field.piece)
    return entry.line + base, max(entry.line, entry.whole.end_line) + base


def below(fill: Fill) -> Iterator[Fill]:
    for child in fill.children:
        yield child
        yield from below(child)


def parents(fill: Fill) -> Iterator[Fill]:
    while fill.parent is not None:
        fill = fill.parent
        yield fill


def siblings(fills: list[Fill], fill: Fill) -> list[Fill]:
    return [other for other in fills if other.parent is fill.parent and other is not fill]


def front(source: str) -> int:
    """The length of the front matter."""
    found = re.match(r"(---|\+\+\+)\n.*?\n\1\n", source, re.S)
    return found.end() if found else 0


def each(pattern: str, by: str | Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    def rewrite(source: str) -> str:
        end = front(source)
        return source[:end] + re.sub(pattern, by, source[end:], flags=re.M)

    return rewrite


REWRITES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda source: source.replace("\n", "\r\n"),
    "a byte order mark": lambda source: "\ufeff" + source,
    "decomposed letters": lambda source: unicodedata.normalize("NFD", source),
    "no line end at the end": lambda source: source.rstrip("\n"),
    "a section of the team's own": lambda source: source + "\n## Zzz notes\n\nOurs.\n",
    "blanks at line ends": each(r"$", "  "),
    "stars for bullets": each(r"^(\s*)- ", r"\1* "),
    "wide bullets": each(r"^- ", "-   "),
    "closing marks": each(r"^(#+ .*)$", r"\1 ##"),
    "emoji in front of titles": each(r"^(#{1,6}) (?!#)", r"\1 🚀 "),
    "bold titles": each(r"^(#{2,6}) ([^\[\n]*)$", r"\1 **\2**"),
    "titles in capitals": each(r"^#{2,6} .*$", lambda found: found[0].upper()),
    "titles in small letters": each(r"^#{2,6} .*$", lambda found: found[0].lower()),
    "anchors": each(r"^(#{2,6} .*)$", r"\1 {#here}"),
    "colons behind titles": each(r"^(#{2,6} .*\w)$", r"\1:"),
    "tabs in titles": each(r"^(#+) ", "\\1\t"),
    "more blank lines": each(r"^(#+ .*)$", r"\n\1\n"),
    "comments": each(r"^(#{2,6} .*)$", r"\1\n\n<!-- ours -->"),
    "padded tables": each(r"^\| (.*) \|$", r"|   \1   |"),
    "all a level deeper": each(r"^(#{1,5}) ", r"#\1 "),
    "no numbers": each(r"^(#{2,6}) (?:[0-9]+(?:\.[0-9]+)*[.)]? )(?=\S)", r"\1 "),
    "underscores for bold": each(r"\*\*([^*\n]+)\*\*", r"__\1__"),
    "colons inside of bold": each(r"\*\*([^*\n:]+)\*\*:", r"**\1:**"),
    "plain labels": each(r"^([-*] )\*\*([^*\n:]+):?\*\*:?", r"\1\2:"),
    "bold labels": each(r"^([-*] )([^*\n:\[`]{2,30}): ", r"\1**\2**: "),
    "entities": each(r" & ", " &amp; "),
}

FAULTS = [(team, one) for team in ALL for one in broken(team)]


@pytest.mark.parametrize("team", ALL, ids=[team.name for team in ALL])
def test_its_document_is_without_fault(team: Team) -> None:
    assert [(one.rule, one.message) for one in team.document.problems("review")] == []


@pytest.mark.parametrize("team", ALL, ids=[team.name for team in ALL])
def test_formatting_changes_the_bars_of_its_table_and_nothing_else(team: Team) -> None:
    formatted = apply_edits(team.source, format_edits(team.document.spec))
    for before, after in zip(team.source.split("\n"), formatted.split("\n"), strict=True):
        assert before == after or before.replace(" ", "").replace("-", "") == after.replace(" ", "").replace("-", "")
    assert format_edits(Document(formatted, team.template).spec) == []
    assert Document(formatted, team.template).problems("review") == []


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
def test_other_spellings_of_it_are_without_fault(rewrite: Callable[[str], str]) -> None:
    for team in ALL:
        problems = Document(rewrite(team.source), team.template).problems("review")
        assert [(one.rule, one.message) for one in problems] == [], team.name


@pytest.mark.parametrize(("team", "one"), FAULTS, ids=[f"{team.name}: {one.what}" for team, one in FAULTS])
def test_one_fault_is_one_finding_there_and_its_fixes_mend_it(team: Team, one: Broken) -> None:
    document = Document(one.source, team.template)
    problems = document.problems("review")
    assert [problem.rule for problem in problems] == list(one.rules), [problem.message for problem in problems]
    assert problems[0].span.start_line in one.lines, one.source
    for fix in fixes(document.spec, problems[0].finding):
        assert list(faults_of_fix(document, problems[0], fix, team.template)) == [], fix
