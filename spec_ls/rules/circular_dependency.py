"""Specs depend on each other in a circle.

None of them can be finished first. The finding stands at the dependency by which this spec closes the circle.

Example: SPEC-1 names SPEC-2 under Dependencies, and SPEC-2 names SPEC-1 there.

How to fix: take out the dependency that is none, or put what both need into a spec of its own.
"""

from collections.abc import Iterable, Iterator

from spec_ls.others import Others
from spec_ls.rules.base import STRUCTURE, Elsewhere, Finding, Rule
from spec_ls.rules.references import references
from spec_ls.spec import Piece, Spec

_MOST_SHOWN = 8


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterable[Finding]:
    others = spec.known.others
    return _circles(spec, at, others) if others is not None and others.name else ()


def _circles(spec: Spec, at: int, others: Others) -> Iterator[Finding]:
    seen: set[str] = set()
    for one in references(spec, at, others):
        if not one.depends or one.name.casefold() in seen:
            continue
        seen.add(one.name.casefold())
        way = others.way_back(one.name)
        if way:
            names = [others.seat.id, *(other.id for other, _ in way), others.seat.id]
            if len(names) > _MOST_SHOWN:
                names[_MOST_SHOWN - 2 : -2] = ["…"]
            steps = (
                Elsewhere(other.key, step.span, f"{other.id} depends on {step.name} here.")
                for other, step in way
                if other.key
            )
            message = f"{others.seat.id} depends on itself: {' → '.join(names)}."
            yield Finding(RULE.name, one.place, message, elsewhere=tuple(steps))


RULE = Rule("circular-dependency", __doc__, STRUCTURE, check_piece=check_piece, outside=True)
