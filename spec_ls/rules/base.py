"""What a rule is, what it finds, and how much a finding weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from spec_ls.bind import Fill
from spec_ls.spec import Piece, Place, Spec
from spec_ls.template.model import Origin, Stage
from spec_ls.text import Edit, Span

Severity = Literal["error", "warning", "information", "hint"]

LEVELS: dict[str, Severity | None] = {
    "off": None,
    "hint": "hint",
    "information": "information",
    "warning": "warning",
    "error": "error",
}
"""What a team may say that a rule weighs."""


def severities_of(levels: Iterable[tuple[str, str]]) -> dict[str, Severity | None]:
    """Pairs of a rule's name and a level as severities; None for `off`. Words that are no level are left out."""
    return {name: LEVELS[level] for name, level in levels if level in LEVELS}


STAGES: tuple[Stage, ...] = ("draft", "review", "approved", "done", "parked")


class Weights(NamedTuple):
    """A rule's severity by the stage of the document's status; None: the rule is silent there."""

    draft: Severity | None
    review: Severity | None
    approved: Severity | None
    done: Severity | None
    parked: Severity | None


STRUCTURE = Weights("warning", "error", "error", "error", "hint")
INVALID = Weights("error", "error", "error", "error", "error")
FILLING = Weights("hint", "error", "error", "error", "hint")
STORY = Weights("hint", "warning", "error", "error", "hint")


class Related(NamedTuple):
    """Another place that explains a finding."""

    place: Place
    message: str


class Elsewhere(NamedTuple):
    """A place in another file that explains a finding. `key` opens the file (`Other.key`)."""

    key: str
    span: Span
    message: str


class Finding(NamedTuple):
    """A fault at its place. `subject` is what the rule's fix needs to know; it never leaves the core.

    `origin` is what of the template asks for what is missing or wrong here.
    """

    rule: str
    place: Place
    message: str
    subject: Any = None
    related: tuple[Related, ...] = ()
    origin: Origin | None = None
    elsewhere: tuple[Elsewhere, ...] = ()


class Problem(NamedTuple):
    """A finding as it stands in the document now: absolute span, severity by the status."""

    rule: str
    severity: Severity
    message: str
    span: Span
    finding: Finding


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that mend a finding. `certain`: there is no other way the author could have meant it."""

    title: str
    edits: tuple[Edit, ...]
    certain: bool = True


Check = Callable[[Spec], Iterable[Finding]]
FillCheck = Callable[[Spec, Fill], Iterable[Finding]]
PieceCheck = Callable[[Spec, int, Piece], Iterable[Finding]]
Mend = Callable[[Spec, Finding], Iterable[Fix]]


def _nothing(spec: Spec, finding: Finding) -> Iterator[Fix]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, named after the bad thing.

    - `check` reads facts and binding of the whole spec; its findings are kept until the spec is bound anew, and where
      it is `of_metadata`, which reads no more of it than the fields, until one of those changes. One that `counts`
      reads sections that repeat, are numbered or stand beside those: it runs when one of these comes or goes, too
    - `check_fill` reads one fill, the facts of its pieces and what the spec needs: kept until one of them changes
    - `check_piece` reads the blocks of one piece, the slot it belongs to and whether its heading fills that: kept until
      one of them changes

    Most are asked in vain: a check that has nothing to look at returns `()` at once, before it becomes a generator.

    `fix` yields the ways to mend a finding, the best first. `leftover` marks rules about text that should
    not be there any more; `outside` those that read what the world around the document says (`Spec.known`).
    """

    name: str
    doc: str
    weights: Weights
    check: Check | None = None
    check_fill: FillCheck | None = None
    check_piece: PieceCheck | None = None
    fix: Mend = _nothing
    leftover: bool = False
    of_metadata: bool = False
    counts: bool = False
    outside: bool = False

    @property
    def has_fix(self) -> bool:
        """Whether some of its findings can be mended by an edit."""
        return self.fix is not _nothing
