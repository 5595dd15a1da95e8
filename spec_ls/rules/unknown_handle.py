"""A handle is none of the team's.

Nobody is asked to review, or somebody else is. Only a team whose people are written down has such a list: in the
configuration's `reviewers`, or in CODEOWNERS where that names people, not teams alone, and there is more than one spec.
Git authors and people whom other specs name are known as well.

Example: `| **Approvers** | @jonsa |` where there is `@jonas`.

How to fix: write the handle that is meant; where one is near, the quick fix does. Add a new colleague to `reviewers` or
CODEOWNERS.
"""

from collections.abc import Iterable, Iterator

from spec_ls.outline.shapes import items_of
from spec_ls.rules.base import Finding, Fix, Rule, Weights
from spec_ls.rules.fields import filled
from spec_ls.spec import Piece, Place, Spec
from spec_ls.template.lookup import lookup
from spec_ls.text import Edit, Span
from spec_ls.values import handles_in, named_in


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "handle", "handles") if spec.known.others is not None else ():
        samples = {one.words.casefold() for one in handles_in(slot.sample)}
        for part in named_in(field.entry):
            if part.handle is not None and part.handle.casefold() not in samples:
                yield from _judged(spec, part.handle, field.at(part.span))


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterable[Finding]:
    """The handles in the items of a sign-off."""
    owner = spec.binding.owners[at]
    if owner is None or not owner.slot.sign_off or spec.known.others is None:
        return ()
    return _in_items(spec, at, piece)


def _in_items(spec: Spec, at: int, piece: Piece) -> Iterator[Finding]:
    known = lookup(spec.template)
    for item in items_of(piece.section.blocks):
        for line in () if known.is_sample(item) else item.lines:
            for found in handles_in(line.text):
                span = Span(line.line, line.start + found.start, line.line, line.start + found.end)
                yield from _judged(spec, found.words, Place(at, span))


def _judged(spec: Spec, handle: str, place: Place) -> Iterator[Finding]:
    others = spec.known.others
    if others is not None and others.knows(handle) is False:
        yield Finding(RULE.name, place, f"{handle} is none of the team's handles.", handle)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    others = spec.known.others
    for near in others.near("person", finding.subject) if others is not None else ():
        yield Fix(f"Change to {near}", (Edit(spec.span(finding.place), near),), certain=False)


WEIGHTS = Weights("warning", "warning", "warning", "warning", "hint")
RULE = Rule(
    "unknown-handle", __doc__, WEIGHTS, check=check, check_piece=check_piece, fix=fix, of_metadata=True, outside=True
)
