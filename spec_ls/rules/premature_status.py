"""An approved spec depends on one that is still a draft, or was set aside.

What is built upon may change or never come.

Example: Status `Approved`, and under Dependencies `SPEC-204`, whose status is Draft.

How to fix: take the other spec further first, or do without it.
"""

from collections.abc import Iterable, Iterator

from spec_ls.others import Others
from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.rules.references import elsewhere, references
from spec_ls.spec import Piece, Spec


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterable[Finding]:
    others = spec.known.others
    return _ahead(spec, at, others) if others is not None else ()


def _ahead(spec: Spec, at: int, others: Others) -> Iterator[Finding]:
    seen: set[str] = set()
    for one in references(spec, at, others):
        if not one.depends or one.name.casefold() in seen:
            continue
        seen.add(one.name.casefold())
        found = [other for other in others.specs(one.name) or () if other.status and not other.branch]
        if found and all(other.stage in ("draft", "parked") for other in found):
            other = found[0]
            title = f" “{other.title}”" if other.title else ""
            message = f"This spec goes ahead, but {other.id}{title}, on which it depends, is {other.status}."
            beside = elsewhere(other, f"{other.id} is {other.status}.")
            yield Finding(RULE.name, one.place, message, elsewhere=beside)


WEIGHTS = Weights(None, None, "warning", "warning", None)
RULE = Rule("premature-status", __doc__, WEIGHTS, check_piece=check_piece, outside=True)
