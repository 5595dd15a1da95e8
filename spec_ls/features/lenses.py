"""Code lenses: how far the spec is, who refers to it, and what stands in the way of the next status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from spec_ls.lifecycle import ProblemsAt, advance, progress, steps
from spec_ls.spec import Spec
from spec_ls.text import Span

LensKind = Literal["progress", "advance"]


class Lens(NamedTuple):
    """Words to be shown above a line; `goal` is the status that one of the kind `advance` speaks of."""

    span: Span
    kind: LensKind
    goal: str = ""


def lenses(spec: Spec) -> list[Lens]:
    """Where there is something to tell, in the order of the text; what it is comes from `words`. Never raises."""
    return sorted([*_on_title(spec), *_on_status(spec)], key=lambda lens: lens.span)


def _on_title(spec: Spec) -> Iterator[Lens]:
    title = spec.binding.title
    if title is not None:
        yield Lens(spec.span(spec.heading_place(title)), "progress")
    else:
        field = spec.field(spec.template.status) or next(iter(spec.carrier), None)
        yield Lens(spec.span(field.at(field.entry.key_span)) if field else Span(0, 0, 0, 0), "progress")


def _on_status(spec: Spec) -> Iterator[Lens]:
    field = spec.field(spec.template.status)
    if field is not None:
        span = spec.span(field.at(field.entry.key_span))
        yield from (Lens(span, "advance", step.state.name) for step in steps(spec))


def words(spec: Spec, kind: str, goal: str, problems_at: ProblemsAt) -> str:
    """What a lens says, as plain text on one line; empty where the spec has gone on and there is nothing to tell.

    Takes time in proportion to the findings.
    """
    if kind == "progress":
        return str(progress(spec, problems_at(spec.stage)))
    found = advance(spec, problems_at, goal) if kind == "advance" and goal else None
    if found is None:
        return ""
    said = f"{found.step.verb} to {found.step.state.name}"
    return f"{said}: {len(found.obstacles)} to fix" if found.obstacles else said
