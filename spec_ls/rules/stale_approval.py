"""The text has changed since it was approved.

An approval is given to words. Those of the commit by which the document became approved are held against those that
stand there now, committed or not, section by section; what changed stands beside the finding. Ticked boxes, white
space, line breaks, the marks of Markdown, comments, metadata, the text behind fixed items, the sign-off itself and
sections that may be left out do not count, nor does another title of a section that the template asks for, nor a new
section that says nothing yet.

Example: Status `Approved` since Monday, and since Tuesday the goals say `within an hour` instead of `within a minute`.

How to fix: have it approved again, or take the change back.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from spec_ls.bind import Fill, lineage
from spec_ls.known import Move, SectionKey
from spec_ls.outline.inline import skeleton
from spec_ls.past import Hunk, approving, by, changes, section_key, section_words
from spec_ls.rules.base import Finding, Related, Rule, Weights
from spec_ls.spec import Piece, Place, Spec
from spec_ls.text import Span

_MOST_HUNKS = 3
_MOST_PARTS = 3
_LONGEST = 200


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterator[Finding]:
    approved = spec.known.approved
    key = section_key(spec, at) if approved is not None else None
    move = approving(spec.known.moves, spec.template) if key is not None else None
    if approved is None or key is None or move is None:
        return
    if key not in approved:
        if _says_nothing(spec, at, piece):
            return  # other rules speak of what is empty or the template's
        yield Finding(RULE.name, spec.heading_place(at), f"This section is new since {_approval(move)}.")
        return
    now, before = list(section_words(spec, at)), approved[key]
    hunks = [changes(old, now) for old in before]
    if all(hunks):
        shown = hunks[0][:_MOST_HUNKS] if len(before) == 1 else ()
        message = f"This section has changed since {_approval(move)}."
        yield Finding(RULE.name, spec.heading_place(at), message, None, tuple(_related(spec, at, one) for one in shown))


def _says_nothing(spec: Spec, at: int, piece: Piece) -> bool:
    """Whether a section has no words but the template's."""
    owner, base = spec.binding.owners[at], spec.base(at)
    source = "".join(spec.text.lines[base + piece.section.line : base + piece.section.end_line])
    return not piece.facts.content or (owner is not None and skeleton(source) == skeleton("".join(owner.slot.own)))


def _approval(move: Move) -> str:
    return f"it was approved on {move.at:%Y-%m-%d}{by(move)}"


def _related(spec: Spec, at: int, hunk: Hunk) -> Related:
    old, new = _quoted(hunk.old, hunk.new), _quoted(hunk.new, hunk.old)
    line = spec.text.content(spec.base(at) + hunk.last)
    place = Place(at, Span(hunk.first, 0, hunk.last, len(line)))
    if not new:
        return Related(place, f"Taken out here: {old}")
    return Related(place, f"Before: {old} · Now: {new}" if old else f"New: {new}")


def _quoted(parts: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Some words on one line; of a long part those in which it differs from the only `other` one, or its beginning."""
    if len(parts) == len(other) == 1 and len(parts[0]) > _LONGEST:
        pairs = enumerate(zip(parts[0], other[0], strict=False))
        at = next((at for at, (left, right) in pairs if left != right), min(len(parts[0]), len(other[0])))
        start = parts[0].rfind(" ", 0, max(0, at - _LONGEST // 4)) + 1
        parts = (("…" if start else "") + parts[0][start:],)
    shown = [part if len(part) <= _LONGEST else f"{part[: _LONGEST - 1].rstrip()}…" for part in parts[:_MOST_PARTS]]
    return " / ".join(shown if len(parts) <= _MOST_PARTS else [*shown, "…"])


def check_fill(spec: Spec, fill: Fill) -> Iterator[Finding]:
    """Sections of the team's own that are gone, where there is but one that they can have lain in."""
    if spec.known.approved is not None and not _may_be_several(fill):
        there = [section_key(spec, at) for at in fill.pieces if at != fill.piece]
        yield from _gone(spec, (fill.slot.index, True), there, fill)


def check(spec: Spec) -> Iterator[Finding]:
    """Those of the sections of which there may be several that are gone."""
    if spec.known.approved is None:
        return
    for around in spec.fills:
        for slot in around.slot.sections:
            if slot.repeats and not _may_be_several(around):
                there = [section_key(spec, fill.piece) for fill in around.children if fill.slot is slot]
                yield from _gone(spec, (slot.index, False), there, around)


def _may_be_several(fill: Fill) -> bool:
    return any(one.slot.repeats for one in lineage(fill))


def _gone(
    spec: Spec, group: tuple[int | str, bool], there: Sequence[SectionKey | None], around: Fill
) -> Iterator[Finding]:
    """Those of a group that were approved and are not there; as many as are there under other titles are not meant."""
    approved, move = spec.known.approved, approving(spec.known.moves, spec.template)
    if approved is None or move is None:
        return
    counts = Counter(there)
    fresh = sum(key is not None and key not in approved for key in there)
    gone = [lines for key, texts in approved.items() if _group(key) == group for lines in texts[counts[key] :]]
    for lines in gone[fresh:]:
        message = f"A section is gone that was there when {_approval(move)}: {lines[0] if lines else ''}"
        yield Finding(RULE.name, spec.heading_place(around.piece), f"{message}.")


def _group(key: SectionKey) -> tuple[int | str, bool]:
    """What a section is one of, by its slot: those of the team's own in that, or those that fill it."""
    return key[0], str(key[-1]).startswith("# ")


RULE = Rule(
    "stale-approval",
    __doc__,
    Weights(None, None, "information", None, None),
    check=check,
    check_fill=check_fill,
    check_piece=check_piece,
    counts=True,
    outside=True,
)
