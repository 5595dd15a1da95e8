"""The baseline: findings that a team has taken over with its old documents, and does not want to hear of.

A finding is known again by its file, its rule, its words and the text it stands at; lines may move, and the heading
below which a part of the template is missing may get another title. As many of a kind are passed over as were there on
the day; one more of them speaks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from spec_ls.rules.base import Problem
from spec_ls.text import Text

NAME = ".spec-ls-baseline.json"
"""The file that `spec-ls adopt` writes beside the configuration."""

_FORM = 1
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 120

_AT = " | "
_NAMING = frozenset(
    {
        "empty-section",
        "misplaced-section",
        "missing-check",
        "missing-item",
        "missing-metadata",
        "missing-section",
        "missing-story",
        "missing-title",
    }
)
"""Rules that name the part of the template that is meant; a heading that they are told at may be renamed."""

Kind = tuple[str, str]
"""By what a finding is known again: its rule, and its words with the text it stands at."""
Known = Mapping[Kind, int]
"""How often each finding of one document is known."""


class BrokenBaseline(ValueError):
    """A baseline that cannot be read; the message says why."""


def kind_of(problem: Problem, text: Text) -> Kind:
    """By what a problem is known again: its rule; its words, and the first 120 code points of the text it stands at."""
    shown = _shown(text.slice(problem.span))
    return problem.rule, f"{problem.message}{_AT}{shown}" if shown else problem.message


def unknown(problems: Iterable[Problem], text: Text, known: Known) -> Iterator[Problem]:
    """The problems that the baseline does not pass over, in the order given."""
    found = list(problems)
    return (problem for problem, kind in zip(found, _recognised(found, text, known), strict=True) if kind is None)


def still_there(problems: Iterable[Problem], text: Text, known: Known, untold: Container[str] = ()) -> dict[Kind, int]:
    """What is left of `known` now that some of it may have been mended: never more than it was, and all of what the
    rules found that `untold` names, which cannot tell today."""
    found = Counter(_recognised(list(problems), text, known))
    left = {kind: count if kind[0] in untold else found[kind] for kind, count in known.items()}
    return {kind: count for kind, count in left.items() if count}


def _recognised(problems: Sequence[Problem], text: Text, known: Known) -> list[Kind | None]:
    """What each problem is known as; None where it is new."""
    left, kinds = Counter(known), list[Kind | None]()
    for problem in problems:
        kind = kind_of(problem, text)
        is_known = left[kind] > 0
        left[kind] -= is_known
        kinds.append(kind if is_known else None)
    for at, problem in enumerate(problems):
        if kinds[at] is None and problem.rule in _NAMING and problem.finding.place.span is None:
            renamed = _below_another_heading(problem, text, left)
            if renamed is not None:
                left[renamed] -= 1
                kinds[at] = renamed
    return kinds


def _below_another_heading(problem: Problem, text: Text, left: Mapping[Kind, int]) -> Kind | None:
    """As what a problem is known where the heading that it was told at is none any more."""
    for kind, count in left.items():
        rule, words = kind
        if count > 0 and rule == problem.rule and words.startswith(f"{problem.message}{_AT}"):
            heading = words.removeprefix(f"{problem.message}{_AT}")
            if all(_shown(line.strip("# \t\r\n")) != heading for line in text.lines):
                return kind
    return None


def _shown(words: str) -> str:
    return " ".join(words.split())[:_LONGEST]


def read_baseline(source: str) -> dict[str, Known]:
    """The known findings of each document, by its path from the baseline's folder. Raises BrokenBaseline."""
    try:
        data: Any = json.loads(source)
        if data["version"] != _FORM:
            raise BrokenBaseline(f"it has the form {data['version']!r}, not {_FORM}; write it anew with spec-ls adopt")
        return {
            str(path): {
                (str(rule), str(words)): int(count) for rule, found in rules.items() for words, count in found.items()
            }
            for path, rules in data["documents"].items()
        }
    except BrokenBaseline:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenBaseline(f"it is no baseline ({error}); write it anew with spec-ls adopt") from None


def write_baseline(documents: Mapping[str, Known]) -> str:
    """The text of a baseline: sorted, a finding a line, so that a change of it reads well in a review."""
    shown: dict[str, dict[str, dict[str, int]]] = {}
    for path in sorted(documents):
        for (rule, words), count in sorted(documents[path].items()):
            shown.setdefault(path, {}).setdefault(rule, {})[words] = count
    text = json.dumps({"version": _FORM, "documents": shown}, ensure_ascii=False, indent=1)
    return _SURROGATE.sub(lambda one: f"\\u{ord(one[0]):04x}", text) + "\n"  # of a path that is no UTF-8
