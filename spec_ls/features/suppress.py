"""What the editor offers to let stand: comments that allow a rule, in a section or in the whole document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from spec_ls import compose
from spec_ls.allowances import WORD, Allowance
from spec_ls.features import Action, is_asked
from spec_ls.outline.blocks import FrontMatter
from spec_ls.rules.base import Problem
from spec_ls.spec import Piece, Spec
from spec_ls.text import Edit, Span

_NOT_OFFERED = ("unused-suppression", "large-document")


def suppressions(
    spec: Spec, problems: Sequence[Problem], span: Span, kinds: Collection[str] | None = None
) -> list[Action]:
    """The ways to allow what is reported at `span`, each rule once; `problems` are those of the whole document."""
    if not is_asked("quickfix", kinds):
        return []
    met: dict[str, Problem] = {}
    for problem in problems:
        if problem.span.touches(span) and problem.rule not in _NOT_OFFERED:
            met.setdefault(problem.rule, problem)
    return [action for problem in met.values() for action in _ways(spec, problem, problems)]


def _ways(spec: Spec, problem: Problem, problems: Sequence[Problem]) -> Iterator[Action]:
    rule = problem.rule
    alike = tuple(one for one in problems if one.rule == rule)
    piece = problem.finding.place.piece
    edit = _allow_here(spec, problem)
    if edit is not None:
        beside = tuple(one for one in alike if one.finding.place.piece == piece)
        if edit.new_text.startswith("#"):
            beside = tuple(one for one in beside if one.span.start_line == problem.span.start_line)
        yield Action(f"Allow {rule} here", "quickfix", (edit,), problems=beside)
    yield Action(f"Allow {rule} in this file", "quickfix", (_allow_in_file(spec, rule),), problems=alike)


def _allow_here(spec: Spec, problem: Problem) -> Edit | None:
    """Allows the rule of a problem in its section, of one in front matter on its line; None where that has no place."""
    at = problem.finding.place.piece
    piece = spec.pieces[at]
    known = _among(spec, at, piece.facts.allowances, "section")
    front = _front_matter(piece)
    line = problem.span.start_line
    if front is not None and spec.base(at) + front.line < line < spec.base(at) + front.end_line - 1:
        if piece.facts.yaml:
            return None  # a comment in broken YAML may move what is reported
        words = f"# spec-ls: {WORD} {problem.rule}{spec.text.line_end}"
        return Edit(Span(line, 0, line, 0), words)
    if known is not None:
        return _added(known, problem.rule)
    if piece.section.heading is None and front is not None and front.end_line == piece.section.end_line:
        return None  # directly above a heading it would speak of that
    return _inserted(spec, at, f"{WORD} {problem.rule}")


def _allow_in_file(spec: Spec, rule: str) -> Edit:
    for at, piece in enumerate(spec.pieces):
        known = _among(spec, at, piece.facts.allowances, "file")
        if known is not None:
            return _added(known, rule)
    return _inserted(spec, spec.binding.title or 0, f"{WORD} {rule} in file")


def _among(spec: Spec, at: int, allowances: Iterable[Allowance], scope: str) -> Span | None:
    """The last name of a directive for that scope, which one more can stand behind."""
    found = (one for one in allowances if one.scope == scope and one.rules and not one.yaml)
    last = next(found, None)
    return last.rules[-1][1].shifted(spec.base(at)) if last else None


def _added(last: Span, rule: str) -> Edit:
    return Edit(Span(*last.last, *last.last), f", {rule}")


def _inserted(spec: Spec, at: int, words: str) -> Edit:
    """A comment of its own below the heading of a piece, or at its beginning where it has none."""
    piece, comment = spec.pieces[at], f"<!-- spec-ls: {words} -->"
    heading, front = piece.section.heading, _front_matter(piece)
    above = heading.end_line if heading else front.end_line if front else 0
    if above:
        return compose.insert_lines(spec, spec.base(at) + above - 1, [comment])
    line = compose.first_line(spec, at)
    start = 1 if line == 0 and spec.text.lines[0].startswith("\ufeff") else 0
    return Edit(Span(line, start, line, start), comment + spec.text.line_end)


def _front_matter(piece: Piece) -> FrontMatter | None:
    first = piece.section.blocks[0] if piece.section.blocks else None
    return first if isinstance(first, FrontMatter) else None
