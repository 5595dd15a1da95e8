"""What its past means for a spec: since when it has its status, how long a review may last, which statuses it skipped.

All of it is read from `Spec.known`; a status that is not committed yet counts as set just now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from spec_ls.bind import Fill
from spec_ls.known import Move
from spec_ls.spec import Spec
from spec_ls.template.model import Stage, State
from spec_ls.values import count

_ORDER: tuple[Stage, ...] = ("draft", "review", "approved", "done")
_HOUR = timedelta(hours=1)
_SHORT_HOURS = 72
"""Up to here a time is told in hours, from here on in days."""


class Since(NamedTuple):
    """When something became so, and by which commit; none: it is not committed yet."""

    at: datetime
    move: Move | None


class Clock(NamedTuple):
    """A review: since when, how many hours it may last, and when these are over."""

    since: Since
    hours: int
    deadline: datetime


def since(spec: Spec) -> Since | None:
    """Since when the spec has its status; None where that is not known."""
    state, known = spec.state, spec.known
    if state is None or known.now is None or not known.moves:
        return None
    last = known.moves[0]
    if last.status != state.name:
        return Since(known.now, None)
    return Since(last.at, last) if last.before is not None else None


def clock(spec: Spec) -> Clock | None:
    """The clock of the review that the spec is in; None where it is in none, all who must sign off have, nothing says
    how long a review may last, or it is not known when it began."""
    hours, known = spec.template.review_hours, spec.known
    if spec.stage != "review" or hours is None or known.now is None or not known.moves or _is_signed(spec):
        return None
    begun = _entered(spec, "review")
    return Clock(begun, hours, begun.at + timedelta(hours=hours)) if begun else None


def sign_off(spec: Spec) -> Fill | None:
    """The section in which those who review sign off."""
    return next((fill for fill in spec.fills if fill.slot.sign_off), None)


def _is_signed(spec: Spec) -> bool:
    """Whether there are required boxes to sign off by, and all are ticked."""
    fill = sign_off(spec)
    if fill is None:
        return False
    required = {at for at, item in enumerate(fill.slot.items) if item.kind == "check" and item.need == "required"}
    checks = (check for _, facts in spec.fill_facts(fill) for check in facts.checks)
    return bool(required) and required <= {check.slot for check in checks if check.box and check.box.ticked}


def _entered(spec: Spec, stage: Stage) -> Since | None:
    """Since when the spec has statuses of a stage, one or several; None where that lies behind what is known."""
    assert spec.known.now is not None
    found = Since(spec.known.now, None)
    for move in spec.known.moves:
        state = spec.template.state(move.status)
        if state is None or state.stage != stage:
            return found
        if move.before is None:
            return None
        found = Since(move.at, move)
    return found


class Skip(NamedTuple):
    """A change of the status that the lifecycle does not have, the statuses left out, and its commit, if it has one."""

    before: State
    state: State
    skipped: tuple[State, ...]
    move: Move | None


def skip(spec: Spec) -> Skip | None:
    """The latest change of the status, where it left one out or goes where none leads; None where that is fine, or not
    known. To go back, or to set a spec aside, is fine; a template that names no moves is taken to want each stage."""
    state, moves = spec.state, spec.known.moves
    if state is None or not moves:
        return None
    last = moves[0] if moves[0].status == state.name else None
    before = spec.template.state((last.before if last else moves[0].status) or "")
    if before is None or before is state or state.name in before.moves or state.stage == "parked":
        return None
    states = spec.template.states
    ahead = states[states.index(before) + 1 : states.index(state)]
    if before.stage == "parked":
        return Skip(before, state, (), last) if spec.template.has_moves else None
    skipped = tuple(one for one in ahead if one.stage != "parked")
    if not spec.template.has_moves:
        between = _ORDER[_ORDER.index(before.stage) + 1 : _ORDER.index(state.stage)]
        skipped = tuple(one for one in skipped if one.stage in between)
    return Skip(before, state, skipped, last) if skipped else None


# --- in words ---------------------------------------------------------------------------------


def by(move: Move | None) -> str:
    """` by @mira`; empty where nobody has committed it yet."""
    return f" by {move.who}" if move is not None and move.who else ""


def lasts(spec: Spec) -> str:
    """Since when the spec has its status, and how long its review may last, on one line; empty where nothing is known.

    `Review since 2026-03-02 by @mira, 12 h of 48 h left`.
    """
    found, state = since(spec), spec.state
    if found is None or state is None:
        return ""
    running = clock(spec)
    left = f", {_left(running, spec.known.now)}" if running and spec.known.now else ""
    day = f"{found.at:%Y-%m-%d}" if found.move else "today"
    return f"{state.name} since {day}{by(found.move)}{left}"


def _left(running: Clock, now: datetime) -> str:
    hours = (running.deadline - now) / _HOUR
    if hours > 0:
        return f"{_time(int(hours), running.hours)} of {_time(running.hours, running.hours)} left"
    late = int(-hours)
    return f"overdue by {_time(late, late)}" if late else "overdue"


def _time(hours: int, most: int) -> str:
    return f"{hours} h" if most < _SHORT_HOURS else count(hours // 24, "day")


def next_change(spec: Spec) -> datetime | None:
    """When the words about a review that is running will be others, or it is overdue; None where none is."""
    running, now = clock(spec), spec.known.now
    if running is None or now is None:
        return None
    return running.deadline + (now - running.deadline) // _HOUR * _HOUR + _HOUR
