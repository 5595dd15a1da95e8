"""How far a spec is: what of it is filled in, which status may follow, and what stands in the way of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from spec_ls.bind import Fill
from spec_ls.rules.base import Problem
from spec_ls.spec import Spec
from spec_ls.template.model import Stage, State
from spec_ls.text import Edit, Span
from spec_ls.values import count

ProblemsAt = Callable[[Stage], list[Problem]]
"""What would be wrong with a spec at a stage of the lifecycle, in the order of the text."""

_UNFILLED = frozenset(
    {
        "empty-section",
        "sample-text",
        "leftover-guidance",
        "missing-item",
        "missing-check",
        "missing-story",
        "malformed-story",
        "missing-criteria",
        "missing-error-case",
    }
)
"""The rules by which a section is not filled in: all stand in it."""


class Progress(NamedTuple):
    """How many of the top sections that the spec must have are filled in; how many samples are left anywhere."""

    filled: int
    total: int
    samples: int

    def __str__(self) -> str:
        """`6 of 8 sections, 2 samples left`; no word of samples where none is left."""
        said = f"{self.filled} of {count(self.total, 'section')}" if self.total else "no section is asked for"
        return f"{said}, {count(self.samples, 'sample')} left" if self.samples else said


def progress(spec: Spec, problems: Iterable[Problem]) -> Progress:
    """How much of a spec is filled in, judged by its `problems`.

    A section is, when it is there and neither it nor one below it lacks anything or has the template's text left.
    """
    owners, samples = spec.binding.owners, 0
    unfilled: set[int] = set()
    missing: set[object] = set()
    for problem in problems:
        samples += problem.rule == "sample-text"
        if problem.rule in _UNFILLED:
            unfilled.add(_top(owners[problem.finding.place.piece]))
        elif problem.rule == "missing-section":
            missing.add(problem.finding.subject)
    unfilled |= {_top(one.parent) for one in spec.missing if one.parent is not None and one.slot.index in missing}
    there = {fill.slot.index for fill in spec.fills if fill.parent is None}
    wanted = {slot.index for slot in spec.template.sections if spec.needs(slot)}
    return Progress(len(wanted & there - unfilled), len(wanted), samples)


def _top(fill: Fill | None) -> int:
    """The slot of the top section around a fill; -1 outside all."""
    while fill is not None and fill.parent is not None:
        fill = fill.parent
    return fill.slot.index if fill is not None else -1


class Step(NamedTuple):
    """A status that may follow: `back` where it is not further on than the one there is."""

    state: State
    back: bool

    @property
    def verb(self) -> str:
        return "Move" if self.state.stage == "parked" else "Return" if self.back else "Advance"


def steps(spec: Spec) -> list[Step]:
    """The statuses that may follow the one there is, those that set a spec aside left out."""
    now, states = spec.state, spec.template.states
    if now is None:
        return []
    here = len(states) if now.stage == "parked" else states.index(now)
    following = [state for name in now.moves if (state := spec.template.state(name)) and state.stage != "parked"]
    return [Step(state, states.index(state) < here) for state in following]


def obstacles(spec: Spec, state: State, problems_at: ProblemsAt) -> list[Problem]:
    """The errors that the spec would have with the status `state`, in the order of the text."""
    return [problem for problem in at_state(spec, state, problems_at) if problem.severity == "error"]


def at_state(spec: Spec, state: State, problems_at: ProblemsAt) -> list[Problem]:
    """What would be wrong with the spec if it had the status `state`, in the order of the text.

    What is wrong with the status that is there goes with it and does not count.
    """
    field = spec.field(spec.template.status)
    written = spec.span(field.at(field.entry.whole)) if field else Span(-1, 0, -1, 0)
    return [
        problem
        for problem in problems_at(state.stage)
        if not (problem.rule == "invalid-choice" and problem.span.touches(written))
    ]


def status_edit(spec: Spec, state: State) -> Edit | None:
    """Writes `state` in place of the status there is, its marks kept; None where there is none to replace."""
    field = spec.field(spec.template.status)
    if field is None:
        return None
    span = spec.span(field.at(field.entry.value_span))
    return None if spec.text.slice(span) == state.name else Edit(span, state.name)


class Advance(NamedTuple):
    """A step, the errors in its way, and the edit that takes it; no edit where the status says so already."""

    step: Step
    obstacles: list[Problem]
    edit: Edit | None


def advance(spec: Spec, problems_at: ProblemsAt, goal: str = "") -> Advance | None:
    """The step to the status `goal`, by default the first that may follow; None where it may not.

    One that sets the spec aside is taken only by its name.
    """
    for step in steps(spec):
        if goal in ("", step.state.name):
            return Advance(step, obstacles(spec, step.state, problems_at), status_edit(spec, step.state))
    now, state = spec.state, spec.template.state(goal)
    if now is None or state is None or state.stage != "parked" or state.name not in now.moves:
        return None
    return Advance(Step(state, False), obstacles(spec, state, problems_at), status_edit(spec, state))
