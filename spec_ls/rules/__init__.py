"""The rules in the order in which they are documented, and the judge that runs them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from spec_ls.allowances import Allowance
from spec_ls.bind import Fill
from spec_ls.facts import Facts
from spec_ls.known import Known
from spec_ls.outline import MANY
from spec_ls.outline.blocks import Section
from spec_ls.rules import (
    circular_dependency,
    duplicate_field,
    duplicate_id,
    duplicate_section,
    empty_field,
    empty_section,
    invalid_choice,
    invalid_date,
    invalid_handle,
    invalid_id,
    invalid_link,
    large_document,
    leftover_guidance,
    malformed_heading,
    malformed_metadata,
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
    outdated_template,
    overdue_review,
    overdue_target,
    premature_status,
    sample_text,
    self_approval,
    skipped_move,
    stale_approval,
    unclosed_block,
    unfinished_work,
    unknown_handle,
    unknown_spec,
    unsigned_approval,
    unticked_check,
    unused_suppression,
    wrong_level,
)
from spec_ls.rules.base import STAGES, Finding, Fix, Problem, Related, Rule, Severity
from spec_ls.spec import Piece, Place, Spec, Splice, Touched
from spec_ls.template.model import Stage
from spec_ls.text import Span

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
    malformed_metadata.RULE,
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
    overdue_review.RULE,
    overdue_target.RULE,
    skipped_move.RULE,
    stale_approval.RULE,
    duplicate_id.RULE,
    unknown_spec.RULE,
    unknown_handle.RULE,
    circular_dependency.RULE,
    premature_status.RULE,
    large_document.RULE,
    outdated_template.RULE,
    unused_suppression.RULE,
)


@cache
def rule(name: str) -> Rule:
    """The rule of that name. Raises KeyError."""
    return next(rule for rule in CATALOGUE if rule.name == name)


Weighing = Mapping[Stage, Mapping[str, Severity | None]]
"""What each rule weighs at each stage."""

NO_SEVERITIES: Mapping[str, Severity | None] = MappingProxyType({})


def weights_with(severities: Mapping[str, Severity | None]) -> Weighing:
    """The weights of all rules where a team has given some of them others.

    A given severity holds wherever the rule speaks; at a stage at which it is silent it stays so. None silences it.
    """
    if not severities:
        return _WEIGHTS
    return {
        stage: {name: severities.get(name, weight) if weight else None for name, weight in weights.items()}
        for stage, weights in _WEIGHTS.items()
    }


_Pieces: TypeAlias = dict[tuple[int, int, bool], tuple[Piece, int, list[Finding]]]
"""Pieces with what was found in them, by the identity of their section, their slot, and whether they fill that."""


class _Judged(NamedTuple):
    """A fill's findings with all that they were made from."""

    slot: int
    fault: object
    duplicates: list[int]
    children: int
    facts: list[Facts]
    findings: list[Finding]


class _Placed(NamedTuple):
    """A problem, and where its piece stood when it was placed."""

    order: tuple[Span, int]
    base: int
    section: Section
    problem: Problem

    def moved(self, base: int) -> _Placed:
        """The same where its chunk begins at line `base`."""
        rule, severity, message, span, finding = self.problem
        start_line, start, end_line, end = span
        by = base - self.base
        span = Span(start_line + by, start, end_line + by, end)
        return _Placed((span, self.order[1]), base, self.section, Problem(rule, severity, message, span, finding))


class Judge:
    """The findings of one spec, kept up with its edits.

    Findings of piece rules stay with their piece and the slot it belongs to, those of fill rules with the
    facts they were made from; those of spec rules are found anew when the spec was bound anew. A rule that
    raises loses its own findings and is logged; the others go on. `severities` are what the team gives rules.
    """

    def __init__(self, spec: Spec, severities: Mapping[str, Severity | None] = NO_SEVERITIES) -> None:
        self.spec = spec
        self._weights = weights_with(severities)
        self.crashed: set[str] = set()
        self._of_spec: dict[str, list[Finding]] = {}
        self._of_fill: list[_Judged | None] = []
        """By piece; None for one whose heading fills no slot."""
        self._of_piece: list[list[Finding]] = []
        self._pieces: list[Piece] = []
        self._allowances: dict[int, tuple[Allowance, ...]] = {}
        self._unused: dict[tuple[Place, str], Finding] = {}
        self._dropped: tuple[_Pieces, dict[int, tuple[int, _Judged]]]
        self._dropped = ({}, {})
        self._ignored: frozenset[int] = frozenset()
        self._asked: object = None
        """What of the spec the judgements on fills depend on, themselves aside."""
        self._entries: object = None
        self._stage: Stage | None = None
        self._heavy: dict[tuple[bool, int], list[Finding]] = {}
        self._placed: dict[int, _Placed] = {}
        """By the identity of their finding."""
        self._anchors: set[int] = set()
        """The pieces in which the listed problems and what explains them stand."""
        self._retold: set[int] = set()
        """Those of them that have been judged anew since, with the same findings."""
        self._listed: list[Problem] | None = None
        self._starts: list[int] = []
        self.refresh(None)

    def refresh(self, touched: Touched | None) -> None:
        """Runs what an update of the spec calls for: the rules of what it touched, or all on None."""
        asked = self.spec.asked, self.spec.binding.shift
        if touched is not None and not (touched.metadata and (self._stage, self._asked) != (self.spec.stage, asked)):
            self._retold |= self._anchors & touched.pieces
            for splice in touched.splices:
                self._splice(splice)
            for at in touched.pieces:
                self._pieces[at] = self.spec.pieces[at]
                self._judge_piece(at)
                self._allow(at)
            for fill in touched.fills.values():
                self._judge_fill(fill)
            if touched.metadata or self._entries is not self.spec.entries:
                self._judge_all()
            elif touched.counted:
                self._judge_spec(_COUNTING)
            return
        if self._stage != self.spec.stage:
            self._placed = {}  # a placed problem carries its weight
        self._stage = self.spec.stage
        self._heavy = {}
        self._renew()
        self._judge_all()

    def know(self, known: Known) -> bool:
        """Takes what the world around the document says now: runs the rules that read it. Whether they find anything
        else than before."""
        if known == self.spec.known:
            return False
        self.spec.known = known
        self._dropped = ({}, {})
        before = self._outside()
        self._judge_spec(_OUTSIDE_RULES)
        for fill in self.spec.fills if _OUTSIDE_FILL_RULES else ():
            judged = self._of_fill[fill.piece]
            assert judged is not None
            found = self._run_all(_OUTSIDE_FILL_RULES, _OUTSIDE_FILL_CHECKS, (self.spec, fill))
            self._keep_fill(fill.piece, judged._replace(findings=_replaced(judged.findings, found)))
        for at in range(len(self._pieces)) if _OUTSIDE_PIECE_RULES else ():
            if at not in self._ignored:
                found = self._run_all(_OUTSIDE_PIECE_RULES, _OUTSIDE_PIECE_CHECKS, (self.spec, at, self._pieces[at]))
                self._keep_piece(at, _replaced(self._of_piece[at], found))
        return self._outside() != before

    def _outside(self) -> list[Finding]:
        """What the rules find that read what the world around the document says."""
        return [finding for finding in self.findings() if finding.rule in _OUTSIDE]

    def _judge_all(self) -> None:
        same, self._entries = self._entries is self.spec.entries, self.spec.entries
        self._judge_spec(_BEYOND_METADATA if same else _SPEC_RULES)

    def _judge_spec(self, rules: Sequence[Rule]) -> None:
        for one in rules:
            if one.check is not None:
                found = self._run(one, partial(one.check, self.spec))
                if found != self._of_spec.get(one.name):  # equal ones stay the same objects, and so their problems
                    self._of_spec[one.name] = found
                    self._listed = None

    def _splice(self, splice: Splice) -> None:
        """Lets go of the findings of pieces that have gone; those behind them move along."""
        first, last, grown = splice.first, splice.first + splice.removed, splice.added - splice.removed
        self._ignored = frozenset(self.spec.binding.ignored)
        self._listed = None
        if self._allowances:
            allowances = self._allowances.items()
            self._allowances = {
                at if at < first else at + grown: found for at, found in allowances if not first <= at < last
            }
        self._pieces[first:last] = self.spec.pieces[:1] * splice.added  # they are among those touched
        self._of_piece[first:last] = [[] for _ in range(splice.added)]
        self._of_fill[first:last] = [None] * splice.added
        if not grown:
            for at in range(first, last):
                self._heavy.pop((False, at), None)
                self._heavy.pop((True, at), None)
            return
        self._heavy = {key: heavy for key, heavy in self._heavy.items() if key[1] < first}
        for name, of_spec in self._of_spec.items():
            if of_spec:
                self._of_spec[name] = _moved(of_spec, grown, last)
        for at, found in enumerate(self._of_piece[first:], first):
            if found:
                self._of_piece[at] = found = _moved(found, grown)
                self._weigh((False, at), found)
        for at, judged in enumerate(self._of_fill[first:], first):
            if judged is not None and judged.findings:
                found = _moved(judged.findings, grown)
                self._of_fill[at] = judged._replace(findings=found)
                self._weigh((True, at), found)

    def _renew(self) -> None:
        """Judges the pieces and fills of a spec that was bound anew; what is as before keeps its findings."""
        spec, pieces = self.spec, self._pieces
        found, judged = self._of_piece, self._of_fill
        known = {
            (id(piece.section), piece.slot, judged[at] is not None): (piece, at, found[at])
            for at, piece in enumerate(pieces)
            if at not in self._ignored
        }
        fills = {id(old.facts[0]): (at, old) for at, old in enumerate(judged) if old is not None and old.facts}
        lost_pieces, lost_fills = self._dropped
        if len(pieces) - len(spec.pieces) >= MANY:  # a fence swallowed them, and may soon give them back
            self._dropped = known, fills
        asked = spec.asked, spec.binding.shift
        if asked != self._asked:
            fills = lost_fills = {}
            self._dropped = self._dropped[0], {}
        self._asked = asked
        self._pieces = list(spec.pieces)
        heads = {fill.piece for fill in spec.fills}
        self._ignored = frozenset(spec.binding.ignored)
        self._of_piece, self._of_fill = [[] for _ in spec.pieces], [None] * len(spec.pieces)
        self._allowances = {}
        self._listed = None
        for at, piece in enumerate(spec.pieces):
            self._allow(at)
            key = (id(piece.section), piece.slot, at in heads)
            old_piece = known.get(key) or lost_pieces.get(key)
            if old_piece is None or at in self._ignored:
                self._judge_piece(at)
            elif old_piece[2]:
                self._keep_piece(at, _moved(old_piece[2], at - old_piece[1]))
        for fill in spec.fills:
            first = id(spec.pieces[fill.piece].facts)
            at, old = fills.get(first) or lost_fills.get(first) or (0, None)
            if old is None or not self._is_same(fill, old):
                self._judge_fill(fill)
            elif old.findings:
                self._keep_fill(fill.piece, old._replace(findings=_moved(old.findings, fill.piece - at)))
            else:
                self._of_fill[fill.piece] = old

    def _is_same(self, fill: Fill, old: _Judged) -> bool:
        """Whether `fill` is what `old` was made from; its first facts are the same."""
        if fill.slot.index != old.slot or fill.fault != old.fault or len(fill.children) != old.children:
            return False
        if fill.duplicates or old.duplicates or len(fill.pieces) != len(old.facts):
            return False
        if len(fill.pieces) == 1:
            return True
        pieces = self.spec.pieces
        return fill.pieces[-1] - fill.pieces[0] == len(fill.pieces) - 1 and all(
            pieces[at].facts is facts for at, facts in zip(fill.pieces, old.facts, strict=True)
        )

    def _allow(self, at: int) -> None:
        found = self.spec.pieces[at].facts.allowances
        if found != self._allowances.get(at, ()):
            self._listed = None
            self._allowances[at] = found
            if not found:
                del self._allowances[at]

    def _judge_fill(self, fill: Fill) -> None:
        found = self._run_all(_FILL_RULES, _FILL_CHECKS, (self.spec, fill))
        facts = [self.spec.pieces[at].facts for at in fill.pieces]
        judged = _Judged(fill.slot.index, fill.fault, fill.duplicates, len(fill.children), facts, found)
        self._keep_fill(fill.piece, judged)

    def _keep_fill(self, at: int, judged: _Judged) -> None:
        before = self._of_fill[at]
        if (before.findings if before else []) != judged.findings:
            self._of_fill[at] = judged
            self._weigh((True, at), judged.findings)
        elif before is not None:
            self._of_fill[at] = judged._replace(findings=before.findings)  # equal ones stay the same objects
        else:
            self._of_fill[at] = judged

    def _judge_piece(self, at: int) -> None:
        found: list[Finding] = []
        if at not in self.spec.binding.ignored:
            found = self._run_all(_PIECE_RULES, _PIECE_CHECKS, (self.spec, at, self.spec.pieces[at]))
        self.spec.pieces[at].section.read.clear()  # facts and rules have read its words; nobody else will soon
        self._keep_piece(at, found)

    def _keep_piece(self, at: int, found: list[Finding]) -> None:
        if found != self._of_piece[at]:  # equal ones stay the same objects
            self._of_piece[at] = found
            self._weigh((False, at), found)

    def _weigh(self, key: tuple[bool, int], found: list[Finding]) -> None:
        """Keeps the findings that count at the document's own stage at hand."""
        weights = self._weights[self._stage or self.spec.stage]
        heavy = [finding for finding in found if weights[finding.rule] is not None]
        if heavy:
            self._heavy[key] = heavy
            self._listed = None
        elif self._heavy.pop(key, None) or self._allowances:
            self._listed = None

    def _run_all(self, rules: Sequence[Rule], checks: Sequence[Check], subject: tuple[Any, ...]) -> list[Finding]:
        """The findings of `checks`, which are those of `rules`; where one raises, of all others."""
        found: list[Finding] = []
        try:
            for check in checks:
                found += check(*subject)
        except Exception:
            pairs = zip(rules, checks, strict=True)
            return [finding for one, check in pairs for finding in self._run(one, partial(check, *subject))]
        return found

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
        for found in self._of_spec.values():
            yield from found
        for judged in self._of_fill:
            if judged is not None:
                yield from judged.findings
        for found in self._of_piece:
            yield from found

    def problems(self, stage: Stage | None = None) -> list[Problem]:
        """What counts at `stage` (by default the document's own), in the order of the text.

        A problem that is as it was is the same object as before, and so is a list in which all are.
        """
        if stage is not None and stage != self._stage:
            weights = self._weights[stage]
            allowed, unused = self._allowed()
            spoken = (finding for finding in chain(self.findings(), unused) if id(finding) not in allowed)
            found = (self._place(finding, weights) for finding in spoken)
            return [placed.problem for placed in sorted((p for p in found if p), key=_by_order)]
        pieces, starts = self.spec.pieces, self.spec.outline.starts
        if self._listed is not None:
            if self._starts is not starts or self._retold:
                self._starts = starts
                self._follow()
            return self._listed
        weights = self._weights[self._stage or self.spec.stage]
        known, found_now = self._placed, []
        self._anchors = set()
        self._retold = set()
        allowed, unused = self._allowed()
        for finding in chain(*self._of_spec.values(), *self._heavy.values(), unused):
            if id(finding) in allowed:
                continue
            at = finding.place.piece
            piece = pieces[at]
            placed = known.get(id(finding))
            if placed is None or placed.section is not piece.section or finding.related:
                placed = self._place(finding, weights)
            elif placed.base != starts[piece.chunk]:
                placed = placed.moved(starts[piece.chunk])
            if placed is not None:
                found_now.append(placed)
                self._anchors.add(at)
                if finding.related:
                    self._anchors.update([related.place.piece for related in finding.related])
        self._starts = starts
        return self._list(found_now)

    def _follow(self) -> None:
        """Brings the listed problems to where their pieces stand now: there are no other findings than before."""
        pieces, starts, retold = self.spec.pieces, self.spec.outline.starts, self._retold
        weights = self._weights[self._stage or self.spec.stage]
        moved: dict[int, _Placed | None] = {}
        for key, placed in self._placed.items():
            finding = placed.problem.finding
            at = finding.place.piece
            base = starts[pieces[at].chunk]
            if at in retold or finding.related:
                moved[key] = self._place(finding, weights)
            elif base != placed.base:
                moved[key] = placed.moved(base)
        self._retold = set()
        if moved:
            found = [moved.get(key, placed) for key, placed in self._placed.items()]
            self._list([placed for placed in found if placed is not None])

    def _list(self, placed: list[_Placed]) -> list[Problem]:
        placed.sort(key=_by_order)
        self._placed = {id(one.problem.finding): one for one in placed}
        self._listed = [one.problem for one in placed]
        return self._listed

    def _allowed(self) -> tuple[set[int], Sequence[Finding]]:
        """The identities of the findings that the document allows, and what there is to say of its allowances.

        A finding that is silent at this stage counts as found, so what is unused does not depend on the stage.
        """
        if not self._allowances:
            return set(), ()
        allowed = unused_suppression.Allowed(self.spec, self._allowances)
        taken = {id(finding) for finding in self.findings() if allowed.takes(finding)}
        unused: list[Finding] = []
        if not (
            self.spec.pieces and self.spec.pieces[-1].facts.unclosed
        ):  # else what they allow may have been swallowed
            unused = list(allowed.unused(_NAMES))
        known, self._unused = self._unused, {(one.place, one.message): one for one in unused}
        for key, one in self._unused.items():
            if known.get(key) == one:  # the same object is not rendered again
                self._unused[key] = known[key]
        return taken, [one for one in self._unused.values() if not allowed.takes(one)]

    def _place(self, finding: Finding, weights: Mapping[str, Severity | None]) -> _Placed | None:
        weight = weights[finding.rule]
        if weight is None:
            return None
        spec = self.spec
        span = spec.span(finding.place)
        problem = Problem(finding.rule, weight, finding.message, span, finding)
        piece = finding.place.piece
        return _Placed((span, _ORDER[finding.rule]), spec.base(piece), spec.pieces[piece].section, problem)


def fixes(spec: Spec, finding: Finding) -> list[Fix]:
    """The ways to mend a finding, the best first; empty where none is known. Never raises."""
    try:
        return list(rule(finding.rule).fix(spec, finding))
    except Exception:
        log.exception("the fix of rule %s failed", finding.rule)
        return []


def _moved(found: list[Finding], pieces: int, behind: int = 0) -> list[Finding]:
    """Findings when the pieces from `behind` on stand `pieces` further down; those that stay are the same objects."""
    if not pieces:
        return found

    def moved(place: Place) -> Place:
        return Place(place.piece + pieces, place.span) if place.piece >= behind else place

    def follow(one: Finding) -> Finding:
        if one.place.piece < behind and not one.related:
            return one
        related = tuple([Related(moved(place), message) for place, message in one.related])
        return Finding(one.rule, moved(one.place), one.message, one.subject, related, one.origin, one.elsewhere)

    return [follow(finding) for finding in found]


def _replaced(found: list[Finding], outside: list[Finding]) -> list[Finding]:
    """What was found, with other findings of the rules that read what the world around the document says."""
    return [*(finding for finding in found if finding.rule not in _OUTSIDE), *outside]


Check: TypeAlias = Callable[..., Iterable[Finding]]


def _fill_checks(rules: Iterable[Rule]) -> tuple[Check, ...]:
    return tuple(one.check_fill for one in rules if one.check_fill is not None)


def _piece_checks(rules: Iterable[Rule]) -> tuple[Check, ...]:
    return tuple(one.check_piece for one in rules if one.check_piece is not None)


_NAMES = tuple(one.name for one in CATALOGUE)
_OUTSIDE = frozenset(one.name for one in CATALOGUE if one.outside)
_by_order = attrgetter("order")
_ORDER = {one.name: at for at, one in enumerate(CATALOGUE)}
_WEIGHTS: Weighing = {stage: {one.name: getattr(one.weights, stage) for one in CATALOGUE} for stage in STAGES}
_SPEC_RULES = tuple(one for one in CATALOGUE if one.check is not None)
_BEYOND_METADATA = tuple(one for one in _SPEC_RULES if not one.of_metadata)
_COUNTING = tuple(one for one in _SPEC_RULES if one.counts)
_OUTSIDE_RULES = tuple(one for one in _SPEC_RULES if one.outside)
_FILL_RULES = tuple(one for one in CATALOGUE if one.check_fill is not None)
_FILL_CHECKS = _fill_checks(_FILL_RULES)
_PIECE_RULES = tuple(one for one in CATALOGUE if one.check_piece is not None)
_PIECE_CHECKS = _piece_checks(_PIECE_RULES)
_OUTSIDE_FILL_RULES = tuple(one for one in _FILL_RULES if one.outside)
_OUTSIDE_FILL_CHECKS = _fill_checks(_OUTSIDE_FILL_RULES)
_OUTSIDE_PIECE_RULES = tuple(one for one in _PIECE_RULES if one.outside)
_OUTSIDE_PIECE_CHECKS = _piece_checks(_OUTSIDE_PIECE_RULES)
