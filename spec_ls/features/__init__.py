"""What an author can ask of a spec: plain values in, plain values out; no protocol types, no clock, no disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from spec_ls.rules.base import Severity


@dataclass(frozen=True, slots=True)
class Person:
    """A handle with its `@`, and where it is known from, in the author's words ("CODEOWNERS", "git", "this spec")."""

    handle: str
    source: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts from outside the document that a feature may need; the shell gathers them.

    `severities`: what the team has rules weigh in this document, whatever the status; None is silence.
    """

    today: date
    people: tuple[Person, ...] = ()
    ids: frozenset[str] = field(default_factory=frozenset)
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
