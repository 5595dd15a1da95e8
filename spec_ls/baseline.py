"""The baseline: findings that a team has taken over with its old documents, and does not want to hear of.

A finding is known again by its file, its rule, its words and the text it stands at; lines may move. As many of a kind
are passed over as were there on the day; one more of them speaks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from spec_ls.rules.base import Problem
from spec_ls.text import Text

NAME = ".spec-ls-baseline.json"
"""The file that `spec-ls adopt` writes beside the configuration."""

_FORM = 1
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 120

Known = Mapping[tuple[str, str], int]
"""How often each finding of one document is known: by rule, and by its words with the text it stands at."""


class BrokenBaseline(ValueError):
    """A baseline that cannot be read; the message says why."""


def kind_of(problem: Problem, text: Text) -> tuple[str, str]:
    """By what a problem is known again: its rule; its words, and the first 120 code points of the text it stands at."""
    shown = " ".join(text.slice(problem.span).split())[:_LONGEST]
    return problem.rule, f"{problem.message} | {shown}" if shown else problem.message


def unknown(problems: Iterable[Problem], text: Text, known: Known) -> Iterator[Problem]:
    """The problems that the baseline does not pass over, in the order given."""
    left = Counter(known)
    for problem in problems:
        kind = kind_of(problem, text)
        if left[kind] > 0:
            left[kind] -= 1
        else:
            yield problem


def still_there(problems: Iterable[Problem], text: Text, known: Known) -> dict[tuple[str, str], int]:
    """What is left of `known` now that some of it may have been mended: never more than it was."""
    found = Counter(kind_of(problem, text) for problem in problems)
    return {kind: min(count, found[kind]) for kind, count in known.items() if found[kind]}


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
