"""Code lenses: how far the spec is, who refers to it, since when it has its status, and what the next one asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from spec_ls.catalogue import Catalogue, Found
from spec_ls.lifecycle import ProblemsAt, advance, progress, steps
from spec_ls.past import lasts
from spec_ls.spec import Spec, is_sample_value
from spec_ls.text import TOP, Span
from spec_ls.values import count

LensKind = Literal["progress", "references", "lasts", "advance"]


class Lens(NamedTuple):
    """Words to be shown above a line; `goal` is the status that one of the kind `advance` speaks of."""

    span: Span
    kind: LensKind
    goal: str = ""


def lenses(spec: Spec, catalogue: Catalogue) -> list[Lens]:
    """Where there is something to tell, in the order of the text; what it is comes from `words`. Never raises."""
    return sorted([*_on_title(spec, catalogue), *_on_status(spec)], key=lambda lens: lens.span)


def _on_title(spec: Spec, catalogue: Catalogue) -> Iterator[Lens]:
    title = spec.binding.title
    if title is not None:
        span = spec.span(spec.heading_place(title))
    else:
        field = spec.field(spec.template.status) or next(iter(spec.carrier), None)
        span = spec.span(field.at(field.entry.key_span)) if field else TOP
    yield Lens(span, "progress")
    if references(spec, catalogue):
        yield Lens(span, "references")


def _on_status(spec: Spec) -> Iterator[Lens]:
    field = spec.field(spec.template.status)
    if field is not None:
        span = spec.span(field.at(field.entry.key_span))
        if lasts(spec):
            yield Lens(span, "lasts")
        yield from (Lens(span, "advance", step.state.name) for step in steps(spec))


def references(spec: Spec, catalogue: Catalogue) -> list[Found]:
    """Where other specs name this one, in the order of paths and places; empty while it has no identifier."""
    field = spec.field(spec.template.field("id"))
    name = field.entry.value if field and not is_sample_value(field) else ""
    found = catalogue.mentions(name, "id") if name else ()
    return [one for one in found if one.card.id.casefold() != name.casefold()]


def words(spec: Spec, kind: str, goal: str, problems_at: ProblemsAt, catalogue: Catalogue) -> str:
    """What a lens says, as plain text on one line; empty where the spec has gone on and there is nothing to tell.

    Takes time in proportion to the findings.
    """
    if kind == "progress":
        return str(progress(spec, problems_at(spec.stage)))
    if kind == "references":
        places = references(spec, catalogue)
        specs = count(len({place.card.path for place in places}), "spec")
        return f"{count(len(places), 'reference')} in {specs}" if places else ""
    if kind == "lasts":
        return lasts(spec)
    found = advance(spec, problems_at, goal) if kind == "advance" and goal else None
    if found is None:
        return ""
    said = f"{found.step.verb} to {found.step.state.name}"
    return f"{said}: {len(found.obstacles)} to fix" if found.obstacles else said
