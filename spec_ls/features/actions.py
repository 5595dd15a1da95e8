"""What the editor offers to mend at the cursor: quick fixes, and the fixes of a rule or of the whole document."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import partial
from itertools import islice, pairwise
from operator import attrgetter

from spec_ls.draft import Given, draft
from spec_ls.features import Action, Surroundings, is_asked
from spec_ls.outline import Outline
from spec_ls.rules import Judge, fixes
from spec_ls.rules.base import Fix, Problem
from spec_ls.spec import Spec
from spec_ls.text import Edit, Point, Span, Text, apply_edits
from spec_ls.values import identifier, last_number

_HEADING = re.compile(r"\s*(#{1,6})[ \t]")
_MOST_ROUNDS = 6
_MOST_LINES = 5000
"""Longer documents are fixed in one round: a second would judge the whole text again."""


def actions(
    spec: Spec,
    problems: list[Problem],
    span: Span,
    around: Surroundings,
    kinds: Collection[str] | None = None,
) -> list[Action]:
    """What can be done about `span`, in the order to be shown; empty where nothing can.

    `problems` are those of the whole document. `kinds` leaves out all that is of no kind asked for, or of
    a kind below it (LSP 3.17, "CodeActionKind"). Never raises on any text.
    """
    if span.end_line >= len(spec.text.lines):
        return []

    found: list[Action] = []
    if is_asked("quickfix", kinds):
        found += _begin(spec, around)
        found += _quick_fixes(spec, problems, span)
        found += _all_sections(spec, problems, span)
        found += _all_of_a_rule(spec, problems, span)
    if is_asked("source.fixAll.spec-ls", kinds):
        found += _fix_all(spec, problems, around, to_the_end=kinds is not None)
    return found


# --- quick fixes ------------------------------------------------------------------------------


def is_empty(spec: Spec) -> bool:
    """Whether there is nothing yet in a document but white space."""
    return not any(line.strip("\ufeff \t\r\n") for line in spec.text.lines)


def _begin(spec: Spec, around: Surroundings) -> Iterator[Action]:
    """The template, in a document that is still empty, with the next free identifier and what else can be known."""
    if not is_empty(spec):
        return
    slot = spec.template.field("id")
    free = ""
    if slot is not None and slot.prefix:
        last = last_number(slot.prefix, around.ids | around.catalogue.ids)
        free = identifier(slot.prefix, last + 1, slot.digits)
    written = draft(spec.template, Given(identifier=free, date=around.today.isoformat()))
    start = 1 if spec.text.lines[0].startswith("\ufeff") else 0
    edit = Edit(Span(0, start, *spec.text.end), written.replace("\n", spec.text.line_end))
    yield Action(f"Begin with the template {spec.template.name}", "quickfix", (edit,), True)


def _quick_fixes(spec: Spec, problems: Sequence[Problem], span: Span) -> Iterator[Action]:
    """The fixes of every problem at the span; of two that do the same, one that mends both."""
    merged: dict[tuple[str, tuple[Edit, ...]], Action] = {}
    for problem in problems:
        if not problem.span.touches(span):
            continue
        preferred = True
        for fix in fixes(spec, problem.finding):
            if not _changes(spec, fix.edits):
                continue
            known = merged.get((fix.title, fix.edits))
            already, mended = (known.preferred, known.problems) if known else (False, ())
            first = fix.certain and preferred
            preferred = preferred and not first
            merged[fix.title, fix.edits] = Action(
                fix.title, "quickfix", fix.edits, already or first, (*mended, problem)
            )
    yield from merged.values()


def missing_sections(spec: Spec, problems: Sequence[Problem]) -> tuple[Edit, ...]:
    """Writes all missing sections that have a safe place; no edits where there is none to write."""
    return _fix_together(spec, [problem for problem in problems if problem.rule == "missing-section"])


def _all_sections(spec: Spec, problems: Sequence[Problem], span: Span) -> Iterator[Action]:
    """All missing sections at once, at a place where one of two or more is reported."""
    missing = [problem for problem in problems if problem.rule == "missing-section"]
    if len(missing) < 2 or not any(problem.span.touches(span) for problem in missing):
        return
    chosen = list(_combined(spec, missing))
    if len(chosen) > 1:
        mended = tuple(problem for problem, _ in chosen)
        yield Action("Insert all missing sections", "quickfix", _together(spec, chosen), False, mended)


def _all_of_a_rule(spec: Spec, problems: Sequence[Problem], span: Span) -> Iterator[Action]:
    """The certain fixes of all that a rule finds in the document, where it is reported and finds more than one."""
    for rule in dict.fromkeys(problem.rule for problem in problems if problem.span.touches(span)):
        alike = [problem for problem in problems if problem.rule == rule]
        if rule != "missing-section" and len(list(islice(_combined(spec, alike), 2))) > 1:
            yield Action(f"Fix all {rule} in this file", "quickfix", partial(_fix_together, spec, alike))


def _fix_together(spec: Spec, problems: Sequence[Problem]) -> tuple[Edit, ...]:
    return fixed_together(spec, problems)[1]


def fixed_together(
    spec: Spec, problems: Iterable[Problem], takes: Callable[[Fix], bool] = attrgetter("certain")
) -> tuple[int, tuple[Edit, ...]]:
    """How many of the problems can be mended at once, and the edits that do it: of each the first fix that `takes`
    takes, without those that touch the same text as an earlier one."""
    chosen = list(_combined(spec, problems, takes))
    return len(chosen), _together(spec, chosen)


def _fix_all(spec: Spec, problems: Sequence[Problem], around: Surroundings, to_the_end: bool) -> Iterator[Action]:
    """Every certain fix of the document; `to_the_end`, with those that only the others make possible."""

    def make() -> tuple[Edit, ...]:
        edits = _fix_together(spec, problems)
        settles = to_the_end and len(spec.text.lines) <= _MOST_LINES
        return _settled(spec, edits, around) if settles else edits

    if next(_combined(spec, problems), None) is not None:
        yield Action("Fix all that can be fixed", "source.fixAll.spec-ls", make)


def _settled(spec: Spec, edits: tuple[Edit, ...], around: Surroundings) -> tuple[Edit, ...]:
    """`edits`, or where more can be fixed once they are made, the lines that differ when nothing more can."""
    source = spec.text.source
    fixed = apply_edits(source, edits)
    for number in range(_MOST_ROUNDS):
        after = Spec(Outline(Text(fixed)), spec.template)
        chosen = list(_combined(after, Judge(after, around.severities).problems()))
        if not chosen:
            return edits if number == 0 else _difference(spec.text, Text(fixed))
        fixed = apply_edits(fixed, _together(after, chosen))
    return edits


def _difference(before: Text, after: Text) -> tuple[Edit, ...]:
    """The edits, line by line, that make one text the other."""

    def point(line: int) -> Point:
        return Point(line, 0) if line < len(before.lines) else before.end

    matcher = SequenceMatcher(None, before.lines, after.lines, autojunk=False)
    return tuple(
        Edit(Span(*point(first), *point(last)), "".join(after.lines[start:stop]))
        for tag, first, last, start, stop in matcher.get_opcodes()
        if tag != "equal"
    )


def _combined(
    spec: Spec, problems: Iterable[Problem], takes: Callable[[Fix], bool] = attrgetter("certain")
) -> Iterator[tuple[Problem, Fix]]:
    """The first fix of each problem that `takes` takes (by default the certain one), without those that touch the same
    text as an earlier one."""
    taken = _Taken()
    for problem in problems:
        fix = next(filter(takes, fixes(spec, problem.finding)), None)
        if fix is not None and _changes(spec, fix.edits) and taken.take(fix.edits):
            yield problem, fix


class _Taken:
    """The text that chosen edits replace, line by line; asks in the size of the edit, not of the document."""

    def __init__(self) -> None:
        self._edits: set[Edit] = set()
        self._lines: dict[int, list[Span]] = {}

    def take(self, edits: Sequence[Edit]) -> bool:
        """Takes the edits if none overlaps one taken before or another of these; nothing is taken otherwise."""
        spans = sorted(edit.span for edit in edits)
        if any(_overlap(one, other) for one, other in pairwise(spans)):
            return False
        if any(edit in self._edits for edit in edits):
            return False
        if any(_overlap(span, other) for span in spans for line in _lines(span) for other in self._lines.get(line, ())):
            return False
        self._edits.update(edits)
        for span in spans:
            for line in _lines(span):
                self._lines.setdefault(line, []).append(span)
        return True


def _lines(span: Span) -> range:
    return range(span.start_line, span.end_line + 1)


def _overlap(one: Span, other: Span) -> bool:
    """Whether two edits cannot both be made: an insert may stand at either end of a replaced range."""
    if one == other:
        return one.first != one.last
    return one.first < other.last and other.first < one.last


def _together(spec: Spec, chosen: Iterable[tuple[Problem, Fix]]) -> tuple[Edit, ...]:
    """All edits in the order of the text.

    Inserts stand before what is replaced at the same point. Of several inserts at one point, items come
    before subsections and these before sections, so that each lands in the section it was made for.
    """

    def order(edit: Edit) -> tuple[Span, int]:
        heading = _HEADING.match(edit.new_text)
        return edit.span, -len(heading[1]) if heading else -7

    end = spec.text.line_end
    edits: list[Edit] = []
    for edit in sorted((edit for _, fix in chosen for edit in fix.edits), key=order):
        before = edits[-1] if edits else None
        if before and before.span == edit.span and before.new_text.endswith(end) and edit.new_text.startswith(end * 2):
            edits[-1] = Edit(before.span, before.new_text.removesuffix(end))  # one blank line between the two will do
        edits.append(edit)
    return tuple(edits)


def _changes(spec: Spec, edits: Sequence[Edit]) -> bool:
    return any(spec.text.slice(edit.span) != edit.new_text for edit in edits)
