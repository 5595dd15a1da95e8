"""What each block of a case demands, and what it would say if it were written today."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from annotated.casefile import Block, Case, CaseError, decode, encode
from annotated.marks import Mark, Met, by_line, compare, read_mark, write_mark
from annotated.patches import Patch, apply_patch, make_patch
from spec_ls.across import Around, Kin, Question, Roster, other_of
from spec_ls.catalogue import Card, CardMaker, Catalogue, card, named_at
from spec_ls.cli.template import as_lines
from spec_ls.features import Person, Surroundings
from spec_ls.history import Histories
from spec_ls.known import Known, Move, Sections
from spec_ls.moves import Moves, relinked
from spec_ls.others import Other
from spec_ls.past import sections
from spec_ls.resolver import Policy, default_policy
from spec_ls.rules import fixes
from spec_ls.rules.base import STAGES, Fix, Problem
from spec_ls.spec import Spec
from spec_ls.template.model import Stage, Template
from spec_ls.template.read import read_template
from spec_ls.text import Edit, Point, Span, apply_edits, split_lines, strip_line_end
from spec_ls.values import same_handle
from spec_ls.workspace import MOST_BYTES, Document

BASES = Path(__file__).parent.parent / "cases" / "bases"
TODAY = date(2026, 3, 2)
AROUND = Surroundings(
    today=TODAY,
    people=(
        Person("@ines", "CODEOWNERS"),
        Person("@jonas", "CODEOWNERS"),
        Person("@org/platform", "CODEOWNERS"),
        Person("@mira", "git"),
    ),
    ids=frozenset({"SPEC-007", "SPEC-101", "SPEC-102"}),
)
"""What every feature is told of the world: one fixed day, four people, three specs."""

_EOLS = {"": "\n", "lf": "\n", "crlf": "\r\n", "cr": "\r"}
_CURSOR = "$0"
_MOST_FIXES = 12


@cache
def base_lines(name: str) -> tuple[str, ...]:
    """The lines of a document under `tests/cases/bases`. Raises CaseError."""
    path = BASES / f"{name}.md"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in BASES.glob("*.md")))
        raise CaseError(f"no base is called {name!r}; there are: {names}")
    return tuple(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"))


@dataclass(slots=True)
class Sheet:
    """A document as a case gives it: its lines, how they are put together, what is expected, and the cursors."""

    block: Block
    lines: list[str]
    marks: list[Mark]
    patch: Patch | None
    cursors: list[Point]
    template: Template | None
    policy: Policy | None = None
    line_end: str = "\n"
    final: bool = True
    bom: bool = False
    beside: tuple[Card, ...] = ()
    branched: tuple[Other, ...] = ()
    approved: Sections | None = None

    @property
    def source(self) -> str:
        text = self.line_end.join(self.lines) + (self.line_end if self.final else "")
        return "\ufeff" + text if self.bom else text

    @property
    def shown(self) -> list[str]:
        """The lines as the engine counts offsets in them: a byte order mark is a code point of the first."""
        return ["\ufeff" + self.lines[0], *self.lines[1:]] if self.bom else self.lines

    def around(self, spec: Spec) -> Surroundings:
        """What a feature is told of the world: the documents beside this one with it."""
        path = "/specs/this.md"
        return replace(AROUND, path=path, catalogue=Catalogue([*self.beside, card(spec, path)]))

    def written(self, marks: Sequence[Mark]) -> list[str]:
        """The lines of the block with these marks."""
        grouped = by_line(marks)
        if self.patch is not None:
            return self.patch.rendered(grouped)
        rows = []
        for number, line in enumerate(self.lines):
            rows.append(encode(line))
            rows += [write_mark(mark, self.shown) for mark in grouped.get(number, ())]
        return rows


@dataclass(slots=True)
class Outcome:
    """What a case came to: `wrong` in words, and for each block that would read otherwise today its new lines."""

    wrong: list[str] = field(default_factory=list)
    rewritten: list[tuple[Block, list[str]]] = field(default_factory=list)

    def check(self, block: Block, wanted: Sequence[str], found: Sequence[str]) -> None:
        if list(wanted) != list(found):
            rows = difflib.unified_diff(wanted, found, "the case says", "spec-ls says", lineterm="", n=2)
            self.wrong.append(f"{block.kind} at line {block.line}:\n" + "\n".join(rows))
            self.rewritten.append((block, list(found)))


def run_case(case: Case) -> Outcome:
    """Runs every block of a case. Raises CaseError where the case itself cannot be read."""
    outcome = Outcome()
    template: Template | None = None
    policy: Policy | None = None
    sheet: Sheet | None = None
    beside: list[Card] = []
    branched: list[Other] = []
    approved: Sections | None = None
    for block in case.blocks:
        if block.kind == "template":
            template = read_template("\n".join(map(decode, block.lines)) + "\n", block.options.get("name", "case"))
        elif block.kind == "meaning":
            assert template is not None, f"line {block.line}: no template"
            outcome.check(block, block.lines, list(map(encode, islice(as_lines(template), 1, None))))
        elif block.kind == "today":
            policy = _drifted(read_template("\n".join(map(decode, block.lines)) + "\n", "case"), template)
        elif block.kind == "beside":
            path = block.options.get("path", f"/specs/beside-{len(beside) + 1}.md")
            found = _document(_sheet(block, template)).card(CardMaker(path))
            assert found is not None, f"line {block.line}: no spec"
            if "branch" in block.options:
                branched.append(other_of(found, path.removeprefix("/specs/"), "", block.options["branch"]))
            else:
                beside.append(found)
        elif block.kind == "approved":
            approved = sections(_document(_sheet(block, template)).spec)
        elif block.kind == "spec":
            sheet = _sheet(block, None if policy else template)
            sheet.policy, sheet.beside, sheet.approved = policy, tuple(beside), approved
            sheet.branched = tuple(branched)
            _judge(sheet, outcome)
        elif sheet is None:
            raise CaseError(f"line {block.line}: a {block.kind} block needs a spec block before it")
        else:
            _AFTER_SPEC[block.kind](sheet, block, outcome)
    if sheet is None:
        raise CaseError(f"the case {case.name!r} has no spec block")
    return outcome


def _drifted(today: Template, before: Template | None) -> Policy:
    """What holds for a document of the template `before`, which is now `today`."""

    def past(template: Template, version: str) -> Template:
        return before if before is not None and version in ("", before.version) else template

    return Policy(bound=today, past=past)


def _sheet(block: Block, template: Template | None) -> Sheet:
    options = block.options
    patch: Patch | None = None
    raw = []
    if "base" in options:
        patch = apply_patch(base_lines(options["base"]), block.lines)
        lines = patch.result
    else:
        lines = []
        for row in block.lines:
            mark = read_mark(row) if lines else None
            if mark is None:
                lines.append(decode(row))
            else:
                raw.append((len(lines) - 1, mark))
    cursors = []
    for number in range(len(lines)):
        while _CURSOR in lines[number]:
            cursors.append(Point(number, lines[number].index(_CURSOR)))
            lines[number] = lines[number].replace(_CURSOR, "", 1)
    sheet = Sheet(block, lines, patch.marks if patch else [], patch, cursors, template)
    sheet.line_end = _EOLS[options.get("eol", "")]
    sheet.final = "no-final-eol" not in options
    sheet.bom = "bom" in options
    sheet.marks += [mark.at(line, sheet.shown) for line, mark in raw]
    return sheet


def _document(sheet: Sheet, source: str | None = None) -> Document:
    most = int(sheet.block.options.get("max-bytes", MOST_BYTES))
    text = sheet.source if source is None else source
    document = Document(text, sheet.template, policy=sheet.policy, max_bytes=most)
    document.know(replace(_known(sheet.block.options), approved=sheet.approved))
    if sheet.beside or sheet.branched or "team" in sheet.block.options:
        others = _Around(sheet).others("/specs/this.md", document.spec, document.policy)
        document.know(replace(document.spec.known, others=others))
    return document


class _Around(Around):
    """The specs beside the one of a case in the folder /specs; `team` are the people of its CODEOWNERS."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__("/specs", Catalogue(sheet.beside), lambda path: default_policy(), Histories())
        self._sheet = sheet

    def _looked_up(self, question: Question) -> Any:
        sheet = self._sheet
        match question.kind:
            case "specs":
                return tuple(one for one in sheet.branched if one.id.casefold() == question.name)
            case "twins":
                elsewhere = tuple(one for one in sheet.branched if one.id.casefold() == question.name)
                free = sheet.block.options.get("free", "")
                return Kin(question.beside, elsewhere, free.removesuffix("?"), not free.endswith("?"))
            case "roster":
                team = sheet.block.options.get("team", "").split()
                return Roster({same_handle(one): one for one in team}, bool(team))
            case _:
                return question.name in [card.path for card in sheet.beside]


def _known(options: dict[str, str]) -> Known:
    """What the world around the document says: `now`, and its `moves`, the first of them in front."""
    now = _time(options["now"]) if "now" in options else None
    moves: list[Move] = []
    before = None if "shallow" in options else ""
    for said in filter(None, options.get("moves", "").split("; ")):
        day, _, rest = said.partition(" ")
        status, _, who = rest.partition(" by ")
        handle = who if who.startswith("@") else ""
        status = status.strip("-")
        moves.insert(0, Move(status, before, _time(day), who.removeprefix("@"), handle))
        before = status
    return Known(now, tuple(moves))


def _time(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


# --- findings -------------------------------------------------------------------------------


def _judge(sheet: Sheet, outcome: Outcome) -> None:
    block, options = sheet.block, sheet.block.options
    document = _document(sheet)
    if "no-spec" in options:
        if document.decision.is_spec:
            outcome.wrong.append(f"taken for a spec: {document.decision.why}")
        sheet.marks = []
    elif sheet.cursors or "unjudged" in options:
        return
    elif not document.decision.is_spec:
        outcome.wrong.append(f"not taken for a spec: {document.decision.why}")
    at = cast("Stage | None", options.get("at"))
    problems = document.problems(at)
    met = [
        Met(problem.span, problem.severity, problem.rule, problem.message, _fixable(document, problem))
        for problem in problems
    ]
    outcome.check(block, sheet.written(sheet.marks), sheet.written(compare(sheet.marks, met)))
    if document.judge.crashed:
        outcome.wrong.append(f"rules that crashed: {', '.join(sorted(document.judge.crashed))}")
    if "clean" in options:
        for stage in options["clean"].split(",") if options["clean"] else STAGES:
            _expect_silence(document, cast(Stage, stage), outcome)
    _check_every_fix(sheet, document, problems, outcome)


def _expect_silence(document: Document, stage: Stage, outcome: Outcome) -> None:
    for problem in document.problems(stage):
        line = document.text.content(problem.span.start_line)
        outcome.wrong.append(f"at stage {stage}: {problem.rule}: {problem.message}\n    {line}")


def _fixable(document: Document, problem: Problem) -> Callable[[], bool]:
    return lambda: any(fix.certain for fix in fixes(document.spec, problem.finding))


# --- fixes ----------------------------------------------------------------------------------


def _check_every_fix(sheet: Sheet, document: Document, problems: Sequence[Problem], outcome: Outcome) -> None:
    """Every fix offered mends its finding and breaks nothing, whether a case spells it out or not."""
    offered = ((problem, fix) for problem in problems for fix in fixes(document.spec, problem.finding))
    seen = set()
    for problem, fix in islice(offered, _MOST_FIXES):
        for fault in faults_of_fix(document, problem, fix, sheet.template):
            words = f"the fix {fix.title!r} of {problem.rule}: {fault}"
            if words not in seen:
                seen.add(words)
                outcome.wrong.append(words)


def faults_of_fix(document: Document, problem: Problem, fix: Fix, template: Template | None = None) -> Iterator[str]:
    """What applying a fix does that it must not; nothing for a good one.

    The finding is gone; there is no new one but in the text that the fix put in; line ends stay. Weights are
    taken at the stage before the fix, so that a mended status does not count as the cause of what it demands.
    """
    source = document.text.source
    stage = document.spec.stage
    if not fix.edits:
        yield "it has no edits"
        return
    for edit in fix.edits:
        span = edit.span
        if not (Point(0, 0) <= span.first <= span.last <= document.text.end):
            yield f"an edit lies outside the document: {span}"
            return
        for point in (span.first, span.last):
            if point.offset > len(document.text.content(point.line)):
                yield f"an edit starts or ends inside a line end: {span}"
    try:
        result = apply_edits(source, fix.edits)
    except ValueError as error:
        yield str(error)
        return
    if result == source:
        yield "it changes nothing"
        return
    ends = {_line_end(line) for line in split_lines(source)} - {""}
    for end in {_line_end(line) for line in split_lines(result)} - {""} - (ends or {"\n"}):
        yield f"it brings in the line end {end!r}"
    after = Document(result, template, policy=document.policy)
    after.know(document.spec.known)
    before_findings, after_findings = document.problems(stage), after.problems(stage)

    def count(problems: Sequence[Problem]) -> int:
        return sum((one.rule, one.message) == (problem.rule, problem.message) for one in problems)

    if count(after_findings) >= count(before_findings):
        yield "its finding is still there"
    moved, inserted = _line_map(document, fix.edits)
    known = {(one.rule, moved[one.span.start_line]) for one in before_findings}
    for one in after_findings:
        line = one.span.start_line
        if (one.rule, line) not in known and line not in inserted:
            yield f"a new finding, {one.rule}: {one.message!r} at {after.text.content(line)!r}"


def _line_end(line: str) -> str:
    return line[len(strip_line_end(line)) :]


def _line_map(document: Document, edits: Sequence[Edit]) -> tuple[dict[int, int], set[int]]:
    """For each old line its number after the edits, and the new numbers of all lines that the edits touched."""
    moved: dict[int, int] = {}
    inserted: set[int] = set()
    shift = 0
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span.first):
        first, last = edit.span.start_line, edit.span.end_line
        grown = len(split_lines(edit.new_text)) - 1
        while at <= first:
            moved[at] = at + shift
            at += 1
        inserted.update(range(first + shift, first + shift + grown + 1))
        while at <= last:
            moved[at] = first + shift + grown
            at += 1
        if edit.span.start_line == edit.span.end_line and edit.span.start == 0 and edit.new_text.endswith(("\n", "\r")):
            moved[first] = first + shift + grown  # whole lines went in above this one
        shift += grown - (last - first)
    for line in range(at, len(document.text.lines)):
        moved[line] = line + shift
    return moved, inserted


def _fix(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    options = block.options
    document = _document(sheet)
    problems = document.problems(cast("Stage | None", sheet.block.options.get("at")))
    if "rule" in options:
        chosen = [problem for problem in problems if problem.rule == options["rule"]]
    else:
        wanted = [mark for mark in sheet.marks if mark.fix == "+fix"] or sheet.marks
        chosen = [problem for problem in problems if any(mark.key == _key(problem) for mark in wanted[:1])] or problems
    chosen = chosen[int(options.get("n", "1")) - 1 :]
    if not chosen:
        outcome.wrong.append(f"fix at line {block.line}: no such finding")
        return
    offered = fixes(document.spec, chosen[0].finding)
    if "choice" not in options and "title" not in options:
        offered = [fix for fix in offered if fix.certain]
    if "title" in options:
        offered = [fix for fix in offered if fix.title == options["title"]]
    offered = offered[int(options.get("choice", "1")) - 1 :]
    if not offered:
        outcome.wrong.append(f"fix at line {block.line}: {chosen[0].rule} offers none such")
        return
    faults = faults_of_fix(document, chosen[0], offered[0], sheet.template)
    outcome.wrong += [f"fix at line {block.line}: {fault}" for fault in faults]
    _check_result(sheet, block, apply_edits(sheet.source, offered[0].edits), outcome)


def _key(problem: Problem) -> tuple[Span, str, str]:
    return problem.span, problem.severity, problem.rule


def _check_result(sheet: Sheet, block: Block, result: str, outcome: Outcome) -> None:
    """Compares the document after a fix or an accepted item with a block: all of it, or a patch of the spec's lines."""
    lines = [strip_line_end(line) for line in split_lines(result)]
    if lines[-1] == "" and sheet.final:
        lines.pop()
    if sheet.bom:
        lines[0] = lines[0].removeprefix("\ufeff")
    if block.language != "diff":
        outcome.check(block, block.lines, list(map(encode, lines)))
        return
    try:
        wanted = apply_patch(sheet.lines, block.lines).result
    except CaseError as error:
        outcome.wrong.append(f"{block.kind} at line {block.line}: {error}")
        wanted = []
    if wanted != lines:
        outcome.check(block, block.lines, make_patch(sheet.lines, lines))


# --- features -------------------------------------------------------------------------------


def _feature(name: str) -> Any:
    return importlib.import_module(f"spec_ls.features.{name}")


def _cursor(sheet: Sheet, block: Block) -> Point:
    if not sheet.cursors:
        raise CaseError(f"line {block.line}: a {block.kind} block needs a {_CURSOR} in its spec")
    return sheet.cursors[0]


def _completions(sheet: Sheet, block: Block) -> list[Any]:
    spec = _document(sheet).spec
    snippets = "snippets" in block.options
    found = _feature("completion").complete(spec, _cursor(sheet, block), sheet.around(spec), snippets)
    return sorted(found, key=lambda item: (item.sort_text or item.label, item.label))


def _completion(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """One item a line, in the order shown: label, two blanks, detail; `labels` leaves the details out.

    A last line `...` allows for more.
    """
    rows = []
    for item in _completions(sheet, block):
        detail = "" if "labels" in block.options else item.detail
        rows.append(encode(f"{item.label}  {detail}" if detail else item.label))
    if block.lines[-1:] == ["..."]:
        rows = [*rows[: len(block.lines) - 1], "..."]
    outcome.check(block, block.lines, rows)


def _accept(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The document after the completion item `label=…` (by default the first) was taken."""
    items = _completions(sheet, block)
    chosen = [item for item in items if item.label == block.options.get("label", item.label)]
    if not chosen:
        labels = ", ".join(item.label for item in items) or "nothing"
        outcome.wrong.append(f"accept at line {block.line}: not offered; there is {labels}")
        return
    _check_result(sheet, block, apply_edits(sheet.source, [chosen[0].edit]), outcome)


def _hover(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The Markdown shown; an empty block: none. `on=…` is the text it is shown for, `problems`: with what is wrong."""
    document = _document(sheet)
    asked = document.problems if "problems" in block.options else None
    found = _feature("hover").hover(document.spec, _cursor(sheet, block), sheet.around(document.spec), asked)
    rows = found.markdown.rstrip("\n").split("\n") if found else []
    outcome.check(block, block.lines, list(map(encode, rows)))
    if found and "on" in block.options and document.text.slice(found.span) != block.options["on"]:
        outcome.wrong.append(f"hover at line {block.line}: shown on {document.text.slice(found.span)!r}")


def _offered(sheet: Sheet, block: Block) -> list[Any]:
    document = _document(sheet)
    first = _cursor(sheet, block)
    last = sheet.cursors[-1]
    span = Span(first.line, first.offset, last.line, last.offset)
    if "suppress" in block.options:
        return list(_feature("suppress").suppressions(document.spec, document.problems(), span))
    around = replace(sheet.around(document.spec), me=block.options.get("me", ""))
    offered = _feature("actions").actions(document.spec, document.problems(), span, around)
    offered += _feature("refactor").refactorings(document.spec, span, around)
    return sorted(offered, key=lambda action: action.kind.startswith("source"))


def _actions(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """One action a line: kind, colon, title, and a star for the preferred one. Two `$0` make a selection."""
    rows = [f"{action.kind}: {action.title}{' *' if action.preferred else ''}" for action in _offered(sheet, block)]
    outcome.check(block, block.lines, list(map(encode, rows)))


def _action(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The document after the action `title=…` (by default the first)."""
    found = _offered(sheet, block)
    chosen = [action for action in found if action.title == block.options.get("title", action.title)]
    if not chosen:
        titles = ", ".join(action.title for action in found) or "nothing"
        outcome.wrong.append(f"action at line {block.line}: not offered; there is {titles}")
        return
    _check_result(sheet, block, apply_edits(sheet.source, chosen[0].edits), outcome)


def _symbols(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The outline, two blanks a level: kind, name, and the detail behind two blanks."""
    rows: list[str] = []

    def walk(symbols: Sequence[Any], depth: int) -> None:
        for symbol in symbols:
            detail = f"  {symbol.detail}" if symbol.detail else ""
            rows.append(encode(f"{'  ' * depth}{symbol.kind} {symbol.name}{detail}"))
            walk(symbol.children, depth + 1)

    document = _document(sheet)
    walk(_feature("symbols").symbols(document.spec, None, document.problems()), 0)
    outcome.check(block, block.lines, rows)


def _folding(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """One fold a line, two blanks for each it lies in: first line, dots, last line, kind. `lines`, `most=3`: limits."""
    document = _document(sheet)
    most = int(block.options["most"]) if "most" in block.options else None
    rows: list[str] = []
    outer: list[Any] = []
    for fold in _feature("folding").folds(document.spec, "lines" in block.options, most):
        while outer and outer[-1].last < fold.line:
            outer.pop()
        assert not outer or fold.last <= outer[-1].last, "a fold reaches out of another"
        first, last = document.text.content(fold.line), document.text.content(fold.last)
        kind = f"  {fold.kind}" if fold.kind else ""
        rows.append(encode(f"{'  ' * len(outer)}{first.strip()} … {last.strip()}{kind}"))
        outer.append(fold)
    outcome.check(block, block.lines, rows)


def _selection(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """What a selection grows to at each cursor: one span a line, of several lines the first and the last."""
    document = _document(sheet)
    rows: list[str] = []
    for number, spans in enumerate(_feature("selection").selections(document.spec, sheet.cursors)):
        if number:
            rows.append("")
        for span in spans:
            shown = [strip_line_end(line) for line in split_lines(document.text.slice(span))]
            rows.append(encode(f"[{shown[0]}]" if len(shown) == 1 else f"[{shown[0]} … {shown[-1]}]"))
    outcome.check(block, block.lines, rows)


def _format(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The document formatted: the whole, what two cursors hold between them, or what follows from a letter `typed`."""
    spec = _document(sheet).spec
    if "typed" in block.options:
        character = "\n" if block.options["typed"] == "enter" else block.options["typed"]
        edits = _feature("format").typed(spec, _cursor(sheet, block), character)
    else:
        span = Span(*sheet.cursors[0], *sheet.cursors[1]) if sheet.cursors else None
        edits = _feature("format").format_edits(spec, span)
    _check_result(sheet, block, apply_edits(sheet.source, edits), outcome)


def _tokens(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """Every semantic token in the order of the text: its words, what it is, and its modifier."""
    document = _document(sheet)
    found = _feature("tokens").tokens(document.spec, card(document.spec, "").mentions, document.judge.findings())
    rows = [f"{document.text.slice(one.span)}  {one.kind} {one.modifier}".rstrip() for one in found]
    outcome.check(block, block.lines, list(map(encode, rows)))


ADDRESSES = ("[A-Z]{2,6}-[0-9]+", "https://tracker.example/{ticket}", "https://git.example/{handle}")
"""The team's pattern of a ticket, and where tickets and people are."""


def _links(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """Every link in the order of the text: its words, where it leads, what it says; `plain`: nothing is configured."""
    spec = _document(sheet).spec
    feature, catalogue = _feature("links"), sheet.around(spec).catalogue
    addresses = feature.Addresses(*([] if "plain" in block.options else ADDRESSES))
    found = feature.links(spec, card(spec, "/specs/this.md"), catalogue, addresses)
    rows = [f"{spec.text.slice(one.span)}  {one.kind} {one.target}  {one.tooltip}" for one in found]
    outcome.check(block, block.lines, list(map(encode, rows)))


def _linked(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The lines of which parts are typed as one, these in `⟨` and `⟩`; behind the last the pattern of such a part."""
    found = _feature("linked").linked(_document(sheet).spec, _cursor(sheet, block))
    rows = []
    if found is not None:
        rows = [*_bracketed(sheet, [("", span) for span in found.spans]), found.pattern]
    outcome.check(block, block.lines, list(map(encode, rows)))


def _hints(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The lines that have a hint, with it put in between `⟨` and `⟩`."""
    document = _document(sheet)
    span = Span(0, 0, *document.text.end)
    catalogue = sheet.around(document.spec).catalogue
    own = catalogue.by_path("/specs/this.md")
    assert own is not None
    found = _feature("hints").hints(document.spec, span, TODAY, own.mentions, catalogue)
    edits = [Edit(Span(*hint.point, *hint.point), f"⟨{hint.label}⟩") for hint in found]
    lines = split_lines(apply_edits(sheet.source, edits))
    rows = [strip_line_end(lines[line]) for line in sorted({hint.point.line for hint in found})]
    outcome.check(block, block.lines, list(map(encode, rows)))


def _lenses(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The lines with code lenses, and below each what they say, between `⟨` and `⟩`."""
    document, feature = _document(sheet), _feature("lenses")
    rows: list[str] = []
    catalogue = sheet.around(document.spec).catalogue
    for lens in feature.lenses(document.spec, catalogue):
        line = document.text.content(lens.span.start_line)
        if line not in rows:
            rows.append(line)
        rows.append(f"  ⟨{feature.words(document.spec, lens.kind, lens.goal, document.problems, catalogue)}⟩")
    outcome.check(block, block.lines, list(map(encode, rows)))


def _highlight(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The lines with a highlight, each in `⟨` and `⟩`; behind a `=` where it is the metadata's."""
    found = _feature("highlight").highlights(_document(sheet).spec, _cursor(sheet, block))
    rows = _bracketed(sheet, [("=" if defines else "", place) for place, defines in found])
    outcome.check(block, block.lines, list(map(encode, rows)))


def _bracketed(sheet: Sheet, places: Sequence[tuple[str, Span]]) -> list[str]:
    """The lines that hold the places, each of these in `⟨` and `⟩`, with its mark in front."""
    edits = []
    for mark, place in places:
        edits += [Edit(Span(*place.first, *place.first), f"{mark}⟨"), Edit(Span(*place.last, *place.last), "⟩")]
    lines = split_lines(apply_edits(sheet.source, edits))
    return [strip_line_end(lines[line]) for line in sorted({place.start_line for _, place in places})]


def _definition(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """Each target behind the words that lead there: the template's line, or kind, name and line."""
    spec = _document(sheet).spec
    navigation, around = _feature("navigation"), sheet.around(spec)
    if block.kind == "declaration":
        found = navigation.declarations(spec, _cursor(sheet, block))
    else:
        mentions = card(spec, "/specs/this.md").mentions
        found = navigation.definitions(spec, _cursor(sheet, block), mentions, around.catalogue)
    lines = spec.template.source.split("\n")
    rows = []
    for kind, source, name, span, _ in found:
        where = lines[span.start_line] if kind == "template" else f"{name}, line {span.start_line + 1}"
        rows.append(f"{spec.text.slice(source)} -> {kind} {where if kind in ('spec', 'template') else name}")
    outcome.check(block, block.lines, list(map(encode, rows)))


def _references(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """Path, line and words of each; behind a `=` where they define."""
    spec = _document(sheet).spec
    mentions, catalogue = card(spec, "/specs/this.md").mentions, sheet.around(spec).catalogue
    declaration = "without-declaration" not in block.options
    found = _feature("navigation").references(spec, _cursor(sheet, block), mentions, catalogue, declaration)
    rows = [
        f"{one.path}, line {mention.span.start_line + 1}: {'=' * (mention.role == 'definition')}{mention.text}"
        for one, mention in found
    ]
    outcome.check(block, block.lines, list(map(encode, rows)))


def _calls(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """The specs at the cursor, those that depend on each (`<-`), and those that it depends on (`->`), with lines."""
    spec = _document(sheet).spec
    calls, catalogue = _feature("calls"), sheet.around(spec).catalogue
    own = catalogue.by_path("/specs/this.md")
    assert own is not None
    named = named_at(spec, _cursor(sheet, block), own.mentions)
    rows = []
    for one in calls.prepare(own, named, catalogue):
        rows.append(one.id)
        for arrow, found in (("<-", calls.incoming(one, catalogue)), ("->", calls.outgoing(one, catalogue))):
            for other, spans in found:
                lines = ", ".join(str(span.start_line + 1) for span in spans)
                rows.append(f"{arrow} {other.id} (line {lines})")
    outcome.check(block, block.lines, rows)


def _rename(sheet: Sheet, block: Block, outcome: Outcome) -> None:
    """What is selected to be renamed; then path, line, old and new words of each edit, and files; or why not."""
    spec = _document(sheet).spec
    feature, catalogue = _feature("rename"), sheet.around(spec).catalogue
    rows = []
    try:
        name = feature.renamable(spec, _cursor(sheet, block), card(spec, "/specs/this.md").mentions)
        if name is not None:
            assert spec.text.slice(name.span) == name.text
            rows.append(f"{name.kind} {name.text}")
            renaming = feature.rename(name, block.options["to"], catalogue, spec, "/specs/this.md")
            links = relinked(catalogue.cards, Moves(dict(renaming.files)), "/")
            for change in (*renaming.changes, *links):
                rows.append(f"{change.path}, line {change.span.start_line + 1}: {change.words} -> {change.new_text}")
            rows += [f"{old} -> {new}" for old, new in renaming.files]
    except feature.Refused as error:
        rows.append(f"refused: {error}")
    outcome.check(block, block.lines, list(map(encode, rows)))


_AFTER_SPEC: dict[str, Callable[[Sheet, Block, Outcome], None]] = {
    "fix": _fix,
    "completion": _completion,
    "accept": _accept,
    "hover": _hover,
    "actions": _actions,
    "action": _action,
    "symbols": _symbols,
    "folding": _folding,
    "selection": _selection,
    "format": _format,
    "tokens": _tokens,
    "links": _links,
    "linked": _linked,
    "hints": _hints,
    "lenses": _lenses,
    "highlight": _highlight,
    "definition": _definition,
    "declaration": _definition,
    "references": _references,
    "calls": _calls,
    "rename": _rename,
}
