"""What an author can ask of a spec: plain values in, plain values out; no protocol types, no clock, no disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from spec_ls.outline.blocks import Heading
from spec_ls.rules.base import Problem, Severity
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span

ActionKind = Literal["quickfix", "refactor.extract", "refactor.rewrite", "source.fixAll.spec-ls"]

if TYPE_CHECKING:
    from spec_ls.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Person:
    """A handle with its `@`, and where it is known from, in the author's words ("CODEOWNERS", "git", "this spec")."""

    handle: str
    source: str


def _no_cards() -> Catalogue:
    from spec_ls.catalogue import Catalogue  # the first findings do without

    return Catalogue()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts from outside the document that a feature may need; the shell gathers them.

    `catalogue`: the specs of the repository, as far as they are known, in which the document is called `path`.
    `severities`: what the team has rules weigh in this document, whatever the status; None is silence.
    """

    today: date
    people: tuple[Person, ...] = ()
    ids: frozenset[str] = field(default_factory=frozenset)
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=_no_cards)
    path: str = ""
    me: str = ""
    """The handle of the one who writes; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do; `problems` are those mended. `make` gives its edits, or makes them once they are wanted."""

    title: str
    kind: ActionKind
    make: tuple[Edit, ...] | Callable[[], tuple[Edit, ...]]
    preferred: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Edits of the document as it stands; they never overlap."""
        return self.make() if callable(self.make) else self.make


def is_asked(kind: ActionKind, kinds: Collection[str] | None) -> bool:
    """Whether `kind` is one of those asked for, or below one; None asks for all (LSP 3.17, "CodeActionKind")."""
    return kinds is None or any(kind == one or not one or kind.startswith(f"{one}.") for one in kinds)


@dataclass(slots=True)
class Extent:
    """A heading with all below it: the pieces from `piece` to `last`. `parent` counts extents, -1 is none."""

    piece: int
    heading: Heading
    parent: int
    last: int

    def span(self, spec: Spec) -> Span:
        """From the heading to the end of the last line."""
        first = spec.base(self.piece) + self.heading.line
        last = max(first, min(spec.end_line(self.last), len(spec.text.lines)) - 1)
        return Span(first, 0, last, len(spec.text.content(last)))


def extents(spec: Spec) -> list[Extent]:
    """The headings in the order of the text, nested by their levels; time in proportion to their number."""
    filled = {fill.piece for fill in spec.fills}
    found: list[Extent] = []
    stack: list[tuple[int, int]] = []
    end = len(spec.pieces) - 1
    for at, piece in enumerate(spec.pieces):
        heading = piece.section.heading
        if heading is None or (heading.style == "malformed" and at not in filled):
            continue
        level = heading.level
        while stack and stack[-1][0] >= level:
            found[stack.pop()[1]].last = at - 1
        number = len(found)
        found.append(Extent(at, heading, stack[-1][1] if stack else -1, end))
        stack.append((level, number))
    return found
