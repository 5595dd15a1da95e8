"""The rules in the order in which they are documented, and the judge that runs them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import chain

from spec_ls.bind import Fill
from spec_ls.rules import (
    duplicate_field,
    duplicate_section,
    empty_field,
    empty_section,
    invalid_choice,
    invalid_date,
    invalid_handle,
    invalid_id,
    invalid_link,
    leftover_guidance,
    malformed_heading,
    malformed_story,
    misnamed_section,
    misnumbered_section,
    misplaced_field,
    misplaced_section,
    missing_approver,
    missing_check,
    missing_criteria,
    missing_error_case,
    missing_field,
    missing_item,
    missing_metadata,
    missing_section,
    missing_story,
    missing_title,
    sample_text,
    self_approval,
    unclosed_block,
    unfinished_work,
    unsigned_approval,
    unticked_check,
    wrong_level,
)
from spec_ls.rules.base import Finding, Fix, Problem, Rule
from spec_ls.spec import Piece, Spec, Touched
from spec_ls.template.model import Stage

log = logging.getLogger(__name__)

CATALOGUE: tuple[Rule, ...] = (
    missing_section.RULE,
    misnamed_section.RULE,
    misplaced_section.RULE,
    duplicate_section.RULE,
    wrong_level.RULE,
    misnumbered_section.RULE,
    empty_section.RULE,
    malformed_heading.RULE,
    unclosed_block.RULE,
    missing_metadata.RULE,
    missing_field.RULE,
    empty_field.RULE,
    duplicate_field.RULE,
    misplaced_field.RULE,
    invalid_choice.RULE,
    invalid_date.RULE,
    invalid_handle.RULE,
    invalid_id.RULE,
    invalid_link.RULE,
    self_approval.RULE,
    missing_approver.RULE,
    missing_title.RULE,
    sample_text.RULE,
    leftover_guidance.RULE,
    missing_item.RULE,
    missing_check.RULE,
    missing_story.RULE,
    malformed_story.RULE,
    missing_criteria.RULE,
    missing_error_case.RULE,
    unsigned_approval.RULE,
    unticked_check.RULE,
    unfinished_work.RULE,
)


@cache
def rule(name: str) -> Rule:
    """The rule of that name. Raises KeyError."""
    return next(rule for rule in CATALOGUE if rule.name == name)


class Judge:
    """The findings of one spec, kept up with its edits.

    Findings of piece rules stay with their piece and the slot it belongs to; those of spec rules are
    found anew when the spec was bound anew. A rule that raises loses its own findings and is logged;
    the others go on.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.crashed: set[str] = set()
        self._of_spec: list[Finding] = []
        self._of_fill: dict[int, list[Finding]] = {}
        self._of_piece: dict[int, list[Finding]] = {}
        self._pieces: list[Piece] = []
        self._ignored: frozenset[int] = frozenset()
        self.refresh(None)

    def refresh(self, touched: Touched | None) -> None:
        """Runs what an update of the spec calls for: the rules of what it touched, or all on None."""
        if touched is not None:
            for at in touched.pieces:
                self._pieces[at] = self.spec.pieces[at]
                self._judge_piece(at)
            for fill in touched.fills:
                self._judge_fill(fill)
            return
        self._renew_pieces()
        self._renew_fills()
        self._of_spec = []
        for one in CATALOGUE:
            if one.check is not None:
                self._of_spec += self._run(one, partial(one.check, self.spec))

    def _renew_pieces(self) -> None:
        """Judges the pieces of a spec that was bound anew; what is as before keeps its findings."""
        spec = self.spec
        known = {(id(piece.section), piece.slot): at for at, piece in enumerate(self._pieces)}
        found, self._of_piece = self._of_piece, {}
        for at, piece in enumerate(spec.pieces):
            old = known.get((id(piece.section), piece.slot))
            if old is None or at in spec.binding.ignored or old in self._ignored:
                self._judge_piece(at)
            elif old in found:
                self._of_piece[at] = found[old] if old == at else [_moved(finding, at - old) for finding in found[old]]
        self._pieces = list(spec.pieces)
        self._ignored = frozenset(spec.binding.ignored)

    def _renew_fills(self) -> None:
        """Judges the fills of a spec that was bound anew."""
        self._of_fill = {}
        for fill in self.spec.fills:
            self._judge_fill(fill)

    def _judge_fill(self, fill: Fill) -> None:
        found: list[Finding] = []
        for one in _FILL_RULES:
            if one.check_fill is not None:
                found += self._run(one, partial(one.check_fill, self.spec, fill))
        if found:
            self._of_fill[fill.piece] = found
        else:
            self._of_fill.pop(fill.piece, None)

    def _judge_piece(self, at: int) -> None:
        found: list[Finding] = []
        if at not in self.spec.binding.ignored:
            for one in _PIECE_RULES:
                if one.check_piece is not None:
                    found += self._run(one, partial(one.check_piece, self.spec, at, self.spec.pieces[at]))
        if found:
            self._of_piece[at] = found
        else:
            self._of_piece.pop(at, None)

    def _run(self, one: Rule, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
        try:
            return list(check())
        except Exception:
            if one.name not in self.crashed:
                self.crashed.add(one.name)
                log.exception("rule %s failed; its findings are left out", one.name)
            return []

    def findings(self) -> Iterator[Finding]:
        """Every finding, whatever its weight."""
        yield from self._of_spec
        for found in chain(self._of_fill.values(), self._of_piece.values()):
            yield from found

    def problems(self, stage: Stage | None = None) -> list[Problem]:
        """What counts at `stage` (by default the document's own), in the order of the text."""
        spec = self.spec
        column = stage or spec.stage
        weights = {one.name: getattr(one.weights, column) for one in CATALOGUE}
        problems = [
            Problem(finding.rule, weight, finding.message, spec.span(finding.place), finding)
            for finding in self.findings()
            if (weight := weights[finding.rule]) is not None
        ]
        problems.sort(key=lambda problem: (problem.span, _ORDER[problem.rule]))
        return problems


def fixes(spec: Spec, finding: Finding) -> list[Fix]:
    """The ways to mend a finding, the best first; empty where none is known. Never raises."""
    try:
        return list(rule(finding.rule).fix(spec, finding))
    except Exception:
        log.exception("the fix of rule %s failed", finding.rule)
        return []


def _moved(finding: Finding, pieces: int) -> Finding:
    return replace(finding, place=replace(finding.place, piece=finding.place.piece + pieces))


_ORDER = {one.name: at for at, one in enumerate(CATALOGUE)}
_FILL_RULES = tuple(one for one in CATALOGUE if one.check_fill is not None)
_PIECE_RULES = tuple(one for one in CATALOGUE if one.check_piece is not None)
